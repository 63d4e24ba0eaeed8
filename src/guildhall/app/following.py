"""
Following a simulation: how far it is, and each outcome once it is stored.

The database is asked again and again, by one who follows for everybody: every
half a second, more seldom while nothing happens and the longer it takes to answer.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from guildhall import clock
from guildhall.algorithms import backoff
from guildhall.app.documents.simulations import progress_document
from guildhall.db import Actor, Database
from guildhall.domains.evaluation import outcomes, simulations
from guildhall.domains.evaluation.outcomes import NewlyStored
from guildhall.domains.evaluation.simulations import Progress, SimulationNotFound
from guildhall.errors import Unavailable

_log = logging.getLogger(__name__)

LONGEST_TRANSACTION = timedelta(seconds=60)
"""How much later than others an outcome may be committed that was written at the same time."""

_SHORTEST_S, _IDLE_S, _LONGEST_S = 0.5, 2.0, 10.0
_SHARE = 20
"""Asking takes at most one in so many parts of the time."""
_PAGE = 1_000

News: TypeAlias = Progress | NewlyStored


async def follow(
    database: Database,
    actor: Actor,
    simulation_id: UUID,
    *,
    with_outcomes: bool = True,
    longest_s: float = _LONGEST_S,
) -> AsyncIterator[News]:
    """
    The simulation's progress whenever it has changed, each outcome that is stored from now on, and at last its end.

    An outcome may come twice, and comes not at all without `with_outcomes`. The last is a progress in which the simulation
    has ended. While the database is away nothing comes. `longest_s` is how long the database is left alone at most.
    """
    last: Progress | None = None
    since = clock.now() - LONGEST_TRANSACTION
    seen: dict[UUID, datetime] = {}
    attempt, rest_s = 0, _SHORTEST_S
    while True:
        began_ms = clock.monotonic_ms()
        try:
            async with database.transaction(actor) as tx:
                progress = await simulations.progress(tx, simulation_id)
                stored = []
                if with_outcomes and (last is None or progress.outcomes != last.outcomes):
                    stored = [each async for each in outcomes.stored_since(tx, simulation_id, since)]
        except SimulationNotFound:
            return
        except Unavailable as error:
            attempt += 1
            _log.warning("simulation %s cannot be followed for the moment: %s", simulation_id, error)
            await asyncio.sleep(
                backoff.full_jitter(attempt, random.random(), first_s=_SHORTEST_S, longest_s=_LONGEST_S)
            )
            continue
        attempt = 0
        for each in stored:
            if each.outcome_id not in seen:
                yield each
            seen[each.outcome_id] = each.created_at
        if stored:
            since = max(since, max(each.created_at for each in stored) - LONGEST_TRANSACTION)
            seen = {outcome_id: at for outcome_id, at in seen.items() if at >= since}
        if progress != last:
            yield progress
            last = progress
            rest_s = _SHORTEST_S
        else:
            rest_s = min(1.5 * rest_s, _IDLE_S)
        if progress.has_ended:
            return
        took_s = (clock.monotonic_ms() - began_ms) / 1000
        await asyncio.sleep(min(max(rest_s, _SHARE * took_s), longest_s))


def told(news: News, now: datetime) -> list[tuple[str, Mapping[str, Any]]]:
    """What whoever follows is told: `progress`, `outcome`, and `end` after the last progress, each with its document."""
    if not isinstance(news, Progress):
        return [("outcome", asdict(news))]
    document: Mapping[str, Any] = progress_document(news, now)
    return [("progress", document), ("end", document)] if news.has_ended else [("progress", document)]


async def catch_up(
    database: Database, actor: Actor, simulation_id: UUID, since: datetime
) -> AsyncIterator[NewlyStored]:
    """What was stored since then, and a while before, for who has heard of outcomes up to that time."""
    position = (since - LONGEST_TRANSACTION, UUID(int=0))
    while True:
        async with database.transaction(actor) as tx:
            page = await outcomes.stored_after(tx, simulation_id, *position, at_most=_PAGE)
        for each in page:
            yield each
        if len(page) < _PAGE:
            return
        position = (page[-1].created_at, page[-1].outcome_id)
