"""`guildhall eval`: simulate agents on scenarios, read what came of it, and compare versions."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.text import Text

from guildhall.cli import questions
from guildhall.cli.frame import GATE_FAILED, JsonOption, Output, run
from guildhall.cli.render.figures import count
from guildhall.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from guildhall.app.runner import Run
    from guildhall.domains.evaluation.simulations import Simulation


class Place(StrEnum):
    """Where trials run."""

    LOCAL = "local"
    WORKERS = "workers"
    RAY = "ray"
    MODAL = "modal"


class GatedMetric(StrEnum):
    """What a gate can watch."""

    PASS_RATE = "pass rate"
    COST = "cost/trial"
    TIME = "time p50"


group = typer.Typer(help="Simulate agents on scenarios, report and compare.", no_args_is_help=True)

_ConcurrencyOption = Annotated[int, typer.Option(min=1, max=512, help="How many trials run side by side.")]
_MaxCostOption = Annotated[
    float | None, typer.Option("--max-cost", metavar="USD", help="Stop when this much has been spent.")
]
_MaxTimeOption = Annotated[
    float | None, typer.Option("--max-time", min=0, metavar="SECONDS", help="Begin no trial after this time.")
]
_OnOption = Annotated[
    Place, typer.Option("--on", help="Where trials run: in this process, in workers' processes, on Ray, or at Modal.")
]
_MOST_TRIALS = 1_000
_MOST_CALLS = 10_000
_LONGEST_TRIAL_MS = 7 * 24 * 3_600_000
_SEEDS = 2**63
_REFERENCE = "A simulation (short id, UUID, @latest) or a version (name@v2), which means its latest simulation."


@group.command(name="run")
def run_agent(
    agent: Annotated[Path, typer.Argument(metavar="AGENT.yaml", help="The agent to evaluate.")],
    scenarios: Annotated[list[Path], typer.Argument(metavar="SCENARIOS...", help="Scenario files, YAML or JSONL.")],
    trials: Annotated[int, typer.Option(min=1, help="How often each scenario is tried.")] = 1,
    concurrency: _ConcurrencyOption = 8,
    on: _OnOption = Place.LOCAL,
    against: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="A version to run beside it, trial by trial, and to compare with."),
    ] = None,
    max_cost: _MaxCostOption = None,
    max_time: _MaxTimeOption = None,
    max_retries: Annotated[
        int, typer.Option(min=0, help="How often a trial is run again after infrastructure failed.")
    ] = 3,
    timeout_ms: Annotated[
        int, typer.Option("--timeout", min=1, max=_LONGEST_TRIAL_MS, metavar="MS", help="How long a trial may take.")
    ] = 300_000,
    stop_early: Annotated[
        bool,
        typer.Option("--stop-early", help="End both versions when it is certain which is better, or that none can be."),
    ] = False,
    gateway: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Ask all models through this gateway, and keep every call in its ledger; GUILDHALL_GATEWAY_URL unless given.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=-_SEEDS, max=_SEEDS - 1, help="What trials' own seeds are made from.")] = 0,
    name: Annotated[str | None, typer.Option(help="What to call the simulation.")] = None,
    as_json: JsonOption = False,
) -> None:
    """
    Simulate an agent on scenarios and report; with --against, compare.

    Every trial is recorded as it ends. Ctrl-C leaves the rest to `guildhall eval resume`.
    """
    from guildhall.app import evaluations
    from guildhall.app.wiring import App

    output = Output(as_json)

    async def work() -> None:
        longest = _seconds(max_time)
        request = evaluations.Request(
            agent=agent,
            scenarios=scenarios,
            trials=trials,
            against=against,
            name=_title(name),
            seed=seed,
            timeout_ms=timeout_ms,
            max_retries=max_retries,
            on=_place(on),
            max_cost_usd=_amount(max_cost),
            stop_early=stop_early,
            gateway=_gateway(gateway),
        )
        material = evaluations.read(request)
        async with App.open() as app:
            plan = await evaluations.plan(app, request, material)
            for warning in plan.warnings:
                output.warn(warning)
            effect = await _say_what_it_can_show(app, output, plan.simulations[-1])
            await _run_and_show(
                app,
                output,
                plan.simulations,
                on=on,
                concurrency=concurrency,
                max_time=longest,
                detectable=effect,
            )

    run(work, as_json=as_json)


@group.command()
def resume(
    simulation: Annotated[str, typer.Argument(help=_REFERENCE)],
    concurrency: _ConcurrencyOption = 8,
    on: _OnOption = Place.LOCAL,
    max_cost: _MaxCostOption = None,
    max_time: _MaxTimeOption = None,
    stop_early: Annotated[
        bool | None,
        typer.Option(
            "--stop-early/--to-the-end",
            help="End both versions once it is decided, or never; as it was begun unless given. What was stopped early runs to its end.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run what is missing of a simulation that was interrupted, killed, cancelled or out of budget."""
    from guildhall.app import evaluations, executors
    from guildhall.app.wiring import App
    from guildhall.domains.evaluation import simulations

    output = Output(as_json)

    async def work() -> None:
        longest = _seconds(max_time)
        executors.check_place(_place(on))
        async with App.open() as app:
            async with app.transaction() as tx:
                found = await simulations.resolve(tx, simulation)
            pair = await evaluations.resumable(app, found, max_cost_usd=_amount(max_cost), stop_early=stop_early)
            await _run_and_show(app, output, pair, on=on, concurrency=concurrency, max_time=longest)

    run(work, as_json=as_json)


