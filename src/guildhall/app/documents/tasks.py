"""Agents' tasks, their history, graphs, dead letters and counts, as JSON."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.app.documents import described
from guildhall.domains.society.tasks import (
    Added,
    Claim,
    DeadLetter,
    Graph,
    QueueLine,
    Status,
    Story,
    Task,
    TaskType,
    Verdict,
)


@described
class TaskTypeDocument(TypedDict):
    """A kind of task, and what it asks for."""

    name: str
    required_skills: Sequence[str]
    min_trust: float
    payload_schema: Mapping[str, Any] | None
    """A JSON schema; null: any object."""
    max_retries: int
    timeout_s: float | None
    """How long an attempt may take."""


class TaskTypesDocument(TypedDict):
    """The types of task that a team knows."""

    items: Sequence[TaskTypeDocument]


@described
class TaskDocument(TypedDict):
    """A task as it stands."""

    id: UUID
    task_id: str
    """By which the team knows it."""
    title: str
    description: str | None
    task_type: str
    status: str
    priority: str
    required_skills: Sequence[str]
    min_trust: float
    """How much trust an agent must have to be given it, from 0 to 1."""
    assigned_to: UUID | None
    """Who has it; of a task that waits, the one agent that may take it."""
    agent: str | None
    """The name of that agent."""
    payload: Any
    result: Any
    quality_score: float | None
    error_message: str | None
    attempts: int
    """How often an agent has had it."""
    retry_count: int
    """How many of its retries are used up."""
    max_retries: int
    unique_key: str | None
    open_dependencies: int
    """How many tasks it still waits for."""
    scheduled_at: datetime
    deadline_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    created_at: datetime


class TaskEventDocument(TypedDict):
    """Something that happened to a task."""

    event: str
    old_status: str | None
    new_status: str | None
    agent: str | None
    user_id: UUID | None
    details: Mapping[str, Any]
    at: datetime


class TaskDependencyDocument(TypedDict):
    """A task that this one waits for, or has waited for."""

    id: UUID
    task_id: str
    on_failure: str
    status: str
    is_settled: bool


class TaskStoryDocument(TaskDocument):
    """A task with all that happened to it, oldest first, and what it waits for."""

    events: Sequence[TaskEventDocument]
    waits_for: Sequence[TaskDependencyDocument]


@described
class TaskClaimDocument(TypedDict):
    """A task that an agent has, under a token: one attempt at it."""

    id: UUID
    token: UUID
    """By which this attempt is started, completed or failed; nobody else has it."""
    task_id: str
    title: str
    description: str | None
    task_type: str
    payload: Any
    status: str
    """`in_progress`, or `assigned` until the agent starts it."""
    attempt: int
    """Which one this is, from 1."""
    retry_count: int
    max_retries: int
    leased_until: datetime | None
    """When it counts as hung, though its agent lives."""


class TaskClaimsDocument(TypedDict):
    """What was claimed, in the order in which to begin."""

    items: Sequence[TaskClaimDocument]


class TaskAnswerDocument(TypedDict):
    """What became of one task that an agent named: what it asked for, or that it had lost it."""

    id: UUID
    status: Literal["held", "in_progress", "completed", "released", "lost"]


class TaskAnswersDocument(TypedDict):
    """An answer for each task, in the order in which they were named."""

    items: Sequence[TaskAnswerDocument]


class TaskVerdictDocument(TypedDict):
    """What becomes of a task that failed, and when it is given out again; or that the agent had lost it."""

    id: UUID
    status: str
    scheduled_at: datetime | None


class TaskVerdictsDocument(TypedDict):
    """A verdict for each task, in the order in which they were named."""

    items: Sequence[TaskVerdictDocument]


class AddedTaskDocument(TypedDict):
    """The task that is meant, and whether it was added for this."""

    id: UUID
    is_new: bool


class TaskBatchDocument(TypedDict):
    """The tasks that were added together, in the order in which they were given."""

    items: Sequence[AddedTaskDocument]


class NodeDocument(TypedDict):
    """A task in a graph."""

    id: UUID
    task_id: str
    title: str
    status: str
    agent: str | None


class EdgeDocument(TypedDict):
    """One task waits for another, or has waited for it."""

    waiting: UUID
    awaited: UUID
    on_failure: str
    is_settled: bool


class GraphDocument(TypedDict):
    """Tasks that wait for each other, in the order in which they were added; `is_whole` unless there were over a thousand."""

    nodes: Sequence[NodeDocument]
    edges: Sequence[EdgeDocument]
    is_whole: bool


@described
class TaskDeadLetterDocument(TypedDict):
    """A task that no agent could do, with every attempt."""

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


@described
class QueueLineDocument(TypedDict):
    """Tasks that have not ended, of a state and a priority."""

    status: str
    priority: str
    task_count: int
    unassigned_count: int
    overdue_count: int
    ready_count: int
    """How many may be claimed now."""
    waiting_count: int
    """How many wait for other tasks."""
    oldest_created_at: datetime
    average_wait_ms: float
    """Since they were added."""


class QueueDocument(TypedDict):
    """The team's tasks that have not ended, counted by state and priority."""

    lines: Sequence[QueueLineDocument]


