"""What people ask of two versions: how each uses its tools, and where the next dollar tells most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

import pytest

from fixtures.trials import a_tool, make_record, make_simulation
from guildhall.app.documents.questions import next_dollar_document, tools_versus_document
from guildhall.cli.render.questions import next_lines, tools_lines
from guildhall.db import Tx
from guildhall.domains.evaluation import outcomes, reports, simulations
from guildhall.domains.evaluation.reports import CostUnknown, Direction, NothingToCompare
from guildhall.domains.evaluation.simulations import Simulation

SCENARIOS = [f"scenario_{n:02}" for n in range(12)]


async def ran(
    tx: Tx,
    calls: Mapping[str, Sequence[tuple[int, int]]],
    passes: Sequence[int] = (2,) * 12,
    cost: Decimal | None = Decimal("0.01"),
    names: Sequence[str] = SCENARIOS,
) -> Simulation:
    """A simulation of four trials of each scenario; by tool, how often each of its trials called it and how often that failed."""
    simulation_id: UUID = await make_simulation(tx, names, trials=4)
    records = [
        make_record(
            simulation_id,
            name,
            trial_number=trial + 1,
            passed=trial < passes[number],
            cost_usd=None if cost is None else cost * (number % 3 + 1),
            tools=tuple(
                a_tool(
                    tool_name=tool,
                    call_count=given[number][0],
                    error_count=given[number][1],
                    timed_count=1,
                    total_duration_ms=30.0,
                )
                for tool, given in calls.items()
                if given[number][0]
            ),
        )
        for number, name in enumerate(names)
        for trial in range(4)
    ]
    await outcomes.record_trials(tx, records)
    return await simulations.get_simulation(tx, simulation_id)


async def test_tools_between_versions_have_verdicts_that_hold_together(tx: Tx) -> None:
    before = await ran(tx, {"search": [(1, 0)] * 12, "refund": [(2, 1)] * 12, "once": [(0, 0)] * 11 + [(1, 0)]})
    after = await ran(tx, {"search": [(3, 0)] * 12, "refund": [(2, 0)] * 12})
    found = await reports.compare_tools(tx, before, after)
    assert [each.tool_name for each in found.tools] == ["refund", "search", "once"], "the most used first"
    said = {(tool.tool_name, each.measure): each.direction for tool in found.tools for each in tool.measures}
    assert said["search", "calls/trial"] is Direction.HIGHER
    assert said["refund", "failure share"] is Direction.LOWER
    assert said["refund", "calls/trial"] is Direction.EQUIVALENT
    assert said["once", "calls/trial"] is Direction.NOT_ENOUGH_DATA, "one scenario of twelve is chance"
    assert ("once", "failure share") not in said, "it is called on one side alone"
    document = tools_versus_document(found)
    assert 0 < document["compared"] < len(said), "what could show nothing costs the others nothing"
    (calls,) = (each for each in document["tools"][1]["measures"] if each["measure"] == "calls/trial")
    assert (calls["baseline"], calls["candidate"], calls["difference"]) == (1.0, 3.0, 2.0)
    assert calls["adjusted_p"] > calls["p_value"]
    text = "\n".join(line.plain for line in tools_lines(found))
    assert "search  48 -> 144 calls" in text
    other = await ran(tx, {}, names=[f"other_{n}" for n in range(12)])
    with pytest.raises(NothingToCompare):
        await reports.compare_tools(tx, before, other)


async def test_the_next_dollar_goes_where_the_interval_narrows_most(tx: Tx) -> None:
    """Scenarios 0-5 pass by chance, 6-11 always; of each three, one costs once, one twice, one three times as much."""
    passes = [2] * 6 + [4] * 6
    before, after = await ran(tx, {}, passes), await ran(tx, {}, [*reversed(passes[:6]), *passes[6:]])
    found = await reports.next_dollar(tx, before, after, budget_usd=1.0)
    document = next_dollar_document(found)
    rounds = {each["scenario_id"]: each["rounds"] for each in document["plan"]}
    assert rounds["scenario_00"] > rounds["scenario_02"] > 0, "what is dear is tried less"
    assert rounds["scenario_00"] > rounds["scenario_06"], "and so is what does not vary"
    assert 0.9 < document["planned_usd"] <= 1.0
    assert document["floor"] <= document["width_after"] < document["width_after_evenly"] < document["width"]
    assert document["best"] in ("trials", "new scenarios")
    assert "scenario_00" in "\n".join(line.plain for line in next_lines(found))
    nothing = await reports.next_dollar(tx, before, after, budget_usd=0.001)
    assert "It buys no trial" in next_lines(nothing)[-1].plain
    free = await ran(tx, {}, cost=None)
    with pytest.raises(CostUnknown):
        await reports.next_dollar(tx, before, free, budget_usd=1.0)
    told = await reports.next_dollar(tx, before, free, budget_usd=1.0, trial_cost_usd=0.05)
    assert {each.cost_usd for each in told.plan} == {0.1}
