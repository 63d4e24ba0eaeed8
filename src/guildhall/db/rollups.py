"""
Bringing roll-ups up to date.

A roll-up is exact at every moment, because it reads raw rows wherever its own
are out of date (migration 0013). Refreshing it makes reading cheap again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from guildhall.db.pool import Database
from guildhall.db.queries import Query
from guildhall.db.timeseries import IntervalRefused, as_owner
from guildhall.errors import InvalidInput, NotFound

_NAMES = Query("rollups", "SELECT name FROM platform.rollups ORDER BY width, name", ())
# What TimescaleDB keeps is refreshed by its own jobs, at the same intervals.
_DUE = Query(
    "rollups_due",
    """
    SELECT name FROM platform.rollups
     WHERE NOT is_continuous AND (refreshed_at IS NULL OR refreshed_at <= now() - refresh_interval)
     ORDER BY width, name
    """,
    (),
)
_STATES = Query(
    "states_of_rollups",
    """
    SELECT name, source, width::text, refresh_interval::text, start_offset::text, end_offset::text, is_continuous, refreshed_at
      FROM platform.rollups
     ORDER BY name
    """,
    (),
)
_LONGEST = "10 years"
_ADJUST = """
    UPDATE platform.rollups
       SET refresh_interval = COALESCE($2::text::interval, refresh_interval),
           start_offset     = COALESCE($3::text::interval, start_offset),
           end_offset       = COALESCE($4::text::interval, end_offset)
     WHERE name = $1
"""
_REFRESH_LISTINGS = Query("refresh_model_listings", "SELECT catalogue.refresh_model_listings()", ())
_REFRESH = Query("refresh_rollup", "SELECT platform.refresh_rollup($1, $2, $3)", ("rollup", "until", "at_most"))


class RollupNotFound(NotFound):
    """There is no roll-up of this name."""

    code = "rollup_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is no roll-up {name!r}", remedy="`guildhall db rollups` lists what there is.", rollup=name
        )


@dataclass(frozen=True, slots=True)
class RollupState:
    """
    A roll-up of a series and how it is refreshed; intervals are PostgreSQL's text.

    Buckets that end later than `end_offset` before now are left to raw rows; where it is negative, the
    bucket under way is refreshed too. `start_offset` is how far back TimescaleDB's own policy looks.
    """

    name: str
    source: str
    width: str
    refresh_interval: str
    start_offset: str
    end_offset: str
    is_continuous: bool
    refreshed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What is to change of how a roll-up is refreshed; a field that is None stays."""

    refresh_interval: str | None = None
    start_offset: str | None = None
    end_offset: str | None = None


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
        names = [row["name"] for row in await tx.fetch(_NAMES)]
    async with database.duty("scheduler") as tx:
        await tx.execute(_REFRESH_LISTINGS)
    return [await _refresh(database, name, until, batch) for name in names]


async def refresh_due(database: Database, *, batch: int = 500) -> list[Refreshed]:
    """Refresh, as `refresh` does, each roll-up that was last refreshed longer ago than its interval."""
    async with database.duty("scheduler") as tx:
        names = [row["name"] for row in await tx.fetch(_DUE)]
    return [await _refresh(database, name, None, batch) for name in names]


async def survey(database: Database) -> list[RollupState]:
    """Every roll-up and how it is refreshed, by name."""
    async with database.duty("scheduler") as tx:
        return [RollupState(**row) for row in await tx.fetch(_STATES)]


async def adjust(url: str, name: str, change: Rhythm) -> None:
    """
    Change how a roll-up is refreshed; whoever refreshes next heeds it.

    Raises:
        RollupNotFound: There is no such roll-up.
        IntervalRefused: An interval cannot be read, the one between refreshes is below a second, or one is above ten years.
        InvalidInput: Its window would be shorter than two of its buckets.
        OwnerNeeded: The login may not change the register.
    """
    async with as_owner(url, "change how roll-ups are refreshed") as connection, connection.transaction():
        for field in ("refresh_interval", "start_offset", "end_offset"):
            value = getattr(change, field)
            is_span = field == "refresh_interval"
            expected = f"above zero and of at most {_LONGEST}" if is_span else f"of at most {_LONGEST}"
            try:
                is_fit = value is None or await connection.fetchval(
                    "SELECT $1::text::interval BETWEEN $2::text::interval AND $3::text::interval",
                    value,
                    "1 second" if is_span else f"-{_LONGEST}",
                    _LONGEST,
                )
            except asyncpg.DataError as error:
                raise IntervalRefused(field, value, expected) from error
            if not is_fit:
                raise IntervalRefused(field, value, expected)
        try:
            touched = await connection.execute(
                _ADJUST, name, change.refresh_interval, change.start_offset, change.end_offset
            )
        except asyncpg.CheckViolationError as error:
            raise InvalidInput(
                f"start_offset and end_offset of {name} would leave a window of less than two of its buckets",
                remedy="Set start_offset further back, or end_offset nearer; `guildhall db rollups` shows them.",
                field="start_offset" if change.start_offset is not None else "end_offset",
                value=change.start_offset if change.start_offset is not None else change.end_offset,
            ) from error
        if touched == "UPDATE 0":
            raise RollupNotFound(name)
        await connection.execute("SELECT platform.set_refresh_policy($1)", name)


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
