"""`guildhall scenario`: the test cases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from guildhall.cli.frame import JsonOption, Output, run, to_json
from guildhall.cli.leaving import leave
from guildhall.cli.render.figures import count, shortened

group = typer.Typer(help="Scenarios: the test cases.", no_args_is_help=True)


@group.command()
def save(
    files: Annotated[list[Path], typer.Argument(help="Scenario files, YAML or JSONL.")],
    as_json: JsonOption = False,
) -> None:
    """Check scenario files and keep what they hold; earlier contents stay, for the simulations that ran them."""
    from guildhall.adapters.scenariofile import read_scenarios
    from guildhall.app.documents.scenarios import saved_scenarios_document
    from guildhall.app.wiring import App
    from guildhall.domains.evaluation import scenarios

    output = Output(as_json)

    async def work() -> None:
        read = read_scenarios(files)
        for warning in read.warnings:
            output.warn(warning)
        async with App.open() as app, app.transaction() as tx:
            saved = await scenarios.save_scenarios(tx, read.scenarios)
        if as_json:
            output.document(saved_scenarios_document(saved, len(read.scenarios)))
            return
        output.lines(
            [
                f"{count(len(read.scenarios), 'scenario')}: "
                f"{saved.new} new, {saved.changed} changed, {saved.same} as they were"
            ]
        )

    run(work, as_json=as_json)


@group.command(name="list")
def list_all(
    suite: Annotated[str | None, typer.Option(help="Only those of one suite.")] = None,
    archived: Annotated[bool, typer.Option("--archived", help="Also those that are archived.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the scenarios."""
    from guildhall.app.documents.scenarios import scenario_document
    from guildhall.app.wiring import App
    from guildhall.domains.evaluation import scenarios

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await scenarios.list_scenarios(tx, suite=suite, with_inactive=archived)
        if as_json:
            output.document([scenario_document(each) for each in found])
            return
        output.lines(
            [
                f"{each.scenario_id:<32}  {each.difficulty_level:<6}  {each.split:<7}  {shortened(each.name, 29)}"
                for each in found
            ]
            or ["no scenarios yet; `guildhall init` writes some to start from"]
        )

    run(work, as_json=as_json)


@group.command()
def show(
    scenario: Annotated[str, typer.Argument(help="A scenario's id.")],
    as_json: JsonOption = False,
) -> None:
    """Show a scenario as it is kept, every default filled in."""
    from guildhall.app.documents.scenarios import whole_scenario_document
    from guildhall.app.wiring import App
    from guildhall.domains.evaluation import scenarios

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await scenarios.get_scenario(tx, scenario)
        if as_json:
            output.document(whole_scenario_document(found))
            return
        output.lines(
            [
                Text.assemble((found.scenario_id, "bold"), f"  {found.name}"),
                Text(f"content {found.content_hash[:12]}", "dim"),
                Text(to_json(found.definition)),
            ]
        )

    run(work, as_json=as_json)


@group.command()
def archive(
    scenario: Annotated[str, typer.Argument(help="A scenario's id.")],
    as_json: JsonOption = False,
) -> None:
    """Take a scenario out of lists; its contents and simulations stay."""
    from guildhall.domains.evaluation import scenarios

    leave("scenario_id", scenario, scenarios.archive_scenario, "archived", as_json=as_json)


@group.command()
def restore(
    scenario: Annotated[str, typer.Argument(help="A scenario's id.")],
    as_json: JsonOption = False,
) -> None:
    """Put a scenario back into lists."""
    from guildhall.domains.evaluation import scenarios

    leave("scenario_id", scenario, scenarios.restore_scenario, "restored", as_json=as_json)
