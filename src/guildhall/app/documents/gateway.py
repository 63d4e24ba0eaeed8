"""Accounts, budgets and calls of the gateway, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.app.documents import Amount, described
from guildhall.app.prices import ServedModel
from guildhall.domains.gateway.budgets import Budget
from guildhall.domains.gateway.providers import Account
from guildhall.domains.gateway.requests import Call, Response, Story


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
    limit_usd: Amount | None
    tokens_per_minute: int | None
    is_hard: bool
    starts_on: date
    spent_usd: Amount
    reserved_usd: Amount
    """Set aside for calls under way."""
    created_at: datetime


@described
class AddedBudgetDocument(BudgetDocument):
    """A budget that was added."""

    notes: Sequence[str]
    """What whoever added it should know: that nobody serves the model it is for, say."""


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
    cost_usd: Amount | None
    error_code: str | None
    error_message: str | None
    session_id: UUID | None
    simulation_id: UUID | None
    """The simulation that it was made for, in which `role` called: agent, user, judge or analyst."""
    outcome_id: UUID | None
    """The trial within it."""
    role: str | None


@described
class ResponseDocument(TypedDict):
    """What came of one attempt at one provider."""

    id: UUID
    created_at: datetime
    provider_name: str
    model: str | None
    attempt: int | None
    content: str | None
    """The beginning of what was said; `raw_response` has all of it."""
    raw_response: Any
    tokens_prompt: int | None
    tokens_completion: int | None
    tokens_cached: int | None
    tokens_reasoning: int | None
    cost_usd: Amount | None
    response_time: int | None
    """Milliseconds from the call to the end of the answer."""
    time_to_first_byte: int | None
    finish_reason: str | None
    selected: bool
    """Whether it is what the caller was given."""
    confidence: Amount | None
    """How sure an ensemble's vote is of it, from 0 to 1."""
    error_code: str | None
    error_message: str | None
    upstream_status: int | None
    upstream_id: str | None


@described
class CallStoryDocument(CallDocument):
    """A call whole: what was asked, and what came of each attempt."""

    messages: Any
    """As they were sent; `{"$body": …}` where one has expired."""
    params: Any
    ensemble_config: Any
    """Of a call that several models answer: which, and how one answer is made of theirs."""
    responses: Sequence[ResponseDocument]


@described
class ProbeDocument(TypedDict):
    """Whether a provider answers, which asking it for its models tells and costs nothing."""

    name: str
    answers: bool
    why: str | None
    """Why it does not."""
    ms: int | None


@described
class ModelPriceDocument(TypedDict):
    """A model at one of the accounts that serve it, and what it costs there in USD for a million tokens; null is unknown."""

    provider: str
    model: str
    """What the provider calls it."""
    input: Amount | None
    output: Amount | None
    cached: Amount | None
    """Tokens of the prompt that come from the cache; null where they cost what others do."""
    source: str | None
    """`stated` with the account, in the `catalogue`, or as it is `published`."""


@described
class ModelDocument(TypedDict):
    """A model that callers can name, at the accounts that serve it."""

    model: str
    providers: Sequence[ModelPriceDocument]


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


def story_document(story: Story) -> CallStoryDocument:
    """A call with what was asked and everything that was answered, as JSON."""
    return {
        **call_document(story.call),
        "messages": story.messages,
        "params": story.params,
        "ensemble_config": story.ensemble_config,
        "responses": [_response_document(each) for each in story.responses],
    }


def _response_document(response: Response) -> ResponseDocument:
    document: ResponseDocument = asdict(response)  # type: ignore[assignment]
    return document


def model_document(served: ServedModel) -> ModelDocument:
    """A model with its prices, as JSON."""
    return {
        "model": served.name,
        "providers": [
            {
                "provider": each.provider,
                "model": each.model,
                "input": each.input,
                "output": each.output,
                "cached": each.cached,
                "source": each.source,
            }
            for each in served.offers
        ],
    }
