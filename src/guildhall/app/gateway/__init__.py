"""
One door to every model: who may call, what it may cost, who is asked, and the ledger of all of it.

`Gateway` answers calls; `Ledger` writes them down before and after, many at a
time; `Directory` knows teams' accounts, budgets and prices; `Watch` how accounts fare.
"""

from guildhall.app.gateway.calls import Gateway
from guildhall.app.gateway.course import Context, Reply
from guildhall.app.gateway.errors import (
    AccountsUnavailable,
    AnswerUnrecorded,
    LedgerBehind,
    StreamBroken,
    UpstreamAnswered,
    UpstreamLimited,
    UpstreamUnavailable,
)
from guildhall.app.gateway.ledger import Ledger
from guildhall.app.gateway.opening import open_gateway

__all__ = [
    "AccountsUnavailable",
    "AnswerUnrecorded",
    "Context",
    "Gateway",
    "Ledger",
    "LedgerBehind",
    "Reply",
    "StreamBroken",
    "UpstreamAnswered",
    "UpstreamLimited",
    "UpstreamUnavailable",
    "open_gateway",
]
