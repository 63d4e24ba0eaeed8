"""
The gateway's process: its ASGI application behind sockets, on uvloop, until it is told to stop.

To stop is a matter of steps: no new connections; calls that are under way are
answered, for as long as the grace lasts; then they are broken off, and the
ledger says so; then what was answered is written down.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
from collections.abc import Callable, Generator
from contextlib import contextmanager

import uvicorn

from guildhall.api.gateway import create_gateway
from guildhall.app.gateway import open_gateway
from guildhall.server import listening
from guildhall.server.program import keep_what_lasts
from guildhall.settings import Settings

_IDLE_S = 75


class _Server(uvicorn.Server):
    """uvicorn's, which leaves signals to us and says when it answers."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def serve_gateway(
    settings: Settings,
    sockets: list[socket.socket],
    on_ready: Callable[[], None],
    told: asyncio.Future[None] | None = None,
) -> None:
    """
    Answer calls until told to stop, by SIGTERM or SIGINT or the end of `told`.

    Raises:
        Unavailable: The database does not answer, or lacks migrations.
    """
    async with open_gateway(settings) as gateway:
        app = create_gateway(gateway, max_body_bytes=settings.max_body_bytes, metrics_token=settings.metrics_token)
        server = _Server(
            uvicorn.Config(
                app,
                http="httptools",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                backlog=2048,
                timeout_keep_alive=_IDLE_S,
                timeout_graceful_shutdown=max(1, round(settings.grace_s)),
                ssl_certfile=settings.tls_cert,
                ssl_keyfile=settings.tls_key,
                ssl_context_factory=_certificate(settings) if settings.tls_cert is not None else None,
            ),
            on_ready,
        )

        def stop() -> None:
            server.force_exit = server.should_exit
            server.should_exit = True

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        if told is not None:
            told.add_done_callback(lambda _: stop())
        keep_what_lasts()
        await server.serve(sockets)


def _certificate(settings: Settings) -> Callable[..., ssl.SSLContext]:
    def made(*_: object) -> ssl.SSLContext:
        assert settings.tls_cert is not None
        assert settings.tls_key is not None
        return listening.certificate(settings.tls_cert, settings.tls_key)

    return made
