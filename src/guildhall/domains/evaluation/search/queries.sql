-- name: reach_further
-- With filters, and among other teams' rows, the nearest that are asked for may lie far behind the nearest of all.
-- Needs pgvector 0.8.
SELECT set_config('hnsw.iterative_scan', 'strict_order', true), set_config('hnsw.ef_search', '200', true),
       set_config('hnsw.max_scan_tuples', '50000', true);

-- name: by_words
SELECT id, rank FROM evaluation.found_by_words(:kind, :asked, :any_unit, :at_most);

-- name: configs_like
SELECT versions.version_id::text AS id,
       1 - (versions.embedding::halfvec(1536) <=> :vector::text::sparsevec(1536)::vector(1536)::halfvec(1536)) AS similarity
  FROM evaluation.config_versions AS versions
 WHERE versions.embedding IS NOT NULL AND versions.embedding_model = :model
   AND (:after::timestamptz IS NULL OR versions.created_at >= :after)
   AND (:before::timestamptz IS NULL OR versions.created_at < :before)
   AND (:config::text IS NULL
        OR versions.config_id = (SELECT config_id FROM evaluation.configurations WHERE name = :config))
 ORDER BY versions.embedding::halfvec(1536) <=> :vector::text::sparsevec(1536)::vector(1536)::halfvec(1536)
 LIMIT :at_most;

-- name: scenarios_like
SELECT scenarios.scenario_id AS id,
       1 - (scenarios.scenario_embedding::halfvec(1536) <=> :vector::text::sparsevec(1536)::vector(1536)::halfvec(1536)) AS similarity
  FROM evaluation.scenarios AS scenarios
 WHERE scenarios.scenario_embedding IS NOT NULL AND scenarios.embedding_model = :model
   AND (:after::timestamptz IS NULL OR scenarios.updated_at >= :after)
   AND (:before::timestamptz IS NULL OR scenarios.updated_at < :before)
   AND (:suite::text IS NULL OR scenarios.suite = :suite)
   AND (:scenario_id::text IS NULL OR scenarios.scenario_id = :scenario_id)
 ORDER BY scenarios.scenario_embedding::halfvec(1536) <=> :vector::text::sparsevec(1536)::vector(1536)::halfvec(1536)
 LIMIT :at_most;

-- name: trajectories_like
SELECT embeddings.outcome_id::text AS id,
       1 - (embeddings.embedding::halfvec(1536) <=> :vector::text::sparsevec(1536)::vector(1536)::halfvec(1536)) AS similarity
  FROM evaluation.outcome_embeddings AS embeddings
 WHERE embeddings.model = :model
   AND (:after::timestamptz IS NULL OR embeddings.execution_time >= :after)
   AND (:before::timestamptz IS NULL OR embeddings.execution_time < :before)
   AND (NOT :is_narrow::boolean
        OR EXISTS (SELECT
                     FROM evaluation.outcomes AS outcomes
                     JOIN evaluation.simulations USING (simulation_id)
                     JOIN evaluation.config_versions AS versions ON versions.version_id = simulations.config_version_id
                     JOIN evaluation.configurations USING (config_id)
                    WHERE outcomes.outcome_id = embeddings.outcome_id
                      AND outcomes.execution_time = embeddings.execution_time
                      AND (:config::text IS NULL OR configurations.name = :config)
                      AND (:simulation_id::uuid IS NULL OR outcomes.simulation_id = :simulation_id)
                      AND (:scenario_id::text IS NULL OR outcomes.scenario_id = :scenario_id)
                      AND (:passed::boolean IS NULL OR outcomes.passed = :passed)
                      AND (:fault::text IS NULL OR outcomes.fault = :fault)))
 ORDER BY embeddings.embedding::halfvec(1536) <=> :vector::text::sparsevec(1536)::vector(1536)::halfvec(1536)
 LIMIT :at_most;

-- name: failures_like
SELECT signatures.signature_id::text AS id,
       1 - (signatures.embedding::halfvec(1536) <=> :vector::text::sparsevec(1536)::vector(1536)::halfvec(1536)) AS similarity
  FROM evaluation.failure_signatures AS signatures
 WHERE signatures.embedding_model = :model
   AND (:after::timestamptz IS NULL OR signatures.last_seen >= :after)
   AND (:before::timestamptz IS NULL OR signatures.first_seen < :before)
   AND (:fault::text IS NULL OR signatures.fault = :fault)
 ORDER BY signatures.embedding::halfvec(1536) <=> :vector::text::sparsevec(1536)::vector(1536)::halfvec(1536)
 LIMIT :at_most;

