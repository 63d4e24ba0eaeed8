"""
Whether a connection pooler stands between us and the server.

A pooler that lends its connections out by transaction, as PgBouncer does in
`pool_mode = transaction`, gives each transaction another session: prepared
statements, session settings and session locks of one are not there in the
next, or worse, are somebody else's. What works behind it works everywhere;
what does not needs a direct connection and says so.
"""

from __future__ import annotations

from typing import Any

import asyncpg

from guildhall.errors import InvalidInput


class DirectConnectionNeeded(InvalidInput):
    """Something that lasts longer than a transaction was asked of a connection through a pooler."""

    code = "direct_connection_needed"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} through a connection pooler, expected a connection to PostgreSQL itself",
            remedy="Set GUILDHALL_DIRECT_URL to the same database past the pooler; "
            "GUILDHALL_DATABASE_URL can stay as it is.",
            field="GUILDHALL_DIRECT_URL",
        )


async def is_pooled(connection: asyncpg.Connection[Any]) -> bool:
    """
    Whether a connection leads through a pooler, in whatever mode.

    A server tells who connects which process serves them; a pooler, which has
    no process yet to name, makes a number up. The connection must have been
    opened without a cache of statements.
    """
    serving: int = await connection.fetchval("SELECT pg_backend_pid()")
    return serving != connection.get_server_pid()
