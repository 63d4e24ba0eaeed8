"""What `guildhall init` writes runs as it is."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from guildhall import clock, demo
from guildhall.adapters.agentfile import read_agent
from guildhall.adapters.sandbox import LocalSandbox
from guildhall.adapters.scenariofile import read_scenarios
from guildhall.app.trial import Services, TrialConductor
from guildhall.domains.evaluation import configurations
from guildhall.domains.evaluation.simulations import Claim


def test_it_writes_an_agent_its_tools_and_scenarios(tmp_path: Path) -> None:
    written = demo.write_template(tmp_path / "new" / "agent")

    assert [each.name for each in written] == ["agent.py", "agent.yaml", "scenarios.yaml", "tools.py"]
    assert all(each.is_file() for each in written)


def test_it_overwrites_nothing(tmp_path: Path) -> None:
    mine = tmp_path / "agent.yaml"
    mine.write_text("mine")

    with pytest.raises(demo.FilesInTheWay, match=r"already holds agent\.yaml"):
        demo.write_template(tmp_path)

    assert mine.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [mine]


async def test_what_it_writes_passes_its_own_scenarios_in_a_process_of_its_own(tmp_path: Path) -> None:
    demo.write_template(tmp_path)
    definition = read_agent(tmp_path / "agent.yaml")
    read = read_scenarios([tmp_path / "scenarios.yaml"])
    cases = {each.scenario_id: each for each in read.scenarios}

    async with LocalSandbox() as sandbox:
        conductor = TrialConductor(
            configurations.agent_spec(definition.name, definition.parsed, definition.files),
            tmp_path,
            cases,
            services=Services(sandbox=sandbox),
            files=tmp_path / "laid out",
            seed=0,
            timeout_ms=60_000,
        )
        records = [
            await conductor.conduct(Claim(uuid4(), each, 1, uuid4(), clock.new_id(), clock.now(), 1)) for each in cases
        ]

    assert (definition.warnings, read.warnings) == ((), ())
    assert {record.outcome.scenario_id: record.outcome.passed for record in records} == dict.fromkeys(cases, True)
    assert len(records) == 3
