"""The nouns of failures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Fault(StrEnum):
    """Who is to blame for a trial that did not pass."""

    AGENT = "agent"
    TOOL = "tool"
    SIMULATOR = "simulator"
    JUDGE = "judge"
    INFRASTRUCTURE = "infrastructure"
    SCENARIO = "scenario"


class FailureCategory(StrEnum):
    """The reference documents' kinds of failure."""

    TIMEOUT = "timeout"
    TOOL_ERROR = "tool_error"
    MODEL_ERROR = "model_error"
    VALIDATION_ERROR = "validation_error"
    SYSTEM_ERROR = "system_error"
    SANDBOX_ERROR = "sandbox_error"
    MODAL_ERROR = "modal_error"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class NewFailure:
    """Why a trial did not pass, or what it recovered from; `step` counts from 0 in the trajectory."""

    failure_type: str
    failure_category: FailureCategory
    fault: Fault
    error_message: str | None = None
    step: int | None = None
    recovery_attempted: bool = False
    recovery_successful: bool = False
    resolution_steps: str | None = None
    llm_analysis: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class FailurePattern:
    """A failure as it is kept."""

    pattern_id: UUID
    outcome_id: UUID
    simulation_id: UUID | None
    scenario_id: str | None
    trial_number: int | None
    execution_time: datetime
    failure_type: str
    failure_category: str
    fault: str
    error_message: str | None
    step: int | None
    recovery_attempted: bool
    recovery_successful: bool


@dataclass(frozen=True, slots=True)
class FailedTrial:
    """Which trial a failure belongs to."""

    outcome_id: UUID
    execution_time: datetime
    simulation_id: UUID | None = None
    scenario_id: str | None = None
    trial_number: int | None = None
