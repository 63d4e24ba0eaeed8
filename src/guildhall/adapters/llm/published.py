"""Public prices of models, as the genai-prices package carries them (offline)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from guildhall.domains.catalogue.pricing import Published, Rates

_KINDS = (
    ("input", "input_mtok"),
    ("output", "output_mtok"),
    ("cache_read", "cache_read_mtok"),
    ("cache_write", "cache_write_mtok"),
    ("reasoning", "output_reasoning_mtok"),
)
_SINCE = date(2020, 1, 1)
"""Where the package names no first day: prices before ours do not matter, as calls are priced on the day that they are made."""


@lru_cache(maxsize=4096)
def published_price(model: str, base_url: str) -> Published | None:
    """
    The price of a model at the provider whose address this is; None where that is nobody's, or the model is not known there.

    A model behind any other address has no known price, whatever its name.
    """
    # Its table takes longer to build than a command should to start.
    from genai_prices import data_snapshot  # noqa: PLC0415

    try:
        provider, found = data_snapshot.get_snapshot().find_provider_model(model, None, None, base_url)
        prices = found.get_prices(datetime.now(UTC))
    except (LookupError, ValueError):
        return None
    return Published(
        provider=provider.id,
        provider_name=provider.name,
        model=found.id,
        model_name=found.name or found.id,
        source=f"genai-prices {version('genai-prices')}",
        source_url=next(iter(provider.pricing_urls or ()), None),
        effective_from=_SINCE,
        rates=_rates(prices),
    )


def _rates(prices: Any) -> list[Rates]:
    """One set of rates for each threshold that any of the prices has."""
    stated = {kind: getattr(prices, name, None) for kind, name in _KINDS}
    if stated["input"] is None and stated["output"] is None:
        return []  # priced by something else than tokens
    starts = {0} | {tier.start for each in stated.values() for tier in getattr(each, "tiers", ())}
    return [
        Rates(start if start == 0 else start + 1, **{kind: _at(each, start) for kind, each in stated.items()})
        for start in sorted(starts)
    ]


def _at(price: Any, start: int) -> Decimal | None:
    """A price at a threshold, which holds for what is above it."""
    if price is None or isinstance(price, Decimal):
        return price
    reached = [tier for tier in price.tiers if tier.start <= start]
    found: Decimal = reached[-1].price if reached else price.base
    return found
