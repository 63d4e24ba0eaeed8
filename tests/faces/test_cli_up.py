"""`guildhall up`, and the demo at a terminal: everything runs, and all of it ends."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from fixtures.api import Served
from fixtures.command_line import command_line
from fixtures.guildhall import at
from fixtures.processes import DEADLINE_S, await_death
from fixtures.serving import environment_of

_PATIENCE_S = 240.0


def _children(pid: int, named: str) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in children if named.encode() in Path(f"/proc/{each}/cmdline").read_bytes()]


def _until(found: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not found():
        assert time.monotonic() < until, what
        time.sleep(0.05)


@pytest.fixture
def environment(served: Served, tmp_path: Path) -> dict[str, str]:
    url = at(served.database_url, database=urlsplit(served.database_url).path[1:], user="guildhall_login")
    return environment_of(url, tmp_path, GUILDHALL_GRACE_S="10")


def test_up_runs_a_server_a_worker_and_the_scheduler_until_it_is_told_to_stop(
    environment: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "up.log"
    with log.open("w") as stderr:
        program = subprocess.Popen(
            command_line("up"), stdout=subprocess.PIPE, stderr=stderr, stdin=subprocess.DEVNULL, text=True,
            env=environment, start_new_session=True,
        )  # fmt: skip
    try:
        assert program.stdout is not None
        said = program.stdout.readline()
        url = re.search(r"http://\S+", said)
        assert url, f"{said}\n{log.read_text()}"
        with urlopen(f"{url[0]}/sign-in") as response:
            assert b"Who are you?" in response.read()
        _until(lambda: "takes jobs" in log.read_text() and "watches" in log.read_text(), "both are at work")

        (worker,) = _children(program.pid, "worker\0--concurrency")
        os.kill(worker, signal.SIGKILL)
        _until(lambda: log.read_text().count("takes jobs") == 2, "another worker takes its place")
        everybody = _children(program.pid, "guildhall")
        assert len(everybody) == 3
        program.terminate()
        assert program.wait(DEADLINE_S) == 0
        await_death(everybody)
        assert "/enter/" not in program.stdout.read(), "a database of several people has no link that lets anybody in"
        assert "stopped: 0 completed" in log.read_text(), "and the worker was given time to stop"
    finally:
        program.kill()
        program.wait()
        program.stdout.close()  # type: ignore[union-attr]


def test_whoever_kills_it_takes_its_companions_along(environment: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "up.log"
    with log.open("w") as stderr:
        program = subprocess.Popen(
            command_line("up"), stdout=subprocess.PIPE, stderr=stderr, stdin=subprocess.DEVNULL, text=True,
            env=environment, start_new_session=True,
        )  # fmt: skip
    try:
        assert program.stdout is not None
        program.stdout.readline()
        _until(lambda: "takes jobs" in log.read_text() and "watches" in log.read_text(), "both are at work")
        everybody = _children(program.pid, "guildhall")
        program.kill()
        await_death(everybody)
    finally:
        program.kill()
        program.wait()
        program.stdout.close()  # type: ignore[union-attr]


def test_the_demo_stays_at_a_terminal_and_opens_on_what_it_compared(warm_dir: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GUILDHALL_")}
    environment = {**kept, "GUILDHALL_DATA_DIR": str(warm_dir), "GUILDHALL_PORT": "0", "COLUMNS": "200", "TERM": "dumb"}
    ours, its = pty.openpty()
    program = subprocess.Popen(
        command_line("demo"), stdin=its, stdout=its, stderr=its, env=environment, start_new_session=True, close_fds=True
    )
    os.close(its)
    said = b""
    try:
        until = time.monotonic() + _PATIENCE_S
        while b"/enter/" not in said or not said.endswith(b"\n"):
            assert time.monotonic() < until, said.decode()
            if select.select([ours], [], [], 1.0)[0]:
                said += os.read(ours, 65536)
        text = said.decode()
        assert "BETTER" in text
        assert "Ctrl-C ends it" in text
        link = re.search(r"http://\S+/enter/\S+", text)
        assert link
        with urlopen(link[0]) as response:  # without a cookie it ends at the sign-in, on its way to Compare
            assert "%2Fcompare%3Fbaseline%3D" in response.url
        os.killpg(program.pid, signal.SIGINT)
        assert program.wait(DEADLINE_S) == 0
    finally:
        program.kill()
        program.wait()
        os.close(ours)
