"""
Workers from elsewhere, at the door: programs in any language that do the jobs of one team.

Each transaction is of the machine's role for workers and of the team whose key
was shown. Names of workers are the team's own: kept behind its id, so that they
meet neither those of other teams nor Guildhall's own workers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import TypeAlias
from uuid import UUID

from guildhall import clock
from guildhall.app.workers import ours
from guildhall.app.workers.wakeups import Bell, Ear
from guildhall.db import Tx
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import Claim, Done, Failure, Ticket, Verdict, Worker, WorkerUnknown
from guildhall.errors import InvalidInput, NotAllowed

_LOOK_S = 0.5
"""So often somebody who waits looks again, for what nobody has rung for in this process."""
_PAUSE_S = 0.05
"""How long after a look the next one comes at the earliest, whoever rings: most rings are for other teams."""

Transactions: TypeAlias = Callable[[], AbstractAsyncContextManager[Tx]]


class TypeReserved(NotAllowed):
    """A type of job is done by Guildhall's own workers."""

    code = "job_type_reserved"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"jobs of type {name!r} are done by Guildhall's own workers",
            remedy="Run `guildhall worker`, or name your type otherwise.",
            field="task_type",
            value=name,
        )


class NamedTwice(InvalidInput):
    """A job stands in one request twice."""

    code = "job_named_twice"

    def __init__(self, job_id: UUID) -> None:
        super().__init__(
            f"job {job_id} is named twice",
            remedy="Say one thing of a job at a time, by the token of its last attempt.",
            field="jobs",
            value=str(job_id),
        )


class Door:
    """What one team's worker, by the name that it gave itself, says and is answered."""

    def __init__(self, transactions: Transactions, bell: Bell, team: UUID, worker: str) -> None:
        self._transactions = transactions
        self._bell = bell
        self._worker = worker
        self._kept_as = f"{team}/{worker}"

    async def register(self, worker: Worker, kinds: Collection[tuple[str, str]]) -> None:
        """
        Make the worker known, or known again, and the types of job that it does, by name and queue.

        Raises:
            TypeReserved: Guildhall's own workers do one of them.
        """
        _check_kinds(kinds)
        async with self._transactions() as tx:
            await jobs.make_known(tx, kinds)
            await jobs.register_worker(tx, replace(worker, name=self._kept_as))

    async def claim(
        self, kinds: Collection[tuple[str, str]], at_most: int, *, wait_s: float, closing: asyncio.Event
    ) -> list[Claim]:
        """
        Take up to so many of the team's jobs, begun; where there are none, wait for them until `closing`.

        Raises:
            WorkerUnknown: It has not registered, or was forgotten.
            TypeReserved, JobTypeUnknown: It cannot do one of these types.
        """
        _check_kinds(kinds)
        until_ms = clock.monotonic_ms() + 1000 * wait_s
        heard = asyncio.Event()
        ear = Ear(heard.set)
        lanes: list[int] | None = None
        try:
            while True:
                heard.clear()
                async with self._transactions() as tx:
                    if lanes is None:
                        await self._known(tx)
                        lanes = await jobs.lanes_of(tx, kinds)
                    claims = await self._claim(tx, lanes, at_most)
                looked_ms = clock.monotonic_ms()
                left_s = (until_ms - looked_ms) / 1000
                if claims or left_s <= 0 or closing.is_set():
                    return claims
                await _first_of([heard, closing], min(left_s, _LOOK_S))
                await _first_of([closing], _PAUSE_S - (clock.monotonic_ms() - looked_ms) / 1000)
        finally:
            ear.close()

    async def heartbeat(self, held: Sequence[Ticket]) -> set[UUID]:
        """
        Give a sign of life, naming everything that the worker has; the ids of what it has lost and must stop.

        What it has had for a lease and does not name is handed back, and what
        others of the team have lost is sent on.

        Raises:
            WorkerUnknown: It has not registered, or was forgotten.
            NamedTwice: A job stands there twice.
        """
        ids, tokens = _apart(held)
        async with self._transactions() as tx:
            worker = await self._known(tx)
            lost = await jobs.heartbeat(tx, self._kept_as, ids, tokens)
            back = await jobs.release_orphans(tx, self._kept_as, tokens, worker.lease)
        async with self._transactions() as tx:
            stuck = await jobs.mark_lost(tx)
        async with self._transactions() as tx:
            # Also where none is stuck: deadlines have passed, or somebody has ended between the halves of a sweep.
            swept = await jobs.rescue(tx, stuck)
        if back or swept.lost or swept.retried:
            self._bell.ring()
        return lost

    async def complete(self, done: Sequence[Done]) -> set[UUID]:
        """
        Complete jobs; the ids of those that count as done, also where that was said before.

        Raises:
            WorkerUnknown, NamedTwice: As `heartbeat`.
        """
        _apart(done)
        async with self._transactions() as tx:
            await self._known(tx)
            counted = await jobs.complete(tx, self._kept_as, done)
        if counted:
            self._bell.ring()  # what waited for them may begin
        return counted

    async def fail(self, failures: Sequence[Failure]) -> list[Verdict]:
        """
        Say which attempts failed; what becomes of those jobs that the worker still had.

        Raises:
            WorkerUnknown, NamedTwice: As `heartbeat`.
        """
        _apart(failures)
        async with self._transactions() as tx:
            await self._known(tx)
            return await jobs.fail(tx, self._kept_as, failures)

    async def release(self, held: Sequence[Ticket]) -> set[UUID]:
        """
        Hand jobs back as they were, without using up a retry; the ids of those that were still the worker's.

        Raises:
            WorkerUnknown, NamedTwice: As `heartbeat`.
        """
        _apart(held)
        async with self._transactions() as tx:
            await self._known(tx)
            back = await jobs.release(tx, self._kept_as, held)
        if back:
            self._bell.ring()
        return back

    async def _claim(self, tx: Tx, lanes: Sequence[int], at_most: int) -> list[Claim]:
        try:
            return await jobs.claim(tx, self._kept_as, lanes, at_most)
        except WorkerUnknown:
            raise WorkerUnknown(self._worker) from None

    async def _known(self, tx: Tx) -> Worker:
        try:
            return await jobs.get_worker(tx, self._kept_as)
        except WorkerUnknown:
            raise WorkerUnknown(self._worker) from None  # by the name that it gave itself


def _check_kinds(kinds: Collection[tuple[str, str]]) -> None:
    for name, _ in kinds:
        if name in ours.TYPES:
            raise TypeReserved(name)


def _apart(held: Sequence[Ticket] | Sequence[Done] | Sequence[Failure]) -> tuple[list[UUID], list[UUID]]:
    """
    Ids and tokens.

    Raises:
        NamedTwice: Of two attempts at one job it could not be told which one is meant by an answer.
    """
    ids = [each.id for each in held]
    seen: set[UUID] = set()
    for job_id in ids:
        if job_id in seen:
            raise NamedTwice(job_id)
        seen.add(job_id)
    return ids, [each.token for each in held]


async def _first_of(events: Sequence[asyncio.Event], timeout_s: float) -> None:
    """Wait until one of them is set, or that long."""
    waits = [asyncio.ensure_future(each.wait()) for each in events]
    try:
        await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
