"""One function for each statement on failures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from guildhall.algorithms import vectors
from guildhall.db import Json, Row, Tx, load_queries
from guildhall.db.listing import Filter, Listing, Match, Order, Page, fetch_page
from guildhall.domains.evaluation.failures import rules
from guildhall.domains.evaluation.failures.types import (
    AffectedScenario,
    AffectedVersion,
    Cluster,
    ClusterDay,
    ClusterEvent,
    Exemplar,
    FailedTrial,
    FailurePattern,
    LooseFailure,
    Signature,
)

if TYPE_CHECKING:
    from guildhall.algorithms.embedding import Vectors

_queries = load_queries(__package__)
_COLUMNS = (
    "pattern_id",
    "outcome_id",
    "simulation_id",
    "scenario_id",
    "trial_number",
    "execution_time",
    "failure_type",
    "failure_category",
    "fault",
    "error_message",
    "step",
    "recovery_attempted",
    "recovery_successful",
    "resolution_steps",
    "llm_analysis",
)
_PARAMETERS = (
    "pattern_ids",
    "outcome_ids",
    "simulation_ids",
    "scenario_ids",
    "trial_numbers",
    "execution_times",
    "failure_types",
    "failure_categories",
    "faults",
    "error_messages",
    "steps",
    "recoveries_attempted",
    "recoveries_successful",
    "resolution_steps",
    "llm_analyses",
)

Entry = tuple[UUID, FailedTrial, rules.Row]
"""A failure's id, the trial it belongs to, and its own columns."""


async def copy(tx: Tx, entries: Sequence[Entry]) -> int:
    return await tx.copy("store.failure_patterns", _COLUMNS, [_row(each) for each in entries])


async def insert_unless_known(tx: Tx, entries: Sequence[Entry]) -> int:
    columns = zip(*(_row(each) for each in entries), strict=True)
    values: dict[str, object] = {name: list(column) for name, column in zip(_PARAMETERS, columns, strict=True)}
    return await tx.execute(_queries.insert_unless_known, **values)


async def list_failures(
    tx: Tx,
    *,
    outcome_ids: Sequence[UUID] | None,
    simulation_id: UUID | None,
    scenario_id: str | None,
    fault: str | None,
    earliest: datetime | None,
    latest: datetime | None,
    at_most: int,
) -> list[FailurePattern]:
    rows = await tx.fetch(
        _queries.failures,
        outcome_ids=None if outcome_ids is None else list(outcome_ids),
        simulation_id=simulation_id,
        scenario_id=scenario_id,
        fault=fault,
        earliest=earliest,
        latest=latest,
        at_most=at_most,
    )
    return [_failure(row) for row in rows]


_MOST_SIMILAR = 2**31 - 1


class Place(NamedTuple):
    """Where failures of a signature go: the cluster, how near it is, and how many it has."""

    cluster_id: UUID
    confidence: float
    similar: int


CLUSTERS = Listing(
    query=_queries.every_cluster,
    key=("cluster_id",),
    orders={
        "last_seen": Order("last_seen", descending=True),
        "first_seen": Order("first_seen", descending=True),
        "failures": Order("failures", descending=True),
        "recent": Order("recent", descending=True),
    },
    filters={
        "fault": Filter("fault", Match.ANY_OF),
        "failure_category": Filter("failure_category", Match.ANY_OF),
        "failure_type": Filter("failure_type"),
        "is_resolved": Filter("is_resolved"),
        "seen_after": Filter("last_seen", Match.AT_LEAST),
        "seen_before": Filter("first_seen", Match.BELOW),
        "q": Filter(("name", "pattern", "failure_type"), Match.SAYS),
    },
)


async def loose_failures(tx: Tx, after: LooseFailure | None, at_most: int) -> list[LooseFailure]:
    rows = await tx.fetch(
        _queries.loose_failures,
        after_time=None if after is None else after.execution_time,
        after_id=None if after is None else after.pattern_id,
        at_most=at_most,
    )
    return [LooseFailure(**row) for row in rows]


async def count_loose(tx: Tx) -> int:
    found: int = await tx.value(_queries.count_loose)
    return found


