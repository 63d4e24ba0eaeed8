"""What can be done with simulations."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from guildhall import clock
from guildhall.db import Tx
from guildhall.db.listing import Order, Page
from guildhall.domains.evaluation import configurations
from guildhall.domains.evaluation.simulations import rules, store
from guildhall.domains.evaluation.simulations.errors import (
    ScenarioNotInSimulation,
    SimulationAmbiguous,
    SimulationEnded,
    SimulationNotFound,
)
from guildhall.domains.evaluation.simulations.types import (
    Claim,
    Closed,
    Closing,
    LeftToDo,
    NewSimulation,
    OpenSimulation,
    PinnedScenario,
    Progress,
    Simulation,
    SimulationStatus,
    Sketch,
    Spent,
)
from guildhall.errors import NotFound

_DIGITS = re.compile(r"^[0-9a-f]{4,32}$")


async def plan_simulation(tx: Tx, new: NewSimulation) -> UUID:
    """
    Write down a simulation and all its trials, to be done.

    Raises:
        PlanRefused: The plan makes no sense.
    """
    rules.check_plan(new)
    simulation_id = new.simulation_id or clock.new_id()
    await store.insert_simulation(tx, simulation_id, new)
    return simulation_id


async def interleave(tx: Tx, one: UUID, other: UUID) -> None:
    """Note that two simulations are run together, trial by trial."""
    await store.link_interleaved(tx, one, other)
    await store.link_interleaved(tx, other, one)


async def get_simulation(tx: Tx, simulation_id: UUID) -> Simulation:
    """
    One simulation by its id.

    Raises:
        SimulationNotFound: There is none, or it is another team's.
    """
    found = await store.list_simulations(tx, simulation_ids=[simulation_id], at_most=1)
    if not found:
        raise SimulationNotFound(str(simulation_id))
    return found[0]


async def list_simulations(
    tx: Tx,
    *,
    config_name: str | None = None,
    status: SimulationStatus | None = None,
    created_before: datetime | None = None,
    at_most: int = 100,
) -> list[Simulation]:
    """Simulations, newest first."""
    return await store.list_simulations(
        tx, config_name=config_name, status=status, created_before=created_before, at_most=at_most
    )


SIMULATIONS = store.SIMULATIONS
"""By what simulations can be sorted and filtered (`page_simulations`)."""


async def page_simulations(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None = None, at_most: int = 100
) -> Page[Simulation]:
    """A page of the team's simulations (`db.listing`)."""
    return await store.page_simulations(tx, filters, order, after=after, at_most=at_most)


async def resolve(tx: Tx, reference: str) -> Simulation:
    """
    The simulation that people mean: its id, a short id, `@latest`, or a version such as `support-agent@v2`.

    A version means its latest simulation.

    Raises:
        SimulationNotFound: Nothing fits.
        SimulationAmbiguous: A short id fits several.
    """
    reference = reference.strip()
    if reference == "@latest":
        latest = await store.latest_ids(tx, None, 1)
        if not latest:
            raise SimulationNotFound(reference)
        return await get_simulation(tx, latest[0])

    digits = reference.replace("-", "").lower()
    if len(digits) == 32 and _DIGITS.match(digits):
        return await get_simulation(tx, UUID(digits))
    if _DIGITS.match(digits):
        candidates = await store.ids_like(tx, digits)
        if len(candidates) > 1:
            raise SimulationAmbiguous(reference, candidates)
        if candidates:
            return await get_simulation(tx, candidates[0])

    try:
        version = await configurations.get_version(tx, reference)
    except NotFound:
        raise SimulationNotFound(reference) from None
    found = await store.list_simulations(tx, config_version_id=version.version_id, at_most=1)
    if not found:
        raise SimulationNotFound(version.label, is_version=True)
    return found[0]


async def of_version(tx: Tx, reference: str, *, at_most: int = 20) -> list[Simulation]:
    """The latest simulations of a configuration version, newest first; none where there is no such version."""
    try:
        version = await configurations.get_version(tx, reference)
    except NotFound:
        return []
    return await store.list_simulations(tx, config_version_id=version.version_id, at_most=at_most)


async def find_import(tx: Tx, import_hash: str) -> Simulation | None:
    """The simulation that was imported from this content, if it was."""
    simulation_id = await store.find_by_import(tx, import_hash)
    return None if simulation_id is None else await get_simulation(tx, simulation_id)


async def pinned_scenarios(tx: Tx, simulation_id: UUID) -> list[PinnedScenario]:
    """The scenarios of a simulation, in its order and in the content it runs."""
    return await store.pinned_scenarios(tx, simulation_id)


async def progress(tx: Tx, simulation_id: UUID) -> Progress:
    """
    How far a simulation is.

    Raises:
        SimulationNotFound: There is none, or it is another team's.
    """
    found = await store.progress(tx, simulation_id)
    if found is None:
        raise SimulationNotFound(str(simulation_id))
    return found


