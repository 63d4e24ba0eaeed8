"""Clients of the test's own database, with an agent and scenarios to tell of."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from guildhall.app.wiring import App
from guildhall.client import ArcEvalDBClient
from guildhall.domains.evaluation import configurations, scenarios
from guildhall.domains.evaluation.configurations import ConfigVersion
from guildhall.settings import Settings

SCENARIOS = ["scenario1", "scenario2"]


@pytest.fixture
async def version(app: App) -> ConfigVersion:
    """A version of an agent, and with it the scenarios; of the first, a trial passes at 0.8."""
    agent = configurations.imported_agent({"name": "support-agent", "model": "none", "temperature": 0.5})
    cases = [
        scenarios.scenario_from(
            {
                "scenario_id": scenario_id,
                "name": scenario_id,
                "task_prompt": "Say that all is well.",
                "scorers": [{"type": "contains", "value": "well"}],
                "pass_score": pass_score,
            }
        )
        for scenario_id, pass_score in zip(SCENARIOS, (0.8, 1.0), strict=True)
    ]
    async with app.transaction() as tx:
        await scenarios.save_scenarios(tx, cases)
        return (await configurations.save_version(tx, agent)).version


@pytest.fixture
async def client(settings: Settings, version: ConfigVersion) -> AsyncIterator[ArcEvalDBClient]:
    async with ArcEvalDBClient(settings=settings) as client:
        yield client
