"""
Search over the wing: configurations, scenarios, trajectories and failures, by words and by likeness.

It owns no table: each room keeps the vectors of its own things, all of one model, so that likeness holds across kinds.
"""

from guildhall.domains.evaluation.search.errors import SearchRefused, ThingNotFound
from guildhall.domains.evaluation.search.rules import MOST
from guildhall.domains.evaluation.search.service import find, find_alike, nearest, vector_of
from guildhall.domains.evaluation.search.types import Filters, Hit, Kind

__all__ = [
    "MOST",
    "Filters",
    "Hit",
    "Kind",
    "SearchRefused",
    "ThingNotFound",
    "find",
    "find_alike",
    "nearest",
    "vector_of",
]
