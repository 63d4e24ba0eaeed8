-- Roll-ups (decisions 4–6): what dashboards read in place of raw rows.
--
-- A roll-up keeps counts and sums for each bucket of time, team and key. Whoever
-- changes a series leaves a mark for each bucket that is no longer right, in its
-- own transaction; marks are only ever added, so writers never wait for each
-- other. The roll-up is read as its rows of unmarked buckets and an aggregate
-- over the raw rows of marked ones, hence always exact. A refresh takes the marks
-- that it sees, computes those buckets again, and so makes reading cheap.

-- percentiles --------------------------------------------------------------

-- Masson, Rim and Lee, "DDSketch" (VLDB 2019): values are counted in buckets
-- that grow by 1.02/0.98, so the middle of a bucket is within 2 % of all its
-- values, and histograms merge by adding up. Bucket i holds (g^(i-1), g^i]. All
-- that is not above a billionth counts as zero, in a bucket of its own; what is
-- unknown, infinite or no number is in none.
CREATE FUNCTION platform.histogram_index(measured double precision) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN measured <= 1e-9 THEN -1000000
        WHEN measured < 'infinity' THEN ceil(ln(measured) / ln(1.02::double precision / 0.98))::integer
    END;

CREATE FUNCTION platform.histogram_value(idx integer) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN idx = -1000000 THEN 0
        ELSE 2 * power(1.02::double precision / 0.98, idx) / (1.02::double precision / 0.98 + 1)
    END;

-- The value at a fraction (0 lowest, 1 highest) of everything that some buckets
-- hold, within 2 %: of n values the one of rank floor(fraction × (n − 1)), as
-- numpy's method "lower" takes it. The same bucket may occur more than once, so
-- histograms are merged by passing them together. NULL where they are empty.
CREATE FUNCTION platform.percentile(fraction double precision, idx integer[], n bigint[]) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
        SELECT platform.histogram_value(counted.bucket)
          FROM (
                   SELECT buckets.bucket, buckets.size,
                          sum(buckets.size) OVER (ORDER BY buckets.bucket) AS up_to_here,
                          sum(buckets.size) OVER () AS total
                     FROM unnest(percentile.idx, percentile.n) AS buckets (bucket, size)
               ) AS counted
         WHERE counted.size > 0
           AND fraction BETWEEN 0 AND 1
           AND counted.up_to_here > floor((fraction * (counted.total - 1)::double precision)::numeric)
         ORDER BY counted.bucket
         LIMIT 1;
    END;

-- The middle of numbers of which each weighs something: half of the weight is not
-- above it, half not below. With equal weights it is percentile_cont(0.5). NULL
-- where nothing weighs anything.
CREATE FUNCTION platform.weighted_median(numbers double precision[], weights double precision[]) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
        SELECT avg(sorted.number)
          FROM (
                   SELECT pairs.number, sum(pairs.weight) AS weight,
                          sum(sum(pairs.weight)) OVER (ORDER BY pairs.number) AS up_to_here,
                          sum(sum(pairs.weight)) OVER () AS total
                     FROM unnest(weighted_median.numbers, weighted_median.weights) AS pairs (number, weight)
                    WHERE pairs.number IS NOT NULL AND pairs.weight > 0
                    GROUP BY pairs.number
               ) AS sorted
         WHERE sorted.up_to_here >= sorted.total / 2
           AND sorted.up_to_here - sorted.weight <= sorted.total / 2;
    END;

-- roll-ups -----------------------------------------------------------------

CREATE TABLE platform.rollups (
    name             text        PRIMARY KEY,
    source           text        NOT NULL REFERENCES platform.series,
    width            interval    NOT NULL,
    refresh_interval interval    NOT NULL,
    start_offset     interval    NOT NULL,
    end_offset       interval    NOT NULL,
    is_continuous    boolean     NOT NULL,
    query            text,
    refreshed_at     timestamptz,
    CONSTRAINT rollups_are_computed_by_us_or_the_server CHECK (is_continuous = (query IS NULL)),
    CONSTRAINT rollups_width_is_whole CHECK (width > interval '0' AND extract(epoch FROM width)::bigint % 300 = 0),
    CONSTRAINT rollups_refresh_interval_is_positive CHECK (refresh_interval > interval '0'),
    CONSTRAINT rollups_window_is_two_buckets CHECK (start_offset - end_offset >= 2 * width)
);
COMMENT ON TABLE platform.rollups IS 'operations: system: every roll-up: its series, the width of its buckets, how often and over which window it is refreshed.';
COMMENT ON COLUMN platform.rollups.start_offset IS 'How far back a continuous aggregate''s policy looks; marks need no such limit.';
COMMENT ON COLUMN platform.rollups.end_offset IS 'Buckets that end later than this before now are left to be read from raw rows; negative: the bucket under way is refreshed too.';
COMMENT ON COLUMN platform.rollups.query IS 'Computes one bucket: $1 is its start, $2 its end, $3 the teams; null where TimescaleDB does.';
CREATE INDEX rollups_by_source ON platform.rollups (source);
GRANT SELECT ON platform.rollups TO guildhall_app, guildhall_scheduler;

