"""
Tools: Python functions, programs, and methods of environments, behind one face.

Whoever calls a tool gets an `Answer`, whatever happens. An answer that is an
error says whose error it is (`own`):

- the caller's: arguments that do not fit the schema, and *refusals*, by which a
  tool says no as part of its job. A Python tool refuses by raising ValueError,
  PermissionError or any exception with a true attribute `refusal`; a program by
  printing `{"error": "…"}`;
- the tool's own: any other exception, a crash, a time limit that passed.

Results are copies, made of plain JSON: neither side can change the other's
afterwards, and an agent sees the same in every kind of isolation.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import orjson

from guildhall.adapters import code, schemas, signatures
from guildhall.adapters.code import FOREIGN
from guildhall.adapters.environments import EnvironmentClass
from guildhall.adapters.sandbox import Ended, Limits, Program, ProgramNotRunnable, Sandbox
from guildhall.adapters.threads import CodeEnded, in_thread, ours_to_obey
from guildhall.algorithms import sanitise
from guildhall.domains.evaluation.configurations import ToolSpec
from guildhall.errors import InvalidInput

_MESSAGE = 10_000
_COMMAND_TIMEOUT_MS = 60_000
_ANSWER_BYTES = 4 << 20


class ToolNotUsable(InvalidInput):
    """A tool in an agent's YAML cannot be what it says."""

    code = "tool_not_usable"

    def __init__(self, name: str, why: str, remedy: str | None = None) -> None:
        super().__init__(f"tool {name!r} cannot be used: {why}", remedy=remedy, field="tools", value=name)


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What became of a call: the `content` as JSON text, or an `error`.

    `error_type` is a short word for counting, `own` says that the tool's own
    code is at fault, `detail` tells its author where. A program's `logs` come
    with it, and which limits `held`.
    """

    content: bytes = b"null"
    error: str | None = None
    error_type: str | None = None
    own: bool = False
    detail: str | None = None
    logs: str | None = None
    held: Mapping[str, Any] | None = None


class Tool(Protocol):
    """Something an agent can call."""

    @property
    def spec(self) -> ToolSpec:
        """With description and parameters filled in."""

    @property
    def here(self) -> bool:
        """Whether `run_here` works: the call needs no event loop and no time limit of its own."""

    @property
    def needs_environment(self) -> bool: ...

    def run_here(self, arguments: Mapping[str, Any], environment: Any) -> Answer:
        """Run it in the calling thread."""

    async def run(self, arguments: Mapping[str, Any], environment: Any, time_left_ms: float) -> Answer:
        """Run it without blocking the event loop."""


class FunctionTool:
    """A Python function, or a method of an environment. Synchronous ones run in a thread."""

    def __init__(
        self,
        spec: ToolSpec,
        function: Callable[..., Any],
        directory: Path | None,
        *,
        method: str | None = None,
        skip: int = 0,
    ) -> None:
        """`method` names what to look up on the environment; the first `skip` parameters are not the caller's."""
        takes_environment = method is None and signatures.takes_environment(function)
        derived = not spec.parameters
        try:
            parameters = spec.parameters or signatures.parameters_of(function, skip=1 if takes_environment else skip)
        except (TypeError, ValueError) as error:
            raise ToolNotUsable(spec.name, f"its signature cannot be read: {error}") from None
        self.spec = replace(
            spec, description=spec.description or signatures.description_of(function), parameters=parameters
        )
        self.needs_environment = takes_environment or method is not None
        self.here = not signatures.is_async(function) and spec.timeout_ms is None
        self._function, self._method, self._directory = function, method, directory
        self._pass_environment = takes_environment
        self._asynchronous = signatures.is_async(function)
        self._check = schemas.checker(parameters, f"tool {spec.name!r}")
        self._signature = None if derived else inspect.signature(function)
        self._hidden = (None,) * (1 if takes_environment else skip)

    def run_here(self, arguments: Mapping[str, Any], environment: Any) -> Answer:
        wrong = self._wrong(arguments)
        if wrong is not None:
            return wrong
        try:
            result = self._call(arguments, environment)
            if inspect.isawaitable(result):
                _drop(result)
                raise TypeError("it gave an awaitable; make it an `async def`")
            return _answered(sanitise.to_json(result))
        except FOREIGN as error:
            return _raised(error, self._directory)

    async def run(self, arguments: Mapping[str, Any], environment: Any, time_left_ms: float) -> Answer:
        limit = self.spec.timeout_ms
        try:
            async with asyncio.timeout(None if limit is None else limit / 1000) as timer:
                if not self._asynchronous:
                    return await in_thread(functools.partial(self.run_here, arguments, environment))
                wrong = self._wrong(arguments)
                if wrong is not None:
                    return wrong
                try:
                    return _answered(sanitise.to_json(await self._call(arguments, environment)))
                except asyncio.CancelledError as error:
                    if ours_to_obey():
                        raise
                    return _raised(error, self._directory)
                except FOREIGN as error:
                    if timer.expired():
                        raise
                    return _raised(error, self._directory)
        except TimeoutError:
            return _timed_out(limit)
        except CodeEnded as error:
            return _raised(error, self._directory)

    def _call(self, arguments: Mapping[str, Any], environment: Any) -> Any:
        if self._method is not None:
            return getattr(environment, self._method)(**arguments)
        if self._pass_environment:
            return self._function(environment, **arguments)
        return self._function(**arguments)

    def _wrong(self, arguments: Mapping[str, Any]) -> Answer | None:
        wrong = self._check(arguments)
        if wrong is None and self._signature is not None:
            try:
                self._signature.bind(*self._hidden, **arguments)
            except TypeError as error:
                wrong = str(error)
        return None if wrong is None else _invalid_arguments(wrong)


