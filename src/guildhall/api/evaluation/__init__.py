"""Routes of the evaluation wing."""

from guildhall.api.evaluation import comparisons, configurations, executions, scenarios, simulations

ROUTERS = (
    configurations.router,
    configurations.versions,
    scenarios.router,
    simulations.router,
    comparisons.router,
    executions.router,
)
