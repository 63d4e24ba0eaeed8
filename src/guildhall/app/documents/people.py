"""People, teams and who asks, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.app.documents import described
from guildhall.db import Actor
from guildhall.domains.platform.identity import (
    Caller,
    Erasure,
    Invitation,
    Member,
    NewInvitation,
    Preferences,
    Role,
    Session,
    SignedIn,
    Team,
    User,
)


@described
class UserDocument(TypedDict):
    """A person."""

    id: UUID
    username: str
    email: str
    is_administrator: bool
    """Whether they keep the installation."""
    is_active: bool
    default_key_id: str | None
    has_password: bool
    teams: Mapping[str, Role]
    """What they are in each of their teams, by its slug, where whoever asks may know it."""
    last_login_at: datetime | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    """Since when they are archived."""


def user_document(user: User) -> UserDocument:
    """A person."""
    return {
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "is_administrator": user.is_administrator,
        "is_active": user.is_active,
        "default_key_id": user.default_key_id.hex if user.default_key_id else None,
        "has_password": user.has_password,
        "teams": dict(user.teams),
        "last_login_at": user.last_login_at,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "deleted_at": user.deleted_at,
    }


@described
class TeamDocument(TypedDict):
    """A team."""

    id: UUID
    name: str
    slug: str
    is_active: bool
    members: int
    role: Role | None
    """What whoever asks is in it."""
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    """Since when it is archived."""
    erased_at: datetime | None
    """When its erasure was begun."""


def team_document(team: Team) -> TeamDocument:
    """A team."""
    return {
        "id": team.id,
        "name": team.name,
        "slug": team.slug,
        "is_active": team.is_active,
        "members": team.members,
        "role": team.role,
        "created_at": team.created_at,
        "updated_at": team.updated_at,
        "deleted_at": team.deleted_at,
        "erased_at": team.erased_at,
    }


@described
class MemberDocument(TypedDict):
    """A person in a team."""

    user_id: UUID
    username: str
    email: str
    role: Role
    is_active: bool
    created_at: datetime
    """Since when they are in it."""


def member_document(member: Member) -> MemberDocument:
    """A person in a team."""
    return {
        "user_id": member.user_id,
        "username": member.username,
        "email": member.email,
        "role": member.role,
        "is_active": member.is_active,
        "created_at": member.created_at,
    }


class OpenInvitationDocument(TypedDict):
    """Somebody whom a team has asked to join."""

    id: UUID
    email: str
    role: Role
    expires_at: datetime


def open_invitation_document(invitation: Invitation) -> OpenInvitationDocument:
    """Somebody whom a team has asked to join."""
    return {
        "id": invitation.id,
        "email": invitation.email,
        "role": invitation.role,
        "expires_at": invitation.expires_at,
    }


class InvitationDocument(OpenInvitationDocument):
    """An invitation, and what has become of it."""

    invited_by: UUID
    created_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None


def invitation_document(invitation: Invitation) -> InvitationDocument:
    """An invitation, and what has become of it."""
    return {
        **open_invitation_document(invitation),
        "invited_by": invitation.invited_by,
        "created_at": invitation.created_at,
        "accepted_at": invitation.accepted_at,
        "revoked_at": invitation.revoked_at,
    }


@described
class NewInvitationDocument(OpenInvitationDocument):
    """A new invitation."""

    token: str
    """All that whoever was invited needs; shown this once."""


def new_invitation_document(invitation: NewInvitation) -> NewInvitationDocument:
    """A new invitation."""
    return {
        "id": invitation.id,
        "email": invitation.email,
        "role": invitation.role,
        "expires_at": invitation.expires_at,
        "token": invitation.token,
    }


class JoinedDocument(TypedDict):
    """Somebody who has joined a team."""

    user_id: UUID
    team: str
    role: Role


def joined_document(actor: Actor, team: str, role: Role) -> JoinedDocument:
    """Somebody who has joined the team of a slug."""
    return {"user_id": actor.user_id, "team": team, "role": role}


@described
class ErasureDocument(TypedDict):
    """A person who is gone for good."""

    id: UUID
    erased: bool
    audit_rows: int
    """How many rows of the audit were emptied of them."""


def erasure_document(erasure: Erasure) -> ErasureDocument:
    """Somebody who is gone for good."""
    return {"id": erasure.id, "erased": True, "audit_rows": erasure.audit_rows}


@described
class TeamErasureDocument(TypedDict):
    """A team that is gone for good."""

    id: UUID
    erased: bool
    rows: Mapping[str, int]
    """How many of its rows were deleted, by table."""
    audit_rows: int


def team_erasure_document(erasure: Erasure, rows: Mapping[str, int]) -> TeamErasureDocument:
    """A team that is gone for good, with how many of its rows were deleted from each table."""
    return {"id": erasure.id, "erased": True, "rows": rows, "audit_rows": erasure.audit_rows}


@described
class SessionDocument(TypedDict):
    """Somebody's being signed in."""

    id: UUID
    status: str
    is_current: bool
    """Whether it is the one that asks."""
    ip_address: str | None
    user_agent: str | None
    request_count: int
    last_activity: datetime
    expires_at: datetime
    created_at: datetime


