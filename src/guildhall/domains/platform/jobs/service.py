"""The verbs of the jobs: making types known, enqueuing, working, and what people do to jobs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from guildhall import clock
from guildhall.db import ConstraintViolated, Json, Tx
from guildhall.db.listing import Order, Page
from guildhall.domains.platform.jobs import rules, store
from guildhall.domains.platform.jobs.errors import (
    DeadLetterClosed,
    DeadLetterNotFound,
    DependencyFailed,
    DependencyUnknown,
    JobInvalid,
    JobKeyTaken,
    JobLost,
    JobNotFound,
    JobStateWrong,
    JobTypeUnknown,
    PayloadInvalid,
    PayloadTooLarge,
    WorkerUnknown,
)
from guildhall.domains.platform.jobs.ports import SchemaReader
from guildhall.domains.platform.jobs.types import (
    Claim,
    DeadLetter,
    Done,
    Enqueued,
    Failure,
    Job,
    JobType,
    NewJob,
    Presence,
    Status,
    Story,
    Swept,
    Ticket,
    TypeStats,
    Verdict,
    Worker,
)

_log = logging.getLogger(__name__)

_MOST_MESSAGE = 10_000
_MOST_STACK = 100_000
_TRIES = 5
_RUNS_KEPT_FOR = timedelta(days=90)
_ENDED_BADLY = ("failed", "cancelled", "dead_letter")
_RACES = {"background_tasks_one_per_unique_key", "background_tasks_one_per_idempotency_key"}

_MAY: Mapping[str, tuple[str, tuple[Status, ...]]] = {
    "pause": ("paused", (Status.PENDING, Status.QUEUED, Status.RUNNING)),
    "resume": ("resumed", (Status.PAUSED,)),
    "cancel": ("cancelled", (Status.PENDING, Status.QUEUED, Status.RUNNING, Status.PAUSED, Status.STUCK)),
    "retry": ("retried", (Status.FAILED, Status.CANCELLED, Status.DEAD_LETTER)),
}


class Types:
    """The types of job that are known, and the checks of their payloads; it looks again for one that it does not know."""

    def __init__(self, reader: SchemaReader) -> None:
        self._reader = reader
        self._known: dict[tuple[str, str], JobType] = {}
        self._checks: dict[int | None, tuple[Mapping[str, Any], Callable[[Any], str | None]]] = {}

    @property
    def kinds(self) -> Collection[tuple[str, str]]:
        """Their names, with their queues."""
        return self._known.keys()

    async def reload(self, tx: Tx) -> None:
        """Look again which there are."""
        self._known = {(kind.name, kind.queue): kind for kind in await store.types(tx)}

    async def ensure(self, tx: Tx, wanted: set[tuple[str, str]]) -> None:
        """
        Look again if one of these names and queues is not known.

        Raises:
            JobTypeUnknown: It is still not.
        """
        if wanted <= self._known.keys():
            return
        await self.reload(tx)
        for name, queue in sorted(wanted - self._known.keys()):
            raise JobTypeUnknown(
                name,
                queue,
                (known for known, of in self._known if of == queue),
                (of for known, of in self._known if known == name),
            )

    def wrong_with(self, name: str, queue: str, payload: Any) -> str | None:
        """What is wrong with a payload of a type; None where nothing is, or the type does not say."""
        kind = self._known[name, queue]
        if kind.schema is None:
            return None
        cached = self._checks.get(kind.lane)
        if cached is None or cached[0] != kind.schema:
            cached = self._checks[kind.lane] = (kind.schema, self._reader(kind.schema, f"job type {name}"))
        return cached[1](payload)


async def register_type(tx: Tx, kind: JobType) -> int:
    """Make a type of job known in its queue, as a worker does when it starts, and return its lane."""
    return await store.register_type(tx, kind)


async def make_known(tx: Tx, kinds: Collection[tuple[str, str]]) -> None:
    """Make types of job, by name and queue, known with what holds for any; those that are known stay as they are."""
    await store.make_known(tx, kinds)


async def lanes_of(tx: Tx, kinds: Collection[tuple[str, str]]) -> list[int]:
    """
    The lanes of types of job, by name and queue.

    Raises:
        JobTypeUnknown: One is not known.
    """
    found = await store.lanes_of(tx, kinds)
    for name, queue in kinds:
        if (name, queue) not in found:
            raise JobTypeUnknown(name, queue, ())
    return list(found.values())


async def enqueue(tx: Tx, types: Types, jobs: Sequence[NewJob]) -> list[Enqueued]:
    """
    Add jobs of the transaction's team, all of them or none, and say which job is meant by each.

    Jobs may wait for each other, by ids that they are given here, in any order.

    Raises:
        JobTypeUnknown: No lane has the type and the queue.
        PayloadInvalid: A payload does not fit its type's schema.
        PayloadTooLarge: It is over 1 MB.
        JobInvalid: A number is negative or too large, a deadline has passed, a key is too long.
        DependencyUnknown, DependencyFailed, DependencyCycle: What a job is to wait for will never complete.
    """
    if not jobs:
        return []
    await types.ensure(tx, {(job.task_type, job.queue or "default") for job in jobs})
    payloads = [_checked(job, position, tx, types) for position, job in enumerate(jobs, 1)]
    ids = [job.id or made for job, made in zip(jobs, clock.new_ids(len(jobs)), strict=True)]
    order = rules.in_order(jobs, ids)
    await _check_outside(tx, rules.outside(jobs, ids))
    added = await _add(tx, [jobs[n] for n in order], [ids[n] for n in order], [payloads[n] for n in order])
    if order == list(range(len(jobs))):
        return added
    by_place = dict(zip(order, added, strict=True))
    return [by_place[place] for place in range(len(jobs))]


def _checked(job: NewJob, position: int, tx: Tx, types: Types) -> Json:
    rules.check(job, position, tx.now)
    payload = rules.payload_of(job, position)
    wrong = types.wrong_with(job.task_type, job.queue or "default", job.payload)
    if wrong is not None:
        raise PayloadInvalid(job.task_type, wrong, position=position)
    return Json(payload)


async def _check_outside(tx: Tx, awaited: Mapping[UUID, bool]) -> None:
    if not awaited:
        return
    statuses = await store.statuses(tx, list(awaited))
    for job_id, is_put_up_with in awaited.items():
        if job_id not in statuses:
            raise DependencyUnknown(job_id)
        if statuses[job_id] in _ENDED_BADLY and not is_put_up_with:
            raise DependencyFailed(job_id, statuses[job_id])


async def _add(tx: Tx, jobs: Sequence[NewJob], ids: Sequence[UUID], payloads: Sequence[Json]) -> list[Enqueued]:
    try:
        if not any(job.unique_key or job.idempotency_key for job in jobs):
            return await store.enqueue(tx, jobs, ids, payloads)
        for _ in range(_TRIES - 1):
            # Somebody who adds a key in the same moment comes first: asked again, theirs is answered.
            try:
                async with tx.savepoint():
                    return await store.enqueue(tx, jobs, ids, payloads)
            except ConstraintViolated as error:
                if error.constraint not in _RACES:
                    raise
        return await store.enqueue(tx, jobs, ids, payloads)
    except ConstraintViolated as error:
        match error.constraint:
            case "background_tasks_payload_size":
                raise PayloadTooLarge from error
            case "task_type_is_known":
                raise JobTypeUnknown(jobs[0].task_type, jobs[0].queue or "default", ()) from error
            case "task_dependency_is_known":
                raise DependencyUnknown from error
            case "task_dependency_may_succeed":
                raise DependencyFailed from error
            case "task_deadline_is_ahead":
                raise JobInvalid("deadline_at", "over", "a moment after now", position=1) from error
            case "background_tasks_pkey":
                raise JobInvalid("id", "taken", "an id that no job has", position=1) from error
        raise


# what workers do ------------------------------------------------------------------


async def register_worker(tx: Tx, worker: Worker) -> None:
    """Make a worker known, or known again."""
    await store.register_worker(tx, worker)


async def get_worker(tx: Tx, name: str) -> Worker:
    """
    A worker as it has registered.

    Raises:
        WorkerUnknown: It has not, or was forgotten.
    """
    found = await store.find_worker(tx, name)
    if found is None:
        raise WorkerUnknown(name)
    return found


async def forget_worker(tx: Tx, name: str) -> None:
    """A worker has stopped; what it still has is rescued at the next sweep."""
    await store.forget_worker(tx, name)


async def list_workers(tx: Tx) -> list[Presence]:
    """Who is at work, or was until lately."""
    return await store.workers(tx)


async def claim(tx: Tx, worker: str, lanes: Sequence[int], at_most: int) -> list[Claim]:
    """
    Take jobs from the heads of lanes; they are begun.

    Raises:
        WorkerUnknown: The worker has not registered, or was forgotten.
    """
    try:
        return await store.claim(tx, worker, lanes, at_most)
    except ConstraintViolated as error:
        raise _of_worker(error, worker) from error


async def step(
    tx: Tx, worker: str, done: Sequence[Done], lanes: Sequence[int], at_most: int
) -> tuple[set[UUID], list[Claim]]:
    """
    Complete jobs and claim others in one round trip; the ids that count as done, and what was claimed.

    Raises:
        WorkerUnknown: The worker has not registered, or was forgotten.
    """
    try:
        return await store.step(tx, worker, done, lanes, at_most)
    except ConstraintViolated as error:
        raise _of_worker(error, worker) from error


async def complete(tx: Tx, worker: str, done: Sequence[Done]) -> set[UUID]:
    """Complete jobs; the ids of those that count as done, also where that was said before."""
    return await store.complete(tx, worker, done)


async def complete_or_lose(tx: Tx, worker: str, done: Done) -> None:
    """
    Complete a job in the transaction in which its work was done.

    Raises:
        JobLost: Somebody else has it; the transaction must not be committed.
    """
    if done.id not in await store.complete(tx, worker, [done]):
        raise JobLost(done.id)


async def fail(tx: Tx, worker: str, failures: Sequence[Failure]) -> list[Verdict]:
    """Say which attempts failed; what becomes of those jobs that the worker still had."""
    cleaned = [
        replace(
            each,
            message=rules.without_nul(each.message, _MOST_MESSAGE),
            stack=None if each.stack is None else rules.without_nul(each.stack, _MOST_STACK),
        )
        for each in failures
    ]
    return await store.fail(tx, worker, cleaned)


async def release(tx: Tx, worker: str, held: Sequence[Claim] | Sequence[Ticket]) -> set[UUID]:
    """Hand jobs back as they were, without using up a retry; the ids of those that were still the worker's."""
    return await store.release(tx, worker, [each.id for each in held], [each.token for each in held])


