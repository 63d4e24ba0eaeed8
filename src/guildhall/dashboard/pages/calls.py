"""Calls of models: what was asked, and what came back?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from guildhall.api.frame.answers import json_bytes
from guildhall.api.frame.visits import Reading
from guildhall.app.figures import count, duration, money
from guildhall.dashboard.frame.lists import Listed, ListWanted, listed
from guildhall.dashboard.frame.tables import Column
from guildhall.dashboard.frame.texts import shown
from guildhall.dashboard.frame.views import Page, number, render
from guildhall.dashboard.pages.trajectories import Step
from guildhall.dashboard.votes import VoteShown, decided
from guildhall.domains.gateway import ensembles, requests, traffic
from guildhall.domains.gateway.requests import Call, Story
from guildhall.domains.gateway.requests import Response as Answered
from guildhall.domains.gateway.traffic import LatestCalls, SealedRow
from guildhall.errors import NotFound

router = APIRouter(route_class=Page, include_in_schema=False)

_EXPORT = "/v1/gateway/requests"
_STATUSES = ("running", "completed", "failed")
_CALLERS = ("agent", "user", "judge", "analyst")
_MESSAGES = 200
_ROLES = {"assistant": ("agent", "Assistant"), "user": ("user", "User"), "tool": ("result", "Result of a tool")}


class PartNotFound(NotFound):
    """A call has no such message or answer."""

    code = "part_not_found"

    def __init__(self, what: str, number: int, of: int) -> None:
        super().__init__(f"the call has no {what} {number}, it has {of}", field=what, value=number)


@dataclass(frozen=True, slots=True)
class ListPage:
    """The team's calls, and by what they can be narrowed down."""

    sentence: str
    table: Listed[Call]
    status: str | None
    model: str | None
    error_code: str | None
    statuses: Sequence[str]
    role: str | None
    roles: Sequence[str]
    within: Sequence[Within]


