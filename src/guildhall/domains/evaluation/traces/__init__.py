"""
Traces: the spans that agents report by OpenTelemetry, as they came.

They are decoded by `guildhall.adapters.otlp`; `guildhall.app.traces` makes an
outcome of each trace whose root is there.
"""

from guildhall.domains.evaluation.traces.rules import KEPT, Window, instant, part_id, trial_id
from guildhall.domains.evaluation.traces.service import get_trace, keep_spans, lock_traces, stored_keys, stored_spans
from guildhall.domains.evaluation.traces.types import Source, Span, SpanKey, StoredKeys, TrialId

__all__ = [
    "KEPT",
    "Source",
    "Span",
    "SpanKey",
    "StoredKeys",
    "TrialId",
    "Window",
    "get_trace",
    "instant",
    "keep_spans",
    "lock_traces",
    "part_id",
    "stored_keys",
    "stored_spans",
    "trial_id",
]
