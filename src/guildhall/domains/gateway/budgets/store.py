"""One function for each statement on budgets."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from guildhall.db import ConstraintViolated, Tx, load_queries
from guildhall.domains.gateway.budgets.errors import BudgetRefused, BudgetTaken
from guildhall.domains.gateway.budgets.types import Budget, NewBudget

_queries = load_queries(__package__)


async def budgets(tx: Tx) -> list[Budget]:
    return [Budget(**row) for row in await tx.fetch(_queries.budgets)]


async def insert_budget(tx: Tx, new: NewBudget) -> UUID:
    try:
        async with tx.savepoint():
            made: UUID = await tx.value(_queries.insert_budget, **asdict(new))
    except ConstraintViolated as error:
        if error.constraint == "budgets_one_per_name":
            raise BudgetTaken(new.name) from error
        if error.constraint == "budgets_key_is_the_teams":
            raise BudgetRefused("api_key_id", new.api_key_id, "the id of one of the team's keys") from error
        raise
    return made


async def update_budget(tx: Tx, changed: NewBudget) -> None:
    await tx.execute(
        _queries.update_budget,
        name=changed.name,
        period=changed.period,
        limit_usd=changed.limit_usd,
        tokens_per_minute=changed.tokens_per_minute,
        is_hard=changed.is_hard,
    )


async def delete_budget(tx: Tx, name: str) -> int:
    return await tx.execute(_queries.delete_budget, name=name)
