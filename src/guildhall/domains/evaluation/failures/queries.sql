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
       failure_category, fault, error_message, step, recovery_attempted, recovery_successful, pattern_cluster_id,
       cluster_confidence
  FROM evaluation.failure_patterns
 WHERE (:outcome_ids::uuid[] IS NULL OR outcome_id = ANY (:outcome_ids))
   AND (:simulation_id::uuid IS NULL OR simulation_id = :simulation_id)
   AND (:scenario_id::text IS NULL OR scenario_id = :scenario_id)
   AND (:fault::text IS NULL OR fault = :fault)
   AND (:earliest::timestamptz IS NULL OR execution_time >= :earliest)
   AND (:latest::timestamptz IS NULL OR execution_time <= :latest)
 ORDER BY execution_time, pattern_id
 LIMIT :at_most;

-- name: loose_failures
-- Those in no cluster, the oldest first, behind a position.
SELECT pattern_id, execution_time, failure_type, failure_category, fault, error_message
  FROM evaluation.failure_patterns
 WHERE pattern_cluster_id IS NULL
   AND (:after_time::timestamptz IS NULL OR (execution_time, pattern_id) > (:after_time, :after_id::uuid))
 ORDER BY execution_time, pattern_id
 LIMIT :at_most;

-- name: count_loose
SELECT count(*) FROM evaluation.failure_patterns WHERE pattern_cluster_id IS NULL;

-- name: begin_clustering
INSERT INTO evaluation.failure_clusterings (signatures) VALUES (0) ON CONFLICT DO NOTHING;

-- name: lock_clustering
-- One at a time: two would found the same cluster twice.
SELECT embedding_model, signatures FROM evaluation.failure_clusterings FOR UPDATE;

-- name: clustering
SELECT embedding_model, grouped_at, trouble FROM evaluation.failure_clusterings;

-- name: note_trouble
UPDATE evaluation.failure_clusterings SET trouble = :trouble, updated_at = now() WHERE trouble IS DISTINCT FROM :trouble;

-- name: note_regrouping
UPDATE evaluation.failure_clusterings
   SET embedding_model = :model, signatures = :signatures, grouped_at = now(), updated_at = now();

-- name: known_signatures
SELECT signatures.signature_id, signatures.cluster_id, signatures.confidence, clusters.failures AS others
  FROM evaluation.failure_signatures AS signatures
  JOIN evaluation.failure_clusters AS clusters USING (cluster_id)
 WHERE signatures.signature_id = ANY (:signature_ids::uuid[]);

-- name: insert_signatures
INSERT INTO evaluation.failure_signatures (
    signature_id, failure_type, failure_category, fault, message, embedding, embedding_model, cluster_id, confidence
)
SELECT rows.signature_id, rows.failure_type, rows.failure_category, rows.fault, rows.message,
       rows.embedding::sparsevec(1536)::vector, :model, rows.cluster_id, rows.confidence
  FROM unnest(:signature_ids::uuid[], :failure_types::text[], :failure_categories::text[], :faults::text[],
              :messages::text[], :embeddings::text[], :cluster_ids::uuid[], :confidences::double precision[])
       AS rows (signature_id, failure_type, failure_category, fault, message, embedding, cluster_id, confidence);

-- name: strange_signatures
-- Those whose vectors are another model's.
SELECT signature_id, failure_type, failure_category, fault, message
  FROM evaluation.failure_signatures
 WHERE embedding_model IS DISTINCT FROM :model
 ORDER BY signature_id
 LIMIT :at_most;

-- name: embed_signatures
UPDATE evaluation.failure_signatures AS signatures
   SET embedding = rows.embedding::sparsevec(1536)::vector, embedding_model = :model
  FROM unnest(:signature_ids::uuid[], :embeddings::text[]) AS rows (signature_id, embedding)
 WHERE signatures.signature_id = rows.signature_id;

-- name: count_signatures
SELECT count(*) FROM evaluation.failure_signatures WHERE embedding_model = :model;

-- name: centres
-- In binary: as text it would take ten times as long.
SELECT cluster_id, vector_send(embedding) AS embedding
  FROM evaluation.failure_clusters
 WHERE merged_into IS NULL AND embedding_model = :model
 ORDER BY cluster_id;

-- name: signatures
-- All of one model. In binary, and at half the precision: near enough to compare.
SELECT signature_id, cluster_id, failures, halfvec_send(embedding::halfvec(1536)) AS embedding
  FROM evaluation.failure_signatures
 WHERE embedding_model = :model
 ORDER BY signature_id;

