"""`/v1/platform/health`: how the installation is, for those who keep it."""

from __future__ import annotations

from fastapi import APIRouter, Response

from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Administering
from guildhall.app import checkup
from guildhall.app.documents.health import CheckupDocument, checkup_document

health = APIRouter(prefix="/health", tags=["health"], route_class=Route)


@health.get("", response_model=CheckupDocument)
async def get_checkup(visit: Administering) -> Response:
    """
    Examine the database and its server, as `guildhall doctor` does: each finding with its level and its remedy.

    For administrators of the installation. The answer is 200 whatever is found; `level` says the worst of it.
    """
    await visit.insist()
    return visit.answer(checkup_document(await checkup.examine(visit.house.app)))
