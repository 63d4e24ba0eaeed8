"""What an answer says to its caller, text and calls of tools, read out of what the caller would be sent: whole, or a stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from guildhall.adapters.upstreams.events import Splitter
from guildhall.adapters.upstreams.faces import text_of
from guildhall.adapters.upstreams.talks import MISSHAPEN


@dataclass(slots=True)
class Said:
    """The text of an answer, and the tools that it calls: each with its name and its arguments as JSON text."""

    text: str = ""
    tools: list[tuple[str, str]] = field(default_factory=list)


def read_said(face: str, sent: bytes, *, is_streamed: bool) -> Said:
    """
    Read what a caller of chat completions, messages or responses would be sent.

    It is ours or was read before (`Talk.read`, `StreamTalk`): what it does not hold is not said. Where its parts are
    of other kinds than the API has there, nothing is.
    """
    try:
        if is_streamed:
            return _STREAMED[face](_events(sent))
        document = orjson.loads(sent)
        return _WHOLE[face](document if isinstance(document, dict) else {})
    except MISSHAPEN:
        return Said()


def _events(sent: bytes) -> Iterable[Mapping[str, Any]]:
    for event in Splitter().feed(sent):
        if event.data != b"[DONE]":
            document = orjson.loads(event.data)
            if isinstance(document, dict):
                yield document


def _chat(document: Mapping[str, Any]) -> Said:
    choice = _first(document.get("choices"))
    message = choice.get("message")
    if not isinstance(message, dict):
        return Said()
    calls = message.get("tool_calls")
    found = [_function(each) for each in calls] if isinstance(calls, list) else []
    text = text_of(message.get("content")) or message.get("refusal")
    return Said(text if isinstance(text, str) else "", found)


def _chat_stream(events: Iterable[Mapping[str, Any]]) -> Said:
    texts: list[str] = []
    calls: dict[Any, list[str]] = {}
    for chunk in events:
        choice = _first(chunk.get("choices"))
        delta = choice.get("delta")
        if not isinstance(delta, dict) or choice.get("index"):
            continue
        for key in ("content", "refusal"):
            if isinstance(delta.get(key), str):
                texts.append(delta[key])
        for each in delta.get("tool_calls") or ():
            name, arguments = _function(each)
            call = calls.setdefault(each.get("index") if isinstance(each, dict) else None, ["", ""])
            call[0] += name
            call[1] += arguments
    return Said("".join(texts), [(name, arguments) for name, arguments in calls.values()])


def _message(document: Mapping[str, Any]) -> Said:
    content = document.get("content")
    parts = [each for each in content if isinstance(each, dict)] if isinstance(content, list) else []
    tools = [
        (str(each.get("name", "")), orjson.dumps(each.get("input") or {}).decode())
        for each in parts
        if each.get("type") == "tool_use"
    ]
    return Said(text_of(parts), tools)


def _message_stream(events: Iterable[Mapping[str, Any]]) -> Said:
    texts: list[str] = []
    calls: dict[Any, list[str]] = {}
    for event in events:
        block, delta = event.get("content_block"), event.get("delta")
        if isinstance(block, dict) and block.get("type") == "tool_use":
            calls[event.get("index")] = [str(block.get("name", "")), ""]
        if isinstance(delta, dict):
            if isinstance(delta.get("text"), str):
                texts.append(delta["text"])
            if isinstance(delta.get("partial_json"), str) and event.get("index") in calls:
                calls[event.get("index")][1] += delta["partial_json"]
    return Said("".join(texts), [(name, arguments or "{}") for name, arguments in calls.values()])


def _response(document: Mapping[str, Any]) -> Said:
    output = document.get("output")
    items = [each for each in output if isinstance(each, dict)] if isinstance(output, list) else []
    tools = [
        (str(each.get("name", "")), str(each.get("arguments") or "{}"))
        for each in items
        if each.get("type") == "function_call"
    ]
    return Said("".join(text_of(each.get("content")) for each in items if each.get("type") == "message"), tools)


def _response_stream(events: Iterable[Mapping[str, Any]]) -> Said:
    for event in events:
        if isinstance(event.get("response"), dict) and event.get("type") in (
            "response.completed",
            "response.incomplete",
        ):
            return _response(event["response"])
    return Said()


def _first(choices: Any) -> Mapping[str, Any]:
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}


def _function(call: Any) -> tuple[str, str]:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        return "", ""
    return str(function.get("name") or ""), str(function.get("arguments") or "")


_WHOLE = {"chat": _chat, "messages": _message, "responses": _response}
_STREAMED = {"chat": _chat_stream, "messages": _message_stream, "responses": _response_stream}
