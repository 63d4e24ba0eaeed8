"""
Headers that every answer has, whoever made it.

They follow OWASP's REST Security Cheat Sheet: what is no document for a
browser is not sniffed, framed or kept. A route that says otherwise is heeded.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guildhall.api.frame.house import House

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
_UNLESS_SAID = (
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_TLS = (b"strict-transport-security", b"max-age=31536000")  # RFC 6797; a year
_FAREWELL = (b"connection", b"close")


class Safeguards:
    """The layer around the envelope."""

    def __init__(self, app: ASGIApp, house: Callable[[], House | None]) -> None:
        self._app = app
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                said = {name for name, _ in headers}
                headers.extend(_ALWAYS)
                headers.extend(each for each in _UNLESS_SAID if each[0] not in said)
                if scope["scheme"] == "https":
                    headers.append(_TLS)
                house = self._house()
                if house is not None and house.closing.is_set() and b"connection" not in said:
                    headers.append(_FAREWELL)  # the client goes elsewhere with its next request
                message["headers"] = headers
            await send(message)

        await self._app(scope, receive, guarded)
