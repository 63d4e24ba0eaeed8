"""Clusters of failures as JSON: how they stand, and all that is known of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.app.documents import Amount, described
from guildhall.domains.evaluation.failures import Cluster, Clustering, ClusterState, ClusterStory


@described
class ClusterDocument(TypedDict):
    """Failures that are alike."""

    cluster_id: UUID
    """Lasts while failures come in; of one that another took in, the other is shown."""
    name: str | None
    """What people call it."""
    pattern: str
    """What their messages have in common: <*> where they differ, <n>, <id>, <path> … where something volatile was."""
    state: ClusterState
    """new in its first week; growing or fading against the week before; resolved, until it came_back."""
    failure_type: str
    failure_category: str
    fault: str
    failures: int
    recent: int
    """Of the last seven days, today included."""
    before: int
    """Of the seven days before."""
    recoveries_attempted: int
    recoveries_successful: int
    """Those that another attempt made good."""
    first_seen: datetime
    last_seen: datetime
    resolution_steps: str | None
    llm_analysis: Mapping[str, Any] | None
    """What was found out: `analysis`, the `evidence` it cites (outcomes' ids), and whatever else was said."""
    resolved_at: datetime | None
    resolved_by: UUID | None
    created_at: datetime
    updated_at: datetime


class ExemplarDocument(TypedDict):
    """What failures of the cluster say, with the last that said so."""

    message: str
    failures: int
    confidence: float
    pattern_id: UUID | None
    outcome_id: UUID | None
    simulation_id: UUID | None
    scenario_id: str | None
    step: int | None
    error_message: str | None


class AffectedScenarioDocument(TypedDict):
    """How often the cluster was seen in a scenario."""

    scenario_id: str
    failures: int


@described
class AffectedVersionDocument(TypedDict):
    """How often the cluster was seen in a version of a configuration."""

    version_id: UUID
    config_name: str
    version_number: int
    failures: int
    """Trials that failed so."""
    trials: int
    """Trials of the simulations in which any did."""
    last_seen: datetime


class ClusterDayDocument(TypedDict):
    """How often the cluster was seen on a day, in UTC."""

    day: date
    failures: int
    recoveries_successful: int


@described
class ClusterEventDocument(TypedDict):
    """What became of a cluster."""

    cluster_id: UUID
    kind: str
    """founded, split (from `other_id`) or merged (into `other_id`)."""
    other_id: UUID | None
    signatures: int
    failures: int
    happened_at: datetime


@described
class ClusterStoryDocument(ClusterDocument):
    """A cluster with all that is known of it."""

    cost_usd: Amount | None
    """Of the trials that failed so; null where no cost is known."""
    unpriced: int
    """Trials whose cost is not known."""
    exemplars: Sequence[ExemplarDocument]
    scenarios: Sequence[AffectedScenarioDocument]
    versions: Sequence[AffectedVersionDocument]
    days: Sequence[ClusterDayDocument]
    """Days without any are left out."""
    events: Sequence[ClusterEventDocument]


@described
class ClusteringDocument(TypedDict):
    """How the team's failures were clustered last."""

    embedding_model: str | None
    grouped_at: datetime | None
    """When all were grouped anew."""
    loose: int
    """Failures in no cluster yet."""
    trouble: str | None
    """Why they wait, where it is more than that they have just come."""


@described
class ErrorRateDocument(TypedDict):
    """How often a scenario ended in an error on a day."""

    day: datetime
    scenario_id: str
    total_runs: int
    error_count: int
    error_rate_pct: Amount
    """Of 100."""


@described
class FailureDayDocument(TypedDict):
    """Failures of one category on a day."""

    day: datetime
    failure_category: str
    daily_failures: int
    avg_confidence: float | None
    """How near they are to the centres of their clusters, on average."""
    sample_errors: Sequence[str] | None
    """Up to twenty messages."""
    affected_scenarios: Sequence[str] | None


def cluster_document(cluster: Cluster) -> ClusterDocument:
    """A cluster, as lists show it."""
    return {
        "cluster_id": cluster.cluster_id,
        "name": cluster.name,
        "pattern": cluster.pattern,
        "state": cluster.state,
        "failure_type": cluster.failure_type,
        "failure_category": cluster.failure_category,
        "fault": cluster.fault,
        "failures": cluster.failures,
        "recent": cluster.recent,
        "before": cluster.before,
        "recoveries_attempted": cluster.recoveries_attempted,
        "recoveries_successful": cluster.recoveries_successful,
        "first_seen": cluster.first_seen,
        "last_seen": cluster.last_seen,
        "resolution_steps": cluster.resolution_steps,
        "llm_analysis": cluster.llm_analysis,
        "resolved_at": cluster.resolved_at,
        "resolved_by": cluster.resolved_by,
        "created_at": cluster.created_at,
        "updated_at": cluster.updated_at,
    }


def story_document(story: ClusterStory) -> ClusterStoryDocument:
    """A cluster with all that is known of it (`failures.tell_story`)."""
    return {
        **cluster_document(story.cluster),
        "cost_usd": story.cost_usd,
        "unpriced": story.unpriced,
        "exemplars": [
            {
                "message": each.message,
                "failures": each.failures,
                "confidence": each.confidence,
                "pattern_id": each.pattern_id,
                "outcome_id": each.outcome_id,
                "simulation_id": each.simulation_id,
                "scenario_id": each.scenario_id,
                "step": each.step,
                "error_message": each.error_message,
            }
            for each in story.exemplars
        ],
        "scenarios": [{"scenario_id": each.scenario_id, "failures": each.failures} for each in story.scenarios],
        "versions": [
            {
                "version_id": each.version_id,
                "config_name": each.config_name,
                "version_number": each.version_number,
                "failures": each.failures,
                "trials": each.trials,
                "last_seen": each.last_seen,
            }
            for each in story.versions
        ],
        "days": [
            {"day": each.day, "failures": each.failures, "recoveries_successful": each.recoveries_successful}
            for each in story.days
        ],
        "events": [
            {
                "cluster_id": each.cluster_id,
                "kind": each.kind,
                "other_id": each.other_id,
                "signatures": each.signatures,
                "failures": each.failures,
                "happened_at": each.happened_at,
            }
            for each in story.events
        ],
    }


def clustering_document(clustering: Clustering) -> ClusteringDocument:
    """How failures were clustered last."""
    return {
        "embedding_model": clustering.embedding_model,
        "grouped_at": clustering.grouped_at,
        "loose": clustering.loose,
        "trouble": clustering.trouble,
    }


def error_rate_document(row: Mapping[str, Any]) -> ErrorRateDocument:
    """A row of `v_error_rates`."""
    return {
        "day": row["day"],
        "scenario_id": row["scenario_id"],
        "total_runs": row["total_runs"],
        "error_count": row["error_count"],
        "error_rate_pct": row["error_rate_pct"],
    }


def failure_day_document(row: Mapping[str, Any]) -> FailureDayDocument:
    """A row of `v_llm_failure_analysis`."""
    return {
        "day": row["day"],
        "failure_category": row["failure_category"],
        "daily_failures": row["daily_failures"],
        "avg_confidence": row["avg_confidence"],
        "sample_errors": row["sample_errors"],
        "affected_scenarios": row["affected_scenarios"],
    }
