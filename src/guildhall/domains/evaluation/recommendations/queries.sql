-- name: open_session
SELECT evaluation.trigger_llm_recommendation_analysis(:analysis_window, NULL);

-- name: describe_session
-- An analysis that was opened by hand gets its subject here.
UPDATE evaluation.llm_recommendation_sessions
   SET analyst = :analyst,
       llm_model = :llm_model,
       llm_temperature = :llm_temperature,
       prompt_template_version = :prompt_template_version,
       config_version_id = :config_version_id,
       total_outcomes_analyzed = :total_outcomes_analyzed,
       patterns_identified = :patterns_identified,
       improvement_id = :improvement_id,
       gateway_keys = gateway_keys || :gateway_keys::uuid[]
 WHERE session_id = :session_id;

-- name: note_call
UPDATE evaluation.llm_recommendation_sessions
   SET gateway_calls = gateway_calls || :call_id::uuid
 WHERE session_id = :session_id AND session_status = 'running';

-- name: calls_of_session
SELECT gateway_calls, gateway_keys, created_at FROM evaluation.llm_recommendation_sessions WHERE session_id = :session_id;

-- name: finish_session
UPDATE evaluation.llm_recommendation_sessions
   SET session_status = :session_status,
       error_message = :error_message,
       analysis_end_time = greatest(analysis_start_time, clock_timestamp()),
       recommendations_generated = :recommendations_generated,
       recommendations_refused = :recommendations_refused,
       prompt_hash = :prompt_hash,
       failures_shown = :failures_shown,
       model_calls = :model_calls,
       tokens_used = :tokens_used,
       analysis_cost_usd = :analysis_cost_usd
 WHERE session_id = :session_id AND session_status = 'running';

-- name: lost_analyses
SELECT tenant_id, session_id FROM evaluation.lost_analyses();

-- name: every_session
-- For lists (`db.listing`), which filter, sort and page.
SELECT sessions.session_id, sessions.analyst, sessions.config_version_id,
       configurations.name || '@v' || versions.version_number AS version_label, sessions.llm_model, sessions.llm_temperature,
       sessions.prompt_template_version, sessions.prompt_hash, sessions.data_window_start, sessions.data_window_end,
       sessions.analysis_start_time, sessions.analysis_end_time, sessions.total_outcomes_analyzed,
       sessions.patterns_identified, sessions.recommendations_generated, sessions.recommendations_refused,
       sessions.failures_shown, sessions.model_calls, sessions.tokens_used, sessions.analysis_cost_usd,
       sessions.session_status, sessions.error_message, sessions.created_at
  FROM evaluation.llm_recommendation_sessions AS sessions
  LEFT JOIN evaluation.config_versions AS versions ON versions.version_id = sessions.config_version_id
  LEFT JOIN evaluation.configurations ON configurations.config_id = versions.config_id;

-- name: trials
-- The newest of a configuration in a window, through the view that has none of a held-out scenario.
SELECT trials.outcome_id, trials.execution_time, trials.config_version_id, trials.scenario_id, trials.content_hash, trials.scenario_name,
       trials.task_prompt, trials.expected_tools, trials.status, trials.passed, trials.fault, trials.execution_time_ms,
       trials.cost_usd, trials.timeout_ms
  FROM evaluation.v_analyst_trials AS trials
 WHERE trials.config_version_id = ANY (:version_ids::uuid[])
   AND trials.execution_time >= :earliest AND trials.execution_time <= :latest
   AND (:before_time::timestamptz IS NULL OR (trials.execution_time, trials.outcome_id) < (:before_time, :before_id::uuid))
 ORDER BY trials.execution_time DESC, trials.outcome_id DESC
 LIMIT :at_most;

-- name: version_tried_most
-- The version with the most trials in a window that an analyst may read; of equals the newest.
SELECT trials.config_version_id
  FROM evaluation.v_analyst_trials AS trials
 WHERE trials.execution_time >= :earliest AND trials.execution_time <= :latest
 GROUP BY trials.config_version_id
 ORDER BY count(*) DESC, max(trials.execution_time) DESC, trials.config_version_id
 LIMIT 1;

-- name: failures
SELECT failures.outcome_id, trials.scenario_id, failures.failure_type, failures.failure_category, failures.fault,
       failures.error_message, failures.recovery_successful, failures.pattern_cluster_id
  FROM evaluation.failure_patterns AS failures
  JOIN evaluation.v_analyst_trials AS trials
    ON trials.outcome_id = failures.outcome_id AND trials.execution_time = failures.execution_time
 WHERE trials.config_version_id = :version_id
   AND failures.execution_time >= :earliest AND failures.execution_time <= :latest
   AND trials.execution_time >= :earliest AND trials.execution_time <= :latest
 ORDER BY failures.execution_time DESC, failures.pattern_id
 LIMIT :at_most;

