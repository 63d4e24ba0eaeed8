"""Agents in a process of their own: the protocol, and everything a program can do wrong."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from fixtures.plays import (
    SHOP,
    a_scenario,
    an_agent,
    in_the_shop,
    perform,
    python_tool,
    steps,
    the_failure,
    trajectory,
    verdict,
    write,
)
from fixtures.processes import await_death, processes_with
from guildhall.adapters.code import CodeNotLoadable
from guildhall.adapters.sandbox import LocalSandbox
from guildhall.app.trial import Services
from guildhall.domains.evaluation.configurations import AgentLimits, Isolation, Runtime, ToolSpec
from guildhall.domains.evaluation.scenarios import UserSpec


@pytest.fixture
async def services() -> AsyncIterator[Services]:
    directory = Path(tempfile.mkdtemp(prefix="guildhall-test-"))
    directory.chmod(0o711)
    async with LocalSandbox(directory) as sandbox:
        yield Services(sandbox=sandbox)
    shutil.rmtree(directory, ignore_errors=True)


def program(*words: str, **changes):
    """An agent that is a program."""
    return an_agent(runtime=Runtime.COMMAND, entrypoint=None, command=words, isolation=Isolation.PROCESS, **changes)


def in_process(**changes):
    """A Python agent in a process of its own."""
    return an_agent(isolation=Isolation.PROCESS, **changes)


BASH = """\
#!/bin/bash
read -r start
echo '{"type":"tool_call","id":"1","name":"lookup_order","arguments":{"order":"1042"}}'
read -r result
echo "seen: $result" >&2
echo '{"type":"tool_call","id":"2","name":"refund","arguments":{"order":"1042"}}'
read -r result
echo '{"type":"message","content":"refunded","usage":{"input_tokens":3,"output_tokens":4},"cost_usd":"0.01"}'
read -r answer
echo '{"type":"done"}'
"""


async def test_a_program_in_any_language_plays_through_the_protocol(tmp_path, services):
    write(tmp_path, shop=SHOP)
    agent = tmp_path / "agent"
    agent.write_text(BASH)
    agent.chmod(0o755)

    record = await perform(tmp_path, spec=program("./agent"), scenario=in_the_shop(), services=services)

    assert verdict(record) == ("success", True, 1.0, None)
    outcome = record.outcome
    assert [each["name"] for each in steps(record, "tool_call")] == ["lookup_order", "refund"]
    assert steps(record, "tool_call")[0]["id"] == "1"
    assert (outcome.tokens_used, str(outcome.cost_usd)) == (7, "0.01")
    assert outcome.sandbox_id is not None
    assert outcome.sandbox_id.startswith("local-")
    assert 'seen: {"type":"tool_result","id":"1","content":{"status":"late","total":30}}' in (
        outcome.sandbox_logs or ""
    )
    assert outcome.execution_metadata["held"]["wall_ms"] > 0
    assert outcome.execution_metadata["isolation"] == outcome.execution_metadata["held"]["isolation"]


PYTHON = """
import os, subprocess, sys

{word} play(session):
    print("this is no protocol")
    subprocess.run(["echo", "nor is this"])
    os.write(1, b"nor this\\n")
    assert sys.stdin.read() == ""
    order = {wait}session.call("lookup_order", order="1042")
    try:
        {wait}session.call("lookup_order", order="9")
    except session.ToolError as error:
        {wait}session.log(error)
    {wait}session.call("refund", order="1042", amount=order["total"])
    {wait}session.model_call(usage={{"input_tokens": 1}}, cost_usd=0.5)
    heard = {wait}session.say("Done.", usage={{"output_tokens": 2}}, cost_usd="0.25")
    return f"{{heard}} {{session.seed}} {{session.config['style']}} {{session.prompt}}"
