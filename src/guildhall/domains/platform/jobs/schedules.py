"""The verbs of what comes again: schedules that are added, changed and fired."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from guildhall.db import Tx
from guildhall.domains.platform.jobs import rules, store
from guildhall.domains.platform.jobs.errors import (
    PayloadInvalid,
    ScheduleExists,
    ScheduleInvalid,
    ScheduleNotFound,
)
from guildhall.domains.platform.jobs.service import Types, enqueue
from guildhall.domains.platform.jobs.types import NewJob, Run, Schedule, Standing
from guildhall.errors import GuildhallError, Unavailable

_log = logging.getLogger(__name__)


async def add_schedule(tx: Tx, schedule: Schedule, *, first_at: datetime | None = None) -> bool:
    """
    Add a schedule unless there is one of its name, which stays as it is; whether it was added.

    It is due first at `first_at`, or when its rhythm says so.

    Raises:
        ScheduleInvalid: Its cron line or its time zone is none, it is never due, or its type is known in several
            queues and it names none.
        JobTypeUnknown: It is a team's, and no worker has made its type known in its queue.
    """
    following = rules.due_after(schedule, tx.now, tx.now)
    if following is None:
        raise ScheduleInvalid(schedule.name, "cron", schedule.cron, "there is no such day")
    if schedule.tenant_id is not None:
        known = {(kind.name, kind.queue) for kind in await store.types(tx)}
        schedule = replace(schedule, queue=rules.queue_of(schedule, known))
    return await store.add_schedule(tx, schedule, first_at or following)


async def begin_due(tx: Tx, types: Types, scheduler: str, lease: timedelta) -> Run | None:
    """
    Take one schedule that is due: a team's job is enqueued and done with, upkeep is the scheduler's until its lease ends.

    However many schedulers ask, one of them gets it. None where nothing is due,
    or what is due was begun before. One of which no job can be made has failed;
    one whose rhythm cannot be followed fires once and is switched off.
    """
    run = await store.take_due_schedule(tx)
    if run is None:
        return None
    await store.set_next_run(tx, run.schedule.name, _next_of(run, tx.now))
    if not await store.begin_run(tx, run, scheduler, lease):
        return None
    if run.schedule.tenant_id is not None:
        await _finish_by_enqueuing(tx, types, run, scheduler, run.schedule.tenant_id)
    return run


async def _finish_by_enqueuing(tx: Tx, types: Types, run: Run, scheduler: str, tenant_id: UUID) -> None:
    try:
        task_id = await _enqueue_scheduled(tx, types, run, tenant_id)
    except Unavailable:
        raise
    except GuildhallError as error:
        _log.error("schedule %s enqueued nothing: %s", run.schedule.name, error)
        await store.finish_run(tx, run, scheduler, "failed", None, str(error))
    else:
        await store.finish_run(tx, run, scheduler, "completed", task_id, None)


async def _enqueue_scheduled(tx: Tx, types: Types, run: Run, tenant_id: UUID) -> UUID:
    """The job of this run; its key is one for each time that the schedule is due."""
    schedule = run.schedule
    await types.reload(tx)
    job = NewJob(
        schedule.task_type,
        schedule.payload,
        queue=rules.queue_of(schedule, types.kinds),
        priority=schedule.priority,
        idempotency_key=f"schedule {sha256(schedule.name.encode()).hexdigest()} {run.due_at.isoformat()}",
    )
    async with tx.in_team(tenant_id):
        [added] = await enqueue(tx, types, [job])
    return added.id


def _next_of(run: Run, now: datetime) -> datetime | None:
    try:
        return rules.due_after(run.schedule, run.due_at, now)
    except ScheduleInvalid as error:
        _log.error("schedule %s is switched off: %s", run.schedule.name, error)
        return None


async def take_over(tx: Tx, scheduler: str, lease: timedelta) -> Run | None:
    """Take upkeep that a scheduler had begun and was lost with; None where there is none."""
    return await store.take_over_run(tx, scheduler, lease)


async def renew_run(tx: Tx, run: Run, scheduler: str, lease: timedelta) -> bool:
    """Keep upkeep for another lease; whether it still was this scheduler's."""
    return await store.renew_run(tx, run, scheduler, lease)


async def finish_run(tx: Tx, run: Run, scheduler: str, error: str | None = None) -> None:
    """Say that upkeep is done, or why it failed."""
    await store.finish_run(tx, run, scheduler, "failed" if error else "completed", None, error)


async def until_next_run(tx: Tx) -> float | None:
    """Seconds until a schedule is due; None where there is none."""
    return await store.until_next_run(tx)


# what people do -------------------------------------------------------------------


async def create_schedule(tx: Tx, types: Types, schedule: Schedule) -> Standing:
    """
    Add a schedule of a team, as a person does, and say when it is due first.

    Raises:
        ScheduleExists: There is one of its name.
        ScheduleInvalid, JobTypeUnknown: As `add_schedule`.
        PayloadInvalid, PayloadTooLarge, JobInvalid: Its jobs could not be enqueued.
    """
    rules.check_schedule(schedule)
    await types.reload(tx)
    queue = rules.queue_of(schedule, types.kinds)
    wrong = types.wrong_with(schedule.task_type, queue, schedule.payload)
    if wrong is not None:
        raise PayloadInvalid(schedule.task_type, wrong, position=1)
    cron = None if schedule.cron is None else " ".join(schedule.cron.split())
    schedule = replace(schedule, cron=cron, queue=queue)
    if not await add_schedule(tx, schedule):
        raise ScheduleExists(schedule.name)
    return await get_schedule(tx, schedule.name)


async def list_schedules(tx: Tx) -> list[Standing]:
    """What comes again, by name, paused or not."""
    return await store.schedules(tx)


async def get_schedule(tx: Tx, name: str) -> Standing:
    """
    A schedule as it stands.

    Raises:
        ScheduleNotFound: There is none of the name.
    """
    found = await store.schedules(tx, name)
    if not found:
        raise ScheduleNotFound(name, [each.schedule.name for each in await store.schedules(tx)])
    return found[0]


async def pause_schedule(tx: Tx, name: str) -> Standing:
    """
    Fire it no more, until it is resumed; a time that was taken goes on.

    Raises:
        ScheduleNotFound: There is none of the name.
    """
    await get_schedule(tx, name)
    await store.switch_schedule(tx, name, None, enabled=False)
    return await get_schedule(tx, name)


async def resume_schedule(tx: Tx, name: str) -> Standing:
    """
    Fire it again from its next time on; what was missed meanwhile is not made up for.

    Raises:
        ScheduleNotFound: There is none of the name.
        ScheduleInvalid: It is never due again.
    """
    found = await get_schedule(tx, name)
    if not found.is_paused:
        return found
    following = rules.due_after(found.schedule, tx.now, tx.now)
    if following is None:
        raise ScheduleInvalid(name, "cron", found.schedule.cron, "there is no such day")
    await store.switch_schedule(tx, name, following, enabled=True)
    return await get_schedule(tx, name)


async def remove_schedule(tx: Tx, name: str) -> None:
    """
    Forget a schedule and when it has fired; jobs that it has enqueued stay.

    Raises:
        ScheduleNotFound: There is none of the name.
    """
    if not await store.remove_schedule(tx, name):
        raise ScheduleNotFound(name, [each.schedule.name for each in await store.schedules(tx)])
