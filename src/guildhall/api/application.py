"""The application: the frame around every wing's routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import TypeAlias

from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware

from guildhall.api import evaluation, platform, traces
from guildhall.api.frame import openapi, problems
from guildhall.api.frame.envelope import Envelope
from guildhall.api.frame.house import House
from guildhall.settings import Settings

OpenHouse: TypeAlias = Callable[[], AbstractAsyncContextManager[House]]

_SMALLEST_TO_COMPRESS = 1024


def create_api(open_house: OpenHouse, settings: Settings, *, patience_s: float = 30.0) -> FastAPI:
    """
    The API as an ASGI application; `open_house` opens what it works on when it starts, and closes it at the end.

    `patience_s` is how long each part of a body is waited for.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_house() as house:
            app.state.house = house
            try:
                yield
            finally:
                app.state.house = None

    app = FastAPI(
        title="Guildhall",
        version=version("guildhall"),
        description=openapi.DESCRIPTION,
        lifespan=lifespan,
        separate_input_output_schemas=False,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
        docs_url=None,
        redoc_url=None,
    )
    app.state.house = None
    problems.install(app)
    for router in evaluation.ROUTERS:
        app.include_router(router, prefix="/v1/evaluation")
    for router in platform.ROUTERS:
        app.include_router(router, prefix="/v1/platform")
    app.include_router(traces.router)
    openapi.install(app)
    app.add_middleware(GZipMiddleware, minimum_size=_SMALLEST_TO_COMPRESS, compresslevel=1)
    app.add_middleware(
        Envelope, house=lambda: app.state.house, max_body_bytes=settings.max_body_bytes, patience_s=patience_s
    )
    return app
