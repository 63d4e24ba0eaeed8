"""
Where more trials narrow an interval most for what they cost.

The difference of two versions over n scenarios is the mean of n differences.
A scenario whose two sides were tried m1 and m2 times, with variances a and b
of one trial, adds (a/m1 + b/m2) / n² to the variance of that mean. One more
round of it (a trial on each side) takes away

    (a / (m1 (m1 + 1)) + b / (m2 (m2 + 1))) / n²

and costs what two trials cost. Steps are taken in the order of what they take
away for each dollar. As every scenario's steps take away less and less, no
spending of as much or less leaves a smaller variance, up to the first step that no longer
fits (Everett 1963, Operations Research 11: what minimises variance plus a
price times cost is best for what it costs); with costs that are all the same
there is none at all, and otherwise the best spending takes away at most the first step that did not fit more.
In the limit of small steps that is Neyman's allocation with costs: trials in
proportion to the square root of variance over cost (Cochran 1977, Sampling Techniques, §5.5).

A scenario that has always passed has not shown that it always will: a side's
variance is the expected p (1 - p) after s passes of m under Jeffreys' prior,
(s + 1/2)(m - s + 1/2) / ((m + 1)(m + 2)), which is never 0.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from guildhall.algorithms.statistics.errors import UnusableSample

MOST_ROUNDS = 200_000
"""How many rounds one plan has at most, over all scenarios."""


@dataclass(frozen=True, slots=True)
class Arm:
    """
    A scenario that could be tried again on both sides.

    `trials` (1 or more) and `variances` of one trial are the baseline's and the
    candidate's; `cost` (above 0) is that of one more trial on each side, in USD.
    """

    trials: tuple[int, int]
    variances: tuple[float, float]
    cost: float


@dataclass(frozen=True, slots=True)
class Allocation:
    """
    How many more rounds of each scenario, in the order given, what they cost, and the variance of the mean before and after.

    `gains` is what the next single round of each would take from that variance, for each dollar.
    """

    rounds: Sequence[int]
    cost: float
    before: float
    after: float
    gains: Sequence[float]


def rate_variance(trials: int, passes: int) -> float:
    """
    The variance of one trial that passes or fails, of which so many are known.

    >>> rate_variance(5, 5) > 0
    True

    Raises:
        UnusableSample: There are no trials, or more passes than trials.
    """
    if trials < 1 or not 0 <= passes <= trials:
        raise UnusableSample(f"{passes} passes of {trials} trials, expected trials, and passes between none and all")
    return (passes + 0.5) * (trials - passes + 0.5) / ((trials + 1) * (trials + 2))


def variance_of_mean(arms: Sequence[Arm], rounds: Sequence[int] | None = None) -> float:
    """The variance that trials add to the mean difference, after so many more rounds of each scenario."""
    more = rounds or [0] * len(arms)
    total = sum(
        variance / (trials + extra)
        for arm, extra in zip(arms, more, strict=True)
        for trials, variance in zip(arm.trials, arm.variances, strict=True)
    )
    return total / len(arms) ** 2


def allocate(arms: Sequence[Arm], budget: float) -> Allocation:
    """
    Which scenarios to try again, and how often, for so many USD.

    Raises:
        UnusableSample: No scenario, a side without trials, a variance below 0, a cost or a budget that is not above
            0, or one that buys more than `MOST_ROUNDS`.
    """
    _check(arms, budget)
    many = len(arms) ** 2
    rounds = [0] * len(arms)
    waiting = [(-_gain(arm, 0) / arm.cost, number) for number, arm in enumerate(arms)]
    gains = [-gain / many for gain, _ in waiting]
    heapq.heapify(waiting)
    left = budget * (1 + 1e-12)  # costs are sums of what binary fractions cannot hold
    taken = 0
    while waiting:
        gain, number = heapq.heappop(waiting)
        arm = arms[number]
        if gain >= 0 or arm.cost > left:
            continue  # what is cheaper may still fit
        left -= arm.cost
        rounds[number] += 1
        taken += 1
        if taken > MOST_ROUNDS:
            raise UnusableSample(
                f"the budget of {budget:g} buys more than {MOST_ROUNDS:,} rounds", remedy="Give a smaller one."
            )
        heapq.heappush(waiting, (-_gain(arm, rounds[number]) / arm.cost, number))
    cost = min(budget, sum(extra * arm.cost for extra, arm in zip(rounds, arms, strict=True)))
    return Allocation(rounds, cost, variance_of_mean(arms), variance_of_mean(arms, rounds), gains)


def _gain(arm: Arm, extra: int) -> float:
    """What the next round takes from the sum of variances, after so many."""
    return sum(
        variance / ((trials + extra) * (trials + extra + 1))
        for trials, variance in zip(arm.trials, arm.variances, strict=True)
    )


def _check(arms: Sequence[Arm], budget: float) -> None:
    if not arms:
        raise UnusableSample("no scenarios, expected at least one")
    if not 0 < budget < float("inf"):
        raise UnusableSample(f"a budget of {budget}, expected an amount above 0")
    for number, arm in enumerate(arms):
        usable = min(arm.trials) >= 1 and all(0 <= each < float("inf") for each in arm.variances)
        if not usable or not 0 < arm.cost < float("inf"):
            raise UnusableSample(
                f"scenario number {number} has trials {arm.trials}, variances {arm.variances} and cost {arm.cost}, "
                "expected trials and a cost above 0, and variances from 0",
                position=number,
            )
