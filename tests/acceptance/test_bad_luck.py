"""The world fails in the middle of a run: the database goes away, the disk is full. What was done is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.agents import Project
from fixtures.command_line import Command, command_line
from guildhall.settings import Settings

_GATED = """\
import asyncio, pathlib
async def answer(session):
    gate = pathlib.Path({gate!r})
    if session.scenario_id != "sum_0":
        while not gate.exists():
            await asyncio.sleep(0.01)
    pathlib.Path({gate!r} + "." + session.scenario_id).touch()
    return "3"
"""


class TestADatabaseThatGoesAway:
    @pytest.fixture
    def settings(self, warm_dir: Path) -> Settings:
        """An embedded server of the test's own, as most people have it."""
        return Settings(data_dir=warm_dir)

    @pytest.fixture
    def command_environment(self, settings: Settings) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GUILDHALL_")}
        return {**kept, "GUILDHALL_DATA_DIR": str(settings.data_dir), "COLUMNS": "80", "NO_COLOR": "1"}

    def test_what_was_finished_meanwhile_is_delivered_by_the_next_run(
        self, guildhall: Command, project: Project, settings: Settings, command_environment: dict[str, str]
    ) -> None:
        gate = project.folder / "gate"
        (project.folder / "agent.py").write_text(_GATED.format(gate=str(gate)))
        running = subprocess.Popen(
            command_line("eval", "run", project.agent, project.scenarios, "--concurrency", 2),
            env=command_environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert running.stderr is not None
        while "1 of 10 trials" not in running.stderr.readline():
            assert running.poll() is None
        assert guildhall("db", "stop").out == "stopped\n"
        gate.touch()
        while not (project.folder / "gate.sum_1").exists():
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
        assert (running.returncode, out) == (130, "")
        assert "records wait: PostgreSQL does not answer" in err
        assert "They are kept on disk" in err
        assert "guildhall eval resume" in err
        assert "Traceback" not in err

        report = guildhall("eval", "resume", "@latest", "--json").json
        assert (report["status"], report["outcomes"], report["passed"]) == ("completed", 10, 10)
        counted = guildhall("db", "psql", "-XAtc", "SELECT count(*) FROM evaluation.outcomes")
        assert counted.out == "10\n"


_NO_ROOM = """\
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({bytes}, {bytes}))
from guildhall.cli.main import main
sys.argv[0] = "guildhall"
main()
"""
"""A command for whose files there is no more room than this: as on a full disk, writing fails and nothing else does."""

_LONG_ANSWERS = """\
import os
def answer(session):
    return os.urandom(100_000).hex()
"""


def test_a_full_disk_stops_a_run_that_goes_on_once_there_is_room(
    guildhall: Command, project: Project, command_environment: dict[str, str]
) -> None:
    # What is delivered makes room again, so every record has to be larger than all the room there is. The first
    # may reach the database all the same, from memory; the run hears of it with a later one.
    (project.folder / "agent.py").write_text(_LONG_ANSWERS)
    project.write_scenarios(40)
    arguments = ["eval", "run", str(project.agent), str(project.scenarios), "--concurrency", "1", "--json"]
    full = subprocess.run(
        [sys.executable, "-c", _NO_ROOM.format(bytes=50_000), *arguments],
        capture_output=True, text=True, timeout=60, check=False, env=command_environment,
    )  # fmt: skip
    assert full.returncode == 3
    error = json.loads(full.stdout)["error"]
    assert error["code"] == "spool_unavailable"
    assert error["message"].endswith("cannot take a record: the disk is full")
    assert error["remedy"]
    assert "guildhall eval resume" in full.stderr
    assert "Traceback" not in full.stderr

    (stopped,) = guildhall("eval", "list", "--json").json
    assert stopped["status"] == "pending"
    assert stopped["outcomes"] < 40
    report = guildhall("eval", "resume", "@latest", "--json").json
    assert (report["status"], report["outcomes"], report["passed"]) == ("completed", 40, 0)


def test_a_data_directory_that_cannot_be_written_is_named(guildhall: Command, project: Project) -> None:
    (project.folder / "file").touch()
    refused = guildhall(
        "eval", "run", project.agent, project.scenarios, expect=3, GUILDHALL_DATA_DIR=str(project.folder / "file")
    )
    assert "file/spool" in refused.err
    assert "cannot take a record: Not a directory" in refused.err
    assert "See to it that the directory can be written" in refused.err
