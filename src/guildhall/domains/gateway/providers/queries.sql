-- name: accounts
SELECT id, tenant_id, name, type, base_url, model, weight, enabled, config, health_status, response_time, created_at,
       api_key_ciphertext
  FROM gateway.llm_providers
 ORDER BY name;

-- name: insert_account
INSERT INTO gateway.llm_providers (
    id, name, type, base_url, model, weight, config, api_key_ciphertext, total_models, enabled_models
) VALUES (:id, :name, :type, :base_url, :model, :weight, :config, :sealed, :models, :models);

-- name: lock_account
SELECT id FROM gateway.llm_providers WHERE name = :name FOR NO KEY UPDATE;

-- name: update_account
UPDATE gateway.llm_providers
   SET base_url = :base_url, model = :model, weight = :weight, enabled = :enabled, config = :config,
       api_key_ciphertext = :sealed, total_models = :models, enabled_models = :models
 WHERE id = :id;

-- name: delete_account
DELETE FROM gateway.llm_providers WHERE id = :id;

-- name: note_health
UPDATE gateway.llm_providers
   SET health_status = :health, response_time = COALESCE(:response_time, response_time)
 WHERE id = :id;

-- name: revision
SELECT COALESCE((SELECT revision FROM gateway.revisions WHERE tenant_id = platform.tenant_id()), 0);
