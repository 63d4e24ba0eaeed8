"""
Which requests become traces of the server itself, and what is told of them.

FastAPI makes the spans: one for a request, named by its route, and below it
one for its dependencies and for the route's own work. As in the log, a path is
told as its template and a query not at all. Monitors' probes and the traces
that others send here are not traced.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from fastapi.telemetry import TelemetryConfig
from opentelemetry.trace import get_current_span
from starlette.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_UNTRACED = frozenset({"/health", "/ready", "/metrics", "/v1/traces"})


class Marked:
    """Tells the span of a request the id that the client and the log know it by."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            get_current_span().set_attribute("guildhall.request_id", scope["guildhall.request_id"])
        await self._app(scope, receive, send)


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


def _is_untraced(scope: MutableMapping[str, Any]) -> bool:
    return scope.get("path") in _UNTRACED
