"""
The server's process: what uvicorn imports and runs.

    uvicorn --factory guildhall.asgi:application
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from guildhall.api import House, create_api
from guildhall.app.doorkeeper import Doorkeeper
from guildhall.app.wiring import App
from guildhall.settings import Settings


def application() -> FastAPI:
    """The API of the installation that this process's environment describes."""
    settings = Settings.from_environment()

    @asynccontextmanager
    async def open_house() -> AsyncIterator[House]:
        async with App.open(settings) as app:
            yield House(app, Doorkeeper(app.database))

    return create_api(open_house, settings)
