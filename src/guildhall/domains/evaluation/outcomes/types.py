"""The nouns of outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from guildhall.domains.evaluation.failures import FailurePattern, NewFailure


class OutcomeStatus(StrEnum):
    """
    Whether a trial *finished*; whether it was *right* is `passed`.

    `SUCCESS` says that it ran to its end and was scored, whatever the score.
    """

    SUCCESS = "success"
    ERROR = "error"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class NewOutcome:
    """
    The record of one trial, on its way into the database.

    `execution_time` is the time kept in `outcome_id`, a UUID of version 7.
    What is not known is None, never 0. `trajectory` is a JSON object with at
    least `start_time` and `status`, or the bytes of one. `trial_number` counts
    from 1; None asks for the next free number of the scenario.
    """

    outcome_id: UUID
    execution_time: datetime
    simulation_id: UUID
    scenario_id: str
    status: OutcomeStatus
    trajectory: Mapping[str, Any] | bytes
    trial_number: int | None = None
    passed: bool | None = None
    reliability_score: float | None = None
    fault: str | None = None
    execution_time_ms: float | None = None
    tokens_used: int | None = None
    cost_usd: Decimal | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    retry_count: int = 0
    error_code: str | None = None
    error_category: str | None = None
    modal_call_id: str | None = None
    sandbox_id: str | None = None
    sandbox_logs: str | None = None
    execution_metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewToolUsage:
    """All calls of one tool in one trial; `total_duration_ms` sums the `timed_count` calls whose duration is known."""

    tool_name: str
    call_count: int
    error_count: int = 0
    timed_count: int = 0
    total_duration_ms: float = 0.0
    total_cost_usd: Decimal | None = None
    tool_sequence: Sequence[Any] | None = None
    error_types: tuple[str, ...] = ()
    modal_function_calls: Mapping[str, Any] | None = None
    sandbox_tool_logs: str | None = None


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """
    Everything that one trial leaves behind; it is stored whole or not at all.

    With an `attempt_token` it closes the trial that was claimed under that
    token, and is refused when the claim was lost to somebody else. Without
    one it adds a trial of its own.
    """

    outcome: NewOutcome
    tools: tuple[NewToolUsage, ...] = ()
    failures: tuple[NewFailure, ...] = ()
    attempt_token: UUID | None = None


@dataclass(frozen=True, slots=True)
class TrialPlace:
    """Which trial an outcome is of."""

    simulation_id: UUID
    scenario_id: str
    trial_number: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a batch, by outcome id: stored, known before (delivered twice), refused (the claim was lost)."""

    stored: tuple[UUID, ...]
    known: tuple[UUID, ...] = ()
    refused: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolUsage:
    """All calls of one tool in one trial, as they are kept; `avg_duration_ms` is None where no duration is known."""

    usage_id: UUID
    outcome_id: UUID
    simulation_id: UUID | None
    execution_time: datetime
    tool_name: str
    call_count: int
    error_count: int
    timed_count: int
    total_duration_ms: float
    avg_duration_ms: float | None
    success_rate: float
    tool_sequence: Sequence[Any] | None
    total_cost_usd: Decimal | None
    error_types: tuple[str, ...]
    modal_function_calls: Mapping[str, Any] | None
    sandbox_tool_logs: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    The record of one trial, as it is kept.

    In a list the `trajectory` is None, and so are `tools` and `failures`;
    `get_outcome` brings all three.
    """

    outcome_id: UUID
    simulation_id: UUID
    scenario_id: str
    trial_number: int
    execution_time: datetime
    status: OutcomeStatus
    passed: bool | None
    reliability_score: float | None
    fault: str | None
    execution_time_ms: float | None
    tokens_used: int | None
    cost_usd: Decimal | None
    metrics: Mapping[str, Any]
    retry_count: int
    error_code: str | None
    error_category: str | None
    modal_call_id: str | None
    sandbox_id: str | None
    sandbox_logs: str | None
    execution_metadata: Mapping[str, Any]
    created_at: datetime
    trajectory: Mapping[str, Any] | None = None
    tools: tuple[ToolUsage, ...] | None = None
    failures: tuple[FailurePattern, ...] | None = None


@dataclass(frozen=True, slots=True)
class NewlyStored:
    """An outcome as whoever follows its simulation is told of it."""

    outcome_id: UUID
    scenario_id: str
    trial_number: int
    execution_time: datetime
    status: str
    passed: bool | None
    reliability_score: float | None
    fault: str | None
    execution_time_ms: float | None
    cost_usd: Decimal | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page of outcomes ended: the next one begins behind it."""

    execution_time: datetime
    outcome_id: UUID


@dataclass(frozen=True, slots=True)
class OutcomePage:
    """Outcomes, newest first, and where the next page begins; None behind the last."""

    outcomes: tuple[Outcome, ...]
    next: Position | None


@dataclass(frozen=True, slots=True)
class Writing:
    """How long it took to write so many outcomes of about 2 KB."""

    outcomes: int
    took_ms: float


@dataclass(frozen=True, slots=True)
class Partitions:
    """
    What the series of outcomes consists of.

    Rows from `ends_at` on would need a partition that is not made yet; it is
    None where TimescaleDB makes its chunks as rows come.
    """

    engine: str
    partitions: int
    total_bytes: int
    ends_at: datetime | None
