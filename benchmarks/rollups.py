"""
What roll-ups cost and what they give, on an embedded server of its own.

Ten million small outcomes of one team over 90 days, twenty simulations at a
time, and one more hour that holds a million. Measured are

- the refresh of that hour, beside the bare `INSERT … SELECT … GROUP BY` of it;
- each dashboard view at p50 and p95, with two hours that are not rolled up yet,
  beside the query that the document has for it, over the raw rows;
- COPY in batches of 500 outcomes of 2 KB with the marking triggers and without.

    python benchmarks/rollups.py --outcomes 10000000 --rounds 50
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from guildhall.app.wiring import keep_running
from guildhall.db import embedded
from guildhall.settings import Settings

SIMULATIONS, AT_ONCE, SCENARIOS, DAYS = 2_000, 20, 100, 90
BATCH, BATCHES = 500, 20

PEOPLE = """
SELECT set_config('app.tenant_id', '00000000-0000-7000-8000-000000000002', false),
       set_config('app.user_id', '00000000-0000-7000-8000-000000000001', false);
"""
FILL = (
    PEOPLE
    + """
SELECT setseed(0.5);
INSERT INTO evaluation.configurations (config_id, name)
SELECT ('00000000-0000-0000-0000-0000000000' || n)::uuid, 'bench ' || n FROM generate_series(10, 29) AS n;
INSERT INTO evaluation.config_versions (config_id, version_number, raw_yaml, parsed_config, config_hash)
SELECT config_id, n, 'model: x', jsonb_build_object('model', 'model-' || n % 4, 'temperature', 0,
                                                    'prompt', repeat(md5(n::text), 200)), lpad(n::text, 64, '0')
  FROM evaluation.configurations, generate_series(1, 10) AS n;
INSERT INTO evaluation.scenarios (scenario_id, name, task_prompt, content_hash)
SELECT 'scenario_' || n, 'Scenario ' || n, 'Do what is to be done.', lpad(to_hex(n), 64, '0')
  FROM generate_series(1, {scenarios}) AS n;
INSERT INTO evaluation.simulations (simulation_id, config_version_id, scenario_set, total_scenarios, trials_per_scenario,
                                    status, started_at, completed_at, created_at)
SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
       (ARRAY(SELECT version_id FROM evaluation.config_versions ORDER BY config_hash, config_id))[1 + n % 200],
       (SELECT array_agg(scenario_id) FROM evaluation.scenarios), {scenarios}, 50,
       CASE WHEN n < {simulations} - {at_once} THEN 'completed' ELSE 'running' END,
       now(), CASE WHEN n < {simulations} - {at_once} THEN now() END, now()
  FROM generate_series(0, {simulations}) AS n;
INSERT INTO evaluation.recommendations (source_type, simulation_id, recommendation_type, description, confidence)
SELECT 'simulation', '00000000-0000-7000-8000-000000000000', 'config_change', 'Lower the temperature.', random()
  FROM generate_series(1, 10000);
SELECT platform.ensure_partitions('outcomes', now() - interval '100 days', now() + interval '1 day');

-- As a restore would load them: keys hold, and every bucket is marked at the end.
SET session_replication_role = replica;
INSERT INTO store.outcomes (outcome_id, simulation_id, scenario_id, trial_number, execution_time, status, passed,
                            reliability_score, execution_time_ms, tokens_used, cost_usd, trajectory)
SELECT gen_random_uuid(),
       ('00000000-0000-7000-8000-' || lpad((n / ({outcomes} / ({simulations} / {at_once})) * {at_once} + n % {at_once})::text, 12, '0'))::uuid,
       'scenario_' || 1 + n % {scenarios}, 1, now() - interval '1 day' * {days} * (1 - n::float8 / {outcomes}),
       CASE WHEN n % 50 = 0 THEN 'error' WHEN n % 77 = 0 THEN 'timeout' ELSE 'success' END, n % 3 = 0, n % 101 / 100.0,
       500 + n % 2000, 100 + n % 4000, 0.001 * (n % 10), '{{"start_time": 1, "status": "success"}}'
  FROM generate_series(0::bigint, {outcomes} - 1) AS n;
INSERT INTO store.outcomes (outcome_id, simulation_id, scenario_id, trial_number, execution_time, status, passed,
                            reliability_score, execution_time_ms, tokens_used, cost_usd, trajectory)
