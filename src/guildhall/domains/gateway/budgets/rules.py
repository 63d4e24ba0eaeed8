"""Which budgets a call is charged to, and what may be one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from guildhall.domains.gateway.budgets.errors import BudgetRefused
from guildhall.domains.gateway.budgets.types import Budget, NewBudget


def check(new: NewBudget) -> NewBudget:
    """
    A budget that can be kept.

    Raises:
        BudgetRefused: A value cannot be one.
    """
    if not 0 < len(new.name) <= 255 or not new.name.isprintable():
        raise BudgetRefused("name", new.name, "a name")
    if new.period not in ("day", "month"):
        raise BudgetRefused("period", new.period, "day or month")
    if new.limit_usd is None and new.tokens_per_minute is None:
        raise BudgetRefused("limit_usd", None, "an amount in USD, or tokens_per_minute")
    if new.limit_usd is not None and (not new.limit_usd.is_finite() or not 0 <= new.limit_usd < 100_000_000):
        raise BudgetRefused("limit_usd", new.limit_usd, "an amount from 0")
    if new.tokens_per_minute is not None and not 1 <= new.tokens_per_minute <= 1_000_000_000:
        raise BudgetRefused("tokens_per_minute", new.tokens_per_minute, "a whole number from 1")
    return new


def charged(budgets: Iterable[Budget], user_id: UUID, api_key_id: UUID | None, models: Collection[str]) -> list[Budget]:
    """The budgets that a call is charged to: all that name nobody else and no other key or model; a model may have several names."""
    return [
        each
        for each in budgets
        if each.user_id in (None, user_id)
        and each.api_key_id in (None, api_key_id)
        and (each.model is None or each.model in models)
    ]
