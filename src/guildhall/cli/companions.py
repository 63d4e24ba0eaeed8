"""
Commands of ours that run beside the server, each in a process of its own, for as long as it runs.

    python -m guildhall.cli.companions DESCRIPTOR worker --concurrency 4

is `guildhall worker --concurrency 4` that stops, as on SIGTERM, when whoever
started it has gone: the descriptor is one end of a channel to them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

_STEADY_S = 10.0
_BEYOND_GRACE_S = 5.0

_log = logging.getLogger("guildhall.server")


@asynccontextmanager
async def companions(
    commands: Sequence[Sequence[str]], environment: Callable[[], Mapping[str, str]], *, grace_s: float
) -> AsyncIterator[None]:
    """
    Commands that run while the block does; one that ends is started again, at growing intervals.

    At the end they are asked to stop, and have the grace to; when the block ends
    with an error they are ended at once.
    """
    running: list[asyncio.subprocess.Process] = []
    tasks = [asyncio.create_task(_keep(each, environment, running)) for each in commands]
    try:
        yield
    except BaseException:
        grace_s = 0.0
        raise
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(_see_off(each, grace_s) for each in running))


async def _keep(
    command: Sequence[str], environment: Callable[[], Mapping[str, str]], running: list[asyncio.subprocess.Process]
) -> None:
    from guildhall.algorithms.backoff import full_jitter

    failures = 0
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        ours, its = socket.socketpair()
        with ours:
            with its:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    *("-m", "guildhall.cli.companions", str(its.fileno()), *command),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=sys.stderr.fileno(),
                    env=dict(environment()),
                    pass_fds=(its.fileno(),),
                    start_new_session=True,  # Ctrl-C is for us to hand on
                )
            running.append(process)
            try:
                status = await process.wait()
            except asyncio.CancelledError:
                ours.detach()  # as long as it has not stopped, it shall not think that we have gone
                raise
        running.remove(process)
        failures = 0 if loop.time() - began > _STEADY_S else failures + 1
        _log.error("the %s ended (%d); it is started again", command[0], status)
        await asyncio.sleep(full_jitter(failures, random.random(), first_s=0.5, at_least_s=0.1))


async def _see_off(process: asyncio.subprocess.Process, grace_s: float) -> None:
    with suppress(ProcessLookupError):
        process.terminate() if grace_s else process.kill()
    try:
        async with asyncio.timeout(grace_s + _BEYOND_GRACE_S):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def main(arguments: Sequence[str]) -> None:
    """The program: a command, which ends with whoever started it."""
    channel = socket.socket(fileno=int(arguments[0]))

    def watch() -> None:
        with suppress(OSError):
            channel.recv(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="watch", daemon=True).start()

    from guildhall.cli.main import main as command_line

    sys.argv = ["guildhall", *arguments[1:]]
    command_line()


if __name__ == "__main__":
    main(sys.argv[1:])
