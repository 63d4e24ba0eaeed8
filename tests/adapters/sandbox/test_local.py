"""The life of a local sandbox: many trials at once, and what survives when its processes are killed."""

from __future__ import annotations

import asyncio
import fcntl
import os
import resource
import select
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from fixtures.processes import DEADLINE_S, await_death, processes_with
from guildhall.adapters.sandbox import (
    Limits,
    LocalSandbox,
    NoRoomForSandbox,
    Program,
    SandboxLost,
    SandboxUnavailable,
    local,
    sweep,
)

LIMITS = Limits(wall_ms=60_000)
LINGER = "import signal\nprint(flush=True)\nsignal.pause()"

# A runner of its own: starts three trials, says which processes there are, and waits to be killed.
RUNNER = """
import asyncio, sys
from pathlib import Path
from guildhall.adapters.sandbox import Limits, LocalSandbox, Program

async def main(rooms, isolation, token):
    async with LocalSandbox(Path(rooms), isolation=isolation) as sandbox:
        for _ in range(3):
            process = await sandbox.start(Program([sys.executable, "-c", sys.argv[4], token]), Limits(wall_ms=60_000))
            await process.read_line()
        print(sandbox.launcher_pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:4]))
"""
TREE = "import os, signal\nif os.fork() == 0:\n    os.setsid()\n    os.fork()\nelse: print(flush=True)\nsignal.pause()"


def found(rooms: Path, pattern: str = "*") -> list[Path]:
    return list(rooms.glob(pattern))


