"""What can be done with outcomes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from guildhall import clock
from guildhall.db import ConstraintViolated, Tx
from guildhall.db.listing import Order, Page
from guildhall.domains.evaluation import bodies, failures, simulations
from guildhall.domains.evaluation.failures import FailedTrial, Fault
from guildhall.domains.evaluation.outcomes import rules, store
from guildhall.domains.evaluation.outcomes.errors import OutcomeIdTaken, OutcomeNotFound
from guildhall.domains.evaluation.outcomes.packing import PackedTrial, pack, pack_tool
from guildhall.domains.evaluation.outcomes.rules import Month
from guildhall.domains.evaluation.outcomes.store import Place, Placed
from guildhall.domains.evaluation.outcomes.types import (
    NewlyStored,
    NewToolUsage,
    Outcome,
    OutcomePage,
    OutcomeStatus,
    Partitions,
    Position,
    Recorded,
    TrialPlace,
    TrialRecord,
    Writing,
)
from guildhall.domains.evaluation.simulations import Closing

if TYPE_CHECKING:
    from guildhall.algorithms.embedding import Vectors

_SERIES = ("outcomes", "tool_usage", "failure_patterns")


async def record_trials(
    tx: Tx, records: Sequence[TrialRecord | PackedTrial], *, ready: Collection[Month] = ()
) -> Recorded:
    """
    Store trials whole: each closes its trial and leaves its outcome, tool usage and failures.

    A record that was stored before is `known` and changes nothing; one whose
    claim was lost is `refused`. Months in `ready` have their partitions
    already (`make_room`); the others are given them here.

    Raises:
        OutcomeRefused, FailureRefused: A record that is not packed yet makes no sense; nothing is stored.
        ScenarioNotInSimulation: A record names a scenario that its simulation does not have.
        OutcomeIdTaken: A record has the id of an outcome of another simulation.
    """
    trials: dict[UUID, PackedTrial] = {}
    for record in records:
        packed = pack(record) if isinstance(record, TrialRecord) else record
        trials.setdefault(packed.outcome_id, packed)
    if not trials:
        return Recorded(())

    closed = await simulations.close_trials(tx, [_closing(each) for each in trials.values()])
    await make_room(tx, months_of(trials.values()).difference(ready))
    admitted = [trials[outcome_id] for outcome_id in closed.admitted]
    names = await _keep_long_trajectories(tx, admitted)
    placed = [(each, Place(closed.admitted[each.outcome_id], names.get(each.outcome_id))) for each in admitted]
    known = set(closed.known)
    if placed:
        try:
            async with tx.savepoint():
                await _copy(tx, placed)
        except ConstraintViolated as error:
            if error.kind != "unique":
                raise
            known |= await _insert_unless_known(tx, placed)
    return Recorded(
        stored=tuple(each.outcome_id for each in admitted if each.outcome_id not in known),
        known=tuple(known),
        refused=tuple(closed.refused),
    )


async def revise_trials(tx: Tx, trials: Sequence[PackedTrial]) -> int:
    """
    Tell outcomes anew, of which more has become known; how many were there.

    The trial, and the ids of outcome, usages and failures, stay what they are:
    a usage or failure whose id is known is not added again, and none is taken away.
    """
    if not trials:
        return 0
    await make_room(tx, months_of(trials))
    names = await _keep_long_trajectories(tx, trials)
    placed = [(each, Place(each.trial_number or 1, names.get(each.outcome_id))) for each in trials]
    revised = await store.revise_outcomes(tx, placed)
    await store.revise_tools(tx, trials)
    await failures.store_failures(tx, _failures(placed), may_be_known=True)
    return revised


async def places(tx: Tx, outcome_ids: Sequence[tuple[UUID, datetime]]) -> dict[UUID, TrialPlace]:
    """Which trials these outcomes are of, each with the time it has; those that are not there are left out."""
    if not outcome_ids:
        return {}
    return await store.places_of_outcomes(tx, [each for each, _ in outcome_ids], [time for _, time in outcome_ids])


async def make_room(tx: Tx, months: Collection[Month]) -> None:
    """Make sure that every series of this room and of failures has partitions for the months."""
    for month in months:
        start = rules.first_of(month)
        for series in _SERIES:
            await tx.ensure_partitions(series, start, start)


def months_of(trials: Collection[PackedTrial]) -> set[Month]:
    """The months that records fall into."""
    return {rules.month_of(each.execution_time) for each in trials}


async def add_tool_usage(
    tx: Tx, outcome_id: UUID, tools: Sequence[NewToolUsage], *, execution_time: datetime, simulation_id: UUID | None
) -> None:
    """
    Keep tool usage that is told apart from its outcome, before or after it; `execution_time` is the outcome's.

    Raises:
        OutcomeRefused: A value makes no sense.
    """
    rows = [pack_tool(each, execution_time) for each in tools]
    if rows:
        await tx.ensure_partitions("tool_usage", execution_time, execution_time)
        await store.copy_tool_rows(tx, outcome_id, execution_time, simulation_id, rows)


async def try_writing(tx: Tx, outcomes: int = 100) -> Writing:
    """How fast outcomes are written at present, in a scratch table; nothing is left of it."""
    trajectory = {"start_time": "", "status": "success", "steps": [{"text": "word " * 40}] * 10}
    rows = [
        (
            clock.new_id(tx.now),
            clock.new_id(),
            "scratch",
            tx.now,
            "success",
            0.9,
            1000.0,
            100,
            Decimal("0.01"),
            trajectory,
        )
        for _ in range(outcomes)
    ]
    try:
        async with tx.savepoint():
            await store.create_scratch(tx)
            began_ms = clock.monotonic_ms()
            await store.copy_to_scratch(tx, rows)
            raise _Measured(clock.monotonic_ms() - began_ms)
    except _Measured as measured:
        return Writing(outcomes, measured.took_ms)


async def partitions(tx: Tx) -> Partitions:
    """What the series of outcomes consists of."""
    return await store.partitions(tx)


async def get_outcome(tx: Tx, outcome_id: UUID) -> Outcome:
    """
    One outcome with its whole trajectory, its tool usage and its failures.

    Raises:
        OutcomeNotFound: There is none, or it is another team's.
    """
    keeps_time = outcome_id.version == 7
    time = clock.time_of(outcome_id) if keeps_time else await store.time_of_outcome(tx, outcome_id)
    found = None if time is None else await store.find_outcome(tx, outcome_id, time)
    if found is None:
        raise OutcomeNotFound(outcome_id)
    outcome, body = found
    return outcome if body is None else replace(outcome, trajectory=store.trajectory_of(await bodies.fetch(tx, body)))


async def list_outcomes(
    tx: Tx,
    *,
    simulation_id: UUID | None = None,
    scenario_id: str | None = None,
    trial_number: int | None = None,
    status: OutcomeStatus | None = None,
    passed: bool | None = None,
    fault: Fault | None = None,
    after: Position | None = None,
    at_most: int = 100,
) -> OutcomePage:
    """
    A page of outcomes, newest first, without trajectories.

    Filters that are None let everything through. `after` is the `next` of the
    page before; outcomes that are recorded meanwhile neither repeat nor hide any.
    """
    found = await store.list_outcomes(
        tx,
        simulation_id=simulation_id,
        scenario_id=scenario_id,
        trial_number=trial_number,
        status=None if status is None else status.value,
        passed=passed,
        fault=None if fault is None else fault.value,
        before=after,
        at_most=at_most + 1,
    )
    page, more = found[:at_most], len(found) > at_most
    return OutcomePage(page, Position(page[-1].execution_time, page[-1].outcome_id) if more and page else None)


OUTCOMES = store.OUTCOMES
"""By what outcomes can be sorted and filtered (`page_outcomes`)."""


async def page_outcomes(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None = None, at_most: int = 100
) -> Page[Outcome]:
    """A page of the team's outcomes, without trajectories (`db.listing`)."""
    return await store.page_outcomes(tx, filters, order, after=after, at_most=at_most)


