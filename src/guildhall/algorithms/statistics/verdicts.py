"""
From p-values to one word per metric.

Better and worse: the Holm-adjusted p-value is below α, and the direction is known
for each metric. Equivalent: no difference was shown, and two one-sided tests show
that it is smaller than the margin (Schuirmann 1987, Journal of Pharmacokinetics
and Biopharmaceutics 15). Anything else is not enough data, and never "the same".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from guildhall.algorithms.statistics.comparison import Comparison
from guildhall.algorithms.statistics.errors import UnusableSample
from guildhall.algorithms.statistics.multiplicity import holm, holm_factors
from guildhall.algorithms.statistics.power import DECIDED, Needs, what_would_decide


class Verdict(StrEnum):
    """What may be said of the candidate."""

    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    NOT_ENOUGH_DATA = "not enough data"


@dataclass(frozen=True, slots=True)
class MetricVerdict:
    """
    One metric's verdict, with the numbers that justify it.

    `low` and `high` belong to `adjusted_p`: they exclude 0 exactly when it is below α, whatever the
    other metrics were. `within_margin` says that a difference, though shown, is
    smaller than the margin. `needs` says what would decide.
    """

    metric: str
    verdict: Verdict
    comparison: Comparison
    adjusted_p: float
    low: float
    high: float
    within_margin: bool
    needs: Needs


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on the headline metric, and on each of those it was tested with, in the order given."""

    headline: str
    verdict: Verdict
    metrics: dict[str, MetricVerdict]
    alpha: float

    @property
    def headline_metric(self) -> MetricVerdict:
        """The verdict on the headline metric with its numbers."""
        return self.metrics[self.headline]


def judge(
    comparisons: Mapping[str, Comparison],
    higher_is_better: Mapping[str, bool],
    *,
    headline: str | None = None,
    alpha: float = 0.05,
) -> Judgement:
    """
    Judge several metrics of one comparison together; the headline is the first unless named.

    The chance of any wrong "better" or "worse" among them is at most alpha.

    Raises:
        UnusableSample: No metric, an unknown headline, a metric whose better direction is not told.
    """
    names = list(comparisons)
    if not names:
        raise UnusableSample("no metrics to judge, expected at least one")
    chosen = names[0] if headline is None else headline
    if chosen not in comparisons:
        raise UnusableSample(f"headline metric {chosen!r} is not compared, expected one of {', '.join(names)}")
    for name in names:
        if name not in higher_is_better:
            raise UnusableSample(f"metric {name!r} does not say whether higher is better")
    p_values = [comparisons[name].p_value for name in names]
    adjusted = holm(p_values)
    levels = _interval_levels(p_values, adjusted, alpha)
    metrics = {
        name: _verdict(name, comparisons[name], higher_is_better[name], adjusted_p=p, level=level, alpha=alpha)
        for name, p, level in zip(names, adjusted, levels, strict=True)
    }
    return Judgement(chosen, metrics[chosen].verdict, metrics, alpha)


def _verdict(
    name: str, comparison: Comparison, higher_is_better: bool, *, adjusted_p: float, level: float, alpha: float
) -> MetricVerdict:
    equivalent = comparison.equivalence_p < alpha
    if adjusted_p < alpha:
        verdict = Verdict.BETTER if (comparison.difference > 0) == higher_is_better else Verdict.WORSE
    else:
        verdict = Verdict.EQUIVALENT if equivalent else Verdict.NOT_ENOUGH_DATA
    low, high = comparison.interval(level)
    open_question = verdict is Verdict.NOT_ENOUGH_DATA
    needs = what_would_decide(comparison, level) if open_question else DECIDED
    return MetricVerdict(name, verdict, comparison, adjusted_p, low, high, equivalent, needs)


def _interval_levels(p_values: list[float], adjusted: list[float], alpha: float) -> list[float]:
    """
    The α at which each metric's own test agrees with Holm's decision.

    A rejected metric was tested at α over its factor. The procedure stops at the
    first that is not rejected, and all later ones, whose p-values are larger, are not rejected at its factor either.
    """
    levels = [alpha] * len(p_values)
    stopped_at: int | None = None
    for factor, index in holm_factors(p_values):
        if stopped_at is None and adjusted[index] >= alpha:
            stopped_at = factor
        levels[index] = alpha / (factor if stopped_at is None else stopped_at)
    return levels
