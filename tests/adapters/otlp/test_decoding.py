"""Requests of exporters as spans: protobuf and JSON say the same, and nothing that they hold is fatal."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode

from fixtures.traces import a_request, a_run, a_span, as_json, as_protobuf, ns
from guildhall.adapters import otlp
from guildhall.adapters.otlp import ExportUnreadable
from guildhall.domains.evaluation.traces import Span

_values = st.recursive(
    st.text(st.characters(codec="utf-8"))
    | st.integers(-(2**63), 2**63 - 1)
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=8,
)


def said(span: Span) -> dict[str, Any]:
    """Everything that a span says, to compare by."""
    values = {name: getattr(span, name) for name in Span.__slots__ if name != "source"}
    return {**values, "resource": span.source.resource, "scope": span.source.scope}


@given(
    st.dictionaries(st.text(st.characters(codec="utf-8")), _values, max_size=5), st.text(st.characters(codec="utf-8"))
)
def test_both_encodings_of_a_request_mean_the_same(attributes: dict[str, Any], name: str) -> None:
    span = a_span("x", span=3, parent=2, error="broken", events=[("exception", attributes)])
    span["name"] = name
    span["attributes"] = a_span("y", events=[("e", attributes)])["events"][0]["attributes"]
    request = a_request(span, **{"service.version": "2"})

    [from_json] = otlp.spans_of(as_json(request), otlp.JSON)
    [from_protobuf] = otlp.spans_of(as_protobuf(request), otlp.PROTOBUF)

    assert said(from_json) == said(from_protobuf)
    assert from_json.parent_span_id == bytes(7) + b"\x02"
    assert (from_json.start_ns, from_json.status, from_json.status_message) == (ns(0), 2, "broken")


def test_what_the_official_sdk_writes_is_read_as_it_was_meant() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({"service.name": "support", "service.version": "2.1"}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("agents", "3")
    with tracer.start_as_current_span("invoke_agent support", attributes={"gen_ai.agent.name": "Support"}) as root:
        with tracer.start_as_current_span("execute_tool lookup") as tool:
            tool.set_attribute("gen_ai.tool.name", "lookup")
            tool.record_exception(KeyError("order 7"))
            tool.set_status(Status(StatusCode.ERROR, "no such order"))
        root.set_attribute("tags", ["a", "b"])
    provider.shutdown()
    body = encode_spans(exporter.get_finished_spans()).SerializeToString()

    tool_span, root_span = otlp.spans_of(body, otlp.PROTOBUF)

    assert root_span.parent_span_id is None
    assert (tool_span.trace_id, tool_span.parent_span_id) == (root_span.trace_id, root_span.span_id)
    assert root_span.attributes == {"gen_ai.agent.name": "Support", "tags": ["a", "b"]}
    assert (tool_span.status, tool_span.status_message) == (2, "no such order")
    assert tool_span.events[0]["attributes"]["exception.type"] == "KeyError"
    assert root_span.source.service_name == "support"
    assert root_span.source.scope == {"name": "agents", "version": "3"}
    assert root_span.end_ns is not None
    assert root_span.end_ns >= root_span.start_ns


def test_json_is_read_as_leniently_as_the_specification_wants() -> None:
    request = a_request(a_span("x"))
    [group] = request["resourceSpans"]
    [span] = group["scopeSpans"][0]["spans"]
    span |= {"traceId": "AB" * 16, "startTimeUnixNano": ns(1), "unheardOf": {"a": 1}, "kind": 77, "links": None}
    span["attributes"] = [
        {"key": "nothing", "value": {}},
        {"key": "unset"},
        {"key": "nan", "value": {"doubleValue": "NaN"}},
        {"key": "text", "value": {"doubleValue": "1.5"}},
        {"key": "number", "value": {"intValue": 7}},
        {"key": "later", "value": {"someValue": 1}},
    ]
    group["resource"]["entityRefs"] = []

    [read] = otlp.spans_of(as_json(request), otlp.JSON)

    assert (read.trace_id, read.kind, read.start_ns) == (b"\xab" * 16, 0, ns(1))
    assert read.attributes == {"nothing": None, "unset": None, "nan": None, "text": 1.5, "number": 7, "later": None}


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"", otlp.JSON),
        (b"[]", otlp.JSON),
        (b'{"resourceSpans": 7}', otlp.JSON),
        (b'{"resourceSpans": [[]]}', otlp.JSON),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": "x"}]}]}]}', otlp.JSON),
        (b'{"resourceSpans": [{"resource": []}]}', otlp.JSON),
        (b'{"a":' * 100_000, otlp.JSON),
        (b"[" * 100_000 + b"]" * 100_000, otlp.JSON),
        (b"\xff\xfe{", otlp.JSON),
        (b"\x0a\xff\xff", otlp.PROTOBUF),
        (b"this is no protobuf", otlp.PROTOBUF),
        (as_protobuf(a_request(a_span("kaputt"))).replace(b"kaputt", b"\xff\xff\xff\xff\xff\xff"), otlp.PROTOBUF),
        (as_protobuf(a_request(a_span("kaputt"))).replace(b"kaputt", b"\xed\xa0\x80\xed\xa0\x80"), otlp.PROTOBUF),
    ],
    ids=[f"body {n}" for n in range(13)],
)
def test_a_body_that_is_no_request_is_refused(body: bytes, encoding: str) -> None:
    with pytest.raises(ExportUnreadable):
        otlp.spans_of(body, encoding)


def test_an_attribute_of_hundreds_of_levels_is_cut() -> None:
    value: dict[str, Any] = {"stringValue": "deep"}
    for _ in range(300):
        value = {"arrayValue": {"values": [value]}}
    request = a_request(a_span("x"))
    request["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"] = [{"key": "deep", "value": value}]

    [span] = otlp.spans_of(json.dumps(request).encode(), otlp.JSON)

    assert "nested too deeply" in str(span.attributes["deep"])


@given(st.binary(max_size=400))
def test_no_bytes_at_all_raise_anything_else(body: bytes) -> None:
    for encoding in (otlp.JSON, otlp.PROTOBUF):
        with suppress(ExportUnreadable):
            assert len(otlp.spans_of(body, encoding)) <= len(body)


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=3))
def test_a_request_with_a_few_bytes_wrong_is_read_or_refused(place: int, wrong: bytes) -> None:
    body = bytearray(as_protobuf(a_request(*a_run())))
    body[place % len(body) : place % len(body) + len(wrong)] = wrong
    try:
        spans = otlp.spans_of(bytes(body), otlp.PROTOBUF)
    except ExportUnreadable:
        return
    assert len(spans) <= 4


def test_answers_are_what_the_standard_says() -> None:
    assert otlp.taken(otlp.PROTOBUF).content == b""
    assert otlp.taken(otlp.JSON).content == b"{}"
    partial = ExportTraceServiceResponse.FromString(otlp.taken(otlp.PROTOBUF, refused=3, message="why").content)
    assert (partial.partial_success.rejected_spans, partial.partial_success.error_message) == (3, "why")
    in_json = orjson.loads(otlp.taken(otlp.JSON, refused=3, message="why").content)
    assert in_json == {"partialSuccess": {"rejectedSpans": "3", "errorMessage": "why"}}
    # google.rpc.Status has the same numbers for code and message as this message has for kind of field and text.
    refused = otlp.refused(400, otlp.PROTOBUF, "é" * 200)
    assert refused.content == b"\x08\x03\x12\x90\x03" + ("é" * 200).encode()


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("application/x-protobuf", otlp.PROTOBUF),
        ("Application/JSON; charset=utf-8", otlp.JSON),
        ("text/plain", None),
        (None, None),
    ],
)
def test_the_content_type_names_the_encoding(content_type: str | None, encoding: str | None) -> None:
    assert otlp.media_type(content_type) == encoding


def test_a_double_that_is_no_number_is_unknown_in_json_and_cleaned_later_from_protobuf() -> None:
    request = ExportTraceServiceRequest.FromString(as_protobuf(a_request(a_span("x", ratio=1.0))))
    request.resource_spans[0].scope_spans[0].spans[0].attributes[0].value.double_value = math.inf

    [span] = otlp.spans_of(request.SerializeToString(), otlp.PROTOBUF)

    assert span.attributes == {"ratio": math.inf}
