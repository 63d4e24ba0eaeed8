"""
Traces of the server itself, by OpenTelemetry, where GUILDHALL_OTLP_ENDPOINT says to send them.

FastAPI makes the spans: one for a request, named by its route, and below it
one for each dependency and for the route's own work. Values of queries are not
told. Monitors' probes and the traces that others send here are not traced.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from fastapi.telemetry import TelemetryConfig

from guildhall.errors import InvalidInput

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_UNTRACED = frozenset({"/health", "/ready", "/metrics", "/v1/traces"})


class TelemetryMissing(InvalidInput):
    """Traces are asked for, and the packages that send them are not installed."""

    code = "telemetry_missing"

    def __init__(self, missing: str | None) -> None:
        super().__init__(
            f"GUILDHALL_OTLP_ENDPOINT is set and {missing or 'OpenTelemetry'} is not installed",
            remedy="Run `pip install 'guildhall[telemetry]'`, or unset GUILDHALL_OTLP_ENDPOINT.",
            field="GUILDHALL_OTLP_ENDPOINT",
        )


def provider(endpoint: str | None) -> TracerProvider | None:
    """
    What makes spans and sends them to an endpoint, `/v1/traces` being appended; None where there is none.

    Raises:
        TelemetryMissing: The extra `telemetry` is not installed.
    """
    if endpoint is None:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import SpanProcessor, TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise TelemetryMissing(error.name) from None

    class WithoutValues(SpanProcessor):
        """Keeps a query's names and takes its values out."""

        def on_start(self, span: Any, parent_context: Any = None) -> None:
            query = span.attributes.get("url.query") if span.attributes else None
            if query:
                names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
                span.set_attribute("url.query", "&".join(f"{name}=REDACTED" for name in names))

    resource = Resource.create({"service.name": "guildhall", "service.version": version("guildhall")})
    traces = TracerProvider(resource=resource, shutdown_on_exit=False)
    traces.add_span_processor(WithoutValues())
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")))
    return traces


def configuration(traces: TracerProvider | None) -> TelemetryConfig:
    """What FastAPI is told: to trace by this provider, or to do nothing at all."""
    told: TelemetryConfig = {
        "tracing": traces is not None,
        "operation_spans": traces is not None,
        "metrics": False,
        "logs": False,
        "auto_configure": False,
        "exclude": _is_untraced,
    }
    if traces is not None:
        told["tracer_provider"] = traces
    return told


@asynccontextmanager
async def sending(traces: TracerProvider | None) -> AsyncIterator[None]:
    """Send what is left when the block ends."""
    try:
        yield
    finally:
        if traces is not None:
            await asyncio.to_thread(traces.shutdown)


def _is_untraced(scope: MutableMapping[str, Any]) -> bool:
    return scope.get("path") in _UNTRACED
