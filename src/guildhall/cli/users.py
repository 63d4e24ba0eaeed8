"""`guildhall users`: the people who use this installation."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from guildhall.cli.frame import JsonOption, Output, run
from guildhall.cli.leaving import insist, leave
from guildhall.cli.render.figures import count

if TYPE_CHECKING:
    from guildhall.domains.platform.identity import User

group = typer.Typer(help="People: who may sign in.", no_args_is_help=True)

_Name = Annotated[str, typer.Argument(help="A user's name or address of mail.")]


@group.command()
def add(
    name: Annotated[str, typer.Argument(help="Letters, digits, '.', '_' and '-'.")],
    email: Annotated[str, typer.Option(help="Their address of mail.")],
    team: Annotated[str | None, typer.Option(help="The team to join; a team of their own unless given.")] = None,
    role: Annotated[str, typer.Option(help="What they are in that team: owner, admin, member, viewer.")] = "member",
    admin: Annotated[bool, typer.Option("--admin", help="They keep the installation: users and teams.")] = False,
    password: Annotated[
        bool,
        typer.Option("--password", help="Ask for a password, or read it from a pipe; without, nobody can sign in."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Add somebody."""
    from guildhall.app.documents.people import user_document
    from guildhall.app.wiring import App
    from guildhall.cli.teams import read_role
    from guildhall.db import Actor
    from guildhall.domains.platform import identity

    output = Output(as_json)
    secret = ask_password() if password else None

    async def work() -> None:
        wanted = read_role(role)
        async with App.open() as app:
            async with app.transaction() as tx:
                joined = await identity.get_team(tx, team) if team else None
            # One transaction: acting in the team that is joined, so that nobody is added halfway.
            async with app.transaction(Actor(app.actor.user_id, joined.id) if joined else None) as tx:
                user = await identity.create_user(
                    tx, name, email, secret, is_administrator=admin, team_of_one=joined is None
                )
                if joined:
                    await identity.add_member(tx, user.username, wanted)
                user = await identity.get_user(tx, user.username)
        if as_json:
            output.document(user_document(user))
            return
        output.lines([f"added {user.username}", *_teams(user)])

    run(work, as_json=as_json)


@group.command(name="list")
def list_all(
    archived: Annotated[bool, typer.Option("--archived", help="Also those who are archived.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the people."""
    from guildhall.app.documents.people import user_document
    from guildhall.app.wiring import App
    from guildhall.domains.platform import identity

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await identity.list_users(tx, with_archived=archived)
        if as_json:
            output.document([user_document(each) for each in found])
            return
        output.lines([f"{each.username:<24}  {each.email:<36}  {_state(each)}" for each in found])

    run(work, as_json=as_json)


@group.command()
def show(name: _Name, as_json: JsonOption = False) -> None:
    """Show somebody: their teams, their default key, when they last signed in."""
    from guildhall.app.documents.people import user_document
    from guildhall.app.wiring import App
    from guildhall.domains.platform import identity

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            user = await identity.get_user(tx, name)
        if as_json:
            output.document(user_document(user))
            return
        last = f"{user.last_login_at:%Y-%m-%d %H:%M}" if user.last_login_at else "never"
        output.lines(
            [
                Text.assemble((user.username, "bold"), f"  {user.email}  {_state(user)}"),
                f"last signed in: {last}" + ("" if user.has_password else "; has no password"),
                *_teams(user),
            ]
        )

    run(work, as_json=as_json)


@group.command()
def password(name: _Name, as_json: JsonOption = False) -> None:
    """Give somebody another password, asked for or read from a pipe; their sessions end."""
    from guildhall.app.wiring import App
    from guildhall.domains.platform import identity

    output = Output(as_json)
    secret = ask_password()

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            await identity.set_password(tx, name, secret)
        if as_json:
            output.document({"username": name, "changed": True})
        else:
            output.lines([f"{name} has another password, and is signed out everywhere"])

    run(work, as_json=as_json)


@group.command()
def archive(name: _Name, as_json: JsonOption = False) -> None:
    """Keep somebody out: they cannot sign in and their keys do nothing, until they are restored."""
    from guildhall.domains.platform import identity

    leave("username", name, identity.archive_user, "archived", as_json=as_json)


@group.command()
def restore(name: _Name, as_json: JsonOption = False) -> None:
    """Let somebody in again who was archived."""
    from guildhall.domains.platform import identity

    leave("username", name, identity.restore_user, "restored", as_json=as_json)


@group.command()
def erase(
    name: _Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: there is no way back.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why; kept with the record of the erasure.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Take somebody out of the database for good; what they made for a team stays, under a name that means nobody."""
    from guildhall.app.documents.people import erasure_document
    from guildhall.app.wiring import App
    from guildhall.domains.platform import identity

    output = Output(as_json)

    async def work() -> None:
        insist(f"erasing {name} cannot be taken back", yes=yes)
        async with App.open() as app, app.transaction() as tx:
            done = await identity.erase_user(tx, name, reason=reason or identity.REASON)
        if as_json:
            output.document(erasure_document(done))
        else:
            output.lines([f"erased {name}, also from {count(done.audit_rows, 'row')} of the audit"])

    run(work, as_json=as_json)


def ask_password() -> str:
    """A password from the terminal, twice and unseen, or the first line of a pipe."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


def _state(user: User) -> str:
    return "archived" if not user.is_active else "administrator" if user.is_administrator else ""


def _teams(user: User) -> list[str]:
    return [f"{role.value} of {slug}" for slug, role in user.teams.items()]