-- name: messages_of_clusters
-- The most frequent signatures of each cluster.
SELECT clusters.cluster_id, top.message, top.failure_type, top.failure_category, top.fault
  FROM unnest(:cluster_ids::uuid[]) AS clusters (cluster_id)
 CROSS JOIN LATERAL (
           SELECT message, failure_type, failure_category, fault, failures, signature_id
             FROM evaluation.failure_signatures AS signatures
            WHERE signatures.cluster_id = clusters.cluster_id
            ORDER BY failures DESC, signature_id
            LIMIT :at_most
       ) AS top
 ORDER BY clusters.cluster_id, top.failures DESC, top.signature_id;

-- name: insert_clusters
-- What they are about is filled in once they have members (describe_clusters).
INSERT INTO evaluation.failure_clusters (
    cluster_id, pattern, failure_type, failure_category, fault, first_seen, last_seen, embedding, embedding_model
)
SELECT rows.cluster_id, '', '', '', '', now(), now(), rows.embedding::sparsevec(1536)::vector, :model
  FROM unnest(:cluster_ids::uuid[], :embeddings::text[]) AS rows (cluster_id, embedding);

-- name: describe_clusters
UPDATE evaluation.failure_clusters AS clusters
   SET pattern = rows.pattern, failure_type = rows.failure_type, failure_category = rows.failure_category,
       fault = rows.fault
  FROM unnest(:cluster_ids::uuid[], :patterns::text[], :failure_types::text[], :failure_categories::text[],
              :faults::text[]) AS rows (cluster_id, pattern, failure_type, failure_category, fault)
 WHERE clusters.cluster_id = rows.cluster_id
   AND (clusters.pattern, clusters.failure_type, clusters.failure_category, clusters.fault)
       IS DISTINCT FROM (rows.pattern, rows.failure_type, rows.failure_category, rows.fault);

-- name: centre_clusters
UPDATE evaluation.failure_clusters AS clusters
   SET embedding = rows.embedding::sparsevec(1536)::vector, embedding_model = :model
  FROM unnest(:cluster_ids::uuid[], :embeddings::text[]) AS rows (cluster_id, embedding)
 WHERE clusters.cluster_id = rows.cluster_id;

-- name: cluster_signatures
-- Those that move: a row whose cluster changes is entered into every index again, which for vectors takes long.
UPDATE evaluation.failure_signatures AS signatures
   SET cluster_id = rows.cluster_id, confidence = rows.confidence
  FROM unnest(:signature_ids::uuid[], :cluster_ids::uuid[], :confidences::double precision[])
       AS rows (signature_id, cluster_id, confidence)
 WHERE signatures.signature_id = rows.signature_id;

-- name: place_failures
-- Each is counted once, by whoever places it. Nothing is joined but the failures themselves: the planner knows little of
-- signatures that were added a moment ago.
WITH placed AS (
    UPDATE evaluation.failure_patterns AS patterns
       SET signature_id = rows.signature_id, pattern_cluster_id = rows.cluster_id, cluster_confidence = rows.confidence,
           similar_failures_count = rows.others
      FROM unnest(:pattern_ids::uuid[], :execution_times::timestamptz[], :signature_ids::uuid[], :cluster_ids::uuid[],
                  :confidences::double precision[], :others::integer[])
           AS rows (pattern_id, execution_time, signature_id, cluster_id, confidence, others)
     WHERE patterns.pattern_id = rows.pattern_id AND patterns.execution_time = rows.execution_time
       AND patterns.execution_time BETWEEN :earliest AND :latest
       AND patterns.pattern_cluster_id IS NULL
    RETURNING patterns.signature_id, patterns.execution_time, patterns.recovery_attempted, patterns.recovery_successful
), days AS (
    INSERT INTO evaluation.failure_days AS known (signature_id, day, failures, recoveries_attempted, recoveries_successful)
    SELECT signature_id, (execution_time AT TIME ZONE 'UTC')::date, count(*),
           count(*) FILTER (WHERE recovery_attempted), count(*) FILTER (WHERE recovery_successful)
      FROM placed
     GROUP BY 1, 2
        ON CONFLICT (signature_id, day) DO UPDATE
       SET failures = known.failures + excluded.failures,
           recoveries_attempted = known.recoveries_attempted + excluded.recoveries_attempted,
           recoveries_successful = known.recoveries_successful + excluded.recoveries_successful
)
SELECT signature_id, count(*) AS failures, min(execution_time) AS first_seen, max(execution_time) AS last_seen
  FROM placed
 GROUP BY signature_id;

