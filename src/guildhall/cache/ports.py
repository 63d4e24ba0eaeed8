"""What a cache can do, whatever keeps it. `tests/cache` says it of every implementation."""

from __future__ import annotations

import math
from typing import Protocol

from guildhall.algorithms.gcra import Rate, Taken

LONGEST_KEY = 200
"""Characters of a key, after the work that it is for, such as `rate:key:…`."""

LARGEST_VALUE = 1024 * 1024
"""Bytes of a value."""

LONGEST_TTL_S = 366 * 86_400


class Cache(Protocol):
    """
    Small things that processes share for a while, and can lose without harm.

    Values, counters and rates are kept apart: the same key may be one of each.
    What was put is there until its time is over, unless the cache was emptied
    meanwhile, as when its server has crashed. Each call is whole by itself:
    callers at the same time see one after the other.

    Raises:
        ValueError: A key, a value, a time or a cost cannot be one.
        Unavailable: Nobody answers.
    """

    async def get(self, key: str) -> bytes | None:
        """The value, if there is one."""
        ...

    async def put(self, key: str, value: bytes, ttl_s: float) -> None:
        """Keep a value, in the place of one that was there."""
        ...

    async def put_if_absent(self, key: str, value: bytes, ttl_s: float) -> bool:
        """Keep a value unless there is one; whether it was kept."""
        ...

    async def delete(self, key: str) -> bool:
        """Forget a value; whether there was one."""
        ...

    async def count(self, key: str, by: int = 1, *, ttl_s: float) -> int:
        """Add to a counter and return it. Its time runs from the first addition on; then it starts anew."""
        ...

    async def take(
        self, key: str, rate: Rate, cost: int = 1, *, at_least: int | None = None, hold_s: float = 0.0
    ) -> Taken:
        """
        Whether `cost` requests may come, counted when they may (`guildhall.algorithms.gcra`).

        With `at_least`, fewer will do where there are not as many left; `taken`
        says how many. With `hold_s` they come at any time until then.
        """
        ...


def check_key(key: str) -> str:
    """
    A key that any cache can keep.

    Raises:
        ValueError: It is empty, too long, or holds something else than visible ASCII characters.
    """
    if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError(f"key is {key[:100]!r}, expected 1 to {LONGEST_KEY} visible ASCII characters")
    return key


def check_value(value: bytes) -> bytes:
    """
    A value that any cache can keep.

    Raises:
        ValueError: It is too large.
    """
    if len(value) > LARGEST_VALUE:
        raise ValueError(f"value has {len(value)} bytes, expected {LARGEST_VALUE} at most")
    return value


def check_ttl(ttl_s: float) -> float:
    """
    A time for which any cache can keep something.

    Raises:
        ValueError: It is not positive, or more than a year.
    """
    if not math.isfinite(ttl_s) or not 0.001 <= ttl_s <= LONGEST_TTL_S:
        raise ValueError(f"ttl_s is {ttl_s}, expected a millisecond to a year")
    return ttl_s


def check_step(by: int) -> int:
    """
    What any counter can add.

    Raises:
        ValueError: It is beyond what a JSON number keeps exactly.
    """
    if abs(by) > 2**53:
        raise ValueError(f"by is {by}, expected 2**53 at most")
    return by
