"""
Rows that are written in groups, each of which is one transaction: who is in the next group, and when it begins.

A group begins as soon as none is under way, without a timer, and what comes
meanwhile waits for the next. Of a few that wait it takes half: callers in step,
whose rows would all wait for the longest transaction and then go on in step,
are drawn apart, and each waits for less. Where many wait, a transaction's
fixed cost counts for more, and it takes them all.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

MANY = 14
"""So many are written together; of fewer, half."""

_MOST = 500
_MOST_AT_ONCE = 2
_LONG_S = 0.01
"""Whoever writes a group for as long may be waiting for somebody's lock: another begins the next."""

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Groups(Generic[_T]):
    """
    Writes what it is given, in groups, in the order in which it came; for one event loop.

    `write` is given a group and returns when that is dealt with; if it raises, `fail` is told so for each in the group.
    """

    def __init__(self, write: Callable[[list[_T]], Awaitable[None]], fail: Callable[[_T, Exception], None]) -> None:
        self._write = write
        self._fail = fail
        self._waiting: deque[_T] = deque()
        self._busy = 0
        self._writers: set[asyncio.Task[None]] = set()
        self._slow = 0
        """Of those, how many have been at one group for long."""
        self._is_stopped = False
        self._drained = asyncio.Event()

    def __len__(self) -> int:
        """How many are not written yet."""
        return len(self._waiting) + self._busy

    def add(self, row: _T) -> None:
        """Write this; not once it was stopped."""
        if not self._is_stopped:
            self._waiting.append(row)
            self._begin()

    async def drain(self) -> None:
        """Wait until everything is written."""
        while len(self):
            self._drained.clear()
            await self._drained.wait()

    async def stop(self) -> None:
        """Break off what is being written; what waits is not."""
        self._is_stopped = True
        self._waiting.clear()
        writers = list(self._writers)
        for each in writers:
            each.cancel()
        await asyncio.gather(*writers, return_exceptions=True)

    def _begin(self) -> None:
        """Write what waits, unless somebody is about to: then it goes with the next group."""
        if self._waiting and len(self._writers) == self._slow and self._slow < _MOST_AT_ONCE:
            self._writers.add(asyncio.create_task(self._run()))

    async def _run(self) -> None:
        try:
            while self._waiting:
                waiting = len(self._waiting)
                size = min(waiting, _MOST) if waiting >= MANY else (waiting + 1) // 2
                await self._write_group([self._waiting.popleft() for _ in range(size)])
        finally:
            task = asyncio.current_task()
            assert task is not None
            self._writers.discard(task)  # at once: what comes from now on needs somebody else

    async def _write_group(self, group: list[_T]) -> None:
        is_slow = False

        def takes_long() -> None:
            nonlocal is_slow
            is_slow = True
            self._slow += 1
            self._begin()

        timer = asyncio.get_running_loop().call_later(_LONG_S, takes_long)
        self._busy += len(group)
        try:
            await self._write(group)
        except Exception as error:  # noqa: BLE001 - whoever waits is told, and the others are written
            _log.exception("a group of calls could not be written")
            for each in group:
                self._fail(each, error)
        finally:
            timer.cancel()
            self._slow -= is_slow
            self._busy -= len(group)
            if not len(self):
                self._drained.set()
