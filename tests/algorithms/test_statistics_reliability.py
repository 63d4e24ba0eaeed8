"""pass@k and pass^k, against counting every subset of trials."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guildhall.algorithms.statistics import (
    UnusableSample,
    mean_pass_at_k,
    mean_pass_hat_k,
    pass_at_k,
    pass_at_k_curve,
    pass_at_k_estimate,
    pass_hat_k,
    pass_hat_k_curve,
    pass_hat_k_estimate,
    pass_rate,
)

trials_and_passes = st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


def share_of_subsets(n: int, c: int, k: int, rule) -> float:
    outcomes = [True] * c + [False] * (n - c)
    subsets = list(combinations(outcomes, k))
    return sum(rule(subset) for subset in subsets) / len(subsets)


@settings(deadline=None)
@given(trials_and_passes, st.integers(1, 9))
def test_both_are_the_share_of_all_subsets_of_k_trials(counts, k):
    n, c = counts
    if k > n:
        assert pass_at_k(n, c, k) is None
        assert pass_hat_k(n, c, k) is None
    else:
        assert pass_at_k(n, c, k) == pytest.approx(share_of_subsets(n, c, k, any))
        assert pass_hat_k(n, c, k) == pytest.approx(share_of_subsets(n, c, k, all))


def test_four_passes_of_five_give_three_fifths_for_two_running():
    # 10 pairs of 5 trials, 6 of them without the failed one; the square of 0.8 would be 0.64
    assert pass_hat_k(5, 4, 2) == 0.6
    assert pass_at_k(5, 1, 2) == 0.4


@settings(deadline=None)
@given(st.lists(trials_and_passes, min_size=1, max_size=12))
def test_at_k_1_both_are_the_mean_share_of_passes(counts):
    mean = sum(c / n for n, c in counts) / len(counts)
    assert mean_pass_at_k(counts, 1) == pytest.approx(mean)
    assert mean_pass_hat_k(counts, 1) == pytest.approx(mean)


@settings(deadline=None)
@given(st.lists(trials_and_passes, min_size=1, max_size=12))
def test_the_chance_of_one_pass_rises_with_k_and_that_of_all_falls(counts):
    at, hat = list(pass_at_k_curve(counts).values()), list(pass_hat_k_curve(counts).values())
    assert len(at) == len(hat) == min(n for n, _ in counts)
    assert at == sorted(at)
    assert hat == sorted(hat, reverse=True)


def test_the_mean_is_absent_as_soon_as_one_scenario_has_too_few_trials():
    assert mean_pass_hat_k([(5, 5), (4, 4)], 5) is None
    assert mean_pass_at_k([(5, 5), (4, 4)], 5) is None
    assert mean_pass_hat_k([(5, 5), (4, 4)], 4) == 1.0
    assert 5 not in pass_hat_k_curve([(5, 5), (4, 4)])
    assert pass_hat_k_estimate([(5, 5), (4, 4)], 5) is None


def test_without_scenarios_there_is_no_mean():
    assert mean_pass_at_k([], 1) is None
    assert pass_hat_k_curve([]) == {}
    assert pass_at_k_estimate([], 1) is None


def test_a_curve_stops_where_it_is_told_to():
    assert list(pass_at_k_curve([(5, 2)] * 3, up_to=2)) == [1, 2]


def test_many_trials_do_not_overflow():
    assert pass_hat_k(2_000, 1_999, 1_000) == pytest.approx(0.5)  # 1 - 1000 / 2000


@pytest.mark.parametrize(("n", "c", "k"), [(5, 6, 1), (5, -1, 1), (5, 2, 0)])
def test_impossible_counts_are_refused(n, c, k):
    with pytest.raises(UnusableSample):
        pass_at_k(n, c, k)
    with pytest.raises(ValueError, match="expected"):
        pass_hat_k(n, c, k)


def test_all_trials_running_is_a_yes_or_no_per_scenario_and_has_its_interval():
    counts = [(5, 5)] * 13 + [(5, 3)] * 11
    estimate = pass_hat_k_estimate(counts, 5)
    as_rate = pass_rate([[True]] * 13 + [[False]] * 11)
    assert (estimate.value, estimate.low, estimate.high) == (as_rate.value, as_rate.low, as_rate.high)
    assert estimate.n == 24
    assert estimate.over == "scenarios"


def test_the_estimate_has_the_value_of_the_mean():
    counts = [(5, 5), (5, 3), (6, 1), (5, 0)]
    assert pass_at_k_estimate(counts, 2).value == pytest.approx(mean_pass_at_k(counts, 2))
    assert pass_hat_k_estimate(counts, 2).value == pytest.approx(mean_pass_hat_k(counts, 2))
