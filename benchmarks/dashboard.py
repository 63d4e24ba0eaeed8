"""
How long the dashboard's pages take, and what people who look on cost, on an embedded server of its own.

A million outcomes of one team in a thousand simulations (100 scenarios, ten
trials each) over 30 days, with calls of tools and failures; the last hour is not
rolled up yet. One process of `guildhall serve` answers. Measured are

- each page at p50 and p95, from the request to the last byte, one after the other;
  beside the outcomes there are a million calls of models for those about calls;
- beside the pages that read roll-ups, the same figures asked of the raw rows;
- 200 viewers of one running simulation: from an outcome's commit until its cell
  has reached a viewer, and the server process's share of a core meanwhile.

    python benchmarks/dashboard.py --outcomes 1000000 --rounds 30
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg

from guildhall import clock
from guildhall.app import clustering, searching
from guildhall.app.wiring import App, keep_running
from guildhall.db import embedded
from guildhall.domains.evaluation import configurations, outcomes, recommendations, scenarios, simulations
from guildhall.domains.evaluation.outcomes import NewOutcome, OutcomeStatus, TrialRecord
from guildhall.domains.evaluation.recommendations import Analysis, Analyst, Effect, Kind, Suggestion
from guildhall.domains.evaluation.scenarios import Scenario
from guildhall.domains.evaluation.simulations import NewSimulation, PinnedScenario
from guildhall.domains.platform import identity
from guildhall.settings import Settings

SCENARIOS, TRIALS, VIEWERS, UPDATES = 100, 10, 200, 20
RULES = Analyst("rules", "rules", 0.0, "rules-1")
NAMES = [f"scenario_{number}" for number in range(1, SCENARIOS + 1)]

FILL = """
SELECT set_config('app.tenant_id', '00000000-0000-7000-8000-000000000002', false),
       set_config('app.user_id', '00000000-0000-7000-8000-000000000001', false);
SELECT setseed(0.5);
INSERT INTO evaluation.configurations (config_id, name)
SELECT ('00000000-0000-0000-0000-0000000000' || n)::uuid, 'agent-' || n FROM generate_series(10, 19) AS n;
INSERT INTO evaluation.config_versions (config_id, version_number, raw_yaml, parsed_config, config_hash)
SELECT config_id, n, E'model: x\\ntemperature: ' || n / 10.0, jsonb_build_object('model', 'model-' || n % 4, 'temperature', n / 10.0),
       lpad(n::text, 64, '0')
  FROM evaluation.configurations, generate_series(1, 10) AS n;
UPDATE evaluation.configurations AS c
   SET latest_version_id = (SELECT version_id FROM evaluation.config_versions AS v
                             WHERE v.config_id = c.config_id AND version_number = 10);
SELECT platform.ensure_partitions('outcomes', now() - interval '31 days', now() + interval '1 day');
SELECT platform.ensure_partitions('tool_usage', now() - interval '31 days', now() + interval '1 day');
SELECT platform.ensure_partitions('failure_patterns', now() - interval '31 days', now() + interval '1 day');

-- As a restore would load them: keys hold, and every bucket is marked at the end.
SET session_replication_role = replica;
INSERT INTO evaluation.simulations (simulation_id, config_version_id, scenario_set, total_scenarios, completed_scenarios,
                                    trials_per_scenario, status, started_at, completed_at, created_at, overall_score,
                                    total_cost_usd, interleaved_with)
SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
       (ARRAY(SELECT version_id FROM evaluation.config_versions ORDER BY config_id, version_number))[1 + n % 100],
       (SELECT array_agg(scenario_id) FROM evaluation.scenarios), {scenarios}, {scenarios}, {trials}, 'completed',
       begun, begun + interval '10 minutes', begun, 0.66, 4.5,
       ('00000000-0000-7000-8000-' || lpad((n + CASE WHEN n % 2 = 0 THEN 1 ELSE -1 END)::text, 12, '0'))::uuid
  FROM generate_series(0, {simulations} - 1) AS n,
       LATERAL (SELECT now() - interval '30 days' * (1 - n::float8 / {simulations}) - interval '15 minutes' AS begun) AS times;
