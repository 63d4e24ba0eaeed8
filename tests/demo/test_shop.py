"""The demo's shop: what its two versions do is what the demo says of them."""

from __future__ import annotations

import difflib
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from guildhall import clock, demo
from guildhall.adapters.agentfile import read_agent
from guildhall.adapters.scenariofile import read_scenarios
from guildhall.algorithms import statistics
from guildhall.algorithms.statistics import ScenarioMeans
from guildhall.app.trial import Services, TrialConductor
from guildhall.domains.evaluation import configurations
from guildhall.domains.evaluation.outcomes import TrialRecord
from guildhall.domains.evaluation.simulations import Claim

Played = Mapping[str, list[TrialRecord]]


async def play(agent: Path, files: Path, *, seed: int = demo.SEED, trials: int = demo.TRIALS) -> Played:
    """Every scenario's trials, as the runner would conduct them."""
    definition = read_agent(agent)
    cases = {each.scenario_id: each for each in read_scenarios([demo.SCENARIOS]).scenarios}
    conductor = TrialConductor(
        configurations.agent_spec(definition.name, definition.parsed, definition.files),
        demo.DIRECTORY,
        cases,
        services=Services(),
        files=files,
        seed=seed,
        timeout_ms=60_000,
    )
    return {
        each: [
            await conductor.conduct(Claim(uuid4(), each, trial, uuid4(), clock.new_id(), clock.now(), 1))
            for trial in range(1, trials + 1)
        ]
        for each in cases
    }


def passes(played: Played) -> dict[str, int]:
    return {each: sum(record.outcome.passed is True for record in records) for each, records in played.items()}


def compared(one: Played, two: Played) -> statistics.Comparison:
    trials = [demo.TRIALS] * len(one)
    return statistics.compare(
        ScenarioMeans.of_counts(trials, passes(one).values()),
        ScenarioMeans.of_counts(trials, passes(two).values()),
        binary=True,
    )


@pytest.fixture
async def v1(tmp_path: Path) -> Played:
    return await play(demo.AGENT_V1, tmp_path)


@pytest.fixture
async def v2(tmp_path: Path) -> Played:
    return await play(demo.AGENT_V2, tmp_path)


def test_the_two_versions_differ_in_three_lines() -> None:
    before, after = demo.AGENT_V1.read_text().splitlines(), demo.AGENT_V2.read_text().splitlines()

    changed = [line for line in difflib.ndiff(before, after) if line[0] in "+-"]

    assert sorted(line[0] for line in changed) == ["+", "+", "+", "-", "-", "-"]


def test_both_versions_and_the_scenarios_are_read_without_a_warning() -> None:
    one, two = read_agent(demo.AGENT_V1), read_agent(demo.AGENT_V2)
    read = read_scenarios([demo.SCENARIOS])

    assert (one.name, one.warnings, two.name, two.warnings) == ("support-agent", (), "support-agent", ())
    assert one.config_hash != two.config_hash
    assert "shop/agent.py" in one.files
    assert (len(read.scenarios), read.warnings) == (24, ())


def test_version_2_is_better_and_worse_in_exactly_two_scenarios(v1: Played, v2: Played) -> None:
    comparison = compared(v1, v2)

    assert comparison.p_value * 3 < 0.05  # Holm over three metrics at the worst
    assert 0.5 < comparison.baseline < 0.7 < 0.8 < comparison.candidate < 0.95
    before, after = passes(v1), passes(v2)
    assert {each for each in before if after[each] < before[each]} == {"swap_address", "gift_card"}


def test_version_1_is_not_better_than_itself(v1: Played) -> None:
    assert compared(v1, v1).p_value == 1.0


async def test_version_1_with_other_chances_is_not_better_than_itself(v1: Played, tmp_path: Path) -> None:
    again = await play(demo.AGENT_V1, tmp_path, seed=demo.SEED + 1)

    assert passes(again) != passes(v1)
    assert compared(v1, again).p_value > 0.1


async def test_the_verdict_does_not_hang_on_the_seed(tmp_path: Path) -> None:
    for seed in (0, 100, 200):
        one = await play(demo.AGENT_V1, tmp_path, seed=seed)
        two = await play(demo.AGENT_V2, tmp_path, seed=seed)
        assert compared(one, two).p_value < 0.05


def test_both_the_agent_and_its_tools_are_to_blame(v1: Played, v2: Played) -> None:
    for played in (v1, v2):
        faults = {record.outcome.fault for records in played.values() for record in records}
        assert faults == {None, "agent", "tool"}


def test_every_failure_says_in_a_few_words_what_went_wrong(v1: Played) -> None:
    messages = {
        each: records[0].failures[0].error_message or ""
        for each, all_of_it in v1.items()
        if (records := [record for record in all_of_it if record.outcome.fault == "agent"])
    }

    assert "refunded without look-up" in messages["refund_on_its_way"]
    assert "cancel timed out" in messages["bulk_cancel"]
    assert all(message for message in messages.values())


async def test_a_trial_comes_out_the_same_when_it_is_repeated(v1: Played, tmp_path: Path) -> None:
    again = await play(demo.AGENT_V1, tmp_path, trials=1)

    assert {each: records[0].outcome.passed for each, records in again.items()} == {
        each: records[0].outcome.passed for each, records in v1.items()
    }


async def test_at_temperature_0_all_trials_of_a_scenario_with_reliable_tools_are_alike(tmp_path: Path) -> None:
    cold = tmp_path / "cold"
    shutil.copytree(demo.DIRECTORY / "shop", cold / "shop", ignore=shutil.ignore_patterns("__pycache__"))
    (cold / "agent.yaml").write_text(demo.AGENT_V1.read_text().replace("temperature: 0.8", "temperature: 0.0"))

    played = await play(cold / "agent.yaml", tmp_path)

    reliable = {each: count for each, count in passes(played).items() if "timeout" not in each and "bulk" not in each}
    assert set(reliable.values()) <= {0, demo.TRIALS}


def test_the_shop_leaves_nothing_behind_among_the_modules(v1: Played) -> None:
    assert v1
    assert "shop" not in sys.modules
