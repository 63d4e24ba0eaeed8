"""What can be done with recommendations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from guildhall.algorithms import statistics
from guildhall.algorithms.statistics import Verdict
from guildhall.db import Tx
from guildhall.db.listing import Order, Page
from guildhall.domains.evaluation import configurations, outcomes, reports, scenarios, simulations
from guildhall.domains.evaluation.configurations import ConfigVersion, Proposal
from guildhall.domains.evaluation.recommendations import rules, store
from guildhall.domains.evaluation.recommendations.errors import (
    AnalysisOver,
    ImprovementNotFound,
    NoHeldOutScenarios,
    NothingToAnalyse,
    NothingToProve,
    NotOpen,
    PatchRefused,
    RecommendationAmbiguous,
    RecommendationNotFound,
    SessionNotFound,
)
from guildhall.domains.evaluation.recommendations.types import (
    Analysis,
    Analyst,
    Calibration,
    CallsMade,
    Effect,
    Evidence,
    Excerpt,
    FailureSeen,
    Improvement,
    Kind,
    Proof,
    Recommendation,
    Round,
    Session,
    SessionStatus,
    Status,
    Suggestion,
    TrialSeen,
)
from guildhall.domains.evaluation.simulations import NewSimulation, PinnedScenario

_DIGITS = re.compile(r"^[0-9a-f]{4,32}$")
_MOST_TRIALS = 200_000
_PAGE = 20_000
_MOST_FAILURES = 2_000
_MOST_EXCERPTS = 12
_MOST_STEPS = 40
_LONGEST_DESCRIPTION = 5_000
_LONGEST_KEPT_PATCH = 100_000

SESSIONS, RECOMMENDATIONS = store.SESSIONS, store.RECOMMENDATIONS
"""By what both can be sorted and filtered (`page_sessions`, `page_recommendations`)."""


async def open_session(
    tx: Tx,
    version: ConfigVersion,
    analyst: Analyst,
    *,
    window: timedelta,
    session_id: UUID | None = None,
    improvement_id: UUID | None = None,
) -> tuple[Session, Evidence]:
    """
    Begin an analysis of a version's trials in the last `window`, and gather what the analyst is shown.

    Nothing of a held-out scenario is among it, and which scenarios are is
    written down. With `session_id` an analysis that was opened in SQL
    (`trigger_llm_recommendation_analysis`) is taken up, in its own window.
    With `improvement_id` what it costs is that improvement's, however it ends.

    Raises:
        NothingToAnalyse: There are no trials that an analyst may read.
        SessionNotFound: There is no such session.
        AnalysisOver: It has ended.
    """
    chosen = session_id or await store.open_session(tx, window)
    session = await get_session(tx, chosen)
    if session.session_status is not SessionStatus.RUNNING:
        raise AnalysisOver(chosen, session.session_status.value)
    evidence = await _gather(tx, version, session)
    await store.describe_session(
        tx,
        chosen,
        analyst,
        version.version_id,
        outcomes=len(evidence.trials),
        patterns=len({(each.failure_type, each.failure_category, each.fault) for each in evidence.failures}),
        improvement_id=improvement_id,
    )
    versions = {version.version_id, *evidence.models}
    await store.insert_reads(tx, chosen, versions, evidence.window_start, evidence.window_end)
    return await get_session(tx, chosen), evidence


async def begin_session(tx: Tx, version: ConfigVersion, analyst: Analyst, *, window: timedelta) -> Session:
    """
    Begin an analysis that somebody else carries out later (`open_session` with its id).

    Raises:
        NothingToAnalyse: There are no trials that an analyst may read.
    """
    session = await get_session(tx, await store.open_session(tx, window))
    earliest, latest = session.data_window_start, session.data_window_end
    if not await store.trials(tx, [version.version_id], earliest, latest, at_most=1):
        raise NothingToAnalyse(version.label, earliest)
    await store.describe_session(tx, session.session_id, analyst, version.version_id, outcomes=0, patterns=0)
    return await get_session(tx, session.session_id)


async def subject_of(tx: Tx, session: Session) -> ConfigVersion | None:
    """
    The version that an analysis is of: its own, else the one with the most trials in its window that an analyst may read.

    None where there is no such trial.
    """
    version_id = session.config_version_id
    if version_id is None:
        version_id = await store.version_tried_most(tx, session.data_window_start, session.data_window_end)
    return None if version_id is None else await configurations.get_version(tx, str(version_id))


async def record_analysis(tx: Tx, session: Session, evidence: Evidence, analysis: Analysis) -> list[Recommendation]:
    """
    Keep what an analyst proposed, the most confident first; what cannot be applied is kept as refused, with the reason.

    Raises:
        AnalysisOver: The session is not running any more.
    """
    version = await configurations.get_version(tx, evidence.label)
    parent = await configurations.load_definition(tx, version)
    seen = {each.outcome_id for each in (*evidence.trials, *evidence.siblings)}
    seen |= {each.outcome_id for each in evidence.failures} | {each.outcome_id for each in evidence.excerpts}
    known = await _known_scenarios(tx, analysis.suggestions)
    ids = []
    refused = 0
    for each in sorted(analysis.suggestions, key=lambda each: -each.confidence):
        try:
            rules.check_description(each)
            rules.check_evidence(each, seen)
            if each.kind is Kind.SCENARIO_ADDITION:
                rules.new_scenarios(each.patch, known)
            else:
                rules.changed_agent(parent, each)
            status, why = Status.OPEN, None
        except PatchRefused as error:
            status, why = Status.REFUSED, error.why
            refused += 1
        cited = [outcome_id for outcome_id in each.outcome_ids if outcome_id in seen]
        ids.append(
            await store.insert_recommendation(
                tx,
                session.session_id,
                kind=each.kind,
                description=_described(each.description)[:_LONGEST_DESCRIPTION],
                patch=each.patch[:_LONGEST_KEPT_PATCH],
                effect=each.effect,
                confidence=each.confidence,
                prompt_hash=analysis.prompt_hash,
                status=status,
                status_reason=why,
                reason=each.reason,
                evidence={"outcome_ids": [str(cited_id) for cited_id in cited], "figures": dict(each.figures)},
            )
        )
    if not await store.finish_session(
        tx, session.session_id, SessionStatus.COMPLETED, analysis, generated=len(ids) - refused, refused=refused
    ):
        ended = await get_session(tx, session.session_id)
        raise AnalysisOver(session.session_id, ended.session_status.value)
    return [await get_recommendation(tx, str(each)) for each in ids]


async def fail_session(tx: Tx, session: Session, error: str, analysis: Analysis) -> None:
    """Note why an analysis came to nothing, and what it cost all the same."""
    await store.finish_session(tx, session.session_id, SessionStatus.FAILED, analysis, error=error)


async def note_call(tx: Tx, session_id: UUID, call_id: UUID) -> None:
    """Note a call of a model that is about to be made for an analysis, so that it is found whatever becomes of who makes it."""
    await store.note_call(tx, session_id, call_id)


async def calls_made(tx: Tx, session_id: UUID) -> CallsMade:
    """
    What an analysis has called models with, as the gateway's ledger knows it.

    Raises:
        SessionNotFound: There is none, or it is another team's.
    """
    made = await store.calls_of_session(tx, session_id)
    if made is None:
        raise SessionNotFound(session_id)
    return made


async def lost_analyses(tx: Tx) -> list[tuple[UUID, UUID]]:
    """
    Teams and analyses of theirs that have run for an hour or more, and that nobody carries out any more.

    It is upkeep: a scheduler's transaction may (`Database.duty`).
    """
    return await store.lost_analyses(tx)


async def get_session(tx: Tx, session_id: UUID) -> Session:
    """
    One analysis.

    Raises:
        SessionNotFound: There is none, or it is another team's.
    """
    page = await page_sessions(tx, {"session_id": session_id}, SESSIONS.order(), at_most=1)
    if not page.items:
        raise SessionNotFound(session_id)
    return page.items[0]


async def get_analysis(tx: Tx, session_id: UUID) -> tuple[Session, list[Recommendation]]:
    """
    One analysis with what it recommends, the most confident first.

    Raises:
        SessionNotFound: There is none, or it is another team's.
    """
    session = await get_session(tx, session_id)
    order = RECOMMENDATIONS.order("confidence", descending=True)
    page = await page_recommendations(tx, {"session_id": session_id}, order, at_most=1_000)
    return session, list(page.items)


async def page_sessions(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None = None, at_most: int = 100
) -> Page[Session]:
    """A page of the team's analyses (`db.listing`)."""
    return await store.page_sessions(tx, filters, order, after=after, at_most=at_most)


