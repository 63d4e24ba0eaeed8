"""`guildhall serve` with GUILDHALL_OTLP_ENDPOINT: what it tells of its requests, and that nobody waits for that."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from fixtures.api import Served
from fixtures.collector import Collector, attributes_of, collecting
from fixtures.command_line import command_line
from fixtures.processes import DEADLINE_S
from guildhall.app import telemetry

_SMALL_QUEUE = {"OTEL_BSP_MAX_QUEUE_SIZE": "8", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "4", "OTEL_BSP_SCHEDULE_DELAY": "10"}
LIST = "/v1/evaluation/simulations"
ONE = LIST + "/{simulation}"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture
def headers(served: Served) -> dict[str, str]:
    return {"Authorization": f"Bearer {served.keys['pottery/member']}"}


async def ask(url: str, path: str, method: str = "GET", **headers: str) -> int:
    """A request; the status of its answer."""
    async with aiohttp.ClientSession(url) as session, session.request(method, path, headers=headers) as response:
        await response.read()
        return response.status


def told_of_requests(collector: Collector) -> dict[str, Span]:
    """The spans of requests, by the ids of these."""
    found = [each for each in collector.spans if each.kind == Span.SPAN_KIND_SERVER]
    by_id = {attributes_of(each)["guildhall.request_id"]: each for each in found}
    assert len(by_id) == len(found)
    return by_id


async def test_each_request_is_a_span_with_its_route_its_status_and_its_id(
    serve_it: Callable[..., Any], headers: dict[str, str], collector: Collector
) -> None:
    one = f"{LIST}/{uuid4()}"
    with serve_it("--workers", 2, GUILDHALL_OTLP_ENDPOINT=collector.url) as serving:
        for name, method, path, status in (
            ("listed", "GET", LIST, 200),
            ("missing", "GET", one, 404),
            ("nowhere", "GET", "/v1/nowhere", 404),
            ("probe", "GET", "/ready", 200),
            ("ours", "POST", "/v1/traces", 415),
        ):
            assert await ask(serving.url, path, method, **headers, **{"X-Request-ID": name}) == status
        assert await asyncio.to_thread(serving.end) == 0
    assert set(collector.paths) == {"/v1/traces"}
    spans = told_of_requests(collector)
    found = {
        name: (span.name, attributes.get("http.route"), attributes["http.response.status_code"])
        for name, span in spans.items()
        for attributes in [attributes_of(span)]
    }
    assert found == {
        "listed": (f"GET {LIST}", LIST, 200),
        "missing": (f"GET {ONE}", ONE, 404),
        "nowhere": ("GET", None, 404),
    }
    assert {span.status.code for span in spans.values()} == {Status.STATUS_CODE_UNSET}
    below = [each for each in collector.spans if each.parent_span_id == spans["listed"].span_id]
    assert {each.name for each in below} >= {"fastapi.dependencies", "fastapi.endpoint"}
    assert {each.trace_id for each in below} == {spans["listed"].trace_id}


async def test_the_trace_of_a_client_is_continued(
    serve_it: Callable[..., Any], headers: dict[str, str], collector: Collector
) -> None:
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    with serve_it(GUILDHALL_OTLP_ENDPOINT=collector.url) as serving:
        for name, given in (
            ("continued", f"00-{trace}-{parent}-01"),
            ("unsampled", f"00-{trace}-{parent}-00"),
            ("broken", f"00-{trace}-nonsense-01"),
        ):
            assert await ask(serving.url, LIST, **headers, **{"X-Request-ID": name, "traceparent": given}) == 200
        assert await asyncio.to_thread(serving.end) == 0
    spans = told_of_requests(collector)
    assert set(spans) == {"continued", "broken"}
    assert (spans["continued"].trace_id.hex(), spans["continued"].parent_span_id.hex()) == (trace, parent)
    assert (spans["broken"].trace_id.hex() == trace, spans["broken"].parent_span_id) == (False, b"")


async def test_what_a_client_wrote_is_not_told(
    serve_it: Callable[..., Any], served: Served, headers: dict[str, str], collector: Collector
) -> None:
    secret = "hunter2hunter2"
    asked = {**headers, "Cookie": f"guildhall_session=gs_{secret}", "X-Api-Key": secret}
    with serve_it(GUILDHALL_OTLP_ENDPOINT=collector.url) as serving:
        for path in (f"{LIST}?config={secret}", f"{LIST}?{secret}=1", f"{LIST}/{secret}", f"/v1/{secret}"):
            await ask(serving.url, path, **asked)
        await ask(serving.url, LIST, Authorization=f"Bearer gh_{secret}")
        assert await asyncio.to_thread(serving.end) == 0
    assert len(told_of_requests(collector)) == 5
    assert secret not in collector.text.lower()
    assert served.keys["pottery/member"].split("_", 2)[2] not in collector.text


async def test_a_collector_may_ask_for_credentials(
    serve_it: Callable[..., Any], headers: dict[str, str], collector: Collector, tmp_path: Path
) -> None:
    file = tmp_path / "guildhall.env"
    file.write_text(
        f"GUILDHALL_OTLP_ENDPOINT={collector.url}/beneath/\nOTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20abc\n"
    )
    with serve_it("--env-file", file) as serving:
        assert await ask(serving.url, LIST, **headers) == 200
        assert await asyncio.to_thread(serving.end) == 0
    assert set(collector.paths) == {"/beneath/v1/traces"}
    assert {each["authorization"] for each in collector.headers} == {"Bearer abc"}


async def test_no_request_waits_for_a_collector_that_is_silent(
    serve_it: Callable[..., Any], headers: dict[str, str]
) -> None:
    with collecting(silent=True) as silent, serve_it(GUILDHALL_OTLP_ENDPOINT=silent.url, **_SMALL_QUEUE) as serving:
        assert await ask(serving.url, LIST, **headers) == 200
        assert await asyncio.to_thread(silent.was_asked.wait, DEADLINE_S)
        for _ in range(10):  # more spans than the queue holds
            assert await ask(serving.url, LIST, **headers) == 200
        assert not silent.may_answer.is_set()
        assert await asyncio.to_thread(serving.end) == 0


async def test_no_request_fails_for_a_collector_that_is_away(
    serve_it: Callable[..., Any], headers: dict[str, str]
) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{unheard.getsockname()[1]}"
        with serve_it(GUILDHALL_OTLP_ENDPOINT=away, **_SMALL_QUEUE) as serving:
            for _ in range(10):
                assert await ask(serving.url, LIST, **headers) == 200
            assert await asyncio.to_thread(serving.end) == 0
            assert "Traceback" not in serving.log


async def test_a_stop_does_not_wait_for_a_collector_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "600")
    with collecting(silent=True) as silent:
        traces = telemetry.provider(silent.url)
        assert traces is not None
        async with asyncio.timeout(DEADLINE_S):
            async with telemetry.sending(traces):
                traces.get_tracer("test").start_span("one").end()
        assert silent.was_asked.is_set()


def test_without_what_sends_traces_the_setting_is_named_and_what_to_do(
    command_environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter')):\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Absent())\n"
    )
    given = {
        "PYTHONPATH": f"{tmp_path}:{Path(telemetry.__file__).parents[2]}",
        "GUILDHALL_PORT": "0",
        "GUILDHALL_OTLP_ENDPOINT": "http://127.0.0.1:9",
    }
    told = subprocess.run(
        command_line("serve"), env={**command_environment, **given}, capture_output=True, text=True, check=False
    )
    assert told.returncode == 2, told.stderr
    assert "GUILDHALL_OTLP_ENDPOINT is set and opentelemetry.sdk is not installed" in told.stderr
    assert "pip install 'guildhall[telemetry]'" in told.stderr
    assert "Traceback" not in told.stderr
