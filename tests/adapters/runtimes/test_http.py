from __future__ import annotations

import json

import pytest

from fixtures.models import KEY, KEY_VARIABLE, Hang, Reply, answers
from fixtures.stages import RecordingStage, agent
from guildhall.adapters.exchange import HttpClient
from guildhall.adapters.llm import ModelKeyMissing
from guildhall.adapters.runtimes.http import AgentAddressRefused, HttpRuntime
from guildhall.adapters.users import ScriptedUser
from guildhall.domains.evaluation.configurations import Runtime, ToolSpec
from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.domains.evaluation.simulations import TrialFailed
from guildhall.domains.evaluation.simulations.ports import Usage


@pytest.fixture
def agent_server(model_server):
    """The same scripted server, speaking for an agent."""
    return model_server


@pytest.fixture
def runtime(http: HttpClient) -> HttpRuntime:
    return HttpRuntime(http, environment={KEY_VARIABLE: KEY})


@pytest.fixture
def stage_for(agent_server):
    def make(*, user=None, functions=None, times_left_ms=(), **spec) -> RecordingStage:
        spec = {"runtime": Runtime.HTTP, "url": f"{agent_server.url}/agent", "parsed": {"model": "gpt-test"}, **spec}
        return RecordingStage(
            agent(**spec), user=user, tool_functions=functions or {}, times_left_ms=list(times_left_ms)
        )

    return make


def lines(*events) -> Reply:
    return Reply("\n".join(json.dumps(event) for event in events).encode())


def message(content: str, **more) -> dict:
    return {"type": "message", "content": content, **more}


def tool_call(identifier: str, **arguments) -> dict:
    return {"type": "tool_call", "id": identifier, "name": "lookup", "arguments": arguments}


async def failure(runtime, stage) -> TrialFailed:
    with pytest.raises(TrialFailed) as caught:
        await runtime.play(stage)
    return caught.value


async def test_the_first_request_is_the_start_of_the_protocol_with_a_session(runtime, stage_for, agent_server):
    agent_server.will(answers(message("Hi")), Reply(b""))
    await runtime.play(stage_for(system_prompt="You help.", tools=(ToolSpec("lookup", "Find"),)))

    start, end = agent_server.requests
    assert start.path == "/agent"
    assert "Authorization" not in start.headers
    assert {key: start.body[key] for key in ("type", "protocol", "scenario_id", "trial", "seed", "model")} == {
        "type": "start",
        "protocol": 1,
        "scenario_id": "refund_late",
        "trial": 1,
        "seed": 7,
        "model": "gpt-test",
    }
    assert start.body["config"] == {"model": "gpt-test"}
    assert start.body["tools"] == [{"name": "lookup", "description": "Find", "parameters": {}}]
    assert [each["role"] for each in start.body["messages"]] == ["system", "user"]
    assert end.body == {"type": "end", "session": start.body["session"]}


async def test_words_come_with_what_they_cost(runtime, stage_for, agent_server):
    usage = {"input_tokens": 5, "output_tokens": 2}
    agent_server.will(
        answers([{"type": "model_call", "usage": usage}, message("Hi", usage=usage, cost_usd="0.01", model="m")])
    )
    stage = stage_for()
    await runtime.play(stage)

    assert stage.kinds == ["model_call", "reply"]
    [(words, call)] = stage.of("reply")
    assert (words, call.usage, str(call.cost_usd), call.model) == ("Hi", Usage(5, 2), "0.01", "m")


async def test_tools_run_in_order_and_their_results_go_out_together(runtime, stage_for, agent_server):
    agent_server.will(
        lines({"type": "log", "text": "thinking"}, tool_call("a", id="1"), tool_call("b", id="9")),
        answers(message("Found")),
    )

    def lookup(id):
        if id == "9":
            raise ValueError("no order 9")
        return {"order": id}

    stage = stage_for(functions={"lookup": lookup})
    await runtime.play(stage)

    assert stage.kinds == ["log", "tool_call", "tool_call", "reply"]
    start, following, _ = (each.body for each in agent_server.requests)
    assert following["type"] == "continue"
    assert following["session"] == start["session"]
    assert following["events"] == [
        {"type": "tool_result", "id": "a", "content": {"order": "1"}},
        {"type": "tool_result", "id": "b", "content": None, "error": "no order 9"},
    ]


async def test_an_agent_without_memory_finds_the_whole_conversation_in_every_request(runtime, stage_for, agent_server):
    agent_server.will(
        answers(tool_call("a", id="1")), answers(message("Which one?")), answers(message("Done")), Reply(b"")
    )
    await runtime.play(stage_for(user=ScriptedUser(["The late one"]), functions={"lookup": lambda id: ["x", "y"]}))

    assert agent_server.requests[2].body["events"] == [{"type": "user", "content": "The late one"}]
    assert agent_server.requests[2].body["messages"] == [
        {"role": "user", "content": "Order 1042 never came. Refund me."},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "a", "type": "function", "function": {"name": "lookup", "arguments": '{"id":"1"}'}}],
        },
        {"role": "tool", "tool_call_id": "a", "content": '["x","y"]'},
        {"role": "assistant", "content": "Which one?"},
        {"role": "user", "content": "The late one"},
    ]


@pytest.mark.parametrize("last", [Reply(b""), Reply(b"", 204), Reply(b" \n\n"), answers([]), answers({"type": "done"})])
async def test_an_answer_without_words_or_tool_calls_ends_the_trial(runtime, stage_for, agent_server, last):
    agent_server.will(last)
    stage = stage_for(user=ScriptedUser(["Hello?"]))
    await runtime.play(stage)
    assert stage.kinds == []
    assert len(agent_server.requests) == 1


