"""
What people ask of two versions beside which is better: how each uses its tools, and which trials would tell most for their cost.

Both are over the scenarios that both ran in the same content and scored.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from guildhall.algorithms import statistics
from guildhall.algorithms.statistics import MetricVerdict, ScenarioMeans, Verdict
from guildhall.algorithms.statistics.allocation import Arm, allocate, rate_variance
from guildhall.db import Tx
from guildhall.domains.evaluation.reports import rules, store
from guildhall.domains.evaluation.reports.errors import CostUnknown, NothingToCompare
from guildhall.domains.evaluation.reports.service import compare
from guildhall.domains.evaluation.reports.types import ScenarioChange, ScenarioResult, ToolWork, Versus
from guildhall.domains.evaluation.simulations import Simulation

Measure: TypeAlias = Literal["calls/trial", "failure share", "ms/call", "cost/trial"]
CALLS: Final = "calls/trial"
FAILURES: Final = "failure share"
DURATION: Final = "ms/call"
COST: Final = "cost/trial"
MOST_TOOLS = 20
_SHARE_MARGIN = 0.05
_ALPHA = 0.05


class Direction(StrEnum):
    """What may be said of a measure: neither more nor fewer calls are better by themselves."""

    HIGHER = "higher"
    LOWER = "lower"
    EQUIVALENT = "equivalent"
    NOT_ENOUGH_DATA = "not enough data"


_DIRECTIONS = {
    Verdict.BETTER: Direction.LOWER,
    Verdict.WORSE: Direction.HIGHER,
    Verdict.EQUIVALENT: Direction.EQUIVALENT,
    Verdict.NOT_ENOUGH_DATA: Direction.NOT_ENOUGH_DATA,
}


@dataclass(frozen=True, slots=True)
class ToolMeasure:
    """One measure of a tool on both sides; `found` has the numbers, its interval and p-value with Holm over all measures of all tools."""

    measure: Measure
    direction: Direction
    found: MetricVerdict


@dataclass(frozen=True, slots=True)
class ToolChange:
    """A tool on both sides: calls, failed calls, and what may be said of its measures."""

    tool_name: str
    calls: tuple[int, int]
    errors: tuple[int, int]
    measures: Sequence[ToolMeasure]


@dataclass(frozen=True, slots=True)
class ToolsVersus:
    """
    How two simulations use their tools, the most used first.

    `compared` measures could show a direction and were tested together;
    `left_out` are tools beyond the `MOST_TOOLS` most used.
    """

    versus: Versus
    tools: Sequence[ToolChange]
    compared: int
    left_out: Sequence[str]


@dataclass(frozen=True, slots=True)
class MoreTrials:
    """
    One scenario in a plan of what to run next.

    `rounds` are trials on each side, `cost_usd` that of one round, `gain_per_usd` what the next
    round takes, for each dollar, from the variance of the difference in pass rate.
    """

    scenario_id: str
    baseline: ScenarioResult
    candidate: ScenarioResult
    rounds: int
    cost_usd: float
    gain_per_usd: float


@dataclass(frozen=True, slots=True)
class NextDollar:
    """
    Where a budget narrows the interval of the difference in pass rate most.

    Widths are of the 95 % interval: as it is, as it would probably be after `plan`, after the same
    trials of each scenario alike, and with `new_scenarios` more scenarios like these for the same money.
    `floor` is what no number of trials of these scenarios would get below. What is unknown is None.
    """

    versus: Versus
    budget_usd: float
    planned_usd: float
    plan: Sequence[MoreTrials]
    width: float
    width_after: float
    width_after_evenly: float
    new_scenarios: int
    width_with_new_scenarios: float
    floor: float


async def compare_tools(tx: Tx, baseline: Simulation, candidate: Simulation) -> ToolsVersus:
    """
    How a candidate uses its tools, beside the baseline: calls per trial, share of failed calls, time for each call, cost per trial.

    Raises:
        SameSimulation: Both are the same one.
        NothingToCompare: No scenario can be paired.
    """
    versus = await _paired(tx, baseline, candidate)
    one = await store.tool_work(tx, baseline.simulation_id)
    other = await store.tool_work(tx, candidate.simulation_id)
    return await asyncio.to_thread(_tools, versus, one, other)


async def next_dollar(
    tx: Tx, baseline: Simulation, candidate: Simulation, *, budget_usd: float, trial_cost_usd: float | None = None
) -> NextDollar:
    """
    Which scenarios to try again, and how often, for a budget: `algorithms.statistics.allocation`.

    A trial costs what the scenario's trials have cost on that side, or, where that is not known, what the side's
    trials cost on average; `trial_cost_usd` takes the place of all of these.

    Raises:
        SameSimulation: Both are the same one.
        NothingToCompare: No scenario can be paired.
        CostUnknown: No trial's cost is known, or all were free, and none is given.
        UnusableSample: The budget or the cost is no amount above 0, or buys more rounds than anybody would run.
    """
    return await asyncio.to_thread(_next, await _paired(tx, baseline, candidate), budget_usd, trial_cost_usd)


async def _paired(tx: Tx, baseline: Simulation, candidate: Simulation) -> Versus:
    versus = await compare(tx, baseline, candidate)
    if not versus.matched:
        raise NothingToCompare(baseline.label, candidate.label)
    return versus


_Work = Mapping[tuple[str, str], ToolWork]


def _tools(versus: Versus, one: _Work, other: _Work) -> ToolsVersus:
    ids = {each.scenario_id for each in versus.matched}
    calls: dict[str, list[int]] = {}
    errors: dict[str, list[int]] = {}
    for side, work in enumerate((one, other)):
        for (scenario_id, name), each in work.items():
            if scenario_id in ids:
                calls.setdefault(name, [0, 0])[side] += each.calls
                errors.setdefault(name, [0, 0])[side] += each.errors
    ordered = sorted(calls, key=lambda name: (-sum(calls[name]), name))
    comparisons = {}
    for name in ordered[:MOST_TOOLS]:
        pairs = [
            (each, one.get((each.scenario_id, name)), other.get((each.scenario_id, name))) for each in versus.matched
        ]
        for measure, of in _MEASURES.items():
            rows = [
                (pair, before, after)
                for pair, mine, theirs in pairs
                if (before := of(pair.baseline, mine, (mine, theirs))) is not None
                and (after := of(pair.candidate, theirs, (mine, theirs))) is not None
            ]
            if rows:
                comparisons[name, measure] = _compared(rows, _SHARE_MARGIN if measure == FAILURES else None)
    named = {f"{name}\n{measure}": compared for (name, measure), compared in comparisons.items()}
    metrics, family = _judged(named)
    tools = [
        ToolChange(
            name,
            (calls[name][0], calls[name][1]),
            (errors[name][0], errors[name][1]),
            [
                ToolMeasure(measure, _DIRECTIONS[found.verdict], found)
                for measure in _MEASURES
                if (found := metrics.get(f"{name}\n{measure}")) is not None
            ],
        )
        for name in ordered[:MOST_TOOLS]
    ]
    return ToolsVersus(versus, tools, family, ordered[MOST_TOOLS:])


def _judged(comparisons: Mapping[str, statistics.Comparison]) -> tuple[Mapping[str, MetricVerdict], int]:
    """
    One family: whatever is said of any measure of any tool is wrong in 5 % of comparisons at most; how many are in it.

    What could show no direction at all, whichever way its scenarios changed, can be wrong in none, and costs the others
    nothing (Tarone 1990, Biometrics 46).
    """
    testable = {name: each for name, each in comparisons.items() if each.smallest_reachable_p < _ALPHA}
    metrics = dict(statistics.judge(testable, dict.fromkeys(testable, False)).metrics) if testable else {}
    for name in comparisons.keys() - testable.keys():
        metrics |= statistics.judge({name: comparisons[name]}, {name: False}).metrics
    return metrics, len(testable)


_Moments = tuple[int, float, float | None]
_Both = tuple[ToolWork | None, ToolWork | None]


def _calls(result: ScenarioResult, work: ToolWork | None, _both: _Both) -> _Moments | None:
    """A trial that does not call the tool calls it 0 times."""
    n = result.scored
    if work is None:
        return n, 0.0, 0.0 if n > 1 else None
    mean = work.calls / n
    return n, mean, max(0.0, (work.squared_calls - n * mean * mean) / (n - 1)) if n > 1 else None


def _failures(_result: ScenarioResult, work: ToolWork | None, _both: _Both) -> _Moments | None:
    return None if work is None else (1, work.errors / work.calls, None)


def _duration(_result: ScenarioResult, work: ToolWork | None, _both: _Both) -> _Moments | None:
    return None if work is None or not work.timed else (1, work.duration_ms / work.timed, None)


def _cost(result: ScenarioResult, work: ToolWork | None, both: _Both) -> _Moments | None:
    """Known where each call of the tool in the scenario is priced, on both sides."""
    if any(each is not None and each.cost_usd is None for each in both) or both == (None, None):
        return None
    return 1, 0.0 if work is None else float(work.cost_usd or 0) / result.scored, None


_Reader: TypeAlias = Callable[[ScenarioResult, ToolWork | None, _Both], _Moments | None]
_MEASURES: Mapping[Measure, _Reader] = {CALLS: _calls, FAILURES: _failures, DURATION: _duration, COST: _cost}


def _compared(rows: Sequence[tuple[ScenarioChange, _Moments, _Moments]], margin: float | None) -> statistics.Comparison:
    return statistics.compare(
        ScenarioMeans.of_moments(*zip(*(before for _, before, _ in rows), strict=True)),
        ScenarioMeans.of_moments(*zip(*(after for _, _, after in rows), strict=True)),
        binary=False,
        groups=rules.groups_of([each.baseline for each, _, _ in rows]),
        margin=margin,
    )


def _next(versus: Versus, budget: float, trial_cost: float | None) -> NextDollar:
    pairs, headline = versus.matched, versus.headline
    assert headline is not None, "there are pairs"
    ones = _costs([each.baseline for each in pairs], trial_cost)
    others = _costs([each.candidate for each in pairs], trial_cost)
    arms = [
        Arm(
            (each.baseline.scored, each.candidate.scored),
            (
                rate_variance(each.baseline.scored, each.baseline.passed),
                rate_variance(each.candidate.scored, each.candidate.passed),
            ),
            one + other,
        )
        for each, one, other in zip(pairs, ones, others, strict=True)
    ]
    found = allocate(arms, budget)
    n = len(arms)
    # What the scenarios differ in beyond what trials explain stays, however often they are tried.
    total = headline.standard_error**2 if math.isfinite(headline.standard_error) else found.before
    between = max(0.0, total - found.before)
    width = headline.high - headline.low
    round_cost = sum(each.cost for each in arms)

    def after(variance: float) -> float:
        return width * math.sqrt((between + variance) / (between + found.before))

    evenly = sum(
        variance / (trials + budget / round_cost)
        for arm in arms
        for trials, variance in zip(arm.trials, arm.variances, strict=True)
    )
    # A new scenario costs what one of these has cost: as many trials, at the same prices.
    whole = sum((each.cost / 2) * sum(each.trials) for each in arms) / n
    new = int(budget / whole)
    return NextDollar(
        versus=versus,
        budget_usd=budget,
        planned_usd=found.cost,
        plan=[
            MoreTrials(each.scenario_id, each.baseline, each.candidate, rounds, arm.cost, gain)
            for each, arm, rounds, gain in sorted(
                zip(pairs, arms, found.rounds, found.gains, strict=True), key=lambda row: (-row[2], -row[3])
            )
        ],
        width=width,
        width_after=after(found.after),
        width_after_evenly=after(evenly / n**2),
        new_scenarios=new,
        width_with_new_scenarios=width * math.sqrt(n / (n + new)),
        floor=after(0.0),
    )


def _costs(results: Sequence[ScenarioResult], given: float | None) -> list[float]:
    """What a trial of each scenario costs on one side, in USD, above 0."""
    if given is not None:
        return [given] * len(results)
    known = [cost for each in results if (cost := each.cost_mean) is not None and cost > 0]
    if not known:
        raise CostUnknown
    usual = sum(known) / len(known)
    return [cost if (cost := each.cost_mean) is not None and cost > 0 else usual for each in results]
