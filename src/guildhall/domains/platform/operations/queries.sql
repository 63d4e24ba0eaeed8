-- Every statement is the scheduler's; those of a checkup run in a transaction that changes nothing. None takes a lock on
-- a table that others may hold: what says that somebody is in the way must not queue behind them.

-- name: look_only
SET TRANSACTION READ ONLY;

-- name: be_brief
SELECT set_config('statement_timeout', '5s', true), set_config('lock_timeout', '1s', true);

-- name: server
SELECT current_database()::text AS database,
       CASE WHEN has_database_privilege(current_database(), 'CONNECT') THEN pg_database_size(current_database()) END AS size_bytes,
       current_setting('max_connections')::integer
           - current_setting('superuser_reserved_connections')::integer
           - COALESCE(current_setting('reserved_connections', true)::integer, 0) AS connections_allowed,
       pg_has_role('guildhall_owner', 'pg_read_all_stats', 'USAGE') AS shows_sessions,
       (SELECT engine FROM platform.installation) AS engine,
       (SELECT created_at FROM platform.installation) AS installed_at,
       (SELECT upkeep_at FROM platform.installation) AS upkeep_at,
       (SELECT max(sealed_at) FROM platform.audit_seals) AS sealed_at;

-- name: sessions
SELECT pid, kind, database, login, application, state, transaction_seconds, snapshot_age
  FROM platform.sessions_now();

-- name: waits
SELECT pid, blocked_by, locktype AS lock_type, mode, relation, COALESCE(waiting_seconds, 0)::double precision AS seconds
  FROM platform.lock_contention
 ORDER BY seconds DESC, pid;

-- name: slots
SELECT slots.slot_name::text AS name, slots.active AS is_active, lag.lag_bytes, slots.wal_status,
       greatest(age(slots.xmin), age(slots.catalog_xmin)) AS snapshot_age
  FROM pg_replication_slots AS slots
  LEFT JOIN platform.replication_lag AS lag ON lag.slot_name = slots.slot_name
 ORDER BY slots.slot_name;

-- name: replicas
SELECT application, state, lag_bytes, lag_seconds
  FROM platform.replicas_now()
 ORDER BY application;

-- name: prepared_transactions
SELECT gid, owner::text AS login, database::text, age(transaction) AS snapshot_age,
       extract(epoch FROM clock_timestamp() - prepared)::double precision AS seconds
  FROM pg_prepared_xacts
 ORDER BY prepared;

-- name: statements_are_counted
-- As platform.statements_counted() asks.
SELECT current_setting('pg_stat_statements.max', true) IS NOT NULL
       AND EXISTS (
               SELECT FROM pg_extension
                WHERE extname = 'pg_stat_statements' AND has_schema_privilege('guildhall_owner', extnamespace, 'USAGE')
           );

-- name: slow_statements
SELECT statement_id, login, calls, mean_ms, max_ms, count(*) OVER ()::integer AS how_many
  FROM platform.statements_counted()
 WHERE mean_ms >= :slow_ms AND calls >= :at_least
 ORDER BY total_ms DESC
 LIMIT :at_most;

-- name: slow_statements_logged
SELECT count(*)::integer AS how_many, max(duration_ms) AS max_ms
  FROM platform.slow_query_log
 WHERE "timestamp" > :since AND duration_ms >= :slow_ms;

-- name: note_upkeep
UPDATE platform.installation SET upkeep_at = :now;

-- name: forget_slow_statements
DELETE FROM platform.slow_query_log
 WHERE "timestamp" < :before;

-- name: tables
-- By the counts that PostgreSQL keeps anyway. Sizes in bytes would take a lock on each table.
SELECT schemaname || '.' || relname AS name, n_live_tup AS live_rows, n_dead_tup AS dead_rows,
       greatest(last_vacuum, last_autovacuum) AS vacuumed_at, sum(n_dead_tup) OVER ()::bigint AS dead_rows_of_all
  FROM pg_stat_user_tables
 ORDER BY n_dead_tup DESC, name
 LIMIT :at_most;

-- name: horizons
-- Up to when each series has every month's partition, within a year; or every day's, within two months.
SELECT series.name, short.reaches, series.step = interval '1 day' AS is_by_day
  FROM platform.series
  LEFT JOIN platform.series_short_of('1 year') AS short ON short.series = series.name
 ORDER BY series.name;

-- name: rollups
-- Those that TimescaleDB refreshes keep no book of it.
SELECT name, refreshed_at
  FROM platform.rollups
 WHERE NOT is_continuous
 ORDER BY name;

-- name: extensions
SELECT wanted.name, available.installed_version AS installed, available.default_version AS available,
       wanted.setting IS NULL OR EXISTS (SELECT FROM pg_settings WHERE pg_settings.name = wanted.setting) AS is_loaded
  FROM (VALUES
           ('vector', NULL),
           ('timescaledb', 'timescaledb.max_background_workers'),
           ('pg_stat_statements', 'pg_stat_statements.max')
       ) AS wanted (name, setting)
  LEFT JOIN pg_available_extensions AS available ON available.name = wanted.name;

-- name: transaction_ids
-- A server stops for all of its databases when one of them runs out.
SELECT datname::text AS database, age(datfrozenxid) AS transactions, mxid_age(datminmxid) AS multixacts
  FROM pg_database
 ORDER BY greatest(age(datfrozenxid), mxid_age(datminmxid)) DESC
 LIMIT 1;

-- name: be_briefest
-- A migration may hold the tables of jobs; what stands in its way must not stand in others'.
SELECT set_config('lock_timeout', '50ms', true);

-- name: lanes
WITH waiting AS (
    SELECT lane, count(*) AS n, min(scheduled_at) AS since
      FROM (
          SELECT lane, scheduled_at FROM platform.background_tasks WHERE status = 'pending' AND place IS NOT NULL
           UNION ALL
          SELECT lane, scheduled_at
            FROM platform.background_tasks
           WHERE status = 'pending' AND place IS NULL AND open_dependencies = 0 AND scheduled_at <= now()
      ) AS ready
     GROUP BY lane
),
busy AS (
    SELECT lane, count(*) AS n
      FROM platform.background_tasks
     WHERE status IN ('queued', 'running') AND worker_id IS NOT NULL
     GROUP BY lane
)
SELECT lanes.task_type, lanes.queue, lanes.is_paused, COALESCE(waiting.n, 0) AS waiting, waiting.since AS waiting_since,
       COALESCE(busy.n, 0) AS running
  FROM platform.task_lanes AS lanes
  LEFT JOIN waiting USING (lane)
  LEFT JOIN busy USING (lane)
 ORDER BY lanes.task_type, lanes.queue;

-- name: crew
SELECT (SELECT count(*) FROM platform.task_workers WHERE last_seen >= now() - lease)::integer AS workers,
       (SELECT count(*) FROM platform.dead_letter_queue WHERE resolved_at IS NULL)::integer AS dead_letters;
