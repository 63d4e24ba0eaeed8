"""`guildhall search`: configurations, scenarios, trajectories and failures, by words and by likeness."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from guildhall.cli.frame import JsonOption, Output, run


def add_to(app: typer.Typer) -> None:
    """Put the command at the top."""
    app.command()(search)


def search(
    text: Annotated[str | None, typer.Argument(metavar="[TEXT]", help="Words to look for.")] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only these: config, scenario, trajectory, failure. Repeatable.")
    ] = None,
    like: Annotated[
        str | None, typer.Option(metavar="ID", help="What is like a version, a scenario, an outcome or a cluster.")
    ] = None,
    config: Annotated[str | None, typer.Option(help="Versions and trajectories of this configuration.")] = None,
    suite: Annotated[str | None, typer.Option(help="Scenarios of this suite.")] = None,
    scenario: Annotated[str | None, typer.Option(help="Trajectories of this scenario.")] = None,
    simulation: Annotated[str | None, typer.Option(help="Trajectories of this simulation.")] = None,
    passed: Annotated[bool | None, typer.Option("--passed/--failed", help="Trajectories that passed, or not.")] = None,
    fault: Annotated[str | None, typer.Option(help="Trajectories and failures by this fault.")] = None,
    after: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Not older than this day, in UTC.")
    ] = None,
    before: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Older than this day, in UTC.")] = None,
    at_most: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Find what has these words or is like them, or what is like something that you name."""
    from guildhall.adapters.embeddings import embedder
    from guildhall.app import searching
    from guildhall.app.documents.search import hit_document
    from guildhall.app.wiring import App
    from guildhall.cli.failures import one_of
    from guildhall.cli.render.search import hit_lines
    from guildhall.domains.evaluation import simulations
    from guildhall.domains.evaluation.failures import EmbeddingUnavailable, Fault
    from guildhall.domains.evaluation.search import Filters, Kind

    output = Output(as_json)

    async def work() -> None:
        kinds = [Kind(one_of("--kind", each, Kind)) for each in kind or Kind]
        wanted_fault = None if fault is None else one_of("--fault", fault, Fault)
        async with App.open() as app, embedder(app.settings) as maker:
            simulation_id = None
            if simulation is not None:
                async with app.transaction() as tx:
                    simulation_id = (await simulations.resolve(tx, simulation)).simulation_id
            filters = Filters(
                config=config,
                suite=suite,
                simulation_id=simulation_id,
                scenario_id=scenario,
                passed=passed,
                fault=wanted_fault,
                after=_utc(after),
                before=_utc(before),
            )
            try:
                await searching.index(app, maker=maker)
            except EmbeddingUnavailable as error:
                output.warn(error.message)
            hits = await searching.look(
                app.transaction, maker, text=text, like=like, kinds=kinds, filters=filters, at_most=at_most
            )
        if as_json:
            output.document([hit_document(each) for each in hits])
        else:
            output.lines(hit_lines(hits))

    run(work, as_json=as_json)


def _utc(day: datetime | None) -> datetime | None:
    from datetime import timezone

    return None if day is None else day.replace(tzinfo=timezone.utc)  # noqa: UP017 - as in the rest
