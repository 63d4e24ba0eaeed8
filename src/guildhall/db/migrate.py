"""
Bringing a database to the schema that this code expects, and back.

Migrations are plain SQL, numbered, each with a way back:
`0007_name.sql` and `0007_name.down.sql`. Each runs in a transaction of its
own, as the owner of the schema (`-- role: administrator` in its first lines:
as whoever connects), with short lock timeouts that are retried. What was
applied is kept with a checksum, so that a changed file is noticed. A change of
a table that people write to meanwhile goes in phases (`guildhall.db.swap`).

The engine that keeps series (`native` partitions, or `timescale`) is fixed by
the first migration; migrations find it in the setting `guildhall.engine`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

import asyncpg

from guildhall.db import swap
from guildhall.db.errors import translate, translated
from guildhall.db.holders import Holder, Watch, watching
from guildhall.db.migration import Migration, migrations, run_migration
from guildhall.db.poolers import DirectConnectionNeeded, is_pooled
from guildhall.db.queries import Query
from guildhall.db.schema_errors import (
    EngineFixed,
    EngineUnavailable,
    MigrationFailed,
    SchemaBehind,
    SchemaChanged,
    SchemaForeign,
    SchemaInUse,
    SchemaNewer,
)
from guildhall.db.tx import Actor, Tx
from guildhall.errors import InvalidInput, Unavailable

__all__ = [
    "Applied",
    "Engine",
    "EngineFixed",
    "EngineUnavailable",
    "Migration",
    "MigrationFailed",
    "MigrationStatus",
    "SchemaBehind",
    "SchemaChanged",
    "SchemaForeign",
    "SchemaInUse",
    "SchemaNewer",
    "Standing",
    "act_as",
    "check",
    "create_database",
    "migrate",
    "migrations",
    "rollback",
    "standing",
    "status",
]

_LOCK = 7_305_519_223_874_462  # "guildhall migrations": any number that nobody else uses
_OLDEST_SERVER = 150_000
_ORDER = tuple(swap.Phase)

Engine: TypeAlias = Literal["native", "timescale"]
"""What keeps series: PostgreSQL's own partitions, or TimescaleDB."""


_APPLIED = Query("applied", "SELECT number FROM migrations.applied", ())
_IS_AVAILABLE = "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')"
_HAS_EXTENSION = "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')"
# A setting of its loader: anybody may see that, but not what shared_preload_libraries holds.
_IS_PRELOADED = "SELECT EXISTS (SELECT FROM pg_settings WHERE name = 'timescaledb.max_background_workers')"


@dataclass(frozen=True, slots=True)
class Applied:
    """A migration that a database has had."""

    number: int
    name: str
    checksum: str
    applied_at: datetime
    duration_ms: float
    needs: int
    """The newest migration that a program has to know to work with this one."""


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """What a database has had, and what it still lacks."""

    applied: Sequence[Applied]
    pending: Sequence[Migration]
    engine: Engine | None
    """What keeps its series; None until the first migration has fixed it."""

    begun: Sequence[Migration] = ()
    """Pending ones that go in steps, some of which were done before something cut them off."""

    ahead: Sequence[Applied] = ()
    """Those of a newer Guildhall, which this one does not know and works with all the same."""

    @property
    def version(self) -> int:
        return self.applied[-1].number if self.applied else 0


@dataclass(frozen=True, slots=True)
class Standing:
    """The version of a schema in use, the one that this code knows, and the labels of migrations between."""

    version: int
    expected: int
    pending: Sequence[str]


async def create_database(server_url: str, name: str) -> bool:
    """
    Make a database unless there is one of this name; whether it was made.

    Raises:
        DatabaseUnavailable: Nobody answers.
    """
    async with _connection(server_url) as connection:
        if await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name):
            return False
        try:
            await connection.execute('CREATE DATABASE "{}" TEMPLATE template0'.format(name.replace('"', '""')))
        except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            return False  # another process was quicker
        return True


