"""What running a trial needs from outside: agents, tools, users, models and scorers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from guildhall.domains.evaluation.configurations import AgentSpec, ToolSpec
from guildhall.domains.evaluation.scenarios import Scenario, ScorerSpec


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more model calls, as the provider counted them; `input_tokens` includes the cached ones."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    @property
    def total(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class ModelCall:
    """What one call of a model took; None is not known."""

    model: str | None = None
    usage: Usage | None = None
    cost_usd: Decimal | None = None
    duration_ms: float | None = None


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave back: `content` for the agent, or the `error` it raised, in words an agent can act on."""

    content: Any = None
    error: str | None = None
    duration_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """
    What one scorer says of a trial: 0 to 1, and why.

    `passed` is the scorer's own reading, for those that are all or nothing.
    A judge brings the record of its `call`, whose cost is not the agent's.
    """

    scorer: str
    score: float
    passed: bool
    weight: float = 1.0
    required: bool = False
    explanation: str = ""
    call: ModelCall | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


class Stage(Protocol):
    """
    What an agent runtime sees of a trial.

    Every call is written into the trajectory as it happens. Limits (turns,
    tool calls, cost, time) are the stage's business: it raises `TrialFailed`
    when one is passed.
    """

    @property
    def spec(self) -> AgentSpec: ...

    @property
    def scenario(self) -> Scenario: ...

    @property
    def seed(self) -> int:
        """Different for each trial, the same for each repetition of that trial."""

    @property
    def trial(self) -> int:
        """Which repetition of the scenario this is, from 1."""

    @property
    def messages(self) -> Sequence[Mapping[str, Any]]:
        """The conversation so far, OpenAI style: the system prompt, if any, and what the user said first."""

    @property
    def tools(self) -> Sequence[ToolSpec]: ...

    @property
    def gateway(self) -> Mapping[str, str] | None:
        """Where the agent asks models in this trial, `url` and `api_key`, if that is to be through the gateway."""

    def time_left_ms(self) -> float: ...

    async def call_tool(self, name: str, arguments: Mapping[str, Any], *, call_id: str | None = None) -> ToolResult:
        """Run a tool; what the tool itself raises comes back as the result's `error`."""

    async def reply(self, content: str, call: ModelCall | None = None) -> str | None:
        """Say something to the user; their next words, or None when the conversation is over."""

    def note_model_call(
        self, call: ModelCall, *, tool_calls: Sequence[Mapping[str, Any]] = (), content: str | None = None
    ) -> None:
        """Record a model call that asked for tools instead of saying something."""

    def log(self, text: str) -> None:
        """Keep a line of the agent's log; it is capped, and secrets are removed."""

    def note_sandbox(self, sandbox_id: str, held: Mapping[str, Any], logs: str = "") -> None:
        """Say where the agent runs and which limits really hold there, and, once it has ended, what it logged."""

    def call_tool_here(
        self, name: str, arguments: Mapping[str, Any], *, call_id: str | None = None
    ) -> ToolResult | None:
        """
        Run a tool in the calling thread, or return None when only `call_tool` can run it.

        For an agent that has a thread of its own: it saves the way to the event loop and back.
        """

    def reply_here(self, content: str, call: ModelCall | None = None) -> bool:
        """Say something that nobody answers, in the calling thread; False when there is somebody: use `reply`."""


class AgentRuntime(Protocol):
    """One way of running agents. `play` returns when the agent has nothing more to say."""

    async def play(self, stage: Stage) -> None: ...


class SimulatedUser(Protocol):
    """Who answers the agent; None ends the conversation."""

    async def answer(self, conversation: Sequence[Mapping[str, Any]]) -> str | None: ...

    @property
    def calls(self) -> Sequence[ModelCall]:
        """The model calls made so far; their cost is not the agent's."""


@dataclass(frozen=True, slots=True)
class Performance:
    """A trial that ran to its end, as scorers see it."""

    scenario: Scenario
    final_message: str
    conversation: Sequence[Mapping[str, Any]]
    tool_calls: Sequence[Mapping[str, Any]]
    final_state: Any


class Scorer(Protocol):
    """Judges a performance."""

    async def score(self, spec: ScorerSpec, performance: Performance) -> Score: ...
