"""Configurations: which versions are there, what changed between them, and did it help?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from guildhall.algorithms.differences import summarise
from guildhall.algorithms.statistics import mean_interval, share_interval
from guildhall.api.frame.visits import Reading
from guildhall.app import searching
from guildhall.app.figures import count, percent
from guildhall.dashboard.changes import Difference
from guildhall.dashboard.frame.charts import Chart, Value, lines
from guildhall.dashboard.frame.lists import Listed, ListWanted, listed
from guildhall.dashboard.frame.tables import Column, Table, TableWanted
from guildhall.dashboard.frame.views import Page, link, quoted, render
from guildhall.dashboard.pages.approvals import may_decide_by, rule_sentence
from guildhall.domains.evaluation import configurations, overview
from guildhall.domains.evaluation.configurations import Configuration, ConfigVersion, Proposal, Release
from guildhall.domains.evaluation.overview import VersionDay, VersionStanding
from guildhall.domains.evaluation.search import Kind

router = APIRouter(route_class=Page, include_in_schema=False)

Name = Annotated[str, Path(max_length=300)]
_CHANGES_SHOWN = 12
_RELEASES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ListPage:
    """The team's agents."""

    table: Listed[Configuration]
    sentence: str
    q: str | None
    alike: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A version and what it changed of the one before it."""

    version: ConfigVersion
    changed: str | None
    diff: str | None


@dataclass(frozen=True, slots=True)
class ConfigurationPage:
    """One agent with its versions."""

    configuration: Configuration
    sentence: str
    table: Table[VersionStanding]
    alike: bool
    chart: Chart | None
    lineage: Sequence[Step]
    rule: str
    pending: Sequence[Proposal]
    releases: Sequence[Release]
    may_roll_back: bool
    earlier: Sequence[int]


@dataclass(frozen=True, slots=True)
class DiffPage:
    """What changed from one version to another."""

    before: ConfigVersion
    after: ConfigVersion
    sentence: str
    difference: Difference
    compare: str
    versions: Sequence[ConfigVersion]


_COLUMNS: Sequence[Column[Configuration]] = (
    Column("name", "Configuration", lambda each: each.name, href=lambda each: f"/configurations/{quoted(each.name)}"),
    Column("versions", "Versions", lambda each: each.versions, "number"),
    Column("latest", "Latest", lambda each: f"v{each.latest_version_number}" if each.latest_version_number else None),
    Column("is_active", "In use", lambda each: "yes" if each.is_active else "archived"),
    Column("updated_at", "Changed", lambda each: each.updated_at, "time"),
)


@router.get("/configurations")
async def list_configurations(
    visit: Reading,
    request: Request,
    want: ListWanted,
    q: Annotated[str | None, Query(max_length=200)] = None,
    alike: Annotated[bool, Query()] = False,
) -> Response:
    """The team's agents."""
    said = await searching.said(visit.transaction, visit.house.app.settings, Kind.CONFIG, q, alike=alike)
    table = await listed(
        visit,
        request,
        want,
        configurations.CONFIGURATIONS,
        configurations.page_configurations,
        {"q": said},
        _COLUMNS,
        caption="Configurations",
        exported_at="/v1/evaluation/configurations",
    )
    shown_now = count(len(table.items), "configuration")
    page = ListPage(
        table, f"{shown_now}{' and more' if table.next else ''}, each with every version it ever had.", q, alike
    )
    return render(request, "configurations.html", page, visit=visit)


@router.get("/configurations/{name}")
async def one_configuration(
    visit: Reading, request: Request, name: Name, want: TableWanted, alike: Annotated[bool, Query()] = False
) -> Response:
    """One agent: its versions, how each did, and what each changed."""
    said = await searching.versions_said(visit.transaction, visit.house.app.settings, name, want.q, alike=alike)
    async with visit.transaction() as tx:
        found = await configurations.get_configuration(tx, name)
        standings = await overview.version_standings(tx, found.config_id)
        days = await overview.version_days(tx, found.config_id)
        versions = await configurations.list_versions(tx, found.name, at_most=200)
        rule = await configurations.get_rule(tx, found.name)
        releases = await configurations.list_releases(tx, found.name)
        waiting = {"name": [found.name], "status": ["pending"]}
        pending = await configurations.page_proposals(tx, waiting, configurations.PROPOSALS.order(), at_most=20)
        lineage = []
        for number, version in enumerate(versions):
            before = versions[number + 1] if number + 1 < len(versions) else None
            changed = None
            if before is not None and number < _CHANGES_SHOWN:
                changed = summarise((await configurations.diff_versions(tx, before, version)).changes)
            lineage.append(Step(version, changed, None if before is None else _diff(before, version)))
    by_words = {each.version_number for each in versions if each.version_id in said}
    table = Table.of(
        request,
        want,
        standings,
        _standing_columns(found.name),
        caption="Versions",
        first="-version_number",
        also=lambda each: each.version_number in by_words,
    )
    if table.export is not None:
        return table.export
    page = ConfigurationPage(
        configuration=found,
        sentence=_sentence(found, standings),
        table=table,
        alike=alike,
        chart=_chart(days),
        lineage=lineage,
        rule=rule_sentence(rule),
        pending=pending.items,
        releases=releases[:_RELEASES_SHOWN],
        may_roll_back=may_decide_by(rule, visit),
        earlier=[
            each.version_number
            for each in versions
            if not each.is_proposal and each.version_id != found.latest_version_id
        ],
    )
    return render(request, "configuration.html", page, visit=visit)


