"""The client through a server: the same interface, nothing lost while the server is away, and events as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from fixtures.api import Served, serving
from guildhall.client import (
    ArcEvalDBClient,
    BatchExecutionRecorder,
    ConfigurationManager,
    DatabaseHealthChecker,
    ExecutionEventHandler,
    FieldMissing,
    sync,
)
from guildhall.client.remote import KeyMissing, ServerUnavailable
from guildhall.domains.evaluation.configurations import ConfigVersion, VersionNotFound
from guildhall.domains.evaluation.outcomes import OutcomeNotFound, OutcomeStatus
from guildhall.domains.evaluation.simulations import ScenarioNotInSimulation, SimulationNotFound
from guildhall.domains.platform.identity import KeyRefused
from guildhall.settings import Settings

MEMBER = "pottery/member"


@pytest.fixture
async def version(agent_of) -> ConfigVersion:
    return await agent_of(MEMBER)


@pytest.fixture
def client_at(served: Served, tmp_path: Path) -> Callable[..., ArcEvalDBClient]:
    """A client of the shared server, or of one elsewhere, with a spool of the test's own."""

    def make(url: str = served.url, key: str | None = served.keys[MEMBER]) -> ArcEvalDBClient:
        return ArcEvalDBClient(url, api_key=key, settings=Settings(data_dir=tmp_path))

    return make


@pytest.fixture
async def client(client_at) -> AsyncIterator[ArcEvalDBClient]:
    async with client_at() as client:
        yield client


async def test_an_execution_is_told_from_its_start_to_its_end(client: ArcEvalDBClient, version: ConfigVersion) -> None:
    execution_id = await client.record_execution_start({"config_id": version.label, "scenario_id": "scenario1"})
    await client.record_tool_usage([{"execution_id": execution_id, "tool_name": "refund", "duration_ms": 41}])
    await client.record_execution_outcome(
        {
            "execution_id": execution_id,
            "status": "success",
            "reliability_score": 0.9,
            "cost_usd": 0.0123,
            "trajectory": {"steps": [{"text": "all is well\0\ud800"}]},
            "weather": "fine",
        }
    )
    await client.flush()
    outcome = await client.get_outcome(execution_id)
    assert (outcome.status, outcome.passed, outcome.cost_usd) == (OutcomeStatus.SUCCESS, True, Decimal("0.0123"))
    assert outcome.trajectory["steps"] == [{"text": "all is well��"}]
    assert outcome.execution_metadata == {"weather": "fine"}
    assert [(each.tool_name, each.call_count, each.total_duration_ms) for each in outcome.tools] == [("refund", 1, 41)]


async def test_failures_alone_end_an_execution(client: ArcEvalDBClient, version: ConfigVersion) -> None:
    execution_id = await client.record_execution_start({"config_id": version.label, "scenario_id": "scenario1"})
    await client.record_failure_pattern({"execution_id": execution_id, "failure_category": "timeout"})
    await client.flush()
    outcome = await client.get_outcome(execution_id)
    assert outcome.status is OutcomeStatus.TIMEOUT
    assert [each.failure_category for each in outcome.failures] == ["timeout"]


async def test_event_handlers_configurations_and_health_work_the_same(
    client: ArcEvalDBClient, version: ConfigVersion
) -> None:
    manager = ConfigurationManager(client)
    saved = await manager.create_config_version({"name": f"made-{uuid4().hex[:8]}", "model": "none", "temperature": 0})
    assert saved in {each["version_id"] for each in await client.get_active_configurations()}
    found = await manager.get_active_config(version.label.partition("@")[0])
    assert found["version_id"] == str(version.version_id)
    with pytest.raises(VersionNotFound):
        await manager.get_active_config("nobody")

    simulation_id = str(uuid4())
    handler = ExecutionEventHandler(client)
    started = {"config_version_id": str(version.version_id), "scenario_set": ["scenario1"]}
    await handler.handle_execution_started({"simulation_id": simulation_id, **started})
    await handler.handle_scenario_completed(
        {"simulation_id": simulation_id, "scenario_id": "scenario1", "status": "success", "reliability_score": 1}
    )
    await handler.handle_execution_completed({"simulation_id": simulation_id})
    assert await client.record_execution_start({"config_id": saved, "scenario_id": "scenario2"})

    checker = DatabaseHealthChecker(client)
    assert (await checker.check_write_performance())["throughput_per_second"] > 0
    assert (await checker.check_hypertable_health())["chunk_count"] > 0


async def test_batches_reach_the_server_once_each(client: ArcEvalDBClient, version: ConfigVersion) -> None:
    simulation_id = await client.record_execution_start(
        {"config_version_id": version.label, "scenario_set": ["scenario1"], "trials": 250}
    )
    told = [
        {"simulation_id": simulation_id, "scenario_id": "scenario1", "status": "success", "reliability_score": 1}
        for _ in range(250)
    ]
    async with BatchExecutionRecorder(batch_size=100, flush_interval=1, db=client) as recorder:
        await recorder.record_outcomes(told)
        await recorder.flush_outcomes()
        assert (recorder.counts.stored, recorder.counts.quarantined) == (250, 0)


