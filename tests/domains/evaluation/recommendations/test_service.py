"""Analyses and proofs in a real database: what an analyst may read, what is kept, and splits that do not mix."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from fixtures.trials import a_failure, a_tool, make_record
from guildhall import clock
from guildhall.db import ConstraintViolated, Tx
from guildhall.db.queries import parse_queries
from guildhall.domains.evaluation import configurations, outcomes, recommendations, scenarios, simulations
from guildhall.domains.evaluation.configurations import ConfigVersion, Proposal
from guildhall.domains.evaluation.recommendations import (
    Analysis,
    AnalysisOver,
    Analyst,
    Effect,
    FeedbackRefused,
    Kind,
    NoHeldOutScenarios,
    NothingToAnalyse,
    NothingToProve,
    NotOpen,
    RecommendationNotFound,
    Session,
    SessionStatus,
    SplitsMixed,
    Status,
    Suggestion,
    service,
)
from guildhall.domains.evaluation.simulations import NewSimulation, PinnedScenario

_SQL = parse_queries(
    "test",
    """
-- name: open_by_hand
SELECT evaluation.trigger_llm_recommendation_analysis('2 days', NULL);
-- name: read_by_hand
INSERT INTO evaluation.analyst_reads (session_id, scenario_id, content_hash) VALUES (:session_id, :scenario_id, :content_hash);
-- name: read_by_hand_as_held_out
INSERT INTO evaluation.analyst_reads (session_id, scenario_id, content_hash, split)
VALUES (:session_id, :scenario_id, :content_hash, 'holdout');
-- name: prove_by_hand
INSERT INTO evaluation.proof_scenarios (proof_id, scenario_id, content_hash) VALUES (:proof_id, :scenario_id, :content_hash);
-- name: judge_by_hand
UPDATE evaluation.proofs SET verdict = 'better', completed_at = now() WHERE proof_id = :proof_id;
-- name: an_hour_later
UPDATE evaluation.proofs SET created_at = created_at - interval '1 hour';
-- name: reads
SELECT scenario_id FROM evaluation.analyst_reads WHERE session_id = :session_id ORDER BY 1;
-- name: visible
SELECT DISTINCT scenario_id FROM evaluation.v_analyst_trials ORDER BY 1;
-- name: story
-- Which failures caused a version, which evidence admitted it, who approved it.
SELECT recommendations.evidence, proofs.verdict, diffs.approved_by
  FROM evaluation.configurations
  JOIN evaluation.config_diffs AS diffs ON diffs.version_after = configurations.latest_version_id
  JOIN evaluation.recommendations ON recommendations.proposed_diff_id = diffs.diff_id
  JOIN evaluation.proofs ON proofs.diff_id = diffs.diff_id
 WHERE configurations.name = 'clerk';
