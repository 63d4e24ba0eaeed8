"""A pool of connections to one database, handing out transactions."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from guildhall import clock
from guildhall.db import jsonb
from guildhall.db.desk import Desk
from guildhall.db.errors import DRIVER_ERRORS, DatabaseUnavailable, StatementRefused, translate, translated
from guildhall.db.migration import application_name
from guildhall.db.poolers import is_pooled
from guildhall.db.tx import Actor, MachineRole, Origin, Proof, Tx

NOBODY = Actor(user_id=UUID(int=0), tenant_id=UUID(int=0))
"""Who acts when no person does: as if no user and no team were set. Its user id with a team: nobody, in that team."""

Connection: TypeAlias = "asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]"

_ASKS_FOR_PROOF = "guildhall_app"
"""The role that may ask whether a proof is good."""
_CONNECT_TIMEOUT_S = 10
_COMMAND_TIMEOUT_S = 300
_STARTUP_SETTINGS = {"application_name": application_name(), "timezone": "UTC"}
"""Those of the settings at the start that PgBouncer follows."""
_MOST_TEXT = 512
_LOG_SLOW = "INSERT INTO platform.slow_query_log (duration_ms, query) VALUES ($1, $2)"
_LONGEST_STATEMENT = 100_000
_NO_WORD = re.compile(r"[^a-z_]")


class Database:
    """
    One database, by its URL.

    Connections are opened as they are needed, `size` at most, and each
    transaction sets its role, user and team in the message that begins it, so
    that nothing of one caller is left for the next (decision 7). Nothing that
    it relies on lasts longer than a transaction, so a pooler may stand between.
    """

    def __init__(
        self,
        pool: asyncpg.Pool[Any],
        *,
        pooled: bool = False,
        patience_s: float = _CONNECT_TIMEOUT_S,
        idle_s: float | None = None,
        again: Callable[[int], Awaitable[Database]],
        open_as: Callable[[str], Awaitable[asyncpg.Connection[Any]]],
    ) -> None:
        self._pool = pool
        self._patience_s = patience_s
        self._again = again
        self._open_as = open_as
        self._desks: dict[MachineRole, Desk] = {}
        self.can_listen = not pooled
        self._begin_with = "BEGIN; SET LOCAL jit = off;" if pooled else "BEGIN;"
        if idle_s is not None:
            self._begin_with += f" SET LOCAL idle_in_transaction_session_timeout = {round(idle_s * 1000):d};"

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        size: int = 8,
        pooled: bool | None = None,
        patience_s: float = _CONNECT_TIMEOUT_S,
        statement_s: float = _COMMAND_TIMEOUT_S,
        idle_s: float | None = None,
    ) -> Database:
        """
        Open a pool.

        `pooled` says whether the URL leads through a pooler that lends its
        connections by transaction, where no prepared statement can be kept;
        None: find out. A transaction begins within `patience_s` or not at all;
        each statement has `statement_s`. The server breaks off a
        transaction in which nothing has happened for `idle_s`, so that its
        locks do not outlast a process that is frozen; None: as it is set up.

        Raises:
            DatabaseUnavailable: Nobody answers at the URL, or the login is refused.
        """
        try:
            with translated():
                if pooled is None:
                    pooled = await _leads_through_a_pooler(url)
                # A pooler refuses settings that it does not know at the start, and would not keep one made later.
                lasting = {} if pooled else {"jit": "off"}
                pool = await asyncpg.create_pool(
                    url,
                    min_size=1,
                    max_size=size,
                    statement_cache_size=0 if pooled else 100,
                    init=_prepare,
                    reset=_leave_nothing_behind,
                    timeout=_CONNECT_TIMEOUT_S,
                    command_timeout=statement_s,
                    max_inactive_connection_lifetime=60,
                    server_settings={**_STARTUP_SETTINGS, **lasting},
                )
        except ValueError as error:  # a URL that the driver cannot read
            raise DatabaseUnavailable(
                "GUILDHALL_DATABASE_URL is not a PostgreSQL URL",
                remedy="Write it as postgresql://user:password@host:5432/database.",
                field="GUILDHALL_DATABASE_URL",
            ) from error

        def again(size: int) -> Awaitable[Database]:
            return cls.connect(
                url, size=size, pooled=pooled, patience_s=patience_s, statement_s=statement_s, idle_s=idle_s
            )

        async def open_as(role: str) -> asyncpg.Connection[Any]:
            """A connection of its own, for statements that are each a transaction: planned once, as they stay the same."""
            settings = {**_STARTUP_SETTINGS, "jit": "off", "role": role, "plan_cache_mode": "force_generic_plan"}
            connection = await asyncpg.connect(
                url, timeout=min(patience_s, _CONNECT_TIMEOUT_S), command_timeout=statement_s, server_settings=settings
            )
            await _prepare(connection)
            return connection

        return cls(pool, pooled=pooled, patience_s=patience_s, idle_s=idle_s, again=again, open_as=open_as)

    async def another(self, size: int) -> Database:
        """A second pool of the same database, for the loop of another thread."""
        return await self._again(size)

    async def close(self) -> None:
        """Close every connection, waiting for those in use; after ten seconds they are dropped."""
        try:
            async with asyncio.timeout(10):
                for desk in self._desks.values():
                    await desk.close()
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    def transaction(
        self, actor: Actor, origin: Origin | None = None, proof: Proof | None = None
    ) -> AbstractAsyncContextManager[Tx]:
        """
        A transaction of the application's role, for one person in one team.

        It commits when the block ends and rolls back when the block raises.
        The audit keeps the origin with whatever is changed. A proof is looked
        at in the message that begins the transaction, so it costs no round trip.

        Raises:
            DatabaseUnavailable: No connection could be had, or it broke.
            ProofRefused: The proof has ended since, or is another person's or team's.
            StandingChanged: It is good, but not for what is believed.
            ValueError: The origin's address is no IP address.
        """
        return self._transaction("guildhall_app", actor, origin, proof)

    def duty(
        self, role: MachineRole, actor: Actor = NOBODY, origin: Origin | None = None, proof: Proof | None = None
    ) -> AbstractAsyncContextManager[Tx]:
        """
        A transaction of one of the machine's own roles: what it may do is what it was granted.

        It is for nobody and no team, or for whoever does the machine's work for
        one team, whose proof is looked at as in `transaction`.

        Raises:
            DatabaseUnavailable: No connection could be had, or it broke.
            ProofRefused, StandingChanged: As `transaction`.
        """
        return self._transaction(f"guildhall_{role}", actor, origin, proof)

    def statement(self, role: MachineRole) -> AbstractAsyncContextManager[Tx]:
        """
        A transaction of one statement of a machine's role, for nobody and no team.

        Where no pooler stands between it is one round trip, on a connection
        besides the pool's: as many are opened as there are such statements at
        a time. It is committed when the statement has returned.

        Raises:
            DatabaseUnavailable: No connection could be had, or it broke.
        """
        if not self.can_listen:
            return self.duty(role)
        desk = self._desks.get(role)
        if desk is None:
            name = f"guildhall_{role}"
            desk = self._desks[role] = Desk(
                lambda: self._open_as(name), lambda connection, slow: _log(connection, name, slow), NOBODY
            )
        return desk.lend()

    async def ring(self, channel: str) -> None:
        """
        Wake whoever listens at a channel, a name of ours, by a NOTIFY in a transaction of its own.

        Raises:
            DatabaseUnavailable: No connection could be had, or it broke.
        """
        with translated():
            connection = await self._pool.acquire(timeout=self._patience_s)
            try:
                await connection.execute(f"NOTIFY {channel}", timeout=_CONNECT_TIMEOUT_S)
            finally:
                await _hand_back(self._pool, connection)

    async def listen(self, channel: str, heard: Callable[[], None]) -> None:
        """
        Call `heard` when it begins to listen and whenever the channel is rung, until the connection is lost.

        It takes a connection of the pool for as long as it lasts. Behind a
        pooler nothing can be heard (`can_listen`).

        Raises:
            DatabaseUnavailable: No connection could be had.
        """
        gone = asyncio.Event()

        def called(*_: object) -> None:
            heard()

        def lost(*_: object) -> None:
            gone.set()

        with translated():
            connection = await self._pool.acquire(timeout=self._patience_s)
        try:
            with translated():
                connection.add_termination_listener(lost)
                await connection.add_listener(channel, called)
            heard()
            await gone.wait()
        finally:
            if not _is_gone(connection):
                connection.remove_termination_listener(lost)
                with suppress(*DRIVER_ERRORS):
                    await connection.remove_listener(channel, called)
            await _hand_back(self._pool, connection)

    @asynccontextmanager
    async def _transaction(
        self, role: str, actor: Actor, origin: Origin | None = None, proof: Proof | None = None
    ) -> AsyncIterator[Tx]:
        connection = await self._begin(role, actor, origin, proof)
        tx = Tx(connection, actor, clock.now())
        try:
            try:
                with _reading(actor):
                    yield tx
                    with translated():
                        await connection.execute("COMMIT")
            except BaseException:
                if not _is_gone(connection):
                    await _rollback(connection)
                raise
        finally:
            try:
                if tx.slow and not _is_gone(connection):
                    await _log(connection, role, tx.slow)
            finally:
                await _hand_back(self._pool, connection)

    @asynccontextmanager
    async def presence(self, key: int) -> AsyncIterator[Presence]:
        """
        Be present under a number for as long as the block lasts.

        The presence is an advisory lock of a transaction that stays open, on a
        connection of its own, so it ends with the process, however that ends,
        and others can see it end. The lock is not the session's: behind a pooler
        that would be anybody's. The transaction has no snapshot, so VACUUM does
        not wait for it.
        """
        present = Presence(self._pool, key)
        try:
            await present.renew()
            yield present
        finally:
            await present.end()

    async def _begin(
        self, role: str, actor: Actor, origin: Origin | None, proof: Proof | None
    ) -> asyncpg.pool.PoolConnectionProxy[Any]:
        # Role and identity go with BEGIN in one message. They are names of ours and UUIDs, so formatting them in is safe.
        user, team = (each if each.int else "" for each in (actor.user_id, actor.tenant_id))
        begin = (
            f"{self._begin_with}{' SET TRANSACTION READ ONLY;' if actor.reads_only else ''} "
            f"SET LOCAL ROLE {role if proof is None else _ASKS_FOR_PROOF}; "
            f"SELECT set_config('app.user_id', '{user}', true), set_config('app.tenant_id', '{team}', true)"
            + ("" if origin is None else _settings_of(origin))
            + ("" if proof is None else _insistence_on(proof))
            + ("" if proof is None or role == _ASKS_FOR_PROOF else f"; SET LOCAL ROLE {role}")
        )
        until_ms = clock.monotonic_ms() + self._patience_s * 1000
        for attempt in (1, 2):
            with translated():
                connection = await self._pool.acquire(timeout=self._left(until_ms))
            try:
                await connection.execute(begin, timeout=self._left(until_ms))
            except BaseException as error:
                if not _is_gone(connection) and connection.is_in_transaction():
                    await _rollback(connection)  # as after a proof that was refused
                await _hand_back(self._pool, connection)
                ours = translate(error)
                # A pooled connection may have died while it was idle, as after a restart: a new one is worth a try.
                if isinstance(ours, DatabaseUnavailable) and attempt == 1 and not isinstance(error, TimeoutError):
                    await self._pool.expire_connections()
                    continue
                if ours is not None:
                    raise ours from error
                raise
            return connection
        raise AssertionError("unreachable")

    def _left(self, until_ms: float) -> float:
        """Seconds until then; never none at all, so that what can be done at once is done."""
        return max(0.05, (until_ms - clock.monotonic_ms()) / 1000)


_STAY_OPEN = (
    "SELECT set_config(name, '0', true) FROM pg_settings "
    "WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')"
)
"""Whatever the server's limits are; the second is there from PostgreSQL 17 on."""


