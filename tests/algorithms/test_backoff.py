from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from guildhall.algorithms.backoff import full_jitter

attempts = st.integers(1, 5000)
chances = st.floats(0, 1)


def test_the_span_doubles_with_every_attempt_until_it_meets_its_ceiling():
    # 0.5, 1, 2, 4, then the ceiling of 5; chance 1 waits all of it.
    assert [full_jitter(n, 1.0, longest_s=5.0) for n in range(1, 6)] == [0.5, 1.0, 2.0, 4.0, 5.0]


def test_what_the_other_side_asked_for_is_waited_in_full_before_the_jitter():
    assert full_jitter(1, 0.0, at_least_s=7.0) == 7.0
    assert full_jitter(1, 1.0, at_least_s=7.0) == 7.5


@given(attempts, chances, st.floats(0, 1000))
def test_a_pause_is_never_shorter_than_asked_for_nor_longer_than_the_ceiling_beyond_it(attempt, chance, asked_s):
    assert asked_s <= full_jitter(attempt, chance, longest_s=30.0, at_least_s=asked_s) <= asked_s + 30.0


@given(attempts, chances, chances)
def test_more_chance_waits_longer(attempt, one, other):
    low, high = sorted((one, other))
    assert full_jitter(attempt, low) <= full_jitter(attempt, high)