-- name: tools
SELECT usage.tool_name, count(*)::integer AS trials, sum(usage.call_count)::integer AS calls, sum(usage.error_count)::integer AS errors,
       (array_agg(DISTINCT usage.error_types[1]) FILTER (WHERE usage.error_types <> '{}'))[1:5] AS error_types
  FROM evaluation.tool_usage AS usage
  JOIN evaluation.v_analyst_trials AS trials
    ON trials.outcome_id = usage.outcome_id AND trials.execution_time = usage.execution_time
 WHERE trials.config_version_id = :version_id
   AND usage.execution_time >= :earliest AND usage.execution_time <= :latest
   AND trials.execution_time >= :earliest AND trials.execution_time <= :latest
 GROUP BY usage.tool_name
 ORDER BY calls DESC, usage.tool_name;

-- name: insert_reads
-- Whatever the analyst's trials, failures and figures were taken from, however many trials that is.
INSERT INTO evaluation.analyst_reads (session_id, scenario_id, content_hash)
SELECT DISTINCT :session_id::uuid, trials.scenario_id, trials.content_hash
  FROM evaluation.v_analyst_trials AS trials
 WHERE trials.config_version_id = ANY (:version_ids::uuid[])
   AND trials.execution_time >= :earliest AND trials.execution_time <= :latest
 ORDER BY 2, 3
    ON CONFLICT DO NOTHING;

-- name: insert_recommendation
INSERT INTO evaluation.recommendations (
    session_id, source_type, recommendation_type, description, suggested_yaml_changes, impact_estimate, confidence,
    llm_model_used, llm_prompt_hash, historical_data_window, config_version_id, status, status_reason, reason, evidence
)
SELECT sessions.session_id, 'time_series_analysis', :recommendation_type, :description, :suggested_yaml_changes, :impact_estimate,
       :confidence, sessions.llm_model, :llm_prompt_hash, sessions.data_window_end - sessions.data_window_start,
       sessions.config_version_id, :status, :status_reason, :reason, :evidence
  FROM evaluation.llm_recommendation_sessions AS sessions
 WHERE sessions.session_id = :session_id
RETURNING recommendation_id;

-- name: every_recommendation
-- For lists (`db.listing`), which filter, sort and page.
SELECT recommendations.recommendation_id, recommendations.session_id, sessions.analyst, recommendations.config_version_id,
       configurations.name AS config_name, configurations.name || '@v' || versions.version_number AS version_label,
       recommendations.recommendation_type AS kind,
       recommendations.description, recommendations.suggested_yaml_changes, recommendations.impact_estimate,
       recommendations.confidence, recommendations.reason, recommendations.evidence, recommendations.status,
       recommendations.status_reason, recommendations.application, recommendations.proposed_diff_id, recommendations.applied,
       recommendations.applied_at, recommendations.llm_model_used, recommendations.llm_prompt_hash,
       recommendations.historical_data_window, recommendations.feedback_score, recommendations.feedback_comment,
       recommendations.created_at
  FROM evaluation.recommendations
  LEFT JOIN evaluation.llm_recommendation_sessions AS sessions ON sessions.session_id = recommendations.session_id
  LEFT JOIN evaluation.config_versions AS versions ON versions.version_id = recommendations.config_version_id
  LEFT JOIN evaluation.configurations ON configurations.config_id = versions.config_id;

-- name: recommendations_like
-- A short id is the beginning or the end of the long one.
SELECT recommendation_id FROM evaluation.recommendations
 WHERE replace(recommendation_id::text, '-', '') LIKE :digits || '%'
    OR replace(recommendation_id::text, '-', '') LIKE '%' || :digits
 ORDER BY created_at DESC
 LIMIT 10;

-- name: lock_recommendation
-- Of two who decide on it at once one waits for the other.
SELECT status FROM evaluation.recommendations WHERE recommendation_id = :recommendation_id FOR UPDATE;

-- name: decide
UPDATE evaluation.recommendations
   SET status = :status, status_reason = :status_reason, application = :application, proposed_diff_id = :proposed_diff_id
 WHERE recommendation_id = :recommendation_id;

-- name: mark_applied
UPDATE evaluation.recommendations
   SET applied = true, applied_at = now(), applied_by = platform.user_id()
 WHERE NOT applied AND status = 'accepted'
   AND (recommendation_id = :recommendation_id OR proposed_diff_id = :diff_id);

-- name: set_feedback
UPDATE evaluation.recommendations
   SET feedback_score = :score, feedback_comment = :comment
 WHERE recommendation_id = :recommendation_id;

-- name: insert_proof
INSERT INTO evaluation.proofs (diff_id, baseline_simulation_id, candidate_simulation_id, predicted)
VALUES (:diff_id, :baseline_simulation_id, :candidate_simulation_id, :predicted)
RETURNING proof_id;

-- name: insert_proof_scenarios
INSERT INTO evaluation.proof_scenarios (proof_id, scenario_id, content_hash)
SELECT :proof_id, rows.scenario_id, rows.content_hash
  FROM unnest(:scenario_ids::text[], :content_hashes::text[]) AS rows (scenario_id, content_hash);

