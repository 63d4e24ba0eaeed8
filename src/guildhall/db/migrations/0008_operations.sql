-- Platform's rooms analytics and operations: what people do here, what goes on
-- to other stores, and how the database is.

-- analytics ----------------------------------------------------------------

CREATE TABLE store.analytics_events (
    id                  uuid         NOT NULL DEFAULT gen_random_uuid(),
    tenant_id           uuid         NOT NULL DEFAULT platform.tenant_id(),
    "timestamp"         timestamptz  NOT NULL DEFAULT now(),
    session_id          varchar(100),
    event_type          varchar(50)  NOT NULL,
    event_properties    jsonb        NOT NULL DEFAULT '{}',
    user_properties     jsonb        NOT NULL DEFAULT '{}',
    device_properties   jsonb        NOT NULL DEFAULT '{}',
    geo_properties      jsonb        NOT NULL DEFAULT '{}',
    referrer_properties jsonb        NOT NULL DEFAULT '{}',
    PRIMARY KEY (id, "timestamp"),
    CONSTRAINT analytics_events_type_is_named CHECK (event_type <> ''),
    CONSTRAINT analytics_events_properties_are_objects CHECK (
        jsonb_typeof(event_properties) = 'object' AND jsonb_typeof(user_properties) = 'object'
        AND jsonb_typeof(device_properties) = 'object' AND jsonb_typeof(geo_properties) = 'object'
        AND jsonb_typeof(referrer_properties) = 'object'
    ),
    CONSTRAINT analytics_events_size CHECK (
        pg_column_size(event_properties) + pg_column_size(user_properties) + pg_column_size(device_properties)
        + pg_column_size(geo_properties) + pg_column_size(referrer_properties) <= 65536
    )
) PARTITION BY RANGE ("timestamp");
COMMENT ON TABLE store.analytics_events IS 'analytics: tenant: what people look at: page views, models viewed, benchmarks compared.';
COMMENT ON COLUMN store.analytics_events.event_type IS 'page_view, model_view, benchmark_compare, …';
COMMENT ON COLUMN store.analytics_events.event_properties IS 'Of a model_view: {"model_id": …}.';
CREATE INDEX analytics_events_by_type ON store.analytics_events (tenant_id, event_type, "timestamp" DESC);
SELECT platform.create_series('analytics_events', 'timestamp', step => '1 month', retention => NULL, chunk => '1 day');

CREATE VIEW platform.analytics_events AS
    SELECT id, "timestamp", session_id, event_type, event_properties, user_properties, device_properties, geo_properties,
           referrer_properties, tenant_id
      FROM store.analytics_events
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
COMMENT ON VIEW platform.analytics_events IS 'analytics: tenant: what the team''s own people look at.';

CREATE TABLE store.streaming_analytics (
    id           uuid         NOT NULL DEFAULT gen_random_uuid(),
    tenant_id    uuid         NOT NULL DEFAULT platform.tenant_id(),
    stream_id    varchar(255) NOT NULL,
    event_type   varchar(100) NOT NULL,
    chunk_number integer      NOT NULL,
    latency_ms   bigint       NOT NULL,
    tokens_delta integer      NOT NULL DEFAULT 0,
    user_id      uuid         DEFAULT platform.user_id() REFERENCES platform.users ON DELETE SET NULL,
    "timestamp"  timestamptz  NOT NULL DEFAULT now(),
    PRIMARY KEY (id, "timestamp"),
    CONSTRAINT streaming_analytics_names_are_given CHECK (stream_id <> '' AND event_type <> ''),
    CONSTRAINT streaming_analytics_counts_are_not_negative CHECK (chunk_number >= 0 AND latency_ms >= 0 AND tokens_delta >= 0)
) PARTITION BY RANGE ("timestamp");
COMMENT ON TABLE store.streaming_analytics IS 'analytics: tenant: how answers arrive while they are streamed, chunk by chunk.';
COMMENT ON COLUMN store.streaming_analytics.latency_ms IS 'Since the request; of the first chunk it is the time to the first token.';
COMMENT ON COLUMN store.streaming_analytics.tokens_delta IS 'Tokens that the chunk added.';
CREATE INDEX streaming_analytics_by_stream ON store.streaming_analytics (tenant_id, stream_id, chunk_number);
CREATE INDEX streaming_analytics_by_user ON store.streaming_analytics (user_id) WHERE user_id IS NOT NULL;
SELECT platform.create_series('streaming_analytics', 'timestamp', step => '1 month', retention => NULL, chunk => '1 day');

