"""Providers that fail: the right status, a clear error, and a row for each attempt; and what a caller sends that makes no sense."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import anthropic
import openai
import pytest
import yaml
from aiohttp import web

from fixtures.gateways import Town
from fixtures.upstreams import ScriptedUpstream
from guildhall import clock
from guildhall.app.gateway.watch import Watch
from guildhall.domains.gateway import providers
from guildhall.domains.gateway.providers import AccountRefused


@pytest.fixture(autouse=True)
def no_waiting(town: Town) -> None:
    """Pauses between attempts take no time."""

    async def pass_on(seconds: float) -> None:
        assert seconds < 10
        await asyncio.sleep(0)

    town.gateway._sleep = pass_on


async def refused(town: Town, model: str, **given: Any) -> tuple[int, dict[str, Any]]:
    """The status and the error of a call that fails."""
    with pytest.raises(openai.APIStatusError) as caught:
        await town.say(model, **given)
    return caught.value.status_code, caught.value.body


@pytest.mark.parametrize(
    ("model", "status", "code", "attempts"),
    [
        ("fail-400", 400, "400", 1),
        ("fail-404", 404, "404", 1),
        ("fail-422", 422, "422", 1),
        ("fail-401", 502, "upstream_unavailable", 1),
        ("fail-403", 502, "upstream_unavailable", 1),
        ("fail-429", 429, "upstream_rate_limited", 2),
        ("fail-500", 502, "upstream_unavailable", 2),
        ("fail-503", 502, "upstream_unavailable", 2),
        ("garbage", 502, "upstream_unavailable", 1),
        ("half", 502, "upstream_unavailable", 1),
        ("rude", 502, "upstream_unavailable", 2),
    ],
)
async def test_a_failure_has_its_status_and_a_row_for_each_attempt(
    town: Town, model: str, status: int, code: str, attempts: int
) -> None:
    found, error = await refused(town, model)
    assert (found, error["code"]) == (status, code)
    assert "sk-upstream" not in str(error)
    assert len(town.provider.asked) == attempts
    [call] = await town.calls()
    rows = await town.answers()
    assert (call["status"], call["error_code"]) == ("failed", rows[-1]["error_code"])
    assert [row["attempt"] for row in rows] == list(range(1, attempts + 1))
    assert all(row["error_code"] and not row["selected"] for row in rows)
    assert call["completed_at"] is not None


async def test_a_request_that_the_provider_refuses_gets_the_provider_s_own_words(town: Town) -> None:
    _, error = await refused(town, "fail-400")
    assert error["message"] == "made to fail"


async def test_a_provider_that_does_not_begin_in_time(town: Town) -> None:
    await town.add("slow", config={"models": ["hang"], "first_byte_s": 0.05})
    status, error = await refused(town, "hang")
    assert (status, error["code"]) == (504, "upstream_unavailable")
    [row] = await town.answers()
    assert (row["error_code"], row["upstream_status"]) == ("upstream_timeout", None)


async def test_an_answer_that_begins_and_does_not_end_in_time(town: Town) -> None:
    """Of a stream what came is handed on, and that it broke; else there is none."""

    async def stalls(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        chunk = {"id": "up", "choices": [{"index": 0, "delta": {"content": "so far"}, "finish_reason": None}]}
        await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        await town.provider.gate.wait()
        return response

    await town.add("endless", config={"models": ["endless"], "total_s": 1.0})
    town.provider.script["endless"].extend([stalls, stalls])
    said: list[str] = []

    async def listen() -> None:
        with pytest.raises(openai.APIError, match="took too long"):
            async for each in await town.say("endless", stream=True):
                said.append(each.choices[0].delta.content or "")

    (status, error), _ = await asyncio.gather(refused(town, "endless"), listen())
    assert (status, error["code"], said) == (504, "upstream_unavailable", ["so far"])
    rows = {row["error_code"]: row["upstream_status"] for row in await town.answers()}
    assert rows == {"upstream_timeout": 200, "stream_broken": 200}
    assert {row["status"] for row in await town.calls()} == {"failed"}
    town.provider.gate.set()


async def test_a_stream_that_breaks_half_way_is_reported_as_broken_and_never_as_whole(town: Town) -> None:
    said = ""
    with pytest.raises(openai.APIError, match="broke off"):
        async for chunk in await town.say("half-one_two_three_four", stream=True):
            said += chunk.choices[0].delta.content or ""
    assert said == "one two three "
    [call] = await town.calls()
    [row] = await town.answers()
    assert (call["status"], call["error_code"], row["error_code"]) == ("failed", "stream_broken", "stream_broken")
    assert row["content"] == "one two three "  # what came of it is kept


async def test_a_broken_stream_of_messages_is_an_error_event(town: Town) -> None:
    with pytest.raises(anthropic.APIError, match="broke off"):
        async with town.anthropic().messages.stream(
            model="half-one_two_three_four", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
        ) as stream:
            async for _ in stream.text_stream:
                pass


@pytest.mark.parametrize(
    "beside", [{}, {"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]}]
)
async def test_an_error_within_a_stream_breaks_it(town: Town, beside: dict[str, Any]) -> None:
    told = json.dumps({"error": {"message": "overloaded", "code": 503}, **beside}).encode()

    async def fail(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: " + told + b"\n\ndata: [DONE]\n\n")
        return response

    town.provider.script["say-x"].append(fail)
    with pytest.raises(openai.APIError, match="overloaded"):
        async for _ in await town.say("say-x", stream=True):
            pass
    await town.until_settled()  # the error was the provider's own, and was handed on as it came
    assert (await town.calls())[0]["error_code"] == "stream_broken"


async def test_a_stream_without_its_last_event_but_with_its_reason_is_whole(town: Town) -> None:
    async def end_early(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(
            b'data: {"id":"1","choices":[{"index":0,"delta":{"content":"all"},"finish_reason":"stop"}]}\n\n'
        )
        return response

    town.provider.script["say-x"].append(end_early)
    assert [each.choices[0].delta.content async for each in await town.say("say-x", stream=True)] == ["all"]
    assert (await town.calls())[0]["status"] == "completed"


async def test_a_caller_who_leaves_gets_their_tokens_recorded(town: Town) -> None:
    release = asyncio.Event()

    async def slowly(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        events, _ = town.provider._said(request.path, "m", "one two three", body)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(events[0].encode())
        await release.wait()
        for event in events[1:]:
            await response.write(event.encode())
        return response

    town.provider.script["say-x"].append(slowly)
    stream = await town.say("say-x", stream=True)
    await anext(aiter(stream))
    await stream.close()  # the connection with it
    release.set()
    await town.until_settled()
    rows = await town.answers()
    assert (rows[0]["content"], rows[0]["tokens_total"], rows[0]["error_code"]) == ("one two three", 17, None)


# failover ----------------------------------------------------------------------


async def test_the_next_provider_answers_where_the_first_fails(town: Town) -> None:
    await town.add("first", config={"models": {"gpt": "fail-500"}, "priority": 0})
    await town.add("second", config={"models": {"gpt": "say-hello"}, "priority": 1})
    answer = await town.say("gpt")
    assert answer.choices[0].message.content == "hello"
    [call] = await town.calls()
    rows = await town.answers()
    assert call["status"] == "completed"
    assert [(row["provider_name"], row["attempt"], row["error_code"]) for row in rows] == [
        ("first", 1, "upstream_failed"),
        ("second", 2, None),
    ]


async def test_a_stream_that_has_not_begun_can_be_another_provider_s(town: Town) -> None:
    await town.add("first", config={"models": {"gpt": "rude"}, "priority": 0})
    await town.add("second", config={"models": {"gpt": "say-hello"}, "priority": 1})
    said = [each.choices[0].delta.content or "" async for each in await town.say("gpt", stream=True)]
    assert "".join(said) == "hello"


async def test_a_provider_that_asks_to_be_left_alone_is_left_alone(town: Town) -> None:
    async def wait(*_: object) -> web.StreamResponse:
        return web.json_response({"error": {"message": "slow down"}}, status=429, headers={"Retry-After": "30"})

    await town.add("busy", config={"models": {"gpt": "say-busy"}, "priority": 0})
    await town.add("free", config={"models": {"gpt": "say-free"}, "priority": 1})
    town.provider.script["say-busy"].append(wait)
    said = [(await town.say("gpt")).choices[0].message.content for _ in range(3)]
    assert said == ["free", "free", "free"]
    assert [body["model"] for _, _, body in town.provider.asked].count("say-busy") == 1


async def test_how_long_to_wait_is_told_where_nobody_else_serves_the_model(town: Town) -> None:
    async def wait(*_: object) -> web.StreamResponse:
        return web.json_response({"error": {"message": "slow down"}}, status=429, headers={"Retry-After": "30"})

    town.provider.script["say-x"].append(wait)
    for code in ("upstream_rate_limited", "providers_resting"):
        with pytest.raises(openai.APIStatusError) as caught:
            await town.say("say-x")
        assert caught.value.body["code"] == code
        assert 25 <= int(caught.value.response.headers["retry-after"]) <= 30
    assert len(town.provider.asked) == 1
    assert [(each["status"], each["error_code"]) for each in await town.calls()] == [
        ("failed", "upstream_rate_limited"),
        ("failed", "providers_resting"),
    ]


async def test_a_provider_that_keeps_failing_is_tried_again_by_a_probe(town: Town) -> None:
    await town.add("only", config={"models": {"gpt": "fail-500"}})
    for _ in range(3):
        await refused(town, "gpt")
    [account] = [each for book in town.gateway.directory.books() for each in book[1].accounts if each.name == "only"]
    state = town.gateway.watch.of(account.id)
    assert (state.breaker.is_open, state.health) == (True, "unhealthy")
    state.breaker.rests_until_ms = clock.monotonic_ms()
    assert await town.gateway.watch.probe(town.gateway.upstream, account, "k") is None
    assert state.health == "healthy"
    town.provider.probe_status = 401
    assert await town.gateway.watch.probe(town.gateway.upstream, account, "k") == "status 401"


async def test_nothing_is_sent_to_an_address_that_is_not_allowed(town: Town, provider: ScriptedUpstream) -> None:
    port = provider.url.split(":")[2]
    for address in (f"http://localtest.invalid:{port}/v1",):
        await town.add("elsewhere", base_url=address, config={"models": ["say-elsewhere"]})
    status, _ = await refused(town, "say-elsewhere")
    assert status == 502
    # an account that was written by SQL, past the check
    await town.sql("UPDATE gateway.llm_providers SET base_url = 'http://169.254.169.254/v1' WHERE name = 'elsewhere'")
    status, error = await refused(town, "say-elsewhere")
    assert (status, error["code"]) == (502, "upstream_unavailable")
    assert (await town.answers())[-1]["error_code"] == "address_closed"
    assert provider.asked == []


# what callers send -------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "body"),
        (b"[]", "body"),
        (b"{}", "model"),
        (b'{"model": 1, "messages": [1]}', "model"),
        (b'{"model": "m"}', "messages"),
        (b'{"model": "m", "messages": []}', "messages"),
        (b'{"model": "m", "messages": [{}], "stream": "yes"}', "stream"),
        (b'{"model": "m", "messages": [{}], "max_tokens": -1}', "max_tokens"),
    ],
)
async def test_a_body_that_makes_no_sense(town: Town, body: bytes, field: str) -> None:
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {town.key}"}) as session,
        session.post(f"{town.url}/v1/chat/completions", data=body) as response,
    ):
        error = (await response.json())["error"]
        assert response.status == 400
        assert response.headers["x-request-id"] == error["request_id"]
    assert (error["code"], error["param"], error["type"]) == ("request_refused", field, "invalid_request_error")
    [call] = await town.calls()
    assert (str(call["id"]), call["status"], call["error_code"]) == (error["request_id"], "failed", "request_refused")


async def test_a_body_that_is_too_long(town: Town) -> None:
    status, error = await refused(town, "say-x", messages=[{"role": "user", "content": "x" * 1_100_000}])
    assert (status, error["code"]) == (413, "body_too_large")
    [call] = await town.calls()
    assert (str(call["id"]), call["status"], call["error_code"]) == (error["request_id"], "failed", "body_too_large")


async def test_a_model_that_nobody_serves(town: Town) -> None:
    await town.sql('UPDATE gateway.llm_providers SET config = \'{"models": ["gpt-5-mini"]}\'')
    status, error = await refused(town, "gpt-5-mni")
    assert (status, error["code"], error["param"]) == (404, "model_not_found", "model")
    assert 'Did you mean "gpt-5-mini"?' in error["message"]
    assert (await town.calls())[0]["error_code"] == "model_not_found"


async def test_what_a_provider_cannot_be_asked_is_refused_and_not_left_out(town: Town) -> None:
    await town.add("claude", "anthropic", config={"models": ["only-claude"]})
    schema = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
    status, error = await refused(town, "only-claude", response_format=schema)
    assert (status, error["param"]) == (400, "response_format")
    with pytest.raises(openai.BadRequestError, match=r"served at /v1/embeddings"):
        await town.openai().embeddings.create(model="only-claude", input="x")
    # Callers send back what models have said, broken arguments of tools as well.
    function = {"name": "weather", "arguments": '{"city": "Os'}
    for calls, field in (
        ([{"id": "c", "type": "function", "function": function}], "messages.tool_calls.function.arguments"),
        (["weather"], "messages.tool_calls"),
        ("weather", "messages.tool_calls"),
    ):
        said = [{"role": "user", "content": "hi"}, {"role": "assistant", "tool_calls": calls}]
        status, error = await refused(town, "only-claude", messages=said)
        assert (status, error["param"]) == (400, field)
    assert town.provider.asked == []


async def test_paths_and_methods_that_there_are_not(town: Town) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{town.url}/v1/chat/completion") as response:
            assert response.status == 404
            assert "Did you mean" in (await response.json())["error"]["message"]
        async with session.get(f"{town.url}/v1/chat/completions") as response:
            assert (response.status, (await response.json())["error"]["type"]) == (405, "invalid_request_error")


async def test_an_answer_whose_parts_are_of_other_kinds_is_none(town: Town) -> None:
    """It is on record as what it is, whole or streamed."""
    await town.add("claude", "anthropic", config={"models": ["odd"]})

    async def whole(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return web.json_response({"id": "m", "type": "message", "content": [{"type": "tool_use", "name": 7}]})

    async def streamed(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        chunk = {"choices": [{"index": 0, "delta": {"tool_calls": 7}}]}
        return await town.provider._stream(request, [f"data: {json.dumps(chunk)}\n\n"], half=False)

    town.provider.script["odd"].append(whole)
    town.provider.script["odder"].append(streamed)
    assert (await refused(town, "odd"))[0] == 502
    with pytest.raises(anthropic.APIStatusError):
        await town.anthropic().messages.create(
            model="odder", max_tokens=9, messages=[{"role": "user", "content": "hi"}], stream=True
        )
    answers = await town.answers()
    assert [each["error_code"] for each in answers] == ["upstream_broken", "stream_broken"]
    assert all("it is not what its API says" in each["error_message"] for each in answers)


async def test_text_that_postgresql_cannot_keep_is_kept_as_far_as_it_can(town: Town) -> None:
    await town.say("say-x", messages=[{"role": "user", "content": "nul: \0"}])
    [call] = await town.calls()
    assert (call["status"], call["prompt"]) == ("completed", "nul: \ufffd")


# answers that were recorded ----------------------------------------------------


_FACES = {
    "/chat/completions": "chat",
    "/completions": "completions",
    "/responses": "responses",
    "/messages": "messages",
}


@dataclass(frozen=True)
class _Recorded:
    """One recorded answer, and the API that it is of; None where that is none of ours."""

    name: str
    face: str | None
    status: int
    body: bytes
    media_type: str

    @property
    def is_stream(self) -> bool:
        return self.media_type == "text/event-stream"


def _recorded(folder: Path) -> Iterator[_Recorded]:
    for file in sorted(folder.glob("*.yaml")):
        for exchange in yaml.load(file.read_text("utf-8"), yaml.CSafeLoader)["interactions"]:
            path = urlsplit(exchange["request"]["uri"]).path
            face = next((name for end, name in _FACES.items() if path.endswith(end)), None)
            answer = exchange["response"]
            body = answer["body"].get("string") or b""
            body = body.encode() if isinstance(body, str) else body
            if body.startswith(b"\x1f\x8b"):
                body = gzip.decompress(body)
            headers = {name.lower(): value[0] for name, value in answer["headers"].items()}
            media_type = headers.get("content-type", "application/json").partition(";")[0]
            yield _Recorded(file.name, face, answer["status"]["code"], body, media_type)


async def _answered_by(town: Town, told: _Recorded, *, cut: int | None = None) -> tuple[int, str, Any]:
    """The status and the text for a caller when a provider says this, perhaps not to its end, and the ledger's last row."""
    face = told.face or "chat"

    async def recorded(request: web.Request, _: object) -> web.StreamResponse:
        if cut is None:
            return web.Response(body=told.body, status=told.status, content_type=told.media_type)
        response = web.StreamResponse(headers={"Content-Type": told.media_type})
        await response.prepare(request)
        await response.write(told.body[:cut])
        assert request.transport is not None
        request.transport.close()
        return response

    model = "recorded-claude" if face == "messages" else "recorded"
    town.provider.script[model] += [recorded, recorded]
    path = next(end for end, name in _FACES.items() if name == face)
    said: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}]}
    if face in ("completions", "responses"):
        said = {"prompt" if face == "completions" else "input": "hi"}
    document = {"model": model, "stream": told.is_stream, **said} | ({"max_tokens": 9} if face == "messages" else {})
    async with (
        aiohttp.ClientSession(headers={"x-api-key": town.key}) as session,
        session.post(f"{town.url}/v1{path}", json=document) as response,
    ):
        text = (await response.read()).decode()
    town.provider.script[model].clear()
    town.gateway.watch = town.gateway.planner.watch = Watch()  # nobody is left alone for what the one before has said
    return response.status, text, (await town.answers())[-1]


