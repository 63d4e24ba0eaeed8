"""
Is the candidate better than the baseline? The paired comparison, scenario by scenario.

Pairing takes the difficulty of the scenarios out of the difference (Miller 2024,
arXiv 2411.00640, §4.2). Which test is used follows from the data, never from the result:

- one binary trial per side and scenario, no groups: exact McNemar;
- otherwise, up to `COUNTED_UNITS` scenarios (or groups) that changed: sign-flip permutation;
- more: paired t.

The interval inverts the very test that gave the p-value: it excludes 0 exactly when p < 1 - level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from guildhall.algorithms.statistics.errors import UnusableSample
from guildhall.algorithms.statistics.intervals import check_level, jackknife_variance, unit_sums
from guildhall.algorithms.statistics.mcnemar import McNemar
from guildhall.algorithms.statistics.pairedt import PairedT
from guildhall.algorithms.statistics.scenarios import (
    ScenarioMeans,
    Trials,
    group_numbers,
    scenario_means,
    within_bounds,
)
from guildhall.algorithms.statistics.signflip import SEED, SignFlip

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

COUNTED_UNITS = 1_000  # differences that are not zero; beyond, the mean is as normal as one could wish
RATE_MARGIN = 0.05  # five points: about what a reader of two pass rates calls the same
RELATIVE_MARGIN = 0.10  # of the baseline's mean, for cost and time


class PairedTest(Protocol):
    """A test of paired differences together with the interval that inverts it."""

    @property
    def method(self) -> str: ...
    @property
    def p_value(self) -> float: ...
    @property
    def smallest_reachable_p(self) -> float: ...
    def interval(self, alpha: float) -> tuple[float, float]: ...
    def equivalence_p(self, margin: float) -> float: ...


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    Candidate minus baseline, in the metric's own unit, over the scenarios that both ran.

    `up`, `same` and `down` count scenarios; `units` are what the test flips or
    counts, scenarios or declared groups (`over`), and `units_changed` those that
    differ at all. `smallest_reachable_p` is what the test could give at best with so
    many changed units: above 1 - level, no direction can be shown, however large the
    difference. `equivalence_p` is that of two one-sided tests against ± `margin`.

    `between_variance` is the variance of the true differences over units, `within_variance` what the
    present numbers of trials add to it; both None where single trials cannot tell them apart.
    Their sum over `units` is `standard_error` squared, but for rounding up to 0.
    """

    difference: float
    low: float
    high: float
    level: float
    p_value: float
    smallest_reachable_p: float
    equivalence_p: float
    margin: float
    method: str
    over: Literal["scenarios", "groups"]
    n: int
    up: int
    same: int
    down: int
    units: int
    units_changed: int
    baseline: float
    candidate: float
    standard_error: float
    between_variance: float | None
    within_variance: float | None
    trials: float
    binary: bool
    test: PairedTest = field(repr=False, compare=False)

    def interval(self, alpha: float) -> tuple[float, float]:
        """The interval that excludes 0 exactly when p < alpha."""
        return _limits(self.test, alpha, self.binary)


def compare(
    baseline: Trials,
    candidate: Trials,
    *,
    binary: bool,
    groups: Sequence[str] | None = None,
    margin: float | None = None,
    level: float = 0.95,
    seed: int = SEED,
) -> Comparison:
    """
    Compare two versions on the same scenarios: number i of one side is number i of the other.

    The sides may have different numbers of trials. `binary` says that a trial
    passes or fails (differences of rates, between -1 and 1); otherwise values are anything finite: cost, time, a score.
    For a median over trials, pass each scenario's median as its only value. `margin` is the difference that
    does not matter: by default 0.05 for rates and a tenth of the baseline's mean otherwise.
    The result is the same on every call: sets of signs are drawn from `seed`.

    Raises:
        UnusableSample: Sides of different length, no scenario, one without trials, a value that is
            no finite number (or, if binary, outside 0–1), a margin below 0.
    """
    check_level(level)
    one, other = scenario_means(baseline), scenario_means(candidate)
    if len(one) != len(other):
        raise UnusableSample(f"{len(one)} scenarios in the baseline and {len(other)} in the candidate, expected pairs")
    if binary:
        within_bounds(one, 0.0, 1.0)
        within_bounds(other, 0.0, 1.0)
    numbers = group_numbers(groups, len(one))
    differences = _differences(one, other)
    if margin is None:
        margin = RATE_MARGIN if binary else RELATIVE_MARGIN * abs(float(one.mean.mean()))
    if not margin >= 0:
        raise UnusableSample(f"a margin of {margin}, expected 0 or more", margin=margin)

    sums, sizes = _per_unit(differences, numbers)
    up, down = int((differences > 0).sum()), int((differences < 0).sum())
    difference = float(differences.mean())
    error = float(np.sqrt(jackknife_variance(differences[None, :], numbers)[0])) if len(sums) > 1 else float("inf")
    single = bool(np.all(one.trials == 1) and np.all(other.trials == 1))
    test: PairedTest
    if binary and single and groups is None:
        test = McNemar(up, down, len(one))
    elif np.count_nonzero(sums) > COUNTED_UNITS:
        test = PairedT(difference, error, len(sums))
    else:
        test = SignFlip(sums, sizes, seed)
        if binary:
            test = CautiousSignFlip(test, int((sums > 0).sum()), int((sums < 0).sum()))
    alpha = round(1 - level, 12)
    low, high = _limits(test, alpha, binary)
    between, within = _variance_parts(one, other, len(sums), error)
    return Comparison(
        difference=difference,
        low=low,
        high=high,
        level=level,
        p_value=test.p_value,
        smallest_reachable_p=test.smallest_reachable_p,
        equivalence_p=test.equivalence_p(margin),
        margin=margin,
        method=test.method,
        over="scenarios" if groups is None else "groups",
        n=len(one),
        up=up,
        same=len(one) - up - down,
        down=down,
        units=len(sums),
        units_changed=int(np.count_nonzero(sums)),
        baseline=float(one.mean.mean()),
        candidate=float(other.mean.mean()),
        standard_error=error,
        between_variance=between,
        within_variance=within,
        trials=float(2 / np.mean(1 / one.trials + 1 / other.trials)),
        binary=binary,
        test=test,
    )


