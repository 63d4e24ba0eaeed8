"""`guildhall serve` when it is told to stop, when the database goes away, and over TLS."""

from __future__ import annotations

import asyncio
import json
import signal
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from fixtures.api import Served
from fixtures.processes import DEADLINE_S
from fixtures.servers import place_for_servers
from fixtures.serving import environment_of, serve
from fixtures.told import save_agent
from guildhall import clock
from guildhall.db import Database, embedded, migrate
from guildhall.domains.platform import identity

EXECUTIONS = "/v1/evaluation/executions"
OUTCOMES = "/v1/evaluation/outcomes"


async def test_it_speaks_tls_with_the_certificate_that_it_was_given(serve_it, certificate, served: Served) -> None:
    cert, key = certificate
    with serve_it("--tls-cert", cert, "--tls-key", key) as serving:
        assert serving.url.startswith("https://")
        trusting = ssl.create_default_context(cafile=str(cert))
        headers = {"Authorization": f"Bearer {served.keys['pottery/member']}"}
        async with aiohttp.ClientSession(serving.url, headers=headers) as session:
            async with session.get("/v1/platform/me", ssl=trusting) as response:
                assert response.status == 200
                assert response.headers["Strict-Transport-Security"].startswith("max-age=")
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await session.get("/ready")  # it is not signed by anybody whom the system trusts
            with pytest.raises(aiohttp.ClientError):
                await session.get(serving.url.replace("https", "http") + "/ready")


async def test_told_to_stop_it_ends_what_is_under_way_and_takes_nothing_new(
    serve_it: Callable[..., Any], served: Served, agent_of
) -> None:
    version = await agent_of("pottery/member")
    headers = {"Authorization": f"Bearer {served.keys['pottery/member']}"}
    with serve_it("--grace", "15") as serving:
        async with aiohttp.ClientSession(serving.url, headers=headers) as session:
            told = {"config_id": version.label, "scenario_id": "scenario1"}
            async with session.post(EXECUTIONS, json=told) as response:
                simulation_id = (await response.json())["simulation_id"]
            following = await session.get(f"/v1/evaluation/simulations/{simulation_id}/events")
            assert b"retry" in await following.content.readany()

            host, port = serving.url.removeprefix("http://").rsplit(":", 1)
            reader, writer = await asyncio.open_connection(host, int(port))
            body = json.dumps(told).encode()
            head = f"POST {EXECUTIONS} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {headers['Authorization']}\r\n"
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body[:5])
            await writer.drain()
            async with session.get("/ready") as response:  # the server has read what came before this
                assert response.status == 200

            serving.tell(signal.SIGTERM)
            rest = await following.content.read()
            assert b"event: closing" in rest
            with pytest.raises(ConnectionError):
                while True:  # until it no longer listens
                    _, another = await asyncio.open_connection(host, int(port))
                    another.close()
                    await asyncio.sleep(0.02)
            writer.write(body[5:])
            await writer.drain()
            async with asyncio.timeout(DEADLINE_S):
                answer = await reader.readuntil(b"\r\n\r\n")
                assert answer.startswith(b"HTTP/1.1 201"), answer
            writer.close()
        assert await asyncio.to_thread(serving.program.wait, DEADLINE_S) == 0


@pytest.fixture
def server_dir() -> Iterator[Path]:
    with place_for_servers() as place:
        yield place / "house"


async def test_postgresql_killed_under_load_makes_no_answer_wrong_and_no_outcome_double(
    server_dir: Path, tmp_path: Path
) -> None:
    house = await asyncio.to_thread(embedded.start, server_dir)
    await migrate.create_database(house.url(), "guildhall")
    await migrate.migrate(house.url(database="guildhall"))
    url = house.url(user="guildhall_login", database="guildhall")
    database = await Database.connect(url, size=2, pooled=False)
    version = await save_agent(database, identity.LOCAL)
    async with database.transaction(identity.LOCAL) as tx:
        key = (await identity.create_key(tx, "load", rate_limit=None)).text
    await database.close()

    statuses: dict[int, int] = {}
    answered: list[str] = []
    enough = asyncio.Event()
    with serve(environment_of(url, tmp_path), tmp_path, "--workers", 2) as serving:
        async with aiohttp.ClientSession(serving.url, headers={"Authorization": f"Bearer {key}"}) as session:
            told = {"config_version_id": version.label, "scenario_set": ["scenario1"], "trials": 1}
            async with session.post(EXECUTIONS, json=told) as response:
                simulation_id = (await response.json())["simulation_id"]

            async def record() -> None:
                while not enough.is_set():
                    outcome = {
                        "outcome_id": str(clock.new_id()),
                        "simulation_id": simulation_id,
                        "scenario_id": "scenario1",
                        "status": "success",
                        "reliability_score": 1,
                    }
                    sent = {"json": {"outcomes": [outcome]}, "headers": {"Idempotency-Key": uuid4().hex}}
                    while True:  # the same request, until it is answered with success
                        try:
                            async with session.post(OUTCOMES, **sent) as response:
                                document = await response.json()
                                statuses[response.status] = statuses.get(response.status, 0) + 1
                        except aiohttp.ClientConnectionError:
                            continue
                        if response.status == 200:
                            break
                        assert response.status == 503, document
                        assert int(response.headers["Retry-After"]) >= 1
                        await asyncio.sleep(0.05)
                    assert (document["stored"], document["refused"]) == (1, 0), document
                    answered.append(outcome["outcome_id"])

            async def until(reached: Callable[[], bool]) -> None:
                async with asyncio.timeout(DEADLINE_S):
                    while not reached():
                        assert not any(each.done() for each in load)
                        await asyncio.sleep(0.02)

            load = [asyncio.create_task(record()) for _ in range(6)]
            await until(lambda: len(answered) > 30)
            await asyncio.to_thread(embedded.stop, server_dir)  # breaks off whatever is under way
            await until(lambda: statuses.get(503, 0) > 5)
            async with session.get("/health") as response:
                assert response.status == 200
            async with session.get("/ready") as response:
                assert response.status == 503
            await asyncio.to_thread(house.close)
            house = await asyncio.to_thread(embedded.start, server_dir)
            there = len(answered)
            await until(lambda: len(answered) > there + 30)
            enough.set()
            await asyncio.gather(*load)
            stored: list[str] = []
            path: str | None = f"{OUTCOMES}?simulation={simulation_id}&limit=1000&fields=outcome_id"
            async with session.get(path, headers={"Accept": "application/x-ndjson"}) as response:
                stored = [json.loads(line)["outcome_id"] for line in (await response.text()).splitlines()]
    await asyncio.to_thread(house.close)
    assert set(statuses) == {200, 503}
    assert sorted(stored) == sorted(answered)
