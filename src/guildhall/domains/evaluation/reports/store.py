"""One function for each statement on a simulation's results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any
from uuid import UUID

from guildhall.db import Row, Tx, load_queries
from guildhall.db.listing import Filter, Listing, Order, Page, fetch_page
from guildhall.domains.evaluation.reports.types import Ending, FailureSeen, ScenarioResult, ToolSummary, ToolWork

_queries = load_queries(__package__)
_MARKS = (False, True, None)


async def scenarios(tx: Tx, simulation_id: UUID) -> list[ScenarioResult]:
    await tx.join_by_hashing()
    rows = await tx.fetch(_queries.scenarios, simulation_id=simulation_id)
    return [_result(row) for row in sorted(rows, key=itemgetter("execution_order"))]


RESULTS = Listing(
    _queries.scenarios,
    key=("scenario_id",),
    orders={
        "execution_order": Order("execution_order"),
        "scenario_id": Order("scenario_id"),
        "name": Order("name"),
        "passed": Order("passed", nullable=True),
        "mean_score": Order("score_mean", nullable=True),
        "cost_usd": Order("cost_sum", nullable=True),
    },
    filters={"scenario_id": Filter("scenario_id"), "group": Filter("group_name")},
)


async def page_results(
    tx: Tx,
    simulation_id: UUID,
    filters: Mapping[str, Any],
    order: Order,
    *,
    after: Sequence[Any] | None,
    at_most: int,
) -> Page[ScenarioResult]:
    await tx.join_by_hashing()
    page = await fetch_page(tx, RESULTS, filters, order, after=after, at_most=at_most, simulation_id=simulation_id)
    return page.of(_result)


async def endings(tx: Tx, simulation_id: UUID) -> list[Ending]:
    return [Ending(**dict(row)) for row in await tx.fetch(_queries.endings, simulation_id=simulation_id)]


async def failures(tx: Tx, simulation_id: UUID) -> dict[str, FailureSeen]:
    rows = await tx.fetch(_queries.failures, simulation_id=simulation_id)
    return {
        row["scenario_id"]: FailureSeen(row["fault"], row["failure_type"], row["message"], row["seen"])
        for row in rows
        if row["scenario_id"] is not None
    }


async def tools(tx: Tx, simulation_id: UUID) -> list[ToolSummary]:
    return [ToolSummary(**dict(row)) for row in await tx.fetch(_queries.tools, simulation_id=simulation_id)]


def _result(row: Row) -> ScenarioResult:
    return ScenarioResult(
        scenario_id=row["scenario_id"],
        content_hash=row["content_hash"],
        name=row["name"],
        group=row["group_name"],
        trials=row["trials"] or 0,
        scored=row["scored"] or 0,
        passed=row["passed"] or 0,
        marks=tuple([_MARKS[mark & 3] for mark in sorted(row["marks"] or ())]),
        durations_ms=sorted(row["durations_ms"] or ()),
        score_count=row["score_count"] or 0,
        score_mean=row["score_mean"],
        score_variance=row["score_variance"],
        cost_count=row["cost_count"] or 0,
        cost_sum=row["cost_sum"],
        cost_variance=row["cost_variance"],
        tokens=row["tokens"],
    )


async def tool_work(tx: Tx, simulation_id: UUID) -> dict[tuple[str, str], ToolWork]:
    """By scenario and tool."""
    rows = await tx.fetch(_queries.tool_work, simulation_id=simulation_id)
    return {
        (row["scenario_id"], row["tool_name"]): ToolWork(
            row["calls"], row["squared_calls"], row["errors"], row["timed"], row["duration_ms"], row["cost_usd"]
        )
        for row in rows
    }


async def rounds(tx: Tx, baseline: UUID, candidate: UUID) -> list[list[int]]:
    """The differences of the first complete rounds, up to the first that is not complete."""
    rows = await tx.fetch(_queries.rounds, baseline=baseline, candidate=candidate)
    return [row["differences"] for number, row in enumerate(rows, start=1) if row["trial_number"] == number]
