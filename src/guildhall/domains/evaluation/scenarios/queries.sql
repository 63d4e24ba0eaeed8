-- name: contents
-- What is kept of these scenarios now. They are locked, in one order, so that
-- whoever saves the same at the same time counts after us.
SELECT scenario_id, content_hash, is_active
  FROM evaluation.scenarios
 WHERE scenario_id = ANY (:scenario_ids::text[])
 ORDER BY scenario_id
   FOR UPDATE;

-- name: upsert_scenarios
-- Each with its latest content. Rows that stay as they are must not come here:
-- every update is audited.
INSERT INTO evaluation.scenarios AS known (
    scenario_id, name, task_prompt, ground_truth, difficulty_level, tags, expected_tools, estimated_duration_ms,
    suite, split, group_name, content_hash
)
SELECT rows.scenario_id, rows.name, rows.task_prompt, rows.ground_truth, rows.difficulty_level,
       ARRAY(SELECT jsonb_array_elements_text(rows.tags)), rows.expected_tools, rows.estimated_duration_ms,
       rows.suite, rows.split, rows.group_name, rows.content_hash
  FROM unnest(:scenario_ids::text[], :names::text[], :task_prompts::text[], :ground_truths::jsonb[],
              :difficulty_levels::text[], :tags::jsonb[], :expected_tools::jsonb[], :durations::integer[],
              :suites::text[], :splits::text[], :group_names::text[], :content_hashes::text[])
       AS rows (scenario_id, name, task_prompt, ground_truth, difficulty_level, tags, expected_tools,
                estimated_duration_ms, suite, split, group_name, content_hash)
 ORDER BY rows.scenario_id -- two writers of the same scenarios wait for one another in one order
    ON CONFLICT (tenant_id, scenario_id) DO UPDATE
   SET name = excluded.name,
       task_prompt = excluded.task_prompt,
       ground_truth = excluded.ground_truth,
       difficulty_level = excluded.difficulty_level,
       tags = excluded.tags,
       expected_tools = excluded.expected_tools,
       estimated_duration_ms = excluded.estimated_duration_ms,
       suite = excluded.suite,
       split = excluded.split,
       group_name = excluded.group_name,
       content_hash = excluded.content_hash,
       is_active = true,
       -- an embedding is of one content
       scenario_embedding = NULL,
       embedding_model = NULL,
       updated_at = now();

-- name: set_active
UPDATE evaluation.scenarios
   SET is_active = :is_active, updated_at = greatest(updated_at, clock_timestamp())
 WHERE scenario_id = :scenario_id AND is_active <> :is_active;

-- name: insert_versions
INSERT INTO evaluation.scenario_versions (scenario_id, content_hash, definition)
SELECT rows.scenario_id, rows.content_hash, rows.definition
  FROM unnest(:scenario_ids::text[], :content_hashes::text[], :definitions::jsonb[])
       AS rows (scenario_id, content_hash, definition)
 ORDER BY rows.scenario_id
    ON CONFLICT (tenant_id, scenario_id, content_hash) DO NOTHING;

-- name: scenarios
SELECT scenarios.scenario_id, scenarios.name, scenarios.suite, scenarios.difficulty_level, scenarios.split,
       scenarios.group_name AS "group", scenarios.tags, scenarios.content_hash,
       (SELECT count(*)::integer
          FROM evaluation.scenario_versions AS versions
         WHERE versions.scenario_id = scenarios.scenario_id) AS versions,
       scenarios.is_active, scenarios.created_at, scenarios.updated_at
  FROM evaluation.scenarios AS scenarios
 WHERE (:suite::text IS NULL OR scenarios.suite = :suite)
   AND (:split::text IS NULL OR scenarios.split = :split)
   AND (:difficulty_level::text IS NULL OR scenarios.difficulty_level = :difficulty_level)
   AND (:tag::text IS NULL OR :tag = ANY (scenarios.tags))
   AND (:search::text IS NULL
        OR to_tsvector('english', scenarios.name || ' ' || scenarios.task_prompt) @@ plainto_tsquery('english', :search))
   AND (:after::text IS NULL OR scenarios.scenario_id > :after)
   AND (scenarios.is_active OR :with_inactive)
 ORDER BY scenarios.scenario_id
 LIMIT :at_most;

-- name: every_scenario
-- For lists (`db.listing`), which filter, sort and page.
SELECT scenarios.scenario_id, scenarios.name, scenarios.suite, scenarios.difficulty_level, scenarios.split,
       scenarios.group_name AS "group", scenarios.tags, scenarios.content_hash,
       (SELECT count(*)::integer
          FROM evaluation.scenario_versions AS versions
         WHERE versions.scenario_id = scenarios.scenario_id) AS versions,
       scenarios.is_active, scenarios.created_at, scenarios.updated_at
  FROM evaluation.scenarios AS scenarios
 WHERE :search::text IS NULL
    OR to_tsvector('english', scenarios.name || ' ' || scenarios.task_prompt) @@ plainto_tsquery('english', :search);

-- name: pins
-- The latest contents of scenarios, by id or by suite, in the order of the ids, or of the suite's.
SELECT scenario_id, content_hash
  FROM evaluation.scenarios
 WHERE scenario_id = ANY (:scenario_ids::text[]) OR (suite = :suite AND is_active)
 ORDER BY array_position(:scenario_ids::text[], scenario_id), scenario_id;

-- name: pass_scores
SELECT versions.scenario_id, versions.content_hash,
       (versions.definition ->> 'pass_score')::double precision AS pass_score
  FROM unnest(:scenario_ids::text[], :content_hashes::text[]) AS pins (scenario_id, content_hash)
  JOIN evaluation.scenario_versions AS versions
    ON versions.scenario_id = pins.scenario_id
   AND versions.content_hash = pins.content_hash;

-- name: definitions
SELECT versions.scenario_id, versions.content_hash, versions.definition
  FROM unnest(:scenario_ids::text[], :content_hashes::text[]) AS pins (scenario_id, content_hash)
  JOIN evaluation.scenario_versions AS versions
    ON versions.scenario_id = pins.scenario_id
   AND versions.content_hash = pins.content_hash;

-- name: latest_hash
SELECT content_hash FROM evaluation.scenarios WHERE scenario_id = :scenario_id;

-- name: ids
SELECT scenario_id FROM evaluation.scenarios ORDER BY updated_at DESC LIMIT 5000;

-- name: strange_scenarios
-- Those without a vector of this model.
SELECT scenario_id, content_hash, name || E'\n' || task_prompt AS said
  FROM evaluation.scenarios
 WHERE embedding_model IS DISTINCT FROM :model
 ORDER BY scenario_id
 LIMIT :at_most;

-- name: embed_scenarios
-- Unless the content has changed meanwhile.
UPDATE evaluation.scenarios AS scenarios
   SET scenario_embedding = rows.embedding::sparsevec(1536)::vector, embedding_model = :model
  FROM unnest(:scenario_ids::text[], :content_hashes::text[], :embeddings::text[])
       AS rows (scenario_id, content_hash, embedding)
 WHERE scenarios.scenario_id = rows.scenario_id AND scenarios.content_hash = rows.content_hash;