@dataclass(frozen=True, slots=True)
class Within:
    """Whose calls a list is narrowed down to by its address: kept when the form is sent."""

    name: str
    value: str
    says: str
    href: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, ready to be shown."""

    answer: Answered
    said: Step


@dataclass(frozen=True, slots=True)
class CallPage:
    """One call."""

    call: Call
    sentence: str
    took_ms: float | None
    first_byte_ms: int | None
    messages: Sequence[Step]
    messages_left_out: int
    params: str
    attempts: Sequence[Attempt]
    seals: Sequence[SealedRow]
    vote: VoteShown | None
    json: str


def _prompt(call: Call) -> str:
    text = shown(" ".join(call.prompt.split()), 90)[0]
    return text or "not kept"


def _took_ms(call: Call) -> float | None:
    return None if call.completed_at is None else (call.completed_at - call.created_at) / timedelta(milliseconds=1)


_COLUMNS: Sequence[Column[Call]] = (
    Column("prompt", "Asked", _prompt, href=lambda each: f"/requests/{each.id}"),
    Column("created_at", "When", lambda each: each.created_at, "time"),
    Column("model", "Model", lambda each: each.model),
    Column("provider_name", "Sent to", lambda each: each.provider_name or None),
    Column("status", "Status", lambda each: each.error_code or each.status),
    Column("tokens_prompt", "Tokens in", lambda each: each.tokens_prompt, "number"),
    Column("tokens_completion", "Tokens out", lambda each: each.tokens_completion, "number"),
    Column("cost_usd", "Cost", lambda each: each.cost_usd, "money"),
    Column("took", "Time", _took_ms, "duration"),
)


@router.get("/requests")
async def list_calls(
    visit: Reading,
    request: Request,
    want: ListWanted,
    status: Annotated[str | None, Query(pattern="^(pending|running|completed|failed)?$")] = None,
    model: Annotated[str | None, Query(max_length=255)] = None,
    error_code: Annotated[str | None, Query(max_length=100)] = None,
    role: Annotated[str | None, Query(pattern="^(agent|user|judge|analyst)?$")] = None,
    api_key_id: UUID | None = None,
    session_id: UUID | None = None,
    simulation_id: UUID | None = None,
    outcome_id: UUID | None = None,
) -> Response:
    """What was asked of models, newest first."""
    filters = {
        "status": status or None,
        "model": model or None,
        "error_code": error_code or None,
        "role": role or None,
        "api_key_id": api_key_id,
        "session_id": session_id,
        "simulation_id": simulation_id,
        "outcome_id": outcome_id,
    }
    async with visit.transaction() as tx:
        latest = await traffic.latest_calls(tx)
    table = await listed(
        visit,
        request,
        want,
        requests.CALLS,
        requests.page_calls,
        filters,
        _COLUMNS,
        caption="Calls of models",
        exported_at=_EXPORT,
    )
    page = ListPage(
        _list_sentence(latest), table, status, model, error_code, _STATUSES, role, _CALLERS, _within(filters)
    )
    return render(request, "calls.html", page, visit=visit)


@router.get("/requests/{request_id}")
async def one_call(visit: Reading, request: Request, request_id: UUID) -> Response:
    """One call: what was said, what each attempt brought, what it cost, and whether it is sealed."""
    async with visit.transaction() as tx:
        story = await requests.get_story(tx, request_id)
        seals = await traffic.sealed_rows(tx, request_id, story.call.created_at)
        record = await ensembles.find_record(tx, request_id)
    messages = _listed(story.messages)
    given = [each for each in story.responses if each.selected and each.error_code is None]
    page = CallPage(
        call=story.call,
        sentence=_sentence(story),
        took_ms=_took_ms(story.call),
        first_byte_ms=given[-1].time_to_first_byte if given else None,
        messages=[
            _message(request_id, number, messages[number])
            for number in range(max(len(messages) - _MESSAGES, 0), len(messages))
        ],
        messages_left_out=max(len(messages) - _MESSAGES, 0),
        params=shown(_written(story.params), 4_000)[0] if story.params else "",
        attempts=[_attempt(request_id, number, each) for number, each in enumerate(story.responses)],
        seals=seals,
        vote=None if record is None else decided(record, story.responses),
        json=f"{_EXPORT}/{request_id}",
    )
    return render(request, "call.html", page, visit=visit)


@router.get("/requests/{request_id}/messages/{number}")
async def one_message(visit: Reading, request_id: UUID, number: int) -> Response:
    """A message whole, as a file: a browser runs nothing of it."""
    async with visit.transaction() as tx:
        messages = _listed((await requests.get_story(tx, request_id)).messages)
    if not 0 <= number < len(messages):
        raise PartNotFound("message", number, len(messages))
    return _file(request_id, "message", number, messages[number])


@router.get("/requests/{request_id}/answers/{number}")
async def one_answer(visit: Reading, request_id: UUID, number: int) -> Response:
    """What came of one attempt, whole, as a file."""
    async with visit.transaction() as tx:
        answers = (await requests.get_story(tx, request_id)).responses
    if not 0 <= number < len(answers):
        raise PartNotFound("answer", number, len(answers))
    return _file(request_id, "answer", number, asdict(answers[number]))


def _file(request_id: UUID, what: str, number: int, content: Any) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{request_id.hex[-6:]}-{what}-{number}.json"',
        "Cache-Control": "no-store",
    }
    return Response(json_bytes(content), 200, headers, "application/json")


def _listed(value: Any) -> list[Any]:
    """A list, whatever stands in its place."""
    return value if isinstance(value, list) else []


def _message(request_id: UUID, number: int, message: Any) -> Step:
    whole = f"/requests/{request_id}/messages/{number}"
    if not isinstance(message, Mapping):
        text, left_out = shown(_written(message))
        return Step(number, "user", "Said", "", text, left_out, (), whole, False)
    role = str(message.get("role") or message.get("type") or "message")
    css, who = _ROLES.get(role, ("", role[:40].capitalize()))
    content = message.get("content")
    if not isinstance(content, str):
        content = {name: value for name, value in message.items() if name != "role"}
    elif set(message) - {"role", "content"}:
        rest = {name: value for name, value in message.items() if name not in ("role", "content")}
        content = f"{content}\n{_written(rest)}"
    text, left_out = shown(_written(content))
    return Step(number, css, shown(who, 40)[0], "", text, left_out, (), whole, False)


def _attempt(request_id: UUID, number: int, answer: Answered) -> Attempt:
    failed = answer.error_code is not None
    said = answer.content or answer.error_message or _written(answer.raw_response)
    text, left_out = shown(said)
    whole = f"/requests/{request_id}/answers/{number}"
    who = shown(answer.provider_name, 100)[0]
    return Attempt(
        answer,
        Step(number, "error" if failed else "agent", who, "", text, left_out, _notes(answer), whole, failed),
    )


def _notes(answer: Answered) -> list[str]:
    notes = []
    if answer.time_to_first_byte is not None:
        notes.append(f"first byte after {duration(answer.time_to_first_byte)}")
    if answer.response_time is not None:
        notes.append(f"all after {duration(answer.response_time)}")
    if answer.tokens_prompt is not None:
        notes.append(f"{number(answer.tokens_prompt)} + {number(answer.tokens_completion)} tokens")
    notes.append(f"cost {money(answer.cost_usd)}")
    return notes


def _written(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1, default=str)


def _within(filters: Mapping[str, Any]) -> list[Within]:
    words = {
        "api_key_id": ("with one API key", None),
        "session_id": ("in one session", "/conversations/"),
        "simulation_id": ("for one simulation", "/simulations/"),
        "outcome_id": ("behind one trial", "/outcomes/"),
    }
    return [
        Within(name, str(filters[name]), says, place and f"{place}{filters[name]}")
        for name, (says, place) in words.items()
        if filters[name] is not None
    ]


def _list_sentence(latest: LatestCalls) -> str:
    if not latest.calls or latest.since is None:
        return "No model was called yet; `guildhall gateway serve` answers programs, and everything is on record here."
    said = f"Of the latest {count(latest.calls, 'call')}, since {latest.since:%Y-%m-%d %H:%M}, {latest.failed:,} failed"
    if latest.running:
        said += f" and {latest.running:,} go on"
    said += f"; they cost {money(latest.cost_usd)}" if latest.priced else "; what they cost is unknown"
    unpriced = latest.calls - latest.failed - latest.running - latest.priced
    return f"{said}, and of {unpriced:,} it is not known." if latest.priced and unpriced > 0 else f"{said}."


def _sentence(story: Story) -> str:
    call = story.call
    attempts = count(len(story.responses), "attempt")
    if call.status in ("pending", "running"):
        return f"It goes on, after {attempts}."
    took = duration(_took_ms(call))
    if call.error_code is not None:
        return f"It failed with {call.error_code} after {took} and {attempts}: {call.error_message or ''}"
    ends = [
        each.finish_reason for each in story.responses if each.selected and not each.error_code and each.finish_reason
    ]
    ended = f" ({ends[-1]})" if ends else ""
    return f"It was answered{ended} after {took}, in {attempts}, for {money(call.cost_usd)}."
