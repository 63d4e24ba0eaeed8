"""
How a call is said to a provider, and how what comes back is read.

Where caller and provider speak the same API, bytes go through as they are: of
an answer only what the ledger needs is read. Chat completions and Anthropic's
messages are translated into each other (`translation`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from guildhall.adapters.upstreams.events import Event, Splitter
from guildhall.adapters.upstreams.faces import Asked
from guildhall.domains.gateway.providers import Wire
from guildhall.domains.gateway.requests import Usage

_DONE = b"[DONE]"
_EVENTS = "text/event-stream"


class Garbage(Exception):
    """What came back is not what the API says."""


MISSHAPEN = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What reading an answer comes to whose parts are of other kinds than its API has there."""


@dataclass(slots=True)
class Told:
    """What an answer says, as far as it has come."""

    texts: list[str] = field(default_factory=list)
    finish_reason: str | None = None
    usage: Usage = field(default_factory=Usage)
    upstream_id: str | None = None
    model: str | None = None
    error: str | None = None

    @property
    def content(self) -> str:
        """The text of the (first) answer."""
        return "".join(self.texts)


class Talk:
    """One attempt at one provider: `path` and `body` are sent; a whole answer is read by `read`."""

    def __init__(self, asked: Asked, model: str) -> None:
        self.asked = asked
        self.path = asked.face.path
        self.body = self._body(asked, model)

    def _body(self, asked: Asked, model: str) -> bytes:
        changes: dict[str, Any] = {}
        if model != asked.model:
            changes["model"] = model
        if asked.is_streamed and asked.face.name in ("chat", "completions") and not asked.wants_usage:
            options = asked.body.get("stream_options")
            changes["stream_options"] = {**(options if isinstance(options, dict) else {}), "include_usage": True}
        return orjson.dumps({**asked.body, **changes}) if changes else asked.raw

    def read(self, body: bytes) -> tuple[Told, bytes]:
        """
        What a whole answer says, and the answer for the caller.

        Raises:
            Garbage: It is no JSON object, or an object without an answer.
        """
        document = _document(body)
        told = _READERS[self.asked.face.name](document)
        return told, body

    def stream(self) -> StreamTalk:
        """How a stream is read."""
        return _STREAMS[self.asked.face.name](self.asked)


class StreamTalk:
    """
    Reads a stream: `feed` gives what the caller may have at once.

    What ends a stream for the caller is held in `tail` until the ledger has the
    answer. `is_whole` says whether the provider has ended it as its API does.
    """

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.told = Told()
        self.is_whole = False
        self.tail = b""
        self._splitter = Splitter()

    def feed(self, piece: bytes) -> bytes:
        """
        Read a piece of whatever size.

        Raises:
            Garbage: It is no stream of events, or an event is not JSON.
        """
        parts = []
        try:
            for event in self._splitter.feed(piece):
                passed = self._take(event)
                if passed:
                    parts.append(passed)
        except MISSHAPEN as error:
            raise Garbage(f"an event is not shaped so ({type(error).__name__})") from error
        if len(self._splitter.rest) > 32 << 20:
            raise Garbage("an event is longer than 32 MB")
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def finish(self) -> None:
        """The provider has closed the stream in the regular way."""

    def _take(self, event: Event) -> bytes:
        raise NotImplementedError