class Presence:
    """
    A lock that tells others that this process is alive.

    `losses` counts how often it was found lost: others may then have lost theirs as well. `on_lost` is called when its
    connection breaks.
    """

    def __init__(self, pool: asyncpg.Pool[Any], key: int) -> None:
        self._pool = pool
        self._key = key
        self._connection: asyncpg.pool.PoolConnectionProxy[Any] | None = None
        self.losses = 0
        self.on_lost: Callable[[], None] | None = None

    async def renew(self) -> None:
        """
        Take the lock, or take it again if its connection was lost, as when the server restarts.

        Raises:
            DatabaseUnavailable: No connection could be had.
        """
        if self._connection is not None and await self._is_held(self._connection):
            return
        if self._connection is not None:
            self.losses += 1
        await self.end()
        with translated():
            connection = await self._pool.acquire(timeout=_CONNECT_TIMEOUT_S)
        try:
            with translated():
                # `key` is a number of ours, so formatting it in is safe.
                await connection.execute(f"BEGIN; {_STAY_OPEN}; SELECT pg_advisory_xact_lock({self._key:d})")
        except BaseException:
            await _hand_back(self._pool, connection)
            raise
        self._connection = connection
        connection.add_termination_listener(self._broke)

    def _broke(self, *_: object) -> None:
        if self.on_lost is not None:
            self.on_lost()

    async def _is_held(self, connection: asyncpg.pool.PoolConnectionProxy[Any]) -> bool:
        """Ask the server, which also shows whatever stands between that the connection is in use."""
        try:
            await connection.execute("SELECT 1", timeout=_CONNECT_TIMEOUT_S)
        except DRIVER_ERRORS:
            return False
        return True

    async def end(self) -> None:
        """Let go of the lock."""
        connection, self._connection = self._connection, None
        if connection is not None:
            if not _is_gone(connection):
                connection.remove_termination_listener(self._broke)
                await _rollback(
                    connection
                )  # which lets go; the driver complains of a transaction that it has to end itself
            await _hand_back(self._pool, connection)


