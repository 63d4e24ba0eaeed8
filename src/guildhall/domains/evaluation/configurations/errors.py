"""The ways in which agent configurations fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from guildhall.algorithms.documents import Problem, told
from guildhall.errors import Conflict, InvalidInput, NotFound


class AgentFileRefused(InvalidInput):
    """An agent.yaml has mistakes; `details["problems"]` has all of them, the other details are the first's."""

    code = "agent_file_refused"

    def __init__(self, problems: Sequence[Problem]) -> None:
        message, remedy, details = told(problems)
        self.problems = tuple(problems)
        super().__init__(message, remedy=remedy, **details)


class VersionNotFound(NotFound):
    """Nothing is called that, or it is another team's."""

    code = "config_version_not_found"

    def __init__(self, reference: str, similar: Sequence[str] = ()) -> None:
        super().__init__(
            f"there is no agent configuration {reference!r}",
            remedy=f"There is {', '.join(similar)}." if similar else "`guildhall config list` shows what there is.",
            field="version",
            value=reference,
            similar=list(similar),
        )


class VersionAmbiguous(Conflict):
    """A short id fits several versions."""

    code = "config_version_ambiguous"

    def __init__(self, reference: str, candidates: Sequence[tuple[str, str]]) -> None:
        """`candidates` are pairs of label and id."""
        names = ", ".join(f"{label} ({identifier})" for label, identifier in candidates)
        super().__init__(
            f"{reference!r} may be any of {names}",
            remedy="Write more of the id, or name@version.",
            field="version",
            value=reference,
            candidates=[{"label": label, "version_id": identifier} for label, identifier in candidates],
        )


class VersionRefused(InvalidInput):
    """What was to be saved cannot be a version."""

    code = "config_version_refused"

    def __init__(self, field: str, value: Any, expected: str, remedy: str | None = None) -> None:
        super().__init__(f"{field} is {value!r:.200}, expected {expected}", remedy=remedy, field=field, value=value)
