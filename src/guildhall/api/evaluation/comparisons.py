"""`/v1/evaluation/comparisons`: whether one version is better than another."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Reading
from guildhall.app.documents.comparisons import ComparisonDocument, comparison_document
from guildhall.domains.evaluation import reports

router = APIRouter(prefix="/comparisons", tags=["comparisons"], route_class=Route)

_REFERENCE = (
    "A simulation (id, the end of one, `@latest`) or a version, which means its latest that fits the other side."
)


@router.get("", response_model=ComparisonDocument)
async def compare(
    visit: Reading,
    baseline: Annotated[str, Query(max_length=300, description=_REFERENCE, examples=["support-agent@v1"])],
    candidate: Annotated[str, Query(max_length=300, description=_REFERENCE, examples=["support-agent@v2"])],
    margin: Annotated[
        float | None,
        Query(gt=0, lt=1, description="The difference in pass rate that does not matter; 0.05 unless given."),
    ] = None,
) -> Response:
    """Say whether the candidate is better than the baseline: better, worse, equivalent, or not enough data."""
    async with visit.transaction() as tx:
        versus = await reports.compare(tx, *await reports.choose_pair(tx, baseline, candidate), margin=margin)
    return visit.found(comparison_document(versus))