async def stored_after(
    tx: Tx, simulation_id: UUID, created_at: datetime, outcome_id: UUID, *, at_most: int = 1000
) -> list[NewlyStored]:
    """Outcomes of a simulation that were written after this one, in the order in which they were."""
    return await store.stored_after(tx, simulation_id, created_at, outcome_id, at_most)


async def stored_since(tx: Tx, simulation_id: UUID, since: datetime) -> AsyncIterator[NewlyStored]:
    """All outcomes of a simulation that were written from this time on."""
    position = (since, UUID(int=0))
    while page := await stored_after(tx, simulation_id, *position):
        for each in page:
            yield each
        position = (page[-1].created_at, page[-1].outcome_id)


def _closing(trial: PackedTrial) -> Closing:
    return Closing(
        trial.simulation_id,
        trial.scenario_id,
        trial.trial_number,
        trial.outcome_id,
        trial.execution_time,
        trial.attempt_token,
    )


async def _keep_long_trajectories(tx: Tx, trials: Sequence[PackedTrial]) -> dict[UUID, str]:
    long = [each for each in trials if len(each.trajectory) > rules.LONGEST_IN_A_ROW]
    if not long:
        return {}
    names = await bodies.keep_many(tx, [each.trajectory for each in long])
    return {each.outcome_id: name for each, name in zip(long, names, strict=True)}


