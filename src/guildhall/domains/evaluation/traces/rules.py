"""Decisions about spans that need nothing but what they are told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from uuid import UUID

from guildhall.domains.evaluation.traces.types import Span, TrialId

KEPT = timedelta(days=90)
"""How long spans are kept, and so how old one may be that is taken (migration 0024)."""

LONGEST_TRACE = timedelta(days=7)
"""How far apart two spans of a trace may begin and still find each other when they are delivered apart."""

MOST_LOCKS = 512
"""Requests of more traces lock the team's traces together, because a server has room for so many locks only."""

_FUTURE = timedelta(days=1)
"""How far clocks of two machines may be apart."""
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017 - `datetime.UTC` reads as a class beside `datetime`
_MICROSECOND = timedelta(microseconds=1)
_NO_TRACE = bytes(16)
_NO_SPAN = bytes(8)


class Window:
    """Which spans are taken at some instant."""

    def __init__(self, now: datetime) -> None:
        self._earliest_ns = nanoseconds(now - KEPT)
        self._latest_ns = nanoseconds(now + _FUTURE)

    def refusal(self, span: Span) -> str | None:
        """
        Why a span cannot be kept; None if it can.

        One that ends before it begins, or in the far future, loses its end.
        """
        if len(span.trace_id) != 16 or span.trace_id == _NO_TRACE:
            return "a trace id is not 16 bytes, or all zeros"
        if len(span.span_id) != 8 or span.span_id == _NO_SPAN:
            return "a span id is not 8 bytes, or all zeros"
        parent = span.parent_span_id
        if parent is not None:
            if len(parent) != 8:
                return "a parent span id is not 8 bytes"
            if parent == _NO_SPAN:
                span.parent_span_id = None
        if span.start_ns < self._earliest_ns:
            return f"a span began more than {KEPT.days} days ago, or does not say when; so old ones are not kept"
        if span.start_ns > self._latest_ns:
            return "a span begins in the future; the clock of its machine is wrong"
        if span.end_ns is not None and not span.start_ns <= span.end_ns <= self._latest_ns:
            span.end_ns = None
        return None


def nanoseconds(time: datetime) -> int:
    """An instant as OTLP writes it: nanoseconds since 1970."""
    return (time - _EPOCH) // _MICROSECOND * 1000


def instant(ns: int) -> datetime:
    """The instant, to the microsecond, that some nanoseconds since 1970 mean."""
    return _EPOCH + timedelta(microseconds=ns // 1000)


def trial_id(tenant_id: UUID, root: Span) -> TrialId:
    """
    The id and time of the outcome that a trace becomes.

    A UUID of version 7 (RFC 9562) of the millisecond in which the root began.
    Its other 74 bits are of a digest of team and trace: a trace that is
    delivered again is recognised, and two teams that report one trace have
    outcomes that say nothing of each other.
    """
    milliseconds = root.start_ns // 1_000_000
    chance = int.from_bytes(_digest(b"outcome", tenant_id, root.trace_id)[:10], "big")
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | (chance >> 68) << 64
    identifier = UUID(int=value | 0b10 << 62 | chance & (1 << 62) - 1)
    return TrialId(identifier, _EPOCH + timedelta(milliseconds=milliseconds))


def part_id(outcome_id: UUID, part: str) -> UUID:
    """The id of something that belongs to an outcome, such as the usage of one tool: of the same time, and always the same."""
    chance = int.from_bytes(hashlib.sha256(outcome_id.bytes + part.encode("utf-8", "replace")).digest()[:10], "big")
    value = outcome_id.int >> 80 << 80 | 0x7 << 76 | (chance >> 68) << 64
    return UUID(int=value | 0b10 << 62 | chance & (1 << 62) - 1)


def team_lock(tenant_id: UUID) -> int:
    """The number of the advisory lock for all traces of a team; see `trace_locks`."""
    return _lock(_digest(b"team", tenant_id, b""))


def trace_locks(tenant_id: UUID, trace_ids: Iterable[bytes]) -> list[int]:
    """
    The numbers of the advisory locks for some traces of a team, in the order in which to take them.

    They are negative: those of workers (`simulations.worker_key`) are not.
    """
    return sorted({_lock(_digest(b"trace", tenant_id, each)) for each in trace_ids})


def _digest(purpose: bytes, tenant_id: UUID, trace_id: bytes) -> bytes:
    return hashlib.sha256(purpose + tenant_id.bytes + trace_id).digest()


def _lock(digest: bytes) -> int:
    return -1 - (int.from_bytes(digest[:8], "big") >> 1)
