"""The command line: one module for each group of commands."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

from guildhall import __version__
from guildhall.cli import audits, configurations, databases, evaluation, keys, scenarios, start, teams, users
from guildhall.cli.frame import UsageWrong, complain

app = typer.Typer(
    name="guildhall",
    help=(
        "Guildhall tells you whether the new version of your AI agent is really better, "
        "and keeps the evidence in your own PostgreSQL.\n\n"
        "Start with `guildhall demo`, then `guildhall init`."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

start.add_to(app)
app.add_typer(evaluation.group, name="eval")
app.add_typer(configurations.group, name="config")
app.add_typer(scenarios.group, name="scenario")
app.add_typer(users.group, name="users")
app.add_typer(teams.group, name="teams")
app.add_typer(keys.group, name="keys")
app.add_typer(databases.group, name="db")
app.add_typer(audits.group, name="audit")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"guildhall {__version__}")
        raise typer.Exit


@app.callback()
def _guildhall(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Say what the whole program is for; the groups do the work."""


def main() -> None:
    """The entry point of the `guildhall` command."""
    if "--json" not in sys.argv:
        app()
    try:
        code = app(standalone_mode=False)
    except TyperException as error:  # a word or a value that Typer does not take
        code = complain(UsageWrong(error.format_message()))
    sys.exit(code)
