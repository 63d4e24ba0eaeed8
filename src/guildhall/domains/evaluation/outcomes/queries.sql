-- name: insert_outcomes_unless_known
-- What COPY does, for a batch that may have been delivered before. No target is
-- named, because that would need the right to read the base table.
INSERT INTO store.outcomes (
    outcome_id, simulation_id, scenario_id, trial_number, execution_time, status, passed, reliability_score, fault,
    execution_time_ms, tokens_used, cost_usd, metrics, retry_count, error_code, error_category, modal_call_id,
    sandbox_id, sandbox_logs, execution_metadata, trajectory, trajectory_body
)
SELECT rows.*
  FROM unnest(:outcome_ids::uuid[], :simulation_ids::uuid[], :scenario_ids::text[], :trial_numbers::integer[],
              :execution_times::timestamptz[], :statuses::text[], :passed::boolean[], :scores::double precision[],
              :faults::text[], :durations::double precision[], :tokens::integer[], :costs::numeric[],
              :metrics::jsonb[], :retry_counts::integer[], :error_codes::text[], :error_categories::text[],
              :modal_call_ids::text[], :sandbox_ids::text[], :sandbox_logs::text[], :metadata::jsonb[],
              :trajectories::jsonb[], :bodies::text[]) AS rows
    ON CONFLICT DO NOTHING;

-- name: outcomes_of_simulations
-- Which of these outcomes the team has, each in the simulation that it is said to be of.
SELECT outcomes.outcome_id
  FROM unnest(:outcome_ids::uuid[], :simulation_ids::uuid[], :execution_times::timestamptz[])
       AS wanted (outcome_id, simulation_id, execution_time)
  JOIN evaluation.outcomes AS outcomes
    ON outcomes.outcome_id = wanted.outcome_id
   AND outcomes.execution_time = wanted.execution_time
   AND outcomes.simulation_id = wanted.simulation_id;

-- name: revise_outcomes
-- Whose they are, and of which trial, stays. The team's view, through which they are changed, has no others.
UPDATE evaluation.outcomes AS outcomes
   SET status = rows.status, passed = rows.passed, reliability_score = rows.reliability_score, fault = rows.fault,
       execution_time_ms = rows.execution_time_ms, tokens_used = rows.tokens_used, cost_usd = rows.cost_usd,
       metrics = rows.metrics, error_code = rows.error_code, error_category = rows.error_category,
       execution_metadata = rows.execution_metadata, trajectory = rows.trajectory,
       trajectory_body = rows.trajectory_body
  FROM unnest(:outcome_ids::uuid[], :execution_times::timestamptz[], :statuses::text[], :passed::boolean[],
              :scores::double precision[], :faults::text[], :durations::double precision[], :tokens::integer[],
              :costs::numeric[], :metrics::jsonb[], :error_codes::text[], :error_categories::text[],
              :metadata::jsonb[], :trajectories::jsonb[], :bodies::text[])
       AS rows (outcome_id, execution_time, status, passed, reliability_score, fault, execution_time_ms, tokens_used,
                cost_usd, metrics, error_code, error_category, execution_metadata, trajectory, trajectory_body)
 WHERE outcomes.outcome_id = rows.outcome_id AND outcomes.execution_time = rows.execution_time;

-- name: places_of_outcomes
SELECT outcomes.outcome_id, outcomes.simulation_id, outcomes.scenario_id, outcomes.trial_number
  FROM unnest(:outcome_ids::uuid[], :execution_times::timestamptz[]) AS wanted (outcome_id, execution_time)
  JOIN evaluation.outcomes AS outcomes
    ON outcomes.outcome_id = wanted.outcome_id AND outcomes.execution_time = wanted.execution_time;

-- name: revise_tools
UPDATE evaluation.tool_usage AS usages
   SET call_count = rows.call_count, error_count = rows.error_count, timed_count = rows.timed_count,
       total_duration_ms = rows.total_duration_ms, avg_duration_ms = rows.avg_duration_ms,
       success_rate = rows.success_rate, tool_sequence = rows.tool_sequence,
       error_types = ARRAY(SELECT jsonb_array_elements_text(rows.error_types))
  FROM unnest(:usage_ids::uuid[], :execution_times::timestamptz[], :call_counts::integer[], :error_counts::integer[],
              :timed_counts::integer[], :durations::double precision[], :averages::double precision[],
              :rates::double precision[], :sequences::jsonb[], :error_types::jsonb[])
       AS rows (usage_id, execution_time, call_count, error_count, timed_count, total_duration_ms, avg_duration_ms,
                success_rate, tool_sequence, error_types)
 WHERE usages.usage_id = rows.usage_id AND usages.execution_time = rows.execution_time;

