"""What can be done with search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from guildhall.db import Tx
from guildhall.domains.evaluation import configurations, failures
from guildhall.domains.evaluation.search import rules, store
from guildhall.domains.evaluation.search.errors import SearchRefused, ThingNotFound
from guildhall.domains.evaluation.search.types import Filters, Hit, Kind
from guildhall.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from guildhall.algorithms.embedding import Vectors

_LOOKED_THROUGH = 1_000
"""How many that have the words are looked through for those that the filters let through."""


async def find(
    tx: Tx,
    text: str,
    vector: Vectors | None,
    model: str,
    *,
    kinds: Sequence[Kind] = tuple(Kind),
    filters: Filters = Filters(),  # noqa: B008 - it is frozen
    at_most: int = 20,
) -> list[Hit]:
    """
    What has the words of a text, and what is like it, the best first.

    Words are compared without case, width and accents, in English by their stems, in any script (`platform.text_query`);
    where nothing has all of them, what has some. `vector` is the text's, by `model`; None: words alone.

    Raises:
        SearchRefused: The text is empty or too long.
    """
    asked = rules.asked(text)
    hits: list[Hit] = []
    for kind in kinds:
        words = await store.by_words(tx, kind, asked, any_unit=False, at_most=_LOOKED_THROUGH)
        if not words:
            words = await store.by_words(tx, kind, asked, any_unit=True, at_most=_LOOKED_THROUGH)
        alike = {} if vector is None else await _alike(tx, kind, vector, model, filters, at_most)
        hits += await _hits(tx, kind, rules.fused([words, list(alike)]), alike, set(words), filters, at_most)
    return _best(hits, at_most)


async def find_alike(
    tx: Tx,
    vector: Vectors,
    model: str,
    *,
    kinds: Sequence[Kind] = tuple(Kind),
    filters: Filters = Filters(),  # noqa: B008 - it is frozen
    at_most: int = 20,
) -> list[Hit]:
    """What is most like a vector of `model`, by its cosine."""
    hits: list[Hit] = []
    for kind in kinds:
        alike = await _alike(tx, kind, vector, model, filters, at_most)
        hits += await _hits(tx, kind, alike, alike, set(), filters, at_most)
    return _best(hits, at_most)


async def nearest(
    tx: Tx, kind: Kind, vector: Vectors, model: str, filters: Filters, *, at_most: int
) -> dict[str, float]:
    """Ids of one kind and their cosines, the nearest first; of failures the ids are those of signatures."""
    return await store.by_likeness(tx, kind, vector, model, filters, at_most=at_most)


async def vector_of(tx: Tx, reference: str, model: str) -> Vectors:
    """
    The vector of a thing: a version by any of its names, a scenario, an outcome, or a cluster of failures.

    Raises:
        ThingNotFound: There is no such thing, or it has no vector of `model` yet.
    """
    wanted = reference.strip()
    if not wanted or len(wanted) > rules.LONGEST_TEXT or "\0" in wanted:
        raise SearchRefused("like", reference, "a version, a scenario, an outcome or a cluster of failures")
    found = await store.vector_of_scenario(tx, wanted, model)
    if found is None:
        thing = await _id_of(tx, wanted)
        found = None if thing is None else await store.vector_by_id(tx, thing, model)
    if found is None:
        raise ThingNotFound(reference)
    return found


async def _id_of(tx: Tx, reference: str) -> UUID | None:
    try:
        return UUID(reference)
    except ValueError:
        pass
    try:
        return (await configurations.get_version(tx, reference)).version_id
    except (NotFound, InvalidInput):
        pass
    try:
        return (await failures.resolve_cluster(tx, reference)).cluster_id
    except (NotFound, InvalidInput):
        return None


async def _alike(
    tx: Tx, kind: Kind, vector: Vectors, model: str, filters: Filters, at_most: int
) -> Mapping[str, float]:
    # Signatures of one cluster are one hit.
    found = await nearest(tx, kind, vector, model, filters, at_most=at_most * (5 if kind is Kind.FAILURE else 1))
    return {each: similarity for each, similarity in found.items() if similarity > 0}


async def _hits(
    tx: Tx,
    kind: Kind,
    scores: Mapping[str, float],
    alike: Mapping[str, float],
    words: set[str],
    filters: Filters,
    at_most: int,
) -> list[Hit]:
    if not scores:
        return []
    rows = await store.details(tx, kind, list(scores), filters)
    hits: dict[str, Hit] = {}
    for each in sorted(rows, key=lambda each: (-scores[each], each)):
        row = rows[each]
        id = row["cluster_id"] if kind is Kind.FAILURE else each
        if id not in hits:
            hits[id] = Hit(
                kind, id, row["title"], row["excerpt"], row["at"], scores[each], alike.get(each), each in words
            )
        if len(hits) == at_most:
            break
    return list(hits.values())


def _best(hits: Sequence[Hit], at_most: int) -> list[Hit]:
    return sorted(hits, key=lambda hit: (-hit.score, hit.kind, hit.id))[:at_most]
