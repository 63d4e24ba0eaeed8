"""
Delivering accepted records into the database.

Records are stored in batches, several under way at once. While the database is
away they wait, and are tried again; a batch that it refuses is halved until the
record that is wrong stands alone, and that one is put aside with the reason.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from guildhall import clock
from guildhall.algorithms import backoff
from guildhall.app.sinks import REFUSALS, Sink
from guildhall.app.spool import Disk, Place, Segment, Spool
from guildhall.db import Actor
from guildhall.domains.evaluation import outcomes
from guildhall.domains.evaluation.outcomes import PackedTrial, Recorded
from guildhall.errors import GuildhallError, Unavailable

_log = logging.getLogger(__name__)

_FLIGHTS = 2
"""Batches under way at once: while the server writes one, the next is made and sent."""
_BATCH_BYTES = 8 << 20
_STALLED_S = 5.0
"""A database that has taken nothing for so long is taken to be away, even if it has said nothing."""
_FIRST_WAIT_S = 0.05
_LONGEST_WAIT_S = 2.0


@dataclass(slots=True)
class RecorderCounts:
    """
    What became of records so far.

    Every accepted or adopted record ends as stored, known (delivered before),
    refused (its claim was lost) or quarantined. `adopted` are those that
    processes before this one had accepted.
    """

    accepted: int = 0
    adopted: int = 0
    stored: int = 0
    known: int = 0
    refused: int = 0
    quarantined: int = 0
    spooled_bytes: int = 0


@dataclass(slots=True, eq=False)
class Entry:
    """A record on its way; `trial` is None while only the spool has it, `segment` while only memory has."""

    actor: Actor
    size: int
    trial: PackedTrial | None
    segment: Segment | None = None
    place: Place | None = None

    def content(self) -> bytes:
        """The record's bytes, from the spool."""
        assert self.segment is not None
        assert self.place is not None
        return self.segment.read(self.place)


