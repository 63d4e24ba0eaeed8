"""What may be spent on calls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeAlias
from uuid import UUID

Period: TypeAlias = Literal["day", "month"]


@dataclass(frozen=True, slots=True)
class NewBudget:
    """A budget that is to be: of the team, or of whom, which key and which model it names."""

    name: str
    limit_usd: Decimal | None = None
    tokens_per_minute: int | None = None
    period: str = "month"
    is_hard: bool = True
    user_id: UUID | None = None
    api_key_id: UUID | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget, with what was spent in the period that is under way, and what is set aside for calls."""

    id: UUID
    name: str
    user_id: UUID | None
    api_key_id: UUID | None
    model: str | None
    period: str
    limit_usd: Decimal | None
    tokens_per_minute: int | None
    is_hard: bool
    created_at: datetime
    starts_on: date
    spent_usd: Decimal
    reserved_usd: Decimal
