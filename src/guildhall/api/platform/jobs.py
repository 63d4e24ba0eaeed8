"""`/v1/platform/jobs` and `/dead-letters`: what is to be done, what was done, and what nobody could finish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import ConfigDict, Field, StrictInt

from guildhall import clock
from guildhall.api.frame.bodies import Body
from guildhall.api.frame.lists import Items, ListWanted, answer_list
from guildhall.api.frame.moments import Moment
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Reading, Visit, Writing
from guildhall.app.documents.jobs import (
    BatchDocument,
    DeadLetterDocument,
    JobDocument,
    JobStoryDocument,
    StatsDocument,
    batch_document,
    dead_letter_document,
    job_document,
    story_document,
    type_stats_document,
)
from guildhall.app.workers import ours
from guildhall.db import Tx
from guildhall.db.listing import Order, Page
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import Enqueued, NewJob, OnFailure, Priority, Status, Wait

router = APIRouter(prefix="/jobs", tags=["jobs"], route_class=Route)
batches = APIRouter(prefix="/job-batches", tags=["jobs"], route_class=Route)
dead_letters = APIRouter(prefix="/dead-letters", tags=["jobs"], route_class=Route)

JobId = Annotated[UUID, Path(description="A job's id.")]
DeadLetterId = Annotated[UUID, Path(description="A dead letter's id.")]
TaskType = Annotated[str, Field(min_length=1, max_length=100)]
Queue = Annotated[str, Field(min_length=1, max_length=100)]
_Key = Annotated[str | None, Field(min_length=1, max_length=255)]
_LONGEST_S = 31_536_000


class WantedWait(Body):
    """A job of the team that must have ended first."""

    job_id: UUID
    on_failure: OnFailure = OnFailure.CANCEL
    """What becomes of the waiting job if that one does not complete."""


class WantedTurn(Body):
    """A job of the same batch that must have ended first."""

    position: Annotated[StrictInt, Field(ge=1, le=10_000)]
    """Which one of the batch, from 1; before or behind the waiting one."""
    on_failure: OnFailure = OnFailure.CANCEL


class WantedJob(Body):
    """Something to be done; what is not given is what its type says."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"task_type": "audit.verify", "payload": {"ledgers": ["audit_log"]}}]}
    )

    task_type: TaskType
    """One that a worker has made known in the queue."""
    payload: Annotated[dict[str, Any], Field(default_factory=dict)]
    """What the type's schema says, where it has one; up to 1 MB."""
    queue: Queue = "default"
    priority: Priority = Priority.NORMAL
    scheduled_at: Moment | None = None
    """Not before; at once unless given."""
    deadline_at: Moment | None = None
    """It is dead if it has not completed by then."""
    max_retries: Annotated[StrictInt | None, Field(ge=0, le=1_000_000)] = None
    timeout_s: Annotated[float | None, Field(gt=0, le=_LONGEST_S, allow_inf_nan=False)] = None
    """How long an attempt may take."""
    unique_key: _Key = None
    """While a job of the team with the key lives, that one is meant."""
    idempotency_key: _Key = None
    """Likewise, also once it has ended."""
    fair_key: _Key = None
    """Jobs of one key stand behind each other while keys take turns; the team's unless given."""
    weight: Annotated[float | None, Field(ge=0.001, le=1_000, allow_inf_nan=False)] = None
    """How many turns its key has at a time."""
    waits_for: Annotated[list[WantedWait], Field(default_factory=list, max_length=1_000)]


class WantedBatchJob(WantedJob):
    """One job of a batch."""

    waits_for: Annotated[list[WantedWait | WantedTurn], Field(default_factory=list, max_length=1_000)]  # type: ignore[assignment]


class WantedBatch(Body):
    """Jobs to be enqueued together, all of them or none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "jobs": [
                        {"task_type": "audit.verify", "payload": {"ledgers": ["audit_log"]}},
                        {"task_type": "audit.verify", "waits_for": [{"position": 1, "on_failure": "ignore"}]},
                    ]
                }
            ]
        }
    )

    jobs: Annotated[list[WantedBatchJob], Field(min_length=1, max_length=10_000)]


@router.get("", response_model=Items[JobDocument])
async def list_jobs(
    visit: Reading,
    want: ListWanted,
    status: Status | None = None,
    task_type: Annotated[str | None, Query(max_length=100)] = None,
    queue: Annotated[str | None, Query(max_length=100)] = None,
    priority: Priority | None = None,
    created_after: Moment | None = None,
    created_before: Moment | None = None,
) -> Response:
    """List the team's jobs, newest first."""
    filters = {
        "status": status,
        "task_type": task_type,
        "queue": queue,
        "priority": priority,
        "created_from": created_after,
        "created_before": created_before,
    }
    return await answer_list(
        visit, want, jobs.JOBS, jobs.page_jobs, filters, job_document, tuple(JobDocument.__annotations__)
    )


@router.get("/stats", response_model=StatsDocument)
async def get_job_stats(visit: Reading) -> Response:
    """Count the team's jobs by type and state."""
    async with visit.transaction() as tx:
        return visit.found(type_stats_document(await jobs.stats(tx)))


@router.get("/{job_id}", response_model=JobStoryDocument)
async def get_job(visit: Reading, job_id: JobId) -> Response:
    """One job, what it waits for, and everything that happened to it, oldest first."""
    async with visit.transaction() as tx:
        return visit.found(story_document(await jobs.get_story(tx, job_id)))


