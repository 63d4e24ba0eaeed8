"""
`/v1/evaluation/recommendations` and `/analyses`: what to change, on which evidence, and whether it helped.

Rules answer at once. A model is asked by a worker (`app.analysing`), at an
address that the team's providers or the installation's settings name, never the
caller; its session is polled.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from guildhall.adapters.analysts import RuleAnalyst
from guildhall.api.evaluation.proposals import Because
from guildhall.api.frame.lists import Items, ListWanted, SaidParameter, answer_list
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Reading, Visit, Writing
from guildhall.app import analysing
from guildhall.app.documents import described
from guildhall.app.documents.proposals import ProposalDocument, proposal_document
from guildhall.app.documents.recommendations import (
    AnalysisDocument,
    AnalysisSessionDocument,
    CalibrationDocument,
    RecommendationDocument,
    analysis_document,
    calibration_document,
    recommendation_document,
    session_document,
)
from guildhall.app.workers import ours
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
    analyst: Annotated[
        Literal["rules", "llm"],
        Field(description="Rules, which answer at once, or a model, which a worker asks: the answer is then 202."),
    ] = "rules"
    model: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=255,
            description="For llm: a model that the team's providers serve; the installation's own unless given.",
        ),
    ] = None
    temperature: Annotated[float | None, Field(ge=0, le=2, description="For llm: its temperature.")] = None


class Feedback(BaseModel):
    """How good a recommendation was."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"score": 4, "comment": "Just so."}]})

    score: Annotated[int, Field(ge=1, le=5, description="1 (of no use) to 5 (just right).")]
    comment: Annotated[str | None, Field(max_length=2_000)] = None


@described
class AcceptedDocument(TypedDict):
    """An accepted recommendation, and the proposal that it became; None for new scenarios."""

    recommendation: RecommendationDocument
    proposal: ProposalDocument | None


@analyses.get("", response_model=Items[AnalysisSessionDocument])
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
        tuple(AnalysisSessionDocument.__annotations__),
    )


@analyses.get("/{analysis}", response_model=AnalysisDocument)
async def get_analysis(visit: Reading, analysis: Annotated[UUID, Path()]) -> Response:
    """One analysis: running, completed or failed, with what it recommends, the most confident first."""
    async with visit.transaction() as tx:
        return visit.found(analysis_document(*await recommendations.get_analysis(tx, analysis)))


@analyses.post(
    "",
    status_code=201,
    response_model=AnalysisDocument,
    responses={202: {"model": AnalysisDocument, "description": "A worker asks the model; its session is running."}},
)
async def analyse(visit: Writing, body: NewAnalysis) -> Response:
    """
    Let rules or a model read what a version did, on scenarios that are not held out, and recommend changes.

    Rules have answered when this does. A model is asked by a worker: poll the session at `Location`.
    """
    if body.analyst == "llm":
        return await _hand_out(visit, body)
    analysing.refuse_for_rules(model=body.model, temperature=body.temperature)
    analyst = RuleAnalyst()
    async with visit.transaction() as tx:
        version = await configurations.get_version(tx, body.version)
        session, evidence = await recommendations.open_session(
            tx, version, analyst.who, window=timedelta(days=body.days)
        )
        found = await recommendations.record_analysis(tx, session, evidence, await analyst.analyse(evidence))
        document = analysis_document(await recommendations.get_session(tx, session.session_id), found)
        return await visit.created(tx, document, at=f"/v1/evaluation/analyses/{session.session_id}")


async def _hand_out(visit: Visit, body: NewAnalysis) -> Response:
    house = visit.house
    await ours.make_known(house.app, house.types, ours.ANALYSE)
    async with visit.transaction() as tx:
        handed = await analysing.hand_out(
            tx,
            house.app.settings,
            house.types,
            body.version,
            model=body.model,
            temperature=analysing.TEMPERATURE if body.temperature is None else body.temperature,
            window=timedelta(days=body.days),
            caller=visit.caller,
        )
        document = analysis_document(handed.session, job_id=handed.job_id)
        at = f"/v1/evaluation/analyses/{handed.session.session_id}"
        answer = await visit.done(tx, document, status=202, headers={"Location": at})
    house.bell.ring()
    return answer


@router.get("", response_model=Items[RecommendationDocument])
async def list_recommendations(
    visit: Reading,
    want: ListWanted,
    name: Annotated[list[str] | None, Query(max_length=100)] = None,
    status: Annotated[list[Literal["open", "accepted", "rejected", "refused"]] | None, Query()] = None,
    analyst: Annotated[list[Literal["rules", "llm"]] | None, Query()] = None,
    kind: Annotated[list[recommendations.Kind] | None, Query()] = None,
    session_id: UUID | None = None,
    q: SaidParameter = None,
) -> Response:
    """List recommendations, newest first."""
    return await answer_list(
        visit,
        want,
        recommendations.RECOMMENDATIONS,
        recommendations.page_recommendations,
        {"name": name, "status": status, "analyst": analyst, "kind": kind, "session_id": session_id, "q": q},
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
