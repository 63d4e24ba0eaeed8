"""`/v1/platform/schedules`: what comes again, for those who keep the installation."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import ConfigDict, Field, StrictBool
from typing_extensions import TypedDict

from guildhall.api.frame.bodies import Body
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Administering
from guildhall.api.platform.jobs import Queue, TaskType
from guildhall.app.documents.jobs import ScheduleDocument, schedule_document
from guildhall.app.workers import ours
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import Priority, Schedule

router = APIRouter(prefix="/schedules", tags=["schedules"], route_class=Route)

ScheduleName = Annotated[str, Path(max_length=100, description="A schedule's name.", examples=["nightly-seals"])]


class SchedulesDocument(TypedDict):
    """What comes again."""

    items: list[ScheduleDocument]


class WantedSchedule(Body):
    """A job of the team that is to be enqueued again and again: by a cron line, or every so often."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "nightly-seals", "task_type": "audit.verify", "cron": "0 3 * * *", "timezone": "Europe/Berlin"}
            ]
        }
    )

    name: Annotated[str, Field(min_length=1, max_length=100)]
    """Small letters and digits, with `.`, `_` or `-` between."""
    task_type: TaskType
    """One that a worker has made known."""
    payload: Annotated[dict[str, Any], Field(default_factory=dict)]
    cron: Annotated[str | None, Field(min_length=9, max_length=200)] = None
    """Minute, hour, day of month, month and day of week."""
    every_s: Annotated[float | None, Field(ge=1, le=315_360_000, allow_inf_nan=False)] = None
    timezone: Annotated[str, Field(min_length=1, max_length=100)] = "UTC"
    """Of the cron line, by its name in the IANA database."""
    queue: Queue | None = None
    """Where its jobs wait, if their type is known in several queues."""
    priority: Priority = Priority.NORMAL


class WantedSwitch(Body):
    """Whether a schedule is to fire."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"is_paused": True}]})

    is_paused: StrictBool


@router.get("", response_model=SchedulesDocument)
async def list_schedules(visit: Administering) -> Response:
    """List what comes again, by name, for every team, to administrators of the installation."""
    async with visit.transaction() as tx, tx.on_duty("scheduler"):
        return visit.found({"items": [schedule_document(each) for each in await jobs.list_schedules(tx)]})


@router.post("", status_code=201, response_model=ScheduleDocument)
async def create_schedule(body: WantedSchedule, visit: Administering) -> Response:
    """Enqueue a job of the team again and again; it is due first when its rhythm says so."""
    ours.refuse_code(body.task_type)
    given = body.model_dump(exclude={"every_s"})
    every = None if body.every_s is None else timedelta(seconds=body.every_s)
    wanted = Schedule(**given, every=every, tenant_id=visit.caller.tenant_id)
    async with visit.transaction() as tx:
        async with tx.on_duty("scheduler"):
            added = await jobs.create_schedule(tx, visit.house.types, wanted)
        return await visit.created(tx, schedule_document(added), at=f"/v1/platform/schedules/{body.name}")


@router.get("/{schedule}", response_model=ScheduleDocument)
async def get_schedule(visit: Administering, schedule: ScheduleName) -> Response:
    """One schedule: when it is due next, and how its last time went."""
    async with visit.transaction() as tx, tx.on_duty("scheduler"):
        return visit.found(schedule_document(await jobs.get_schedule(tx, schedule)))


@router.patch("/{schedule}", response_model=ScheduleDocument)
async def switch_schedule(body: WantedSwitch, visit: Administering, schedule: ScheduleName) -> Response:
    """Pause a schedule, or let it fire again from its next time on."""
    change = jobs.pause_schedule if body.is_paused else jobs.resume_schedule
    async with visit.transaction() as tx:
        async with tx.on_duty("scheduler"):
            changed = await change(tx, schedule)
        return await visit.done(tx, schedule_document(changed))


@router.delete("/{schedule}", status_code=204, response_class=Response)
async def remove_schedule(visit: Administering, schedule: ScheduleName) -> Response:
    """Forget a schedule; jobs that it has enqueued stay."""
    async with visit.transaction() as tx:
        async with tx.on_duty("scheduler"):
            await jobs.remove_schedule(tx, schedule)
        return await visit.gone(tx)
