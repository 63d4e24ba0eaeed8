"""Putting the gateway together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from guildhall.adapters.upstreams import Upstream
from guildhall.app.doorkeeper import Doorkeeper
from guildhall.app.gateway.calls import Gateway
from guildhall.app.gateway.directory import Directory
from guildhall.app.gateway.ledger import Ledger
from guildhall.app.gateway.spooling import CallSpool
from guildhall.app.gateway.standby import StandbyCache
from guildhall.app.gateway.voting import Votes
from guildhall.app.gateway.watch import Watch
from guildhall.app.wiring import App
from guildhall.cache import PostgresCache
from guildhall.db import Database
from guildhall.domains.gateway import providers
from guildhall.domains.platform import identity
from guildhall.settings import Settings

PATIENCE_S = 3.0
_STATEMENT_S = 60.0
_TELL_S = 2.0
_LEAST_CONNECTIONS = 4
"""One that says that the process is there, and some that read; those that write calls are not the pool's."""


@asynccontextmanager
async def open_gateway(
    settings: Settings, *, lets_in: Callable[[Database], Doorkeeper] = Doorkeeper
) -> AsyncIterator[Gateway]:
    """
    The gateway of an installation; at the end everything that was answered is written down.

    `lets_in` makes who says whose a call is; by its token, unless another is given.

    Raises:
        Unavailable: There is no database, or it lacks migrations.
    """
    settings = replace(settings, pool_size=max(settings.pool_size, _LEAST_CONNECTIONS))
    ring = identity.read_keyring(settings.secret_key, settings.secret_key_old) if settings.secret_key else None
    async with App.open(settings, patience_s=PATIENCE_S, statement_s=_STATEMENT_S) as app:
        doorkeeper = lets_in(app.database)
        directory = Directory(app.database, doorkeeper, ring)
        watch = Watch()
        networks = providers.read_networks(settings.gateway_networks)
        spool, cache = None, PostgresCache(app.database)
        if settings.gateway_when_down == "spool":
            # Prompts are sealed on the disk, or do not go there.
            spool = CallSpool(settings.data_dir / "gateway-spool", ring or identity.read_keyring(None))
        async with Upstream(networks) as upstream, Ledger(app.database, spool=spool) as ledger:
            gateway = Gateway(
                doorkeeper,
                directory,
                ledger,
                upstream,
                watch,
                cache if spool is None else StandbyCache(cache, lambda: ledger.is_away),
                Votes(app.database),
                most_answer_bytes=settings.gateway_answer_bytes,
            )
            beside = [
                asyncio.create_task(watch.look(app.database, directory, upstream)),
                asyncio.create_task(_tell_waiting(gateway)),
            ]
            try:
                yield gateway
            finally:
                await gateway.close()
                for each in beside:
                    each.cancel()
                await asyncio.gather(*beside, return_exceptions=True)


async def _tell_waiting(gateway: Gateway) -> None:
    """So that another process behind the same port can tell of it."""
    while True:
        gateway.metrics.waits(gateway.ledger.waiting, is_away=gateway.ledger.is_away)
        await asyncio.sleep(_TELL_S)
