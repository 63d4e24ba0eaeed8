"""
Sending traces of the server itself, by OpenTelemetry, where GUILDHALL_OTLP_ENDPOINT says to.

Spans are sent by a thread of their own, from a queue that forgets when it is
full: no request waits for a collector. What OpenTelemetry's own variables say
of that (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_BSP_…`) holds.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from guildhall.errors import InvalidInput

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_NEEDED = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http.trace_exporter")
_AS_GIVEN = ("url.path", "url.query")
"""Attributes that hold what a client wrote, in which a secret may stand; the route is told in another."""
_FAREWELL_S = 2.0
"""How long a stop waits for a collector to take what is left."""


class TelemetryMissing(InvalidInput):
    """Traces are asked for, and the packages that send them are not installed."""

    code = "telemetry_missing"

    def __init__(self, missing: str) -> None:
        super().__init__(
            f"GUILDHALL_OTLP_ENDPOINT is set and {missing} is not installed",
            remedy="Run `pip install 'guildhall[telemetry]'`, or unset GUILDHALL_OTLP_ENDPOINT.",
            field="GUILDHALL_OTLP_ENDPOINT",
        )


def require(endpoint: str | None) -> None:
    """
    Make sure that traces can be sent, where there is an endpoint; nothing of what sends them is loaded.

    Raises:
        TelemetryMissing: The extra `telemetry` is not installed.
    """
    if endpoint is None:
        return
    for name in _NEEDED:
        try:
            found = find_spec(name)
        except ModuleNotFoundError as error:
            raise TelemetryMissing(error.name or name) from None
        if found is None:
            raise TelemetryMissing(name)


def provider(endpoint: str | None) -> TracerProvider | None:
    """
    What makes spans and sends them to an endpoint, `/v1/traces` being appended; None where there is none.

    Raises:
        TelemetryMissing: The extra `telemetry` is not installed.
    """
    if endpoint is None:
        return None
    require(endpoint)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    class WithoutValues(SpanProcessor):
        """Takes out what a client wrote."""

        def on_start(self, span: Any, parent_context: Any = None) -> None:
            for name in _AS_GIVEN:
                if name in span.attributes:
                    span.set_attribute(name, "REDACTED")

    resource = Resource.create({"service.name": "guildhall", "service.version": version("guildhall")})
    traces = TracerProvider(resource=resource, shutdown_on_exit=False)
    traces.add_span_processor(WithoutValues())
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")))
    return traces


@asynccontextmanager
async def sending(traces: TracerProvider | None) -> AsyncIterator[None]:
    """Send what is left when the block ends, if the collector takes it within a few seconds."""
    try:
        yield
    finally:
        if traces is not None:
            # A daemon, for which nobody waits when the process ends.
            ending = threading.Thread(target=traces.shutdown, name="last spans", daemon=True)
            ending.start()
            await asyncio.to_thread(ending.join, _FAREWELL_S)
