"""Proposals as JSON: versions that wait for an approval, what was decided, and by whose rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.app.documents import described
from guildhall.domains.evaluation.configurations import ApprovalRule, Proposal


@described
class ProposalDocument(TypedDict):
    """A version that somebody wants to be a configuration's latest."""

    diff_id: UUID
    config_id: UUID
    name: str
    """The configuration's."""
    before: str
    """The version that it changes, which must be the latest to be approved: `support-agent@v2`."""
    after: str
    """The version that is proposed."""
    version_before: UUID
    version_after: UUID
    status: str
    """pending, approved or rejected; a decision is final."""
    changes: Sequence[Mapping[str, Any]]
    """One entry for each path: `kind` is added, removed, changed or moved."""
    unified: str
    """What `diff -u` prints for the YAML and each changed file."""
    predicted: Mapping[str, Any] | None
    """The effect that was predicted: a difference in pass rate with its interval."""
    llm_generated: bool
    proposed_by: str | None
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    created_at: datetime


@described
class ApprovalRuleDocument(TypedDict):
    """Which new versions need an approval, and whose."""

    needed_for: str
    """nothing; proposals: what an analyst made; everything: also what people save, but for a first version."""
    approvers: str
    """The lowest role that may approve: owner, admin or member."""
    four_eyes: bool
    """Whoever proposed a version may not approve it."""
    needs_proof: bool
    """Only what was shown to be better on held-out scenarios can be approved."""
    of: str
    """Whose rule it is: configuration, team, or default where nobody has set one."""


def proposal_document(proposal: Proposal) -> ProposalDocument:
    """A proposal."""
    return {
        "diff_id": proposal.diff_id,
        "config_id": proposal.config_id,
        "name": proposal.config_name,
        "before": proposal.before_label,
        "after": proposal.after_label,
        "version_before": proposal.version_before,
        "version_after": proposal.version_after,
        "status": proposal.status.value,
        "changes": list(proposal.change_summary),
        "unified": proposal.diff_yaml,
        "predicted": proposal.impact_prediction,
        "llm_generated": proposal.llm_generated,
        "proposed_by": proposal.proposed_by_name,
        "decided_by": proposal.decided_by_name,
        "decided_at": proposal.decided_at,
        "decision_reason": proposal.decision_reason,
        "created_at": proposal.created_at,
    }


def rule_document(rule: ApprovalRule) -> ApprovalRuleDocument:
    """An approval rule."""
    return {
        "needed_for": rule.needed_for.value,
        "approvers": rule.approvers,
        "four_eyes": rule.four_eyes,
        "needs_proof": rule.needs_proof,
        "of": {True: "configuration", False: "team", None: "default"}[rule.is_own],
    }
