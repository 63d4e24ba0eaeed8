"""`guildhall gateway ensembles`: models that answer together, and what their votes teach."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from guildhall.cli.frame import GATE_FAILED, JsonOption, Output, run

if TYPE_CHECKING:
    from guildhall.domains.gateway.requests import Story

group = typer.Typer(help="Several models under one name: votes, judges and mixtures.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="What it is called; callers say ensemble/NAME.")]
StrategyOption = Annotated[
    str | None,
    typer.Option(
        help="majority, weighted, borda, condorcet, self_consistency, best_of_n, judge, synthesis or mixture."
    ),
]
MemberOption = Annotated[
    list[str] | None, typer.Option("--member", help="A model, as MODEL or MODEL:WEIGHT. Repeatable, also the same one.")
]
JudgeOption = Annotated[str | None, typer.Option(help="The model that judges or writes.")]
NOption = Annotated[int | None, typer.Option("-n", "--times", help="How often the one member is asked.")]
QuorumOption = Annotated[int | None, typer.Option(help="How many must have answered.")]
DeadlineOption = Annotated[float | None, typer.Option("--deadline", help="Seconds that members have.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="Any other key, as KEY=JSON: answer, scorer, layers, at_once, early_exit, members …"),
]


@group.command("add")
def add(
    name: NameArgument,
    strategy: StrategyOption = None,
    member: MemberOption = None,
    judge: JudgeOption = None,
    times: NOption = None,
    quorum: QuorumOption = None,
    deadline: DeadlineOption = None,
    others: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep an ensemble under a name; it can be called from then on."""
    from guildhall.app.documents.ensembles import ensemble_document
    from guildhall.app.gateway.unserved import notes_on_ensemble
    from guildhall.app.wiring import App
    from guildhall.domains.gateway import ensembles

    output = Output(as_json)

    async def work() -> None:
        config = _config(strategy, member, judge, times, quorum, deadline, others)
        async with App.open() as app, app.transaction() as tx:
            await ensembles.add_ensemble(tx, name, config)
            made = await ensembles.get_ensemble(tx, name)
            notes = await notes_on_ensemble(tx, name, config)
        for each in notes:
            output.warn(each)
        if as_json:
            output.document(ensemble_document(made))
        else:
            output.lines([f"added ensemble/{name}"])

    run(work, as_json=as_json)


@group.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the team's ensembles."""
    from guildhall.app.documents.ensembles import ensemble_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.ensembles import ensemble_lines
    from guildhall.domains.gateway import ensembles

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await ensembles.list_ensembles(tx)
        if as_json:
            output.document([ensemble_document(each) for each in found])
        else:
            output.lines(ensemble_lines(found))

    run(work, as_json=as_json)


