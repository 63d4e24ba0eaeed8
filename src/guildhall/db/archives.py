"""
Archives: what a series no longer keeps, in Parquet files, and the way back.

A partition goes to a file before it is dropped. The file is read back and put
into a scratch table, whose count and digest must be those of the partition;
when the partition is dropped, under a lock, its own must still be the same. So
whatever is dropped can be restored, and nothing is dropped that was not kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg

from guildhall.db.archivefiles import (
    STAGED,
    TRANSPORT,
    Archive,
    Column,
    arrow_type,
    free_name,
    make_lasting,
    parquet_modules,
    read_description,
)
from guildhall.db.pool import Database
from guildhall.db.queries import Query
from guildhall.db.timeseries import SeriesNotFound, Step, as_owner, drop_archived
from guildhall.errors import Conflict

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_AT_ONCE = 500
_ATTEMPTS = 3

_COLUMNS = """
    SELECT attname::text AS name, format_type(atttypid, NULL) AS type
      FROM pg_attribute
     WHERE attrelid = format('store.%I', $1::text)::regclass
       AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
     ORDER BY attnum
"""
_ONLY_ARCHIVIST = "SELECT pg_try_advisory_lock(hashtext('platform.archives'), 0)"
_TIME_COLUMN = "SELECT time_column FROM platform.series WHERE name = $1"
_FINGERPRINT = "SELECT row_count, digest FROM platform.fingerprint($1::text::regclass, $2, $3, $4, $5)"
_EXPIRED = Query(
    "expired_and_archived",
    "SELECT series, partition, starts, ends FROM platform.expired_partitions() WHERE is_archived ORDER BY series, starts",
    (),
)
_KNOWN = """
    SELECT row_count, digest, file
      FROM platform.archives
     WHERE series = $1 AND partition = $2 AND starts_at = $3 AND dropped_at IS NULL
"""
_KEEP = """
    INSERT INTO platform.archives (series, partition, starts_at, ends_at, row_count, digest, file)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_RESTORED = """
    INSERT INTO platform.archives
           (series, partition, starts_at, ends_at, row_count, digest, file, restored_at, kept_until)
    VALUES ($1, $2, $3, $4, $5, $6, $7, now(), now() + $8::interval)
        ON CONFLICT ON CONSTRAINT archives_one_per_file DO UPDATE
       SET restored_at = excluded.restored_at, kept_until = excluded.kept_until
"""
# Each key of the series as a condition on a scratch row `archived`: whatever it refers to is still there.
_REFERENCES = """
    SELECT format(
               '(%s OR EXISTS (SELECT FROM %s AS referred WHERE %s))',
               string_agg(format('archived.%I IS NULL', own.attname), ' OR '),
               keys.confrelid::regclass,
               string_agg(format('referred.%I = archived.%I', theirs.attname, own.attname), ' AND ')
           )
      FROM pg_constraint AS keys
     CROSS JOIN unnest(keys.conkey, keys.confkey) AS pairs (own, theirs)
      JOIN pg_attribute AS own ON own.attrelid = keys.conrelid AND own.attnum = pairs.own
      JOIN pg_attribute AS theirs ON theirs.attrelid = keys.confrelid AND theirs.attnum = pairs.theirs
     WHERE keys.conrelid = format('store.%I', $1::text)::regclass AND keys.contype = 'f'
     GROUP BY keys.oid, keys.confrelid
"""


class ArchiveDamaged(Conflict):
    """A file does not hold what it says, or not in a way that can be put back."""

    code = "archive_damaged"

    def __init__(self, file: Path, how: str) -> None:
        super().__init__(f"{file} {how}", remedy="Take another copy of the file.", file=str(file))


class ArchiveOutgrown(Conflict):
    """The series no longer has a column of the archive."""

    code = "archive_outgrown"

    def __init__(self, file: Path, series: str, columns: Sequence[str]) -> None:
        super().__init__(
            f"{file} has columns that series {series} no longer has: {', '.join(columns)}",
            remedy="Restore it into a database of the version that wrote it.",
            file=str(file),
            columns=list(columns),
        )


