-- name: check_callers
SELECT place, verdict
  FROM gateway.check_callers(:kinds, :proofs, :believed, :teams, :roles, :administrators, :scopes, :revisions);

-- name: reserve
SELECT call, budget_id, name, limit_usd, left_usd FROM gateway.reserve(:calls, :budgets, :starts, :amounts);

-- name: settle_spending
SELECT gateway.settle_spending(:budgets, :starts, :reserved, :spent);

-- name: write_calls
-- One statement, as a caller waits for it: whether callers may call, and the calls of those who may. `caller` is the
-- place of a call's caller among those that are looked at, from 1.
WITH verdicts AS MATERIALIZED (
    SELECT place, verdict
      FROM gateway.check_callers(:kinds, :proofs, :believed, :teams, :roles, :administrators, :scopes, :revisions)
), written AS (
    INSERT INTO store.llm_requests (
        id, tenant_id, session_id, user_id, request_type, model, prompt, messages, model_params, status, created_at, started_at,
        process_id, api_key_id, provider_name, is_streamed, budget_ids, reserved_usd
    )
    SELECT rows.id, rows.tenant_id, rows.session_id, rows.user_id, rows.request_type, rows.model, rows.prompt, rows.messages,
           rows.params, 'running', rows.created_at, rows.created_at, :process_id, rows.api_key_id, rows.provider_name,
           rows.is_streamed, rows.budget_ids::uuid[], rows.reserved_usd
      FROM unnest(
               :ids::uuid[], :tenants::uuid[], :sessions::uuid[], :users::uuid[], :types::text[], :models::text[],
               :prompts::text[], :messages::jsonb[], :params::jsonb[], :times::timestamptz[], :keys::uuid[],
               :providers::text[], :streamed::boolean[], :budgets::text[], :reserved::numeric[], :callers::bigint[]
           ) AS rows (
               id, tenant_id, session_id, user_id, request_type, model, prompt, messages, params, created_at, api_key_id,
               provider_name, is_streamed, budget_ids, reserved_usd, caller
           )
     WHERE rows.caller NOT IN (SELECT verdicts.place FROM verdicts)
)
SELECT place, verdict FROM verdicts;

-- name: write_answers
-- One statement again: the answers, and how the calls ended whose last they are. An answer that is known was written
-- by a transaction whose end nobody heard of.
WITH written AS (
    INSERT INTO store.llm_responses (
        id, tenant_id, request_id, request_created_at, provider_id, provider_name, model, content, raw_response, tokens_prompt,
        tokens_completion, tokens_total, tokens_cached, tokens_reasoning, cost_usd, response_time, time_to_first_byte,
        finish_reason, selected, error_code, error_message, created_at, attempt, upstream_status, upstream_id
    )
    SELECT rows.*
      FROM unnest(
               :ids::uuid[], :tenants::uuid[], :requests::uuid[], :request_times::timestamptz[], :providers::uuid[],
               :names::text[], :models::text[], :contents::text[], :raw::jsonb[], :prompts::integer[], :completions::integer[],
               :totals::integer[], :cached::integer[], :reasoning::integer[], :costs::numeric[], :took::bigint[],
               :first::bigint[], :reasons::text[], :selected::boolean[], :codes::text[], :messages::text[],
               :times::timestamptz[], :attempts::smallint[], :statuses::smallint[], :upstream_ids::text[]
           ) AS rows
        ON CONFLICT DO NOTHING
)
SELECT gateway.settle_calls(
           :end_ids, :end_times, :end_states, :end_prompts, :end_completions, :end_totals, :end_cached, :end_reasoning,
           :end_costs, :end_codes, :end_reasons, :ends
       ) AS settled;

-- name: insert_bodies
-- In one order, so that two writers of the same contents wait for one another and not each for the other.
INSERT INTO gateway.bodies AS kept (tenant_id, sha256, encoding, size_bytes, content, used_on)
SELECT tenant_id, sha256, encoding, size_bytes, content, used_on
  FROM unnest(:tenants::uuid[], :sha256s::text[], :encodings::text[], :sizes::bigint[], :contents::bytea[], :days::date[])
       AS rows (tenant_id, sha256, encoding, size_bytes, content, used_on)
 ORDER BY tenant_id, sha256
    ON CONFLICT (tenant_id, sha256) DO UPDATE SET used_on = excluded.used_on
 WHERE kept.used_on < excluded.used_on;

