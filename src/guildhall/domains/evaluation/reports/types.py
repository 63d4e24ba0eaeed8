"""The nouns of reports: what a simulation showed, and how two of them compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from guildhall.algorithms.statistics import Comparison, Estimate, Judgement, MetricVerdict
from guildhall.domains.evaluation.simulations import Simulation


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """
    One scenario in one simulation.

    `scored` of its `trials` count: those whose fault was neither the
    infrastructure's nor the simulated user's, the judge's or the scenario's.
    `marks` has one entry for each trial, in order: passed, not passed, or
    None for not scored. `durations_ms` has those that are known, sorted.
    """

    scenario_id: str
    content_hash: str
    name: str
    group: str | None
    trials: int
    scored: int
    passed: int
    marks: tuple[bool | None, ...]
    durations_ms: Sequence[float]
    score_count: int
    score_mean: float | None
    score_variance: float | None
    cost_count: int
    cost_sum: Decimal | None
    cost_variance: float | None
    tokens: int | None

    @property
    def pass_share(self) -> float | None:
        """Passed of scored; None where nothing was scored."""
        return self.passed / self.scored if self.scored else None

    @property
    def cost_mean(self) -> float | None:
        """USD for each trial whose cost is known."""
        return float(self.cost_sum) / self.cost_count if self.cost_sum is not None else None

    @property
    def time_median_ms(self) -> float | None:
        """Half of the trials whose duration is known took no longer."""
        known, middle = self.durations_ms, len(self.durations_ms) // 2
        if not known:
            return None
        return known[middle] if len(known) % 2 else (known[middle - 1] + known[middle]) / 2


@dataclass(frozen=True, slots=True)
class Ending:
    """How many trials ended in one way, how often they were run again before, and who was paid beside the agent."""

    status: str
    fault: str | None
    is_unscored: bool
    outcomes: int
    retries: int
    judge_cost_usd: Decimal | None = None
    user_cost_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class FailureSeen:
    """What was seen most often where a scenario did not pass."""

    fault: str
    failure_type: str
    message: str | None
    times: int


@dataclass(frozen=True, slots=True)
class ToolSummary:
    """A tool's calls in one simulation; what was not timed or priced is None."""

    tool_name: str
    trials: int
    calls: int
    errors: int
    mean_duration_ms: float | None
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class ToolWork:
    """
    A tool's calls in the scored trials of one scenario, as sums; `squared_calls` is the sum over trials of their squares.

    `cost_usd` is None unless each of the calls is priced.
    """

    calls: int
    squared_calls: float
    errors: int
    timed: int
    duration_ms: float
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Totals:
    """
    Sums over all outcomes of a simulation.

    What judges and simulated users cost is apart: it says nothing of the agent.
    """

    outcomes: int
    timed: int
    time_p50_ms: float | None
    time_p95_ms: float | None
    unresolved_infrastructure: int
    retries: int
    timeouts: int
    judge_cost_usd: Decimal | None
    user_cost_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Summary:
    """
    What a simulation showed, in numbers.

    `pass_rate` and `score` leave out what was not scored; `pass_rate_strict`
    counts it as not passed. All are None where nothing was scored.
    """

    simulation: Simulation
    scenarios: Sequence[ScenarioResult]
    totals: Totals
    statuses: Mapping[str, int]
    faults: Mapping[str, int]
    pass_rate: Estimate | None
    pass_rate_strict: Estimate | None
    score: Estimate | None
    pass_hat_k: Mapping[int, float]
    pass_at_k: Mapping[int, float]
    cost_usd: Decimal | None
    priced_outcomes: int
    tokens: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """A summary with what was seen: by scenario its most frequent failure, and every tool's calls."""

    summary: Summary
    failures: Mapping[str, FailureSeen]
    tools: Sequence[ToolSummary]


@dataclass(frozen=True, slots=True)
class ScenarioChange:
    """One scenario in both simulations; `change` is the difference of the shares that passed."""

    scenario_id: str
    baseline: ScenarioResult
    candidate: ScenarioResult
    change: float


@dataclass(frozen=True, slots=True)
class Versus:
    """
    Two simulations compared, scenario by scenario.

    `unmatched` names, by reason, the scenarios that could not be paired.
    `differences` names what else differs between the two and so might explain
    a result. `judgement` is None where nothing could be paired.
    """

    baseline: Summary
    candidate: Summary
    matched: Sequence[ScenarioChange]
    unmatched: Mapping[str, Sequence[str]]
    differences: Sequence[str]
    judgement: Judgement | None
    changes: Sequence[Mapping[str, Any]]

    @property
    def metrics(self) -> Mapping[str, MetricVerdict]:
        """The verdict on each metric, the headline first."""
        return self.judgement.metrics if self.judgement else {}

    @property
    def headline(self) -> Comparison | None:
        """The comparison of the pass rates."""
        return self.judgement.headline_metric.comparison if self.judgement else None
