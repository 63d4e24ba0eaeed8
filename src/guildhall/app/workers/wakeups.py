"""
Telling workers that there is something to do.

Whoever enqueues rings after the commit: workers of the same process hear it at
once, all others by one NOTIFY, however many rang while the one before was on
its way. Nobody waits for it, and whatever is not heard, as behind a pooler or
from a plain INSERT, is found by polling.
"""

from __future__ import annotations

import asyncio
import logging
import random
import weakref
from collections.abc import Callable

from guildhall.algorithms import backoff
from guildhall.db import Database
from guildhall.errors import Unavailable

CHANNEL = "guildhall_jobs"

_log = logging.getLogger(__name__)
_in_this_process: weakref.WeakSet[Ear] = weakref.WeakSet()


class Ear:
    """Hears of work: `heard` is called in the loop that it was made in."""

    def __init__(self, heard: Callable[[], None]) -> None:
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        _in_this_process.add(self)

    def ring(self) -> None:
        """May be called from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._heard)

    def close(self) -> None:
        """Hear nothing more."""
        _in_this_process.discard(self)

    async def listen(self, database: Database) -> None:
        """Hear what other processes ring, until cancelled; a connection that is lost is made anew."""
        attempt = 0
        while database.can_listen:
            try:
                await database.listen(CHANNEL, self._heard)
                attempt = 0
            except Unavailable as error:
                _log.info("no wake-ups for the moment: %s", error)
            attempt += 1
            await asyncio.sleep(backoff.full_jitter(attempt, random.random(), longest_s=5.0))


class Bell:
    """Rings for a database: at once in this process, and by one NOTIFY at a time for others."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._again = False
        self._ringing: asyncio.Task[None] | None = None

    def ring(self) -> None:
        """Say that there is work; call it once the work is committed."""
        for ear in list(_in_this_process):
            ear.ring()
        self._again = True
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.get_running_loop().create_task(self._ring())

    async def close(self) -> None:
        """Wait until everything has been rung."""
        if self._ringing is not None:
            await self._ringing

    async def _ring(self) -> None:
        while self._again:
            self._again = False
            try:
                await self._database.ring(CHANNEL)
            except Unavailable as error:
                _log.info("nobody was woken: %s", error)  # they poll


async def ring_once(database: Database) -> None:
    """Say that there is work, and wait until it has been said."""
    bell = Bell(database)
    bell.ring()
    await bell.close()
