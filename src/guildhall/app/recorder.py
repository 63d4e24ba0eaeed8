"""
Getting records of trials into the database without losing or doubling any.

A record is accepted when the spool has it on disk (`spool`); it is stored in
batches by COPY (`outcomes.record_trials`), several in flight, and forgotten by
the spool when the database has acknowledged it. While the database is away,
records are accepted all the same and wait on disk. A record that the database
refuses is put aside with the reason and never keeps its neighbours waiting.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from guildhall import clock
from guildhall.algorithms import backoff
from guildhall.app.spool import Place, Segment, Spool
from guildhall.db import Actor, ConstraintViolated, Database
from guildhall.domains.evaluation import outcomes
from guildhall.domains.evaluation.outcomes import Month, PackedTrial, Recorded, TrialRecord
from guildhall.errors import Conflict, GuildhallError, InvalidInput, NotFound, Unavailable

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

_FLIGHTS = 2
"""Batches under way at once: while the server writes one, the next is made and sent."""
_BATCH_BYTES = 8 << 20
_GROUP_BYTES = 8 << 20
"""What one write to the spool takes at most."""
_KEPT_BYTES = 1 << 20
"""How long a segment may be before it is emptied when nothing in it is left to deliver."""
_STALLED_S = 5.0
"""A database that has taken nothing for so long is taken to be away, even if it has said nothing."""
_FIRST_WAIT_S = 0.05
_LONGEST_WAIT_S = 2.0
_PATIENCE_S = 60.0
_PATIENCE_AT_THE_ENDS_S = 10.0

# What is wrong with a record, and not with the world around it; ValueError and
# its like come from the driver, for a value that it cannot send.
_REFUSALS = (InvalidInput, Conflict, NotFound, ValueError, TypeError, OverflowError)


class RecorderClosed(Conflict):
    """A record came after the recorder was closed."""

    code = "recorder_closed"

    def __init__(self) -> None:
        super().__init__("the recorder is closed", remedy="Open another one.")


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
class _Entry:
    """A record on its way; `trial` is None while only the spool has it, `segment` while only memory has."""

    actor: Actor
    size: int
    trial: PackedTrial | None
    segment: Segment | None = None
    place: Place | None = None


class _Ticket:
    """What a caller waits for: its records on disk, or the reason why one is not."""

    __slots__ = ("_done", "_error", "_left")

    def __init__(self, records: int) -> None:
        self._left = records
        self._error: Exception | None = None
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def stamp(self, error: Exception | None) -> None:
        self._error = self._error or error
        self._left -= 1
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

    entry: _Entry
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
        database: Database,
        actor: Actor,
        spool: Spool,
        *,
        batch_size: int = 500,
        flush_interval_s: float = 0.05,
        max_buffer_bytes: int = 64 << 20,
        max_spool_bytes: int = 4 << 30,
        on_stored: Callable[[Recorded], None] | None = None,
    ) -> None:
        self.counts = RecorderCounts()
        self._database = database
        self._actor = actor
        self._spool = spool
        self._batch_size = batch_size
        self._flush_interval_s = flush_interval_s
        self._max_buffer_bytes = max_buffer_bytes
        self._max_spool_bytes = max_spool_bytes
        self._on_stored = on_stored

        self._writes: deque[_Write] = deque()
        self._ready: deque[_Entry] = deque()
        self._ready_bytes = 0
        self._outstanding = 0
        self._unwritten_bytes = 0
        self._buffered_bytes = 0
        self._waiting_bytes = 0
        self._segments: set[Segment] = set()
        self._segment: Segment | None = None
        self._spool_error: Unavailable | None = None
        self._months: set[Month] = set()
        self._chance = random.Random()
        self._is_open = False
        self._is_away = False
        self._progress_at = 0.0
        self._hurry = 0

        self._disk = ThreadPoolExecutor(1, thread_name_prefix="guildhall-spool")
        self._change = asyncio.Event()
        self._arrival = asyncio.Event()
        self._slots = asyncio.Semaphore(_FLIGHTS)
        self._flights: set[asyncio.Task[None]] = set()
        self._writer: asyncio.Task[None] | None = None
        self._dispatcher: asyncio.Task[None] | None = None

    # opening and closing

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
        self._segment = await self._on_disk(lambda: self._spool.create(self._actor))
        self._segments.add(self._segment)
        self._is_open = True
        self._progress()
        self._dispatcher = asyncio.create_task(self._dispatch())
        await self._adopt()
        if self._outstanding:
            with suppress(RecordsWaiting):
                await self.drain(_PATIENCE_AT_THE_ENDS_S)

    async def close(self, timeout_s: float | None = _PATIENCE_AT_THE_ENDS_S) -> None:
        """
        Deliver what is left, and stop; what the database does not take stays on disk for whoever records next.

        Raises:
            RecordsWaiting: Neither the spool nor the database has taken some, so they are lost.
        """
        if not self._is_open:
            return
        self._is_open = False
        self._notify()  # callers that wait for room are told
        try:
            with suppress(RecordsWaiting):
                await self.drain(timeout_s)
        finally:
            lost = await self._stop()
        if lost:
            raise RecordsWaiting(lost, timeout_s, self._spool)

    async def _stop(self) -> int:
        """Break off what is under way; how many records nobody has."""
        tasks = [each for each in (self._dispatcher, *self._flights) if each is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._writer is not None:
            await self._writer
        for segment in self._segments:
            await self._on_disk(segment.close if segment.held else segment.remove)
        self._disk.shutdown()
        return self._outstanding - sum(segment.held for segment in self._segments)

    async def _adopt(self) -> None:
        for adopted in await self._on_disk(self._spool.adopt):
            segment = adopted.segment
            if adopted.damaged_bytes:
                _log.warning("%s: %d bytes are no whole record, and are left out", segment.path, adopted.damaged_bytes)
            if not adopted.places:
                await self._on_disk(segment.remove)
                continue
            _log.info("%s: %d records of a process that is gone", segment.path, len(adopted.places))
            self._segments.add(segment)
            segment.hold(len(adopted.places))
            self.counts.adopted += len(adopted.places)
            self._outstanding += len(adopted.places)
            for place in adopted.places:
                self._waiting_bytes += place.length
                self._enqueue(_Entry(segment.actor, place.length, None, segment, place))

    # accepting

    async def record(self, trial: TrialRecord | PackedTrial) -> None:
        """
        Accept a record; when this returns, it is on disk and will be stored exactly once.

        Raises:
            OutcomeRefused, FailureRefused: A value makes no sense.
            SpoolUnavailable: The disk does not take it; it is not accepted.
            RecorderClosed: The recorder is closed.
        """
        await self.record_many((trial,))

    async def record_many(self, trials: Sequence[TrialRecord | PackedTrial]) -> None:
        """
        Accept records; all are looked at before the first is accepted.

        Raises:
            OutcomeRefused, FailureRefused: A value makes no sense; none is accepted.
            SpoolUnavailable: The disk has not taken all of them; what was written before is kept.
            RecorderClosed: The recorder is closed.
        """
        if not trials:
            return
        packed = [_packed(each) for each in trials]
        ticket = _Ticket(len(packed))
        for index, trial in enumerate(packed):
            try:
                await self._room()
            except RecorderClosed as closed:
                for _ in packed[index:]:
                    ticket.stamp(closed)
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
            SpoolUnavailable: The disk has not taken an earlier record, which is in memory until it is stored.
            RecorderClosed: The recorder is closed.
        """
        if self._spool_error is not None:
            error, self._spool_error = self._spool_error, None
            raise error
        packed = _packed(trial)
        await self._room()
        self._write(packed, None)

    async def drain(self, timeout_s: float | None = _PATIENCE_S) -> None:
        """
        Wait until everything that was accepted has been delivered.

        Raises:
            RecordsWaiting: The database has taken nothing for `timeout_s`; what is left waits on disk.
        """
        self._hurry += 1
        self._arrival.set()
        self._progress()
        try:
            while self._outstanding:
                patience = None if timeout_s is None else self._progress_at + timeout_s - time.monotonic()
                if patience is not None and patience <= 0:
                    raise RecordsWaiting(self._outstanding, timeout_s, self._spool)
                await _wait(self._change, patience)
        finally:
            self._hurry -= 1

    async def _room(self) -> None:
        """Wait while there is too much in memory, or on disk while the database is away."""
        while True:
            if not self._is_open:
                raise RecorderClosed
            if self._is_away or time.monotonic() - self._progress_at > _STALLED_S:
                if self._waiting_bytes < self._max_spool_bytes and self._unwritten_bytes < self._max_buffer_bytes:
                    return
            elif self._buffered_bytes < self._max_buffer_bytes:
                return
            await _wait(self._change, _STALLED_S)

    def _write(self, trial: PackedTrial, ticket: _Ticket | None) -> None:
        payload = trial.to_parts()
        size = len(payload[0]) + len(payload[1])
        if not self._outstanding:
            self._progress()  # nothing was waiting, so nothing was stalled
        self._outstanding += 1
        self._buffered_bytes += size
        self._unwritten_bytes += size
        self._writes.append(_Write(_Entry(self._actor, size, trial), payload, ticket))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())

    async def _write_all(self) -> None:
        """Write what waits for the disk, all that has come meanwhile at once, until nothing waits."""
        while self._writes:
            group = self._next_group()
            segment: Segment | None = None
            places: list[Place] = []
            error: Unavailable | None = None
            try:
                segment = await self._current_segment()
                segment.hold(len(group))
                payloads = [each.payload for each in group]
                places = await self._on_disk(partial(segment.append, payloads))
            except Unavailable as refused:
                error = refused
                if segment is not None:
                    self._release(segment, len(group))
            for index, write in enumerate(group):
                self._unwritten_bytes -= write.entry.size
                if error is None:
                    write.entry.segment, write.entry.place = segment, places[index]
                    self._waiting_bytes += write.entry.size
                    self.counts.spooled_bytes += write.entry.size
                    self._accept(write)
                elif write.ticket is not None:
                    self._outstanding -= 1
                    self._buffered_bytes -= write.entry.size
                    write.ticket.stamp(error)
                else:
                    self._spool_error = error
                    self._accept(write)
            self._notify()

    def _accept(self, write: _Write) -> None:
        entry = write.entry
        self.counts.accepted += 1
        if self._is_away and entry.segment is not None and self._buffered_bytes > self._max_buffer_bytes:
            entry.trial = None  # it is read again when the database is back
            self._buffered_bytes -= entry.size
        self._enqueue(entry)
        if write.ticket is not None:
            write.ticket.stamp(None)

    def _next_group(self) -> list[_Write]:
        group = []
        size = 0
        while self._writes and size < _GROUP_BYTES:
            write = self._writes.popleft()
            size += write.entry.size
            group.append(write)
        return group

    async def _current_segment(self) -> Segment:
        segment = self._segment
        if segment is None or segment.is_sealed or segment.size >= self._spool.segment_bytes:
            self._segment = None
            if segment is not None:
                segment.is_sealed = True
                self._release(segment, 0)
            segment = await self._on_disk(lambda: self._spool.create(self._actor))
            self._segments.add(segment)
            self._segment = segment
        return segment

    # delivering

    def _enqueue(self, entry: _Entry) -> None:
        self._ready.append(entry)
        self._ready_bytes += entry.size
        self._arrival.set()

    async def _dispatch(self) -> None:
        while True:
            await self._slots.acquire()
            flight = asyncio.create_task(self._fly(await self._next_batch()))
            self._flights.add(flight)
            flight.add_done_callback(self._flights.discard)

    async def _next_batch(self) -> list[_Entry]:
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
            await _wait(self._arrival, left)
        actor = self._ready[0].actor
        batch: list[_Entry] = []
        size = 0
        while self._ready and len(batch) < self._batch_size and size < _BATCH_BYTES and self._ready[0].actor == actor:
            entry = self._ready.popleft()
            size += entry.size
            batch.append(entry)
        self._ready_bytes -= size
        return batch

    async def _fly(self, batch: Sequence[_Entry]) -> None:
        try:
            await self._store(batch)
        finally:
            self._slots.release()

    async def _store(self, batch: Sequence[_Entry]) -> None:
        """Deliver a batch, however long the database is away; halves of it where it is refused."""
        attempt = 0
        while True:
            try:
                recorded = await self._try(batch)
            except _REFUSALS as refusal:
                if len(batch) > 1:
                    middle = len(batch) // 2
                    await self._store(batch[:middle])
                    await self._store(batch[middle:])
                    return
                try:
                    await self._quarantine(batch[0], refusal)
                except Unavailable as error:
                    await self._wait_for_the_world(error, attempt := attempt + 1)
                    continue
                self.counts.quarantined += 1
            except Exception as error:  # noqa: BLE001 - whatever it is, the records are not to be lost
                await self._wait_for_the_world(error, attempt := attempt + 1)
                continue
            else:
                self._count(batch, recorded)
            self._is_away = False
            self._settle(batch)
            return

    async def _try(self, batch: Sequence[_Entry]) -> Recorded:
        trials = await self._trials(batch)
        actor = batch[0].actor
        new_months = outcomes.months_of(trials) - self._months
        if new_months:
            # In a transaction of its own: making a partition locks tables that others write.
            async with self._database.transaction(actor) as tx:
                await outcomes.make_room(tx, new_months)
            self._months |= new_months
        try:
            async with self._database.transaction(actor) as tx:
                return await outcomes.record_trials(tx, trials, ready=self._months)
        except ConstraintViolated as error:
            if error.kind == "check" and error.constraint is None:
                # No partition takes the row: its month was dropped meanwhile.
                self._months.clear()
                async with self._database.transaction(actor) as tx:
                    return await outcomes.record_trials(tx, trials)
            raise

    async def _trials(self, batch: Sequence[_Entry]) -> list[PackedTrial]:
        """The batch's records, read from the spool where memory does not have them."""
        absent = [each for each in batch if each.trial is None]
        if absent:
            contents = await self._on_disk(lambda: [_read(each) for each in absent])
            for entry, content in zip(absent, contents, strict=True):
                entry.trial = PackedTrial.from_bytes(content)
                self._buffered_bytes += entry.size
        return [each.trial for each in batch if each.trial is not None]

    async def _wait_for_the_world(self, error: Exception, attempt: int) -> None:
        if not isinstance(error, Unavailable):
            _log.error("records cannot be stored", exc_info=error)
        elif not self._is_away:
            _log.warning("records wait: %s", error)
        self._is_away = True
        self._notify()
        await asyncio.sleep(
            backoff.full_jitter(attempt, self._chance.random(), first_s=_FIRST_WAIT_S, longest_s=_LONGEST_WAIT_S)
        )

    async def _quarantine(self, entry: _Entry, refusal: Exception) -> None:
        content = b"".join(entry.trial.to_parts()) if entry.trial else await self._on_disk(partial(_read, entry))
        name = str(entry.trial.outcome_id if entry.trial else clock.new_id())
        ours = refusal if isinstance(refusal, GuildhallError) else None
        reason = {
            **(ours.as_json() if ours else {"error": {"code": type(refusal).__name__, "message": str(refusal)}}),
            "outcome_id": name,
            "simulation_id": entry.trial.simulation_id if entry.trial else None,
            "scenario_id": entry.trial.scenario_id if entry.trial else None,
            "user_id": entry.actor.user_id,
            "tenant_id": entry.actor.tenant_id,
            "refused_at": clock.now(),
        }
        path = await self._on_disk(lambda: self._spool.quarantine(content, name, reason))
        _log.error("a record was refused and put aside at %s: %s", path, refusal)

    def _count(self, batch: Sequence[_Entry], recorded: Recorded) -> None:
        self.counts.stored += len(recorded.stored)
        self.counts.refused += len(recorded.refused)
        # One that is in the batch twice is known the second time.
        self.counts.known += len(batch) - len(recorded.stored) - len(recorded.refused)
        if recorded.refused:
            _log.warning("%d records came after their claims were lost", len(recorded.refused))
        if self._on_stored is not None:
            try:
                self._on_stored(recorded)
            except Exception:  # the records are stored, whatever a spectator does
                _log.exception("whoever watches the recorder has failed")

    def _settle(self, batch: Sequence[_Entry]) -> None:
        self._outstanding -= len(batch)
        released: dict[Segment, int] = {}
        for entry in batch:
            if entry.trial is not None:
                self._buffered_bytes -= entry.size
            if entry.segment is not None:
                self._waiting_bytes -= entry.size
                released[entry.segment] = released.get(entry.segment, 0) + 1
        for segment, records in released.items():
            self._release(segment, records)
        self._progress()
        self._notify()

    def _release(self, segment: Segment, records: int) -> None:
        segment.release(records)
        if segment.held:
            return
        # The disk's only thread does one thing after the other, so nothing is written in between.
        if segment.is_sealed:
            self._segments.discard(segment)
            self._disk.submit(segment.remove)
        elif segment.size > _KEPT_BYTES:
            self._disk.submit(segment.empty)

    # small things

    def _progress(self) -> None:
        self._progress_at = time.monotonic()

    def _notify(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    async def _on_disk(self, act: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._disk, act)


def _packed(trial: TrialRecord | PackedTrial) -> PackedTrial:
    return outcomes.pack(trial) if isinstance(trial, TrialRecord) else trial


def _read(entry: _Entry) -> bytes:
    assert entry.segment is not None
    assert entry.place is not None
    return entry.segment.read(entry.place)


async def _wait(event: asyncio.Event, timeout_s: float | None) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()
