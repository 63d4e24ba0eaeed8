"""The nouns of the tasks: what is to be done, what it asks for, who has it, and what has become of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID


class Status(StrEnum):
    """Where a task is in its life (docs/tasks.md)."""

    PENDING = "pending"
    QUEUED = "queued"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    BLOCKED = "blocked"
    IN_REVIEW = "in_review"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Priority(StrEnum):
    """How urgent a task is, the least urgent first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class OnFailure(StrEnum):
    """What becomes of a task if one that it waits for does not complete."""

    CANCEL = "cancel"
    FAIL = "fail"
    """It fails; cancelled if the other was cancelled."""
    IGNORE = "ignore"


ANY_TYPE = "task"
"""The type of task that every team knows, of any payload."""


@dataclass(frozen=True, slots=True)
class TaskType:
    """A kind of task: what it asks for, what its payloads must be, and what holds where its tasks say nothing."""

    name: str
    required_skills: Sequence[str] = ()
    min_trust: float = 0.0
    payload_schema: Mapping[str, Any] | None = None
    max_retries: int = 3
    timeout: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """A task that must have ended first, and what becomes of the waiting one if it does not complete."""

    task_id: UUID
    on_failure: OnFailure = OnFailure.CANCEL


@dataclass(frozen=True, slots=True)
class NewTask:
    """
    Something to be done; whatever is None is its type's, or now.

    `required_skills` and `min_trust` come on top of what the type asks for.
    `assigned_to` is the one agent that may take it. `unique_key`: while a task of
    the team with the key lives, that one is meant; `idempotency_key`: likewise,
    also once it has ended.
    """

    title: str
    payload: Mapping[str, Any] | None = None
    id: UUID | None = None
    task_id: str | None = None
    description: str | None = None
    task_type: str = ANY_TYPE
    priority: Priority | str = Priority.MEDIUM
    required_skills: Sequence[str] = ()
    min_trust: float = 0.0
    assigned_to: UUID | None = None
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
class Added:
    """The task that is meant, and whether it was added for this."""

    id: UUID
    is_new: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A task that an agent has, under a token: one attempt at it."""

    id: UUID
    token: UUID
    task_id: str
    title: str
    description: str | None
    task_type: str
    payload: Any
    status: Status
    attempt: int
    retry_count: int
    max_retries: int
    leased_until: datetime | None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A task that an agent says it has, and by which token."""

    id: UUID
    token: UUID


@dataclass(frozen=True, slots=True)
class Done:
    """An attempt that is done; `result` is a JSON value or None, `quality_score` what it is worth, from 0 to 1."""

    id: UUID
    token: UUID
    result: Any = None
    quality_score: float | None = None


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
    """What has become of a task that failed; `scheduled_at` is when it is given out again, if it is."""

    id: UUID
    status: Status
    scheduled_at: datetime


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: taken from who was lost, to be given out again, failed for good."""

    lost: int
    retried: int
    dead: int


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it stands; `agent` is the name of who has it, or of the one who may take it."""

    id: UUID
    task_id: str
    title: str
    description: str | None
    task_type: str
    status: Status
    priority: Priority
    required_skills: Sequence[str]
    min_trust: float
    assigned_to: UUID | None
    agent: str | None
    payload: Any
    result: Any
    quality_score: float | None
    error_message: str | None
    attempts: int
    retry_count: int
    max_retries: int
    unique_key: str | None
    open_dependencies: int
    scheduled_at: datetime
    deadline_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """Who has a task, and by which token."""

    id: UUID
    task_id: str
    agent_id: UUID
    token: UUID
    status: Status


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a task; `agent` and `user_id` are who did it, where somebody did."""

    event: str
    old_status: str | None
    new_status: str | None
    agent: str | None
    user_id: UUID | None
    details: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Dependency:
    """A task that another waits for, or has waited for."""

    id: UUID
    task_id: str
    on_failure: OnFailure
    status: Status
    is_settled: bool


@dataclass(frozen=True, slots=True)
class Story:
    """A task with all that happened to it, oldest first."""

    task: Task
    events: Sequence[Event]
    waits_for: Sequence[Dependency]


@dataclass(frozen=True, slots=True)
class Node:
    """A task in a graph."""

    id: UUID
    task_id: str
    title: str
    status: Status
    agent: str | None


@dataclass(frozen=True, slots=True)
class Edge:
    """One task waits for another, or has waited for it."""

    waiting: UUID
    awaited: UUID
    on_failure: OnFailure
    is_settled: bool


@dataclass(frozen=True, slots=True)
class Graph:
    """Tasks that wait for each other, those that were added first coming first; `is_whole` unless there were too many."""

    nodes: Sequence[Node]
    edges: Sequence[Edge]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A task that no agent could do, with every attempt; open until it is `redriven` or `discarded`."""

    id: UUID
    task: UUID
    task_id: str
    title: str
    task_type: str
    payload: Any
    error_message: str
    error_stack: str | None
    retry_history: Sequence[Mapping[str, Any]]
    moved_at: datetime
    resolution: str | None
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class QueueLine:
    """How many tasks that have not ended are in a state and of a priority, and how long they have waited."""

    status: Status
    priority: Priority
    task_count: int
    unassigned_count: int
    overdue_count: int
    ready_count: int
    waiting_count: int
    oldest_created_at: datetime
    average_wait_ms: float
