"""The ways in which ensembles cannot be, or do not answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from guildhall.algorithms.suggestions import did_you_mean
from guildhall.errors import Conflict, InvalidInput, NotFound, Unavailable


class EnsembleRefused(InvalidInput):
    """An ensemble has a value that it cannot have."""

    code = "ensemble_refused"

    def __init__(self, field: str, value: Any, expected: str, *, remedy: str | None = None) -> None:
        shown = str(value)[:100]
        super().__init__(
            f"ensemble_config.{field} is {shown!r}, expected {expected}",
            remedy=remedy,
            field=f"ensemble_config.{field}",
            value=shown,
        )


class EnsembleTaken(Conflict):
    """The team has an ensemble of this name."""

    code = "ensemble_taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is an ensemble {name!r} already", field="name", value=name)


class EnsembleNotFound(NotFound):
    """The team has no ensemble of this name."""

    code = "ensemble_not_found"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(
            f"there is no ensemble {name[:100]!r}",
            remedy=did_you_mean(name, known) or "`guildhall gateway ensembles list` shows what there is.",
            field="model",
            value=name[:100],
        )


class EnsembleFailed(Unavailable):
    """No member has given an answer that counts."""

    code = "ensemble_failed"

    def __init__(self, reasons: Mapping[str, str], status: int, retry_after_s: float | None = None) -> None:
        told = "; ".join(f"{name}: {why}" for name, why in reasons.items())
        more = {} if retry_after_s is None else {"retry_after_s": retry_after_s}
        super().__init__(
            f"no member of the ensemble has answered: {told:.1000}",
            remedy="`guildhall gateway requests show` has what each of them did.",
            reasons=dict(reasons),
            **more,
        )
        self.status = status


class QuorumMissed(Unavailable):
    """Fewer members have answered than a vote needs."""

    code = "quorum_missed"

    def __init__(self, came: int, quorum: int, asked: int, reasons: Mapping[str, str], *, in_time: bool) -> None:
        told = "; ".join(f"{name}: {why}" for name, why in reasons.items())
        super().__init__(
            f"{came} of {asked} members have answered{'' if in_time else ' before the deadline'}, expected {quorum} or more"
            + (f": {told:.800}" if told else ""),
            remedy="Lower the quorum, or give members more time (deadline_s).",
            reasons=dict(reasons),
        )
        self.status = 502 if in_time else 504


class VoteNotFound(NotFound):
    """A call is not an ensemble's, or its vote has expired."""

    code = "vote_not_found"

    def __init__(self, request_id: UUID) -> None:
        super().__init__(
            f"the request {request_id} has no vote: it asked no ensemble, or it was never decided",
            field="request",
            value=str(request_id),
        )


class LearningRefused(InvalidInput):
    """Weights cannot be learned from what there is."""

    code = "learning_refused"

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
