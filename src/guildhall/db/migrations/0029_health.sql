-- role: administrator
-- What operators are told of the server: counts, ages and names of sessions, and
-- never a statement or a value. PostgreSQL shows what other logins do to members
-- of pg_read_all_stats alone, with their statements. So the owner of the schema
-- becomes one, whom nobody can log in as and no process can become, and hands on
-- what these functions return, to the scheduler. Where whoever migrates may not
-- grant that, what is hidden is null, and `guildhall doctor` says what helps.

DO $$
BEGIN
    -- Roles belong to the whole cluster: another database may be doing the same.
    FOR attempt IN 1..20 LOOP
        BEGIN
            IF NOT pg_has_role('guildhall_owner', 'pg_read_all_stats', 'USAGE') THEN
                GRANT pg_read_all_stats TO guildhall_owner;
            END IF;
            EXIT;
        EXCEPTION
            WHEN insufficient_privilege THEN EXIT;
            WHEN unique_violation OR internal_error THEN NULL;
        END;
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA migrations TO guildhall_scheduler;
GRANT SELECT ON migrations.applied TO guildhall_scheduler;

SET LOCAL ROLE guildhall_owner;

-- Sessions of clients, and whatever else keeps a snapshot.
CREATE FUNCTION platform.sessions_now()
    RETURNS TABLE (
        pid integer, kind text, database text, login text, application text, state text,
        transaction_seconds double precision, snapshot_age integer
    )
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT activity.pid, activity.backend_type, activity.datname::text, activity.usename::text, activity.application_name,
           activity.state,
           extract(epoch FROM clock_timestamp() - activity.xact_start)::double precision,
           greatest(age(activity.backend_xmin), age(activity.backend_xid))
      FROM pg_stat_activity AS activity
     WHERE activity.pid <> pg_backend_pid()
       AND (activity.backend_type IS NULL OR activity.backend_type IN ('client backend', 'walsender')
            OR activity.backend_xmin IS NOT NULL)
$$;

-- What pg_stat_statements has counted of this database; no rows where it does
-- not count, or is in a schema that the owner may not use.
CREATE FUNCTION platform.statements_counted()
    RETURNS TABLE (
        statement_id bigint, login text, calls bigint, mean_ms double precision, max_ms double precision,
        total_ms double precision
    )
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    extension text := (
        SELECT quote_ident(nspname)
          FROM pg_extension
          JOIN pg_namespace ON pg_namespace.oid = extnamespace
         WHERE extname = 'pg_stat_statements' AND has_schema_privilege('guildhall_owner', extnamespace, 'USAGE')
    );
BEGIN
    -- Made but not loaded when the server started, it refuses to be read.
    IF extension IS NULL OR current_setting('pg_stat_statements.max', true) IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format(
        'SELECT counted.queryid, pg_get_userbyid(counted.userid)::text, counted.calls, counted.mean_exec_time,
                counted.max_exec_time, counted.total_exec_time
           FROM %s.pg_stat_statements(false) AS counted
          WHERE counted.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())', extension);
END
$$;

-- Who receives the log, and how far behind they are.
CREATE FUNCTION platform.replicas_now()
    RETURNS TABLE (application text, state text, lag_bytes bigint, lag_seconds double precision)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT application_name, state,
           pg_wal_lsn_diff(
               CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, replay_lsn
           )::bigint,
           extract(epoch FROM replay_lag)::double precision
      FROM pg_stat_replication
$$;

REVOKE ALL ON FUNCTION platform.sessions_now(), platform.statements_counted(), platform.replicas_now() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.sessions_now(), platform.statements_counted(), platform.replicas_now()
    TO guildhall_scheduler;
ALTER TABLE platform.installation ADD COLUMN upkeep_at timestamptz;
COMMENT ON COLUMN platform.installation.upkeep_at IS 'When a pass of upkeep last found every ledger sealed; null: none has yet.';
GRANT SELECT, UPDATE (upkeep_at) ON platform.installation TO guildhall_scheduler;
