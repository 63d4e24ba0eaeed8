from __future__ import annotations

import pytest

from fixtures.models import KEY_VARIABLE, Hang, calls, refuses, says
from fixtures.stages import RecordingStage, agent, scenario
from guildhall.adapters.runtimes.llm import LlmRuntime
from guildhall.adapters.users import ScriptedUser
from guildhall.domains.evaluation.configurations import ToolSpec
from guildhall.domains.evaluation.failures import Fault
from guildhall.domains.evaluation.simulations import TrialFailed
from guildhall.domains.evaluation.simulations.ports import Usage

LOOKUP = ToolSpec("lookup", "Find an order", {"type": "object", "properties": {"id": {"type": "string"}}})


@pytest.fixture
def stage_for(model_server):
    def make(*, user=None, functions=None, times_left_ms=(), **spec) -> RecordingStage:
        spec = {"base_url": f"{model_server.url}/v1", "api_key_env": KEY_VARIABLE, "tools": (LOOKUP,), **spec}
        return RecordingStage(
            agent(**spec), user=user, tool_functions=functions or {}, times_left_ms=list(times_left_ms)
        )

    return make


@pytest.fixture
def runtime(models) -> LlmRuntime:
    return LlmRuntime(models)


async def test_without_tools_or_user_the_agent_speaks_once(runtime, stage_for, model_server):
    model_server.will(says("Your refund is on its way"))
    stage = stage_for(system_prompt="You help.", params={"max_tokens": 9})
    await runtime.play(stage)

    assert stage.kinds == ["reply"]
    [(words, call)] = stage.of("reply")
    assert words == "Your refund is on its way"
    assert call.usage == Usage(100, 20)
    assert model_server.requests[0].body["messages"] == [
        {"role": "system", "content": "You help."},
        {"role": "user", "content": "Order 1042 never came. Refund me."},
    ]
    assert model_server.requests[0].body["temperature"] == 0.2
    assert model_server.requests[0].body["max_tokens"] == 9


async def test_a_model_that_takes_no_temperature_is_sent_none(runtime, stage_for, model_server):
    model_server.will(says("Hi"))
    await runtime.play(stage_for(send_temperature=False))
    assert "temperature" not in model_server.requests[0].body


async def test_results_of_parallel_tool_calls_go_back_in_their_order(runtime, stage_for, model_server):
    model_server.will(calls(("lookup", {"id": "1"}), ("lookup", {"id": "2"}), content="Looking"), says("Both found"))
    stage = stage_for(functions={"lookup": lambda id: {"order": id}})
    await runtime.play(stage)

    assert stage.kinds == ["model_call", "tool_call", "tool_call", "reply"]
    [(call, tool_calls, content)] = stage.of("model_call")
    assert call.usage == Usage(100, 20)
    assert [each["arguments"] for each in tool_calls] == [{"id": "1"}, {"id": "2"}]
    assert content == "Looking"
    second = model_server.requests[1].body["messages"]
    assert [each["role"] for each in second] == ["user", "assistant", "tool", "tool"]
    assert second[2:] == [
        {"role": "tool", "tool_call_id": "call_0", "content": '{"order":"1"}'},
        {"role": "tool", "tool_call_id": "call_1", "content": '{"order":"2"}'},
    ]


async def test_a_tools_error_and_a_missing_tool_are_told_to_the_model(runtime, stage_for, model_server):
    def lookup(id):
        raise ValueError(f"no order {id}")

    model_server.will(calls(("lookup", {"id": "9"}), ("refund", {})), says("Sorry"))
    await runtime.play(stage_for(functions={"lookup": lookup}))
    assert [each["content"] for each in model_server.requests[1].body["messages"][2:]] == [
        "Error: no order 9",
        "Error: there is no tool 'refund'",
    ]


