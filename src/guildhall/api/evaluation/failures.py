"""`/v1/evaluation/failures` and `/failure-reports`: clusters of failures that are alike, and what people find out about them."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from guildhall.api.frame.bodies import Body
from guildhall.api.frame.lists import AlikeParameter, Items, ListWanted, SaidParameter, answer_list
from guildhall.api.frame.moments import Moment
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Reading, Writing
from guildhall.app import searching
from guildhall.app.documents.failures import (
    ClusterDocument,
    ClusteringDocument,
    ClusterStoryDocument,
    ErrorRateDocument,
    FailureDayDocument,
    cluster_document,
    clustering_document,
    error_rate_document,
    failure_day_document,
    story_document,
)
from guildhall.domains.evaluation import failures, simulations
from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.domains.evaluation.search import Kind

router = APIRouter(prefix="/failures", tags=["failures"], route_class=Route)
reports = APIRouter(prefix="/failure-reports", tags=["failures"], route_class=Route)

ClusterId = Annotated[UUID, Path(description="A cluster's id.")]


class Analysis(BaseModel):
    """What was found out about a cluster; keys that nobody knows are kept."""

    model_config = ConfigDict(
        extra="allow", json_schema_extra={"examples": [{"analysis": "It never looks the order up.", "evidence": []}]}
    )

    analysis: Annotated[str, Field(min_length=1, max_length=20_000)]
    evidence: Annotated[
        list[UUID], Field(default_factory=list, max_length=1_000, description="Outcomes that failed so.")
    ]


class ClusterSeen(Body):
    """What stood there as it was read; what is not given is not compared."""

    name: str | None = None
    resolution_steps: str | None = None
    llm_analysis: dict[str, Any] | None = None


class ClusterChanges(Body):
    """What is said of a cluster; what is not given stays, and null takes it away."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "No look-up", "resolved": True, "resolution_steps": "Insist on it."}]}
    )

    name: Annotated[str | None, Field(max_length=200)] = None
    resolution_steps: Annotated[str | None, Field(max_length=10_000)] = None
    """How to fix it."""
    llm_analysis: Analysis | None = None
    resolved: bool | None = None
    """It comes back by itself when it is seen again; null changes nothing."""
    seen: ClusterSeen | None = None
    """Where something else stands there by now, nothing is changed, and the answer is 409."""


class Rates(BaseModel):
    """Error rates, the newest day first and the greatest of it first."""

    items: list[ErrorRateDocument]


class Days(BaseModel):
    """Days and categories, the newest day first and the most failures of it first."""

    items: list[FailureDayDocument]


@router.get("", response_model=Items[ClusterDocument])
async def list_clusters(
    visit: Reading,
    want: ListWanted,
    simulation: Annotated[
        str | None,
        Query(max_length=300, description="Those with a failure in this simulation.", examples=["@latest"]),
    ] = None,
    scenario_id: Annotated[
        str | None, Query(max_length=1_000, description="Those with a failure in this scenario.")
    ] = None,
    fault: Annotated[list[Fault] | None, Query()] = None,
    failure_category: Annotated[list[FailureCategory] | None, Query()] = None,
    failure_type: Annotated[str | None, Query(max_length=100)] = None,
    resolved: bool | None = None,
    seen_after: Moment | None = None,
    seen_before: Moment | None = None,
    q: SaidParameter = None,
    alike: AlikeParameter = False,
) -> Response:
    """List clusters of failures, those that were seen last first."""
    simulation_id = None
    if simulation is not None:
        async with visit.transaction() as tx:
            simulation_id = (await simulations.resolve(tx, simulation)).simulation_id
    filters = {
        "simulation_id": simulation_id,
        "scenario_id": scenario_id,
        "fault": fault,
        "failure_category": failure_category,
        "failure_type": failure_type,
        "is_resolved": resolved,
        "seen_after": seen_after,
        "seen_before": seen_before,
        "q": await searching.said(visit.transaction, visit.house.app.settings, Kind.FAILURE, q, alike=alike),
    }
    return await answer_list(
        visit,
        want,
        failures.CLUSTERS,
        failures.page_clusters,
        filters,
        cluster_document,
        tuple(ClusterDocument.__annotations__),
    )


@reports.get("/clustering", response_model=ClusteringDocument)
async def get_clustering(visit: Reading) -> Response:
    """How the team's failures were clustered last, and how many wait."""
    async with visit.transaction() as tx:
        return visit.found(clustering_document(await failures.get_clustering(tx)))


@reports.get("/rates", response_model=Rates)
async def list_error_rates(visit: Reading) -> Response:
    """How often scenarios ended in an error, by day, over a week: those with ten trials or more on the day."""
    async with visit.transaction() as tx:
        return visit.found({"items": [error_rate_document(each) for each in await failures.error_rates(tx)]})


@reports.get("/days", response_model=Days)
async def list_failure_days(visit: Reading) -> Response:
    """Failures of thirty days by day and category, with samples."""
    async with visit.transaction() as tx:
        return visit.found({"items": [failure_day_document(each) for each in await failures.analyse_days(tx)]})


@router.get("/{cluster_id}", response_model=ClusterStoryDocument)
async def get_cluster(visit: Reading, cluster_id: ClusterId) -> Response:
    """One cluster with its exemplars, scenarios, versions, trend, lineage and cost; of one that was taken in, the other."""
    async with visit.transaction() as tx:
        return visit.found(story_document(await failures.tell_story(tx, cluster_id)))


@router.patch("/{cluster_id}", response_model=ClusterDocument)
async def change_cluster(body: ClusterChanges, visit: Writing, cluster_id: ClusterId) -> Response:
    """
    Name a cluster, say how to fix it, keep what was found out about it, or mark it as resolved.

    With `seen` nobody overwrites what somebody else has said meanwhile.
    """
    changes: dict[str, Any] = body.model_dump(exclude_unset=True)
    seen = changes.pop("seen", None)
    async with visit.transaction() as tx:
        return await visit.done(tx, cluster_document(await failures.change_cluster(tx, cluster_id, changes, seen=seen)))
