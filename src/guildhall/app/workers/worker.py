"""
A worker: claims jobs, has their handlers do them, and says what came of it.

Each of its steps completes what is done and claims more, in one round trip; two
are under way at a time, so that the server never waits for the worker. Jobs that
take milliseconds are claimed ahead, as many as are likely to begin within a
twentieth of a second; longer ones, and those that may not begin twice, only
when there is room for them.

Nothing rests on this process: what it claimed without hearing so it hands back,
what it finished without hearing so it says again, what was taken from it is
cancelled and refused by its token. When the database is away it waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import random
import socket
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from prometheus_client import Metric

from guildhall import clock
from guildhall.adapters.threads import in_thread, ours_to_obey
from guildhall.algorithms import backoff
from guildhall.app import agents_at_work
from guildhall.app.wiring import App
from guildhall.app.workers.handlers import Context, GiveUp, Handler, Registry, TryLater, told
from guildhall.app.workers.pulse import Pulse
from guildhall.app.workers.vitals import Durations, counter, gauge, gauges
from guildhall.app.workers.wakeups import Ear, ring_once
from guildhall.db import Json
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import Claim, Done, Failure, JobLost, JobType, Status
from guildhall.errors import GuildhallError, Unavailable

_log = logging.getLogger(__name__)

_MOST_AT_ONCE = 800
"""Jobs in one step; more would make others wait for their commit."""
_MOST_PER_S = 40_000.0
_AHEAD_S = 0.05
_FLUSH_S = 0.005
_FLUSH_AT = 200
_STALE_S = 1.0
"""After how long a job that was claimed ahead and not begun goes back to the others."""
_STEPS = 2
_LAST_S = 10.0
_LONG = timedelta(seconds=10)
"""A timeout of which waiting for those ahead takes no part that matters."""


@dataclass(slots=True)
class Counts:
    """What a worker has done since it started."""

    completed: int = 0
    failed: int = 0
    lost: int = 0
    handed_back: int = 0
    rescued: int = 0
    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By type, and by what became of the attempt: completed, retried, failed, dead_letter, lost, handed_back."""


@dataclass(slots=True)
class _Held:
    claim: Claim
    since_ms: float
    runner: asyncio.Task[None] | None = None
    is_over: bool = False
    is_lost: bool = False
    is_given_back: bool = False


