"""The launcher's loop: requests from the runner, news from keepers, and the clock."""

from __future__ import annotations

import array
import contextlib
import errno
import itertools
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

from . import kernel
from .keeper import keep
from .trees import Usage, children, descendants, disk_bytes, remove_tree

_PACKET = 1 << 18
_UIDS = range(61_184, 65_520)  # where systemd takes the users of its dynamic services from: free of people and packages
_DESCRIPTOR = array.array("i").itemsize
_GROWTH_BYTES_S = 4e9  # the fastest that memory was seen to fill; decides how soon to look again
_FIRST_LOOK_S = 0.02  # before that, a program is hardly more than its interpreter
_PATIENCE_S = 2.0  # a keeper that has not swept by then is itself killed


class OwnUid:
    """
    A user that no other trial on this system has while `claim` is open, here or in the keeper.

    So trials cannot reach each other, the kernel counts their processes apart,
    and all processes of the user may be killed at once.
    """

    def __init__(self, candidates: Iterator[int]) -> None:
        for number in itertools.islice(candidates, len(_UIDS)):
            self.number = number
            self.claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                self.claim.bind(f"\0guildhall-uid-{number}")  # abstract: gone with its last descriptor
                return
            except OSError:
                self.claim.close()
        raise OSError(errno.EAGAIN, "every user for trials is taken")


class Trial:
    """One program that was started and has not been reported as ended."""

    def __init__(self, request: dict[str, Any], keeper: int, status: int, uid: OwnUid | None) -> None:
        self.id: int = request["id"]
        self.keeper, self.status = keeper, status
        self.directory: str = request["directory"]
        self.limits: dict[str, Any] = request["limits"]
        self.uid = uid
        self.alone = bool(request["namespaces"] & kernel.CLONE_NEWPID)
        self.heard = b""
        self.reason: str | None = None
        self.began = time.monotonic()
        self.deadline = self.began + self.limits["wall_ms"] / 1000
        self.look_at = self.began + _FIRST_LOOK_S
        self.peak_bytes, self.cpu_s = 0, 0.0

    def look(self, now: float) -> None:
        """Compare what the tree uses with its limits, and decide when to look again."""
        limits, pause = self.limits, 0.25
        usage = Usage(self.keeper, limits.get("watched_tasks"))
        self.peak_bytes = max(self.peak_bytes, usage.resident_bytes)
        self.cpu_s = usage.cpu_s
        if (memory := limits.get("memory_bytes")) is not None:
            used = usage.resident_bytes
            if used > memory:
                used = usage.memory_bytes(None if self.uid is None else self.uid.number)
            if used > memory:
                return self.kill("memory", now)
            pause = min(pause, (memory - used) / _GROWTH_BYTES_S)
        if (tasks := limits.get("watched_tasks")) is not None:
            if usage.tasks > tasks:
                return self.kill("processes", now)
            pause = min(pause, 0.05)
        if (cpu := limits.get("cpu_seconds")) is not None:
            if usage.cpu_s > cpu:
                return self.kill("cpu", now)
            pause = min(pause, (cpu - usage.cpu_s) / max(1, usage.tasks))
        if (disk := limits.get("disk_bytes")) is not None:
            if disk_bytes(self.directory) > disk:
                return self.kill("disk", now)
            pause = min(pause, 0.05)
        self.look_at = now + max(pause, 0.01)

    def kill(self, reason: str, now: float) -> None:
        """End the tree. Where the keeper is an init, the kernel does it all; elsewhere the keeper sweeps."""
        if self.reason is None:
            self.reason = reason
            kernel.kill(self.keeper, signal.SIGKILL if self.alone else signal.SIGTERM)
            self.look_at = now + _PATIENCE_S
        elif now >= self.look_at:
            kernel.kill(self.keeper)
            self.look_at = now + _PATIENCE_S

    def attend(self, now: float) -> None:
        """Whatever is due by the clock."""
        if self.reason is not None:
            self.kill(self.reason, now)
        elif now >= self.deadline:
            self.kill("timeout", now)
        elif now >= self.look_at:
            self.look(now)

    def due(self) -> float:
        return self.look_at if self.reason is not None else min(self.deadline, self.look_at)


