"""
The directories in which trials live, one per runner, and what removes them when nobody else did.

A runner and its launcher hold a lock on the `lock` file of their directory.
Whoever can take that lock has found the remains of a runner that is gone.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from pathlib import Path

from .launcher.trees import remove_tree

_HALF_MADE_S = 3600


class RunDirectory:
    """A directory that is ours while this object, or a process that inherited `lock`, lives."""

    def __init__(self, root: Path) -> None:
        """
        Make a directory below `root`, locked.

        Raises:
            OSError: It cannot be made there.
        """
        root.mkdir(parents=True, exist_ok=True, mode=0o711)
        token = f"{os.getpid()}-{secrets.token_hex(4)}"
        unborn = root / f".new-{token}"
        unborn.mkdir(mode=0o711)
        self.lock = os.open(unborn / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.path = unborn.rename(root / f"run-{token}")  # only now may a sweep look at it

    def remove(self) -> None:
        """Remove it with all that is in it, and let go of the lock."""
        remove_tree(str(self.path))
        os.close(self.lock)


def sweep(root: Path) -> int:
    """Remove the directories of runners that are gone; how many there were. Never touches one in use."""
    removed = 0
    if not root.is_dir():
        return 0
    for path in (*root.glob("run-*"), *root.glob(".new-*")):
        try:
            lock = os.open(path / "lock", os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            if _age_s(path) > _HALF_MADE_S:
                removed += remove_tree(str(path))
            continue
        except OSError:  # another user's
            continue
        try:
            if path.name.startswith(".new-") and _age_s(path) < _HALF_MADE_S:
                continue
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            removed += remove_tree(str(path))
        except BlockingIOError:
            continue
        finally:
            os.close(lock)
    return removed


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