-- name: count_placed
UPDATE evaluation.failure_signatures AS signatures
   SET failures = signatures.failures + rows.failures,
       first_seen = least(signatures.first_seen, rows.first_seen),
       last_seen = greatest(signatures.last_seen, rows.last_seen)
  FROM unnest(:signature_ids::uuid[], :failures::bigint[], :first_seen::timestamptz[], :last_seen::timestamptz[])
       AS rows (signature_id, failures, first_seen, last_seen)
 WHERE signatures.signature_id = rows.signature_id
RETURNING signatures.cluster_id;

-- name: sum_up_clusters
UPDATE evaluation.failure_clusters AS clusters
   SET failures = sums.failures, first_seen = sums.first_seen, last_seen = sums.last_seen, updated_at = now()
  FROM (
           SELECT cluster_id, sum(failures) AS failures, min(first_seen) AS first_seen, max(last_seen) AS last_seen
             FROM evaluation.failure_signatures
            WHERE cluster_id = ANY (:cluster_ids::uuid[])
            GROUP BY cluster_id
       ) AS sums
 WHERE clusters.cluster_id = sums.cluster_id AND sums.first_seen IS NOT NULL;

-- name: clusters_to_keep
-- Those that are there, the oldest first; what people have said of one keeps it apart from others of which they have.
SELECT cluster_id, name IS NOT NULL OR resolution_steps IS NOT NULL OR llm_analysis IS NOT NULL AS is_known
  FROM evaluation.failure_clusters
 WHERE merged_into IS NULL
 ORDER BY created_at, cluster_id;

-- name: merge_clusters
-- What was taken in by one that is taken in now, is in the other as well. What people have said goes with it.
WITH pairs AS (
    SELECT * FROM unnest(:cluster_ids::uuid[], :others::uuid[]) AS pairs (cluster_id, other_id)
), told AS (
    UPDATE evaluation.failure_clusters AS others
       SET name = COALESCE(others.name, merged.name),
           resolution_steps = COALESCE(others.resolution_steps, merged.resolution_steps),
           llm_analysis = COALESCE(others.llm_analysis, merged.llm_analysis)
      FROM pairs
      JOIN evaluation.failure_clusters AS merged USING (cluster_id)
     WHERE others.cluster_id = pairs.other_id
       AND (merged.name, merged.resolution_steps, merged.llm_analysis) IS DISTINCT FROM (NULL, NULL, NULL)
)
UPDATE evaluation.failure_clusters AS clusters
   SET merged_into = pairs.other_id, updated_at = now()
  FROM pairs
 WHERE clusters.cluster_id = pairs.cluster_id OR clusters.merged_into = pairs.cluster_id;

-- name: move_failures
-- Failures follow their signatures.
UPDATE evaluation.failure_patterns AS patterns
   SET pattern_cluster_id = signatures.cluster_id, cluster_confidence = signatures.confidence
  FROM evaluation.failure_signatures AS signatures
 WHERE patterns.pattern_cluster_id = ANY (:cluster_ids::uuid[])
   AND signatures.signature_id = patterns.signature_id
   AND patterns.pattern_cluster_id <> signatures.cluster_id;

-- name: allow_many_changes
-- A limit of TimescaleDB's on what one statement may change among compressed rows; elsewhere without effect.
SELECT set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', true);

-- name: insert_events
INSERT INTO evaluation.failure_cluster_events (event_id, cluster_id, kind, other_id, signatures, failures)
SELECT rows.event_id, rows.cluster_id, rows.kind, rows.other_id, rows.signatures, rows.failures
  FROM unnest(:event_ids::uuid[], :cluster_ids::uuid[], :kinds::text[], :other_ids::uuid[], :signatures::integer[],
              :failures::bigint[]) AS rows (event_id, cluster_id, kind, other_id, signatures, failures);