async def page_recommendations(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None = None, at_most: int = 100
) -> Page[Recommendation]:
    """A page of the team's recommendations (`db.listing`)."""
    return await store.page_recommendations(tx, filters, order, after=after, at_most=at_most)


async def get_recommendation(tx: Tx, reference: str) -> Recommendation:
    """
    A recommendation by its id, or four digits or more of it.

    Raises:
        RecommendationNotFound: There is none, or it is another team's.
        RecommendationAmbiguous: A short id fits several.
    """
    digits = reference.strip().replace("-", "").lower()
    candidates = await store.recommendations_like(tx, digits) if _DIGITS.match(digits) else []
    if len(candidates) > 1:
        raise RecommendationAmbiguous(reference, candidates)
    if not candidates:
        raise RecommendationNotFound(reference)
    filters = {"recommendation_id": candidates[0]}
    (found,) = (await page_recommendations(tx, filters, RECOMMENDATIONS.order(), at_most=1)).items
    return found


async def accept(tx: Tx, reference: str, *, release: bool = True) -> tuple[Recommendation, Proposal | None]:
    """
    Apply a recommendation in the way of its kind.

    New scenarios are saved, for searching. Everything else becomes a proposal
    for the version that it is about (`configurations.propose`), which waits
    for an approval where the rule asks for one, or where `release` is false.

    Raises:
        RecommendationNotFound, RecommendationAmbiguous: See `get_recommendation`.
        NotOpen: It has been decided on, or could never be applied.
        PatchRefused: It does not apply any more, as scenarios of these names have been added.
        NothingProposed, ProposalDecided: The change is a version already, or was rejected before.
    """
    recommendation = await _open_one(tx, reference)
    suggestion = suggestion_of(recommendation)
    if recommendation.kind is Kind.SCENARIO_ADDITION:
        known = await _known_scenarios(tx, [suggestion])
        added = rules.new_scenarios(suggestion.patch, known)
        await scenarios.save_scenarios(tx, added)
        application = {"scenario_ids": [each.scenario_id for each in added]}
        await store.decide(tx, recommendation.recommendation_id, Status.ACCEPTED, application=application)
        await store.mark_applied(tx, recommendation_id=recommendation.recommendation_id)
        return await get_recommendation(tx, str(recommendation.recommendation_id)), None
    parent = await configurations.get_version(tx, str(recommendation.config_version_id))
    changed = rules.changed_agent(await configurations.load_definition(tx, parent), suggestion)
    generated_by = "llm_recommendation" if recommendation.analyst == "llm" else "optimization"
    proposal = await configurations.propose(
        tx,
        parent,
        changed,
        generated_by=generated_by,
        impact_prediction=recommendation.impact_estimate,
        release=release,
    )
    await store.decide(
        tx,
        recommendation.recommendation_id,
        Status.ACCEPTED,
        application={"version": proposal.after_label, "changes": list(proposal.change_summary)},
        diff_id=proposal.diff_id,
    )
    if proposal.status is configurations.ApprovalStatus.APPROVED:
        await store.mark_applied(tx, diff_id=proposal.diff_id)
    return await get_recommendation(tx, str(recommendation.recommendation_id)), proposal


