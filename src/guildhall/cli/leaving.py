"""What is archived, restored or erased: the same words for people, teams, configurations and scenarios."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from guildhall.cli.frame import Output, run
from guildhall.errors import NotAllowed

if TYPE_CHECKING:
    from guildhall.db import Tx


def leave(field: str, name: str, verb: Callable[[Tx, str], Awaitable[bool]], done: str, *, as_json: bool) -> None:
    """Archive or restore what has a name; `verb` says whether anything changed, `done` is its participle."""
    from guildhall.app.wiring import App

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            is_new = await verb(tx, name)
        if as_json:
            output.document({field: name, done: True, "new": is_new})
        else:
            output.lines([f"{done} {name}" if is_new else f"{name} was {done} already"])

    run(work, as_json=as_json)


def insist(what: str, *, yes: bool) -> None:
    """
    Make sure that what cannot be taken back is meant.

    Raises:
        NotAllowed: Nobody said --yes.
    """
    if not yes:
        raise NotAllowed(what, remedy="Say --yes if that is meant.", field="yes")
