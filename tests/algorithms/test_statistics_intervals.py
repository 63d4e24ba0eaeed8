"""Intervals of one simulation: worked examples, oracles, edges. Their coverage is in test_statistics_coverage.py."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from guildhall.algorithms.statistics import ScenarioMeans, UnusableSample, mean, median, pass_rate, quantile
from guildhall.algorithms.statistics.distributions import (
    beta_cdf,
    beta_quantile,
    binomial_at_most,
    heads_at_most,
    incomplete_beta,
    t_quantile,
    t_upper_tail,
)
from guildhall.algorithms.statistics.intervals import jackknife_variance

outcomes = st.lists(st.lists(st.booleans(), min_size=1, max_size=5), min_size=1, max_size=20)
values = st.floats(-1e6, 1e6, allow_nan=False)


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=2, max_size=60))
def test_one_trial_each_gives_wilsons_interval_with_students_quantile(passes):
    estimate = pass_rate([[passed] for passed in passes])
    n = len(passes)
    # Wilson's interval at the level whose normal quantile is Student's at 95 %.
    level = 2 * NormalDist().cdf(float(stats.t.ppf(0.975, n - 1))) - 1
    if level < 1:  # two scenarios: a quantile of 12.7 is beyond every level
        oracle = stats.binomtest(sum(passes), n).proportion_ci(level, method="wilson")
        assert (estimate.low, estimate.high) == pytest.approx((oracle.low, oracle.high), abs=1e-6)
    assert estimate.method == "95 % Wilson interval, over scenarios"
    assert (estimate.n, estimate.over) == (n, "scenarios")


@settings(deadline=None)
@given(outcomes)
def test_a_rate_lies_inside_its_interval_and_that_inside_0_and_1(trials):
    estimate = pass_rate(trials)
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
    assert estimate.value == pytest.approx(np.mean([np.mean(row) for row in trials]))


@settings(deadline=None)
@given(outcomes)
def test_failures_are_passes_mirrored(trials):
    passed, failed = pass_rate(trials), pass_rate([[not t for t in row] for row in trials])
    assert (passed.low, passed.high) == pytest.approx((1 - failed.high, 1 - failed.low), abs=1e-9)


@settings(deadline=None)
@given(outcomes, st.randoms())
def test_the_order_of_scenarios_and_trials_does_not_matter(trials, chance):
    shuffled = [chance.sample(row, len(row)) for row in chance.sample(trials, len(trials))]
    one, other = pass_rate(trials), pass_rate(shuffled)
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-9)


@settings(deadline=None)
@given(outcomes)
def test_groups_of_one_scenario_each_are_no_groups(trials):
    alone = pass_rate(trials, [f"group {number}" for number in range(len(trials))])
    plain = pass_rate(trials)
    if len(trials) > 1:
        assert (alone.low, alone.high) == pytest.approx((plain.low, plain.high))


@settings(deadline=None)
@given(outcomes)
def test_counts_from_sql_give_the_same_as_the_trials(trials):
    counts = ScenarioMeans.of_counts([len(row) for row in trials], [sum(row) for row in trials])
    one, other = pass_rate(counts), pass_rate(trials)
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))


@settings(deadline=None)
@given(st.lists(st.lists(values, min_size=1, max_size=4), min_size=2, max_size=12))
def test_moments_from_sql_give_the_same_as_the_values(rows):
    moments = ScenarioMeans.of_moments(
        [len(row) for row in rows],
        [float(np.mean(row)) for row in rows],
        [float(np.var(row, ddof=1)) if len(row) > 1 else None for row in rows],
    )
    one, other = mean(moments), mean(rows)
    scale = max(1.0, float(np.abs(np.concatenate(rows)).max()))
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-9 * scale)


@pytest.mark.parametrize(("passed", "trials"), [(True, 1), (True, 5), (False, 1), (False, 5)])
def test_all_alike_still_leaves_room_on_the_other_side(passed, trials):
    estimate = pass_rate([[passed] * trials] * 10)
    # Student's 2.262 at 9 degrees of freedom: 2.262² / (10 + 2.262²) = .338
    if passed:
        assert estimate.high == 1.0
        assert estimate.low == pytest.approx(1 - 0.3385, abs=1e-3)
    else:
        assert estimate.low == 0.0
        assert estimate.high == pytest.approx(0.3385, abs=1e-3)


def test_more_trials_of_alike_scenarios_narrow_the_interval_and_unlike_ones_hardly():
    alike = pass_rate([[True, False, True, False]] * 12)
    unlike = pass_rate([[True] * 4] * 6 + [[False] * 4] * 6)
    once = pass_rate([[True]] * 6 + [[False]] * 6)
    assert alike.high - alike.low < 0.75 * (once.high - once.low)
    assert unlike.high - unlike.low == pytest.approx(once.high - once.low, rel=0.05)


def test_declared_groups_widen_the_interval_when_their_scenarios_go_together():
    trials = [[True]] * 12 + [[False]] * 12
    groups = ["refunds"] * 6 + ["orders"] * 6 + ["shipping"] * 6 + ["account"] * 6
    grouped, plain = pass_rate(trials, groups), pass_rate(trials)
    assert grouped.n == 4
    assert grouped.over == "groups"
    assert grouped.method == "95 % score interval, over groups"
    assert grouped.high - grouped.low > 1.5 * (plain.high - plain.low)


def test_one_scenario_has_an_interval_over_its_trials():
    estimate = pass_rate([[True, True, False, True]])
    assert (estimate.value, estimate.n, estimate.over) == (0.75, 4, "trials")
    assert 0 < estimate.low < 0.75 < estimate.high < 1


def test_one_group_says_nothing_about_other_groups():
    rate = pass_rate([[True], [False]], ["a", "a"])
    assert (rate.low, rate.high, rate.n) == (0.0, 1.0, 1)
    assert rate.method == "no interval from a single group"
    cost = mean([[1.0], [2.0]], ["a", "a"])
    assert (cost.low, cost.high) == (-math.inf, math.inf)


def test_one_trial_of_one_scenario_is_an_estimate_without_knowledge():
    rate, cost = pass_rate([[True]]), mean([[3.5]])
    assert rate.low < 0.3
    assert rate.high == 1.0
    assert (cost.value, cost.low, cost.high) == (3.5, -math.inf, math.inf)


@settings(deadline=None)
@given(st.lists(st.lists(values, min_size=1, max_size=3), min_size=2, max_size=12))
def test_the_mean_of_a_cost_has_students_interval_over_scenario_means(rows):
    estimate = mean(rows)
    per_scenario = [float(np.mean(row)) for row in rows]
    half = float(stats.t.ppf(0.975, len(rows) - 1)) * float(np.std(per_scenario, ddof=1)) / math.sqrt(len(rows))
    scale = max(1.0, *map(abs, per_scenario))
    assert estimate.high - estimate.value == pytest.approx(half, abs=1e-7 * scale)
    assert estimate.value == pytest.approx(float(np.mean(per_scenario)), abs=1e-9 * scale)


def test_the_interval_of_several_trials_of_one_cost_is_over_trials():
    estimate = mean([[1.0, 2.0, 3.0]])
    oracle = stats.ttest_1samp([1.0, 2.0, 3.0], 0).confidence_interval()
    assert (estimate.low, estimate.high) == pytest.approx((oracle.low, oracle.high))
    assert estimate.over == "trials"


def test_graded_scores_have_a_narrower_interval_than_yes_or_no():
    chance = np.random.default_rng(7)
    scores = np.clip(0.7 + 0.1 * chance.standard_normal((50, 1)), 0, 1)
    bounded, free = mean(scores.tolist(), bounds=(0, 1)), mean(scores.tolist())
    assert bounded.high - bounded.low < 1.2 * (free.high - free.low)


def test_a_scale_with_other_bounds_is_a_stretched_one():
    rows = [[0.1, 0.4], [0.9, 0.8], [0.5], [0.7]]
    unit = mean(rows, bounds=(0, 1))
    grades = mean([[1 + 9 * v for v in row] for row in rows], bounds=(1, 10))
    assert (grades.low, grades.high) == pytest.approx((1 + 9 * unit.low, 1 + 9 * unit.high))


def test_leaving_out_one_group_at_a_time_is_what_the_variance_says():
    chance = np.random.default_rng(3)
    y = chance.random(11)
    units = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 4])
    left_out = np.array([y[units != g].mean() for g in range(5)])
    oracle = 4 / 5 * ((left_out - y.mean()) ** 2).sum()
    assert jackknife_variance(y[None, :], units)[0] == pytest.approx(oracle)
    alone = jackknife_variance(y[None, :], np.arange(11))[0]
    assert alone == pytest.approx(float(np.var(y, ddof=1)) / 11)


@settings(deadline=None)
@given(st.lists(values, min_size=1, max_size=40), st.sampled_from([0.25, 0.5, 0.95]))
def test_a_quantile_has_the_limits_that_scipys_quantile_test_gives(sample, probability):
    estimate = quantile(sample, probability)
    n, ordered = len(sample), np.sort(sample)
    # P(the quantile lies below value number r) and above, from the binomial distribution.
    below = [r for r in range(1, n + 1) if stats.binom.cdf(r - 1, n, probability) <= 0.025 + 1e-12]
    above = [r for r in range(1, n + 1) if stats.binom.sf(r - 1, n, probability) <= 0.025 + 1e-12]
    assert estimate.low == (ordered[max(below) - 1] if below else -math.inf)
    assert estimate.high == (ordered[min(above) - 1] if above else math.inf)
    assert estimate.value == pytest.approx(float(np.quantile(sample, probability)))


def test_the_median_of_five_values_has_no_95_percent_interval_and_of_six_it_has():
    assert (median([1, 2, 3, 4, 5]).low, median([1, 2, 3, 4, 5]).high) == (-math.inf, math.inf)
    assert (median([1, 2, 3, 4, 5, 6]).low, median([1, 2, 3, 4, 5, 6]).high) == (1, 6)


@pytest.mark.parametrize(
    "broken",
    [
        lambda: pass_rate([]),
        lambda: pass_rate([[True], []]),
        lambda: pass_rate([[2.0]]),
        lambda: pass_rate([[True], [math.nan]]),
        lambda: mean([[math.inf], [1.0]]),
        lambda: mean([[1.0], [2.0]], ["only one group"]),
        lambda: mean([[1.0]], level=95),
        lambda: median([]),
        lambda: median([math.nan]),
        lambda: quantile([1.0], 0),
        lambda: ScenarioMeans.of_counts([3], [4]),
        lambda: ScenarioMeans.of_counts([3, 3], [1]),
        lambda: ScenarioMeans.of_moments([2], [1.0], [-1.0]),
        lambda: ScenarioMeans.of_moments([2, 2], [1.0], [1.0]),
    ],
)
def test_what_cannot_carry_a_statement_is_refused_with_a_reason(broken):
    with pytest.raises(UnusableSample, match="expected") as refusal:
        broken()
    assert isinstance(refusal.value, ValueError)
    assert refusal.value.code == "unusable_sample"


def test_the_scenario_without_trials_is_named():
    with pytest.raises(UnusableSample, match="scenario number 1 has no trials"):
        pass_rate([[True], [], [False]])


def test_students_distribution_agrees_with_scipy():
    for degrees in (1, 2, 3.5, 9, 99, 1e5):
        for probability in (0.3, 0.5, 0.8, 0.975, 0.9999):
            point = t_quantile(probability, degrees)
            assert point == pytest.approx(special.stdtrit(degrees, probability), rel=1e-8, abs=1e-12)
        for point in (-8.0, -0.5, 0.0, 2.0, 40.0):
            assert t_upper_tail(point, degrees) == pytest.approx(special.stdtr(degrees, -point), rel=1e-8)
    assert t_quantile(0.975, math.inf) == pytest.approx(1.959964, abs=1e-6)
    assert t_upper_tail(1.959964, math.inf) == pytest.approx(0.025, abs=1e-6)


@settings(deadline=None)
@given(st.floats(0.01, 1e4), st.floats(0.01, 1e4), st.floats(0, 1, allow_subnormal=False))
def test_the_incomplete_beta_function_agrees_with_scipy(a, b, x):
    assert incomplete_beta(a, b, x) == pytest.approx(special.betainc(a, b, x), rel=1e-7, abs=1e-12)


@settings(deadline=None)
@given(st.integers(1, 700), st.integers(1, 700))
def test_beta_distributions_agree_with_scipy(a, b):
    points = np.linspace(-0.1, 1.1, 60)
    assert beta_cdf(points, a, b) == pytest.approx(stats.beta.cdf(points, a, b), abs=1e-10)
    chances = np.array([1e-4, 0.025, 0.3, 0.5, 0.975])
    assert beta_quantile(chances, a, b) == pytest.approx(stats.beta.ppf(chances, a, b), abs=1e-10)


@settings(deadline=None)
@given(st.integers(1, 2_500), st.floats(0.01, 0.99))
def test_binomial_chances_agree_with_scipy(tosses, probability):
    oracle = stats.binom.cdf(np.arange(tosses + 1), tosses, probability)
    assert binomial_at_most(tosses, probability) == pytest.approx(oracle, abs=1e-10)
    heads = tosses // 3
    assert heads_at_most(heads, tosses) == pytest.approx(stats.binom.cdf(heads, tosses, 0.5), rel=1e-7, abs=1e-300)
