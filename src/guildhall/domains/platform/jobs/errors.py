"""The ways in which work cannot be given out or taken on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from guildhall.algorithms.suggestions import did_you_mean
from guildhall.errors import Conflict, InvalidInput, NotFound

MOST_PAYLOAD_BYTES = 1_048_576


class JobInvalid(InvalidInput):
    """A job that was to be enqueued has a value that it cannot have."""

    code = "job_invalid"

    def __init__(self, field: str, value: Any, expected: str, *, position: int, remedy: str | None = None) -> None:
        super().__init__(
            f"{field} of job {position} is {str(value)[:200]!r}, expected {expected}",
            remedy=remedy or "Correct it; nothing was enqueued.",
            field=field,
            value=value,
            position=position,
        )


class JobTypeUnknown(InvalidInput):
    """No worker has made this type of job known in this queue."""

    code = "job_type_unknown"

    def __init__(self, task_type: str, queue: str | None, known: Iterable[str], elsewhere: Iterable[str] = ()) -> None:
        names, queues = sorted(set(known)), sorted(elsewhere)
        super().__init__(
            f"there is no job type {task_type!r}" + ("" if queue is None else f" in queue {queue!r}"),
            remedy=(f"Its jobs wait in {', '.join(map(repr, queues))}: name that queue." if queues else None)
            or did_you_mean(task_type, names)
            or "A type is known once a worker that handles it has started: run `guildhall worker`.",
            field="task_type",
            value=task_type,
            queue=queue,
            known=names[:50],
        )


class PayloadInvalid(InvalidInput):
    """A payload is not what its type says that payloads are."""

    code = "job_payload_invalid"

    def __init__(self, task_type: str, why: str, *, position: int) -> None:
        super().__init__(
            f"the payload of job {position} does not fit {task_type!r}: {why}",
            remedy="Correct it; nothing was enqueued.",
            field="payload",
            task_type=task_type,
            position=position,
        )


class PayloadTooLarge(InvalidInput):
    """A payload is over 1 MB."""

    code = "job_payload_too_large"

    def __init__(self, size: int | None = None, *, position: int | None = None) -> None:
        which = "a payload" if position is None else f"the payload of job {position}"
        super().__init__(
            f"{which} has {'too many' if size is None else f'{size:,}'} bytes, expected at most {MOST_PAYLOAD_BYTES:,}",
            remedy="Store it elsewhere, and enqueue where it is.",
            field="payload",
            position=position,
            bytes=size,
        )


class DependencyUnknown(InvalidInput):
    """A job is to wait for one that is neither there nor enqueued with it."""

    code = "job_dependency_unknown"

    def __init__(self, job_id: UUID | None = None) -> None:
        super().__init__(
            "there is no job to wait for" if job_id is None else f"there is no job {job_id} to wait for",
            remedy="Enqueue it first, or in the same call.",
            field="waits_for",
            value=None if job_id is None else str(job_id),
        )


class DependencyFailed(Conflict):
    """A job is to wait for one that has already failed."""

    code = "job_dependency_failed"

    def __init__(self, job_id: UUID | None = None, status: str = "failed") -> None:
        super().__init__(
            f"job {'' if job_id is None else job_id} to wait for is {status} already",
            remedy="Retry it first, or wait for it with on_failure 'ignore'.",
            field="waits_for",
            value=None if job_id is None else str(job_id),
        )


class DependencyCycle(InvalidInput):
    """Jobs wait for each other in a circle."""

    code = "job_dependency_cycle"

    def __init__(self, cycle: Sequence[UUID], names: Sequence[str]) -> None:
        circle = " → ".join(f"{name} ({job_id})" for name, job_id in zip(names, cycle, strict=True))
        super().__init__(
            f"these jobs wait for each other: {circle}",
            remedy="Take one of these edges out; nothing was enqueued.",
            field="waits_for",
            cycle=[str(each) for each in cycle],
        )


class JobNotFound(NotFound):
    """The team has no such job."""

    code = "job_not_found"

    def __init__(self, job_id: UUID | str) -> None:
        super().__init__(
            f"there is no job {job_id}",
            remedy="`guildhall jobs list` shows those that there are.",
            field="job_id",
            value=str(job_id),
        )


class DeadLetterNotFound(NotFound):
    """The team has no such dead letter."""

    code = "dead_letter_not_found"

    def __init__(self, letter_id: UUID) -> None:
        super().__init__(
            f"there is no dead letter {letter_id}",
            remedy="`guildhall jobs dead` lists those that there are.",
            field="dead_letter_id",
            value=str(letter_id),
        )


class DeadLetterClosed(Conflict):
    """A dead letter was dealt with before, or its job is no more."""

    code = "dead_letter_closed"

    def __init__(self, letter_id: UUID, resolution: str | None) -> None:
        super().__init__(
            f"dead letter {letter_id} is {resolution or 'of a job that was removed'} already",
            remedy="`guildhall jobs dead` lists those that are open.",
            field="dead_letter_id",
            value=str(letter_id),
            resolution=resolution,
        )


class JobStateWrong(Conflict):
    """A job is not in a state in which this can be done."""

    code = "job_state_wrong"

    def __init__(self, verb: str, job_id: UUID, status: str, states: Iterable[str]) -> None:
        super().__init__(
            f"job {job_id} is {status}: what is {', '.join(states)} can be {verb}",
            remedy=f"`guildhall jobs show {job_id}` says what happened to it; nothing was changed.",
            field="job_id",
            value=str(job_id),
            status=status,
        )


class JobKeyTaken(Conflict):
    """A job cannot come again, because another of the team has its unique key meanwhile."""

    code = "job_key_taken"

    def __init__(self, job_id: UUID, key: str | None) -> None:
        super().__init__(
            f"job {job_id} cannot be retried: another that has not ended has its unique key {key!r}",
            remedy="Wait for that one, or cancel it.",
            field="job_id",
            value=str(job_id),
            unique_key=key,
        )


class JobLost(Conflict):
    """The attempt is over: the job was taken from this worker, and what it did must not count."""

    code = "job_lost"

    def __init__(self, job_id: UUID) -> None:
        super().__init__(f"job {job_id} was taken from this worker", value=str(job_id))


class WorkerUnknown(NotFound):
    """A worker has not registered, or was forgotten."""

    code = "worker_unknown"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no worker {name!r}", remedy="Register it first.", field="worker", value=name)


class ScheduleInvalid(InvalidInput):
    """A schedule has no rhythm that can be followed."""

    code = "schedule_invalid"

    def __init__(self, name: str, field: str, value: Any, why: str) -> None:
        super().__init__(
            f"{field} of schedule {name!r} is {None if value is None else str(value)!r}: {why}",
            remedy="Correct it; nothing was changed.",
            field=field,
            value=str(value),
            schedule=name,
        )


class ScheduleNotFound(NotFound):
    """There is no schedule of this name."""

    code = "schedule_not_found"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(
            f"there is no schedule {name[:100]!r}",
            remedy=did_you_mean(name, known) or "`guildhall schedule list` shows those that there are.",
            field="schedule",
            value=name[:100],
        )


class ScheduleExists(Conflict):
    """There is a schedule of this name already."""

    code = "schedule_exists"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is a schedule {name!r} already",
            remedy="Give it another name, or remove the other first.",
            field="name",
            value=name,
        )


class QueueUnknown(InvalidInput):
    """No worker has made a type of job known in this queue."""

    code = "queue_unknown"

    def __init__(self, queue: str, known: Iterable[str]) -> None:
        names = sorted(known)
        super().__init__(
            f"no job type waits in queue {queue!r}",
            remedy=did_you_mean(queue, names) or "A queue is known once a worker that serves it has started.",
            field="queue",
            value=queue,
            known=names[:50],
        )


class LimitInvalid(InvalidInput):
    """A limit of a type of job is none."""

    code = "job_limit_invalid"

    def __init__(self, field: str, value: Any, expected: str) -> None:
        super().__init__(
            f"{field} is {str(value)[:100]}, expected {expected}",
            remedy="Correct it; nothing was changed.",
            field=field,
            value=str(value)[:100],
        )
