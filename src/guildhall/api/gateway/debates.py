"""`/v1/gateway/debates`: models argue and vote, held by a worker, and heard of turn by turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import ConfigDict, Field, StrictBool, StrictInt

from guildhall.api.frame.answers import json_bytes
from guildhall.api.frame.bodies import Body
from guildhall.api.frame.events import MEDIA_TYPE, Event, EventIdUnusable, stream
from guildhall.api.frame.lists import Items, ListWanted, answer_list
from guildhall.api.frame.moments import Moment
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Reading, Writing, token_of
from guildhall.app import debating
from guildhall.app.documents.debates import (
    DebateDocument,
    RecordDocument,
    RecountDocument,
    debate_document,
    record_document,
    recount_document,
    turn_document,
)
from guildhall.db import Actor, Database
from guildhall.domains.gateway import debates
from guildhall.domains.gateway.debates import Debate, Method, Participant, Turn

router = APIRouter(prefix="/debates", tags=["gateway"], route_class=Route)

DebateReference = Annotated[
    str, Path(max_length=100, description="A debate's id, or the beginning of it.", examples=["0199f3a4"])
]
_Name = Annotated[str | None, Field(min_length=1, max_length=255)]
_STREAM = """\
event: turn
id: 1764194400000000-0-1
data: {"round_number": 0, "turn_number": 1, "participant_id": "o4-mini", "position": "yes", "content": "It is cheap."}

event: debate
data: {"id": "019ac2b4-e8a0-7000-a000-000000000001", "status": "active", "current_round": 1}

event: end
data: {"id": "019ac2b4-e8a0-7000-a000-000000000001", "status": "completed", "final_winner": "yes"}
"""


class WantedParticipant(Body):
    """Who takes part."""

    model: Annotated[str, Field(min_length=1, max_length=255)]
    """By a name of `GET /v1/gateway/models`, or any that an account lets through."""
    name: _Name = None
    """The model's, and its number where it takes part several times, unless given."""
    weight: Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)] = 1
    """What its voice weighs by the method `weighted`."""
    role: Annotated[str | None, Field(min_length=1, max_length=10_000)] = None
    position: _Name = None
    """For which it argues in all rounds; its vote is free."""


class WantedDebate(Body):
    """A debate to be held."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "topic": "Should a refund over 100 EUR need a second signature?",
                    "participants": [
                        {"model": "gpt-5-mini"},
                        {"model": "gpt-5-mini"},
                        {"model": "o4-mini", "weight": 2},
                    ],
                    "positions": ["yes", "no"],
                    "rounds": 2,
                }
            ]
        }
    )

    topic: Annotated[str, Field(min_length=1, max_length=100_000, pattern=r"\S")]
    """The question to be settled."""
    participants: Annotated[list[WantedParticipant], Field(min_length=2, max_length=50)]
    rounds: Annotated[StrictInt, Field(ge=1, le=20)] = 1
    """How many follow the first answers at most."""
    method: Method = Method.WEIGHTED
    positions: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=255)]], Field(default_factory=list, max_length=100)
    ]
    """What may be voted for; the answers themselves, where there are none."""
    details: Annotated[str | None, Field(max_length=100_000)] = None
    """What participants should know beside the question."""
    moderator: _Name = None
    """A model that sums up between rounds."""
    when_below: Annotated[float | None, Field(gt=0, le=1, allow_inf_nan=False)] = None
    """Debate only if the first vote is led by less than this share."""
    in_turn: StrictBool = False
    """Whether within a round each hears those who spoke before."""
    temperature: Annotated[float | None, Field(ge=0, le=2, allow_inf_nan=False)] = None
    """Of every answer; the models' own unless given."""


@router.get("", response_model=Items[DebateDocument])
async def list_debates(
    visit: Reading,
    want: ListWanted,
    status: Literal["pending", "active", "completed", "cancelled"] | None = None,
    voting_method: Annotated[Method | None, Query()] = None,
    created_after: Moment | None = None,
    created_before: Moment | None = None,
) -> Response:
    """List the team's debates, newest first."""
    filters = {
        "status": status,
        "voting_method": None if voting_method is None else voting_method.value,
        "created_from": created_after,
        "created_before": created_before,
    }
    return await answer_list(
        visit,
        want,
        debates.DEBATES,
        debates.page_debates,
        filters,
        debate_document,
        tuple(DebateDocument.__annotations__),
    )


