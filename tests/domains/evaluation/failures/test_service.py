"""Failures: kept with their trials, and found again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from fixtures.trials import a_failure, make_simulation
from guildhall import clock
from guildhall.db import Actor, Database, Tx
from guildhall.domains.evaluation import failures
from guildhall.domains.evaluation.failures import FailedTrial, FailureRefused, Fault


async def a_trial(tx: Tx, *, days: int = 0) -> FailedTrial:
    at = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(days=days)
    return FailedTrial(clock.new_id(at), at, await make_simulation(tx), "scenario_1", 1)


async def test_a_failure_is_found_with_its_trial(tx: Tx) -> None:
    trial = await a_trial(tx)
    (pattern_id,) = await failures.add_failures(tx, trial, [a_failure(error_message="a\0b")])
    (found,) = await failures.list_failures(tx, outcome_ids=[trial.outcome_id])
    assert found.pattern_id == pattern_id
    assert (found.outcome_id, found.execution_time, found.simulation_id, found.scenario_id, found.trial_number) == (
        trial.outcome_id,
        trial.execution_time,
        trial.simulation_id,
        "scenario_1",
        1,
    )
    assert (found.failure_type, found.fault, found.step, found.error_message) == ("wrong_answer", "agent", 1, "a�b")


async def test_failures_are_listed_oldest_first_and_narrowed(tx: Tx) -> None:
    first, second = await a_trial(tx), await a_trial(tx, days=40)
    await failures.add_failures(tx, second, [a_failure(fault=Fault.TOOL)])
    await failures.add_failures(tx, first, [a_failure(), a_failure(failure_type="loop")])

    async def outcomes(**filters: Any) -> list[UUID]:
        return [each.outcome_id for each in await failures.list_failures(tx, **filters)]

    assert await outcomes() == [first.outcome_id, first.outcome_id, second.outcome_id]
    assert await outcomes(simulation_id=second.simulation_id) == [second.outcome_id]
    assert await outcomes(fault=Fault.TOOL) == [second.outcome_id]
    assert await outcomes(earliest=second.execution_time) == [second.outcome_id]
    assert await outcomes(latest=first.execution_time, at_most=1) == [first.outcome_id]


async def test_another_team_sees_no_failures_of_ours(database: Database, actor: Actor) -> None:
    async with database.transaction(actor) as tx:
        await failures.add_failures(tx, await a_trial(tx), [a_failure()])
    async with database.transaction(Actor(actor.user_id, uuid4())) as theirs:
        assert await failures.list_failures(theirs) == []


def test_a_long_message_is_cut() -> None:
    message = failures.check_failure(a_failure(error_message="x" * 20_000))[3]
    assert message is not None
    assert len(message) == 10_000
    assert message.endswith("x…")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("failure_type", ""),
        ("failure_type", "x" * 101),
        ("failure_category", "bad_luck"),
        ("fault", "weather"),
        ("step", -1),
        ("recovery_successful", True),
    ],
)
def test_a_failure_that_makes_no_sense_is_refused_by_field(field: str, value: object) -> None:
    with pytest.raises(FailureRefused) as refused:
        failures.check_failure(replace(a_failure(), **{field: value}))
    assert refused.value.details["field"] == field
