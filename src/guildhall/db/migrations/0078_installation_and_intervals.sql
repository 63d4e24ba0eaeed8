-- phase: expand
-- Changes that belong to no team (people, the catalogue, what all teams share)
-- could be read by nobody but the sealer; and how often a roll-up is refreshed
-- was kept and not heeded.

CREATE VIEW platform.installation_changes AS
    SELECT log_id, table_name, operation, user_id, old_data, new_data, ip_address, user_agent, modal_call_context, "timestamp",
           table_schema, record_key, agent_id, actor_role, request_id, epoch, transaction_id, digest, redaction_id
      FROM store.audit_log
     WHERE tenant_id IS NULL;
COMMENT ON VIEW platform.installation_changes IS 'audit: system: the part of the audit log that belongs to no team, for those who keep the installation.';
GRANT SELECT ON platform.installation_changes TO guildhall_curator, guildhall_scheduler;

-- What TimescaleDB keeps is refreshed by it at the roll-up's interval and window, as they are now.
CREATE FUNCTION platform.set_refresh_policy(rollup_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted platform.rollups;
    parts  jsonb;
BEGIN
    SELECT * INTO STRICT wanted FROM platform.rollups WHERE name = rollup_name;
    IF NOT wanted.is_continuous OR NOT (SELECT rolcanlogin FROM pg_roles WHERE rolname = current_user) THEN
        RETURN;
    END IF;
    parts := jsonb_build_object('timescale', platform.timescale_schema(), 'rollup', rollup_name);
    EXECUTE platform.fill('SELECT {timescale}.remove_continuous_aggregate_policy(''store.{rollup}'', if_exists => true)', parts);
    EXECUTE platform.fill('SELECT {timescale}.add_continuous_aggregate_policy(''store.{rollup}'', $1, $2, $3)', parts)
      USING wanted.start_offset, wanted.end_offset, wanted.refresh_interval;
END
$$;
REVOKE ALL ON FUNCTION platform.set_refresh_policy(text) FROM PUBLIC;

-- The job looks every minute which of them are due; whoever calls it otherwise means all of them.
DO $$
BEGIN
    IF platform.timescale_schema() IS NULL THEN
        RETURN;
    END IF;
    PERFORM platform.amend_function('platform.refresh_continuous_rollups(integer, jsonb)'::regprocedure,
        'WHERE is_continuous ORDER BY name LOOP',
        'WHERE is_continuous AND (job_id IS NULL OR refreshed_at IS NULL OR refreshed_at <= now() - refresh_interval) ORDER BY name LOOP');
    EXECUTE platform.fill($sql$
        SELECT {timescale}.alter_job(jobs.job_id, schedule_interval => interval '1 minute')
          FROM timescaledb_information.jobs
         WHERE jobs.proc_schema = 'platform' AND jobs.proc_name = 'refresh_continuous_rollups'
        $sql$, jsonb_build_object('timescale', platform.timescale_schema()));
END
$$;
