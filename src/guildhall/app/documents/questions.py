"""Tools between versions, and what to run next, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.app.documents import described
from guildhall.domains.evaluation.reports import Direction, MoreTrials, NextDollar, ToolChange, ToolsVersus, Versus
from guildhall.domains.evaluation.simulations import Simulation


@described
class ToolMeasureDocument(TypedDict):
    """One measure of a tool in both simulations."""

    measure: Literal["calls/trial", "failure share", "ms/call", "cost/trial"]
    verdict: Direction
    """higher, lower, equivalent or not enough data, in the candidate."""
    baseline: float
    candidate: float
    difference: float
    interval: Sequence[float | None]
    """Of the difference, at the level that all measures of all tools together are held to."""
    p_value: float
    adjusted_p: float
    """The p-value, raised (Holm) for all measures of all tools that are compared."""
    scenarios: int
    """How many it is over: the means are over scenarios."""
    method: str


class ToolChangeDocument(TypedDict):
    """A tool in both simulations; calls and failed calls are in the scored trials of these scenarios."""

    tool_name: str
    baseline_calls: int
    candidate_calls: int
    baseline_errors: int
    candidate_errors: int
    measures: Sequence[ToolMeasureDocument]


@described
class ToolsVersusDocument(TypedDict):
    """How a candidate uses its tools, beside the baseline, over the scenarios that both scored in the same content."""

    baseline_simulation_id: UUID
    baseline: str
    candidate_simulation_id: UUID
    candidate: str
    scenarios: int
    tools: Sequence[ToolChangeDocument]
    """The most used first."""
    compared: int
    """How many measures were tested together."""
    left_out: Sequence[str]
    """Tools that are used too little to be compared with the rest."""


@described
class MoreTrialsDocument(TypedDict):
    """A scenario in the plan."""

    scenario_id: str
    rounds: int
    """How many more trials on each side."""
    cost_usd: float
    """Of all these rounds."""
    cost_per_round_usd: float
    gain_per_usd: float
    """What the next round takes from the variance of the difference, for each dollar."""
    baseline_passed: int
    baseline_scored: int
    candidate_passed: int
    candidate_scored: int


@described
class NextDollarDocument(TypedDict):
    """Where a budget narrows the 95 % interval of the difference in pass rate most. Widths are shares, from 0 to 2."""

    baseline_simulation_id: UUID
    baseline: str
    candidate_simulation_id: UUID
    candidate: str
    budget_usd: float
    planned_usd: float
    plan: Sequence[MoreTrialsDocument]
    """Every scenario, those with the most rounds first."""
    width: float
    """As it is."""
    width_after: float
    """As it would probably be after this plan."""
    width_after_evenly: float
    """With the same number of trials more of each scenario, for the same money."""
    new_scenarios: int
    """How many scenarios like these the money would pay for instead."""
    width_with_new_scenarios: float
    floor: float
    """What no number of trials of these scenarios would get below: they differ in what the change does to them."""
    best: Literal["trials", "new scenarios"]
    """Which of both narrows it more."""


def tools_versus_document(found: ToolsVersus) -> ToolsVersusDocument:
    """Tools between versions."""
    one, other = _sides(found.versus)
    return {
        "baseline_simulation_id": one.simulation_id,
        "baseline": one.label,
        "candidate_simulation_id": other.simulation_id,
        "candidate": other.label,
        "scenarios": len(found.versus.matched),
        "tools": [_tool(each) for each in found.tools],
        "compared": found.compared,
        "left_out": list(found.left_out),
    }


def next_dollar_document(found: NextDollar) -> NextDollarDocument:
    """What to run next."""
    one, other = _sides(found.versus)
    return {
        "baseline_simulation_id": one.simulation_id,
        "baseline": one.label,
        "candidate_simulation_id": other.simulation_id,
        "candidate": other.label,
        "budget_usd": found.budget_usd,
        "planned_usd": found.planned_usd,
        "plan": [_more(each) for each in found.plan],
        "width": found.width,
        "width_after": found.width_after,
        "width_after_evenly": found.width_after_evenly,
        "new_scenarios": found.new_scenarios,
        "width_with_new_scenarios": found.width_with_new_scenarios,
        "floor": found.floor,
        "best": "new scenarios" if found.width_with_new_scenarios < found.width_after else "trials",
    }


def _sides(versus: Versus) -> tuple[Simulation, Simulation]:
    return versus.baseline.simulation, versus.candidate.simulation


def _tool(tool: ToolChange) -> ToolChangeDocument:
    return {
        "tool_name": tool.tool_name,
        "baseline_calls": tool.calls[0],
        "candidate_calls": tool.calls[1],
        "baseline_errors": tool.errors[0],
        "candidate_errors": tool.errors[1],
        "measures": [
            {
                "measure": each.measure,
                "verdict": each.direction,
                "baseline": each.found.comparison.baseline,
                "candidate": each.found.comparison.candidate,
                "difference": each.found.comparison.difference,
                "interval": [each.found.low, each.found.high],
                "p_value": each.found.comparison.p_value,
                "adjusted_p": each.found.adjusted_p,
                "scenarios": each.found.comparison.n,
                "method": each.found.comparison.method,
            }
            for each in tool.measures
        ],
    }


def _more(more: MoreTrials) -> MoreTrialsDocument:
    return {
        "scenario_id": more.scenario_id,
        "rounds": more.rounds,
        "cost_usd": more.rounds * more.cost_usd,
        "cost_per_round_usd": more.cost_usd,
        "gain_per_usd": more.gain_per_usd,
        "baseline_passed": more.baseline.passed,
        "baseline_scored": more.baseline.scored,
        "candidate_passed": more.candidate.passed,
        "candidate_scored": more.candidate.scored,
    }
