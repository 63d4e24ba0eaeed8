"""
What the attributes of a span mean.

Two vocabularies are understood, side by side: OpenTelemetry's semantic
conventions for generative AI (`gen_ai.…`, with the names that older versions
of them used) and OpenInference (`openinference.span.kind`, `llm.…`,
`input.value`). What a span does not say is None.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

import orjson

from guildhall.domains.evaluation.traces import Span

_LONGEST_PARSED = 1 << 20
_MOST_MESSAGES = 1_000
_LONGEST_NAME = 200
_ERROR = 2


class Role(Enum):
    """What part a span plays in a trial."""

    MODEL = "model"
    TOOL = "tool"
    AGENT = "agent"
    OTHER = "other"


_OPERATIONS = {
    "chat": Role.MODEL,
    "text_completion": Role.MODEL,
    "generate_content": Role.MODEL,
    "embeddings": Role.MODEL,
    "execute_tool": Role.TOOL,
    "invoke_agent": Role.AGENT,
    "create_agent": Role.AGENT,
    "invoke_workflow": Role.AGENT,
}
_KINDS = {"LLM": Role.MODEL, "EMBEDDING": Role.MODEL, "TOOL": Role.TOOL, "AGENT": Role.AGENT}

_INPUT = ("input.value", "gen_ai.input.messages", "gen_ai.prompt")
_OUTPUT = ("output.value", "gen_ai.output.messages", "gen_ai.completion")
_ARGUMENTS = ("gen_ai.tool.call.arguments", "input.value", "tool.parameters")
_RESULT = ("gen_ai.tool.call.result", "output.value")
_SAID_TO_MODEL = frozenset(
    ("gen_ai.system.message", "gen_ai.user.message", "gen_ai.assistant.message", "gen_ai.tool.message")
)
_INPUT_TOKENS = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt")
_OUTPUT_TOKENS = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion")
_COSTS = ("gen_ai.usage.cost", "llm.cost.total", "guildhall.cost_usd")
_MODELS = ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "embedding.model_name")


def role_of(span: Span) -> Role:
    """The part that a span plays; what says neither kind nor operation, but names a model and its tokens, called one."""
    said = span.attributes
    kind = said.get("openinference.span.kind")
    if kind is not None:
        return _KINDS.get(kind.upper(), Role.OTHER) if isinstance(kind, str) else Role.OTHER
    operation = said.get("gen_ai.operation.name")
    if operation is not None:
        return _OPERATIONS.get(operation, Role.OTHER) if isinstance(operation, str) else Role.OTHER
    if "gen_ai.request.model" in said and any(name in said for name in _INPUT_TOKENS):
        return Role.MODEL
    return Role.TOOL if "gen_ai.tool.name" in said else Role.OTHER


def model_of(span: Span) -> str | None:
    """The model that answered, or else the one that was asked for."""
    return _text(span.attributes, _MODELS)


def tool_of(span: Span) -> str:
    """The tool's name; a span that does not say is called after itself."""
    named = _text(span.attributes, ("gen_ai.tool.name", "tool.name"))
    return named or span.name.removeprefix("execute_tool ") or "unknown"


def tokens_of(span: Span) -> tuple[int | None, int | None, int | None]:
    """Tokens that went in, that came out, and both."""
    said = span.attributes
    inward, outward = _count(said, _INPUT_TOKENS), _count(said, _OUTPUT_TOKENS)
    total = _count(said, ("llm.token_count.total", "gen_ai.usage.total_tokens"))
    if total is None and inward is not None and outward is not None:
        total = inward + outward
    return inward, outward, total


def cost_of(span: Span) -> Decimal | None:
    """Dollars, where the span says so; nothing is computed from prices."""
    for name in _COSTS:
        cost = number_of(span.attributes.get(name))
        if cost is not None and 0 <= cost < 10**8:
            return round(Decimal(repr(cost)), 10)
    return None


def input_of(span: Span) -> Any:
    """What went in: messages, or a text."""
    return _content(span, _INPUT, "llm.input_messages.", _SAID_TO_MODEL)


def output_of(span: Span) -> Any:
    """What came out."""
    return _content(span, _OUTPUT, "llm.output_messages.", frozenset(("gen_ai.choice",)))