async def act_as(url: str, actor: Actor) -> None:
    """
    Let whoever logs in at a URL see one team's rows unless they say otherwise (`SET app.tenant_id`).

    A role without a team sees empty views, also the superuser who has come to look at the rows.

    Raises:
        DatabaseUnavailable: Nobody answers.
    """
    async with _connection(url) as connection:
        if await connection.fetchval("SELECT current_setting('app.tenant_id', true)") == str(actor.tenant_id):
            return
        database = await connection.fetchval("SELECT quote_ident(current_database())")
        # Two at once would write one row of the catalogue: the other has then done the same.
        with suppress(asyncpg.InternalServerError):
            for name, value in (("app.tenant_id", actor.tenant_id), ("app.user_id", actor.user_id)):
                # UUIDs, and a name that is quoted, so that formatting them in is safe.
                await connection.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {database} SET {name} = '{value}'")


async def status(url: str) -> MigrationStatus:
    """
    What the database at a URL has had and lacks.

    Raises:
        SchemaNewer: A newer Guildhall has migrated it, and not so that this one may go on.
        SchemaChanged, SchemaForeign: It is not a database this code can bring up to date.
        DatabaseUnavailable: Nobody answers.
    """
    async with _connection(url) as connection:
        return await _status(connection)


async def migrate(
    url: str,
    *,
    to: int | None = None,
    through: swap.Phase = swap.Phase.CONTRACT,
    engine: str | None = None,
    tell: Callable[[Sequence[Holder]], None] = lambda holders: None,
) -> Sequence[Migration]:
    """
    Apply what is pending, up to a number, and return what was applied.

    It stops before the first migration of a phase after `through`, and before
    one that contracts while programs of an older version are connected; what
    is left is pending. `engine` is for a database that has nothing yet: what is
    to keep its series. Unless it is given, TimescaleDB does where the server
    has loaded it.

    Two migrators at once: one works, the other waits and then finds nothing to do.
    `tell` hears for whom it waits, once for each, where that takes longer than a second.

    Raises:
        InvalidInput: There is no such version, or no such engine.
        EngineFixed: The database was initialised with another engine.
        EngineUnavailable: The server has no TimescaleDB.
        SchemaInUse: Others held locks that a migration needs; those before it are applied.
        MigrationFailed: The server refused a migration; those before it are applied.
        NotAllowed: The login may not create the roles, the extension or the schemas.
        DirectConnectionNeeded: Something is pending, and the URL leads through a pooler.
        SchemaNewer: See `status`; or something is pending, and a newer Guildhall has gone on from there.
        SchemaChanged, SchemaForeign: See `status`.
        DatabaseUnavailable: Nobody answers.
    """
    if to is not None:
        _check_version(to)
    wanted_engine = None if engine is None else _engine(engine)
    async with _connection(url) as connection:
        known = await _status(connection)
        _check_engine(known, wanted_engine)
        if not known.pending:
            return []  # the usual case, which should wait for nobody
    async with _connection(url) as connection, _only_migrator(connection, url, tell) as watch:
        await _check_server(connection)
        known = await _status(connection)
        _refuse_ahead(known)
        _check_engine(known, wanted_engine)
        chosen = known.engine or wanted_engine or await _best_engine(connection)
        if known.engine is None and chosen == "timescale" and (why := await _lacks_timescale(connection)):
            raise EngineUnavailable(why)
        applied = []
        for migration in known.pending:
            if to is not None and migration.number > to:
                break
            if _ORDER.index(migration.phase) > _ORDER.index(through) or await _is_too_early(connection, migration):
                break
            with _explained(migration, watch, forward=True):
                await run_migration(connection, migration, chosen, forward=True)
            applied.append(migration)
        return applied


async def _is_too_early(connection: asyncpg.Connection[Any], migration: Migration) -> bool:
    return migration.phase is swap.Phase.CONTRACT and await swap.older_instances(connection, migration.number) > 0


def _newest() -> int:
    return max(each.number for each in migrations())


