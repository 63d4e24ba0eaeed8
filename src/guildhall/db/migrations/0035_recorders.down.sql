DO $back$
DECLARE
    kept record;
BEGIN
    FOR kept IN
        SELECT pg_get_triggerdef(pg_trigger.oid) AS definition, format('store.%I', proname) AS name
          FROM pg_trigger
          JOIN pg_proc ON pg_proc.oid = tgfoid
         WHERE pronamespace = 'store'::regnamespace AND starts_with(proname, 'record_')
         ORDER BY tgrelid::regclass::text
    LOOP
        EXECUTE replace(replace(kept.definition, 'CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER'), kept.name || '(', 'platform.record_change(');
    END LOOP;
    FOR kept IN SELECT format('store.%I', proname) AS name FROM pg_proc WHERE pronamespace = 'store'::regnamespace AND starts_with(proname, 'record_') LOOP
        EXECUTE format('DROP FUNCTION %s()', kept.name);
    END LOOP;
END
$back$;
DROP FUNCTION platform.write_recorder(regclass);
DROP FUNCTION platform.recorder_text(regclass, text[]);

CREATE OR REPLACE FUNCTION platform.redact_audit(kind text, subject uuid, reason text, requested_by uuid DEFAULT NULL) RETURNS bigint
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

CREATE FUNCTION platform.secret_hint() RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 'assw|ASSW|assphrase|ecret|ECRET|oken|OKEN|key"|Key"|KEY"|key_|uthoriz|redential|ookie|ciphertext';

-- What the trigger knows of a table, kept in the session until the month ends:
-- when that is, in seconds since 1970; the name, where the table is a partition
-- that of what it is a partition of; the epoch; the columns beside the key; and
-- those that can hold no secret, for neither their name nor their type. The
-- partition of this month is there, so that it need not be looked for at each change.
CREATE OR REPLACE FUNCTION platform.audited_table(relation oid) RETURNS text[]
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known text[];
BEGIN
    -- Partitions are made ahead; where upkeep has stood still, here.
    IF EXISTS (SELECT FROM pg_class WHERE oid = 'store.audit_log'::regclass AND relkind = 'p') THEN
        PERFORM platform.ensure_partitions('audit_log', clock_timestamp(), clock_timestamp());
    END IF;
    SELECT ARRAY[date_part('epoch', date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') + interval '1 month')::text,
                 (SELECT relname::text FROM pg_class WHERE oid = COALESCE(pg_partition_root(relation), relation)),
                 platform.epoch()::text,
                 COALESCE(array_agg(attname::text) FILTER (WHERE NOT is_key), '{}')::text,
                 COALESCE(array_agg(attname::text) FILTER (WHERE is_plain), '{}')::text]
      INTO known
      FROM (SELECT attname,
                   attnum = ANY (COALESCE((SELECT indkey::int2[] FROM pg_index WHERE indrelid = relation AND indisprimary), '{}')) AS is_key,
                   atttypid NOT IN ('jsonb'::regtype, 'json'::regtype) AND attname !~* (platform.secret_names() || '$') AS is_plain
              FROM pg_attribute
             WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped) AS attributes;
    PERFORM set_config('guildhall.audited_' || relation, known::text, false);
    RETURN known;
END
$$;
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
            $body$
            $function$,
            known.name
        );
        EXECUTE format('COMMENT ON FUNCTION platform.%I() IS %L', known.name, known.meaning);
    END LOOP;
END
$generate$;
DROP FUNCTION platform.keep_change(uuid, text, text, text, jsonb, jsonb, jsonb);
DROP FUNCTION platform.audit_is_closed();
DROP FUNCTION platform.hints_at_secrets(text);

-- Rows carry their digests again: seals say the same of them.
DO $digests$
BEGIN
    EXECUTE format('UPDATE store.audit_log AS rows SET digest = sha256(convert_to(%s, ''UTF8'')) WHERE digest IS NULL',
                   (SELECT platform.ledger_text('store.audit_log', columns, 'rows.') FROM platform.ledgers WHERE name = 'audit_log'));
END
$digests$;

DROP VIEW mine.team_seals, platform.team_seals;
CREATE VIEW platform.team_seals AS
    SELECT parts.tenant_id, parts.ledger, parts.number, parts.day, parts.row_count, parts.root, parts.path, seals.epoch,
           seals.from_transaction, seals.to_transaction, seals.seen_transaction, seals.columns, seals.retired_before,
           seals.summary, seals.root AS seal_root, seals.sealed_at, seals.previous, seals.hash, seals.key_id, seals.signature
      FROM platform.audit_seal_parts AS parts
      JOIN platform.audit_seals AS seals ON seals.ledger = parts.ledger AND seals.number = parts.number
     WHERE parts.tenant_id = (SELECT platform.tenant_id());
COMMENT ON VIEW platform.team_seals IS 'audit: tenant: what the seals say of the team''s own rows, and how that leads to what was signed.';
GRANT SELECT ON platform.team_seals TO guildhall_app, guildhall_reader;
-- People's window on it, as platform.settle_grants would make it; it would make all others anew as well.
DO $window$
DECLARE
    path CONSTANT text := set_config('search_path', current_setting('search_path'), true);
BEGIN
    PERFORM set_config('search_path', 'pg_catalog, pg_temp', true); -- so that names are written out
    EXECUTE 'CREATE VIEW mine.team_seals WITH (security_barrier) AS '
            || replace(pg_get_viewdef('platform.team_seals'::regclass), 'platform.tenant_id()', 'platform.login_tenant()');
    PERFORM set_config('search_path', path, true);
    EXECUTE format('COMMENT ON VIEW mine.team_seals IS %L', obj_description('platform.team_seals'::regclass));
END
$window$;
GRANT SELECT ON mine.team_seals TO guildhall_person;
ALTER TABLE platform.audit_seal_parts DROP COLUMN digests;

COMMENT ON COLUMN platform.ledgers.stamped IS 'A trigger gives rows their digest; false where whoever writes them does.';
COMMENT ON COLUMN store.audit_log.digest IS 'SHA-256 of the row as it was written; see the page on the audit.';
ALTER TABLE store.audit_log
    ALTER COLUMN digest SET NOT NULL,
    ALTER COLUMN agent_id DROP DEFAULT,
    ALTER COLUMN actor_role DROP DEFAULT,
    ALTER COLUMN ip_address DROP DEFAULT,
    ALTER COLUMN user_agent DROP DEFAULT,
    ALTER COLUMN request_id DROP DEFAULT,
    ALTER COLUMN epoch DROP DEFAULT,
    ALTER COLUMN transaction_id DROP DEFAULT,
    DROP CONSTRAINT audit_log_pkey,
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (log_id, "timestamp"),
    ADD CONSTRAINT audit_log_operation_is_known CHECK (operation IN ('INSERT', 'UPDATE', 'DELETE'));
CREATE INDEX audit_log_by_transaction ON store.audit_log (epoch, transaction_id);
