-- name: begin_calls
-- One statement, which is its own transaction, as callers wait for it: who of the callers may not call, what cannot be set
-- aside for whom, and the calls of all others with what they hold. `caller` is the place of a call's caller among those
-- that are looked at, `call` and `body` are places too, all from 1.
WITH verdicts AS MATERIALIZED (
    SELECT place, verdict
      FROM gateway.check_callers(:kinds, :proofs, :believed, :teams, :roles, :administrators, :scopes, :revisions)
), allowed AS MATERIALIZED (
    SELECT asked.place
      FROM unnest(:callers::bigint[]) WITH ORDINALITY AS asked (caller, place)
     WHERE asked.caller NOT IN (SELECT verdicts.place FROM verdicts)
), refused AS MATERIALIZED (
    SELECT held.*
      FROM (SELECT array_agg(each.call) AS calls, array_agg(each.budget) AS budgets, array_agg(each.starts_on) AS starts,
                   array_agg(each.amount) AS amounts
              FROM unnest(:held_calls::integer[], :held_budgets::uuid[], :held_starts::date[], :held_amounts::numeric[])
                   AS each (call, budget, starts_on, amount)
             WHERE each.call IN (SELECT allowed.place FROM allowed)
            HAVING count(*) > 0) AS wanted
     CROSS JOIN LATERAL gateway.reserve(wanted.calls, wanted.budgets, wanted.starts, wanted.amounts) AS held
), written AS (
    INSERT INTO store.llm_requests (
        id, tenant_id, session_id, user_id, request_type, model, prompt, messages, model_params, status, created_at, started_at,
        process_id, api_key_id, provider_name, is_streamed, budget_ids, reserved_usd, ensemble_config, simulation_id, outcome_id,
        role
    )
    SELECT rows.id, rows.tenant_id, rows.session_id, rows.user_id, rows.request_type, rows.model, rows.prompt,
           rows.messages::jsonb, rows.params::jsonb, 'running', rows.created_at, rows.created_at, :process_id, rows.api_key_id,
           rows.provider_name, rows.is_streamed, rows.budget_ids::uuid[], rows.reserved_usd, rows.ensemble::jsonb,
           rows.simulation_id, rows.outcome_id, rows.role
      FROM unnest(
               :ids::uuid[], :tenants::uuid[], :sessions::uuid[], :users::uuid[], :types::text[], :models::text[],
               :prompts::text[], :messages::text[], :params::text[], :times::timestamptz[], :keys::uuid[],
               :providers::text[], :streamed::boolean[], :budgets::text[], :reserved::numeric[], :ensembles::text[],
               :simulations::uuid[], :outcomes::uuid[], :parts::text[]
           ) WITH ORDINALITY AS rows (
               id, tenant_id, session_id, user_id, request_type, model, prompt, messages, params, created_at, api_key_id,
               provider_name, is_streamed, budget_ids, reserved_usd, ensemble, simulation_id, outcome_id, role, place
           )
     WHERE rows.place IN (SELECT allowed.place FROM allowed)
       AND rows.place NOT IN (SELECT refused.call FROM refused)
), held AS (
    -- In one order, so that two writers of the same contents wait for one another and not each for the other.
    INSERT INTO gateway.bodies AS kept (tenant_id, sha256, encoding, size_bytes, content, used_on)
    SELECT bodies.tenant_id, bodies.sha256, bodies.encoding, bodies.size_bytes, bodies.content, :day
      FROM unnest(:body_tenants::uuid[], :sha256s::text[], :encodings::text[], :sizes::bigint[], :packed::bytea[])
           WITH ORDINALITY AS bodies (tenant_id, sha256, encoding, size_bytes, content, place)
     WHERE bodies.place IN (
               SELECT holding.body
                 FROM unnest(:holding_calls::bigint[], :held_bodies::bigint[]) AS holding (call, body)
                WHERE holding.call IN (SELECT allowed.place FROM allowed)
                  AND holding.call NOT IN (SELECT refused.call FROM refused)
           )
     ORDER BY bodies.tenant_id, bodies.sha256
        ON CONFLICT (tenant_id, sha256) DO UPDATE SET used_on = excluded.used_on
     WHERE kept.used_on < excluded.used_on
)
SELECT verdicts.place, verdicts.verdict, NULL::integer AS call, NULL::uuid AS budget_id, NULL AS name, NULL::numeric AS limit_usd,
       NULL::numeric AS left_usd
  FROM verdicts
 UNION ALL
