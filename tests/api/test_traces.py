"""`/v1/traces`, as the exporters of OpenTelemetry's own SDK meet it."""

from __future__ import annotations

import asyncio
import gzip
from uuid import uuid4

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from fixtures.api import Served


def run_agent(served: Served, who: str, service: str, compression: Compression) -> None:
    """An agent that calls a model and a tool, told by the official SDK and exporter."""
    exporter = OTLPSpanExporter(
        endpoint=f"{served.url}/v1/traces",
        headers={"authorization": f"Bearer {served.keys[who]}"},
        compression=compression,
    )
    provider = TracerProvider(resource=Resource.create({"service.name": service, "service.version": "7"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "refunds", "guildhall.passed": True}
    with tracer.start_as_current_span("invoke_agent refunds", attributes=agent):
        chat = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt-5-mini",
            "gen_ai.usage.input_tokens": 120,
            "gen_ai.usage.output_tokens": 30,
        }
        with tracer.start_as_current_span("chat gpt-5-mini", attributes=chat):
            pass
        tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "refund"}
        with tracer.start_as_current_span("execute_tool refund", attributes=tool):
            pass
    assert provider.force_flush()
    provider.shutdown()


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
async def test_spans_of_the_official_sdk_turn_up_as_a_trial(served, client_of, compression):
    service = f"service-{uuid4().hex[:8]}"
    await asyncio.to_thread(run_agent, served, "pottery/member", service, compression)
    client = client_of("pottery/viewer")
    _, listed = await client.get(f"/v1/evaluation/simulations?config={service}")
    (simulation,) = listed["items"]
    assert (simulation["origin"], simulation["outcomes"]) == ("traces", 1)
    assert (await client_of("smithy/owner").get(f"/v1/evaluation/simulations?config={service}"))[1]["items"] == []


async def test_what_is_no_request_of_otlp_is_refused_in_the_encoding_that_it_came_in(client_of):
    client = client_of("pottery/member")
    async with client.session.post(
        "/v1/traces", data=b"\xff\xff\xff", headers={"Content-Type": "application/x-protobuf"}
    ) as response:
        assert (response.status, response.content_type) == (400, "application/x-protobuf")
    status, document = await client.post("/v1/traces", data=b"[1", headers={"Content-Type": "application/json"})
    assert status == 400
    assert document["message"]
    assert (await client.post("/v1/traces", data=b"x", headers={"Content-Type": "text/plain"}))[0] == 415


async def test_an_exporter_without_a_key_is_refused_and_a_viewer_may_not_export(client_of):
    empty = {"data": b"", "headers": {"Content-Type": "application/x-protobuf"}}
    assert (await client_of("").post("/v1/traces", **empty))[0] == 401
    assert (await client_of("pottery/viewer").post("/v1/traces", **empty))[0] == 403
    assert (await client_of("pottery/member").post("/v1/traces", **empty))[0] == 200


async def test_a_gzip_bomb_is_not_unpacked(client_of):
    bomb = gzip.compress(b"\0" * (64 << 20))
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
    status, document = await client_of("pottery/member").post("/v1/traces", data=bomb, headers=headers)
    assert (status, document["error"]["code"]) == (413, "body_too_large")
