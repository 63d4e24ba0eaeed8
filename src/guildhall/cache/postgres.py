"""
The cache in PostgreSQL: unlogged tables behind functions (migration 0023).

Time is the server's, so processes whose clocks differ agree. What a crash of
the server empties is gone; what any crash of ours leaves is removed by upkeep.
"""

from __future__ import annotations

from guildhall.algorithms import gcra
from guildhall.algorithms.gcra import Rate, Taken
from guildhall.cache.ports import check_key, check_step, check_ttl, check_value
from guildhall.db import NOBODY, Database, Tx, load_queries

_queries = load_queries("guildhall.cache")
_NS = 1_000_000_000


class PostgresCache:
    """A `Cache` in the database. Each call is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> bytes | None:
        check_key(key)
        async with self._database.transaction(NOBODY) as tx:
            value: bytes | None = await tx.value(_queries.value, key=key)
        return value

    async def put(self, key: str, value: bytes, ttl_s: float) -> None:
        await self._put(key, value, ttl_s, only_if_absent=False)

    async def put_if_absent(self, key: str, value: bytes, ttl_s: float) -> bool:
        return await self._put(key, value, ttl_s, only_if_absent=True)

    async def _put(self, key: str, value: bytes, ttl_s: float, *, only_if_absent: bool) -> bool:
        check_key(key)
        check_value(value)
        check_ttl(ttl_s)
        async with self._database.transaction(NOBODY) as tx:
            kept: bool = await tx.value(
                _queries.put, key=key, value=value, ttl_s=float(ttl_s), only_if_absent=only_if_absent
            )
        return kept

    async def delete(self, key: str) -> bool:
        check_key(key)
        async with self._database.transaction(NOBODY) as tx:
            was_there: bool = await tx.value(_queries.delete, key=key)
        return was_there

    async def count(self, key: str, by: int = 1, *, ttl_s: float) -> int:
        check_key(key)
        check_ttl(ttl_s)
        async with self._database.transaction(NOBODY) as tx:
            total: int = await tx.value(_queries.count, key=key, by=check_step(by), ttl_s=float(ttl_s))
        return total

    async def take(
        self, key: str, rate: Rate, cost: int = 1, *, at_least: int | None = None, hold_s: float = 0.0
    ) -> Taken:
        check_key(key)
        needed = cost if at_least is None else at_least
        gcra.check_cost(rate, cost, needed)
        async with self._database.transaction(NOBODY) as tx:
            row = await tx.find(
                _queries.take,
                key=key,
                interval_ns=rate.interval_ns,
                room=rate.room,
                cost=cost,
                at_least=needed,
                hold_ns=round(hold_s * _NS),
            )
        assert row is not None
        return gcra.figures(rate, row["ahead_ns"], taken=row["taken"], wait_ns=row["wait_ns"])


async def tidy(tx: Tx) -> int:
    """Remove what has expired; how many. It is upkeep: a scheduler's transaction may (`Database.duty`)."""
    removed: int = await tx.value(_queries.tidy)
    return removed
