"""
Who keeps a session waiting for a lock.

`watching(url, pid)` looks from a connection of its own, several times a
second, for as long as its block lasts: once a session has given up waiting,
the server no longer knows for whom it had waited.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from guildhall.db.errors import DRIVER_ERRORS

_EVERY_S = 0.1
_TELL_AFTER = 10
"""
How many looks must find the session waiting before anybody is told: a second.

They need not be in a row, as a migration gives way after 100 ms and tries again.
"""

_WHO = """
    SELECT pid, application_name, usename AS login, state, query_start
      FROM pg_stat_activity
     WHERE pid = ANY (pg_blocking_pids($1))
     ORDER BY query_start, pid
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """A session that holds a lock; what the server does not show to everybody may be None."""

    pid: int
    application_name: str
    login: str | None
    state: str | None
    query_start: datetime | None

    def __str__(self) -> str:
        said = [
            self.application_name or "a program without a name",
            f"as {self.login}" if self.login else "",
            self.state,
        ]
        if self.query_start is not None:
            said.append(f"its last query began at {self.query_start:%Y-%m-%d %H:%M:%S} UTC")
        return f"process {self.pid} ({', '.join(part for part in said if part)})"

    def as_json(self) -> dict[str, Any]:
        return {
            "pid": self.pid,
            "application_name": self.application_name,
            "login": self.login,
            "state": self.state,
            "query_start": self.query_start.isoformat() if self.query_start else None,
        }


class Watch:
    """`seen` are the holders of the last wait that was noticed."""

    def __init__(self, tell: Callable[[Sequence[Holder]], None]) -> None:
        self.seen: Sequence[Holder] = ()
        self._tell = tell
        self._looks = 0
        self._told: set[int] = set()

    def note(self, holders: Sequence[Holder]) -> None:
        """Keep what a look has found; each holder is told of once, however often it is waited for."""
        if not holders:
            return
        self.seen = holders
        self._looks += 1
        if self._looks >= _TELL_AFTER and not self._told.issuperset(each.pid for each in holders):
            self._looks = 0
            self._told.update(each.pid for each in holders)
            self._tell(holders)


@asynccontextmanager
async def watching(
    url: str, pid: int, *, tell: Callable[[Sequence[Holder]], None] = lambda holders: None
) -> AsyncIterator[Watch]:
    """
    Look who keeps the session `pid` waiting; `tell` hears of them once, when that has lasted a second in all.

    Where no further connection can be had nothing is seen, and nothing fails.
    """
    watch = Watch(tell)
    try:
        observer = await asyncpg.connect(
            url,
            timeout=10,
            statement_cache_size=0,
            server_settings={"timezone": "UTC", "application_name": "guildhall watch"},
        )
    except DRIVER_ERRORS:
        yield watch
        return
    looking = asyncio.create_task(_look(observer, pid, watch))
    try:
        yield watch
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        observer.terminate()


async def _look(observer: asyncpg.Connection[Any], pid: int, watch: Watch) -> None:
    with suppress(*DRIVER_ERRORS):
        while True:
            watch.note([Holder(**dict(row)) for row in await observer.fetch(_WHO, pid)])
            await asyncio.sleep(_EVERY_S)
