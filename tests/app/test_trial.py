"""A trial from the agent's first word to the record that is kept."""

from __future__ import annotations

import asyncio
import threading
from decimal import Decimal

import orjson
import pytest

from fixtures.plays import (
    SHOP,
    a_claim,
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
from guildhall.adapters import code
from guildhall.adapters.runtimes.python import ThreadSession
from guildhall.app.trial import Services, TrialConductor, cast, conduct, prepare_agent, prepare_scenario, trial_seed
from guildhall.domains.evaluation.configurations import AgentLimits
from guildhall.domains.evaluation.scenarios import ScenarioLimits, ScorerSpec, UserSpec

REFUNDS = """
def play(session):
    order = session.call("lookup_order", order="1042")
    session.call("refund", order="1042", amount=order["total"])
    return "Your order is refunded."
"""


async def test_a_trial_that_passes_leaves_its_whole_course(tmp_path):
    write(tmp_path, shop=SHOP)

    record = await perform(tmp_path, REFUNDS, scenario=in_the_shop())

    assert verdict(record) == ("success", True, 1.0, None)
    assert record.failures == ()
    course = trajectory(record)
    assert course["status"] == "success"
    assert course["start_time"] <= course["end_time"]
    assert course["final_state"] == {"orders": {"1042": {"status": "refunded", "total": 30}}}
    assert [(step["type"], step.get("role") or step.get("name")) for step in course["steps"]] == [
        ("message", "user"),
        ("tool_call", "lookup_order"),
        ("tool_result", "lookup_order"),
        ("tool_call", "refund"),
        ("tool_result", "refund"),
        ("message", "assistant"),
    ]
    assert course["steps"][2]["content"] == {"status": "late", "total": 30}  # as it was then, not as it became
    assert course["steps"][3]["arguments"] == {"order": "1042", "amount": 30}
    times = [step["at_ms"] for step in course["steps"]]
    assert times == sorted(times)


async def test_the_record_carries_the_claim(tmp_path):
    write(tmp_path, agent="def play(session): return 'refunded'")
    company = cast(
        prepare_agent(an_agent(), tmp_path, Services()), prepare_scenario(a_scenario(), tmp_path, Services())
    )
    claim = a_claim(trial=3, attempts=2)

    record = await conduct(company, claim, seed=11, timeout_ms=5000)

    outcome = record.outcome
    assert (outcome.outcome_id, outcome.execution_time) == (claim.outcome_id, claim.execution_time)
    assert (outcome.simulation_id, outcome.scenario_id, outcome.trial_number) == (claim.simulation_id, "refund_late", 3)
    assert record.attempt_token == claim.attempt_token
    assert outcome.execution_metadata["attempt"] == 2
    assert outcome.execution_metadata["seed"] == 11
    assert outcome.execution_metadata["isolation"] == "none"
    assert outcome.execution_metadata["limits"]["timeout_ms"] == 5000
    assert outcome.execution_time_ms is not None
    assert outcome.execution_time_ms >= 0


async def test_a_wrong_answer_is_a_success_that_did_not_pass_and_the_agents_fault(tmp_path):
    record = await perform(tmp_path, "def play(session): return 'No.'")

    assert verdict(record) == ("success", False, 0.0, "agent")
    failure = the_failure(record)
    assert (failure.failure_type, failure.failure_category) == ("wrong_answer", "validation_error")
    assert failure.error_message == "contains: 'No.' does not contain 'refunded'"
    assert failure.step == 1
    assert record.outcome.error_code is None
    assert "error" not in trajectory(record)


async def test_tool_usage_is_counted_by_tool(tmp_path):
    write(tmp_path, shop=SHOP)
    source = """
def play(session):
    for order in ("1", "1042", "2"):
        try:
            session.call("lookup_order", order=order)
        except session.ToolError:
            pass
    session.call("refund", order="1042")
    try:
        session.call("no_such")
    except session.ToolError as error:
        assert "there is no tool 'no_such'" in str(error)
    try:
        session.call("refund", order=7)
    except session.ToolError as error:
        assert "7 is not of type 'string'" in str(error)
"""
    record = await perform(tmp_path, source, scenario=in_the_shop())

    used = {each.tool_name: each for each in record.tools}
    assert verdict(record) == ("success", True, 1.0, None)
    assert (used["lookup_order"].call_count, used["lookup_order"].error_count) == (3, 2)
    assert used["lookup_order"].error_types == ("refused",)
    assert used["lookup_order"].tool_sequence == [1, 2, 3]
    assert used["refund"].tool_sequence == [4, 6]
    assert used["refund"].error_types == ("invalid_arguments",)
    assert used["no_such"].error_types == ("unknown_tool",)
    assert used["refund"].timed_count == 2
    assert record.outcome.metrics["tool_calls"] == 6
    assert record.outcome.metrics["tool_errors"] == 4


async def test_what_model_calls_cost_is_summed_and_unknown_is_never_nothing(tmp_path):
    known = """
def play(session):
    session.model_call(usage={"input_tokens": 10, "output_tokens": 5}, cost_usd="0.25", model="gpt-x")
    session.say("refunded", usage={"input_tokens": 20, "output_tokens": 1, "cached_tokens": 8}, cost_usd=0.5)
"""
    (tmp_path / "known").mkdir()
    record = await perform(tmp_path / "known", known)
    assert record.outcome.tokens_used == 36
    assert record.outcome.cost_usd == Decimal("0.75")
    assert record.outcome.metrics["model_calls"] == 2
    assert record.outcome.metrics["cached_tokens"] == 8
    assert steps(record, "model_call")[0]["cost_usd"] == "0.25"
    assert record.outcome.execution_metadata["warnings"] == ["the YAML declares model 'rules', the agent used gpt-x"]

    unknown = known.replace(', cost_usd="0.25"', "")
    (tmp_path / "unknown").mkdir()
    record = await perform(tmp_path / "unknown", unknown)
    assert record.outcome.cost_usd is None
    assert record.outcome.metrics["known_cost_usd"] == "0.5"

    (tmp_path / "none").mkdir()
    record = await perform(tmp_path / "none", "def play(session): return 'refunded'")
    assert (record.outcome.tokens_used, record.outcome.cost_usd) == (None, None)


@pytest.mark.parametrize(
    ("limits", "source", "kind"),
    [
        (AgentLimits(max_tool_calls=2), "while True: session.call('ping')", "max_tool_calls_exceeded"),
        (AgentLimits(max_turns=3), "while True: session.say('again')", "max_turns_exceeded"),
        (AgentLimits(max_cost_usd=0.1), "while True: session.model_call(cost_usd=0.06)", "max_cost_exceeded"),
    ],
)
async def test_a_limit_ends_the_trial_even_for_an_agent_that_catches_everything(tmp_path, limits, source, kind):
    write(tmp_path, tools="def ping(): return 'pong'")
    stubborn = f"""
def play(session):
    while True:
        try:
            {source}
        except Exception:
            pass
"""
    record = await perform(tmp_path, stubborn, spec=an_agent(limits=limits, tools=(python_tool("ping"),)))

    assert verdict(record) == ("error", False, 0.0, "agent")
    assert the_failure(record).failure_type == kind
    assert record.outcome.error_code == kind


async def test_the_scenarios_limits_hold_where_they_are_smaller(tmp_path):
    scenario = a_scenario(limits=ScenarioLimits(timeout_ms=900, max_turns=2, max_cost_usd=0.5))

    record = await perform(tmp_path, "def play(session):\n    while True: session.say('x')", scenario=scenario)

    assert the_failure(record).failure_type == "max_turns_exceeded"
    assert record.outcome.execution_metadata["limits"] == {
        "timeout_ms": 900,
        "max_turns": 2,
        "max_tool_calls": 200,
        "max_cost_usd": 0.5,
    }


@pytest.mark.parametrize(
    "source",
    [
        "import threading\ndef play(session): threading.Event().wait(20)",
        "def play(session):\n    while True: pass",
        "import asyncio\nasync def play(session): await asyncio.Event().wait()",
        # An agent that lets nothing stop it, not even a cancellation, is over when it gives up by itself.
        "import asyncio\nasync def play(session):\n"
        "    try: await asyncio.Event().wait()\n    except BaseException: return 'refunded'",
    ],
)
async def test_an_agent_that_takes_too_long_is_a_timeout(tmp_path, source):
    record = await perform(tmp_path, source, timeout_ms=60)

    assert verdict(record) == ("timeout", False, 0.0, "agent")
    failure = the_failure(record)
    assert (failure.failure_type, failure.failure_category) == ("trial_timeout", "timeout")
    assert record.outcome.error_category == "timeout"
    assert trajectory(record)["error"]["type"] == "trial_timeout"


async def test_an_agent_that_goes_on_after_its_time_writes_nothing_more(tmp_path):
    go_on, went_on = threading.Event(), threading.Event()
    write(
        tmp_path,
        agent="""
        def play(session):
            try:
                session.events[0].wait()
            finally:
                try:
                    session.say("too late")
                finally:
                    session.events[1].set()
        """,
    )
    ThreadSession.events = (go_on, went_on)  # type: ignore[attr-defined]
    try:
        record = await perform(tmp_path, timeout_ms=1_000)  # time enough to begin, on a busy machine too
        go_on.set()
        assert await asyncio.to_thread(went_on.wait, 10)
    finally:
        del ThreadSession.events  # type: ignore[attr-defined]

    assert verdict(record)[0] == "timeout"
    assert [step.get("content") for step in steps(record, "message")] == ["Order 1042 never came. Refund me."]


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("def play(session): return 1 / 0", "agent_raised_zero_division_error", "division by zero (agent.py:1)"),
        ("def play(session): return {'a': 1}", "agent_returned_nonsense", "returned a dict, expected text or None"),
        ("def play(): return 'x'", "agent_raised_type_error", "takes 0 positional arguments"),
        ("import sys\ndef play(session): sys.exit('enough')", "agent_raised_system_exit", "enough (agent.py:2)"),
        ("def play(session): raise KeyboardInterrupt", "agent_raised_keyboard_interrupt", "KeyboardInterrupt"),
        ("def play(session): return play(session)", "agent_raised_recursion_error", "recursion"),
        ("def play(session): raise StopIteration", "agent_raised_stop_iteration", "StopIteration"),
        ("async def play(session): return 1 / 0", "agent_raised_zero_division_error", "division by zero (agent.py:1)"),
        ("async def play(session): raise SystemExit(3)", "agent_raised_system_exit", "3 (agent.py:1)"),
        ("def play(session): session.model_call(cost_usd=-1)", "agent_raised_value_error", "cost_usd is -1"),
        (
            "class E(Exception):\n def __str__(self): 1/0\ndef play(session): raise E",
            "agent_raised_e",
            "cannot be printed",
        ),
    ],
)
async def test_whatever_an_agent_raises_is_an_outcome(tmp_path, source, kind, message):
    record = await perform(tmp_path, source)

    assert verdict(record) == ("error", False, 0.0, "agent")
    failure = the_failure(record)
    assert failure.failure_type == kind
    assert failure.failure_category == "system_error"
    assert message in (failure.error_message or "")


