"""
What an analysis has cost by the gateway's ledger, also when whoever carried it out was killed.

Each call is noted with its analysis before it is made, or is made with a key
that is the analysis's own. So whoever ends it, another worker or upkeep, finds
what those before it have spent.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from guildhall.app.wiring import App
from guildhall.db import Tx
from guildhall.domains.evaluation import recommendations
from guildhall.domains.evaluation.recommendations import Analysis
from guildhall.domains.gateway import requests


async def note_call(app: App, session_id: UUID, call_id: UUID) -> None:
    """
    Note a call that is about to be made for an analysis.

    Raises:
        Unavailable: The database is away.
    """
    async with app.transaction() as tx:
        await recommendations.note_call(tx, session_id, call_id)


async def with_cost(tx: Tx, session_id: UUID, analysis: Analysis, *, answered: Collection[UUID] = ()) -> Analysis:
    """
    An analysis with what its calls came to by the ledger.

    It stays as it is where the ledger has none of them, not all of those that were `answered` (they wait on the disk),
    or one whose price is not known; and where all it has were cut off, as nobody knows what those cost.
    """
    made = await recommendations.calls_made(tx, session_id)
    spent = await requests.spent_by(tx, made.call_ids, made.key_ids, since=made.since)
    is_known = bool(spent.call_ids) and not spent.unpriced and set(answered) <= set(spent.call_ids)
    if not is_known or (spent.cut_off and not spent.known_usd):
        return analysis
    return replace(analysis, cost_usd=spent.known_usd)
