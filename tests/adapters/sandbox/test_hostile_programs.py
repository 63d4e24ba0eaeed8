"""What a program can do to hurt, and what becomes of it. Each under every isolation that works here."""

from __future__ import annotations

import asyncio
import signal
import sys
import uuid
from collections.abc import Sequence
from dataclasses import replace

import pytest

from fixtures.processes import processes_with
from guildhall.adapters.sandbox import Ended, Limits, LineTooLong, LocalSandbox, Program

LIMITS = Limits(wall_ms=20_000)


def python(source: str, *words: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", source, *words]


async def run(sandbox: LocalSandbox, argv: Sequence[str], limits: Limits = LIMITS) -> tuple[Ended, bytes, str]:
    async with await sandbox.start(Program(argv), limits) as process:
        process.close_stdin()
        output = await process.read_rest()
        ended = await process.wait()
        return ended, output, process.logs


async def test_garbage_is_handed_on_as_it_came(best: LocalSandbox) -> None:
    garbage = bytes(range(256)) * 3
    ended, output, _ = await run(best, python(f"import os; os.write(1, {garbage!r})"))
    assert ended.succeeded
    assert output == garbage


async def test_a_program_that_hangs_is_ended_by_its_time(sandbox: LocalSandbox) -> None:
    token = uuid.uuid4().hex
    source = "import signal\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\nprint(flush=True)\nsignal.pause()"
    async with await sandbox.start(Program(python(source, token)), Limits(wall_ms=400)) as process:
        assert await process.read_line() == b""
        ended = await process.wait()
    assert (ended.reason, ended.exit_code, ended.signal) == ("timeout", None, signal.SIGKILL)
    assert ended.wall_ms >= 400
    assert processes_with(token) == []


async def test_a_grandchild_that_left_its_session_dies_with_its_program(sandbox: LocalSandbox) -> None:
    token = uuid.uuid4().hex
    leave = (
        "import os, signal\n"
        "if os.fork(): os._exit(0)\n"
        "os.setsid()\n"
        "if os.fork(): os._exit(0)\n"
        "os.write(1, b'away\\n')\n"
        "signal.pause()"
    )
    command = "[sys.executable, '-I', '-S', '-c', sys.argv[2], sys.argv[1]]"
    source = f"import subprocess, sys\nsubprocess.run({command}, stdin=subprocess.DEVNULL)\ninput()"
    async with await sandbox.start(Program(python(source, token, leave)), LIMITS) as process:
        assert await process.read_line() == b"away"
        assert await process.write_line(b"now end")
        ended = await process.wait()
    assert ended.succeeded
    assert processes_with(token) == []


async def test_a_whole_tree_dies_when_it_is_killed(sandbox: LocalSandbox) -> None:
    token = uuid.uuid4().hex
    source = (
        "import os, signal\n"
        "for _ in range(3):\n"
        "    if os.fork() == 0: os.setsid()\n"
        "os.write(1, b'here\\n')\n"
        "signal.pause()"
    )
    async with await sandbox.start(Program(python(source, token)), LIMITS) as process:
        for _ in range(8):
            assert await process.read_line() == b"here"
        process.kill()
        ended = await process.wait()
    assert ended.reason == "killed"
    assert processes_with(token) == []


async def test_a_fork_bomb_is_contained_and_cleared_away(sandbox: LocalSandbox) -> None:
    token = uuid.uuid4().hex
    source = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    ended, _, _ = await run(sandbox, python(source, token), Limits(wall_ms=500, processes=40))
    assert ended.reason in ("processes", "timeout")
    assert processes_with(token) == []


async def test_a_program_that_eats_memory_is_ended(sandbox: LocalSandbox) -> None:
    source = "kept = []\nwhile True: kept.append(b'x' * 1_000_000)"
    ended, _, _ = await run(sandbox, python(source), replace(LIMITS, memory_bytes=80 << 20))
    assert (ended.reason, ended.signal) == ("memory", signal.SIGKILL)
    assert ended.max_rss_bytes > 80 << 20


async def test_memory_counts_for_the_whole_tree(sandbox: LocalSandbox) -> None:
    # Five processes of 40 MB each: none is above 120 MB, all together are.
    source = (
        "import os, signal\n"
        "for _ in range(5):\n"
        "    if os.fork() == 0:\n"
        "        kept = b'x' * (40 << 20)\n"
        "        break\n"
        "signal.pause()"
    )
    ended, _, _ = await run(sandbox, python(source), replace(LIMITS, memory_bytes=120 << 20))
    assert ended.reason == "memory"


async def test_what_processes_share_is_counted_once(sandbox: LocalSandbox) -> None:
    # Four processes see the same 60 MB: 60 MB, not 240. They run long enough to be looked at.
    source = (
        "import os, time\n"
        "kept = b'x' * (60 << 20)\n"
        "for _ in range(2): os.fork()\n"
        "end = time.process_time() + .2\n"
        "while time.process_time() < end: pass\n"
    )
    ended, _, _ = await run(sandbox, python(source), replace(LIMITS, memory_bytes=160 << 20))
    assert ended.succeeded


async def test_a_file_of_a_gigabyte_is_stopped_at_the_limit(best: LocalSandbox) -> None:
    source = (
        "import os\n"
        "with open('big', 'wb', buffering=0) as file:\n"
        "    try:\n"
        "        for _ in range(1024): file.write(bytes(1 << 20))\n"
        "    except OSError as error: print(error.errno, os.path.getsize('big'))"
    )
    ended, output, _ = await run(best, python(source), replace(LIMITS, file_bytes=5 << 20))
    assert ended.succeeded
    assert output.split() == [b"27", b"%d" % (5 << 20)]  # EFBIG


async def test_a_program_that_does_not_mind_the_limit_on_files_dies_of_it(sandbox: LocalSandbox) -> None:
    argv = ["dd", "if=/dev/zero", "of=big", "bs=1M", "count=1024"]
    ended, _, _ = await run(sandbox, argv, replace(LIMITS, file_bytes=5 << 20))
    assert (ended.reason, ended.signal) == ("signalled", signal.SIGXFSZ)


async def test_many_small_files_are_stopped_at_the_limit_of_the_directory(best: LocalSandbox) -> None:
    source = "n = 0\nwhile True:\n    n += 1\n    with open(f'{n}', 'wb') as file: file.write(bytes(1 << 20))"
    ended, _, _ = await run(best, python(source), replace(LIMITS, disk_bytes=20 << 20))
    assert ended.reason == "disk"


@pytest.mark.parametrize("stream", ["1", "2"])
async def test_a_flood_of_output_is_stopped_at_the_limit(best: LocalSandbox, stream: str) -> None:
    source = "import os, sys\nwhile True: os.write(int(sys.argv[1]), b'flood' * 10_000)"
    limits = replace(LIMITS, output_bytes=1 << 20, log_bytes=10_000)
    ended, output, logs = await run(best, python(source, stream), limits)
    assert ended.reason == "output_limit"
    assert len(output) <= 1 << 20
    assert len(logs) < 11_000


async def test_a_line_that_never_ends_is_refused(best: LocalSandbox) -> None:
    source = "import os, signal\nos.write(1, b'x' * 60_000)\nsignal.pause()"
    async with await best.start(Program(python(source)), LIMITS) as process:
        with pytest.raises(LineTooLong):
            await process.read_line(limit=50_000)


async def test_a_program_that_spins_is_ended_by_its_processor_time_and_not_before(sandbox: LocalSandbox) -> None:
    ended, _, _ = await run(sandbox, python("while True: pass"), replace(LIMITS, cpu_seconds=1))
    assert ended.reason == "cpu"
    assert ended.cpu_ms >= 1000


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
async def test_a_program_that_dies_by_a_signal_says_which(sandbox: LocalSandbox, number: signal.Signals) -> None:
    ended, _, _ = await run(sandbox, python(f"import os; os.kill(os.getpid(), {int(number)})"))
    assert (ended.reason, ended.signal, ended.exit_code) == ("signalled", number, None)


async def test_an_exit_code_is_reported(best: LocalSandbox) -> None:
    ended, _, _ = await run(best, python("raise SystemExit(7)"))
    assert (ended.reason, ended.exit_code, ended.signal) == ("exited", 7, None)
    assert not ended.succeeded


async def test_a_writer_learns_that_its_program_is_gone(best: LocalSandbox) -> None:
    async with await best.start(Program(python("print(input())")), LIMITS) as process:
        while await process.write_line(b"hello"):
            pass
        assert await process.read_line() == b"hello"
        assert (await process.wait()).succeeded


async def test_a_program_that_never_reads_holds_up_the_writer_until_it_is_killed(best: LocalSandbox) -> None:
    source = "import os, signal\nos.write(1, b'ready\\n')\nsignal.pause()"
    async with await best.start(Program(python(source)), LIMITS) as process:
        assert await process.read_line() == b"ready"
        writing = asyncio.ensure_future(process.write(bytes(4 << 20)))
        await asyncio.wait([writing], timeout=0)
        assert not writing.done()
        process.kill()
        assert await writing is False


async def test_directories_that_are_deep_and_locked_are_removed_all_the_same(sandbox: LocalSandbox) -> None:
    # Deeper than the longest path and than Python's recursion limit; the fixture checks that nothing is left.
    source = (
        "import os\n"
        "for _ in range(1500):\n"
        "    os.mkdir('a' * 50)\n"
        "    os.chdir('a' * 50)\n"
        "open('leaf', 'w').close()\n"
        "os.mkdir('locked')\n"
        "open('locked/leaf', 'w').close()\n"
        "os.chmod('locked', 0)\n"
    )
    ended, _, logs = await run(sandbox, python(source))
    assert ended.succeeded, logs
