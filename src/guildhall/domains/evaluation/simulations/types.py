"""The nouns of simulations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID


class SimulationStatus(StrEnum):
    """Where a simulation is; the last three are its ends."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class PinnedScenario:
    """A scenario in the content that a simulation runs."""

    scenario_id: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class NewSimulation:
    """A plan: one configuration version on scenarios, each repeated `trials` times."""

    config_version_id: UUID
    scenarios: Sequence[PinnedScenario]
    trials: int = 1
    simulation_id: UUID | None = None
    name: str | None = None
    seed: int = 0
    max_cost_usd: Decimal | None = None
    timeout_ms: int = 300_000
    max_retries: int = 3
    priority: int = 5
    origin: str = "run"
    import_hash: str | None = None
    assumed: Sequence[str] = ()
    interleaved_with: UUID | None = None
    created_at: datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    sandbox_metadata: Mapping[str, Any] = field(default_factory=dict)
    modal_app_id: str | None = None
    modal_environment: str = "production"


@dataclass(frozen=True, slots=True)
class Simulation:
    """A simulation as it stands."""

    simulation_id: UUID
    config_version_id: UUID
    config_name: str
    version_number: int
    name: str | None
    status: SimulationStatus
    total_scenarios: int
    completed_scenarios: int
    trials_per_scenario: int
    trials_total: int
    trials_done: int
    overall_score: float | None
    execution_time_ms: float | None
    total_cost_usd: Decimal | None
    max_cost_usd: Decimal | None
    timeout_ms: int
    max_retries: int
    seed: int
    origin: str
    assumed: Sequence[str]
    interleaved_with: UUID | None
    error_message: str | None
    metadata: Mapping[str, Any]
    sandbox_metadata: Mapping[str, Any]
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None

    @property
    def label(self) -> str:
        """What people call the version it ran: `support-agent@v2`."""
        return f"{self.config_name}@v{self.version_number}"

    @property
    def short_id(self) -> str:
        """The last six digits of the id: beginnings are alike in UUIDs of version 7, which begin with the time."""
        return self.simulation_id.hex[-6:]


@dataclass(frozen=True, slots=True)
class OpenSimulation:
    """A simulation that takes the trials of traces, until somebody ends it."""

    simulation_id: UUID
    total_scenarios: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a simulation is; `running` trials are claimed by a runner of ours."""

    simulation_id: UUID
    status: SimulationStatus
    error_message: str | None
    started_at: datetime | None
    max_cost_usd: Decimal | None
    trials: int
    done: int
    running: int
    outcomes: int
    passed: int
    not_passed: int
    cost_usd: Decimal | None

    @property
    def has_ended(self) -> bool:
        """Whether nobody is going to work on it, as things are."""
        return self.status in (SimulationStatus.COMPLETED, SimulationStatus.FAILED, SimulationStatus.CANCELLED)

    def eta_s(self, now: datetime) -> float | None:
        """How long the rest will take at the pace so far; None where nothing tells."""
        if self.started_at is None or not self.done or self.has_ended:
            return None
        elapsed_s = max((now - self.started_at).total_seconds(), 0.0)
        return elapsed_s / self.done * (self.trials - self.done)


@dataclass(frozen=True, slots=True)
class Sketch:
    """What whoever records outcomes needs to know of a simulation; an execution is one of one trial."""

    simulation_id: UUID
    status: SimulationStatus
    origin: str
    scenarios: Sequence[PinnedScenario]
    is_execution: bool = False
    modal_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """
    The right to run one trial until the lease ends.

    The outcome's id and time are fixed here, before anything runs, so that a
    repeated delivery is recognised; `attempts` counts this claim in.
    """

    simulation_id: UUID
    scenario_id: str
    trial_number: int
    attempt_token: UUID
    outcome_id: UUID
    execution_time: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class LeftToDo:
    """
    The trials that are not done, as one runner sees them.

    `own` are claimed by it, `others` by runners that hold them still; `free`
    anybody may claim, for nobody has or a lease has run out.
    """

    own: int
    others: int
    free: int

    @property
    def total(self) -> int:
        return self.own + self.others + self.free


@dataclass(frozen=True, slots=True)
class Spent:
    """What stored outcomes cost, None where nothing is known; `known` are those of the outcomes asked about that are in it."""

    usd: Decimal | None
    known: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Closing:
    """A trial to be closed by its outcome; without a token it is a trial that nobody had planned."""

    simulation_id: UUID
    scenario_id: str
    trial_number: int | None
    outcome_id: UUID
    execution_time: datetime
    attempt_token: UUID | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """
    What became of closings, by outcome id.

    `admitted` maps to the trial's number; `known` were closed by the same
    outcome before; `refused` lost their claim to another attempt.
    """

    admitted: Mapping[UUID, int]
    known: frozenset[UUID] = frozenset()
    refused: frozenset[UUID] = frozenset()
