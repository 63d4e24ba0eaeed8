"""A client made of the OpenAPI document by openapi-python-client runs a whole evaluation: the document is true."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest

from fixtures.api import Served

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"
AGENT = 'name: {name}\nmodel: none\ntemperature: 0\nruntime: command\ncommand: ["true"]\nlabel: {label}\n'
SCENARIOS = """\
- scenario_id: {prefix}_{number}
  name: Case {number}
  task_prompt: Say that all is well.
  scorers: [{{type: contains, value: well}}]
"""


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package that the generator makes of the document."""
    place = tmp_path_factory.mktemp("generated")
    (place / "config.yaml").write_text("post_hooks: []\n")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(DOCUMENT), "--meta", "none"]
    command += ["--output-path", str(place / "made_client"), "--config", str(place / "config.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    for lack in ("will not be generated", "will be omitted", "Unable to"):
        assert lack not in said
    sys.path.insert(0, str(place))
    try:
        yield importlib.import_module("made_client")
    finally:
        sys.path.remove(str(place))


def evaluate(made: ModuleType, served: Served, prefix: str) -> dict[str, Any]:
    """An agent in two versions on ten scenarios, the second better; the comparison."""
    with made.AuthenticatedClient(served.url, served.keys["pottery/member"]) as client:
        return _evaluate(made, client, prefix)


def _evaluate(made: ModuleType, client: Any, prefix: str) -> dict[str, Any]:
    api, models = f"{made.__name__}.api", importlib.import_module(f"{made.__name__}.models")

    def call(name: str, *arguments: Any, **options: Any) -> Any:
        answer = importlib.import_module(f"{api}.{name}").sync_detailed(*arguments, client=client, **options)
        assert answer.status_code < 300, answer.content
        return answer.parsed

    text = "".join(SCENARIOS.format(prefix=prefix, number=number) for number in range(10))
    saved = call("scenarios.save_scenarios", body=models.NewScenarios.from_dict({"text": text}))
    assert saved.new == 10
    ids = [each.scenario_id for each in saved.items]
    simulations = []
    for label, passing, completion in (("before", 2, {}), ("after", 9, {"body": models.Completion()})):
        raw = AGENT.format(name=prefix, label=label)
        version = call("configurations.save_version", body=models.NewVersion.from_dict({"raw_yaml": raw}))
        plan = models.NewPlan(config=version.label, scenarios=ids, trials=3)
        simulation = call("simulations.plan_simulation", body=plan)
        told = [
            {
                "simulation_id": str(simulation.simulation_id),
                "scenario_id": scenario_id,
                "status": "success",
                "reliability_score": 1.0 if position < passing else 0.0,
            }
            for position, scenario_id in enumerate(ids)
            for _ in range(3)
        ]
        body = models.RecordOutcomesJsonBodyType0.from_dict({"outcomes": told})
        recorded = call("outcomes.record_outcomes", body=body, idempotency_key=uuid4().hex)
        assert (recorded.stored, recorded.refused) == (30, 0)
        call("simulations.complete_simulation", str(simulation.simulation_id), **completion)
        report = call("simulations.get_report", str(simulation.simulation_id))
        assert report.pass_rate == passing / 10
        simulations.append(str(simulation.simulation_id))
    listed = call("outcomes.list_outcomes", simulation=simulations[1], passed=False)
    assert {each.scenario_id for each in listed.items} == {ids[9]}
    comparison: dict[str, Any] = call(
        "comparisons.compare", baseline=simulations[0], candidate=simulations[1]
    ).to_dict()
    return comparison


async def test_a_generated_client_runs_a_whole_evaluation(generated: ModuleType, served: Served) -> None:
    comparison = await asyncio.to_thread(evaluate, generated, served, f"case{uuid4().hex[:8]}")
    assert comparison["difference"] == pytest.approx(7 / 10)
    assert comparison["matched"] == 10
    assert comparison["verdict"] == "better"
