"""
The responses API and the older completions, asked of providers that have chats alone.

What is asked is put into the words of a chat, which `Talk` or `ChatByMessages`
says to the provider; what comes back is a chat's answer, and is put into the
words of the caller's API. Nothing is stored at such a provider, so what rests on
stored responses is refused, as is whatever else a chat cannot say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from guildhall import clock
from guildhall.adapters.upstreams.events import Event, Splitter
from guildhall.adapters.upstreams.faces import FACES, Asked, AskedWrong, text_of
from guildhall.adapters.upstreams.talks import Garbage, StreamTalk, Talk, Told
from guildhall.adapters.upstreams.translation import NEWER, ChatByMessages
from guildhall.domains.gateway.providers import Wire
from guildhall.domains.gateway.requests import Usage

_COMPLETION_TOKENS = 16
"""What OpenAI's older completions give where the caller names no limit."""

_LEFT = ("temperature", "top_p", "parallel_tool_calls", "user", "service_tier", "safety_identifier", "prompt_cache_key")
_UNSAYABLE = {
    "previous_response_id": "nothing: this provider stores no responses, so send the whole conversation",
    "conversation": "nothing: this provider stores no conversations, so send all of it",
    "background": "nothing: this provider answers at once",
    "prompt": "nothing: this provider has no stored prompts",
    "include": "nothing: this provider has no more to tell",
    "max_tool_calls": "nothing: this provider has no tools of its own",
    "top_logprobs": "nothing: this provider's answers come without them",
}
_SAYABLE = frozenset(
    {*_LEFT, *_UNSAYABLE, "model", "input", "instructions", "max_output_tokens", "metadata", "reasoning", "stream"}
    | {"stream_options", "text", "tool_choice", "tools", "store", "truncation"}
)
_COMPLETION_FIELDS = ("temperature", "top_p", "stop", "stream", "stream_options", "user")
_UNSAYABLE_OF_COMPLETIONS = (
    "suffix",
    "echo",
    "logprobs",
    "logit_bias",
    "presence_penalty",
    "frequency_penalty",
    "seed",
)
_ENDS = {"length": "max_output_tokens", "content_filter": "content_filter"}


def by_chat(asked: Asked, wire: Wire, model: str) -> Talk:
    """
    How to ask a provider that has chats alone for a response, or for one of the older completions.

    Raises:
        AskedWrong: It holds what a chat cannot say.
    """
    is_response = asked.face.name == "responses"
    body = _chat_of_response(asked.body, wire) if is_response else _chat_of_completion(asked.body)
    if is_response and wire is Wire.OPENAI and "max_completion_tokens" in body and not NEWER.match(model):
        body["max_tokens"] = body.pop("max_completion_tokens")
    if asked.is_streamed:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    chat = Asked(FACES["chat"], orjson.dumps(body), body, asked.model, asked.is_streamed)
    inner = ChatByMessages(chat, model) if wire is Wire.ANTHROPIC else Talk(chat, model)
    return (_ResponseByChat if is_response else _CompletionByChat)(asked, inner)


class _ByChat(Talk):
    """A call that is said as a chat."""

    def __init__(self, asked: Asked, inner: Talk) -> None:
        self.asked, self.inner = asked, inner
        self.path, self.body = inner.path, inner.body

    def _chat(self, body: bytes) -> tuple[Told, dict[str, Any], dict[str, Any]]:
        """What was told, the chat's answer, and its message."""
        told, out = self.inner.read(body)
        chat: dict[str, Any] = orjson.loads(out)
        message = chat["choices"][0].get("message")
        return told, chat, message if isinstance(message, dict) else {}


class _CompletionByChat(_ByChat):
    def read(self, body: bytes) -> tuple[Told, bytes]:
        told, chat, message = self._chat(body)
        choice = {
            "index": 0,
            "text": message.get("content") or "",
            "finish_reason": told.finish_reason,
            "logprobs": None,
        }
        answer = {**chat, "object": "text_completion", "choices": [choice]}
        return told, orjson.dumps(answer)

    def stream(self) -> StreamTalk:
        return _CompletionStream(self.asked, self.inner.stream())


