"""Changing a table under load: in phases, by batches, giving way, and going on where it stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import asyncpg
import pytest

from guildhall.db import migrate, swap
from guildhall.db.migration import application_name
from guildhall.db.swap import Phase

BEFORE, EXPAND, BACKFILL, CONTRACT = 15, 16, 17, 18
"""The migrations that gave trials the time since when they wait."""

SCENARIOS, TRIALS = 40, 30

POPULATE = f"""
SELECT set_config('app.tenant_id', '00000000-0000-7000-8000-000000000002', false),
       set_config('app.user_id', '00000000-0000-7000-8000-000000000001', false);
INSERT INTO evaluation.configurations (name) VALUES ('agent');
INSERT INTO evaluation.config_versions (config_id, version_number, raw_yaml, parsed_config, config_hash)
SELECT config_id, 1, 'model: m', '{{"model": "m", "temperature": 0}}', repeat('a', 64) FROM evaluation.configurations;
INSERT INTO evaluation.scenarios (scenario_id, name, task_prompt, content_hash)
SELECT 's' || n, 'scenario', 'a prompt that is long enough', repeat('b', 64) FROM generate_series(1, {SCENARIOS}) AS n;
INSERT INTO evaluation.scenario_versions (scenario_id, content_hash, definition)
SELECT scenario_id, content_hash, '{{}}' FROM evaluation.scenarios;
INSERT INTO evaluation.simulations (config_version_id, scenario_set, total_scenarios, trials_per_scenario, created_at)
SELECT version_id, (SELECT array_agg(scenario_id) FROM evaluation.scenarios), {SCENARIOS}, {TRIALS}, '2026-01-02 03:04:05Z'
  FROM evaluation.config_versions;
INSERT INTO evaluation.simulations_scenarios (simulation_id, scenario_id, execution_order, content_hash)
SELECT simulation_id, scenario_id, row_number() OVER (), repeat('b', 64) FROM evaluation.simulations, evaluation.scenarios;
INSERT INTO evaluation.trials (simulation_id, scenario_id, trial_number, position)
SELECT simulation_id, scenario_id, n, n FROM evaluation.simulations_scenarios, generate_series(1, {TRIALS}) AS n;
"""

# What programs of before do: they do not know the column.
ADD = """
    INSERT INTO evaluation.trials (simulation_id, scenario_id, trial_number, position)
    SELECT simulation_id, scenario_id, $1::integer, $1::integer FROM evaluation.simulations_scenarios ORDER BY scenario_id LIMIT 3
"""
CLAIM = """
    UPDATE evaluation.trials SET attempts = attempts + 1
     WHERE (simulation_id, scenario_id, trial_number) IN (
               SELECT simulation_id, scenario_id, trial_number FROM evaluation.trials
                ORDER BY position, scenario_id LIMIT 5 OFFSET $1 FOR UPDATE SKIP LOCKED)
