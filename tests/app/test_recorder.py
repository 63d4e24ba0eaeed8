"""The recorder: what it accepts is stored once, whatever the record holds and whoever is away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from fixtures.trials import a_failure, a_tool, claim_all, make_record, record_of, simulation_in, trajectory
from guildhall.app.recorder import Recorder, RecorderClosed
from guildhall.app.sinks import DatabaseSink
from guildhall.app.spool import Spool
from guildhall.db import Actor, Database
from guildhall.domains.evaluation import outcomes, simulations
from guildhall.domains.evaluation.outcomes import Outcome, OutcomeRefused, PackedTrial, Recorded, TrialRecord

Open = Callable[..., Recorder]


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest.fixture
def recorder(database: Database, actor: Actor, spool: Spool) -> Recorder:
    return Recorder(DatabaseSink(database), actor, spool, batch_size=50, flush_interval_s=0.01)


async def stored(database: Database, actor: Actor, simulation_id: UUID) -> list[Outcome]:
    async with database.transaction(actor) as tx:
        return list((await outcomes.list_outcomes(tx, simulation_id=simulation_id, at_most=10_000)).outcomes)


async def ids(database: Database, actor: Actor, simulation_id: UUID) -> list[UUID]:
    return sorted(each.outcome_id for each in await stored(database, actor, simulation_id))


async def whole(database: Database, actor: Actor, outcome_id: UUID) -> Outcome:
    async with database.transaction(actor) as tx:
        return await outcomes.get_outcome(tx, outcome_id)


def files_in(spool: Spool) -> list[Path]:
    return sorted(each for each in spool.directory.rglob("*") if each.is_file())


def id_of(record: TrialRecord) -> UUID:
    return record.outcome.outcome_id


async def test_everything_that_was_recorded_is_stored_and_the_spool_is_gone(
    recorder: Recorder, database: Database, actor: Actor, spool: Spool
) -> None:
    simulation_id = await simulation_in(database, actor, trials=230)
    records = [record_of(each, tools=(a_tool(),)) for each in await claim_all(database, actor, simulation_id)]

    async with recorder:
        await recorder.record_many(records[:120])
        await asyncio.gather(*(recorder.record(each) for each in records[120:200]))
        for each in records[200:]:
            await recorder.submit(each)

    assert await ids(database, actor, simulation_id) == sorted(map(id_of, records))
    assert (recorder.counts.accepted, recorder.counts.stored, recorder.counts.known) == (230, 230, 0)
    assert recorder.counts.spooled_bytes > 230 * 100
    assert files_in(spool) == []


async def test_a_recorded_trial_is_on_disk_when_record_returns(
    recorder: Recorder, database: Database, actor: Actor, spool: Spool
) -> None:
    record = make_record(await simulation_in(database, actor))
    async with recorder:
        await recorder.record(record)
        (segment,) = files_in(spool)
        assert str(id_of(record)).encode() in segment.read_bytes()


async def test_whoever_watches_is_told_what_became_of_each_batch(
    database: Database, actor: Actor, spool: Spool
) -> None:
    told: list[Recorded] = []
    simulation_id = await simulation_in(database, actor)
    records = [make_record(simulation_id) for _ in range(5)]
    async with Recorder(DatabaseSink(database), actor, spool, batch_size=2, on_stored=told.append) as recorder:
        await recorder.record_many(records)
    assert sorted(each for batch in told for each in batch.stored) == sorted(map(id_of, records))
    assert len(told) == 3


async def test_a_watcher_that_fails_costs_no_record(
    database: Database, actor: Actor, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(recorded: Recorded) -> None:
        raise RuntimeError("the progress bar is broken")

    simulation_id = await simulation_in(database, actor)
    async with Recorder(DatabaseSink(database), actor, spool, on_stored=fail) as recorder:
        await recorder.record(make_record(simulation_id))
    assert len(await stored(database, actor, simulation_id)) == 1
    assert "the progress bar is broken" in caplog.text


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


ODD = {
    "a NUL": ("a\0b", "a�b"),
    "a lone surrogate": ("\ud800", "�"),
    "not a number": (float("nan"), None),
    "a number beyond 64 bits": (10**400, "1" + "0" * 400),
    "a megabyte": ("x" * 2**20, "x" * 2**20),
    "bytes": (b"\xff", "�"),
    "keys that are no text": ({1: "one", None: "none"}, {"1": "one", "null": "none"}),
}


@pytest.mark.parametrize("kind", ODD)
async def test_odd_content_is_stored_as_what_it_can_be(
    recorder: Recorder, database: Database, actor: Actor, kind: str
) -> None:
    odd, expected = ODD[kind]
    record = make_record(
        await simulation_in(database, actor),
        trajectory=trajectory(odd=odd),
        metrics={"odd": odd},
        sandbox_logs="before\0after\ud800",
        tools=(a_tool(tool_sequence=[odd]),),
        failures=(a_failure(error_message="no\0", llm_analysis={"odd": odd}),),
    )
    async with recorder:
        await recorder.record(record)

    found = await whole(database, actor, id_of(record))
    assert found.trajectory == trajectory(odd=expected)
    assert found.metrics == {"odd": expected}
    assert found.sandbox_logs == "before�after�"
    assert found.tools is not None
    assert found.tools[0].tool_sequence == [expected]


async def test_a_trajectory_a_thousand_levels_deep_is_stored_cut(
    recorder: Recorder, database: Database, actor: Actor
) -> None:
    record = make_record(await simulation_in(database, actor), trajectory=trajectory(deep=nested(1000)))
    async with recorder:
        await recorder.record(record)
    found = await whole(database, actor, id_of(record))
    assert found.trajectory is not None
    assert "nested too deeply" in json.dumps(found.trajectory)


async def test_a_record_that_comes_twice_is_known_the_second_time(
    recorder: Recorder, database: Database, actor: Actor
) -> None:
    simulation_id = await simulation_in(database, actor)
    record = make_record(simulation_id)
    async with recorder:
        await recorder.record_many([record, record])
        await recorder.drain()
        await recorder.record(record)
    assert await ids(database, actor, simulation_id) == [id_of(record)]
    assert (recorder.counts.stored, recorder.counts.known) == (1, 2)


async def test_a_record_whose_claim_was_lost_is_refused(recorder: Recorder, database: Database, actor: Actor) -> None:
    simulation_id = await simulation_in(database, actor, trials=2)
    lost, kept = await claim_all(database, actor, simulation_id)
    async with database.transaction(actor) as tx:
        await simulations.release_claims(tx, [lost])
    async with recorder:
        await recorder.record_many([record_of(lost), record_of(kept)])
    assert await ids(database, actor, simulation_id) == [kept.outcome_id]
    assert (recorder.counts.stored, recorder.counts.refused) == (1, 1)


@pytest.mark.parametrize("place", [0, 17, 49])
async def test_a_record_that_the_database_refuses_is_put_aside_and_its_neighbours_are_stored(
    recorder: Recorder, database: Database, actor: Actor, spool: Spool, place: int
) -> None:
    simulation_id = await simulation_in(database, actor)
    records = [make_record(simulation_id) for _ in range(49)]
    bad = make_record(simulation_id, "no_such_scenario")
    records.insert(place, bad)

    async with recorder:
        await recorder.record_many(records)

    assert await ids(database, actor, simulation_id) == sorted(map(id_of, [each for each in records if each != bad]))
    assert (recorder.counts.stored, recorder.counts.quarantined) == (49, 1)
    reason, kept = files_in(spool)
    assert json.loads(reason.read_text())["error"]["code"] == "scenario_not_in_simulation"
    assert json.loads(reason.read_text())["outcome_id"] == str(id_of(bad)) == kept.stem
    assert PackedTrial.from_bytes(kept.read_bytes()).outcome_id == id_of(bad)


async def test_what_was_put_aside_is_stored_once_what_was_wrong_is_put_right(
    recorder: Recorder, database: Database, actor: Actor, spool: Spool, administrator_url: str
) -> None:
    simulation_id = await simulation_in(database, actor)
    late, hopeless = make_record(simulation_id, "scenario_2"), make_record(simulation_id, "no_such_scenario")
    async with recorder:
        await recorder.record_many([late, hopeless])
    assert [each.reason["outcome_id"] for each in spool.set_aside()] == [str(id_of(late)), str(id_of(hopeless))]

    await simulation_in(database, actor, "scenario_2")
    connection = await asyncpg.connect(administrator_url)
    await connection.execute(
        """
        INSERT INTO evaluation.simulations_scenarios (simulation_id, scenario_id, tenant_id, execution_order, content_hash)
        SELECT $1, scenario_id, tenant_id, 2, content_hash FROM evaluation.scenario_versions WHERE scenario_id = 'scenario_2'
        """,
        simulation_id,
    )
    await connection.close()
    spool.take_back(spool.set_aside())
    async with Recorder(DatabaseSink(database), actor, spool) as again:
        assert (again.counts.stored, again.counts.quarantined) == (1, 1)

    assert await ids(database, actor, simulation_id) == [id_of(late)]
    assert [each.reason["outcome_id"] for each in spool.set_aside()] == [str(id_of(hopeless))]


async def test_a_record_that_makes_no_sense_is_refused_at_once_and_with_it_its_whole_call(
    recorder: Recorder, database: Database, actor: Actor
) -> None:
    simulation_id = await simulation_in(database, actor)
    async with recorder:
        with pytest.raises(OutcomeRefused, match="reliability_score"):
            await recorder.record_many([make_record(simulation_id), make_record(simulation_id, reliability_score=2.0)])
    assert recorder.counts.accepted == 0
    assert await stored(database, actor, simulation_id) == []


async def test_a_closed_recorder_takes_nothing(recorder: Recorder, database: Database, actor: Actor) -> None:
    record = make_record(await simulation_in(database, actor))
    with pytest.raises(RecorderClosed):
        await recorder.record(record)
    async with recorder:
        await recorder.record(record)
    with pytest.raises(RecorderClosed):
        await recorder.submit(record)
