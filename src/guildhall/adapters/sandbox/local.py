"""
A sandbox on this machine.

    async with LocalSandbox(directory) as sandbox:
        async with await sandbox.start(Program(["./agent"], directory=here), Limits()) as process:
            await process.write_line(b'{"type": "start"}')
            line = await process.read_line()
            ended = await process.wait()

Each trial gets the best isolation that this system allows, and `held` says
which that was. No privilege is needed, and none that is missing raises.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import os
import platform
import shutil
import tempfile
from pathlib import Path
from typing import Any

from . import isolation
from .connection import Connection
from .errors import IsolationUnavailable, NoRoomForSandbox, ProgramNotRunnable, SandboxUnavailable
from .isolation import Method
from .launcher.trees import remove_tree
from .preparation import Place
from .process import SandboxedProcess
from .runs import RunDirectory, sweep
from .types import Capabilities, Isolation, Limits, Program

_GRACE_S = 5.0


def default_directory() -> Path:
    """Where trials live unless told otherwise: one directory per user, below the system's temporary one."""
    return Path(tempfile.gettempdir()) / f"guildhall-sandboxes-{os.geteuid()}"


class LocalSandbox:
    """Starts programs, each in a sandbox of its own, through one launcher process."""

    def __init__(
        self,
        directory: Path | None = None,
        *,
        isolation: Isolation | None = None,
        hidden: tuple[Path, ...] = (),
    ) -> None:
        """
        `directory` holds the trials' own directories. `isolation` insists on one kind;
        None takes the best that works. `hidden` are directories that no program may see.
        """
        self._directory = (directory or default_directory()).absolute()
        self._wanted, self._hidden = isolation, hidden
        self._numbers = itertools.count(1)
        self._live: dict[int, SandboxedProcess] = {}
        self._starting: dict[int, asyncio.Future[dict[str, Any] | None]] = {}
        self._opening = asyncio.Lock()
        self._connection: Connection | None = None
        self._farewells: set[asyncio.Future[None]] = set()
        self._run: RunDirectory | None = None
        self._method = Method("process")
        self._capabilities: Capabilities | None = None

    async def __aenter__(self) -> LocalSandbox:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """
        Start the launcher, find out what works here, and remove what runners that are gone have left.

        Raises:
            IsolationUnavailable: The isolation insisted on does not work.
            NoRoomForSandbox: The directory cannot be written.
            SandboxUnavailable: Nothing can be run.
        """
        if platform.system() != "Linux":
            raise SandboxUnavailable(f"it needs Linux, and this is {platform.system()}", "Use the llm or http runtime.")
        if self._run is None:
            try:
                self._run = await asyncio.to_thread(RunDirectory, self._directory)
            except OSError as error:
                raise NoRoomForSandbox(self._directory, error.strerror or str(error)) from error
            await asyncio.to_thread(sweep, self._directory)
        try:
            await self._connected()
            await self._explore()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End every program that still runs, and remove everything they left."""
        for number in list(self._live):
            self._live[number].note_loss("")
            self._live.pop(number).abandon()
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
        await asyncio.gather(*self._farewells)
        self._farewells.clear()
        run, self._run = self._run, None
        if run is not None:
            await asyncio.to_thread(run.remove)

    def capabilities(self) -> Capabilities:
        """
        What works on this system. Known once open.

        Raises:
            SandboxUnavailable: It is not open.
        """
        if self._capabilities is None:
            raise SandboxUnavailable("it has not been opened")
        return self._capabilities

    @property
    def launcher_pid(self) -> int | None:
        """The process that starts the trials, if it runs."""
        return None if self._connection is None else self._connection.pid

    async def start(self, program: Program, limits: Limits | None = None) -> SandboxedProcess:
        """
        Start a program. A launcher that was lost is started anew first.

        Raises:
            ProgramNotRunnable: The program does not exist or is described wrongly.
            NoRoomForSandbox: Its directory cannot be written.
            SandboxUnavailable: The system refused to run it.
        """
        return await self._start(self._method, program, limits or Limits())

    async def _start(self, method: Method, program: Program, limits: Limits) -> SandboxedProcess:
        connection = await self._connected()
        if self._run is None:
            raise SandboxUnavailable("it is closed")
        number = next(self._numbers)
        sandbox_id = f"local-{self._run.path.name.removeprefix('run-')}-{number}"
        place = Place(self._run.path / str(number))
        plan = isolation.plan(method, program, limits, place, sandbox_id=sandbox_id, hidden=self._hidden)
        plan.request["id"] = number
        try:
            if plan.copy or program.files:
                await asyncio.to_thread(place.make, plan.program, copy=plan.copy)
            else:
                place.make(plan.program, copy=False)
        except ProgramNotRunnable:
            await asyncio.to_thread(remove_tree, str(place.directory))
            raise
        except (OSError, shutil.Error) as error:
            await asyncio.to_thread(remove_tree, str(place.directory))
            raise NoRoomForSandbox(place.directory, getattr(error, "strerror", None) or str(error)) from error
        return await self._launch(connection, number, plan, limits, sandbox_id)

    async def _launch(
        self, connection: Connection, number: int, plan: isolation.Plan, limits: Limits, sandbox_id: str
    ) -> SandboxedProcess:
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        ours_err, theirs_err = os.pipe()
        process = SandboxedProcess(
            sandbox_id,
            plan,
            limits,
            (ours_in, ours_out, ours_err),
            lambda reason: connection.send_soon({"op": "kill", "id": number, "reason": reason}),
        )
        loop = asyncio.get_running_loop()
        started = self._starting[number] = loop.create_future()
        self._live[number] = process
        name = str(plan.program.argv[0])
        try:
            try:
                await connection.send(plan.request, (theirs_in, theirs_out, theirs_err))
            except ValueError as error:
                raise ProgramNotRunnable(name, f"its arguments and environment are too long: {error}") from error
            except ConnectionError as error:
                raise SandboxUnavailable("the launcher has just ended") from error
            finally:
                for descriptor in (theirs_in, theirs_out, theirs_err):
                    os.close(descriptor)
            refusal = await started
            if refusal is not None:
                raise _refused(name, refusal)
        except BaseException:
            process.kill()
            process.abandon()
            self._live.pop(number, None)
            raise
        finally:
            self._starting.pop(number, None)
        overdue = loop.call_later(limits.wall_ms / 1000 + _GRACE_S, self._overdue, number, connection)
        process.when_ended(overdue.cancel)
        return process

    def _overdue(self, number: int, connection: Connection) -> None:
        """The launcher should have ended it long ago: it is stuck, and with it everything it looks after."""
        if number in self._live:
            connection.kill()

    async def _connected(self) -> Connection:
        async with self._opening:
            if self._run is None:
                raise SandboxUnavailable("it is closed", "Open it first.")
            if self._connection is None:
                self._connection = await Connection.start(self._run.path, self._run.lock, self._hear, self._lost)
            return self._connection

    def _hear(self, event: dict[str, Any]) -> None:
        number, kind = event.get("id", 0), event["event"]
        if kind in ("started", "failed") and (waiting := self._starting.get(number)) is not None:
            if not waiting.done():
                waiting.set_result(None if kind == "started" else event)
        elif kind == "ended" and (process := self._live.pop(number, None)) is not None:
            process.note_end(event)

    def _lost(self) -> None:
        """The launcher died. Its trees die with it; their directories are ours to remove."""
        connection, self._connection = self._connection, None
        log = ""
        if self._run is not None:
            with contextlib.suppress(OSError):
                log = (self._run.path / "launcher.log").read_text(errors="replace")[-2000:]
        for waiting in self._starting.values():
            if not waiting.done():
                waiting.set_result({"step": "launcher", "errno": errno.ECONNRESET})
        dead = list(self._live)
        for number in dead:
            self._live.pop(number).note_loss(log)
        if connection is not None:
            self._farewells.add(asyncio.ensure_future(self._bury(connection, dead)))

    async def _bury(self, connection: Connection, dead: list[int]) -> None:
        await connection.close()
        if self._run is not None:
            for number in dead:  # what is still being killed in there goes when the run is removed
                await asyncio.to_thread(remove_tree, str(self._run.path / str(number)))

    async def _explore(self) -> None:
        """Try the ways to isolate, best first, by really running something in each."""
        if self._capabilities is not None:
            return
        true = shutil.which("true", path="/usr/bin:/bin")
        if true is None:
            raise SandboxUnavailable("there is no program `true` to try it with", "Install coreutils.")
        refused: dict[str, str] = {}
        if self._wanted in (None, "bubblewrap") and shutil.which("bwrap") is None:
            refused["bubblewrap"] = "bwrap is not installed"
        for method in isolation.methods(self._wanted):
            why = await self._try(method, true)
            if why is None:
                self._method = method
                self._capabilities = Capabilities(
                    isolation=method.name,
                    tree_kill=method.tree_kill,
                    network_off=method.network_off,
                    unprivileged_user=method.own_uid or os.geteuid() != 0,
                    refused=refused,
                )
                return
            refused[method.name] = why
        if self._wanted is not None:
            raise IsolationUnavailable(self._wanted, refused.get(self._wanted, "it is not known"))
        raise SandboxUnavailable(f"not even /bin/true runs: {refused['process']}")

    async def _try(self, method: Method, true: str) -> str | None:
        """What is in the way of a method, or None when it works."""
        try:
            async with await self._start(method, Program([true]), Limits(wall_ms=10_000)) as process:
                ended = await process.wait()
        except SandboxUnavailable as error:
            return error.message
        if ended.succeeded:
            return None
        return (process.logs.strip() or f"true ended with {ended.exit_code or ended.reason}").splitlines()[-1]


def _refused(name: str, event: dict[str, Any]) -> ProgramNotRunnable | SandboxUnavailable:
    why = os.strerror(event["errno"])
    if event["step"] == "execute" and event["errno"] not in (errno.EAGAIN, errno.ENOMEM, errno.ENFILE):
        return ProgramNotRunnable(name, why.lower(), "Does its first line name an interpreter that exists?")
    return SandboxUnavailable(f"step {event['step']!r} for {name!r} was refused: {why.lower()}")
