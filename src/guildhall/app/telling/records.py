"""
What callers tell of a trial, as records: outcomes, tool usage, failures.

What they do not tell and what follows from it is filled in here, by rules
that are written down; what does not follow stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from guildhall import clock
from guildhall.app.telling.errors import FieldRefused
from guildhall.app.telling.fields import Fields
from guildhall.domains.evaluation.failures import FailureCategory, Fault, NewFailure
from guildhall.domains.evaluation.outcomes import NewOutcome, NewToolUsage, OutcomeStatus, PackedTrial, TrialRecord
from guildhall.domains.evaluation.simulations import ScenarioNotInSimulation

_FAULTS = {
    FailureCategory.TOOL_ERROR: Fault.TOOL,
    FailureCategory.SYSTEM_ERROR: Fault.INFRASTRUCTURE,
    FailureCategory.SANDBOX_ERROR: Fault.INFRASTRUCTURE,
    FailureCategory.MODAL_ERROR: Fault.INFRASTRUCTURE,
}
"""Who is to blame for a kind of failure, where nobody says: otherwise the agent, so that none is flattered."""

_AGENTS_OWN = (Fault.AGENT, Fault.TOOL)
"""Faults that count against the agent: such a trial has not passed; others leave open whether it would have."""


@dataclass(frozen=True, slots=True)
class KnownSimulation:
    """
    A simulation that outcomes are told of: its scenarios, each with the score at which a trial passes.

    An execution is a simulation of one trial of one scenario; its outcome has the same id.
    """

    simulation_id: UUID
    pass_scores: Mapping[str, float]
    is_execution: bool = False
    modal_call_id: str | None = None
    is_pending: bool = False
    """Nobody has begun it."""
    failures: list[NewFailure] = field(default_factory=list)
    """What was told of an execution that has no outcome yet; it is stored already."""


def outcome_record(given: Mapping[str, Any], fields: Fields, simulation: KnownSimulation) -> TrialRecord:
    """
    The record of one trial.

    - Without `passed`, a trial that ran to its end passes at its scenario's own `pass_score`.
    - Without `fault`, the error's category says who is to blame.
    - A trial that failed by the agent's or a tool's fault has not passed and scores 0 unless it says otherwise;
      by another's fault both are unknown.
    - A trial that did not pass has a failure, made from what is told if none is.
    - A trajectory without `start_time` or `status` is given them; fields nobody knows go to `execution_metadata`.

    Raises:
        FieldMissing, FieldRefused: The record lacks its status, or a value makes no sense.
        ScenarioNotInSimulation: The simulation does not have the scenario.
    """
    scenario_id = _scenario(fields, simulation)
    outcome_id, time, told_time = _identity(fields, simulation)
    status = fields.required(
        fields.choice(OutcomeStatus, "status"), "status", remedy="Say whether the trial ran to its end: success."
    )
    category = _category(fields.text("error_category"))
    fault = _fault(fields.choice(Fault, "fault"), status, category)
    score = fields.number("reliability_score")
    passed = fields.flag("passed")
    if passed is None and status is OutcomeStatus.SUCCESS and score is not None:
        passed = score >= simulation.pass_scores[scenario_id]
    if status is OutcomeStatus.SUCCESS:
        fault = fault or (Fault.AGENT if passed is False else None)
    elif fault in _AGENTS_OWN:
        passed, score = False, 0.0 if score is None else score
    else:
        passed, score = None, None
    error_code = fields.text("error_code", "error_type")
    error_message = fields.text("error_message")
    are_told = fields.flag("failures_are_told")
    told = [failure(each)[0] for each in fields.records("failures")]
    if fault is not None and not told and not simulation.failures and not are_told:
        told = [_failure_of(status, fault, category, error_code, error_message)]
    tools = tool_usage(fields.records("tool_usage", "tools"))
    trajectory = _trajectory(fields.value("trajectory"), time, status)
    metadata = {**fields.mapping("metadata"), **fields.mapping("execution_metadata")}
    outcome = NewOutcome(
        outcome_id=outcome_id,
        execution_time=time,
        simulation_id=simulation.simulation_id,
        scenario_id=scenario_id,
        status=status,
        trajectory=trajectory,
        trial_number=fields.count("trial_number"),
        passed=passed,
        reliability_score=score,
        fault=fault,
        execution_time_ms=fields.number("execution_time_ms", "duration_ms"),
        tokens_used=fields.count("tokens_used"),
        cost_usd=fields.amount("cost_usd"),
        metrics=fields.mapping("metrics"),
        retry_count=fields.count("retry_count") or 0,
        error_code=error_code,
        error_category=_documented(category),
        modal_call_id=fields.text("modal_call_id") or simulation.modal_call_id,
        sandbox_id=fields.text("sandbox_id"),
        sandbox_logs=fields.text("sandbox_logs", "logs"),
        execution_metadata={
            **({"execution_time": told_time} if told_time else {}),
            **({"error_message": error_message} if error_message else {}),
            **fields.rest,
            **metadata,
        },
    )
    return TrialRecord(outcome, tuple(tools), tuple(told))


def failure(given: Mapping[str, Any]) -> tuple[NewFailure, Fields]:
    """
    A failure, and the fields that say whose it is.

    A category that nobody knows is kept in `llm_analysis`, with the fields that nobody knows.

    Raises:
        FieldRefused: A value makes no sense.
    """
    fields = Fields("a failure pattern", given)
    owner = Fields("a failure pattern", {name: fields.value(name) for name in _OWNER})
    told = fields.text("failure_category", "error_category")
    category = _category(told) or FailureCategory.UNKNOWN
    kind = fields.text("failure_type", "error_type") or category.value
    analysis = fields.mapping("llm_analysis")
    fault = fields.choice(Fault, "fault") or _FAULTS.get(category, Fault.AGENT)
    message = fields.text("error_message")
    attempted, successful = fields.flag("recovery_attempted"), fields.flag("recovery_successful")
    steps = fields.text("resolution_steps")
    step = fields.count("step")
    more = fields.rest
    if told is not None and told != category.value:
        more["failure_category"] = told
    if more:
        analysis.setdefault("details", more)
    found = NewFailure(
        failure_type=kind[:100],
        failure_category=category,
        fault=fault,
        error_message=message,
        step=step,
        recovery_attempted=bool(attempted or successful),
        recovery_successful=bool(successful),
        resolution_steps=steps,
        llm_analysis=analysis or None,
    )
    return found, owner


def tool_usage(events: Iterable[Mapping[str, Any]]) -> list[NewToolUsage]:
    """
    Events of one trial as one usage for each tool, in the order in which tools first appear.

    An event is one call (`duration_ms`, `success`, `error`) or a summary of
    several (`call_count`, `avg_duration_ms`, `success_rate`). Fields nobody
    knows are kept in `tool_sequence`, with the events they came in.

    Raises:
        FieldMissing, FieldRefused: An event names no tool, or a value makes no sense.
    """
    found: dict[str, NewToolUsage] = {}
    for event in events:
        usage = _tool_event(event)
        known = found.get(usage.tool_name)
        found[usage.tool_name] = usage if known is None else _merged(known, usage)
    return list(found.values())


def owner_of(event: Mapping[str, Any]) -> Fields:
    """The fields of an event that say whose it is."""
    return Fields("a tool event", {name: event.get(name) for name in _OWNER})


_OWNER = ("execution_id", "outcome_id", "simulation_id", "scenario_id", "trial_number", "execution_time")


def _scenario(fields: Fields, simulation: KnownSimulation) -> str:
    scenario_id = fields.text("scenario_id")
    if scenario_id is None and len(simulation.pass_scores) == 1:
        (scenario_id,) = simulation.pass_scores
    found: str = fields.required(scenario_id, "scenario_id", remedy="Say which scenario was tried.")
    if found not in simulation.pass_scores:
        raise ScenarioNotInSimulation(simulation.simulation_id, found)
    return found


def _identity(fields: Fields, simulation: KnownSimulation) -> tuple[UUID, datetime, datetime | None]:
    """The outcome's id and time, and the time that was told where the id keeps another."""
    outcome_id = fields.identifier("outcome_id")
    time = fields.time("execution_time", "timestamp")
    if outcome_id is None and simulation.is_execution:
        outcome_id = simulation.simulation_id
    if outcome_id is None:
        outcome_id = clock.new_id(time)
        return outcome_id, clock.time_of(outcome_id), None
    if outcome_id.version != 7:
        return outcome_id, time or clock.now(), None
    kept = clock.time_of(outcome_id)
    return outcome_id, kept, time if time is not None and abs((time - kept).total_seconds()) >= 0.001 else None


