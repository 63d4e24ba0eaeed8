"""The nouns of scenarios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ScorerSpec:
    """One way of judging a trial; `options` are the keys of its type."""

    type: str
    required: bool = False
    weight: float = 1.0
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UserSpec:
    """
    Who talks to the agent after the task prompt.

    `turns` are said one after the other, whatever the agent answers; without
    them a model pursues the `goal`, until it says that it is done or
    `max_turns` is reached.
    """

    goal: str | None = None
    turns: tuple[str, ...] = ()
    model: str | None = None
    base_url: str | None = None
    api_key_env: str | None = None
    max_turns: int = 8
    temperature: float = 0.0


@dataclass(frozen=True, slots=True)
class ScenarioLimits:
    """What a trial of this scenario may take at most, whoever the agent is."""

    timeout_ms: int | None = None
    max_turns: int | None = None
    max_cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """
    One test case.

    `definition` is its canonical form, every default filled in, and
    `content_hash` the SHA-256 of that and of the files that grade it
    (`files`: path, relative to the scenarios file, to content).
    """

    scenario_id: str
    name: str
    task_prompt: str
    scorers: tuple[ScorerSpec, ...]
    content_hash: str
    definition: Mapping[str, Any]
    ground_truth: Any = None
    difficulty_level: str = "medium"
    tags: tuple[str, ...] = ()
    expected_tools: Any = None
    estimated_duration_ms: int | None = None
    suite: str | None = None
    split: str = "search"
    group: str | None = None
    environment: str | None = None
    user: UserSpec | None = None
    pass_score: float = 1.0
    limits: ScenarioLimits = ScenarioLimits()
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScenarioFile:
    """What one scenarios file holds, with the warnings that reading it gave."""

    scenarios: Sequence[Scenario]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredScenario:
    """A scenario as the database lists it."""

    scenario_id: str
    name: str
    suite: str | None
    difficulty_level: str
    split: str
    group: str | None
    tags: tuple[str, ...]
    content_hash: str
    versions: int
    is_active: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SavedScenarios:
    """What saving came to: how many were new, had other content before, or were kept as they were."""

    new: int
    changed: int
    same: int
