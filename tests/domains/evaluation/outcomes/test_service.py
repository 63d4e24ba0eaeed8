"""Outcomes: stored whole, once, and read back as they were."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from fixtures.trials import a_failure, a_tool, make_record, make_simulation, record_of, trajectory
from guildhall import clock
from guildhall.db import Actor, Database, Tx
from guildhall.db.queries import parse_queries
from guildhall.domains.evaluation import outcomes, simulations
from guildhall.domains.evaluation.failures import Fault
from guildhall.domains.evaluation.outcomes import OutcomeIdTaken, OutcomeNotFound, OutcomeRefused, OutcomeStatus
from guildhall.domains.evaluation.outcomes.packing import PackedTrial
from guildhall.domains.evaluation.outcomes.rules import LONGEST_IN_A_ROW

queries = parse_queries(
    "here",
    """
-- name: count
SELECT (SELECT count(*) FROM evaluation.outcomes) AS outcomes,
       (SELECT count(*) FROM evaluation.tool_usage) AS tools,
       (SELECT count(*) FROM evaluation.failure_patterns) AS failures;
-- name: row
SELECT trajectory, trajectory_body FROM evaluation.outcomes WHERE outcome_id = :outcome_id;
-- name: tools
SELECT * FROM evaluation.tool_usage ORDER BY tool_name, usage_id;
-- name: failures
SELECT * FROM evaluation.failure_patterns ORDER BY pattern_id;
-- name: bodies
SELECT sha256, encoding, size_bytes, octet_length(content) AS kept FROM evaluation.bodies;
-- name: trials
SELECT trial_number, state, outcome_id FROM evaluation.trials WHERE simulation_id = :simulation_id ORDER BY trial_number;
-- name: forget_trials
DELETE FROM evaluation.trials WHERE simulation_id = :simulation_id;
""",
)


async def counts(tx: Tx) -> tuple[int, int, int]:
    row = await tx.find(queries.count)
    assert row is not None
    return row["outcomes"], row["tools"], row["failures"]


async def test_a_record_comes_back_as_it_was_given(tx: Tx) -> None:
    simulation_id = await make_simulation(tx)
    record = make_record(
        simulation_id,
        status=OutcomeStatus.ERROR,
        trajectory=trajectory(steps=[{"type": "log", "text": "zwölf ≠ 12"}]),
        passed=False,
        reliability_score=0.25,
        fault="agent",
        execution_time_ms=12.5,
        tokens_used=1234,
        cost_usd=Decimal("0.0000000123"),
        metrics={"turns": 3},
        retry_count=1,
        error_code="wrong_answer",
        error_category="model_error",
        modal_call_id="call-1",
        sandbox_id="sandbox-1",
        sandbox_logs="line 1\nline 2",
        execution_metadata={"limits": {"memory": True}},
        tools=(a_tool(total_cost_usd=Decimal("0.5"), tool_sequence=[1, 2]), a_tool(tool_name="other", error_types=())),
        failures=(a_failure(),),
    )

    recorded = await outcomes.record_trials(tx, [record])
    found = await outcomes.get_outcome(tx, record.outcome.outcome_id)

    assert recorded.stored == (record.outcome.outcome_id,)
    given = record.outcome
    for name in [
        "outcome_id",
        "simulation_id",
        "scenario_id",
        "execution_time",
        "status",
        "trajectory",
        "passed",
        "reliability_score",
        "fault",
        "execution_time_ms",
        "tokens_used",
        "cost_usd",
        "metrics",
        "retry_count",
        "error_code",
        "error_category",
        "modal_call_id",
        "sandbox_id",
        "sandbox_logs",
        "execution_metadata",
    ]:
        assert getattr(found, name) == getattr(given, name), name
    assert found.trial_number == 1
    assert found.tools is not None
    other, search = found.tools
    assert (search.tool_name, search.call_count, search.error_count, search.success_rate) == ("search", 2, 1, 0.5)
    assert (search.total_duration_ms, search.avg_duration_ms, search.timed_count) == (30.0, 15.0, 2)
    assert (search.total_cost_usd, search.tool_sequence, search.error_types) == (Decimal("0.5"), [1, 2], ("timeout",))
    assert other.error_types == ()
    assert found.failures is not None
    (failure,) = found.failures
    assert (failure.failure_type, failure.failure_category, failure.fault) == ("wrong_answer", "model_error", "agent")
    assert (failure.error_message, failure.step, failure.trial_number) == ("it said no", 1, 1)


async def test_what_belongs_to_an_outcome_comes_with_it_column_for_column_in_order(tx: Tx) -> None:
    tools = (
        a_tool(tool_name="search", modal_function_calls={"id": 1}, sandbox_tool_logs="looked", tool_sequence=[1, 2]),
        a_tool(tool_name="refund", total_cost_usd=Decimal("0.5"), error_types=("timeout", "refused")),
        a_tool(tool_name="search", call_count=7, error_count=3, timed_count=5, total_duration_ms=55.0),
    )
    failures = (
        a_failure(recovery_attempted=True, recovery_successful=False, step=4),
        a_failure(error_message="it said yes", step=2),
        a_failure(failure_type="slow"),
    )
    record = make_record(await make_simulation(tx), tools=tools, failures=failures)
    elsewhere = make_record(record.outcome.simulation_id, tools=tools, failures=failures)
    await outcomes.record_trials(tx, [record, elsewhere])

    found = await outcomes.get_outcome(tx, record.outcome.outcome_id)

    for kept, query, amount in ((found.tools, queries.tools, 3), (found.failures, queries.failures, 3)):
        rows = [row for row in await tx.fetch(query) if row["outcome_id"] == found.outcome_id]
        assert kept is not None
        assert len(kept) == len(rows) == amount
        for each, row in zip(kept, rows, strict=True):
            for field in fields(each):
                value = getattr(each, field.name)
                assert (list(value) if isinstance(value, tuple) else value) == row[field.name], field.name


async def test_what_is_not_known_is_null_and_not_zero(tx: Tx) -> None:
    record = make_record(await make_simulation(tx), passed=None, reliability_score=None)
    await outcomes.record_trials(tx, [record])
    found = await outcomes.get_outcome(tx, record.outcome.outcome_id)
    assert (found.cost_usd, found.tokens_used, found.execution_time_ms, found.passed) == (None, None, None, None)


async def test_a_record_closes_the_trial_that_was_claimed_for_it(tx: Tx) -> None:
    simulation_id = await make_simulation(tx, trials=2)
    claims = await simulations.claim_trials(
        tx, [simulation_id], worker=uuid4(), lease=timedelta(seconds=60), at_most=10
    )
    records = [record_of(each) for each in reversed(claims)]

    recorded = await outcomes.record_trials(tx, records)

    assert set(recorded.stored) == {each.outcome_id for each in claims}
    rows = await tx.fetch(queries.trials, simulation_id=simulation_id)
    assert [(row["trial_number"], row["state"], row["outcome_id"]) for row in rows] == [
        (1, "done", claims[0].outcome_id),
        (2, "done", claims[1].outcome_id),
    ]


async def test_a_record_whose_claim_was_lost_is_refused_and_its_neighbours_are_stored(tx: Tx) -> None:
    simulation_id = await make_simulation(tx, trials=2)
    lost, kept = await simulations.claim_trials(
        tx, [simulation_id], worker=uuid4(), lease=timedelta(seconds=60), at_most=10
    )
    await simulations.release_claims(tx, [lost])

    recorded = await outcomes.record_trials(tx, [record_of(lost, tools=(a_tool(),)), record_of(kept)])

    assert recorded.refused == (lost.outcome_id,)
    assert recorded.stored == (kept.outcome_id,)
    assert await counts(tx) == (1, 0, 0)


async def test_records_without_a_number_are_counted_from_one(tx: Tx) -> None:
    simulation_id = await make_simulation(tx)
    records = [make_record(simulation_id) for _ in range(3)]
    await outcomes.record_trials(tx, records[:1])
    await outcomes.record_trials(tx, records[1:])
    page = await outcomes.list_outcomes(tx, simulation_id=simulation_id)
    assert sorted(each.trial_number for each in page.outcomes) == [1, 2, 3]


async def test_a_record_that_comes_twice_is_stored_once(tx: Tx) -> None:
    record = make_record(await make_simulation(tx), tools=(a_tool(),), failures=(a_failure(),))

    first = await outcomes.record_trials(tx, [record, record])
    second = await outcomes.record_trials(tx, [record])

    assert (first.stored, second.stored, second.known) == (
        (record.outcome.outcome_id,),
        (),
        (record.outcome.outcome_id,),
    )
    assert await counts(tx) == (1, 1, 1)


async def test_an_outcome_that_is_there_without_its_trial_is_known_and_the_rest_of_its_batch_is_stored(tx: Tx) -> None:
    simulation_id = await make_simulation(tx)
    there, new = (
        make_record(simulation_id, tools=(a_tool(), a_tool(tool_name="x")), failures=(a_failure(),)) for _ in range(2)
    )
    await outcomes.record_trials(tx, [there])
    await tx.execute(queries.forget_trials, simulation_id=simulation_id)

    recorded = await outcomes.record_trials(tx, [there, new])

    assert recorded.known == (there.outcome.outcome_id,)
    assert recorded.stored == (new.outcome.outcome_id,)
    assert await counts(tx) == (2, 4, 2)
    found = await outcomes.get_outcome(tx, new.outcome.outcome_id)
    assert found.tools is not None
    assert [each.error_types for each in found.tools] == [("timeout",), ("timeout",)]


async def test_an_id_that_another_simulations_outcome_has_is_refused(tx: Tx) -> None:
    one, other = await make_simulation(tx), await make_simulation(tx)
    record = make_record(one)
    await outcomes.record_trials(tx, [record])
    with pytest.raises(OutcomeIdTaken) as refused:
        await outcomes.record_trials(tx, [replace(record, outcome=replace(record.outcome, simulation_id=other))])
    assert refused.value.details["value"] == str(record.outcome.outcome_id)


async def test_a_record_of_a_month_that_has_no_partition_yet_makes_one(tx: Tx) -> None:
    at = datetime(2011, 2, 28, 23, 59, 59, tzinfo=UTC)
    record = make_record(
        await make_simulation(tx), outcome_id=clock.new_id(at), tools=(a_tool(),), failures=(a_failure(),)
    )
    await outcomes.record_trials(tx, [record])
    assert (await outcomes.get_outcome(tx, record.outcome.outcome_id)).execution_time == at


async def test_an_id_of_another_version_keeps_the_time_it_is_given(tx: Tx) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    record = make_record(await make_simulation(tx), outcome_id=uuid4(), execution_time=at)
    await outcomes.record_trials(tx, [record])
    assert (await outcomes.get_outcome(tx, record.outcome.outcome_id)).execution_time == at


async def test_a_trajectory_too_long_for_a_row_is_kept_by_content_and_comes_back_whole(tx: Tx) -> None:
    long = trajectory(start_time='2026 "quoted"', steps=[{"type": "log", "text": "word " * 60_000}])
    simulation_id = await make_simulation(tx)
    one, other = make_record(simulation_id, trajectory=long), make_record(simulation_id, trajectory=long)

    await outcomes.record_trials(tx, [one, other])

    row = await tx.find(queries.row, outcome_id=one.outcome.outcome_id)
    assert row is not None
    assert row["trajectory"] == {"start_time": '2026 "quoted"', "status": "success"}
    (body,) = await tx.fetch(queries.bodies)
    assert (body["sha256"], body["encoding"]) == (row["trajectory_body"], "zstd")
    assert body["kept"] < 10_000 < LONGEST_IN_A_ROW < body["size_bytes"]
    assert (await outcomes.get_outcome(tx, other.outcome.outcome_id)).trajectory == long


async def test_pages_of_outcomes_miss_and_repeat_nothing_while_more_are_recorded(tx: Tx) -> None:
    simulation_id = await make_simulation(tx)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    # Several share an instant, so that the id must break ties across pages.
    records = [
        make_record(simulation_id, outcome_id=clock.new_id(at + timedelta(seconds=n // 4)), trial_number=n + 1)
        for n in range(10)
    ]
    await outcomes.record_trials(tx, records)

    seen: list[UUID] = []
    page = await outcomes.list_outcomes(tx, simulation_id=simulation_id, at_most=3)
    while True:
        seen += [each.outcome_id for each in page.outcomes]
        if page.next is None:
            break
        newer = make_record(simulation_id, outcome_id=clock.new_id(at + timedelta(hours=1)))
        await outcomes.record_trials(tx, [newer])
        page = await outcomes.list_outcomes(tx, simulation_id=simulation_id, after=page.next, at_most=3)

    expected = sorted(records, key=lambda each: (each.outcome.execution_time, each.outcome.outcome_id), reverse=True)
    assert seen == [each.outcome.outcome_id for each in expected]


async def test_lists_are_narrowed_by_what_outcomes_say(tx: Tx) -> None:
    simulation_id = await make_simulation(tx, ["scenario_1", "scenario_2"])
    passed = make_record(simulation_id)
    failed = make_record(simulation_id, "scenario_2", status=OutcomeStatus.TIMEOUT, passed=False, fault="tool")
    await outcomes.record_trials(tx, [passed, failed])

    async def ids(**filters: object) -> list[UUID]:
        page = await outcomes.list_outcomes(tx, **filters)  # type: ignore[arg-type]
        return [each.outcome_id for each in page.outcomes]

    assert await ids(passed=True) == [passed.outcome.outcome_id]
    assert await ids(status=OutcomeStatus.TIMEOUT) == [failed.outcome.outcome_id]
    assert await ids(fault=Fault.TOOL) == [failed.outcome.outcome_id]
    assert await ids(scenario_id="scenario_2", trial_number=1) == [failed.outcome.outcome_id]
    assert await ids(scenario_id="scenario_2", trial_number=2) == []


async def test_an_outcome_that_nobody_recorded_is_not_found(tx: Tx) -> None:
    with pytest.raises(OutcomeNotFound):
        await outcomes.get_outcome(tx, clock.new_id())


async def test_another_team_sees_none_of_it(database: Database, actor: Actor, tx: Tx) -> None:
    record = make_record(await make_simulation(tx))
    await outcomes.record_trials(tx, [record])
    async with database.transaction(Actor(actor.user_id, uuid4())) as theirs:
        assert (await outcomes.list_outcomes(theirs)).outcomes == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reliability_score", 1.01),
        ("reliability_score", float("nan")),
        ("status", "done"),
        ("fault", "weather"),
        ("error_category", "bad_luck"),
        ("execution_time_ms", float("inf")),
        ("execution_time_ms", -1.0),
        ("tokens_used", -1),
        ("tokens_used", 2**31),
        ("retry_count", -1),
        ("trial_number", 0),
        ("cost_usd", Decimal("-0.01")),
        ("cost_usd", Decimal("NaN")),
        ("cost_usd", Decimal("1e8")),
        ("trajectory", {"status": "success"}),
        ("trajectory", {"start_time": "2026"}),
        ("trajectory", b"[1, 2]"),
        ("trajectory", b"{"),
        ("trajectory", b"\xff"),
        ("execution_time", datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(field: str, value: object) -> None:
    record = make_record(uuid4())
    with pytest.raises(OutcomeRefused) as refused:
        outcomes.pack(replace(record, outcome=replace(record.outcome, **{field: value})))
    assert refused.value.details["field"] == field


@pytest.mark.parametrize("at", [datetime(1999, 12, 31, tzinfo=UTC), clock.now() + timedelta(days=2)])
def test_an_outcome_of_another_age_is_refused(at: datetime) -> None:
    with pytest.raises(OutcomeRefused, match="execution_time"):
        outcomes.pack(make_record(uuid4(), outcome_id=clock.new_id(at)))


def test_a_naive_time_is_refused() -> None:
    naive = clock.now().replace(tzinfo=None)
    with pytest.raises(OutcomeRefused, match="time zone"):
        outcomes.pack(make_record(uuid4(), outcome_id=uuid4(), execution_time=naive))


def test_a_packed_record_survives_the_spool() -> None:
    record = make_record(
        uuid4(),
        cost_usd=Decimal("0.0000000123"),
        metrics={"n": 2**70, "text": "a\0b"},
        trajectory=trajectory(steps=["\ud800", "ü"]),
        tools=(a_tool(total_cost_usd=Decimal("12345678.0000000001")),),
        failures=(a_failure(error_message="x" * 20_000),),
        attempt_token=uuid4(),
    )
    packed = outcomes.pack(record)
    again = PackedTrial.from_bytes(b"".join(packed.to_parts()))
    for slot in PackedTrial.__slots__:
        assert getattr(again, slot) == getattr(packed, slot), slot
    assert len(packed.failures[0][1][3]) == 10_000
    assert packed.columns[7] == '{"n":"1180591620717411303424","text":"a�b"}'


def test_bytes_of_a_clean_trajectory_are_not_encoded_again() -> None:
    given = b'{"start_time": "x", "status": "success", "n": 1.50}'
    assert outcomes.pack(make_record(uuid4(), trajectory=given)).trajectory == given


@pytest.mark.parametrize("dirt", [b'"\\u0000"', b'"\\ud800"', b"1" + b"0" * 400, b"1e400", b"NaN"])
def test_bytes_that_postgresql_would_refuse_are_cleaned(dirt: bytes) -> None:
    given = b'{"start_time":"x","status":"success","odd":' + dirt + b"}"
    packed = outcomes.pack(make_record(uuid4(), trajectory=given))
    assert packed.trajectory != given


@pytest.mark.parametrize(
    "packed", [b"", b"\0\0", b"\0\0\0\x02[]", b"\0\0\0\x03[2]", b"\0\0\0\x01x", b"\0\0\0\x07[1,2,3]"]
)
def test_what_is_no_packed_record_is_named_so(packed: bytes) -> None:
    with pytest.raises(outcomes.RecordUnreadable):
        PackedTrial.from_bytes(packed)


async def test_tool_usage_may_come_before_its_outcome(tx: Tx) -> None:
    record = make_record(await make_simulation(tx))
    outcome_id, at = record.outcome.outcome_id, record.outcome.execution_time
    await outcomes.add_tool_usage(
        tx, outcome_id, [a_tool()], execution_time=at, simulation_id=record.outcome.simulation_id
    )
    await outcomes.record_trials(tx, [record])
    found = await outcomes.get_outcome(tx, outcome_id)
    assert found.tools is not None
    assert [each.tool_name for each in found.tools] == ["search"]


async def test_trying_to_write_takes_time_and_leaves_nothing(tx: Tx) -> None:
    first, second = await outcomes.try_writing(tx, 10), await outcomes.try_writing(tx, 10)
    assert first.outcomes == second.outcomes == 10
    assert first.took_ms > 0
    assert await counts(tx) == (0, 0, 0)


async def test_outcomes_have_partitions_for_the_months_to_come(tx: Tx) -> None:
    found = await outcomes.partitions(tx)
    if found.engine == "timescale":  # which makes its chunks as rows come
        assert found.ends_at is None
        return
    assert found.partitions >= 4
    assert found.total_bytes > 0
    assert found.ends_at is not None
    assert found.ends_at > clock.now() + timedelta(days=60)
