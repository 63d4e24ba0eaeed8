"""Decisions about failures that need nothing but what they are told."""

from __future__ import annotations

from guildhall.algorithms import sanitise
from guildhall.domains.evaluation.failures.errors import FailureRefused
from guildhall.domains.evaluation.failures.types import FailureCategory, Fault, NewFailure

LONGEST_TYPE = 100
LONGEST_MESSAGE = 10_000
_LARGEST_STEP = 2**31 - 1
_CATEGORIES = frozenset(FailureCategory)
_FAULTS = frozenset(Fault)

Row = tuple[str, str, str, str | None, int | None, bool, bool, str | None, str | None]
"""Type, category, fault, message, step, recovery attempted and successful, resolution, analysis as JSON text."""


def row(failure: NewFailure) -> Row:
    """
    A failure's own columns, cleaned; a message that is too long is cut, as the trajectory has it whole.

    Raises:
        FailureRefused: A value makes no sense.
    """
    kind = failure.failure_type
    if not isinstance(kind, str) or not 1 <= len(kind) <= LONGEST_TYPE:
        raise FailureRefused("failure_type", kind, f"1 to {LONGEST_TYPE} characters")
    if failure.failure_category not in _CATEGORIES:
        raise FailureRefused("failure_category", failure.failure_category, "one of " + ", ".join(FailureCategory))
    if failure.fault not in _FAULTS:
        raise FailureRefused("fault", failure.fault, "one of " + ", ".join(Fault))
    if failure.step is not None and not 0 <= failure.step <= _LARGEST_STEP:
        raise FailureRefused("step", failure.step, "a position in the trajectory, from 0")
    if failure.recovery_successful and not failure.recovery_attempted:
        raise FailureRefused("recovery_successful", True, "an attempt (recovery_attempted) where there is a success")
    message = failure.error_message
    if message is not None:
        message = sanitise.text(message)
        if len(message) > LONGEST_MESSAGE:
            message = message[: LONGEST_MESSAGE - 1] + "…"
    steps = failure.resolution_steps
    return (
        sanitise.text(kind),
        str(failure.failure_category),
        str(failure.fault),
        message,
        failure.step,
        failure.recovery_attempted,
        failure.recovery_successful,
        None if steps is None else sanitise.text(steps),
        None if failure.llm_analysis is None else sanitise.to_json(failure.llm_analysis).decode(),
    )
