"""Recommendations, proposals and proofs as lines for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from guildhall.algorithms.differences import summarise
from guildhall.app.figures import count
from guildhall.app.improving import told
from guildhall.domains.evaluation.configurations import Proposal
from guildhall.domains.evaluation.recommendations import Calibration, Proof, Recommendation, Session

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def points(effect: Mapping[str, Any] | None) -> str:
    """A predicted effect: `+30 points [+10, +50]`."""
    if effect is None:
        return "no prediction"
    return f"{100 * effect['effect']:+.0f} points [{100 * effect['low']:+.0f}, {100 * effect['high']:+.0f}]"


def session_lines(session: Session) -> list[Text | str]:
    """An analysis in a few lines."""
    cost = "at an unknown cost" if session.analysis_cost_usd is None else f"for ${session.analysis_cost_usd:.4f}"
    return [
        Text(f"analysis {session.short_id} of {session.version_label}", "bold"),
        f"{session.total_outcomes_analyzed:,} trials since {session.data_window_start:%Y-%m-%d %H:%M}, "
        f"{session.patterns_identified} kinds of failure; by {session.llm_model} {cost}",
    ]


def recommendation_line(recommendation: Recommendation) -> str:
    """A recommendation in a line of a list."""
    return (
        f"{recommendation.short_id}  {recommendation.status.value:<8}  {recommendation.confidence:4.0%}  "
        f"{recommendation.kind.value:<18}  {points(recommendation.impact_estimate):<24}  "
        f"{recommendation.version_label or ''}"
    )


def recommendation_lines(recommendation: Recommendation, proofs: Sequence[Proof] = ()) -> list[Text | str]:
    """A recommendation with its evidence, patch, and predicted beside measured effect."""
    evidence = recommendation.evidence
    figures = ", ".join(f"{key} {value}" for key, value in dict(evidence.get("figures", {})).items())
    cited = evidence.get("outcome_ids", [])
    status = recommendation.status.value + (f": {recommendation.status_reason}" if recommendation.status_reason else "")
    lines: list[Text | str] = [
        Text.assemble((f"{recommendation.short_id}  {recommendation.kind.value}", "bold"), f"  {status}"),
        recommendation.description,
        f"for {recommendation.version_label}, found by {recommendation.reason}, confidence {recommendation.confidence:.0%}",
        f"evidence: {len(cited)} trials" + (f"; {figures}" if figures else ""),
        "",
        *(f"    {line}" for line in (recommendation.suggested_yaml_changes or "").rstrip().splitlines()),
        "",
        f"predicted  {points(recommendation.impact_estimate)}",
    ]
    lines += [f"measured   {told(each)} on {each.scenarios} held-out scenarios" for each in proofs if each.verdict]
    if recommendation.feedback_score is not None:
        lines.append(f"feedback   {recommendation.feedback_score} of 5")
    return lines


def proposal_line(proposal: Proposal) -> str:
    """A proposal in a line of a list."""
    by = f" by {proposal.decided_by_name}" if proposal.decided_by_name else ""
    return (
        f"{proposal.short_id}  {proposal.status.value + by:<20}  {proposal.before_label} -> {proposal.after_label}  "
        f"{summarise(proposal.change_summary)}"
    )


def proposal_lines(proposal: Proposal) -> list[Text | str]:
    """A proposal with its diff."""
    decided = f": {proposal.decision_reason}" if proposal.decision_reason else ""
    return [
        Text.assemble(
            (f"{proposal.before_label} -> {proposal.after_label}", "bold"), f"  {proposal.status.value}{decided}"
        ),
        summarise(proposal.change_summary),
        f"predicted  {points(proposal.impact_prediction)}",
        Text(),
        *(Text(line, _STYLES.get(line[:1], "")) for line in proposal.diff_yaml.splitlines()),
    ]


def _aside(bias: float) -> str:
    """To which side predictions are off, in words: `3 points too much`"""
    by = round(100 * abs(bias))
    return f"{count(by, 'point')} too {'much' if bias > 0 else 'little'}" if by else "neither too much nor too little"


def calibration_lines(found: Sequence[Calibration]) -> list[str]:
    """How good each analyst's predictions were."""
    lines = []
    for each in found:
        feedback = (
            "no feedback"
            if each.feedback_mean is None
            else f"feedback {each.feedback_mean:.1f} of 5 ({each.feedbacks})"
        )
        lines.append(
            f"{each.analyst:<6}  {each.better} of {each.proofs} proven better; predicts {_aside(each.bias)}, "
            f"off by {100 * each.mean_error:.0f}; {each.covered:.0%} inside its intervals; Brier {each.brier:.2f}; {feedback}"
        )
    return lines or ["no recommendation has been proven yet"]
