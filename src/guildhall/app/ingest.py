"""
Taking in many outcomes at once, as programs tell them over the network.

All of them are stored by one COPY, in the transaction of whoever asks: what is
answered is durable and visible. A record that makes no sense refuses itself
and nothing else. They are read by the same code as the client's (`app.telling`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from guildhall.algorithms import sanitise
from guildhall.app import telling
from guildhall.app.sinks import REFUSALS
from guildhall.app.telling import Fields, KnownSimulation, executions
from guildhall.db import ConstraintViolated, Tx
from guildhall.domains.evaluation import outcomes, simulations
from guildhall.domains.evaluation.outcomes import Month, OutcomeIdTaken, PackedTrial, Recorded
from guildhall.domains.evaluation.simulations import SimulationNotFound
from guildhall.errors import Conflict, GuildhallError, InvalidInput, LimitReached

MOST_RECORDS = 5_000
"""How many outcomes one request may tell."""

_FEW = 20
"""So many records are read at once without going to another thread."""


class RecordsUnreadable(InvalidInput):
    """What was sent is no list of records at all."""

    code = "records_unreadable"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the body is no list of outcomes: {why}",
            remedy='Send a JSON array of outcomes, {"outcomes": […]}, or one outcome in a line (application/x-ndjson).',
            field="body",
        )


class TooManyRecords(LimitReached):
    """More outcomes were sent than one request takes."""

    code = "too_many_records"

    def __init__(self, records: int) -> None:
        super().__init__(
            f"the body has {records:,} outcomes, expected at most {MOST_RECORDS:,}",
            remedy="Send them in several requests.",
            field="outcomes",
            value=records,
        )


class LineUnreadable(InvalidInput):
    """A line is no JSON object."""

    code = "line_unreadable"

    def __init__(self) -> None:
        super().__init__("the line is no JSON", remedy="Write one JSON object in a line.", field="record")


class RecordRefused(InvalidInput):
    """A record holds a value that cannot be kept."""

    code = "record_refused"

    def __init__(self, error: Exception) -> None:
        super().__init__(
            f"a value of the record cannot be kept: {type(error).__name__}",
            remedy="Send values as GET /openapi.json describes them.",
            field="record",
        )


class TrialTaken(Conflict):
    """Another outcome has the trial that this one names."""

    code = "trial_taken"

    def __init__(self, trial: PackedTrial) -> None:
        super().__init__(
            f"trial {trial.trial_number} of scenario {trial.scenario_id!r} has another outcome already",
            remedy="Leave out trial_number, and it becomes the next trial.",
            field="trial_number",
            value=trial.trial_number,
        )


class Fate(StrEnum):
    """What became of a record: stored now, known from before, or refused."""

    STORED = "stored"
    KNOWN = "known"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Item:
    """What became of one record."""

    outcome_id: UUID | None
    fate: Fate
    error: GuildhallError | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """Records that were read; each is a trial to be stored, or the reason why it cannot be."""

    records: Sequence[PackedTrial | GuildhallError]
    pending: frozenset[UUID]
    """Simulations that begin with these."""

    @property
    def trials(self) -> list[PackedTrial]:
        """What is to be stored."""
        return [each for each in self.records if isinstance(each, PackedTrial)]

    @property
    def months(self) -> set[Month]:
        """The months that need partitions."""
        return outcomes.months_of(self.trials)


def read(body: bytes, *, in_lines: bool) -> list[Any]:
    """
    The records in a body: values of any kind, and errors for lines that are no JSON.

    Raises:
        RecordsUnreadable: It is no JSON, or neither a list nor an object with `outcomes`.
        TooManyRecords: There are more than `MOST_RECORDS`.
    """
    if in_lines:
        lines = [line for line in body.split(b"\n") if line.strip()]
        if len(lines) > MOST_RECORDS:
            raise TooManyRecords(len(lines))
        return [_line(each) for each in lines]
    try:
        value = _value(body)
    except (ValueError, RecursionError) as error:
        raise RecordsUnreadable(str(error)[:200]) from None
    if isinstance(value, dict):
        unknown = sorted(value.keys() - {"outcomes"})
        if unknown:
            raise RecordsUnreadable(f"it has {sanitise.text(unknown[0])[:100]!r}")
        value = value.get("outcomes")
    if not isinstance(value, list):
        raise RecordsUnreadable(f"it is {type(value).__name__}")
    if len(value) > MOST_RECORDS:
        raise TooManyRecords(len(value))
    return value


async def prepare(tx: Tx, given: Sequence[Any]) -> Prepared:
    """Look up the simulations that records are of, and read each record; nothing is written."""
    if len(given) > _FEW:
        named = await asyncio.to_thread(lambda: [_named(each) for each in given])
    else:
        named = [_named(each) for each in given]
    wanted = {each[1] for each in named if not isinstance(each, GuildhallError)}
    known = await executions.known_simulations(tx, wanted)
    pending = frozenset(each.simulation_id for each in known.values() if each.is_pending)

    def records() -> list[PackedTrial | GuildhallError]:
        seen: dict[UUID, UUID] = {}
        return [_record(whole, each, known, seen) for whole, each in zip(given, named, strict=True)]

    return Prepared(await asyncio.to_thread(records) if len(given) > _FEW else records(), pending)


async def store(tx: Tx, prepared: Prepared) -> list[Item]:
    """Store what was prepared, in this transaction; what became of each record, in order."""
    trials = {each.outcome_id: each for each in reversed(prepared.trials)}
    fates: dict[UUID, Fate | GuildhallError] = {}
    await _store(tx, list(reversed(trials.values())), prepared.months, fates)
    begun = {trials[each].simulation_id for each, fate in fates.items() if fate is Fate.STORED} & prepared.pending
    for simulation_id in sorted(begun):
        await simulations.start_simulation(tx, simulation_id)
    items = []
    for record in prepared.records:
        if not isinstance(record, PackedTrial):
            items.append(Item(None, Fate.REFUSED, record))
            continue
        fate = fates[record.outcome_id]
        if isinstance(fate, GuildhallError):
            items.append(Item(record.outcome_id, Fate.REFUSED, fate))
        else:
            items.append(Item(record.outcome_id, fate))
            fates[record.outcome_id] = Fate.KNOWN  # told again further on
    return items


def error_document(error: GuildhallError) -> Mapping[str, Any]:
    """An error as JSON, whatever text a record has brought into it."""
    document: Mapping[str, Any] = sanitise.plain(error.as_json()["error"])
    return document


def _value(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        # Lone surrogates, which are made good later, are more than orjson takes.
        return json.loads(text.decode(), parse_constant=_no_number)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _line(text: bytes) -> Any:
    try:
        return _value(text)
    except (ValueError, RecursionError):
        return LineUnreadable()


def _named(given: Any) -> tuple[Fields, UUID] | GuildhallError:
    """A record's fields, and the simulation that it is of."""
    if isinstance(given, GuildhallError):
        return given
    try:
        fields = Fields("an outcome", given)
        execution_id = fields.identifier("execution_id")
        simulation_id: UUID = fields.required(
            fields.identifier("simulation_id") or execution_id,
            "simulation_id",
            "execution_id",
            remedy="Give the id of a simulation that was planned.",
        )
        return fields, simulation_id
    except GuildhallError as error:
        return error


