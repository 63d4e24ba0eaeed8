-- How answers arrive: rows of the gateway's calls, and their roll-ups by hour, account and model.

ALTER TABLE store.streaming_analytics
    ADD COLUMN provider_name varchar(255),
    ADD COLUMN model         varchar(255),
    ADD COLUMN is_streamed   boolean,
    ADD COLUMN generating_ms bigint,
    ADD COLUMN cost_usd      numeric(18, 10),
    ADD COLUMN error_code    text;
COMMENT ON TABLE store.streaming_analytics IS 'requests: tenant: how answers arrive: a row for each.';
COMMENT ON COLUMN store.streaming_analytics.event_type IS 'Of the gateway''s calls: completed or failed, once for each answer; the row has its id.';
COMMENT ON COLUMN store.streaming_analytics.stream_id IS 'Of the gateway''s calls: the request''s id.';
COMMENT ON COLUMN store.streaming_analytics.chunk_number IS 'With completed and failed: in how many it came.';
COMMENT ON COLUMN store.streaming_analytics.generating_ms IS 'Of a stream: from its first token to its end; what of latency_ms is before that is the time to the first token.';
COMMENT ON COLUMN store.streaming_analytics.cost_usd IS 'Null where nobody knows the price.';

CREATE OR REPLACE VIEW platform.streaming_analytics AS
    SELECT id, stream_id, event_type, chunk_number, latency_ms, tokens_delta, user_id, "timestamp", tenant_id,
           provider_name, model, is_streamed, generating_ms, cost_usd, error_code
      FROM store.streaming_analytics
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
COMMENT ON VIEW platform.streaming_analytics IS 'requests: tenant: how the team''s own answers arrive.';
GRANT INSERT (provider_name, model, is_streamed, generating_ms, cost_usd, error_code) ON store.streaming_analytics TO guildhall_app;

-- Rows of every call are not for ever; the roll-ups stay.
UPDATE platform.series SET retention = '90 days' WHERE name = 'streaming_analytics' AND retention IS NULL;
DO $$
BEGIN
    IF (SELECT engine FROM platform.installation) = 'timescale' THEN
        PERFORM platform.set_policies('streaming_analytics');
    END IF;
END
$$;

SELECT platform.watch_series('streaming_analytics');

SELECT platform.create_rollup(
    'llm_traffic_hourly', 'streaming_analytics', '1 hour', '{provider_name, model}', $$
        count(*) AS answers,
        count(*) FILTER (WHERE event_type = 'failed') AS errors,
        count(*) FILTER (WHERE is_streamed) AS streams,
        sum(tokens_delta) AS tokens,
        sum(tokens_delta) FILTER (WHERE generating_ms IS NOT NULL AND event_type = 'completed') AS streamed_tokens,
        sum(generating_ms) FILTER (WHERE event_type = 'completed') AS generating_ms,
        sum(cost_usd) AS cost_usd,
        count(cost_usd) AS priced_answers
    $$, refresh_interval => '5 minutes', start_offset => '2 days', end_offset => '-1 hour',
    condition => $$event_type IN ('completed', 'failed') AND provider_name IS NOT NULL$$
);
CREATE VIEW gateway.llm_traffic_hourly AS
    SELECT bucket AS hour, tenant_id, provider_name, model, answers, errors, streams, tokens, streamed_tokens, generating_ms,
           cost_usd, priced_answers
      FROM store.llm_traffic_hourly_now
     WHERE tenant_id = (SELECT platform.tenant_id());
COMMENT ON VIEW gateway.llm_traffic_hourly IS 'requests: tenant: the team''s answers by hour, account and model; cost is of those whose price is known, tokens are those of answers.';

SELECT platform.create_rollup(
    'llm_arrival_hourly', 'streaming_analytics', '1 hour',
    ARRAY['provider_name', 'model', 'platform.histogram_index(latency_ms) AS idx'], 'count(*) AS n',
    refresh_interval => '5 minutes', start_offset => '2 days', end_offset => '-1 hour',
    condition => $$event_type = 'completed' AND provider_name IS NOT NULL AND platform.histogram_index(latency_ms) IS NOT NULL$$
);
SELECT platform.create_rollup(
    'llm_first_token_hourly', 'streaming_analytics', '1 hour',
    ARRAY['provider_name', 'model', 'platform.histogram_index(latency_ms - generating_ms) AS idx'], 'count(*) AS n',
    refresh_interval => '5 minutes', start_offset => '2 days', end_offset => '-1 hour',
    condition => $$provider_name IS NOT NULL AND platform.histogram_index(latency_ms - generating_ms) IS NOT NULL$$
);
CREATE VIEW gateway.llm_arrival_hourly AS
    SELECT bucket AS hour, tenant_id, provider_name, model, 'completed' AS event_type, idx, n
      FROM store.llm_arrival_hourly_now
     WHERE tenant_id = (SELECT platform.tenant_id())
     UNION ALL
    SELECT bucket, tenant_id, provider_name, model, 'first_token', idx, n
      FROM store.llm_first_token_hourly_now
     WHERE tenant_id = (SELECT platform.tenant_id());
COMMENT ON VIEW gateway.llm_arrival_hourly IS 'requests: tenant: histograms of milliseconds until the team''s answers began (first_token) and were whole (completed), as gateway.llm_latency_daily.';

GRANT SELECT ON gateway.llm_traffic_hourly, gateway.llm_arrival_hourly TO guildhall_app, guildhall_reader;

-- People's windows, as platform.settle_grants would make them; it would make all others anew as well.
DO $$
DECLARE
    path CONSTANT text := current_setting('search_path');
    wing text;
    name text;
BEGIN
    PERFORM set_config('search_path', 'pg_catalog, pg_temp', true); -- so that functions are written out with their schema
    FOR wing, name IN VALUES ('platform', 'streaming_analytics'), ('gateway', 'llm_traffic_hourly'), ('gateway', 'llm_arrival_hourly') LOOP
        EXECUTE format('DROP VIEW IF EXISTS mine.%I', name);
        EXECUTE format(
            'CREATE VIEW mine.%I WITH (security_barrier) AS %s', name,
            rtrim(replace(pg_get_viewdef(format('%I.%I', wing, name)::regclass), 'platform.tenant_id()', 'platform.login_tenant()'), '; ')
        );
        EXECUTE format('COMMENT ON VIEW mine.%I IS %L', name, obj_description(format('%I.%I', wing, name)::regclass));
        EXECUTE format('GRANT SELECT ON mine.%I TO guildhall_person', name);
    END LOOP;
    PERFORM set_config('search_path', path, true);
END
$$;
