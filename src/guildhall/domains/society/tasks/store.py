"""One function for each statement of the tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from guildhall.db import Json, Query, Row, Tx, load_queries
from guildhall.db.listing import Filter, Listing, Match, Order, Page, fetch_page
from guildhall.domains.society.tasks.types import (
    Added,
    Claim,
    DeadLetter,
    Dependency,
    Done,
    Edge,
    Event,
    Failure,
    Holding,
    NewTask,
    Node,
    OnFailure,
    Priority,
    QueueLine,
    Status,
    Task,
    TaskType,
    Ticket,
    Verdict,
)

_queries = load_queries(__package__)

TASKS = Listing(
    query=_queries.tasks,
    key=("id",),
    orders={
        "created_at": Order("created_at", descending=True),
        "scheduled_at": Order("scheduled_at"),
        "completed_at": Order("completed_at", descending=True, nullable=True),
    },
    filters={
        "task_type": Filter("task_type"),
        "priority": Filter("priority"),
        "agent": Filter("agent"),
        "skill": Filter("required_skills", Match.HOLDS),
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


async def set_type(tx: Tx, kind: TaskType) -> None:
    await tx.execute(
        _queries.set_type,
        name=kind.name,
        required_skills=sorted(set(kind.required_skills)),
        min_trust=kind.min_trust,
        payload_schema=None if kind.payload_schema is None else dict(kind.payload_schema),
        max_retries=kind.max_retries,
        timeout=kind.timeout,
    )


async def types(tx: Tx) -> list[TaskType]:
    return [TaskType(**row) for row in await tx.fetch(_queries.types)]


async def enqueue(tx: Tx, tasks: Sequence[NewTask], ids: Sequence[UUID], payloads: Sequence[bytes]) -> list[Added]:
    wanted = [_wanted(*each) for each in zip(tasks, ids, payloads, strict=True)]
    rows = await tx.fetch(_queries.enqueue, tasks=Json(orjson.dumps(wanted, default=str)))
    return [Added(row["id"], row["is_new"]) for row in rows]


def _wanted(task: NewTask, task_id: UUID, payload: bytes) -> dict[str, Any]:
    given = {name: getattr(task, name) for name in NewTask.__slots__ if getattr(task, name) is not None}
    return {
        **given,
        "id": task_id,
        "payload": orjson.Fragment(payload),
        "required_skills": sorted(set(task.required_skills)),
        "timeout": None if task.timeout is None else f"{task.timeout.total_seconds():.6f} seconds",
        "waits_for": [{"task": wait.task_id, "on_failure": wait.on_failure} for wait in task.waits_for],
    }


async def statuses(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, str]:
    return {row["id"]: row["status"] for row in await tx.fetch(_queries.statuses, ids=ids)}


# agents ---------------------------------------------------------------------------


async def claim(tx: Tx, agent: UUID, at_most: int, begin: int | None, lease: timedelta | None) -> list[Claim]:
    rows = await tx.fetch(_queries.claim, agent=agent, at_most=at_most, begin=begin, lease=lease)
    return [Claim(**{**row, "status": Status(row["status"])}) for row in rows]


async def start(tx: Tx, agent: UUID, held: Sequence[Ticket]) -> set[UUID]:
    return _ids(await tx.fetch(_queries.start, agent=agent, **_tickets(held)))


async def finish(tx: Tx, agent: UUID, done: Sequence[Done], results: Sequence[bytes | None]) -> set[UUID]:
    rows = await tx.fetch(
        _queries.finish,
        agent=agent,
        **_tickets(done),
        results=[None if each is None else Json(each) for each in results],
        scores=[each.quality_score for each in done],
    )
    return _ids(rows)


async def fail(tx: Tx, agent: UUID, failures: Sequence[Failure]) -> list[Verdict]:
    rows = await tx.fetch(
        _queries.fail,
        agent=agent,
        **_tickets(failures),
        messages=[each.message for each in failures],
        stacks=[each.stack for each in failures],
        is_final=[each.is_final for each in failures],
        delays=[each.delay for each in failures],
    )
    return [Verdict(row["id"], Status(row["status"]), row["scheduled_at"]) for row in rows]


async def release(tx: Tx, agent: UUID, held: Sequence[Ticket]) -> set[UUID]:
    return _ids(await tx.fetch(_queries.release, agent=agent, **_tickets(held)))


async def be_present(tx: Tx, agent: UUID, lease: timedelta | None) -> None:
    await tx.execute(_queries.be_present, agent=agent, lease=lease)


async def heartbeat(tx: Tx, agent: UUID, held: Sequence[Ticket]) -> set[UUID]:
    return _ids(await tx.fetch(_queries.heartbeat, agent=agent, **_tickets(held)))


async def mark_stuck(tx: Tx, at_most: int) -> int:
    found: int = await tx.value(_queries.mark_stuck, at_most=at_most)
    return found


async def rescue(tx: Tx, at_most: int) -> tuple[int, int]:
    row = await tx.find(_queries.rescue, at_most=at_most)
    assert row is not None  # a function of one row
    return row["retried"], row["dead"]


# people ---------------------------------------------------------------------------


async def assign(tx: Tx, task_id: UUID, agent: UUID | None) -> bool:
    return await tx.value(_queries.assign, id=task_id, agent=agent) is not None


async def change(tx: Tx, verb: str, ids: Sequence[UUID]) -> set[UUID]:
    return _ids(await tx.fetch(VERBS[verb], ids=ids))


async def page_tasks(
    tx: Tx,
    filters: Mapping[str, Any],
    order: Order,
    *,
    status: Status | None,
    after: Sequence[Any] | None,
    at_most: int,
) -> Page[Task]:
    page = await fetch_page(tx, TASKS, filters, order, after=after, at_most=at_most, status=status)
    return page.of(_task)


async def find_task(tx: Tx, name: str, task_id: UUID | None) -> Task | None:
    row = await tx.find(_queries.find_task, name=name, id=task_id)
    return None if row is None else _task(row)


async def holding(tx: Tx, task_id: UUID) -> Holding | None:
    row = await tx.find(_queries.holding, id=task_id)
    return None if row is None else Holding(**{**row, "status": Status(row["status"])})


async def events(tx: Tx, task_id: UUID) -> list[Event]:
    return [Event(**row) for row in await tx.fetch(_queries.events, id=task_id)]


async def dependencies(tx: Tx, task_id: UUID) -> list[Dependency]:
    return [
        Dependency(**{**row, "on_failure": OnFailure(row["on_failure"]), "status": Status(row["status"])})
        for row in await tx.fetch(_queries.dependencies, id=task_id)
    ]


async def nodes(tx: Tx, task_id: UUID | None, at_most: int) -> list[Node]:
    rows = await tx.fetch(_queries.graph, id=task_id, at_most=at_most)
    return [Node(**{**row, "status": Status(row["status"])}) for row in rows]


async def edges(tx: Tx, ids: Sequence[UUID]) -> list[Edge]:
    rows = await tx.fetch(_queries.edges, ids=ids)
    return [Edge(**{**row, "on_failure": OnFailure(row["on_failure"])}) for row in rows]


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


async def queue_summary(tx: Tx) -> list[QueueLine]:
    return [
        QueueLine(**{**row, "status": Status(row["status"]), "priority": Priority(row["priority"])})
        for row in await tx.fetch(_queries.queue_summary)
    ]


def _task(row: Row) -> Task:
    return Task(**{**row, "status": Status(row["status"]), "priority": Priority(row["priority"])})


def _tickets(given: Sequence[Ticket] | Sequence[Done] | Sequence[Failure]) -> dict[str, list[UUID]]:
    return {"ids": [each.id for each in given], "tokens": [each.token for each in given]}


def _ids(rows: Sequence[Row]) -> set[UUID]:
    return {row["id"] for row in rows}
