"""
Ending what nobody carries out any more: analyses and debates whose job was lost for good, or whose process was killed.

Whoever waits for one would wait for ever. What a dead letter brings back later
finds it ended, and leaves it so.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from uuid import UUID

from guildhall.app.analysis_costs import with_cost
from guildhall.app.wiring import App
from guildhall.db import NOBODY, Actor, Tx
from guildhall.domains.evaluation import recommendations
from guildhall.domains.evaluation.recommendations import Analysis
from guildhall.domains.gateway import debates
from guildhall.errors import GuildhallError, Unavailable

_WHY = "whoever carried it out was lost, or its job was ended"
_log = logging.getLogger(__name__)


async def end_lost_work(app: App) -> int:
    """
    End the analyses and debates of all teams that are lost, as part of upkeep; how many.

    Raises:
        Unavailable: The database is gone.
    """
    async with app.database.duty("scheduler") as tx:
        analyses = await recommendations.lost_analyses(tx)
        held = await debates.lost_debates(tx)
    ended = 0
    for lost, end in ((analyses, _fail_analysis), (held, _call_off_debate)):
        for team, which in lost:
            ended += await _ended(app, team, which, end)
    return ended


async def _ended(app: App, team: UUID, which: UUID, end: Callable[[Tx, UUID], Awaitable[None]]) -> bool:
    try:
        async with app.transaction(Actor(NOBODY.user_id, team)) as tx:
            await end(tx, which)
    except Unavailable:
        raise
    except GuildhallError as error:
        _log.warning("what team %s has lost, %s, was not ended: %s", team, which, error)
        return False
    return True


async def _fail_analysis(tx: Tx, session_id: UUID) -> None:
    session = await recommendations.get_session(tx, session_id)
    await recommendations.fail_session(tx, session, _WHY, await with_cost(tx, session_id, Analysis((), None)))


async def _call_off_debate(tx: Tx, debate_id: UUID) -> None:
    debate = await debates.get_debate(tx, debate_id)
    await debates.call_off(tx, debate_id, _WHY, debate.positions)
