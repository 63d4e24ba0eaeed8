"""
Spans from an ExportTraceServiceRequest in JSON.

OTLP's own mapping (opentelemetry.io/docs/specs/otlp, "JSON Protobuf
Encoding"): ids are hexadecimal, 64-bit integers may be texts, keys are
lowerCamelCase, enums are numbers, and fields that nobody knows are passed over.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from guildhall.adapters.otlp.errors import ExportUnreadable
from guildhall.domains.evaluation.traces import Source, Span

_DEEPEST = 60
"""Levels of lists and maps in one attribute; a protobuf parser goes no deeper than about 30."""
_LARGEST = 2**64 - 1


def spans_of(body: bytes) -> list[Span]:
    """
    The spans of a request, in its order. An id that is not hexadecimal is empty, and so refused later by itself.

    Raises:
        ExportUnreadable: The body is no JSON, or of another shape.
    """
    try:
        return list(_spans(_document(body)))
    except RecursionError as error:
        raise ExportUnreadable("JSON", "it is nested too deeply") from error


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            value = json.loads(body)  # takes lone surrogates, which are cleaned before they are stored
        except (ValueError, RecursionError) as error:
            raise ExportUnreadable("JSON", str(error)[:200] or type(error).__name__) from error
    return _object(value, "the request")


def _spans(request: Mapping[str, Any]) -> Iterable[Span]:
    for group in _list(request, "resourceSpans"):
        resource = _attributes(_part(group, "resource"))
        for part in _list(group, "scopeSpans"):
            source = Source(resource, _scope(_part(part, "scope"), part.get("schemaUrl")))
            for span in _list(part, "spans"):
                status = _part(span, "status")
                yield Span(
                    trace_id=_id(span.get("traceId")),
                    span_id=_id(span.get("spanId")),
                    parent_span_id=_id(span.get("parentSpanId")) or None,
                    name=_text(span.get("name")),
                    kind=_number(span.get("kind"), 5),
                    start_ns=_number(span.get("startTimeUnixNano"), _LARGEST),
                    end_ns=_number(span.get("endTimeUnixNano"), _LARGEST) or None,
                    status=_number(status.get("code"), 2),
                    status_message=_text(status.get("message")),
                    attributes=_attributes(span),
                    events=[
                        {
                            "name": _text(event.get("name")),
                            "time_unix_nano": _number(event.get("timeUnixNano"), _LARGEST),
                            "attributes": _attributes(event),
                        }
                        for event in _list(span, "events")
                    ],
                    links=[
                        {
                            "trace_id": _id(link.get("traceId")).hex(),
                            "span_id": _id(link.get("spanId")).hex(),
                            "attributes": _attributes(link),
                        }
                        for link in _list(span, "links")
                    ],
                    source=source,
                )


def _scope(scope: Mapping[str, Any], schema_url: Any) -> dict[str, Any]:
    said = {"name": scope.get("name"), "version": scope.get("version"), "schema_url": schema_url}
    found: dict[str, Any] = {key: value for key, value in said.items() if value and isinstance(value, str)}
    attributes = _attributes(scope)
    if attributes:
        found["attributes"] = attributes
    return found


def _attributes(owner: Mapping[str, Any]) -> dict[str, Any]:
    return {_text(pair.get("key")): _value(pair.get("value"), 0) for pair in _list(owner, "attributes")}


def _value(value: Any, depth: int) -> Any:
    if not isinstance(value, dict):
        return None  # an empty AnyValue, or something that is none
    for key, content in value.items():
        match key:
            case "stringValue" | "bytesValue":
                return _text(content)
            case "boolValue":
                return content if isinstance(content, bool) else None
            case "intValue":
                return _integer(content)
            case "doubleValue":
                return _double(content)
            case "arrayValue" | "kvlistValue":
                if depth >= _DEEPEST:
                    return "[nested too deeply]"
                values = _list(_object(content, key), "values")
                if key == "arrayValue":
                    return [_value(each, depth + 1) for each in values]
                return {_text(pair.get("key")): _value(pair.get("value"), depth + 1) for pair in values}
    return None


def _integer(value: Any) -> int | None:
    if isinstance(value, str) and len(value) <= 20:
        try:
            return int(value)
        except ValueError:
            return None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _double(value: Any) -> float | int | None:
    """As a number, or as one of the texts that protobuf has for what JSON cannot say."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


def _number(value: Any, largest: int) -> int:
    """A whole number from 0, or 0: what is out of its range means what is not there."""
    number = _integer(value)
    return number if number is not None and 0 <= number <= largest else 0


def _id(value: Any) -> bytes:
    try:
        return bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        return b""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _part(owner: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = owner.get(key)
    return {} if value is None else _object(value, key)


def _list(owner: Mapping[str, Any], key: str) -> list[Any]:
    """The objects under a key; none where it is missing or null."""
    value = owner.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ExportUnreadable("JSON", f"{key} is no list")
    for each in value:
        _object(each, f"an element of {key}")
    return value


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ExportUnreadable("JSON", f"{what} is no object")
    return value
