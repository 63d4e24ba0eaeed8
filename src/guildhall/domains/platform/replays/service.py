"""What can be done with replays."""

from __future__ import annotations

from datetime import timedelta

from guildhall.db import Tx
from guildhall.domains.platform.replays import store
from guildhall.domains.platform.replays.errors import AnswerNotKept, KeyReused
from guildhall.domains.platform.replays.types import Answer

LIFETIME = timedelta(hours=24)


async def claim(tx: Tx, key: str, fingerprint: bytes) -> Answer | None:
    """
    Take an idempotency key for the request that this transaction carries out; or what was answered under it before.

    The key belongs to the actor in their team. Whoever uses it at the same
    time waits for this transaction, and finds its answer once that has
    committed (`keep`). Where it does not commit, nothing was done and nothing is kept.

    Raises:
        KeyReused: The key was used for a request with another fingerprint.
        AnswerNotKept: The request was done, and its answer held a secret.
    """
    if await store.claim(tx, key, fingerprint, tx.now + LIFETIME):
        return None
    row = await store.kept(tx, key)
    if row is None or row["fingerprint"] != fingerprint or row["status"] is None:
        raise KeyReused(key)
    if row["body"] is None:
        raise AnswerNotKept(key)
    return Answer(row["status"], row["body"], row["headers"] or {})


async def keep(tx: Tx, key: str, answer: Answer) -> None:
    """Keep the answer to the request whose key this transaction has claimed."""
    await store.keep(tx, key, answer)


async def tidy(tx: Tx) -> int:
    """Forget keys that have expired; how many. It is upkeep: a scheduler's transaction may (`Database.duty`)."""
    return await store.tidy(tx)
