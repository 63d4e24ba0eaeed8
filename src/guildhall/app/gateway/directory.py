"""
What a process knows of teams: their accounts with keys, their budgets, and prices.

It is read when a team first calls and kept; a team's `revision` counts its
changes, and the transaction that writes a call down looks whether what is
known is still so (`gateway.check_callers`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from guildhall import clock
from guildhall.adapters.llm.published import published_price
from guildhall.app.doorkeeper import Doorkeeper
from guildhall.db import Database
from guildhall.domains.catalogue import pricing
from guildhall.domains.catalogue.pricing import Price, Rates
from guildhall.domains.gateway import budgets, ensembles, providers
from guildhall.domains.gateway.budgets import Budget
from guildhall.domains.gateway.providers import Account, Route
from guildhall.domains.platform.identity import Caller, Keyring
from guildhall.errors import GuildhallError, Unavailable

_MOST_TEAMS = 10_000
_PRICED_MS = 60_000
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Book:
    """A team's accounts, keys, budgets, ensembles and prices, as of a revision."""

    revision: int
    accounts: Sequence[Account]
    keys: dict[UUID, str | None] = field(repr=False)
    budgets: Sequence[Budget]
    prices: dict[tuple[UUID, str], tuple[Price | None, float]] = field(default_factory=dict)
    """Of models at accounts, each with when it is looked up again: a curator may state another."""
    ensembles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Configurations of ensembles, by their names."""


class Directory:
    """Books of teams, for one event loop."""

    def __init__(self, database: Database, doorkeeper: Doorkeeper, ring: Keyring | None) -> None:
        self._database = database
        self._doorkeeper = doorkeeper
        self._ring = ring
        self._books: OrderedDict[UUID, Book] = OrderedDict()
        self._locks: dict[UUID, asyncio.Lock] = {}

    async def book_of(self, caller: Caller, *, afresh: bool = False) -> Book:
        """
        What is known of the caller's team; `afresh`: as it is now. What is remembered may be old, which writing a call finds out.

        Raises:
            KeyRefused, NotSignedIn, StandingChanged, DatabaseUnavailable: As `Doorkeeper.transaction`.
        """
        old = self._books.get(caller.tenant_id)
        if old is not None and not afresh:
            return old
        lock = self._locks.setdefault(caller.tenant_id, asyncio.Lock())
        async with lock:
            book = self._books.get(caller.tenant_id)
            if book is None or (afresh and book is old):
                book = self._books[caller.tenant_id] = await self._read(caller, old)
                while len(self._books) > _MOST_TEAMS:
                    self._locks.pop(self._books.popitem(last=False)[0], None)
        return book

    def forget(self, tenant_id: UUID) -> None:
        """Read a team's book anew when it is next asked for."""
        self._books.pop(tenant_id, None)

    def books(self) -> list[tuple[UUID, Book]]:
        """What is known of each team."""
        return list(self._books.items())

    async def price(self, book: Book, route: Route) -> Price | None:
        """What a model costs at an account; None where nobody knows."""
        key, now_ms = (route.account.id, route.model), clock.monotonic_ms()
        known, until_ms = book.prices.get(key, (None, None))
        if until_ms is not None:
            if now_ms < until_ms:
                return known
            book.prices[key] = known, now_ms + _PRICED_MS  # which others go by while this one looks
        try:
            known = await self._find_price(route)
        except Unavailable:
            if until_ms is None:
                raise
        book.prices[key] = known, now_ms + _PRICED_MS
        return known

    async def _read(self, caller: Caller, known: Book | None) -> Book:
        async with self._doorkeeper.transaction(caller, caller.actor) as tx:
            revision = await providers.revision(tx)  # first: what changes meanwhile makes it an old one
            if known is not None and known.revision == revision:
                return known
            accounts = await providers.list_accounts(tx)
            limits = await budgets.list_budgets(tx)
            named = {each.name: each.config for each in await ensembles.list_ensembles(tx)}
        keys: dict[UUID, str | None] = {}
        for account in accounts:
            try:
                keys[account.id] = providers.open_key(self._ring, account)
            except GuildhallError as error:
                _log.warning("the key of the provider %r does not open: %s", account.name, error)
        return Book(revision, [each for each in accounts if each.id in keys], keys, limits, ensembles=named)

    async def _find_price(self, route: Route) -> Price | None:
        stated = route.account.options.prices.get(route.model)
        if stated is not None:
            return Price([Rates(0, stated["input"], stated["output"], cache_read=stated.get("cached"))])
        # The package's table takes a moment to build.
        published = await asyncio.to_thread(published_price, route.model, route.account.base_url)
        if published is None:
            return None
        async with self._database.duty("curator") as tx:
            if await pricing.keep_published(tx, published):
                _log.info("the price of %s is now in the catalogue, from %s", published.slug, published.source)
            return await pricing.find_price(tx, published.slug, tx.now)