@pytest.fixture(params=["server", "database"])
async def either(request, served: Served, client_at, tmp_path: Path) -> AsyncIterator[ArcEvalDBClient]:
    """A client through the server, and one on its database (as the first person, in the first team)."""
    settings = Settings(database_url=served.application_url, pooler="none", data_dir=tmp_path / "direct")
    async with client_at() if request.param == "server" else ArcEvalDBClient(settings=settings) as client:
        yield client


async def test_a_simulation_is_watched_to_its_end(request, either: ArcEvalDBClient, agent_of) -> None:
    through_the_server = request.node.callspec.params["either"] == "server"
    version = await agent_of(MEMBER if through_the_server else "local")
    simulation_id = await either.record_execution_start(
        {"config_version_id": version.label, "scenario_set": ["scenario1"], "trials": 2}
    )
    seen: list[dict[str, Any]] = []

    async def tell() -> None:
        told = {"simulation_id": simulation_id, "scenario_id": "scenario1", "status": "success"}
        for score in (1.0, 0.0):
            await either.record_execution_outcome({**told, "reliability_score": score})
        await either.flush()

    telling = None
    async for event in either.watch(simulation_id):
        seen.append(event)
        telling = telling or asyncio.create_task(tell())
    assert telling is not None
    await telling
    assert seen[0]["event"] == "progress"
    assert sorted({each["passed"] for each in seen if each["event"] == "outcome"}) == [False, True]
    assert (seen[-1]["event"], seen[-1]["status"], seen[-1]["outcomes"]) == ("end", "completed", 2)
    with pytest.raises(SimulationNotFound):
        await anext(either.watch(uuid4()))


async def test_errors_are_those_of_a_database(client: ArcEvalDBClient, version: ConfigVersion) -> None:
    with pytest.raises(FieldMissing) as missing:
        await client.record_execution_start({"scenario_id": "scenario1"})
    assert missing.value.details["field"] == "config_version_id"
    with pytest.raises(VersionNotFound):
        await client.record_execution_start({"config_id": "nobody@v1", "scenario_id": "scenario1"})
    with pytest.raises(SimulationNotFound):
        await client.record_execution_outcome({"execution_id": str(uuid4()), "status": "success"})
    with pytest.raises(OutcomeNotFound):
        await client.get_outcome(uuid4())
    simulation_id = await client.record_execution_start(
        {"config_version_id": version.label, "scenario_set": ["scenario1"]}
    )
    with pytest.raises(ScenarioNotInSimulation):
        await client.record_execution_outcome(
            {"simulation_id": simulation_id, "scenario_id": "scenario2", "status": "success"}
        )


async def test_what_is_accepted_while_the_server_is_away_is_delivered_by_whoever_comes_next(
    served: Served, client_at, version: ConfigVersion, tmp_path: Path
) -> None:
    settings = Settings(database_url=served.application_url, pooler="none", data_dir=tmp_path / "second")
    with serving(settings) as url:
        port = int(url.rpartition(":")[2])
        client = client_at(url)
        await client.initialize()
        simulation_id = await client.record_execution_start(
            {"config_version_id": version.label, "scenario_set": ["scenario1"], "trials": 20}
        )
        assert await client.record_execution_outcome(
            {"simulation_id": simulation_id, "scenario_id": "scenario1", "status": "success", "reliability_score": 1}
        )
    ids = [
        await client.record_execution_outcome(
            {"simulation_id": simulation_id, "scenario_id": "scenario1", "status": "success", "reliability_score": 1}
        )
        for _ in range(19)
    ]
    with serving(settings, port=port):
        await client.close()
        async with client_at(url) as again:
            assert {(await again.get_outcome(each)).passed for each in ids} == {True}


async def test_a_server_that_is_not_there_and_keys_that_are_none_are_named(served: Served, client_at) -> None:
    with pytest.raises(KeyMissing):
        await client_at(key=None).initialize()
    with pytest.raises(KeyRefused):
        await client_at(key=served.keys[MEMBER][:-1] + "_").initialize()
    with pytest.raises(ServerUnavailable) as away:
        await client_at("http://127.0.0.1:9").initialize()
    assert "guildhall serve" in away.value.remedy


def test_the_synchronous_twin_works_through_a_server_too(served: Served, version_label: str, tmp_path: Path) -> None:
    settings = replace(Settings(data_dir=tmp_path), server_url=served.url, api_key=served.keys[MEMBER])
    with sync.ArcEvalDBClient(settings=settings) as client:
        execution_id = client.record_execution_start({"config_id": version_label, "scenario_id": "scenario2"})
        client.record_execution_outcome({"execution_id": execution_id, "status": "error", "error_code": "crash"})
        client.flush()
        assert client.get_outcome(execution_id).passed is False


@pytest.fixture
def version_label(version: ConfigVersion) -> str:
    return version.label
