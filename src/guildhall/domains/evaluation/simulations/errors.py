"""The ways in which simulations fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.errors import Conflict, GuildhallError, InvalidInput, NotFound


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


class PlanRefused(InvalidInput):
    """A simulation was asked for that makes no sense."""

    code = "simulation_refused"

    def __init__(self, field: str, value: Any, expected: str, remedy: str) -> None:
        super().__init__(f"{field} is {value!r}, expected {expected}", remedy=remedy, field=field, value=value)


class SimulationNotFound(NotFound):
    """There is no such simulation."""

    code = "simulation_not_found"

    def __init__(self, reference: str, *, is_version: bool = False) -> None:
        super().__init__(
            f"{reference} has not been run" if is_version else f"there is no simulation {reference!r}",
            remedy="`guildhall eval list` shows those there are.",
            field="simulation",
            value=reference,
        )


class SimulationAmbiguous(Conflict):
    """A short id fits more than one simulation."""

    code = "simulation_ambiguous"

    def __init__(self, reference: str, candidates: Sequence[UUID]) -> None:
        super().__init__(
            f"{reference!r} fits {len(candidates)} simulations",
            remedy="Give more digits: " + ", ".join(str(each) for each in candidates) + ".",
            field="simulation",
            value=reference,
            candidates=[str(each) for each in candidates],
        )


class SimulationEnded(Conflict):
    """The simulation is over, so it can be neither run nor cancelled."""

    code = "simulation_ended"

    def __init__(self, simulation_id: UUID, status: str) -> None:
        super().__init__(
            f"simulation {simulation_id} is {status} already",
            remedy="Run the agent again for a new one.",
            simulation_id=str(simulation_id),
            status=status,
        )


class ScenarioNotInSimulation(InvalidInput):
    """An outcome names a scenario that its simulation does not have."""

    code = "scenario_not_in_simulation"

    def __init__(self, simulation_id: UUID, scenario_id: str) -> None:
        super().__init__(
            f"scenario {scenario_id!r} is not part of simulation {simulation_id}, or there is no such simulation",
            remedy="Name one of the scenarios that the simulation was started with.",
            field="scenario_id",
            value=scenario_id,
            simulation_id=str(simulation_id),
        )