class Worker:
    """
    Works on the jobs of some queues, `concurrency` at a time, until it is told to stop.

    For `lease` after its last sign of life its jobs are its own. When it stops,
    what is under way has `grace_s` seconds to finish; then it is handed back.
    """

    def __init__(
        self,
        app: App,
        handlers: Registry,
        *,
        queues: Sequence[str] = (),
        concurrency: int = 10,
        lease: timedelta = timedelta(seconds=30),
        grace_s: float = 30.0,
        poll_s: float = 0.5,
    ) -> None:
        self.name = new_name()
        self.counts = Counts()
        self._app = app
        self._handlers = {each.kind.name: each for each in handlers.of_queues(queues)}
        self._may_claim_ahead = all(_may_wait(each.kind) for each in self._handlers.values())
        self._concurrency = concurrency
        self._lease = lease
        self._grace_s = grace_s
        self._poll_s = poll_s
        self._lanes: dict[str, int] = {}
        self._ready: deque[_Held] = deque()
        self._held: dict[UUID, _Held] = {}
        self._done: list[Done] = []
        self._failed: list[Failure] = []
        self._busy = 0
        self._claiming = 0
        self._per_s = 0.0
        self._may_find = True
        self._rings = 0
        self._attempt = 0
        self._careful_until_ms = 0.0
        self._pulse: Pulse | None = None
        self._claims = Durations()
        self._is_closing = False
        self._timer: asyncio.TimerHandle | None = None
        self._arrived = asyncio.Semaphore(0)
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()

    def stop(self) -> None:
        """Finish what is under way and take nothing more; the second time, hand it back at once."""
        if self._stopping.is_set():
            self._hurry.set()
        self._stopping.set()
        self._wake.set()

    async def run(self, started: Callable[[], None] = lambda: None) -> None:
        """
        Work until `stop` is called; `started` is called once jobs are being taken.

        Raises:
            InvalidInput: No handler works on a queue.
            Unavailable: The database does not answer at the start.
        """
        await self._register()
        ear = Ear(self._heard)
        try:
            async with Pulse(self._app.database, self._as_registered(), self._tickets, self._lose) as self._pulse:
                beside = [asyncio.create_task(work) for work in (self._poll(), self._look_around())]
                if self._app.database.can_listen:
                    beside.append(asyncio.create_task(ear.listen(self._app.database)))
                runners = [asyncio.create_task(self._run_jobs()) for _ in range(self._concurrency)]
                pumps = [asyncio.create_task(self._pump()) for _ in range(_STEPS)]
                try:
                    started()
                    await _first_failure([*beside, *runners, *pumps], self._stopping)
                    await self._wind_up(pumps)
                finally:
                    self._stopping.set()
                    await _end([*beside, *runners, *pumps])
                    await self._last_words()
        finally:
            ear.close()

    # what it tells of itself --------------------------------------------------------

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether it gives signs of life, and what there is to say of it; from any thread."""
        silent_s = math.inf if self._pulse is None else self._pulse.silent_s
        said = {
            "worker": self.name,
            "heartbeat_age_s": round(silent_s, 3) if math.isfinite(silent_s) else None,
            "running": len(self._held.copy()),
            "stopping": self._stopping.is_set(),
        }
        return silent_s < self._lease.total_seconds(), said

    def samples(self) -> Iterator[Metric]:
        """What Prometheus is told; from any thread."""
        ended = [({"type": name, "outcome": outcome}, n) for (name, outcome), n in self.counts.ended.copy().items()]
        held = Counter(each.claim.task_type for each in self._held.copy().values())
        yield counter("guildhall_worker_jobs_total", "Attempts that ended, by what became of them.", ended)
        yield gauges(
            "guildhall_worker_jobs_held",
            "Jobs that this worker has, begun or claimed ahead.",
            "type",
            [(name, held[name]) for name in self._handlers],
        )
        yield gauge("guildhall_worker_concurrency", "How many it runs at a time.", self._concurrency)
        yield gauge("guildhall_worker_jobs_running", "How many it runs.", self._busy)
        yield self._claims.family("guildhall_worker_claim_duration_seconds", "How long claims and completions took.")
        if self._pulse is not None:
            yield gauge(
                "guildhall_worker_heartbeat_age_seconds", "Since its last sign of life was heard.", self._pulse.silent_s
            )
        yield counter(
            "guildhall_worker_rescued_total", "Jobs of others that its sweeps saved.", [({}, self.counts.rescued)]
        )

    # beginning and ending ---------------------------------------------------------

    def _as_registered(self) -> jobs.Worker:
        queues = sorted({each.kind.queue for each in self._handlers.values()})
        return jobs.Worker(self.name, queues, self._concurrency, self._lease, socket.gethostname(), os.getpid())

    async def _register(self) -> None:
        async with self._app.database.duty("worker") as tx:
            self._lanes = {name: await jobs.register_type(tx, each.kind) for name, each in self._handlers.items()}
            await jobs.register_worker(tx, self._as_registered())

    async def _wind_up(self, pumps: Sequence[asyncio.Task[None]]) -> None:
        """Hand back what was not begun, let the rest finish for as long as the grace lasts, and say what is done."""
        await self._hand_back_ready()
        waited = asyncio.create_task(self._hurry.wait())
        until_ms = clock.monotonic_ms() + 1000 * self._grace_s
        while self._busy and not self._hurry.is_set() and clock.monotonic_ms() < until_ms:
            await asyncio.wait([waited], timeout=0.01)
        waited.cancel()
        await self._hand_back(await self._broken_off())
        self._is_closing = True
        self._wake.set()
        await asyncio.wait(pumps, timeout=_LAST_S)

    async def _broken_off(self) -> list[_Held]:
        """Cancel what is under way and let it clean up, so that nobody begins it meanwhile; what did not end after all."""
        under_way = {each.runner: each for each in self._held.values() if each.runner is not None}
        for runner, held in under_way.items():
            held.is_given_back = True
            runner.cancel()
        if under_way:
            await asyncio.wait(under_way, timeout=_LAST_S)
        return [each for each in under_way.values() if not each.is_over and not each.is_lost]

    async def _last_words(self) -> None:
        """Say that nobody is here any more; without an answer, others find out."""
        try:
            async with asyncio.timeout(_LAST_S):
                await self._hand_back_ready()
                async with self._app.database.duty("worker") as tx:
                    await jobs.forget_worker(tx, self.name)
        except (GuildhallError, TimeoutError) as error:
            _log.warning("worker %s could not say that it stops: %s", self.name, error)

    async def _hand_back_ready(self) -> None:
        await self._hand_back([self._ready.popleft() for _ in range(len(self._ready))])

    async def _hand_back(self, held: Sequence[_Held]) -> None:
        if not held:
            return
        for each in held:
            self._held.pop(each.claim.token, None)
        try:
            async with self._app.database.duty("worker") as tx:
                back = await jobs.release(tx, self.name, [each.claim for each in held])
        except Unavailable as error:
            _log.warning("%s jobs could not be handed back; they will be rescued: %s", len(held), error)
            return
        self.counts.handed_back += len(back)
        self._count(held, "handed_back")
        if back:
            await ring_once(self._app.database)

    # claiming and completing --------------------------------------------------------

    def _room(self) -> int:
        """How many more jobs to claim: for those that are free, and ahead as many as soon begin."""
        if self._stopping.is_set() or not self._open_lanes():
            return 0
        may_claim_ahead = self._may_claim_ahead and clock.monotonic_ms() >= self._careful_until_ms
        ahead = int(self._per_s * _AHEAD_S) if may_claim_ahead else 0
        room = self._concurrency + ahead - self._busy - len(self._ready) - self._claiming
        return max(0, min(room, _MOST_AT_ONCE))

    def _open_lanes(self) -> list[int]:
        """The lanes of which this worker may have more: most handlers say nothing of that."""
        return [lane for name, lane in self._lanes.items() if self._may_have(name) > 0]

    def _may_have(self, name: str) -> float:
        at_once = self._handlers[name].at_once
        if at_once is None:
            return math.inf
        return at_once - sum(each.claim.task_type == name for each in self._held.values())

    def _wants_more(self) -> bool:
        if not self._may_find:
            return False
        room = self._room()
        # Few at a time would cost a round trip each, unless somebody is idle.
        return room > 0 and (len(self._ready) == 0 or room >= _FLUSH_AT)

    def _must_flush(self) -> bool:
        """Whether what is done should be said now: there is much of it, nothing else to do, or it has waited."""
        return bool(self._failed) or (
            bool(self._done) and (len(self._done) >= _FLUSH_AT or not self._ready or self._timer is None)
        )

    def _taken(self) -> tuple[list[Done], list[Failure]]:
        done, self._done = self._done[:_MOST_AT_ONCE], self._done[_MOST_AT_ONCE:]
        failed, self._failed = self._failed, []
        if self._timer is not None and not self._done:
            self._timer.cancel()
            self._timer = None
        return done, failed

    async def _pump(self) -> None:
        while True:
            while not (self._wants_more() or self._must_flush()):
                if self._is_closing:
                    return
                self._wake.clear()
                await self._wake.wait()
            done, failed = self._taken()
            # What is done may be what others wait for.
            room = self._room() if self._may_find or done else 0
            self._claiming += room
            try:
                await self._settle(done, failed, room)
                self._attempt = 0
            except Unavailable as error:
                self._done[:0], self._failed[:0] = done, failed
                await self._wait_for_database(error)
            finally:
                self._claiming -= room

    async def _settle(self, done: list[Done], failed: list[Failure], room: int) -> None:
        if failed:
            await self._say_failed(failed)
        if not done and not room:
            return
        began_ms, rings = clock.monotonic_ms(), self._rings
        try:
            async with self._app.database.duty("worker") as tx:
                counted, claims = (
                    await jobs.step(tx, self.name, done, self._open_lanes(), room)
                    if done
                    else (set(), await jobs.claim(tx, self.name, self._open_lanes(), room))
                )
        except Unavailable:
            raise
        except jobs.WorkerUnknown:
            async with self._app.database.duty("worker") as tx:
                await jobs.register_worker(tx, self._as_registered())
            self._done[:0] = done
            return
        except GuildhallError as error:
            if not done:
                raise
            await self._complete_apart(done, error)
            return
        self._claims.note((clock.monotonic_ms() - began_ms) / 1000)
        ended = self.counts.ended
        for each in done:
            held = self._held.pop(each.token, None)
            if held is not None:
                ended[held.claim.task_type, "completed" if each.id in counted else "lost"] += 1
        self.counts.completed += len(counted)
        self.counts.lost += len(done) - len(counted)
        if room and rings == self._rings:  # what was rung for meanwhile may have come too late for this look
            self._may_find = len(claims) == room  # else not until somebody rings, or it is time to look again
        if claims:
            wanted, others = self._within_limits(claims)
            at_once, later, too_many = self._in_order(wanted)
            self._begin(at_once, later, began_ms)
            await self._hand_back([_Held(each, began_ms) for each in (*others, *too_many)])

    def _within_limits(self, claims: Sequence[Claim]) -> tuple[list[Claim], list[Claim]]:
        """What this worker may have of what it has claimed, and what is for other workers."""
        wanted: list[Claim] = []
        others: list[Claim] = []
        left = {name: self._may_have(name) for name in {each.task_type for each in claims}}
        for each in claims:
            left[each.task_type] -= 1
            (wanted if left[each.task_type] >= 0 else others).append(each)
        return wanted, others

    def _in_order(self, claims: Sequence[Claim]) -> tuple[list[Claim], list[Claim], list[Claim]]:
        """What is to begin at once, what may wait, and what may not and finds nobody free."""
        now = clock.now()
        delicate = [each for each in claims if not _may_be_ahead(each, now)]
        if not delicate:
            return [], list(claims), []
        before = sum(not _may_be_ahead(each.claim, now) for each in self._ready)
        free = max(0, self._concurrency - self._busy - before)
        if len(delicate) > free:
            self._careful_until_ms = clock.monotonic_ms() + 1000 * _STALE_S  # more like these may come
        known = {each.token for each in delicate}
        return delicate[:free], [each for each in claims if each.token not in known], delicate[free:]

    async def _complete_apart(self, done: list[Done], error: GuildhallError) -> None:
        """The server refuses a result: each job for itself, and the one that has it fails."""
        if len(done) == 1:
            self._failed.append(Failure(done[0].id, done[0].token, f"its result was refused: {error}"))
            return
        for each in done:
            await self._settle([each], [], 0)

    async def _say_failed(self, failed: list[Failure]) -> None:
        """Say why attempts failed, and take what was said out of the list; what is refused, each for itself."""
        try:
            await self._say_failed_together(failed)
        except Unavailable:
            raise
        except GuildhallError as error:
            if len(failed) == 1:
                [one] = failed
                failed[0] = Failure(one.id, one.token, f"why it failed was refused: {error}", is_final=one.is_final)
                await self._say_failed_together(failed)
            while failed:
                await self._say_failed(failed[:1])
                del failed[0]

    async def _say_failed_together(self, failed: list[Failure]) -> None:
        async with self._app.database.duty("worker") as tx:
            verdicts = {each.id: each.status for each in await jobs.fail(tx, self.name, failed)}
        for each in failed:
            held = self._held.pop(each.token, None)
            if held is not None:
                status = verdicts.get(each.id)
                outcome = "lost" if status is None else "retried" if status is Status.PENDING else status.value
                self.counts.ended[held.claim.task_type, outcome] += 1
        self.counts.failed += len(failed)
        failed.clear()

    def _begin(self, at_once: Sequence[Claim], later: Sequence[Claim], now_ms: float) -> None:
        self._end_earlier({claim.id for claim in (*at_once, *later)})
        for claim in later:
            held = self._held[claim.token] = _Held(claim, now_ms)
            self._ready.append(held)
        for claim in reversed(at_once):
            held = self._held[claim.token] = _Held(claim, now_ms)
            self._ready.appendleft(held)
        for _ in range(min(len(at_once) + len(later), self._concurrency - self._busy)):
            self._arrived.release()

    def _count(self, held: Iterable[_Held], outcome: str) -> None:
        for each in held:
            self.counts.ended[each.claim.task_type, outcome] += 1

    async def _wait_for_database(self, error: Unavailable) -> None:
        self._attempt += 1
        if self._attempt == 1:
            _log.warning("worker %s waits for the database: %s", self.name, error)
        await asyncio.sleep(backoff.full_jitter(self._attempt, random.random(), first_s=0.1, longest_s=2.0))
        self._may_find = True

    # doing jobs ---------------------------------------------------------------------

    async def _run_jobs(self) -> None:
        this = asyncio.current_task()
        while not self._stopping.is_set():
            await self._arrived.acquire()
            self._busy += 1
            try:
                began_ms, count = clock.monotonic_ms(), 0
                while self._ready and not self._stopping.is_set():
                    held = self._ready.popleft()
                    if held.is_lost:
                        continue
                    held.runner = this
                    await self._do(held)
                    count += 1
                self._reckon(count, clock.monotonic_ms() - began_ms)
            finally:
                self._busy -= 1
                self._wake.set()

    def _reckon(self, count: int, took_ms: float) -> None:
        """How many jobs a second all runners together are likely to do."""
        if count:
            now = self._concurrency * count / max(took_ms / 1000, 0.0001)
            # Handlers that never wait for anything run one after the other, whoever runs them.
            self._per_s = 0.5 * self._per_s + 0.5 * min(now, _MOST_PER_S)

    async def _do(self, held: _Held) -> None:
        claim = held.claim
        try:
            result = await self._handled(claim)
            held.is_over = True
            self._completed(Done(claim.id, claim.token, result))
        except asyncio.CancelledError as error:
            if not (held.is_lost or held.is_given_back):
                if ours_to_obey():
                    raise  # the worker ends
                self._fail(held, error)
        except JobLost:
            held.is_over = True
            self._held.pop(claim.token, None)
            self.counts.lost += 1
            self._count([held], "lost")
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a handler raises is the job's failure, never the worker's
            self._fail(held, error)
        finally:
            runner, held.runner = held.runner, None
            if runner is not None and (held.is_lost or held.is_given_back):
                runner.uncancel()  # it was the job that was cancelled

    async def _handled(self, claim: Claim) -> Json | None:
        handler = self._handlers[claim.task_type]
        payload = handler.payload(claim.payload)
        given = (payload, Context(self._app, self.name, claim)) if handler.wants_context else (payload,)
        if claim.leased_until is None:
            result = await _called(handler, given)
        else:
            try:
                async with asyncio.timeout((claim.leased_until - clock.now()).total_seconds()) as limit:
                    result = await _called(handler, given)
            except TimeoutError:
                if limit.expired():
                    raise TimeoutError("the attempt took longer than it may") from None
                raise
        return None if result is None else Json(jobs.encoded(told(result)))

    def _completed(self, done: Done) -> None:
        self._done.append(done)
        if len(self._done) >= _FLUSH_AT or not self._ready:
            self._wake.set()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_FLUSH_S, self._flush)

    def _flush(self) -> None:
        self._timer = None
        self._wake.set()

    def _fail(self, held: _Held, error: BaseException) -> None:
        held.is_over = True
        claim, said, name = held.claim, _said_by(error), type(error).__name__
        self._failed.append(
            Failure(
                claim.id,
                claim.token,
                said if isinstance(error, GiveUp | TryLater) else f"{name}: {said}" if said else name,
                "".join(traceback.format_exception(error)),
                is_final=isinstance(error, GiveUp),
                delay=error.delay if isinstance(error, TryLater) else None,
            )
        )
        self._wake.set()

    def _tickets(self) -> tuple[list[UUID], list[UUID]]:
        """What this worker has, one attempt at each job, for the pulse's thread."""
        claims = [each.claim for each in self._held.copy().values()]
        return [each.id for each in claims], [each.token for each in claims]

    def _end_earlier(self, claimed: set[UUID]) -> None:
        """Who gets a job again has lost the attempt before, unless that is over and was said."""
        for held in [each for each in self._held.values() if each.claim.id in claimed]:
            if held.is_over:
                del self._held[held.claim.token]
            else:
                self._lose({held.claim.token})

    def _lose(self, lost: set[UUID]) -> None:
        for held in [self._held.pop(token) for token in lost if token in self._held]:
            _log.warning("job %s was taken from worker %s", held.claim.id, self.name)
            held.is_lost = True
            self.counts.lost += 1
            self._count([held], "lost")
            if held.runner is not None:
                held.runner.cancel()

    # hearing and looking ------------------------------------------------------------

    def _heard(self) -> None:
        self._rings += 1
        self._may_find = True
        self._wake.set()

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self._poll_s * random.uniform(0.8, 1.2))
            self._heard()
            now_ms = clock.monotonic_ms()
            if self._ready and now_ms - self._ready[0].since_ms > 1000 * _STALE_S and not self._stopping.is_set():
                self._per_s = 0.0
                await self._hand_back_ready()

    async def _look_around(self) -> None:
        """Rescue what others have lost, and hand back what this worker has without knowing."""
        lease_s = self._lease.total_seconds()
        while True:
            # At once, for where workers do not live long nobody else would; and again soon where it was cut short.
            rest_s = lease_s / 20
            with suppress(Unavailable):  # the pump tells of it
                swept = await sweep(self._app)
                async with self._app.database.duty("worker") as tx:
                    known = list(self._held.copy())
                    await jobs.release_orphans(tx, self.name, known, self._lease)
                self.counts.rescued += swept.retried
                if swept.lost or swept.retried:
                    self._heard()
                rest_s = lease_s / 2
            await asyncio.sleep(rest_s * random.uniform(0.8, 1.2))