async def lock_clustering(tx: Tx) -> int:
    """How many signatures there were when all were grouped last; until the transaction ends, nobody else clusters."""
    await tx.execute(_queries.begin_clustering)
    row = await tx.find(_queries.lock_clustering)
    assert row is not None
    signatures: int = row["signatures"]
    return signatures


async def find_clustering(tx: Tx) -> Row | None:
    return await tx.find(_queries.clustering)


async def note_trouble(tx: Tx, trouble: str | None) -> None:
    await tx.execute(_queries.begin_clustering)
    await tx.execute(_queries.note_trouble, trouble=trouble)


async def note_regrouping(tx: Tx, model: str, signatures: int) -> None:
    await tx.execute(_queries.note_regrouping, model=model, signatures=signatures)


async def known_signatures(tx: Tx, signature_ids: Sequence[UUID]) -> dict[UUID, Place]:
    rows = await tx.fetch(_queries.known_signatures, signature_ids=list(signature_ids))
    return {row["signature_id"]: Place(row["cluster_id"], row["confidence"], row["others"]) for row in rows}


async def insert_signatures(
    tx: Tx,
    signatures: Sequence[Signature],
    made: Vectors,
    model: str,
    cluster_ids: Sequence[UUID],
    confidences: Sequence[float],
) -> None:
    await tx.execute(
        _queries.insert_signatures,
        signature_ids=[each.signature_id for each in signatures],
        failure_types=[each.failure_type for each in signatures],
        failure_categories=[each.failure_category for each in signatures],
        faults=[each.fault for each in signatures],
        messages=[each.message for each in signatures],
        embeddings=vectors.written(made),
        model=model,
        cluster_ids=list(cluster_ids),
        confidences=list(confidences),
    )


async def strange_signatures(tx: Tx, model: str, at_most: int) -> list[Signature]:
    return [Signature(**row) for row in await tx.fetch(_queries.strange_signatures, model=model, at_most=at_most)]


async def embed_signatures(tx: Tx, signature_ids: Sequence[UUID], made: Vectors, model: str) -> None:
    await tx.execute(
        _queries.embed_signatures, signature_ids=list(signature_ids), embeddings=vectors.written(made), model=model
    )


async def count_signatures(tx: Tx, model: str) -> int:
    found: int = await tx.value(_queries.count_signatures, model=model)
    return found


async def centres(tx: Tx, model: str) -> tuple[list[UUID], Vectors]:
    rows = await tx.fetch(_queries.centres, model=model)
    return [row["cluster_id"] for row in rows], vectors.read([row["embedding"] for row in rows], ">f4")


async def signatures(tx: Tx, model: str) -> tuple[list[UUID], list[UUID | None], list[int], Vectors]:
    """Ids, clusters, how many failures, and vectors."""
    rows = await tx.fetch(_queries.signatures, model=model)
    return (
        [row["signature_id"] for row in rows],
        [row["cluster_id"] for row in rows],
        [row["failures"] for row in rows],
        vectors.read([row["embedding"] for row in rows], ">f2"),
    )


async def messages_of_clusters(tx: Tx, cluster_ids: Sequence[UUID], at_most: int) -> dict[UUID, list[Row]]:
    found: dict[UUID, list[Row]] = {}
    for row in await tx.fetch(_queries.messages_of_clusters, cluster_ids=list(cluster_ids), at_most=at_most):
        found.setdefault(row["cluster_id"], []).append(row)
    return found


async def insert_clusters(tx: Tx, cluster_ids: Sequence[UUID], made: Vectors, model: str) -> None:
    await tx.execute(
        _queries.insert_clusters, cluster_ids=list(cluster_ids), embeddings=vectors.written(made), model=model
    )


async def describe_clusters(tx: Tx, descriptions: Mapping[UUID, tuple[str, str, str, str]]) -> None:
    """By cluster, its pattern and the type, category and fault of most of its failures."""
    columns = list(zip(*descriptions.values(), strict=True))
    await tx.execute(
        _queries.describe_clusters,
        cluster_ids=list(descriptions),
        patterns=list(columns[0]),
        failure_types=list(columns[1]),
        failure_categories=list(columns[2]),
        faults=list(columns[3]),
    )


async def centre_clusters(tx: Tx, cluster_ids: Sequence[UUID], made: Vectors, model: str) -> None:
    await tx.execute(
        _queries.centre_clusters, cluster_ids=list(cluster_ids), embeddings=vectors.written(made), model=model
    )


