"""
Calls of models as the ledger has them: a row before each, and one for each answer.

What is made anew for each call is not frozen, which would cost a third of the
time that writing it down does; nobody changes it all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias
from uuid import UUID

RequestType: TypeAlias = Literal["chat", "completion", "embedding", "response", "message", "count"]
Role: TypeAlias = Literal["agent", "user", "judge", "analyst"]
"""Who calls a model in a trial, or, for the analyst, about a simulation."""


@dataclass(slots=True)
class Body:
    """Content that is kept beside the rows, under its SHA-256."""

    sha256: str
    content: bytes


@dataclass(slots=True)
class Packed:
    """The JSON text of something, and the long parts that were taken out of it."""

    text: bytes
    bodies: tuple[Body, ...] = ()


@dataclass(slots=True)
class Reservation:
    """
    What is set aside for a call: in which budgets, each with the day on which its period began. None: nobody knows its price.

    `amount_usd` is for all of it. `is_hard` says that one of the budgets is a limit.
    """

    budgets: Sequence[tuple[UUID, date]]
    amount_usd: Decimal | None
    unpriced: str | None = None
    """The model whose price nobody knows."""
    is_hard: bool = False
    models: Sequence[str | None] = ()
    """Of which model each budget is; None: of all."""
    amounts_usd: Sequence[Decimal | None] | None = None
    """What is set aside in each budget, where that is not `amount_usd` in all of them."""

    @property
    def each_usd(self) -> Sequence[Decimal | None]:
        """What is set aside in each budget."""
        return [self.amount_usd] * len(self.budgets) if self.amounts_usd is None else self.amounts_usd

    def share_of(self, budget_id: UUID) -> tuple[str | None, Decimal | None]:
        """Of which model one of the budgets is, and what is set aside in it."""
        place = next(place for place, (each, _) in enumerate(self.budgets) if each == budget_id)
        return (self.models[place] if self.models else None), self.each_usd[place]


@dataclass(frozen=True, slots=True)
class Purpose:
    """The simulation that a call is made for, the trial within it by the id of its outcome, and who calls there."""

    simulation_id: UUID
    outcome_id: UUID | None = None
    role: Role | None = None


@dataclass(slots=True)
class NewCall:
    """A call that is about to be made; `created_at` is its id's time."""

    id: UUID
    created_at: datetime
    tenant_id: UUID
    user_id: UUID
    api_key_id: UUID | None
    session_id: UUID | None
    request_type: str
    model: str
    prompt: str
    messages: Packed
    params: Packed
    provider_name: str
    is_streamed: bool
    reservation: Reservation | None = None
    ensemble: Packed | None = None
    """The configuration of the ensemble that answers it."""
    was_spooled: bool = False
    """It was begun while the database was away: what was set aside for it is what its row says."""
    purpose: Purpose | None = None


@dataclass(slots=True)
class Usage:
    """Tokens as the provider counted them; None is not known. Cached ones are part of the prompt's, reasoning of the completion's."""

    prompt: int | None = None
    completion: int | None = None
    cached: int | None = None
    reasoning: int | None = None
    cache_written: int | None = None

    @property
    def total(self) -> int | None:
        """Both together, where both are known; an embedding has a prompt alone."""
        if self.prompt is None:
            return None
        return self.prompt + (self.completion or 0)


@dataclass(slots=True)
class Answer:
    """What came back from one attempt at one provider: an answer, a part of one, or why there is none."""

    id: UUID
    created_at: datetime
    provider_id: UUID | None
    provider_name: str
    model: str | None
    attempt: int
    content: str | None
    raw: Packed
    usage: Usage = field(default_factory=Usage)
    cost_usd: Decimal | None = None
    response_time_ms: int | None = None
    time_to_first_byte_ms: int | None = None
    finish_reason: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    upstream_status: int | None = None
    upstream_id: str | None = None
    selected: bool = True
    """Whether it is what the caller was given; of several answers that is said at the end."""
    first_token_ms: int | None = None
    """Of a stream: milliseconds until its first text came."""
    chunks: int = 0
    """In how many pieces a stream came."""
    asked_of: Sequence[str] = ()
    """The model by the names that a budget may know it by."""