async def reject(tx: Tx, reference: str, *, reason: str) -> Recommendation:
    """
    Decide against a recommendation.

    Raises:
        RecommendationNotFound, RecommendationAmbiguous: See `get_recommendation`.
        NotOpen: It has been decided on already.
        ReasonMissing: There is no reason, or a very long one.
    """
    configurations.check_reason("a rejection", reason)
    recommendation = await _open_one(tx, reference)
    await store.decide(tx, recommendation.recommendation_id, Status.REJECTED, reason=reason)
    return await get_recommendation(tx, str(recommendation.recommendation_id))


async def give_feedback(tx: Tx, reference: str, score: int, comment: str | None = None) -> Recommendation:
    """
    Say how good a recommendation was, from 1 to 5; a later word takes the place of an earlier.

    Raises:
        RecommendationNotFound, RecommendationAmbiguous: See `get_recommendation`.
        FeedbackRefused: The score is not 1 to 5, or the comment very long.
    """
    rules.check_feedback(score, comment)
    found = await get_recommendation(tx, reference)
    await store.set_feedback(tx, found.recommendation_id, score, comment)
    return await get_recommendation(tx, str(found.recommendation_id))


async def note_approval(tx: Tx, proposal: Proposal) -> None:
    """Mark the recommendations applied that an approved proposal came from."""
    await store.mark_applied(tx, diff_id=proposal.diff_id)


