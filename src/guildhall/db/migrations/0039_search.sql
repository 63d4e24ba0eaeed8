-- Search over the wing: by words and by likeness, in configurations, scenarios,
-- trajectories and failures.

-- What is said in a trajectory, beside its embedding: as old outcomes are
-- compressed they can still be searched.
ALTER TABLE evaluation.outcome_embeddings ADD COLUMN words tsvector;
COMMENT ON COLUMN evaluation.outcome_embeddings.words IS 'What was said and done in the trajectory, as platform.text_vector has it.';
CREATE INDEX outcome_embeddings_by_words ON evaluation.outcome_embeddings USING gin (words);
CREATE INDEX config_versions_by_words ON evaluation.config_versions USING gin (platform.text_vector(raw_yaml, 'en'));
CREATE INDEX scenarios_by_words ON evaluation.scenarios USING gin (platform.text_vector(name || ' ' || task_prompt, 'en'));

-- What holds the words of a query, the best first. Row-level security would keep
-- these indexes from being used, as @@ is not leakproof: the owner asks, and for
-- the team alone.
CREATE FUNCTION evaluation.found_by_words(kind text, asked text, any_unit boolean, at_most integer)
    RETURNS TABLE (id text, rank real)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    team   CONSTANT uuid := platform.tenant_id();
    wanted CONSTANT tsquery := platform.text_query(asked, 'en', any_unit);
BEGIN
    CASE kind
        WHEN 'config' THEN RETURN QUERY
            SELECT versions.version_id::text, ts_rank(platform.text_vector(versions.raw_yaml, 'en'), wanted) AS matching
              FROM evaluation.config_versions AS versions
             WHERE versions.tenant_id = team AND NOT versions.is_deleted
               AND platform.text_vector(versions.raw_yaml, 'en') @@ wanted
             ORDER BY matching DESC, versions.version_id LIMIT at_most;
        WHEN 'scenario' THEN RETURN QUERY
            SELECT scenarios.scenario_id,
                   ts_rank(platform.text_vector(scenarios.name || ' ' || scenarios.task_prompt, 'en'), wanted) AS matching
              FROM evaluation.scenarios
             WHERE scenarios.tenant_id = team
               AND platform.text_vector(scenarios.name || ' ' || scenarios.task_prompt, 'en') @@ wanted
             ORDER BY matching DESC, scenarios.scenario_id LIMIT at_most;
        WHEN 'trajectory' THEN RETURN QUERY
            SELECT embeddings.outcome_id::text, ts_rank(embeddings.words, wanted) AS matching
              FROM evaluation.outcome_embeddings AS embeddings
             WHERE embeddings.tenant_id = team AND embeddings.words @@ wanted
             ORDER BY matching DESC, embeddings.outcome_id LIMIT at_most;
        WHEN 'failure' THEN RETURN QUERY
            SELECT signatures.signature_id::text, ts_rank(signatures.words, wanted) AS matching
              FROM evaluation.failure_signatures AS signatures
             WHERE signatures.tenant_id = team AND signatures.words @@ wanted
             ORDER BY matching DESC, signatures.signature_id LIMIT at_most;
    END CASE;
END
$$;
REVOKE ALL ON FUNCTION evaluation.found_by_words(text, text, boolean, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION evaluation.found_by_words(text, text, boolean, integer) TO guildhall_app;

-- Whom upkeep makes ready for search.
CREATE FUNCTION evaluation.active_teams() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT id FROM platform.teams WHERE is_active AND erased_at IS NULL ORDER BY id
$$;
REVOKE ALL ON FUNCTION evaluation.active_teams() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION evaluation.active_teams() TO guildhall_scheduler;