@router.post(
    "",
    status_code=201,
    response_model=JobDocument,
    responses={200: {"model": JobDocument, "description": "There is a job with the key already: this one."}},
)
async def enqueue_job(body: WantedJob, visit: Writing) -> Response:
    """Enqueue a job; where there is one with its key already, that one is answered."""
    async with visit.transaction() as tx:
        [added] = await _enqueue(visit, tx, [body])
        document = job_document(await jobs.get_job(tx, added.id))
        where = f"/v1/platform/jobs/{added.id}"
        if added.is_new:
            answer = await visit.created(tx, document, at=where)
        else:
            answer = await visit.done(tx, document, headers={"Location": where})
    visit.house.bell.ring()
    return answer


@batches.post("", response_model=BatchDocument)
async def enqueue_jobs(body: WantedBatch, visit: Writing) -> Response:
    """Enqueue up to 10,000 jobs that may wait for each other, all of them or none."""
    async with visit.transaction() as tx:
        answer = await visit.done(tx, batch_document(await _enqueue(visit, tx, body.jobs)))
    visit.house.bell.ring()
    return answer


@router.post("/{job_id}/pause", response_model=JobDocument)
async def pause_job(visit: Writing, job_id: JobId) -> Response:
    """Pause a job until it is resumed; one under way is taken from its worker."""
    return await _change(visit, "pause", job_id)


@router.post("/{job_id}/resume", response_model=JobDocument)
async def resume_job(visit: Writing, job_id: JobId) -> Response:
    """Let a paused job go on from where it stood."""
    return await _change(visit, "resume", job_id)


@router.post("/{job_id}/cancel", response_model=JobDocument)
async def cancel_job(visit: Writing, job_id: JobId) -> Response:
    """Cancel a job, also one under way; what waits for it ends by its edges."""
    return await _change(visit, "cancel", job_id)


@router.post("/{job_id}/retry", response_model=JobDocument)
async def retry_job(visit: Writing, job_id: JobId) -> Response:
    """Begin a job anew that has failed, was cancelled or is dead."""
    return await _change(visit, "retry", job_id)


@dead_letters.get("", response_model=Items[DeadLetterDocument])
async def list_dead_letters(
    visit: Reading,
    want: ListWanted,
    task_type: Annotated[str | None, Query(max_length=100)] = None,
    only_open: Annotated[bool, Query(description="Without those that were sent back or laid aside.")] = True,
) -> Response:
    """List what nobody could finish, newest first, with every attempt."""

    async def page(tx: Tx, filters: Mapping[str, Any], order: Order, **where: Any) -> Page[jobs.DeadLetter]:
        return await jobs.page_dead_letters(tx, {"task_type": task_type}, order, only_open=only_open, **where)

    return await answer_list(
        visit,
        want,
        jobs.DEAD_LETTERS,
        page,
        {"task_type": task_type, "only_open": only_open},
        dead_letter_document,
        tuple(DeadLetterDocument.__annotations__),
    )


@dead_letters.get("/{dead_letter_id}", response_model=DeadLetterDocument)
async def get_dead_letter(visit: Reading, dead_letter_id: DeadLetterId) -> Response:
    """One dead letter, with every attempt."""
    async with visit.transaction() as tx:
        return visit.found(dead_letter_document(await jobs.get_dead_letter(tx, dead_letter_id)))


@dead_letters.post("/{dead_letter_id}/redrive", response_model=JobDocument)
async def redrive_dead_letter(visit: Writing, dead_letter_id: DeadLetterId) -> Response:
    """Send the job behind an open dead letter back, to be tried again."""
    async with visit.transaction() as tx:
        job_id = await jobs.redrive_one(tx, dead_letter_id)
        answer = await visit.done(tx, job_document(await jobs.get_job(tx, job_id)))
    visit.house.bell.ring()
    return answer


async def _change(visit: Visit, verb: str, job_id: UUID) -> Response:
    async with visit.transaction() as tx:
        await jobs.change_each(tx, verb, [job_id])
        answer = await visit.done(tx, job_document(await jobs.get_job(tx, job_id)))
    if verb in ("retry", "resume"):
        visit.house.bell.ring()
    return answer


async def _enqueue(visit: Visit, tx: Tx, wanted: Sequence[WantedJob]) -> list[Enqueued]:
    for each in wanted:
        ours.refuse_code(each.task_type)
    ids = [clock.new_id() for _ in wanted]
    new = [_new_job(each, place, ids) for place, each in enumerate(wanted, 1)]
    try:
        return await jobs.enqueue(tx, visit.house.types, new)
    except jobs.JobTypeUnknown as error:
        # Which types there are is known to the whole installation, and for no team to hear.
        raise jobs.JobTypeUnknown(error.details["value"], error.details["queue"], ()) from error


def _new_job(wanted: WantedJob, place: int, ids: Sequence[UUID]) -> NewJob:
    given = wanted.model_dump(exclude={"timeout_s", "waits_for"})
    return NewJob(
        **given,
        id=ids[place - 1],
        timeout=None if wanted.timeout_s is None else timedelta(seconds=wanted.timeout_s),
        waits_for=[Wait(_awaited(each, place, ids), each.on_failure) for each in wanted.waits_for],
    )


def _awaited(wait: WantedWait | WantedTurn, place: int, ids: Sequence[UUID]) -> UUID:
    if isinstance(wait, WantedWait):
        return wait.job_id
    if wait.position > len(ids):
        raise jobs.JobInvalid("position", wait.position, f"a number from 1 to {len(ids)}", position=place)
    return ids[wait.position - 1]
