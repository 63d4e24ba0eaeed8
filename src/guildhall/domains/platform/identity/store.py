"""One function for each statement on people and teams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from guildhall.db import ConstraintViolated, Json, Row, Tx, load_queries
from guildhall.domains.platform.identity.errors import (
    AlreadyMember,
    IdentityTaken,
    InvitationUnusable,
    LastAdministrator,
    LastOwner,
    TheFirstStay,
)
from guildhall.domains.platform.identity.types import (
    Conversation,
    Invitation,
    Key,
    Member,
    Preferences,
    Role,
    Session,
    Standing,
    Team,
    User,
)

_queries = load_queries(__package__)


@contextmanager
def _explained(*, who: str = "", taken: Mapping[str, tuple[str, str]] | None = None) -> Iterator[None]:
    """Broken rules of these tables, in the room's words; `taken` maps the names of unique keys to field and value."""
    try:
        yield
    except ConstraintViolated as broken:
        match broken.constraint:
            case "teams_keep_an_owner":
                raise LastOwner(who) from broken
            case "installation_keeps_an_administrator":
                raise LastAdministrator from broken
            case "the_first_stay":
                raise TheFirstStay from broken
            case "team_invitations_are_for_others":
                raise AlreadyMember(who) from broken
            case "team_invitations_end_once":
                raise InvitationUnusable from broken
            case str(name) if taken and name in taken:
                raise IdentityTaken(*taken[name]) from broken
        raise


async def tidy(tx: Tx) -> int:
    expired: int = await tx.value(_queries.tidy)
    return expired


async def standing(tx: Tx) -> Standing:
    row = await tx.find(_queries.standing)
    assert row is not None
    return Standing(Role(row["role"]) if row["role"] else None, row["is_administrator"])


# users --------------------------------------------------------------------


async def create_user(tx: Tx, username: str, email: str, password_hash: str, role: str) -> UUID:
    taken = {"users_one_per_username": ("username", username), "users_one_per_email": ("email", email)}
    with _explained(taken=taken):
        made: UUID = await tx.value(
            _queries.create_user, username=username, email=email, password_hash=password_hash, role=role
        )
    return made


async def list_users(tx: Tx, *, with_archived: bool) -> list[User]:
    return [user_of(row) for row in await tx.fetch(_queries.users, with_archived=with_archived)]


async def find_user(tx: Tx, name: str) -> User | None:
    """By name or address of mail, archived or not."""
    row = await tx.find(_queries.user, name=name)
    return user_of(row) if row else None


async def find_teammate(tx: Tx, name: str) -> tuple[UUID, str] | None:
    """The id and the name of somebody in the team."""
    row = await tx.find(_queries.teammates, name=name)
    return (row["id"], row["username"]) if row else None


async def find_self(tx: Tx) -> User | None:
    row = await tx.find(_queries.oneself)
    return user_of(row) if row else None


async def set_password_hash(tx: Tx, user_id: UUID, password_hash: str) -> bool:
    done: bool = await tx.value(_queries.set_password_hash, user_id=user_id, password_hash=password_hash)
    return done


async def archive_user(tx: Tx, user_id: UUID) -> bool:
    with _explained():
        done: bool = await tx.value(_queries.archive_user, user_id=user_id)
    return done


async def restore_user(tx: Tx, user_id: UUID) -> bool:
    done: bool = await tx.value(_queries.restore_user, user_id=user_id)
    return done


async def erase_person(tx: Tx, user_id: UUID, username: str, reason: str) -> int | None:
    """How many rows of the audit were emptied; None if the person was erased before."""
    with _explained(who=username):
        emptied: int | None = await tx.value(_queries.erase_person, user_id=user_id, reason=reason)
    return emptied


# signing in ---------------------------------------------------------------


async def begin_sign_in(tx: Tx, login: str, address: str | None) -> tuple[str | None, float]:
    """How the person's hash was made, and for how many seconds nobody may try."""
    row = await tx.find(_queries.begin_sign_in, login=login, address=address)
    assert row is not None
    return row["hash_settings"], row["wait_seconds"]


