"""
Implementations of the cache, each with a way to let time pass.

Whoever writes another one adds it to `_OPENERS`; `test_conformance.py` then says whether it is one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from fixtures.caches import Clock, MemoryCache
from fixtures.guildhall import apart, at, copy_of, drop
from guildhall.cache import Cache, PostgresCache
from guildhall.db import Database


@dataclass(frozen=True)
class Opened:
    """A cache as two processes have it, and how time passes for it."""

    cache: Cache
    other: Cache
    let_pass: Callable[[float], Awaitable[None]]


@pytest.fixture(scope="session")
def cache_database(server_url: str, template: str) -> Iterator[str]:
    """The superuser's URL of a database for the tests of the cache: each uses keys of its own."""
    name = apart(lambda: copy_of(server_url, template))
    yield at(server_url, database=name)
    apart(lambda: drop(server_url, name))


@pytest.fixture
async def databases(cache_database: str) -> AsyncIterator[tuple[Database, Database]]:
    """Two pools on it, as two processes have them."""
    url = at(cache_database, database=urlsplit(cache_database).path[1:], user="guildhall_login")
    one, other = await Database.connect(url, size=4), await Database.connect(url, size=4)
    yield one, other
    await one.close()
    await other.close()


@pytest.fixture
def key() -> str:
    """A key that no other test uses."""
    return f"test:{uuid4()}"


@asynccontextmanager
async def _in_memory(request: pytest.FixtureRequest) -> AsyncIterator[Opened]:
    clock = Clock()

    async def let_pass(seconds: float) -> None:
        clock.ns += round(seconds * 1e9)

    cache = MemoryCache(clock)
    yield Opened(cache, cache, let_pass)


@asynccontextmanager
async def _in_postgres(request: pytest.FixtureRequest) -> AsyncIterator[Opened]:
    url: str = request.getfixturevalue("cache_database")
    one, other = request.getfixturevalue("databases")
    superuser = await asyncpg.connect(url)

    async def let_pass(seconds: float) -> None:
        # Time stays; what is kept moves into the past instead.
        for table in ("cache_entries", "cache_counters"):
            await superuser.execute(
                f"UPDATE platform.{table} SET expires_at = expires_at - make_interval(secs => $1)", seconds
            )
        await superuser.execute("UPDATE platform.rate_limits SET tat_ns = tat_ns - $1", round(seconds * 1e9))

    yield Opened(PostgresCache(one), PostgresCache(other), let_pass)
    await superuser.close()


_OPENERS: dict[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Opened]]] = {
    "memory": _in_memory,
    "postgres": _in_postgres,
}


@pytest.fixture(params=list(_OPENERS))
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "postgres":
        request.getfixturevalue("databases")
    return str(request.param)


@pytest.fixture
async def opened(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[Opened]:
    async with _OPENERS[kind](request) as opened:
        yield opened