CREATE VIEW platform.streaming_analytics AS
    SELECT id, stream_id, event_type, chunk_number, latency_ms, tokens_delta, user_id, "timestamp", tenant_id
      FROM store.streaming_analytics
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
COMMENT ON VIEW platform.streaming_analytics IS 'analytics: tenant: how the team''s own answers arrive.';

-- The outbox: an event is added in the transaction of what it tells, and leaves
-- for ClickHouse afterwards, at least once; its id tells a second delivery.
CREATE TABLE platform.clickhouse_analytics (
    id          uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id   uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    event_type  varchar(100) NOT NULL,
    event_data  jsonb        NOT NULL,
    user_id     uuid         DEFAULT platform.user_id() REFERENCES platform.users ON DELETE SET NULL,
    session_id  uuid,
    "timestamp" timestamptz  NOT NULL DEFAULT now(),
    exported    boolean      NOT NULL DEFAULT false,
    exported_at timestamptz,
    CONSTRAINT clickhouse_analytics_type_is_named CHECK (event_type <> ''),
    CONSTRAINT clickhouse_analytics_size CHECK (pg_column_size(event_data) <= 1048576),
    CONSTRAINT clickhouse_analytics_export_is_dated CHECK (exported = (exported_at IS NOT NULL))
) WITH (autovacuum_vacuum_scale_factor = 0.01);
COMMENT ON TABLE platform.clickhouse_analytics IS 'analytics: tenant: events on their way to ClickHouse; those that have left are deleted by upkeep.';
COMMENT ON COLUMN platform.clickhouse_analytics.session_id IS 'The session in which it happened; sessions end, events stay, so no key leads there.';
CREATE INDEX clickhouse_analytics_to_export ON platform.clickhouse_analytics ("timestamp") WHERE NOT exported;
CREATE INDEX clickhouse_analytics_by_team ON platform.clickhouse_analytics (tenant_id, "timestamp" DESC);
CREATE INDEX clickhouse_analytics_by_user ON platform.clickhouse_analytics (user_id) WHERE user_id IS NOT NULL;

SELECT platform.isolate('platform.clickhouse_analytics');
GRANT SELECT, INSERT ON platform.analytics_events, platform.streaming_analytics TO guildhall_app;
-- A team adds events; whether they have left is for whoever carries them.
GRANT SELECT, INSERT (id, event_type, event_data, user_id, session_id, "timestamp") ON platform.clickhouse_analytics TO guildhall_app;
CREATE POLICY events_of_every_team_are_exported ON platform.clickhouse_analytics
    TO guildhall_worker, guildhall_scheduler USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (exported, exported_at), DELETE ON platform.clickhouse_analytics TO guildhall_worker, guildhall_scheduler;

-- operations: slow queries ---------------------------------------------------

