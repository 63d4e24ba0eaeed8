"""Archives: what is dropped was kept before, and comes back as it was."""

from __future__ import annotations

import asyncio
import math
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fixtures.readings import PLACE_ID, Readings
from guildhall.db import archivefiles, archives, timeseries

OLD = datetime(2019, 3, 14, 12, tzinfo=UTC)

ODD_ROWS = [
    {},
    {"value": math.nan, "amount": None, "note": "", "tags": ["", 'a"b,{}\\', "ü"], "detail": '{"a": [1, null, 1e400]}'},
    {"value": -math.inf, "note": "NULL", "raw": b"\x00\xff", "address": "2001:db8::/32", "tags": ["NULL", "\n\t"]},
    {"value": 0.1 + 0.2, "note": "Zunft 行会 🏛 '\"\\", "kind": "odd", "station_id": PLACE_ID},
    {"value": 5e-324, "note": "x" * 100_000, "detail": "null", "raw": b""},
]
"""Columns that are hard to carry: as text for what the driver has no type for."""


async def fill(readings: Readings) -> None:
    """Odd rows in two old months, and one of today that stays."""
    async with readings.place.acting("guildhall_owner") as connection:
        await connection.execute("SELECT platform.ensure_partitions('readings', $1, $2)", OLD, OLD + timedelta(days=31))
        for n, columns in enumerate(ODD_ROWS * 2):
            values = {"taken_at": OLD + timedelta(days=31 * (n // len(ODD_ROWS)), microseconds=n), **columns}
            casts = {"detail": "::text::jsonb", "address": "::text::inet", "kind": "::text"}
            places = ", ".join(f"${i}{casts.get(name, '')}" for i, name in enumerate(values, 1))
            await connection.execute(
                f"INSERT INTO store.readings ({', '.join(values)}) VALUES ({places})", *values.values()
            )
        await connection.execute(
            "UPDATE store.readings SET amount = '12345678.0123456789', expires_at = '2030-01-01Z' WHERE value = 5e-324"
        )
    await readings.add(await readings.connection.fetchval("SELECT now()"))


@pytest.fixture
async def archived(readings: Readings) -> Readings:
    """Odd rows in a series that is archived."""
    await fill(readings)
    await timeseries.adjust(readings.place.url, "readings", timeseries.Adjustment(is_archived=True))
    return readings


async def archive(readings: Readings, directory: Path) -> list[timeseries.Step]:
    return await archives.archive_expired(readings.place.url, readings.place.database, directory)


async def test_archive_drop_restore_is_the_identity(archived: Readings, tmp_path: Path) -> None:
    whole = await archived.rows()
    assert len(whole) == 11
    done = await archive(archived, tmp_path)
    assert [step.action for step in done] == ["archived", "dropped"] * 2
    assert len(await archived.rows()) == 1
    files = sorted(tmp_path.glob("readings/*.parquet"))
    assert [str(file.relative_to(tmp_path)) for file in files] == sorted(
        step.detail for step in done if step.action == "archived"
    )
    assert sorted(tmp_path.rglob("*.draft")) == []
    for file in files:
        restored = await archives.restore(archived.place.url, file)
        assert (restored.added, restored.known, restored.orphaned) == (5, 0, 0)
    assert await archived.rows() == whole


async def test_times_without_end_come_back_too(archived: Readings, tmp_path: Path) -> None:
    """Parquet has no infinity, nor years that Python does not know: such a column travels as text."""
    await archived.connection.execute(
        "UPDATE store.readings SET expires_at = CASE WHEN value = 5e-324 THEN timestamptz '0044-03-15 BC' ELSE 'infinity' END"
    )
    whole = await archived.rows()
    await archive(archived, tmp_path)
    for file in tmp_path.glob("readings/*.parquet"):
        await archives.restore(archived.place.url, file)
    assert await archived.rows() == whole


async def test_an_archive_is_a_table_that_other_tools_read(archived: Readings, tmp_path: Path) -> None:
    await archive(archived, tmp_path)
    table = pq.read_table(min(tmp_path.glob("readings/*.parquet")))
    assert table.num_rows == 5
    assert table.schema.field("taken_at").type == pa.timestamp("us", tz="UTC")
    assert table.schema.field("value").type == pa.float64()
    assert min(table["taken_at"].to_pylist()) == OLD
    assert "doubled" not in table.column_names  # computed anew


async def test_restoring_twice_adds_nothing(archived: Readings, tmp_path: Path) -> None:
    await archive(archived, tmp_path)
    file = min(tmp_path.glob("readings/*.parquet"))
    await archives.restore(archived.place.url, file)
    rows = await archived.rows()
    again = await archives.restore(archived.place.url, file)
    assert (again.added, again.known) == (0, 5)
    assert await archived.rows() == rows


async def test_restored_rows_are_kept_for_a_while_and_then_go_again(archived: Readings, tmp_path: Path) -> None:
    await archive(archived, tmp_path)
    files = sorted(tmp_path.glob("readings/*.parquet"))
    await archives.restore(archived.place.url, files[0], keep_for=timedelta(days=3))
    assert await archive(archived, tmp_path) == []
    assert len(await archived.rows()) == 6
    await archived.connection.execute("UPDATE platform.archives SET kept_until = now() WHERE restored_at IS NOT NULL")
    assert [step.action for step in await archive(archived, tmp_path)] == ["archived", "dropped"]
    assert len(await archived.rows()) == 1
    assert len(sorted(tmp_path.glob("readings/*.parquet"))) == 3  # no file is written over


async def test_rows_whose_owner_was_deleted_stay_away(archived: Readings, tmp_path: Path) -> None:
    await archive(archived, tmp_path)
    await archived.connection.execute("DELETE FROM platform.stations")
    restored = await archives.restore(archived.place.url, min(tmp_path.glob("readings/*.parquet")))
    assert (restored.added, restored.orphaned) == (4, 1)


async def test_a_series_that_is_archived_is_never_dropped_without(archived: Readings) -> None:
    done = await archived.maintain()
    assert [each[0] for each in done if each[0] not in ("made", "compressed")] == ["archive", "archive"]
    assert len(await archived.rows()) == 11


async def test_rows_that_came_after_the_archive_was_written_are_not_lost(archived: Readings, tmp_path: Path) -> None:
    """The digest at the drop is not that of the file: the partition stays, and is archived anew."""
    await archive_without_dropping(archived, tmp_path)
    stale = sorted(tmp_path.glob("readings/*.parquet"))
    assert len(stale) == 2
    await archived.add(OLD + timedelta(hours=1))
    whole = await archived.rows()
    done = await archive(archived, tmp_path)
    assert [step.action for step in done] == ["changed", "archived", "dropped", "dropped"]
    for file in tmp_path.glob("readings/*.parquet"):
        await archives.restore(archived.place.url, file)
    assert await archived.rows() == whole


async def archive_without_dropping(archived: Readings, tmp_path: Path) -> None:
    async with archived.place.acting("guildhall_owner") as reader:
        await reader.fetch("SELECT taken_at FROM store.readings")
        done = await archive(archived, tmp_path)
    assert [step.action for step in done] == ["archived", "busy"] * 2


async def test_a_digest_that_is_not_the_partitions_drops_nothing(archived: Readings) -> None:
    part = next(row["partition"] for row in await archived.spans())
    for rows, digest in ((5, "0:0"), (4, None), (0, "")):
        outcome = await timeseries.drop_archived(archived.place.database, "readings", part, rows=rows, digest=digest)  # type: ignore[arg-type]
        assert outcome in ("changed", "archive")
    assert len(await archived.rows()) == 11


async def test_a_row_that_was_changed_has_another_digest(archived: Readings) -> None:
    """Same count, one character: the sums of the halves differ."""

    async def digest() -> str:
        found: str = await archived.connection.fetchval(
            "SELECT digest FROM platform.fingerprint('store.readings', '{reading_id,note,value}', 'taken_at', '-infinity', 'infinity')"
        )
        return found

    before = await digest()
    assert await digest() == before
    await archived.connection.execute(
        "SET timezone = 'Asia/Tokyo'; SET extra_float_digits = -3; SET bytea_output = escape"
    )
    assert await digest() == before
    await archived.connection.execute(
        "UPDATE store.readings SET note = note || ' ' WHERE value = 5e-324 AND taken_at < '2019-04-01'"
    )
    assert await digest() != before


async def test_a_file_that_lost_a_row_is_refused(archived: Readings, tmp_path: Path) -> None:
    await archive(archived, tmp_path)
    file = min(tmp_path.glob("readings/*.parquet"))
    table = pq.read_table(file)
    pq.write_table(table.slice(1), file)
    with pytest.raises(archives.ArchiveDamaged, match="holds 4 rows whose digest differs from that of the 5"):
        await archives.restore(archived.place.url, file)
    assert len(await archived.rows()) == 1


async def test_a_file_that_was_damaged_says_so_wherever_it_was(archived: Readings, tmp_path: Path) -> None:
    await archive(archived, tmp_path)
    file = min(tmp_path.glob("readings/*.parquet"))
    whole = file.read_bytes()
    said = set()
    for place in (60, 150, 400, 1000, 1500, len(whole) - 300, len(whole) - 8):
        file.write_bytes(whole[:place] + b"\xff\x00\xab\xcd" + whole[place + 4 :])
        with suppress(archivefiles.ArchiveUnreadable):
            try:
                await archives.restore(archived.place.url, file)
            except archives.ArchiveDamaged as error:
                said.add(error.message.removeprefix(str(file)))
    assert {" holds rows that cannot be read", " holds a value that is none of its column"} & said


async def test_a_file_that_is_no_archive_is_refused(archived: Readings, tmp_path: Path) -> None:
    url = archived.place.url
    for name, content in (("empty.parquet", b""), ("text.parquet", b"PAR1 and nothing else PAR1")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(archivefiles.ArchiveUnreadable):
            await archives.restore(url, tmp_path / name)
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(archivefiles.ArchiveUnreadable):
        await archives.restore(url, tmp_path / "other.parquet")
    with pytest.raises(archivefiles.ArchiveUnreadable):
        await archives.restore(url, tmp_path / "absent.parquet")


async def test_a_series_that_has_lost_a_column_or_its_name_says_so(archived: Readings, tmp_path: Path) -> None:
    await archive(archived, tmp_path)
    file = min(tmp_path.glob("readings/*.parquet"))
    await archived.connection.execute("ALTER TABLE store.readings DROP COLUMN tags")
    with pytest.raises(archives.ArchiveOutgrown, match="tags"):
        await archives.restore(archived.place.url, file)
    await archived.connection.execute("DELETE FROM platform.series WHERE name = 'readings'")
    with pytest.raises(timeseries.SeriesNotFound):
        await archives.restore(archived.place.url, file)


async def test_a_column_that_came_later_is_empty_in_restored_rows(archived: Readings, tmp_path: Path) -> None:
    await archive(archived, tmp_path)
    await archived.connection.execute("ALTER TABLE store.readings ADD COLUMN colour text")
    restored = await archives.restore(archived.place.url, min(tmp_path.glob("readings/*.parquet")))
    assert restored.added == 5


async def test_without_pyarrow_nothing_is_dropped(
    archived: Readings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(archivefiles.ArchiveFormatMissing, match=r"guildhall\[archive\]"):
        await archive(archived, tmp_path)
    assert len(await archived.rows()) == 11


async def test_only_the_owner_archives_and_restores(archived: Readings, tmp_path: Path) -> None:
    with pytest.raises(timeseries.OwnerNeeded):
        await archives.archive_expired(archived.place.login_url, archived.place.database, tmp_path)
    await archive(archived, tmp_path)
    with pytest.raises(timeseries.OwnerNeeded):
        await archives.restore(archived.place.login_url, min(tmp_path.glob("readings/*.parquet")))


async def test_two_passes_at_once_write_each_partition_once(archived: Readings, tmp_path: Path) -> None:
    done = await asyncio.gather(*(archive(archived, tmp_path) for _ in range(2)))
    assert sorted(step.action for steps in done for step in steps) == ["archived", "archived", "dropped", "dropped"]
    assert len(await archived.rows()) == 1


async def test_what_was_archived_is_on_record(archived: Readings, tmp_path: Path) -> None:
    await archive(archived, tmp_path)
    rows = await archived.connection.fetch("SELECT * FROM platform.archives ORDER BY starts_at")
    assert [(row["series"], row["row_count"], row["dropped_at"] is None) for row in rows] == [
        ("readings", 5, False)
    ] * 2
    for row in rows:
        described = archivefiles.read_description(tmp_path / row["file"])
        assert (described.rows, described.digest) == (row["row_count"], row["digest"])
        assert archivefiles.Archive.from_json(described.as_json()) == described
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with archived.place.acting("guildhall_app") as connection:
            await connection.execute("SELECT FROM platform.archives")


def test_a_description_of_another_version_is_not_guessed_at() -> None:
    text = archivefiles.Archive("s", "p", "t", OLD, OLD, 0, "0:0", ()).as_json()
    with pytest.raises(ValueError, match="version 2"):
        archivefiles.Archive.from_json(text.replace(b'"version": 1', b'"version": 2'))
    with pytest.raises(ValueError, match="series"):
        archivefiles.Archive.from_json(text.replace(b'"series"', b'"serious"'))
