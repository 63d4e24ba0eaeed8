"""
Counts of requests and how long they took, in Prometheus' text format, with what a checkup has measured.

Workers behind one port count into files that they share (prometheus_client's
multi-process mode, for which the supervisor sets PROMETHEUS_MULTIPROC_DIR), so
whichever of them is asked tells of all. What a worker has counted stays when it
ends: counters never go back while the server runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from guildhall import __version__

if TYPE_CHECKING:
    from guildhall.api.frame.house import Exchange
    from guildhall.app.checkup import Checkup

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """What this process has counted, and how to tell it with what all others have."""

    def __init__(self) -> None:
        shared = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        self._registry = CollectorRegistry()
        ours = None if shared else self._registry
        self._requests = Counter(
            "guildhall_http_requests_total",
            "Requests that were answered; status 499 is a client that left before.",
            ("method", "route", "status"),
            registry=ours,
        )
        self._seconds = Histogram(
            "guildhall_http_request_duration_seconds",
            "How long requests took, to the last byte of the answer.",
            ("method", "route"),
            buckets=_BUCKETS_S,
            registry=ours,
        )
        self._received = Counter("guildhall_http_received_bytes_total", "Bytes of requests' bodies.", registry=ours)
        self._sent = Counter("guildhall_http_sent_bytes_total", "Bytes of answers' bodies.", registry=ours)
        self._labelled = cache(self._label)  # to find them by their labels takes longer than to count
        if shared:
            MultiProcessCollector(self._registry, shared)  # type: ignore[no-untyped-call]

    def observe(self, exchange: Exchange) -> None:
        """
        Count a request that was answered.

        Labels are taken from short lists: a client who makes up methods or paths makes no new ones.
        """
        method = exchange.method if exchange.method in _METHODS else "other"
        requests, seconds = self._labelled(method, exchange.route, exchange.status)
        requests.inc()
        seconds.observe(exchange.seconds)
        if exchange.received_bytes:
            self._received.inc(exchange.received_bytes)
        self._sent.inc(exchange.sent_bytes)

    def _label(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        return self._requests.labels(method, route, str(status)), self._seconds.labels(method, route)

    def exposition(self, checkup: Checkup | None, accept: str) -> tuple[bytes, str]:
        """Everything in the form that a client accepts, and that form's media type; None: the database does not answer."""
        encode, media_type = choose_encoder(accept)
        return encode(_Scrape(self._registry, checkup)), media_type


class _Scrape(Collector):
    """What is told once."""

    def __init__(self, requests: CollectorRegistry, checkup: Checkup | None) -> None:
        self._requests = requests
        self._checkup = checkup

    def collect(self) -> Iterator[Metric]:
        yield from self._requests.collect()
        yield _gauge("guildhall_info", "The version that answers.", [({"version": __version__}, 1)])
        yield _gauge(
            "guildhall_database_up",
            "Whether the database answers; the other gauges are there only if it does.",
            [({}, 0 if self._checkup is None else 1)],
        )
        if self._checkup is not None:
            yield from _measured(self._checkup)


def _measured(checkup: Checkup) -> Iterator[Metric]:
    yield _gauge(
        "guildhall_checkup_timestamp_seconds", "When the findings were read.", [({}, checkup.read_at.timestamp())]
    )
    yield _gauge(
        "guildhall_finding_level",
        "0 ok, 1 warning, 2 critical: see docs/operations.md.",
        [({"finding": each.name}, each.level.rank) for each in checkup.findings],
    )
    for finding in checkup.findings:
        for name in dict.fromkeys(each.name for each in finding.measures):
            yield _gauge(
                f"guildhall_{name}",
                f"Of the finding {finding.name}.",
                [(dict(each.labels), each.value) for each in finding.measures if each.name == name],
            )


def _gauge(name: str, meaning: str, values: Iterable[tuple[dict[str, str], float]]) -> Metric:
    values = list(values)
    family = GaugeMetricFamily(name, meaning, labels=tuple(values[0][0]))
    for labels, value in values:
        family.add_metric(tuple(labels.values()), value)
    return family
