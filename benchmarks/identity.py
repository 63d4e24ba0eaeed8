"""
What it costs to say who asks, beside not saying it; and how fast keys, sessions and passwords are checked.

A transaction of the application's (role, person and team in the message that
begins it, one SELECT, COMMIT) alternates with a bare one (BEGIN, the same
SELECT, COMMIT) on the same connections of the same pool. The target is a
difference of less than 0.3 ms at the median. Keys and sessions are checked one
after the other and sixteen at a time, against 10,000 keys; the limit beside
them is one look-up by primary key in the same kind of transaction.

    python benchmarks/identity.py --rounds 3000

Prints one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg

from guildhall.app.wiring import App
from guildhall.db import NOBODY
from guildhall.db.queries import parse_queries
from guildhall.domains.platform import identity
from guildhall.settings import Settings

KEYS = 10_000
PASSWORD = "correct horse battery staple"
queries = parse_queries(
    "here",
    """
-- name: one
SELECT 1;
-- name: look_up
SELECT id FROM platform.api_keys WHERE id = :key_id;
""",
)


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1000


async def _rate(work: Callable[[], Awaitable[object]], times: int, at_once: int) -> float:
    """How often in a second, so many at once."""

    async def some() -> None:
        for _ in range(times // at_once):
            await work()

    took = await _timed(lambda: asyncio.gather(*(some() for _ in range(at_once))))
    return times / took * 1000


async def measure(rounds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="guildhall-bench-") as directory:
        Path(directory).chmod(0o755)
        async with App.open(Settings(data_dir=Path(directory), pool_size=16)) as app:
            pool: asyncpg.Pool = app.database._pool  # the bare transactions run on the same connections

            async def bare() -> None:
                async with pool.acquire() as connection:
                    await connection.execute("BEGIN")
                    await connection.fetchval("SELECT 1")
                    await connection.execute("COMMIT")

            async def ours() -> None:
                async with app.transaction() as tx:
                    await tx.value(queries.one)

            figures: dict[str, list[float]] = {"bare": [], "ours": []}
            for number in range(rounds + 200):
                for name, work in (("bare", bare), ("ours", ours)):
                    took = await _timed(work)
                    if number >= 200:  # the first ones open connections and prepare
                        figures[name].append(took)

            async with app.transaction() as tx:
                await identity.create_user(tx, "ada", "ada@example.org", PASSWORD)
                keys = [await identity.create_key(tx) for _ in range(KEYS)]
            signed_in = await identity.sign_in(app.database, "ada", PASSWORD)
            key = keys[KEYS // 2]

            async def verify() -> None:
                async with app.transaction(NOBODY) as tx:
                    await identity.authenticate_key(tx, key.text)

            async def authenticate() -> None:
                async with app.transaction(NOBODY) as tx:
                    await identity.authenticate_session(tx, signed_in.token)

            async def look_up() -> None:
                async with app.transaction() as tx:
                    await tx.value(queries.look_up, key_id=key.id)

            result = {f"{name}_transaction_ms": statistics.median(each) for name, each in figures.items()}
            result["identity_ms"] = result["ours_transaction_ms"] - result["bare_transaction_ms"]
            for at_once in (1, 16):
                for name, work in (
                    ("look_up", look_up),
                    ("verify_key", verify),
                    ("authenticate_session", authenticate),
                ):
                    await _rate(work, 64, at_once)
                    result[f"{name}_per_s_{at_once}"] = await _rate(work, rounds, at_once)
            result["sign_in_ms"] = statistics.median(
                [await _timed(lambda: identity.sign_in(app.database, "ada", PASSWORD)) for _ in range(9)]
            )
            return result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3000)
    arguments = parser.parse_args()
    figures = asyncio.run(measure(arguments.rounds))
    print(json.dumps({name: round(value, 3 if value < 100 else 0) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
