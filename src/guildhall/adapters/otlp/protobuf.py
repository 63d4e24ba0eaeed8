"""Spans from an ExportTraceServiceRequest in protobuf (opentelemetry-proto 1.x)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from guildhall.adapters.otlp.errors import ExportUnreadable
from guildhall.domains.evaluation.traces import Source, Span


def spans_of(body: bytes) -> list[Span]:
    """
    The spans of a request, in its order.

    Bytes in attributes become base64, as in OTLP's JSON. Fields that nobody
    knows are passed over.

    Raises:
        ExportUnreadable: The body is no such message, or a text in it is no UTF-8.
    """
    try:
        request = ExportTraceServiceRequest.FromString(body)
        return list(_spans(request))
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ExportUnreadable("protobuf", str(error)[:200] or type(error).__name__) from error


def _spans(request: ExportTraceServiceRequest) -> Iterable[Span]:
    for group in request.resource_spans:
        resource = _attributes(group.resource.attributes)
        for part in group.scope_spans:
            source = Source(resource, _scope(part.scope, part.schema_url))
            for span in part.spans:
                status = span.status
                kind, code = span.kind, status.code
                yield Span(
                    trace_id=span.trace_id,
                    span_id=span.span_id,
                    parent_span_id=span.parent_span_id or None,
                    name=span.name,
                    kind=kind if 0 <= kind <= 5 else 0,
                    start_ns=span.start_time_unix_nano,
                    end_ns=span.end_time_unix_nano or None,
                    status=code if 0 <= code <= 2 else 0,
                    status_message=status.message,
                    attributes=_attributes(span.attributes),
                    events=[
                        {
                            "name": event.name,
                            "time_unix_nano": event.time_unix_nano,
                            "attributes": _attributes(event.attributes),
                        }
                        for event in span.events
                    ],
                    links=[
                        {
                            "trace_id": link.trace_id.hex(),
                            "span_id": link.span_id.hex(),
                            "attributes": _attributes(link.attributes),
                        }
                        for link in span.links
                    ],
                    source=source,
                )


def _scope(scope: Any, schema_url: str) -> dict[str, Any]:
    said = {"name": scope.name, "version": scope.version, "schema_url": schema_url}
    found: dict[str, Any] = {key: value for key, value in said.items() if value}
    if scope.attributes:
        found["attributes"] = _attributes(scope.attributes)
    return found


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        value = pair.value
        found[pair.key] = value.string_value or _value(value)  # most are texts
    return found


def _value(value: AnyValue) -> Any:
    match value.WhichOneof("value"):
        case "string_value":
            return value.string_value
        case "int_value":
            return value.int_value
        case "bool_value":
            return value.bool_value
        case "double_value":
            return value.double_value
        case "array_value":
            return [_value(each) for each in value.array_value.values]
        case "kvlist_value":
            return _attributes(value.kvlist_value.values)
        case "bytes_value":
            return b64encode(value.bytes_value).decode()
        case _:
            return None
