"""What can be asked of many simulations together."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from guildhall.db import Tx
from guildhall.domains.evaluation.overview import store
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


async def active_simulations(tx: Tx, *, at_most: int = 20) -> list[ActiveSimulation]:
    """Simulations that are not over, the newest first."""
    return await store.active_simulations(tx, at_most)


async def longest_running(tx: Tx, *, at_most: int = 30) -> list[RunningSimulation]:
    """Simulations that are not over, the longest running first; those that have not begun come last."""
    return await store.longest_running(tx, at_most)


async def latest_pairs(tx: Tx, *, at_most: int = 5) -> list[PairOfSimulations]:
    """Pairs of simulations that ran interleaved and are complete, the last to end first; the newer version is the candidate."""
    return await store.latest_pairs(tx, at_most)


async def cells(tx: Tx, simulation_id: UUID, scenario_ids: Sequence[str]) -> list[Cell]:
    """Every trial of these scenarios of a simulation, in the order of scenarios and numbers."""
    return await store.cells(tx, simulation_id, scenario_ids)


async def trends(tx: Tx) -> list[DayTrend]:
    """The last 30 days, oldest first; a day without outcomes is left out."""
    return await store.trends(tx)


async def cost_by_day(tx: Tx) -> list[CostDay]:
    """What the last 30 days cost by day and model, oldest first."""
    return await store.cost_by_day(tx)


async def error_rates(tx: Tx, *, at_most: int = 500) -> list[ErrorRate]:
    """How often scenarios ended in an error, by day, over a week; those with ten outcomes or more."""
    return await store.error_rates(tx, at_most)


async def version_standings(tx: Tx, config_id: UUID) -> list[VersionStanding]:
    """Every version of a configuration with all of its outcomes, the newest first."""
    return await store.version_standings(tx, config_id)


async def version_days(tx: Tx, config_id: UUID) -> list[VersionDay]:
    """A configuration's last 90 days by version and day, oldest first."""
    return await store.version_days(tx, config_id)


async def scenario_standings(tx: Tx, *, simulations: int = 5, at_most: int = 5_000) -> list[ScenarioStanding]:
    """Scenarios in use, the hardest first; disagreement is of the latest `simulations`."""
    return await store.scenario_standings(tx, simulations, at_most)


async def scenario_weeks(tx: Tx, scenario_id: str) -> list[ScenarioWeek]:
    """A scenario's last six months by week, oldest first."""
    return await store.scenario_weeks(tx, scenario_id)


async def scenario_history(tx: Tx, scenario_id: str, *, at_most: int = 50) -> list[ScenarioPlayed]:
    """The latest simulations that have tried a scenario, the newest first."""
    return await store.scenario_history(tx, scenario_id, at_most)


async def failure_days(tx: Tx, *, days: int = 30) -> list[FailureDay]:
    """Failures by day and category, oldest first."""
    return await store.failure_days(tx, days)


async def tool_standings(tx: Tx, *, days: int = 30) -> list[ToolStanding]:
    """Tools by how often they were called."""
    return await store.tool_standings(tx, days)


async def hourly_performance(tx: Tx) -> list[HourPerformance]:
    """Simulations of the last 24 hours, by the hour in which they were planned."""
    return await store.hourly_performance(tx)


async def hourly_latency(tx: Tx) -> list[HourLatency]:
    """How long trials took in each of the last 24 hours, oldest first."""
    return await store.hourly_latency(tx)


async def pending(tx: Tx) -> Pending:
    """How much waits for people's decisions."""
    return await store.pending(tx)


async def pending_recommendations(tx: Tx, *, at_most: int = 5) -> list[PendingRecommendation]:
    """The most certain recommendations that are open; less than 70 % is left out."""
    return await store.pending_recommendations(tx, at_most)
