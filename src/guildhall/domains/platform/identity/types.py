"""People, teams, and what they show to be let in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Role(StrEnum):
    """What somebody is in a team, from the most to the least."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


class Action(StrEnum):
    """What can be done in a team."""

    READ = "read"
    WRITE = "write"
    MAKE_KEYS = "make_keys"
    MANAGE_MEMBERS = "manage_members"
    MANAGE_SECRETS = "manage_secrets"
    MANAGE_OWNERS = "manage_owners"
    ARCHIVE_TEAM = "archive_team"
    ERASE_TEAM = "erase_team"


class Scope(StrEnum):
    """What a key may be used for; a key without scopes may be used for all that its person may do."""

    READ = "read"
    WRITE = "write"
    MODELS = "models"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is in the team they act for; administrators keep the whole installation."""

    role: Role | None
    is_administrator: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """A person; `teams` maps the slugs of their teams to their roles, where whoever asks may know them."""

    id: UUID
    username: str
    email: str
    is_administrator: bool
    is_active: bool
    default_key_id: UUID | None
    last_login_at: datetime | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    has_password: bool
    teams: Mapping[str, Role]


@dataclass(frozen=True, slots=True)
class Team:
    """A tenant; `role` is what whoever asks is in it."""

    id: UUID
    name: str
    slug: str
    is_active: bool
    members: int
    role: Role | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    erased_at: datetime | None


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a team."""

    user_id: UUID
    username: str
    email: str
    role: Role
    is_active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody who was asked to join."""

    id: UUID
    email: str
    role: Role
    invited_by: UUID
    expires_at: datetime
    created_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An invitation with its token, which is shown this once."""

    id: UUID
    email: str
    role: Role
    expires_at: datetime
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Key:
    """What may be known of an API key; `id` is its public id."""

    id: UUID
    user_id: UUID
    username: str | None
    name: str | None
    scopes: Sequence[str]
    rate_limit: int | None
    last_used_at: datetime | None
    expires_at: datetime | None
    created_at: datetime
    is_active: bool
    revoked_at: datetime | None
    is_default: bool


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key with its text, which is shown this once."""

    id: UUID
    name: str | None
    scopes: Sequence[str]
    rate_limit: int | None
    expires_at: datetime | None
    created_at: datetime
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody's being signed in."""

    id: UUID
    status: str
    ip_address: str | None
    user_agent: str | None
    request_count: int
    last_activity: datetime
    expires_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Conversation:
    """
    A session that somebody's programs name: calls of models are tied to it.

    `status` is active, expired or revoked; `expires_at` moves on with each
    call, up to `ends_at`. `context` is what the programs keep there.
    """

    id: UUID
    name: str
    status: str
    context: Mapping[str, Any]
    request_count: int
    last_activity: datetime
    expires_at: datetime
    ends_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Preferences:
    """How somebody likes things shown."""

    preferred_locale: str = "en-US"
    preferred_region: str | None = None
    preferred_currency: str = "USD"
    favorite_models: Sequence[UUID] = ()
    display_preferences: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that a team keeps, without what it is."""

    id: UUID
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Rotation:
    """How many secrets were sealed anew, and which could not be opened."""

    resealed: int
    unreadable: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Erasure:
    """Somebody, or a team, who is gone; `audit_rows` is how many rows of the audit were emptied."""

    id: UUID
    audit_rows: int
