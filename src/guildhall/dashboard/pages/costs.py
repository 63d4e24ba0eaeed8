"""Cost: where does the money go, and what changed?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from fastapi import APIRouter, Request, Response

from guildhall import clock
from guildhall.api.frame.visits import Reading
from guildhall.app.figures import money
from guildhall.dashboard.frame.charts import Chart, bars
from guildhall.dashboard.frame.tables import Column, Table, TableWanted
from guildhall.dashboard.frame.views import Page, render
from guildhall.domains.evaluation import overview
from guildhall.domains.evaluation.overview import CostDay

router = APIRouter(route_class=Page, include_in_schema=False)

_WEEK = timedelta(days=7)
UNNAMED = "model not named"


@dataclass(frozen=True, slots=True)
class ModelCost:
    """What a model cost in 30 days, in the last seven, and in the seven before."""

    model: str
    executions: int
    unpriced: int
    cost: Decimal | None
    tokens: int | None
    this_week: Decimal
    week_before: Decimal


@dataclass(frozen=True, slots=True)
class CostPage:
    """Where the money goes."""

    sentence: str
    unpriced: int
    executions: int
    table: Table[ModelCost]
    chart: Chart | None


_COLUMNS: Sequence[Column[ModelCost]] = (
    Column("model", "Model", lambda each: each.model),
    Column("executions", "Trials", lambda each: each.executions, "number"),
    Column("cost", "Cost, 30 days", lambda each: each.cost, "money"),
    Column(
        "each",
        "A trial",
        lambda each: (
            each.cost / (each.executions - each.unpriced)
            if each.cost is not None and each.executions > each.unpriced
            else None
        ),
        "money",
    ),
    Column("tokens", "Tokens", lambda each: each.tokens, "number"),
    Column("this_week", "Last 7 days", lambda each: each.this_week, "money"),
    Column("week_before", "The 7 before", lambda each: each.week_before, "money"),
    Column("unpriced", "Cost unknown", lambda each: each.unpriced, "number"),
)


@router.get("/cost")
async def cost(visit: Reading, request: Request, want: TableWanted) -> Response:
    """What trials cost, by model and day."""
    async with visit.transaction() as tx:
        days = await overview.cost_by_day(tx)
    models = _models(days, clock.now())
    table = Table.of(request, want, models, _COLUMNS, caption="Models", first="-cost")
    if table.export is not None:
        return table.export
    page = CostPage(
        _sentence(models),
        sum(each.unpriced for each in models),
        sum(each.executions for each in models),
        table,
        _chart(days),
    )
    return render(request, "cost.html", page, visit=visit)


def _models(days: Sequence[CostDay], now: datetime) -> list[ModelCost]:
    by_model: Mapping[str, list[CostDay]] = defaultdict(list)
    for each in days:
        by_model[each.model or UNNAMED].append(each)
    return [
        ModelCost(
            model,
            sum(each.executions for each in own),
            sum(each.unpriced for each in own),
            _sum(own),
            sum(each.total_tokens or 0 for each in own) if any(each.total_tokens for each in own) else None,
            _sum(each for each in own if each.day > now - _WEEK) or Decimal(0),
            _sum(each for each in own if now - 2 * _WEEK < each.day <= now - _WEEK) or Decimal(0),
        )
        for model, own in sorted(by_model.items())
    ]


def _sum(days: Iterable[CostDay]) -> Decimal | None:
    known = [each.total_cost for each in days if each.total_cost is not None]
    return sum(known, Decimal(0)) if known else None


def _sentence(models: Sequence[ModelCost]) -> str:
    if not models:
        return "Nothing was tried in the last 30 days."
    known = [each.cost for each in models if each.cost is not None]
    total = money(sum(known, Decimal(0))) if known else "an unknown sum"
    mover = max(models, key=lambda each: abs(each.this_week - each.week_before))
    change = mover.this_week - mover.week_before
    said = f"Trials cost {total} in 30 days"
    if change:
        way = "more" if change > 0 else "less"
        said += f"; the greatest change is {mover.model}, {money(abs(change))} {way} in the last seven days than in the seven before"
    return f"{said}."


def _chart(days: Sequence[CostDay]) -> Chart | None:
    amounts: dict[tuple[datetime, str], float] = {}
    for each in days:
        if each.total_cost is not None:
            key = (each.day, each.model or UNNAMED)
            amounts[key] = amounts.get(key, 0.0) + float(each.total_cost)
    return bars(
        "cost", "What trials cost by day", "By the model that a version declares; the agent's own calls, without judges and simulated users.",
        amounts, unit="USD a day", write=money,
    )  # fmt: skip
