"""
Planning a call: whom it may be sent to and in which order, how it is said to each, and the most that it may cost.

What it may cost is set aside in the caller's budgets before anything is sent
(`ledger`); a request that several calls answer sets aside for all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from guildhall.adapters.upstreams import Asked, AskedWrong, Talk, speaks, talk
from guildhall.app.gateway import bounds
from guildhall.app.gateway.directory import Book, Directory
from guildhall.app.gateway.errors import AccountsUnavailable
from guildhall.app.gateway.watch import Watch
from guildhall.cache import Rate, RateExceeded
from guildhall.cache.ports import Cache
from guildhall.domains.catalogue import pricing
from guildhall.domains.catalogue.pricing import Price
from guildhall.domains.gateway import budgets, providers, requests
from guildhall.domains.gateway.providers import ModelNotFound, Route
from guildhall.domains.gateway.requests import Reservation
from guildhall.domains.platform.identity import Caller

_BYTES_PER_TOKEN = 4


@dataclass(slots=True)
class Plan:
    """Whom a call is sent to, in this order, how it is said to each, what each costs, and what is set aside."""

    order: Sequence[Route]
    talks: Mapping[tuple[UUID, str], Talk]
    prices: dict[tuple[UUID, str], Price | None] = field(default_factory=dict)
    reservation: Reservation | None = None


@dataclass(eq=False)
class Part:
    """One of the calls that answer a request: whom it may be sent to, what is asked, and how many tokens its prompt may have beside."""

    plan: Plan
    asked: Asked
    more_tokens: int = 0

    @cached_property
    def names(self) -> frozenset[str]:
        """Its model, by all names that a budget may know it by."""
        return frozenset((self.asked.model, *(each.model for each in self.plan.order)))

    @cached_property
    def most_usd(self) -> Decimal | None:
        """The most that it may cost; None: nobody knows."""
        return _most_usd(self.plan, self.asked, self.more_tokens)


class Planner:
    """Plans calls; for one event loop."""

    def __init__(self, directory: Directory, watch: Watch, cache: Cache, chance: Callable[[], float]) -> None:
        self.watch = watch
        self._directory = directory
        self._cache = cache
        self._chance = chance

    async def plan(self, caller: Caller, book: Book, asked: Asked, at: datetime) -> Plan:
        """
        How a call goes that is answered by one model; `at` is its time.

        Raises:
            ModelNotFound, AskedWrong, AccountsUnavailable: As `route`.
            RateExceeded, AskedWrong: As `set_aside`.
        """
        plan = await self.route(book, asked)
        if book.budgets and not asked.face.is_free:
            plan.reservation = await self.set_aside(caller, book, asked.model, [Part(plan, asked)], at)
        return plan

    async def route(self, book: Book, asked: Asked, among: Collection[tuple[UUID, str]] | None = None) -> Plan:
        """
        Whom something is sent to, in this order, with what each of them costs; `among`: to nobody else.

        Raises:
            ModelNotFound: Nobody serves the model.
            AskedWrong: Nobody can be told what is asked.
            AccountsUnavailable: Everybody who serves it is left alone for now.
        """
        every = providers.routes_to(book.accounts, asked.model)
        if not every:
            raise ModelNotFound(asked.model, providers.served(book.accounts))
        routes = [each for each in every if speaks(asked.face.name, each.account.wire)]
        if not routes:
            raise AskedWrong("model", asked.model, f"one that is served at /v1{asked.face.path}")
        talks, wrong = {}, None
        for each in routes:
            try:
                talks[key_of(each)] = talk(
                    asked, each.account.wire, each.model, has_responses=providers.has_responses(each.account)
                )
            except AskedWrong as error:
                wrong = error
        routes = [each for each in routes if key_of(each) in talks]
        if not routes and wrong is not None:
            raise wrong
        accounts = [each.account for each in routes]
        order, _ = providers.in_turn(routes, self.watch.standings(accounts), self._chance)
        if among is not None:
            order = [each for each in order if key_of(each) in among]
        if not order:
            raise AccountsUnavailable(asked.model, self.watch.wait_s(accounts))
        plan = Plan(order, talks)
        for each in order:
            plan.prices[key_of(each)] = await self._directory.price(book, each)
        return plan

    async def set_aside(
        self,
        caller: Caller,
        book: Book,
        model: str,
        parts: Sequence[Part],
        at: datetime,
    ) -> Reservation | None:
        """
        What is to be set aside for a request: in each budget the most that those of its parts may cost that are of the
        budget's model, or, where it has none or the one that was called (`model`), that all of them together may cost.

        The day is that of the call's id, by which whoever closes a lost call finds what was set aside for it.

        Raises:
            RateExceeded: A budget has not so many tokens left in this minute.
            AskedWrong: It may cost any amount, or one that prices do not tell, and a hard budget is to hold.
        """
        models = {model}.union(*(each.names for each in parts))
        charged = budgets.charged(book.budgets, caller.user_id, caller.key_id, models)
        if not charged:
            return None
        await self._take_tokens(charged, model, parts)
        limited = [each for each in charged if each.limit_usd is not None]
        if not limited:
            return None
        for budget in limited:
            if budget.is_hard:
                for part in _of(budget.model, model, parts):
                    bounds.require_bounds(part.asked, budget.name, part.plan.order)
        whole = sum_of(parts)
        amounts = [sum_of(_of(each.model, model, parts)) for each in limited]
        return Reservation(
            [(each.id, requests.period_start(each.period, at)) for each in limited],
            whole,
            next((each.asked.model for each in parts if each.most_usd is None), None),
            is_hard=any(each.is_hard for each in limited),
            models=[None if each.model == model else each.model for each in limited],
            amounts_usd=None if all(each == whole for each in amounts) else amounts,
        )

    async def _take_tokens(self, charged: Sequence[budgets.Budget], model: str, parts: Sequence[Part]) -> None:
        """Tokens by the minute are counted as they are asked for: the prompt by its length, the answer by its limit."""
        for each in charged:
            if each.tokens_per_minute is None:
                continue
            tokens = sum(_likely_tokens(part) for part in _of(each.model, model, parts))
            rate = Rate(each.tokens_per_minute, 60)
            taken = await self._cache.take(f"tokens:{each.id}", rate, max(1, min(tokens, rate.room)))
            if not taken.allowed and each.is_hard:
                raise RateExceeded(rate, taken.retry_after_s)


def sum_of(parts: Iterable[Part]) -> Decimal | None:
    """The most that parts together may cost; None: of one of them nobody knows."""
    most = Decimal(0)
    for each in parts:
        if each.most_usd is None:
            return None
        most += each.most_usd
    return most


def _of(model: str | None, called: str, parts: Sequence[Part]) -> Sequence[Part]:
    """The parts that a budget of this model is charged with: all, where it is for any or for the one that was called."""
    return parts if model in (None, called) else [each for each in parts if model in each.names]


def _most_usd(plan: Plan, asked: Asked, more_tokens: int) -> Decimal | None:
    """The most that what is asked, and so many tokens beside it, may cost at any of the providers that may be asked."""
    prompt = bounds.prompt_tokens(asked)
    most: Decimal | None = Decimal(0)
    for each in plan.order:
        price = plan.prices[key_of(each)]
        amount = None
        if price is not None:
            tokens = bounds.most_prompt_tokens(prompt, each) + more_tokens
            amount = pricing.most(price, prompt=tokens, completion=bounds.most_completion_tokens(asked, each))
        most = None if most is None or amount is None else max(most, amount)
    return most


def key_of(route: Route) -> tuple[UUID, str]:
    """An account, and a model as it calls it."""
    return route.account.id, route.model


def _likely_tokens(part: Part) -> int:
    asked = part.asked
    return len(asked.raw) // _BYTES_PER_TOKEN + part.more_tokens // _BYTES_PER_TOKEN + (asked.most_output_tokens or 0)
