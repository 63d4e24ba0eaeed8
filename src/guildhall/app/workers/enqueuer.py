"""
Enqueuing one job from each of many places at once, with one transaction for all that come together.

While one batch is on its way the next gathers, so that one caller alone waits
for one commit and a thousand share a few. A job that is refused fails its own
caller only.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from guildhall.adapters.schemas import checker
from guildhall.app.wiring import App
from guildhall.app.workers.wakeups import Bell
from guildhall.db import Actor
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import Enqueued, NewJob
from guildhall.errors import GuildhallError, Unavailable

_MOST = 1_000


@dataclass(slots=True)
class _Waiting:
    actor: Actor
    job: NewJob
    added: asyncio.Future[Enqueued]


class Enqueuer:
    """Adds jobs and wakes workers; use it as a context manager."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._types = jobs.Types(checker)
        self._bell = Bell(app.database)
        self._waiting: list[_Waiting] = []
        self._flushing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Enqueuer:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._flushing is not None:
            await self._flushing
        await self._bell.close()

    async def enqueue(self, job: NewJob, *, actor: Actor | None = None) -> Enqueued:
        """
        Add one job for a team, together with those of others in the same moment.

        Raises:
            As `jobs.enqueue`; nothing was added then.
        """
        added: asyncio.Future[Enqueued] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(actor or self._app.actor, job, added))
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())
        return await added

    async def enqueue_many(self, new: list[NewJob], *, actor: Actor | None = None) -> list[Enqueued]:
        """
        Add jobs of one team, all of them or none.

        Raises:
            As `jobs.enqueue`.
        """
        async with self._app.transaction(actor) as tx:
            added = await jobs.enqueue(tx, self._types, new)
        self._bell.ring()
        return added

    async def _flush(self) -> None:
        while self._waiting:
            actor = self._waiting[0].actor
            batch = [each for each in self._waiting if each.actor == actor][:_MOST]
            taken = set(map(id, batch))
            self._waiting = [each for each in self._waiting if id(each) not in taken]
            await self._add(actor, batch)

    async def _add(self, actor: Actor, batch: list[_Waiting]) -> None:
        try:
            added = await self.enqueue_many([each.job for each in batch], actor=actor)
        except GuildhallError as error:
            if len(batch) == 1 or isinstance(error, Unavailable):
                _refuse(batch, error)
                return
            half = len(batch) // 2  # whose fault it is shows in ever smaller batches
            await self._add(actor, batch[:half])
            await self._add(actor, batch[half:])
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it, or waits for ever
            _refuse(batch, error)
        else:
            for each, meant in zip(batch, added, strict=True):
                if not each.added.done():
                    each.added.set_result(meant)


def _refuse(batch: list[_Waiting], error: Exception) -> None:
    for each in batch:
        if not each.added.done():
            each.added.set_exception(error)
