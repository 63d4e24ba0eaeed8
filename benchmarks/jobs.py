"""
Jobs through the work engine, beside Procrastinate and PgQueuer in the same run.

drain: no-op jobs that are there already, finished by one and by two worker
processes, from the first handler to the last row that says so; ours with every
event in the history, PgQueuer at each of several batch sizes, of which the best
counts. latency: from the commit of a single enqueue to its handler, in another
process, at an even rate. enqueue: in batches of 1,000, by one caller and by four,
and one at a time by twenty callers at once. backlog (ours alone): claims and
completions with few jobs there, behind a million that wait, and beside a million
that are done. graph (ours alone): layers of jobs that wait for those before them.

An embedded PostgreSQL with fsync on; each library has a database of its own.

    python benchmarks/jobs.py --peers VENV/bin/python
    chrt -r 10 python benchmarks/jobs.py --peers VENV/bin/python    # on a shared machine

VENV has `procrastinate`, `pgqueuer`, `asyncpg` and `uvloop`. Prints JSON lines.
"""

# ruff: noqa: PLC0415 - each role loads what it needs: peers' processes have nothing of ours

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvloop

OnJob = Callable[[int], None]
LIBRARIES = ("guildhall", "pgqueuer", "procrastinate")
CONCURRENCY = 50
BATCHES = (100, 500, 1000)
BATCH = 1_000
CALLERS = 20


class Guildhall:
    unfinished = "SELECT count(*) FROM platform.background_tasks WHERE status IN ('pending', 'queued', 'running')"

    async def open(self, url: str) -> None:
        from contextlib import AsyncExitStack

        from guildhall.app.wiring import App
        from guildhall.app.workers import Enqueuer, Registry
        from guildhall.settings import Settings

        self.stack = AsyncExitStack()
        settings = Settings(database_url=url, data_dir=Path(tempfile.gettempdir()), pool_size=8)
        self.app = await self.stack.enter_async_context(App.open(settings))
        self.enqueuer = await self.stack.enter_async_context(Enqueuer(self.app))
        self.handlers = Registry()

        @self.handlers.job("noop")
        async def noop(payload: dict[str, Any]) -> None:
            self.on_job(payload["n"])

    async def setup(self) -> None:
        from guildhall.domains.platform import jobs

        async with self.app.database.duty("worker") as tx:
            await jobs.register_type(tx, self.handlers["noop"].kind)

    async def enqueue(self, n: int) -> None:
        from guildhall.domains.platform.jobs import NewJob

        await self.enqueuer.enqueue(NewJob("noop", {"n": n}))

    async def enqueue_many(self, numbers: range) -> None:
        from guildhall.domains.platform.jobs import NewJob

        await self.enqueuer.enqueue_many([NewJob("noop", {"n": n}) for n in numbers])

    async def enqueue_graph(self, layers: int, width: int) -> None:
        """Each job waits for three of the layer before; their numbers say which."""
        from guildhall import clock
        from guildhall.domains.platform.jobs import NewJob, Wait

        ids = [[clock.new_id() for _ in range(width)] for _ in range(layers)]
        await self.enqueuer.enqueue_many(
            [
                NewJob(
                    "noop",
                    {"n": layer * width + place},
                    id=ids[layer][place],
                    waits_for=[Wait(ids[layer - 1][each]) for each in awaited(place, width)] if layer else (),
                )
                for layer in range(layers)
                for place in range(width)
            ]
        )

    async def rates_of_steps(self, jobs_per_case: int, batch: int) -> float:
        """Jobs a second that one worker claims and completes, a batch in each round trip, with nothing between."""
        from guildhall.domains.platform import jobs

        async with self.app.database.duty("worker") as tx:
            await jobs.register_worker(tx, jobs.Worker("bench"))
            lanes = await jobs.lanes_of(tx, [("noop", "default")])
            held = await jobs.claim(tx, "bench", lanes, batch)
        began, count = time.perf_counter(), 0
        while count < jobs_per_case:
            async with self.app.database.duty("worker") as tx:
                done, claims = await jobs.step(
                    tx, "bench", [jobs.Done(each.id, each.token) for each in held], lanes, batch
                )
            assert len(done) == len(claims) == batch
            held, count = claims, count + batch
        rate = count / (time.perf_counter() - began)
        async with self.app.database.duty("worker") as tx:
            await jobs.complete(tx, "bench", [jobs.Done(each.id, each.token) for each in held])
        return rate

    async def work(self, on_job: OnJob, batch: int) -> None:
        from guildhall.app.workers import Worker

        self.on_job = on_job
        await Worker(self.app, self.handlers, concurrency=CONCURRENCY).run()


