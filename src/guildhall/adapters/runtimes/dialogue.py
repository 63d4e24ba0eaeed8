"""
The agent protocol, version 1: JSON lines between the runner and an agent. See docs/agents.md.

What an agent says is checked word by word. A line that is no message of the
protocol ends the trial: an agent that prints garbage would otherwise hang, each
side waiting for the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

import orjson

from guildhall.adapters.runtimes.calls import model_call_from
from guildhall.adapters.sandbox import LineTooLong
from guildhall.algorithms import sanitise
from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.domains.evaluation.simulations import TrialFailed
from guildhall.domains.evaluation.simulations.ports import ModelCall, Stage

PROTOCOL = 1
LONGEST_LINE = 4 << 20
_SHOWN = 200
_BLAMED = {each.value: each for each in (Fault.AGENT, Fault.TOOL, Fault.INFRASTRUCTURE)}


class Wire(Protocol):
    """Lines to an agent and from it."""

    async def write_line(self, line: bytes) -> bool: ...

    async def read_line(self, limit: int = ...) -> bytes | None: ...


def start_message(stage: Stage) -> dict[str, Any]:
    """The runner's first message: all that an agent may know of its trial."""
    spec, scenario = stage.spec, stage.scenario
    through = {"gateway": dict(stage.gateway)} if stage.gateway is not None else {}
    costs = [each for each in (spec.limits.max_cost_usd, scenario.limits.max_cost_usd) if each is not None]
    return {
        "type": "start",
        "protocol": PROTOCOL,
        "scenario_id": scenario.scenario_id,
        "trial": stage.trial,
        "seed": stage.seed,
        "config": spec.parsed,
        "model": spec.model,
        "temperature": spec.temperature,
        "system_prompt": spec.system_prompt,
        "tools": [
            {"name": tool.name, "description": tool.description, "parameters": tool.parameters} for tool in stage.tools
        ],
        "messages": stage.messages,
        "limits": {
            "timeout_ms": int(stage.time_left_ms()),
            "max_turns": min(spec.limits.max_turns, scenario.limits.max_turns or spec.limits.max_turns),
            "max_tool_calls": spec.limits.max_tool_calls,
            "max_cost_usd": min(costs) if costs else None,
        },
        **through,
    }


async def converse(wire: Wire, stage: Stage) -> bool:
    """
    Play a trial over a wire. True when the agent said that it is done, False when it stopped speaking.

    Raises:
        TrialFailed: It broke the protocol, passed a limit, or reported an error.
    """
    await wire.write_line(sanitise.to_json(start_message(stage)))
    while True:
        try:
            line = await wire.read_line(LONGEST_LINE)
        except LineTooLong as error:
            raise protocol_error(error.message) from error
        if line is None:
            return False
        if not line.strip():
            continue
        message = parse(line)
        match message["type"]:
            case "tool_call":
                await wire.write_line(sanitise.to_json(await _call_tool(stage, message)))
            case "message":
                await wire.write_line(sanitise.to_json(await _say(stage, message)))
            case "model_call":
                stage.note_model_call(call_in(message, stage) or ModelCall())
            case "log":
                stage.log(str(message.get("text", "")))
            case "error":
                raise reported(message)
            case "done":
                return True
            case other:
                raise protocol_error(f"the agent sent a message of the unknown type {str(other)[:_SHOWN]!r}")


def parse(line: bytes) -> dict[str, Any]:
    """
    One message, an object with a `type`.

    Raises:
        TrialFailed: It is something else.
    """
    try:
        message = orjson.loads(line)
    except orjson.JSONDecodeError:
        try:  # the standard reader takes lone surrogates and NaN, which the trajectory then keeps as it can
            message = json.loads(line)
        except (ValueError, RecursionError):
            shown = line[:_SHOWN].decode("utf-8", "replace")
            raise protocol_error(f"the agent wrote {shown!r}, expected one JSON object a line") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        shown = line[:_SHOWN].decode("utf-8", "replace")
        raise protocol_error(f"the agent wrote {shown!r}, expected an object with a type")
    return message


def call_in(message: Mapping[str, Any], stage: Stage) -> ModelCall | None:
    """
    The model call that a message reports, if any.

    Raises:
        TrialFailed: What it reports makes no sense.
    """
    try:
        return model_call_from(message, stage.spec.model)
    except ValueError as error:
        raise protocol_error(f"in a message of type {message['type']!r}, {error}") from error


def reported(message: Mapping[str, Any]) -> TrialFailed:
    """An error that an agent reports itself; it may name the tool or the infrastructure as the one to blame."""
    fault = _BLAMED.get(str(message.get("fault")), Fault.AGENT)
    category = {
        Fault.AGENT: FailureCategory.SYSTEM_ERROR,
        Fault.TOOL: FailureCategory.TOOL_ERROR,
        Fault.INFRASTRUCTURE: FailureCategory.SYSTEM_ERROR,
    }[fault]
    kind = message.get("failure_type")
    if kind == UNHANDLED_TOOL_ERROR:
        category = FailureCategory.TOOL_ERROR
    return TrialFailed(
        sanitise.text(str(message.get("message") or "the agent reported an error without a message")),
        fault=fault,
        category=category,
        failure_type=sanitise.text(kind)[:100] if isinstance(kind, str) and kind else "agent_reported_error",
    )


UNHANDLED_TOOL_ERROR = "unhandled_tool_error"
"""The failure type of an agent that a tool's error has ended; the conductor decides whose fault that is."""


def protocol_error(what: str) -> TrialFailed:
    """The agent broke the protocol."""
    return TrialFailed(
        sanitise.text(what),
        fault=Fault.AGENT,
        category=FailureCategory.VALIDATION_ERROR,
        failure_type="protocol_error",
    )


async def _call_tool(stage: Stage, message: Mapping[str, Any]) -> dict[str, Any]:
    name, arguments, call_id = message.get("name"), message.get("arguments"), message.get("id")
    if not isinstance(name, str):
        raise protocol_error("the agent sent a tool_call without a name")
    arguments = {} if arguments is None else arguments
    if not isinstance(arguments, dict):
        raise protocol_error(f"the agent called tool {name[:_SHOWN]!r} with arguments that are no object")
    result = await stage.call_tool(name, arguments, call_id=None if call_id is None else str(call_id)[:_SHOWN])
    answer = {"type": "tool_result", "id": call_id, "content": result.content}
    if result.error is not None:
        answer["error"] = result.error
    return answer


async def _say(stage: Stage, message: Mapping[str, Any]) -> dict[str, Any]:
    content = message.get("content")
    if not isinstance(content, str):
        raise protocol_error("the agent sent a message whose content is no text")
    answer = await stage.reply(content, call_in(message, stage))
    return {"type": "end"} if answer is None else {"type": "user", "content": answer}
