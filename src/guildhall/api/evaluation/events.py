"""`/v1/evaluation/simulations/{simulation}/events`: what happens in a simulation, as it happens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response

from guildhall import clock
from guildhall.api.evaluation.simulations import SimulationReference
from guildhall.api.frame.answers import json_bytes
from guildhall.api.frame.events import MEDIA_TYPE, Event, EventIdUnusable, stream
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Reading, token_of
from guildhall.app import following
from guildhall.db import Actor, Database
from guildhall.domains.evaluation import simulations
from guildhall.domains.evaluation.outcomes import NewlyStored

router = APIRouter(prefix="/simulations", tags=["simulations"], route_class=Route)

_STREAM = """\
event: outcome
id: 1764194400000000-019ac2b4e8a07000a000000000000001
data: {"outcome_id": "019ac2b4-e8a0-7000-a000-000000000001", "scenario_id": "refund_in_time", "passed": true}

event: progress
data: {"status": "running", "trials": 20, "done": 7, "passed": 6, "cost_usd": 0.12, "eta_s": 14.2}

event: end
data: {"status": "completed", "trials": 20, "done": 20, "passed": 17, "cost_usd": 0.33, "eta_s": null}
"""


@router.get(
    "/{simulation}/events",
    response_class=Response,
    responses={
        200: {
            "description": "Events until the simulation ends: `progress`, `outcome` (at least once each) and `end`.",
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": _STREAM}},
        }
    },
)
async def follow_simulation(
    visit: Reading,
    request: Request,
    simulation: SimulationReference,
    last_event_id: Annotated[
        str | None,
        Header(max_length=100, description="The id of the last event that was heard; 0 for all outcomes so far."),
    ] = None,
) -> Response:
    """
    Follow a simulation (server-sent events).

    Outcomes come at least once: after a broken connection some come again, with the same `outcome_id`.
    """
    since = None if last_event_id is None else _time_of(last_event_id)
    async with visit.transaction() as tx:
        simulation_id = (await simulations.resolve(tx, simulation)).simulation_id
    database = visit.house.app.database
    actor = replace(visit.caller.actor, reads_only=True)
    before = None if since is None else _missed(database, actor, simulation_id, since)
    events = visit.house.hub.listen(
        visit.house,
        (actor.tenant_id, simulation_id),
        lambda: _news(database, actor, simulation_id),
        token=token_of(request),
        before=before,
    )
    return stream(events)


async def _news(database: Database, actor: Actor, simulation_id: UUID) -> AsyncIterator[Event]:
    async for each in following.follow(database, actor, simulation_id):
        for kind, document in following.told(each, clock.now()):
            yield _outcome(each) if isinstance(each, NewlyStored) else _state(kind, document)


async def _missed(database: Database, actor: Actor, simulation_id: UUID, since: datetime) -> AsyncIterator[Event]:
    async for each in following.catch_up(database, actor, simulation_id, since):
        yield _outcome(each)


def _state(kind: str, document: Mapping[str, Any]) -> Event:
    return Event(kind, json_bytes(document), is_state=kind == "progress")


def _outcome(stored: NewlyStored) -> Event:
    microseconds = round(stored.created_at.timestamp() * 1_000_000)
    return Event("outcome", json_bytes(stored), id=f"{microseconds}-{stored.outcome_id.hex}")


def _time_of(event_id: str) -> datetime:
    microseconds, _, _ = event_id.partition("-")
    try:
        return max(datetime.fromtimestamp(int(microseconds) / 1_000_000, UTC), datetime(2000, 1, 1, tzinfo=UTC))
    except (ValueError, OverflowError, OSError):
        raise EventIdUnusable(event_id) from None
