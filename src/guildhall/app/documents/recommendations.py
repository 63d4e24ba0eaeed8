"""Recommendations as JSON: analyses, what they propose, proofs, and how good predictions were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.app.documents import Amount, described
from guildhall.domains.evaluation.recommendations import Calibration, Proof, Recommendation, Session


@described
class AnalysisSessionDocument(TypedDict):
    """An analysis of a version's trials in a window of time."""

    session_id: UUID
    analyst: str
    """rules or llm."""
    version: str | None
    """`support-agent@v2`."""
    status: str
    """running, completed or failed."""
    error_message: str | None
    model: str
    temperature: float
    prompt_template_version: str | None
    prompt_hash: str | None
    """SHA-256 of the messages that were sent first."""
    window_start: datetime
    window_end: datetime
    outcomes_analyzed: int
    """Trials that the analyst could read; none is of a held-out scenario."""
    patterns_identified: int
    recommendations: int
    refused: int
    """Recommendations that cannot be applied; they are kept, with the reason."""
    failures_shown: Sequence[UUID]
    """The outcomes whose failures a model was shown."""
    model_calls: int
    tokens: int | None
    cost_usd: Amount | None
    """None where the model's price is not known."""
    started_at: datetime
    ended_at: datetime


@described
class RecommendationDocument(TypedDict):
    """What to change, on which evidence, and what became of it."""

    recommendation_id: UUID
    session_id: UUID | None
    analyst: str | None
    version: str | None
    """The version that it is about."""
    kind: str
    description: str
    patch: str | None
    """YAML: a merge patch of the agent.yaml, or new scenarios."""
    predicted: Mapping[str, Any] | None
    """A difference in pass rate, with its interval."""
    confidence: float
    reason: str | None
    """The rule that found it, or `model`."""
    evidence: Mapping[str, Any]
    """`outcome_ids` and `figures`."""
    status: str
    """open, accepted, rejected, or refused: it cannot be applied."""
    status_reason: str | None
    application: Mapping[str, Any] | None
    """What accepting it made."""
    diff_id: UUID | None
    """The proposal that it became."""
    applied: bool
    applied_at: datetime | None
    feedback_score: int | None
    feedback_comment: str | None
    created_at: datetime


@described
class AnalysisDocument(TypedDict):
    """An analysis with what it recommends."""

    session: AnalysisSessionDocument
    recommendations: Sequence[RecommendationDocument]
    job_id: UUID | None
    """The job that carries it out, where a worker does."""


@described
class ProofDocument(TypedDict):
    """A proposed version beside its parent on held-out scenarios."""

    proof_id: UUID
    diff_id: UUID
    baseline_simulation_id: UUID
    candidate_simulation_id: UUID
    verdict: str | None
    """better, worse, equivalent or not enough data; None until it has been measured."""
    predicted: Mapping[str, Any] | None
    measured: Mapping[str, Any] | None
    """The difference in pass rate with its 95 % interval."""
    p_value: float | None
    scenarios: int | None
    created_at: datetime
    completed_at: datetime | None


@described
class CalibrationDocument(TypedDict):
    """How far an analyst's predictions may be believed."""

    analyst: str
    proofs: int
    better: int
    """How many of them were shown to be better."""
    bias: float
    """The mean of predicted minus measured effect."""
    mean_error: float
    covered: float
    """The share of measured effects inside the predicted interval."""
    brier: float
    """Mean squared distance between the confidence and whether it was shown to be better; 0 is perfect."""
    feedback_mean: float | None
    feedbacks: int


def session_document(session: Session) -> AnalysisSessionDocument:
    """An analysis."""
    return {
        "session_id": session.session_id,
        "analyst": session.analyst,
        "version": session.version_label,
        "status": session.session_status.value,
        "error_message": session.error_message,
        "model": session.llm_model,
        "temperature": session.llm_temperature,
        "prompt_template_version": session.prompt_template_version,
        "prompt_hash": session.prompt_hash,
        "window_start": session.data_window_start,
        "window_end": session.data_window_end,
        "outcomes_analyzed": session.total_outcomes_analyzed,
        "patterns_identified": session.patterns_identified,
        "recommendations": session.recommendations_generated,
        "refused": session.recommendations_refused,
        "failures_shown": session.failures_shown,
        "model_calls": session.model_calls,
        "tokens": session.tokens_used,
        "cost_usd": session.analysis_cost_usd,
        "started_at": session.analysis_start_time,
        "ended_at": session.analysis_end_time,
    }


def recommendation_document(recommendation: Recommendation) -> RecommendationDocument:
    """A recommendation."""
    return {
        "recommendation_id": recommendation.recommendation_id,
        "session_id": recommendation.session_id,
        "analyst": recommendation.analyst,
        "version": recommendation.version_label,
        "kind": recommendation.kind.value,
        "description": recommendation.description,
        "patch": recommendation.suggested_yaml_changes,
        "predicted": recommendation.impact_estimate,
        "confidence": recommendation.confidence,
        "reason": recommendation.reason,
        "evidence": recommendation.evidence,
        "status": recommendation.status.value,
        "status_reason": recommendation.status_reason,
        "application": recommendation.application,
        "diff_id": recommendation.proposed_diff_id,
        "applied": recommendation.applied,
        "applied_at": recommendation.applied_at,
        "feedback_score": recommendation.feedback_score,
        "feedback_comment": recommendation.feedback_comment,
        "created_at": recommendation.created_at,
    }


def analysis_document(
    session: Session, found: Sequence[Recommendation] = (), *, job_id: UUID | None = None
) -> AnalysisDocument:
    """An analysis with what it recommends."""
    return {
        "session": session_document(session),
        "recommendations": [recommendation_document(each) for each in found],
        "job_id": job_id,
    }


def proof_document(proof: Proof) -> ProofDocument:
    """A proof."""
    measured = (
        None
        if proof.effect is None
        else {"metric": "pass rate", "effect": proof.effect, "low": proof.effect_low, "high": proof.effect_high}
    )
    return {
        "proof_id": proof.proof_id,
        "diff_id": proof.diff_id,
        "baseline_simulation_id": proof.baseline_simulation_id,
        "candidate_simulation_id": proof.candidate_simulation_id,
        "verdict": proof.verdict,
        "predicted": proof.predicted,
        "measured": measured,
        "p_value": proof.p_value,
        "scenarios": proof.scenarios,
        "created_at": proof.created_at,
        "completed_at": proof.completed_at,
    }


def calibration_document(calibration: Calibration) -> CalibrationDocument:
    """An analyst's calibration."""
    return {
        "analyst": calibration.analyst,
        "proofs": calibration.proofs,
        "better": calibration.better,
        "bias": calibration.bias,
        "mean_error": calibration.mean_error,
        "covered": calibration.covered,
        "brier": calibration.brier,
        "feedback_mean": calibration.feedback_mean,
        "feedbacks": calibration.feedbacks,
    }