"""


@pytest.mark.parametrize("isolation", [Isolation.PROCESS, Isolation.NONE])
@pytest.mark.parametrize("word", ["def", "async def"])
async def test_a_python_agent_is_the_same_in_the_runner_and_in_a_process_of_its_own(
    tmp_path, services, isolation, word
):
    write(tmp_path, shop=SHOP)
    source = PYTHON.format(word=word, wait="await " if word == "async def" else "")
    if isolation is Isolation.NONE:  # there, stdin and stdout are the runner's
        source = "\n".join(line for line in source.splitlines() if "sys.stdin" not in line and "os.write" not in line)
        source = source.replace('subprocess.run(["echo", "nor is this"])', "pass")
    scenario = in_the_shop(user=UserSpec(turns=("Thanks!",)))

    record = await perform(tmp_path, source, spec=an_agent(isolation=isolation), scenario=scenario, services=services)

    assert verdict(record) == ("success", True, 1.0, None), record.outcome
    said = [(step["role"], step["content"]) for step in steps(record, "message")]
    assert said[1:] == [
        ("assistant", "Done."),
        ("user", "Thanks!"),
        ("assistant", "Thanks! 7 {'greets': True} Order 1042 never came. Refund me."),
    ]
    assert [step["type"] for step in steps(record)][1:] == [
        *["tool_call", "tool_result"] * 2,
        "log",
        *["tool_call", "tool_result"],
        *["model_call", "message", "message", "message"],
    ]
    assert steps(record, "log")[0]["text"] == "lookup_order: there is no order 9"
    assert (record.outcome.tokens_used, str(record.outcome.cost_usd)) == (3, "0.75")
    if isolation is Isolation.PROCESS:
        assert "this is no protocol\nnor is this\nnor this\n" in (record.outcome.sandbox_logs or "")


@pytest.mark.parametrize(
    ("script", "kind", "message"),
    [
        ("echo hello there", "protocol_error", "the agent wrote 'hello there', expected one JSON object a line"),
        ("printf '\\000\\377\\n'", "protocol_error", "expected one JSON object a line"),
        ("echo '[1, 2]'", "protocol_error", "expected an object with a type"),
        ('echo \'{"type": "dance"}\'', "protocol_error", "the unknown type 'dance'"),
        ('echo \'{"type": "message", "content": 7}\'', "protocol_error", "content is no text"),
        ('echo \'{"type": "tool_call", "name": "x", "arguments": [1]}\'', "protocol_error", "no object"),
        ('echo \'{"type": "tool_call"}\'', "protocol_error", "without a name"),
        ('echo \'{"type": "model_call", "cost_usd": "NaN"}\'', "protocol_error", "cost_usd is 'NaN'"),
        ('echo \'{"type": "model_call", "usage": {"input_tokens": -1}}\'', "protocol_error", "input_tokens is -1"),
        ('echo \'{"type": "error", "message": "I give up"}\'', "agent_reported_error", "I give up"),
        ("echo oh dear >&2; exit 3", "exit_code_3", "the agent exited with code 3: oh dear"),
        ("kill -SEGV $$", "died_by_sigsegv", "the agent was ended by signal SIGSEGV"),
        ("head -c 6000000 /dev/zero | tr '\\0' x", "protocol_error", "a line of more than 4194304 bytes"),
    ],
)
async def test_a_program_that_misbehaves_is_named_for_what_it_did(tmp_path, services, script, kind, message):
    spec = program("sh", "-c", f"read -r start; {script}; read -r more")

    record = await perform(tmp_path, spec=spec, services=services)

    assert verdict(record) == ("error", False, 0.0, "agent")
    failure = the_failure(record)
    assert failure.failure_type == kind
    assert message in (failure.error_message or "")
    assert trajectory(record)["error"]["type"] == kind
    assert record.outcome.sandbox_id


@pytest.mark.parametrize(
    ("limits", "script", "kinds"),
    [
        (AgentLimits(memory_mb=64), "python3 -c 'x = b\"x\" * (1 << 29)'", {"memory_limit", "exit_code_1"}),
        (AgentLimits(), "head -c 1000000000 /dev/zero >&2", {"output_limit"}),
        (AgentLimits(cpu_seconds=1), "while :; do :; done", {"cpu_limit"}),
        (
            AgentLimits(processes=8),
            "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 60 & done; wait",
            {"process_limit", "exit_code_2", "exit_code_254"},
        ),
    ],
)
async def test_a_program_that_takes_too_much_is_ended_for_it(tmp_path, services, limits, script, kinds):
    spec = program("sh", "-c", f"read -r start; {script}", limits=limits)

    record = await perform(tmp_path, spec=spec, services=services)

    assert verdict(record) == ("error", False, 0.0, "agent")
    assert the_failure(record).failure_type in kinds
    if the_failure(record).failure_type.endswith("_limit"):
        assert record.outcome.error_category == "sandbox_error"


async def test_a_program_that_hangs_is_a_timeout(tmp_path, services):
    record = await perform(tmp_path, spec=program("sleep", "600"), services=services, timeout_ms=150)

    assert verdict(record) == ("timeout", False, 0.0, "agent")
    assert the_failure(record).failure_type == "trial_timeout"
    assert record.outcome.sandbox_id


async def test_a_cancelled_trial_leaves_no_process_behind(tmp_path, services):
    token = f"guildhall-cancelled-{uuid4().hex}"
    script = 'trap \'\' TERM HUP; (setsid sh -c \'sleep 600\' "$0") & read -r start; echo \'{"type":"log","text":"on"}\'; sleep 600'
    task = asyncio.ensure_future(perform(tmp_path, spec=program("sh", "-c", script, token), services=services))
    while not (alive := processes_with(token)):
        assert not task.done()
        await asyncio.sleep(0.01)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    await_death(alive)
    assert processes_with(token) == []


async def test_a_program_that_stops_speaking_has_ended(tmp_path, services):
    script = 'read -r start; echo \'{"type": "message", "content": "refunded"}\'; read -r end'

    record = await perform(tmp_path, spec=program("sh", "-c", script), services=services)

    assert verdict(record) == ("success", True, 1.0, None)


async def test_lone_surrogates_from_a_program_are_replaced_not_refused(tmp_path, services):
    script = r"""read -r start; printf '%s\n' '{"type": "message", "content": "refunded \u0000 \ud800"}'"""

    record = await perform(tmp_path, spec=program("bash", "-c", script), services=services)

    assert verdict(record) == ("success", True, 1.0, None)
    assert steps(record, "message")[-1]["content"] == "refunded \ufffd \ufffd"


async def test_a_program_that_is_not_there_is_the_agents_fault(tmp_path, services):
    record = await perform(tmp_path, spec=program("./missing"), services=services)

    assert verdict(record) == ("error", False, 0.0, "agent")
    assert the_failure(record).failure_type == "program_not_runnable"


async def test_a_sandbox_that_is_lost_is_the_infrastructures_fault_and_scores_nothing(tmp_path, services):
    await services.sandbox.close()

    record = await perform(tmp_path, spec=program("true"), services=services)

    assert verdict(record) == ("error", None, None, "infrastructure")
    assert record.outcome.execution_metadata["retryable"] is True


async def test_an_agent_may_blame_a_tool_or_the_infrastructure(tmp_path, services):
    script = 'read -r start; echo \'{"type": "error", "message": "no route to host", "fault": "infrastructure"}\''

    record = await perform(tmp_path, spec=program("sh", "-c", script), services=services)

    assert verdict(record) == ("error", None, None, "infrastructure")
    assert the_failure(record).error_message == "no route to host"


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        (
            "def play(session): return [][1]",
            "agent_raised_index_error",
            "IndexError: list index out of range (agent.py:1)",
        ),
        ("import shop.nowhere\ndef play(session): pass", "agent_not_loadable", "No module named"),
        ("def play(session): return 7", "agent_returned_nonsense", "returned a int"),
        ("import os\ndef play(session): os._exit(9)", "exit_code_9", "exited with code 9"),
        ("import os\ndef play(session): os.kill(os.getpid(), 9)", "died_by_sigkill", "SIGKILL"),
        ("def play(session): session.call('broken')", "unhandled_tool_error", "ToolError: broken: there is no tool"),
        ("import sys\ndef play(session): sys.exit(4)", "agent_raised_system_exit", "4"),
    ],
)
async def test_what_a_python_agent_raises_in_its_process_is_named(tmp_path, services, source, kind, message):
    record = await perform(tmp_path, source, spec=in_process(), services=services)

    assert verdict(record) == ("error", False, 0.0, "agent")
    assert the_failure(record).failure_type == kind
    assert message in (the_failure(record).error_message or "")


async def test_an_agents_own_files_are_there_and_what_it_writes_is_thrown_away(tmp_path, services):
    write(tmp_path, helper__words="def done(): return 'refunded'")
    (tmp_path / "answer.txt").write_text("refunded")
    source = """
