"""`guildhall doctor`: how the database and its server are, and what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from guildhall.cli.frame import GATE_FAILED, JsonOption, Output, run

if TYPE_CHECKING:
    from guildhall.app.checkup import Checkup


def add_to(app: typer.Typer) -> None:
    """Put the command at the top."""
    app.command()(doctor)


def doctor(as_json: JsonOption = False) -> None:
    """
    Examine the database: connections, locks, snapshots, slow statements, partitions, disk and more, with remedies.

    Ends with 1 where something is critical, which is to be acted on now, and
    with 3 where the database does not answer. It changes nothing.
    """
    from guildhall.app.documents.health import checkup_document
    from guildhall.cli.render.health import checkup_lines
    from guildhall.domains.platform.operations import Level

    output = Output(as_json)

    async def work() -> bool:
        found = await _examine()
        if as_json:
            output.document(checkup_document(found))
        else:
            output.lines(checkup_lines(found))
        return found.level is not Level.CRITICAL

    if not run(work, as_json=as_json):
        raise typer.Exit(GATE_FAILED)


async def _examine() -> Checkup:
    from guildhall.app import checkup
    from guildhall.app.wiring import App

    try:
        async with App.open() as app:
            return await checkup.examine(app)
    except checkup.SCHEMA_ERRORS as error:
        return checkup.unusable(error)
