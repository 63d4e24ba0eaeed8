"""Gates: closed by a significant regression, open for a wobble; JUnit XML and Markdown that hold hostile names."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

import pytest

from fixtures.trials import make_record, make_simulation
from guildhall.app import gates
from guildhall.app.gates import Decision, Gate, MetricNotCompared
from guildhall.db import Tx
from guildhall.domains.evaluation import outcomes, reports, simulations
from guildhall.domains.evaluation.reports import Versus

SCENARIOS = [f"scenario_{n:02}" for n in range(12)]


async def compared(tx: Tx, before: Sequence[int], after: Sequence[int], *, margin: float | None = None) -> Versus:
    """Of five trials of each scenario so many passed, before and after."""
    sides = []
    for counts in (before, after):
        simulation_id = await make_simulation(tx, SCENARIOS[: len(counts)], trials=5)
        records = [
            make_record(simulation_id, scenario, trial_number=trial + 1, passed=trial < passed)
            for scenario, passed in zip(SCENARIOS, counts, strict=False)
            for trial in range(5)
        ]
        await outcomes.record_trials(tx, records)
        sides.append(await simulations.get_simulation(tx, simulation_id))
    return await reports.compare(tx, *sides, margin=margin)


def decisions(gate: Gate) -> list[Decision]:
    return [each.decision for each in gate.checked]


async def test_a_significant_regression_closes_the_gate(tx: Tx) -> None:
    found = gates.gate(await compared(tx, [5] * 12, [3] * 12))
    assert decisions(found) == [Decision.REGRESSED]
    assert not found.is_open
    root = ElementTree.fromstring(gates.junit(found))
    assert (root.attrib["tests"], root.attrib["failures"]) == ("13", "1")
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert "significantly worse: -40.0 points" in failure.attrib["message"]
    text = gates.markdown(found)
    assert text.startswith("## ❌ Gate closed")
    assert "| scenario_00 | 5/5 | 3/5 |" in text


async def test_a_wobble_leaves_it_open_unless_it_is_strict(tx: Tx) -> None:
    versus = await compared(tx, [5, 4, 3, 5, 2, 5], [4, 5, 3, 5, 2, 4])
    found = gates.gate(versus)
    assert decisions(found) == [Decision.UNDECIDED]
    assert found.is_open
    assert 'failures="0"' in gates.junit(found)
    strict = gates.gate(versus, strict=True)
    assert not strict.is_open
    assert 'failures="1"' in gates.junit(strict)


async def test_a_regression_that_does_not_matter_leaves_it_open(tx: Tx) -> None:
    versus = await compared(tx, [5] * 12, [4] * 12, margin=0.5)
    found = gates.gate(versus, strict=True)
    assert decisions(found) == [Decision.PASSED]
    assert found.is_open
    assert "worse by less than matters" in found.checked[0].why


async def test_better_is_open(tx: Tx) -> None:
    found = gates.gate(await compared(tx, [2] * 12, [5] * 12), strict=True)
    assert found.is_open
    assert gates.markdown(found).startswith("## ✅ Gate open")


async def test_a_metric_that_was_not_compared_is_told(tx: Tx) -> None:
    versus = await compared(tx, [5] * 6, [5] * 6)
    with pytest.raises(MetricNotCompared, match="has no 'cost/trial'"):
        gates.gate(versus, metrics=["cost/trial"])


def test_names_break_neither_form() -> None:
    assert gates._xml("a\x00\x0b\ufffeb") == "a\ufffd\ufffd\ufffdb"
    assert gates._md("a|b<script>\n") == "a\\|b&lt;script> "