async def test_an_agent_that_exits_in_peace_has_ended(tmp_path):
    record = await perform(tmp_path, "import sys\ndef play(session):\n    session.say('refunded')\n    sys.exit(0)")

    assert verdict(record) == ("success", True, 1.0, None)


async def test_an_agent_that_cancels_itself_is_no_cancellation_of_ours(tmp_path):
    record = await perform(tmp_path, "import asyncio\nasync def play(session): raise asyncio.CancelledError")

    assert verdict(record)[0] == "error"


async def test_a_cancellation_passes_through(tmp_path):
    started = threading.Event()
    write(tmp_path, tools="def begin(): started.set()\nstarted = None")
    write(
        tmp_path,
        agent="import asyncio\nasync def play(session):\n    await session.call('begin')\n    await asyncio.Event().wait()",
    )
    spec = an_agent(tools=(python_tool("begin"),))
    company = cast(prepare_agent(spec, tmp_path, Services()), prepare_scenario(a_scenario(), tmp_path, Services()))
    code.load("tools:begin", tmp_path).__globals__["started"] = started
    task = asyncio.ensure_future(conduct(company, a_claim(), seed=1, timeout_ms=20_000))
    await asyncio.to_thread(started.wait, 10)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_nul_and_lone_surrogates_and_strange_values_are_kept_as_they_can_be(tmp_path):
    write(tmp_path, tools="def echo(x=None): return {'seen': x, 'nan': float('nan'), 'set': {1}, 'big': 2**80}")
    source = r"""
def play(session):
    result = session.call("echo", x="nul \0 and \ud800")
    session.log("log \0 \udfff")
    session.say(f"refunded \0 \ud83d {result['big']}")
"""
    record = await perform(tmp_path, source, spec=an_agent(tools=(python_tool("echo"),)))

    assert verdict(record) == ("success", True, 1.0, None)
    assert isinstance(record.outcome.trajectory, bytes)
    assert b"\\u0000" not in record.outcome.trajectory
    course = steps(record)
    assert course[1]["arguments"] == {"x": "nul \ufffd and \ufffd"}
    assert course[2]["content"] == {"seen": "nul \ufffd and \ufffd", "nan": None, "set": [1], "big": str(2**80)}
    assert course[4]["content"] == f"refunded \ufffd \ufffd {2**80}"


