"""One function for each statement on a simulation's results."""

from __future__ import annotations

from uuid import UUID

from guildhall.db import Tx, load_queries
from guildhall.domains.evaluation.reports.types import FailureSeen, ScenarioResult, ToolSummary, Totals

_queries = load_queries(__package__)


async def scenarios(tx: Tx, simulation_id: UUID) -> list[ScenarioResult]:
    return [
        ScenarioResult(
            scenario_id=row["scenario_id"],
            content_hash=row["content_hash"],
            name=row["name"],
            group=row["group_name"],
            trials=row["trials"],
            scored=row["scored"],
            passed=row["passed"],
            marks=tuple(row["marks"] or ()),
            score_count=row["score_count"],
            score_mean=row["score_mean"],
            score_variance=row["score_variance"],
            cost_count=row["cost_count"],
            cost_sum=row["cost_sum"],
            cost_mean=row["cost_mean"],
            cost_variance=row["cost_variance"],
            time_median_ms=row["time_median_ms"],
            tokens=row["tokens"],
        )
        for row in await tx.fetch(_queries.scenarios, simulation_id=simulation_id)
    ]


async def totals(tx: Tx, simulation_id: UUID) -> Totals:
    row = await tx.find(_queries.totals, simulation_id=simulation_id)
    assert row is not None, "an aggregate always gives a row"
    return Totals(**dict(row))


async def statuses(tx: Tx, simulation_id: UUID) -> dict[str, int]:
    rows = await tx.fetch(_queries.statuses, simulation_id=simulation_id)
    return {row["status"]: row["outcomes"] for row in rows}


async def faults(tx: Tx, simulation_id: UUID) -> dict[str, int]:
    rows = await tx.fetch(_queries.faults, simulation_id=simulation_id)
    return {row["fault"]: row["outcomes"] for row in rows}


async def failures(tx: Tx, simulation_id: UUID) -> dict[str, FailureSeen]:
    rows = await tx.fetch(_queries.failures, simulation_id=simulation_id)
    return {
        row["scenario_id"]: FailureSeen(row["fault"], row["failure_type"], row["message"], row["seen"])
        for row in rows
        if row["scenario_id"] is not None
    }


async def tools(tx: Tx, simulation_id: UUID) -> list[ToolSummary]:
    return [ToolSummary(**dict(row)) for row in await tx.fetch(_queries.tools, simulation_id=simulation_id)]