class Delivery:
    """
    The way of records into the database, in the order of `enqueue`, more or less.

    `on_settled` is told of every batch that needs no more care, `on_stored` of
    what the database said of it, and `on_change` when the database goes away.
    """

    def __init__(
        self,
        sink: Sink,
        spool: Spool,
        disk: Disk,
        counts: RecorderCounts,
        *,
        batch_size: int,
        flush_interval_s: float,
        on_settled: Callable[[Sequence[Entry]], None],
        on_change: Callable[[], None],
        on_stored: Callable[[Recorded], None] | None,
    ) -> None:
        self._sink = sink
        self._spool = spool
        self._disk = disk
        self._counts = counts
        self._batch_size = batch_size
        self._flush_interval_s = flush_interval_s
        self._on_settled = on_settled
        self._on_change = on_change
        self._on_stored = on_stored

        self._ready: deque[Entry] = deque()
        self._ready_bytes = 0
        self._is_away = False
        self._progress_at = time.monotonic()
        self._hurry = 0
        self._chance = random.Random()
        self._arrival = asyncio.Event()
        self._slots = asyncio.Semaphore(_FLIGHTS)
        self._flights: set[asyncio.Task[None]] = set()
        self._dispatcher: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to deliver."""
        self._dispatcher = asyncio.create_task(self._dispatch())

    async def stop(self) -> None:
        """Break off what is under way."""
        tasks = [each for each in (self._dispatcher, *self._flights) if each is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def enqueue(self, entry: Entry) -> None:
        """Take a record."""
        self._ready.append(entry)
        self._ready_bytes += entry.size
        self._arrival.set()

    def hurry(self, more: int) -> None:
        """Somebody waits (1), or does no longer (-1): while somebody does, no batch waits to be full."""
        self._hurry += more
        self._arrival.set()

    @property
    def is_away(self) -> bool:
        """Whether the database does not take what it is given."""
        return self._is_away or self.idle_s > _STALLED_S

    @property
    def idle_s(self) -> float:
        """How long nothing has been delivered."""
        return time.monotonic() - self._progress_at

    def touch(self) -> None:
        """There was nothing to deliver until now."""
        self._progress_at = time.monotonic()

    async def _dispatch(self) -> None:
        while True:
            await self._slots.acquire()
            flight = asyncio.create_task(self._fly(await self._next_batch()))
            self._flights.add(flight)
            flight.add_done_callback(self._flights.discard)

    async def _next_batch(self) -> list[Entry]:
        """The next records of one person in one team: a full batch, or what there is when one has waited enough."""
        while not self._ready:
            self._arrival.clear()
            await self._arrival.wait()
        deadline = time.monotonic() + self._flush_interval_s
        while len(self._ready) < self._batch_size and self._ready_bytes < _BATCH_BYTES and not self._hurry:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            self._arrival.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._arrival.wait()
        actor = self._ready[0].actor
        batch: list[Entry] = []
        size = 0
        while self._ready and len(batch) < self._batch_size and size < _BATCH_BYTES and self._ready[0].actor == actor:
            entry = self._ready.popleft()
            size += entry.size
            batch.append(entry)
        self._ready_bytes -= size
        return batch

    async def _fly(self, batch: Sequence[Entry]) -> None:
        try:
            await self._deliver(batch)
        finally:
            self._slots.release()

    async def _deliver(self, batch: Sequence[Entry]) -> None:
        """Deliver a batch, however long the database is away; in halves where it is refused."""
        attempt = 0
        while True:
            attempt += 1
            try:
                self._count(batch, await self._store(batch))
            except REFUSALS as refusal:
                if len(batch) > 1:
                    middle = len(batch) // 2
                    await self._deliver(batch[:middle])
                    await self._deliver(batch[middle:])
                    return
                try:
                    await self._put_aside(batch[0], refusal)
                except Unavailable as error:
                    await self._wait(error, attempt)
                    continue
            except Exception as error:  # noqa: BLE001 - whatever it is, the records are not to be lost
                await self._wait(error, attempt)
                continue
            self._is_away = False
            self.touch()
            self._on_settled(batch)
            return

    async def _store(self, batch: Sequence[Entry]) -> Recorded:
        return await self._sink.store(batch[0].actor, await self._trials(batch))

    async def _trials(self, batch: Sequence[Entry]) -> list[PackedTrial]:
        """The batch's records; those that memory does not have are read from the spool."""
        absent = [each for each in batch if each.trial is None]
        read = iter(await self._disk.run(lambda: [each.content() for each in absent]) if absent else ())
        return [each.trial or PackedTrial.from_bytes(next(read)) for each in batch]

    async def _wait(self, error: Exception, attempt: int) -> None:
        if not self._is_away:  # said once, however often it is tried again
            if isinstance(error, Unavailable):
                _log.warning("records wait: %s", error)
            else:
                _log.error("records cannot be stored, and wait", exc_info=error)
        self._is_away = True
        self._on_change()
        await asyncio.sleep(
            backoff.full_jitter(attempt, self._chance.random(), first_s=_FIRST_WAIT_S, longest_s=_LONGEST_WAIT_S)
        )

    async def _put_aside(self, entry: Entry, refusal: Exception) -> None:
        trial = entry.trial
        content = b"".join(trial.to_parts()) if trial else await self._disk.run(entry.content)
        if trial is None:
            with suppress(outcomes.RecordUnreadable):
                trial = PackedTrial.from_bytes(content)
        name = str(trial.outcome_id if trial else clock.new_id())
        plain = {"error": {"code": type(refusal).__name__, "message": str(refusal)}}
        reason = {
            **(refusal.as_json() if isinstance(refusal, GuildhallError) else plain),
            "outcome_id": name,
            "simulation_id": trial.simulation_id if trial else None,
            "scenario_id": trial.scenario_id if trial else None,
            "user_id": entry.actor.user_id,
            "tenant_id": entry.actor.tenant_id,
            "refused_at": clock.now(),
        }
        path = await self._disk.run(lambda: self._spool.quarantine(content, name, reason))
        self._counts.quarantined += 1
        _log.error("a record was refused and put aside at %s: %s", path, refusal)

    def _count(self, batch: Sequence[Entry], recorded: Recorded) -> None:
        self._counts.stored += len(recorded.stored)
        self._counts.refused += len(recorded.refused)
        # One that is in the batch twice is known the second time.
        self._counts.known += len(batch) - len(recorded.stored) - len(recorded.refused)
        if recorded.refused:
            _log.warning("%d records came after their claims were lost", len(recorded.refused))
        if self._on_stored is not None:
            try:
                self._on_stored(recorded)
            except Exception:  # noqa: BLE001 - the records are stored, whatever a spectator does
                _log.exception("whoever watches the recorder has failed")
