"""Rates from what was leased: fewer round trips, never more requests."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.caches import Clock, MemoryCache
from guildhall.cache import Allowances, PostgresCache, Rate, RateExceeded, hourly
from guildhall.db.errors import DatabaseUnavailable


def processes(clock: Clock, number: int) -> tuple[MemoryCache, list[Allowances]]:
    """So many processes that share a cache, all by one clock."""
    cache = MemoryCache(clock)
    return cache, [Allowances(cache, monotonic_ms=clock.monotonic_ms) for _ in range(number)]


async def test_a_key_of_a_few_requests_gets_exactly_those_and_exact_figures(key):
    clock = Clock()
    _, (one,) = processes(clock, 1)
    rate = Rate(5, 3600)
    assert [(await one.take(key, rate)).remaining for _ in range(5)] == [4, 3, 2, 1, 0]
    refused = await one.take(key, rate)
    assert (refused.allowed, refused.remaining, refused.retry_after_s, refused.reset_after_s) == (False, 0, 720, 3600)
    clock.ns += 719 * 10**9
    assert (await one.take(key, rate)).retry_after_s == pytest.approx(1)
    clock.ns += 1 * 10**9
    assert (await one.take(key, rate)).allowed


async def test_a_busy_key_costs_a_round_trip_for_some_of_its_requests(key):
    clock = Clock()
    cache, (one,) = processes(clock, 1)
    rate = Rate(10_000, 3600)
    remaining = []
    for _ in range(2_000):
        clock.ns += 1_000_000
        remaining.append((await one.take(key, rate)).remaining)
    assert cache.calls < 100
    assert remaining == sorted(remaining, reverse=True)
    assert remaining[0] == 9_999
    assert remaining[-1] == pytest.approx(8_000, abs=10)


async def test_a_key_over_its_limit_costs_no_round_trips(key):
    clock = Clock()
    cache, (one,) = processes(clock, 1)
    rate = Rate(3, 3600)
    for _ in range(4):
        await one.take(key, rate)
    calls = cache.calls
    assert not any([(await one.take(key, rate)).allowed for _ in range(100)])
    assert cache.calls == calls


async def test_who_keeps_within_the_rate_is_never_refused(key):
    clock = Clock()
    cache, both = processes(clock, 2)
    rate = Rate(100_000, 3600, burst=1000)
    for number in range(20_000):
        clock.ns += 37_000_000  # one in 36 ms may come
        assert (await both[number % 2].take(key, rate)).allowed, number
    assert cache.calls < 15_000


@given(
    st.integers(100, 2_000),
    st.integers(1, 4),
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 300), st.sampled_from([0, 1, 30, 400, 1100, 9000])), max_size=25
    ),
)
def test_processes_together_never_admit_more_than_the_rate(limit, number, waves):
    """Waves of requests at processes in turn: no span of time has more of them than the burst and what it refills."""

    async def play() -> list[int]:
        clock = Clock()
        _, several = processes(clock, number)
        admitted = []
        for which, requests, wait_ms in waves:
            clock.ns += wait_ms * 1_000_000
            for _ in range(requests):
                taken = await several[which % number].take("key", rate)
                if taken.allowed:
                    admitted.append(clock.ns)
        return admitted

    rate = Rate(limit, 60)
    admitted = asyncio.run(play())
    starts = [index for index, at_ns in enumerate(admitted) if index == 0 or admitted[index - 1] != at_ns]
    ends = [index for index, at_ns in enumerate(admitted) if index + 1 == len(admitted) or admitted[index + 1] != at_ns]
    for start in starts:
        for end in ends:
            span_ns = admitted[end] - admitted[start]
            if end >= start:
                assert end - start + 1 <= rate.room + span_ns / rate.interval_ns


async def test_two_processes_on_one_database_admit_the_limit_and_no_more(databases, key):
    both = [Allowances(PostgresCache(each)) for each in databases]
    rate = Rate(400, 30 * 86_400)
    taken = await asyncio.gather(*(both[number % 2].take(key, rate) for number in range(900)))
    assert 390 <= sum(each.allowed for each in taken) <= 400
    refused = next(each for each in taken if not each.allowed)
    assert refused.retry_after_s == pytest.approx(30 * 86_400 / 400, rel=0.01)


async def test_a_key_without_a_limit_asks_nobody(databases, key):
    await databases[1].close()
    assert await Allowances(PostgresCache(databases[1])).take(key, hourly(None)) is None


async def test_without_the_database_nobody_says_yes(databases, key):
    await databases[1].close()
    away = Allowances(PostgresCache(databases[1]))
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            await away.take(key, hourly(1000))


async def test_a_rate_that_was_changed_counts_at_once(key):
    clock = Clock()
    _, (one,) = processes(clock, 1)
    await one.take(key, hourly(1))
    assert not (await one.take(key, hourly(1))).allowed
    assert (await one.take(key, Rate(1000, 3600, burst=1000))).allowed is False  # an hour's worth is used up
    clock.ns += 3600 * 10**9
    assert (await one.take(key, hourly(1000))).allowed


async def test_who_is_over_the_limit_is_told_when_to_come_again(key):
    clock = Clock()
    _, (one,) = processes(clock, 1)
    assert (await one.require(key, hourly(2), 2)).allowed
    with pytest.raises(RateExceeded) as refused:
        await one.require(key, hourly(2))
    assert refused.value.details["retry_after_s"] == 1800
    assert "2 requests in 3600 s" in str(refused.value)


async def test_requests_of_more_than_one_cell_are_counted_as_such(key):
    clock = Clock()
    _, (one,) = processes(clock, 1)
    rate = Rate(1000, 3600)
    admitted = 0
    for _ in range(300):
        admitted += 7 if (await one.take(key, rate, 7)).allowed else 0
    assert admitted == 994
