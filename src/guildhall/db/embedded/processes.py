"""
The server's processes, found by the mark that each start gives them.

PostgreSQL shows its `cluster_name` in the title of every process, and titles
can be read across accounts (open files, in most containers, cannot). The mark
is random per start, so that a process id used again is never mistaken.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Family:
    """The processes of one start: the postmaster, and those it made."""

    postmaster: int | None = None
    children: list[int] = field(default_factory=list)


def family(mark: str) -> Family:
    """The living processes that carry this mark, as far as this pid namespace shows them."""
    found = Family()
    if not mark:
        return found
    for pid, title in _titles():
        if title.startswith(f"postgres: {mark}:"):
            found.children.append(pid)
        elif f"cluster_name={mark}" in title and "postgres" in title:
            found.postmaster = pid
    return found


def end_orphans(mark: str, *, kill: bool) -> bool:
    """
    End server processes whose postmaster is gone; whether there were any.

    A postmaster that was killed leaves them busy until their statement ends,
    and no other may start before. SIGQUIT is what a postmaster in a hurry
    sends (they exit without cleaning up, as recovery follows); `kill` insists.
    """
    left = family(mark)
    if left.postmaster is not None or not left.children:
        return False
    for pid in left.children:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL if kill else signal.SIGQUIT)
    return True


def serves(pid: int, cluster: Path) -> bool:
    """Whether a process is a postmaster of this very directory, started by whomever."""
    titles = (title for other, title in _titles() if other == pid)
    return any(f" {cluster} " in f"{title} " and "/postgres -D" in title for title in titles)


def holders(path: Path) -> tuple[int, ...]:
    """The processes that have this file open, as far as we may see."""
    try:
        wanted = path.stat()
    except OSError:
        return ()
    return tuple(sorted(pid for pid in _pids() if _has_open(pid, wanted)))


def _has_open(pid: int, wanted: os.stat_result) -> bool:
    with contextlib.suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if os.path.samestat(descriptor.stat(), wanted):
                    return True
    return False


def _pids() -> Iterator[int]:
    if Path("/proc/self").exists():
        yield from (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())


def _titles() -> Iterator[tuple[int, str]]:
    if Path("/proc/self/cmdline").exists():
        for pid in _pids():
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes()
                yield pid, os.fsdecode(words.replace(b"\0", b" "))
        return
    listed = subprocess.run(["/bin/ps", "-axww", "-o", "pid=,command="], capture_output=True, check=False)
    for line in os.fsdecode(listed.stdout).splitlines():
        number, _, title = line.strip().partition(" ")
        if number.isdecimal():
            yield int(number), title