def session_document(session: Session, *, current: UUID | None) -> SessionDocument:
    """Somebody's being signed in; `current` is the session that asks."""
    return {
        "id": session.id,
        "status": session.status,
        "is_current": session.id == current,
        "ip_address": session.ip_address,
        "user_agent": session.user_agent,
        "request_count": session.request_count,
        "last_activity": session.last_activity,
        "expires_at": session.expires_at,
        "created_at": session.created_at,
    }


@described
class SignedInDocument(TypedDict):
    """A new session."""

    id: UUID
    token: str
    """To be sent as `Authorization: Bearer …`; shown this once."""
    user_id: UUID
    tenant_id: UUID
    role: Role | None
    is_administrator: bool
    expires_at: datetime | None


def signed_in_document(signed_in: SignedIn) -> SignedInDocument:
    """A new session."""
    caller = signed_in.caller
    assert caller.session_id is not None  # whoever signs in has one
    return {
        "id": caller.session_id,
        "token": signed_in.token,
        "user_id": caller.user_id,
        "tenant_id": caller.tenant_id,
        "role": caller.standing.role,
        "is_administrator": caller.standing.is_administrator,
        "expires_at": caller.expires_at,
    }


@described
class CallerDocument(TypedDict):
    """Whoever asks."""

    user: UserDocument
    team: TeamDocument
    """The team that they act for."""
    role: Role | None
    is_administrator: bool
    scopes: Sequence[str]
    """What their key may be used for; all that they may do where there are none."""
    session_id: UUID | None
    key_id: str | None
    key_name: str | None
    rate_limit: int | None
    """How many requests the key may make in an hour."""
    expires_at: datetime | None


def caller_document(caller: Caller, user: User, team: Team) -> CallerDocument:
    """Whoever asks, and the team that they act for."""
    return {
        "user": user_document(user),
        "team": team_document(team),
        "role": caller.standing.role,
        "is_administrator": caller.standing.is_administrator,
        "scopes": list(caller.scopes),
        "session_id": caller.session_id,
        "key_id": caller.key_id.hex if caller.key_id else None,
        "key_name": caller.key_name,
        "rate_limit": caller.rate_limit,
        "expires_at": caller.expires_at,
    }


class PreferencesDocument(TypedDict):
    """How somebody likes things shown."""

    preferred_locale: str
    preferred_region: str | None
    preferred_currency: str
    favorite_models: Sequence[UUID]
    display_preferences: Mapping[str, Any]


def preferences_document(preferences: Preferences) -> PreferencesDocument:
    """How somebody likes things shown."""
    return {
        "preferred_locale": preferences.preferred_locale,
        "preferred_region": preferences.preferred_region,
        "preferred_currency": preferences.preferred_currency,
        "favorite_models": list(preferences.favorite_models),
        "display_preferences": preferences.display_preferences,
    }