def _check_version(number: int) -> None:
    newest = _newest()
    if not 0 <= number <= newest:
        raise InvalidInput(
            f"there is no schema version {number}",
            remedy=f"Versions go from 0, an empty database, to {newest}.",
            field="to",
            value=number,
        )


async def rollback(
    url: str, *, to: int, tell: Callable[[Sequence[Holder]], None] = lambda holders: None
) -> Sequence[Migration]:
    """
    Take back every migration above a number, newest first, and return what was taken back.

    `tell` hears for whom it waits, once for each, where that takes longer than a second.

    Raises:
        InvalidInput: There is no such version.
        SchemaInUse, MigrationFailed: See `migrate`.
        DirectConnectionNeeded: The URL leads through a pooler.
        SchemaNewer: A newer Guildhall has migrated it, which alone knows the way back.
        SchemaChanged, SchemaForeign: See `status`.
    """
    _check_version(to)
    known = {each.number: each for each in migrations()}
    async with _connection(url) as connection, _only_migrator(connection, url, tell) as watch:
        found = await _status(connection)
        _refuse_ahead(found)
        unwanted = [known[each.number] for each in reversed(found.applied) if each.number > to]
        for migration in unwanted:
            with _explained(migration, watch, forward=False):
                await run_migration(connection, migration, found.engine or "native", forward=False)
        return unwanted


def _refuse_ahead(found: MigrationStatus) -> None:
    """What a newer Guildhall has migrated is for that one to change."""
    if found.ahead:
        raise SchemaNewer(found.version, _newest())


async def check(url: str) -> MigrationStatus:
    """
    Make sure that a database has the migrations that this code works with, and give its state.

    What only fills in old rows, or forbids what older programs do, may come
    later. A newer Guildhall may have added to it what lets this one go on.

    Raises:
        SchemaBehind: Some are lacking.
        SchemaNewer, SchemaChanged, SchemaForeign: See `status`.
    """
    known = await status(url)
    lacking = [each for each in known.pending if each.phase is swap.Phase.EXPAND]
    if lacking:
        raise SchemaBehind(len(lacking), [each.label for each in known.begun])
    return known


async def standing(tx: Tx) -> Standing:
    """How the schema is by now, of a database that was fit when it was opened (`check`); for a scheduler's transaction."""
    applied = {row["number"] for row in await tx.fetch(_APPLIED)}
    pending = [each.label for each in migrations() if each.number not in applied]
    return Standing(max(applied), migrations()[-1].number, pending)


async def _status(connection: asyncpg.Connection[Any]) -> MigrationStatus:
    if await connection.fetchval("SELECT to_regclass('migrations.applied') IS NULL"):
        foreign = await connection.fetch(
            """
            SELECT nspname FROM pg_namespace
             WHERE nspname IN ('platform', 'catalogue', 'gateway', 'evaluation', 'society', 'store', 'mine')
             ORDER BY nspname
            """
        )
        if foreign:
            raise SchemaForeign([row["nspname"] for row in foreign])
        return MigrationStatus(applied=(), pending=migrations(), engine=None)
    rows = await connection.fetch(
        """
        -- As JSON, because the table lacks the column until the first migration that writes it.
        SELECT number, name, checksum, applied_at, duration_ms,
               COALESCE((to_jsonb(applied) ->> 'needs')::integer, number) AS needs
          FROM migrations.applied
         ORDER BY number
        """
    )
    applied = [Applied(**dict(row)) for row in rows]
    by_number = {each.number: each for each in migrations()}
    newest = max(by_number, default=0)
    ahead = [each for each in applied if each.number > newest]
    needs = max((each.needs for each in ahead), default=0)
    if needs > newest:
        raise SchemaNewer(applied[-1].number, newest, needs=needs)
    for each in applied[: len(applied) - len(ahead)]:
        file = by_number.get(each.number)
        if file is None or not file.was_applied_as(each.checksum):
            raise SchemaChanged(each.number, each.name, file.name if file else "nothing")
    done = {each.number for each in applied}
    engine = await _engine_of(connection) if done else None
    pending = [each for each in migrations() if each.number not in done]
    begun = {row["number"] for row in await connection.fetch("SELECT number FROM migrations.progress")}
    return MigrationStatus(applied, pending, engine, [each for each in pending if each.number in begun], ahead)


