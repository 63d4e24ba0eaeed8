"""Rates, held against a token bucket in exact arithmetic."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.algorithms.gcra import Rate, admit

_START_NS = 1_800_000_000_000_000_000

_rates = st.builds(
    lambda limit, period_s, part: Rate(limit, period_s, max(1, limit * part // 10)),
    st.integers(1, 1000),
    st.sampled_from([0.001, 1, 3.6, 60, 3600]),
    st.integers(1, 10),
)


class Bucket:
    """So many tokens, one more for each interval, none beyond its size: an independent way to say the same."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self.tokens = Fraction(rate.room)
        self.at_ns = _START_NS

    def fill(self, now_ns: int) -> None:
        self.tokens = min(Fraction(self.rate.room), self.tokens + Fraction(now_ns - self.at_ns, self.rate.interval_ns))
        self.at_ns = now_ns


@given(_rates, st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12), st.integers(0, 11)), max_size=60))
def test_a_rate_admits_what_a_token_bucket_does(rate, visits):
    bucket, tat_ns, now_ns = Bucket(rate), None, _START_NS
    for tenths, wanted, spare in visits:
        now_ns += tenths * rate.interval_ns // 10
        cost = min(wanted, rate.room)
        at_least = max(1, cost - spare)
        bucket.fill(now_ns)
        expected = min(cost, int(bucket.tokens))
        taken, after_ns = admit(rate, tat_ns, now_ns, cost, at_least=at_least)
        assert taken.allowed == (expected >= at_least)
        assert taken.taken == (expected if taken.allowed else 0)
        bucket.tokens -= taken.taken
        assert taken.remaining == int(bucket.tokens)
        assert taken.reset_after_s == pytest.approx(float((rate.room - bucket.tokens) * rate.interval_ns) / 1e9)
        if taken.allowed:
            assert taken.retry_after_s == 0
        else:
            assert after_ns == tat_ns
            wait_ns = round(taken.retry_after_s * 1e9)
            assert admit(rate, tat_ns, now_ns + wait_ns, at_least)[0].allowed
            assert not admit(rate, tat_ns, now_ns + wait_ns - 1, at_least)[0].allowed
        tat_ns = after_ns


@given(_rates, st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5), st.integers(0, 30)), max_size=40))
def test_what_is_held_and_what_is_left_never_exceed_the_burst_together(rate, visits):
    """The worst case: nobody uses what they hold until its last instant, when somebody else takes all there is."""
    tat_ns, now_ns = None, _START_NS
    holds: list[tuple[int, int]] = []  # until when, how many
    for tenths, cost, hold_tenths in visits:
        now_ns += tenths * rate.interval_ns // 10
        holds = [each for each in holds if each[0] >= now_ns]
        at_hand = admit(rate, tat_ns, now_ns, rate.room, at_least=1)[0].taken
        assert at_hand + sum(cells for _, cells in holds) <= rate.room
        hold_ns = hold_tenths * rate.interval_ns // 10
        taken, tat_ns = admit(rate, tat_ns, now_ns, min(cost, rate.room), at_least=1, hold_ns=hold_ns)
        holds.append((now_ns + hold_ns, taken.taken))


@given(st.integers(1, 1_000_000_000), st.sampled_from([1, 60, 3600, 86_400]))
def test_an_interval_is_never_rounded_down(limit, period_s):
    assert Rate(limit, period_s).interval_ns * limit >= period_s * 10**9


@pytest.mark.parametrize(
    ("limit", "period_s", "burst"),
    [
        (0, 1, None),
        (-1, 1, None),
        (10**10, 1, None),
        (1, 0, None),
        (1, -1, None),
        (1, float("nan"), None),
        (5, 1, 6),
        (5, 1, 0),
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(limit, period_s, burst):
    with pytest.raises(ValueError, match="expected"):
        Rate(limit, period_s, burst)