class _ResponseByChat(_ByChat):
    def read(self, body: bytes) -> tuple[Told, bytes]:
        told, chat, message = self._chat(body)
        output = []
        content = _contents(message)
        if content:
            output.append(_message(0, content))
        for call in message.get("tool_calls") or ():
            function = call.get("function") if isinstance(call, dict) else None
            if not isinstance(function, dict):
                raise Garbage("a tool call without a function")
            output.append(_call(len(output), call.get("id"), function.get("name"), function.get("arguments") or "{}"))
        whole = _whole(self.asked, told, output, chat.get("created"))
        told.finish_reason = _reason(told.finish_reason)
        return told, orjson.dumps(whole)

    def stream(self) -> StreamTalk:
        return _ResponseStream(self.asked, self.inner.stream())


# what is asked -----------------------------------------------------------------


def _chat_of_completion(given: Mapping[str, Any]) -> dict[str, Any]:
    prompt = given["prompt"]
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if not isinstance(prompt, str) or not prompt:
        raise AskedWrong(
            "prompt", given["prompt"], "one text: this provider answers one prompt at a time, and takes no tokens"
        )
    for name in ("n", "best_of"):
        if (given.get(name) or 1) != 1:
            raise AskedWrong(name, given[name], "1: this provider gives one answer")
    for name in _UNSAYABLE_OF_COMPLETIONS:
        if given.get(name):
            raise AskedWrong(name, given[name], "nothing: this provider cannot be asked for it")
    body = {name: given[name] for name in _COMPLETION_FIELDS if given.get(name) is not None}
    limit = given.get("max_tokens") or _COMPLETION_TOKENS
    return {**body, "model": given["model"], "messages": [{"role": "user", "content": prompt}], "max_tokens": limit}


def _chat_of_response(given: Mapping[str, Any], wire: Wire) -> dict[str, Any]:
    for name, value in given.items():
        if name not in _SAYABLE:
            raise AskedWrong(name, value, "nothing: this provider cannot be asked for it")
    for name, expected in _UNSAYABLE.items():
        if given.get(name):
            raise AskedWrong(name, given[name], expected)
    if given.get("store") is True:
        raise AskedWrong("store", True, "false: this provider stores no responses")
    if given.get("truncation") not in (None, "disabled"):
        raise AskedWrong("truncation", given["truncation"], "disabled: this provider leaves nothing out by itself")
    body = {name: given[name] for name in _LEFT if given.get(name) is not None}
    body |= {"model": given["model"], "messages": list(_messages(given))}
    if given.get("max_output_tokens") is not None:
        body["max_completion_tokens"] = given["max_output_tokens"]
    effort = given["reasoning"].get("effort") if isinstance(given.get("reasoning"), dict) else None
    if effort is not None:
        if wire is Wire.ANTHROPIC:
            raise AskedWrong("reasoning.effort", effort, "null: this provider cannot be told how much to think")
        body["reasoning_effort"] = effort
    wanted = given["text"].get("format") if isinstance(given.get("text"), dict) else None
    if isinstance(wanted, dict) and wanted.get("type") not in (None, "text"):
        if wire is Wire.ANTHROPIC:
            raise AskedWrong("text.format", wanted, "text: this provider cannot be asked for JSON by responses")
        body["response_format"] = _format(wanted)
    if given.get("tools"):
        body["tools"] = [_tool(each) for each in given["tools"]]
        if given.get("tool_choice") is not None:
            body["tool_choice"] = _choice(given["tool_choice"])
    return body


