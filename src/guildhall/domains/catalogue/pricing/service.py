"""What can be done with prices."""

from __future__ import annotations

from datetime import UTC, datetime

from guildhall.db import Tx
from guildhall.domains.catalogue import models
from guildhall.domains.catalogue.pricing import store
from guildhall.domains.catalogue.pricing.types import Price, Published


async def find_price(tx: Tx, slug: str, at: datetime) -> Price | None:
    """The standard price of a model of the catalogue on a day, everywhere; None where there is none."""
    return await store.price(tx, slug, at.astimezone(UTC).date())


async def keep_published(tx: Tx, published: Published) -> bool:
    """
    Put a published price, with its model and provider, into the catalogue; whether it was.

    A model that has prices keeps them, whoever put them there; one whose name
    the catalogue cannot take is left out. It is a curator's transaction that may.
    """
    if not published.rates or await store.has_prices(tx, published.slug):
        return False
    if not await models.make_known(
        tx,
        published.slug,
        published.model_name,
        provider=published.provider,
        provider_name=published.provider_name,
    ):
        return False
    await store.keep(tx, published)
    return True
