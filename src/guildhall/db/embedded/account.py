"""
The account that the server runs as.

An ordinary user's server is a process of that user. PostgreSQL refuses to run
as root, so root's server runs as an unprivileged account: the owner of the
database directory if there is one already, else `guildhall` (made if it can
be), `postgres` or `nobody`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from guildhall.db.embedded.errors import AccountMissing

NAME = "guildhall"


class Credentials(TypedDict, total=False):
    """Arguments of `subprocess.Popen` that make the child another account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """An account other than the caller's, to which the server's processes change."""

    name: str
    uid: int
    gid: int

    def credentials(self) -> Credentials:
        """How to start a child as this account, with this account's groups and no other."""
        try:
            groups = os.getgrouplist(self.name, self.gid)
        except OSError:
            groups = [self.gid]
        return {"user": self.uid, "group": self.gid, "extra_groups": groups}

    def first_closed(self, directory: Path) -> Path | None:
        """
        The uppermost directory on the way to `directory` that this account may not enter, if any.

        Raises:
            AccountMissing: The system does not let us become this account.
        """
        way = [*reversed(directory.parents), directory]
        script = 'for d do [ -x "$d" ] || { printf %s "$d"; exit 9; }; done'
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", script, "sh", *map(str, way)],
                capture_output=True,
                check=False,
                cwd="/",
                **self.credentials(),
            )
        except OSError as exc:  # a user namespace with root alone in it
            raise AccountMissing(self.name, exc.strerror or str(exc)) from exc
        return Path(os.fsdecode(done.stdout)) if done.returncode == 9 else None


def credentials_of(account: Account | None) -> Credentials:
    """`account.credentials()`, or nothing to change where the server runs as the caller."""
    return account.credentials() if account else {}


def account_for(*directories: Path) -> Account | None:
    """
    The account to run the server as; None is the calling user, unless that is root.

    `directories` are looked at in this order: the first that exists and does
    not belong to root decides.

    Raises:
        AccountMissing: The caller is root and the system has no unprivileged account at all.
    """
    if os.geteuid() != 0:
        return None
    for directory in directories:
        if directory.exists() and (owner := directory.stat()).st_uid != 0:
            return _by_uid(owner.st_uid, owner.st_gid)
    found = _by_name(NAME) or _made() or _by_name("postgres") or _by_name("nobody")
    if found is None:
        raise AccountMissing(NAME, "the system has no such account and lets us make none")
    return found


def _by_name(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid) if entry.pw_uid != 0 else None


def _by_uid(uid: int, gid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:  # a running server needs no name; only initdb does, and says so
        return Account(str(uid), uid, gid)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _made() -> Account | None:
    """Make the account, quietly: where that cannot be done there are others."""
    useradd = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
    if useradd is None:
        return None
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    subprocess.run(
        [useradd, *options, "--shell", "/usr/sbin/nologin", NAME],
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return _by_name(NAME)  # also when another process was quicker
