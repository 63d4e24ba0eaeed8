"""
The stage of one trial: the one place through which an agent acts, and where everything it does is written down.

The agent runs on the event loop, in a thread of its own (`call_tool_here`,
`reply_here`), or in a process at the other end of a pipe. It acts from one place
at a time. A limit that is passed, and anything else that ends the trial, is kept
as `failure`, so that no agent can go on by catching the exception; when the stage
is closed, whoever still speaks is refused and nothing more is written.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from guildhall.adapters.code import FOREIGN
from guildhall.adapters.threads import in_thread
from guildhall.adapters.tools import Answer, Tool
from guildhall.algorithms import sanitise
from guildhall.algorithms.redaction import redact
from guildhall.app.trial.preparation import Cast
from guildhall.app.trial.tallies import ModelTally, ToolTally
from guildhall.domains.evaluation.configurations import AgentSpec, ToolSpec
from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.domains.evaluation.scenarios import Scenario
from guildhall.domains.evaluation.simulations import TrialFailed
from guildhall.domains.evaluation.simulations.ports import ModelCall, SimulatedUser, ToolResult

_LARGEST = 32 << 20
_LOG_LINE = 2_000
_LOG_LINES = 500
_TOOL_NAME = 100
_TOOL_LOGS = 16_384
USER = "the simulated user"


@dataclass(frozen=True, slots=True)
class TrialLimits:
    """What one trial may take: the smallest of what the simulation, the agent and the scenario allow."""

    timeout_ms: int
    max_turns: int
    max_tool_calls: int
    max_cost_usd: float | None

    @classmethod
    def of(cls, spec: AgentSpec, scenario: Scenario, timeout_ms: int) -> TrialLimits:
        """The limits that hold for this agent on this scenario."""
        agents, scenarios = spec.limits, scenario.limits
        timeouts = (timeout_ms, agents.timeout_ms, scenarios.timeout_ms)
        costs = [each for each in (agents.max_cost_usd, scenarios.max_cost_usd) if each is not None]
        return cls(
            timeout_ms=min(each for each in timeouts if each is not None),
            max_turns=min(agents.max_turns, scenarios.max_turns or agents.max_turns),
            max_tool_calls=agents.max_tool_calls,
            max_cost_usd=min(costs) if costs else None,
        )


@dataclass(slots=True)
class _Call:
    """A tool call under way."""

    tool: Tool | None
    name: str
    call_id: str
    arguments: bytes
    position: int
    began: int = 0


class TrialStage:
    """See `simulations.ports.Stage`, which this is."""

    def __init__(
        self,
        cast: Cast,
        *,
        trial: int,
        seed: int,
        limits: TrialLimits,
        gateway: Mapping[str, str] | None = None,
    ) -> None:
        self.cast = cast
        self.gateway = gateway
        self.trial, self.seed, self.limits = trial, seed, limits
        self.steps: list[dict[str, Any]] = []
        self.failure: TrialFailed | None = None
        self.tools_used: dict[str, ToolTally] = {}
        self.model_calls = ModelTally()
        self.turns = 0
        self.tool_calls = 0
        self.final_message = ""
        self.final_state: bytes | None = None
        self.sandbox_id: str | None = None
        self.sandbox_logs: str | None = None
        self.held: Mapping[str, Any] | None = None
        self.tools_held: Mapping[str, Any] | None = None
        self.user: SimulatedUser | None = None
        self._began = time.monotonic_ns()
        self._closed = False
        self._over = True
        self._size = 0
        self._log_lines = 0
        self._environment: Any = None
        self._environment_made = False
        self._turn: asyncio.Lock | None = None
        self._calls: list[tuple[str, str, bytes, Answer]] = []
        self._pending: dict[int, _Call] = {}
        self._user_asked: int | None = None
        prompt = sanitise.text(cast.scenario.scenario.task_prompt)
        self._conversation: list[dict[str, Any]] = [{"role": "user", "content": prompt}]
        self.steps.append({"type": "message", "role": "user", "content": prompt, "at_ms": 0.0})

    # What the agent may know

    @property
    def spec(self) -> AgentSpec:
        return self.cast.agent.spec

    @property
    def scenario(self) -> Scenario:
        return self.cast.scenario.scenario

    @property
    def messages(self) -> Sequence[Mapping[str, Any]]:
        prompt = self.spec.system_prompt
        return [{"role": "system", "content": prompt}, *self._conversation] if prompt else list(self._conversation)

    @property
    def tools(self) -> Sequence[ToolSpec]:
        return self.cast.offered

    def time_left_ms(self) -> float:
        return max(0.0, self.limits.timeout_ms - self._elapsed_ms())

    # What the agent may do

    async def call_tool(self, name: str, arguments: Mapping[str, Any], *, call_id: str | None = None) -> ToolResult:
        call = self._begin_call(name, arguments, call_id)
        if call.tool is None:
            return self._end_call(call, self._no_such_tool(name))
        if not call.tool.needs_environment:
            return await self._run_tool(call, call.tool, None)
        self._turn = self._turn or asyncio.Lock()
        async with self._turn:  # an environment serves one call at a time
            if not self._environment_made:
                await in_thread(self._the_environment)
            return await self._run_tool(call, call.tool, self._environment)

    async def _run_tool(self, call: _Call, tool: Tool, environment: Any) -> ToolResult:
        answer = await tool.run(orjson.loads(call.arguments), environment, self.time_left_ms())
        return self._end_call(call, answer)

    def call_tool_here(
        self, name: str, arguments: Mapping[str, Any], *, call_id: str | None = None
    ) -> ToolResult | None:
        tool = self.cast.tools.get(name)
        if tool is not None and not tool.here:
            return None
        call = self._begin_call(name, arguments, call_id)
        if tool is None:
            return self._end_call(call, self._no_such_tool(name))
        environment = self._the_environment() if tool.needs_environment else None
        return self._end_call(call, tool.run_here(orjson.loads(call.arguments), environment))

    async def reply(self, content: str, call: ModelCall | None = None) -> str | None:
        self._say(content, call)
        if self._over or self.user is None:
            return None
        answer = await self._ask_user(self.user)
        self._check_open()
        self._user_asked = None
        if answer is None:
            self._over = True
            return None
        answer = sanitise.text(answer)
        self._conversation.append({"role": "user", "content": answer})
        self._note({"type": "message", "role": "user", "content": answer}, len(answer))
        return answer

    def reply_here(self, content: str, call: ModelCall | None = None) -> bool:
        if not self._over:
            return False
        self._say(content, call)
        return True

    def note_model_call(
        self, call: ModelCall, *, tool_calls: Sequence[Mapping[str, Any]] = (), content: str | None = None
    ) -> None:
        self._check_open()
        if tool_calls:
            self._take_turn()
        step: dict[str, Any] = {"type": "model_call", **_as_json(call)}
        size = 0
        if content:
            step["content"] = sanitise.text(content)
            size += len(content)
        if tool_calls:
            encoded = sanitise.to_json(tool_calls)
            step["tool_calls"] = orjson.Fragment(encoded)
            size += len(encoded)
        self._note(step, size)
        self._charge(call)

    def log(self, text: str) -> None:
        self._check_open()
        self._log_lines += 1
        if self._log_lines > _LOG_LINES:
            return
        text = redact(sanitise.text(str(text))[: _LOG_LINE * 2], self.cast.secrets)[:_LOG_LINE]
        self._note({"type": "log", "text": text}, len(text))
        if self._log_lines == _LOG_LINES:
            self._note({"type": "log", "text": "[further lines of the log are not kept]"}, 0)

    def note_sandbox(self, sandbox_id: str, held: Mapping[str, Any], logs: str = "") -> None:
        self.sandbox_id, self.held = sandbox_id, held
        self.sandbox_logs = sanitise.text(logs) or None

    # What the conductor may do

    def seat(self, user: SimulatedUser | None) -> None:
        """Say who answers the agent."""
        self.user, self._over = user, user is None

    def close(self) -> None:
        """Write nothing more, whoever still speaks. Calls under way count as errors that nobody timed."""
        if not self._closed:
            self._closed = True
            for call in tuple(self._pending.values()):
                tally = self._tally(call)
                tally.errors += 1
                tally.note_error_type("unfinished")

    def waiting_for(self) -> tuple[str, float] | None:
        """Whom the trial waits for, and since how many milliseconds: a tool by name, or the simulated user."""
        now = time.monotonic_ns()
        if self._pending:
            call = next(iter(self._pending.values()))
            return call.name, (now - call.began) / 1e6
        if self._user_asked is not None:
            return USER, (now - self._user_asked) / 1e6
        return None

    def elapsed_ms(self) -> float:
        """Since the trial began."""
        return self._elapsed_ms()

    def conclude(self) -> None:
        """
        Take the environment's final state, and put it away. It may block: run it in a thread.

        Raises:
            TrialFailed: The environment fails in this.
        """
        kind = self.cast.scenario.environment
        if kind is None:
            return
        self.final_state = sanitise.to_json(kind.state_of(self._the_environment()))
        self.put_away()

    def put_away(self) -> None:
        """
        Close the environment, if one was made. It may block: run it in a thread.

        Raises:
            TrialFailed: Its `close` raised.
        """
        kind = self.cast.scenario.environment
        if kind is not None and self._environment_made:
            environment, self._environment, self._environment_made = self._environment, None, False
            kind.close(environment)

    @property
    def has_environment(self) -> bool:
        """Whether there is a state to be taken."""
        return self.cast.scenario.environment is not None

    @property
    def must_be_put_away(self) -> bool:
        """Whether an environment was made and not yet closed."""
        return self._environment_made

    @property
    def conversation(self) -> list[dict[str, Any]]:
        """What was said aloud, without the system prompt."""
        return self._conversation

    def performed_calls(self) -> list[dict[str, Any]]:
        """The tool calls as scorers see them: id, name, arguments, content, error."""
        return [
            {
                "id": call_id,
                "name": name,
                "arguments": orjson.loads(arguments),
                "content": None if answer.error is not None else orjson.loads(answer.content),
                "error": answer.error,
            }
            for call_id, name, arguments, answer in self._calls
        ]

    # How it is written down

    def _begin_call(self, name: str, arguments: Mapping[str, Any], call_id: str | None) -> _Call:
        self._check_open()
        self.tool_calls += 1
        if self.tool_calls > self.limits.max_tool_calls:
            raise self._fail(
                f"the agent made more than {self.limits.max_tool_calls} tool calls", "max_tool_calls_exceeded"
            )
        name = sanitise.text(str(name))[:_TOOL_NAME] or "(no name)"
        encoded = sanitise.to_json(arguments)
        position = self.tool_calls
        call = _Call(self.cast.tools.get(name), name, call_id or f"call_{position}", encoded, position)
        step = {"type": "tool_call", "id": call.call_id, "name": name, "arguments": orjson.Fragment(encoded)}
        self._note(step, len(encoded))
        call.began = time.monotonic_ns()
        self._pending[position] = call
        return call

    def _end_call(self, call: _Call, answer: Answer) -> ToolResult:
        ended = time.monotonic_ns()
        self._check_open()
        self._pending.pop(call.position, None)
        duration_ms = (ended - call.began) / 1e6
        tally = self._tally(call)
        tally.timed += 1
        tally.total_ms += duration_ms
        step: dict[str, Any] = {"type": "tool_result", "id": call.call_id, "name": call.name}
        if answer.error is None:
            tally.good += 1
            step["content"] = orjson.Fragment(answer.content)
            size = len(answer.content)
        else:
            tally.errors += 1
            tally.note_error_type(answer.error_type)
            if answer.own:
                tally.own_errors += 1
                if tally.first_own_error is None:
                    tally.first_own_error = answer.detail or answer.error
                    tally.first_own_step = len(self.steps)
            step["content"], step["error"] = None, answer.error
            size = len(answer.error)
        if answer.logs and len(tally.logs) < _TOOL_LOGS:
            tally.logs += redact(sanitise.text(answer.logs), self.cast.secrets)[: _TOOL_LOGS - len(tally.logs)]
        self.tools_held = answer.held or self.tools_held
        step["duration_ms"] = round(duration_ms, 3)
        self._calls.append((call.call_id, call.name, call.arguments, answer))
        self._note(step, size)
        if answer.error is not None:
            return ToolResult(error=answer.error, duration_ms=duration_ms)
        return ToolResult(orjson.loads(answer.content), duration_ms=duration_ms)

    def _tally(self, call: _Call) -> ToolTally:
        tally = self.tools_used.get(call.name)
        if tally is None:
            tally = self.tools_used[call.name] = ToolTally()
        tally.positions.append(call.position)
        return tally

    def _no_such_tool(self, name: str) -> Answer:
        names = ", ".join(sorted(self.cast.tools)) or "none"
        return Answer(error=f"there is no tool {name[:_TOOL_NAME]!r}; there are: {names}", error_type="unknown_tool")

    def _say(self, content: str, call: ModelCall | None) -> None:
        self._check_open()
        self._take_turn()
        content = sanitise.text(content)
        step: dict[str, Any] = {"type": "message", "role": "assistant", "content": content}
        if call is not None:
            step.update(_as_json(call))
        self._conversation.append({"role": "assistant", "content": content})
        self.final_message = content
        self._note(step, len(content))
        if call is not None:
            self._charge(call)

    async def _ask_user(self, user: SimulatedUser) -> str | None:
        self._user_asked = time.monotonic_ns()
        try:
            return await user.answer(tuple(self._conversation))
        except TrialFailed as error:
            raise self._end(error) from error
        except FOREIGN as error:
            raise self._end(
                TrialFailed(
                    f"the simulated user failed, {type(error).__name__}: {error}",
                    fault=Fault.SIMULATOR,
                    category=FailureCategory.SYSTEM_ERROR,
                    failure_type="user_failed",
                )
            ) from error

    def _take_turn(self) -> None:
        self.turns += 1
        if self.turns > self.limits.max_turns:
            raise self._fail(f"the agent took more than {self.limits.max_turns} turns", "max_turns_exceeded")

    def _charge(self, call: ModelCall) -> None:
        self.model_calls.add(call)
        most = self.limits.max_cost_usd
        if most is not None and self.model_calls.cost_usd > Decimal(str(most)):
            raise self._fail(
                f"the agent's model calls cost ${self.model_calls.cost_usd:.6f}, more than ${most:g}",
                "max_cost_exceeded",
            )

    def _note(self, step: dict[str, Any], size: int) -> None:
        step["at_ms"] = round(self._elapsed_ms(), 3)
        self.steps.append(step)
        self._size += size
        if self._size > _LARGEST:
            raise self._fail(f"the trajectory grew beyond {_LARGEST >> 20} MB", "trajectory_too_large")

    def _the_environment(self) -> Any:
        if not self._environment_made:
            kind = self.cast.scenario.environment
            assert kind is not None
            try:
                self._environment = kind.make(self.cast.scenario.definition, self.seed)
            except TrialFailed as error:
                raise self._end(error) from error
            self._environment_made = True
        return self._environment

    def _elapsed_ms(self) -> float:
        return (time.monotonic_ns() - self._began) / 1e6

    def _check_open(self) -> None:
        if self.failure is not None:
            raise self.failure
        if self._closed:
            raise TrialFailed(
                "the trial is over",
                fault=Fault.AGENT,
                category=FailureCategory.UNKNOWN,
                failure_type="spoke_after_the_end",
            )

    def _fail(self, message: str, failure_type: str) -> TrialFailed:
        """A limit was passed: the agent's failure, and the end."""
        return self._end(
            TrialFailed(
                message, fault=Fault.AGENT, category=FailureCategory.VALIDATION_ERROR, failure_type=failure_type
            )
        )

    def _end(self, failure: TrialFailed) -> TrialFailed:
        if self.failure is None and not self._closed:
            self.failure = failure
        return failure


def _as_json(call: ModelCall) -> dict[str, Any]:
    """The fields of a model call that a step of the trajectory carries."""
    fields: dict[str, Any] = {}
    if call.model is not None:
        fields["model"] = sanitise.text(call.model)
    if call.usage is not None:
        fields["usage"] = {
            "input_tokens": call.usage.input_tokens,
            "output_tokens": call.usage.output_tokens,
            "cached_tokens": call.usage.cached_tokens,
            "reasoning_tokens": call.usage.reasoning_tokens,
        }
    if call.cost_usd is not None:
        fields["cost_usd"] = str(call.cost_usd)
    if call.duration_ms is not None:
        fields["duration_ms"] = round(call.duration_ms, 3)
    return fields
