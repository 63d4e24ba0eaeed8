"""`/v1/evaluation/outcomes`: the record of each trial, read one by one and taken in many at a time."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from guildhall.api.frame.lists import Items, ListWanted, answer_list
from guildhall.api.frame.moments import Moment
from guildhall.api.frame.problems import Refused
from guildhall.api.frame.routes import MediaTypeRefused, Route
from guildhall.api.frame.schemas import schema_of
from guildhall.api.frame.visits import Reading, Writing
from guildhall.app import ingest, telling
from guildhall.app.documents.outcomes import (
    KeptOutcomeDocument,
    OutcomeDocument,
    kept_outcome_document,
    outcome_document,
)
from guildhall.app.documents.telling import IngestDocument, ToldFailure, ToldOutcome, ToldTool
from guildhall.app.ingest import Fate, Item
from guildhall.domains.evaluation import failures, outcomes, simulations
from guildhall.domains.evaluation.failures import FailedTrial, Fault
from guildhall.domains.evaluation.outcomes import OutcomeStatus

router = APIRouter(prefix="/outcomes", tags=["outcomes"], route_class=Route)

OutcomeId = Annotated[UUID, Path(description="An outcome's id.")]

_JSON, _LINES = "application/json", ("application/x-ndjson", "application/jsonl", "application/ndjson")
_TOLD = schema_of(ToldOutcome)
_EXAMPLE = {
    "outcomes": [
        {
            "simulation_id": "0192f3a4-5b6c-7d8e-9f01-23456789abcd",
            "scenario_id": "refund_in_time",
            "status": "success",
            "reliability_score": 1.0,
            "cost_usd": 0.0021,
            "trajectory": {"steps": [{"type": "message", "role": "assistant", "content": "Refunded."}]},
        }
    ]
}
_MANY = {"type": "array", "items": _TOLD, "maxItems": ingest.MOST_RECORDS}
_BODY = {
    "required": True,
    "content": {
        _JSON: {
            "schema": {
                "anyOf": [
                    {
                        "type": "object",
                        "required": ["outcomes"],
                        "properties": {"outcomes": _MANY},
                        "additionalProperties": False,
                    },
                    _MANY,
                ]
            },
            "example": _EXAMPLE,
        },
        _LINES[0]: {"schema": {"type": "string", "description": "One outcome in a line."}},
    },
}


class ToldTools(BaseModel):
    """Calls of tools in one trial."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"tools": [{"tool_name": "refund", "duration_ms": 41, "success": True}]}]},
    )

    tools: Annotated[
        list[Annotated[dict[str, Any], WithJsonSchema(schema_of(ToldTool))]], Field(min_length=1, max_length=10_000)
    ]


