"""Being let in: signing in, sessions, API keys. All of this happens before a team is known."""

from __future__ import annotations

import ipaddress
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from guildhall.algorithms import credentials, passwords
from guildhall.db import NOBODY, Actor, Database, Proof, Row, Tx
from guildhall.domains.platform.identity import hashing, rules, store
from guildhall.domains.platform.identity.errors import (
    IdentityRefused,
    KeyAmbiguous,
    KeyNotFound,
    KeyRefused,
    NotSignedIn,
    SignInRefused,
    SignInThrottled,
    TeamNotFound,
)
from guildhall.domains.platform.identity.types import Action, Key, NewKey, Role, Scope, Session, Standing


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who was let in, by a session or a key."""

    user_id: UUID
    tenant_id: UUID
    standing: Standing
    expires_at: datetime | None
    session_id: UUID | None = None
    key_id: UUID | None = None
    key_name: str | None = None
    scopes: Sequence[str] = ()
    rate_limit: int | None = None

    @property
    def actor(self) -> Actor:
        """Whose transactions to open: in those of a viewer, or of a key that may only read, nothing can be changed."""
        writes = rules.may(self.standing.role, Action.WRITE) and rules.allows(self.scopes, Scope.WRITE)
        return Actor(self.user_id, self.tenant_id, reads_only=not writes)

    @property
    def proof(self) -> Proof | None:
        """By what they were let in, for their transactions to insist on; None where that was neither a session nor a key."""
        role, is_administrator = self.standing.role or "", self.standing.is_administrator
        if self.key_id is not None:
            return Proof("key", self.key_id, role, is_administrator, tuple(self.scopes))
        return Proof("session", self.session_id, role, is_administrator) if self.session_id is not None else None

    @property
    def person(self) -> Actor:
        """The same for what is the person's own, such as preferences and sessions, which viewers change too."""
        return Actor(self.user_id, self.tenant_id)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose key was shown, which says nothing of whether they may come in."""

    user_id: UUID
    tenant_id: UUID
    key_id: UUID


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session; its token is shown this once."""

    caller: Caller
    token: str = field(repr=False)


async def sign_in(
    database: Database,
    login: str,
    password: str,
    *,
    team: str | None = None,
    address: str | None = None,
    user_agent: str | None = None,
    idle: timedelta = rules.SESSION_IDLE,
    longest: timedelta = rules.SESSION_LONGEST,
) -> SignedIn:
    """
    Let somebody in by name or address of mail, and password, to the team of this slug or to their first one.

    An attempt counts as failed until it has succeeded, in a transaction of its
    own, so that many at once gain nothing. After five failures for a person
    (fifty from an address) there is a wait of ten seconds, which each further
    one doubles, up to a quarter of an hour. A hash that was made at other costs is replaced by one of today.

    Raises:
        SignInRefused: The name or the password is wrong.
        SignInThrottled: Too many attempts have failed; the password was not looked at.
        TeamNotFound: The person is in no such team.
        IdentityRefused: The address is none.
    """
    address = _address(address)
    given = unicodedata.normalize("NFKC", password)[: rules.LONGEST_PASSWORD + 1]
    login = login.strip()[:255]
    async with database.transaction(NOBODY) as tx:
        settings, wait_s = await store.begin_sign_in(tx, login, address)
    if wait_s > 0:
        raise SignInThrottled(wait_s)
    made = await hashing.rehash(given, settings)
    token = credentials.make_token("gs", secrets.token_bytes(credentials.SECRET_BYTES))
    async with database.transaction(NOBODY) as tx:
        row = await store.finish_sign_in(
            tx,
            login,
            address,
            user_agent[:1000] if user_agent else None,
            made,
            credentials.digest(token),
            team,
            idle=idle,
            longest=longest,
        )
    if row is None:
        raise SignInRefused
    if settings and passwords.is_outdated(settings):
        renewed = await hashing.make_hash(given)
        async with database.transaction(NOBODY) as tx:
            await store.replace_password_hash(tx, row["user_id"], made, renewed, and_sign_out=False)
    if row["session_id"] is None:
        raise TeamNotFound(team or "")
    return SignedIn(_caller(row, session_id=row["session_id"]), token)


async def change_password(database: Database, login: str, password: str, new_password: str) -> None:
    """
    Replace one's own password, knowing the old one. Every session of the person ends.

    Raises:
        SignInRefused, SignInThrottled: As `sign_in` does.
        PasswordRefused: The new one cannot be one.
    """
    wanted = rules.check_password(new_password, about=(login,))
    async with database.transaction(NOBODY) as tx:
        settings, wait_s = await store.begin_sign_in(tx, login, None)
    if wait_s > 0:
        raise SignInThrottled(wait_s)
    made = await hashing.rehash(unicodedata.normalize("NFKC", password)[: rules.LONGEST_PASSWORD + 1], settings)
    renewed = await hashing.make_hash(wanted)
    async with database.transaction(NOBODY) as tx:
        row = await store.finish_sign_in(
            tx, login, None, None, made, None, None, idle=rules.SESSION_IDLE, longest=rules.SESSION_LONGEST
        )
        if row is None or not await store.replace_password_hash(tx, row["user_id"], made, renewed, and_sign_out=True):
            raise SignInRefused


async def authenticate_session(tx: Tx, token: str) -> Caller:
    """
    Whose session a token is. Using a session moves its end, at most once a minute.

    Raises:
        NotSignedIn: There is none, it has expired or was revoked, or its person or team is archived.
    """
    row = await store.authenticate_session(tx, credentials.digest(token)) if credentials.is_token(token) else None
    if row is None:
        raise NotSignedIn
    return _caller(row, session_id=row["session_id"])


