"""Simulations: what was run, and how one of them went, trial by trial, as it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response

from guildhall import clock
from guildhall.algorithms.statistics import share_interval
from guildhall.api.frame.events import stream
from guildhall.api.frame.visits import Reading, Writing, token_of
from guildhall.app.figures import count, duration, percent, points
from guildhall.dashboard import live
from guildhall.dashboard.frame.forms import form
from guildhall.dashboard.frame.lists import Listed, ListWanted, listed
from guildhall.dashboard.frame.tables import Column
from guildhall.dashboard.frame.views import Page, link, render, see_other
from guildhall.domains.evaluation import configurations, overview, reports, simulations
from guildhall.domains.evaluation.overview import ActiveSimulation, Cell
from guildhall.domains.evaluation.reports import FailureSeen, Report, ScenarioResult, Summary
from guildhall.domains.evaluation.simulations import Progress, Simulation, SimulationStatus

router = APIRouter(route_class=Page, include_in_schema=False)

Reference = Annotated[str, Path(max_length=300)]

_ROWS = 100
_EXPORT = "/v1/evaluation/simulations"


@dataclass(frozen=True, slots=True)
class ListPage:
    """The team's simulations, and by what they can be narrowed down."""

    sentence: str
    active: Sequence[ActiveSimulation]
    table: Listed[Simulation]
    q: str | None
    config: str | None
    status: str | None
    configs: Sequence[str]
    statuses: Sequence[str]


@dataclass(frozen=True, slots=True)
class GridRow:
    """A scenario in the grid; `number` is its place in the simulation, whatever the order shown."""

    number: int
    result: ScenarioResult
    cells: Sequence[Cell]
    seen: FailureSeen | None
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class SimulationPage:
    """One simulation."""

    simulation: Simulation
    report: Report
    progress: Progress
    eta_s: float | None
    sentence: str
    trials: Sequence[int]
    rows: Sequence[GridRow]
    total_rows: int
    sort: str
    show: str
    previous: str | None
    next: str | None
    orders: Sequence[tuple[str, str, bool]]
    stream: str | None
    other: Simulation | None
    compare: str | None
    csv: str
    json: str

    @property
    def summary(self) -> Summary:
        return self.report.summary

    @property
    def most_k(self) -> int:
        """The greatest k for which pass^k is defined; 0 where none is."""
        return max(self.summary.pass_hat_k, default=0)

    @property
    def failed(self) -> int:
        return sum(each.trials - each.passed for each in self.summary.scenarios)


_COLUMNS: Sequence[Column[Simulation]] = (
    Column(
        "config",
        "Simulation",
        lambda each: f"{each.label} · {each.name or each.short_id}",
        href=lambda each: f"/simulations/{each.simulation_id}",
    ),
    Column("status", "Status", lambda each: each.status.value),
    Column("origin", "Origin", lambda each: each.origin),
    Column("trials", "Trials done", lambda each: f"{each.trials_done:,} of {each.trials_total:,}", "written"),
    Column("overall_score", "Score", lambda each: each.overall_score, "percent"),
    Column("cost_usd", "Cost", lambda each: each.total_cost_usd, "money"),
    Column("created_at", "Planned", lambda each: each.created_at, "time"),
    Column("completed_at", "Ended", lambda each: each.completed_at, "time"),
)


@router.get("/simulations")
async def list_simulations(
    visit: Reading,
    request: Request,
    want: ListWanted,
    q: Annotated[str | None, Query(max_length=200)] = None,
    config: Annotated[str | None, Query(max_length=255)] = None,
    status: Annotated[str | None, Query(pattern="^(pending|running|completed|failed|cancelled)?$")] = None,
) -> Response:
    """What was run, and what runs."""
    filters = {"q": q or None, "config": config or None, "status": [status] if status else None}
    async with visit.transaction() as tx:
        active = await overview.active_simulations(tx)
        known = await configurations.list_configurations(tx, with_inactive=True, at_most=200)
    table = await listed(
        visit,
        request,
        want,
        simulations.SIMULATIONS,
        simulations.page_simulations,
        filters,
        _COLUMNS,
        caption="Simulations",
        exported_at=_EXPORT,
    )
    names = [each.name for each in known]
    page = ListPage(
        _list_sentence(active), active, table, q, config, status, names, [each.value for each in SimulationStatus]
    )
    return render(request, "simulations.html", page, visit=visit)


