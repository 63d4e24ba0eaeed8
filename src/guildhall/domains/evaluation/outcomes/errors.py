"""The ways in which outcomes are refused."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from guildhall.errors import Conflict, InvalidInput, NotFound


class OutcomeRefused(InvalidInput):
    """An outcome says something that makes no sense."""

    code = "outcome_refused"

    def __init__(self, field: str, value: Any, expected: str, remedy: str | None = None) -> None:
        super().__init__(
            f"an outcome's {field} is {value!r:.200}, expected {expected}",
            remedy=remedy or "Correct the value, or leave it out where it is not known.",
            field=field,
            value=value if isinstance(value, (str, int, float, bool)) else repr(value)[:200],
        )


class OutcomeNotFound(NotFound):
    """There is no such outcome."""

    code = "outcome_not_found"

    def __init__(self, outcome_id: UUID) -> None:
        super().__init__(
            f"there is no outcome {outcome_id}",
            remedy="`guildhall eval show SIMULATION` lists the outcomes of a simulation.",
            field="outcome_id",
            value=str(outcome_id),
        )


class OutcomeIdTaken(Conflict):
    """An outcome's id belongs to another outcome already."""

    code = "outcome_id_taken"

    def __init__(self, outcome_id: UUID, simulation_id: UUID) -> None:
        super().__init__(
            f"outcome {outcome_id} of simulation {simulation_id} has an id that another outcome has already",
            remedy="Give each outcome an id of its own: a new UUID of version 7.",
            field="outcome_id",
            value=str(outcome_id),
            simulation_id=str(simulation_id),
        )


class RecordUnreadable(InvalidInput):
    """A packed record cannot be read: another program wrote it, or a newer Guildhall."""

    code = "record_unreadable"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"a packed trial cannot be read: {reason}",
            remedy="Read it with the version of Guildhall that wrote it.",
        )
