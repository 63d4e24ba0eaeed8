"""The paired comparison: test, interval and equivalence, against brute force and scipy."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from guildhall.algorithms.statistics import ScenarioMeans, UnusableSample, compare
from guildhall.algorithms.statistics.mcnemar import McNemar
from guildhall.algorithms.statistics.signflip import DRAWS, EXACT_UNITS, SignFlip

rates = st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
differences = st.lists(st.sampled_from([-1.0, -0.6, -0.2, 0.0, 0.2, 0.4, 1.0]), min_size=1, max_size=9)
ALPHA = 0.05


def brute_force_p(sums: np.ndarray, sizes: np.ndarray, shift: float = 0.0) -> tuple[float, float, float]:
    """Two-sided, greater and less p-values by flipping the sign of every unit's difference in turn."""
    shifted = sums - shift * sizes
    flipped = np.array(
        [sum(s * d for s, d in zip(signs, shifted, strict=True)) for signs in product((1, -1), repeat=len(sums))]
    )
    observed, slack = shifted.sum(), 1e-9
    return (
        float(np.mean(np.abs(flipped) >= abs(observed) - slack)),
        float(np.mean(flipped >= observed - slack)),
        float(np.mean(flipped <= observed + slack)),
    )


def paired(rows: list[float]):
    """Differences as two sides of one value each."""
    return [[0.0] for _ in rows], [[d] for d in rows]


@settings(deadline=None)
@given(differences)
def test_the_sign_flip_p_value_counts_all_flips(rows):
    result = compare(*paired(rows), binary=False)
    two_sided, _, _ = brute_force_p(np.array(rows), np.ones(len(rows)))
    assert result.p_value == pytest.approx(two_sided, abs=1e-12)
    assert result.method == "sign-flip permutation, exact"


def test_the_sign_flip_p_value_is_that_of_scipys_permutation_test():
    chance = np.random.default_rng(11)
    one, other = chance.random(10), chance.random(10) + 0.3
    oracle = stats.permutation_test(
        (other, one), lambda x, y, axis: np.mean(x - y, axis=axis), permutation_type="samples", n_resamples=np.inf
    )
    result = compare([[v] for v in one], [[v] for v in other], binary=False)
    assert result.p_value == pytest.approx(float(oracle.pvalue))


@settings(deadline=None)
@given(differences, st.floats(-1, 1))
def test_the_interval_holds_exactly_the_differences_that_the_test_does_not_reject(rows, shift):
    result = compare(*paired(rows), binary=False)
    assume(min(abs(shift - result.low), abs(shift - result.high)) > 1e-6)
    two_sided, _, _ = brute_force_p(np.array(rows), np.ones(len(rows)), shift)
    assert (result.low < shift < result.high) == (two_sided >= ALPHA)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from([-0.4, 0.0, 0.2, 0.6])), min_size=2, max_size=16)
)
def test_groups_are_flipped_as_a_whole(rows):
    names = [name for name, _ in rows]
    values = np.array([value for _, value in rows])
    result = compare(*paired(values.tolist()), binary=False, groups=names)
    kinds = sorted(set(names))
    sums = np.array([sum(v for n, v in rows if n == kind) for kind in kinds])
    sizes = np.array([names.count(kind) for kind in kinds])
    assert result.p_value == pytest.approx(brute_force_p(sums, sizes)[0], abs=1e-12)
    assert (result.units, result.over) == (len(kinds), "groups")
    for shift in (-0.21, 0.07, 0.33):
        if min(abs(shift - result.low), abs(shift - result.high)) > 1e-6:
            assert (result.low < shift < result.high) == (brute_force_p(sums, sizes, shift)[0] >= ALPHA)