async def release_orphans(tx: Tx, worker: str, known: Sequence[UUID], age: timedelta) -> set[UUID]:
    """Hand back what the worker has had for longer than `age` and does not know of, by the tokens that it knows."""
    found = await store.orphans(tx, worker, known, age)
    if not found:
        return set()
    return await store.release(tx, worker, [each for each, _ in found], [token for _, token in found])


async def heartbeat(tx: Tx, worker: str, ids: Sequence[UUID], tokens: Sequence[UUID]) -> set[UUID]:
    """
    Give a sign of life; the ids of those jobs that the worker has lost and must stop.

    Raises:
        WorkerUnknown: The worker has not registered, or was forgotten.
    """
    try:
        return await store.heartbeat(tx, worker, ids, tokens)
    except ConstraintViolated as error:
        raise _of_worker(error, worker) from error


def _of_worker(error: ConstraintViolated, worker: str) -> Exception:
    return WorkerUnknown(worker) if error.constraint == "task_worker_is_known" else error


async def mark_lost(tx: Tx, *, at_most: int = 1000) -> int:
    """The first half of a sweep: take what is lost from whoever has it."""
    return await store.mark_stuck(tx, at_most)


async def rescue(tx: Tx, lost: int = 0, *, at_most: int = 1000) -> Swept:
    """The second half, in a transaction of its own: what is stuck is tried again, or goes to the dead letters."""
    retried, dead = await store.rescue(tx, at_most)
    return Swept(lost, retried, dead)