@group.command()
def watch(
    simulation: Annotated[str, typer.Argument(help=_REFERENCE)],
    as_json: JsonOption = False,
) -> None:
    """Watch a simulation that runs elsewhere until it has ended, then report; Ctrl-C leaves it running."""
    from guildhall.app import watching
    from guildhall.app.wiring import App
    from guildhall.cli.render.progress import progress_bar
    from guildhall.domains.evaluation import simulations

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app:
            async with app.transaction() as tx:
                found = await simulations.resolve(tx, simulation)
                pair = [found]
                if found.interleaved_with is not None:
                    pair.append(await simulations.get_simulation(tx, found.interleaved_with))
                    pair.sort(key=lambda each: each.version_number)
            ids = [each.simulation_id for each in pair]
            with progress_bar(output.aside) as on_progress:
                seen = await watching.watch(app, ids, on_progress=on_progress)
            await _show(app, output, ids, seen)

    run(work, as_json=as_json)


@group.command()
def cancel(
    simulation: Annotated[str, typer.Argument(help=_REFERENCE)],
    as_json: JsonOption = False,
) -> None:
    """End a simulation early; what was recorded is kept, and `resume` can take it up again."""
    from guildhall.app.documents.simulations import simulation_document
    from guildhall.app.wiring import App
    from guildhall.domains.evaluation import simulations

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await simulations.resolve(tx, simulation)
            cancelled = await simulations.cancel_simulation(tx, found.simulation_id)
        if as_json:
            output.document(simulation_document(cancelled))
            return
        done = f"{cancelled.trials_done:,} of {count(cancelled.trials_total, 'trial')}"
        output.lines([f"cancelled {cancelled.label} {cancelled.short_id}; {done} are recorded"])

    run(work, as_json=as_json)


@group.command(name="list")
def list_all(
    config: Annotated[str | None, typer.Option(help="Only those of one configuration.")] = None,
    active: Annotated[
        bool, typer.Option("--active", help="Only those that are not over, the longest running first.")
    ] = False,
    at_most: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many, from the first on.")] = 30,
    as_json: JsonOption = False,
) -> None:
    """List simulations, newest first; with --active those that are not over, the longest running first."""
    from guildhall.app.documents.simulations import running_document, simulation_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.simulations import active_lines, list_lines
    from guildhall.domains.evaluation import configurations, overview, simulations

    output = Output(as_json)

    async def work() -> None:
        if active and config is not None:
            raise InvalidInput(
                f"--active lists simulations of all configurations, and --config asks for those of {config!r}",
                remedy="Leave out one of them; without --active the list says which are pending or running.",
                field="config",
                value=config,
            )
        async with App.open() as app, app.transaction() as tx:
            if active:
                unfinished = await overview.longest_running(tx, at_most=at_most)
                if as_json:
                    output.document([running_document(each) for each in unfinished])
                else:
                    output.lines(active_lines(unfinished))
                return
            if config is not None:
                await configurations.list_versions(
                    tx, config, at_most=1
                )  # says so where there is no such configuration
            found = await simulations.list_simulations(tx, config_name=config, at_most=at_most)
        if as_json:
            output.document([simulation_document(each) for each in found])
        else:
            output.lines(list_lines(found))

    run(work, as_json=as_json)


