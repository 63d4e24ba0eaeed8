-- What a change costs whoever makes it: the trigger says the same of it with
-- half as many expressions. Each is prepared anew in every transaction, and a
-- change of one row is mostly a transaction of its own.

-- What the trigger knows of a table, kept in the session until the month ends:
-- when that is, in seconds since 1970; the name, where the table is a partition
-- that of what it is a partition of; the epoch; the columns beside the key; and
-- those that can hold no secret, for neither their name nor their type. The
-- partition of this month is there, so that it need not be looked for at each change.
CREATE FUNCTION platform.audited_table(relation oid) RETURNS text[]
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
REVOKE ALL ON FUNCTION platform.audited_table(oid) FROM PUBLIC;

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
