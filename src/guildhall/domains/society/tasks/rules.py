"""What a task may be, and in which order tasks that wait for each other are added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from typing import Any
from uuid import UUID

from guildhall.domains.platform import jobs
from guildhall.domains.society.tasks.errors import (
    MOST_PAYLOAD_BYTES,
    DependencyCycle,
    PayloadTooLarge,
    TaskInvalid,
)
from guildhall.domains.society.tasks.types import NewTask, OnFailure, Priority, TaskType

_PRIORITIES = frozenset(Priority)
_POLICIES = frozenset(OnFailure)
_MOST_RETRIES = 1_000_000
_MOST_SKILLS = 100
_TEXTS = {"title": 500, "task_id": 100, "unique_key": 255, "idempotency_key": 255, "fair_key": 255}


def check(task: NewTask, position: int, now: datetime) -> None:
    """
    Hold a task's values against what they may be; its payload, type, skills and agent are looked at elsewhere.

    Raises:
        TaskInvalid: A number is negative or too large, a moment has no time zone, a deadline has passed, a text is empty or too long.
    """

    def refuse(field: str, expected: str, value: Any = None) -> TaskInvalid:
        return TaskInvalid(field, getattr(task, field) if value is None else value, expected, position=position)

    for field, most in _TEXTS.items():
        text = getattr(task, field)
        if text is None and field != "title":
            continue
        if not (isinstance(text, str) and len(text.strip()) >= 1 and len(text) <= most and "\0" not in text):
            raise refuse(field, f"a text of 1 to {most} characters")
    if task.description is not None and "\0" in task.description:
        raise refuse("description", "a text without the character U+0000")
    if task.priority not in _PRIORITIES:
        raise refuse("priority", f"{', '.join(reversed(Priority))}")
    if task.max_retries is not None and not (type(task.max_retries) is int and 0 <= task.max_retries <= _MOST_RETRIES):
        raise refuse("max_retries", f"a whole number from 0 to {_MOST_RETRIES:,}")
    if task.timeout is not None and not jobs.is_timeout(task.timeout):
        raise refuse("timeout", jobs.A_TIMEOUT)
    if task.weight is not None and not jobs.is_weight(task.weight):
        raise refuse("weight", jobs.A_WEIGHT)
    _check_asked_for(task, position)
    for field in ("scheduled_at", "deadline_at"):
        moment = getattr(task, field)
        if moment is not None and not jobs.is_moment(moment):
            raise refuse(field, jobs.A_MOMENT)
    if task.deadline_at is not None and task.deadline_at <= now:
        raise refuse("deadline_at", f"a moment after now ({now.isoformat()})", task.deadline_at.isoformat())
    for wait in task.waits_for:
        if wait.on_failure not in _POLICIES:
            raise refuse("on_failure", f"{', '.join(OnFailure)}", wait.on_failure)


def check_type(kind: TaskType) -> None:
    """
    Hold a type of task against what one may be.

    Raises:
        TaskInvalid: It has no name, or a number is negative.
    """
    if not (len(kind.name.strip()) >= 1 and len(kind.name) <= 100 and "\0" not in kind.name):
        raise TaskInvalid("name", kind.name, "a text of 1 to 100 characters")
    _check_asked_for(kind, None)
    if not 0 <= kind.max_retries <= _MOST_RETRIES:
        raise TaskInvalid("max_retries", kind.max_retries, f"a whole number from 0 to {_MOST_RETRIES:,}")
    if kind.timeout is not None and not jobs.is_timeout(kind.timeout):
        raise TaskInvalid("timeout", kind.timeout, jobs.A_TIMEOUT)


def check_score(score: float | None) -> None:
    """
    Hold what a result is worth against what that may be.

    Raises:
        TaskInvalid: It is not between 0 and 1.
    """
    if score is not None and not 0 <= score <= 1:  # nan is neither
        raise TaskInvalid("quality_score", score, "a number from 0 to 1")


def check_message(message: str) -> None:
    """
    Hold what is said of a failure against what that may be.

    Raises:
        TaskInvalid: It says nothing.
    """
    if not message.strip():
        raise TaskInvalid("message", message, "a text that says what was wrong")


def result_of(result: Any) -> bytes | None:
    """
    What came of a task, as JSON; None where nothing did.

    Raises:
        TaskInvalid: It is none that PostgreSQL takes.
    """
    if result is None:
        return None
    try:
        return jobs.encoded(result)
    except ValueError as error:
        raise TaskInvalid("result", f"no JSON: {error}", "a JSON value") from None


def _check_asked_for(wanted: NewTask | TaskType, position: int | None) -> None:
    if not 0 <= wanted.min_trust <= 1:
        raise TaskInvalid("min_trust", wanted.min_trust, "a number from 0 to 1", position=position)
    for skill in wanted.required_skills:
        if not (isinstance(skill, str) and len(skill.strip()) >= 1 and len(skill) <= 100 and "\0" not in skill):
            raise TaskInvalid("required_skills", skill, "a text of 1 to 100 characters", position=position)
    if len(wanted.required_skills) > _MOST_SKILLS:
        raise TaskInvalid("required_skills", len(wanted.required_skills), f"{_MOST_SKILLS} at most", position=position)


def payload_of(task: NewTask, position: int) -> bytes:
    """
    The payload as JSON.

    Raises:
        TaskInvalid: It is no object of JSON values.
        PayloadTooLarge: It is over 1 MB.
    """
    payload = {} if task.payload is None else task.payload
    if not isinstance(payload, Mapping):
        raise TaskInvalid("payload", payload, "an object", position=position)
    try:
        text = jobs.encoded(dict(payload))
    except ValueError as error:
        raise TaskInvalid("payload", f"no JSON: {error}", "an object of JSON values", position=position) from None
    if len(text) > MOST_PAYLOAD_BYTES:
        raise PayloadTooLarge(len(text), position=position)
    return text


def in_order(tasks: Sequence[NewTask], ids: Sequence[UUID]) -> list[int]:
    """
    The positions of tasks such that each comes behind those of them that it waits for; as given where that is so.

    Raises:
        DependencyCycle: Some wait for each other; they are named by `task_id`, or else by title.
        TaskInvalid: Two have one id.
    """
    places = {task_id: place for place, task_id in enumerate(ids)}
    if len(places) < len(ids):
        place = next(place for place, task_id in enumerate(ids) if places[task_id] != place)
        raise TaskInvalid("id", ids[place], "an id that no other task has", position=place + 1)
    edges = {
        place: [places[wait.task_id] for wait in task.waits_for if wait.task_id in places]
        for place, task in enumerate(tasks)
    }
    if all(ahead < place for place, others in edges.items() for ahead in others):
        return list(range(len(tasks)))
    try:
        return list(TopologicalSorter(edges).static_order())
    except CycleError as error:
        cycle: Sequence[int] = error.args[1]
        raise DependencyCycle([tasks[place].task_id or tasks[place].title for place in cycle]) from None


def outside(tasks: Iterable[NewTask], ids: Iterable[UUID]) -> dict[UUID, bool]:
    """Those tasks that are waited for and not among the given; with each, whether its failure is put up with by all."""
    own = set(ids)
    found: dict[UUID, bool] = {}
    for task in tasks:
        for wait in task.waits_for:
            if wait.task_id not in own:
                found[wait.task_id] = found.get(wait.task_id, True) and wait.on_failure == OnFailure.IGNORE
    return found


def lacking(required: Sequence[str], min_trust: float, skills: Iterable[str], trust: float | None) -> str | None:
    """What an agent of these skills and this trust lacks of what a task asks for, in words; None where nothing."""
    missing = sorted(set(required) - set(skills))
    if missing:
        return f"the skill{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
    if (trust or 0.0) < min_trust:
        return f"trust: {'unknown' if trust is None else f'{trust:g}'}, and {min_trust:g} is asked for"
    return None
