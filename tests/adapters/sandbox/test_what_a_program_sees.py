"""What a program finds around itself: little, and nothing of the runner's."""

from __future__ import annotations

import json
import os
import socket
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from guildhall.adapters.sandbox import Limits, LocalSandbox, Program, ProgramNotRunnable

LIMITS = Limits(wall_ms=20_000)


async def ask(sandbox: LocalSandbox, source: str, words: tuple[str, ...] = (), **about: Any) -> Any:
    """Run a Python program that prints one JSON document, and read it."""
    program = Program([sys.executable, "-c", f"import json, os, sys\n{source}", *words], **about)
    async with await sandbox.start(program, LIMITS) as process:
        output = await process.read_rest()
        ended = await process.wait()
    assert ended.succeeded, process.logs
    return json.loads(output)


async def test_the_environment_holds_nothing_of_the_runner(
    sandbox: LocalSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-runner")
    seen: Mapping[str, str] = await ask(sandbox, "print(json.dumps(dict(os.environ)))", environment={"GIVEN": "yes"})
    ours = {"PATH", "LANG", "HOME", "TMPDIR", "GUILDHALL_SANDBOX_ID", "GIVEN"}
    assert set(seen) - {"PWD", "LC_CTYPE"} == ours
    assert "sk-runner" not in seen.values()


async def test_no_descriptor_is_inherited(sandbox: LocalSandbox) -> None:
    source = (
        "open_ones = []\n"
        "for number in range(256):\n"
        "    try: os.fstat(number)\n"
        "    except OSError: continue\n"
        "    open_ones.append(number)\n"
        "print(json.dumps(open_ones))"
    )
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    try:
        assert await ask(sandbox, source) == [0, 1, 2]
    finally:
        os.close(reading)
        os.close(writing)


async def test_home_temporary_and_working_directory_are_the_trials_own(sandbox: LocalSandbox, rooms: Path) -> None:
    source = (
        "places = [os.environ['HOME'], os.environ['TMPDIR'], os.getcwd()]\n"
        "for place in places: open(place + '/written', 'w').close()\n"
        "mode = os.stat('written').st_mode\n"
        "print(json.dumps([places, os.listdir('.'), mode]))"
    )
    places, entries, mode = await ask(sandbox, source)
    assert all(Path(place).is_relative_to(rooms) for place in places)
    assert len(set(places)) == 3
    assert entries == ["written"]
    assert stat.S_IMODE(mode) & 0o077 == 0


async def test_it_has_a_session_of_its_own_and_no_terminal(best: LocalSandbox) -> None:
    source = "print(json.dumps([os.getsid(0) != int(sys.argv[1]), [os.isatty(n) for n in range(3)]]))"
    assert await ask(best, source, (str(os.getsid(0)),)) == [True, [False] * 3]


async def test_a_program_beside_the_agent_runs_and_finds_its_files(sandbox: LocalSandbox, agent: Path) -> None:
    (agent / "refund").write_text("#!/bin/sh\ncat rules.txt\n[ -f $GUILDHALL_AGENT_DIR/refund ] && echo here\n")
    (agent / "refund").chmod(0o755)
    (agent / "rules.txt").write_text("never twice\n")
    async with await sandbox.start(Program(["./refund"], directory=agent), LIMITS) as process:
        assert await process.read_rest() == b"never twice\nhere\n"
        assert (await process.wait()).succeeded


async def test_python_means_the_runners_own_with_its_packages(sandbox: LocalSandbox, agent: Path) -> None:
    (agent / "agent.py").write_text("import sys, yaml, rules\nprint(sys.prefix, rules.LIMIT)\n")
    (agent / "rules.py").write_text("LIMIT = 3\n")
    async with await sandbox.start(Program(["python", "agent.py"], directory=agent), LIMITS) as process:
        assert (await process.read_rest()).decode().split() == [sys.prefix, "3"], process.logs


async def test_what_a_program_writes_does_not_reach_the_agents_directory(sandbox: LocalSandbox, agent: Path) -> None:
    (agent / "rules.txt").write_text("never twice\n")
    source = "os.remove('rules.txt'); open('new.txt', 'w').write('x'); print(json.dumps(os.listdir('.')))"
    assert await ask(sandbox, source, directory=agent) == ["new.txt"]
    assert os.listdir(agent) == ["rules.txt"]  # noqa: PTH208


async def test_an_agent_that_is_closed_to_others_runs_as_well(sandbox: LocalSandbox, closed_agent: Path) -> None:
    async with await sandbox.start(Program(["./answer"], directory=closed_agent), LIMITS) as process:
        assert await process.read_rest() == b"42\n", process.logs


async def test_files_are_put_into_the_working_directory(best: LocalSandbox) -> None:
    files = {"run": b"#!/bin/sh\ncat inner/rules.txt\n", "inner/rules.txt": b"given"}
    async with await best.start(Program(["./run"], files=files), LIMITS) as process:
        assert await process.read_rest() == b"given"


async def test_the_system_cannot_be_written_where_files_are_apart(sandbox: LocalSandbox) -> None:
    source = (
        "refused = []\n"
        "for place in ('/usr', '/etc', '/var', '/'):\n"
        "    try: open(place + '/guildhall-was-here', 'w').close()\n"
        "    except OSError: refused.append(place)\n"
        "print(json.dumps(refused))"
    )
    async with await sandbox.start(Program(["true"]), LIMITS) as process:
        apart = process.held["files"] == "read-only system, private /tmp"
    if apart or os.geteuid() != 0:
        assert await ask(sandbox, source) == ["/usr", "/etc", "/var", "/"]
    else:
        assert process.held["user"] != "root" or process.held["isolation"] == "process"


async def test_temporary_files_of_others_are_out_of_sight_where_files_are_apart(
    sandbox: LocalSandbox, agent: Path
) -> None:
    async with await sandbox.start(Program(["true"]), LIMITS) as process:
        apart = process.held["files"] == "read-only system, private /tmp"
    seen = await ask(sandbox, "print(json.dumps(os.path.exists(sys.argv[1])))", (str(agent),))
    assert seen is not apart


async def test_other_processes_are_out_of_sight_in_a_pid_namespace(sandbox: LocalSandbox) -> None:
    seen = await ask(sandbox, "print(json.dumps(os.path.exists(f'/proc/{sys.argv[1]}')))", (str(os.getpid()),))
    if sandbox.capabilities().tree_kill == "pid namespace":
        assert not seen
    else:
        assert seen


CONNECT = (
    "import socket\n"
    "try: socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5); print('true')\n"
    "except OSError: print('false')"
)


async def test_the_network_is_off_unless_it_was_asked_for(sandbox: LocalSandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = (str(server.getsockname()[1]),)
        reached = await ask(sandbox, CONNECT, port)
        assert reached is not sandbox.capabilities().network_off
        assert await ask(sandbox, CONNECT, port, network=True) is True


async def test_held_says_what_became_of_the_network(sandbox: LocalSandbox) -> None:
    async with await sandbox.start(Program(["true"]), LIMITS) as process:
        expected = "off" if sandbox.capabilities().network_off else "on: not permitted here"
        assert process.held["network"] == expected
    async with await sandbox.start(Program(["true"], network=True), LIMITS) as process:
        assert process.held["network"] == "on: asked for"


async def test_a_program_can_talk_to_itself_without_a_network(sandbox: LocalSandbox) -> None:
    source = (
        "import socket\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(server.getsockname())\n"
        "print(json.dumps('heard'))"
    )
    assert await ask(sandbox, source) == "heard"


async def test_secrets_do_not_reach_the_logs(best: LocalSandbox) -> None:
    source = "print(os.environ['SHOP_TOKEN'], sys.argv[1], 'and the rest', file=sys.stderr)\nprint('null')"
    program = Program(
        [sys.executable, "-c", f"import os, sys\n{source}", "hunter2hunter2"],
        environment={"SHOP_TOKEN": "tok-1234567"},
        secrets=("hunter2hunter2",),
    )
    async with await best.start(program, LIMITS) as process:
        await process.wait()
        assert process.logs == "[redacted] [redacted] and the rest\n"


UNRUNNABLE = [
    (Program(["no-such-program"]), "no such program on PATH"),
    (Program(["./absent"]), "no directory is given"),
    (Program(["/absent/agent"]), "there is no file"),
    (Program([]), "no command"),
    (Program(["true", "a\0b"]), "NUL"),
    (Program(["true"], environment={"A=B": "x"}), "impossible name"),
    (Program(["true"], files={"../escape": b""}), "outside"),
    (Program(["true"], files={"/etc/escape": b""}), "outside"),
    (Program(["true", "x" * 200_000]), "too long"),
    (Program(["./script"], files={"script": b"no first line"}), "no program"),
]


async def test_a_program_that_cannot_run_is_refused_with_the_reason(best: LocalSandbox) -> None:
    for program, why in UNRUNNABLE:
        with pytest.raises(ProgramNotRunnable, match=why):
            await best.start(program, LIMITS)


async def test_an_agents_file_that_is_not_executable_is_refused_with_a_remedy(best: LocalSandbox, agent: Path) -> None:
    (agent / "refund").write_text("#!/bin/sh\n")
    with pytest.raises(ProgramNotRunnable, match="chmod"):
        await best.start(Program(["./refund"], directory=agent), LIMITS)
    with pytest.raises(ProgramNotRunnable, match=r"\./refund"):
        await best.start(Program(["refund"], directory=agent), LIMITS)
