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
                    -- that can hold no secret, for neither their name nor their type. Last, where the table is a
                    -- partition, the name of what it is a partition of.
                    SELECT set_config('guildhall.columns_' || TG_RELID,
                                      ARRAY[COALESCE(array_agg(attname::text) FILTER (WHERE NOT is_key), '{}')::text,
                                            COALESCE(array_agg(attname::text) FILTER (WHERE is_plain), '{}')::text,
                                            (SELECT relname::text FROM pg_class WHERE oid = pg_partition_root(TG_RELID))]::text, false)
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
                               TG_TABLE_SCHEMA::text AS table_schema, COALESCE(partitioned, TG_TABLE_NAME::text) AS table_name,
                               TG_OP AS operation, COALESCE(new_data, old_data) - beside_key AS record_key,
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
                          FROM (SELECT CASE WHEN before IS NULL THEN NULL
                                            WHEN (before - plain)::text ~ platform.secret_hint() THEN platform.without_secrets(before)
                                            ELSE before
                                       END AS old_data,
                                       CASE WHEN after IS NULL THEN NULL
                                            WHEN (after - plain)::text ~ platform.secret_hint() THEN platform.without_secrets(after)
                                            ELSE after
                                       END AS new_data,
                                       beside_key, partitioned
                                  FROM (SELECT to_jsonb(OLD) - COALESCE(TG_ARGV, '{}') AS before,
                                               to_jsonb(NEW) - COALESCE(TG_ARGV, '{}') AS after,
                                               known[1]::text[] AS beside_key, known[2]::text[] AS plain, known[3] AS partitioned
                                          FROM (SELECT columns::text[] AS known OFFSET 0) AS lists
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
DROP FUNCTION platform.audited_table(oid);
