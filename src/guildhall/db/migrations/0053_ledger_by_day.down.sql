DROP INDEX store.llm_requests_by_model, store.llm_requests_by_provider, store.llm_requests_by_failure, store.llm_requests_by_error;

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
    settled uuid[];
BEGIN
    WITH changed AS (
        UPDATE store.llm_requests AS kept
           SET status = done.state, tokens_prompt = done.prompt, tokens_completion = done.completion, tokens_total = done.total,
               tokens_cached = done.cached, tokens_reasoning = done.reasoning, cost_usd = done.cost, error_code = done.code,
               error_message = done.message, completed_at = done.at
          FROM unnest(ids, times, states, prompts, completions, totals, cached, reasoning, costs, codes, reasons, ends)
               AS done (id, created_at, state, prompt, completion, total, cached, reasoning, cost, code, message, at)
         WHERE kept.id = done.id AND kept.created_at = done.created_at AND kept.status IN ('pending', 'running')
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
         WHERE kept.id = done.id AND kept.created_at = done.created_at AND kept.error_code = 'lost' AND kept.id <> ALL (settled);
    END IF;
    RETURN settled;
END
$$;

-- Days become months again; their rows are copied as they are, digests and all, into tables that have no triggers yet.
DO $$
DECLARE
    part    record;
    month   text;
    columns text;
BEGIN
    IF (SELECT engine FROM platform.installation) = 'native' THEN
        LOCK TABLE store.llm_requests, store.llm_responses IN ACCESS EXCLUSIVE MODE;
        FOR part IN
            SELECT spans.series, date_trunc('month', spans.starts, 'UTC') AS starts, array_agg(spans.partition) AS days
              FROM platform.partition_spans() AS spans
             WHERE spans.series IN ('llm_requests', 'llm_responses') AND spans.ends - spans.starts = interval '1 day'
             GROUP BY 1, 2
        LOOP
            month := platform.partition_name(part.series, part.starts, interval '1 month');
            EXECUTE format('CREATE TABLE store.%I (LIKE store.%I INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING STORAGE)',
                           month, part.series);
            SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns
              FROM pg_attribute
             WHERE attrelid = format('store.%I', part.series)::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
            FOR place IN 1 .. cardinality(part.days) LOOP
                EXECUTE format('INSERT INTO store.%1$I (%2$s) SELECT %2$s FROM %3$s', month, columns, part.days[place]);
                EXECUTE format('DROP TABLE %s', part.days[place]);
            END LOOP;
            EXECUTE format('ALTER TABLE store.%I ATTACH PARTITION store.%I FOR VALUES FROM (%L) TO (%L)',
                           part.series, month, part.starts, (part.starts AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
        END LOOP;
    END IF;
END
$$;
UPDATE platform.series SET step = '1 month' WHERE name IN ('llm_requests', 'llm_responses');

CREATE OR REPLACE FUNCTION platform.partition_name(series_name text, starts timestamptz) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    RETURN series_name || to_char(starts, '_YYYY_MM') || CASE WHEN extract(year FROM starts) < 0 THEN '_bc' ELSE '' END;
DROP FUNCTION platform.partition_name(text, timestamptz, interval);

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

    starts := date_trunc('month', earliest);
    WHILE starts <= latest LOOP
        ends      := starts + interval '1 month';
        partition := platform.partition_name(series_name, starts);
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

CREATE OR REPLACE FUNCTION platform.series_short_of(ahead interval DEFAULT '1 month')
    RETURNS TABLE (series text, reaches timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
AS $$
    SELECT registered.name, min(month)
      FROM platform.series AS registered
     CROSS JOIN generate_series(date_trunc('month', now()), now() + ahead, interval '1 month') AS month
     WHERE (SELECT engine FROM platform.installation) = 'native'
       AND to_regclass(format('store.%I', platform.partition_name(registered.name, month))) IS NULL
     GROUP BY registered.name
     ORDER BY registered.name
$$;

CREATE OR REPLACE FUNCTION platform.create_partitions_ahead(wanted text DEFAULT NULL, ahead interval DEFAULT '3 months') RETURNS integer
    LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT COALESCE(sum(platform.ensure_partitions(name, now(), now() + ahead)), 0)::integer
      FROM platform.series
     WHERE name = COALESCE(wanted, name)
$$;

ALTER TABLE platform.series DROP CONSTRAINT series_step_is_a_month_or_a_day;
ALTER TABLE platform.series ADD CONSTRAINT series_step_is_a_month
    CHECK (step = interval '1 month' AND date_trunc('month', step) = step);

DO $$
BEGIN
    PERFORM platform.create_partitions_ahead('llm_requests'), platform.create_partitions_ahead('llm_responses');
END
$$;
