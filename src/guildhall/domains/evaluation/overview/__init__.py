"""
Overviews: what many simulations show together, for pages and charts.

It owns no table. Where it can it reads the reference documents' views and the
roll-ups beneath them, which are exact at every moment; what roll-ups do not
keep is asked of a few simulations, or of the latest failures, and says so.
"""

from guildhall.domains.evaluation.overview.service import (
    active_simulations,
    cells,
    cost_by_day,
    error_rates,
    failure_days,
    hourly_performance,
    latest_pairs,
    pending,
    pending_recommendations,
    scenario_history,
    scenario_standings,
    scenario_weeks,
    tool_standings,
    trends,
    version_days,
    version_standings,
)
from guildhall.domains.evaluation.overview.types import (
    ActiveSimulation,
    Cell,
    CostDay,
    DayTrend,
    ErrorRate,
    FailureDay,
    HourPerformance,
    PairOfSimulations,
    Pending,
    PendingRecommendation,
    ScenarioPlayed,
    ScenarioStanding,
    ScenarioWeek,
    ToolStanding,
    VersionDay,
    VersionStanding,
)

__all__ = [
    "ActiveSimulation",
    "Cell",
    "CostDay",
    "DayTrend",
    "ErrorRate",
    "FailureDay",
    "HourPerformance",
    "PairOfSimulations",
    "Pending",
    "PendingRecommendation",
    "ScenarioPlayed",
    "ScenarioStanding",
    "ScenarioWeek",
    "ToolStanding",
    "VersionDay",
    "VersionStanding",
    "active_simulations",
    "cells",
    "cost_by_day",
    "error_rates",
    "failure_days",
    "hourly_performance",
    "latest_pairs",
    "pending",
    "pending_recommendations",
    "scenario_history",
    "scenario_standings",
    "scenario_weeks",
    "tool_standings",
    "trends",
    "version_days",
    "version_standings",
]