""",
)

RULES = Analyst("rules", "rules", 0.0, "rules-1")
WEEK = timedelta(days=7)


def case(name: str, split: str = "search", prompt: str | None = None) -> Any:
    return scenarios.scenario_from(
        {
            "scenario_id": name,
            "name": f"case {name}",
            "task_prompt": prompt or f"Please do {name}.",
            "ground_truth": "done",
            "scorers": [{"type": "contains"}],
            "suite": "shop",
            "split": split,
        }
    )


async def ran(tx: Tx, version: ConfigVersion, names: Sequence[str], *, passed: bool = False, trials: int = 1) -> UUID:
    pins = [PinnedScenario(*pin) for pin in await scenarios.latest_contents(tx, names)]
    simulation_id = await simulations.plan_simulation(tx, NewSimulation(version.version_id, pins, trials=trials))
    await record(tx, simulation_id, names, passed=passed, trials=trials)
    return simulation_id


async def record(tx: Tx, simulation_id: UUID, names: Sequence[str], *, passed: bool, trials: int = 1) -> None:
    """Trials of a minute ago: an analysis is of what was there when its transaction began."""
    await outcomes.record_trials(
        tx,
        [
            make_record(
                simulation_id,
                each,
                outcome_id=clock.new_id(tx.now - timedelta(minutes=1)),
                trial_number=n + 1,
                passed=passed,
                tools=(a_tool(),),
                failures=() if passed else (a_failure(),),
            )
            for each in names
            for n in range(trials)
        ],
    )
    await simulations.finish_simulation(tx, simulation_id)


@pytest.fixture
async def version(tx: Tx) -> ConfigVersion:
    """An agent that failed at two scenarios, one of which is held out."""
    agent = configurations.define("name: clerk\nmodel: x\ntemperature: 0.5\nsystem_prompt: Help.\n")
    saved = (await configurations.save_version(tx, agent)).version
    await scenarios.save_scenarios(tx, [case("open"), case("other"), *(case(f"held_{n}", "holdout") for n in range(8))])
    await ran(tx, saved, ["open", "held_0"])
    return saved


def suggests(patch: str = "temperature: 0\n", kind: Kind = Kind.CONFIG_CHANGE, **changes: Any) -> Suggestion:
    known = {
        "kind": kind,
        "description": "It should be colder.",
        "patch": patch,
        "effect": Effect(0.2, 0.0, 0.4),
        "confidence": 0.5,
        "reason": "model",
    }
    return Suggestion(**{**known, **changes})


async def analysed(tx: Tx, version: ConfigVersion, *found: Suggestion) -> tuple[Session, list[Any]]:
    session, evidence = await recommendations.open_session(tx, version, RULES, window=WEEK)
    kept = await recommendations.record_analysis(tx, session, evidence, Analysis(found))
    return await recommendations.get_session(tx, session.session_id), kept


async def proposed(tx: Tx, version: ConfigVersion) -> Proposal:
    _, (kept,) = await analysed(tx, version, suggests())
    _, proposal = await recommendations.accept(tx, kept.short_id)
    assert proposal is not None
    return proposal


async def test_an_analyst_reads_nothing_of_what_is_held_out(tx: Tx, version: ConfigVersion) -> None:
    session, evidence = await recommendations.open_session(tx, version, RULES, window=WEEK)
    assert [each.scenario_id for each in evidence.trials] == ["open"]
    assert [each.scenario_id for each in evidence.failures] == ["open"]
    assert [each.scenario_id for each in evidence.excerpts] == ["open"]
    assert [(each.tool_name, each.calls, each.errors) for each in evidence.tools] == [("search", 2, 1)]
    assert (session.total_outcomes_analyzed, session.patterns_identified) == (1, 1)
    assert session.session_status is SessionStatus.RUNNING
    assert session.version_label == "clerk@v1"
    # What was for searching and is now held out is not shown any more, nor what it did before.
    await scenarios.save_scenarios(tx, [case("open", "holdout")])
    assert await tx.fetch(_SQL.visible) == []
    with pytest.raises(NothingToAnalyse, match="clerk@v1 has no trials since"):
        await recommendations.open_session(tx, version, RULES, window=WEEK)


async def test_what_was_seen_is_written_down_however_many_trials_that_is(
    tx: Tx, version: ConfigVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trials are read page by page, the newest at most; failures and tools are of all of them."""
    await ran(tx, version, ["other"], trials=3)
    await ran(tx, version, ["open"], trials=3)
    monkeypatch.setattr(service, "_PAGE", 2)
    session, evidence = await recommendations.open_session(tx, version, RULES, window=WEEK)
    assert len({each.outcome_id for each in evidence.trials}) == 7, "one from before, and none twice"
    monkeypatch.setattr(service, "_MOST_TRIALS", 3)
    session, evidence = await recommendations.open_session(tx, version, RULES, window=WEEK)
    assert len(evidence.trials) == 3
    assert len(evidence.failures) == 7
    reads = await tx.fetch(_SQL.reads, session_id=session.session_id)
    assert [row["scenario_id"] for row in reads] == ["open", "other"]
    shown = {each.outcome_id for each in evidence.trials}
    cited = next(each.outcome_id for each in evidence.failures if each.outcome_id not in shown)
    analysis = Analysis([suggests(outcome_ids=[cited])])
    (kept,) = await recommendations.record_analysis(tx, session, evidence, analysis)
    assert kept.status is Status.OPEN, "a failure that was shown may be cited"


