"""Migrations that fail, are cut off, or find the database in use: what is left, what is said, and how it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest

from guildhall.db import DatabaseUnavailable, holders, migrate, migration, swap
from guildhall.db.holders import Holder
from guildhall.db.migration import Migration

FOUNDATION = migrate.migrations()[0]
MAKE = Migration(2, "make", "CREATE TABLE platform.thing (n integer);", "DROP TABLE platform.thing;")
WIDEN = Migration(
    3,
    "widen",
    "ALTER TABLE platform.thing ADD COLUMN m integer;",
    "ALTER TABLE platform.thing DROP COLUMN m;",
)
BROKEN = Migration(3, "widen", f"{WIDEN.up} ALTER TABLE platform.nothing ADD COLUMN m integer;", WIDEN.down)
STUCK = Migration(3, "widen", f"{WIDEN.up} SELECT pg_advisory_xact_lock(99);", WIDEN.down)


IN_STEPS = "-- transaction: no\n\nALTER TABLE platform.thing ADD COLUMN m integer;\n\n"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch):
    """Say which migrations this version has."""

    def known(*migrations: Migration) -> None:
        monkeypatch.setattr(migrate, "migrations", lambda: (FOUNDATION, *migrations))

    return known


@asynccontextmanager
async def session(url: str, name: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url, server_settings={"application_name": name})
    try:
        yield connection
    finally:
        await connection.close()


async def columns(url: str) -> list[str]:
    async with session(url, "test") as connection:
        rows = await connection.fetch(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('platform.thing') AND attnum > 0"
            " AND NOT attisdropped ORDER BY attnum"
        )
    return [row["attname"] for row in rows]


async def test_a_migration_that_fails_half_way_leaves_nothing_of_itself_and_the_next_run_goes_on(
    fresh_database: str, known
) -> None:
    known(MAKE, BROKEN)
    with pytest.raises(migrate.MigrationFailed) as failed:
        await migrate.migrate(fresh_database)
    assert "0003_widen" in str(failed.value)
    assert 'relation "platform.nothing" does not exist' in str(failed.value)
    assert failed.value.details["migration"] == 3
    assert (await migrate.status(fresh_database)).version == 2
    assert await columns(fresh_database) == ["n"]

    known(MAKE, WIDEN)
    assert [each.number for each in await migrate.migrate(fresh_database)] == [3]
    assert await columns(fresh_database) == ["n", "m"]


async def test_a_migration_that_rows_do_not_allow_names_the_rule_and_no_value(fresh_database: str, known) -> None:
    known(MAKE)
    await migrate.migrate(fresh_database)
    async with session(fresh_database, "test") as connection:
        await connection.execute("INSERT INTO platform.thing VALUES (4711), (4711)")
    rule = "ALTER TABLE platform.thing ADD CONSTRAINT thing_once UNIQUE (n);"
    known(MAKE, Migration(3, "once", rule, "ALTER TABLE platform.thing DROP CONSTRAINT thing_once;"))
    with pytest.raises(migrate.MigrationFailed, match="thing_once") as failed:
        await migrate.migrate(fresh_database)
    assert "4711" not in str(failed.value)


async def test_a_way_back_that_fails_half_way_leaves_the_schema_as_it_was(fresh_database: str, known) -> None:
    known(MAKE, Migration(3, "widen", WIDEN.up, f"{WIDEN.down} DROP TABLE platform.nothing;"))
    await migrate.migrate(fresh_database)
    with pytest.raises(migrate.MigrationFailed, match="the way back from 0003_widen"):
        await migrate.rollback(fresh_database, to=1)
    assert (await migrate.status(fresh_database)).version == 3
    assert await columns(fresh_database) == ["n", "m"]


async def test_a_migration_that_is_cut_off_leaves_nothing_of_itself_and_the_next_run_goes_on(
    fresh_database: str, known, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(MAKE, STUCK)
    async with session(fresh_database, "test") as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(99)")
        working, told = _migrating(fresh_database, monkeypatch)
        assert [each.pid for each in await told] == [connection.get_server_pid()]
        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND objid = 99")
        with pytest.raises(DatabaseUnavailable):
            await working
    assert (await migrate.status(fresh_database)).version == 2
    assert await columns(fresh_database) == ["n"]
    assert [each.number for each in await migrate.migrate(fresh_database)] == [3]


async def test_a_migration_in_steps_that_is_cut_off_is_reported_and_goes_on_behind_its_last_step(
    fresh_database: str, known, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(MAKE, Migration(3, "widen", f"{IN_STEPS}SELECT pg_advisory_xact_lock(99);", WIDEN.down))
    async with session(fresh_database, "test") as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(99)")
        working, told = _migrating(fresh_database, monkeypatch)
        await told
        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND objid = 99")
        with pytest.raises(DatabaseUnavailable):
            await working
    known_now = await migrate.status(fresh_database)
    assert (known_now.version, [each.label for each in known_now.begun]) == (2, ["0003_widen"])
    with pytest.raises(migrate.SchemaBehind) as behind:
        await migrate.check(fresh_database)
    assert "of which 0003_widen was begun and cut off" in str(behind.value)
    assert "`guildhall db migrate`: it goes on behind the last finished step" in str(behind.value)

    assert [each.number for each in await migrate.migrate(fresh_database)] == [3]
    assert await columns(fresh_database) == ["n", "m"]
    assert (await migrate.status(fresh_database)).begun == []


async def test_a_migration_in_steps_that_fails_keeps_its_finished_steps(fresh_database: str, known) -> None:
    known(MAKE, Migration(3, "widen", f"{IN_STEPS}ALTER TABLE platform.nothing ADD COLUMN m integer;", WIDEN.down))
    with pytest.raises(migrate.MigrationFailed, match="what its finished steps did is kept"):
        await migrate.migrate(fresh_database)
    assert await columns(fresh_database) == ["n", "m"]
    known(MAKE, Migration(3, "widen", f"{IN_STEPS}ALTER TABLE platform.thing ADD COLUMN k integer;", WIDEN.down))
    assert [each.number for each in await migrate.migrate(fresh_database)] == [3]
    assert await columns(fresh_database) == ["n", "m", "k"]


@pytest.mark.parametrize("header", ["", "-- phase: expand\n\n", "-- transaction: no\n\n"])
async def test_whoever_holds_the_locks_is_named_and_nothing_waits_behind_us_for_ever(
    fresh_database: str, known, monkeypatch: pytest.MonkeyPatch, header: str
) -> None:
    monkeypatch.setattr(migration, "_LOCK_TIMEOUT", "1s")
    monkeypatch.setattr(migration, "_ATTEMPTS", 1)
    monkeypatch.setattr(swap, "_LOCK_TIMEOUT_MS", 1000)
    monkeypatch.setattr(swap, "_ATTEMPTS", 1)
    known(MAKE, Migration(3, "widen", header + WIDEN.up, WIDEN.down))
    await migrate.migrate(fresh_database, to=2)
    async with session(fresh_database, "a long report") as connection:
        async with connection.transaction():
            await connection.fetch("SELECT * FROM platform.thing")
            with pytest.raises(migrate.SchemaInUse) as in_use:
                await migrate.migrate(fresh_database)
        pid = connection.get_server_pid()
    said = str(in_use.value)
    for part in (
        "0003_widen",
        f"process {pid} (a long report, as postgres, idle in transaction",
        "its last query began at",
    ):
        assert part in said
    assert f"pg_terminate_backend({pid})" in said
    [holder] = in_use.value.details["holders"]
    assert (holder["pid"], holder["application_name"]) == (pid, "a long report")
    assert [each.number for each in await migrate.migrate(fresh_database)] == [3]


async def test_whoever_waits_for_another_migrator_is_told_for_whom(
    fresh_database: str, known, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(MAKE, STUCK)
    async with session(fresh_database, "test") as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(99)")
        first, first_told = _migrating(fresh_database, monkeypatch)
        await first_told
        second, second_told = _migrating(fresh_database, monkeypatch)
        [holder] = await second_told
        assert holder.application_name == "guildhall db"
    assert [each.number for each in await first] == [1, 2, 3]
    assert await second == []


def test_what_is_said_of_a_holder_leaves_out_what_the_server_did_not_show() -> None:
    assert str(Holder(7, "", None, None, None)) == "process 7 (a program without a name)"


def _migrating(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[asyncio.Task[Sequence[Migration]], asyncio.Future[Sequence[Holder]]]:
    """A migrator at work, and for whom it waits."""
    monkeypatch.setattr(holders, "_TELL_AFTER", 1)
    monkeypatch.setattr(migration, "_LOCK_TIMEOUT", "60s")
    monkeypatch.setattr(swap, "_LOCK_TIMEOUT_MS", 60_000)
    told: asyncio.Future[Sequence[Holder]] = asyncio.get_running_loop().create_future()
    working = asyncio.create_task(
        migrate.migrate(url, tell=lambda found: None if told.done() else told.set_result(found))
    )
    return working, told