async def test_recorded_answers_are_read_as_they_came(town: Town, shared_data: Any) -> None:
    """Every recorded exchange: its text and tokens, or its error; a stream also cut off half-way."""
    await town.add("claude", "anthropic", config={"models": ["recorded-claude"]})
    every = list(_recorded(shared_data / "provider_cassettes"))
    kinds: Counter[str] = Counter()
    for told in every:
        status, text, row = await _answered_by(town, told)
        where = (told.name, told.status, text[:200])
        assert row["upstream_status"] == told.status, where
        if told.face is None or 200 < told.status < 400:  # another API's: never passed for an answer
            kinds["foreign"] += 1
            assert (status, row["selected"], row["error_code"] is None) == (502, False, False), where
        elif told.status == 200:
            kinds[told.face] += 1
            assert (status, row["error_code"], row["selected"]) == (200, None, True), where
            assert told.is_stream or text.encode() == told.body
            assert row["finish_reason"], where
            if told.is_stream:
                kinds["stream"] += 1
                status, text, row = await _answered_by(town, told, cut=len(told.body) // 2)
                assert row["error_code"] == "stream_broken", where
                assert "broke off" in text or status == 502, where
                assert "[DONE]" not in text, where
        else:
            kinds[str(told.status)] += 1
            assert status == told.status, where
            assert (text.encode(), row["error_code"]) == (told.body, "upstream_refused"), where
    assert {"chat", "completions", "responses", "messages", "stream", "foreign", "400", "404"} <= kinds.keys()
    assert kinds.total() - kinds["stream"] == len(every)


async def test_a_probe_that_cannot_be_called_is_refused_before_it_is(town: Town) -> None:
    for probe in ("/models?api-version=1", "/models#a", "/mo dels"):
        with pytest.raises(AccountRefused, match=r"config.probe is .* a path without a query"):
            await town.add("azure", config={"probe": probe})
    await town.add("azure", config={"probe": "/models"})
    async with town.database.transaction(town.actor) as tx:
        with pytest.raises(AccountRefused, match=r"config\.probe"):
            await providers.change_account(tx, "azure", None, config={"probe": "/models?a=1"})
