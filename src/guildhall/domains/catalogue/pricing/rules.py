"""The price of a request."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_UP, Decimal

from guildhall.domains.catalogue.pricing.types import Price, Rates

_PER_TOKEN = Decimal(1_000_000)
_DIGITS = Decimal("0.0000000001")
"""Money is NUMERIC(18,10)."""


def cost(
    price: Price, *, prompt: int, completion: int, cached: int = 0, cache_written: int = 0, reasoning: int = 0
) -> Decimal | None:
    """
    What tokens cost in USD, to ten digits; None where a rate that they need is not known.

    Cached and newly written ones are part of the prompt's, reasoning of the completion's.

    >>> rates = Rates(0, Decimal("2.5"), Decimal(10), cache_read=Decimal("1.25"))
    >>> cost(Price([rates]), prompt=1000, completion=100, cached=400)
    Decimal('0.0030000000')
    """
    rates = _rates(price, prompt)
    if rates is None:
        return None
    cached = min(cached, prompt)
    cache_written = min(cache_written, prompt - cached)
    reasoning = min(reasoning, completion)
    parts = (
        (prompt - cached - cache_written, rates.input),
        (cached, rates.input if rates.cache_read is None else rates.cache_read),
        (cache_written, rates.input if rates.cache_write is None else rates.cache_write),
        (completion - reasoning, rates.output),
        (reasoning, rates.output if rates.reasoning is None else rates.reasoning),
    )
    total = Decimal(0)
    for tokens, rate in parts:
        if tokens and rate is None:
            return None
        total += tokens * (rate or 0) / _PER_TOKEN
    return total.quantize(_DIGITS, ROUND_HALF_EVEN)


def most(price: Price, *, prompt: int, completion: int) -> Decimal | None:
    """The most that a request of at most so many tokens can cost; None where a rate is not known."""
    total = Decimal(0)
    reached = [each for each in price.rates if each.min_input_tokens <= prompt]
    for tokens, kinds in ((prompt, ("input", "cache_read", "cache_write")), (completion, ("output", "reasoning"))):
        if not tokens:
            continue
        if not reached or any(getattr(each, kinds[0]) is None for each in reached):
            return None
        known = [rate for each in reached for kind in kinds if (rate := getattr(each, kind)) is not None]
        total += tokens * max(known) / _PER_TOKEN
    return total.quantize(_DIGITS, ROUND_UP)


def _rates(price: Price, prompt: int) -> Rates | None:
    reached = [each for each in price.rates if each.min_input_tokens <= prompt]
    return max(reached, key=lambda each: each.min_input_tokens) if reached else None
