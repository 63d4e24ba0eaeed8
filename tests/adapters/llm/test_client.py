from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import pytest

from fixtures.models import (
    KEY,
    KEY_VARIABLE,
    Hang,
    Pauses,
    Reply,
    ScriptedServer,
    answers,
    calls,
    completion,
    refuses,
    says,
)
from fixtures.stages import agent
from guildhall.adapters.exchange import HttpClient
from guildhall.adapters.llm import (
    OPENAI,
    Completion,
    Endpoint,
    EndpointRefused,
    ModelClient,
    ModelKeyMissing,
    ParameterReserved,
)
from guildhall.adapters.llm.refusals import wait_asked_for
from guildhall.domains.evaluation.configurations import ToolSpec
from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.domains.evaluation.simulations import TrialFailed
from guildhall.domains.evaluation.simulations.ports import Usage

HELLO = [{"role": "user", "content": "Hello"}]


async def ask(models: ModelClient, server: ScriptedServer, **changes) -> Completion:
    return await models.complete(
        **{"messages": HELLO, "endpoint": server.endpoint, "model": "gpt-test", "timeout_ms": 60_000, **changes}
    )


async def failure(models: ModelClient, server: ScriptedServer, **changes) -> TrialFailed:
    with pytest.raises(TrialFailed) as caught:
        await ask(models, server, **changes)
    return caught.value


async def test_a_request_carries_what_openai_expects_and_the_key_as_a_bearer(models, model_server):
    model_server.will(says("Hi"))
    lookup = ToolSpec("lookup", "Find an order", {"type": "object", "properties": {"id": {"type": "string"}}})
    await ask(models, model_server, temperature=0.2, tools=[lookup, ToolSpec("ping")], params={"max_tokens": 50})

    [request] = model_server.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.body == {
        "model": "gpt-test",
        "messages": HELLO,
        "temperature": 0.2,
        "max_tokens": 50,
        "tools": [
            {
                "type": "function",
                "function": {"name": "lookup", "description": "Find an order", "parameters": dict(lookup.parameters)},
            },
            {
                "type": "function",
                "function": {"name": "ping", "description": "", "parameters": {"type": "object", "properties": {}}},
            },
        ],
    }


async def test_without_a_temperature_none_is_sent(models, model_server):
    model_server.will(says("Hi"))
    await ask(models, model_server)
    assert "temperature" not in model_server.requests[0].body


async def test_an_answer_comes_with_its_tokens_and_the_model_that_gave_it(models, model_server):
    usage = {
        "prompt_tokens": 1000,
        "completion_tokens": 300,
        "prompt_tokens_details": {"cached_tokens": 400},
        "completion_tokens_details": {"reasoning_tokens": 250},
    }
    model_server.will(says("Hi", usage=usage, model="gpt-test-2026-01-01"))
    answer = await ask(models, model_server)

    assert (answer.content, answer.finish_reason, answer.tool_calls) == ("Hi", "stop", ())
    assert answer.call.usage == Usage(1000, 300, 400, 250)
    assert answer.call.model == "gpt-test-2026-01-01"
    assert answer.call.duration_ms is not None
    assert answer.call.duration_ms > 0


async def test_a_model_behind_an_unknown_address_has_an_unknown_cost(models, model_server):
    model_server.will(says("Hi", model="gpt-5-mini"))
    assert (await ask(models, model_server, model="gpt-5-mini")).call.cost_usd is None


async def test_declared_prices_come_before_what_the_provider_says_it_cost(models, model_server):
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "cost": 9.0}
    model_server.will(says("Hi", usage=usage), says("Hi", usage=usage))
    priced = Endpoint(f"{model_server.url}/v1", KEY_VARIABLE, {"input": 2.0, "output": 10.0})

    # 1000 × 2 + 100 × 10 = 3000 millionths
    assert (await ask(models, model_server, endpoint=priced)).call.cost_usd == Decimal("0.003")
    assert (await ask(models, model_server)).call.cost_usd == Decimal("9")


