"""
The API and the dashboard as one ASGI application, and what it works on.

`guildhall serve` runs it. Any other ASGI server can:

    uvicorn --factory guildhall.asgi:application
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from guildhall import dashboard
from guildhall.api import House, OpenHouse, create_api, note
from guildhall.app.doorkeeper import Doorkeeper
from guildhall.app.wiring import App
from guildhall.settings import Settings

PATIENCE_S = 3.0
"""How long a request waits for a connection to the database before it is told to come again."""

_STATEMENT_S = 60.0


@asynccontextmanager
async def open_house(settings: Settings) -> AsyncIterator[House]:
    """The house of an installation, with every exchange in the log."""
    async with App.open(settings, patience_s=PATIENCE_S, statement_s=_STATEMENT_S) as app:
        yield House(app, Doorkeeper(app.database), observers=[note])


def create_application(open_house: OpenHouse, settings: Settings, *, patience_s: float = 30.0) -> FastAPI:
    """The API (`create_api`), with the dashboard beside it."""
    app = create_api(open_house, settings, patience_s=patience_s, beside=dashboard.pages())
    dashboard.add_to(app)
    return app


def application() -> FastAPI:
    """The API and the dashboard of the installation that this process's environment describes."""
    settings = Settings.from_environment()
    return create_application(lambda: open_house(settings), settings)
