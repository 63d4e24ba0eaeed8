"""
What programs tell of their trials, as JSON: for the OpenAPI document.

Records are read by `app.telling`, which takes more than is said here: fields
that nobody knows are kept, in `execution_metadata`, not refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NotRequired
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.app.documents import described
from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.domains.evaluation.outcomes import OutcomeStatus


@described
class ToldTool(TypedDict):
    """A call of a tool, or a summary of several."""

    tool_name: str
    call_count: NotRequired[int]
    """1 unless given."""
    error_count: NotRequired[int]
    success: NotRequired[bool]
    """Of one call; or `error_count`, or `success_rate`."""
    success_rate: NotRequired[float]
    duration_ms: NotRequired[float]
    """Of one call, or on average."""
    total_duration_ms: NotRequired[float]
    cost_usd: NotRequired[float]
    error_types: NotRequired[Sequence[str]]
    tool_sequence: NotRequired[Sequence[Any]]
    """The calls one by one, with whatever is to be kept of them."""


@described
class ToldFailure(TypedDict, total=False):
    """Why a trial did not pass, or what it recovered from."""

    failure_type: str
    failure_category: FailureCategory
    fault: Fault
    """Who is to blame; the category says it unless given."""
    error_message: str
    step: int
    """Where in the trajectory, from 0."""
    recovery_attempted: bool
    recovery_successful: bool
    resolution_steps: str


@described
class ToldOutcome(TypedDict):
    """
    How a trial ended.

    Without `passed`, one that ran to its end passes at its scenario's own pass
    score. Without `fault`, the error's category says who is to blame. What
    failed by the agent's or a tool's fault has not passed; by another's fault
    it is left open. Fields that nobody knows are kept in `execution_metadata`.
    """

    simulation_id: UUID
    scenario_id: str
    """May be left out where the simulation has but one."""
    status: OutcomeStatus
    outcome_id: NotRequired[UUID]
    """Your own id, best a UUID of version 7: told again under it, the outcome is known and changes nothing."""
    trial_number: NotRequired[int]
    """From 1; the next that is free unless given."""
    execution_time: NotRequired[datetime]
    passed: NotRequired[bool]
    reliability_score: NotRequired[float]
    """The score, from 0 to 1."""
    fault: NotRequired[Fault]
    trajectory: NotRequired[Mapping[str, Any]]
    """What the agent did, step by step, in whatever form."""
    execution_time_ms: NotRequired[float]
    tokens_used: NotRequired[int]
    cost_usd: NotRequired[float]
    """What the agent cost; leave it out where it is not known."""
    metrics: NotRequired[Mapping[str, Any]]
    retry_count: NotRequired[int]
    error_code: NotRequired[str]
    error_category: NotRequired[FailureCategory]
    error_message: NotRequired[str]
    sandbox_id: NotRequired[str]
    sandbox_logs: NotRequired[str]
    execution_metadata: NotRequired[Mapping[str, Any]]
    tools: NotRequired[Sequence[ToldTool]]
    failures: NotRequired[Sequence[ToldFailure]]


@described
class ItemDocument(TypedDict):
    """What became of one record."""

    index: int
    """Its place in the request, from 0."""
    outcome_id: UUID | None
    status: Literal["stored", "known", "refused"]
    """`known` was stored before, under the same id."""
    error: NotRequired[Mapping[str, Any]]
    """Why it was refused: `code`, `message`, `remedy` and `details`."""


@described
class IngestDocument(TypedDict):
    """What became of outcomes: what is stored is durable, and visible to everybody in the team."""

    stored: int
    known: int
    refused: int
    items: Sequence[ItemDocument]