@group.command()
def show(
    simulation: Annotated[str, typer.Argument(help=_REFERENCE)],
    scenario: Annotated[str | None, typer.Argument(help="A scenario, to read its trials.")] = None,
    trial: Annotated[
        int | None, typer.Option(min=1, help="One trial; unless given, the first that did not pass.")
    ] = None,
    pair: Annotated[
        bool, typer.Option("--pair", help="Beside the simulation that was run interleaved with it.")
    ] = False,
    calls: Annotated[
        bool, typer.Option("--calls", help="The calls of models behind it, from the gateway's ledger.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a simulation, or what happened in one of its scenarios, step by step."""
    from guildhall.app.documents.gateway import call_document
    from guildhall.app.documents.outcomes import outcome_document, whole_outcome_document
    from guildhall.app.documents.simulations import simulation_document
    from guildhall.app.wiring import App
    from guildhall.cli.render import simulations as render
    from guildhall.cli.render.gateway import call_lines
    from guildhall.domains.evaluation import outcomes, reports, simulations
    from guildhall.domains.gateway import requests

    output = Output(as_json)

    async def work() -> None:
        if scenario is None and (pair or trial is not None):
            raise InvalidInput(
                f"{'--pair' if pair else '--trial'} shows trials, and no scenario is given",
                remedy="Name the scenario: `guildhall eval show SIMULATION SCENARIO --pair`.",
                field="scenario",
            )
        async with App.open() as app, app.transaction() as tx:
            found = await simulations.resolve(tx, simulation)
            if scenario is None and calls:
                made = await requests.page_calls(
                    tx, {"simulation_id": found.simulation_id}, requests.CALLS.order(), at_most=_MOST_CALLS
                )
                if as_json:
                    output.document([call_document(each) for each in made.items])
                else:
                    output.lines(call_lines(made.items, of_trials=True))
                return
            if scenario is None:
                report = await reports.report(tx, found)
                if as_json:
                    output.document(simulation_document(found))
                else:
                    output.lines(render.simulation_lines(report))
                return
            known = [each.scenario_id for each in await simulations.pinned_scenarios(tx, found.simulation_id)]
            sides = [found]
            if pair:
                sides.insert(0, await _counterpart(tx, found))
            shown, called = [], []
            for side in sides:
                page = await outcomes.list_outcomes(
                    tx, simulation_id=side.simulation_id, scenario_id=scenario, at_most=_MOST_TRIALS
                )
                siblings = sorted(page.outcomes, key=lambda each: each.trial_number)
                chosen = render.choose_trial(side, scenario, siblings, trial, known)
                shown.append((side, await outcomes.get_outcome(tx, chosen.outcome_id), siblings))
                if calls:
                    made = await requests.page_calls(
                        tx, {"outcome_id": chosen.outcome_id}, requests.CALLS.order(), at_most=_MOST_CALLS
                    )
                    called.append(made.items)
        if as_json:
            documents = [
                {
                    "simulation": simulation_document(side),
                    "trial": whole_outcome_document(outcome),
                    "trials": [outcome_document(each) for each in siblings],
                }
                for side, outcome, siblings in shown
            ]
            for document, items in zip(documents, called, strict=False):
                document["calls"] = [call_document(each) for each in items]
            output.document(documents if pair else documents[0])
            return
        for position, (side, outcome, siblings) in enumerate(shown):
            if position:
                output.lines([""])
            output.lines(render.trial_lines(side, outcome, siblings))
            if calls:
                output.lines(["", Text("CALLS OF MODELS", "bold"), *call_lines(called[position], of_trials=True)])

    run(work, as_json=as_json)


@group.command()
def requeue(
    dry: Annotated[bool, typer.Option("--list", help="Only list them, with the reasons.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Try again to store the records that the database refused, once what was wrong has been put right."""
    from guildhall.app.wiring import App

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app:
            spool = app.spool()
            waiting = spool.set_aside()
            counts = None
            if waiting and not dry:
                spool.take_back(waiting)
                async with app.recorder() as recorder:
                    counts = recorder.counts
        if as_json:
            output.document(
                {
                    "set_aside": [{"file": each.path, **each.reason} for each in waiting],
                    "stored": counts.stored + counts.known if counts else 0,
                    "refused_again": counts.quarantined if counts else 0,
                }
            )
        elif counts:
            again = f"; {count(counts.quarantined, 'record')} refused again, the reasons anew beside them"
            output.lines(
                [f"{count(counts.stored + counts.known, 'record')} stored{again if counts.quarantined else ''}"]
            )
        elif waiting:
            output.lines([f"{each.path.name}: {each.reason['error']['message']}" for each in waiting])
        else:
            output.lines(["no record has been refused"])

    run(work, as_json=as_json)


@group.command(name="import")
def import_logs(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Result files of another tool.")],
    format_: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", help="tau-bench; recognised unless given.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call the configuration.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Import results of τ-bench or τ²-bench: a finished simulation, its scenarios and outcomes."""
    from guildhall.app import imports
    from guildhall.app.wiring import App

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app:
            results = await imports.import_logs(app, files, format=format_, name=_title(name))
        documents = [
            {
                "simulation_id": each.simulation_id,
                "scenarios": each.scenarios,
                "outcomes": each.outcomes,
                "new": each.new,
                "assumed": list(each.assumed),
            }
            for each in results
        ]
        if as_json:
            output.document(documents[0] if len(documents) == 1 else documents)
            return
        for file, each in zip(files, results, strict=True):
            what = "imported" if each.new else "known already, nothing changed:"
            short = each.simulation_id.hex[-6:]
            output.lines(
                [
                    f"{file.name}: {what} {count(each.scenarios, 'scenario')}, {count(each.outcomes, 'outcome')} as {short}"
                ]
            )
            output.lines([Text(f"  {sentence}", "dim") for sentence in each.assumed])
            output.lines([f"Next: guildhall eval report {short}"])

    run(work, as_json=as_json)


@group.command()
def report(
    simulation: Annotated[str, typer.Argument(help=_REFERENCE)],
    as_json: JsonOption = False,
) -> None:
    """Report what a simulation showed, with intervals."""
    from guildhall.app import through
    from guildhall.app.documents.reports import report_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.report import report_lines
    from guildhall.domains.evaluation import reports, simulations

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await reports.report(tx, await simulations.resolve(tx, simulation))
            ledger = await through.ledgered(tx, found)
        if as_json:
            output.document(report_document(found, ledger))
        else:
            output.lines(report_lines(found, ledger))

    run(work, as_json=as_json)


@group.command()
def compare(
    baseline: Annotated[str, typer.Argument(help=_REFERENCE)],
    candidate: Annotated[str, typer.Argument(help=_REFERENCE)],
    margin: Annotated[
        float | None, typer.Option(help="The difference in pass rate that does not matter; 0.05 unless given.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether the candidate is better than the baseline: better, worse, equivalent, or not enough data."""
    from guildhall.app.documents.comparisons import comparison_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.compare import compare_lines
    from guildhall.domains.evaluation import reports

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            versus = await reports.compare(tx, *await reports.choose_pair(tx, baseline, candidate), margin=margin)
        if as_json:
            output.document(comparison_document(versus))
        else:
            output.lines(compare_lines(versus))

    run(work, as_json=as_json)


@group.command()
def gate(
    baseline: Annotated[str, typer.Argument(help=_REFERENCE)],
    candidate: Annotated[str, typer.Argument(help=_REFERENCE)],
    metric: Annotated[
        list[GatedMetric] | None, typer.Option(help="What may not get worse; the pass rate unless given. Repeatable.")
    ] = None,
    margin: Annotated[
        float | None, typer.Option(help="The difference in pass rate that does not matter; 0.05 unless given.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Close the gate, too, where a regression is neither shown nor ruled out.")
    ] = False,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write a summary in Markdown to the end of this file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """
    Close the gate of a CI on a significant regression, not on a wobble.

    Exit code 0: open; 1: closed.
    """
    from guildhall.app import gates
    from guildhall.app.documents.gates import gate_document
    from guildhall.app.wiring import App
    from guildhall.domains.evaluation import reports

    output = Output(as_json)

    async def work() -> bool:
        async with App.open() as app, app.transaction() as tx:
            versus = await reports.compare(tx, *await reports.choose_pair(tx, baseline, candidate), margin=margin)
        found = gates.gate(versus, metrics=[each.value for each in metric or [GatedMetric.PASS_RATE]], strict=strict)
        if junit is not None:
            _write(junit, gates.junit(found), mode="w")
        if markdown is not None:
            _write(markdown, gates.markdown(found), mode="a")
        if as_json:
            output.document(gate_document(found))
        else:
            state = Text("gate open", "bold green") if found.is_open else Text("gate closed", "bold red")
            output.lines(
                [
                    Text.assemble(state, f"  {found.title}"),
                    *(f"{each.metric:<12} {each.decision.value:<10} {each.why}" for each in found.checked),
                ]
            )
        return found.is_open

    if not run(work, as_json=as_json):
        raise typer.Exit(GATE_FAILED)


questions.add_to(group)


def _write(path: Path, text: str, *, mode: Literal["w", "a"]) -> None:
    try:
        with path.open(mode, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InvalidInput(
            f"{str(path)!r} cannot be written: {error.strerror or error}",
            remedy="Choose another place.",
            field="path",
            value=str(path),
        ) from error


def _seconds(limit: float | None) -> float | None:
    if limit is not None and not 0 <= limit < float("inf"):
        raise InvalidInput(
            f"--max-time is {limit:g}, expected a number of seconds from 0",
            remedy="Leave it out for no limit.",
            field="max_time",
            value=str(limit),
        )
    return limit


def _title(name: str | None) -> str | None:
    if name is not None and not name.strip():
        raise InvalidInput(
            "--name is empty, expected what to call the simulation",
            remedy="Leave it out for a simulation without a name.",
            field="name",
            value=name,
        )
    return name


def _gateway(url: str | None) -> str | None:
    from guildhall.settings import Settings

    if url is None:
        return Settings.from_environment().gateway_url
    return Settings.from_environment({"GUILDHALL_GATEWAY_URL": url}).gateway_url


def _amount(usd: float | None) -> Decimal | None:
    if usd is None:
        return None
    if not 0 < usd < float("inf"):
        raise InvalidInput(
            f"--max-cost is {usd:g}, expected an amount above 0",
            remedy="Leave it out for no budget.",
            field="max_cost",
            value=usd,
        )
    return Decimal(str(usd))


async def _say_what_it_can_show(app: Any, output: Output, simulation: Simulation) -> float:
    from guildhall.domains.evaluation import reports

    async with app.transaction() as tx:
        effect = await reports.detectable(tx, simulation)
    scenarios = count(simulation.total_scenarios, "scenario")
    if effect == float("inf"):
        output.warn(f"{scenarios} are too few for any comparison: no test can tell two versions apart")
    else:
        trials = count(simulation.trials_per_scenario, "trial")
        output.warn(f"{scenarios} × {trials} can show a difference of about {effect * 100:.0f} points or more")
    return effect


async def _counterpart(tx: Any, simulation: Simulation) -> Simulation:
    from guildhall.domains.evaluation import simulations

    if simulation.interleaved_with is None:
        raise InvalidInput(
            f"{simulation.label} {simulation.short_id} was not run beside another version",
            remedy="Leave out --pair, or run it with --against VERSION.",
            field="pair",
        )
    return await simulations.get_simulation(tx, simulation.interleaved_with)


async def _run_and_show(
    app: Any,
    output: Output,
    planned: list[Simulation],
    *,
    on: Place,
    concurrency: int,
    max_time: float | None,
    detectable: float | None = None,
) -> None:
    """Run simulations with a progress bar, then show the report of one or the comparison of two."""
    from guildhall.app import stopping
    from guildhall.cli.render.progress import progress_bar

    ids = [each.simulation_id for each in planned]
    if on is Place.WORKERS:
        finished = await _let_workers_run(app, output, planned[-1], ids, concurrency=concurrency, max_time=max_time)
        await _show(app, output, ids, finished, detectable=detectable)
        return
    try:
        with progress_bar(output.aside) as on_progress:
            finished = await stopping.run(
                app, ids, on=_place(on), concurrency=concurrency, max_seconds=max_time, on_progress=on_progress
            )
    except InvalidInput:
        raise  # it cannot be run as it is, now or later
    except BaseException:
        output.aside.print(
            f"What is recorded is kept. Go on with: guildhall eval resume {planned[-1].short_id}", highlight=False
        )
        raise
    await _show(app, output, ids, finished, detectable=detectable)


async def _let_workers_run(
    app: Any, output: Output, named: Simulation, ids: Sequence[UUID], *, concurrency: int, max_time: float | None
) -> Run:
    """Hand simulations to workers and watch; whoever leaves, leaves them running."""
    from guildhall.app import handing_out
    from guildhall.cli.render.progress import progress_bar
    from guildhall.errors import GuildhallError

    handed = await handing_out.hand_out(app, ids, concurrency=concurrency, max_seconds=max_time)
    if handed.workers:
        output.warn(f"{count(handed.workers, 'worker')} there to run {named.short_id}")
    else:
        output.warn(
            f"no worker is connected, so {named.short_id} waits for one: start it with `guildhall worker`, here or elsewhere"
        )
    try:
        with progress_bar(output.aside) as on_progress:
            return await handing_out.watch_workers(app, handed, on_progress=on_progress)
    except GuildhallError:
        raise
    except BaseException:
        short = named.short_id
        output.aside.print(
            f"The workers go on. Watch: guildhall eval watch {short}; end: guildhall eval cancel {short}",
            highlight=False,
        )
        raise


def _place(on: Place) -> Literal["local", "ray", "modal"]:
    """Where whoever runs the trials plays them: workers do it in their own processes."""
    match on:
        case Place.RAY:
            return "ray"
        case Place.MODAL:
            return "modal"
        case _:
            return "local"


async def _show(app: Any, output: Output, ids: Sequence[UUID], run: Run, *, detectable: float | None = None) -> None:
    """Show the report of one simulation or the comparison of two, and why it stopped early if it did."""
    from guildhall.app import through
    from guildhall.app.documents.comparisons import comparison_document
    from guildhall.app.documents.reports import report_document
    from guildhall.cli.render.compare import compare_lines
    from guildhall.cli.render.report import report_lines
    from guildhall.domains.evaluation import reports, simulations

    async with app.transaction() as tx:
        found = [await reports.report(tx, await simulations.get_simulation(tx, each)) for each in ids]
        pair = [each.summary.simulation for each in found]
        versus = await reports.compare(tx, *pair) if len(pair) == 2 else None
        ledger = await through.ledgered(tx, found[-1])
    if output.as_json:
        document: dict[str, Any] = {**report_document(found[-1], ledger)}
        if detectable is not None:
            document["minimum_detectable_effect"] = detectable
        if versus is not None:
            document |= {"baseline": report_document(found[0]), "comparison": comparison_document(versus)}
        output.document(document)
        return
    if run.stopped_for and not run.stopped_for.startswith(reports.EARLY):  # that is the first thing a comparison says
        output.warn(f"stopped early: {run.stopped_for}")
    if versus is not None:
        output.lines(compare_lines(versus))
    else:
        output.lines(report_lines(found[0], ledger))
