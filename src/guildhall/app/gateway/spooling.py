"""
Where calls wait on disk while the database is away: sealed, fsynced, and delivered once it is back.

A record is a call that begins, or an end of one, in the order in which they
happened, so a call stands before its ends. It is compressed and sealed under
GUILDHALL_SECRET_KEY, as prompts are nobody else's business, and durable when
`write` returns. The files are the recorder's (`guildhall.app.spool`): each is
locked by its process, and whoever finds one whose process is gone takes it over.
"""

from __future__ import annotations

import asyncio
import base64
import fcntl
import os
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import orjson
import zstandard

from guildhall.algorithms import envelope
from guildhall.algorithms.envelope import EnvelopeUnreadable, Keyring
from guildhall.app.spool import Disk, Place, Segment, Spool
from guildhall.db import NOBODY
from guildhall.domains.gateway.requests import Answer, Body, End, Kept, NewCall, Packed, Purpose, Reservation, Usage

_ABOUT = "gateway spool"
_SEGMENT_BYTES = 32 << 20
_TURN_S = 0.05


@dataclass(frozen=True, slots=True)
class Began:
    """A call that was begun, by which process."""

    process_id: UUID
    call: NewCall


Record: TypeAlias = Began | End


@dataclass(slots=True)
class Held:
    """A segment whose records are to be delivered, and where in it they are."""

    segment: Segment
    places: list[Place]


class CallSpool:
    """The calls that wait in a directory; for one event loop."""

    def __init__(self, directory: Path, ring: Keyring) -> None:
        self._spool = Spool(directory, segment_bytes=_SEGMENT_BYTES)
        self._ring = ring
        self._disk = Disk()
        self._current: Held | None = None
        self._full: list[Held] = []

    async def write(self, records: Sequence[Record]) -> None:
        """
        Keep records; when this returns, the disk has them.

        Raises:
            SpoolUnavailable: It cannot; none of them is kept.
        """

        def act() -> None:
            if self._current is None:
                self._current = Held(self._spool.create(NOBODY), [])
            held = self._current
            try:
                held.places += held.segment.append([(self._sealed(each),) for each in records])
            finally:
                if held.segment.is_sealed or held.segment.size >= self._spool.segment_bytes:
                    self._full.append(held)
                    self._current = None

        await self._disk.run(act)

    def taken(self) -> list[Held]:
        """What this process has written and not yet taken to deliver; what is written next is in a segment of its own."""
        held = [*self._full, *([self._current] if self._current is not None else [])]
        self._full, self._current = [], None
        return held

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """
        While this lasts, no other process takes over what is in the directory.

        What a process has left may be in several files, and a call stands
        before its ends only where one reader goes through them in their order.

        Raises:
            SpoolUnavailable: The directory cannot be made or opened.
        """
        descriptor = await self._disk.run(self._spool.open_directory)
        try:
            while not _is_alone(descriptor):  # noqa: ASYNC110 - whoever has it is another process
                await asyncio.sleep(_TURN_S)
            yield
        finally:
            os.close(descriptor)  # which lets go of the lock

    async def adopted(self) -> list[Held]:
        """What processes that are gone have left, the oldest first; it is this process's from now on."""
        found = await self._disk.run(self._spool.adopt)
        return [Held(each.segment, list(each.places)) for each in found]

    async def read(self, held: Held, places: Sequence[Place]) -> list[Record]:
        """
        Some of the records of a segment.

        Raises:
            EnvelopeUnreadable: One does not open: the key that it was sealed under is not there, or it was changed.
        """
        return await self._disk.run(lambda: [self._opened(held.segment.read(each)) for each in places])

    async def remove(self, held: Held) -> None:
        """Forget a segment whose records were delivered."""
        await self._disk.run(held.segment.remove)

    async def let_go(self, held: Held) -> None:
        """Leave a segment where it is, for whoever can read it."""
        await self._disk.run(held.segment.close)

    async def set_aside(self, held: Held, place: Place, name: str, why: str) -> Path:
        """Put a record aside, still sealed, that the database never takes; where it is."""
        reason = {"user_id": NOBODY.user_id, "tenant_id": NOBODY.tenant_id, "reason": why}
        return await self._disk.run(lambda: self._spool.quarantine(held.segment.read(place), name, reason))

    def close(self) -> None:
        """Let go of what this process holds; it is on disk for whoever comes next."""

        def let_go() -> None:
            for each in self.taken():
                each.segment.close()

        self._disk.later(let_go)  # after whatever is still being written, though nobody waits for it
        self._disk.close()

    def _sealed(self, record: Record) -> bytes:
        if isinstance(record, Began):
            document: dict[str, Any] = {"process_id": record.process_id, "call": record.call}
        else:
            document = {"end": record}
        text = zstandard.ZstdCompressor(level=1).compress(orjson.dumps(document, default=_written))
        return envelope.seal(text, self._ring, secrets.token_bytes(envelope.NONCE_BYTES), _ABOUT)

    def _opened(self, sealed: bytes) -> Record:
        text = envelope.unseal(sealed, self._ring, _ABOUT)
        try:
            document = orjson.loads(zstandard.ZstdDecompressor().decompress(text))
            if "end" in document:
                return _end(document["end"])
            return Began(UUID(document["process_id"]), _call(document["call"]))
        except (ValueError, KeyError, TypeError, zstandard.ZstdError) as error:
            raise EnvelopeUnreadable(f"it holds no record: {type(error).__name__}") from None


