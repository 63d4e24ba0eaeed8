"""What can be done with failures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from guildhall import clock
from guildhall.db import Tx
from guildhall.domains.evaluation.failures import rules, store
from guildhall.domains.evaluation.failures.store import Entry
from guildhall.domains.evaluation.failures.types import FailedTrial, FailurePattern, Fault, NewFailure


async def add_failures(tx: Tx, trial: FailedTrial, failures: Sequence[NewFailure]) -> tuple[UUID, ...]:
    """
    Keep failures of a trial that is recorded already; their ids.

    Raises:
        FailureRefused: A value makes no sense.
    """
    entries = [(clock.new_id(trial.execution_time), trial, rules.row(each)) for each in failures]
    if entries:
        await tx.ensure_partitions("failure_patterns", trial.execution_time, trial.execution_time)
        await store.copy(tx, entries)
    return tuple(pattern_id for pattern_id, _, _ in entries)


async def store_failures(tx: Tx, entries: Sequence[Entry], *, may_be_known: bool = False) -> int:
    """
    Keep failures of many trials, checked before (`check_failure`); how many were new.

    The months must have partitions. With `may_be_known`, those whose id is
    taken are passed over.
    """
    if not entries:
        return 0
    return await (store.insert_unless_known if may_be_known else store.copy)(tx, entries)


def check_failure(failure: NewFailure) -> rules.Row:
    """
    A failure's own columns, checked and cleaned, as `store_failures` takes them.

    Raises:
        FailureRefused: A value makes no sense.
    """
    return rules.row(failure)


async def list_failures(
    tx: Tx,
    *,
    outcome_ids: Sequence[UUID] | None = None,
    simulation_id: UUID | None = None,
    scenario_id: str | None = None,
    fault: Fault | None = None,
    earliest: datetime | None = None,
    latest: datetime | None = None,
    at_most: int = 1000,
) -> list[FailurePattern]:
    """Failures, oldest first; filters that are None let everything through."""
    return await store.list_failures(
        tx,
        outcome_ids=outcome_ids,
        simulation_id=simulation_id,
        scenario_id=scenario_id,
        fault=None if fault is None else fault.value,
        earliest=earliest,
        latest=latest,
        at_most=at_most,
    )
