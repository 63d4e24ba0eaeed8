"""What is left when users of the embedded server, the server itself or its files come to grief."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fixtures.database import run_sql
from fixtures.servers import OtherProcess, Start
from guildhall.db import embedded
from guildhall.db.embedded.house import explanation
from guildhall.db.embedded.locks import FileLock
from guildhall.errors import Unavailable

BUSY = "DO $$ BEGIN LOOP END LOOP; END $$"


def house_in(data_dir: Path) -> Path:
    return data_dir / "postgres-18"


def postmaster_of(data_dir: Path) -> int:
    pid = embedded.status(data_dir).pid
    assert pid
    return pid


@contextlib.contextmanager
def replaced(path: Path, content: bytes | None) -> Iterator[None]:
    """Put something else into a file, or take it away, and back afterwards."""
    saved = path.with_name(path.name + ".saved")
    path.rename(saved)
    if content is not None:
        path.write_bytes(content)
        os.chown(path, saved.stat().st_uid, saved.stat().st_gid)
    try:
        yield
    finally:
        saved.rename(path)


# Users


def test_a_killed_starter_leaves_a_server_that_the_next_to_leave_stops(
    warm_dir: Path, start_server: Start, other_process: Callable[..., OtherProcess]
) -> None:
    starter = other_process(warm_dir)
    postmaster = int(starter.says())

    starter.kill()

    server = start_server(warm_dir)
    assert run_sql(server.url(), "SELECT 1") == "1"
    assert postmaster_of(warm_dir) == postmaster
    server.close()
    assert embedded.status(warm_dir).state == "stopped"


def test_a_killed_user_no_longer_counts(
    warm_dir: Path, start_server: Start, other_process: Callable[..., OtherProcess]
) -> None:
    server = start_server(warm_dir)
    other = other_process(warm_dir)
    other.says()

    other.kill()
    server.close()

    assert embedded.status(warm_dir).state == "stopped"


def test_a_starter_killed_while_it_makes_the_database_is_followed_by_one_that_makes_it_again(
    server_dir: Path, start_server: Start, other_process: Callable[..., OtherProcess]
) -> None:
    starter = other_process(server_dir)
    while not (house_in(server_dir) / "cluster.draft").exists():
        assert starter.program.poll() is None
    starter.kill()

    server = start_server(server_dir)

    assert run_sql(server.url(), "SELECT 1") == "1"
    assert not (house_in(server_dir) / "cluster.draft").exists()


def test_ctrl_c_in_the_terminal_of_the_starter_does_not_reach_the_server(
    warm_dir: Path, start_server: Start, other_process: Callable[..., OtherProcess]
) -> None:
    starter = other_process(warm_dir)
    postmaster = int(starter.says())
    assert os.getsid(postmaster) != os.getsid(starter.program.pid)

    os.killpg(starter.program.pid, signal.SIGINT)
    assert starter.program.wait(timeout=60) == -signal.SIGINT

    assert run_sql(start_server(warm_dir).url(), "SELECT 1") == "1"
    assert postmaster_of(warm_dir) == postmaster


def test_a_forked_child_cannot_close_what_its_parent_holds(
    warm_dir: Path, start_server: Start, other_process: Callable[..., OtherProcess]
) -> None:
    parent = other_process(
        warm_dir,
        """
import os, sys
from pathlib import Path
from guildhall.db import embedded

server = embedded.start(Path(sys.argv[1]))
child = os.fork()
if child == 0:
    server.close()
    os._exit(0)