async def test_unreadable_arguments_run_no_tool_and_go_back_as_an_error(runtime, stage_for, model_server):
    model_server.will(calls(("lookup", '{"id": ')), calls(("lookup", {"id": "1"})), says("Found"))
    stage = stage_for(functions={"lookup": lambda id: "here"})
    await runtime.play(stage)

    assert stage.kinds == ["model_call", "log", "model_call", "tool_call", "reply"]
    assert (
        model_server.requests[1].body["messages"][-1]["content"].startswith("Error: the arguments are not valid JSON")
    )


async def test_the_user_answers_until_there_is_nothing_more_to_say(runtime, stage_for, model_server):
    model_server.will(says("Which order?"), calls(("lookup", {"id": "1042"})), says("Refunded"), says("Bye"))
    stage = stage_for(user=ScriptedUser(["1042", "Thanks"]), functions={"lookup": lambda id: "late"})
    await runtime.play(stage)

    assert [words for words, _ in stage.of("reply")] == ["Which order?", "Refunded", "Bye"]
    assert [(each["role"], each.get("content")) for each in model_server.requests[3].body["messages"]] == [
        ("user", scenario().task_prompt),
        ("assistant", "Which order?"),
        ("user", "1042"),
        ("assistant", None),
        ("tool", "late"),
        ("assistant", "Refunded"),
        ("user", "Thanks"),
    ]


async def test_an_answer_without_words_is_said_as_silence(runtime, stage_for, model_server):
    model_server.will(says(None))
    stage = stage_for()
    await runtime.play(stage)
    assert [words for words, _ in stage.of("reply")] == [""]


async def test_a_filtered_answer_is_paid_for_and_the_agents_fault(runtime, stage_for, model_server):
    model_server.will(says("I", choices=[{"message": {"content": "I"}, "finish_reason": "content_filter"}]))
    stage = stage_for()
    with pytest.raises(TrialFailed) as caught:
        await runtime.play(stage)
    assert (caught.value.fault, caught.value.failure_type) == (Fault.AGENT, "content_filter")
    assert stage.kinds == ["model_call"]


async def test_repeated_requests_are_noted_in_the_log(runtime, stage_for, model_server):
    model_server.will(refuses(503), says("Hi"))
    stage = stage_for()
    await runtime.play(stage)
    assert stage.of("log") == [("gpt-test answered at attempt 2",)]


async def test_an_answer_that_was_cut_off_is_said_and_noted_in_the_log(runtime, stage_for, model_server):
    model_server.will(says("I", choices=[{"message": {"content": "I"}, "finish_reason": "length"}]))
    stage = stage_for()
    await runtime.play(stage)
    assert stage.kinds == ["log", "reply"]


async def test_a_model_silent_for_most_of_the_trial_is_infrastructures_fault(runtime, stage_for, model_server):
    model_server.will(Hang())
    with pytest.raises(TrialFailed) as caught:
        await runtime.play(stage_for(times_left_ms=[50, 50]))
    assert (caught.value.fault, caught.value.status) == (Fault.INFRASTRUCTURE, "timeout")


async def test_an_agent_that_used_its_time_up_cannot_blame_the_last_request(runtime, stage_for, model_server):
    model_server.will(Hang())
    with pytest.raises(TrialFailed) as caught:
        await runtime.play(stage_for(times_left_ms=[10_000, 50]))
    assert (caught.value.fault, caught.value.failure_type) == (Fault.AGENT, "trial_timeout")
    assert not caught.value.retryable


async def test_what_a_provider_wants_back_beside_tool_calls_goes_back(runtime, stage_for, model_server):
    reasoning = [{"type": "reasoning.encrypted", "data": "x"}]
    asked = calls(("lookup", {"id": "1"}))
    body = asked.body.replace(
        b'"role": "assistant"',
        b'"role": "assistant", "reasoning_details": %s' % repr(reasoning).replace("'", '"').encode(),
    )
    model_server.will(type(asked)(body), says("Found"))
    await runtime.play(stage_for(functions={"lookup": lambda id: "here"}))
    assert model_server.requests[1].body["messages"][1]["reasoning_details"] == reasoning
