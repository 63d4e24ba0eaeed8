"""
Do the intervals hold the truth as often as they say, and how often is "better" said of equals?

Simulated over the grid n = 10, 24, 100 scenarios, rates .1, .5, .9, 1 and 5
trials, with and without clustering: by scenario (rates drawn from a beta
distribution with a given correlation between trials), by declared group, or both.
Seeds are fixed, so a result is the same on every run; with 4,000 samples one
standard error of a coverage of 95 % is 0.35 points.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats

from guildhall.algorithms.statistics import (
    Verdict,
    compare,
    judge,
    mean,
    minimum_detectable_effect,
    pass_hat_k_estimate,
    pass_rate,
)
from guildhall.algorithms.statistics.intervals import bounded_interval
from guildhall.algorithms.statistics.mcnemar import McNemar, melded_lower_limit

LEAST_COVERAGE = 0.93
MOST_FALSE_ALARMS = 0.06
SAMPLES = 4_000
GROUPS = {10: (5,), 24: (6, 12), 100: (10, 20)}
GRID = [(n, p, trials) for n in (10, 24, 100) for p in (0.1, 0.5, 0.9) for trials in (1, 5)]
on_the_grid = pytest.mark.parametrize(("n", "p", "trials"), GRID)


def around(mean_rate, correlation, chance, shape):
    """Rates of this mean, of which trials drawn from the same rate correlate by so much."""
    if correlation == 0:
        return np.broadcast_to(mean_rate, shape)
    weight = (1 - correlation) / correlation
    rate = np.clip(mean_rate, 1e-9, 1 - 1e-9)
    return chance.beta(rate * weight, (1 - rate) * weight, size=shape)


def scenario_rates(n, p, chance, *, by_scenario=0.0, by_group=0.0, groups=None, samples=SAMPLES):
    """True rates, samples × scenarios, and the group of each scenario."""
    units = np.arange(n) if groups is None else np.arange(n) * groups // n
    shared = p if groups is None else around(p, by_group, chance, (samples, groups))[:, units]
    return np.array(around(shared, by_scenario, chance, (samples, n))), units


def clusterings(n, trials):
    scenario = (0.0, 0.1, 0.3, 0.6) if trials > 1 else (0.0,)
    yield from ({"by_scenario": s} for s in scenario)
    for groups in GROUPS[n]:
        yield from (
            {"by_scenario": s, "by_group": g, "groups": groups}
            for g in (0.0, 0.1, 0.3)
            for s in ((0.0, 0.3) if trials > 1 else (0.0,))
        )


# --- pass rates ---------------------------------------------------------------------------------------------


@on_the_grid
def test_a_pass_rates_interval_holds_the_true_rate(n, p, trials):
    chance = np.random.default_rng([n, int(10 * p), trials])
    for clustering in clusterings(n, trials):
        rates, units = scenario_rates(n, p, chance, **clustering)
        shares = chance.binomial(trials, rates) / trials
        within = (shares * (1 - shares)).mean(axis=1)
        low, high = bounded_interval(shares, units, np.full(n, trials), within)
        coverage = np.mean((low <= p) & (p <= high))
        assert coverage >= LEAST_COVERAGE, (clustering, coverage)


def test_the_simulated_interval_is_the_one_that_people_get():
    chance = np.random.default_rng(1)
    rates, units = scenario_rates(24, 0.7, chance, by_scenario=0.3, by_group=0.1, groups=6, samples=20)
    passes = chance.binomial(5, rates)
    low, high = bounded_interval(passes / 5, units, np.full(24, 5), (passes / 5 * (1 - passes / 5)).mean(axis=1))
    for sample, limits in zip(passes, zip(low, high, strict=True), strict=True):
        estimate = pass_rate([[1] * c + [0] * (5 - c) for c in sample], [str(unit) for unit in units])
        assert (estimate.low, estimate.high) == pytest.approx(limits)


@pytest.mark.parametrize("n", [10, 24, 100])
def test_an_interval_for_passing_all_five_holds_the_truth(n):
    chance = np.random.default_rng(n)
    rates, _ = scenario_rates(n, 0.7, chance, by_scenario=0.3, samples=600)
    many, _ = scenario_rates(500_000, 0.7, chance, by_scenario=0.3, samples=1)
    for k in (2, 5):
        truth = float((many**k).mean())
        passes = chance.binomial(5, rates)
        estimates = [pass_hat_k_estimate([(5, int(c)) for c in sample], k) for sample in passes]
        assert np.mean([e.low <= truth <= e.high for e in estimates]) >= LEAST_COVERAGE


@pytest.mark.parametrize("n", [10, 24, 100])
def test_an_interval_for_graded_scores_holds_the_truth(n):
    chance = np.random.default_rng(n)
    scores = chance.beta(7, 3, size=(1_000, n, 1))
    estimates = [mean(sample.tolist(), bounds=(0, 1)) for sample in scores]
    assert np.mean([e.low <= 0.7 <= e.high for e in estimates]) >= LEAST_COVERAGE


# --- differences, one binary trial each: all that can happen is counted, nothing simulated -----------------


@cache
def mcnemar_limits(up, down, n):
    return melded_lower_limit(up, down, n, 0.025), -melded_lower_limit(down, up, n, 0.025)


@pytest.mark.parametrize("n", [10, 24, 100])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_mcnemars_interval_holds_the_true_difference_and_its_test_keeps_its_level(n, p):
    # Versions alike with independent trials; alike in hard and easy scenarios; five and thirty points apart.
    alike, tied, sign = p * (1 - p), p * (1 - p) / 4, 1 if p < 0.6 else -1
    for more, less in ((alike, alike), (tied, tied), (alike / 2 + 0.05, alike / 2), (0.35, 0.05)):
        up, down = (more, less) if sign > 0 else (less, more)
        difference, coverage, alarms = up - down, 0.0, 0.0
        for ups in range(n + 1):
            chances = stats.multinomial.pmf(
                [(ups, downs, n - ups - downs) for downs in range(n - ups + 1)], n, [up, down, 1 - up - down]
            )
            for downs in np.flatnonzero(chances > 1e-7):
                low, high = mcnemar_limits(ups, int(downs), n)
                coverage += chances[downs] * (low <= difference + 1e-9 and difference - 1e-9 <= high)
                alarms += chances[downs] * (McNemar(ups, int(downs), n).p_value < 0.05)
        assert coverage >= LEAST_COVERAGE, (more, less, coverage)
        if up == down:
            assert alarms <= MOST_FALSE_ALARMS


# --- differences of several trials, and of groups -----------------------------------------------------------


@cache
def sets_of(units):
    """Every set of up to ten units, else 2,000 drawn ones; an implementation of its own, for many samples at once."""
    if units <= 10:
        return ((np.arange(1, 2**units)[:, None] >> np.arange(units)) & 1).astype(float)
    return np.random.default_rng(units).integers(0, 2, size=(1_999, units)).astype(float)


def two_sided_p(sums, sizes, shifts):
    sets = sets_of(sums.shape[1])
    sizes_of_sets = sets @ sizes
    at_most, at_least = np.empty(len(sums)), np.empty(len(sums))
    for start in range(0, len(sums), 500):
        part = slice(start, start + 500)
        values = sums[part] @ sets.T
        if shifts[part].any():
            values -= shifts[part, None] * sizes_of_sets
        at_most[part] = (1 + (values <= 1e-9).sum(axis=1, dtype=np.uint16)) / (len(sets) + 1)
        at_least[part] = (1 + (values >= -1e-9).sum(axis=1, dtype=np.uint16)) / (len(sets) + 1)
    return np.minimum(1, 2 * np.minimum(at_most, at_least))


def summed(differences, units):
    members = np.zeros((len(units), units.max() + 1))
    members[np.arange(len(units)), units] = 1
    return differences @ members, members.sum(axis=0)


def holds(differences, units, truth):
    """Whether each sample's interval holds the true difference, as `compare` would make it."""
    sums, sizes = summed(differences, units)
    inside = two_sided_p(sums, sizes, np.full(len(sums), truth)) >= 0.05
    # Where fewer than six units changed, the interval reaches at least as far as McNemar's would.
    for sample in np.flatnonzero(~inside & ((np.abs(sums) > 1e-9).sum(axis=1) < 6)):
        ups, downs = int((sums[sample] > 1e-9).sum()), int((sums[sample] < -1e-9).sum())
        low, high = mcnemar_limits(ups, downs, len(sizes))
        inside[sample] = low <= truth <= high
    return inside


