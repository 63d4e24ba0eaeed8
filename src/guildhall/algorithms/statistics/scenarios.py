"""
What a comparison or an interval is computed from: one row per scenario.

The scenario is the unit of analysis. However many trials it had, it enters with
their mean (Miller 2024, arXiv 2411.00640, §3.2); the spread within it is kept,
because it tells whether more trials would help.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from guildhall.algorithms.statistics.errors import UnusableSample

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LARGEST = 1e100  # squares of what is beyond could not be added; nothing that costs or lasts is


@dataclass(frozen=True, slots=True, eq=False)
class ScenarioMeans:
    """
    Per scenario: how many trials it had, their mean, and their unbiased variance (NaN for a single trial).

    Made from the trials themselves, or from what SQL aggregates: counts of
    trials and passes, or count, mean and variance.

    Raises:
        UnusableSample: No scenario, a scenario without trials, a value that is no finite number.
    """

    trials: Integers
    mean: Floats
    variance: Floats

    def __post_init__(self) -> None:
        if not len(self.trials) == len(self.mean) == len(self.variance):
            raise UnusableSample(
                f"{len(self.trials)} numbers of trials, {len(self.mean)} means and {len(self.variance)} variances, "
                "expected one of each per scenario"
            )
        if len(self.trials) == 0:
            raise UnusableSample("no scenarios, expected at least one")
        if np.any(self.trials < 1):
            where = int(np.argmax(self.trials < 1))
            raise UnusableSample(
                f"scenario number {where} has no trials, expected at least one",
                remedy="Leave out scenarios of which no trial was scored, and say so beside the result.",
                position=where,
            )
        usable = np.abs(self.mean) <= LARGEST
        if not np.all(usable):
            where = int(np.argmin(usable))
            raise UnusableSample(
                f"the mean of scenario number {where} is {self.mean[where]}, expected a finite number", position=where
            )

        unusable = ~(self.variance >= 0) & (self.trials > 1)
        if np.any(unusable):
            where = int(np.argmax(unusable))
            raise UnusableSample(
                f"the variance of scenario number {where} is {self.variance[where]}, expected 0 or more",
                position=where,
            )

    def __len__(self) -> int:
        return len(self.trials)

    @classmethod
    def of_trials(cls, trials: Sequence[Sequence[float]]) -> ScenarioMeans:
        """From every trial's value, scenario by scenario; True counts as 1."""
        counts = np.fromiter((len(row) for row in trials), dtype=np.int64, count=len(trials))
        if len(counts) == 0 or counts.min() == 0:
            return cls(counts, np.zeros(len(counts)), np.zeros(len(counts)))  # refused there, with its reason
        values = np.fromiter(chain.from_iterable(trials), dtype=np.float64, count=int(counts.sum()))
        starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
        usable = np.abs(values) <= LARGEST  # not so for NaN
        if not np.all(usable):
            where = int(np.argmin(usable))
            position = int(np.searchsorted(starts, where, side="right")) - 1
            raise UnusableSample(
                f"scenario number {position} has the value {values[where]}, expected a finite number", position=position
            )
        mean = np.add.reduceat(values, starts) / counts
        squares = np.add.reduceat((values - np.repeat(mean, counts)) ** 2, starts)
        return cls(counts, mean, _per_degree(squares, counts))

    @classmethod
    def of_counts(cls, trials: Iterable[int], passes: Iterable[int]) -> ScenarioMeans:
        """From the number of trials and of passes of each scenario."""
        counts, passed = _integers(trials), _integers(passes)
        if len(counts) != len(passed):
            raise UnusableSample(f"{len(counts)} numbers of trials and {len(passed)} of passes, expected as many")
        if np.any(passed < 0) or np.any(passed > counts):
            where = int(np.argmax((passed < 0) | (passed > counts)))
            raise UnusableSample(
                f"scenario number {where} has {passed[where]} passes of {counts[where]} trials, "
                "expected between none and all",
                position=where,
            )
        mean = passed / np.maximum(counts, 1)
        return cls(counts, mean, _per_degree(counts * mean * (1 - mean), counts))

    @classmethod
    def of_moments(
        cls, trials: Iterable[int], mean: Iterable[float], variance: Iterable[float | None]
    ) -> ScenarioMeans:
        """From count, mean and sample variance (`var_samp`: None or NaN for a single trial) of each scenario."""
        spread = np.fromiter((np.nan if v is None else v for v in variance), dtype=np.float64)
        return cls(_integers(trials), np.fromiter(mean, dtype=np.float64), spread)


Trials = Sequence[Sequence[float]] | ScenarioMeans


def scenario_means(trials: Trials) -> ScenarioMeans:
    """The summary of what was given, which may be one already."""
    return trials if isinstance(trials, ScenarioMeans) else ScenarioMeans.of_trials(trials)


def within_bounds(means: ScenarioMeans, low: float, high: float) -> None:
    """Refuse means outside of what such a value can be; a hair's breadth is rounding."""
    slack = 1e-9 * (high - low)
    outside = (means.mean < low - slack) | (means.mean > high + slack)
    if np.any(outside):
        where = int(np.argmax(outside))
        raise UnusableSample(
            f"the mean of scenario number {where} is {means.mean[where]:g}, expected between {low:g} and {high:g}",
            position=where,
        )


def group_numbers(groups: Sequence[str] | None, scenarios: int) -> Integers:
    """The group of each scenario as 0, 1, 2, …; without declared groups each scenario is one of its own."""
    if groups is None:
        return np.arange(scenarios, dtype=np.int64)
    if len(groups) != scenarios:
        raise UnusableSample(f"{len(groups)} groups for {scenarios} scenarios, expected one per scenario")
    numbers: dict[str, int] = {}
    return np.fromiter((numbers.setdefault(g, len(numbers)) for g in groups), dtype=np.int64, count=scenarios)


def _integers(values: Iterable[int]) -> Integers:
    return np.fromiter(values, dtype=np.int64)


def _per_degree(squares: Floats, counts: Integers) -> Floats:
    return np.where(counts > 1, squares / np.maximum(counts - 1, 1), np.nan)
