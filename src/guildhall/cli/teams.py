"""`guildhall teams`: the tenants, and who belongs to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from guildhall.cli.frame import JsonOption, Output, run
from guildhall.cli.leaving import insist, leave
from guildhall.cli.render.figures import count

if TYPE_CHECKING:
    from guildhall.app.wiring import App
    from guildhall.db import Tx
    from guildhall.domains.platform.identity import Role

group = typer.Typer(help="Teams: whose rows are whose, and who may do what.", no_args_is_help=True)

_Slug = Annotated[str, typer.Argument(help="A team's slug.")]
_User = Annotated[str, typer.Argument(help="A user's name or address of mail.")]


@group.command()
def add(
    name: Annotated[str, typer.Argument(help="What the team is called.")],
    slug: Annotated[str | None, typer.Option(help="Its short name; made of the name unless given.")] = None,
    owner: Annotated[str | None, typer.Option(help="The user who owns it; you unless given.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a team."""
    from guildhall.app.documents.people import team_document
    from guildhall.app.wiring import App
    from guildhall.domains.platform import identity

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            user = await identity.get_user(tx, owner) if owner else None
            team = await identity.create_team(tx, name, slug, owner=user.id if user else None)
        if as_json:
            output.document(team_document(team))
        else:
            output.lines([f"made {team.slug}"])

    run(work, as_json=as_json)