class _ChatStream(StreamTalk):
    """Chunks of chat completions, or of the older completions: they end with `[DONE]`."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked)
        self._passes_usage = asked.wants_usage

    def _take(self, event: Event) -> bytes:
        if event.data == _DONE:
            self.is_whole = True
            self.tail = event.raw
            return b""
        chunk = _document(event.data)
        told = self.told
        if told.upstream_id is None:
            told.upstream_id, told.model = _text(chunk.get("id")), _text(chunk.get("model"))
        choices = chunk.get("choices")
        if choices and isinstance(choices, list):
            choice = choices[0]
            if isinstance(choice, dict) and not choice.get("index"):
                delta = choice.get("delta")
                text = delta.get("content") if isinstance(delta, dict) else choice.get("text")
                if text.__class__ is str:
                    told.texts.append(text)
                reason = choice.get("finish_reason")
                if reason is not None:
                    told.finish_reason = _text(reason)
        if chunk.get("error"):  # some send it beside choices
            told.error = _message(chunk["error"])
        usage = chunk.get("usage")
        if usage:
            told.usage = openai_usage(usage)
            if not choices and not self._passes_usage:
                return b""  # asked for by us, not by the caller
        return event.raw

    def finish(self) -> None:
        # Some servers send no [DONE]; an answer that says why it has ended is whole all the same.
        if not self.is_whole and self.told.finish_reason is not None and not self._splitter.rest.strip():
            self.is_whole = True
            self.tail = b"data: [DONE]\n\n"


class _ResponsesStream(StreamTalk):
    """Typed events of the responses API: they end with the whole response."""

    def _take(self, event: Event) -> bytes:
        document = _document(event.data)
        told, kind = self.told, document.get("type")
        if kind == "response.output_text.delta" and isinstance(document.get("delta"), str):
            told.texts.append(document["delta"])
        elif kind == "error":
            told.error = _message(document)
        elif kind in ("response.completed", "response.incomplete", "response.failed"):
            whole = document.get("response")
            if isinstance(whole, dict):
                read = _read_response(whole)
                told.upstream_id, told.model, told.usage = read.upstream_id, read.model, read.usage
                told.finish_reason = read.finish_reason
                if kind == "response.failed":
                    told.error = _message(whole.get("error"))
            self.is_whole = kind != "response.failed"
            self.tail = event.raw
            return b""
        return event.raw


class _MessagesStream(StreamTalk):
    """Events of Anthropic's messages: they end with `message_stop`."""

    def _take(self, event: Event) -> bytes:
        document = _document(event.data)
        self.note(document)
        if document.get("type") == "message_stop":
            self.is_whole = True
            self.tail = event.raw
            return b""
        return event.raw

    def note(self, document: Mapping[str, Any]) -> None:
        """Read one event."""
        told = self.told
        match document.get("type"):
            case "content_block_delta":
                delta = document.get("delta")
                if isinstance(delta, dict) and isinstance(delta.get("text"), str):
                    told.texts.append(delta["text"])
            case "message_start":
                message = document.get("message")
                if isinstance(message, dict):
                    told.upstream_id, told.model = _text(message.get("id")), _text(message.get("model"))
                    told.usage = anthropic_usage(message.get("usage"), told.usage)
            case "message_delta":
                delta = document.get("delta")
                if isinstance(delta, dict) and delta.get("stop_reason"):
                    told.finish_reason = _text(delta["stop_reason"])
                told.usage = anthropic_usage(document.get("usage"), told.usage)
            case "error":
                told.error = _message(document.get("error"))


def _read_chat(document: Mapping[str, Any]) -> Told:
    choices = document.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise Garbage("an answer without choices")
    first = choices[0]
    message = first.get("message")
    text = message.get("content") if isinstance(message, dict) else first.get("text")
    return Told(
        texts=[text] if isinstance(text, str) else [],
        finish_reason=_text(first.get("finish_reason")),
        usage=openai_usage(document.get("usage")),
        upstream_id=_text(document.get("id")),
        model=_text(document.get("model")),
    )


def _read_embeddings(document: Mapping[str, Any]) -> Told:
    if not isinstance(document.get("data"), list):
        raise Garbage("an answer without data")
    return Told(usage=openai_usage(document.get("usage")), model=_text(document.get("model")))


def _read_response(document: Mapping[str, Any]) -> Told:
    output = document.get("output")
    if not isinstance(output, list):
        raise Garbage("a response without output")
    texts = [
        part["text"]
        for item in output
        if isinstance(item, dict) and isinstance(item.get("content"), list)
        for part in item["content"]
        if isinstance(part, dict) and isinstance(part.get("text"), str)
    ]
    why = document.get("incomplete_details")
    reason = why.get("reason") if isinstance(why, dict) else document.get("status")
    return Told(
        texts=texts,
        finish_reason=_text(reason),
        usage=openai_usage(document.get("usage")),
        upstream_id=_text(document.get("id")),
        model=_text(document.get("model")),
    )


def read_message(document: Mapping[str, Any]) -> Told:
    """What one of Anthropic's messages says."""
    content = document.get("content")
    if not isinstance(content, list):
        raise Garbage("a message without content")
    return Told(
        texts=[part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)],
        finish_reason=_text(document.get("stop_reason")),
        usage=anthropic_usage(document.get("usage"), Usage()),
        upstream_id=_text(document.get("id")),
        model=_text(document.get("model")),
    )


