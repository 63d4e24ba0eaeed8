"""Compare: is the candidate better than the baseline, and where is it worse?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from guildhall.algorithms.differences import summarise
from guildhall.algorithms.statistics import MetricVerdict, difference_interval
from guildhall.api.frame.visits import Reading
from guildhall.app import figures
from guildhall.app.figures import change_in_points, duration, money, p_value, percent
from guildhall.dashboard.frame.charts import Whisker, whisker
from guildhall.dashboard.frame.tables import Column, Table, TableWanted
from guildhall.dashboard.frame.views import Page, link, quoted, render, see_other
from guildhall.dashboard.verdicts import CSS
from guildhall.db import Tx
from guildhall.domains.evaluation import outcomes, overview, reports, simulations
from guildhall.domains.evaluation.outcomes import Outcome
from guildhall.domains.evaluation.reports import (
    COST,
    PASS_RATE,
    TIME,
    ScenarioChange,
    ScenarioResult,
    ToolSummary,
    Versus,
)
from guildhall.domains.evaluation.simulations import Simulation
from guildhall.errors import NotFound

router = APIRouter(route_class=Page, include_in_schema=False)

Write = Callable[[float], str]
ScenarioId = Annotated[str, Path(max_length=300)]


class TrialsNotFound(NotFound):
    """No trial of a scenario is in both simulations."""

    code = "trials_not_found"

    def __init__(self, scenario_id: str) -> None:
        super().__init__(f"no trial of {scenario_id!r} is in both simulations", field="scenario_id", value=scenario_id)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of the comparison, written out."""

    name: str
    baseline: str
    candidate: str
    change: str
    interval: str
    p: str
    verdict: str
    css: str
    note: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario of both, its change in points, and where that is on the axis."""

    scenario_id: str
    name: str
    baseline: ScenarioResult
    candidate: ScenarioResult
    change: float
    low: float
    high: float
    drawn: Whisker
    href: str


@dataclass(frozen=True, slots=True)
class ToolChange:
    """A tool's calls on both sides; None where a side has none."""

    tool_name: str
    before: ToolSummary | None
    after: ToolSummary | None


@dataclass(frozen=True, slots=True)
class ComparePage:
    """Two simulations compared, the verdict first; `early` says, sentence by sentence, how they were ended early, if they were."""

    versus: Versus
    early: Sequence[str]
    verdict: str
    css: str
    sentence: str
    method: str
    metrics: Sequence[Metric]
    table: Table[Scenario]
    up: int
    same: int
    down: int
    tools: Sequence[ToolChange]
    changed: str
    diff: str | None
    recent: Sequence[Simulation]
    json: str


@dataclass(frozen=True, slots=True)
class ChoosePage:
    """What could be compared."""

    pairs: Sequence[tuple[Simulation, Simulation, str]]
    recent: Sequence[Simulation]


_COLUMNS: Sequence[Column[Scenario]] = (
    Column("scenario_id", "Scenario", lambda each: each.scenario_id),
    Column("baseline_passed", "Before", lambda each: each.baseline.passed, "number"),
    Column("baseline_scored", "Tried before", lambda each: each.baseline.scored, "number"),
    Column("candidate_passed", "After", lambda each: each.candidate.passed, "number"),
    Column("candidate_scored", "Tried after", lambda each: each.candidate.scored, "number"),
    Column("change", "Change", lambda each: each.change, "number"),
    Column("low", "From", lambda each: each.low, "number"),
    Column("high", "To", lambda each: each.high, "number"),
)


@router.get("/compare")
async def compare(
    visit: Reading,
    request: Request,
    want: TableWanted,
    baseline: Annotated[str | None, Query(max_length=300)] = None,
    candidate: Annotated[str | None, Query(max_length=300)] = None,
    margin: Annotated[float | None, Query(gt=0, lt=1)] = None,
) -> Response:
    """The verdict on two versions, or what there is to choose from."""
    async with visit.transaction() as tx:
        recent = await simulations.list_simulations(tx, at_most=50)
        if not baseline or not candidate:
            return render(request, "choose.html", ChoosePage(await _pairs(tx), recent), visit=visit)
        one, two = await reports.choose_pair(tx, baseline, candidate)
        versus = await reports.compare(tx, one, two, margin=margin)
        tools = (await reports.tools(tx, one.simulation_id), await reports.tools(tx, two.simulation_id))
    headline = versus.headline
    found = [_scenario(versus, each) for each in versus.matched]
    table = Table.of(request, want, found, _COLUMNS, caption="Scenarios, the worst change first", first="change")
    if table.export is not None:
        return table.export
    page = ComparePage(
        versus=versus,
        early=_early(versus),
        verdict="nothing to compare" if versus.judgement is None else versus.judgement.verdict.value,
        css="undecided" if versus.judgement is None else CSS[versus.judgement.verdict],
        sentence=_sentence(versus),
        method="" if headline is None else f"{headline.method}; the interval inverts that test",
        metrics=[_metric(name, metric) for name, metric in versus.metrics.items()],
        table=table,
        up=headline.up if headline else 0,
        same=headline.same if headline else 0,
        down=headline.down if headline else 0,
        tools=_tools(*tools),
        changed=summarise(versus.changes) if versus.changes else "",
        diff=_diff(one, two),
        recent=recent,
        json=link("/v1/evaluation/comparisons", baseline=one.simulation_id, candidate=two.simulation_id),
    )
    return render(request, "compare.html", page, visit=visit)


