"""Debates: what did models settle, and how did one of them go, as it goes?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from guildhall.api.frame.events import Event, stream
from guildhall.api.frame.visits import Reading, token_of
from guildhall.app import debating
from guildhall.app.figures import count, duration, percent
from guildhall.dashboard.frame.lists import Listed, ListWanted, listed
from guildhall.dashboard.frame.tables import Column
from guildhall.dashboard.frame.texts import shown
from guildhall.dashboard.frame.views import Page, lines_fragment, render
from guildhall.db import Actor, Database
from guildhall.domains.gateway import debates
from guildhall.domains.gateway.debates import MODERATOR, Debate, DebateBallot, DebateStatus, Record, Turn

router = APIRouter(route_class=Page, include_in_schema=False)

Reference = Annotated[str, Path(max_length=100)]

_EXPORT = "/v1/gateway/debates"
_SHOWN = 2_000
_STOPS = {
    "rounds": "all rounds were held",
    "unanimous": "all agreed",
    "converged": "nobody changed their position any more",
    "silent": "nobody answered any more",
    "clear": "the first vote was clear",
}


@dataclass(frozen=True, slots=True)
class ListPage:
    """The team's debates."""

    sentence: str
    table: Listed[Debate]
    status: str | None
    statuses: Sequence[str]


@dataclass(frozen=True, slots=True)
class Said:
    """A turn, ready to be shown."""

    turn: Turn
    who: str
    text: str
    left_out: int
    failed: bool
    notes: Sequence[str]
    call: str | None


@dataclass(frozen=True, slots=True)
class Round:
    """A round: the first answers, or what was said after them."""

    title: str
    turns: Sequence[Said]


