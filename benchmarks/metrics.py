"""
What it costs to count requests, to be scraped, and to be examined.

Counting a request is measured beside what prometheus_client takes for the bare
increments in its own memory; a scrape of 60 routes, with the files of one
worker, of four and of forty, beside the exposition of the same numbers out of
memory; a checkup beside a bare transaction on the same database.

    python benchmarks/metrics.py --rounds 30

Prints one JSON line. Times of counting and scraping are CPU time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

_COUNTS = tempfile.mkdtemp(prefix="guildhall-bench-counts-")
os.environ["PROMETHEUS_MULTIPROC_DIR"] = _COUNTS  # read when prometheus_client loads

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values  # noqa: E402

from guildhall.api import Exchange  # noqa: E402
from guildhall.api.frame.metrics import Metrics  # noqa: E402
from guildhall.app import checkup  # noqa: E402
from guildhall.app.wiring import App  # noqa: E402
from guildhall.db.queries import Query  # noqa: E402
from guildhall.settings import Settings  # noqa: E402

ROUTES = 60
TIMES = 50
_ONE = Query("one", "SELECT 1", ())


def _exchange(number: int) -> Exchange:
    route = f"/v1/evaluation/things-{number}/{{thing}}"
    return Exchange("GET", route, route, 200, 0.003, "id", None, None, None, None, 0, 812)


def _cpu_s(work: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return statistics.median(taken)


class _Bare:
    """The same numbers in this process's memory, without looking for labels."""

    def __init__(self) -> None:
        shared, values.ValueClass = values.ValueClass, values.MutexValue
        self.registry = CollectorRegistry()
        requests = Counter("requests_total", "Requests.", ("method", "route", "status"), registry=self.registry)
        seconds = Histogram("seconds", "Seconds.", ("method", "route"), registry=self.registry)
        each = [_exchange(number).route for number in range(ROUTES)]
        self.children = [(requests.labels("GET", route, "200"), seconds.labels("GET", route)) for route in each]
        values.ValueClass = shared

    def observe(self) -> None:
        for requests, seconds in self.children * TIMES:
            requests.inc()
            seconds.observe(0.003)


def counting(rounds: int) -> dict[str, float]:
    metrics, bare = Metrics(), _Bare()
    exchanges = [_exchange(number) for number in range(ROUTES)]

    def observe() -> None:
        for each in exchanges * TIMES:
            metrics.observe(each)

    result = {
        "count_us": _cpu_s(observe, rounds) / TIMES / ROUTES * 1e6,
        "count_bare_us": _cpu_s(bare.observe, rounds) / TIMES / ROUTES * 1e6,
        "scrape_bare_ms": _cpu_s(lambda: generate_latest(bare.registry), rounds) * 1000,
    }
    result["count_ratio"] = result["count_us"] / result["count_bare_us"]
    for workers in (1, 4, 40):
        for file in Path(_COUNTS).glob(f"*_{os.getpid()}.db"):
            for number in range(1, workers):
                shutil.copy(file, file.with_name(file.name.replace(str(os.getpid()), f"{os.getpid()}0{number:03d}")))
        result[f"scrape_{workers}_ms"] = _cpu_s(lambda: metrics.exposition(None, ""), rounds) * 1000
    result["scrape_ratio"] = result["scrape_1_ms"] / result["scrape_bare_ms"]
    return result


async def examining(rounds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="guildhall-bench-") as directory:
        Path(directory).chmod(0o755)
        async with App.open(Settings(data_dir=Path(directory))) as app:

            async def bare() -> None:
                async with app.database.duty("scheduler") as tx:
                    await tx.value(_ONE)

            async def timed(work: Callable[[], Awaitable[object]]) -> float:
                began = time.perf_counter()
                await work()
                return (time.perf_counter() - began) * 1000

            figures: dict[str, list[float]] = {"checkup_ms": [], "transaction_ms": []}
            for number in range(rounds + 5):
                for name, work in (("checkup_ms", lambda: checkup.examine(app)), ("transaction_ms", bare)):
                    took = await timed(work)
                    if number >= 5:  # the first ones prepare
                        figures[name].append(took)
            result = {name: statistics.median(each) for name, each in figures.items()}
            return {**result, "checkup_ratio": result["checkup_ms"] / result["transaction_ms"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    try:
        result = {**counting(rounds), **asyncio.run(examining(rounds))}
    finally:
        shutil.rmtree(_COUNTS)
    print(json.dumps({name: round(value, 3) for name, value in result.items()}))


if __name__ == "__main__":
    main()
