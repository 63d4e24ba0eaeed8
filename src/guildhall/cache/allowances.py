"""
Rates that many requests are held against, at a round trip for some of them.

A process leases cells of a busy key in one call and hands them out itself for
as long as it has said it would (`hold_s`). Cells that are not used by then are
given up. So a key's limit holds over all processes together: what is leased is
out of the bucket, and the bucket counts as not refilled while a lease lasts.

A key that is used less than once a second is never leased, and its figures are
exact. A lease grows while it is used up in half of its time, up to a hundredth
of the burst, so that what is given up is little.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from guildhall import clock
from guildhall.algorithms import gcra
from guildhall.algorithms.gcra import Rate, Taken
from guildhall.cache.ports import Cache
from guildhall.errors import LimitReached

_LONGEST_LEASE_S = 1.0
_MOST_CELLS = 100
_PARTS = 100
_MOST_KEYS = 10_000
_HOUR_S = 3600


class RateExceeded(LimitReached):
    """A key was used more often than it may be."""

    code = "rate_limit_exceeded"

    def __init__(self, rate: Rate, retry_after_s: float) -> None:
        super().__init__(
            f"the rate of {rate.limit} requests in {rate.period_s:g} s is used up; "
            f"another one may come in {max(1, math.ceil(retry_after_s))} s",
            remedy="Wait, or use a key with a higher rate.",
            limit=rate.limit,
            period_s=rate.period_s,
            retry_after_s=retry_after_s,
        )


@dataclass(slots=True)
class _Lease:
    """What this process holds of one key, at one rate."""

    rate: Rate
    size: int = 1
    cells: int = 0
    wanted: int = 0
    begun_ms: float = -math.inf
    ahead_s: float = 0.0
    barred_until_ms: float = -math.inf
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def lasts_s(self) -> float:
        """A hundredth of the time in which the whole burst is refilled, as that much is held back meanwhile; a second at most."""
        return min(_LONGEST_LEASE_S, self.rate.room * self.rate.interval_ns / 1e9 / _PARTS)


class Allowances:
    """
    Answers whether a key may be used once more; for one event loop.

    `monotonic_ms` is the process's own clock, which only ends leases.
    """

    def __init__(self, cache: Cache, *, monotonic_ms: Callable[[], float] = clock.monotonic_ms) -> None:
        self._cache = cache
        self._now_ms = monotonic_ms
        self._leases: OrderedDict[tuple[str, Rate], _Lease] = OrderedDict()

    async def take(self, key: str, rate: Rate | None, cost: int = 1) -> Taken | None:
        """
        Whether `cost` requests may come now, counted when they may; None, at once, for a key without a limit.

        Only single requests are handed out of leases.

        Raises:
            Unavailable: Nobody answers who keeps the rates: then nobody knows, and the request is not to go on.
            ValueError: The cost is below one, or above what can ever come at once.
        """
        if rate is None:
            return None
        if cost != 1:
            return await self._cache.take(key, rate, cost)
        lease = self._lease_of(key, rate)
        taken = self._from_hand(lease)
        if taken is not None:
            return taken
        lease.wanted += 1
        try:
            async with lease.lock:  # whoever comes meanwhile finds what the first one has brought
                return self._from_hand(lease) or await self._lease(key, lease)
        finally:
            lease.wanted -= 1

    async def require(self, key: str, rate: Rate | None, cost: int = 1) -> Taken | None:
        """
        What `take` says where the requests may come.

        Raises:
            RateExceeded: They may not.
            Unavailable: Nobody answers who keeps the rates.
        """
        taken = await self.take(key, rate, cost)
        if rate is not None and taken is not None and not taken.allowed:
            raise RateExceeded(rate, taken.retry_after_s)
        return taken

    def _lease_of(self, key: str, rate: Rate) -> _Lease:
        lease = self._leases.get((key, rate))
        if lease is None:
            lease = self._leases[key, rate] = _Lease(rate)
            while len(self._leases) > _MOST_KEYS:
                self._leases.popitem(last=False)
        else:
            self._leases.move_to_end((key, rate))
        return lease

    def _from_hand(self, lease: _Lease) -> Taken | None:
        """What can be said without asking; None where it cannot."""
        now_ms = self._now_ms()
        if now_ms < lease.barred_until_ms:
            # Others only make it later, so a refusal holds for as long as it said.
            ahead_s = lease.ahead_s - (now_ms - lease.begun_ms) / 1000
            wait_s = (lease.barred_until_ms - now_ms) / 1000
            return Taken(False, lease.rate.room, 0, max(0.0, ahead_s), wait_s)
        if lease.cells == 0 or now_ms >= lease.begun_ms + lease.lasts_s * 1000:
            return None
        lease.cells -= 1
        return self._figures(lease, now_ms)

    async def _lease(self, key: str, lease: _Lease) -> Taken:
        self._resize(lease)
        most = max(1, min(_MOST_CELLS, lease.rate.room // _PARTS))
        lease.size = min(most, max(lease.size, lease.wanted))
        lease.cells = 0
        begun_ms = self._now_ms()  # before the call, so that the lease never lasts longer here than there
        taken = await self._cache.take(
            key, lease.rate, lease.size, at_least=1, hold_s=lease.lasts_s if lease.size > 1 else 0.0
        )
        lease.begun_ms, lease.ahead_s = begun_ms, taken.reset_after_s
        if not taken.allowed:
            lease.barred_until_ms = begun_ms + taken.retry_after_s * 1000
            return taken
        lease.cells = taken.taken - 1
        return self._figures(lease, begun_ms)

    def _resize(self, lease: _Lease) -> None:
        """Twice the size where it was used up in half of its time, what was used of it where it was not used up."""
        lasted_s = (self._now_ms() - lease.begun_ms) / 1000
        if lease.cells == 0 and lasted_s < lease.lasts_s / 2:
            lease.size *= 2
        elif lasted_s >= lease.lasts_s:
            lease.size = max(1, (lease.size - lease.cells) // 2)

    def _figures(self, lease: _Lease, now_ms: float) -> Taken:
        """As if what is still in hand were in the bucket."""
        ahead_ns = round((lease.ahead_s - (now_ms - lease.begun_ms) / 1000) * 1e9)
        return gcra.figures(lease.rate, ahead_ns - lease.cells * lease.rate.interval_ns, taken=1)


def hourly(requests: int | None) -> Rate | None:
    """The rate of an API key, as its `rate_limit` has it; None is without a limit."""
    return None if requests is None else Rate(requests, _HOUR_S)
