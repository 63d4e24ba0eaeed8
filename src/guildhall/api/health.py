"""`/health`, `/ready` and `/metrics`: whether the process lives, whether it can serve, and how it goes."""

from __future__ import annotations

import asyncio
import secrets
from typing import Literal

from fastapi import APIRouter, Request, Response
from typing_extensions import TypedDict

from guildhall.api.frame.answers import json_bytes
from guildhall.api.frame.house import House
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import administering, house_of, token_of
from guildhall.app.checkup import Checkup
from guildhall.db import NOBODY, DatabaseUnavailable
from guildhall.errors import Unavailable

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


@router.get("/metrics", include_in_schema=False)
async def get_metrics(request: Request) -> Response:
    """Tell what Prometheus keeps over time: requests of all processes, and the findings of `guildhall doctor`."""
    await _let_scrape(request)
    house = house_of(request)
    found = await _recent(house)
    accept = request.headers.get("accept", "")
    body, media_type = await asyncio.to_thread(house.metrics.exposition, found, accept)
    return Response(body, 200, {**_UNKEPT, "Content-Type": media_type})


async def _let_scrape(request: Request) -> None:
    """Let in whoever has GUILDHALL_METRICS_TOKEN, which is good for nothing else, and administrators."""
    wanted = house_of(request).app.settings.metrics_token
    if wanted is not None and secrets.compare_digest(token_of(request).encode(), wanted.encode()):
        return
    await (await administering(request)).insist()


async def _recent(house: House) -> Checkup | None:
    try:
        return await house.checkups.recent(patience_s=_PATIENCE_S)
    except Unavailable:
        return None
