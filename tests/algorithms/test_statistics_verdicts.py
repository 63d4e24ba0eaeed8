"""Holm, verdicts, and what would decide."""

from __future__ import annotations

import doctest
import importlib
import math
import pkgutil
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import guildhall.algorithms.statistics as statistics
from guildhall.algorithms.statistics import (
    UnusableSample,
    Verdict,
    assumed_variances,
    compare,
    holm,
    judge,
    minimum_detectable_effect,
    more_scenarios_needed,
    more_trials_needed,
    what_would_decide,
)

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=8)
PASSED, FAILED = [True] * 2, [False] * 2


def rates(up=0, same=0, down=0):
    """A comparison of two trials each, in which so many scenarios went all the way up or down."""
    one = [FAILED] * up + [PASSED] * same + [PASSED] * down
    other = [PASSED] * up + [PASSED] * same + [FAILED] * down
    return compare(one, other, binary=True)


def costs(*rows, margin=None):
    return compare([[10.0] for _ in rows], [[10.0 + row] for row in rows], binary=False, margin=margin)


def test_holms_example():
    # 4 × .01, then 3 × .02 = .06, then 2 × .03 = .06, then 1 × .04, which is not below the one before it
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def closed_testing(values, index):
    """Holm's procedure is closed testing with Bonferroni: the largest m × min(p) of all sets that hold the value."""
    others = [i for i in range(len(values)) if i != index]
    worst = 0.0
    for bits in range(2 ** len(others)):
        chosen = [index] + [other for place, other in enumerate(others) if bits >> place & 1]
        worst = max(worst, len(chosen) * min(values[i] for i in chosen))
    return min(1.0, worst)


@settings(deadline=None)
@given(p_values)
def test_holms_values_are_those_of_closed_testing(values):
    assert holm(values) == pytest.approx([closed_testing(values, i) for i in range(len(values))])


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan])
def test_what_is_no_p_value_is_refused(value):
    with pytest.raises(UnusableSample, match="p-value"):
        holm([0.5, value])


def test_more_passes_are_better_and_more_cost_is_worse():
    judgement = judge(
        {"pass rate": rates(up=10, same=5), "cost": costs(*[1.0] * 10)}, {"pass rate": True, "cost": False}
    )
    assert judgement.verdict is Verdict.BETTER
    assert judgement.headline == "pass rate"
    assert judgement.metrics["cost"].verdict is Verdict.WORSE
    assert judge({"pass rate": rates(down=10, same=5)}, {"pass rate": True}).verdict is Verdict.WORSE


def test_fewer_than_six_changed_scenarios_never_suffice_and_the_reason_is_given():
    five, six = (judge({"pass rate": rates(up=k, same=15)}, {"pass rate": True}) for k in (5, 6))
    assert five.verdict is Verdict.NOT_ENOUGH_DATA
    assert "5 of 20 scenarios changed: with fewer than 6, no difference can be shown" in (
        five.headline_metric.needs.sentence
    )
    assert six.verdict is Verdict.BETTER
    assert six.headline_metric.needs.more_scenarios == 0


def test_equivalent_needs_the_margin_and_the_data():
    alike = costs(*[0.01, -0.01] * 10, margin=0.5)
    assert judge({"cost": alike}, {"cost": False}).verdict is Verdict.EQUIVALENT
    assert judge({"cost": costs(*[0.01, -0.01] * 10, margin=0.0)}, {"cost": False}).verdict is Verdict.NOT_ENOUGH_DATA
    assert judge({"cost": costs(0.01, -0.01, margin=0.5)}, {"cost": False}).verdict is Verdict.NOT_ENOUGH_DATA


def test_a_difference_that_was_shown_is_named_even_if_it_lies_within_the_margin():
    verdict = judge({"cost": costs(*[0.1] * 12, margin=0.5)}, {"cost": False}).headline_metric
    assert verdict.verdict is Verdict.WORSE
    assert verdict.within_margin


