"""`guildhall eval tools` and `next`: what people ask of two versions beside which is better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from guildhall.cli.frame import JsonOption, Output, run
from guildhall.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

_REFERENCE = "A simulation (short id, UUID, @latest) or a version (name@v2), which means its latest simulation."
_Baseline = Annotated[str, typer.Argument(help=_REFERENCE)]
_Candidate = Annotated[str, typer.Argument(help=_REFERENCE)]


def add_to(group: typer.Typer) -> None:
    """Put the commands into `guildhall eval`."""
    group.command(name="tools")(tools)
    group.command(name="next")(plan_next)


def tools(baseline: _Baseline, candidate: _Candidate, as_json: JsonOption = False) -> None:
    """Compare how two versions use their tools: calls per trial, failed calls, time, cost."""
    from guildhall.app.documents.questions import tools_versus_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.questions import tools_lines
    from guildhall.domains.evaluation import reports

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await reports.compare_tools(tx, *await reports.choose_pair(tx, baseline, candidate))
        if as_json:
            output.document(tools_versus_document(found))
        else:
            output.lines(tools_lines(found))

    run(work, as_json=as_json)


def plan_next(
    baseline: _Baseline,
    candidate: _Candidate,
    budget: Annotated[float, typer.Option(metavar="USD", help="How much is to be spent.")] = 1.0,
    trial_cost: Annotated[
        float | None,
        typer.Option("--trial-cost", metavar="USD", help="What one trial costs; what trials have cost unless given."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say which scenarios to try again, and how often, so that a budget narrows the interval most."""
    from guildhall.app.documents.questions import next_dollar_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.questions import next_lines
    from guildhall.domains.evaluation import reports

    output = Output(as_json)

    async def work() -> None:
        _check([("--budget", budget), ("--trial-cost", trial_cost)])
        async with App.open() as app, app.transaction() as tx:
            pair = await reports.choose_pair(tx, baseline, candidate)
            found = await reports.next_dollar(tx, *pair, budget_usd=budget, trial_cost_usd=trial_cost)
        if as_json:
            output.document(next_dollar_document(found))
        else:
            output.lines(next_lines(found))

    run(work, as_json=as_json)


def _check(amounts: Sequence[tuple[str, float | None]]) -> None:
    for option, usd in amounts:
        if usd is not None and not 0 < usd < float("inf"):
            raise InvalidInput(
                f"{option} is {usd:g}, expected an amount above 0",
                remedy="Give it in USD, such as 0.5.",
                field=option.removeprefix("--").replace("-", "_"),
                value=str(usd),
            )
