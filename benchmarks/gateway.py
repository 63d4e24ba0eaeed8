"""
What a call through the gateway costs, with both of its rows durable.

One process of `guildhall gateway serve` on one core; client and upstream on the
other; an embedded PostgreSQL with fsync on, on whichever is free. In the same
run, in turns, the same calls straight to the upstream, through a bare
passthrough, through the bare prototype that writes the same two rows
(`passthrough_pg.py`, RECORD=intent), and through LiteLLM's proxy without a
database where `--litellm` names its program.

    python benchmarks/gateway.py --peers DIR --rounds 2 [--litellm /path/to/litellm] [--only guildhall,bare-pg]

DIR holds the upstream, the load client and the bare programs (`fake_upstream.py`,
`loadgen.py`, `passthrough.py`, `passthrough_pg.py`, `litellm.yaml`). `cpu_us` is the
target process group's own CPU time for each call, `chunk_us` for each of a
stream's 34 chunks; PostgreSQL's is not in it. Prints JSON; afterwards the
client's count is held against the upstream's and the ledger's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shlex
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg

from guildhall.app.wiring import App, keep_running
from guildhall.db import embedded
from guildhall.domains.gateway import providers
from guildhall.domains.platform import identity
from guildhall.settings import Settings

CASES = (
    ("plain", "fake-0", 64, False),
    ("added", "fake-50", 16, False),
    ("burst", "fake-0", 16, True),
    ("paced", "fake-50-5", 16, True),
)
CHUNKS = 34
TARGET_CPU, LOAD_CPU = "0", "1"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--litellm", type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="guildhall-bench-") as place, ExitStack() as stack:
        Path(place).chmod(0o755)
        stack.callback(embedded.stop, Path(place))
        report = measure(asked, Path(place), stack)
    print(json.dumps(report, indent=2))


def measure(asked: argparse.Namespace, place: Path, stack: ExitStack) -> dict[str, Any]:
    superuser = asyncio.run(keep_running(Settings(data_dir=place)))
    upstream = f"http://127.0.0.1:{free_port()}"
    script = asked.peers / "fake_upstream.py"
    stack.enter_context(running([sys.executable, str(script), "--port", upstream.rpartition(":")[2]], LOAD_CPU, {}))
    await_answer(f"{upstream}/count")
    key = asyncio.run(prepare(place, upstream))
    targets = dict(start_targets(asked, place, superuser, upstream, key, stack))
    results: dict[str, dict[str, list[dict[str, Any]]]] = {name: {} for name in targets}
    counted = 0
    for _ in range(asked.rounds):
        for case, model, concurrent, streams in CASES:
            for name, (url, pid, used) in targets.items():
                before_s, before = cpu_s(pid), upstream_count(upstream)
                found = load(asked, url, model, concurrent, streams, used)
                spent_us = (cpu_s(pid) - before_s) * 1e6 / max(1, found["ok_total"])
                found["cpu_us"] = round(spent_us)
                results[name].setdefault(case, []).append(found)
                if name == "guildhall":
                    counted += upstream_count(upstream) - before
    report: dict[str, Any] = {
        name: {case: summed(runs) for case, runs in each.items()} for name, each in results.items()
    }
    if "guildhall" in targets:
        time.sleep(1)
        report["ledger"] = asyncio.run(ledger_counts(superuser, counted))
    return report


def start_targets(
    asked: argparse.Namespace, place: Path, superuser: str, upstream: str, key: str, stack: ExitStack
) -> Iterator[tuple[str, tuple[str, int | None, str]]]:
    wanted = set(filter(None, asked.only.split(",")))
    peers = {"PYTHONPATH": f"{asked.peers}:{os.environ.get('PYTHONPATH', '')}", "UPSTREAM": upstream, "DSN": superuser}

    def asgi(app: str, **more: str) -> tuple[str, int]:
        port = free_port()
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            app,
            "--port",
            str(port),
            "--loop",
            "uvloop",
            "--no-access-log",
            "--log-level",
            "error",
        ]
        program = stack.enter_context(running(command, TARGET_CPU, {**peers, **more}))
        return f"http://127.0.0.1:{port}", program.pid

    def takes(name: str) -> bool:
        return not wanted or name in wanted

    if takes("direct"):
        yield "direct", (upstream, None, "sk-test")
    if takes("bare"):
        url, pid = asgi("passthrough:raw_aiohttp")
        yield "bare", (url, pid, "sk-test")
    if takes("bare-pg"):
        url, pid = asgi("passthrough_pg:app", RECORD="intent")
        await_answer(f"{url}/health")
        yield "bare-pg", (url, pid, "sk-test")
    if takes("guildhall"):
        port = free_port()
        command = [sys.executable, "-m", "guildhall", "gateway", "serve", "--port", str(port), "--log-level", "warning"]
        told = {
            "GUILDHALL_DATA_DIR": str(place),
            "GUILDHALL_SECRET_KEY": "11" * 32,
            "GUILDHALL_GATEWAY_NETWORKS": "127.0.0.0/8",
        }
        program = stack.enter_context(running(command, TARGET_CPU, told))
        await_answer(f"http://127.0.0.1:{port}/health")
        yield "guildhall", (f"http://127.0.0.1:{port}", program.pid, key)
    if asked.litellm and takes("litellm"):
        port = free_port()
        command = [
            str(asked.litellm),
            "--config",
            str(asked.peers / "litellm.yaml"),
            "--port",
            str(port),
            "--num_workers",
            "1",
        ]
        told = {"UPSTREAM_V1": f"{upstream}/v1", "LITELLM_MASTER_KEY": "sk-test"}
        program = stack.enter_context(running(command, TARGET_CPU, told))
        await_answer(f"http://127.0.0.1:{port}/health/liveliness", patience_s=120)
        yield "litellm", (f"http://127.0.0.1:{port}", program.pid, "sk-test")


async def prepare(place: Path, upstream: str) -> str:
    """An account at the upstream, and a key without a limit."""
    settings = Settings(data_dir=place, secret_key="11" * 32)
    async with App.open(settings) as app, app.transaction() as tx:
        config = {
            "models": ["*"],
            "prices": {each: {"input": 1, "output": 2} for each in ("fake-0", "fake-50", "fake-50-5")},
        }
        await providers.add_account(
            tx,
            providers.NewAccount("upstream", "openai", f"{upstream}/v1", config=config, key="up"),
            identity.read_keyring("11" * 32),
            networks=providers.read_networks(["127.0.0.0/8"]),
        )
        return (await identity.create_key(tx, "bench", rate_limit=None)).text


def load(asked: argparse.Namespace, url: str, model: str, concurrent: int, streams: bool, key: str) -> dict[str, Any]:
    command = [
        *("taskset", "-c", LOAD_CPU, sys.executable, str(asked.peers / "loadgen.py")),
        *("--url", f"{url}/v1/chat/completions", "--model", model, "-c", str(concurrent), "-d", str(asked.seconds)),
        *("--warmup", "0.5", "--key", key, *(["--stream"] if streams else [])),
    ]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


def summed(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The median of the rounds."""
    names = ("rps", "p50", "p99", "ttfb50", "ttfb99", "cpu_us")
    found = {name: round(statistics.median(run[name] for run in runs), 2) for name in names}
    if runs[0]["stream"]:
        found["chunk_us"] = round(found["cpu_us"] / CHUNKS, 1)
    return found | {"bad": sum(run["bad"] for run in runs)}


