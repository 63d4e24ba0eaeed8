"""The ways in which simulations fail."""

from __future__ import annotations

from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.errors import GuildhallError


class TrialFailed(GuildhallError):
    """
    A trial cannot go on: who is to blame, what kind of failure it is, and whether trying again may help.

    Raised by runtimes, tools, simulated users and scorers; the conductor of
    the trial turns it into an outcome. `status` is the outcome's: error,
    timeout or cancelled.
    """

    code = "trial_failed"

    def __init__(
        self,
        message: str,
        *,
        fault: Fault,
        category: FailureCategory,
        failure_type: str,
        status: str = "error",
        retryable: bool | None = None,
    ) -> None:
        super().__init__(message, fault=fault.value, category=category.value, failure_type=failure_type)
        self.fault = fault
        self.category = category
        self.failure_type = failure_type
        self.status = status
        self.retryable = fault is Fault.INFRASTRUCTURE if retryable is None else retryable
