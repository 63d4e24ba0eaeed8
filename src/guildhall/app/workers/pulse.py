"""
A worker's sign of life, from a thread with a loop and a connection of its own.

Whatever keeps the worker's loop busy, a handler that blocks or one that
computes, it goes on; and where the process is frozen, it stops with it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from uuid import UUID

from guildhall import clock
from guildhall.db import Database
from guildhall.domains.platform import jobs
from guildhall.errors import GuildhallError

_log = logging.getLogger(__name__)
Held = Callable[[], tuple[Sequence[UUID], Sequence[UUID]]]


class Pulse:
    """
    Beats every third of a lease for as long as its block lasts.

    `held` gives the ids and tokens of what the worker has, from any thread;
    `lost`, called in the worker's loop, is told the tokens of what it has no longer.
    """

    def __init__(self, database: Database, worker: jobs.Worker, held: Held, lost: Callable[[set[UUID]], None]) -> None:
        self._database = database
        self._worker = worker
        self._held = held
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._own_loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._started = threading.Event()
        self._heard_ms = clock.monotonic_ms()  # it has registered just now
        self._thread = threading.Thread(target=self._run, name="guildhall-pulse", daemon=True)

    @property
    def silent_s(self) -> float:
        """Seconds since the database last heard a sign of life; from any thread."""
        return (clock.monotonic_ms() - self._heard_ms) / 1000

    async def __aenter__(self) -> Pulse:
        self._thread.start()
        await asyncio.to_thread(self._started.wait)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._own_loop is not None and self._stop is not None and self._thread.is_alive():
            self._own_loop.call_soon_threadsafe(self._stop.set)
        await asyncio.to_thread(self._thread.join, 5)

    def _run(self) -> None:
        asyncio.run(self._beat_until_stopped())

    async def _beat_until_stopped(self) -> None:
        self._own_loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._started.set()
        database: Database | None = None
        every_s = self._worker.lease.total_seconds() / 3
        while not self._stop.is_set():
            rest_s = every_s
            try:
                database = database or await self._database.another(1)
                await self._beat(database)
                self._heard_ms = clock.monotonic_ms()
            except Exception as error:  # noqa: BLE001 - a worker without a pulse loses all that it does
                _log.warning(
                    "no sign of life for the moment: %s", error, exc_info=not isinstance(error, GuildhallError)
                )
                rest_s = min(every_s, 0.5)
            try:
                async with asyncio.timeout(rest_s):
                    await self._stop.wait()
            except TimeoutError:
                continue
        if database is not None:
            await database.close()

    async def _beat(self, database: Database) -> None:
        ids, tokens = self._held()
        try:
            async with database.duty("worker") as tx:
                lost = await jobs.heartbeat(tx, self._worker.name, ids, tokens)
        except jobs.WorkerUnknown:  # forgotten, as after a day of silence
            async with database.duty("worker") as tx:
                await jobs.register_worker(tx, self._worker)
            return
        if lost and not self._loop.is_closed():
            # By token: meanwhile the worker may have got one of these jobs anew.
            gone = {token for job_id, token in zip(ids, tokens, strict=True) if job_id in lost}
            self._loop.call_soon_threadsafe(self._lost, gone)
