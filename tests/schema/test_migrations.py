"""Migrations: what they add up to, that there is a way back, and what is refused."""

from __future__ import annotations

import asyncio
import itertools
import os
from urllib.parse import urlsplit

import asyncpg
import pytest

from fixtures import snapshot
from fixtures.guildhall import at
from fixtures.wording import made, major_version
from guildhall.db import migrate
from guildhall.errors import NotAllowed


@pytest.fixture
def empty_database(fresh_database: str) -> str:
    return fresh_database


async def test_the_migrations_add_up_to_the_committed_schema(empty_database: str) -> None:
    await migrate.migrate(empty_database, engine="native")
    added_up = snapshot.schema(empty_database)
    if os.environ.get("GUILDHALL_TEST_WRITE_SCHEMA"):
        snapshot.commit(added_up)
    committed = snapshot.committed()
    if await major_version(empty_database) == 15:
        assert made(added_up) == made(committed)
    else:
        assert added_up == committed, "run scripts/schema"


async def test_up_down_up_is_the_identity_for_every_migration(empty_database: str) -> None:
    await migrate.migrate(empty_database)
    whole = snapshot.schema(empty_database)
    numbers = [0, *(each.number for each in migrate.migrations())]
    for target, number in reversed(list(itertools.pairwise(numbers))):
        await migrate.migrate(empty_database, to=target)
        before = None
        if target:
            await migrate.rollback(empty_database, to=target)
            before = snapshot.schema(empty_database)
        await migrate.migrate(empty_database, to=number)
        await migrate.rollback(empty_database, to=target)
        if before is not None:
            assert snapshot.schema(empty_database) == before, f"the way back from {number} leaves something"
    await migrate.migrate(empty_database)
    assert snapshot.schema(empty_database) == whole


async def test_going_back_to_nothing_leaves_nothing_of_ours(empty_database: str) -> None:
    await migrate.migrate(empty_database)
    removed = await migrate.rollback(empty_database, to=0)
    assert [each.number for each in removed] == sorted((each.number for each in migrate.migrations()), reverse=True)
    connection = await asyncpg.connect(empty_database)
    try:
        left = await connection.fetchval(
            "SELECT array_agg(nspname::text) FROM pg_namespace WHERE nspname = ANY ($1)",
            ["platform", "catalogue", "gateway", "evaluation", "society", "store"],
        )
    finally:
        await connection.close()
    assert left is None


async def test_what_was_decided_before_decisions_had_times_and_persons_is_kept(empty_database: str) -> None:
    """0040 on a database with diffs that were approved, by nobody who is named."""
    await migrate.migrate(empty_database, to=39, engine="native")
    connection = await asyncpg.connect(empty_database)
    try:
        await connection.execute(
            "SELECT set_config('app.user_id', members.user_id::text, false), set_config('app.tenant_id', members.tenant_id::text, false)"
            "  FROM platform.team_members AS members LIMIT 1"
        )
        await connection.execute(
            """
            WITH team AS (SELECT platform.tenant_id() AS id),
                 made AS (
                     INSERT INTO evaluation.configurations (tenant_id, config_id, name)
                     SELECT id, gen_random_uuid(), 'old-agent' FROM team RETURNING tenant_id, config_id
                 ),
                 versions AS (
                     INSERT INTO evaluation.config_versions (
                         tenant_id, version_id, config_id, version_number, raw_yaml, parsed_config, config_hash
                     )
                     SELECT tenant_id, gen_random_uuid(), config_id, number, 'model: none',
                            '{"model": "none", "temperature": 0}', repeat(number::text, 64)
                       FROM made CROSS JOIN generate_series(1, 3) AS number
                     RETURNING tenant_id, config_id, version_id, version_number
                 )
            INSERT INTO evaluation.config_diffs (tenant_id, config_id, version_before, version_after, diff_yaml, approval_status)
            SELECT one.tenant_id, one.config_id, one.version_id, other.version_id, '',
                   (ARRAY['approved', 'pending'])[one.version_number]
              FROM versions AS one JOIN versions AS other ON other.version_number = one.version_number + 1
            """
        )
        await migrate.migrate(empty_database, engine="native")
        kept = await connection.fetch(
            "SELECT approval_status, approved_by, decided_at = created_at AS at_once FROM evaluation.config_diffs ORDER BY 1"
        )
        assert [tuple(row) for row in kept] == [("approved", None, True), ("pending", None, None)]
        with pytest.raises(asyncpg.CheckViolationError, match="has been decided"):
            await connection.execute(
                "UPDATE evaluation.config_diffs SET approval_status = 'rejected' WHERE decided_at IS NOT NULL"
            )
    finally:
        await connection.close()