async def tidy(tx: Tx) -> int:
    """Forget workers that have not been heard of for more than a day."""
    return await store.forget_silent_workers(tx)


async def forget_runs(tx: Tx, *, at_most: int = 1000) -> int:
    """
    Forget runs of schedules that were due more than 90 days ago, the oldest of each first; how many.

    The newest run of each schedule is kept. It is upkeep: a scheduler's transaction may.
    """
    return await store.forget_runs(tx, _RUNS_KEPT_FOR, at_most)


# what people do -------------------------------------------------------------------


async def change_each(tx: Tx, verb: str, ids: Sequence[UUID]) -> list[UUID]:
    """
    `pause`, `resume`, `cancel` or `retry` all of these jobs, in the order given.

    Raises:
        JobNotFound: The team has no such job.
        JobStateWrong: One is in a state in which that cannot be done.
        JobKeyTaken: One cannot be retried for another of the same key.
    """
    changed = await store.change(tx, verb, ids)
    for job_id in ids:
        if job_id not in changed:
            job = await get_job(tx, job_id)
            if job.status in _MAY[verb][1]:
                raise JobKeyTaken(job_id, job.unique_key)
            raise JobStateWrong(_MAY[verb][0], job_id, job.status, _MAY[verb][1])
    return list(ids)


