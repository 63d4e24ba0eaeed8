"""The client: what it accepts, what follows from it, what it refuses, and what survives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from guildhall import clock
from guildhall.app import planning
from guildhall.app.planning import RunByGuildhall
from guildhall.app.wiring import App
from guildhall.client import ArcEvalDBClient, BatchExecutionRecorder, FieldMissing, FieldRefused
from guildhall.domains.evaluation import simulations
from guildhall.domains.evaluation.configurations import ConfigVersion, VersionNotFound
from guildhall.domains.evaluation.outcomes import Outcome, OutcomeRefused
from guildhall.domains.evaluation.scenarios import ScenarioNotFound
from guildhall.domains.evaluation.simulations import ScenarioNotInSimulation, SimulationNotFound, SimulationStatus
from guildhall.settings import Settings


@pytest.fixture
async def simulation_id(client: ArcEvalDBClient, version: ConfigVersion) -> str:
    return await client.record_execution_start(
        {"config_version_id": version.label, "scenario_set": ["scenario1", "scenario2"]}
    )


@pytest.fixture
async def execution_id(client: ArcEvalDBClient, version: ConfigVersion) -> str:
    return await client.record_execution_start({"config_id": str(version.config_id), "scenario_id": "scenario1"})


async def recorded(client: ArcEvalDBClient, simulation_id: str, **fields: Any) -> Outcome:
    """An outcome of the first scenario, told and stored."""
    outcome_id = await client.record_execution_outcome(
        {"simulation_id": simulation_id, "scenario_id": "scenario1", "status": "success", **fields}
    )
    await client.flush()
    return await client.get_outcome(outcome_id)


async def test_a_simulation_is_running_until_its_trials_are_done(
    client: ArcEvalDBClient, app: App, simulation_id: str
) -> None:
    async def status() -> SimulationStatus:
        async with app.transaction() as tx:
            return (await simulations.get_simulation(tx, UUID(simulation_id))).status

    await recorded(client, simulation_id)
    assert await status() is SimulationStatus.RUNNING
    await recorded(client, simulation_id, scenario_id="scenario2")
    assert await status() is SimulationStatus.COMPLETED


async def test_what_guildhall_runs_is_left_to_it_to_end(
    client: ArcEvalDBClient, app: App, version: ConfigVersion
) -> None:
    async with app.transaction() as tx:
        planned = await planning.plan(tx, planning.Order(version.label, scenario_ids=["scenario1"], origin="run"))
    simulation_id = await client.create_simulation_record({"simulation_id": planned.simulation_id})
    await recorded(client, simulation_id)
    with pytest.raises(RunByGuildhall):
        await client.finalize_simulation({"simulation_id": simulation_id})
    async with app.transaction() as tx:
        assert (await simulations.left_to_do(tx, [planned.simulation_id])).total == 0
        assert (await simulations.get_simulation(tx, planned.simulation_id)).status is SimulationStatus.RUNNING


async def test_what_is_told_of_a_start_is_kept(client: ArcEvalDBClient, app: App, version: ConfigVersion) -> None:
    started_at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    simulation_id = await client.record_execution_start(
        {
            "config_version_id": version.version_id,
            "scenario_set": ("scenario2",),
            "started_at": started_at.replace(tzinfo=None),
            "simulation_name": "nightly",
            "modal_environment": "staging",
            "region": "eu",
            "status": "running",
        }
    )
    assert clock.time_of(UUID(simulation_id)) == started_at
    async with app.transaction() as tx:
        found = await simulations.get_simulation(tx, UUID(simulation_id))
    assert (found.name, found.metadata, found.created_at) == ("nightly", {"region": "eu"}, started_at)


@pytest.mark.parametrize(
    "time",
    [
        datetime(2026, 3, 1, 12),  # noqa: DTZ001 - naive on purpose
        datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2))),
        "2026-03-01T12:00:00",
        "2026-03-01T12:00:00Z",
        1772366400,
        1772366400.0,
    ],
)
async def test_times_are_instants_in_utc(client: ArcEvalDBClient, simulation_id: str, time: object) -> None:
    found = await recorded(client, simulation_id, execution_time=time)
    assert found.execution_time == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert found.trajectory == {"start_time": "2026-03-01T12:00:00+00:00", "status": "success"}


async def test_an_ids_own_time_goes_before_the_time_that_is_told(client: ArcEvalDBClient, simulation_id: str) -> None:
    outcome_id = clock.new_id(datetime(2026, 3, 1, tzinfo=UTC))
    found = await recorded(client, simulation_id, outcome_id=str(outcome_id), execution_time="2026-04-01T00:00:00Z")
    assert found.execution_time == datetime(2026, 3, 1, tzinfo=UTC)
    assert found.execution_metadata == {"execution_time": "2026-04-01T00:00:00+00:00"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, {}),
        ({"start_time": "then", "status": "odd", "x": 1}, {"start_time": "then", "status": "odd", "x": 1}),
        ([{"type": "log"}], {"steps": [{"type": "log"}]}),
        ('{"x": 1}', {"x": 1}),
        ("it said no", {"text": "it said no"}),
    ],
)
async def test_a_trajectory_gets_what_it_lacks(
    client: ArcEvalDBClient, simulation_id: str, given: object, kept: dict[str, Any]
) -> None:
    found = await recorded(client, simulation_id, trajectory=given, execution_time="2026-03-01T12:00:00Z")
    assert found.trajectory == {"start_time": "2026-03-01T12:00:00+00:00", "status": "success", **kept}


@pytest.mark.parametrize(
    ("told", "passed", "score", "fault", "failure_type"),
    [
        ({"reliability_score": 0.8}, True, 0.8, None, None),  # the scenario's own pass_score is 0.8
        ({"reliability_score": 0.79}, False, 0.79, "agent", "wrong_answer"),
        ({"reliability_score": 0.79, "passed": True}, True, 0.79, None, None),
        ({}, None, None, None, None),
        ({"status": "error"}, False, 0.0, "agent", "error"),
        ({"status": "error", "error_code": "E7", "reliability_score": 0.3}, False, 0.3, "agent", "E7"),
        ({"status": "error", "error_category": "tool_error"}, False, 0.0, "tool", "error"),
        ({"status": "error", "error_category": "sandbox_error"}, None, None, "infrastructure", "error"),
        ({"status": "error", "error_category": "MODAL_ERROR"}, None, None, "infrastructure", "error"),
        ({"status": "error", "fault": "judge", "reliability_score": 0.5}, None, None, "judge", "error"),
        ({"status": "timeout"}, False, 0.0, "agent", "timeout"),
        ({"status": "cancelled"}, None, None, "infrastructure", "cancelled"),
    ],
)
async def test_what_follows_from_what_is_told(
    client: ArcEvalDBClient,
    simulation_id: str,
    told: dict[str, Any],
    passed: bool | None,
    score: float | None,
    fault: str | None,
    failure_type: str | None,
) -> None:
    found = await recorded(client, simulation_id, **told)
    assert (found.passed, found.reliability_score, found.fault) == (passed, score, fault)
    assert found.failures is not None
    assert [(each.failure_type, each.fault) for each in found.failures] == ([(failure_type, fault)] if fault else [])


async def test_failures_and_tool_usage_may_come_with_an_outcome(client: ArcEvalDBClient, simulation_id: str) -> None:
    found = await recorded(
        client,
        simulation_id,
        status="error",
        failures=[{"failure_type": "loop", "failure_category": "model_error", "step": 3}],
        tool_usage=[
            {"tool_name": "search", "duration_ms": 10, "success": True},
            {"tool_name": "search", "duration_ms": 30, "error": "timeout"},
            {"tool_name": "refund", "call_count": 4, "avg_duration_ms": 5, "success_rate": 0.75, "total_cost_usd": 0.1},
        ],
    )
    assert found.failures is not None
    assert [(each.failure_type, each.step) for each in found.failures] == [("loop", 3)]
    assert found.tools is not None
    refund, search = found.tools
    assert (search.call_count, search.error_count, search.total_duration_ms, search.error_types) == (
        2,
        1,
        40,
        ("timeout",),
    )
    assert (refund.call_count, refund.error_count, refund.avg_duration_ms) == (4, 1, 5)
    assert refund.total_cost_usd == Decimal("0.1")


async def test_tool_usage_may_come_before_and_after_the_outcome(client: ArcEvalDBClient, execution_id: str) -> None:
    await client.record_tool_usage([{"execution_id": execution_id, "tool_name": "before", "note": "kept"}])
    outcome_id = await client.record_execution_outcome({"execution_id": execution_id, "status": "success"})
    await client.record_tool_usage([{"outcome_id": outcome_id, "tool_name": "after"}])
    await client.flush()
    found = await client.get_outcome(outcome_id)
    assert outcome_id == execution_id
    assert found.tools is not None
    assert [(each.tool_name, each.tool_sequence) for each in found.tools] == [
        ("after", None),
        ("before", [{"tool_name": "before", "note": "kept"}]),
    ]


async def test_a_failure_may_come_after_its_outcome(client: ArcEvalDBClient, simulation_id: str) -> None:
    outcome_id = await client.record_execution_outcome(
        {"outcome_id": uuid4(), "simulation_id": simulation_id, "scenario_id": "scenario2", "status": "success"}
    )
    await client.record_failure_pattern(
        {
            "outcome_id": outcome_id,
            "failure_type": "slow",
            "failure_category": "gremlins",
            "recovery_successful": True,
            "hunch": "network",
        }
    )
    found = await client.get_outcome(outcome_id)
    assert found.failures is not None
    (failure,) = found.failures
    assert (failure.failure_category, failure.scenario_id, failure.trial_number) == ("unknown", "scenario2", 1)
    assert (failure.recovery_attempted, failure.recovery_successful) == (True, True)


async def test_an_outcome_told_after_a_failure_of_its_execution_has_that_failure_alone(
    client: ArcEvalDBClient, execution_id: str
) -> None:
    await client.record_failure_pattern({"execution_id": execution_id, "failure_type": "crash", "fault": "tool"})
    await client.record_execution_outcome({"execution_id": execution_id, "status": "error", "cost_usd": "0.5"})
    await client.flush()
    found = await client.get_outcome(execution_id)
    assert found.cost_usd == Decimal("0.5")
    assert found.failures is not None
    assert [each.failure_type for each in found.failures] == ["crash"]


async def test_an_outcome_that_is_told_twice_is_stored_once(
    client: ArcEvalDBClient, app: App, execution_id: str
) -> None:
    for _ in range(2):
        await client.record_execution_outcome({"execution_id": execution_id, "status": "success"})
        await client.flush()
    async with app.transaction() as tx:
        assert (await simulations.get_simulation(tx, UUID(execution_id))).trials_total == 1


async def test_another_process_may_end_an_execution(
    client: ArcEvalDBClient, settings: Settings, version: ConfigVersion
) -> None:
    execution_id = await client.record_execution_start(
        {"config_id": version.label, "scenario_id": "scenario1", "modal_call_id": "call-1"}
    )
    async with ArcEvalDBClient(settings=settings) as other:
        await other.record_execution_outcome({"execution_id": execution_id, "status": "success"})
    assert (await client.get_outcome(execution_id)).modal_call_id == "call-1"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"scenario_id": "scenario1"}, "config_version_id"),
        ({"config_id": "support-agent"}, "scenario_id"),
        ({"config_id": "support-agent", "scenario_set": "scenario1"}, "scenario_set"),
        ({"config_id": "support-agent", "scenario_id": "scenario1", "started_at": "yesterday"}, "started_at"),
        ({"config_id": "support-agent", "scenario_id": "scenario1", "timeout_ms": "long"}, "timeout_ms"),
    ],
)
async def test_a_start_that_makes_no_sense_is_refused_by_field(
    client: ArcEvalDBClient, given: dict[str, Any], field: str
) -> None:
    with pytest.raises((FieldMissing, FieldRefused)) as refused:
        await client.record_execution_start(given)
    assert refused.value.details["field"] == field


async def test_a_start_of_what_does_not_exist_is_refused(client: ArcEvalDBClient, version: ConfigVersion) -> None:
    with pytest.raises(VersionNotFound):
        await client.record_execution_start({"config_id": "nobody", "scenario_id": "scenario1"})
    with pytest.raises(ScenarioNotFound):
        await client.record_execution_start({"config_id": version.label, "scenario_set": ["scenario1", "nothing"]})


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"status": None}, FieldMissing, "status"),
        ({"status": "fine"}, FieldRefused, "status"),
        ({"scenario_id": None}, FieldMissing, "scenario_id"),
        ({"scenario_id": "scenario9"}, ScenarioNotInSimulation, "scenario_id"),
        ({"simulation_id": None}, FieldMissing, "execution_id"),
        ({"simulation_id": "not-an-id"}, FieldRefused, "simulation_id"),
        ({"simulation_id": str(UUID(int=5))}, SimulationNotFound, "simulation"),
        ({"reliability_score": "high"}, FieldRefused, "reliability_score"),
        ({"reliability_score": 1.5}, OutcomeRefused, "reliability_score"),
        ({"reliability_score": float("nan")}, FieldRefused, "reliability_score"),
        ({"tokens_used": 1.5}, FieldRefused, "tokens_used"),
        ({"tokens_used": -1}, OutcomeRefused, "tokens_used"),
        ({"cost_usd": "cheap"}, FieldRefused, "cost_usd"),
        ({"cost_usd": float("nan")}, OutcomeRefused, "cost_usd"),
        ({"passed": "yes"}, FieldRefused, "passed"),
        ({"execution_time": "2099-01-01"}, OutcomeRefused, "execution_time"),
        ({"execution_time": True}, FieldRefused, "execution_time"),
        ({"metrics": [1]}, FieldRefused, "metrics"),
        ({"tool_usage": [{"duration_ms": 1}]}, FieldMissing, "tool_name"),
        ({"tool_usage": [{"tool_name": "x", "call_count": 0}]}, FieldRefused, "call_count"),
        ({"tool_usage": [{"tool_name": "x", "success_rate": 2}]}, FieldRefused, "success_rate"),
        ({"tool_usage": "none"}, FieldRefused, "tool_usage"),
    ],
)
async def test_an_outcome_that_makes_no_sense_is_refused_by_field(
    client: ArcEvalDBClient, simulation_id: str, changes: dict[str, Any], error: type[Exception], field: str
) -> None:
    outcome = {"simulation_id": simulation_id, "scenario_id": "scenario1", "status": "success", **changes}
    with pytest.raises(error) as refused:
        await client.record_execution_outcome(outcome)
    assert refused.value.details["field"] == field  # type: ignore[attr-defined]


async def test_what_belongs_to_no_trial_is_refused(client: ArcEvalDBClient, simulation_id: str) -> None:
    with pytest.raises(FieldMissing, match="outcome_id"):
        await client.record_failure_pattern({"failure_type": "lost"})
    with pytest.raises(FieldMissing, match="outcome_id"):
        await client.record_tool_usage([{"execution_id": simulation_id, "tool_name": "which trial?"}])


async def test_a_batch_of_which_one_makes_no_sense_is_refused_whole(
    client: ArcEvalDBClient, simulation_id: str
) -> None:
    good = {"simulation_id": simulation_id, "scenario_id": "scenario1", "status": "success"}
    async with BatchExecutionRecorder(db=client) as recorder:
        with pytest.raises(FieldMissing):
            await recorder.record_outcomes([good, {**good, "status": None}])
        assert recorder.counts.accepted == 0
        await recorder.record_outcomes([good, good])
    assert recorder.counts.accepted == 0  # closed: it counts for itself no longer


async def test_a_client_that_is_closed_twice_or_never_opened_is_no_trouble(settings: Settings) -> None:
    client = ArcEvalDBClient(settings=settings)
    await client.close()
    await client.initialize()
    await client.close()
    await client.close()