@contextmanager
def _reading(actor: Actor) -> Iterator[None]:
    """The server's refusal to change anything, in the words for somebody who may not; without one, it is a standby's."""
    try:
        yield
    except DatabaseUnavailable as error:
        if actor.reads_only and isinstance(error.__cause__, asyncpg.ReadOnlySQLTransactionError):
            raise StatementRefused(
                "whoever only reads changes nothing", remedy="Ask an owner of the team for another role."
            ) from error
        raise


def _settings_of(origin: Origin) -> str:
    """The origin as settings of the transaction; what a client says of itself goes as hexadecimal digits, so nothing in it is SQL."""
    said = ""
    if origin.address is not None:
        # Without the zone of a link-local address, which may be any text.
        address = ipaddress.ip_address(origin.address.partition("%")[0])
        said += f", set_config('app.address', '{address}', true)"
    if origin.agent_id is not None:
        said += f", set_config('app.agent_id', '{origin.agent_id}', true)"
    for name, text in (("user_agent", origin.user_agent), ("request_id", origin.request_id)):
        if text is not None:
            digits = text[:_MOST_TEXT].replace("\0", "").encode("utf-8", "replace").hex()
            said += f", set_config('app.{name}', convert_from(decode('{digits}', 'hex'), 'UTF8'), true)"
    return said