async def plan_proof(
    tx: Tx,
    proposal: Proposal,
    *,
    suite: str | None = None,
    scenario_ids: Sequence[str] = (),
    trials: int,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
) -> Proof:
    """
    Write down a proposed version and its parent, side by side on held-out scenarios, to be run.

    These are the active ones of the suite, or those that are named, as far as
    they are of the split `holdout`. `settings` are further fields of both
    simulations (`NewSimulation`).

    Raises:
        NoHeldOutScenarios: There are none.
        SplitsMixed: An analyst has seen one of them, or one with the same prompt.
    """
    held = await scenarios.list_scenarios(tx, suite=suite, split="holdout", at_most=10_000)
    chosen = [each for each in held if not scenario_ids or each.scenario_id in set(scenario_ids)]
    if not chosen:
        where = f"the suite {suite}" if suite else "the team"
        raise NoHeldOutScenarios(f"{where} has no scenario of the split holdout that fits")
    pins = [PinnedScenario(each.scenario_id, each.content_hash) for each in chosen]
    ids = [
        await simulations.plan_simulation(
            tx,
            NewSimulation(
                config_version_id=version_id,
                scenarios=pins,
                trials=trials,
                seed=seed,
                name=f"proof of {proposal.after_label}",
                **(settings or {}),
            ),
        )
        for version_id in (proposal.version_before, proposal.version_after)
    ]
    await simulations.interleave(tx, *ids)
    proof_id = await store.insert_proof(
        tx,
        proposal.diff_id,
        *ids,
        predicted=proposal.impact_prediction,
        pins=[(each.scenario_id, each.content_hash) for each in pins],
    )
    return await get_proof(tx, proof_id)


async def measure_proof(tx: Tx, proof: Proof) -> Proof:
    """
    Compare both sides of a proof, and keep the measured effect beside the predicted one.

    Raises:
        SplitsMixed: A side has run scenarios that are not held out.
    """
    baseline = await simulations.get_simulation(tx, proof.baseline_simulation_id)
    candidate = await simulations.get_simulation(tx, proof.candidate_simulation_id)
    versus = await reports.compare(tx, baseline, candidate)
    # What was predicted is the pass rate: it is judged alone, and not shared with cost and time.
    alone = {reports.PASS_RATE: versus.headline} if versus.headline else {}
    found = statistics.judge(alone, {reports.PASS_RATE: True}).headline_metric if alone else None
    await store.finish_proof(
        tx,
        proof.proof_id,
        verdict=(found.verdict if found else Verdict.NOT_ENOUGH_DATA).value,
        effect=Effect(found.comparison.difference, found.low, found.high) if found else None,
        p_value=found.comparison.p_value if found else None,
        scenarios=len(versus.matched),
    )
    return await get_proof(tx, proof.proof_id)


