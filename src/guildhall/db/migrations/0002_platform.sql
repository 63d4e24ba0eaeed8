-- Who is asking, whose data it is, what changed, and how series are kept.

-- Identity travels with each transaction (decision 7): no setting, no rows.
CREATE FUNCTION platform.tenant_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(current_setting('app.tenant_id', true), '')::uuid;

CREATE FUNCTION platform.user_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(current_setting('app.user_id', true), '')::uuid;

CREATE TABLE platform.installation (
    database_id uuid        NOT NULL DEFAULT gen_random_uuid(),
    engine      text        NOT NULL DEFAULT 'native',
    created_at  timestamptz NOT NULL DEFAULT now(),
    is_the_one  boolean     NOT NULL DEFAULT true PRIMARY KEY,
    CONSTRAINT installation_is_single CHECK (is_the_one),
    CONSTRAINT installation_engine_is_known CHECK (engine IN ('native', 'timescale'))
);
COMMENT ON TABLE platform.installation IS 'operations: system: which database this is, and the engine its series were made with.';
-- `guildhall.engine` is what the migrator has chosen; whoever runs this file by hand gets native partitions.
INSERT INTO platform.installation (engine)
VALUES (COALESCE(NULLIF(current_setting('guildhall.engine', true), ''), 'native'));

-- For every table with a column `updated_at`: the time of its latest real
-- change, unless the statement says another itself.
CREATE FUNCTION platform.update_updated_at_column() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NEW IS DISTINCT FROM OLD AND NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at THEN
        NEW.updated_at := GREATEST(now(), OLD.updated_at); -- never back in time
    END IF;
    RETURN NEW;
END
$$;

-- identity ---------------------------------------------------------------

CREATE TABLE platform.users (
    id            uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    username      varchar(255) NOT NULL,
    email         varchar(255) NOT NULL,
    password_hash varchar(255) NOT NULL DEFAULT '!',
    api_key       varchar(255),
    role          varchar(50)  NOT NULL DEFAULT 'user',
    created_at    timestamptz  NOT NULL DEFAULT now(),
    updated_at    timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT users_one_per_username UNIQUE (username),
    CONSTRAINT users_one_per_email UNIQUE (email),
    CONSTRAINT users_one_per_api_key UNIQUE (api_key),
    CONSTRAINT users_role_is_known CHECK (role IN ('user', 'admin')),
    CONSTRAINT users_updated_after_created CHECK (updated_at >= created_at)
);
COMMENT ON TABLE platform.users IS 'identity: global: the people who use this installation.';
COMMENT ON COLUMN platform.users.password_hash IS 'An argon2id hash; "!" matches no password.';
COMMENT ON COLUMN platform.users.api_key IS 'The public id of the person''s default API key, never a secret.';

CREATE TABLE platform.teams (
    id         uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    name       varchar(100) NOT NULL,
    slug       varchar(100) NOT NULL,
    is_active  boolean      NOT NULL DEFAULT true,
    created_at timestamptz  NOT NULL DEFAULT now(),
    updated_at timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT teams_one_per_slug UNIQUE (slug),
    CONSTRAINT teams_slug_is_plain CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT teams_updated_after_created CHECK (updated_at >= created_at)
);
COMMENT ON TABLE platform.teams IS 'identity: global: the tenants; somebody who works alone is a team of one.';

CREATE TABLE platform.team_members (
    tenant_id  uuid        NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams ON DELETE CASCADE,
    user_id    uuid        NOT NULL REFERENCES platform.users ON DELETE CASCADE,
    role       text        NOT NULL DEFAULT 'member',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT team_members_role_is_known CHECK (role IN ('owner', 'admin', 'member', 'viewer'))
);
COMMENT ON TABLE platform.team_members IS 'identity: tenant: who belongs to a team, and what they may do in it.';
CREATE INDEX team_members_by_user ON platform.team_members (user_id);

-- The people and the team of somebody who has just installed this.
INSERT INTO platform.users (id, username, email, role)
VALUES ('00000000-0000-7000-8000-000000000001', 'local', 'local@localhost', 'admin');
INSERT INTO platform.teams (id, name, slug)
VALUES ('00000000-0000-7000-8000-000000000002', 'Local', 'local');
INSERT INTO platform.team_members (tenant_id, user_id, role)
VALUES ('00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000001', 'owner');

