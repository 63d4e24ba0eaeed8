"""
Where the embedded server keeps its things.

    <data_dir>/                      others' things too; entered by the server's account, never changed
      binaries/<wheel version>/      a copy of the programs, only where the account needs one
      postgres-18/                   mode 0700, owned by the server's account
        cluster/                     the database
        log/                         what the server says
        guildhall.conf               settings for this machine, written at each start
        users.lock                   held shared by whoever uses the server
        start.lock                   held by whoever starts or stops it
        server.lock                  held by the server's own processes; its text is their mark
        keep                         the mark of a server that outlives its users
        .s.PGSQL.5432                the socket, unless the path is too long for one
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from guildhall.db.embedded.account import Account, account_for
from guildhall.db.embedded.binaries import MAJOR
from guildhall.db.embedded.errors import DataDirectoryOutOfReach, NoRoomLeft
from guildhall.db.embedded.probe import socket_path

_SOCKET_PATH_BYTES = 103
"""The longest path of a socket on macOS (103) and Linux (107), as bytes."""

_ELSEWHERE = "Set GUILDHALL_DATA_DIR to a directory of your own, or for root to one such as /var/lib/guildhall."


@dataclass(frozen=True, slots=True)
class House:
    """The places of one data directory, and the account that lives there (None: the calling user)."""

    data_dir: Path
    account: Account | None = None

    @property
    def root(self) -> Path:
        return self.data_dir / f"postgres-{MAJOR}"

    @property
    def cluster(self) -> Path:
        return self.root / "cluster"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def users_lock(self) -> Path:
        return self.root / "users.lock"

    @property
    def start_lock(self) -> Path:
        return self.root / "start.lock"

    @property
    def server_lock(self) -> Path:
        return self.root / "server.lock"

    def mark(self) -> str:
        """The mark of the latest start; empty if there was none."""
        return _first_line(self.server_lock)

    def is_kept(self) -> bool:
        """Whether the present server was told to outlive its users."""
        return bool(mark := self.mark()) and _first_line(self.root / "keep") == mark

    def keep(self, *, kept: bool) -> None:
        """Tell the present server to outlive its users, or no longer."""
        if kept:
            self.write(self.root / "keep", self.mark())
        else:
            (self.root / "keep").unlink(missing_ok=True)

    def socket_dir(self) -> Path:
        """Where the present server listens, as its own `postmaster.pid` says; else where the next one will."""
        with contextlib.suppress(OSError, IndexError, UnicodeError):
            recorded = (self.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()[4]
            if recorded.startswith("/"):
                return Path(recorded)
        return self._preferred_socket_dirs()[0]

    def make_socket_dir(self) -> Path:
        """
        The directory for the next server's socket: this one, or a short one of its own in the temporary directory.

        Raises:
            DataDirectoryOutOfReach: The path is too long, and no short directory could be made.
        """
        uid = self.account.uid if self.account else os.geteuid()
        for directory in self._preferred_socket_dirs():
            if directory == self.root:
                return directory
            with contextlib.suppress(OSError):
                directory.mkdir(mode=0o700)
                if self.account:
                    os.chown(directory, self.account.uid, self.account.gid, follow_symlinks=False)
            with contextlib.suppress(OSError):
                found = directory.lstat()  # the temporary directory is everybody's: trust only what is ours alone
                if stat.S_ISDIR(found.st_mode) and found.st_uid == uid and not found.st_mode & 0o077:
                    return directory
        raise DataDirectoryOutOfReach(
            self.root, "its path is too long for a socket, and no short directory can be made for one", _ELSEWHERE
        )

    def forget_socket_dir(self, directory: Path) -> None:
        """Remove the short socket directory of a server that has ended."""
        if directory != self.root and directory in self._preferred_socket_dirs():
            with contextlib.suppress(OSError):
                directory.rmdir()

    def write(self, path: Path, text: str) -> None:
        """Replace a small file of the house, whole or not at all."""
        with explained(self.root):
            descriptor, draft = tempfile.mkstemp(prefix=".draft-", dir=path.parent)
            try:
                if self.account:
                    os.fchown(descriptor, self.account.uid, self.account.gid)
                with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - it is open already
                    file.write(text)
                Path(draft).replace(path)
            except BaseException:
                Path(draft).unlink(missing_ok=True)
                raise

    def _preferred_socket_dirs(self) -> list[Path]:
        # a comma separates hosts in a connection string
        if len(os.fsencode(socket_path(self.root))) <= _SOCKET_PATH_BYTES and "," not in str(self.root):
            return [self.root]
        name = f"guildhall-{hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]}"
        places = dict.fromkeys(["/tmp", tempfile.gettempdir(), "/var/tmp"])
        short = [Path(place) / name for place in places]
        return [path for path in short if len(os.fsencode(socket_path(path))) <= _SOCKET_PATH_BYTES]


def existing_house(data_dir: Path) -> House | None:
    """
    The house in a data directory, if there is one; nothing is made or changed.

    Raises:
        DataDirectoryOutOfReach: It is another user's.
    """
    data_dir = data_dir.expanduser().absolute()
    house = House(data_dir)
    with explained(data_dir):
        if not house.root.is_dir():
            return None
        return _checked(House(data_dir, account_for(house.cluster, house.root)))


def made_house(data_dir: Path) -> House:
    """
    The house in a data directory, made if there is none.

    Directories that exist keep their owners and permissions, whatever they are.

    Raises:
        DataDirectoryOutOfReach: It cannot be made or entered, or is another user's.
        AccountMissing: The caller is root, and there is nobody to run the server as.
        NoRoomLeft: The disk is full.
    """
    data_dir = data_dir.expanduser().absolute()
    house = House(data_dir)
    with explained(data_dir):
        account = account_for(house.cluster, house.root, data_dir)
        house = House(data_dir, account)
        # root's new directories can be entered by all, as the account must; an ordinary user's by that user alone
        _make_with_parents(data_dir, 0o755 if account else 0o700)
        if account and (closed := account.first_closed(data_dir)):
            raise DataDirectoryOutOfReach(
                house.root,
                f"the account {account.name!r}, which runs PostgreSQL for root, may not enter {closed}",
                "Set GUILDHALL_DATA_DIR to a directory that every account can reach, such as /var/lib/guildhall,"
                f" or open {closed} yourself (chmod o+x).",
            )
        with contextlib.suppress(FileExistsError):
            house.root.mkdir(mode=0o700)
        found = house.root.lstat()
        if account and found.st_uid == 0 and stat.S_ISDIR(found.st_mode) and not house.cluster.exists():
            os.chown(house.root, account.uid, account.gid, follow_symlinks=False)
        return _checked(house)


def _checked(house: House) -> House:
    uid = house.account.uid if house.account else os.geteuid()
    for path in (house.root, house.cluster):
        if path.exists() and (owner := path.stat().st_uid) != uid:
            remedy = (
                f"Run guildhall as that user, or set GUILDHALL_DATA_DIR to another directory than {house.data_dir}."
            )
            if owner == 0 and house.account:
                remedy = f"Give it to {house.account.name!r}: chown -R {house.account.name} {house.root}"
            mine = house.account.name if house.account else _name_of(uid)
            raise DataDirectoryOutOfReach(path, f"it belongs to {_name_of(owner)!r}, not to {mine!r}", remedy)
    return house


def _make_with_parents(directory: Path, mode: int) -> None:
    for parent in (*reversed(directory.parents), directory):
        if not parent.is_dir():
            try:
                _make(parent, mode)
            except OSError as error:
                if not parent.is_dir():  # not made by another process that was quicker
                    raise OSError(error.errno, error.strerror, str(parent)) from error


def _make(directory: Path, mode: int) -> None:
    """
    Make a directory that has its permissions from the moment it is there.

    What mkdir is told is cut by the umask, and another process must not see it closed in between.
    """
    draft = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        draft.chmod(mode)
        draft.rename(directory)  # over an empty directory at most
    except OSError:
        draft.rmdir()
        raise


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _first_line(path: Path) -> str:
    with contextlib.suppress(OSError, UnicodeError):
        return path.read_text(encoding="utf-8").partition("\n")[0]
    return ""


@contextlib.contextmanager
def explained(directory: Path) -> Iterator[None]:
    """Turns what the file system refuses into our errors."""
    try:
        yield
    except OSError as exc:
        raise explanation(directory, exc) from exc


def explanation(directory: Path, error: OSError) -> DataDirectoryOutOfReach | NoRoomLeft:
    """Our error for what the file system said about a directory."""
    if is_full(str(error.strerror)):
        return NoRoomLeft(directory, str(error))
    return DataDirectoryOutOfReach(directory, f"{error.strerror} ({error.filename or directory})", _ELSEWHERE)


def is_full(words: str) -> bool:
    """Whether an error's words say that the disk, or a user's share of it, is full."""
    return "No space left on device" in words or "Disk quota exceeded" in words