SELECT NULL, NULL, refused.call, refused.budget_id, refused.name, refused.limit_usd, refused.left_usd
  FROM refused;

-- name: end_calls
-- One statement again: the answers with what they hold, how the calls ended whose last they are, and what those spent. An
-- answer that is known was written by a transaction whose end nobody heard of. Budgets are locked before bodies, as above.
WITH written AS (
    INSERT INTO store.llm_responses (
        id, tenant_id, request_id, request_created_at, provider_id, provider_name, model, content, raw_response, tokens_prompt,
        tokens_completion, tokens_total, tokens_cached, tokens_reasoning, cost_usd, response_time, time_to_first_byte,
        finish_reason, selected, error_code, error_message, created_at, attempt, upstream_status, upstream_id
    )
    SELECT rows.id, rows.tenant_id, rows.request_id, rows.request_created_at, rows.provider_id, rows.provider_name, rows.model,
           rows.content, rows.raw::jsonb, rows.prompt, rows.completion, rows.total, rows.cached, rows.reasoning, rows.cost,
           rows.took, rows.first, rows.reason, rows.selected, rows.code, rows.message, rows.created_at, rows.attempt,
           rows.status, rows.upstream_id
      FROM unnest(
               :ids::uuid[], :tenants::uuid[], :requests::uuid[], :request_times::timestamptz[], :providers::uuid[],
               :names::text[], :models::text[], :contents::text[], :raw::text[], :prompts::integer[], :completions::integer[],
               :totals::integer[], :cached::integer[], :reasoning::integer[], :costs::numeric[], :took::bigint[],
               :first::bigint[], :reasons::text[], :selected::boolean[], :codes::text[], :messages::text[],
               :times::timestamptz[], :attempts::smallint[], :statuses::smallint[], :upstream_ids::text[]
           ) AS rows (
               id, tenant_id, request_id, request_created_at, provider_id, provider_name, model, content, raw, prompt, completion,
               total, cached, reasoning, cost, took, first, reason, selected, code, message, created_at, attempt, status,
               upstream_id
           )
        ON CONFLICT DO NOTHING
), settled AS MATERIALIZED (
    SELECT gateway.settle_calls(
               :end_ids, :end_times, :end_states, :end_prompts, :end_completions, :end_totals, :end_cached, :end_reasoning,
               :end_costs, :end_codes, :end_reasons, :ends
           ) AS ids
), spent AS MATERIALIZED (
    SELECT gateway.settle_spending(done.budgets, done.starts, done.reserved, done.spent)
      FROM (SELECT array_agg(each.budget) AS budgets, array_agg(each.starts_on) AS starts, array_agg(each.reserved) AS reserved,
                   array_agg(each.spent) AS spent
              FROM unnest(:spending::uuid[], :budgets::uuid[], :starts::date[], :reserved::numeric[], :spent::numeric[])
                   AS each (call, budget, starts_on, reserved, spent)
              JOIN settled ON each.call = ANY (settled.ids)
            HAVING count(*) > 0) AS done
), held AS (
    INSERT INTO gateway.bodies AS kept (tenant_id, sha256, encoding, size_bytes, content, used_on)
    SELECT bodies.tenant_id, bodies.sha256, bodies.encoding, bodies.size_bytes, bodies.content, :day
      FROM unnest(:body_tenants::uuid[], :sha256s::text[], :encodings::text[], :sizes::bigint[], :packed::bytea[])
           AS bodies (tenant_id, sha256, encoding, size_bytes, content)
     WHERE (SELECT count(*) FROM spent) >= 0
     ORDER BY bodies.tenant_id, bodies.sha256
        ON CONFLICT (tenant_id, sha256) DO UPDATE SET used_on = excluded.used_on
     WHERE kept.used_on < excluded.used_on
), replayed AS (
    UPDATE gateway.idempotent_calls AS kept
       SET media_type = done.media_type, answer = done.answer
      FROM unnest(
               :kept_tenants::uuid[], :kept_users::uuid[], :kept_keys::text[], :kept_requests::uuid[], :kept_types::text[],
               :kept_answers::text[]
           ) AS done (tenant_id, user_id, key, request_id, media_type, answer)
     WHERE kept.tenant_id = done.tenant_id
       AND kept.user_id = done.user_id
       AND kept.key = done.key
       AND kept.request_id = done.request_id
), arrived AS (
    -- How each answer came: a row with its id, so it is there once, too.
    INSERT INTO store.streaming_analytics (
        id, tenant_id, stream_id, event_type, chunk_number, latency_ms, tokens_delta, "timestamp", provider_name, model,
        is_streamed, generating_ms, cost_usd, error_code
    )
    SELECT rows.id, rows.tenant_id, rows.request_id::text, CASE WHEN rows.code IS NULL THEN 'completed' ELSE 'failed' END,
           rows.chunks, rows.took, COALESCE(rows.completion, 0), rows.created_at, rows.provider_name, rows.model,
           rows.is_streamed, rows.took - rows.first_token, rows.cost, rows.code
      FROM unnest(
               :ids::uuid[], :tenants::uuid[], :requests::uuid[], :names::text[], :models::text[], :completions::integer[],
               :costs::numeric[], :took::bigint[], :first_tokens::bigint[], :chunks::integer[], :streamed::boolean[],
               :codes::text[], :times::timestamptz[]
           ) AS rows (
               id, tenant_id, request_id, provider_name, model, completion, cost, took, first_token, chunks, is_streamed, code,
               created_at
           )
     WHERE rows.took IS NOT NULL
        ON CONFLICT DO NOTHING
)
SELECT settled.ids, (SELECT count(*) FROM spent) AS spent FROM settled;

