-- name: insert_unless_known
-- What COPY does, for a batch that may have been delivered before. No target is
-- named, because that would need the right to read the base table.
INSERT INTO store.failure_patterns (
    pattern_id, outcome_id, simulation_id, scenario_id, trial_number, execution_time, failure_type, failure_category,
    fault, error_message, step, recovery_attempted, recovery_successful, resolution_steps, llm_analysis
)
SELECT rows.pattern_id, rows.outcome_id, rows.simulation_id, rows.scenario_id, rows.trial_number, rows.execution_time,
       rows.failure_type, rows.failure_category, rows.fault, rows.error_message, rows.step, rows.recovery_attempted,
       rows.recovery_successful, rows.resolution_steps, rows.llm_analysis
  FROM unnest(:pattern_ids::uuid[], :outcome_ids::uuid[], :simulation_ids::uuid[], :scenario_ids::text[],
              :trial_numbers::integer[], :execution_times::timestamptz[], :failure_types::text[],
              :failure_categories::text[], :faults::text[], :error_messages::text[], :steps::integer[],
              :recoveries_attempted::boolean[], :recoveries_successful::boolean[], :resolution_steps::text[],
              :llm_analyses::jsonb[])
       AS rows (pattern_id, outcome_id, simulation_id, scenario_id, trial_number, execution_time, failure_type,
                failure_category, fault, error_message, step, recovery_attempted, recovery_successful,
                resolution_steps, llm_analysis)
    ON CONFLICT DO NOTHING;

-- name: failures
-- Oldest first, in the order in which they were recorded.
SELECT pattern_id, outcome_id, simulation_id, scenario_id, trial_number, execution_time, failure_type,
       failure_category, fault, error_message, step, recovery_attempted, recovery_successful
  FROM evaluation.failure_patterns
 WHERE (:outcome_ids::uuid[] IS NULL OR outcome_id = ANY (:outcome_ids))
   AND (:simulation_id::uuid IS NULL OR simulation_id = :simulation_id)
   AND (:scenario_id::text IS NULL OR scenario_id = :scenario_id)
   AND (:fault::text IS NULL OR fault = :fault)
   AND (:earliest::timestamptz IS NULL OR execution_time >= :earliest)
   AND (:latest::timestamptz IS NULL OR execution_time <= :latest)
 ORDER BY execution_time, pattern_id
 LIMIT :at_most;
