"""The nouns of failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple
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
    pattern_cluster_id: UUID | None = None
    cluster_confidence: float | None = None


@dataclass(frozen=True, slots=True)
class FailedTrial:
    """Which trial a failure belongs to."""

    outcome_id: UUID
    execution_time: datetime
    simulation_id: UUID | None = None
    scenario_id: str | None = None
    trial_number: int | None = None


class LooseFailure(NamedTuple):
    """A failure that is in no cluster yet."""

    pattern_id: UUID
    execution_time: datetime
    failure_type: str
    failure_category: str
    fault: str
    error_message: str | None


@dataclass(frozen=True, slots=True)
class Signature:
    """What a failure says once what is volatile is masked; `text` is what is embedded of it."""

    signature_id: UUID
    failure_type: str
    failure_category: str
    fault: str
    message: str

    @property
    def text(self) -> str:
        """What was said, in lines, as what is said first says most; behind it the type, as one word, and the fault."""
        return self.message.replace("; ", "\n") + f"\n{self.failure_type.replace('_', '-')} {self.fault}"


class ClusterState(StrEnum):
    """How a cluster stands: what it is about to become is what people want to know first."""

    NEW = "new"
    GROWING = "growing"
    STEADY = "steady"
    FADING = "fading"
    RESOLVED = "resolved"
    CAME_BACK = "came_back"


@dataclass(frozen=True, slots=True)
class Cluster:
    """
    Failures that are alike.

    `recent` and `before` count those of the last seven days and of the seven
    days before; `merged_into` names the cluster that took this one in.
    """

    cluster_id: UUID
    name: str | None
    pattern: str
    failure_type: str
    failure_category: str
    fault: str
    failures: int
    recent: int
    before: int
    recoveries_attempted: int
    recoveries_successful: int
    first_seen: datetime
    last_seen: datetime
    merged_into: UUID | None
    resolution_steps: str | None
    llm_analysis: Mapping[str, Any] | None
    resolved_at: datetime | None
    resolved_by: UUID | None
    created_at: datetime
    updated_at: datetime
    state: ClusterState

    @property
    def label(self) -> str:
        """What people call it."""
        return self.name or self.pattern

    @property
    def short_id(self) -> str:
        """The end of its id, as people copy it."""
        return self.cluster_id.hex[-6:]


@dataclass(frozen=True, slots=True)
class ClusterDay:
    """How often a cluster was seen on one day, in UTC."""

    day: date
    failures: int
    recoveries_successful: int


@dataclass(frozen=True, slots=True)
class ClusterEvent:
    """What became of a cluster: founded, split from `other_id`, or merged into it."""

    cluster_id: UUID
    kind: str
    other_id: UUID | None
    signatures: int
    failures: int
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A signature of a cluster, and the last failure that had it."""

    signature_id: UUID
    message: str
    failures: int
    confidence: float
    pattern_id: UUID | None
    outcome_id: UUID | None
    simulation_id: UUID | None
    scenario_id: str | None
    step: int | None
    error_message: str | None


@dataclass(frozen=True, slots=True)
class AffectedScenario:
    """How often a cluster was seen in one scenario."""

    scenario_id: str
    failures: int


@dataclass(frozen=True, slots=True)
class AffectedVersion:
    """How often a cluster was seen in one version of a configuration, and what share of its trials that is."""

    version_id: UUID
    config_name: str
    version_number: int
    failures: int
    trials: int
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class ClusterStory:
    """A cluster with all that is known of it; `cost_usd` is of the trials that failed so, None where no cost is known."""

    cluster: Cluster
    exemplars: Sequence[Exemplar]
    scenarios: Sequence[AffectedScenario]
    versions: Sequence[AffectedVersion]
    days: Sequence[ClusterDay]
    events: Sequence[ClusterEvent]
    cost_usd: Decimal | None
    unpriced: int
    """Trials whose cost is not known."""


@dataclass(frozen=True, slots=True)
class Clustering:
    """How a team's failures were clustered last; `trouble` says why `loose` ones wait, None where they merely came since."""

    embedding_model: str | None
    grouped_at: datetime | None
    trouble: str | None
    loose: int


@dataclass(frozen=True, slots=True)
class Placed:
    """What came of placing failures: how many, and how many signatures and clusters are new."""

    failures: int = 0
    signatures: int = 0
    founded: int = 0


@dataclass(frozen=True, slots=True)
class Regrouped:
    """What came of grouping all anew."""

    clusters: int
    merged: int
    split: int
    moved: int
