"""One function for each statement on simulations and their trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from guildhall.db import Row, Tx, load_queries
from guildhall.db.listing import Filter, Listing, Match, Order, Page, fetch_page
from guildhall.domains.evaluation.simulations.types import (
    Claim,
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

_queries = load_queries(__package__)


async def insert_simulation(tx: Tx, simulation_id: UUID, new: NewSimulation) -> None:
    await tx.execute(
        _queries.insert_simulation,
        simulation_id=simulation_id,
        config_version_id=new.config_version_id,
        scenario_set=[pin.scenario_id for pin in new.scenarios],
        name=new.name,
        total_scenarios=len(new.scenarios),
        trials=new.trials,
        max_cost_usd=new.max_cost_usd,
        metadata=dict(new.metadata),
        sandbox_metadata=dict(new.sandbox_metadata),
        modal_app_id=new.modal_app_id,
        modal_environment=new.modal_environment,
        timeout_ms=new.timeout_ms,
        max_retries=new.max_retries,
        priority=new.priority,
        seed=new.seed,
        origin=new.origin,
        import_hash=new.import_hash,
        assumed=list(new.assumed),
        interleaved_with=new.interleaved_with,
        created_at=new.created_at or tx.now,
    )
    scenario_ids = [pin.scenario_id for pin in new.scenarios]
    await tx.execute(
        _queries.insert_scenarios,
        simulation_id=simulation_id,
        scenario_ids=scenario_ids,
        content_hashes=[pin.content_hash for pin in new.scenarios],
    )
    await tx.execute(_queries.insert_trials, simulation_id=simulation_id, scenario_ids=scenario_ids, trials=new.trials)


async def repin_scenarios(tx: Tx, changes: Mapping[str, tuple[str, str]]) -> int:
    return await tx.execute(
        _queries.repin_scenarios,
        scenario_ids=list(changes),
        befores=[before for before, _ in changes.values()],
        afters=[after for _, after in changes.values()],
    )


async def link_interleaved(tx: Tx, simulation_id: UUID, other_id: UUID) -> None:
    await tx.execute(_queries.link_interleaved, simulation_id=simulation_id, other_id=other_id)


async def find_by_import(tx: Tx, import_hash: str) -> UUID | None:
    found: UUID | None = await tx.value(_queries.find_by_import, import_hash=import_hash)
    return found


SIMULATIONS = Listing(
    _queries.every_simulation,
    key=("simulation_id",),
    orders={
        "created_at": Order("created_at", descending=True),
        "completed_at": Order("completed_at", nullable=True),
        "overall_score": Order("overall_score", nullable=True),
        "cost_usd": Order("total_cost_usd", nullable=True),
    },
    filters={
        "simulation_id": Filter("simulation_id", Match.ANY_OF),
        "status": Filter("status", Match.ANY_OF),
        "origin": Filter("origin", Match.ANY_OF),
        "config": Filter("config_name"),
        "config_version_id": Filter("config_version_id"),
        "created_after": Filter("created_at", Match.AT_LEAST),
        "created_before": Filter("created_at", Match.BELOW),
        "q": Filter(("name", "config_name"), Match.SAYS),
    },
)


async def page_simulations(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None, at_most: int
) -> Page[Simulation]:
    page = await fetch_page(tx, SIMULATIONS, filters, order, after=after, at_most=at_most)
    return page.of(_simulation)


async def list_simulations(
    tx: Tx,
    *,
    simulation_ids: Sequence[UUID] | None = None,
    config_version_id: UUID | None = None,
    config_name: str | None = None,
    status: str | None = None,
    created_before: datetime | None = None,
    at_most: int = 100,
) -> list[Simulation]:
    filters = {
        "simulation_id": None if simulation_ids is None else list(simulation_ids),
        "config_version_id": config_version_id,
        "config": config_name,
        "status": None if status is None else [status],
        "created_before": created_before,
    }
    return list((await page_simulations(tx, filters, SIMULATIONS.order(), after=None, at_most=at_most)).items)


async def ids_like(tx: Tx, digits: str) -> list[UUID]:
    return [row["simulation_id"] for row in await tx.fetch(_queries.ids_like, digits=digits)]


async def latest_ids(tx: Tx, config_version_id: UUID | None, at_most: int) -> list[UUID]:
    rows = await tx.fetch(_queries.latest_ids, config_version_id=config_version_id, at_most=at_most)
    return [row["simulation_id"] for row in rows]


async def pinned_scenarios(tx: Tx, simulation_id: UUID) -> list[PinnedScenario]:
    rows = await tx.fetch(_queries.pinned_scenarios, simulation_id=simulation_id)
    return [PinnedScenario(row["scenario_id"], row["content_hash"]) for row in rows]


async def sketches(tx: Tx, simulation_ids: Sequence[UUID]) -> list[Sketch]:
    rows = await tx.fetch(_queries.sketches, simulation_ids=list(simulation_ids))
    return [
        Sketch(
            row["simulation_id"],
            SimulationStatus(row["status"]),
            row["origin"],
            tuple(map(PinnedScenario, row["scenario_ids"] or (), row["content_hashes"] or ())),
            is_execution=row["is_execution"] or False,
            modal_call_id=row["modal_call_id"],
        )
        for row in rows
    ]


async def progress(tx: Tx, simulation_id: UUID) -> Progress | None:
    row = await tx.find(_queries.progress, simulation_id=simulation_id)
    return None if row is None else Progress(**{**row, "status": SimulationStatus(row["status"])})


async def start_simulation(tx: Tx, simulation_id: UUID, max_cost_usd: Decimal | None) -> bool:
    started = await tx.execute(
        _queries.start_simulation, simulation_id=simulation_id, now=tx.now, max_cost_usd=max_cost_usd
    )
    return started == 1


async def join_simulation(tx: Tx, simulation_id: UUID) -> None:
    await tx.execute(_queries.join_simulation, simulation_id=simulation_id, now=tx.now)


async def note_metadata(tx: Tx, simulation_id: UUID, more: Mapping[str, Any]) -> None:
    await tx.execute(_queries.note_metadata, simulation_id=simulation_id, more=dict(more))


async def note_sandbox(tx: Tx, simulation_id: UUID, sandbox: Mapping[str, Any]) -> None:
    await tx.execute(_queries.note_sandbox, simulation_id=simulation_id, sandbox=dict(sandbox))


async def note_modal_app(tx: Tx, simulation_id: UUID, app_id: str | None, environment: str | None) -> None:
    await tx.execute(_queries.note_modal_app, simulation_id=simulation_id, app_id=app_id, environment=environment)


async def note_modal_call(tx: Tx, simulation_id: UUID, scenario_id: str, call_id: str, logs: str | None) -> None:
    await tx.execute(
        _queries.note_modal_call, simulation_id=simulation_id, scenario_id=scenario_id, call_id=call_id, logs=logs
    )


async def reopen_trials(tx: Tx, simulation_id: UUID) -> int:
    return await tx.execute(_queries.reopen_trials, simulation_id=simulation_id)


async def claim_trials(
    tx: Tx,
    simulation_ids: Sequence[UUID],
    worker: UUID,
    lease: timedelta,
    attempt_tokens: Sequence[UUID],
    outcome_ids: Sequence[UUID],
) -> list[Claim]:
    rows = await tx.fetch(
        _queries.claim_trials,
        simulation_ids=list(simulation_ids),
        now=tx.now,
        worker=str(worker),
        lease=lease,
        attempt_tokens=list(attempt_tokens),
        outcome_ids=list(outcome_ids),
        at_most=len(attempt_tokens),
    )
    rows.sort(key=lambda row: (row["position"], row["simulation_id"]))
    return [
        Claim(
            simulation_id=row["simulation_id"],
            scenario_id=row["scenario_id"],
            trial_number=row["trial_number"],
            attempt_token=row["attempt_token"],
            outcome_id=row["outcome_id"],
            execution_time=row["execution_time"],
            attempts=row["attempts"],
        )
        for row in rows
    ]


async def renew_leases(tx: Tx, simulation_ids: Sequence[UUID], worker: UUID, lease: timedelta) -> set[UUID]:
    rows = await tx.fetch(_queries.renew_leases, simulation_ids=list(simulation_ids), worker=str(worker), lease=lease)
    return {row["attempt_token"] for row in rows}


async def release_claims(tx: Tx, claims: Sequence[Claim]) -> int:
    return await tx.execute(
        _queries.release_claims,
        simulation_ids=[claim.simulation_id for claim in claims],
        scenario_ids=[claim.scenario_id for claim in claims],
        trial_numbers=[claim.trial_number for claim in claims],
        attempt_tokens=[claim.attempt_token for claim in claims],
    )


async def workers(tx: Tx, simulation_ids: Sequence[UUID]) -> list[UUID]:
    return [UUID(row["worker"]) for row in await tx.fetch(_queries.workers, simulation_ids=list(simulation_ids))]


async def release_worker(tx: Tx, simulation_ids: Sequence[UUID], worker: UUID) -> int:
    return await tx.execute(_queries.release_worker, simulation_ids=list(simulation_ids), worker=str(worker))


async def close_claimed(tx: Tx, closings: Sequence[Closing]) -> dict[UUID, int]:
    rows = await tx.fetch(
        _queries.close_claimed,
        now=tx.now,
        simulation_ids=[each.simulation_id for each in closings],
        scenario_ids=[each.scenario_id for each in closings],
        trial_numbers=[each.trial_number for each in closings],
        attempt_tokens=[each.attempt_token for each in closings],
        outcome_ids=[each.outcome_id for each in closings],
    )
    return {row["outcome_id"]: row["trial_number"] for row in rows}


async def known_outcomes(tx: Tx, closings: Sequence[Closing]) -> set[UUID]:
    rows = await tx.fetch(
        _queries.known_outcomes,
        simulation_ids=[each.simulation_id for each in closings],
        outcome_ids=[each.outcome_id for each in closings],
        execution_times=[each.execution_time for each in closings],
    )
    return {row["outcome_id"] for row in rows}


async def lock_scenarios(tx: Tx, closings: Sequence[Closing]) -> set[tuple[UUID, str]]:
    rows = await tx.fetch(
        _queries.lock_scenarios,
        simulation_ids=[each.simulation_id for each in closings],
        scenario_ids=[each.scenario_id for each in closings],
    )
    return {(row["simulation_id"], row["scenario_id"]) for row in rows}


async def trials_of_scenarios(tx: Tx, closings: Sequence[Closing]) -> list[Row]:
    return await tx.fetch(
        _queries.trials_of_scenarios,
        simulation_ids=[each.simulation_id for each in closings],
        scenario_ids=[each.scenario_id for each in closings],
    )


async def close_unclaimed(tx: Tx, closings: Sequence[Closing]) -> dict[UUID, int]:
    rows = await tx.fetch(
        _queries.close_unclaimed,
        now=tx.now,
        simulation_ids=[each.simulation_id for each in closings],
        scenario_ids=[each.scenario_id for each in closings],
        trial_numbers=[each.trial_number for each in closings],
        outcome_ids=[each.outcome_id for each in closings],
        execution_times=[each.execution_time for each in closings],
    )
    return {row["outcome_id"]: row["trial_number"] for row in rows}


async def mark_progress(tx: Tx, simulation_id: UUID) -> None:
    await tx.execute(_queries.lock_simulation, simulation_id=simulation_id)
    await tx.join_by_hashing()
    await tx.execute(_queries.mark_progress, simulation_id=simulation_id)


async def pause_simulation(tx: Tx, simulation_id: UUID) -> None:
    await tx.execute(_queries.pause_simulation, simulation_id=simulation_id)


async def skip_trials(tx: Tx, simulation_id: UUID) -> int:
    return await tx.execute(_queries.skip_trials, simulation_id=simulation_id)


async def finish_simulation(
    tx: Tx,
    simulation_id: UUID,
    *,
    status: SimulationStatus,
    error_message: str | None,
    started_at: datetime,
    execution_time_ms: float | None,
) -> None:
    await tx.execute(
        _queries.finish_simulation,
        simulation_id=simulation_id,
        now=tx.now,
        status=status.value,
        error_message=error_message,
        started_at=started_at,
        execution_time_ms=execution_time_ms,
    )


async def left_to_do(tx: Tx, simulation_ids: Sequence[UUID], worker: UUID | None) -> LeftToDo:
    row = await tx.find(
        _queries.left_to_do, simulation_ids=list(simulation_ids), worker=None if worker is None else str(worker)
    )
    assert row is not None
    return LeftToDo(**row)


async def spent_so_far(tx: Tx, simulation_ids: Sequence[UUID], among: Sequence[UUID]) -> Spent:
    row = await tx.find(_queries.spent_so_far, simulation_ids=list(simulation_ids), among=list(among))
    assert row is not None
    return Spent(row["cost_usd"], frozenset(row["known"] or ()))


async def states(tx: Tx, simulation_ids: Sequence[UUID], *, lock: bool) -> dict[UUID, SimulationStatus]:
    query = _queries.lock_states if lock else _queries.states
    rows = await tx.fetch(query, simulation_ids=list(simulation_ids))
    return {row["simulation_id"]: SimulationStatus(row["status"]) for row in rows}


async def open_for_traces(tx: Tx, versions: Sequence[tuple[str, str]]) -> dict[tuple[str, str], OpenSimulation]:
    rows = await tx.fetch(
        _queries.open_for_traces,
        names=[name for name, _ in versions],
        config_hashes=[config_hash for _, config_hash in versions],
    )
    return {
        (row["name"], row["config_hash"]): OpenSimulation(row["simulation_id"], row["total_scenarios"]) for row in rows
    }


async def scenarios_in(
    tx: Tx, simulation_ids: Sequence[UUID], scenario_ids: Sequence[str] | None
) -> set[tuple[UUID, str]]:
    rows = await tx.fetch(
        _queries.scenarios_in,
        simulation_ids=list(simulation_ids),
        scenario_ids=None if scenario_ids is None else list(scenario_ids),
    )
    return {(row["simulation_id"], row["scenario_id"]) for row in rows}


async def add_scenarios(tx: Tx, simulation_id: UUID, pins: Sequence[PinnedScenario]) -> None:
    await tx.execute(_queries.lock_simulation, simulation_id=simulation_id)
    await tx.execute(
        _queries.add_scenarios,
        simulation_id=simulation_id,
        scenario_ids=[pin.scenario_id for pin in pins],
        content_hashes=[pin.content_hash for pin in pins],
    )


def _simulation(row: Row) -> Simulation:
    values: dict[str, Any] = dict(row)
    return Simulation(**{**values, "status": SimulationStatus(row["status"])})
