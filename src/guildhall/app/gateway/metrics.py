"""What the gateway counts, in Prometheus' text format."""

from __future__ import annotations

import os
from decimal import Decimal
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from guildhall.domains.gateway.requests import Usage

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)


class Metrics:
    """
    Counts of one process, or of several behind one port, which share theirs. Labels are a team's own names of accounts, types of requests, and codes of ours: never a model's, which callers make up.
    """

    def __init__(self) -> None:
        shared = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        self._registry = CollectorRegistry()
        ours = None if shared else self._registry
        self._requests = Counter(
            "guildhall_gateway_requests_total",
            "Calls that ended; code is empty for those that were answered.",
            ("type", "provider", "code"),
            registry=ours,
        )
        self._attempts = Counter(
            "guildhall_gateway_attempts_total",
            "Requests that were sent to providers; code is empty for those that were answered.",
            ("provider", "code"),
            registry=ours,
        )
        self._seconds = Histogram(
            "guildhall_gateway_request_duration_seconds",
            "From a call to the end of its answer.",
            ("type", "provider"),
            buckets=_SECONDS,
            registry=ours,
        )
        self._first = Histogram(
            "guildhall_gateway_time_to_first_byte_seconds",
            "From sending a request to the first byte of the provider's answer.",
            ("provider",),
            buckets=_SECONDS,
            registry=ours,
        )
        self._first_token = Histogram(
            "guildhall_gateway_time_to_first_token_seconds",
            "From sending a request to the first text of the provider's stream.",
            ("provider",),
            buckets=_SECONDS,
            registry=ours,
        )
        self._tokens = Counter(
            "guildhall_gateway_tokens_total",
            "Tokens that providers counted.",
            ("provider", "kind"),
            registry=ours,
        )
        self._cost = Counter(
            "guildhall_gateway_cost_usd_total",
            "What calls cost whose price is known.",
            ("provider",),
            registry=ours,
        )
        self._waiting = Gauge(
            "guildhall_gateway_ledger_waiting",
            "Rows of the ledger that are not durable yet.",
            multiprocess_mode="livesum",
            registry=ours,
        )
        self._on_disk = Gauge(
            "guildhall_gateway_ledger_on_disk",
            "1 while calls are written to the disk, as the database is away; else 0.",
            multiprocess_mode="livemax",
            registry=ours,
        )
        if shared:
            MultiProcessCollector(self._registry, shared)  # type: ignore[no-untyped-call]
        self._ended = cache(
            lambda kind, provider, code: (
                self._requests.labels(kind, provider, code),
                self._seconds.labels(kind, provider),
            )
        )
        self._tried = cache(
            lambda provider, code: (
                self._attempts.labels(provider, code),
                self._first.labels(provider),
                self._first_token.labels(provider),
            )
        )
        self._used = cache(
            lambda provider: (
                self._tokens.labels(provider, "prompt"),
                self._tokens.labels(provider, "completion"),
                self._cost.labels(provider),
            )
        )

    def attempted(
        self, provider: str, code: str | None, first_byte_ms: int | None, first_token_ms: int | None = None
    ) -> None:
        """A provider was asked."""
        attempts, first, token = self._tried(provider, code or "")
        attempts.inc()
        if first_byte_ms is not None:
            first.observe(first_byte_ms / 1000)
        if first_token_ms is not None:
            token.observe(first_token_ms / 1000)

    def ended(
        self, kind: str, provider: str, code: str | None, seconds: float, usage: Usage, cost_usd: Decimal | None
    ) -> None:
        """A call has ended."""
        count, duration = self._ended(kind, provider, code or "")
        count.inc()
        duration.observe(seconds)
        prompt, completion, cost = self._used(provider)
        if usage.prompt:
            prompt.inc(usage.prompt)
        if usage.completion:
            completion.inc(usage.completion)
        if cost_usd:
            cost.inc(float(cost_usd))

    def refused(self, kind: str, code: str) -> None:
        """A call was refused before it was made: it has no provider, and took no time that tells of one."""
        self._requests.labels(kind, "", code).inc()

    def waits(self, rows: int, *, is_away: bool) -> None:
        """So many rows are not durable yet, perhaps because the database is away."""
        self._waiting.set(rows)
        self._on_disk.set(is_away)

    def exposition(self, waiting: int, accept: str, *, is_away: bool = False) -> tuple[bytes, str]:
        """Everything in the form that a client accepts, and that form's media type."""
        self.waits(waiting, is_away=is_away)
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type
