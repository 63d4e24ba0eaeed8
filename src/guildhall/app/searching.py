"""
Search, and keeping what it needs up to date: vectors of versions, scenarios and trajectories.

Failures get theirs as they are clustered (`clustering`). What is new is found
once upkeep has seen it; `guildhall search` sees to that first.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from guildhall.adapters.embeddings import embedder
from guildhall.app.wiring import App
from guildhall.db import NOBODY, Actor, Tx
from guildhall.db.listing import Said
from guildhall.domains.evaluation import configurations, failures, outcomes, scenarios, search
from guildhall.domains.evaluation.failures import Embedder, EmbeddingUnavailable
from guildhall.domains.evaluation.search import Filters, Hit, Kind
from guildhall.errors import GuildhallError, Unavailable
from guildhall.settings import Settings

if TYPE_CHECKING:
    from guildhall.algorithms.embedding import Vectors

_PAGE = 200
MOST_TRAJECTORIES = 2_000
"""How many get vectors in one pass, the newest first: about two milliseconds each."""

_log = logging.getLogger(__name__)
Transaction = Callable[[], AbstractAsyncContextManager[Tx]]


async def look(
    transaction: Transaction,
    maker: Embedder,
    *,
    text: str | None,
    like: str | None,
    kinds: Sequence[Kind],
    filters: Filters,
    at_most: int,
) -> list[Hit]:
    """
    What has the words of `text` or is like it, or what is like the thing that `like` names, the best first.

    While an embedding service is down, words alone are looked for.

    Raises:
        SearchRefused: Neither or both are given, or the text is too long.
        ThingNotFound: There is no such thing, or it has no vector yet.
    """
    if (text is None) == (like is None):
        raise search.SearchRefused(
            "text", text or "", "words to look for, or like, which names what others are to be like"
        )
    if like is not None:
        async with transaction() as tx:
            vector = await search.vector_of(tx, like, maker.model)
            return await search.find_alike(tx, vector, maker.model, kinds=kinds, filters=filters, at_most=at_most)
    assert text is not None
    made: Vectors | None = None
    try:
        made = await maker.embed([text])
    except EmbeddingUnavailable as error:
        _log.warning("only words are looked for: %s", error)
    async with transaction() as tx:
        return await search.find(tx, text, made, maker.model, kinds=kinds, filters=filters, at_most=at_most)


LIKE_ENOUGH = 0.2
"""The cosine from which something is like a text in a list: lists need an end, where a search has an order."""


async def said(
    transaction: Transaction, settings: Settings, kind: Kind, text: str | None, *, alike: bool = False
) -> Said | None:
    """
    A text as a list of `kind` is narrowed down by it: to what has it, and to what a search finds by its words.

    `alike` lets through what is like it, too. None where there is no text.
    """
    if text is None or not text.strip():
        return None
    ids = await _found(transaction, settings, kind, text, alike, Filters())
    if kind is Kind.SCENARIO:
        return Said(text, ids)
    keys = [UUID(each) for each in ids]
    if kind is Kind.CONFIG and keys:
        async with transaction() as tx:
            keys = await configurations.configurations_of(tx, keys)
    return Said(text, keys)


async def versions_said(
    transaction: Transaction, settings: Settings, config: str, text: str | None, *, alike: bool = False
) -> frozenset[UUID]:
    """
    The versions of one configuration that a search finds by the words of a text; `alike` adds what is like it.

    None of them where there is no text.
    """
    if text is None or not text.strip():
        return frozenset()
    filters = Filters(config=config)
    return frozenset(UUID(each) for each in await _found(transaction, settings, Kind.CONFIG, text, alike, filters))


async def _found(
    transaction: Transaction, settings: Settings, kind: Kind, text: str, alike: bool, filters: Filters
) -> list[str]:
    """The ids of what has the words of a text or, if wanted, is like it enough."""
    made: Vectors | None = None
    model = ""
    if alike:
        async with embedder(settings) as maker:
            model = maker.model
            try:
                made = await maker.embed([text])
            except EmbeddingUnavailable as error:
                _log.warning("only words are looked for: %s", error)
    async with transaction() as tx:
        hits = await search.find(tx, text, made, model, kinds=[kind], filters=filters, at_most=search.MOST)
    return [each.id for each in hits if each.has_words or (each.similarity or 0.0) >= LIKE_ENOUGH]


async def index(app: App, actor: Actor | None = None, *, maker: Embedder | None = None) -> dict[str, int]:
    """
    Give versions, scenarios and trajectories vectors that have none of the present model; how many of each.

    Raises:
        EmbeddingUnavailable: The embedding service does not answer; what has been done stays.
    """
    async with embedder(app.settings, maker) as made:
        return {
            Kind.CONFIG: await _index(app, actor, made, _versions),
            Kind.SCENARIO: await _index(app, actor, made, _scenarios),
            Kind.TRAJECTORY: await _index(app, actor, made, _trajectories, at_most=MOST_TRAJECTORIES),
        }


async def index_everywhere(app: App) -> int:
    """The same for all teams, as part of upkeep; how many got vectors."""
    async with app.database.duty("scheduler") as tx:
        teams = await failures.active_teams(tx)
    count = 0
    for team in teams:
        try:
            count += sum((await index(app, Actor(NOBODY.user_id, team))).values())
        except EmbeddingUnavailable as error:
            _log.warning("nothing more was made ready for search: %s", error)
            break
        except Unavailable:
            raise
        except GuildhallError as error:
            _log.warning("what team %s has was not made ready for search: %s", team, error)
    return count


_Step = Callable[[Tx, str, int], Awaitable[tuple[list[str], Callable[[Tx, "Vectors", str], Awaitable[None]]]]]


async def _index(app: App, actor: Actor | None, made: Embedder, step: _Step, *, at_most: int = 1_000_000) -> int:
    count = 0
    while count < at_most:
        async with app.transaction(actor) as tx:
            said, keep = await step(tx, made.model, min(_PAGE, at_most - count))
        if not said:
            break
        vectors = await made.embed(said)
        async with app.transaction(actor) as tx:
            await keep(tx, vectors, made.model)
        count += len(said)
    return count


async def _versions(tx: Tx, model: str, at_most: int) -> Any:
    found = await configurations.strange_versions(tx, model, at_most=at_most)
    ids = [version_id for version_id, _ in found]
    return [said for _, said in found], lambda tx, vectors, model: configurations.embed_versions(
        tx, ids, vectors, model
    )


async def _scenarios(tx: Tx, model: str, at_most: int) -> Any:
    found = await scenarios.strange_scenarios(tx, model, at_most=at_most)
    pins = [(scenario_id, content_hash) for scenario_id, content_hash, _ in found]
    return [said for _, _, said in found], lambda tx, vectors, model: scenarios.embed_scenarios(
        tx, pins, vectors, model
    )


async def _trajectories(tx: Tx, model: str, at_most: int) -> Any:
    found = await outcomes.strange_outcomes(tx, model, at_most=at_most)
    places = [(outcome_id, time) for outcome_id, time, _ in found]
    said = [each for _, _, each in found]
    return said, lambda tx, vectors, model: outcomes.embed_outcomes(tx, places, said, vectors, model)
