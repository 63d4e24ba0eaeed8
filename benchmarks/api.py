"""
What the HTTP API costs: a point read, bulk ingest, and listeners who wait.

One server process, one client process, an embedded PostgreSQL with fsync on,
everything warm and with a key. In turns with it, the least that a Python server
can do for the same: a bare ASGI application under the same uvicorn, which runs
the same BEGIN, SELECT and COMMIT through the same driver and sends the row.
For ingest the limit is the same records stored in this process, without HTTP.

    python benchmarks/api.py --rounds 5

`*_cpu_ms` is the server process's own CPU time for each request; PostgreSQL's
and the client's are not in it. Prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import orjson

from guildhall import clock
from guildhall.app import telling
from guildhall.app.telling import Fields, executions
from guildhall.app.wiring import App, keep_running
from guildhall.db import embedded
from guildhall.domains.evaluation import outcomes, scenarios
from guildhall.domains.platform import identity
from guildhall.settings import Settings

CONNECTIONS = 8
BATCH = 500
TRAJECTORY = {"steps": [{"role": "assistant", "text": "word " * 360}]}

BARE = """
import os, asyncpg, orjson
async def app(scope, receive, send):
    global pool
    if scope["type"] == "lifespan":
        await receive()
        pool = await asyncpg.create_pool(os.environ["BARE_URL"], min_size=8, max_size=8)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    async with pool.acquire() as connection:
        await connection.execute("BEGIN; SET LOCAL ROLE guildhall_app; SELECT set_config('app.user_id', '%s', true), set_config('app.tenant_id', '%s', true)")
        row = await connection.fetchrow("SELECT outcome_id::text, scenario_id, status, passed, trajectory FROM evaluation.outcomes WHERE outcome_id = $1 AND execution_time = $2", ID, AT)
        await connection.execute("COMMIT")
    body = orjson.dumps(dict(row))
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})
"""


def cpu_s(process: subprocess.Popen[bytes]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(process: subprocess.Popen[bytes]) -> float:
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError("VmRSS")


@contextmanager
def serving(module: str, environment: dict[str, str], *options: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", module, "--port", str(port), "--no-access-log", "--log-level", "error"]
    process = subprocess.Popen([*command, *options], env={**os.environ, **environment})
    try:
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.wait()


async def read(url: str, headers: dict[str, str], requests: int) -> float:
    """Seconds for so many requests over `CONNECTIONS` connections, one after the other on each."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:

        async def some() -> None:
            for _ in range(requests // CONNECTIONS):
                async with session.get(url) as response:
                    assert response.status == 200, await response.text()
                    await response.read()

        began = time.perf_counter()
        await asyncio.gather(*(some() for _ in range(CONNECTIONS)))
        return time.perf_counter() - began


async def begin(app: App, trials: int) -> Any:
    async with app.transaction() as tx:
        return await executions.begin(
            tx, {"config_version_id": "bench@v1", "scenario_set": ["scenario_1"], "trials": trials}
        )


def told(simulation_id: object) -> dict[str, Any]:
    return {
        "simulation_id": str(simulation_id),
        "scenario_id": "scenario_1",
        "status": "success",
        "reliability_score": 1.0,
        "tokens_used": 1200,
        "cost_usd": 0.0021,
        "execution_time_ms": 812.5,
        "trajectory": TRAJECTORY,
    }


async def ingest_over_http(url: str, headers: dict[str, str], app: App, amount: int) -> float:
    known = await begin(app, amount)
    body = orjson.dumps({"outcomes": [told(known.simulation_id)] * BATCH})
    async with aiohttp.ClientSession(headers={**headers, "Content-Type": "application/json"}) as session:

        async def some(batches: int) -> None:
            for _ in range(batches):
                async with session.post(f"{url}/v1/evaluation/outcomes", data=body) as response:
                    document = await response.json()
                    assert document["stored"] == BATCH, document

        began = time.perf_counter()
        await asyncio.gather(*(some(amount // BATCH // 2) for _ in range(2)))
        return time.perf_counter() - began


async def ingest_directly(app: App, amount: int) -> float:
    known = await begin(app, amount)

    async def some(batches: int) -> None:
        for _ in range(batches):
            packed = []
            for _ in range(BATCH):
                fields = Fields("an outcome", told(known.simulation_id))
                fields.identifier("simulation_id")
                packed.append(outcomes.pack(telling.outcome_record(told(known.simulation_id), fields, known)))
            async with app.transaction() as tx:
                await outcomes.record_trials(tx, packed)

    began = time.perf_counter()
    await asyncio.gather(*(some(amount // BATCH // 2) for _ in range(2)))
    return time.perf_counter() - began


async def listen(
    url: str, headers: dict[str, str], simulation_id: object, listeners: int, process: subprocess.Popen[bytes]
) -> dict[str, float]:
    before = resident_mb(process)
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(headers=headers, connector=connector, timeout=timeout) as session:
        streams = []
        for _ in range(listeners):
            response = await session.get(f"{url}/v1/evaluation/simulations/{simulation_id}/events")
            assert response.status == 200
            await response.content.readany()
            streams.append(response)
        cpu = cpu_s(process)
        await asyncio.sleep(10)
        busy = (cpu_s(process) - cpu) / 10
        held = resident_mb(process)
        for response in streams:
            response.close()
    return {"listeners": listeners, "listeners_mb": round(held - before, 1), "listeners_cpu_share": round(busy, 3)}


SCENARIO = """
SELECT set_config('app.tenant_id', '{tenant}', false), set_config('app.user_id', '{user}', false);
INSERT INTO evaluation.configurations (config_id, name) VALUES ('00000000-0000-0000-0000-000000000001', 'bench');
INSERT INTO evaluation.config_versions (version_id, config_id, version_number, raw_yaml, parsed_config, config_hash)
VALUES ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000000001', 1, 'model: x',
        '{{"model": "x", "temperature": 0}}', repeat('0', 64));
"""


@asynccontextmanager
async def prepared(settings: Settings) -> AsyncIterator[tuple[App, str, str]]:
    url = await keep_running(settings)
    administrator = await asyncpg.connect(url)
    local = identity.LOCAL
    await administrator.execute(SCENARIO.format(tenant=local.tenant_id, user=local.user_id))
    await administrator.close()
    async with App.open(settings) as app:
        case = scenarios.scenario_from(
            {
                "scenario_id": "scenario_1",
                "name": "One",
                "task_prompt": "Do what is to be done.",
                "scorers": [{"type": "exact", "value": "x"}],
            }
        )
        async with app.transaction() as tx:
            await scenarios.save_scenarios(tx, [case])
            key = await identity.create_key(tx, "bench", rate_limit=None)
        yield app, key.text, url


async def measure(options: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    figures: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        figures.setdefault(name, []).append(value)

    async with prepared(settings) as (app, key, url):
        headers = {"Authorization": f"Bearer {key}", "Accept-Encoding": "identity"}
        environment = {"GUILDHALL_DATA_DIR": str(settings.data_dir)}
        known = await begin(app, 1)
        record = {**told(known.simulation_id), "outcome_id": str(clock.new_id())}
        bare = settings.data_dir.parent / "bare.py"
        with serving("guildhall.asgi:application", environment, "--factory") as (ours, process):
            async with (
                aiohttp.ClientSession(headers=headers) as session,
                session.post(f"{ours}/v1/evaluation/outcomes", json={"outcomes": [record]}) as response,
            ):
                outcome_id = UUID((await response.json())["items"][0]["outcome_id"])
            async with app.transaction() as tx:
                stored = await outcomes.get_outcome(tx, outcome_id)
            local = identity.LOCAL
            text = BARE % (local.user_id, local.tenant_id)
            text = f"import uuid, datetime\nID = uuid.UUID('{outcome_id}')\nAT = datetime.datetime.fromisoformat('{stored.execution_time.isoformat()}')\n{text}"
            bare.write_text(text)
            path = f"{ours}/v1/evaluation/outcomes/{outcome_id}"
            with serving("bare:app", {"PYTHONPATH": str(bare.parent), "BARE_URL": url}) as (limit, bare_process):
                for _ in range(options.rounds + 1):
                    for name, where, server in (("bare", limit, bare_process), ("read", path, process)):
                        cpu = cpu_s(server)
                        took = await read(where, headers, options.requests)
                        note(f"{name}_per_s", options.requests / took)
                        note(f"{name}_cpu_ms", (cpu_s(server) - cpu) / options.requests * 1000)
            for _ in range(options.rounds + 1):
                note("direct_outcomes_per_s", options.outcomes / await ingest_directly(app, options.outcomes))
                note(
                    "http_outcomes_per_s",
                    options.outcomes / await ingest_over_http(ours, headers, app, options.outcomes),
                )
            waiting = await begin(app, 5)
            listening = await listen(ours, headers, waiting.simulation_id, options.listeners, process)
    medians = {name: round(statistics.median(values[1:]), 3) for name, values in figures.items()}
    return {
        **medians,
        "read_cpu_over_bare": round(medians["read_cpu_ms"] / medians["bare_cpu_ms"], 2),
        "read_per_core_per_s": round(1000 / medians["read_cpu_ms"]),
        "http_over_direct": round(medians["http_outcomes_per_s"] / medians["direct_outcomes_per_s"], 2),
        **listening,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--outcomes", type=int, default=10_000)
    parser.add_argument("--listeners", type=int, default=1000)
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        settings = replace(Settings.from_environment({}), data_dir=Path(folder) / "data")
        try:
            print(json.dumps(asyncio.run(measure(options, settings)), indent=2))
        finally:
            embedded.stop(settings.data_dir)


if __name__ == "__main__":
    main()
