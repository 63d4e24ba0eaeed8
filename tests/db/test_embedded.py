"""The embedded server as its users know it: start, share, leave, look, stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from fixtures.database import run_sql
from fixtures.servers import UNSAFE_BUT_QUICK, OtherProcess, Start, place_for_servers
from guildhall.db import embedded
from guildhall.db.embedded.configuration import as_file, tuning

MB = 1024 * 1024


@pytest.fixture(scope="module")
def server() -> Iterator[embedded.EmbeddedServer]:
    """One that tests only look at."""
    with place_for_servers() as place:
        embedded.start(place / "house", settings=UNSAFE_BUT_QUICK).close()  # only made in a hurry
        with embedded.start(place / "house") as server:
            yield server


def setting(server: embedded.EmbeddedServer, name: str) -> str:
    return run_sql(server.url(), f"SHOW {name}")


def test_it_is_postgresql_18_and_says_so(server: embedded.EmbeddedServer) -> None:
    assert server.version.split(".")[0] == "18"
    assert setting(server, "server_version") == server.version


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
        ("TimeZone", "UTC"),
        ("jit", "off"),
        ("max_connections", "100"),
        ("max_wal_size", "2GB"),
        ("server_encoding", "UTF8"),
        ("data_directory_mode", "0700"),
        ("unix_socket_permissions", "0700"),
    ],
)
def test_it_is_durable_private_and_set_up_for_us(server: embedded.EmbeddedServer, name: str, value: str) -> None:
    assert setting(server, name) == value


def test_letters_beyond_ascii_have_cases(server: embedded.EmbeddedServer) -> None:
    assert run_sql(server.url(), "SELECT lower('ÄÉЖ'), 'é' ~ '^\\w$'") == "äéж|t"


def test_it_brings_the_vector_extension(server: embedded.EmbeddedServer) -> None:
    available = "SELECT name FROM pg_available_extensions WHERE name IN ('vector', 'plpgsql') ORDER BY 1"
    assert run_sql(server.url(), available) == "plpgsql\nvector"


async def test_the_driver_accepts_the_url_that_psql_accepts(server: embedded.EmbeddedServer) -> None:
    connection = await asyncpg.connect(server.url(user="postgres", database="template1"))
    try:
        assert await connection.fetchval("SELECT current_database() || ' ' || current_user") == "template1 postgres"
    finally:
        await connection.close()


def test_users_and_databases_with_odd_names_survive_the_url(warm_dir: Path, start_server: Start) -> None:
    server = start_server(warm_dir)
    odd = 'a b/ü?&"'
    quoted = odd.replace('"', '""')
    run_sql(server.url(), f'CREATE ROLE "{quoted}" LOGIN', f'CREATE DATABASE "{quoted}"')

    assert run_sql(server.url(user=odd, database=odd), "SELECT current_user, current_database()") == f"{odd}|{odd}"


def test_changing_a_setting_by_sql_wins_over_ours(server_dir: Path, start_server: Start) -> None:
    with start_server(server_dir) as first:
        run_sql(first.url(), "ALTER SYSTEM SET max_wal_size = '3GB'", "ALTER SYSTEM SET listen_addresses = '*'")

    again = start_server(server_dir)

    assert setting(again, "max_wal_size") == "3GB"
    assert setting(again, "listen_addresses") == ""  # what keeps strangers out cannot be changed by accident


def test_a_settings_argument_reaches_the_server(warm_dir: Path, start_server: Start) -> None:
    server = start_server(warm_dir, settings={"fsync": "off", "work_mem": "5MB"})

    assert (setting(server, "fsync"), setting(server, "work_mem")) == ("off", "5MB")


def test_rows_are_still_there_after_the_last_user_has_left(warm_dir: Path, start_server: Start) -> None:
    with start_server(warm_dir) as server:
        run_sql(server.url(), "CREATE TABLE kept AS SELECT 7 AS seven")
    assert not embedded.status(warm_dir).running

    assert run_sql(start_server(warm_dir).url(), "SELECT seven FROM kept") == "7"


def test_the_first_to_leave_leaves_it_running_and_the_last_stops_it(warm_dir: Path, start_server: Start) -> None:
    first, second = start_server(warm_dir), start_server(warm_dir)

    first.close()
    assert run_sql(second.url(), "SELECT 1") == "1"
    second.close()
    assert embedded.status(warm_dir).state == "stopped"


def test_leaving_twice_does_not_count_twice(warm_dir: Path, start_server: Start) -> None:
    first, second = start_server(warm_dir), start_server(warm_dir)

    first.close()
    first.close()

    assert run_sql(second.url(), "SELECT 1") == "1"


def test_processes_that_start_at_once_share_one_server(
    server_dir: Path, other_process: Callable[..., OtherProcess]
) -> None:
    others = [other_process(server_dir) for _ in range(3)]

    postmasters = {other.says() for other in others}

    assert len(postmasters) == 1
    for other in others:
        other.leave()
    assert embedded.status(server_dir).state == "stopped"


async def test_it_can_be_started_without_blocking_the_event_loop(warm_dir: Path, start_server: Start) -> None:
    servers = await asyncio.gather(*(asyncio.to_thread(start_server, warm_dir) for _ in range(2)))

    assert servers[0].url() == servers[1].url()


def test_a_server_told_to_keep_running_outlives_its_users_until_it_is_stopped(
    warm_dir: Path, start_server: Start
) -> None:
    with start_server(warm_dir) as server:
        server.keep_running()
        url = server.url()
    start_server(warm_dir).close()

    assert run_sql(url, "SELECT 1") == "1"
    assert embedded.status(warm_dir).kept
    assert embedded.stop(warm_dir)
    start_server(warm_dir).close()  # the next server was told nothing of the kind
    assert embedded.status(warm_dir).state == "stopped"


def test_stop_ends_it_although_it_is_in_use(warm_dir: Path, start_server: Start) -> None:
    server = start_server(warm_dir)

    assert embedded.stop(warm_dir)

    assert embedded.status(warm_dir).state == "stopped"
    server.close()


def test_a_user_whose_server_was_stopped_starts_it_again(warm_dir: Path, start_server: Start) -> None:
    first = start_server(warm_dir)
    embedded.stop(warm_dir)

    second = start_server(warm_dir)

    assert run_sql(second.url(), "SELECT 1") == "1"
    first.close()
    assert run_sql(second.url(), "SELECT 1") == "1"


def test_stopping_what_does_not_run_does_nothing(server_dir: Path, start_server: Start) -> None:
    assert not embedded.stop(server_dir)
    start_server(server_dir).close()
    assert not embedded.stop(server_dir)


def test_looking_at_a_directory_makes_nothing_there(server_dir: Path) -> None:
    seen = embedded.status(server_dir)

    assert (seen.state, seen.running, seen.pid, seen.data_dir) == ("none", False, None, server_dir)
    assert not server_dir.exists()


def test_status_names_the_server_and_who_uses_it(
    warm_dir: Path, start_server: Start, other_process: Callable[..., OtherProcess]
) -> None:
    server = start_server(warm_dir)
    other = other_process(warm_dir)
    postmaster = int(other.says())

    seen = embedded.status(warm_dir)

    assert (seen.running, seen.state, seen.version, seen.pid) == (True, "ready", server.version, postmaster)
    assert run_sql(server.url(), "SELECT pg_read_file('postmaster.pid')").splitlines()[0] == str(postmaster)
    assert str(seen.socket_dir) == parse_qs(urlsplit(server.url()).query)["host"][0]
    assert other.program.pid in seen.users
    assert len(seen.users) == 2


@pytest.mark.parametrize(
    "name",
    ["a b", "größe ж", 'it\'s "quoted"', "one,two", "percent%20&host=x", "deep/" * 12 + "d" * 60],
    ids=["space", "letters", "quotes", "comma", "url", "deep"],
)
async def test_any_directory_will_do(server_dir: Path, start_server: Start, name: str) -> None:
    server = start_server(server_dir / name)

    connection = await asyncpg.connect(server.url())
    try:
        assert await connection.fetchval("SELECT 1") == 1
    finally:
        await connection.close()
    where = str(server_dir / name / "postgres-18" / "cluster")
    assert run_sql(server.url(), "SHOW data_directory") == where


def test_a_socket_that_cannot_be_in_a_deep_directory_is_in_a_short_one_until_it_goes(
    server_dir: Path, start_server: Start
) -> None:
    deep = server_dir / ("d" * 100)
    server = start_server(deep)
    socket_dir = embedded.status(deep).socket_dir

    assert socket_dir == server.socket_dir
    assert not socket_dir.is_relative_to(server_dir)
    assert socket_dir.stat().st_mode & 0o777 == 0o700
    server.close()
    assert not socket_dir.exists()


def test_nobody_else_may_enter_the_database_or_its_socket(server: embedded.EmbeddedServer) -> None:
    root = server.data_dir / "postgres-18"

    assert {path.name: path.stat().st_mode & 0o077 for path in (root, root / "cluster", server.socket_dir)} == {
        "postgres-18": 0,
        "cluster": 0,
    }


@pytest.mark.parametrize("name", ["psql", "pg_dump", "pg_restore", "pg_basebackup"])
def test_programs_are_found_by_name(name: str) -> None:
    assert embedded.binary(name).is_file()


@pytest.mark.parametrize("name", ["mysql", "../psql", ""])
def test_other_programs_are_missing(name: str) -> None:
    with pytest.raises(embedded.BinariesMissing) as caught:
        embedded.binary(name)
    assert "pip install" in str(caught.value)


def test_parallel_workers_are_off_where_shared_memory_is_small() -> None:
    plenty = tuning(memory_bytes=16_000 * MB, shared_memory_bytes=8_000 * MB)
    container = tuning(memory_bytes=16_000 * MB, shared_memory_bytes=64 * MB)

    assert "max_parallel_maintenance_workers" not in plenty
    assert container["max_parallel_maintenance_workers"] == container["max_parallel_workers_per_gather"] == "0"


@pytest.mark.parametrize(("memory_mb", "buffers"), [(100, "32MB"), (1024, "128MB"), (2048, "256MB"), (64_000, "256MB")])
def test_small_machines_get_small_buffers(memory_mb: int, buffers: str) -> None:
    assert tuning(memory_bytes=memory_mb * MB, shared_memory_bytes=MB)["shared_buffers"] == buffers


def test_a_quote_in_a_setting_is_doubled() -> None:
    assert "log_line_prefix = 'it''s '" in as_file({"log_line_prefix": "it's "})
