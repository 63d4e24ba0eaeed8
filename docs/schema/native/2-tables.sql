CREATE TABLE platform.installation (
    database_id uuid DEFAULT gen_random_uuid() NOT NULL,
    engine text DEFAULT 'native'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    is_the_one boolean DEFAULT true NOT NULL,
    upkeep_at timestamp with time zone,
    CONSTRAINT installation_engine_is_known CHECK ((engine = ANY (ARRAY['native'::text, 'timescale'::text]))),
    CONSTRAINT installation_is_single CHECK (is_the_one)
);

COMMENT ON TABLE platform.installation IS 'operations: system: which database this is, and the engine its series were made with.';

COMMENT ON COLUMN platform.installation.upkeep_at IS 'When a pass of upkeep last found every ledger sealed; null: none has yet.';

CREATE FUNCTION platform.timescale_schema() RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (SELECT quote_ident((pg_namespace.nspname)::text) AS quote_ident FROM (pg_extension JOIN pg_namespace ON ((pg_namespace.oid = pg_extension.extnamespace))) WHERE ((pg_extension.extname = 'timescaledb'::name) AND ((SELECT installation.engine FROM platform.installation) = 'timescale'::text)));

CREATE FUNCTION platform.beginning_of_rows() RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN CASE WHEN (platform.timescale_schema() IS NULL) THEN 'COALESCE(dropped_before, ''-infinity'')'::text ELSE 'COALESCE(greatest(dropped_before, now() - retention), ''-infinity'')'::text END;

CREATE FUNCTION platform.cache_count(wanted text, step bigint, ttl_s double precision) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    counted bigint;
BEGIN
    INSERT INTO platform.cache_counters AS counters (key, total, expires_at)
    VALUES (wanted, step, clock_timestamp() + make_interval(secs => ttl_s))
        ON CONFLICT (key) DO UPDATE
       SET total      = CASE WHEN counters.expires_at > clock_timestamp() THEN counters.total ELSE 0 END + excluded.total,
           expires_at = CASE WHEN counters.expires_at > clock_timestamp() THEN counters.expires_at ELSE excluded.expires_at END
    RETURNING total INTO counted;
    RETURN counted;
END
$$;

