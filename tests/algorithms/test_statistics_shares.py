"""Intervals of one scenario's share, and of the difference of two."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from guildhall.algorithms.statistics import UnusableSample, difference_interval, share_interval

_COUNTS = st.integers(1, 60).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


@given(_COUNTS)
def test_a_share_has_the_interval_that_scipy_computes(counts: tuple[int, int]) -> None:
    expected = stats.binomtest(*counts).proportion_ci(method="wilson")
    assert share_interval(*counts) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize(
    ("before", "after", "low", "high"),
    # Newcombe 1998, table II, method 10 (the second share less the first).
    [((48, 80), (56, 70), 0.0524, 0.3339), ((3, 10), (9, 10), 0.1705, 0.8090), ((2, 7), (6, 7), 0.0582, 0.8062),
     ((0, 29), (5, 56), -0.0381, 0.1926), ((0, 20), (0, 10), -0.1611, 0.2775), ((0, 10), (10, 10), 0.6075, 1.0)],
)  # fmt: skip
def test_newcombes_own_examples_come_out(
    before: tuple[int, int], after: tuple[int, int], low: float, high: float
) -> None:
    assert difference_interval(before, after) == pytest.approx((low, high), abs=5e-5)


@given(_COUNTS, _COUNTS)
def test_what_is_exchanged_is_mirrored_and_the_difference_lies_within(
    one: tuple[int, int], two: tuple[int, int]
) -> None:
    low, high = difference_interval(one, two)
    mirrored = difference_interval(two, one)
    assert mirrored == pytest.approx((-high, -low))
    assert low - 1e-12 <= two[0] / two[1] - one[0] / one[1] <= high + 1e-12
    assert low >= -1
    assert high <= 1


def test_where_nothing_was_tried_everything_is_possible() -> None:
    assert share_interval(0, 0) == (0.0, 1.0)
    assert difference_interval((0, 0), (3, 5)) == (-1.0, 1.0)
    assert math.isclose(share_interval(5, 5)[1], 1.0)


@pytest.mark.parametrize("counts", [(2, 1), (-1, 3), (1, 0)])
def test_more_than_were_tried_cannot_have_passed(counts: tuple[int, int]) -> None:
    with pytest.raises(UnusableSample):
        share_interval(*counts)
    with pytest.raises(UnusableSample):
        difference_interval(counts, (1, 2))
