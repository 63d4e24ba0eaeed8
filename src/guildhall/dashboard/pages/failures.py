"""Failures: which is worth fixing first?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from guildhall.api.frame.visits import Reading
from guildhall.app import searching
from guildhall.app.figures import count, shortened
from guildhall.dashboard.frame.charts import Chart, bars
from guildhall.dashboard.frame.lists import Listed, ListWanted, listed
from guildhall.dashboard.frame.tables import Column
from guildhall.dashboard.frame.views import Page, render
from guildhall.domains.evaluation import failures, overview
from guildhall.domains.evaluation.failures import Cluster, Clustering, ClusterState, FailureCategory, Fault
from guildhall.domains.evaluation.overview import ErrorRate, FailureDay
from guildhall.domains.evaluation.search import Kind

router = APIRouter(route_class=Page, include_in_schema=False)

_RATES_SHOWN = 20
_FIRST = "-recent"


@dataclass(frozen=True, slots=True)
class FailuresPage:
    """Clusters of failures, and how many failures there were by day."""

    sentence: str
    table: Listed[Cluster]
    clustering: Clustering
    chart: Chart | None
    rates: Sequence[ErrorRate]
    chosen: Mapping[str, str | None]
    alike: bool
    faults: Sequence[str]
    categories: Sequence[str]


STATES: Mapping[ClusterState, str] = {
    ClusterState.NEW: "new",
    ClusterState.GROWING: "▲ growing",
    ClusterState.STEADY: "steady",
    ClusterState.FADING: "▼ fading",
    ClusterState.RESOLVED: "● resolved",
    ClusterState.CAME_BACK: "↺ came back",
}
"""How a cluster stands, in a word and, where it matters, a shape."""
_COLUMNS: Sequence[Column[Cluster]] = (
    Column(
        "label",
        "What",
        lambda each: shortened(each.label, 140) or each.failure_type,
        href=lambda each: f"/failures/{each.cluster_id}",
    ),
    Column("state", "State", lambda each: STATES[each.state]),
    Column("fault", "Fault", lambda each: each.fault),
    Column("failure_category", "Category", lambda each: each.failure_category.replace("_", " ")),
    Column("recent", "Last 7 days", lambda each: each.recent, "number"),
    Column("before", "7 days before", lambda each: each.before, "number"),
    Column("failures", "In all", lambda each: each.failures, "number"),
    Column("recovered", "Recovered", lambda each: each.recoveries_successful, "number"),
    Column("first_seen", "First seen", lambda each: each.first_seen, "time"),
    Column("last_seen", "Last seen", lambda each: each.last_seen, "time"),
)


@router.get("/failures")
async def list_clusters(
    visit: Reading,
    request: Request,
    want: ListWanted,
    q: Annotated[str | None, Query(max_length=200)] = None,
    alike: Annotated[bool, Query()] = False,
    fault: Annotated[str | None, Query(pattern=f"^({'|'.join(Fault)})?$")] = None,
    failure_category: Annotated[str | None, Query(pattern=f"^({'|'.join(FailureCategory)})?$")] = None,
    resolved: Annotated[str | None, Query(pattern="^(true|false)?$")] = None,
) -> Response:
    """Which failures there are, alike ones together, and which is worth fixing first."""
    said = await searching.said(visit.transaction, visit.house.app.settings, Kind.FAILURE, q, alike=alike)
    filters = {
        "q": said,
        "fault": [fault] if fault else None,
        "failure_category": [failure_category] if failure_category else None,
        "is_resolved": {"true": True, "false": False}.get(resolved or ""),
    }
    async with visit.transaction() as tx:
        first = failures.CLUSTERS.order("recent", descending=True)
        worst = await failures.page_clusters(tx, {"is_resolved": False}, first, at_most=1)
        clustering = await failures.get_clustering(tx)
        days = await overview.failure_days(tx)
        rates = await overview.error_rates(tx, at_most=_RATES_SHOWN)
    table = await listed(
        visit,
        request,
        replace(want, sort=want.sort or _FIRST),
        failures.CLUSTERS,
        failures.page_clusters,
        filters,
        _COLUMNS,
        caption="Clusters of failures",
        exported_at="/v1/evaluation/failures",
    )
    page = FailuresPage(
        sentence=_sentence(worst.items),
        table=table,
        clustering=clustering,
        chart=_chart(days),
        rates=rates,
        chosen={"q": q, "fault": fault, "failure_category": failure_category, "resolved": resolved},
        alike=alike,
        faults=[each.value for each in Fault],
        categories=[each.value for each in FailureCategory],
    )
    return render(request, "failures.html", page, visit=visit)


def _sentence(worst: Sequence[Cluster]) -> str:
    if not worst:
        return "No failure is on record that is not resolved."
    first = worst[0]
    what = f"“{shortened(first.label, 120)}”, fault of the {first.fault}"
    if not first.recent:
        return f"Nothing failed in the last seven days. The last was {what}, {first.last_seen:%Y-%m-%d}."
    before = "it is new" if first.state is ClusterState.NEW else f"{first.before:,} times the week before"
    return f"In the last seven days the most frequent was {what}: {count(first.recent, 'time')}, and {before}."


def _chart(days: Sequence[FailureDay]) -> Chart | None:
    amounts = {(each.day, each.failure_category): float(each.failures) for each in days}
    total = sum(each.failures for each in days)
    return bars(
        "failures", "Failures by day", f"{count(total, 'failure')} in 30 days, by category.", amounts,
        unit="failures a day", write=lambda value: f"{value:,.0f}" if value == int(value) else f"{value:,.1f}",
    )  # fmt: skip
