"""
The database directory: made whole or not at all, and checked before each start.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from guildhall.db.embedded import configuration
from guildhall.db.embedded.account import credentials_of
from guildhall.db.embedded.binaries import MAJOR
from guildhall.db.embedded.errors import (
    DataDirectoryDamaged,
    DataDirectoryOfAnotherVersion,
    NoRoomLeft,
    ServerDidNotStart,
    ServerOutOfReach,
)
from guildhall.db.embedded.house import House, explained, is_full
from guildhall.db.embedded.locks import FileLock
from guildhall.db.embedded.probe import socket_path
from guildhall.db.embedded.processes import serves

_DRAFT = "cluster.draft"
_LOGS_KEPT = 5
_WORDS = 1500
"""How much of the server's own words a message carries."""


def initialise(house: House, programs: Path, starting: FileLock, *, sync: bool = True) -> None:
    """
    Make the database directory, unless there is one.

    It is made under another name first: an interrupted attempt leaves nothing
    that could be taken for a database. initdb inherits `starting`, the start
    lock: if we are killed, the next to start waits for its end.

    Raises:
        DataDirectoryDamaged: There is something else in its place.
        DataDirectoryOfAnotherVersion: It belongs to another major version.
        NoRoomLeft, ServerDidNotStart: initdb failed.
    """
    if house.cluster.is_dir() and any(house.cluster.iterdir()):
        _check(house.cluster)
        return
    draft = house.root / _DRAFT
    shutil.rmtree(draft, ignore_errors=True)
    options = [
        *["--pgdata", str(draft), "--username", "postgres", "--encoding", "UTF8"],
        # the same order and case rules on every machine, whatever locales it has
        *["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"],
        # whoever may enter the directory of the socket is the superuser; nobody comes in by TCP
        *["--data-checksums", "--auth-local", "trust", "--auth-host", "reject", "--no-instructions"],
        *([] if sync else ["--no-sync"]),
    ]
    done = subprocess.run(
        [programs / "initdb", *options],
        stdout=subprocess.DEVNULL,  # a list of what went well
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        check=False,
        cwd="/",
        env=environment(),
        pass_fds=(starting.descriptor,),
        start_new_session=True,  # Ctrl-C is for us to answer, not for initdb to die of half-way
        **credentials_of(house.account),
    )
    if done.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        words = _end_of(os.fsdecode(done.stderr))
        raise (
            NoRoomLeft(house.root, words) if is_full(words) else ServerDidNotStart(house.root, words, program="initdb")
        )
    with explained(house.root):
        with (draft / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\ninclude '../guildhall.conf'\n")
        draft.rename(house.cluster)


def launch(house: House, programs: Path, held: FileLock, settings: Mapping[str, str]) -> None:
    """
    Start the server, which inherits `held`: the lock lasts as long as any of its processes.

    Returns at once. The server is nobody's child and in a session of its own:
    neither the end of this process nor Ctrl-C in its terminal reaches it.
    """
    _remove_stale_locks(house)
    socket_dir = house.make_socket_dir()
    mark = f"guildhall-{uuid.uuid4().hex[:12]}"
    tuning = configuration.tuning(
        memory_bytes=configuration.memory_bytes(), shared_memory_bytes=configuration.shared_memory_bytes()
    )
    with explained(house.root):
        for draft in house.root.glob(".draft-*"):  # of writers that were killed
            draft.unlink(missing_ok=True)
        held.write(mark)
        house.write(house.root / "guildhall.conf", configuration.as_file(tuning))
        prune_logs(house)
    listening = {
        "listen_addresses": "",
        "unix_socket_directories": '"' + str(socket_dir).replace('"', '""') + '"',
        "unix_socket_permissions": "0700",
        "port": "5432",
        "cluster_name": mark,
    }
    command: list[str | Path] = [
        programs / "postgres",
        "-D",
        house.cluster,
        *configuration.as_options({**settings, **listening}),
    ]
    with explained(house.root), _opened_anew(house.root / "server.out", house) as output:
        subprocess.run(
            ["/bin/sh", "-c", '"$@" &', "sh", *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=True,
            cwd="/",
            env=environment(),
            pass_fds=(held.descriptor,),
            start_new_session=True,
            **credentials_of(house.account),
        )


def last_words(house: House) -> str:
    """The end of what the latest server said, before and after it opened its log; nothing of those before it."""
    texts = []
    for path in [house.root / "server.out", *_logs(house)[-1:]]:
        with contextlib.suppress(OSError), path.open("rb") as file:
            written = path.stat()
            if written.st_mtime_ns < (house.root / "guildhall.conf").stat().st_mtime_ns:  # that is new at each launch
                continue
            file.seek(max(0, written.st_size - 4 * _WORDS))
            texts.append(file.read().decode("utf-8", "replace"))
    return _end_of("\n".join(texts))


def prune_logs(house: House) -> None:
    """Keep the newest logs, each of at most 10 MB."""
    for path in _logs(house)[:-_LOGS_KEPT]:
        with contextlib.suppress(OSError):
            path.unlink()


def _logs(house: House) -> list[Path]:
    return sorted(house.log.glob("server-*.log")) if house.log.is_dir() else []


def environment() -> dict[str, str]:
    """What PostgreSQL's programs see of ours: none of the PG… variables that would lead them elsewhere."""
    passed = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {"PATH": "/usr/bin:/bin", **passed, "LC_ALL": "C", "TZ": "UTC"}


def _check(cluster: Path) -> None:
    with explained(cluster):
        for name in ("PG_VERSION", "global/pg_control", "postgresql.conf"):
            if not (cluster / name).is_file():
                raise DataDirectoryDamaged(cluster, name)
        found = (cluster / "PG_VERSION").read_text(encoding="utf-8", errors="replace").strip()
    if found != MAJOR:
        raise DataDirectoryOfAnotherVersion(cluster, found, MAJOR)


def _remove_stale_locks(house: House) -> None:
    """
    Remove what a killed server left: PostgreSQL takes any process with the old number for that server.

    Nothing of ours lives (we hold its lock). A postmaster that somebody started by
    hand on this directory does not hold the lock; that one is left alone.
    """
    path = house.cluster / "postmaster.pid"
    socket = socket_path(house.socket_dir())
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int(path.read_text(encoding="utf-8").splitlines()[0])
        if serves(pid, house.cluster):
            raise ServerOutOfReach(house.root, house.socket_dir(), pid)
    with explained(house.root):
        for left in (path, socket, socket.with_name(f"{socket.name}.lock")):
            left.unlink(missing_ok=True)


@contextlib.contextmanager
def _opened_anew(path: Path, house: House) -> Iterator[int]:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        if house.account:
            os.fchown(descriptor, house.account.uid, house.account.gid)
        yield descriptor
    finally:
        os.close(descriptor)


def _end_of(words: str) -> str:
    words = words.strip()
    return words if len(words) <= _WORDS else "…" + words[-_WORDS:]


def interrupt(pid: int) -> None:
    """Ask a postmaster for a fast shutdown: sessions end, everything is written, nothing is recovered next time."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