def test_what_one_metric_shows_alone_may_not_be_enough_among_three():
    just = rates(up=6, same=9)  # p = 2 / 2^6 = .031
    assert judge({"a": just}, {"a": True}).verdict is Verdict.BETTER
    among = judge({"a": just, "b": rates(up=1, same=14), "c": rates(same=15)}, dict.fromkeys("abc", True))
    assert among.verdict is Verdict.NOT_ENOUGH_DATA
    assert among.headline_metric.adjusted_p == pytest.approx(3 * 2 / 2**6)
    assert among.headline_metric.low <= 0


def test_a_metric_behind_one_that_was_not_shown_is_not_shown_either():
    just = rates(up=6, same=9)  # p = .031 for both: .062 for the first, and so for the second, though 1 × .031 < .05
    for verdict in judge({"a": just, "b": just}, {"a": True, "b": True}).metrics.values():
        assert verdict.adjusted_p == pytest.approx(0.0625)
        assert verdict.verdict is Verdict.NOT_ENOUGH_DATA
        assert verdict.low <= 0


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 3), st.integers(0, 8)), min_size=1, max_size=4))
def test_the_printed_interval_agrees_with_the_adjusted_p_value_and_the_verdict(shapes):
    comparisons = {f"metric {i}": rates(up, same + 1, down) for i, (up, down, same) in enumerate(shapes)}
    for verdict in judge(comparisons, dict.fromkeys(comparisons, True)).metrics.values():
        excludes_zero = verdict.low > 0 or verdict.high < 0
        assert excludes_zero == (verdict.adjusted_p < 0.05)
        assert excludes_zero == (verdict.verdict in {Verdict.BETTER, Verdict.WORSE})
        assert verdict.low <= verdict.comparison.low
        assert verdict.high >= verdict.comparison.high


@pytest.mark.parametrize(
    "broken",
    [
        lambda: judge({}, {}),
        lambda: judge({"a": rates(up=1)}, {}),
        lambda: judge({"a": rates(up=1)}, {"a": True}, headline="b"),
        lambda: minimum_detectable_effect(0, within_variance=0.2),
        lambda: minimum_detectable_effect(10, 0, within_variance=0.2),
        lambda: minimum_detectable_effect(10, within_variance=-0.2),
        lambda: assumed_variances(1.2),
    ],
)
def test_questions_without_sense_are_refused(broken):
    with pytest.raises(UnusableSample):
        broken()


# --- what would decide ---------------------------------------------------------------------------------------


def simulated(scenarios, trials, chance, *, gain, spread):
    """Versions whose pass rates differ by `gain` on average, and by ± `spread` around it from scenario to scenario."""
    before = chance.uniform(0.3, 0.5, size=scenarios)
    after = before + gain + spread * chance.choice((-1, 1), size=scenarios)
    one, other = ((chance.random((scenarios, trials)) < rate[:, None]).tolist() for rate in (before, after))
    return compare(one, other, binary=True)


def typical(scenarios, trials, *, gain, spread):
    """A comparison whose observed difference and spread are close to the true ones."""
    chance = np.random.default_rng(5)
    expected = math.sqrt((spread**2 + (0.2367 + 0.24) / trials) / scenarios)
    for _ in range(5_000):
        result = simulated(scenarios, trials, chance, gain=gain, spread=spread)
        if abs(result.difference - gain) < 0.005 and abs(result.standard_error / expected - 1) < 0.02:
            return result
    raise AssertionError("no typical sample")


def test_with_the_scenarios_that_were_said_to_be_needed_most_comparisons_decide():
    small = typical(15, 4, gain=0.12, spread=0.1)
    more = more_scenarios_needed(small)
    assert 20 < more < 150
    chance = np.random.default_rng(6)
    decided = np.mean([simulated(15 + more, 4, chance, gain=0.12, spread=0.1).p_value < 0.05 for _ in range(200)])
    assert 0.7 <= decided <= 0.9


def test_with_the_trials_that_were_said_to_be_needed_most_comparisons_decide():
    few = typical(30, 2, gain=0.12, spread=0.1)
    more = more_trials_needed(few)
    assert 1 < more < 60
    chance = np.random.default_rng(7)
    decided = np.mean([simulated(30, 2 + more, chance, gain=0.12, spread=0.1).p_value < 0.05 for _ in range(200)])
    assert 0.65 <= decided <= 0.97  # the split of the spread is known from two trials, that is roughly


