-- name: insert_configuration
-- Whoever comes second finds it made, having waited for the first to commit.
INSERT INTO evaluation.configurations (name)
VALUES (:name)
    ON CONFLICT (tenant_id, name) DO NOTHING;

-- name: lock_configuration
-- Versions are numbered without gaps: who wants the next number waits here.
SELECT config_id FROM evaluation.configurations WHERE name = :name FOR UPDATE;

-- name: find_by_content
SELECT version_id
  FROM evaluation.config_versions
 WHERE config_id = :config_id
   AND config_hash = :config_hash;

-- name: restore_version
UPDATE evaluation.config_versions SET is_deleted = false WHERE version_id = :version_id AND is_deleted;

-- name: insert_version
-- The clock is read under the configuration's lock, so that later numbers have later times.
INSERT INTO evaluation.config_versions (
    config_id, version_number, raw_yaml, parsed_config, files, config_hash, generated_by, modal_deployment_id,
    is_proposal, created_at
)
SELECT :config_id, COALESCE(max(version_number), 0) + 1, :raw_yaml, :parsed_config, :files, :config_hash,
       :generated_by, :modal_deployment_id, :is_proposal, clock_timestamp()
  FROM evaluation.config_versions
 WHERE config_id = :config_id
RETURNING version_id;

-- name: move_latest
UPDATE evaluation.configurations
   SET latest_version_id = :version_id,
       sandbox_config = :sandbox_config,
       updated_at = greatest(updated_at, clock_timestamp()),
       is_active = true
 WHERE config_id = :config_id;

-- name: set_active
UPDATE evaluation.configurations
   SET is_active = :is_active, updated_at = greatest(updated_at, clock_timestamp())
 WHERE name = :name AND is_active <> :is_active;

-- name: every_configuration
-- For lists (`db.listing`), which filter, sort and page.
SELECT configurations.config_id, configurations.name, configurations.latest_version_id,
       latest.version_number AS latest_version_number,
       (SELECT count(*)::integer
          FROM evaluation.config_versions AS versions
         WHERE versions.config_id = configurations.config_id
           AND NOT versions.is_deleted) AS versions,
       configurations.is_active, configurations.created_at, configurations.updated_at
  FROM evaluation.configurations AS configurations
  LEFT JOIN evaluation.config_versions AS latest ON latest.version_id = configurations.latest_version_id;

-- name: every_version
-- For lists (`db.listing`), which filter, sort and page.
SELECT versions.version_id, versions.config_id, configurations.name AS config_name, versions.version_number,
       versions.raw_yaml, versions.parsed_config, versions.files, versions.config_hash, versions.generated_by,
       versions.modal_deployment_id, versions.created_at, versions.is_proposal
  FROM evaluation.config_versions AS versions
  JOIN evaluation.configurations AS configurations ON configurations.config_id = versions.config_id
 WHERE NOT versions.is_deleted;

-- name: names
SELECT name FROM evaluation.configurations ORDER BY updated_at DESC LIMIT 1000;

-- name: versions
-- The versions that the filters let through, newest first. Deleted ones are
-- found by their id only, because simulations still refer to them. With
-- `latest_first` configurations' latest versions come first, and no proposals.
SELECT versions.version_id, versions.config_id, configurations.name AS config_name, versions.version_number,
       versions.raw_yaml, versions.parsed_config, versions.files, versions.config_hash, versions.generated_by,
       versions.modal_deployment_id, versions.created_at, versions.is_proposal
  FROM evaluation.config_versions AS versions
  JOIN evaluation.configurations AS configurations ON configurations.config_id = versions.config_id
 WHERE (:version_id::uuid IS NULL OR versions.version_id = :version_id)
   AND (:config_id::uuid IS NULL OR versions.config_id = :config_id)
   AND (:config_name::text IS NULL OR configurations.name = :config_name)
   AND (:version_number::integer IS NULL OR versions.version_number = :version_number)
   AND (NOT versions.is_deleted OR :version_id IS NOT NULL)
   AND NOT (:latest_first AND versions.is_proposal)
 ORDER BY (:latest_first AND versions.version_id = configurations.latest_version_id) DESC NULLS LAST,
          versions.created_at DESC, versions.version_number DESC
 LIMIT :at_most;

-- name: configurations_of
SELECT DISTINCT config_id FROM evaluation.config_versions WHERE version_id = ANY (:version_ids::uuid[]);

-- name: versions_like
-- A short id is the beginning or the end of the long one.
SELECT versions.version_id, configurations.name AS config_name, versions.version_number
  FROM evaluation.config_versions AS versions
  JOIN evaluation.configurations AS configurations ON configurations.config_id = versions.config_id
 WHERE replace(versions.version_id::text, '-', '') LIKE :digits || '%'
    OR replace(versions.version_id::text, '-', '') LIKE '%' || :digits
 ORDER BY versions.created_at DESC
 LIMIT 10;

-- name: insert_diff
-- Versions do not change, so neither does what changed between two of them.
INSERT INTO evaluation.config_diffs (config_id, version_before, version_after, diff_yaml, change_summary)
VALUES (:config_id, :version_before, :version_after, :diff_yaml, :change_summary)
    ON CONFLICT ON CONSTRAINT config_diffs_one_per_pair DO NOTHING;

-- name: approval_rule
SELECT needed_for, approvers, four_eyes, needs_proof, is_own FROM evaluation.approval_rule(:config_id);

