"""One function for each statement on spans."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from guildhall.algorithms import sanitise
from guildhall.db import Json, Row, Tx, load_queries
from guildhall.domains.evaluation.traces import rules
from guildhall.domains.evaluation.traces.types import Source, Span, StoredKeys

_queries = load_queries(__package__)

_COLUMNS = (
    "trace_id",
    "span_id",
    "parent_span_id",
    "started_at",
    "duration_ns",
    "name",
    "kind",
    "status",
    "status_message",
    "service_name",
    "attributes",
    "events",
    "links",
    "resource",
    "scope",
)
_NONE = Json(b"[]")


async def lock_traces(tx: Tx, team: int, traces: Sequence[int]) -> None:
    await tx.execute(_queries.lock_traces, team=team, traces=list(traces))


async def lock_team(tx: Tx, team: int) -> None:
    await tx.execute(_queries.lock_team, team=team)


async def stored_keys(tx: Tx, trace_ids: Collection[bytes], earliest: datetime, latest: datetime) -> StoredKeys:
    rows = await tx.fetch(_queries.stored_keys, trace_ids=list(trace_ids), earliest=earliest, latest=latest)
    return StoredKeys(
        frozenset((row["trace_id"], row["span_id"], rules.nanoseconds(row["started_at"]) // 1000) for row in rows),
        frozenset(row["trace_id"] for row in rows if row["is_root"]),
    )


async def copy_spans(tx: Tx, spans: Iterable[Span]) -> int:
    return await tx.copy("store.spans", _COLUMNS, _rows(spans))


async def spans_of_traces(
    tx: Tx, trace_ids: Collection[bytes], earliest: datetime, latest: datetime, at_most: int
) -> list[Span]:
    rows = await tx.fetch(
        _queries.spans_of_traces, trace_ids=list(trace_ids), earliest=earliest, latest=latest, at_most=at_most
    )
    return [_span(row) for row in rows]


async def spans_of_trace(tx: Tx, trace_id: bytes, at_most: int) -> list[Span]:
    return [_span(row) for row in await tx.fetch(_queries.spans_of_trace, trace_id=trace_id, at_most=at_most)]


def _rows(spans: Iterable[Span]) -> list[tuple[Any, ...]]:
    encoded: dict[int, tuple[str | None, Json, Json]] = {}  # most spans of a request share their source
    rows = []
    for span in spans:
        source = encoded.get(id(span.source))
        if source is None:
            source = encoded[id(span.source)] = _source(span.source)
        service, resource, scope = source
        rows.append(
            (
                span.trace_id,
                span.span_id,
                span.parent_span_id,
                rules.instant(span.start_ns),
                None if span.end_ns is None else span.end_ns - span.start_ns,
                sanitise.text(span.name),
                span.kind,
                span.status,
                sanitise.text(span.status_message) if span.status_message else None,
                service,
                Json(sanitise.to_json(span.attributes)),
                Json(sanitise.to_json(span.events)) if span.events else _NONE,
                Json(sanitise.to_json(span.links)) if span.links else _NONE,
                resource,
                scope,
            )
        )
    return rows


def _source(source: Source) -> tuple[str | None, Json, Json]:
    name = source.service_name
    return (
        None if name is None else sanitise.text(name),
        Json(sanitise.to_json(source.resource)),
        Json(sanitise.to_json(source.scope)),
    )


def _span(row: Row) -> Span:
    start_ns = rules.nanoseconds(row["started_at"])
    duration_ns = row["duration_ns"]
    return Span(
        trace_id=row["trace_id"],
        span_id=row["span_id"],
        parent_span_id=row["parent_span_id"],
        name=row["name"],
        kind=row["kind"],
        start_ns=start_ns,
        end_ns=None if duration_ns is None else start_ns + duration_ns,
        status=row["status"],
        status_message=row["status_message"] or "",
        attributes=row["attributes"],
        events=row["events"],
        links=row["links"],
        source=Source(row["resource"], row["scope"]),
    )
