"""
Putting failures in clusters, as they come or all that wait.

Each page of failures is one transaction, and two who do this at once wait for
each other: each failure is placed and counted once. Vectors are made between
transactions, so that a slow service holds no lock; while it is down, failures
of known signatures are placed and the others wait.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from guildhall.adapters.embeddings import embedder
from guildhall.app.wiring import App
from guildhall.db import NOBODY, Actor
from guildhall.domains.evaluation import failures
from guildhall.domains.evaluation.failures import Embedder, EmbeddingUnavailable, Regrouped
from guildhall.errors import GuildhallError, Unavailable

_PAGE = 5_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Clustered:
    """What came of it; `trouble` says why failures still wait, None where none does."""

    failures: int
    signatures: int
    founded: int
    regrouped: Regrouped | None
    trouble: str | None


async def catch_up(
    app: App, actor: Actor | None = None, *, maker: Embedder | None = None, regroup: bool = False
) -> Clustered:
    """
    Place every failure of the team that waits, and group all anew where that is due, or `regroup` says so.

    An embedding service that is down is no error: what waits for it is placed another time.

    Raises:
        Unavailable: The database is gone.
    """
    async with embedder(app.settings, maker) as made:
        trouble = await _embed_anew(app, actor, made)
        placed = signatures = founded = 0
        last = None
        while True:
            async with app.transaction(actor) as tx:
                page = await failures.loose_failures(tx, after=last, at_most=_PAGE)
            if not page:
                break
            said = await asyncio.to_thread(failures.signatures_of, (actor or app.actor).tenant_id, page)
            async with app.transaction(actor) as tx:
                new = await failures.unplaced(tx, said)
            last = page[-1]
            vectors = None
            if new and not trouble:
                try:
                    vectors = await made.embed([each.text for each in new])
                except EmbeddingUnavailable as error:
                    trouble = error.message
            async with app.transaction(actor) as tx:
                done = await failures.place(tx, page, said, new, vectors, made.model, made.threshold)
            placed, signatures, founded = placed + done.failures, signatures + done.signatures, founded + done.founded
            if len(page) < _PAGE:
                break
        regrouped = None
        async with app.transaction(actor) as tx:
            if not trouble:
                regrouped = await failures.regroup(tx, made.model, made.threshold, always=regroup)
            await failures.note_trouble(tx, trouble)
    return Clustered(placed, signatures, founded, regrouped, trouble)


async def catch_up_quietly(app: App) -> None:
    """After a simulation: place what failed in it. What it came to must not depend on that, so trouble is logged."""
    try:
        await catch_up(app)
    except GuildhallError as error:
        _log.warning("failures were not clustered: %s", error)


async def catch_up_everywhere(app: App) -> int:
    """Place the failures of all teams that wait, as part of upkeep; how many were placed."""
    async with app.database.duty("scheduler") as tx:
        teams = await failures.teams_with_loose_failures(tx)
    placed = 0
    for team in teams:
        try:
            placed += (await catch_up(app, Actor(NOBODY.user_id, team))).failures
        except Unavailable:
            raise
        except GuildhallError as error:
            _log.warning("failures of team %s were not clustered: %s", team, error)
    return placed


async def _embed_anew(app: App, actor: Actor | None, maker: Embedder) -> str | None:
    """Give signatures of another model vectors of this one; why that cannot be done now, if so."""
    found_any = False
    while True:
        async with app.transaction(actor) as tx:
            strange = await failures.strange_signatures(tx, maker.model)
        if not strange:
            break
        found_any = True
        try:
            vectors = await maker.embed([each.text for each in strange])
        except EmbeddingUnavailable as error:
            return error.message
        async with app.transaction(actor) as tx:
            await failures.embed_signatures(tx, strange, vectors, maker.model)
    if found_any:
        # Centres are the old model's until all are grouped anew.
        async with app.transaction(actor) as tx:
            await failures.regroup(tx, maker.model, maker.threshold, always=True)
    return None
