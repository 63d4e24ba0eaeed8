"""
Traces that agents report by OpenTelemetry become trials.

A request is stored in one transaction: its spans, and for every trace whose
root is there an outcome. What is acknowledged is durable and visible. A
request that is delivered again changes nothing; spans that come after their
root tell its outcome anew. Requests that bring spans of one trace at the same
time take turns.

    @router.post("/v1/traces")
    async def receive_traces(request: Request, visit: Writing) -> Response:
        answer = await traces.receive(visit.transaction, await request.body(), request.headers.get("content-type"))
        return Response(answer.content, answer.status, media_type=answer.content_type)
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from guildhall.adapters import otlp
from guildhall.adapters.otlp import Answer, ExportUnreadable
from guildhall.app.placing import Place, Unplaced, place
from guildhall.db import Tx
from guildhall.domains.evaluation import outcomes, traces
from guildhall.domains.evaluation.outcomes import NewOutcome, PackedTrial, TrialPlace, TrialRecord
from guildhall.domains.evaluation.traces import Span, TrialId, Window
from guildhall.errors import InvalidInput

Opener: TypeAlias = Callable[[], AbstractAsyncContextManager[Tx]]
"""Opens a transaction for whoever sent the spans."""

_LARGE = 64 << 10
"""Bodies of more bytes are decoded beside the event loop."""
_MOST_REASONS = 10


@dataclass(frozen=True, slots=True)
class Ingested:
    """
    What became of a request.

    `stored` spans are new, `known` ones were there already, `refused` ones
    were not taken. `reasons` say why, and which traces became no trial.
    """

    stored: int = 0
    known: int = 0
    refused: int = 0
    outcomes: tuple[UUID, ...] = ()
    revised: tuple[UUID, ...] = ()
    reasons: tuple[str, ...] = ()


async def receive(transaction: Opener, body: bytes, content_type: str | None) -> Answer:
    """
    Take the body of `POST /v1/traces`, uncompressed, and answer as OTLP/HTTP wants it.

    Raises:
        Unavailable: The database is away, or another transaction was in the way: trying again may help.
        NotAllowed: Whoever asks may only read.
    """
    encoding = otlp.media_type(content_type)
    if encoding is None:
        expected = f"expected {otlp.PROTOBUF} or {otlp.JSON}"
        return otlp.refused(415, otlp.JSON, f"the content type is {(content_type or '')[:100]!r}, {expected}")
    try:
        spans = await (
            asyncio.to_thread(otlp.spans_of, body, encoding) if len(body) > _LARGE else _at_once(body, encoding)
        )
    except ExportUnreadable as error:
        return otlp.refused(400, encoding, str(error))
    ingested = await ingest(transaction, spans)
    return otlp.taken(encoding, refused=ingested.refused, message="; ".join(ingested.reasons))


async def ingest(transaction: Opener, spans: Sequence[Span]) -> Ingested:
    """
    Store spans, and the trials that they tell of, in one transaction.

    Spans that cannot be kept are refused one by one; those of a trace that
    asks for a simulation which it cannot have, together.

    Raises:
        Unavailable: The database is away, or another transaction was in the way: trying again may help.
        NotAllowed: Whoever asks may only read.
    """
    if not spans:
        return Ingested()
    async with transaction() as tx:
        return await _Request(tx, spans).ingest()


async def _at_once(body: bytes, encoding: str) -> list[Span]:
    return otlp.spans_of(body, encoding)


@dataclass(slots=True)
class _Trace:
    """What is known of a trace with a root; its outcome's place, where there is one or will be."""

    spans: list[Span]
    root: Span
    trial: TrialId
    known: TrialPlace | None = None


