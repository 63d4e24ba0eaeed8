"""
The upkeep of series (decision 4): what there is, how long it is kept, and one pass over all of it.

The register is `platform.series`; what is done to a series is done by functions
of the database (migrations 0002 and 0004), which know both engines. What must
be done between transactions, or in many short ones, is here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from guildhall.db.errors import translated
from guildhall.db.pool import Database
from guildhall.db.queries import Query
from guildhall.errors import InvalidInput, NotAllowed, NotFound

_PART = re.compile(r"_\d{4,}_\d\d(_\d\d)?(_bc)?$")
_ATTEMPTS = 4
_PAUSE_S = 0.25

_STATES = Query(
    "states_of_series",
    """
    SELECT series.name, series.time_column, series.chunk::text, series.retention::text, series.compress_after::text,
           series.is_archived, series.dropped_before,
           count(parts.partition)::integer AS partitions, count(*) FILTER (WHERE parts.is_compressed)::integer AS compressed,
           min(parts.starts) AS starts, max(parts.ends) AS ends,
           COALESCE(sum(parts.estimated_rows), 0)::bigint AS estimated_rows,
           COALESCE(sum(parts.size_bytes), 0)::bigint AS size_bytes,
           (SELECT reaches FROM platform.series_short_of() AS short WHERE short.series = series.name) AS short_from
      FROM platform.series
      LEFT JOIN platform.series_partitions() AS parts ON parts.series = series.name
     GROUP BY series.name
     ORDER BY series.name
    """,
    (),
)
_NAMES = Query("names_of_series", "SELECT name FROM platform.series ORDER BY name", ())
_MAINTAIN = Query("maintain_series", "SELECT * FROM platform.maintain_series($1)", ("series",))
_DROP = Query(
    "drop_partition",
    "SELECT platform.drop_partition($1, $2, $3, $4)",
    ("series", "partition", "rows", "digest"),
)
_SHORT = Query("series_short_of", "SELECT series, reaches FROM platform.series_short_of() ORDER BY series", ())

_ADJUST = """
    UPDATE platform.series
       SET retention      = CASE WHEN $2 THEN $3::text::interval ELSE retention END,
           compress_after = CASE WHEN $4 THEN $5::text::interval ELSE compress_after END,
           is_archived    = COALESCE($6, is_archived)
     WHERE name = $1
"""

# Nothing is added to a month that is over, but for what arrives late: frozen once, it need not be read again for
# that. Whether it was is seen from the map of pages that everybody sees whole.
_TO_CLOSE = """
    SELECT spans.partition
      FROM platform.partition_spans() AS spans
      JOIN pg_class AS classes ON classes.oid = spans.partition::regclass
     WHERE spans.ends <= now()
       AND (classes.reltuples < 0 OR classes.relallvisible < classes.relpages)
       AND (SELECT engine FROM platform.installation) = 'native'
     ORDER BY spans.partition
"""
# Autovacuum never analyses a partitioned table, whose statistics are its own.
_TO_ANALYSE = """
    SELECT parents.oid::regclass::text
      FROM platform.series
      JOIN pg_class AS parents ON parents.oid = format('store.%I', series.name)::regclass AND parents.relkind = 'p'
      LEFT JOIN pg_inherits ON pg_inherits.inhparent = parents.oid
      LEFT JOIN pg_class AS children ON children.oid = pg_inherits.inhrelid
     GROUP BY parents.oid, parents.reltuples
    HAVING parents.reltuples < 0
        OR abs(sum(GREATEST(children.reltuples, 0)) - parents.reltuples) > 0.1 * parents.reltuples
     ORDER BY 1
"""


class SeriesNotFound(NotFound):
    """There is no series of this name."""

    code = "series_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is no series {name!r}", remedy="`guildhall db series` lists what there is.", series=name
        )


class IntervalRefused(InvalidInput):
    """A span of time that makes no sense here."""

    code = "interval_refused"

    def __init__(self, field: str, value: str, expected: str = "above zero and of at most 1000 years") -> None:
        super().__init__(
            f"{field} is {value!r}, expected a span of time {expected}",
            remedy="Write it as '5 minutes', '90 days' or '2 years'.",
            field=field,
            value=value,
        )


class OwnerNeeded(NotAllowed):
    """Only a login that may act as the owner of the tables can do this."""

    code = "owner_needed"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"this login may not {what}",
            remedy="Set GUILDHALL_DATABASE_URL to the login that runs the migrations.",
        )


@dataclass(frozen=True, slots=True)
class SeriesState:
    """
    A series, how its rows are kept, and what there is of it.

    Intervals are PostgreSQL's text; None: rows are kept for ever, or never
    compressed. Rows are the planner's estimate. `short_from` is the month from
    which partitions are lacking within the next month; None: none is.
    """

    name: str
    time_column: str
    chunk: str
    retention: str | None
    compress_after: str | None
    is_archived: bool
    dropped_before: datetime | None
    partitions: int
    compressed: int
    starts: datetime | None
    ends: datetime | None
    estimated_rows: int
    size_bytes: int
    short_from: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """
    Something that upkeep did, or left for the next pass.

    `made` n partitions, `dropped`, `compressed`, `archived`, `closed` or
    `analysed` one; `busy`, `roll-ups`, `archive`, `changed`, `in use`: not
    dropped, see `platform.drop_partition`.
    """

    series: str
    action: str
    detail: str


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What is to change; a field that is None stays. "forever" and "never" take an interval away."""

    retention: str | None = None
    compress_after: str | None = None
    is_archived: bool | None = None


