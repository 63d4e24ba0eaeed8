"""The runner's end of the socket to its launcher: one process, started once, lost at most once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .errors import SandboxUnavailable

_PACKET = 1 << 18
_LEAVE_S = 15

_START = (
    "import sys; sys.path.append(sys.argv[1]); from launcher.loop import main; main()"  # last on the path: no
    # module of ours may stand in for one of the standard library
)


class Connection:
    """A launcher that runs. `hear` gets its events, `lost` is called when it ended without being asked to."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        control: socket.socket,
        hear: Callable[[dict[str, Any]], None],
        lost: Callable[[], None],
    ) -> None:
        self._process, self._control, self._hear, self._lost = process, control, hear, lost
        self._loop = asyncio.get_running_loop()
        self._open = True
        self._room = asyncio.Event()
        self._turn = asyncio.Lock()
        self._loop.add_reader(control.fileno(), self._read)

    @property
    def pid(self) -> int:
        """Of the launcher."""
        return self._process.pid

    @classmethod
    async def start(
        cls,
        directory: Path,
        lock: int,
        hear: Callable[[dict[str, Any]], None],
        lost: Callable[[], None],
    ) -> Connection:
        """
        Start a launcher that holds `lock`, and removes `directory` when this process goes away.

        Raises:
            SandboxUnavailable: It cannot be started.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            command = [sys.executable, "-I", "-S", "-c", _START, str(Path(__file__).parent)]
            command += [str(theirs.fileno()), str(directory)]
            try:
                process = await asyncio.to_thread(_spawn, command, directory, (theirs.fileno(), lock))
            except OSError as error:
                ours.close()
                raise SandboxUnavailable(f"the launcher cannot be started: {error}") from error
        return cls(process, ours, hear, lost)

    async def send(self, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        """
        Send one message, waiting while the launcher is busy.

        Raises:
            ConnectionError: The launcher is gone.
            ValueError: The message is too long.
        """
        packet = json.dumps(message).encode("utf-8", "surrogateescape")
        if len(packet) > _PACKET // 2:
            raise ValueError(f"{len(packet)} bytes")
        async with self._turn:
            while not self._try_send(packet, descriptors):
                self._room.clear()
                self._loop.add_writer(self._control.fileno(), self._room.set)
                try:
                    await self._room.wait()
                finally:
                    if self._open:
                        self._loop.remove_writer(self._control.fileno())

    def send_soon(self, message: dict[str, Any]) -> None:
        """Send a short message without waiting for the launcher to have room."""
        with contextlib.suppress(ConnectionError):
            if not self._try_send(json.dumps(message).encode(), ()):
                self._loop.call_later(0.01, self.send_soon, message)

    def _try_send(self, packet: bytes, descriptors: Sequence[int]) -> bool:
        if not self._open:
            raise ConnectionResetError("the launcher is gone")
        try:
            socket.send_fds(self._control, [packet], list(descriptors))
        except BlockingIOError:
            return False
        return True

    def _read(self) -> None:
        while self._open:
            try:
                packet = self._control.recv(_PACKET)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            if not packet:
                self._disconnect()
                self._lost()
                return
            self._hear(json.loads(packet))

    def _disconnect(self) -> None:
        if self._open:
            self._open = False
            self._loop.remove_reader(self._control.fileno())
            self._loop.remove_writer(self._control.fileno())
            self._control.close()
            self._room.set()

    def kill(self) -> None:
        """Kill a launcher that does not do what it should; `lost` will follow."""
        self._process.kill()

    async def close(self) -> None:
        """Let the launcher end everything it started and leave."""
        self._disconnect()
        await asyncio.to_thread(_await_end, self._process)


def _spawn(command: list[str], directory: Path, descriptors: tuple[int, ...]) -> subprocess.Popen[bytes]:
    log = os.open(directory / "launcher.log", os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            pass_fds=descriptors,
            start_new_session=True,  # Ctrl-C is for the runner, which then decides
            cwd="/",
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},  # the launcher's environment is all a trial could spy out
        )
    finally:
        os.close(log)


def _await_end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_LEAVE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