async def test_the_session_tells_what_the_agent_may_know_and_gives_copies(tmp_path):
    write(tmp_path, shop=SHOP)
    source = """
import json
def play(session):
    session.config["style"]["greets"] = "changed"
    session.tools.clear()
    return json.dumps({
        "prompt": session.prompt, "messages": session.messages, "config": session.config, "model": session.model,
        "temperature": session.temperature, "system_prompt": session.system_prompt, "seed": session.seed,
        "scenario_id": session.scenario_id, "trial": session.trial, "limits": session.limits,
        "tools": {tool["name"]: tool for tool in session.tools},
    })
"""
    record = await perform(
        tmp_path, source, spec=an_agent(system_prompt="Be brief."), scenario=in_the_shop(), trial=4, seed=99
    )

    said = orjson.loads(steps(record, "message")[-1]["content"])
    assert said["prompt"] == "Order 1042 never came. Refund me."
    assert said["messages"][0] == {"role": "system", "content": "Be brief."}
    assert said["config"]["style"] == {"greets": True}
    assert (said["model"], said["temperature"], said["seed"], said["trial"]) == ("rules", 0.5, 99, 4)
    assert said["limits"]["max_turns"] == 20
    assert said["tools"].keys() == {"lookup_order", "refund", "broken"}
    assert said["tools"]["lookup_order"] == {
        "name": "lookup_order",
        "description": "Look an order up.",
        "parameters": {
            "type": "object",
            "properties": {"order": {"type": "string", "description": "its number"}},
            "required": ["order"],
            "additionalProperties": False,
        },
    }


