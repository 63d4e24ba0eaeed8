"""
Locks that vanish with their holders.

They are `flock` locks: they belong to an open file, so that a killed process
loses its own, a child that inherits the descriptor keeps it, and they hold
between containers that share a directory. No process id is ever compared.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path

from guildhall.db.embedded.account import Account

POLL_S = 0.02
"""How long to wait between two looks at a lock or at the server."""


class FileLock:
    """
    One open lock file; created if need be, owned by `owner`, and not inherited by programs.

    Two locks on one file exclude each other even within a process.
    """

    def __init__(self, path: Path, owner: Account | None = None) -> None:
        self.path = path
        self._pid = os.getpid()
        self.descriptor = _opened(path, owner)

    def try_take(self, *, shared: bool = False) -> bool:
        """
        Take it, or change what is held, without waiting; False if somebody else's lock forbids it.

        A change from shared to exclusive gives up the shared lock even where it
        fails. So of several holders that try it, exactly the last succeeds.
        """
        try:
            fcntl.flock(self.descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def take(self, *, shared: bool = False, until: float) -> bool:
        """Take it, waiting until `until` on the monotonic clock at the longest; whether it was got."""
        while not self.try_take(shared=shared):
            if time.monotonic() >= until:
                return False
            time.sleep(POLL_S)
        return True

    def is_open(self) -> bool:
        """Whether it has not been closed."""
        return self.descriptor >= 0

    def is_ours(self) -> bool:
        """Whether this process opened it, rather than the one it was forked from."""
        return self._pid == os.getpid()

    def close(self) -> None:
        """
        Let go of the file, and of the lock unless a child inherited the descriptor.

        In a forked copy of the process the lock stays with the original.
        """
        if self.is_open():
            os.close(self.descriptor)
            self.descriptor = -1

    def release(self) -> None:
        """Give up the lock for every process that inherited it, and close the file."""
        if self.is_open() and self.is_ours():
            with contextlib.suppress(OSError):
                fcntl.flock(self.descriptor, fcntl.LOCK_UN)
        self.close()

    def write(self, words: str) -> None:
        """Replace what the file says about its holder."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, words.encode(), 0)


def _opened(path: Path, owner: Account | None) -> int:
    """Only a file that we have just made is given away, so that root is not lured into giving away another's."""
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.open(path, flags)
    if owner:
        os.fchown(descriptor, owner.uid, owner.gid)
    return descriptor
