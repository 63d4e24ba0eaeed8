"""
How a program is kept apart from the rest of the system, from best to least.

*Bubblewrap* and *namespaces* both give it a view of its own of files, processes
and network; *process* leaves it a user's process among others, with limits.
What is not possible is left out, and `held` says so.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import math
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guildhall import clock

from . import preparation
from .launcher import kernel
from .preparation import Place
from .types import Isolation, Limits, Program

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store", "/gnu/store")
_SETTINGS = (
    *("alternatives", "ca-certificates", "ca-certificates.conf", "group", "gai.conf", "hosts", "java-17-openjdk"),
    *("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types", "nsswitch.conf", "passwd", "pki"),
    *("protocols", "resolv.conf", "services", "ssl", "terminfo", "timezone"),
)
_SHARED_MEMORY_BYTES = 64 << 20
_NOBODY = 65_534
_BUBBLEWRAPS_OWN = 2
_HIGHEST_PRIORITY = -10
"""Programs of a runner that is above have this, so that the launcher stays above them while a fork bomb goes off."""
_SLACK_TASKS = 1024
_COUNT_LASTS_MS = 5_000

_counted = (-math.inf, 0)

# In bubblewrap's user namespace, where the count begins anew. Shells differ in the letter.
_BOUND = 'ulimit -u "$1" 2>/dev/null || ulimit -p "$1" 2>/dev/null; shift; exec "$@"'


@dataclass(frozen=True, slots=True)
class Method:
    """One way to isolate. `flags` are the namespaces the launcher opens; `view` says whether it arranges files."""

    name: Isolation
    flags: int = 0
    view: bool = False
    bubblewrap: str | None = None
    own_uid: bool = False

    @property
    def network_off(self) -> bool:
        """Whether a program that may not use the network cannot."""
        return self.bubblewrap is not None or bool(self.flags & kernel.CLONE_NEWNET)

    def separate_count(self, flags: int) -> bool:
        """Whether a kernel that counts processes per user namespace counts this program's apart from others."""
        return os.geteuid() != 0 and (self.bubblewrap is not None or bool(flags & kernel.CLONE_NEWUSER))

    @property
    def tree_kill(self) -> str:
        """What makes sure that no process is left."""
        kept = self.bubblewrap is not None or self.flags & kernel.CLONE_NEWPID
        return "pid namespace" if kept else "subreaper sweep"


def methods(wanted: Isolation | None) -> Iterator[Method]:
    """What to try, best first; only one kind of it where one is insisted on."""
    root = os.geteuid() == 0
    everything = kernel.CLONE_NEWPID | kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
    off = kernel.CLONE_NEWNET
    bubblewrap = shutil.which("bwrap")
    if wanted in (None, "bubblewrap") and bubblewrap is not None:
        if root:
            yield Method("bubblewrap", kernel.CLONE_NEWNS, view=True, bubblewrap=bubblewrap, own_uid=True)
            yield Method("bubblewrap", bubblewrap=bubblewrap, own_uid=True)
        yield Method("bubblewrap", bubblewrap=bubblewrap)
    if wanted in (None, "namespaces"):
        for view, flags in ((True, everything | off), (False, everything | off), (False, everything)):
            if root:
                yield Method("namespaces", flags, view, own_uid=True)
            yield Method("namespaces", flags | kernel.CLONE_NEWUSER, view)
    if wanted in (None, "process"):
        if root:
            yield Method("process", own_uid=True)
        yield Method("process")


@dataclass(frozen=True, slots=True)
class Plan:
    """What the launcher is asked to do, and what will then hold."""

    program: Program
    """With its directory made absolute."""
    request: dict[str, Any]
    held: dict[str, str | int | bool]
    copy: bool
    """The agent's directory is copied for the trial."""
    shell_status: bool
    """The exit code stands for a signal when it is above 128."""