@pytest.mark.parametrize("word", ["def", "async def"])
async def test_a_scripted_user_answers_until_its_turns_are_used_up(tmp_path, word):
    wait = "await " if word == "async def" else ""
    source = f"""
{word} play(session):
    heard = []
    said = session.prompt
    while said is not None:
        heard.append(said)
        said = {wait}session.say(f"heard {{len(heard)}}")
    {wait}session.log(heard)
    return "refunded"
"""
    scenario = a_scenario(user=UserSpec(turns=("Please.", "Now!")))

    record = await perform(tmp_path, source, scenario=scenario, services=Services(models=None))

    assert verdict(record) == ("success", True, 1.0, None)
    assert [(step["role"], step["content"]) for step in steps(record, "message")] == [
        ("user", "Order 1042 never came. Refund me."),
        ("assistant", "heard 1"),
        ("user", "Please."),
        ("assistant", "heard 2"),
        ("user", "Now!"),
        ("assistant", "heard 3"),
        ("assistant", "refunded"),
    ]
    assert record.outcome.metrics["turns"] == 4


async def test_an_environment_is_fresh_for_each_trial(tmp_path):
    write(tmp_path, shop=SHOP)
    idle = "def play(session): return str(session.call('lookup_order', order='1042'))"

    refunded = await perform(tmp_path, REFUNDS, scenario=in_the_shop())
    (tmp_path / "second").mkdir()
    write(tmp_path / "second", shop=SHOP)
    after = await perform(tmp_path / "second", idle, scenario=in_the_shop())

    assert verdict(refunded) == ("success", True, 1.0, None)
    assert verdict(after) == ("success", False, 0.0, "agent")
    assert the_failure(after).failure_type == "wrong_final_state"
    assert the_failure(after).error_message == 'final_state: orders.1042.status is "late", expected "refunded"'


