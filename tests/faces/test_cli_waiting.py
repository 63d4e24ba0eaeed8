"""Workers and schedulers that start before their database does."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit

import pytest

from fixtures.command_line import Command, command_line
from fixtures.wires import Wire

DEADLINE_S = 60.0


@pytest.mark.parametrize(
    ("command", "begins", "ends"),
    [("worker", "takes jobs", "stopped: 0 completed"), ("schedule", "watches", "stopped: fired")],
)
async def test_it_waits_for_a_database_that_is_away_and_for_no_other_trouble(
    command: str,
    begins: str,
    ends: str,
    guildhall: Command,
    command_environment: dict[str, str],
    wire: Wire,
    direct_url: str,
) -> None:
    await wire.cut()
    running = await asyncio.create_subprocess_exec(
        *command_line(command),
        env={**command_environment, "GUILDHALL_DATABASE_URL": wire.url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert running.stdout is not None
        assert running.stderr is not None
        async with asyncio.timeout(DEADLINE_S):
            assert (await running.stderr.readline()).startswith(
                b"note: PostgreSQL does not answer: waiting until it does"
            )
            await wire.mend()  # it comes
            assert begins in (await running.stdout.readline()).decode()
            running.send_signal(signal.SIGTERM)
            out, err = await running.communicate()
        assert (running.returncode, ends in out.decode(), err) == (0, True, b"")
    finally:
        with suppress(ProcessLookupError):
            running.kill()
        await running.wait()

    url = urlsplit(direct_url)  # poolers say nothing of the kind
    nowhere = urlunsplit(url._replace(path="/nobody_made_it"))
    assert "no such database" in guildhall(command, expect=3, GUILDHALL_DATABASE_URL=nowhere).err
    nobody = urlunsplit(url._replace(netloc=f"nobody_at_all@{url.netloc.rpartition('@')[2]}"))
    assert "refused the login" in guildhall(command, expect=3, GUILDHALL_DATABASE_URL=nobody).err
