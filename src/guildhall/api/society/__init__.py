"""Routes of the society wing."""

from guildhall.api.society import agents, at_work, tasks

ROUTERS = (
    agents.router,
    at_work.router,
    tasks.router,
    tasks.batches,
    tasks.types,
    tasks.graphs,
    tasks.dead_letters,
)
