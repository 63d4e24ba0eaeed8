"""One function for each statement on overviews."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from guildhall.db import Tx, load_queries
from guildhall.domains.evaluation.overview.types import (
    ActiveSimulation,
    Cell,
    CostDay,
    DayTrend,
    ErrorRate,
    FailureDay,
    HourLatency,
    HourPerformance,
    PairOfSimulations,
    Pending,
    PendingRecommendation,
    RunningSimulation,
    ScenarioPlayed,
    ScenarioStanding,
    ScenarioWeek,
    ToolStanding,
    VersionDay,
    VersionStanding,
)

_queries = load_queries(__package__)


async def active_simulations(tx: Tx, at_most: int) -> list[ActiveSimulation]:
    return [ActiveSimulation(**dict(row)) for row in await tx.fetch(_queries.active_simulations, at_most=at_most)]


async def longest_running(tx: Tx, at_most: int) -> list[RunningSimulation]:
    return [RunningSimulation(**dict(row)) for row in await tx.fetch(_queries.longest_running, at_most=at_most)]


async def latest_pairs(tx: Tx, at_most: int) -> list[PairOfSimulations]:
    return [PairOfSimulations(**dict(row)) for row in await tx.fetch(_queries.latest_pairs, at_most=at_most)]


async def cells(tx: Tx, simulation_id: UUID, scenario_ids: Sequence[str]) -> list[Cell]:
    rows = await tx.fetch(_queries.cells, simulation_id=simulation_id, scenario_ids=list(scenario_ids))
    return [Cell(**dict(row)) for row in rows]


async def trends(tx: Tx) -> list[DayTrend]:
    return [DayTrend(**dict(row)) for row in await tx.fetch(_queries.trends)]


async def cost_by_day(tx: Tx) -> list[CostDay]:
    found = []
    for row in await tx.fetch(_queries.cost_by_day):
        values: dict[str, Any] = dict(row)
        if values.pop("is_free"):
            values["unpriced"] = 0
        found.append(CostDay(**values))
    return found


async def error_rates(tx: Tx, at_most: int) -> list[ErrorRate]:
    return [ErrorRate(**dict(row)) for row in await tx.fetch(_queries.error_rates, at_most=at_most)]


async def version_standings(tx: Tx, config_id: UUID) -> list[VersionStanding]:
    return [VersionStanding(**dict(row)) for row in await tx.fetch(_queries.version_standings, config_id=config_id)]


async def version_days(tx: Tx, config_id: UUID) -> list[VersionDay]:
    return [VersionDay(**dict(row)) for row in await tx.fetch(_queries.version_days, config_id=config_id)]


async def scenario_standings(tx: Tx, simulations: int, at_most: int) -> list[ScenarioStanding]:
    rows = await tx.fetch(_queries.scenario_standings, simulations=simulations, at_most=at_most)
    return [ScenarioStanding(**dict(row)) for row in rows]


async def scenario_weeks(tx: Tx, scenario_id: str) -> list[ScenarioWeek]:
    return [ScenarioWeek(**dict(row)) for row in await tx.fetch(_queries.scenario_weeks, scenario_id=scenario_id)]


async def scenario_history(tx: Tx, scenario_id: str, at_most: int) -> list[ScenarioPlayed]:
    rows = await tx.fetch(_queries.scenario_history, scenario_id=scenario_id, at_most=at_most)
    return [ScenarioPlayed(**dict(row)) for row in rows]


async def failure_days(tx: Tx, days: int) -> list[FailureDay]:
    return [FailureDay(**dict(row)) for row in await tx.fetch(_queries.failure_days, days=days)]


async def tool_standings(tx: Tx, days: int) -> list[ToolStanding]:
    return [ToolStanding(**dict(row)) for row in await tx.fetch(_queries.tool_standings, days=days)]


async def hourly_performance(tx: Tx) -> list[HourPerformance]:
    return [HourPerformance(**dict(row)) for row in await tx.fetch(_queries.hourly_performance)]


async def hourly_latency(tx: Tx) -> list[HourLatency]:
    return [HourLatency(**dict(row)) for row in await tx.fetch(_queries.hourly_latency)]


async def pending(tx: Tx) -> Pending:
    row = await tx.find(_queries.pending)
    assert row is not None
    return Pending(**dict(row))


async def pending_recommendations(tx: Tx, at_most: int) -> list[PendingRecommendation]:
    rows = await tx.fetch(_queries.pending_recommendations, at_most=at_most)
    return [PendingRecommendation(**dict(row)) for row in rows]
