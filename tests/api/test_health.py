"""`/v1/platform/health` and `/metrics`: the doctor's findings for operators, and what Prometheus keeps of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import pytest

from fixtures.api import Client, Served, serving
from fixtures.command_line import Command
from fixtures.guildhall import administrator
from fixtures.metrics import read, scrape
from guildhall.errors import InvalidInput
from guildhall.settings import Settings

HEALTH = "/v1/platform/health"
TOKEN = "a-scraper's-own-token"
Clients = Callable[[str], Client]


@pytest.fixture(scope="module")
def watched(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server on the same database that has a token for metrics."""
    place = tmp_path_factory.mktemp("watched")
    with serving(
        Settings(database_url=served.application_url, pooler="none", data_dir=place, metrics_token=TOKEN)
    ) as url:
        yield url


@asynccontextmanager
async def _waiting(served: Served) -> AsyncIterator[int]:
    """Somebody who keeps somebody else waiting, and the pid of the first, until the block ends."""
    async with AsyncExitStack() as stack:

        async def connect() -> asyncpg.Connection[Any]:
            connection = await asyncpg.connect(served.database_url)
            stack.callback(connection.terminate)
            return connection

        holder, waiter, looker = await connect(), await connect(), await connect()
        await holder.execute("BEGIN; LOCK TABLE catalogue.pricing IN ACCESS EXCLUSIVE MODE")
        asked = "BEGIN; SELECT 'what another team asks' FROM catalogue.pricing; ROLLBACK"
        waiting = asyncio.create_task(waiter.execute(asked))
        long_enough = "SELECT count(*) FROM platform.lock_contention WHERE pid = $1 AND waiting_seconds > 1"
        async with asyncio.timeout(60):
            while not await looker.fetchval(long_enough, waiter.get_server_pid()):
                pass
        yield holder.get_server_pid()
        await holder.execute("ROLLBACK")
        await waiting


async def test_operators_are_told_what_the_doctor_finds_and_no_statement(
    served: Served, client_of: Clients, guildhall: Command
) -> None:
    async with _waiting(served) as pid:
        status, document = await client_of("local").get(HEALTH)
        assert status == 200
        found = {each["name"]: each for each in document["findings"]}
        doctors = guildhall("doctor", "--json", expect=None, GUILDHALL_DATABASE_URL=served.application_url).json
        assert [each["name"] for each in doctors["findings"]] == list(found)
        assert doctors["findings"][0].keys() == found["schema"].keys()
        assert found["locks"]["level"] == "warning"
        assert f"pg_terminate_backend({pid})" in found["locks"]["remedy"]
        assert "catalogue.pricing" in found["locks"]["summary"]
        assert "what another team asks" not in str(document)


@pytest.mark.parametrize("path", [HEALTH, "/metrics"])
async def test_others_than_operators_are_told_nothing(client_of: Clients, served: Served, path: str) -> None:
    assert (await client_of("").get(path))[0] == 401
    for who in ("pottery/owner", "pottery/viewer"):
        status, answer = await client_of(who).get(path)
        assert (status, answer["error"]["code"]) == (403, "administrators_only")
    operator = client_of("local")
    _, reader = await operator.post("/v1/platform/keys", json={"name": "reads only", "scopes": ["read"]})
    status, answer = await operator.get(path, headers={"Authorization": f"Bearer {reader['key']}"})
    assert (status, answer["error"]["code"]) == (403, "scope_missing")


@pytest.mark.parametrize("path", [HEALTH, "/metrics"])
async def test_a_key_that_another_process_has_revoked_opens_nothing_any_more(
    client_of: Clients, served: Served, watched: str, path: str
) -> None:
    operator = client_of("local")
    _, made = await operator.post("/v1/platform/keys", json={"name": "soon gone"})
    headers = {"Authorization": f"Bearer {made['key']}"}
    async with aiohttp.ClientSession(watched, headers=headers) as elsewhere:
        async with elsewhere.get(path) as response:
            assert response.status == 200
        await operator.delete(f"/v1/platform/keys/{made['id']}")
        async with elsewhere.get(path) as response:
            assert response.status == 401


async def test_metrics_can_be_read_by_prometheus_and_by_openmetrics(client_of: Clients) -> None:
    operator = client_of("local").session
    async with operator.get("/metrics") as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert response.headers["Cache-Control"] == "no-store"
        found = read(await response.text())
    accept = {"Accept": "application/openmetrics-text; version=1.0.0, text/plain; q=0.5"}
    async with operator.get("/metrics", headers=accept) as response:
        assert response.headers["Content-Type"].startswith("application/openmetrics-text")
        again = read(await response.text(), openmetrics_form=True)
    assert found.types["guildhall_http_request_duration_seconds"] == "histogram"
    assert {name for name, _ in found.samples} <= {name for name, _ in again.samples}


