"""The ways in which recommendations fail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from guildhall.errors import Conflict, InvalidInput, NotFound, Unavailable


class RecommendationNotFound(NotFound):
    """There is no such recommendation, or it is another team's."""

    code = "recommendation_not_found"

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"there is no recommendation {reference!r}",
            remedy="`guildhall recommend list` shows those there are.",
            field="recommendation",
            value=reference,
        )


class RecommendationAmbiguous(Conflict):
    """A short id fits several recommendations."""

    code = "recommendation_ambiguous"

    def __init__(self, reference: str, candidates: Sequence[UUID]) -> None:
        super().__init__(
            f"{reference!r} may be any of {', '.join(each.hex for each in candidates)}",
            remedy="Write more of the id.",
            field="recommendation",
            value=reference,
            candidates=[str(each) for each in candidates],
        )


class SessionNotFound(NotFound):
    """There is no such analysis, or it is another team's."""

    code = "recommendation_session_not_found"

    def __init__(self, session_id: UUID) -> None:
        super().__init__(
            f"there is no analysis {session_id}",
            remedy="`guildhall recommend sessions` shows those there are.",
            field="session",
            value=str(session_id),
        )


class AnalysisOver(Conflict):
    """An analysis that has ended is not carried out again."""

    code = "analysis_over"

    def __init__(self, session_id: UUID, status: str) -> None:
        super().__init__(
            f"analysis {session_id} has {status} already",
            remedy="Begin another one: `guildhall recommend run VERSION`.",
            field="session",
            value=str(session_id),
        )


class NothingToAnalyse(Conflict):
    """A version has no trials in the window that an analyst may read."""

    code = "nothing_to_analyse"

    def __init__(self, label: str, since: datetime) -> None:
        super().__init__(
            f"{label} has no trials since {since:%Y-%m-%d %H:%M} on scenarios of the search split",
            remedy="Run some (`guildhall eval run`), or look further back with --days.",
            version=label,
        )


class PatchRefused(InvalidInput):
    """A suggested change that cannot be applied to the version that it is about."""

    code = "patch_refused"

    def __init__(self, why: str, remedy: str | None = None) -> None:
        super().__init__(f"the suggested change does not apply: {why}", remedy=remedy, field="suggested_yaml_changes")
        self.why = why


class NotOpen(Conflict):
    """A recommendation that has been decided on, or could never be applied."""

    code = "recommendation_not_open"

    def __init__(self, short_id: str, status: str, reason: str | None) -> None:
        super().__init__(
            f"recommendation {short_id} is {status}{f': {reason}' if reason else ''}",
            remedy="`guildhall recommend list` shows those that are open.",
            status=status,
        )


class NothingToProve(Conflict):
    """A recommendation that has made no version, so that there is nothing to measure."""

    code = "nothing_to_prove"

    def __init__(self, short_id: str, why: str, remedy: str) -> None:
        super().__init__(f"recommendation {short_id} {why}", remedy=remedy)


class NoHeldOutScenarios(Conflict):
    """A proof needs scenarios that no analyst has seen, and there are none."""

    code = "no_held_out_scenarios"

    def __init__(self, why: str) -> None:
        super().__init__(
            why, remedy="Mark scenarios with `split: holdout` before an analyst sees them, six of them or more."
        )


class SplitsMixed(Conflict):
    """The database has refused to let a proof use what an analyst has seen, or an analyst what is held out."""

    code = "splits_mixed"

    def __init__(self, constraint: str) -> None:
        what = {
            "proofs_are_on_unseen_scenarios": "a scenario of the proof was shown to an analyst, under its id or another",
            "proofs_are_on_the_held_out_split": "a scenario of the proof is not of the split holdout",
            "analysts_read_the_search_split": "a scenario of the split holdout was to be shown to an analyst",
        }.get(constraint, "a scenario is not of the split that it was to be used for")
        super().__init__(
            what,
            remedy="Use fresh scenarios with `split: holdout`; what has been seen stays seen.",
            constraint=constraint,
        )


class FeedbackRefused(InvalidInput):
    """A feedback score that is none."""

    code = "feedback_refused"

    def __init__(self, field: str, value: Any, expected: str) -> None:
        super().__init__(f"{field} is {value!r:.100}, expected {expected}", field=field, value=value)


class AnalystFailed(Unavailable):
    """An analyst gave no analysis: it does not answer, answers nonsense, or without end."""

    code = "analyst_failed"

    def __init__(self, why: str, *, cost: Any = None, calls: int = 0, tokens: int | None = None) -> None:
        super().__init__(
            f"the analyst gave no analysis: {why}",
            remedy="Try again, name another model, or use `--analyst rules`, which asks none.",
        )
        self.cost_usd = cost
        self.calls = calls
        self.tokens = tokens


class ImprovementNotFound(NotFound):
    """There is no such improvement, or it is another team's; or a short id fits several."""

    code = "improvement_not_found"

    def __init__(self, reference: str, candidates: Sequence[UUID] = ()) -> None:
        super().__init__(
            f"{reference!r} may be any of {', '.join(each.hex for each in candidates)}"
            if candidates
            else f"there is no improvement {reference!r}",
            remedy="Write more of the id." if candidates else "Begin one: `guildhall improve AGENT.yaml SCENARIOS`.",
            field="improvement",
            value=reference,
        )
