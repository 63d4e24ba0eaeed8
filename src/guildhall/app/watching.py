"""Watching simulations that others run, as whoever runs them would see them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from guildhall.app.following import follow
from guildhall.app.runner import OnProgress, Progress, Run, RunLimits
from guildhall.app.wiring import App
from guildhall.db import Tx
from guildhall.domains.evaluation import simulations
from guildhall.errors import Unavailable


async def watch(app: App, simulation_ids: Sequence[UUID], *, on_progress: OnProgress = lambda run: None) -> Run:
    """
    Watch simulations until all have ended; while the database is away, nothing is seen of them.

    Raises:
        SimulationNotFound: There is no such simulation.
    """
    async with app.transaction() as tx:
        found = [await simulations.get_simulation(tx, each) for each in simulation_ids]
    run = Run({each.simulation_id: Progress(each, 0, each.trials_total) for each in found}, RunLimits())
    async with asyncio.TaskGroup() as watchers:
        for each in simulation_ids:
            watchers.create_task(_watch_one(app, run, each, on_progress))
    return run


async def _watch_one(app: App, run: Run, simulation_id: UUID, on_progress: OnProgress) -> None:
    async for news in follow(app.database, app.actor, simulation_id, with_outcomes=False):
        assert isinstance(news, simulations.Progress)
        run.progress[simulation_id].catch_up(news)
        with suppress(Unavailable):
            async with app.transaction() as tx:
                await _read_bill(tx, run)
        if news.has_ended:
            run.stopped_for = run.stopped_for or news.error_message
        on_progress(run)


async def _read_bill(tx: Tx, run: Run) -> None:
    await run.bill.read(lambda among: simulations.spent_so_far(tx, list(run.progress), among=among))