class CommandTool:
    """A program in a sandbox: arguments as a JSON document on stdin, the result on stdout, as JSON or else as text."""

    here = False
    needs_environment = False

    def __init__(
        self,
        spec: ToolSpec,
        directory: Path | None,
        sandbox: Sandbox,
        *,
        environment: Mapping[str, str],
        network: bool,
        limits: Limits,
    ) -> None:
        assert spec.command is not None
        self.spec = spec
        self._sandbox, self._limits = sandbox, limits
        self._program = Program(spec.command, environment=environment, directory=directory, network=network)
        self._check = schemas.checker(spec.parameters, f"tool {spec.name!r}")

    def run_here(self, arguments: Mapping[str, Any], environment: Any) -> Answer:
        raise AssertionError("a program runs beside the event loop, as `here` says")

    async def run(self, arguments: Mapping[str, Any], environment: Any, time_left_ms: float) -> Answer:
        wrong = self._check(arguments)
        if wrong is not None:
            return _invalid_arguments(wrong)
        limit = self.spec.timeout_ms or _COMMAND_TIMEOUT_MS
        wall_ms = max(1, int(min(limit, time_left_ms + 1000)))
        try:
            process = await self._sandbox.start(self._program, replace(self._limits, wall_ms=wall_ms))
        except ProgramNotRunnable as error:
            return Answer(error=error.message, error_type="not_runnable", own=True, detail=str(error))
        async with process:
            await process.write_line(orjson.dumps(arguments))
            process.close_stdin()
            output = await process.read_rest()
            ended = await process.wait()
        return replace(_program_answer(ended, output, process.logs, limit), logs=process.logs, held=process.held)


def tool_of(
    spec: ToolSpec, directory: Path | None, command_tool: Callable[[ToolSpec], CommandTool] | None
) -> FunctionTool | CommandTool:
    """
    The tool that an agent's YAML describes, of the two kinds that are not an environment's.

    Raises:
        CodeNotLoadable: Its function cannot be found or imported.
        ToolNotUsable: What was found cannot be called.
        SchemaNotUsable: Its parameters are no JSON schema.
    """
    if spec.command is not None:
        if command_tool is None:
            raise ToolNotUsable(spec.name, "it is a program, and there is no sandbox to run it in")
        return command_tool(spec)
    if spec.python is None or directory is None:
        raise ToolNotUsable(spec.name, "it is neither a Python function nor a command")
    function = code.load(spec.python, directory)
    if not callable(function):
        raise ToolNotUsable(spec.name, f"{spec.python!r} is a {type(function).__name__}, expected a function")
    return FunctionTool(spec, function, directory)