def _category(told: str | None) -> FailureCategory | None:
    if told is None:
        return None
    try:
        return FailureCategory(told.strip().lower())
    except ValueError:
        return FailureCategory.UNKNOWN


def _documented(category: FailureCategory | None) -> str | None:
    """The category as the documents' outcomes have it: they know neither of these two."""
    match category:
        case None | FailureCategory.UNKNOWN:
            return None
        case FailureCategory.MODAL_ERROR:
            return FailureCategory.SANDBOX_ERROR.value
        case _:
            return category.value


def _fault(told: Fault | None, status: OutcomeStatus, category: FailureCategory | None) -> Fault | None:
    if told is not None or status is OutcomeStatus.SUCCESS:
        return told
    if status is OutcomeStatus.CANCELLED:
        return Fault.INFRASTRUCTURE
    return _FAULTS.get(category, Fault.AGENT) if category else Fault.AGENT


def _failure_of(
    status: OutcomeStatus, fault: Fault, category: FailureCategory | None, code: str | None, message: str | None
) -> NewFailure:
    if status is OutcomeStatus.SUCCESS:
        return NewFailure(code or "wrong_answer", category or FailureCategory.VALIDATION_ERROR, fault, message)
    if category is None:
        category = FailureCategory.TIMEOUT if status is OutcomeStatus.TIMEOUT else FailureCategory.UNKNOWN
    return NewFailure((code or status.value)[:100], category, fault, message)