CREATE TABLE platform.slow_query_log (
    id               bigint           PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    "timestamp"      timestamptz      NOT NULL DEFAULT clock_timestamp(),
    duration_ms      double precision NOT NULL,
    query            text             NOT NULL,
    query_plan       jsonb,
    user_name        varchar(100)     NOT NULL DEFAULT session_user,
    database_name    varchar(100)     NOT NULL DEFAULT current_database(),
    application_name varchar(100)     NOT NULL DEFAULT current_setting('application_name'),
    CONSTRAINT slow_query_log_duration_is_not_negative CHECK (duration_ms >= 0),
    CONSTRAINT slow_query_log_query_size CHECK (length(query) BETWEEN 1 AND 100000)
);
COMMENT ON TABLE platform.slow_query_log IS 'operations: system: statements that took long; every process adds its own, and only the scheduler reads them.';
COMMENT ON COLUMN platform.slow_query_log.query IS 'The statement with its parameters'' places, not their values.';
COMMENT ON COLUMN platform.slow_query_log.query_plan IS 'What EXPLAIN (FORMAT JSON) says.';
CREATE INDEX slow_query_log_by_time ON platform.slow_query_log ("timestamp" DESC);
GRANT INSERT ("timestamp", duration_ms, query, query_plan, application_name) ON platform.slow_query_log
    TO guildhall_app, guildhall_reader, guildhall_curator, guildhall_writer, guildhall_worker, guildhall_scheduler;
GRANT SELECT, DELETE ON platform.slow_query_log TO guildhall_scheduler;

-- operations: how the database is --------------------------------------------
-- Sizes, counts and locks say how busy other teams are, so the application sees
-- none of it. They carry no statement and no value, so whoever keeps the
-- installation may look: the scheduler, for alerts and the pages of operators,
-- and the curator, by whom the documents' app_admin sees them.

-- What the sessions of other logins do is shown to members of pg_read_all_stats
-- alone. Where something is hidden the counts are null: unknown is never 0.
CREATE VIEW platform.connection_stats AS
    SELECT datname,
           count(*) AS connections,
           CASE WHEN bool_and(is_shown) THEN count(*) FILTER (WHERE state = 'active') END AS active,
           CASE WHEN bool_and(is_shown) THEN count(*) FILTER (WHERE state = 'idle') END AS idle,
           CASE WHEN bool_and(is_shown) THEN count(*) FILTER (WHERE state = 'idle in transaction') END AS idle_in_transaction,
           max(extract(epoch FROM now() - query_start)) FILTER (WHERE state <> 'idle') AS longest_query_seconds,
           max(extract(epoch FROM now() - xact_start)) AS longest_transaction_seconds,
           current_setting('max_connections')::integer AS max_connections
      FROM (
               SELECT datname, state, query_start, xact_start, query IS DISTINCT FROM '<insufficient privilege>' AS is_shown
                 FROM pg_stat_activity
                WHERE datname IS NOT NULL
           ) AS sessions
     GROUP BY datname;
COMMENT ON VIEW platform.connection_stats IS 'operations: system: how many sessions each database has, and what they do; null where that is hidden from whoever asks.';

