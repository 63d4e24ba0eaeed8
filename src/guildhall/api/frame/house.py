"""What all requests of one process share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from guildhall.adapters.schemas import checker
from guildhall.api.frame.events import Hub
from guildhall.api.frame.metrics import Metrics
from guildhall.app.arrivals import Arrivals
from guildhall.app.checkup import Memory
from guildhall.app.doorkeeper import Doorkeeper
from guildhall.app.wiring import App
from guildhall.app.workers import Bell
from guildhall.cache import Allowances, PostgresCache
from guildhall.domains.platform import jobs


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that was answered, for logs and metrics; `route` is the path's template, or empty where there is none."""

    method: str
    route: str
    path: str
    status: int
    seconds: float
    request_id: str
    address: str | None
    user_agent: str | None
    user_id: str | None
    tenant_id: str | None
    received_bytes: int
    sent_bytes: int


OnExchange: TypeAlias = Callable[[Exchange], None]


@dataclass(slots=True)
class House:
    """
    An open database with what stands at its door; `observers` are told of every exchange, and so are the metrics.

    It closes in two steps. From `closing` on no new connections are taken and
    `/ready` says no; whatever waits for news, as a stream of events does, ends.
    Once `is_closing`, new requests on old connections are refused too.
    """

    app: App
    doorkeeper: Doorkeeper
    observers: Sequence[OnExchange] = field(default_factory=list)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    is_closing: bool = False
    types: jobs.Types = field(default_factory=lambda: jobs.Types(checker))
    bell: Bell = field(init=False)
    arrivals: Arrivals = field(init=False)
    hub: Hub = field(default_factory=Hub)
    metrics: Metrics = field(default_factory=Metrics)
    checkups: Memory = field(init=False)
    allowances: Allowances = field(init=False)

    def __post_init__(self) -> None:
        self.observers = (*self.observers, self.metrics.observe)
        self.bell = Bell(self.app.database)
        self.arrivals = Arrivals(self.app, self.bell, self.types)
        self.checkups = Memory(self.app)
        self.allowances = Allowances(PostgresCache(self.app.database))

    async def close(self) -> None:
        """Let nothing go on that its requests have begun."""
        await self.checkups.forget()
        await self.arrivals.close()
        await self.bell.close()
