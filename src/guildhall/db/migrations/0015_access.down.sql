DO $$
DECLARE
    relation record;
BEGIN
    FOR relation IN SELECT format('%I.%I', schemaname, viewname) AS name FROM pg_views WHERE schemaname = 'mine' LOOP
        EXECUTE format('DROP VIEW IF EXISTS %s CASCADE', relation.name);
    END LOOP;
    FOR relation IN
        SELECT oid::regclass::text AS name, relkind
          FROM pg_class
         WHERE relnamespace::regnamespace::text IN ('platform', 'catalogue', 'gateway', 'evaluation', 'society')
           AND relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM guildhall_reader, guildhall_person', relation.name);
        IF relation.relkind IN ('r', 'p') THEN
            EXECUTE format('DROP POLICY IF EXISTS rows_belong_to_the_persons_team ON %s', relation.name);
        END IF;
    END LOOP;
    FOR relation IN SELECT name FROM platform.series LOOP
        EXECUTE format('REVOKE INSERT ON store.%I FROM guildhall_writer', relation.name);
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION platform.ensure_partitions(text, timestamptz, timestamptz) FROM guildhall_writer, guildhall_scheduler;
DROP FUNCTION platform.settle_grants();
DROP POLICY embeddings_are_read_by_the_view_of_outcomes ON evaluation.outcome_embeddings;
DROP FUNCTION platform.login_tenant();
DROP TABLE platform.sql_logins;