@router.post("", status_code=201, response_model=DebateDocument)
async def start_debate(body: WantedDebate, visit: Writing) -> Response:
    """
    Ask for a debate, which a worker holds as a job of type `gateway.debate`; it survives the end of either process.

    Models are called through the gateway's accounts as whoever asks here, with their key's scope `models`, rate and budgets.
    """
    async with visit.transaction() as tx:
        debate_id = await debating.ask_for(
            tx, visit.house.types, visit.caller, _new_debate(body), temperature=body.temperature
        )
        made = debate_document(await debates.get_debate(tx, debate_id))
        answer = await visit.created(tx, made, at=f"/v1/gateway/debates/{debate_id}")
    visit.house.bell.ring()
    return answer


@router.get("/{debate}", response_model=RecordDocument)
async def get_debate(visit: Reading, debate: DebateReference) -> Response:
    """One debate with all that was said and cast."""
    async with visit.transaction() as tx:
        return visit.found(record_document(await debates.get_record(tx, await debates.name_debate(tx, debate))))


@router.get("/{debate}/recount", response_model=RecountDocument)
async def recount_debate(visit: Reading, debate: DebateReference) -> Response:
    """Count a debate's ballots again, and say whether they give what its record says."""
    async with visit.transaction() as tx:
        record = await debates.get_record(tx, await debates.name_debate(tx, debate))
    return visit.found(recount_document(record, debates.recount(record)))


@router.post("/{debate}/cancellation", response_model=DebateDocument)
async def cancel_debate(visit: Writing, debate: DebateReference) -> Response:
    """End a debate without a vote; what was said stays, and nobody is asked any more: its job is cancelled."""
    async with visit.transaction() as tx:
        found = await debates.get_debate(tx, await debates.name_debate(tx, debate))
        await debating.end(tx, found)
        return await visit.done(tx, debate_document(await debates.get_debate(tx, found.id)))


@router.get(
    "/{debate}/events",
    response_class=Response,
    responses={
        200: {
            "description": "Events until the debate ends: `turn` (at least once each), `debate` and `end`.",
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": _STREAM}},
        }
    },
)
async def follow_debate(
    visit: Reading,
    request: Request,
    debate: DebateReference,
    last_event_id: Annotated[
        str | None,
        Header(
            max_length=100, description="The id of the last event that was heard; all turns come first without one."
        ),
    ] = None,
) -> Response:
    """
    Follow a debate (server-sent events).

    Turns come at least once: after a broken connection some come again, with the same round and place.
    """
    since = debating.BEGINNING if last_event_id is None else _time_of(last_event_id)
    async with visit.transaction() as tx:
        debate_id = await debates.name_debate(tx, debate)
    database, actor = visit.house.app.database, replace(visit.caller.actor, reads_only=True)
    events = visit.house.hub.listen(
        visit.house,
        ("debate", actor.tenant_id, debate_id),
        lambda: _news(database, actor, debate_id),
        token=token_of(request),
        before=_missed(database, actor, debate_id, since),
    )
    return stream(events)


def _new_debate(body: WantedDebate) -> debates.NewDebate:
    named: dict[str, int] = {}
    participants = []
    for each in body.participants:
        named[each.model] = number = named.get(each.model, 0) + 1
        name = each.name or (each.model if number == 1 else f"{each.model} #{number}")
        participants.append(Participant(name, each.model, Decimal(str(each.weight)), each.role, each.position))
    return debates.NewDebate(
        topic=body.topic,
        participants=participants,
        rounds=body.rounds,
        method=body.method,
        positions=tuple(body.positions),
        description=body.details,
        moderator=body.moderator,
        when_below=None if body.when_below is None else Decimal(str(body.when_below)),
        in_turn=body.in_turn,
    )


async def _news(database: Database, actor: Actor, debate_id: UUID) -> AsyncIterator[Event]:
    async for each in debating.follow(database, actor, debate_id):
        if isinstance(each, Turn):
            yield _turn(each)
        else:
            yield _state("debate", each)
            if each.has_ended:
                yield _state("end", each)


async def _missed(database: Database, actor: Actor, debate_id: UUID, since: datetime) -> AsyncIterator[Event]:
    for each in await debating.catch_up(database, actor, debate_id, since):
        yield _turn(each)


def _state(kind: str, debate: Debate) -> Event:
    return Event(kind, json_bytes(debate_document(debate)), is_state=kind == "debate")


def _turn(turn: Turn) -> Event:
    microseconds = 0 if turn.created_at is None else round(turn.created_at.timestamp() * 1_000_000)
    place = f"{microseconds}-{turn.round_number}-{turn.turn_number}"
    return Event("turn", json_bytes(turn_document(turn)), id=place)


def _time_of(event_id: str) -> datetime:
    microseconds, _, _ = event_id.partition("-")
    try:
        return max(datetime.fromtimestamp(int(microseconds) / 1_000_000, UTC), debating.BEGINNING)
    except (ValueError, OverflowError, OSError):
        raise EventIdUnusable(event_id) from None
