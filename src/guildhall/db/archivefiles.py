"""
The files that archives are: what one describes itself as, and how its columns travel.

A file is Parquet. Times, numbers and text have types of Parquet's own; whatever
has none (`jsonb`, arrays, exact numbers, addresses) is PostgreSQL's text for it.
Under the key `guildhall` the schema's metadata say which series and span it is,
its columns, and what must be found in it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guildhall.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    import pyarrow as pa

_VERSION = 1

TRANSPORT = {
    "boolean": "bool",
    "smallint": "int16",
    "integer": "int32",
    "bigint": "int64",
    "double precision": "float64",
    "real": "float32",
    "text": "string",
    "uuid": "uuid",
    "bytea": "binary",
    "date": "date32",
    "timestamp with time zone": "timestamp",
}
"""How a column travels, by its type; whatever is not here travels as PostgreSQL's text."""

STAGED = {
    "bool": "boolean",
    "int16": "smallint",
    "int32": "integer",
    "int64": "bigint",
    "float64": "double precision",
    "float32": "real",
    "binary": "bytea",
    "date32": "date",
    "timestamp": "timestamptz",
}


class ArchiveFormatMissing(Unavailable):
    """The optional part that reads and writes Parquet is not installed."""

    code = "archive_format_missing"

    def __init__(self) -> None:
        super().__init__(
            "archives are Parquet files, and pyarrow is not installed",
            remedy="Install it: pip install 'guildhall[archive]'.",
        )


class ArchiveUnreadable(InvalidInput):
    """A file is not an archive of ours."""

    code = "archive_unreadable"

    def __init__(self, file: Path, why: str) -> None:
        super().__init__(
            f"{file} is not an archive of a series: {why}",
            remedy="Name a file that `guildhall db maintain` has written.",
            file=str(file),
        )


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an archive: its type in PostgreSQL, and how it travels."""

    name: str
    type: str
    transport: str


@dataclass(frozen=True, slots=True)
class Archive:
    """What an archive holds: [starts, ends) of a series, so many rows, with this digest."""

    series: str
    partition: str
    time_column: str
    starts: datetime
    ends: datetime
    rows: int
    digest: str
    columns: tuple[Column, ...]

    def as_json(self) -> bytes:
        """The archive's own description, as its file carries it."""
        return json.dumps(
            {
                "version": _VERSION,
                "series": self.series,
                "partition": self.partition,
                "time_column": self.time_column,
                "starts": self.starts.isoformat(),
                "ends": self.ends.isoformat(),
                "rows": self.rows,
                "digest": self.digest,
                "columns": [[each.name, each.type, each.transport] for each in self.columns],
            }
        ).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Archive:
        """
        Read a description back.

        Raises:
            ValueError: It is none, or of a version that this code does not know.
        """
        try:
            found = json.loads(text)
            if found["version"] != _VERSION:
                raise ValueError(f"it is of version {found['version']}")
            return cls(
                series=found["series"],
                partition=found["partition"],
                time_column=found["time_column"],
                starts=datetime.fromisoformat(found["starts"]),
                ends=datetime.fromisoformat(found["ends"]),
                rows=found["rows"],
                digest=found["digest"],
                columns=tuple(Column(*each) for each in found["columns"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"its description lacks {error}") from error


def read_description(file: Path) -> Archive:
    """
    What a file says it holds.

    Raises:
        ArchiveUnreadable: It is not an archive.
        ArchiveFormatMissing: pyarrow is not installed.
    """
    pa, pq = parquet_modules()
    try:
        metadata = pq.read_schema(file).metadata or {}
    except (OSError, pa.ArrowException) as error:
        raise ArchiveUnreadable(file, str(error).partition("\n")[0]) from error
    try:
        return Archive.from_json(metadata.get(b"guildhall", b""))
    except ValueError as error:
        raise ArchiveUnreadable(file, str(error)) from error


def parquet_modules() -> tuple[Any, Any]:
    """
    `pyarrow` and `pyarrow.parquet`, which are optional.

    Raises:
        ArchiveFormatMissing: They are not installed.
    """
    try:
        import pyarrow  # noqa: PLC0415 - optional, and slow to load
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError as error:
        raise ArchiveFormatMissing from error
    return pyarrow, pyarrow.parquet


def arrow_type(pa: Any, transport: str) -> pa.DataType:
    """The type in the file of a column that travels like this."""
    match transport:
        case "text" | "uuid":
            return pa.string()
        case "timestamp":
            return pa.timestamp("us", tz="UTC")
        case "bool":
            return pa.bool_()
    return getattr(pa, transport)()


def free_name(place: Path, series: str, starts: datetime, ends: datetime) -> Path:
    """A name that no file has yet: `outcomes.2024-03.parquet`, with the day where it is less than a month."""
    span = f"{starts:%Y-%m-%d}" if ends - starts < timedelta(days=28) else f"{starts:%Y-%m}"
    file = place / f"{series}.{span}.parquet"
    number = 1
    while file.exists():  # rows of the same span that came late
        number += 1
        file = place / f"{series}.{span}.{number}.parquet"
    return file


def make_lasting(draft: Path, file: Path) -> None:
    """Give a draft its name once it is on the disk, so that there is a whole file or none."""
    descriptor = os.open(draft, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.rename(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
