"""
The examples of the reference document (arc_eval_timescale.md, §8–10), run.

They are changed only where the errata say so: agents and scenarios exist
before they are told of, times are aware, a simulation that an event tells of
has been begun.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from guildhall import clock
from guildhall.app.wiring import App
from guildhall.client import (
    ArcEvalDBClient,
    BatchExecutionRecorder,
    ConfigurationManager,
    DatabaseHealthChecker,
    ExecutionEventHandler,
)
from guildhall.domains.evaluation import simulations
from guildhall.domains.evaluation.configurations import ConfigVersion
from guildhall.domains.evaluation.outcomes import OutcomeStatus
from guildhall.domains.evaluation.simulations import SimulationStatus
from guildhall.settings import Settings

pytestmark = pytest.mark.usefixtures("environment", "version")


@dataclass
class Result:
    """What a sandbox gives back."""

    success: bool = True
    status: str = "success"
    score: float = 0.95
    cost: float = 0.02
    duration_ms: float = 2500
    trajectory: dict[str, Any] = field(default_factory=lambda: {"steps": [], "result": "success"})


class ToolBroken(Exception):
    pass


def current_modal_call_id() -> str:
    return "modal-call-123"


async def run_scenario_in_sandbox(scenario_id: str, config_id: str) -> Result:
    if config_id == "broken":
        raise ToolBroken("the tool is broken")
    return Result()


def classify_error(error: Exception) -> str:
    return "tool_error"


async def execute_scenario(scenario_id: str, config_id: str, sandbox: str = "whole") -> str:
    """§8 A, as it stands there; `sandbox` makes it fail, and the client is closed."""
    db_client = ArcEvalDBClient()

    # Start execution tracking
    execution_id = await db_client.record_execution_start(
        {
            "scenario_id": scenario_id,
            "config_id": config_id,
            "modal_call_id": current_modal_call_id(),
            "started_at": datetime.now(UTC),
        }
    )

    try:
        # Run scenario in sandbox
        result = await run_scenario_in_sandbox(scenario_id, sandbox)

        # Record outcome
        await db_client.record_execution_outcome(
            {
                "execution_id": execution_id,
                "status": "success" if result.success else "error",
                "reliability_score": result.score,
                "trajectory": result.trajectory,
                "cost_usd": result.cost,
                "execution_time_ms": result.duration_ms,
            }
        )

    except Exception as e:  # noqa: BLE001 - the document's own
        # Record failure
        await db_client.record_failure_pattern(
            {
                "execution_id": execution_id,
                "error_type": type(e).__name__,
                "error_message": str(e),
                "failure_category": classify_error(e),
            }
        )
    await db_client.close()
    return execution_id


async def test_an_execution_that_succeeds(client: ArcEvalDBClient, version: ConfigVersion) -> None:
    execution_id = await execute_scenario("scenario1", str(version.config_id))
    found = await client.get_outcome(execution_id)
    assert (found.scenario_id, found.status, found.reliability_score) == ("scenario1", OutcomeStatus.SUCCESS, 0.95)
    assert found.passed is True
    assert found.modal_call_id == "modal-call-123"
    assert found.trajectory is not None
    assert {"start_time", "status", "steps", "result"} == found.trajectory.keys()
    assert found.failures == ()


async def test_an_execution_that_fails(client: ArcEvalDBClient, app: App, version: ConfigVersion) -> None:
    execution_id = await execute_scenario("scenario1", version.config_name, sandbox="broken")
    found = await client.get_outcome(execution_id)
    assert (found.status, found.passed, found.fault, found.error_category) == ("error", False, "tool", "tool_error")
    assert found.failures is not None
    (failure,) = found.failures
    assert (failure.failure_type, failure.error_message) == ("ToolBroken", "the tool is broken")
    async with app.transaction() as tx:
        execution = await simulations.get_simulation(tx, UUID(execution_id))
    assert (execution.status, execution.trials_done, execution.origin) == (SimulationStatus.COMPLETED, 1, "client")


async def test_events_of_a_sandbox(client: ArcEvalDBClient, app: App, version: ConfigVersion) -> None:
    """§8 B; the simulation is begun first, because its events name neither version nor scenarios."""
    scenario_id, outcome_id = "scenario1", uuid4()
    simulation_id = await client.record_execution_start(
        {"config_version_id": str(version.version_id), "scenario_set": ["scenario1"]}
    )
    result = Result()

    event_handler = ExecutionEventHandler()

    # Emit events that database layer can handle
    await event_handler.handle_execution_started(
        {"simulation_id": simulation_id, "modal_app_id": "app", "timestamp": datetime.now(UTC)}
    )

    # ... run scenario ...

    timestamp = datetime.now(UTC)
    await event_handler.handle_scenario_completed(
        {
            "outcome_id": outcome_id,
            "simulation_id": simulation_id,
            "scenario_id": scenario_id,
            "timestamp": timestamp,
            "status": result.status,
            "trajectory": result.trajectory,
            "modal_call_id": current_modal_call_id(),
        }
    )
    await event_handler.handle_execution_completed(
        {"simulation_id": simulation_id, "timestamp": datetime.now(UTC), "overall_score": 0.95}
    )
    await event_handler.close()

    found = await client.get_outcome(outcome_id)
    assert (found.execution_time, found.status, found.modal_call_id) == (timestamp, "success", "modal-call-123")
    assert found.reliability_score is None
    async with app.transaction() as tx:
        ended = await simulations.get_simulation(tx, UUID(simulation_id))
    assert ended.status is SimulationStatus.COMPLETED


async def test_an_event_of_a_simulation_that_nobody_knows_brings_what_it_needs(
    client: ArcEvalDBClient, app: App, version: ConfigVersion
) -> None:
    simulation_id = uuid4()
    handler = ExecutionEventHandler(client)
    await handler.handle_execution_started(
        {
            "simulation_id": simulation_id,
            "modal_app_id": "app",
            "timestamp": datetime.now(UTC),
            "config_version_id": version.version_id,
            "scenario_set": ["scenario1", "scenario2"],
        }
    )
    async with app.transaction() as tx:
        begun = await simulations.get_simulation(tx, simulation_id)
    assert (begun.status, begun.total_scenarios) == (SimulationStatus.RUNNING, 2)


async def test_configurations_for_sandboxes() -> None:
    """§8 C; the configuration has a name, a model and a temperature."""
    async with ConfigurationManager() as manager:
        config_data = {"name": "checkout-agent", "model": "gpt-5-mini", "temperature": 0.2}
        version_id = await manager.create_config_version(config_data)
        assert await manager.create_config_version(dict(reversed(config_data.items()))) == version_id
        changed = await manager.create_config_version({**config_data, "temperature": 0.3}, modal_deployment_id="d-1")
        assert changed != version_id

        active = await manager.get_active_config("checkout-agent")
        assert active == {
            "config": {**config_data, "temperature": 0.3},
            "version_id": changed,
            "modal_deployment_id": "d-1",
        }


async def test_recording_in_batches(client: ArcEvalDBClient, version: ConfigVersion) -> None:
    """§9 A; outcomes name a simulation that was begun."""
    simulation_id = await client.record_execution_start(
        {"config_version_id": str(version.version_id), "scenario_set": ["scenario1", "scenario2"], "trials": 125}
    )
    recorder = BatchExecutionRecorder(batch_size=100, flush_interval=30)
    ids = [
        await recorder.record_outcome(
            {
                "simulation_id": simulation_id,
                "scenario_id": f"scenario{1 + n % 2}",
                "status": "success",
                "reliability_score": 0.9,
                "execution_time_ms": 1000,
                "tokens_used": 100,
                "cost_usd": 0.01,
                "trajectory": {"test": True},
                "sandbox_id": f"sandbox-{n}",
            }
        )
        for n in range(250)
    ]
    await recorder.flush_outcomes()
    assert recorder.counts.stored == 250
    assert (await client.get_outcome(ids[-1])).sandbox_id == "sandbox-249"
    await recorder.close()


async def test_fields_that_come_later_are_kept(client: ArcEvalDBClient, version: ConfigVersion) -> None:
    """§9 B: sandboxes send additional fields without breaking."""
    simulation_id = await client.record_execution_start(
        {"config_version_id": str(version.version_id), "scenario_set": ["scenario1"]}
    )
    outcome_id = await client.record_execution_outcome(
        {
            "outcome_id": clock.new_id(),
            "simulation_id": simulation_id,
            "status": "success",
            "execution_metadata": {
                "modal_version": "0.2.0",
                "sandbox_type": "modal_container",
                "resource_usage": {"cpu": 0.5, "memory": 1024},
            },
            "new_feature_flag": True,
        }
    )
    await client.flush()
    assert (await client.get_outcome(outcome_id)).execution_metadata == {
        "modal_version": "0.2.0",
        "sandbox_type": "modal_container",
        "resource_usage": {"cpu": 0.5, "memory": 1024},
        "new_feature_flag": True,
    }


async def test_the_health_of_the_database() -> None:
    """§9 C."""
    async with DatabaseHealthChecker() as checker:
        writing = await checker.check_write_performance()
        assert writing.keys() == {"status", "throughput_per_second", "batch_write_time_ms"}
        assert writing["status"] in ("healthy", "degraded")
        assert writing["throughput_per_second"] == pytest.approx(100_000 / writing["batch_write_time_ms"])
        series = await checker.check_hypertable_health()
    assert series["hypertable_status"] == "healthy"
    assert series["chunk_count"] >= (4 if series["engine"] == "native" else 0)  # TimescaleDB makes them as rows come
    assert series["compression_ratio"] is None


async def test_the_usage_example(settings: Settings, version: ConfigVersion) -> None:
    """§10 D."""
    assert settings.database_url
    client = ArcEvalDBClient(settings.database_url)
    await client.initialize()

    # Modal team can use this interface
    simulation_id = await client.record_execution_start(
        {
            "config_version_id": str(version.version_id),
            "scenario_set": ["scenario1", "scenario2"],
            "modal_app_id": "arc-eval-sandbox",
        }
    )

    # Record outcome after scenario completes
    outcome_id = await client.record_execution_outcome(
        {
            "simulation_id": simulation_id,
            "scenario_id": "scenario1",
            "status": "success",
            "reliability_score": 0.95,
            "execution_time_ms": 2500,
            "tokens_used": 1500,
            "cost_usd": 0.02,
            "trajectory": {"steps": [], "result": "success"},
            "modal_call_id": "modal-call-123",
        }
    )
    await client.flush()
    found = await client.get_outcome(outcome_id)
    assert str(found.cost_usd) == "0.0200000000"
    await client.close()


async def test_execution_recording(settings: Settings, version: ConfigVersion) -> None:
    """§10 E."""
    assert settings.database_url
    client = ArcEvalDBClient(settings.database_url)
    await client.initialize()

    # Test simulation creation
    simulation_id = await client.record_execution_start(
        {
            "config_version_id": str(version.version_id),
            "scenario_set": ["scenario1", "scenario2"],
            "modal_app_id": "test-app",
        }
    )

    assert simulation_id is not None

    # Test outcome recording
    outcome_id = await client.record_execution_outcome(
        {
            "simulation_id": simulation_id,
            "scenario_id": "scenario1",
            "status": "success",
            "reliability_score": 0.9,
            "execution_time_ms": 1000,
            "tokens_used": 100,
            "cost_usd": 0.01,
            "trajectory": {"test": True},
        }
    )

    assert outcome_id is not None
    await client.close()


async def test_active_configurations(client: ArcEvalDBClient, version: ConfigVersion) -> None:
    """§10 D, `get_active_configurations`."""
    assert await client.get_active_configurations() == [
        {
            "config_id": str(version.config_id),
            "config_name": "support-agent",
            "version_id": str(version.version_id),
            "config": version.parsed_config,
            "modal_deployment_id": None,
        }
    ]
