"""Sessions that callers of models name, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.app.documents import described
from guildhall.app.documents.gateway import CallDocument, call_document
from guildhall.domains.gateway.requests import Call
from guildhall.domains.platform.identity import Conversation


@described
class ConversationDocument(TypedDict):
    """A session that a person's programs name, with what they keep there."""

    id: UUID
    name: str
    status: str
    """active, expired or revoked."""
    context: Mapping[str, Any]
    request_count: int
    last_activity: datetime
    expires_at: datetime
    """Moves on with each call, up to `ends_at`."""
    ends_at: datetime
    created_at: datetime


@described
class ConversationStoryDocument(ConversationDocument):
    """A session with the calls that were made in it."""

    calls: Sequence[CallDocument]
    """The newest ones; `GET /v1/gateway/requests?session_id=…` has all."""


def conversation_document(session: Conversation) -> ConversationDocument:
    """A session as JSON."""
    return {
        "id": session.id,
        "name": session.name,
        "status": session.status,
        "context": session.context,
        "request_count": session.request_count,
        "last_activity": session.last_activity,
        "expires_at": session.expires_at,
        "ends_at": session.ends_at,
        "created_at": session.created_at,
    }


def conversation_story_document(session: Conversation, calls: Sequence[Call]) -> ConversationStoryDocument:
    """A session and its newest calls as JSON."""
    return {**conversation_document(session), "calls": [call_document(each) for each in calls]}
