"""
Getting records of trials into the database without losing or doubling any.

A record is accepted when the spool has it on disk (`spool`), stored in the
background (`delivery`), and forgotten by the spool when the database has
acknowledged it. While the database is away, records are accepted all the same.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from guildhall.app.delivery import Delivery, Entry, RecorderCounts
from guildhall.app.sinks import Sink
from guildhall.app.spool import Disk, Place, Segment, Spool
from guildhall.db import Actor
from guildhall.domains.evaluation import outcomes
from guildhall.domains.evaluation.outcomes import PackedTrial, Recorded, TrialRecord
from guildhall.errors import Conflict, Unavailable

_log = logging.getLogger(__name__)

_GROUP_BYTES = 8 << 20
"""What one write to the spool takes, more or less."""
_KEPT_BYTES = 1 << 20
"""How long a segment may be before it is emptied when nothing in it is left to deliver."""
_MOST_WAITING = 250_000
"""How many records may wait for a database that is away: each takes some memory, even if only the spool has it."""
_LOOK_AGAIN_S = 1.0
_PATIENCE_S = 60.0
_PATIENCE_AT_THE_ENDS_S = 10.0


class RecorderClosed(Conflict):
    """A record came before the recorder was opened, or after it was closed."""

    code = "recorder_closed"

    def __init__(self) -> None:
        super().__init__("the recorder is not open", remedy="Open it, or use it as a context manager.")


class RecordsWaiting(Unavailable):
    """The database has taken nothing for a while; what it has not taken waits on disk."""

    code = "records_waiting"

    def __init__(self, waiting: int, patience_s: float | None, spool: Spool) -> None:
        super().__init__(
            f"{waiting:,} recorded trials could not be stored: PostgreSQL has taken none for {patience_s or 0:g} s",
            remedy="They are kept on disk; whoever records next stores them first.",
            waiting=waiting,
            directory=str(spool.directory),
        )


class RecordsLost(Unavailable):
    """Records that were submitted could be written neither to the spool nor to the database."""

    code = "records_lost"

    def __init__(self, lost: int, spool: Spool) -> None:
        super().__init__(
            f"{lost:,} submitted trials could be neither stored nor kept on disk",
            remedy="See that PostgreSQL runs and that the spool can be written, then run these trials again.",
            lost=lost,
            directory=str(spool.directory),
        )


class _Ticket:
    """What a caller waits for: its records on disk, or the reason why one is not."""

    __slots__ = ("_done", "_error", "_left")

    def __init__(self, records: int) -> None:
        self._left = records
        self._error: Exception | None = None
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def stamp(self, error: Exception | None, records: int = 1) -> None:
        self._error = self._error or error
        self._left -= records
        if self._left == 0 and not self._done.done():
            if self._error is None:
                self._done.set_result(None)
            else:
                self._done.set_exception(self._error)

    async def redeem(self) -> None:
        await self._done


@dataclass(slots=True, eq=False)
class _Write:
    """An entry that waits for the disk, and who waits with it."""

    entry: Entry
    payload: tuple[bytes, bytes]
    ticket: _Ticket | None


class Recorder:
    """
    Accepts records of trials and stores them in the background.

    A batch is sent when `batch_size` records wait, or when one has waited for
    `flush_interval_s`. Records in memory take about `max_buffer_bytes` at
    most: a caller that is faster than the database waits. While the database
    is away the spool is filled instead, up to `max_spool_bytes`.

    Use it as a context manager: entering delivers what killed processes have
    left, leaving delivers the rest. `on_stored` is told of every batch.
    """

    def __init__(
        self,
        sink: Sink,
        actor: Actor,
        spool: Spool,
        *,
        batch_size: int = 1000,
        flush_interval_s: float = 0.05,
        max_buffer_bytes: int = 32 << 20,
        max_spool_bytes: int = 4 << 30,
        on_stored: Callable[[Recorded], None] | None = None,
    ) -> None:
        self.counts = RecorderCounts()
        self._actor = actor
        self._spool = spool
        self._max_buffer_bytes = max_buffer_bytes
        self._max_spool_bytes = max_spool_bytes

        self._disk = Disk()
        self._delivery = Delivery(
            sink,
            spool,
            self._disk,
            self.counts,
            batch_size=batch_size,
            flush_interval_s=flush_interval_s,
            on_settled=self._settle,
            on_change=self._notify,
            on_stored=on_stored,
        )
        self._segments: set[Segment] = set()
        self._segment: Segment | None = None
        self._writes: deque[_Write] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._outstanding = 0
        self._unwritten_bytes = 0
        self._buffered_bytes = 0
        self._spooled_bytes = 0
        self._spool_error: Exception | None = None
        self._is_open = False
        self._change = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """
        Begin, by delivering what processes that are gone have left in the spool.

        Where the database does not take it, that is left for later.

        Raises:
            SpoolUnavailable: The spool's directory cannot be written.
        """
        self._segment = await self._disk.run(lambda: self._spool.create(self._actor))
        self._segments.add(self._segment)
        self._is_open = True
        self._delivery.start()
        await self._adopt()
        if self._outstanding:
            with suppress(RecordsWaiting):
                await self.drain(_PATIENCE_AT_THE_ENDS_S)

    async def close(self, timeout_s: float | None = _PATIENCE_AT_THE_ENDS_S) -> None:
        """
        Deliver what is left, and stop; what the database does not take stays on disk for whoever records next.

        Raises:
            RecordsLost: Neither the spool nor the database has taken some that were submitted.
        """
        if not self._is_open:
            return
        self._is_open = False
        self._notify()  # callers that wait for room are told
        try:
            await self.drain(timeout_s)
        except RecordsWaiting as waiting:
            _log.warning("%s", waiting)
        finally:
            await self._delivery.stop()
            if self._writer is not None:
                await self._writer
            waiting_on_disk = sum(each.held for each in self._segments)
            for segment in self._segments:
                await self._disk.run(segment.close if segment.held else segment.remove)
            self._disk.close()
        if self._outstanding > waiting_on_disk:
            raise RecordsLost(self._outstanding - waiting_on_disk, self._spool)

    async def record(self, trial: TrialRecord | PackedTrial) -> None:
        """
        Accept a record; when this returns, it is on disk and will be stored exactly once.

        Raises:
            OutcomeRefused, FailureRefused: A value makes no sense.
            SpoolUnavailable: The disk does not take it; it is not accepted.
            RecorderClosed: The recorder is not open.
        """
        await self.record_many((trial,))

    async def record_many(self, trials: Sequence[TrialRecord | PackedTrial]) -> None:
        """
        Accept records; all are looked at before the first is accepted.

        Raises:
            OutcomeRefused, FailureRefused: A value makes no sense; none is accepted.
            SpoolUnavailable: The disk has not taken all of them; those it has taken are accepted.
            RecorderClosed: The recorder is not open.
        """
        if not trials:
            return
        packed = [_packed(each) for each in trials]
        ticket = _Ticket(len(packed))
        for done, trial in enumerate(packed):
            try:
                while not self._has_room():
                    await self._wait_for_change(_LOOK_AGAIN_S)
            except RecorderClosed as closed:
                ticket.stamp(closed, len(packed) - done)
                break
            self._write(trial, ticket)
        await ticket.redeem()

    async def submit(self, trial: TrialRecord | PackedTrial) -> None:
        """
        Take a record without waiting for the disk.

        It is written within milliseconds, but a process that is killed before
        loses it: for those who can do the trial again.

        Raises:
            OutcomeRefused, FailureRefused: A value makes no sense.
            SpoolUnavailable: The disk has not taken an earlier record, which memory keeps until it is stored.
            RecorderClosed: The recorder is not open.
        """
        if self._spool_error is not None:
            error, self._spool_error = self._spool_error, None
            raise error
        packed = _packed(trial)
        while not self._has_room():
            await self._wait_for_change(_LOOK_AGAIN_S)
        self._write(packed, None)

    async def drain(self, timeout_s: float | None = _PATIENCE_S) -> None:
        """
        Wait until everything that was accepted has been delivered.

        Raises:
            RecordsWaiting: Nothing has been delivered for `timeout_s`; what is left waits on disk.
        """
        self._delivery.hurry(1)
        self._delivery.touch()
        try:
            while self._outstanding:
                patience_s = None if timeout_s is None else timeout_s - self._delivery.idle_s
                if patience_s is not None and patience_s <= 0:
                    raise RecordsWaiting(self._outstanding, timeout_s, self._spool)
                await self._wait_for_change(patience_s)
        finally:
            self._delivery.hurry(-1)

    @property
    def buffered_bytes(self) -> int:
        """How long the records are that memory holds."""
        return self._buffered_bytes

    @property
    def waiting(self) -> int:
        """How many accepted records have not been delivered yet."""
        return self._outstanding

    def _has_room(self) -> bool:
        """Whether memory or, while the database is away, the disk may take another record."""
        if not self._is_open:
            raise RecorderClosed
        if self._buffered_bytes < self._max_buffer_bytes:
            return True
        return (
            self._delivery.is_away
            and self._unwritten_bytes < self._max_buffer_bytes
            and self._spooled_bytes < self._max_spool_bytes
            and self._outstanding < _MOST_WAITING
        )

    def _write(self, trial: PackedTrial, ticket: _Ticket | None) -> None:
        payload = trial.to_parts()
        size = len(payload[0]) + len(payload[1])
        if not self._outstanding:
            self._delivery.touch()
        self._outstanding += 1
        self._buffered_bytes += size
        self._unwritten_bytes += size
        self._writes.append(_Write(Entry(self._actor, size, trial), payload, ticket))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())

    async def _write_all(self) -> None:
        """Write what waits for the disk, everything that has come meanwhile at once, until nothing waits."""
        while self._writes:
            group = self._next_group()
            segment: Segment | None = None
            try:
                segment = await self._current_segment()
                segment.hold(len(group))
                places = await self._disk.run(lambda: segment.append([each.payload for each in group]))  # noqa: B023
            except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits is told
                if segment is not None:
                    self._release(segment, len(group))
                self._refuse(group, error)
            else:
                for write, place in zip(group, places, strict=True):
                    self._accept(write, segment, place)
            self._notify()

    def _next_group(self) -> list[_Write]:
        group = []
        size = 0
        while self._writes and size < _GROUP_BYTES:
            write = self._writes.popleft()
            size += write.entry.size
            group.append(write)
        self._unwritten_bytes -= size
        return group

    async def _current_segment(self) -> Segment:
        segment = self._segment
        if segment is None or segment.is_sealed or segment.size >= self._spool.segment_bytes:
            self._segment = None
            if segment is not None:
                segment.is_sealed = True
                self._release(segment, 0)
            segment = await self._disk.run(lambda: self._spool.create(self._actor))
            self._segments.add(segment)
            self._segment = segment
        return segment

    def _accept(self, write: _Write, segment: Segment, place: Place) -> None:
        entry = write.entry
        entry.segment, entry.place = segment, place
        self.counts.accepted += 1
        self.counts.spooled_bytes += entry.size
        self._spooled_bytes += entry.size
        if self._buffered_bytes > self._max_buffer_bytes and self._delivery.is_away:
            entry.trial = None  # it is read again when the database is back
            self._buffered_bytes -= entry.size
        self._delivery.enqueue(entry)
        if write.ticket is not None:
            write.ticket.stamp(None)

    def _refuse(self, group: Sequence[_Write], error: Exception) -> None:
        for write in group:
            if write.ticket is not None:
                self._outstanding -= 1
                self._buffered_bytes -= write.entry.size
                write.ticket.stamp(error)
            else:
                # Nobody waits to be told, so the database may have it all the same.
                self._spool_error = error
                self.counts.accepted += 1
                self._delivery.enqueue(write.entry)

    async def _adopt(self) -> None:
        for adopted in await self._disk.run(self._spool.adopt):
            segment = adopted.segment
            if adopted.damaged_bytes:
                _log.warning("%s: %d bytes are no whole record, and are left out", segment.path, adopted.damaged_bytes)
            self._segments.add(segment)
            segment.hold(len(adopted.places))
            self.counts.adopted += len(adopted.places)
            self._outstanding += len(adopted.places)
            for place in adopted.places:
                self._spooled_bytes += place.length
                self._delivery.enqueue(Entry(segment.actor, place.length, None, segment, place))
            self._release(segment, 0)

    def _settle(self, batch: Sequence[Entry]) -> None:
        self._outstanding -= len(batch)
        released: Counter[Segment] = Counter()
        for entry in batch:
            if entry.trial is not None:
                self._buffered_bytes -= entry.size
            if entry.segment is not None:
                self._spooled_bytes -= entry.size
                released[entry.segment] += 1
        for segment, records in released.items():
            self._release(segment, records)
        self._notify()

    def _release(self, segment: Segment, records: int) -> None:
        segment.release(records)
        if segment.held:
            return
        # The disk does one thing after the other, so nothing is written in between.
        if segment.is_sealed:
            self._segments.discard(segment)
            self._disk.later(segment.remove)
        elif segment.size > _KEPT_BYTES:
            self._disk.later(segment.empty)

    def _notify(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    async def _wait_for_change(self, timeout_s: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._change.wait()


def _packed(trial: TrialRecord | PackedTrial) -> PackedTrial:
    return outcomes.pack(trial) if isinstance(trial, TrialRecord) else trial
