"""Clients of the test's own database, with an agent and scenarios to tell of."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from fixtures.told import save_agent
from guildhall.app.wiring import App
from guildhall.client import ArcEvalDBClient
from guildhall.domains.evaluation.configurations import ConfigVersion
from guildhall.settings import Settings


@pytest.fixture
async def version(app: App) -> ConfigVersion:
    """A version of an agent, and with it the scenarios; of the first, a trial passes at 0.8."""
    return await save_agent(app.database, app.actor)


@pytest.fixture
async def client(settings: Settings, version: ConfigVersion) -> AsyncIterator[ArcEvalDBClient]:
    async with ArcEvalDBClient(settings=settings) as client:
        yield client
