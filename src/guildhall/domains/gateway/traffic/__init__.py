"""
What many calls show together: how accounts answer, what the latest calls came to, which seals cover them.

It reads what other rooms have written, bounded by what an index gives at once, and owns nothing.
"""

from guildhall.domains.gateway.traffic.service import (
    ATTEMPTS,
    LATEST,
    answers_by_day,
    latest_calls,
    provider_traffic,
    sealed_rows,
)
from guildhall.domains.gateway.traffic.types import AnswersOfDay, LatestCalls, ProviderTraffic, SealedRow

__all__ = [
    "ATTEMPTS",
    "LATEST",
    "AnswersOfDay",
    "LatestCalls",
    "ProviderTraffic",
    "SealedRow",
    "answers_by_day",
    "latest_calls",
    "provider_traffic",
    "sealed_rows",
]
