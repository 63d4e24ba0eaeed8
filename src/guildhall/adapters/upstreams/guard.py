"""The gateway's rule of which addresses may be called, for others who ask models (`exchange.HttpClient`)."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from guildhall.adapters.upstreams.http import AddressClosed
from guildhall.domains.gateway import providers


class Guard:
    """Lets `HttpClient` ask no address but those that may be called: public ones, and those in these networks."""

    def __init__(self, networks: Sequence[IPv4Network | IPv6Network] = ()) -> None:
        self._networks = networks

    def check(self, url: str) -> None:
        """
        See that a URL may be called.

        Raises:
            AccountRefused: It is no http or https URL.
            AddressRefused: It is at an address that nothing may be sent to.
        """
        providers.check_url(url, self._networks)

    def resolver(self) -> AbstractResolver:
        """Looks names up, each time; one that stands for no open address is an `AddressClosed`."""
        return _Guarded(self._networks)


class _Guarded(AbstractResolver):
    """Gives addresses that may be called alone."""

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