async def test_what_is_proposed_is_kept_and_what_does_not_apply_is_kept_as_refused(
    tx: Tx, version: ConfigVersion
) -> None:
    stranger = UUID("00000000-0000-7000-8000-0000000000ff")
    session, kept = await analysed(
        tx,
        version,
        suggests(confidence=0.4),
        suggests("name: butler\ntemperature: 0\n", confidence=0.9),
        suggests(outcome_ids=[stranger], confidence=0.3),
        suggests(description="Colder.", confidence=0.2),
    )
    assert [each.status for each in kept] == [Status.REFUSED, Status.OPEN, Status.REFUSED, Status.REFUSED]
    assert "7 characters, expected at least 10" in (kept[3].status_reason or "")
    assert kept[3].description == "[not described] Colder."
    assert "meant for 'butler'" in (kept[0].status_reason or "")
    assert "was not shown" in (kept[2].status_reason or "")
    assert kept[2].evidence["outcome_ids"] == []
    assert kept[1].predicted == Effect(0.2, 0.0, 0.4)
    assert kept[1].historical_data_window == WEEK
    assert (session.recommendations_generated, session.recommendations_refused) == (1, 3)
    assert session.session_status is SessionStatus.COMPLETED
    with pytest.raises(NotOpen, match="is refused"):
        await recommendations.accept(tx, kept[0].short_id)


async def test_an_analysis_that_was_opened_in_sql_is_taken_up_in_its_own_window(tx: Tx, version: ConfigVersion) -> None:
    opened: UUID = await tx.value(_SQL.open_by_hand)
    session, _ = await recommendations.open_session(tx, version, RULES, window=WEEK, session_id=opened)
    assert session.session_id == opened
    assert session.data_window_end - session.data_window_start == timedelta(days=2)
    await recommendations.fail_session(tx, session, "no answer", Analysis((), None, 3, 50))
    failed = await recommendations.get_session(tx, opened)
    assert (failed.session_status, failed.error_message) == (SessionStatus.FAILED, "no answer")
    assert (failed.model_calls, failed.tokens_used, failed.analysis_cost_usd) == (3, 50, None)
    with pytest.raises(AnalysisOver, match="has failed already"):
        await recommendations.open_session(tx, version, RULES, window=WEEK, session_id=opened)


async def test_accepting_a_change_proposes_it_and_approving_marks_it_applied(tx: Tx, version: ConfigVersion) -> None:
    proposal = await proposed(tx, version)
    assert proposal.impact_prediction == {"metric": "pass rate", "effect": 0.2, "low": 0.0, "high": 0.4}
    assert (await configurations.get_version(tx, "clerk@v2")).generated_by == "optimization"
    page = await recommendations.page_recommendations(tx, {}, recommendations.RECOMMENDATIONS.order())
    (accepted,) = page.items
    assert (accepted.status, accepted.applied, accepted.proposed_diff_id) == (Status.ACCEPTED, False, proposal.diff_id)
    with pytest.raises(NotOpen):
        await recommendations.accept(tx, accepted.short_id)
    approved = await configurations.approve(tx, proposal.short_id)
    await recommendations.note_approval(tx, approved)
    assert (await recommendations.get_recommendation(tx, accepted.short_id)).applied


async def test_new_scenarios_are_added_for_searching(tx: Tx, version: ConfigVersion) -> None:
    patch = "- {scenario_id: fresh, name: A fresh one, task_prompt: Do it anew., ground_truth: done, like: open}"
    _, (kept,) = await analysed(tx, version, suggests(patch, Kind.SCENARIO_ADDITION))
    found, proposal = await recommendations.accept(tx, kept.short_id)
    assert proposal is None
    assert (found.applied, found.application) == (True, {"scenario_ids": ["fresh"]})
    assert (await scenarios.get_stored(tx, "fresh")).split == "search"
    with pytest.raises(NothingToProve, match="has made no version"):
        await recommendations.proposal_to_prove(tx, kept.short_id)


async def test_a_recommendation_can_be_declined_and_marked(tx: Tx, version: ConfigVersion) -> None:
    _, (kept,) = await analysed(tx, version, suggests())
    with pytest.raises(NothingToProve, match="has not been accepted"):
        await recommendations.proposal_to_prove(tx, kept.short_id)
    with pytest.raises(FeedbackRefused):
        await recommendations.give_feedback(tx, kept.short_id, 6)
    marked = await recommendations.give_feedback(tx, kept.short_id, 2, "obvious")
    assert (marked.feedback_score, marked.feedback_comment) == (2, "obvious")
    declined = await recommendations.reject(tx, kept.short_id, reason="we like it warm")
    assert (declined.status, declined.status_reason) == (Status.REJECTED, "we like it warm")
    with pytest.raises(RecommendationNotFound):
        await recommendations.get_recommendation(tx, "ffffffff")


