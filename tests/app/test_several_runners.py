"""One simulation, several processes: they share trials and money, take over from the dead, and end it once."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from fixtures.agents import Project
from fixtures.command_line import Command, command_line
from fixtures.processes import DEADLINE_S
from guildhall.app import evaluations
from guildhall.app.documents.reports import report_document
from guildhall.app.wiring import App
from guildhall.db.queries import parse_queries
from guildhall.domains.evaluation import reports, simulations
from guildhall.domains.evaluation.simulations import Simulation, SimulationStatus

_LEASE_S = "2"
_AGENT = '''\
import asyncio, os, pathlib

played = 0

async def answer(session):
    """Right by chance of the seed. Waits at the gate; from the fourth on, what a victim is asked never comes to an end."""
    global played
    played = number = played + 1
    while not pathlib.Path({gate!r}).exists():
        await asyncio.sleep(0.01)
    if number >= 4 and (mark := os.environ.get("VICTIM")):
        pathlib.Path(mark).touch()
        await asyncio.Event().wait()
    await asyncio.sleep({takes})
    await session.say("3" if session.seed % 3 else "4", cost_usd=0.01)
'''
_queries = parse_queries(
    "here",
    """
-- name: workers
SELECT count(DISTINCT worker)::integer FROM evaluation.trials WHERE state = 'running';
-- name: trials
SELECT (SELECT count(*) FROM evaluation.trials WHERE state = 'done') AS done,
       (SELECT count(*) FROM evaluation.outcomes) AS outcomes,
       (SELECT count(DISTINCT (simulation_id, scenario_id, trial_number)) FROM evaluation.outcomes) AS distinct_outcomes;