def _is_alone(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _written(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal | UUID):  # the driver has its own kind of UUID
        return str(value)
    raise TypeError(type(value).__name__)


def _id(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def _money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _body(found: Mapping[str, Any]) -> Body:
    return Body(found["sha256"], base64.b64decode(found["content"]))


def _packed(found: Mapping[str, Any]) -> Packed:
    return Packed(base64.b64decode(found["text"]), tuple(_body(each) for each in found["bodies"]))


def _reservation(found: Mapping[str, Any] | None) -> Reservation | None:
    if found is None:
        return None
    held = [(UUID(budget), date.fromisoformat(day)) for budget, day in found["budgets"]]
    each = found.get("amounts_usd")
    return Reservation(
        held,
        _money(found["amount_usd"]),
        found["unpriced"],
        is_hard=found["is_hard"],
        models=found.get("models", ()),
        amounts_usd=None if each is None else [_money(amount) for amount in each],
    )


def _purpose(found: Mapping[str, Any] | None) -> Purpose | None:
    if found is None:
        return None
    return Purpose(UUID(found["simulation_id"]), _id(found["outcome_id"]), found["role"])


def _call(found: Mapping[str, Any]) -> NewCall:
    made = {
        "id": UUID(found["id"]),
        "created_at": datetime.fromisoformat(found["created_at"]),
        "tenant_id": UUID(found["tenant_id"]),
        "user_id": UUID(found["user_id"]),
        "api_key_id": _id(found["api_key_id"]),
        "session_id": _id(found["session_id"]),
        "messages": _packed(found["messages"]),
        "params": _packed(found["params"]),
        "reservation": _reservation(found["reservation"]),
        "ensemble": None if found["ensemble"] is None else _packed(found["ensemble"]),
        "purpose": _purpose(found["purpose"]),
    }
    return NewCall(**{**found, **made})


def _answer(found: Mapping[str, Any]) -> Answer:
    made = {
        "id": UUID(found["id"]),
        "created_at": datetime.fromisoformat(found["created_at"]),
        "provider_id": _id(found["provider_id"]),
        "raw": _packed(found["raw"]),
        "usage": Usage(**found["usage"]),
        "cost_usd": _money(found["cost_usd"]),
    }
    return Answer(**{**found, **made})


def _end(found: Mapping[str, Any]) -> End:
    kept = found["kept"]
    made = {
        "call": _call(found["call"]),
        "answers": [_answer(each) for each in found["answers"]],
        "completed_at": datetime.fromisoformat(found["completed_at"]),
        "usage": Usage(**found["usage"]),
        "cost_usd": _money(found["cost_usd"]),
        "charged_usd": Decimal(found["charged_usd"]),
        "shares_usd": None if not found.get("shares_usd") else [Decimal(each) for each in found["shares_usd"]],
        "kept": None if kept is None else Kept(kept["key"], kept["media_type"], _body(kept["body"])),
    }
    return End(**{**found, **made})
