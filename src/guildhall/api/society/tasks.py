"""`/v1/society/tasks`, their types, graphs and dead letters: what agents are to do, and what none could do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import ConfigDict, Field, StrictInt

from guildhall import clock
from guildhall.adapters.schemas import checker
from guildhall.api.frame.bodies import Body
from guildhall.api.frame.lists import Items, ListWanted, answer_list
from guildhall.api.frame.moments import Moment
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Reading, Visit, Writing
from guildhall.api.society.agents import Share, SkillName
from guildhall.app.documents.tasks import (
    GraphDocument,
    QueueDocument,
    TaskBatchDocument,
    TaskDeadLetterDocument,
    TaskDocument,
    TaskStoryDocument,
    TaskTypeDocument,
    TaskTypesDocument,
    graph_document,
    queue_document,
    task_batch_document,
    task_dead_letter_document,
    task_document,
    task_story_document,
    task_type_document,
)
from guildhall.db import Tx
from guildhall.db.listing import Order, Page
from guildhall.domains.society import agents, tasks
from guildhall.domains.society.tasks import Added, NewTask, OnFailure, Priority, Status, TaskType, Wait

router = APIRouter(prefix="/tasks", tags=["tasks"], route_class=Route)
batches = APIRouter(prefix="/task-batches", tags=["tasks"], route_class=Route)
types = APIRouter(prefix="/task-types", tags=["tasks"], route_class=Route)
graphs = APIRouter(prefix="/task-graphs", tags=["tasks"], route_class=Route)
dead_letters = APIRouter(prefix="/task-dead-letters", tags=["tasks"], route_class=Route)

TaskRef = Annotated[str, Path(max_length=100, description="A task's name (`task_id`), or its id.")]
LetterId = Annotated[UUID, Path(description="A dead letter's id.")]
_Key = Annotated[str | None, Field(min_length=1, max_length=255, pattern=r"\S")]
_Skills = Annotated[list[SkillName], Field(default_factory=list, max_length=100)]
_Retries = Annotated[StrictInt, Field(ge=0, le=1_000_000)]
_Seconds = Annotated[float | None, Field(gt=0.000001, le=31_536_000, allow_inf_nan=False)]


class WantedTaskWait(Body):
    """A task of the team that must have ended first, by its name or its id."""

    task: Annotated[str, Field(min_length=1, max_length=100)]
    on_failure: OnFailure = OnFailure.CANCEL
    """What becomes of the waiting task if that one does not complete."""


class WantedTaskTurn(Body):
    """A task of the same batch that must have ended first."""

    position: Annotated[StrictInt, Field(ge=1, le=10_000)]
    """Which one of the batch, from 1; before or behind the waiting one."""
    on_failure: OnFailure = OnFailure.CANCEL


class WantedTask(Body):
    """Something that an agent is to do; what is not given is what its type says."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "Sort the letters", "priority": "high", "payload": {"box": 7}}]}
    )

    title: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]
    task_id: Annotated[str | None, Field(min_length=1, max_length=100, pattern=r"\S")] = None
    """By which the team knows it; made up unless given."""
    description: Annotated[str | None, Field(max_length=100_000)] = None
    task_type: Annotated[str, Field(min_length=1, max_length=100)] = "task"
    payload: Annotated[dict[str, Any], Field(default_factory=dict)]
    """What the type's schema says, where it has one; up to 1 MB."""
    priority: Priority = Priority.MEDIUM
    required_skills: _Skills
    """What an agent must be able to do, besides what the type asks for."""
    min_trust: Share = 0.0
    assigned_to: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    """The one agent that may do it, by its name or its id."""
    scheduled_at: Moment | None = None
    """Not before; at once unless given."""
    deadline_at: Moment | None = None
    """It has failed if it has not completed by then."""
    max_retries: _Retries | None = None
    timeout_s: _Seconds = None
    """How long an attempt may take."""
    unique_key: _Key = None
    """While a task of the team with the key lives, that one is meant."""
    idempotency_key: _Key = None
    """Likewise, also once it has ended."""
    fair_key: _Key = None
    """Tasks of one key stand behind each other while keys take turns."""
    weight: Annotated[float | None, Field(ge=0.001, le=1_000, allow_inf_nan=False)] = None
    """How many turns its key has at a time."""
    waits_for: Annotated[list[WantedTaskWait], Field(default_factory=list, max_length=1_000)]


class WantedBatchTask(WantedTask):
    """One task of a batch."""

    waits_for: Annotated[list[WantedTaskWait | WantedTaskTurn], Field(default_factory=list, max_length=1_000)]  # type: ignore[assignment]


