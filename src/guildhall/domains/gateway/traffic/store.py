"""One function for each statement on what many calls show together."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from guildhall.db import Tx, load_queries
from guildhall.domains.gateway.traffic.types import AnswersOfDay, LatestCalls, ProviderTraffic, SealedRow

_queries = load_queries(__package__)


async def latest_calls(tx: Tx, at_most: int) -> LatestCalls:
    [row] = await tx.fetch(_queries.latest_calls, at_most=at_most)
    return LatestCalls(**row)


async def provider_traffic(tx: Tx, calls: int, attempts: int) -> list[ProviderTraffic]:
    return [ProviderTraffic(**row) for row in await tx.fetch(_queries.provider_traffic, calls=calls, attempts=attempts)]


async def answers_by_day(tx: Tx, days: int) -> list[AnswersOfDay]:
    return [AnswersOfDay(**row) for row in await tx.fetch(_queries.answers_by_day, days=days)]


async def sealed_rows(tx: Tx, call_id: UUID, created_at: datetime) -> list[SealedRow]:
    return [SealedRow(**row) for row in await tx.fetch(_queries.sealed_rows, id=call_id, created_at=created_at)]
