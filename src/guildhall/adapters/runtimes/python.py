"""
Agents that are a Python callable: inside the runner, or each trial in a process of its own.

Inside the runner (`isolation: none`) a synchronous callable gets a thread, so
that it can be broken off when its time is up; its tools run in that thread. An
asynchronous one runs on the runner's event loop, and must not block it. Nothing
is kept from an agent there and no limit but the stage's holds: it is for code
that one trusts. In a process of its own it speaks the agent protocol, through
`python_host.py`, and every limit of the sandbox holds.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import sys
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

from guildhall.adapters import code
from guildhall.adapters.runtimes import python_host
from guildhall.adapters.runtimes.calls import model_call_from
from guildhall.adapters.runtimes.command import CommandRuntime
from guildhall.adapters.runtimes.dialogue import UNHANDLED_TOOL_ERROR, start_message
from guildhall.adapters.runtimes.python_host import AgentReturnedNonsense, Facts, ToolError, is_async, snake, spoken
from guildhall.adapters.sandbox import Sandbox
from guildhall.adapters.threads import GivenUp, in_thread
from guildhall.algorithms import sanitise
from guildhall.domains.evaluation.configurations import AgentSpec
from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.domains.evaluation.simulations import TrialFailed
from guildhall.domains.evaluation.simulations.ports import ModelCall, Stage, ToolResult

_T = TypeVar("_T")


class Stopped(BaseException):
    """Raised in an agent when its trial is over; no `except Exception` of the agent's catches it."""


def process_runtime(
    spec: AgentSpec, entrypoint: str, directory: Path, sandbox: Sandbox, environment: Mapping[str, str]
) -> CommandRuntime:
    """Runs the callable in a sandboxed process for each trial."""
    host = Path(python_host.__file__).read_text(encoding="utf-8")
    argv = (sys.executable, "-B", "-X", "utf8", "-c", host, entrypoint)
    return CommandRuntime(spec, argv, directory, sandbox, environment)


class InProcessRuntime:
    """Runs a callable inside the runner."""

    def __init__(self, entrypoint: str, directory: Path) -> None:
        """
        Import it.

        Raises:
            CodeNotLoadable: It cannot be found or imported, or cannot be called.
        """
        self._directory = directory
        self._agent: Callable[[Any], Any] = code.load(entrypoint, directory)
        if not callable(self._agent):
            kind = type(self._agent).__name__
            raise code.CodeNotLoadable(entrypoint, f"it is a {kind}, expected something to call with a session")
        self._asynchronous = is_async(self._agent)

    async def play(self, stage: Stage) -> None:
        """
        Play a trial.

        Raises:
            TrialFailed: The agent raised, or returned something that is not text.
        """
        if self._asynchronous:
            await self._play_here(stage)
            return
        session = ThreadSession(stage, asyncio.get_running_loop())
        try:
            failure = await in_thread(lambda: self._play_in_thread(session))
        except asyncio.CancelledError:
            session.give_up()
            raise
        if failure is not None:
            raise failure

    def _play_in_thread(self, session: ThreadSession) -> TrialFailed | None:
        try:
            words = spoken(self._agent(session))
            if words is not None:
                session.say(words)
        except (Stopped, GivenUp):
            return None  # the stage knows why
        except SystemExit as error:
            return None if error.code in (None, 0) else self._failed(error)
        except BaseException as error:  # noqa: BLE001 - whatever an agent raises is an outcome
            return self._failed(error)
        return None

    async def _play_here(self, stage: Stage) -> None:
        session = LoopSession(stage)
        try:
            words = spoken(await self._agent(session))
            if words is not None:
                await session.say(words)
        except Stopped:
            return
        except (asyncio.CancelledError, KeyboardInterrupt):
            raise
        except SystemExit as error:
            if error.code not in (None, 0):
                raise self._failed(error) from error
        except BaseException as error:
            raise self._failed(error) from error

    def _failed(self, error: BaseException) -> TrialFailed:
        message = sanitise.text(code.describe(error, self._directory))
        category, kind = FailureCategory.SYSTEM_ERROR, f"agent_raised_{snake(type(error).__name__)}"[:100]
        if isinstance(error, AgentReturnedNonsense):
            message, kind = str(error), "agent_returned_nonsense"
        elif isinstance(error, ToolError):
            category, kind = FailureCategory.TOOL_ERROR, UNHANDLED_TOOL_ERROR
        return TrialFailed(message, fault=Fault.AGENT, category=category, failure_type=kind)


