"""`/v1/evaluation/simulations`: what was run, and how it went."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from guildhall.api.frame.lists import Items, ListWanted, SaidParameter, answer_list
from guildhall.api.frame.moments import Moment
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Reading, Writing
from guildhall.app import planning, through
from guildhall.app.documents.reports import (
    ReportDocument,
    ScenarioResultDocument,
    report_document,
    scenario_result_document,
)
from guildhall.app.documents.simulations import SimulationDocument, simulation_document
from guildhall.db import Tx
from guildhall.db.listing import Order, Page
from guildhall.domains.evaluation import reports, simulations
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

ScenarioId = Annotated[str, Field(max_length=100)]


class NewPlan(BaseModel):
    """A simulation to be done: a version, and the scenarios that it is tried on in their latest content."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"config": "support-agent@v2", "suite": "refunds", "trials": 5}]},
    )

    config: Annotated[str, Field(max_length=300, description="A version: `support-agent@v2`, or its id.")]
    scenarios: Annotated[list[ScenarioId], Field(max_length=100_000, description="Ids, in the order to run.")] = []
    suite: Annotated[str | None, Field(max_length=100, description="All active scenarios of a suite.")] = None
    trials: Annotated[int, Field(ge=1, le=10_000, description="How often each scenario is tried.")] = 1
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] = 0
    timeout_ms: Annotated[int, Field(ge=1, le=604_800_000, description="How long a trial may take.")] = 300_000
    max_retries: Annotated[int, Field(ge=0, le=1_000)] = 3
    max_cost_usd: Annotated[Decimal | None, Field(ge=Decimal("0.000001"), le=99_999_999, decimal_places=6)] = None
    name: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    against: Annotated[
        str | None, Field(max_length=300, description="A version to run beside it; its id is `interleaved_with`.")
    ] = None
    origin: Annotated[
        Literal["client", "run"],
        Field(description="Who records outcomes: you, or a runner of Guildhall's (`guildhall eval resume`)."),
    ] = "client"
    metadata: dict[str, Any] = {}


class Completion(BaseModel):
    """How a simulation ended."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"status": "completed"}]})

    status: Literal["completed", "failed"] = "completed"
    error_message: Annotated[str | None, Field(max_length=10_000)] = None
    execution_time_ms: Annotated[
        float | None, Field(ge=0, allow_inf_nan=False, description="As long as it took; else from its times.")
    ] = None


@router.get("", response_model=Items[SimulationDocument])
async def list_simulations(
    visit: Reading,
    want: ListWanted,
    status: Annotated[list[SimulationStatus] | None, Query()] = None,
    origin: Annotated[list[str] | None, Query()] = None,
    config: Annotated[str | None, Query(max_length=255, description="The name of a configuration.")] = None,
    config_version_id: UUID | None = None,
    created_after: Moment | None = None,
    created_before: Moment | None = None,
    q: SaidParameter = None,
) -> Response:
    """List simulations, newest first."""
    filters = {
        "status": status,
        "origin": origin,
        "config": config,
        "config_version_id": config_version_id,
        "created_after": created_after,
        "created_before": created_before,
        "q": q,
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


@router.post("", status_code=201, response_model=SimulationDocument)
async def plan_simulation(body: NewPlan, visit: Writing) -> Response:
    """Plan a simulation; its outcomes are then recorded at `/v1/evaluation/outcomes`."""
    order = planning.Order(
        config=body.config,
        scenario_ids=body.scenarios,
        suite=body.suite,
        trials=body.trials,
        seed=body.seed,
        timeout_ms=body.timeout_ms,
        max_retries=body.max_retries,
        max_cost_usd=body.max_cost_usd,
        name=body.name,
        against=body.against,
        origin=body.origin,
        metadata=body.metadata,
    )
    async with visit.transaction() as tx:
        planned = await planning.plan(tx, order)
        where = f"/v1/evaluation/simulations/{planned.simulation_id}"
        return await visit.created(tx, simulation_document(planned), at=where)


@router.get("/{simulation}/scenarios", response_model=Items[ScenarioResultDocument])
async def list_results(
    visit: Reading,
    want: ListWanted,
    simulation: SimulationReference,
    scenario_id: Annotated[str | None, Query(max_length=300)] = None,
    group: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """List the scenarios of a simulation, each with what came of it so far."""
    async with visit.transaction() as tx:
        found = await simulations.resolve(tx, simulation)

    async def page(tx: Tx, filters: Mapping[str, Any], order: Order, **where: Any) -> Page[reports.ScenarioResult]:
        return await reports.page_results(tx, found.simulation_id, filters, order, **where)

    return await answer_list(
        visit,
        want,
        reports.RESULTS,
        page,
        {"scenario_id": scenario_id, "group": group},
        scenario_result_document,
        tuple(ScenarioResultDocument.__annotations__),
    )


@router.get("/{simulation}/report", response_model=ReportDocument)
async def get_report(visit: Reading, simulation: SimulationReference) -> Response:
    """What a simulation has shown so far, with intervals."""
    async with visit.transaction() as tx:
        found = await reports.report(tx, await simulations.resolve(tx, simulation))
        ledger = await through.ledgered(tx, found)
    return visit.found(report_document(found, ledger))


@router.post("/{simulation}/cancellation", response_model=SimulationDocument)
async def cancel_simulation(visit: Writing, simulation: SimulationReference) -> Response:
    """End a simulation early; what was recorded is kept, and it can be taken up again."""
    async with visit.transaction() as tx:
        found = await simulations.resolve(tx, simulation)
        cancelled = await simulations.cancel_simulation(tx, found.simulation_id)
        return await visit.done(tx, simulation_document(cancelled))


@router.post("/{simulation}/completion", response_model=SimulationDocument)
async def complete_simulation(
    visit: Writing, simulation: SimulationReference, body: Annotated[Completion, Body(default_factory=Completion)]
) -> Response:
    """
    End a simulation whose outcomes you have recorded: its score, cost and duration are stored.

    Without a body it is completed.
    """
    async with visit.transaction() as tx:
        found = await simulations.resolve(tx, simulation)
        ended = await planning.complete(
            tx,
            found,
            status=SimulationStatus(body.status),
            error_message=body.error_message,
            execution_time_ms=body.execution_time_ms,
        )
        return await visit.done(tx, simulation_document(ended))
