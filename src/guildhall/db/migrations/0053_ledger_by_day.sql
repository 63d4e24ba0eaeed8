-- The gateway's ledger by day (decision 4), so that what is old goes a day at a time; and what its pages are filtered by.

ALTER TABLE platform.series DROP CONSTRAINT series_step_is_a_month;
ALTER TABLE platform.series ADD CONSTRAINT series_step_is_a_month_or_a_day CHECK (
    -- Thirty days equal a month to PostgreSQL, but not to a calendar; nor do 24 hours make a day.
    (step = interval '1 month' AND date_trunc('month', step) = step) OR (step = interval '1 day' AND date_trunc('day', step) = step)
);

-- What the partition of a span is called: series_2026_11, or series_2026_11_27.
CREATE FUNCTION platform.partition_name(series_name text, starts timestamptz, step interval) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    RETURN series_name || to_char(starts, CASE WHEN step = interval '1 day' THEN '_YYYY_MM_DD' ELSE '_YYYY_MM' END)
           || CASE WHEN extract(year FROM starts) < 0 THEN '_bc' ELSE '' END;

CREATE OR REPLACE FUNCTION platform.partition_name(series_name text, starts timestamptz) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    RETURN platform.partition_name(series_name, starts, (SELECT step FROM platform.series WHERE name = series_name));

CREATE OR REPLACE FUNCTION platform.ensure_partitions(series_name text, earliest timestamptz, latest timestamptz) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    SET lock_timeout = '5s'
AS $$
DECLARE
    wanted    platform.series;
    starts    timestamptz;
    ends      timestamptz;
    partition text;
    whole     text;
    made      integer := 0;
BEGIN
    SELECT * INTO wanted FROM platform.series WHERE name = series_name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no series %', quote_literal(series_name) USING ERRCODE = 'undefined_table';
    END IF;
    IF NOT isfinite(earliest) OR NOT isfinite(latest) OR latest < earliest OR latest - earliest > interval '100 years' THEN
        RAISE EXCEPTION 'a series cannot be given partitions from % to %', earliest, latest
              USING ERRCODE = 'datetime_field_overflow';
    END IF;
    IF (SELECT engine FROM platform.installation) = 'timescale' THEN
        RETURN 0;
    END IF;

    starts := date_trunc(CASE WHEN wanted.step = interval '1 day' THEN 'day' ELSE 'month' END, earliest);
    WHILE starts <= latest LOOP
        ends      := starts + wanted.step;
        partition := platform.partition_name(series_name, starts);
        IF wanted.step = interval '1 day' THEN
            -- A month from before the series went by days holds all of its own.
            whole := platform.partition_name(series_name, starts, interval '1 month');
            IF to_regclass(format('store.%I', whole)) IS NOT NULL THEN
                partition := whole;
                ends      := date_trunc('month', starts) + interval '1 month';
            END IF;
        END IF;
        IF ends <= now() - wanted.retention THEN
            -- Upkeep may drop a partition of that age, but not before this transaction has ended.
            PERFORM pg_advisory_xact_lock_shared(hashtext('platform.series.kept'), hashtext(partition));
        END IF;
        IF to_regclass(format('store.%I', partition)) IS NULL THEN
            -- Two writers may want the same month: the second waits, and finds it made. Whether
            -- it is there is known for certain only by making it: names are looked up in a cache.
            PERFORM pg_advisory_xact_lock(hashtext('platform.series'), hashtext(partition));
            BEGIN
                EXECUTE format('CREATE TABLE store.%I (LIKE store.%I INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING STORAGE)',
                               partition, series_name);
                EXECUTE format('ALTER TABLE store.%I ATTACH PARTITION store.%I FOR VALUES FROM (%L) TO (%L)',
                               series_name, partition, starts, ends);
                made := made + 1;
            EXCEPTION WHEN duplicate_table THEN
                NULL;
            END;
        END IF;
        starts := ends;
    END LOOP;
    RETURN made;
END
$$;