@router.get("/configurations/{name}/diff")
async def diff(
    visit: Reading,
    request: Request,
    name: Name,
    before: Annotated[int, Query(ge=1, lt=2**31)],
    after: Annotated[int, Query(ge=1, lt=2**31)],
) -> Response:
    """What changed from one version to another."""
    async with visit.transaction() as tx:
        one = await configurations.get_version(tx, f"{name}@v{before}")
        two = await configurations.get_version(tx, f"{name}@v{after}")
        found = await configurations.diff_versions(tx, one, two)
        versions = await configurations.list_versions(tx, name, at_most=200)
    page = DiffPage(
        before=one,
        after=two,
        sentence=f"{count(len(found.changes), 'setting')} changed: {summarise(found.changes, most=12)}."
        if found.changes
        else "Nothing changed.",
        difference=Difference.of(found.changes, found.unified),
        compare=link("/compare", baseline=one.label, candidate=two.label),
        versions=versions,
    )
    return render(request, "diff.html", page, visit=visit)


def _standing_columns(name: str) -> Sequence[Column[VersionStanding]]:
    return (
        Column(
            "version_number",
            "Version",
            lambda each: each.version_number,
            href=lambda each: link("/simulations", config=name) if each.simulations else None,
        ),
        Column("simulations", "Simulations", lambda each: each.simulations, "number"),
        Column("outcomes", "Trials", lambda each: each.outcomes, "number"),
        Column("pass_rate", "Passed", lambda each: each.passed / each.scored if each.scored else None, "percent"),
        Column("interval", "95 % interval, of trials", _interval, "written"),
        Column("errors", "Errors", lambda each: each.errors, "number"),
        Column("cost", "Cost a trial", lambda each: each.cost_usd / each.priced if each.priced and each.cost_usd is not None else None, "money"),
        Column("mean_duration_ms", "Mean time", lambda each: each.mean_duration_ms, "duration"),
        Column("last_run_at", "Last planned", lambda each: each.last_run_at, "time"),
    )  # fmt: skip


def _interval(each: VersionStanding) -> str | None:
    if not each.scored:
        return None
    low, high = share_interval(each.passed, each.scored)
    return f"{percent(low)} to {percent(high)}"


def _sentence(found: Configuration, standings: Sequence[VersionStanding]) -> str:
    played = [each for each in standings if each.scored]
    if not played:
        return f"{count(found.versions, 'version')}, and no trial of any has been scored yet."
    best = max(played, key=lambda each: (each.passed / each.scored, each.version_number))
    latest = played[0]
    said = f"v{latest.version_number}, the latest that was tried, passed {percent(latest.passed / latest.scored)} of {count(latest.scored, 'trial')}"
    if best.version_number != latest.version_number:
        said += f"; the best so far is v{best.version_number} with {percent(best.passed / best.scored)}"
    return f"{said}. Versions that ran other scenarios cannot be held against each other by this: Compare can."


def _chart(days: Sequence[VersionDay]) -> Chart | None:
    series: dict[str, list[Value]] = {}
    for number in sorted({each.version_number for each in days})[-4:]:
        series[f"v{number}"] = [
            Value(each.day, each.avg_reliability, *mean_interval(each.avg_reliability, each.scored))
            for each in days
            if each.version_number == number and each.avg_reliability is not None
        ]
    return lines(
        "versions", "Mean score by day", "The latest four versions that were tried in the last 90 days, each mark with its 95 % interval over trials (Wilson).", series,
        unit="score, 0 to 1", write=lambda value: f"{value:.2f}", top=1.0,
    )  # fmt: skip


def _diff(before: ConfigVersion, after: ConfigVersion) -> str:
    return link(
        f"/configurations/{quoted(after.config_name)}/diff", before=before.version_number, after=after.version_number
    )
