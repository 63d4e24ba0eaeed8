-- What a change costs whoever makes it, again. The digest of a row protected
-- nothing while it lay beside its row: whoever changes the one can change the
-- other. So the sealer takes the digests and keeps them with what it signs, and
-- verifying compares; writers write the row. The columns that say who and from
-- where are defaults, the key is the order in which rows are sealed, and each
-- table's trigger knows the table. See docs/decisions/digests.md.

ALTER TABLE store.audit_log
    ALTER COLUMN digest DROP NOT NULL,
    -- Only our triggers write here, and what they write is TG_OP.
    DROP CONSTRAINT audit_log_operation_is_known,
    DROP CONSTRAINT audit_log_pkey,
    -- One index for two: rows of one transaction, in the order of seals. It grows at its end.
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (epoch, transaction_id, "timestamp", log_id),
    ALTER COLUMN agent_id SET DEFAULT NULLIF(current_setting('app.agent_id', true), '')::uuid,
    ALTER COLUMN actor_role SET DEFAULT COALESCE(NULLIF(current_setting('role'), 'none'), session_user),
    ALTER COLUMN ip_address SET DEFAULT NULLIF(current_setting('app.address', true), '')::inet,
    ALTER COLUMN user_agent SET DEFAULT NULLIF(current_setting('app.user_agent', true), ''),
    ALTER COLUMN request_id SET DEFAULT NULLIF(current_setting('app.request_id', true), ''),
    ALTER COLUMN epoch SET DEFAULT COALESCE(NULLIF(current_setting('guildhall.epoch', true), '')::bigint, platform.epoch()),
    ALTER COLUMN transaction_id SET DEFAULT txid_current();
DROP INDEX store.audit_log_by_transaction;
COMMENT ON COLUMN store.audit_log.digest IS 'SHA-256 of the row as it was written, where the row carries it: it is old, or redacted. Else its seal does.';
COMMENT ON COLUMN platform.ledgers.stamped IS 'A trigger gives rows their digest; false where the sealer takes it.';

ALTER TABLE platform.audit_seal_parts ADD COLUMN digests bytea;
ALTER TABLE platform.audit_seal_parts ALTER COLUMN digests SET STORAGE EXTERNAL;
COMMENT ON COLUMN platform.audit_seal_parts.digests IS 'The digests of its rows in their order, 32 bytes each, where rows do not carry them: they lead to the root, and tell which row was changed.';
CREATE OR REPLACE VIEW platform.team_seals AS
    SELECT parts.tenant_id, parts.ledger, parts.number, parts.day, parts.row_count, parts.root, parts.path, seals.epoch,
           seals.from_transaction, seals.to_transaction, seals.seen_transaction, seals.columns, seals.retired_before,
           seals.summary, seals.root AS seal_root, seals.sealed_at, seals.previous, seals.hash, seals.key_id, seals.signature, parts.digests
      FROM platform.audit_seal_parts AS parts
      JOIN platform.audit_seals AS seals ON seals.ledger = parts.ledger AND seals.number = parts.number
     WHERE parts.tenant_id = (SELECT platform.tenant_id());
DROP VIEW mine.team_seals;
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