class WantedTaskBatch(Body):
    """Tasks to be added together, all of them or none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"tasks": [{"title": "Cut"}, {"title": "Glue", "waits_for": [{"position": 1}]}]}],
        }
    )

    tasks: Annotated[list[WantedBatchTask], Field(min_length=1, max_length=10_000)]


class WantedType(Body):
    """What a type of task asks for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "sort", "payload_schema": {"type": "object", "required": ["box"]}, "max_retries": 5}]
        }
    )

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
    """One of the team's own; every team knows `task`."""
    required_skills: _Skills
    min_trust: Share = 0.0
    payload_schema: dict[str, Any] | None = None
    """A JSON schema that payloads have to fit."""
    max_retries: _Retries = 3
    timeout_s: _Seconds = None


class WantedAssignment(Body):
    """Who is to do a task."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"agent": "ada"}]})

    agent: Annotated[str | None, Field(min_length=1, max_length=100)]
    """By its name or its id; null: whoever is fit."""


@router.get("", response_model=Items[TaskDocument])
async def list_tasks(
    visit: Reading,
    want: ListWanted,
    status: Status | None = None,
    task_type: Annotated[str | None, Query(max_length=100)] = None,
    priority: Priority | None = None,
    agent: Annotated[str | None, Query(max_length=100, description="An agent's name.")] = None,
    skill: Annotated[str | None, Query(max_length=100)] = None,
    created_after: Moment | None = None,
    created_before: Moment | None = None,
) -> Response:
    """List the team's tasks, newest first."""
    filters = {
        "status": status,
        "task_type": task_type,
        "priority": priority,
        "agent": agent,
        "skill": skill,
        "created_from": created_after,
        "created_before": created_before,
    }
    return await answer_list(
        visit, want, tasks.TASKS, tasks.page_tasks, filters, task_document, tuple(TaskDocument.__annotations__)
    )


@router.get("/stats", response_model=QueueDocument)
async def get_task_stats(visit: Reading) -> Response:
    """Count the team's tasks that have not ended, by state and priority."""
    async with visit.transaction() as tx:
        return visit.found(queue_document(await tasks.queue_summary(tx)))


@router.post(
    "",
    status_code=201,
    response_model=TaskDocument,
    responses={200: {"model": TaskDocument, "description": "There is a task with the key already: this one."}},
)
async def add_task(body: WantedTask, visit: Writing) -> Response:
    """Add a task; where there is one with its key already, that one is answered."""
    async with visit.transaction() as tx:
        [added] = await _add(tx, [body])
        document = task_document(await tasks.get_task(tx, added.id))
        where = f"/v1/society/tasks/{added.id}"
        if added.is_new:
            return await visit.created(tx, document, at=where)
        return await visit.done(tx, document, headers={"Location": where})


@batches.post("", response_model=TaskBatchDocument)
async def add_tasks(body: WantedTaskBatch, visit: Writing) -> Response:
    """Add up to 10,000 tasks that may wait for each other, all of them or none."""
    async with visit.transaction() as tx:
        return await visit.done(tx, task_batch_document(await _add(tx, body.tasks)))


@router.get("/{task}", response_model=TaskStoryDocument)
async def get_task(visit: Reading, task: TaskRef) -> Response:
    """One task, what it waits for, and everything that happened to it, oldest first."""
    async with visit.transaction() as tx:
        return visit.found(task_story_document(await tasks.get_story(tx, task)))


@graphs.get("", response_model=GraphDocument)
async def get_waiting_tasks(visit: Reading) -> Response:
    """Which tasks that have not ended wait for which; up to a thousand."""
    async with visit.transaction() as tx:
        return visit.found(graph_document(await tasks.get_graph(tx)))


@graphs.get("/{task}", response_model=GraphDocument)
async def get_task_graph(visit: Reading, task: TaskRef) -> Response:
    """A task with all that it waits for and all that waits for it, on whatever way; up to a thousand."""
    async with visit.transaction() as tx:
        return visit.found(graph_document(await tasks.get_graph(tx, task)))


@router.post("/{task}/assign", response_model=TaskDocument)
async def assign_task(body: WantedAssignment, visit: Writing, task: TaskRef) -> Response:
    """Let one agent and no other take a task that waits; or, again, whoever is fit."""
    async with visit.transaction() as tx:
        found = await tasks.get_task(tx, task)
        whom = None if body.agent is None else await agents.get_agent(tx, body.agent)
        return await visit.done(tx, task_document(await tasks.assign(tx, found, whom)))


@router.post("/{task}/pause", response_model=TaskDocument)
async def pause_task(visit: Writing, task: TaskRef) -> Response:
    """Block a task until it is resumed; one in progress is taken from its agent."""
    return await _change(visit, "pause", task)