def _insistence_on(proof: Proof) -> str:
    """The statement that refuses a proof that is not good any more; scopes, which may be any text, go as hexadecimal digits."""
    scopes = ",".join(proof.scopes).encode("utf-8", "replace").hex()
    administrator = "true" if proof.is_administrator else "false"
    return (
        f"; SELECT platform.insist('{proof.kind}', '{proof.id}', '{_NO_WORD.sub('', proof.role)}', "
        f"{administrator}, decode('{scopes}', 'hex'))"
    )


def _is_gone(connection: Connection) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True  # the pool has taken back a connection that the server closed


async def _hand_back(pool: asyncpg.Pool[Any], connection: asyncpg.pool.PoolConnectionProxy[Any]) -> None:
    try:
        await pool.release(connection, timeout=_CONNECT_TIMEOUT_S)
    except DRIVER_ERRORS:
        _drop(connection)  # the pool makes another when one is wanted


async def _rollback(connection: Connection) -> None:
    try:
        await connection.execute("ROLLBACK", timeout=_CONNECT_TIMEOUT_S)
    except DRIVER_ERRORS:
        _drop(connection)  # the error that led here matters more


def _drop(connection: Connection) -> None:
    if not _is_gone(connection):  # the pool has dropped one that it could not reset
        connection.terminate()


async def _log(connection: Connection, role: str, slow: Sequence[tuple[str, float]]) -> None:
    """Keep slow statements in a transaction of their own: of what was rolled back, too, one wants to know why it took long."""
    records = [(took_ms, statement[:_LONGEST_STATEMENT]) for statement, took_ms in slow]
    try:
        await connection.execute(f"BEGIN; SET LOCAL ROLE {role}", timeout=_CONNECT_TIMEOUT_S)
        await connection.executemany(_LOG_SLOW, records, timeout=_CONNECT_TIMEOUT_S)
        await connection.execute("COMMIT", timeout=_CONNECT_TIMEOUT_S)
    except DRIVER_ERRORS:
        if not _is_gone(connection):  # a standby keeps no log, nor does a schema that has none yet
            await _rollback(connection)


async def _leads_through_a_pooler(url: str) -> bool:
    connection = await asyncpg.connect(
        url, timeout=_CONNECT_TIMEOUT_S, statement_cache_size=0, server_settings=_STARTUP_SETTINGS
    )
    try:
        return await is_pooled(connection)
    finally:
        await connection.close()


async def _prepare(connection: asyncpg.Connection[Any]) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary", encoder=jsonb.encode, decoder=jsonb.decode
    )


async def _leave_nothing_behind(connection: asyncpg.Connection[Any]) -> None:
    """Everything is set for a transaction only, so a connection that is not in one is clean."""
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")