def _trajectory(given: Any, time: datetime, status: OutcomeStatus) -> dict[str, Any]:
    if isinstance(given, (str, bytes)):
        try:
            given = orjson.loads(given)
        except ValueError:
            given = {"text": given}
    if given is None:
        given = {}
    if not isinstance(given, Mapping):
        given = {"steps": given}
    return {"start_time": time.isoformat(), "status": status.value, **given}


def _tool_event(event: Mapping[str, Any]) -> NewToolUsage:
    fields = Fields("a tool event", event)
    for name in _OWNER:
        fields.value(name)
    name = fields.required(fields.text("tool_name", "name", "tool"), "tool_name", remedy="Say which tool it was.")
    calls = fields.count("call_count")
    calls = 1 if calls is None else calls
    if calls < 1:
        raise FieldRefused(fields.what, "call_count", calls, "a whole number from 1")
    average = fields.number("avg_duration_ms", "duration_ms")
    total = fields.number("total_duration_ms")
    timed = fields.count("timed_count")
    errors = fields.count("error_count")
    error_types = fields.value("error_types", "error_type", "error") or ()
    if isinstance(error_types, str):
        error_types = (error_types,)
    if not isinstance(error_types, (list, tuple)):
        raise FieldRefused(fields.what, "error_types", error_types, "a list of texts")
    errors = _errors(fields, calls, errors, error_types)
    sequence = fields.value("tool_sequence")
    modal_calls = fields.mapping("modal_function_calls") or None
    logs = fields.text("sandbox_tool_logs", "logs")
    cost = fields.amount("total_cost_usd", "cost_usd")
    if sequence is None and fields.rest:
        sequence = [{key: each for key, each in event.items() if key not in _OWNER}]
    return NewToolUsage(
        tool_name=name,
        call_count=calls,
        error_count=errors,
        timed_count=0 if total is None and average is None else calls if timed is None else timed,
        total_duration_ms=total if total is not None else (average or 0.0) * calls,
        total_cost_usd=cost,
        tool_sequence=sequence if sequence is None or isinstance(sequence, (list, tuple)) else [sequence],
        error_types=tuple(str(each) for each in error_types),
        modal_function_calls=modal_calls,
        sandbox_tool_logs=logs,
    )


