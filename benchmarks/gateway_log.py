"""
A page of the gateway's log among 10,000,000 calls: by team, and filtered by key, model, provider, status and time.

Calls of ninety days are written straight into the partitions of a fresh
embedded server, with constant digests: what is timed reads none. Timed is what
`requests list`, the HTTP API and the dashboard call, as the application's role
in a team that has four fifths of the calls: the first page, and pages that
begin anywhere. The peer is paging by OFFSET, over the same rows and indexes.

    python benchmarks/gateway_log.py --calls 10000000 --explain
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from guildhall.db import Database, Tx, embedded, migrate
from guildhall.domains.gateway import requests
from guildhall.domains.platform import identity

DAYS = 90
PAGE = 50
OTHER_TEAM = UUID(int=7)
KEYS = [UUID(int=0x7000 + number) for number in range(50)]
RARE_KEY = KEYS[-1]

FILL = """
INSERT INTO store.{part} (
    id, tenant_id, user_id, request_type, model, prompt, messages, model_params, status, tokens_prompt, tokens_completion,
    tokens_total, cost_usd, error_code, error_message, created_at, started_at, completed_at, process_id, api_key_id, provider_name,
    is_streamed, epoch, transaction_id, digest
)
SELECT (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid,
       CASE WHEN n % 5 = 0 THEN '{other}'::uuid ELSE '{team}'::uuid END, '{user}', 'chat',
       CASE WHEN n % 1000003 = 1 THEN 'rare-model' ELSE 'model-' || n % 20 END, 'What is the capital of ' || left(hash, 8) || '?',
       '[{{"role":"user","content":"hi"}}]', '{{}}', CASE WHEN is_failed THEN 'failed' ELSE 'completed' END, 12, 5, 17, 0.022,
       CASE WHEN is_failed THEN CASE WHEN n % 500009 = 2 THEN 'rare_error' ELSE 'upstream_failed' END END, NULL, at, at,
       at + interval '1 second', '{user}', ('00000000-0000-0000-0000-00000000' || CASE WHEN n % 1000003 = 3 THEN '7031'
       ELSE to_hex(28672 + n % 49) END)::uuid, CASE WHEN n % 1000003 = 4 THEN 'rare-provider' ELSE 'provider-' || n % 4 END,
       n % 2 = 0, 1, 1, sha256('')
  FROM (SELECT n, '{starts}'::timestamptz + (n - {first}) * (interval '1 day' / {rows}) AS at, md5(n::text) AS hash,
               n % 200 = 2 OR n % 500009 = 2 AS is_failed
          FROM generate_series({first}, {first} + {rows} - 1) AS n) AS calls
"""


async def fill(url: str, calls: int) -> datetime:
    """Write the calls; when the first was made."""
    connection = await asyncpg.connect(url, server_settings={"timezone": "UTC"})
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = today - timedelta(days=DAYS - 1)
    rows = calls // DAYS
    try:
        await connection.execute("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'")
        for number in range(DAYS):
            day = starts + timedelta(days=number)
            part = f"llm_requests_{day:%Y_%m_%d}"
            # Filled before it belongs to the series: its indexes are then built at once, and no trigger is asked.
            await connection.execute(f"DROP TABLE IF EXISTS store.{part}")
            await connection.execute(
                f"CREATE TABLE store.{part} (LIKE store.llm_requests INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)"
            )
            await connection.execute(f"ALTER TABLE store.{part} OWNER TO guildhall_owner")
            actor = identity.LOCAL
            names = {"other": OTHER_TEAM, "team": actor.tenant_id, "user": actor.user_id}
            await connection.execute(
                FILL.format(part=part, starts=day.isoformat(), first=number * rows, rows=rows, **names)
            )
            await connection.execute(
                f"ALTER TABLE store.llm_requests ATTACH PARTITION store.{part}"
                f" FOR VALUES FROM ('{day.isoformat()}') TO ('{(day + timedelta(days=1)).isoformat()}')"
            )
            await connection.execute(f"VACUUM (FREEZE, ANALYZE) store.{part}")
        await connection.execute("ANALYZE store.llm_requests")
    finally:
        await connection.close()
    return starts


class Watched:
    """A transaction whose statements of pages are remembered, so that they can be explained."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.now = tx.now
        self.last: tuple[str, Sequence[object]] = ("", ())

    async def fetch_prepared(self, statement: str, arguments: Sequence[object]) -> Any:
        self.last = (statement, list(arguments))
        return await self._tx.fetch_prepared(statement, arguments)


async def keyset(
    database: Database, filters: Mapping[str, object], places: Sequence[datetime | None], explain: bool
) -> tuple[list[float], int, list[str]]:
    """Milliseconds of each page, how many rows the last had, and how the last was found."""
    took, found, plan = [], 0, []
    for place in places:
        after = None if place is None else (place, uuid4())
        began = time.perf_counter()
        async with database.transaction(identity.LOCAL) as tx:
            watched = Watched(tx)
            page = await requests.page_calls(
                watched,  # type: ignore[arg-type]
                filters,
                requests.CALLS.order(),
                after=after,
                at_most=PAGE,
            )
        took.append((time.perf_counter() - began) * 1000)
        found = len(page.items)
        if explain and place is places[-1]:
            async with database.transaction(identity.LOCAL) as tx:
                statement, arguments = watched.last
                rows = await tx.fetch_prepared(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {statement}", arguments)
                plan = [next(iter(row.values())) for row in rows]
    return took, found, plan


OFFSET = """
SELECT id, created_at, user_id, api_key_id, request_type, model, provider_name, prompt, is_streamed, status, tokens_prompt,
       tokens_completion, tokens_cached, tokens_reasoning, cost_usd, error_code, error_message, completed_at
  FROM gateway.llm_requests
 ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2
"""


async def offset(database: Database, skips: Sequence[int]) -> list[float]:
    """Milliseconds of each page that begins so many calls from the newest."""
    took = []
    for skip in skips:
        began = time.perf_counter()
        async with database.transaction(identity.LOCAL) as tx:
            await tx.fetch_prepared(OFFSET, [PAGE, skip])
        took.append((time.perf_counter() - began) * 1000)
    return took


def told(name: str, took: Sequence[float], found: int | None = None) -> dict[str, object]:
    ordered = sorted(took)
    figures = {
        "page": name,
        "p50_ms": round(statistics.median(ordered), 2),
        "p95_ms": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 2),
        "pages": len(ordered),
        "rows": found,
    }
    rows = "" if found is None else f"  {found} rows"
    print(f"{name:<44} p50 {figures['p50_ms']:>9} ms   p95 {figures['p95_ms']:>9} ms{rows}", flush=True)
    return figures


async def measure(url: str, calls: int, repeats: int, explain: bool) -> list[dict[str, object]]:
    began = time.perf_counter()
    starts = await fill(url, calls)
    print(f"{calls // DAYS * DAYS:,} calls in {DAYS} days, written in {time.perf_counter() - began:.0f} s", flush=True)
    ends = datetime.now(UTC)
    login = url.replace("postgres@", "guildhall_login@", 1)
    database = await Database.connect(login, size=2)
    chance = random.Random(1)
    anywhere = [starts + (ends - starts) * chance.random() for _ in range(repeats)]
    results = []
    month: dict[str, object] = {
        "created_from": starts + timedelta(days=30),
        "created_before": starts + timedelta(days=60),
    }
    cases: list[tuple[str, dict[str, object]]] = [
        ("team", {}),
        ("key, one of fifty", {"api_key_id": KEYS[3]}),
        ("key, of one call in a million", {"api_key_id": RARE_KEY}),
        ("model, one of twenty", {"model": "model-7"}),
        ("model, of one call in a million", {"model": "rare-model"}),
        ("model that there is not", {"model": "none"}),
        ("provider, one of four", {"provider": "provider-1"}),
        ("provider, of one call in a million", {"provider": "rare-provider"}),
        ("failed", {"status": "failed"}),
        ("under way", {"status": "running"}),
        ("error code, of one call in a million", {"error_code": "rare_error"}),
        ("a month in the middle", month),
        ("a month, a key and a model", {**month, "api_key_id": KEYS[7], "model": "model-3"}),
        ("failed calls of a key", {"status": "failed", "api_key_id": KEYS[3]}),
        ("failed calls of a rare model", {"status": "failed", "model": "rare-model"}),
    ]
    try:
        for name, filters in cases:
            for where, places in (("first page", [None] * repeats), ("anywhere", anywhere)):
                await keyset(database, filters, places[:3], explain=False)
                took, found, plan = await keyset(database, filters, places, explain)
                results.append(told(f"{name}, {where}", took, found))
                for line in plan:
                    if "never executed" not in line:
                        print("    " + line)
        for skip in (0, 10_000, calls // 2):
            results.append(told(f"OFFSET {skip:,}", await offset(database, [skip] * max(3, repeats // 5))))
    finally:
        await database.close()
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--explain", action="store_true", help="show how the last page of each kind is found")
    parser.add_argument("--directory", type=Path, help="where the server lives meanwhile; 10 GB")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.directory, ignore_cleanup_errors=True) as place:
        Path(place).chmod(0o755)
        settings = {"fsync": "off", "max_wal_size": "4GB", "wal_level": "minimal", "max_wal_senders": "0"}
        with embedded.start(Path(place), settings=settings) as server:
            asyncio.run(migrate.migrate(server.url()))
            results = asyncio.run(measure(server.url(), given.calls, given.repeats, given.explain))
        embedded.stop(Path(place))
    slow = [each["page"] for each in results if "OFFSET" not in str(each["page"]) and float(str(each["p95_ms"])) > 100]
    print(f"pages over 100 ms: {slow or 'none'}")
    if given.json:
        given.json.write_text(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
