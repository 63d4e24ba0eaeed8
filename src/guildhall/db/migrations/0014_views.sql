-- The documents' views of the evaluation wing. They read with the rights of
-- whoever asks (errata: the documents' bypass row-level security), so they show
-- what row-level security and the views of the series show. Where they aggregate
-- outcomes they read roll-ups, and their windows open with a whole day.

-- simulations --------------------------------------------------------------

CREATE VIEW evaluation.v_system_performance WITH (security_invoker = true) AS
    SELECT date_trunc('hour', created_at, 'UTC') AS hour,
           count(*) AS total_simulations,
           avg(execution_time_ms) AS avg_execution_time,
           sum(total_cost_usd) AS total_cost,
           count(*) FILTER (WHERE status = 'failed') AS failed_count,
           avg(overall_score) AS avg_score,
           tenant_id
      FROM evaluation.simulations
     WHERE created_at > now() - interval '24 hours'
     GROUP BY tenant_id, hour
     ORDER BY hour;
COMMENT ON VIEW evaluation.v_system_performance IS 'simulations: tenant: simulations of the last 24 hours, by the hour in which they were planned.';

CREATE VIEW evaluation.v_active_simulations WITH (security_invoker = true) AS
    SELECT simulations.simulation_id, simulations.simulation_name, simulations.status,
           simulations.completed_scenarios, simulations.total_scenarios,
           round(100.0 * simulations.completed_scenarios / simulations.total_scenarios, 2) AS progress_pct,
           extract(epoch FROM now() - simulations.started_at) AS runtime_seconds,
           versions.parsed_config ->> 'model' AS model,
           simulations.tenant_id
      FROM evaluation.simulations
      JOIN evaluation.config_versions AS versions ON versions.version_id = simulations.config_version_id
     WHERE simulations.status IN ('pending', 'running')
     ORDER BY simulations.created_at;
COMMENT ON VIEW evaluation.v_active_simulations IS 'simulations: tenant: simulations that are not over, and how far they are.';

-- Outcomes are looked up for the active simulations alone, rolled up and live.
CREATE VIEW evaluation.v_dashboard_active_simulations WITH (security_invoker = true) AS
    SELECT simulations.simulation_id, simulations.simulation_name, simulations.status,
           simulations.completed_scenarios, simulations.total_scenarios,
           round(100.0 * simulations.completed_scenarios / simulations.total_scenarios, 2) AS progress_pct,
           extract(epoch FROM now() - simulations.started_at) AS runtime_seconds,
           simulations.modal_app_id,
           versions.parsed_config ->> 'model' AS model_name,
           COALESCE(recorded.outcomes, 0)::bigint AS outcomes_recorded,
           simulations.tenant_id
      FROM evaluation.simulations
      JOIN evaluation.config_versions AS versions ON versions.version_id = simulations.config_version_id
      LEFT JOIN (
               SELECT simulation_id, sum(total_outcomes) AS outcomes
                 FROM evaluation.simulation_performance_hourly
                WHERE simulation_id = ANY (
                          ARRAY(SELECT simulation_id FROM evaluation.simulations WHERE status IN ('pending', 'running'))
                      )
                GROUP BY simulation_id
           ) AS recorded ON recorded.simulation_id = simulations.simulation_id
     WHERE simulations.status IN ('pending', 'running')
     ORDER BY simulations.created_at DESC;
COMMENT ON VIEW evaluation.v_dashboard_active_simulations IS 'simulations: tenant: simulations that are not over, how far they are, and how many outcomes they have.';

-- outcomes -----------------------------------------------------------------

CREATE VIEW evaluation.v_error_rates WITH (security_invoker = true) AS
    SELECT day, scenario_id, total_outcomes AS total_runs, error_count,
           round(100.0 * error_count / total_outcomes, 2) AS error_rate_pct,
           tenant_id
      FROM evaluation.scenario_performance_daily
     WHERE day >= date_trunc('day', now() - interval '7 days', 'UTC')
       AND total_outcomes >= 10 -- fewer say little
     ORDER BY day DESC, error_rate_pct DESC;
COMMENT ON VIEW evaluation.v_error_rates IS 'outcomes: tenant: how often each scenario ended in an error, by day, over a week; scenarios with ten outcomes or more.';

CREATE VIEW evaluation.v_dashboard_performance_trends WITH (security_invoker = true) AS
    SELECT day,
           sum(total_outcomes)::bigint AS total_executions,
           sum(reliability_sum) / NULLIF(sum(scored_outcomes), 0)::double precision AS avg_reliability,
           sum(execution_time_sum_ms) / NULLIF(sum(timed_outcomes), 0)::double precision AS avg_duration_ms,
           sum(total_cost_usd) AS daily_cost,
           sum(error_count)::bigint AS error_count,
           round(100.0 * sum(error_count) / sum(total_outcomes), 2) AS error_rate_pct,
           tenant_id
      FROM evaluation.simulation_performance_daily
     WHERE day >= date_trunc('day', now() - interval '30 days', 'UTC')
     GROUP BY tenant_id, day
     ORDER BY day DESC;
COMMENT ON VIEW evaluation.v_dashboard_performance_trends IS 'outcomes: tenant: outcomes of the last 30 days, by day.';

-- A configuration may be long: each is looked into once, not once for each of its days.
CREATE VIEW evaluation.v_dashboard_cost_analysis WITH (security_invoker = true) AS
    WITH spent AS MATERIALIZED (
        SELECT days.tenant_id, days.day, simulations.config_version_id,
               sum(days.total_outcomes) AS outcomes, sum(days.total_cost_usd) AS cost, sum(days.priced_outcomes) AS priced,
               sum(days.total_tokens) AS tokens, sum(days.counted_outcomes) AS counted
          FROM evaluation.simulation_performance_daily AS days
          JOIN evaluation.simulations ON simulations.simulation_id = days.simulation_id
         WHERE days.day >= date_trunc('day', now() - interval '30 days', 'UTC')
         GROUP BY 1, 2, 3
    ), models AS MATERIALIZED (
        SELECT version_id, parsed_config ->> 'model' AS model
          FROM evaluation.config_versions
         WHERE version_id = ANY (ARRAY(SELECT DISTINCT config_version_id FROM spent))
    )
    SELECT spent.day, models.model,
           sum(spent.outcomes)::bigint AS executions,
           sum(spent.cost) AS total_cost,
           sum(spent.cost) / NULLIF(sum(spent.priced), 0) AS avg_cost_per_execution,
           sum(spent.tokens)::bigint AS total_tokens,
           sum(spent.tokens) / NULLIF(sum(spent.counted), 0) AS avg_tokens_per_execution,
           spent.tenant_id
      FROM spent
      JOIN models ON models.version_id = spent.config_version_id
     GROUP BY spent.tenant_id, spent.day, models.model
     ORDER BY spent.day DESC, total_cost DESC NULLS LAST;
COMMENT ON VIEW evaluation.v_dashboard_cost_analysis IS 'outcomes: tenant: what the last 30 days cost, by day and model; averages are over the outcomes whose cost, or tokens, are known.';

-- what a language model is shown -------------------------------------------

-- Errata: scenario and failure belong together by id and time; a sample has an end.
CREATE VIEW evaluation.v_llm_failure_analysis WITH (security_invoker = true) AS
    SELECT date_trunc('day', patterns.execution_time, 'UTC') AS day,
           patterns.failure_category,
           count(*) AS daily_failures,
           avg(patterns.cluster_confidence) AS avg_confidence,
           (array_agg(DISTINCT patterns.error_message) FILTER (WHERE patterns.error_message IS NOT NULL))[1:20] AS sample_errors,
           array_agg(DISTINCT COALESCE(patterns.scenario_id, outcomes.scenario_id))
               FILTER (WHERE COALESCE(patterns.scenario_id, outcomes.scenario_id) IS NOT NULL) AS affected_scenarios,
           patterns.tenant_id
      FROM evaluation.failure_patterns AS patterns
      LEFT JOIN evaluation.outcomes
        ON patterns.scenario_id IS NULL
       AND outcomes.outcome_id = patterns.outcome_id AND outcomes.execution_time = patterns.execution_time
     WHERE patterns.execution_time >= date_trunc('day', now() - interval '30 days', 'UTC')
     GROUP BY patterns.tenant_id, day, patterns.failure_category
     ORDER BY day DESC, daily_failures DESC;
COMMENT ON VIEW evaluation.v_llm_failure_analysis IS 'failures: tenant: failures of the last 30 days by day and category, with up to twenty of their messages and the scenarios they happened in.';

CREATE VIEW evaluation.v_llm_config_performance WITH (security_invoker = true) AS
    SELECT versions.config_id, versions.version_number, versions.parsed_config,
           played.day,
           played.outcomes AS total_executions,
           played.avg_reliability, played.avg_execution_time, played.daily_cost, played.error_count,
           played.tenant_id
      FROM (
               SELECT days.tenant_id, days.day, simulations.config_version_id,
                      sum(days.total_outcomes)::bigint AS outcomes,
                      sum(days.reliability_sum) / NULLIF(sum(days.scored_outcomes), 0)::double precision AS avg_reliability,
                      sum(days.execution_time_sum_ms) / NULLIF(sum(days.timed_outcomes), 0)::double precision AS avg_execution_time,
                      sum(days.total_cost_usd) AS daily_cost,
                      sum(days.error_count)::bigint AS error_count
                 FROM evaluation.simulation_performance_daily AS days
                 JOIN evaluation.simulations ON simulations.simulation_id = days.simulation_id
                WHERE days.day >= date_trunc('day', now() - interval '90 days', 'UTC')
                GROUP BY 1, 2, 3
           ) AS played
      JOIN evaluation.config_versions AS versions ON versions.version_id = played.config_version_id
     ORDER BY played.day DESC, played.avg_reliability DESC NULLS LAST;
COMMENT ON VIEW evaluation.v_llm_config_performance IS 'outcomes: tenant: outcomes of the last 90 days by day and version of a configuration.';

-- The document calls a standard deviation a variance; the name stays.
CREATE VIEW evaluation.v_llm_scenario_trends WITH (security_invoker = true) AS
    SELECT scenario_id,
           date_trunc('week', day, 'UTC') AS week,
           sum(total_outcomes)::bigint AS executions,
           sum(reliability_sum) / NULLIF(sum(scored_outcomes), 0)::double precision AS avg_reliability,
           CASE WHEN sum(scored_outcomes) > 1 THEN sqrt(greatest(
               sum(reliability_square_sum) - sum(reliability_sum) ^ 2 / sum(scored_outcomes)::double precision, 0
           ) / (sum(scored_outcomes) - 1)::double precision) END AS reliability_variance,
           sum(execution_time_sum_ms) / NULLIF(sum(timed_outcomes), 0)::double precision AS avg_duration,
           sum(timeout_count)::bigint AS timeout_count,
           tenant_id
      FROM evaluation.scenario_performance_daily
     WHERE day >= date_trunc('day', now() - interval '6 months', 'UTC')
     GROUP BY tenant_id, scenario_id, week
     ORDER BY week DESC, avg_reliability NULLS LAST;
COMMENT ON VIEW evaluation.v_llm_scenario_trends IS 'outcomes: tenant: outcomes of the last six months by week and scenario; reliability_variance is their standard deviation.';

-- recommendations ----------------------------------------------------------

-- Errata: sessions that merely overlap in time are somebody else's; a recommendation knows its own.
CREATE VIEW evaluation.v_dashboard_pending_recommendations WITH (security_invoker = true) AS
    SELECT recommendations.recommendation_id, recommendations.recommendation_type, recommendations.description,
           recommendations.confidence, recommendations.impact_estimate, recommendations.suggested_yaml_changes,
           COALESCE(sessions.llm_model, recommendations.llm_model_used) AS generated_by_model,
           sessions.data_window_start, sessions.data_window_end,
           recommendations.created_at, recommendations.tenant_id
      FROM evaluation.recommendations
      LEFT JOIN evaluation.llm_recommendation_sessions AS sessions ON sessions.session_id = recommendations.session_id
     WHERE NOT recommendations.applied AND recommendations.confidence > 0.7
     ORDER BY recommendations.confidence DESC, recommendations.created_at DESC
     LIMIT 10;
COMMENT ON VIEW evaluation.v_dashboard_pending_recommendations IS 'recommendations: tenant: the ten most certain recommendations that nobody has applied yet.';

GRANT SELECT ON
    evaluation.v_system_performance, evaluation.v_active_simulations, evaluation.v_dashboard_active_simulations,
    evaluation.v_error_rates, evaluation.v_dashboard_performance_trends, evaluation.v_dashboard_cost_analysis,
    evaluation.v_llm_failure_analysis, evaluation.v_llm_config_performance, evaluation.v_llm_scenario_trends,
    evaluation.v_dashboard_pending_recommendations TO guildhall_app;

-- Opens an analysis of the team's recent outcomes for one of its members, by
-- default the one who asks, and returns its id. It stays `running` until a model
-- has answered; until then its model is the document's.
CREATE FUNCTION evaluation.trigger_llm_recommendation_analysis(
    analysis_window interval DEFAULT '7 days', user_id_param uuid DEFAULT NULL
) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    asking  CONSTANT uuid := COALESCE(user_id_param, platform.user_id());
    begins  CONSTANT timestamptz := now() - analysis_window;
    session uuid;
BEGIN
    IF analysis_window <= interval '0' THEN
        RAISE EXCEPTION 'the window is %, expected a positive one', analysis_window USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT EXISTS (
        SELECT FROM platform.team_members WHERE user_id = asking AND tenant_id = platform.tenant_id()
    ) THEN
        RAISE EXCEPTION 'an analysis needs a member of the team as its user' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO evaluation.llm_recommendation_sessions (
        user_id, analysis_start_time, analysis_end_time, data_window_start, data_window_end, llm_model,
        total_outcomes_analyzed, patterns_identified, session_status
    )
    VALUES (
        asking, now(), now(), begins, now(), 'gpt-4-turbo',
        (SELECT count(*) FROM evaluation.outcomes WHERE execution_time > begins AND execution_time <= now()),
        (SELECT count(*) FROM evaluation.failure_patterns WHERE execution_time > begins AND execution_time <= now()),
        'running'
    )
    RETURNING session_id INTO session;
    RETURN session;
END
$$;
COMMENT ON FUNCTION evaluation.trigger_llm_recommendation_analysis(interval, uuid) IS 'recommendations: opens an analysis of the team''s recent outcomes.';

-- the catalogue ------------------------------------------------------------

-- Of the views the one that is stored, as the document has it: it changes when
-- the catalogue does, and what it shows as recent with the day.
CREATE MATERIALIZED VIEW catalogue.model_listings AS
    SELECT models.id, models.slug, models.name, models.provider_id, providers.name AS provider_name,
           providers.logo_url AS provider_logo, models.foundation_model, models.modalities, models.capabilities,
           models.context_window, models.is_active,
           COALESCE(
               (SELECT jsonb_agg(
                           jsonb_build_object('suite', suites.slug, 'score', scores.score_normalized, 'date', scores.evaluation_date)
                           ORDER BY scores.evaluation_date DESC, suites.slug, scores.variant
                       )
                  FROM catalogue.benchmark_scores AS scores
                  JOIN catalogue.benchmark_suites AS suites ON suites.id = scores.suite_id
                 WHERE scores.model_id = models.id
                   AND scores.evaluation_date >= (now() AT TIME ZONE 'UTC')::date - 30),
               '[]'
           ) AS recent_benchmarks
      FROM catalogue.models
      JOIN catalogue.providers ON providers.id = models.provider_id
     WHERE models.is_active;
COMMENT ON MATERIALIZED VIEW catalogue.model_listings IS 'models: global: the models that can be had, each with its provider and the benchmarks of the last 30 days, as of the last refresh.';
CREATE UNIQUE INDEX idx_model_listings_id ON catalogue.model_listings (id);
CREATE INDEX idx_model_listings_provider ON catalogue.model_listings (provider_id);

-- Readers go on reading the old listing until the new one is there.
CREATE FUNCTION catalogue.refresh_model_listings() RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    REFRESH MATERIALIZED VIEW CONCURRENTLY catalogue.model_listings
$$;
REVOKE ALL ON FUNCTION catalogue.refresh_model_listings() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION catalogue.refresh_model_listings() TO guildhall_curator, guildhall_scheduler;

GRANT SELECT ON catalogue.model_listings
   TO guildhall_app, guildhall_curator, guildhall_writer, guildhall_worker, guildhall_scheduler;