async def cluster_signatures(
    tx: Tx, signature_ids: Sequence[UUID], cluster_ids: Sequence[UUID], confidences: Sequence[float]
) -> None:
    await tx.execute(
        _queries.cluster_signatures,
        signature_ids=list(signature_ids),
        cluster_ids=list(cluster_ids),
        confidences=list(confidences),
    )


async def place_failures(tx: Tx, placed: Sequence[tuple[LooseFailure, UUID, Place]]) -> int:
    """Put failures where their signatures are, and count them; how many that were."""
    times = [failure.execution_time for failure, _, _ in placed]
    rows = await tx.fetch(
        _queries.place_failures,
        pattern_ids=[failure.pattern_id for failure, _, _ in placed],
        execution_times=times,
        signature_ids=[signature_id for _, signature_id, _ in placed],
        cluster_ids=[place.cluster_id for _, _, place in placed],
        confidences=[place.confidence for _, _, place in placed],
        others=[min(place.similar, _MOST_SIMILAR) for _, _, place in placed],
        earliest=min(times),
        latest=max(times),
    )
    if not rows:
        return 0
    touched = await tx.fetch(
        _queries.count_placed,
        signature_ids=[row["signature_id"] for row in rows],
        failures=[row["failures"] for row in rows],
        first_seen=[row["first_seen"] for row in rows],
        last_seen=[row["last_seen"] for row in rows],
    )
    await sum_up_clusters(tx, {row["cluster_id"] for row in touched})
    return sum(row["failures"] for row in rows)


async def sum_up_clusters(tx: Tx, cluster_ids: Iterable[UUID]) -> None:
    await tx.execute(_queries.sum_up_clusters, cluster_ids=list(cluster_ids))


async def clusters_to_keep(tx: Tx) -> dict[UUID, bool]:
    """Clusters, the oldest first, and whether people have said something of each."""
    return {row["cluster_id"]: row["is_known"] for row in await tx.fetch(_queries.clusters_to_keep)}


async def merge_clusters(tx: Tx, merged: Mapping[UUID, UUID]) -> None:
    await tx.execute(_queries.merge_clusters, cluster_ids=list(merged), others=list(merged.values()))


async def move_failures(tx: Tx, cluster_ids: Iterable[UUID]) -> int:
    """Have the failures of these clusters follow their signatures; how many did."""
    await tx.value(_queries.allow_many_changes)
    return await tx.execute(_queries.move_failures, cluster_ids=list(cluster_ids))


async def insert_events(tx: Tx, events: Sequence[tuple[UUID, UUID, str, UUID | None, int, int]]) -> None:
    """Each an id, a cluster, a kind, the other cluster, and how many signatures and failures."""
    columns = [list(column) for column in zip(*events, strict=True)]
    await tx.execute(
        _queries.insert_events,
        event_ids=columns[0],
        cluster_ids=columns[1],
        kinds=columns[2],
        other_ids=columns[3],
        signatures=columns[4],
        failures=columns[5],
    )


async def page_clusters(
    tx: Tx,
    filters: Mapping[str, Any],
    order: Order,
    *,
    simulation_id: UUID | None,
    scenario_id: str | None,
    after: Sequence[Any] | None,
    at_most: int,
) -> Page[Cluster]:
    page = await fetch_page(
        tx,
        CLUSTERS,
        filters,
        order,
        after=after,
        at_most=at_most,
        today=tx.now.date(),
        cluster_id=None,
        simulation_id=simulation_id,
        scenario_id=scenario_id,
    )
    return page.of(lambda row: _cluster(row, tx.now))


async def find_cluster(tx: Tx, cluster_id: UUID) -> Cluster | None:
    row = await tx.find(
        _queries.every_cluster, today=tx.now.date(), cluster_id=cluster_id, simulation_id=None, scenario_id=None
    )
    return None if row is None else _cluster(row, tx.now)


async def ids_ending_in(tx: Tx, ending: str) -> list[UUID]:
    return [row["cluster_id"] for row in await tx.fetch(_queries.ids_ending_in, ending=ending)]


