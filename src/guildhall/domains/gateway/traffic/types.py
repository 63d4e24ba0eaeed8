"""What many calls show together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class LatestCalls:
    """What the latest calls came to; `priced` of them have a known cost. `since` is when the first of them was made."""

    calls: int
    failed: int
    running: int
    priced: int
    cost_usd: Decimal | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class ProviderTraffic:
    """
    What an account was asked and how it answered, over its latest attempts of a day.

    Times are in milliseconds, of attempts that brought an answer; None where there were none. `share` is the account's
    part of the team's latest calls.
    """

    provider_id: UUID
    name: str
    attempts: int
    failed: int
    response_p50_ms: float | None
    response_p95_ms: float | None
    first_byte_p50_ms: float | None
    last_error: str | None
    last_error_at: datetime | None
    share: float | None


@dataclass(frozen=True, slots=True)
class AnswersOfDay:
    """How many answers an account gave on a day."""

    day: datetime
    provider_name: str
    answers: int


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A row of the ledger, its digest in hexadecimal digits, and the seal that covers it; None while none does."""

    ledger: str
    id: UUID
    digest: str | None
    seal: int | None
    sealed_at: datetime | None
