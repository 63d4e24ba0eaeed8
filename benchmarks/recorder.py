"""
Outcomes per second through the recorder, beside raw COPY into the same table, in one run.

Raw: asyncpg's binary COPY into store.outcomes by the application's role, from
rows that are ready: nothing checked or cleaned, trajectories JSON text already,
no trial closed, no spool; once in one transaction, once in transactions as
large as the recorder's. Recorder: records with trajectories as objects are
checked, cleaned, encoded, written to the fsynced spool and stored under their
claims, each closing its trial; timed until PostgreSQL has acknowledged all.

Same indexes, foreign keys, tenancy and audit; an embedded PostgreSQL with fsync
on; the two alternate, and the tables are emptied in between.

    python benchmarks/recorder.py --rounds 5
    python benchmarks/recorder.py --sizes 2kb --profile

Trajectories of 20 KB are real ones of τ-bench where GUILDHALL_SHARED_DATA (or
the folder ../shared/data beside the clone) has them. Prints JSON lines.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import gzip
import json
import os
import pstats
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fixtures.trials import make_simulation
from guildhall.app.recorder import Recorder
from guildhall.app.sinks import DatabaseSink
from guildhall.app.spool import Spool
from guildhall.db import Database, embedded, migrate
from guildhall.domains.evaluation import simulations
from guildhall.domains.evaluation.outcomes import NewOutcome, NewToolUsage, OutcomeStatus, TrialRecord
from guildhall.domains.evaluation.simulations import Claim
from guildhall.domains.platform.identity import LOCAL

SCENARIOS = [f"scenario_{n:03d}" for n in range(100)]
COLUMNS = [
    "outcome_id", "simulation_id", "scenario_id", "trial_number", "execution_time", "status", "passed",
    "reliability_score", "fault", "execution_time_ms", "tokens_used", "cost_usd", "metrics", "retry_count", "error_code",
    "error_category", "modal_call_id", "sandbox_id", "sandbox_logs", "execution_metadata", "trajectory", "trajectory_body",
]  # fmt: skip
TOOLS = ["search", "read_file", "run_sql", "http_get", "write_file", "calendar"]

Trajectories = Iterator[dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """One size of trajectory: how many of them a round records, and how they are made."""

    records: int
    make: Callable[[], Trajectories]


def made(size: int, templates: int = 500) -> Trajectories:
    """Trajectories of about `size` bytes that all differ."""
    chance = random.Random(7)
    words = [f"w{n:04d}" for n in range(4000)]
    steps = []
    for _ in range(templates):
        length, trajectory = 80, []
        while length < size:
            step = {
                "type": "tool_call",
                "name": chance.choice(TOOLS),
                "arguments": {"q": " ".join(chance.choices(words, k=8))},
                "content": " ".join(chance.choices(words, k=16 if size < 100_000 else 2000)),
                "at_ms": chance.random() * 5000,
            }
            trajectory.append(step)
            length += len(json.dumps(step)) + 2
        steps.append(trajectory)
    number = 0
    while True:
        number += 1
        yield {
            "start_time": "2026-06-01T12:00:00+00:00",
            "status": "success",
            "steps": [{"type": "log", "text": f"number {number}"}, *steps[number % len(steps)]],
        }


def real(size: int = 20_000) -> Trajectories:
    """τ-bench conversations, whole messages of them until `size` bytes are together."""
    folder = os.environ.get("GUILDHALL_SHARED_DATA") or Path(__file__).parents[2] / "shared" / "data"
    path = Path(folder) / "tau_bench" / "gpt-4o-airline.tasks-00-29.json.gz"
    if not path.exists():
        yield from made(size)
        return
    conversations = [run["traj"] for run in json.loads(gzip.decompress(path.read_bytes()))]
    number = 0
    while True:
        steps: list[Any] = []
        length = 0
        while length < size:
            number += 1
            for message in conversations[number % len(conversations)]:
                steps.append(message)
                length += len(json.dumps(message))
                if length >= size:
                    break
        yield {"start_time": "2026-06-01T12:00:00+00:00", "status": "success", "n": number, "steps": steps}


KINDS = {
    "2kb": Kind(10_000, lambda: made(2_000)),
    "20kb": Kind(2_000, real),
    "1mb": Kind(60, lambda: made(1 << 20, 20)),
}


def make_record(claim: Claim, trajectory: Mapping[str, Any], *, tools: bool) -> TrialRecord:
    return TrialRecord(
        NewOutcome(
            outcome_id=claim.outcome_id,
            execution_time=claim.execution_time,
            simulation_id=claim.simulation_id,
            scenario_id=claim.scenario_id,
            trial_number=claim.trial_number,
            status=OutcomeStatus.SUCCESS,
            trajectory=trajectory,
            passed=True,
            reliability_score=0.75,
            execution_time_ms=1234.5,
            tokens_used=4321,
            cost_usd=Decimal("0.0123"),
            metrics={"turns": 7, "tool_calls": 12},
            sandbox_id="sandbox-1",
        ),
        tools=(NewToolUsage("search", 3, timed_count=3, total_duration_ms=90.0),) if tools else (),
        attempt_token=claim.attempt_token,
    )


def raw_row(claim: Claim, trajectory: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        claim.outcome_id, claim.simulation_id, claim.scenario_id, claim.trial_number, claim.execution_time, "success",
        True, 0.75, None, 1234.5, 4321, Decimal("0.0123"), '{"turns":7,"tool_calls":12}', 0, None, None, None,
        "sandbox-1", None, "{}", json.dumps(trajectory), None,
    )  # fmt: skip


class Bench:
    def __init__(self, server: embedded.EmbeddedServer, database: Database, directory: Path, batch_size: int) -> None:
        self.server = server
        self.database = database
        self.directory = directory
        self.batch_size = batch_size
        self.cpu_us: list[float] = []

    async def claims(self, records: int) -> list[Claim]:
        """So many trials of a new simulation, claimed; every table else is empty."""
        owner = await asyncpg.connect(self.server.url(database="guildhall"))
        await owner.execute("TRUNCATE store.outcomes, store.tool_usage, store.failure_patterns, evaluation.bodies")
        await owner.execute("TRUNCATE evaluation.trials, evaluation.simulations CASCADE")
        async with self.database.transaction(LOCAL) as tx:
            simulation_id = await make_simulation(tx, SCENARIOS, trials=-(-records // len(SCENARIOS)))
        claims: list[Claim] = []
        while len(claims) < records:
            async with self.database.transaction(LOCAL) as tx:
                claims += await simulations.claim_trials(
                    tx, [simulation_id], worker=UUID(int=1), lease=timedelta(hours=1), at_most=200
                )
        await owner.execute("VACUUM ANALYZE evaluation.trials")
        await owner.execute("CHECKPOINT")
        await owner.close()
        return claims[:records]

    async def stored(self) -> int:
        owner = await asyncpg.connect(self.server.url(database="guildhall"))
        try:
            stored: int = await owner.fetchval("SELECT count(*) FROM store.outcomes")
            return stored
        finally:
            await owner.close()

    async def raw(self, kind: Kind, in_one: bool) -> float:
        rows = [raw_row(*each) for each in zip(await self.claims(kind.records), kind.make(), strict=False)]
        connection = await asyncpg.connect(self.server.url(user="guildhall_login", database="guildhall"))
        step = len(rows) if in_one else self.batch_size
        _settle_memory()
        cpu, began = time.process_time(), time.perf_counter()
        for start in range(0, len(rows), step):
            async with connection.transaction():
                await connection.execute(
                    "SET LOCAL ROLE guildhall_app;"
                    f"SELECT set_config('app.user_id', '{LOCAL.user_id}', true),"
                    f"set_config('app.tenant_id', '{LOCAL.tenant_id}', true)"
                )
                await connection.copy_records_to_table(
                    "outcomes", schema_name="store", columns=COLUMNS, records=rows[start : start + step]
                )
        took = time.perf_counter() - began
        self.cpu_us.append((time.process_time() - cpu) / len(rows) * 1e6)
        assert await self.stored() == len(rows)
        await connection.close()
        return len(rows) / took

    async def recorder(self, kind: Kind, *, each: bool = False, tools: bool = False) -> float:
        claims = await self.claims(kind.records)
        records = [make_record(*both, tools=tools) for both in zip(claims, kind.make(), strict=False)]
        _settle_memory()
        async with Recorder(
            DatabaseSink(self.database), LOCAL, Spool(self.directory), batch_size=self.batch_size
        ) as recorder:
            cpu, began = time.process_time(), time.perf_counter()
            await (_one_by_one if each else _in_hundreds)(recorder, records)
            await recorder.drain()
            took = time.perf_counter() - began
            self.cpu_us.append((time.process_time() - cpu) / len(records) * 1e6)
            assert recorder.counts.stored == len(records) == await self.stored()
        return len(records) / took


def _settle_memory() -> None:
    """Keep what the benchmark itself holds, far more than any caller would, out of the collector's way."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


