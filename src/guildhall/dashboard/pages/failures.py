"""Failures: which is worth fixing first?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from guildhall.api.frame.visits import Reading
from guildhall.app.figures import count
from guildhall.dashboard.frame.charts import Chart, bars
from guildhall.dashboard.frame.tables import Column, Table, TableWanted
from guildhall.dashboard.frame.views import Page, render
from guildhall.domains.evaluation import overview
from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.domains.evaluation.overview import ErrorRate, FailureDay, FailureKind

router = APIRouter(route_class=Page, include_in_schema=False)

_AMONG = 2_000
_RATES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class FailuresPage:
    """Kinds of failures, and how many there were by day."""

    sentence: str
    table: Table[FailureKind]
    chart: Chart | None
    rates: Sequence[ErrorRate]
    fault: str | None
    category: str | None
    faults: Sequence[str]
    categories: Sequence[str]


_COLUMNS: Sequence[Column[FailureKind]] = (
    Column("failure_type", "What", lambda each: each.failure_type, href=lambda each: f"/outcomes/{each.outcome_id}"),
    Column("fault", "Fault", lambda each: each.fault),
    Column("category", "Category", lambda each: each.failure_category),
    Column("failures", "Times", lambda each: each.failures, "number"),
    Column("recovered", "Recovered", lambda each: each.recovered, "number"),
    Column("scenario_count", "Scenarios", lambda each: each.scenario_count, "number"),
    Column("message", "Last message", lambda each: None if each.message is None else each.message[:200]),
    Column("last_seen", "Last seen", lambda each: each.last_seen, "time"),
)


@router.get("/failures")
async def list_failures(
    visit: Reading,
    request: Request,
    want: TableWanted,
    fault: Annotated[Fault | None, Query()] = None,
    category: Annotated[FailureCategory | None, Query()] = None,
) -> Response:
    """Which kinds of failures there are, and which is worth fixing first."""
    async with visit.transaction() as tx:
        kinds = await overview.failure_kinds(
            tx,
            fault=fault.value if fault else None,
            failure_category=category.value if category else None,
            among=_AMONG,
        )
        days = await overview.failure_days(tx)
        rates = await overview.error_rates(tx, at_most=_RATES_SHOWN)
    table = Table.of(request, want, kinds, _COLUMNS, caption="Kinds of failures", first="-failures")
    if table.export is not None:
        return table.export
    is_narrowed = fault is not None or category is not None
    page = FailuresPage(
        _sentence(kinds, is_narrowed=is_narrowed), table, _chart(days), rates, fault and fault.value, category and category.value,
        [each.value for each in Fault], [each.value for each in FailureCategory],
    )  # fmt: skip
    return render(request, "failures.html", page, visit=visit)


def _sentence(kinds: Sequence[FailureKind], *, is_narrowed: bool) -> str:
    total = sum(each.failures for each in kinds)
    if not total:
        return (
            f"Nothing of that kind is among the latest {_AMONG:,} failures."
            if is_narrowed
            else "No failure is on record."
        )
    first = kinds[0]
    among = f"the latest {_AMONG:,} failures" if is_narrowed or total >= _AMONG else count(total, "failure")
    of_that_kind = " of that kind" if is_narrowed else ""
    return (
        f"Among {among}, the most frequent{of_that_kind} is {first.failure_type}, fault of the {first.fault}: "
        f"{first.failures:,} times in {count(first.scenario_count, 'scenario')}."
    )


def _chart(days: Sequence[FailureDay]) -> Chart | None:
    amounts = {(each.day, each.failure_category): float(each.failures) for each in days}
    total = sum(each.failures for each in days)
    return bars(
        "failures", "Failures by day", f"{count(total, 'failure')} in 30 days, by category.", amounts,
        unit="failures a day", write=lambda value: f"{value:,.0f}" if value == int(value) else f"{value:,.1f}",
    )  # fmt: skip
