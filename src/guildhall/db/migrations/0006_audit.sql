-- The audit: what changed in the business tables and who asked for what, kept
-- in ledgers. A row of a ledger carries its own digest and the transaction that
-- wrote it, so that writers never wait for each other; a sealer comes later and
-- signs what is older than every running transaction (decision 8).

-- Transaction ids begin anew where a dump is restored. This view is then filled
-- anew, by restoring it, so that every copy of the database has an epoch of its own.
CREATE MATERIALIZED VIEW platform.epoch AS
    SELECT (extract(epoch FROM instant) * 1000000)::bigint AS number, instant AS began_at
      FROM clock_timestamp() AS instant;
COMMENT ON MATERIALIZED VIEW platform.epoch IS 'audit: system: when this copy of the database was made, migrated or restored: the epoch in which its transaction ids are told apart; its number is that in microseconds.';

-- Looked up once in a session: a session never outlives its copy of the database.
CREATE FUNCTION platform.epoch() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN set_config('guildhall.epoch', (SELECT number FROM platform.epoch)::text, false)::bigint;
END
$$;
REVOKE ALL ON FUNCTION platform.epoch() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.epoch() TO guildhall_app, guildhall_curator, guildhall_writer, guildhall_worker, guildhall_scheduler;
GRANT SELECT ON platform.epoch TO guildhall_scheduler;

-- ledgers ----------------------------------------------------------------

CREATE TABLE platform.ledgers (
    name         text        PRIMARY KEY,
    relation     text        NOT NULL UNIQUE,
    view_name    text,
    time_column  text        NOT NULL,
    by_the_clock boolean     NOT NULL,
    stamped      boolean     NOT NULL,
    key_columns  text[]      NOT NULL,
    columns      text[]      NOT NULL,
    contents     text[]      NOT NULL,
    personal     text[]      NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ledgers_cover_something CHECK (cardinality(columns) > 0)
);
COMMENT ON TABLE platform.ledgers IS 'audit: system: the tables whose rows are digested when they are written and sealed afterwards.';
COMMENT ON COLUMN platform.ledgers.columns IS 'What the digest covers, in this order.';
COMMENT ON COLUMN platform.ledgers.by_the_clock IS 'The time of a row is when it was written, so that a row with another time is a false one.';
COMMENT ON COLUMN platform.ledgers.stamped IS 'A trigger gives rows their digest; false where whoever writes them does.';
COMMENT ON COLUMN platform.ledgers.contents IS 'What erasing a team empties.';
COMMENT ON COLUMN platform.ledgers.personal IS 'What erasing a person empties, where user_id names them.';
COMMENT ON COLUMN platform.ledgers.view_name IS 'Where a team reads its own part.';
GRANT SELECT ON platform.ledgers TO guildhall_app, guildhall_scheduler;

