"""
What the HTTP API costs: point reads, bulk ingest, and listeners who wait.

`guildhall serve` with one worker, one client process, an embedded PostgreSQL
with fsync on, everything warm and with a key; the line in the log for each
request is written, to nowhere. In turns with it, the least that a Python server
can do for the same: a bare ASGI application under uvicorn, which runs the same
BEGIN, one SELECT and COMMIT through the same driver and sends the row. For
ingest the limit is the same records stored in this process, without HTTP.

    python benchmarks/api.py --rounds 5
    python benchmarks/api.py --rounds 5 --only reads

The outcome that is read has a trajectory of 2 KB, calls of two tools and a
failure. `*_cpu_ms` is the server process's own CPU time for each request;
PostgreSQL's and the client's are not in it. Prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class Served:
    """The server that is measured: where it answers, its worker's process, and the database beside it."""

    url: str
    pid: int
    headers: dict[str, str]
    app: App
    database_url: str


class Figures:
    """What was measured, round after round; the first warms up and does not count."""

    def __init__(self) -> None:
        self._rounds: dict[str, list[float]] = {}

    def note(self, name: str, value: float) -> None:
        self._rounds.setdefault(name, []).append(value)

    def medians(self) -> dict[str, float]:
        return {name: round(statistics.median(values[1:]), 3) for name, values in self._rounds.items()}


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError("VmRSS")


@contextmanager
def bare_server(environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """The URL and the process of the bare application."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "bare:app", "--port", str(port), "--no-access-log"]
    process = subprocess.Popen([*command, "--log-level", "error"], env={**os.environ, **environment})
    try:
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait()


@contextmanager
def our_server(environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """The URL of `guildhall serve`, and the process of its one worker."""
    command = [sys.executable, "-m", "guildhall", "serve", "--port", "0"]
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        told = re.search(r"https?://\S+", process.stdout.readline())
        assert told, "guildhall serve does not start"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield told[0], next(int(each) for each in children if b"guildhall.server.worker" in _command(each))
    finally:
        process.terminate()
        process.wait()


def _command(pid: str) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


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
    url: str, headers: dict[str, str], simulation_id: object, listeners: int, pid: int
) -> dict[str, float]:
    before = resident_mb(pid)
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(headers=headers, connector=connector, timeout=timeout) as session:
        streams = []
        for _ in range(listeners):
            response = await session.get(f"{url}/v1/evaluation/simulations/{simulation_id}/events")
            assert response.status == 200
            await response.content.readany()
            streams.append(response)
        cpu = cpu_s(pid)
        await asyncio.sleep(10)
        busy = (cpu_s(pid) - cpu) / 10
        held = resident_mb(pid)
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


async def measure_reads(figures: Figures, options: argparse.Namespace, served: Served) -> None:
    known = await begin(served.app, 1)
    record = {
        **told(known.simulation_id),
        "outcome_id": str(clock.new_id()),
        "tools": [{"tool_name": name, "duration_ms": 41.5, "success": True} for name in ("look_up", "refund")],
        "failures": [{"failure_category": "tool_error", "error_message": "no such order"}],
    }
    async with (
        aiohttp.ClientSession(headers=served.headers) as session,
        session.post(f"{served.url}/v1/evaluation/outcomes", json={"outcomes": [record]}) as response,
    ):
        outcome_id = UUID((await response.json())["items"][0]["outcome_id"])
    async with served.app.transaction() as tx:
        stored = await outcomes.get_outcome(tx, outcome_id)
    assert stored.tools
    assert stored.failures
    local = identity.LOCAL
    bare = served.app.settings.data_dir.parent / "bare.py"
    bare.write_text(
        f"import uuid, datetime\nID = uuid.UUID('{outcome_id}')\n"
        f"AT = datetime.datetime.fromisoformat('{stored.execution_time.isoformat()}')\n"
        f"{BARE % (local.user_id, local.tenant_id)}"
    )
    evaluation = f"{served.url}/v1/evaluation"
    with bare_server({"PYTHONPATH": str(bare.parent), "BARE_URL": served.database_url}) as (limit, limit_pid):
        reads = {
            "bare": (limit, limit_pid),
            "outcome": (f"{evaluation}/outcomes/{outcome_id}", served.pid),
            "simulation": (f"{evaluation}/simulations/{known.simulation_id}", served.pid),
        }
        for _ in range(options.rounds + 1):
            for name, (url, pid) in reads.items():
                cpu = cpu_s(pid)
                took = await read(url, served.headers, options.requests)
                figures.note(f"{name}_per_s", options.requests / took)
                figures.note(f"{name}_cpu_ms", (cpu_s(pid) - cpu) / options.requests * 1000)


async def measure_ingest(figures: Figures, options: argparse.Namespace, served: Served) -> None:
    amount = options.outcomes
    for _ in range(options.rounds + 1):
        figures.note("direct_outcomes_per_s", amount / await ingest_directly(served.app, amount))
        took = await ingest_over_http(served.url, served.headers, served.app, amount)
        figures.note("http_outcomes_per_s", amount / took)


async def measure(options: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    figures = Figures()
    listening: dict[str, float] = {}
    async with prepared(settings) as (app, key, database_url):
        headers = {"Authorization": f"Bearer {key}", "Accept-Encoding": "identity"}
        with our_server({"GUILDHALL_DATA_DIR": str(settings.data_dir)}) as (url, pid):
            served = Served(url, pid, headers, app, database_url)
            if options.only in (None, "reads"):
                await measure_reads(figures, options, served)
            if options.only in (None, "ingest"):
                await measure_ingest(figures, options, served)
            if options.only in (None, "listeners"):
                waiting = await begin(app, 5)
                listening = await listen(url, headers, waiting.simulation_id, options.listeners, pid)
    return {**compared(figures.medians()), **listening}


def compared(medians: dict[str, float]) -> dict[str, float]:
    """The figures with what they are of the limits that were measured beside them."""
    ratios: dict[str, float] = {}
    for name in ("outcome", "simulation"):
        if f"{name}_cpu_ms" in medians:
            ratios[f"{name}_cpu_over_bare"] = round(medians[f"{name}_cpu_ms"] / medians["bare_cpu_ms"], 2)
            ratios[f"{name}_per_core_per_s"] = round(1000 / medians[f"{name}_cpu_ms"])
    if "http_outcomes_per_s" in medians:
        ratios["http_over_direct"] = round(medians["http_outcomes_per_s"] / medians["direct_outcomes_per_s"], 2)
    return {**medians, **ratios}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=("reads", "ingest", "listeners"))
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
