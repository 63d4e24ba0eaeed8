"""Leaving: archiving, which can be taken back, and erasing, which cannot."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping

from guildhall.db import Actor, Database, Tx
from guildhall.domains.platform.identity import rules, service, store
from guildhall.domains.platform.identity.errors import LastOwner, TeamNotFound, UserNotFound
from guildhall.domains.platform.identity.types import Action, Erasure, Role, Standing, Team, User

REASON = "asked to be erased"
"""Why somebody is erased where nobody says more; it is kept with the record of the erasure."""

_BATCH_ROWS = 5_000


async def archive_user(tx: Tx, name: str) -> bool:
    """
    Keep somebody out: they cannot sign in, their sessions end, their keys do nothing. Whether that is new.

    Raises:
        AdministratorsOnly: It is somebody else, and the actor is no administrator.
        UserNotFound: There is nobody of that name.
        TheFirstStay: It is the person of the command line.
        LastAdministrator: Nobody would keep the installation.
    """
    user = await _own_or_any(tx, name, "archiving others")
    return await store.archive_user(tx, user.id)


async def restore_user(tx: Tx, name: str) -> bool:
    """
    Let somebody in again, with the keys and the teams they had. Whether that is new.

    Raises:
        AdministratorsOnly: The actor is none.
        UserNotFound: There is nobody of that name.
    """
    rules.check_administrator(await store.standing(tx), "restoring people")
    return await store.restore_user(tx, (await service.get_user(tx, name)).id)


async def erase_user(tx: Tx, name: str, *, reason: str = REASON) -> Erasure:
    """
    Take somebody out of the database for good.

    Their sessions, keys, memberships, preferences and invitations go, and so
    do the address and the browser that stand beside their id anywhere. What
    they made for a team stays the team's, under a name that means nobody.
    Whatever the audit log says of them is emptied, and its seals still hold.

    Raises:
        AdministratorsOnly: It is somebody else, and the actor is no administrator.
        UserNotFound: There is nobody of that name.
        LastOwner: Teams would be left without an owner; the error names them.
        TheFirstStay: It is the person of the command line.
        LastAdministrator: Nobody would keep the installation.
    """
    user = await _own_or_any(tx, name, "erasing others")
    alone = await store.teams_owned_alone(tx, user.id)
    if alone:
        raise LastOwner(user.username, alone)
    emptied = await store.erase_person(tx, user.id, user.username, rules.check_reason(reason))
    if emptied is None:
        raise UserNotFound(name)
    return Erasure(user.id, emptied)


async def archive_team(tx: Tx, slug: str) -> bool:
    """
    Close a team: sessions and keys in it stop, its rows stay. Whether that is new.

    Raises:
        NotPermitted: The actor neither owns it nor keeps the installation.
        TeamNotFound: There is none.
        TheFirstStay: It is the team of the command line.
    """
    team = await _owned(tx, slug, Action.ARCHIVE_TEAM)
    return await store.archive_team(tx, team.id)


async def restore_team(tx: Tx, slug: str) -> bool:
    """
    Open a team again. Whether that is new.

    Raises:
        NotPermitted: The actor neither owns it nor keeps the installation.
        TeamNotFound: There is none.
    """
    team = await _owned(tx, slug, Action.ARCHIVE_TEAM)
    return await store.restore_team(tx, team.id)


async def begin_erasing_team(tx: Tx, slug: str) -> Team:
    """
    Close a team for good; `erase_team_rows` and `finish_erasing_team` do the rest. Beginning again changes nothing.

    Raises:
        NotPermitted: The actor neither owns it nor keeps the installation.
        TeamNotFound: There is none.
        TheFirstStay: It is the team of the command line.
    """
    team = await _owned(tx, slug, Action.ERASE_TEAM)
    await store.begin_erasing_team(tx, team.id)
    return team


async def erase_team_rows(
    database: Database, actor: Actor, team: Team, *, batch_rows: int = _BATCH_ROWS
) -> AsyncIterator[Mapping[str, int]]:
    """
    Delete everything a team has, in every table that knows teams, a batch in each transaction.

    Yields how many rows of each table have gone so far. An erasure that was
    cut off goes on where it was when this is called again.
    """
    gone: Counter[str] = Counter()
    while True:
        async with database.transaction(actor) as tx:
            batch = await store.erase_team_rows(tx, team.id, batch_rows)
        if not batch:
            return
        gone.update(batch)
        yield dict(gone)


async def finish_erasing_team(tx: Tx, team: Team, *, reason: str = REASON) -> Erasure:
    """
    Delete the team itself, of which nothing may be left, and empty what the audit log says of it; its seals still hold.

    Raises:
        TeamNotFound: It is gone, or its erasure was not begun.
        ConstraintViolated: Something of it is left.
    """
    emptied = await store.erase_team(tx, team.id, rules.check_reason(reason))
    if emptied is None:
        raise TeamNotFound(team.slug)
    return Erasure(team.id, emptied)


async def _own_or_any(tx: Tx, name: str, what: str) -> User:
    """The actor themselves, or anybody for an administrator."""
    user = await store.find_user(tx, name)
    if user is None or user.id != tx.actor.user_id:
        rules.check_administrator(await store.standing(tx), what)
    if user is None:
        raise UserNotFound(name)
    return user


async def _owned(tx: Tx, slug: str, action: Action) -> Team:
    """A team, by whoever may do something with it: what the actor is in that team counts, not where they act now."""
    team = await service.get_team(tx, slug)
    standing = await store.standing(tx)
    rules.check(Standing(team.role and Role(team.role), standing.is_administrator), action)
    return team
