"""`guildhall keys`: with what programs act for people, and the secrets that teams keep."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from rich.text import Text

from guildhall.cli.frame import GATE_FAILED, JsonOption, Output, run
from guildhall.cli.render.figures import count

group = typer.Typer(help="API keys, and the secrets that teams keep.", no_args_is_help=True)

TeamOption = Annotated[str | None, typer.Option("--team", help="A team's slug; yours unless given.")]
RateOption = Annotated[str, typer.Option(help="Requests in an hour; `any` for no limit.")]
DaysOption = Annotated[int | None, typer.Option(min=1, help="How long it lasts; until it is revoked unless given.")]
RevokedOption = Annotated[bool, typer.Option("--revoked", help="Also those that were revoked.")]


@group.command()
def add(
    name: Annotated[str | None, typer.Argument(help="What to call the key.")] = None,
    user: Annotated[str | None, typer.Option(help="For whom; you unless given.")] = None,
    team: TeamOption = None,
    scope: Annotated[list[str] | None, typer.Option(help="read, write, models, admin; all unless given.")] = None,
    rate: RateOption = "1000",
    days: DaysOption = None,
    default: Annotated[bool, typer.Option("--default", help="Make it the person's default key.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make an API key: prints it, this once."""
    from guildhall.app.documents.keys import new_key_document
    from guildhall.app.wiring import App
    from guildhall.cli.teams import acting_in
    from guildhall.domains.platform import identity

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, acting_in(app, team) as tx:
            person = (await identity.get_user(tx, user)).id if user else None
            made = await identity.create_key(
                tx,
                name,
                scopes=scope or (),
                rate_limit=_rate(rate),
                expires_at=tx.now + timedelta(days=days) if days else None,
                user_id=person,
                as_default=default,
            )
        if as_json:
            output.document(new_key_document(made))
            return
        output.aside.print("keep it somewhere safe; it cannot be shown again:", highlight=False)
        output.lines([made.text])

    run(work, as_json=as_json)


@group.command(name="list")
def list_all(
    team: TeamOption = None,
    revoked: RevokedOption = False,
    as_json: JsonOption = False,
) -> None:
    """List API keys by their public ids."""
    show(team, revoked=revoked, as_json=as_json)


def show(team: str | None, *, revoked: bool, as_json: bool, only: str | None = None) -> None:
    """Print keys; only those that may be used for a scope, where one is given."""
    from guildhall.app.documents.keys import key_document
    from guildhall.app.wiring import App
    from guildhall.cli.teams import acting_in
    from guildhall.domains.platform import identity

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, acting_in(app, team) as tx:
            found = await identity.list_keys(tx, with_revoked=revoked)
        if only is not None:
            found = [each for each in found if identity.allows(each.scopes, identity.Scope(only))]
        if as_json:
            output.document([key_document(each) for each in found])
            return
        output.lines(
            [
                Text(
                    f"gh_{each.id.hex[:12]}…  {each.name or '':<20}  {each.username or '':<16}  "
                    + (
                        "revoked"
                        if each.revoked_at
                        else f"used {each.last_used_at:%Y-%m-%d}"
                        if each.last_used_at
                        else "unused"
                    ),
                    "" if each.is_active else "dim",
                )
                for each in found
            ]
            or [f"no API keys yet; `guildhall {'gateway ' if only else ''}keys add` makes one"]
        )

    run(work, as_json=as_json)


@group.command()
def revoke(
    key: Annotated[str, typer.Argument(help="A key's public id, the beginning of it, or its name.")],
    team: TeamOption = None,
    as_json: JsonOption = False,
) -> None:
    """End an API key at once and for good."""
    from guildhall.app.documents.keys import revoked_key_document
    from guildhall.app.wiring import App
    from guildhall.cli.teams import acting_in
    from guildhall.domains.platform import identity

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, acting_in(app, team) as tx:
            key_id, revoked_at = await identity.revoke_key(tx, key)
        if as_json:
            output.document(revoked_key_document(key_id, revoked_at))
        else:
            output.lines([f"revoked gh_{key_id.hex[:12]}…"])

    run(work, as_json=as_json)


@group.command(name="rotate-secrets")
def rotate_secrets(as_json: JsonOption = False) -> None:
    """
    Seal every team's secrets anew under GUILDHALL_SECRET_KEY; those under GUILDHALL_SECRET_KEY_OLD are opened with that.

    It can be cut off and repeated. Ends with 1 where secrets could not be opened.
    """
    from guildhall.app.documents.keys import rotation_document
    from guildhall.app.wiring import App
    from guildhall.domains.platform import identity

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app:
            ring = identity.read_keyring(app.settings.secret_key, app.settings.secret_key_old)
            done = await identity.rotate_secrets(app.database, app.actor, ring)
        if as_json:
            output.document(rotation_document(done))
        else:
            output.lines(
                [
                    f"sealed {count(done.resealed, 'secret')} anew",
                    *(f"cannot be opened: {each}" for each in done.unreadable),
                ]
            )
        if done.unreadable:
            raise typer.Exit(GATE_FAILED)

    run(work, as_json=as_json)


def _rate(text: str) -> int | None:
    from guildhall.errors import InvalidInput

    if text == "any":
        return None
    if not text.isdecimal() or len(text) > 10:
        raise InvalidInput(
            f"--rate is {text[:20]!r}, expected a number of requests in an hour, or any", field="rate", value=text[:20]
        )
    return int(text)