-- Of a row that holds none of these, nothing needs to be left out.
CREATE FUNCTION platform.hints_at_secrets(words text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(words COLLATE "C") LIKE ANY (ARRAY['%passw%', '%passphrase%', '%secret%', '%token%', '%key"%', '%key\_%', '%authorization%',
                                                    '%credential%', '%cookie%', '%ciphertext%']);

-- Whether this session has yet to make sure of the partition of this month.
CREATE FUNCTION platform.audit_is_closed() RETURNS boolean
    LANGUAGE sql
    RETURN date_part('epoch', clock_timestamp()) >= COALESCE(NULLIF(current_setting('guildhall.audited_until', true), ''), '0')::float8;

-- Keeps a change, whatever it holds and whenever it comes.
CREATE FUNCTION platform.keep_change(
    tenant_id uuid, table_schema text, table_name text, operation text, record_key jsonb, old_data jsonb, new_data jsonb
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    IF platform.audit_is_closed() THEN
        -- Partitions are made ahead; where upkeep has stood still, here.
        IF EXISTS (SELECT FROM pg_class WHERE oid = 'store.audit_log'::regclass AND relkind = 'p') THEN
            PERFORM platform.ensure_partitions('audit_log', clock_timestamp(), clock_timestamp());
        END IF;
        PERFORM set_config('guildhall.audited_until',
                           extract(epoch FROM date_trunc('month', clock_timestamp(), 'UTC') + interval '1 month')::bigint::text, false);
    END IF;
    INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data)
    VALUES (tenant_id, table_schema, table_name, operation, record_key, platform.without_secrets(old_data), platform.without_secrets(new_data));
END
$$;
REVOKE ALL ON FUNCTION platform.keep_change(uuid, text, text, text, jsonb, jsonb, jsonb) FROM PUBLIC;

-- Any table's changes ---------------------------------------------------------

-- A table's name, where it is a partition that of what it is a partition of, and
-- the columns of its key, kept in the session.
CREATE OR REPLACE FUNCTION platform.audited_table(relation oid) RETURNS text[]
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN set_config(
        'guildhall.recorded_' || relation,
        ARRAY[(SELECT relname::text FROM pg_class WHERE oid = COALESCE(pg_partition_root(relation), relation)),
              ARRAY(SELECT attname::text
                      FROM pg_index
                      JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
                     WHERE indrelid = relation AND indisprimary)::text]::text,
        false
    )::text[];
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
            DECLARE
                known    text[] := COALESCE(NULLIF(current_setting('guildhall.recorded_' || TG_RELID, true), '')::text[], platform.audited_table(TG_RELID));
                old_data jsonb  := to_jsonb(OLD) - COALESCE(TG_ARGV, '{}');
                new_data jsonb  := to_jsonb(NEW) - COALESCE(TG_ARGV, '{}');
                image    jsonb  := platform.without_secrets(COALESCE(new_data, old_data));
            BEGIN
                IF TG_OP <> 'UPDATE' OR NOT OLD *= NEW THEN
                    PERFORM platform.keep_change(
                        (image ->> CASE WHEN TG_RELID = 'platform.teams'::regclass THEN 'id' ELSE 'tenant_id' END)::uuid,
                        TG_TABLE_SCHEMA, known[1], TG_OP,
                        (SELECT COALESCE(jsonb_object_agg(name, image -> name), '{}') FROM unnest(known[2]::text[]) AS name WHERE image ? name),
                        old_data, new_data
                    );
                END IF;
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
DROP FUNCTION platform.secret_hint();

-- One table's changes ---------------------------------------------------------

-- The body of a recorder: what record_change does, for one table whose key,
-- team and columns that may hold secrets need not be looked up at each change.
-- One INSERT is all that most changes cost; the others take the longer way.
CREATE FUNCTION platform.recorder_text(relation regclass, left_out text[]) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    team    text;
    key     text;
    secrets boolean;
    words   text;
    shown   CONSTANT text := CASE WHEN left_out <> '{}' THEN format(' - %L::text[]', left_out) ELSE '' END;
    entry   text;
BEGIN
    SELECT string_agg(format('COALESCE(NEW.%1$I, OLD.%1$I)', attname), '') FILTER (
               WHERE attname = CASE WHEN relation = 'platform.teams'::regclass THEN 'id' ELSE 'tenant_id' END),
           string_agg(format('%L, COALESCE(NEW.%2$I, OLD.%2$I)', attname, attname), ', ' ORDER BY attnum) FILTER (
               WHERE attnum = ANY ((SELECT indkey::int2[] FROM pg_index WHERE indrelid = relation AND indisprimary)::int2[])
                 AND attname !~* (platform.secret_names() || '$')),
           COALESCE(bool_or(attname ~* (platform.secret_names() || '$')), false),
           string_agg(format(CASE atttypid WHEN 'json'::regtype THEN 'OLD.%1$I::jsonb, NEW.%1$I::jsonb' ELSE 'OLD.%1$I, NEW.%1$I' END, attname),
                      ', ' ORDER BY attnum) FILTER (WHERE atttypid IN ('jsonb'::regtype, 'json'::regtype))
      INTO team, key, secrets, words
      FROM pg_attribute
     WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attname <> ALL (left_out);
    SELECT format('%s, %L, %L, TG_OP, jsonb_build_object(%s), to_jsonb(OLD)%5$s, to_jsonb(NEW)%5$s',
                  COALESCE(team, 'NULL'), relnamespace::regnamespace, relname, key, shown)
      INTO entry FROM pg_class WHERE oid = relation;
    IF secrets THEN
        RETURN format(
            $body$
BEGIN
    PERFORM platform.keep_change(%s) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    RETURN NULL;
END
$body$,
            entry
        );
    END IF;
    RETURN format(
        $body$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed()%s THEN
        PERFORM platform.keep_change(%s) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (%2$s);
    END IF;
    RETURN NULL;
END
$body$,
        CASE WHEN words IS NULL THEN '' ELSE format(' OR platform.hints_at_secrets(concat(%s))', words) END, entry
    );
END
$$;
REVOKE ALL ON FUNCTION platform.recorder_text(regclass, text[]) FROM PUBLIC;

-- Gives a table a recorder of its own in place of record_change, or writes it
-- anew after the table has changed. Its triggers stay what they are otherwise,
-- and go on naming the columns to leave out.
CREATE FUNCTION platform.write_recorder(relation regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name     CONSTANT text := (SELECT format('store.%I', format('record_%s_%s', relnamespace::regnamespace, relname)) FROM pg_class WHERE oid = relation);
    kept     record;
    left_out text[];
BEGIN
    FOR kept IN
        SELECT pg_get_triggerdef(oid) AS definition, (string_to_array(encode(tgargs, 'escape'), '\000'))[:tgnargs] AS left_out
          FROM pg_trigger
         WHERE tgrelid = relation AND tgfoid::regproc IN ('platform.record_change'::regproc, to_regproc(name))
         ORDER BY tgname
    LOOP
        IF kept.left_out <> left_out THEN
            RAISE EXCEPTION 'the triggers of % leave out different columns', relation USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
        IF left_out IS NULL THEN
            left_out := kept.left_out;
            EXECUTE format('CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER '
                           'SET search_path = pg_catalog, pg_temp AS %L', name, platform.recorder_text(relation, left_out));
        END IF;
        EXECUTE replace(replace(kept.definition, 'CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER'),
                        'EXECUTE FUNCTION platform.record_change(', format('EXECUTE FUNCTION %s(', name));
    END LOOP;
    IF left_out IS NULL THEN
        RAISE EXCEPTION '% has no trigger with platform.record_change', relation USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
END
$$;
REVOKE ALL ON FUNCTION platform.write_recorder(regclass) FROM PUBLIC;

-- Partitions come and go, and keep record_change.
SELECT platform.write_recorder(tgrelid)
  FROM pg_trigger
  JOIN pg_class AS classes ON classes.oid = tgrelid
 WHERE tgfoid = 'platform.record_change'::regproc AND classes.relkind = 'r' AND NOT classes.relispartition
   AND classes.relnamespace <> 'store'::regnamespace
 GROUP BY tgrelid, classes.relname
 ORDER BY classes.relname;

-- Erasure ----------------------------------------------------------------------

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
            -- What is emptied carries its digest from now on, sealed or not.
            EXECUTE format('UPDATE %s AS rows SET redaction_id = $2, digest = COALESCE(digest, sha256(convert_to(%s, ''UTF8''))), %s WHERE %s',
                           kept.relation, platform.ledger_text(kept.relation::regclass, kept.columns, 'rows.'),
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

