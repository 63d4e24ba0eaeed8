"""`guildhall db maintain`, `series` and `rollups`: how long rows are kept, how often they are summed up, and the upkeep that sees to it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guildhall.cli.frame import JsonOption, Output, run
from guildhall.cli.render.upkeep import rollup_lines, series_lines, upkeep_document, upkeep_lines
from guildhall.settings import Settings

if TYPE_CHECKING:
    from guildhall.db.rollups import RollupState
    from guildhall.db.timeseries import SeriesState

group = typer.Typer(
    help="The tables that are kept by time: how long, in which form, and what there is of them.",
    invoke_without_command=True,
)

rollups = typer.Typer(
    help="The roll-ups that dashboards read: how often each is refreshed.", invoke_without_command=True
)


@group.callback()
def listed(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the series: rows (estimated), partitions, from and to, how long rows are kept."""
    if context.invoked_subcommand is None:
        _list(as_json=as_json)


@group.command("list")
def list_series(as_json: JsonOption = False) -> None:
    """List the series: rows (estimated), partitions, from and to, how long rows are kept."""
    _list(as_json=as_json)


def _list(*, as_json: bool) -> None:
    output = Output(as_json)

    async def work() -> None:
        async with _database_url() as url:
            found = await _survey(url)
        if as_json:
            output.document(list(found))
        else:
            output.lines(series_lines(found))

    run(work, as_json=as_json)


@group.command("set")
def set_series(
    name: Annotated[str, typer.Argument(help="The series, as `guildhall db series` lists it.")],
    retention: Annotated[
        str | None, typer.Option(help="How long rows are kept, such as '1 year'; 'forever' keeps them.")
    ] = None,
    compress_after: Annotated[
        str | None, typer.Option(help="The age at which TimescaleDB compresses them, such as '7 days'; 'never'.")
    ] = None,
    archive: Annotated[
        bool | None,
        typer.Option("--archive/--no-archive", help="Whether they go to Parquet files before they are dropped."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Change how the rows of a series are kept; the next `guildhall db maintain` acts on it."""
    from guildhall.db import timeseries

    output = Output(as_json)

    async def work() -> None:
        async with _database_url() as url:
            change = timeseries.Adjustment(retention=retention, compress_after=compress_after, is_archived=archive)
            await timeseries.adjust(url, name, change)
            found = [each for each in await _survey(url) if each.name == name]
        if as_json:
            output.document(found[0])
        else:
            output.lines(series_lines(found))

    run(work, as_json=as_json)


@group.command("restore")
def restore_series(
    file: Annotated[Path, typer.Argument(help="A Parquet file that `guildhall db maintain` has written.")],
    keep_days: Annotated[
        int, typer.Option("--keep", min=1, help="Days for which they are not dropped again, however old they are.")
    ] = 7,
    as_json: JsonOption = False,
) -> None:
    """Put archived rows back where they were; those that are there already stay as they are."""
    from guildhall.cli.render.figures import count
    from guildhall.db import archives

    output = Output(as_json)

    async def work() -> None:
        async with _database_url() as url:
            done = await archives.restore(url, file, keep_for=timedelta(days=keep_days))
        if as_json:
            output.document(
                {
                    "series": done.archive.series,
                    "from": done.archive.starts,
                    "to": done.archive.ends,
                    "added": done.added,
                    "known": done.known,
                    "orphaned": done.orphaned,
                }
            )
            return
        output.lines([f"{done.archive.series}: put back {count(done.added, 'row')} of {done.archive.rows:,}"])
        if done.known:
            output.lines([f"{count(done.known, 'row')} were there already"])
        if done.orphaned:
            output.lines([f"{count(done.orphaned, 'row')} refer to what has been deleted, and were left out"])

    run(work, as_json=as_json)


@rollups.callback()
def rollups_listed(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the roll-ups: how often each is refreshed, over which window, and when it last was."""
    if context.invoked_subcommand is None:
        _list_rollups(as_json=as_json)


@rollups.command("list")
def list_rollups(as_json: JsonOption = False) -> None:
    """List the roll-ups: how often each is refreshed, over which window, and when it last was."""
    _list_rollups(as_json=as_json)


def _list_rollups(*, as_json: bool) -> None:
    output = Output(as_json)

    async def work() -> None:
        async with _database_url() as url:
            found = await _survey_rollups(url)
        if as_json:
            output.document(list(found))
        else:
            output.lines(rollup_lines(found))

    run(work, as_json=as_json)


@rollups.command("set")
def set_rollup(
    name: Annotated[str, typer.Argument(help="The roll-up, as `guildhall db rollups` lists it.")],
    every: Annotated[str | None, typer.Option(help="How often it is refreshed, such as '5 minutes'.")] = None,
    start_offset: Annotated[
        str | None, typer.Option(help="How far back TimescaleDB's own policy looks, such as '3 days'.")
    ] = None,
    end_offset: Annotated[
        str | None,
        typer.Option(
            help="The age below which rows are read raw, such as '1 hour'; '-1 hour' takes in the hour under way."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Change how often a roll-up is refreshed, and over which window; the scheduler heeds it within a minute."""
    from guildhall.db import rollups as kept
    from guildhall.errors import InvalidInput

    output = Output(as_json)

    async def work() -> None:
        if every is None and start_offset is None and end_offset is None:
            raise InvalidInput(
                "expected --every, --start-offset or --end-offset",
                remedy="`guildhall db rollups` shows what they are.",
                field="every",
            )
        async with _database_url() as url:
            await kept.adjust(url, name, kept.Rhythm(every, start_offset, end_offset))
            found = [each for each in await _survey_rollups(url) if each.name == name]
        if as_json:
            output.document(found[0])
        else:
            output.lines(rollup_lines(found))

    run(work, as_json=as_json)


def maintain(as_json: JsonOption = False) -> None:
    """Do one pass of upkeep: seals, roll-ups, partitions ahead, retention, archives. Run it daily, or more often."""
    from guildhall.app import upkeep
    from guildhall.app.wiring import App

    output = Output(as_json)

    async def work() -> None:
        async with _database_url() as url, App.open() as app:
            done = await upkeep.maintain(app, url)
        if as_json:
            output.document(upkeep_document(done))
            return
        output.lines(upkeep_lines(done))
        for error in done.left:
            output.warn(str(error))

    run(work, as_json=as_json)


async def _survey(url: str) -> Sequence[SeriesState]:
    from guildhall.db import Database, timeseries

    database = await Database.connect(url, size=1)
    try:
        return await timeseries.survey(database)
    finally:
        await database.close()


async def _survey_rollups(url: str) -> Sequence[RollupState]:
    from guildhall.db import Database
    from guildhall.db import rollups as kept

    database = await Database.connect(url, size=1)
    try:
        return await kept.survey(database)
    finally:
        await database.close()


def _database_url() -> AbstractAsyncContextManager[str]:
    from guildhall.app.wiring import prepared_url

    return prepared_url(Settings.from_environment())