-- name: every_cluster
-- For lists (`db.listing`). The trend is summed up for those of a page alone where nothing sorts by it.
SELECT clusters.cluster_id, clusters.name, clusters.pattern, clusters.failure_type, clusters.failure_category, clusters.fault,
       clusters.failures, trend.recent, trend.before, trend.recoveries_attempted, trend.recoveries_successful,
       clusters.first_seen, clusters.last_seen, clusters.merged_into, clusters.resolution_steps, clusters.llm_analysis,
       clusters.resolved_at, clusters.resolved_by, clusters.created_at, clusters.updated_at,
       clusters.resolved_at IS NOT NULL AND clusters.last_seen <= clusters.resolved_at AS is_resolved
  FROM evaluation.failure_clusters AS clusters
 CROSS JOIN LATERAL (
           SELECT COALESCE(sum(days.failures) FILTER (WHERE days.day > :today::date - 7), 0)::bigint AS recent,
                  COALESCE(sum(days.failures) FILTER (WHERE days.day BETWEEN :today - 13 AND :today - 7), 0)::bigint AS before,
                  COALESCE(sum(days.recoveries_attempted), 0)::bigint AS recoveries_attempted,
                  COALESCE(sum(days.recoveries_successful), 0)::bigint AS recoveries_successful
             FROM evaluation.failure_signatures AS signatures
             JOIN evaluation.failure_days AS days USING (signature_id)
            WHERE signatures.cluster_id = clusters.cluster_id
       ) AS trend
 WHERE (:cluster_id::uuid IS NOT NULL AND clusters.cluster_id = :cluster_id)
    OR (:cluster_id IS NULL AND clusters.merged_into IS NULL)
   AND (:simulation_id::uuid IS NULL
        OR EXISTS (SELECT FROM evaluation.failure_patterns AS patterns
                    WHERE patterns.simulation_id = :simulation_id AND patterns.pattern_cluster_id = clusters.cluster_id))
   AND (:scenario_id::text IS NULL
        OR EXISTS (SELECT FROM evaluation.failure_patterns AS patterns
                    WHERE patterns.scenario_id = :scenario_id AND patterns.pattern_cluster_id = clusters.cluster_id));

-- name: ids_ending_in
SELECT cluster_id FROM evaluation.failure_clusters
 WHERE right(replace(cluster_id::text, '-', ''), length(:ending)) = :ending
 ORDER BY cluster_id
 LIMIT 10;

-- name: exemplars
-- The most frequent signatures of a cluster, with the last failure of each. Those are looked for among the newest.
WITH newest AS MATERIALIZED (
    SELECT pattern_id, outcome_id, simulation_id, scenario_id, step, error_message, signature_id, execution_time
      FROM evaluation.failure_patterns
     WHERE pattern_cluster_id = :cluster_id
     ORDER BY execution_time DESC
     LIMIT 1000
)
SELECT signatures.signature_id, signatures.message, signatures.failures, signatures.confidence,
       last.pattern_id, last.outcome_id, last.simulation_id, last.scenario_id, last.step, last.error_message
  FROM evaluation.failure_signatures AS signatures
  LEFT JOIN LATERAL (
           SELECT * FROM newest WHERE newest.signature_id = signatures.signature_id ORDER BY newest.execution_time DESC LIMIT 1
       ) AS last ON true
 WHERE signatures.cluster_id = :cluster_id
 ORDER BY signatures.failures DESC, signatures.signature_id
 LIMIT :at_most;

-- name: scenarios_of_cluster
-- Among the newest `among`, or all.
SELECT scenario_id, count(*) AS failures
  FROM (SELECT scenario_id
          FROM evaluation.failure_patterns
         WHERE pattern_cluster_id = :cluster_id
         ORDER BY execution_time DESC
         LIMIT :among::bigint) AS newest
 WHERE scenario_id IS NOT NULL
 GROUP BY scenario_id
 ORDER BY failures DESC, scenario_id
 LIMIT 1000;

