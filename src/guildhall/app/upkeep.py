"""
One pass of everything that keeps the database in shape: identity, lost work, seals, clusters, roll-ups, series, archives.

Nothing depends on when it runs, or whether two run at once: what one pass
leaves, such as a partition that it could not lock, the next one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from guildhall import cache
from guildhall.app import clustering, lost_work, sealing, searching
from guildhall.app.wiring import App
from guildhall.db import archives, rollups, timeseries
from guildhall.db.archivefiles import ArchiveFormatMissing
from guildhall.domains.gateway import requests
from guildhall.domains.platform import audit, identity, jobs, operations, replays
from guildhall.errors import GuildhallError, NotAllowed, Unavailable

_RUNS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Upkeep:
    """
    What one pass did.

    `expired` counts the sessions that had run out, `lost` the analyses and debates that nobody carried out any more,
    `clustered` the failures that were put in clusters. `left` says what it could
    not do with this login or installation, and why; `short_from` names the
    series that still lack partitions for the next month.
    """

    expired: int
    lost: int
    clustered: int
    seals: Sequence[audit.Seal]
    rollups: Sequence[rollups.Refreshed]
    steps: Sequence[timeseries.Step]
    left: Sequence[GuildhallError]
    short_from: dict[str, datetime]


async def maintain(app: App, url: str) -> Upkeep:
    """
    Tidy identity, the cache and runs of schedules, end lost work, seal ledgers, cluster failures, refresh roll-ups, then make, archive, drop and close partitions.

    What is dropped has been sealed and rolled up before. Work that needs the
    owner of the tables is done at `url`, an administrator's, and left out where
    the login there is not one.

    Raises:
        DatabaseUnavailable: Nobody answers.
    """
    left: list[GuildhallError] = []
    async with app.database.duty("scheduler") as tx:
        expired = await identity.tidy(tx)
        await replays.tidy(tx)
        await operations.tidy(tx)
        await cache.tidy(tx)
        await requests.tidy(tx, bodies_kept=timedelta(days=app.settings.gateway_bodies_days))
    await _forget_runs(app)
    lost = await lost_work.end_lost_work(app)
    seals: list[audit.Seal] = []
    try:
        async for seal in sealing.seal(app):
            seals.append(seal)
        async with app.database.duty("scheduler") as tx:
            await operations.note_upkeep(tx)
    except Unavailable:
        raise
    except GuildhallError as error:
        left.append(error)
    clustered = await clustering.catch_up_everywhere(app)
    await searching.index_everywhere(app)
    refreshed = await rollups.refresh(app.database)
    steps: list[timeseries.Step] = []
    for work in (
        lambda: rollups.refresh_continuous(url),
        lambda: timeseries.maintain(app.database),
        lambda: archives.archive_expired(url, app.database, app.settings.archive_dir),
        lambda: timeseries.close_partitions(url),
    ):
        try:
            steps += await work() or []
        except (NotAllowed, ArchiveFormatMissing) as error:
            left.append(error)
    return Upkeep(expired, lost, clustered, seals, refreshed, steps, left, await timeseries.short_of(app.database))


async def _forget_runs(app: App) -> None:
    """Batch by batch, each in a transaction of its own, so that no scheduler waits for long."""
    forgotten = _RUNS_AT_ONCE
    while forgotten == _RUNS_AT_ONCE:
        async with app.database.duty("scheduler") as tx:
            forgotten = await jobs.forget_runs(tx, at_most=_RUNS_AT_ONCE)
