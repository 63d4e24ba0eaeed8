"""One open transaction: who is asking, for which team, at what time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias, TypeVar
from uuid import UUID

import asyncpg

from guildhall import clock
from guildhall.db.errors import translated
from guildhall.db.queries import Query
from guildhall.errors import Unavailable

_T = TypeVar("_T")

Row: TypeAlias = Mapping[str, Any]

SLOW_MS = 500.0
"""A statement that takes this long is slow: it is kept in `platform.slow_query_log`, as text with its parameters' places."""

MachineRole: TypeAlias = Literal["curator", "writer", "worker", "scheduler"]
"""Whom the machine acts as when it acts for no team (decision 7); each has the least grants."""

_PAGE_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and for which team; who only reads has transactions in which the server refuses every change."""

    user_id: UUID
    tenant_id: UUID
    reads_only: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, for the audit: an IP address, what the client calls itself, the request's id, the agent that acts."""

    address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None
    agent_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """
    By what somebody was let in, an API key or a session, and what they might do when that was last looked at.

    A transaction that is given one begins only if the proof is still good, for
    the actor's person and team, and if nothing of what is believed has changed.
    """

    kind: Literal["key", "session"]
    id: UUID
    role: str
    is_administrator: bool
    scopes: tuple[str, ...] = ()


class Tx:
    """
    An open transaction of the application's role, seeing one team's rows.

    `now` is one instant for everything in it. Values are passed by the names
    of the statement's parameters. A statement that the server refuses raises
    one of our families (`guildhall.db.errors`) and spoils the transaction.
    `slow` are the texts of statements that took long, with their milliseconds.
    """

    __slots__ = ("_connection", "actor", "now", "slow")

    def __init__(self, connection: asyncpg.pool.PoolConnectionProxy[Any], actor: Actor, now: datetime) -> None:
        self._connection = connection
        self.actor = actor
        self.now = now
        self.slow: list[tuple[str, float]] = []

    async def fetch(self, query: Query, **values: object) -> list[Row]:
        """All rows."""
        with translated():
            return await self._timed(query.sql, self._connection.fetch(query.sql, *query.arguments(values)))

    async def fetch_prepared(self, statement: str, arguments: Sequence[object]) -> list[Row]:
        """All rows of a statement that `db.listing` has put together, with its arguments in the driver's order."""
        with translated():
            return await self._timed(statement, self._connection.fetch(statement, *arguments))

    async def find(self, query: Query, **values: object) -> Row | None:
        """The first row, if there is one."""
        with translated():
            return await self._timed(query.sql, self._connection.fetchrow(query.sql, *query.arguments(values)))

    async def value(self, query: Query, **values: object) -> Any:
        """The first column of the first row; None where there is no row."""
        with translated():
            return await self._timed(query.sql, self._connection.fetchval(query.sql, *query.arguments(values)))

    async def stream(self, query: Query, **values: object) -> AsyncIterator[Row]:
        """All rows, a page at a time through a cursor of the server's, so that memory does not grow with their number."""
        with translated():
            async for row in self._connection.cursor(query.sql, *query.arguments(values), prefetch=_PAGE_ROWS):
                yield row

    async def execute(self, query: Query, **values: object) -> int:
        """How many rows the statement touched."""
        with translated():
            status = await self._timed(query.sql, self._connection.execute(query.sql, *query.arguments(values)))
        last = status.rsplit(" ", 1)[-1]
        return int(last) if last.isdecimal() else 0

    async def _timed(self, statement: str, work: Awaitable[_T]) -> _T:
        began_ms = clock.monotonic_ms()
        try:
            return await work
        finally:
            took_ms = clock.monotonic_ms() - began_ms
            if took_ms >= SLOW_MS:
                self.slow.append((statement, took_ms))

    async def copy(self, table: str, columns: Sequence[str], records: Iterable[Sequence[object]]) -> int:
        """
        Add many rows by binary COPY, the fastest way in; `table` is written `schema.name`.

        `tenant_id` is never among the columns: it is the transaction's own.
        """
        schema, _, name = table.partition(".")
        with translated():
            status = await self._timed(
                f"COPY {table} FROM STDIN (FORMAT binary)",
                self._connection.copy_records_to_table(
                    name, schema_name=schema, columns=list(columns), records=records
                ),
            )
        return int(status.rsplit(" ", 1)[-1])

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that can fail alone: when the block raises, what it did is undone and the transaction can go on."""
        with translated():
            await self._connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            with suppress(Unavailable), translated():  # the error that led here matters more
                await self._connection.execute("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part")
            raise
        with translated():
            await self._connection.execute("RELEASE SAVEPOINT part")

    @asynccontextmanager
    async def on_duty(self, role: MachineRole) -> AsyncIterator[None]:
        """
        A part that a team's transaction does as one of the machine's own roles, in that team.

        When the block raises, what it did is undone and the role with it (`savepoint`).
        """
        async with self.savepoint():
            with translated():
                await self._connection.execute(f"SET LOCAL ROLE guildhall_{role}")
            yield
            with translated():
                await self._connection.execute("SET LOCAL ROLE guildhall_app")

    @asynccontextmanager
    async def in_team(self, tenant_id: UUID) -> AsyncIterator[None]:
        """A part of a machine's transaction that is done for one team, and can fail alone."""
        async with self.savepoint():
            with translated():
                await self._connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(tenant_id))
            yield
            with translated():
                await self._connection.execute("SELECT set_config('app.tenant_id', '', true)")

    async def join_by_hashing(self) -> None:
        """
        For the rest of the transaction, match rows by hashing them, not each with every other.

        It is for statements over thousands of rows that may be newer than the
        planner's statistics: it would expect one of them, and plan accordingly.
        """
        with translated():
            await self._connection.execute("SET LOCAL enable_nestloop = off")

    async def is_absent(self, key: int) -> bool:
        """Whether nobody is present under this key (`Database.presence`); until the transaction ends, nobody can be."""
        with translated():
            absent: bool = await self._connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", key)
        return absent

    async def ensure_partitions(self, series: str, earliest: datetime, latest: datetime) -> None:
        """Make sure that a series has partitions for rows between two instants (decision 4)."""
        with translated():
            await self._connection.execute("SELECT platform.ensure_partitions($1, $2, $3)", series, earliest, latest)
