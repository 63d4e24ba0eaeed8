"""
Who waits to be written down, and who of them goes next.

Rows that are written in one statement come back at one moment, and their callers
call again at one moment: groups keep those in step who once met, and in step
each waits for all. So while there is time for that each goes alone, at one
connection, and **the latest goes first**: who meets others on the way falls behind
them, and meets nobody the next time. Nobody falls far behind, as who has waited
for `_OVERDUE_MS` goes before all others (`benchmarks/gateway.py`).

Where there is no time for that they go together, in the order in which they came,
and a second connection helps.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, Protocol, TypeVar

from guildhall import clock

_MOST = 500
_MOST_APART = 32
"""Of more rows that wait at once, the last would wait long for all of those before it."""

_SHARE = 8
"""Of few who wait, with each so many another goes along."""

_OVERDUE_MS = 8.0
_WHILE_MS = 100.0
_BUSY = 0.85
"""Of a connection's time; with more of it taken, who comes would wait for several statements."""

_ANOTHER = 0.1
"""What another row adds to a statement, as a part of what a statement takes for one."""

_TURNS = 2
"""A call is read in one turn of the loop, and comes here in the next."""

_MOST_ROUNDS = 16
_ENOUGH = 64


class Waiting(Protocol):
    """Somebody who waits."""

    @property
    def came_ms(self) -> float:
        """When they came, by the monotonic clock."""


T = TypeVar("T", bound=Waiting)


class Load:
    """Which share of its time one connection would be busy, did everybody go alone; as the last while has shown."""

    __slots__ = ("_alone_ms", "_rows", "_since_ms", "_statements", "share")

    def __init__(self) -> None:
        self.share = 0.0
        self._begin(clock.monotonic_ms())

    def _begin(self, now_ms: float) -> None:
        self._since_ms, self._rows, self._statements, self._alone_ms = now_ms, 0, 0, 0.0

    def count(self, rows: int, took_ms: float) -> None:
        """A statement has written so many, and taken so long."""
        self._rows += rows
        self._statements += 1
        self._alone_ms += took_ms / (1 + _ANOTHER * (rows - 1))
        now_ms = clock.monotonic_ms()
        if (lasted_ms := now_ms - self._since_ms) >= _WHILE_MS:
            self.share = self._rows * self._alone_ms / self._statements / lasted_ms
            self._begin(now_ms)


class Line(Generic[T]):
    """Those who wait for one kind of statement, and the one who writes it and the one who helps."""

    def __init__(self) -> None:
        self._waiting: deque[T] = deque()
        self._somebody = asyncio.Event()
        self._crowd = asyncio.Event()
        self._load = Load()
        self._under_way: dict[bool, tuple[int, float]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, each: T) -> None:
        """Somebody comes."""
        self._waiting.append(each)
        self._somebody.set()
        if self._is_crowded:
            self._crowd.set()

    async def next(self, *, helps: bool = False) -> list[T]:
        """
        Those who go next, at least one; who `helps` is given some only while there are many.

        To come back for more says that the last ones are written. One at a time
        comes who helps, and one who does not.
        """
        if (last := self._under_way.pop(helps, None)) is not None:
            rows, since_ms = last
            self._load.count(rows, clock.monotonic_ms() - since_ms)
        wanted = self._crowd if helps else self._somebody
        while True:
            if not self._waiting or (helps and not self._is_crowded):
                wanted.clear()
                await wanted.wait()
                continue
            if self._is_crowded:
                await self._gather()
                group = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST))]
            else:
                group = self._few()
            if group:  # or the other one was faster
                self._under_way[helps] = len(group), clock.monotonic_ms()
                return group

    @property
    def _is_crowded(self) -> bool:
        return len(self._waiting) > _MOST_APART or self._load.share >= _BUSY

    def _few(self) -> list[T]:
        is_overdue = clock.monotonic_ms() - self._waiting[0].came_ms > _OVERDUE_MS
        take = self._waiting.popleft if is_overdue else self._waiting.pop
        return [take() for _ in range(1 + len(self._waiting) // _SHARE)]

    async def _gather(self) -> None:
        """
        Let those join who are on their way, as callers in step are: until two turns of the loop have brought nobody.

        There is no timer: where nobody else calls, two turns are over at once.
        """
        for _ in range(_MOST_ROUNDS):
            waiting = len(self._waiting)
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            if len(self._waiting) <= waiting or len(self._waiting) >= _ENOUGH:
                return
