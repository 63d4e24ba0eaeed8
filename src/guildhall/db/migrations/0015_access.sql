-- Who may look: readers beside the application, the writer of mixed batches,
-- and people who write SQL, each with a login of their own.

-- The application says with each transaction whose data it wants, and is
-- trusted to say the truth. A person who writes SQL is not: whose data they
-- see hangs on who has logged in.
CREATE TABLE platform.sql_logins (
    role_name  name        PRIMARY KEY,
    tenant_id  uuid        NOT NULL REFERENCES platform.teams ON DELETE CASCADE,
    user_id    uuid        NOT NULL REFERENCES platform.users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE platform.sql_logins IS 'identity: system: the database logins of people who write SQL, and the team whose rows each sees.';
CREATE INDEX sql_logins_by_tenant ON platform.sql_logins (tenant_id);
CREATE INDEX sql_logins_by_user ON platform.sql_logins (user_id);

CREATE FUNCTION platform.login_tenant() RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT tenant_id FROM platform.sql_logins WHERE role_name = session_user
$$;
REVOKE ALL ON FUNCTION platform.login_tenant() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.login_tenant() TO guildhall_person;

-- The view of outcomes reads their embeddings with its owner's rights, and
-- only those of outcomes that it shows.
CREATE POLICY embeddings_are_read_by_the_view_of_outcomes ON evaluation.outcome_embeddings FOR SELECT TO guildhall_owner
    USING (true);

-- Gives every role what follows from what the application may see. A migration
-- that adds relations ends with it.
CREATE FUNCTION platform.settle_grants() RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wings  CONSTANT text[] := ARRAY['platform', 'catalogue', 'gateway', 'evaluation', 'society'];
    relation   record;
    definition text;
    other      text;
BEGIN
    -- People's windows are made anew each time; those that look through others go first.
    FOR relation IN
        SELECT format('%I.%I', schemaname, viewname) AS name FROM pg_views WHERE schemaname = 'mine'
    LOOP
        EXECUTE format('DROP VIEW IF EXISTS %s CASCADE', relation.name);
    END LOOP;

    FOR relation IN
        SELECT classes.oid, classes.oid::regclass::text AS name, classes.relname, classes.relkind, classes.relrowsecurity,
               split_part(obj_description(classes.oid), ': ', 2) AS class,
               CASE WHEN has_table_privilege('guildhall_app', classes.oid, 'SELECT') THEN ''
                    ELSE (SELECT '(' || string_agg(quote_ident(attname), ', ' ORDER BY attnum) || ')'
                            FROM pg_attribute
                           WHERE attrelid = classes.oid AND attnum > 0 AND NOT attisdropped
                             AND has_column_privilege('guildhall_app', classes.oid, attnum, 'SELECT'))
               END AS readable
          FROM pg_class AS classes
         WHERE classes.relnamespace::regnamespace::text = ANY (wings)
           AND classes.relkind IN ('r', 'p', 'v', 'm') AND NOT classes.relispartition
         ORDER BY classes.oid
    LOOP
        CONTINUE WHEN relation.readable IS NULL;
        EXECUTE format('GRANT SELECT %s ON %s TO guildhall_reader', relation.readable, relation.name);

        IF relation.relkind IN ('r', 'p') AND relation.class = 'tenant' THEN
            EXECUTE format('GRANT SELECT %s ON %s TO guildhall_person', relation.readable, relation.name);
            EXECUTE format('DROP POLICY IF EXISTS rows_belong_to_the_persons_team ON %s', relation.name);
            EXECUTE format(
                'CREATE POLICY rows_belong_to_the_persons_team ON %s FOR SELECT TO guildhall_person '
                'USING (tenant_id = (SELECT platform.login_tenant()))', relation.name
            );
        ELSIF relation.class = 'global' AND NOT relation.relrowsecurity THEN
            EXECUTE format('GRANT SELECT %s ON %s TO guildhall_person', relation.readable, relation.name);
        ELSIF relation.relkind = 'v' AND relation.class = 'tenant' THEN
            -- A window: the view of the same name, keyed on the login, and no
            -- function of the person's own sees a row before it is known to be theirs.
            definition := replace(pg_get_viewdef(relation.oid), 'platform.tenant_id()', 'platform.login_tenant()');
            FOR other IN SELECT viewname FROM pg_views WHERE schemaname = 'mine' LOOP
                definition := regexp_replace(
                    definition, format('\m(%s)\.%s\M', array_to_string(wings, '|'), quote_ident(other)),
                    format('mine.%I', other), 'g'
                );
            END LOOP;
            EXECUTE format(
                'CREATE VIEW mine.%I WITH (security_barrier%s) AS %s', relation.relname,
                CASE WHEN (SELECT reloptions FROM pg_class WHERE oid = relation.oid) @> '{security_invoker=true}'
                     THEN ', security_invoker' ELSE '' END,
                rtrim(definition, '; ')
            );
            EXECUTE format('COMMENT ON VIEW mine.%I IS %L', relation.relname, obj_description(relation.oid));
            EXECUTE format('GRANT SELECT ON mine.%I TO guildhall_person', relation.relname);
        END IF;
    END LOOP;

    -- Batches that mix teams say themselves whose each row is.
    -- Into ledgers they go without a digest, into the audit log not at all.
    FOR relation IN SELECT series.name, ledgers.name AS ledger FROM platform.series LEFT JOIN platform.ledgers USING (name) LOOP
        IF relation.ledger IS NULL THEN
            EXECUTE format('GRANT INSERT ON store.%I TO guildhall_writer', relation.name);
        ELSE
            PERFORM platform.let_add_to_ledger(relation.ledger, 'guildhall_writer');
        END IF;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION platform.settle_grants() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.ensure_partitions(text, timestamptz, timestamptz) TO guildhall_writer, guildhall_scheduler;

SELECT platform.settle_grants();