async def test_a_proof_is_measured_on_what_is_held_out(tx: Tx, version: ConfigVersion) -> None:
    proposal = await proposed(tx, version)
    proof = await recommendations.plan_proof(tx, proposal, suite="shop", trials=2)
    held = [f"held_{n}" for n in range(8)]
    await record(tx, proof.baseline_simulation_id, held, passed=False, trials=2)
    await record(tx, proof.candidate_simulation_id, held, passed=True, trials=2)
    measured = await recommendations.measure_proof(tx, proof)
    assert (measured.verdict, measured.effect, measured.scenarios) == ("better", 1.0, 8)
    assert measured.predicted == proposal.impact_prediction
    (calibration,) = await recommendations.calibration(tx)
    assert (calibration.proofs, calibration.better, calibration.bias) == (1, 1, pytest.approx(-0.8))
    await configurations.approve(tx, proposal.short_id)
    (story,) = await tx.fetch(_SQL.story)
    assert (story["verdict"], story["approved_by"]) == ("better", tx.actor.user_id)


async def test_the_first_proof_counts(tx: Tx, version: ConfigVersion) -> None:
    """Whoever tries often enough gets a lucky one."""
    await configurations.set_rule(tx, configurations.ApprovalRule(needs_proof=True))
    proposal = await proposed(tx, version)
    held = [f"held_{n}" for n in range(8)]
    for passed, verdict in ((False, "equivalent"), (True, "better")):
        proof = await recommendations.plan_proof(tx, proposal, suite="shop", trials=8)
        await record(tx, proof.baseline_simulation_id, held, passed=False, trials=8)
        await record(tx, proof.candidate_simulation_id, held, passed=passed, trials=8)
        assert (await recommendations.measure_proof(tx, proof)).verdict in (verdict, "not enough data")
        await tx.execute(_SQL.an_hour_later)
    newest, _ = await recommendations.proofs_of(tx, proposal.diff_id)
    assert newest.verdict == "better"
    with pytest.raises(configurations.NotProven):
        async with tx.savepoint():
            await configurations.approve(tx, proposal.short_id)


async def test_without_held_out_scenarios_there_is_no_proof(tx: Tx, version: ConfigVersion) -> None:
    proposal = await proposed(tx, version)
    with pytest.raises(NoHeldOutScenarios, match="the suite bank"):
        await recommendations.plan_proof(tx, proposal, suite="bank", trials=1)


@pytest.mark.parametrize(
    "seen", [case("open", "holdout"), case("renamed", "holdout", prompt="Please do open.")], ids=["moved", "renamed"]
)
async def test_what_an_analyst_has_seen_proves_nothing(tx: Tx, version: ConfigVersion, seen: Any) -> None:
    proposal = await proposed(tx, version)
    await scenarios.save_scenarios(tx, [seen])
    with pytest.raises(SplitsMixed, match="was shown to an analyst"):
        async with tx.savepoint():
            await recommendations.plan_proof(tx, proposal, suite="shop", trials=1)


async def refused(tx: Tx, statement: str, **values: object) -> str | None:
    with pytest.raises(ConstraintViolated) as caught:
        async with tx.savepoint():
            await tx.execute(_SQL[statement], **values)
    return caught.value.constraint


async def test_no_statement_mixes_the_splits(tx: Tx, version: ConfigVersion) -> None:
    proposal = await proposed(tx, version)
    page = await recommendations.page_sessions(tx, {}, recommendations.SESSIONS.order())
    ((held, held_hash),) = await scenarios.latest_contents(tx, ["held_1"])
    ((other, other_hash),) = await scenarios.latest_contents(tx, ["other"])
    reading = {"session_id": page.items[0].session_id, "scenario_id": held, "content_hash": held_hash}
    assert "split" in (await refused(tx, "read_by_hand", **reading) or "")
    assert await refused(tx, "read_by_hand_as_held_out", **reading) == "analysts_read_the_search_split"
    proof = await recommendations.plan_proof(tx, proposal, suite="shop", trials=1)
    proving = {"proof_id": proof.proof_id, "scenario_id": other, "content_hash": other_hash}
    assert "split" in (await refused(tx, "prove_by_hand", **proving) or "")
    # A side that runs something else besides proves nothing either.
    await simulations.add_scenarios(tx, proof.candidate_simulation_id, [PinnedScenario(other, other_hash)])
    assert await refused(tx, "judge_by_hand", proof_id=proof.proof_id) == "proofs_are_on_the_held_out_split"