async def finish_sign_in(
    tx: Tx,
    login: str,
    address: str | None,
    user_agent: str | None,
    password_hash: str,
    token_digest: str | None,
    team: str | None,
    *,
    idle: timedelta,
    longest: timedelta,
) -> Row | None:
    return await tx.find(
        _queries.finish_sign_in,
        login=login,
        address=address,
        user_agent=user_agent,
        password_hash=password_hash,
        token_digest=token_digest,
        team=team,
        idle=idle,
        longest=longest,
    )


async def replace_password_hash(tx: Tx, user_id: UUID, old_hash: str, new_hash: str, *, and_sign_out: bool) -> bool:
    done: bool = await tx.value(
        _queries.replace_password_hash, user_id=user_id, old_hash=old_hash, new_hash=new_hash, and_sign_out=and_sign_out
    )
    return done


async def authenticate_session(tx: Tx, token_digest: str) -> Row | None:
    return await tx.find(_queries.authenticate_session, token_digest=token_digest)


async def revoke_sessions(
    tx: Tx, user_id: UUID, *, only_session: UUID | None = None, but_session: UUID | None = None
) -> int:
    ended: int = await tx.value(
        _queries.revoke_sessions, user_id=user_id, only_session=only_session, but_session=but_session
    )
    return ended


async def list_sessions(tx: Tx, *, with_ended: bool, at_most: int) -> list[Session]:
    rows = await tx.fetch(_queries.sessions, with_ended=with_ended, at_most=at_most)
    return [Session(**row) for row in rows]


async def use_session(
    tx: Tx, name: str, requests: int, *, idle: timedelta, longest: timedelta, most: int
) -> Conversation | None:
    """None: it is not there, and would be one more than `most` that go on."""
    row = await tx.find(_queries.use_session, name=name, requests=requests, idle=idle, longest=longest, most=most)
    return Conversation(**row) if row else None


async def keep_context(tx: Tx, name: str, context: bytes) -> bool:
    return await tx.execute(_queries.keep_context, name=name, context=Json(context)) == 1


async def conversations(tx: Tx, name: str | None, *, with_ended: bool, at_most: int) -> list[Conversation]:
    rows = await tx.fetch(_queries.conversations, name=name, with_ended=with_ended, at_most=at_most)
    return [Conversation(**row) for row in rows]


async def count_requests(tx: Tx, session_id: UUID, requests: int) -> bool:
    return await tx.execute(_queries.count_requests, session_id=session_id, requests=requests) == 1


# teams --------------------------------------------------------------------


async def list_teams(tx: Tx, *, with_archived: bool) -> list[Team]:
    rows = await tx.fetch(_queries.teams, with_archived=with_archived)
    return [team_of(row) for row in rows]


async def find_team(tx: Tx, slug: str) -> Team | None:
    """By slug, archived or not."""
    row = await tx.find(_queries.team, slug=slug)
    return team_of(row) if row else None


async def find_own_team(tx: Tx) -> Team | None:
    """The team that the actor acts for."""
    row = await tx.find(_queries.own_team)
    return team_of(row) if row else None


async def create_team(tx: Tx, name: str, slug: str, owner: UUID) -> UUID:
    with _explained(taken={"teams_one_per_slug": ("slug", slug)}):
        made: UUID = await tx.value(_queries.create_team, name=name, slug=slug, owner=owner)
    return made


async def list_members(tx: Tx) -> list[Member]:
    return [member_of(row) for row in await tx.fetch(_queries.members)]


async def add_member(tx: Tx, user_id: UUID, role: Role) -> bool:
    return await tx.value(_queries.add_member, user_id=user_id, role=role.value) is not None


async def change_member_role(tx: Tx, user_id: UUID, role: Role, username: str) -> Role | None:
    """The role they had; None if they are not in the team."""
    with _explained(who=username):
        had = await tx.value(_queries.change_member_role, user_id=user_id, role=role.value)
    return Role(had) if had else None


async def remove_member(tx: Tx, user_id: UUID, username: str) -> Role | None:
    """The role they had; None if they were not in the team."""
    with _explained(who=username):
        had = await tx.value(_queries.remove_member, user_id=user_id)
    return Role(had) if had else None


