"""
One client's connection: uvicorn's, with limits on what comes before a body.

httptools takes a request line and headers of any length and waits for their
end for ever; so do clients that mean harm.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from guildhall import clock
from guildhall.errors import InvalidInput

MAX_LINE_BYTES = 16 << 10
MAX_HEAD_BYTES = 64 << 10
MAX_HEADERS = 128
HEAD_PATIENCE_S = 20.0


class RequestUnreadable(InvalidInput):
    """What came is no HTTP request, or its beginning is longer than any should be."""

    code = "request_unreadable"


class _TooLong(Exception):
    """Ends the parser's work."""


class Connection(HttpToolsProtocol):
    """A connection whose requests have bounded beginnings and come in time."""

    _arrived_bytes = 0
    """Since the last message's end; what counts while a head is not whole."""
    _header_bytes = 0
    _is_in_head = True
    _refusal: tuple[int, RequestUnreadable] | None = None
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_there()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_in_head:
            self._arrived_bytes += len(data)
        super().data_received(data)
        if self._is_in_head and self._arrived_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse_head()
            self.send_400_response("")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head = True
        self._header_bytes = 0
        self._await_head()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > MAX_LINE_BYTES:
            self._refusal = (
                414,
                RequestUnreadable(
                    f"the path and query have more than {MAX_LINE_BYTES:,} bytes",
                    remedy="Ask for less at once.",
                    field="path",
                    limit=MAX_LINE_BYTES,
                ),
            )
            raise _TooLong

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._header_bytes += len(name) + len(value)
        if len(self.headers) > MAX_HEADERS or self._header_bytes > MAX_HEAD_BYTES:
            self._refuse_head()
            raise _TooLong

    def on_headers_complete(self) -> None:
        self._head_is_there()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._is_in_head = True  # of the next one
        self._arrived_bytes = 0

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be handed to the application, in the shape in which it would refuse."""
        status, error = self._refusal or (
            400,
            RequestUnreadable("what came is no HTTP request", remedy="Send HTTP/1.1.", field="request"),
        )
        if self.transport.is_closing():
            return
        document: dict[str, Any] = error.as_json()
        request_id = clock.new_id().hex
        document["error"]["request_id"] = request_id
        body = orjson.dumps(document)
        headers = (
            *self.server_state.default_headers,
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"x-request-id", request_id.encode()),
            (b"connection", b"close"),
        )
        head = STATUS_LINE[status] + b"".join(b"%s: %s\r\n" % each for each in headers)
        self.transport.write(head + b"\r\n" + body)
        self.transport.close()

    def _refuse_head(self) -> None:
        self._refusal = (
            431,
            RequestUnreadable(
                f"the headers are more than {MAX_HEADERS}, or have more than {MAX_HEAD_BYTES:,} bytes",
                remedy="Send fewer.",
                field="headers",
                limit=MAX_HEAD_BYTES,
            ),
        )

    def _await_head(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(HEAD_PATIENCE_S, self._lose_patience)

    def _head_is_there(self) -> None:
        self._is_in_head = False
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lose_patience(self) -> None:
        self._patience = None
        if not self.transport.is_closing():
            self.transport.close()
