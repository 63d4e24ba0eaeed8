"""`guildhall demo` and `guildhall init`: the first minutes."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from guildhall.cli.frame import JsonOption, Output, run

if TYPE_CHECKING:
    from guildhall.app.wiring import App
    from guildhall.domains.evaluation.outcomes import Outcome
    from guildhall.domains.evaluation.reports import Versus

_CONCURRENCY = 4
_CONVERSATION = 6


def add_to(app: typer.Typer) -> None:
    """Put both commands at the top."""
    app.command()(demo)
    app.command()(init)


def demo(as_json: JsonOption = False) -> None:
    """
    See it work: two versions of a bundled agent, simulated, recorded and compared.

    No model, no key, no network. It may be run again. On a terminal it goes on
    to serve the dashboard until Ctrl-C.
    """
    from guildhall.app.wiring import App
    from guildhall.cli.serve import stand

    output = Output(as_json)
    stays = not as_json and output.console.is_terminal and sys.stdin is not None and sys.stdin.isatty()

    async def work() -> None:
        began = time.monotonic()
        async with App.open() as app:
            where = "the server that GUILDHALL_DATABASE_URL names" if app.settings.database_url else "embedded"
            _say(output, f"1  PostgreSQL is ready ({where}, {time.monotonic() - began:.1f} s)")
            _say(output, "   no model, no key, no network: the agent is a rule-based program")
            opens = await _two_versions(app, output, stays=stays)
        if stays:
            output.lines([""])
            quiet = {"GUILDHALL_LOG_LEVEL": "warning", **os.environ}
            await stand(output, lambda: quiet, shows_link=True, opens=opens, any_port=True)

    run(work, as_json=as_json)


def init(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to write; made if need be.")] = Path(),
    as_json: JsonOption = False,
) -> None:
    """Write a working agent.yaml, scenarios.yaml and tool file to start from."""
    from guildhall.demo import write_template

    output = Output(as_json)

    async def work() -> None:
        written = write_template(directory)
        if as_json:
            output.document({"directory": directory, "files": [each.name for each in written]})
            return
        output.lines([f"wrote {each}" for each in written])
        output.lines(
            ["", f"Next: guildhall eval run {directory / 'agent.yaml'} {directory / 'scenarios.yaml'} --trials 5"]
        )

    run(work, as_json=as_json)


async def _two_versions(app: App, output: Output, *, stays: bool) -> str:
    """Run, record and compare; the dashboard's page that shows the comparison."""
    from guildhall import demo
    from guildhall.app import evaluations
    from guildhall.app.documents.comparisons import comparison_document
    from guildhall.cli.render.compare import compare_lines
    from guildhall.cli.render.progress import progress_bar
    from guildhall.domains.evaluation import configurations, reports, simulations

    async with app.transaction() as tx:
        first = (await configurations.save_version(tx, _definition(demo.AGENT_V1))).version
    request = evaluations.Request(
        agent=demo.AGENT_V2, scenarios=[demo.SCENARIOS], trials=demo.TRIALS, against=first.label, seed=demo.SEED
    )
    pair = (await evaluations.plan(app, request)).simulations
    _say(output, "", f"2  version 1 -> version 2 of {first.config_name} ({pair[0].label}, {pair[1].label})")
    await _show_diff(app, output, pair[0].label, pair[1].label)

    again = evaluations.Request(agent=demo.AGENT_V1, scenarios=[demo.SCENARIOS], trials=demo.TRIALS, seed=demo.SEED + 1)
    itself = (await evaluations.plan(app, again)).simulations[0]
    total = pair[0].total_scenarios
    _say(output, "", f"3  {total} scenarios × {demo.TRIALS} trials of each version, interleaved")
    with progress_bar(output.aside) as on_progress:
        ids = [each.simulation_id for each in pair]
        await evaluations.run(app, ids, concurrency=_CONCURRENCY, on_progress=on_progress)
    await evaluations.run(app, [itself.simulation_id], concurrency=_CONCURRENCY)

    async with app.transaction() as tx:
        one, two, other = [
            await simulations.get_simulation(tx, each.simulation_id) for each in (pair[0], pair[1], itself)
        ]
        versus = await reports.compare(tx, one, two)
        control = await reports.compare(tx, one, other)
        failed = await _a_failure(tx, versus)

    page = f"/compare?baseline={one.simulation_id}&candidate={two.simulation_id}"
    if output.as_json:
        output.document(
            {
                "verdict": comparison_document(versus)["verdict"],
                "comparison": comparison_document(versus),
                "itself": comparison_document(control),
            }
        )
        return page
    output.lines(["", "4  the verdict", "", *compare_lines(versus)])
    if failed is not None:
        _show_conversation(output, failed)
    assert control.judgement is not None, "both ran the same scenarios"
    output.lines(
        [
            "",
            "5  and version 1 against itself, with other chances",
            "",
            compare_lines(control)[0],
            "",
            "6  now yours",
            "   guildhall init my-agent                 files to start from",
            "   guildhall eval import RESULTS.json      results of τ-bench",
            f"   guildhall eval report {two.short_id}            the report behind this verdict",
            *([] if stays else ["   guildhall up                            the dashboard, until Ctrl-C"]),
        ]
    )
    return page


def _say(output: Output, *lines: str) -> None:
    if not output.as_json:
        output.lines(list(lines))


def _definition(path: Path) -> Any:
    from guildhall.adapters.agentfile import read_agent

    return read_agent(path)


async def _show_diff(app: App, output: Output, before: str, after: str) -> None:
    from guildhall.domains.evaluation import configurations

    async with app.transaction() as tx:
        diff = await configurations.diff_versions(
            tx, await configurations.get_version(tx, before), await configurations.get_version(tx, after)
        )
    changed = [line for line in diff.unified.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    if not output.as_json:
        output.lines([Text(f"   {line}", "green" if line[0] == "+" else "red") for line in changed])


async def _a_failure(tx: Any, versus: Versus) -> Outcome | None:
    """A trial that the new version lost, of the scenario that got worst."""
    from guildhall.domains.evaluation import outcomes

    worst = min(versus.matched, key=lambda each: (each.change, each.scenario_id), default=None)
    if worst is None or worst.change >= 0:
        return None
    page = await outcomes.list_outcomes(
        tx,
        simulation_id=versus.candidate.simulation.simulation_id,
        scenario_id=worst.scenario_id,
        passed=False,
        at_most=1,
    )
    return await outcomes.get_outcome(tx, page.outcomes[0].outcome_id) if page.outcomes else None


def _show_conversation(output: Output, outcome: Outcome) -> None:
    from guildhall.cli.render.simulations import conversation

    lines = conversation(outcome.trajectory or {}, most=_CONVERSATION)
    output.lines(["", Text(f"one of the lost: {outcome.scenario_id}, trial {outcome.trial_number}", "bold"), *lines])
