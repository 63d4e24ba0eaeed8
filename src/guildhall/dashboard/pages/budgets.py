"""Keys and budgets: what may still be spent, and by whom?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from fastapi import APIRouter, Request, Response

from guildhall.api.frame.visits import Reading
from guildhall.app.figures import count, money, percent
from guildhall.dashboard.frame.tables import Column, Table, TableWanted
from guildhall.dashboard.frame.views import Page, link, render
from guildhall.domains.gateway import budgets
from guildhall.domains.gateway.budgets import Budget
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Key

router = APIRouter(route_class=Page, include_in_schema=False)

_KEYS = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A budget, and for whom it is in words."""

    budget: Budget
    scope: str

    @property
    def left_usd(self) -> Decimal | None:
        """What may still be spent in this period."""
        if self.budget.limit_usd is None:
            return None
        return self.budget.limit_usd - self.budget.spent_usd - self.budget.reserved_usd

    @property
    def used(self) -> float | None:
        """The share of it that is spent or set aside."""
        limit, left = self.budget.limit_usd, self.left_usd
        return None if limit is None or left is None or limit == 0 else float(1 - left / limit)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """An API key, and the budgets that are for it alone."""

    key: Key
    scopes: str
    budgets: str
    calls: str


@dataclass(frozen=True, slots=True)
class BudgetsPage:
    """What may be spent."""

    sentence: str
    table: Table[Row]
    keys: Sequence[KeyRow]
    keys_left_out: bool


_COLUMNS: Sequence[Column[Row]] = (
    Column("name", "Budget", lambda each: each.budget.name),
    Column("scope", "For", lambda each: each.scope),
    Column("kind", "Kind", lambda each: "■ hard: refuses" if each.budget.is_hard else "□ soft: counts"),
    Column("period", "Each", lambda each: each.budget.period),
    Column("limit_usd", "Limit", lambda each: each.budget.limit_usd, "money"),
    Column("spent_usd", "Spent", lambda each: each.budget.spent_usd, "money"),
    Column("reserved_usd", "Set aside", lambda each: each.budget.reserved_usd, "money"),
    Column("left_usd", "Left", lambda each: each.left_usd, "money"),
    Column("used", "Used", lambda each: each.used, "percent"),
    Column("tokens_per_minute", "Tokens a minute", lambda each: each.budget.tokens_per_minute, "number"),
    Column("starts_on", "Since", lambda each: each.budget.starts_on, "day"),
)


@router.get("/budgets")
async def list_budgets(visit: Reading, request: Request, want: TableWanted) -> Response:
    """What may still be spent on calls of models."""
    async with visit.transaction() as tx:
        found = await budgets.list_budgets(tx)
        keys = await identity.list_keys(tx, at_most=_KEYS + 1)
    names = {each.id: each.name or each.id.hex[:8] for each in keys}
    rows = [Row(each, _scope(each, names)) for each in found]
    table = Table.of(request, want, rows, _COLUMNS, caption="Budgets", first="-used")
    if table.export is not None:
        return table.export
    page = BudgetsPage(_sentence(rows), table, [_key(each, found) for each in keys[:_KEYS]], len(keys) > _KEYS)
    return render(request, "budgets.html", page, visit=visit)


def _scope(budget: Budget, names: Mapping[UUID, str]) -> str:
    parts = []
    if budget.user_id is not None:
        parts.append(f"person {budget.user_id}")
    if budget.api_key_id is not None:
        parts.append(f"key {names.get(budget.api_key_id, budget.api_key_id.hex[:8])}")
    if budget.model is not None:
        parts.append(f"model {budget.model}")
    return ", ".join(parts) or "the team"


def _key(key: Key, found: Sequence[Budget]) -> KeyRow:
    return KeyRow(
        key,
        ", ".join(key.scopes) or "all",
        ", ".join(each.name for each in found if each.api_key_id == key.id) or "–",
        link("/requests", api_key_id=key.id),
    )


def _sentence(rows: Sequence[Row]) -> str:
    limited = [each for each in rows if each.used is not None]
    if not limited:
        return "No budget in dollars is set: calls of models are limited by their keys' rates alone."
    full = [each for each in limited if (each.left_usd or Decimal(0)) <= 0]
    hard = [each for each in full if each.budget.is_hard]
    if hard:
        return f"{hard[0].budget.name} is used up, and calls that it is for are refused; {count(len(full), 'budget')} of {len(limited)} {'has' if len(full) == 1 else 'have'} nothing left."
    nearest = max(limited, key=lambda each: each.used or 0.0)
    return (
        f"{count(len(limited), 'budget')} in dollars; {nearest.budget.name} is used most, {percent(nearest.used or 0.0)} of "
        f"{money(nearest.budget.limit_usd)} a {nearest.budget.period}."
    )
