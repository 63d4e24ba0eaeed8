"""What can be done with failures."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from guildhall import clock
from guildhall.algorithms import templates
from guildhall.db import Row, Tx
from guildhall.db.listing import Order, Page
from guildhall.domains.evaluation.failures import rules, store
from guildhall.domains.evaluation.failures.errors import (
    ClusterAmbiguous,
    ClusterChanged,
    ClusterNotFound,
    EvidenceUnknown,
)
from guildhall.domains.evaluation.failures.store import Entry
from guildhall.domains.evaluation.failures.types import (
    Cluster,
    Clustering,
    ClusterStory,
    FailedTrial,
    FailurePattern,
    Fault,
    LooseFailure,
    NewFailure,
    Placed,
    Regrouped,
    Signature,
)

if TYPE_CHECKING:
    from guildhall.algorithms.embedding import Vectors

_DESCRIBING = 50
_EXEMPLARS = 10
_DAYS = 90
_HEX = re.compile(r"[0-9a-f]{4,32}")


async def add_failures(tx: Tx, trial: FailedTrial, failures: Sequence[NewFailure]) -> tuple[UUID, ...]:
    """
    Keep failures of a trial that is recorded already; their ids.

    Raises:
        FailureRefused: A value makes no sense.
    """
    entries = [(clock.new_id(trial.execution_time), trial, rules.row(each)) for each in failures]
    if entries:
        await tx.ensure_partitions("failure_patterns", trial.execution_time, trial.execution_time)
        await store.copy(tx, entries)
    return tuple(pattern_id for pattern_id, _, _ in entries)


async def store_failures(tx: Tx, entries: Sequence[Entry], *, may_be_known: bool = False) -> int:
    """
    Keep failures of many trials, checked before (`check_failure`); how many were new.

    The months must have partitions. With `may_be_known`, those whose id is
    taken are passed over.
    """
    if not entries:
        return 0
    return await (store.insert_unless_known if may_be_known else store.copy)(tx, entries)


def check_failure(failure: NewFailure) -> rules.Row:
    """
    A failure's own columns, checked and cleaned, as `store_failures` takes them.

    Raises:
        FailureRefused: A value makes no sense.
    """
    return rules.row(failure)


async def list_failures(
    tx: Tx,
    *,
    outcome_ids: Sequence[UUID] | None = None,
    simulation_id: UUID | None = None,
    scenario_id: str | None = None,
    fault: Fault | None = None,
    earliest: datetime | None = None,
    latest: datetime | None = None,
    at_most: int = 1000,
) -> list[FailurePattern]:
    """Failures, oldest first; filters that are None let everything through."""
    return await store.list_failures(
        tx,
        outcome_ids=outcome_ids,
        simulation_id=simulation_id,
        scenario_id=scenario_id,
        fault=None if fault is None else fault.value,
        earliest=earliest,
        latest=latest,
        at_most=at_most,
    )


async def loose_failures(tx: Tx, *, after: LooseFailure | None = None, at_most: int = 5000) -> list[LooseFailure]:
    """Failures in no cluster yet, the oldest first; `after` is the last of those before."""
    return await store.loose_failures(tx, after, at_most)


def signatures_of(tenant_id: UUID, failures: Iterable[LooseFailure]) -> list[Signature]:
    """What each failure says once what is volatile is masked."""
    return [rules.signature(tenant_id, each) for each in failures]


async def unplaced(tx: Tx, signatures: Iterable[Signature]) -> list[Signature]:
    """Of these, each once, those that are in no cluster: they need embedding."""
    wanted = {each.signature_id: each for each in signatures}
    known = await store.known_signatures(tx, list(wanted))
    return [wanted[each] for each in sorted(wanted) if each not in known]


async def place(
    tx: Tx,
    failures: Sequence[LooseFailure],
    signatures: Sequence[Signature],
    new: Sequence[Signature],
    vectors: Vectors | None,
    model: str,
    threshold: float,
) -> Placed:
    """
    Put failures in clusters: each with those of its signature, and each `new` signature where it is near, or in one of its own.

    `signatures` has one for each failure, `vectors` one for each that is new, by `model`; without vectors
    failures of new signatures stay loose.
    """
    from guildhall.algorithms import clusters  # noqa: PLC0415 - most who import this room cluster nothing

    await store.lock_clustering(tx)
    founded: list[UUID] = []
    placed_in: list[UUID] = []
    count_new = 0
    if new and vectors is not None:
        # Somebody else may have placed some of them meanwhile.
        known = await store.known_signatures(tx, [each.signature_id for each in new])
        rows = [row for row, each in enumerate(new) if each.signature_id not in known]
        new, vectors = [new[row] for row in rows], vectors[rows]
        count_new = len(new)
    if count_new and vectors is not None:
        cluster_ids, centres = await store.centres(tx, model)
        labels, nearness = await asyncio.to_thread(clusters.assign, vectors, centres, threshold)
        alone = [row for row, label in enumerate(labels.tolist()) if label < 0]
        if alone:
            keys = [new[row].signature_id.bytes for row in alone]
            groups = await asyncio.to_thread(clusters.partition, vectors[alone], keys, threshold)
            middles = clusters.centres_of(vectors[alone], groups)
            founded = [clock.new_id() for _ in range(len(middles))]
            await store.insert_clusters(tx, founded, middles, model)
            for row, group in zip(alone, groups.tolist(), strict=True):
                labels[row] = len(cluster_ids) + group
                nearness[row] = vectors[row] @ middles[group]
            cluster_ids = [*cluster_ids, *founded]
        placed_in = [cluster_ids[label] for label in labels.tolist()]
        await store.insert_signatures(tx, new, vectors, model, placed_in, _shares(nearness))
        await _describe(tx, founded)
    places = await store.known_signatures(tx, list({each.signature_id for each in signatures}))
    placed = [
        (failure, each.signature_id, places[each.signature_id])
        for failure, each in zip(failures, signatures, strict=True)
        if each.signature_id in places
    ]
    count = await store.place_failures(tx, placed) if placed else 0
    if founded:
        sizes = Counter(placed_in)
        await store.insert_events(tx, [(clock.new_id(), each, "founded", None, sizes[each], 0) for each in founded])
    return Placed(count, count_new, len(founded))


async def strange_signatures(tx: Tx, model: str, *, at_most: int = 512) -> list[Signature]:
    """Signatures whose vectors are another model's."""
    return await store.strange_signatures(tx, model, at_most)


