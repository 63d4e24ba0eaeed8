"""`/v1/evaluation/search`: what has these words, or is like them, or like something that is named."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from guildhall.adapters.embeddings import embedder
from guildhall.api.frame.moments import Moment
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Reading
from guildhall.app import searching
from guildhall.app.documents.search import HitDocument, hit_document
from guildhall.domains.evaluation import simulations
from guildhall.domains.evaluation.failures import Fault
from guildhall.domains.evaluation.search import Filters, Kind

router = APIRouter(prefix="/search", tags=["search"], route_class=Route)


class Hits(BaseModel):
    """What was found, the best first."""

    items: list[HitDocument]


@router.get("", response_model=Hits)
async def search(
    visit: Reading,
    text: Annotated[
        str | None, Query(max_length=2_000, description="Words to look for, or `like` instead.", examples=["refund"])
    ] = None,
    like: Annotated[
        str | None,
        Query(
            max_length=1_000,
            description="What others are to be like: a version, a scenario, an outcome or a cluster of failures.",
        ),
    ] = None,
    kind: Annotated[list[Kind] | None, Query(description="Only these kinds.")] = None,
    config: Annotated[
        str | None, Query(max_length=300, description="Versions and trajectories of this configuration.")
    ] = None,
    suite: Annotated[str | None, Query(max_length=100, description="Scenarios of this suite.")] = None,
    scenario_id: Annotated[
        str | None, Query(max_length=1_000, description="This scenario, and trajectories of it.")
    ] = None,
    simulation: Annotated[
        str | None,
        Query(max_length=300, description="Trajectories of this simulation.", examples=["@latest"]),
    ] = None,
    passed: Annotated[bool | None, Query(description="Trajectories that passed, or did not.")] = None,
    fault: Annotated[Fault | None, Query(description="Trajectories and failures by this fault.")] = None,
    after: Moment | None = None,
    before: Moment | None = None,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 20,
) -> Response:
    """Find configurations, scenarios, trajectories and failures by words and by likeness, filters combined."""
    simulation_id = None
    if simulation is not None:
        async with visit.transaction() as tx:
            simulation_id = (await simulations.resolve(tx, simulation)).simulation_id
    filters = Filters(
        config=config,
        suite=suite,
        simulation_id=simulation_id,
        scenario_id=scenario_id,
        passed=passed,
        fault=None if fault is None else fault.value,
        after=after,
        before=before,
    )
    async with embedder(visit.house.app.settings) as maker:
        hits = await searching.look(
            visit.transaction, maker, text=text, like=like, kinds=kind or list(Kind), filters=filters, at_most=limit
        )
    return visit.found({"items": [hit_document(each) for each in hits]})
