"""Two versions that run beside each other, ended when the verdict is certain or hopeless."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.command_line import Command
from fixtures.trials import make_record, pair_under_way
from guildhall import demo
from guildhall.app import evaluations, gates, handing_out, stopping
from guildhall.app.documents.comparisons import comparison_document
from guildhall.app.documents.reports import report_document
from guildhall.app.gates import Decision
from guildhall.app.wiring import App
from guildhall.app.workers import HANDLERS, Worker
from guildhall.cli.render.compare import compare_lines
from guildhall.db import Tx
from guildhall.domains.evaluation import configurations, outcomes, reports, simulations
from guildhall.domains.evaluation.reports import StopRule
from guildhall.domains.evaluation.simulations import Simulation, SimulationStatus

SCENARIOS = [f"scenario_{n:02}" for n in range(12)]


async def test_what_is_certain_ends_both_and_is_what_a_comparison_says_first(tx: Tx) -> None:
    ids = await pair_under_way(tx, SCENARIOS, lambda is_candidate, number, trial: is_candidate, rounds=2)
    look = await stopping.end_if_decided(tx, *ids)
    assert look is not None
    assert (look.stop, look.rounds, look.difference) == (reports.Stop.BETTER, 2, 1.0)
    one, two = [await simulations.get_simulation(tx, each) for each in ids]
    assert one.status is two.status is SimulationStatus.CANCELLED
    versus = await reports.compare(tx, one, two)
    first, look_line, rule_line, *_ = (line.plain for line in compare_lines(versus))
    assert first.startswith(f"stopped early: {two.label} is better than {one.label}, +100 points [+")
    assert "after 2 of 10 rounds" in first
    assert look_line == "Decided at look 2 of 10; saved 192 trials"
    assert rule_line.startswith("Rule: confidence sequence by betting, looked at after every complete round; 95 %")
    told = report_document(await reports.report(tx, two))["early_stop"]
    assert told is not None
    assert (told["reason"], told["look"], told["trials_saved"], told["cost_saved_usd"]) == ("better", 2, 96, None)
    assert told["baseline_simulation_id"] == ids[0]
    assert comparison_document(versus)["baseline"]["early_stop"] == told
    assert await stopping.end_if_decided(tx, *ids) is None, "what has ended is left alone"


async def test_what_is_open_goes_on(tx: Tx) -> None:
    ids = await pair_under_way(
        tx, SCENARIOS, lambda is_candidate, number, trial: (number + trial + is_candidate) % 2 == 0, rounds=3
    )
    assert await stopping.end_if_decided(tx, *ids) is None
    states = await simulations.states(tx, list(ids))
    assert set(states.values()) == {SimulationStatus.RUNNING}


async def test_only_complete_rounds_are_looked_at_and_what_was_not_scored_decides_nothing(tx: Tx) -> None:
    one, other = await pair_under_way(
        tx, SCENARIOS, lambda is_candidate, number, trial: None if number else is_candidate, rounds=1
    )
    look = await reports.look_at(tx, one, other)
    assert look is not None
    assert look.difference == pytest.approx(1 / 12)
    await outcomes.record_trials(tx, [make_record(one, SCENARIOS[0], trial_number=2)])
    again = await reports.look_at(tx, one, other)
    assert again == look


async def test_a_round_that_ends_before_an_earlier_one_waits_for_it(tx: Tx) -> None:
    """Which rounds end first may depend on how they end: slow failures would be seen last."""
    one, other = await pair_under_way(tx, SCENARIOS, lambda is_candidate, number, trial: is_candidate, rounds=1)
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
    asked = replace(request("agent.v2.yaml", against=first.label, trials=400), stop_early=True)
    ids = [each.simulation_id for each in (await evaluations.plan(app, asked)).simulations]
    interrupted = await stopping.run(app, ids, concurrency=4, max_seconds=0)
    assert "time" in (interrupted.stopped_for or "")

    async def seen() -> list[Simulation]:
        async with app.transaction() as tx:
            return [await simulations.get_simulation(tx, each) for each in ids]

    pair = await evaluations.resumable(app, (await seen())[1])
    assert [each.simulation_id for each in pair] == ids, "the baseline comes first"
    workers = [Worker(app, HANDLERS, queues=["evaluation"]) for _ in range(2)]
    working = [asyncio.create_task(each.run()) for each in workers]
    handed = await handing_out.hand_out(app, ids, concurrency=4)
    await handing_out.watch_workers(app, handed)
    for each in workers:
        each.stop()
    await asyncio.gather(*working)
    ended = await seen()
    assert all((each.error_message or "").startswith("stopped early: ") for each in ended)
    assert all(0 < each.trials_done < 24 * 400 for each in ended)

    await evaluations.resumable(app, ended[0])
    assert [reports.rule_of(each) for each in await seen()] == [None, None], (
        "whoever goes on all the same is not stopped again"
    )
    await stopping.run(app, ids, concurrency=4, max_seconds=0)
    await evaluations.resumable(app, ended[0], stop_early=True)
    assert [reports.rule_of(each) for each in await seen()] == [StopRule(ids[0])] * 2


async def test_a_watch_that_fails_takes_nothing_from_what_was_run(
    app: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with app.transaction() as tx:
        first = (await configurations.save_version(tx, evaluations.read(request("agent.v1.yaml")).agent)).version
    asked = replace(request("agent.v2.yaml", against=first.label, trials=1), stop_early=True)
    ids = [each.simulation_id for each in (await evaluations.plan(app, asked)).simulations]

    async def broken(*_: object) -> None:
        raise ZeroDivisionError("by the watch")

    monkeypatch.setattr(stopping, "_LOOK_S", 0)
    monkeypatch.setattr(stopping, "end_if_decided", broken)
    finished = await stopping.run(app, ids, concurrency=4)
    assert finished.stopped_for is None
    assert "by the watch" in caplog.text
    async with app.transaction() as tx:
        assert set((await simulations.states(tx, ids)).values()) == {SimulationStatus.COMPLETED}


def request(agent: str, *, against: str | None = None, trials: int = 1) -> evaluations.Request:
    folder: Path = demo.DIRECTORY
    return evaluations.Request(folder / agent, [demo.SCENARIOS], against=against, trials=trials, seed=demo.SEED)


async def test_a_gate_is_not_closed_nor_opened_by_what_was_stopped_early(tx: Tx) -> None:
    """Its tests take the number of trials as fixed: what they show counts, what they rule out does not."""
    worse = await pair_under_way(tx, SCENARIOS, lambda is_candidate, number, trial: not is_candidate, rounds=2)
    better = await pair_under_way(tx, SCENARIOS, lambda is_candidate, number, trial: is_candidate, rounds=2)
    for ids, expected in ((worse, Decision.REGRESSED), (better, Decision.UNDECIDED)):
        assert await stopping.end_if_decided(tx, *ids) is not None
        versus = await reports.compare(tx, *[await simulations.get_simulation(tx, each) for each in ids])
        found = gates.gate(versus)
        assert [each.decision for each in found.checked] == [expected]
        assert gates.gate(versus, strict=True).is_open is False
    assert "stopped early: " in found.checked[0].why


def test_there_must_be_something_to_stop_for(guildhall: Command) -> None:
    alone = guildhall("eval", "run", demo.AGENT_V1, demo.SCENARIOS, "--stop-early", expect=2)
    assert "needs two versions to compare" in alone.err
