"""Conversations of OpenAI-style messages as steps of a trajectory, and what their tool calls came to."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from guildhall.domains.evaluation.outcomes import NewToolUsage

_LONGEST_NAME = 100
_LONGEST_LITERAL = 100_000
_LONGEST_ERROR = 100

# A tool's error as τ-bench writes it, and as an agent that runs its calls from a script repeats it.
_ERROR = re.compile(r"""^(?:#\s*\w+\s*=\s*["'])?\s*Error: *(.*)""", re.DOTALL)


class Transcript:
    """
    The steps of one trial, written down in order.

    A result that does not say which call it answers is taken for the oldest
    call that waits for one. Only the agent's tool calls are counted: a
    simulated user may have tools too.
    """

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []
        self._waiting: list[tuple[str | None, str, str]] = []
        self._calls: dict[str, list[int]] = {}
        self._errors: dict[str, list[str]] = {}
        self._made = 0

    def message(self, role: str, content: str, at_ms: float | None, **measured: Any) -> None:
        self._add({"type": "message", "role": role, "content": content, "at_ms": at_ms}, measured)

    def model_call(self, at_ms: float | None, **measured: Any) -> None:
        self._add({"type": "model_call", "at_ms": at_ms}, measured)

    def tool_call(
        self, call_id: str | None, name: str, arguments: Any, at_ms: float | None, *, caller: str = "assistant"
    ) -> None:
        step = {"type": "tool_call", "id": call_id, "name": name, "arguments": arguments, "at_ms": at_ms}
        if caller != "assistant":
            step["requestor"] = caller
        else:
            self._made += 1
            self._calls.setdefault(name, []).append(self._made)
        self._waiting.append((call_id, name, caller))
        self.steps.append(step)

    def tool_result(
        self, call_id: str | None, name: str | None, content: Any, error: str | None, at_ms: float | None
    ) -> None:
        known_id, known_name, caller = self._answered(call_id, name)
        if error is not None and caller == "assistant":
            self._errors.setdefault(known_name, []).append(error)
        step: dict[str, Any] = {"type": "tool_result", "id": known_id, "name": known_name, "content": content}
        if error is not None:
            step["error"] = error
        self.steps.append(step | {"duration_ms": None, "at_ms": at_ms})

    def tools(self) -> tuple[NewToolUsage, ...]:
        """What each of the agent's tools was used for; durations are not known."""
        return tuple(
            NewToolUsage(
                tool_name=name[:_LONGEST_NAME],
                call_count=len(places),
                error_count=min(len(self._errors.get(name, ())), len(places)),
                tool_sequence=places,
                error_types=tuple(dict.fromkeys(each[:_LONGEST_ERROR] for each in self._errors.get(name, ()))),
            )
            for name, places in self._calls.items()
        )

    def _add(self, step: dict[str, Any], measured: Mapping[str, Any]) -> None:
        self.steps.append(step | {key: value for key, value in measured.items() if value is not None})

    def _answered(self, call_id: str | None, name: str | None) -> tuple[str | None, str, str]:
        for i, (waiting_id, waiting_name, _) in enumerate(self._waiting):
            if (call_id is None or call_id == waiting_id) and (name is None or name == waiting_name):
                return self._waiting.pop(i)
        return call_id, name or "unknown", "assistant"


def arguments(value: Any) -> Any:
    """
    The arguments of a tool call: an object, from JSON text or from a Python literal; else the text as it was.

    >>> arguments('{"a": 1}'), arguments("{'a': None}"), arguments("not a literal")
    ({'a': 1}, {'a': None}, 'not a literal')
    """
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        pass
    if len(value) > _LONGEST_LITERAL:
        return value
    try:
        literal = ast.literal_eval(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return value
    return literal if isinstance(literal, dict) else value


def error_in(content: Any) -> str | None:
    """
    The error that a τ-bench tool returned, which is a text that begins with `Error:`.

    >>> error_in("Error: user not found")
    'user not found'
    >>> error_in("mia_li_3668") is None
    True
    """
    if not isinstance(content, str):
        return None
    found = _ERROR.match(content)
    return found.group(1).strip().rstrip("\"'").strip() or "unknown" if found else None


def text_of(content: Any) -> str:
    """A message's words; content in parts, as some providers have it, is joined."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence):
        parts = (each.get("text") if isinstance(each, dict) else each for each in content)
        return "\n".join(str(each) for each in parts if each)
    return str(content)
