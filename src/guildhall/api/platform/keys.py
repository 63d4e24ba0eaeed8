"""`/v1/platform/keys` and `/secrets`: with what programs act for people, and what teams keep to call others."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import ConfigDict, Field, StrictBool, StrictInt

from guildhall.api.frame.bodies import Body
from guildhall.api.frame.lists import Items, ListWanted, answer_list
from guildhall.api.frame.moments import Moment
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Managing, Reading, Visit
from guildhall.app.documents.keys import (
    KeyDocument,
    NewKeyDocument,
    SecretDocument,
    key_document,
    new_key_document,
    secret_document,
)
from guildhall.db import Tx
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Keyring, Scope

keys = APIRouter(prefix="/keys", tags=["keys"], route_class=Route)
secrets = APIRouter(prefix="/secrets", tags=["secrets"], route_class=Route)

KeyReference = Annotated[
    str,
    Path(
        max_length=100,
        description="A key's public id, the beginning of it, or its name.",
        examples=["ci"],
    ),
]
SecretId = Annotated[UUID, Path(description="A secret's id.")]


class WantedKey(Body):
    """A key to be made."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "ci", "scopes": ["write"], "rate_limit": 5000}]})

    name: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    scopes: Annotated[list[Scope], Field(default_factory=list, max_length=10)]
    """What it may be used for; all that its person may do unless given."""
    rate_limit: Annotated[StrictInt | None, Field(ge=1, le=1_000_000_000)] = 1000
    """How many requests it may make in an hour; null is without a limit."""
    expires_at: Moment | None = None
    """A time to come, with its zone; it lasts until it is revoked unless given."""
    user: Annotated[str | None, Field(max_length=255)] = None
    """For whom, as administrators of the installation may say; whoever asks unless given."""
    is_default: StrictBool = False
    """Whether to make it the person's default key."""


class WantedSecret(Body):
    """A secret to be kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"secret": "what the provider gave you"}]})

    secret: Annotated[str, Field(min_length=1, max_length=8192)]
    """Sealed before it is kept, and never shown again."""


@keys.get("", response_model=Items[KeyDocument])
async def list_keys(
    visit: Reading,
    want: ListWanted,
    name: Annotated[str | None, Query(max_length=100)] = None,
    user: Annotated[str | None, Query(max_length=255, description="The name of a key's person.")] = None,
    is_active: Annotated[
        bool | None, Query(description="Those that were not revoked, or only those that were.")
    ] = None,
    created_after: Moment | None = None,
    created_before: Moment | None = None,
) -> Response:
    """List API keys by their public ids: one's own, those of all for the team's owners and administrators."""
    return await answer_list(
        visit,
        want,
        identity.KEYS,
        identity.page_keys,
        {
            "name": name,
            "user": user,
            "is_active": is_active,
            "created_after": created_after,
            "created_before": created_before,
        },
        key_document,
        tuple(KeyDocument.__annotations__),
    )


@keys.post("", status_code=201, response_model=NewKeyDocument)
async def create_key(body: WantedKey, visit: Managing) -> Response:
    """Make an API key in the team: it is in the answer, this once."""
    async with visit.transaction(personal=True) as tx:
        made = await identity.create_key(
            tx,
            body.name,
            scopes=[each.value for each in body.scopes],
            rate_limit=body.rate_limit,
            expires_at=body.expires_at,
            user_id=(await identity.get_user(tx, body.user)).id if body.user is not None else None,
            as_default=body.is_default,
        )
        return await visit.created(tx, new_key_document(made), at=f"/v1/platform/keys/{made.id.hex}", secret=True)


@keys.get("/{key}", response_model=KeyDocument)
async def get_key(visit: Reading, key: KeyReference) -> Response:
    """One API key."""
    async with visit.transaction() as tx:
        return visit.found(await _key(tx, await identity.resolve_key(tx, key)))


@keys.delete("/{key}", response_model=KeyDocument)
async def revoke_key(visit: Managing, key: KeyReference) -> Response:
    """End an API key at once and for good."""
    async with visit.transaction(personal=True) as tx:
        key_id, _ = await identity.revoke_key(tx, key)
        return await visit.done(tx, await _key(tx, key_id))


@secrets.get("", response_model=Items[SecretDocument])
async def list_secrets(
    visit: Reading, want: ListWanted, created_after: Moment | None = None, created_before: Moment | None = None
) -> Response:
    """List the team's secrets, without what they are."""
    return await answer_list(
        visit,
        want,
        identity.SECRETS,
        identity.page_secrets,
        {"created_after": created_after, "created_before": created_before},
        secret_document,
        tuple(SecretDocument.__annotations__),
    )


@secrets.post("", status_code=201, response_model=SecretDocument)
async def keep_secret(body: WantedSecret, visit: Managing) -> Response:
    """Keep a secret of the team, such as a model provider's key, sealed under GUILDHALL_SECRET_KEY."""
    async with visit.transaction(personal=True) as tx:
        made = await identity.keep_secret(tx, _ring(visit), body.secret)
        return await visit.created(tx, await _secret(tx, made), at=f"/v1/platform/secrets/{made}")


@secrets.get("/{secret_id}", response_model=SecretDocument)
async def get_secret(visit: Reading, secret_id: SecretId) -> Response:
    """One secret, without what it is."""
    async with visit.transaction() as tx:
        return visit.found(await _secret(tx, secret_id))


@secrets.put("/{secret_id}", response_model=SecretDocument)
async def replace_secret(body: WantedSecret, visit: Managing, secret_id: SecretId) -> Response:
    """Keep another secret in the place of one."""
    async with visit.transaction(personal=True) as tx:
        await identity.keep_secret(tx, _ring(visit), body.secret, secret_id=secret_id)
        return await visit.done(tx, await _secret(tx, secret_id))


@secrets.delete("/{secret_id}", status_code=204, response_class=Response)
async def discard_secret(visit: Managing, secret_id: SecretId) -> Response:
    """Forget a secret of the team."""
    async with visit.transaction(personal=True) as tx:
        await identity.discard_secret(tx, secret_id)
        return await visit.gone(tx)


async def _key(tx: Tx, key_id: UUID) -> KeyDocument:
    found = await identity.page_keys(tx, {"id": key_id}, identity.KEYS.order())
    if not found.items:
        raise identity.KeyNotFound(key_id.hex)
    return key_document(found.items[0])


async def _secret(tx: Tx, secret_id: UUID) -> SecretDocument:
    found = await identity.page_secrets(tx, {"id": secret_id}, identity.SECRETS.order())
    if not found.items:
        raise identity.SecretNotFound(secret_id)
    return secret_document(found.items[0])


def _ring(visit: Visit) -> Keyring:
    settings = visit.house.app.settings
    return identity.read_keyring(settings.secret_key, settings.secret_key_old)