CREATE TABLE platform.rollup_marks (
    rollup    text        NOT NULL,
    tenant_id uuid,
    bucket    timestamptz NOT NULL,
    is_taken  boolean     NOT NULL DEFAULT false
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_analyze_scale_factor = 0.5);
COMMENT ON TABLE platform.rollup_marks IS 'operations: system: buckets of roll-ups that differ from the raw rows; only added to, until a refresh takes what it sees.';
COMMENT ON COLUMN platform.rollup_marks.is_taken IS 'A continuous aggregate is being refreshed, and will then agree with the rows that this mark stands for.';
CREATE INDEX rollup_marks_by_bucket ON platform.rollup_marks (rollup, tenant_id, bucket);

-- Where the functions of TimescaleDB are; NULL on plain PostgreSQL.
CREATE FUNCTION platform.timescale_schema() RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    RETURN (
        SELECT quote_ident(nspname)
          FROM pg_extension
          JOIN pg_namespace ON pg_namespace.oid = extnamespace
         WHERE extname = 'timescaledb' AND (SELECT engine FROM platform.installation) = 'timescale'
    );
REVOKE ALL ON FUNCTION platform.timescale_schema() FROM PUBLIC;

-- What says, of a row of platform.series, since when raw rows are whole. Older
-- ones were dropped (TimescaleDB drops by itself, and keeps no book of it), so
-- nothing that happens there may change what was rolled up of them.
CREATE FUNCTION platform.beginning_of_rows() RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    RETURN CASE
        WHEN platform.timescale_schema() IS NULL THEN 'COALESCE(dropped_before, ''-infinity'')'
        ELSE 'COALESCE(greatest(dropped_before, now() - retention), ''-infinity'')'
    END;
REVOKE ALL ON FUNCTION platform.beginning_of_rows() FROM PUBLIC;

