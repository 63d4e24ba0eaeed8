"""The ways in which failures are refused."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from guildhall.errors import Conflict, InvalidInput, NotFound, Unavailable


class FailureRefused(InvalidInput):
    """A failure says something that makes no sense."""

    code = "failure_refused"

    def __init__(self, field: str, value: Any, expected: str) -> None:
        super().__init__(
            f"a failure's {field} is {value!r:.200}, expected {expected}",
            remedy="Correct the value, or leave it out where it is not known.",
            field=field,
            value=value if isinstance(value, (str, int, float, bool)) else repr(value)[:200],
        )


class ClusterNotFound(NotFound):
    """There is no such cluster of failures, or it is another team's."""

    code = "failure_cluster_not_found"

    def __init__(self, reference: str | UUID) -> None:
        super().__init__(
            f"there is no cluster of failures {str(reference)!r:.120}",
            remedy="`guildhall failures list` shows them.",
            cluster=str(reference)[:200],
        )


class ClusterAmbiguous(InvalidInput):
    """The end of an id is that of several clusters."""

    code = "failure_cluster_ambiguous"

    def __init__(self, reference: str, ids: list[str]) -> None:
        super().__init__(
            f"{reference!r} is the end of {len(ids)} clusters' ids",
            remedy=f"Write more of it: {', '.join(ids[:3])}.",
            field="cluster",
            value=reference,
        )


class ClusterChanged(Conflict):
    """Somebody else has said something of a cluster since it was looked at."""

    code = "failure_cluster_changed"

    def __init__(self, cluster_id: UUID, field: str) -> None:
        super().__init__(
            f"somebody else has changed the {field.replace('_', ' ')} of cluster {cluster_id.hex[-6:]} meanwhile",
            remedy="Keep your text (in a browser it is where you came from: go back), look at the cluster again, and say both.",
            field=field,
            value=str(cluster_id),
        )


class EvidenceUnknown(InvalidInput):
    """An analysis cites outcomes that are none of the cluster's."""

    code = "evidence_unknown"

    def __init__(self, unknown: list[str]) -> None:
        super().__init__(
            f"the analysis cites {', '.join(unknown[:3])}{' …' if len(unknown) > 3 else ''}, expected outcomes that failed so",
            remedy="`guildhall failures show CLUSTER` names them.",
            field="evidence",
            value=unknown[:20],
        )


class EmbeddingUnavailable(Unavailable):
    """The service that makes embeddings does not answer, or its answer makes no sense; failures wait until it does."""

    code = "embedding_unavailable"

    def __init__(self, url: str, why: str) -> None:
        super().__init__(
            f"the embedding service at {url} gave no embeddings: {why:.300}",
            remedy="Everything else goes on; failures are clustered once it answers. Unset GUILDHALL_EMBEDDING_URL to do without.",
            url=url,
        )
