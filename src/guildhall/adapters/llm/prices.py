"""
What a model call costs.

A price is known when the agent's own `prices` say it, or when the endpoint is a
provider whose public prices the genai-prices package carries (offline). A model
behind any other address has no known price, whatever its name: the cost is then
None, never 0 and never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from guildhall.domains.evaluation.simulations.ports import Usage

_PER_TOKEN = Decimal(1_000_000)
_DIGITS = Decimal("0.0000000001")
"""Money is NUMERIC(18,10)."""


def cost_usd(
    usage: Usage | None, models: Sequence[str], base_url: str, prices: Mapping[str, float] | None = None
) -> Decimal | None:
    """
    The price of a call, to ten digits; None when it is not known.

    `models` are the names that the model goes by, the most exact first.
    `prices` (USD per million tokens: `input`, `output` and, if it differs
    from `input`, `cached`) come before public prices.
    """
    if usage is None:
        return None
    if prices and "input" in prices and "output" in prices:
        return _declared(usage, prices)
    for model in models:
        public = _public(model, base_url, usage)
        if public is not None:
            return public
    return None


def reported_cost_usd(value: object) -> Decimal | None:
    """The cost that a provider put beside its usage (OpenRouter's `usage.cost`); None when it is no amount of money."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount < 100_000_000:
        return None
    return amount.quantize(_DIGITS)


def _declared(usage: Usage, prices: Mapping[str, float]) -> Decimal:
    rate = {kind: Decimal(str(value)) / _PER_TOKEN for kind, value in prices.items()}
    cached = min(usage.cached_tokens, usage.input_tokens)
    cost = (
        (usage.input_tokens - cached) * rate["input"]
        + cached * rate.get("cached", rate["input"])
        + usage.output_tokens * rate["output"]
    )
    return cost.quantize(_DIGITS)


def _public(model: str, base_url: str, usage: Usage) -> Decimal | None:
    # Imported when first needed: the package's table of prices takes longer to build than a command should to start.
    import genai_prices  # noqa: PLC0415

    counted = genai_prices.Usage(
        input_tokens=usage.input_tokens,
        cache_read_tokens=min(usage.cached_tokens, usage.input_tokens),
        output_tokens=usage.output_tokens,
    )
    try:
        found = genai_prices.calc_price(counted, model_ref=model, provider_api_url=base_url)
    except (LookupError, ValueError):
        return None
    return found.total_price.quantize(_DIGITS)