class PgQueuer:
    unfinished = "SELECT count(*) FROM pgqueuer WHERE status IN ('queued', 'picked')"

    async def open(self, url: str) -> None:
        import asyncpg
        from pgqueuer import AsyncpgPoolDriver, Queries

        self.pool = await asyncpg.create_pool(url, min_size=4, max_size=16)
        self.queries = Queries(AsyncpgPoolDriver(self.pool))

    async def setup(self) -> None:
        await self.queries.install()

    async def enqueue(self, n: int) -> None:
        await self.queries.enqueue("noop", str(n).encode())

    async def enqueue_many(self, numbers: range) -> None:
        texts = [str(n).encode() for n in numbers]
        await self.queries.enqueue(["noop"] * len(texts), texts, [0] * len(texts))

    async def work(self, on_job: OnJob, batch: int) -> None:
        from datetime import timedelta

        from pgqueuer import PgQueuer as Program

        program = Program.from_asyncpg_pool(self.pool)

        @program.entrypoint("noop")  # type: ignore[untyped-decorator]
        async def noop(job: Any) -> None:
            on_job(int(job.payload))

        await program.run(batch_size=batch, dequeue_timeout=timedelta(seconds=5), log_aggregation_interval=timedelta(0))


class Procrastinate:
    unfinished = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"

    async def open(self, url: str) -> None:
        import procrastinate

        self.program = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=url, min_size=4, max_size=16)
        )

        @self.program.task(name="noop", queue="bench")  # type: ignore[untyped-decorator]
        async def noop(n: int) -> None:
            self.on_job(n)

        self.task = noop
        await self.program.open_async()

    async def setup(self) -> None:
        await self.program.schema_manager.apply_schema_async()

    async def enqueue(self, n: int) -> None:
        await self.task.defer_async(n=n)

    async def enqueue_many(self, numbers: range) -> None:
        await self.task.batch_defer_async(*[{"n": n} for n in numbers])

    async def work(self, on_job: OnJob, batch: int) -> None:
        self.on_job = on_job
        await self.program.run_worker_async(
            queues=["bench"],
            concurrency=CONCURRENCY,
            listen_notify=True,
            install_signal_handlers=False,
            delete_jobs="never",
        )


def awaited(place: int, width: int) -> set[int]:
    """Which places of the layer before a job of the graph waits for."""
    return {place, (place + 1) % width, (place * 7) % width}


def library(name: str) -> Any:
    return {"guildhall": Guildhall, "pgqueuer": PgQueuer, "procrastinate": Procrastinate}[name]()


# what runs in a process of the library's own --------------------------------------


def say(**values: Any) -> None:
    print(json.dumps(values), flush=True)


async def _and_leave(role: Awaitable[None]) -> None:
    await role
    os._exit(0)  # whatever is open goes with the process


async def setup(name: str, url: str) -> None:
    made = library(name)
    await made.open(url)
    await made.setup()


async def fill(name: str, url: str, jobs: int) -> None:
    made = library(name)
    await made.open(url)
    for start in range(0, jobs, BATCH):
        await made.enqueue_many(range(start, min(start + BATCH, jobs)))


async def work(name: str, url: str, batch: int) -> None:
    """Tells how many jobs it has had, and when; at the end of stdin, when each began."""
    made, now, begun = library(name), time.time, dict[int, float]()
    await made.open(url)

    def on_job(n: int) -> None:
        begun[n] = now()

    is_over = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        is_over.set()

    def tell() -> None:
        while not is_over.wait(0.02):
            say(count=len(begun))
        say(begun=list(begun.items()))
        os._exit(0)

    for each in (tell, wait_for_end):
        threading.Thread(target=each, daemon=True).start()
    await made.work(on_job, batch)


