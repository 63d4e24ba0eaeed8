"""What can be done with spans."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from guildhall.db import Tx
from guildhall.domains.evaluation.traces import rules, store
from guildhall.domains.evaluation.traces.types import Span, StoredKeys


async def lock_traces(tx: Tx, trace_ids: Collection[bytes]) -> None:
    """
    Let nobody else bring spans of these traces before the transaction ends.

    It comes first: a transaction that has stored some already could wait in a circle.
    """
    team = rules.team_lock(tx.actor.tenant_id)
    if len(trace_ids) > rules.MOST_LOCKS:
        await store.lock_team(tx, team)
    elif trace_ids:
        await store.lock_traces(tx, team, rules.trace_locks(tx.actor.tenant_id, trace_ids))


async def stored_keys(tx: Tx, spans: Sequence[Span]) -> StoredKeys:
    """What is stored of the traces that these spans belong to; see `rules.LONGEST_TRACE`."""
    return await store.stored_keys(tx, {each.trace_id for each in spans}, *_span_of_time(spans))


async def stored_spans(
    tx: Tx, trace_ids: Collection[bytes], around: Sequence[Span], *, at_most: int = 100_000
) -> list[Span]:
    """The stored spans of some traces, of each in the order of time, from about the time of the spans `around`."""
    return await store.spans_of_traces(tx, trace_ids, *_span_of_time(around), at_most)


async def keep_spans(tx: Tx, spans: Sequence[Span]) -> int:
    """
    Store spans of traces that are locked, of which none is stored; how many.

    NUL characters and lone surrogates become U+FFFD, as everywhere (`algorithms.sanitise`).
    """
    if not spans:
        return 0
    months = {(time.year, time.month): time for time in (rules.instant(each.start_ns) for each in spans)}
    for time in months.values():
        await tx.ensure_partitions("spans", time, time)
    return await store.copy_spans(tx, spans)


async def get_trace(tx: Tx, trace_id: bytes, *, at_most: int = 10_000) -> list[Span]:
    """The spans of a trace in the order of time; none where there is no such trace, or it is another team's."""
    return await store.spans_of_trace(tx, trace_id, at_most)


def _span_of_time(spans: Sequence[Span]) -> tuple[datetime, datetime]:
    starts = [each.start_ns for each in spans]
    return rules.instant(min(starts)) - rules.LONGEST_TRACE, rules.instant(max(starts)) + rules.LONGEST_TRACE
