"""`guildhall db`: the database that holds the evidence."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.text import Text

from guildhall.cli import upkeep
from guildhall.cli.frame import GATE_FAILED, JsonOption, Output, run
from guildhall.cli.leaving import insist
from guildhall.cli.render.figures import count
from guildhall.settings import Settings

if TYPE_CHECKING:
    from guildhall.db.holders import Holder

group = typer.Typer(help="The database: migrations, status, upkeep, and a way in.", no_args_is_help=True)
group.add_typer(upkeep.group, name="series")
group.add_typer(upkeep.rollups, name="rollups")
group.command("maintain")(upkeep.maintain)


@group.command()
def migrate(
    to: Annotated[int | None, typer.Option(help="The schema version to stop at; the newest unless given.")] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            help="What keeps the series of a new database: native or timescale; timescale where the server has it."
        ),
    ] = None,
    through: Annotated[
        Literal["expand", "backfill", "contract"],
        typer.Option(help="The last phase to run; what comes after it is left for later."),
    ] = "contract",
    as_json: JsonOption = False,
) -> None:
    """Bring the database to the schema that this version of Guildhall expects."""
    from guildhall.app.wiring import administrator_url
    from guildhall.db import migrate as migrations
    from guildhall.db.swap import Phase

    output = Output(as_json)

    async def work() -> None:
        async with administrator_url(Settings.from_environment()) as url:
            applied = await migrations.migrate(url, to=to, through=Phase(through), engine=engine, tell=_say_who(output))
            known = await migrations.status(url)
        if as_json:
            numbers = {"applied": applied, "pending": known.pending}
            output.document(
                {
                    "version": known.version,
                    **{key: [each.number for each in some] for key, some in numbers.items()},
                    "engine": known.engine,
                }
            )
            return
        for each in applied:
            output.lines([f"applied {each.number:04d} {each.name}"])
        for each in known.pending if to is None else ():
            output.lines([f"left for later {each.number:04d} {each.name} ({each.phase})"])
        for other in known.ahead:
            output.lines([f"of a newer Guildhall {other.number:04d} {other.name}, with which this one works"])
        output.lines([f"the schema is at version {known.version}, its series are kept by {known.engine}"])

    run(work, as_json=as_json)


@group.command()
def rollback(
    to: Annotated[int, typer.Option(help="The schema version to go back to; 0 is an empty database.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: what the removed tables hold is lost.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take migrations back, newest first. Data in tables that go is lost."""
    from guildhall.app.wiring import administrator_url
    from guildhall.db import migrate as migrations

    output = Output(as_json)

    async def work() -> None:
        insist(f"going back to schema version {to} deletes the tables that came later, with their rows", yes=yes)
        async with administrator_url(Settings.from_environment()) as url:
            removed = await migrations.rollback(url, to=to, tell=_say_who(output))
            known = await migrations.status(url)
        if as_json:
            output.document({"version": known.version, "removed": [each.number for each in removed]})
            return
        for each in removed:
            output.lines([f"took back {each.number:04d} {each.name}"])
        output.lines([f"the schema is at version {known.version}"])

    run(work, as_json=as_json)


@group.command()
def status(as_json: JsonOption = False) -> None:
    """Show which database is used, whether it runs, and the state of its schema; starts nothing."""
    from guildhall.db import embedded
    from guildhall.db import migrate as migrations

    output = Output(as_json)

    async def work() -> None:
        settings = Settings.from_environment()
        if settings.database_url:
            known = await migrations.status(settings.database_url)
            facts: dict[str, object] = {"server": "GUILDHALL_DATABASE_URL", "running": True}
        else:
            server = embedded.status(settings.data_dir)
            facts = {"server": "embedded", "running": server.running, "data_dir": str(settings.data_dir)}
            if not server.running:
                if as_json:
                    output.document(facts | {"version": None, "pending": None})
                else:
                    output.lines(
                        [
                            f"the embedded PostgreSQL in {settings.data_dir} is not running",
                            "any command that needs it starts it",
                        ]
                    )
                return
            with embedded.start(settings.data_dir) as running:
                known = await migrations.status(running.url(database="guildhall"))
        if as_json:
            output.document(
                facts
                | {
                    "version": known.version,
                    "pending": [each.number for each in known.pending],
                    "begun": [each.number for each in known.begun],
                    "ahead": [each.number for each in known.ahead],
                    "engine": known.engine,
                }
            )
            return
        where = "GUILDHALL_DATABASE_URL" if settings.database_url else f"the embedded PostgreSQL in {settings.data_dir}"
        pending = f"{count(len(known.pending), 'migration')} pending" if known.pending else "up to date"
        output.lines([Text.assemble((where, "bold"), " answers"), f"schema version {known.version}, {pending}"])
        if known.ahead:
            unknown = ", ".join(f"{each.number:04d} {each.name}" for each in known.ahead)
            output.lines([f"a newer Guildhall has added {unknown}; this one works with that"])
        for each in known.begun:
            output.lines([f"{each.label} was begun and cut off; `guildhall db migrate` goes on behind its last step"])
        if known.engine:
            output.lines([f"series are kept by {known.engine}"])

    run(work, as_json=as_json)


