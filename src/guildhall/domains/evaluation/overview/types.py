"""The nouns of overviews; days, weeks and hours begin in UTC, and what is not known is None."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ActiveSimulation:
    """A simulation that is not over, and how far it is."""

    simulation_id: UUID
    config_name: str
    version_number: int
    name: str | None
    status: str
    model: str | None
    trials: int
    done: int
    running: int
    runtime_s: float | None
    cost_usd: Decimal | None
    max_cost_usd: Decimal | None

    @property
    def label(self) -> str:
        """What people call the version: `support-agent@v2`."""
        return f"{self.config_name}@v{self.version_number}"

    @property
    def eta_s(self) -> float | None:
        """How long the rest will take at the pace so far, in seconds; None where nothing tells."""
        if self.runtime_s is None or not self.done:
            return None
        return self.runtime_s / self.done * (self.trials - self.done)


@dataclass(frozen=True, slots=True)
class RunningSimulation:
    """A simulation that is not over, in whole scenarios; `runtime_s` is None until it begins."""

    simulation_id: UUID
    name: str | None
    status: str
    completed_scenarios: int
    total_scenarios: int
    progress_pct: Decimal
    runtime_s: float | None
    model: str | None

    @property
    def short_id(self) -> str:
        """What people type, as that of any simulation."""
        return self.simulation_id.hex[-6:]


@dataclass(frozen=True, slots=True)
class PairOfSimulations:
    """Two simulations that ran interleaved and are both over, so that one can be held against the other."""

    baseline_id: UUID
    candidate_id: UUID
    completed_at: datetime


@dataclass(frozen=True, slots=True)
class Cell:
    """One trial of a simulation; without an `outcome_id` nothing is stored of it yet."""

    scenario_id: str
    trial_number: int
    state: str
    outcome_id: UUID | None
    passed: bool | None
    status: str | None
    fault: str | None


@dataclass(frozen=True, slots=True)
class DayTrend:
    """All outcomes of a day (`v_dashboard_performance_trends`); `scored` of them make the mean."""

    day: datetime
    total_executions: int
    avg_reliability: float | None
    avg_duration_ms: float | None
    daily_cost: Decimal | None
    error_count: int
    scored: int


@dataclass(frozen=True, slots=True)
class CostDay:
    """What a model cost on a day (`v_dashboard_cost_analysis`); `unpriced` outcomes have no known cost."""

    day: datetime
    model: str | None
    executions: int
    unpriced: int
    total_cost: Decimal | None
    total_tokens: int | None


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """How often a scenario ended in an error on a day (`v_error_rates`)."""

    day: datetime
    scenario_id: str
    total_runs: int
    error_count: int


@dataclass(frozen=True, slots=True)
class VersionStanding:
    """All outcomes of a version so far; `scored` are those that were judged."""

    version_number: int
    simulations: int
    outcomes: int
    scored: int
    passed: int
    errors: int
    cost_usd: Decimal | None
    priced: int
    mean_duration_ms: float | None
    last_run_at: datetime | None


@dataclass(frozen=True, slots=True)
class VersionDay:
    """A version's outcomes of a day (`v_llm_config_performance`); `scored` of them make the mean."""

    version_number: int
    day: datetime
    total_executions: int
    avg_reliability: float | None
    scored: int


@dataclass(frozen=True, slots=True)
class ScenarioStanding:
    """
    A scenario, its outcomes of the last 30 days, and how much trials of the same version disagree.

    `disagreement` is the chance that two trials of one version end differently,
    estimated over `paired_simulations` of the latest simulations that tried it more than once.
    """

    scenario_id: str
    name: str
    suite: str | None
    difficulty_level: str
    split: str
    outcomes: int
    scored: int
    mean_score: float | None
    errors: int
    timeouts: int
    mean_duration_ms: float | None
    disagreement: float | None
    paired_simulations: int


@dataclass(frozen=True, slots=True)
class ScenarioWeek:
    """A scenario's outcomes of a week (`v_llm_scenario_trends`); `deviation` is the standard deviation of their scores."""

    week: datetime
    executions: int
    avg_reliability: float | None
    deviation: float | None
    timeout_count: int


@dataclass(frozen=True, slots=True)
class ScenarioPlayed:
    """A scenario in one simulation."""

    simulation_id: UUID
    config_name: str
    version_number: int
    created_at: datetime
    trials: int
    scored: int
    passed: int
    cost_usd: Decimal | None
    outcome_id: UUID
    """One of its outcomes: the first that did not pass, else the first."""


@dataclass(frozen=True, slots=True)
class FailureDay:
    """How many failures of a category there were on a day."""

    day: datetime
    failure_category: str
    failures: int


@dataclass(frozen=True, slots=True)
class ToolStanding:
    """A tool's calls of some days; durations are those that are known."""

    tool_name: str
    trials: int
    calls: int
    errors: int
    mean_duration_ms: float | None
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class HourLatency:
    """How long the trials of an hour took, from histograms (`simulation_latency_hourly`), with intervals of 95 %."""

    hour: datetime
    trials: int
    p50_ms: float
    p50_low_ms: float
    p50_high_ms: float
    p95_ms: float
    p95_low_ms: float
    p95_high_ms: float


@dataclass(frozen=True, slots=True)
class HourPerformance:
    """Simulations by the hour in which they were planned (`v_system_performance`)."""

    hour: datetime
    total_simulations: int
    avg_execution_time: float | None
    total_cost: Decimal | None
    failed_count: int
    avg_score: float | None


@dataclass(frozen=True, slots=True)
class Pending:
    """How many recommendations and proposals wait for a decision."""

    recommendations: int
    approvals: int


@dataclass(frozen=True, slots=True)
class PendingRecommendation:
    """A recommendation that is open and rather certain (`v_dashboard_pending_recommendations`)."""

    recommendation_id: UUID
    description: str
    confidence: float
    impact_estimate: Mapping[str, Any] | None
    version_label: str | None
    created_at: datetime
