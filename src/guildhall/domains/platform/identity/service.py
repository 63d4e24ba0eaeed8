"""Who acts, and in which database."""

from __future__ import annotations

from uuid import UUID

from guildhall.db import Actor, Tx
from guildhall.domains.platform.identity import store

LOCAL = Actor(
    user_id=UUID("00000000-0000-7000-8000-000000000001"),
    tenant_id=UUID("00000000-0000-7000-8000-000000000002"),
)
"""The one person and team of a new installation, made by its first migration."""


async def database_id(tx: Tx) -> UUID:
    """Which database this is: it tells the spools of two databases apart."""
    return await store.database_id(tx)
