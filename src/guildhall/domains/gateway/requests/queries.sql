-- name: begin_calls
-- One statement, which is its own transaction, as callers wait for it: who of the callers may not call, what cannot be set
-- aside for whom, and the calls of all others with what they hold. `caller` is the place of a call's caller among those
-- that are looked at, `place` that of the call, all from 1. Rows come as JSON: one document costs less than an array for each
-- column, on both sides.
WITH verdicts AS MATERIALIZED (
    SELECT looked.place, looked.verdict
      FROM json_to_record(:believed::json) AS told (
               kinds text[], proofs uuid[], users uuid[], teams uuid[], roles text[], administrators boolean[], scopes text[],
               revisions bigint[]
           )
     CROSS JOIN LATERAL gateway.check_callers(
               told.kinds, told.proofs, told.users, told.teams, told.roles, told.administrators, told.scopes, told.revisions
           ) AS looked
), allowed AS MATERIALIZED (
    SELECT rows.*
      FROM json_to_recordset(:calls::json) AS rows (
               place integer, caller integer, id uuid, tenant_id uuid, session_id uuid, user_id uuid, request_type text, model text,
               prompt text, messages jsonb, params jsonb, created_at timestamptz, api_key_id uuid, provider_name text,
               is_streamed boolean, budget_ids uuid[], reserved_usd numeric, reserved_each text[], ensemble jsonb,
               simulation_id uuid, outcome_id uuid, role text
           )
     WHERE rows.caller NOT IN (SELECT verdicts.place FROM verdicts)
), refused AS MATERIALIZED (
    SELECT held.*
      FROM (SELECT array_agg(each.call) AS calls, array_agg(each.budget) AS budgets, array_agg(each.starts_on) AS starts,
                   array_agg(each.amount) AS amounts
              FROM json_to_recordset(:holds::json) AS each (call integer, budget uuid, starts_on date, amount numeric)
             WHERE each.call IN (SELECT allowed.place FROM allowed)
            HAVING count(*) > 0) AS wanted
     CROSS JOIN LATERAL gateway.reserve(wanted.calls, wanted.budgets, wanted.starts, wanted.amounts) AS held
), written AS (
    INSERT INTO store.llm_requests (
        id, tenant_id, session_id, user_id, request_type, model, prompt, messages, model_params, status, created_at, started_at,
        process_id, api_key_id, provider_name, is_streamed, budget_ids, reserved_usd, reserved_each, ensemble_config,
        simulation_id, outcome_id, role
    )
    SELECT rows.id, rows.tenant_id, rows.session_id, rows.user_id, rows.request_type, rows.model, rows.prompt, rows.messages,
           rows.params, 'running', rows.created_at, rows.created_at, :process_id, rows.api_key_id, rows.provider_name,
           rows.is_streamed, rows.budget_ids, rows.reserved_usd, rows.reserved_each, rows.ensemble, rows.simulation_id,
           rows.outcome_id, rows.role
      FROM allowed AS rows
     WHERE rows.place NOT IN (SELECT refused.call FROM refused)
), held AS (
    -- In one order, so that two writers of the same contents wait for one another and not each for the other.
    INSERT INTO gateway.bodies AS kept (tenant_id, sha256, encoding, size_bytes, content, used_on)
    SELECT bodies.tenant_id, bodies.sha256, bodies.encoding, bodies.size_bytes, (:packed::bytea[])[bodies.place], :day
      FROM json_to_recordset(:bodies::json)
           AS bodies (place integer, tenant_id uuid, sha256 text, encoding text, size_bytes bigint, calls integer[])
     WHERE bodies.calls && ARRAY(
               SELECT allowed.place FROM allowed WHERE allowed.place NOT IN (SELECT refused.call FROM refused)
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
WITH answers AS MATERIALIZED (
    SELECT rows.*
      FROM json_to_recordset(:answers::json) AS rows (
               id uuid, tenant_id uuid, request_id uuid, request_created_at timestamptz, provider_id uuid, provider_name text,
               model text, content text, raw jsonb, prompt integer, completion integer, total integer, cached integer,
               reasoning integer, cost numeric, took bigint, first bigint, first_token bigint, chunks integer,
               is_streamed boolean, reason text, selected boolean, code text, message text, created_at timestamptz,
               attempt smallint, status smallint, upstream_id text
           )
), written AS (
    INSERT INTO store.llm_responses (
        id, tenant_id, request_id, request_created_at, provider_id, provider_name, model, content, raw_response, tokens_prompt,
        tokens_completion, tokens_total, tokens_cached, tokens_reasoning, cost_usd, response_time, time_to_first_byte,
        finish_reason, selected, error_code, error_message, created_at, attempt, upstream_status, upstream_id
    )
    SELECT rows.id, rows.tenant_id, rows.request_id, rows.request_created_at, rows.provider_id, rows.provider_name, rows.model,
           rows.content, rows.raw, rows.prompt, rows.completion, rows.total, rows.cached, rows.reasoning, rows.cost, rows.took,
           rows.first, rows.reason, rows.selected, rows.code, rows.message, rows.created_at, rows.attempt, rows.status,
           rows.upstream_id
      FROM answers AS rows
        ON CONFLICT DO NOTHING
), settled AS MATERIALIZED (
    SELECT gateway.settle_calls(
               done.ids, done.times, done.states, done.prompts, done.completions, done.totals, done.cached, done.reasoning,
               done.costs, done.codes, done.reasons, done.ends
           ) AS ids
      FROM json_to_record(:final::json) AS done (
               ids uuid[], times timestamptz[], states text[], prompts integer[], completions integer[], totals integer[],
               cached integer[], reasoning integer[], costs numeric[], codes text[], reasons text[], ends timestamptz[]
           )
), spent AS MATERIALIZED (
    SELECT gateway.settle_spending(done.budgets, done.starts, done.reserved, done.spent)
      FROM (SELECT array_agg(each.budget) AS budgets, array_agg(each.starts_on) AS starts, array_agg(each.reserved) AS reserved,
                   array_agg(each.spent) AS spent
              FROM json_to_recordset(:spending::json)
                   AS each (call uuid, budget uuid, starts_on date, reserved numeric, spent numeric)
              JOIN settled ON each.call = ANY (settled.ids)
            HAVING count(*) > 0) AS done
), held AS (
    INSERT INTO gateway.bodies AS kept (tenant_id, sha256, encoding, size_bytes, content, used_on)
    SELECT bodies.tenant_id, bodies.sha256, bodies.encoding, bodies.size_bytes, (:packed::bytea[])[bodies.place], :day
      FROM json_to_recordset(:bodies::json)
           AS bodies (place integer, tenant_id uuid, sha256 text, encoding text, size_bytes bigint)
     WHERE (SELECT count(*) FROM spent) >= 0
     ORDER BY bodies.tenant_id, bodies.sha256
        ON CONFLICT (tenant_id, sha256) DO UPDATE SET used_on = excluded.used_on
     WHERE kept.used_on < excluded.used_on
), replayed AS (
    UPDATE gateway.idempotent_calls AS kept
       SET media_type = done.media_type, answer = done.answer
      FROM json_to_recordset(:kept::json)
           AS done (tenant_id uuid, user_id uuid, key text, request_id uuid, media_type text, answer text)
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
      FROM answers AS rows
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
       calls.reserved_usd, calls.reserved_each,
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

-- name: spent_by
-- Calls by their ids, and all that were made with keys. What was cut off, by its process or by the provider, may have cost
-- something, or nothing.
WITH wanted AS (
    SELECT id, created_at FROM gateway.llm_requests WHERE id = ANY (:call_ids::uuid[]) AND created_at >= :since
     UNION
    SELECT id, created_at FROM gateway.llm_requests WHERE api_key_id = ANY (:key_ids::uuid[]) AND created_at >= :since
)
SELECT COALESCE(array_agg(id), '{}') AS call_ids,
       count(*) FILTER (WHERE tokens_prompt IS NULL
                          AND (status IN ('pending', 'running')
                               OR error_code IN ('lost', 'gateway_stopped', 'internal_error', 'stream_broken', 'upstream_broken',
                                                 'upstream_timeout', 'upstream_too_long')))::integer AS cut_off,
       count(*) FILTER (WHERE cost_usd IS NULL AND (status = 'completed' OR tokens_prompt IS NOT NULL))::integer AS unpriced,
       COALESCE(sum(cost_usd), 0) AS known_usd
  FROM wanted
  JOIN gateway.llm_requests AS calls USING (id, created_at);

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
    SELECT bodies.tenant_id, bodies.sha256, bodies.encoding, bodies.size_bytes, (:packed::bytea[])[bodies.place], :day
      FROM json_to_recordset(:bodies::json)
           AS bodies (place integer, tenant_id uuid, sha256 text, encoding text, size_bytes bigint)
     ORDER BY bodies.tenant_id, bodies.sha256
        ON CONFLICT (tenant_id, sha256) DO UPDATE SET used_on = excluded.used_on
     WHERE kept.used_on < excluded.used_on
)
INSERT INTO store.llm_requests (
    id, tenant_id, session_id, user_id, request_type, model, prompt, messages, model_params, status, created_at, started_at,
    process_id, api_key_id, provider_name, is_streamed, budget_ids, reserved_usd, ensemble_config, simulation_id, outcome_id,
    role
)
SELECT rows.id, rows.tenant_id, rows.session_id, rows.user_id, rows.request_type, rows.model, rows.prompt, rows.messages,
       rows.params, 'running', rows.created_at, rows.created_at, :process_id, rows.api_key_id, rows.provider_name,
       rows.is_streamed, rows.budget_ids, CASE WHEN rows.budget_ids IS NOT NULL THEN 0 END, rows.ensemble, rows.simulation_id,
       rows.outcome_id, rows.role
  FROM json_to_recordset(:calls::json) AS rows (
           id uuid, tenant_id uuid, session_id uuid, user_id uuid, request_type text, model text, prompt text, messages jsonb,
           params jsonb, created_at timestamptz, api_key_id uuid, provider_name text, is_streamed boolean, budget_ids uuid[],
           ensemble jsonb, simulation_id uuid, outcome_id uuid, role text
       )
    ON CONFLICT DO NOTHING;

-- name: reserved_for
SELECT calls.id, calls.reserved_usd
  FROM unnest(:ids::uuid[], :times::timestamptz[]) AS wanted (id, created_at)
  JOIN store.llm_requests AS calls ON calls.id = wanted.id AND calls.created_at = wanted.created_at;
