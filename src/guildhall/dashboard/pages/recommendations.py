"""Recommendations: what should change next, on which evidence, and did it help?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from guildhall.adapters.analysts import RuleAnalyst
from guildhall.api.frame.visits import Reading, Writing
from guildhall.app.figures import count, percent, shortened
from guildhall.dashboard.changes import Difference
from guildhall.dashboard.effects import Effects, in_points
from guildhall.dashboard.frame.forms import form
from guildhall.dashboard.frame.lists import Listed, ListWanted, listed
from guildhall.dashboard.frame.tables import Column
from guildhall.dashboard.frame.texts import shown
from guildhall.dashboard.frame.views import Page, link, render, see_other
from guildhall.domains.evaluation import configurations, outcomes, overview, recommendations
from guildhall.domains.evaluation.configurations import Proposal
from guildhall.domains.evaluation.outcomes import Outcome
from guildhall.domains.evaluation.recommendations import (
    Calibration,
    Effect,
    Kind,
    PatchRefused,
    Recommendation,
    Session,
    Status,
)

router = APIRouter(route_class=Page, include_in_schema=False)

Reference = Annotated[str, Path(max_length=300)]

_EXPORT = "/v1/evaluation/recommendations"
_CITED = 50
_SESSIONS = 10
_DAYS = timedelta(days=30)
_LONGEST_PATCH = 20_000


@dataclass(frozen=True, slots=True)
class ListPage:
    """The team's recommendations, who made them, and how far each may be believed."""

    sentence: str
    table: Listed[Recommendation]
    chosen: Mapping[str, str | None]
    configs: Sequence[str]
    kinds: Sequence[str]
    statuses: Sequence[str]
    sessions: Sequence[Session]
    calibrations: Sequence[Calibration]
    session: Session | None


@dataclass(frozen=True, slots=True)
class RecommendationPage:
    """One recommendation with everything that speaks for it and against it."""

    recommendation: Recommendation
    question: str
    sentence: str
    effects: Effects
    difference: Difference | None
    why_not: str | None
    patch: str
    patch_left_out: int
    description: str
    figures: Sequence[tuple[str, str]]
    cited: Sequence[Outcome]
    cited_in_all: int
    session: Session | None
    calibration: Calibration | None
    proposal: Proposal | None
    added: Sequence[str]


def _predicted(each: Recommendation) -> str | None:
    return None if each.predicted is None else in_points(each.predicted)


_COLUMNS: Sequence[Column[Recommendation]] = (
    Column(
        "description",
        "Change",
        lambda each: shortened(each.description, 140) or "(nothing said)",
        href=lambda each: f"/recommendations/{each.recommendation_id}",
    ),
    Column("version", "Version", lambda each: each.version_label),
    Column("kind", "Kind", lambda each: each.kind.value.replace("_", " ")),
    Column("analyst", "Analyst", lambda each: each.analyst),
    Column("predicted", "Predicted effect", _predicted, "written"),
    Column("confidence", "Confidence", lambda each: each.confidence, "percent"),
    Column("status", "Status", lambda each: each.status.value),
    Column("created_at", "Made", lambda each: each.created_at, "time"),
)


@router.get("/recommendations")
async def list_recommendations(
    visit: Reading,
    request: Request,
    want: ListWanted,
    q: Annotated[str | None, Query(max_length=200)] = None,
    name: Annotated[str | None, Query(max_length=255)] = None,
    status: Annotated[str | None, Query(pattern="^(open|accepted|rejected|refused)?$")] = None,
    analyst: Annotated[str | None, Query(pattern="^(rules|llm)?$")] = None,
    kind: Annotated[
        str | None,
        Query(pattern="^(config_change|scenario_addition|tool_optimization|performance_tuning|modal_optimization)?$"),
    ] = None,
    session_id: UUID | None = None,
) -> Response:
    """What should change next, and what became of what was recommended before."""
    filters = {
        "q": q or None,
        "name": [name] if name else None,
        "status": [status] if status else None,
        "analyst": [analyst] if analyst else None,
        "kind": [kind] if kind else None,
        "session_id": session_id,
    }
    async with visit.transaction() as tx:
        pending = await overview.pending(tx)
        known = await configurations.list_configurations(tx, with_inactive=True, at_most=200)
        sessions = await recommendations.page_sessions(tx, {}, recommendations.SESSIONS.order(), at_most=_SESSIONS)
        calibrations = await recommendations.calibration(tx)
        session = None if session_id is None else await recommendations.get_session(tx, session_id)
    table = await listed(
        visit,
        request,
        want,
        recommendations.RECOMMENDATIONS,
        recommendations.page_recommendations,
        filters,
        _COLUMNS,
        caption="Recommendations",
        exported_at=_EXPORT,
    )
    page = ListPage(
        sentence=_list_sentence(pending.recommendations, pending.approvals),
        table=table,
        chosen={"q": q, "name": name, "status": status, "analyst": analyst, "kind": kind},
        configs=[each.name for each in known],
        kinds=[each.value for each in Kind],
        statuses=[each.value for each in Status],
        sessions=sessions.items,
        calibrations=calibrations,
        session=session,
    )
    return render(request, "recommendations.html", page, visit=visit)


