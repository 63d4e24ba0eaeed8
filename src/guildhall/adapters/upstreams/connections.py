"""
One connection to a provider: a request, and what comes back, as HTTP/1.1 has them (RFC 9112).

Parsing is llhttp's (`httptools`). What is here is what a relay needs and a
client library does not have: a part of a body is handed to whoever relays it
in the very call in which it came off the socket, without waking a task.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, TypeVar

import httptools

Reason: TypeAlias = Literal["connect", "timeout", "broken", "too_long"]
_T = TypeVar("_T")
Take: TypeAlias = Callable[[bytes], "_T | None"]
"""Takes a part of a body; whatever it returns but None ends the relaying for now."""

MOST_BYTES = 64 << 20
"""How long an answer may be, once it is unpacked."""

_MOST_HELD = 1 << 18
"""Bytes of a stream that wait for a slow reader, before the provider has to wait as well."""

_LONGEST_HEAD = 1 << 17
"""Bytes of headers, and of what stands behind a body or between its chunks."""

_SOON_S = 0.5
_ENCODINGS = {"gzip": 47, "x-gzip": 47, "deflate": 47}
"""What is unpacked, though nobody has asked for it; 47: whichever of gzip and zlib it is."""


class UpstreamSilent(Exception):
    """There is no answer, or not a whole one; `reason` says why."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Headers(dict[str, str]):
    """Headers by their names in small letters; `get` takes a name in any."""

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        return super().get(name.lower(), default)


