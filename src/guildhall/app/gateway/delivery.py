"""
Writing into the ledger what has waited on disk: each call once, whoever has written part of it before.

What begins is written unless it is there, what ends is settled unless it is
(`requests.begin_late`, `requests.end`), so a delivery that is cut off is
simply made again. A record that the database never takes is written without
its contents, and put aside if that does not help, so it holds no other up.
"""

from __future__ import annotations

import logging
import secrets
import socket
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from guildhall import clock
from guildhall.app.gateway.spooling import Began, CallSpool, Held, Record
from guildhall.app.spool import Place
from guildhall.db import ConstraintViolated, Database, Tx
from guildhall.domains.gateway import requests
from guildhall.domains.gateway.requests import End, Packed, Usage
from guildhall.errors import Conflict, InvalidInput, NotFound

REFUSALS = (InvalidInput, Conflict, NotFound, ValueError, TypeError, OverflowError, RecursionError)
"""What is wrong with a row, and not with the world around it."""

_BATCH = 200
_MOST_TOKENS = 2**31 - 1
"""What a column holds; a provider that says more has said nothing."""
_log = logging.getLogger(__name__)


class Delivery:
    """The delivery of one segment."""

    def __init__(self, database: Database, spool: CallSpool, held: Held) -> None:
        self._database = database
        self._spool = spool
        self._held = held

    async def run(self) -> None:
        """
        Write everything in it, in its order.

        Raises:
            EnvelopeUnreadable: It does not open.
            Unavailable: The database is away; what was written stays.
        """
        places = self._held.places
        for first in range(0, len(places), _BATCH):
            some = places[first : first + _BATCH]
            records = await self._spool.read(self._held, some)
            await self._write(list(zip(records, some, strict=True)))

    async def _write(self, group: Sequence[tuple[Record, Place]], *, has_room: bool = False) -> None:
        records = [record for record, _ in group]
        try:
            await self._write_together(records)
        except REFUSALS as error:
            if lacks_a_partition(error) and not has_room:
                for day in {_time_of(each).date(): _time_of(each) for each in records}.values():
                    async with self._database.duty("writer") as tx:
                        await requests.make_room(tx, day)
                await self._write(group, has_room=True)
            elif len(group) == 1:
                await self._write_without_contents(*group[0], error)
            else:
                half = len(group) // 2
                await self._write(group[:half])
                await self._write(group[half:])

    async def _write_together(self, records: Sequence[Record]) -> None:
        # A call and its end go together where they can: between them it would look lost to whoever closes such calls.
        begun = [each for each in records if isinstance(each, Began)]
        async with self._database.duty("writer") as tx:
            for process_id in dict.fromkeys(each.process_id for each in begun):
                # Whoever has closed what it left has forgotten it; under a presence that nobody has, it is closed once more.
                await requests.register(tx, process_id, secrets.randbits(62), socket.gethostname(), 0)
                await requests.begin_late(
                    tx, process_id, [each.call for each in begun if each.process_id == process_id]
                )
            ends = [each for each in records if isinstance(each, End)]
            if ends:
                await recall(tx, ends)
                await requests.end(tx, ends)

    async def _write_without_contents(self, record: Record, place: Place, error: Exception) -> None:
        _log.warning("a call is written down without its contents: %s", type(error).__name__)
        try:
            await self._write_together([_bare(record)])
        except REFUSALS as again:
            name = str(record.call.id) + ("-end" if isinstance(record, End) else "")
            where = await self._spool.set_aside(self._held, place, name, f"{type(again).__name__}: {again}"[:500])
            _log.error("a call could not be written down, and is kept in %s", where)


async def recall(tx: Tx, ends: Sequence[End]) -> None:
    """Ends of calls that were begun while the database was away settle what their rows say was set aside."""
    if calls := [each.call for each in ends if each.call.was_spooled and each.call.reservation is not None]:
        await requests.recall_reservations(tx, calls)


def without_contents(end: End) -> End:
    """An end that keeps what it came to, and nothing of what was said."""
    bare = [
        replace(
            each,
            content=each.content and "",
            raw=Packed(b'{"unrecordable":true}'),
            finish_reason=None,
            upstream_id=None,
            usage=each.usage if (each.usage.total or 0) <= _MOST_TOKENS else Usage(),
        )
        for each in end.answers
    ]
    usage = end.usage if (end.usage.total or 0) <= _MOST_TOKENS else Usage()
    return replace(end, answers=bare, usage=usage, kept=None)


def lacks_a_partition(error: Exception) -> bool:
    """Whether a row was refused because nobody has made its day."""
    return isinstance(error, ConstraintViolated) and error.kind == "check" and error.constraint is None


def _bare(record: Record) -> Record:
    if isinstance(record, End):
        return without_contents(record)
    call = replace(record.call, prompt="", messages=Packed(b"[]"), params=Packed(b'{"unrecordable":true}'))
    return Began(record.process_id, call)


def _time_of(record: Record) -> datetime:
    if isinstance(record, Began):
        return record.call.created_at
    return record.answers[-1].created_at if record.answers else clock.now()