@router.get("/recommendations/{recommendation}")
async def one_recommendation(visit: Reading, request: Request, recommendation: Reference) -> Response:
    """One recommendation: its evidence, what it would change, and whether it helped."""
    async with visit.transaction() as tx:
        found = await recommendations.get_recommendation(tx, recommendation)
        session = None if found.session_id is None else await recommendations.get_session(tx, found.session_id)
        calibrations = await recommendations.calibration(tx)
        ids = [UUID(each) for each in found.evidence.get("outcome_ids", [])]
        cited: Sequence[Outcome] = ()
        if ids:
            order = outcomes.OUTCOMES.order()
            cited = (await outcomes.page_outcomes(tx, {"outcome_id": ids[:_CITED]}, order, at_most=_CITED)).items
        proposal, proofs, difference, why_not = None, [], None, None
        if found.proposed_diff_id is not None:
            proposal = await configurations.get_proposal(tx, str(found.proposed_diff_id))
            proofs = await recommendations.proofs_of(tx, found.proposed_diff_id)
            difference = Difference.of(proposal.change_summary, proposal.diff_yaml)
        elif found.kind is not Kind.SCENARIO_ADDITION:
            try:
                difference = Difference.of(*await recommendations.preview(tx, found))
            except (PatchRefused, configurations.VersionNotFound) as error:
                why_not = error.message
    patch, left_out = shown(found.suggested_yaml_changes or "", _LONGEST_PATCH)
    application = found.application or {}
    page = RecommendationPage(
        recommendation=found,
        question=_question(found),
        sentence=_sentence(found),
        effects=Effects.of(found.predicted, proofs),
        difference=difference,
        why_not=why_not,
        patch=patch,
        patch_left_out=left_out,
        description=shown(found.description)[0],
        figures=[(str(name), _written(value)) for name, value in dict(found.evidence.get("figures", {})).items()],
        cited=cited,
        cited_in_all=len(ids),
        session=session,
        calibration=next((each for each in calibrations if each.analyst == found.analyst), None),
        proposal=proposal,
        added=[str(each) for each in application.get("scenario_ids", [])],
    )
    return render(request, "recommendation.html", page, visit=visit)


@router.post("/recommendations/analysis")
async def analyse(visit: Writing, request: Request) -> Response:
    """Let the rules read what a version did, and recommend changes."""
    fields = await form(request)
    analyst = RuleAnalyst()
    async with visit.transaction() as tx:
        version = await configurations.get_version(tx, fields.get("version", "")[:300])
        session, evidence = await recommendations.open_session(tx, version, analyst.who, window=_DAYS)
        await recommendations.record_analysis(tx, session, evidence, await analyst.analyse(evidence))
        await visit.done(tx, None, status=204)
    return see_other(link("/recommendations", session_id=session.session_id))


@router.post("/recommendations/{recommendation}/acceptance")
async def accept(visit: Writing, request: Request, recommendation: Reference) -> Response:
    """Apply a recommendation: scenarios are added, a change of the agent becomes a proposal to approve."""
    await form(request)
    async with visit.transaction() as tx:
        found, proposal = await recommendations.accept(tx, recommendation)
        await visit.done(tx, None, status=204)
    if proposal is not None:
        return see_other(f"/approvals/{proposal.diff_id}")
    return see_other(f"/recommendations/{found.recommendation_id}")


@router.post("/recommendations/{recommendation}/rejection")
async def reject(visit: Writing, request: Request, recommendation: Reference) -> Response:
    """Decide against a recommendation."""
    fields = await form(request)
    async with visit.transaction() as tx:
        found = await recommendations.reject(tx, recommendation, reason=fields.get("reason", ""))
        await visit.done(tx, None, status=204)
    return see_other(f"/recommendations/{found.recommendation_id}")


@router.post("/recommendations/{recommendation}/feedback")
async def give_feedback(visit: Writing, request: Request, recommendation: Reference) -> Response:
    """Say how good a recommendation was."""
    fields = await form(request)
    given = fields.get("score", "")
    score = int(given) if given.isascii() and given.isdigit() and len(given) < 4 else 0
    async with visit.transaction() as tx:
        comment = fields.get("comment", "").strip() or None
        found = await recommendations.give_feedback(tx, recommendation, score, comment)
        await visit.done(tx, None, status=204)
    return see_other(f"/recommendations/{found.recommendation_id}")


def _list_sentence(open_ones: int, approvals: int) -> str:
    if not open_ones:
        said = "Nothing that was recommended waits for a decision"
    else:
        said = f"{count(open_ones, 'recommendation')} {'waits' if open_ones == 1 else 'wait'} for a decision"
    if approvals:
        said += f", and {count(approvals, 'accepted change')} for an approval"
    return f"{said}."


def _question(found: Recommendation) -> str:
    if found.kind is Kind.SCENARIO_ADDITION:
        return "Should these scenarios be added?"
    return f"Should {found.version_label or 'the agent'} change like this?"


def _sentence(found: Recommendation) -> str:
    who = {"rules": "Rules", "llm": "A model"}.get(found.analyst or "", "Somebody")
    effect: Effect | None = found.predicted
    predicted = f"{who} predicted {in_points(effect)} on the pass rate" if effect else f"{who} predicted no effect"
    match found.status:
        case Status.OPEN:
            return f"It waits for a decision. {predicted}, with a confidence of {percent(found.confidence)}."
        case Status.ACCEPTED:
            done = "It was accepted and is applied" if found.applied else "It was accepted and waits for an approval"
            return f"{done}. {predicted}, with a confidence of {percent(found.confidence)}."
        case Status.REJECTED:
            return f"It was rejected: {found.status_reason or 'no reason is known'}"
        case Status.REFUSED:
            return f"It cannot be applied: {found.status_reason or 'no reason is known'}"


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