@dataclass(frozen=True, slots=True)
class Standing:
    """A position in both votes; None where there was none, or none yet."""

    position: str
    plain: float | None
    final: float | None
    won_plain: bool
    won_final: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A debate as far as it went."""

    debate: Debate
    sentence: str
    rounds: Sequence[Round]
    standings: Sequence[Standing]
    ballots: Sequence[tuple[DebateBallot, str]]
    votes: Sequence[tuple[str, Mapping[str, Any]]]
    stopped: str | None


@dataclass(frozen=True, slots=True)
class DebatePage:
    """One debate."""

    told: Told
    topic: str
    topic_left_out: int
    description: str
    code: Sequence[str]
    stream: str | None
    json: str


def _settled(debate: Debate) -> str | None:
    if debate.status is not DebateStatus.COMPLETED:
        return None
    return debate.final_winner if debate.final_winner is not None else "a tie"


def _changed(debate: Debate) -> str | None:
    result = debate.metadata.get("result")
    if not isinstance(result, Mapping):
        return None
    return "changed by it" if result.get("changed") else "as without it"


_COLUMNS: Sequence[Column[Debate]] = (
    Column(
        "topic",
        "Question",
        lambda each: shown(" ".join(each.topic.split()), 120)[0],
        href=lambda each: f"/debates/{each.id}",
    ),
    Column("status", "Status", lambda each: each.status.value),
    Column("winner", "Settled", _settled),
    Column("changed", "By the debate", _changed),
    Column("voting_method", "Vote", lambda each: each.method.value),
    Column("rounds", "Rounds", lambda each: f"{each.current_round} of {each.total_rounds}", "written"),
    Column("participants", "Participants", lambda each: len(each.participants), "number"),
    Column("created_at", "Asked", lambda each: each.created_at, "time"),
    Column("completed_at", "Ended", lambda each: each.completed_at, "time"),
)


@router.get("/debates")
async def list_debates(
    visit: Reading,
    request: Request,
    want: ListWanted,
    status: Annotated[str | None, Query(pattern="^(pending|active|completed|cancelled)?$")] = None,
) -> Response:
    """What models settled, newest first."""
    table = await listed(
        visit,
        request,
        want,
        debates.DEBATES,
        debates.page_debates,
        {"status": status or None},
        _COLUMNS,
        caption="Debates",
        exported_at=_EXPORT,
    )
    page = ListPage(_list_sentence(table.items, status), table, status, [each.value for each in DebateStatus])
    return render(request, "debates.html", page, visit=visit)


@router.get("/debates/{debate}")
async def one_debate(visit: Reading, request: Request, debate: Reference) -> Response:
    """How one debate goes, or went."""
    async with visit.transaction() as tx:
        record = await debates.get_record(tx, await debates.name_debate(tx, debate))
    topic, left_out = shown(record.debate.topic, 4_000)
    page = DebatePage(
        told=_told(record),
        topic=topic,
        topic_left_out=left_out,
        description=shown(record.debate.description or "", 4_000)[0],
        code=[
            f"commit {each.version_hash[:12]} on {each.branch}, tests {each.validation_status}" for each in record.code
        ],
        stream=None if record.debate.has_ended else f"/debates/{record.debate.id}/live",
        json=f"{_EXPORT}/{record.debate.id}",
    )
    return render(request, "debate.html", page, visit=visit)


@router.get("/debates/{debate}/live")
async def live_debate(visit: Reading, request: Request, debate: UUID) -> Response:
    """A debate as it goes: what was said, and how the votes stand."""
    async with visit.transaction() as tx:
        await debates.get_debate(tx, debate)
    database, actor = visit.house.app.database, replace(visit.caller.actor, reads_only=True)
    events = visit.house.hub.listen(
        visit.house,
        ("dashboard", "debate", actor.tenant_id, debate),
        lambda: _events(database, actor, debate),
        token=token_of(request),
    )
    return stream(events)


async def _events(database: Database, actor: Actor, debate_id: UUID) -> AsyncIterator[Event]:
    """`debate` with all that was said, whenever something was, and `end`; made once for all who look on."""
    async for each in debating.follow(database, actor, debate_id):
        async with database.transaction(actor) as tx:
            record = await debates.get_record(tx, debate_id)
        yield Event("debate", lines_fragment("debate_told.html", told=_told(record)), is_state=True)
        if isinstance(each, Debate) and each.has_ended:
            yield Event("end", b"over")


def _told(record: Record) -> Told:
    debate = record.debate
    result = debate.metadata.get("result")
    votes = [(name, result[name]) for name in ("plain", "final")] if isinstance(result, Mapping) else []
    rounds: dict[int, list[Turn]] = {}
    for turn in record.turns:
        rounds.setdefault(turn.round_number, []).append(turn)
    stopped = result.get("stopped") if isinstance(result, Mapping) else None
    return Told(
        debate=debate,
        sentence=_sentence(record),
        rounds=[
            Round("Alone" if not number else f"Round {number}", [_said(each) for each in turns])
            for number, turns in sorted(rounds.items())
        ],
        standings=_standings(debate, votes, record.turns),
        ballots=[(each, " › ".join(each.ranking) or "abstains") for each in record.ballots],
        votes=votes,
        stopped=_STOPS.get(str(stopped)) if stopped else None,
    )


def _standings(debate: Debate, votes: Sequence[tuple[str, Mapping[str, Any]]], turns: Sequence[Turn]) -> list[Standing]:
    """Positions with what each vote gave them; while it goes on, those that were taken."""
    counted = dict(votes)
    taken = [turn.position for turn in turns if turn.position]

    def score(vote: str, position: str) -> float | None:
        scores = counted.get(vote, {}).get("scores", {})
        value = scores.get(position)
        return float(value) if isinstance(value, int | float) else None

    return [
        Standing(
            position,
            score("plain", position),
            score("final", position),
            position in counted.get("plain", {}).get("winners", ()),
            position in counted.get("final", {}).get("winners", ()),
        )
        for position in dict.fromkeys([*debate.positions, *taken])
    ]


def _said(turn: Turn) -> Said:
    text, left_out = shown(turn.content, _SHOWN)
    failed = "error" in turn.raw_response
    notes = []
    if turn.confidence is not None:
        notes.append(f"claims to be {percent(float(turn.confidence))} sure")
    if turn.tokens_used is not None:
        notes.append(f"{turn.tokens_used:,} tokens")
    if turn.response_time_ms is not None:
        notes.append(duration(turn.response_time_ms))
    call = _uuid(turn.raw_response.get("request_id"))
    who = "Moderator" if turn.participant == MODERATOR else shown(turn.participant, 100)[0]
    return Said(turn, who, text, left_out, failed, notes, None if call is None else f"/requests/{call}")


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(str(value)) if value else None
    except ValueError:
        return None


def _list_sentence(items: Sequence[Debate], status: str | None) -> str:
    if not items:
        return (
            "No debate is so."
            if status
            else "No debate was held yet; `guildhall debate` and POST /v1/gateway/debates hold one."
        )
    going = sum(1 for each in items if not each.has_ended)
    over = [each for each in items if each.status is DebateStatus.COMPLETED]
    changed = sum(1 for each in over if _changed(each) == "changed by it")
    said = f"{count(going, 'debate')} {'goes' if going == 1 else 'go'} on" if going else "No debate goes on"
    return f"{said}; of the latest {len(over):,} that were settled, arguing changed {changed:,} against the plain vote before it."


def _sentence(record: Record) -> str:
    debate = record.debate
    match debate.status:
        case DebateStatus.PENDING:
            return "It waits for a worker."
        case DebateStatus.ACTIVE:
            spoken = count(len(record.turns), "turn")
            return f"It goes on: {spoken} so far, round {debate.current_round} of {debate.total_rounds}."
        case DebateStatus.CANCELLED:
            return f"It was called off: {debate.metadata.get('cancelled_because') or 'nobody says why'}."
    result = debate.metadata.get("result")
    result = result if isinstance(result, Mapping) else {}
    final, plain = result.get("final") or {}, result.get("plain") or {}
    if debate.final_winner is None:
        settled = f"It is a tie between {' and '.join(map(str, final.get('winners') or ['nobody']))}"
    else:
        settled = f"Settled: {debate.final_winner}, by {percent(float(final.get('lead') or 0.0))} of the vote"
    before = " and ".join(map(str, plain.get("winners") or ["nobody"]))
    return (
        f"{settled}; the plain vote before the debate {'gave ' + before if result.get('changed') else 'gave the same'}."
    )