@dataclass(frozen=True, slots=True)
class Restored:
    """How many rows of an archive were put back; others were there already, or refer to what was deleted since."""

    archive: Archive
    added: int
    known: int
    orphaned: int


async def archive_expired(url: str, database: Database, directory: Path) -> list[Step]:
    """
    Write the expired partitions of every series that is archived to files under a directory, and drop them.

    Files are complete or not there. A partition that could not be dropped at
    once keeps its file, and the next pass tries again.

    Raises:
        ArchiveFormatMissing: There is something to archive, and pyarrow is not installed.
        OwnerNeeded: The login may not read the rows of every team.
    """
    async with database.duty("scheduler") as tx:
        expired = await tx.fetch(_EXPIRED)
    steps: list[Step] = []
    if not expired:
        return steps
    parquet_modules()
    async with as_owner(url, "archive series") as connection:
        if not await connection.fetchval(_ONLY_ARCHIVIST):
            return steps  # another pass is at it
        for row in expired:
            steps += await _archive_and_drop(connection, database, directory, *row.values())
    return steps


async def _archive_and_drop(
    connection: asyncpg.Connection[Any],
    database: Database,
    directory: Path,
    series: str,
    partition: str,
    starts: datetime,
    ends: datetime,
) -> list[Step]:
    steps: list[Step] = []
    for _ in range(_ATTEMPTS):
        known = await connection.fetchrow(_KNOWN, series, partition, starts)
        if known is None or not (directory / known["file"]).exists():
            await connection.execute("DELETE FROM platform.archives WHERE file = $1", known and known["file"])
            archive, file = await _write(connection, directory, series, partition, starts, ends)
            known = {"row_count": archive.rows, "digest": archive.digest, "file": file}
            steps.append(Step(series, "archived", file))
        outcome = await drop_archived(database, series, partition, rows=known["row_count"], digest=known["digest"])
        if outcome == "dropped":
            await connection.execute("UPDATE platform.archives SET dropped_at = now() WHERE file = $1", known["file"])
        steps.append(Step(series, outcome, partition))
        if outcome != "changed":
            return steps
        # Rows came in after it was read: the file is of no use.
        await connection.execute("DELETE FROM platform.archives WHERE file = $1", known["file"])
        (directory / known["file"]).unlink(missing_ok=True)
    return steps


async def _write(
    connection: asyncpg.Connection[Any], directory: Path, series: str, partition: str, starts: datetime, ends: datetime
) -> tuple[Archive, str]:
    pa, pq = parquet_modules()
    place = directory / series
    await asyncio.to_thread(place.mkdir, 0o700, True, True)
    file = free_name(place, series, starts, ends)
    draft = file.with_suffix(".draft")
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            archive = await _describe(connection, series, partition, starts, ends)
            fields = [pa.field(each.name, arrow_type(pa, each.transport)) for each in archive.columns]
            schema = pa.schema(fields, metadata={"guildhall": archive.as_json()})
            with pq.ParquetWriter(draft, schema, compression="zstd") as writer:
                async for rows in _batches(connection, archive):
                    batch = pa.record_batch(
                        [pa.array(values, type=field.type) for values, field in zip(rows, fields, strict=True)],
                        schema=schema,
                    )
                    await asyncio.to_thread(writer.write_batch, batch)
        async with _staged(connection, draft, archive):
            pass  # it can be put back, and is the same then
        make_lasting(draft, file)
    finally:
        draft.unlink(missing_ok=True)
    name = str(file.relative_to(directory))
    await connection.execute(_KEEP, series, partition, starts, ends, archive.rows, archive.digest, name)
    return archive, name