from pathlib import Path
import importlib
def play(session):
    Path("written.txt").write_text("x")
    words = importlib.import_module("helper.words")
    assert words.__name__ == "helper.words"
    return Path("answer.txt").read_text() + Path(__file__).with_name("answer.txt").read_text() + words.done()
"""
    record = await perform(tmp_path, source, spec=in_process(), services=services)

    assert verdict(record) == ("success", True, 1.0, None), record.failures
    assert not (tmp_path / "written.txt").exists()
    assert not list(tmp_path.rglob("__pycache__"))


async def test_an_agent_gets_the_variables_that_it_asked_for_and_no_others(tmp_path, services, monkeypatch):
    monkeypatch.setenv("SHOP_REGION", "north")
    monkeypatch.setenv("SHOP_TOKEN", "hunter2hunter2")
    monkeypatch.setenv("UNRELATED", "kept away")
    source = """
import os, sys
def play(session):
    print(os.environ["SHOP_TOKEN"], file=sys.stderr)
    return f"refunded {os.environ['SHOP_REGION']} {os.environ.get('UNRELATED')}"
"""
    spec = in_process(environment=("SHOP_REGION", "SHOP_TOKEN", "NOT_SET"))

    record = await perform(tmp_path, source, spec=spec, services=services)

    assert steps(record, "message")[-1]["content"] == "refunded north None"
    assert "hunter2" not in (record.outcome.sandbox_logs or "")
    assert "[redacted]" in (record.outcome.sandbox_logs or "")


async def test_tools_that_are_programs_get_json_and_give_json_or_text(tmp_path, services):
    write(
        tmp_path,
        tool="""
        import json, sys
        given = json.load(sys.stdin)
        match given.get("do"):
            case "json": print(json.dumps({"seen": given}))
            case "text": print("just text")
            case "refuse": print(json.dumps({"error": "not today"}))
            case "fail": print("bad luck", file=sys.stderr); sys.exit(5)
        """,
    )
    source = """
