"""Agents as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.app.documents import described
from guildhall.domains.society.agents import Agent


class SkillDocument(TypedDict):
    """Something that an agent can do, and how well, from 0 to 1."""

    name: str
    proficiency: float | None


@described
class AgentDocument(TypedDict):
    """An agent as it stands, with its figures."""

    id: UUID
    agent_id: str
    """By which the team knows it."""
    name: str
    type: str
    status: str
    skills: Sequence[SkillDocument]
    trust_score: float | None
    """How much the others trust it, from 0 to 1; null until that was computed."""
    tasks_completed: int
    tasks_failed: int
    success_rate: float | None
    """Of the tasks that it ended, the share that it completed."""
    average_quality_score: float | None
    average_task_time_ms: float | None
    metadata: Any
    created_at: datetime


def agent_document(agent: Agent) -> AgentDocument:
    """An agent as it stands."""
    document: AgentDocument = asdict(agent)  # type: ignore[assignment]
    return document
