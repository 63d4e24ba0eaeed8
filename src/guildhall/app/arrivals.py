"""
Seeing to failures that came in: a job puts them in clusters, soon and once for all that came together.

Whoever stores outcomes notes for which team. A moment later the team is asked
whether any failure waits, and if so has a job `failures.cluster` that has not
begun yet: a job that has may have looked already. So a team has two such
jobs at most, one that runs and one that waits. What is lost with a
process that is killed is found by upkeep.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from uuid import UUID

from guildhall.adapters.schemas import checker
from guildhall.app.wiring import App
from guildhall.app.workers import Bell, ours
from guildhall.db import Actor
from guildhall.domains.evaluation import failures
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import NewJob, Status
from guildhall.errors import GuildhallError, NotFound

_GATHER_S = 0.5
"""For so long more may come before a team is seen to."""
_KEYS = (ours.CLUSTER, f"{ours.CLUSTER}, next")
_log = logging.getLogger(__name__)


class Arrivals:
    """What came in through one process, by team."""

    def __init__(self, app: App, bell: Bell, types: jobs.Types) -> None:
        self._app = app
        self._bell = bell
        self._types = types
        self._waiting: dict[UUID, Actor] = {}
        self._soon = asyncio.Event()
        self._seeing: asyncio.Task[None] | None = None

    def note(self, actor: Actor) -> None:
        """Outcomes, traces or failures of a team have been committed."""
        self._waiting[actor.tenant_id] = actor
        if self._seeing is None or self._seeing.done():
            self._seeing = asyncio.get_running_loop().create_task(self._see_to_all())

    async def close(self) -> None:
        """See to what has been noted, at once."""
        self._soon.set()
        if self._seeing is not None:
            await self._seeing

    async def _see_to_all(self) -> None:
        while self._waiting:
            with suppress(TimeoutError):
                async with asyncio.timeout(_GATHER_S):
                    await self._soon.wait()
            waiting, self._waiting = self._waiting, {}
            for actor in waiting.values():
                try:
                    if await see_to(self._app, actor, self._types):
                        self._bell.ring()
                except GuildhallError as error:
                    _log.warning("failures of team %s are left to upkeep: %s", actor.tenant_id, error)


async def see_to(app: App, actor: Actor, types: jobs.Types | None = None) -> bool:
    """
    See that a job will put the team's failures in clusters, if any waits; whether one was added.

    Raises:
        Unavailable: The database is gone.
    """
    async with app.transaction(actor) as tx:
        if not await failures.loose_failures(tx, at_most=1):
            return False
    types = types or jobs.Types(checker)
    await ours.make_known(app, types, ours.CLUSTER)
    for key in _KEYS:
        async with app.transaction(actor) as tx:
            (meant,) = await jobs.enqueue(tx, types, [NewJob(ours.CLUSTER, {}, unique_key=key)])
        if meant.is_new:
            return True
        # Asked in a transaction that begins after ours was committed: what begins later sees what came in.
        async with app.transaction(actor) as tx:
            with suppress(NotFound):
                if (await jobs.get_job(tx, meant.id)).status is not Status.RUNNING:
                    return False
    return False
