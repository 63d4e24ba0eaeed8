"""Rates while the database is away: each process counts by itself what it would have asked the database."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable

from guildhall import clock
from guildhall.algorithms import gcra
from guildhall.algorithms.gcra import Rate, Taken
from guildhall.cache.ports import Cache
from guildhall.errors import Unavailable

_MOST_KEYS = 10_000
_log = logging.getLogger(__name__)


class StandbyCache:
    """
    A cache that still answers for rates when nobody answers behind it.

    A key then has its whole burst once more in each process; everything else is refused as before.
    """

    def __init__(self, behind: Cache, is_away: Callable[[], bool]) -> None:
        self._behind = behind
        self._is_away = is_away
        self._rates: OrderedDict[tuple[str, Rate], int | None] = OrderedDict()

    async def get(self, key: str) -> bytes | None:
        return await self._behind.get(key)

    async def put(self, key: str, value: bytes, ttl_s: float) -> None:
        await self._behind.put(key, value, ttl_s)

    async def put_if_absent(self, key: str, value: bytes, ttl_s: float) -> bool:
        return await self._behind.put_if_absent(key, value, ttl_s)

    async def delete(self, key: str) -> bool:
        return await self._behind.delete(key)

    async def count(self, key: str, by: int = 1, *, ttl_s: float) -> int:
        return await self._behind.count(key, by, ttl_s=ttl_s)

    async def take(
        self, key: str, rate: Rate, cost: int = 1, *, at_least: int | None = None, hold_s: float = 0.0
    ) -> Taken:
        if not self._is_away():
            try:
                return await self._behind.take(key, rate, cost, at_least=at_least, hold_s=hold_s)
            except Unavailable as error:
                _log.warning("rates are counted by each process alone: %s", error)
        now_ns = round(clock.monotonic_ms() * 1e6)
        taken, self._rates[(key, rate)] = gcra.admit(
            rate, self._rates.get((key, rate)), now_ns, cost, at_least=at_least, hold_ns=round(hold_s * 1e9)
        )
        self._rates.move_to_end((key, rate))
        while len(self._rates) > _MOST_KEYS:
            self._rates.popitem(last=False)
        return taken
