"""The nouns of imports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from guildhall.domains.evaluation.failures import NewFailure
from guildhall.domains.evaluation.outcomes import NewToolUsage, OutcomeStatus


@dataclass(frozen=True, slots=True)
class ImportedTask:
    """
    A task of a benchmark as a scenarios file would say it: `definition` has the keys of one entry there.

    `is_known` is False where the log names a task without saying what it is;
    `placeholder` is the definition that it would have then.
    """

    scenario_id: str
    definition: Mapping[str, Any]
    placeholder: Mapping[str, Any]
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class ImportedTrial:
    """
    One trial in our words; None is what the log does not say.

    `trial_number` counts from 1 within the task, in the order of the log's own
    numbers. `source` is what only this format has, kept as it was.
    """

    scenario_id: str
    trial_number: int
    status: OutcomeStatus
    passed: bool | None
    score: float | None
    trajectory: Mapping[str, Any]
    fault: str | None = None
    error_code: str | None = None
    error_category: str | None = None
    started_at: datetime | None = None
    duration_ms: float | None = None
    tokens: int | None = None
    cost_usd: Decimal | None = None
    tools: tuple[NewToolUsage, ...] = ()
    failures: tuple[NewFailure, ...] = ()
    metrics: Mapping[str, Any] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportedLog:
    """
    A log in our words.

    `content_hash` is the SHA-256 of the log's JSON in canonical form, so that
    neither compression nor formatting nor the file's name matter. `agent` has
    the keys of an agent.yaml. `assumed` names, in sentences, what the log does
    not say.
    """

    file: Path
    format: str
    suite: str
    content_hash: str
    name: str
    agent: Mapping[str, Any]
    tasks: tuple[ImportedTask, ...]
    trials: tuple[ImportedTrial, ...]
    assumed: tuple[str, ...]
    seed: int | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