@router.get("/simulations/{simulation}")
async def one_simulation(
    visit: Reading,
    request: Request,
    simulation: Reference,
    sort: Literal["order", "weakest"] = "order",
    show: Literal["all", "failed"] = "all",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """How one simulation goes, or went."""
    began = clock.now()
    async with visit.transaction() as tx:
        found = await simulations.resolve(tx, simulation)
        report = await reports.report(tx, found)
        progress = await simulations.progress(tx, found.simulation_id)
        other = None
        if found.interleaved_with is not None:
            other = await simulations.get_simulation(tx, found.interleaved_with)
        shown = _rows_shown(report.summary.scenarios, sort, show)
        part = shown[(page - 1) * _ROWS : page * _ROWS]
        cells = await overview.cells(tx, found.simulation_id, [result.scenario_id for _, result in part])
    here = f"/simulations/{found.simulation_id}"
    by_scenario = {name: list(group) for name, group in groupby(cells, key=lambda cell: cell.scenario_id)}
    rows = [
        GridRow(
            number,
            result,
            by_scenario.get(result.scenario_id, []),
            report.failures.get(result.scenario_id),
            share_interval(result.passed, result.scored) if result.scored else None,
        )
        for number, result in part
    ]
    wish: Mapping[str, Any] = {"sort": None if sort == "order" else sort, "show": None if show == "all" else show}
    since = round(began.timestamp() * 1_000_000)
    return render(
        request,
        "simulation.html",
        SimulationPage(
            simulation=found,
            report=report,
            progress=progress,
            eta_s=progress.eta_s(began),
            sentence=_sentence(report.summary),
            trials=sorted({cell.trial_number for cell in cells}),
            rows=rows,
            total_rows=len(shown),
            sort=sort,
            show=show,
            previous=link(here, **wish, page=page - 1) if page > 1 else None,
            next=link(here, **wish, page=page + 1) if len(shown) > page * _ROWS else None,
            orders=(
                ("in the order of the file", link(here, show=wish["show"]), sort == "order"),
                ("weakest first", link(here, show=wish["show"], sort="weakest"), sort == "weakest"),
                ("all scenarios", link(here, sort=wish["sort"]), show == "all"),
                ("those that did not always pass", link(here, sort=wish["sort"], show="failed"), show == "failed"),
            ),
            stream=None if progress.has_ended else f"{here}/live?since={since}",
            other=other,
            compare=None if other is None else _comparison(found, other),
            csv=link(f"{_EXPORT}/{found.simulation_id}/scenarios", format="csv"),
            json=link("/v1/evaluation/outcomes", simulation=found.simulation_id, format="ndjson"),
        ),
        visit=visit,
    )


@router.get("/simulations/{simulation}/live")
async def live_simulation(
    visit: Reading,
    request: Request,
    simulation: UUID,
    since: Annotated[str | None, Query(max_length=30)] = None,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> Response:
    """A simulation as it goes: cells of the grid, and how far it is."""
    async with visit.transaction() as tx:
        found = await simulations.get_simulation(tx, simulation)
        rows = {
            each.scenario_id: number
            for number, each in enumerate(await simulations.pinned_scenarios(tx, found.simulation_id))
        }
    database, actor = visit.house.app.database, replace(visit.caller.actor, reads_only=True)
    heard = live.time_of(last_event_id) or live.time_of(since)
    before = None if heard is None else live.missed_cells(database, actor, found.simulation_id, heard, rows.get)
    events = visit.house.hub.listen(
        visit.house,
        ("dashboard", actor.tenant_id, found.simulation_id),
        lambda: live.simulation_events(database, actor, found.simulation_id, rows.get),
        token=token_of(request),
        before=before,
    )
    return stream(events)


@router.post("/simulations/{simulation}/cancellation")
async def cancel_simulation(visit: Writing, request: Request, simulation: UUID) -> Response:
    """End a simulation early."""
    await form(request)
    async with visit.transaction() as tx:
        cancelled = await simulations.cancel_simulation(tx, simulation)
        await visit.done(tx, None, status=204)
    return see_other(f"/simulations/{cancelled.simulation_id}")


def _list_sentence(active: Sequence[ActiveSimulation]) -> str:
    running = [each for each in active if each.status == "running"]
    waiting = len(active) - len(running)
    if not active:
        return "Nothing is running."
    said = f"{count(len(running), 'simulation')} running, {waiting} waiting"
    left = [each.eta_s for each in running if each.eta_s is not None]
    return f"{said}; the last of them ends in about {duration(max(left) * 1000)}." if left else f"{said}."


def _rows_shown(scenarios: Sequence[ScenarioResult], sort: str, show: str) -> list[tuple[int, ScenarioResult]]:
    found = [(number, each) for number, each in enumerate(scenarios) if show == "all" or each.passed < each.trials]
    if sort == "weakest":
        found.sort(key=lambda pair: 2.0 if pair[1].pass_share is None else pair[1].pass_share)
    return found


def _comparison(one: Simulation, other: Simulation) -> str:
    older, newer = sorted((one, other), key=lambda each: (each.version_number, each.created_at))
    return link("/compare", baseline=older.simulation_id, candidate=newer.simulation_id)


def _sentence(summary: Summary) -> str:
    rate = summary.pass_rate
    if rate is None:
        return "Nothing was scored so far."
    over = f"{count(rate.n, rate.over.removesuffix('s'))}, {count(summary.totals.outcomes, 'trial')}"
    said = f"{percent(rate.value)} of trials passed, {points(rate.low, rate.high)} % over {over}"
    if summary.faults:
        said += "; at fault: " + ", ".join(f"{fault} {times:,}" for fault, times in summary.faults.items())
    return said + "."
