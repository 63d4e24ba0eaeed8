"""One function for each statement on scenarios."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from guildhall.algorithms import vectors
from guildhall.db import Json, Row, Tx, load_queries
from guildhall.db.listing import Filter, Listing, Match, Order, Page, fetch_page
from guildhall.domains.evaluation.scenarios.types import Scenario, StoredScenario

if TYPE_CHECKING:
    from guildhall.algorithms.embedding import Vectors

_queries = load_queries(__package__)


async def contents(tx: Tx, scenario_ids: Collection[str]) -> dict[str, tuple[str, bool]]:
    """The latest content's hash of each scenario that is known, and whether it is active; locked."""
    rows = await tx.fetch(_queries.contents, scenario_ids=list(scenario_ids))
    return {row["scenario_id"]: (row["content_hash"], row["is_active"]) for row in rows}


async def upsert_scenarios(tx: Tx, scenarios: Sequence[Scenario]) -> None:
    await tx.execute(
        _queries.upsert_scenarios,
        scenario_ids=[each.scenario_id for each in scenarios],
        names=[each.name for each in scenarios],
        task_prompts=[each.task_prompt for each in scenarios],
        ground_truths=[_json(each.ground_truth) for each in scenarios],
        difficulty_levels=[each.difficulty_level for each in scenarios],
        tags=[_json(list(each.tags)) for each in scenarios],
        expected_tools=[_json(each.expected_tools) for each in scenarios],
        durations=[each.estimated_duration_ms for each in scenarios],
        suites=[each.suite for each in scenarios],
        splits=[each.split for each in scenarios],
        group_names=[each.group for each in scenarios],
        content_hashes=[each.content_hash for each in scenarios],
    )


async def set_active(tx: Tx, scenario_id: str, *, is_active: bool) -> bool:
    """Whether that changed anything."""
    return await tx.execute(_queries.set_active, scenario_id=scenario_id, is_active=is_active) == 1


async def insert_versions(tx: Tx, scenarios: Sequence[Scenario]) -> None:
    await tx.execute(
        _queries.insert_versions,
        scenario_ids=[each.scenario_id for each in scenarios],
        content_hashes=[each.content_hash for each in scenarios],
        definitions=[_json(dict(each.definition)) for each in scenarios],
    )


async def list_scenarios(
    tx: Tx,
    *,
    suite: str | None,
    split: str | None,
    difficulty_level: str | None,
    tag: str | None,
    search: str | None,
    after: str | None,
    with_inactive: bool,
    at_most: int,
) -> list[StoredScenario]:
    rows = await tx.fetch(
        _queries.scenarios,
        suite=suite,
        split=split,
        difficulty_level=difficulty_level,
        tag=tag,
        search=search,
        after=after,
        with_inactive=with_inactive,
        at_most=at_most,
    )
    return [_stored(row) for row in rows]


SCENARIOS = Listing(
    _queries.every_scenario,
    key=("scenario_id",),
    orders={
        "scenario_id": Order("scenario_id"),
        "name": Order("name"),
        "created_at": Order("created_at"),
        "updated_at": Order("updated_at"),
    },
    filters={
        "scenario_id": Filter("scenario_id", Match.ANY_OF),
        "suite": Filter("suite", Match.ANY_OF),
        "split": Filter("split"),
        "difficulty_level": Filter("difficulty_level", Match.ANY_OF),
        "tag": Filter("tags", Match.HOLDS),
        "is_active": Filter("is_active"),
    },
)


async def page_scenarios(
    tx: Tx,
    filters: Mapping[str, Any],
    order: Order,
    *,
    search: str | None,
    after: Sequence[Any] | None,
    at_most: int,
) -> Page[StoredScenario]:
    page = await fetch_page(tx, SCENARIOS, filters, order, after=after, at_most=at_most, search=search)
    return page.of(_stored)


async def pins(tx: Tx, scenario_ids: Sequence[str], suite: str | None) -> list[tuple[str, str]]:
    """Ids and content hashes."""
    rows = await tx.fetch(_queries.pins, scenario_ids=list(scenario_ids), suite=suite)
    return [(row["scenario_id"], row["content_hash"]) for row in rows]


async def pass_scores(tx: Tx, pins: Sequence[tuple[str, str]]) -> dict[tuple[str, str], float]:
    rows = await tx.fetch(
        _queries.pass_scores,
        scenario_ids=[scenario_id for scenario_id, _ in pins],
        content_hashes=[content_hash for _, content_hash in pins],
    )
    return {(row["scenario_id"], row["content_hash"]): row["pass_score"] for row in rows}


async def definitions(tx: Tx, pins: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """By scenario and content hash."""
    rows = await tx.fetch(
        _queries.definitions,
        scenario_ids=[scenario_id for scenario_id, _ in pins],
        content_hashes=[content_hash for _, content_hash in pins],
    )
    return {(row["scenario_id"], row["content_hash"]): row["definition"] for row in rows}


async def latest_hash(tx: Tx, scenario_id: str) -> str | None:
    found: str | None = await tx.value(_queries.latest_hash, scenario_id=scenario_id)
    return found


async def ids(tx: Tx) -> list[str]:
    return [row["scenario_id"] for row in await tx.fetch(_queries.ids)]


def _json(value: Any) -> Json | None:
    """Encoded here, because the driver would take a list in an array for another dimension of it."""
    return None if value is None else Json(orjson.dumps(value))


def _stored(row: Row) -> StoredScenario:
    return StoredScenario(**{**row, "tags": tuple(row["tags"])})


async def strange_scenarios(tx: Tx, model: str, at_most: int) -> list[tuple[str, str, str]]:
    """Ids, content hashes, and what they say."""
    rows = await tx.fetch(_queries.strange_scenarios, model=model, at_most=at_most)
    return [(row["scenario_id"], row["content_hash"], row["said"]) for row in rows]


async def embed_scenarios(tx: Tx, pins: Sequence[tuple[str, str]], made: Vectors, model: str) -> None:
    await tx.execute(
        _queries.embed_scenarios,
        scenario_ids=[scenario_id for scenario_id, _ in pins],
        content_hashes=[content_hash for _, content_hash in pins],
        embeddings=vectors.written(made),
        model=model,
    )
