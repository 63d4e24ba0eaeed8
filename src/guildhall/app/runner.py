"""
Running simulations, by one process or by many, on any hosts that reach the database.

A runner claims trials in the order of their position, a few at a time, runs
them side by side, and hands each record to the recorder. It can be stopped at
any moment: what was accepted is on disk or in the database, what was claimed
and not finished is handed back, or taken by another runner when this one was
killed and its lease has run out. Runners know of each other only by the trials
that they hold; whoever is left when nobody holds any ends the simulation.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from guildhall import clock
from guildhall.algorithms import backoff
from guildhall.app.executors import Conductor, TrialLost
from guildhall.app.recorder import Recorder
from guildhall.app.trial import lost_record
from guildhall.app.wiring import App
from guildhall.db import Tx
from guildhall.domains.evaluation import simulations
from guildhall.domains.evaluation.failures import FailureCategory, Fault, NewFailure
from guildhall.domains.evaluation.outcomes import TrialRecord
from guildhall.domains.evaluation.simulations import Claim, LeftToDo, Simulation, SimulationStatus, Spent
from guildhall.errors import Unavailable

_log = logging.getLogger(__name__)

_T = TypeVar("_T")

_RENEWALS = 4
"""How often a lease is renewed while it lasts."""
_LOOK_AGAIN_S = 1.0
"""How often a runner with nothing to do looks whether another has left something, at most."""
_CLAIM_LASTS_MS = 200.0
_MOST_AT_ONCE = 256
_FLUSH_S = 0.2
_PROGRESS_S = 1.0
_PATIENCE_S = 60.0
"""How long a run waits for a database that does not answer before it gives up and leaves the rest to `resume`."""
_PATIENCE_WHEN_INTERRUPTED_S = 2.0
"""How long somebody who has pressed Ctrl-C waits for a database that does not answer; closing the recorder tries once more."""
_COSTS_BESIDE = ("judge_cost_usd", "user_cost_usd")
"""What a trial costs beside its agent, by the names that its metrics have for it."""
_LONGEST_WAIT_S = 30.0
_ENDS = (SimulationStatus.COMPLETED, SimulationStatus.FAILED, SimulationStatus.CANCELLED)


@dataclass(slots=True)
class Progress:
    """How far one simulation is, as a runner sees it: its own trials at once, those of others when it next looks."""

    simulation: Simulation
    done: int
    total: int
    passed: int = 0
    not_passed: int = 0
    unscored: int = 0
    retries: int = 0

    def catch_up(self, seen: simulations.Progress) -> None:
        """Take over what is stored, by whomever; what this runner has recorded may not be stored yet."""
        self.done = max(self.done, seen.done)
        self.passed = max(self.passed, seen.passed)
        self.not_passed = max(self.not_passed, seen.not_passed)
        self.unscored = max(self.unscored, seen.outcomes - seen.passed - seen.not_passed)


@dataclass(frozen=True, slots=True)
class RunLimits:
    """
    When to stop early: an amount of money, a time on the clock.

    The amount is for the simulations of the run and for `budgeted`, which
    share it, whenever it was spent.
    """

    max_cost_usd: Decimal | None = None
    budgeted: Sequence[UUID] = ()
    max_seconds: float | None = None


@dataclass(slots=True)
class Bill:
    """
    What all runners have spent: what was stored when that was last read, and what this one has recorded since.

    Nothing is counted twice, whatever is being stored meanwhile.
    """

    stored_usd: Decimal | None = None
    recent_usd: Decimal = Decimal(0)
    recent: dict[UUID, Decimal] = field(default_factory=dict)
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def usd(self) -> Decimal:
        return (self.stored_usd or Decimal(0)) + self.recent_usd

    @property
    def is_known(self) -> bool:
        return self.stored_usd is not None or bool(self.recent)

    def add(self, record: TrialRecord) -> None:
        """Count what this runner has recorded."""
        costs = (record.outcome.cost_usd, *(record.outcome.metrics.get(name) for name in _COSTS_BESIDE))
        known = [Decimal(cost) for cost in costs if cost is not None]
        if known:
            self.recent[record.outcome.outcome_id] = sum(known, Decimal(0))
            self.recent_usd += self.recent[record.outcome.outcome_id]

    async def read(self, spent_so_far: Callable[[list[UUID]], Awaitable[Spent]]) -> None:
        """
        Take over what is stored, by whomever.

        `spent_so_far` is asked which of the recorded outcomes are stored by
        now, by one reader at a time: of two at once both would count them off,
        and the older answer might come last.
        """
        async with self._reading:
            self._settle(await spent_so_far(list(self.recent)))

    def _settle(self, spent: Spent) -> None:
        self.stored_usd = spent.usd
        for outcome_id in spent.known:
            self.recent_usd -= self.recent.pop(outcome_id)


@dataclass(slots=True)
class Run:
    """One call of `run`: what it works on and what it has seen."""

    progress: Mapping[UUID, Progress]
    limits: RunLimits
    bill: Bill = field(default_factory=Bill)
    started_ms: float = field(default_factory=clock.monotonic_ms)
    stopped_for: str | None = None

    @property
    def cost_usd(self) -> Decimal:
        """What all of it cost so far, whoever ran it, with what shares the budget."""
        return self.bill.usd

    @property
    def elapsed_s(self) -> float:
        return (clock.monotonic_ms() - self.started_ms) / 1000

    def must_stop(self) -> bool:
        """Whether a limit is reached; `stopped_for` then says which."""
        if self.stopped_for:
            return True
        if self.limits.max_cost_usd is not None and self.cost_usd >= self.limits.max_cost_usd:
            budget, spent = _plain(self.limits.max_cost_usd), _plain(self.cost_usd)
            self.stopped_for = f"the budget of ${budget} is used up: ${spent} spent; a larger one goes on"
        elif self.limits.max_seconds is not None and self.elapsed_s >= self.limits.max_seconds:
            self.stopped_for = f"the time of {self.limits.max_seconds:g} s is used up"
        return self.stopped_for is not None


OnProgress = Callable[[Run], None]


class Runner:
    """Runs the trials of one or more simulations, interleaved, `concurrency` at a time."""

    def __init__(
        self,
        app: App,
        conductors: Mapping[UUID, Conductor],
        *,
        concurrency: int,
        limits: RunLimits = RunLimits(),
        on_progress: OnProgress = lambda run: None,
    ) -> None:
        self._app = app
        self._conductors = conductors
        self._ids = list(conductors)
        self._concurrency = concurrency
        self._limits = limits
        self._on_progress = on_progress
        self._lease = timedelta(seconds=app.settings.lease_s)
        self._worker = clock.new_id()
        self._ready: deque[Claim] = deque()
        self._held: dict[UUID, Claim] = {}
        self._losses: Counter[tuple[UUID, str, int]] = Counter()
        self._claiming = asyncio.Lock()
        self._claimed_ms = 0.0
        self._at_once = concurrency
        self._exhausted = False
        self._working: asyncio.Future[None] | None = None
        self._was_ended = False
        self._chance = random.Random()

    async def run(self) -> Run:
        """
        Run what is to do, beside whoever else does, and end the simulations that are done.

        A simulation that has ended is left as it is. When this is cancelled,
        trials under way are broken off and handed back, what was recorded is
        kept, and other runners, or `resume`, do the rest.

        Raises:
            Unavailable: The database has not answered for a minute, or the spool cannot be written.
        """
        # A recorder that opens first drains what killed processes have left in the
        # spool: their claims must still stand then.
        async with (
            self._app.recorder(flush_interval_s=_FLUSH_S) as recorder,
            self._app.database.presence(simulations.worker_key(self._worker)) as presence,
        ):
            run = await self._begin()
            try:
                async with _alongside(self._renew(presence.renew), self._watch(run)):
                    is_over = False
                    while not is_over:
                        await self._work_until_ended(run, recorder)
                        await recorder.drain()
                        is_over = await self._end(run)
            except BaseException:
                await asyncio.shield(self._interrupted(recorder))
                raise
            self._on_progress(run)
            return run

    async def _begin(self) -> Run:
        run = Run({}, self._limits)
        async with self._app.transaction() as tx:
            seen = [await simulations.join_simulation(tx, each) for each in self._ids]
            found = [await simulations.get_simulation(tx, each) for each in self._ids]
            run.progress = {each.simulation_id: Progress(each, 0, each.trials_total) for each in found}
            await simulations.release_dead(tx, self._ids)
            await self._read_bill(tx, run)
        self._take_over(run, seen)
        return run

    async def _read_bill(self, tx: Tx, run: Run) -> None:
        ids = [*self._ids, *self._limits.budgeted]
        await run.bill.read(lambda among: simulations.spent_so_far(tx, ids, among=among))

    async def _work_until_ended(self, run: Run, recorder: Recorder) -> None:
        self._working = asyncio.ensure_future(self._work(run, recorder))
        if self._was_ended:
            self._working.cancel()
        try:
            await self._working
        except asyncio.CancelledError:
            if not self._was_ended:  # by whoever runs us, not by a person elsewhere
                raise
        finally:
            self._working.cancel()

    async def _work(self, run: Run, recorder: Recorder) -> None:
        """Work until nothing is left; what others hold may come back for as long as they hold it."""
        while True:
            self._exhausted = False
            async with asyncio.TaskGroup() as workers:
                for _ in range(self._concurrency):
                    workers.create_task(self._work_alone(run, recorder))
            if run.must_stop():
                return
            await recorder.drain()
            if not await self._is_more_to_come(run):
                return

    async def _is_more_to_come(self, run: Run) -> bool:
        """Wait for what other runners do with the trials that they hold; whether they have left any."""
        while not run.must_stop():
            left = await self._patiently(self._left_to_do)
            if left.own:
                return False  # the database refused to store it: not again by us, who would wait for each other
            if left.free or not left.others:
                return bool(left.free)
            await asyncio.sleep(min(_LOOK_AGAIN_S, self._lease.total_seconds() / _RENEWALS))
        return False

    async def _left_to_do(self) -> LeftToDo:
        async with self._app.transaction() as tx:
            return await simulations.left_to_do(tx, self._ids, worker=self._worker)

    async def _work_alone(self, run: Run, recorder: Recorder) -> None:
        while not run.must_stop():
            claim = await self._next(run)
            if claim is None:
                return
            try:
                record = await self._conduct(claim, run)
            except TrialLost as lost:
                if await self._give_back(claim, run, lost):
                    continue
                record = lost_record(claim, lost, lost.category)
            await recorder.submit(record)
            del self._held[claim.attempt_token]
            run.bill.add(record)
            _count(run.progress[claim.simulation_id], record)

    async def _next(self, run: Run) -> Claim | None:
        async with self._claiming:
            if not self._ready and not self._exhausted:
                self._ready.extend(await self._claim(run))
                self._exhausted = not self._ready
        return self._ready.popleft() if self._ready else None

    async def _claim(self, run: Run) -> Sequence[Claim]:
        # What the last claim brought was done in no time: more, so that claiming costs nothing
        # beside trials of a millisecond. It took a while: less, so that no runner sits on
        # trials that another has the hands for.
        now_ms = clock.monotonic_ms()
        if now_ms - self._claimed_ms < _CLAIM_LASTS_MS:
            self._at_once = min(self._at_once * 2, max(_MOST_AT_ONCE, self._concurrency))
        else:
            self._at_once = max(self._at_once // 2, self._concurrency)
        self._claimed_ms, at_most = now_ms, self._at_once

        async def claim() -> Sequence[Claim]:
            async with self._app.transaction() as tx:
                if self._limits.max_cost_usd is not None:
                    await self._read_bill(tx, run)
                    if run.must_stop():
                        return []
                return await simulations.claim_trials(
                    tx, self._ids, worker=self._worker, lease=self._lease, at_most=at_most
                )

        claims = await self._patiently(claim)
        self._held.update((each.attempt_token, each) for each in claims)
        return claims

    async def _conduct(self, claim: Claim, run: Run) -> TrialRecord:
        """Run a trial, again where infrastructure failed and retries are left (decision 16)."""
        progress = run.progress[claim.simulation_id]
        recovered: list[NewFailure] = []
        while True:
            record = await self._conductors[claim.simulation_id].conduct(claim)
            retries = len(recovered)
            if not _may_help_again(record) or retries >= progress.simulation.max_retries or run.must_stop():
                return _with_retries(record, recovered)
            recovered.append(_attempted(record))
            progress.retries += 1
            await asyncio.sleep(backoff.full_jitter(retries + 1, self._chance.random(), longest_s=_LONGEST_WAIT_S))

    async def _give_back(self, claim: Claim, run: Run, lost: TrialLost) -> bool:
        """Let a trial be claimed anew whose machine is gone, unless it has taken too many with it; whether it may be."""
        trial = (claim.simulation_id, claim.scenario_id, claim.trial_number)
        self._losses[trial] += 1
        if self._losses[trial] > run.progress[claim.simulation_id].simulation.max_retries:
            return False
        _log.warning("%s #%d is run again: %s", claim.scenario_id, claim.trial_number, lost.message)
        await asyncio.sleep(backoff.full_jitter(self._losses[trial], self._chance.random(), longest_s=_LONGEST_WAIT_S))

        async def release() -> None:
            async with self._app.transaction() as tx:
                await simulations.release_claims(tx, [claim])

        await self._patiently(release)
        del self._held[claim.attempt_token]
        return True

    async def _renew(self, be_present: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / _RENEWALS)
            try:
                await be_present()
                async with self._app.transaction() as tx:
                    await simulations.renew_leases(tx, self._ids, worker=self._worker, lease=self._lease)
            except Unavailable:
                continue  # a lease that ends meanwhile costs a trial run twice, never an outcome stored twice

    async def _watch(self, run: Run) -> None:
        """Say how far it is, and find out what others have done: trials, money, an end."""
        due_ms = 0.0
        while True:
            self._on_progress(run)
            await asyncio.sleep(_PROGRESS_S / 5)
            began_ms = clock.monotonic_ms()
            if began_ms < due_ms:
                continue
            with suppress(Unavailable):
                async with self._app.transaction() as tx:
                    for simulation_id in self._ids:
                        await simulations.mark_progress(tx, simulation_id)
                    # Whoever left last may have thought that nobody is at work: `join` puts that right.
                    seen = [await simulations.join_simulation(tx, each) for each in self._ids]
                    await self._read_bill(tx, run)
                self._take_over(run, seen)
            # The more trials, the longer it takes: the database is not to be busy with it.
            due_ms = began_ms + max(_PROGRESS_S * 1000, 10 * (clock.monotonic_ms() - began_ms))

    def _take_over(self, run: Run, seen: Sequence[simulations.Progress]) -> None:
        for each in seen:
            run.progress[each.simulation_id].catch_up(each)
        if all(each.has_ended for each in seen):
            self._stop_working(run, next((each.error_message for each in seen if each.error_message), None))

    def _stop_working(self, run: Run, reason: str | None) -> None:
        """Somebody else has ended everything: trials under way are broken off, and nothing of them is recorded."""
        run.stopped_for = run.stopped_for or reason
        self._was_ended = True
        if self._working is not None:
            self._working.cancel()

    async def _end(self, run: Run) -> bool:
        """Hand back what is held, and end what is done; whether there is nothing more to do for this runner."""

        async def end() -> bool:
            async with self._app.transaction() as tx:
                await simulations.release_claims(tx, list(self._held.values()))
                states = await simulations.states(tx, self._ids, lock=True)
                over = [await self._end_one(tx, run, each, states[each]) for each in self._ids]
                return all(over)

        return await self._patiently(end)

    async def _end_one(self, tx: Tx, run: Run, simulation_id: UUID, status: SimulationStatus) -> bool:
        progress = run.progress[simulation_id]
        left = await simulations.left_to_do(tx, [simulation_id], worker=self._worker)
        if status in _ENDS:
            progress.simulation = await simulations.get_simulation(tx, simulation_id)
        elif not left.total:
            progress.simulation = await simulations.finish_simulation(tx, simulation_id)
        elif left.others:
            # Another runner is at work on the rest, and ends the simulation.
            await simulations.mark_progress(tx, simulation_id)
        elif run.stopped_for:
            progress.simulation = await simulations.finish_simulation(
                tx, simulation_id, status=SimulationStatus.CANCELLED, error_message=run.stopped_for
            )
        elif left.own:
            await simulations.pause_simulation(tx, simulation_id)
        else:
            return False  # handed back by another a moment ago
        return True

    async def _interrupted(self, recorder: Recorder) -> None:
        """Leave everything so that others go on, or `resume`; where the database is away, leases and spool see to it later."""
        try:
            async with asyncio.timeout(10):
                await recorder.drain(_PATIENCE_WHEN_INTERRUPTED_S)
                async with self._app.transaction() as tx:
                    await simulations.release_claims(tx, list(self._held.values()))
                    await simulations.states(tx, self._ids, lock=True)
                    for simulation_id in self._ids:
                        left = await simulations.left_to_do(tx, [simulation_id], worker=self._worker)
                        if not left.others:
                            await simulations.pause_simulation(tx, simulation_id)
        except (Unavailable, TimeoutError):
            return

    async def _patiently(self, act: Callable[[], Awaitable[_T]]) -> _T:
        """Do it, again while the database does not answer, for a minute at most."""
        began_ms = clock.monotonic_ms()
        attempt = 0
        while True:
            try:
                return await act()
            except Unavailable:
                if clock.monotonic_ms() - began_ms > _PATIENCE_S * 1000:
                    raise
                attempt += 1
                await asyncio.sleep(backoff.full_jitter(attempt, self._chance.random(), longest_s=5.0))


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def _is_infrastructure(record: TrialRecord) -> bool:
    return record.outcome.fault == Fault.INFRASTRUCTURE.value


def _may_help_again(record: TrialRecord) -> bool:
    """A refused login fails again, however often it is tried."""
    return _is_infrastructure(record) and record.outcome.execution_metadata.get("retryable") is not False


def _attempted(record: TrialRecord) -> NewFailure:
    """The failure of an attempt that is followed by another."""
    for failure in record.failures:
        if failure.fault is Fault.INFRASTRUCTURE:
            return replace(failure, recovery_attempted=True)
    return NewFailure(
        failure_type=record.outcome.error_code or "infrastructure",
        failure_category=FailureCategory.SYSTEM_ERROR,
        fault=Fault.INFRASTRUCTURE,
        recovery_attempted=True,
    )


def _with_retries(record: TrialRecord, recovered: Sequence[NewFailure]) -> TrialRecord:
    if not recovered:
        return record
    came_through = not _is_infrastructure(record)
    attempts = tuple(replace(each, recovery_successful=came_through) for each in recovered)
    return replace(
        record,
        outcome=replace(record.outcome, retry_count=record.outcome.retry_count + len(recovered)),
        failures=record.failures + attempts,
    )


def _count(progress: Progress, record: TrialRecord) -> None:
    progress.done += 1
    match record.outcome.passed:
        case True:
            progress.passed += 1
        case False:
            progress.not_passed += 1
        case None:
            progress.unscored += 1


@asynccontextmanager
async def _alongside(*coroutines: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run coroutines beside the block, and end them with it; where one of them fails, the block ends with its error."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in coroutines]
            yield
            for task in tasks:
                task.cancel()
    except BaseExceptionGroup as failed:
        error = failed.exceptions[0]
        raise error from error.__cause__
