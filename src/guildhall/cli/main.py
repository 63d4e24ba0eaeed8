"""The command line: one module for each group of commands."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_group

from guildhall import __version__
from guildhall.cli import chat, debates, doctor, improving, searching, serve, start, up, work
from guildhall.cli.frame import UsageWrong, complain

GROUPS = {
    "eval": "evaluation",
    "config": "configurations",
    "scenario": "scenarios",
    "recommend": "recommendations",
    "failures": "failures",
    "users": "users",
    "teams": "teams",
    "keys": "keys",
    "db": "databases",
    "audit": "audits",
    "jobs": "jobs",
    "debates": "debates",
    "agents": "agents",
    "tasks": "tasks",
    "schedule": "schedules",
    "gateway": "gateway",
    "ledger": "ledger",
}
"""The module of each group of commands."""


class _Groups(TyperGroup):
    """Commands whose groups are made when they are asked for: to make all takes longer than most of them run."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*(name for name in self.commands if name not in GROUPS), *GROUPS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        # Of a word that is no command Typer names the nearest, so that it needs them all.
        wanted = [cmd_name] if cmd_name in GROUPS else [] if cmd_name in self.commands else GROUPS
        for name in wanted:
            if name not in self.commands:
                self.add_command(get_group(load_group(name)), name)
        return super().get_command(ctx, cmd_name)


def load_group(name: str) -> typer.Typer:
    """The commands behind a name such as `eval`."""
    group: typer.Typer = import_module(f"guildhall.cli.{GROUPS[name]}").group
    group.info.name = name
    return group


app = typer.Typer(
    name="guildhall",
    cls=_Groups,
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
searching.add_to(app)
up.add_to(app)
serve.add_to(app)
doctor.add_to(app)
work.add_to(app)
debates.add_to(app)
improving.add_to(app)
chat.add_to(app)


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
