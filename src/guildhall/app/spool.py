"""
Where accepted records wait on disk until the database has acknowledged them.

A directory holds segments, append-only files of framed records. Each segment
belongs to the process that holds its lock, and the lock ends with the process,
however that ends; whoever opens the directory next takes the segments of the
dead and delivers what is in them. A record may then be delivered twice, and is
recognised by its outcome's id.

A segment is a head, then frames:

    head    GHSPOOL1, then one frame whose payload is JSON: {"user_id", "tenant_id"}
    frame   a mark (4 bytes), the payload's length and its CRC-32 (4 bytes each, big-endian), the payload

A frame that is not whole, as after a power cut, was never acknowledged to
anybody and is passed over; reading goes on at the next whole frame.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import orjson

from guildhall import clock
from guildhall.db import Actor
from guildhall.errors import Unavailable

_T = TypeVar("_T")

_MAGIC = b"GHSPOOL1"
_MARK = b"\xf1GHr"  # no UTF-8 text holds its first byte
_FRAME = struct.Struct(">4sII")
_SUFFIX = ".segment"
_QUARANTINE = "quarantine"

Payload = tuple[bytes, ...]
"""A record's bytes, in parts that need not be copied together."""


class SpoolUnavailable(Unavailable):
    """A record cannot be written to the spool, so it is not accepted."""

    code = "spool_unavailable"

    def __init__(self, directory: Path, error: OSError) -> None:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        reason = "the disk is full" if full else os.strerror(error.errno) if error.errno else str(error)
        super().__init__(
            f"the spool {directory} cannot take a record: {reason}",
            remedy="Free some space and record it again; what was accepted before is kept."
            if full
            else "See to it that the directory can be written, and record it again; what was accepted before is kept.",
            directory=str(directory),
        )


class Disk:
    """A thread of its own for what waits for a disk; it does one thing after the other, in the order asked."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="guildhall-spool")

    async def run(self, act: Callable[[], _T]) -> _T:
        """Do it, and wait for it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, act)

    def later(self, act: Callable[[], object]) -> None:
        """Do it when its turn comes."""
        self._thread.submit(act)

    def close(self) -> None:
        """Do what was asked for, and end."""
        self._thread.shutdown()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record's payload is in its segment."""

    offset: int
    length: int


class Segment:
    """
    One file of records, of one person in one team, locked by this process.

    `append` is durable when it returns. The owner counts with `hold` and
    `release` what is still to be delivered.
    """

    def __init__(self, path: Path, descriptor: int, actor: Actor, size: int) -> None:
        self.path = path
        self.actor = actor
        self.size = size
        self.held = 0
        self.is_sealed = False
        self._descriptor = descriptor
        self._start = size

    def append(self, payloads: Sequence[Payload]) -> list[Place]:
        """
        Write records, all or none, and wait until the disk has them.

        Raises:
            SpoolUnavailable: They could not be written; the segment is as before.
        """
        places = []
        chunks: list[bytes] = []
        offset = self.size
        for payload in payloads:
            length, checksum = 0, 0
            for part in payload:
                length += len(part)
                checksum = zlib.crc32(part, checksum)
            chunks.append(_FRAME.pack(_MARK, length, checksum))
            chunks.extend(payload)
            places.append(Place(offset + _FRAME.size, length))
            offset += _FRAME.size + length
        try:
            _write(self._descriptor, b"".join(chunks), self.size)
            os.fdatasync(self._descriptor)
        except OSError as error:
            self._undo()
            raise SpoolUnavailable(self.path.parent, error) from error
        self.size = offset
        return places

    def read(self, place: Place) -> bytes:
        """A record's payload."""
        return os.pread(self._descriptor, place.length, place.offset)

    def hold(self, records: int = 1) -> None:
        """Count records that are to be delivered."""
        self.held += records

    def release(self, records: int = 1) -> None:
        """Count records that have been."""
        self.held -= records

    def empty(self) -> None:
        """Forget everything in it; only when nothing is held."""
        os.ftruncate(self._descriptor, self._start)
        self.size = self._start

    def remove(self) -> None:
        """Delete the file and let go of the lock."""
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Let go of the lock; what is in the file is there for whoever opens the directory next."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _undo(self) -> None:
        # After a failed fsync nobody knows what is on the disk, so nothing more is written behind it.
        self.is_sealed = True
        try:
            os.ftruncate(self._descriptor, self.size)
        except OSError:
            return  # what is left is half a frame, or a record that will be recognised


@dataclass(frozen=True, slots=True)
class Adopted:
    """A dead process's segment, with the places of the whole records in it and how many bytes make no record."""

    segment: Segment
    places: Sequence[Place]
    damaged_bytes: int


@dataclass(frozen=True, slots=True)
class SetAside:
    """A record that the database refused: where it is, whose it is, and why it was refused."""

    path: Path
    actor: Actor
    reason: dict[str, Any]