-- name: versions_of_cluster
-- How many trials of each version failed so, and how many it had in the simulations in which any did: any of the newest
-- `among`, or any. Of these simulations all failures count, so that the share is theirs.
WITH latest AS MATERIALIZED (
    SELECT DISTINCT simulation_id
      FROM (SELECT simulation_id
              FROM evaluation.failure_patterns
             WHERE pattern_cluster_id = :cluster_id
             ORDER BY execution_time DESC
             LIMIT :among::bigint) AS newest
     WHERE simulation_id IS NOT NULL
), seen AS (
    SELECT simulation_id, count(DISTINCT outcome_id) AS failures, max(execution_time) AS last_seen
      FROM evaluation.failure_patterns
     WHERE pattern_cluster_id = :cluster_id AND simulation_id = ANY (ARRAY(SELECT simulation_id FROM latest))
     GROUP BY simulation_id
)
SELECT versions.version_id, configurations.name AS config_name, versions.version_number,
       sum(seen.failures)::bigint AS failures, sum(played.trials)::bigint AS trials, max(seen.last_seen) AS last_seen
  FROM seen
  JOIN evaluation.simulations USING (simulation_id)
 CROSS JOIN LATERAL (
           SELECT sum(days.total_outcomes) AS trials
             FROM evaluation.simulation_performance_daily AS days
            WHERE days.simulation_id = seen.simulation_id
       ) AS played
  JOIN evaluation.config_versions AS versions ON versions.version_id = simulations.config_version_id
  JOIN evaluation.configurations USING (config_id)
 GROUP BY versions.version_id, configurations.name, versions.version_number
 ORDER BY last_seen DESC, versions.version_id
 LIMIT 1000;

-- name: days_of_cluster
SELECT days.day, sum(days.failures)::bigint AS failures, sum(days.recoveries_successful)::bigint AS recoveries_successful
  FROM evaluation.failure_signatures AS signatures
  JOIN evaluation.failure_days AS days USING (signature_id)
 WHERE signatures.cluster_id = :cluster_id
 GROUP BY days.day
 ORDER BY days.day DESC
 LIMIT :at_most;

-- name: events_of_cluster
SELECT cluster_id, kind, other_id, signatures, failures, happened_at
  FROM evaluation.failure_cluster_events
 WHERE cluster_id = :cluster_id OR other_id = :cluster_id
 ORDER BY happened_at DESC, event_id DESC
 LIMIT 200;

-- name: cost_of_cluster
-- Of the trials of the newest `among`, or of all.
SELECT sum(outcomes.cost_usd) AS cost_usd, count(*) FILTER (WHERE outcomes.cost_usd IS NULL) AS unpriced
  FROM (SELECT DISTINCT outcome_id, execution_time
          FROM (SELECT outcome_id, execution_time
                  FROM evaluation.failure_patterns
                 WHERE pattern_cluster_id = :cluster_id
                 ORDER BY execution_time DESC
                 LIMIT :among::bigint) AS newest) AS failed
  JOIN evaluation.outcomes USING (outcome_id, execution_time);

-- name: lock_cluster
SELECT 1 FROM evaluation.failure_clusters WHERE cluster_id = :cluster_id FOR UPDATE;

-- name: change_cluster
UPDATE evaluation.failure_clusters
   SET name = CASE WHEN :has_name::boolean THEN :name ELSE name END,
       resolution_steps = CASE WHEN :has_resolution::boolean THEN :resolution_steps ELSE resolution_steps END,
       llm_analysis = CASE WHEN :has_analysis::boolean THEN :llm_analysis::jsonb ELSE llm_analysis END,
       resolved_at = CASE WHEN :resolved::boolean THEN now() WHEN NOT :resolved THEN NULL ELSE resolved_at END,
       resolved_by = CASE WHEN :resolved THEN platform.user_id() WHEN NOT :resolved THEN NULL ELSE resolved_by END,
       updated_at = now()
 WHERE cluster_id = :cluster_id AND merged_into IS NULL;

-- name: evidence_of_cluster
-- Of these outcomes, those that failed so.
SELECT DISTINCT outcome_id
  FROM evaluation.failure_patterns
 WHERE pattern_cluster_id = :cluster_id AND outcome_id = ANY (:outcome_ids::uuid[]);

-- name: teams_with_loose_failures
SELECT tenant_id FROM evaluation.teams_with_loose_failures() AS tenant_id;

-- name: active_teams
SELECT tenant_id FROM evaluation.active_teams() AS tenant_id;

-- name: error_rates
-- The reference's v_error_rates: scenarios of the last seven days that had ten trials or more on a day.
SELECT day, scenario_id, total_runs, error_count, error_rate_pct
  FROM evaluation.v_error_rates
 ORDER BY day DESC, error_rate_pct DESC, scenario_id
 LIMIT :at_most;

-- name: failure_analysis
-- The reference's v_llm_failure_analysis: by day and category, with samples.
SELECT day, failure_category, daily_failures, avg_confidence, sample_errors, affected_scenarios
  FROM evaluation.v_llm_failure_analysis
 ORDER BY day DESC, daily_failures DESC, failure_category
 LIMIT :at_most;
