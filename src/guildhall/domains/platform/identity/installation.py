"""
Which installation this is: the person and team that it begins with, and the name of its database.

Apart from the rest of the room, because every command asks this and most ask no more.
"""

from __future__ import annotations

from uuid import UUID

from guildhall.db import Actor, Tx, load_queries

_queries = load_queries(__package__)

LOCAL = Actor(
    user_id=UUID("00000000-0000-7000-8000-000000000001"),
    tenant_id=UUID("00000000-0000-7000-8000-000000000002"),
)
"""The one person and team of a new installation, made by its first migration."""


async def database_id(tx: Tx) -> UUID:
    """Which database this is: it tells the spools of two databases apart."""
    found: UUID = await tx.value(_queries.database_id)
    return found