async def _describe(
    connection: asyncpg.Connection[Any], series: str, partition: str, starts: datetime, ends: datetime
) -> Archive:
    time_column = await connection.fetchval(_TIME_COLUMN, series)
    rows = await connection.fetch(_COLUMNS, series)
    names = [row["name"] for row in rows]
    counted = await connection.fetchrow(_FINGERPRINT, f"store.{_quoted(series)}", names, time_column, starts, ends)
    assert counted is not None
    # Infinite times have no place in a file, nor have those that Python does not know: such a column travels as text.
    limited = [row["name"] for row in rows if TRANSPORT.get(row["type"]) in ("timestamp", "date32")]
    checks = ", ".join(
        f"bool_and({_quoted(name)} BETWEEN '0001-01-02' AND '9999-12-30') IS NOT FALSE" for name in limited
    )
    plain = await connection.fetchrow(
        f"SELECT {checks} FROM store.{_quoted(series)} WHERE {_quoted(time_column)} >= $1 AND {_quoted(time_column)} < $2",  # noqa: S608 - names are quoted
        starts,
        ends,
    )
    assert plain is not None
    strange = {name for name, is_plain in zip(limited, plain, strict=True) if not is_plain}
    return Archive(
        series=series,
        partition=partition,
        time_column=time_column,
        starts=starts,
        ends=ends,
        rows=counted["row_count"],
        digest=counted["digest"],
        columns=tuple(
            Column(row["name"], row["type"], "text" if row["name"] in strange else TRANSPORT.get(row["type"], "text"))
            for row in rows
        ),
    )


async def _batches(connection: asyncpg.Connection[Any], archive: Archive) -> AsyncIterator[list[list[Any]]]:
    """The rows of a span in the order of time, column by column, some hundreds at a time."""
    wanted = ", ".join(
        f"{_quoted(each.name)}::text" if each.transport in ("text", "uuid") else _quoted(each.name)
        for each in archive.columns
    )
    time = _quoted(archive.time_column)
    cursor = await connection.cursor(
        f"SELECT {wanted} FROM store.{_quoted(archive.series)} WHERE {time} >= $1 AND {time} < $2 ORDER BY {time}",  # noqa: S608 - names are quoted
        archive.starts,
        archive.ends,
    )
    while rows := await cursor.fetch(_ROWS_AT_ONCE):
        yield [list(values) for values in zip(*rows, strict=True)]


async def restore(url: str, file: Path, *, keep_for: timedelta = timedelta(days=7)) -> Restored:
    """
    Put the rows of an archive back where they were; those that are there already stay as they are.

    They are not dropped again before `keep_for` has passed. Rows that refer to
    something that was deleted since are left out where the login is a superuser,
    and refused where it is not.

    Raises:
        ArchiveFormatMissing: pyarrow is not installed.
        ArchiveUnreadable: The file is not an archive.
        ArchiveDamaged: What it holds is not what was archived.
        ArchiveOutgrown: The series no longer has a column of it.
        SeriesNotFound: There is no such series here.
        OwnerNeeded: The login may not write the rows of every team.
    """
    archive = await asyncio.to_thread(read_description, file)
    async with as_owner(url, "restore series") as connection:
        if await connection.fetchval(_TIME_COLUMN, archive.series) is None:
            raise SeriesNotFound(archive.series)
        present = {row["name"] for row in await connection.fetch(_COLUMNS, archive.series)}
        if lost := [each.name for each in archive.columns if each.name not in present]:
            raise ArchiveOutgrown(file, archive.series, lost)
        async with _staged(connection, file, archive):
            orphaned = await _leave_orphans(connection, archive.series)
            await connection.execute(
                "SELECT platform.ensure_partitions($1, $2, $3)",
                archive.series,
                archive.starts,
                archive.ends - timedelta(microseconds=1),
            )
            names = ", ".join(_quoted(each.name) for each in archive.columns)
            status = await connection.execute(
                f"INSERT INTO store.{_quoted(archive.series)} ({names}) OVERRIDING SYSTEM VALUE "  # noqa: S608 - names are quoted
                f"SELECT {names} FROM pg_temp.archived ON CONFLICT DO NOTHING"
            )
            await connection.execute(
                _RESTORED,
                archive.series,
                archive.partition,
                archive.starts,
                archive.ends,
                archive.rows,
                archive.digest,
                f"{archive.series}/{file.name}",
                keep_for,
            )
    added = int(status.rsplit(" ", 1)[-1])
    return Restored(archive, added, archive.rows - orphaned - added, orphaned)


