-- name: latest_calls
SELECT count(*)::integer AS calls, (count(*) FILTER (WHERE status = 'failed'))::integer AS failed,
       (count(*) FILTER (WHERE status IN ('pending', 'running')))::integer AS running, count(cost_usd)::integer AS priced,
       sum(cost_usd) AS cost_usd, min(created_at) AS since
  FROM (SELECT status, cost_usd, created_at FROM gateway.llm_requests ORDER BY created_at DESC LIMIT :at_most) AS latest;

-- name: provider_traffic
-- Of each account its latest attempts alone, which the index has in order; the shares are of whom calls went to first.
WITH latest AS MATERIALIZED (
    SELECT provider_name FROM gateway.llm_requests ORDER BY created_at DESC LIMIT :calls
), shares AS (
    SELECT provider_name, count(*)::double precision / (SELECT count(*) FROM latest) AS share
      FROM latest
     GROUP BY provider_name
)
SELECT accounts.id AS provider_id, accounts.name, attempts.attempts, attempts.failed, attempts.response_p50_ms,
       attempts.response_p95_ms, attempts.first_byte_p50_ms, wrong.error_code AS last_error, wrong.created_at AS last_error_at,
       CASE WHEN EXISTS (SELECT FROM latest) THEN COALESCE(shares.share, 0) END AS share
  FROM gateway.llm_providers AS accounts
  LEFT JOIN shares ON shares.provider_name = accounts.name
 CROSS JOIN LATERAL (
           SELECT count(*)::integer AS attempts, count(error_code)::integer AS failed,
                  percentile_cont(0.5) WITHIN GROUP (ORDER BY response_time) FILTER (WHERE error_code IS NULL) AS response_p50_ms,
                  percentile_cont(0.95) WITHIN GROUP (ORDER BY response_time) FILTER (WHERE error_code IS NULL) AS response_p95_ms,
                  percentile_cont(0.5) WITHIN GROUP (ORDER BY time_to_first_byte) FILTER (WHERE error_code IS NULL)
                      AS first_byte_p50_ms
             FROM (SELECT error_code, response_time, time_to_first_byte
                     FROM gateway.llm_responses
                    WHERE provider_id = accounts.id AND created_at > now() - interval '1 day'
                    ORDER BY created_at DESC
                    LIMIT :attempts) AS tried
       ) AS attempts
  LEFT JOIN LATERAL (
           SELECT error_code, created_at
             FROM (SELECT error_code, created_at
                     FROM gateway.llm_responses
                    WHERE provider_id = accounts.id AND created_at > now() - interval '1 day'
                    ORDER BY created_at DESC
                    LIMIT :attempts) AS tried
            WHERE error_code IS NOT NULL
            LIMIT 1
       ) AS wrong ON true
 ORDER BY accounts.name;

-- name: answers_by_day
SELECT day, provider_name, sum(n)::bigint AS answers
  FROM gateway.llm_latency_daily
 WHERE day >= now() - :days * interval '1 day'
 GROUP BY day, provider_name
 ORDER BY day, provider_name;

-- name: sealed_rows
-- A call and its answers, each with the seal that covers its transaction.
WITH rows AS (
    SELECT 'llm_requests' AS ledger, id, epoch, transaction_id, digest, created_at
      FROM gateway.llm_requests
     WHERE id = :id AND created_at = :created_at
     UNION ALL
    SELECT 'llm_responses', id, epoch, transaction_id, digest, created_at
      FROM gateway.llm_responses
     WHERE request_id = :id AND created_at >= :created_at::timestamptz - interval '1 hour'
)
SELECT rows.ledger, rows.id, encode(rows.digest, 'hex') AS digest, seals.number AS seal, seals.sealed_at
  FROM rows
  LEFT JOIN LATERAL (
           SELECT number, sealed_at
             FROM platform.team_seals
            WHERE ledger = rows.ledger AND epoch = rows.epoch
              AND from_transaction <= rows.transaction_id AND rows.transaction_id < to_transaction
            LIMIT 1
       ) AS seals ON true
 ORDER BY rows.ledger, rows.created_at, rows.id;
