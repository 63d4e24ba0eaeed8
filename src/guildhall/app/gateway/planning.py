"""
Planning a call: whom it may be sent to and in which order, how it is said to each, and the most that it may cost.

What it may cost is set aside in the caller's budgets before anything is sent
(`ledger`); a request that several calls answer sets aside for all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
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
        models = {asked.model, *(each.model for each in plan.order)}
        if not asked.face.is_free:
            plan.reservation = await self.set_aside(caller, book, models, [(plan, asked, 0)], at)
        return plan

    async def route(self, book: Book, asked: Asked) -> Plan:
        """
        Whom something is sent to, in this order, with what each of them costs.

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
        models: Collection[str],
        parts: Sequence[tuple[Plan, Asked, int]],
        at: datetime,
    ) -> Reservation | None:
        """
        What is to be set aside for a request in the budgets of its models: the most that its parts together may cost.

        A part is whom it may be sent to, what is asked, and how many tokens its prompt may have beside those. The
        day is that of the call's id, by which whoever closes a lost call finds what was set aside for it.

        Raises:
            RateExceeded: A budget has not so many tokens left in this minute.
            AskedWrong: It may cost any amount, or one that prices do not tell, and a hard budget is to hold.
        """
        charged = budgets.charged(book.budgets, caller.user_id, caller.key_id, models)
        if not charged:
            return None
        await self._take_tokens(
            charged, sum(_likely_tokens(asked) + more // _BYTES_PER_TOKEN for _, asked, more in parts)
        )
        limited = [each for each in charged if each.limit_usd is not None]
        if not limited:
            return None
        for budget in limited:
            if budget.is_hard:
                for plan, asked, _ in parts:
                    bounds.require_bounds(asked, budget.name, plan.order)
        most: Decimal | None = Decimal(0)
        unpriced: str | None = None
        for plan, asked, more in parts:
            amount = most_usd(plan, asked, more)
            unpriced = unpriced or (asked.model if amount is None else None)
            most = None if most is None or amount is None else most + amount
        return Reservation(
            [(each.id, requests.period_start(each.period, at)) for each in limited],
            most,
            unpriced,
            is_hard=any(each.is_hard for each in limited),
            models=[each.model for each in limited],
        )

    async def _take_tokens(self, charged: Sequence[budgets.Budget], tokens: int) -> None:
        """Tokens by the minute are counted as they are asked for: the prompt by its length, the answer by its limit."""
        for each in charged:
            if each.tokens_per_minute is None:
                continue
            rate = Rate(each.tokens_per_minute, 60)
            taken = await self._cache.take(f"tokens:{each.id}", rate, max(1, min(tokens, rate.room)))
            if not taken.allowed and each.is_hard:
                raise RateExceeded(rate, taken.retry_after_s)


def most_usd(plan: Plan, asked: Asked, more_tokens: int = 0) -> Decimal | None:
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


def _likely_tokens(asked: Asked) -> int:
    return len(asked.raw) // _BYTES_PER_TOKEN + (asked.most_output_tokens or 0)