async def produce(name: str, url: str, rate: float, seconds: float) -> None:
    """Enqueues one job after the other at an even rate, and tells when each was committed."""
    made = library(name)
    await made.open(url)
    committed: dict[int, float] = {}

    async def one(n: int) -> None:
        await made.enqueue(n)
        committed[n] = time.time()

    base, tasks = time.perf_counter() + 0.5, []
    for n in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, base + n / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(one(n)))
    await asyncio.gather(*tasks)
    say(committed=list(committed.items()))


async def enqueue(name: str, url: str, seconds: float) -> None:
    """How many jobs a second it adds in batches, by one caller and by four, and one at a time by many at once."""
    made = library(name)
    await made.open(url)
    await made.enqueue_many(range(10))
    in_batches = {}
    for callers in (1, 4):
        count, began = 0, time.perf_counter()

        async def fill_up(began: float = began) -> None:
            nonlocal count
            while time.perf_counter() - began < seconds:
                await made.enqueue_many(range(BATCH))
                count += BATCH

        await asyncio.gather(*(fill_up() for _ in range(callers)))
        in_batches[f"{callers} at once"] = round(count / (time.perf_counter() - began))
    numbers, began = itertools.count(), time.perf_counter()

    async def call() -> None:
        while time.perf_counter() - began < seconds:
            await made.enqueue(next(numbers))

    await asyncio.gather(*(call() for _ in range(CALLERS)))
    say(in_batches=in_batches, singly=round(next(numbers) / (time.perf_counter() - began)))


async def graph(name: str, url: str, layers: int, width: int) -> None:
    made = library(name)
    await made.open(url)
    await made.enqueue_graph(layers, width)


async def steps(name: str, url: str, jobs: int, batch: int) -> None:
    made = library(name)
    await made.open(url)
    say(per_s=await made.rates_of_steps(jobs, batch))


# the driver -------------------------------------------------------------------------


class Workers:
    """Processes at work, and how many jobs each has had so far."""

    def __init__(self, command: list[str], n: int) -> None:
        self.counts = [0] * n
        self.begun: dict[int, float] = {}
        self.processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(n)
        ]
        self.threads = [threading.Thread(target=self._read, args=(each,), daemon=True) for each in range(n)]
        for thread in self.threads:
            thread.start()

    def _read(self, n: int) -> None:
        stdout = self.processes[n].stdout
        assert stdout is not None
        for line in stdout:
            told = json.loads(line)
            if "count" in told:
                self.counts[n] = told["count"]
            else:
                self.begun.update((number, at) for number, at in told["begun"])

    def wait_for(self, jobs: int, limit_s: float = 120) -> None:
        until = time.time() + limit_s
        while sum(self.counts) < jobs and time.time() < until:
            time.sleep(0.005)
        assert sum(self.counts) >= jobs, f"only {self.counts} of {jobs} jobs were begun"

    def end(self) -> dict[int, float]:
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.close()
        for thread, process in zip(self.threads, self.processes, strict=True):
            thread.join(30)
            process.kill()
            process.wait()
        return self.begun


