"""Failures: why trials did not pass, and who is to blame."""

from guildhall.domains.evaluation.failures.types import FailureCategory, FailurePattern, Fault, NewFailure

__all__ = ["FailureCategory", "FailurePattern", "Fault", "NewFailure"]
