"""
Trial records on their way into the database.

A record is checked and cleaned once, when it is accepted, and its trajectory
encoded once; the same bytes go into the spool and into COPY. `to_parts` and
`from_bytes` are the form in which it waits on disk.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from guildhall import clock
from guildhall.algorithms import sanitise
from guildhall.domains.evaluation import failures
from guildhall.domains.evaluation.outcomes import rules
from guildhall.domains.evaluation.outcomes.errors import OutcomeRefused, RecordUnreadable
from guildhall.domains.evaluation.outcomes.types import NewOutcome, NewToolUsage, TrialRecord

_VERSION = 1
_HEADER_LENGTH = struct.Struct(">I")

Columns = tuple[Any, ...]
"""The outcome's plain columns in the order of the COPY: see `_columns`. JSON is text, an amount a Decimal."""

_COST = 6  # where it stands in Columns
_TOOL_COST = 9  # and in a tool's


@dataclass(slots=True, eq=False)
class PackedTrial:
    """
    A checked and cleaned record. `trajectory` is the UTF-8 text of a JSON object.

    `beginning` is the trajectory's own `start_time` as JSON text: what stays
    in the row when the trajectory itself is too long for it.
    """

    outcome_id: UUID
    execution_time: datetime
    simulation_id: UUID
    scenario_id: str
    trial_number: int | None
    attempt_token: UUID | None
    columns: Columns
    beginning: str
    tools: list[Columns]
    failures: list[tuple[UUID, Columns]]
    trajectory: bytes

    def to_parts(self) -> tuple[bytes, bytes]:
        """The record as bytes in two parts, so that the trajectory need not be copied."""
        header = orjson.dumps(
            (
                _VERSION,
                self.outcome_id,
                self.execution_time,
                self.simulation_id,
                self.scenario_id,
                self.trial_number,
                self.attempt_token,
                self.columns,
                self.beginning,
                self.tools,
                self.failures,
            ),
            default=str,  # amounts, whose digits must not change, and the driver's own kind of UUID
        )
        return _HEADER_LENGTH.pack(len(header)) + header, self.trajectory

    @classmethod
    def from_bytes(cls, packed: bytes) -> PackedTrial:
        """
        The record in what `to_parts` made, put together.

        Raises:
            RecordUnreadable: It is of another version, or no record.
        """
        try:
            (length,) = _HEADER_LENGTH.unpack_from(packed)
            end = _HEADER_LENGTH.size + length
            version, *rest = orjson.loads(packed[_HEADER_LENGTH.size : end])
            if version != _VERSION:
                raise RecordUnreadable(f"it is of version {version!r}, this Guildhall reads version {_VERSION}")
            outcome_id, time, simulation_id, scenario_id, number, token, columns, beginning, tools, failed = rest
            return cls(
                outcome_id=UUID(outcome_id),
                execution_time=datetime.fromisoformat(time),
                simulation_id=UUID(simulation_id),
                scenario_id=scenario_id,
                trial_number=number,
                attempt_token=None if token is None else UUID(token),
                columns=_with_amount(columns, _COST),
                beginning=beginning,
                tools=[_with_amount([UUID(tool[0]), *tool[1:]], _TOOL_COST) for tool in tools],
                failures=[(UUID(pattern_id), tuple(row)) for pattern_id, row in failed],
                trajectory=packed[end:],
            )
        except (struct.error, ValueError, TypeError, IndexError, KeyError) as error:
            raise RecordUnreadable(f"{type(error).__name__}: {error}") from error


def pack(record: TrialRecord) -> PackedTrial:
    """
    Check, clean and encode a record.

    Raises:
        OutcomeRefused: A value makes no sense.
        FailureRefused: A failure's does.
    """
    outcome = record.outcome
    rules.check_outcome(outcome, clock.now())
    _check_id(outcome)
    trajectory, beginning = _trajectory(outcome.trajectory)
    time = outcome.execution_time
    return PackedTrial(
        outcome_id=outcome.outcome_id,
        execution_time=time,
        simulation_id=outcome.simulation_id,
        scenario_id=sanitise.text(outcome.scenario_id),
        trial_number=outcome.trial_number,
        attempt_token=record.attempt_token,
        columns=_columns(outcome),
        beginning=beginning,
        tools=[pack_tool(tool, time) for tool in record.tools],
        failures=[(clock.new_id(time), failures.check_failure(failure)) for failure in record.failures],
        trajectory=trajectory,
    )


