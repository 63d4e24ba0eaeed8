"""API keys and secrets of teams, as JSON: never what they are, but for a new key, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.app.documents import described
from guildhall.domains.platform.identity import Key, NewKey, Rotation, Secret


@described
class KeyDocument(TypedDict):
    """What may be known of an API key."""

    id: str
    """Its public id, 32 hexadecimal digits."""
    name: str | None
    user: str | None
    scopes: Sequence[str]
    """What it may be used for; all that its person may do where there are none."""
    rate_limit: int | None
    """How many requests it may make in an hour."""
    is_default: bool
    is_active: bool
    last_used_at: datetime | None
    """To the minute."""
    expires_at: datetime | None
    revoked_at: datetime | None
    created_at: datetime


def key_document(key: Key) -> KeyDocument:
    """What may be known of an API key."""
    return {
        "id": key.id.hex,
        "name": key.name,
        "user": key.username,
        "scopes": list(key.scopes),
        "rate_limit": key.rate_limit,
        "is_default": key.is_default,
        "is_active": key.is_active,
        "last_used_at": key.last_used_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "created_at": key.created_at,
    }


@described
class NewKeyDocument(TypedDict):
    """A new API key."""

    id: str
    key: str
    """To be sent as `Authorization: Bearer …`; shown this once."""
    name: str | None
    scopes: Sequence[str]
    rate_limit: int | None
    expires_at: datetime | None
    created_at: datetime


def new_key_document(key: NewKey) -> NewKeyDocument:
    """A new API key."""
    return {
        "id": key.id.hex,
        "key": key.text,
        "name": key.name,
        "scopes": list(key.scopes),
        "rate_limit": key.rate_limit,
        "expires_at": key.expires_at,
        "created_at": key.created_at,
    }


class RevokedKeyDocument(TypedDict):
    """An API key that has ended."""

    id: str
    revoked_at: datetime


def revoked_key_document(key_id: UUID, revoked_at: datetime) -> RevokedKeyDocument:
    """An API key that has ended."""
    return {"id": key_id.hex, "revoked_at": revoked_at}


class SecretDocument(TypedDict):
    """A secret that a team keeps, without what it is."""

    id: UUID
    created_at: datetime
    updated_at: datetime


def secret_document(secret: Secret) -> SecretDocument:
    """A secret that a team keeps, without what it is."""
    return {"id": secret.id, "created_at": secret.created_at, "updated_at": secret.updated_at}


class RotationDocument(TypedDict):
    """What came of sealing secrets anew."""

    resealed: int
    unreadable: Sequence[UUID]


def rotation_document(rotation: Rotation) -> RotationDocument:
    """What came of sealing secrets anew."""
    return {"resealed": rotation.resealed, "unreadable": list(rotation.unreadable)}
