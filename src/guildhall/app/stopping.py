"""
Ending a comparison early, when its verdict is certain or hopeless.

While two versions run beside each other, the complete rounds are looked at,
which `algorithms.statistics.sequential` allows at any time. Whoever runs the
trials notices that the simulations have ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from guildhall.app import evaluations
from guildhall.app.executors import Place
from guildhall.app.runner import OnProgress, Run
from guildhall.app.wiring import App
from guildhall.db import Tx
from guildhall.domains.evaluation import reports, simulations
from guildhall.domains.evaluation.reports import EARLY, Look, Stop
from guildhall.domains.evaluation.simulations import SimulationStatus
from guildhall.errors import InvalidInput, Unavailable

_LOOK_S = 0.5


class NotStoppedEarly(InvalidInput):
    """A run that cannot be watched for an early end."""

    code = "not_stopped_early"

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(f"--stop-early {why}", remedy=remedy, field="stop_early")


def check(has_baseline: bool, on: str) -> None:
    """
    Find out before anything is read whether there is something to stop early.

    Raises:
        NotStoppedEarly: One simulation alone has no verdict, and workers are watched by nobody.
    """
    if not has_baseline:
        raise NotStoppedEarly("needs two versions to compare", "Name the other one with --against VERSION.")
    if on == "workers":
        raise NotStoppedEarly("is for trials that this process runs", "Leave it out, or run on local, ray or modal.")


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
    Run two simulations (`evaluations.run`), the baseline first, until both are done or the verdict is certain or hopeless.

    Raises:
        InvalidInput, ExecutorMissing, Unavailable: See `evaluations.run`.
    """
    baseline, candidate = simulation_ids
    watching = asyncio.create_task(_watch(app, baseline, candidate))
    try:
        finished = await evaluations.run(
            app, simulation_ids, concurrency=concurrency, on=on, max_seconds=max_seconds, on_progress=on_progress
        )
        if watching.done():
            finished.stopped_for = watching.result()
        return finished
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def end_if_decided(tx: Tx, baseline: UUID, candidate: UUID) -> Look | None:
    """End both simulations if what is there decides between them; the look that did."""
    states = await simulations.states(tx, [baseline, candidate])
    if set(states.values()) != {SimulationStatus.RUNNING}:
        return None
    look = await reports.look_at(tx, baseline, candidate)
    if look is None or look.stop is None:
        return None
    planned = (await simulations.get_simulation(tx, candidate)).trials_per_scenario
    if look.rounds >= planned:
        return None  # it is done anyway
    for each in (baseline, candidate):
        await simulations.finish_simulation(
            tx, each, status=SimulationStatus.CANCELLED, error_message=said(look, planned)
        )
    return look


def said(look: Look, planned: int) -> str:
    """Why a comparison ended early, with what is certain, as reports repeat it."""
    why = {
        Stop.BETTER: "the candidate is better",
        Stop.WORSE: "the candidate is worse",
        Stop.HOPELESS: "the candidate cannot be better by what matters",
    }
    assert look.stop is not None, "it has ended"
    interval = f"{100 * look.difference:+.0f} points [{100 * look.low:+.0f}, {100 * look.high:+.0f}]"
    return f"{EARLY}{why[look.stop]}, {interval} on these scenarios after {look.rounds} of {planned} rounds (95 %, whenever looked at)"


async def _watch(app: App, baseline: UUID, candidate: UUID) -> str:
    """Look until it is decided; why it was ended."""
    while True:
        await asyncio.sleep(_LOOK_S)
        with suppress(Unavailable):
            async with app.transaction() as tx:
                if await end_if_decided(tx, baseline, candidate) is None:
                    continue
                return (await simulations.get_simulation(tx, candidate)).error_message or EARLY