ALTER TABLE platform.users        ENABLE ROW LEVEL SECURITY;
ALTER TABLE platform.users        FORCE  ROW LEVEL SECURITY;
ALTER TABLE platform.teams        ENABLE ROW LEVEL SECURITY;
ALTER TABLE platform.teams        FORCE  ROW LEVEL SECURITY;
ALTER TABLE platform.team_members ENABLE ROW LEVEL SECURITY;
ALTER TABLE platform.team_members FORCE  ROW LEVEL SECURITY;

CREATE POLICY users_are_seen_by_their_teams ON platform.users FOR SELECT TO guildhall_app
    USING (
        id = (SELECT platform.user_id())
        OR EXISTS (
            SELECT FROM platform.team_members AS members
             WHERE members.tenant_id = (SELECT platform.tenant_id())
               AND members.user_id = users.id
        )
    );
CREATE POLICY teams_are_seen_from_within ON platform.teams FOR SELECT TO guildhall_app
    USING (id = (SELECT platform.tenant_id()));
CREATE POLICY team_members_are_seen_from_within ON platform.team_members FOR SELECT TO guildhall_app
    USING (tenant_id = (SELECT platform.tenant_id()));

-- Whoever logs in first looks which schema and which engine it is.
GRANT USAGE ON SCHEMA platform TO guildhall_login;
GRANT SELECT ON platform.installation TO guildhall_login;
GRANT SELECT ON platform.installation, platform.teams, platform.team_members TO guildhall_app;
GRANT SELECT (id, username, email, role, created_at, updated_at) ON platform.users TO guildhall_app;

-- series -----------------------------------------------------------------

CREATE TABLE platform.series (
    name           text        PRIMARY KEY,
    time_column    text        NOT NULL,
    step           interval    NOT NULL,
    retention      interval,
    chunk          interval    NOT NULL DEFAULT '1 day',
    compress_after interval,
    segment_by     text[]      NOT NULL DEFAULT '{}',
    order_by       text,
    is_archived    boolean     NOT NULL DEFAULT false,
    dropped_before timestamptz,
    -- Thirty days equal a month to PostgreSQL, but not to a calendar.
    CONSTRAINT series_step_is_a_month CHECK (step = interval '1 month' AND date_trunc('month', step) = step),
    CONSTRAINT series_retention_is_positive CHECK (retention > interval '0'),
    CONSTRAINT series_chunk_is_positive CHECK (chunk > interval '0'),
    CONSTRAINT series_compression_waits CHECK (compress_after > interval '0')
);
COMMENT ON TABLE platform.series IS 'operations: system: every table that is kept by time: its base table in schema store, its column, and how its rows are kept.';
COMMENT ON COLUMN platform.series.step IS 'The span of a partition on native partitions.';
COMMENT ON COLUMN platform.series.chunk IS 'The span of a chunk on TimescaleDB.';
COMMENT ON COLUMN platform.series.retention IS 'How long rows are kept; NULL: for ever. Whole partitions are dropped once all of their span is older.';
COMMENT ON COLUMN platform.series.compress_after IS 'The age at which TimescaleDB compresses a chunk; NULL: never.';
COMMENT ON COLUMN platform.series.segment_by IS 'Columns whose values compressed rows have in common.';
COMMENT ON COLUMN platform.series.is_archived IS 'Partitions go to a file before they are dropped.';
COMMENT ON COLUMN platform.series.dropped_before IS 'Rows older than this were dropped; those that arrive late are taken, and dropped by the next pass of upkeep.';
GRANT SELECT ON platform.series TO guildhall_app, guildhall_scheduler;

CREATE FUNCTION platform.partition_name(series_name text, starts timestamptz) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    RETURN series_name || to_char(starts, '_YYYY_MM') || CASE WHEN extract(year FROM starts) < 0 THEN '_bc' ELSE '' END;