@dataclass(slots=True)
class Selected:
    """Which of several answers the caller was given, and how sure the vote is of it, from 0 to 1."""

    id: UUID
    created_at: datetime
    confidence: Decimal | None


@dataclass(slots=True)
class Kept:
    """The answer to a call with an idempotency key, for whoever sends it again."""

    key: str
    media_type: str
    body: Body


@dataclass(slots=True)
class End:
    """How a call ended: the answers not yet written, and whether one of them answers it."""

    call: NewCall
    answers: Sequence[Answer]
    completed_at: datetime
    usage: Usage = field(default_factory=Usage)
    cost_usd: Decimal | None = None
    error_code: str | None = None
    error_message: str | None = None
    charged_usd: Decimal = Decimal(0)
    shares_usd: Sequence[Decimal] | None = None
    """What each of the reservation's budgets is charged with, where that is not the same for all."""
    kept: Kept | None = None
    is_final: bool = True


@dataclass(frozen=True, slots=True)
class Refusal:
    """A budget that does not allow a call."""

    place: int
    budget_id: UUID
    name: str
    limit_usd: Decimal
    left_usd: Decimal


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is known of an idempotency key that was used before: the answer's type and body, or neither while the call is under way."""

    fingerprint: bytes
    request_id: UUID
    media_type: str | None
    answer: bytes | None


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the ledger shows it in a list."""

    id: UUID
    created_at: datetime
    user_id: UUID
    api_key_id: UUID | None
    request_type: str
    model: str | None
    provider_name: str | None
    prompt: str
    is_streamed: bool | None
    status: str
    tokens_prompt: int | None
    tokens_completion: int | None
    tokens_cached: int | None
    tokens_reasoning: int | None
    cost_usd: Decimal | None
    error_code: str | None
    error_message: str | None
    completed_at: datetime | None
    session_id: UUID | None = None
    simulation_id: UUID | None = None
    outcome_id: UUID | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """
    What the calls of one role in a simulation came to.

    `cost_usd` is None where the cost of one of them is not known, and
    `known_usd` the sum of the others; `open` are under way, and have none yet.
    """

    role: str | None
    calls: int
    failed: int
    open: int
    unpriced: int
    tokens: int
    known_usd: Decimal

    @property
    def cost_usd(self) -> Decimal | None:
        """What they cost together, where every price is known."""
        return None if self.unpriced or self.open else self.known_usd


@dataclass(frozen=True, slots=True)
class SpentBy:
    """
    What some calls came to.

    `unpriced` were answered at a price that is not known, `cut_off` are under way, or ended with their process or
    before the answer was whole: nobody knows whether they cost anything. `known_usd` is what the others cost.
    """

    call_ids: Sequence[UUID]
    cut_off: int
    unpriced: int
    known_usd: Decimal


@dataclass(frozen=True, slots=True)
class Response:
    """One provider's answer, as the ledger shows it."""

    id: UUID
    created_at: datetime
    provider_name: str
    model: str | None
    attempt: int | None
    content: str | None
    raw_response: Any
    tokens_prompt: int | None
    tokens_completion: int | None
    tokens_cached: int | None
    tokens_reasoning: int | None
    cost_usd: Decimal | None
    response_time: int | None
    time_to_first_byte: int | None
    finish_reason: str | None
    selected: bool
    confidence: Decimal | None
    error_code: str | None
    error_message: str | None
    upstream_status: int | None
    upstream_id: str | None


@dataclass(frozen=True, slots=True)
class Traffic:
    """
    What answers of one account, model or hour came to; failures of attempts are answers, too.

    Times are milliseconds; percentiles are within 2 %. None: there was nothing to say it of.
    """

    group: str
    answers: int
    errors: int
    streams: int
    tokens: int
    tokens_per_s: float | None
    cost_usd: Decimal | None
    priced_answers: int
    first_token_p50: float | None = None
    first_token_p95: float | None = None
    first_token_p99: float | None = None
    whole_p50: float | None = None
    whole_p95: float | None = None
    whole_p99: float | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """A call with what was asked, whole, and everything that was answered."""

    call: Call
    messages: Any
    params: Any
    responses: Sequence[Response]
    ensemble_config: Any = None
