"""`guildhall gateway keys`: the keys of programs that call models, which are `guildhall keys` with the scope `models`."""

from __future__ import annotations

from typing import Annotated

import typer

from guildhall.cli import keys
from guildhall.cli.frame import JsonOption

group = typer.Typer(help="API keys with which models may be called.", no_args_is_help=True)
group.command("revoke")(keys.revoke)


@group.command("add")
def add(
    name: Annotated[str | None, typer.Argument(help="What to call the key.")] = None,
    user: Annotated[str | None, typer.Option(help="For whom; you unless given.")] = None,
    team: keys.TeamOption = None,
    rate: keys.RateOption = "1000",
    days: keys.DaysOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an API key that may call models and nothing else: prints it, this once."""
    keys.add(name, user, team, ["models"], rate, days, default=False, as_json=as_json)


@group.command("list")
def list_(team: keys.TeamOption = None, revoked: keys.RevokedOption = False, as_json: JsonOption = False) -> None:
    """List API keys with which models may be called, by their public ids."""
    keys.show(team, revoked=revoked, as_json=as_json, only="models")
