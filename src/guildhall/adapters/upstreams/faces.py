"""What callers ask, in each of the APIs that they speak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from guildhall.errors import InvalidInput

_LONGEST_MODEL = 255


_SAID = frozenset({"body", "messages", "input", "prompt", "system", "instructions", "tools"})
_KINDS = {
    str: "a text",
    bool: "a truth value",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
    type(None): "null",
}


class AskedWrong(InvalidInput):
    """A call is not what its API takes."""

    code = "request_refused"

    def __init__(self, field: str, value: Any, expected: str) -> None:
        # What people write stays out of messages: they are logged, and kept with the call.
        said = field.partition(".")[0] in _SAID
        shown = f"{_KINDS.get(type(value), 'something else')} that it cannot be" if said else repr(value)[:100]
        super().__init__(f"{field} is {shown}, expected {expected}", field=field, value=shown)


@dataclass(frozen=True, slots=True)
class Face:
    """One of the APIs: its path below `/v1`, what the ledger calls its requests, and where its messages stand."""

    name: str
    path: str
    request_type: str
    messages: str
    can_stream: bool = True
    is_anthropic: bool = False
    is_free: bool = False


FACES: Mapping[str, Face] = {
    each.name: each
    for each in (
        Face("chat", "/chat/completions", "chat", "messages"),
        Face("completions", "/completions", "completion", "prompt"),
        Face("embeddings", "/embeddings", "embedding", "input", can_stream=False),
        Face("responses", "/responses", "response", "input"),
        Face("messages", "/messages", "message", "messages", is_anthropic=True),
        Face(
            "count_tokens",
            "/messages/count_tokens",
            "count",
            "messages",
            can_stream=False,
            is_anthropic=True,
            is_free=True,
        ),
    )
}


@dataclass(slots=True)
class Asked:
    """What a caller asked: the body as it came and as it was read."""

    face: Face
    raw: bytes
    body: dict[str, Any]
    model: str
    is_streamed: bool
    session: str | None = None
    """The session that the body names; no provider is told."""

    @classmethod
    def read(cls, face: Face, raw: bytes) -> Asked:
        """
        Read a body.

        Raises:
            AskedWrong: It is no JSON object, or the little of it that is looked at makes no sense.
        """
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise AskedWrong("body", raw[:60].decode("utf-8", "replace"), f"a JSON document: {error}") from None
        if not isinstance(body, dict):
            raise AskedWrong("body", body, "a JSON object")
        model = body.get("model")
        if not isinstance(model, str) or not 0 < len(model) <= _LONGEST_MODEL or "\0" in model:
            raise AskedWrong("model", model, "the name of a model")
        stream = body.get("stream", False)
        if not isinstance(stream, bool | None):
            raise AskedWrong("stream", stream, "true or false")
        if stream and not face.can_stream:
            raise AskedWrong("stream", stream, "false: this is answered at once")
        messages = body.get(face.messages)
        if face.messages == "messages" and not (isinstance(messages, list) and messages):
            raise AskedWrong("messages", messages, "a list of messages")
        if face.messages != "messages" and not isinstance(messages, str | list):
            raise AskedWrong(face.messages, messages, "a text or a list")
        for name in ("max_tokens", "max_completion_tokens", "max_output_tokens", "n", "best_of"):
            value = body.get(name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise AskedWrong(name, value, "a whole number from 1")
        session, was_named = _session_in(body)
        return cls(face, orjson.dumps(body) if was_named else raw, body, model, bool(stream), session)

    @property
    def messages(self) -> list[Any]:
        """What was said, as a list."""
        given = self.body[self.face.messages]
        if self.face.is_anthropic and "system" in self.body:
            return [{"role": "system", "content": self.body["system"]}, *given]
        if isinstance(given, str):
            return [{"role": "user", "content": given}]
        return list(given)

    @property
    def params(self) -> dict[str, Any]:
        """Everything else: temperature, tools, limits …"""
        left_out = (self.face.messages, "model", "system") if self.face.is_anthropic else (self.face.messages, "model")
        return {name: value for name, value in self.body.items() if name not in left_out}

    @property
    def prompt(self) -> str:
        """The last text that a person or program said, for lists."""
        given = self.body[self.face.messages]
        if isinstance(given, str):
            return given
        for message in reversed(given):
            if isinstance(message, str):
                return message
            if isinstance(message, dict) and message.get("role", "user") == "user":
                text = text_of(message.get("content"))
                if text:
                    return text
        return ""

    @property
    def most_output_tokens(self) -> int | None:
        """How many tokens it allows for the answers together; None where it says nothing."""
        if self.face.name == "embeddings" or self.face.is_free:
            return 0
        limits = [
            value
            for name in ("max_completion_tokens", "max_tokens", "max_output_tokens")
            if (value := self.body.get(name)) is not None
        ]
        return max(limits) * self.answers if limits else None

    @property
    def answers(self) -> int:
        """How many answers the provider is to make, those that it throws away (`best_of`) among them."""
        each = max(self.body.get("n") or 1, self.body.get("best_of") or 1)
        prompt = self.body.get("prompt")
        if (
            self.face.name != "completions"
            or not isinstance(prompt, list)
            or isinstance(prompt[0] if prompt else 0, int)
        ):
            return each  # one text, or the tokens of one
        return each * len(prompt)

    @property
    def wants_usage(self) -> bool:
        """Whether a stream is to tell its tokens at the end."""
        options = self.body.get("stream_options")
        return isinstance(options, dict) and options.get("include_usage") is True


def _session_in(body: dict[str, Any]) -> tuple[str | None, bool]:
    """
    The session that a body names, `session_id` or `metadata.session_id`, and whether it says either, be it null.

    It is taken out, as providers refuse what they do not know.
    """
    metadata = body.get("metadata")
    named, was_named = None, "session_id" in body
    if isinstance(metadata, dict) and "session_id" in metadata:
        named, was_named = metadata.pop("session_id"), True
        if not metadata:
            del body["metadata"]
    if "session_id" in body:
        named = body.pop("session_id")
    if named is not None and not isinstance(named, str):
        raise AskedWrong("session_id", named, "what the session is called")
    return named, was_named


def text_of(content: Any) -> str:
    """The text in a message's content, a text itself or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    return ""
