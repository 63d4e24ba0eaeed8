"""What a trial recovered from stays on record, and what it did not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fixtures.models import Reply, Request, ScriptedServer, answers
from guildhall.app import clustering, evaluations, runner
from guildhall.app.wiring import App
from guildhall.db.queries import parse_queries
from guildhall.domains.evaluation import failures

_queries = parse_queries(
    "tests/app/test_retries.py",
    """
-- name: patterns
SELECT outcomes.scenario_id, outcomes.passed, outcomes.retry_count, patterns.fault, patterns.recovery_attempted,
       patterns.recovery_successful, patterns.pattern_cluster_id
  FROM evaluation.failure_patterns AS patterns
  JOIN evaluation.outcomes AS outcomes ON outcomes.outcome_id = patterns.outcome_id
 WHERE outcomes.simulation_id = :simulation_id
 ORDER BY outcomes.scenario_id, patterns.recovery_attempted;
""",
)

AGENT = "{{name: flaky, model: rules, temperature: 0, runtime: http, url: '{url}/agent'}}\n"
SCENARIOS = """\
scenarios:
  - {scenario_id: comes_back, name: It comes back, task_prompt: Refund me., ground_truth: refunded}
  - {scenario_id: stays_away, name: It stays away, task_prompt: Refund me., ground_truth: refunded}
"""


async def test_a_failure_that_is_tried_again_says_whether_it_was_recovered_from(
    app: App, tmp_path: Path, model_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner.backoff, "full_jitter", lambda attempt, chance, longest_s: 0.0)
    (tmp_path / "agent.yaml").write_text(AGENT.format(url=model_server.url))
    (tmp_path / "scenarios.yaml").write_text(SCENARIOS)
    begun: list[str] = []

    def play(request: Request) -> Reply:
        if request.body["type"] != "start":
            return answers({"type": "done"})
        case = request.body["scenario_id"]
        begun.append(case)
        if case == "comes_back" and begun.count(case) == 3:
            return answers([{"type": "message", "content": "It is refunded."}, {"type": "done"}])
        return answers({"type": "error", "message": "the database is away", "fault": "infrastructure"})

    model_server.will(*[play] * 20)
    request = evaluations.Request(
        agent=tmp_path / "agent.yaml", scenarios=[tmp_path / "scenarios.yaml"], trials=1, max_retries=2
    )
    (planned,) = (await evaluations.plan(app, request)).simulations
    await evaluations.run(app, [planned.simulation_id], concurrency=1)

    assert sorted(begun) == ["comes_back"] * 3 + ["stays_away"] * 3
    async with app.transaction() as tx:
        rows: list[Any] = await tx.fetch(_queries.patterns, simulation_id=planned.simulation_id)
    told = [
        (row["scenario_id"], row["passed"], row["retry_count"], row["recovery_attempted"], row["recovery_successful"])
        for row in rows
    ]
    assert told == [
        ("comes_back", True, 2, True, True),
        ("comes_back", True, 2, True, True),
        ("stays_away", None, 2, False, False),
        ("stays_away", None, 2, True, False),
        ("stays_away", None, 2, True, False),
    ]
    assert {row["fault"] for row in rows} == {"infrastructure"}

    await clustering.catch_up(app)
    async with app.transaction() as tx:
        page = await failures.page_clusters(tx, {}, failures.CLUSTERS.order())
    (cluster,) = page.items
    assert (cluster.failures, cluster.recoveries_attempted, cluster.recoveries_successful) == (5, 4, 2)
