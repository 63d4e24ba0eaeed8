"""Jobs, their history, dead letters and counts, as JSON."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.app.documents import described
from guildhall.domains.platform.jobs import (
    Activity,
    Claim,
    DeadLetter,
    Enqueued,
    Hand,
    Job,
    Lane,
    Presence,
    Standing,
    Status,
    Story,
    TypeStats,
    Verdict,
    Worker,
)


@described
class JobDocument(TypedDict):
    """A job as it stands."""

    id: UUID
    task_type: str
    queue: str
    status: str
    priority: str
    payload: Any
    result: Any
    error_message: str | None
    attempts: int
    """How often a worker has had it."""
    retry_count: int
    """How many of its retries are used up."""
    max_retries: int
    worker_id: str | None
    unique_key: str | None
    open_dependencies: int
    """How many jobs it still waits for."""
    scheduled_at: datetime
    deadline_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    created_at: datetime


class EventDocument(TypedDict):
    """Something that happened to a job."""

    event: str
    attempt: int | None
    worker_id: str | None
    error_message: str | None
    error_stack: str | None
    detail: Any
    at: datetime


class DependencyDocument(TypedDict):
    """A job that this one waits for, or has waited for."""

    job_id: UUID
    on_failure: str
    status: str
    is_settled: bool


class JobStoryDocument(JobDocument):
    """A job with all that happened to it, oldest first, and what it waits for."""

    events: Sequence[EventDocument]
    waits_for: Sequence[DependencyDocument]


@described
class DeadLetterDocument(TypedDict):
    """A job that nobody could finish."""

    id: UUID
    job_id: UUID | None
    task_type: str
    payload: Any
    error_message: str
    error_stack: str | None
    retry_history: Sequence[Mapping[str, Any]]
    moved_at: datetime
    resolution: str | None
    resolved_at: datetime | None


class TypeStatsDocument(TypedDict):
    """How many jobs of a type are in each state, and since when the oldest that may begin has waited."""

    task_type: str
    queue: str
    is_paused: bool
    counts: Mapping[Status, int]
    oldest_waiting_at: datetime | None


class StatsDocument(TypedDict):
    """The team's jobs, counted by type and state."""

    types: Sequence[TypeStatsDocument]


class EnqueuedDocument(TypedDict):
    """The job that is meant, and whether it was added for this."""

    id: UUID
    is_new: bool


class BatchDocument(TypedDict):
    """The jobs that were enqueued together, in the order in which they were given."""

    items: Sequence[EnqueuedDocument]


@described
class ClaimDocument(TypedDict):
    """A job that a worker has, under a token: one attempt at it."""

    id: UUID
    token: UUID
    """By which this attempt is completed or failed; nobody else has it."""
    task_type: str
    payload: Any
    attempt: int
    """Which one this is, from 1."""
    retry_count: int
    """How many retries are used up."""
    max_retries: int
    leased_until: datetime | None
    """When it counts as hung, though its worker lives."""


class ClaimsDocument(TypedDict):
    """What was claimed, in the order in which to begin."""

    items: Sequence[ClaimDocument]


class WorkerDocument(TypedDict):
    """A worker as it has registered."""

    name: str
    queues: Sequence[str]
    concurrency: int
    lease_s: float
    host: str | None
    pid: int | None


class AnswerDocument(TypedDict):
    """What became of one job that a worker named: what it asked for, or that it had lost it."""

    id: UUID
    status: Literal["held", "completed", "released", "lost"]


class AnswersDocument(TypedDict):
    """An answer for each job, in the order in which they were named."""

    items: Sequence[AnswerDocument]


class VerdictDocument(TypedDict):
    """What becomes of a job that failed, and when it is tried again; or that the worker had lost it."""

    id: UUID
    status: str
    scheduled_at: datetime | None


class VerdictsDocument(TypedDict):
    """A verdict for each job, in the order in which they were named."""

    items: Sequence[VerdictDocument]


class RateDocument(TypedDict):
    """So many within so many seconds."""

    count: int
    per_s: float


@described
class LaneDocument(TypedDict):
    """A type of job in a queue, and how it is held back."""

    id: int
    task_type: str
    queue: str
    is_paused: bool
    max_running: int | None
    """How many may be at work at once, over all workers; null: any number."""
    rate: RateDocument | None
    """How many may begin within a time, over all workers; null: any number."""


@described
class ScheduleDocument(TypedDict):
    """Work that comes again, and how its last time went."""

    name: str
    task_type: str
    queue: str | None
    payload: Any
    priority: str
    tenant_id: UUID | None
    """The team whose jobs are enqueued; null: upkeep that the scheduler does itself."""
    cron: str | None
    every_s: float | None
    timezone: str
    is_paused: bool
    next_run_at: datetime | None
    last_run_at: datetime | None
    last_status: str | None
    last_error: str | None


