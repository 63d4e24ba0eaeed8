"""The ways in which only clients fail."""

from __future__ import annotations

from guildhall.errors import Unavailable


class AnalysisUnfinished(Unavailable):
    """An analysis is still running; perhaps no worker is there."""

    code = "analysis_unfinished"

    def __init__(self, session_id: str, timeout_s: float) -> None:
        super().__init__(
            f"analysis {session_id} has not ended within {timeout_s:g} s",
            remedy="See that a `guildhall worker` runs, and wait again.",
            session_id=session_id,
        )
