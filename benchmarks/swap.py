"""
What writers feel of a schema change: in phases (`guildhall.db.swap`), beside the same change as one transaction.

Programs that do not know the new column claim and add trials without a pause.
Meanwhile `evaluation.trials` gets a column that is filled in for every old row
and is never null: first by migrations 0016 to 0018 as they are, then, on
another database with the same rows, by ALTER, UPDATE and SET NOT NULL in one
transaction. A writer's latency is the whole of a statement, commit included.

    python benchmarks/swap.py --trials 200000 --writers 8

Prints JSON lines: latencies before each change and during it, the longest of
which is the stall, and the errors that writers met.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg

from guildhall.db import embedded, migrate

BEFORE, CONTRACT = 15, 18
SCENARIOS = 1000
TEAM, PERSON = "00000000-0000-7000-8000-000000000002", "00000000-0000-7000-8000-000000000001"

POPULATE = """
INSERT INTO evaluation.configurations (name) VALUES ('agent');
INSERT INTO evaluation.config_versions (config_id, version_number, raw_yaml, parsed_config, config_hash)
SELECT config_id, 1, 'model: m', '{"model": "m", "temperature": 0}', repeat('a', 64) FROM evaluation.configurations;
INSERT INTO evaluation.scenarios (scenario_id, name, task_prompt, content_hash)
SELECT 's' || n, 'scenario', 'a prompt that is long enough', repeat('b', 64) FROM generate_series(1, %(scenarios)s) AS n;
INSERT INTO evaluation.scenario_versions (scenario_id, content_hash, definition)
SELECT scenario_id, content_hash, '{}' FROM evaluation.scenarios;
INSERT INTO evaluation.simulations (config_version_id, scenario_set, total_scenarios, trials_per_scenario)
SELECT version_id, (SELECT array_agg(scenario_id) FROM evaluation.scenarios), %(scenarios)s, %(trials)s FROM evaluation.config_versions;
INSERT INTO evaluation.simulations_scenarios (simulation_id, scenario_id, execution_order, content_hash)
SELECT simulation_id, scenario_id, row_number() OVER (), repeat('b', 64) FROM evaluation.simulations, evaluation.scenarios;
INSERT INTO evaluation.trials (simulation_id, scenario_id, trial_number, position)
SELECT simulation_id, scenario_id, n, n FROM evaluation.simulations_scenarios, generate_series(1, %(trials)s) AS n;
ANALYZE;
"""
CLAIM = """
UPDATE evaluation.trials SET attempts = attempts + 1
 WHERE (simulation_id, scenario_id, trial_number) = ($1, 's' || $2::integer, $3::integer)
"""
ADD = """
INSERT INTO evaluation.trials (simulation_id, scenario_id, trial_number, position) VALUES ($1, 's' || $2::integer, $3::integer, $3::integer)
"""
AT_ONCE = """
ALTER TABLE evaluation.trials ADD COLUMN planned_at timestamptz;
ALTER TABLE evaluation.trials ALTER COLUMN planned_at SET DEFAULT now();
UPDATE evaluation.trials SET planned_at = simulations.created_at FROM evaluation.simulations
 WHERE trials.simulation_id = simulations.simulation_id;
ALTER TABLE evaluation.trials ALTER COLUMN planned_at SET NOT NULL;
"""


class Writers:
    """Connections that write without a pause; `during` names the time that each latency belongs to."""

    def __init__(self, url: str, number: int, trials: int) -> None:
        self._url = url
        self._number = number
        self._trials = trials
        self._stopped = False
        self.during = "before"
        self.latencies: dict[str, list[float]] = {}
        self.errors: list[str] = []

    async def __aenter__(self) -> Writers:
        self._tasks = [asyncio.create_task(self._write(number)) for number in range(self._number)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopped = True
        await asyncio.gather(*self._tasks)

    async def _write(self, number: int) -> None:
        connection = await connect(self._url)
        simulation = await connection.fetchval("SELECT simulation_id FROM evaluation.simulations")
        written = 0
        while not self._stopped:
            scenario = 1 + (number + written * self._number) % SCENARIOS
            began = time.perf_counter()
            try:
                if written % 4:
                    await connection.execute(CLAIM, simulation, scenario, 1 + written % self._trials)
                else:
                    await connection.execute(ADD, simulation, scenario, 1_000_000 * (number + 1) + written)
            except asyncpg.PostgresError as error:
                self.errors.append(str(error))
            self.latencies.setdefault(self.during, []).append((time.perf_counter() - began) * 1000)
            written += 1
        await connection.close()


async def connect(url: str) -> asyncpg.Connection[Any]:
    connection = await asyncpg.connect(url)
    await connection.execute(
        f"SELECT set_config('app.tenant_id', '{TEAM}', false), set_config('app.user_id', '{PERSON}', false)"
    )
    return connection


async def in_phases(url: str) -> None:
    await migrate.migrate(url, to=CONTRACT)


async def at_once(url: str) -> None:
    connection = await connect(url)
    async with connection.transaction():
        await connection.execute(AT_ONCE)
    await connection.close()


async def measure(server: str, trials: int, writers: int, seconds: float) -> None:
    for change in (in_phases, at_once):
        url = server.replace("/postgres?", f"/{change.__name__}?")
        await migrate.create_database(server, change.__name__)
        await migrate.migrate(url, to=BEFORE)
        connection = await connect(url)
        await connection.execute(POPULATE % {"scenarios": SCENARIOS, "trials": trials // SCENARIOS})
        await connection.execute("CHECKPOINT")
        async with Writers(url, writers, trials // SCENARIOS) as load:
            await asyncio.sleep(seconds)
            load.during = "change"
            began = time.perf_counter()
            await change(url)
            took = time.perf_counter() - began
            load.during = "after"
        unknown = await connection.fetchval("SELECT count(*) FROM evaluation.trials WHERE planned_at IS NULL")
        await connection.close()
        assert unknown == 0
        for during in ("before", "change"):
            print(json.dumps({"change": change.__name__, "during": during, **figures(load.latencies[during])}))
        print(
            json.dumps(
                {"change": change.__name__, "rows": trials, "took_s": round(took, 2), "errors": len(load.errors)}
            )
        )


def figures(latencies: list[float]) -> dict[str, float]:
    """Percentiles in milliseconds."""
    cuts = statistics.quantiles(latencies, n=1000, method="inclusive")
    named = {"p50": cuts[499], "p95": cuts[949], "p99": cuts[989], "p99.9": cuts[998], "stall": max(latencies)}
    return {"statements": len(latencies), **{f"{name}_ms": round(value, 2) for name, value in named.items()}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--trials", type=int, default=200_000)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5, help="writing before the change begins")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="guildhall-swap-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # the account that runs the server goes through it
        with embedded.start(Path(folder) / "data") as server:
            asyncio.run(measure(server.url(), options.trials, options.writers, options.seconds))
        embedded.stop(Path(folder) / "data")


if __name__ == "__main__":
    main()