CREATE FUNCTION platform.cache_delete(wanted text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    ended timestamptz;
BEGIN
    DELETE FROM platform.cache_entries WHERE key = wanted RETURNING expires_at INTO ended;
    RETURN COALESCE(ended > clock_timestamp(), false);
END
$$;

CREATE UNLOGGED TABLE platform.cache_entries (
    key character varying(200) NOT NULL,
    value bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT cache_entries_size CHECK ((octet_length(value) <= 1048576))
)
WITH (fillfactor='70');

COMMENT ON TABLE platform.cache_entries IS 'cache: system: values that processes share for a while; a crash empties it.';

CREATE FUNCTION platform.cache_get(wanted text) RETURNS bytea
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (SELECT entries.value FROM platform.cache_entries entries WHERE (((entries.key)::text = cache_get.wanted) AND (entries.expires_at > clock_timestamp())));

CREATE FUNCTION platform.cache_put(wanted text, new_value bytea, ttl_s double precision, only_if_absent boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO platform.cache_entries AS entries (key, value, expires_at)
    VALUES (wanted, new_value, clock_timestamp() + make_interval(secs => ttl_s))
        ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
     WHERE NOT only_if_absent OR entries.expires_at <= clock_timestamp();
    RETURN FOUND;
END
$$;

CREATE FUNCTION platform.change_member_role(member uuid, new_role text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    had text;
BEGIN
    SELECT role INTO had FROM platform.team_members
     WHERE tenant_id = platform.tenant_id() AND user_id = member
       FOR UPDATE;
    PERFORM platform.require_rank_over(had, new_role);
    UPDATE platform.team_members SET role = new_role
     WHERE tenant_id = platform.tenant_id() AND user_id = member AND role <> new_role;
    RETURN had;
END
$$;

CREATE FUNCTION platform.cleanup_old_audit_logs() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.drop_partition(due.series, due.partition)
       FROM platform.expired_partitions() AS due
      WHERE due.series IN ('audit_log', 'audit_logs');
END
$$;

CREATE FUNCTION platform.compress_partition(partition_name text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '200ms'
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

CREATE FUNCTION platform.config_version_audit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
            #variable_conflict use_variable
            DECLARE
                known    text[] := NULLIF(current_setting('guildhall.audited_' || TG_RELID, true), '')::text[];
                old_data jsonb  := to_jsonb(OLD) - COALESCE(TG_ARGV, '{}');
                new_data jsonb  := to_jsonb(NEW) - COALESCE(TG_ARGV, '{}');
            BEGIN
                IF TG_OP = 'UPDATE' AND OLD *= NEW THEN
                    RETURN NULL;
                END IF;
                IF known IS NULL OR date_part('epoch', clock_timestamp()) >= known[1]::float8 THEN
                    known := platform.audited_table(TG_RELID);
                END IF;
                IF concat(old_data - known[5]::text[], new_data - known[5]::text[]) ~ platform.secret_hint() THEN
                    old_data := platform.without_secrets(old_data);
                    new_data := platform.without_secrets(new_data);
                END IF;

                -- The digest is of the same text that platform.ledger_text writes: null has no line.
                INSERT INTO store.audit_log (
                    log_id, tenant_id, table_schema, table_name, operation, record_key, user_id, agent_id, actor_role,
                    old_data, new_data, ip_address, user_agent, request_id, "timestamp", epoch, transaction_id, digest
                )
                SELECT log_id, tenant_id, table_schema, table_name, operation, record_key, user_id, agent_id, actor_role,
                       old_data, new_data, ip_address, user_agent, request_id, "timestamp", epoch, transaction_id,
                       sha256(convert_to(concat(
                           'log_id=', log_id,
                           CASE WHEN tenant_id IS NOT NULL THEN E'\ntenant_id=' END, tenant_id,
                           E'\ntable_name=', to_json(table_name),
                           E'\noperation="', operation, '"',
                           CASE WHEN user_id IS NOT NULL THEN E'\nuser_id=' END, user_id,
                           CASE WHEN old_data IS NOT NULL THEN E'\nold_data=' END, old_data,
                           CASE WHEN new_data IS NOT NULL THEN E'\nnew_data=' END, new_data,
                           CASE WHEN ip_address IS NOT NULL THEN E'\nip_address=' END, ip_address::text,
                           CASE WHEN user_agent IS NOT NULL THEN E'\nuser_agent=' END, to_json(user_agent),
                           E'\ntimestamp=', extract(epoch FROM "timestamp"),
                           E'\ntable_schema=', to_json(table_schema),
                           E'\nrecord_key=', record_key,
                           CASE WHEN agent_id IS NOT NULL THEN E'\nagent_id=' END, agent_id,
                           E'\nactor_role=', to_json(actor_role),
                           CASE WHEN request_id IS NOT NULL THEN E'\nrequest_id=' END, to_json(request_id),
                           E'\nepoch=', epoch,
                           E'\ntransaction_id=', transaction_id
                       ), 'UTF8'))
                  FROM (SELECT gen_random_uuid() AS log_id,
                               (COALESCE(new_data, old_data) ->> CASE WHEN TG_RELID = 'platform.teams'::regclass THEN 'id' ELSE 'tenant_id' END)::uuid
                                   AS tenant_id,
                               TG_TABLE_SCHEMA::text AS table_schema, known[2] AS table_name, TG_OP AS operation,
                               COALESCE(new_data, old_data) - known[4]::text[] AS record_key,
                               NULLIF(current_setting('app.user_id', true), '')::uuid AS user_id,
                               NULLIF(current_setting('app.agent_id', true), '')::uuid AS agent_id,
                               COALESCE(NULLIF(current_setting('role'), 'none'), session_user) AS actor_role,
                               NULLIF(current_setting('app.address', true), '')::inet AS ip_address,
                               NULLIF(current_setting('app.user_agent', true), '') AS user_agent,
                               NULLIF(current_setting('app.request_id', true), '') AS request_id,
                               clock_timestamp() AS "timestamp",
                               known[3]::bigint AS epoch,
                               pg_current_xact_id()::text::bigint AS transaction_id
                        OFFSET 0) AS new_row;
                RETURN NULL;
            END
            $$;

COMMENT ON FUNCTION platform.config_version_audit() IS 'Arc-Eval''s name for record_change.';

CREATE FUNCTION platform.create_api_key(new_id uuid, digest text, person uuid, new_name text, new_scopes text[], new_rate_limit integer, ends_at timestamp with time zone, as_default boolean) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    made timestamptz;
BEGIN
    PERFORM platform.require(
        EXISTS (SELECT FROM platform.team_members WHERE tenant_id = platform.tenant_id() AND user_id = person)
        AND ((person = platform.user_id() AND platform.member_role() IN ('owner', 'admin', 'member')) OR platform.is_administrator()),
        'make this key'
    );
    INSERT INTO platform.api_keys (id, user_id, key_hash, user_identifier, name, scopes, rate_limit, expires_at)
    VALUES (new_id, person, digest, person::text, new_name, new_scopes, new_rate_limit, ends_at)
    RETURNING created_at INTO made;
    UPDATE platform.users SET api_key = replace(new_id::text, '-', '')
     WHERE id = person AND (as_default OR api_key IS NULL);
    RETURN made;
END
$$;

CREATE FUNCTION platform.create_ledger(relation text, time_column text, left_out text[] DEFAULT '{}'::text[], contents text[] DEFAULT '{}'::text[], personal text[] DEFAULT '{}'::text[], view_name text DEFAULT NULL::text, by_the_clock boolean DEFAULT true, stamped boolean DEFAULT true) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    target    CONSTANT regclass := CASE WHEN relation LIKE '%.%' THEN relation ELSE 'store.' || relation END;
    ledger    CONSTANT text     := (SELECT relname FROM pg_class WHERE oid = target);
    role_name text;
    missing   text;
BEGIN
    EXECUTE format(
        'ALTER TABLE %s ADD COLUMN epoch bigint, ADD COLUMN transaction_id bigint, ADD COLUMN digest bytea, '
        'ADD COLUMN redaction_id uuid', target
    );
    INSERT INTO platform.ledgers (name, relation, view_name, time_column, by_the_clock, stamped, key_columns, columns, contents, personal)
    SELECT ledger, target::text, view_name, time_column, by_the_clock, stamped,
           (SELECT array_agg(attributes.attname::text ORDER BY array_position(indexes.indkey::int2[], attributes.attnum))
              FROM pg_index AS indexes
              JOIN pg_attribute AS attributes ON attributes.attrelid = indexes.indrelid AND attributes.attnum = ANY (indexes.indkey)
             WHERE indexes.indrelid = target AND indexes.indisprimary),
           (SELECT array_agg(attname::text ORDER BY attnum)
              FROM pg_attribute
             WHERE attrelid = target AND attnum > 0 AND NOT attisdropped
               AND attname NOT IN ('digest', 'redaction_id') AND attname <> ALL (left_out)),
           contents, personal;

    SELECT attname INTO missing
      FROM unnest(contents || personal) AS wanted
      LEFT JOIN pg_attribute ON attrelid = target AND attname = wanted AND NOT attnotnull
     WHERE attname IS NULL;
    IF FOUND THEN
        RAISE EXCEPTION 'what erasure empties must be columns of % that may be null', target USING ERRCODE = 'invalid_parameter_value';
    END IF;

    EXECUTE format(
        'UPDATE %s AS rows SET epoch = platform.epoch(), transaction_id = pg_current_xact_id()::text::bigint',
        target
    );
    EXECUTE format(
        'UPDATE %s AS rows SET digest = sha256(convert_to(%s, ''UTF8''))', target,
        platform.ledger_text(target, (SELECT columns FROM platform.ledgers WHERE name = ledger), 'rows.')
    );
    EXECUTE format(
        'ALTER TABLE %s ALTER COLUMN epoch SET NOT NULL, ALTER COLUMN transaction_id SET NOT NULL, ALTER COLUMN digest SET NOT NULL',
        target
    );
    EXECUTE format('COMMENT ON COLUMN %s.digest IS %L', target, 'SHA-256 of the row as it was written; see the page on the audit.');
    EXECUTE format('COMMENT ON COLUMN %s.transaction_id IS %L', target, 'The transaction that wrote the row; with epoch, what seals count by.');
    EXECUTE format('COMMENT ON COLUMN %s.redaction_id IS %L', target, 'The erasure that last emptied parts of the row.');
    EXECUTE format('CREATE INDEX %I ON %s (epoch, transaction_id)', ledger || '_by_transaction', target);
    PERFORM platform.write_ledger_triggers(ledger);

    FOREACH role_name IN ARRAY ARRAY['guildhall_app', 'guildhall_curator', 'guildhall_writer', 'guildhall_worker', 'guildhall_scheduler'] LOOP
        IF has_table_privilege(role_name, target, 'INSERT') THEN
            EXECUTE format('REVOKE INSERT ON %s FROM %I', target, role_name);
            PERFORM platform.let_add_to_ledger(ledger, role_name);
        END IF;
        EXECUTE format('REVOKE INSERT (epoch, transaction_id, digest, redaction_id), '
                       'UPDATE (epoch, transaction_id, digest, redaction_id), DELETE, TRUNCATE ON %s FROM %I', target, role_name);
    END LOOP;
    EXECUTE format('GRANT SELECT ON %s TO guildhall_scheduler', target);
    IF (SELECT relrowsecurity FROM pg_class WHERE oid = target) THEN
        EXECUTE format('CREATE POLICY rows_are_sealed ON %s FOR SELECT TO guildhall_scheduler, guildhall_owner USING (true)', target);
        EXECUTE format('CREATE POLICY rows_are_redacted ON %s FOR UPDATE TO guildhall_owner USING (true)', target);
    END IF;
END
$$;

CREATE FUNCTION platform.create_monthly_partition() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.create_partitions_ahead();
END
$$;

CREATE FUNCTION platform.create_monthly_partitions() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.create_partitions_ahead();
END
$$;

CREATE FUNCTION platform.create_next_month_partitions() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.create_partitions_ahead();
END
$$;

CREATE FUNCTION platform.create_partitions_ahead(wanted text DEFAULT NULL::text, ahead interval DEFAULT '3 mons'::interval) RETURNS integer
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT COALESCE(sum(platform.ensure_partitions(name, now(), now() + ahead)), 0)::integer
      FROM platform.series
     WHERE name = COALESCE(wanted, name)
$$;

CREATE FUNCTION platform.create_rollup(rollup_name text, series_name text, width interval, keys text[], measures text, refresh_interval interval, start_offset interval, end_offset interval, condition text DEFAULT 'true'::text, finer text DEFAULT NULL::text, continuous boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
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
$_$;

CREATE FUNCTION platform.create_series(series_name text, time_column text, step interval, retention interval, chunk interval DEFAULT '1 day'::interval, compress_after interval DEFAULT NULL::interval, segment_by text[] DEFAULT '{}'::text[], order_by text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    writable text;
BEGIN
    INSERT INTO platform.series (name, time_column, step, retention, chunk, compress_after, segment_by, order_by)
    VALUES (series_name, time_column, step, retention, chunk, compress_after, segment_by, order_by);

    IF (SELECT engine FROM platform.installation) = 'timescale' THEN
        PERFORM platform.make_hypertable(series_name);
    ELSE
        PERFORM platform.ensure_partitions(series_name, now(), now() + interval '3 months');
    END IF;

    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO writable
      FROM pg_attribute
     WHERE attrelid = format('store.%I', series_name)::regclass
       AND attnum > 0 AND NOT attisdropped
       AND attname <> 'tenant_id' AND attgenerated = '';
    EXECUTE format('GRANT INSERT (%s) ON store.%I TO guildhall_app', writable, series_name);

    -- Last, as TimescaleDB passes grants of columns on to a compressed table, which does not have them.
    IF (SELECT engine FROM platform.installation) = 'timescale' THEN
        PERFORM platform.set_policies(series_name);
    END IF;
END
$$;

CREATE FUNCTION platform.create_task_engine(engine text, tasks text, dependencies text, lanes text, status text, priority text, patience text, recorded text, bury text, revive text, words jsonb DEFAULT '{}'::jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    template text;
    word     record;
BEGIN
    FOREACH template IN ARRAY ARRAY[

$template$
CREATE FUNCTION {engine}_places(p_lanes integer[], p_keys text[], p_priorities {priority}[], p_weights double precision[], p_ready timestamptz[])
    RETURNS timestamptz[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
AS $$
BEGIN
    RETURN (
        WITH fresh AS MATERIALIZED (
            SELECT * FROM unnest(p_lanes, p_keys, p_priorities, p_weights, p_ready) WITH ORDINALITY
                       AS given (lane, fair_key, priority, weight, ready_at, n)
        ),
        turns AS MATERIALIZED (
            SELECT groups.*, COALESCE(
                       (SELECT tasks.place + interval '1 millisecond' FROM {tasks} AS tasks
                         WHERE tasks.lane = groups.lane AND tasks.fair_key = groups.fair_key AND tasks.priority = groups.priority
                           AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                         ORDER BY tasks.place DESC LIMIT 1) - {patience}(groups.priority),
                       (SELECT tasks.place - {patience}(tasks.priority) FROM {tasks} AS tasks
                         WHERE tasks.lane = groups.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                         ORDER BY tasks.place, tasks.seq LIMIT 1)
                   ) AS earliest
              FROM (SELECT DISTINCT lane, fair_key, priority FROM fresh) AS groups
        )
        SELECT array_agg(
                   GREATEST(COALESCE(turns.earliest, fresh.ready_at), fresh.ready_at - interval '1 hour') + {patience}(fresh.priority)
                   + interval '1 millisecond' * (fresh.steps - 1 / fresh.weight)
                   ORDER BY fresh.n
               )
          FROM (SELECT *, sum(1 / weight) OVER (PARTITION BY lane, fair_key, priority ORDER BY ready_at, n) AS steps FROM fresh) AS fresh
          JOIN turns USING (lane, fair_key, priority)
    );
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_take_places(p_ids uuid[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
AS $$
DECLARE
    v_count  integer;
    v_ids    uuid[];
    v_places timestamptz[];
BEGIN
    SELECT array_agg(ready.id),
           {engine}_places(array_agg(lane), array_agg(fair_key::text), array_agg(priority), array_agg(weight), array_agg(scheduled_at))
      INTO v_ids, v_places
      FROM (
          SELECT id, lane, fair_key, priority, weight, GREATEST(scheduled_at, created_at) AS scheduled_at
            FROM {tasks}
           WHERE id = ANY (p_ids) AND status = 'pending' AND place IS NULL AND open_dependencies = 0 AND scheduled_at <= now()
           ORDER BY scheduled_at, seq
      ) AS ready;
    IF v_ids IS NULL THEN
        RETURN 0;
    END IF;
    UPDATE {tasks} AS tasks
       SET place = placed.place
      FROM unnest(v_ids, v_places) AS placed (id, place)
     WHERE tasks.id = placed.id AND tasks.status = 'pending' AND tasks.place IS NULL;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_enqueue(
    p_types text[], p_payloads jsonb[],
    p_ids uuid[] DEFAULT NULL, p_queues text[] DEFAULT NULL, p_priorities {priority}[] DEFAULT NULL,
    p_scheduled_at timestamptz[] DEFAULT NULL, p_max_retries integer[] DEFAULT NULL,
    p_timeouts interval[] DEFAULT NULL, p_deadlines timestamptz[] DEFAULT NULL,
    p_unique_keys text[] DEFAULT NULL, p_idempotency_keys text[] DEFAULT NULL,
    p_fair_keys text[] DEFAULT NULL, p_weights double precision[] DEFAULT NULL,
    p_waiting integer[] DEFAULT NULL, p_waits_for uuid[] DEFAULT NULL, p_on_failure text[] DEFAULT NULL
) RETURNS TABLE (id uuid, is_new boolean)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
DECLARE
    v_ids    uuid[];
    v_final  uuid[];
    v_open   integer[];
    v_wrong  text;
    v_awaited uuid[];
    v_known  uuid[];
    v_lanes  integer[];
    v_places timestamptz[];
BEGIN
    SELECT array_agg(COALESCE(given.id, gen_random_uuid()) ORDER BY given.n),
           array_agg(lanes.lane ORDER BY given.n),
           min(given.task_type || CASE WHEN given.queue IS NULL THEN '' ELSE ' in queue ' || given.queue END)
               FILTER (WHERE lanes.lane IS NULL)
      INTO v_ids, v_lanes, v_wrong
      FROM unnest(p_types, p_ids, p_queues) WITH ORDINALITY AS given (task_type, id, queue, n)
      LEFT JOIN {lanes} AS lanes ON lanes.task_type = given.task_type AND lanes.queue = COALESCE(given.queue, 'default');
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'there is no task type %', v_wrong
              USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_type_is_known', DETAIL = v_wrong;
    END IF;
    v_wrong := (SELECT min(deadline)::text FROM unnest(p_deadlines) AS deadline WHERE deadline <= now());
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'the deadline % has passed', v_wrong
              USING ERRCODE = 'check_violation', CONSTRAINT = 'task_deadline_is_ahead', DETAIL = v_wrong;
    END IF;

    -- Whoever has a key already is who is meant; of several here, the first.
    v_final := v_ids;
    IF p_unique_keys IS NOT NULL OR p_idempotency_keys IS NOT NULL THEN
        v_final := ARRAY(
            SELECT COALESCE(
                       (SELECT live.id FROM {tasks} AS live
                         WHERE live.tenant_id = platform.tenant_id() AND live.unique_key = given.unique_key
                           AND live.status IN ('pending', 'queued', 'running', 'paused', 'stuck')),
                       (SELECT known.id FROM {tasks} AS known
                         WHERE known.tenant_id = platform.tenant_id() AND known.idempotency_key = given.idempotency_key),
                       CASE WHEN given.unique_key IS NOT NULL THEN first_value(given.id) OVER (PARTITION BY given.unique_key ORDER BY given.n)
                            WHEN given.idempotency_key IS NOT NULL
                            THEN first_value(given.id) OVER (PARTITION BY given.idempotency_key ORDER BY given.n) END,
                       given.id
                   )
              FROM unnest(v_ids, p_unique_keys, p_idempotency_keys) WITH ORDINALITY AS given (id, unique_key, idempotency_key, n)
             ORDER BY given.n
        );
    END IF;

    IF p_waiting IS NOT NULL THEN
        SELECT array_agg(COALESCE(ahead.final_id, edges.awaited) ORDER BY edges.n),
               array_agg(DISTINCT COALESCE(ahead.final_id, edges.awaited)) FILTER (WHERE ahead.id IS DISTINCT FROM ahead.final_id OR ahead.id IS NULL),
               min(edges.awaited::text) FILTER (WHERE ahead.n >= edges.waiting)
          INTO v_awaited, v_known, v_wrong
          FROM unnest(p_waiting, p_waits_for) WITH ORDINALITY AS edges (waiting, awaited, n)
          LEFT JOIN unnest(v_ids, v_final) WITH ORDINALITY AS ahead (id, final_id, n) ON ahead.id = edges.awaited;
        -- A task that ends meanwhile would not see that this one waits for it.
        PERFORM FROM {tasks} AS awaited WHERE awaited.id = ANY (v_known) ORDER BY awaited.id FOR SHARE;
        SELECT COALESCE(v_wrong, min(awaited.id::text)) INTO v_wrong
          FROM unnest(v_known) AS awaited (id)
         WHERE NOT EXISTS (SELECT FROM {tasks} AS known WHERE known.id = awaited.id);
        IF v_wrong IS NOT NULL THEN
            RAISE EXCEPTION 'task % is neither there nor ahead of what waits for it', v_wrong
                  USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_dependency_is_known', DETAIL = v_wrong;
        END IF;
        SELECT min(awaited.id::text) INTO v_wrong
          FROM unnest(p_waiting, v_awaited, p_on_failure) AS edges (waiting, awaited, on_failure)
          JOIN {tasks} AS awaited ON awaited.id = edges.awaited
         WHERE awaited.status IN ('failed', 'cancelled', 'dead_letter') AND COALESCE(edges.on_failure, 'cancel') <> 'ignore';
        IF v_wrong IS NOT NULL THEN
            RAISE EXCEPTION 'task % has failed already', v_wrong
                  USING ERRCODE = 'check_violation', CONSTRAINT = 'task_dependency_may_succeed', DETAIL = v_wrong;
        END IF;
        SELECT array_agg(COALESCE(counted.open, 0) ORDER BY given.n)
          INTO v_open
          FROM generate_subscripts(v_ids, 1) AS given (n)
          LEFT JOIN (
                   SELECT edges.waiting, count(DISTINCT edges.awaited)::integer AS open
                     FROM unnest(p_waiting, v_awaited) AS edges (waiting, awaited)
                     LEFT JOIN {tasks} AS awaited ON awaited.id = edges.awaited
                    WHERE COALESCE(awaited.status, 'pending') NOT IN ('completed', 'failed', 'cancelled', 'dead_letter')
                    GROUP BY edges.waiting
               ) AS counted ON counted.waiting = given.n;
    END IF;

    SELECT {engine}_places(
               array_agg(given.lane ORDER BY given.n),
               array_agg(COALESCE(given.fair_key, platform.tenant_id()::text) ORDER BY given.n),
               array_agg(COALESCE(given.priority, 'normal') ORDER BY given.n),
               array_agg(COALESCE(given.weight, 1) ORDER BY given.n),
               array_agg(COALESCE(given.scheduled_at, now()) ORDER BY given.n)
           )
      INTO v_places
      FROM unnest(v_lanes, p_fair_keys, p_priorities, p_weights, p_scheduled_at) WITH ORDINALITY
           AS given (lane, fair_key, priority, weight, scheduled_at, n);

    INSERT INTO {tasks} (id, task_type, payload, priority, scheduled_at, max_retries, timeout, deadline_at, unique_key,
                         idempotency_key, fair_key, weight, lane, open_dependencies, place)
    SELECT given.id, given.task_type, COALESCE(given.payload, '{}'), COALESCE(given.priority, 'normal'),
           COALESCE(given.scheduled_at, now()), COALESCE(given.max_retries, lanes.max_retries),
           COALESCE(given.timeout, lanes.timeout), given.deadline_at, given.unique_key, given.idempotency_key,
           COALESCE(given.fair_key, platform.tenant_id()::text), COALESCE(given.weight, 1), given.lane, COALESCE(given.open, 0),
           CASE WHEN COALESCE(given.open, 0) = 0 AND COALESCE(given.scheduled_at, now()) <= now() THEN given.place END
      FROM unnest(v_ids, v_final, p_types, p_payloads, p_priorities, p_scheduled_at, p_max_retries, p_timeouts, p_deadlines,
                  p_unique_keys, p_idempotency_keys, p_fair_keys, p_weights, v_lanes, v_open, v_places) WITH ORDINALITY
           AS given (id, final_id, task_type, payload, priority, scheduled_at, max_retries, timeout, deadline_at,
                     unique_key, idempotency_key, fair_key, weight, lane, open, place, n)
      JOIN {lanes} AS lanes ON lanes.lane = given.lane
     WHERE given.id = given.final_id
     ORDER BY given.n;

    IF p_waiting IS NOT NULL THEN
        INSERT INTO {dependencies} (task_id, depends_on_task_id, on_failure, is_settled)
        SELECT v_ids[edges.waiting], awaited.id, COALESCE(min(edges.on_failure), 'cancel'),
               awaited.status IN ('completed', 'failed', 'cancelled', 'dead_letter')
          FROM unnest(p_waiting, v_awaited, p_on_failure) AS edges (waiting, awaited, on_failure)
          JOIN {tasks} AS awaited ON awaited.id = edges.awaited
         WHERE v_ids[edges.waiting] = v_final[edges.waiting]
         GROUP BY edges.waiting, awaited.id, awaited.status;
    END IF;
    RETURN QUERY SELECT given.final_id, given.id = given.final_id FROM unnest(v_ids, v_final) AS given (id, final_id);
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_promote(p_lanes integer[], p_most integer DEFAULT 1000) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET enable_sort = off
AS $$
DECLARE
    v_due uuid[];
BEGIN
    SELECT array_agg(due.id) INTO v_due
      FROM unnest(p_lanes) AS served (lane)
     CROSS JOIN LATERAL (
               SELECT tasks.id
                 FROM {tasks} AS tasks
                WHERE tasks.lane = served.lane AND tasks.status = 'pending' AND tasks.place IS NULL
                  AND tasks.open_dependencies = 0 AND tasks.scheduled_at <= now()
                ORDER BY tasks.scheduled_at
                LIMIT p_most
                  FOR UPDATE SKIP LOCKED
           ) AS due;
    RETURN CASE WHEN v_due IS NULL THEN 0 ELSE {engine}_take_places(v_due) END;
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_rooms(INOUT p_lanes integer[], p_n integer, OUT p_rooms integer[])
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
AS $$
DECLARE
    v_limited integer[];
    v_lane    record;
    v_room    integer;
BEGIN
    SELECT array_agg(lane) FILTER (WHERE max_running IS NULL AND rate_count IS NULL),
           array_agg(p_n)  FILTER (WHERE max_running IS NULL AND rate_count IS NULL),
           array_agg(lane) FILTER (WHERE max_running IS NOT NULL OR rate_count IS NOT NULL)
      INTO p_lanes, p_rooms, v_limited
      FROM {lanes}
     WHERE lane = ANY (p_lanes) AND NOT is_paused;
    IF v_limited IS NULL THEN
        RETURN;
    END IF;
    -- Nobody needs a lane's limits who finds nothing in it.
    v_limited := ARRAY(
        SELECT wanted.lane
          FROM unnest(v_limited) AS wanted (lane)
         WHERE EXISTS (SELECT FROM {tasks} AS tasks
                        WHERE tasks.lane = wanted.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL)
    );
    FOR v_lane IN
        SELECT * FROM {lanes} WHERE lane = ANY (v_limited) AND NOT is_paused ORDER BY lane FOR UPDATE SKIP LOCKED
    LOOP
        v_room := p_n;
        IF v_lane.max_running IS NOT NULL THEN
            v_room := LEAST(v_room, v_lane.max_running - (
                SELECT count(*)::integer FROM {tasks} AS tasks
                 WHERE tasks.lane = v_lane.lane AND tasks.status IN ('queued', 'running')
            ));
        END IF;
        IF v_lane.rate_count IS NOT NULL THEN
            v_room := LEAST(v_room, floor(
                v_lane.rate_count
                * extract(epoch FROM clock_timestamp() + v_lane.rate_per
                                     - GREATEST(v_lane.rate_used_to, clock_timestamp()))
                / extract(epoch FROM v_lane.rate_per) + 0.000001
            )::integer);
        END IF;
        IF v_room > 0 THEN
            p_lanes := p_lanes || v_lane.lane;
            p_rooms := p_rooms || v_room;
        END IF;
    END LOOP;
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_claim(p_worker text, p_lanes integer[], p_n integer, p_begin integer DEFAULT NULL)
    RETURNS TABLE (
        id uuid, tenant_id uuid, task_type varchar, payload jsonb, attempt_token uuid, attempt integer, retry_count integer,
        max_retries integer, leased_until timestamptz, status text, created_by uuid
    )
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    v_lanes   integer[];
    v_rooms   integer[];
    v_claimed uuid[];
BEGIN
    IF p_n < 1 THEN
        RETURN;
    END IF;
    -- One that was silent for longer than its lease lives: it claims.
    UPDATE platform.task_workers AS workers SET last_seen = clock_timestamp()
     WHERE workers.worker_id = p_worker AND workers.last_seen < now() - workers.lease / 2;
    IF NOT FOUND AND NOT EXISTS (SELECT FROM platform.task_workers AS workers WHERE workers.worker_id = p_worker) THEN
        RAISE EXCEPTION 'there is no worker %', quote_literal(p_worker)
              USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_worker_is_known', DETAIL = p_worker;
    END IF;

    PERFORM {engine}_promote(p_lanes);
    SELECT * INTO v_lanes, v_rooms FROM {engine}_rooms(p_lanes, p_n);
    IF v_lanes IS NULL THEN
        RETURN;
    END IF;

    -- The window says how many of each lane; what others hold in it is passed over
    -- when locking, so that two who claim at once do not get half each.
    RETURN QUERY
        WITH quotas AS MATERIALIZED (
            SELECT heads.lane, count(*) AS n
              FROM (
                  SELECT served.lane
                    FROM unnest(v_lanes, v_rooms) AS served (lane, room)
                   CROSS JOIN LATERAL (
                             SELECT tasks.scheduled_at + {patience}(tasks.priority) AS due_at
                               FROM {tasks} AS tasks
                              WHERE tasks.lane = served.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                              ORDER BY tasks.place, tasks.seq
                              LIMIT served.room
                         ) AS waiting
                   ORDER BY waiting.due_at
                   LIMIT p_n
              ) AS heads
             GROUP BY heads.lane
        ),
        held AS MATERIALIZED (
            SELECT taken.id, row_number() OVER (ORDER BY taken.place, taken.seq) AS n
              FROM quotas
             CROSS JOIN LATERAL (
                       SELECT tasks.id, tasks.place, tasks.seq
                         FROM {tasks} AS tasks
                        WHERE tasks.lane = quotas.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                          AND (tasks.deadline_at > now() OR tasks.deadline_at IS NULL)
                        ORDER BY tasks.place, tasks.seq
                        LIMIT quotas.n
                          FOR UPDATE SKIP LOCKED
                   ) AS taken
        ),
        changed AS (
            UPDATE {tasks} AS tasks
               SET status        = CASE WHEN held.n <= p_begin OR p_begin IS NULL THEN 'running' ELSE 'queued' END::{status},
                   worker_id     = p_worker,
                   attempts      = tasks.attempts + 1,
                   attempt_token = gen_random_uuid(),
                   started_at    = now(),
                   leased_until  = LEAST(now() + tasks.timeout, tasks.deadline_at)
              FROM held
             WHERE tasks.id = held.id
            RETURNING tasks.id, tasks.tenant_id, tasks.task_type, tasks.payload, tasks.attempt_token, tasks.attempts AS attempt,
                      tasks.retry_count, tasks.max_retries, tasks.leased_until, tasks.status, tasks.created_by, tasks.lane, held.n,
                      CASE WHEN tasks.status = 'running' THEN 'started' ELSE 'queued' END AS event, p_worker AS worker_id,
                      NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
        ),
        recorded AS ({recorded}),
        spent AS (
            UPDATE {lanes} AS lanes
               SET rate_used_to = GREATEST(lanes.rate_used_to, clock_timestamp())
                                  + lanes.rate_per / lanes.rate_count * used.n
              FROM (SELECT changed.lane, count(*) AS n FROM changed GROUP BY changed.lane) AS used
             WHERE lanes.lane = used.lane AND lanes.rate_count IS NOT NULL
        )
        SELECT changed.id, changed.tenant_id, changed.task_type, changed.payload, changed.attempt_token, changed.attempt,
               changed.retry_count, changed.max_retries, changed.leased_until, changed.status::text, changed.created_by
          FROM changed
         ORDER BY changed.n;
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_start(p_worker text, p_ids uuid[], p_tokens uuid[]) RETURNS SETOF uuid
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
AS $$
    WITH changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'running', started_at = now(), leased_until = LEAST(now() + tasks.timeout, tasks.deadline_at)
          FROM unnest(p_ids, p_tokens) AS given (id, token)
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'queued' AND tasks.worker_id = p_worker
        RETURNING tasks.tenant_id, tasks.id, 'started' AS event, tasks.attempts AS attempt, tasks.attempt_token, tasks.worker_id,
                  NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS ({recorded})
    SELECT id FROM changed
$$
$template$,

$template$
CREATE FUNCTION {engine}_settle(p_ended uuid[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
AS $$
DECLARE
    v_ended   uuid[] := p_ended;
    v_waiting uuid[];
    v_ready   uuid[];
    v_count   integer := 0;
BEGIN
    WHILE EXISTS (SELECT FROM {dependencies} WHERE depends_on_task_id = ANY (v_ended) AND NOT is_settled) LOOP
        PERFORM FROM {tasks}
          WHERE id IN (SELECT task_id FROM {dependencies} WHERE depends_on_task_id = ANY (v_ended) AND NOT is_settled)
          ORDER BY id FOR UPDATE;
        WITH settled AS (
            UPDATE {dependencies} AS edges
               SET is_settled = true
              FROM {tasks} AS ended
             WHERE edges.depends_on_task_id = ANY (v_ended) AND NOT edges.is_settled
               AND ended.id = edges.depends_on_task_id
               AND (ended.status = 'completed' OR edges.on_failure = 'ignore')
            RETURNING edges.task_id
        ),
        changed AS (
            UPDATE {tasks} AS tasks
               SET open_dependencies = tasks.open_dependencies - counted.n
              FROM (SELECT task_id, count(*)::integer AS n FROM settled GROUP BY task_id) AS counted
             WHERE tasks.id = counted.task_id AND tasks.status IN ('pending', 'paused')
            RETURNING tasks.id, tasks.open_dependencies
        )
        SELECT array_agg(id) FILTER (WHERE open_dependencies = 0) INTO v_ready FROM changed;
        IF v_ready IS NOT NULL THEN
            v_count := v_count + {engine}_take_places(v_ready);
        END IF;

        WITH doomed AS (
            SELECT edges.task_id,
                   bool_or(edges.on_failure = 'fail' AND ended.status <> 'cancelled') AS fails,
                   min(format('task %s, which it waits for, is %s', ended.id, ended.status)) AS reason
              FROM {dependencies} AS edges
              JOIN {tasks} AS ended ON ended.id = edges.depends_on_task_id
             WHERE edges.depends_on_task_id = ANY (v_ended) AND NOT edges.is_settled
               AND ended.status IN ('failed', 'cancelled', 'dead_letter')
             GROUP BY edges.task_id
        ),
        changed AS (
            UPDATE {tasks} AS tasks
               SET status = CASE WHEN doomed.fails THEN 'failed' ELSE 'cancelled' END::{status},
                   completed_at = now(), error_message = doomed.reason, place = NULL
              FROM doomed
             WHERE tasks.id = doomed.task_id AND tasks.status IN ('pending', 'paused')
            RETURNING tasks.id
        )
        SELECT array_agg(id) INTO v_ended FROM changed;
    END LOOP;
    RETURN v_count;
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_complete(p_worker text, p_ids uuid[], p_tokens uuid[], p_results jsonb[] DEFAULT NULL) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
AS $$
DECLARE
    v_done uuid[];
BEGIN
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest(p_ids, p_tokens, p_results) AS given (id, token, result) ORDER BY id
    ),
    changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'completed', completed_at = now(), result = given.result, leased_until = NULL, error_message = NULL
          FROM given
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'running'
        RETURNING tasks.tenant_id, tasks.id, 'completed' AS event, tasks.attempts AS attempt, tasks.attempt_token,
                  tasks.worker_id, NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS ({recorded})
    SELECT array_agg(id) INTO v_done FROM changed;
    IF v_done IS NOT NULL THEN
        PERFORM {engine}_settle(v_done);
    END IF;
    RETURN QUERY SELECT unnest(v_done);
    IF cardinality(p_ids) > COALESCE(cardinality(v_done), 0) THEN
        RETURN QUERY
            SELECT tasks.id
              FROM unnest(p_ids, p_tokens) AS given (id, token)
              JOIN {tasks} AS tasks ON tasks.id = given.id AND tasks.attempt_token = given.token
             WHERE tasks.status = 'completed' AND tasks.id <> ALL (COALESCE(v_done, '{}'));
    END IF;
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_fail(
    p_worker text, p_ids uuid[], p_tokens uuid[], p_messages text[], p_stacks text[] DEFAULT NULL,
    p_is_final boolean[] DEFAULT NULL, p_delays interval[] DEFAULT NULL
) RETURNS TABLE (id uuid, status text, scheduled_at timestamptz)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    v_changed uuid[];
    v_ended   uuid[];
    v_dead    uuid[];
BEGIN
    WITH held AS MATERIALIZED (
        SELECT tasks.id, given.token, given.stack, COALESCE(given.message, 'no reason was given') AS message,
               COALESCE(given.delay, {engine}_wait(lanes.retry_base, lanes.retry_most, tasks.retry_count)) AS delay,
               CASE WHEN given.is_final THEN 'failed'
                    WHEN tasks.retry_count >= tasks.max_retries OR tasks.deadline_at <= now() THEN 'dead_letter'
                    ELSE 'pending' END AS verdict
          FROM unnest(p_ids, p_tokens, p_messages, p_stacks, p_is_final, p_delays)
                 AS given (id, token, message, stack, is_final, delay)
          JOIN {tasks} AS tasks ON tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'running'
          JOIN {lanes} AS lanes ON lanes.lane = tasks.lane
         ORDER BY tasks.id
           FOR UPDATE OF tasks
    ),
    changed AS (
        UPDATE {tasks} AS tasks
           SET status        = held.verdict::{status},
               completed_at  = CASE WHEN held.verdict <> 'pending' THEN now() END,
               retry_count   = LEAST(tasks.retry_count + (held.verdict <> 'failed')::integer, tasks.max_retries),
               scheduled_at  = CASE WHEN held.verdict = 'pending' THEN now() + held.delay ELSE tasks.scheduled_at END,
               error_message = held.message,
               attempt_token = NULL, leased_until = NULL, place = NULL
          FROM held
         WHERE tasks.id = held.id
        RETURNING tasks.tenant_id, tasks.id, tasks.status, 'failed' AS event, tasks.attempts AS attempt,
                  held.token AS attempt_token, tasks.worker_id, tasks.error_message, held.stack AS error_stack,
                  CASE WHEN tasks.status = 'pending' THEN jsonb_build_object('retry_at', tasks.scheduled_at) ELSE '{}' END AS detail
    ),
    recorded AS ({recorded})
    SELECT array_agg(changed.id), array_agg(changed.id) FILTER (WHERE changed.status <> 'pending'),
           array_agg(changed.id) FILTER (WHERE changed.status = 'dead_letter')
      INTO v_changed, v_ended, v_dead
      FROM changed;
    IF v_dead IS NOT NULL THEN
        PERFORM {engine}_bury(v_dead);
    END IF;
    IF v_ended IS NOT NULL THEN
        PERFORM {engine}_settle(v_ended);
    END IF;
    RETURN QUERY
        SELECT tasks.id, tasks.status::text, tasks.scheduled_at FROM {tasks} AS tasks WHERE tasks.id = ANY (v_changed);
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_wait(p_base interval, p_most interval, p_retries integer) RETURNS interval
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT LEAST(p_most, p_base * power(2, LEAST(p_retries, 30))) * (0.5 + random() / 2)
$$
$template$,

$template$
CREATE FUNCTION {engine}_bury(p_dead uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    {bury};
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_release(p_worker text, p_ids uuid[], p_tokens uuid[]) RETURNS SETOF uuid
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
AS $$
    WITH changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'pending', attempt_token = NULL, leased_until = NULL
          FROM (SELECT * FROM unnest(p_ids, p_tokens) AS given (id, token) ORDER BY id) AS given
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status IN ('queued', 'running')
        RETURNING tasks.tenant_id, tasks.id, 'handed_back' AS event, tasks.attempts AS attempt, given.token AS attempt_token,
                  p_worker AS worker_id, NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS ({recorded})
    SELECT id FROM changed
$$
$template$,

$template$
CREATE FUNCTION {engine}_step(
    p_worker text, p_ids uuid[], p_tokens uuid[], p_results jsonb[], p_lanes integer[], p_n integer, p_begin integer DEFAULT NULL
) RETURNS TABLE (
        id uuid, tenant_id uuid, task_type varchar, payload jsonb, attempt_token uuid, attempt integer, retry_count integer,
        max_retries integer, leased_until timestamptz, status text, created_by uuid
    )
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
        SELECT done, NULL::uuid, NULL::varchar, NULL::jsonb, NULL::uuid, NULL::integer, NULL::integer, NULL::integer,
               NULL::timestamptz, 'completed', NULL::uuid
          FROM {engine}_complete(p_worker, p_ids, p_tokens, p_results) AS done;
    RETURN QUERY SELECT * FROM {engine}_claim(p_worker, p_lanes, p_n, p_begin);
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_heartbeat(p_worker text, p_ids uuid[] DEFAULT '{}', p_tokens uuid[] DEFAULT '{}') RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE platform.task_workers SET last_seen = clock_timestamp() WHERE worker_id = p_worker;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no worker %', quote_literal(p_worker)
              USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_worker_is_known', DETAIL = p_worker;
    END IF;
    RETURN QUERY
        SELECT given.id
          FROM unnest(p_ids, p_tokens) AS given (id, token)
         WHERE NOT EXISTS (
                   SELECT FROM {tasks} AS tasks
                    WHERE tasks.id = given.id AND tasks.attempt_token = given.token
                      AND tasks.status IN ('queued', 'running', 'completed')
               );
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_mark_stuck(p_most integer DEFAULT 1000) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
AS $$
DECLARE
    v_count integer;
BEGIN
    WITH lost AS MATERIALIZED (
        SELECT tasks.id, CASE WHEN tasks.leased_until < now() THEN 'the attempt took longer than it may'
                              ELSE format('worker %s was lost', tasks.worker_id) END AS reason, tasks.attempt_token
          FROM {tasks} AS tasks
         WHERE tasks.status IN ('queued', 'running')
           AND (tasks.leased_until < now()
                OR tasks.worker_id NOT IN (
                       SELECT workers.worker_id FROM platform.task_workers AS workers WHERE workers.last_seen >= now() - workers.lease
                   ))
         LIMIT p_most
           FOR UPDATE SKIP LOCKED
    ),
    changed AS (
        UPDATE {tasks} AS tasks
           SET status = CASE WHEN tasks.status = 'queued' THEN 'pending' ELSE 'stuck' END::{status},
               attempt_token = NULL, leased_until = NULL,
               error_message = CASE WHEN tasks.status = 'queued' THEN tasks.error_message ELSE lost.reason END
          FROM lost
         WHERE tasks.id = lost.id
        RETURNING tasks.tenant_id, tasks.id, CASE WHEN tasks.status = 'stuck' THEN 'stuck' ELSE 'rescued' END AS event,
                  tasks.attempts AS attempt, lost.attempt_token, tasks.worker_id, lost.reason AS error_message,
                  NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS ({recorded})
    SELECT count(*) INTO v_count FROM changed;
    RETURN v_count;
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_rescue(p_most integer DEFAULT 1000, OUT p_retried integer, OUT p_dead integer)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
AS $$
DECLARE
    v_dead uuid[];
BEGIN
    WITH held AS MATERIALIZED (
        SELECT tasks.id, {engine}_wait(lanes.retry_base, lanes.retry_most, tasks.retry_count) AS delay,
               CASE WHEN tasks.retry_count >= tasks.max_retries OR tasks.deadline_at <= now() THEN 'dead_letter'
                    ELSE 'pending' END AS verdict
          FROM {tasks} AS tasks
          JOIN {lanes} AS lanes ON lanes.lane = tasks.lane
         WHERE tasks.status = 'stuck'
         LIMIT p_most
           FOR UPDATE OF tasks SKIP LOCKED
    ),
    changed AS (
        UPDATE {tasks} AS tasks
           SET status       = held.verdict::{status},
               completed_at = CASE WHEN held.verdict <> 'pending' THEN now() END,
               retry_count  = LEAST(tasks.retry_count + 1, tasks.max_retries),
               scheduled_at = CASE WHEN held.verdict = 'pending' THEN now() + held.delay ELSE tasks.scheduled_at END,
               place        = NULL
          FROM held
         WHERE tasks.id = held.id
        RETURNING tasks.tenant_id, tasks.id, tasks.status, 'rescued' AS event, tasks.attempts AS attempt, NULL::uuid AS attempt_token,
                  tasks.worker_id, tasks.error_message, NULL::text AS error_stack,
                  CASE WHEN tasks.status = 'pending' THEN jsonb_build_object('retry_at', tasks.scheduled_at) ELSE '{}' END AS detail
    ),
    recorded AS ({recorded} WHERE changed.status = 'pending')
    SELECT count(*) FILTER (WHERE status = 'pending'), array_agg(id) FILTER (WHERE status = 'dead_letter')
      INTO p_retried, v_dead
      FROM changed;

    WITH late AS MATERIALIZED (
        SELECT tasks.id FROM {tasks} AS tasks
         WHERE tasks.deadline_at <= now() AND tasks.status IN ('pending', 'paused')
         LIMIT p_most FOR UPDATE SKIP LOCKED
    ),
    changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'dead_letter', completed_at = now(), place = NULL,
               error_message = COALESCE(tasks.error_message, 'its deadline passed before it was done')
          FROM late WHERE tasks.id = late.id
        RETURNING tasks.id
    )
    SELECT COALESCE(v_dead, '{}') || COALESCE(array_agg(id), '{}') INTO v_dead FROM changed;
    p_dead := cardinality(v_dead);
    IF p_dead > 0 THEN
        PERFORM {engine}_bury(v_dead);
        PERFORM {engine}_settle(v_dead);
    END IF;
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_pause(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE {tasks} AS tasks
       SET status = 'paused', leased_until = NULL
      FROM (SELECT id FROM {tasks} WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
     WHERE tasks.id = held.id AND tasks.status IN ('pending', 'queued', 'running')
    RETURNING tasks.id
$$
$template$,

$template$
CREATE FUNCTION {engine}_resume(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_resumed uuid[];
BEGIN
    WITH changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'pending'
          FROM (SELECT id FROM {tasks} WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
         WHERE tasks.id = held.id AND tasks.status = 'paused'
        RETURNING tasks.id
    )
    SELECT array_agg(id) INTO v_resumed FROM changed;
    PERFORM {engine}_take_places(v_resumed);
    RETURN QUERY SELECT unnest(v_resumed);
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_cancel(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_cancelled uuid[];
BEGIN
    WITH changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'cancelled', completed_at = now(), leased_until = NULL, place = NULL
          FROM (SELECT id FROM {tasks} WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
         WHERE tasks.id = held.id AND tasks.status IN ('pending', 'queued', 'running', 'paused', 'stuck')
        RETURNING tasks.id
    )
    SELECT array_agg(id) INTO v_cancelled FROM changed;
    IF v_cancelled IS NOT NULL THEN
        PERFORM {engine}_settle(v_cancelled);
    END IF;
    RETURN QUERY SELECT unnest(v_cancelled);
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_retry(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_again uuid[];
BEGIN
    WITH changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'pending', retry_count = 0, completed_at = NULL, scheduled_at = now(), place = NULL,
               deadline_at = CASE WHEN tasks.deadline_at > now() THEN tasks.deadline_at END,
               open_dependencies = (
                   SELECT count(*) FROM {dependencies} AS edges WHERE edges.task_id = tasks.id AND NOT edges.is_settled
               )
          FROM (SELECT id FROM {tasks} WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
         WHERE tasks.id = held.id AND tasks.status IN ('failed', 'cancelled', 'dead_letter')
           AND NOT EXISTS (
                   SELECT FROM {tasks} AS others
                    WHERE others.tenant_id = tasks.tenant_id AND others.unique_key = tasks.unique_key AND others.id <> tasks.id
                      AND (others.status IN ('pending', 'queued', 'running', 'paused', 'stuck')
                           OR (others.id < tasks.id AND others.id = ANY (p_ids)
                               AND others.status IN ('failed', 'cancelled', 'dead_letter')))
               )
        RETURNING tasks.id
    )
    SELECT array_agg(id) INTO v_again FROM changed;
    IF v_again IS NOT NULL THEN
        {revive};
        PERFORM {engine}_take_places(v_again);
    END IF;
    RETURN QUERY SELECT unnest(v_again);
END
$$
$template$
    ] LOOP
        template := replace(template, '{engine}', engine);
        template := replace(template, '{tasks}', tasks);
        template := replace(template, '{dependencies}', dependencies);
        template := replace(template, '{lanes}', lanes);
        template := replace(template, '{status}', status);
        template := replace(template, '{priority}', priority);
        template := replace(template, '{patience}', patience);
        template := replace(template, '{recorded}', recorded);
        template := replace(template, '{bury}', bury);
        template := replace(template, '{revive}', revive);
        FOR word IN SELECT key, value FROM jsonb_each_text(words) LOOP
            template := replace(template, quote_literal(word.key), quote_literal(word.value));
        END LOOP;
        EXECUTE template;
    END LOOP;
END
$_$;

CREATE FUNCTION platform.create_team(new_name text, new_slug text, owner uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    made uuid;
BEGIN
    PERFORM platform.require(
        EXISTS (SELECT FROM platform.users WHERE id = platform.user_id() AND is_active)
        AND (owner = platform.user_id() OR platform.is_administrator()),
        'make a team for somebody else'
    );
    INSERT INTO platform.teams (name, slug) VALUES (new_name, new_slug) RETURNING id INTO made;
    INSERT INTO platform.team_members (tenant_id, user_id, role) VALUES (made, owner, 'owner');
    RETURN made;
END
$$;

CREATE FUNCTION platform.create_user(new_username text, new_email text, new_password_hash text, new_role text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    made uuid;
BEGIN
    PERFORM platform.require(platform.is_administrator(), 'add users');
    INSERT INTO platform.users (username, email, password_hash, role)
    VALUES (new_username, new_email, new_password_hash, new_role)
    RETURNING id INTO made;
    RETURN made;
END
$$;

CREATE FUNCTION platform.drop_ledger(ledger text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    target CONSTANT regclass := (SELECT relation FROM platform.ledgers WHERE name = ledger);
BEGIN
    EXECUTE format('DROP TRIGGER IF EXISTS stamp_the_row ON %s', target);
    EXECUTE format('DROP TRIGGER the_row_stays_as_it_is ON %s', target);
    EXECUTE format('DROP TRIGGER the_row_stays ON %s', target);
    EXECUTE format('DROP FUNCTION IF EXISTS store.%I()', 'stamp_' || ledger);
    EXECUTE format('DROP INDEX %s.%I', (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = target), ledger || '_by_transaction');
    EXECUTE format('DROP POLICY IF EXISTS rows_are_sealed ON %s', target);
    EXECUTE format('DROP POLICY IF EXISTS rows_are_redacted ON %s', target);
    EXECUTE format('ALTER TABLE %s DROP COLUMN epoch, DROP COLUMN transaction_id, DROP COLUMN digest, DROP COLUMN redaction_id', target);
    EXECUTE format('REVOKE SELECT ON %s FROM guildhall_scheduler', target);
    DELETE FROM platform.audit_seal_parts AS parts WHERE parts.ledger = drop_ledger.ledger;
    DELETE FROM platform.audit_seals AS seals WHERE seals.ledger = drop_ledger.ledger;
    DELETE FROM platform.ledgers WHERE name = ledger;
END
$$;

CREATE FUNCTION platform.drop_partition(series_name text, partition_name text, archived_rows bigint DEFAULT NULL::bigint, archived_digest text DEFAULT NULL::text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '200ms'
    AS $_$
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
$_$;

CREATE FUNCTION platform.drop_task_engine(engine text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    rendered regprocedure;
BEGIN
    FOR rendered IN
        SELECT oid FROM pg_proc WHERE pronamespace = split_part(engine, '.', 1)::regnamespace AND proname ^@ (split_part(engine, '.', 2) || '_')
    LOOP
        EXECUTE format('DROP FUNCTION %s', rendered);
    END LOOP;
END
$$;

CREATE FUNCTION platform.ensure_partitions(series_name text, earliest timestamp with time zone, latest timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET lock_timeout TO '5s'
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

CREATE FUNCTION platform.epoch() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN set_config('guildhall.epoch', (SELECT number FROM platform.epoch)::text, false)::bigint;
END
$$;

CREATE FUNCTION platform.erase_person(person uuid, reason text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    -- It asks who may.
    IF NOT platform.erase_user(person) THEN
        RETURN NULL;
    END IF;
    RETURN platform.redact_audit('user', person, reason, platform.user_id());
END
$$;

CREATE FUNCTION platform.erase_team(team uuid, reason text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NOT platform.finish_erasing_team(team) THEN
        RETURN NULL;
    END IF;
    RETURN platform.redact_audit('team', team, reason, platform.user_id());
END
$$;

CREATE FUNCTION platform.erase_team_rows(team uuid, at_most integer) RETURNS TABLE(relation text, removed bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    wanted  record;
    earliest timestamptz;
    done    bigint;
    budget  bigint := at_most;
    before  CONSTANT text := COALESCE(current_setting('app.tenant_id', true), '');
BEGIN
    PERFORM platform.require_ownership(team, 'erase this team');
    PERFORM platform.require(
        EXISTS (SELECT FROM platform.teams WHERE id = team AND erased_at IS NOT NULL), 'erase a team that is not being erased'
    );
    PERFORM set_config('app.tenant_id', team::text, true); -- the policies let the owner's functions see this team
    FOR wanted IN SELECT * FROM platform.erasure_order() LOOP
        EXIT WHEN budget <= 0;
        -- Members go last, with the team: until then its owner may go on.
        CONTINUE WHEN wanted.relation = 'platform.team_members'::regclass;
        IF wanted.time_column IS NULL THEN
            BEGIN
                EXECUTE format(
                    'DELETE FROM %1$s WHERE tenant_id = $1 AND (tableoid, ctid) IN '
                    '(SELECT tableoid, ctid FROM %1$s WHERE tenant_id = $1 LIMIT $2)', wanted.relation
                ) USING team, budget;
                GET DIAGNOSTICS done = ROW_COUNT;
            EXCEPTION WHEN foreign_key_violation OR restrict_violation THEN
                -- Rows that refer to others of the same table can only go together.
                EXECUTE format('DELETE FROM %s WHERE tenant_id = $1', wanted.relation) USING team;
                GET DIAGNOSTICS done = ROW_COUNT;
            END;
        ELSE
            -- A month at a time: rows of compressed chunks have no place by which a batch could name them.
            EXECUTE format('SELECT min(%I) FROM %s WHERE tenant_id = $1', wanted.time_column, wanted.relation) INTO earliest USING team;
            EXECUTE format('DELETE FROM %1$s WHERE tenant_id = $1 AND %2$I >= $2 AND %2$I < $2 + interval ''1 month''',
                           wanted.relation, wanted.time_column) USING team, earliest;
            GET DIAGNOSTICS done = ROW_COUNT;
            -- What is left of the series is for the next call.
            budget := CASE WHEN done > 0 THEN 0 ELSE budget END;
        END IF;
        IF done > 0 THEN
            budget := budget - done;
            relation := wanted.relation::text;
            removed := done;
            RETURN NEXT;
        END IF;
    END LOOP;
    PERFORM set_config('app.tenant_id', before, true);
END
$_$;

CREATE FUNCTION platform.erase_user(person uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    known   platform.users;
    trace   record;
    nobody  text := 'erased-' || replace(gen_random_uuid()::text, '-', '');
BEGIN
    PERFORM platform.require(platform.is_administrator() OR person = platform.user_id(), 'erase somebody else');
    PERFORM platform.refuse_the_first(person);
    SELECT * INTO known FROM platform.users WHERE id = person AND erased_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    DELETE FROM platform.sign_in_failures AS failures
     WHERE failures.subject IN (SELECT wanted.subject FROM platform.sign_in_subjects(known.username, NULL) AS wanted);
    DELETE FROM platform.user_preferences WHERE user_id = person OR user_identifier = person::text;
    DELETE FROM platform.user_sessions WHERE user_id = person;
    DELETE FROM platform.api_keys WHERE user_id = person;
    DELETE FROM platform.team_invitations WHERE email = known.email OR accepted_by = person;
    DELETE FROM platform.team_members WHERE user_id = person;

    -- Where somebody was and with what, wherever it stands beside who it was.
    FOR trace IN
        SELECT attributes.attrelid::regclass AS relation,
               string_agg(format('%I = NULL', attributes.attname), ', ' ORDER BY attributes.attnum) AS changes,
               string_agg(format('%I IS NOT NULL', attributes.attname), ' OR ' ORDER BY attributes.attnum) AS is_there
          FROM pg_attribute AS attributes
          JOIN pg_class AS classes ON classes.oid = attributes.attrelid AND classes.relkind IN ('r', 'p') AND NOT classes.relispartition
          JOIN pg_attribute AS people ON people.attrelid = classes.oid AND people.attname = 'user_id' AND people.atttypid = 'uuid'::regtype
         WHERE classes.relnamespace::regnamespace::text IN ('platform', 'catalogue', 'gateway', 'evaluation', 'society', 'store')
           AND attributes.attname IN ('ip_address', 'user_agent', 'user_identifier')
           AND NOT attributes.attnotnull
           AND split_part(COALESCE(obj_description(classes.oid), ''), ':', 1) <> 'audit'
         GROUP BY attributes.attrelid
    LOOP
        EXECUTE format('UPDATE %s SET %s WHERE user_id = $1 AND (%s)', trace.relation, trace.changes, trace.is_there) USING person;
    END LOOP;

    UPDATE platform.users
       SET username = nobody, email = nobody || '@invalid', password_hash = '!', api_key = NULL, role = 'user',
           is_active = false, last_login_at = NULL,
           deleted_at = COALESCE(deleted_at, clock_timestamp()), erased_at = clock_timestamp()
     WHERE id = person;
    RETURN true;
END
$_$;

CREATE FUNCTION platform.erasure_order() RETURNS TABLE(relation regclass, time_column text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    remaining oid[];
    free_ones oid[];
BEGIN
    SELECT array_agg(classes.oid) INTO remaining
      FROM pg_class AS classes
     WHERE classes.relnamespace::regnamespace::text IN ('platform', 'catalogue', 'gateway', 'evaluation', 'society', 'store')
       AND classes.relkind IN ('r', 'p') AND NOT classes.relispartition
       AND split_part(obj_description(classes.oid), ': ', 2) = 'tenant'
       AND split_part(obj_description(classes.oid), ': ', 1) <> 'audit';
    WHILE cardinality(remaining) > 0 LOOP
        -- Keys that set null or cascade may form circles; they refuse nothing.
        FOR strictness IN 1..3 LOOP
            SELECT array_agg(candidate ORDER BY candidate::regclass::text) INTO free_ones
              FROM unnest(remaining) AS candidate
             WHERE NOT EXISTS (
                       SELECT FROM pg_constraint AS keys
                        WHERE keys.contype = 'f'
                          AND keys.confrelid = candidate
                          AND keys.conrelid <> candidate
                          AND keys.conrelid = ANY (remaining)
                          AND (strictness = 1 AND keys.confdeltype IN ('a', 'r', 'c')
                               OR strictness = 2 AND keys.confdeltype IN ('a', 'r'))
                   );
            EXIT WHEN free_ones IS NOT NULL;
        END LOOP;
        RETURN QUERY
        SELECT candidate::regclass, series.time_column
          FROM unnest(free_ones) WITH ORDINALITY AS free (candidate, place)
          JOIN pg_class AS classes ON classes.oid = candidate
          LEFT JOIN platform.series ON series.name = classes.relname AND classes.relnamespace = 'store'::regnamespace
         ORDER BY place;
        remaining := ARRAY(SELECT candidate FROM unnest(remaining) AS candidate WHERE candidate <> ALL (free_ones));
    END LOOP;
END
$$;

CREATE FUNCTION platform.expired_partitions(wanted text DEFAULT NULL::text) RETURNS TABLE(series text, partition text, starts timestamp with time zone, ends timestamp with time zone, is_archived boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

CREATE FUNCTION platform.extend_ledger(ledger text, added text[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE platform.ledgers SET columns = columns || added WHERE name = ledger;
    PERFORM platform.write_ledger_triggers(ledger);
END
$$;

CREATE FUNCTION platform.fill(template text, parts jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
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

CREATE TABLE platform.users (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    username character varying(255) NOT NULL,
    email character varying(255) NOT NULL,
    password_hash character varying(255) DEFAULT '!'::character varying NOT NULL,
    api_key character varying(255),
    role character varying(50) DEFAULT 'user'::character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    last_login_at timestamp with time zone,
    deleted_at timestamp with time zone,
    erased_at timestamp with time zone,
    CONSTRAINT users_archived_are_inactive CHECK ((is_active = (deleted_at IS NULL))),
    CONSTRAINT users_erased_are_archived CHECK (((erased_at IS NULL) OR (deleted_at IS NOT NULL))),
    CONSTRAINT users_role_is_known CHECK (((role)::text = ANY ((ARRAY['user'::character varying, 'admin'::character varying])::text[]))),
    CONSTRAINT users_updated_after_created CHECK ((updated_at >= created_at))
);