class Connection(asyncio.Protocol):
    """
    A connection, with one exchange at a time.

    `begin` sends a request and gives its status; then either `read` or `relay`
    gives the body. `on_free` is called when another exchange may follow, and
    `on_lost` when none can.
    """

    def __init__(self, on_free: Callable[[Connection], None], on_lost: Callable[[Connection], None]) -> None:
        self.free_since = 0.0
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self._on_free = on_free
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._fields = Headers()
        self._unread = 0
        self._head: asyncio.Future[int] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._take: Take[object] | None = None
        self._taken: object = None
        self._parts: list[bytes] = []
        self._size = 0
        self._most: int | None = MOST_BYTES
        self._unpacker: zlib._Decompress | None = None
        self._is_packed = False
        self._ends_with_connection = False
        self._is_left = False
        self._is_paused = False
        self._may_follow = False
        self._timer: asyncio.TimerHandle | None = None
        self._until = 0.0
        self.is_whole = True
        self._error: Exception | None = None

    # the exchange --------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether a request can be sent."""
        return self._transport is not None and not self._transport.is_closing() and self.is_whole

    async def begin(self, request: bytes, *, first_byte_s: float, total_s: float) -> int:
        """
        Send a request; the status of what comes back, whatever it is.

        Raises:
            UpstreamSilent: Nothing has begun within `first_byte_s`, or the connection broke.
        """
        if self._transport is None:  # lost before it was used
            raise UpstreamSilent("broken", "the connection broke off")
        self._parser = httptools.HttpResponseParser(self)
        self.status, self._fields, self._unread = 0, Headers(), 0
        self._parts, self._size, self._most, self._unpacker = [], 0, MOST_BYTES, None
        self.is_whole = self._ends_with_connection = self._is_left = self._may_follow = self._is_packed = False
        self._error = None
        self._head = self._loop.create_future()
        self._until = self._loop.time() + total_s
        silence = UpstreamSilent("timeout", f"no answer has begun within {first_byte_s:g} s")
        self._timer = self._loop.call_later(min(first_byte_s, total_s), self._fail, silence)
        self._transport.write(request)
        try:
            return await self._head
        except BaseException:
            self.abort()
            raise
        finally:
            self._head = None

    async def read(self) -> bytes:
        """
        The whole body.

        Raises:
            UpstreamSilent: It broke off, took too long, or is longer than anybody needs.
        """
        while not self.is_whole:
            await self._wait()
        if self._error is not None:
            raise self._error
        parts, self._parts = self._parts, []
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def next_part(self) -> bytes:
        """
        What has come since; empty at the end.

        Raises:
            UpstreamSilent: It broke off or took too long.
        """
        while not self._parts and not self.is_whole:
            await self._wait()
        if self._parts:
            return self._given()
        if self._error is not None:
            raise self._error
        return b""

    async def relay(self, take: Take[_T]) -> _T | None:
        """
        Hand parts on as they come, until `take` returns something, which is returned; None at the body's end.

        What comes before relaying goes on waits here. `take` is called outside
        of any task; what it raises is raised here.

        Raises:
            UpstreamSilent: The body broke off or took too long.
        """
        self._most = None  # what is handed on is not held
        if self._parts:
            taken = take(self._given())
            if taken is not None:
                return taken
        if not self.is_whole:
            self._resume()
            self._take, self._taken = take, None
            try:
                await self._wait()
            finally:
                self._take = None
            said = self._said()
            if said is not None:
                return said  # type: ignore[no-any-return]
        if self._error is not None:
            raise self._error
        return None

    def leave(self) -> None:
        """Be done with the answer: if its end comes soon, the connection is used again."""
        self._take = None
        self._resume()
        if self.is_whole:
            self._release()
        elif self._error is not None or self._transport is None:
            self.abort()
        else:
            self._is_left = True
            self._arm(_SOON_S, None)

    def abort(self) -> None:
        """Break it off."""
        self._disarm()
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Close it, as nothing is under way."""
        if self._transport is not None:
            self._transport.close()

    # what comes ----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        parser = self._parser
        if parser is None or self.is_whole:  # nobody has asked
            self.abort()
            return
        self._unread += len(data)  # until a part of the body is
        try:
            parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__  # what a callback has raised comes wrapped
            self._cannot_go_on(cause if isinstance(cause, Exception) else UpstreamSilent("broken", "it cannot be read"))
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._cannot_go_on(UpstreamSilent("broken", "the answer is no HTTP"))
        if self._unread > _LONGEST_HEAD and not self.is_whole:
            self._fail(UpstreamSilent("broken", "its headers do not end"))
        if self._take is not None and self._parts and self._error is None:
            self._hand_on(self._take)

    def eof_received(self) -> None:
        """The other side says no more; the connection is closed, which tells the rest."""

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._on_lost(self)
        if self.is_whole:
            return
        if self._ends_with_connection and error is None:
            try:
                self.on_message_complete()
            except UpstreamSilent as cut_off:
                self._fail(cut_off)
        else:
            self._fail(UpstreamSilent("broken", "the connection broke off"))

    def on_message_begin(self) -> None:
        if self.is_whole:
            raise UpstreamSilent("broken", "more follows the answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.status:  # what stands behind a body says nothing that anybody heeds
            return
        key = name.decode("latin-1").lower()
        if key in self._fields and key.endswith("-encoding"):
            raise UpstreamSilent("broken", "it says twice how it is encoded")
        self._fields[key] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        assert self._parser is not None
        status = self._parser.get_status_code()
        if 100 <= status < 200:  # something to know while waiting
            return
        if not 200 <= status < 600:
            raise UpstreamSilent("broken", f"there is no status {status}")
        self.status, self.headers = status, self._fields
        fields = self._fields
        self._ends_with_connection = "content-length" not in fields and "transfer-encoding" not in fields
        framing = fields.get("transfer-encoding").strip().lower()
        if framing not in ("", "chunked"):
            raise UpstreamSilent("broken", f"the answer is sent as {framing[:40]!r}, which nobody has asked for")
        encoding = fields.get("content-encoding").strip().lower()
        if encoding and encoding != "identity":
            if encoding not in _ENCODINGS:
                raise UpstreamSilent(
                    "broken", f"the answer is encoded as {encoding[:40]!r}, which nobody has asked for"
                )
            self._unpacker = zlib.decompressobj(_ENCODINGS[encoding])
        self._arm(self._until - self._loop.time(), UpstreamSilent("timeout", "the answer took too long"))
        if self._head is not None and not self._head.done():
            self._head.set_result(status)

    def on_body(self, part: bytes) -> None:
        self._unread = 0
        if self._is_left:
            return
        if self._unpacker is not None:
            part = self._unpacked(part)
            if not part:
                return
        self._parts.append(part)
        if self._take is not None:  # all that has come at once is handed on at once
            return
        self._size += len(part)
        if self._most is None:
            if self._size > _MOST_HELD and not self._is_paused and self._transport is not None:
                self._is_paused = True
                self._transport.pause_reading()
        elif self._size > self._most:
            raise UpstreamSilent("too_long", f"the answer is longer than {MOST_BYTES:,} bytes")
        self._wake()

    def on_message_complete(self) -> None:
        if self.status == 0:  # something to know while waiting has ended
            self._fields = Headers()
            return
        if self._unpacker is not None and self._is_packed and not self._unpacker.eof and not self._is_left:
            raise UpstreamSilent("broken", "the answer ends before what is packed in it does")
        self.is_whole = True
        # Asked now, as the parser forgets it with the message's end.
        self._may_follow = self._parser is not None and self._parser.should_keep_alive()
        self._disarm()
        if self._is_left:
            self._release()
        else:
            self._wake()

    # within ----------------------------------------------------------------------

    def _hand_on(self, take: Take[object]) -> None:
        try:
            taken = take(self._given())
        except Exception as error:  # noqa: BLE001 - whatever it is, it is for whoever relays
            self._fail(error)
            return
        if taken is not None:
            self._take, self._taken = None, taken
            self._wake()

    def _said(self) -> Any:
        """What `take` has returned, if it was that which ended the relaying."""
        return self._taken

    def _resume(self) -> None:
        if self._is_paused and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()

    def _given(self) -> bytes:
        parts, self._parts, self._size = self._parts, [], 0
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _unpacked(self, part: bytes) -> bytes:
        assert self._unpacker is not None
        self._is_packed = True
        try:
            found = self._unpacker.decompress(part, MOST_BYTES)
        except zlib.error:
            raise UpstreamSilent("broken", "the answer cannot be unpacked") from None
        if self._unpacker.unconsumed_tail:
            raise UpstreamSilent("too_long", f"the answer is longer than {MOST_BYTES:,} bytes")
        if self._unpacker.unused_data:  # which zlib would keep, however much there is
            raise UpstreamSilent("broken", "more follows what is packed in the answer")
        return found

    async def _wait(self) -> None:
        if self._error is not None:
            raise self._error
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        if self._error is not None:
            raise self._error

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: Exception) -> None:
        if self._error is not None:  # what came first is why; that the connection is then lost follows from it
            return
        self._error = error
        self.abort()
        if self._head is not None and not self._head.done():
            self._head.set_exception(error)
        self._wake()

    def _cannot_go_on(self, error: Exception) -> None:
        """What has come is no part of the answer: that has failed, unless it was whole before; nothing else may follow."""
        if self.is_whole:
            self._may_follow = False
            self.abort()
        else:
            self._fail(error)

    def _arm(self, seconds: float, error: UpstreamSilent | None) -> None:
        self._disarm()
        if error is None:
            self._timer = self._loop.call_later(seconds, self.abort)
        else:
            self._timer = self._loop.call_later(seconds, self._fail, error)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _release(self) -> None:
        self._parser = None
        self._parts = []
        if self._transport is None:
            return
        if self._transport.get_write_buffer_size():
            # Who answers before all of the request has come may never read the rest, and the next would wait behind it.
            self._transport.abort()
        elif self._may_follow and self._error is None:
            self._on_free(self)
        else:
            self._transport.close()