def environment_tools(kind: EnvironmentClass, wanted: Mapping[str, ToolSpec]) -> dict[str, FunctionTool]:
    """
    The methods of an environment as tools: those that are wanted, or all when none is.

    What the YAML says of a tool goes before what the method says of itself.

    Raises:
        ToolNotUsable: The environment has no such method.
        SchemaNotUsable: The parameters in the YAML are no JSON schema.
    """
    tools = {}
    for name, spec in (wanted or kind.tools).items():
        if name not in kind.methods:
            raise ToolNotUsable(
                name,
                f"it is neither a Python function nor a command, and environment {kind.reference!r} has no such method",
                "The environment has: " + ", ".join(sorted(kind.methods)) + "." if kind.methods else None,
            )
        tools[name] = FunctionTool(
            replace(
                spec,
                parameters=spec.parameters if wanted else {},
            ),
            kind.methods[name],
            kind.directory,
            method=name,
            skip=kind.bound_parameters(name),
        )
    return tools


def is_refusal(error: BaseException) -> bool:
    """Whether a tool said no on purpose, as opposed to failing."""
    if getattr(error, "refusal", False):
        return True
    deliberate = isinstance(error, (ValueError, PermissionError))
    return deliberate and not isinstance(error, (UnicodeError, json.JSONDecodeError))


def _raised(error: BaseException, directory: Path | None) -> Answer:
    name = type(error).__name__
    said = sanitise.text(code.describe(error, None))[:_MESSAGE]
    detail = sanitise.text(code.describe(error, directory))[:_MESSAGE]
    if is_refusal(error):
        message = said.removeprefix(f"{name}: ")
        return Answer(error=message, error_type="refused", detail=detail)
    return Answer(error=said, error_type=name[:100], own=True, detail=detail)


def _invalid_arguments(wrong: str) -> Answer:
    return Answer(error=f"the arguments do not fit: {wrong}"[:_MESSAGE], error_type="invalid_arguments")


def _timed_out(limit_ms: int | None) -> Answer:
    message = f"the tool took more than {limit_ms} ms"
    return Answer(error=message, error_type="timeout", own=True, detail=message)


def _printed(output: bytes) -> Answer:
    if len(output) > _ANSWER_BYTES:
        return _answered(output)
    text = output.decode("utf-8", "replace").strip()
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _answered(sanitise.to_json(text))
    if isinstance(content, dict) and content.keys() == {"error"}:
        said = content["error"] if isinstance(content["error"], str) else text
        return Answer(error=said[:_MESSAGE], error_type="refused")
    return _answered(sanitise.to_json(content))


def _answered(content: bytes) -> Answer:
    if len(content) <= _ANSWER_BYTES:
        return Answer(content)
    message = f"the tool gave {len(content)} bytes, expected at most {_ANSWER_BYTES}"
    return Answer(error=message, error_type="output_limit", own=True, detail=message)


def _program_answer(ended: Ended, output: bytes, logs: str, limit_ms: int) -> Answer:
    if ended.succeeded:
        return _printed(output)
    match ended.reason:
        case "timeout":
            return _timed_out(limit_ms)
        case "exited":
            why, kind = f"exited with code {ended.exit_code}", f"exit_code_{ended.exit_code}"
        case "signalled":
            why, kind = f"was ended by signal {ended.signal}", "signalled"
        case reason:
            why, kind = f"passed its limit: {reason}", reason
    last = next((line for line in reversed(logs.splitlines()) if line.strip()), "")
    message = f"the tool {why}{': ' + last[:1000] if last else ''}"
    return Answer(error=message, error_type=kind, own=True, detail=logs[-2000:] or message)


def _drop(result: Any) -> None:
    close = getattr(result, "close", None)
    if callable(close):
        close()