async def redrive(tx: Tx, *, task_type: str | None = None, at_most: int = 1000) -> list[UUID]:
    """
    Begin the jobs behind open dead letters anew, the longest dead first; their ids.

    Those whose unique key another has meanwhile stay.
    """
    letters = await store.open_letters(tx, task_type, at_most)
    changed = await store.change(tx, "retry", letters) if letters else set()
    return [each for each in letters if each in changed]


async def redrive_one(tx: Tx, letter_id: UUID) -> UUID:
    """
    Begin the job behind an open dead letter anew; its id.

    Raises:
        DeadLetterNotFound: The team has no such letter.
        DeadLetterClosed: It was sent back or laid aside before, or its job was removed.
    """
    letter = await get_dead_letter(tx, letter_id)
    if letter.resolution is not None or letter.job_id is None:
        raise DeadLetterClosed(letter_id, letter.resolution)
    await change_each(tx, "retry", [letter.job_id])
    return letter.job_id


JOBS = store.JOBS
"""By what jobs can be sorted and filtered (`page_jobs`)."""

DEAD_LETTERS = store.DEAD_LETTERS
"""By what dead letters can be sorted and filtered (`page_dead_letters`)."""


async def page_jobs(
    tx: Tx,
    filters: Mapping[str, Any],
    order: Order,
    *,
    after: Sequence[Any] | None = None,
    at_most: int = 100,
) -> Page[Job]:
    """A page of the team's jobs (`db.listing`); there is one filter more than the listing has: `status`."""
    narrowed = {name: value for name, value in filters.items() if name != "status"}
    return await store.page_jobs(tx, narrowed, order, status=filters.get("status"), after=after, at_most=at_most)


async def page_dead_letters(
    tx: Tx,
    filters: Mapping[str, Any],
    order: Order,
    *,
    only_open: bool = True,
    after: Sequence[Any] | None = None,
    at_most: int = 100,
) -> Page[DeadLetter]:
    """A page of the team's dead letters, the open ones or all (`db.listing`)."""
    return await store.page_dead_letters(tx, filters, order, only_open=only_open, after=after, at_most=at_most)


async def get_dead_letter(tx: Tx, letter_id: UUID) -> DeadLetter:
    """
    A dead letter with every attempt.

    Raises:
        DeadLetterNotFound: The team has no such letter.
    """
    letter = await store.find_dead_letter(tx, letter_id)
    if letter is None:
        raise DeadLetterNotFound(letter_id)
    return letter


async def get_job(tx: Tx, job_id: UUID) -> Job:
    """
    A job as it stands.

    Raises:
        JobNotFound: The team has no such job.
    """
    job = await store.find_job(tx, job_id)
    if job is None:
        raise JobNotFound(job_id)
    return job


async def get_story(tx: Tx, job_id: UUID) -> Story:
    """
    A job with its history and what it waits for.

    Raises:
        JobNotFound: The team has no such job.
    """
    job = await get_job(tx, job_id)
    return Story(job, await store.events(tx, job_id), await store.dependencies(tx, job_id))


async def stats(tx: Tx) -> list[TypeStats]:
    """How many of the team's jobs of each type are in each state."""
    return await store.stats(tx)
