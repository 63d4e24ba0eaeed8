"""The lists of this room, page by page: by what they can be sorted and filtered (`db.listing`)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from guildhall.db import Row, Tx, load_queries
from guildhall.db.listing import Filter, Listing, Match, Order, Page, fetch_page
from guildhall.domains.platform.identity import store
from guildhall.domains.platform.identity.types import Conversation, Invitation, Key, Member, Secret, Session, Team, User

T = TypeVar("T")

_queries = load_queries(__package__)


class GetPage(Protocol[T]):
    """Gives a page of a list."""

    def __call__(
        self,
        tx: Tx,
        filters: Mapping[str, Any],
        order: Order,
        *,
        after: Sequence[Any] | None = None,
        at_most: int = 100,
    ) -> Coroutine[Any, Any, Page[T]]: ...


def _paged(listing: Listing, made: Callable[[Row], T]) -> GetPage[T]:
    async def page(
        tx: Tx,
        filters: Mapping[str, Any],
        order: Order,
        *,
        after: Sequence[Any] | None = None,
        at_most: int = 100,
    ) -> Page[T]:
        return (await fetch_page(tx, listing, filters, order, after=after, at_most=at_most)).of(made)

    return page


_CREATED = {"created_after": Filter("created_at", Match.AT_LEAST), "created_before": Filter("created_at", Match.BELOW)}
_NEWEST = Order("created_at", descending=True)

USERS = Listing(
    _queries.every_user,
    key=("id",),
    orders={
        "username": Order("username"),
        "created_at": _NEWEST,
        "last_login_at": Order("last_login_at", nullable=True),
    },
    filters={
        "email": Filter("email"),
        "is_active": Filter("is_active"),
        "is_administrator": Filter("is_administrator"),
        **_CREATED,
    },
)
page_users: GetPage[User] = _paged(USERS, store.user_of)
"""Everybody for administrators, oneself for others."""

TEAMS = Listing(
    _queries.every_team,
    key=("id",),
    orders={"slug": Order("slug"), "name": Order("name"), "created_at": _NEWEST, "members": Order("members")},
    filters={"role": Filter("role", Match.ANY_OF), "is_active": Filter("is_active"), **_CREATED},
)
page_teams: GetPage[Team] = _paged(TEAMS, store.team_of)
"""All teams for administrators, one's own for others."""

MEMBERS = Listing(
    _queries.every_member,
    key=("user_id",),
    orders={"created_at": Order("created_at"), "username": Order("username")},
    filters={
        "user_id": Filter("user_id"),
        "email": Filter("email"),
        "role": Filter("role", Match.ANY_OF),
        "is_active": Filter("is_active"),
        **_CREATED,
    },
)
page_members: GetPage[Member] = _paged(MEMBERS, store.member_of)
"""Who is in the actor's team."""

INVITATIONS = Listing(
    _queries.every_invitation,
    key=("id",),
    orders={"created_at": _NEWEST, "expires_at": Order("expires_at"), "email": Order("email")},
    filters={
        "id": Filter("id"),
        "email": Filter("email"),
        "role": Filter("role", Match.ANY_OF),
        "is_open": Filter("is_open"),
        **_CREATED,
    },
)
page_invitations: GetPage[Invitation] = _paged(INVITATIONS, store.invitation_of)
"""Whom the actor's team has asked; nobody for those who may not invite."""

SESSIONS = Listing(
    _queries.every_session,
    key=("id",),
    orders={
        "created_at": _NEWEST,
        "last_activity": Order("last_activity", descending=True),
        "expires_at": Order("expires_at"),
    },
    filters={"id": Filter("id"), "status": Filter("status", Match.ANY_OF), **_CREATED},
)
page_sessions: GetPage[Session] = _paged(SESSIONS, lambda row: Session(**row))
"""One's own sessions in the team."""

CONVERSATIONS = Listing(
    _queries.every_conversation,
    key=("id",),
    orders={
        "last_activity": Order("last_activity", descending=True),
        "created_at": _NEWEST,
        "expires_at": Order("expires_at"),
        "name": Order("name"),
        "request_count": Order("request_count", descending=True),
    },
    filters={
        "id": Filter("id"),
        "name": Filter("name"),
        "q": Filter("name", Match.SAYS),
        "status": Filter("status", Match.ANY_OF),
        **_CREATED,
    },
)
page_conversations: GetPage[Conversation] = _paged(CONVERSATIONS, lambda row: Conversation(**row))
"""One's own sessions in the team that have names."""

KEYS = Listing(
    _queries.every_key,
    key=("id",),
    orders={
        "created_at": _NEWEST,
        "last_used_at": Order("last_used_at", nullable=True),
        "expires_at": Order("expires_at", nullable=True),
        "name": Order("name", nullable=True),
    },
    filters={
        "id": Filter("id"),
        "name": Filter("name"),
        "user": Filter("username"),
        "is_active": Filter("is_active"),
        **_CREATED,
    },
)
page_keys: GetPage[Key] = _paged(KEYS, lambda row: Key(**row))
"""One's own keys in the team; those of all for its owners and administrators."""

SECRETS = Listing(
    _queries.every_secret,
    key=("id",),
    orders={"created_at": _NEWEST, "updated_at": Order("updated_at", descending=True)},
    filters={"id": Filter("id"), **_CREATED},
)
page_secrets: GetPage[Secret] = _paged(SECRETS, lambda row: Secret(**row))
"""The secrets of the actor's team, without what they are."""
