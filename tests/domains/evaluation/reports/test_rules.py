"""From counts to what may be said."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.algorithms import statistics
from guildhall.algorithms.statistics import Verdict
from guildhall.domains.evaluation.reports import COST, PASS_RATE, TIME, Ending, ScenarioResult, rules


def result(
    scenario_id: str,
    *marks: bool | None,
    content: str = "same",
    group: str | None = None,
    cost: float | None = 0.01,
    time: float | None = 100.0,
) -> ScenarioResult:
    scored = [mark for mark in marks if mark is not None]
    share = sum(scored) / len(scored) if scored else None
    return ScenarioResult(
        scenario_id=scenario_id,
        content_hash=content,
        name=scenario_id,
        group=group,
        trials=len(marks),
        scored=len(scored),
        passed=sum(scored),
        marks=marks,
        durations_ms=[time] * len(marks) if time is not None else [],
        score_count=len(scored),
        score_mean=share,
        score_variance=None
        if len(scored) < 2 or share is None
        else share * (1 - share) * len(scored) / (len(scored) - 1),
        cost_count=len(marks) if cost is not None else 0,
        cost_sum=Decimal(str(cost)) * len(marks) if cost is not None else None,
        cost_variance=0.0 if cost is not None and len(marks) > 1 else None,
        tokens=None,
    )


def test_what_was_not_scored_is_left_out_of_one_reading_and_counts_as_failed_in_the_other() -> None:
    scenarios = [result("a", True, None), result("b", True, True), result("c", None, None)]
    excluded, strict = rules.pass_rate(scenarios), rules.pass_rate_strict(scenarios)
    assert excluded is not None
    assert strict is not None
    # a: 1 of 1, b: 2 of 2; strictly a: 1 of 2, b: 2 of 2, c: 0 of 2
    assert (excluded.value, excluded.n) == (1.0, 2)
    assert (strict.value, strict.n) == (0.5, 3)


def test_nothing_scored_gives_no_number() -> None:
    assert rules.pass_rate([result("a", None)]) is None
    assert rules.score([result("a", None)]) is None
    assert rules.pass_rate([]) is None


def test_reliability_is_absent_where_a_scenario_has_too_few_scored_trials() -> None:
    scenarios = [result("a", True, True, False), result("b", True, None, True)]
    # a: C(2,2)/C(3,2) = 1/3, b: C(2,2)/C(2,2) = 1; a third trial of b was not scored
    curve = rules.reliability(scenarios, statistics.pass_hat_k_curve)
    assert curve == pytest.approx({1: (2 / 3 + 1) / 2, 2: (1 / 3 + 1) / 2})
    assert rules.reliability([*scenarios, result("c", None)], statistics.pass_hat_k_curve) == {}


def test_groups_are_the_units_where_they_are_declared() -> None:
    grouped = [result(f"s{n}", True, group="one" if n < 3 else "two") for n in range(6)]
    rate = rules.pass_rate(grouped)
    assert rate is not None
    assert (rate.over, rate.n) == ("groups", 2)
    mixed = rules.groups_of([*grouped[:2], result("alone", True)])
    assert mixed is not None
    assert len(set(mixed)) == 2


def test_scenarios_pair_by_content_and_every_other_is_named_with_its_reason() -> None:
    one = [result("same", True), result("changed", True), result("gone", True), result("unscored", None)]
    two = [
        result("same", False),
        result("changed", True, content="other"),
        result("new", True),
        result("unscored", True),
    ]
    matched, unmatched = rules.pair(one, two)
    assert [(each.scenario_id, each.change) for each in matched] == [("same", -1.0)]
    assert unmatched == {
        "changed in between": ["changed"],
        "only in the baseline": ["gone"],
        "not scored in both": ["unscored"],
        "only in the candidate": ["new"],
    }


def _pairs(baseline: list[ScenarioResult], candidate: list[ScenarioResult]):
    return rules.pair(baseline, candidate)[0]


def test_a_clear_improvement_is_better_and_the_same_the_other_way_round_is_worse() -> None:
    weak = [result(f"s{n}", *[n % 4 == 0] * 5) for n in range(24)]
    strong = [result(f"s{n}", *[n % 8 != 0] * 5) for n in range(24)]
    better = rules.judge(_pairs(weak, strong), margin=None)
    worse = rules.judge(_pairs(strong, weak), margin=None)
    assert better is not None
    assert worse is not None
    assert (better.verdict, worse.verdict) == (Verdict.BETTER, Verdict.WORSE)
    assert set(better.metrics) == {PASS_RATE, COST, TIME}


def test_a_version_against_itself_is_never_better() -> None:
    same = [result(f"s{n}", *[n % 3 > 0] * 5) for n in range(24)]
    judgement = rules.judge(_pairs(same, same), margin=None)
    assert judgement is not None
    assert judgement.verdict in {Verdict.EQUIVALENT, Verdict.NOT_ENOUGH_DATA}


def test_what_is_not_known_is_not_compared() -> None:
    one = [result(f"s{n}", True, cost=None, time=None) for n in range(8)]
    judgement = rules.judge(_pairs(one, one), margin=None)
    assert judgement is not None
    assert list(judgement.metrics) == [PASS_RATE]
    assert rules.judge([], margin=None) is None


def test_quantiles_are_those_of_postgresql() -> None:
    scenarios = [
        ScenarioResult("a", "x", "A", None, 3, 3, 3, (), [1.0, 2.0, 10.0], 3, 1.0, None, 0, None, None, None),
        ScenarioResult("b", "x", "B", None, 1, 1, 1, (), [4.0], 1, 1.0, None, 0, None, None, None),
    ]
    totals = rules.totals(scenarios, [Ending("success", None, False, 4, 1)])
    # 1 2 4 10: half way between 2 and 4; .95 × 3 = 2.85, so 4 + .85 × 6
    assert (totals.time_p50_ms, totals.time_p95_ms) == pytest.approx((3.0, 9.1))
    assert (totals.outcomes, totals.timed, totals.retries) == (4, 4, 1)


marks = st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=5)


@given(st.lists(marks, min_size=1, max_size=12))
def test_every_estimate_lies_in_its_interval_and_the_interval_between_none_and_all(
    rows: list[list[bool | None]],
) -> None:
    scenarios = [result(f"s{n}", *row) for n, row in enumerate(rows)]
    for estimate in (rules.pass_rate(scenarios), rules.pass_rate_strict(scenarios), rules.score(scenarios)):
        if estimate is not None:
            assert 0 <= estimate.low <= estimate.value + 1e-9
            assert estimate.value - 1e-9 <= estimate.high <= 1


@given(st.lists(st.tuples(marks, marks), min_size=1, max_size=12))
def test_verdict_and_interval_never_contradict_each_other(
    rows: list[tuple[list[bool | None], list[bool | None]]],
) -> None:
    pairs = _pairs(
        [result(f"s{n}", *one) for n, (one, _) in enumerate(rows)],
        [result(f"s{n}", *two) for n, (_, two) in enumerate(rows)],
    )
    judgement = rules.judge(pairs, margin=None)
    if judgement is None:
        assert not pairs
        return
    metric = judgement.headline_metric
    if judgement.verdict is Verdict.BETTER:
        assert metric.low > 0
    elif judgement.verdict is Verdict.WORSE:
        assert metric.high < 0
    else:
        assert metric.low <= 0 <= metric.high