-- name: insert_tools_unless_known
INSERT INTO store.tool_usage (
    outcome_id, simulation_id, execution_time, usage_id, tool_name, call_count, error_count, timed_count,
    total_duration_ms, avg_duration_ms, success_rate, tool_sequence, total_cost_usd, error_types,
    modal_function_calls, sandbox_tool_logs
)
SELECT rows.outcome_id, rows.simulation_id, rows.execution_time, rows.usage_id, rows.tool_name, rows.call_count,
       rows.error_count, rows.timed_count, rows.total_duration_ms, rows.avg_duration_ms, rows.success_rate,
       rows.tool_sequence, rows.total_cost_usd,
       -- unnest would flatten an array of arrays, so each list of errors travels as JSON
       ARRAY(SELECT jsonb_array_elements_text(rows.error_types)), rows.modal_function_calls, rows.sandbox_tool_logs
  FROM unnest(:outcome_ids::uuid[], :simulation_ids::uuid[], :execution_times::timestamptz[], :usage_ids::uuid[],
              :tool_names::text[], :call_counts::integer[], :error_counts::integer[], :timed_counts::integer[],
              :durations::double precision[], :averages::double precision[], :rates::double precision[],
              :sequences::jsonb[], :costs::numeric[], :error_types::jsonb[], :modal_calls::jsonb[], :logs::text[])
       AS rows (outcome_id, simulation_id, execution_time, usage_id, tool_name, call_count, error_count, timed_count,
                total_duration_ms, avg_duration_ms, success_rate, tool_sequence, total_cost_usd, error_types,
                modal_function_calls, sandbox_tool_logs)
    ON CONFLICT DO NOTHING;

-- name: outcome_at
-- With its time an outcome is found in one partition. What belongs to it comes
-- along, as rows in the order of their types' fields: a round trip for each
-- would cost as much as the outcome itself.
SELECT outcomes.outcome_id, outcomes.simulation_id, outcomes.scenario_id, outcomes.trial_number,
       outcomes.execution_time, outcomes.status, outcomes.passed, outcomes.reliability_score, outcomes.fault,
       outcomes.execution_time_ms, outcomes.tokens_used, outcomes.cost_usd, outcomes.trajectory,
       outcomes.trajectory_body, outcomes.metrics, outcomes.retry_count, outcomes.error_code, outcomes.error_category,
       outcomes.modal_call_id, outcomes.sandbox_id, outcomes.sandbox_logs, outcomes.execution_metadata,
       outcomes.created_at,
       ARRAY(SELECT ROW (usages.usage_id, usages.outcome_id, usages.simulation_id, usages.execution_time,
                         usages.tool_name, usages.call_count, usages.error_count, usages.timed_count,
                         usages.total_duration_ms, usages.avg_duration_ms, usages.success_rate, usages.tool_sequence,
                         usages.total_cost_usd, usages.error_types, usages.modal_function_calls,
                         usages.sandbox_tool_logs)
               FROM evaluation.tool_usage AS usages
              WHERE usages.outcome_id = :outcome_id AND usages.execution_time = :execution_time
              ORDER BY usages.tool_name, usages.usage_id) AS tools,
       ARRAY(SELECT ROW (patterns.pattern_id, patterns.outcome_id, patterns.simulation_id, patterns.scenario_id,
                         patterns.trial_number, patterns.execution_time, patterns.failure_type,
                         patterns.failure_category, patterns.fault, patterns.error_message, patterns.step,
                         patterns.recovery_attempted, patterns.recovery_successful, patterns.pattern_cluster_id,
                         patterns.cluster_confidence)
               FROM evaluation.failure_patterns AS patterns
              WHERE patterns.outcome_id = :outcome_id AND patterns.execution_time = :execution_time
              ORDER BY patterns.pattern_id) AS failures
  FROM evaluation.outcomes AS outcomes
 WHERE outcomes.outcome_id = :outcome_id AND outcomes.execution_time = :execution_time;

-- name: time_of_outcome
-- An id of somebody else's making keeps no time: every partition is asked.
SELECT execution_time
  FROM evaluation.outcomes
 WHERE outcome_id = :outcome_id;