def plan(
    method: Method,
    program: Program,
    limits: Limits,
    place: Place,
    *,
    sandbox_id: str,
    hidden: tuple[Path, ...],
) -> Plan:
    """
    Decide how this program is run.

    Raises:
        ProgramNotRunnable: The program does not exist or is described wrongly.
    """
    if program.directory is not None:
        program = dataclasses.replace(program, directory=program.directory.absolute())
    variables = preparation.environment(program, place, sandbox_id)
    executable = preparation.locate(program, variables, place)
    needed = preparation.needs(executable, program, variables)
    closed, copy = _obstacle(method, program, place, needed) if method.own_uid else (None, False)
    drop = method.own_uid and closed is None
    flags = method.flags
    view = method.view
    if method.own_uid and not drop and method.bubblewrap is not None:
        flags, view = 0, False  # bubblewrap has its own way to take root's powers away
    elif method.own_uid and not drop and flags:
        flags |= kernel.CLONE_NEWUSER
    if program.network:
        flags &= ~kernel.CLONE_NEWNET
    if copy and program.directory is not None:
        if executable.is_relative_to(program.directory):
            executable = place.agent / executable.relative_to(program.directory)
        variables["GUILDHALL_AGENT_DIR"] = str(place.agent)
    elif program.directory is not None:
        needed += [program.directory, program.directory.resolve()]
    argv = [str(executable), *program.argv[1:]]
    if method.bubblewrap is not None:
        bound = limits.processes if os.geteuid() != 0 else None  # the kernel counts nothing against root
        argv = _bubblewrap(method.bubblewrap, argv, program, place, needed, hidden, bound)
    request: dict[str, Any] = {
        "op": "start",
        "argv": argv,
        "env": variables,
        "cwd": str(place.work),
        "directory": str(place.directory),
        "namespaces": flags,
        "own_uid": drop,
        "ids": [*_inside_ids(), os.geteuid(), os.getegid()],
        "niceness": max(os.getpriority(os.PRIO_PROCESS, 0), _HIGHEST_PRIORITY),
        "view": _view(method, program, place, needed, hidden, drop) if view else None,
        "limits": {
            "wall_ms": limits.wall_ms,
            "cpu_seconds": limits.cpu_seconds,
            "memory_bytes": limits.memory_bytes,
            # Looking is what enforces memory. This stops one process from outrunning the looks, and leaves
            # room for runtimes that reserve far more than they use.
            "data_bytes": None if limits.memory_bytes is None else limits.memory_bytes * 4 + (1 << 30),
            "file_bytes": limits.file_bytes,
            "open_files": limits.open_files,
            "disk_bytes": limits.disk_bytes,
        },
    }
    counted = drop or (method.separate_count(flags) and _kernel() >= (5, 14))
    if limits.processes is not None:
        if not counted:
            request["limits"]["watched_tasks"] = limits.processes
        if drop or (method.bubblewrap is None and counted):
            request["limits"]["tasks"] = limits.processes + (_BUBBLEWRAPS_OWN if method.bubblewrap else 0)
        elif os.geteuid() != 0:
            request["limits"]["tasks"] = tasks_of_user() + limits.processes + _SLACK_TASKS
    held = _held(method, program, limits, drop=drop, closed=closed, counted=counted)
    return Plan(program, request, held, copy, method.bubblewrap is not None)


def _obstacle(method: Method, program: Program, place: Place, needed: list[Path]) -> tuple[Path | None, bool]:
    """
    What keeps a stranger from running this program, if anything, and whether its directory must be copied for him.

    Where files are arranged, closed directories on the way are no obstacle.
    """
    for path in needed:
        closed = preparation.closed_part(path)
        if closed is not None and not (method.view and closed != path):
            return closed, False
    closed = preparation.closed_part(place.directory.parent, passing=True)
    if closed is not None and not method.view:
        return closed, False
    agent = program.directory
    if agent is None:
        return None, False
    closed = preparation.closed_part(agent)
    if (closed is None or (method.view and closed != agent)) and preparation.open_to_strangers(agent):
        return None, False
    if (method.bubblewrap is None or method.view) and preparation.small_enough_to_copy(agent):
        return None, True
    return closed or agent, False


def tasks_of_user() -> int:
    """
    How many processes and threads this user has on the system, all in all.

    The kernel counts these together, so a limit for a program that shares the
    user must leave room for them. It only keeps a fork bomb within reach of
    those who watch; those hold the limit itself.
    """
    global _counted  # noqa: PLW0603 — looking through /proc for every trial would cost more than starting it
    now = clock.monotonic_ms()
    if now - _counted[0] < _COUNT_LASTS_MS:
        return _counted[1]
    uid, total = os.geteuid(), 0
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            with contextlib.suppress(OSError, ValueError):
                if entry.stat().st_uid == uid:
                    total += int(Path(entry.path, "stat").read_bytes().rpartition(b")")[2].split()[17])
    _counted = (now, total)
    return total


def _kernel() -> tuple[int, int]:
    major, minor = os.uname().release.split(".")[:2]
    return int(major), int("".join(itertools.takewhile(str.isdigit, minor)) or 0)


