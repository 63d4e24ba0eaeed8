"""
What sandboxes tell over HTTP, in the words of the reference documents.

These are the verbs of `guildhall.client`, which works through them where it is
given the URL of a server. Outcomes themselves go to `/v1/evaluation/outcomes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Path, Response
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Reading, Writing
from guildhall.app.documents import described
from guildhall.app.telling import KnownSimulation, executions
from guildhall.domains.evaluation import outcomes

router = APIRouter(tags=["executions"], route_class=Route)

_MOST_EVENTS = 10_000


@described
class ExecutionDocument(TypedDict):
    """A simulation that outcomes are told of; an execution has one trial of one scenario, whose outcome has its id."""

    simulation_id: UUID
    is_execution: bool
    pass_scores: Mapping[str, float]
    """By scenario, the score at which a trial passes."""
    modal_call_id: str | None


class EndedDocument(TypedDict):
    """Whether a simulation has ended."""

    simulation_id: UUID
    ended: bool


class TrialNamed(TypedDict):
    """The trial that something was told of."""

    outcome_id: UUID


class Counted(TypedDict):
    """How many were kept."""

    events: int


@described
class DeploymentDocument(TypedDict):
    """An active configuration in its latest version."""

    config: Mapping[str, Any]
    """The keys of its agent.yaml."""
    version_id: str
    modal_deployment_id: str | None


class NamedDeploymentDocument(DeploymentDocument):
    """The same, with its configuration."""

    config_id: str
    config_name: str


class SavedDeployment(TypedDict):
    """The version that was saved."""

    version_id: UUID


class WritingDocument(TypedDict):
    """How long it took to write outcomes of about 2 KB."""

    outcomes: int
    took_ms: float


class PartitionsDocument(TypedDict):
    """What the series of outcomes consists of."""

    engine: str
    partitions: int
    total_bytes: int
    ends_at: str | None


class ToolEvents(BaseModel):
    """Calls of tools, one event for each, or summaries; each names its trial by `execution_id` or `outcome_id`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"events": [{"execution_id": "0199…", "tool_name": "refund", "duration_ms": 41}]}]
        },
    )
    events: Annotated[list[dict[str, Any]], Field(max_length=_MOST_EVENTS)]


class NewDeployment(BaseModel):
    """A configuration, with the keys of an agent.yaml."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"config": {"name": "support-agent", "model": "gpt-4.1-mini"}}]},
    )
    config: dict[str, Any]
    config_name: Annotated[str | None, Field(max_length=255)] = None
    modal_deployment_id: Annotated[str | None, Field(max_length=255)] = None


Told = Annotated[
    dict[str, Any],
    Body(examples=[{"scenario_id": "refund_late", "config_id": "support-agent"}]),
]
SimulationId = Annotated[UUID, Path()]


@router.post("/executions", status_code=201, response_model=ExecutionDocument)
async def begin_execution(visit: Writing, told: Told) -> Response:
    """
    Begin an execution (`scenario_id`, `config_id`) or a simulation (`scenario_set`, `config_version_id`).

    With a `simulation_id` it is begun under that id, or taken up if it is planned. Other fields are kept as metadata.
    """
    async with visit.transaction() as tx:
        begin = executions.begin_simulation if "simulation_id" in told else executions.begin
        known = await begin(tx, told)
        return await visit.created(tx, _document(known), at=f"/v1/evaluation/executions/{known.simulation_id}")


@router.get("/executions/{simulation_id}", response_model=ExecutionDocument)
async def get_execution(visit: Reading, simulation_id: SimulationId) -> Response:
    """What must be known of a simulation to tell of its trials."""
    async with visit.transaction() as tx:
        return visit.found(_document(await executions.known_simulation(tx, simulation_id)))


@router.post("/executions/{simulation_id}/end", response_model=EndedDocument)
async def end_execution(
    visit: Writing,
    simulation_id: SimulationId,
    told: Annotated[dict[str, Any], Body(examples=[{"status": "completed"}, {"if_done": True}])],
) -> Response:
    """
    End a simulation, with `status`, `error_message`, `execution_time_ms`; with `if_done` only if no trial is left.

    Its score is computed from its outcomes. What a runner of Guildhall's works on ends by itself.
    """
    async with visit.transaction() as tx:
        if told.get("if_done") is True:
            ended = await executions.complete_if_done(tx, simulation_id)
        else:
            await executions.end(tx, {**told, "simulation_id": simulation_id})
            ended = True
        return await visit.done(tx, {"simulation_id": simulation_id, "ended": ended})


@router.post("/tool-events", response_model=Counted)
async def tell_tools(visit: Writing, told: ToolEvents) -> Response:
    """Keep calls of tools, before or after the outcome of their trial."""
    async with visit.transaction() as tx:
        await executions.tell_tools(tx, told.events)
        return await visit.done(tx, {"events": len(told.events)})


@router.post("/failures", response_model=TrialNamed)
async def tell_failure(
    visit: Writing,
    told: Annotated[
        dict[str, Any],
        Body(examples=[{"execution_id": "0199…", "failure_category": "tool_error", "error_message": "no such order"}]),
    ],
) -> Response:
    """Keep why a trial failed; it is named by `execution_id` or `outcome_id`."""
    async with visit.transaction() as tx:
        trial, _ = await executions.tell_failure(tx, told)
        answer = await visit.done(tx, {"outcome_id": trial.outcome_id})
    visit.house.arrivals.note(visit.caller.actor)
    return answer


@router.get("/deployments", response_model=list[NamedDeploymentDocument])
async def list_deployments(visit: Reading) -> Response:
    """Every active configuration in its latest version."""
    async with visit.transaction() as tx:
        return visit.found(await executions.active_configurations(tx))


@router.post("/deployments", status_code=201, response_model=SavedDeployment)
async def save_deployment(visit: Writing, wanted: NewDeployment) -> Response:
    """Keep a configuration as a version; the same content is kept once."""
    async with visit.transaction() as tx:
        version_id = await executions.save_configuration(
            tx, wanted.config, config_name=wanted.config_name, modal_deployment_id=wanted.modal_deployment_id
        )
        return await visit.created(tx, {"version_id": version_id}, at=f"/v1/evaluation/versions/{version_id}")


@router.get("/deployments/{name}", response_model=DeploymentDocument)
async def get_deployment(visit: Reading, name: Annotated[str, Path(max_length=255)]) -> Response:
    """One active configuration in its latest version."""
    async with visit.transaction() as tx:
        return visit.found(await executions.active_configuration(tx, name))


@router.post("/writing-trials", response_model=WritingDocument)
async def try_writing(visit: Writing) -> Response:
    """Measure how fast outcomes are written: a hundred go into a scratch table, which is rolled back."""
    async with visit.transaction() as tx:
        writing = await outcomes.try_writing(tx)
        return await visit.done(tx, {"outcomes": writing.outcomes, "took_ms": writing.took_ms})


@router.get("/partitions", response_model=PartitionsDocument)
async def get_partitions(visit: Reading) -> Response:
    """What the series of outcomes consists of, and until when it has room."""
    async with visit.transaction() as tx:
        found = await outcomes.partitions(tx)
        return visit.found(
            {
                "engine": found.engine,
                "partitions": found.partitions,
                "total_bytes": found.total_bytes,
                "ends_at": found.ends_at,
            }
        )


def _document(known: KnownSimulation) -> ExecutionDocument:
    return {
        "simulation_id": known.simulation_id,
        "is_execution": known.is_execution,
        "pass_scores": known.pass_scores,
        "modal_call_id": known.modal_call_id,
    }
