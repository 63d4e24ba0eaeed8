"""The one place that asks the time, and the one that makes identifiers from it."""

from __future__ import annotations

import os
import struct
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CHANCE_BYTES = 10
_LOW_BITS = (1 << 62) - 1


def now() -> datetime:
    """The present instant, in UTC, to the millisecond: the precision a UUID of version 7 keeps."""
    return _EPOCH + timedelta(milliseconds=time.time_ns() // 1_000_000)


def monotonic_ms() -> float:
    """Milliseconds of a clock that never goes back, for durations."""
    return time.monotonic_ns() / 1e6


def new_id(at: datetime | None = None) -> UUID:
    """
    A UUID of version 7 (RFC 9562): 48 bits of milliseconds, then 74 random bits.

    Rows of a series take their time from their id (see `time_of`), so that a
    look-up by id alone finds its partition and `(id, time)` is as unique as `id`.
    """
    milliseconds = time.time_ns() // 1_000_000 if at is None else (at - _EPOCH) // timedelta(milliseconds=1)
    return _id_of(milliseconds, os.urandom(_CHANCE_BYTES))


def new_ids(count: int) -> list[UUID]:
    """Identifiers as of `new_id`, of one instant and ascending, so that an index takes them side by side."""
    instant = _id_of(time.time_ns() // 1_000_000, bytes(_CHANCE_BYTES)).int
    drawn = struct.iter_unpack(">HQ", os.urandom(_CHANCE_BYTES * count))
    chances = sorted((high & 0xFFF) << 64 | low & _LOW_BITS for high, low in drawn)
    return [UUID(int=instant | chance) for chance in chances]


def _id_of(milliseconds: int, chance: bytes) -> UUID:
    drawn = int.from_bytes(chance, "big")
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | (drawn >> 68) << 64
    return UUID(int=value | 0b10 << 62 | drawn & _LOW_BITS)


def time_of(identifier: UUID) -> datetime:
    """
    The instant kept in a UUID of version 7.

    Raises:
        ValueError: The identifier is of another version and keeps no time.
    """
    if identifier.version != 7:
        raise ValueError(f"{identifier} is not a UUID of version 7")
    return _EPOCH + timedelta(milliseconds=identifier.int >> 80)
