"""What every worker's program does: it takes over its sockets, says that it is ready or why not, and listens to the supervisor."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import orjson
import uvloop

from guildhall.app import logs
from guildhall.errors import GuildhallError
from guildhall.settings import Settings

Serve = Callable[[Settings, list[socket.socket], socket.socket], Coroutine[Any, Any, None]]
"""Answers until told to stop: with these settings, behind these sockets, by a word on this channel."""

_log = logging.getLogger("guildhall.server")


async def await_word(channel: socket.socket) -> None:
    """Any word of the supervisor's means to stop, and so does its silence."""
    with suppress(OSError):
        await asyncio.get_running_loop().sock_recv(channel, 1)


def keep_what_lasts() -> None:
    """From here on garbage is looked for among what is made from here on: what is there lasts as long as the process."""
    gc.collect()
    gc.freeze()
    gc.enable()


def say_ready(channel: socket.socket) -> None:
    """Tell the supervisor."""
    keep_what_lasts()
    channel.sendall(b"ready\n")


def run_worker(arguments: list[str], serve: Serve) -> int:
    """
    The program, of which `arguments` are the descriptors of its sockets and of its channel.

    Its exit code is 0 after a stop, 3 where it could not start, 70 after a defect of ours.
    """
    sockets = [socket.socket(fileno=int(each)) for each in arguments[0].split(",")]
    channel = socket.socket(fileno=int(arguments[1]))
    channel.setblocking(False)
    try:
        settings = Settings.from_environment()
        logs.configure(settings.log_format, settings.log_level)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings, sockets, channel))
    except GuildhallError as error:
        channel.setblocking(True)
        channel.sendall(orjson.dumps(error.as_json(), default=str) + b"\n")
        return 3
    except Exception:  # noqa: BLE001 - it is told in the log's own form
        _log.exception("a worker failed")
        return 70
    return 0
