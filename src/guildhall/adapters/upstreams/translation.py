"""
Chat completions said to Anthropic, and Anthropic's messages said to a server of chat completions.

What one API has and the other cannot say is refused, never left out: a caller
who asked for a schema must not get prose. Parts that only describe how an
answer came about (thinking) are not passed on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from guildhall import clock
from guildhall.adapters.upstreams.events import Event
from guildhall.adapters.upstreams.faces import Asked, AskedWrong, text_of
from guildhall.adapters.upstreams.talks import (
    Garbage,
    StreamTalk,
    Talk,
    Told,
    _ChatStream,
    _document,
    _MessagesStream,
    _read_chat,
    read_message,
)
from guildhall.domains.gateway.requests import Usage

_DEFAULT_MAX_TOKENS = 4096
"""Anthropic wants a limit; a caller of chat completions need not give one."""

_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}
NEWER = re.compile(r"(o\d|gpt-[5-9])")
"""OpenAI's reasoning models refuse `max_tokens`."""

_DATA_URL = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+);base64,(?P<data>.*)", re.DOTALL)


class ChatByMessages(Talk):
    """A chat completion, asked of Anthropic."""

    def __init__(self, asked: Asked, model: str) -> None:
        super().__init__(asked, model)
        self.path = "/messages"

    def _body(self, asked: Asked, model: str) -> bytes:
        given = asked.body
        if (given.get("n") or 1) != 1:
            raise AskedWrong("n", given["n"], "1: this provider gives one answer")
        kind = given.get("response_format")
        if isinstance(kind, dict) and kind.get("type") not in (None, "text"):
            raise AskedWrong(
                "response_format", kind, "text: this provider cannot be asked for JSON by chat completions"
            )
        system, messages = _to_messages(given["messages"])
        body: dict[str, Any] = {
            "model": model,
            "messages": messages,
            "max_tokens": given.get("max_completion_tokens") or given.get("max_tokens") or _DEFAULT_MAX_TOKENS,
        }
        if system:
            body["system"] = system
        for name in ("temperature", "top_p", "stream"):
            if given.get(name) is not None:
                body[name] = given[name]
        stop = given.get("stop")
        if stop:
            body["stop_sequences"] = [stop] if isinstance(stop, str) else stop
        if isinstance(given.get("user"), str):
            body["metadata"] = {"user_id": given["user"]}
        tools = given.get("tools")
        if tools:
            body["tools"] = [_to_tool(each) for each in _listed("tools", tools)]
            body["tool_choice"] = _to_choice(given.get("tool_choice"), given.get("parallel_tool_calls"))
        return orjson.dumps(body)

    def read(self, body: bytes) -> tuple[Told, bytes]:
        document = _document(body)
        told = read_message(document)
        calls = [
            _tool_call(part["id"], part["name"], part.get("input"))
            for part in document["content"]
            if isinstance(part, dict) and part.get("type") == "tool_use"
        ]
        message: dict[str, Any] = {"role": "assistant", "content": told.content if told.texts or not calls else None}
        if calls:
            message["tool_calls"] = calls
        told.finish_reason = _REASONS.get(told.finish_reason or "", told.finish_reason)
        answer = {
            "id": told.upstream_id,
            "object": "chat.completion",
            "created": int(clock.now().timestamp()),
            "model": told.model,
            "choices": [{"index": 0, "message": message, "finish_reason": told.finish_reason, "logprobs": None}],
            "usage": _chat_usage(told.usage),
        }
        return told, orjson.dumps(answer)

    def stream(self) -> StreamTalk:
        return _ChunksOfMessages(self.asked)


