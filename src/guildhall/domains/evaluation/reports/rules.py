"""From counts to what may be said: pure, so that a report can be recomputed from its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from guildhall.algorithms import statistics
from guildhall.algorithms.statistics import Comparison, Estimate, Judgement, ScenarioMeans
from guildhall.domains.evaluation.reports.types import Ending, ScenarioChange, ScenarioResult, Totals
from guildhall.domains.evaluation.simulations import Simulation

PASS_RATE = "pass rate"
COST = "cost/trial"
TIME = "time p50"
HIGHER_IS_BETTER = {PASS_RATE: True, COST: False, TIME: False}
MOST_K = 10


def groups_of(scenarios: Sequence[ScenarioResult]) -> list[str] | None:
    """
    The clusters over which intervals are made; None where no scenario declares one.

    A scenario without a group is one of its own.
    """
    if all(each.group is None for each in scenarios):
        return None
    return [f"group {each.group}" if each.group else f"scenario {each.scenario_id}" for each in scenarios]


def totals(scenarios: Sequence[ScenarioResult], endings: Sequence[Ending]) -> Totals:
    """What can be said of all trials together; quantiles are of those whose duration is known."""
    durations = np.sort(np.fromiter(chain.from_iterable(each.durations_ms for each in scenarios), np.float64))
    return Totals(
        outcomes=sum(each.outcomes for each in endings),
        timed=len(durations),
        time_p50_ms=_quantile(durations, 0.5),
        time_p95_ms=_quantile(durations, 0.95),
        unresolved_infrastructure=sum(
            each.outcomes for each in endings if each.fault == "infrastructure" and each.is_unscored
        ),
        retries=sum(each.retries for each in endings),
        timeouts=sum(each.outcomes for each in endings if each.status == "timeout"),
        judge_cost_usd=total_cost(each.judge_cost_usd for each in endings),
        user_cost_usd=total_cost(each.user_cost_usd for each in endings),
    )


def total_cost(costs: Iterable[Decimal | None]) -> Decimal | None:
    """The sum in USD of what is known; None where nothing is."""
    known = [cost for cost in costs if cost is not None]
    return sum(known[1:], known[0]) if known else None


def counts(endings: Sequence[Ending], of: Callable[[Ending], str | None]) -> dict[str, int]:
    """How many trials there are of each kind, the most frequent first."""
    found: Counter[str] = Counter()
    for each in endings:
        kind = of(each)
        if kind is not None:
            found[kind] += each.outcomes
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _quantile(ordered: NDArray[np.float64], share: float) -> float | None:
    """By linear interpolation between the two nearest, as `percentile_cont` does."""
    if not len(ordered):
        return None
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (place - below))


def pass_rate(scenarios: Sequence[ScenarioResult]) -> Estimate | None:
    """The share of scored trials that passed, over scenarios; None where nothing was scored."""
    scored = [each for each in scenarios if each.scored]
    if not scored:
        return None
    counts = ScenarioMeans.of_counts((each.scored for each in scored), (each.passed for each in scored))
    return statistics.pass_rate(counts, groups_of(scored))


def pass_rate_strict(scenarios: Sequence[ScenarioResult]) -> Estimate | None:
    """The same with every trial counted, and what was not scored as not passed."""
    tried = [each for each in scenarios if each.trials]
    if not tried:
        return None
    counts = ScenarioMeans.of_counts((each.trials for each in tried), (each.passed for each in tried))
    return statistics.pass_rate(counts, groups_of(tried))


def variance_within(scenarios: Sequence[ScenarioResult]) -> float | None:
    """The mean variance of a trial's pass or fail around its scenario's rate; None where no scenario was repeated."""
    repeated = [each for each in scenarios if each.scored > 1]
    if not repeated:
        return None
    rates = ((each.passed / each.scored, each.scored) for each in repeated)
    return sum(rate * (1 - rate) * n / (n - 1) for rate, n in rates) / len(repeated)


def score(scenarios: Sequence[ScenarioResult]) -> Estimate | None:
    """The mean reliability score, over scenarios; None where nothing was scored."""
    scored = [each for each in scenarios if each.score_mean is not None]
    if not scored:
        return None
    means = ScenarioMeans.of_moments(
        [each.score_count for each in scored],
        [each.score_mean or 0.0 for each in scored],
        [each.score_variance for each in scored],
    )
    return statistics.mean(means, groups_of(scored), bounds=(0.0, 1.0))


def reliability(
    scenarios: Sequence[ScenarioResult], of: Callable[[Sequence[tuple[int, int]], int], dict[int, float]]
) -> dict[int, float]:
    """
    pass^k or pass@k for every k that is defined: each scenario must have at least k scored trials.

    A scenario of which nothing was scored leaves none defined, not even k = 1.
    """
    return of([(each.scored, each.passed) for each in scenarios], MOST_K)


def pair(
    baseline: Sequence[ScenarioResult], candidate: Sequence[ScenarioResult]
) -> tuple[list[ScenarioChange], dict[str, list[str]]]:
    """The scenarios that both ran in the same content and scored, and by reason those that do not pair."""
    other = {each.scenario_id: each for each in candidate}
    matched: list[ScenarioChange] = []
    unmatched: dict[str, list[str]] = {}
    for one in baseline:
        two = other.pop(one.scenario_id, None)
        if two is None:
            unmatched.setdefault("only in the baseline", []).append(one.scenario_id)
        elif one.content_hash != two.content_hash:
            unmatched.setdefault("changed in between", []).append(one.scenario_id)
        elif one.pass_share is None or two.pass_share is None:
            unmatched.setdefault("not scored in both", []).append(one.scenario_id)
        else:
            matched.append(ScenarioChange(one.scenario_id, one, two, two.pass_share - one.pass_share))
    if other:
        unmatched["only in the candidate"] = sorted(other)
    return matched, unmatched


def judge(pairs: Sequence[ScenarioChange], *, margin: float | None) -> Judgement | None:
    """Pass rate, cost and time compared over the same scenarios, with Holm over those that are known."""
    if not pairs:
        return None
    comparisons: dict[str, Comparison] = {PASS_RATE: _compare_passes(pairs, margin)}
    for name, measure in ((COST, _costs), (TIME, _times)):
        compared = _compare_values(pairs, measure)
        if compared is not None:
            comparisons[name] = compared
    return statistics.judge(comparisons, {name: HIGHER_IS_BETTER[name] for name in comparisons}, headline=PASS_RATE)


def differences(baseline: Simulation, candidate: Simulation) -> list[str]:
    """What differs between two simulations besides the version, in words; any of it may explain a result."""
    found = []
    for what, one, two in (
        ("sandbox", _sandbox(baseline), _sandbox(candidate)),
        ("time limit", f"{baseline.timeout_ms} ms", f"{candidate.timeout_ms} ms"),
        ("origin", baseline.origin, candidate.origin),
    ):
        if one != two:
            found.append(f"{what}: {one} against {two}")
    return found


def _sandbox(simulation: Simulation) -> str:
    held = simulation.sandbox_metadata
    return ", ".join(f"{key} {value}" for key, value in sorted(held.items())) or "none"


def _compare_passes(pairs: Sequence[ScenarioChange], margin: float | None) -> Comparison:
    def counts(side: Callable[[ScenarioChange], ScenarioResult]) -> ScenarioMeans:
        return ScenarioMeans.of_counts([side(each).scored for each in pairs], [side(each).passed for each in pairs])

    return statistics.compare(
        counts(lambda each: each.baseline),
        counts(lambda each: each.candidate),
        binary=True,
        groups=groups_of([each.baseline for each in pairs]),
        margin=margin,
    )


_Moments = tuple[int, float, float | None]


def _costs(result: ScenarioResult) -> _Moments | None:
    if result.cost_mean is None or result.cost_count < result.trials:
        return None  # a mean over some of the trials would compare other trials than the pass rate does
    return result.cost_count, result.cost_mean, result.cost_variance


def _times(result: ScenarioResult) -> _Moments | None:
    median = result.time_median_ms
    return None if median is None else (1, median, None)


def _compare_values(
    pairs: Sequence[ScenarioChange], measure: Callable[[ScenarioResult], _Moments | None]
) -> Comparison | None:
    known = [
        (each, before, after)
        for each in pairs
        if (before := measure(each.baseline)) is not None and (after := measure(each.candidate)) is not None
    ]
    if not known or (len(known) < len(pairs) and len(known) < 2):
        return None
    one = ScenarioMeans.of_moments(*zip(*(before for _, before, _ in known), strict=True))
    two = ScenarioMeans.of_moments(*zip(*(after for _, _, after in known), strict=True))
    if not one.mean.any() and not two.mean.any():
        return None  # free on both sides: nothing to compare
    return statistics.compare(one, two, binary=False, groups=groups_of([each.baseline for each, _, _ in known]))