async def test_usage_that_is_missing_or_absurd_is_not_known(models, model_server):
    model_server.will(says("a", usage=None), says("b", usage="many"), says("c", usage={"prompt_tokens": -5}))
    assert (await ask(models, model_server)).call.usage is None
    assert (await ask(models, model_server)).call.usage is None
    assert (await ask(models, model_server)).call.usage == Usage(0, 0)


async def test_several_tools_can_be_asked_for_at_once(models, model_server):
    model_server.will(calls(("lookup", {"id": "1042"}), ("ping", ""), content="Let me see"))
    answer = await ask(models, model_server)

    assert [(each.id, each.name, each.arguments) for each in answer.tool_calls] == [
        ("call_0", "lookup", {"id": "1042"}),
        ("call_1", "ping", {}),
    ]
    assert answer.content == "Let me see"
    assert answer.message["tool_calls"][0]["function"]["arguments"] == '{"id": "1042"}'


@pytest.mark.parametrize("written", ['{"id": ', "[1, 2]", '"1042"', "id=1042"])
async def test_arguments_that_are_no_json_object_come_with_words_for_the_model(models, model_server, written):
    model_server.will(calls(("lookup", written)))
    answer = await ask(models, model_server)

    [call] = answer.tool_calls
    assert call.arguments is None
    assert call.problem is not None
    assert call.problem.startswith("the arguments are")
    assert answer.raw_tool_calls == [{"id": "call_0", "name": "lookup", "arguments": written}]


async def test_tool_calls_without_an_id_get_one_and_keep_what_else_they_carry(models, model_server):
    raw = {"function": {"name": "ping", "arguments": {"n": 1}}, "extra_content": {"google": {"thought_signature": "x"}}}
    model_server.will(completion({"role": "assistant", "tool_calls": [raw, {**raw, "id": ""}]}, id="abc"))
    answer = await ask(models, model_server)

    assert [each.id for each in answer.tool_calls] == ["call_0_abc", "call_1_abc"]
    assert answer.message["tool_calls"][0] == {
        **raw,
        "id": "call_0_abc",
        "type": "function",
        "function": {"name": "ping", "arguments": '{"n":1}'},
    }


async def test_content_in_parts_is_joined_and_a_refusal_counts_as_words(models, model_server):
    parts = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]
    model_server.will(says(None, choices=[{"message": {"content": parts}, "finish_reason": "stop"}]))
    model_server.will(completion({"role": "assistant", "content": None, "refusal": "I will not"}))
    assert (await ask(models, model_server)).content == "Hello"
    assert (await ask(models, model_server)).content == "I will not"


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
async def test_what_passes_is_asked_again(models, model_server, pauses: Pauses, status):
    model_server.will(refuses(status), refuses(status), says("Hi"))
    answer = await ask(models, model_server)

    assert (answer.content, answer.attempts) == ("Hi", 3)
    assert pauses.seconds == [0.25, 0.5]  # half of 0.5 and of 1


