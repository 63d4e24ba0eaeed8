"""
What can be done with people and teams.

A verb asks first whether the actor may (`rules`), for the sake of a good
answer; the database's functions ask again, of rows that nobody can pretend.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

from guildhall.algorithms import credentials
from guildhall.db import Actor, Tx
from guildhall.domains.platform.identity import hashing, rules, store
from guildhall.domains.platform.identity.errors import (
    AlreadyMember,
    IdentityTaken,
    InvitationUnusable,
    MemberNotFound,
    TeamNotFound,
    UserNotFound,
)
from guildhall.domains.platform.identity.types import (
    Action,
    Invitation,
    Member,
    NewInvitation,
    Preferences,
    Role,
    Standing,
    Team,
    User,
)

_NO_PASSWORD = "!"
_MOST_SLUGS = 100


async def tidy(tx: Tx) -> int:
    """
    Mark sessions that have run out, whose number is returned, and let go of what ended long ago.

    It is upkeep: a scheduler's transaction may (`Database.duty`).
    """
    return await store.tidy(tx)


async def get_standing(tx: Tx) -> Standing:
    """What the actor is in their team, and whether they keep the installation."""
    return await store.standing(tx)


# users --------------------------------------------------------------------


async def create_user(
    tx: Tx,
    username: str,
    email: str,
    password: str | None = None,
    *,
    is_administrator: bool = False,
    team_of_one: bool = True,
) -> User:
    """
    Add somebody, with a team of their own unless they are to join another.

    Without a password they cannot sign in until an administrator sets one.

    Raises:
        AdministratorsOnly: The actor is none.
        IdentityRefused, PasswordRefused: Something cannot be as it was given.
        IdentityTaken: The name or the address is in use, perhaps by somebody who is archived.
    """
    rules.check_administrator(await store.standing(tx), "adding users")
    name, address = rules.check_username(username), rules.check_email(email)
    hashed = await _hashed(password, name, address)
    user_id = await store.create_user(tx, name, address, hashed, "admin" if is_administrator else "user")
    if team_of_one:
        await _create_team(tx, name, rules.slug_of(name), user_id)
    return await get_user(tx, name)


async def list_users(tx: Tx, *, with_archived: bool = False) -> list[User]:
    """Everybody, by name, for administrators; oneself for others."""
    return await store.list_users(tx, with_archived=with_archived)


async def get_user(tx: Tx, name: str) -> User:
    """
    Somebody by name or address of mail, archived or not.

    Raises:
        UserNotFound: There is nobody, or the actor is neither them nor an administrator.
    """
    found = await store.find_user(tx, name)
    if found is None:
        raise UserNotFound(name)
    return found


async def get_self(tx: Tx) -> User:
    """
    The actor.

    Raises:
        UserNotFound: The actor is nobody.
    """
    found = await store.find_self(tx)
    if found is None:
        raise UserNotFound(str(tx.actor.user_id))
    return found


async def set_password(tx: Tx, name: str, password: str) -> None:
    """
    Give somebody another password, as an administrator does. Their sessions end and they may try at once.

    Raises:
        AdministratorsOnly: The actor is none; one's own is changed with `change_password`.
        UserNotFound: There is nobody of that name, or they are archived.
        PasswordRefused: It cannot be one.
    """
    rules.check_administrator(await store.standing(tx), "setting passwords of others")
    user = await get_user(tx, name)
    if not await store.set_password_hash(tx, user.id, await _hashed(password, user.username, user.email)):
        raise UserNotFound(name)


# teams --------------------------------------------------------------------


async def create_team(tx: Tx, name: str, slug: str | None = None, *, owner: UUID | None = None) -> Team:
    """
    Make a team; whoever makes it owns it. Administrators make teams for others.

    Raises:
        IdentityRefused: The name or the slug cannot be one.
        IdentityTaken: The slug is in use. Without one, a free one is made of the name.
    """
    called = rules.check_team_name(name)
    wanted = rules.check_slug(slug) if slug is not None else rules.slug_of(called)
    owner = owner or tx.actor.user_id
    if slug is None:
        wanted = await _create_team(tx, called, wanted, owner)
    else:
        await store.create_team(tx, called, wanted, owner)
    return await get_team(tx, wanted)


async def list_teams(tx: Tx, *, with_archived: bool = False) -> list[Team]:
    """All teams, by slug, for administrators; one's own for others."""
    return await store.list_teams(tx, with_archived=with_archived)


