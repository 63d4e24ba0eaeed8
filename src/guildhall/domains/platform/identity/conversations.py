"""Sessions that somebody's programs name: what calls of models are tied to, and where a conversation's context is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from guildhall.algorithms import sanitise
from guildhall.db import Tx
from guildhall.domains.platform.identity import store
from guildhall.domains.platform.identity.errors import (
    ConversationEnded,
    ConversationNotFound,
    IdentityRefused,
    TooManyConversations,
)
from guildhall.domains.platform.identity.listings import CONVERSATIONS, page_conversations
from guildhall.domains.platform.identity.types import Conversation

IDLE = timedelta(days=1)
LONGEST = timedelta(days=90)
MOST_OPEN = 10_000
"""So many sessions with names a person can have going on in a team."""

_LONGEST_NAME = 255
_LARGEST_CONTEXT = 65_536


async def use_conversation(tx: Tx, name: str, *, requests: int = 1, idle: timedelta = IDLE) -> Conversation:
    """
    One's own session of that name in the team, begun if there was none; it counts the requests and goes on for `idle`.

    `idle` is what a new one gets; one that is there keeps its own.

    Raises:
        IdentityRefused: It cannot be called that, or go on for so long.
        ConversationEnded: It has expired, or was ended.
        TooManyConversations: It would be a new one, and `MOST_OPEN` are going on.
    """
    if not timedelta(seconds=1) <= idle <= LONGEST:
        raise IdentityRefused("idle_s", idle.total_seconds(), f"from 1 to {LONGEST.total_seconds():.0f} seconds")
    found = await store.use_session(tx, _checked(name), requests, idle=idle, longest=LONGEST, most=MOST_OPEN)
    if found is None:
        raise TooManyConversations(name, MOST_OPEN)
    if found.status != "active":
        raise ConversationEnded(name, found.status)
    return found


async def get_conversation(tx: Tx, name: str) -> Conversation:
    """
    One's own session of that name, going on or not.

    Raises:
        IdentityRefused: None can be called that.
        ConversationNotFound: There is none.
    """
    found = await store.conversations(tx, _checked(name), with_ended=True, at_most=1)
    if not found:
        raise ConversationNotFound(name)
    return found[0]


async def find_conversation(tx: Tx, session_id: UUID) -> Conversation:
    """
    One's own session of an id, going on or not.

    Raises:
        ConversationNotFound: There is none, or it has no name.
    """
    page = await page_conversations(tx, {"id": session_id}, CONVERSATIONS.order(), at_most=1)
    if not page.items:
        raise ConversationNotFound(str(session_id))
    return page.items[0]


async def list_conversations(tx: Tx, *, with_ended: bool = False, at_most: int = 100) -> list[Conversation]:
    """One's own sessions that have names, the one used last first."""
    return await store.conversations(tx, None, with_ended=with_ended, at_most=at_most)


async def keep_context(tx: Tx, name: str, context: Mapping[str, Any]) -> None:
    """
    Keep a JSON object of at most 64 KB with a session, in place of what was kept there.

    Raises:
        IdentityRefused: It is longer, or cannot be kept.
        ConversationNotFound, ConversationEnded: There is none, or it has ended.
    """
    if not isinstance(context, Mapping):
        raise IdentityRefused("context", context, "a JSON object")
    packed = sanitise.to_json(context)
    if len(packed) > _LARGEST_CONTEXT:
        raise IdentityRefused("context", f"{len(packed)} bytes", f"at most {_LARGEST_CONTEXT} bytes of JSON")
    if not await store.keep_context(tx, _checked(name), packed):
        found = await get_conversation(tx, name)
        raise ConversationEnded(name, found.status)


async def end_conversation(tx: Tx, name: str) -> Conversation:
    """
    End a session of one's own, for good; ending it twice changes nothing.

    Raises:
        ConversationNotFound: There is none.
    """
    found = await get_conversation(tx, name)
    await store.revoke_sessions(tx, tx.actor.user_id, only_session=found.id)
    return await get_conversation(tx, name)


def _checked(name: str) -> str:
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise IdentityRefused("session", name[:_LONGEST_NAME], "1 to 255 visible characters")
    return name
