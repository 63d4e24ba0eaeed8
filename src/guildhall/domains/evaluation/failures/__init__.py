"""Failures: why trials did not pass, and who is to blame."""

from guildhall.domains.evaluation.failures.errors import FailureRefused
from guildhall.domains.evaluation.failures.rules import Row as FailureRow
from guildhall.domains.evaluation.failures.service import add_failures, check_failure, list_failures, store_failures
from guildhall.domains.evaluation.failures.types import (
    FailedTrial,
    FailureCategory,
    FailurePattern,
    Fault,
    NewFailure,
)

__all__ = [
    "FailedTrial",
    "FailureCategory",
    "FailurePattern",
    "FailureRefused",
    "FailureRow",
    "Fault",
    "NewFailure",
    "add_failures",
    "check_failure",
    "list_failures",
    "store_failures",
]