def _check_id(outcome: NewOutcome) -> None:
    """A row's time is its id's time (decision 10), unless the id, made by somebody else, keeps none."""
    identifier, time = outcome.outcome_id, outcome.execution_time
    milliseconds = round(time.timestamp() * 1000) if time.microsecond % 1000 == 0 else None
    if identifier.int >> 80 != milliseconds and identifier.version == 7:
        raise OutcomeRefused(
            "execution_time",
            outcome.execution_time.isoformat(),
            f"{clock.time_of(identifier).isoformat()}, the time that its id keeps",
            "Make the id from the time, or take the time from the id.",
        )


def _trajectory(given: Mapping[str, Any] | bytes) -> tuple[bytes, str]:
    """The trajectory's text, and its beginning."""
    if isinstance(given, bytes):
        text, given = _read(given)
    else:
        text = sanitise.to_json(given)
    if len(text) > rules.LONGEST_TRAJECTORY:
        raise OutcomeRefused(
            "trajectory",
            f"{len(text):,} bytes long",
            f"at most {rules.LONGEST_TRAJECTORY:,}",
            "Keep large files beside the trajectory, and name them in it.",
        )
    start = given["start_time"]
    beginning = f'"{start}"' if type(start) is str and start.isascii() and start.isprintable() else None
    if beginning is None or '"' in start or "\\" in start:
        beginning = sanitise.to_json(start).decode()
    return text, beginning


def _read(text: bytes) -> tuple[bytes, Mapping[str, Any]]:
    """The text as it is, where orjson reads it and it holds no NUL; else cleaned. And what it says."""
    value = None
    if b"\\u0000" not in text:
        with suppress(orjson.JSONDecodeError):
            value = orjson.loads(text)
    if value is None:
        try:
            value = json.loads(text)  # takes lone surrogates, and numbers that fit no double
        except (ValueError, RecursionError) as error:
            raise OutcomeRefused("trajectory", text[:80], "the text of a JSON object") from error
        text = sanitise.to_json(value)
    rules.check_trajectory(value)
    return text, value


def _columns(outcome: NewOutcome) -> Columns:
    return (
        str(outcome.status),
        outcome.passed,
        outcome.reliability_score,
        None if outcome.fault is None else str(outcome.fault),
        outcome.execution_time_ms,
        outcome.tokens_used,
        outcome.cost_usd,
        _object(outcome.metrics),
        outcome.retry_count,
        _text(outcome.error_code),
        None if outcome.error_category is None else str(outcome.error_category),
        _text(outcome.modal_call_id),
        _text(outcome.sandbox_id),
        _text(outcome.sandbox_logs),
        _object(outcome.execution_metadata),
    )


def pack_tool(tool: NewToolUsage, time: datetime) -> Columns:
    """
    Check, clean and encode a tool's usage.

    Raises:
        OutcomeRefused: A value makes no sense.
    """
    rules.check_tool(tool)
    return (
        clock.new_id(time),
        sanitise.text(tool.tool_name),
        tool.call_count,
        tool.error_count,
        tool.timed_count,
        tool.total_duration_ms,
        tool.total_duration_ms / tool.timed_count if tool.timed_count else None,
        1 - tool.error_count / tool.call_count,
        None if tool.tool_sequence is None else sanitise.to_json(tool.tool_sequence).decode(),
        tool.total_cost_usd,
        [sanitise.text(each) for each in tool.error_types],
        None if tool.modal_function_calls is None else sanitise.to_json(tool.modal_function_calls).decode(),
        _text(tool.sandbox_tool_logs),
    )


def _text(value: str | None) -> str | None:
    return None if value is None else sanitise.text(value)


def _object(value: Mapping[str, Any]) -> str:
    return sanitise.to_json(value).decode() if value else "{}"


def _with_amount(columns: list[Any], position: int) -> Columns:
    amount = columns[position]
    if amount is not None:
        columns[position] = Decimal(amount)
    return tuple(columns)
