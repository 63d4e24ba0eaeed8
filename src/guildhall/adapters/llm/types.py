"""The nouns of talking to models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from guildhall.domains.evaluation.configurations import AgentSpec
from guildhall.domains.evaluation.simulations.ports import ModelCall

OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    Where a model is served, and how to pay for it.

    `api_key_env` names the variable that holds the key. Without one OpenAI's
    own endpoint takes `OPENAI_API_KEY`, and any other gets no key: one that
    was meant for somebody else is never sent. `prices` is in USD per million
    tokens, by kind.
    """

    base_url: str = OPENAI
    api_key_env: str | None = None
    prices: Mapping[str, float] | None = None

    @classmethod
    def of_agent(cls, spec: AgentSpec) -> Endpoint:
        """The endpoint that an `agent.yaml` names."""
        return cls(spec.base_url or OPENAI, spec.api_key_env, spec.prices)

    @property
    def key_variable(self) -> str | None:
        """The variable that holds the key; None where no key is needed."""
        if self.api_key_env:
            return self.api_key_env
        return "OPENAI_API_KEY" if self.base_url.rstrip("/") == OPENAI else None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """
    A tool that the model wants called.

    `arguments` is None when what the model wrote is not a JSON object;
    `problem` then says so in words for the model.
    """

    id: str
    name: str
    arguments: Mapping[str, Any] | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """
    What a model answered.

    `message` is the assistant's message as the next request has to repeat it,
    `call` the record of the request that succeeded, `attempts` how many
    requests it took, `request_id` what the gateway's ledger calls it, where it went through one.
    """

    content: str | None
    tool_calls: tuple[ToolCall, ...]
    finish_reason: str | None
    call: ModelCall
    message: Mapping[str, Any] = field(default_factory=dict)
    attempts: int = 1
    request_id: str | None = None

    @property
    def filtered(self) -> bool:
        """Whether the provider's content filter cut the answer off."""
        return self.finish_reason == "content_filter"

    @property
    def raw_tool_calls(self) -> Sequence[Mapping[str, Any]]:
        """The tool calls as the trajectory keeps them; arguments that are not JSON stay as the model wrote them."""
        calls: Sequence[Mapping[str, Any]] = self.message.get("tool_calls", ())
        return [
            {
                "id": parsed.id,
                "name": parsed.name,
                "arguments": raw["function"]["arguments"] if parsed.arguments is None else dict(parsed.arguments),
            }
            for parsed, raw in zip(self.tool_calls, calls, strict=True)
        ]
