"""Platform's rooms `analytics` and `operations`: whose events they are, and what the database says of itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from fixtures.servers import Start
from fixtures.statements import OURS, THEIRS, Statements
from guildhall.db import migrate

VIEWS = (
    "connection_stats",
    "table_bloat",
    "table_sizes",
    "index_usage",
    "lock_contention",
    "replication_lag",
    "series_horizon",
)

Connect = Callable[[], Any]


@pytest.fixture
async def connect(administrator_url: str) -> AsyncIterator[Connect]:
    """Superusers' connections to the test's own database, each outside any transaction."""
    async with AsyncExitStack() as stack:

        async def connect() -> asyncpg.Connection[Any]:
            connection = await asyncpg.connect(administrator_url)
            stack.push_async_callback(connection.close)
            return connection

        yield connect


# analytics ------------------------------------------------------------------------


async def test_each_team_sees_its_own_events(sql: Statements) -> None:
    await sql.execute("SET LOCAL search_path = evaluation, gateway, catalogue, society, platform, public")
    for actor in (OURS, THEIRS):
        await sql.act("guildhall_app", actor)
        await sql.execute(
            "INSERT INTO analytics_events (session_id, event_type, event_properties) VALUES ('s', 'model_view', $1)",
            json.dumps({"model_id": str(actor.tenant_id)}),
        )
        await sql.execute(
            "INSERT INTO streaming_analytics (stream_id, event_type, chunk_number, latency_ms, tokens_delta) VALUES ('s', 'chunk', 0, 120, 3)"
        )
    for actor in (OURS, THEIRS):
        await sql.act("guildhall_app", actor)
        rows = await sql.fetch("SELECT event_properties ->> 'model_id' AS model, tenant_id FROM analytics_events")
        assert [tuple(row) for row in rows] == [(str(actor.tenant_id), actor.tenant_id)]
        assert await sql.value("SELECT array_agg(user_id) FROM streaming_analytics") == [actor.user_id]
    async with sql.refused("not_allowed"):
        await sql.execute("UPDATE analytics_events SET event_type = 'page_view'")
    async with sql.refused("not_allowed"):
        await sql.execute("DELETE FROM streaming_analytics")
    await sql.act("guildhall_app")
    assert await sql.fetch("SELECT * FROM analytics_events") == []


async def test_an_event_of_any_date_is_taken(sql: Statements) -> None:
    for moment in (datetime(2001, 2, 28, tzinfo=UTC), datetime(2044, 12, 31, 23, 59, tzinfo=UTC)):
        for series in ("analytics_events", "streaming_analytics"):
            await sql.value("SELECT platform.ensure_partitions($1, $2, $2)", series, moment)
        await sql.execute("INSERT INTO platform.analytics_events (\"timestamp\", event_type) VALUES ($1, 'x')", moment)
        await sql.execute(
            "INSERT INTO platform.streaming_analytics (\"timestamp\", stream_id, event_type, chunk_number, latency_ms) VALUES ($1, 's', 'x', 1, 1)",
            moment,
        )
    assert await sql.value("SELECT count(*) FROM platform.analytics_events") == 2


WRONG_EVENTS = [
    ("analytics_events (event_type) VALUES ('')", "analytics_events_type_is_named"),
    ("analytics_events (event_type) VALUES (NULL)", "event_type is null"),
    ("analytics_events (event_type, geo_properties) VALUES ('x', '[]')", "analytics_events_properties_are_objects"),
    (
        "analytics_events (event_type, user_properties) SELECT 'x', jsonb_object_agg(gen_random_uuid(), gen_random_uuid()) FROM generate_series(1, 2000)",
        "analytics_events_size",
    ),
    ("streaming_analytics (stream_id, event_type, chunk_number, latency_ms) VALUES ('', 'x', 1, 1)", "streaming_analytics_names_are_given"),
    ("streaming_analytics (stream_id, event_type, chunk_number, latency_ms) VALUES ('s', 'x', -1, 1)", "streaming_analytics_counts_are_not_negative"),
    ("streaming_analytics (stream_id, event_type, chunk_number, latency_ms) VALUES ('s', 'x', 1, -1)", "streaming_analytics_counts_are_not_negative"),
    ("clickhouse_analytics (event_type, event_data) VALUES ('', '{}')", "clickhouse_analytics_type_is_named"),
    ("clickhouse_analytics (event_type, event_data) VALUES ('x', to_jsonb(repeat('x', 1048577)))", "clickhouse_analytics_size"),
]  # fmt: skip


async def test_an_event_that_cannot_be_is_refused(sql: Statements) -> None:
    for values, constraint in WRONG_EVENTS:
        async with sql.refused(constraint):
            await sql.execute(f"INSERT INTO platform.{values}")


async def test_the_outbox_is_filled_by_teams_and_emptied_by_workers(sql: Statements) -> None:
    event = (
        "INSERT INTO platform.clickhouse_analytics (event_type, event_data) VALUES ('call', '{\"n\": 1}') RETURNING id"
    )
    waiting = set()
    for actor in (OURS, THEIRS):
        await sql.act("guildhall_app", actor)
        waiting.add(await sql.value(event))
        assert await sql.value("SELECT count(*) FROM platform.clickhouse_analytics") == 1
        for change in (
            "UPDATE platform.clickhouse_analytics SET exported = true",
            "DELETE FROM platform.clickhouse_analytics",
        ):
            async with sql.refused("not_allowed"):
                await sql.execute(change)
        async with sql.refused("not_allowed"):
            await sql.execute(
                "INSERT INTO platform.clickhouse_analytics (event_type, event_data, exported, exported_at) VALUES ('x', '{}', true, now())"
            )
    await sql.act("guildhall_worker")
    async with sql.refused("clickhouse_analytics_export_is_dated"):
        await sql.execute("UPDATE platform.clickhouse_analytics SET exported = true")
    async with sql.refused("not_allowed"):
        await sql.execute("UPDATE platform.clickhouse_analytics SET event_data = '{}'")
    await sql.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    take = 'SELECT id FROM platform.clickhouse_analytics WHERE NOT exported ORDER BY "timestamp" LIMIT 100 FOR UPDATE SKIP LOCKED'
    assert {row["id"] for row in await sql.fetch(take)} == waiting
    assert "clickhouse_analytics_to_export" in "\n".join(row[0] for row in await sql.fetch(f"EXPLAIN {take}"))
    await sql.execute("UPDATE platform.clickhouse_analytics SET exported = true, exported_at = now()")
    assert await sql.fetch(take) == []
    await sql.act("guildhall_scheduler")
    assert await sql.execute("DELETE FROM platform.clickhouse_analytics WHERE exported") == "DELETE 2"


# operations -----------------------------------------------------------------------


async def test_every_process_adds_its_slow_statements_and_only_the_scheduler_reads_them(sql: Statements) -> None:
    for role in ("guildhall_app", "guildhall_reader", "guildhall_curator", "guildhall_writer", "guildhall_worker"):
        await sql.act(role, OURS)
        await sql.execute("INSERT INTO platform.slow_query_log (duration_ms, query) VALUES (1200.5, 'SELECT $1')")
        for forbidden in ("SELECT * FROM platform.slow_query_log", "DELETE FROM platform.slow_query_log"):
            async with sql.refused("not_allowed"):
                await sql.fetch(forbidden)
        async with sql.refused("not_allowed"):
            await sql.execute(
                "INSERT INTO platform.slow_query_log (duration_ms, query, user_name) VALUES (1, 'x', 'somebody else')"
            )
    async with sql.refused("slow_query_log_duration_is_not_negative"):
        await sql.execute("INSERT INTO platform.slow_query_log (duration_ms, query) VALUES (-1, 'x')")
    await sql.act("guildhall_scheduler")
    rows = await sql.fetch(
        """
        SELECT duration_ms, user_name, database_name = current_database() AS here
          FROM platform.slow_query_log
         WHERE duration_ms = 1200.5  -- the database is shared: on a slow machine others add theirs
        """
    )
    assert [tuple(row) for row in rows] == [(1200.5, "postgres", True)] * 5
    assert await sql.execute("DELETE FROM platform.slow_query_log") == "DELETE 5"


async def test_how_the_database_is_concerns_those_who_keep_it(sql: Statements) -> None:
    await sql.execute("SET LOCAL search_path = evaluation, gateway, catalogue, society, platform, public")
    for view in VIEWS:
        for role in ("guildhall_scheduler", "guildhall_curator"):
            await sql.act(role)
            await sql.fetch(f"SELECT * FROM {view}")
        for role in ("guildhall_app", "guildhall_reader", "guildhall_worker", "guildhall_writer"):
            await sql.act(role, OURS)
            async with sql.refused("not_allowed"):
                await sql.fetch(f"SELECT * FROM {view}")


async def test_no_view_of_operations_shows_a_statement(sql: Statements) -> None:
    await sql.act("postgres")
    columns = await sql.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'platform' AND table_name = ANY ($1)",
        list(VIEWS),
    )
    assert len(columns) > 30
    assert [
        tuple(row) for row in columns if "query" in row["column_name"] and row["column_name"] != "longest_query_seconds"
    ] == []


async def test_sessions_are_counted_and_what_is_hidden_is_not_called_none(connect: Connect) -> None:
    looker, other = await connect(), await connect()
    mine = """
        SELECT connections - (  -- workers of an extension's are sessions of the database, too
                   SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND backend_type <> 'client backend'
               ), active, idle, idle_in_transaction
          FROM platform.connection_stats WHERE datname = current_database()
    """
    assert tuple(await looker.fetchrow(mine)) == (2, 1, 1, 0)
    async with other.transaction():
        assert tuple(await looker.fetchrow(mine)) == (2, 1, 0, 1)
    await looker.execute("SET ROLE guildhall_scheduler")
    assert tuple(await looker.fetchrow(mine)) == (2, None, None, None)


async def test_bloat_is_estimated_also_of_tables_whose_names_need_quotes(connect: Connect) -> None:
    connection = await connect()
    await connection.execute(
        """
        CREATE SCHEMA "Odd ""Schema";
        CREATE TABLE "Odd ""Schema"."Mixed Case.%" (n integer PRIMARY KEY, filling text) WITH (autovacuum_enabled = false);
        INSERT INTO "Odd ""Schema"."Mixed Case.%" SELECT n, repeat(chr(65 + n % 26), 100) FROM generate_series(1, 20000) AS n;
        """
    )
    bloat = """
        SELECT bloat_percent::float8 AS percent, estimated_from, total_bytes, table_bytes, total_size, percent_of_total
          FROM platform.table_bloat WHERE schemaname = 'Odd "Schema' AND tablename = 'Mixed Case.%'
    """
    flush = "SELECT pg_stat_force_next_flush()"  # or the counts of rows would arrive some other time
    await connection.execute(flush)
    await connection.execute('VACUUM ANALYZE "Odd ""Schema"."Mixed Case.%"')
    packed = await connection.fetchrow(bloat)
    assert packed["percent"] < 3
    assert packed["total_bytes"] > packed["table_bytes"] > 20000 * 100
    assert packed["percent_of_total"] > 1

    # Two of three rows are gone: as long as they are dead, and when their space is free.
    await connection.execute('DELETE FROM "Odd ""Schema"."Mixed Case.%" WHERE n % 3 > 0')
    await connection.execute(flush)
    await connection.execute("SET ROLE guildhall_scheduler")
    dead = await connection.fetchrow(bloat)
    assert (dead["percent"], dead["estimated_from"]) == (pytest.approx(66.7, abs=2), "dead rows")
    await connection.execute("RESET ROLE")
    await connection.execute('VACUUM "Odd ""Schema"."Mixed Case.%"')
    free = await connection.fetchrow(bloat)
    assert (free["percent"], free["estimated_from"]) == (pytest.approx(66.7, abs=3), "statistics")
    assert free["table_bytes"] == packed["table_bytes"]

    sizes = await connection.fetchrow(
        "SELECT size, size_bytes FROM platform.table_sizes WHERE tablename = 'Mixed Case.%'"
    )
    assert tuple(sizes) == (free["total_size"], free["total_bytes"])


async def test_indexes_say_whether_anybody_uses_them(connect: Connect) -> None:
    connection = await connect()
    await connection.execute(
        'CREATE TABLE public."Of Use" (n integer PRIMARY KEY, m integer); CREATE INDEX "Of None" ON public."Of Use" (m);'
    )
    rows = await connection.fetch(
        "SELECT indexname, index_scans, is_unique, is_valid, is_unused FROM platform.index_usage WHERE tablename = 'Of Use' ORDER BY 1"
    )
    assert [tuple(row) for row in rows] == [("Of None", 0, False, True, True), ("Of Use_pkey", 0, True, True, False)]


async def test_who_waits_for_whom_is_seen_while_they_wait(connect: Connect) -> None:
    holder, waiter, looker = await connect(), await connect(), await connect()
    async with holder.transaction():
        await holder.execute("LOCK TABLE catalogue.models")
        waiting = asyncio.create_task(waiter.execute("BEGIN; LOCK TABLE catalogue.models; ROLLBACK"))
        query = "SELECT blocked_by, relation, mode, waiting_seconds >= 0 AS waits FROM platform.lock_contention WHERE pid = $1"
        async with asyncio.timeout(60):
            while (row := await looker.fetchrow(query, waiter.get_server_pid())) is None:
                pass
        assert row["blocked_by"] == [holder.get_server_pid()]
        assert row["relation"] == "catalogue.models"
        assert (row["mode"], row["waits"]) == ("AccessExclusiveLock", True)
    await waiting
    assert await looker.fetch("SELECT * FROM platform.lock_contention") == []


async def test_the_horizon_of_a_series_moves_with_its_partitions(connect: Connect) -> None:
    connection = await connect()
    await connection.execute("SET timezone = 'Asia/Kolkata'; SET datestyle = 'German'")
    horizon = "SELECT series, partitions, earliest, reaches, days_ahead, size_bytes FROM platform.series_horizon"
    before = {row["series"]: row for row in await connection.fetch(horizon)}
    assert set(before) == {row["name"] for row in await connection.fetch("SELECT name FROM platform.series")}
    if await connection.fetchval("SELECT engine FROM platform.installation") == "timescale":
        return  # it makes its chunks as rows come
    by_day = {"llm_requests", "llm_responses"}
    for name, row in before.items():
        # today and fifteen more, or this month and three more: the last of them ends three to four months from now
        least, ahead = (16, range(14, 17)) if name in by_day else (4, range(89, 125))
        assert row["partitions"] >= least
        assert int(row["days_ahead"]) in ahead, name
    assert all(row["size_bytes"] > 0 for row in before.values())
    now = datetime(2000, 2, 1, tzinfo=UTC)
    await connection.execute("SELECT platform.ensure_partitions('status_probes', $1, $1)", now)
    after = await connection.fetchrow(f"{horizon} WHERE series = 'status_probes'")
    assert after["partitions"] == before["status_probes"]["partitions"] + 1
    assert (after["earliest"], after["reaches"]) == (now, before["status_probes"]["reaches"])


async def test_lag_is_what_a_slot_has_not_read(connect: Connect) -> None:
    connection = await connect()
    slot = f"guildhall_{uuid4().hex[:12]}"
    lag = f"SELECT slot_name, active, lag_bytes FROM platform.replication_lag WHERE slot_name = '{slot}'"
    await connection.execute("SELECT pg_create_physical_replication_slot($1, true)", slot)
    try:
        before = await connection.fetchrow(lag)
        assert (before["slot_name"], before["active"]) == (slot, False)
        await connection.execute(
            "INSERT INTO platform.slow_query_log (duration_ms, query) SELECT n, 'x' FROM generate_series(1, 1000) AS n"
        )
        after = await connection.fetchrow(lag)
        assert after["lag_bytes"] >= before["lag_bytes"] + 50_000
        documented = await connection.fetchrow(
            "SELECT slot_name, active, lag_size FROM platform.replication_lag WHERE slot_name = $1", slot
        )
        assert documented["lag_size"]
    finally:
        await connection.execute("SELECT pg_drop_replication_slot($1)", slot)


# replication ----------------------------------------------------------------------


async def test_nothing_is_published_where_the_log_does_not_carry_it(connect: Connect) -> None:
    connection = await connect()
    if await connection.fetchval("SHOW wal_level") == "logical":
        pytest.skip("this server's log carries it")
    with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError) as refused:
        await connection.fetchval("SELECT platform.publish_catalogue()")
    assert "wal_level = logical" in refused.value.hint
    await connection.execute("SET ROLE guildhall_scheduler")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetchval("SELECT platform.publish_catalogue()")


async def test_the_catalogue_is_published_with_changes_and_deletions_and_nothing_of_teams(
    server_dir: Path, start_server: Start
) -> None:
    server = start_server(server_dir, settings={"fsync": "off", "wal_level": "logical"})
    await migrate.migrate(server.url())
    connection = await asyncpg.connect(server.url())
    try:
        published = await connection.fetchval("SELECT platform.publish_catalogue()")
        assert {"catalogue.models", "catalogue.pricing", "store.status_probes"} <= set(published)
        assert await connection.fetchval("SELECT platform.publish_catalogue()") == published
        classes = await connection.fetch(
            "SELECT DISTINCT split_part(obj_description(tables.oid::regclass), ': ', 2) AS class FROM unnest($1::regclass[]) AS tables (oid)",
            published,
        )
        assert {row["class"] for row in classes} == {"global"}

        await connection.execute("SELECT pg_create_logical_replication_slot('far', 'pgoutput')")
        await connection.execute("SELECT platform.ensure_partitions('status_probes', '2020-01-01', '2020-01-01')")
        await connection.execute(
            """
            INSERT INTO catalogue.providers (slug, name) VALUES ('acme', 'Acme');
            INSERT INTO catalogue.models (provider_id, slug, name) SELECT id, 'acme-1', '{"en-US": "1"}' FROM catalogue.providers;
            INSERT INTO catalogue.status_probes ("time", model_id, region) SELECT '2020-01-01', id, 'eu' FROM catalogue.models;
            UPDATE catalogue.status_probes SET availability = 99;
            UPDATE catalogue.models SET context_window = 10;
            DELETE FROM catalogue.providers;
            INSERT INTO platform.teams (name, slug) VALUES ('Secret', 'secret');
            """
        )
        messages = await connection.fetch(
            "SELECT data FROM pg_logical_slot_peek_binary_changes('far', NULL, NULL, 'proto_version', '1', 'publication_names', 'ai_go_global')"
        )
        kinds = [row["data"][:1] for row in messages]
        assert [kinds.count(kind) for kind in (b"I", b"U", b"D")] == [3, 2, 3]
        relations = b" ".join(row["data"] for row in messages if row["data"][:1] == b"R")
        assert b"status_probes\x00" in relations  # the series, not the month's partition
        assert not any(b"secret" in row["data"] for row in messages)
    finally:
        await connection.close()
