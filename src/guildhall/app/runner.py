"""
Running simulations on this machine.

A runner claims trials in the order of their position, a few at a time, runs
them side by side, and hands each record to the recorder. It can be stopped at
any moment: what was accepted is on disk or in the database, what was claimed
and not finished is handed back, or taken back by the next runner when this one
was killed.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Protocol, TypeVar
from uuid import UUID

from guildhall import clock
from guildhall.algorithms import backoff
from guildhall.app.recorder import Recorder
from guildhall.app.wiring import App
from guildhall.domains.evaluation import simulations
from guildhall.domains.evaluation.failures import FailureCategory, Fault, NewFailure
from guildhall.domains.evaluation.outcomes import TrialRecord
from guildhall.domains.evaluation.simulations import Claim, Simulation, SimulationStatus
from guildhall.errors import Unavailable

_T = TypeVar("_T")

_LEASE = timedelta(seconds=60)
_RENEWAL_S = 15.0
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


class Conductor(Protocol):
    """Runs one trial of a simulation; what an agent does wrong is a record, never an exception."""

    async def conduct(self, claim: Claim) -> TrialRecord: ...


@dataclass(slots=True)
class Progress:
    """How far one simulation is, as a runner sees it; `cost_usd` sums what is known."""

    simulation: Simulation
    done: int
    total: int
    passed: int = 0
    not_passed: int = 0
    unscored: int = 0
    retries: int = 0
    cost_usd: Decimal = Decimal(0)
    cost_is_known: bool = False


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
class Run:
    """One call of `run`: what it works on and what it has seen."""

    progress: Mapping[UUID, Progress]
    limits: RunLimits
    spent_before_usd: Decimal = Decimal(0)
    started_ms: float = field(default_factory=clock.monotonic_ms)
    stopped_for: str | None = None

    @property
    def cost_usd(self) -> Decimal:
        """What all of it cost so far, in this run and in those that it goes on from."""
        return sum((each.cost_usd for each in self.progress.values()), self.spent_before_usd)

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
        self._worker = clock.new_id()
        self._ready: deque[Claim] = deque()
        self._held: dict[UUID, Claim] = {}
        self._claiming = asyncio.Lock()
        self._claimed_ms = 0.0
        self._at_once = concurrency
        self._exhausted = False
        self._working: asyncio.Future[None] | None = None
        self._was_cancelled = False
        self._chance = random.Random()

    async def run(self) -> Run:
        """
        Run what is to do, and end the simulations that are done.

        When it is cancelled, trials under way are broken off and handed back,
        what was recorded is kept, and `resume` does the rest.

        Raises:
            Unavailable: The database has not answered for a minute, or the spool cannot be written.
            SimulationEnded: A simulation has nothing left to do.
        """
        # A recorder that opens first drains what killed processes have left in the
        # spool: their claims must still stand then.
        async with (
            self._app.recorder(flush_interval_s=_FLUSH_S) as recorder,
            self._app.database.presence(simulations.worker_key(self._worker)) as presence,
        ):
            run = await self._begin()
            try:
                async with _alongside(self._renew(presence.renew), self._report(run)):
                    self._working = asyncio.ensure_future(self._work(run, recorder))
                    try:
                        await self._working
                    except asyncio.CancelledError:
                        if not self._was_cancelled:  # by whoever runs us, not by a person elsewhere
                            raise
                await recorder.drain()
                await self._end(run)
            except BaseException:
                await asyncio.shield(self._interrupted(recorder))
                raise
            self._on_progress(run)
            return run

    async def _begin(self) -> Run:
        progress = {}
        async with self._app.transaction() as tx:
            for simulation_id in self._ids:
                started = await simulations.start_simulation(tx, simulation_id)
                progress[simulation_id] = Progress(started, done=started.trials_done, total=started.trials_total)
            await simulations.release_dead(tx, self._ids)
            spent = await simulations.cost_so_far(tx, [*self._ids, *self._limits.budgeted])
        return Run(progress, self._limits, spent_before_usd=spent or Decimal(0))

    async def _work(self, run: Run, recorder: Recorder) -> None:
        async with asyncio.TaskGroup() as workers:
            for _ in range(self._concurrency):
                workers.create_task(self._work_alone(run, recorder))

    async def _work_alone(self, run: Run, recorder: Recorder) -> None:
        while not run.must_stop():
            claim = await self._next()
            if claim is None:
                return
            record = await self._conduct(claim, run)
            await recorder.submit(record)
            del self._held[claim.attempt_token]
            _count(run.progress[claim.simulation_id], record)

    async def _next(self) -> Claim | None:
        async with self._claiming:
            if not self._ready and not self._exhausted:
                self._ready.extend(await self._claim())
                self._exhausted = not self._ready
        return self._ready.popleft() if self._ready else None

    async def _claim(self) -> Sequence[Claim]:
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
                return await simulations.claim_trials(tx, self._ids, worker=self._worker, lease=_LEASE, at_most=at_most)

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

    async def _renew(self, be_present: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(_RENEWAL_S)
            try:
                await be_present()
                async with self._app.transaction() as tx:
                    await simulations.renew_leases(tx, self._ids, worker=self._worker, lease=_LEASE)
            except Unavailable:
                continue  # a lease that ends meanwhile costs a trial run twice, never an outcome stored twice

    async def _report(self, run: Run) -> None:
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
                    states = await simulations.states(tx, self._ids)
                if states and all(each is SimulationStatus.CANCELLED for each in states.values()):
                    self._stop_working(run)
            # The more trials, the longer it takes: the database is not to be busy with it.
            due_ms = began_ms + max(_PROGRESS_S * 1000, 10 * (clock.monotonic_ms() - began_ms))

    def _stop_working(self, run: Run) -> None:
        """A person has cancelled everything: trials under way are broken off, and nothing of them is recorded."""
        run.stopped_for = run.stopped_for or "cancelled by a person"
        if self._working is not None and not self._working.done():
            self._was_cancelled = True
            self._working.cancel()

    async def _end(self, run: Run) -> None:
        async def end() -> None:
            async with self._app.transaction() as tx:
                await simulations.release_claims(tx, list(self._held.values()))
                states = await simulations.states(tx, self._ids, lock=True)
                for simulation_id, progress in run.progress.items():
                    if states[simulation_id] is SimulationStatus.CANCELLED:
                        progress.simulation = await simulations.get_simulation(tx, simulation_id)
                    elif run.stopped_for:
                        progress.simulation = await simulations.finish_simulation(
                            tx, simulation_id, status=SimulationStatus.CANCELLED, error_message=run.stopped_for
                        )
                    elif await simulations.left_to_do(tx, simulation_id):
                        # Another runner is at work on the rest, and ends the simulation.
                        await simulations.mark_progress(tx, simulation_id)
                    else:
                        progress.simulation = await simulations.finish_simulation(tx, simulation_id)

        await self._patiently(end)

    async def _interrupted(self, recorder: Recorder) -> None:
        """Leave everything so that `resume` can go on; where the database is away, leases and spool see to it later."""
        try:
            async with asyncio.timeout(10):
                await recorder.drain(_PATIENCE_WHEN_INTERRUPTED_S)
                async with self._app.transaction() as tx:
                    await simulations.release_claims(tx, list(self._held.values()))
                    for simulation_id in self._ids:
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
    for cost in (record.outcome.cost_usd, *(record.outcome.metrics.get(name) for name in _COSTS_BESIDE)):
        if cost is not None:
            progress.cost_usd += Decimal(cost)
            progress.cost_is_known = True


@asynccontextmanager
async def _alongside(*coroutines: Awaitable[None]) -> AsyncIterator[None]:
    """Run coroutines beside the block, and end them with it."""
    tasks = [asyncio.ensure_future(each) for each in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