async def test_a_job_whose_timeout_outlasts_the_calendar_is_claimed_all_the_same(administrator_url: str) -> None:
    """0066 refuses them anew, 0079 makes those from before such as can be claimed."""
    await migrate.rollback(administrator_url, to=65)
    connection = await asyncpg.connect(administrator_url)
    try:
        await connection.execute(
            """
            SELECT set_config('app.tenant_id', id::text, false) FROM platform.teams LIMIT 1;
            SELECT platform.register_task_type('old', p_timeout => '300000 years');
            SELECT platform.jobs_enqueue(p_types => '{old}', p_payloads => '{"{}"}');
            """
        )
        await migrate.migrate(administrator_url)
        await connection.execute("SELECT platform.register_worker('w')")
        claimed = await connection.fetch(
            """
            SELECT claimed.task_type
              FROM (SELECT array_agg(lane) AS all FROM platform.task_lanes WHERE task_type = 'old') AS lanes,
                   platform.jobs_claim('w', lanes.all, 10) AS claimed
            """
        )
        assert [row["task_type"] for row in claimed] == ["old"]
    finally:
        await connection.close()


async def test_two_migrators_at_once_do_the_work_once(empty_database: str) -> None:
    done = await asyncio.gather(migrate.migrate(empty_database), migrate.migrate(empty_database))
    assert sorted(len(each) for each in done) == [0, len(migrate.migrations())]
    await migrate.check(empty_database)


async def test_a_database_that_lacks_migrations_says_how_to_get_them(empty_database: str) -> None:
    with pytest.raises(migrate.SchemaBehind) as refused:
        await migrate.check(empty_database)
    assert "guildhall db migrate" in str(refused.value)


async def test_a_database_of_a_newer_guildhall_is_left_alone(empty_database: str) -> None:
    await migrate.migrate(empty_database)
    await _execute(
        empty_database,
        "INSERT INTO migrations.applied (number, name, checksum, duration_ms) VALUES (9999, 'later', 'x', 1)",
    )
    for attempt in (
        migrate.migrate(empty_database),
        migrate.check(empty_database),
        migrate.rollback(empty_database, to=0),
    ):
        with pytest.raises(migrate.SchemaNewer, match="9999"):
            await attempt


async def test_books_that_were_kept_before_programs_could_be_older_are_read_and_completed(empty_database: str) -> None:
    earlier, latest = migrate.migrations()[-2:]
    await migrate.migrate(empty_database, to=earlier.number)
    await _execute(empty_database, "ALTER TABLE migrations.applied DROP COLUMN needs")
    known = await migrate.status(empty_database)
    assert (known.version, known.pending) == (earlier.number, [latest])
    await migrate.migrate(empty_database)
    needs = {each.number: each.needs for each in (await migrate.status(empty_database)).applied}
    assert (needs[earlier.number], needs[latest.number]) == (earlier.number, latest.needs)


async def test_a_migration_that_was_changed_after_it_was_applied_is_noticed(empty_database: str) -> None:
    await migrate.migrate(empty_database)
    await _execute(empty_database, "UPDATE migrations.applied SET checksum = 'other' WHERE number = 2")
    with pytest.raises(migrate.SchemaChanged, match="0002"):
        await migrate.check(empty_database)


async def test_where_a_script_went_through_before_it_was_mended_nothing_is_done_again(empty_database: str) -> None:
    await migrate.migrate(empty_database)
    before = "24a879c7f3840f3f458159223cb6dcf3cf833a9b7a5c2c9f52f3b00faa1aecad"
    await _execute(empty_database, f"UPDATE migrations.applied SET checksum = '{before}' WHERE number = 40")
    await migrate.check(empty_database)
    await _execute(empty_database, f"UPDATE migrations.applied SET checksum = '{before}' WHERE number = 41")
    with pytest.raises(migrate.SchemaChanged, match="0041"):
        await migrate.check(empty_database)


async def test_a_database_with_schemas_of_somebody_else_is_left_alone(empty_database: str) -> None:
    await _execute(empty_database, "CREATE SCHEMA platform")
    with pytest.raises(migrate.SchemaForeign, match="platform"):
        await migrate.migrate(empty_database)


async def test_a_login_without_the_rights_is_told_what_it_needs(empty_database: str) -> None:
    await _execute(
        empty_database,
        "DO $$ BEGIN CREATE ROLE guildhall_test_nobody LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    )
    name = urlsplit(empty_database).path[1:]
    with pytest.raises(NotAllowed, match="may not run migration 0001"):
        await migrate.migrate(at(empty_database, database=name, user="guildhall_test_nobody"))


async def test_an_unknown_version_to_go_back_to_is_refused(empty_database: str) -> None:
    with pytest.raises(Exception, match="no schema version 9998"):
        await migrate.rollback(empty_database, to=9998)


async def _execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
