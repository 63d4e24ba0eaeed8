"""
Handing simulations to the workers of the installation, and watching what they make of them.

A job `evaluation.run` is added for each worker that is there; whichever take
them up share the trials (`runner`). What they record is seen in the database,
so whoever watches may leave and come back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from guildhall import clock
from guildhall.app.runner import OnProgress, Run
from guildhall.app.watching import watch
from guildhall.app.wiring import App
from guildhall.app.workers import HANDLERS, Enqueuer, ours
from guildhall.domains.evaluation import simulations
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import Job, NewJob, Status
from guildhall.errors import Conflict, Unavailable

_LOOK_S = 2.0
_OVER = (Status.COMPLETED, Status.FAILED, Status.CANCELLED, Status.DEAD_LETTER)


class WorkersGaveUp(Conflict):
    """No job is left that works on a simulation which has not ended."""

    code = "workers_gave_up"

    def __init__(self, job: Job) -> None:
        why = f": {job.error_message}" if job.error_message else ""
        super().__init__(
            f"the workers have left the simulation unfinished, job {job.id} is {job.status.value}{why}",
            remedy=f"`guildhall jobs show {job.id}` tells what happened; `guildhall eval resume` goes on.",
            job_id=str(job.id),
            status=job.status.value,
        )


@dataclass(frozen=True, slots=True)
class HandedOut:
    """The jobs that work on simulations, and how many workers there were to take them."""

    simulation_ids: Sequence[UUID]
    job_ids: Sequence[UUID]
    workers: int


async def hand_out(
    app: App, simulation_ids: Sequence[UUID], *, concurrency: int, max_seconds: float | None = None
) -> HandedOut:
    """
    Add jobs that run simulations, `concurrency` trials at a time in each; without a worker, they wait for one.

    Raises:
        SimulationNotFound: There is no such simulation.
    """
    kind = HANDLERS[ours.RUN].kind
    async with app.database.duty("worker") as tx:
        await jobs.register_type(tx, kind)  # no worker may ever have been here
        # One that serves a single team is given no job of ours, whatever it calls its queue.
        everybodys = [each for each in await jobs.list_workers(tx) if each.tenant_id is None]
    present = [each for each in everybodys if each.is_alive and kind.queue in each.queues]
    async with app.transaction() as tx:
        left = await simulations.left_to_do(tx, simulation_ids)
    many = max(1, min(len(present), -(-left.total // concurrency)))
    until = None if max_seconds is None else clock.now() + timedelta(seconds=max_seconds)
    payload = ours.RunSimulations(simulations=list(simulation_ids), concurrency=concurrency, until=until)
    async with Enqueuer(app) as enqueuer:
        added = await enqueuer.enqueue_many(
            [NewJob(ours.RUN, payload.model_dump(mode="json"), queue=kind.queue)] * many
        )
    return HandedOut(simulation_ids, [each.id for each in added], len(present))


async def watch_workers(app: App, handed: HandedOut, *, on_progress: OnProgress = lambda run: None) -> Run:
    """
    Watch simulations until all have ended.

    Raises:
        WorkersGaveUp: No job is left that would end them.
    """
    watching = asyncio.ensure_future(watch(app, handed.simulation_ids, on_progress=on_progress))
    guarding = asyncio.ensure_future(_until_given_up(app, handed))
    try:
        await asyncio.wait({watching, guarding}, return_when=asyncio.FIRST_COMPLETED)
        if not watching.done():
            raise WorkersGaveUp(guarding.result())
        return watching.result()
    finally:
        for task in (watching, guarding):
            task.cancel()
        await asyncio.gather(watching, guarding, return_exceptions=True)


async def _until_given_up(app: App, handed: HandedOut) -> Job:
    while True:
        await asyncio.sleep(_LOOK_S)
        with suppress(Unavailable):
            async with app.transaction() as tx:
                found = [await jobs.get_job(tx, each) for each in handed.job_ids]
                if not all(each.status in _OVER for each in found):
                    continue
                seen = [await simulations.progress(tx, each) for each in handed.simulation_ids]
            if not all(each.has_ended for each in seen):
                return next((each for each in found if each.status is not Status.COMPLETED), found[0])
