"""
One migration: its files, what they say, and how it is run.

What a database has had is kept in `migrations.applied`, and how far one has
come that is not one transaction in `migrations.progress`.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

import asyncpg

from guildhall.db import swap
from guildhall.errors import NotAllowed

_FILE = re.compile(r"^(?P<number>\d{4})_(?P<name>[a-z0-9_]+)\.sql$")
_LOCK_TIMEOUT = "2s"
_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema: `up` makes it, `down` takes it back."""

    number: int
    name: str
    up: str
    down: str

    @property
    def label(self) -> str:
        """As its file is called."""
        return f"{self.number:04d}_{self.name}"

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.up.encode()).hexdigest()

    def was_applied_as(self, checksum: str) -> bool:
        """
        Whether a database where a script of this checksum was applied has what this one makes.

        A script that failed on some databases may be mended, and then names what it mends (`-- mends: <SHA-256>`):
        where that went through, it made the same.
        """
        return checksum == self.checksum or checksum in swap.read_header(self.up).mends

    @property
    def phase(self) -> swap.Phase:
        """What it may do to programs that are running."""
        return swap.read_header(self.up).phase or swap.Phase.EXPAND

    @property
    def needs(self) -> int:
        """
        The newest migration that a program has to know to work with this one: 0 where it says that it expands.

        One that does not say so may do anything to programs that do not know it.
        """
        goes_on = swap.read_header(self.up).phase in (swap.Phase.EXPAND, swap.Phase.BACKFILL)
        return 0 if goes_on else self.number

    @property
    def is_whole(self) -> bool:
        """Whether it happens at once or not at all; otherwise in steps, each of which is kept."""
        header = swap.read_header(self.up)
        return header.in_one_transaction and header.phase is not swap.Phase.BACKFILL


@cache
def migrations() -> tuple[Migration, ...]:
    """All migrations of this version, in order."""
    folder = resources.files("guildhall.db") / "migrations"
    found = []
    for name in _names():
        match = _FILE.match(name)
        if match:
            down = folder / f"{match['number']}_{match['name']}.down.sql"
            up = (folder / name).read_text("utf-8")
            found.append(Migration(int(match["number"]), match["name"], up, down.read_text("utf-8")))
    found.sort(key=lambda migration: migration.number)
    return tuple(found)


def _names() -> list[str]:
    return [file.name for file in (resources.files("guildhall.db") / "migrations").iterdir()]


@cache
def application_name() -> str:
    """How connections of this version call themselves, so that a migration that contracts sees the older ones."""
    newest = max(int(match["number"]) for match in map(_FILE.match, _names()) if match)
    return f"guildhall/{newest}"


async def run_migration(
    connection: asyncpg.Connection[Any], migration: Migration, engine: str, *, forward: bool
) -> None:
    """
    Apply a migration, or take it back, and write down that it was done.

    Raises:
        LockNotAvailableError, DeadlockDetectedError: Somebody held a lock through all attempts.
        NotAllowed: The login may not do what it does.
    """
    script = migration.up if forward else migration.down
    header = swap.read_header(script)
    started = await connection.fetchval("SELECT clock_timestamp()")

    async def note() -> None:
        if forward:
            await _remember(connection, migration, started)
        else:
            await connection.execute("DELETE FROM migrations.applied WHERE number = $1", migration.number)
        await connection.execute("DELETE FROM migrations.progress WHERE number = $1", migration.number)

    await connection.execute("SELECT set_config('guildhall.engine', $1, false)", engine)
    try:
        await _keep_books(connection)
        if header.phase is None and header.in_one_transaction:
            await _run_and_wait(connection, migration, script, note, as_owner=header.as_owner)
        elif header.phase is swap.Phase.BACKFILL and forward:
            await swap.run_backfill(connection, migration.number, swap.read_backfill(script))
            async with connection.transaction():
                await note()
        elif not header.in_one_transaction:
            await swap.run_in_steps(connection, migration.number, script, as_owner=header.as_owner)
            async with connection.transaction():
                await note()
        else:
            await swap.run_at_once(connection, script, note, as_owner=header.as_owner)
    except asyncpg.InsufficientPrivilegeError as error:
        raise NotAllowed(
            f"the login may not run migration {migration.label}: {error.message}",
            remedy="Migrate as a superuser, or as a role with CREATEROLE that owns a database with pgvector.",
            migration=migration.number,
        ) from error


async def _run_and_wait(
    connection: asyncpg.Connection[Any],
    migration: Migration,
    script: str,
    note: Callable[[], Awaitable[None]],
    *,
    as_owner: bool,
) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
                await connection.execute("SET LOCAL client_min_messages = 'warning'")
                if as_owner:
                    await connection.execute("SET LOCAL ROLE guildhall_owner")
                await connection.execute(script)
                await connection.execute("RESET ROLE")
                await note()
            return
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            # Better to try again than to make everybody queue behind us.
            if attempt == _ATTEMPTS:
                raise
            await asyncio.sleep(0.2 * attempt)


async def _keep_books(connection: asyncpg.Connection[Any]) -> None:
    await connection.execute(
        """
        CREATE SCHEMA IF NOT EXISTS migrations;
        CREATE TABLE IF NOT EXISTS migrations.applied (
            number      integer          PRIMARY KEY,
            name        text             NOT NULL,
            checksum    text             NOT NULL,
            applied_at  timestamptz      NOT NULL DEFAULT now(),
            duration_ms double precision NOT NULL,
            needs       integer
        );
        DO $$
        BEGIN
            -- Before there was this column, no older program worked with what it did not know.
            IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'migrations.applied'::regclass AND attname = 'needs') THEN
                ALTER TABLE migrations.applied ADD COLUMN needs integer;
            END IF;
        END $$;
        COMMENT ON COLUMN migrations.applied.needs
            IS 'The newest migration that a program has to know to work with this one; this one where it is null.';
        -- How far a migration has come that is not one transaction.
        CREATE TABLE IF NOT EXISTS migrations.progress (
            number     integer     PRIMARY KEY,
            step       integer     NOT NULL,
            last_key   text[],
            rows       bigint      NOT NULL,
            updated_at timestamptz NOT NULL DEFAULT now()
        );
        """
    )


async def _remember(connection: asyncpg.Connection[Any], migration: Migration, started: datetime) -> None:
    # Whoever logs in looks first whether the schema is the one that its code expects.
    await connection.execute("GRANT USAGE ON SCHEMA migrations TO guildhall_login")
    await connection.execute("GRANT SELECT ON migrations.applied, migrations.progress TO guildhall_login")
    await connection.execute(
        """
        INSERT INTO migrations.applied (number, name, checksum, duration_ms, needs)
        VALUES ($1, $2, $3, extract(epoch FROM clock_timestamp() - $4::timestamptz) * 1000, $5)
        """,
        migration.number,
        migration.name,
        migration.checksum,
        started,
        migration.needs,
    )
