"""
Is there a server? Ask it.

One start-up message of PostgreSQL's protocol (version 3.0, "Message Flow:
Start-up") answers that, and the kernel says which process listens.
"""

from __future__ import annotations

import enum
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

PORT = 5432
"""Only a part of the socket's name: there is no TCP."""

_NOT_YET = {"57P01", "57P02", "57P03"}  # admin_shutdown, crash_shutdown, cannot_connect_now
_PROTOCOL = 196608  # 3.0


class State(enum.Enum):
    """What a server said to a connection."""

    ABSENT = "absent"
    """Nobody listens."""
    NOT_YET = "not yet"
    """Somebody listens, but is starting, recovering, stopping or silent."""
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Answer:
    """The state of a server; `pid` is 0 where it is unknown or in another pid namespace."""

    state: State
    pid: int = 0
    version: str = ""


def socket_path(directory: Path) -> Path:
    """The socket that a server with this socket directory listens on."""
    return directory / f".s.PGSQL.{PORT}"


def ask(directory: Path, *, timeout_s: float = 5.0) -> Answer:
    """Connect to the server in a socket directory and log in as its superuser."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(max(timeout_s, 0.05))
        try:
            connection.connect(str(socket_path(directory)))
        except BlockingIOError:  # its queue is full
            return Answer(State.NOT_YET)
        except OSError:
            return Answer(State.ABSENT)
        pid = _listener(connection)
        try:
            return _log_in(connection, pid)
        except (OSError, EOFError):
            return Answer(State.NOT_YET, pid)


def run(directory: Path, statement: str, *, timeout_s: float = 5.0) -> None:
    """Run one statement as the superuser and do not wait for its end; for what must be done inside the server."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout_s)
        connection.connect(str(socket_path(directory)))
        _log_in(connection, 0, bye=False)
        query = statement.encode() + b"\0"
        connection.sendall(b"Q" + struct.pack("!I", len(query) + 4) + query)
        _message(connection)


def _listener(connection: socket.socket) -> int:
    """The process that listens at the other end, as the kernel knows it; 0 where it does not tell."""
    try:
        if hasattr(socket, "SO_PEERCRED"):
            pid, _, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        else:  # macOS: LOCAL_PEERPID at level SOL_LOCAL
            (pid,) = struct.unpack("i", connection.getsockopt(0, 2, 4))
    except OSError:
        return 0
    return int(pid)


def _log_in(connection: socket.socket, pid: int, *, bye: bool = True) -> Answer:
    words = b"user\0postgres\0database\0postgres\0application_name\0guildhall probe\0\0"
    connection.sendall(struct.pack("!II", len(words) + 8, _PROTOCOL) + words)
    version = ""
    while True:
        kind, body = _message(connection)
        if kind == b"E":
            # any other refusal, such as too many connections, still is an answer
            return Answer(State.NOT_YET if _sqlstate(body) in _NOT_YET else State.READY, pid, version)
        if kind == b"S" and body.startswith(b"server_version\0"):
            version = body.split(b"\0")[1].decode()
        if kind == b"Z":
            if bye:
                connection.sendall(b"X\0\0\0\4")
            return Answer(State.READY, pid, version)


def _message(connection: socket.socket) -> tuple[bytes, bytes]:
    kind, length = struct.unpack("!cI", _exactly(connection, 5))
    return kind, _exactly(connection, length - 4)


def _exactly(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise EOFError
        received += part
    return received


def _sqlstate(body: bytes) -> str:
    fields = (part for part in body.split(b"\0") if part)
    return next((part[1:].decode() for part in fields if part[:1] == b"C"), "")