async def test_what_follows_the_last_words_is_read_but_not_answered(runtime, stage_for, agent_server):
    agent_server.will(answers([message("Bye"), {"type": "log", "text": "closing"}]), Reply(b""))
    stage = stage_for()
    await runtime.play(stage)
    assert stage.kinds == ["reply", "log"]
    assert [each.body["type"] for each in agent_server.requests] == ["start", "end"]


async def test_a_failing_farewell_changes_nothing(runtime, stage_for, agent_server):
    agent_server.will(answers(message("Bye")), Reply(b"gone", declared_length=100))
    stage = stage_for()
    await runtime.play(stage)
    assert stage.kinds == ["reply"]


async def test_json_over_many_lines_is_one_document(runtime, stage_for, agent_server):
    agent_server.will(Reply(json.dumps([message("Hi")], indent=2).encode()))
    stage = stage_for()
    await runtime.play(stage)
    assert [words for words, _ in stage.of("reply")] == ["Hi"]


async def test_a_key_is_sent_where_one_is_named(runtime, stage_for, agent_server):
    agent_server.will(Reply(b""))
    await runtime.play(stage_for(api_key_env=KEY_VARIABLE))
    assert agent_server.requests[0].headers["Authorization"] == f"Bearer {KEY}"


GARBAGE = {
    "HTML": Reply(b"<html>\n<body>Welcome</body>"),
    "random bytes": Reply(bytes(range(256))),
    "text": answers("hello"),
    "a number": answers(42),
    "a list of texts": answers(["hello"]),
    "no type": answers({"content": "hello"}),
    "an unknown type": answers({"type": "shout"}),
    "words that are a number": answers({"type": "message", "content": 5}),
    "a tool call without a name": answers({"type": "tool_call", "id": "1"}),
    "arguments that are a list": answers({"type": "tool_call", "id": "1", "name": "lookup", "arguments": [1]}),
    "impossible usage": answers(message("Hi", usage={"input_tokens": -1})),
    "half a document": Reply(b'{"type": "message", "content": "H'),
    "too much": Reply(b" " * ((16 << 20) + 1)),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
async def test_garbage_is_the_agents_fault(runtime, stage_for, agent_server, garbage):
    agent_server.will(garbage)
    failed = await failure(runtime, stage_for())
    assert (failed.fault, failed.category, failed.failure_type) == (
        Fault.AGENT,
        FailureCategory.VALIDATION_ERROR,
        "protocol_error",
    )


@pytest.mark.parametrize(
    ("status", "fault", "failure_type", "retryable"),
    [
        (500, Fault.AGENT, "http_500", False),
        (422, Fault.AGENT, "http_422", False),
        (401, Fault.INFRASTRUCTURE, "agent_access_denied", False),
        (404, Fault.INFRASTRUCTURE, "agent_access_denied", False),
        (302, Fault.INFRASTRUCTURE, "agent_access_denied", False),
        (429, Fault.INFRASTRUCTURE, "agent_unavailable", True),
        (503, Fault.INFRASTRUCTURE, "agent_unavailable", True),
    ],
)
async def test_a_status_says_who_is_to_blame(runtime, stage_for, agent_server, status, fault, failure_type, retryable):
    agent_server.will(Reply(f"oh no {KEY}".encode(), status, {"Location": "/elsewhere"}))
    failed = await failure(runtime, stage_for(api_key_env=KEY_VARIABLE))
    assert (failed.fault, failed.failure_type, failed.retryable) == (fault, failure_type, retryable)
    assert "oh no" in failed.message
    assert KEY not in str(failed)
    assert len(agent_server.requests) == 1


async def test_an_agent_that_is_not_there_is_infrastructures_fault(runtime, stage_for):
    failed = await failure(runtime, stage_for(url="http://127.0.0.1:9/"))
    assert (failed.fault, failed.failure_type) == (Fault.INFRASTRUCTURE, "agent_unreachable")


async def test_an_agent_that_breaks_off_is_infrastructures_fault(runtime, stage_for, agent_server):
    agent_server.will(Reply(b'{"type":', declared_length=500))
    assert (await failure(runtime, stage_for())).fault is Fault.INFRASTRUCTURE


async def test_an_agent_that_hangs_runs_out_of_time(runtime, stage_for, agent_server):
    agent_server.will(Hang())
    failed = await failure(runtime, stage_for(times_left_ms=[60_000, 50]))
    assert (failed.fault, failed.status, failed.failure_type) == (Fault.AGENT, "timeout", "trial_timeout")


async def test_an_agent_may_blame_the_infrastructure_itself(runtime, stage_for, agent_server):
    agent_server.will(answers({"type": "error", "message": "my database is gone", "fault": "infrastructure"}))
    failed = await failure(runtime, stage_for())
    assert (failed.fault, failed.message) == (Fault.INFRASTRUCTURE, "my database is gone")


@pytest.mark.parametrize(
    "url", [None, "", "localhost:8080", "ftp://x/", "http://", "http://[::1", "file:///etc/passwd"]
)
def test_an_address_that_is_none_is_found_before_the_run(runtime, url):
    with pytest.raises(AgentAddressRefused):
        runtime.check(agent(url=url))


def test_a_missing_key_is_found_before_the_run(runtime):
    runtime.check(agent(url="http://localhost:8080/agent"))
    runtime.check(agent(url="http://localhost:8080/agent", api_key_env=KEY_VARIABLE))
    with pytest.raises(ModelKeyMissing, match="NOT_SET"):
        runtime.check(agent(url="http://localhost:8080/agent", api_key_env="NOT_SET"))