async def exemplars(tx: Tx, cluster_id: UUID, at_most: int) -> list[Exemplar]:
    return [Exemplar(**row) for row in await tx.fetch(_queries.exemplars, cluster_id=cluster_id, at_most=at_most)]


async def scenarios_of_cluster(tx: Tx, cluster_id: UUID, among: int | None) -> list[AffectedScenario]:
    rows = await tx.fetch(_queries.scenarios_of_cluster, cluster_id=cluster_id, among=among)
    return [AffectedScenario(**row) for row in rows]


async def versions_of_cluster(tx: Tx, cluster_id: UUID, among: int | None) -> list[AffectedVersion]:
    rows = await tx.fetch(_queries.versions_of_cluster, cluster_id=cluster_id, among=among)
    return [AffectedVersion(**row) for row in rows]


async def days_of_cluster(tx: Tx, cluster_id: UUID, at_most: int) -> list[ClusterDay]:
    rows = await tx.fetch(_queries.days_of_cluster, cluster_id=cluster_id, at_most=at_most)
    return [ClusterDay(**row) for row in reversed(rows)]


async def events_of_cluster(tx: Tx, cluster_id: UUID) -> list[ClusterEvent]:
    return [ClusterEvent(**row) for row in await tx.fetch(_queries.events_of_cluster, cluster_id=cluster_id)]


async def cost_of_cluster(tx: Tx, cluster_id: UUID, among: int | None) -> Row:
    row = await tx.find(_queries.cost_of_cluster, cluster_id=cluster_id, among=among)
    assert row is not None
    return row


async def lock_cluster(tx: Tx, cluster_id: UUID) -> None:
    """Let nobody else change a cluster until this transaction ends."""
    await tx.execute(_queries.lock_cluster, cluster_id=cluster_id)


async def change_cluster(
    tx: Tx,
    cluster_id: UUID,
    *,
    has_name: bool,
    name: str | None,
    has_resolution: bool,
    resolution_steps: str | None,
    has_analysis: bool,
    llm_analysis: bytes | None,
    resolved: bool | None,
) -> bool:
    return (
        await tx.execute(
            _queries.change_cluster,
            cluster_id=cluster_id,
            has_name=has_name,
            name=name,
            has_resolution=has_resolution,
            resolution_steps=resolution_steps,
            has_analysis=has_analysis,
            llm_analysis=None if llm_analysis is None else Json(llm_analysis),
            resolved=resolved,
        )
        == 1
    )


async def evidence_of_cluster(tx: Tx, cluster_id: UUID, outcome_ids: Sequence[UUID]) -> set[UUID]:
    rows = await tx.fetch(_queries.evidence_of_cluster, cluster_id=cluster_id, outcome_ids=list(outcome_ids))
    return {row["outcome_id"] for row in rows}


async def teams_with_loose_failures(tx: Tx) -> list[UUID]:
    return [row["tenant_id"] for row in await tx.fetch(_queries.teams_with_loose_failures)]


async def active_teams(tx: Tx) -> list[UUID]:
    return [row["tenant_id"] for row in await tx.fetch(_queries.active_teams)]


async def error_rates(tx: Tx, at_most: int) -> list[Row]:
    return await tx.fetch(_queries.error_rates, at_most=at_most)


async def failure_analysis(tx: Tx, at_most: int) -> list[Row]:
    return await tx.fetch(_queries.failure_analysis, at_most=at_most)


def _cluster(row: Row, now: datetime) -> Cluster:
    values = {name: row[name] for name in _CLUSTER_COLUMNS}
    return Cluster(
        **values,
        state=rules.state(
            now=now,
            first_seen=row["first_seen"],
            last_seen=row["last_seen"],
            resolved_at=row["resolved_at"],
            recent=row["recent"],
            before=row["before"],
        ),
    )


_CLUSTER_COLUMNS = tuple(name for name in Cluster.__slots__ if name != "state")


def _row(entry: Entry) -> tuple[Any, ...]:
    pattern_id, trial, (*own, analysis) = entry
    return (
        pattern_id,
        trial.outcome_id,
        trial.simulation_id,
        trial.scenario_id,
        trial.trial_number,
        trial.execution_time,
        *own,
        None if analysis is None else Json(analysis.encode()),
    )


def _failure(row: Row) -> FailurePattern:
    return FailurePattern(**dict(row))
