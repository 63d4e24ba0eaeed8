"""
Spans per second over OTLP/HTTP until they are acknowledged: durable, visible, and made into trials.

One server process and one client process of two connections, on an embedded
PostgreSQL with fsync on. Requests of 500 spans in protobuf: runs of an agent of
ten spans each (a root, calls of a model and of a tool), with 2 KiB of
attributes a span. Beside it, alternating: binary COPY of the same spans into
the same table by the application's role, rows ready, nothing decoded, no
trials; and, where `--peer` names one, another server's /v1/traces with the same
bodies.

    python benchmarks/otlp.py --spans 20000 --rounds 3
    python benchmarks/otlp.py --peer http://127.0.0.1:5000/v1/traces --peer-header x-mlflow-experiment-id=1

Prints JSON lines.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from guildhall.adapters import otlp
from guildhall.db import Database, embedded, migrate
from guildhall.domains.evaluation import traces
from guildhall.domains.platform import identity

PER_REQUEST = 500
PER_TRACE = 10
CONNECTIONS = 2
WORDS = [f"w{n:04d}" for n in range(4000)]
HEADERS = {"Content-Type": otlp.PROTOBUF}


def bodies(spans: int, attribute_bytes: int, chance: random.Random) -> list[bytes]:
    """Requests of runs that nobody has sent before."""
    began = time.time_ns() - 3_600_000_000_000
    made = []
    for _ in range(spans // PER_REQUEST):
        request = ExportTraceServiceRequest()
        group = request.resource_spans.add()
        add(group.resource, "service.name", "bench")
        part = group.scope_spans.add()
        for _ in range(PER_REQUEST // PER_TRACE):
            trace_id, root_id, start = chance.randbytes(16), chance.randbytes(8), began + chance.randrange(3 * 10**12)
            for place in range(PER_TRACE):
                kind = "AGENT" if place == 0 else "LLM" if place % 2 else "TOOL"
                span = part.spans.add(
                    trace_id=trace_id,
                    span_id=chance.randbytes(8) if place else root_id,
                    parent_span_id=root_id if place else b"",
                    name={"AGENT": "agent_run", "LLM": "chat", "TOOL": "search"}[kind],
                    kind=1,
                    start_time_unix_nano=start + place * 10**6,
                    end_time_unix_nano=start + (place + 1) * 10**6 + (0 if place else PER_TRACE * 10**6),
                )
                span.status.code = Status.STATUS_CODE_ERROR if chance.random() < 0.1 else Status.STATUS_CODE_OK
                add(span, "openinference.span.kind", kind)
                for name in ("input.value", "output.value"):
                    add(span, name, " ".join(chance.choices(WORDS, k=attribute_bytes // 12)))
                if kind == "LLM":
                    add(span, "llm.model_name", "mock")
                    add(span, "llm.token_count.prompt", chance.randrange(4000))
                    add(span, "llm.token_count.completion", chance.randrange(900))
        made.append(request.SerializeToString())
    return made


def add(owner: object, key: str, value: str | int) -> None:
    item = owner.attributes.add()  # type: ignore[attr-defined]
    item.key = key
    if isinstance(value, int):
        item.value.int_value = value
    else:
        item.value.string_value = value


def send(url: str, headers: Mapping[str, str], requests: Sequence[bytes]) -> tuple[float, list[float]]:
    """Seconds until every request is acknowledged, and the milliseconds that each took."""
    target = urlsplit(url)
    took_ms: list[float] = []
    failed: list[str] = []

    def run(mine: Sequence[bytes]) -> None:
        connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=300)
        for body in mine:
            began = time.perf_counter()
            connection.request("POST", target.path, body, {**HEADERS, **headers})
            response = connection.getresponse()
            answer = response.read()
            if response.status != 200 or (answer and b"refused" in answer):
                failed.append(f"{response.status} {answer[:200]!r}")
                return
            took_ms.append((time.perf_counter() - began) * 1e3)

    threads = [threading.Thread(target=run, args=(requests[n::CONNECTIONS],)) for n in range(CONNECTIONS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise SystemExit(failed[0])
    return time.perf_counter() - began, took_ms


async def copy_raw(url: str, requests: Sequence[bytes]) -> float:
    """Seconds for the same spans by COPY alone, in transactions as large as the requests."""
    database = await Database.connect(url, size=CONNECTIONS)
    batches = [otlp.spans_of(body, otlp.PROTOBUF) for body in requests]

    async def run(mine: Sequence[list[traces.Span]]) -> None:
        for batch in mine:
            async with database.transaction(identity.LOCAL) as tx:
                await traces.keep_spans(tx, batch)

    began = time.perf_counter()
    await asyncio.gather(*(run(batches[n::CONNECTIONS]) for n in range(CONNECTIONS)))
    took = time.perf_counter() - began
    await database.close()
    return took


async def make_key(url: str) -> str:
    database = await Database.connect(url, size=1)
    async with database.transaction(identity.LOCAL) as tx:
        made = await identity.create_key(tx, "benchmark", rate_limit=None)
    await database.close()
    return made.text


async def counts(url: str) -> tuple[int, int]:
    connection = await asyncpg.connect(url)
    row = await connection.fetchrow("SELECT (SELECT count(*) FROM store.spans), (SELECT count(*) FROM store.outcomes)")
    await connection.execute("TRUNCATE store.spans, store.outcomes, store.tool_usage, store.failure_patterns")
    await connection.execute("TRUNCATE evaluation.simulations CASCADE")
    await connection.execute("CHECKPOINT")
    await connection.close()
    assert row is not None
    return row[0], row[1]


def serve(url: str, data: Path) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "GUILDHALL_DATABASE_URL": url, "GUILDHALL_DATA_DIR": str(data)}
    command = [sys.executable, "-m", "uvicorn", "--factory", "guildhall.asgi:application", "--port", str(port)]
    server = subprocess.Popen([*command, "--log-level", "warning", "--no-access-log"], env=environment)
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if server.poll() is not None:
                raise SystemExit("the server did not start") from None
            time.sleep(0.05)
            continue
        return server, f"http://127.0.0.1:{port}/v1/traces"


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--attribute-bytes", type=int, default=2048)
    parser.add_argument("--peer")
    parser.add_argument("--peer-header", action="append", default=[])
    given = parser.parse_args()
    chance = random.Random(time.time_ns())
    peer_headers = dict(each.split("=", 1) for each in given.peer_header)
    rates: dict[str, list[float]] = {"http": [], "copy": [], "peer": []}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o755)
        with embedded.start(place / "server", settings={"max_wal_size": "4GB"}) as postgres:
            url = postgres.url(database="guildhall")
            asyncio.run(migrate.create_database(postgres.url(), "guildhall"))
            asyncio.run(migrate.migrate(url))
            application_url = postgres.url(user="guildhall_login", database="guildhall")
            key = asyncio.run(make_key(application_url))
            server, target = serve(application_url, place / "data")
            try:
                authorised = {"Authorization": f"Bearer {key}"}
                send(target, authorised, bodies(PER_REQUEST * CONNECTIONS, given.attribute_bytes, chance))  # warm
                asyncio.run(counts(url))
                for number in range(given.rounds):
                    todo = bodies(given.spans, given.attribute_bytes, chance)
                    spans = len(todo) * PER_REQUEST
                    before = cpu_s(server.pid)
                    took, each_ms = send(target, authorised, todo)
                    server_s = cpu_s(server.pid) - before
                    assert asyncio.run(counts(url)) == (spans, spans // PER_TRACE), "something is missing"
                    raw = asyncio.run(copy_raw(application_url, todo))
                    asyncio.run(counts(url))
                    rates["http"].append(spans / took)
                    rates["copy"].append(spans / raw)
                    line = {
                        "round": number,
                        "spans_per_s": round(spans / took),
                        "copy_spans_per_s": round(spans / raw),
                        "server_us_per_span": round(server_s / spans * 1e6),
                        "request_p50_ms": round(statistics.median(each_ms), 1),
                        "request_p99_ms": round(sorted(each_ms)[int(len(each_ms) * 0.99) - 1], 1),
                    }
                    if given.peer:
                        took, _ = send(given.peer, peer_headers, todo)
                        rates["peer"].append(spans / took)
                        line["peer_spans_per_s"] = round(spans / took)
                    print(json.dumps(line), flush=True)
            finally:
                server.terminate()
                server.wait()
    summary = {name: round(statistics.median(each)) for name, each in rates.items() if each}
    ratios = {f"of_{other}": round(summary["http"] / summary[other], 2) for other in summary if other != "http"}
    print(json.dumps({"median": summary, **ratios}))


if __name__ == "__main__":
    main()