async def embed_signatures(tx: Tx, signatures: Sequence[Signature], vectors: Vectors, model: str) -> None:
    """Give signatures vectors of this model, in the place of another's."""
    await store.lock_clustering(tx)
    await store.embed_signatures(tx, [each.signature_id for each in signatures], vectors, model)


async def regroup(tx: Tx, model: str, threshold: float, *, always: bool = False) -> Regrouped | None:
    """
    Group all signatures anew, where enough have come since; clusters keep their ids, and what merged and split is recorded.

    None where it is not due, unless `always`. Clusters of which people have said something are not merged into each other.
    """
    from guildhall.algorithms import clusters  # noqa: PLC0415

    then = await store.lock_clustering(tx)
    count = await store.count_signatures(tx, model)
    if count == 0 or (not always and not rules.is_regrouping_due(count, then)):
        return None
    ids, before, failures, vectors = await store.signatures(tx, model)
    kept = await store.clusters_to_keep(tx)
    ages = {each: age for age, each in enumerate(kept)}
    known = [each for each, is_known in kept.items() if is_known]
    weights = [max(1, each) for each in failures]
    labels = await asyncio.to_thread(clusters.partition, vectors, [each.bytes for each in ids], threshold)
    labels = clusters.kept_apart(labels, before, vectors, known)
    lineage = clusters.matched(
        before, labels, weights, older=lambda each: ages.get(each, len(ages)), new_id=clock.new_id
    )
    centres = clusters.centres_of(vectors, labels)
    fresh = {*lineage.split, *lineage.founded}
    numbers = {each: number for number, each in enumerate(lineage.ids)}
    if fresh:
        await store.insert_clusters(tx, list(fresh), centres[[numbers[each] for each in fresh]], model)
    await store.centre_clusters(tx, lineage.ids, centres, model)
    now_in = [lineage.ids[label] for label in labels.tolist()]
    nearness = (vectors * centres[labels]).sum(axis=1)
    shares = _shares(nearness)
    moving = [row for row, (old, new) in enumerate(zip(before, now_in, strict=True)) if old != new]
    if moving:
        await store.cluster_signatures(
            tx, [ids[row] for row in moving], [now_in[row] for row in moving], [shares[row] for row in moving]
        )
    left = {old for old, new in zip(before, now_in, strict=True) if old is not None and old != new}
    moved = await store.move_failures(tx, left) if left else 0
    if lineage.merged:
        await store.merge_clusters(tx, lineage.merged)
    await store.sum_up_clusters(tx, lineage.ids)
    await _describe(tx, lineage.ids)
    await _record_lineage(tx, lineage, before, now_in, failures)
    await store.note_regrouping(tx, model, count)
    return Regrouped(len(lineage.ids), len(lineage.merged), len(lineage.split), moved)


