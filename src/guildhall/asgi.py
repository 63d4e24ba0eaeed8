"""
The API as an ASGI application, and what it works on.

`guildhall serve` runs it. Any other ASGI server can:

    uvicorn --factory guildhall.asgi:application
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from guildhall.api import House, create_api, note
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


def application() -> FastAPI:
    """The API of the installation that this process's environment describes."""
    settings = Settings.from_environment()
    return create_api(lambda: open_house(settings), settings)