@pytest.mark.parametrize(("n", "p"), [(n, p) for n in (10, 24, 100) for p in (0.1, 0.5, 0.9)])
def test_the_interval_of_a_paired_difference_holds_it_and_equals_are_seldom_told_apart(n, p):
    chance = np.random.default_rng([n, int(10 * p)])
    plain, samples = np.arange(n), 2_000
    for correlation in (0.0, 0.3, 0.7):
        one, _ = scenario_rates(n, p, chance, by_scenario=correlation, samples=samples)
        goal = 1.0 if p < 0.6 else 0.0
        others = {
            "the same agent": (one, 0.0),
            "as good on average, better and worse by scenario": (
                scenario_rates(n, p, chance, by_scenario=correlation, samples=samples)[0],
                0.0,
            ),
            "a quarter of the way to the goal": (0.75 * one + 0.25 * goal, 0.25 * (goal - p)),
        }
        for name, (other, truth) in others.items():
            differences = (chance.binomial(5, other) - chance.binomial(5, one)) / 5
            coverage = holds(differences, plain, truth).mean()
            assert coverage >= LEAST_COVERAGE, (correlation, name, coverage)
            if truth == 0:
                alarms = (two_sided_p(differences, np.ones(n), np.zeros(samples)) < 0.05).mean()
                assert alarms <= MOST_FALSE_ALARMS, (correlation, name, alarms)


