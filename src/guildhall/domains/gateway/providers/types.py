"""A team's accounts at providers of models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


class Wire(StrEnum):
    """Which API an account speaks."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"


class Health(StrEnum):
    """How an account fares."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"


class Recorded(StrEnum):
    """What the ledger keeps of calls that an account answers: all of them, or nothing of what was said."""

    ALL = "all"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class Options:
    """
    What an account's `config` says.

    `models` maps names that callers use to the provider's own; `"*"` lets every
    name through. `priority` is the order of failover, the lowest first. `prices`
    are USD per million tokens by the provider's name of the model: `input`,
    `output` and, where it differs, `cached`. `responses` says whether it has
    OpenAI's responses API; None: as its type mostly has. `max_input_tokens` is
    what its models take at most.
    """

    models: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0
    concurrent: int | None = None
    first_byte_s: float = 60.0
    total_s: float = 600.0
    record: Recorded = Recorded.ALL
    prices: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    max_output_tokens: int = 16_384
    max_input_tokens: int = 1_000_000
    probe: str | None = "/models"
    responses: bool | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An account; its key is sealed."""

    id: UUID
    tenant_id: UUID
    name: str
    type: str
    wire: Wire
    base_url: str
    model: str | None
    weight: float
    enabled: bool
    options: Options
    has_key: bool
    health_status: Health
    response_time_ms: int | None
    created_at: datetime
    sealed_key: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account that is to be; `key` is in clear and is sealed before it is kept."""

    name: str
    type: str
    base_url: str | None = None
    model: str | None = None
    weight: Decimal = Decimal(1)
    config: Mapping[str, object] = field(default_factory=dict)
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Route:
    """An account that serves a model, and what it calls it."""

    account: Account
    model: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account does in this process: whether it may be tried, and how long it takes to begin an answer."""

    may_try: bool = True
    latency_ms: float | None = None
    in_flight: int = 0
