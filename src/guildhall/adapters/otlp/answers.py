"""
What an exporter is told, in its own encoding.

ExportTraceServiceResponse with `partial_success` where spans were refused, or
where all were taken and something is worth saying (OTLP specification,
"Partial Success"); google.rpc.Status where the request as a whole was refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from guildhall.algorithms import sanitise

PROTOBUF = "application/x-protobuf"
JSON = "application/json"

INVALID_ARGUMENT = 3
"""The code of google.rpc.Status for a request that will never be taken."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    content: bytes
    content_type: str


def media_type(content_type: str | None) -> str | None:
    """The encoding that a Content-Type means: `PROTOBUF` or `JSON`; None for any other."""
    named = (content_type or "").partition(";")[0].strip().lower()
    if named in (PROTOBUF, "application/protobuf"):
        return PROTOBUF
    return JSON if named == JSON else None


def taken(encoding: str, *, refused: int = 0, message: str = "") -> Answer:
    """The answer to a request of which at most `refused` spans were not taken, and why."""
    message = sanitise.text(message)
    if encoding == JSON:
        partial = {"partialSuccess": {"rejectedSpans": str(refused), "errorMessage": message}}
        return Answer(200, orjson.dumps(partial if refused or message else {}), JSON)
    if not refused and not message:
        return Answer(200, b"", PROTOBUF)
    partial_success = ExportTracePartialSuccess(rejected_spans=refused, error_message=message)
    return Answer(200, ExportTraceServiceResponse(partial_success=partial_success).SerializeToString(), PROTOBUF)


def refused(status: int, encoding: str, message: str, code: int = INVALID_ARGUMENT) -> Answer:
    """The answer to a request that was refused as a whole."""
    message = sanitise.text(message)
    if encoding == JSON:
        return Answer(status, orjson.dumps({"code": code, "message": message}), JSON)
    # google.rpc.Status: int32 code = 1; string message = 2.
    text = message.encode()
    return Answer(status, b"\x08" + _varint(code) + b"\x12" + _varint(len(text)) + text, PROTOBUF)


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