async def _engine_of(connection: asyncpg.Connection[Any]) -> Engine:
    """The engine that the first migration has fixed; the second writes it down."""
    if await connection.fetchval("SELECT to_regclass('platform.installation') IS NOT NULL"):
        return _engine(await connection.fetchval("SELECT engine FROM platform.installation"))
    return "timescale" if await connection.fetchval(_HAS_EXTENSION) else "native"


async def _best_engine(connection: asyncpg.Connection[Any]) -> Engine:
    return "native" if await _lacks_timescale(connection) else "timescale"


async def _lacks_timescale(connection: asyncpg.Connection[Any]) -> str | None:
    """What the server lacks for TimescaleDB with compression and retention; None where it lacks nothing."""
    if not await connection.fetchval(_IS_AVAILABLE):
        return "the server does not have the extension timescaledb"
    if not await connection.fetchval(_IS_PRELOADED):
        return "the server has not loaded it when it started"
    if await connection.fetchval("SELECT current_setting('timescaledb.license', true) = 'apache'"):
        return "its license is set to apache, without compression"
    return None


def _check_engine(known: MigrationStatus, wanted: Engine | None) -> None:
    if wanted and known.engine and wanted != known.engine:
        raise EngineFixed(known.engine, wanted)


def _engine(name: str) -> Engine:
    for engine in get_args(Engine):
        if name == engine:
            return engine  # type: ignore[no-any-return]
    raise InvalidInput(
        f"there is no engine {name!r}",
        remedy="Choose native, PostgreSQL's own partitions, or timescale.",
        field="engine",
        value=name,
    )


async def _check_server(connection: asyncpg.Connection[Any]) -> None:
    version = int(await connection.fetchval("SHOW server_version_num"))
    if version < _OLDEST_SERVER:
        raise Unavailable(
            f"the server is PostgreSQL {version // 10000}, Guildhall needs 15 or newer",
            remedy="Point GUILDHALL_DATABASE_URL at a newer server, or unset it to use the embedded one.",
            server_version=version,
        )
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector')"):
        raise Unavailable(
            "the server does not have the extension pgvector",
            remedy="Install pgvector on the server, or unset GUILDHALL_DATABASE_URL to use the embedded one.",
            extension="vector",
        )


@contextmanager
def _explained(migration: Migration, watch: Watch, *, forward: bool) -> Iterator[None]:
    """Say which migration the server has refused and why, or who was in the way, and how to go on."""
    try:
        yield
    except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
        raise SchemaInUse(migration.number, migration.label, watch.seen) from error
    except asyncpg.PostgresError as error:
        if isinstance(translate(error), Unavailable):
            raise  # the server is away or its disk is full, which says nothing of the migration
        raise MigrationFailed(
            migration.number, migration.label, error, forward=forward, whole=migration.is_whole
        ) from error


@asynccontextmanager
async def _connection(url: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    # Translated around the connecting only: what a migration raises is for its author.
    with translated():
        # No statement is kept, so that what only reads can be done through a pooler.
        connection = await asyncpg.connect(
            url,
            timeout=10,
            statement_cache_size=0,
            server_settings={"timezone": "UTC", "application_name": "guildhall db"},
        )
    try:
        with translated():
            yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def _only_migrator(
    connection: asyncpg.Connection[Any], url: str, tell: Callable[[Sequence[Holder]], None]
) -> AsyncIterator[Watch]:
    """Wait until nobody else migrates, and keep others from it; the watch sees for whom we wait."""
    if await is_pooled(connection):
        raise DirectConnectionNeeded("migrations cannot be run")
    async with watching(url, connection.get_server_pid(), tell=tell) as watch:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        try:
            yield watch
        finally:
            if not connection.is_closed():
                await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)
