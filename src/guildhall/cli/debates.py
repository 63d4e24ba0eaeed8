"""`guildhall debate` and `guildhall debates`: models argue and vote, and what they said."""

from __future__ import annotations

from contextlib import AsyncExitStack
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guildhall.cli.frame import GATE_FAILED, JsonOption, Output, run

if TYPE_CHECKING:
    from guildhall.domains.gateway.debates import Participant

group = typer.Typer(help="Debates that were held: what was said, how was voted.", no_args_is_help=True)

DebateArgument = Annotated[str, typer.Argument(metavar="DEBATE", help="A debate's id, or the beginning of it.")]


def add_to(app: typer.Typer) -> None:
    """Put `debate` at the top."""
    app.command()(debate)


def debate(
    topic: Annotated[str, typer.Argument(help="The question to be settled.")],
    names: Annotated[
        str,
        typer.Option(
            "--models", help="Who takes part, with commas between; MODEL or MODEL:WEIGHT, a model as often as you like."
        ),
    ],
    rounds: Annotated[int, typer.Option(help="How many rounds at most follow the first answers.")] = 1,
    method: Annotated[str, typer.Option(help="weighted, majority, borda or condorcet.")] = "weighted",
    positions: Annotated[
        list[str] | None, typer.Option("--position", help="What may be voted for. Repeatable; free answers without.")
    ] = None,
    details: Annotated[str | None, typer.Option(help="What participants should know beside the question.")] = None,
    moderator: Annotated[str | None, typer.Option(help="A model that sums up between rounds.")] = None,
    when_below: Annotated[
        float | None, typer.Option(help="Debate only if the first vote is led by less than this share (0 to 1).")
    ] = None,
    in_turn: Annotated[
        bool, typer.Option("--in-turn", help="Within a round each hears those who spoke before.")
    ] = False,
    commit: Annotated[str | None, typer.Option(help="A commit of this repository that the debate is about.")] = None,
    junit: Annotated[Path | None, typer.Option(help="The JUnit report of the commit's tests.")] = None,
    base_url: Annotated[
        str | None, typer.Option(help="Ask models here, past the gateway: the calls are in no ledger.")
    ] = None,
    api_key_env: Annotated[
        str | None, typer.Option(help="The variable with the key for it; alone it means OpenAI's own address.")
    ] = None,
    temperature: Annotated[float | None, typer.Option(help="Of every answer; the models' own unless given.")] = None,
    as_json: JsonOption = False,
) -> None:
    """
    Let models answer a question, argue about it, and vote.

    Each answers alone first; those answers are voted on as well, and the result
    says whether the debate changed anything. All that is said is kept. Models are
    those of the team's providers, and every call is in the gateway's ledger.
    """
    from guildhall.adapters.commits import read_commit
    from guildhall.adapters.exchange import HttpClient
    from guildhall.adapters.llm import OPENAI, Endpoint, ModelClient, Models
    from guildhall.app import debates as hall
    from guildhall.app.documents.debates import record_document
    from guildhall.app.gateway.deputies import NOWHERE, own_models
    from guildhall.app.wiring import App
    from guildhall.cli.render.debates import outcome_lines, turn_lines
    from guildhall.domains.gateway import debates

    output = Output(as_json)

    async def work() -> None:
        try:
            voting = debates.Method(method)
        except ValueError:
            raise debates.DebateInvalid("method", method, f"one of {', '.join(debates.Method)}") from None
        if junit is not None and commit is None:
            raise debates.DebateInvalid("junit", str(junit), "a commit whose tests it reports", "Add --commit.")
        new = debates.NewDebate(
            topic=topic,
            participants=_participants(names),
            rounds=rounds,
            method=voting,
            positions=tuple(positions or ()),
            description=details,
            moderator=moderator,
            when_below=None if when_below is None else Decimal(str(when_below)),
            in_turn=in_turn,
            code=None if commit is None else await read_commit(commit, Path.cwd(), junit=junit),
        )
        async with AsyncExitStack() as stack:
            app = await stack.enter_async_context(App.open())
            models: Models
            if base_url is None and api_key_env is None:
                models, endpoint = await stack.enter_async_context(own_models(app, f"debate: {topic}")), NOWHERE
            else:
                models = ModelClient(await stack.enter_async_context(HttpClient()))
                endpoint = Endpoint(base_url or OPENAI, api_key_env)
            debate_id, outcome = await hall.hold(
                app,
                models,
                endpoint,
                new,
                heard=None if as_json else lambda turn: output.lines(turn_lines(turn)),
                temperature=temperature,
            )
            if not as_json:
                output.lines(outcome_lines(debates.result_document(outcome)))
                output.lines([f"guildhall debates show {str(debate_id)[:13]}"])
                return
            async with app.transaction() as tx:
                output.document(record_document(await debates.get_record(tx, debate_id)))

    run(work, as_json=as_json)