-- Partitions are made ahead by the scheduler and on demand by whoever writes,
-- so no row is ever refused for its date. A table is made first and attached
-- afterwards: attaching does not stop readers or writers of its siblings.
-- TimescaleDB makes its chunks itself.
CREATE FUNCTION platform.ensure_partitions(series_name text, earliest timestamptz, latest timestamptz) RETURNS integer
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
REVOKE ALL ON FUNCTION platform.ensure_partitions(text, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.ensure_partitions(text, timestamptz, timestamptz) TO guildhall_app;

-- Turns a partitioned table that has no rows into a hypertable with the same
-- columns, constraints, indexes, triggers, comments and grants, as a partitioned
-- table cannot become one itself.
CREATE FUNCTION platform.make_hypertable(series_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
AS $$
DECLARE
    wanted     platform.series;
    parent     regclass := format('store.%I', series_name);
    extension  text;
    statements text[];
    statement  text;
BEGIN
    SELECT * INTO STRICT wanted FROM platform.series WHERE name = series_name;
    SELECT extnamespace::regnamespace INTO STRICT extension FROM pg_extension WHERE extname = 'timescaledb';

    -- What LIKE leaves out, or would give another name.
    SELECT array_agg(parts.statement ORDER BY parts.place, parts.name) INTO statements
      FROM (
               SELECT 1 AS place, conname AS name, format('ALTER TABLE %s ADD CONSTRAINT %I %s', parent, conname, pg_get_constraintdef(oid)) AS statement
                 FROM pg_constraint
                WHERE conrelid = parent AND contype IN ('p', 'u', 'f')
               UNION ALL
               SELECT 2, indexrelid::regclass::text, regexp_replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')
                 FROM pg_index
                WHERE indrelid = parent AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = parent)
               UNION ALL
               SELECT 3, tgname, pg_get_triggerdef(oid)
                 FROM pg_trigger
                WHERE tgrelid = parent AND NOT tgisinternal
               UNION ALL
               SELECT 4, '', format('COMMENT ON TABLE %s IS %L', parent, obj_description(parent, 'pg_class'))
               UNION ALL
               SELECT 5, '', format('COMMENT ON INDEX %s IS %L', indexrelid::regclass, obj_description(indexrelid, 'pg_class'))
                 FROM pg_index
                WHERE indrelid = parent AND obj_description(indexrelid, 'pg_class') IS NOT NULL
               UNION ALL
               SELECT 6, '', format('GRANT %s ON %s TO %I', granted.privilege_type, parent, granted.grantee::regrole)
                 FROM pg_class, aclexplode(relacl) AS granted
                WHERE pg_class.oid = parent AND granted.grantee NOT IN (0, relowner)
               UNION ALL
               SELECT 6, '', format('GRANT %s (%I) ON %s TO %I', granted.privilege_type, attname, parent, granted.grantee::regrole)
                 FROM pg_attribute, aclexplode(attacl) AS granted
                WHERE attrelid = parent AND granted.grantee <> 0
           ) AS parts;

    EXECUTE format('CREATE TABLE store.%I (LIKE %s INCLUDING ALL EXCLUDING INDEXES)', series_name || '_anew', parent);
    EXECUTE format('DROP TABLE %s', parent);
    EXECUTE format('ALTER TABLE store.%I RENAME TO %I', series_name || '_anew', series_name);
    EXECUTE format(
        'SELECT %1$s.create_hypertable(%2$L::regclass, %1$s.by_range(%3$L, %4$L::interval), create_default_indexes => false)',
        extension, format('store.%I', series_name), wanted.time_column, wanted.chunk
    );
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION platform.make_hypertable(text) FROM PUBLIC;

-- Hands the register's intervals to TimescaleDB, which then compresses and drops
-- chunks by itself; rows that are archived first are dropped by upkeep alone.
CREATE FUNCTION platform.set_policies(series_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted    platform.series;
    extension text;
    relation  text := format('store.%I', series_name);
BEGIN
    SELECT * INTO STRICT wanted FROM platform.series WHERE name = series_name;
    SELECT extnamespace::regnamespace INTO STRICT extension FROM pg_extension WHERE extname = 'timescaledb';

    EXECUTE format('SELECT %s.set_chunk_time_interval(%L::regclass, %L::interval)', extension, relation, wanted.chunk);
    EXECUTE format('SELECT %s.remove_compression_policy(%L::regclass, if_exists => true)', extension, relation);
    EXECUTE format('SELECT %s.remove_retention_policy(%L::regclass, if_exists => true)', extension, relation);
    IF wanted.compress_after IS NOT NULL THEN
        EXECUTE format(
            'ALTER TABLE %s SET (timescaledb.compress, timescaledb.compress_segmentby = %L, timescaledb.compress_orderby = %L)',
            relation,
            (SELECT COALESCE(string_agg(quote_ident(part), ', '), '') FROM unnest(wanted.segment_by) AS part),
            -- Whatever tells rows apart is best among these, lest compressed rows must be searched for duplicates.
            COALESCE(wanted.order_by, format('%I DESC', wanted.time_column) || COALESCE((
                SELECT string_agg(format(', %I', attname), '' ORDER BY attnum)
                  FROM pg_index
                  JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
                 WHERE indrelid = relation::regclass AND indisprimary
                   AND attname <> wanted.time_column AND attname <> ALL (wanted.segment_by)
            ), ''))
        );
        EXECUTE format('SELECT %s.add_compression_policy(%L::regclass, %L::interval)', extension, relation, wanted.compress_after);
    END IF;
    IF wanted.retention IS NOT NULL AND NOT wanted.is_archived THEN
        EXECUTE format('SELECT %s.add_retention_policy(%L::regclass, %L::interval)', extension, relation, wanted.retention);
    END IF;
END
$$;
REVOKE ALL ON FUNCTION platform.set_policies(text) FROM PUBLIC;

-- Declares that store.<name>, a partitioned table without rows, is a series:
-- registers it, gives it the form that the engine wants, and lets the application
-- add rows, but never say whose they are. Indexes come before; views after.
CREATE FUNCTION platform.create_series(
    series_name text, time_column text, step interval, retention interval,
    chunk interval DEFAULT '1 day', compress_after interval DEFAULT NULL,
    segment_by text[] DEFAULT '{}', order_by text DEFAULT NULL
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
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
REVOKE ALL ON FUNCTION platform.create_series(text, text, interval, interval, interval, interval, text[], text) FROM PUBLIC;

-- Closes an ordinary table to every team but the one that is asking.
CREATE FUNCTION platform.isolate(relation regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', relation);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', relation);
    EXECUTE format(
        'CREATE POLICY rows_belong_to_the_team ON %s TO guildhall_app, guildhall_reader '
        'USING (tenant_id = (SELECT platform.tenant_id())) '
        'WITH CHECK (tenant_id = (SELECT platform.tenant_id()))',
        relation
    );
END
$$;
REVOKE ALL ON FUNCTION platform.isolate(regclass) FROM PUBLIC;

-- audit ------------------------------------------------------------------

CREATE TABLE store.audit_log (
    log_id             uuid        NOT NULL DEFAULT gen_random_uuid(),
    tenant_id          uuid        DEFAULT platform.tenant_id(),
    table_name         text        NOT NULL,
    operation          text        NOT NULL,
    user_id            uuid        DEFAULT platform.user_id(),
    old_data           jsonb,
    new_data           jsonb,
    ip_address         inet,
    user_agent         text,
    modal_call_context jsonb,
    "timestamp"        timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (log_id, "timestamp"),
    CONSTRAINT audit_log_operation_is_known CHECK (operation IN ('INSERT', 'UPDATE', 'DELETE'))
) PARTITION BY RANGE ("timestamp");
COMMENT ON TABLE store.audit_log IS 'audit: tenant: what changed in the business tables, by whom, before and after.';
CREATE INDEX audit_log_by_time ON store.audit_log (tenant_id, "timestamp" DESC);

SELECT platform.create_series('audit_log', 'timestamp', step => '1 month', retention => '1 year', chunk => '7 days');
REVOKE ALL ON store.audit_log FROM guildhall_app; -- only triggers add to it

CREATE VIEW platform.audit_log AS
    SELECT log_id, tenant_id, table_name, operation, user_id, old_data, new_data,
           ip_address, user_agent, modal_call_context, "timestamp"
      FROM store.audit_log
     WHERE tenant_id = (SELECT platform.tenant_id());
COMMENT ON VIEW platform.audit_log IS 'audit: tenant: the team''s own part of the audit log; nobody may change it.';
GRANT SELECT ON platform.audit_log TO guildhall_app;

-- Keeps the image of a changed row. Arguments are the columns to leave out:
-- secrets, and embeddings that say nothing to a reader.
CREATE FUNCTION platform.record_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    before jsonb := CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) - COALESCE(TG_ARGV, '{}') END;
    after  jsonb := CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE to_jsonb(NEW) - COALESCE(TG_ARGV, '{}') END;
BEGIN
    PERFORM platform.ensure_partitions('audit_log', clock_timestamp(), clock_timestamp());
    INSERT INTO store.audit_log (tenant_id, table_name, operation, user_id, old_data, new_data)
    VALUES ((COALESCE(after, before) ->> 'tenant_id')::uuid, TG_TABLE_NAME, TG_OP, platform.user_id(), before, after);
    RETURN NULL;
END
$$;
