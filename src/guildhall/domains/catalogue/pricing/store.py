"""One function for each statement on prices."""

from __future__ import annotations

from datetime import date

from guildhall.db import Tx, load_queries
from guildhall.domains.catalogue.pricing.types import Price, Published, Rates

_queries = load_queries(__package__)


async def price(tx: Tx, slug: str, day: date) -> Price | None:
    rows = await tx.fetch(_queries.price, slug=slug, day=day)
    return Price([Rates(*row.values()) for row in rows]) if rows else None


async def has_prices(tx: Tx, slug: str) -> bool:
    found: bool = await tx.value(_queries.has_prices, slug=slug)
    return found


async def keep(tx: Tx, published: Published) -> None:
    rates = published.rates
    await tx.execute(
        _queries.keep_prices,
        slug=published.slug,
        source=published.source,
        source_url=published.source_url,
        claim={
            str(each.min_input_tokens): {
                name: str(value)
                for name in ("input", "output", "cache_read", "cache_write", "reasoning")
                if (value := getattr(each, name)) is not None
            }
            for each in rates
        },
        effective_from=published.effective_from,
        leasts=[each.min_input_tokens for each in rates],
        inputs=[each.input for each in rates],
        outputs=[each.output for each in rates],
        reads=[each.cache_read for each in rates],
        writes=[each.cache_write for each in rates],
        reasonings=[each.reasoning for each in rates],
    )
