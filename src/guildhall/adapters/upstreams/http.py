"""
Sending a call to a provider and reading what comes back.

One `Upstream` for each process keeps connections open. Redirects are never
followed, proxies of the environment are not used, and what a name stands for is
looked at each time that it is looked up: nothing is sent to an address that is
not allowed, whatever a name server says.
"""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Literal, TypeAlias

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from guildhall.domains.gateway import providers

Reason: TypeAlias = Literal["connect", "timeout", "broken", "too_long"]

MOST_BYTES = 64 << 20
"""How long an answer may be, once it is unpacked."""

_CONNECT_S = 10.0
_NAMES_KEPT_S = 60


class UpstreamSilent(Exception):
    """There is no answer, or not a whole one; `reason` says why."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class AddressClosed(Exception):
    """A name stands for no address that something may be sent to."""


class Incoming:
    """An answer whose first byte has come."""

    __slots__ = ("_response", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers

    def close(self) -> None:
        """Be done with it: its connection is used again if nothing more is to come."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()

    async def read(self) -> bytes:
        """
        The whole body.

        Raises:
            UpstreamSilent: It broke off, took too long, or is longer than anybody needs.
        """
        with _translated():
            length = self._response.content_length
            # What is packed may be of any size.
            if length is not None and length <= MOST_BYTES and "Content-Encoding" not in self._response.headers:
                return await self._response.read()
            parts, size = [], 0
            async for part in self._response.content.iter_any():
                size += len(part)
                if size > MOST_BYTES:
                    raise UpstreamSilent("too_long", f"the answer is longer than {MOST_BYTES:,} bytes")
                parts.append(part)
            return b"".join(parts)

    async def next_part(self) -> bytes:
        """
        What has come since; empty at the end.

        Raises:
            UpstreamSilent: It broke off or took too long.
        """
        with _translated():
            return await self._response.content.readany()


class Upstream:
    """Calls providers; use it as a context manager. `networks` are the private ones that may be called."""

    def __init__(self, networks: Sequence[IPv4Network | IPv6Network] = ()) -> None:
        self._networks = networks
        self._checked: set[str] = set()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Upstream:
        connector = aiohttp.TCPConnector(
            limit=0,  # how many calls there are at a time is for limits to say; one more here would only add waiting
            resolver=_Guarded(self._networks),
            ttl_dns_cache=_NAMES_KEPT_S,
            keepalive_timeout=60,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            trust_env=False,
            skip_auto_headers=("User-Agent",),
            read_bufsize=1 << 18,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        first_byte_s: float,
        total_s: float,
    ) -> Incoming:
        """
        Send a request; whatever status comes back is an answer, which is to be closed.

        Raises:
            UpstreamSilent: None has begun within `first_byte_s`, the connection could not be made, or it broke.
            AddressClosed: It is at an address that is not allowed.
        """
        assert self._session is not None
        if url not in self._checked:
            with _translated():
                # An address that stands in the URL itself passes no resolver.
                providers.check_url(url, self._networks)
            self._checked.add(url)
        limits = aiohttp.ClientTimeout(total=total_s, sock_connect=_CONNECT_S, ceil_threshold=math.inf)
        request = self._session.request(
            method, url, data=body, headers=headers, allow_redirects=False, timeout=limits, ssl=True
        )
        with _translated():
            try:
                async with asyncio.timeout(first_byte_s):
                    response = await request
            except TimeoutError:
                raise UpstreamSilent("timeout", f"no answer has begun within {first_byte_s:g} s") from None
        return Incoming(response)


class _Guarded(AbstractResolver):
    """Looks names up, and gives addresses that may be called alone."""

    def __init__(self, networks: Sequence[IPv4Network | IPv6Network]) -> None:
        self._networks = networks
        self._own = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._own.resolve(host, port, family)
        allowed = [each for each in found if providers.is_open_to(each["host"], self._networks)]
        if found and not allowed:
            raise AddressClosed(f"{host} stands for no address that may be called")
        return allowed

    async def close(self) -> None:
        await self._own.close()


class _translated:
    """What goes wrong below, in two words of ours; a class, as a generator would cost more than the rest of a small part."""

    __slots__ = ()

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        match error:
            case None | UpstreamSilent() | AddressClosed():
                return
            case providers.AddressRefused():
                raise AddressClosed(str(error)) from error
            case aiohttp.ConnectionTimeoutError():
                raise UpstreamSilent("connect", f"no connection within {_CONNECT_S:g} s") from error
            case TimeoutError():
                raise UpstreamSilent("timeout", "the answer took too long") from error
            case aiohttp.ClientConnectorError():
                raise UpstreamSilent("connect", "no connection could be made") from error
            case aiohttp.ClientError() | OSError():
                raise UpstreamSilent("broken", "the connection broke off") from error
