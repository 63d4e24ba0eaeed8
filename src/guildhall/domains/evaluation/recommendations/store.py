"""One function for each statement on recommendations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from guildhall.db import Row, Tx, load_queries
from guildhall.db.errors import ConstraintViolated
from guildhall.db.listing import Filter, Listing, Match, Order, Page, fetch_page
from guildhall.domains.evaluation.recommendations.errors import SplitsMixed
from guildhall.domains.evaluation.recommendations.types import (
    Analysis,
    Analyst,
    CallsMade,
    Effect,
    FailureSeen,
    Improvement,
    Kind,
    Prediction,
    Proof,
    Recommendation,
    Round,
    Session,
    SessionStatus,
    Status,
    ToolSeen,
    TrialSeen,
)

_queries = load_queries(__package__)

_SPLITS = {
    "proofs_are_on_unseen_scenarios",
    "proofs_are_on_the_held_out_split",
    "analysts_read_the_search_split",
}


@asynccontextmanager
async def _splits_kept_apart() -> AsyncIterator[None]:
    try:
        yield
    except ConstraintViolated as refused:
        # That a content is not of the split that was claimed is told by the foreign key.
        if refused.constraint in _SPLITS or (refused.constraint or "").endswith("_split_fkey"):
            raise SplitsMixed(refused.constraint or "") from refused
        raise


async def open_session(tx: Tx, window: timedelta) -> UUID:
    session_id: UUID = await tx.value(_queries.open_session, analysis_window=window)
    return session_id


async def describe_session(
    tx: Tx,
    session_id: UUID,
    analyst: Analyst,
    version_id: UUID,
    *,
    outcomes: int,
    patterns: int,
    improvement_id: UUID | None = None,
) -> None:
    await tx.execute(
        _queries.describe_session,
        session_id=session_id,
        analyst=analyst.kind,
        llm_model=analyst.model,
        llm_temperature=analyst.temperature,
        prompt_template_version=analyst.template_version,
        config_version_id=version_id,
        total_outcomes_analyzed=outcomes,
        patterns_identified=patterns,
        improvement_id=improvement_id,
        gateway_keys=[] if analyst.key_id is None else [analyst.key_id],
    )


async def note_call(tx: Tx, session_id: UUID, call_id: UUID) -> None:
    await tx.execute(_queries.note_call, session_id=session_id, call_id=call_id)


async def calls_of_session(tx: Tx, session_id: UUID) -> CallsMade | None:
    row = await tx.find(_queries.calls_of_session, session_id=session_id)
    return None if row is None else CallsMade(row["gateway_calls"], row["gateway_keys"], row["created_at"])


async def finish_session(
    tx: Tx,
    session_id: UUID,
    status: SessionStatus,
    analysis: Analysis,
    *,
    generated: int = 0,
    refused: int = 0,
    error: str | None = None,
) -> bool:
    """Whether it was still running."""
    touched = await tx.execute(
        _queries.finish_session,
        session_id=session_id,
        session_status=status.value,
        error_message=error,
        recommendations_generated=generated,
        recommendations_refused=refused,
        prompt_hash=analysis.prompt_hash,
        failures_shown=list(analysis.failures_shown),
        model_calls=analysis.model_calls,
        tokens_used=analysis.tokens,
        analysis_cost_usd=analysis.cost_usd,
    )
    return touched == 1


async def lost_analyses(tx: Tx) -> list[tuple[UUID, UUID]]:
    return [(row["tenant_id"], row["session_id"]) for row in await tx.fetch(_queries.lost_analyses)]


SESSIONS = Listing(
    _queries.every_session,
    key=("session_id",),
    orders={"created_at": Order("created_at", descending=True)},
    filters={
        "session_id": Filter("session_id"),
        "analyst": Filter("analyst", Match.ANY_OF),
        "status": Filter("session_status", Match.ANY_OF),
    },
)
RECOMMENDATIONS = Listing(
    _queries.every_recommendation,
    key=("recommendation_id",),
    orders={
        "created_at": Order("created_at", descending=True),
        "confidence": Order("confidence", descending=True),
    },
    filters={
        "recommendation_id": Filter("recommendation_id"),
        "session_id": Filter("session_id"),
        "name": Filter("config_name", Match.ANY_OF),
        "kind": Filter("kind", Match.ANY_OF),
        "status": Filter("status", Match.ANY_OF),
        "analyst": Filter("analyst", Match.ANY_OF),
        "q": Filter(("description", "version_label", "suggested_yaml_changes"), Match.SAYS),
    },
)


async def page_sessions(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None, at_most: int
) -> Page[Session]:
    page = await fetch_page(tx, SESSIONS, filters, order, after=after, at_most=at_most)
    return page.of(lambda row: Session(**{**row, "session_status": SessionStatus(row["session_status"])}))


async def page_recommendations(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None, at_most: int
) -> Page[Recommendation]:
    page = await fetch_page(tx, RECOMMENDATIONS, filters, order, after=after, at_most=at_most)
    return page.of(_recommendation)


async def trials(
    tx: Tx,
    version_ids: Collection[UUID],
    earliest: datetime,
    latest: datetime,
    *,
    before: TrialSeen | None = None,
    at_most: int,
) -> list[TrialSeen]:
    rows = await tx.fetch(
        _queries.trials,
        version_ids=list(version_ids),
        earliest=earliest,
        latest=latest,
        before_time=before.execution_time if before else None,
        before_id=before.outcome_id if before else None,
        at_most=at_most,
    )
    # What scenarios say is the same text in each of their trials, and kept once.
    known: dict[str, str] = {}

    def shared(value: Any) -> Any:
        return known.setdefault(value, value) if type(value) is str else value

    return [TrialSeen(**{name: shared(value) for name, value in row.items()}) for row in rows]


async def version_tried_most(tx: Tx, earliest: datetime, latest: datetime) -> UUID | None:
    version_id: UUID | None = await tx.value(_queries.version_tried_most, earliest=earliest, latest=latest)
    return version_id


async def failures(
    tx: Tx, version_id: UUID, earliest: datetime, latest: datetime, *, at_most: int
) -> list[FailureSeen]:
    rows = await tx.fetch(_queries.failures, version_id=version_id, earliest=earliest, latest=latest, at_most=at_most)
    return [FailureSeen(**row) for row in rows]


async def tools(tx: Tx, version_id: UUID, earliest: datetime, latest: datetime) -> list[ToolSeen]:
    rows = await tx.fetch(_queries.tools, version_id=version_id, earliest=earliest, latest=latest)
    return [ToolSeen(**{**row, "error_types": tuple(row["error_types"] or ())}) for row in rows]


async def insert_reads(
    tx: Tx, session_id: UUID, version_ids: Collection[UUID], earliest: datetime, latest: datetime
) -> None:
    async with _splits_kept_apart():
        await tx.execute(
            _queries.insert_reads,
            session_id=session_id,
            version_ids=list(version_ids),
            earliest=earliest,
            latest=latest,
        )


async def insert_recommendation(
    tx: Tx,
    session_id: UUID,
    *,
    kind: Kind,
    description: str,
    patch: str,
    effect: Effect,
    confidence: float,
    prompt_hash: str | None,
    status: Status,
    status_reason: str | None,
    reason: str,
    evidence: Mapping[str, Any],
) -> UUID:
    recommendation_id: UUID = await tx.value(
        _queries.insert_recommendation,
        session_id=session_id,
        recommendation_type=kind.value,
        description=description,
        suggested_yaml_changes=patch,
        impact_estimate=effect.as_json(),
        confidence=confidence,
        llm_prompt_hash=prompt_hash,
        status=status.value,
        status_reason=status_reason,
        reason=reason,
        evidence=dict(evidence),
    )
    return recommendation_id


async def recommendations_like(tx: Tx, digits: str) -> list[UUID]:
    return [row["recommendation_id"] for row in await tx.fetch(_queries.recommendations_like, digits=digits)]


async def lock_recommendation(tx: Tx, recommendation_id: UUID) -> None:
    await tx.value(_queries.lock_recommendation, recommendation_id=recommendation_id)


async def decide(
    tx: Tx,
    recommendation_id: UUID,
    status: Status,
    *,
    reason: str | None = None,
    application: Mapping[str, Any] | None = None,
    diff_id: UUID | None = None,
) -> None:
    await tx.execute(
        _queries.decide,
        recommendation_id=recommendation_id,
        status=status.value,
        status_reason=reason,
        application=None if application is None else dict(application),
        proposed_diff_id=diff_id,
    )


async def mark_applied(tx: Tx, *, recommendation_id: UUID | None = None, diff_id: UUID | None = None) -> None:
    await tx.execute(_queries.mark_applied, recommendation_id=recommendation_id, diff_id=diff_id)


async def set_feedback(tx: Tx, recommendation_id: UUID, score: int, comment: str | None) -> None:
    await tx.execute(_queries.set_feedback, recommendation_id=recommendation_id, score=score, comment=comment)


async def insert_proof(
    tx: Tx,
    diff_id: UUID,
    baseline_simulation_id: UUID,
    candidate_simulation_id: UUID,
    *,
    predicted: Mapping[str, Any] | None,
    pins: Collection[tuple[str, str]],
) -> UUID:
    async with _splits_kept_apart():
        proof_id: UUID = await tx.value(
            _queries.insert_proof,
            diff_id=diff_id,
            baseline_simulation_id=baseline_simulation_id,
            candidate_simulation_id=candidate_simulation_id,
            predicted=None if predicted is None else dict(predicted),
        )
        ordered = sorted(pins)
        await tx.execute(
            _queries.insert_proof_scenarios,
            proof_id=proof_id,
            scenario_ids=[each for each, _ in ordered],
            content_hashes=[each for _, each in ordered],
        )
    return proof_id


async def finish_proof(
    tx: Tx, proof_id: UUID, *, verdict: str, effect: Effect | None, p_value: float | None, scenarios: int
) -> None:
    async with _splits_kept_apart():
        await tx.execute(
            _queries.finish_proof,
            proof_id=proof_id,
            verdict=verdict,
            effect=effect.effect if effect else None,
            effect_low=effect.low if effect else None,
            effect_high=effect.high if effect else None,
            p_value=p_value,
            scenarios=scenarios,
        )


async def proofs(tx: Tx, *, proof_id: UUID | None = None, diff_id: UUID | None = None) -> list[Proof]:
    rows = await tx.fetch(_queries.proofs, proof_id=proof_id, diff_id=diff_id)
    return [Proof(**row) for row in rows]


async def predictions(tx: Tx) -> list[Prediction]:
    rows = await tx.fetch(_queries.predictions)
    return [
        Prediction(
            analyst=row["analyst"],
            predicted=Effect(*(row["impact_estimate"][key] for key in ("effect", "low", "high"))),
            confidence=row["confidence"],
            measured=row["measured"],
            verdict=row["verdict"],
            feedback_score=row["feedback_score"],
        )
        for row in rows
    ]


async def insert_improvement(
    tx: Tx, config_id: UUID, *, analyst: str, rounds: int, budget_usd: Decimal | None, settings: Mapping[str, Any]
) -> UUID:
    improvement_id: UUID = await tx.value(
        _queries.insert_improvement,
        config_id=config_id,
        analyst=analyst,
        rounds=rounds,
        budget_usd=budget_usd,
        settings=dict(settings),
    )
    return improvement_id


async def improvements(tx: Tx, digits: str | None, *, at_most: int) -> list[Improvement]:
    return [Improvement(**row) for row in await tx.fetch(_queries.improvements, digits=digits, at_most=at_most)]


async def finish_improvement(tx: Tx, improvement_id: UUID, stopped_for: str) -> None:
    await tx.execute(_queries.finish_improvement, improvement_id=improvement_id, stopped_for=stopped_for)


async def insert_round(tx: Tx, improvement_id: UUID, new: Round) -> None:
    await tx.execute(
        _queries.insert_round,
        improvement_id=improvement_id,
        round_number=new.round_number,
        parent_version_id=new.parent_version_id,
        simulation_id=new.simulation_id,
        session_id=new.session_id,
    )


async def change_round(
    tx: Tx,
    improvement_id: UUID,
    number: int,
    *,
    simulation_id: UUID | None = None,
    session_id: UUID | None = None,
    recommendation_id: UUID | None = None,
    proof_id: UUID | None = None,
    is_proven: bool | None = None,
) -> None:
    await tx.execute(
        _queries.change_round,
        improvement_id=improvement_id,
        round_number=number,
        simulation_id=simulation_id,
        session_id=session_id,
        recommendation_id=recommendation_id,
        proof_id=proof_id,
        is_proven=is_proven,
    )


async def rounds(tx: Tx, improvement_id: UUID) -> list[Round]:
    return [Round(**row) for row in await tx.fetch(_queries.rounds, improvement_id=improvement_id)]


def _recommendation(row: Row) -> Recommendation:
    known = {name: value for name, value in row.items() if name != "config_name"}
    return Recommendation(**{**known, "kind": Kind(row["kind"]), "status": Status(row["status"])})
