"""What can be done with budgets; spending itself is part of writing calls down (`requests`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from guildhall.db import Tx
from guildhall.domains.gateway.budgets import rules, store
from guildhall.domains.gateway.budgets.errors import BudgetNotFound, BudgetRefused
from guildhall.domains.gateway.budgets.types import Budget, NewBudget
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Action


async def add_budget(tx: Tx, new: NewBudget) -> UUID:
    """
    Make a budget of the team; it holds from the next call on, in every process. Returns its id.

    Raises:
        NotPermitted: The actor's role does not allow it.
        BudgetRefused: A value cannot be one.
        BudgetTaken: There is one of this name.
    """
    identity.check(await identity.get_standing(tx), Action.MANAGE_SECRETS)
    checked = rules.check(new)
    # Who is in no team of theirs is nobody to this one.
    if new.user_id is not None and new.user_id not in {each.user_id for each in await identity.list_members(tx)}:
        raise BudgetRefused("user_id", new.user_id, "the id of somebody in the team")
    return await store.insert_budget(tx, checked)


async def list_budgets(tx: Tx) -> list[Budget]:
    """The team's budgets, by name, with what was spent in the period under way."""
    return await store.budgets(tx)


async def get_budget(tx: Tx, name: str) -> Budget:
    """
    The budget of a name.

    Raises:
        BudgetNotFound: There is none.
    """
    found = {each.name: each for each in await store.budgets(tx)}
    if name not in found:
        raise BudgetNotFound(name, found)
    return found[name]


async def change_budget(tx: Tx, name: str, changes: Mapping[str, Any]) -> Budget:
    """
    Change how much a budget allows; what is not among `changes` stays, and so does whom it is for.

    `changes` may hold `limit_usd`, `tokens_per_minute`, `period` and `is_hard`; of another period nothing is spent yet.

    Raises:
        NotPermitted: The actor's role does not allow it.
        BudgetRefused: A value cannot be one.
        BudgetNotFound: There is none of this name.
    """
    identity.check(await identity.get_standing(tx), Action.MANAGE_SECRETS)
    known = await get_budget(tx, name)
    now = NewBudget(name, known.limit_usd, known.tokens_per_minute, known.period, known.is_hard)
    await store.update_budget(tx, rules.check(replace(now, **changes)))
    return await get_budget(tx, name)


async def remove_budget(tx: Tx, name: str) -> None:
    """
    Forget a budget and what was spent of it; calls stay in the ledger.

    Raises:
        NotPermitted: The actor's role does not allow it.
        BudgetNotFound: There is none of this name.
    """
    identity.check(await identity.get_standing(tx), Action.MANAGE_SECRETS)
    if not await store.delete_budget(tx, name):
        raise BudgetNotFound(name, [each.name for each in await store.budgets(tx)])