async def get_proof(tx: Tx, proof_id: UUID) -> Proof:
    """A proof by its id, which is known to be there."""
    (found,) = await store.proofs(tx, proof_id=proof_id)
    return found


async def proofs_of(tx: Tx, diff_id: UUID) -> list[Proof]:
    """The proofs of a proposal, newest first."""
    return await store.proofs(tx, diff_id=diff_id)


async def proposal_to_prove(tx: Tx, reference: str) -> Proposal:
    """
    The proposal that a recommendation has become.

    Raises:
        RecommendationNotFound, RecommendationAmbiguous: See `get_recommendation`.
        NothingToProve: It has made no version.
    """
    found = await get_recommendation(tx, reference)
    if found.proposed_diff_id is None:
        if found.status is Status.OPEN:
            why, remedy = "has not been accepted", f"Accept it: `guildhall recommend accept {found.short_id}`."
        else:
            why, remedy = "has made no version", "Only changes of an agent can be proven."
        raise NothingToProve(found.short_id, why, remedy)
    return await configurations.get_proposal(tx, str(found.proposed_diff_id))


async def calibration(tx: Tx) -> list[Calibration]:
    """How good each analyst's predictions were, over all that was proven."""
    return rules.calibrations(await store.predictions(tx))


async def begin_improvement(
    tx: Tx,
    parent: ConfigVersion,
    *,
    analyst: str,
    rounds: int,
    budget_usd: Decimal | None,
    settings: Mapping[str, Any],
) -> Improvement:
    """Write down that an agent is to be improved, with its first round from this version."""
    improvement_id = await store.insert_improvement(
        tx, parent.config_id, analyst=analyst, rounds=rounds, budget_usd=budget_usd, settings=settings
    )
    await store.insert_round(tx, improvement_id, Round(1, parent.version_id))
    return await get_improvement(tx, str(improvement_id))


async def get_improvement(tx: Tx, reference: str) -> Improvement:
    """
    An improvement by its id, or four digits or more of it, with what it has spent.

    Raises:
        ImprovementNotFound: There is none, or several fit.
    """
    digits = reference.strip().replace("-", "").lower()
    found = await store.improvements(tx, digits, at_most=5) if _DIGITS.match(digits) else []
    if len(found) != 1:
        raise ImprovementNotFound(reference, [each.improvement_id for each in found])
    return found[0]


async def list_improvements(tx: Tx, *, at_most: int = 100) -> list[Improvement]:
    """Improvements, newest first."""
    return await store.improvements(tx, None, at_most=at_most)


async def rounds_of(tx: Tx, improvement: Improvement) -> list[Round]:
    """The rounds of an improvement, the last of which may be under way."""
    return await store.rounds(tx, improvement.improvement_id)


async def begin_round(tx: Tx, improvement: Improvement, new: Round) -> None:
    """Write down another round."""
    await store.insert_round(tx, improvement.improvement_id, new)


async def note_in_round(tx: Tx, improvement: Improvement, number: int, **reached: Any) -> None:
    """Write down what a round has come to: any of the fields of `Round` behind its parent."""
    await store.change_round(tx, improvement.improvement_id, number, **reached)


async def end_improvement(tx: Tx, improvement: Improvement, stopped_for: str) -> Improvement:
    """Write down why an improvement has ended."""
    await store.finish_improvement(tx, improvement.improvement_id, stopped_for)
    return await get_improvement(tx, str(improvement.improvement_id))


