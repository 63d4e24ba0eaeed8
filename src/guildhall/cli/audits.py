"""`guildhall audit`: what was changed, and the proof that its record is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from guildhall.cli.frame import GATE_FAILED, JsonOption, Output, run
from guildhall.settings import Settings

group = typer.Typer(
    help="The audit log: what was changed by whom, and whether the record is whole.", no_args_is_help=True
)

LedgerOption = Annotated[
    list[str] | None, typer.Option("--ledger", help="Only this ledger; may be given more than once.")
]


@group.command("list")
def list_(
    table: Annotated[str | None, typer.Option(help="Only changes of this table.")] = None,
    record: Annotated[str | None, typer.Option(help="Only changes of the record with this id.")] = None,
    user: Annotated[str | None, typer.Option(help="Only changes by the person with this id.")] = None,
    installation: Annotated[
        bool, typer.Option("--installation", help="What belongs to no team instead: people, the catalogue, schedules …")
    ] = False,
    last: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List row changes of the team, or those of the installation, newest first."""
    from guildhall.app.documents.audits import change_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.audits import change_lines
    from guildhall.domains.platform import audit
    from guildhall.errors import InvalidInput

    output = Output(as_json)

    async def work() -> None:
        try:
            user_id = UUID(user) if user else None
        except ValueError:
            raise InvalidInput(f"--user is {user!r}, expected a UUID", field="user", value=user) from None
        async with App.open() as app:
            if installation:
                filters = {"table": table, "record": record, "user_id": user_id}
                async with app.database.duty("scheduler", app.actor) as tx:
                    page = await audit.page_installation_changes(tx, filters, audit.CHANGES.order(), at_most=last)
                found = list(page.items)
            else:
                async with app.transaction() as tx:
                    found = await audit.list_changes(tx, table=table, record=record, user_id=user_id, at_most=last)
        if as_json:
            output.document([change_document(each) for each in found])
        else:
            output.lines(change_lines(found))

    run(work, as_json=as_json)


@group.command()
def seal(
    ledger: LedgerOption = None,
    after_restore: Annotated[
        bool, typer.Option("--after-restore", help="Go on although seals are gone that had been kept track of.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """
    Sign what was written since the last seal, as far as every transaction before it has ended.

    The key is in the file that GUILDHALL_SEAL_KEY names; the first time, it is made.
    """
    from guildhall.app import sealing
    from guildhall.app.documents.audits import seal_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.audits import seal_lines

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app:
            made = [each async for each in sealing.seal(app, ledger or (), after_restore=after_restore)]
        if as_json:
            output.document([seal_document(each) for each in made])
        else:
            output.lines(seal_lines(made))

    run(work, as_json=as_json)


@group.command()
def heads(as_json: JsonOption = False) -> None:
    """
    Show the last seal of each ledger.

    With --json in the form that `verify --heads` takes: kept where nobody who can change the database can
    change it, it shows later whether the end of a chain was cut off.
    """
    from guildhall.app import sealing
    from guildhall.app.wiring import App
    from guildhall.cli.render.audits import head_lines

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app:
            found = await sealing.export_heads(app)
        if as_json:
            output.document(sealing.heads_document(found))
        else:
            output.lines(head_lines(found))

    run(work, as_json=as_json)


@group.command()
def verify(
    ledger: LedgerOption = None,
    heads: Annotated[Path | None, typer.Option(help="Heads that were exported earlier.")] = None,
    own: Annotated[bool, typer.Option("--own", help="Only the team's own rows, as the team may read them.")] = False,
    as_json: JsonOption = False,
) -> None:
    """
    Hold every row against its digest, its seal and the chain of seals.

    Ends with 1 where a row was removed, changed, added, reordered or cut off, or a seal was.
    """
    from guildhall.app import sealing
    from guildhall.app.documents.audits import verification_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.audits import verification_lines
    from guildhall.cli.render.progress import counting

    output = Output(as_json)

    async def work() -> bool:
        exported = sealing.read_heads(heads) if heads else None
        async with App.open(Settings.from_environment()) as app:
            with counting(output.aside, "verifying") as tell:
                found = await sealing.verify(app, ledger or (), heads=exported, own=own, on_progress=tell)
        if as_json:
            output.document([verification_document(each) for each in found])
        else:
            output.lines(verification_lines(found))
        return all(each.holds for each in found)

    if not run(work, as_json=as_json):
        raise typer.Exit(GATE_FAILED)
