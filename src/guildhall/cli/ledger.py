"""`guildhall ledger`: the proof that the record of calls is whole."""

from __future__ import annotations

import typer

from guildhall.cli.frame import GATE_FAILED, JsonOption, Output, run

group = typer.Typer(help="The ledger of calls, and whether it is whole.", no_args_is_help=True)

LEDGERS = ("llm_requests", "llm_responses")


@group.callback()
def _ledger() -> None:
    """A group, also while it has one command."""


@group.command()
def verify(as_json: JsonOption = False) -> None:
    """
    Hold every call and every answer against its digest, its seal and the chain of seals.

    Ends with 1 where a row was removed, changed, added or cut off. `guildhall
    audit seal` signs what was written since the last seal.
    """
    from guildhall.app import sealing
    from guildhall.app.documents.audits import verification_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.audits import verification_lines
    from guildhall.cli.render.progress import counting

    output = Output(as_json)

    async def work() -> bool:
        async with App.open() as app:
            with counting(output.aside, "verifying") as tell:
                found = await sealing.verify(app, LEDGERS, on_progress=tell)
        if as_json:
            output.document([verification_document(each) for each in found])
        else:
            output.lines(verification_lines(found))
        return all(each.holds for each in found)

    if not run(work, as_json=as_json):
        raise typer.Exit(GATE_FAILED)
