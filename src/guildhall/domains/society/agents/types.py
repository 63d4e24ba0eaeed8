"""The nouns of the agents: who they are, and what they can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Kind(StrEnum):
    """What an agent is among the others."""

    TEAM_LEADER = "team-leader"
    WORKER = "worker"
    SPECIALIST = "specialist"
    COORDINATOR = "coordinator"
    REVIEWER = "reviewer"
    MONITOR = "monitor"
    MENTOR = "mentor"


class Status(StrEnum):
    """What an agent does at the moment; one that is suspended or retired is given no tasks."""

    OFFLINE = "offline"
    IDLE = "idle"
    ACTIVE = "active"
    BUSY = "busy"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    RETRAINING = "retraining"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Skill:
    """Something that an agent can do, and how well, from 0 to 1; None where nobody knows."""

    name: str
    proficiency: float | None = None


@dataclass(frozen=True, slots=True)
class NewAgent:
    """An agent that joins the team, by the name that the world outside has for it."""

    agent_id: str
    name: str | None = None
    type: Kind | str = Kind.WORKER
    skills: Sequence[Skill] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Agent:
    """
    An agent as it stands, with its figures, which triggers keep.

    Rates and averages are None where there is nothing to take them over.
    """

    id: UUID
    agent_id: str
    name: str
    type: str
    status: str
    skills: Sequence[Skill]
    trust_score: float | None
    tasks_completed: int
    tasks_failed: int
    success_rate: float | None
    average_quality_score: float | None
    average_task_time_ms: float | None
    metadata: Any
    created_at: datetime