INSERT INTO evaluation.simulations_scenarios (simulation_id, scenario_id, execution_order, content_hash, status)
SELECT simulation_id, scenario_id, substr(scenario_id, 10)::integer, content_hash, 'completed'
  FROM evaluation.simulations, evaluation.scenarios;
CREATE TEMPORARY TABLE made AS
SELECT n, gen_random_uuid() AS outcome_id,
       ('00000000-0000-7000-8000-' || lpad((n / ({scenarios} * {trials}))::text, 12, '0'))::uuid AS simulation_id,
       1 + n / {trials} % {scenarios} AS scenario, 1 + n % {trials} AS trial_number,
       now() - interval '30 days' * (1 - n::float8 / {outcomes}) AS execution_time,
       random() < 0.3 + (n / {trials} % {scenarios}) * 0.007 AS passed
  FROM generate_series(0::bigint, {outcomes} - 1) AS n;
INSERT INTO store.outcomes (outcome_id, simulation_id, scenario_id, trial_number, execution_time, status, passed,
                            reliability_score, fault, execution_time_ms, tokens_used, cost_usd, trajectory)
SELECT outcome_id, simulation_id, 'scenario_' || scenario, trial_number, execution_time,
       CASE WHEN n % 50 = 0 THEN 'error' WHEN n % 77 = 0 THEN 'timeout' ELSE 'success' END, passed, passed::integer,
       CASE WHEN NOT passed THEN 'agent' END, 500 + n % 2000, 100 + n % 4000, 0.001 * (n % 10),
       '{{"start_time": 1, "status": "success", "steps": []}}'
  FROM made;
INSERT INTO evaluation.trials (simulation_id, scenario_id, trial_number, position, state, attempts, outcome_id, execution_time, finished_at)
SELECT simulation_id, 'scenario_' || scenario, trial_number, n % ({scenarios} * {trials}), 'done', 1, outcome_id, execution_time, execution_time
  FROM made;
INSERT INTO store.tool_usage (usage_id, outcome_id, simulation_id, execution_time, tool_name, call_count, error_count, timed_count,
                              total_duration_ms, avg_duration_ms, success_rate)
SELECT gen_random_uuid(), outcome_id, simulation_id, execution_time, 'tool_' || n % 12, 3, (n % 9 = 0)::integer, 3, 90, 30,
       CASE WHEN n % 9 = 0 THEN 2 / 3.0 ELSE 1 END
  FROM made WHERE n % 3 = 0;
INSERT INTO store.failure_patterns (pattern_id, outcome_id, simulation_id, scenario_id, trial_number, execution_time, failure_type,
                                    failure_category, fault, error_message)
SELECT gen_random_uuid(), outcome_id, simulation_id, 'scenario_' || scenario, trial_number, execution_time, 'check_' || n % 20,
       (ARRAY['validation_error', 'tool_error', 'timeout', 'model_error'])[1 + n % 4], 'agent', 'no such order: ' || n % 1000
  FROM made WHERE NOT passed;
DROP TABLE made;
RESET session_replication_role;
INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
SELECT rollups.name, platform.tenant_id(), buckets
  FROM platform.rollups,
       generate_series(date_bin(width, now() - interval '31 days', '2000-01-01Z'), now(), width) AS buckets
 WHERE source IN ('outcomes', 'tool_usage', 'failure_patterns');
