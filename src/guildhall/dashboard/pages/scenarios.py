"""Scenarios: which are hard, which are flaky, and how did one do over time?"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from guildhall.algorithms.statistics import share_interval
from guildhall.api.frame.visits import Reading
from guildhall.app import searching
from guildhall.app.figures import count, percent
from guildhall.dashboard.frame.charts import Chart, Value, lines
from guildhall.dashboard.frame.tables import Column, Table, TableWanted
from guildhall.dashboard.frame.texts import shown
from guildhall.dashboard.frame.views import Page, quoted, render
from guildhall.domains.evaluation import overview, scenarios
from guildhall.domains.evaluation.overview import ScenarioPlayed, ScenarioStanding, ScenarioWeek
from guildhall.domains.evaluation.scenarios import Scenario, StoredScenario
from guildhall.domains.evaluation.search import Kind

router = APIRouter(route_class=Page, include_in_schema=False)

_FLAKY = 0.3
_CRITICAL = 1.96


@dataclass(frozen=True, slots=True)
class ListPage:
    """Every scenario in use."""

    sentence: str
    table: Table[ScenarioStanding]
    suites: Sequence[str]
    suite: str | None
    alike: bool


@dataclass(frozen=True, slots=True)
class ScenarioPage:
    """One scenario."""

    stored: StoredScenario
    scenario: Scenario
    prompt: str
    prompt_left_out: int
    truth: str
    sentence: str
    chart: Chart | None
    table: Table[ScenarioPlayed]


def _interval(each: ScenarioPlayed) -> str | None:
    if not each.scored:
        return None
    low, high = share_interval(each.passed, each.scored)
    return f"{percent(low)} to {percent(high)}"


_COLUMNS: Sequence[Column[ScenarioStanding]] = (
    Column(
        "scenario_id",
        "Scenario",
        lambda each: each.scenario_id,
        href=lambda each: f"/scenarios/{quoted(each.scenario_id)}",
    ),
    Column("name", "Name", lambda each: each.name),
    Column("suite", "Suite", lambda each: each.suite),
    Column("difficulty", "Declared", lambda each: each.difficulty_level),
    Column("outcomes", "Trials, 30 days", lambda each: each.outcomes, "number"),
    Column("score", "Mean score", lambda each: each.mean_score, "percent"),
    Column(
        "disagreement",
        "Two trials disagree",
        lambda each: each.disagreement,
        "percent",
        hint="how often two trials of one version end differently",
    ),
    Column("errors", "Errors", lambda each: each.errors, "number"),
    Column("timeouts", "Timeouts", lambda each: each.timeouts, "number"),
    Column("duration", "Mean time", lambda each: each.mean_duration_ms, "duration"),
)
_PLAYED: Sequence[Column[ScenarioPlayed]] = (
    Column(
        "simulation",
        "Simulation",
        lambda each: f"{each.config_name}@v{each.version_number} · {each.simulation_id.hex[-6:]}",
        href=lambda each: f"/simulations/{each.simulation_id}",
    ),
    Column("passed", "Passed", lambda each: each.passed, "number"),
    Column("scored", "Of", lambda each: each.scored, "number"),
    Column("interval", "95 % interval", _interval, "written"),
    Column("cost", "Cost", lambda each: each.cost_usd, "money"),
    Column("created_at", "Planned", lambda each: each.created_at, "time"),
    Column(
        "trial", "A trial", lambda each: "open" if each.outcome_id else None, href=lambda each: f"/outcomes/{each.outcome_id}"
    ),
)  # fmt: skip


@router.get("/scenarios")
async def list_scenarios(
    visit: Reading,
    request: Request,
    want: TableWanted,
    suite: Annotated[str | None, Query(max_length=100)] = None,
    alike: Annotated[bool, Query()] = False,
) -> Response:
    """Which scenarios are hard, and which are flaky."""
    said = await searching.said(visit.transaction, visit.house.app.settings, Kind.SCENARIO, want.q, alike=alike)
    by_words = frozenset(said.keys) if said else frozenset()
    async with visit.transaction() as tx:
        everything = await overview.scenario_standings(tx)
    found = [each for each in everything if not suite or each.suite == suite]
    table = Table.of(
        request,
        want,
        found,
        _COLUMNS,
        caption="Scenarios",
        first="score",
        also=lambda each: each.scenario_id in by_words,
    )
    if table.export is not None:
        return table.export
    suites = sorted({each.suite for each in everything if each.suite})
    return render(request, "scenarios.html", ListPage(_list_sentence(found), table, suites, suite, alike), visit=visit)


@router.get("/scenarios/{scenario_id}")
async def one_scenario(
    visit: Reading, request: Request, want: TableWanted, scenario_id: Annotated[str, Path(max_length=300)]
) -> Response:
    """How one scenario did, over time and versions."""
    async with visit.transaction() as tx:
        stored = await scenarios.get_stored(tx, scenario_id)
        scenario = await scenarios.get_scenario(tx, scenario_id)
        weeks = await overview.scenario_weeks(tx, scenario_id)
        played = await overview.scenario_history(tx, scenario_id)
    table = Table.of(request, want, played, _PLAYED, caption="Simulations with this scenario", first="-created_at")
    if table.export is not None:
        return table.export
    prompt, left_out = shown(scenario.task_prompt)
    truth = scenario.ground_truth
    written = truth if isinstance(truth, str) else json.dumps(truth, ensure_ascii=False, indent=1, default=str)
    page = ScenarioPage(
        stored, scenario, prompt, left_out, "" if truth is None else shown(written)[0], _sentence(played), _chart(weeks), table,
    )  # fmt: skip
    return render(request, "scenario.html", page, visit=visit)


def _list_sentence(found: Sequence[ScenarioStanding]) -> str:
    tried = [each for each in found if each.mean_score is not None]
    if not tried:
        return f"{count(len(found), 'scenario')}, none of them tried in the last 30 days."
    never = sum(1 for each in tried if each.mean_score == 0)
    flaky = sum(1 for each in found if each.disagreement is not None and each.disagreement >= _FLAKY)
    hardest = min(tried, key=lambda each: each.mean_score or 0.0)
    said = (
        f"Of {count(len(tried), 'scenario')} tried in the last 30 days, {never} never succeeded and {flaky} are flaky"
    )
    return f"{said}: two trials of one version disagree in {percent(_FLAKY)} of cases or more. The hardest is {hardest.scenario_id}."


def _sentence(played: Sequence[ScenarioPlayed]) -> str:
    scored = sum(each.scored for each in played)
    if not scored:
        return "It has not been scored yet."
    passed = sum(each.passed for each in played)
    low, high = share_interval(passed, scored)
    return (
        f"It passed {percent(passed / scored)} of {count(scored, 'trial')} ({percent(low)} to {percent(high)}) "
        f"in its latest {count(len(played), 'simulation')}, all versions together."
    )


def _chart(weeks: Sequence[ScenarioWeek]) -> Chart | None:
    values = []
    for each in weeks:
        if each.avg_reliability is None:
            continue
        reach = None if each.deviation is None else _CRITICAL * each.deviation / math.sqrt(each.executions)
        values.append(
            Value(
                each.week,
                each.avg_reliability,
                None if reach is None else max(each.avg_reliability - reach, 0.0),
                None if reach is None else min(each.avg_reliability + reach, 1.0),
            )
        )
    sentence = "Each mark is a week's mean with its 95 % interval over trials, by the normal approximation."
    return lines(
        "weeks", "Mean score by week", sentence, {"mean score": values}, unit="score, 0 to 1",
        write=lambda value: f"{value:.2f}", top=1.0, span="week",
    )  # fmt: skip