-- name: bodies
SELECT sha256, encoding, content FROM gateway.bodies WHERE sha256 = ANY (:sha256s::text[]);

-- name: forget_bodies
DELETE FROM gateway.bodies WHERE used_on < :before;

-- name: claim
-- A key whose call has failed, or whose day is over, is free again.
INSERT INTO gateway.idempotent_calls AS kept (key, fingerprint, process_id, request_id)
VALUES (:key, :fingerprint, :process_id, :request_id)
    ON CONFLICT ON CONSTRAINT idempotent_calls_pkey DO UPDATE
   SET fingerprint = excluded.fingerprint, process_id = excluded.process_id, request_id = excluded.request_id,
       media_type = NULL, answer = NULL, created_at = now(), expires_at = excluded.expires_at
 WHERE kept.expires_at <= now();

-- name: claimed
SELECT kept.fingerprint, kept.request_id, kept.media_type, bodies.encoding, bodies.content
  FROM gateway.idempotent_calls AS kept
  LEFT JOIN gateway.bodies ON bodies.sha256 = kept.answer
 WHERE kept.key = :key AND kept.user_id = platform.user_id();

-- name: keep_answers
UPDATE gateway.idempotent_calls AS kept
   SET media_type = done.media_type, answer = done.answer
  FROM unnest(:tenants::uuid[], :users::uuid[], :keys::text[], :requests::uuid[], :types::text[], :answers::text[])
       AS done (tenant_id, user_id, key, request_id, media_type, answer)
 WHERE kept.tenant_id = done.tenant_id
   AND kept.user_id = done.user_id
   AND kept.key = done.key
   AND kept.request_id = done.request_id;

-- name: release
DELETE FROM gateway.idempotent_calls WHERE key = :key AND user_id = platform.user_id() AND request_id = :request_id;

-- name: release_of_process
DELETE FROM gateway.idempotent_calls WHERE process_id = :process_id AND answer IS NULL;

-- name: forget_keys
DELETE FROM gateway.idempotent_calls WHERE expires_at <= now();

-- name: register_process
INSERT INTO gateway.processes (id, presence, host, pid) VALUES (:id, :presence, :host, :pid) ON CONFLICT DO NOTHING;

-- name: other_processes
SELECT id, presence FROM gateway.processes WHERE id <> :id ORDER BY id;

-- name: forget_process
DELETE FROM gateway.processes WHERE id = :id;

-- name: open_calls
SELECT calls.id, calls.created_at, calls.tenant_id, calls.user_id, calls.model, calls.provider_name, calls.budget_ids,
       calls.reserved_usd,
       (SELECT array_agg(budgets.period ORDER BY wanted.place)
          FROM unnest(calls.budget_ids) WITH ORDINALITY AS wanted (id, place)
          LEFT JOIN gateway.budgets ON budgets.id = wanted.id) AS periods
  FROM store.llm_requests AS calls
 WHERE calls.status IN ('pending', 'running')
   AND calls.process_id = :process_id
 LIMIT :at_most;

-- name: calls
SELECT id, created_at, user_id, api_key_id, request_type, model, provider_name, prompt, is_streamed, status, tokens_prompt,
       tokens_completion, tokens_cached, tokens_reasoning, cost_usd, error_code, error_message, completed_at
  FROM gateway.llm_requests;

-- name: call
SELECT id, created_at, user_id, api_key_id, request_type, model, provider_name, prompt, is_streamed, status, tokens_prompt,
       tokens_completion, tokens_cached, tokens_reasoning, cost_usd, error_code, error_message, completed_at, messages,
       model_params
  FROM gateway.llm_requests
 WHERE id = :id AND created_at = :created_at;

-- name: responses
-- An answer comes after its call, and within a day of it.
SELECT id, created_at, provider_name, model, attempt, content, raw_response, tokens_prompt, tokens_completion, tokens_cached,
       tokens_reasoning, cost_usd, response_time, time_to_first_byte, finish_reason, selected, error_code, error_message,
       upstream_status, upstream_id
  FROM gateway.llm_responses
 WHERE request_id = :id
   AND created_at >= :created_at::timestamptz - interval '1 hour'
 ORDER BY attempt NULLS LAST, created_at, id;
