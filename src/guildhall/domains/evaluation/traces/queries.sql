-- name: lock_traces
-- Two requests that bring spans of one trace take turns: the second sees what
-- the first has stored. All take the team's lock first, and then those of their
-- traces in one order, so nobody waits in a circle.
SELECT count(pg_advisory_xact_lock(keys.key))
  FROM (
           SELECT key, pg_advisory_xact_lock_shared(:team::bigint)
             FROM unnest(:traces::bigint[]) AS wanted (key)
            ORDER BY key
           OFFSET 0
       ) AS keys;

-- name: lock_team
-- For requests of so many traces that a lock for each would not fit into the server.
SELECT count(pg_advisory_xact_lock(:team::bigint));

-- name: stored_keys
-- With their times, spans are looked for in a partition or two.
SELECT trace_id, span_id, started_at, parent_span_id IS NULL AS is_root
  FROM evaluation.spans
 WHERE trace_id = ANY (:trace_ids::bytea[])
   AND started_at BETWEEN :earliest AND :latest;

-- name: spans_of_traces
SELECT trace_id, span_id, parent_span_id, started_at, duration_ns, name, kind, status, status_message, attributes,
       events, links, resource, scope
  FROM evaluation.spans
 WHERE trace_id = ANY (:trace_ids::bytea[])
   AND started_at BETWEEN :earliest AND :latest
 ORDER BY trace_id, started_at, span_id
 LIMIT :at_most;

-- name: spans_of_trace
-- Whoever asks for a trace by its id alone asks every partition.
SELECT trace_id, span_id, parent_span_id, started_at, duration_ns, name, kind, status, status_message, attributes,
       events, links, resource, scope
  FROM evaluation.spans
 WHERE trace_id = :trace_id
 ORDER BY started_at, span_id
 LIMIT :at_most;
