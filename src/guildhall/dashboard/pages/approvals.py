"""Approvals: which changes wait for somebody to say yes, and who may?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from guildhall.algorithms.differences import summarise
from guildhall.api.frame.visits import Reading, Visit, Writing
from guildhall.app import recommending
from guildhall.app.figures import count, shortened
from guildhall.dashboard.changes import Difference
from guildhall.dashboard.effects import Effects, effect_of, in_points
from guildhall.dashboard.frame.forms import form
from guildhall.dashboard.frame.lists import Listed, ListWanted, listed
from guildhall.dashboard.frame.tables import Column
from guildhall.dashboard.frame.views import Page, link, quoted, render, see_other
from guildhall.domains.evaluation import configurations, overview, recommendations
from guildhall.domains.evaluation.configurations import ApprovalRule, ApprovalStatus, Need, Proposal
from guildhall.domains.evaluation.recommendations import Proof
from guildhall.domains.platform.identity import Role, Standing

router = APIRouter(route_class=Page, include_in_schema=False)

Reference = Annotated[str, Path(max_length=300)]


@dataclass(frozen=True, slots=True)
class ListPage:
    """Proposals, decided and not."""

    sentence: str
    table: Listed[Proposal]
    chosen: Mapping[str, str | None]
    configs: Sequence[str]
    statuses: Sequence[str]


@dataclass(frozen=True, slots=True)
class ProposalPage:
    """One proposal, what speaks for it, and what whoever looks may do about it."""

    proposal: Proposal
    sentence: str
    effects: Effects
    difference: Difference
    rule: str
    compare: str | None
    may_decide: bool
    may_approve: bool
    why_not: str | None


def _predicted(each: Proposal) -> str | None:
    return None if each.impact_prediction is None else in_points(effect_of(each.impact_prediction))


_COLUMNS: Sequence[Column[Proposal]] = (
    Column("after", "Version", lambda each: each.after_label, href=lambda each: f"/approvals/{each.diff_id}"),
    Column("before", "Takes the place of", lambda each: f"v{each.number_before}"),
    Column("changes", "Changes", lambda each: shortened(summarise(each.change_summary), 140)),
    Column("predicted", "Predicted effect", _predicted, "written"),
    Column("proposed_by", "Proposed by", lambda each: each.proposed_by_name),
    Column("status", "Status", lambda each: each.status.value),
    Column("created_at", "Proposed", lambda each: each.created_at, "time"),
    Column("decided_at", "Decided", lambda each: each.decided_at, "time"),
)


@router.get("/approvals")
async def list_proposals(
    visit: Reading,
    request: Request,
    want: ListWanted,
    q: Annotated[str | None, Query(max_length=200)] = None,
    name: Annotated[str | None, Query(max_length=255)] = None,
    status: Annotated[str | None, Query(pattern="^(pending|approved|rejected)?$")] = None,
) -> Response:
    """Changes that wait for an approval, and those that were decided."""
    filters = {"q": q or None, "name": [name] if name else None, "status": [status] if status else None}
    async with visit.transaction() as tx:
        pending = await overview.pending(tx)
        known = await configurations.list_configurations(tx, with_inactive=True, at_most=200)
    table = await listed(
        visit,
        request,
        want,
        configurations.PROPOSALS,
        configurations.page_proposals,
        filters,
        _COLUMNS,
        caption="Proposals",
        exported_at="/v1/evaluation/proposals",
    )
    waiting = pending.approvals
    sentence = (
        f"{count(waiting, 'change')} {'waits' if waiting == 1 else 'wait'} for an approval."
        if waiting
        else "No change waits for an approval."
    )
    page = ListPage(
        sentence,
        table,
        {"q": q, "name": name, "status": status},
        [each.name for each in known],
        [each.value for each in ApprovalStatus],
    )
    return render(request, "approvals.html", page, visit=visit)


@router.get("/approvals/{proposal}")
async def one_proposal(visit: Reading, request: Request, proposal: Reference) -> Response:
    """One proposal: what it changes, what was measured of it, and the decision."""
    async with visit.transaction() as tx:
        found = await configurations.get_proposal(tx, proposal)
        proofs = await recommendations.proofs_of(tx, found.diff_id)
        rule = await configurations.get_rule(tx, found.config_name)
        latest = await configurations.get_configuration(tx, found.config_name)
    may_decide = may_decide_by(rule, visit)
    why_not = _why_not(found, rule, proofs, visit, latest_id=latest.latest_version_id)
    compare = None
    if proofs and proofs[0].verdict is not None:
        compare = link(
            "/compare", baseline=proofs[0].baseline_simulation_id, candidate=proofs[0].candidate_simulation_id
        )
    page = ProposalPage(
        proposal=found,
        sentence=_sentence(found),
        effects=Effects.of(effect_of(found.impact_prediction), proofs),
        difference=Difference.of(found.change_summary, found.diff_yaml),
        rule=rule_sentence(rule),
        compare=compare,
        may_decide=may_decide,
        may_approve=may_decide and why_not is None,
        why_not=why_not,
    )
    return render(request, "approval.html", page, visit=visit)


@router.post("/approvals/{proposal}/approval")
async def approve(visit: Writing, request: Request, proposal: Reference) -> Response:
    """Make a proposed version the latest of its configuration."""
    fields = await form(request)
    async with visit.transaction() as tx:
        found = await recommending.approve(tx, proposal, reason=fields.get("reason", "").strip() or None)
        await visit.done(tx, None, status=204)
    return see_other(f"/approvals/{found.diff_id}")


@router.post("/approvals/{proposal}/rejection")
async def reject(visit: Writing, request: Request, proposal: Reference) -> Response:
    """Refuse a proposed version."""
    fields = await form(request)
    async with visit.transaction() as tx:
        found = await configurations.reject(tx, proposal, reason=fields.get("reason", ""))
        await visit.done(tx, None, status=204)
    return see_other(f"/approvals/{found.diff_id}")


@router.post("/configurations/{name}/rollback")
async def roll_back(visit: Writing, request: Request, name: Annotated[str, Path(max_length=300)]) -> Response:
    """Make an earlier version of a configuration its latest again."""
    fields = await form(request)
    async with visit.transaction() as tx:
        reference = f"{name}@v{fields.get('version', '')[:10]}"
        version = await configurations.roll_back(tx, reference, reason=fields.get("reason", ""))
        await visit.done(tx, None, status=204)
    return see_other(f"/configurations/{quoted(version.config_name)}")


def may_decide_by(rule: ApprovalRule, visit: Visit) -> bool:
    """Whether a rule lets whoever asks decide; the schema has the last word."""
    if visit.caller.actor.reads_only:
        return False
    standing: Standing = visit.caller.standing
    if standing.is_administrator:
        return True
    ranks = list(Role)
    return standing.role is not None and ranks.index(standing.role) <= ranks.index(Role(rule.approvers))


def rule_sentence(rule: ApprovalRule) -> str:
    """Which new versions need an approval, and whose."""
    needed = {
        Need.NOTHING: "No change needs an approval",
        Need.PROPOSALS: "What an analyst made needs an approval",
        Need.EVERYTHING: "Every change needs an approval, what people save too",
    }[rule.needed_for]
    said = [f"{needed}; the lowest role that may decide is {rule.approvers}"]
    if rule.four_eyes:
        said.append("whoever proposed it may not approve it")
    if rule.needs_proof:
        said.append("it has to be shown to be better on held-out scenarios first")
    whose = {True: "this configuration's own rule", False: "the team's rule", None: "the rule where nobody has set one"}
    return f"{'; '.join(said)}. That is {whose[rule.is_own]}."


def _why_not(
    found: Proposal, rule: ApprovalRule, proofs: Sequence[Proof], visit: Visit, *, latest_id: object
) -> str | None:
    """Why it cannot be approved now by whoever looks, who may decide otherwise."""
    if latest_id != found.version_before:
        return f"It changes {found.before_label}, which is not the latest version any more."
    if rule.four_eyes and found.proposed_by == visit.caller.user_id:
        return "You have proposed it yourself, and somebody else has to approve it."
    measured = [each for each in proofs if each.verdict is not None]
    # The first proof counts, as in the schema: whoever tries often enough gets a lucky one.
    if rule.needs_proof and (not measured or measured[-1].verdict != "better"):
        return "It has not been shown to be better on held-out scenarios, which the rule asks for."
    return None


def _sentence(found: Proposal) -> str:
    by = found.decided_by_name or "somebody"
    because = f": {found.decision_reason}" if found.decision_reason else "."
    match found.status:
        case ApprovalStatus.PENDING:
            return f"It waits for an approval; {in_points(effect_of(found.impact_prediction))} was predicted."
        case ApprovalStatus.APPROVED:
            return f"It was approved by {by}{because}"
        case ApprovalStatus.REJECTED:
            return f"It was rejected by {by}{because}"
