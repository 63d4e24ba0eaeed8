"""Jobs of our own, which every worker can do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from guildhall.app import sealing
from guildhall.app.work.handlers import Context, job
from guildhall.db import Tx
from guildhall.domains.platform import audit


class Verify(BaseModel):
    """Which ledgers to verify; all of them, unless some are named."""

    model_config = ConfigDict(extra="forbid")

    ledgers: list[str] = []


@job("audit.verify", timeout=timedelta(hours=1), max_retries=1)
async def verify(wanted: Verify, context: Context) -> list[dict[str, Any]]:
    """Verify what the seals say of the team's own rows; the job's result is a verdict for each ledger."""
    keys = await sealing.verifying_keys(context.app, None)
    async with context.transaction() as tx:
        names = wanted.ledgers or [each.name for each in await _ledgers(tx)]
    found = []
    for name in names:
        async with context.transaction() as tx:
            verdict = await audit.verify_own(tx, name, keys)
        found.append(
            {
                "ledger": name,
                "holds": verdict.holds,
                "rows": verdict.rows,
                "seals": verdict.seals,
                "waiting": verdict.waiting,
                "findings": [each.message for each in verdict.findings],
            }
        )
    return found


async def _ledgers(tx: Tx) -> list[audit.LedgerEntry]:
    page = await audit.page_ledgers(tx, {}, audit.LEDGERS.order(), at_most=1000)
    return list(page.items)
