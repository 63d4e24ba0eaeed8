"""What can be done with prices."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from guildhall.db import Tx
from guildhall.domains.catalogue.pricing import store
from guildhall.domains.catalogue.pricing.types import Price, Published

_SLUG = re.compile(r"[a-z0-9@~][a-z0-9._:/@~+-]{0,99}")
_PROVIDER = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")


async def find_price(tx: Tx, slug: str, at: datetime) -> Price | None:
    """The standard price of a model of the catalogue on a day, everywhere; None where there is none."""
    return await store.price(tx, slug, at.astimezone(UTC).date())


async def keep_published(tx: Tx, published: Published) -> bool:
    """
    Put a published price, with its model and provider, into the catalogue; whether it was.

    A model that has prices keeps them, whoever put them there; one whose name
    the catalogue cannot take is left out. It is a curator's transaction that may.
    """
    if not _SLUG.fullmatch(published.slug) or not _PROVIDER.fullmatch(published.provider) or not published.rates:
        return False
    if await store.has_prices(tx, published.slug):
        return False
    await store.keep(tx, published)
    return True
