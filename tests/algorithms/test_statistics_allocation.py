"""Where more trials narrow an interval most: against every other way of spending as much."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guildhall.algorithms.statistics import UnusableSample, allocation
from guildhall.algorithms.statistics.allocation import Arm, allocate, rate_variance, variance_of_mean

counts = st.integers(1, 6)
variances = st.floats(0, 0.25)
arms = st.builds(
    Arm, st.tuples(counts, counts), st.tuples(variances, variances), st.sampled_from([0.01, 0.02, 0.05, 0.3])
)


def best_by_brute_force(cases: list[Arm], budget: float) -> float:
    """The least variance of all ways to spend at most so much."""
    ranges = [range(int(budget / each.cost + 1e-9) + 1) for each in cases]
    return min(
        variance_of_mean(cases, rounds)
        for rounds in itertools.product(*ranges)
        if sum(n * each.cost for n, each in zip(rounds, cases, strict=True)) <= budget + 1e-9
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(arms, min_size=1, max_size=3), st.floats(0.01, 0.12))
def test_no_other_spending_is_better_by_more_than_a_step_that_did_not_fit(cases: list[Arm], budget: float) -> None:
    found = allocate(cases, budget)
    assert found.cost <= budget + 1e-9
    assert found.after == pytest.approx(variance_of_mean(cases, found.rounds))
    best = best_by_brute_force(cases, budget)
    did_not_fit = [
        variance_of_mean(cases, found.rounds)
        - variance_of_mean(cases, [n + (number == position) for number, n in enumerate(found.rounds)])
        for position, each in enumerate(cases)
        if each.cost > budget - found.cost
    ]
    if len({each.cost for each in cases}) == 1:
        assert found.after == pytest.approx(best, abs=1e-12)
    assert best >= found.after - max(did_not_fit, default=0.0) - 1e-12


def test_what_varies_is_tried_again_and_what_is_dear_less() -> None:
    still, restless = rate_variance(10, 10), rate_variance(10, 5)
    same = allocate([Arm((10, 10), (still, still), 0.1), Arm((10, 10), (restless, restless), 0.1)], 1.0)
    assert same.rounds[1] > same.rounds[0]
    assert same.after < same.before
    # Neyman with costs: four times as dear is tried half as often.
    dear = allocate([Arm((1, 1), (0.25, 0.25), 0.01), Arm((1, 1), (0.25, 0.25), 0.04)], 60.0)
    ratio = (dear.rounds[0] + 1) / (dear.rounds[1] + 1)
    assert ratio == pytest.approx(2, rel=0.01)
    assert dear.cost <= 60.0


@pytest.mark.parametrize(
    ("cases", "budget"),
    [
        ([], 1.0),
        ([Arm((1, 1), (0.1, 0.1), 0.0)], 1.0),
        ([Arm((0, 1), (0.1, 0.1), 1.0)], 1.0),
        ([Arm((1, 1), (0.1, -0.1), 1.0)], 1.0),
        ([Arm((1, 1), (0.1, 0.1), 1.0)], 0.0),
        ([Arm((1, 1), (0.1, 0.1), 1e-9)], 1.0),
    ],
)
def test_what_cannot_be_planned_is_refused(cases: list[Arm], budget: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocation, "MOST_ROUNDS", 100)
    with pytest.raises(UnusableSample):
        allocate(cases, budget)
    with pytest.raises(UnusableSample):
        rate_variance(3, 4)
