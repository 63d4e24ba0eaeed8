"""The official SDKs of OpenAI and Anthropic, unchanged, against a gateway in front of a scripted provider."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import anthropic
import openai
import pytest

from fixtures.gateways import Town

HI = [{"role": "user", "content": "hi"}]
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


async def test_a_chat_completion(town: Town) -> None:
    answer = await town.say("say-good_morning", temperature=0.5)
    assert answer.choices[0].message.content == "good morning"
    [(path, headers, body)] = town.provider.asked
    assert (path, headers["authorization"]) == ("/v1/chat/completions", "Bearer sk-upstream")
    assert body == {"model": "say-good_morning", "messages": HI, "temperature": 0.5}
    [call] = await town.calls()
    [row] = await town.answers()
    assert (call["status"], call["model"], call["prompt"], call["tokens_total"]) == (
        "completed",
        "say-good_morning",
        "hi",
        17,
    )
    assert (row["content"], row["finish_reason"], row["tokens_cached"], row["tokens_reasoning"]) == (
        "good morning",
        "stop",
        4,
        2,
    )
    assert (row["upstream_id"], row["upstream_status"], row["attempt"], row["selected"]) == ("up-1", 200, 1, True)


async def test_a_stream_and_its_tokens(town: Town) -> None:
    said, usage = "", None
    stream = await town.say("say-one_two_three", stream=True, stream_options={"include_usage": True})
    async for chunk in stream:
        said += chunk.choices[0].delta.content or "" if chunk.choices else ""
        usage = chunk.usage or usage
    assert (said, usage and usage.total_tokens) == ("one two three", 17)
    [row] = await town.answers()
    assert (row["content"], row["tokens_completion"], row["finish_reason"]) == ("one two three", 5, "stop")
    assert row["time_to_first_byte"] is not None


async def test_whoever_does_not_ask_for_tokens_in_a_stream_is_not_told_and_the_ledger_is(town: Town) -> None:
    stream = await town.say(stream=True)
    chunks = [chunk async for chunk in stream]
    assert all(chunk.choices and chunk.usage is None for chunk in chunks)
    assert (await town.answers())[0]["tokens_total"] == 17


async def test_tools(town: Town) -> None:
    answer = await town.say(tools=[WEATHER], tool_choice="auto")
    [call] = answer.choices[0].message.tool_calls
    assert (call.function.name, call.function.arguments) == ("weather", '{"city": "Oslo"}')


async def test_images_and_schemas_go_through_as_they_are(town: Town) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    schema = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "look"}, image]}]
    await town.say(messages=messages, response_format=schema)
    [(_, _, body)] = town.provider.asked
    assert (body["messages"], body["response_format"]) == (messages, schema)
    assert (await town.calls())[0]["prompt"] == "look"


async def test_the_older_completions(town: Town) -> None:
    client = town.openai()
    answer = await client.completions.create(model="say-hello", prompt="hi")
    assert answer.choices[0].text == "hello"
    said = [
        each.choices[0].text
        async for each in await client.completions.create(model="say-a_b", prompt="hi", stream=True)
    ]
    assert "".join(said) == "a b"
    assert [each["request_type"] for each in await town.calls()] == ["completion", "completion"]


async def test_embeddings(town: Town) -> None:
    found = await town.openai().embeddings.create(model="say-x", input=["a", "b"], encoding_format="float")
    assert [each.embedding for each in found.data] == [[0.5, 0.25], [0.5, 0.25]]
    [call] = await town.calls()
    assert (call["request_type"], call["tokens_prompt"], call["tokens_total"]) == ("embedding", 7, 7)


async def test_models(town: Town) -> None:
    await town.add("named", config={"models": ["alpha", "beta"]})
    client = town.openai()
    assert [each.id for each in (await client.models.list()).data] == ["alpha", "beta"]
    assert (await client.models.retrieve("beta")).owned_by == "named"
    with pytest.raises(openai.NotFoundError, match=r"Did you mean \"beta\"\?"):
        await client.models.retrieve("betta")


async def test_responses(town: Town) -> None:
    client = town.openai()
    answer = await client.responses.create(model="say-hello", input="hi")
    assert answer.output_text == "hello"
    kinds = [each.type async for each in await client.responses.create(model="say-hello", input="hi", stream=True)]
    assert kinds == ["response.output_text.delta", "response.completed"]
    for row in await town.answers():
        assert (row["content"], row["tokens_total"], row["tokens_reasoning"]) == ("hello", 12, 1)


async def test_messages(town: Town) -> None:
    await town.add("claude", "anthropic", config={"priority": 0, "models": ["say-hello"]})
    client = town.anthropic()
    answer = await client.messages.create(model="claude/say-hello", max_tokens=50, system="be kind", messages=HI)
    assert answer.content[0].text == "hello"
    path, headers, body = town.provider.asked[-1]
    assert (path, headers["x-api-key"], body["system"]) == ("/v1/messages", "sk-upstream", "be kind")
    assert "authorization" not in headers
    async with client.messages.stream(model="claude/say-hello", max_tokens=50, messages=HI) as stream:
        assert "".join([text async for text in stream.text_stream]) == "hello"
        streamed = stream.request_id
    with pytest.raises(anthropic.BadRequestError) as refused:
        await client.messages.create(model="claude/say-hello", max_tokens=-1, messages=HI)
    with pytest.raises(anthropic.BadRequestError) as passed:
        await client.messages.create(model="fail-400", max_tokens=1, messages=HI)
    told = [answer._request_id, streamed, refused.value.request_id, passed.value.request_id]
    assert told == [str(each["id"]) for each in await town.calls()]
    for row in await town.answers():
        # what is read from the cache is part of the prompt
        if row["error_code"] is None:
            assert (row["tokens_prompt"], row["tokens_completion"], row["tokens_cached"]) == (10, 6, 2)


async def test_chat_completions_are_said_to_anthropic_in_its_own_words(town: Town) -> None:
    await town.add("claude", "anthropic", config={"models": ["say-hello"]})
    town.provider.tool_calls = True
    messages = [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": "weather?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Rome"}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "c", "content": "sunny"},
    ]
    answer = await town.say("claude/say-hello", messages=messages, tools=[WEATHER], stop="END")
    choice = answer.choices[0]
    assert (choice.message.content, choice.finish_reason, answer.usage.prompt_tokens) == ("hello", "tool_calls", 10)
    assert choice.message.tool_calls[0].function.arguments == '{"city":"Oslo"}'
    path, _, body = town.provider.asked[-1]
    assert path == "/v1/messages"
    assert (body["system"], body["stop_sequences"], body["max_tokens"]) == ("be kind", ["END"], 4096)
    assert [each["role"] for each in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][2]["content"] == [{"type": "tool_result", "tool_use_id": "c", "content": "sunny"}]

    said, arguments, reason = "", "", None
    stream = await town.say("claude/say-hello", messages=messages, tools=[WEATHER], stream=True)
    async for chunk in stream:
        delta = chunk.choices[0].delta
        said += delta.content or ""
        arguments += delta.tool_calls[0].function.arguments or "" if delta.tool_calls else ""
        reason = chunk.choices[0].finish_reason or reason
    assert (said, arguments, reason) == ("hello", '{"city": "Oslo"}', "tool_calls")


async def test_messages_are_said_to_a_server_of_chat_completions(town: Town) -> None:
    client = town.anthropic()
    tool = {"name": "weather", "input_schema": {"type": "object", "properties": {}}}
    answer = await client.messages.create(
        model="say-hello", max_tokens=50, system="be kind", messages=HI, tools=[tool], tool_choice={"type": "any"}
    )
    assert answer.stop_reason == "tool_use"
    assert answer.content[0].input == {"city": "Oslo"}
    assert (answer.usage.input_tokens, answer.usage.cache_read_input_tokens) == (8, 4)
    path, _, body = town.provider.asked[-1]
    assert (path, body["tool_choice"], body["messages"][0]) == (
        "/v1/chat/completions",
        "required",
        {"role": "system", "content": "be kind"},
    )
    async with client.messages.stream(model="say-one_two", max_tokens=50, messages=HI) as stream:
        assert "".join([text async for text in stream.text_stream]) == "one two"
        last = await stream.get_final_message()
    assert (last.stop_reason, last.usage.output_tokens) == ("end_turn", 5)


async def test_an_answer_names_its_call(town: Town) -> None:
    raw = await town.openai().chat.completions.with_raw_response.create(model="say-hello", messages=HI)
    [call] = await town.calls()
    assert raw.headers["x-request-id"] == str(call["id"])
    assert raw.headers["x-guildhall-provider"] == "upstream"


async def _responses_of(town: Town, model: str, **given: Any) -> tuple[Any, Any, list[str]]:
    """The same response at once and by a stream: both, and the types of the stream's events."""
    client = town.openai()
    at_once = await client.responses.create(model=model, **given)
    kinds: list[str] = []
    async with client.responses.stream(model=model, **given) as stream:
        async for event in stream:
            kinds.append(event.type)
        streamed = await stream.get_final_response()
    return at_once, streamed, kinds