@group.command("list")
def list_(
    status: Annotated[
        str | None, typer.Option(help="Only those that are pending, active, completed or cancelled.")
    ] = None,
    last: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the team's debates, newest first."""
    from guildhall.app.documents.debates import debate_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.debates import debate_lines
    from guildhall.domains.gateway import debates

    output = Output(as_json)

    async def work() -> None:
        if status is not None and status not in set(debates.DebateStatus):
            raise debates.DebateInvalid("status", status, f"one of {', '.join(debates.DebateStatus)}")
        async with App.open() as app, app.transaction() as tx:
            page = await debates.page_debates(tx, {"status": status}, debates.DEBATES.order(), at_most=last)
        if as_json:
            output.document([debate_document(each) for each in page.items])
        else:
            output.lines(debate_lines(page.items))

    run(work, as_json=as_json)


@group.command()
def show(debate: DebateArgument, as_json: JsonOption = False) -> None:
    """Show a debate: what was said, and what the votes came to."""
    from guildhall.app.documents.debates import record_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.debates import record_lines
    from guildhall.domains.gateway import debates

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            record = await debates.get_record(tx, await debates.name_debate(tx, debate))
        if as_json:
            output.document(record_document(record))
        else:
            output.lines(record_lines(record))

    run(work, as_json=as_json)


@group.command()
def recount(debate: DebateArgument, as_json: JsonOption = False) -> None:
    """Count a debate's ballots again; ends with 1 where they do not give what the record says."""
    from guildhall.app.documents.debates import recount_document
    from guildhall.app.wiring import App
    from guildhall.domains.gateway import debates

    output = Output(as_json)

    async def work() -> bool:
        async with App.open() as app, app.transaction() as tx:
            record = await debates.get_record(tx, await debates.name_debate(tx, debate))
        found = recount_document(record, debates.recount(record))
        if as_json:
            output.document(found)
        else:
            for vote, each in found["votes"].items():
                output.lines([f"{vote:<6} {' = '.join(each['winners']) or 'nobody'}  ({each['rule']})"])
            output.lines(["The record says the same." if found["agrees"] else "The record says something else."])
        return bool(found["agrees"])

    if not run(work, as_json=as_json):
        raise typer.Exit(GATE_FAILED)


def _participants(models: str) -> list[Participant]:
    from guildhall.domains.gateway import debates

    found: list[Participant] = []
    named: dict[str, int] = {}
    for each in (part.strip() for part in models.split(",")):
        model, _, weight = each.rpartition(":") if _is_number(each.rpartition(":")[2]) else (each, "", "1")
        if not model:
            raise debates.DebateInvalid("models", models, "names of models with commas between, such as gpt-5,o4:2")
        named[model] = named.get(model, 0) + 1
        name = model if named[model] == 1 else f"{model} #{named[model]}"
        found.append(debates.Participant(name, model, Decimal(weight)))
    return found


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False
