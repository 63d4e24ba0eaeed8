"""`/v1/gateway/sessions`: the sessions that one's programs name, what they keep there, and the calls that were made in them."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from guildhall.api.frame.lists import Items, ListWanted, answer_list
from guildhall.api.frame.moments import Moment
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Reading, Speaking
from guildhall.app.documents.sessions import (
    ConversationDocument,
    ConversationStoryDocument,
    conversation_document,
    conversation_story_document,
)
from guildhall.domains.gateway import requests
from guildhall.domains.platform import identity

router = APIRouter(prefix="/sessions", tags=["gateway"], route_class=Route)

_CALLS = 20

ConversationId = Annotated[
    UUID, Path(description="A session's id, as the header `x-guildhall-session` of an answer says it.")
]


@router.get("", response_model=Items[ConversationDocument])
async def list_named_sessions(
    visit: Reading,
    want: ListWanted,
    name: Annotated[str | None, Query(max_length=255, description="The one that is called so.")] = None,
    q: Annotated[str | None, Query(max_length=200, description="Those with this text in their name.")] = None,
    status: Annotated[list[Literal["active", "expired", "revoked"]] | None, Query(max_length=10)] = None,
    created_after: Moment | None = None,
    created_before: Moment | None = None,
) -> Response:
    """List one's own named sessions in the team, the one used last first, those that have ended too."""
    return await answer_list(
        visit,
        want,
        identity.CONVERSATIONS,
        identity.page_conversations,
        {"name": name, "q": q, "status": status, "created_after": created_after, "created_before": created_before},
        conversation_document,
        tuple(ConversationDocument.__annotations__),
    )


@router.get("/{session}", response_model=ConversationStoryDocument)
async def get_named_session(visit: Reading, session: ConversationId) -> Response:
    """One of one's own named sessions, with what is kept there and its newest calls."""
    async with visit.transaction() as tx:
        found = await identity.find_conversation(tx, session)
        page = await requests.page_calls(tx, {"session_id": found.id}, requests.CALLS.order(), at_most=_CALLS)
    return visit.found(conversation_story_document(found, page.items))


@router.delete("/{session}", status_code=204, response_class=Response)
async def end_named_session(visit: Speaking, session: ConversationId) -> Response:
    """End one of one's own named sessions for good: calls in it are refused from now on; those that were made stay."""
    async with visit.transaction(personal=True) as tx:
        found = await identity.find_conversation(tx, session)
        await identity.end_conversation(tx, found.name)
        return await visit.gone(tx)
