"""What a database holds, read from its catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import asyncpg

from guildhall.db.queries import load_queries

_QUERIES = load_queries("guildhall.db.conformance")
SCHEMAS = ("evaluation", "gateway", "catalogue", "society", "platform")


@dataclass(frozen=True, slots=True)
class Column:
    """A column's type as the server spells it; the labels where it is an enumeration."""

    type: str
    not_null: bool
    has_default: bool
    labels: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Which columns point at which table, and what happens when the row there goes."""

    columns: Sequence[str]
    table: str
    on_delete: str


@dataclass(frozen=True, slots=True)
class Index:
    """An index as far as the documents describe theirs."""

    method: str
    unique: bool
    columns: Sequence[str]
    where: str | None


@dataclass(slots=True)
class Relation:
    """A table or view; a series' view has the keys, checks and indexes of its base table in `store`."""

    oid: int
    schema: str
    kind: str
    base: str
    row_security: bool
    columns: dict[str, Column] = field(default_factory=dict)
    keys: list[Sequence[str]] = field(default_factory=list)
    primary_key: Sequence[str] = ()
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    checks: dict[str, str] = field(default_factory=dict)
    indexes: dict[str, Index] = field(default_factory=dict)
    triggers: dict[str, str] = field(default_factory=dict)
    policies: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Function:
    """A function's arguments and result, as the server spells their types."""

    schema: str
    arguments: Sequence[str]
    returns: str


@dataclass(frozen=True, slots=True)
class Series:
    """How a series is kept."""

    chunk: timedelta | None
    retention: timedelta | None
    compress_after: timedelta | None


@dataclass(frozen=True, slots=True)
class Live:
    """Everything that the documents could name."""

    relations: Mapping[str, Relation]
    functions: Mapping[str, Sequence[Function]]
    types: Mapping[str, Sequence[str]]
    roles: frozenset[str]
    extensions: frozenset[str]
    search_configurations: frozenset[str]
    publications: frozenset[str]
    series: Mapping[str, Series]
    rollups: Mapping[str, Mapping[str, timedelta | None]]


async def read_live(connection: asyncpg.Connection[Any]) -> Live:
    """Read the catalogue of the database that a connection is to."""
    relations = await _relations(connection)
    functions: dict[str, list[Function]] = {}
    for row in await _fetch(connection, "functions"):
        functions.setdefault(row["name"], []).append(Function(row["schema"], row["arguments"], row["returns"]))
    return Live(
        relations=relations,
        functions=functions,
        types={row["name"]: row["labels"] for row in await _fetch(connection, "enumerations")},
        roles=await _names(connection, "roles"),
        extensions=await _names(connection, "extensions"),
        search_configurations=await _names(connection, "search_configurations"),
        publications=await _names(connection, "publications"),
        series={row["name"]: _series(row) for row in await _registered(connection, "series")},
        rollups={
            row["name"]: {key: row.get(key) for key in ("start_offset", "end_offset", "refresh_interval")}
            for row in await _registered(connection, "rollups")
        },
    )


def _series(row: Mapping[str, Any]) -> Series:
    return Series(row.get("chunk"), row.get("retention"), row.get("compress_after"))


async def _relations(connection: asyncpg.Connection[Any]) -> dict[str, Relation]:
    relations: dict[str, Relation] = {}
    by_oid: dict[int, list[Relation]] = {}
    for row in await _fetch(connection, "relations"):
        relation = Relation(row["oid"], row["schema"], row["kind"], row["base"], row["row_security"])
        relations[row["name"]] = relation
        for oid in {row["oid"], row["base_oid"]}:
            by_oid.setdefault(oid, []).append(relation)
    for row in await _fetch(connection, "columns"):
        for relation in by_oid.get(row["oid"], ()):
            # A view says neither NOT NULL nor, often, a default: what its base says holds for it.
            known = relation.columns.get(row["name"])
            if known is None and row["oid"] != relation.oid:
                continue
            relation.columns[row["name"]] = Column(
                type=known.type if known else row["type"],
                not_null=row["not_null"] or (known is not None and known.not_null),
                has_default=row["has_default"] or (known is not None and known.has_default),
                labels=known.labels if known else row["labels"],
            )
    for row in await _fetch(connection, "constraints"):
        for relation in by_oid.get(row["oid"], ()):
            _add_constraint(relation, row)
    for row in await _fetch(connection, "indexes"):
        for relation in by_oid.get(row["oid"], ()):
            relation.indexes[row["name"]] = Index(row["method"], row["is_unique"], row["columns"], row["where"])
            if row["is_unique"] and row["where"] is None:
                relation.keys.append(row["columns"])
    for row in await _fetch(connection, "triggers"):
        for relation in by_oid.get(row["oid"], ()):
            relation.triggers[row["name"]] = row["function"]
    for row in await _fetch(connection, "policies"):
        for relation in by_oid.get(row["oid"], ()):
            relation.policies.add(row["name"])
    return relations


def _add_constraint(relation: Relation, row: Mapping[str, Any]) -> None:
    match row["kind"]:
        case "p":
            relation.primary_key = row["columns"]
            relation.keys.append(row["columns"])
        case "u":
            relation.keys.append(row["columns"])
        case "f":
            relation.foreign_keys.append(ForeignKey(row["columns"], row["references"], row["on_delete"]))
        case "c":
            relation.checks[row["name"]] = row["expression"]


async def _fetch(connection: asyncpg.Connection[Any], query: str) -> list[Any]:
    named = _QUERIES[query]
    return await connection.fetch(named.sql)


async def _names(connection: asyncpg.Connection[Any], query: str) -> frozenset[str]:
    return frozenset(row["name"] for row in await _fetch(connection, query))


async def _registered(connection: asyncpg.Connection[Any], registry: str) -> list[dict[str, Any]]:
    """The rows of a registry of ours; none in a database that is older than it."""
    if not await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", f"platform.{registry}"):
        return []
    return [dict(row) for row in await connection.fetch(f"SELECT * FROM platform.{registry}")]  # noqa: S608 - a name of ours
