"""What the workers of the fault suite do: each job leaves its effect, one row under the token of the attempt."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

from guildhall.app.workers import Context, job
from guildhall.db.queries import parse_queries

queries = parse_queries(
    "till",
    """
-- name: pay
INSERT INTO public.effects (job_id, token, worker) VALUES (:job_id, :token, :worker);
""",
)

_MOMENT = timedelta(milliseconds=20)
_NEVER_DEAD = 1_000_000
"""Retries, so that what was lost on the way shows as lost, and not as a dead letter."""


@job("pay", max_retries=_NEVER_DEAD, retry_base=_MOMENT, retry_most=_MOMENT)
async def pay(payload: dict[str, Any], context: Context) -> None:
    """Its effect is in the transaction that completes it, with a pause between the two statements."""
    await asyncio.sleep(0.05)
    async with context.finish() as tx:
        await tx.execute(queries.pay, job_id=context.job.id, token=context.job.token, worker=context.worker)
        await asyncio.sleep(0.01)


@job("count", max_retries=_NEVER_DEAD, retry_base=_MOMENT, retry_most=_MOMENT)
def count(payload: dict[str, Any], context: Context) -> str:
    """Blocks in a thread; the worker completes it, with others, and its effect is its result: the token."""
    time.sleep(0.05)
    return str(context.job.token)