class Driver:
    def __init__(self, server_url: str, peers: str | None) -> None:
        self.server_url = server_url
        self.peers = peers
        self.numbers = itertools.count()

    def python(self, name: str) -> str:
        return sys.executable if name == "guildhall" else str(self.peers)

    def command(self, name: str, url: str, what: str, *arguments: object) -> list[str]:
        return [self.python(name), __file__, what, name, url, *map(str, arguments)]

    def ask(self, name: str, url: str, what: str, *arguments: object) -> dict[str, Any]:
        done = subprocess.run(self.command(name, url, what, *arguments), stdout=subprocess.PIPE, text=True, check=True)
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
        return answer

    async def database(self, name: str) -> tuple[str, str]:
        """A new database with the library's schema: its URL for the library, and the superuser's."""
        import asyncpg

        from guildhall.db import migrate

        database = f"bench_{name}_{next(self.numbers)}"
        connection = await asyncpg.connect(self.server_url)
        await connection.execute(f"CREATE DATABASE {database}")
        await connection.execute("CHECKPOINT")
        await connection.close()
        admin = self.server_url.replace("/postgres?", f"/{database}?")
        url = admin
        if name == "guildhall":
            await migrate.migrate(admin)
            url = admin.replace("postgres:@", "guildhall_login@").replace("postgres@", "guildhall_login@")
        self.ask(name, url, "setup")
        return url, admin

    async def drain(self, name: str, jobs: int, workers: int, batch: int) -> float:
        """Jobs a second, from the first handler to the last row that says that its job is done."""
        url, admin = await self.database(name)
        self.ask(name, url, "fill", jobs)
        rate, _ = await self.drained(name, url, admin, jobs, workers, batch)
        return rate

    async def drained(
        self, name: str, url: str, admin: str, jobs: int, workers: int = 1, batch: int = BATCH
    ) -> tuple[float, dict[int, float]]:
        """The same of what is there already; and when each job began."""
        import asyncpg

        connection = await asyncpg.connect(admin)
        await connection.execute("VACUUM ANALYZE")
        running = Workers(self.command(name, url, "work", batch), workers)
        running.wait_for(jobs)
        while await connection.fetchval(library(name).unfinished):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        ended = time.time()
        await connection.close()
        begun = running.end()
        return jobs / (ended - min(begun.values())), begun

    async def latency(self, name: str, rate: float, seconds: float) -> dict[str, float]:
        """Milliseconds from the commit of an enqueue to its handler."""
        url, _ = await self.database(name)
        running = Workers(self.command(name, url, "work", 100), 1)
        self.ask(name, url, "produce", 10, 1)  # until it is warm
        await asyncio.to_thread(running.wait_for, 5)
        committed = dict(self.ask(name, url, "produce", rate, seconds)["committed"])
        running.wait_for(len(committed))
        begun = running.end()
        waits = sorted(1000 * (begun[n] - at) for n, at in committed.items() if n >= 10)
        return {"p50_ms": round(waits[len(waits) // 2], 2), "p99_ms": round(waits[int(len(waits) * 0.99)], 2)}


async def drive(arguments: argparse.Namespace) -> None:
    from guildhall.db import embedded

    names = [name for name in LIBRARIES if name == "guildhall" or arguments.peers]
    with tempfile.TemporaryDirectory(prefix="guildhall-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = await asyncio.to_thread(embedded.start, Path(folder), settings={"max_connections": "200"})
        try:
            driver = Driver(server.url(), arguments.peers)
            await measure(driver, names, arguments)
        finally:
            await asyncio.to_thread(server.close)
            embedded.stop(Path(folder))


async def measure_drain(driver: Driver, names: list[str], arguments: argparse.Namespace) -> None:
    """Each library in turn, round for round, so that what else the machine does meets them alike; medians."""
    cases = [
        (name, workers, batch)
        for name in names
        for workers in (1, 2)
        for batch in (BATCHES if name == "pgqueuer" else (BATCH,))
    ]
    rates: dict[tuple[str, int, int], list[float]] = {case: [] for case in cases}
    for _ in range(arguments.rounds):
        for name, workers, batch in cases:
            jobs = arguments.jobs // 20 if name == "procrastinate" else arguments.jobs
            rates[name, workers, batch].append(await driver.drain(name, jobs, workers, batch))
    best: dict[tuple[str, int], float] = {}
    for (name, workers, batch), found in rates.items():
        rate = statistics.median(found)
        best[name, workers] = max(best.get((name, workers), 0.0), rate)
        about = {"batch": batch} if name == "pgqueuer" else {}
        say(drain=name, workers=workers, **about, per_s=round(rate), rounds=[round(each) for each in found])
    for name in names[1:]:
        say(drain_over=name, **{str(n): round(best["guildhall", n] / best[name, n], 2) for n in (1, 2)})
    say(two_workers_over_one=round(best["guildhall", 2] / best["guildhall", 1], 2))


_DONE = """
INSERT INTO platform.background_tasks
       (tenant_id, task_type, lane, fair_key, max_retries, payload, status, worker_id, attempts, attempt_token, started_at, completed_at)
SELECT teams.id, 'noop', lanes.lane, teams.id::text, 3, '{}', 'completed', 'before', 1, gen_random_uuid(), now(), now()
  FROM platform.teams, platform.task_lanes AS lanes, generate_series(1, $1)
 WHERE lanes.task_type = 'noop' AND teams.id = (SELECT tenant_id FROM platform.background_tasks LIMIT 1)
"""


async def measure_backlog(driver: Driver, jobs: int, many: int) -> None:
    """Steps of 100 in a small table, behind a backlog, and beside many rows that are done; medians of three each, in turn."""
    import asyncpg

    places: dict[str, tuple[str, str]] = {}
    for case in ("small", "backlog", "finished"):
        url, admin = await driver.database("guildhall")
        places[case] = url, admin
        driver.ask("guildhall", url, "fill", many if case == "backlog" else 4 * jobs)
        connection = await asyncpg.connect(admin)
        if case == "finished":
            await connection.execute(_DONE.replace("$1", str(many)), timeout=600)
        await connection.execute("VACUUM ANALYZE", timeout=600)
        await connection.close()
    rates: dict[str, list[float]] = {case: [] for case in places}
    for _ in range(3):
        for case, (url, _) in places.items():
            rates[case].append(driver.ask("guildhall", url, "steps", jobs, 100)["per_s"])
    medians = {case: statistics.median(found) for case, found in rates.items()}
    say(
        backlog=many,
        per_s={case: round(rate) for case, rate in medians.items()},
        slower={case: round(medians["small"] / medians[case], 2) for case in ("backlog", "finished")},
    )


async def measure_graph(driver: Driver, rounds: int, layers: int = 100, width: int = 100) -> None:
    """Jobs a second through a graph, and that none began before what it waits for had."""
    rates = []
    for _ in range(rounds):
        url, admin = await driver.database("guildhall")
        driver.ask("guildhall", url, "graph", layers, width)
        rate, begun = await driver.drained("guildhall", url, admin, layers * width)
        for n, at in begun.items():
            layer, place = divmod(n, width)
            before = [begun[(layer - 1) * width + each] for each in awaited(place, width)] if layer else []
            assert all(earlier <= at for earlier in before), f"job {n} began before what it waits for"
        rates.append(rate)
    say(
        graph=layers * width,
        layers=layers,
        per_s=round(statistics.median(rates)),
        rounds=[round(each) for each in rates],
    )


async def measure(driver: Driver, names: list[str], arguments: argparse.Namespace) -> None:
    if "drain" in arguments.only:
        await measure_drain(driver, names, arguments)
    if "latency" in arguments.only:
        for name in names:
            say(latency=name, rate=50, **await driver.latency(name, 50, arguments.seconds))
    if "enqueue" in arguments.only:
        for name in names:
            url, _ = await driver.database(name)
            say(enqueue=name, **driver.ask(name, url, "enqueue", arguments.seconds / 2))
    if "backlog" in arguments.only:
        await measure_backlog(driver, arguments.jobs // 6, arguments.backlog)
    if "graph" in arguments.only:
        await measure_graph(driver, arguments.rounds)


def main() -> None:
    roles: dict[str, Callable[..., Awaitable[None]]] = {
        "setup": setup,
        "fill": lambda name, url, jobs: fill(name, url, int(jobs)),
        "work": lambda name, url, batch: work(name, url, int(batch)),
        "produce": lambda name, url, rate, seconds: produce(name, url, float(rate), float(seconds)),
        "enqueue": lambda name, url, seconds: enqueue(name, url, float(seconds)),
        "graph": lambda name, url, layers, width: graph(name, url, int(layers), int(width)),
        "steps": lambda name, url, jobs, batch: steps(name, url, int(jobs), int(batch)),
    }
    if len(sys.argv) > 1 and sys.argv[1] in roles:
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
        asyncio.run(_and_leave(roles[sys.argv[1]](*sys.argv[2:])))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", help="the Python of an environment with Procrastinate and PgQueuer")
    parser.add_argument("--jobs", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--only", nargs="+", default=["drain", "latency", "enqueue", "backlog", "graph"])
    parser.add_argument("--backlog", type=int, default=1_000_000)
    asyncio.run(drive(parser.parse_args()))


if __name__ == "__main__":
    main()
