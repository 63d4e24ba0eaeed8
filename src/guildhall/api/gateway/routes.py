"""Routes of the gateway wing in the HTTP API; calls of models themselves go through the gateway's own door."""

from __future__ import annotations

from guildhall.api.gateway import budgets, conversations, debates, ensembles, providers, requests

ROUTERS = (
    providers.router,
    providers.models,
    requests.router,
    requests.ledger,
    budgets.router,
    debates.router,
    ensembles.router,
    conversations.router,
)
