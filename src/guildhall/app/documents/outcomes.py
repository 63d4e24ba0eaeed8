"""Outcomes as JSON: the record of each trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.app.documents import Amount, described
from guildhall.domains.evaluation.failures import FailurePattern
from guildhall.domains.evaluation.outcomes import Outcome, OutcomeStatus, ToolUsage


@described
class OutcomeDocument(TypedDict):
    """The record of one trial; what is not known is null, never 0."""

    outcome_id: UUID
    simulation_id: UUID
    scenario_id: str
    trial_number: int
    execution_time: datetime
    status: OutcomeStatus
    """Whether the trial ran to its end; whether it was right is `passed`."""
    passed: bool | None
    """Null where it was not scored: the fault was not the agent's."""
    reliability_score: float | None
    fault: str | None
    """Who is to blame where it did not pass: agent, tool, simulator, judge, infrastructure or scenario."""
    execution_time_ms: float | None
    tokens_used: int | None
    cost_usd: Amount | None
    metrics: Mapping[str, Any]
    retry_count: int
    error_code: str | None
    error_category: str | None
    sandbox_id: str | None
    sandbox_logs: str | None
    execution_metadata: Mapping[str, Any]


class ToolDocument(TypedDict):
    """All calls of one tool in one trial."""

    tool_name: str
    call_count: int
    error_count: int
    avg_duration_ms: float | None
    error_types: Sequence[str]


@described
class FailureDocument(TypedDict):
    """Why a trial did not pass, or what it recovered from."""

    failure_type: str
    failure_category: str
    fault: str
    error_message: str | None
    step: int | None
    """Where in the trajectory, from 0."""
    recovery_attempted: bool
    recovery_successful: bool


@described
class WholeOutcomeDocument(OutcomeDocument):
    """The record of one trial with what happened in it, step by step."""

    trajectory: Mapping[str, Any]
    """What the agent did: `start_time`, `status`, and usually `steps`."""
    tools: Sequence[ToolDocument]
    failures: Sequence[FailureDocument]


class KeptToolDocument(ToolDocument):
    """All calls of one tool in one trial, with everything that is kept of them."""

    usage_id: UUID
    timed_count: int
    total_duration_ms: float
    success_rate: float
    tool_sequence: Sequence[Any] | None
    total_cost_usd: Amount | None
    modal_function_calls: Mapping[str, Any] | None
    sandbox_tool_logs: str | None


@described
class KeptFailureDocument(FailureDocument):
    """Why a trial did not pass, under the id by which it is kept."""

    pattern_id: UUID
    pattern_cluster_id: UUID | None
    """The cluster of failures that are alike; null until it has one."""


@described
class KeptOutcomeDocument(OutcomeDocument):
    """The record of one trial, with everything that is kept of it."""

    modal_call_id: str | None
    created_at: datetime
    """When it was stored."""
    trajectory: Mapping[str, Any]
    """What the agent did: `start_time`, `status`, and usually `steps`."""
    tools: Sequence[KeptToolDocument]
    failures: Sequence[KeptFailureDocument]


def outcome_document(outcome: Outcome) -> OutcomeDocument:
    """An outcome, as lists show it."""
    return {
        "outcome_id": outcome.outcome_id,
        "simulation_id": outcome.simulation_id,
        "scenario_id": outcome.scenario_id,
        "trial_number": outcome.trial_number,
        "execution_time": outcome.execution_time,
        "status": outcome.status,
        "passed": outcome.passed,
        "reliability_score": outcome.reliability_score,
        "fault": outcome.fault,
        "execution_time_ms": outcome.execution_time_ms,
        "tokens_used": outcome.tokens_used,
        "cost_usd": outcome.cost_usd,
        "metrics": outcome.metrics,
        "retry_count": outcome.retry_count,
        "error_code": outcome.error_code,
        "error_category": outcome.error_category,
        "sandbox_id": outcome.sandbox_id,
        "sandbox_logs": outcome.sandbox_logs,
        "execution_metadata": outcome.execution_metadata,
    }


def whole_outcome_document(outcome: Outcome) -> WholeOutcomeDocument:
    """An outcome with its trajectory, tool usage and failures (`outcomes.get_outcome`)."""
    return {
        **outcome_document(outcome),
        "trajectory": outcome.trajectory or {},
        "tools": [tool_document(each) for each in outcome.tools or ()],
        "failures": [failure_document(each) for each in outcome.failures or ()],
    }


def kept_outcome_document(outcome: Outcome) -> KeptOutcomeDocument:
    """An outcome with everything that is kept of it (`outcomes.get_outcome`)."""
    return {
        **outcome_document(outcome),
        "modal_call_id": outcome.modal_call_id,
        "created_at": outcome.created_at,
        "trajectory": outcome.trajectory or {},
        "tools": [
            {
                **tool_document(each),
                "usage_id": each.usage_id,
                "timed_count": each.timed_count,
                "total_duration_ms": each.total_duration_ms,
                "success_rate": each.success_rate,
                "tool_sequence": each.tool_sequence,
                "total_cost_usd": each.total_cost_usd,
                "modal_function_calls": each.modal_function_calls,
                "sandbox_tool_logs": each.sandbox_tool_logs,
            }
            for each in outcome.tools or ()
        ],
        "failures": [
            {
                **failure_document(each),
                "pattern_id": each.pattern_id,
                "pattern_cluster_id": each.pattern_cluster_id,
            }
            for each in outcome.failures or ()
        ],
    }


def tool_document(tool: ToolUsage) -> ToolDocument:
    """A tool's usage in one trial."""
    return {
        "tool_name": tool.tool_name,
        "call_count": tool.call_count,
        "error_count": tool.error_count,
        "avg_duration_ms": tool.avg_duration_ms,
        "error_types": list(tool.error_types),
    }


def failure_document(failure: FailurePattern) -> FailureDocument:
    """A failure of one trial."""
    return {
        "failure_type": failure.failure_type,
        "failure_category": failure.failure_category,
        "fault": failure.fault,
        "error_message": failure.error_message,
        "step": failure.step,
        "recovery_attempted": failure.recovery_attempted,
        "recovery_successful": failure.recovery_successful,
    }