-- Whether the rows of a series belong to teams.
CREATE FUNCTION platform.has_teams(series_name text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    RETURN EXISTS (
        SELECT FROM pg_attribute
         WHERE attrelid = format('store.%I', series_name)::regclass AND attname = 'tenant_id'
    );
REVOKE ALL ON FUNCTION platform.has_teams(text) FROM PUBLIC;

-- Replaces each {name} in a template by its part.
CREATE FUNCTION platform.fill(template text, parts jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part record;
BEGIN
    FOR part IN SELECT key, value FROM jsonb_each_text(parts) LOOP
        template := replace(template, '{' || part.key || '}', part.value);
    END LOOP;
    RETURN template;
END
$$;
REVOKE ALL ON FUNCTION platform.fill(text, jsonb) FROM PUBLIC;

-- Lets the roll-ups of a series know of every change in it, and gives it an
-- index by time that costs next to nothing to keep: 16 pages a range, so that an
-- hour is found without reading its month.
CREATE FUNCTION platform.watch_series(series_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    parts   jsonb;
    removed text := '';
    -- Reduced to five minutes before it meets the roll-ups: a batch of thousands becomes a few marks.
    marks CONSTANT text := $sql$
            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT {tenant} AS tenant_id,
                              date_bin(interval '5 minutes', {time}, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM {rows}
                   ) AS moments
              JOIN platform.rollups ON rollups.source = '{series}';
        $sql$;
BEGIN
    SELECT jsonb_build_object(
               'series', series.name,
               'time', quote_ident(series.time_column),
               'tenant', CASE WHEN platform.has_teams(series.name) THEN 'tenant_id' ELSE 'NULL::uuid' END
           )
      INTO STRICT parts
      FROM platform.series
     WHERE series.name = series_name;

    -- A compressed hypertable gives no transition table of removed rows, and cascades reach its chunks one by one.
    IF platform.timescale_schema() IS NOT NULL THEN
        removed := $sql$
            IF TG_LEVEL = 'ROW' THEN
            $sql$ || replace(marks, '{rows}', '(SELECT OLD.*) AS removed') || $sql$
                RETURN NULL;
            END IF;
            $sql$;
    END IF;
    EXECUTE platform.fill($sql$
        CREATE FUNCTION store.mark_{series}() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = pg_catalog, pg_temp
        AS $body$
        BEGIN
            $sql$ || removed || replace(marks, '{rows}', 'changed_rows') || $sql$
            IF TG_OP = 'UPDATE' THEN
            $sql$ || replace(marks, '{rows}', 'new_rows') || $sql$
            END IF;
            RETURN NULL;
        END
        $body$;
        REVOKE ALL ON FUNCTION store.mark_{series}() FROM PUBLIC;
        CREATE TRIGGER {series}_added_are_marked AFTER INSERT ON store.{series}
            REFERENCING NEW TABLE AS changed_rows
            FOR EACH STATEMENT EXECUTE FUNCTION store.mark_{series}();
        CREATE TRIGGER {series}_changed_are_marked AFTER UPDATE ON store.{series}
            REFERENCING OLD TABLE AS changed_rows NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION store.mark_{series}();
        CREATE TRIGGER {series}_removed_are_marked AFTER DELETE ON store.{series}
            $sql$ || CASE removed WHEN '' THEN 'REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT' ELSE 'FOR EACH ROW' END || $sql$
            EXECUTE FUNCTION store.mark_{series}();
        CREATE INDEX {series}_by_age ON store.{series} USING brin ({time}) WITH (pages_per_range = 16);
        $sql$, parts);
END
$$;
REVOKE ALL ON FUNCTION platform.watch_series(text) FROM PUBLIC;

-- Declares a roll-up of a series that is watched. It makes
--   store.<name>      its rows; on TimescaleDB a continuous aggregate, where it is declared one,
--   store.<name>_now  the same, exact at every moment: what the view of its wing reads.
-- Both have the columns tenant_id (unless the series is global), bucket, keys,
-- measures. Keys and measures are SQL over columns of the series, or of a finer
-- roll-up of it, where one is named; measures are aggregates, and whatever is not
-- a column is given a name.
CREATE FUNCTION platform.create_rollup(
    rollup_name text, series_name text, width interval, keys text[], measures text,
    refresh_interval interval, start_offset interval, end_offset interval,
    condition text DEFAULT 'true', finer text DEFAULT NULL, continuous boolean DEFAULT false
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    has_tenant          CONSTANT boolean := platform.has_teams(series_name);
    is_continuous       CONSTANT boolean := continuous AND platform.timescale_schema() IS NOT NULL;
    columns_before_keys CONSTANT integer := CASE WHEN has_tenant THEN 2 ELSE 1 END;
    parts               jsonb;
BEGIN
    SELECT jsonb_build_object(
               'rollup', rollup_name,
               'series', series.name,
               'rows', 'store.' || COALESCE(finer || '_now', series.name),
               'time', CASE WHEN finer IS NULL THEN quote_ident(series.time_column) ELSE 'bucket' END,
               'rows begin', platform.beginning_of_rows(),
               'width', quote_literal(width),
               'keys', array_to_string(keys, ', '),
               'measures', measures,
               'condition', condition,
               'timescale', COALESCE(platform.timescale_schema(), ''),
               'class', CASE WHEN has_tenant THEN 'tenant' ELSE 'global' END,
               -- nothing of teams in a roll-up of what all teams share
               'tenant_id is set', CASE WHEN has_tenant THEN
                   'ALTER COLUMN tenant_id SET NOT NULL, ALTER COLUMN tenant_id SET DEFAULT platform.tenant_id(),' ELSE '' END,
               'tenant_id,', CASE WHEN has_tenant THEN 'tenant_id,' ELSE '' END,
               'dirty.tenant_id,', CASE WHEN has_tenant THEN 'dirty.tenant_id,' ELSE '' END,
               'marks.tenant_id,', CASE WHEN has_tenant THEN 'marks.tenant_id,' ELSE '' END,
               'mark is of rolled', CASE WHEN has_tenant THEN 'marks.tenant_id = rolled.tenant_id' ELSE 'marks.tenant_id IS NULL' END,
               'row is of dirty', CASE WHEN has_tenant THEN 'tenant_id = dirty.tenant_id' ELSE 'true' END,
               'row is of $3', CASE WHEN has_tenant THEN 'tenant_id = ANY ($3)' ELSE '$3 IS NOT NULL' END,
               'positions of keys', (SELECT string_agg(n::text, ', ') FROM generate_series(1, cardinality(keys)) AS n),
               'positions of all', (SELECT string_agg(n::text, ', ') FROM generate_series(1, columns_before_keys + cardinality(keys)) AS n)
           )
      INTO STRICT parts
      FROM platform.series
     WHERE series.name = series_name;

    IF is_continuous THEN
        EXECUTE platform.fill($sql$
            CREATE MATERIALIZED VIEW store.{rollup}
              WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
                SELECT {tenant_id,} {timescale}.time_bucket(interval {width}, {time}) AS bucket, {keys}, {measures}
                  FROM {rows}
                 WHERE {condition}
                 GROUP BY {positions of all}
                  WITH NO DATA;
            COMMENT ON VIEW store.{rollup} IS 'operations: {class}: the roll-up of {series}, as far as it was refreshed.';
            $sql$, parts);
    ELSE
        EXECUTE platform.fill($sql$
            CREATE TABLE store.{rollup} AS
                SELECT {tenant_id,} {time} AS bucket, {keys}, {measures}
                  FROM {rows}
                 GROUP BY {positions of all}
                  WITH NO DATA;
            COMMENT ON TABLE store.{rollup} IS 'operations: {class}: the roll-up of {series}, as far as it was refreshed.';
            $sql$, parts);
        parts := parts || jsonb_build_object('key names', (
            SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
              FROM pg_attribute
             WHERE attrelid = format('store.%I', rollup_name)::regclass
               AND attnum BETWEEN 1 AND columns_before_keys + cardinality(keys)
        ));
        EXECUTE platform.fill($sql$
            ALTER TABLE store.{rollup}
                {tenant_id is set}
                ALTER COLUMN bucket SET NOT NULL,
                ADD CONSTRAINT {rollup}_one_per_key UNIQUE NULLS NOT DISTINCT ({key names});
            $sql$, parts);
    END IF;
    EXECUTE platform.fill($sql$
        CREATE VIEW store.{rollup}_now AS
            SELECT rolled.*
              FROM store.{rollup} AS rolled
             WHERE NOT EXISTS (
                       SELECT FROM platform.rollup_marks AS marks
                        WHERE marks.rollup = '{rollup}'
                          AND {mark is of rolled}
                          AND marks.bucket = rolled.bucket
                          AND marks.bucket >= (SELECT {rows begin} FROM platform.series WHERE name = '{series}')
                   )
             UNION ALL
            -- Each marked bucket has a sub-query of its own, which finds its rows through the index by time.
            SELECT {dirty.tenant_id,} dirty.bucket, live.*
              FROM (
                       SELECT DISTINCT {marks.tenant_id,} marks.bucket
                         FROM platform.rollup_marks AS marks
                        WHERE marks.rollup = '{rollup}'
                          AND marks.bucket >= (SELECT {rows begin} FROM platform.series WHERE name = '{series}')
                   ) AS dirty
             CROSS JOIN LATERAL (
                       SELECT {keys}, {measures}
                         FROM {rows}
                        WHERE {row is of dirty}
                          AND {time} >= dirty.bucket AND {time} < dirty.bucket + interval {width}
                          AND ({condition})
                        GROUP BY {positions of keys}
                   ) AS live;
        COMMENT ON VIEW store.{rollup}_now IS 'operations: {class}: the roll-up of {series}, exact at every moment.';
        $sql$, parts);

    INSERT INTO platform.rollups (name, source, width, refresh_interval, start_offset, end_offset, is_continuous, query)
    VALUES (
        rollup_name, series_name, width, refresh_interval, start_offset, end_offset, is_continuous,
        CASE WHEN NOT is_continuous THEN platform.fill($sql$
            INSERT INTO store.{rollup}
            SELECT {tenant_id,} $1, {keys}, {measures}
              FROM {rows}
             WHERE {row is of $3}
               AND {time} >= $1 AND {time} < $2
               AND ({condition})
             GROUP BY {positions of all}
            $sql$, parts) END
    );
    -- Jobs run as the owner, who must then be allowed to log in.
    IF is_continuous AND (SELECT rolcanlogin FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE platform.fill('SELECT {timescale}.add_continuous_aggregate_policy(''store.{rollup}'', $1, $2, $3)', parts)
          USING start_offset, end_offset, refresh_interval;
    END IF;
END
$$;
REVOKE ALL ON FUNCTION platform.create_rollup(text, text, interval, text[], text, interval, interval, interval, text, text, boolean) FROM PUBLIC;

-- Computes a roll-up's marked buckets again: those that end before `until` (by
-- default now, less its end offset), oldest first, `at_most` of them. Returns how
-- many there were; NULL where another session is refreshing the same roll-up.
--
-- A mark that is taken was committed before the statement that takes it, and so
-- were the rows it stands for; the statements after it see those rows. Rows that
-- are committed meanwhile have marks that stay.
CREATE FUNCTION platform.refresh_rollup(rollup_name text, until timestamptz DEFAULT NULL, at_most integer DEFAULT NULL) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    wanted    platform.rollups;
    kept_from timestamptz;
    dirty     record;
    buckets   integer := 0;
BEGIN
    SELECT * INTO wanted FROM platform.rollups WHERE name = rollup_name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no roll-up %', quote_literal(rollup_name) USING ERRCODE = 'undefined_table';
    END IF;
    IF wanted.is_continuous THEN
        RETURN 0; -- refresh_continuous_rollups does it, in transactions of its own
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtext('platform.rollups'), hashtext(rollup_name)) THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT %s FROM platform.series WHERE name = $1', platform.beginning_of_rows()) INTO kept_from USING wanted.source;

    FOR dirty IN
        WITH taken AS (
            DELETE FROM platform.rollup_marks AS marks
             USING (
                       SELECT DISTINCT oldest.bucket
                         FROM platform.rollup_marks AS oldest
                        WHERE oldest.rollup = rollup_name
                          AND oldest.bucket <= COALESCE(until, now() - wanted.end_offset) - wanted.width
                        ORDER BY oldest.bucket
                        LIMIT at_most
                   ) AS due
             WHERE marks.rollup = rollup_name AND marks.bucket = due.bucket
            RETURNING marks.tenant_id, marks.bucket
        )
        SELECT bucket, array_agg(DISTINCT tenant_id) AS tenants FROM taken GROUP BY bucket ORDER BY bucket
    LOOP
        -- Raw rows of that age were dropped: what was rolled up of them is all that is left.
        CONTINUE WHEN dirty.bucket < kept_from;
        EXECUTE format('DELETE FROM store.%I WHERE bucket = $1 AND %s', rollup_name,
                       CASE WHEN platform.has_teams(wanted.source) THEN 'tenant_id = ANY ($2)' ELSE '$2 IS NOT NULL' END)
          USING dirty.bucket, dirty.tenants;
        EXECUTE wanted.query USING dirty.bucket, dirty.bucket + wanted.width, dirty.tenants;
        buckets := buckets + 1;
    END LOOP;
    UPDATE platform.rollups SET refreshed_at = now() WHERE name = rollup_name;
    RETURN buckets;
END
$$;
REVOKE ALL ON FUNCTION platform.refresh_rollup(text, timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.refresh_rollup(text, timestamptz, integer) TO guildhall_scheduler;

-- All of them in one transaction; whoever has many buckets to do refreshes them one by one.
CREATE FUNCTION platform.refresh_rollups(until timestamptz DEFAULT NULL, at_most integer DEFAULT NULL)
    RETURNS TABLE (rollup text, buckets integer)
    LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT rollups.name, platform.refresh_rollup(rollups.name, refresh_rollups.until, refresh_rollups.at_most)
          FROM platform.rollups
         ORDER BY rollups.width, rollups.name; -- finer ones first, which coarser ones may read
    END;
REVOKE ALL ON FUNCTION platform.refresh_rollups(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.refresh_rollups(timestamptz, integer) TO guildhall_scheduler;

-- What refresh_rollup does, for continuous aggregates: TimescaleDB refreshes them
-- in transactions of its own, as their owner. A mark is taken before the refresh
-- and removed after it, so that its bucket is read from raw rows meanwhile. It
-- runs as a job (which passes a number and a configuration), beside the policies,
-- which see no rows that are older than their windows.
DO $$
DECLARE
    parts CONSTANT jsonb := jsonb_build_object('timescale', platform.timescale_schema(), 'rows begin', platform.beginning_of_rows());
BEGIN
    IF platform.timescale_schema() IS NULL THEN
        RETURN;
    END IF;
    EXECUTE platform.fill($sql$
        CREATE PROCEDURE platform.refresh_continuous_rollups(job_id integer DEFAULT NULL, config jsonb DEFAULT NULL)
            LANGUAGE plpgsql
        AS $body$
        DECLARE
            wanted platform.rollups;
            dirty  record;
        BEGIN
            -- One at a time, or one would remove what another has taken and not refreshed yet. Until
            -- it is over, or its session is: a lock of one transaction would not outlast a refresh.
            IF NOT pg_try_advisory_lock(hashtext('platform.rollups'), hashtext('platform.refresh_continuous_rollups')) THEN
                RETURN;
            END IF;
            FOR wanted IN SELECT * FROM platform.rollups WHERE is_continuous ORDER BY name LOOP
                UPDATE platform.rollup_marks
                   SET is_taken = true
                 WHERE rollup = wanted.name AND bucket <= now() - wanted.end_offset - wanted.width;
                COMMIT;
                FOR dirty IN
                    SELECT min(marks.bucket) AS first, max(marks.bucket) + wanted.width AS behind_last
                      FROM (
                               SELECT bucket, bucket - wanted.width * row_number() OVER (ORDER BY bucket) AS island
                                 FROM platform.rollup_marks
                                WHERE rollup = wanted.name AND is_taken
                                  AND bucket >= (SELECT {rows begin} FROM platform.series WHERE name = wanted.source)
                                GROUP BY bucket
                           ) AS marks
                     GROUP BY island
                     ORDER BY island
                LOOP
                    -- Forced, because 2.28 does not notice what COPY adds to a hypertable that has triggers.
                    CALL {timescale}.refresh_continuous_aggregate(
                        format('store.%I', wanted.name)::regclass, dirty.first, dirty.behind_last, force => true
                    );
                END LOOP;
                DELETE FROM platform.rollup_marks WHERE rollup = wanted.name AND is_taken;
                UPDATE platform.rollups SET refreshed_at = now() WHERE name = wanted.name;
                COMMIT;
            END LOOP;
            PERFORM pg_advisory_unlock(hashtext('platform.rollups'), hashtext('platform.refresh_continuous_rollups'));
        END
        $body$;
        REVOKE ALL ON PROCEDURE platform.refresh_continuous_rollups(integer, jsonb) FROM PUBLIC;
        $sql$, parts);
    IF (SELECT rolcanlogin FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE platform.fill($sql$
            SELECT {timescale}.add_job('platform.refresh_continuous_rollups', interval '10 minutes')
            $sql$, parts);
    END IF;
END
$$;

-- evaluation ---------------------------------------------------------------

SELECT platform.watch_series('outcomes');
SELECT platform.watch_series('failure_patterns');
SELECT platform.watch_series('tool_usage');

SELECT platform.create_rollup(
    'simulation_performance_hourly', 'outcomes', '1 hour', '{simulation_id}', $$
        count(*) AS total_outcomes,
        count(reliability_score) AS scored_outcomes,
        sum(reliability_score) AS reliability_sum,
        count(execution_time_ms) AS timed_outcomes,
        sum(execution_time_ms) AS execution_time_sum_ms,
        min(execution_time_ms) AS min_execution_time_ms,
        max(execution_time_ms) AS max_execution_time_ms,
        count(cost_usd) AS priced_outcomes,
        sum(cost_usd) AS total_cost_usd,
        count(tokens_used) AS counted_outcomes,
        sum(tokens_used) AS total_tokens,
        count(passed) AS judged_outcomes,
        count(*) FILTER (WHERE passed) AS passed_outcomes,
        count(*) FILTER (WHERE status = 'error') AS error_count,
        count(*) FILTER (WHERE status = 'timeout') AS timeout_count
    $$, refresh_interval => '1 hour', start_offset => '1 day', end_offset => '1 hour', continuous => true
);
CREATE INDEX simulation_performance_hourly_by_simulation ON store.simulation_performance_hourly (tenant_id, simulation_id);

CREATE VIEW evaluation.simulation_performance_hourly AS
    SELECT bucket AS hour, simulation_id, total_outcomes,
           reliability_sum / NULLIF(scored_outcomes, 0) AS avg_reliability,
           execution_time_sum_ms / NULLIF(timed_outcomes, 0) AS avg_execution_time,
           total_cost_usd AS total_cost,
           error_count, tenant_id, timeout_count, scored_outcomes, reliability_sum, timed_outcomes, execution_time_sum_ms,
           min_execution_time_ms, max_execution_time_ms, priced_outcomes, counted_outcomes, total_tokens,
           judged_outcomes, passed_outcomes
      FROM store.simulation_performance_hourly_now
     WHERE tenant_id = (SELECT platform.tenant_id());
COMMENT ON VIEW evaluation.simulation_performance_hourly IS 'outcomes: tenant: the team''s outcomes by simulation and hour: the documented averages, and the counts and sums by which hours add up.';

-- What dashboards read over weeks. A day that has changed is added up from its hours.
SELECT platform.create_rollup(
    'simulation_performance_daily', 'outcomes', '1 day', '{simulation_id}', $$
        sum(total_outcomes)::bigint AS total_outcomes,
        sum(scored_outcomes)::bigint AS scored_outcomes,
        sum(reliability_sum) AS reliability_sum,
        sum(timed_outcomes)::bigint AS timed_outcomes,
        sum(execution_time_sum_ms) AS execution_time_sum_ms,
        sum(priced_outcomes)::bigint AS priced_outcomes,
        sum(total_cost_usd) AS total_cost_usd,
        sum(counted_outcomes)::bigint AS counted_outcomes,
        sum(total_tokens)::bigint AS total_tokens,
        sum(error_count)::bigint AS error_count
    $$, refresh_interval => '1 hour', start_offset => '2 days', end_offset => '-1 day', finer => 'simulation_performance_hourly'
);
CREATE VIEW evaluation.simulation_performance_daily AS
    SELECT bucket AS day, simulation_id, total_outcomes, scored_outcomes, reliability_sum, timed_outcomes,
           execution_time_sum_ms, priced_outcomes, total_cost_usd, counted_outcomes, total_tokens, error_count, tenant_id
      FROM store.simulation_performance_daily_now
     WHERE tenant_id = (SELECT platform.tenant_id());
COMMENT ON VIEW evaluation.simulation_performance_daily IS 'outcomes: tenant: the team''s outcomes by simulation and day, as counts and sums.';

SELECT platform.create_rollup(
    'simulation_latency_hourly', 'outcomes', '1 hour',
    ARRAY['simulation_id', 'platform.histogram_index(execution_time_ms) AS idx'], 'count(*) AS n',
    refresh_interval => '1 hour', start_offset => '1 day', end_offset => '1 hour',
    condition => 'platform.histogram_index(execution_time_ms) IS NOT NULL'
);
CREATE VIEW evaluation.simulation_latency_hourly AS
    SELECT bucket AS hour, simulation_id, idx, n, tenant_id
      FROM store.simulation_latency_hourly_now
     WHERE tenant_id = (SELECT platform.tenant_id());
COMMENT ON VIEW evaluation.simulation_latency_hourly IS 'outcomes: tenant: histograms of the team''s execution times; platform.percentile(0.95, array_agg(idx), array_agg(n)) over any of its rows is theirs, within 2 %.';

-- Scenarios take their whole day, the one under way included: a live tail of a day would be long.
SELECT platform.create_rollup(
    'scenario_performance_daily', 'outcomes', '1 day', '{scenario_id}', $$
        count(*) AS total_outcomes,
        count(reliability_score) AS scored_outcomes,
        sum(reliability_score) AS reliability_sum,
        sum(reliability_score * reliability_score) AS reliability_square_sum,
        count(execution_time_ms) AS timed_outcomes,
        sum(execution_time_ms) AS execution_time_sum_ms,
        count(*) FILTER (WHERE status = 'error') AS error_count,
        count(*) FILTER (WHERE status = 'timeout') AS timeout_count
    $$, refresh_interval => '1 hour', start_offset => '2 days', end_offset => '-1 day'
);
CREATE VIEW evaluation.scenario_performance_daily AS
    SELECT bucket AS day, scenario_id, total_outcomes, scored_outcomes, reliability_sum, reliability_square_sum,
           timed_outcomes, execution_time_sum_ms, error_count, timeout_count, tenant_id
      FROM store.scenario_performance_daily_now
     WHERE tenant_id = (SELECT platform.tenant_id());
COMMENT ON VIEW evaluation.scenario_performance_daily IS 'outcomes: tenant: the team''s outcomes by scenario and day, as counts and sums.';

SELECT platform.create_rollup(
    'failure_trends_daily', 'failure_patterns', '1 day', '{failure_category}', $$
        count(*) AS failure_count,
        count(cluster_confidence) AS clustered_count,
        sum(cluster_confidence) AS confidence_sum,
        count(DISTINCT pattern_cluster_id) AS unique_patterns
    $$, refresh_interval => '1 hour', start_offset => '3 days', end_offset => '1 hour', continuous => true
);
CREATE VIEW evaluation.failure_trends_daily AS
    SELECT bucket AS day, failure_category, failure_count,
           confidence_sum / NULLIF(clustered_count, 0) AS avg_confidence,
           unique_patterns, tenant_id, clustered_count, confidence_sum
      FROM store.failure_trends_daily_now
     WHERE tenant_id = (SELECT platform.tenant_id());
COMMENT ON VIEW evaluation.failure_trends_daily IS 'failures: tenant: the team''s failures by category and day; unique_patterns are those of the day and do not add up.';

-- Rates and averages are each call's, not each row's: a row stands for one or many calls.
SELECT platform.create_rollup(
    'tool_performance_daily', 'tool_usage', '1 day', '{tool_name}', $$
        count(*) AS usage_count,
        sum(call_count) AS total_calls,
        sum(success_rate * call_count) AS successful_calls,
        sum(COALESCE(NULLIF(timed_count, 0), call_count)) FILTER (WHERE avg_duration_ms IS NOT NULL) AS timed_calls,
        sum(avg_duration_ms * COALESCE(NULLIF(timed_count, 0), call_count)) AS duration_sum_ms,
        count(total_cost_usd) AS priced_count,
        sum(total_cost_usd) AS total_cost_usd
    $$, refresh_interval => '1 hour', start_offset => '3 days', end_offset => '1 hour', continuous => true
);
CREATE VIEW evaluation.tool_performance_daily AS
    SELECT bucket AS day, tool_name,
           successful_calls / total_calls AS avg_success_rate,
           duration_sum_ms / timed_calls AS avg_duration,
           total_cost_usd AS daily_cost,
           usage_count, tenant_id, total_calls, successful_calls, timed_calls, duration_sum_ms, priced_count
      FROM store.tool_performance_daily_now
     WHERE tenant_id = (SELECT platform.tenant_id());
COMMENT ON VIEW evaluation.tool_performance_daily IS 'outcomes: tenant: the team''s tools by day; averages are over calls.';

GRANT SELECT ON
    evaluation.simulation_performance_hourly, evaluation.simulation_performance_daily, evaluation.simulation_latency_hourly,
    evaluation.scenario_performance_daily, evaluation.failure_trends_daily, evaluation.tool_performance_daily TO guildhall_app;

-- gateway ------------------------------------------------------------------

SELECT platform.watch_series('llm_requests');
SELECT platform.watch_series('llm_responses');

-- A call counts on the day it was made, as what it has become since. The day
-- under way is refreshed too: a live tail of a day of calls would be long.
SELECT platform.create_rollup(
    'mv_daily_stats', 'llm_requests', '1 day', '{user_id, model}', $$
        count(*) AS requests,
        count(*) FILTER (WHERE status = 'completed') AS completed_requests,
        count(*) FILTER (WHERE status = 'failed') AS errors,
        sum(tokens_prompt) AS tokens_prompt,
        sum(tokens_completion) AS tokens_completion,
        sum(tokens_total) AS tokens_total,
        count(tokens_total) AS counted_requests,
        sum(cost_usd) AS total_cost_usd,
        count(cost_usd) AS priced_requests
    $$, refresh_interval => '1 hour', start_offset => '2 days', end_offset => '-1 day'
);
CREATE VIEW gateway.mv_daily_stats AS
    SELECT bucket AS day, tenant_id, user_id, model, requests, completed_requests, errors, tokens_prompt, tokens_completion,
           tokens_total, counted_requests, total_cost_usd, priced_requests
      FROM store.mv_daily_stats_now
     WHERE tenant_id = (SELECT platform.tenant_id());
COMMENT ON VIEW gateway.mv_daily_stats IS 'requests: tenant: the team''s calls by day, person and the model they asked for; cost is of the calls whose cost is known, of which there are priced_requests.';

SELECT platform.create_rollup(
    'llm_latency_daily', 'llm_responses', '1 day',
    ARRAY['provider_name', 'model', 'platform.histogram_index(response_time) AS idx'], 'count(*) AS n',
    refresh_interval => '1 hour', start_offset => '2 days', end_offset => '-1 day',
    condition => 'error_code IS NULL AND platform.histogram_index(response_time) IS NOT NULL'
);
CREATE VIEW gateway.llm_latency_daily AS
    SELECT bucket AS day, tenant_id, provider_name, model, idx, n
      FROM store.llm_latency_daily_now
     WHERE tenant_id = (SELECT platform.tenant_id());
COMMENT ON VIEW gateway.llm_latency_daily IS 'requests: tenant: histograms of how long the team''s answers took, in milliseconds; platform.percentile(0.95, array_agg(idx), array_agg(n)) over any of its rows is theirs, within 2 %.';

GRANT SELECT ON gateway.mv_daily_stats, gateway.llm_latency_daily TO guildhall_app;

-- catalogue ----------------------------------------------------------------

SELECT platform.watch_series('status_probes');

-- Errata: a mean of percentiles that ignores traffic, and a sum of rates. A probe
-- weighs as many requests as it stands for (one, where it does not say), and
-- requests and tokens are rates times the time that the probe looked.
SELECT platform.create_rollup(
    'status_5min', 'status_probes', '5 minutes', '{model_id, region}', platform.fill($$
        count(*) AS probe_count,
        sum(availability * {weight}) AS availability_sum,
        sum({weight}) FILTER (WHERE availability IS NOT NULL) AS availability_weight,
        sum(latency_p50 * {weight}) AS latency_p50_sum,
        sum({weight}) FILTER (WHERE latency_p50 IS NOT NULL) AS latency_p50_weight,
        sum(latency_p95 * {weight}) AS latency_p95_sum,
        sum({weight}) FILTER (WHERE latency_p95 IS NOT NULL) AS latency_p95_weight,
        sum(latency_p99 * {weight}) AS latency_p99_sum,
        sum({weight}) FILTER (WHERE latency_p99 IS NOT NULL) AS latency_p99_weight,
        sum(error_rate * {weight}) AS error_rate_sum,
        sum({weight}) FILTER (WHERE error_rate IS NOT NULL) AS error_rate_weight,
        sum(requests_per_minute * window_seconds / 60.0) AS total_requests,
        sum(tokens_per_minute * window_seconds / 60.0) AS total_tokens
    $$, '{"weight": "COALESCE(requests_per_minute * window_seconds / 60.0, 1)"}'),
    refresh_interval => '5 minutes', start_offset => '1 hour', end_offset => '5 minutes', continuous => true
);
CREATE VIEW catalogue.status_5min AS
    SELECT bucket, model_id, region,
           availability_sum / NULLIF(availability_weight, 0) AS avg_availability,
           latency_p50_sum / NULLIF(latency_p50_weight, 0) AS avg_latency_p50,
           latency_p95_sum / NULLIF(latency_p95_weight, 0) AS avg_latency_p95,
           latency_p99_sum / NULLIF(latency_p99_weight, 0) AS avg_latency_p99,
           error_rate_sum / NULLIF(error_rate_weight, 0) AS avg_error_rate,
           round(total_requests)::bigint AS total_requests,
           round(total_tokens)::bigint AS total_tokens,
           probe_count
      FROM store.status_5min_now;
COMMENT ON VIEW catalogue.status_5min IS 'status: global: how each model fared, by region and five minutes; averages weigh each probe by the requests it stands for.';

SELECT platform.create_rollup(
    'status_hourly', 'status_probes', '1 hour', '{model_id, region}', platform.fill($$
        count(*) AS probe_count,
        sum(availability * {weight}) AS availability_sum,
        sum({weight}) FILTER (WHERE availability IS NOT NULL) AS availability_weight,
        min(availability) AS min_availability,
        platform.weighted_median(array_agg(latency_p95::double precision), array_agg(({weight})::double precision)) AS median_latency_p95,
        max(latency_p95) AS max_latency_p95,
        sum(error_rate * {weight}) AS error_rate_sum,
        sum({weight}) FILTER (WHERE error_rate IS NOT NULL) AS error_rate_weight,
        sum(requests_per_minute * window_seconds / 60.0) AS total_requests,
        sum(tokens_per_minute * window_seconds / 60.0) AS total_tokens
    $$, '{"weight": "COALESCE(requests_per_minute * window_seconds / 60.0, 1)"}'),
    refresh_interval => '1 hour', start_offset => '1 day', end_offset => '1 hour', continuous => true
);
CREATE VIEW catalogue.status_hourly AS
    SELECT bucket, model_id, region,
           availability_sum / NULLIF(availability_weight, 0) AS avg_availability,
           min_availability, median_latency_p95, max_latency_p95,
           error_rate_sum / NULLIF(error_rate_weight, 0) AS avg_error_rate,
           round(total_requests)::bigint AS total_requests,
           round(total_tokens)::bigint AS total_tokens,
           probe_count
      FROM store.status_hourly_now;
COMMENT ON VIEW catalogue.status_hourly IS 'status: global: how each model fared, by region and hour; averages and the median weigh each probe by the requests it stands for.';

GRANT SELECT ON catalogue.status_5min, catalogue.status_hourly
   TO guildhall_app, guildhall_curator, guildhall_writer, guildhall_worker, guildhall_scheduler;

-- platform -----------------------------------------------------------------

SELECT platform.watch_series('analytics_events');

SELECT platform.create_rollup(
    'daily_stats', 'analytics_events', '1 day', '{event_type}', $$
        count(*) AS event_count,
        count(DISTINCT session_id) AS unique_sessions
    $$, refresh_interval => '1 hour', start_offset => '2 days', end_offset => '-1 day'
);
SELECT platform.create_rollup(
    'daily_model_views', 'analytics_events', '1 day',
    ARRAY[$$COALESCE(event_properties ->> 'model_id', 'unknown') AS model$$], 'count(*) AS n',
    refresh_interval => '1 hour', start_offset => '2 days', end_offset => '-1 day',
    condition => $$event_type = 'model_view'$$
);

-- Errata: the document nests one aggregate in another; here each has a roll-up of its own.
CREATE VIEW platform.daily_stats AS
    SELECT days.bucket AS day, days.event_type, days.event_count, days.unique_sessions,
           CASE WHEN days.event_type = 'model_view' THEN (
               SELECT jsonb_object_agg(views.model, views.n)
                 FROM store.daily_model_views_now AS views
                WHERE views.tenant_id = days.tenant_id AND views.bucket = days.bucket
           ) END AS model_views,
           days.tenant_id
      FROM store.daily_stats_now AS days
     WHERE days.tenant_id = (SELECT platform.tenant_id());
COMMENT ON VIEW platform.daily_stats IS 'analytics: tenant: what the team''s own people looked at, by day; unique_sessions are those of the day and do not add up.';
GRANT SELECT ON platform.daily_stats TO guildhall_app;