async def get_team(tx: Tx, slug: str) -> Team:
    """
    A team by its slug, archived or not.

    Raises:
        TeamNotFound: There is none, or the actor is neither in it nor an administrator.
    """
    found = await store.find_team(tx, slug)
    if found is None:
        raise TeamNotFound(slug)
    return found


async def get_own_team(tx: Tx) -> Team:
    """
    The team that the actor acts for.

    Raises:
        TeamNotFound: There is none.
    """
    found = await store.find_own_team(tx)
    if found is None:
        raise TeamNotFound(str(tx.actor.tenant_id))
    return found


async def get_member(tx: Tx, name: str) -> Member:
    """
    Somebody in the actor's team, by name or address of mail.

    Raises:
        MemberNotFound: They are not in it.
    """
    user_id, _ = await _teammate(tx, name)
    found = next((each for each in await store.list_members(tx) if each.user_id == user_id), None)
    if found is None:
        raise MemberNotFound(name)
    return found


async def list_members(tx: Tx) -> list[Member]:
    """Who is in the actor's team, in the order in which they came."""
    return await store.list_members(tx)


async def add_member(tx: Tx, name: str, role: Role = Role.MEMBER) -> None:
    """
    Put somebody who has an account into the actor's team, as an administrator of the installation does.

    Raises:
        AdministratorsOnly: The actor is none; others invite.
        UserNotFound: There is nobody of that name.
        AlreadyMember: They are in it.
    """
    rules.check_administrator(await store.standing(tx), "putting people into teams")
    user = await get_user(tx, name)
    if not user.is_active:
        raise UserNotFound(name)
    if not await store.add_member(tx, user.id, role):
        raise AlreadyMember(user.username)


async def change_role(tx: Tx, name: str, role: Role) -> None:
    """
    Change what somebody is in the actor's team.

    Raises:
        NotPermitted: The actor's role does not allow it; those of owners only owners change.
        MemberNotFound: They are not in the team.
        LastOwner: Nobody would own it.
    """
    standing = await store.standing(tx)
    rules.check_rank(standing, role)
    user_id, username = await _teammate(tx, name)
    had = next((each.role for each in await store.list_members(tx) if each.user_id == user_id), None)
    rules.check_rank(standing, role, had)
    if await store.change_member_role(tx, user_id, role, username) is None:
        raise MemberNotFound(name)


async def remove_member(tx: Tx, name: str) -> None:
    """
    Let somebody leave the actor's team, or send them away. Their sessions and keys in it end for good.

    Raises:
        NotPermitted: They are somebody else, and the actor's role does not allow it.
        MemberNotFound: They are not in the team.
        LastOwner: Nobody would own it.
    """
    user_id, username = await _teammate(tx, name)
    if user_id != tx.actor.user_id:
        had = next((each.role for each in await store.list_members(tx) if each.user_id == user_id), None)
        rules.check_rank(await store.standing(tx), had)
    if await store.remove_member(tx, user_id, username) is None:
        raise MemberNotFound(name)


# invitations --------------------------------------------------------------


async def invite(
    tx: Tx, email: str, role: Role = Role.MEMBER, *, lifetime: timedelta = rules.INVITATION_LIFETIME
) -> NewInvitation:
    """
    Ask somebody to join the actor's team. The token in the result is all they need, and is nowhere else.

    A second invitation to the same address takes the place of the first.

    Raises:
        NotPermitted: The actor's role does not allow it; owners are invited by owners.
        IdentityRefused: The address is none.
        AlreadyMember: They are in the team.
    """
    rules.check_rank(await store.standing(tx), role)
    address = rules.check_email(email)
    token = credentials.make_token("gi", secrets.token_bytes(credentials.SECRET_BYTES))
    expires_at = tx.now + lifetime
    made = await store.invite(tx, address, role, credentials.digest(token), expires_at)
    return NewInvitation(made, address, role, expires_at, token)


