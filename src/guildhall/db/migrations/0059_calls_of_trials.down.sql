SELECT platform.amend_function(
    'platform.create_api_key(uuid, text, uuid, text, text[], integer, timestamptz, boolean)',
    '(as_default OR (NOT as_default AND api_key IS NULL))', '(as_default OR api_key IS NULL)'
);

-- The views are made anew without the columns, with the rights that they have by now.
DO $$
DECLARE
    path   CONSTANT text := current_setting('search_path');
    told   CONSTANT text := obj_description('gateway.llm_requests'::regclass);
    listed CONSTANT text := (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
                               FROM pg_attribute
                              WHERE attrelid = 'gateway.llm_requests'::regclass AND attnum > 0 AND NOT attisdropped
                                AND attname NOT IN ('simulation_id', 'outcome_id', 'role'));
    rights CONSTANT text[] := ARRAY(
        SELECT format('GRANT %s ON gateway.llm_requests TO %s', granted.privilege_type, granted.grantee::regrole)
          FROM pg_class, aclexplode(relacl) AS granted
         WHERE pg_class.oid = 'gateway.llm_requests'::regclass AND granted.grantee <> pg_class.relowner AND granted.grantee <> 0
    ) || ARRAY(
        SELECT format('GRANT %s (%I) ON gateway.llm_requests TO %s', granted.privilege_type, attname, granted.grantee::regrole)
          FROM pg_attribute, aclexplode(attacl) AS granted
         WHERE attrelid = 'gateway.llm_requests'::regclass AND NOT attisdropped AND granted.grantee <> 0
           AND attname NOT IN ('simulation_id', 'outcome_id', 'role')
    );
    granted text;
BEGIN
    DROP VIEW mine.llm_requests, gateway.llm_requests;
    EXECUTE format(
        'CREATE VIEW gateway.llm_requests AS SELECT %s FROM store.llm_requests '
        'WHERE tenant_id = (SELECT platform.tenant_id()) WITH CASCADED CHECK OPTION', listed
    );
    ALTER VIEW gateway.llm_requests ALTER COLUMN id SET DEFAULT gen_random_uuid();
    EXECUTE format('COMMENT ON VIEW gateway.llm_requests IS %L', told);
    FOREACH granted IN ARRAY rights LOOP
        EXECUTE granted;
    END LOOP;
    PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
    EXECUTE format(
        'CREATE VIEW mine.llm_requests WITH (security_barrier) AS %s',
        rtrim(replace(pg_get_viewdef('gateway.llm_requests'::regclass), 'platform.tenant_id()', 'platform.login_tenant()'), '; ')
    );
    EXECUTE format('COMMENT ON VIEW mine.llm_requests IS %L', told);
    GRANT SELECT ON mine.llm_requests TO guildhall_person;
    PERFORM set_config('search_path', path, true);
END
$$;

UPDATE platform.ledgers
   SET columns = (SELECT array_agg(name ORDER BY place)
                    FROM unnest(columns) WITH ORDINALITY AS kept (name, place)
                   WHERE name NOT IN ('simulation_id', 'outcome_id', 'role'))
 WHERE name = 'llm_requests';
SELECT platform.write_ledger_triggers('llm_requests');
DROP INDEX store.llm_requests_by_outcome, store.llm_requests_by_simulation;
ALTER TABLE store.llm_requests DROP COLUMN simulation_id, DROP COLUMN outcome_id, DROP COLUMN role;