async def _in_hundreds(recorder: Recorder, records: list[TrialRecord]) -> None:
    parts = iter([records[start : start + 100] for start in range(0, len(records), 100)])

    async def work() -> None:
        for part in parts:
            await recorder.record_many(part)

    await asyncio.gather(*(work() for _ in range(8)))


async def _one_by_one(recorder: Recorder, records: list[TrialRecord]) -> None:
    left = iter(records)

    async def work() -> None:
        for record in left:
            await recorder.record(record)

    await asyncio.gather(*(work() for _ in range(128)))


async def measure(bench: Bench, name: str, rounds: int, profile: bool) -> None:
    kind = KINDS[name]
    ways: dict[str, Callable[[], Awaitable[float]]] = {
        "raw_one_transaction": lambda: bench.raw(kind, in_one=True),
        "raw_batches": lambda: bench.raw(kind, in_one=False),
        "recorder": lambda: bench.recorder(kind),
        "recorder_one_by_one": lambda: bench.recorder(kind, each=True),
        "recorder_with_tool_usage": lambda: bench.recorder(kind, tools=True),
    }
    if profile:
        profiler = cProfile.Profile()
        profiler.enable()
        await ways["recorder"]()
        profiler.disable()
        pstats.Stats(profiler).sort_stats("tottime").print_stats(35)
        return
    rates: dict[str, list[float]] = {way: [] for way in ways}
    bench.cpu_us.clear()
    for _ in range(rounds):
        for way, run in ways.items():
            rates[way].append(await run())
    medians = {way: statistics.median(each) for way, each in rates.items()}
    mean_bytes = statistics.mean(len(json.dumps(each)) for each, _ in zip(kind.make(), range(50), strict=False))
    print(
        json.dumps(
            {
                "trajectory_bytes": round(mean_bytes),
                "records": kind.records,
                "rounds": {way: [round(rate) for rate in each] for way, each in rates.items()},
                "outcomes_per_s": {way: round(median, 1) for way, median in medians.items()},
                "of_raw_in_one_transaction": _ratios(rates, "raw_one_transaction"),
                "of_raw_in_batches": _ratios(rates, "raw_batches"),
                "own_cpu_us_per_outcome": {
                    way: round(statistics.median(bench.cpu_us[n :: len(ways)]), 1) for n, way in enumerate(ways)
                },
                "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            }
        ),
        flush=True,
    )


def _ratios(rates: Mapping[str, list[float]], raw: str) -> dict[str, float]:
    """The median over rounds of what each way reached of raw COPY in the same round: the machine is not always quiet."""
    return {
        way: round(statistics.median(one / other for one, other in zip(each, rates[raw], strict=True)), 3)
        for way, each in rates.items()
    }


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", default=",".join(KINDS))
    parser.add_argument("--batch-size", type=int, default=1000)
    parser.add_argument("--profile", action="store_true", help="where the recorder's own time goes, instead of rates")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="guildhall-benchmark-") as place:
        Path(place).chmod(0o755)
        with embedded.start(Path(place) / "house") as server:
            await migrate.create_database(server.url(), "guildhall")
            await migrate.migrate(server.url(database="guildhall"))
            database = await Database.connect(server.url(user="guildhall_login", database="guildhall"), size=4)
            bench = Bench(server, database, Path(place) / "spool", options.batch_size)
            for name in options.sizes.split(","):
                await measure(bench, name, options.rounds, options.profile)
            await database.close()


if __name__ == "__main__":
    asyncio.run(main())
