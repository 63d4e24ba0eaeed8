"""`guildhall improve`: the whole loop, from trials to a version that was shown to be better."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guildhall.cli.frame import JsonOption, Output, run
from guildhall.cli.recommendations import (
    AnalystOption,
    BaseUrlOption,
    KeyOption,
    ModelOption,
    TemperatureOption,
    Who,
    choice,
)
from guildhall.errors import InvalidInput

if TYPE_CHECKING:
    from guildhall.app.improving import RoundSeen
    from guildhall.domains.evaluation.recommendations import Improvement


def add_to(app: typer.Typer) -> None:
    """Put the command at the top."""
    app.command()(improve)


def improve(
    agent: Annotated[Path | None, typer.Argument(metavar="AGENT.yaml", help="The agent to improve.")] = None,
    scenarios: Annotated[
        list[Path] | None, typer.Argument(metavar="SCENARIOS...", help="Scenario files; some with `split: holdout`.")
    ] = None,
    budget: Annotated[
        float | None, typer.Option(metavar="USD", help="Stop when this much has been spent, analysts included.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, max=100, help="How many recommendations to put to the proof.")] = 3,
    analyst: AnalystOption = Who.RULES,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    api_key_env: KeyOption = None,
    temperature: TemperatureOption = 0.1,
    trials: Annotated[int, typer.Option(min=1, max=1000, help="How often each scenario is tried.")] = 5,
    seed: Annotated[int, typer.Option(min=0, max=2**62, help="What trials' own seeds are made from.")] = 0,
    concurrency: Annotated[int, typer.Option(min=1, max=512, help="How many trials run side by side.")] = 8,
    approve: Annotated[
        bool, typer.Option("--approve", help="Approve what was proven; otherwise it waits for a person.")
    ] = False,
    resume: Annotated[
        str | None, typer.Option(metavar="ID", help="Go on with one that was interrupted, as it was asked for.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """
    Improve an agent: try it, let an analyst recommend changes, and measure each on held-out scenarios.

    It stops when nothing is significantly better. Ctrl-C leaves the rest to --resume.
    """
    from guildhall.app import improving, recommending
    from guildhall.app.wiring import App
    from guildhall.cli.render.progress import progress_bar
    from guildhall.domains.evaluation import recommendations

    output = Output(as_json)

    async def work() -> None:
        order = None
        if resume is None:
            order = improving.Order(
                agent=_given(agent, "AGENT.yaml"),
                scenarios=_given(scenarios, "SCENARIOS"),
                rounds=rounds,
                budget_usd=_amount(budget),
                trials=trials,
                seed=seed,
                approve=approve,
                analyst=choice(analyst, model, base_url, api_key_env, temperature),
            )
        async with App.open() as app:
            if order is not None:
                # What is wrong with the analyst shows before anything is run.
                async with recommending.analyst_of(order.analyst, app):
                    pass
                improvement = await improving.begin(app, order)
            else:
                async with app.transaction() as tx:
                    improvement = await recommendations.get_improvement(tx, resume or "")
            try:
                with progress_bar(output.aside) as on_progress:
                    ended = await improving.improve(
                        app,
                        improvement,
                        concurrency=concurrency,
                        on_event=(lambda text: None) if as_json else (lambda text: output.lines([text])),
                        on_progress=on_progress,
                    )
            except BaseException:
                output.aside.print(
                    f"What was done is kept. Go on with: guildhall improve --resume {improvement.short_id}",
                    highlight=False,
                )
                raise
            async with app.transaction() as tx:
                seen = await improving.rounds_seen(tx, ended)
        if as_json:
            output.document(_document(ended, seen))
            return
        proven = [each.version_label for each in seen if each.round.is_proven]
        output.lines(
            [
                "",
                f"stopped: {ended.stopped_for}",
                f"proven: {', '.join(filter(None, proven)) or 'nothing'}; spent ${ended.spent_usd.normalize():f}",
            ]
        )

    run(work, as_json=as_json)


def _document(improvement: Improvement, seen: list[RoundSeen]) -> dict[str, Any]:
    from guildhall.app.documents.recommendations import proof_document, recommendation_document

    return {
        "improvement_id": improvement.improvement_id,
        "name": improvement.config_name,
        "stopped_for": improvement.stopped_for,
        "spent_usd": improvement.spent_usd,
        "rounds": [
            {
                "round": each.round.round_number,
                "version": each.version_label,
                "proven": bool(each.round.is_proven),
                "recommendation": recommendation_document(each.recommendation) if each.recommendation else None,
                "proof": proof_document(each.proof) if each.proof else None,
            }
            for each in seen
        ],
    }


def _given(value: Any, what: str) -> Any:
    if not value:
        raise InvalidInput(
            f"{what} is not given",
            remedy="`guildhall improve AGENT.yaml SCENARIOS`, or --resume ID.",
            field=what.lower(),
        )
    return value


def _amount(usd: float | None) -> Decimal | None:
    if usd is None:
        return None
    if not 0 < usd < float("inf"):
        raise InvalidInput(
            f"--budget is {usd:g}, expected an amount above 0",
            remedy="Leave it out for no budget.",
            field="budget",
            value=usd,
        )
    return Decimal(str(usd))
