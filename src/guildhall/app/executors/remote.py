"""What executors have in common whose trials run elsewhere."""

from __future__ import annotations

from typing import Any

from guildhall.app.executors.errand import Answer
from guildhall.app.executors.ports import Notes
from guildhall.domains.evaluation.outcomes import TrialRecord
from guildhall.domains.evaluation.simulations import Claim


class AnswerDesk:
    """Takes answers in for one run: a refusal is raised, a new way of confining programs noted."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._noted: list[tuple[Any, dict[str, Any]]] = []

    async def take(self, claim: Claim, answer: Answer) -> TrialRecord:
        """
        The record in an answer.

        Raises:
            MaterialRefused: The machine cannot load what the trial is made of.
        """
        if answer.refusal is not None:
            raise answer.refusal.as_error()
        assert answer.record is not None
        noted = (claim.simulation_id, answer.confinement)
        if noted not in self._noted:
            self._noted.append(noted)
            await self._notes.confined(*noted)
        return answer.record
