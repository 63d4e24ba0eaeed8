"""Routes of the evaluation wing."""

from guildhall.api.evaluation import comparisons, configurations, executions, outcomes, scenarios, simulations

ROUTERS = (
    configurations.router,
    configurations.versions,
    scenarios.router,
    simulations.router,
    outcomes.router,
    comparisons.router,
    executions.router,
)
