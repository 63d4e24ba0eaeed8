DROP VIEW mine.llm_arrival_hourly, mine.llm_traffic_hourly, mine.streaming_analytics;
DROP VIEW gateway.llm_arrival_hourly, gateway.llm_traffic_hourly, platform.streaming_analytics;
DROP VIEW store.llm_arrival_hourly_now, store.llm_first_token_hourly_now, store.llm_traffic_hourly_now;
DROP TABLE store.llm_arrival_hourly, store.llm_first_token_hourly, store.llm_traffic_hourly;
DELETE FROM platform.rollups WHERE name IN ('llm_traffic_hourly', 'llm_arrival_hourly', 'llm_first_token_hourly');
DELETE FROM platform.rollup_marks WHERE rollup IN ('llm_traffic_hourly', 'llm_arrival_hourly', 'llm_first_token_hourly');
DROP FUNCTION store.mark_streaming_analytics() CASCADE;
DROP INDEX store.streaming_analytics_by_age;

UPDATE platform.series SET retention = NULL WHERE name = 'streaming_analytics';
DO $$
BEGIN
    IF (SELECT engine FROM platform.installation) = 'timescale' THEN
        PERFORM platform.set_policies('streaming_analytics');
    END IF;
END
$$;

ALTER TABLE store.streaming_analytics
    DROP COLUMN provider_name, DROP COLUMN model, DROP COLUMN is_streamed, DROP COLUMN generating_ms, DROP COLUMN cost_usd,
    DROP COLUMN error_code;
COMMENT ON TABLE store.streaming_analytics IS 'analytics: tenant: how answers arrive while they are streamed, chunk by chunk.';
COMMENT ON COLUMN store.streaming_analytics.event_type IS NULL;
COMMENT ON COLUMN store.streaming_analytics.stream_id IS NULL;
COMMENT ON COLUMN store.streaming_analytics.chunk_number IS NULL;

CREATE VIEW platform.streaming_analytics AS
    SELECT id, stream_id, event_type, chunk_number, latency_ms, tokens_delta, user_id, "timestamp", tenant_id
      FROM store.streaming_analytics
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
COMMENT ON VIEW platform.streaming_analytics IS 'analytics: tenant: how the team''s own answers arrive.';
GRANT SELECT, INSERT ON platform.streaming_analytics TO guildhall_app;
GRANT SELECT ON platform.streaming_analytics TO guildhall_reader;

-- People's window on it, as platform.settle_grants would make it; it would make all others anew as well.
DO $$
DECLARE
    path CONSTANT text := current_setting('search_path');
BEGIN
    PERFORM set_config('search_path', 'pg_catalog, pg_temp', true); -- so that functions are written out with their schema
    EXECUTE format(
        'CREATE VIEW mine.streaming_analytics WITH (security_barrier) AS %s',
        rtrim(replace(pg_get_viewdef('platform.streaming_analytics'::regclass), 'platform.tenant_id()', 'platform.login_tenant()'), '; ')
    );
    EXECUTE format('COMMENT ON VIEW mine.streaming_analytics IS %L', obj_description('platform.streaming_analytics'::regclass));
    GRANT SELECT ON mine.streaming_analytics TO guildhall_person;
    PERFORM set_config('search_path', path, true);
END
$$;
