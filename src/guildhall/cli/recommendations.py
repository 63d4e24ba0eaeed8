"""`guildhall recommend`: what to change, on which evidence, and whether it helped."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from guildhall.cli.frame import JsonOption, Output, run

if TYPE_CHECKING:
    from guildhall.app.recommending import AnalystChoice

group = typer.Typer(help="Find, apply and prove improvements.", no_args_is_help=True)


class Who(StrEnum):
    """Who analyses."""

    RULES = "rules"
    LLM = "llm"


AnalystOption = Annotated[Who, typer.Option("--analyst", help="Rules, which ask nobody, or a model.")]
ModelOption = Annotated[str | None, typer.Option("--model", help="The model that analyses.")]
BaseUrlOption = Annotated[str | None, typer.Option("--base-url", metavar="URL", help="Its OpenAI-compatible endpoint.")]
KeyOption = Annotated[
    str | None, typer.Option("--api-key-env", metavar="VARIABLE", help="The variable that holds the endpoint's key.")
]
TemperatureOption = Annotated[float, typer.Option("--temperature", min=0, max=2, help="The analyst's temperature.")]
_Reference = Annotated[str, typer.Argument(metavar="RECOMMENDATION", help="A recommendation's id, or the end of it.")]


def choice(
    who: Who, model: str | None, base_url: str | None, api_key_env: str | None, temperature: float
) -> AnalystChoice:
    """The analyst that the options name."""
    from guildhall.app.recommending import AnalystChoice

    return AnalystChoice(who.value, model, base_url, api_key_env, temperature)


@group.command(name="run")
def run_analysis(
    version: Annotated[str, typer.Argument(help="A version: name, name@v2, name@latest, a short id or a UUID.")],
    analyst: AnalystOption = Who.RULES,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    api_key_env: KeyOption = None,
    temperature: TemperatureOption = 0.1,
    days: Annotated[float, typer.Option(min=0.001, max=3650, help="How far back to look.")] = 30.0,
    session: Annotated[
        UUID | None, typer.Option(help="An analysis that was opened in SQL, to be taken up in its own window.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Let an analyst read what a version did, on scenarios that are not held out, and recommend changes."""
    from guildhall.app import recommending
    from guildhall.app.documents.recommendations import recommendation_document, session_document
    from guildhall.app.wiring import App
    from guildhall.cli.render import recommendations as render

    output = Output(as_json)

    async def work() -> None:
        async with (
            App.open() as app,
            recommending.analyst_of(choice(analyst, model, base_url, api_key_env, temperature), app) as port,
        ):
            seen, found = await recommending.analyse(
                app, version, port, window=timedelta(days=days), session_id=session
            )
        if as_json:
            output.document(
                {
                    "session": session_document(seen),
                    "recommendations": [recommendation_document(each) for each in found],
                }
            )
            return
        output.lines(render.session_lines(seen))
        for each in found:
            output.lines(["", *render.recommendation_lines(each)])
        if not found:
            output.lines(["", "nothing to recommend"])
        elif (best := next((each for each in found if each.status.value == "open"), None)) is not None:
            output.lines(["", f"Next: guildhall recommend accept {best.short_id}"])

    run(work, as_json=as_json)


@group.command(name="list")
def list_all(
    config: Annotated[str | None, typer.Option(help="Only those of one configuration.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that were decided on or cannot be applied.")] = False,
    at_most: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many, newest first.")] = 30,
    as_json: JsonOption = False,
) -> None:
    """List recommendations, newest first."""
    from guildhall.app.documents.recommendations import recommendation_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.recommendations import recommendation_line
    from guildhall.domains.evaluation import recommendations

    output = Output(as_json)
    filters: dict[str, Any] = {"name": [config] if config else None, "status": None if every else ["open"]}

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            page = await recommendations.page_recommendations(
                tx, filters, recommendations.RECOMMENDATIONS.order(), at_most=at_most
            )
        if as_json:
            output.document([recommendation_document(each) for each in page.items])
        else:
            output.lines(
                [recommendation_line(each) for each in page.items]
                or ["no open recommendations; `guildhall recommend run VERSION` looks for some"]
            )

    run(work, as_json=as_json)


@group.command()
def sessions(
    at_most: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many, newest first.")] = 30,
    as_json: JsonOption = False,
) -> None:
    """List analyses, newest first, with what each read and cost."""
    from guildhall.app.documents.recommendations import session_document
    from guildhall.app.wiring import App
    from guildhall.domains.evaluation import recommendations

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            page = await recommendations.page_sessions(tx, {}, recommendations.SESSIONS.order(), at_most=at_most)
        if as_json:
            output.document([session_document(each) for each in page.items])
            return
        output.lines(
            [
                f"{each.short_id}  {each.session_status.value:<9}  {each.created_at:%Y-%m-%d %H:%M}  "
                f"{each.version_label or '-':<20}  {each.llm_model:<12}  {each.recommendations_generated} recommended"
                + (f"  {each.error_message}" if each.error_message else "")
                for each in page.items
            ]
            or ["nothing has been analysed yet"]
        )

    run(work, as_json=as_json)


