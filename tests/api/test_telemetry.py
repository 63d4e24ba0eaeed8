"""Traces of the server itself: a span for each request, named by its route, and spans for what it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import asynccontextmanager

import httpx
import pytest

from fixtures.collector import Collector, attributes_of, collecting
from guildhall.api import House, create_api
from guildhall.app.doorkeeper import Doorkeeper
from guildhall.app.wiring import App
from guildhall.settings import Settings


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


async def test_a_request_is_a_span_with_its_dependencies_and_its_own_work_below(served, tmp_path, collector):
    settings = Settings(
        database_url=served.application_url, pooler="none", data_dir=tmp_path, otlp_endpoint=collector.url
    )

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
    refused, dependencies, endpoint_s_work, request = collector.spans
    assert {refused.name, request.name} == {f"GET {route}"}
    assert {attributes_of(refused)[name] for name in ("url.path", "url.query")} == {"REDACTED"}
    assert (attributes_of(request)["http.route"], attributes_of(request)["http.response.status_code"]) == (route, 404)
    assert (dependencies.name, endpoint_s_work.name) == ("fastapi.dependencies", "fastapi.endpoint")
    assert {dependencies.parent_span_id, endpoint_s_work.parent_span_id} == {request.span_id}
