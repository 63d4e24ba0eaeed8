"""Workers and schedulers that start before their database does."""

from __future__ import annotations

import signal
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

import pytest

from fixtures.command_line import Command, command_line

DEADLINE_S = 60.0


@pytest.mark.parametrize(
    ("command", "begins", "ends"),
    [("worker", "takes jobs", "stopped: 0 completed"), ("schedule", "watches", "stopped: fired")],
)
def test_it_waits_for_a_database_that_is_away_and_for_no_other_trouble(
    command: str, begins: str, ends: str, guildhall: Command, command_environment: dict[str, str]
) -> None:
    url = urlsplit(command_environment["GUILDHALL_DATABASE_URL"])
    where = {name: values[0] for name, values in parse_qs(url.query).items()}
    socket = f".s.PGSQL.{where['port']}"
    with tempfile.TemporaryDirectory(prefix="gh-") as away:
        elsewhere = urlunsplit(url._replace(query=f"host={away}&port={where['port']}"))
        running = subprocess.Popen(
            command_line(command),
            env={**command_environment, "GUILDHALL_DATABASE_URL": elsewhere},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert running.stdout is not None
            assert running.stderr is not None
            assert running.stderr.readline().startswith("note: PostgreSQL does not answer: waiting until it does")
            (Path(away) / socket).symlink_to(Path(where["host"]) / socket)  # it comes
            assert begins in running.stdout.readline()
            running.send_signal(signal.SIGTERM)
            assert running.wait(DEADLINE_S) == 0
        finally:
            running.kill()
            out, err = running.communicate()
        assert (ends in out, err) == (True, "")

    nowhere = urlunsplit(url._replace(path="/nobody_made_it"))
    assert "no such database" in guildhall(command, expect=3, GUILDHALL_DATABASE_URL=nowhere).err
    nobody = urlunsplit(url._replace(netloc="nobody_at_all@"))
    assert "refused the login" in guildhall(command, expect=3, GUILDHALL_DATABASE_URL=nobody).err
