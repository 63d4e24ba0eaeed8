"""Claims, leases and ends, on a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from fixtures.trials import claim_all, make_record, make_simulation, record_of, simulation_in
from guildhall.db import Actor, Database, Tx
from guildhall.domains.evaluation import outcomes, simulations
from guildhall.domains.evaluation.simulations import (
    Claim,
    ScenarioNotInSimulation,
    SimulationAmbiguous,
    SimulationEnded,
    SimulationNotFound,
    SimulationStatus,
    worker_key,
)

LEASE = timedelta(seconds=60)


async def claim(tx: Tx, *simulation_ids: UUID, at_most: int = 100, worker: UUID | None = None) -> list[Claim]:
    return await simulations.claim_trials(
        tx, list(simulation_ids), worker=worker or uuid4(), lease=LEASE, at_most=at_most
    )


async def test_every_scenario_is_tried_once_before_any_is_tried_twice(tx: Tx) -> None:
    simulation_id = await make_simulation(tx, ["s_a", "s_b", "s_c"], trials=2)
    claims = await claim(tx, simulation_id)
    assert [(each.scenario_id, each.trial_number) for each in claims] == [
        ("s_a", 1), ("s_b", 1), ("s_c", 1), ("s_a", 2), ("s_b", 2), ("s_c", 2),
    ]  # fmt: skip


async def test_two_simulations_are_claimed_in_turn(tx: Tx) -> None:
    one = await make_simulation(tx, ["s_a", "s_b", "s_c"])
    other = await make_simulation(tx, ["s_a", "s_b", "s_c"])
    claims = [*await claim(tx, one, other, at_most=2), *await claim(tx, one, other)]
    assert [each.scenario_id for each in claims] == ["s_a", "s_a", "s_b", "s_b", "s_c", "s_c"]
    assert {each.simulation_id for each in claims[:2]} == {one, other}


async def test_a_claim_fixes_the_outcomes_id_and_time_which_the_id_keeps(tx: Tx) -> None:
    simulation_id = await make_simulation(tx, ["s_a"])
    (only,) = await claim(tx, simulation_id)
    assert only.outcome_id.version == 7
    assert (only.execution_time, only.attempts) == (tx.now, 1)
    assert await claim(tx, simulation_id) == []


async def test_many_runners_at_once_never_have_the_same_trial(database: Database, actor: Actor) -> None:
    simulation_id = await simulation_in(database, actor, *[f"s_{n}" for n in range(40)])
    async with database.transaction(actor) as one, database.transaction(actor) as other:
        first = await claim(one, simulation_id, at_most=30)
        second = await claim(other, simulation_id, at_most=30)
    taken = [(each.scenario_id, each.trial_number) for each in (*first, *second)]
    assert len(taken) == len(set(taken)) == 40


async def test_a_trial_whose_lease_ran_out_goes_to_the_next_and_the_late_finisher_is_refused(
    database: Database, actor: Actor
) -> None:
    simulation_id = await simulation_in(database, actor, "s_a")
    (late,) = await claim_all(database, actor, simulation_id, lease_s=0)
    (next_one,) = await claim_all(database, actor, simulation_id)
    assert next_one.attempts == 2
    async with database.transaction(actor) as tx:
        refused = await outcomes.record_trials(tx, [record_of(late)])
        stored = await outcomes.record_trials(tx, [record_of(next_one)])
        again = await outcomes.record_trials(tx, [record_of(next_one)])
        page = await outcomes.list_outcomes(tx, simulation_id=simulation_id)
    assert (refused.refused, stored.stored, again.known) == (
        (late.outcome_id,), (next_one.outcome_id,), (next_one.outcome_id,),
    )  # fmt: skip
    assert [each.outcome_id for each in page.outcomes] == [next_one.outcome_id]


async def test_a_lease_that_is_renewed_is_kept(tx: Tx) -> None:
    simulation_id = await make_simulation(tx, ["s_a"])
    worker = uuid4()
    (mine,) = await simulations.claim_trials(tx, [simulation_id], worker=worker, lease=timedelta(0), at_most=1)
    held = await simulations.renew_leases(tx, [simulation_id], worker=worker, lease=LEASE)
    assert held == {mine.attempt_token}
    assert await claim(tx, simulation_id) == []


async def test_what_is_handed_back_can_be_claimed_and_what_was_lost_meanwhile_is_left_alone(tx: Tx) -> None:
    simulation_id = await make_simulation(tx, ["s_a", "s_b"])
    one, two = await claim(tx, simulation_id)
    lost = replace(two, attempt_token=uuid4())
    assert await simulations.release_claims(tx, [one, lost]) == 1
    assert [each.scenario_id for each in await claim(tx, simulation_id)] == ["s_a"]


async def test_the_trials_of_a_worker_that_is_gone_are_free_at_once(database: Database, actor: Actor) -> None:
    simulation_id = await simulation_in(database, actor, "s_a", "s_b")
    worker = uuid4()
    async with database.presence(worker_key(worker)):
        async with database.transaction(actor) as tx:
            await claim(tx, simulation_id, worker=worker)
        async with database.transaction(actor) as tx:
            assert await simulations.release_dead(tx, [simulation_id]) == 0
    async with database.transaction(actor) as tx:
        assert await simulations.release_dead(tx, [simulation_id]) == 2
        assert len(await claim(tx, simulation_id)) == 2


async def test_a_simulation_ends_with_its_score_cost_and_states(database: Database, actor: Actor) -> None:
    simulation_id = await simulation_in(database, actor, "s_a", "s_b", trials=2)
    claims = await claim_all(database, actor, simulation_id)
    async with database.transaction(actor) as tx:
        await simulations.start_simulation(tx, simulation_id)
        records = [
            record_of(each, reliability_score=1.0 if each.scenario_id == "s_a" else 0.5, cost_usd=Decimal("0.1"))
            for each in claims
        ]
        await outcomes.record_trials(tx, records)
        ended = await simulations.finish_simulation(tx, simulation_id)
    assert (ended.status, ended.overall_score, ended.total_cost_usd) == ("completed", 0.75, Decimal("0.4"))
    assert (ended.completed_scenarios, ended.trials_done, ended.trials_total) == (2, 4, 4)
    assert ended.completed_at is not None
    assert ended.started_at is not None


async def test_a_cancelled_simulation_keeps_what_it_has_and_can_be_taken_up_again(tx: Tx) -> None:
    simulation_id = await make_simulation(tx, ["s_a", "s_b"])
    first, _ = await claim(tx, simulation_id)
    await outcomes.record_trials(tx, [record_of(first)])
    cancelled = await simulations.cancel_simulation(tx, simulation_id)
    assert (cancelled.status, cancelled.trials_done) == (SimulationStatus.CANCELLED, 1)
    assert await claim(tx, simulation_id) == []
    with pytest.raises(SimulationEnded):
        await simulations.cancel_simulation(tx, simulation_id)

    await simulations.start_simulation(tx, simulation_id)
    assert [each.scenario_id for each in await claim(tx, simulation_id)] == ["s_b"]


async def test_a_completed_simulation_is_not_begun_again(tx: Tx) -> None:
    simulation_id = await make_simulation(tx)
    await outcomes.record_trials(tx, [make_record(simulation_id)])
    await simulations.finish_simulation(tx, simulation_id)
    with pytest.raises(SimulationEnded, match="completed"):
        await simulations.start_simulation(tx, simulation_id)


async def test_an_outcome_of_a_scenario_that_is_not_part_of_it_is_refused(tx: Tx) -> None:
    simulation_id = await make_simulation(tx, ["s_a"])
    with pytest.raises(ScenarioNotInSimulation):
        await outcomes.record_trials(tx, [make_record(simulation_id, "s_b")])


async def test_what_people_call_a_simulation_finds_it(tx: Tx) -> None:
    simulation_id = await make_simulation(tx)
    made = await simulations.get_simulation(tx, simulation_id)
    for reference in (
        str(simulation_id),
        simulation_id.hex,
        simulation_id.hex[-6:].upper(),
        simulation_id.hex[:20],
        "@latest",
        made.label,
        f"{made.config_name}@latest",
        made.config_name,
    ):
        assert (await simulations.resolve(tx, reference)).simulation_id == simulation_id, reference


async def test_a_short_id_that_fits_several_lists_them(tx: Tx) -> None:
    one, other = await make_simulation(tx), await make_simulation(tx)
    shared = one.hex[:4]  # both begin with the time at which they were made
    with pytest.raises(SimulationAmbiguous) as refused:
        await simulations.resolve(tx, shared)
    assert set(refused.value.details["candidates"]) == {str(one), str(other)}
    for nothing in ("nothing", "ffffffff", str(uuid4()), "", "%"):
        with pytest.raises(SimulationNotFound):
            await simulations.resolve(tx, nothing)


async def test_another_team_finds_nothing(database: Database, actor: Actor) -> None:
    simulation_id = await simulation_in(database, actor)
    async with database.transaction(Actor(actor.user_id, uuid4())) as tx:
        for reference in (str(simulation_id), "@latest"):
            with pytest.raises(SimulationNotFound):
                await simulations.resolve(tx, reference)
        assert await claim(tx, simulation_id) == []