def play(session):
    seen = []
    for what in ("json", "text", "refuse", "fail", None):
        try:
            seen.append(session.call("tool", do=what) if what else session.call("tool", other=1))
        except session.ToolError as error:
            seen.append(error.message)
    try:
        session.call("hang")
    except session.ToolError as error:
        seen.append(error.message)
    import json
    return json.dumps(seen)
"""
    tool = ToolSpec(
        "tool",
        command=(sys.executable, "tool.py"),
        parameters={"type": "object", "properties": {"do": {"type": "string"}}, "required": ["do"]},
    )
    hang = ToolSpec("hang", command=("sleep", "600"), timeout_ms=100)

    record = await perform(tmp_path, source, spec=an_agent(tools=(tool, hang)), services=services)

    assert json.loads(steps(record, "message")[-1]["content"]) == [
        {"seen": {"do": "json"}},
        "just text",
        "not today",
        "the tool exited with code 5: bad luck",
        "the arguments do not fit: $: 'do' is a required property",
        "the tool took more than 100 ms",
    ]
    assert [each.error_types for each in record.tools] == [
        ("refused", "exit_code_5", "invalid_arguments"),
        ("timeout",),
    ]


async def test_a_python_tool_serves_an_agent_in_another_process(tmp_path, services):
    write(tmp_path, tools="def word(n: int) -> str:\n    return ['kept', 'refunded'][n]")
    spec = in_process(tools=(python_tool("word"),))

    record = await perform(
        tmp_path, "def play(session): return session.call('word', n=1)", spec=spec, services=services
    )

    assert verdict(record) == ("success", True, 1.0, None)


async def test_a_reference_that_leads_nowhere_is_found_before_the_run(tmp_path, services):
    write(tmp_path, agent="def run(session): pass\ndef plays(session): pass")

    with pytest.raises(CodeNotLoadable, match=r"has no 'play'.*Did you mean 'plays'"):
        await perform(tmp_path, spec=in_process(), scenario=a_scenario(), services=services)
