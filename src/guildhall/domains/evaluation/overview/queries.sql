-- name: active_simulations
-- Trials are counted for the few that are shown.
SELECT active.simulation_id, configurations.name AS config_name, versions.version_number,
       active.simulation_name AS name, active.status, active.model_name AS model, trials.trials, trials.done,
       trials.running, active.runtime_seconds::double precision AS runtime_s, spent.cost_usd,
       simulations.max_cost_usd
  FROM evaluation.v_dashboard_active_simulations AS active
  JOIN evaluation.simulations AS simulations ON simulations.simulation_id = active.simulation_id
  JOIN evaluation.config_versions AS versions ON versions.version_id = simulations.config_version_id
  JOIN evaluation.configurations AS configurations ON configurations.config_id = versions.config_id
 CROSS JOIN LATERAL (
           SELECT count(*)::integer AS trials,
                  (count(*) FILTER (WHERE state = 'done'))::integer AS done,
                  (count(*) FILTER (WHERE state = 'running'))::integer AS running
             FROM evaluation.trials
            WHERE trials.simulation_id = active.simulation_id
       ) AS trials
 CROSS JOIN LATERAL (
           SELECT sum(outcomes.cost_usd) AS cost_usd
             FROM evaluation.outcomes AS outcomes
            WHERE outcomes.simulation_id = active.simulation_id
       ) AS spent
 ORDER BY simulations.created_at DESC, active.simulation_id
 LIMIT :at_most;

-- name: longest_running
-- Those that have not begun yet come last, as they were planned.
SELECT active.simulation_id, active.simulation_name AS name, active.status, active.completed_scenarios, active.total_scenarios,
       active.progress_pct, active.runtime_seconds::double precision AS runtime_s, active.model
  FROM evaluation.v_active_simulations AS active
 ORDER BY active.runtime_seconds DESC NULLS LAST, active.simulation_id
 LIMIT :at_most;

-- name: latest_pairs
-- Each pair once, the newer version as the candidate.
SELECT baseline.simulation_id AS baseline_id, candidate.simulation_id AS candidate_id,
       GREATEST(baseline.completed_at, candidate.completed_at) AS completed_at
  FROM evaluation.simulations AS candidate
  JOIN evaluation.simulations AS baseline ON baseline.simulation_id = candidate.interleaved_with
  JOIN evaluation.config_versions AS old ON old.version_id = baseline.config_version_id
  JOIN evaluation.config_versions AS new ON new.version_id = candidate.config_version_id
 WHERE candidate.status = 'completed'
   AND baseline.status = 'completed'
   AND (new.created_at, new.version_number) > (old.created_at, old.version_number)
 ORDER BY completed_at DESC
 LIMIT :at_most;

-- name: cells
-- Every trial of some scenarios of a simulation. An outcome that nobody had planned has its trial, too.
SELECT trials.scenario_id, trials.trial_number, trials.state, outcomes.outcome_id, outcomes.passed, outcomes.status,
       outcomes.fault
  FROM evaluation.trials AS trials
  LEFT JOIN evaluation.outcomes AS outcomes
    ON outcomes.simulation_id = trials.simulation_id
   AND outcomes.scenario_id = trials.scenario_id
   AND outcomes.trial_number = trials.trial_number
 WHERE trials.simulation_id = :simulation_id
   AND trials.scenario_id = ANY (:scenario_ids::text[])
 ORDER BY trials.scenario_id, trials.trial_number;

-- name: trends
-- The view says the mean of the scored outcomes, and not how many they are.
SELECT trends.day, trends.total_executions, trends.avg_reliability, trends.avg_duration_ms, trends.daily_cost,
       trends.error_count, COALESCE(scored.outcomes, 0)::bigint AS scored
  FROM evaluation.v_dashboard_performance_trends AS trends
  LEFT JOIN (
           SELECT day, sum(scored_outcomes) AS outcomes
             FROM evaluation.scenario_performance_daily
            WHERE day >= date_trunc('day', now() - interval '30 days', 'UTC')
            GROUP BY day
       ) AS scored ON scored.day = trends.day
 ORDER BY trends.day;

-- name: cost_by_day
-- The view says what is priced by its average: none is where that is unknown.
SELECT day, model, executions,
       executions - COALESCE(round(total_cost / NULLIF(avg_cost_per_execution, 0)), 0)::bigint AS unpriced,
       avg_cost_per_execution IS NOT NULL AND avg_cost_per_execution = 0 AS is_free,
       total_cost, total_tokens
  FROM evaluation.v_dashboard_cost_analysis
 ORDER BY day, model;

-- name: error_rates
SELECT day, scenario_id, total_runs, error_count
  FROM evaluation.v_error_rates
 ORDER BY day DESC, error_rate_pct DESC, scenario_id
 LIMIT :at_most;

