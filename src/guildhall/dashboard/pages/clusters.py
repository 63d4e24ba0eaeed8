"""One cluster of failures: why it happens, where, since when, at what cost, and what people found out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from guildhall.algorithms.statistics import share_interval
from guildhall.api.frame.visits import Reading, Visit, Writing
from guildhall.app.figures import count, money, percent, shortened
from guildhall.dashboard.frame.charts import Chart, bars
from guildhall.dashboard.frame.forms import form
from guildhall.dashboard.frame.texts import shown
from guildhall.dashboard.frame.views import Page, render, see_other
from guildhall.dashboard.pages.failures import STATES
from guildhall.domains.evaluation import failures
from guildhall.domains.evaluation.failures import AffectedVersion, ClusterDay, ClusterEvent, ClusterStory, Exemplar

router = APIRouter(route_class=Page, include_in_schema=False)

Reference = Annotated[str, Path(max_length=100)]

_LISTED = 50
_AMONG = 1_000
_BETWEEN = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Example:
    """Messages of one kind, and the last trial that had it."""

    message: str
    failures: int
    confidence: float
    href: str | None
    where: str


@dataclass(frozen=True, slots=True)
class InVersion:
    """How often trials of a version failed so."""

    version: AffectedVersion
    share: str


@dataclass(frozen=True, slots=True)
class Happened:
    """What became of a cluster, in words; `href` leads to the other one."""

    at: datetime
    what: str
    href: str | None


@dataclass(frozen=True, slots=True)
class ClusterPage:
    """One cluster with all that is known of it."""

    story: ClusterStory
    title: str
    state: str
    sentence: str
    chart: Chart | None
    examples: Sequence[Example]
    versions: Sequence[InVersion]
    scenarios_left_out: int
    among: int | None
    analysis: str | None
    evidence: Sequence[str]
    further: Sequence[tuple[str, str]]
    history: Sequence[Happened]
    is_resolved: bool
    seen: Mapping[str, str]
    """Marks of what people have said, for forms to bring back."""


@router.get("/failures/{cluster}")
async def one_cluster(visit: Reading, request: Request, cluster: Reference) -> Response:
    """Why trials fail like this, and what to do about it."""
    async with visit.transaction() as tx:
        found = await failures.resolve_cluster(tx, cluster)
        story = await failures.tell_story(tx, found.cluster_id, among=_AMONG)
    analysis = story.cluster.llm_analysis or {}
    title = shortened(found.label, 120) or found.failure_type
    page = ClusterPage(
        story=story,
        title=title,
        state=STATES[found.state],
        sentence=_sentence(story),
        chart=_chart(story.days),
        examples=[_example(each) for each in story.exemplars],
        versions=[InVersion(each, _share(each)) for each in story.versions[:_LISTED]],
        scenarios_left_out=max(len(story.scenarios) - _LISTED, 0),
        among=_AMONG if found.failures > _AMONG else None,
        analysis=shown(str(analysis["analysis"]), 20_000)[0] if "analysis" in analysis else None,
        evidence=[each for each in analysis.get("evidence", []) if _is_id(each)],
        further=[
            (str(key), shown(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), 600)[0])
            for key, value in analysis.items()
            if key not in ("analysis", "evidence")
        ],
        history=[_happened(each, found.cluster_id) for each in story.events[:_LISTED]],
        is_resolved=found.resolved_at is not None and found.last_seen <= found.resolved_at,
        seen={field: failures.mark(story.cluster, field) for field in failures.SAID},
    )
    return render(request, "cluster.html", page, visit=visit)


@router.post("/failures/{cluster}/name")
async def name_cluster(visit: Writing, request: Request, cluster: Reference) -> Response:
    """Give a cluster a name, or take it away."""
    fields = await form(request)
    return await _change(visit, cluster, {"name": fields.get("name", "")}, fields)


@router.post("/failures/{cluster}/analysis")
async def analyse_cluster(visit: Writing, request: Request, cluster: Reference) -> Response:
    """Say why it fails so, with the trials that show it."""
    fields = await form(request)
    text = fields.get("analysis", "").replace("\r\n", "\n").strip()
    # Whoever copies a trial's address cites the trial.
    cited = [each.rpartition("/")[2] for each in _BETWEEN.split(fields.get("evidence", "")) if each]
    async with visit.transaction() as tx:
        known = (await failures.resolve_cluster(tx, cluster)).llm_analysis or {}
    changes = {"llm_analysis": {**known, "analysis": text, "evidence": cited} if text else None}
    return await _change(visit, cluster, changes, fields)


@router.post("/failures/{cluster}/resolution")
async def resolve_cluster(visit: Writing, request: Request, cluster: Reference) -> Response:
    """Mark a cluster as resolved, and say how; it comes back by itself when it is seen again."""
    fields = await form(request)
    steps = fields.get("steps", "").replace("\r\n", "\n")
    return await _change(visit, cluster, {"resolved": True, "resolution_steps": steps}, fields)


@router.post("/failures/{cluster}/reopening")
async def reopen_cluster(visit: Writing, request: Request, cluster: Reference) -> Response:
    """Say that it is not resolved after all."""
    return await _change(visit, cluster, {"resolved": False}, await form(request))


async def _change(visit: Visit, reference: str, changes: Mapping[str, Any], fields: Mapping[str, str]) -> Response:
    """Say something of a cluster, unless somebody else has said something else since the form was shown."""
    marks = {field: fields["seen"] for field in changes if "seen" in fields}
    async with visit.transaction() as tx:
        found = await failures.resolve_cluster(tx, reference)
        changed = await failures.change_cluster(tx, found.cluster_id, changes, marks=marks)
        await visit.done(tx, None, status=204)
    return see_other(f"/failures/{changed.cluster_id}")


def _sentence(story: ClusterStory) -> str:
    found = story.cluster
    where = f"{count(len(story.scenarios), 'scenario')} and {count(len(story.versions), 'version')}"
    recently = f"{found.recent:,} of them in the last seven days, {found.before:,} in the seven before"
    if found.failures <= _AMONG:
        said = f"Seen {count(found.failures, 'time')} in {where}, the fault of the {found.fault}; {recently}"
        whose = "The trials that failed so"
    else:
        said = f"Seen {count(found.failures, 'time')}, the fault of the {found.fault}; {recently}"
        said += f". The latest {_AMONG:,} were in {where}"
        whose = "Their trials"
    if story.cost_usd is None:
        return f"{said}. What these trials cost is not known."
    partly = f", without {count(story.unpriced, 'trial')} of unknown cost" if story.unpriced else ""
    return f"{said}. {whose} cost {money(story.cost_usd)}{partly}."


def _example(each: Exemplar) -> Example:
    anchor = "" if each.step is None else f"#s{each.step}"
    return Example(
        message=shown(each.error_message or each.message, 1_000)[0],
        failures=each.failures,
        confidence=each.confidence,
        href=None if each.outcome_id is None else f"/outcomes/{each.outcome_id}{anchor}",
        where=each.scenario_id or "a trial",
    )


def _share(each: AffectedVersion) -> str:
    if not each.trials:
        return "–"
    low, high = share_interval(min(each.failures, each.trials), each.trials)
    return f"{percent(min(each.failures / each.trials, 1.0))} [{low * 100:.0f}, {high * 100:.0f}]"


def _happened(event: ClusterEvent, cluster_id: UUID) -> Happened:
    of = f"{count(event.signatures, 'kind')} of message, {count(event.failures, 'failure')}"
    other = event.other_id
    if event.cluster_id == cluster_id:
        said = {"founded": "founded", "split": "split from another", "merged": "merged into another"}[event.kind]
        return Happened(event.happened_at, f"{said} ({of})", None if other is None else f"/failures/{other}")
    said = {"split": "a part was split off", "merged": "another was taken in"}.get(event.kind, event.kind)
    # One that was taken in leads back here.
    href = f"/failures/{event.cluster_id}" if event.kind == "split" else None
    return Happened(event.happened_at, f"{said} ({of})", href)


def _chart(days: Sequence[ClusterDay]) -> Chart | None:
    amounts: dict[tuple[datetime, str], float] = {}
    for each in days:
        at = datetime.combine(each.day, time(), UTC)
        amounts[at, "failed"] = float(each.failures - each.recoveries_successful)
        if each.recoveries_successful:
            amounts[at, "recovered"] = float(each.recoveries_successful)
    total = sum(each.failures for each in days)
    return bars(
        "trend", "Failures by day", f"{count(total, 'failure')} on {count(len(days), 'day')}; days without any have no bar.",
        amounts, unit="failures a day", write=lambda value: f"{value:,.0f}" if value == int(value) else f"{value:,.1f}",
    )  # fmt: skip


def _is_id(value: object) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True
