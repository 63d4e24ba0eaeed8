"""
What is done for every request before and after a route sees it.

Plain ASGI, because it is on every request's way: an id for the request, limits
on its body, gzip undone, the time taken, and an answer in our shape whatever happens.
"""

from __future__ import annotations

import asyncio
import logging
import re
import zlib
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guildhall import clock
from guildhall.api.frame.house import Exchange, House
from guildhall.api.frame.problems import BodyUnreadable, Refused, defect
from guildhall.api.frame.templates import route_of
from guildhall.app import logs
from guildhall.errors import InvalidInput, LimitReached

_log = logging.getLogger("guildhall.api")
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")


class BodyTooLarge(InvalidInput):
    """A body is larger than the server takes."""

    code = "body_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"the body has more than {limit:,} bytes",
            remedy="Send it in parts, or raise GUILDHALL_MAX_BODY_BYTES on the server.",
            field="body",
            limit=limit,
        )


class BodyTooSlow(LimitReached):
    """A body did not arrive in time."""

    code = "body_too_slow"

    def __init__(self, patience_s: float) -> None:
        super().__init__(f"the body did not arrive within {patience_s:g} s", remedy="Send it again.", field="body")


class EncodingUnknown(InvalidInput):
    """A body is encoded in a way that the server does not undo."""

    code = "content_encoding_unknown"

    def __init__(self, encoding: str) -> None:
        super().__init__(
            f"Content-Encoding is {encoding[:100]!r}, expected gzip, deflate or identity",
            remedy="Send the body as it is, or with gzip.",
            field="Content-Encoding",
            value=encoding[:100],
        )


class Envelope:
    """The outermost layer of the application."""

    def __init__(
        self, app: ASGIApp, house: Callable[[], House | None], *, max_body_bytes: int, patience_s: float = 30.0
    ) -> None:
        self._app = app
        self._house = house
        self._max_body_bytes = max_body_bytes
        self._patience_s = patience_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_ms = clock.monotonic_ms()
        headers = dict(scope["headers"])
        request_id = _request_id(headers)
        scope["guildhall.request_id"] = request_id
        logs.request_id.set(request_id)  # for as long as the task lasts, which is this request's own
        body = _Body(receive, headers, self._max_body_bytes, self._patience_s)
        reply = _Reply(send, request_id)
        try:
            await self._app(scope, body.receive, reply.send)
        except Exception:
            _log.exception("request %s failed", request_id)
            if reply.status:
                raise  # it has begun: the connection is broken off, so that half an answer does not pass for a whole one
            await defect(request_id)(scope, receive, reply.send)
        finally:
            house = self._house()
            if house is not None and house.observers:
                exchange = _exchange(scope, headers, request_id, reply, body, (clock.monotonic_ms() - began_ms) / 1000)
                for observe in house.observers:
                    observe(exchange)


def _request_id(headers: dict[bytes, bytes]) -> str:
    given = headers.get(b"x-request-id", b"").decode("latin-1")
    return given if _REQUEST_ID.fullmatch(given) else clock.new_id().hex


class _Reply:
    """Sends an answer on, with the request's id, and remembers what it was."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id.encode()
        self.status = 0
        self.bytes = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", self._request_id)]
        elif message["type"] == "http.response.body":
            self.bytes += len(message.get("body", b""))
        await self._send(message)


class _Body:
    """Hands on a body, decoded, as long as it is within its limits."""

    def __init__(self, receive: Receive, headers: dict[bytes, bytes], limit: int, patience_s: float) -> None:
        self._receive = receive
        self._limit = limit
        self._patience_s = patience_s
        self._announced = headers.get(b"content-length", b"")
        self._encoding = headers.get(b"content-encoding", b"").decode("latin-1").strip().lower()
        self._decoder: Any = None
        self._is_whole = False
        self._size = 0
        self.bytes = 0

    async def receive(self) -> Message:
        if self._is_whole:  # a listener that waits for the client to leave, however long
            return await self._receive()
        if not self.bytes:
            self._look_at_headers()
        try:
            async with asyncio.timeout(self._patience_s):
                message = await self._receive()
        except TimeoutError:
            raise Refused(408, BodyTooSlow(self._patience_s), {"Connection": "close"}) from None
        if message["type"] != "http.request":
            return message
        self._is_whole = not message.get("more_body", False)
        self.bytes += len(message.get("body", b""))
        if self._decoder is not None:
            message = {**message, "body": self._decoded(message.get("body", b""))}
        self._size += len(message.get("body", b""))
        if self._size > self._limit:
            raise self._too_large()
        return message

    def _look_at_headers(self) -> None:
        if self._announced.isdigit() and int(self._announced) > self._limit:
            raise self._too_large()
        if self._decoder is None and self._encoding not in ("", "identity"):
            if self._encoding not in ("gzip", "x-gzip", "deflate"):
                raise Refused(415, EncodingUnknown(self._encoding), {"Accept-Encoding": "gzip, deflate"})
            self._decoder = zlib.decompressobj(zlib.MAX_WBITS | 32)  # either header

    def _decoded(self, part: bytes) -> bytes:
        room = self._limit - self._size + 1  # a bomb is not unpacked further than it may be
        try:
            out: bytes = self._decoder.decompress(part, room)
        except zlib.error:
            raise self._broken() from None
        if self._decoder.unconsumed_tail:
            raise self._too_large()
        if self._is_whole and not self._decoder.eof and self.bytes:
            raise self._broken()
        return out

    def _broken(self) -> Refused:
        return Refused(
            400,
            BodyUnreadable(
                f"the body is not whole {self._encoding}", remedy="Send it again.", field="body", value=None
            ),
        )

    def _too_large(self) -> Refused:
        return Refused(413, BodyTooLarge(self._limit), {"Connection": "close"})


def _exchange(
    scope: Scope, headers: dict[bytes, bytes], request_id: str, reply: _Reply, body: _Body, seconds: float
) -> Exchange:
    caller = scope.get("guildhall.caller")
    client = scope.get("client")
    return Exchange(
        method=scope["method"],
        route=route_of(scope),
        path=scope["path"],
        status=reply.status or 499,
        seconds=seconds,
        request_id=request_id,
        address=client[0] if client else None,
        user_agent=headers.get(b"user-agent", b"").decode("latin-1")[:1000] or None,
        user_id=str(caller.user_id) if caller else None,
        tenant_id=str(caller.tenant_id) if caller else None,
        received_bytes=body.bytes,
        sent_bytes=reply.bytes,
    )