class Launcher:
    """The loop: requests from the runner, news from keepers, and the clock."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.outgoing: list[bytes] = []
        self.alone = False  # the runner is gone
        self.trials: dict[int, Trial] = {}
        self.by_status: dict[int, Trial] = {}
        self.removers: set[int] = set()
        self.uids = itertools.cycle(_UIDS)
        for _ in range(os.getpid() * 64 % len(_UIDS)):  # launchers begin at different places
            next(self.uids)
        self.poll = select.poll()
        self.wakeup, writing = os.pipe()
        os.set_blocking(self.wakeup, False)
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        self.poll.register(self.wakeup, select.POLLIN)
        self.poll.register(control, select.POLLIN)

    def say(self, **event: Any) -> None:
        if not self.alone:
            self.outgoing.append(json.dumps(event).encode())
            self.flush()

    def flush(self) -> None:
        try:
            while self.outgoing:
                self.control.send(self.outgoing[0])
                self.outgoing.pop(0)
        except BlockingIOError:
            pass
        except OSError:
            self.outgoing.clear()  # the runner is gone; its end is about to be read
        self.poll.modify(self.control, select.POLLIN | (select.POLLOUT if self.outgoing else 0))

    def run(self) -> None:
        """Serve until the runner goes away, then leave nothing behind."""
        self.say(event="ready")
        while True:
            due = min((trial.due() for trial in self.trials.values()), default=None)
            wait_ms = None if due is None else max(0.0, due - time.monotonic()) * 1000 + 1
            for descriptor, _ in self.poll.poll(wait_ms):
                if descriptor == self.wakeup:
                    self.reap()
                elif descriptor == self.control.fileno():
                    self.flush()
                    if not self.listen():
                        return self.leave()
                elif descriptor in self.by_status:
                    self.hear(self.by_status[descriptor])
            now = time.monotonic()
            for trial in list(self.trials.values()):
                if trial.due() <= now:
                    trial.attend(now)

    def listen(self) -> bool:
        """Take what the runner sent; False when it is gone."""
        while True:
            try:
                packet, attached, _, _ = self.control.recvmsg(
                    _PACKET, socket.CMSG_SPACE(3 * _DESCRIPTOR), socket.MSG_CMSG_CLOEXEC
                )  # socket.recv_fds passes no flags on
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not packet:
                return False
            request = json.loads(packet)
            if request["op"] == "start":
                streams = array.array("i")
                for _, _, content in attached:
                    streams.frombytes(content[: len(content) - len(content) % _DESCRIPTOR])
                self.start(request, streams.tolist())
            elif (trial := self.trials.get(request["id"])) is not None:
                trial.kill(request["reason"], time.monotonic())

    def start(self, request: dict[str, Any], streams: list[int]) -> None:
        reading, status = os.pipe()
        uid: OwnUid | None = None
        try:
            if request["own_uid"]:
                uid = OwnUid(self.uids)
                self.give(request["directory"], uid.number)
            keeper = kernel.clone(request["namespaces"])
            if keeper == 0:
                if uid is None:
                    keep(request, streams, status, None, [])
                keep(request, streams, status, uid.number, [uid.claim.fileno()])
        except (OSError, kernel.StepFailed) as error:
            number = error.number if isinstance(error, kernel.StepFailed) else error.errno
            os.close(reading)
            if uid is not None:
                uid.claim.close()
            remove_tree(request["directory"])
            self.say(event="failed", id=request["id"], step="clone", errno=number)
            return
        finally:
            os.close(status)
            for descriptor in streams:
                os.close(descriptor)
        os.set_blocking(reading, False)
        trial = Trial(request, keeper, reading, uid)
        self.trials[trial.id] = self.by_status[reading] = trial
        self.poll.register(reading, select.POLLIN)

    @staticmethod
    def give(directory: str, uid: int) -> None:
        """Make a trial's directory the property of the user it will run as."""
        for place, folders, files in os.walk(directory):
            os.chown(place, uid, uid)
            for name in (*folders, *files):
                os.chown(f"{place}/{name}", uid, uid, follow_symlinks=False)

    def hear(self, trial: Trial) -> bool:
        """Read what a keeper says; False when there is no more for now, or for good."""
        if trial.status not in self.by_status:
            return False
        try:
            said = os.read(trial.status, 4096)
        except BlockingIOError:
            return False
        trial.heard += said
        if not said:
            self.poll.unregister(trial.status)
            del self.by_status[trial.status]
            os.close(trial.status)
        if said.startswith(b"started"):
            self.say(event="started", id=trial.id)
        return bool(said)

    def reap(self) -> None:
        """Collect every child that has ended."""
        try:
            while os.read(self.wakeup, 512):
                pass
        except BlockingIOError:
            pass
        keepers = {trial.keeper: trial for trial in self.trials.values()}
        while True:
            try:
                pid, _, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.removers.discard(pid)
            if pid in keepers:
                self.end(keepers[pid], used)

    def end(self, trial: Trial, used: resource.struct_rusage) -> None:
        """Report a trial whose keeper has ended, and remove its directory."""
        now = time.monotonic()
        while self.hear(trial):
            pass
        if self.by_status.pop(trial.status, None) is not None:
            self.poll.unregister(trial.status)
            os.close(trial.status)
        del self.trials[trial.id]
        if trial.uid is not None:
            trial.uid.claim.close()
        reports = {words[0]: words for line in trial.heard.decode().splitlines() if (words := line.split())}
        report = reports.get("ended", [])
        if "failed" in reports:
            _, step, number = reports["failed"]
            self.say(event="failed", id=trial.id, step=step, errno=int(number))
        else:
            code: int | None = None
            killed_by: int | None = None
            cpu_us, rss = int((used.ru_utime + used.ru_stime) * 1e6), trial.peak_bytes
            if report:
                code = None if report[1] == "-" else int(report[1])
                killed_by = None if report[2] == "-" else int(report[2])
                cpu_us, rss = max(int(report[3]), int(trial.cpu_s * 1e6)), max(rss, int(report[4]))
            else:  # the keeper itself was killed: by us, or by a program of the same user
                killed_by = int(signal.SIGKILL)
                cpu_us = max(cpu_us, int(trial.cpu_s * 1e6))
                rss = max(rss, used.ru_maxrss * 1024)
                self.sweep_orphans()
            reason = trial.reason or ("exited" if killed_by is None else "signalled")
            if reason == "signalled" and killed_by == signal.SIGXCPU:
                reason = "cpu"
            self.say(
                event="ended",
                id=trial.id,
                code=code,
                signal=killed_by,
                reason=reason,
                cpu_ms=cpu_us // 1000,
                max_rss_bytes=rss,
                wall_ms=int((now - trial.began) * 1000),
            )
        self.remove(trial.directory)

    def sweep_orphans(self) -> None:
        """What came back to us from a dead keeper belongs to nobody: kill it with all below."""
        known = self.removers | {trial.keeper for trial in self.trials.values()}
        for pid in children(os.getpid()):
            if pid not in known:
                for each in (*descendants(pid), pid):
                    kernel.kill(each)

    def remove(self, directory: str) -> None:
        """Small directories here and now; who left a hundred thousand files must not hold up the others."""
        if remove_tree(directory, budget=500):
            return
        remover = os.fork()
        if remover == 0:
            signal.set_wakeup_fd(-1)
            remove_tree(directory)
            os._exit(0)
        self.removers.add(remover)

    def leave(self) -> None:
        """The runner is gone: end every tree, reap it, remove its directory, and the runner's own at last."""
        self.alone = True
        self.poll.unregister(self.control)
        give_up_at = time.monotonic() + 10
        while (self.trials or self.removers) and (now := time.monotonic()) < give_up_at:
            for trial in list(self.trials.values()):
                trial.kill("killed", now)
            for descriptor, _ in self.poll.poll(50):
                if descriptor in self.by_status:
                    self.hear(self.by_status[descriptor])
            self.reap()
        while children(os.getpid()):
            self.sweep_orphans()
            self.reap()
            self.poll.poll(10)


def main() -> None:
    """Serve the runner at the other end of the socket whose descriptor is the second argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    with contextlib.suppress(OSError):
        os.nice(-10)  # to get a turn while a fork bomb goes off
    control = socket.socket(fileno=int(sys.argv[2]))
    control.set_inheritable(False)
    control.setblocking(False)
    run_directory = sys.argv[3]
    Launcher(control).run()
    remove_tree(run_directory)