"""
FILL_CALLS = """
INSERT INTO gateway.llm_providers (id, name, type, config)
SELECT ('00000000-0000-0000-0000-00000000003' || n)::uuid, 'provider-' || n, 'openai', '{{"models": ["*"]}}' FROM generate_series(0, 4) AS n;
INSERT INTO gateway.budgets (name, model, limit_usd) SELECT 'budget-' || n, 'model-' || n, 100 FROM generate_series(1, 20) AS n;
SELECT platform.ensure_partitions('llm_requests', now() - interval '31 days', now() + interval '1 day');
SELECT platform.ensure_partitions('llm_responses', now() - interval '31 days', now() + interval '1 day');
CREATE TEMPORARY TABLE made AS
SELECT n, gen_random_uuid() AS id, now() - interval '30 days' * (1 - n::float8 / {calls}) AS at FROM generate_series(1, {calls}) AS n;
INSERT INTO store.llm_requests (id, user_id, request_type, model, prompt, messages, status, provider_name, is_streamed, tokens_prompt,
                                tokens_completion, cost_usd, error_code, created_at, completed_at)
SELECT id, platform.user_id(), 'chat', 'model-' || n % 20, 'Look into order ' || n,
       jsonb_build_array(jsonb_build_object('role', 'user', 'content', 'Look into order ' || n)),
       CASE WHEN n % 40 = 0 THEN 'failed' ELSE 'completed' END, 'provider-' || n % 5, false, 900, 120, 0.0004,
       CASE WHEN n % 40 = 0 THEN 'upstream_unavailable' END, at, at + interval '1 second'
  FROM made;
INSERT INTO store.llm_responses (id, request_id, request_created_at, provider_id, provider_name, model, content, tokens_prompt,
                                 tokens_completion, cost_usd, response_time, time_to_first_byte, selected, error_code, created_at, attempt)
SELECT gen_random_uuid(), id, at, ('00000000-0000-0000-0000-00000000003' || n % 5)::uuid, 'provider-' || n % 5, 'model-' || n % 20, 'Done.',
       900, 120, 0.0004, 700 + n % 900, 90 + n % 200, n % 40 > 0, CASE WHEN n % 40 = 0 THEN 'upstream_failed' END, at, 1
  FROM made;
INSERT INTO gateway.debate_sessions (topic, status, total_rounds, completed_at)
SELECT 'Is change ' || n || ' ready?', 'cancelled', 2, now() FROM generate_series(1, 2000) AS n;
INSERT INTO gateway.debate_turns (session_id, round_number, turn_number, participant_id, position, content)
SELECT id, place / 10, place % 10, 'model-' || place % 10, 'merge', repeat('It is ready. ', 40)
  FROM (SELECT id FROM gateway.debate_sessions LIMIT 1) AS one, generate_series(0, 29) AS place;
INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
SELECT rollups.name, platform.tenant_id(), buckets
  FROM platform.rollups, generate_series(date_bin(width, now() - interval '31 days', '2000-01-01Z'), now(), width) AS buckets
 WHERE source IN ('llm_requests', 'llm_responses');
"""
LAST_HOUR = """
INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
SELECT name, '00000000-0000-7000-8000-000000000002', date_bin(width, now(), '2000-01-01Z')
  FROM platform.rollups WHERE source IN ('outcomes', 'tool_usage', 'failure_patterns') ON CONFLICT DO NOTHING