class MessagesByChat(Talk):
    """One of Anthropic's messages, asked of a server of chat completions."""

    def __init__(self, asked: Asked, model: str) -> None:
        super().__init__(asked, model)
        self.path = "/chat/completions"

    def _body(self, asked: Asked, model: str) -> bytes:
        given = asked.body
        messages = list(_from_messages(given["messages"]))
        if given.get("system"):
            messages.insert(0, {"role": "system", "content": text_of(given["system"])})
        limit = "max_completion_tokens" if NEWER.match(model) else "max_tokens"
        body: dict[str, Any] = {"model": model, "messages": messages, limit: given.get("max_tokens")}
        for name in ("temperature", "top_p"):
            if given.get(name) is not None:
                body[name] = given[name]
        if given.get("stop_sequences"):
            body["stop"] = given["stop_sequences"]
        if asked.is_streamed:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        if given.get("tools"):
            body["tools"] = [_from_tool(each) for each in _listed("tools", given["tools"])]
            choice = given.get("tool_choice")
            if isinstance(choice, dict):
                body["tool_choice"] = _from_choice(choice)
                if choice.get("disable_parallel_tool_use"):
                    body["parallel_tool_calls"] = False
        return orjson.dumps(body)

    def read(self, body: bytes) -> tuple[Told, bytes]:
        document = _document(body)
        told = _read_chat(document)
        message = document["choices"][0].get("message") or {}
        content: list[dict[str, Any]] = [{"type": "text", "text": told.content}] if told.content else []
        for call in message.get("tool_calls") or ():
            function = call.get("function") or {}
            content.append(
                {
                    "type": "tool_use",
                    "id": call.get("id"),
                    "name": function.get("name"),
                    "input": _arguments(function.get("arguments")),
                }
            )
        told.finish_reason = _STOPS.get(told.finish_reason or "", told.finish_reason)
        answer = {
            "id": told.upstream_id or "msg",
            "type": "message",
            "role": "assistant",
            "model": told.model,
            "content": content,
            "stop_reason": told.finish_reason,
            "stop_sequence": None,
            "usage": _message_usage(told.usage),
        }
        return told, orjson.dumps(answer)

    def stream(self) -> StreamTalk:
        return _MessagesOfChunks(self.asked)


# requests ----------------------------------------------------------------------


def _to_messages(given: Iterable[Any]) -> tuple[str, list[dict[str, Any]]]:
    system: list[str] = []
    messages: list[dict[str, Any]] = []

    def add(role: str, parts: list[dict[str, Any]]) -> None:
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += parts  # turns alternate; results of several tools are one turn
        else:
            messages.append({"role": role, "content": parts})

    for message in given:
        if not isinstance(message, dict):
            raise AskedWrong("messages", message, "a list of objects with role and content")
        match message.get("role"):
            case "system" | "developer":
                system.append(text_of(message.get("content")))
            case "user":
                add("user", [_to_part(part) for part in _parts(message.get("content"))])
            case "assistant":
                parts = [_to_part(part) for part in _parts(message.get("content"))]
                parts += [_to_tool_use(call) for call in _listed("messages.tool_calls", message.get("tool_calls"))]
                if parts:
                    add("assistant", parts)
            case "tool":
                add(
                    "user",
                    [
                        {
                            "type": "tool_result",
                            "tool_use_id": message.get("tool_call_id"),
                            "content": text_of(message.get("content")),
                        }
                    ],
                )
            case role:
                raise AskedWrong("messages.role", role, "system, developer, user, assistant or tool")
    return "\n\n".join(each for each in system if each), messages


def _listed(field: str, value: Any) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise AskedWrong(field, value, "a list")
    return value or []


def _to_tool_use(call: Any) -> dict[str, Any]:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        raise AskedWrong("messages.tool_calls", call, "objects with id and function")
    try:
        arguments = _arguments(function.get("arguments"))
    except Garbage:  # a model may have said so, and callers send back what models have said
        raise AskedWrong(
            "messages.tool_calls.function.arguments", function["arguments"], "JSON: this provider takes no other"
        ) from None
    return {"type": "tool_use", "id": call.get("id"), "name": function.get("name"), "input": arguments}


def _parts(content: Any) -> list[Any]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return content if isinstance(content, list) else []


def _to_part(part: Any) -> dict[str, Any]:
    match part:
        case {"type": "text", "text": str(text)}:
            return {"type": "text", "text": text}
        case {"type": "image_url", "image_url": {"url": str(url)}}:
            data = _DATA_URL.fullmatch(url)
            if data is None:
                return {"type": "image", "source": {"type": "url", "url": url}}
            return {"type": "image", "source": {"type": "base64", "media_type": data["type"], "data": data["data"]}}
    raise AskedWrong("messages.content", part, "text or image_url: this provider cannot be sent anything else")


