"""`guildhall doctor`, as an operator meets it: what is provoked is found, named, and gone once its remedy was followed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from fixtures.command_line import Command
from fixtures.engines import Place
from fixtures.guildhall import at, cloned, template_of
from fixtures.servers import Start
from guildhall.db import migrate

NAMES = [
    "schema",
    "connections",
    "visibility",
    "locks",
    "oldest_snapshot",
    "slow_queries",
    "bloat",
    "partitions",
    "upkeep",
    "replication",
    "disk",
    "extensions",
    "transaction_ids",
    "jobs",
]

Connect = Callable[[], Any]
Found = dict[str, dict[str, Any]]


@pytest.fixture
async def connect(administrator_url: str) -> AsyncIterator[Connect]:
    """Superusers' connections to the test's own database."""
    async with AsyncExitStack() as stack:

        async def connect() -> asyncpg.Connection[Any]:
            connection = await asyncpg.connect(administrator_url)
            stack.callback(connection.terminate)
            return connection

        yield connect


@pytest.fixture
def doctor(guildhall: Command) -> Callable[..., Found]:
    """The findings by their names."""

    def doctor(**options: Any) -> Found:
        document = guildhall("doctor", "--json", **options).json
        found = {each["name"]: each for each in document["findings"]}
        levels = ["ok", "warning", "critical"]
        assert document["level"] == max((each["level"] for each in found.values()), key=levels.index)
        return found

    return doctor


@pytest.fixture
async def native_url(server_url: str) -> AsyncIterator[str]:
    """The superuser's URL of a database whose series are native partitions, on whatever server."""
    async with cloned(server_url, await template_of(server_url, "native")) as url:
        yield url


def test_a_new_database_is_fine(guildhall: Command, doctor: Callable[..., Found]) -> None:
    found = doctor()
    assert list(found) == NAMES
    assert {found[name]["level"] for name in NAMES if name != "replication"} == {"ok"}  # slots are the whole server's
    assert all(each["summary"] and each["remedy"].endswith((".", "`.")) for each in found.values())
    assert found["connections"]["value"]["allowed"] > found["connections"]["value"]["used"] >= 1
    assert found["connections"]["value"]["budget"] == 8
    assert found["disk"]["value"]["database_bytes"] > 1 << 20
    assert found["schema"]["value"]["version"] == migrate.migrations()[-1].number
    said = guildhall("doctor")
    assert all(name in said.out for name in NAMES)
    assert "0 things to act on" in said.out


async def test_who_keeps_others_waiting_is_named_and_can_be_ended(
    doctor: Callable[..., Found], guildhall: Command, connect: Connect
) -> None:
    holder, waiter, looker = await connect(), await connect(), await connect()
    await holder.execute("SET application_name = 'forgotten shell'; BEGIN; LOCK TABLE catalogue.models")
    waiting = asyncio.create_task(waiter.execute("BEGIN; LOCK TABLE catalogue.models; ROLLBACK"))
    long_enough = "SELECT count(*) FROM platform.lock_contention WHERE pid = $1 AND waiting_seconds > 1"
    async with asyncio.timeout(60):
        while not await looker.fetchval(long_enough, waiter.get_server_pid()):
            pass
    found = doctor()["locks"]
    pid = holder.get_server_pid()
    assert found["level"] == "warning"
    assert "forgotten shell" in found["summary"]
    assert "catalogue.models" in found["summary"]
    # the server's own processes may wait as well
    (wait,) = [each for each in found["value"]["waiting"] if each["pid"] == waiter.get_server_pid()]
    assert wait["blocked_by"] == [pid]
    assert pid in [each["pid"] for each in found["value"]["holders"]]
    remedy = f"SELECT pg_terminate_backend({pid})"
    assert remedy in found["remedy"]
    assert remedy in guildhall("doctor").out

    await looker.execute(remedy)
    await waiting
    assert doctor()["locks"]["level"] == "ok"