@settings(deadline=None)
@given(differences, st.floats(0.01, 0.5))
def test_equivalence_is_two_one_sided_tests_at_the_margins(rows, margin):
    result = compare(*paired(rows), binary=False, margin=margin)
    above = brute_force_p(np.array(rows), np.ones(len(rows)), -margin)[1]
    below = brute_force_p(np.array(rows), np.ones(len(rows)), margin)[2]
    assert result.equivalence_p == pytest.approx(max(above, below), abs=1e-12)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_single_binary_trials_get_the_exact_mcnemar_test(pairs):
    result = compare([[a] for a, _ in pairs], [[b] for _, b in pairs], binary=True)
    up, down = sum(b and not a for a, b in pairs), sum(a and not b for a, b in pairs)
    oracle = stats.binomtest(up, up + down).pvalue if up + down else 1.0
    assert result.p_value == pytest.approx(float(oracle))
    assert result.method == "exact McNemar"
    assert (result.up, result.same, result.down) == (up, len(pairs) - up - down, down)
    assert -1 <= result.low <= result.difference <= result.high <= 1


def test_no_change_among_single_trials_leaves_what_ten_scenarios_can_hide():
    result = compare([[True]] * 10, [[True]] * 10, binary=True)
    # 1 - 0.025^(1/10): the rate of changes that would show none in ten with a chance of 2.5 %
    assert (result.low, result.high) == pytest.approx((-(1 - 0.025**0.1), 1 - 0.025**0.1))
    # and 1 - p^(1/10) = 0.05 where p = 0.95^10
    assert result.equivalence_p == pytest.approx(0.95**10)


@pytest.mark.parametrize(
    ("up", "down", "n"), [(7, 2, 24), (12, 1, 24), (3, 9, 60), (5, 5, 10), (6, 3, 10), (40, 20, 100), (70, 29, 100)]
)
def test_mcnemars_limits_are_quantiles_of_the_melded_confidence_variables(up, down, n):
    # Fay & Lumbard's definition, by drawing from it: the share of ups and the rate of changes, each on the cautious side.
    chance = np.random.default_rng(n)
    low, high = McNemar(up, down, n).interval(0.05)
    for x, y, limit in ((up, down, low), (down, up, -high)):
        share = chance.beta(x, y + 1, size=400_000)
        smaller = chance.beta(x + y, n - x - y + 1, size=400_000)
        larger = chance.beta(x + y + 1, n - x - y, size=400_000) if x + y < n else np.ones(400_000)
        drawn = (2 * share - 1) * np.where(share > 0.5, smaller, larger)
        assert limit == pytest.approx(float(np.quantile(drawn, 0.025)), abs=0.006)
        assert McNemar(x, y, n).equivalence_p(0.1) >= np.mean(drawn <= -0.1) - 0.003


def test_all_that_could_change_did():
    result = compare([[False]] * 8, [[True]] * 8, binary=True)
    assert result.p_value == pytest.approx(2 / 2**8)
    assert result.high == 1.0
    assert 0 < result.low < 0.7


def test_a_thousand_changed_scenarios_get_the_paired_t_test():
    chance = np.random.default_rng(5)
    one = chance.lognormal(size=1_200)
    other = one + chance.standard_normal(1_200) + 0.05
    result = compare([[v] for v in one], [[v] for v in other], binary=False)
    oracle = stats.ttest_rel(other, one)
    limits = oracle.confidence_interval()
    assert result.method == "paired t"
    assert result.p_value == pytest.approx(float(oracle.pvalue))
    assert (result.low, result.high) == pytest.approx((limits.low, limits.high))
    above = stats.ttest_rel(other + 0.2, one, alternative="greater").pvalue
    below = stats.ttest_rel(other - 0.2, one, alternative="less").pvalue
    assert compare([[v] for v in one], [[v] for v in other], binary=False, margin=0.2).equivalence_p == pytest.approx(
        max(above, below)
    )


def test_few_changes_among_very_many_scenarios_are_still_counted_not_averaged():
    rows = [0.2] * 5 + [0.0] * 4_995
    result = compare(*paired(rows), binary=False)
    assert result.method == "sign-flip permutation, exact"
    assert result.p_value == 2 / 2**5
    assert result.low == 0.0


@settings(deadline=None)
@given(st.integers(1, 12))
def test_k_changed_scenarios_cannot_go_below_two_in_2_to_the_k(changed):
    result = compare([[0.0] * 2] * 20, [[1.0] * 2] * changed + [[0.0] * 2] * (20 - changed), binary=True)
    assert result.p_value == result.smallest_reachable_p == 2 / 2**changed
    assert (result.low > 0) == (changed >= 6)


