"""What every cache does, whatever keeps it."""

from __future__ import annotations

import asyncio

import pytest

from guildhall.cache import Rate
from guildhall.cache.ports import LARGEST_VALUE, LONGEST_KEY, LONGEST_TTL_S

_MONTH_S = 30 * 86_400
"""A period in which nothing is refilled while a test runs."""


@pytest.mark.parametrize("value", [b"", b"\x00\xff", "ключ".encode(), b"x" * LARGEST_VALUE])
async def test_what_was_put_is_got_by_every_process_until_its_time_is_over(opened, key, value):
    assert await opened.cache.get(key) is None
    await opened.cache.put(key, value, 60)
    assert await opened.other.get(key) == value
    await opened.let_pass(59)
    assert await opened.cache.get(key) == value
    await opened.let_pass(2)
    assert await opened.cache.get(key) is None


async def test_another_value_takes_the_place_of_the_first_with_a_time_of_its_own(opened, key):
    await opened.cache.put(key, b"one", 10)
    await opened.other.put(key, b"two", 100)
    await opened.let_pass(50)
    assert await opened.cache.get(key) == b"two"


async def test_only_the_first_puts_what_is_absent(opened, key):
    kept = await asyncio.gather(
        *((opened.cache, opened.other)[n % 2].put_if_absent(key, f"{n}".encode(), 60) for n in range(12))
    )
    assert sum(kept) == 1
    assert await opened.cache.get(key) == f"{kept.index(True)}".encode()
    await opened.let_pass(61)
    assert await opened.other.put_if_absent(key, b"later", 60)
    assert await opened.cache.get(key) == b"later"


async def test_what_was_deleted_is_gone_for_everybody(opened, key):
    assert not await opened.cache.delete(key)
    await opened.cache.put(key, b"one", 60)
    assert await opened.other.delete(key)
    assert await opened.cache.get(key) is None
    assert not await opened.cache.delete(key)
    await opened.cache.put(key, b"one", 60)
    await opened.let_pass(61)
    assert not await opened.cache.delete(key)  # it was over already


async def test_processes_count_together_and_miss_nothing(opened, key):
    counted = await asyncio.gather(*((opened.cache, opened.other)[n % 2].count(key, ttl_s=60) for n in range(20)))
    assert sorted(counted) == list(range(1, 21))
    assert await opened.cache.count(key, 5, ttl_s=60) == 25
    assert await opened.cache.count(key, -25, ttl_s=60) == 0


async def test_a_counter_runs_from_its_first_addition_on(opened, key):
    await opened.cache.count(key, ttl_s=60)
    await opened.let_pass(40)
    assert await opened.cache.count(key, ttl_s=60) == 2
    await opened.let_pass(40)
    assert await opened.cache.count(key, ttl_s=60) == 1


async def test_values_counters_and_rates_are_kept_apart(opened, key):
    await opened.cache.put(key, b"one", 60)
    assert await opened.cache.count(key, ttl_s=60) == 1
    assert (await opened.cache.take(key, Rate(2, _MONTH_S))).remaining == 1
    assert await opened.cache.get(key) == b"one"


async def test_a_rate_admits_its_burst_and_says_when_there_is_more(opened, key):
    rate = Rate(3, 3600)
    assert [(await opened.cache.take(key, rate)).remaining for _ in range(3)] == [2, 1, 0]
    refused = await opened.other.take(key, rate)
    assert (refused.allowed, refused.limit, refused.remaining, refused.taken) == (False, 3, 0, 0)
    assert refused.retry_after_s == pytest.approx(1200, abs=60)
    assert refused.reset_after_s == pytest.approx(3600, abs=60)
    await opened.let_pass(refused.retry_after_s)
    admitted = await opened.cache.take(key, rate)
    assert (admitted.allowed, admitted.retry_after_s, admitted.taken) == (True, 0, 1)
    assert not (await opened.cache.take(key, rate)).allowed
    await opened.let_pass(3600)
    assert (await opened.cache.take(key, rate)).remaining == 2


async def test_processes_share_a_rate_and_never_exceed_it(opened, key):
    rate = Rate(9, _MONTH_S)
    taken = await asyncio.gather(*((opened.cache, opened.other)[n % 2].take(key, rate) for n in range(24)))
    assert sum(each.allowed for each in taken) == 9
    assert sorted(each.remaining for each in taken if each.allowed) == list(range(9))


async def test_a_burst_may_be_smaller_than_what_comes_in_the_period(opened, key):
    rate = Rate(60, 3600, burst=2)
    assert [(await opened.cache.take(key, rate)).allowed for _ in range(3)] == [True, True, False]
    await opened.let_pass(61)
    assert [(await opened.cache.take(key, rate)).allowed for _ in range(2)] == [True, False]


async def test_many_requests_are_taken_wholly_or_in_part_as_wanted(opened, key):
    rate = Rate(10, _MONTH_S)
    assert (await opened.cache.take(key, rate, 7)).remaining == 3
    refused = await opened.cache.take(key, rate, 4)
    assert (refused.allowed, refused.remaining) == (False, 3)
    assert refused.retry_after_s == pytest.approx(_MONTH_S / 10, rel=0.01)
    part = await opened.cache.take(key, rate, 8, at_least=1)
    assert (part.allowed, part.taken, part.remaining) == (True, 3, 0)
    assert not (await opened.cache.take(key, rate, 8, at_least=1)).allowed


async def test_what_is_held_for_later_leaves_no_room_for_what_is_refilled_meanwhile(opened, key):
    rate = Rate(10, 100)  # one in ten seconds
    held = await opened.cache.take(key, rate, 4, hold_s=20)
    assert (held.taken, held.remaining) == (4, 4)
    await opened.let_pass(19)
    assert (await opened.cache.take(key, rate, 10, at_least=1)).taken == 5  # 4 + 1.9: the other four may still come


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda cache: cache.get(""), "key"),
        (lambda cache: cache.get("x" * (LONGEST_KEY + 1)), "key"),
        (lambda cache: cache.put("a b", b"", 1), "key"),
        (lambda cache: cache.delete("\0"), "key"),
        (lambda cache: cache.count("ключ", ttl_s=1), "key"),
        (lambda cache: cache.put("key", b"x" * (LARGEST_VALUE + 1), 1), "value"),
        (lambda cache: cache.put("key", b"", 0), "ttl_s"),
        (lambda cache: cache.put_if_absent("key", b"", float("nan")), "ttl_s"),
        (lambda cache: cache.count("key", ttl_s=LONGEST_TTL_S + 1), "ttl_s"),
        (lambda cache: cache.count("key", 2**60, ttl_s=1), "by"),
        (lambda cache: cache.take("key", Rate(5, 1), 0), "cost"),
        (lambda cache: cache.take("key", Rate(5, 1), 6), "cost"),
        (lambda cache: cache.take("key", Rate(5, 1, burst=2), 3), "cost"),
        (lambda cache: cache.take("key", Rate(5, 1), 2, at_least=3), "cost"),
    ],
)
async def test_what_cannot_be_is_refused_by_name(opened, call, problem):
    with pytest.raises(ValueError, match=f"^{problem} "):
        await call(opened.cache)
