"""
Running evaluations through the gateway: a key for as long as a run takes, and what the ledger has of it.

Agents, simulated users, judges and analysts get a key that is made for the run,
may call models and nothing else, and is revoked at its end. No key of the
team's own, and none of a provider, is handed to any of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from guildhall.adapters.through import ThroughGateway
from guildhall.app.wiring import App
from guildhall.db import Tx
from guildhall.domains.evaluation.reports import Report
from guildhall.domains.evaluation.simulations import Simulation
from guildhall.domains.gateway import requests
from guildhall.domains.gateway.requests import Spent
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import KeyNotFound, NewKey, Scope
from guildhall.errors import Unavailable

METADATA = "gateway_url"
"""Under which a simulation keeps the gateway that it was planned to go through."""

_LONGEST = timedelta(days=7)
_SLACK = timedelta(hours=1)


@asynccontextmanager
async def gateway_at(
    app: App, url: str | None, name: str, *, lasts: timedelta = _LONGEST
) -> AsyncIterator[ThroughGateway | None]:
    """
    The gateway at `url` with a key of its own, for as long as the block lasts; None where there is no url.

    The key is revoked at the end, and ends by itself after `lasts` where nobody comes to that.

    Raises:
        NotPermitted: Whoever runs this may make no keys.
    """
    if url is None:
        yield None
        return
    async with key_for(app, name, lasts=lasts) as made:
        yield ThroughGateway(url, made.text, made.id)


@asynccontextmanager
async def key_for(app: App, name: str, *, lasts: timedelta) -> AsyncIterator[NewKey]:
    """
    A key that may call models and nothing else, revoked at the block's end; where nobody comes to that it ends after `lasts`.

    Raises:
        NotPermitted: Whoever runs this may make no keys.
    """
    async with app.transaction() as tx:
        made = await identity.create_key(
            tx,
            name[:100],
            scopes=[Scope.MODELS.value],
            rate_limit=None,
            expires_at=tx.now + lasts,
            as_default=None,
        )
    try:
        yield made
    finally:
        await asyncio.shield(_revoke(app, made.id))


async def _revoke(app: App, key_id: UUID) -> None:
    # Where the database is away the key ends by itself.
    with suppress(Unavailable, KeyNotFound):
        async with app.transaction() as tx:
            await identity.revoke_key(tx, str(key_id))


def url_for(app: App, planned: Sequence[Simulation]) -> str | None:
    """The gateway that simulations go through: the one they were planned for, or the one that this process is told of."""
    for each in planned:
        url = each.metadata.get(METADATA)
        if isinstance(url, str):
            return url
    return app.settings.gateway_url


def lasting(max_seconds: float | None, timeout_ms: int) -> timedelta:
    """How long a run's key is good: for its last trial, begun at its limit."""
    if max_seconds is None:
        return _LONGEST
    return min(_LONGEST, timedelta(seconds=max_seconds, milliseconds=timeout_ms) + _SLACK)


# what the ledger has of a simulation -------------------------------------------


@dataclass(frozen=True, slots=True)
class Ledgered:
    """
    What the gateway's ledger has of a simulation, by who called, and where that is not what trials report.

    A trial that was tried again has calls of all its attempts in the ledger,
    and reports the last one's cost.
    """

    roles: Sequence[Spent]
    reported: dict[str, Decimal | None]

    @property
    def calls(self) -> int:
        return sum(each.calls for each in self.roles)

    @property
    def unpriced(self) -> int:
        """How many calls have no cost that is known, or none yet."""
        return sum(each.unpriced + each.open for each in self.roles)

    @property
    def cost_usd(self) -> Decimal | None:
        """What all of them cost; None where that of one is not known."""
        costs = [each.cost_usd for each in self.roles]
        return None if None in costs else sum((each for each in costs if each is not None), Decimal(0))

    @property
    def differing(self) -> dict[str, tuple[Decimal | None, Decimal | None]]:
        """By role: what trials report and what the ledger says, where these are not the same."""
        said = {each.role or "agent": each.cost_usd for each in self.roles}
        return {
            role: (self.reported[role], said.get(role, Decimal(0)))
            for role in self.reported
            if (role in said or self.reported[role]) and self.reported[role] != said.get(role, Decimal(0))
        }


async def ledgered(tx: Tx, report: Report) -> Ledgered | None:
    """What the ledger has of the simulation that a report is on; None where none of its calls went through the gateway."""
    summary = report.summary
    roles = await requests.spent_on(tx, summary.simulation.simulation_id)
    if not any(each.role != "analyst" for each in roles):
        return None
    whole = summary.priced_outcomes == summary.totals.outcomes
    reported = {
        "agent": summary.cost_usd if whole else None,
        "user": summary.totals.user_cost_usd,
        "judge": summary.totals.judge_cost_usd,
    }
    return Ledgered(roles, reported)
