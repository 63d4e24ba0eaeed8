"""Statements of replays."""

from __future__ import annotations

from datetime import datetime

from guildhall.db import Row, Tx, load_queries
from guildhall.domains.platform.replays.types import Answer

_queries = load_queries("guildhall.domains.platform.replays")


async def claim(tx: Tx, key: str, fingerprint: bytes, expires_at: datetime) -> bool:
    return await tx.execute(_queries.claim, key=key, fingerprint=fingerprint, expires_at=expires_at) == 1


async def kept(tx: Tx, key: str) -> Row | None:
    return await tx.find(_queries.kept, key=key)


async def keep(tx: Tx, key: str, answer: Answer) -> None:
    await tx.execute(_queries.keep, key=key, status=answer.status, headers=dict(answer.headers), body=answer.body)


async def tidy(tx: Tx) -> int:
    removed: int = await tx.value(_queries.tidy)
    return removed
