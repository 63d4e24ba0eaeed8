"""Reading the body of a chat completion, which is somebody else's JSON: nothing in it is taken for granted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from guildhall.adapters.llm import refusals
from guildhall.adapters.llm.prices import cost_usd, reported_cost_usd
from guildhall.adapters.llm.types import Completion, Endpoint, ToolCall
from guildhall.domains.evaluation.simulations.ports import ModelCall, Usage

_REPEATED = ("reasoning_content", "reasoning_details")
"""What some providers demand back beside the tool calls it led to."""

_LONGEST_NAME = 200


def read_completion(
    body: bytes, *, endpoint: Endpoint, model: str, duration_ms: float | None = None, attempts: int = 1
) -> Completion:
    """
    The completion in a body; of several choices the first.

    Raises:
        Refusal: The body holds an error, or no completion.
    """
    answer = _object(body)
    choice = _choice(answer)
    message = choice.get("message")
    if not isinstance(message, dict):
        raise refusals.garbage("the first choice has no message")
    content = _content(message)
    tool_calls, raw_calls = _tool_calls(message.get("tool_calls"), answer.get("id"))
    repeated: dict[str, Any] = {"role": "assistant", "content": content}
    if raw_calls:
        repeated["tool_calls"] = raw_calls
        repeated.update({key: message[key] for key in _REPEATED if message.get(key)})
    finish_reason = choice.get("finish_reason")
    return Completion(
        content=content,
        tool_calls=tool_calls,
        finish_reason=finish_reason if isinstance(finish_reason, str) else None,
        call=_call(answer, endpoint, model, duration_ms),
        message=repeated,
        attempts=attempts,
    )


def read_usage(found: Any) -> Usage | None:
    """The provider's count of tokens; None where there is none, 0 for a kind that it does not mention."""
    if not isinstance(found, dict) or not ({"prompt_tokens", "completion_tokens"} & found.keys()):
        return None
    asked = found.get("prompt_tokens_details")
    answered = found.get("completion_tokens_details")
    cached = asked.get("cached_tokens") if isinstance(asked, dict) else found.get("prompt_cache_hit_tokens")
    return Usage(
        input_tokens=_count(found.get("prompt_tokens")),
        output_tokens=_count(found.get("completion_tokens")),
        cached_tokens=_count(cached),
        reasoning_tokens=_count(answered.get("reasoning_tokens")) if isinstance(answered, dict) else 0,
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        start = body[:80].decode("utf-8", "replace")
        raise refusals.garbage(f"{len(body)} bytes that are not JSON, beginning {start!r}") from exc
    if not isinstance(answer, dict):
        raise refusals.garbage(f"a JSON {type(answer).__name__}, expected an object")
    return answer


def _choice(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    # OpenRouter, among others, reports an upstream's failure with status 200.
    for holder in (answer, choice):
        error = holder.get("error") if isinstance(holder, dict) else None
        if isinstance(error, dict):
            code = error.get("code")
            status = code if isinstance(code, int) and 400 <= code < 600 else 500
            raise refusals.of_error(status, error, str(error.get("message") or "")[:500])
    if not isinstance(choice, dict):
        raise refusals.garbage("there are no choices")
    return choice


def _content(message: Mapping[str, Any]) -> str | None:
    """The words of a message: text, the text parts of a list, or the refusal that stands in their place."""
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(
            part["text"]
            for part in content
            if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)
        )
    if content is None and isinstance(message.get("refusal"), str):
        content = message["refusal"]
    if content is not None and not isinstance(content, str):
        raise refusals.garbage(f"the message's content is a JSON {type(content).__name__}")
    return content


def _tool_calls(found: Any, answer_id: Any) -> tuple[tuple[ToolCall, ...], list[dict[str, Any]]]:
    if found is None:
        return (), []
    if not isinstance(found, list):
        raise refusals.garbage("tool_calls is no list")
    calls: list[ToolCall] = []
    raw_calls: list[dict[str, Any]] = []
    for number, raw in enumerate(found):
        function = raw.get("function") if isinstance(raw, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise refusals.garbage(f"tool call {number} names no function")
        identifier = raw.get("id")
        if not isinstance(identifier, str) or not identifier:
            # Some servers name no call. OpenAI takes at most 40 characters, should the conversation move there.
            identifier = f"call_{number}_{str(answer_id or '')[-24:]}"
        written = function.get("arguments")
        arguments, problem = _arguments(written)
        calls.append(ToolCall(identifier, function["name"][:_LONGEST_NAME], arguments, problem))
        text = written if isinstance(written, str) else orjson.dumps(written or {}).decode()
        # Everything else in the call (a thought's signature, say) goes back as it came.
        raw_calls.append({**raw, "id": identifier, "type": "function", "function": {**function, "arguments": text}})
    return tuple(calls), raw_calls


def _arguments(written: Any) -> tuple[Mapping[str, Any] | None, str | None]:
    """Arguments come as the text of a JSON object; some servers send the object itself, some nothing for none."""
    if written is None or written == "":
        return {}, None
    if isinstance(written, str):
        try:
            written = orjson.loads(written)
        except (orjson.JSONDecodeError, UnicodeEncodeError) as exc:
            return None, f"the arguments are not valid JSON: {exc}"
    if not isinstance(written, dict):
        return None, f"the arguments are a JSON {type(written).__name__}, expected an object"
    return written, None


def _call(answer: Mapping[str, Any], endpoint: Endpoint, model: str, duration_ms: float | None) -> ModelCall:
    named = answer.get("model")
    answered = named[:_LONGEST_NAME] if isinstance(named, str) and named else model
    usage = read_usage(answer.get("usage"))
    cost = None
    if usage is not None:
        if not endpoint.prices:
            cost = reported_cost_usd(answer["usage"].get("cost"))
        if cost is None:
            cost = cost_usd(usage, (answered, model), endpoint.base_url, endpoint.prices)
    return ModelCall(model=answered, usage=usage, cost_usd=cost, duration_ms=duration_ms)


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**40 else 0
