"""What is PostgreSQL's own about the cache that it keeps."""

from __future__ import annotations

import asyncpg
import pytest

from guildhall import cache
from guildhall.cache import PostgresCache, Rate
from guildhall.db.errors import DatabaseUnavailable, StatementRefused
from guildhall.db.queries import parse_queries
from guildhall.domains.platform import identity

queries = parse_queries(
    "here",
    """
-- name: look
SELECT key FROM platform.cache_entries;
-- name: grow
UPDATE platform.rate_limits SET tat_ns = 0;
""",
)


async def test_upkeep_removes_what_has_expired_and_nothing_else(databases, cache_database, key):
    kept = PostgresCache(databases[0])
    for name, ttl_s in ((f"{key}:old", 1), (f"{key}:new", 3600)):
        await kept.put(name, b"", ttl_s)
        await kept.count(name, ttl_s=ttl_s)
        await kept.take(name, Rate(1, ttl_s))
    superuser = await asyncpg.connect(cache_database)
    try:
        for change in (
            "cache_entries SET expires_at = expires_at - interval '2 s'",
            "cache_counters SET expires_at = expires_at - interval '2 s'",
            "rate_limits SET tat_ns = tat_ns - 2000000000",
        ):
            await superuser.execute(f"UPDATE platform.{change}")
        async with databases[0].duty("scheduler") as tx:
            assert await cache.tidy(tx) >= 3
        for table in ("cache_entries", "cache_counters", "rate_limits"):
            left = await superuser.fetch(f"SELECT key FROM platform.{table} WHERE key LIKE $1", f"{key}%")
            assert [row["key"] for row in left] == [f"{key}:new"], table
    finally:
        await superuser.close()


@pytest.mark.parametrize("statement", [queries.look, queries.grow])
async def test_no_transaction_of_a_person_reaches_what_is_kept(databases, statement):
    with pytest.raises(StatementRefused):
        async with databases[0].transaction(identity.LOCAL) as tx:
            await tx.fetch(statement)


async def test_nothing_of_it_is_written_to_the_log(cache_database):
    superuser = await asyncpg.connect(cache_database)
    try:
        rows = await superuser.fetch(
            "SELECT relname FROM pg_class WHERE relpersistence = 'u' AND relkind = 'r' ORDER BY relname"
        )
        assert [row["relname"] for row in rows] == ["cache_counters", "cache_entries", "rate_limits"]
    finally:
        await superuser.close()


async def test_a_database_that_is_away_is_said_to_be(databases, key):
    await databases[1].close()
    for call in (
        PostgresCache(databases[1]).get(key),
        PostgresCache(databases[1]).take(key, Rate(1, 1)),
    ):
        with pytest.raises(DatabaseUnavailable):
            await call
