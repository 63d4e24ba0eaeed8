"""What the models cost that a team can call, for people who choose among them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from guildhall.db import Tx
from guildhall.domains.catalogue import pricing
from guildhall.domains.catalogue.pricing import Rates
from guildhall.domains.gateway import providers
from guildhall.domains.gateway.providers import Account, Route

PriceSource: TypeAlias = Literal["stated", "catalogue", "published"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A model at one account, and its rates in USD for a million tokens; None is unknown."""

    provider: str
    model: str
    input: Decimal | None = None
    output: Decimal | None = None
    cached: Decimal | None = None
    source: PriceSource | None = None


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model that callers can name, at the accounts that serve it."""

    name: str
    offers: Sequence[Offer]


async def served_models(tx: Tx) -> list[ServedModel]:
    """
    The models that the team can call by a name, with what each costs where.

    A price is the account's own, that of the catalogue, or the one that the
    gateway would put there at the first call. A model of many thresholds is
    shown at its lowest; names that an account lets through with `*` are nobody's list.
    """
    accounts = await providers.list_accounts(tx)
    return [
        ServedModel(name, [await _offer(tx, each) for each in providers.routes_to(accounts, name)])
        for name in providers.served(accounts)
    ]


async def _offer(tx: Tx, route: Route) -> Offer:
    account, model = route.account, route.model
    stated = account.options.prices.get(model)
    if stated is not None:
        return Offer(account.name, model, stated["input"], stated["output"], stated.get("cached"), "stated")
    found = await _published(account, model)
    if found is None:
        return Offer(account.name, model)
    slug, published = found
    known = await pricing.find_price(tx, slug, tx.now)
    rates = published if known is None or not known.rates else known.rates[0]
    if rates is None:
        return Offer(account.name, model)
    source: PriceSource = "published" if rates is published else "catalogue"
    return Offer(account.name, model, rates.input, rates.output, rates.cache_read, source)


async def _published(account: Account, model: str) -> tuple[str, Rates | None] | None:
    from guildhall.adapters.llm.published import published_price  # noqa: PLC0415 - with all that it reads

    # The package's table takes a moment to build.
    found = await asyncio.to_thread(published_price, model, account.base_url)
    return None if found is None else (found.slug, found.rates[0] if found.rates else None)