async def sketches(tx: Tx, simulation_ids: Sequence[UUID]) -> list[Sketch]:
    """What whoever records outcomes needs to know of these simulations; those that are not there are left out."""
    return await store.sketches(tx, simulation_ids) if simulation_ids else []


async def repin_scenarios(tx: Tx, changes: Mapping[str, tuple[str, str]]) -> int:
    """
    Pin another content wherever one is pinned: by scenario id, the content hashes before and after.

    This is for contents that were placeholders, and nothing else: what a
    simulation ran does not change. How many pins were changed.
    """
    return await store.repin_scenarios(tx, changes) if changes else 0


async def start_simulation(tx: Tx, simulation_id: UUID, *, max_cost_usd: Decimal | None = None) -> Simulation:
    """
    Begin a simulation, or take it up again; what was given up earlier is to be done again.

    Raises:
        SimulationEnded: Every trial has been done.
        SimulationNotFound: There is none.
    """
    await get_simulation(tx, simulation_id)
    if not await store.start_simulation(tx, simulation_id, max_cost_usd):
        raise SimulationEnded(simulation_id, SimulationStatus.COMPLETED)
    await store.reopen_trials(tx, simulation_id)
    return await get_simulation(tx, simulation_id)


async def join_simulation(tx: Tx, simulation_id: UUID) -> Progress:
    """
    Begin a simulation, or work on it beside those who have; one that has ended stays as it is.

    Raises:
        SimulationNotFound: There is none, or it is another team's.
    """
    await store.join_simulation(tx, simulation_id)
    return await progress(tx, simulation_id)


async def note_sandbox(tx: Tx, simulation_id: UUID, sandbox: Mapping[str, Any]) -> None:
    """
    Keep how the trials of a simulation are confined: two simulations are only alike if that is.

    Where runners on several hosts confine them differently, all of it is kept.
    """
    await store.states(tx, [simulation_id], lock=True)
    before = (await get_simulation(tx, simulation_id)).sandbox_metadata
    await store.note_sandbox(tx, simulation_id, rules.confined_together(before, sandbox))


async def note_metadata(tx: Tx, simulation_id: UUID, more: Mapping[str, Any]) -> None:
    """Keep more of a simulation's metadata, in the place of what there is under the same keys."""
    await store.note_metadata(tx, simulation_id, more)


async def note_modal_app(tx: Tx, simulation_id: UUID, app_id: str | None, environment: str | None) -> None:
    """Keep in which app of Modal's a simulation runs, and in which environment where one was named."""
    await store.note_modal_app(tx, simulation_id, app_id, environment)


async def note_modal_call(tx: Tx, claim: Claim, call_id: str, logs: str | None) -> None:
    """Keep which call of Modal's ran a trial of a scenario last, and what it logged."""
    await store.note_modal_call(tx, claim.simulation_id, claim.scenario_id, call_id, logs)


async def claim_trials(
    tx: Tx, simulation_ids: Sequence[UUID], *, worker: UUID, lease: timedelta, at_most: int
) -> list[Claim]:
    """
    Take up to `at_most` trials, in the order in which they are to run.

    Trials whose lease has run out are taken from whoever held them; what that
    one records later is refused, because the attempt's token has changed.
    """
    # One time for the claim and for the ids made from it, which keep it.
    return await store.claim_trials(
        tx,
        simulation_ids,
        worker,
        lease,
        attempt_tokens=[clock.new_id(tx.now) for _ in range(at_most)],
        outcome_ids=[clock.new_id(tx.now) for _ in range(at_most)],
    )


async def renew_leases(tx: Tx, simulation_ids: Sequence[UUID], *, worker: UUID, lease: timedelta) -> set[UUID]:
    """Hold on to everything that a worker has claimed; the tokens it still holds."""
    return await store.renew_leases(tx, simulation_ids, worker, lease)


async def release_claims(tx: Tx, claims: Sequence[Claim]) -> int:
    """Hand back trials that were claimed and will not be run; how many were still held."""
    return await store.release_claims(tx, claims) if claims else 0


async def release_dead(tx: Tx, simulation_ids: Sequence[UUID]) -> int:
    """
    Take back the trials of workers that are gone, without waiting for their leases.

    A worker holds an advisory lock for as long as it lives (`Database.presence`).
    """
    released = 0
    for worker in await store.workers(tx, simulation_ids):
        if await tx.is_absent(rules.worker_key(worker)):
            released += await store.release_worker(tx, simulation_ids, worker)
    return released


