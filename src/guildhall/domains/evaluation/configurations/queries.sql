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
    config_id, version_number, raw_yaml, parsed_config, files, config_hash, generated_by, modal_deployment_id, created_at
)
SELECT :config_id, COALESCE(max(version_number), 0) + 1, :raw_yaml, :parsed_config, :files, :config_hash,
       :generated_by, :modal_deployment_id, clock_timestamp()
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
       versions.modal_deployment_id, versions.created_at
  FROM evaluation.config_versions AS versions
  JOIN evaluation.configurations AS configurations ON configurations.config_id = versions.config_id
 WHERE NOT versions.is_deleted;

-- name: names
SELECT name FROM evaluation.configurations ORDER BY updated_at DESC LIMIT 1000;

-- name: versions
-- The versions that the filters let through, newest first. Deleted ones are
-- found by their id only, because simulations still refer to them.
SELECT versions.version_id, versions.config_id, configurations.name AS config_name, versions.version_number,
       versions.raw_yaml, versions.parsed_config, versions.files, versions.config_hash, versions.generated_by,
       versions.modal_deployment_id, versions.created_at
  FROM evaluation.config_versions AS versions
  JOIN evaluation.configurations AS configurations ON configurations.config_id = versions.config_id
 WHERE (:version_id::uuid IS NULL OR versions.version_id = :version_id)
   AND (:config_id::uuid IS NULL OR versions.config_id = :config_id)
   AND (:config_name::text IS NULL OR configurations.name = :config_name)
   AND (:version_number::integer IS NULL OR versions.version_number = :version_number)
   AND (NOT versions.is_deleted OR :version_id IS NOT NULL)
 ORDER BY versions.created_at DESC, versions.version_number DESC
 LIMIT :at_most;

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
