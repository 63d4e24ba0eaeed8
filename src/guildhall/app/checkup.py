"""How this installation is: what its database says, and what only we know, such as its disk and its schema's version."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from guildhall import clock
from guildhall.app.wiring import App
from guildhall.db import DatabaseUnavailable, migrate
from guildhall.domains.platform import operations
from guildhall.domains.platform.operations import Disk, Finding, Level, Surroundings
from guildhall.errors import GuildhallError
from guildhall.settings import Settings

SCHEMA_ERRORS = (migrate.SchemaBehind, migrate.SchemaChanged, migrate.SchemaForeign, migrate.SchemaNewer)
"""Why nothing of a database can be examined but that its schema is not ours."""


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found, and when; `level` is the worst of it."""

    read_at: datetime
    findings: Sequence[Finding]

    @property
    def level(self) -> Level:
        return operations.overall(self.findings)


async def examine(app: App) -> Checkup:
    """
    Look at everything; it takes a connection for some ten milliseconds.

    Raises:
        DatabaseUnavailable: Nobody answers.
    """
    surroundings = await asyncio.to_thread(_surroundings, app.settings)
    async with app.database.duty("scheduler") as tx:
        standing = await migrate.standing(tx)
        findings = await operations.examine(tx, surroundings)
    schema = operations.judge_schema(standing.version, standing.expected, standing.pending)
    return Checkup(clock.now(), [schema, *findings])


def unusable(error: GuildhallError) -> Checkup:
    """What is found where the schema is none that this program works with (`SCHEMA_ERRORS`)."""
    return Checkup(clock.now(), [operations.schema_unusable(error.message, error.remedy)])


class Memory:
    """
    The last checkup, for whoever asks often.

    Those who ask at once share one, so that many cost no more than one; it goes
    on when they no longer wait for it, so that the next finds what it found.
    """

    def __init__(self, app: App, *, lasts_s: float = 10.0) -> None:
        self._app = app
        self._lasts_ms = lasts_s * 1000
        self._last: Checkup | None = None
        self._until_ms = 0.0
        self._looking: asyncio.Task[Checkup] | None = None

    async def recent(self, *, patience_s: float) -> Checkup:
        """
        One that is not older than `lasts_s`; after `patience_s` the last there was, which says when it was made.

        Raises:
            DatabaseUnavailable: Nobody answers, or the first one takes longer.
        """
        if self._last is not None and clock.monotonic_ms() < self._until_ms:
            return self._last
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(_heard)
        try:
            async with asyncio.timeout(patience_s):
                return await asyncio.shield(self._looking)
        except TimeoutError:
            if self._last is None:
                raise DatabaseUnavailable(
                    f"PostgreSQL has not told how it is within {patience_s:g} s", remedy="Try again in a moment."
                ) from None
            return self._last

    async def forget(self) -> None:
        """Let nothing go on."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> Checkup:
        found = await examine(self._app)
        self._last, self._until_ms = found, clock.monotonic_ms() + self._lasts_ms
        return found


def _heard(looking: asyncio.Task[Checkup]) -> None:
    """Whoever waited may have gone: its error is nobody's."""
    if not looking.cancelled():
        looking.exception()


def _surroundings(settings: Settings) -> Surroundings:
    return Surroundings(
        disk=None if settings.database_url else _disk(settings),
        processes=settings.workers,
        connections_each=settings.pool_size,
    )


def _disk(settings: Settings) -> Disk | None:
    try:
        usage = shutil.disk_usage(settings.data_dir)
    except OSError:  # nobody may look there
        return None
    return Disk(str(settings.data_dir), usage.free, usage.total)