-- Sizes by object identity, never by a name that is parsed again (errata). Bloat
-- is how much larger a table is than its rows need. Where whoever asks may see
-- the statistics of its columns, that is: the pages that its estimated rows
-- would fill (a line pointer of 4 bytes, a header of 24, columns by their average
-- width, all rounded up to 8) against those it has; else the share of its rows
-- that are dead, which knows nothing of space that is free already.
CREATE VIEW platform.table_bloat AS
    SELECT namespaces.nspname AS schemaname,
           classes.relname AS tablename,
           pg_size_pretty(sizes.total) AS total_size,
           pg_size_pretty(sizes.heap) AS table_size,
           pg_size_pretty(sizes.total - sizes.heap) AS index_size,
           round(100 * sizes.total / NULLIF(sum(sizes.total) OVER (), 0), 2) AS percent_of_total,
           sizes.total AS total_bytes,
           sizes.heap AS table_bytes,
           activity.n_live_tup AS live_rows,
           activity.n_dead_tup AS dead_rows,
           estimates.bloat_bytes,
           round(100 * estimates.bloat_bytes::numeric / NULLIF(sizes.heap, 0), 2) AS bloat_percent,
           CASE
               WHEN estimates.bloat_bytes IS NULL THEN NULL
               WHEN widths.row_bytes IS NULL THEN 'dead rows'
               ELSE 'statistics'
           END AS estimated_from
      FROM pg_class AS classes
      JOIN pg_namespace AS namespaces ON namespaces.oid = classes.relnamespace
      LEFT JOIN pg_stat_user_tables AS activity ON activity.relid = classes.oid
     CROSS JOIN LATERAL (SELECT pg_total_relation_size(classes.oid) AS total, pg_relation_size(classes.oid) AS heap) AS sizes
      LEFT JOIN LATERAL (
               SELECT 4 + ceil((24 + sum(avg_width * (1 - null_frac))) / 8) * 8 AS row_bytes
                 FROM pg_stats
                WHERE pg_stats.schemaname = namespaces.nspname AND pg_stats.tablename = classes.relname AND NOT inherited
               HAVING count(*) = (
                          SELECT count(*) FROM pg_attribute
                           WHERE attrelid = classes.oid AND attnum > 0 AND NOT attisdropped
                      )
           ) AS widths ON classes.reltuples >= 0
     CROSS JOIN LATERAL (
               SELECT CASE
                          WHEN widths.row_bytes IS NOT NULL THEN greatest(0, sizes.heap - current_setting('block_size')::bigint * ceil(
                              classes.reltuples * widths.row_bytes
                              / ((current_setting('block_size')::integer - 24) * COALESCE(
                                     (SELECT option_value::integer FROM pg_options_to_table(classes.reloptions) WHERE option_name = 'fillfactor'), 100
                                 ) / 100.0)
                          ))::bigint
                          ELSE (sizes.heap * activity.n_dead_tup::numeric / NULLIF(activity.n_live_tup + activity.n_dead_tup, 0))::bigint
                      END AS bloat_bytes
           ) AS estimates
     WHERE classes.relkind IN ('r', 'p', 'm')
       AND namespaces.nspname NOT IN ('pg_catalog', 'information_schema')
       AND namespaces.nspname NOT LIKE 'pg\_temp\_%'
     ORDER BY sizes.total DESC;
COMMENT ON VIEW platform.table_bloat IS 'operations: system: how large each table is, and how much of it its rows do not need.';
COMMENT ON COLUMN platform.table_bloat.estimated_from IS 'statistics: the width of its columns; dead rows: their share, where the statistics are hidden or missing.';

CREATE VIEW platform.table_sizes AS
    SELECT schemaname, tablename, total_size AS size, total_bytes AS size_bytes, live_rows
      FROM platform.table_bloat
     ORDER BY total_bytes DESC;
COMMENT ON VIEW platform.table_sizes IS 'operations: system: how large each table is with its indexes, the largest first.';

CREATE VIEW platform.index_usage AS
    SELECT activity.schemaname,
           activity.relname AS tablename,
           activity.indexrelname AS indexname,
           activity.idx_scan AS index_scans,
           pg_size_pretty(pg_relation_size(activity.indexrelid)) AS index_size,
           pg_relation_size(activity.indexrelid) AS index_bytes,
           indexes.indisunique AS is_unique,
           indexes.indisvalid AS is_valid,
           activity.idx_scan = 0 AND NOT indexes.indisunique AS is_unused
      FROM pg_stat_user_indexes AS activity
      JOIN pg_index AS indexes ON indexes.indexrelid = activity.indexrelid
     ORDER BY activity.idx_scan DESC;
COMMENT ON VIEW platform.index_usage IS 'operations: system: how often each index was used since statistics began; one that is not valid is left over from a build that failed.';

CREATE VIEW platform.lock_contention AS
    SELECT waiting.pid,
           pg_blocking_pids(waiting.pid) AS blocked_by,
           waiting.locktype,
           waiting.mode,
           waiting.relation::regclass::text AS relation,
           extract(epoch FROM clock_timestamp() - waiting.waitstart) AS waiting_seconds
      FROM pg_locks AS waiting
     WHERE NOT waiting.granted
       AND (waiting.database IS NULL OR waiting.database = (SELECT oid FROM pg_database WHERE datname = current_database()));
