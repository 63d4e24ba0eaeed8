"""What is counted while a trial is played."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from guildhall.domains.evaluation.simulations.ports import ModelCall

_MOST_ERROR_TYPES = 20


@dataclass(slots=True)
class ToolTally:
    """All calls of one tool; `positions` count the trial's tool calls from 1, `own_errors` are those of its own code."""

    positions: list[int] = field(default_factory=list)
    errors: int = 0
    own_errors: int = 0
    good: int = 0
    total_ms: float = 0.0
    timed: int = 0
    error_types: list[str] = field(default_factory=list)
    first_own_error: str | None = None
    first_own_step: int | None = None
    logs: str = ""

    def note_error_type(self, kind: str | None) -> None:
        """Remember a kind of error, once; no more than twenty."""
        if kind and kind not in self.error_types and len(self.error_types) < _MOST_ERROR_TYPES:
            self.error_types.append(kind)


@dataclass(slots=True)
class ModelTally:
    """Model calls of one kind; sums are of what is known, and `unknown_…` counts the calls that did not say."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    unknown_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    unknown_costs: int = 0
    duration_ms: float = 0.0
    models: set[str] = field(default_factory=set)

    def add(self, call: ModelCall) -> None:
        """Count a call in."""
        self.calls += 1
        if call.usage is None:
            self.unknown_tokens += 1
        else:
            self.input_tokens += call.usage.input_tokens
            self.output_tokens += call.usage.output_tokens
            self.cached_tokens += call.usage.cached_tokens
            self.reasoning_tokens += call.usage.reasoning_tokens
        if call.cost_usd is None:
            self.unknown_costs += 1
        else:
            self.cost_usd += call.cost_usd
        if call.duration_ms is not None:
            self.duration_ms += call.duration_ms
        if call.model:
            self.models.add(call.model)

    @property
    def known_tokens(self) -> int | None:
        """All tokens; None when a call did not say, or there was none."""
        return self.input_tokens + self.output_tokens if self.calls and not self.unknown_tokens else None

    @property
    def known_cost(self) -> Decimal | None:
        """What all calls cost; None when one did not say, or there was none."""
        return self.cost_usd if self.calls and not self.unknown_costs else None