@group.command(name="list")
def list_all(
    archived: Annotated[bool, typer.Option("--archived", help="Also those that are archived.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the teams."""
    from guildhall.app.documents.people import team_document
    from guildhall.app.wiring import App
    from guildhall.domains.platform import identity

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await identity.list_teams(tx, with_archived=archived)
        if as_json:
            output.document([team_document(each) for each in found])
            return
        output.lines(
            [
                f"{each.slug:<32}  {count(each.members, 'member'):>12}  {each.role or '':<6}  "
                + ("" if each.is_active else "being erased" if each.erased_at else "archived")
                for each in found
            ]
        )

    run(work, as_json=as_json)


@group.command()
def members(slug: _Slug, as_json: JsonOption = False) -> None:
    """List who is in a team, and whom it has asked to join."""
    from guildhall.app.documents.people import member_document, open_invitation_document
    from guildhall.app.wiring import App
    from guildhall.domains.platform import identity

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, acting_in(app, slug) as tx:
            found = await identity.list_members(tx)
            asked = await identity.list_invitations(tx)
        if as_json:
            output.document(
                {
                    "members": [member_document(each) for each in found],
                    "invitations": [open_invitation_document(each) for each in asked],
                }
            )
            return
        output.lines(
            [
                *(
                    f"{each.username:<24}  {each.email:<32}  {each.role}{'' if each.is_active else '  archived'}"
                    for each in found
                ),
                *(
                    Text(f"{'(invited)':<24}  {each.email:<32}  {each.role}  until {each.expires_at:%Y-%m-%d}", "dim")
                    for each in asked
                ),
            ]
        )

    run(work, as_json=as_json)


@group.command()
def invite(
    slug: _Slug,
    email: Annotated[str, typer.Argument(help="The address of mail of whoever is to join.")],
    role: Annotated[str, typer.Option(help="owner, admin, member or viewer.")] = "member",
    as_json: JsonOption = False,
) -> None:
    """Ask somebody to join a team: prints the token that lets them in, this once."""
    from guildhall.app.documents.people import new_invitation_document
    from guildhall.app.wiring import App
    from guildhall.domains.platform import identity

    output = Output(as_json)

    async def work() -> None:
        wanted = read_role(role)
        async with App.open() as app, acting_in(app, slug) as tx:
            made = await identity.invite(tx, email, wanted)
        if as_json:
            output.document(new_invitation_document(made))
            return
        output.aside.print(f"for {made.email}, once, until {made.expires_at:%Y-%m-%d %H:%M} UTC:", highlight=False)
        output.lines([made.token])

    run(work, as_json=as_json)


@group.command()
def join(
    token: Annotated[str, typer.Argument(help="What `guildhall teams invite` printed.")],
    name: Annotated[str, typer.Option(help="The name of the new user.")],
    as_json: JsonOption = False,
) -> None:
    """Make an account for somebody who was invited, with a password that is asked for or read from a pipe."""
    from guildhall.app.documents.people import joined_document
    from guildhall.app.wiring import App
    from guildhall.cli.users import ask_password
    from guildhall.db import NOBODY
    from guildhall.domains.platform import identity

    output = Output(as_json)
    secret = ask_password()

    async def work() -> None:
        async with App.open() as app, app.transaction(NOBODY) as tx:
            actor, slug, role = await identity.join(tx, token, name, secret)
        if as_json:
            output.document(joined_document(actor, slug, role))
        else:
            output.lines([f"{name} is {role} of {slug}"])

    run(work, as_json=as_json)


@group.command()
def role(
    slug: _Slug,
    name: _User,
    role: Annotated[str, typer.Argument(help="owner, admin, member or viewer.")],
    add: Annotated[bool, typer.Option("--add", help="Put them into the team if they are not in it.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Change what somebody is in a team."""
    from guildhall.app.wiring import App
    from guildhall.domains.platform import identity
    from guildhall.errors import NotFound

    output = Output(as_json)

    async def work() -> None:
        wanted = read_role(role)
        async with App.open() as app, acting_in(app, slug) as tx:
            try:
                await identity.change_role(tx, name, wanted)
            except NotFound:
                if not add:
                    raise
                await identity.add_member(tx, name, wanted)
        if as_json:
            output.document({"team": slug, "user": name, "role": wanted.value})
        else:
            output.lines([f"{name} is {wanted} of {slug}"])

    run(work, as_json=as_json)


@group.command()
def remove(slug: _Slug, name: _User, as_json: JsonOption = False) -> None:
    """Take somebody out of a team; their sessions and keys in it end."""
    from guildhall.app.wiring import App
    from guildhall.domains.platform import identity

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, acting_in(app, slug) as tx:
            await identity.remove_member(tx, name)
        if as_json:
            output.document({"team": slug, "user": name, "removed": True})
        else:
            output.lines([f"{name} is no longer in {slug}"])

    run(work, as_json=as_json)


@group.command()
def archive(slug: _Slug, as_json: JsonOption = False) -> None:
    """Close a team: its sessions and keys stop, its rows stay, until it is restored."""
    from guildhall.domains.platform import identity

    leave("team", slug, identity.archive_team, "archived", as_json=as_json)


@group.command()
def restore(slug: _Slug, as_json: JsonOption = False) -> None:
    """Open a team again that was archived."""
    from guildhall.domains.platform import identity

    leave("team", slug, identity.restore_team, "restored", as_json=as_json)


@group.command()
def erase(
    slug: _Slug,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: there is no way back.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why; kept with the record of the erasure.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Delete a team with everything it has, in every table, for good. If it is cut off, run it again."""
    from guildhall.app.documents.people import team_erasure_document
    from guildhall.app.wiring import App
    from guildhall.domains.platform import identity

    output = Output(as_json)

    async def work() -> None:
        insist(f"erasing {slug} deletes everything the team has and cannot be taken back", yes=yes)
        gone: dict[str, int] = {}
        async with App.open() as app:
            async with app.transaction() as tx:
                team = await identity.begin_erasing_team(tx, slug)
            async for so_far in identity.erase_team_rows(app.database, app.actor, team):
                gone = dict(so_far)
            async with app.transaction() as tx:
                done = await identity.finish_erasing_team(tx, team, reason=reason or identity.REASON)
        if as_json:
            output.document(team_erasure_document(done, gone))
            return
        rows = sum(gone.values())
        output.lines(
            [
                f"erased {slug}: {count(rows, 'row')} of {count(len(gone), 'table')}, "
                f"and what {count(done.audit_rows, 'row')} of the audit said"
            ]
        )

    run(work, as_json=as_json)


@asynccontextmanager
async def acting_in(app: App, slug: str | None) -> AsyncIterator[Tx]:
    """A transaction of whoever this is in a team of that slug; in their own without one."""
    from guildhall.db import Actor
    from guildhall.domains.platform import identity

    actor = app.actor
    if slug is not None:
        async with app.transaction() as tx:
            actor = Actor(actor.user_id, (await identity.get_team(tx, slug)).id)
    async with app.transaction(actor) as tx:
        yield tx


def read_role(text: str) -> Role:
    """
    A role as people write it.

    Raises:
        InvalidInput: It is none.
    """
    from guildhall.domains.platform.identity import Role
    from guildhall.errors import InvalidInput

    try:
        return Role(text.lower())
    except ValueError:
        known = ", ".join(Role)
        raise InvalidInput(f"role is {text!r}, expected one of {known}", field="role", value=text) from None
