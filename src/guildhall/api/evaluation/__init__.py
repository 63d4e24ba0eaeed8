"""Routes of the evaluation wing."""

from guildhall.api.evaluation import comparisons, configurations, events, executions, outcomes, scenarios, simulations

ROUTERS = (
    configurations.router,
    configurations.versions,
    scenarios.router,
    simulations.router,
    events.router,
    outcomes.router,
    comparisons.router,
    executions.router,
)