-- What is made by days is made a sixth as far ahead: each of them is a table.
CREATE OR REPLACE FUNCTION platform.series_short_of(ahead interval DEFAULT '1 month')
    RETURNS TABLE (series text, reaches timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
AS $$
    SELECT registered.name, min(part)
      FROM platform.series AS registered
     CROSS JOIN LATERAL generate_series(
               date_trunc(CASE WHEN registered.step = interval '1 day' THEN 'day' ELSE 'month' END, now()),
               now() + CASE WHEN registered.step = interval '1 day' THEN ahead / 6 ELSE ahead END, registered.step
           ) AS part
     WHERE (SELECT engine FROM platform.installation) = 'native'
       AND to_regclass(format('store.%I', platform.partition_name(registered.name, part))) IS NULL
       AND to_regclass(format('store.%I', platform.partition_name(registered.name, part, interval '1 month'))) IS NULL
     GROUP BY registered.name
     ORDER BY registered.name
$$;

CREATE OR REPLACE FUNCTION platform.create_partitions_ahead(wanted text DEFAULT NULL, ahead interval DEFAULT '3 months') RETURNS integer
    LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT COALESCE(sum(platform.ensure_partitions(name, now(), now() + CASE WHEN step = interval '1 day' THEN ahead / 6 ELSE ahead END)), 0)::integer
      FROM platform.series
     WHERE name = COALESCE(wanted, name)
$$;

-- Months that hold calls stay as they are until they expire, so nothing is copied and nobody waits; empty ones make room for days.
UPDATE platform.series SET step = '1 day' WHERE name IN ('llm_requests', 'llm_responses');
DO $$
DECLARE
    part record;
    used boolean;
BEGIN
    IF (SELECT engine FROM platform.installation) = 'native' THEN
        LOCK TABLE store.llm_requests, store.llm_responses IN ACCESS EXCLUSIVE MODE;
        FOR part IN
            SELECT series, partition FROM platform.partition_spans() WHERE series IN ('llm_requests', 'llm_responses')
        LOOP
            EXECUTE format('SELECT EXISTS (SELECT FROM %s)', part.partition) INTO used;
            IF NOT used THEN
                EXECUTE format('DROP TABLE %s', part.partition);
            END IF;
        END LOOP;
        PERFORM platform.create_partitions_ahead('llm_requests'), platform.create_partitions_ahead('llm_responses');
    END IF;
END
$$;

-- How pages of calls are filtered; of those that failed, or are under way, there are few.
CREATE INDEX llm_requests_by_model ON store.llm_requests (tenant_id, model, created_at DESC);
CREATE INDEX llm_requests_by_provider ON store.llm_requests (tenant_id, provider_name, created_at DESC);
CREATE INDEX llm_requests_by_failure ON store.llm_requests (tenant_id, created_at DESC) WHERE status = 'failed';
CREATE INDEX llm_requests_by_error ON store.llm_requests (tenant_id, error_code, created_at DESC) WHERE status = 'failed';

CREATE OR REPLACE FUNCTION gateway.settle_calls(
    ids uuid[], times timestamptz[], states text[], prompts integer[], completions integer[], totals integer[], cached integer[],
    reasoning integer[], costs numeric[], codes text[], reasons text[], ends timestamptz[]
) RETURNS uuid[]
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    SET enable_seqscan = off
    SET plan_cache_mode = force_generic_plan -- planned once in a session: planning takes longer than the work
AS $$
DECLARE
    settled  uuid[];
    earliest CONSTANT timestamptz := (SELECT min(each) FROM unnest(times) AS each);
    latest   CONSTANT timestamptz := (SELECT max(each) FROM unnest(times) AS each);
BEGIN
    WITH changed AS (
        UPDATE store.llm_requests AS kept
           SET status = done.state, tokens_prompt = done.prompt, tokens_completion = done.completion, tokens_total = done.total,
               tokens_cached = done.cached, tokens_reasoning = done.reasoning, cost_usd = done.cost, error_code = done.code,
               error_message = done.message, completed_at = done.at
          FROM unnest(ids, times, states, prompts, completions, totals, cached, reasoning, costs, codes, reasons, ends)
               AS done (id, created_at, state, prompt, completion, total, cached, reasoning, cost, code, message, at)
         WHERE kept.id = done.id AND kept.created_at = done.created_at
           AND kept.created_at BETWEEN earliest AND latest -- so that no other day is opened
           AND kept.status IN ('pending', 'running')
        RETURNING kept.id
    )
    SELECT COALESCE(array_agg(id), '{}') INTO settled FROM changed;
    IF cardinality(settled) < cardinality(ids) THEN
        UPDATE store.llm_requests AS kept
           SET status = done.state, tokens_prompt = done.prompt, tokens_completion = done.completion, tokens_total = done.total,
               tokens_cached = done.cached, tokens_reasoning = done.reasoning, cost_usd = done.cost, error_code = done.code,
               error_message = done.message, completed_at = done.at
          FROM unnest(ids, times, states, prompts, completions, totals, cached, reasoning, costs, codes, reasons, ends)
               AS done (id, created_at, state, prompt, completion, total, cached, reasoning, cost, code, message, at)
         WHERE kept.id = done.id AND kept.created_at = done.created_at
           AND kept.created_at BETWEEN earliest AND latest
           AND kept.error_code = 'lost' AND kept.id <> ALL (settled);
    END IF;
    RETURN settled;
END
$$;