SELECT gen_random_uuid(), ('00000000-0000-7000-8000-' || lpad((n % {at_once})::text, 12, '0'))::uuid,
       'scenario_' || 1 + n % {scenarios}, 1, timestamptz '{hour_begins}' + interval '1 millisecond' * n * 3600000 / {hour},
       'success', n % 3 = 0, n % 101 / 100.0, 500 + n % 2000, 100 + n % 4000, 0.001 * (n % 10),
       '{{"start_time": 1, "status": "success"}}'
  FROM generate_series(0::bigint, {hour} - 1) AS n;
RESET session_replication_role;
INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
SELECT rollups.name, platform.tenant_id(), buckets
  FROM platform.rollups,
       generate_series(date_bin(width, now() - interval '1 day' * {days}, '2000-01-01Z'), now(), width) AS buckets
 WHERE source = 'outcomes';
"""
)
MARK_HOUR = """
INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
SELECT name, platform.tenant_id(), date_bin(width, timestamptz '{hour_begins}', '2000-01-01Z')
  FROM platform.rollups WHERE source = 'outcomes'
"""
BARE = """
INSERT INTO bare
SELECT tenant_id, date_bin('1 hour', execution_time, '2000-01-01Z'), simulation_id, count(*), count(reliability_score),
       sum(reliability_score), count(execution_time_ms), sum(execution_time_ms), min(execution_time_ms),
       max(execution_time_ms), count(cost_usd), sum(cost_usd), count(tokens_used), sum(tokens_used), count(passed),
       count(*) FILTER (WHERE passed), count(*) FILTER (WHERE status = 'error'), count(*) FILTER (WHERE status = 'timeout')
  FROM store.outcomes
 WHERE execution_time >= timestamptz '{hour_begins}'
   AND execution_time < timestamptz '{hour_begins}' + interval '1 hour'
 GROUP BY 1, 2, 3
