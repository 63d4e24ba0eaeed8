"""The nouns of traces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

Json = dict[str, Any]


@dataclass(slots=True, eq=False)
class Source:
    """Where spans come from: the attributes of a resource, and the instrumentation scope (`name`, `version`, …)."""

    resource: Mapping[str, Any]
    scope: Mapping[str, Any]

    @property
    def service_name(self) -> str | None:
        """The resource's `service.name`; None where it names none."""
        name = self.resource.get("service.name")
        return name if isinstance(name, str) and name else None


@dataclass(slots=True, eq=False)
class Span:
    """
    A span, as it was reported.

    Times are nanoseconds since 1970. `parent_span_id` is None in the root of a
    trace. `kind` and `status` are the numbers of OTLP's SpanKind and
    StatusCode; `end_ns` is None where no end that makes sense is known. What
    was stored and read again has its times to the microsecond.
    """

    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes | None
    name: str
    kind: int
    start_ns: int
    end_ns: int | None
    status: int
    status_message: str
    attributes: Json
    events: list[Json]
    links: list[Json]
    source: Source

    @property
    def key(self) -> SpanKey:
        """What makes a span the same when it is delivered again."""
        return self.trace_id, self.span_id, self.start_ns // 1000

    @property
    def duration_ms(self) -> float | None:
        """How long it took; None where that is not known."""
        return None if self.end_ns is None else (self.end_ns - self.start_ns) / 1e6


SpanKey = tuple[bytes, bytes, int]
"""Trace, span, and the start in microseconds since 1970."""


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """What is stored of some traces: the keys of their spans, and which traces have a root among them."""

    spans: frozenset[SpanKey]
    rooted: frozenset[bytes]

    def has(self, trace_id: bytes) -> bool:
        """Whether a trace has a root that was stored before."""
        return trace_id in self.rooted


@dataclass(frozen=True, slots=True)
class TrialId:
    """The outcome that a trace becomes, if its root is this one: always the same for a team, a trace and a start."""

    outcome_id: UUID
    execution_time: datetime
