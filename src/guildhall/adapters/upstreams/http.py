"""
Sending a call to a provider and reading what comes back.

One `Upstream` for each process keeps connections open. Redirects are never
followed, proxies of the environment are not used, and what a name stands for is
looked at each time that it is looked up: nothing is sent to an address that is
not allowed, whatever a name server says.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections import OrderedDict, defaultdict, deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple, TypeVar
from urllib.parse import quote, urlsplit

from guildhall.adapters.upstreams.connections import Connection, Take, UpstreamSilent
from guildhall.domains.gateway import providers

_CONNECT_S = 10.0
_OTHER_ADDRESS_S = 2.5
"""How long one of several addresses has, before the next is tried."""

_NAMES_KEPT_S = 60
_IDLE_S = 60.0
_MOST_URLS = 1_000
_PORTS = {"http": 80, "https": 443}
_PATH_CHARACTERS = "/%:@!$&'()*+,;=~-._"
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_T = TypeVar("_T")


class AddressClosed(Exception):
    """A name stands for no address that something may be sent to."""


class _Origin(NamedTuple):
    """Where connections lead to."""

    host: str
    port: int
    is_secure: bool


class _Target(NamedTuple):
    """A URL, taken apart once."""

    origin: _Origin
    line: str
    """What stands behind the method in a request: path, version and host."""


class Incoming:
    """An answer whose first byte has come."""

    __slots__ = ("_connection", "_is_over", "headers", "status")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._is_over = False
        self.status = connection.status
        self.headers: Mapping[str, str] = connection.headers

    def close(self) -> None:
        """Be done with it: its connection is used again if nothing more is to come."""
        if not self._is_over:
            self._is_over = True
            if self._connection.is_whole:
                self._connection.leave()
            else:
                self._connection.abort()

    def leave(self) -> None:
        """Be done with it though its end has not come: if that comes soon, its connection is used again."""
        if not self._is_over:
            self._is_over = True
            self._connection.leave()

    async def read(self) -> bytes:
        """
        The whole body.

        Raises:
            UpstreamSilent: It broke off, took too long, or is longer than anybody needs.
        """
        return await self._connection.read()

    async def next_part(self) -> bytes:
        """
        What has come since; empty at the end.

        Raises:
            UpstreamSilent: It broke off or took too long.
        """
        return await self._connection.next_part()

    async def relay(self, take: Take[_T]) -> _T | None:
        """
        Hand parts on as they come, as `Connection.relay` does.

        Raises:
            UpstreamSilent: It broke off or took too long.
        """
        return await self._connection.relay(take)


class Upstream:
    """Calls providers; use it as a context manager. `networks` are the private ones that may be called."""

    def __init__(self, networks: Sequence[IPv4Network | IPv6Network] = ()) -> None:
        self._networks = networks
        self._targets: OrderedDict[str, _Target] = OrderedDict()
        self._names: dict[tuple[str, int], tuple[float, list[str]]] = {}
        self._answering: dict[_Origin, str] = {}
        self._free: defaultdict[_Origin, deque[Connection]] = defaultdict(deque)
        self._open: set[Connection] = set()
        self._sweeping: asyncio.TimerHandle | None = None
        self._security: ssl.SSLContext | None = None

    async def __aenter__(self) -> Upstream:
        self._loop = asyncio.get_running_loop()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
        for each in list(self._open):
            each.abort()
        self._free.clear()

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
        target = self._targets.get(url) or self._taken_apart(url)
        request = _written(method, target.line, headers, body)
        connection = self._free_one(target.origin)
        if connection is None:
            began = self._loop.time()
            try:
                async with asyncio.timeout(min(first_byte_s, total_s, _CONNECT_S)):
                    connection = await self._connected(target.origin)
            except TimeoutError:
                if (patience_s := min(first_byte_s, total_s)) <= _CONNECT_S:
                    raise UpstreamSilent("timeout", f"no answer has begun within {patience_s:g} s") from None
                raise UpstreamSilent("connect", f"no connection within {_CONNECT_S:g} s") from None
            took_s = self._loop.time() - began
            first_byte_s, total_s = max(0.001, first_byte_s - took_s), max(0.001, total_s - took_s)
        await connection.begin(request, first_byte_s=first_byte_s, total_s=total_s)
        return Incoming(connection)

    # connections -----------------------------------------------------------------

    def _free_one(self, origin: _Origin) -> Connection | None:
        free = self._free.get(origin)
        while free:
            connection = free.pop()  # the one used last: others may then grow old and be closed
            if connection.is_open and self._loop.time() - connection.free_since < _IDLE_S:
                return connection
            connection.close()
        return None

    async def _connected(self, origin: _Origin) -> Connection:
        addresses = await self._addresses(origin)
        security = self._context() if origin.is_secure else None
        failure: OSError | None = None

        def made() -> Connection:
            return Connection(lambda each: self._freed(origin, each), self._open.discard)

        for place, address in enumerate(addresses, 1):
            try:
                async with asyncio.timeout(_CONNECT_S if place == len(addresses) else _OTHER_ADDRESS_S):
                    _, connection = await self._loop.create_connection(
                        made,
                        address,
                        origin.port,
                        ssl=security,
                        server_hostname=origin.host.rstrip(".") if origin.is_secure else None,
                    )
            except TimeoutError as error:
                failure = error
            except (OSError, ssl.SSLError, ssl.CertificateError) as error:
                failure = error
            else:
                if connection.is_open:
                    self._open.add(connection)
                if place > 1:  # the next asks first where somebody answers
                    if len(self._answering) >= _MOST_URLS:
                        self._answering.clear()
                    self._answering[origin] = address
                return connection
        self._names.pop((origin.host, origin.port), None)  # it may have moved
        if isinstance(failure, TimeoutError):
            raise UpstreamSilent("connect", f"no connection within {_CONNECT_S:g} s") from failure
        if isinstance(failure, ssl.SSLCertVerificationError):
            raise UpstreamSilent("connect", f"its certificate is refused: {failure.verify_message}") from failure
        raise UpstreamSilent("connect", "no connection could be made") from failure

    def _freed(self, origin: _Origin, connection: Connection) -> None:
        connection.free_since = self._loop.time()
        self._free[origin].append(connection)
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(_IDLE_S, self._sweep)

    def _sweep(self) -> None:
        """Close what nobody has used for long."""
        self._sweeping, now = None, self._loop.time()
        for origin, free in list(self._free.items()):
            while free and (not free[0].is_open or now - free[0].free_since >= _IDLE_S):
                free.popleft().close()
            if not free:
                del self._free[origin]
        if self._free:
            self._sweeping = self._loop.call_later(_IDLE_S, self._sweep)

    def _context(self) -> ssl.SSLContext:
        if self._security is None:
            self._security = ssl.create_default_context()
            self._security.set_alpn_protocols(["http/1.1"])
        return self._security

    # addresses -------------------------------------------------------------------

    async def _addresses(self, origin: _Origin) -> list[str]:
        """What a name stands for, of that what may be called; first what has answered where another did not."""
        host, port, _ = origin
        until, found = self._names.get((host, port), (0.0, []))
        if self._loop.time() >= until:
            try:
                told = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError) as error:  # the latter: it is no name that could be looked up
                raise UpstreamSilent("connect", "no connection could be made") from error
            found = list(dict.fromkeys(str(address[0]) for *_, address in told))
            for name in [name for name, (end, _) in self._names.items() if end <= self._loop.time()]:
                del self._names[name]
            self._names[host, port] = self._loop.time() + _NAMES_KEPT_S, found
        allowed = [each for each in found if providers.is_open_to(each, self._networks)]
        if not allowed:
            raise AddressClosed(f"{host} stands for no address that may be called")
        answering = self._answering.get(origin)
        return sorted(allowed, key=lambda each: each != answering)

    def _taken_apart(self, url: str) -> _Target:
        try:
            # An address that stands in the URL itself may be refused before anybody is asked what it stands for.
            providers.check_url(url, self._networks)
        except (providers.AddressRefused, providers.AccountRefused) as error:
            raise AddressClosed(str(error)) from error
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not host.isascii():
            with suppress(UnicodeError):
                host = host.encode("idna").decode("ascii")
        port = parts.port or _PORTS[parts.scheme]
        named = f"[{host}]" if ":" in host else host
        shown = named if port == _PORTS[parts.scheme] else f"{named}:{port}"
        line = f" {quote(parts.path or '/', safe=_PATH_CHARACTERS)} HTTP/1.1\r\nHost: {shown}\r\n"
        target = self._targets[url] = _Target(_Origin(host, port, parts.scheme == "https"), line)
        if len(self._targets) > _MOST_URLS:
            self._targets.popitem(last=False)
        return target


def _written(method: str, line: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """
    A request's bytes.

    Raises:
        UpstreamSilent: A header, such as the key, holds what would end it.
    """
    if _CONTROL.search("".join(headers) + "".join(headers.values())):
        raise UpstreamSilent("connect", "a header for it holds a control character")
    said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    length = "" if body is None else f"Content-Length: {len(body)}\r\n"
    return f"{method}{line}Accept: */*\r\n{said}{length}\r\n".encode() + (body or b"")
