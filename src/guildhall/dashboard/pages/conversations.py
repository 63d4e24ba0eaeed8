"""Sessions that one's programs name: what goes on, what is kept there, and which calls were made in it?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from guildhall.api.frame.visits import Reading, Speaking
from guildhall.app.figures import count, money
from guildhall.dashboard.frame.forms import form
from guildhall.dashboard.frame.lists import Listed, ListWanted, listed
from guildhall.dashboard.frame.tables import Column
from guildhall.dashboard.frame.texts import shown
from guildhall.dashboard.frame.views import Page, link, render, see_other
from guildhall.domains.gateway import requests
from guildhall.domains.gateway.requests import Call
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Conversation

router = APIRouter(route_class=Page, include_in_schema=False)

_EXPORT = "/v1/gateway/sessions"
_STATUSES = ("active", "expired", "revoked")
_COUNTED = 1_000
_CALLS = 50
_CONTEXT = 20_000
_PROMPT = 90


@dataclass(frozen=True, slots=True)
class ListPage:
    """One's own sessions, and by what they can be narrowed down."""

    sentence: str
    table: Listed[Conversation]
    q: str | None
    status: str | None
    statuses: Sequence[str]


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call in a session."""

    call: Call
    prompt: str


@dataclass(frozen=True, slots=True)
class SessionPage:
    """One session."""

    session: Conversation
    sentence: str
    context: str | None
    context_left_out: int
    calls: Sequence[CallRow]
    every_call: str
    json: str


_COLUMNS: Sequence[Column[Conversation]] = (
    Column("name", "Session", lambda each: each.name, href=lambda each: f"/conversations/{each.id}"),
    Column("status", "Status", lambda each: each.status),
    Column("request_count", "Calls", lambda each: each.request_count, "number"),
    Column("last_activity", "Last used", lambda each: each.last_activity, "time"),
    Column("expires_at", "Ends unless used", lambda each: each.expires_at, "time"),
    Column("created_at", "Begun", lambda each: each.created_at, "time"),
)


@router.get("/conversations")
async def list_conversations(
    visit: Reading,
    request: Request,
    want: ListWanted,
    q: Annotated[str | None, Query(max_length=200)] = None,
    status: Annotated[str | None, Query(pattern="^(active|expired|revoked)?$")] = None,
) -> Response:
    """What goes on in one's own sessions, the one used last first."""
    async with visit.transaction() as tx:
        active = len(await identity.list_conversations(tx, at_most=_COUNTED))
    table = await listed(
        visit,
        request,
        want,
        identity.CONVERSATIONS,
        identity.page_conversations,
        {"q": q or None, "status": [status] if status else None},
        _COLUMNS,
        caption="Sessions",
        exported_at=_EXPORT,
    )
    return render(
        request, "conversations.html", ListPage(_list_sentence(active), table, q, status, _STATUSES), visit=visit
    )


@router.get("/conversations/{session_id}")
async def one_conversation(visit: Reading, request: Request, session_id: UUID) -> Response:
    """One session: what is kept there, and its newest calls."""
    async with visit.transaction() as tx:
        session = await identity.find_conversation(tx, session_id)
        calls = await requests.page_calls(tx, {"session_id": session.id}, requests.CALLS.order(), at_most=_CALLS)
    written = json.dumps(session.context, ensure_ascii=False, indent=1) if session.context else None
    context, left_out = (None, 0) if written is None else shown(written, _CONTEXT)
    page = SessionPage(
        session,
        _sentence(session, calls.items),
        context,
        left_out,
        [CallRow(each, shown(" ".join(each.prompt.split()), _PROMPT)[0] or "not kept") for each in calls.items],
        link("/requests", session_id=session.id),
        f"{_EXPORT}/{session.id}",
    )
    return render(request, "conversation.html", page, visit=visit)


@router.post("/conversations/{session_id}/end")
async def end_conversation(visit: Speaking, request: Request, session_id: UUID) -> Response:
    """End one of one's own sessions for good."""
    await form(request)
    async with visit.transaction(personal=True) as tx:
        found = await identity.find_conversation(tx, session_id)
        await identity.end_conversation(tx, found.name)
        await visit.done(tx, None, status=204)
    return see_other(f"/conversations/{session_id}")


def _list_sentence(active: int) -> str:
    if not active:
        return "None of your sessions goes on; a program begins one with the header x-guildhall-session and a name."
    more = "more than " if active == _COUNTED else ""
    return f"{more}{count(active, 'session')} of yours {'goes' if active == 1 else 'go'} on.".capitalize()


def _sentence(session: Conversation, calls: Sequence[Call]) -> str:
    ended = {"expired": "It has expired", "revoked": "It was ended"}.get(session.status)
    said = ended or f"It goes on until {session.expires_at:%Y-%m-%d %H:%M}, and longer with each call"
    said += f", after {count(session.request_count, 'call')}"
    # Not every call of a long one is here, and what some cost is not known: then no sum is said.
    whole = [each.cost_usd for each in calls if each.cost_usd is not None]
    if calls and len(whole) == len(calls) >= session.request_count:
        said += f" that cost {money(sum(whole))}"
    return f"{said}."
