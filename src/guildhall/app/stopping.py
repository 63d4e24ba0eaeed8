"""
Ending a comparison early, when its verdict is certain or hopeless.

While two versions run beside each other, the complete rounds are looked at,
which `algorithms.statistics.sequential` allows at any time. The rule is kept
with the simulations (`reports.stops`), so that every process that runs them
looks, workers' too, and so does whoever goes on after an interruption. One of
them ends both; whoever else runs their trials notices that they have ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from guildhall.app import evaluations
from guildhall.app.executors import Place
from guildhall.app.runner import OnProgress, Run
from guildhall.app.wiring import App
from guildhall.db import Tx
from guildhall.domains.evaluation import reports, simulations
from guildhall.domains.evaluation.reports import EARLY, Look, Stop, StopRule
from guildhall.domains.evaluation.simulations import Simulation, SimulationStatus
from guildhall.errors import Unavailable

_LOOK_S = 0.5
_log = logging.getLogger(__name__)


async def run(
    app: App,
    simulation_ids: Sequence[UUID],
    *,
    concurrency: int,
    on: Place = "local",
    max_seconds: float | None = None,
    on_progress: OnProgress = lambda run: None,
) -> Run:
    """
    Run simulations (`evaluations.run`) until they are done, or two that are held to a rule are decided by it.

    Where they cannot be looked at they run to their end, and the log says why.

    Raises:
        InvalidInput, ExecutorMissing, Unavailable: See `evaluations.run`.
    """
    pair = await _held_to_a_rule(app, simulation_ids)
    watching = asyncio.create_task(_watch(app, *pair)) if pair else None
    try:
        finished = await evaluations.run(
            app, simulation_ids, concurrency=concurrency, on=on, max_seconds=max_seconds, on_progress=on_progress
        )
        if watching is not None and watching.done() and watching.exception() is None:
            finished.stopped_for = watching.result()
        return finished
    finally:
        if watching is not None:
            await _end(watching)


async def end_if_decided(tx: Tx, baseline: UUID, candidate: UUID, rule: StopRule | None = None) -> Look | None:
    """
    End both simulations if what is there decides between them; the look that did.

    Any number of processes may look at once: one of them ends both.
    """
    ids = [baseline, candidate]
    if set((await simulations.states(tx, ids)).values()) != {SimulationStatus.RUNNING}:
        return None
    rule = rule or StopRule(baseline)
    look = await reports.look_at(tx, baseline, candidate, rule)
    if look is None or look.stop is None:
        return None
    sides = [await simulations.get_simulation(tx, each) for each in ids]
    planned = sides[1].trials_per_scenario
    if look.rounds >= planned:
        return None  # it is done anyway
    if set((await simulations.states(tx, ids, lock=True)).values()) != {SimulationStatus.RUNNING}:
        return None  # somebody else has seen it first
    kept = {reports.RULE_KEY: rule.as_json(), reports.ENDED_KEY: reports.ended_by(look, planned)}
    why = said(look, planned, *sides)
    for each in ids:
        await simulations.note_metadata(tx, each, kept)
        await simulations.finish_simulation(tx, each, status=SimulationStatus.CANCELLED, error_message=why)
    return look


def said(look: Look, planned: int, baseline: Simulation, candidate: Simulation) -> str:
    """Why a comparison ended early, with what is certain, as reports repeat it, whichever side they begin with."""
    one, other = baseline.label, candidate.label
    why = {
        Stop.BETTER: f"{other} is better than {one}",
        Stop.WORSE: f"{other} is worse than {one}",
        Stop.HOPELESS: f"{other} cannot be better than {one} by what matters",
    }
    assert look.stop is not None, "it has ended"
    interval = f"{100 * look.difference:+.0f} points [{100 * look.low:+.0f}, {100 * look.high:+.0f}]"
    return f"{EARLY}{why[look.stop]}, {interval} on these scenarios after {look.rounds} of {planned} rounds (95 %, whenever looked at)"


async def _held_to_a_rule(app: App, simulation_ids: Sequence[UUID]) -> tuple[UUID, UUID, StopRule] | None:
    """The baseline, the candidate, and by which rule they end early; None where they run to their end."""
    if len(simulation_ids) != 2:
        return None
    async with app.transaction() as tx:
        pair = [await simulations.get_simulation(tx, each) for each in simulation_ids]
    rule = reports.rule_of(pair[0])
    if rule is None or rule != reports.rule_of(pair[1]) or rule.baseline_id not in simulation_ids:
        return None
    (candidate,) = [each for each in simulation_ids if each != rule.baseline_id]
    return rule.baseline_id, candidate, rule


async def _end(watching: asyncio.Task[str]) -> None:
    """End a watch; what went wrong with it is no reason to lose what was run."""
    watching.cancel()
    (found,) = await asyncio.gather(watching, return_exceptions=True)
    if isinstance(found, Exception):
        _log.warning("a comparison could not be looked at, so nothing has ended it early: %r", found)


async def _watch(app: App, baseline: UUID, candidate: UUID, rule: StopRule) -> str:
    """Look until it is decided; why it was ended."""
    while True:
        await asyncio.sleep(_LOOK_S)
        with suppress(Unavailable):
            async with app.transaction() as tx:
                if await end_if_decided(tx, baseline, candidate, rule) is None:
                    continue
                return (await simulations.get_simulation(tx, candidate)).error_message or EARLY