os.waitpid(child, 0)
print("forked", flush=True)
sys.stdin.readline()
server.close()
""",
    )
    assert parent.says() == "forked"

    start_server(warm_dir).close()  # would be the last, had the child let go of the parent's lock

    assert embedded.status(warm_dir).running
    parent.leave()
    assert embedded.status(warm_dir).state == "stopped"


# The server


def test_committed_rows_survive_a_killed_server(warm_dir: Path, start_server: Start) -> None:
    server = start_server(warm_dir, settings={})
    run_sql(server.url(), "DROP TABLE IF EXISTS survivors", "CREATE TABLE survivors (n int)")
    run_sql(server.url(), "INSERT INTO survivors SELECT generate_series(1, 1000)")

    os.kill(postmaster_of(warm_dir), signal.SIGKILL)

    again = start_server(warm_dir)
    assert run_sql(again.url(), "SELECT count(*) FROM survivors") == "1000"


def test_a_busy_session_that_outlives_its_killed_server_is_ended_before_the_next_starts(
    warm_dir: Path, start_server: Start
) -> None:
    server = start_server(warm_dir)
    with subprocess.Popen(
        [embedded.binary("psql"), "-X", "-c", BUSY, server.url()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as session:
        busy = f"SELECT pid FROM pg_stat_activity WHERE query = '{BUSY.replace(chr(39), chr(39) * 2)}'"
        while not (pid := run_sql(server.url(), busy)):
            assert session.poll() is None
        os.kill(postmaster_of(warm_dir), signal.SIGKILL)
        assert Path(f"/proc/{pid}/cmdline").read_bytes()  # nothing tells a busy session that it is alone

        try:
            again = start_server(warm_dir)

            assert run_sql(again.url(), busy) == ""
            assert session.wait(timeout=60) != 0
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def test_a_pid_left_behind_that_now_is_another_process_keeps_nothing_down(warm_dir: Path, start_server: Start) -> None:
    start_server(warm_dir)
    left = [house_in(warm_dir) / "cluster" / "postmaster.pid", house_in(warm_dir) / ".s.PGSQL.5432.lock"]
    owner = left[0].stat()
    os.kill(postmaster_of(warm_dir), signal.SIGKILL)
    as_owner = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    with subprocess.Popen(["sleep", "600"], **as_owner) as other:  # type: ignore[call-overload]
        for path in left:
            _, *rest = path.read_text().splitlines()
            path.write_text("\n".join([str(other.pid), *rest, ""]))

        again = start_server(warm_dir)

        assert run_sql(again.url(), "SELECT 1") == "1"
        assert other.poll() is None
        other.kill()


def test_the_lock_of_the_server_lasts_as_long_as_the_server_whoever_started_it(
    warm_dir: Path, other_process: Callable[..., OtherProcess]
) -> None:
    starter = other_process(warm_dir)
    starter.says()
    starter.kill()
    lock = FileLock(house_in(warm_dir) / "server.lock")

    while_it_runs = lock.try_take()
    embedded.stop(warm_dir)

    assert not while_it_runs
    assert lock.try_take()
    lock.release()


def test_no_second_server_starts_beside_one_that_cannot_be_reached(warm_dir: Path, start_server: Start) -> None:
    start_server(warm_dir)
    postmaster = postmaster_of(warm_dir)
    (house_in(warm_dir) / ".s.PGSQL.5432").unlink()

    with pytest.raises(embedded.ServerOutOfReach) as caught:
        start_server(warm_dir, wait_s=0.2)

    assert caught.value.details["pid"] == postmaster
    assert "guildhall db stop" in str(caught.value)
    assert embedded.stop(warm_dir)
    assert run_sql(start_server(warm_dir).url(), "SELECT 1") == "1"


def test_a_silent_server_is_waited_for_and_not_replaced(warm_dir: Path, start_server: Start) -> None:
    first = start_server(warm_dir)
    postmaster = postmaster_of(warm_dir)
    os.kill(postmaster, signal.SIGSTOP)
    try:
        with pytest.raises(embedded.ServerStillStarting, match="still starting after 0 s"):
            start_server(warm_dir, wait_s=0.2)
    finally:
        os.kill(postmaster, signal.SIGCONT)

    assert run_sql(first.url(), "SELECT 1") == "1"


# The files


@pytest.mark.parametrize(
    ("name", "content", "expected", "says"),
    [
        ("PG_VERSION", None, embedded.DataDirectoryDamaged, "has no PG_VERSION"),
        ("global/pg_control", None, embedded.DataDirectoryDamaged, "has no global/pg_control"),
        ("PG_VERSION", b"17\n", embedded.DataDirectoryOfAnotherVersion, "by PostgreSQL 17, expected 18"),
        ("global/pg_control", bytes(8192), embedded.ServerDidNotStart, "FATAL"),
        ("postgresql.conf", b"shared_buffers = much\n", embedded.ServerDidNotStart, "invalid value for parameter"),
        ("pg_hba.conf", b"garbage " * 4000, embedded.ServerDidNotStart, "could not load"),
    ],
)
def test_a_damaged_database_is_reported_and_left_as_it_is(
    warm_dir: Path,
    start_server: Start,
    name: str,
    content: bytes | None,
    expected: type[embedded.EmbeddedServerUnavailable],
    says: str,
) -> None:
    with replaced(house_in(warm_dir) / "cluster" / name, content):
        with pytest.raises(expected) as caught:
            start_server(warm_dir)
        assert content is None or (house_in(warm_dir) / "cluster" / name).read_bytes() == content

    assert isinstance(caught.value, Unavailable)
    assert says in caught.value.message
    assert caught.value.remedy
    assert str(warm_dir) in str(caught.value)
    assert len(str(caught.value)) < 2500
    assert run_sql(start_server(warm_dir).url(), "SELECT 1") == "1"


def test_a_directory_that_is_a_file_cannot_be_used(server_dir: Path, start_server: Start) -> None:
    server_dir.write_text("not a directory")

    with pytest.raises(embedded.DataDirectoryOutOfReach, match="Not a directory"):
        start_server(server_dir)
    assert server_dir.read_text() == "not a directory"


def test_a_full_disk_is_called_so() -> None:
    error = explanation(Path("somewhere"), OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "somewhere/users.lock"))

    assert isinstance(error, embedded.NoRoomLeft)
    assert "Free some space" in str(error)


def test_logs_do_not_pile_up(warm_dir: Path, start_server: Start) -> None:
    start_server(warm_dir)
    log = house_in(warm_dir) / "log"
    old = [log / f"server-20200101-00000{n}.log" for n in range(9)]
    for path in old:
        path.touch()

    start_server(warm_dir)

    assert len(list(log.iterdir())) == 5
    assert not old[0].exists()


def test_a_lock_is_never_followed_through_a_link(warm_dir: Path, start_server: Start) -> None:
    target = warm_dir / "elsewhere"
    target.touch()
    lock = house_in(warm_dir) / "start.lock"
    lock.unlink()
    lock.symlink_to(target)

    with pytest.raises(embedded.DataDirectoryOutOfReach):
        start_server(warm_dir)

    lock.unlink()