async def note_trouble(tx: Tx, trouble: str | None) -> None:
    """Keep why failures wait; None once they do not."""
    await store.note_trouble(tx, trouble)


async def get_clustering(tx: Tx) -> Clustering:
    """How the team's failures were clustered last, and how many wait."""
    row = await store.find_clustering(tx) or {"embedding_model": None, "grouped_at": None, "trouble": None}
    return Clustering(**row, loose=await store.count_loose(tx))


CLUSTERS = store.CLUSTERS
"""By what clusters can be sorted and filtered (`page_clusters`)."""


async def page_clusters(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None = None, at_most: int = 100
) -> Page[Cluster]:
    """
    A page of the team's clusters (`db.listing`), without those that others took in.

    `simulation_id` and `scenario_id` among the filters: those with a failure there.
    """
    columns = {name: value for name, value in filters.items() if name not in ("simulation_id", "scenario_id")}
    return await store.page_clusters(
        tx,
        columns,
        order,
        simulation_id=filters.get("simulation_id"),
        scenario_id=filters.get("scenario_id"),
        after=after,
        at_most=at_most,
    )


async def get_cluster(tx: Tx, cluster_id: UUID) -> Cluster:
    """
    One cluster; of one that was taken in by another, that other.

    Raises:
        ClusterNotFound: There is none, or it is another team's.
    """
    found = await store.find_cluster(tx, cluster_id)
    if found is not None and found.merged_into is not None:
        found = await store.find_cluster(tx, found.merged_into)
    if found is None:
        raise ClusterNotFound(cluster_id)
    return found


async def resolve_cluster(tx: Tx, reference: str) -> Cluster:
    """
    The cluster that people mean: by its id, or by the end of it.

    Raises:
        ClusterNotFound: Nothing fits.
        ClusterAmbiguous: The end fits several.
    """
    digits = reference.strip().lower().replace("-", "")
    if not _HEX.fullmatch(digits):
        raise ClusterNotFound(reference)
    if len(digits) == 32:
        return await get_cluster(tx, UUID(digits))
    found = await store.ids_ending_in(tx, digits)
    if not found:
        raise ClusterNotFound(reference)
    if len(found) > 1:
        raise ClusterAmbiguous(reference, [str(each) for each in found])
    return await get_cluster(tx, found[0])


async def tell_story(tx: Tx, cluster_id: UUID, *, among: int | None = None) -> ClusterStory:
    """
    A cluster with its exemplars, the scenarios and versions it was seen in, its trend, lineage and cost.

    With `among`, scenarios, versions and cost are those of its newest failures, as many of them: a cluster may have
    hundreds of thousands, which takes seconds to look through.

    Raises:
        ClusterNotFound: There is none, or it is another team's.
    """
    cluster = await get_cluster(tx, cluster_id)
    cost = await store.cost_of_cluster(tx, cluster.cluster_id, among)
    return ClusterStory(
        cluster=cluster,
        exemplars=await store.exemplars(tx, cluster.cluster_id, _EXEMPLARS),
        scenarios=await store.scenarios_of_cluster(tx, cluster.cluster_id, among),
        versions=await store.versions_of_cluster(tx, cluster.cluster_id, among),
        days=await store.days_of_cluster(tx, cluster.cluster_id, _DAYS),
        events=await store.events_of_cluster(tx, cluster.cluster_id),
        cost_usd=cost["cost_usd"],
        unpriced=cost["unpriced"],
    )


SAID = ("name", "resolution_steps", "llm_analysis")
"""What people say of a cluster, and may have said differently meanwhile (`change_cluster`)."""


def mark(cluster: Cluster, field: str) -> str:
    """What stands under a field of `SAID` in a cluster, for `change_cluster` to compare."""
    return rules.mark(getattr(cluster, field))