@router.get("/compare/{baseline}/{candidate}/{scenario_id}")
async def compare_trials(visit: Reading, baseline: UUID, candidate: UUID, scenario_id: ScenarioId) -> Response:
    """Two trials of a scenario, one of each side, that ended differently, where there are such; side by side."""
    async with visit.transaction() as tx:
        ones = await _trials(tx, baseline, scenario_id)
        twos = await _trials(tx, candidate, scenario_id)
    pairs = [(ones[number], twos[number]) for number in sorted(ones.keys() & twos.keys())]
    if not pairs:
        raise TrialsNotFound(scenario_id)
    one, two = next((pair for pair in pairs if pair[0].passed != pair[1].passed), pairs[0])
    return see_other(f"/outcomes/{one.outcome_id}/beside/{two.outcome_id}")


async def _trials(tx: Tx, simulation_id: UUID, scenario_id: str) -> dict[int, Outcome]:
    page = await outcomes.list_outcomes(tx, simulation_id=simulation_id, scenario_id=scenario_id, at_most=200)
    return {each.trial_number: each for each in page.outcomes}


async def _pairs(tx: Tx) -> list[tuple[Simulation, Simulation, str]]:
    found = []
    for each in await overview.latest_pairs(tx, at_most=10):
        one = await simulations.get_simulation(tx, each.baseline_id)
        two = await simulations.get_simulation(tx, each.candidate_id)
        found.append((one, two, link("/compare", baseline=one.simulation_id, candidate=two.simulation_id)))
    return found


def _early(versus: Versus) -> list[str]:
    why = reports.ended_early(versus)
    if why is None:
        return []
    stops = [stop for each in (versus.baseline, versus.candidate) if (stop := reports.early_stop(each)) is not None]
    return [why[:1].upper() + why[1:], *(figures.early_stop(stops) if len(stops) == 2 else ())]


def _sentence(versus: Versus) -> str:
    if versus.judgement is None:
        return "No scenario was scored by both in the same content."
    metric = versus.judgement.headline_metric
    comparison = metric.comparison
    interval = f"{change_in_points(metric.low)} to {change_in_points(metric.high)}"
    said = f"The pass rate changed by {change_in_points(comparison.difference)} points, {interval}, {p_value(metric.adjusted_p)}"
    if len(versus.metrics) > 1:
        said += f" (Holm over {len(versus.metrics)})"
    said += f", over {comparison.n} {comparison.over}."
    if metric.needs.sentence and versus.judgement.verdict.value == "not enough data":
        said += f" {metric.needs.sentence[:1].upper()}{metric.needs.sentence[1:]}."
    return said


def _writers(name: str) -> tuple[Write, Write]:
    match name:
        case _ if name == PASS_RATE:
            return percent, lambda value: f"{change_in_points(value)} points"
        case _ if name == COST:
            return money, lambda value: ("+" if value > 0 else "") + money(value)
        case _ if name == TIME:
            return duration, lambda value: f"{'−' if value < 0 else '+'}{duration(abs(value))}"
    return (lambda value: f"{value:.3g}"), (lambda value: f"{value:+.3g}")


def _metric(name: str, metric: MetricVerdict) -> Metric:
    value, change = _writers(name)
    comparison = metric.comparison
    within = f"within ±{value(comparison.margin)}" if metric.verdict.value == "equivalent" else ""
    return Metric(
        name,
        value(comparison.baseline),
        value(comparison.candidate),
        change(comparison.difference),
        f"{change(metric.low)} to {change(metric.high)}",
        p_value(metric.adjusted_p),
        metric.verdict.value,
        CSS[metric.verdict],
        within,
    )


def _scenario(versus: Versus, each: ScenarioChange) -> Scenario:
    one, two = each.baseline, each.candidate
    low, high = difference_interval((one.passed, one.scored), (two.passed, two.scored))
    return Scenario(
        each.scenario_id,
        two.name,
        one,
        two,
        each.change,
        low,
        high,
        whisker(each.change, low, high, least=-1.0, most=1.0),
        link(
            f"/compare/{versus.baseline.simulation.simulation_id}/{versus.candidate.simulation.simulation_id}"
            f"/{quoted(each.scenario_id)}"
        ),
    )


def _tools(before: Sequence[ToolSummary], after: Sequence[ToolSummary]) -> list[ToolChange]:
    ones = {each.tool_name: each for each in before}
    twos = {each.tool_name: each for each in after}
    return [ToolChange(name, ones.get(name), twos.get(name)) for name in sorted(ones.keys() | twos.keys())]


def _diff(one: Simulation, two: Simulation) -> str | None:
    if one.config_version_id == two.config_version_id or one.config_name != two.config_name:
        return None
    return link(f"/configurations/{quoted(one.config_name)}/diff", before=one.version_number, after=two.version_number)