async def survey(database: Database) -> list[SeriesState]:
    """Every series with its state, by name."""
    async with database.duty("scheduler") as tx:
        return [SeriesState(**dict(row)) for row in await tx.fetch(_STATES)]


async def short_of(database: Database) -> dict[str, datetime]:
    """The series that lack a partition within the next month, and up to when they have all."""
    async with database.duty("scheduler") as tx:
        return {row["series"]: row["reaches"] for row in await tx.fetch(_SHORT)}


async def adjust(url: str, name: str, change: Adjustment) -> None:
    """
    Change how the rows of a series are kept; the next pass of upkeep acts on it.

    Raises:
        SeriesNotFound: There is no such series.
        IntervalRefused: An interval cannot be read, is not positive, or is above a thousand years.
        OwnerNeeded: The login may not change the register.
    """
    retention, compress_after = _interval(change.retention), _interval(change.compress_after)
    async with as_owner(url, "change how series are kept") as connection, connection.transaction():
        for field, value in (("retention", retention), ("compress_after", compress_after)):
            await _check_interval(connection, field, value)
        touched = await connection.execute(
            _ADJUST,
            name,
            change.retention is not None,
            retention,
            change.compress_after is not None,
            compress_after,
            change.is_archived,
        )
        if touched == "UPDATE 0":
            raise SeriesNotFound(name)
        if await connection.fetchval("SELECT engine = 'timescale' FROM platform.installation"):
            await connection.execute("SET LOCAL client_min_messages = 'warning'")
            await connection.execute("SELECT platform.set_policies($1)", name)


async def maintain(database: Database) -> list[Step]:
    """
    Make partitions ahead, drop what has expired, compress what is due: a transaction for each series.

    What could not be locked is tried a few times more, without making others
    wait. Series that are archived are left to `guildhall.db.archives`.
    """
    async with database.duty("scheduler") as tx:
        names = [row["name"] for row in await tx.fetch(_NAMES)]
    steps: list[Step] = []
    for name in names:
        async with database.duty("scheduler") as tx:
            found = [Step(**dict(row)) for row in await tx.fetch(_MAINTAIN, series=name)]
        for step in found:
            if step.action != "archive":
                steps.append(await _again(database, step) if step.action == "busy" else step)
    return steps


async def _again(database: Database, step: Step) -> Step:
    for attempt in range(1, _ATTEMPTS):
        await asyncio.sleep(_PAUSE_S * attempt)
        async with database.duty("scheduler") as tx:
            found = [Step(**dict(row)) for row in await tx.fetch(_MAINTAIN, series=step.series)]
        for each in found:
            if each.detail == step.detail and each.action != "busy":
                return each
    return step


async def drop_archived(database: Database, series: str, partition: str, *, rows: int, digest: str) -> str:
    """Drop an expired partition that was archived with this count and digest; see `platform.drop_partition`."""
    outcome = "busy"
    for attempt in range(1, _ATTEMPTS + 1):
        async with database.duty("scheduler") as tx:
            outcome = await tx.value(_DROP, series=series, partition=partition, rows=rows, digest=digest)
        if outcome != "busy" or attempt == _ATTEMPTS:
            break
        await asyncio.sleep(_PAUSE_S * attempt)
    return outcome


async def close_partitions(url: str) -> list[Step]:
    """
    Freeze and analyse each month that is over, once, and analyse series that have grown by a tenth.

    Raises:
        OwnerNeeded: The login may not vacuum the tables.
    """
    steps = []
    async with as_owner(url, "vacuum series") as connection:
        for relation in await _column(connection, _TO_CLOSE):
            await connection.execute(f"VACUUM (FREEZE, ANALYZE, SKIP_LOCKED) {relation}")
            steps.append(Step(_series_of(relation), "closed", relation))
        for relation in await _column(connection, _TO_ANALYSE):
            await connection.execute(f"ANALYZE (SKIP_LOCKED) {relation}")
            steps.append(Step(relation.partition(".")[2], "analysed", relation))
    return steps


def _series_of(partition: str) -> str:
    return _PART.sub("", partition.partition(".")[2])


@asynccontextmanager
async def as_owner(url: str, what: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    """
    A connection of the tables' owner, who sees the rows of every team.

    Raises:
        OwnerNeeded: The login is neither a superuser nor a member of guildhall_owner.
        DatabaseUnavailable: Nobody answers.
    """
    with translated():
        connection = await asyncpg.connect(
            url,
            timeout=10,
            statement_cache_size=0,
            server_settings={"timezone": "UTC", "application_name": "guildhall"},
        )
    try:
        if not await connection.fetchval("SELECT pg_has_role('guildhall_owner', 'MEMBER')"):
            raise OwnerNeeded(what)
        with translated():
            await connection.execute("SET ROLE guildhall_owner")
            yield connection
    finally:
        await connection.close()


async def _column(connection: asyncpg.Connection[Any], query: str) -> Sequence[str]:
    return [row[0] for row in await connection.fetch(query)]


def _interval(text: str | None) -> str | None:
    return None if text is None or text.strip().lower() in ("forever", "never", "") else text


async def _check_interval(connection: asyncpg.Connection[Any], field: str, value: str | None) -> None:
    if value is None:
        return
    try:
        # Longer ones would reach back behind the calendar's beginning, which fails whoever reckons with them.
        is_fit = await connection.fetchval(
            "SELECT $1::text::interval > interval '0' AND $1::text::interval <= interval '1000 years'", value
        )
    except asyncpg.DataError as error:
        raise IntervalRefused(field, value) from error
    if not is_fit:
        raise IntervalRefused(field, value)
