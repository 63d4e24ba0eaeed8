"""
The far side of a Python agent that runs in a process of its own.

Only the standard library is imported here: this file is given to the sandbox
as it is. `Session` is what an agent is handed, in a process of its own and
inside the runner alike.

    python -c "$(cat python_host.py)" module:callable

speaks the agent protocol (docs/agents.md) on what were stdin and stdout when it
started. What the agent prints goes to stderr, and its stdin is empty, so that
neither can disturb the protocol.
"""

from __future__ import annotations

import json
import os
import re
import sys

# ruff: noqa: PLC0415, PTH109, B004
# Each import costs each trial milliseconds: typing, pathlib, asyncio, inspect and traceback wait until they are needed.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, BinaryIO

_TRACE_LINES = 60


class ToolError(Exception):
    """A tool gave an error instead of a result: it refused, it failed, or it was called wrongly."""

    def __init__(self, tool: str, message: str) -> None:
        super().__init__(f"{tool}: {message}")
        self.tool = tool
        self.message = message


class AgentReturnedNonsense(Exception):
    """The agent returned neither text nor None."""


class Facts:
    """What an agent may know of its trial; each property is a copy that it may change as it likes."""

    ToolError = ToolError
    """So that an agent can write `except session.ToolError` and need import nothing."""

    def __init__(self, start: Mapping[str, Any]) -> None:
        self._start = start

    @property
    def prompt(self) -> str:
        """What the user said first."""
        said = [each["content"] for each in self.messages if each["role"] == "user"]
        return said[0] if said else ""

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation at the start, OpenAI style: the system prompt, if any, and what the user said first."""
        return self._copy("messages") or []

    @property
    def config(self) -> dict[str, Any]:
        """The agent's YAML, parsed."""
        return self._copy("config") or {}

    @property
    def model(self) -> str:
        """The model that the YAML names."""
        return self._start["model"]  # type: ignore[no-any-return]

    @property
    def temperature(self) -> float | None:
        """The temperature that the YAML names."""
        return self._start["temperature"]  # type: ignore[no-any-return]

    @property
    def system_prompt(self) -> str | None:
        """The system prompt that the YAML names."""
        return self._start.get("system_prompt")

    @property
    def tools(self) -> list[dict[str, Any]]:
        """The tools there are: name, description, and parameters as a JSON schema."""
        return self._copy("tools") or []

    @property
    def limits(self) -> dict[str, Any]:
        """What the trial may take."""
        return self._copy("limits") or {}

    @property
    def gateway(self) -> dict[str, Any] | None:
        """Where models are asked through the gateway, `url` and `api_key`; None where they are not."""
        return self._copy("gateway")  # type: ignore[no-any-return]

    @property
    def seed(self) -> int:
        """For the agent's own chance: different for each trial, the same when that trial is repeated."""
        return self._start["seed"]  # type: ignore[no-any-return]

    @property
    def scenario_id(self) -> str:
        """Which scenario is played."""
        return self._start["scenario_id"]  # type: ignore[no-any-return]

    @property
    def trial(self) -> int:
        """Which repetition of it, from 1."""
        return self._start["trial"]  # type: ignore[no-any-return]

    def _copy(self, name: str) -> Any:
        return json.loads(json.dumps(self._start.get(name)))


class Session(Facts):
    """What a synchronous agent is handed, in a process of its own."""

    def __init__(self, start: Mapping[str, Any], line: Line) -> None:
        super().__init__(start)
        self._line = line

    def call(self, name: str, /, **arguments: Any) -> Any:
        """
        Call a tool and return its result.

        Raises:
            ToolError: It gave an error instead.
        """
        return _result(name, self._line.ask(_tool_call(self._line, name, arguments)))

    def say(
        self, text: str, usage: Any = None, cost_usd: Any = None, model: str | None = None, duration_ms: Any = None
    ) -> str | None:
        """Say something to the user; their next words, or None when the conversation is over."""
        answer = self._line.ask(_call_fields("message", usage, cost_usd, model, duration_ms, content=str(text)))
        return answer.get("content") if answer.get("type") == "user" else None

    def model_call(
        self, usage: Any = None, cost_usd: Any = None, model: str | None = None, duration_ms: Any = None
    ) -> None:
        """Report a model call that said nothing to the user."""
        self._line.tell(_call_fields("model_call", usage, cost_usd, model, duration_ms))

    def log(self, text: Any) -> None:
        """Keep a line in the trajectory."""
        self._line.tell({"type": "log", "text": str(text)})