async def _copy(tx: Tx, placed: Sequence[Placed]) -> None:
    await store.copy_outcomes(tx, placed)
    await store.copy_tools(tx, [trial for trial, _ in placed])
    await failures.store_failures(tx, _failures(placed))


async def _insert_unless_known(tx: Tx, placed: Sequence[Placed]) -> set[UUID]:
    """The way for batches of which something is there already; what was."""
    trials = [trial for trial, _ in placed]
    known = await store.outcomes_of_simulations(tx, trials)
    new = [each for each in placed if each[0].outcome_id not in known]
    if new:
        await store.insert_outcomes_unless_known(tx, new)
        there = await store.outcomes_of_simulations(tx, trials)
        for trial in trials:
            if trial.outcome_id not in there:
                raise OutcomeIdTaken(trial.outcome_id, trial.simulation_id)
        await store.insert_tools_unless_known(tx, [trial for trial, _ in new])
        await failures.store_failures(tx, _failures(new), may_be_known=True)
    return known


def _failures(placed: Sequence[Placed]) -> list[tuple[UUID, FailedTrial, failures.FailureRow]]:
    return [
        (
            pattern_id,
            FailedTrial(
                trial.outcome_id, trial.execution_time, trial.simulation_id, trial.scenario_id, place.trial_number
            ),
            row,
        )
        for trial, place in placed
        for pattern_id, row in trial.failures
    ]


class _Measured(Exception):
    """Undoes what was done to measure, and carries the result out."""

    def __init__(self, took_ms: float) -> None:
        super().__init__()
        self.took_ms = took_ms


async def strange_outcomes(tx: Tx, model: str, *, at_most: int) -> list[tuple[UUID, datetime, str]]:
    """Outcomes without a vector of this model, the newest first: ids, times, and what was said and done in them."""
    found = []
    for outcome_id, time, trajectory, body in await store.strange_outcomes(tx, model, at_most):
        whole = trajectory if body is None else store.trajectory_of(await bodies.fetch(tx, body))
        found.append((outcome_id, time, rules.said_in(whole)))
    return found


async def embed_outcomes(
    tx: Tx, places: Sequence[tuple[UUID, datetime]], said: Sequence[str], vectors: Vectors, model: str
) -> None:
    """Keep vectors of trajectories and their words, for each id and time, beside the outcomes."""
    await store.embed_outcomes(tx, places, said, vectors, model)