-- name: select_answer
UPDATE store.llm_responses SET selected = true, confidence = :confidence WHERE id = :id AND created_at = :created_at;

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
       tokens_completion, tokens_cached, tokens_reasoning, cost_usd, error_code, error_message, completed_at, session_id,
       simulation_id, outcome_id, role
  FROM gateway.llm_requests;

-- name: failed_calls
SELECT id, created_at, user_id, api_key_id, request_type, model, provider_name, prompt, is_streamed, status, tokens_prompt,
       tokens_completion, tokens_cached, tokens_reasoning, cost_usd, error_code, error_message, completed_at, session_id,
       simulation_id, outcome_id, role
  FROM gateway.llm_requests
 WHERE status = 'failed';

-- name: running_calls
SELECT id, created_at, user_id, api_key_id, request_type, model, provider_name, prompt, is_streamed, status, tokens_prompt,
       tokens_completion, tokens_cached, tokens_reasoning, cost_usd, error_code, error_message, completed_at, session_id,
       simulation_id, outcome_id, role
  FROM gateway.llm_requests
 WHERE status IN ('pending', 'running');

-- name: call
SELECT id, created_at, user_id, api_key_id, request_type, model, provider_name, prompt, is_streamed, status, tokens_prompt,
       tokens_completion, tokens_cached, tokens_reasoning, cost_usd, error_code, error_message, completed_at, session_id,
       simulation_id, outcome_id, role, messages, model_params,
       ensemble_config
  FROM gateway.llm_requests
 WHERE id = :id AND created_at = :created_at;

-- name: spent_on
-- What was refused before it was sent cost nothing; what a provider answered has a price that is known, or not.
SELECT role, count(*)::integer AS calls, count(*) FILTER (WHERE status = 'failed')::integer AS failed,
       count(*) FILTER (WHERE status IN ('pending', 'running'))::integer AS open,
       count(*) FILTER (WHERE cost_usd IS NULL AND (status = 'completed' OR tokens_prompt IS NOT NULL))::integer AS unpriced,
       COALESCE(sum(tokens_total), 0)::bigint AS tokens, COALESCE(sum(cost_usd), 0) AS known_usd
  FROM gateway.llm_requests
 WHERE simulation_id = :simulation_id
 GROUP BY role
 ORDER BY role;

-- name: responses
-- An answer comes after its call, and within a day of it.
SELECT id, created_at, provider_name, model, attempt, content, raw_response, tokens_prompt, tokens_completion, tokens_cached,
       tokens_reasoning, cost_usd, response_time, time_to_first_byte, finish_reason, selected, confidence, error_code,
       error_message, upstream_status, upstream_id
  FROM gateway.llm_responses
 WHERE request_id = :id
   AND created_at >= :created_at::timestamptz - interval '1 hour'
 ORDER BY attempt NULLS LAST, created_at, id;

