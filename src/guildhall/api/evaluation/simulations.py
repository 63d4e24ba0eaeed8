"""`/v1/evaluation/simulations`: what was run, and how it went."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from guildhall.api.frame.lists import Items, ListWanted, answer_list
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Reading
from guildhall.app.documents.simulations import SimulationDocument, simulation_document
from guildhall.domains.evaluation import simulations
from guildhall.domains.evaluation.simulations import SimulationStatus

router = APIRouter(prefix="/simulations", tags=["simulations"], route_class=Route)

SimulationReference = Annotated[
    str,
    Path(
        max_length=300,
        description="An id, the end of one, `@latest`, or a version such as `support-agent@v2`, which means its latest simulation.",
        examples=["@latest"],
    ),
]


@router.get("", response_model=Items[SimulationDocument])
async def list_simulations(
    visit: Reading,
    want: ListWanted,
    status: Annotated[list[SimulationStatus] | None, Query()] = None,
    origin: Annotated[list[str] | None, Query()] = None,
    config: Annotated[str | None, Query(max_length=255, description="The name of a configuration.")] = None,
    config_version_id: UUID | None = None,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
) -> Response:
    """List simulations, newest first."""
    filters = {
        "status": status,
        "origin": origin,
        "config": config,
        "config_version_id": config_version_id,
        "created_after": created_after,
        "created_before": created_before,
    }
    return await answer_list(
        visit,
        want,
        simulations.SIMULATIONS,
        simulations.page_simulations,
        filters,
        simulation_document,
        tuple(SimulationDocument.__annotations__),
    )


@router.get("/{simulation}", response_model=SimulationDocument)
async def get_simulation(visit: Reading, simulation: SimulationReference) -> Response:
    """One simulation."""
    async with visit.transaction() as tx:
        return visit.found(simulation_document(await simulations.resolve(tx, simulation)))
