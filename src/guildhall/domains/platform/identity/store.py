"""One function for each statement on people and teams."""

from __future__ import annotations

from uuid import UUID

from guildhall.db import Tx, load_queries

_queries = load_queries(__package__)


async def database_id(tx: Tx) -> UUID:
    found: UUID = await tx.value(_queries.database_id)
    return found