-- name: version_standings
-- Sums of roll-ups, which merge; a mean of daily means would not be one.
SELECT versions.version_number, count(DISTINCT simulations.simulation_id)::integer AS simulations,
       COALESCE(sum(hours.total_outcomes), 0)::bigint AS outcomes,
       COALESCE(sum(hours.judged_outcomes), 0)::bigint AS scored,
       COALESCE(sum(hours.passed_outcomes), 0)::bigint AS passed,
       COALESCE(sum(hours.error_count), 0)::bigint AS errors,
       sum(hours.total_cost) AS cost_usd,
       COALESCE(sum(hours.priced_outcomes), 0)::bigint AS priced,
       sum(hours.execution_time_sum_ms) / NULLIF(sum(hours.timed_outcomes), 0)::double precision AS mean_duration_ms,
       max(simulations.created_at) AS last_run_at
  FROM evaluation.config_versions AS versions
  LEFT JOIN evaluation.simulations AS simulations ON simulations.config_version_id = versions.version_id
  LEFT JOIN evaluation.simulation_performance_hourly AS hours ON hours.simulation_id = simulations.simulation_id
 WHERE versions.config_id = :config_id
   AND NOT versions.is_deleted
 GROUP BY versions.version_number
 ORDER BY versions.version_number DESC;

-- name: version_days
SELECT played.version_number, played.day, played.total_executions, played.avg_reliability,
       COALESCE(scored.outcomes, 0)::bigint AS scored
  FROM evaluation.v_llm_config_performance AS played
  LEFT JOIN (
           SELECT versions.version_number, days.day, sum(days.scored_outcomes) AS outcomes
             FROM evaluation.config_versions AS versions
             JOIN evaluation.simulations AS simulations ON simulations.config_version_id = versions.version_id
             JOIN evaluation.simulation_performance_daily AS days ON days.simulation_id = simulations.simulation_id
            WHERE versions.config_id = :config_id
              AND days.day >= date_trunc('day', now() - interval '90 days', 'UTC')
            GROUP BY versions.version_number, days.day
       ) AS scored ON scored.version_number = played.version_number AND scored.day = played.day
 WHERE played.config_id = :config_id
 ORDER BY played.day, played.version_number;

-- name: scenario_standings
-- How trials of one version disagree cannot be seen in daily sums: it is asked of the latest few simulations. Of
-- n trials of which k passed, k (n - k) of the n (n - 1) / 2 pairs end differently.
WITH days AS (
    SELECT scenario_id,
           sum(total_outcomes)::bigint AS outcomes,
           sum(scored_outcomes)::bigint AS scored,
           sum(reliability_sum) / NULLIF(sum(scored_outcomes), 0)::double precision AS mean_score,
           sum(error_count)::bigint AS errors,
           sum(timeout_count)::bigint AS timeouts,
           sum(execution_time_sum_ms) / NULLIF(sum(timed_outcomes), 0)::double precision AS mean_duration_ms
      FROM evaluation.scenario_performance_daily
     WHERE day >= date_trunc('day', now() - interval '30 days', 'UTC')
     GROUP BY scenario_id
), latest AS (
    SELECT simulation_id
      FROM evaluation.simulations
     WHERE status = 'completed' AND trials_per_scenario > 1
     ORDER BY created_at DESC
     LIMIT :simulations
), played AS (
    SELECT scenario_id, count(*) AS n, count(*) FILTER (WHERE passed) AS k
      FROM evaluation.outcomes
     WHERE simulation_id = ANY (ARRAY(SELECT simulation_id FROM latest)) AND passed IS NOT NULL
     GROUP BY simulation_id, scenario_id
), disagreeing AS (
    SELECT scenario_id, avg(2.0 * k * (n - k) / (n * (n - 1)))::double precision AS disagreement,
           count(*)::integer AS simulations
      FROM played
     WHERE n > 1
     GROUP BY scenario_id
)
SELECT scenarios.scenario_id, scenarios.name, scenarios.suite, scenarios.difficulty_level, scenarios.split,
       COALESCE(days.outcomes, 0) AS outcomes, COALESCE(days.scored, 0) AS scored, days.mean_score,
       COALESCE(days.errors, 0) AS errors, COALESCE(days.timeouts, 0) AS timeouts, days.mean_duration_ms,
       disagreeing.disagreement, COALESCE(disagreeing.simulations, 0) AS paired_simulations
  FROM evaluation.scenarios AS scenarios
  LEFT JOIN days ON days.scenario_id = scenarios.scenario_id
  LEFT JOIN disagreeing ON disagreeing.scenario_id = scenarios.scenario_id
 WHERE scenarios.is_active
 ORDER BY days.mean_score NULLS LAST, scenarios.scenario_id
 LIMIT :at_most;

-- name: scenario_weeks
SELECT week, executions, avg_reliability, reliability_variance AS deviation, timeout_count
  FROM evaluation.v_llm_scenario_trends
 WHERE scenario_id = :scenario_id
 ORDER BY week;

