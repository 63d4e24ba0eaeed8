"""Accounts, budgets and calls of the gateway, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.app.documents import described
from guildhall.domains.gateway.budgets import Budget
from guildhall.domains.gateway.providers import Account
from guildhall.domains.gateway.requests import Call, Story


@described
class ProviderDocument(TypedDict):
    """An account at a provider of models; its key is never shown."""

    id: UUID
    name: str
    type: str
    base_url: str
    models: Mapping[str, str]
    """The provider's own name of each model by the one that callers use; `*` lets every name through."""
    weight: float
    priority: int
    enabled: bool
    has_key: bool
    health_status: str
    response_time: int | None
    """Milliseconds of the last answer."""
    created_at: datetime


@described
class BudgetDocument(TypedDict):
    """A budget, and what was spent of it in the period under way."""

    id: UUID
    name: str
    user_id: UUID | None
    api_key_id: UUID | None
    model: str | None
    period: str
    limit_usd: Decimal | None
    tokens_per_minute: int | None
    is_hard: bool
    starts_on: date
    spent_usd: Decimal
    reserved_usd: Decimal
    """Set aside for calls under way."""
    created_at: datetime


@described
class CallDocument(TypedDict):
    """A call in the ledger."""

    id: UUID
    created_at: datetime
    completed_at: datetime | None
    user_id: UUID
    api_key_id: UUID | None
    request_type: str
    model: str | None
    provider_name: str | None
    is_streamed: bool | None
    status: str
    prompt: str
    """The beginning of the last thing that was said."""
    tokens_prompt: int | None
    tokens_completion: int | None
    tokens_cached: int | None
    tokens_reasoning: int | None
    cost_usd: Decimal | None
    error_code: str | None
    error_message: str | None


def provider_document(account: Account) -> ProviderDocument:
    """An account as JSON."""
    models = account.options.models or ({account.model: account.model} if account.model else {})
    return {
        "id": account.id,
        "name": account.name,
        "type": account.type,
        "base_url": account.base_url,
        "models": dict(models),
        "weight": account.weight,
        "priority": account.options.priority,
        "enabled": account.enabled,
        "has_key": account.has_key,
        "health_status": account.health_status,
        "response_time": account.response_time_ms,
        "created_at": account.created_at,
    }


def budget_document(budget: Budget) -> BudgetDocument:
    """A budget as JSON."""
    document: BudgetDocument = {name: getattr(budget, name) for name in BudgetDocument.__annotations__}  # type: ignore[assignment]
    return document


def call_document(call: Call) -> CallDocument:
    """A call as JSON."""
    document: CallDocument = {name: getattr(call, name) for name in CallDocument.__annotations__}  # type: ignore[assignment]
    return document


def story_document(story: Story) -> dict[str, Any]:
    """A call with what was asked and everything that was answered, as JSON."""
    responses: Sequence[dict[str, Any]] = [asdict(each) for each in story.responses]
    return {**call_document(story.call), "messages": story.messages, "params": story.params, "responses": responses}
