"""Process trees and directory trees: what a program uses, and what it leaves."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import stat
from collections.abc import Iterator

# No pathlib in this package: it knows no directory descriptors, and would add to what the launcher costs.

_SERIAL = itertools.count()


def remove_tree(path: str, budget: int | None = None) -> bool:
    """
    Remove a directory, however deep, and whatever its permissions. True when it is gone.

    Directories are hoisted to the top before they are emptied, so neither the
    recursion limit nor the longest path the system takes is ever met. With a
    `budget`, stop after so many entries. Somebody else may be at it, too.
    """
    try:
        if stat.S_ISDIR(os.lstat(path).st_mode):
            os.chmod(path, 0o700)
        top = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    left = float("inf") if budget is None else budget
    try:
        while names := os.listdir(top):
            for name in names:
                if left <= 0:
                    return False
                with contextlib.suppress(FileNotFoundError):
                    left -= _remove_entry(top, name, left)
        os.rmdir(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    finally:
        os.close(top)
    return True


def _remove_entry(top: int, name: str, most: float) -> int:
    """Remove a file; or empty a directory, its directories moving up to `top`, and remove it. How much that was."""
    if not stat.S_ISDIR(os.lstat(name, dir_fd=top).st_mode):
        os.unlink(name, dir_fd=top)
        return 1
    os.chmod(name, 0o700, dir_fd=top)
    inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
    done = 1
    try:
        for entry in os.listdir(inner):
            if done > most:
                return done
            with contextlib.suppress(FileNotFoundError):
                if stat.S_ISDIR(os.lstat(entry, dir_fd=inner).st_mode):
                    os.chmod(entry, 0o700, dir_fd=inner)
                    hoisted = f".hoisted-{os.getpid()}-{next(_SERIAL)}"
                    os.rename(entry, hoisted, src_dir_fd=inner, dst_dir_fd=top)
                else:
                    os.unlink(entry, dir_fd=inner)
            done += 1
    finally:
        os.close(inner)
    try:
        os.rmdir(name, dir_fd=top)
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise
        # Somebody else has just hoisted something into it; its turn comes again.
    return done


def children(pid: int) -> list[int]:
    """The children of a process; none when it is gone."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found.extend(map(int, file.read().split()))
    except OSError:
        pass
    return found


def descendants(pid: int, enough: int | None = None) -> list[int]:
    """All processes below one, parents first; with `enough`, some of those beyond that number may be missing."""
    found = children(pid)
    for each in found:
        if enough is not None and len(found) > enough:
            break
        found.extend(children(each))
    return found


class Usage:
    """What the tree below a keeper uses at this moment: memory, processor time, threads."""

    _TICKS = os.sysconf("SC_CLK_TCK")
    _PAGE = os.sysconf("SC_PAGE_SIZE")

    def __init__(self, keeper: int, enough: int | None) -> None:
        self.members = descendants(keeper, enough)
        self.tasks, self.resident_bytes, ticks = 0, 0, 0
        for pid in (keeper, *self.members):
            try:
                with open(f"/proc/{pid}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:
                continue
            ticks += int(fields[13]) + int(fields[14])  # of children already reaped
            if pid != keeper:
                ticks += int(fields[11]) + int(fields[12])
                self.tasks += int(fields[17])
                self.resident_bytes += int(fields[21]) * self._PAGE
        self.cpu_s = ticks / self._TICKS

    def memory_bytes(self, uid: int | None) -> int:
        """
        Memory with shared pages counted once: dearer to read than `resident_bytes`, and never more.

        `uid` is whose processes they are, when not ours.
        """
        total = 0
        with _acting_as(uid):
            for pid in self.members:
                try:
                    with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
                        total += next(int(line.split()[1]) for line in file if line.startswith(b"Pss:")) * 1024
                except (OSError, StopIteration):
                    continue
        return total


@contextlib.contextmanager
def _acting_as(uid: int | None) -> Iterator[None]:
    """
    Read what only that user may: in a container, root often lacks the privilege to look at others' memory.

    Only the effective ids change, so that user still has no hold on us.
    """
    if uid is None:
        yield
        return
    uid_before, gid_before = os.geteuid(), os.getegid()
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(uid_before)
        os.setegid(gid_before)


def disk_bytes(path: str, patience: int = 20_000) -> int:
    """What a directory takes up; the count stops after so many entries."""
    total, waiting = 0, [path]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                    patience -= 1
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:
            continue
        if patience < 0:
            break
    return total
