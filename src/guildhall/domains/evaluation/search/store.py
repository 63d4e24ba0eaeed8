"""One function for each statement of search."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from guildhall.algorithms import vectors
from guildhall.db import Row, Tx, load_queries
from guildhall.domains.evaluation.search.types import Filters, Kind

if TYPE_CHECKING:
    from guildhall.algorithms.embedding import Vectors

_queries = load_queries(__package__)
_LIKE = {
    Kind.CONFIG: _queries.configs_like,
    Kind.SCENARIO: _queries.scenarios_like,
    Kind.TRAJECTORY: _queries.trajectories_like,
    Kind.FAILURE: _queries.failures_like,
}
_DETAILS = {
    Kind.CONFIG: _queries.configs,
    Kind.SCENARIO: _queries.scenarios,
    Kind.TRAJECTORY: _queries.trajectories,
    Kind.FAILURE: _queries.failures,
}


async def by_words(tx: Tx, kind: Kind, asked: str, *, any_unit: bool, at_most: int) -> list[str]:
    """Ids, the best first."""
    rows = await tx.fetch(_queries.by_words, kind=kind.value, asked=asked, any_unit=any_unit, at_most=at_most)
    return [row["id"] for row in rows]


async def by_likeness(
    tx: Tx, kind: Kind, vector: Vectors, model: str, filters: Filters, *, at_most: int
) -> dict[str, float]:
    """Ids and their similarity, the most similar first."""
    await tx.fetch(_queries.reach_further)
    query = _LIKE[kind]
    values = {**_values(filters), "vector": vectors.written(vector)[0], "model": model, "at_most": at_most}
    rows = await tx.fetch(query, **{name: values[name] for name in query.parameters})
    return {row["id"]: row["similarity"] for row in rows}


async def details(tx: Tx, kind: Kind, ids: list[str], filters: Filters) -> dict[str, Row]:
    """By id, those that the filters let through."""
    query = _DETAILS[kind]
    values = {**_values(filters), "ids": ids}
    return {row["id"]: row for row in await tx.fetch(query, **{name: values[name] for name in query.parameters})}


async def vector_of_scenario(tx: Tx, scenario_id: str, model: str) -> Vectors | None:
    return _vector(await tx.value(_queries.vector_of_scenario, scenario_id=scenario_id, model=model))


async def vector_by_id(tx: Tx, id: UUID, model: str) -> Vectors | None:
    return _vector(await tx.value(_queries.vector_by_id, id=id, model=model))


def _vector(binary: bytes | None) -> Vectors | None:
    return None if binary is None else vectors.read([binary])


def _values(filters: Filters) -> dict[str, object]:
    narrow = (filters.config, filters.simulation_id, filters.scenario_id, filters.passed, filters.fault)
    return {
        "config": filters.config,
        "suite": filters.suite,
        "simulation_id": filters.simulation_id,
        "scenario_id": filters.scenario_id,
        "passed": filters.passed,
        "fault": filters.fault,
        "after": filters.after,
        "before": filters.before,
        "is_narrow": any(each is not None for each in narrow),
    }
