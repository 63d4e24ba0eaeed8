"""
Who may make a version the latest of its configuration: proposals, decisions, rollbacks and the rules for them.

A proposal is a version that is kept, so that it can be simulated, and is
nobody's latest. The schema holds the rules too: a decision is final, by
somebody who may, and no version goes around it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from guildhall.db import Tx
from guildhall.db.errors import ConstraintViolated
from guildhall.db.listing import Order, Page
from guildhall.domains.evaluation import bodies
from guildhall.domains.evaluation.configurations import rules, store
from guildhall.domains.evaluation.configurations.errors import (
    ApprovalNotAllowed,
    NothingProposed,
    NotProven,
    ParentMoved,
    ProposalAmbiguous,
    ProposalDecided,
    ProposalNotFound,
    ReasonMissing,
    RollbackRefused,
)
from guildhall.domains.evaluation.configurations.service import ask_approval, get_configuration, get_version
from guildhall.domains.evaluation.configurations.types import (
    AgentDefinition,
    ApprovalRule,
    ApprovalStatus,
    ConfigVersion,
    Need,
    Proposal,
    Release,
)
from guildhall.errors import NotFound

_DIGITS = re.compile(r"^[0-9a-f]{4,32}$")
_LONGEST_REASON = 2_000

PROPOSALS = store.PROPOSALS
"""By what proposals can be sorted and filtered (`page_proposals`)."""


async def propose(
    tx: Tx,
    parent: ConfigVersion,
    definition: AgentDefinition,
    *,
    generated_by: str = "llm_recommendation",
    impact_prediction: Mapping[str, Any] | None = None,
    release: bool = True,
) -> Proposal:
    """
    Keep a changed agent as a proposal to take its parent's place.

    The same change of the same parent is proposed once. Where the rule asks
    for no approval, nor for four eyes or a proof, the change is approved at once
    by whoever acts, if they may and the parent is the latest version; with
    `release` false it waits all the same.

    Raises:
        NothingProposed: It is a version already that needs no approval.
        ProposalDecided: The same change has been rejected before.
        VersionRefused: It cannot be a version.
    """
    rules.check_version(definition, generated_by)
    digests = await bodies.keep_many(tx, definition.files.values())
    latest_id = await store.lock_configuration_by_id(tx, parent.config_id)
    known = await store.find_by_content(tx, parent.config_id, definition.config_hash)
    if known is None:
        known = await store.insert_version(
            tx,
            parent.config_id,
            raw_yaml=definition.raw_yaml,
            parsed_config=definition.parsed,
            files=dict(zip(definition.files, digests, strict=True)),
            config_hash=definition.config_hash,
            generated_by=generated_by,
            modal_deployment_id=None,
            is_proposal=True,
        )
    version = await get_version(tx, str(known))
    if not version.is_proposal:
        raise NothingProposed(version.label)
    diff_id = await ask_approval(
        tx,
        parent,
        version,
        impact_prediction=impact_prediction,
        llm_generated=generated_by == "llm_recommendation",
    )
    proposal = await get_proposal(tx, str(diff_id))
    if proposal.status is ApprovalStatus.REJECTED:
        raise _decided(proposal)
    rule = await store.approval_rule(tx, parent.config_id)
    if (
        release
        and rule.needed_for is Need.NOTHING
        and not (rule.four_eyes or rule.needs_proof)
        and latest_id == parent.version_id
    ):
        return await approve(tx, str(diff_id), reason="the rule asks for no approval")
    return proposal


async def get_proposal(tx: Tx, reference: str) -> Proposal:
    """
    A proposal by its id, four digits or more of it, or the version that it proposes.

    Raises:
        ProposalNotFound: There is none.
        ProposalAmbiguous: A short id fits several.
    """
    diff_id = await _proposal_id(tx, reference.strip())
    page = await page_proposals(tx, {"diff_id": diff_id}, PROPOSALS.order(), at_most=1)
    if not page.items:
        raise ProposalNotFound(reference)
    return page.items[0]


async def page_proposals(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None = None, at_most: int = 100
) -> Page[Proposal]:
    """A page of the team's proposals (`db.listing`)."""
    return await store.page_proposals(tx, filters, order, after=after, at_most=at_most)


