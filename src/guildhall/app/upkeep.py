"""
One pass of everything that keeps the database in shape: roll-ups, series, archives.

Nothing depends on when it runs, or whether two run at once: what one pass
leaves, such as a partition that it could not lock, the next one does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from guildhall.db import Database, archives, rollups, timeseries
from guildhall.db.archivefiles import ArchiveFormatMissing
from guildhall.errors import GuildhallError, NotAllowed


@dataclass(frozen=True, slots=True)
class Upkeep:
    """
    What one pass did.

    `left` says what it could not do with this login or installation, and why;
    `short_from` names the series that still lack partitions for the next month.
    """

    rollups: Sequence[rollups.Refreshed]
    steps: Sequence[timeseries.Step]
    left: Sequence[GuildhallError]
    short_from: dict[str, datetime]


async def maintain(url: str, directory: Path) -> Upkeep:
    """
    Refresh roll-ups, then make, archive, drop and close partitions; archives go under a directory.

    Roll-ups come first, so that they have taken in what is dropped. Work that
    needs the owner of the tables is left out where the login is not one.

    Raises:
        DatabaseUnavailable: Nobody answers.
    """
    database = await Database.connect(url, size=2)
    try:
        refreshed = await rollups.refresh(database)
        steps: list[timeseries.Step] = []
        left: list[GuildhallError] = []
        for work in (
            rollups.refresh_continuous(url),
            timeseries.maintain(database),
            archives.archive_expired(url, database, directory),
            timeseries.close_partitions(url),
        ):
            try:
                steps += await work or []
            except (NotAllowed, ArchiveFormatMissing) as error:
                left.append(error)
        return Upkeep(refreshed, steps, left, await timeseries.short_of(database))
    finally:
        await asyncio.shield(database.close())
