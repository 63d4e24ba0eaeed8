"""
Report and compare on 100,000 outcomes, beside the least that PostgreSQL can do with the same rows.

Two simulations of the same scenarios are written straight into the tables of a
fresh embedded server, 100,000 outcomes with 2 KB trajectories in each. Timed
are the verbs behind the commands, and the commands as whole processes against
the running server. The limit is one aggregate over the same rows: what any
report must at least read.

    python benchmarks/reports.py --rounds 7
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg

from guildhall.app.wiring import App, keep_running
from guildhall.db import embedded
from guildhall.domains.evaluation import reports, simulations
from guildhall.settings import Settings

SCENARIOS, TRIALS = 1_000, 100

FILL = """
SELECT set_config('app.tenant_id', '00000000-0000-7000-8000-000000000002', false),
       set_config('app.user_id', '00000000-0000-7000-8000-000000000001', false);
SELECT setseed(0.5);
INSERT INTO evaluation.configurations (config_id, name) VALUES ('00000000-0000-0000-0000-000000000001', 'bench');
INSERT INTO evaluation.config_versions (version_id, config_id, version_number, raw_yaml, parsed_config, config_hash)
SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, '00000000-0000-0000-0000-000000000001', n - 1, 'model: x',
       '{{"model": "x", "temperature": 0}}', lpad(n::text, 64, '0')
  FROM generate_series(2, 3) AS n;
INSERT INTO evaluation.scenarios (scenario_id, name, task_prompt, content_hash)
SELECT 'scenario_' || n, 'Scenario ' || n, 'Do what is to be done.', lpad(to_hex(n), 64, '0')
  FROM generate_series(1, {scenarios}) AS n;
INSERT INTO evaluation.scenario_versions (scenario_id, content_hash, definition)
SELECT scenario_id, content_hash, '{{}}' FROM evaluation.scenarios;
INSERT INTO evaluation.simulations (simulation_id, config_version_id, scenario_set, total_scenarios, trials_per_scenario)
SELECT ('00000000-0000-7000-8000-00000000a00' || n)::uuid, ('00000000-0000-0000-0000-00000000000' || n)::uuid,
       (SELECT array_agg(scenario_id) FROM evaluation.scenarios), {scenarios}, {trials}
  FROM generate_series(2, 3) AS n;
INSERT INTO evaluation.simulations_scenarios (simulation_id, scenario_id, execution_order, content_hash)
SELECT simulation_id, scenario_id, row_number() OVER (PARTITION BY simulation_id ORDER BY scenario_id), content_hash
  FROM evaluation.simulations, evaluation.scenarios;
INSERT INTO store.outcomes (outcome_id, simulation_id, scenario_id, trial_number, execution_time, status, passed,
                            reliability_score, fault, execution_time_ms, tokens_used, cost_usd, trajectory)
SELECT gen_random_uuid(), simulation_id, scenario_id, trial, now(), 'success', passed, passed::integer,
       CASE WHEN NOT passed THEN 'agent' END, 500 + random() * 2000, 100 + (random() * 4000)::integer, random() * 0.01,
       jsonb_build_object('start_time', now(), 'status', 'success', 'steps',
           (SELECT string_agg(md5(trial::text || scenario_id || part::text), ' ') FROM generate_series(1, 60) AS part))
  FROM (SELECT *, random() < CASE WHEN simulation_id::text LIKE '%2' THEN 0.6 ELSE 0.66 END AS passed
          FROM evaluation.simulations_scenarios, generate_series(1, {trials}) AS trial) AS trials;
INSERT INTO evaluation.trials (simulation_id, scenario_id, trial_number, position, state, outcome_id, execution_time)
SELECT simulation_id, scenario_id, trial_number, trial_number, 'done', outcome_id, execution_time FROM store.outcomes;
INSERT INTO store.failure_patterns (pattern_id, outcome_id, simulation_id, scenario_id, trial_number, execution_time,
                                    failure_type, failure_category, fault, error_message)
SELECT gen_random_uuid(), outcome_id, simulation_id, scenario_id, trial_number, execution_time, 'wrong_result',
       'validation_error', 'agent', 'something was wrong'
  FROM store.outcomes WHERE NOT passed;
INSERT INTO store.tool_usage (usage_id, outcome_id, simulation_id, execution_time, tool_name, call_count, success_rate)
SELECT gen_random_uuid(), outcome_id, simulation_id, execution_time, 'look_up', 3, 1 FROM store.outcomes;
"""
LIMIT = "SELECT scenario_id, count(*), avg(reliability_score) FROM store.outcomes WHERE simulation_id = $1 GROUP BY 1"


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1000


async def measure_verbs(rounds: int, settings: Settings, figures: dict[str, list[float]]) -> None:
    url = await keep_running(settings)
    administrator = await asyncpg.connect(url)
    await administrator.execute(FILL.format(scenarios=SCENARIOS, trials=TRIALS))
    await administrator.execute("VACUUM ANALYZE")
    async with App.open(settings) as app, app.transaction() as tx:
        one = await simulations.resolve(tx, "bench@v1")
        two = await simulations.resolve(tx, "bench@v2")
        for _ in range(rounds + 1):
            for name, work in (
                ("limit_ms", lambda: administrator.fetch(LIMIT, one.simulation_id)),
                ("report_ms", lambda: reports.report(tx, one)),
                ("compare_ms", lambda: reports.compare(tx, one, two)),
            ):
                figures.setdefault(name, []).append(await timed(work))
    await administrator.close()


def measure_commands(rounds: int, settings: Settings, figures: dict[str, list[float]]) -> None:
    # As installed: pip compiles what it installs.
    environment = {**os.environ, "GUILDHALL_DATA_DIR": str(settings.data_dir)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    for name, arguments in (
        ("report_command_ms", ["report", "bench@v1"]),
        ("compare_command_ms", ["compare", "bench@v1", "bench@v2"]),
    ):
        for _ in range(rounds + 1):
            began = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "guildhall", "eval", *arguments],
                check=True,
                env=environment,
                capture_output=True,
            )
            figures.setdefault(name, []).append((time.perf_counter() - began) * 1000)


def show(figures: dict[str, list[float]]) -> None:
    medians = {name: round(statistics.median(values[1:]), 1) for name, values in figures.items()}
    print(
        json.dumps(
            {
                "outcomes_per_simulation": SCENARIOS * TRIALS,
                **medians,
                "report_over_limit": round(medians["report_ms"] / medians["limit_ms"], 1),
                "compare_over_limit": round(medians["compare_ms"] / (2 * medians["limit_ms"]), 1),
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        settings = Settings(data_dir=Path(folder))
        try:
            figures: dict[str, list[float]] = {}
            asyncio.run(measure_verbs(options.rounds, settings, figures))
            measure_commands(options.rounds, settings, figures)
            show(figures)
        finally:
            embedded.stop(settings.data_dir)


if __name__ == "__main__":
    main()