async def test_findings_become_gauges(client_of: Clients, watched: str, served: Served) -> None:
    _, document = await client_of("local").get(HEALTH)
    by_name = {each["name"]: each for each in document["findings"]}
    found = await scrape(watched, TOKEN)
    assert found.labels("guildhall_finding_level", "finding") == by_name.keys()
    assert found["guildhall_database_up"] == 1
    assert found["guildhall_connections_allowed"] == by_name["connections"]["value"]["allowed"]
    assert found["guildhall_schema_version"] == by_name["schema"]["value"]["version"]
    ahead = {name for name, at in by_name["partitions"]["value"]["series"].items() if at}  # hypertables have none ahead
    assert found.labels("guildhall_series_partitions_ahead_seconds", "series") == ahead
    assert found.value("guildhall_connections", state="active") >= 1
    assert all(
        name in found
        for name in (
            "guildhall_locks_waited_for",
            "guildhall_lock_wait_longest_seconds",
            "guildhall_oldest_snapshot_seconds",
            "guildhall_oldest_snapshot_transactions",
            "guildhall_slow_statements",
            "guildhall_dead_rows",
            "guildhall_upkeep_age_seconds",
            "guildhall_replication_slots_inactive",
            "guildhall_database_size_bytes",
            "guildhall_transaction_id_age",
        )
    )


async def test_requests_are_counted_by_template_and_never_by_what_clients_make_up(watched: str, served: Served) -> None:
    before = await scrape(watched, TOKEN)
    counter, template = "guildhall_http_requests_total", "/v1/platform/users/{user}"
    headers = {"Authorization": f"Bearer {served.keys['local']}"}
    async with aiohttp.ClientSession(watched, headers=headers) as session:
        for name in ("nobody-1", "nobody-2", "nobody-3"):
            async with session.get(f"/v1/platform/users/{name}") as response:
                assert response.status == 404
        for method in ("PROPFIND", "MKCOL"):
            async with session.request(method, "/made/up/path") as response:
                assert response.status in (404, 405)
    after = await scrape(watched, TOKEN)
    seen = {"method": "GET", "route": template, "status": "404"}
    assert after.value(counter, **seen) == before.value(counter, **seen) + 3
    del seen["status"]
    seconds = "guildhall_http_request_duration_seconds"
    assert after.value(f"{seconds}_count", **seen) == before.value(f"{seconds}_count", **seen) + 3
    assert after.value(f"{seconds}_bucket", **seen, le="+Inf") == after.value(f"{seconds}_count", **seen)
    assert after.value(f"{seconds}_sum", **seen) > before.value(f"{seconds}_sum", **seen)
    assert after.labels(counter, "method") <= {"GET", "POST", "DELETE", "other"}
    assert not any("made" in route or "nobody" in route for route in after.labels(counter, "route"))
    assert after["guildhall_http_sent_bytes_total"] > before["guildhall_http_sent_bytes_total"]


async def test_the_token_opens_metrics_and_nothing_else(watched: str) -> None:
    async with aiohttp.ClientSession(watched, headers={"Authorization": f"Bearer {TOKEN}"}) as session:
        for path, expected in (("/metrics", 200), (HEALTH, 401), ("/v1/platform/me", 401)):
            async with session.get(path) as response:
                assert response.status == expected, path
    for headers in ({}, {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": "Bearer \xe9"}):
        async with aiohttp.ClientSession(watched, headers=headers) as session, session.get("/metrics") as response:
            assert response.status == 401


@pytest.mark.parametrize("token", ["short", "has a space in it and is long", "ünïcödé-is-not-a-token"])
def test_a_token_that_is_none_is_refused_without_being_repeated(token: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Settings.from_environment({"GUILDHALL_METRICS_TOKEN": token})
    assert token not in str(refused.value.as_json())


async def test_requests_are_told_also_while_the_database_is_away(
    administrator_url: str, direct_url: str, server_url: str, tmp_path: Path
) -> None:
    name = urlsplit(administrator_url).path[1:]
    with serving(Settings(database_url=direct_url, pooler="none", data_dir=tmp_path, metrics_token=TOKEN)) as url:
        async with administrator(server_url) as superuser:
            await superuser.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
            try:
                await superuser.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
                )
                away = await scrape(url, TOKEN)
                again = await scrape(url, TOKEN)
            finally:
                await superuser.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')
        back = await scrape(url, TOKEN)
    assert (away["guildhall_database_up"], "guildhall_connections_used" in away) == (0, False)
    assert again.value("guildhall_http_requests_total", method="GET", route="/metrics", status="200") == 1
    assert (back["guildhall_database_up"], "guildhall_connections_used" in back) == (1, True)