def sides(size: st.SearchStrategy[int]):
    return size.flatmap(
        lambda n: st.tuples(
            *(st.lists(st.lists(st.booleans(), min_size=1, max_size=3), min_size=n, max_size=n) for _ in range(2))
        )
    )


@settings(max_examples=120, deadline=None)
@given(sides(st.integers(1, 30)), st.sampled_from([0.05, 0.01, 0.05 / 3, 0.1]), st.booleans())
def test_the_interval_never_contradicts_the_p_value_of_rates(both, alpha, grouped):
    groups = [f"group {number // 3}" for number in range(len(both[0]))] if grouped else None
    result = compare(*both, binary=True, groups=groups)
    assert (result.low > 0 or result.high < 0) == (result.p_value < ALPHA)
    low, high = result.interval(alpha)
    assert (low > 0 or high < 0) == (result.p_value < alpha)
    assert low <= result.difference + 1e-9
    assert high >= result.difference - 1e-9


@settings(max_examples=120, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40), st.floats(-100, 100), st.booleans())
def test_the_interval_never_contradicts_the_p_value_of_costs(rows, drift, grouped):
    groups = [f"group {number // 2}" for number in range(len(rows))] if grouped else None
    result = compare(*paired([row + drift for row in rows]), binary=False, groups=groups)
    for alpha in (ALPHA, ALPHA / 3):
        low, high = result.interval(alpha)
        assert (low > 0 or high < 0) == (result.p_value < alpha)


@pytest.mark.parametrize("seed", range(40))
def test_the_interval_never_contradicts_the_p_value_where_sets_are_drawn_or_averaged(seed):
    chance = np.random.default_rng(seed)
    scenarios = [60, 150, 1_100][seed % 3]
    before = chance.binomial(5, 0.5, size=scenarios) / 5
    effect = 0.3 / math.sqrt(scenarios) * (1 + seed % 4)  # around what is just significant
    after = chance.binomial(5, 0.5 + effect, size=scenarios) / 5
    result = compare([[v] for v in before], [[v] for v in after], binary=False)
    for alpha in (ALPHA, ALPHA / 2, ALPHA / 3, min(0.999, result.p_value), min(0.999, result.p_value * 1.001)):
        low, high = result.interval(alpha)
        assert (low > 0 or high < 0) == (result.p_value < alpha)


@settings(deadline=None)
@given(sides(st.integers(1, 12)))
def test_exchanging_the_sides_mirrors_everything(both):
    one, other = compare(*both, binary=True), compare(*reversed(both), binary=True)
    assert one.p_value == pytest.approx(other.p_value)
    assert one.equivalence_p == pytest.approx(other.equivalence_p)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-9)
    assert (one.up, one.down, one.baseline) == (other.down, other.up, other.candidate)


def test_drawn_sets_agree_with_counting_all_of_them():
    chance = np.random.default_rng(2)
    sums = chance.normal(0.25, 1, size=EXACT_UNITS)
    exact = SignFlip(sums, np.ones(EXACT_UNITS, dtype=np.int64))
    # One more unit, too small to matter, and the sets are drawn.
    drawn = SignFlip(np.append(sums, 1e-6), np.ones(EXACT_UNITS + 1, dtype=np.int64))
    assert exact.method.endswith("exact")
    assert drawn.method.endswith(f"{DRAWS:,} draws")
    assert drawn.p_value == pytest.approx(exact.p_value, abs=0.01)
    scaled = (EXACT_UNITS + 1) / EXACT_UNITS
    assert np.array(drawn.interval(0.05)) * scaled == pytest.approx(np.array(exact.interval(0.05)), abs=0.1)


def test_unequal_groups_whose_sets_are_drawn_keep_their_sizes():
    chance = np.random.default_rng(4)
    names = [f"group {number}" for number in chance.integers(0, 40, size=300)]
    rows = (chance.normal(0.3, 1, size=300)).tolist()
    result = compare(*paired(rows), binary=False, groups=names)
    assert "draws" in result.method
    assert result.low < result.difference < result.high
    # Close to the cluster-robust interval, though not the same.
    half = stats.t.ppf(0.975, result.units - 1) * result.standard_error
    assert result.high - result.low == pytest.approx(2 * half, rel=0.15)