def _inside_ids() -> tuple[int, int]:
    return (_NOBODY, _NOBODY) if os.geteuid() == 0 else (os.geteuid(), os.getegid())


def _held(
    method: Method, program: Program, limits: Limits, *, drop: bool, closed: Path | None, counted: bool
) -> dict[str, str | int | bool]:
    apart = method.bubblewrap is not None or method.view
    if drop:
        user = "an unprivileged user of its own"
    elif os.geteuid() != 0:
        user = "the runner's user"
    elif method.bubblewrap is not None or method.flags & kernel.CLONE_NEWUSER:
        user = "root without privileges (user namespace)"
    else:
        user = "root"
    if closed is not None:
        user += f": {closed} is closed to others"
    held: dict[str, str | int | bool] = {
        "isolation": method.name,
        "tree_kill": method.tree_kill,
        "network": "on: asked for" if program.network else "off" if method.network_off else "on: not permitted here",
        "user": user,
        "files": "read-only system, private /tmp" if apart else "as the user may",
        "wall_ms": limits.wall_ms,
        "output_bytes": limits.output_bytes,
    }
    for name, how, limit in (
        ("memory", "watched", limits.memory_bytes),
        ("cpu", "watched", limits.cpu_seconds),
        ("file_size", "rlimit", limits.file_bytes),
        ("processes", "rlimit" if counted else "watched", limits.processes),
        ("open_files", "rlimit", limits.open_files),
        ("disk", "watched", limits.disk_bytes),
    ):
        held[name] = "no limit" if limit is None else f"{how}: {limit}"
    return held


def _view(
    method: Method, program: Program, place: Place, needed: list[Path], hidden: tuple[Path, ...], drop: bool
) -> dict[str, Any]:
    """See `launcher.kernel.arrange_files`. Bubblewrap needs no more of it than a way through closed directories."""
    alone = method.bubblewrap is None
    covers: list[tuple[str, str | int | None]] = [(str(path), None) for path in hidden]
    needed = [path for path in (*needed, *preparation.runner_python()) if path.is_dir()]
    if drop:
        for path in (*needed, place.directory.parent):
            closed = preparation.closed_part(path, passing=True)
            if closed is not None and closed != path:
                covers.append((str(closed), None))
    if alone:
        if not program.network:
            covers.append(("/run", None))  # sockets of services, which no network namespace keeps away
        covers += [("/dev/shm", _SHARED_MEMORY_BYTES), ("/tmp", str(place.tmp)), ("/var/tmp", str(place.tmp))]
    below = [path for path in needed if any(path.is_relative_to(cover) for cover, _ in covers)]
    keeps = [str(path) for path in preparation.outermost(below)]
    return {"covers": covers, "keeps": keeps, "writable": [str(place.directory)], "read_only": alone}


def _bubblewrap(
    path: str,
    argv: list[str],
    program: Program,
    place: Place,
    needed: list[Path],
    hidden: tuple[Path, ...],
    processes: int | None,
) -> list[str]:
    """The program as bubblewrap's argument: everything unshared, the system read-only, little else visible."""
    words = [path, "--unshare-all", "--die-with-parent", "--new-session", "--hostname", "sandbox"]
    if program.network:
        words.append("--share-net")
    if os.geteuid() == 0:
        words += ["--uid", str(_NOBODY), "--gid", str(_NOBODY)]
    for name in _SYSTEM:
        if Path(name).is_symlink():
            words += ["--symlink", str(Path(name).readlink()), name]
        else:
            words += ["--ro-bind-try", name, name]
    for name in _SETTINGS:
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for each in hidden:
        if each.is_dir() and any(each.is_relative_to(name) for name in _SYSTEM):
            words += ["--tmpfs", str(each)]
    words += ["--proc", "/proc", "--dev", "/dev", "--size", str(_SHARED_MEMORY_BYTES), "--tmpfs", "/dev/shm"]
    words += ["--bind", str(place.tmp), "/tmp"]
    visible = (*needed, *preparation.runner_python())
    for each in preparation.outermost(path for path in visible if path.is_dir()):
        if not any(each.is_relative_to(name) for name in _SYSTEM):
            words += ["--ro-bind-try", str(each), str(each)]
    words += ["--bind", str(place.directory), str(place.directory), "--chdir", str(place.work)]
    words += ["--remount-ro", "/dev", "--remount-ro", "/", "--"]  # both are in memory, which nobody counts
    if processes is not None:
        words += ["/bin/sh", "-c", _BOUND, "sh", str(processes)]
    return [*words, *argv]
