DELETE FROM platform.audit_exemptions WHERE relation IN ('evaluation.analyst_reads', 'evaluation.proof_scenarios');
DROP TRIGGER latest_version_is_approved ON evaluation.configurations;
DROP TRIGGER versions_are_approved ON evaluation.config_versions;
DROP TRIGGER decisions_are_final ON evaluation.config_diffs;
DROP VIEW mine.v_analyst_trials;
DROP VIEW evaluation.v_analyst_trials;
DROP TABLE evaluation.config_releases, evaluation.proof_scenarios, evaluation.proofs, evaluation.analyst_reads, evaluation.approval_rules;
DROP FUNCTION evaluation.check_releaser();
DROP FUNCTION evaluation.refuse_proposal_as_latest();
DROP FUNCTION evaluation.check_release();
DROP FUNCTION evaluation.check_decision();
DROP FUNCTION evaluation.check_proof();
DROP FUNCTION evaluation.refuse_seen_scenario();
DROP FUNCTION evaluation.check_rule_setter();
DROP FUNCTION evaluation.check_approver(uuid);
DROP FUNCTION evaluation.approval_rule(uuid);
ALTER TABLE evaluation.scenario_versions DROP CONSTRAINT scenario_versions_one_split, DROP COLUMN split;
ALTER TABLE evaluation.recommendations
    DROP COLUMN config_version_id, DROP COLUMN status, DROP COLUMN status_reason, DROP COLUMN reason, DROP COLUMN evidence,
    DROP COLUMN application, DROP COLUMN proposed_diff_id, DROP COLUMN feedback_comment,
    DROP CONSTRAINT recommendations_one_in_the_team;
SELECT platform.write_recorder('evaluation.recommendations');
ALTER TABLE evaluation.llm_recommendation_sessions
    DROP COLUMN analyst, DROP COLUMN config_version_id, DROP COLUMN prompt_hash, DROP COLUMN failures_shown,
    DROP COLUMN model_calls, DROP COLUMN tokens_used, DROP COLUMN recommendations_refused;
DROP INDEX evaluation.config_diffs_to_decide;
ALTER TABLE evaluation.config_diffs
    DROP COLUMN is_proposal, DROP COLUMN proposed_by, DROP COLUMN decided_at, DROP COLUMN decision_reason,
    DROP CONSTRAINT config_diffs_approval_has_a_person;
ALTER TABLE evaluation.config_versions DROP COLUMN is_proposal;
