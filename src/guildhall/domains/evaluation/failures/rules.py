"""Decisions about failures that need nothing but what they are told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from guildhall.algorithms import sanitise, templates
from guildhall.domains.evaluation.failures.errors import FailureRefused
from guildhall.domains.evaluation.failures.types import (
    ClusterState,
    FailureCategory,
    Fault,
    LooseFailure,
    NewFailure,
    Signature,
)

LONGEST_TYPE = 100
LONGEST_MESSAGE = 10_000
LONGEST_NAME = 200
LONGEST_RESOLUTION = 10_000
LONGEST_ANALYSIS = 65_536
WEEK = timedelta(days=7)
_LARGEST_STEP = 2**31 - 1
_FEW = 500
_GROWN = 1.1
_MORE, _FEWER = 1.5, 0.5
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


def signature(tenant_id: UUID, failure: LooseFailure) -> Signature:
    """What a failure says once what is volatile is masked; the same failure of the same team has the same signature."""
    return _signature(
        tenant_id, failure.failure_type, failure.failure_category, failure.fault, failure.error_message or ""
    )


@lru_cache(maxsize=8192)
def _signature(tenant_id: UUID, failure_type: str, category: str, fault: str, message: str) -> Signature:
    masked = templates.mask(message)
    said = "\0".join((tenant_id.hex, failure_type, category, fault, masked))
    digest = int.from_bytes(sha256(said.encode("utf-8", "surrogatepass")).digest()[:16], "big")
    # Version 8 of RFC 9562: as its maker sees fit.
    number = digest & ~(0xF << 76) & ~(0x3 << 62) | 0x8 << 76 | 0x2 << 62
    return Signature(UUID(int=number), failure_type, category, fault, masked)


def is_regrouping_due(signatures: int, then: int) -> bool:
    """
    Whether all are to be grouped anew, given how many signatures there are and were when that was done last.

    While there are few it costs nothing, and is done whenever there are more; afterwards for each tenth that is new.
    """
    return signatures > then if signatures <= _FEW else signatures > then * _GROWN


def state(
    *, now: datetime, first_seen: datetime, last_seen: datetime, resolved_at: datetime | None, recent: int, before: int
) -> ClusterState:
    """
    How a cluster stands.

    Resolved until it is seen again, then it has come back. Otherwise new in its first week;
    growing or fading where a week had half as many again, or half as many at most, as the week before.
    """
    if resolved_at is not None:
        return ClusterState.CAME_BACK if last_seen > resolved_at else ClusterState.RESOLVED
    if first_seen > now - WEEK:
        return ClusterState.NEW
    if recent > before * _MORE:
        return ClusterState.GROWING
    return ClusterState.FADING if recent <= before * _FEWER else ClusterState.STEADY


def name(given: str | None) -> str | None:
    """
    A cluster's name, cleaned; None where it is to have none.

    Raises:
        FailureRefused: It is too long.
    """
    text = " ".join(sanitise.text(given or "").split())
    text = "".join(each for each in text if each.isprintable())
    if len(text) > LONGEST_NAME:
        raise FailureRefused("name", given, f"at most {LONGEST_NAME} characters")
    return text or None


def resolution(given: str | None) -> str | None:
    """
    How to fix a kind of failure, cleaned; None where nobody knows.

    Raises:
        FailureRefused: It is too long.
    """
    text = sanitise.text(given or "").strip()
    if len(text) > LONGEST_RESOLUTION:
        raise FailureRefused("resolution_steps", given, f"at most {LONGEST_RESOLUTION} characters")
    return text or None


def mark(said: object) -> str:
    """Tells what was said of a cluster from anything else that could have been."""
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def analysis(given: Mapping[str, Any] | None) -> tuple[bytes | None, list[UUID]]:
    """
    An analysis as JSON, and the outcomes that it cites under `evidence`.

    Raises:
        FailureRefused: It says nothing under `analysis`, is too long, or cites what are no ids.
    """
    if given is None:
        return None, []
    said = given.get("analysis")
    if not isinstance(said, str) or not said.strip():
        raise FailureRefused("llm_analysis", given, "an object that says something under `analysis`")
    evidence = given.get("evidence") or []
    if not isinstance(evidence, list):
        raise FailureRefused("evidence", evidence, "a list of outcomes' ids")
    cited = []
    for each in evidence:
        try:
            cited.append(each if isinstance(each, UUID) else UUID(str(each)))
        except ValueError:
            raise FailureRefused("evidence", each, "an outcome's id") from None
    encoded = sanitise.to_json({**given, "evidence": [str(each) for each in cited]})
    if len(encoded) > LONGEST_ANALYSIS:
        raise FailureRefused("llm_analysis", said, f"at most {LONGEST_ANALYSIS} bytes of JSON")
    return encoded, cited
