"""The dashboard's routes in an application, and what a browser is told where nothing is."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.exceptions import HTTPException

from guildhall.api.frame import problems
from guildhall.api.frame.routes import Route
from guildhall.dashboard.frame import statics
from guildhall.dashboard.frame.views import Page, error_page
from guildhall.dashboard.pages import (
    approvals,
    budgets,
    calls,
    clusters,
    comparisons,
    configurations,
    conversations,
    costs,
    debates,
    failures,
    home,
    providers,
    recommendations,
    scenarios,
    search,
    sessions,
    signing_in,
    simulations,
    system,
    tools,
    trajectories,
)

_ROUTERS: Sequence[APIRouter] = (
    signing_in.router,
    sessions.router,
    home.router,
    simulations.router,
    trajectories.router,
    comparisons.router,
    configurations.router,
    approvals.router,
    recommendations.router,
    scenarios.router,
    failures.router,
    clusters.router,
    search.router,
    tools.router,
    costs.router,
    calls.router,
    conversations.router,
    providers.router,
    budgets.router,
    debates.router,
    system.router,
    statics.router,
)
_NOT_PAGES = ("/v1/", "/static/", "/openapi.json", "/health", "/ready", "/metrics")


def pages() -> list[Route]:
    """Every page as a route of the application's own."""
    found = [route for router in _ROUTERS for route in router.routes]
    assert all(isinstance(route, Page) for route in found)
    return [route for route in found if isinstance(route, Page)]


def add_to(app: FastAPI) -> None:
    """Answer browsers with a page, too, where there is nothing at a path; programs are answered as before."""

    async def answer(request: Request, error: HTTPException) -> Response:
        response = await problems.answer(request, error)
        is_ours = not request.url.path.startswith(_NOT_PAGES)
        if is_ours and "text/html" in request.headers.get("accept", ""):
            return error_page(request, response)
        return response

    app.add_exception_handler(HTTPException, answer)  # type: ignore[arg-type]  # Starlette types a handler by the broadest exception there is
