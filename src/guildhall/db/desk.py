"""
Connections for single statements of one of the machine's roles.

A statement that is its own transaction needs no message to begin it and none to
commit it: one round trip instead of three, which is what counts where a caller
waits for each of them. So the role cannot be set in the message that begins
the transaction, and it is the connection's own from the start. A pooler would
give such a connection to others: behind one there are no desks
(`Database.statement`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any

import asyncpg

from guildhall import clock
from guildhall.db.errors import DRIVER_ERRORS, translated
from guildhall.db.queries import Query
from guildhall.db.tx import Actor, Row, Tx

Open = Callable[[], Awaitable["asyncpg.Connection[Any]"]]
"""Opens a connection in the role."""

Log = Callable[["asyncpg.Connection[Any]", Sequence[tuple[str, float]]], Awaitable[None]]
"""Keeps slow statements, with their milliseconds."""

_CLOSE_S = 5.0


class SingleTx(Tx):
    """A transaction of one statement, which commits it; a second one is a defect of the caller's."""

    __slots__ = ("_is_over",)

    def __init__(self, connection: Any, actor: Actor) -> None:
        super().__init__(connection, actor, clock.now())
        self._is_over = False

    async def fetch(self, query: Query, **values: object) -> list[Row]:
        if self._is_over:
            raise AssertionError("a transaction of one statement was given a second one")
        self._is_over = True
        return await super().fetch(query, **values)


class Desk:
    """Lends connections of one role, opening them as they are needed; each is lent to one at a time."""

    def __init__(self, open_one: Open, log: Log, actor: Actor) -> None:
        self._open = open_one
        self._log = log
        self._actor = actor
        self._free: list[asyncpg.Connection[Any]] = []

    def lend(self) -> Lent:
        """A transaction of one statement, as a context manager."""
        return Lent(self, self._actor)

    async def take(self) -> asyncpg.Connection[Any]:
        """A connection that is open, as far as anybody has heard."""
        while self._free:
            connection = self._free.pop()
            if not connection.is_closed():
                return connection
        with translated():
            return await self._open()

    async def give_back(self, connection: asyncpg.Connection[Any], slow: Sequence[tuple[str, float]]) -> None:
        """Take back a connection on which nothing is under way, and write down what took long on it."""
        if slow and not connection.is_closed():
            await self._log(connection, slow)
        if not connection.is_closed():
            self._free.append(connection)

    async def close(self) -> None:
        """Close those that are not lent."""
        free, self._free = self._free, []
        for each in free:
            try:
                await each.close(timeout=_CLOSE_S)
            except (TimeoutError, *DRIVER_ERRORS):
                each.terminate()


class Lent:
    """A connection for as long as its statement takes. A class, as a generator would cost a tenth of the statement."""

    __slots__ = ("_actor", "_connection", "_desk", "_tx")

    def __init__(self, desk: Desk, actor: Actor) -> None:
        self._desk = desk
        self._actor = actor

    async def __aenter__(self) -> Tx:
        self._connection = await self._desk.take()
        self._tx = SingleTx(self._connection, self._actor)
        return self._tx

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and not issubclass(kind, Exception):
            # Whoever waited was cancelled, and the driver may still wait for the server.
            self._connection.terminate()
        await self._desk.give_back(self._connection, self._tx.slow)
