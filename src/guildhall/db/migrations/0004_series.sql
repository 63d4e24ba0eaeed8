-- The upkeep of series (decision 4): partitions ahead, retention, compression,
-- archives, and the names that the documents give to it. Everything here does
-- the right thing on both engines.

CREATE TABLE platform.archives (
    id          uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    series      text        NOT NULL REFERENCES platform.series ON DELETE CASCADE,
    partition   text        NOT NULL,
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    row_count   bigint      NOT NULL,
    digest      text        NOT NULL,
    file        text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    dropped_at  timestamptz,
    restored_at timestamptz,
    kept_until  timestamptz,
    CONSTRAINT archives_one_per_file UNIQUE (file),
    CONSTRAINT archives_span_is_positive CHECK (ends_at > starts_at),
    CONSTRAINT archives_count_is_not_negative CHECK (row_count >= 0),
    CONSTRAINT archives_restored_is_kept CHECK (kept_until IS NULL OR restored_at IS NOT NULL)
);
COMMENT ON TABLE platform.archives IS 'operations: system: the files that partitions went to, with what must be found in them.';
COMMENT ON COLUMN platform.archives.digest IS 'What platform.fingerprint says of the rows.';
COMMENT ON COLUMN platform.archives.file IS 'Relative to the directory of archives.';
COMMENT ON COLUMN platform.archives.kept_until IS 'Restored rows are not dropped before.';
CREATE INDEX archives_by_span ON platform.archives (series, starts_at);
GRANT SELECT ON platform.archives TO guildhall_scheduler;

-- What there is ------------------------------------------------------------