class _Request:
    """One request in its transaction."""

    def __init__(self, tx: Tx, spans: Sequence[Span]) -> None:
        self._tx = tx
        self._reasons: Counter[str] = Counter()
        self._remarks: list[str] = []
        window = Window(tx.now)
        self._spans: dict[traces.SpanKey, Span] = {}
        self._known = 0
        for span in spans:
            reason = window.refusal(span)
            if reason is not None:
                self._reasons[reason] += 1
            elif span.key in self._spans:
                self._known += 1
            else:
                self._spans[span.key] = span

    async def ingest(self) -> Ingested:
        tx = self._tx
        found = await self._traces() if self._spans else {}
        known = [each for each in found.values() if each.known is not None]
        new = [each for each in found.values() if each.known is None]
        places = await place(tx, [each.root for each in new])
        for trace, where in zip(new, places, strict=True):
            if isinstance(where, Unplaced):
                self._refuse(trace.root.trace_id, where)
        stored = await traces.keep_spans(tx, list(self._spans.values()))

        records = [
            record
            for trace, where in zip(new, places, strict=True)
            if isinstance(where, Place) and (record := self._record(trace, where)) is not None
        ]
        recorded = await outcomes.record_trials(tx, records)
        for outcome_id in recorded.refused:
            self._remarks.append(f"outcome {outcome_id} was not made: its trial has another one already")
        revised = [
            record
            for trace in known
            if trace.known is not None and (record := self._record(trace, Place.of(trace.known))) is not None
        ]
        await outcomes.revise_trials(tx, revised)
        return Ingested(
            stored=stored,
            known=self._known,
            refused=self._reasons.total(),
            outcomes=recorded.stored,
            revised=tuple(each.outcome_id for each in revised),
            reasons=tuple(self._said()),
        )

    async def _traces(self) -> dict[bytes, _Trace]:
        """
        The traces that have a root, each with all its spans; what is stored already is taken out of the request.
        """
        tx = self._tx
        await traces.lock_traces(tx, {each.trace_id for each in self._spans.values()})
        stored = await traces.stored_keys(tx, list(self._spans.values()))
        if stored.spans:
            repeated = self._spans.keys() & stored.spans
            self._known += len(repeated)
            self._spans = {key: span for key, span in self._spans.items() if key not in repeated}
        by_trace: dict[bytes, list[Span]] = {}
        for span in self._spans.values():
            by_trace.setdefault(span.trace_id, []).append(span)
        begun = {trace_id for trace_id, _, _ in stored.spans} & by_trace.keys()
        # Of a trace without any root nothing is told yet.
        wanted = {
            trace_id
            for trace_id in begun
            if stored.has(trace_id) or any(each.parent_span_id is None for each in by_trace[trace_id])
        }
        if wanted:
            for span in await traces.stored_spans(tx, wanted, list(self._spans.values())):
                by_trace[span.trace_id].append(span)
        found: dict[bytes, _Trace] = {}
        for trace_id, spans in by_trace.items():
            root = otlp.root_of(spans)
            if root is not None:
                found[trace_id] = _Trace(spans, root, traces.trial_id(tx.actor.tenant_id, root))
        await self._find_outcomes([found[trace_id] for trace_id in wanted if stored.has(trace_id)])
        return found

    async def _find_outcomes(self, begun: Sequence[_Trace]) -> None:
        """Which of these have an outcome. Where a trace has several roots, the one that became it stays its root."""
        roots = {
            traces.trial_id(self._tx.actor.tenant_id, span): (trace, span)
            for trace in begun
            for span in trace.spans
            if span.parent_span_id is None
        }
        places = await outcomes.places(self._tx, [(each.outcome_id, each.execution_time) for each in roots])
        for trial, (trace, root) in roots.items():
            known = places.get(trial.outcome_id)
            if known is not None:
                trace.known, trace.trial, trace.root = known, trial, root

    def _refuse(self, trace_id: bytes, why: Unplaced) -> None:
        """Take a trace out of the request."""
        keys = [key for key in self._spans if key[0] == trace_id]
        for key in keys:
            del self._spans[key]
        self._reasons[f"trace {trace_id.hex()}: {why.reason}"] += len(keys)

    def _record(self, trace: _Trace, where: Place) -> PackedTrial | None:
        try:
            return _packed(trace, where)
        except InvalidInput as error:
            self._remarks.append(f"trace {trace.root.trace_id.hex()} became no outcome: {error.message}")
            return None

    def _said(self) -> Iterable[str]:
        said = [f"{count} spans refused: {reason}" for reason, count in self._reasons.most_common(_MOST_REASONS)]
        said += self._remarks[:_MOST_REASONS]
        more = len(self._reasons) + len(self._remarks) - len(said)
        return [*said, f"and {more} more"] if more > 0 else said


def _packed(trace: _Trace, where: Place) -> PackedTrial:
    root, trial = trace.root, trace.trial
    told = otlp.tell(trace.spans, root)
    packed = outcomes.pack(
        TrialRecord(
            NewOutcome(
                outcome_id=trial.outcome_id,
                execution_time=trial.execution_time,
                simulation_id=where.simulation_id,
                scenario_id=where.scenario_id,
                trial_number=where.trial_number,
                status=told.status,
                trajectory=told.trajectory,
                passed=told.passed,
                reliability_score=told.score,
                fault=told.fault,
                execution_time_ms=told.duration_ms,
                tokens_used=told.tokens,
                cost_usd=told.cost_usd,
                metrics=told.metrics,
                error_code=told.error_code,
                error_category=told.error_category,
                execution_metadata=_metadata(root),
            ),
            tools=told.tools,
            failures=told.failures,
        )
    )
    # The same at every delivery, so that nothing is added twice.
    packed.tools = [(traces.part_id(trial.outcome_id, f"tool {each[1]}"), *each[1:]) for each in packed.tools]
    packed.failures = [
        (traces.part_id(trial.outcome_id, f"failure {number}"), row) for number, (_, row) in enumerate(packed.failures)
    ]
    return packed


def _metadata(root: Span) -> Mapping[str, object]:
    resource = root.source.resource
    told = {
        "trace_id": root.trace_id.hex(),
        "root_span_id": root.span_id.hex(),
        "root_name": root.name[:1000],
        "service": root.source.service_name,
        "service_version": resource.get("service.version"),
        "environment": resource.get("deployment.environment.name", resource.get("deployment.environment")),
    }
    return {key: value for key, value in told.items() if value is not None}