-- name: finish_proof
UPDATE evaluation.proofs
   SET verdict = :verdict, effect = :effect, effect_low = :effect_low, effect_high = :effect_high, p_value = :p_value,
       scenarios = :scenarios, completed_at = clock_timestamp()
 WHERE proof_id = :proof_id;

-- name: proofs
-- Newest first.
SELECT proof_id, diff_id, baseline_simulation_id, candidate_simulation_id, predicted, verdict, effect, effect_low, effect_high,
       p_value, scenarios, created_at, completed_at
  FROM evaluation.proofs
 WHERE (:proof_id::uuid IS NULL OR proof_id = :proof_id)
   AND (:diff_id::uuid IS NULL OR diff_id = :diff_id)
 ORDER BY created_at DESC
 LIMIT 100;

-- name: predictions
-- The first proof of each accepted recommendation: later ones were run by people who knew it.
SELECT DISTINCT ON (recommendations.recommendation_id) sessions.analyst, recommendations.impact_estimate,
       recommendations.confidence, proofs.effect AS measured, proofs.verdict, recommendations.feedback_score
  FROM evaluation.proofs
  JOIN evaluation.recommendations ON recommendations.proposed_diff_id = proofs.diff_id
  JOIN evaluation.llm_recommendation_sessions AS sessions ON sessions.session_id = recommendations.session_id
 WHERE proofs.verdict IS NOT NULL AND proofs.effect IS NOT NULL AND recommendations.impact_estimate IS NOT NULL
 ORDER BY recommendations.recommendation_id, proofs.created_at;

-- name: insert_improvement
INSERT INTO evaluation.improvements (config_id, analyst, rounds, budget_usd, settings)
VALUES (:config_id, :analyst, :rounds, :budget_usd, :settings)
RETURNING improvement_id;

-- name: improvements
-- Newest first; what each has spent is that of its simulations and analyses, those included that failed.
SELECT improvements.improvement_id, improvements.config_id, configurations.name AS config_name, improvements.analyst,
       improvements.rounds, improvements.budget_usd, improvements.settings, improvements.stopped_for, improvements.created_at,
       improvements.completed_at,
       (SELECT COALESCE(sum(simulations.total_cost_usd), 0)
          FROM evaluation.simulations
         WHERE simulations.simulation_id IN (
               SELECT rounds.simulation_id FROM evaluation.improvement_rounds AS rounds
                WHERE rounds.improvement_id = improvements.improvement_id
                UNION
               SELECT unnest(ARRAY[proofs.baseline_simulation_id, proofs.candidate_simulation_id])
                 FROM evaluation.improvement_rounds AS rounds
                 JOIN evaluation.proofs ON proofs.proof_id = rounds.proof_id
                WHERE rounds.improvement_id = improvements.improvement_id
         ))
       + (SELECT COALESCE(sum(sessions.analysis_cost_usd), 0)
            FROM evaluation.llm_recommendation_sessions AS sessions
           WHERE sessions.session_id IN (
                 SELECT rounds.session_id FROM evaluation.improvement_rounds AS rounds
                  WHERE rounds.improvement_id = improvements.improvement_id
                 UNION
                 SELECT made_for.session_id FROM evaluation.llm_recommendation_sessions AS made_for
                  WHERE made_for.tenant_id = improvements.tenant_id AND made_for.improvement_id = improvements.improvement_id
           )) AS spent_usd
  FROM evaluation.improvements
  JOIN evaluation.configurations ON configurations.config_id = improvements.config_id
 WHERE (:digits::text IS NULL
        OR replace(improvements.improvement_id::text, '-', '') LIKE :digits || '%'
        OR replace(improvements.improvement_id::text, '-', '') LIKE '%' || :digits)
 ORDER BY improvements.created_at DESC
 LIMIT :at_most;

-- name: finish_improvement
UPDATE evaluation.improvements
   SET stopped_for = :stopped_for, completed_at = clock_timestamp()
 WHERE improvement_id = :improvement_id AND completed_at IS NULL;

-- name: insert_round
INSERT INTO evaluation.improvement_rounds (improvement_id, round_number, parent_version_id, simulation_id, session_id)
VALUES (:improvement_id, :round_number, :parent_version_id, :simulation_id, :session_id);

-- name: change_round
-- What is given is kept beside what is there.
UPDATE evaluation.improvement_rounds
   SET simulation_id = COALESCE(:simulation_id, simulation_id),
       session_id = COALESCE(:session_id, session_id),
       recommendation_id = COALESCE(:recommendation_id, recommendation_id),
       proof_id = COALESCE(:proof_id, proof_id),
       is_proven = COALESCE(:is_proven, is_proven)
 WHERE improvement_id = :improvement_id AND round_number = :round_number;

-- name: rounds
SELECT round_number, parent_version_id, simulation_id, session_id, recommendation_id, proof_id, is_proven
  FROM evaluation.improvement_rounds
 WHERE improvement_id = :improvement_id
 ORDER BY round_number;