-- Every partition, or chunk, and the span it holds: [starts, ends).
CREATE FUNCTION platform.partition_spans(wanted text DEFAULT NULL)
    RETURNS TABLE (series text, partition text, starts timestamptz, ends timestamptz, is_compressed boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    SET datestyle = 'ISO, YMD'
AS $$
BEGIN
    IF (SELECT engine FROM platform.installation) = 'timescale' THEN
        RETURN QUERY EXECUTE
            'SELECT hypertable_name::text, format(''%I.%I'', chunk_schema, chunk_name), range_start, range_end, is_compressed
               FROM timescaledb_information.chunks
              WHERE hypertable_schema = ''store'' AND hypertable_name = COALESCE($1, hypertable_name)
                AND EXISTS (SELECT FROM platform.series WHERE name = hypertable_name)
              ORDER BY hypertable_name, range_start'
            USING wanted;
        RETURN;
    END IF;
    RETURN QUERY
        SELECT registered.name, format('store.%I', children.relname), bounds.parts[1]::timestamptz, bounds.parts[2]::timestamptz, false
          FROM platform.series AS registered
          JOIN pg_inherits ON inhparent = format('store.%I', registered.name)::regclass
          JOIN pg_class AS children ON children.oid = inhrelid
         CROSS JOIN LATERAL (
                   SELECT regexp_match(pg_get_expr(children.relpartbound, children.oid), 'FROM \(''(.+)''\) TO \(''(.+)''\)') AS parts
               ) AS bounds
         WHERE registered.name = COALESCE(wanted, registered.name)
         ORDER BY registered.name, 3;
END
$$;

-- The same with sizes; rows are the planner's estimate.
CREATE FUNCTION platform.series_partitions(wanted text DEFAULT NULL)
    RETURNS TABLE (
        series text, partition text, starts timestamptz, ends timestamptz, is_compressed boolean,
        estimated_rows bigint, size_bytes bigint
    )
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    extension text;
BEGIN
    IF (SELECT engine FROM platform.installation) = 'timescale' THEN
        SELECT extnamespace::regnamespace INTO STRICT extension FROM pg_extension WHERE extname = 'timescaledb';
        RETURN QUERY EXECUTE format(
            'SELECT spans.*, %1$s.approximate_row_count(spans.partition::regclass), sizes.total_bytes
               FROM platform.partition_spans($1) AS spans
              CROSS JOIN LATERAL %1$s.chunks_detailed_size(format(''store.%%I'', spans.series)::regclass) AS sizes
              WHERE format(''%%I.%%I'', sizes.chunk_schema, sizes.chunk_name) = spans.partition
              ORDER BY spans.series, spans.starts', extension)
            USING wanted;
        RETURN;
    END IF;
    RETURN QUERY
        SELECT spans.*, GREATEST(classes.reltuples, 0)::bigint, pg_total_relation_size(classes.oid)
          FROM platform.partition_spans(wanted) AS spans
          JOIN pg_class AS classes ON classes.oid = spans.partition::regclass
         ORDER BY spans.series, spans.starts;
END
$$;

-- Series in which some month between now and `ahead` has no partition yet, and
-- up to when they have one. Nothing is refused for that, but whoever writes first
-- must make it. TimescaleDB needs none ahead.
CREATE FUNCTION platform.series_short_of(ahead interval DEFAULT '1 month')
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

-- How many rows there are in a span, and a digest of what they hold, whatever
-- their order: the sums of both halves of each row's SHA-256, as text in these
-- columns. The text is the same in every session and on every server.
CREATE FUNCTION platform.fingerprint(relation regclass, columns text[], time_column text, starts timestamptz, ends timestamptz)
    RETURNS TABLE (row_count bigint, digest text)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    SET datestyle = 'ISO, YMD'
    SET intervalstyle = 'postgres'
    SET bytea_output = 'hex'
    SET extra_float_digits = 1
AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        $sql$
        SELECT count(*),
               format('%%s:%%s', COALESCE(sum(('x' || left(hash, 16))::bit(64)::bigint::numeric), 0),
                               COALESCE(sum(('x' || substr(hash, 17, 16))::bit(64)::bigint::numeric), 0))
          FROM (
                   SELECT encode(sha256(convert_to(ROW(%s)::text, 'UTF8')), 'hex') AS hash
                     FROM %s
                    WHERE %I >= $1 AND %I < $2
               ) AS hashed
        $sql$,
        (SELECT string_agg(quote_ident(name), ', ' ORDER BY place) FROM unnest(columns) WITH ORDINALITY AS wanted (name, place)),
        relation, time_column, time_column
    ) USING starts, ends;
END
$$;

-- Partitions ahead ---------------------------------------------------------

CREATE FUNCTION platform.create_partitions_ahead(wanted text DEFAULT NULL, ahead interval DEFAULT '3 months') RETURNS integer
    LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT COALESCE(sum(platform.ensure_partitions(name, now(), now() + ahead)), 0)::integer
      FROM platform.series
     WHERE name = COALESCE(wanted, name)
$$;

-- Retention ----------------------------------------------------------------

-- Partitions whose whole span is older than their series keeps rows.
CREATE FUNCTION platform.expired_partitions(wanted text DEFAULT NULL)
    RETURNS TABLE (series text, partition text, starts timestamptz, ends timestamptz, is_archived boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT spans.series, spans.partition, spans.starts, spans.ends, registered.is_archived
      FROM platform.partition_spans(wanted) AS spans
      JOIN platform.series AS registered ON registered.name = spans.series
     WHERE spans.ends <= now() - registered.retention
       AND NOT EXISTS (
               SELECT FROM platform.archives
                WHERE archives.series = spans.series
                  AND archives.starts_at < spans.ends AND archives.ends_at > spans.starts
                  AND archives.kept_until > now()
           )
     ORDER BY spans.series, spans.starts
$$;

-- Drops an expired partition and says what came of it:
--   dropped    it is gone
--   busy       it could not be locked at once; writers were not made to wait for long
--   roll-ups   some roll-up has not yet taken in what it holds
--   archive    its series is archived, and this call does not say what of it was
--   changed    it is no longer as it was archived
--   in use     something else, such as a view of yours, depends on it
-- A partition is dropped without being detached first: that needs one lock less,
-- none on the tables that it refers to.
CREATE FUNCTION platform.drop_partition(
    series_name text, partition_name text, archived_rows bigint DEFAULT NULL, archived_digest text DEFAULT NULL
) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET lock_timeout = '200ms'
AS $$
DECLARE
    expired   record;
    kept      platform.series;
    columns   text[];
    present   record;
    is_behind boolean := false;
BEGIN
    SELECT * INTO expired FROM platform.expired_partitions(series_name) AS due WHERE due.partition = partition_name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'series % has no partition % that is older than it keeps rows', quote_literal(series_name), partition_name
              USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    SELECT * INTO STRICT kept FROM platform.series WHERE name = series_name;
    IF kept.is_archived AND archived_digest IS NULL THEN
        RETURN 'archive';
    END IF;
    IF to_regclass('platform.rollup_marks') IS NOT NULL THEN -- a later migration makes it
        EXECUTE 'SELECT EXISTS (
                     SELECT FROM platform.rollup_marks AS marks
                       JOIN platform.rollups ON rollups.name = marks.rollup
                      WHERE rollups.source = $1 AND marks.bucket >= $2 AND marks.bucket < $3
                 )'
           INTO is_behind USING series_name, GREATEST(expired.starts, kept.dropped_before), expired.ends;
        IF is_behind THEN
            RETURN 'roll-ups';
        END IF;
    END IF;
    -- Whoever is about to write into it holds this lock until the rows are in.
    IF NOT pg_try_advisory_xact_lock(hashtext('platform.series.kept'), hashtext(split_part(partition_name, '.', 2))) THEN
        RETURN 'busy';
    END IF;

    BEGIN
        IF archived_digest IS NOT NULL THEN
            EXECUTE format('LOCK TABLE %s IN SHARE MODE', partition_name);
            SELECT array_agg(attname::text ORDER BY attnum) INTO columns
              FROM pg_attribute
             WHERE attrelid = format('store.%I', series_name)::regclass
               AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
            SELECT * INTO present
              FROM platform.fingerprint(format('store.%I', series_name), columns, kept.time_column, expired.starts, expired.ends);
            IF (present.row_count, present.digest) IS DISTINCT FROM (archived_rows, archived_digest) THEN
                RETURN 'changed';
            END IF;
        END IF;
        IF (SELECT engine FROM platform.installation) = 'timescale' THEN
            EXECUTE format(
                'SELECT %s.drop_chunks(%L::regclass, older_than => $1, newer_than => $2)',
                (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'timescaledb'),
                format('store.%I', series_name)
            ) USING expired.ends, expired.starts;
        ELSE
            EXECUTE format('DROP TABLE %s', partition_name);
        END IF;
    EXCEPTION
        WHEN lock_not_available OR deadlock_detected THEN RETURN 'busy';
        WHEN dependent_objects_still_exist THEN RETURN 'in use';
    END;
    UPDATE platform.series SET dropped_before = GREATEST(dropped_before, expired.ends) WHERE name = series_name;
    RETURN 'dropped';
END
$$;

-- Compresses a chunk of TimescaleDB; false where it could not be locked at once.
CREATE FUNCTION platform.compress_partition(partition_name text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET lock_timeout = '200ms'
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM platform.partition_spans() AS spans WHERE spans.partition = partition_name) THEN
        RAISE EXCEPTION 'no series has a partition %', partition_name USING ERRCODE = 'undefined_table';
    END IF;
    BEGIN
        EXECUTE format(
            'SELECT %s.compress_chunk(%L::regclass, if_not_compressed => true)',
            (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'timescaledb'), partition_name
        );
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
        RETURN false;
    END;
    RETURN true;
END
$$;

-- One pass over every series, or one of them: makes partitions ahead, drops what
-- has expired, and on TimescaleDB compresses what is due, beside its own jobs.
-- Series that are archived wait for `guildhall db maintain`, which writes files.
CREATE FUNCTION platform.maintain_series(wanted text DEFAULT NULL)
    RETURNS TABLE (series text, action text, detail text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
AS $$
DECLARE
    kept platform.series;
    due  record;
    made integer;
    on_timescale CONSTANT boolean := (SELECT engine FROM platform.installation) = 'timescale';
BEGIN
    IF wanted IS NOT NULL AND NOT EXISTS (SELECT FROM platform.series WHERE name = wanted) THEN
        RAISE EXCEPTION 'there is no series %', quote_literal(wanted) USING ERRCODE = 'undefined_table';
    END IF;
    FOR kept IN SELECT * FROM platform.series WHERE name = COALESCE(wanted, name) ORDER BY name LOOP
        series := kept.name;
        made   := platform.create_partitions_ahead(kept.name);
        IF made > 0 THEN
            action := 'made';
            detail := made::text;
            RETURN NEXT;
        END IF;

        FOR due IN SELECT * FROM platform.expired_partitions(kept.name) LOOP
            action := platform.drop_partition(kept.name, due.partition);
            detail := due.partition;
            RETURN NEXT;
        END LOOP;

        CONTINUE WHEN NOT on_timescale;
        -- Its own job may have dropped chunks that this has never seen.
        IF kept.retention IS NOT NULL AND NOT kept.is_archived THEN
            UPDATE platform.series AS moved
               SET dropped_before = GREATEST(moved.dropped_before, LEAST(now() - kept.retention, (
                       SELECT min(spans.starts) FROM platform.partition_spans(kept.name) AS spans
                   )))
             WHERE moved.name = kept.name;
        END IF;
        FOR due IN
            SELECT spans.partition
              FROM platform.partition_spans(kept.name) AS spans
             WHERE NOT spans.is_compressed AND spans.ends <= now() - kept.compress_after
        LOOP
            action := CASE WHEN platform.compress_partition(due.partition) THEN 'compressed' ELSE 'busy' END;
            detail := due.partition;
            RETURN NEXT;
        END LOOP;
    END LOOP;
END
$$;

-- What the documents call it (errata section 6: one keeper of partitions for all
-- tables). Their own made one or two months of some tables; each of these makes
-- three months of all.
CREATE FUNCTION platform.create_monthly_partitions() RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM platform.create_partitions_ahead();
END
$$;

CREATE FUNCTION platform.create_monthly_partition() RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM platform.create_partitions_ahead();
END
$$;

CREATE FUNCTION platform.create_next_month_partitions() RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM platform.create_partitions_ahead();
END
$$;

-- Whole months at once: nothing is deleted row by row, so nothing is left to vacuum.
CREATE FUNCTION platform.cleanup_old_audit_logs() RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM platform.drop_partition(due.series, due.partition)
       FROM platform.expired_partitions() AS due
      WHERE due.series IN ('audit_log', 'audit_logs');
END
$$;

REVOKE ALL ON FUNCTION
    platform.partition_spans(text), platform.series_partitions(text), platform.series_short_of(interval),
    platform.fingerprint(regclass, text[], text, timestamptz, timestamptz),
    platform.create_partitions_ahead(text, interval), platform.expired_partitions(text),
    platform.drop_partition(text, text, bigint, text), platform.compress_partition(text), platform.maintain_series(text),
    platform.create_monthly_partitions(), platform.create_monthly_partition(), platform.create_next_month_partitions(),
    platform.cleanup_old_audit_logs()
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    platform.partition_spans(text), platform.series_partitions(text), platform.series_short_of(interval),
    platform.create_partitions_ahead(text, interval), platform.expired_partitions(text),
    platform.drop_partition(text, text, bigint, text), platform.compress_partition(text), platform.maintain_series(text),
    platform.create_monthly_partitions(), platform.create_monthly_partition(), platform.create_next_month_partitions(),
    platform.cleanup_old_audit_logs()
    TO guildhall_scheduler;
GRANT EXECUTE ON FUNCTION platform.series_short_of(interval) TO guildhall_app;