class ToldFailures(BaseModel):
    """Failures of one trial."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"failures": [{"failure_category": "tool_error", "error_message": "no such order"}]}]
        },
    )

    failures: Annotated[
        list[Annotated[dict[str, Any], WithJsonSchema(schema_of(ToldFailure))]], Field(min_length=1, max_length=1_000)
    ]


@router.get("", response_model=Items[OutcomeDocument])
async def list_outcomes(
    visit: Reading,
    want: ListWanted,
    simulation: Annotated[
        str | None, Query(max_length=300, description="A simulation, by any of its names.", examples=["@latest"])
    ] = None,
    scenario_id: Annotated[list[str] | None, Query(max_length=1_000)] = None,
    trial_number: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
    status: Annotated[list[OutcomeStatus] | None, Query()] = None,
    passed: bool | None = None,
    fault: Annotated[list[Fault] | None, Query()] = None,
    executed_after: Moment | None = None,
    executed_before: Moment | None = None,
) -> Response:
    """List outcomes, newest first, without their trajectories."""
    simulation_id = None
    if simulation is not None:
        async with visit.transaction() as tx:
            simulation_id = (await simulations.resolve(tx, simulation)).simulation_id
    filters = {
        "simulation_id": simulation_id,
        "scenario_id": scenario_id,
        "trial_number": trial_number,
        "status": status,
        "passed": passed,
        "fault": fault,
        "executed_after": executed_after,
        "executed_before": executed_before,
    }
    return await answer_list(
        visit,
        want,
        outcomes.OUTCOMES,
        outcomes.page_outcomes,
        filters,
        outcome_document,
        tuple(OutcomeDocument.__annotations__),
    )


@router.post("", response_model=IngestDocument, openapi_extra={"requestBody": _BODY})
async def record_outcomes(visit: Writing, request: Request) -> Response:
    """
    Record up to 5,000 outcomes; each is stored, known or refused for itself.

    A simulation that is pending begins with its first outcome. Characters that
    no text can keep (NUL, halves of surrogate pairs) become U+FFFD.
    """
    in_lines = _is_in_lines(request)
    given = ingest.read(await request.body(), in_lines=in_lines)
    doorkeeper = visit.house.doorkeeper
    async with doorkeeper.transaction(visit.caller, visit.caller.actor, visit.origin) as tx:
        prepared = await ingest.prepare(tx, given)
        # Committed before anything is written: making a partition locks tables that others write.
        await outcomes.make_room(tx, prepared.months)
    async with visit.transaction() as tx:
        answer = await visit.done(tx, _report(await ingest.store(tx, prepared)))
    visit.house.arrivals.note(visit.caller.actor)
    return answer


@router.get("/{outcome_id}", response_model=KeptOutcomeDocument)
async def get_outcome(visit: Reading, outcome_id: OutcomeId) -> Response:
    """One outcome with its trajectory, its tool usage and its failures."""
    async with visit.transaction() as tx:
        return visit.found(kept_outcome_document(await outcomes.get_outcome(tx, outcome_id)))


@router.post("/{outcome_id}/tools", response_model=KeptOutcomeDocument)
async def add_tools(body: ToldTools, visit: Writing, outcome_id: OutcomeId) -> Response:
    """Add calls of tools that are told after their outcome."""
    usage = telling.tool_usage(body.tools)
    async with visit.transaction() as tx:
        outcome = await outcomes.get_outcome(tx, outcome_id)
        await outcomes.add_tool_usage(
            tx, outcome_id, usage, execution_time=outcome.execution_time, simulation_id=outcome.simulation_id
        )
        return await visit.done(tx, kept_outcome_document(await outcomes.get_outcome(tx, outcome_id)))


@router.post("/{outcome_id}/failures", response_model=KeptOutcomeDocument)
async def add_failures(body: ToldFailures, visit: Writing, outcome_id: OutcomeId) -> Response:
    """Add failures that are told after their outcome."""
    told = [telling.failure(each)[0] for each in body.failures]
    async with visit.transaction() as tx:
        outcome = await outcomes.get_outcome(tx, outcome_id)
        trial = FailedTrial(
            outcome_id, outcome.execution_time, outcome.simulation_id, outcome.scenario_id, outcome.trial_number
        )
        await failures.add_failures(tx, trial, told)
        answer = await visit.done(tx, kept_outcome_document(await outcomes.get_outcome(tx, outcome_id)))
    visit.house.arrivals.note(visit.caller.actor)
    return answer


def _is_in_lines(request: Request) -> bool:
    given = request.headers.get("content-type", "")
    kind = given.partition(";")[0].strip().lower()
    if kind in _LINES:
        return True
    if kind != _JSON and not kind.endswith("+json"):
        raise Refused(415, MediaTypeRefused(given, f"{_JSON} or {_LINES[0]}"))
    return False


def _report(items: list[Item]) -> dict[str, Any]:
    return {
        "stored": sum(each.fate is Fate.STORED for each in items),
        "known": sum(each.fate is Fate.KNOWN for each in items),
        "refused": sum(each.fate is Fate.REFUSED for each in items),
        "items": [
            {
                "index": index,
                "outcome_id": each.outcome_id,
                "status": each.fate,
                **({} if each.error is None else {"error": ingest.error_document(each.error)}),
            }
            for index, each in enumerate(items)
        ],
    }