def test_the_same_question_gets_the_same_answer():
    chance = np.random.default_rng(9)
    both = chance.random((2, 50, 3)) < 0.5
    assert compare(*both.tolist(), binary=True) == compare(*both.tolist(), binary=True)


def test_rounding_does_not_make_a_change():
    # 0.6 - 0.3 and 0.1 + 0.2 differ in the last bit
    result = compare([[0.6 - 0.3]] * 3, [[0.1 + 0.2]] * 3, binary=False)
    assert (result.up, result.same, result.down, result.units_changed) == (0, 3, 0, 0)
    # two thirds of 3 and of 6 trials are the same
    unequal = compare([[True, True, False]] * 3, [[True, False, True, True, False, True]] * 3, binary=True)
    assert unequal.same == 3


def test_a_rate_that_hardly_moved_keeps_an_interval_that_allows_for_rarer_changes():
    same = compare([[True] * 5] * 24, [[True] * 5] * 24, binary=True)
    assert same.method.startswith("sign-flip")
    assert same.high == pytest.approx(1 - 0.025 ** (1 / 24))
    assert same.equivalence_p > 0.05
    many = compare([[True] * 5] * 80, [[True] * 5] * 80, binary=True)
    assert many.equivalence_p < 0.05


def test_counts_from_sql_compare_like_the_trials_themselves():
    chance = np.random.default_rng(1)
    both = chance.random((2, 30, 4)) < np.array([0.4, 0.7])[:, None, None]
    counted = [ScenarioMeans.of_counts([4] * 30, side.sum(axis=1)) for side in both]
    assert compare(*counted, binary=True) == compare(*both.tolist(), binary=True)


def test_the_default_margins_are_five_points_and_a_tenth_of_the_baseline():
    assert compare([[True]] * 3, [[True]] * 3, binary=True).margin == 0.05
    assert compare([[2.0]] * 3, [[2.0]] * 3, binary=False).margin == pytest.approx(0.2)
    assert compare([[2.0]] * 3, [[2.0]] * 3, binary=False, margin=0.5).margin == 0.5


def test_one_scenario_decides_nothing():
    rate = compare([[False] * 5], [[True] * 5], binary=True)
    assert (rate.low, rate.high, rate.p_value) == (-1.0, 1.0, 1.0)
    cost = compare([[1.0]], [[2.0]], binary=False)
    assert (cost.low, cost.high, cost.p_value) == (-math.inf, math.inf, 1.0)
    assert cost.difference == 1.0


def test_the_spread_is_split_into_what_trials_cause_and_what_scenarios_do():
    chance = np.random.default_rng(8)
    truth = np.where(np.arange(4_000) % 2 == 0, 0.3, 0.7)  # the change differs by ± 0.2, variance 0.04
    one = (chance.random((4_000, 4)) < 0.5).tolist()
    other = (chance.random((4_000, 4)) < truth[:, None]).tolist()
    result = compare(one, other, binary=True)
    assert result.between_variance == pytest.approx(0.04, abs=0.008)
    assert result.within_variance == pytest.approx((0.25 + 0.21) / 4, abs=0.003)
    assert result.between_variance + result.within_variance == pytest.approx(4_000 * result.standard_error**2)
    assert compare([[True]] * 9, [[False]] * 9, binary=True).between_variance is None


@pytest.mark.parametrize(
    "broken",
    [
        lambda: compare([[True]], [[True], [False]], binary=True),
        lambda: compare([], [], binary=True),
        lambda: compare([[True]], [[]], binary=True),
        lambda: compare([[True]], [[3.0]], binary=True),
        lambda: compare([[1.0]], [[math.nan]], binary=False),
        lambda: compare([[1.0]], [[2.0]], binary=False, margin=-1),
        lambda: compare([[1.0]], [[2.0]], binary=False, margin=math.nan),
        lambda: compare([[1.0]], [[2.0]], binary=False, level=1.0),
        lambda: compare([[1.0]], [[2.0]], binary=False, groups=["a", "b"]),
    ],
)
def test_sides_that_cannot_be_compared_are_refused(broken):
    with pytest.raises(UnusableSample, match="expected"):
        broken()