-- name: outcomes
-- A page, newest first. The place where the last one ended, not a number of
-- rows to skip: what is recorded meanwhile moves nothing.
SELECT outcome_id, simulation_id, scenario_id, trial_number, execution_time, status, passed, reliability_score, fault,
       execution_time_ms, tokens_used, cost_usd, metrics, retry_count, error_code, error_category, modal_call_id,
       sandbox_id, sandbox_logs, execution_metadata, created_at
  FROM evaluation.outcomes
 WHERE (:simulation_id::uuid IS NULL OR simulation_id = :simulation_id)
   AND (:scenario_id::text IS NULL OR scenario_id = :scenario_id)
   AND (:trial_number::integer IS NULL OR trial_number = :trial_number)
   AND (:status::text IS NULL OR status = :status)
   AND (:passed::boolean IS NULL OR passed = :passed)
   AND (:fault::text IS NULL OR fault = :fault)
   AND (:before_time::timestamptz IS NULL OR (execution_time, outcome_id) < (:before_time, :before_id::uuid))
 ORDER BY execution_time DESC, outcome_id DESC
 LIMIT :at_most;

-- name: stored_after
-- What has come into a simulation behind a place; ordered by when it was written, not by when it was tried.
SELECT outcome_id, scenario_id, trial_number, execution_time, status, passed, reliability_score, fault,
       execution_time_ms, cost_usd, created_at
  FROM evaluation.outcomes
 WHERE simulation_id = :simulation_id AND (created_at, outcome_id) > (:created_at::timestamptz, :outcome_id::uuid)
 ORDER BY created_at, outcome_id
 LIMIT :at_most;

-- name: every_outcome
-- For lists (`db.listing`), which filter, sort and page.
SELECT outcome_id, simulation_id, scenario_id, trial_number, execution_time, status, passed, reliability_score, fault,
       execution_time_ms, tokens_used, cost_usd, metrics, retry_count, error_code, error_category, modal_call_id,
       sandbox_id, sandbox_logs, execution_metadata, created_at
  FROM evaluation.outcomes;

-- name: create_scratch
-- A table like that of outcomes, which is gone with its transaction: to see how fast writing is, in nobody's data.
CREATE TEMPORARY TABLE outcomes_scratch ON COMMIT DROP AS
SELECT outcome_id, simulation_id, scenario_id, execution_time, status, reliability_score, execution_time_ms,
       tokens_used, cost_usd, trajectory
  FROM evaluation.outcomes
  WITH NO DATA;

-- name: index_scratch_by_id
CREATE UNIQUE INDEX ON outcomes_scratch (outcome_id, execution_time);

-- name: index_scratch_by_simulation
CREATE INDEX ON outcomes_scratch (simulation_id, status);

-- name: index_scratch_by_scenario
CREATE INDEX ON outcomes_scratch (scenario_id, execution_time DESC);

-- name: partitions
-- A native partition's name ends with its month. TimescaleDB makes its chunks as rows come: none is ahead.
SELECT count(*)::integer AS partitions,
       COALESCE(sum(pg_total_relation_size(partitions.oid)), 0)::bigint AS total_bytes,
       (max(to_date(substring(partitions.relname FROM '_(\d{4}_\d{2})$'), 'YYYY_MM')) + interval '1 month')
           AT TIME ZONE 'UTC' AS ends_at,
       (SELECT engine FROM platform.installation) AS engine
  FROM pg_inherits
  JOIN pg_class AS partitions ON partitions.oid = pg_inherits.inhrelid
 WHERE pg_inherits.inhparent = to_regclass('store.outcomes');

-- name: strange_outcomes
-- Those without a vector of this model, the newest first.
SELECT outcomes.outcome_id, outcomes.execution_time, outcomes.trajectory, outcomes.trajectory_body
  FROM evaluation.outcomes AS outcomes
 WHERE NOT EXISTS (SELECT FROM evaluation.outcome_embeddings AS embeddings
                    WHERE embeddings.outcome_id = outcomes.outcome_id
                      AND embeddings.execution_time = outcomes.execution_time
                      AND embeddings.model = :model)
 ORDER BY outcomes.execution_time DESC, outcomes.outcome_id DESC
 LIMIT :at_most;

-- name: embed_outcomes
INSERT INTO evaluation.outcome_embeddings (outcome_id, execution_time, model, embedding, words)
SELECT rows.outcome_id, rows.execution_time, :model, rows.embedding::sparsevec(1536)::vector,
       platform.text_vector(rows.said, 'en')
  FROM unnest(:outcome_ids::uuid[], :execution_times::timestamptz[], :embeddings::text[], :said::text[])
       AS rows (outcome_id, execution_time, embedding, said)
    ON CONFLICT (outcome_id, execution_time) DO UPDATE
   SET model = excluded.model, embedding = excluded.embedding, words = excluded.words;
