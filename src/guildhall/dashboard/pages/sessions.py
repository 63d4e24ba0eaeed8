"""One's own sessions: where am I signed in?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from guildhall.api.frame.visits import Reading, Speaking
from guildhall.app.figures import count, shortened
from guildhall.dashboard.frame.forms import form
from guildhall.dashboard.frame.lists import Listed, ListWanted, listed
from guildhall.dashboard.frame.tables import Column
from guildhall.dashboard.frame.views import Page, render, see_other
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Session

router = APIRouter(route_class=Page, include_in_schema=False)

_MOST = 100


@dataclass(frozen=True, slots=True)
class SessionsPage:
    """Where somebody is signed in, and was."""

    sentence: str
    active: Sequence[Session]
    current: UUID | None
    table: Listed[Session]
    status: str | None


_COLUMNS: Sequence[Column[Session]] = (
    Column("browser", "Browser", lambda each: shortened(each.user_agent or "unknown", 120)),
    Column("ip_address", "Address", lambda each: each.ip_address),
    Column("status", "Status", lambda each: each.status),
    Column("created_at", "Begun", lambda each: each.created_at, "time"),
    Column("last_activity", "Last used", lambda each: each.last_activity, "time"),
    Column("expires_at", "Ends", lambda each: each.expires_at, "time"),
)


@router.get("/sessions")
async def list_sessions(
    visit: Reading,
    request: Request,
    want: ListWanted,
    status: Annotated[str | None, Query(pattern="^[a-z]{0,10}$")] = None,
) -> Response:
    """Where whoever asks is signed in."""
    async with visit.transaction() as tx:
        active = await identity.list_sessions(tx, at_most=_MOST)
    table = await listed(
        visit,
        request,
        want,
        identity.SESSIONS,
        identity.page_sessions,
        {"status": [status] if status else None},
        _COLUMNS,
        caption="Sessions",
        exported_at="/v1/platform/sessions",
    )
    current = visit.caller.session_id
    here = "this one is one of them" if current is not None else "here you are signed in by an API key"
    sentence = f"{count(len(active), 'session')} of yours {'goes' if len(active) == 1 else 'go'} on; {here}."
    return render(request, "sessions.html", SessionsPage(sentence, active, current, table, status), visit=visit)


@router.post("/sessions/end")
async def end_session(visit: Speaking, request: Request) -> Response:
    """End one of one's own sessions: its cookie is worth nothing at once."""
    said = (await form(request)).get("session", "")
    try:
        session_id = UUID(said)
    except ValueError:
        raise identity.SessionNotFound(said[:100]) from None
    async with visit.transaction(personal=True) as tx:
        if not await identity.revoke_session(tx, session_id):
            raise identity.SessionNotFound(session_id)
        await visit.done(tx, None, status=204)
    return see_other("/sessions")
