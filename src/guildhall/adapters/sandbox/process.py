"""A program that runs in a sandbox, as its caller sees it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Any

from .errors import SandboxLost
from .isolation import Plan
from .preparation import secrets_of
from .streams import CappedLog, Inlet, Lines, Outlet
from .types import Ended, Held, Limits, Reason

_LAST_WORDS_S = 1.0


class SandboxedProcess:
    """
    One running program: lines to it, lines from it, and how it ended.

    As an asynchronous context manager it is killed on leaving, if it still runs.
    """

    def __init__(
        self,
        sandbox_id: str,
        plan: Plan,
        limits: Limits,
        descriptors: tuple[int, int, int],
        tell: Callable[[str], None],
    ) -> None:
        self.sandbox_id = sandbox_id
        self._plan, self._limits, self._tell = plan, limits, tell
        self._lines, self._log = Lines(), CappedLog(limits.log_bytes)
        self._spoken = 0
        self._outcome: asyncio.Future[Ended | Exception] = asyncio.get_running_loop().create_future()
        self._stdin = Inlet(descriptors[0])
        self._stdout = Outlet(descriptors[1], self._take_output, self._lines.end)
        self._stderr = Outlet(descriptors[2], self._take_log, lambda: None)

    @property
    def held(self) -> Held:
        """Which limits really held, in words for a person."""
        return self._plan.held

    @property
    def logs(self) -> str:
        """What it wrote to stderr: beginning and end, secrets taken out. Complete after `wait`."""
        return self._log.text(secrets_of(self._plan.program))

    @property
    def running(self) -> bool:
        """Whether its end has not been reported yet."""
        return not self._outcome.done()

    async def write_line(self, line: bytes) -> bool:
        """Send a line; its end is added. False when the program no longer reads: then `wait` says why."""
        return await self._stdin.write(line + b"\n")

    async def write(self, content: bytes) -> bool:
        """Send bytes as they are. False when the program no longer reads."""
        return await self._stdin.write(content)

    def close_stdin(self) -> None:
        """Say that no more input will come."""
        self._stdin.close()

    async def read_line(self, limit: int = 1 << 20) -> bytes | None:
        """
        The next line of its output without the line's end, or None when there are no more.

        Raises:
            LineTooLong: The line has more than `limit` bytes.
        """
        return await self._lines.next(limit)

    async def read_rest(self) -> bytes:
        """All its output from here to the end."""
        return await self._lines.rest()

    def kill(self) -> None:
        """End it now, with every process it started. `wait` then says "killed", unless it had ended before."""
        self._end_for("killed")

    async def wait(self) -> Ended:
        """
        Wait until no process of it is left.

        Raises:
            SandboxLost: The launcher died under it.
        """
        outcome = await asyncio.shield(self._outcome)
        self._stdin.close()
        try:
            async with asyncio.timeout(_LAST_WORDS_S):
                await self._stdout.closed.wait()
                await self._stderr.closed.wait()
        except TimeoutError:  # somebody outside was handed the pipe
            self._stdout.close()
            self._stderr.close()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def __aenter__(self) -> SandboxedProcess:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.running:
            self.kill()
            await asyncio.wait([self._outcome])
        self.abandon()

    def abandon(self) -> None:
        """Close the pipes; nothing more is read or written."""
        self._stdin.close()
        self._stdout.close()
        self._stderr.close()

    def when_ended(self, call: Callable[[], None]) -> None:
        """Have something called at its end, whatever that is."""
        self._outcome.add_done_callback(lambda _: call())

    def note_end(self, event: dict[str, Any]) -> None:
        """The launcher reports the end."""
        code: int | None = event["code"]
        number: int | None = event["signal"]
        reason: Reason = event["reason"]
        if self._plan.shell_status and code is not None and code > 128:
            number, code = code - 128, None
            if reason == "exited":
                reason = "cpu" if number == signal.SIGXCPU else "signalled"
        if not self._outcome.done():
            self._outcome.set_result(
                Ended(code, number, reason, event["cpu_ms"], event["max_rss_bytes"], event["wall_ms"])
            )

    def note_loss(self, log: str) -> None:
        """The launcher is gone, and the program with it."""
        if not self._outcome.done():
            self._outcome.set_result(SandboxLost(self.sandbox_id, log))

    def _end_for(self, reason: Reason) -> None:
        if self.running:
            self._tell(reason)

    def _take_output(self, chunk: bytes) -> bool:
        if self._within_limit(chunk):
            self._lines.feed(chunk)
            return True
        return False

    def _take_log(self, chunk: bytes) -> bool:
        self._log.feed(chunk)
        return self._within_limit(chunk)

    def _within_limit(self, chunk: bytes) -> bool:
        self._spoken += len(chunk)
        if self._spoken <= self._limits.output_bytes:
            return True
        self._end_for("output_limit")
        return False