@group.command("show")
def show(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show an ensemble whole."""
    from guildhall.app.documents.ensembles import ensemble_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.ensembles import config_lines
    from guildhall.domains.gateway import ensembles

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await ensembles.get_ensemble(tx, _bare(name))
        if as_json:
            output.document(ensemble_document(found))
        else:
            output.lines(config_lines(found))

    run(work, as_json=as_json)


@group.command("set")
def set_(
    name: NameArgument,
    strategy: StrategyOption = None,
    member: MemberOption = None,
    judge: JudgeOption = None,
    times: NOption = None,
    quorum: QuorumOption = None,
    deadline: DeadlineOption = None,
    others: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change an ensemble; what is not named stays, and `--set KEY=null` takes a key away. It holds from the next call on."""
    from guildhall.app.documents.ensembles import ensemble_document
    from guildhall.app.wiring import App
    from guildhall.domains.gateway import ensembles

    output = Output(as_json)

    async def work() -> None:
        config = _config(strategy, member, judge, times, quorum, deadline, others)
        async with App.open() as app, app.transaction() as tx:
            made = await ensembles.change_ensemble(tx, _bare(name), config)
        if as_json:
            output.document(ensemble_document(made))
        else:
            output.lines([f"changed ensemble/{made.name}"])

    run(work, as_json=as_json)


@group.command("remove")
def remove(name: NameArgument, as_json: JsonOption = False) -> None:
    """Forget an ensemble; its calls and their votes stay in the ledger."""
    from guildhall.app.wiring import App
    from guildhall.domains.gateway import ensembles

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            await ensembles.remove_ensemble(tx, _bare(name))
        if as_json:
            output.document({"removed": _bare(name)})
        else:
            output.lines([f"removed ensemble/{_bare(name)}"])

    run(work, as_json=as_json)


@group.command("learn")
def learn(
    name: NameArgument,
    answers: Annotated[
        Path,
        typer.Option(
            help='Right answers: a JSON object {"REQUEST_ID": "ANSWER"}, or such lines, or lines of {"request", "answer"}.'
        ),
    ],
    apply: Annotated[bool, typer.Option("--apply", help="Set the weights; without it nothing is changed.")] = False,
    as_json: JsonOption = False,
) -> None:
    """
    Learn from recorded votes what members should weigh.

    Their ballots are replayed against right answers, and every vote is decided by weights learned from other votes, so
    that what is shown of the learned weights is of votes that they have not seen.
    """
    from guildhall.app.documents.ensembles import learned_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.ensembles import learned_lines
    from guildhall.domains.gateway import ensembles

    output = Output(as_json)

    async def work() -> None:
        right = _right_answers(answers)
        async with App.open() as app, app.transaction() as tx:
            kept = await ensembles.get_ensemble(tx, _bare(name))
            learned = await ensembles.learn_from(tx, kept, right)
            if apply:
                await ensembles.change_ensemble(tx, kept.name, ensembles.with_weights(kept, learned))
        if as_json:
            output.document(learned_document(kept.name, learned, applied=apply))
        else:
            output.lines(learned_lines(kept.name, learned, applied=apply))

    run(work, as_json=as_json)


def recount(
    request: Annotated[str, typer.Argument(help="The request's id, as the answer's header x-request-id says it.")],
    as_json: JsonOption = False,
) -> None:
    """Count the ballots of an ensemble's call again; ends with 1 where they do not give what the record says."""
    from guildhall.app.documents.ensembles import recount_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.ensembles import recount_lines
    from guildhall.domains.gateway import ensembles, requests
    from guildhall.errors import InvalidInput

    output = Output(as_json)

    async def work() -> bool:
        try:
            request_id = UUID(request)
        except ValueError:
            raise InvalidInput(f"the request is {request!r}, expected a UUID", field="request", value=request) from None
        async with App.open() as app, app.transaction() as tx:
            record = await ensembles.get_record(tx, request_id)
            story = await requests.get_story(tx, request_id)
        tally, differences = ensembles.recount(record)
        differences += ensembles.check_answers(
            record,
            ensembles.reading_of(story.ensemble_config or {}),
            _answers(story),
            exact="scorer" in (story.ensemble_config or {}),
        )
        if as_json:
            output.document(recount_document(record, tally, differences))
        else:
            output.lines(recount_lines(tally, differences))
        return not differences

    if not run(work, as_json=as_json):
        raise typer.Exit(GATE_FAILED)


def _answers(story: Story) -> dict[UUID, tuple[str | None, bool, Decimal | None]]:
    """The answers of a call: texts that are kept whole, which one was given, and how sure the vote is of it."""
    from guildhall.domains.gateway import requests

    with_tools = bool(isinstance(story.params, Mapping) and story.params.get("tools"))
    return {
        each.id: (
            each.content if each.content and len(each.content) < requests.EXCERPT and not with_tools else None,
            each.selected,
            each.confidence,
        )
        for each in story.responses
    }


def _bare(name: str) -> str:
    return name.removeprefix("ensemble/")


def _config(
    strategy: str | None,
    members: list[str] | None,
    judge: str | None,
    times: int | None,
    quorum: int | None,
    deadline: float | None,
    others: list[str] | None,
) -> dict[str, Any]:
    import json

    from guildhall.errors import InvalidInput

    config: dict[str, Any] = {}
    for text in others or ():
        key, equals, value = text.partition("=")
        if not equals:
            raise InvalidInput(f"--set is {text!r}, expected KEY=JSON", field="set", value=text)
        try:
            config[key] = json.loads(value)
        except ValueError:
            config[key] = value  # a word need not be quoted
    given = {"strategy": strategy, "judge": judge, "n": times, "quorum": quorum, "deadline_s": deadline}
    config |= {key: value for key, value in given.items() if value is not None}
    if members:
        config["members"] = [_member(each) for each in members]
    return config


def _member(text: str) -> Any:
    model, colon, weight = text.rpartition(":")
    try:
        number = Decimal(weight) if colon else None
    except InvalidOperation:
        number = None  # names of models have colons, too
    return text if number is None else {"model": model, "weight": float(number)}


def _right_answers(path: Path) -> dict[UUID, str]:
    """The right answer by the id of the request."""
    import json

    from guildhall.errors import InvalidInput

    def wrong(what: str, expected: str) -> InvalidInput:
        return InvalidInput(f"{path}: {what}, expected {expected}", field="answers", value=str(path))

    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise wrong(f"it cannot be read ({error})", "a file of JSON") from None
    try:
        documents = [json.loads(text)]
    except ValueError:
        documents = []
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                try:
                    documents.append(json.loads(line))
                except ValueError as error:
                    raise wrong(f"line {number} is no JSON ({error})", "a JSON object in each line") from None
    found: dict[UUID, str] = {}
    for document in documents:
        if not isinstance(document, Mapping):
            raise wrong("it holds something that is no object", '{"REQUEST_ID": "ANSWER"}')
        pairs = {document["request"]: document.get("answer")} if "request" in document else document
        for request, answer in pairs.items():
            try:
                request_id = UUID(str(request))
            except ValueError:
                raise wrong(f"{str(request)[:80]!r} is no id of a request", "a UUID") from None
            if isinstance(answer, bool) or answer is None:
                raise wrong(f"the answer of {request_id} is {answer!r}", "a text, a number or a JSON document")
            found[request_id] = answer if isinstance(answer, str) else json.dumps(answer)
    return found
