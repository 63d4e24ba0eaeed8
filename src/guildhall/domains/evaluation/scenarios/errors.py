"""The ways in which scenarios fail."""

from __future__ import annotations

from collections.abc import Sequence

from guildhall.algorithms.documents import Problem, told
from guildhall.errors import InvalidInput, NotFound


class ScenarioFileRefused(InvalidInput):
    """A scenarios file has mistakes; `details["problems"]` has all of them, the other details are the first's."""

    code = "scenario_file_refused"

    def __init__(self, problems: Sequence[Problem]) -> None:
        message, remedy, details = told(problems)
        self.problems = tuple(problems)
        super().__init__(message, remedy=remedy, **details)


class ScenarioNotFound(NotFound):
    """There is no such scenario, or it never had this content, or it is another team's."""

    code = "scenario_not_found"

    def __init__(self, scenario_id: str, content_hash: str | None = None, similar: Sequence[str] = ()) -> None:
        content = f" with content {content_hash[:12]}" if content_hash else ""
        super().__init__(
            f"there is no scenario {scenario_id!r}{content}",
            remedy=f"There is {', '.join(similar)}." if similar else "`guildhall scenario list` shows what there is.",
            field="scenario_id",
            value=scenario_id,
            content_hash=content_hash,
            similar=list(similar),
        )
