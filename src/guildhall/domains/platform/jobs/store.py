"""One function for each statement of the jobs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from guildhall.db import Json, Query, Row, Tx, load_queries
from guildhall.db.listing import Filter, Listing, Match, Order, Page, fetch_page
from guildhall.domains.platform.jobs.types import (
    Activity,
    Claim,
    DeadLetter,
    Dependency,
    Done,
    Enqueued,
    Event,
    Failure,
    Job,
    JobType,
    Lane,
    NewJob,
    OnFailure,
    Presence,
    Priority,
    Rate,
    Run,
    Schedule,
    Standing,
    Status,
    TypeStats,
    Verdict,
    Worker,
)

_queries = load_queries(__package__)

JOBS = Listing(
    query=_queries.jobs,
    key=("id",),
    orders={
        "created_at": Order("created_at", descending=True),
        "scheduled_at": Order("scheduled_at"),
        "completed_at": Order("completed_at", descending=True, nullable=True),
    },
    filters={
        "task_type": Filter("task_type"),
        "queue": Filter("queue"),
        "priority": Filter("priority"),
        "worker_id": Filter("worker_id"),
        "created_from": Filter("created_at", Match.AT_LEAST),
        "created_before": Filter("created_at", Match.BELOW),
    },
)

DEAD_LETTERS = Listing(
    query=_queries.dead_letters,
    key=("id",),
    orders={"moved_at": Order("moved_at", descending=True)},
    filters={"task_type": Filter("task_type")},
)

VERBS: Mapping[str, Query] = {name: _queries[name] for name in ("pause", "resume", "cancel", "retry")}


async def register_type(tx: Tx, kind: JobType) -> int:
    lane: int = await tx.value(
        _queries.register_type,
        name=kind.name,
        queue=kind.queue,
        max_retries=kind.max_retries,
        timeout=kind.timeout,
        retry_base=kind.retry_base,
        retry_most=kind.retry_most,
        schema=kind.schema,
    )
    return lane


async def types(tx: Tx) -> list[JobType]:
    return [JobType(**row) for row in await tx.fetch(_queries.types)]


async def make_known(tx: Tx, kinds: Collection[tuple[str, str]]) -> None:
    await tx.execute(_queries.make_known, **_kinds(kinds))


async def lanes_of(tx: Tx, kinds: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    rows = await tx.fetch(_queries.lanes_of, **_kinds(kinds))
    return {(row["name"], row["queue"]): row["lane"] for row in rows}


async def enqueue(tx: Tx, jobs: Sequence[NewJob], ids: Sequence[UUID], payloads: Sequence[Json]) -> list[Enqueued]:
    edges = [(place, wait) for place, job in enumerate(jobs, 1) for wait in job.waits_for]

    def column(name: str, unsaid: object = None) -> list[Any] | None:
        values = list(map(attrgetter(name), jobs))
        return None if values.count(unsaid) == len(values) else values

    rows = await tx.fetch(
        _queries.enqueue,
        types=[job.task_type for job in jobs],
        payloads=payloads,
        ids=ids,
        queues=column("queue"),
        priorities=column("priority", Priority.NORMAL),
        scheduled_at=column("scheduled_at"),
        max_retries=column("max_retries"),
        timeouts=column("timeout"),
        deadlines=column("deadline_at"),
        unique_keys=column("unique_key"),
        idempotency_keys=column("idempotency_key"),
        fair_keys=column("fair_key"),
        weights=column("weight"),
        waiting=[place for place, _ in edges] or None,
        waits_for=[wait.job_id for _, wait in edges] or None,
        on_failure=[wait.on_failure for _, wait in edges] or None,
    )
    added = [Enqueued(job_id, True) for job_id in ids]
    for row in rows:
        added[row["n"] - 1] = Enqueued(row["id"], False)
    return added


async def statuses(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, str]:
    return {row["id"]: row["status"] for row in await tx.fetch(_queries.statuses, ids=ids)}


# workers ------------------------------------------------------------------------


async def register_worker(tx: Tx, worker: Worker) -> None:
    await tx.execute(
        _queries.register_worker,
        name=worker.name,
        queues=list(worker.queues),
        concurrency=worker.concurrency,
        lease=worker.lease,
        host=worker.host,
        pid=worker.pid,
    )


async def find_worker(tx: Tx, name: str) -> Worker | None:
    row = await tx.find(_queries.find_worker, name=name)
    return None if row is None else Worker(**row)


async def forget_worker(tx: Tx, name: str) -> None:
    await tx.execute(_queries.forget_worker, name=name)


async def forget_silent_workers(tx: Tx) -> int:
    return await tx.execute(_queries.forget_silent_workers)


async def forget_runs(tx: Tx, age: timedelta, at_most: int) -> int:
    return await tx.execute(_queries.forget_runs, age=age, at_most=at_most)


async def workers(tx: Tx) -> list[Presence]:
    return [Presence(**row) for row in await tx.fetch(_queries.workers)]


async def claim(tx: Tx, worker: str, lanes: Sequence[int], at_most: int) -> list[Claim]:
    rows = await tx.fetch(_queries.claim, worker=worker, lanes=lanes, at_most=at_most)
    return [Claim._make(row.values()) for row in rows]


async def complete(tx: Tx, worker: str, done: Sequence[Done]) -> set[UUID]:
    rows = await tx.fetch(_queries.complete, worker=worker, **_tickets(done), results=_results(done))
    return _ids(rows)


async def step(
    tx: Tx, worker: str, done: Sequence[Done], lanes: Sequence[int], at_most: int
) -> tuple[set[UUID], list[Claim]]:
    rows = await tx.fetch(
        _queries.step,
        worker=worker,
        **_tickets(done),
        results=_results(done),
        lanes=lanes,
        at_most=at_most,
    )
    counted = {row["id"] for row in rows if row["attempt_token"] is None}
    return counted, [Claim._make(row.values()) for row in rows if row["attempt_token"] is not None]


async def fail(tx: Tx, worker: str, failures: Sequence[Failure]) -> list[Verdict]:
    rows = await tx.fetch(
        _queries.fail,
        worker=worker,
        **_tickets(failures),
        messages=[each.message for each in failures],
        stacks=[each.stack for each in failures],
        is_final=[each.is_final for each in failures],
        delays=[each.delay for each in failures],
    )
    return [Verdict(row["id"], Status(row["status"]), row["scheduled_at"]) for row in rows]


async def release(tx: Tx, worker: str, ids: Sequence[UUID], tokens: Sequence[UUID]) -> set[UUID]:
    return _ids(await tx.fetch(_queries.release, worker=worker, ids=ids, tokens=tokens))


async def heartbeat(tx: Tx, worker: str, ids: Sequence[UUID], tokens: Sequence[UUID]) -> set[UUID]:
    return _ids(await tx.fetch(_queries.heartbeat, worker=worker, ids=ids, tokens=tokens))


async def orphans(tx: Tx, worker: str, tokens: Sequence[UUID], age: timedelta) -> list[tuple[UUID, UUID]]:
    rows = await tx.fetch(_queries.orphans, worker=worker, tokens=tokens, age=age)
    return [(row["id"], row["attempt_token"]) for row in rows]


async def mark_stuck(tx: Tx, at_most: int) -> int:
    found: int = await tx.value(_queries.mark_stuck, at_most=at_most)
    return found


async def rescue(tx: Tx, at_most: int) -> tuple[int, int]:
    row = await tx.find(_queries.rescue, at_most=at_most)
    assert row is not None  # a function of one row
    return row["retried"], row["dead"]


# teams --------------------------------------------------------------------------


async def change(tx: Tx, verb: str, ids: Sequence[UUID]) -> set[UUID]:
    return _ids(await tx.fetch(VERBS[verb], ids=ids))


async def page_jobs(
    tx: Tx,
    filters: Mapping[str, Any],
    order: Order,
    *,
    status: Status | None,
    after: Sequence[Any] | None,
    at_most: int,
) -> Page[Job]:
    page = await fetch_page(tx, JOBS, filters, order, after=after, at_most=at_most, status=status)
    return page.of(_job)


async def find_job(tx: Tx, job_id: UUID) -> Job | None:
    row = await tx.find(_queries.find_job, id=job_id)
    return None if row is None else _job(row)


async def events(tx: Tx, job_id: UUID) -> list[Event]:
    return [Event(**row) for row in await tx.fetch(_queries.events, id=job_id)]


async def dependencies(tx: Tx, job_id: UUID) -> list[Dependency]:
    return [
        Dependency(row["job_id"], OnFailure(row["on_failure"]), Status(row["status"]), row["is_settled"])
        for row in await tx.fetch(_queries.dependencies, id=job_id)
    ]


async def page_dead_letters(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, only_open: bool, after: Sequence[Any] | None, at_most: int
) -> Page[DeadLetter]:
    page = await fetch_page(tx, DEAD_LETTERS, filters, order, after=after, at_most=at_most, only_open=only_open)
    return page.of(lambda row: DeadLetter(**row))


async def find_dead_letter(tx: Tx, letter_id: UUID) -> DeadLetter | None:
    row = await tx.find(_queries.find_dead_letter, id=letter_id)
    return None if row is None else DeadLetter(**row)


async def open_letters(tx: Tx, task_type: str | None, at_most: int) -> list[UUID]:
    return [row["id"] for row in await tx.fetch(_queries.open_letters, task_type=task_type, at_most=at_most)]


async def stats(tx: Tx) -> list[TypeStats]:
    found: dict[tuple[str, str], TypeStats] = {}
    for row in await tx.fetch(_queries.stats):
        key = (row["task_type"], row["queue"])
        before = found.get(key)
        counts = {**(before.counts if before else {}), Status(row["status"]): row["n"]}
        oldest = row["oldest_waiting_at"] or (before.oldest_waiting_at if before else None)
        found[key] = TypeStats(*key, row["is_paused"], counts, oldest)
    return list(found.values())


# lanes --------------------------------------------------------------------------


async def lanes(tx: Tx) -> list[Lane]:
    return [_lane(row) for row in await tx.fetch(_queries.lanes)]


async def hold_lanes(tx: Tx, task_type: str | None, queue: str | None, *, is_paused: bool) -> list[Lane]:
    rows = await tx.fetch(_queries.hold_lanes, task_type=task_type, queue=queue, is_paused=is_paused)
    return [_lane(row) for row in rows]


async def limit_lanes(
    tx: Tx,
    task_type: str,
    queue: str | None,
    *,
    sets_most: bool,
    max_running: int | None,
    sets_rate: bool,
    rate: Rate | None,
) -> list[Lane]:
    rows = await tx.fetch(
        _queries.limit_lanes,
        task_type=task_type,
        queue=queue,
        sets_most=sets_most,
        max_running=max_running,
        sets_rate=sets_rate,
        rate_count=None if rate is None else rate.count,
        rate_per=None if rate is None else rate.per,
    )
    return [_lane(row) for row in rows]


async def activity(tx: Tx, lately: timedelta) -> list[Activity]:
    seconds = lately.total_seconds()
    return [
        Activity(
            _lane(row),
            row["waiting"],
            row["waiting_since"],
            row["later"],
            row["running"],
            row["stuck"],
            row["paused"],
            row["done"] / seconds,
            row["failed"] / seconds,
        )
        for row in await tx.fetch(_queries.activity, lately=lately)
    ]


async def under_way(tx: Tx) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for row in await tx.fetch(_queries.under_way):
        found.setdefault(row["worker_id"], {})[row["task_type"]] = row["n"]
    return found


# schedules ------------------------------------------------------------------------


async def add_schedule(tx: Tx, schedule: Schedule, next_run_at: datetime) -> bool:
    values = {name: getattr(schedule, name) for name in Schedule.__slots__}
    return await tx.execute(_queries.add_schedule, **values, next_run_at=next_run_at) == 1


async def take_due_schedule(tx: Tx) -> Run | None:
    return _run(await tx.find(_queries.take_due_schedule))


async def set_next_run(tx: Tx, name: str, next_run_at: datetime | None) -> None:
    await tx.execute(_queries.set_next_run, name=name, next_run_at=next_run_at)


async def begin_run(tx: Tx, run: Run, scheduler: str, lease: timedelta) -> bool:
    found = await tx.value(
        _queries.begin_run, name=run.schedule.name, due_at=run.due_at, scheduler=scheduler, lease=lease
    )
    return found is not None


async def finish_run(tx: Tx, run: Run, scheduler: str, status: str, task_id: UUID | None, error: str | None) -> None:
    await tx.execute(
        _queries.finish_run,
        name=run.schedule.name,
        due_at=run.due_at,
        scheduler=scheduler,
        status=status,
        task_id=task_id,
        error_message=error,
    )


async def renew_run(tx: Tx, run: Run, scheduler: str, lease: timedelta) -> bool:
    changed = await tx.execute(
        _queries.renew_run, name=run.schedule.name, due_at=run.due_at, scheduler=scheduler, lease=lease
    )
    return changed == 1


async def take_over_run(tx: Tx, scheduler: str, lease: timedelta) -> Run | None:
    return _run(await tx.find(_queries.take_over_run, scheduler=scheduler, lease=lease))


async def until_next_run(tx: Tx) -> float | None:
    found: float | None = await tx.value(_queries.until_next_run)
    return found


async def schedules(tx: Tx, name: str | None = None) -> list[Standing]:
    return [_standing(row) for row in await tx.fetch(_queries.schedules, name=name)]


async def switch_schedule(tx: Tx, name: str, next_run_at: datetime | None, *, enabled: bool) -> bool:
    return await tx.execute(_queries.switch_schedule, name=name, enabled=enabled, next_run_at=next_run_at) == 1


async def remove_schedule(tx: Tx, name: str) -> bool:
    return await tx.execute(_queries.remove_schedule, name=name) == 1


def _lane(row: Row) -> Lane:
    rate = None if row["rate_count"] is None else Rate(row["rate_count"], row["rate_per"])
    return Lane(row["lane"], row["task_type"], row["queue"], row["is_paused"], row["max_running"], rate)


def _standing(row: Row) -> Standing:
    schedule = Schedule(**{name: row[name] for name in Schedule.__slots__})
    return Standing(
        schedule, row["is_paused"], row["next_run_at"], row["last_run_at"], row["last_status"], row["last_error"]
    )


def _run(row: Row | None) -> Run | None:
    if row is None:
        return None
    values = dict(row)
    due_at = values.pop("due_at")
    return Run(Schedule(**values), due_at)


def _job(row: Row) -> Job:
    return Job(**{**row, "status": Status(row["status"]), "priority": Priority(row["priority"])})


def _tickets(given: Sequence[Claim] | Sequence[Done] | Sequence[Failure]) -> dict[str, list[UUID]]:
    return {"ids": [each.id for each in given], "tokens": [each.token for each in given]}


def _results(done: Sequence[Done]) -> list[Any] | None:
    results = [each.result for each in done]
    return None if results.count(None) == len(results) else results


def _kinds(kinds: Collection[tuple[str, str]]) -> dict[str, list[str]]:
    return {"names": [name for name, _ in kinds], "queues": [queue for _, queue in kinds]}


def _ids(rows: Sequence[Row]) -> set[UUID]:
    return {row["id"] for row in rows}
