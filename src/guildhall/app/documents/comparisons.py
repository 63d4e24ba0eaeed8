"""Comparisons as JSON: whether one version is better than another, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.algorithms.statistics import MetricVerdict, Verdict
from guildhall.app.documents import Amount, described
from guildhall.app.documents.reports import (
    EarlyStopDocument,
    ScenarioResultDocument,
    early_stop_document,
    scenario_result_document,
)
from guildhall.domains.evaluation.reports import Summary, Versus, early_stop, ended_early


class SideDocument(TypedDict):
    """One of the two simulations that are compared."""

    simulation_id: UUID
    config: str
    config_version_id: UUID
    pass_rate: float | None
    outcomes: int
    cost_usd: Amount | None
    early_stop: EarlyStopDocument | None


@described
class MetricDocument(TypedDict):
    """What the scenarios say on one metric; a limit that is infinite is null."""

    verdict: Verdict
    baseline: float | None
    candidate: float | None
    difference: float | None
    interval: Sequence[float | None]
    """Of the difference, at the level that all metrics together are held to."""
    p_value: float | None
    adjusted_p: float | None
    """The p-value, raised for there being several metrics."""
    equivalence_p: float | None
    margin: float | None
    """The difference that does not matter."""
    method: str
    n: int
    over: str
    """What n counts."""
    up: int
    same: int
    down: int
    more_scenarios_needed: int | None
    more_trials_needed: int | None
    needs: str | None


class ScenarioChangeDocument(TypedDict):
    """One scenario in both simulations."""

    scenario_id: str
    change: float
    baseline: ScenarioResultDocument
    candidate: ScenarioResultDocument


@described
class ComparisonDocument(TypedDict):
    """Whether the candidate is better than the baseline."""

    verdict: Verdict
    stopped_early: str | None
    """Why it was ended before its trials were done, and what is certain whenever one has looked; the tests here take the
    number of trials as fixed beforehand."""
    baseline: SideDocument
    candidate: SideDocument
    matched: int
    """How many scenarios both have scored in the same content: the comparison is over these."""
    unmatched: Mapping[str, Sequence[str]]
    """By reason, the scenarios that could not be paired."""
    differences: Sequence[str]
    """What else differs between the two, and might explain a result."""
    difference: float | None
    """Of the pass rates; the next fields are the pass rate's, too."""
    interval: Sequence[float | None] | None
    p_value: float | None
    adjusted_p: float | None
    margin: float | None
    more_scenarios_needed: int | None
    more_trials_needed: int | None
    metrics: Mapping[str, MetricDocument]
    scenarios: Sequence[ScenarioChangeDocument]
    changes: Sequence[Mapping[str, Any]]
    """What changed in the configuration, by path."""


def comparison_document(versus: Versus) -> ComparisonDocument:
    """A comparison; a limit that is infinite is null in JSON."""
    judgement = versus.judgement
    headline = judgement.headline_metric if judgement else None
    return {
        "verdict": judgement.verdict if judgement else Verdict.NOT_ENOUGH_DATA,
        "stopped_early": ended_early(versus),
        "baseline": _side(versus.baseline),
        "candidate": _side(versus.candidate),
        "matched": len(versus.matched),
        "unmatched": {reason: list(ids) for reason, ids in versus.unmatched.items()},
        "differences": list(versus.differences),
        "difference": headline.comparison.difference if headline else None,
        "interval": [headline.low, headline.high] if headline else None,
        "p_value": headline.comparison.p_value if headline else None,
        "adjusted_p": headline.adjusted_p if headline else None,
        "margin": headline.comparison.margin if headline else None,
        "more_scenarios_needed": headline.needs.more_scenarios if headline else None,
        "more_trials_needed": headline.needs.more_trials if headline else None,
        "metrics": {name: _metric(metric) for name, metric in versus.metrics.items()},
        "scenarios": [
            {
                "scenario_id": each.scenario_id,
                "change": each.change,
                "baseline": scenario_result_document(each.baseline),
                "candidate": scenario_result_document(each.candidate),
            }
            for each in versus.matched
        ],
        "changes": list(versus.changes),
    }


def _side(summary: Summary) -> SideDocument:
    simulation = summary.simulation
    return {
        "simulation_id": simulation.simulation_id,
        "config": simulation.label,
        "config_version_id": simulation.config_version_id,
        "pass_rate": summary.pass_rate.value if summary.pass_rate else None,
        "outcomes": summary.totals.outcomes,
        "cost_usd": summary.cost_usd,
        "early_stop": early_stop_document(early_stop(summary)),
    }


def _metric(metric: MetricVerdict) -> MetricDocument:
    comparison = metric.comparison
    return {
        "verdict": metric.verdict,
        "baseline": comparison.baseline,
        "candidate": comparison.candidate,
        "difference": comparison.difference,
        "interval": [metric.low, metric.high],
        "p_value": comparison.p_value,
        "adjusted_p": metric.adjusted_p,
        "equivalence_p": comparison.equivalence_p,
        "margin": comparison.margin,
        "method": comparison.method,
        "n": comparison.n,
        "over": comparison.over,
        "up": comparison.up,
        "same": comparison.same,
        "down": comparison.down,
        "more_scenarios_needed": metric.needs.more_scenarios,
        "more_trials_needed": metric.needs.more_trials,
        "needs": metric.needs.sentence,
    }