@router.post("/{task}/resume", response_model=TaskDocument)
async def resume_task(visit: Writing, task: TaskRef) -> Response:
    """Let a blocked task go on from where it stood."""
    return await _change(visit, "resume", task)


@router.post("/{task}/cancel", response_model=TaskDocument)
async def cancel_task(visit: Writing, task: TaskRef) -> Response:
    """Cancel a task, also one in progress; what waits for it ends by its edges."""
    return await _change(visit, "cancel", task)


@router.post("/{task}/retry", response_model=TaskDocument)
async def retry_task(visit: Writing, task: TaskRef) -> Response:
    """Begin a task anew that has failed or was cancelled."""
    return await _change(visit, "retry", task)


@types.get("", response_model=TaskTypesDocument)
async def list_task_types(visit: Reading) -> Response:
    """List the types of task that the team knows."""
    async with visit.transaction() as tx:
        known = await tasks.list_types(tx)
        return visit.found({"items": [task_type_document(each) for each in known]})


@types.post("", response_model=TaskTypeDocument)
async def set_task_type(body: WantedType, visit: Writing) -> Response:
    """Make a type of task known, or change it; tasks that are there stay as they are."""
    kind = TaskType(
        body.name,
        sorted(set(body.required_skills)),
        body.min_trust,
        body.payload_schema,
        body.max_retries,
        _length(body.timeout_s),
    )
    async with visit.transaction() as tx:
        await tasks.set_type(tx, kind, checker)
        return await visit.done(tx, task_type_document(kind))


@dead_letters.get("", response_model=Items[TaskDeadLetterDocument])
async def list_task_dead_letters(
    visit: Reading,
    want: ListWanted,
    task_type: Annotated[str | None, Query(max_length=100)] = None,
    only_open: Annotated[bool, Query(description="Without those that were sent back or laid aside.")] = True,
) -> Response:
    """List what no agent could do, newest first, with every attempt."""

    async def page(tx: Tx, filters: Mapping[str, Any], order: Order, **where: Any) -> Page[tasks.DeadLetter]:
        return await tasks.page_dead_letters(tx, {"task_type": task_type}, order, only_open=only_open, **where)

    return await answer_list(
        visit,
        want,
        tasks.DEAD_LETTERS,
        page,
        {"task_type": task_type, "only_open": only_open},
        task_dead_letter_document,
        tuple(TaskDeadLetterDocument.__annotations__),
    )


@dead_letters.post("/{letter_id}/redrive", response_model=TaskDocument)
async def redrive_task(visit: Writing, letter_id: LetterId) -> Response:
    """Give the task behind an open dead letter out again."""
    async with visit.transaction() as tx:
        task_id = await tasks.redrive_one(tx, letter_id)
        return await visit.done(tx, task_document(await tasks.get_task(tx, task_id)))


async def _change(visit: Visit, verb: str, ref: str) -> Response:
    async with visit.transaction() as tx:
        task = await tasks.get_task(tx, ref)
        await tasks.change_each(tx, verb, [task.id])
        return await visit.done(tx, task_document(await tasks.get_task(tx, task.id)))


async def _add(tx: Tx, wanted: Sequence[WantedTask]) -> list[Added]:
    ids = [clock.new_id() for _ in wanted]
    new = [await _new_task(tx, each, place, ids) for place, each in enumerate(wanted, 1)]
    return await tasks.add(tx, new, checker)


async def _new_task(tx: Tx, wanted: WantedTask, place: int, ids: Sequence[UUID]) -> NewTask:
    given = wanted.model_dump(exclude={"timeout_s", "waits_for", "assigned_to"})
    whom = None if wanted.assigned_to is None else (await agents.get_agent(tx, wanted.assigned_to)).id
    waits = [Wait(await _awaited(tx, each, place, ids), each.on_failure) for each in wanted.waits_for]
    return NewTask(**given, id=ids[place - 1], assigned_to=whom, timeout=_length(wanted.timeout_s), waits_for=waits)


async def _awaited(tx: Tx, wait: WantedTaskWait | WantedTaskTurn, place: int, ids: Sequence[UUID]) -> UUID:
    if isinstance(wait, WantedTaskTurn):
        if wait.position > len(ids):
            raise tasks.TaskInvalid("position", wait.position, f"a number from 1 to {len(ids)}", position=place)
        return ids[wait.position - 1]
    try:
        return (await tasks.get_task(tx, wait.task)).id
    except tasks.TaskNotFound:
        raise tasks.DependencyUnknown(wait.task) from None


def _length(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
