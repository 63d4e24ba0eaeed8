"""`guildhall schedule`: the process that fires what comes again, and what that is."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from guildhall.cli.frame import JsonOption, Output, run
from guildhall.cli.values import read_payload, read_span
from guildhall.cli.work import ListenOption, once_there, stop_on_signals, told_at

if TYPE_CHECKING:
    from guildhall.app.wiring import App

group = typer.Typer(invoke_without_command=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The schedule's name.")]


@group.callback()
def schedule(context: typer.Context, listen: ListenOption = None, as_json: JsonOption = False) -> None:
    """
    Fire schedules, rescue lost jobs and keep the database in shape until SIGTERM or Ctrl-C.

    Any number may run: each schedule fires once. The upkeep of `guildhall db
    maintain` is among them, every hour. The commands below say what comes again.
    A database that is away is waited for.
    """
    if context.invoked_subcommand is not None:
        return
    output = Output(as_json)

    async def work() -> None:
        from guildhall.app.wiring import App, prepared_url
        from guildhall.app.workers.scheduler import Scheduler, duties
        from guildhall.settings import Settings

        settings = Settings.from_environment()

        @asynccontextmanager
        async def opened() -> AsyncIterator[tuple[str, App]]:
            async with prepared_url(settings) as url, App.open(settings) as app:
                yield url, app

        async with once_there(opened, output) as (url, app):
            made = Scheduler(app, duties(app, url))
            stop_on_signals(made.stop)
            with told_at(listen, made) as said:

                def started() -> None:
                    if not as_json:
                        output.lines([f"scheduler {made.name} watches (pid {os.getpid()}){said}"])
                    sys.stdout.flush()

                await made.run(started)
        if as_json:
            output.document({"scheduler": made.name, "fired": made.fired})
        else:
            output.lines([f"stopped: fired {made.fired} times"])

    run(work, as_json=as_json)


@group.command()
def add(
    name: NameArgument,
    task_type: Annotated[str, typer.Argument(metavar="TYPE", help="The type of its jobs; a worker has made it known.")],
    cron: Annotated[
        str | None, typer.Option(help="Minute, hour, day of month, month, day of week: '0 3 * * mon'.")
    ] = None,
    every: Annotated[str | None, typer.Option(help="How often instead: 90s, 15min, 6h, 1d.")] = None,
    zone: Annotated[str, typer.Option(help="The time zone of the cron line, such as Europe/Berlin.")] = "UTC",
    payload: Annotated[str, typer.Option(help="A JSON object, or @FILE that holds one.")] = "{}",
    queue: Annotated[str | None, typer.Option(help="Where its jobs wait, if their type is known in several.")] = None,
    priority: Annotated[str, typer.Option(help="critical, high, normal, low or background.")] = "normal",
    as_json: JsonOption = False,
) -> None:
    """Enqueue a job of the team again and again, by a cron line or every so often."""
    from guildhall.adapters.schemas import checker
    from guildhall.app.documents.jobs import schedule_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.jobs import schedule_lines
    from guildhall.domains.platform import jobs

    output = Output(as_json)

    async def work() -> None:
        values = read_payload(payload)
        span = None if every is None else read_span(every, "every")
        async with App.open() as app, app.database.duty("scheduler", app.actor) as tx:
            wanted = jobs.Schedule(name, task_type, values, priority, app.actor.tenant_id, cron, span, zone, queue)
            added = await jobs.create_schedule(tx, jobs.Types(checker), wanted)
        if as_json:
            output.document(schedule_document(added))
        else:
            output.lines(schedule_lines([added]))

    run(work, as_json=as_json)


@group.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List what comes again, for every team, and how it last went."""
    from guildhall.app.documents.jobs import schedule_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.jobs import schedule_lines
    from guildhall.domains.platform import jobs

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.database.duty("scheduler", app.actor) as tx:
            found = await jobs.list_schedules(tx)
        if as_json:
            output.document([schedule_document(each) for each in found])
        else:
            output.lines(schedule_lines(found))

    run(work, as_json=as_json)


@group.command()
def pause(name: NameArgument, as_json: JsonOption = False) -> None:
    """Fire a schedule no more, until it is resumed."""
    _switch("pause", name, as_json=as_json)


@group.command()
def resume(name: NameArgument, as_json: JsonOption = False) -> None:
    """Fire a schedule again, from its next time on."""
    _switch("resume", name, as_json=as_json)


@group.command()
def remove(name: NameArgument, as_json: JsonOption = False) -> None:
    """Forget a schedule; jobs that it has enqueued stay."""
    from guildhall.app.wiring import App
    from guildhall.domains.platform import jobs

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.database.duty("scheduler", app.actor) as tx:
            await jobs.remove_schedule(tx, name)
        if as_json:
            output.document({"removed": name})
        else:
            output.lines([f"removed {name}"])

    run(work, as_json=as_json)


def _switch(verb: str, name: str, *, as_json: bool) -> None:
    from guildhall.app.documents.jobs import schedule_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.jobs import schedule_lines
    from guildhall.domains.platform import jobs

    output = Output(as_json)
    change = {"pause": jobs.pause_schedule, "resume": jobs.resume_schedule}[verb]

    async def work() -> None:
        async with App.open() as app, app.database.duty("scheduler", app.actor) as tx:
            found = await change(tx, name)
        if as_json:
            output.document(schedule_document(found))
        else:
            output.lines(schedule_lines([found]))

    run(work, as_json=as_json)