def _to_tool(tool: Any) -> dict[str, Any]:
    match tool:
        case {"type": "function", "function": {"name": str(name), **function}}:
            made = {"name": name, "input_schema": function.get("parameters") or {"type": "object", "properties": {}}}
            return made | ({"description": function["description"]} if function.get("description") else {})
    raise AskedWrong("tools", tool, "functions")


def _to_choice(choice: Any, parallel: Any) -> dict[str, Any]:
    match choice:
        case None | "auto":
            made: dict[str, Any] = {"type": "auto"}
        case "none":
            return {"type": "none"}
        case "required":
            made = {"type": "any"}
        case {"type": "function", "function": {"name": str(name)}}:
            made = {"type": "tool", "name": name}
        case _:
            raise AskedWrong("tool_choice", choice, "auto, none, required or a function")
    return made | ({"disable_parallel_tool_use": True} if parallel is False else {})


def _from_messages(given: Iterable[Any]) -> Iterable[dict[str, Any]]:
    for message in given:
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
            raise AskedWrong("messages", message, "a list of objects with role, user or assistant, and content")
        parts = _parts(message.get("content"))
        said: list[dict[str, Any]] = []
        calls: list[dict[str, Any]] = []
        for part in parts:
            match part:
                case {"type": "tool_result", "tool_use_id": tool_id, **rest}:
                    yield {"role": "tool", "tool_call_id": tool_id, "content": text_of(rest.get("content"))}
                case {"type": "tool_use", "id": call_id, "name": name, "input": arguments}:
                    calls.append(_tool_call(call_id, name, arguments))
                case {"type": "thinking" | "redacted_thinking"}:
                    continue
                case {"type": "text", "text": str(text)}:
                    said.append({"type": "text", "text": text})
                case {"type": "image", "source": {"type": "url", "url": url}}:
                    said.append({"type": "image_url", "image_url": {"url": url}})
                case {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}:
                    said.append({"type": "image_url", "image_url": {"url": f"data:{kind};base64,{data}"}})
                case _:
                    raise AskedWrong("messages.content", part, "text, image, tool_use or tool_result")
        if message["role"] == "assistant":
            yield {"role": "assistant", "content": text_of(said) or None} | ({"tool_calls": calls} if calls else {})
        elif said:
            only_text = all(each["type"] == "text" for each in said)
            yield {"role": "user", "content": text_of(said) if only_text else said}


def _from_tool(tool: Any) -> dict[str, Any]:
    match tool:
        case {"name": str(name), "input_schema": dict(schema), **rest}:
            function = {"name": name, "parameters": schema}
            return {
                "type": "function",
                "function": function | ({"description": rest["description"]} if rest.get("description") else {}),
            }
    raise AskedWrong("tools", tool, "tools with name and input_schema: this provider has none of its own")


def _from_choice(choice: Mapping[str, Any]) -> Any:
    match choice:
        case {"type": "any"}:
            return "required"
        case {"type": "tool", "name": str(name)}:
            return {"type": "function", "function": {"name": name}}
        case {"type": "auto" | "none" as kind}:
            return kind
    raise AskedWrong("tool_choice", choice, "auto, any, none or tool")


# answers -----------------------------------------------------------------------


def _tool_call(call_id: Any, name: Any, arguments: Any) -> dict[str, Any]:
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": orjson.dumps(arguments or {}).decode()},
    }


def _arguments(text: Any) -> Any:
    try:
        found = orjson.loads(text or "{}")
    except (orjson.JSONDecodeError, TypeError):
        raise Garbage("a tool call whose arguments are no JSON") from None
    return found


def _chat_usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt or 0,
        "completion_tokens": usage.completion or 0,
        "total_tokens": usage.total or 0,
        "prompt_tokens_details": {"cached_tokens": usage.cached or 0},
    }


def _message_usage(usage: Usage) -> dict[str, Any]:
    cached = usage.cached or 0
    return {
        "input_tokens": (usage.prompt or 0) - cached,
        "output_tokens": usage.completion or 0,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": 0,
    }