class AsyncSession(Facts):
    """What an asynchronous agent is handed: the same, to be awaited."""

    def __init__(self, start: Mapping[str, Any], line: Line) -> None:
        import asyncio

        super().__init__(start)
        self._line = line
        self._turn = asyncio.Lock()

    async def call(self, name: str, /, **arguments: Any) -> Any:
        """As in Session."""
        return _result(name, await self._ask(_tool_call(self._line, name, arguments)))

    async def say(
        self, text: str, usage: Any = None, cost_usd: Any = None, model: str | None = None, duration_ms: Any = None
    ) -> str | None:
        """As in Session."""
        answer = await self._ask(_call_fields("message", usage, cost_usd, model, duration_ms, content=str(text)))
        return answer.get("content") if answer.get("type") == "user" else None

    async def model_call(
        self, usage: Any = None, cost_usd: Any = None, model: str | None = None, duration_ms: Any = None
    ) -> None:
        """As in Session."""
        self._line.tell(_call_fields("model_call", usage, cost_usd, model, duration_ms))

    async def log(self, text: Any) -> None:
        """As in Session."""
        self._line.tell({"type": "log", "text": str(text)})

    async def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        import asyncio

        async with self._turn:
            return await asyncio.to_thread(self._line.ask, message)


class Line:
    """The two pipes to the runner."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self.count = 0

    def tell(self, message: dict[str, Any]) -> None:
        """Write one line. What is no JSON is written as text; lone surrogates are escaped, and the runner mends them."""
        self._outgoing.write(json.dumps(message, default=str).encode("ascii") + b"\n")
        self._outgoing.flush()

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Write one line and read the answer. When the runner has gone away there is nothing left to do."""
        self.tell(message)
        return self.read()

    def read(self) -> dict[str, Any]:
        """The next line."""
        line = self._incoming.readline()
        if not line:
            os._exit(0)
        return json.loads(line)  # type: ignore[no-any-return]


def _tool_call(line: Line, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    line.count += 1
    return {"type": "tool_call", "id": f"call_{line.count}", "name": name, "arguments": arguments}


def _result(name: str, answer: dict[str, Any]) -> Any:
    if answer.get("error") is not None:
        raise ToolError(name, answer["error"])
    return answer.get("content")


def _call_fields(
    kind: str, usage: Any, cost_usd: Any, model: str | None, duration_ms: Any, **more: Any
) -> dict[str, Any]:
    message = {"type": kind, **more}
    given = {"usage": usage, "cost_usd": None if cost_usd is None else str(cost_usd), "model": model}
    given["duration_ms"] = duration_ms
    message.update({name: value for name, value in given.items() if value is not None})
    return message


def spoken(result: Any) -> str | None:
    """
    What an agent's return value says as its last message.

    Raises:
        AgentReturnedNonsense: It is neither text nor None.
    """
    if result is None or isinstance(result, str):
        return result
    raise AgentReturnedNonsense(f"the agent returned a {type(result).__name__}, expected text or None")


def snake(name: str) -> str:
    """A class's name as a slug.

    >>> snake("HTTPError"), snake("KeyError")
    ('http_error', 'key_error')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def is_async(function: Any) -> bool:
    """Whether calling it gives something to be awaited."""
    method = getattr(function, "__func__", function)
    if not hasattr(method, "__code__"):
        method = getattr(type(function), "__call__", None)
    return bool(getattr(getattr(method, "__code__", None), "co_flags", 0) & 0x80)  # inspect.CO_COROUTINE


def _load(reference: str) -> Any:
    module_name, _, attribute = reference.partition(":")
    __import__(module_name)
    found: Any = sys.modules[module_name]
    for each in attribute.split("."):
        found = getattr(found, each)
    return found


def _where(error: BaseException) -> str:
    """File and line of the innermost frame that is the agent's own."""
    import traceback

    here = os.getcwd()
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith(here + "/"):
            return f" ({os.path.relpath(frame.filename, here)}:{frame.lineno})"
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({os.path.relpath(error.filename, here)}:{error.lineno})"
    return ""


def _report(error: BaseException, *, loading: bool) -> dict[str, Any]:
    import traceback

    traceback.print_exception(error, limit=_TRACE_LINES)
    name = type(error).__name__
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    if isinstance(error, AgentReturnedNonsense):
        message, kind = said, "agent_returned_nonsense"
    elif loading:
        message, kind = f"{name}: {said}{_where(error)}", "agent_not_loadable"
    elif isinstance(error, ToolError):
        message, kind = f"{name}: {said}{_where(error)}", "unhandled_tool_error"
    else:
        message, kind = f"{name}: {said}{_where(error)}", f"agent_raised_{snake(name)}"
    return {"type": "error", "message": message, "failure_type": kind}


def main() -> None:
    """Play one trial."""
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    line = Line(incoming, outgoing)
    start = line.read()
    loading = True
    try:
        agent = _load(sys.argv[1])
        loading = False
        if is_async(agent):
            import asyncio

            words = spoken(asyncio.run(agent(AsyncSession(start, line))))
        else:
            words = spoken(agent(Session(start, line)))
        if words is not None:
            line.ask({"type": "message", "content": words})
        line.tell({"type": "done"})
    except SystemExit as error:
        if error.code not in (None, 0) or loading:
            line.tell(_report(error, loading=loading))
        else:
            line.tell({"type": "done"})
    except BaseException as error:  # noqa: BLE001 - whatever an agent raises is reported, not raised
        line.tell(_report(error, loading=loading))


if __name__ == "__main__":
    main()