""",
)


def _write(project: Project, *, scenarios: int, takes: float = 0.0) -> Path:
    gate = project.folder / "gate"
    project.write_scenarios(scenarios)
    (project.folder / "agent.py").write_text(_AGENT.format(gate=str(gate), takes=takes))
    return gate


async def _plan(app: App, project: Project, **options: Any) -> Simulation:
    request = evaluations.Request(agent=project.agent, scenarios=[project.scenarios], seed=7, **options)
    return (await evaluations.plan(app, request)).simulations[0]


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(3 * DEADLINE_S):
        while not await holds():
            await asyncio.sleep(0.05)


@asynccontextmanager
async def _runners(
    app: App, simulation: Simulation, environments: list[dict[str, str]]
) -> AsyncIterator[list[subprocess.Popen[str]]]:
    """Processes that run one simulation, each of which has claimed something by now."""
    command = command_line("eval", "resume", simulation.simulation_id, "--concurrency", 4, "--json")
    running = [
        subprocess.Popen(command, env=each, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for each in environments
    ]
    try:

        async def all_have_claimed() -> bool:
            async with app.transaction() as tx:
                return bool(await tx.value(_queries.workers) == len(running))

        await _until(all_have_claimed)
        yield running
    finally:
        for each in running:
            each.kill()
            each.communicate()


async def _ended(running: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = await asyncio.to_thread(running.communicate, timeout=3 * DEADLINE_S)
    assert running.returncode == 0, err
    return json.loads(out)


async def _report(app: App, simulation_id: UUID) -> dict[str, Any]:
    """What is reported, apart from which simulation it is and how long anything took."""
    async with app.transaction() as tx:
        found = await reports.report(tx, await simulations.get_simulation(tx, simulation_id))
    return _timeless(dict(report_document(found)))


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _timeless(each)
            for key, each in value.items()
            if not key.startswith(("time_", "simulation_id")) and not key.endswith(("_ms", "_at"))
        }
    return [_timeless(each) for each in value] if isinstance(value, list | tuple) else value


async def test_four_processes_of_which_two_are_killed_report_what_one_undisturbed_reports(
    app: App, project: Project, command_environment: dict[str, str], tmp_path: Path
) -> None:
    gate = _write(project, scenarios=100)
    simulation = await _plan(app, project, trials=5)
    environment = {**command_environment, "GUILDHALL_LEASE_S": _LEASE_S}
    marks = [tmp_path / "first", tmp_path / "second"]
    environments = [environment, environment, *({**environment, "VICTIM": str(mark)} for mark in marks)]
    async with _runners(app, simulation, environments) as running:
        gate.touch()
        for mark, victim in zip(marks, running[2:], strict=True):
            await _until(lambda mark=mark: asyncio.to_thread(mark.exists))
            victim.send_signal(signal.SIGKILL)
        told = [await _ended(each) for each in running[:2]]
    assert [each["outcomes"] for each in told] == [500, 500], "whoever had nothing left waited for the rest"

    undisturbed = await _plan(app, project, trials=5)
    await evaluations.run(app, [undisturbed.simulation_id], concurrency=8)
    report = await _report(app, simulation.simulation_id)
    assert (report["status"], report["outcomes"]) == ("completed", 500)
    assert report == await _report(app, undisturbed.simulation_id)
    async with app.transaction() as tx:
        assert dict(await tx.find(_queries.trials) or {}) == dict.fromkeys(
            ("done", "outcomes", "distinct_outcomes"), 1000
        )


async def test_a_process_that_froze_past_its_lease_doubles_nothing(
    app: App, project: Project, command_environment: dict[str, str]
) -> None:
    gate = _write(project, scenarios=40)
    simulation = await _plan(app, project)
    environment = {**command_environment, "GUILDHALL_LEASE_S": _LEASE_S}
    async with _runners(app, simulation, [environment, environment]) as (alive, frozen):
        frozen.send_signal(signal.SIGSTOP)
        gate.touch()
        told = await _ended(alive)
        frozen.send_signal(signal.SIGCONT)
        told_late = await _ended(frozen)
    assert (told["status"], told["outcomes"]) == ("completed", 40)
    assert _timeless(told_late) == _timeless(told)
    async with app.transaction() as tx:
        assert dict(await tx.find(_queries.trials) or {}) == dict.fromkeys(
            ("done", "outcomes", "distinct_outcomes"), 40
        )


async def test_several_processes_share_one_budget(
    app: App, project: Project, command_environment: dict[str, str]
) -> None:
    gate = _write(project, scenarios=300, takes=0.1)
    simulation = await _plan(app, project, max_cost_usd=Decimal("0.60"))
    async with _runners(app, simulation, [command_environment] * 3) as running:
        gate.touch()
        for each in running:
            await _ended(each)
    found = await _found(app, simulation)
    assert found.status is SimulationStatus.CANCELLED
    assert "the budget of $0.6 is used up" in (found.error_message or "")
    # Each has no more under way than it runs at once, or has not stored yet.
    assert Decimal("0.60") <= (found.total_cost_usd or 0) <= Decimal("1.00")


async def test_all_stop_when_a_person_cancels(
    app: App, guildhall: Command, project: Project, command_environment: dict[str, str]
) -> None:
    _write(project, scenarios=20)
    simulation = await _plan(app, project)
    async with _runners(app, simulation, [command_environment] * 2) as running:
        guildhall("eval", "cancel", simulation.simulation_id)
        told = [await _ended(each) for each in running]
    assert [each["status"] for each in told] == ["cancelled", "cancelled"]
    assert (await _found(app, simulation)).error_message == "cancelled by a person"


async def test_who_is_interrupted_leaves_the_rest_to_the_others(
    app: App, project: Project, command_environment: dict[str, str]
) -> None:
    gate = _write(project, scenarios=20)
    simulation = await _plan(app, project)
    async with _runners(app, simulation, [command_environment] * 2) as (stays, leaves):
        leaves.send_signal(signal.SIGINT)
        _, err = await asyncio.to_thread(leaves.communicate, timeout=DEADLINE_S)
        assert leaves.returncode == 130, err
        assert (await _found(app, simulation)).status is SimulationStatus.RUNNING, "somebody is at work on it"
        watching = subprocess.Popen(
            command_line("eval", "watch", simulation.short_id, "--json"),
            env=command_environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        gate.touch()
        told = await _ended(stays)
        assert await _ended(watching) == told, "who watches is told the same"
    assert (told["status"], told["outcomes"]) == ("completed", 20)


async def _found(app: App, simulation: Simulation) -> Simulation:
    async with app.transaction() as tx:
        return await simulations.get_simulation(tx, simulation.simulation_id)


@pytest.mark.parametrize("value", ["0", "soon"])
def test_a_lease_that_is_none_is_refused(guildhall: Command, value: str) -> None:
    refused = guildhall("eval", "list", expect=2, GUILDHALL_LEASE_S=value)
    assert f"GUILDHALL_LEASE_S is '{value}', expected a number of seconds from 1" in refused.err


async def test_a_run_whose_watch_fails_ends_and_hands_back_its_trials(app: App, project: Project) -> None:
    """Renewing leases and hearing of a cancellation are work of the run: none goes on without them."""
    _write(project, scenarios=2)  # the gate stays shut
    simulation = await _plan(app, project)
    told = 0

    def breaks(_: object) -> None:
        nonlocal told
        told += 1
        raise BrokenPipeError("nobody reads the progress")

    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises(BrokenPipeError):
            await evaluations.run(app, [simulation.simulation_id], concurrency=2, on_progress=breaks)
    async with app.transaction() as tx:
        left = await simulations.left_to_do(tx, [simulation.simulation_id])
    assert (told, left.free, left.others) == (1, 2, 0)
