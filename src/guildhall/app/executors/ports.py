"""Where trials are run: what an executor is, and what it may run into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Protocol
from uuid import UUID

from guildhall.app.executors.material import Material
from guildhall.domains.evaluation.failures import FailureCategory
from guildhall.domains.evaluation.outcomes import TrialRecord
from guildhall.domains.evaluation.simulations import Claim
from guildhall.errors import GuildhallError, InvalidInput, Unavailable


class Conductor(Protocol):
    """Runs one trial of a simulation; what an agent does wrong is a record, never an exception."""

    async def conduct(self, claim: Claim) -> TrialRecord:
        """
        The record of a trial.

        Raises:
            TrialLost: What ran it is gone; nobody knows how far it was.
        """


class Notes(Protocol):
    """Where an executor writes down what holds for a whole simulation."""

    async def confined(self, simulation_id: UUID, how: Mapping[str, Any]) -> None:
        """How programs are confined where its trials run."""

    async def in_modal(self, simulation_id: UUID, app_id: str | None, environment: str | None) -> None:
        """In which app, and which of Modal's environments, its trials run."""

    async def modal_call(self, claim: Claim, call_id: str, logs: str | None) -> None:
        """Which call ran a trial, and what it logged."""


class Executor(Protocol):
    """One way of running trials. Claims, leases, money and records are not its business, but the runner's."""

    def open(
        self, materials: Sequence[Material], notes: Notes
    ) -> AbstractAsyncContextManager[Mapping[UUID, Conductor]]:
        """
        What runs the trials of each simulation, for as long as the block lasts.

        Raises:
            InvalidInput: Something that an agent or a scenario refers to cannot be loaded.
            Unavailable: What trials are to run on does not answer.
        """


class TrialLost(GuildhallError):
    """What ran a trial is gone, and the trial with it; it can be run again from its beginning."""

    code = "trial_lost"
    category: ClassVar[FailureCategory] = FailureCategory.SYSTEM_ERROR


class MaterialRefused(InvalidInput):
    """A machine elsewhere cannot load what its trials are made of."""

    code = "material_refused"


class ExecutorMissing(InvalidInput):
    """An executor was asked for whose package is not installed."""

    code = "executor_missing"

    def __init__(self, name: str, package: str) -> None:
        super().__init__(
            f"--on {name} needs the package {package!r}, which is not installed",
            remedy=f"Install it with the extra {name!r}: `pip install 'guildhall[{name}]'`.",
            field="on",
            value=name,
            extra=name,
        )


class ExecutorUnavailable(Unavailable):
    """What trials are to run on cannot be reached, or is gone."""

    code = "executor_unavailable"
