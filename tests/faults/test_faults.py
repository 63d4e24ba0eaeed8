"""
Whatever happens to workers, connections and the server: every job is done, once, and soon another's.

A few faults run with the suite; `scripts/faults` injects a thousand
(GUILDHALL_TEST_FAULTS, GUILDHALL_TEST_SEED), and tells what it does as it goes.

How soon is counted in sweeps: once a lease has ended, no more of them may pass
than there are workers, however slow a machine is. `scripts/faults` has it to
itself, so there the seconds count as well: a lease and a sweep.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest

from faults.house import LEASE_S, SWEEP_S, House, Rescue, house_in
from faults.plan import Fault, Plan, plan
from faults.wire import Break
from fixtures.processes import DEADLINE_S
from fixtures.servers import place_for_servers
from fixtures.starter import Begun
from guildhall import clock

_log = logging.getLogger("faults")

_COUNT = int(os.environ.get("GUILDHALL_TEST_FAULTS", "0"))
_SEED = int(os.environ.get("GUILDHALL_TEST_SEED", "5"))
_FEW = 20
_SLACK_S = 0.5
"""What a machine may take for itself."""
_LONGEST_S = 30.0
"""For each fault; on an idle machine they take a hundredth of it."""
_WORKERS = 4
_MOST_FROZEN = 2
_BREAKS = {Fault.CUT_BETWEEN: Break.BETWEEN_STATEMENTS, Fault.CUT_AFTER_COMMIT: Break.BEFORE_THE_ANSWER}


class Injector:
    """Brings a plan about, and writes down how soon what was lost was another's."""

    def __init__(self, house: House, wanted: Plan, seed: int) -> None:
        self.house, self.plan, self.seed = house, wanted, seed
        self.done: Counter[Fault] = Counter()
        self.rescues: list[Rescue] = []
        self.rescues_beside_a_restart: list[Rescue] = []
        self.could_not_begin: list[Begun] = []
        self.killed: set[Begun] = set()
        self.staff: list[Begun] = []
        self.enqueued = 0
        self._frozen = asyncio.Semaphore(_MOST_FROZEN)
        self._rescuing: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Everything that is planned, and then whatever is left to be done."""
        self.staff = [await self.house.hire() for _ in self.plan.workers]
        async with asyncio.TaskGroup() as beside:
            tasks = [beside.create_task(self._watch()), beside.create_task(self._keep_staffed())]
            async with asyncio.TaskGroup() as group:
                for number, faults in enumerate(self.plan.workers):
                    group.create_task(self._befall_worker(number, faults, random.Random(f"{self.seed} {number}")))
                group.create_task(self._befall_connections(random.Random(f"{self.seed} connections")))
                group.create_task(self._befall_server())
                group.create_task(self._feed())
            await asyncio.gather(*self._rescuing)
            while await self.house.left() or not all([await self.house.knows(each) for each in self.staff]):
                await asyncio.sleep(0.1)
            for each in tasks:
                each.cancel()

    async def _feed(self) -> None:
        """There is always something to do, until the last fault."""
        while self.done.total() < self.plan.counts.total():
            if await self.house.left() < 60 * _WORKERS:
                numbers = range(self.enqueued, self.enqueued + 60)
                await self.house.enqueue(numbers)
                self.enqueued = numbers.stop
            else:
                await asyncio.sleep(0.2)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(15)
            _log.info("%s faults so far, %s jobs asked for", self.done.total(), self.enqueued)

    # workers ------------------------------------------------------------------------

    async def _keep_staffed(self) -> None:
        """A worker ends if the server is away, or its connection cut, as it begins: whoever runs it runs it again."""
        while True:
            await asyncio.sleep(0.02)
            for number, worker in enumerate(self.staff):
                if worker not in self.killed and worker.is_over():
                    self.could_not_begin.append(worker)
                    self.staff[number] = await self.house.hire()

    async def _busy(self, number: int) -> Begun:
        """Whoever has this place, once it has something to do."""
        while not await self.house.held_by(worker := self.staff[number]):
            await asyncio.sleep(0.02)
        return worker

    async def _befall_worker(self, number: int, faults: Sequence[Fault], chance: random.Random) -> None:
        for fault in faults:
            await asyncio.sleep(chance.uniform(0, 0.3))
            worker = await self._busy(number)
            if fault is Fault.KILLED:
                self.killed.add(worker)
                os.kill(worker.pid, signal.SIGKILL)
                rescuing = asyncio.create_task(self._rescued(worker, await self.house.held_by(worker), clock.now()))
                self._rescuing.add(rescuing)
                self.staff[number] = await self.house.hire()
            else:
                async with self._frozen:
                    os.kill(worker.pid, signal.SIGSTOP)
                    began = clock.now()
                    await self._rescued(worker, await self.house.held_by(worker), began)
                    os.kill(worker.pid, signal.SIGCONT)
            self.done[fault] += 1

    async def _rescued(self, worker: Begun, held: list[UUID], began: datetime) -> None:
        before = self.house.times_away
        rescue = await self.house.taken(worker, held, began)
        if rescue is not None:
            found = self.rescues if self.house.times_away == before else self.rescues_beside_a_restart
            found.append(rescue)

    # connections and the server -----------------------------------------------------

    async def _befall_connections(self, chance: random.Random) -> None:
        for fault in self.plan.connections:
            await asyncio.sleep(chance.uniform(0, 0.6))
            if fault is Fault.TERMINATED:
                while not await self.house.terminate(chance.randrange(20)):
                    await asyncio.sleep(0.02)
            else:
                await self.house.wire.broken(_BREAKS[fault])
            self.done[fault] += 1

    async def _befall_server(self) -> None:
        """Evenly between all other faults."""
        others = sum(self.plan.counts.values()) - len(self.plan.server)
        for number, fault in enumerate(self.plan.server, 1):
            due = number * others // (len(self.plan.server) + 1)
            while self.done.total() - number + 1 < due:
                await asyncio.sleep(0.05)
            await self.house.restart(crash=fault is Fault.CRASHED)
            self.done[fault] += 1


@pytest.fixture
def place() -> Iterator[Path]:
    with place_for_servers() as place:
        yield place


async def test_whatever_happens_every_job_is_done_once_and_what_was_lost_is_soon_anothers(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    count = _COUNT or _FEW
    wanted = plan(count, _SEED, _WORKERS)
    _log.info("%s faults, seed %s", count, _SEED)
    began_ms = clock.monotonic_ms()
    caplog.set_level(logging.CRITICAL, "asyncpg")  # it tells with a traceback of each connection that we cut
    async with house_in(place) as house:
        injector = Injector(house, wanted, _SEED)
        try:
            async with asyncio.timeout(_LONGEST_S * count):
                await injector.run()
        except TimeoutError:
            pytest.fail(f"after {injector.done} it did not end: {await house.wronged()}")
        verdict = await house.verdict()
        wronged = await house.wronged()
        codes = [await asyncio.to_thread(_ended, worker) for worker in house.workers]
        unreached = [worker.said(2) for worker in injector.could_not_begin]
    for fault, n in injector.done.items():
        _log.info("%5d  %s", n, fault)
    _log.info("%5d  injected in %.0f s", injector.done.total(), (clock.monotonic_ms() - began_ms) / 1000)
    _log.info(
        "%s jobs in %s attempts: %s lost, %s doubled", verdict.jobs, verdict.attempts, verdict.lost, verdict.doubled
    )
    for what, found in (("", injector.rescues), (" beside a restart", injector.rescues_beside_a_restart)):
        if found:
            _log.info(
                "rescued%s after a median of %.2f s, at most %.2f s (lease %s s, sweep at most %s s), "
                "by at most %s sweeps once the lease had ended, %s times",
                what,
                statistics.median(each.after_s for each in found),
                max(each.after_s for each in found),
                LEASE_S,
                SWEEP_S,
                max(each.sweeps for each in found),
                len(found),
            )

    assert injector.done == wanted.counts
    assert verdict.jobs == injector.enqueued
    assert (verdict.lost, verdict.doubled, verdict.under_another_token, verdict.of_no_job) == (0, 0, 0, 0), wronged
    assert all("PostgreSQL" in said for said in unreached), unreached
    rescues = [*injector.rescues, *injector.rescues_beside_a_restart]
    assert rescues, "nothing was lost by anybody"
    assert max(each.sweeps for each in rescues) <= _WORKERS
    if _COUNT:
        assert max((each.after_s for each in injector.rescues), default=0.0) <= LEASE_S + SWEEP_S + _SLACK_S
    assert Counter(codes) == {
        -signal.SIGKILL: wanted.counts[Fault.KILLED],
        0: _WORKERS,
        **({3: len(unreached)} if unreached else {}),
    }


def _ended(worker: Begun) -> int:
    """The exit code of a worker that is asked to stop, if it runs."""
    with suppress(ProcessLookupError):
        os.kill(worker.pid, signal.SIGTERM)
    return worker.wait(DEADLINE_S)


@pytest.mark.parametrize("count", [20, 1000])
def test_a_plan_is_the_same_for_the_same_seed_and_has_faults_of_every_kind(count: int) -> None:
    assert plan(count, 5, 4) == plan(count, 5, 4) != plan(count, 6, 4)
    assert plan(count, 5, 4).counts.total() == count
    assert set(plan(count, 5, 4).counts) == set(Fault)
