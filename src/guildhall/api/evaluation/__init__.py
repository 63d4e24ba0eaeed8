"""Routes of the evaluation wing."""

from guildhall.api.evaluation import simulations

ROUTERS = (simulations.router,)
