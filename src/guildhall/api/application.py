"""The application: the frame around every wing's routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import TypeAlias

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware

from guildhall.api import evaluation, health, platform, society, traces
from guildhall.api.frame import openapi, problems
from guildhall.api.frame.dispatch import Dispatch
from guildhall.api.frame.envelope import Envelope
from guildhall.api.frame.house import House
from guildhall.api.frame.proxies import BehindProxies, Proxies
from guildhall.api.frame.routes import Route
from guildhall.api.frame.safeguards import Safeguards
from guildhall.api.frame.telemetry import Marked, configuration
from guildhall.api.gateway import routes as gateway
from guildhall.app import telemetry
from guildhall.settings import Settings

OpenHouse: TypeAlias = Callable[[], AbstractAsyncContextManager[House]]

_PLACES = (
    ("/v1/evaluation", evaluation.ROUTERS),
    ("/v1/gateway", gateway.ROUTERS),
    ("/v1/platform", platform.ROUTERS),
    ("/v1/society", society.ROUTERS),
    ("", (traces.router, health.router)),
)
_SMALLEST_TO_COMPRESS = 1024
_READABLE = (
    *("ETag", "Link", "Location", "Retry-After", "X-Request-ID"),
    *("Idempotency-Replayed", "RateLimit", "RateLimit-Policy"),
)


def create_api(
    open_house: OpenHouse, settings: Settings, *, patience_s: float = 30.0, beside: Iterable[Route] = ()
) -> FastAPI:
    """
    The API as an ASGI application; `open_house` opens what it works on when it starts, and closes it at the end.

    `patience_s` is how long each part of a body is waited for; `beside` are routes of another face, which are no part of the contract.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with telemetry.sending(spans), open_house() as house:
            app.state.house = house
            try:
                yield
            finally:
                app.state.house = None
                await house.close()

    spans = telemetry.provider(settings.otlp_endpoint)

    app = FastAPI(
        title="Guildhall",
        version=version("guildhall"),
        description=openapi.DESCRIPTION,
        lifespan=lifespan,
        separate_input_output_schemas=False,
        redirect_slashes=False,
        telemetry=configuration(spans),
        docs_url=None,
        redoc_url=None,
    )
    app.state.house = None
    problems.install(app)
    routes = [*_routes(), *beside]
    app.router.routes.extend(routes)
    openapi.install(app)
    if spans is None:  # FastAPI tells of what it calls itself
        app.add_middleware(Dispatch, routes=routes)
    app.add_middleware(GZipMiddleware, minimum_size=_SMALLEST_TO_COMPRESS, compresslevel=1)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_credentials=True,
            allow_methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
            allow_headers=("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "X-Request-ID"),
            expose_headers=_READABLE,
        )
    if spans is not None:
        app.add_middleware(Marked)
    app.add_middleware(
        Envelope, house=lambda: app.state.house, max_body_bytes=settings.max_body_bytes, patience_s=patience_s
    )
    app.add_middleware(Safeguards, house=lambda: app.state.house)
    if settings.trusted_proxies:
        app.add_middleware(BehindProxies, proxies=Proxies(settings.trusted_proxies))
    return app


def _routes() -> Iterator[Route]:
    """
    Every route with its whole path.

    They stand side by side in the application. Routers in routers would each
    be asked in turn whether a path is theirs, which takes as long as a read.
    """
    for prefix, routers in _PLACES:
        for router in routers:
            for route in router.routes:
                assert isinstance(route, Route)
                yield route.under(prefix)
