"""The process that looks after the others: it starts them, starts them again, replaces and stops them."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from guildhall.algorithms.backoff import full_jitter
from guildhall.app import logs
from guildhall.db import embedded
from guildhall.errors import GuildhallError, Unavailable
from guildhall.server.errors import WorkerFailed
from guildhall.settings import Settings

_STEADY_S = 10.0
"""A worker that lived this long died of something new: it is replaced at once."""

_BEYOND_GRACE_S = 5.0
"""What a worker has besides the grace, to close its pools."""

_LOOK_S = 3.0

COUNTS = "PROMETHEUS_MULTIPROC_DIR"
_log = logging.getLogger("guildhall.server")


class Interrupted(Exception):
    """The server was told twice to stop, and ended at once."""


class Told(Unavailable):
    """What a worker said of why it does not start."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        super().__init__(str(said["message"]), remedy=said.get("remedy"), **said.get("details", {}))
        self.code = str(said["code"])  # type: ignore[misc]


class Worker:
    """A process that answers."""

    def __init__(self, process: asyncio.subprocess.Process, channel: socket.socket) -> None:
        self.pid = process.pid
        self._process = process
        self._channel = channel

    @classmethod
    async def start(cls, program: str, listeners: list[socket.socket], environment: Mapping[str, str]) -> Worker:
        """Start one, by the module that it runs; it has yet to become ready."""
        ours, its = socket.socketpair()
        ours.setblocking(False)
        descriptors = [each.fileno() for each in listeners]
        with its:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", program, ",".join(map(str, descriptors)), str(its.fileno())),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=sys.stderr.fileno(),
                env=dict(environment),
                pass_fds=(*descriptors, its.fileno()),
                start_new_session=True,  # Ctrl-C is for us to hand on
            )
        return cls(process, ours)

    async def ready(self) -> None:
        """
        Wait until it can answer.

        Raises:
            GuildhallError: It cannot, for the reason that it gave.
        """
        said = b""
        loop = asyncio.get_running_loop()
        while not said.endswith(b"\n"):
            try:
                part = await loop.sock_recv(self._channel, 65536)
            except OSError:
                part = b""
            if not part:
                raise WorkerFailed(await self.ended())
            said += part
        if said != b"ready\n":
            await self.ended()
            raise Told(orjson.loads(said)["error"])

    def retire(self) -> None:
        """Tell it to stop once it has answered what it was asked."""
        with suppress(OSError):
            self._channel.send(b"stop\n")

    def kill(self) -> None:
        """End it at once."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def ended(self) -> int:
        """Wait for its end; its exit code, or the negated number of the signal that ended it."""
        status = await self._process.wait()
        self._channel.close()
        return status


@dataclass(slots=True)
class _Place:
    """Where one worker works, and after it another."""

    worker: Worker | None = None
    failures: int = 0


@dataclass(slots=True)
class Supervisor:
    """
    Workers behind one set of sockets.

    `environment` gives the environment that workers are started with, read anew
    each time settings are to be read again. `program` is the module that they run.
    """

    settings: Settings
    environment: Callable[[], Mapping[str, str]]
    listeners: list[socket.socket]
    program: str = "guildhall.server.worker"
    _present: Mapping[str, str] = field(default_factory=dict)
    _places: list[_Place] = field(default_factory=list)
    _alive: set[Worker] = field(default_factory=set)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _reloading: asyncio.Lock = field(default_factory=asyncio.Lock)
    _beside: set[asyncio.Task[None]] = field(default_factory=set)
    _told: int = 0

    async def run(self, on_ready: Callable[[], None]) -> None:
        """
        Serve until told to stop: SIGTERM or SIGINT once, and twice to end at once. SIGHUP replaces all workers.

        `on_ready` is called once, when every worker answers.

        Raises:
            GuildhallError: The first workers cannot start, for this reason.
            Interrupted: It was told twice.
        """
        self._present = self.environment()
        loop = asyncio.get_running_loop()
        try:
            self._places = [_Place() for _ in range(self.settings.workers)]
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._stop)
            if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
                # A terminal that closes says the same as an operator who wants settings read again.
                answer = self._stop if sys.stdin is not None and sys.stdin.isatty() else self._wish_reload
                loop.add_signal_handler(signal.SIGHUP, answer)
            await self._begin_all()
            if not self._stopping.is_set():
                on_ready()
            tasks = [asyncio.create_task(self._keep(each)) for each in self._places]
            await self._stopping.wait()
            for each in (*tasks, *self._beside):
                each.cancel()
            await asyncio.gather(*tasks, *self._beside, return_exceptions=True)
            await self._end()
        finally:
            for worker in self._alive:
                worker.kill()
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                loop.remove_signal_handler(number)
            for listener in self.listeners:
                listener.close()
        if self._told > 1:
            raise Interrupted

    async def _begin_all(self) -> None:
        starting = [asyncio.create_task(self._begun()) for _ in self._places]
        stopping: asyncio.Task[Any] = asyncio.create_task(self._stopping.wait())
        try:
            waiting: set[asyncio.Task[Any]] = {*starting}
            while waiting and not stopping.done():
                both: set[asyncio.Task[Any]] = {*waiting, stopping}
                done, pending = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                for each in done:
                    each.result()
                waiting = pending - {stopping}
            for place, task in zip(self._places, starting, strict=True):
                place.worker = task.result() if task.done() and not task.cancelled() else None
        finally:
            for task in (*starting, stopping):
                task.cancel()
            await asyncio.gather(*starting, stopping, return_exceptions=True)

    async def _begun(self) -> Worker:
        """A worker that answers."""
        worker = await Worker.start(self.program, self.listeners, self._present)
        self._alive.add(worker)
        try:
            await worker.ready()
        except BaseException:
            worker.kill()
            self._alive.discard(worker)
            raise
        return worker

    async def _keep(self, place: _Place) -> None:
        """See to it that somebody works in a place."""
        while True:
            worker = place.worker
            if worker is None:
                await self._fill(place)
                continue
            began = asyncio.get_running_loop().time()
            status = await worker.ended()
            self._forget(worker)
            if place.worker is not worker:  # it was replaced
                continue
            place.worker = None
            if asyncio.get_running_loop().time() - began > _STEADY_S:
                place.failures = 0
            level = logging.INFO if status == 0 else logging.ERROR
            _log.log(level, "worker %d ended (%d); another is started", worker.pid, status)

    async def _fill(self, place: _Place) -> None:
        if place.failures:
            await asyncio.sleep(full_jitter(place.failures, random.random(), first_s=0.5, at_least_s=0.1))
        place.failures += 1
        environment = self._present
        try:
            worker = await self._begun()
        except GuildhallError as error:
            _log.error("a worker does not start: %s", error)
            return
        if self._present is environment:
            place.worker = worker
        else:  # settings were read again meanwhile, and it has the old ones
            place.failures = 0
            self._do(self._see_off(worker))

    def _wish_reload(self) -> None:
        self._do(self._reload())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside."""
        task = asyncio.get_running_loop().create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _reload(self) -> None:
        """Replace one worker after another by one with the settings of now; the old go once the new answer."""
        async with self._reloading:
            try:
                environment = self.environment()
                settings = Settings.from_environment(environment)
            except GuildhallError as error:
                _log.error("settings are not read again, all stays as it was: %s", error)
                return
            earlier, self._present = self._present, environment
            logs.configure(settings.log_format, settings.log_level)
            for place in self._places:
                if self._stopping.is_set():
                    return
                old = place.worker
                if old is None:  # it is being started anyway
                    continue
                try:
                    new = await self._begun()
                except GuildhallError as error:
                    self._present = earlier
                    _log.error("a worker with the new settings does not start: %s", error)
                    return
                place.worker, place.failures = new, 0
                self._do(self._see_off(old))
            _log.info("settings are read again, all workers are new")

    async def _see_off(self, worker: Worker) -> None:
        worker.retire()
        try:
            async with asyncio.timeout(self.settings.grace_s + _BEYOND_GRACE_S):
                await worker.ended()
        except TimeoutError:
            worker.kill()
        self._forget(worker)

    def _forget(self, worker: Worker) -> None:
        """Whoever is gone has counted what they have counted, and has nothing under way any more."""
        self._alive.discard(worker)
        counts = self._present.get(COUNTS)
        for gauge in Path(counts).glob(f"gauge_live*_{worker.pid}.db") if counts else ():
            gauge.unlink(missing_ok=True)

    def _stop(self) -> None:
        self._told += 1
        self._stopping.set()
        if self._told > 1:
            for worker in self._alive:
                worker.kill()

    async def _end(self) -> None:
        for listener in self.listeners:
            listener.close()
        _log.info("stopping: requests have %g s to end", self.settings.grace_s)
        await asyncio.gather(*(self._see_off(each) for each in tuple(self._alive)))


@asynccontextmanager
async def keep_alive(settings: Settings) -> AsyncIterator[None]:
    """Start the embedded database again when it has died; nothing where another is named."""

    async def look() -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                hold = await asyncio.to_thread(embedded.start, settings.data_dir)
                await asyncio.to_thread(hold.close)  # ours is not the last
            except GuildhallError as error:
                _log.error("the embedded database does not start: %s", error)

    looking = None if settings.database_url else asyncio.create_task(look())
    try:
        yield
    finally:
        if looking is not None:
            looking.cancel()


@contextmanager
def counting_together() -> Iterator[Mapping[str, str]]:
    """What workers are told so that they count requests in one place, and whichever is asked for metrics knows them all."""
    with tempfile.TemporaryDirectory(prefix="guildhall-counts-", ignore_cleanup_errors=True) as directory:
        yield {COUNTS: directory}


def notify(text: str) -> None:
    """Tell systemd how the service is (sd_notify(3)); nothing where it has not asked."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        address = "\0" + address[1:] if address.startswith("@") else address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaking:
            speaking.sendto(text.encode(), address)