async def test_logs_are_kept_with_secrets_taken_out_and_are_not_endless(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", "hunter2hunter2")
    source = """
def play(session):
    session.log("token hunter2hunter2 and sk-abcdefghijklmnopqrstuvwx")
    for number in range(2000):
        session.log(number)
    return "refunded with hunter2hunter2"
"""
    record = await perform(tmp_path, source, spec=an_agent(environment=("SHOP_TOKEN",)))

    logs = steps(record, "log")
    assert logs[0]["text"] == "token [redacted] and sk-[redacted]"
    assert len(logs) == 501
    assert logs[-1]["text"] == "[further lines of the log are not kept]"
    assert steps(record, "message")[-1]["content"] == "refunded with [redacted]"


async def test_the_keys_of_users_and_judges_are_taken_out_as_well(tmp_path, monkeypatch):
    monkeypatch.setenv("JUDGE_ACCESS", "open-sesame-17")
    scenario = a_scenario(scorers=(ScorerSpec("contains", options={"api_key_env": "JUDGE_ACCESS"}),))

    record = await perform(tmp_path, "def play(session): raise OSError('open-sesame-17 refused')", scenario=scenario)

    assert the_failure(record).error_message == "OSError: [redacted] refused (agent.py:1)"


async def test_a_message_longer_than_anybody_reads_is_cut_in_the_failure(tmp_path):
    record = await perform(tmp_path, "def play(session): raise ValueError('x' * 50_000)")

    assert len(the_failure(record).error_message or "") == 10_000


async def test_a_trajectory_beyond_all_measure_ends_the_trial(tmp_path):
    record = await perform(tmp_path, "def play(session):\n    for _ in range(10): session.say('x' * 8_000_000)")

    assert verdict(record) == ("error", False, 0.0, "agent")
    assert the_failure(record).failure_type == "trajectory_too_large"


def test_a_trials_seed_depends_on_nothing_but_the_simulation_the_scenario_and_the_trial():
    seeds = {trial_seed(seed, scenario, trial) for seed in (0, 1) for scenario in ("a", "b") for trial in range(1, 51)}

    assert len(seeds) == 200
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert trial_seed(5, "a", 2) == trial_seed(5, "a", 2)


async def test_a_conductor_loads_once_and_conducts_each_claim(tmp_path):
    agent, files = tmp_path / "agent", tmp_path / "files"
    write(agent, agent="def play(session): return session.call('state_of', order='1042')")
    shop = (
        "class Shop:\n"
        "    def __init__(self, definition, seed): self.said = f\"{definition['word']} {seed}\"\n"
        "    def state_of(self, order: str): return self.said"
    )
    scenarios = {
        each: a_scenario(
            scenario_id=each,
            environment="shop:Shop",
            definition={"word": each},
            ground_truth=each,
            files={"shop.py": shop.encode()},
        )
        for each in ("refunded", "kept")
    }
    conductor = TrialConductor(an_agent(), agent, scenarios, services=Services(), files=files, seed=3, timeout_ms=5_000)

    records = [await conductor.conduct(a_claim(trial, scenario_id=each)) for each in scenarios for trial in (1, 2)]

    assert [verdict(each) for each in records] == [("success", True, 1.0, None)] * 4
    said = [steps(each, "message")[-1]["content"] for each in records]
    assert said[0] == f"refunded {trial_seed(3, 'refunded', 1)}"
    assert len(set(said)) == 4
    assert len(list(files.iterdir())) == 1  # both scenarios share their files


async def test_scores_are_combined_and_each_is_kept(tmp_path):
    scenario = a_scenario(
        scorers=(ScorerSpec("contains", weight=3), ScorerSpec("exact", weight=1), ScorerSpec("exact", weight=0)),
        pass_score=0.7,
    )

    record = await perform(tmp_path, "def play(session): return 'It is refunded'", scenario=scenario)

    assert verdict(record) == ("success", True, 0.75, None)
    assert record.outcome.metrics["scores"] == {"contains": 1.0, "exact": 0.0, "exact_2": 0.0}
    assert [each["score"] for each in trajectory(record)["scores"]] == [1.0, 0.0, 0.0]
