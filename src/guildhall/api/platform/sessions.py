"""`/v1/platform/sessions`, `/password` and `/me`: signing in, and who is signed in."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import ConfigDict, Field, StrictBool

from guildhall.api.frame.answers import json_bytes
from guildhall.api.frame.bodies import Body
from guildhall.api.frame.lists import Items, ListWanted, answer_list
from guildhall.api.frame.moments import Moment
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import COOKIE, Reading, Speaking, house_of, origin_of
from guildhall.app.documents.people import (
    CallerDocument,
    SessionDocument,
    SignedInDocument,
    caller_document,
    session_document,
    signed_in_document,
)
from guildhall.domains.platform import identity

sessions = APIRouter(prefix="/sessions", tags=["sessions"], route_class=Route)
own = APIRouter(tags=["sessions"], route_class=Route)

SessionId = Annotated[UUID, Path(description="A session's id.")]


class WantedSession(Body):
    """Who signs in."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"login": "ada", "password": "correct horse battery staple", "team": "pottery"}]
        }
    )

    login: Annotated[str, Field(max_length=255)]
    """A name, or an address of mail."""
    password: Annotated[str, Field(max_length=2048)]
    team: Annotated[str | None, Field(max_length=100)] = None
    """The slug of the team to act for; one's first one unless given."""
    cookie: StrictBool = False
    """Whether to set the cookie for a browser as well: HttpOnly, SameSite=Strict, and Secure over https."""


class WantedPassword(Body):
    """A password in the place of another."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"password": "correct horse battery staple", "new_password": "four words of my own"}]
        }
    )

    password: Annotated[str, Field(max_length=2048)]
    """The present one."""
    new_password: Annotated[str, Field(min_length=8, max_length=1024)]


@sessions.post("", status_code=201, response_model=SignedInDocument, openapi_extra={"x-open": ["401", "429"]})
async def sign_in(body: WantedSession, request: Request) -> Response:
    """Sign in with a password: the token in the answer is shown this once."""
    origin = origin_of(request)
    signed_in = await identity.sign_in(
        house_of(request).app.database,
        body.login,
        body.password,
        team=body.team,
        address=origin.address,
        user_agent=origin.user_agent,
    )
    document = signed_in_document(signed_in)
    headers = {"Location": f"/v1/platform/sessions/{document['id']}", "Cache-Control": "no-store"}
    response = Response(json_bytes(document), 201, headers, "application/json")
    if body.cookie:
        response.set_cookie(
            COOKIE,
            signed_in.token,
            max_age=int(identity.SESSION_LONGEST.total_seconds()),
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
    return response


@sessions.get("", response_model=Items[SessionDocument])
async def list_sessions(
    visit: Reading,
    want: ListWanted,
    status: Annotated[list[str] | None, Query(max_length=10)] = None,
    created_after: Moment | None = None,
    created_before: Moment | None = None,
) -> Response:
    """List one's own sessions in the team, newest first, those that have ended too."""
    current = visit.caller.session_id
    return await answer_list(
        visit,
        want,
        identity.SESSIONS,
        identity.page_sessions,
        {"status": status, "created_after": created_after, "created_before": created_before},
        lambda session: session_document(session, current=current),
        tuple(SessionDocument.__annotations__),
    )


@sessions.get("/{session_id}", response_model=SessionDocument)
async def get_session(visit: Reading, session_id: SessionId) -> Response:
    """One of one's own sessions."""
    async with visit.transaction() as tx:
        found = await identity.page_sessions(tx, {"id": session_id}, identity.SESSIONS.order())
    if not found.items:
        raise identity.SessionNotFound(session_id)
    return visit.found(session_document(found.items[0], current=visit.caller.session_id))


@sessions.delete("/{session_id}", status_code=204, response_class=Response)
async def end_session(visit: Speaking, session_id: SessionId) -> Response:
    """Sign out, here or elsewhere: its token is worth nothing at once."""
    async with visit.transaction(personal=True) as tx:
        if not await identity.revoke_session(tx, session_id):
            raise identity.SessionNotFound(session_id)
        response = await visit.gone(tx)
    if session_id == visit.caller.session_id:
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


@sessions.delete("", status_code=204, response_class=Response)
async def end_other_sessions(visit: Speaking) -> Response:
    """End all of one's own sessions but the one that asks."""
    async with visit.transaction(personal=True) as tx:
        await identity.revoke_sessions(tx, but=visit.caller.session_id)
        return await visit.gone(tx)


@own.get("/me", response_model=CallerDocument)
async def get_me(visit: Reading) -> Response:
    """Who asks, for which team, and what they may do."""
    async with visit.transaction() as tx:
        return visit.found(caller_document(visit.caller, await identity.get_self(tx), await identity.get_own_team(tx)))


@own.post("/password", status_code=204, response_class=Response, openapi_extra={"x-unrepeated": True})
async def change_password(body: WantedPassword, visit: Speaking) -> Response:
    """Change one's own password, knowing the present one: every session of the person ends, this one too."""
    database = visit.house.app.database
    # In transactions of its own: attempts count whether or not they succeed.
    async with database.transaction(visit.caller.person, visit.origin) as tx:
        person = await identity.get_self(tx)
    await identity.change_password(database, person.username, body.password, body.new_password)
    return Response(None, 204)
