"""
Posting JSON and reading what comes back.

One `HttpClient` for each runner: it keeps connections open between requests and
is closed explicitly. Redirects are never followed (a key must not travel to a
place that nobody named), bodies have a limit, cookies are not kept.
"""

from __future__ import annotations

import math
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver

SHARE_OF_TIME = 0.98
"""
How much of a trial's remaining time a request is given.

A little less than all of it, so that it is the request that says who was
silent, and not the trial's clock that breaks everything off.
"""

_CONNECT_S = 30.0
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `headers` have lower-case names, `body` is complete and at most as long as was asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoAnswer(Exception):
    """The other side could not be reached, took too long, broke off, or said too much; the message says which."""

    def __init__(self, message: str, *, timed_out: bool = False, too_long: bool = False) -> None:
        super().__init__(message)
        self.timed_out = timed_out
        self.too_long = too_long


class Guard(Protocol):
    """Says which addresses may be posted to; what it refuses, it refuses by an error of its own."""

    def check(self, url: str) -> None:
        """See that a URL may be asked."""

    def resolver(self) -> AbstractResolver:
        """Looks names up, and gives addresses that may be asked alone."""
        ...


class HttpClient:
    """Posts JSON documents; use it as a context manager, or call `close`. With a `guard` no proxy is asked."""

    def __init__(self, guard: Guard | None = None) -> None:
        self._guard = guard
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; a later `post` opens new ones."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def post(
        self, url: str, document: bytes, *, headers: Mapping[str, str], timeout_ms: float, most_bytes: int
    ) -> Answer:
        """
        Post a JSON document; whatever status comes back is an answer.

        Raises:
            NoAnswer: There is none, or not a whole one.
        """
        if self._guard is not None:
            self._guard.check(url)
        try:
            async with self._opened().post(
                url,
                data=document,
                headers={"Content-Type": "application/json", **headers},
                allow_redirects=False,
                # By default aiohttp rounds long limits up to whole seconds, past the trial's own.
                timeout=aiohttp.ClientTimeout(
                    total=max(timeout_ms, 1.0) / 1000, sock_connect=_CONNECT_S, ceil_threshold=math.inf
                ),
                proxy=None if self._guard is not None else _proxy(url),
            ) as response:
                body = await _read(response, most_bytes)
                names = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, names, body)
        except TimeoutError as exc:
            raise NoAnswer(f"no whole answer within {timeout_ms / 1000:.3g} s", timed_out=True) from exc
        except (aiohttp.ClientError, OSError) as exc:
            raise NoAnswer(f"{type(exc).__name__}: {exc}" if str(exc) else type(exc).__name__) from exc

    def _opened(self) -> aiohttp.ClientSession:
        # Opened by the first request: it belongs to the event loop that is running then.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # How many trials run at a time is the runner's decision; a second limit here would only add waiting.
                connector=aiohttp.TCPConnector(
                    limit=0, resolver=self._guard.resolver() if self._guard is not None else None
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
            )
        return self._session


async def _read(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    # Counted after decompression, so that a small body cannot unfold into a large one.
    pieces: list[bytes] = []
    length = 0
    async for piece in response.content.iter_any():
        length += len(piece)
        if length > most_bytes:
            raise NoAnswer(f"the answer is longer than {most_bytes:,} bytes", too_long=True)
        pieces.append(piece)
    return b"".join(pieces)


def _proxy(url: str) -> str | None:
    # aiohttp's own `trust_env` would also send passwords from ~/.netrc.
    parts = urlsplit(url)
    if not parts.hostname or parts.hostname in _LOOPBACK or urllib.request.proxy_bypass(parts.hostname):
        return None
    return urllib.request.getproxies().get(parts.scheme)