def _read_count(document: Mapping[str, Any]) -> Told:
    tokens = count(document.get("input_tokens"))
    if tokens is None:
        raise Garbage("a count without input_tokens")
    return Told(texts=[str(tokens)], finish_reason="counted", usage=Usage(0, 0))  # counting costs nothing


_READERS = {
    "count_tokens": _read_count,
    "chat": _read_chat,
    "completions": _read_chat,
    "embeddings": _read_embeddings,
    "responses": _read_response,
    "messages": read_message,
}
_STREAMS: Mapping[str, type[StreamTalk]] = {
    "chat": _ChatStream,
    "completions": _ChatStream,
    "responses": _ResponsesStream,
    "messages": _MessagesStream,
}


def speaks(face: str, wire: Wire) -> bool:
    """Whether what is asked at a face can be said to a provider that speaks this API."""
    if wire is Wire.OPENAI:
        return face != "count_tokens"
    return face != "embeddings"


def talk(asked: Asked, wire: Wire, model: str, *, has_responses: bool = True) -> Talk:
    """
    How to say what was asked to a provider, which calls the model so; `has_responses`: it has OpenAI's responses API.

    Raises:
        AskedWrong: It holds what the provider's API cannot say.
    """
    # Both build on this module.
    from guildhall.adapters.upstreams.responses import by_chat  # noqa: PLC0415
    from guildhall.adapters.upstreams.translation import ChatByMessages, MessagesByChat  # noqa: PLC0415

    if asked.face.name == "responses" and (wire is Wire.ANTHROPIC or not has_responses):
        return by_chat(asked, wire, model)
    if wire is Wire.ANTHROPIC and asked.face.name == "completions":
        return by_chat(asked, wire, model)
    if wire is Wire.ANTHROPIC and asked.face.name == "chat":
        return ChatByMessages(asked, model)
    if wire is Wire.OPENAI and asked.face.name == "messages":
        return MessagesByChat(asked, model)
    return Talk(asked, model)


def understood(spoken: Talk, body: bytes) -> tuple[Told, bytes]:
    """
    As `Talk.read`, of whatever a provider has sent.

    Raises:
        Garbage: It is no answer, or a part of it is of another kind than its API has there.
    """
    try:
        return spoken.read(body)
    except MISSHAPEN as error:
        raise Garbage(f"an answer is not shaped so ({type(error).__name__})") from error


def openai_usage(usage: Any) -> Usage:
    """Tokens as OpenAI's APIs count them, both the older and the newer."""
    if not isinstance(usage, dict):
        return Usage()
    inner = usage.get("prompt_tokens_details") or usage.get("input_tokens_details")
    outer = usage.get("completion_tokens_details") or usage.get("output_tokens_details")
    return Usage(
        prompt=count(usage.get("prompt_tokens", usage.get("input_tokens"))),
        completion=count(usage.get("completion_tokens", usage.get("output_tokens"))),
        cached=count(inner.get("cached_tokens")) if isinstance(inner, dict) else None,
        reasoning=count(outer.get("reasoning_tokens")) if isinstance(outer, dict) else None,
    )


def anthropic_usage(usage: Any, before: Usage) -> Usage:
    """Tokens as Anthropic counts them: what is read from and written to its cache stands beside the input."""
    if not isinstance(usage, dict):
        return before
    fresh = count(usage.get("input_tokens"))
    read = count(usage.get("cache_read_input_tokens"))
    written = count(usage.get("cache_creation_input_tokens"))
    output = count(usage.get("output_tokens"))
    return Usage(
        prompt=before.prompt if fresh is None else fresh + (read or 0) + (written or 0),
        completion=before.completion if output is None else output,
        cached=before.cached if read is None else read,
        cache_written=before.cache_written if written is None else written,
    )


def count(value: Any) -> int | None:
    """A number of tokens; None for whatever is none."""
    if value.__class__ is int and 0 <= value < 2**31:
        return int(value)
    return None


def _document(data: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Garbage(f"no JSON: {error}") from None
    if document.__class__ is not dict:
        raise Garbage("no JSON object")
    found: dict[str, Any] = document
    return found


def _text(value: Any) -> str | None:
    return value[:255].replace("\0", "\ufffd") if isinstance(value, str) else None


def _message(error: Any) -> str:
    message = error.get("message") if isinstance(error, dict) else error
    return str(message or "the provider reported an error")[:500]