class _Known(Facts):
    """Facts that are put together when they are asked for."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._made: dict[str, Any] | None = None

    @property
    def _start(self) -> dict[str, Any]:  # type: ignore[override]
        if self._made is None:
            self._made = start_message(self._stage)
        return self._made

    @property
    def prompt(self) -> str:
        return self._stage.scenario.task_prompt

    def _copy(self, name: str) -> Any:
        return sanitise.plain(self._start.get(name))


class ThreadSession(_Known):
    """What a synchronous agent is handed inside the runner; the same as `python_host.Session`."""

    def __init__(self, stage: Stage, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(stage)
        self._loop = loop
        self._waiting: concurrent.futures.Future[Any] | None = None
        self._given_up = False

    def call(self, name: str, /, **arguments: Any) -> Any:
        result = self._guarded(lambda: self._stage.call_tool_here(name, arguments))
        if result is None:
            result = self._wait(self._stage.call_tool(name, arguments))
        return _content(name, result)

    def say(
        self, text: str, usage: Any = None, cost_usd: Any = None, model: str | None = None, duration_ms: Any = None
    ) -> str | None:
        words, call = str(text), _model_call(usage, cost_usd, model, duration_ms, self._stage)
        if self._guarded(lambda: self._stage.reply_here(words, call)):
            return None
        return self._wait(self._stage.reply(words, call))

    def model_call(
        self, usage: Any = None, cost_usd: Any = None, model: str | None = None, duration_ms: Any = None
    ) -> None:
        call = _model_call(usage, cost_usd, model, duration_ms, self._stage)
        self._guarded(lambda: self._stage.note_model_call(call or ModelCall()))

    def log(self, text: Any) -> None:
        self._guarded(lambda: self._stage.log(str(text)))

    def give_up(self) -> None:
        """Wake the agent if it waits for something that will not come."""
        self._given_up = True
        if self._waiting is not None:
            self._waiting.cancel()

    def _guarded(self, act: Callable[[], _T]) -> _T:
        if self._given_up:
            raise Stopped
        try:
            return act()
        except TrialFailed as failure:
            raise Stopped from failure

    def _wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        self._waiting = waiting = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        if self._given_up:
            waiting.cancel()
        try:
            return waiting.result()
        except (TrialFailed, concurrent.futures.CancelledError) as error:
            raise Stopped from error
        finally:
            self._waiting = None


class LoopSession(_Known):
    """What an asynchronous agent is handed inside the runner; the same as `python_host.AsyncSession`."""

    async def call(self, name: str, /, **arguments: Any) -> Any:
        try:
            return _content(name, await self._stage.call_tool(name, arguments))
        except TrialFailed as failure:
            raise Stopped from failure

    async def say(
        self, text: str, usage: Any = None, cost_usd: Any = None, model: str | None = None, duration_ms: Any = None
    ) -> str | None:
        try:
            return await self._stage.reply(str(text), _model_call(usage, cost_usd, model, duration_ms, self._stage))
        except TrialFailed as failure:
            raise Stopped from failure

    async def model_call(
        self, usage: Any = None, cost_usd: Any = None, model: str | None = None, duration_ms: Any = None
    ) -> None:
        try:
            self._stage.note_model_call(_model_call(usage, cost_usd, model, duration_ms, self._stage) or ModelCall())
        except TrialFailed as failure:
            raise Stopped from failure

    async def log(self, text: Any) -> None:
        try:
            self._stage.log(str(text))
        except TrialFailed as failure:
            raise Stopped from failure


def _content(name: str, result: ToolResult) -> Any:
    if result.error is not None:
        raise ToolError(name, result.error)
    return result.content


def _model_call(usage: Any, cost_usd: Any, model: str | None, duration_ms: Any, stage: Stage) -> ModelCall | None:
    if usage is None and cost_usd is None and model is None:
        return None
    fields = {"usage": usage, "cost_usd": cost_usd, "model": model, "duration_ms": duration_ms}
    return model_call_from(fields, stage.spec.model)