-- The text that a digest is taken of: a line `name=value` for each column that
-- is not null, values without line breaks, so that no two rows have one text. It
-- is the same on every server, in every session. Null has no line: a column that
-- is added later changes no older digest.
CREATE FUNCTION platform.ledger_text(relation regclass, columns text[], prefix text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    covered record;
    value   text;
    lines   text[] := '{}';
BEGIN
    FOR covered IN
        SELECT wanted.name, attributes.atttypid::regtype AS type, types.typcategory, types.typtype,
               elements.typcategory AS element_category, types.typelem::regtype::text AS element
          FROM unnest(columns) WITH ORDINALITY AS wanted (name, place)
          LEFT JOIN pg_attribute AS attributes
            ON attributes.attrelid = relation AND attributes.attname = wanted.name AND NOT attributes.attisdropped
          LEFT JOIN pg_type AS types ON types.oid = attributes.atttypid
          LEFT JOIN pg_type AS elements ON elements.oid = types.typelem
         ORDER BY wanted.place
    LOOP
        value := prefix || quote_ident(covered.name);
        value := CASE
            WHEN covered.type::text IN ('uuid', 'boolean', 'smallint', 'integer', 'bigint', 'numeric', 'inet', 'cidr', 'jsonb')
                THEN format('%s::text', value)
            WHEN covered.type::text = 'timestamp with time zone' THEN format('extract(epoch FROM %s)::text', value)
            WHEN covered.type::text = 'date' THEN format('to_json(%s)::text', value)
            WHEN covered.type::text = 'double precision' THEN format('encode(float8send(%s), ''hex'')', value)
            WHEN covered.type::text = 'bytea' THEN format('encode(%s, ''hex'')', value)
            WHEN covered.typcategory = 'S' OR covered.typtype = 'e' THEN format('to_json(%s::text)::text', value)
            WHEN covered.typcategory = 'A'
                 AND (covered.element_category = 'S' OR covered.element IN ('uuid', 'boolean', 'smallint', 'integer', 'bigint'))
                THEN format('to_json(%s)::text', value)
        END;
        IF value IS NULL THEN
            RAISE EXCEPTION 'column % of % cannot be digested: it is %', covered.name, relation, COALESCE(covered.type::text, 'not there')
                  USING ERRCODE = 'datatype_mismatch', HINT = 'Name it among the columns to leave out.';
        END IF;
        lines := lines || format('%L || %s', covered.name || '=', value);
    END LOOP;
    RETURN format('concat_ws(chr(10), %s)', array_to_string(lines, ', '));
END
$$;
REVOKE ALL ON FUNCTION platform.ledger_text(regclass, text[], text) FROM PUBLIC;

CREATE FUNCTION platform.refuse_changed_ledger() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'rows of ledger % stay as they were written', TG_ARGV[0]
          USING ERRCODE = 'restrict_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_ARGV[0], CONSTRAINT = TG_ARGV[0] || '_is_a_ledger';
END
$$;

-- Writes the functions and triggers of a ledger anew, as it is registered.
CREATE FUNCTION platform.write_ledger_triggers(ledger text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kept     platform.ledgers;
    relation regclass;
    stamp    text;
BEGIN
    SELECT * INTO STRICT kept FROM platform.ledgers WHERE name = ledger;
    relation := kept.relation::regclass;
    stamp    := format('store.%I', 'stamp_' || ledger);
    EXECUTE format('DROP TRIGGER IF EXISTS stamp_the_row ON %s', relation);
    EXECUTE format('DROP TRIGGER IF EXISTS the_row_stays_as_it_is ON %s', relation);
    EXECUTE format('DROP TRIGGER IF EXISTS the_row_stays ON %s', relation);
    -- Rights say who may; these guard against a right too many. Erasure runs as the owner.
    EXECUTE format(
        'CREATE TRIGGER the_row_stays_as_it_is BEFORE UPDATE OF digest, redaction_id, %s ON %s FOR EACH ROW '
        'WHEN (current_user <> ''guildhall_owner'') EXECUTE FUNCTION platform.refuse_changed_ledger(%L)',
        (SELECT string_agg(quote_ident(name), ', ') FROM unnest(kept.columns) AS name), relation, ledger
    );
    EXECUTE format(
        'CREATE TRIGGER the_row_stays BEFORE DELETE ON %s FOR EACH ROW '
        'WHEN (current_user <> ''guildhall_owner'') EXECUTE FUNCTION platform.refuse_changed_ledger(%L)', relation, ledger
    );
    IF NOT kept.stamped THEN
        RETURN;
    END IF;
    -- Only the owner can name a digest: whoever restores archived rows.
    EXECUTE format(
        $function$
        CREATE OR REPLACE FUNCTION %s() RETURNS trigger
            LANGUAGE plpgsql
        AS $body$
        BEGIN
            IF NEW.digest IS NOT NULL THEN
                RETURN NEW;
            END IF;
            NEW.transaction_id := pg_current_xact_id()::text::bigint;
            NEW.epoch  := COALESCE(NULLIF(current_setting('guildhall.epoch', true), '')::bigint, platform.epoch());
            NEW.digest := sha256(convert_to(%s, 'UTF8'));
            RETURN NEW;
        END
        $body$
        $function$,
        stamp, platform.ledger_text(relation, kept.columns, 'NEW.')
    );
    EXECUTE format('CREATE TRIGGER stamp_the_row BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION %s()', relation, stamp);
END
$$;
REVOKE ALL ON FUNCTION platform.write_ledger_triggers(text) FROM PUBLIC;

-- Lets a role add rows to a ledger, but not say what their digests are.
CREATE FUNCTION platform.let_add_to_ledger(ledger text, role_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target CONSTANT regclass := (SELECT relation FROM platform.ledgers WHERE name = ledger AND stamped);
BEGIN
    IF target IS NOT NULL THEN
        EXECUTE format(
            'GRANT INSERT (%s) ON %s TO %I',
            (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
               FROM pg_attribute
              WHERE attrelid = target AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
                AND attname NOT IN ('epoch', 'transaction_id', 'digest', 'redaction_id')),
            target, role_name
        );
    END IF;
END
$$;
REVOKE ALL ON FUNCTION platform.let_add_to_ledger(text, text) FROM PUBLIC;

-- Makes a ledger of a table: a series by its name, or any other as schema.name.
-- It gets the columns epoch, transaction_id, digest and redaction_id; rows that
-- it has already are stamped as of now. Columns that change after the row was
-- written (a status, a cost that is settled later) are left out of the digest.
CREATE FUNCTION platform.create_ledger(
    relation     text,
    time_column  text,
    left_out     text[]  DEFAULT '{}',
    contents     text[]  DEFAULT '{}',
    personal     text[]  DEFAULT '{}',
    view_name    text    DEFAULT NULL,
    by_the_clock boolean DEFAULT true,
    stamped      boolean DEFAULT true
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
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
REVOKE ALL ON FUNCTION platform.create_ledger(text, text, text[], text[], text[], text, boolean, boolean) FROM PUBLIC;

-- Takes everything back that create_ledger made.
CREATE FUNCTION platform.drop_ledger(ledger text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
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
REVOKE ALL ON FUNCTION platform.drop_ledger(text) FROM PUBLIC;

-- Covers columns that a later migration has added at the end.
CREATE FUNCTION platform.extend_ledger(ledger text, added text[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE platform.ledgers SET columns = columns || added WHERE name = ledger;
    PERFORM platform.write_ledger_triggers(ledger);
END
$$;
REVOKE ALL ON FUNCTION platform.extend_ledger(text, text[]) FROM PUBLIC;

-- Until when the rows of a ledger have been dropped for their age; null: none were.
CREATE FUNCTION platform.retired_before(ledger text) RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT series.dropped_before
      FROM platform.series
      JOIN platform.ledgers ON ledgers.name = series.name AND ledgers.relation = 'store.' || series.name
     WHERE series.name = ledger
$$;
REVOKE ALL ON FUNCTION platform.retired_before(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.retired_before(text) TO guildhall_app, guildhall_scheduler;

-- seals ------------------------------------------------------------------

CREATE TABLE platform.audit_seals (
    ledger           text        NOT NULL REFERENCES platform.ledgers,
    number           bigint      NOT NULL,
    epoch            bigint      NOT NULL,
    from_transaction bigint      NOT NULL,
    to_transaction   bigint      NOT NULL,
    seen_transaction bigint      NOT NULL,
    columns          text[]      NOT NULL,
    row_count        bigint      NOT NULL,
    first_at         timestamptz NOT NULL,
    last_at          timestamptz NOT NULL,
    retired_before   timestamptz,
    summary          bytea       NOT NULL,
    root             bytea       NOT NULL,
    sealed_at        timestamptz NOT NULL,
    previous         bytea,
    hash             bytea       NOT NULL,
    key_id           text        NOT NULL,
    signature        bytea       NOT NULL,
    PRIMARY KEY (ledger, number),
    CONSTRAINT audit_seals_number_is_positive CHECK (number > 0),
    CONSTRAINT audit_seals_are_chained CHECK ((previous IS NULL) = (number = 1)),
    CONSTRAINT audit_seals_span_something CHECK (from_transaction < to_transaction),
    CONSTRAINT audit_seals_seal_something CHECK (row_count > 0)
);
COMMENT ON TABLE platform.audit_seals IS 'audit: system: each seal covers the rows of a span of transactions of one ledger; it holds the hash of the seal before it and is signed with a key kept outside the database.';
COMMENT ON COLUMN platform.audit_seals.to_transaction IS 'The first transaction that the seal does not cover.';
COMMENT ON COLUMN platform.audit_seals.seen_transaction IS 'The next transaction id when it was sealed: rows of this one and later ones cannot be older than the seal.';

COMMENT ON COLUMN platform.audit_seals.summary IS 'SHA-256 of count and times: teams can check the signature without knowing how busy others were.';

CREATE TABLE platform.audit_seal_parts (
    ledger    text        NOT NULL,
    number    bigint      NOT NULL,
    position  integer     NOT NULL,
    tenant_id uuid,
    day       date        NOT NULL,
    row_count bigint      NOT NULL,
    root      bytea       NOT NULL,
    path      bytea       NOT NULL,
    PRIMARY KEY (ledger, number, position),
    FOREIGN KEY (ledger, number) REFERENCES platform.audit_seals,
    CONSTRAINT audit_seal_parts_one_per_team_and_day UNIQUE NULLS NOT DISTINCT (ledger, number, tenant_id, day),
    CONSTRAINT audit_seal_parts_have_rows CHECK (row_count > 0)
);
COMMENT ON TABLE platform.audit_seal_parts IS 'audit: system: what a seal covers of each team and day, so that a team can check its own and a dropped day is missed alone; rows of no team belong to none.';
COMMENT ON COLUMN platform.audit_seal_parts.path IS 'How the part''s hash leads to the root of the seal: the hashes beside it, 32 bytes each, after a byte 00 where they stand left, 01 where right.';
CREATE INDEX audit_seal_parts_by_team ON platform.audit_seal_parts (tenant_id, ledger, number);

GRANT SELECT, INSERT ON platform.audit_seals, platform.audit_seal_parts TO guildhall_scheduler;

CREATE VIEW platform.team_seals AS
    SELECT parts.tenant_id, parts.ledger, parts.number, parts.day, parts.row_count, parts.root, parts.path, seals.epoch,
           seals.from_transaction, seals.to_transaction, seals.seen_transaction, seals.columns, seals.retired_before,
           seals.summary, seals.root AS seal_root, seals.sealed_at, seals.previous, seals.hash, seals.key_id, seals.signature
      FROM platform.audit_seal_parts AS parts
      JOIN platform.audit_seals AS seals ON seals.ledger = parts.ledger AND seals.number = parts.number
     WHERE parts.tenant_id = (SELECT platform.tenant_id());
COMMENT ON VIEW platform.team_seals IS 'audit: tenant: what the seals say of the team''s own rows, and how that leads to what was signed.';
GRANT SELECT ON platform.team_seals TO guildhall_app;

-- row changes ------------------------------------------------------------

ALTER TABLE store.audit_log
    ADD COLUMN table_schema text,
    ADD COLUMN record_key   jsonb,
    ADD COLUMN agent_id     uuid,
    ADD COLUMN actor_role   text,
    ADD COLUMN request_id   text;
COMMENT ON COLUMN store.audit_log.record_key IS 'The row''s primary key, as {column: value}.';
COMMENT ON COLUMN store.audit_log.actor_role IS 'The database role that made the change.';

SELECT platform.create_ledger('audit_log', 'timestamp',
    contents => '{old_data, new_data, ip_address, user_agent, modal_call_context}',
    personal => '{ip_address, user_agent}',
    view_name => 'platform.audit_log',
    stamped => false);

CREATE OR REPLACE VIEW platform.audit_log AS
    SELECT log_id, tenant_id, table_name, operation, user_id, old_data, new_data,
           ip_address, user_agent, modal_call_context, "timestamp",
           table_schema, record_key, agent_id, actor_role, request_id, epoch, transaction_id, digest, redaction_id
      FROM store.audit_log
     WHERE tenant_id = (SELECT platform.tenant_id());

-- AI-GO's columns over the same rows.
CREATE VIEW platform.audit_trail AS
    SELECT log_id AS id, "timestamp", user_id::text::varchar(100) AS user_id, operation::varchar(50) AS action,
           table_name::varchar(50) AS table_name,
           (SELECT min(value)::uuid
              FROM jsonb_each_text(record_key) AS keys (name, value)
             WHERE name <> 'tenant_id'
            HAVING count(*) = 1 AND min(value) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') AS record_id,
           old_data AS old_values, new_data AS new_values, ip_address, user_agent, tenant_id
      FROM store.audit_log
     WHERE tenant_id = (SELECT platform.tenant_id());
COMMENT ON VIEW platform.audit_trail IS 'audit: tenant: the audit log in the columns of AI-GO; record_id where the key is one UUID.';
GRANT SELECT ON platform.audit_trail TO guildhall_app;

-- Names that end like this hold secrets, wherever in a row they stand.
CREATE FUNCTION platform.secret_names() RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN '(?:password|passwd|passphrase|secrets?|token|api_?key|authorization|credentials?|private_?key|access_?key|cookie'
        || '|ciphertext|(?:password|secret|token|key)_(?:hash|digest))';

-- A row without any of these has no such name, which is quickly seen.
CREATE FUNCTION platform.secret_hints() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY['%assw%', '%ASSW%', '%assphrase%', '%ecret%', '%ECRET%', '%oken%', '%OKEN%', '%key"%', '%Key"%', '%KEY"%',
                 '%key\_%', '%uthoriz%', '%redential%', '%ookie%', '%ciphertext%'];

CREATE FUNCTION platform.without_secrets(image jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF image::text !~* (platform.secret_names() || '": ["[{]') THEN
        RETURN image;
    END IF;
    CASE jsonb_typeof(image)
        WHEN 'object' THEN
            RETURN (
                SELECT COALESCE(
                           jsonb_object_agg(
                               key,
                               CASE WHEN jsonb_typeof(value) IN ('string', 'array', 'object') AND key ~* (platform.secret_names() || '$')
                                    THEN '"[redacted]"'
                                    ELSE platform.without_secrets(value)
                               END
                           ), '{}')
                  FROM jsonb_each(image)
            );
        WHEN 'array' THEN
            RETURN (
                SELECT COALESCE(jsonb_agg(platform.without_secrets(value) ORDER BY place), '[]')
                  FROM jsonb_array_elements(image) WITH ORDINALITY AS elements (value, place)
            );
        ELSE
            RETURN image;
    END CASE;
END
$$;
REVOKE ALL ON FUNCTION platform.without_secrets(jsonb) FROM PUBLIC;

-- One body under three names: ours, and those of the documents (Arc-Eval's
-- config_version_audit, AI-GO's audit_trigger), which fail as they are written.
DO $generate$
DECLARE
    known record;
BEGIN
    FOR known IN
        SELECT *
          FROM (VALUES
                   ('record_change',        'Keeps the image of a changed row; arguments are the columns to leave out.'),
                   ('config_version_audit', 'Arc-Eval''s name for record_change.'),
                   ('audit_trigger',        'AI-GO''s name for record_change.')
               ) AS functions (name, meaning)
    LOOP
        EXECUTE format(
            $function$
            CREATE OR REPLACE FUNCTION platform.%I() RETURNS trigger
                LANGUAGE plpgsql SECURITY DEFINER
                SET search_path = pg_catalog, pg_temp
            AS $body$
            #variable_conflict use_column
            DECLARE
                columns text := current_setting('guildhall.columns_' || TG_RELID, true);
            BEGIN
                IF TG_OP = 'UPDATE' AND OLD *= NEW THEN
                    RETURN NULL;
                END IF;
                IF COALESCE(columns, '') = '' THEN
                    -- What a table's columns are is looked up once in a session: those beside its key, and those
                    -- that can hold no secret, for neither their name nor their type.
                    SELECT set_config('guildhall.columns_' || TG_RELID,
                                      ARRAY[COALESCE(array_agg(attname::text) FILTER (WHERE NOT is_key), '{}')::text,
                                            COALESCE(array_agg(attname::text) FILTER (WHERE is_plain), '{}')::text]::text, false)
                      INTO columns
                      FROM (SELECT attname,
                                   attnum = ANY (COALESCE((SELECT indkey::int2[] FROM pg_index WHERE indrelid = TG_RELID AND indisprimary), '{}')) AS is_key,
                                   atttypid NOT IN ('jsonb'::regtype, 'json'::regtype) AND attname !~* (platform.secret_names() || '$') AS is_plain
                              FROM pg_attribute
                             WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped) AS attributes;
                END IF;
                -- Partitions are made ahead; where upkeep has stood still, here.
                IF to_regclass('store.audit_log' || to_char(clock_timestamp() AT TIME ZONE 'UTC', '_YYYY_MM')) IS NULL THEN
                    IF EXISTS (SELECT FROM pg_class WHERE oid = 'store.audit_log'::regclass AND relkind = 'p') THEN
                        PERFORM platform.ensure_partitions('audit_log', clock_timestamp(), clock_timestamp());
                    END IF;
                END IF;

                -- One statement for all, digest included: each expression of its own would be prepared anew in each transaction.
                INSERT INTO store.audit_log (
                    log_id, tenant_id, table_schema, table_name, operation, record_key, user_id, agent_id, actor_role,
                    old_data, new_data, ip_address, user_agent, request_id, "timestamp", epoch, transaction_id, digest
                )
                SELECT log_id, tenant_id, table_schema, table_name, operation, record_key, user_id, agent_id, actor_role,
                       old_data, new_data, ip_address, user_agent, request_id, "timestamp", epoch, transaction_id,
                       sha256(convert_to(%s, 'UTF8'))
                  FROM (SELECT gen_random_uuid() AS log_id,
                               CASE WHEN TG_TABLE_NAME = 'teams' AND TG_TABLE_SCHEMA = 'platform'
                                    THEN COALESCE(new_data, old_data) ->> 'id'
                                    ELSE COALESCE(new_data, old_data) ->> 'tenant_id'
                               END::uuid AS tenant_id,
                               TG_TABLE_SCHEMA::text AS table_schema, TG_TABLE_NAME::text AS table_name, TG_OP AS operation,
                               COALESCE(new_data, old_data) - (columns::text[])[1]::text[] AS record_key,
                               NULLIF(current_setting('app.user_id', true), '')::uuid AS user_id,
                               NULLIF(current_setting('app.agent_id', true), '')::uuid AS agent_id,
                               COALESCE(NULLIF(current_setting('role'), 'none'), session_user) AS actor_role,
                               old_data, new_data, NULL::jsonb AS modal_call_context,
                               NULLIF(current_setting('app.address', true), '')::inet AS ip_address,
                               NULLIF(current_setting('app.user_agent', true), '') AS user_agent,
                               NULLIF(current_setting('app.request_id', true), '') AS request_id,
                               clock_timestamp() AS "timestamp",
                               COALESCE(NULLIF(current_setting('guildhall.epoch', true), '')::bigint, platform.epoch()) AS epoch,
                               pg_current_xact_id()::text::bigint AS transaction_id
                          FROM (SELECT CASE WHEN (before - (columns::text[])[2]::text[])::text LIKE ANY (platform.secret_hints())
                                            THEN platform.without_secrets(before) ELSE before END AS old_data,
                                       CASE WHEN (after - (columns::text[])[2]::text[])::text LIKE ANY (platform.secret_hints())
                                            THEN platform.without_secrets(after) ELSE after END AS new_data
                                  FROM (SELECT to_jsonb(OLD) - COALESCE(TG_ARGV, '{}') AS before,
                                               to_jsonb(NEW) - COALESCE(TG_ARGV, '{}') AS after
                                        OFFSET 0) AS rows
                                OFFSET 0) AS images
                        OFFSET 0) AS new_row;
                RETURN NULL;
            END
            $body$
            $function$,
            known.name,
            platform.ledger_text('store.audit_log', (SELECT columns FROM platform.ledgers WHERE name = 'audit_log'), 'new_row.')
        );
        EXECUTE format('COMMENT ON FUNCTION platform.%I() IS %L', known.name, known.meaning);
    END LOOP;
END
$generate$;

-- requests ---------------------------------------------------------------

CREATE TABLE store.audit_logs (
    -- Milliseconds and chance: a sequence would tell a team how busy others are.
    id              bigint      NOT NULL DEFAULT ((extract(epoch FROM clock_timestamp()) * 1000)::bigint << 20) | (random() * 1048575)::bigint,
    tenant_id       uuid        DEFAULT platform.tenant_id(),
    "timestamp"     timestamptz NOT NULL DEFAULT clock_timestamp(),
    user_id         uuid        DEFAULT platform.user_id(),
    action          varchar(100),
    resource_type   varchar(50),
    resource_id     uuid,
    ip_address      inet        DEFAULT NULLIF(current_setting('app.address', true), '')::inet,
    user_agent      text        DEFAULT NULLIF(current_setting('app.user_agent', true), ''),
    request_id      text        DEFAULT NULLIF(current_setting('app.request_id', true), ''),
    request_data    jsonb,
    response_status integer,
    duration_ms     integer,
    PRIMARY KEY (id, "timestamp"),
    CONSTRAINT audit_logs_status_is_a_status CHECK (response_status BETWEEN 100 AND 599),
    CONSTRAINT audit_logs_duration_is_not_negative CHECK (duration_ms >= 0)
) PARTITION BY RANGE ("timestamp");
COMMENT ON TABLE store.audit_logs IS 'audit: tenant: who asked for what, and how it ended; requests that no team made, as a failed login, belong to none.';
CREATE INDEX audit_logs_by_time ON store.audit_logs (tenant_id, "timestamp" DESC);
SELECT platform.create_series('audit_logs', 'timestamp', '1 month', '1 year');
REVOKE INSERT (id, "timestamp", user_id, ip_address, user_agent, request_id) ON store.audit_logs FROM guildhall_app;
SELECT platform.create_ledger('audit_logs', 'timestamp',
    contents => '{action, resource_type, resource_id, ip_address, user_agent, request_data}',
    personal => '{ip_address, user_agent, request_data}',
    view_name => 'platform.audit_logs');

CREATE VIEW platform.audit_logs AS
    SELECT id, tenant_id, "timestamp", user_id, action, resource_type, resource_id, ip_address, user_agent, request_data,
           response_status, duration_ms, request_id, epoch, transaction_id, digest, redaction_id
      FROM store.audit_logs
     WHERE tenant_id = (SELECT platform.tenant_id());
COMMENT ON VIEW platform.audit_logs IS 'audit: tenant: the team''s own requests; nobody may change them.';
GRANT SELECT ON platform.audit_logs TO guildhall_app;

-- erasure ----------------------------------------------------------------

CREATE TABLE platform.audit_redactions (
    id           uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    kind         text        NOT NULL,
    subject_id   uuid        NOT NULL,
    reason       text        NOT NULL,
    requested_by uuid,
    row_counts   jsonb       NOT NULL,
    evidence     jsonb       NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT audit_redactions_kind_is_known CHECK (kind IN ('user', 'team')),
    CONSTRAINT audit_redactions_have_a_reason CHECK (reason <> '')
);
COMMENT ON TABLE platform.audit_redactions IS 'audit: system: each erasure of a person or a team from the ledgers; its own row in the audit log is sealed like any other.';
COMMENT ON COLUMN platform.audit_redactions.evidence IS 'Ledger, redaction, day: SHA-256 over digest and remaining text of the rows that the redaction has emptied and no later one.';
CREATE TRIGGER audit_redactions_are_audited AFTER INSERT OR UPDATE OR DELETE ON platform.audit_redactions
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
GRANT SELECT ON platform.audit_redactions TO guildhall_scheduler;

-- What the rows of some redactions of a ledger look like now, by redaction and day.
CREATE FUNCTION platform.redaction_evidence(ledger text, redactions uuid[]) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kept  platform.ledgers;
    found jsonb;
BEGIN
    SELECT * INTO STRICT kept FROM platform.ledgers WHERE name = ledger;
    EXECUTE format(
        $query$
        SELECT COALESCE(jsonb_object_agg(redaction_id, days), '{}')
          FROM (SELECT redaction_id, jsonb_object_agg(day, hash) AS days
                  FROM (SELECT redaction_id, (%1$I AT TIME ZONE 'UTC')::date AS day,
                               encode(sha256(string_agg(digest || sha256(convert_to(%2$s, 'UTF8')), '' ORDER BY digest)), 'hex') AS hash
                          FROM %3$s AS rows
                         WHERE redaction_id = ANY ($1)
                         GROUP BY 1, 2) AS by_day
                 GROUP BY redaction_id) AS by_redaction
        $query$,
        kept.time_column, platform.ledger_text(kept.relation::regclass, kept.columns, 'rows.'), kept.relation
    ) INTO found USING redactions;
    RETURN found;
END
$$;
REVOKE ALL ON FUNCTION platform.redaction_evidence(text, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.redaction_evidence(text, uuid[]) TO guildhall_scheduler;

-- Empties what the ledgers hold of a person or a team, and returns the number of
-- rows. Digest, transaction and order stay, and the redaction is recorded in the
-- audit log, so that every seal can still be verified. It can be repeated.
CREATE FUNCTION platform.redact_audit(kind text, subject uuid, reason text, requested_by uuid DEFAULT NULL) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    redaction CONSTANT uuid := gen_random_uuid();
    kept      platform.ledgers;
    whose     CONSTANT text := CASE kind WHEN 'team' THEN 'tenant_id' ELSE 'user_id' END;
    emails    text[];
    earlier   uuid[];
    touched   bigint;
    changed   bigint;
    counts    jsonb  := '{}';
    evidence  jsonb  := '{}';
    wanted    record;
    condition text;
BEGIN
    IF kind NOT IN ('user', 'team') OR subject IS NULL OR COALESCE(reason, '') = '' THEN
        RAISE EXCEPTION 'a redaction is of a user or a team, by id, for a reason' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Two at once could each take rows over from the other.
    LOCK TABLE platform.audit_redactions IN SHARE ROW EXCLUSIVE MODE;

    FOR kept IN SELECT * FROM platform.ledgers ORDER BY name LOOP
        CONTINUE WHEN NOT EXISTS (
            SELECT FROM pg_attribute WHERE attrelid = kept.relation::regclass AND attname = whose AND NOT attisdropped
        );
        -- Invitations name a person by address.
        emails  := ARRAY(
            SELECT DISTINCT image ->> 'email'
              FROM store.audit_log AS rows, unnest(ARRAY[rows.old_data, rows.new_data]) AS image
             WHERE kind = 'user' AND rows.table_schema = 'platform' AND rows.table_name = 'users'
               AND rows.record_key ->> 'id' = subject::text AND image ->> 'email' IS NOT NULL
        );
        earlier := '{}';
        touched := 0;
        FOR wanted IN
            SELECT format('%I = $1', whose) AS condition, CASE kind WHEN 'team' THEN kept.contents ELSE kept.personal END AS emptied
             UNION ALL
            -- What the log holds about the person, whoever did it.
            SELECT $condition$table_schema = 'platform' AND (
                       (table_name = 'users' AND record_key ->> 'id' = $1::text)
                       OR (table_name = ANY (ARRAY(SELECT relname::text FROM pg_class
                                                    WHERE relnamespace = 'platform'::regnamespace
                                                      AND obj_description(oid, 'pg_class') LIKE 'identity: %'))
                           AND ($1::text IN (old_data ->> 'user_id', new_data ->> 'user_id',
                                             old_data ->> 'accepted_by', new_data ->> 'accepted_by')
                                OR old_data ->> 'email' = ANY ($3) OR new_data ->> 'email' = ANY ($3))))$condition$,
                   kept.contents
             WHERE kind = 'user' AND kept.name = 'audit_log'
        LOOP
            CONTINUE WHEN cardinality(wanted.emptied) = 0;
            condition := format('(%s) AND num_nonnulls(%s) > 0', wanted.condition,
                                (SELECT string_agg(quote_ident(name), ', ') FROM unnest(wanted.emptied) AS name));
            EXECUTE format('SELECT $2 || ARRAY(SELECT DISTINCT redaction_id FROM %s WHERE redaction_id IS NOT NULL AND %s)',
                           kept.relation, condition)
               INTO earlier USING subject, earlier, emails;
            EXECUTE format('UPDATE %s SET redaction_id = $2, %s WHERE %s', kept.relation,
                           (SELECT string_agg(format('%I = NULL', name), ', ') FROM unnest(wanted.emptied) AS name), condition)
              USING subject, redaction, emails;
            GET DIAGNOSTICS changed = ROW_COUNT;
            touched := touched + changed;
        END LOOP;
        IF touched > 0 THEN
            counts   := counts || jsonb_build_object(kept.name, touched);
            evidence := evidence || jsonb_build_object(
                kept.name,
                -- Where a redaction has lost its last row to this one, that is said too.
                (SELECT COALESCE(jsonb_object_agg(id, '{}'::jsonb), '{}') FROM unnest(earlier) AS id WHERE id <> redaction)
                || platform.redaction_evidence(kept.name, earlier || redaction)
            );
        END IF;
    END LOOP;

    INSERT INTO platform.audit_redactions (id, kind, subject_id, reason, requested_by, row_counts, evidence)
    VALUES (redaction, kind, subject, reason, requested_by, counts, evidence);
    RETURN (SELECT COALESCE(sum(count::bigint), 0) FROM jsonb_each_text(counts) AS ledgers (name, count));
END
$$;
REVOKE ALL ON FUNCTION platform.redact_audit(text, uuid, text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.redact_audit(text, uuid, text, uuid) TO guildhall_scheduler;

-- what is audited ----------------------------------------------------------
-- Every table of class tenant or global, but for these. A migration that adds a
-- table adds its trigger, or its reason.

CREATE TABLE platform.audit_exemptions (
    relation   text NOT NULL,
    operations text[] NOT NULL DEFAULT '{INSERT, UPDATE, DELETE}',
    reason     text NOT NULL,
    PRIMARY KEY (relation),
    CONSTRAINT audit_exemptions_operations_are_known CHECK (operations <@ '{INSERT, UPDATE, DELETE}' AND operations <> '{}'),
    CONSTRAINT audit_exemptions_have_a_reason CHECK (reason <> '')
);
COMMENT ON TABLE platform.audit_exemptions IS 'audit: system: the tables outside schema store whose changes leave no image in the audit log, and why.';

-- By name, as most come later.
INSERT INTO platform.audit_exemptions (relation, operations, reason) VALUES
    ('catalogue.price_claims',           '{INSERT, UPDATE, DELETE}', 'a log of what sources said; the prices that came of it are audited'),
    ('evaluation.bodies',                '{INSERT, UPDATE, DELETE}', 'bulk: files and trajectories, kept by their own SHA-256'),
    ('evaluation.outcome_embeddings',    '{INSERT, UPDATE, DELETE}', 'bulk: computed from outcomes, and can be computed again'),
    ('evaluation.scenario_versions',     '{INSERT, UPDATE, DELETE}', 'kept by its own SHA-256; the scenario it belongs to is audited'),
    ('evaluation.simulations_scenarios', '{INSERT, UPDATE, DELETE}', 'bulk: written with its simulation, which is audited'),
    ('evaluation.trials',                '{INSERT, UPDATE, DELETE}', 'the machine''s own work: leases and attempts; what came of it is in outcomes'),
    ('gateway.debate_turns',             '{INSERT, UPDATE, DELETE}', 'a log: turns are added to a session, which is audited'),
    ('platform.background_tasks',        '{INSERT}',                 'what was enqueued is in background_task_history'),
    ('platform.clickhouse_analytics',    '{INSERT, UPDATE, DELETE}', 'an outbox: what has left is deleted'),
    ('platform.dead_letter_queue',       '{INSERT}',                 'only the machine adds to it, and background_task_history says when'),
    ('society.agent_status_history',     '{INSERT, UPDATE, DELETE}', 'a log, written by triggers alone'),
    ('society.idea_combination_sources', '{INSERT, UPDATE, DELETE}', 'written with its combination, which is audited'),
    ('society.idea_votes',               '{INSERT, UPDATE, DELETE}', 'bulk: small votes, whose sums the ideas keep'),
    ('society.task_assignments',         '{INSERT, UPDATE, DELETE}', 'a log, written by triggers alone'),
    ('society.task_executions',          '{INSERT, UPDATE, DELETE}', 'agents at work; each event is in task_history'),
    ('society.vote_audit_trail',         '{INSERT, UPDATE, DELETE}', 'a ledger of its own'),
    ('society.votes',                    '{INSERT, UPDATE, DELETE}', 'every ballot and what became of it is in vote_audit_trail, a ledger');

DROP TRIGGER config_version_audit_trigger ON evaluation.config_versions;
CREATE TRIGGER config_version_audit_trigger AFTER INSERT OR UPDATE OR DELETE ON evaluation.config_versions
    FOR EACH ROW EXECUTE FUNCTION platform.config_version_audit('embedding');
CREATE TRIGGER llm_recommendation_sessions_are_audited AFTER INSERT OR UPDATE OR DELETE ON evaluation.llm_recommendation_sessions
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
