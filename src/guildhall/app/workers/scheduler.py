"""
What comes again: schedules fire once, however many schedulers run, and the installation's upkeep is done.

A team's schedule enqueues a job. One without a team is upkeep, which the
scheduler does itself under a lease that it renews; where it is lost, another
takes over and the first leaves off. Missed times are not made up for: each
schedule fires once.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from prometheus_client import Metric

from guildhall import clock
from guildhall.adapters.schemas import checker
from guildhall.algorithms import backoff
from guildhall.app import upkeep
from guildhall.app.wiring import App
from guildhall.app.workers.vitals import counter, gauge
from guildhall.app.workers.wakeups import Bell
from guildhall.app.workers.worker import new_name, sweep
from guildhall.db import rollups
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import Run, Schedule
from guildhall.errors import GuildhallError, Unavailable

_log = logging.getLogger(__name__)

UPKEEP = Schedule("upkeep", "upkeep", {}, every=timedelta(hours=1))
"""Partitions, retention, roll-ups, seals: what `guildhall db maintain` does."""

_LONGEST_S = 5.0
"""How long a schedule that is added meanwhile may wait to be seen."""
_REFRESH_S = 30.0
"""How late a roll-up may be refreshed, by its own interval."""


class Scheduler:
    """
    Fires what is due and sweeps up lost jobs, until it is told to stop.

    `duties` says how upkeep is done, by the type of its schedule.
    """

    def __init__(
        self,
        app: App,
        duties: Mapping[str, Callable[[], Awaitable[object]]],
        *,
        lease: timedelta = timedelta(minutes=1),
        sweep_every_s: float = 10.0,
    ) -> None:
        self.name = new_name()
        self.fired = 0
        self.failed = 0
        self.rescued = 0
        self._looked_ms = clock.monotonic_ms()
        self._swept_ms = self._looked_ms
        self._upkeep: set[asyncio.Task[None]] = set()
        self._app = app
        self._duties = duties
        self._types = jobs.Types(checker)
        self._lease = lease
        self._sweep_every_s = sweep_every_s
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End after what is under way, upkeep too."""
        self._stopping.set()

    async def run(self, started: Callable[[], None] = lambda: None) -> None:
        """
        Fire and sweep until `stop` is called.

        Raises:
            Unavailable: The database does not answer at the start.
        """
        async with self._app.database.duty("scheduler") as tx:
            await jobs.add_schedule(tx, UPKEEP, first_at=tx.now)
        started()
        async with asyncio.TaskGroup() as self._group:
            self._group.create_task(self._repeat(self._fire_all))
            self._group.create_task(self._repeat(self._sweep))
            self._group.create_task(self._repeat(self._refresh))

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether it has looked for what is due and swept lately, and what there is to say of it; from any thread."""
        looked_s, swept_s = self._ages_s()
        said = {
            "scheduler": self.name,
            "looked_s_ago": round(looked_s, 3),
            "swept_s_ago": round(swept_s, 3),
            "upkeep_running": len(self._upkeep),
        }
        return looked_s < 3 * _LONGEST_S + 10 and swept_s < 3 * self._sweep_every_s + 10, said

    def samples(self) -> Iterator[Metric]:
        """What Prometheus is told; from any thread."""
        looked_s, swept_s = self._ages_s()
        yield counter("guildhall_scheduler_fired_total", "Schedules that it fired.", [({}, self.fired)])
        yield counter("guildhall_scheduler_upkeep_failed_total", "Upkeep that failed.", [({}, self.failed)])
        yield counter("guildhall_scheduler_rescued_total", "Jobs that its sweeps saved.", [({}, self.rescued)])
        yield gauge("guildhall_scheduler_upkeep_running", "Upkeep that is under way.", len(self._upkeep))
        yield gauge("guildhall_scheduler_look_age_seconds", "Since it last saw what is due.", looked_s)
        yield gauge("guildhall_scheduler_sweep_age_seconds", "Since it last swept.", swept_s)

    def _ages_s(self) -> tuple[float, float]:
        now_ms = clock.monotonic_ms()
        return (now_ms - self._looked_ms) / 1000, (now_ms - self._swept_ms) / 1000

    async def _repeat(self, work: Callable[[], Awaitable[float]]) -> None:
        attempt = 0
        while not self._stopping.is_set():
            try:
                rest_s, attempt = await work(), 0
            except Unavailable as error:
                attempt += 1
                rest_s = backoff.full_jitter(attempt, random.random(), longest_s=_LONGEST_S)
                if attempt == 1:
                    _log.warning("the scheduler waits for the database: %s", error)
            try:
                async with asyncio.timeout(rest_s):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    async def _fire_all(self) -> float:
        """Whatever is due; seconds until something else is."""
        bell = Bell(self._app.database)
        while not self._stopping.is_set():
            async with self._app.database.duty("scheduler") as tx:
                run = await jobs.begin_due(tx, self._types, self.name, self._lease)
                run = run or await jobs.take_over(tx, self.name, self._lease)
            if run is None:
                break
            self.fired += 1
            if run.schedule.tenant_id is None:
                self._begin(run)
            else:
                bell.ring()
        await bell.close()
        async with self._app.database.duty("scheduler") as tx:
            left_s = await jobs.until_next_run(tx)
        self._looked_ms = clock.monotonic_ms()
        return _LONGEST_S if left_s is None else min(_LONGEST_S, max(0.01, left_s))

    def _begin(self, run: Run) -> None:
        """Upkeep goes on beside the rest, so that it holds nothing back however long it takes."""
        doing = self._group.create_task(self._do(run))
        self._upkeep.add(doing)
        doing.add_done_callback(self._upkeep.discard)

    async def _do(self, run: Run) -> None:
        error: str | None = None
        duty = self._duties.get(run.schedule.task_type)
        try:
            if duty is None:
                error = f"the scheduler knows no upkeep {run.schedule.task_type!r}, expected {', '.join(self._duties)}"
            elif not await self._done_while_ours(run, duty):
                _log.warning("upkeep %s was taken over by another scheduler", run.schedule.name)
                return
        except Unavailable as failure:
            _log.warning("upkeep %s is begun again once its lease has ended: %s", run.schedule.name, failure)
            return
        except GuildhallError as failure:
            error = str(failure)
        except Exception as failure:  # noqa: BLE001 - a duty's defect must not end the scheduler
            _log.exception("upkeep %s failed", run.schedule.name)
            error = f"{type(failure).__name__}: {failure}"
        self.failed += error is not None
        try:
            async with self._app.database.duty("scheduler") as tx:
                await jobs.finish_run(tx, run, self.name, error)
        except Unavailable as failure:
            _log.warning("upkeep %s, which is done, is done again: %s", run.schedule.name, failure)

    async def _done_while_ours(self, run: Run, duty: Callable[[], Awaitable[object]]) -> bool:
        """Do upkeep and keep its lease meanwhile; False where another scheduler has taken it over, and it was left off."""
        doing = asyncio.ensure_future(duty())
        keeping = asyncio.create_task(self._keep_until_lost(run))
        try:
            await asyncio.wait({doing, keeping}, return_when=asyncio.FIRST_COMPLETED)
            is_lost = not doing.done()
        finally:
            doing.cancel()
            keeping.cancel()
            await asyncio.gather(doing, keeping, return_exceptions=True)
        await (keeping if is_lost else doing)
        return not is_lost

    async def _keep_until_lost(self, run: Run) -> None:
        is_ours = True
        while is_ours:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            try:
                async with self._app.database.duty("scheduler") as tx:
                    is_ours = await jobs.renew_run(tx, run, self.name, self._lease)
            except Unavailable as error:
                _log.warning("upkeep %s was not renewed: %s", run.schedule.name, error)

    async def _refresh(self) -> float:
        try:
            await rollups.refresh_due(self._app.database)
        except Unavailable:
            raise
        except GuildhallError as error:
            _log.warning("roll-ups were not refreshed, and will be: %s", error)
        return _REFRESH_S * random.uniform(0.8, 1.2)

    async def _sweep(self) -> float:
        swept = await sweep(self._app)
        self.rescued += swept.retried
        self._swept_ms = clock.monotonic_ms()
        async with self._app.database.duty("worker") as tx:
            await jobs.tidy(tx)
        return self._sweep_every_s * random.uniform(0.8, 1.2)


def duties(app: App, url: str) -> Mapping[str, Callable[[], Awaitable[object]]]:
    """The upkeep that every installation needs; `url` is an administrator's."""
    return {UPKEEP.task_type: lambda: upkeep.maintain(app, url)}
