"""
Who asks, where a proxy stands between.

Anybody can write `X-Forwarded-For`. What it says is believed only from
addresses that are trusted, and read from its end: each proxy appends whom it
heard, so the last address that is not a trusted proxy's is the client's, and
whatever stands before it the client may have made up.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from starlette.types import ASGIApp, Receive, Scope, Send

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_PAIR = re.compile(r"\s*([A-Za-z]+)=(\"(?:[^\"\\]|\\.)*\"|[^;,\s\"]+)\s*")


@dataclass(frozen=True, slots=True)
class Said:
    """What proxies say of a request; None where they say nothing that could be true."""

    client: str | None = None
    scheme: str | None = None
    host: str | None = None


class Proxies:
    """The networks that are trusted."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(each) for each in networks]
        self.trusts = lru_cache(maxsize=1024)(self._trusts)

    def _trusts(self, address: str) -> bool:
        """Whether an address is a trusted proxy's; what is no address is nobody's."""
        found = address_in(address)
        return found is not None and any(found in network for network in self._networks)

    def said(self, headers: Mapping[bytes, bytes]) -> Said:
        """
        What the proxies in front say, in `X-Forwarded-For`, `-Proto` and `-Host`, or else in `Forwarded` (RFC 7239).

        `headers` has each name once, its values joined by commas.
        """
        if b"x-forwarded-for" in headers or b"x-forwarded-proto" in headers or b"x-forwarded-host" in headers:
            return Said(
                self._client(_items(headers, b"x-forwarded-for")),
                _scheme(_last(headers, b"x-forwarded-proto")),
                _host(_last(headers, b"x-forwarded-host")),
            )
        hops = [_hop(each) for each in _items(headers, b"forwarded")]
        if not hops:
            return Said()
        return Said(
            self._client([each.get("for", "") for each in hops]),
            _scheme(hops[-1].get("proto", "")),
            _host(hops[-1].get("host", "")),
        )

    def _client(self, chain: Sequence[str]) -> str | None:
        """The last of the chain that is no trusted proxy, or the first where all are; None where it is no address."""
        found = None
        for each in reversed(chain):
            address = address_in(each)
            if address is None:
                break  # an obfuscated or made-up name: what stands before it is hearsay
            found = str(address)
            if not self.trusts(found):
                break
        return found


class BehindProxies:
    """The outermost layer where proxies are trusted: puts the client's address, scheme and host into the request."""

    def __init__(self, app: ASGIApp, proxies: Proxies) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if scope["type"] == "http" and client and self._proxies.trusts(client[0]):
            said = self._proxies.said(_joined(scope["headers"]))
            scope = dict(scope)
            if said.client:
                scope["client"] = (said.client, 0)
            if said.scheme:
                scope["scheme"] = said.scheme
            if said.host:
                kept = [each for each in scope["headers"] if each[0] != b"host"]
                scope["headers"] = [(b"host", said.host.encode()), *kept]
        await self._app(scope, receive, send)


def address_in(text: str) -> Address | None:
    """
    The IP address that a proxy wrote, perhaps with a port; None where there is none.

    >>> address_in("[2001:db8::1]:443")
    IPv6Address('2001:db8::1')
    """
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    # An IPv4 client of a socket for both (RFC 4291 §2.5.5.2) is the same client.
    return getattr(address, "ipv4_mapped", None) or address


def _joined(headers: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    joined: dict[bytes, bytes] = {}
    for name, value in headers:
        joined[name] = joined[name] + b"," + value if name in joined else value
    return joined


def _items(headers: Mapping[bytes, bytes], name: bytes) -> list[str]:
    return [each.strip() for each in headers.get(name, b"").decode("latin-1").split(",") if each.strip()]


def _last(headers: Mapping[bytes, bytes], name: bytes) -> str:
    items = _items(headers, name)
    return items[-1] if items else ""


def _hop(text: str) -> dict[str, str]:
    """One element of `Forwarded`: `for=192.0.2.60;proto=https;host=example.org`."""
    return {name.lower(): value.strip('"') for name, value in _PAIR.findall(text)}


def _scheme(text: str) -> str | None:
    return text.lower() if text.lower() in ("http", "https") else None


def _host(text: str) -> str | None:
    return text if _HOST.fullmatch(text) else None
