"""The ways in which agent configurations fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from guildhall.algorithms.documents import Problem, told
from guildhall.errors import Conflict, InvalidInput, NotAllowed, NotFound


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


class ProposalNotFound(NotFound):
    """There is no such proposal, or it is another team's."""

    code = "proposal_not_found"

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"there is no proposal {reference!r}",
            remedy="`guildhall config diffs` shows what waits for an approval.",
            field="proposal",
            value=reference,
        )


class ProposalAmbiguous(Conflict):
    """A short id fits several proposals."""

    code = "proposal_ambiguous"

    def __init__(self, reference: str, candidates: Sequence[UUID]) -> None:
        super().__init__(
            f"{reference!r} may be any of {', '.join(each.hex for each in candidates)}",
            remedy="Write more of the id.",
            field="proposal",
            value=reference,
            candidates=[str(each) for each in candidates],
        )


class ProposalDecided(Conflict):
    """Somebody has approved or rejected it already; a decision is final."""

    code = "proposal_decided"

    def __init__(self, label: str, status: str, by: str | None, reason: str | None) -> None:
        who = f" by {by}" if by else ""
        why = f": {reason}" if reason else ""
        super().__init__(
            f"{label} has been {status} already{who}{why}",
            remedy="A decision is final; propose another change.",
            version=label,
            status=status,
        )


class ParentMoved(Conflict):
    """A proposal changes a version that is not the latest any more."""

    code = "proposal_parent_moved"

    def __init__(self, label: str, parent: str, latest: str) -> None:
        super().__init__(
            f"{label} changes {parent}, and the latest version is {latest}",
            remedy=f"Approve what leads from {latest} to {parent} first, or propose the change again for {latest}.",
            version=label,
            parent=parent,
            latest=latest,
        )


class NothingProposed(Conflict):
    """What was to be proposed is a version that everybody may use already, or its own parent."""

    code = "nothing_proposed"

    def __init__(self, label: str) -> None:
        super().__init__(
            f"this content is {label}, which needs no approval",
            remedy=f"To go back to an earlier version: `guildhall config rollback {label}`.",
            version=label,
        )


class ApprovalNotAllowed(NotAllowed):
    """The configuration's approval rule does not let this person decide."""

    code = "approval_not_allowed"

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why, remedy=remedy)


class NotProven(Conflict):
    """The configuration's rule asks for a proof that a proposal is better, and there is none."""

    code = "proposal_not_proven"

    def __init__(self, label: str) -> None:
        super().__init__(
            f"{label} has not been shown to be better on held-out scenarios, which its approval rule asks for",
            remedy="Run the proof first: `guildhall recommend prove RECOMMENDATION`.",
            version=label,
        )


class RollbackRefused(Conflict):
    """A configuration cannot go back to this version."""

    code = "rollback_refused"

    def __init__(self, label: str, why: str, remedy: str) -> None:
        super().__init__(f"{label} {why}", remedy=remedy, version=label)


class ReasonMissing(InvalidInput):
    """A decision that needs a reason has none, or one that is too long."""

    code = "reason_missing"

    def __init__(self, what: str, reason: str | None) -> None:
        length = len(reason or "")
        super().__init__(
            f"the reason has {length:,} characters, expected 1 to 2,000" if length else f"{what} needs a reason",
            remedy="Say in a sentence why; whoever proposed it will read it.",
            field="reason",
            value=(reason or "")[:100],
        )