def await_unlocked(run: Path) -> None:
    """Wait until no process holds a runner's directory."""
    lock = os.open(run / "lock", os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
    finally:
        os.close(lock)


def start_runner(rooms: Path, isolation: str, token: str) -> tuple[subprocess.Popen[bytes], int]:
    command = [sys.executable, "-c", RUNNER, str(rooms), isolation, token, TREE]
    runner = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert runner.stdout is not None
    return runner, int(runner.stdout.readline())


def reap(runner: subprocess.Popen[bytes]) -> None:
    runner.wait(DEADLINE_S)
    assert runner.stdout is not None
    runner.stdout.close()


async def linger(sandbox: LocalSandbox, token: str) -> local.SandboxedProcess:
    process = await sandbox.start(Program([sys.executable, "-I", "-S", "-c", LINGER, token]), LIMITS)
    assert await process.read_line() == b""
    return process


async def test_sixty_four_run_at_once(sandbox: LocalSandbox) -> None:
    async def converse(number: int) -> bytes | None:
        async with await sandbox.start(Program(["cat"]), LIMITS) as process:
            assert await process.write_line(b"%d" % number)
            line = await process.read_line()
            process.close_stdin()
            assert (await process.wait()).succeeded
            assert await process.read_line() is None
            return line

    assert await asyncio.gather(*map(converse, range(64))) == [b"%d" % number for number in range(64)]


async def test_leaving_the_context_ends_the_program(sandbox: LocalSandbox) -> None:
    token = uuid.uuid4().hex
    async with await linger(sandbox, token) as process:
        assert process.running
        assert processes_with(token)
    assert processes_with(token) == []
    assert (await process.wait()).reason == "killed"


async def test_closing_the_sandbox_ends_what_still_runs(isolation: str, rooms: Path) -> None:
    token = uuid.uuid4().hex
    async with LocalSandbox(rooms, isolation=isolation) as sandbox:
        process = await linger(sandbox, token)
    assert processes_with(token) == []
    with pytest.raises(SandboxLost):
        await process.wait()
    with pytest.raises(SandboxUnavailable):
        await sandbox.start(Program(["true"]))


async def test_a_start_that_is_given_up_leaves_nothing(sandbox: LocalSandbox) -> None:
    token = uuid.uuid4().hex
    starting = asyncio.ensure_future(linger(sandbox, token))
    await asyncio.wait([starting], timeout=0)
    starting.cancel()
    await asyncio.wait([starting])
    async with await sandbox.start(Program(["true"])) as process:
        await process.wait()  # by now the launcher has dealt with what came before
    await asyncio.to_thread(await_death, processes_with(token))


async def test_a_runner_killed_at_once_leaves_no_process_and_no_directory(isolation: str, rooms: Path) -> None:
    token = uuid.uuid4().hex
    runner, launcher = await asyncio.to_thread(start_runner, rooms, isolation, token)
    assert len(processes_with(token)) >= 9
    watched = os.pidfd_open(launcher)
    runner.kill()
    reap(runner)
    await asyncio.to_thread(await_end, watched)
    assert processes_with(token) == []
    assert found(rooms) == []


def await_end(watched: int) -> None:
    assert select.select([watched], [], [], DEADLINE_S)[0]
    os.close(watched)


async def test_a_launcher_that_is_killed_takes_its_trees_along_and_is_replaced(sandbox: LocalSandbox) -> None:
    token = uuid.uuid4().hex
    process = await linger(sandbox, token)
    trees, launcher = processes_with(token), sandbox.launcher_pid
    assert trees
    assert launcher is not None
    os.kill(launcher, signal.SIGKILL)
    with pytest.raises(SandboxLost) as lost:
        await process.wait()
    assert lost.value.details["sandbox_id"] == process.sandbox_id
    await asyncio.to_thread(await_death, trees)

    async with await sandbox.start(Program(["echo", "again"]), LIMITS) as another:
        assert await another.read_line() == b"again"
    assert sandbox.launcher_pid != launcher


async def test_a_launcher_that_is_stuck_is_replaced(sandbox: LocalSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "_GRACE_S", 0.1)
    token = uuid.uuid4().hex
    argv = [sys.executable, "-I", "-S", "-c", LINGER, token]
    process = await sandbox.start(Program(argv), Limits(wall_ms=500))
    assert sandbox.launcher_pid is not None
    os.kill(sandbox.launcher_pid, signal.SIGSTOP)
    trees = processes_with(token)
    with pytest.raises(SandboxLost):
        await process.wait()
    await asyncio.to_thread(await_death, trees)


async def test_when_both_are_killed_the_next_sandbox_sweeps(isolation: str, rooms: Path) -> None:
    token = uuid.uuid4().hex
    runner, launcher = await asyncio.to_thread(start_runner, rooms, isolation, token)
    trees = processes_with(token)
    os.kill(launcher, signal.SIGSTOP)  # so that it cannot clean up before it is killed
    runner.kill()
    os.kill(launcher, signal.SIGKILL)
    reap(runner)
    await asyncio.to_thread(await_death, [launcher, *trees])
    (left,) = found(rooms)
    async with asyncio.timeout(DEADLINE_S):
        await asyncio.to_thread(await_unlocked, left)  # what stood between them dies a moment later

    async with LocalSandbox(rooms, isolation=isolation):
        (own,) = found(rooms)
        assert own != left
    assert found(rooms) == []


async def test_a_sweep_leaves_directories_in_use_alone(best: LocalSandbox, rooms: Path) -> None:
    process = await linger(best, uuid.uuid4().hex)
    assert sweep(rooms) == 0
    assert process.running
    process.kill()
    assert (await process.wait()).reason == "killed"


async def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NoRoomForSandbox, match="file"):
        await LocalSandbox(tmp_path / "file").open()


async def test_a_full_disk_is_reported_and_leaves_no_half_made_trial(best: LocalSandbox, rooms: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))  # fails in the same place as a full disk does
    try:
        with pytest.raises(NoRoomForSandbox, match="GUILDHALL_DATA_DIR"):
            await best.start(Program(["true"], files={"big": bytes(2 << 20)}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert found(rooms, "run-*/*/*/big") == []


async def test_what_is_used_is_measured(sandbox: LocalSandbox) -> None:
    source = "import time\nkept = b'x' * (50 << 20)\nwhile time.process_time() < .3: pass"
    async with await sandbox.start(Program([sys.executable, "-I", "-S", "-c", source]), LIMITS) as process:
        ended = await process.wait()
    assert ended.cpu_ms >= 300
    assert ended.max_rss_bytes >= 50 << 20
    assert ended.wall_ms >= 300
