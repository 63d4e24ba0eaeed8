"""What can be asked about many calls."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from guildhall.db import Tx
from guildhall.domains.gateway.traffic import store
from guildhall.domains.gateway.traffic.types import AnswersOfDay, LatestCalls, ProviderTraffic, SealedRow

LATEST = 2_000
"""Calls that are looked at where the latest are asked for: as many as an index gives at once."""

ATTEMPTS = 1_000
"""Attempts of each account, likewise."""


async def latest_calls(tx: Tx) -> LatestCalls:
    """What the team's latest calls came to, `LATEST` of them at most."""
    return await store.latest_calls(tx, LATEST)


async def provider_traffic(tx: Tx) -> list[ProviderTraffic]:
    """How each account of the team has answered its latest attempts of the last day, `ATTEMPTS` of them at most; by name."""
    return await store.provider_traffic(tx, LATEST, ATTEMPTS)


async def answers_by_day(tx: Tx, days: int) -> list[AnswersOfDay]:
    """How many answers each account gave in the last days, by what the roll-ups know."""
    return await store.answers_by_day(tx, days)


async def sealed_rows(tx: Tx, call_id: UUID, created_at: datetime) -> list[SealedRow]:
    """A call and its answers as rows of their ledgers, each with its digest and the seal that covers it."""
    return await store.sealed_rows(tx, call_id, created_at)