def test_where_scenarios_disagree_more_trials_alone_cannot_decide():
    # Ten scenarios, half of them far up and half less far down, each for sure.
    one = [[True, False] * 5] * 10
    other = [[True] * 10] * 6 + [[False] * 10] * 4
    result = compare(one, other, binary=True)
    assert result.between_variance > 5 * result.within_variance
    assert more_trials_needed(result) is None
    needs = what_would_decide(result)
    assert needs.more_scenarios > 50
    assert needs.sentence == f"{needs.more_scenarios} more scenarios would decide; more trials alone cannot"


def test_single_trials_cannot_tell_whether_more_of_them_would_help():
    result = compare([[True]] * 8 + [[False]] * 8, [[True]] * 11 + [[False]] * 5, binary=True)
    assert more_trials_needed(result) is None
    assert what_would_decide(result).sentence.endswith("whether more trials would, single trials cannot tell")


def test_no_change_at_all_needs_enough_scenarios_to_call_it_equivalent():
    same = rates(same=24)
    assert more_scenarios_needed(same) == 59 - 24  # 1 - .05^(1/59) is the first below .05
    assert rates(same=24 + 35).equivalence_p < 0.05 <= rates(same=24 + 34).equivalence_p


def test_a_difference_as_large_as_the_margin_is_never_equivalent_but_may_be_shown():
    result = costs(*[3.0, -1.0, 1.5, -2.0, 2.5, 0.4, -0.6, 1.1], margin=0.1)
    assert more_scenarios_needed(result) > 0
    assert what_would_decide(result).more_trials is None


def test_no_difference_and_no_margin_cannot_be_decided():
    result = costs(1.0, -1.0, 2.0, -2.0, 0.5, -0.5, margin=0.0)
    needs = what_would_decide(result)
    assert (needs.more_scenarios, needs.more_trials) == (None, None)
    assert "neither more scenarios nor more trials" in needs.sentence


def test_what_is_decided_needs_nothing():
    result = rates(up=12)
    assert (more_scenarios_needed(result), more_trials_needed(result)) == (0, 0)


def test_one_scenario_leaves_nothing_to_plan_with():
    result = compare([[False] * 3], [[True] * 3], binary=True)
    assert more_scenarios_needed(result) is None
    assert more_trials_needed(result) is None


def test_more_scenarios_more_trials_and_less_spread_detect_smaller_effects():
    within, between = assumed_variances(0.7, correlation=0.3, change=0.1)
    assert within == pytest.approx(0.7 * 0.3 * 0.7)
    base = minimum_detectable_effect(24, 5, within_variance=within, between_variance=between)
    assert minimum_detectable_effect(48, 5, within_variance=within, between_variance=between) < base
    assert minimum_detectable_effect(24, 10, within_variance=within, between_variance=between) < base
    assert minimum_detectable_effect(24, 5, within_variance=within) < base
    assert minimum_detectable_effect(5, 100, within_variance=within) == math.inf


# --- the room ------------------------------------------------------------------------------------------------


def test_the_examples_in_docstrings_are_true():
    for module in pkgutil.iter_modules(statistics.__path__, statistics.__name__ + "."):
        assert doctest.testmod(importlib.import_module(module.name)).failed == 0
    assert doctest.testmod(statistics).attempted > 0


def test_reports_and_comparisons_of_usual_size_do_not_wait_for_scipy():
    program = (
        "import sys; from guildhall.algorithms.statistics import *; "
        "pass_rate([[True, False]] * 24); median([1, 2, 3]); pass_hat_k_curve([(5, 4)]); "
        "compare([[0.0, 0.1]] * 9, [[1.0, 0.9]] * 9, binary=False); "
        "compare([[True], [False]] * 99, [[True], [True]] * 99, binary=True); "
        "sys.exit(any(name.startswith('scipy') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
