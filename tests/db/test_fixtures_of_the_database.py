"""The database that other tests stand on."""

from __future__ import annotations

import asyncpg

from fixtures.database import run_sql


async def test_the_driver_accepts_the_url_of_a_fresh_database(fresh_database: str) -> None:
    connection = await asyncpg.connect(fresh_database)
    try:
        assert await connection.fetchval("SELECT current_database()") == fresh_database.split("/")[3].partition("?")[0]
    finally:
        await connection.close()


def test_a_fresh_database_is_empty_and_speaks_as_superuser(fresh_database: str) -> None:
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"

    assert run_sql(fresh_database, tables, "SELECT usesuper FROM pg_user WHERE usename = current_user") == "0\nt"