async def test_an_idle_transaction_that_holds_a_snapshot_is_named(
    doctor: Callable[..., Found], connect: Connect
) -> None:
    holder, worker = await connect(), await connect()
    await holder.execute("SET application_name = 'open notebook'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
    for _ in range(20):
        await worker.execute("SELECT pg_current_xact_id()")
    found = doctor()
    value = found["oldest_snapshot"]["value"]
    assert value["kind"] == "session"
    assert f"process {holder.get_server_pid()} (open notebook" in value["holder"]
    assert value["transactions"] >= 20
    assert value["longest_transaction"]["pid"] == holder.get_server_pid()
    assert found["connections"]["value"]["by_state"]["idle in transaction"] >= 1
    await holder.execute("ROLLBACK")
    holder_now = doctor()["oldest_snapshot"]["value"]["holder"]
    assert holder_now is None or "open notebook" not in holder_now


async def test_a_series_without_partitions_ahead_is_to_be_acted_on(
    doctor: Callable[..., Found], guildhall: Command, native_url: str
) -> None:
    administrator = await asyncpg.connect(native_url)
    as_application = {
        "GUILDHALL_DATABASE_URL": at(native_url, database=urlsplit(native_url).path[1:], user="guildhall_login")
    }
    drop = "SELECT format('DROP TABLE store.%I', platform.partition_name('outcomes', $1::timestamptz))"
    first = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = datetime(first.year + first.month // 12, first.month % 12 + 1, 1, tzinfo=UTC)

    await administrator.execute(await administrator.fetchval(drop, following))
    found = doctor(**as_application)["partitions"]
    assert (found["level"], found["value"]["short"]) == ("warning", ["outcomes"])
    assert datetime.fromisoformat(found["value"]["series"]["outcomes"]) == following

    await administrator.execute(await administrator.fetchval(drop, first))
    found = doctor(expect=1, **as_application)["partitions"]
    assert found["level"] == "critical"
    assert "guildhall db maintain" in found["remedy"]
    said = guildhall("doctor", expect=1, **as_application).out
    assert f"outcomes ({first:%Y-%m-%d})" in said
    assert "1 thing to act on" in said

    guildhall("db", "maintain", GUILDHALL_DATABASE_URL=native_url)
    assert doctor(**as_application)["partitions"]["level"] == "ok"
    await administrator.close()


async def test_a_table_full_of_dead_rows_is_named_until_it_is_vacuumed(
    doctor: Callable[..., Found], connect: Connect
) -> None:
    administrator = await connect()
    await administrator.execute(
        """
        ALTER TABLE platform.slow_query_log SET (autovacuum_enabled = false);
        INSERT INTO platform.slow_query_log (duration_ms, query) SELECT 1, 'x' FROM generate_series(1, 20000);
        DELETE FROM platform.slow_query_log WHERE id % 2 = 0;
        """
    )
    await administrator.execute("SELECT pg_stat_force_next_flush()")
    await administrator.execute("SELECT 1")  # the counts are sent at the end of a statement
    found = doctor()["bloat"]
    assert found["level"] == "warning"
    assert [each["table"] for each in found["value"]["tables"]] == ["platform.slow_query_log"]
    assert found["value"]["tables"][0]["dead_rows"] == 10_000
    assert "VACUUM (ANALYZE) platform.slow_query_log" in found["remedy"]
    await administrator.execute("VACUUM (ANALYZE) platform.slow_query_log")
    assert doctor()["bloat"]["level"] == "ok"


async def test_slow_statements_are_counted_and_not_shown(
    doctor: Callable[..., Found], guildhall: Command, connect: Connect
) -> None:
    await (await connect()).execute(
        """
        INSERT INTO platform.slow_query_log (duration_ms, query) VALUES (1200.5, 'SELECT secret'), (20, 'SELECT quick');
        INSERT INTO platform.slow_query_log (duration_ms, query, "timestamp") VALUES (9000, 'x', now() - interval '2 days');
        """
    )
    found = doctor()["slow_queries"]
    assert found["level"] == "warning"
    assert (found["value"]["source"], found["value"]["statements"], found["value"]["max_ms"]) == (
        "slow_query_log",
        1,
        1200.5,
    )
    assert "secret" not in guildhall("doctor", "--json").out


async def test_slow_statements_that_the_server_counts_are_named_by_their_ids(
    doctor: Callable[..., Found], guildhall: Command, connect: Connect
) -> None:
    administrator = await connect()
    if not await administrator.fetchval(
        "SELECT EXISTS (SELECT FROM pg_settings WHERE name = 'pg_stat_statements.max')"
    ):
        assert doctor()["slow_queries"]["value"]["source"] == "slow_query_log"
        return  # the embedded server does not ship it
    await administrator.execute("CREATE SCHEMA counting; CREATE EXTENSION pg_stat_statements SCHEMA counting")
    for _ in range(5):
        await administrator.fetch("SELECT pg_sleep(0.6) AS what_a_team_asks")
    assert doctor()["slow_queries"]["value"]["source"] == "slow_query_log"  # its schema is closed to us
    await administrator.execute("GRANT USAGE ON SCHEMA counting TO guildhall_owner")
    found = doctor()["slow_queries"]
    assert (found["level"], found["value"]["source"]) == ("warning", "pg_stat_statements")
    (worst,) = found["value"]["worst"]
    text = "SELECT query FROM counting.pg_stat_statements WHERE queryid = $1"
    assert "what_a_team_asks" in await administrator.fetchval(text, int(worst["statement_id"]))
    assert (worst["calls"], worst["login"]) == (5, "postgres")
    assert "what_a_team_asks" not in guildhall("doctor", "--json").out


def test_either_engine_is_examined(doctor: Callable[..., Found], place: Place) -> None:
    found = doctor(GUILDHALL_DATABASE_URL=place.login_url)
    assert found["partitions"]["value"]["engine"] == place.engine
    assert len(found["partitions"]["value"]["series"]) > 10
    assert {found[name]["level"] for name in ("schema", "partitions", "upkeep", "extensions")} == {"ok"}


async def test_upkeep_forgets_slow_statements_of_last_month(
    guildhall: Command, connect: Connect, administrator_url: str
) -> None:
    administrator = await connect()
    await administrator.execute(
        """
        INSERT INTO platform.slow_query_log (duration_ms, query, "timestamp")
        VALUES (900, 'old', now() - interval '31 days'), (900, 'newer', now() - interval '29 days');
        """
    )
    guildhall("db", "maintain", GUILDHALL_DATABASE_URL=administrator_url)
    assert [row["query"] for row in await administrator.fetch("SELECT query FROM platform.slow_query_log")] == ["newer"]


async def test_upkeep_that_does_not_run_is_noticed(
    doctor: Callable[..., Found], guildhall: Command, connect: Connect, administrator_url: str
) -> None:
    administrator = await connect()
    await administrator.execute("UPDATE platform.installation SET created_at = now() - interval '3 days'")
    found = doctor()["upkeep"]
    assert found["level"] == "warning"
    assert len(found["value"]["late"]) == found["value"]["rollups"] > 5
    guildhall("keys", "add", "notebook")  # which is to be sealed
    guildhall("db", "maintain", GUILDHALL_DATABASE_URL=administrator_url)
    found = doctor()["upkeep"]
    assert (found["level"], found["value"]["late"]) == ("ok", [])
    assert found["value"]["sealed_at"] is not None


def test_more_connections_than_the_server_has_are_foreseen(doctor: Callable[..., Found]) -> None:
    found = doctor(GUILDHALL_WORKERS="64", GUILDHALL_POOL_SIZE="100")["connections"]
    assert (found["level"], found["value"]["budget"]) == ("warning", 6400)
    assert "max_connections" in found["remedy"]


def test_a_schema_that_lacks_migrations_is_to_be_acted_on(
    guildhall: Command, doctor: Callable[..., Found], administrator_url: str
) -> None:
    guildhall("db", "rollback", "--to", "20", "--yes", GUILDHALL_DATABASE_URL=administrator_url)
    found = doctor(expect=1)
    assert list(found) == ["schema"]
    assert "guildhall db migrate" in found["schema"]["remedy"]
    guildhall("db", "migrate", GUILDHALL_DATABASE_URL=administrator_url)
    assert list(doctor()) == NAMES


def test_a_server_that_does_not_answer_is_told_by_another_code(guildhall: Command) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"postgresql://nobody@127.0.0.1:{free.getsockname()[1]}/guildhall"
        done = guildhall("doctor", "--json", expect=3, GUILDHALL_DATABASE_URL=url)
    assert done.json["error"]["remedy"]


async def test_slots_prepared_transactions_and_what_is_hidden(
    doctor: Callable[..., Found], server_dir: Path, start_server: Start
) -> None:
    server = start_server(
        server_dir, settings={"fsync": "off", "wal_level": "logical", "max_prepared_transactions": "4"}
    )
    url = server.url()
    await migrate.migrate(url)
    here = {"GUILDHALL_DATABASE_URL": url}
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("BEGIN; SELECT pg_current_xact_id(); PREPARE TRANSACTION 'left behind'")
        found = doctor(**here)["oldest_snapshot"]["value"]
        assert (found["kind"], "left behind" in found["holder"]) == ("prepared transaction", True)
        await connection.execute("ROLLBACK PREPARED 'left behind'")

        await connection.execute("SELECT pg_create_logical_replication_slot('far', 'pgoutput')")
        for _ in range(20):
            await connection.execute("SELECT pg_current_xact_id()")
        found = doctor(**here)
        assert found["oldest_snapshot"]["value"]["holder"] == "replication slot far"
        assert found["replication"]["level"] == "warning"
        assert found["replication"]["value"]["slots"][0]["slot"] == "far"
        assert "pg_drop_replication_slot('far')" in found["replication"]["remedy"]
        await connection.execute("SELECT pg_drop_replication_slot('far')")
        assert doctor(**here)["replication"]["level"] == "ok"

        await connection.execute("REVOKE pg_read_all_stats FROM guildhall_owner")
        found = doctor(**here)
        assert found["visibility"]["level"] == "warning"
        assert found["connections"]["value"]["by_state"] is None
        assert "GRANT pg_read_all_stats TO guildhall_owner" in found["visibility"]["remedy"]
        await connection.execute("GRANT pg_read_all_stats TO guildhall_owner")
        assert doctor(**here)["visibility"]["level"] == "ok"
    finally:
        await connection.close()


def test_the_embedded_server_says_how_much_room_it_has(guildhall: Command, server_dir: Path) -> None:
    done = guildhall("doctor", "--json", GUILDHALL_DATABASE_URL="", GUILDHALL_DATA_DIR=str(server_dir), expect=None)
    disk = next(each for each in done.json["findings"] if each["name"] == "disk")
    assert 0 < disk["value"]["free_bytes"] <= disk["value"]["total_bytes"]
    assert disk["value"]["database_bytes"] > 1 << 20
