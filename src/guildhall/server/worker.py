"""
One process that answers requests: `python -m guildhall.server.worker SOCKETS CHANNEL`.

It inherits the sockets that listen (their descriptors, with commas between) and
one end of a channel to the supervisor, on which it says `ready` or why it does
not start. It stops when it is told to, by the channel or SIGTERM, and when the
channel is closed, as when the supervisor was killed. What it does meanwhile is
`guildhall.server.answering`.
"""

from __future__ import annotations

import gc
import socket
import sys

from guildhall.server.program import run_worker
from guildhall.settings import Settings


async def serve(settings: Settings, sockets: list[socket.socket], channel: socket.socket) -> None:
    """
    Answer requests until told to stop.

    Raises:
        Unavailable: The database does not answer, or lacks migrations.
        InvalidInput: A setting cannot be used.
    """
    gc.disable()  # until it is ready: what is made so far lasts
    from guildhall.server.answering import answer  # noqa: PLC0415 - its modules are made while nobody looks for garbage

    await answer(settings, sockets, channel)


if __name__ == "__main__":
    sys.exit(run_worker(sys.argv[1:], serve))