async def teams_owned_alone(tx: Tx, user_id: UUID) -> list[str]:
    """The slugs of teams that would be left without an owner."""
    found: list[str] = await tx.value(_queries.teams_owned_alone, user_id=user_id)
    return found


async def archive_team(tx: Tx, team_id: UUID) -> bool:
    with _explained():
        done: bool = await tx.value(_queries.archive_team, team_id=team_id)
    return done


async def restore_team(tx: Tx, team_id: UUID) -> bool:
    done: bool = await tx.value(_queries.restore_team, team_id=team_id)
    return done


async def begin_erasing_team(tx: Tx, team_id: UUID) -> bool:
    with _explained():
        done: bool = await tx.value(_queries.begin_erasing_team, team_id=team_id)
    return done


async def erase_team_rows(tx: Tx, team_id: UUID, at_most: int) -> dict[str, int]:
    """How many rows went, by table; empty when nothing is left."""
    rows = await tx.fetch(_queries.erase_team_rows, team_id=team_id, at_most=at_most)
    return {row["relation"]: row["removed"] for row in rows}


async def erase_team(tx: Tx, team_id: UUID, reason: str) -> int | None:
    """How many rows of the audit were emptied; None if its erasure was not begun, or has ended."""
    emptied: int | None = await tx.value(_queries.erase_team, team_id=team_id, reason=reason)
    return emptied


# invitations --------------------------------------------------------------


async def invite(tx: Tx, email: str, role: Role, token_digest: str, expires_at: datetime) -> UUID:
    with _explained(who=email):
        made: UUID = await tx.value(
            _queries.invite, email=email, role=role.value, token_digest=token_digest, expires_at=expires_at
        )
    return made


async def list_invitations(tx: Tx, *, with_ended: bool, at_most: int) -> list[Invitation]:
    rows = await tx.fetch(_queries.invitations, with_ended=with_ended, at_most=at_most)
    return [invitation_of(row) for row in rows]


async def revoke_invitation(tx: Tx, invitation_id: UUID) -> bool:
    done: bool = await tx.value(_queries.revoke_invitation, invitation_id=invitation_id)
    return done


async def accept_invitation(tx: Tx, token_digest: str) -> Row | None:
    return await tx.find(_queries.accept_invitation, token_digest=token_digest)


async def join_by_invitation(tx: Tx, token_digest: str, username: str, password_hash: str) -> Row | None:
    taken = {"users_one_per_username": ("username", username), "users_one_per_email": ("email", "of the invitation")}
    with _explained(taken=taken):
        return await tx.find(
            _queries.join_by_invitation, token_digest=token_digest, username=username, password_hash=password_hash
        )


# keys ---------------------------------------------------------------------


async def create_key(
    tx: Tx,
    key_id: UUID,
    digest: str,
    user_id: UUID,
    name: str | None,
    scopes: Sequence[str],
    rate_limit: int | None,
    expires_at: datetime | None,
    *,
    as_default: bool | None,
) -> datetime:
    made: datetime = await tx.value(
        _queries.create_key,
        key_id=key_id,
        digest=digest,
        user_id=user_id,
        name=name,
        scopes=list(scopes),
        rate_limit=rate_limit,
        expires_at=expires_at,
        as_default=as_default,
    )
    return made


async def list_keys(tx: Tx, *, with_revoked: bool, at_most: int) -> list[Key]:
    return [Key(**row) for row in await tx.fetch(_queries.api_keys, with_revoked=with_revoked, at_most=at_most)]


async def keys_like(tx: Tx, reference: str) -> list[tuple[UUID, str | None]]:
    """Keys with this name, or whose id begins so, those that work first."""
    digits = reference.removeprefix("gh_").replace("-", "").lower()
    digits = digits if len(digits) >= 4 and all(digit in "0123456789abcdef" for digit in digits) else "none"
    rows = await tx.fetch(_queries.keys_like, digits=digits, reference=reference)
    return [(row["id"], row["name"]) for row in rows]