"""
# As the document has them, with its errors mended and the team's rows alone.
RAW = {
    "v_dashboard_active_simulations": """
        SELECT s.simulation_id, count(o.outcome_id)
          FROM evaluation.simulations s
          JOIN evaluation.config_versions cv ON s.config_version_id = cv.version_id
          LEFT JOIN evaluation.outcomes o ON s.simulation_id = o.simulation_id
         WHERE s.status IN ('pending', 'running') GROUP BY s.simulation_id
        """,
    "v_dashboard_pending_recommendations": """
        SELECT * FROM evaluation.recommendations WHERE NOT applied AND confidence > 0.7
         ORDER BY confidence DESC, created_at DESC LIMIT 10
        """,
    "v_dashboard_performance_trends": """
        SELECT date_trunc('day', execution_time), count(*), avg(reliability_score), avg(execution_time_ms), sum(cost_usd),
               count(*) FILTER (WHERE status = 'error')
          FROM evaluation.outcomes WHERE execution_time > now() - interval '30 days' GROUP BY 1 ORDER BY 1 DESC
        """,
    "v_dashboard_cost_analysis": """
        SELECT date_trunc('day', o.execution_time), cv.parsed_config ->> 'model', count(*), sum(o.cost_usd),
               avg(o.cost_usd), sum(o.tokens_used), avg(o.tokens_used)
          FROM evaluation.outcomes o
          JOIN evaluation.simulations s ON o.simulation_id = s.simulation_id
          JOIN evaluation.config_versions cv ON s.config_version_id = cv.version_id
         WHERE o.execution_time > now() - interval '30 days' GROUP BY 1, 2
        """,
}


async def timed(connection: asyncpg.Connection[Any], statement: str) -> float:
    began = time.perf_counter()
    await connection.fetch(statement)
    return (time.perf_counter() - began) * 1000


async def measure_refresh(
    connection: asyncpg.Connection[Any], hour_begins: datetime, rounds: int, figures: dict[str, float]
) -> None:
    await connection.execute("CREATE TEMP TABLE bare (LIKE store.simulation_performance_hourly INCLUDING INDEXES)")
    taken: dict[str, list[float]] = {}
    for _ in range(rounds):
        await connection.execute("TRUNCATE bare")
        await connection.execute(MARK_HOUR.format(hour_begins=hour_begins))
        taken.setdefault("bare_hour_ms", []).append(await timed(connection, BARE.format(hour_begins=hour_begins)))
        for name in (
            "simulation_performance_hourly",
            "simulation_performance_daily",
            "simulation_latency_hourly",
            "scenario_performance_daily",
        ):
            refresh = f"SELECT platform.refresh_rollup('{name}', now() - interval '91 days')"
            taken.setdefault(f"refresh_{name}_ms", []).append(await timed(connection, refresh))
    figures.update({name: round(statistics.median(values), 1) for name, values in taken.items()})
    figures["refresh_over_bare"] = round(
        figures["refresh_simulation_performance_hourly_ms"] / figures["bare_hour_ms"], 2
    )


async def measure_views(connection: asyncpg.Connection[Any], rounds: int, figures: dict[str, float]) -> None:
    async with connection.transaction():
        await connection.execute("SET LOCAL ROLE guildhall_app")
        for view, raw in RAW.items():
            await timed(connection, f"SELECT * FROM evaluation.{view}")
            values = [await timed(connection, f"SELECT * FROM evaluation.{view}") for _ in range(rounds)]
            figures[f"{view}_p50_ms"] = round(statistics.median(values), 1)
            figures[f"{view}_p95_ms"] = round(statistics.quantiles(values, n=20)[-1], 1)
            figures[f"{view}_raw_ms"] = round(statistics.median([await timed(connection, raw) for _ in range(3)]), 1)


async def measure_marking(connection: asyncpg.Connection[Any], figures: dict[str, float]) -> None:
    simulation = UUID("00000000-0000-7000-8000-000000000000")
    names = ["outcome_id", "simulation_id", "scenario_id", "execution_time", "status", "trajectory"]
    rates: dict[str, list[float]] = {"ENABLE": [], "DISABLE": []}
    for _ in range(8):
        for switch, found in rates.items():
            await connection.execute(f"ALTER TABLE store.outcomes {switch} TRIGGER USER")
            batches = [_batch(simulation) for _ in range(BATCHES)]
            began = time.perf_counter()
            for batch in batches:
                await connection.copy_records_to_table("outcomes", schema_name="store", columns=names, records=batch)
            found.append(BATCH * BATCHES / (time.perf_counter() - began))
    await connection.execute("ALTER TABLE store.outcomes ENABLE TRIGGER USER")
    figures["copy_marked_rows_per_s"] = round(statistics.median(rates["ENABLE"][1:]))
    figures["copy_unmarked_rows_per_s"] = round(statistics.median(rates["DISABLE"][1:]))
    figures["marked_over_unmarked"] = round(figures["copy_marked_rows_per_s"] / figures["copy_unmarked_rows_per_s"], 3)


def _batch(simulation: UUID) -> Sequence[tuple[object, ...]]:
    now = datetime.now(UTC)
    return [
        (uuid4(), simulation, f"scenario_{1 + n % SCENARIOS}", now, "success",
         json.dumps({"start_time": 1, "status": "success", "steps": os.urandom(980).hex()}))
        for n in range(BATCH)
    ]  # fmt: skip


async def measure(settings: Settings, outcomes: int, rounds: int) -> dict[str, float]:
    connection = await asyncpg.connect(await keep_running(settings), server_settings={"jit": "off", "timezone": "UTC"})
    hour_begins = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=95)
    figures: dict[str, float] = {"outcomes": outcomes, "outcomes_in_the_hour": outcomes // 10}
    try:
        await connection.execute(
            FILL.format(
                outcomes=outcomes, hour=outcomes // 10, simulations=SIMULATIONS, at_once=AT_ONCE, scenarios=SCENARIOS,
                days=DAYS, hour_begins=hour_begins,
            )
        )  # fmt: skip
        await connection.execute("VACUUM ANALYZE")
        began = time.perf_counter()
        await connection.fetch("SELECT platform.refresh_rollups()")
        figures["first_refresh_of_everything_s"] = round(time.perf_counter() - began, 1)
        await connection.execute("VACUUM ANALYZE")
        figures["rows_of_the_hourly_roll_up"] = await connection.fetchval(
            "SELECT count(*) FROM store.simulation_performance_hourly"
        )
        await measure_refresh(connection, hour_begins, 5, figures)
        await measure_views(connection, rounds, figures)
        await measure_marking(connection, figures)
    finally:
        await connection.close()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outcomes", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        settings = Settings(data_dir=Path(folder))
        try:
            print(json.dumps(asyncio.run(measure(settings, options.outcomes, options.rounds)), indent=2))
        finally:
            embedded.stop(settings.data_dir)


if __name__ == "__main__":
    main()
