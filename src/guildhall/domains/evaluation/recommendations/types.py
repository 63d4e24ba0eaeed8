"""The nouns of recommendations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID


class Kind(StrEnum):
    """What a recommendation is about, which decides how it is applied (see `rules.SECTIONS`)."""

    CONFIG_CHANGE = "config_change"
    SCENARIO_ADDITION = "scenario_addition"
    TOOL_OPTIMIZATION = "tool_optimization"
    PERFORMANCE_TUNING = "performance_tuning"
    MODAL_OPTIMIZATION = "modal_optimization"


class Status(StrEnum):
    """What became of a recommendation; `refused` ones never could be applied."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REFUSED = "refused"


class SessionStatus(StrEnum):
    """Where an analysis is."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Effect:
    """
    A difference in pass rate, a share from -1 to 1, with its interval.

    A predicted effect is a guess, whose interval the analyst holds for about 90 % certain.
    """

    effect: float
    low: float
    high: float

    def as_json(self) -> dict[str, Any]:
        """As `impact_estimate` and `impact_prediction` keep it."""
        return {"metric": "pass rate", "effect": self.effect, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class TrialSeen:
    """A trial that an analyst may read."""

    outcome_id: UUID
    execution_time: datetime
    config_version_id: UUID
    scenario_id: str
    content_hash: str
    scenario_name: str
    task_prompt: str
    expected_tools: Any
    status: str
    passed: bool | None
    fault: str | None
    execution_time_ms: float | None
    cost_usd: Decimal | None
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class FailureSeen:
    """Why one of these trials did not pass."""

    outcome_id: UUID
    scenario_id: str
    failure_type: str
    failure_category: str
    fault: str
    error_message: str | None
    recovery_successful: bool
    pattern_cluster_id: UUID | None


@dataclass(frozen=True, slots=True)
class ToolSeen:
    """A tool's calls in these trials; `sequences` are calls in their order, of the trials that kept them."""

    tool_name: str
    trials: int
    calls: int
    errors: int
    error_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What happened in a trial that did not pass, shortened."""

    outcome_id: UUID
    scenario_id: str
    steps: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    Everything that an analyst is shown: nothing of a held-out scenario.

    `agent` is the agent.yaml with its references resolved, `trials` those of
    the version in question, `siblings` those of other versions of its
    configuration in the same window, with their models in `models`; of both
    the newest 200,000. Failures and tools are of all trials there are.
    """

    label: str
    config_version_id: UUID
    agent: Mapping[str, Any]
    window_start: datetime
    window_end: datetime
    trials: Sequence[TrialSeen]
    failures: Sequence[FailureSeen] = ()
    tools: Sequence[ToolSeen] = ()
    excerpts: Sequence[Excerpt] = ()
    siblings: Sequence[TrialSeen] = ()
    models: Mapping[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """
    What an analyst proposes.

    `patch` is YAML: a merge patch of the agent.yaml (`algorithms.yamlpatch`),
    or a list of scenarios. `reason` is the rule that found it, or `model`.
    `agent` is the configuration it is meant for, where the analyst says so.
    """

    kind: Kind
    description: str
    patch: str
    effect: Effect
    confidence: float
    reason: str
    outcome_ids: Sequence[UUID] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """What an analyst found, and what asking it took; a cost of None is not known."""

    suggestions: Sequence[Suggestion]
    cost_usd: Decimal | None = Decimal(0)
    model_calls: int = 0
    tokens: int | None = None
    prompt_hash: str | None = None
    failures_shown: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class Analyst:
    """
    Who analyses, as sessions record it.

    `key_id` is the key that was made for its calls alone, where it calls a gateway of another process.
    """

    kind: str
    model: str
    temperature: float
    template_version: str
    key_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class CallsMade:
    """What an analysis has called models with, none of it before `since`: calls by their ids, and keys whose calls are all its own."""

    call_ids: Sequence[UUID]
    key_ids: Sequence[UUID]
    since: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """An analysis of the trials of one version in a window of time."""

    session_id: UUID
    analyst: str
    config_version_id: UUID | None
    version_label: str | None
    llm_model: str
    llm_temperature: float
    prompt_template_version: str | None
    prompt_hash: str | None
    data_window_start: datetime
    data_window_end: datetime
    analysis_start_time: datetime
    analysis_end_time: datetime
    total_outcomes_analyzed: int
    patterns_identified: int
    recommendations_generated: int
    recommendations_refused: int
    failures_shown: Sequence[UUID]
    model_calls: int
    tokens_used: int | None
    analysis_cost_usd: Decimal | None
    session_status: SessionStatus
    error_message: str | None
    created_at: datetime

    @property
    def short_id(self) -> str:
        """What people type."""
        return self.session_id.hex[-6:]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to change, on which evidence, and what became of it."""

    recommendation_id: UUID
    session_id: UUID | None
    analyst: str | None
    config_version_id: UUID | None
    version_label: str | None
    kind: Kind
    description: str
    suggested_yaml_changes: str | None
    impact_estimate: Mapping[str, Any] | None
    confidence: float
    reason: str | None
    evidence: Mapping[str, Any]
    status: Status
    status_reason: str | None
    application: Mapping[str, Any] | None
    proposed_diff_id: UUID | None
    applied: bool
    applied_at: datetime | None
    llm_model_used: str | None
    llm_prompt_hash: str | None
    historical_data_window: timedelta | None
    feedback_score: int | None
    feedback_comment: str | None
    created_at: datetime

    @property
    def short_id(self) -> str:
        """What people type."""
        return self.recommendation_id.hex[-6:]

    @property
    def predicted(self) -> Effect | None:
        """The effect that was predicted."""
        estimate = self.impact_estimate
        return None if estimate is None else Effect(estimate["effect"], estimate["low"], estimate["high"])


@dataclass(frozen=True, slots=True)
class Proof:
    """A proposed version beside its parent on held-out scenarios; `verdict` is None until it has been measured."""

    proof_id: UUID
    diff_id: UUID
    baseline_simulation_id: UUID
    candidate_simulation_id: UUID
    predicted: Mapping[str, Any] | None
    verdict: str | None
    effect: float | None
    effect_low: float | None
    effect_high: float | None
    p_value: float | None
    scenarios: int | None
    created_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was predicted for a change, and what a proof measured."""

    analyst: str
    predicted: Effect
    confidence: float
    measured: float
    verdict: str
    feedback_score: int | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """
    How far an analyst's predictions may be believed, over `proofs` of them.

    `bias` is the mean of predicted minus measured effect, `mean_error` the
    mean distance; `covered` the share of measured effects inside the predicted
    interval; `brier` the mean squared distance between the confidence and
    whether the change was shown to be better (0 is perfect; .25 is what saying 50 % always gets).
    """

    analyst: str
    proofs: int
    better: int
    bias: float
    mean_error: float
    covered: float
    brier: float
    feedback_mean: float | None
    feedbacks: int


@dataclass(frozen=True, slots=True)
class Improvement:
    """A run of the loop that improves an agent; `stopped_for` is None while there is something left to do."""

    improvement_id: UUID
    config_id: UUID
    config_name: str
    analyst: str
    rounds: int
    budget_usd: Decimal | None
    settings: Mapping[str, Any]
    stopped_for: str | None
    created_at: datetime
    completed_at: datetime | None
    spent_usd: Decimal

    @property
    def short_id(self) -> str:
        """What people type."""
        return self.improvement_id.hex[-6:]


@dataclass(frozen=True, slots=True)
class Round:
    """A round of an improvement, as far as it has come; what it has not come to is None."""

    round_number: int
    parent_version_id: UUID
    simulation_id: UUID | None = None
    session_id: UUID | None = None
    recommendation_id: UUID | None = None
    proof_id: UUID | None = None
    is_proven: bool | None = None
