-- phase: expand

DO $$
BEGIN
    IF platform.timescale_schema() IS NULL THEN
        RETURN;
    END IF;
    EXECUTE platform.fill($sql$
        SELECT {timescale}.alter_job(jobs.job_id, schedule_interval => interval '10 minutes')
          FROM timescaledb_information.jobs
         WHERE jobs.proc_schema = 'platform' AND jobs.proc_name = 'refresh_continuous_rollups'
        $sql$, jsonb_build_object('timescale', platform.timescale_schema()));
    PERFORM platform.amend_function('platform.refresh_continuous_rollups(integer, jsonb)'::regprocedure,
        'WHERE is_continuous AND (job_id IS NULL OR refreshed_at IS NULL OR refreshed_at <= now() - refresh_interval) ORDER BY name LOOP',
        'WHERE is_continuous ORDER BY name LOOP');
END
$$;
DROP FUNCTION platform.set_refresh_policy(text);
DROP VIEW platform.installation_changes;
