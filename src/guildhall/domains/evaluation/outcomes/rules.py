"""Decisions about outcomes that need nothing but what they are told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from guildhall.algorithms import sanitise
from guildhall.domains.evaluation.failures import Fault
from guildhall.domains.evaluation.outcomes.errors import OutcomeRefused
from guildhall.domains.evaluation.outcomes.types import NewOutcome, NewToolUsage, OutcomeStatus

Month = tuple[int, int]
"""A year and a month, in UTC: what one partition holds."""

LONGEST_IN_A_ROW = 256 * 1024
"""Trajectories of more bytes are kept by content, compressed, beside the series (decision 5)."""

LONGEST_TRAJECTORY = 64 * 1024 * 1024
_UTC = timezone.utc  # noqa: UP017 - `datetime.UTC` reads as a class beside `datetime`
_EARLIEST = datetime(2000, 1, 1, tzinfo=_UTC)
_FUTURE = timedelta(days=1)
"""How far clocks of two machines may be apart."""
_LARGEST_INT = 2**31 - 1
_HIGHEST_TRIAL = 10**9
"""Others follow, whose numbers must fit their column too."""
_LARGEST_COST = Decimal(10**8)
_STATUSES = frozenset(OutcomeStatus)
_FAULTS = frozenset(Fault)
_CATEGORIES = frozenset(("timeout", "tool_error", "model_error", "validation_error", "system_error", "sandbox_error"))


def check_outcome(outcome: NewOutcome, now: datetime) -> None:
    """
    Refuse an outcome that the database would refuse, naming the field.

    Raises:
        OutcomeRefused: A value makes no sense.
    """
    _check_time(outcome.execution_time, now)
    if outcome.status not in _STATUSES:
        raise OutcomeRefused("status", outcome.status, "one of " + ", ".join(OutcomeStatus))
    score = outcome.reliability_score
    if score is not None and not 0 <= score <= 1:
        raise OutcomeRefused("reliability_score", score, "a number from 0 to 1")
    if outcome.fault is not None and outcome.fault not in _FAULTS:
        raise OutcomeRefused("fault", outcome.fault, "one of " + ", ".join(Fault))
    if outcome.error_category is not None and outcome.error_category not in _CATEGORIES:
        raise OutcomeRefused("error_category", outcome.error_category, "one of " + ", ".join(sorted(_CATEGORIES)))
    duration = outcome.execution_time_ms
    if duration is not None and not 0 <= duration < math.inf:
        raise OutcomeRefused("execution_time_ms", duration, "milliseconds from 0")
    _check_count("tokens_used", outcome.tokens_used, least=0)
    _check_count("retry_count", outcome.retry_count, least=0)
    _check_count("trial_number", outcome.trial_number, least=1, most=_HIGHEST_TRIAL)
    _check_cost("cost_usd", outcome.cost_usd)
    if not isinstance(outcome.trajectory, bytes):
        check_trajectory(outcome.trajectory)


def check_trajectory(trajectory: Any) -> None:
    """
    Refuse a trajectory that is no object with a beginning and a status.

    Raises:
        OutcomeRefused: It lacks one of them.
    """
    if not isinstance(trajectory, Mapping):
        raise OutcomeRefused("trajectory", type(trajectory).__name__, "a JSON object")
    for key in ("start_time", "status"):
        if key not in trajectory:
            raise OutcomeRefused(
                "trajectory", f"an object without {key}", f"one with {key}", f"Add {key} to the trajectory."
            )


def check_tool(tool: NewToolUsage) -> None:
    """
    Refuse a tool's usage that the database would refuse.

    Raises:
        OutcomeRefused: A value makes no sense.
    """
    if not isinstance(tool.tool_name, str) or not 1 <= len(tool.tool_name) <= 100:
        raise OutcomeRefused("tool_name", tool.tool_name, "1 to 100 characters")
    _check_count("call_count", tool.call_count, least=1)
    for field, value in (("error_count", tool.error_count), ("timed_count", tool.timed_count)):
        if not 0 <= value <= tool.call_count:
            raise OutcomeRefused(field, value, f"0 to the {tool.call_count} calls there were")
    if not 0 <= tool.total_duration_ms < math.inf:
        raise OutcomeRefused("total_duration_ms", tool.total_duration_ms, "milliseconds from 0")
    _check_cost("total_cost_usd", tool.total_cost_usd)


def month_of(time: datetime) -> Month:
    """The month, in UTC, that an instant falls into."""
    if time.tzinfo is not _UTC:
        time = time.astimezone(_UTC)
    return time.year, time.month


def first_of(month: Month) -> datetime:
    """The instant at which a month begins."""
    return datetime(*month, 1, tzinfo=_UTC)


def _check_time(time: datetime, now: datetime) -> None:
    if time.tzinfo is None:
        raise OutcomeRefused("execution_time", time.isoformat(), "an instant with a time zone")
    if not _EARLIEST <= time <= now + _FUTURE:
        raise OutcomeRefused(
            "execution_time", time.isoformat(), f"an instant from {_EARLIEST:%Y} to the present", "Check the clock."
        )


def _check_count(field: str, value: int | None, *, least: int, most: int = _LARGEST_INT) -> None:
    if value is not None and not (isinstance(value, int) and least <= value <= most):
        raise OutcomeRefused(field, value, f"a whole number from {least} to {most:,}")


def _check_cost(field: str, value: Decimal | None) -> None:
    if value is None:
        return
    if not isinstance(value, Decimal) or not value.is_finite() or not 0 <= value < _LARGEST_COST:
        raise OutcomeRefused(field, str(value), "an amount from 0, as a Decimal")


MOST_SAID = 10_000
"""Characters of a trajectory that are searched."""


def said_in(trajectory: Any) -> str:
    """
    What was said and done in a trajectory, as one line of text: messages, tools and what they were given and gave.

    It is read as it comes, to the depth and the length that a search needs; what has no form we know has its texts.
    """
    steps = trajectory.get("steps", trajectory) if isinstance(trajectory, Mapping) else trajectory
    parts: list[str] = []
    left = MOST_SAID
    waiting: list[Any] = [steps]
    while waiting and left > 0:
        each = waiting.pop()
        if isinstance(each, str):
            text = " ".join(sanitise.text(each[:left]).split())
            if text:
                parts.append(text)
                left -= len(text) + 1
        elif isinstance(each, Mapping):
            waiting += [each[name] for name in reversed(list(each)) if name not in _UNSAID]
        elif isinstance(each, (list, tuple)):
            waiting += reversed(each)
    return " ".join(parts)[:MOST_SAID]


_UNSAID = frozenset(
    {"type", "role", "id", "call_id", "tool_call_id", "at", "time", "timestamp", "start_time", "end_time"}
)