async def approve(tx: Tx, reference: str, *, reason: str | None = None) -> Proposal:
    """
    Make a proposed version the latest of its configuration.

    Of several who decide at once the first does, and the others are told.

    Raises:
        ProposalNotFound, ProposalAmbiguous: See `get_proposal`.
        ProposalDecided: It has been decided already.
        ParentMoved: The version that it changes is not the latest any more.
        ApprovalNotAllowed: The rule does not let this person approve it.
        NotProven: The rule asks for a proof, and there is none.
        ReasonMissing: The reason is too long.
    """
    if reason is not None:
        check_reason("an approval", reason)
    found = await get_proposal(tx, reference)
    latest_id = await store.lock_configuration_by_id(tx, found.config_id)
    proposal = await _undecided(tx, found)
    if latest_id != proposal.version_before:
        latest = await get_version(tx, str(latest_id)) if latest_id else None
        raise ParentMoved(proposal.after_label, proposal.before_label, latest.label if latest else "none")
    async with _explained(tx, proposal.config_id, proposal.after_label):
        await store.decide(tx, proposal.diff_id, ApprovalStatus.APPROVED, reason)
    await store.release_version(tx, proposal.version_after)
    await _release(tx, proposal.version_after, previous=latest_id, kind="approval", proposal=proposal, reason=reason)
    return await get_proposal(tx, str(proposal.diff_id))


async def reject(tx: Tx, reference: str, *, reason: str) -> Proposal:
    """
    Refuse a proposed version; it is kept, with the reason, and stays nobody's latest.

    Raises:
        ProposalNotFound, ProposalAmbiguous: See `get_proposal`.
        ProposalDecided: It has been decided already.
        ApprovalNotAllowed: The rule does not let this person decide.
        ReasonMissing: There is no reason, or a very long one.
    """
    check_reason("a rejection", reason)
    found = await get_proposal(tx, reference)
    await store.lock_configuration_by_id(tx, found.config_id)
    proposal = await _undecided(tx, found)
    async with _explained(tx, proposal.config_id, proposal.after_label):
        await store.decide(tx, proposal.diff_id, ApprovalStatus.REJECTED, reason)
    return await get_proposal(tx, str(proposal.diff_id))


async def roll_back(tx: Tx, reference: str, *, reason: str) -> ConfigVersion:
    """
    Make an earlier version of a configuration its latest again.

    Raises:
        VersionNotFound, VersionAmbiguous: The reference means no version.
        RollbackRefused: It is the latest already, or a proposal.
        ApprovalNotAllowed: The rule does not let this person approve versions.
        ReasonMissing: There is no reason, or a very long one.
    """
    check_reason("a rollback", reason)
    version = await get_version(tx, reference)
    latest_id = await store.lock_configuration_by_id(tx, version.config_id)
    if version.is_proposal:
        raise RollbackRefused(
            version.label, "has never been approved", f"Approve it: `guildhall config approve {version.label}`."
        )
    if version.version_id == latest_id:
        raise RollbackRefused(version.label, "is the latest version", "Name an earlier one.")
    async with _explained(tx, version.config_id, version.label):
        await _release(tx, version.version_id, previous=latest_id, kind="rollback", proposal=None, reason=reason)
    return version


async def list_releases(tx: Tx, name: str) -> list[Release]:
    """
    The approvals and rollbacks of a configuration, newest first.

    Raises:
        VersionNotFound: There is no such configuration.
    """
    return await store.releases(tx, (await get_configuration(tx, name)).config_id)