@dataclass(frozen=True, slots=True)
class CautiousSignFlip:
    """
    The sign-flip test of rates, whose interval also allows for changes that were not seen.

    Where hardly a scenario changed, the differences say nothing about how rare
    changes are, and an interval from them alone would shrink to nothing. As long as the
    test cannot reject at all, the interval is widened to the one that McNemar's data
    (so many units up, so many down) would have; it holds 0 either way, so nothing is contradicted.
    """

    flips: SignFlip
    up: int
    down: int

    @property
    def method(self) -> str:
        """What a report calls it."""
        return self.flips.method

    @property
    def p_value(self) -> float:
        """That of the sign-flip test."""
        return self.flips.p_value

    @property
    def smallest_reachable_p(self) -> float:
        """That of the sign-flip test."""
        return self.flips.smallest_reachable_p

    def interval(self, alpha: float) -> tuple[float, float]:
        """The interval that excludes 0 exactly when p < alpha."""
        low, high = self.flips.interval(alpha)
        if self.smallest_reachable_p >= alpha:
            seen_low, seen_high = self._counts.interval(alpha)
            return min(low, seen_low), max(high, seen_high)
        return low, high

    def equivalence_p(self, margin: float) -> float:
        """The larger of the sign-flip test's and, while changes are that rare, of the counts'."""
        by_flips = self.flips.equivalence_p(margin)
        return max(by_flips, self._counts.equivalence_p(margin)) if self.smallest_reachable_p >= 0.05 else by_flips

    @property
    def _counts(self) -> McNemar:
        return McNemar(self.up, self.down, len(self.flips.sums))


def _differences(one: ScenarioMeans, other: ScenarioMeans) -> Floats:
    # 0.6 - 0.4 and 0.8 - 0.6 differ in the last bit, and equal means of different numbers of trials may:
    # what is zero but for rounding is zero.
    differences = other.mean - one.mean
    scale = np.maximum(np.abs(one.mean), np.abs(other.mean))
    return np.where(np.abs(differences) <= 1e-12 * scale, 0.0, differences)


def _per_unit(differences: Floats, numbers: Integers) -> tuple[Floats, Integers]:
    if int(numbers.max()) + 1 == len(differences):
        return differences, np.ones(len(differences), dtype=np.int64)
    sums, sizes = unit_sums(differences[None, :], numbers)
    magnitude, _ = unit_sums(np.abs(differences)[None, :], numbers)
    return np.where(np.abs(sums[0]) <= 1e-12 * magnitude[0], 0.0, sums[0]), sizes


def _limits(test: PairedTest, alpha: float, binary: bool) -> tuple[float, float]:
    low, high = test.interval(alpha)
    return (max(low, -1.0), min(high, 1.0)) if binary else (low, high)


def _variance_parts(
    one: ScenarioMeans, other: ScenarioMeans, units: int, error: float
) -> tuple[float | None, float | None]:
    """Per unit, the variance of its true difference and that of its trials' mean around it."""
    repeated = (one.trials > 1) & (other.trials > 1)
    if units < 2 or not np.any(repeated):
        return None, None
    noise = np.where(repeated, one.variance / one.trials + other.variance / other.trials, 0.0)
    # Scenarios with one trial have a noise too: that of the others, at their number of trials.
    per_trial = float(np.mean((one.variance + other.variance)[repeated]) / 2)
    noise = np.where(repeated, noise, per_trial * (1 / one.trials + 1 / other.trials))
    # The noise of the mean difference is sum(noise) / n²; per unit that times the number of units.
    within = float(noise.sum()) / len(one) ** 2 * units
    return max(0.0, error**2 * units - within), within
