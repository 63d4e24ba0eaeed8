"""The nouns of the jobs: what is to be done, who does it, and what has become of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID


class Status(StrEnum):
    """Where a job is in its life (docs/jobs.md)."""

    PENDING = "pending"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    STUCK = "stuck"
    CANCELLED = "cancelled"
    DEAD_LETTER = "dead_letter"


class Priority(StrEnum):
    """How urgent a job is, the most urgent first."""

    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"
    BACKGROUND = "background"


class OnFailure(StrEnum):
    """What becomes of a job if one that it waits for does not complete."""

    CANCEL = "cancel"
    FAIL = "fail"
    """It fails; cancelled if the other was cancelled."""
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class JobType:
    """A kind of job in a queue, and what holds where its jobs say nothing; `schema` is what its payloads must be."""

    name: str
    queue: str = "default"
    max_retries: int = 3
    timeout: timedelta | None = None
    retry_base: timedelta = timedelta(seconds=1)
    retry_most: timedelta = timedelta(hours=1)
    schema: Mapping[str, Any] | None = None
    lane: int | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """A job that must have ended first, and what becomes of the waiting one if it does not complete."""

    job_id: UUID
    on_failure: OnFailure = OnFailure.CANCEL


@dataclass(frozen=True, slots=True)
class NewJob:
    """
    Something to be done; whatever is None is its type's, or now.

    `unique_key`: while a job of the team with the key lives, that one is meant.
    `idempotency_key`: likewise, also once it has ended. Jobs of one `fair_key`
    stand behind each other while keys take turns, `weight` turns at a time.
    """

    task_type: str
    payload: Mapping[str, Any]
    id: UUID | None = None
    queue: str | None = None
    priority: Priority | str = Priority.NORMAL
    scheduled_at: datetime | None = None
    max_retries: int | None = None
    timeout: timedelta | None = None
    deadline_at: datetime | None = None
    unique_key: str | None = None
    idempotency_key: str | None = None
    fair_key: str | None = None
    weight: float | None = None
    waits_for: Sequence[Wait] = ()


@dataclass(frozen=True, slots=True)
class Enqueued:
    """The job that is meant, and whether it was added for this."""

    id: UUID
    is_new: bool


class Claim(NamedTuple):
    """A job that a worker has, under a token: one attempt at it."""

    id: UUID
    tenant_id: UUID
    task_type: str
    payload: Any
    token: UUID
    attempt: int
    retry_count: int
    max_retries: int
    leased_until: datetime | None
    status: str
    created_by: UUID | None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A job that a worker says it has, and by which token."""

    id: UUID
    token: UUID


class Done(NamedTuple):
    """An attempt that is done; `result` is a JSON value or None."""

    id: UUID
    token: UUID
    result: Any = None


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that was not; `is_final`: no use trying again; `delay`: when, where not by the type's rule."""

    id: UUID
    token: UUID
    message: str
    stack: str | None = None
    is_final: bool = False
    delay: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What has become of a job that failed; `scheduled_at` is when it is tried again, if it is."""

    id: UUID
    status: Status
    scheduled_at: datetime


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: taken from who was lost, sent to be tried again, sent to the dead letters."""

    lost: int
    retried: int
    dead: int


@dataclass(frozen=True, slots=True)
class Worker:
    """A process at work, as it registers."""

    name: str
    queues: Sequence[str] = ()
    concurrency: int = 1
    lease: timedelta = timedelta(seconds=30)
    host: str | None = None
    pid: int | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    """A process that has registered, and when it was last heard of; `tenant_id`: the one team that it serves, or None."""

    name: str
    tenant_id: UUID | None
    queues: Sequence[str]
    concurrency: int
    host: str | None
    pid: int | None
    started_at: datetime
    last_seen: datetime
    is_alive: bool


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands."""

    id: UUID
    task_type: str
    queue: str
    status: Status
    priority: Priority
    payload: Any
    result: Any
    error_message: str | None
    attempts: int
    retry_count: int
    max_retries: int
    worker_id: str | None
    unique_key: str | None
    open_dependencies: int
    scheduled_at: datetime
    deadline_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a job."""

    event: str
    attempt: int | None
    worker_id: str | None
    error_message: str | None
    error_stack: str | None
    detail: Any
    at: datetime


@dataclass(frozen=True, slots=True)
class Dependency:
    """A job that another waits for, or has waited for."""

    job_id: UUID
    on_failure: OnFailure
    status: Status
    is_settled: bool


@dataclass(frozen=True, slots=True)
class Story:
    """A job with all that happened to it, oldest first."""

    job: Job
    events: Sequence[Event]
    waits_for: Sequence[Dependency]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A job that nobody could finish, with every attempt; open until it is `redriven` or `discarded`."""

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


@dataclass(frozen=True, slots=True)
class TypeStats:
    """How many jobs of a type are in each state, and since when the oldest that may begin has waited."""

    task_type: str
    queue: str
    is_paused: bool
    counts: Mapping[Status, int]
    oldest_waiting_at: datetime | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """
    Work that comes again, by a cron line in a time zone or every so often.

    For a team a job is enqueued, in `queue` or the one in which its type is known;
    without a team it is upkeep of the installation, which the scheduler does itself.
    """

    name: str
    task_type: str
    payload: Mapping[str, Any]
    priority: str = Priority.NORMAL
    tenant_id: UUID | None = None
    cron: str | None = None
    every: timedelta | None = None
    timezone: str = "UTC"
    queue: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A time at which a schedule was due, taken by one scheduler."""

    schedule: Schedule
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Rate:
    """So many within so long."""

    count: int
    per: timedelta


@dataclass(frozen=True, slots=True)
class Lane:
    """A type of job in a queue, and how it is held back; None: not at all."""

    lane: int
    task_type: str
    queue: str
    is_paused: bool
    max_running: int | None
    rate: Rate | None


@dataclass(frozen=True, slots=True)
class Activity:
    """
    What goes on in a lane: how many jobs are in each state, and what ended lately.

    `waiting` may begin now, the oldest of them since `waiting_since`; `later`
    are due later. `done_per_s` and `failed_per_s` are attempts of the last seconds.
    """

    lane: Lane
    waiting: int
    waiting_since: datetime | None
    later: int
    running: int
    stuck: int
    paused: int
    done_per_s: float
    failed_per_s: float


@dataclass(frozen=True, slots=True)
class Hand:
    """A worker and what it runs: how many jobs of each type."""

    presence: Presence
    running: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """A schedule as it stands: when it is due next, and how its last time went."""

    schedule: Schedule
    is_paused: bool
    next_run_at: datetime | None
    last_run_at: datetime | None
    last_status: str | None
    last_error: str | None
