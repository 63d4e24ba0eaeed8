"""What the standard library does not say to the kernel: namespaces, mounts, and who dies with whom."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import resource
import signal
import socket
import struct
from typing import Any

CLONE_NEWNS = 0x0002_0000
CLONE_NEWUTS = 0x0400_0000
CLONE_NEWIPC = 0x0800_0000
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWNET = 0x4000_0000

_SYS_CLONE = {"x86_64": 56, "aarch64": 220, "riscv64": 220}
_SYS_OPEN_TREE, _SYS_MOVE_MOUNT, _SYS_MOUNT_SETATTR = 428, 429, 442  # the same on every architecture
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 36, 38
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REC, _MS_PRIVATE = 2, 4, 8, 16384, 1 << 18
_ATTR_RDONLY, _ATTR_NOSUID = 1, 2
_AT_FDCWD, _AT_RECURSIVE, _OPEN_TREE_CLONE, _MOVE_FROM_FD = -100, 0x8000, 1, 4

# PyDLL keeps the interpreter's lock, so that a clone is as safe as os.fork.
_libc = ctypes.PyDLL(None, use_errno=True)


class StepFailed(Exception):
    """A step of the preparation was refused by the system."""

    def __init__(self, step: str, number: int) -> None:
        super().__init__(f"{step}: {os.strerror(number)}")
        self.step, self.number = step, number


def _call(step: str, result: int) -> int:
    if result < 0:
        raise StepFailed(step, ctypes.get_errno())
    return result


def prctl(option: int, value: int) -> None:
    """Set one property of this process."""
    _call("prctl", _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0))


def clone(flags: int) -> int:
    """Fork into new namespaces. As `os.fork`: 0 in the child, its pid in the parent."""
    if not flags:
        return os.fork()
    number = _SYS_CLONE.get(os.uname().machine)
    if number is None:
        raise StepFailed("clone", errno.ENOSYS)
    api = ctypes.pythonapi
    api.PyOS_BeforeFork()
    pid = int(_libc.syscall(number, ctypes.c_ulong(flags | signal.SIGCHLD), None, None, None, None))
    number = ctypes.get_errno()
    if pid == 0:
        api.PyOS_AfterFork_Child()
        return 0
    api.PyOS_AfterFork_Parent()
    if pid < 0:
        raise StepFailed("clone", number)
    return pid


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def mount_proc() -> None:
    """Show the processes of this namespace in /proc, and no others."""
    _mount("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)


def map_ids(inside_uid: int, inside_gid: int, outside_uid: int, outside_gid: int) -> None:
    """In a new user namespace, be the first pair of ids in the eyes of what runs there."""
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{inside_uid} {outside_uid} 1")
    _write("/proc/self/gid_map", f"{inside_gid} {outside_gid} 1")


def _mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    encoded = [None if text is None else text.encode() for text in (source, target, kind, options)]
    result = _libc.mount(encoded[0], encoded[1], encoded[2], ctypes.c_ulong(flags), encoded[3])
    _call(f"mount {target}", result)


def _set_attributes(path: str, add: int, remove: int, flags: int = 0) -> None:
    attributes = struct.pack("=QQQQ", add, remove, 0, 0)
    result = _libc.syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, path.encode(), flags, attributes, len(attributes))
    _call(f"mount_setattr {path}", result)


def _detach(path: str) -> int:
    """A copy of what is mounted at and below a directory, for use in another place."""
    flags = _OPEN_TREE_CLONE | os.O_CLOEXEC | _AT_RECURSIVE
    return _call(f"open_tree {path}", _libc.syscall(_SYS_OPEN_TREE, _AT_FDCWD, path.encode(), flags))


def _attach(tree: int, path: str, writable: bool) -> None:
    result = _libc.syscall(_SYS_MOVE_MOUNT, tree, b"", _AT_FDCWD, path.encode(), _MOVE_FROM_FD)
    _call(f"move_mount {path}", result)
    os.close(tree)
    if writable:
        _set_attributes(path, _ATTR_NOSUID, _ATTR_RDONLY)
    else:
        _set_attributes(path, _ATTR_RDONLY | _ATTR_NOSUID, 0, _AT_RECURSIVE)


def arrange_files(view: dict[str, Any]) -> None:
    """
    Give this mount namespace a read-only view of the system.

    `covers` are pairs of a directory and what is seen in its place: another
    directory, to which may be written, a number of bytes to use in memory, or
    nothing when None. `keeps` stay visible under their own names even below a
    cover. `writable` may be written; all the rest may not, unless `read_only` is
    false: then only the keeps may not. All are directories.
    """
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    covers = [(path, instead) for path, instead in view["covers"] if os.path.isdir(path)]
    moved = [_detach(instead) if isinstance(instead, str) else -1 for _, instead in covers]
    writable = set(view["writable"])
    kept = {path: _detach(path) for path in sorted({*view["keeps"], *writable})}  # outer before inner
    if view["read_only"]:
        _set_attributes("/", _ATTR_RDONLY | _ATTR_NOSUID, 0, _AT_RECURSIVE)
    for (path, instead), tree in zip(covers, moved, strict=True):
        if isinstance(instead, str):
            _attach(tree, path, writable=True)
        elif os.path.isdir(path):
            options = "mode=755,size=64k" if instead is None else f"mode=1777,size={instead}"
            _mount("tmpfs", path, "tmpfs", _MS_NOSUID | _MS_NODEV, options)
    for path, tree in kept.items():
        os.makedirs(path, exist_ok=True)
        _attach(tree, path, path in writable)


def raise_loopback() -> None:
    """A fresh network namespace has its loopback down, and programs talk to themselves."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        fcntl.ioctl(probe, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running


def limit(which: int, soft: int | None, hard: int | None = None) -> None:
    """Lower a resource limit; None leaves it, and what is already lower stays."""
    if soft is None:
        return
    present = resource.getrlimit(which)[1]
    ceiling = soft if hard is None else hard
    if present != resource.RLIM_INFINITY:
        soft, ceiling = min(soft, present), min(ceiling, present)
    resource.setrlimit(which, (soft, ceiling))


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    """Send a signal to a process that may be gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