def lane_document(lane: Lane) -> LaneDocument:
    """A type of job in a queue."""
    rate: RateDocument | None = None
    if lane.rate is not None:
        rate = {"count": lane.rate.count, "per_s": lane.rate.per.total_seconds()}
    return {
        "id": lane.lane,
        "task_type": lane.task_type,
        "queue": lane.queue,
        "is_paused": lane.is_paused,
        "max_running": lane.max_running,
        "rate": rate,
    }


def schedule_document(standing: Standing) -> ScheduleDocument:
    """Work that comes again."""
    schedule = standing.schedule
    return {
        "name": schedule.name,
        "task_type": schedule.task_type,
        "queue": schedule.queue,
        "payload": schedule.payload,
        "priority": schedule.priority,
        "tenant_id": schedule.tenant_id,
        "cron": schedule.cron,
        "every_s": None if schedule.every is None else schedule.every.total_seconds(),
        "timezone": schedule.timezone,
        "is_paused": standing.is_paused,
        "next_run_at": standing.next_run_at,
        "last_run_at": standing.last_run_at,
        "last_status": standing.last_status,
        "last_error": standing.last_error,
    }


def activity_document(lanes: Iterable[Activity], hands: Iterable[Hand], read_at: datetime) -> dict[str, Any]:
    """What goes on in each lane, and who works on what."""

    def of_lane(each: Activity) -> dict[str, Any]:
        found = {name: getattr(each, name) for name in Activity.__slots__ if name != "lane"}
        return {**lane_document(each.lane), **found}

    return {
        "read_at": read_at,
        "lanes": [of_lane(each) for each in lanes],
        "workers": [{**asdict(each.presence), "running": each.running} for each in hands],
    }


def job_document(job: Job) -> JobDocument:
    """A job as it stands."""
    document: JobDocument = asdict(job)  # type: ignore[assignment]
    return document


def story_document(story: Story) -> JobStoryDocument:
    """A job with its history."""
    return {
        **job_document(story.job),
        "events": [asdict(each) for each in story.events],  # type: ignore[misc]
        "waits_for": [asdict(each) for each in story.waits_for],  # type: ignore[misc]
    }


def dead_letter_document(letter: DeadLetter) -> DeadLetterDocument:
    """A dead letter with every attempt."""
    document: DeadLetterDocument = asdict(letter)  # type: ignore[assignment]
    return document


def type_stats_document(stats: Iterable[TypeStats]) -> StatsDocument:
    """How many jobs of each type are in each state."""
    return {"types": [asdict(each) for each in stats]}  # type: ignore[misc]


def batch_document(added: Iterable[Enqueued]) -> BatchDocument:
    """Jobs that were enqueued together."""
    return {"items": [asdict(each) for each in added]}  # type: ignore[misc]


def claims_document(claims: Iterable[Claim]) -> ClaimsDocument:
    """What a worker has claimed."""
    names = ClaimDocument.__annotations__
    return {"items": [{name: getattr(each, name) for name in names} for each in claims]}  # type: ignore[misc]


def worker_document(worker: Worker) -> WorkerDocument:
    """A worker as it has registered."""
    return {
        "name": worker.name,
        "queues": worker.queues,
        "concurrency": worker.concurrency,
        "lease_s": worker.lease.total_seconds(),
        "host": worker.host,
        "pid": worker.pid,
    }


def answers_document(
    named: Iterable[UUID], good: Container[UUID], said: Literal["held", "completed", "released"]
) -> AnswersDocument:
    """For each job that was named what was asked for, where it was still the worker's."""
    return {"items": [{"id": each, "status": said if each in good else "lost"} for each in named]}


def verdicts_document(named: Iterable[UUID], verdicts: Iterable[Verdict]) -> VerdictsDocument:
    """For each job that failed what becomes of it."""
    by_id = {each.id: each for each in verdicts}

    def shown(job_id: UUID) -> VerdictDocument:
        verdict = by_id.get(job_id)
        if verdict is None:
            return {"id": job_id, "status": "lost", "scheduled_at": None}
        is_tried_again = verdict.status is Status.PENDING
        return {
            "id": job_id,
            "status": verdict.status,
            "scheduled_at": verdict.scheduled_at if is_tried_again else None,
        }

    return {"items": [shown(each) for each in named]}


def stats_document(stats: Iterable[TypeStats], workers: Iterable[Presence]) -> dict[str, Any]:
    """How many jobs of each type are in each state, and who is at work."""
    return {**type_stats_document(stats), "workers": [asdict(each) for each in workers]}