GARBAGE = {
    "not JSON": Reply(b"<html>busy</html>"),
    "half a body": Reply(says("Hi").body[:40]),
    "a connection that breaks off": Reply(says("Hi").body[:40], declared_length=500),
    "random bytes": Reply(bytes(range(256))),
    "an empty body": Reply(b""),
    "a list": answers([1, 2]),
    "no choices": answers({"object": "chat.completion"}),
    "empty choices": answers({"choices": []}),
    "a choice that is text": answers({"choices": ["Hi"]}),
    "no message": answers({"choices": [{"text": "Hi"}]}),
    "content that is a number": completion({"content": 42}),
    "tool calls that are no list": completion({"content": None, "tool_calls": "lookup"}),
    "a tool call without a name": completion({"content": None, "tool_calls": [{"id": "1", "function": {}}]}),
    "an error with status 200": answers({"error": {"message": "upstream is down", "code": 502}}),
    "gzip that is none": Reply(b"plain", headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
async def test_garbage_is_asked_again_and_then_infrastructures_fault(models, model_server, garbage):
    model_server.will(garbage, says("Hi"))
    assert (await ask(models, model_server)).attempts == 2

    model_server.will(*[garbage] * 6)
    failed = await failure(models, model_server)
    assert failed.fault is Fault.INFRASTRUCTURE
    assert failed.retryable
    assert failed.message.endswith("(6 tries)")


async def test_retry_after_is_honoured(models, model_server, pauses: Pauses):
    model_server.will(
        refuses(429, headers={"Retry-After": "7"}), refuses(503, headers={"retry-after-ms": "1500"}), says("Hi")
    )
    await ask(models, model_server)
    assert pauses.seconds == [7.25, 2.0]  # 7 + half of 0.5; 1.5 + half of 1


async def test_a_pause_beyond_the_time_left_is_not_waited_for(models, model_server, pauses: Pauses):
    model_server.will(refuses(429, headers={"Retry-After": "61"}))
    failed = await failure(models, model_server, timeout_ms=60_000)

    assert (failed.fault, failed.failure_type) == (Fault.INFRASTRUCTURE, "model_rate_limited")
    assert pauses.seconds == []
    assert len(model_server.requests) == 1


def test_retry_after_may_be_a_date_and_nonsense_asks_for_nothing():
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    later = format_datetime(now + timedelta(seconds=30), usegmt=True)
    assert wait_asked_for({"retry-after": later}, now) == 30.0
    assert wait_asked_for({"retry-after": format_datetime(now - timedelta(days=1), usegmt=True)}, now) == 0.0
    assert [wait_asked_for({"retry-after": text}, now) for text in ("soon", "", "-5", "1.2.3", "²")] == [0.0] * 5
    assert wait_asked_for({}, now) == 0.0


BLAME = [
    (refuses(400, "bad params"), Fault.AGENT, "model_refused_request"),
    (refuses(422, "bad params"), Fault.AGENT, "model_refused_request"),
    (refuses(400, "too long", code="context_length_exceeded"), Fault.AGENT, "context_length"),
    (refuses(413, "too large"), Fault.AGENT, "context_length"),
    (refuses(400, "filtered", code="content_filter"), Fault.AGENT, "content_filter"),
    (refuses(401, "who are you"), Fault.INFRASTRUCTURE, "model_access_denied"),
    (refuses(403, "no"), Fault.INFRASTRUCTURE, "model_access_denied"),
    (refuses(404, "no such model"), Fault.INFRASTRUCTURE, "model_access_denied"),
    (refuses(429, "pay first", code="insufficient_quota"), Fault.INFRASTRUCTURE, "model_access_denied"),
    (refuses(307, "", headers={"Location": "/elsewhere"}), Fault.INFRASTRUCTURE, "model_endpoint_moved"),
    (answers([{"error": {"message": "Google says no"}}], status=400), Fault.AGENT, "model_refused_request"),
    (answers({"detail": "FastAPI says no"}, status=422), Fault.AGENT, "model_refused_request"),
    (Reply(b"plain words", 400), Fault.AGENT, "model_refused_request"),
]


@pytest.mark.parametrize(("reply", "fault", "failure_type"), BLAME)
async def test_what_will_not_pass_is_asked_once_and_blamed_on_whom_it_concerns(
    models, model_server, reply, fault, failure_type
):
    model_server.will(reply)
    failed = await failure(models, model_server)

    assert (failed.fault, failed.failure_type, failed.retryable) == (fault, failure_type, False)
    assert len(model_server.requests) == 1


async def test_the_providers_words_reach_the_user_shortened(models, model_server):
    model_server.will(answers({"error": {"message": "no\n  spaces " + "x" * 10_000}}, status=400))
    failed = await failure(models, model_server)
    assert "400: no spaces xxx" in failed.message
    assert len(failed.message) < 700


async def test_a_refused_temperature_is_the_agents_and_the_message_says_what_to_do(models, model_server):
    model_server.will(refuses(400, "Unsupported value", param="temperature", code="unsupported_value"))
    failed = await failure(models, model_server, temperature=0.2)
    assert failed.fault is Fault.AGENT
    assert "send_temperature: false" in failed.message


async def test_an_optional_parameter_is_left_out_from_then_on_for_a_model_that_refuses_it(models, model_server):
    model_server.will(refuses(400, param="temperature"), says("Hi"), says("Hi again"), says("Other"))
    await ask(models, model_server, temperature=0.0, optional=("temperature",))
    await ask(models, model_server, temperature=0.0, optional=("temperature",))
    await ask(models, model_server, temperature=0.0, model="other")
    assert ["temperature" in each.body for each in model_server.requests] == [True, False, False, True]


async def test_a_model_that_does_not_answer_in_time_is_infrastructures_fault(models, model_server):
    model_server.will(Hang())
    failed = await failure(models, model_server, timeout_ms=50)
    assert (failed.fault, failed.category, failed.status) == (
        Fault.INFRASTRUCTURE,
        FailureCategory.TIMEOUT,
        "timeout",
    )


async def test_an_endpoint_that_is_not_there_is_infrastructures_fault(models, pauses: Pauses):
    nobody = Endpoint("http://127.0.0.1:9/v1", KEY_VARIABLE)
    with pytest.raises(TrialFailed) as caught:
        await models.complete(HELLO, endpoint=nobody, model="m", timeout_ms=60_000)
    assert (caught.value.fault, caught.value.failure_type) == (Fault.INFRASTRUCTURE, "model_unreachable")
    assert len(pauses.seconds) == 5


async def test_a_body_that_unfolds_without_end_is_cut_off(models, model_server):
    bomb = Reply(gzip.compress(b" " * (33 << 20)), headers={"Content-Encoding": "gzip"})
    model_server.will(bomb, says("Hi"))
    assert (await ask(models, model_server)).attempts == 2


async def test_no_error_holds_the_key(models, model_server):
    model_server.will(refuses(401, f"Incorrect API key provided: {KEY}"))
    failed = await failure(models, model_server)
    assert KEY not in str(failed)
    assert KEY not in json.dumps(failed.as_json())
    assert "[redacted]" in failed.message


async def test_what_no_json_holds_does_not_stop_a_request(models, model_server):
    model_server.will(says("Hi"))
    await ask(models, model_server, messages=[{"role": "user", "content": "a\ud800b\x00c"}])
    assert model_server.requests[0].body["messages"][0]["content"] == "a\ufffdb\ufffdc"


def test_a_missing_key_is_found_before_the_run(models):
    with pytest.raises(ModelKeyMissing) as caught:
        models.check(agent(api_key_env="NOT_SET_ANYWHERE"))
    assert "NOT_SET_ANYWHERE is not set" in str(caught.value)
    with pytest.raises(ModelKeyMissing, match="OPENAI_API_KEY"):
        models.check(agent())
    models.check(agent(api_key_env=KEY_VARIABLE))


async def test_a_key_that_vanishes_during_a_run_is_infrastructures_fault(http: HttpClient, model_server):
    failed = await failure(ModelClient(http, environment={}), model_server)
    assert (failed.fault, failed.failure_type, failed.retryable) == (
        Fault.INFRASTRUCTURE,
        "model_key_missing",
        False,
    )
    assert model_server.requests == []


async def test_another_endpoint_is_never_sent_openais_key(http: HttpClient, model_server):
    model_server.will(says("Hi"))
    models = ModelClient(http, environment={"OPENAI_API_KEY": KEY})
    await ask(models, model_server, endpoint=Endpoint(f"{model_server.url}/v1"))
    assert "Authorization" not in model_server.requests[0].headers
    assert Endpoint().key_variable == Endpoint(OPENAI + "/").key_variable == "OPENAI_API_KEY"


@pytest.mark.parametrize(
    "base_url", ["api.openai.com/v1", "ftp://x/v1", "http://", "http://[::1", "http://x:99999/v1", "file:///etc/passwd"]
)
def test_an_address_that_is_none_is_found_before_the_run(models, base_url):
    with pytest.raises(EndpointRefused):
        models.check(agent(base_url=base_url))


@pytest.mark.parametrize("name", ["model", "temperature", "messages", "tools", "stream", "n"])
def test_params_may_not_say_what_the_runner_sends(models, name):
    with pytest.raises(ParameterReserved):
        models.check(agent(api_key_env=KEY_VARIABLE, params={name: 1}))
