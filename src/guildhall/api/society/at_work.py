"""`/v1/society/agents/{agent}/claim` and on: what agents say of their tasks, in any language."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field, StrictBool, StrictInt

from guildhall.api.frame.bodies import Body
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Visit, Writing
from guildhall.api.society.agents import AgentRef, Share
from guildhall.app.agents_at_work import AgentAtWork
from guildhall.app.documents.tasks import (
    TaskAnswersDocument,
    TaskClaimsDocument,
    TaskVerdictsDocument,
    task_answers_document,
    task_claims_document,
    task_verdicts_document,
)
from guildhall.domains.society.tasks import Done, Failure, Ticket

router = APIRouter(prefix="/agents/{agent}", tags=["agents at work"], route_class=Route)

_MOST_TASKS = 500
_ONCE: dict[str, Any] = {"x-unrepeated": True}
"""What an agent says it may say again, and tokens tell; so none of this takes an idempotency key."""
_TICKET = {"id": "0192f3a4-5b6c-7d8e-9f01-23456789abcd", "token": "5b8efff7-9803-4103-8269-b633813fc60c"}


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [fields]})


_Lease = Annotated[float | None, Field(ge=1, le=604_800, allow_inf_nan=False)]


class WantedTasks(Body):
    """What an agent would take on."""

    model_config = _example(at_most=2, lease_s=600)

    at_most: Annotated[StrictInt, Field(ge=1, le=_MOST_TASKS)] = 1
    begin: StrictBool = True
    """Whether they are in progress at once, or assigned until they are started."""
    lease_s: _Lease = None
    """For how long after a sign of life its tasks are its own; as it was unless given, and 300 at first."""


class HeldTask(Body):
    """A task that an agent has, and the token that it came with."""

    id: UUID
    token: UUID


class DoneTask(HeldTask):
    """A task that is done."""

    result: Any = None
    """Any JSON."""
    quality_score: Share | None = None
    """What it is worth."""


class FailedTask(HeldTask):
    """A task that could not be done."""

    message: Annotated[str, Field(min_length=1, max_length=10_000)]
    stack: Annotated[str | None, Field(max_length=100_000)] = None
    is_final: StrictBool = False
    """Whether it is no use trying again."""
    delay_s: Annotated[float | None, Field(ge=0, le=31_536_000, allow_inf_nan=False)] = None
    """When to give it out again; after a wait that doubles unless given."""


class HeldTasks(Body):
    """Tasks that an agent has."""

    model_config = _example(tasks=[_TICKET])

    tasks: Annotated[list[HeldTask], Field(max_length=10_000)]


class SignOfLife(HeldTasks):
    """A sign of life, naming the tasks that the agent has."""

    lease_s: _Lease = None


class FinishedTasks(Body):
    """Tasks that are done."""

    model_config = _example(tasks=[{**_TICKET, "result": {"lines": 3}, "quality_score": 0.9}])

    tasks: Annotated[list[DoneTask], Field(min_length=1, max_length=_MOST_TASKS)]


class FailedTasks(Body):
    """Tasks that could not be done."""

    model_config = _example(tasks=[{**_TICKET, "message": "the table is not there", "is_final": True}])

    tasks: Annotated[list[FailedTask], Field(min_length=1, max_length=_MOST_TASKS)]


@router.post("/claim", response_model=TaskClaimsDocument, openapi_extra=_ONCE)
async def claim_tasks(body: WantedTasks, visit: Writing, agent: AgentRef) -> Response:
    """Give an agent the next tasks that its skills and its trust allow, in the order in which to do them."""
    claims = await _at_work(visit, agent).claim(body.at_most, begin=body.begin, lease=_lease(body.lease_s))
    return visit.answer(task_claims_document(claims))


@router.post("/heartbeat", response_model=TaskAnswersDocument, openapi_extra=_ONCE)
async def give_agents_sign_of_life(body: SignOfLife, visit: Writing, agent: AgentRef) -> Response:
    """Give a sign of life, due every third of a lease: each task is `held`, or `lost`, and the agent must stop."""
    held = _tickets(body)
    lost = await _at_work(visit, agent).heartbeat(held, lease=_lease(body.lease_s))
    ids = [each.id for each in held]
    return visit.answer(task_answers_document(ids, set(ids) - lost, "held"))


@router.post("/start", response_model=TaskAnswersDocument, openapi_extra=_ONCE)
async def start_tasks(body: HeldTasks, visit: Writing, agent: AgentRef) -> Response:
    """Begin tasks that are assigned to the agent: each is `in_progress`, or was `lost`."""
    held = _tickets(body)
    begun = await _at_work(visit, agent).start(held)
    return visit.answer(task_answers_document([each.id for each in held], begun, "in_progress"))


@router.post("/complete", response_model=TaskAnswersDocument, openapi_extra=_ONCE)
async def complete_tasks(body: FinishedTasks, visit: Writing, agent: AgentRef) -> Response:
    """Complete tasks: each is `completed`, also when that was said before, or `lost`, and what was done does not count."""
    done = [Done(each.id, each.token, each.result, each.quality_score) for each in body.tasks]
    counted = await _at_work(visit, agent).finish(done)
    return visit.answer(task_answers_document([each.id for each in done], counted, "completed"))


@router.post("/fail", response_model=TaskVerdictsDocument, openapi_extra=_ONCE)
async def fail_tasks(body: FailedTasks, visit: Writing, agent: AgentRef) -> Response:
    """Say what could not be done, and hear what becomes of each: `pending` until it is given out again, `failed`, or `lost`."""
    failures = [
        Failure(
            each.id,
            each.token,
            each.message,
            each.stack,
            each.is_final,
            None if each.delay_s is None else timedelta(seconds=each.delay_s),
        )
        for each in body.tasks
    ]
    verdicts = await _at_work(visit, agent).fail(failures)
    return visit.answer(task_verdicts_document([each.id for each in failures], verdicts))


@router.post("/release", response_model=TaskAnswersDocument, openapi_extra=_ONCE)
async def release_tasks(body: HeldTasks, visit: Writing, agent: AgentRef) -> Response:
    """Hand tasks back as they were, without using up a retry: each is `released`, or was `lost` before."""
    held = _tickets(body)
    back = await _at_work(visit, agent).release(held)
    return visit.answer(task_answers_document([each.id for each in held], back, "released"))


def _at_work(visit: Visit, agent: str) -> AgentAtWork:
    return AgentAtWork(lambda: visit.duty("worker"), agent)


def _tickets(body: HeldTasks) -> list[Ticket]:
    return [Ticket(each.id, each.token) for each in body.tasks]


def _lease(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
