"""Failures that come in lead to clusters: by one job for all that came together, and another for what came too late."""

from __future__ import annotations

import asyncio
from typing import Any

from fixtures.processes import DEADLINE_S
from fixtures.trials import a_failure, make_record, make_simulation
from guildhall.app import arrivals
from guildhall.app.wiring import App
from guildhall.app.workers import Registry, Worker, ours
from guildhall.client import ArcEvalDBClient
from guildhall.domains.evaluation import outcomes
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import Job
from guildhall.settings import Settings


async def clusterings(app: App) -> list[Job]:
    async with app.transaction() as tx:
        page = await jobs.page_jobs(tx, {"task_type": ours.CLUSTER}, jobs.JOBS.order())
    return list(page.items)


async def test_a_job_that_has_begun_may_have_looked_already_so_another_follows(app: App) -> None:
    assert not await arrivals.see_to(app, app.actor), "nothing has failed"
    async with app.transaction() as tx:
        simulation_id = await make_simulation(tx)
        await outcomes.record_trials(tx, [make_record(simulation_id, passed=False, failures=(a_failure(),))])
    assert [await arrivals.see_to(app, app.actor) for _ in range(2)] == [True, False]

    handlers, added, both = Registry(), [], asyncio.Event()

    @handlers.job(ours.CLUSTER, at_once=1)
    async def cluster(payload: dict[str, Any]) -> None:
        if added:
            both.set()
            return
        added.extend([await arrivals.see_to(app, app.actor) for _ in range(2)])

    worker = Worker(app, handlers)
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(DEADLINE_S):
        await both.wait()
    worker.stop()
    await running
    assert added == [True, False]
    assert len(await clusterings(app)) == 2


async def test_what_a_program_tells_on_a_database_is_seen_to(app: App, settings: Settings) -> None:
    async with app.transaction() as tx:
        simulation_id = await make_simulation(tx)
    async with ArcEvalDBClient(settings.database_url, settings=settings) as client:
        told = {"simulation_id": simulation_id, "scenario_id": "scenario_1", "status": "error", "error_message": "no"}
        await client.record_execution_outcome(told)
        await client.flush()
        assert len(await clusterings(app)) == 1