def arguments_of(span: Span) -> Any:
    """What a tool was called with."""
    return _content(span, _ARGUMENTS, None, frozenset())


def result_of(span: Span) -> Any:
    """What a tool answered."""
    return _content(span, _RESULT, None, frozenset())


def error_of(span: Span) -> tuple[str, str] | None:
    """What kind of error a span ended with, and its message, which may be empty; None where its status is no error."""
    if span.status != _ERROR:
        return None
    thrown: Mapping[str, Any] = {}
    for event in span.events:
        if event.get("name") == "exception":
            thrown = event["attributes"]
    kind = _text(span.attributes, ("error.type",)) or _text(thrown, ("exception.type",)) or "error"
    return kind, span.status_message or _text(thrown, ("exception.message",)) or ""


def evaluations_of(span: Span) -> Iterable[Mapping[str, Any]]:
    """The attributes of each `gen_ai.evaluation.result` event of a span."""
    return [each["attributes"] for each in span.events if each.get("name") == "gen_ai.evaluation.result"]


def agent_of(root: Span) -> dict[str, Any]:
    """
    What the resource and the root of a trace tell of the agent, as keys of an agent.yaml.

    Other spans say more, but may come later; an agent must not become another
    for that.
    """
    said, resource = root.attributes, root.source.resource
    temperature = number_of(said.get("gen_ai.request.temperature"))
    told = {
        "service": root.source.service_name or "unknown_service",
        "version": _text(resource, ("service.version",)) or _text(said, ("gen_ai.agent.version",)),
        "agent": _text(said, ("gen_ai.agent.name", "agent.name")),
        "model": _text(said, ("gen_ai.request.model", "llm.model_name")),
        "temperature": temperature if temperature is not None and 0 <= temperature <= 2 else None,
    }
    return {
        key: value[:_LONGEST_NAME] if isinstance(value, str) else value
        for key, value in told.items()
        if value is not None
    }


def number_of(value: Any) -> float | int | None:
    """A finite number, also where it was written as a text."""
    if isinstance(value, str) and len(value) <= 40:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return value


def flag_of(value: Any) -> bool | None:
    """True or false, also as a text."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def _content(span: Span, names: Iterable[str], prefix: str | None, events: frozenset[str]) -> Any:
    said = span.attributes
    if prefix is not None:
        messages = _messages(said, prefix)
        if messages:
            return messages  # rather than the whole call, which `input.value` holds as well
    for name in names:
        value = said.get(name)
        if value is not None:
            return _parsed(value)
    spoken: list[Any] = []
    for event in span.events:
        more = event["attributes"]
        if event.get("name") in events:
            spoken.append({"event": event["name"], **more})
        else:
            for name in names:
                if name in more:
                    return _parsed(more[name])
    return spoken or None


def _messages(said: Mapping[str, Any], prefix: str) -> list[dict[str, Any]]:
    """Messages that OpenInference spreads over attributes such as `llm.input_messages.0.message.role`."""
    found: dict[int, dict[str, Any]] = {}
    for key, value in said.items():
        if not key.startswith(prefix):
            continue
        place, _, name = key[len(prefix) :].partition(".message.")
        if name and place.isdecimal() and len(place) <= 4 and int(place) < _MOST_MESSAGES:
            found.setdefault(int(place), {})[name] = value
    return [found[place] for place in sorted(found)]


def _parsed(value: Any) -> Any:
    """What a text of JSON says, if it says an object or a list."""
    if isinstance(value, str) and value[:1] in "{[" and 2 <= len(value) <= _LONGEST_PARSED:
        try:
            return orjson.loads(value)
        except (orjson.JSONDecodeError, RecursionError):
            return value
    return value


def _text(said: Mapping[str, Any], names: Iterable[str]) -> str | None:
    for name in names:
        value = said.get(name)
        if isinstance(value, str) and value:
            return value
    return None


def _count(said: Mapping[str, Any], names: Iterable[str]) -> int | None:
    for name in names:
        value = said.get(name)
        if value is not None:
            number = number_of(value)
            if number is not None and 0 <= number < 2**63:
                return int(number)
    return None
