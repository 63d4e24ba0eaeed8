"""Two versions that run beside each other, ended when the verdict is certain or hopeless."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from fixtures.command_line import Command
from fixtures.trials import make_record, make_simulation
from guildhall import demo
from guildhall.app import evaluations, stopping
from guildhall.app.wiring import App
from guildhall.cli.render.compare import compare_lines
from guildhall.db import Tx
from guildhall.domains.evaluation import configurations, outcomes, reports, simulations
from guildhall.domains.evaluation.simulations import SimulationStatus

SCENARIOS = [f"scenario_{n:02}" for n in range(12)]


async def running(tx: Tx, passes: Callable[[bool, int, int], bool | None], rounds: int) -> tuple[UUID, UUID]:
    """Two simulations of ten rounds, of which so many are done."""
    ids = []
    for is_candidate in (False, True):
        simulation_id = await make_simulation(tx, SCENARIOS, trials=10)
        await simulations.start_simulation(tx, simulation_id)
        records = [
            make_record(simulation_id, name, trial_number=trial, passed=passes(is_candidate, number, trial))
            for number, name in enumerate(SCENARIOS)
            for trial in range(1, rounds + 1)
        ]
        await outcomes.record_trials(tx, records)
        ids.append(simulation_id)
    return ids[0], ids[1]


async def test_what_is_certain_ends_both_and_is_what_a_comparison_says_first(tx: Tx) -> None:
    ids = await running(tx, lambda is_candidate, number, trial: is_candidate, rounds=2)
    look = await stopping.end_if_decided(tx, *ids)
    assert look is not None
    assert (look.stop, look.rounds, look.difference) == (reports.Stop.BETTER, 2, 1.0)
    one, two = [await simulations.get_simulation(tx, each) for each in ids]
    assert one.status is two.status is SimulationStatus.CANCELLED
    versus = await reports.compare(tx, one, two)
    first = compare_lines(versus)[0].plain
    assert first.startswith("stopped early: the candidate is better, +100 points [+")
    assert "after 2 of 10 rounds" in first
    assert await stopping.end_if_decided(tx, *ids) is None, "what has ended is left alone"


async def test_what_is_open_goes_on(tx: Tx) -> None:
    ids = await running(tx, lambda is_candidate, number, trial: (number + trial + is_candidate) % 2 == 0, rounds=3)
    assert await stopping.end_if_decided(tx, *ids) is None
    states = await simulations.states(tx, list(ids))
    assert set(states.values()) == {SimulationStatus.RUNNING}


async def test_only_complete_rounds_are_looked_at_and_what_was_not_scored_decides_nothing(tx: Tx) -> None:
    one, other = await running(tx, lambda is_candidate, number, trial: None if number else is_candidate, rounds=1)
    look = await reports.look_at(tx, one, other)
    assert look is not None
    assert look.difference == pytest.approx(1 / 12)
    await outcomes.record_trials(tx, [make_record(one, SCENARIOS[0], trial_number=2)])
    again = await reports.look_at(tx, one, other)
    assert again == look


async def test_a_round_that_ends_before_an_earlier_one_waits_for_it(tx: Tx) -> None:
    """Which rounds end first may depend on how they end: slow failures would be seen last."""
    one, other = await running(tx, lambda is_candidate, number, trial: is_candidate, rounds=1)
    before = await reports.look_at(tx, one, other)
    for simulation_id in (one, other):
        late = [make_record(simulation_id, name, trial_number=3) for name in SCENARIOS]
        await outcomes.record_trials(tx, late)
    assert await reports.look_at(tx, one, other) == before
    for simulation_id in (one, other):
        await outcomes.record_trials(tx, [make_record(simulation_id, name, trial_number=2) for name in SCENARIOS])
    after = await reports.look_at(tx, one, other)
    assert after is not None
    assert after.rounds == 3


async def test_a_run_is_ended_by_what_it_shows(app: App) -> None:
    async with app.transaction() as tx:
        first = (await configurations.save_version(tx, evaluations.read(request("agent.v1.yaml")).agent)).version
    plan = await evaluations.plan(app, request("agent.v2.yaml", against=first.label, trials=400))
    ids = [each.simulation_id for each in plan.simulations]
    ran = await stopping.run(app, ids, concurrency=4)
    assert (ran.stopped_for or "").startswith("stopped early: the candidate is better")
    async with app.transaction() as tx:
        done = [(await simulations.get_simulation(tx, each)).trials_done for each in ids]
    assert all(0 < each < 24 * 400 for each in done)


def request(agent: str, *, against: str | None = None, trials: int = 1) -> evaluations.Request:
    folder: Path = demo.DIRECTORY
    return evaluations.Request(folder / agent, [demo.SCENARIOS], against=against, trials=trials, seed=demo.SEED)


def test_there_must_be_something_to_stop_for(guildhall: Command) -> None:
    alone = guildhall("eval", "run", demo.AGENT_V1, demo.SCENARIOS, "--stop-early", expect=2)
    assert "needs two versions to compare" in alone.err
