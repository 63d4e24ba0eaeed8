-- name: scenarios
-- One row for each scenario of a simulation, with everything a report or a
-- comparison needs of its trials. Trials whose fault was not the agent's or a
-- tool's are not scored; they are counted apart.
SELECT pinned.scenario_id, pinned.content_hash, scenarios.name, scenarios.group_name,
       count(outcomes.outcome_id)::integer AS trials,
       count(outcomes.passed)::integer AS scored,
       (count(*) FILTER (WHERE outcomes.passed))::integer AS passed,
       array_agg(outcomes.passed ORDER BY outcomes.trial_number) FILTER (WHERE outcomes.outcome_id IS NOT NULL) AS marks,
       avg(outcomes.reliability_score) AS score_mean,
       var_samp(outcomes.reliability_score) AS score_variance,
       count(outcomes.reliability_score)::integer AS score_count,
       count(outcomes.cost_usd)::integer AS cost_count,
       sum(outcomes.cost_usd) AS cost_sum,
       avg(outcomes.cost_usd)::double precision AS cost_mean,
       var_samp(outcomes.cost_usd)::double precision AS cost_variance,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY outcomes.execution_time_ms) AS time_median_ms,
       sum(outcomes.tokens_used)::bigint AS tokens
  FROM evaluation.simulations_scenarios AS pinned
  JOIN evaluation.scenarios AS scenarios USING (tenant_id, scenario_id)
  LEFT JOIN evaluation.outcomes AS outcomes
         ON outcomes.simulation_id = pinned.simulation_id AND outcomes.scenario_id = pinned.scenario_id
 WHERE pinned.simulation_id = :simulation_id
 GROUP BY pinned.scenario_id, pinned.content_hash, pinned.execution_order, scenarios.name, scenarios.group_name
 ORDER BY pinned.execution_order;

-- name: totals
SELECT count(*)::integer AS outcomes,
       count(execution_time_ms)::integer AS timed,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY execution_time_ms) AS time_p50_ms,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY execution_time_ms) AS time_p95_ms,
       (count(*) FILTER (WHERE fault = 'infrastructure' AND passed IS NULL))::integer AS unresolved_infrastructure,
       COALESCE(sum(retry_count), 0)::integer AS retries,
       (count(*) FILTER (WHERE status = 'timeout'))::integer AS timeouts
  FROM evaluation.outcomes
 WHERE simulation_id = :simulation_id;

-- name: statuses
SELECT status, count(*)::integer AS outcomes
  FROM evaluation.outcomes
 WHERE simulation_id = :simulation_id
 GROUP BY status
 ORDER BY status;

-- name: faults
SELECT fault, count(*)::integer AS outcomes
  FROM evaluation.outcomes
 WHERE simulation_id = :simulation_id AND fault IS NOT NULL
 GROUP BY fault
 ORDER BY outcomes DESC, fault;

-- name: failures
-- What was seen most often where a scenario did not pass.
SELECT DISTINCT ON (scenario_id) scenario_id, fault, failure_type, message, seen
  FROM (SELECT scenario_id, fault, failure_type, min(error_message) AS message, count(*)::integer AS seen
          FROM evaluation.failure_patterns
         WHERE simulation_id = :simulation_id AND NOT recovery_successful
         GROUP BY scenario_id, fault, failure_type) AS kinds
 ORDER BY scenario_id, seen DESC, failure_type;

-- name: tools
-- Averages from sums, which merge; a mean of means would not be one.
SELECT tool_name, count(*)::integer AS trials, sum(call_count)::integer AS calls, sum(error_count)::integer AS errors,
       CASE WHEN sum(timed_count) > 0 THEN sum(total_duration_ms) / sum(timed_count) END AS mean_duration_ms,
       sum(total_cost_usd) AS cost_usd
  FROM evaluation.tool_usage
 WHERE simulation_id = :simulation_id
 GROUP BY tool_name
 ORDER BY calls DESC, tool_name;
