"""
Answers requests, from when a worker is started until it is told to stop.

To stop is a matter of steps: no new connections; requests that are under way,
and for a moment those that come on connections that are open, are answered;
streams end; after the grace what is left is cut off; then the pools close.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI

from guildhall.api import House
from guildhall.asgi import create_application, open_house
from guildhall.server import listening
from guildhall.server.connections import Connection
from guildhall.server.program import await_word, say_ready
from guildhall.settings import Settings

LINGER_S = 1.0
"""How long connections that are open may still bring requests: those that were on their way."""

_IDLE_S = 75
"""How long a connection without requests stays: longer than proxies keep theirs, so that they are the ones to close."""


class Server(uvicorn.Server):
    """uvicorn's, which leaves signals to us and does not close on a request that is on its way."""

    def __init__(self, config: uvicorn.Config, house: House) -> None:
        super().__init__(config)
        self._house = house
        self.ready = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        self._house.closing.set()
        waited_s = 0.0
        while self.server_state.connections and waited_s < LINGER_S:
            await asyncio.sleep(0.05)
            waited_s += 0.05
        self._house.is_closing = True
        await super().shutdown(sockets)


async def answer(settings: Settings, sockets: list[socket.socket], channel: socket.socket) -> None:
    """
    Answer requests until told to stop.

    Raises:
        Unavailable: The database does not answer, or lacks migrations.
        InvalidInput: A setting cannot be used.
    """
    async with open_house(settings) as house:
        server = Server(_configuration(_application(house, settings), settings), house)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # those are for the supervisor
        told = asyncio.create_task(await_word(channel))
        told.add_done_callback(lambda _: _stop(server))
        loop.add_signal_handler(signal.SIGTERM, _stop, server)
        serving = asyncio.create_task(server.serve(sockets))
        serving.add_done_callback(lambda _: server.ready.set())
        await server.ready.wait()
        if server.started:
            say_ready(channel)
        await serving
        told.cancel()


def _application(house: House, settings: Settings) -> FastAPI:
    @asynccontextmanager
    async def opened() -> AsyncIterator[House]:
        yield house  # closed by whoever opened it, once the last request has its answer

    return create_application(opened, settings)


def _configuration(app: FastAPI, settings: Settings) -> uvicorn.Config:
    def encrypted(*_: object) -> ssl.SSLContext:
        assert settings.tls_cert is not None
        assert settings.tls_key is not None
        return listening.certificate(settings.tls_cert, settings.tls_key)

    has_tls = settings.tls_cert is not None
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # ours asks who may be believed
        server_header=False,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=max(1, round(settings.grace_s)),
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        ssl_context_factory=encrypted if has_tls else None,
    )


def _stop(server: Server) -> None:
    server.should_exit = True
