"""Traces of the server itself: a span for each request, named by its route, and spans for what it is made of."""

from __future__ import annotations

import threading
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from guildhall.api import House, create_api
from guildhall.app.doorkeeper import Doorkeeper
from guildhall.app.wiring import App
from guildhall.settings import Settings


@pytest.fixture
def collector():
    """Where spans go: its URL, and what has come so far."""
    spans = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            told = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
            spans.extend(span for of in told.resource_spans for scope in of.scope_spans for span in scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *said):
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", spans
        server.shutdown()
        thread.join()


async def test_a_request_is_a_span_with_its_dependencies_and_its_own_work_below(served, tmp_path, collector):
    endpoint, spans = collector
    settings = Settings(database_url=served.application_url, pooler="none", data_dir=tmp_path, otlp_endpoint=endpoint)

    @asynccontextmanager
    async def open_house():
        async with App.open(settings) as app:
            yield House(app, Doorkeeper(app.database))

    application = create_api(open_house, settings)
    headers = {"Authorization": f"Bearer {served.keys['pottery/viewer']}"}
    transport = httpx.ASGITransport(application)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=transport, base_url="http://guildhall.test", headers=headers) as client,
    ):
        answer = await client.get("/v1/evaluation/simulations/cafe1234?q=secret")
        assert answer.status_code == 422
        answer = await client.get("/v1/evaluation/simulations/cafe1234")
        assert answer.status_code == 404

    route = "/v1/evaluation/simulations/{simulation}"
    refused, dependencies, endpoint_s_work, request = spans
    assert {refused.name, request.name} == {f"GET {route}"}
    assert _attributes(refused)["url.query"] == "q=REDACTED"
    assert (_attributes(request)["http.route"], _attributes(request)["http.response.status_code"]) == (route, 404)
    assert (dependencies.name, endpoint_s_work.name) == ("fastapi.dependencies", "fastapi.endpoint")
    assert {dependencies.parent_span_id, endpoint_s_work.parent_span_id} == {request.span_id}


def _attributes(span):
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}
