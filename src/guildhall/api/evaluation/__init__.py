"""Routes of the evaluation wing."""

from guildhall.api.evaluation import (
    comparisons,
    configurations,
    events,
    executions,
    failures,
    outcomes,
    proposals,
    recommendations,
    scenarios,
    search,
    simulations,
)

ROUTERS = (
    configurations.router,
    configurations.versions,
    scenarios.router,
    simulations.router,
    events.router,
    outcomes.router,
    comparisons.router,
    executions.router,
    proposals.router,
    proposals.rules,
    proposals.rollbacks,
    recommendations.router,
    recommendations.analyses,
    recommendations.calibrations,
    failures.router,
    failures.reports,
    search.router,
)
