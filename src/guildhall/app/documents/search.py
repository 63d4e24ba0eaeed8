"""What a search finds, as JSON."""

from __future__ import annotations

from datetime import datetime

from typing_extensions import TypedDict

from guildhall.app.documents import described
from guildhall.domains.evaluation.search import Hit, Kind


@described
class HitDocument(TypedDict):
    """Something that was found."""

    kind: Kind
    id: str
    """A version's, a scenario's, an outcome's, or that of a cluster of failures."""
    title: str
    excerpt: str
    at: datetime
    """When it was made, changed last, tried, or seen last."""
    score: float
    """Orders what one search finds, and means nothing beyond it."""
    similarity: float | None
    """A cosine; null where it was found by its words alone."""
    has_words: bool
    """Whether it has what was asked for in words."""


def hit_document(hit: Hit) -> HitDocument:
    """Something that was found."""
    return {
        "kind": hit.kind,
        "id": hit.id,
        "title": hit.title,
        "excerpt": hit.excerpt,
        "at": hit.at,
        "score": hit.score,
        "similarity": hit.similarity,
        "has_words": hit.has_words,
    }
