"""
Bringing roll-ups up to date.

A roll-up is exact at every moment, because it reads raw rows wherever its own
are out of date (migration 0013). Refreshing it makes reading cheap again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from guildhall.db.pool import Database
from guildhall.db.queries import Query
from guildhall.db.timeseries import as_owner

_DUE = Query("rollups", "SELECT name FROM platform.rollups ORDER BY width, name", ())
_REFRESH_LISTINGS = Query("refresh_model_listings", "SELECT catalogue.refresh_model_listings()", ())
_REFRESH = Query("refresh_rollup", "SELECT platform.refresh_rollup($1, $2, $3)", ("rollup", "until", "at_most"))


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How many buckets of a roll-up were computed again; `skipped` where another session was at it."""

    rollup: str
    buckets: int
    skipped: bool = False


async def refresh(database: Database, *, until: datetime | None = None, batch: int = 500) -> list[Refreshed]:
    """
    Compute every bucket again that has changed and ended before an instant, `batch` of them in one transaction.

    By default each roll-up leaves out what is younger than its end offset
    (`platform.rollups`). Writers are never made to wait, and of two sessions that
    refresh the same roll-up one does it. The listing of models, which is stored
    whole, is made anew as well.
    """
    async with database.duty("scheduler") as tx:
        names = [row["name"] for row in await tx.fetch(_DUE)]
    async with database.duty("scheduler") as tx:
        await tx.execute(_REFRESH_LISTINGS)
    return [await _refresh(database, name, until, batch) for name in names]


async def refresh_continuous(url: str) -> None:
    """
    Refresh what TimescaleDB keeps, as its own job does every ten minutes; elsewhere there is nothing of the kind.

    Raises:
        OwnerNeeded: The login may not act as the owner of the roll-ups.
    """
    async with as_owner(url, "refresh continuous aggregates") as connection:
        if await connection.fetchval("SELECT to_regproc('platform.refresh_continuous_rollups') IS NOT NULL"):
            await connection.execute("CALL platform.refresh_continuous_rollups()")


async def _refresh(database: Database, name: str, until: datetime | None, batch: int) -> Refreshed:
    done = 0
    while True:
        async with database.duty("scheduler") as tx:
            buckets = await tx.value(_REFRESH, rollup=name, until=until, at_most=batch)
        if buckets is None:
            return Refreshed(name, done, skipped=True)
        done += buckets
        if buckets < batch:
            return Refreshed(name, done)
