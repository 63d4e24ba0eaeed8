"""
`/v1/evaluation/recommendations` and `/analyses`: what to change, on which evidence, and whether it helped.

Over HTTP only the rules analyse: a model would be asked at an address that the
caller names, with keys of this server.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from guildhall.adapters.analysts import RuleAnalyst
from guildhall.api.evaluation.proposals import Because
from guildhall.api.frame.lists import Items, ListWanted, answer_list
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Reading, Writing
from guildhall.app.documents import described
from guildhall.app.documents.proposals import ProposalDocument, proposal_document
from guildhall.app.documents.recommendations import (
    CalibrationDocument,
    RecommendationDocument,
    SessionDocument,
    calibration_document,
    recommendation_document,
    session_document,
)
from guildhall.domains.evaluation import configurations, recommendations

router = APIRouter(prefix="/recommendations", tags=["recommendations"], route_class=Route)
analyses = APIRouter(prefix="/analyses", tags=["recommendations"], route_class=Route)
calibrations = APIRouter(prefix="/calibrations", tags=["recommendations"], route_class=Route)

RecommendationReference = Annotated[
    str, Path(max_length=300, description="A recommendation's id, or the end of it.", examples=["7f3a9c"])
]


class NewAnalysis(BaseModel):
    """What to analyse."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"version": "support-agent@v2"}]})

    version: Annotated[str, Field(max_length=300, description="A version: `name`, `name@v2`, an id or the end of one.")]
    days: Annotated[float, Field(gt=0, le=3650, description="How far back to look.")] = 30.0


class Feedback(BaseModel):
    """How good a recommendation was."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"score": 4, "comment": "Just so."}]})

    score: Annotated[int, Field(ge=1, le=5, description="1 (of no use) to 5 (just right).")]
    comment: Annotated[str | None, Field(max_length=2_000)] = None


@described
class AnalysisDocument(TypedDict):
    """An analysis with what it recommends."""

    session: SessionDocument
    recommendations: Sequence[RecommendationDocument]


@described
class AcceptedDocument(TypedDict):
    """An accepted recommendation, and the proposal that it became; None for new scenarios."""

    recommendation: RecommendationDocument
    proposal: ProposalDocument | None


@analyses.get("", response_model=Items[SessionDocument])
async def list_analyses(
    visit: Reading,
    want: ListWanted,
    analyst: Annotated[list[Literal["rules", "llm"]] | None, Query()] = None,
    status: Annotated[list[Literal["running", "completed", "failed"]] | None, Query()] = None,
) -> Response:
    """List analyses, newest first, with what each read and cost."""
    return await answer_list(
        visit,
        want,
        recommendations.SESSIONS,
        recommendations.page_sessions,
        {"analyst": analyst, "status": status},
        session_document,
        tuple(SessionDocument.__annotations__),
    )


@analyses.post("", status_code=201, response_model=AnalysisDocument)
async def analyse(visit: Writing, body: NewAnalysis) -> Response:
    """Let rules read what a version did, on scenarios that are not held out, and recommend changes."""
    analyst = RuleAnalyst()
    async with visit.transaction() as tx:
        version = await configurations.get_version(tx, body.version)
        session, evidence = await recommendations.open_session(
            tx, version, analyst.who, window=timedelta(days=body.days)
        )
        found = await recommendations.record_analysis(tx, session, evidence, await analyst.analyse(evidence))
        document: AnalysisDocument = {
            "session": session_document(await recommendations.get_session(tx, session.session_id)),
            "recommendations": [recommendation_document(each) for each in found],
        }
        return await visit.created(tx, document, at=f"/v1/evaluation/recommendations?session_id={session.session_id}")


@router.get("", response_model=Items[RecommendationDocument])
async def list_recommendations(
    visit: Reading,
    want: ListWanted,
    name: Annotated[list[str] | None, Query(max_length=100)] = None,
    status: Annotated[list[Literal["open", "accepted", "rejected", "refused"]] | None, Query()] = None,
    analyst: Annotated[list[Literal["rules", "llm"]] | None, Query()] = None,
    session_id: UUID | None = None,
) -> Response:
    """List recommendations, newest first."""
    return await answer_list(
        visit,
        want,
        recommendations.RECOMMENDATIONS,
        recommendations.page_recommendations,
        {"name": name, "status": status, "analyst": analyst, "session_id": session_id},
        recommendation_document,
        tuple(RecommendationDocument.__annotations__),
    )


@router.get("/{recommendation}", response_model=RecommendationDocument)
async def get_recommendation(visit: Reading, recommendation: RecommendationReference) -> Response:
    """One recommendation, with its evidence and its patch."""
    async with visit.transaction() as tx:
        return visit.found(recommendation_document(await recommendations.get_recommendation(tx, recommendation)))


@router.post("/{recommendation}/acceptance", response_model=AcceptedDocument)
async def accept_recommendation(visit: Writing, recommendation: RecommendationReference) -> Response:
    """Apply a recommendation: scenarios are added, a change of the agent becomes a proposal to approve."""
    async with visit.transaction() as tx:
        found, proposal = await recommendations.accept(tx, recommendation)
        document: AcceptedDocument = {
            "recommendation": recommendation_document(found),
            "proposal": proposal_document(proposal) if proposal else None,
        }
        return await visit.done(tx, document)


@router.post("/{recommendation}/rejection", response_model=RecommendationDocument)
async def reject_recommendation(visit: Writing, recommendation: RecommendationReference, body: Because) -> Response:
    """Decide against a recommendation."""
    async with visit.transaction() as tx:
        found = await recommendations.reject(tx, recommendation, reason=body.reason)
        return await visit.done(tx, recommendation_document(found))


@router.put("/{recommendation}/feedback", response_model=RecommendationDocument)
async def give_feedback(visit: Writing, recommendation: RecommendationReference, body: Feedback) -> Response:
    """Say how good a recommendation was; a later word takes the place of an earlier."""
    async with visit.transaction() as tx:
        found = await recommendations.give_feedback(tx, recommendation, body.score, body.comment)
        return await visit.done(tx, recommendation_document(found))


@calibrations.get("", response_model=list[CalibrationDocument])
async def get_calibrations(visit: Reading) -> Response:
    """How good each analyst's predictions were, over everything that was proven."""
    async with visit.transaction() as tx:
        return visit.found([calibration_document(each) for each in await recommendations.calibration(tx)])
