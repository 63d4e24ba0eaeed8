"""One function for each statement on failures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from guildhall.db import Json, Row, Tx, load_queries
from guildhall.domains.evaluation.failures import rules
from guildhall.domains.evaluation.failures.types import FailedTrial, FailurePattern

_queries = load_queries(__package__)
_COLUMNS = (
    "pattern_id",
    "outcome_id",
    "simulation_id",
    "scenario_id",
    "trial_number",
    "execution_time",
    "failure_type",
    "failure_category",
    "fault",
    "error_message",
    "step",
    "recovery_attempted",
    "recovery_successful",
    "resolution_steps",
    "llm_analysis",
)
_PARAMETERS = (
    "pattern_ids",
    "outcome_ids",
    "simulation_ids",
    "scenario_ids",
    "trial_numbers",
    "execution_times",
    "failure_types",
    "failure_categories",
    "faults",
    "error_messages",
    "steps",
    "recoveries_attempted",
    "recoveries_successful",
    "resolution_steps",
    "llm_analyses",
)

Entry = tuple[UUID, FailedTrial, rules.Row]
"""A failure's id, the trial it belongs to, and its own columns."""


async def copy(tx: Tx, entries: Sequence[Entry]) -> int:
    return await tx.copy("store.failure_patterns", _COLUMNS, [_row(each) for each in entries])


async def insert_unless_known(tx: Tx, entries: Sequence[Entry]) -> int:
    columns = zip(*(_row(each) for each in entries), strict=True)
    values: dict[str, object] = {name: list(column) for name, column in zip(_PARAMETERS, columns, strict=True)}
    return await tx.execute(_queries.insert_unless_known, **values)


async def list_failures(
    tx: Tx,
    *,
    outcome_ids: Sequence[UUID] | None,
    simulation_id: UUID | None,
    scenario_id: str | None,
    fault: str | None,
    earliest: datetime | None,
    latest: datetime | None,
    at_most: int,
) -> list[FailurePattern]:
    rows = await tx.fetch(
        _queries.failures,
        outcome_ids=None if outcome_ids is None else list(outcome_ids),
        simulation_id=simulation_id,
        scenario_id=scenario_id,
        fault=fault,
        earliest=earliest,
        latest=latest,
        at_most=at_most,
    )
    return [_failure(row) for row in rows]


def _row(entry: Entry) -> tuple[Any, ...]:
    pattern_id, trial, (*own, analysis) = entry
    return (
        pattern_id,
        trial.outcome_id,
        trial.simulation_id,
        trial.scenario_id,
        trial.trial_number,
        trial.execution_time,
        *own,
        None if analysis is None else Json(analysis.encode()),
    )


def _failure(row: Row) -> FailurePattern:
    return FailurePattern(**dict(row))