@group.command()
def show(recommendation: _Reference, as_json: JsonOption = False) -> None:
    """Show a recommendation: evidence, patch, predicted and measured effect."""
    from guildhall.app.documents.recommendations import proof_document, recommendation_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.recommendations import recommendation_lines
    from guildhall.domains.evaluation import recommendations

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await recommendations.get_recommendation(tx, recommendation)
            proofs = await recommendations.proofs_of(tx, found.proposed_diff_id) if found.proposed_diff_id else []
        if as_json:
            output.document({**recommendation_document(found), "proofs": [proof_document(each) for each in proofs]})
        else:
            output.lines(recommendation_lines(found, proofs))

    run(work, as_json=as_json)


@group.command()
def accept(recommendation: _Reference, as_json: JsonOption = False) -> None:
    """Apply a recommendation: scenarios are added, a change of the agent becomes a proposal to approve."""
    from guildhall.app.documents.proposals import proposal_document
    from guildhall.app.documents.recommendations import recommendation_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.recommendations import proposal_lines
    from guildhall.domains.evaluation import recommendations

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found, proposal = await recommendations.accept(tx, recommendation)
        if as_json:
            output.document(
                {
                    "recommendation": recommendation_document(found),
                    "proposal": proposal_document(proposal) if proposal else None,
                }
            )
        elif proposal is None:
            added = (found.application or {}).get("scenario_ids", [])
            output.lines([f"added to the scenarios: {', '.join(added)}"])
        else:
            output.lines(
                [
                    *proposal_lines(proposal),
                    "",
                    f"Next: guildhall recommend prove {found.short_id}, then guildhall config approve {proposal.after_label}",
                ]
            )

    run(work, as_json=as_json)


@group.command()
def reject(
    recommendation: _Reference,
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
    as_json: JsonOption = False,
) -> None:
    """Decide against a recommendation."""
    from guildhall.app.documents.recommendations import recommendation_document
    from guildhall.app.wiring import App
    from guildhall.domains.evaluation import recommendations

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await recommendations.reject(tx, recommendation, reason=reason)
        if as_json:
            output.document(recommendation_document(found))
        else:
            output.lines([f"rejected {found.short_id}"])

    run(work, as_json=as_json)


@group.command()
def feedback(
    recommendation: _Reference,
    score: Annotated[int, typer.Argument(help="1 (of no use) to 5 (just right).")],
    comment: Annotated[str | None, typer.Option(help="In words.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say how good a recommendation was; `guildhall recommend calibration` reports it."""
    from guildhall.app.documents.recommendations import recommendation_document
    from guildhall.app.wiring import App
    from guildhall.domains.evaluation import recommendations

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await recommendations.give_feedback(tx, recommendation, score, comment)
        if as_json:
            output.document(recommendation_document(found))
        else:
            output.lines([f"{found.short_id}: {found.feedback_score} of 5"])

    run(work, as_json=as_json)


@group.command()
def prove(
    recommendation: _Reference,
    suite: Annotated[str | None, typer.Option(help="Only held-out scenarios of this suite.")] = None,
    trials: Annotated[int, typer.Option(min=1, max=1000, help="How often each scenario is tried.")] = 5,
    concurrency: Annotated[int, typer.Option(min=1, max=512, help="How many trials run side by side.")] = 8,
    seed: Annotated[int, typer.Option(help="What trials' own seeds are made from.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Run the version that a recommendation became beside its parent, on scenarios that no analyst has seen."""
    from guildhall.app import recommending
    from guildhall.app.documents.recommendations import proof_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.progress import progress_bar
    from guildhall.cli.render.recommendations import recommendation_lines
    from guildhall.domains.evaluation import recommendations

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app:
            async with app.transaction() as tx:
                proposal = await recommendations.proposal_to_prove(tx, recommendation)
            proof = await recommending.plan_proof(app, proposal, suite=suite, trials=trials, seed=seed)
            with progress_bar(output.aside) as on_progress:
                proof = await recommending.run_proof(app, proof, concurrency=concurrency, on_progress=on_progress)
            async with app.transaction() as tx:
                found = await recommendations.get_recommendation(tx, recommendation)
        if as_json:
            output.document(proof_document(proof))
        else:
            output.lines(recommendation_lines(found, [proof]))

    run(work, as_json=as_json)


@group.command()
def calibration(as_json: JsonOption = False) -> None:
    """Report how good each analyst's predictions were, over everything that was proven."""
    from guildhall.app.documents.recommendations import calibration_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.recommendations import calibration_lines
    from guildhall.domains.evaluation import recommendations

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await recommendations.calibration(tx)
        if as_json:
            output.document([calibration_document(each) for each in found])
        else:
            output.lines(calibration_lines(found))

    run(work, as_json=as_json)