async def revoke_key(tx: Tx, key_id: UUID) -> datetime | None:
    """When it was revoked, now or before; None if there is no such key."""
    when: datetime | None = await tx.value(_queries.revoke_key, key_id=key_id)
    return when


async def authenticate_key(tx: Tx, key_id: UUID, digest: str) -> Row | None:
    return await tx.find(_queries.authenticate_key, key_id=key_id, digest=digest)


async def recognize_key(tx: Tx, key_id: UUID, digest: str) -> Row | None:
    return await tx.find(_queries.recognize_key, key_id=key_id, digest=digest)


# preferences --------------------------------------------------------------


async def become_visitor(tx: Tx, identifier: str) -> None:
    await tx.execute(_queries.become_visitor, identifier=identifier)


async def find_preferences(tx: Tx) -> Preferences | None:
    row = await tx.find(_queries.preferences)
    return Preferences(**{**row, "favorite_models": tuple(row["favorite_models"])}) if row else None


async def set_preferences(tx: Tx, wanted: Preferences) -> None:
    await tx.execute(
        _queries.set_preferences,
        preferred_locale=wanted.preferred_locale,
        preferred_region=wanted.preferred_region,
        preferred_currency=wanted.preferred_currency,
        favorite_models=list(wanted.favorite_models),
        display_preferences=dict(wanted.display_preferences),
    )


# secrets ------------------------------------------------------------------


async def insert_secret(tx: Tx, secret_id: UUID, sealed: bytes) -> None:
    await tx.execute(_queries.insert_secret, secret_id=secret_id, sealed=sealed)


async def replace_secret(tx: Tx, secret_id: UUID, sealed: bytes) -> bool:
    return await tx.execute(_queries.replace_secret, secret_id=secret_id, sealed=sealed) == 1


async def sealed_secret(tx: Tx, secret_id: UUID) -> bytes | None:
    found: bytes | None = await tx.value(_queries.sealed_secret, secret_id=secret_id)
    return found


async def delete_secret(tx: Tx, secret_id: UUID) -> bool:
    return await tx.execute(_queries.delete_secret, secret_id=secret_id) == 1


async def sealed_columns(tx: Tx) -> list[tuple[str, str]]:
    """Where secrets are kept, as pairs of table and column."""
    return [(row["relation"], row["column_name"]) for row in await tx.fetch(_queries.sealed_columns)]


async def secrets_under_other_keys(
    tx: Tx, place: tuple[str, str], key_id: bytes, *, after: UUID | None, at_most: int
) -> list[tuple[UUID, UUID, bytes]]:
    """Id, team and envelope of secrets that are not under this key, by id."""
    rows = await tx.fetch(
        _queries.secrets_under_other_keys,
        relation=place[0],
        column_name=place[1],
        key_id=key_id,
        after=after,
        at_most=at_most,
    )
    return [(row["id"], row["tenant_id"], row["sealed"]) for row in rows]


async def reseal_secret(tx: Tx, place: tuple[str, str], secret_id: UUID, before: bytes, after: bytes) -> bool:
    done: bool = await tx.value(
        _queries.reseal_secret,
        relation=place[0],
        column_name=place[1],
        secret_id=secret_id,
        sealed_before=before,
        sealed_after=after,
    )
    return done


def user_of(row: Row) -> User:
    """A person, from a row."""
    fields: dict[str, Any] = dict(row)
    pairs = (each.rpartition(":") for each in fields["teams"])
    fields["teams"] = {slug: Role(role) for slug, _, role in pairs}
    fields["default_key_id"] = UUID(fields["default_key_id"]) if fields["default_key_id"] else None
    return User(**fields)


def team_of(row: Row) -> Team:
    """A team, from a row."""
    return Team(**{**row, "role": Role(row["role"]) if row["role"] else None})


def member_of(row: Row) -> Member:
    """A person in a team, from a row."""
    return Member(**{**row, "role": Role(row["role"])})


def invitation_of(row: Row) -> Invitation:
    """Somebody who was asked to join, from a row; whether it is open is said by its times."""
    return Invitation(**{name: value for name, value in row.items() if name != "is_open"} | {"role": Role(row["role"])})
