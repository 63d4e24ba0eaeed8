"""`/v1/platform/workers`: the door for workers in any language, which do the jobs of the team whose key they show."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import ConfigDict, Field, StrictBool, StrictInt

from guildhall.api.frame.bodies import Body
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Visit, Writing
from guildhall.api.platform.jobs import Queue, TaskType
from guildhall.app.documents.jobs import (
    AnswersDocument,
    ClaimsDocument,
    VerdictsDocument,
    WorkerDocument,
    answers_document,
    claims_document,
    verdicts_document,
    worker_document,
)
from guildhall.app.workers.door import Door
from guildhall.db import Json
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import Done, Failure, Ticket, Worker

router = APIRouter(prefix="/workers", tags=["workers"], route_class=Route)

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
_MOST_JOBS = 500
_ONCE: dict[str, Any] = {"x-unrepeated": True}
"""What a worker says it may say again, and tokens tell; so none of this takes an idempotency key."""
_TICKET = {"id": "0192f3a4-5b6c-7d8e-9f01-23456789abcd", "token": "5b8efff7-9803-4103-8269-b633813fc60c"}

WorkerName = Annotated[
    str, Path(max_length=100, pattern=_NAME, description="The name that a worker registered with.", examples=["mill-1"])
]


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [fields]})


class WantedKind(Body):
    """A type of job in a queue."""

    task_type: TaskType
    queue: Queue = "default"


_Kinds = Annotated[list[WantedKind], Field(min_length=1, max_length=100)]


class WantedWorker(Body):
    """A worker that begins, or is there again."""

    model_config = _example(name="mill-1", task_types=[{"task_type": "thumbnails.make"}], lease_s=30)

    name: Annotated[str, Field(max_length=100, pattern=_NAME)]
    """One of its own in the team."""
    task_types: _Kinds
    """What it can do. A type that nobody knew is known from now on, and jobs of it can be enqueued."""
    concurrency: Annotated[StrictInt, Field(ge=1, le=10_000)] = 1
    lease_s: Annotated[float, Field(ge=1, le=3_600, allow_inf_nan=False)] = 30
    """For how long after a sign of life its jobs are its own; it gives one every third of that."""
    host: Annotated[str | None, Field(max_length=255)] = None
    pid: Annotated[StrictInt | None, Field(ge=0, lt=2**31)] = None


class WantedClaim(Body):
    """What a worker would take on."""

    model_config = _example(task_types=[{"task_type": "thumbnails.make"}], at_most=10, wait_s=20)

    task_types: _Kinds
    at_most: Annotated[StrictInt, Field(ge=1, le=_MOST_JOBS)] = 1
    wait_s: Annotated[float, Field(ge=0, le=30, allow_inf_nan=False)] = 0
    """How long to wait for a job where there is none."""


class HeldJob(Body):
    """A job that a worker has, and the token that it came with."""

    id: UUID
    token: UUID


class DoneJob(HeldJob):
    """A job that is done."""

    result: Any = None
    """Any JSON."""


class FailedJob(HeldJob):
    """A job that could not be done."""

    message: Annotated[str, Field(min_length=1, max_length=10_000)]
    stack: Annotated[str | None, Field(max_length=100_000)] = None
    is_final: StrictBool = False
    """Whether it is no use trying again."""
    delay_s: Annotated[float | None, Field(ge=0, le=31_536_000, allow_inf_nan=False)] = None
    """When to try again; as its type says unless given."""


class Held(Body):
    """Jobs that a worker has."""

    model_config = _example(jobs=[_TICKET])

    jobs: Annotated[list[HeldJob], Field(max_length=10_000)]


class Completed(Body):
    """Jobs that are done."""

    model_config = _example(jobs=[{**_TICKET, "result": {"width": 128}}])

    jobs: Annotated[list[DoneJob], Field(min_length=1, max_length=_MOST_JOBS)]


class Failed(Body):
    """Jobs that could not be done."""

    model_config = _example(jobs=[{**_TICKET, "message": "the picture is no picture", "is_final": True}])

    jobs: Annotated[list[FailedJob], Field(min_length=1, max_length=_MOST_JOBS)]


@router.post("", response_model=WorkerDocument, openapi_extra=_ONCE)
async def register_worker(body: WantedWorker, visit: Writing) -> Response:
    """Make a worker known, or known again; who is silent for a day is forgotten."""
    kinds = _kinds(body.task_types)
    queues = sorted({queue for _, queue in kinds})
    lease = timedelta(seconds=body.lease_s)
    worker = Worker(body.name, queues, body.concurrency, lease, body.host, body.pid)
    await _door(visit, body.name).register(worker, kinds)
    return visit.answer(worker_document(worker))


@router.post("/{worker}/claim", response_model=ClaimsDocument, openapi_extra=_ONCE)
async def claim_jobs(body: WantedClaim, visit: Writing, worker: WorkerName) -> Response:
    """Take jobs of the team, begun, in the order in which to do them; none where there are none within `wait_s`."""
    claims = await _door(visit, worker).claim(
        _kinds(body.task_types), body.at_most, wait_s=body.wait_s, closing=visit.house.closing
    )
    return visit.answer(claims_document(claims))


@router.post("/{worker}/heartbeat", response_model=AnswersDocument, openapi_extra=_ONCE)
async def give_sign_of_life(body: Held, visit: Writing, worker: WorkerName) -> Response:
    """
    Give a sign of life and name everything that the worker has: each is `held`, or `lost`, and it must stop.

    What it has had for a lease and does not name, as after an answer that it
    never heard, is handed back.
    """
    held = [Ticket(each.id, each.token) for each in body.jobs]
    lost = await _door(visit, worker).heartbeat(held)
    kept = {each.id for each in held} - lost
    return visit.answer(answers_document([each.id for each in held], kept, "held"))


@router.post("/{worker}/complete", response_model=AnswersDocument, openapi_extra=_ONCE)
async def complete_jobs(body: Completed, visit: Writing, worker: WorkerName) -> Response:
    """Complete jobs: each is `completed`, also when that was said before, or `lost`, and what was done does not count."""
    done = [
        Done(each.id, each.token, None if each.result is None else Json(jobs.encoded(each.result)))
        for each in body.jobs
    ]
    counted = await _door(visit, worker).complete(done)
    return visit.answer(answers_document([each.id for each in done], counted, "completed"))


@router.post("/{worker}/fail", response_model=VerdictsDocument, openapi_extra=_ONCE)
async def fail_jobs(body: Failed, visit: Writing, worker: WorkerName) -> Response:
    """Say what could not be done, and hear what becomes of each: `pending` until it is tried again, `failed`, `dead_letter`, or `lost`."""
    failures = [
        Failure(
            each.id,
            each.token,
            each.message,
            each.stack,
            each.is_final,
            None if each.delay_s is None else timedelta(seconds=each.delay_s),
        )
        for each in body.jobs
    ]
    verdicts = await _door(visit, worker).fail(failures)
    return visit.answer(verdicts_document([each.id for each in failures], verdicts))


@router.post("/{worker}/release", response_model=AnswersDocument, openapi_extra=_ONCE)
async def release_jobs(body: Held, visit: Writing, worker: WorkerName) -> Response:
    """Hand jobs back as they were, without using up a retry: each is `released`, or was `lost` before."""
    held = [Ticket(each.id, each.token) for each in body.jobs]
    back = await _door(visit, worker).release(held)
    return visit.answer(answers_document([each.id for each in held], back, "released"))


def _door(visit: Visit, worker: str) -> Door:
    return Door(lambda: visit.duty("worker"), visit.house.bell, visit.caller.tenant_id, worker)


def _kinds(wanted: list[WantedKind]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((each.task_type, each.queue) for each in wanted))
