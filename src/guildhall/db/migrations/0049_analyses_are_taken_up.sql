-- phase: expand
-- An analysis that SQL has opened (evaluation.trigger_llm_recommendation_analysis) is carried out by a worker: where its
-- transaction ends without anybody having said of which version it is, a job is added for it.

CREATE FUNCTION evaluation.hand_out_analysis() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Whoever analyses at once has described it meanwhile.
    IF EXISTS (
        SELECT FROM evaluation.llm_recommendation_sessions
         WHERE session_id = NEW.session_id AND session_status = 'running' AND config_version_id IS NULL
    ) THEN
        INSERT INTO platform.background_tasks (task_type, payload, unique_key)
        VALUES (
            'recommendations.analyse', jsonb_build_object('session_id', NEW.session_id),
            'recommendations.analyse ' || NEW.session_id
        );
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER analyses_are_handed_out AFTER INSERT ON evaluation.llm_recommendation_sessions
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.session_status = 'running' AND NEW.config_version_id IS NULL)
    EXECUTE FUNCTION evaluation.hand_out_analysis();

-- What upkeep ends, as nobody carries it out any more: what has gone on for a while, and for which no job lives. Analyses
-- and debates that a person's own process holds have none; it has much more time, and then was killed.
CREATE POLICY functions_see_every_row ON evaluation.llm_recommendation_sessions FOR SELECT TO guildhall_owner USING (true);
CREATE POLICY functions_see_every_row ON gateway.debate_sessions FOR SELECT TO guildhall_owner USING (true);
CREATE INDEX llm_recommendation_sessions_running ON evaluation.llm_recommendation_sessions (created_at) WHERE session_status = 'running';
CREATE INDEX debate_sessions_open ON gateway.debate_sessions (created_at) WHERE status IN ('pending', 'active');

CREATE FUNCTION evaluation.lost_analyses() RETURNS TABLE (tenant_id uuid, session_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT sessions.tenant_id, sessions.session_id
      FROM evaluation.llm_recommendation_sessions AS sessions
     WHERE sessions.session_status = 'running' AND sessions.created_at < now() - interval '1 hour'
       AND NOT EXISTS (SELECT FROM platform.background_tasks AS jobs
                        WHERE jobs.tenant_id = sessions.tenant_id
                          AND jobs.unique_key = 'recommendations.analyse ' || sessions.session_id
                          AND jobs.status IN ('pending', 'queued', 'running', 'paused', 'stuck'))
     ORDER BY sessions.created_at
     LIMIT 1000
$$;
REVOKE ALL ON FUNCTION evaluation.lost_analyses() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION evaluation.lost_analyses() TO guildhall_scheduler;

CREATE FUNCTION gateway.lost_debates() RETURNS TABLE (tenant_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT debates.tenant_id, debates.id
      FROM gateway.debate_sessions AS debates
     WHERE debates.status IN ('pending', 'active')
       AND debates.created_at < now() - CASE WHEN debates.metadata ? 'asked_with' THEN interval '1 hour' ELSE interval '1 day' END
       AND NOT EXISTS (SELECT FROM platform.background_tasks AS jobs
                        WHERE jobs.tenant_id = debates.tenant_id
                          AND jobs.unique_key = 'debate:' || debates.id
                          AND jobs.status IN ('pending', 'queued', 'running', 'paused', 'stuck'))
     ORDER BY debates.created_at
     LIMIT 1000
$$;
REVOKE ALL ON FUNCTION gateway.lost_debates() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.lost_debates() TO guildhall_scheduler;