-- name: configs
SELECT versions.version_id::text AS id, configurations.name || '@v' || versions.version_number AS title,
       left(COALESCE(versions.parsed_config ->> 'system_prompt', versions.raw_yaml), 300) AS excerpt, versions.created_at AS at
  FROM evaluation.config_versions AS versions
  JOIN evaluation.configurations USING (config_id)
 WHERE versions.version_id = ANY (:ids::text[]::uuid[])
   AND (:after::timestamptz IS NULL OR versions.created_at >= :after)
   AND (:before::timestamptz IS NULL OR versions.created_at < :before)
   AND (:config::text IS NULL OR configurations.name = :config);

-- name: scenarios
SELECT scenario_id AS id, name AS title, left(task_prompt, 300) AS excerpt, updated_at AS at
  FROM evaluation.scenarios
 WHERE scenario_id = ANY (:ids::text[])
   AND (:after::timestamptz IS NULL OR updated_at >= :after)
   AND (:before::timestamptz IS NULL OR updated_at < :before)
   AND (:suite::text IS NULL OR suite = :suite)
   AND (:scenario_id::text IS NULL OR scenario_id = :scenario_id);

-- name: trajectories
-- The times of the ids that are asked for come from their vectors, so that partitions are not searched in vain.
SELECT outcomes.outcome_id::text AS id,
       configurations.name || '@v' || versions.version_number || ' ' || outcomes.scenario_id || ' trial '
       || COALESCE(outcomes.trial_number::text, '?')
       || CASE WHEN outcomes.passed THEN ': passed' WHEN NOT outcomes.passed THEN ': failed' ELSE ': ' || outcomes.status END AS title,
       left(COALESCE(jsonb_path_query_first(outcomes.trajectory, '$.steps[last].content') #>> '{}', ''), 300) AS excerpt,
       outcomes.execution_time AS at
  FROM evaluation.outcome_embeddings AS embeddings
  JOIN evaluation.outcomes USING (outcome_id, execution_time)
  JOIN evaluation.simulations USING (simulation_id)
  JOIN evaluation.config_versions AS versions ON versions.version_id = simulations.config_version_id
  JOIN evaluation.configurations USING (config_id)
 WHERE embeddings.outcome_id = ANY (:ids::text[]::uuid[])
   AND (:after::timestamptz IS NULL OR outcomes.execution_time >= :after)
   AND (:before::timestamptz IS NULL OR outcomes.execution_time < :before)
   AND (:config::text IS NULL OR configurations.name = :config)
   AND (:simulation_id::uuid IS NULL OR outcomes.simulation_id = :simulation_id)
   AND (:scenario_id::text IS NULL OR outcomes.scenario_id = :scenario_id)
   AND (:passed::boolean IS NULL OR outcomes.passed = :passed)
   AND (:fault::text IS NULL OR outcomes.fault = :fault);

-- name: failures
-- A cluster is found once, by whatever of it is found first.
SELECT signatures.signature_id::text AS id, clusters.cluster_id::text AS cluster_id,
       COALESCE(clusters.name, clusters.pattern) AS title, left(signatures.message, 300) AS excerpt,
       clusters.last_seen AS at
  FROM evaluation.failure_signatures AS signatures
  JOIN evaluation.failure_clusters AS clusters USING (cluster_id)
 WHERE signatures.signature_id = ANY (:ids::text[]::uuid[])
   AND (:after::timestamptz IS NULL OR signatures.last_seen >= :after)
   AND (:before::timestamptz IS NULL OR signatures.first_seen < :before)
   AND (:fault::text IS NULL OR signatures.fault = :fault);

-- name: vector_of_scenario
SELECT vector_send(scenario_embedding)
  FROM evaluation.scenarios WHERE scenario_id = :scenario_id AND embedding_model = :model;

-- name: vector_by_id
-- Of whatever has this id: ids of different things are never the same.
SELECT vector_send(embedding) FROM (
    SELECT embedding FROM evaluation.failure_clusters WHERE cluster_id = :id AND embedding_model = :model
     UNION ALL
    SELECT embedding FROM evaluation.failure_signatures WHERE signature_id = :id AND embedding_model = :model
     UNION ALL
    SELECT embedding FROM evaluation.config_versions WHERE version_id = :id AND embedding_model = :model
     UNION ALL
    SELECT embedding FROM evaluation.outcome_embeddings WHERE outcome_id = :id AND model = :model
) AS found
 LIMIT 1;