@group.command()
def conformance(
    inventory: Annotated[Path, typer.Option(help="The inventory of the reference documents, a JSON file.")],
    deviations: Annotated[
        Path | None,
        typer.Option(help="The page that gives the reasons for what differs; the one of this version unless given."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """
    Hold the schema against what the reference documents name.

    Ends with 1 where something is missing, or differs for no reason that is written down.
    """
    from guildhall.app.wiring import administrator_url
    from guildhall.cli.render.conformance import conformance_document, conformance_lines
    from guildhall.db import migrate as migrations
    from guildhall.db.conformance import examine

    output = Output(as_json)

    async def work() -> bool:
        settings = Settings.from_environment()
        async with administrator_url(settings) as location:
            if not settings.database_url:
                await migrations.migrate(location)
            await migrations.check(location)
            found = await examine(location, inventory, deviations=deviations)
        if as_json:
            output.document(conformance_document(found))
        else:
            output.lines(conformance_lines(found))
        return found.holds

    if not run(work, as_json=as_json):
        raise typer.Exit(GATE_FAILED)


@group.command()
def admit(
    username: Annotated[str, typer.Argument(help="A person of this installation.")],
    team: Annotated[
        str | None, typer.Option(help="The team whose rows they see; needed where they are in several.")
    ] = None,
    role: Annotated[str | None, typer.Option(help="The login's name; USERNAME_TEAM unless given.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Give a person a database login that sees one team's rows and changes none; the password is shown once."""
    from guildhall.app.wiring import administrator_url
    from guildhall.db import people

    output = Output(as_json)

    async def work() -> None:
        async with administrator_url(Settings.from_environment()) as location:
            login, password = await people.admit(location, username, team=team, role=role)
        if as_json:
            output.document({"role": login.role, "username": username, "team": login.team, "password": password})
            return
        output.lines([f"{login.role} sees what belongs to {login.team}", f"password: {password}"])

    run(work, as_json=as_json)


@group.command()
def admitted(as_json: JsonOption = False) -> None:
    """List the database logins of people who write SQL."""
    from guildhall.app.wiring import administrator_url
    from guildhall.db import people

    output = Output(as_json)

    async def work() -> None:
        async with administrator_url(Settings.from_environment()) as location:
            logins = await people.admitted(location)
        if as_json:
            output.document(
                [
                    {"role": each.role, "username": each.username, "team": each.team, "created_at": each.created_at}
                    for each in logins
                ]
            )
        else:
            output.lines([f"{each.role}: {each.username} in {each.team}" for each in logins] or ["nobody"])

    run(work, as_json=as_json)


@group.command()
def dismiss(
    role: Annotated[str, typer.Argument(help="The login's name, as `guildhall db admitted` shows it.")],
    as_json: JsonOption = False,
) -> None:
    """Take a database login away, and end its sessions."""
    from guildhall.app.wiring import administrator_url
    from guildhall.db import people

    output = Output(as_json)

    async def work() -> None:
        async with administrator_url(Settings.from_environment()) as location:
            await people.dismiss(location, role)
        if as_json:
            output.document({"dismissed": role})
        else:
            output.lines([f"{role} may no longer look"])

    run(work, as_json=as_json)


@group.command()
def url() -> None:
    """
    Print one line that any PostgreSQL client accepts; on the embedded server, as a superuser.

    The embedded server is started and left running; `guildhall db stop` stops it.
    """
    output = Output()

    async def work() -> None:
        output.lines([await _url()])

    run(work)


@group.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context) -> None:
    """Open psql on the database; whatever else is given is passed on to it."""
    from guildhall.db import embedded

    async def work() -> int:
        from guildhall.app.wiring import administrator_url

        settings = Settings.from_environment()
        async with administrator_url(settings) as location:
            program = shutil.which("psql") if settings.database_url else None
            session = await asyncio.create_subprocess_exec(
                program or str(embedded.binary("psql")), location, *context.args
            )
            return await session.wait()

    raise typer.Exit(run(work))


@group.command()
def stop(as_json: JsonOption = False) -> None:
    """Stop the embedded server cleanly; what uses it at this moment loses its connection."""
    from guildhall.db import embedded

    output = Output(as_json)

    async def work() -> None:
        settings = Settings.from_environment()
        stopped = embedded.stop(settings.data_dir)
        if as_json:
            output.document({"stopped": stopped})
        else:
            output.lines(["stopped" if stopped else "the embedded PostgreSQL was not running"])

    run(work, as_json=as_json)


def _say_who(output: Output) -> Callable[[Sequence[Holder]], None]:
    return lambda holders: output.warn(f"waiting for {'; '.join(map(str, holders))}; this goes on once that is over")


async def _url() -> str:
    from guildhall.app.wiring import keep_running

    settings = Settings.from_environment()
    return settings.database_url or await keep_running(settings)