async def _leave_orphans(connection: asyncpg.Connection[Any], series: str) -> int:
    """Take rows out of the scratch table that no longer have what they refer to; only a superuser sees that."""
    if not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = session_user"):
        return 0
    conditions = [row[0] for row in await connection.fetch(_REFERENCES, series)]
    if not conditions:
        return 0
    await connection.execute("SET LOCAL ROLE NONE")
    status = await connection.execute(
        f"DELETE FROM pg_temp.archived WHERE NOT ({' AND '.join(conditions)})"  # noqa: S608 - the server has quoted them
    )
    await connection.execute("SET LOCAL ROLE guildhall_owner")
    return int(status.rsplit(" ", 1)[-1])


@asynccontextmanager
async def _staged(connection: asyncpg.Connection[Any], file: Path, archive: Archive) -> AsyncIterator[None]:
    """
    A transaction with the rows of a file in the table `pg_temp.archived`, their count and digest verified.

    Raises:
        ArchiveDamaged: They are not those that were archived.
    """
    _, pq = parquet_modules()
    names = [each.name for each in archive.columns]
    transport = ", ".join(f"{_quoted(each.name)} {STAGED.get(each.transport, 'text')}" for each in archive.columns)
    async with connection.transaction():
        await connection.execute(f"CREATE TEMPORARY TABLE travelled ({transport}) ON COMMIT DROP")
        # As the series has them today, so that what is verified is what will be put back.
        shape = f"SELECT {', '.join(map(_quoted, names))} FROM store.{_quoted(archive.series)}"  # noqa: S608 - names are quoted
        await connection.execute(f"CREATE TEMPORARY TABLE archived ON COMMIT DROP AS {shape} WITH NO DATA")
        types = {row["name"]: row["type"] for row in await connection.fetch(_COLUMNS, archive.series)}
        typed = ", ".join(f"{_quoted(name)}::{types[name]}" for name in names)
        try:
            with pq.ParquetFile(file) as parquet:
                batches = parquet.iter_batches(batch_size=_ROWS_AT_ONCE)
                while (records := await asyncio.to_thread(_next_records, file, batches)) is not None:
                    await connection.copy_records_to_table(
                        "travelled", records=records, columns=names, schema_name="pg_temp"
                    )
            await connection.execute(f"INSERT INTO pg_temp.archived SELECT {typed} FROM pg_temp.travelled")  # noqa: S608
        except asyncpg.DataError as error:
            raise ArchiveDamaged(file, "holds a value that is none of its column") from error
        counted = await connection.fetchrow(
            _FINGERPRINT, "pg_temp.archived", names, archive.time_column, archive.starts, archive.ends
        )
        assert counted is not None
        if tuple(counted) != (archive.rows, archive.digest):
            raise ArchiveDamaged(
                file,
                f"holds {counted['row_count']} rows whose digest differs from that of the {archive.rows} rows that were archived",
            )
        yield


def _next_records(file: Path, batches: Iterator[pa.RecordBatch]) -> list[tuple[Any, ...]] | None:
    """
    The next rows of a file; None behind the last.

    Raises:
        ArchiveDamaged: They cannot be read.
    """
    pa, _ = parquet_modules()
    try:
        batch = next(batches, None)
        return None if batch is None else list(zip(*(column.to_pylist() for column in batch.columns), strict=True))
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise ArchiveDamaged(file, "holds rows that cannot be read") from error


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))
