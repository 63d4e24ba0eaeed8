"""The ways in which a task cannot be added, given out, or done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from guildhall.algorithms.suggestions import did_you_mean
from guildhall.errors import Conflict, InvalidInput, NotAllowed, NotFound

MOST_PAYLOAD_BYTES = 1_048_576


class TaskInvalid(InvalidInput):
    """A task that was to be added has a value that it cannot have."""

    code = "task_invalid"

    def __init__(self, field: str, value: Any, expected: str, *, position: int | None = None) -> None:
        which = field if position is None else f"{field} of task {position}"
        super().__init__(
            f"{which} is {str(value)[:200]!r}, expected {expected}",
            remedy="Correct it; nothing was changed." if position is None else "Correct it; nothing was added.",
            field=field,
            value=value,
            position=position,
        )


class TaskTypeUnknown(InvalidInput):
    """The team knows no such type of task."""

    code = "task_type_unknown"

    def __init__(self, task_type: str, known: Iterable[str]) -> None:
        names = sorted({"task", *known})
        super().__init__(
            f"there is no task type {task_type!r}",
            remedy=did_you_mean(task_type, names) or "`guildhall tasks type` makes one known.",
            field="task_type",
            value=task_type,
            known=names[:50],
        )


class SkillUnknown(InvalidInput):
    """A task asks for what no agent of the team can do."""

    code = "task_skill_unknown"

    def __init__(self, skill: str, known: Iterable[str], *, position: int | None = None) -> None:
        names = sorted(known)
        super().__init__(
            f"no agent has the skill {skill!r}",
            remedy=did_you_mean(skill, names) or "`guildhall agents teach` gives an agent a skill.",
            field="required_skills",
            value=skill,
            position=position,
            known=names[:50],
        )


class PayloadInvalid(InvalidInput):
    """A payload is not what its type says that payloads are."""

    code = "task_payload_invalid"

    def __init__(self, task_type: str, why: str, *, position: int) -> None:
        super().__init__(
            f"the payload of task {position} does not fit {task_type!r}: {why}",
            remedy="Correct it; nothing was added.",
            field="payload",
            task_type=task_type,
            position=position,
        )


class PayloadTooLarge(InvalidInput):
    """A payload is over 1 MB."""

    code = "task_payload_too_large"

    def __init__(self, size: int | None = None, *, position: int | None = None) -> None:
        which = "a payload" if position is None else f"the payload of task {position}"
        super().__init__(
            f"{which} has {'too many' if size is None else f'{size:,}'} bytes, expected at most {MOST_PAYLOAD_BYTES:,}",
            remedy="Store it elsewhere, and say in the payload where it is.",
            field="payload",
            position=position,
            bytes=size,
        )


class DependencyUnknown(InvalidInput):
    """A task is to wait for one that is neither there nor added with it."""

    code = "task_dependency_unknown"

    def __init__(self, task: object) -> None:
        super().__init__(
            f"there is no task {str(task)[:200]!r} to wait for",
            remedy="Add it first, or in the same call.",
            field="waits_for",
            value=str(task)[:200],
        )


class DependencyFailed(Conflict):
    """A task is to wait for one that has already failed."""

    code = "task_dependency_failed"

    def __init__(self, task: object, status: str = "failed") -> None:
        super().__init__(
            f"task {task} to wait for is {status} already",
            remedy="Retry it first, or wait for it with on_failure 'ignore'.",
            field="waits_for",
            value=str(task),
        )


class DependencyCycle(InvalidInput):
    """Tasks wait for each other in a circle."""

    code = "task_dependency_cycle"

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"these tasks wait for each other: {' → '.join(names)}",
            remedy="Take one of these edges out; nothing was added.",
            field="waits_for",
            cycle=list(names),
        )


class TaskNameTaken(Conflict):
    """Another task of the team has this task_id."""

    code = "task_name_taken"

    def __init__(self, task_id: str | None) -> None:
        which = "with one of these task_ids" if task_id is None else repr(task_id)
        super().__init__(
            f"there is a task {which} already",
            remedy="Give it another task_id, or none; nothing was added.",
            field="task_id",
            value=task_id,
        )


class TaskNotFound(NotFound):
    """The team has no such task."""

    code = "task_not_found"

    def __init__(self, ref: object) -> None:
        super().__init__(
            f"there is no task {str(ref)[:200]!r}",
            remedy="`guildhall tasks list` shows those that there are.",
            field="task",
            value=str(ref)[:200],
        )


class DeadLetterNotFound(NotFound):
    """The team has no such dead letter of a task."""

    code = "task_dead_letter_not_found"

    def __init__(self, letter_id: UUID) -> None:
        super().__init__(
            f"there is no dead letter {letter_id}",
            remedy="`guildhall tasks dead` lists those that there are.",
            field="dead_letter_id",
            value=str(letter_id),
        )


class DeadLetterClosed(Conflict):
    """A dead letter was dealt with before."""

    code = "task_dead_letter_closed"

    def __init__(self, letter_id: UUID, resolution: str) -> None:
        super().__init__(
            f"dead letter {letter_id} is {resolution} already",
            remedy="`guildhall tasks dead` lists those that are open.",
            field="dead_letter_id",
            value=str(letter_id),
            resolution=resolution,
        )


class TaskStateWrong(Conflict):
    """A task is not in a state in which this can be done."""

    code = "task_state_wrong"

    def __init__(self, verb: str, task: object, status: str, states: Iterable[str]) -> None:
        super().__init__(
            f"task {task} is {status}: what is {', '.join(states)} can be {verb}",
            remedy=f"`guildhall tasks show {task}` says what happened to it; nothing was changed.",
            field="task",
            value=str(task),
            status=status,
        )


class TaskKeyTaken(Conflict):
    """A task cannot come again, because another of the team has its unique key meanwhile."""

    code = "task_key_taken"

    def __init__(self, task: object, key: str | None) -> None:
        super().__init__(
            f"task {task} cannot be retried: another that has not ended has its unique key {key!r}",
            remedy="Wait for that one, or cancel it.",
            field="task",
            value=str(task),
            unique_key=key,
        )


class TaskLost(Conflict):
    """The attempt is over: the task was taken from this agent, and what it did must not count."""

    code = "task_lost"

    def __init__(self, task: object) -> None:
        super().__init__(
            f"task {task} was taken from this agent",
            remedy="Claim it again, if it is still to be done.",
            field="task",
            value=str(task),
        )


class AgentNotFit(NotAllowed):
    """An agent lacks a skill or the trust that a task asks for."""

    code = "agent_not_fit"

    def __init__(self, agent: str, task: str, lacking: str) -> None:
        super().__init__(
            f"agent {agent!r} cannot be given task {task!r}: it lacks {lacking}",
            remedy="`guildhall agents list --skill …` shows who could.",
            field="agent",
            value=agent,
            task=task,
        )


class AgentMayNotWork(NotAllowed):
    """An agent that is suspended or retired is given no tasks."""

    code = "agent_may_not_work"

    def __init__(self, agent: str, status: str) -> None:
        super().__init__(
            f"agent {agent!r} is {status} and is given no tasks",
            remedy="Name another agent.",
            field="agent",
            value=agent,
        )