-- name: scenario_history
-- Outcomes are found by the scenario's key in each of the latest simulations that had it.
SELECT latest.simulation_id, configurations.name AS config_name, versions.version_number, latest.created_at,
       played.trials, played.scored, played.passed, played.cost_usd, played.outcome_id
  FROM (SELECT simulations.simulation_id, simulations.config_version_id, simulations.created_at
          FROM evaluation.simulations_scenarios AS pinned
          JOIN evaluation.simulations AS simulations ON simulations.simulation_id = pinned.simulation_id
         WHERE pinned.scenario_id = :scenario_id
         ORDER BY simulations.created_at DESC
         LIMIT :at_most) AS latest
  JOIN evaluation.config_versions AS versions ON versions.version_id = latest.config_version_id
  JOIN evaluation.configurations AS configurations ON configurations.config_id = versions.config_id
 CROSS JOIN LATERAL (
           SELECT count(*)::integer AS trials, count(passed)::integer AS scored,
                  (count(*) FILTER (WHERE passed))::integer AS passed, sum(cost_usd) AS cost_usd,
                  (array_agg(outcome_id ORDER BY COALESCE(passed, true), trial_number))[1] AS outcome_id
             FROM evaluation.outcomes AS outcomes
            WHERE outcomes.simulation_id = latest.simulation_id AND outcomes.scenario_id = :scenario_id
       ) AS played
 WHERE played.trials > 0
 ORDER BY latest.created_at DESC;

-- name: failure_days
SELECT day, failure_category, failure_count AS failures
  FROM evaluation.failure_trends_daily
 WHERE day >= date_trunc('day', now() - make_interval(days => :days), 'UTC')
 ORDER BY day, failure_category;

-- name: tool_standings
SELECT tool_name, sum(usage_count)::bigint AS trials, sum(total_calls)::bigint AS calls,
       round((sum(total_calls) - sum(successful_calls))::numeric)::bigint AS errors,
       sum(duration_sum_ms) / NULLIF(sum(timed_calls), 0)::double precision AS mean_duration_ms,
       sum(daily_cost) AS cost_usd
  FROM evaluation.tool_performance_daily
 WHERE day >= date_trunc('day', now() - make_interval(days => :days), 'UTC')
 GROUP BY tool_name
 ORDER BY calls DESC, tool_name;

-- name: hourly_latency
-- Histograms merge, so that a percentile of an hour is that of all its trials, within 2 %. Its interval (95 %) is between
-- the trials whose ranks the binomial distribution allows; where there are few it ends at the shortest or the longest.
SELECT hour, trials,
       platform.percentile(0.5, places, amounts) AS p50_ms,
       platform.percentile(GREATEST(0, 0.5 - 1.96 * sqrt(0.25 / trials)), places, amounts) AS p50_low_ms,
       platform.percentile(LEAST(1, 0.5 + 1.96 * sqrt(0.25 / trials)), places, amounts) AS p50_high_ms,
       platform.percentile(0.95, places, amounts) AS p95_ms,
       platform.percentile(GREATEST(0, 0.95 - 1.96 * sqrt(0.0475 / trials)), places, amounts) AS p95_low_ms,
       platform.percentile(LEAST(1, 0.95 + 1.96 * sqrt(0.0475 / trials)), places, amounts) AS p95_high_ms
  FROM (SELECT hour, sum(n)::bigint AS trials, array_agg(idx ORDER BY idx) AS places, array_agg(n ORDER BY idx) AS amounts
          FROM (SELECT hour, idx, sum(n)::bigint AS n
                  FROM evaluation.simulation_latency_hourly
                 WHERE hour >= date_trunc('hour', now() - interval '24 hours', 'UTC')
                 GROUP BY hour, idx) AS buckets
         GROUP BY hour) AS hours
 WHERE trials > 0
 ORDER BY hour;

-- name: hourly_performance
SELECT hour, total_simulations, avg_execution_time, total_cost, failed_count, avg_score
  FROM evaluation.v_system_performance
 ORDER BY hour;

-- name: pending
SELECT (SELECT count(*) FROM evaluation.recommendations WHERE status = 'open') AS recommendations,
       (SELECT count(*) FROM evaluation.config_diffs WHERE is_proposal AND approval_status = 'pending') AS approvals;

-- name: pending_recommendations
SELECT pending.recommendation_id, pending.description, pending.confidence, pending.impact_estimate,
       configurations.name || '@v' || versions.version_number AS version_label, pending.created_at
  FROM evaluation.v_dashboard_pending_recommendations AS pending
  JOIN evaluation.recommendations USING (recommendation_id)
  LEFT JOIN evaluation.config_versions AS versions ON versions.version_id = recommendations.config_version_id
  LEFT JOIN evaluation.configurations ON configurations.config_id = versions.config_id
 ORDER BY pending.confidence DESC, pending.created_at DESC
 LIMIT :at_most;