"""
_MONTH = "execution_time >= date_trunc('day', now() - interval '30 days', 'UTC')"
RAW = {
    "/": f"""
        SELECT date_trunc('day', execution_time, 'UTC'), count(*), avg(reliability_score), avg(execution_time_ms), sum(cost_usd),
               count(*) FILTER (WHERE status = 'error') FROM evaluation.outcomes WHERE {_MONTH} GROUP BY 1
        """,
    "/cost": f"""
        SELECT date_trunc('day', o.execution_time, 'UTC'), v.parsed_config ->> 'model', count(*), sum(o.cost_usd), sum(o.tokens_used)
          FROM evaluation.outcomes AS o JOIN evaluation.simulations AS s ON s.simulation_id = o.simulation_id
          JOIN evaluation.config_versions AS v ON v.version_id = s.config_version_id WHERE o.{_MONTH} GROUP BY 1, 2
        """,
    "/scenarios": f"""
        SELECT scenario_id, count(*), avg(reliability_score), avg(execution_time_ms) FROM evaluation.outcomes WHERE {_MONTH} GROUP BY 1
        """,
    "/tools": f"""
        SELECT tool_name, count(*), sum(call_count), sum(error_count), sum(total_duration_ms) FROM evaluation.tool_usage
         WHERE {_MONTH} GROUP BY 1
        """,
    "/failures": f"""
        SELECT date_trunc('day', execution_time, 'UTC'), failure_category, count(*) FROM evaluation.failure_patterns
         WHERE {_MONTH} GROUP BY 1, 2
        """,
    "/configurations/agent-10": """
        SELECT v.version_number, count(*), count(o.passed), count(*) FILTER (WHERE o.passed), sum(o.cost_usd)
          FROM evaluation.config_versions AS v JOIN evaluation.simulations AS s ON s.config_version_id = v.version_id
          JOIN evaluation.outcomes AS o ON o.simulation_id = s.simulation_id
         WHERE v.config_id = '00000000-0000-0000-0000-000000000010' GROUP BY 1
        """,
}


async def pages_of(connection: asyncpg.Connection[Any], simulations: int) -> list[str]:
    one, two = (f"00000000-0000-7000-8000-{number:012d}" for number in (simulations - 2, simulations - 1))
    ids = await connection.fetch(
        "SELECT outcome_id FROM store.outcomes WHERE simulation_id = $1 AND scenario_id = 'scenario_1' ORDER BY trial_number", UUID(two)
    )  # fmt: skip
    first, second = ids[0]["outcome_id"], ids[1]["outcome_id"]
    # The cluster that is greatest is the slowest.
    cluster = await connection.fetchval(
        "SELECT cluster_id FROM evaluation.failure_clusters ORDER BY failures DESC LIMIT 1"
    )
    recommendation = await connection.fetchval(
        "SELECT recommendation_id FROM evaluation.recommendations WHERE status = 'open' LIMIT 1"
    )
    proposal = await connection.fetchval("SELECT diff_id FROM evaluation.config_diffs WHERE is_proposal LIMIT 1")
    return [
        "/", "/simulations", f"/simulations/{two}", f"/simulations/{two}?sort=weakest&show=failed",
        f"/compare?baseline={one}&candidate={two}", "/compare", f"/outcomes/{first}", f"/outcomes/{first}/beside/{second}",
        "/configurations", "/configurations/agent-10", "/configurations/agent-10/diff?before=1&after=10", "/scenarios",
        "/scenarios/scenario_7", "/failures", "/failures?q=order&alike=true", f"/failures/{cluster}", "/tools", "/cost",
        "/system", "/recommendations", f"/recommendations/{recommendation}", "/approvals", f"/approvals/{proposal}",
        "/search?q=order", "/search?like=scenario_7", "/simulations?q=agent-10", *await pages_of_calls(connection),
    ]  # fmt: skip


async def pages_of_calls(connection: asyncpg.Connection[Any]) -> list[str]:
    # The others' ids are no times, as a call's own is, by which it is found.
    call = clock.new_id()
    asked = json.dumps([{"role": "user", "content": "Look into my order."}] * 20)
    await connection.execute(
        "INSERT INTO store.llm_requests (id, user_id, model, prompt, messages, status, created_at, completed_at)"
        " VALUES ($1, platform.user_id(), 'model-1', 'Look into it', $2, 'completed', $3::timestamptz, $3::timestamptz)",
        *(call, asked, clock.time_of(call)),
    )
    await connection.execute(
        "INSERT INTO store.llm_responses (id, request_id, request_created_at, provider_name, content, created_at, attempt)"
        " SELECT gen_random_uuid(), $1, $2::timestamptz, 'provider-1', 'Done.', $2::timestamptz, n FROM generate_series(1, 4) AS n",
        *(call, clock.time_of(call)),
    )
    debate = await connection.fetchval("SELECT session_id FROM gateway.debate_turns LIMIT 1")
    return [
        "/requests", "/requests?model=model-7", "/requests?status=failed", f"/requests/{call}", "/providers", "/budgets", "/debates",
        f"/debates/{debate}",
    ]  # fmt: skip


async def make_decisions(app: App, count: int) -> None:
    """A thousand recommendations of fifty versions, some of them proposals."""
    window = timedelta(days=min(31, 2_000 / count))
    async with app.transaction() as tx:
        latest = await simulations.page_simulations(tx, {}, simulations.SIMULATIONS.order(), at_most=50)
        for number, simulation in enumerate(latest.items):
            version = await configurations.get_version(tx, str(simulation.config_version_id))
            session, evidence = await recommendations.open_session(tx, version, RULES, window=window)
            cited = [each.outcome_id for each in evidence.trials[:20]]
            found = [
                Suggestion(
                    Kind.CONFIG_CHANGE, f"Try a temperature of its own, {number} and {each}.", f"temperature: {(20 * number + each) / 1000}\n",
                    Effect(0.1, 0.0, 0.2), 0.5 + each / 50, "model", cited, {"failed": 7},
                )
                for each in range(20)
            ]  # fmt: skip
            kept = await recommendations.record_analysis(tx, session, evidence, Analysis(found))
            await recommendations.accept(tx, str(kept[0].recommendation_id))


async def measure_pages(
    session: aiohttp.ClientSession, connection: asyncpg.Connection[Any], pages: list[str], rounds: int
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in pages:
        values = []
        for number in range(rounds + 2):
            began = time.perf_counter()
            async with session.get(path) as response:
                body = await response.read()
                assert response.status == 200, f"{path}: {body[:500]!r}"
            if number > 1:
                values.append((time.perf_counter() - began) * 1000)
        name = path.partition("?")[0]
        figures = {
            "p50_ms": round(statistics.median(values), 1),
            "p95_ms": round(statistics.quantiles(values, n=20)[-1], 1),
            "kilobytes": round(len(body) / 1000),
        }
        if path in RAW:
            async with connection.transaction():
                await connection.execute("SET LOCAL ROLE guildhall_app")
                times = []
                for _ in range(3):
                    began = time.perf_counter()
                    await connection.fetch(RAW[path])
                    times.append((time.perf_counter() - began) * 1000)
            figures["raw_rows_ms"] = round(min(times), 1)
        while name in found:
            name += " (2)"
        found[name] = figures
    return found


async def measure_viewers(settings: Settings, url: str, key: str, pid: int) -> dict[str, Any]:
    heard: list[float] = []
    committed: dict[str, float] = {}
    ready = asyncio.Semaphore(0)

    async def look(session: aiohttp.ClientSession, path: str) -> None:
        async with session.get(path) as response:
            async for line in response.content:
                if line.startswith(b"event: progress"):
                    ready.release()
                elif line.startswith(b"data: ") and b"/outcomes/" in line:
                    now = time.perf_counter()
                    for part in line.split(b'href="/outcomes/')[1:]:
                        heard.append(now - committed[part[:36].decode()])

    async with App.open(replace(settings, pool_size=2)) as app:
        async with app.transaction() as tx:
            version = await tx.fetch_prepared("SELECT version_id FROM evaluation.config_versions LIMIT 1", [])
            pins = [PinnedScenario(*pair) for pair in await scenarios.latest_contents(tx, NAMES)]
            new = NewSimulation(version[0]["version_id"], pins, trials=TRIALS, origin="client")
            simulation_id = await simulations.plan_simulation(tx, new)
            await simulations.start_simulation(tx, simulation_id)
        connector = aiohttp.TCPConnector(limit=0)
        headers = {"Authorization": f"Bearer {key}"}
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(url, headers=headers, connector=connector, timeout=timeout) as session:
            viewers = [asyncio.create_task(look(session, f"/simulations/{simulation_id}/live")) for _ in range(VIEWERS)]
            for _ in range(VIEWERS):
                await ready.acquire()
            began, used = time.perf_counter(), _cpu_s(pid)
            for number in range(UPDATES):
                outcome_id = clock.new_id()
                record = TrialRecord(
                    NewOutcome(
                        outcome_id, clock.time_of(outcome_id), simulation_id, f"scenario_{1 + number}", OutcomeStatus.SUCCESS,
                        {"start_time": 1, "status": "success"}, 1, number % 3 > 0, 1.0,
                    )
                )  # fmt: skip
                async with app.transaction() as tx:
                    await outcomes.record_trials(tx, [record])
                committed[str(outcome_id)] = time.perf_counter()
                await asyncio.sleep(0.6)
            await asyncio.sleep(1.5)
            took, cpu = time.perf_counter() - began, _cpu_s(pid) - used
            for each in viewers:
                each.cancel()
            await asyncio.gather(*viewers, return_exceptions=True)
    return {
        "viewers": VIEWERS,
        "updates": UPDATES,
        "cells_heard": len(heard),
        "cells_expected": VIEWERS * UPDATES,
        "heard_p50_s": round(statistics.median(heard), 3),
        "heard_p99_s": round(statistics.quantiles(heard, n=100)[-1], 3),
        "heard_max_s": round(max(heard), 3),
        "cores_used": round(cpu / took, 3),
    }


def _scenario(name: str) -> Scenario:
    scorers = [{"type": "contains", "value": "done"}]
    return scenarios.scenario_from(
        {"scenario_id": name, "name": name, "task_prompt": "Do what is to be done.", "scorers": scorers}
    )


def _cpu_s(pid: int) -> float:
    """What the process that answers has used so far: the server's child."""
    child = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0]
    fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(settings: Settings, amount: int, rounds: int, calls: int) -> dict[str, Any]:
    connection = await asyncpg.connect(await keep_running(settings), server_settings={"jit": "off", "timezone": "UTC"})
    count = amount // (SCENARIOS * TRIALS)
    began = time.perf_counter()
    try:
        async with App.open(settings) as app, app.transaction() as tx:
            await scenarios.save_scenarios(tx, [_scenario(each) for each in NAMES])
            key = (await identity.create_key(tx, "benchmark", rate_limit=None)).text
        await connection.execute(
            FILL.format(outcomes=amount, simulations=count, scenarios=SCENARIOS, trials=TRIALS), timeout=600
        )
        await connection.execute(FILL_CALLS.format(calls=calls), timeout=600)
        await connection.execute("VACUUM ANALYZE")
        async with App.open(settings) as app:
            await make_decisions(app, count)
            await clustering.catch_up(app)
            await searching.index(app)
        await connection.fetch("SELECT platform.refresh_rollups(now() + interval '2 days')")
        await connection.execute(LAST_HOUR)
        await connection.execute("VACUUM ANALYZE")
        filled_s = time.perf_counter() - began
        greatest = await connection.fetchval("SELECT max(failures) FROM evaluation.failure_clusters")
        pages = await pages_of(connection, count)
        environment = {**os.environ, "GUILDHALL_DATA_DIR": str(settings.data_dir), "GUILDHALL_PORT": "0",
                       "GUILDHALL_LOG_LEVEL": "warning"}  # fmt: skip
        server = await asyncio.create_subprocess_exec(
            sys.executable, *("-m", "guildhall", "serve"), env=environment, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert server.stdout is not None
            url = (await server.stdout.readline()).decode().split()[3]
            async with aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {key}"}) as session:
                timed = await measure_pages(session, connection, pages, rounds)
            watched = await measure_viewers(settings, url, key, server.pid)
        finally:
            server.terminate()
            await server.wait()
    finally:
        await connection.close()
    return {
        "outcomes": amount,
        "calls": calls,
        "simulations": count,
        "filled_s": round(filled_s, 1),
        "failures_of_the_greatest_cluster": greatest,
        "pages": timed,
        "viewers": watched,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outcomes", type=int, default=1_000_000)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        settings = Settings(data_dir=Path(folder))
        try:
            print(json.dumps(asyncio.run(measure(settings, options.outcomes, options.rounds, options.calls)), indent=2))
        finally:
            embedded.stop(settings.data_dir)


if __name__ == "__main__":
    main()
