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