-- name: set_approval_rule
INSERT INTO evaluation.approval_rules (config_id, needed_for, approvers, four_eyes, needs_proof)
VALUES (:config_id, :needed_for, :approvers, :four_eyes, :needs_proof)
    ON CONFLICT ON CONSTRAINT approval_rules_one_for_each DO UPDATE
   SET needed_for = excluded.needed_for,
       approvers = excluded.approvers,
       four_eyes = excluded.four_eyes,
       needs_proof = excluded.needs_proof,
       set_by = platform.user_id(),
       updated_at = now();

-- name: delete_approval_rule
DELETE FROM evaluation.approval_rules WHERE config_id IS NOT DISTINCT FROM :config_id;

-- name: insert_proposal
-- What differs may have been looked at before; then it is asked for now. What was asked for stays as it is.
INSERT INTO evaluation.config_diffs AS known (
    config_id, version_before, version_after, diff_yaml, change_summary, impact_prediction, llm_generated, is_proposal, proposed_by
)
VALUES (:config_id, :version_before, :version_after, :diff_yaml, :change_summary, :impact_prediction, :llm_generated, true, platform.user_id())
    ON CONFLICT ON CONSTRAINT config_diffs_one_per_pair DO UPDATE
   SET is_proposal = true,
       impact_prediction = excluded.impact_prediction,
       llm_generated = excluded.llm_generated,
       proposed_by = excluded.proposed_by
 WHERE NOT known.is_proposal AND known.approval_status = 'pending'
RETURNING diff_id;

-- name: find_proposal
SELECT diff_id FROM evaluation.config_diffs
 WHERE version_before = :version_before AND version_after = :version_after AND is_proposal;

-- name: every_proposal
-- For lists (`db.listing`), which filter, sort and page.
SELECT diffs.diff_id, diffs.config_id, configurations.name AS config_name, diffs.version_before,
       before.version_number AS number_before, diffs.version_after, after.version_number AS number_after,
       diffs.diff_yaml, diffs.change_summary, diffs.impact_prediction, diffs.llm_generated,
       diffs.approval_status AS status, diffs.proposed_by, proposer.username AS proposed_by_name, diffs.approved_by AS decided_by,
       decider.username AS decided_by_name, diffs.decided_at, diffs.decision_reason, diffs.created_at
  FROM evaluation.config_diffs AS diffs
  JOIN evaluation.configurations AS configurations ON configurations.config_id = diffs.config_id
  JOIN evaluation.config_versions AS before ON before.version_id = diffs.version_before
  JOIN evaluation.config_versions AS after ON after.version_id = diffs.version_after
  LEFT JOIN platform.users AS proposer ON proposer.id = diffs.proposed_by
  LEFT JOIN platform.users AS decider ON decider.id = diffs.approved_by
 WHERE diffs.is_proposal;

-- name: proposals_like
-- A short id is the beginning or the end of the long one.
SELECT diff_id FROM evaluation.config_diffs
 WHERE is_proposal
   AND (replace(diff_id::text, '-', '') LIKE :digits || '%' OR replace(diff_id::text, '-', '') LIKE '%' || :digits)
 ORDER BY created_at DESC
 LIMIT 10;

-- name: proposals_of_version
SELECT diff_id FROM evaluation.config_diffs
 WHERE is_proposal AND version_after = :version_id
 ORDER BY approval_status = 'pending' DESC, created_at DESC
 LIMIT 1;

-- name: lock_configuration_by_id
-- Whoever decides on one of its versions, or saves one, waits here for the others.
SELECT latest_version_id FROM evaluation.configurations WHERE config_id = :config_id FOR UPDATE;

-- name: decide
UPDATE evaluation.config_diffs
   SET approval_status = :status, decision_reason = :reason
 WHERE diff_id = :diff_id;

-- name: release_version
UPDATE evaluation.config_versions SET is_proposal = false WHERE version_id = :version_id AND is_proposal;

-- name: insert_release
INSERT INTO evaluation.config_releases (config_id, version_id, previous_version_id, kind, diff_id, reason)
VALUES (:config_id, :version_id, :previous_version_id, :kind, :diff_id, :reason);

-- name: releases
SELECT releases.released_at, releases.kind, after.version_number, before.version_number AS previous_number, releases.diff_id,
       releases.user_id, users.username, releases.reason
  FROM evaluation.config_releases AS releases
  JOIN evaluation.config_versions AS after ON after.version_id = releases.version_id
  LEFT JOIN evaluation.config_versions AS before ON before.version_id = releases.previous_version_id
  LEFT JOIN platform.users ON users.id = releases.user_id
 WHERE releases.config_id = :config_id
 ORDER BY releases.released_at DESC
 LIMIT 1000;

-- name: strange_versions
-- Those without a vector of this model, the newest first.
SELECT versions.version_id, configurations.name || E'\n' || versions.raw_yaml AS said
  FROM evaluation.config_versions AS versions
  JOIN evaluation.configurations USING (config_id)
 WHERE versions.embedding_model IS DISTINCT FROM :model AND NOT versions.is_deleted
 ORDER BY versions.created_at DESC, versions.version_id
 LIMIT :at_most;

-- name: embed_versions
UPDATE evaluation.config_versions AS versions
   SET embedding = rows.embedding::sparsevec(1536)::vector, embedding_model = :model
  FROM unnest(:version_ids::uuid[], :embeddings::text[]) AS rows (version_id, embedding)
 WHERE versions.version_id = rows.version_id;