@pytest.mark.parametrize(("n", "p", "trials"), [case for case in GRID if case[0] > 10])
def test_with_declared_groups_a_paired_difference_is_held_and_equals_are_seldom_told_apart(n, p, trials):
    chance = np.random.default_rng([n, int(10 * p), trials, 9])
    samples = 2_000
    for groups in GROUPS[n]:
        for by_group in (0.0, 0.1, 0.3):
            clustering = {"by_scenario": 0.2, "by_group": by_group, "groups": groups, "samples": samples}
            one, units = scenario_rates(n, p, chance, **clustering)
            other, _ = scenario_rates(n, p, chance, **clustering)
            differences = (chance.binomial(trials, other) - chance.binomial(trials, one)) / trials
            sums, sizes = summed(differences, units)
            alarms = (two_sided_p(sums, sizes, np.zeros(samples)) < 0.05).mean()
            assert alarms <= MOST_FALSE_ALARMS, (groups, by_group, alarms)
            assert holds(differences, units, 0.0).mean() >= LEAST_COVERAGE


def test_ignoring_the_groups_would_raise_false_alarms():
    # The counter-test: the same data without their groups fail the bound that they keep with them.
    chance = np.random.default_rng(6)
    clustering = {"by_group": 0.3, "groups": 10, "samples": 1_000}
    one, units = scenario_rates(100, 0.5, chance, **clustering)
    other, _ = scenario_rates(100, 0.5, chance, **clustering)
    differences = (chance.binomial(5, other) - chance.binomial(5, one)) / 5
    assert (two_sided_p(differences, np.ones(100), np.zeros(1_000)) < 0.05).mean() > 0.3
    assert (two_sided_p(*summed(differences, units), np.zeros(1_000)) < 0.05).mean() <= MOST_FALSE_ALARMS


@pytest.mark.parametrize("n", [10, 24, 100])
def test_the_simulated_comparison_is_the_one_that_people_get(n):
    chance = np.random.default_rng(n)
    one, other = chance.binomial(5, 0.5, size=(2, 20, n))
    simulated = two_sided_p((other - one) / 5, np.ones(n), np.zeros(20))
    for before, after, p in zip(one, other, simulated, strict=True):
        result = compare(trials_of(before, 5), trials_of(after, 5), binary=True)
        assert result.p_value == pytest.approx(p, abs=1e-9 if n == 10 else 0.04)


@pytest.mark.parametrize(("n", "trials"), [(20, 5), (50, 5), (200, 5), (50, 1), (200, 1)])
def test_the_detectable_effect_is_found_in_four_of_five_simulations(n, trials):
    samples, between = 2_000, 0.01
    # Rates on both sides of .5: a trial's variance is .25 less the square of the distance.
    effect = 0.2
    for _ in range(3):
        within = 0.25 - (effect / 2) ** 2 - between / 2
        effect = minimum_detectable_effect(n, trials, within_variance=within, between_variance=between)
    chance = np.random.default_rng(n)
    before = np.full((samples, n), 0.5 - effect / 2)
    after = before + effect + chance.choice((-0.1, 0.1), size=(samples, n))
    differences = (chance.binomial(trials, after) - chance.binomial(trials, before)) / trials
    found = (two_sided_p(differences, np.ones(n), np.zeros(samples)) < 0.05).mean()
    assert found == pytest.approx(0.8, abs=0.04)


# --- the whole way, through the front door ------------------------------------------------------------------


def trials_of(passes, trials):
    return [[True] * c + [False] * (trials - c) for c in passes.tolist()]


@pytest.mark.parametrize("trials", [1, 5])
def test_better_and_worse_are_seldom_said_of_equals(trials):
    chance = np.random.default_rng(trials)
    rates, _ = scenario_rates(12, 0.6, chance, by_scenario=0.3, samples=600)
    said, held = 0, 0
    for rate in rates:
        one, other = (trials_of(chance.binomial(trials, rate), trials) for _ in range(2))
        result = compare(one, other, binary=True)
        verdict = judge({"pass rate": result}, {"pass rate": True}).verdict
        said += verdict in {Verdict.BETTER, Verdict.WORSE}
        held += result.low <= 0 <= result.high
    assert said / 600 <= MOST_FALSE_ALARMS
    assert held / 600 >= LEAST_COVERAGE


def test_three_metrics_of_equals_seldom_give_any_false_verdict():
    chance = np.random.default_rng(33)
    any_false = 0
    for _ in range(300):
        values = chance.lognormal(size=(3, 2, 9, 1))
        comparisons = {f"metric {m}": compare(a.tolist(), b.tolist(), binary=False) for m, (a, b) in enumerate(values)}
        verdicts = judge(comparisons, dict.fromkeys(comparisons, True)).metrics.values()
        any_false += any(v.verdict in {Verdict.BETTER, Verdict.WORSE} for v in verdicts)
    assert any_false / 300 <= MOST_FALSE_ALARMS