async def _gather(tx: Tx, version: ConfigVersion, session: Session) -> Evidence:
    earliest, latest = session.data_window_start, session.data_window_end
    versions = await configurations.list_versions(tx, version.config_name)
    trials = await _trials(tx, [version.version_id], earliest, latest)
    if not trials:
        raise NothingToAnalyse(version.label, earliest)
    others = [each.version_id for each in versions if each.version_id != version.version_id]
    siblings = await _trials(tx, others, earliest, latest) if others else []
    failures = await store.failures(tx, version.version_id, earliest, latest, at_most=_MOST_FAILURES)
    definition = await configurations.load_definition(tx, version)
    spec = configurations.agent_spec(definition.name, definition.parsed, definition.files)
    return Evidence(
        label=version.label,
        config_version_id=version.version_id,
        agent=spec.parsed,
        window_start=earliest,
        window_end=latest,
        trials=trials,
        failures=failures,
        tools=await store.tools(tx, version.version_id, earliest, latest),
        excerpts=await _excerpts(tx, failures),
        siblings=siblings,
        models={each.version_id: str(each.parsed_config.get("model")) for each in versions},
    )


async def _trials(tx: Tx, version_ids: Sequence[UUID], earliest: datetime, latest: datetime) -> list[TrialSeen]:
    """Trials of versions in a window, the newest first, read page by page."""
    found: list[TrialSeen] = []
    while len(found) < _MOST_TRIALS:
        wanted = min(_PAGE, _MOST_TRIALS - len(found))
        last = found[-1] if found else None
        page = await store.trials(tx, version_ids, earliest, latest, before=last, at_most=wanted)
        found += page
        if len(page) < wanted:
            break
    return found


async def _excerpts(tx: Tx, failures: Sequence[FailureSeen]) -> list[Excerpt]:
    """What happened in some trials, of as many scenarios and kinds of failure as there is room for."""
    chosen: dict[tuple[str, str], UUID] = {}
    for each in failures:
        if not each.recovery_successful:
            chosen.setdefault((each.scenario_id, each.failure_type), each.outcome_id)
    excerpts = []
    for (scenario_id, _), outcome_id in list(chosen.items())[:_MOST_EXCERPTS]:
        trajectory = (await outcomes.get_outcome(tx, outcome_id)).trajectory or {}
        steps = trajectory.get("steps")
        excerpts.append(
            Excerpt(outcome_id, scenario_id, steps[-_MOST_STEPS:] if isinstance(steps, list) else [trajectory])
        )
    return excerpts


def _described(description: str) -> str:
    """What is kept of a description, which has some length even where the analyst's has not."""
    return description if len(description) >= rules.SHORTEST_DESCRIPTION else f"[not described] {description}".rstrip()


async def _known_scenarios(tx: Tx, suggestions: Sequence[Suggestion]) -> dict[str, Any]:
    """Every scenario by id, where one is to be added; those that it may be like have their files."""
    if not any(each.kind is Kind.SCENARIO_ADDITION for each in suggestions):
        return {}
    stored = await scenarios.list_scenarios(tx, with_inactive=True, at_most=10_000)
    found = await scenarios.get_scenarios(tx, [(each.scenario_id, each.content_hash) for each in stored])
    return {each.scenario_id: each for each in found}


async def _open_one(tx: Tx, reference: str) -> Recommendation:
    found = await get_recommendation(tx, reference)
    await store.lock_recommendation(tx, found.recommendation_id)
    recommendation = await get_recommendation(tx, str(found.recommendation_id))
    if recommendation.status is not Status.OPEN:
        raise NotOpen(recommendation.short_id, recommendation.status.value, recommendation.status_reason)
    return recommendation


def suggestion_of(recommendation: Recommendation) -> Suggestion:
    """What was suggested, from what is kept of it."""
    return Suggestion(
        kind=recommendation.kind,
        description=recommendation.description,
        patch=recommendation.suggested_yaml_changes or "",
        effect=recommendation.predicted or Effect(0.0, 0.0, 0.0),
        confidence=recommendation.confidence,
        reason=recommendation.reason or "",
    )