async def change_cluster(
    tx: Tx,
    cluster_id: UUID,
    changes: Mapping[str, Any],
    *,
    seen: Mapping[str, Any] | None = None,
    marks: Mapping[str, str] | None = None,
) -> Cluster:
    """
    Say something of a cluster; what is not among the changes stays.

    `name`, `resolution_steps` and `llm_analysis` (an object that says something under `analysis`, and cites outcomes
    of the cluster under `evidence`) may be None; `resolved` is True or False. `seen` has the fields of `SAID` as whoever
    changes them read them, and `marks` what `mark` gave for them; what is in neither is not compared.

    Raises:
        ClusterChanged: Somebody else has changed such a field since.
        ClusterNotFound: There is none, or it is another team's.
        FailureRefused: A value makes no sense.
        EvidenceUnknown: The analysis cites outcomes that are none of the cluster's.
    """
    cluster = await get_cluster(tx, cluster_id)
    seen, marks = seen or {}, marks or {}
    if seen or marks:
        await store.lock_cluster(tx, cluster.cluster_id)
        cluster = await get_cluster(tx, cluster_id)
    for field in SAID:
        is_other = field in seen and seen[field] != getattr(cluster, field)
        if is_other or (field in marks and marks[field] != mark(cluster, field)):
            raise ClusterChanged(cluster.cluster_id, field)
    analysis, cited = rules.analysis(changes.get("llm_analysis"))
    if cited:
        known = await store.evidence_of_cluster(tx, cluster.cluster_id, cited)
        unknown = [str(each) for each in cited if each not in known]
        if unknown:
            raise EvidenceUnknown(unknown)
    await store.change_cluster(
        tx,
        cluster.cluster_id,
        has_name="name" in changes,
        name=rules.name(changes.get("name")),
        has_resolution="resolution_steps" in changes,
        resolution_steps=rules.resolution(changes.get("resolution_steps")),
        has_analysis="llm_analysis" in changes,
        llm_analysis=analysis,
        resolved=changes.get("resolved"),
    )
    return await get_cluster(tx, cluster.cluster_id)


async def teams_with_loose_failures(tx: Tx) -> list[UUID]:
    """The teams whose failures wait to be clustered, as the scheduler sees them."""
    return await store.teams_with_loose_failures(tx)


async def active_teams(tx: Tx) -> list[UUID]:
    """All teams that are active, as the scheduler sees them."""
    return await store.active_teams(tx)


async def error_rates(tx: Tx, *, at_most: int = 1000) -> list[Row]:
    """`v_error_rates`: how often scenarios ended in an error, by day, over a week; those with ten trials or more on the day."""
    return await store.error_rates(tx, at_most)


async def analyse_days(tx: Tx, *, at_most: int = 1000) -> list[Row]:
    """`v_llm_failure_analysis`: failures of 30 days by day and category, with samples."""
    return await store.failure_analysis(tx, at_most)


async def _describe(tx: Tx, cluster_ids: Iterable[UUID]) -> None:
    """Say what the most frequent signatures of each cluster have in common."""
    ids = list(cluster_ids)
    descriptions = {}
    for cluster_id, rows in (await store.messages_of_clusters(tx, ids, _DESCRIBING)).items():
        first = rows[0]
        kind = first["failure_type"], first["failure_category"], first["fault"]
        pattern = templates.template([row["message"] for row in rows if row["message"]])
        descriptions[cluster_id] = (pattern or first["failure_type"].replace("_", " "), *kind)
    if descriptions:
        await store.describe_clusters(tx, descriptions)


async def _record_lineage(
    tx: Tx, lineage: Any, before: Sequence[UUID | None], now_in: Sequence[UUID], failures: Sequence[int]
) -> None:
    sizes = Counter(now_in)
    amounts: Counter[UUID] = Counter()
    old_sizes: Counter[UUID] = Counter()
    old_amounts: Counter[UUID] = Counter()
    for old, new, count in zip(before, now_in, failures, strict=True):
        amounts[new] += count
        if old is not None:
            old_sizes[old] += 1
            old_amounts[old] += count
    events: list[tuple[UUID, UUID, str, UUID | None, int, int]] = [
        *((clock.new_id(), each, "founded", None, sizes[each], amounts[each]) for each in lineage.founded),
        *((clock.new_id(), new, "split", old, sizes[new], amounts[new]) for new, old in lineage.split.items()),
        *(
            (clock.new_id(), old, "merged", new, old_sizes[old], old_amounts[old])
            for old, new in lineage.merged.items()
        ),
    ]
    if events:
        await store.insert_events(tx, events)


def _shares(nearness: Any) -> list[float]:
    return [min(1.0, max(0.0, each)) for each in nearness.tolist()]
