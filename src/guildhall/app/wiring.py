"""
Putting the house together: settings, a database, and whoever is acting.

An `App` is what every face works with. It starts the embedded server where no
other is named, brings the schema up to date there, and hands out transactions
for the person and team it was opened for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from guildhall.db import Actor, Database, Tx, embedded, migrate
from guildhall.domains.platform import identity
from guildhall.settings import Settings

if TYPE_CHECKING:
    from guildhall.app.recorder import Recorder
    from guildhall.app.spool import Spool

_DATABASE = "guildhall"
_LOGIN = "guildhall_login"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class App:
    """An open database and who works with it."""

    settings: Settings
    database: Database
    actor: Actor
    database_id: UUID

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        settings: Settings | None = None,
        *,
        patience_s: float = 10.0,
        statement_s: float = 300.0,
        idle_s: float | None = None,
    ) -> AsyncIterator[App]:
        """
        Open the database that the settings name; the embedded one is started and migrated first.

        `patience_s` is how long a transaction may take to begin, `statement_s` what each statement may take,
        `idle_s` how long nothing may happen in it (`Database.connect`).

        Raises:
            Unavailable: There is no server, or it lacks migrations.
        """
        settings = settings or Settings.from_environment()
        async with _location(settings) as url:
            database = await Database.connect(
                url,
                size=settings.pool_size,
                pooled=_pooled(settings),
                patience_s=patience_s,
                statement_s=statement_s,
                idle_s=idle_s,
            )
            try:
                actor = identity.LOCAL
                async with database.transaction(actor) as tx:
                    database_id = await identity.database_id(tx)
                yield cls(settings, database, actor, database_id)
            finally:
                await database.close()

    def transaction(self, actor: Actor | None = None) -> AbstractAsyncContextManager[Tx]:
        """A transaction for the person this was opened for, or for somebody else."""
        return self.database.transaction(actor or self.actor)

    def recorder(self, *, batch_size: int = 1000, flush_interval_s: float = 0.05) -> Recorder:
        """A recorder of trials; use it as a context manager."""
        # It and all that it needs take longer to load than most that opens an App takes to run, and records nothing.
        from guildhall.app.recorder import Recorder  # noqa: PLC0415
        from guildhall.app.sinks import DatabaseSink  # noqa: PLC0415

        return Recorder(
            DatabaseSink(self.database),
            self.actor,
            self.spool(),
            batch_size=batch_size,
            flush_interval_s=flush_interval_s,
        )

    def spool(self) -> Spool:
        """The spool of this database's records."""
        from guildhall.app.spool import Spool  # noqa: PLC0415 - as the recorder

        return Spool(self.spool_directory)

    @property
    def spool_directory(self) -> Path:
        """Where accepted trials wait until the database has acknowledged them."""
        return self.settings.data_dir / "spool" / str(self.database_id)


def _pooled(settings: Settings) -> bool | None:
    if not settings.database_url:
        return False  # nobody stands between us and a server of our own
    return None if settings.pooler is None else settings.pooler == "transaction"


@cache
def _tell_newer(database: int, known: int) -> None:
    """Say once in a process that it is the older of two versions."""
    _log.warning(
        "the database is at schema version %d, this Guildhall knows versions up to %d and works with it: upgrade it soon",
        database,
        known,
    )


def _tell(found: migrate.MigrationStatus) -> None:
    if found.ahead:
        _tell_newer(found.version, migrate.migrations()[-1].number)


async def _bring_up(url: str) -> None:
    """Apply what is pending on a server of our own."""
    found = await migrate.status(url)
    if found.pending:
        await migrate.migrate(url)
    _tell(found)


@asynccontextmanager
async def _location(settings: Settings) -> AsyncIterator[str]:
    """The URL at which the application logs in, to a database whose schema is as this code expects."""
    if settings.database_url:
        _tell(await migrate.check(settings.database_url))
        yield settings.database_url
        return
    server = await asyncio.to_thread(embedded.start, settings.data_dir)
    try:
        await migrate.create_database(server.url(), _DATABASE)
        await _bring_up(server.url(database=_DATABASE))
        yield server.url(user=_LOGIN, database=_DATABASE)
    finally:
        await asyncio.to_thread(server.close)


@asynccontextmanager
async def administrator_url(settings: Settings) -> AsyncIterator[str]:
    """
    The URL at which migrations run, the embedded server running for as long as the block lasts.

    Of a server that is not ours it is the direct one where that is given.

    Raises:
        Unavailable: The embedded server cannot be started.
    """
    if settings.database_url:
        yield settings.direct_url or settings.database_url
        return
    server = await asyncio.to_thread(embedded.start, settings.data_dir)
    try:
        await migrate.create_database(server.url(), _DATABASE)
        await migrate.act_as(server.url(database=_DATABASE), identity.LOCAL)
        yield server.url(database=_DATABASE)
    finally:
        await asyncio.to_thread(server.close)


@asynccontextmanager
async def prepared_url(settings: Settings) -> AsyncIterator[str]:
    """
    The URL at which migrations run, of a database whose schema is as this code expects.

    Raises:
        Unavailable: There is no server, or it lacks migrations; the embedded one is given them.
    """
    async with administrator_url(settings) as url:
        if not settings.database_url:
            await _bring_up(url)
        _tell(await migrate.check(url))
        yield url


async def keep_running(settings: Settings) -> str:
    """The superuser's URL of the embedded server, which goes on running until it is told to stop."""
    server = await asyncio.to_thread(embedded.start, settings.data_dir)
    try:
        await migrate.create_database(server.url(), _DATABASE)
        await _bring_up(server.url(database=_DATABASE))
        await migrate.act_as(server.url(database=_DATABASE), identity.LOCAL)
        server.keep_running()
        return server.url(database=_DATABASE)
    finally:
        await asyncio.to_thread(server.close)
