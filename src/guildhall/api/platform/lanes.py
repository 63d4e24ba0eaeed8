"""`/v1/platform/lanes`: the types of job in their queues, and how each is held back, for those who keep the installation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import ConfigDict, Field, StrictBool, StrictInt
from typing_extensions import TypedDict

from guildhall.api.frame.bodies import Body
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Administering
from guildhall.app.documents.jobs import LaneDocument, lane_document
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import Lane, Rate

router = APIRouter(prefix="/lanes", tags=["lanes"], route_class=Route)

TaskTypePath = Annotated[str, Path(min_length=1, max_length=100, description="A type of job.")]
QueueOnly = Annotated[str | None, Query(max_length=100, description="In this queue; in each unless given.")]


class LanesDocument(TypedDict):
    """Types of job in their queues."""

    items: list[LaneDocument]


class WantedRate(Body):
    """So many within so many seconds."""

    count: Annotated[StrictInt, Field(ge=1, lt=2**31)]
    per_s: Annotated[float, Field(ge=0.001, le=31_536_000, allow_inf_nan=False)] = 1


class WantedLimits(Body):
    """How a type of job is to be held back; what is not given stays as it is, and null takes a limit away."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"is_paused": True}, {"max_running": 4, "rate": {"count": 500, "per_s": 3600}}, {"rate": None}]
        }
    )

    is_paused: StrictBool | None = None
    """Whether no more of its jobs are begun; what is under way goes on."""
    max_running: Annotated[StrictInt | None, Field(ge=0, lt=2**31)] = None
    """How many may be at work at once, over all workers."""
    rate: WantedRate | None = None
    """How many may begin within a time, over all workers."""


@router.get("", response_model=LanesDocument)
async def list_lanes(visit: Administering) -> Response:
    """List the types of job in their queues, for administrators of the installation."""
    async with visit.transaction() as tx, tx.on_duty("scheduler"):
        return visit.found(_document(await jobs.list_lanes(tx)))


@router.patch("/{task_type}", response_model=LanesDocument)
async def limit_lanes(
    body: WantedLimits, visit: Administering, task_type: TaskTypePath, queue: QueueOnly = None
) -> Response:
    """Pause a type of job, let it go on, or limit it, for all teams and workers; its lanes as they are now."""
    given = body.model_fields_set
    async with visit.transaction() as tx:
        async with tx.on_duty("scheduler"):
            found = await jobs.limit_type(
                tx,
                task_type,
                queue,
                most=body.max_running if "max_running" in given else jobs.UNCHANGED,
                rate=_rate(body.rate) if "rate" in given else jobs.UNCHANGED,
            )
            if body.is_paused is not None:
                found = await jobs.hold_types(tx, task_type, queue, is_paused=body.is_paused)
        answer = await visit.done(tx, _document(found))
    visit.house.bell.ring()
    return answer


def _rate(wanted: WantedRate | None) -> Rate | None:
    return None if wanted is None else Rate(wanted.count, timedelta(seconds=wanted.per_s))


def _document(lanes: list[Lane]) -> Mapping[str, Any]:
    return {"items": [lane_document(each) for each in lanes]}