def new_name() -> str:
    """A name that no process has had: where it runs, and a part that is random."""
    return f"{socket.gethostname()}-{os.getpid()}-{clock.new_id().hex[-8:]}"


async def sweep(app: App) -> jobs.Swept:
    """Take what is lost from whoever has it, jobs and agents' tasks, and send it on; what was found of the jobs."""
    async with app.database.duty("worker") as tx:
        lost = await jobs.mark_lost(tx)
    async with app.database.duty("worker") as tx:
        swept = await jobs.rescue(tx, lost)
    await agents_at_work.sweep(lambda: app.database.duty("worker"))
    return swept


def _may_wait(kind: JobType) -> bool:
    """Whether jobs of a type may be claimed ahead: by their rows they have begun, so their time runs and a lost worker costs a retry."""
    return kind.max_retries > 0 and (kind.timeout is None or kind.timeout >= _LONG)


def _may_be_ahead(claim: Claim, now: datetime) -> bool:
    """The same of one job, which may say otherwise than its type, or be on its last retry."""
    return claim.retry_count < claim.max_retries and (claim.leased_until is None or claim.leased_until - now >= _LONG)


async def _called(handler: Handler, given: tuple[object, ...]) -> object:
    if handler.is_async:
        return await handler.call(*given)
    return await in_thread(lambda: handler.call(*given))


def _said_by(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a stranger's code
        return "it cannot say why"


async def _first_failure(tasks: Sequence[asyncio.Task[None]], stopping: asyncio.Event) -> None:
    """Wait to be told to stop; what ends before has failed, and its error is raised."""
    told_to = asyncio.create_task(stopping.wait())
    try:
        done, _ = await asyncio.wait([*tasks, told_to], return_when=asyncio.FIRST_COMPLETED)
        for each in done - {told_to}:
            each.result()
    finally:
        told_to.cancel()


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for each in tasks:
        each.cancel()
    ended, left = await asyncio.wait(tasks, timeout=_LAST_S)
    for each in ended:
        if not each.cancelled():
            each.exception()  # the first was raised, the others came of it
    if left:
        _log.warning("%s handlers go on, though they were cancelled", len(left))
