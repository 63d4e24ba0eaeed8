"""The nouns of search."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """What can be found."""

    CONFIG = "config"
    SCENARIO = "scenario"
    TRAJECTORY = "trajectory"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Filters:
    """
    What narrows a search down; those that are None let everything through.

    Each is for the kinds that have it: `config` (a configuration's name) for configurations and
    trajectories, `suite` for scenarios, `simulation_id`, `scenario_id` and `passed` for trajectories,
    `fault` for trajectories and failures; `after` and `before` for all.
    """

    config: str | None = None
    suite: str | None = None
    simulation_id: UUID | None = None
    scenario_id: str | None = None
    passed: bool | None = None
    fault: str | None = None
    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """
    Something that was found.

    `score` orders hits of one search; `similarity` is a cosine, None where it was found by its
    words alone, or has no vector yet.
    """

    kind: Kind
    id: str
    title: str
    excerpt: str
    at: datetime
    score: float
    similarity: float | None
    has_words: bool
