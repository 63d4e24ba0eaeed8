"""
The life of the server: started by the first user, stopped by the last.

Three locks carry it (see `house`). A user holds `users.lock` shared; on leaving
it tries to take it exclusively, and who succeeds was the last. Starting and
explicit stopping are one at a time under `start.lock`. `server.lock` is
inherited by every process of the server. Locks vanish with their holders, so
nothing has to be tidied after `kill -9`. Whether the server lives is found by
connecting.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from guildhall.db.embedded import cluster, processes
from guildhall.db.embedded.binaries import binaries_for
from guildhall.db.embedded.errors import (
    NoRoomLeft,
    ServerDidNotStart,
    ServerDidNotStop,
    ServerOutOfReach,
    ServerStillStarting,
)
from guildhall.db.embedded.house import House, existing_house, explained, is_full, made_house
from guildhall.db.embedded.locks import POLL_S, FileLock
from guildhall.db.embedded.probe import PORT, Answer, State, ask, run

_LIMIT_S = 60.0
"""How long a start or a stop may take: recovery after a crash is slow, and so is writing everything on a slow disk."""

_PATIENCE_S = 5.0
"""How long orphans get to follow SIGQUIT before SIGKILL; the same as a postmaster's own."""


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What can be seen of an embedded server from outside."""

    running: bool
    """It takes connections."""
    state: str
    """ready · starting (or stopping, or silent) · stopped · none (there is no database yet)"""
    data_dir: Path
    socket_dir: Path
    """Where it listens: the `host` of a connection string."""
    log: Path
    pid: int | None = None
    """The postmaster; None where it is not visible, as in another container."""
    version: str | None = None
    """As the running server says, such as 18.4."""
    account: str | None = None
    """The account it runs as, where that is not the caller."""
    users: tuple[int, ...] = ()
    """The processes that use it, as far as this process may see."""
    kept: bool = False
    """It stays when its last user leaves, until it is stopped."""


class EmbeddedServer:
    """
    One user's hold on a running server, from `start` until `close`.

    While any process holds one, no other stops the server by leaving. A
    process that is killed loses its hold; the next to leave stops the server.
    """

    def __init__(self, house: House, hold: FileLock, version: str) -> None:
        self._house = house
        self._hold = hold
        self.data_dir = house.data_dir
        self.socket_dir = house.socket_dir()
        self.version = version

    def url(self, user: str = "postgres", database: str = "postgres") -> str:
        """One line that any PostgreSQL client accepts; good as long as the server runs."""
        return _url(self.socket_dir, user, database)

    def keep_running(self) -> None:
        """Let this server outlive its users, until `stop`."""
        self._house.keep(kept=True)

    def close(self) -> None:
        """
        Leave, and stop the server cleanly if nobody else uses it; a second call does nothing.

        Raises:
            ServerDidNotStop: It still runs after a minute.
        """
        _leave(self._house, self._hold)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start(data_dir: Path, *, settings: Mapping[str, str] | None = None, wait_s: float = _LIMIT_S) -> EmbeddedServer:
    """
    Use the server of a data directory, starting it if it does not run, making it if there is none.

    Returns when it answers. Blocks; from asyncio call it by `to_thread`.
    `settings` go to the server if this call starts it, above all others.

    Raises:
        EmbeddedServerUnavailable: One of its subclasses, each with its remedy.
    """
    until = time.monotonic() + wait_s
    house = made_house(data_dir)
    with explained(house.root):
        hold = FileLock(house.users_lock, house.account)
    try:
        if not hold.take(shared=True, until=until):  # the last user is stopping the server, and takes its time
            raise ServerOutOfReach(house.root, house.socket_dir(), None)
        answer = _brought_up(house, settings or {}, until, wait_s)
    except (ServerStillStarting, ServerOutOfReach):  # there is a server, and not one that we should meddle with
        hold.release()
        raise
    except BaseException:
        _leave(house, hold)
        raise
    return EmbeddedServer(house, hold, answer.version)


def stop(data_dir: Path, *, wait_s: float = _LIMIT_S) -> bool:
    """
    Stop the server cleanly, whoever uses it; whether one ran.

    Raises:
        ServerDidNotStop: It still runs after `wait_s`.
        ServerOutOfReach: It runs where it cannot be told to stop, or is being started.
    """
    until = time.monotonic() + wait_s
    house = existing_house(data_dir)
    if house is None:
        return False
    with explained(house.root):
        starting = FileLock(house.start_lock, house.account)
    try:
        if not starting.take(until=until):
            raise ServerOutOfReach(house.root, house.socket_dir(), None)
        return _stopped(house, until, wait_s)
    finally:
        starting.release()


def status(data_dir: Path) -> ServerStatus:
    """What there is, without starting, making or changing anything."""
    house = existing_house(data_dir)
    if house is None:
        nothing = House(data_dir.expanduser().absolute())
        return ServerStatus(False, "none", nothing.data_dir, nothing.socket_dir(), nothing.log)
    answer = ask(house.socket_dir())
    seen = processes.family(house.mark())
    if answer.state is State.ABSENT and seen.postmaster is None:
        state = "stopped" if house.cluster.is_dir() else "none"
    else:
        state = "ready" if answer.state is State.READY else "starting"
    return ServerStatus(
        running=answer.state is State.READY,
        state=state,
        data_dir=house.data_dir,
        socket_dir=house.socket_dir(),
        log=house.log,
        pid=answer.pid or seen.postmaster,
        version=answer.version or None,
        account=house.account.name if house.account else None,
        users=processes.holders(house.users_lock),
        kept=house.is_kept(),
    )


def _brought_up(house: House, settings: Mapping[str, str], until: float, wait_s: float) -> Answer:
    answer = ask(house.socket_dir(), timeout_s=until - time.monotonic())
    if answer.state is State.READY:
        cluster.prune_logs(house)
        return answer
    with explained(house.root):
        starting = FileLock(house.start_lock, house.account)
    try:
        if not starting.take(until=until):
            raise ServerStillStarting(house.root, wait_s)
        return _launched(house, starting, settings, until, wait_s)
    finally:
        starting.release()


def _launched(house: House, starting: FileLock, settings: Mapping[str, str], until: float, wait_s: float) -> Answer:
    """Wait until the server answers; launch it once if nobody holds its lock."""
    launched = False
    orphans_since: float | None = None
    while True:
        answer = ask(house.socket_dir(), timeout_s=until - time.monotonic())
        if answer.state is State.READY:
            return answer
        with explained(house.root):
            held = FileLock(house.server_lock, house.account)
        try:
            if held.try_take():
                if launched:  # its lock is free again: it has ended
                    words = cluster.last_words(house)
                    raise NoRoomLeft(house.root, words) if is_full(words) else ServerDidNotStart(house.root, words)
                programs = binaries_for(house.account, house.data_dir)
                cluster.initialise(house, programs, starting, sync=settings.get("fsync") != "off")
                cluster.launch(house, programs, held, settings)
                launched = True
            elif answer.state is State.ABSENT:
                now = time.monotonic()
                orphans_since = orphans_since or now
                if not processes.end_orphans(house.mark(), kill=now - orphans_since > _PATIENCE_S):
                    orphans_since = None
        finally:
            held.close()  # not released: the server has it now
        if time.monotonic() >= until:
            raise _too_late(house, answer, wait_s)
        time.sleep(POLL_S)


def _too_late(house: House, answer: Answer, wait_s: float) -> ServerStillStarting | ServerOutOfReach:
    if answer.state is State.NOT_YET:
        return ServerStillStarting(house.root, wait_s)
    return ServerOutOfReach(house.root, house.socket_dir(), processes.family(house.mark()).postmaster)


def _leave(house: House, hold: FileLock) -> None:
    """Give up the hold; the last to do so stops the server while still keeping newcomers out."""
    if hold.is_open():
        try:
            if hold.is_ours() and hold.try_take() and not house.is_kept():
                _stopped(house, time.monotonic() + _LIMIT_S, _LIMIT_S)
        finally:
            hold.release()


def _stopped(house: House, until: float, wait_s: float) -> bool:
    """Stop the server and wait until its last process is gone; whether there was one."""
    told: set[int] = set()
    orphans_since: float | None = None
    socket_dir = house.socket_dir()
    while True:
        answer = ask(socket_dir, timeout_s=until - time.monotonic())
        if answer.state is State.ABSENT and _is_free(house):
            house.keep(kept=False)
            house.forget_socket_dir(socket_dir)
            return bool(told) or orphans_since is not None
        pid = answer.pid or processes.family(house.mark()).postmaster
        if pid:
            if pid not in told:
                cluster.interrupt(pid)
            told.add(pid)
        elif answer.state is State.READY:  # in another container: let the server do it itself
            run(socket_dir, "COPY (SELECT 1) TO PROGRAM 'kill -INT $(head -n 1 postmaster.pid)'")
            told.add(0)
        else:
            now = time.monotonic()
            orphans_since = orphans_since or now
            processes.end_orphans(house.mark(), kill=now - orphans_since > _PATIENCE_S)
        if time.monotonic() >= until:
            raise ServerDidNotStop(house.root, pid, wait_s)
        time.sleep(POLL_S)


def _is_free(house: House) -> bool:
    """Whether no process of a server is left."""
    with explained(house.root):
        lock = FileLock(house.server_lock, house.account)
    try:
        return lock.try_take()
    finally:
        lock.release() if lock.is_ours() else lock.close()


def _url(socket_dir: Path, user: str, database: str) -> str:
    host = quote(str(socket_dir), safe="/")
    return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?host={host}&port={PORT}"