def _messages(given: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    if given.get("instructions"):
        yield {"role": "system", "content": given["instructions"]}
    if isinstance(given["input"], str):
        yield {"role": "user", "content": given["input"]}
        return
    calls: list[dict[str, Any]] = []
    for item in given["input"]:
        match item:
            case {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}:
                calls.append({"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}})
                continue
            case {"type": "reasoning"}:
                continue
        if calls:
            yield {"role": "assistant", "content": None, "tool_calls": calls}
            calls = []
        match item:
            case {"type": "function_call_output", "call_id": call_id, "output": output}:
                yield {"role": "tool", "tool_call_id": call_id, "content": text_of(output)}
            case {"role": "user" | "assistant" | "system" | "developer" as role, "content": content}:
                yield {"role": role, "content": _content(role, content)}
            case _:
                raise AskedWrong(
                    "input", item, "messages, function calls and their outputs: this provider takes nothing else"
                )
    if calls:
        yield {"role": "assistant", "content": None, "tool_calls": calls}


def _content(role: str, content: Any) -> Any:
    if isinstance(content, str):
        return content
    parts: list[dict[str, Any]] = []
    for part in content if isinstance(content, list) else [content]:
        match part:
            case {"type": "input_text" | "output_text" | "text", "text": str(text)}:
                parts.append({"type": "text", "text": text})
            case {"type": "refusal", "refusal": str(text)}:
                parts.append({"type": "text", "text": text})
            case {"type": "input_image", "image_url": str(url)} if role == "user":
                detail = {"detail": part["detail"]} if part.get("detail") else {}
                parts.append({"type": "image_url", "image_url": {"url": url, **detail}})
            case _:
                raise AskedWrong("input.content", part, "input_text, output_text or input_image with image_url")
    return text_of(parts) if all(each["type"] == "text" for each in parts) else parts


def _format(wanted: Mapping[str, Any]) -> dict[str, Any]:
    if wanted.get("type") == "json_schema":
        schema = {
            name: wanted[name] for name in ("name", "schema", "strict", "description") if wanted.get(name) is not None
        }
        return {"type": "json_schema", "json_schema": schema}
    if wanted.get("type") == "json_object":
        return {"type": "json_object"}
    raise AskedWrong("text.format", wanted, "text, json_object or json_schema")


def _tool(tool: Any) -> dict[str, Any]:
    match tool:
        case {"type": "function", "name": str(name), **rest}:
            said = {key: rest[key] for key in ("description", "parameters", "strict") if rest.get(key) is not None}
            return {"type": "function", "function": {"name": name, **said}}
    raise AskedWrong("tools", tool, "functions: this provider has no tools of its own")


def _choice(choice: Any) -> Any:
    match choice:
        case "auto" | "none" | "required":
            return choice
        case {"type": "function", "name": str(name)}:
            return {"type": "function", "function": {"name": name}}
    raise AskedWrong("tool_choice", choice, "auto, none, required or a function")


# what is answered --------------------------------------------------------------


def _contents(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    if message.get("content"):
        found.append(_part("output_text", message["content"]))
    if message.get("refusal"):
        found.append(_part("refusal", message["refusal"]))
    return found


def _part(kind: str, text: str) -> dict[str, Any]:
    if kind == "refusal":
        return {"type": "refusal", "refusal": text}
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _message(place: int, content: list[dict[str, Any]], status: str = "completed") -> dict[str, Any]:
    return {"type": "message", "id": f"msg_{place}", "role": "assistant", "status": status, "content": content}


def _call(place: int, call_id: Any, name: Any, arguments: str, status: str = "completed") -> dict[str, Any]:
    said = {"call_id": call_id, "name": name, "arguments": arguments}
    return {"type": "function_call", "id": f"fc_{place}", **said, "status": status}


def _reason(finish: str | None) -> str | None:
    return _ENDS.get(finish, "completed") if finish is not None else None


def _whole(
    asked: Asked, told: Told, output: list[dict[str, Any]], created: Any, status: str | None = None
) -> dict[str, Any]:
    """A response; a status that is given has no end yet, and no tokens."""
    given = asked.body
    cut = _ENDS.get(told.finish_reason or "")
    text = given.get("text")
    return {
        "id": f"resp_{told.upstream_id or 'unnamed'}",
        "object": "response",
        "created_at": created if isinstance(created, int) else int(clock.now().timestamp()),
        "status": status or ("completed" if cut is None else "incomplete"),
        "error": None,
        "incomplete_details": None if cut is None or status is not None else {"reason": cut},
        "instructions": given.get("instructions"),
        "max_output_tokens": given.get("max_output_tokens"),
        "metadata": given.get("metadata") or {},
        "model": told.model or asked.model,
        "output": output,
        "parallel_tool_calls": given.get("parallel_tool_calls") is not False,
        "previous_response_id": None,
        "reasoning": given.get("reasoning") or {"effort": None, "summary": None},
        "store": False,
        "temperature": given.get("temperature"),
        "text": text if isinstance(text, dict) and text.get("format") else {"format": {"type": "text"}},
        "tool_choice": given.get("tool_choice") or "auto",
        "tools": given.get("tools") or [],
        "top_p": given.get("top_p"),
        "truncation": "disabled",
        "usage": None if status is not None else _usage(told.usage),
        "user": given.get("user"),
    }


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.prompt or 0,
        "input_tokens_details": {"cached_tokens": usage.cached or 0},
        "output_tokens": usage.completion or 0,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning or 0},
        "total_tokens": usage.total or 0,
    }


class _OfChunks(StreamTalk):
    """What is made of the chunks of a chat, in whatever way these come."""

    def __init__(self, asked: Asked, inner: StreamTalk) -> None:
        super().__init__(asked)
        self.inner = inner
        self.told = inner.told
        self._chunks = Splitter()

    def feed(self, piece: bytes) -> bytes:
        out = self._put(self.inner.feed(piece))
        if self.inner.is_whole and not self.is_whole:
            out += self._put(self.inner.tail)
            self._end()
        return out

    def finish(self) -> None:
        self.inner.finish()
        if self.inner.is_whole and not self.is_whole:
            self._end()

    def _put(self, chunks: bytes) -> bytes:
        return b"".join(self._take(each) for each in self._chunks.feed(chunks))

    def _take(self, event: Event) -> bytes:
        if event.data == b"[DONE]":
            return b""
        chunk = orjson.loads(event.data)
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
        delta = choice.get("delta")
        return self._said(chunk, delta if isinstance(delta, dict) else {})

    def _said(self, chunk: Mapping[str, Any], delta: Mapping[str, Any]) -> bytes:
        raise NotImplementedError

    def _end(self) -> None:
        raise NotImplementedError


class _CompletionStream(_OfChunks):
    """Chunks of a chat as those of an older completion."""

    _head: Mapping[str, Any] = {}

    def _said(self, chunk: Mapping[str, Any], delta: Mapping[str, Any]) -> bytes:
        self._head = {**{name: chunk.get(name) for name in ("id", "created", "model")}, "object": "text_completion"}
        text = delta.get("content")
        return self._chunk(text) if isinstance(text, str) and text else b""

    def _end(self) -> None:
        self.is_whole = True
        self.tail = self._chunk("", self.told.finish_reason)
        if self.asked.wants_usage:
            usage = self.told.usage
            told = {
                "prompt_tokens": usage.prompt or 0,
                "completion_tokens": usage.completion or 0,
                "total_tokens": usage.total or 0,
            }
            self.tail += b"data: " + orjson.dumps({**self._head, "choices": [], "usage": told}) + b"\n\n"
        self.tail += b"data: [DONE]\n\n"

    def _chunk(self, text: str, reason: str | None = None) -> bytes:
        choice = {"index": 0, "text": text, "finish_reason": reason, "logprobs": None}
        return b"data: " + orjson.dumps({**self._head, "choices": [choice]}) + b"\n\n"


class _ResponseStream(_OfChunks):
    """Chunks of a chat as the events of a response."""

    def __init__(self, asked: Asked, inner: StreamTalk) -> None:
        super().__init__(asked, inner)
        self._created: Any = None
        self._begun = False
        self._number = -1
        self._output: list[dict[str, Any]] = []
        self._open: dict[str, Any] | None = None

    def _said(self, chunk: Mapping[str, Any], delta: Mapping[str, Any]) -> bytes:
        out = b""
        if not self._begun:
            self._begun, self._created = True, chunk.get("created")
            empty = _whole(self.asked, self.told, [], self._created, "in_progress")
            out += self._event("response.created", response=empty) + self._event("response.in_progress", response=empty)
        for field, kind in (("content", "output_text"), ("refusal", "refusal")):
            text = delta.get(field)
            if isinstance(text, str) and text:
                out += self._add_text(kind, text)
        for call in delta.get("tool_calls") or ():
            if isinstance(call, dict):
                out += self._add_call(call)
        return out

    def _add_text(self, kind: str, text: str) -> bytes:
        out = b""
        if self._open is None or self._open["type"] != "message":
            out += self._close() + self._begin(_message(len(self._output), [], "in_progress"))
        assert self._open is not None
        content = self._open["content"]
        if not content or content[-1]["type"] != kind:
            out += self._close_part()
            content.append(_part(kind, ""))
            out += self._event("response.content_part.added", **self._where(), part=content[-1])
        content[-1][_TEXT_OF[kind]] += text
        more: dict[str, Any] = {"logprobs": []} if kind == "output_text" else {}
        return out + self._event(f"response.{kind}.delta", **self._where(), delta=text, **more)

    def _add_call(self, call: Mapping[str, Any]) -> bytes:
        function = call.get("function")
        function = function if isinstance(function, dict) else {}
        out = b""
        if call.get("id") and (self._open is None or self._open.get("call_id") != call["id"]):
            item = _call(len(self._output), call["id"], function.get("name"), "", "in_progress")
            out += self._close() + self._begin(item)
        arguments = function.get("arguments")
        if (
            isinstance(arguments, str)
            and arguments
            and self._open is not None
            and self._open["type"] == "function_call"
        ):
            self._open["arguments"] += arguments
            out += self._event("response.function_call_arguments.delta", **self._place(), delta=arguments)
        return out

    def _begin(self, item: dict[str, Any]) -> bytes:
        self._open = item
        return self._event("response.output_item.added", output_index=len(self._output), item=item)

    def _close_part(self) -> bytes:
        if self._open is None or not self._open["content"]:
            return b""
        part = self._open["content"][-1]
        field = _TEXT_OF[part["type"]]
        more: dict[str, Any] = {"logprobs": []} if part["type"] == "output_text" else {}
        done = self._event(f"response.{part['type']}.done", **self._where(), **{field: part[field]}, **more)
        return done + self._event("response.content_part.done", **self._where(), part=part)

    def _close(self) -> bytes:
        item = self._open
        if item is None:
            return b""
        if item["type"] == "message":
            out = self._close_part()
        else:
            item["arguments"] = item["arguments"] or "{}"
            said = {"arguments": item["arguments"], "name": item["name"]}
            out = self._event("response.function_call_arguments.done", **self._place(), **said)
        item["status"] = "completed"
        out += self._event("response.output_item.done", output_index=len(self._output), item=item)
        self._output.append(item)
        self._open = None
        return out

    def _end(self) -> None:
        self.is_whole = True
        closing = self._close()
        whole = _whole(self.asked, self.told, self._output, self._created)
        kind = "response.completed" if whole["status"] == "completed" else "response.incomplete"
        self.tail = closing + self._event(kind, response=whole)
        self.told.finish_reason = _reason(self.told.finish_reason)

    def _place(self) -> dict[str, Any]:
        assert self._open is not None
        return {"item_id": self._open["id"], "output_index": len(self._output)}

    def _where(self) -> dict[str, Any]:
        assert self._open is not None
        return {**self._place(), "content_index": len(self._open["content"]) - 1}

    def _event(self, kind: str, **fields: Any) -> bytes:
        self._number += 1
        document = {"type": kind, "sequence_number": self._number, **fields}
        return b"event: " + kind.encode() + b"\ndata: " + orjson.dumps(document) + b"\n\n"


_TEXT_OF = {"output_text": "text", "refusal": "refusal"}