def _record(
    given: Any,
    named: tuple[Fields, UUID] | GuildhallError,
    known: Mapping[UUID, KnownSimulation],
    seen: dict[UUID, UUID],
) -> PackedTrial | GuildhallError:
    if isinstance(named, GuildhallError):
        return named
    fields, simulation_id = named
    try:
        simulation = known.get(simulation_id)
        if simulation is None:
            raise SimulationNotFound(str(simulation_id))
        packed = outcomes.pack(telling.outcome_record(given, fields, simulation))
        if seen.setdefault(packed.outcome_id, simulation_id) != simulation_id:
            raise OutcomeIdTaken(packed.outcome_id, simulation_id)
        return packed
    except GuildhallError as error:
        return error
    except REFUSALS as error:
        return RecordRefused(error)


async def _store(
    tx: Tx, trials: Sequence[PackedTrial], ready: set[Month], fates: dict[UUID, Fate | GuildhallError]
) -> None:
    """Store trials, in halves where they are refused."""
    if not trials:
        return
    try:
        async with tx.savepoint():
            recorded = await outcomes.record_trials(tx, trials, ready=ready)
    except ConstraintViolated as error:
        if error.kind == "check" and error.constraint is None and ready:
            await _store(tx, trials, set(), fates)  # a month that was there has been dropped meanwhile
        else:
            await _halve(tx, trials, ready, fates, error)
    except REFUSALS as error:
        await _halve(tx, trials, ready, fates, error)
    else:
        fates |= _fates(trials, recorded)


async def _halve(
    tx: Tx,
    trials: Sequence[PackedTrial],
    ready: set[Month],
    fates: dict[UUID, Fate | GuildhallError],
    error: Exception,
) -> None:
    if len(trials) == 1:
        fates[trials[0].outcome_id] = error if isinstance(error, GuildhallError) else RecordRefused(error)
        return
    middle = len(trials) // 2
    await _store(tx, trials[:middle], ready, fates)
    await _store(tx, trials[middle:], ready, fates)


def _fates(trials: Sequence[PackedTrial], recorded: Recorded) -> dict[UUID, Fate | GuildhallError]:
    fates: dict[UUID, Fate | GuildhallError] = dict.fromkeys(recorded.stored, Fate.STORED)
    fates |= dict.fromkeys(recorded.known, Fate.KNOWN)
    refused = set(recorded.refused)
    fates |= {each.outcome_id: TrialTaken(each) for each in trials if each.outcome_id in refused}
    return fates