async def list_invitations(tx: Tx, *, with_ended: bool = False, at_most: int = 1000) -> list[Invitation]:
    """Whom the team has asked, newest first; nobody for those who may not invite."""
    return await store.list_invitations(tx, with_ended=with_ended, at_most=at_most)


async def revoke_invitation(tx: Tx, invitation_id: UUID) -> None:
    """
    Take an invitation back.

    Raises:
        NotPermitted: The actor's role does not allow it.
        InvitationUnusable: There is none, or it was used or taken back.
    """
    rules.check(await store.standing(tx), Action.MANAGE_MEMBERS)
    if not await store.revoke_invitation(tx, invitation_id):
        raise InvitationUnusable


async def accept_invitation(tx: Tx, token: str) -> tuple[UUID, str, Role]:
    """
    Join the team that an invitation is for, as the actor. Returns its id, its slug and what the actor is in it.

    Somebody who is in it already stays what they are.

    Raises:
        InvitationUnusable: It was used, has expired, was taken back or never was.
    """
    row = await store.accept_invitation(tx, credentials.digest(token)) if credentials.is_token(token) else None
    if row is None:
        raise InvitationUnusable
    return row["tenant_id"], row["slug"], Role(row["role"])


async def join(tx: Tx, token: str, username: str, password: str) -> tuple[Actor, str, Role]:
    """
    Make an account for somebody new who was invited, under the address that was invited, for nobody's transaction.

    Returns who they are in the team, its slug and their role.

    Raises:
        InvitationUnusable: It was used, has expired, was taken back or never was.
        IdentityRefused, PasswordRefused: Something cannot be as it was given.
        IdentityTaken: The name is in use, or the address has an account, which can accept the invitation itself.
    """
    name = rules.check_username(username)
    if not credentials.is_token(token):
        raise InvitationUnusable
    hashed = await _hashed(password, name)
    row = await store.join_by_invitation(tx, credentials.digest(token), name, hashed)
    if row is None:
        raise InvitationUnusable
    return Actor(row["user_id"], row["tenant_id"]), row["slug"], Role(row["role"])


# preferences --------------------------------------------------------------


async def get_preferences(tx: Tx, *, visitor: str | None = None) -> Preferences:
    """
    How the actor likes things shown, or a visitor without an account; the defaults where nobody has said.

    With a visitor's identifier the rest of the transaction is the visitor's.
    """
    if visitor is not None:
        await store.become_visitor(tx, rules.check_visitor(visitor))
    return await store.find_preferences(tx) or Preferences()


async def set_preferences(tx: Tx, wanted: Preferences, *, visitor: str | None = None) -> None:
    """
    Keep how the actor, or a visitor, likes things shown.

    Raises:
        IdentityRefused: Something is not written as it should be.
    """
    rules.check_preferences(wanted)
    if visitor is not None:
        await store.become_visitor(tx, rules.check_visitor(visitor))
    await store.set_preferences(tx, wanted)


async def _hashed(password: str | None, *about: str) -> str:
    return _NO_PASSWORD if password is None else await hashing.make_hash(rules.check_password(password, about=about))


async def _teammate(tx: Tx, name: str) -> tuple[UUID, str]:
    found = await store.find_teammate(tx, name)
    if found is None:
        raise MemberNotFound(name)
    return found


async def _create_team(tx: Tx, name: str, slug: str, owner: UUID) -> str:
    """Make a team under a slug that nobody has: the one that is wanted, or that with a number."""
    for number in range(1, _MOST_SLUGS):
        candidate = slug if number == 1 else f"{slug[:95]}-{number}"
        try:
            async with tx.savepoint():
                await store.create_team(tx, name, candidate, owner)
        except IdentityTaken:
            continue
        return candidate
    raise IdentityTaken("slug", slug)
