"""One function for each statement on outcomes and tool usage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from guildhall.algorithms import vectors
from guildhall.db import Json, Tx, load_queries
from guildhall.db.listing import Filter, Listing, Match, Order, Page, fetch_page
from guildhall.domains.evaluation.failures import FailurePattern
from guildhall.domains.evaluation.outcomes.packing import PackedTrial
from guildhall.domains.evaluation.outcomes.types import (
    NewlyStored,
    Outcome,
    OutcomeStatus,
    Partitions,
    Position,
    ToolUsage,
    TrialPlace,
)

if TYPE_CHECKING:
    from guildhall.algorithms.embedding import Vectors

_queries = load_queries(__package__)

_OUTCOME_COLUMNS = (
    "outcome_id",
    "simulation_id",
    "scenario_id",
    "trial_number",
    "execution_time",
    "status",
    "passed",
    "reliability_score",
    "fault",
    "execution_time_ms",
    "tokens_used",
    "cost_usd",
    "metrics",
    "retry_count",
    "error_code",
    "error_category",
    "modal_call_id",
    "sandbox_id",
    "sandbox_logs",
    "execution_metadata",
    "trajectory",
    "trajectory_body",
)
_OUTCOME_PARAMETERS = (
    "outcome_ids",
    "simulation_ids",
    "scenario_ids",
    "trial_numbers",
    "execution_times",
    "statuses",
    "passed",
    "scores",
    "faults",
    "durations",
    "tokens",
    "costs",
    "metrics",
    "retry_counts",
    "error_codes",
    "error_categories",
    "modal_call_ids",
    "sandbox_ids",
    "sandbox_logs",
    "metadata",
    "trajectories",
    "bodies",
)
_TOOL_COLUMNS = (
    "outcome_id",
    "simulation_id",
    "execution_time",
    "usage_id",
    "tool_name",
    "call_count",
    "error_count",
    "timed_count",
    "total_duration_ms",
    "avg_duration_ms",
    "success_rate",
    "tool_sequence",
    "total_cost_usd",
    "error_types",
    "modal_function_calls",
    "sandbox_tool_logs",
)
_TOOL_PARAMETERS = (
    "outcome_ids",
    "simulation_ids",
    "execution_times",
    "usage_ids",
    "tool_names",
    "call_counts",
    "error_counts",
    "timed_counts",
    "durations",
    "averages",
    "rates",
    "sequences",
    "costs",
    "error_types",
    "modal_calls",
    "logs",
)
_SCRATCH_COLUMNS = (
    "outcome_id",
    "simulation_id",
    "scenario_id",
    "execution_time",
    "status",
    "reliability_score",
    "execution_time_ms",
    "tokens_used",
    "cost_usd",
    "trajectory",
)
_METRICS = 7  # where they stand in a packed trial's columns; the metadata stand last
_NOTHING = Json(b"{}")


@dataclass(frozen=True, slots=True)
class Place:
    """What a trial was given when it was closed: its number, and where its trajectory is if not in the row."""

    trial_number: int
    body: str | None = None


Placed = tuple[PackedTrial, Place]


async def copy_outcomes(tx: Tx, trials: Sequence[Placed]) -> int:
    return await tx.copy("store.outcomes", _OUTCOME_COLUMNS, [_outcome_row(*each) for each in trials])


async def insert_outcomes_unless_known(tx: Tx, trials: Sequence[Placed]) -> int:
    columns = zip(*(_outcome_row(*each) for each in trials), strict=True)
    values: dict[str, Any] = {name: list(column) for name, column in zip(_OUTCOME_PARAMETERS, columns, strict=True)}
    return await tx.execute(_queries.insert_outcomes_unless_known, **values)


async def outcomes_of_simulations(tx: Tx, trials: Sequence[PackedTrial]) -> set[UUID]:
    rows = await tx.fetch(
        _queries.outcomes_of_simulations,
        outcome_ids=[each.outcome_id for each in trials],
        simulation_ids=[each.simulation_id for each in trials],
        execution_times=[each.execution_time for each in trials],
    )
    return {row["outcome_id"] for row in rows}


async def copy_tools(tx: Tx, trials: Sequence[PackedTrial]) -> int:
    rows = _tool_rows(trials)
    return await tx.copy("store.tool_usage", _TOOL_COLUMNS, rows) if rows else 0


async def insert_tools_unless_known(tx: Tx, trials: Sequence[PackedTrial]) -> int:
    rows = _tool_rows(trials)
    if not rows:
        return 0
    columns = zip(*rows, strict=True)
    values: dict[str, Any] = {name: list(column) for name, column in zip(_TOOL_PARAMETERS, columns, strict=True)}
    # The driver would read a list of lists as an array of two dimensions.
    values["error_types"] = [Json(orjson.dumps(each)) for each in values["error_types"]]
    return await tx.execute(_queries.insert_tools_unless_known, **values)


async def revise_outcomes(tx: Tx, trials: Sequence[Placed]) -> int:
    columns = zip(*(_outcome_row(*each) for each in trials), strict=True)
    values: dict[str, Any] = {name: list(column) for name, column in zip(_OUTCOME_PARAMETERS, columns, strict=True)}
    return await tx.execute(
        _queries.revise_outcomes, **{name: values[name] for name in _queries.revise_outcomes.parameters}
    )


async def revise_tools(tx: Tx, trials: Sequence[PackedTrial]) -> None:
    """Those whose ids are known are changed, the others added."""
    rows = _tool_rows(trials)
    if not rows:
        return
    columns = zip(*rows, strict=True)
    values: dict[str, Any] = {name: list(column) for name, column in zip(_TOOL_PARAMETERS, columns, strict=True)}
    values["error_types"] = [Json(orjson.dumps(each)) for each in values["error_types"]]
    await tx.execute(_queries.revise_tools, **{name: values[name] for name in _queries.revise_tools.parameters})
    await insert_tools_unless_known(tx, trials)


async def places_of_outcomes(
    tx: Tx, outcome_ids: Sequence[UUID], execution_times: Sequence[datetime]
) -> dict[UUID, TrialPlace]:
    rows = await tx.fetch(
        _queries.places_of_outcomes, outcome_ids=list(outcome_ids), execution_times=list(execution_times)
    )
    return {
        row["outcome_id"]: TrialPlace(row["simulation_id"], row["scenario_id"], row["trial_number"]) for row in rows
    }


async def find_outcome(tx: Tx, outcome_id: UUID, execution_time: datetime) -> tuple[Outcome, str | None] | None:
    """The outcome with the trajectory that is in its row, and the name of the body that has the whole of it."""
    row = await tx.find(_queries.outcome_at, outcome_id=outcome_id, execution_time=execution_time)
    if row is None:
        return None
    values: dict[str, Any] = dict(row)
    body: str | None = values.pop("trajectory_body")
    values["tools"] = tuple(_tool(each) for each in row["tools"])
    values["failures"] = tuple(FailurePattern(*each) for each in row["failures"])
    return _outcome(values), body


async def time_of_outcome(tx: Tx, outcome_id: UUID) -> datetime | None:
    found: datetime | None = await tx.value(_queries.time_of_outcome, outcome_id=outcome_id)
    return found


async def list_outcomes(
    tx: Tx,
    *,
    simulation_id: UUID | None,
    scenario_id: str | None,
    trial_number: int | None,
    status: str | None,
    passed: bool | None,
    fault: str | None,
    before: Position | None,
    at_most: int,
) -> tuple[Outcome, ...]:
    rows = await tx.fetch(
        _queries.outcomes,
        simulation_id=simulation_id,
        scenario_id=scenario_id,
        trial_number=trial_number,
        status=status,
        passed=passed,
        fault=fault,
        before_time=None if before is None else before.execution_time,
        before_id=None if before is None else before.outcome_id,
        at_most=at_most,
    )
    return tuple(_outcome(dict(row)) for row in rows)


OUTCOMES = Listing(
    _queries.every_outcome,
    key=("outcome_id",),
    orders={
        "execution_time": Order("execution_time", descending=True),
        "reliability_score": Order("reliability_score", nullable=True),
        "execution_time_ms": Order("execution_time_ms", nullable=True),
        "cost_usd": Order("cost_usd", nullable=True),
        "tokens_used": Order("tokens_used", nullable=True),
    },
    filters={
        "outcome_id": Filter("outcome_id", Match.ANY_OF),
        "simulation_id": Filter("simulation_id"),
        "scenario_id": Filter("scenario_id", Match.ANY_OF),
        "trial_number": Filter("trial_number"),
        "status": Filter("status", Match.ANY_OF),
        "passed": Filter("passed"),
        "fault": Filter("fault", Match.ANY_OF),
        "executed_after": Filter("execution_time", Match.AT_LEAST),
        "executed_before": Filter("execution_time", Match.BELOW),
    },
)


async def page_outcomes(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None, at_most: int
) -> Page[Outcome]:
    page = await fetch_page(tx, OUTCOMES, filters, order, after=after, at_most=at_most)
    return page.of(lambda row: _outcome(dict(row)))


async def stored_after(
    tx: Tx, simulation_id: UUID, created_at: datetime, outcome_id: UUID, at_most: int
) -> list[NewlyStored]:
    rows = await tx.fetch(
        _queries.stored_after,
        simulation_id=simulation_id,
        created_at=created_at,
        outcome_id=outcome_id,
        at_most=at_most,
    )
    return [NewlyStored(**row) for row in rows]


async def copy_tool_rows(
    tx: Tx, outcome_id: UUID, execution_time: datetime, simulation_id: UUID | None, tools: Sequence[tuple[Any, ...]]
) -> int:
    rows = [_tool_row(outcome_id, execution_time, simulation_id, tool) for tool in tools]
    return await tx.copy("store.tool_usage", _TOOL_COLUMNS, rows)


async def create_scratch(tx: Tx) -> None:
    await tx.execute(_queries.create_scratch)
    await tx.execute(_queries.index_scratch_by_id)
    await tx.execute(_queries.index_scratch_by_simulation)
    await tx.execute(_queries.index_scratch_by_scenario)


async def copy_to_scratch(tx: Tx, rows: Sequence[tuple[Any, ...]]) -> int:
    return await tx.copy("pg_temp.outcomes_scratch", _SCRATCH_COLUMNS, rows)


async def partitions(tx: Tx) -> Partitions:
    row = await tx.find(_queries.partitions)
    assert row is not None  # an aggregate has always one row
    return Partitions(row["engine"], row["partitions"], row["total_bytes"], row["ends_at"])


def _outcome_row(trial: PackedTrial, place: Place) -> tuple[Any, ...]:
    columns = trial.columns
    if place.body is None:
        trajectory = Json(trial.trajectory)
    else:
        trajectory = Json(f'{{"start_time":{trial.beginning},"status":"{columns[0]}"}}'.encode())
    return (
        trial.outcome_id,
        trial.simulation_id,
        trial.scenario_id,
        place.trial_number,
        trial.execution_time,
        *columns[:_METRICS],
        _json(columns[_METRICS]),
        *columns[_METRICS + 1 : -1],
        _json(columns[-1]),
        trajectory,
        place.body,
    )


def _tool_row(
    outcome_id: UUID, execution_time: datetime, simulation_id: UUID | None, tool: tuple[Any, ...]
) -> tuple[Any, ...]:
    *counts, sequence, cost, error_types, modal_calls, logs = tool
    return (
        outcome_id,
        simulation_id,
        execution_time,
        *counts,
        None if sequence is None else _json(sequence),
        cost,
        error_types,
        None if modal_calls is None else _json(modal_calls),
        logs,
    )


def _tool_rows(trials: Sequence[PackedTrial]) -> list[tuple[Any, ...]]:
    return [
        _tool_row(trial.outcome_id, trial.execution_time, trial.simulation_id, tool)
        for trial in trials
        for tool in trial.tools
    ]


def _json(text: str) -> Json:
    return _NOTHING if text == "{}" else Json(text.encode())


def _outcome(values: dict[str, Any]) -> Outcome:
    values["status"] = OutcomeStatus(values["status"])
    return Outcome(**values)


def _tool(fields: Sequence[Any]) -> ToolUsage:
    *before, error_types, modal_calls, logs = fields
    values = (*before, tuple(error_types), modal_calls, logs)
    return ToolUsage(*values)


def trajectory_of(body: bytes) -> Any:
    """What a body says: it was cleaned before it was kept, so orjson reads it."""
    return orjson.loads(body)


async def strange_outcomes(tx: Tx, model: str, at_most: int) -> list[tuple[UUID, datetime, Any, str | None]]:
    """Ids, times, trajectories as they are in their rows, and the bodies that have the whole of them."""
    rows = await tx.fetch(_queries.strange_outcomes, model=model, at_most=at_most)
    return [(row["outcome_id"], row["execution_time"], row["trajectory"], row["trajectory_body"]) for row in rows]


async def embed_outcomes(
    tx: Tx, places: Sequence[tuple[UUID, datetime]], said: Sequence[str], made: Vectors, model: str
) -> None:
    await tx.execute(
        _queries.embed_outcomes,
        outcome_ids=[outcome_id for outcome_id, _ in places],
        execution_times=[time for _, time in places],
        embeddings=vectors.written(made),
        said=list(said),
        model=model,
    )