async def revoke_session(tx: Tx, session_id: UUID) -> bool:
    """End one of one's own sessions; whether it was going on."""
    return await store.revoke_sessions(tx, tx.actor.user_id, only_session=session_id) > 0


async def revoke_sessions(tx: Tx, *, but: UUID | None = None, user_id: UUID | None = None) -> int:
    """
    End all of one's own sessions, or all but one; administrators end those of others. Returns how many were going on.

    Raises:
        StatementRefused: They are somebody else's.
    """
    return await store.revoke_sessions(tx, user_id or tx.actor.user_id, but_session=but)


async def list_sessions(tx: Tx, *, with_ended: bool = False, at_most: int = 100) -> list[Session]:
    """One's own sessions in the team, newest first."""
    return await store.list_sessions(tx, with_ended=with_ended, at_most=at_most)


async def count_requests(tx: Tx, session_id: UUID, requests: int = 1) -> bool:
    """Add calls of models to one of one's own sessions; whether it is going on."""
    return await store.count_requests(tx, session_id, requests)


# keys ---------------------------------------------------------------------


async def create_key(
    tx: Tx,
    name: str | None = None,
    *,
    scopes: Sequence[str] = (),
    rate_limit: int | None = rules.DEFAULT_RATE_LIMIT,
    expires_at: datetime | None = None,
    user_id: UUID | None = None,
    as_default: bool | None = False,
) -> NewKey:
    """
    Make a key for oneself in the team; administrators of the installation make them for others.

    Its text is in the result and nowhere else. A person's first key is their default one, unless `as_default` is None:
    then it is one of the machine's, made for a while, and never that.

    Raises:
        NotPermitted: The role does not allow it.
        IdentityRefused: A name, a scope, a rate or a time cannot be one.
    """
    rules.check(await store.standing(tx), Action.MAKE_KEYS)
    if expires_at is not None and (expires_at.tzinfo is None or expires_at <= tx.now):
        raise IdentityRefused("expires_at", expires_at.isoformat(), "a time to come, with its zone")
    wanted, named, rate = (
        rules.check_scopes(scopes),
        rules.check_key_name(name),
        rules.check_rate_limit(rate_limit),
    )
    key = credentials.make_key(uuid4(), secrets.token_bytes(credentials.SECRET_BYTES))
    made = await store.create_key(
        tx, key.id, key.digest, user_id or tx.actor.user_id, named, wanted, rate, expires_at, as_default=as_default
    )
    return NewKey(key.id, named, wanted, rate, expires_at, made, key.text)


async def authenticate_key(tx: Tx, text: str) -> Caller:
    """
    Whose key this is. That it was used is noted at most once a minute.

    Raises:
        KeyRefused: It is not known, has expired or was revoked, or its person or team is archived.
    """
    key = credentials.parse_key(text)
    row = await store.authenticate_key(tx, key.id, key.digest) if key else None
    if row is None:
        raise KeyRefused
    return _caller(
        row, key_id=row["id"], key_name=row["name"], scopes=tuple(row["scopes"]), rate_limit=row["rate_limit"]
    )


async def recognize_key(tx: Tx, text: str) -> Holder | None:
    """Whose key this is, though it may be expired or revoked; None where nobody in an active team has it."""
    key = credentials.parse_key(text)
    row = await store.recognize_key(tx, key.id, key.digest) if key else None
    return None if row is None else Holder(row["user_id"], row["tenant_id"], row["id"])


async def list_keys(tx: Tx, *, with_revoked: bool = False, at_most: int = 1000) -> list[Key]:
    """One's own keys in the team, newest first; those of all for its owners and administrators."""
    return await store.list_keys(tx, with_revoked=with_revoked, at_most=at_most)


async def resolve_key(tx: Tx, reference: str) -> UUID:
    """
    Which key people mean: by its id, the beginning of it, or its name.

    Raises:
        KeyNotFound: There is no such key, or it is neither one's own nor one's team's to manage.
        KeyAmbiguous: Several keys are called that.
    """
    found = await store.keys_like(tx, reference)
    if len(found) > 1:
        raise KeyAmbiguous(reference, [each.hex for each, _ in found])
    if not found:
        raise KeyNotFound(reference if credentials.parse_key(reference) is None else "gh_…")
    return found[0][0]


async def revoke_key(tx: Tx, reference: str) -> tuple[UUID, datetime]:
    """
    End a key at once, named by its id, the beginning of it, or its name. Returns its id and when it was revoked.

    Revoking twice changes nothing.

    Raises:
        KeyNotFound: There is no such key, or it is neither one's own nor one's team's to manage.
        KeyAmbiguous: Several keys are called that.
    """
    key_id = await resolve_key(tx, reference)
    revoked = await store.revoke_key(tx, key_id)
    if revoked is None:
        raise KeyNotFound(reference)
    return key_id, revoked


def _caller(
    row: Row,
    *,
    session_id: UUID | None = None,
    key_id: UUID | None = None,
    key_name: str | None = None,
    scopes: Sequence[str] = (),
    rate_limit: int | None = None,
) -> Caller:
    standing = Standing(Role(row["member_role"]) if row["member_role"] else None, row["is_administrator"])
    return Caller(
        user_id=row["user_id"],
        tenant_id=row["tenant_id"],
        standing=standing,
        expires_at=row["expires_at"],
        session_id=session_id,
        key_id=key_id,
        key_name=key_name,
        scopes=scopes,
        rate_limit=rate_limit,
    )


def _address(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise IdentityRefused("address", text, "an IP address") from None
