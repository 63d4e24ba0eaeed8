"""
OpenTelemetry's protocol for traces over HTTP (OTLP 1.x), and what its spans mean here.

`spans_of` decodes a request; `tell` reads a trace as a trial; `taken` and
`refused` are the answers that an exporter understands. Nothing here knows the
database.
"""

from __future__ import annotations

from guildhall.adapters.otlp import jsonform, protobuf
from guildhall.adapters.otlp.answers import JSON, PROTOBUF, Answer, media_type, refused, taken
from guildhall.adapters.otlp.conventions import agent_of
from guildhall.adapters.otlp.errors import ExportUnreadable
from guildhall.adapters.otlp.trials import MOST_SPANS, ToldTrial, root_of, tell
from guildhall.domains.evaluation.traces import Span

__all__ = [
    "JSON",
    "MOST_SPANS",
    "PROTOBUF",
    "Answer",
    "ExportUnreadable",
    "ToldTrial",
    "agent_of",
    "media_type",
    "refused",
    "root_of",
    "spans_of",
    "taken",
    "tell",
]


def spans_of(body: bytes, encoding: str) -> list[Span]:
    """
    The spans of an ExportTraceServiceRequest in `PROTOBUF` or `JSON`, uncompressed.

    Raises:
        ExportUnreadable: The body is no such request.
    """
    return jsonform.spans_of(body) if encoding == JSON else protobuf.spans_of(body)