def _errors(fields: Fields, calls: int, errors: int | None, error_types: Any) -> int:
    success = fields.flag("success")
    rate = fields.number("success_rate")
    if rate is not None and not 0 <= rate <= 1:
        raise FieldRefused(fields.what, "success_rate", rate, "a share from 0 to 1")
    if errors is None:
        if rate is not None:
            errors = round((1 - rate) * calls)
        elif success is not None:
            errors = 0 if success else calls
        else:
            errors = min(len(error_types), calls)
    if not 0 <= errors <= calls:
        raise FieldRefused(fields.what, "error_count", errors, f"0 to the {calls} calls there were")
    return errors


def _merged(one: NewToolUsage, other: NewToolUsage) -> NewToolUsage:
    costs = [each.total_cost_usd for each in (one, other) if each.total_cost_usd is not None]
    logs = [each.sandbox_tool_logs for each in (one, other) if each.sandbox_tool_logs]
    return NewToolUsage(
        tool_name=one.tool_name,
        call_count=one.call_count + other.call_count,
        error_count=one.error_count + other.error_count,
        timed_count=one.timed_count + other.timed_count,
        total_duration_ms=one.total_duration_ms + other.total_duration_ms,
        total_cost_usd=sum(costs, Decimal(0)) if costs else None,
        tool_sequence=[*(one.tool_sequence or ()), *(other.tool_sequence or ())] or None,
        error_types=tuple(dict.fromkeys([*one.error_types, *other.error_types])),
        modal_function_calls={**(one.modal_function_calls or {}), **(other.modal_function_calls or {})} or None,
        sandbox_tool_logs="\n".join(logs) or None,
    )


def told_again(trial: PackedTrial) -> dict[str, Any]:
    """
    What would have to be told for this very record: `outcome_record` of it, packed, is the record again.

    It is how a record travels from a client's spool to a server; JSON that is
    encoded already stays so (`orjson.Fragment`).
    """
    status, passed, score, fault, duration, tokens, cost, metrics, retries, *texts, metadata = trial.columns
    code, category, modal_call_id, sandbox_id, sandbox_logs = texts
    return {
        "outcome_id": trial.outcome_id,
        "execution_time": trial.execution_time,
        "simulation_id": trial.simulation_id,
        "scenario_id": trial.scenario_id,
        "trial_number": trial.trial_number,
        "status": status,
        "passed": passed,
        "reliability_score": score,
        "fault": fault,
        "execution_time_ms": duration,
        "tokens_used": tokens,
        "cost_usd": None if cost is None else str(cost),
        "metrics": orjson.Fragment(metrics),
        "retry_count": retries,
        "error_code": code,
        "error_category": category,
        "modal_call_id": modal_call_id,
        "sandbox_id": sandbox_id,
        "sandbox_logs": sandbox_logs,
        "execution_metadata": orjson.Fragment(metadata),
        "trajectory": orjson.Fragment(trial.trajectory),
        "tools": [_tool_again(columns) for _, *columns in trial.tools],
        "failures": [_failure_again(columns) for _, columns in trial.failures],
        "failures_are_told": True,
    }


def _tool_again(columns: list[Any]) -> dict[str, Any]:
    name, calls, errors, timed, total, _, _, sequence, cost, error_types, modal_calls, logs = columns
    return {
        "tool_name": name,
        "call_count": calls,
        "error_count": errors,
        "timed_count": timed,
        "total_duration_ms": total if timed else None,
        "tool_sequence": None if sequence is None else orjson.Fragment(sequence),
        "total_cost_usd": None if cost is None else str(cost),
        "error_types": error_types,
        "modal_function_calls": None if modal_calls is None else orjson.Fragment(modal_calls),
        "sandbox_tool_logs": logs,
    }


def _failure_again(columns: Sequence[Any]) -> dict[str, Any]:
    kind, category, fault, message, step, attempted, successful, steps, analysis = columns
    return {
        "failure_type": kind,
        "failure_category": category,
        "fault": fault,
        "error_message": message,
        "step": step,
        "recovery_attempted": attempted,
        "recovery_successful": successful,
        "resolution_steps": steps,
        "llm_analysis": None if analysis is None else orjson.Fragment(analysis),
    }
