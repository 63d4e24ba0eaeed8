"""Agents, tools and judges that misbehave: each spoils its own trial, is named, and the rest is done."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from fixtures.agents import Project
from fixtures.command_line import Command
from fixtures.database import run_sql
from fixtures.models import KEY, KEY_VARIABLE, ScriptedServer, says
from fixtures.processes import await_death, processes_with

_AGENT = """\
name: brute
model: rules
temperature: 0
runtime: command
command: [python3, brute.py, {token}]
tools:
  - python: tools:fails
limits: {{timeout_ms: 20000, memory_mb: 128, processes: 16}}
"""

_TOOLS = '''\
def fails() -> str:
    """A tool that is broken."""
    raise RuntimeError("the till is jammed")
'''

_BRUTE = r"""
import json, os, signal, sys, time

sys.excepthook = lambda kind, error, trace: print(kind.__name__, error, file=sys.stderr)
start = json.loads(sys.stdin.readline())
say = lambda text: print(json.dumps({"type": "message", "content": text}), flush=True)

def forks():
    children = 0
    try:
        while children < 200:
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            children += 1
    except OSError:
        pass
    say(f"{children} children")
    time.sleep(60)

def writes():
    with open("big", "wb") as file:
        for _ in range(1024):
            file.write(bytes(1 << 20))

def uses_a_broken_tool():
    print(json.dumps({"type": "tool_call", "id": "1", "name": "fails", "arguments": {}}), flush=True)
    result = json.loads(sys.stdin.readline())
    say("Something is broken: " + result["error"])

{
    "behaves": lambda: say("3"),
    "prints_garbage": lambda: print("Loading model… done", flush=True),
    "prints_bytes": lambda: os.write(1, bytes(range(256)) * 16),
    "hangs": lambda: time.sleep(60),
    "forks": forks,
    "eats_memory": lambda: say(str(len(bytearray(1 << 30)))),
    "writes_a_gigabyte": writes,
    "dies_by_a_signal": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "exits": lambda: sys.exit(7),
    "says_nothing": lambda: None,
    "says_odd_things": lambda: print('{"type": "message", "content": "3\\u0000 \\ud800!"}', flush=True),
    "uses_a_broken_tool": uses_a_broken_tool,
}[start["scenario_id"]]()
"""

GOOD = ("behaves", "says_odd_things")

WRONGS = {
    "prints_garbage": "error|f|agent|protocol_error|the agent wrote 'Loading model… done', expected one JSON object a line",
    "prints_bytes": r"error|f|agent|protocol_error|the agent wrote '\x00\x01\x02\x03\x04\x05\x06\x07\x08\t',"
    " expected one JSON object a line",
    "hangs": "timeout|f|agent|trial_timeout|the trial took more than 1500 ms",
    "forks": "timeout|f|agent|trial_timeout|the trial took more than 3000 ms",
    "eats_memory": "error|f|agent|memory_limit|the agent used more than 128 MB of memory",
    "writes_a_gigabyte": "error|f|agent|exit_code_1|the agent exited with code 1: OSError [Errno 27] File too large",
    "dies_by_a_signal": "error|f|agent|died_by_sigsegv|the agent was ended by signal SIGSEGV",
    "exits": "error|f|agent|exit_code_7|the agent exited with code 7",
    "says_nothing": "success|f|agent||contains: nothing does not contain '3'",
    "uses_a_broken_tool": "success|f|tool||tool 'fails' failed in 1 of 1 calls and never gave an answer:"
    " RuntimeError: the till is jammed (tools.py:3)",
}
"""What is recorded of each: status, passed, fault, failure and words."""

_RECORDED = """
SELECT outcomes.scenario_id, outcomes.status, outcomes.passed, outcomes.fault, outcomes.error_code, failures.error_message
  FROM store.outcomes LEFT JOIN store.failure_patterns AS failures USING (outcome_id)
"""


def test_agents_that_misbehave_spoil_their_own_trials_and_no_others(
    guildhall: Command, project: Project, administrator_url: str
) -> None:
    token = f"brute-{project.folder.parent.name}"
    project.agent.write_text(_AGENT.format(token=token))
    (project.folder / "brute.py").write_text(_BRUTE)
    (project.folder / "tools.py").write_text(_TOOLS)
    project.scenarios.write_text("".join(json.dumps(_scenario(name)) + "\n" for name in (*GOOD, *WRONGS)))

    report = guildhall("eval", "run", project.agent, project.scenarios, "--json").json
    assert (report["status"], report["outcomes"]) == ("completed", len(GOOD) + len(WRONGS))

    recorded = dict(line.split("|", 1) for line in run_sql(administrator_url, _RECORDED).splitlines())
    for name in GOOD:
        assert recorded.pop(name) == "success|t|||"
    assert recorded == WRONGS
    assert _last_words(guildhall, "says_odd_things") == "3\ufffd \ufffd!"
    assert _last_words(guildhall, "forks") == "15 children"
    await_death(processes_with(token))


def _last_words(guildhall: Command, scenario: str) -> str:
    steps = guildhall("eval", "show", "@latest", scenario, "--json").json["trial"]["trajectory"]["steps"]
    return [step["content"] for step in steps if step["type"] == "message"][-1]


def _scenario(name: str) -> dict[str, Any]:
    limits = {"hangs": {"timeout_ms": 1500}, "forks": {"timeout_ms": 3000}}
    return {
        "scenario_id": name,
        "name": name.capitalize(),
        "task_prompt": "What is 1 + 2?",
        "ground_truth": "3",
        "scorers": ["contains"],
        "limits": limits.get(name, {}),
    }


async def test_a_judge_that_answers_nonsense_is_to_blame_and_nobody_is_scored(
    guildhall: Command, project: Project, model_server: ScriptedServer, administrator_url: str
) -> None:
    judge = {"type": "llm_judge", "model": "gpt-judge", "rubric": "Polite?", "base_url": f"{model_server.url}/v1"}
    scenario = _scenario("behaves") | {"scorers": [{**judge, "api_key_env": KEY_VARIABLE}]}
    project.scenarios.write_text(json.dumps(scenario | {"task_prompt": "Question 1: what is 1 + 2?"}))
    model_server.will(says("Splendid, ten out of ten!"), says('{"score": "lots", "reason": 7}'))
    arguments = ("eval", "run", project.agent, project.scenarios, "--json")
    report = (await asyncio.to_thread(guildhall, *arguments, **{KEY_VARIABLE: KEY})).json
    assert (report["status"], report["outcomes"], report["faults"]) == ("completed", 1, {"judge": 1})
    assert report["pass_rate"] is None
    assert run_sql(administrator_url, _RECORDED) == (
        "behaves|error||judge|judge_nonsense|judge 'gpt-judge' gave no grade twice: `score` is not a number"
    )