async def ledger_counts(superuser: str, upstream: int) -> dict[str, int]:
    connection = await asyncpg.connect(superuser)
    try:
        [row] = await connection.fetch(
            "SELECT (SELECT count(*) FROM store.llm_requests) AS requests, (SELECT count(*) FROM store.llm_responses) AS responses, "
            "(SELECT count(*) FROM store.llm_requests WHERE status = 'completed') AS completed"
        )
    finally:
        await connection.close()
    return {"upstream": upstream, **dict(row)}


@contextmanager
def running(command: list[str], cpu: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    log = tempfile.TemporaryFile()  # noqa: SIM115 - closed below, once the program has ended
    program = subprocess.Popen(
        ["taskset", "-c", cpu, *command],
        env={**os.environ, **environment},
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        yield program
    finally:
        if program.poll() not in (None, 0):
            log.seek(0)
            sys.stderr.write(f"{shlex.join(command)} ended with {program.returncode}: {log.read()[-2000:].decode()}\n")
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGTERM)
        try:
            program.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
        log.close()


def await_answer(url: str, patience_s: float = 30.0) -> None:
    until = time.monotonic() + patience_s
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).read()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def upstream_count(upstream: str) -> int:
    found: int = json.loads(urllib.request.urlopen(f"{upstream}/count", timeout=5).read())["requests"]
    return found


def cpu_s(group: int | None) -> float:
    """CPU time of a process group."""
    total = 0
    for each in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            if group is not None and os.getpgid(int(each.name)) == group:
                fields = (each / "stat").read_text().rsplit(")", 1)[1].split()
                total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


if __name__ == "__main__":
    main()