"""


class Interrupted(Exception):
    """The process that migrates is gone."""


@asynccontextmanager
async def connected(url: str, **settings: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    connection = await asyncpg.connect(url, server_settings=settings)
    await connection.execute(
        """
        SELECT set_config('app.tenant_id', '00000000-0000-7000-8000-000000000002', false),
               set_config('app.user_id', '00000000-0000-7000-8000-000000000001', false)
        """
    )
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def url(fresh_database: str) -> str:
    """A database of the version before the change, with trials in it."""
    await migrate.migrate(fresh_database, to=BEFORE)
    async with connected(fresh_database) as connection:
        await connection.execute(POPULATE)
    return fresh_database


async def test_a_table_changes_while_everybody_writes_to_it(url: str) -> None:
    done = asyncio.Event()

    async def write(number: int) -> int:
        written = 0
        async with connected(url) as connection:
            while not done.is_set() or written < 10:
                await connection.execute(ADD, 1_000_000 * number + written)
                await connection.execute(CLAIM, 7 * (number + written) % 500)
                written += 1
        return written

    writers = [asyncio.create_task(write(number)) for number in range(1, 4)]
    applied = await migrate.migrate(url, to=CONTRACT)
    done.set()
    written = await asyncio.gather(*writers)  # none was refused anything

    assert [each.number for each in applied] == [EXPAND, BACKFILL, CONTRACT]
    async with connected(url) as connection:
        total, old, unknown = await connection.fetchrow(
            """
            SELECT count(*), count(*) FILTER (WHERE planned_at = '2026-01-02 03:04:05Z'), count(*) FILTER (WHERE planned_at IS NULL)
              FROM evaluation.trials
            """
        )
        assert total == SCENARIOS * TRIALS + 3 * sum(written)
        assert old >= SCENARIOS * TRIALS  # and those that were added before the column was
        assert unknown == 0
        with pytest.raises(asyncpg.NotNullViolationError):
            await connection.execute("UPDATE evaluation.trials SET planned_at = NULL")
        assert await connection.fetchval("SELECT count(*) FROM migrations.progress") == 0


async def test_a_backfill_goes_on_where_it_was_cut_off(url: str) -> None:
    await migrate.migrate(url, to=EXPAND)
    backfill = swap.read_backfill(next(each.up for each in migrate.migrations() if each.number == BACKFILL))
    pauses: list[float] = []

    async def die_in_the_second_pause(pause: float) -> None:
        pauses.append(pause)
        if len(pauses) == 2:
            raise Interrupted

    known = "SELECT count(*) FROM evaluation.trials WHERE planned_at = '2026-01-02 03:04:05Z'"
    async with connected(url) as connection:
        with pytest.raises(Interrupted):
            await swap.run_backfill(connection, BACKFILL, backfill, sleep=die_in_the_second_pause)
        so_far = await connection.fetchval(known)
        assert 0 < so_far < SCENARIOS * TRIALS
        assert await connection.fetchval("SELECT rows FROM migrations.progress WHERE number = $1", BACKFILL) == so_far
        # A row that was done and is emptied again stays empty: nothing is looked at twice.
        await connection.execute(
            "UPDATE evaluation.trials SET planned_at = NULL WHERE (scenario_id, trial_number) = (SELECT min(scenario_id), 1 FROM evaluation.trials)"
        )
        assert await swap.run_backfill(connection, BACKFILL, backfill) == SCENARIOS * TRIALS
        assert await connection.fetchval(known) == SCENARIOS * TRIALS - 1


async def test_a_batch_that_finds_a_row_locked_gives_way_and_comes_again(url: str) -> None:
    await migrate.migrate(url, to=EXPAND)
    async with connected(url) as writer, connected(url) as other:
        writing = writer.transaction()
        await writing.start()
        await writer.execute("UPDATE evaluation.trials SET attempts = 1 WHERE trial_number = 1")
        migrating = asyncio.create_task(migrate.migrate(url, to=BACKFILL))
        while not await other.fetchval(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE '%WITH batch AS%' AND wait_event_type = 'Lock')"
        ):
            assert not migrating.done()
        # The writer wants what the batch has locked: it is the batch that gives way.
        await writer.execute("UPDATE evaluation.trials SET attempts = 2")
        await writing.commit()
        assert [each.number for each in await migrating] == [BACKFILL]


async def test_whoever_writes_goes_on_while_the_change_waits_for_its_lock(url: str) -> None:
    async with connected(url) as slow, connected(url) as writer:
        reading = slow.transaction()
        await reading.start()
        await slow.fetch("SELECT FROM evaluation.trials LIMIT 1")
        migrating = asyncio.create_task(migrate.migrate(url, to=EXPAND))
        while not await writer.fetchval(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'evaluation.trials'::regclass AND NOT granted)"
        ):
            assert not migrating.done()
        await writer.execute("SET statement_timeout = '30s'")
        for number in range(5):
            await writer.execute(ADD, 100 + number)
        assert not migrating.done()
        await reading.commit()
        assert [each.number for each in await migrating] == [EXPAND]


async def test_what_older_programs_do_is_forbidden_when_they_are_gone(url: str) -> None:
    async with connected(url, application_name=f"guildhall/{BEFORE}"), connected(url, application_name="guildhall"):
        applied = await migrate.migrate(url, to=CONTRACT)
        assert [each.number for each in applied] == [EXPAND, BACKFILL]
        assert [each.number for each in (await migrate.status(url)).pending][:1] == [CONTRACT]
    async with connected(url, application_name=application_name()):
        assert [each.number for each in await migrate.migrate(url, to=CONTRACT)] == [CONTRACT]


async def test_one_may_stop_after_a_phase_and_this_version_works_from_the_first_on(url: str) -> None:
    for phase, number in ((Phase.EXPAND, EXPAND), (Phase.BACKFILL, BACKFILL), (Phase.CONTRACT, CONTRACT)):
        applied = await migrate.migrate(url, to=CONTRACT, through=phase)
        assert [each.number for each in applied] == [number]
    await migrate.rollback(url, to=EXPAND)
    pending = (await migrate.status(url)).pending
    assert [each.number for each in pending][:2] == [BACKFILL, CONTRACT]
    needed = any(each.phase is Phase.EXPAND for each in pending)  # of a later change
    with pytest.raises(migrate.SchemaBehind) if needed else nullcontext():
        await migrate.check(url)
    await migrate.rollback(url, to=BEFORE)
    with pytest.raises(migrate.SchemaBehind):
        await migrate.check(url)


async def test_steps_that_were_run_are_not_run_again(url: str) -> None:
    script = "-- transaction: no\n\nCREATE TABLE society.one (a int);\n\nCREATE TABLE society.two (a int);\n"
    async with connected(url) as connection:
        await connection.execute("CREATE TABLE society.two ()")
        with pytest.raises(asyncpg.DuplicateTableError):
            await swap.run_in_steps(connection, 900, script, as_owner=True)
        await connection.execute("DROP TABLE society.two")
        await swap.run_in_steps(connection, 900, script, as_owner=True)
        assert await connection.fetchval(
            "SELECT to_regclass('society.one') IS NOT NULL AND to_regclass('society.two') IS NOT NULL"
        )


async def test_an_index_that_was_left_half_built_is_built_anew(url: str) -> None:
    build = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS trials_probe ON evaluation.trials (attempts, scenario_id, trial_number);"
    async with connected(url) as connection:
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute("CREATE UNIQUE INDEX CONCURRENTLY trials_probe ON evaluation.trials (attempts)")
        valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'evaluation.trials_probe'::regclass"
        assert await connection.fetchval(valid) is False
        await swap.run_in_steps(connection, 900, f"-- transaction: no\n\n{build}", as_owner=True)
        assert await connection.fetchval(valid) is True
        assert await connection.fetchval("SELECT current_user") == await connection.fetchval("SELECT session_user")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("-- Words.", swap.Header(None, as_owner=True, in_one_transaction=True)),
        ("-- phase: expand\n-- Words.", swap.Header(Phase.EXPAND, as_owner=True, in_one_transaction=True)),
        (
            "-- phase: contract\n-- transaction: no",
            swap.Header(Phase.CONTRACT, as_owner=True, in_one_transaction=False),
        ),
        ("-- role: administrator", swap.Header(None, as_owner=False, in_one_transaction=True)),
    ],
)
def test_the_first_lines_of_a_migration_say_what_it_is(head: str, expected: swap.Header) -> None:
    assert swap.read_header(f"{head}\n\n-- phase: backfill\nSELECT 1;\n") == expected


def test_a_phase_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="shrink"):
        swap.read_header("-- phase: shrink\n\nSELECT 1;")


def test_a_backfill_names_its_table_and_key() -> None:
    script = "-- phase: backfill\n-- over: wing.things (a, b)\n\nUPDATE wing.things\n   SET c = 1;\n"
    assert swap.read_backfill(script) == swap.Backfill("wing.things", ["a", "b"], "UPDATE wing.things\n   SET c = 1")
    with pytest.raises(ValueError, match="over"):
        swap.read_backfill("-- phase: backfill\n\nUPDATE wing.things SET c = 1;")


def test_steps_stand_between_blank_lines_and_comments_are_no_step() -> None:
    assert swap.paragraphs("-- head\n\nA;\n\n-- why\nB\n  C;\n\n-- end\n") == ["A;", "-- why\nB\n  C;"]
