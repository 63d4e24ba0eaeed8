"""
One of several processes of the gateway: `python -m guildhall.server.gateway_worker SOCKETS CHANNEL`.

It starts and stops as the server's workers do (`guildhall.server.worker`).
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys

from guildhall.server.gateway import serve_gateway
from guildhall.server.program import await_word, run_worker
from guildhall.settings import Settings


async def serve(settings: Settings, sockets: list[socket.socket], channel: socket.socket) -> None:
    """
    Answer calls until told to stop.

    Raises:
        Unavailable: The database does not answer, or lacks migrations.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # that is for the supervisor
    told = asyncio.create_task(await_word(channel))
    try:
        await serve_gateway(settings, sockets, lambda: channel.sendall(b"ready\n"), told)
    finally:
        told.cancel()


if __name__ == "__main__":
    sys.exit(run_worker(sys.argv[1:], serve))