class _ChunksOfMessages(StreamTalk):
    """Anthropic's events as chunks of a chat completion."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked)
        self._own = _MessagesStream(asked)
        self.told = self._own.told
        self._created = int(clock.now().timestamp())
        self._calls = -1

    def _take(self, event: Event) -> bytes:
        document = _document(event.data)
        self._own.note(document)
        match document:
            case {"type": "message_start"}:
                return self._chunk({"role": "assistant", "content": ""})
            case {"type": "content_block_start", "content_block": {"type": "tool_use", "id": call_id, "name": name}}:
                self._calls += 1
                call = {
                    "index": self._calls,
                    "id": call_id,
                    "type": "function",
                    "function": {"name": name, "arguments": ""},
                }
                return self._chunk({"tool_calls": [call]})
            case {"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}}:
                return self._chunk({"content": text})
            case {"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": part}}:
                return self._chunk({"tool_calls": [{"index": self._calls, "function": {"arguments": part}}]})
            case {"type": "message_stop"}:
                self.is_whole = True
                self.told.finish_reason = _REASONS.get(self.told.finish_reason or "", self.told.finish_reason)
                self.tail = self._chunk({}, self.told.finish_reason)
                if self.asked.wants_usage:
                    self.tail += self._framed({"choices": [], "usage": _chat_usage(self.told.usage)})
                self.tail += b"data: [DONE]\n\n"
        return b""

    def _chunk(self, delta: Mapping[str, Any], reason: str | None = None) -> bytes:
        return self._framed({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})

    def _framed(self, part: Mapping[str, Any]) -> bytes:
        head = {
            "id": self.told.upstream_id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self.told.model,
        }
        return b"data: " + orjson.dumps({**head, **part}) + b"\n\n"


class _MessagesOfChunks(StreamTalk):
    """Chunks of a chat completion as Anthropic's events."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked)
        self._own = _ChatStream(asked)
        self.told = self._own.told
        self._block = -1
        self._kind = ""
        self._begun = False

    def _take(self, event: Event) -> bytes:
        self._own._take(event)
        if self._own.is_whole:
            self._end()
            return b""
        chunk = _document(event.data)
        out = b""
        if not self._begun:
            self._begun = True
            message: dict[str, Any] = {
                "id": self.told.upstream_id or "msg",
                "type": "message",
                "role": "assistant",
                "model": self.told.model,
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": {"input_tokens": 0, "output_tokens": 0},
            }
            out += _event("message_start", {"message": message})
        choices = chunk.get("choices")
        delta = choices[0].get("delta") if choices and isinstance(choices[0], dict) else None
        if isinstance(delta, dict):
            if isinstance(delta.get("content"), str) and delta["content"]:
                out += self._open("text", {"type": "text", "text": ""})
                out += self._delta({"type": "text_delta", "text": delta["content"]})
            for call in delta.get("tool_calls") or ():
                function = call.get("function") or {}
                if call.get("id"):
                    out += self._open(
                        f"tool {call.get('index')}",
                        {"type": "tool_use", "id": call["id"], "name": function.get("name"), "input": {}},
                    )
                if function.get("arguments"):
                    out += self._delta({"type": "input_json_delta", "partial_json": function["arguments"]})
        return out

    def finish(self) -> None:
        self._own.finish()
        if self._own.is_whole and not self.is_whole:
            self._end()

    def _open(self, kind: str, block: Mapping[str, Any]) -> bytes:
        if kind == self._kind:
            return b""
        closed = self._close()
        self._block += 1
        self._kind = kind
        return closed + _event("content_block_start", {"index": self._block, "content_block": block})

    def _close(self) -> bytes:
        return _event("content_block_stop", {"index": self._block}) if self._kind else b""

    def _delta(self, delta: Mapping[str, Any]) -> bytes:
        return _event("content_block_delta", {"index": self._block, "delta": delta})

    def _end(self) -> None:
        self.is_whole = True
        self.told.finish_reason = _STOPS.get(self.told.finish_reason or "", self.told.finish_reason)
        ended = {"delta": {"stop_reason": self.told.finish_reason, "stop_sequence": None}}
        self.tail = (
            self._close()
            + _event("message_delta", {**ended, "usage": _message_usage(self.told.usage)})
            + _event("message_stop", {})
        )


def _event(kind: str, fields: Mapping[str, Any]) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + orjson.dumps({"type": kind, **fields}) + b"\n\n"