COMMENT ON VIEW platform.lock_contention IS 'operations: system: sessions that wait for a lock, and for whom.';

CREATE VIEW platform.replication_lag AS
    SELECT slots.slot_name,
           slots.active,
           pg_size_pretty(lag.bytes) AS lag_size,
           lag.bytes AS lag_bytes,
           slots.slot_type,
           slots.wal_status
      FROM pg_replication_slots AS slots
     CROSS JOIN LATERAL (
               SELECT pg_wal_lsn_diff(
                          CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
                          COALESCE(slots.confirmed_flush_lsn, slots.restart_lsn)
                      )::bigint AS bytes
           ) AS lag;
COMMENT ON VIEW platform.replication_lag IS 'operations: system: how far behind each replica''s slot is; a slot that nobody reads keeps the log for ever.';

CREATE VIEW platform.series_horizon AS
    SELECT series.name AS series,
           count(parts.partition) AS partitions,
           min(parts.starts) AS earliest,
           max(parts.ends) AS reaches,
           extract(epoch FROM max(parts.ends) - now()) / 86400 AS days_ahead,
           COALESCE(sum(parts.size_bytes), 0) AS size_bytes,
           COALESCE(sum(parts.estimated_rows), 0)::bigint AS estimated_rows,
           series.retention
      FROM platform.series
      LEFT JOIN platform.series_partitions() AS parts ON parts.series = series.name
     GROUP BY series.name;
COMMENT ON VIEW platform.series_horizon IS 'operations: system: what each series has partitions for; who writes beyond makes them first. TimescaleDB makes its chunks as rows come, so there none is ahead.';

GRANT SELECT ON
    platform.connection_stats, platform.table_bloat, platform.table_sizes, platform.index_usage, platform.lock_contention,
    platform.replication_lag, platform.series_horizon TO guildhall_scheduler, guildhall_curator;
GRANT EXECUTE ON FUNCTION platform.series_partitions(text) TO guildhall_curator; -- a view calls functions as who asks

-- operations: replication ----------------------------------------------------

-- Publishes the catalogue under the documents' name, for regions that read it
-- near by; called again it takes in what has been added. What belongs to teams is
-- not published: row-level security does not hold in a subscriber. Every table
-- has a key, so changes and deletions are carried; a series appears as one table,
-- however it is partitioned. For whoever owns the database; a subscriber wants
-- copy_data = true, or it starts empty (errata).
CREATE FUNCTION platform.publish_catalogue() RETURNS text[]
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    published text[];
BEGIN
    IF current_setting('wal_level') <> 'logical' THEN
        RAISE EXCEPTION 'wal_level is %, so there is nothing to publish', current_setting('wal_level')
              USING ERRCODE = 'object_not_in_prerequisite_state',
                    HINT = 'Set wal_level = logical and restart the server.';
    END IF;
    SELECT array_agg(oid::regclass::text ORDER BY oid::regclass::text) INTO published
      FROM pg_class
     WHERE relkind IN ('r', 'p') AND NOT relispartition
       AND (relnamespace = 'catalogue'::regnamespace
            -- A table that is in a publication cannot become a hypertable, nor are its chunks published.
            OR oid = to_regclass('store.status_probes') AND (SELECT engine FROM platform.installation) = 'native');
    IF EXISTS (SELECT FROM pg_publication WHERE pubname = 'ai_go_global') THEN
        EXECUTE format('ALTER PUBLICATION ai_go_global SET TABLE %s', array_to_string(published, ', '));
    ELSE
        EXECUTE format('CREATE PUBLICATION ai_go_global FOR TABLE %s WITH (publish_via_partition_root = true)',
                       array_to_string(published, ', '));
    END IF;
    RETURN published;
END
$$;
REVOKE ALL ON FUNCTION platform.publish_catalogue() FROM PUBLIC;