@pytest.mark.parametrize("kind", ["gemini", "anthropic"])
async def test_a_response_is_asked_of_an_account_that_has_chats_alone(town: Town, kind: str) -> None:
    await town.add("other", kind, config={"models": ["say-one_two"]})
    turns = [
        {"role": "user", "content": [{"type": "input_text", "text": "weather?"}]},
        {"type": "reasoning", "id": "r", "summary": []},
        {"type": "function_call", "call_id": "c", "name": "weather", "arguments": '{"city":"Rome"}'},
        {"type": "function_call_output", "call_id": "c", "output": "sunny"},
        {"role": "user", "content": "say it"},
    ]
    given: dict[str, Any] = {"input": turns, "instructions": "be kind", "max_output_tokens": 50, "temperature": 0.5}
    for each in (await _responses_of(town, "other/say-one_two", **given))[:2]:
        assert (each.output_text, each.status, each.store) == ("one two", "completed", False)
        tokens = (10, 6, 2) if kind == "anthropic" else (12, 5, 4)
        usage = each.usage
        assert (usage.input_tokens, usage.output_tokens, usage.input_tokens_details.cached_tokens) == tokens
    path, _, body = town.provider.asked[0]
    if kind == "anthropic":
        assert (path, body["system"], body["max_tokens"]) == ("/v1/messages", "be kind", 50)
        assert [each["role"] for each in body["messages"]] == ["user", "assistant", "user"]
        assert body["messages"][2]["content"][0] == {"type": "tool_result", "tool_use_id": "c", "content": "sunny"}
    else:
        assert (path, body["max_tokens"], body["temperature"]) == ("/v1/chat/completions", 50, 0.5)
        assert [each["role"] for each in body["messages"]] == ["system", "user", "assistant", "tool", "user"]
    for row in await town.answers():
        assert (row["content"], row["finish_reason"]) == ("one two", "completed")

    # Tools, as whole calls and as parts of them.
    town.provider.tool_calls = True
    tool = {"type": "function", "name": "weather", "parameters": WEATHER["function"]["parameters"], "strict": False}
    at_once, streamed, kinds = await _responses_of(town, "other/say-one_two", input="weather?", tools=[tool])
    for each in (at_once, streamed):
        [call] = [item for item in each.output if item.type == "function_call"]
        assert (call.name, json.loads(call.arguments)) == ("weather", {"city": "Oslo"})
    assert kinds[:3] == ["response.created", "response.in_progress", "response.output_item.added"]
    assert kinds[-3:] == ["response.function_call_arguments.done", "response.output_item.done", "response.completed"]

    # What a chat cannot say is refused, and never left out.
    client = town.openai()
    asked = len(town.provider.asked)
    for field, value, says in (
        ("previous_response_id", "resp_0", "stores no responses"),
        ("store", True, "stores no responses"),
        ("tools", [{"type": "web_search_preview"}], "no tools of its own"),
        ("extra_body", {"unheard_of": 1}, "unheard_of is 1"),
    ):
        with pytest.raises(openai.BadRequestError, match=says):
            await client.responses.create(model="other/say-one_two", input="hi", **{field: value})
    if kind == "anthropic":
        with pytest.raises(openai.BadRequestError, match=r"text\.format"):
            await client.responses.create(
                model="other/say-one_two", input="hi", text={"format": {"type": "json_object"}}
            )
        with pytest.raises(openai.BadRequestError, match="expected one that is served at /v1/embeddings"):
            await client.embeddings.create(model="other/say-one_two", input="hi")
    assert len(town.provider.asked) == asked


