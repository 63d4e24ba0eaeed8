"""From a stage after the curtain to the record that is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from guildhall import __version__
from guildhall.algorithms import sanitise
from guildhall.algorithms.redaction import REDACTED, redact
from guildhall.app.trial import blame
from guildhall.app.trial.stage import TrialStage
from guildhall.app.trial.tallies import ModelTally
from guildhall.domains.evaluation.configurations import Isolation, Runtime
from guildhall.domains.evaluation.failures import FailureCategory, Fault, NewFailure
from guildhall.domains.evaluation.outcomes import NewOutcome, NewToolUsage, OutcomeStatus, TrialRecord
from guildhall.domains.evaluation.simulations import Claim, TrialFailed
from guildhall.domains.evaluation.simulations.ports import ModelCall, Score
from guildhall.errors import GuildhallError

_LARGEST_TOKENS = 2**31 - 1
_LONGEST_LOG = 65_536
_UNSCORED = {Fault.SIMULATOR, Fault.JUDGE, Fault.INFRASTRUCTURE, Fault.SCENARIO}
_OUTCOME_CATEGORIES = {
    FailureCategory.TIMEOUT,
    FailureCategory.TOOL_ERROR,
    FailureCategory.MODEL_ERROR,
    FailureCategory.VALIDATION_ERROR,
    FailureCategory.SYSTEM_ERROR,
    FailureCategory.SANDBOX_ERROR,
}


def record_of(
    claim: Claim,
    stage: TrialStage,
    *,
    started_at: datetime,
    played_ms: float,
    failure: TrialFailed | None,
    scores: Sequence[Score],
    combined: tuple[float, bool] | None,
) -> TrialRecord:
    """
    The record of one trial: `failure` is what it broke down with, `combined` its score when it did not.

    A breakdown of the agent or of a tool scores 0; one of anybody else gives no
    score at all, as nothing was learnt of the agent.
    """
    score: float | None
    passed: bool | None
    if failure is None:
        assert combined is not None
        status = OutcomeStatus.SUCCESS
        score, passed = combined
        cause = None if passed else blame.of_wrong_result(stage, scores)
    else:
        status = OutcomeStatus(failure.status)
        cause = blame.of_breakdown(stage, failure)
        score, passed = (None, None) if cause.fault in _UNSCORED else (0.0, False)
    secrets = stage.cast.secrets
    if cause is not None:
        cause = replace(cause, error_message=_safe(cause.error_message or "", secrets))
    judging = [each.call for each in scores if each.call is not None]
    outcome = NewOutcome(
        outcome_id=claim.outcome_id,
        execution_time=claim.execution_time,
        simulation_id=claim.simulation_id,
        scenario_id=claim.scenario_id,
        status=status,
        trajectory=_trajectory(stage, status, started_at, played_ms, scores, cause if failure else None),
        trial_number=claim.trial_number,
        passed=passed,
        reliability_score=score,
        fault=None if cause is None else cause.fault.value,
        execution_time_ms=round(played_ms, 3),
        tokens_used=_tokens(stage.model_calls),
        cost_usd=stage.model_calls.known_cost,
        metrics=_metrics(stage, scores, judging),
        error_code=cause.failure_type if failure and cause else None,
        error_category=_category(cause) if failure and cause else None,
        sandbox_id=stage.sandbox_id,
        sandbox_logs=_logs(stage, secrets),
        execution_metadata=_metadata(claim, stage, failure),
    )
    return TrialRecord(
        outcome,
        tools=tuple(_usages(stage)),
        failures=() if cause is None else (cause,),
        attempt_token=claim.attempt_token,
    )


def lost_record(claim: Claim, lost: GuildhallError, category: FailureCategory) -> TrialRecord:
    """The record of a trial that nobody could bring to an end, because the machines that ran it were lost with it."""
    cause = NewFailure(
        failure_type=lost.code,
        failure_category=category,
        fault=Fault.INFRASTRUCTURE,
        error_message=lost.message,
    )
    outcome = NewOutcome(
        outcome_id=claim.outcome_id,
        execution_time=claim.execution_time,
        simulation_id=claim.simulation_id,
        scenario_id=claim.scenario_id,
        status=OutcomeStatus.ERROR,
        trajectory=sanitise.to_json(
            {
                "start_time": claim.execution_time,
                "status": OutcomeStatus.ERROR.value,
                "steps": [],
                "scores": [],
                "error": _error(cause),
            }
        ),
        trial_number=claim.trial_number,
        fault=cause.fault.value,
        error_code=cause.failure_type,
        error_category=_category(cause),
        execution_metadata={"attempts": claim.attempts},
    )
    return TrialRecord(outcome, failures=(cause,), attempt_token=claim.attempt_token)


def _trajectory(
    stage: TrialStage,
    status: OutcomeStatus,
    started_at: datetime,
    played_ms: float,
    scores: Sequence[Score],
    cause: NewFailure | None,
) -> bytes:
    document: dict[str, Any] = {
        "start_time": started_at,
        "end_time": started_at + timedelta(milliseconds=played_ms),
        "status": status.value,
        "steps": stage.steps,
        "scores": [_score(each) for each in scores],
    }
    if stage.final_state is not None:
        document["final_state"] = orjson.Fragment(stage.final_state)
    if cause is not None:
        document["error"] = _error(cause)
    encoded = sanitise.to_json(document)
    for secret in stage.cast.secrets:
        written = orjson.dumps(sanitise.text(secret))[1:-1]
        if written in encoded:
            encoded = encoded.replace(written, REDACTED.encode())
    return encoded


def _error(cause: NewFailure) -> dict[str, Any]:
    return {
        "fault": cause.fault.value,
        "category": cause.failure_category.value,
        "type": cause.failure_type,
        "message": cause.error_message,
    }


def _score(score: Score) -> dict[str, Any]:
    kept: dict[str, Any] = {"scorer": score.scorer, "score": score.score, "passed": score.passed}
    if score.weight != 1.0:
        kept["weight"] = score.weight
    if score.required:
        kept["required"] = True
    if score.explanation:
        kept["explanation"] = score.explanation
    if score.details:
        kept["details"] = score.details
    if score.call is not None:
        kept["call"] = {
            "model": score.call.model,
            "cost_usd": None if score.call.cost_usd is None else str(score.call.cost_usd),
            "duration_ms": score.call.duration_ms,
            "tokens": None if score.call.usage is None else score.call.usage.total,
        }
    return kept


def _metrics(stage: TrialStage, scores: Sequence[Score], judging: Sequence[ModelCall]) -> dict[str, Any]:
    models = stage.model_calls
    metrics: dict[str, Any] = {
        "turns": stage.turns,
        "tool_calls": stage.tool_calls,
        "tool_errors": sum(each.errors for each in stage.tools_used.values()),
        "model_calls": models.calls,
        "scores": _by_name(scores),
    }
    if models.calls:
        metrics["input_tokens"], metrics["output_tokens"] = models.input_tokens, models.output_tokens
        metrics["cached_tokens"], metrics["reasoning_tokens"] = models.cached_tokens, models.reasoning_tokens
        metrics["model_ms"] = round(models.duration_ms, 3)
        if models.unknown_costs and models.cost_usd:
            metrics["known_cost_usd"] = str(models.cost_usd)
    if stage.tools_used:
        metrics["tools_ms"] = round(sum(each.total_ms for each in stage.tools_used.values()), 3)
    for name, calls in (("judge", judging), ("user", stage.user.calls if stage.user is not None else ())):
        if calls:
            cost = _total(calls)
            metrics[f"{name}_calls"] = len(calls)
            metrics[f"{name}_cost_usd"] = None if cost is None else str(cost)
    return metrics


def _by_name(scores: Sequence[Score]) -> dict[str, float]:
    """Scores by scorer; the second of a name is called `name_2`."""
    named: dict[str, float] = {}
    for each in scores:
        name, number = each.scorer, 1
        while name in named:
            number += 1
            name = f"{each.scorer}_{number}"
        named[name] = each.score
    return named


def _total(calls: Iterable[ModelCall]) -> Decimal | None:
    total = Decimal(0)
    for call in calls:
        if call.cost_usd is None:
            return None
        total += call.cost_usd
    return total


def _tokens(models: ModelTally) -> int | None:
    tokens = models.known_tokens
    return None if tokens is None else min(tokens, _LARGEST_TOKENS)


def _category(cause: NewFailure) -> str | None:
    if cause.failure_category is FailureCategory.MODAL_ERROR:
        return FailureCategory.SANDBOX_ERROR.value
    return cause.failure_category.value if cause.failure_category in _OUTCOME_CATEGORIES else None


def _metadata(claim: Claim, stage: TrialStage, failure: TrialFailed | None) -> dict[str, Any]:
    spec, limits = stage.spec, stage.limits
    metadata: dict[str, Any] = {
        "runner": f"guildhall {__version__}",
        "attempt": claim.attempts,
        "seed": stage.seed,
        "runtime": spec.runtime.value,
        "isolation": _isolation(stage),
        "limits": {
            "timeout_ms": limits.timeout_ms,
            "max_turns": limits.max_turns,
            "max_tool_calls": limits.max_tool_calls,
            "max_cost_usd": limits.max_cost_usd,
        },
    }
    if stage.held is not None:
        metadata["held"] = dict(stage.held)
    if stage.tools_held is not None:
        metadata["tools_held"] = dict(stage.tools_held)
    if failure is not None:
        metadata["retryable"] = failure.retryable
    others = sorted(stage.model_calls.models - {spec.model})
    if others and spec.runtime in (Runtime.COMMAND, Runtime.HTTP, Runtime.PYTHON):
        metadata["warnings"] = [f"the YAML declares model {spec.model!r}, the agent used {', '.join(others)}"]
    return metadata


def _isolation(stage: TrialStage) -> str:
    """Where the agent ran: the sandbox's kind of isolation, `none` inside the runner, `remote` elsewhere."""
    if stage.held is not None:
        return str(stage.held.get("isolation", "process"))
    match stage.spec.runtime:
        case Runtime.HTTP:
            return "remote"
        case Runtime.COMMAND:
            return Isolation.PROCESS.value
        case Runtime.PYTHON:
            return stage.spec.isolation.value
        case Runtime.LLM:
            return Isolation.NONE.value


def _logs(stage: TrialStage, secrets: Sequence[str]) -> str | None:
    if not stage.sandbox_logs:
        return None
    return redact(stage.sandbox_logs, secrets)[:_LONGEST_LOG]


def _safe(message: str, secrets: Sequence[str]) -> str:
    return redact(sanitise.text(message), secrets)[: blame.LONGEST_MESSAGE]


def _usages(stage: TrialStage) -> Iterable[NewToolUsage]:
    for name, tally in stage.tools_used.items():
        yield NewToolUsage(
            tool_name=name,
            call_count=len(tally.positions),
            error_count=tally.errors,
            timed_count=tally.timed,
            total_duration_ms=round(tally.total_ms, 3),
            tool_sequence=tally.positions,
            error_types=tuple(tally.error_types),
            sandbox_tool_logs=tally.logs or None,
        )
