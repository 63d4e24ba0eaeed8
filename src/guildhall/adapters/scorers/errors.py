"""The ways in which scorers fail."""

from __future__ import annotations

from guildhall.errors import InvalidInput


class ScorerNotUsable(InvalidInput):
    """A scorer's options do not make sense for its scenario."""

    code = "scorer_not_usable"

    def __init__(self, scorer: str, why: str, remedy: str | None = None) -> None:
        super().__init__(f"scorer {scorer!r} cannot be used: {why}", remedy=remedy, field="scorers", value=scorer)
