"""`/v1/evaluation/proposals`, and the rules for them: versions that wait for an approval, decisions and rollbacks."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from guildhall.api.evaluation.configurations import Name, VersionReference
from guildhall.api.frame.lists import Items, ListWanted, SaidParameter, answer_list
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Reading, Writing
from guildhall.app import recommending
from guildhall.app.documents.configurations import VersionDocument, version_document
from guildhall.app.documents.proposals import (
    ApprovalRuleDocument,
    ProposalDocument,
    proposal_document,
    rule_document,
)
from guildhall.app.documents.recommendations import ProofDocument, proof_document
from guildhall.domains.evaluation import configurations, recommendations
from guildhall.domains.evaluation.configurations import ApprovalRule, Need

router = APIRouter(prefix="/proposals", tags=["proposals"], route_class=Route)
rules = APIRouter(prefix="/configurations", tags=["proposals"], route_class=Route)
rollbacks = APIRouter(prefix="/versions", tags=["proposals"], route_class=Route)

ProposalReference = Annotated[
    str,
    Path(
        max_length=300,
        description="The version that is proposed (`name@v3`), or the id of its diff or the end of one.",
        examples=["support-agent@v3"],
    ),
]
_Reason = Annotated[str, Field(min_length=1, max_length=2_000, description="Why; it is kept.")]


class Approval(BaseModel):
    """An approval."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "It is proven."}]})

    reason: _Reason | None = None


class Because(BaseModel):
    """Why something is decided."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "It forgets who asks."}]})

    reason: _Reason


class NewApprovalRule(BaseModel):
    """Which new versions need an approval, and whose."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"needed_for": "proposals", "four_eyes": True}]}
    )

    needed_for: Annotated[
        Literal["nothing", "proposals", "everything"],
        Field(
            description="proposals: what an analyst made; everything: also what people save, but for a first version."
        ),
    ] = "proposals"
    approvers: Annotated[
        Literal["owner", "admin", "member"], Field(description="The lowest role that may approve.")
    ] = "member"
    four_eyes: Annotated[bool, Field(description="Whoever proposed a version may not approve it.")] = False
    needs_proof: Annotated[
        bool, Field(description="Only what was shown to be better on held-out scenarios can be approved.")
    ] = False


@router.get("", response_model=Items[ProposalDocument])
async def list_proposals(
    visit: Reading,
    want: ListWanted,
    name: Annotated[list[str] | None, Query(max_length=100)] = None,
    status: Annotated[list[Literal["pending", "approved", "rejected"]] | None, Query()] = None,
    q: SaidParameter = None,
) -> Response:
    """List proposals, newest first."""
    return await answer_list(
        visit,
        want,
        configurations.PROPOSALS,
        configurations.page_proposals,
        {"name": name, "status": status, "q": q},
        proposal_document,
        tuple(ProposalDocument.__annotations__),
    )


@router.get("/{proposal}", response_model=ProposalDocument)
async def get_proposal(visit: Reading, proposal: ProposalReference) -> Response:
    """One proposal, with its diff."""
    async with visit.transaction() as tx:
        return visit.found(proposal_document(await configurations.get_proposal(tx, proposal)))


@router.post("/{proposal}/approval", response_model=ProposalDocument)
async def approve_proposal(visit: Writing, proposal: ProposalReference, body: Approval) -> Response:
    """Make a proposed version the latest of its configuration; of several who decide, the first does."""
    async with visit.transaction() as tx:
        return await visit.done(tx, proposal_document(await recommending.approve(tx, proposal, reason=body.reason)))


@router.post("/{proposal}/rejection", response_model=ProposalDocument)
async def reject_proposal(visit: Writing, proposal: ProposalReference, body: Because) -> Response:
    """Refuse a proposed version; it is kept, with the reason, and stays nobody's latest."""
    async with visit.transaction() as tx:
        return await visit.done(tx, proposal_document(await configurations.reject(tx, proposal, reason=body.reason)))


@router.get("/{proposal}/proofs", response_model=list[ProofDocument])
async def get_proofs(visit: Reading, proposal: ProposalReference) -> Response:
    """What was measured of a proposal on held-out scenarios, newest first."""
    async with visit.transaction() as tx:
        found = await configurations.get_proposal(tx, proposal)
        return visit.found([proof_document(each) for each in await recommendations.proofs_of(tx, found.diff_id)])


@rollbacks.post("/{version}/rollback", response_model=VersionDocument)
async def roll_back(visit: Writing, version: VersionReference, body: Because) -> Response:
    """Make an earlier version the latest of its configuration again."""
    async with visit.transaction() as tx:
        return await visit.done(tx, version_document(await configurations.roll_back(tx, version, reason=body.reason)))


@rules.get("/{name}/approval-rule", response_model=ApprovalRuleDocument)
async def get_approval_rule(visit: Reading, name: Name) -> Response:
    """Which new versions of a configuration need an approval, and whose: its own rule, the team's, or the default."""
    async with visit.transaction() as tx:
        return visit.found(rule_document(await configurations.get_rule(tx, name)))


@rules.put("/{name}/approval-rule", response_model=ApprovalRuleDocument)
async def set_approval_rule(visit: Writing, name: Name, body: NewApprovalRule) -> Response:
    """Set a configuration's rule; for owners and admins of the team."""
    rule = ApprovalRule(Need(body.needed_for), body.approvers, body.four_eyes, body.needs_proof)
    async with visit.transaction() as tx:
        return await visit.done(tx, rule_document(await configurations.set_rule(tx, rule, name)))


@rules.delete("/{name}/approval-rule", response_model=ApprovalRuleDocument)
async def clear_approval_rule(visit: Writing, name: Name) -> Response:
    """Take a configuration's rule away; what holds then."""
    async with visit.transaction() as tx:
        return await visit.done(tx, rule_document(await configurations.set_rule(tx, None, name)))