async def close_trials(tx: Tx, closings: Sequence[Closing]) -> Closed:
    """
    Close trials with their outcomes, in the transaction that stores these.

    With a token, the claim must still be held. Without one, the outcome takes
    the first trial of its scenario that nobody has begun, or adds one.

    Raises:
        ScenarioNotInSimulation: An outcome without a token names a scenario that its simulation does not have.
    """
    claimed = [each for each in closings if each.attempt_token is not None]
    unclaimed = [each for each in closings if each.attempt_token is None]
    admitted = await store.close_claimed(tx, claimed) if claimed else {}
    if unclaimed:
        admitted |= await _close_unclaimed(tx, unclaimed)

    missing = [each for each in closings if each.outcome_id not in admitted]
    known = await store.known_outcomes(tx, missing) if missing else set()
    refused = {each.outcome_id for each in missing} - known
    return Closed(admitted, frozenset(known), frozenset(refused))


async def _close_unclaimed(tx: Tx, closings: Sequence[Closing]) -> dict[UUID, int]:
    scenarios = await store.lock_scenarios(tx, closings)
    for each in closings:
        if (each.simulation_id, each.scenario_id) not in scenarios:
            raise ScenarioNotInSimulation(each.simulation_id, each.scenario_id)
    known = await store.known_outcomes(tx, closings)
    new = {each.outcome_id: each for each in closings if each.outcome_id not in known}
    if not new:
        return {}
    taken = await store.trials_of_scenarios(tx, list(new.values()))
    numbered = rules.numbered(list(new.values()), taken)
    # Two outcomes that name one trial: the first has it.
    first = {(each.simulation_id, each.scenario_id, each.trial_number): each for each in reversed(numbered)}
    return await store.close_unclaimed(tx, list(first.values()))


async def mark_progress(tx: Tx, simulation_id: UUID) -> None:
    """Bring the counts and the states of scenarios up to date with the trials."""
    await store.mark_progress(tx, simulation_id)


async def pause_simulation(tx: Tx, simulation_id: UUID) -> None:
    """Note that nobody is at work on a simulation that is not finished."""
    await store.mark_progress(tx, simulation_id)
    await store.pause_simulation(tx, simulation_id)


async def finish_simulation(
    tx: Tx,
    simulation_id: UUID,
    *,
    status: SimulationStatus = SimulationStatus.COMPLETED,
    error_message: str | None = None,
    execution_time_ms: float | None = None,
) -> Simulation:
    """
    End a simulation: skip what was not begun, and store score, cost and duration.

    A simulation that ended early can be taken up again (`start_simulation`).
    """
    if status is not SimulationStatus.COMPLETED:
        await store.skip_trials(tx, simulation_id)
    await store.mark_progress(tx, simulation_id)
    await store.finish_simulation(
        tx,
        simulation_id,
        status=status,
        error_message=error_message,
        started_at=tx.now,
        execution_time_ms=execution_time_ms,
    )
    return await get_simulation(tx, simulation_id)


async def cancel_simulation(tx: Tx, simulation_id: UUID) -> Simulation:
    """
    End a simulation early; what was recorded is kept.

    Raises:
        SimulationEnded: It is over already.
    """
    simulation = await get_simulation(tx, simulation_id)
    if simulation.status in (SimulationStatus.COMPLETED, SimulationStatus.CANCELLED):
        raise SimulationEnded(simulation_id, simulation.status)
    return await finish_simulation(
        tx, simulation_id, status=SimulationStatus.CANCELLED, error_message="cancelled by a person"
    )


async def open_for_traces(tx: Tx, versions: Collection[tuple[str, str]]) -> dict[tuple[str, str], OpenSimulation]:
    """
    The simulations that take traces of some versions, each a configuration's name and the version's content hash.

    A version has one at most; none where nobody has opened one, or it was ended.
    """
    return await store.open_for_traces(tx, list(versions)) if versions else {}


async def scenarios_in(
    tx: Tx, simulation_ids: Collection[UUID], scenario_ids: Collection[str] | None = None
) -> set[tuple[UUID, str]]:
    """Which of these scenarios each simulation has; without `scenario_ids` all that it has."""
    if not simulation_ids:
        return set()
    return await store.scenarios_in(tx, list(simulation_ids), None if scenario_ids is None else list(scenario_ids))


async def add_scenarios(tx: Tx, simulation_id: UUID, pins: Sequence[PinnedScenario]) -> None:
    """Let a simulation have more scenarios; what it has already stays in the content it has."""
    await store.add_scenarios(tx, simulation_id, pins)


async def left_to_do(tx: Tx, simulation_ids: Sequence[UUID], *, worker: UUID | None = None) -> LeftToDo:
    """How many trials are not done yet, and who has them; `worker` is the runner that asks."""
    return await store.left_to_do(tx, simulation_ids, worker)


async def states(tx: Tx, simulation_ids: Sequence[UUID], *, lock: bool = False) -> dict[UUID, SimulationStatus]:
    """Where simulations are; with `lock` nobody moves them before the transaction ends."""
    return await store.states(tx, simulation_ids, lock=lock)


async def spent_so_far(tx: Tx, simulation_ids: Sequence[UUID], *, among: Sequence[UUID] = ()) -> Spent:
    """What the outcomes stored so far cost, judges and simulated users included, and which of some are among them."""
    return await store.spent_so_far(tx, simulation_ids, among)
