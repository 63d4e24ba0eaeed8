DROP FUNCTION evaluation.teams_with_loose_failures();
DELETE FROM platform.audit_exemptions
 WHERE relation IN ('evaluation.failure_signatures', 'evaluation.failure_days', 'evaluation.failure_cluster_events',
                    'evaluation.failure_clusterings');

CREATE TEMPORARY TABLE window_before ON COMMIT DROP AS
SELECT pg_get_viewdef('mine.v_llm_failure_analysis'::regclass) AS definition;

-- A view loses a column only by being made anew, and with it what reads it.
DROP VIEW IF EXISTS mine.v_llm_failure_analysis, mine.failure_patterns;
DROP VIEW evaluation.v_llm_failure_analysis;
DROP VIEW evaluation.failure_patterns;
DROP INDEX store.failure_patterns_loose;
ALTER TABLE store.failure_patterns DROP COLUMN signature_id;

DROP TABLE evaluation.failure_clusterings;
DROP TABLE evaluation.failure_cluster_events;
DROP TABLE evaluation.failure_days;
DROP TABLE evaluation.failure_signatures;
DROP TABLE evaluation.failure_clusters;

CREATE VIEW evaluation.failure_patterns AS
    SELECT pattern_id, tenant_id, outcome_id, simulation_id, scenario_id, trial_number, execution_time, failure_type,
           failure_category, fault, error_message, error_embedding, step, pattern_cluster_id, cluster_confidence,
           similar_failures_count, similar_failures_count AS similar_failures, recovery_attempted,
           recovery_successful, resolution_steps, llm_analysis, created_at
      FROM store.failure_patterns
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
ALTER VIEW evaluation.failure_patterns ALTER COLUMN pattern_id SET DEFAULT gen_random_uuid();
COMMENT ON VIEW evaluation.failure_patterns IS 'failures: tenant: the team''s own failure patterns.';
GRANT SELECT, INSERT, UPDATE ON evaluation.failure_patterns TO guildhall_app;

CREATE VIEW evaluation.v_llm_failure_analysis WITH (security_invoker = true) AS
    SELECT day, failure_category,
           count(*) AS daily_failures,
           avg(cluster_confidence) AS avg_confidence,
           (array_agg(DISTINCT error_message) FILTER (WHERE error_message IS NOT NULL))[1:20] AS sample_errors,
           array_agg(DISTINCT scenario_id) FILTER (WHERE scenario_id IS NOT NULL) AS affected_scenarios,
           tenant_id
      FROM (SELECT patterns.tenant_id, date_trunc('day', patterns.execution_time, 'UTC') AS day, patterns.failure_category,
                   patterns.cluster_confidence, patterns.error_message,
                   COALESCE(
                       patterns.scenario_id,
                       (SELECT outcomes.scenario_id
                          FROM evaluation.outcomes
                         WHERE outcomes.outcome_id = patterns.outcome_id AND outcomes.execution_time = patterns.execution_time)
                   ) AS scenario_id
              FROM evaluation.failure_patterns AS patterns
             WHERE patterns.execution_time >= date_trunc('day', now() - interval '30 days', 'UTC')) AS failures
     GROUP BY tenant_id, day, failure_category
     ORDER BY day DESC, daily_failures DESC;
COMMENT ON VIEW evaluation.v_llm_failure_analysis IS 'failures: tenant: failures of the last 30 days by day and category, with up to twenty of their messages and the scenarios they happened in.';
GRANT SELECT ON evaluation.v_llm_failure_analysis TO guildhall_app;

SELECT platform.settle_grants();

-- People's window on it stays as it was: it is as old as the migration that made windows anew last.
DO $window$
BEGIN
    EXECUTE 'CREATE OR REPLACE VIEW mine.v_llm_failure_analysis WITH (security_barrier, security_invoker) AS '
            || rtrim((SELECT definition FROM window_before), '; ');
END
$window$;