-- name: traffic
SELECT CASE :by::text WHEN 'hour' THEN to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:00"Z"')
                      WHEN 'model' THEN COALESCE(model, '') ELSE provider_name END AS "group",
       sum(answers)::bigint AS answers, sum(errors)::bigint AS errors, sum(streams)::bigint AS streams,
       COALESCE(sum(tokens), 0)::bigint AS tokens,
       (1000 * sum(streamed_tokens) / NULLIF(sum(generating_ms), 0))::float8 AS tokens_per_s,
       sum(cost_usd) AS cost_usd, sum(priced_answers)::bigint AS priced_answers
  FROM gateway.llm_traffic_hourly
 WHERE hour >= :since
 GROUP BY 1
 ORDER BY 1;

-- name: arrivals
SELECT CASE :by::text WHEN 'hour' THEN to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:00"Z"')
                      WHEN 'model' THEN COALESCE(model, '') ELSE provider_name END AS "group",
       event_type, platform.percentile(0.5, array_agg(idx), array_agg(n)) AS p50,
       platform.percentile(0.95, array_agg(idx), array_agg(n)) AS p95, platform.percentile(0.99, array_agg(idx), array_agg(n)) AS p99
  FROM gateway.llm_arrival_hourly
 WHERE hour >= :since
 GROUP BY 1, 2;

-- name: open_periods
-- Setting nothing aside makes sure that what is spent later has a period to be counted in.
SELECT FROM gateway.reserve(:calls::integer[], :budgets::uuid[], :starts::date[], :amounts::numeric[]);

-- name: write_late_calls
-- Calls that were begun while the database was away: their callers were looked at then, and nothing is set aside for them.
-- One that is known was written by a transaction whose end nobody heard of.
WITH held AS (
    INSERT INTO gateway.bodies AS kept (tenant_id, sha256, encoding, size_bytes, content, used_on)
    SELECT bodies.tenant_id, bodies.sha256, bodies.encoding, bodies.size_bytes, bodies.content, :day
      FROM unnest(:body_tenants::uuid[], :sha256s::text[], :encodings::text[], :sizes::bigint[], :packed::bytea[])
           AS bodies (tenant_id, sha256, encoding, size_bytes, content)
     ORDER BY bodies.tenant_id, bodies.sha256
        ON CONFLICT (tenant_id, sha256) DO UPDATE SET used_on = excluded.used_on
     WHERE kept.used_on < excluded.used_on
)
INSERT INTO store.llm_requests (
    id, tenant_id, session_id, user_id, request_type, model, prompt, messages, model_params, status, created_at, started_at,
    process_id, api_key_id, provider_name, is_streamed, budget_ids, reserved_usd, ensemble_config, simulation_id, outcome_id,
    role
)
SELECT rows.id, rows.tenant_id, rows.session_id, rows.user_id, rows.request_type, rows.model, rows.prompt, rows.messages::jsonb,
       rows.params::jsonb, 'running', rows.created_at, rows.created_at, :process_id, rows.api_key_id, rows.provider_name,
       rows.is_streamed, rows.budget_ids::uuid[], CASE WHEN rows.budget_ids IS NOT NULL THEN 0 END,
       rows.ensemble::jsonb, rows.simulation_id, rows.outcome_id, rows.role
  FROM unnest(
           :ids::uuid[], :tenants::uuid[], :sessions::uuid[], :users::uuid[], :types::text[], :models::text[],
           :prompts::text[], :messages::text[], :params::text[], :times::timestamptz[], :keys::uuid[],
           :providers::text[], :streamed::boolean[], :budgets::text[], :ensembles::text[], :simulations::uuid[],
           :outcomes::uuid[], :parts::text[]
       ) AS rows (
           id, tenant_id, session_id, user_id, request_type, model, prompt, messages, params, created_at, api_key_id,
           provider_name, is_streamed, budget_ids, ensemble, simulation_id, outcome_id, role
       )
    ON CONFLICT DO NOTHING;

-- name: reserved_for
SELECT calls.id, calls.reserved_usd
  FROM unnest(:ids::uuid[], :times::timestamptz[]) AS wanted (id, created_at)
  JOIN store.llm_requests AS calls ON calls.id = wanted.id AND calls.created_at = wanted.created_at;
