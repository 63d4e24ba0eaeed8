"""
What a worker or a scheduler tells of itself over HTTP: `/healthz` and, for Prometheus, `/metrics`.

It answers from a thread of its own, so also while a handler keeps the loop
busy, and reads numbers that the loop writes.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import accumulate
from socket import AF_INET6
from typing import Any

import orjson
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from guildhall.errors import InvalidInput, Unavailable

_PATIENCE_S = 10.0
_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Health = Callable[[], tuple[bool, dict[str, Any]]]
Samples = Callable[[], Iterable[Metric]]


class Durations:
    """How often something took how long, in Prometheus' buckets; noted in one thread, read in any."""

    def __init__(self) -> None:
        self._counts = [0] * (len(_BOUNDS_S) + 1)
        self._sum_s = 0.0

    def note(self, seconds: float) -> None:
        """It took so long."""
        self._counts[bisect_left(_BOUNDS_S, seconds)] += 1
        self._sum_s += seconds

    def family(self, name: str, meaning: str) -> Metric:
        """The histogram."""
        upto = list(accumulate(self._counts))
        bounds = [*map(str, _BOUNDS_S), "+Inf"]
        return HistogramMetricFamily(
            name, meaning, buckets=list(zip(bounds, map(float, upto), strict=True)), sum_value=self._sum_s
        )


def gauge(name: str, meaning: str, value: float) -> Metric:
    """A number as it is now."""
    return GaugeMetricFamily(name, meaning, value=value)


def gauges(name: str, meaning: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    """Numbers as they are now, one for each value of a label."""
    family = GaugeMetricFamily(name, meaning, labels=(label,))
    for each, value in values:
        family.add_metric((each,), value)
    return family


def counter(name: str, meaning: str, values: Iterable[tuple[dict[str, str], float]]) -> Metric:
    """Numbers that only grow, one for each set of labels."""
    values = list(values)
    family = CounterMetricFamily(name, meaning, labels=tuple(values[0][0]) if values else ())
    for labels, value in values:
        family.add_metric(tuple(labels.values()), value)
    return family


def read_address(text: str) -> tuple[str, int]:
    """
    HOST:PORT, such as 127.0.0.1:9101, [::1]:9101 or :9101 for every address; port 0 is any that is free.

    Raises:
        InvalidInput: It is none.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise InvalidInput(
            f"--listen is {text[:100]!r}, expected HOST:PORT",
            remedy="Write 127.0.0.1:9101, [::1]:9101, or :9101 for every address.",
            field="listen",
            value=text[:100],
        )
    return host.removeprefix("[").removesuffix("]"), int(port)


@contextmanager
def telling(address: tuple[str, int], health: Health, samples: Samples) -> Iterator[str]:
    """
    Answer at an address for as long as the block lasts; gives the URL.

    `health` says whether all is well, and what else there is to say; `samples` are what Prometheus is told.

    Raises:
        Unavailable: Nobody can listen there.
    """

    class Answers(BaseHTTPRequestHandler):
        timeout = _PATIENCE_S

        def do_GET(self) -> None:
            match self.path.partition("?")[0]:
                case "/healthz":
                    is_well, said = health()
                    status = HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE
                    body = orjson.dumps({"status": "ok" if is_well else "failing", **said})
                    self._answer(status, "application/json", body)
                case "/metrics":
                    encode, media_type = choose_encoder(self.headers.get("Accept", ""))
                    self._answer(HTTPStatus.OK, media_type, encode(_Scrape(samples)))
                case _:
                    body = orjson.dumps({"error": {"code": "not_found", "message": "there are /healthz and /metrics"}})
                    self._answer(HTTPStatus.NOT_FOUND, "application/json", body)

        def _answer(self, status: HTTPStatus, media_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Who scrapes is no news."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that left before its answer is no error of ours."""

    if ":" in address[0]:
        Server.address_family = AF_INET6
    try:
        server = Server(address, Answers)
    except OSError as error:
        raise Unavailable(
            f"nobody can listen at {address[0]}:{address[1]}: {error.strerror or error}",
            remedy="Name another address by --listen; port 0 is any that is free.",
        ) from error
    thread = threading.Thread(target=server.serve_forever, name="guildhall-vitals", daemon=True)
    thread.start()
    try:
        host, port = server.server_address[:2]
        named = f"[{host!s}]" if ":" in str(host) else str(host)
        yield f"http://{named}:{port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(_PATIENCE_S)


class _Scrape(Collector):
    """What is told once."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        yield from self._samples()
