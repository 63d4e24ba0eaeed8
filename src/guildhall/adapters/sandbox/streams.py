"""A program's pipes on the runner's event loop: lines in, lines out, logs, and an end to all of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable

from guildhall.algorithms.redaction import redact

from .errors import LineTooLong

_CHUNK = 1 << 16
_MARGIN = 4096


class Inlet:
    """The program's stdin."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor: int | None = descriptor
        self._turn = asyncio.Lock()
        self._room = asyncio.Event()

    async def write(self, content: bytes) -> bool:
        """Write all of it, waiting while the pipe is full. False when nobody reads it any more."""
        rest = memoryview(content)
        async with self._turn:
            while rest:
                if self._descriptor is None:
                    return False
                try:
                    rest = rest[os.write(self._descriptor, rest) :]
                except BlockingIOError:
                    await self._writable(self._descriptor)
                except OSError:  # the program closed it, or is gone
                    self.close()
                    return False
        return True

    async def _writable(self, descriptor: int) -> None:
        loop = asyncio.get_running_loop()
        self._room.clear()
        loop.add_writer(descriptor, self._room.set)
        try:
            await self._room.wait()
        finally:
            if self._descriptor is not None:
                loop.remove_writer(descriptor)

    def close(self) -> None:
        """Say that no more will come."""
        if self._descriptor is not None:
            with contextlib.suppress(RuntimeError):  # outside a loop there is nothing to forget
                asyncio.get_running_loop().remove_writer(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None
            self._room.set()


class Outlet:
    """One of the program's two ways to speak: what it writes is handed on until it ends or has said too much."""

    def __init__(self, descriptor: int, take: Callable[[bytes], bool], ended: Callable[[], None]) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor: int | None = descriptor
        self._take, self._ended = take, ended
        self.closed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(descriptor, self._read)

    def _read(self) -> None:
        if self._descriptor is None:
            return
        try:
            chunk = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk or not self._take(chunk):
            self.close()

    def close(self) -> None:
        """Read no more."""
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None
            self.closed.set()
            self._ended()


class Lines:
    """What came from stdout and has not been asked for yet. Its size is bounded by the limit on output."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._news = asyncio.Event()
        self._ended = False

    def feed(self, chunk: bytes) -> None:
        """More has come."""
        self._buffer += chunk
        self._news.set()

    def end(self) -> None:
        """No more will come."""
        self._ended = True
        self._news.set()

    async def next(self, limit: int) -> bytes | None:
        """
        The next line without its end, or None when there are no more.

        Raises:
            LineTooLong: It has more than `limit` bytes; it stays unread.
        """
        while True:
            found = self._buffer.find(b"\n", self._searched)
            length = len(self._buffer) if found < 0 else found
            if length > limit:
                raise LineTooLong(limit)
            if found >= 0:
                line = bytes(self._buffer[:found])
                del self._buffer[: found + 1]
                self._searched = 0
                return line
            self._searched = len(self._buffer)
            if self._ended:
                line, self._searched = bytes(self._buffer), 0
                self._buffer.clear()
                return line or None
            self._news.clear()
            await self._news.wait()

    async def rest(self) -> bytes:
        """Everything until the end."""
        while not self._ended:
            self._news.clear()
            await self._news.wait()
        everything, self._searched = bytes(self._buffer), 0
        self._buffer.clear()
        return everything


class CappedLog:
    """The beginning and the end of what was logged, with a note of how much is missing between them."""

    def __init__(self, limit: int) -> None:
        self._half = max(limit // 2, 1)
        self._head, self._tail, self._total = bytearray(), bytearray(), 0

    def feed(self, chunk: bytes) -> None:
        """Keep as much as may be kept."""
        self._total += len(chunk)
        room = self._half + _MARGIN - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        self._tail += chunk
        if (excess := len(self._tail) - self._half - _MARGIN) > 0:
            del self._tail[:excess]

    def text(self, secrets: Iterable[str]) -> str:
        """
        The log as text, secrets taken out.

        A little more than is shown is kept at the cut, so that a secret which
        lies across it is recognised before its pieces are cut off.
        """
        secrets = tuple(secrets)
        if self._total <= len(self._head) + len(self._tail) and self._total <= 2 * self._half:
            return redact((self._head + self._tail).decode("utf-8", "replace"), secrets)
        joined = len(self._head) + len(self._tail) >= self._total  # nothing was dropped: cut what is here
        everything = self._head + self._tail
        head = everything if joined else self._head
        tail = everything if joined else self._tail
        first = redact(head.decode("utf-8", "replace"), secrets)[: self._half]
        last = redact(tail.decode("utf-8", "replace"), secrets)[-self._half :]
        return f"{first}\n[… {self._total - 2 * self._half} bytes cut …]\n{last}"