async def test_a_response_that_breaks_off_in_translation_is_told_as_broken(town: Town) -> None:
    await town.add("other", "gemini", config={"models": ["half-one_two_three"]})
    stream = await town.openai().responses.create(model="other/half-one_two_three", input="hi", stream=True)
    kinds = [event.type async for event in stream]
    assert "response.output_text.delta" in kinds
    assert kinds[-1] == "error"
    assert "response.completed" not in kinds
    [call] = await town.calls()
    assert (call["status"], call["error_code"]) == ("failed", "stream_broken")


async def test_the_older_completions_are_said_to_anthropic_as_a_message(town: Town) -> None:
    await town.add("claude", "anthropic", config={"models": ["say-one_two"]})
    client = town.openai()
    answer = await client.completions.create(model="claude/say-one_two", prompt=["hi"], stop=["END"])
    assert (answer.object, answer.choices[0].text, answer.choices[0].finish_reason) == (
        "text_completion",
        "one two",
        "stop",
    )
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (10, 6)
    path, _, body = town.provider.asked[-1]
    assert (path, body["max_tokens"], body["stop_sequences"]) == ("/v1/messages", 16, ["END"])
    said, usage = "", None
    stream = await client.completions.create(
        model="claude/say-one_two", prompt="hi", stream=True, stream_options={"include_usage": True}
    )
    async for chunk in stream:
        said += chunk.choices[0].text if chunk.choices else ""
        usage = chunk.usage or usage
    assert (said, usage and usage.total_tokens) == ("one two", 16)
    for field, value in (("prompt", ["a", "b"]), ("n", 2), ("best_of", 3), ("echo", True), ("logprobs", 1)):
        with pytest.raises(openai.BadRequestError, match=f"{field} is"):
            await client.completions.create(**{"model": "claude/say-one_two", "prompt": "hi", field: value})


async def test_tokens_are_counted_by_anthropic_for_nothing(town: Town) -> None:
    await town.add("claude", "anthropic", config={"models": ["say-hello"]})
    await town.budget(limit_usd=Decimal(0))  # nothing may be spent, and counting costs nothing
    client = town.anthropic()
    counted = await client.messages.count_tokens(model="claude/say-hello", messages=HI, system="be kind")
    assert counted.input_tokens == 11
    path, headers, body = town.provider.asked[-1]
    assert (path, headers["x-api-key"], body["system"]) == ("/v1/messages/count_tokens", "sk-upstream", "be kind")
    [call] = await town.calls()
    assert (call["request_type"], call["status"], call["cost_usd"], call["tokens_total"]) == (
        "count",
        "completed",
        0,
        0,
    )
    # Nobody else says beforehand how many tokens there are, and a guess would be none.
    with pytest.raises(anthropic.BadRequestError, match="expected one that is served at /v1/messages/count_tokens"):
        await client.messages.count_tokens(model="upstream/say-hello", messages=HI)
