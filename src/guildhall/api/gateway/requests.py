"""`/v1/gateway/requests` and `/ledger`: every call of a model that is on record, and whether the record is whole."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from typing_extensions import TypedDict

from guildhall.api.frame.lists import Items, ListWanted, answer_list
from guildhall.api.frame.moments import Moment
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Administering, Reading
from guildhall.app import sealing
from guildhall.app.documents.audits import VerificationDocument, verification_document
from guildhall.app.documents.ensembles import VoteDocument, record_document
from guildhall.app.documents.gateway import CallDocument, CallStoryDocument, call_document, story_document
from guildhall.domains.gateway import ensembles, requests

router = APIRouter(prefix="/requests", tags=["gateway"], route_class=Route)
ledger = APIRouter(prefix="/ledger", tags=["gateway"], route_class=Route)

LEDGERS = ("llm_requests", "llm_responses")

RequestId = Annotated[
    UUID,
    Path(
        description="A call's id, as the header `x-request-id` of its answer says it.",
        examples=["0199f3a4-5b6c-7d8e-9f01-23456789abcd"],
    ),
]


class DecidedStoryDocument(CallStoryDocument):
    """A call whole, and how it was decided if an ensemble answered it."""

    vote: VoteDocument | None


class LedgersDocument(TypedDict):
    """What calls and answers were found to be."""

    items: list[VerificationDocument]


@router.get("", response_model=Items[CallDocument])
async def list_requests(
    visit: Reading,
    want: ListWanted,
    status: Literal["pending", "running", "completed", "failed"] | None = None,
    model: Annotated[str | None, Query(max_length=255, description="As callers name it.")] = None,
    user_id: UUID | None = None,
    api_key_id: UUID | None = None,
    error_code: Annotated[str | None, Query(max_length=100)] = None,
    session_id: Annotated[UUID | None, Query(description="Those of a named session.")] = None,
    simulation_id: Annotated[UUID | None, Query(description="Those that were made for a simulation.")] = None,
    outcome_id: Annotated[UUID | None, Query(description="Those behind one trial's outcome.")] = None,
    role: Annotated[Literal["agent", "user", "judge", "analyst"] | None, Query(description="In a trial.")] = None,
    created_after: Moment | None = None,
    created_before: Moment | None = None,
) -> Response:
    """List the team's calls of models, newest first."""
    filters = {
        "status": status,
        "model": model,
        "user_id": user_id,
        "api_key_id": api_key_id,
        "error_code": error_code,
        "session_id": session_id,
        "simulation_id": simulation_id,
        "outcome_id": outcome_id,
        "role": role,
        "created_from": created_after,
        "created_before": created_before,
    }
    return await answer_list(
        visit, want, requests.CALLS, requests.page_calls, filters, call_document, tuple(CallDocument.__annotations__)
    )


@router.get("/{request_id}", response_model=DecidedStoryDocument)
async def get_request(visit: Reading, request_id: RequestId) -> Response:
    """One call whole: what was asked, everything that came of each attempt, and how an ensemble's vote went."""
    async with visit.transaction() as tx:
        story = await requests.get_story(tx, request_id)
        record = await ensembles.find_record(tx, request_id)
    vote = None if record is None else record_document(record)
    return visit.found({**story_document(story), "vote": vote})


@ledger.get("/verification", response_model=LedgersDocument)
async def verify_calls(visit: Administering) -> Response:
    """
    Hold every call and every answer of all teams against its digest, its seal and the chain of seals.

    That is for administrators of the installation and reads the whole ledger; of a team's own rows
    `GET /v1/platform/ledgers/llm_requests/verification` tells, and a job of type `audit.verify`.
    """
    await visit.insist()
    found = await sealing.verify(visit.house.app, LEDGERS)
    return visit.found({"items": [verification_document(each) for each in found]})
