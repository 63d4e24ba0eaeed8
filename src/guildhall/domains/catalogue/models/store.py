"""One function for each statement on models and those who serve them."""

from __future__ import annotations

from guildhall.db import Tx, load_queries

_queries = load_queries(__package__)


async def keep_provider(tx: Tx, slug: str, name: str) -> None:
    await tx.execute(_queries.keep_provider, slug=slug, name=name)


async def keep_model(tx: Tx, slug: str, name: str, provider: str) -> None:
    await tx.execute(_queries.keep_model, slug=slug, name=name, provider=provider)