async def get_rule(tx: Tx, name: str | None = None) -> ApprovalRule:
    """
    The rule that holds for a configuration; without a name the team's.

    Raises:
        VersionNotFound: There is no such configuration.
    """
    return await store.approval_rule(tx, None if name is None else (await get_configuration(tx, name)).config_id)


async def set_rule(tx: Tx, rule: ApprovalRule | None, name: str | None = None) -> ApprovalRule:
    """
    Set a configuration's rule, or the team's; None takes it away. What holds then.

    Raises:
        VersionNotFound: There is no such configuration.
        ApprovalNotAllowed: Only owners and admins of the team change who approves.
    """
    config_id = None if name is None else (await get_configuration(tx, name)).config_id
    async with _explained(tx, config_id, name or "the team"):
        if rule is None:
            await store.delete_approval_rule(tx, config_id)
        else:
            await store.set_approval_rule(tx, config_id, rule)
    return await store.approval_rule(tx, config_id)


def check_reason(what: str, reason: str) -> None:
    """
    Make sure that a reason can be kept.

    Raises:
        ReasonMissing: It is empty, or very long.
    """
    if not reason.strip() or len(reason) > _LONGEST_REASON:
        raise ReasonMissing(what, reason.strip())


async def _proposal_id(tx: Tx, reference: str) -> UUID:
    digits = reference.replace("-", "").lower()
    if _DIGITS.match(digits):
        candidates = await store.proposals_like(tx, digits)
        if len(candidates) > 1:
            raise ProposalAmbiguous(reference, candidates)
        if candidates:
            return candidates[0]
    try:
        version = await get_version(tx, reference)
    except NotFound:
        raise ProposalNotFound(reference) from None
    found = await store.proposal_of_version(tx, version.version_id)
    if found is None:
        raise ProposalNotFound(reference)
    return found


async def _undecided(tx: Tx, found: Proposal) -> Proposal:
    """The proposal as it is now that nobody else can decide on it."""
    proposal = await get_proposal(tx, str(found.diff_id))
    if proposal.status is not ApprovalStatus.PENDING:
        raise _decided(proposal)
    return proposal


def _decided(proposal: Proposal) -> ProposalDecided:
    return ProposalDecided(
        proposal.after_label, proposal.status.value, proposal.decided_by_name, proposal.decision_reason
    )


async def _release(
    tx: Tx, version_id: UUID, *, previous: UUID | None, kind: str, proposal: Proposal | None, reason: str | None
) -> None:
    version = await get_version(tx, str(version_id))
    await store.insert_release(
        tx,
        version.config_id,
        version_id,
        previous_version_id=previous,
        kind=kind,
        diff_id=proposal.diff_id if proposal else None,
        reason=reason,
    )
    await store.move_latest(tx, version.config_id, version_id, rules.sandbox_config(version.parsed_config))


@asynccontextmanager
async def _explained(tx: Tx, config_id: UUID | None, label: str) -> AsyncIterator[None]:
    """Say in our words why the schema's rules do not allow a decision; the transaction can go on."""
    rule = await store.approval_rule(tx, config_id)
    try:
        async with tx.savepoint():
            yield
    except ConstraintViolated as refused:
        match refused.constraint:
            case "approvals_are_for_approvers":
                raise ApprovalNotAllowed(
                    f"you may not decide on versions of {label.partition('@')[0]}",
                    f"Ask somebody whose role is {rule.approvers}, or above it.",
                ) from refused
            case "approvals_need_four_eyes":
                raise ApprovalNotAllowed(
                    f"you have proposed {label} yourself, and its rule asks for four eyes", "Ask somebody else."
                ) from refused
            case "approval_rules_are_set_by_administrators":
                raise ApprovalNotAllowed(
                    "you may not change who approves", "Ask an owner or an admin of the team."
                ) from refused
            case "approvals_need_a_proof":
                raise NotProven(label) from refused
        raise
