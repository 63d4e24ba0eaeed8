"""
A wire to PostgreSQL that breaks where it is told to.

It passes bytes on between clients and the server, and knows one thing of the
protocol: a server's answer ends with ReadyForQuery, whose last byte says
whether the connection is in a transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum
from pathlib import Path

_IN_TRANSACTION = b"Z\0\0\0\5T"
_OUTSIDE = b"Z\0\0\0\5I"
_COMMITTED = b"COMMIT\0"
_PORT = 5432


class Break(Enum):
    """Where a connection breaks."""

    BETWEEN_STATEMENTS = "between the statements of a transaction"
    BEFORE_THE_ANSWER = "after a commit, before its answer"


class Wire:
    """Connections of many clients to one server; `broken` resolves once a break that was asked for has happened."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self._wanted: list[tuple[Break, asyncio.Future[None]]] = []
        self._clients: set[asyncio.Task[None]] = set()

    async def broken(self, where: Break) -> None:
        """Break the next connection that comes to such a place."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wanted.append((where, done))
        await done

    def _must_break(self, answer: bytes) -> Break | None:
        found = next((each for each in self._wanted if _comes_to(each[0], answer)), None)
        if found is None:
            return None
        self._wanted.remove(found)
        where, done = found
        if not done.done():
            done.set_result(None)
        return where

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client more."""
        client = asyncio.create_task(self._serve(reader, writer))
        self._clients.add(client)
        client.add_done_callback(self._clients.discard)

    async def close(self) -> None:
        """Break every connection."""
        clients = list(self._clients)
        for each in clients:
            each.cancel()
        await asyncio.gather(*clients, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_unix_connection(self._server)
        except OSError:  # the server is away
            writer.transport.abort()
            return
        asking = asyncio.create_task(_pass_on(reader, to_server))
        try:
            while answer := await from_server.read(1 << 16):
                where = self._must_break(answer)
                if where is not Break.BEFORE_THE_ANSWER:
                    writer.write(answer)
                    await writer.drain()
                if where is not None:
                    break
        except OSError:
            pass
        finally:
            asking.cancel()
            for each in (writer, to_server):
                each.transport.abort()


def _comes_to(where: Break, answer: bytes) -> bool:
    match where:
        case Break.BETWEEN_STATEMENTS:
            return answer.endswith(_IN_TRANSACTION)
        case Break.BEFORE_THE_ANSWER:
            return _COMMITTED in answer and answer.endswith(_OUTSIDE)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while question := await reader.read(1 << 16):
            writer.write(question)
            await writer.drain()
    writer.transport.abort()


@asynccontextmanager
async def wire_to(server: Path, place: Path) -> AsyncIterator[tuple[Wire, str]]:
    """A wire to the socket of a server, and the `host` and `port` of a URL by which clients use it."""
    wire = Wire(server)
    listener = await asyncio.start_unix_server(wire.serve, place / f".s.PGSQL.{_PORT}")
    try:
        yield wire, f"host={place}&port={_PORT}"
    finally:
        listener.close()
        await wire.close()
