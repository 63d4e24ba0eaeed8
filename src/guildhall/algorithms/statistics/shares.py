"""
One scenario's share of passed trials, and the difference of two, with intervals.

Wilson's score interval (Wilson 1927, JASA 22) for a share, and for a difference
Newcombe's hybrid of two of them (Newcombe 1998, Statistics in Medicine 17,
873-890, method 10). Trials of one scenario are the units, so that this says
nothing of other scenarios: `compare` does.
"""

from __future__ import annotations

import math

from guildhall.algorithms.statistics.errors import UnusableSample

_CRITICAL = 1.959963984540054  # of the normal distribution, for 95 %
_ROUNDING = 1e-9


def share_interval(passed: int, trials: int) -> tuple[float, float]:
    """
    The 95 % interval of a share; everything that is possible where nothing was tried.

    >>> [round(each, 4) for each in share_interval(56, 70)]
    [0.6918, 0.877]

    Raises:
        UnusableSample: More passed than were tried, or a count is negative.
    """
    _check(passed, trials)
    return _wilson(passed, trials)


def mean_interval(mean: float, observed: int) -> tuple[float, float]:
    """
    A 95 % interval of the mean of values between 0 and 1, by Wilson's method.

    It is a share's where every value is 0 or 1. Values in between vary less than those of the same mean that are
    not, so that it is wide enough for them (Bhatia and Davis, 2000).

    >>> mean_interval(0.8, 70) == share_interval(56, 70)
    True

    Raises:
        UnusableSample: The mean is not between 0 and 1, or the count is negative.
    """
    if not -_ROUNDING <= mean <= 1.0 + _ROUNDING or observed < 0:
        raise UnusableSample(f"{mean} is no mean of {observed} values between 0 and 1")
    return _wilson(min(max(mean, 0.0), 1.0) * observed, observed)


def difference_interval(before: tuple[int, int], after: tuple[int, int]) -> tuple[float, float]:
    """
    The 95 % interval of the second share less the first, each given as passed and tried.

    Newcombe's own example, 56 of 70 less 48 of 80:

    >>> [round(each, 4) for each in difference_interval((48, 80), (56, 70))]
    [0.0524, 0.3339]

    Raises:
        UnusableSample: A count cannot be one.
    """
    if not before[1] or not after[1]:
        _check(*before)
        _check(*after)
        return -1.0, 1.0
    one, two = before[0] / before[1], after[0] / after[1]
    (low_one, high_one), (low_two, high_two) = share_interval(*before), share_interval(*after)
    difference = two - one
    return (
        difference - math.hypot(two - low_two, high_one - one),
        difference + math.hypot(high_two - two, one - low_one),
    )


def _check(passed: int, trials: int) -> None:
    if not 0 <= passed <= trials:
        raise UnusableSample(f"{passed} of {trials} trials passed, expected a count from 0 to {max(trials, 0)}")


def _wilson(passed: float, trials: int) -> tuple[float, float]:
    if not trials:
        return 0.0, 1.0
    square = _CRITICAL**2
    centre = passed + square / 2
    spread = _CRITICAL * math.sqrt(square / 4 + passed * (trials - passed) / trials)
    low, high = (centre - spread) / (trials + square), (centre + spread) / (trials + square)
    return (0.0 if passed == 0 else max(low, 0.0)), (1.0 if passed == trials else min(high, 1.0))