class Spool:
    """A directory of segments, `segment_bytes` long at most."""

    def __init__(self, directory: Path, *, segment_bytes: int = 32 << 20) -> None:
        self.directory = directory
        self.segment_bytes = segment_bytes

    def create(self, actor: Actor) -> Segment:
        """
        A new segment.

        Raises:
            SpoolUnavailable: The directory cannot be written.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            while True:
                path = self.directory / f"{clock.new_id()}{_SUFFIX}"
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                # Somebody who looks for orphans may see the file before it is locked, and delete it.
                if _lock(descriptor):
                    break
                os.close(descriptor)
            head = _head(actor)
            try:
                _write(descriptor, head, 0)
                os.fsync(descriptor)
                _sync_directory(self.directory)
            except OSError:
                path.unlink(missing_ok=True)
                os.close(descriptor)
                raise
        except OSError as error:
            raise SpoolUnavailable(self.directory, error) from error
        return Segment(path, descriptor, actor, len(head))

    def open_directory(self) -> int:
        """
        A descriptor of the directory itself, to lock.

        Raises:
            SpoolUnavailable: It cannot be made or opened.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            return os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise SpoolUnavailable(self.directory, error) from error

    def adopt(self) -> list[Adopted]:
        """Every segment whose process is gone, the oldest first; each is locked by this process from now on."""
        adopted = []
        for path in sorted(self.directory.glob(f"*{_SUFFIX}")):
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            except (FileNotFoundError, PermissionError):
                continue  # delivered meanwhile, or another account's
            if not _lock(descriptor):
                os.close(descriptor)
                continue
            found = self._read(path, descriptor)
            if found is not None:
                adopted.append(found)
        return adopted

    def quarantine(self, payload: bytes, name: str, reason: dict[str, Any]) -> Path:
        """
        Put a record aside that the database refuses, with the reason beside it; where it is.

        Raises:
            SpoolUnavailable: It could not be written.
        """
        directory = self.directory / _QUARANTINE
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            record = directory / f"{name}.record"
            _write_file(record, payload)
            _write_file(directory / f"{name}.json", orjson.dumps(reason, option=orjson.OPT_INDENT_2, default=str))
            _sync_directory(directory)
        except OSError as error:
            raise SpoolUnavailable(directory, error) from error
        return record

    def set_aside(self) -> list[SetAside]:
        """Every record in quarantine, the first refused first; what no longer has its reason beside it is left alone."""
        found = []
        for path in sorted((self.directory / _QUARANTINE).glob("*.record"), key=lambda each: each.stat().st_mtime_ns):
            with suppress(OSError, ValueError, TypeError, KeyError):
                reason = orjson.loads(path.with_suffix(".json").read_bytes())
                found.append(SetAside(path, Actor(UUID(reason["user_id"]), UUID(reason["tenant_id"])), reason))
        return found

    def take_back(self, records: Sequence[SetAside]) -> None:
        """
        Put records from quarantine where the next recorder finds them.

        Each is on disk in its new place before it leaves the old one: one that
        is in both is recognised when it is delivered.

        Raises:
            SpoolUnavailable: The spool cannot be written.
        """
        for record in records:
            segment = self.create(record.actor)
            try:
                segment.append([(record.path.read_bytes(),)])
            finally:
                segment.close()
            record.path.unlink()
            record.path.with_suffix(".json").unlink()

    def _read(self, path: Path, descriptor: int) -> Adopted | None:
        content = _content(descriptor)
        whole = scan(content)
        if not whole:
            # Its process died before it accepted anything.
            path.unlink(missing_ok=True)
            os.close(descriptor)
            return None
        head, *places = whole
        actor = _actor(content[head.offset : head.offset + head.length])
        if actor is None:
            # The disk has lost the head, so nobody knows whose records these are.
            (self.directory / _QUARANTINE).mkdir(exist_ok=True, mode=0o700)
            path.rename(self.directory / _QUARANTINE / path.name)
            os.close(descriptor)
            return None
        segment = Segment(path, descriptor, actor, head.offset + head.length)
        segment.is_sealed = True
        damaged = len(content) - len(_MAGIC) - sum(_FRAME.size + place.length for place in whole)
        return Adopted(segment, places, damaged)


def scan(content: bytes) -> list[Place]:
    """
    The places of the whole frames in a segment's bytes.

    What is no whole frame is passed over: the end of a file that was being
    written when the power went, or a damaged part of the disk.
    """
    places = []
    position = content.find(_MARK)
    while 0 <= position <= len(content) - _FRAME.size:
        _, length, checksum = _FRAME.unpack_from(content, position)
        start = position + _FRAME.size
        end = start + length
        if end <= len(content) and zlib.crc32(memoryview(content)[start:end]) == checksum:
            places.append(Place(start, length))
            position = content.find(_MARK, end)
        else:
            position = content.find(_MARK, position + 1)
    return places


def frames(payloads: Sequence[bytes]) -> Iterator[bytes]:
    """Payloads as they stand in a segment."""
    for payload in payloads:
        yield _FRAME.pack(_MARK, len(payload), zlib.crc32(payload)) + payload


def _head(actor: Actor) -> bytes:
    named = {"user_id": actor.user_id, "tenant_id": actor.tenant_id}
    (frame,) = frames([orjson.dumps(named, default=str)])  # the driver has its own kind of UUID
    return _MAGIC + frame


def _actor(head: bytes) -> Actor | None:
    """Who a head names; None where it is no head."""
    try:
        who = orjson.loads(head)
        return Actor(UUID(who["user_id"]), UUID(who["tenant_id"]))
    except (ValueError, TypeError, KeyError):
        return None


def _lock(descriptor: int) -> bool:
    """Whether the file is this process's now: nobody else has it, and it has not been deleted."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(descriptor).st_nlink > 0


def _content(descriptor: int) -> bytes:
    content = bytearray()
    while part := os.pread(descriptor, 1 << 24, len(content)):
        content += part
    return bytes(content)


def _write(descriptor: int, content: bytes, offset: int) -> None:
    view = memoryview(content)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view = view[written:]
        offset += written


def _write_file(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