def task_type_document(kind: TaskType) -> TaskTypeDocument:
    """A kind of task."""
    return {
        "name": kind.name,
        "required_skills": kind.required_skills,
        "min_trust": kind.min_trust,
        "payload_schema": kind.payload_schema,
        "max_retries": kind.max_retries,
        "timeout_s": None if kind.timeout is None else kind.timeout.total_seconds(),
    }


def task_document(task: Task) -> TaskDocument:
    """A task as it stands."""
    document: TaskDocument = asdict(task)  # type: ignore[assignment]
    return document


def task_story_document(story: Story) -> TaskStoryDocument:
    """A task with its history."""
    return {
        **task_document(story.task),
        "events": [asdict(each) for each in story.events],  # type: ignore[misc]
        "waits_for": [asdict(each) for each in story.waits_for],  # type: ignore[misc]
    }


def task_claims_document(claims: Iterable[Claim]) -> TaskClaimsDocument:
    """What an agent has claimed."""
    return {"items": [asdict(each) for each in claims]}  # type: ignore[misc]


def task_answers_document(
    named: Iterable[UUID], good: Container[UUID], said: Literal["held", "in_progress", "completed", "released"]
) -> TaskAnswersDocument:
    """For each task that was named what was asked for, where it was still the agent's."""
    return {"items": [{"id": each, "status": said if each in good else "lost"} for each in named]}


def task_verdicts_document(named: Iterable[UUID], verdicts: Iterable[Verdict]) -> TaskVerdictsDocument:
    """For each task that failed what becomes of it."""
    by_id = {each.id: each for each in verdicts}

    def shown(task_id: UUID) -> TaskVerdictDocument:
        verdict = by_id.get(task_id)
        if verdict is None:
            return {"id": task_id, "status": "lost", "scheduled_at": None}
        is_given_again = verdict.status is Status.PENDING
        return {
            "id": task_id,
            "status": verdict.status,
            "scheduled_at": verdict.scheduled_at if is_given_again else None,
        }

    return {"items": [shown(each) for each in named]}


def task_batch_document(added: Iterable[Added]) -> TaskBatchDocument:
    """Tasks that were added together."""
    return {"items": [asdict(each) for each in added]}  # type: ignore[misc]


def graph_document(graph: Graph) -> GraphDocument:
    """Tasks that wait for each other."""
    document: GraphDocument = asdict(graph)  # type: ignore[assignment]
    return document


def task_dead_letter_document(letter: DeadLetter) -> TaskDeadLetterDocument:
    """A dead letter with every attempt."""
    document: TaskDeadLetterDocument = asdict(letter)  # type: ignore[assignment]
    return document


def queue_document(lines: Iterable[QueueLine]) -> QueueDocument:
    """How many tasks are in each state."""
    return {"lines": [asdict(each) for each in lines]}  # type: ignore[misc]
