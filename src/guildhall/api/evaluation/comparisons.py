"""`/v1/evaluation/comparisons`: whether one version is better than another."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Reading
from guildhall.app import gates
from guildhall.app.documents.comparisons import ComparisonDocument, comparison_document
from guildhall.app.documents.gates import GateDocument, gate_document
from guildhall.app.documents.questions import (
    NextDollarDocument,
    ToolsVersusDocument,
    next_dollar_document,
    tools_versus_document,
)
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


@router.get("/gate", response_model=GateDocument)
async def check_gate(
    visit: Reading,
    baseline: Annotated[str, Query(max_length=300, description=_REFERENCE, examples=["support-agent@v1"])],
    candidate: Annotated[str, Query(max_length=300, description=_REFERENCE, examples=["support-agent@v2"])],
    metric: Annotated[
        list[Literal["pass rate", "cost/trial", "time p50"]] | None,
        Query(description="What may not get worse; the pass rate unless given."),
    ] = None,
    margin: Annotated[
        float | None,
        Query(gt=0, lt=1, description="The difference in pass rate that does not matter; 0.05 unless given."),
    ] = None,
    strict: Annotated[
        bool, Query(description="Closed, too, where a regression is neither shown nor ruled out.")
    ] = False,
) -> Response:
    """Say whether a candidate may pass: a gate closes on a significant regression, not on a wobble."""
    async with visit.transaction() as tx:
        versus = await reports.compare(tx, *await reports.choose_pair(tx, baseline, candidate), margin=margin)
    return visit.found(gate_document(gates.gate(versus, metrics=metric or [reports.PASS_RATE], strict=strict)))


@router.get("/tools", response_model=ToolsVersusDocument)
async def compare_tools(
    visit: Reading,
    baseline: Annotated[str, Query(max_length=300, description=_REFERENCE, examples=["support-agent@v1"])],
    candidate: Annotated[str, Query(max_length=300, description=_REFERENCE, examples=["support-agent@v2"])],
) -> Response:
    """How each version uses its tools: calls per trial, failed calls, time, cost, each with an interval and a verdict."""
    async with visit.transaction() as tx:
        found = await reports.compare_tools(tx, *await reports.choose_pair(tx, baseline, candidate))
    return visit.found(tools_versus_document(found))


@router.get("/next", response_model=NextDollarDocument)
async def plan_next(
    visit: Reading,
    baseline: Annotated[str, Query(max_length=300, description=_REFERENCE, examples=["support-agent@v1"])],
    candidate: Annotated[str, Query(max_length=300, description=_REFERENCE, examples=["support-agent@v2"])],
    budget_usd: Annotated[float, Query(gt=0, le=1_000_000, description="How much is to be spent.")] = 1.0,
    trial_cost_usd: Annotated[
        float | None, Query(gt=0, le=1_000_000, description="What one trial costs; what trials have cost unless given.")
    ] = None,
) -> Response:
    """Which scenarios to try again, and how often, so that a budget narrows the interval of the difference most."""
    async with visit.transaction() as tx:
        pair = await reports.choose_pair(tx, baseline, candidate)
        found = await reports.next_dollar(tx, *pair, budget_usd=budget_usd, trial_cost_usd=trial_cost_usd)
    return visit.found(next_dollar_document(found))
