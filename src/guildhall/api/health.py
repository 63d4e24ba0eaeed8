"""`/health` and `/ready`: whether the process lives, and whether it can serve."""

from __future__ import annotations

import asyncio
from typing import Literal

from fastapi import APIRouter, Request, Response
from typing_extensions import TypedDict

from guildhall.api.frame.answers import json_bytes
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import house_of
from guildhall.db import NOBODY, DatabaseUnavailable

router = APIRouter(tags=["health"], route_class=Route)

_PATIENCE_S = 2.0
_UNKEPT = {"Cache-Control": "no-store"}


class HealthDocument(TypedDict):
    """That a process lives."""

    status: Literal["ok"]


class ReadinessDocument(TypedDict):
    """That a process can serve."""

    status: Literal["ready"]


@router.get("/health", response_model=HealthDocument, include_in_schema=False)
async def get_health() -> Response:
    """Whether the process lives: it answers, whatever the database does."""
    return Response(json_bytes({"status": "ok"}), 200, _UNKEPT, "application/json")


@router.get("/ready", response_model=ReadinessDocument, include_in_schema=False)
async def get_readiness(request: Request) -> Response:
    """Whether requests can be served: the database answers, and the process is not about to stop."""
    house = house_of(request, is_new=True)
    try:
        async with asyncio.timeout(_PATIENCE_S), house.app.transaction(NOBODY):
            pass
    except TimeoutError:
        raise DatabaseUnavailable(
            f"PostgreSQL does not answer within {_PATIENCE_S:g} s", remedy="Check that the server runs."
        ) from None
    return Response(json_bytes({"status": "ready"}), 200, _UNKEPT, "application/json")
