-- name: scenarios
-- One row for each scenario of a simulation, with everything a report or a
-- comparison needs of its trials. Trials whose fault was not the agent's or a
-- tool's are not scored; they are counted apart. Rows and lists come in no order
-- and medians are left to the reader: sorting here would take longer than the rest.
-- A mark is the trial's number times four, and 0 for not passed, 1 for passed,
-- 2 for not scored: lists are most of the work, and so there is one less.
WITH results AS (
    SELECT scenario_id,
           count(*)::integer AS trials,
           count(passed)::integer AS scored,
           (count(*) FILTER (WHERE passed))::integer AS passed,
           array_agg(trial_number::bigint * 4 + COALESCE(passed::integer, 2)) AS marks,
           array_agg(execution_time_ms) FILTER (WHERE execution_time_ms IS NOT NULL) AS durations_ms,
           avg(reliability_score) AS score_mean,
           var_samp(reliability_score) AS score_variance,
           count(reliability_score)::integer AS score_count,
           count(cost_usd)::integer AS cost_count,
           sum(cost_usd) AS cost_sum,
           var_samp(cost_usd::double precision) AS cost_variance,
           sum(tokens_used)::bigint AS tokens
      FROM evaluation.outcomes
     WHERE simulation_id = :simulation_id
     GROUP BY scenario_id
)
SELECT pinned.execution_order, pinned.scenario_id, pinned.content_hash, scenarios.name, scenarios.group_name, results.trials, results.scored,
       results.passed, results.marks, results.durations_ms, results.score_mean, results.score_variance,
       results.score_count, results.cost_count, results.cost_sum, results.cost_variance, results.tokens
  FROM evaluation.simulations_scenarios AS pinned
  JOIN evaluation.scenarios AS scenarios USING (tenant_id, scenario_id)
  LEFT JOIN results USING (scenario_id)
 WHERE pinned.simulation_id = :simulation_id;

-- name: endings
-- Judges and simulated users are paid too, but are not the agent's cost.
SELECT status, fault, passed IS NULL AS is_unscored, count(*)::integer AS outcomes, sum(retry_count)::integer AS retries,
       sum((metrics ->> 'judge_cost_usd')::numeric) AS judge_cost_usd,
       sum((metrics ->> 'user_cost_usd')::numeric) AS user_cost_usd
  FROM evaluation.outcomes
 WHERE simulation_id = :simulation_id
 GROUP BY status, fault, passed IS NULL
 ORDER BY outcomes DESC, status, fault;

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

-- name: tool_work
-- By scenario and tool, what the scored trials did; calls with their squares, so that a trial without any counts as
-- none. A cost is known where each of these calls is priced.
WITH by_trial AS (
    SELECT outcomes.scenario_id, usage.tool_name, sum(usage.call_count) AS calls, sum(usage.error_count) AS errors,
           sum(usage.timed_count) AS timed, sum(usage.total_duration_ms) AS duration_ms, sum(usage.total_cost_usd) AS cost_usd,
           count(*) = count(usage.total_cost_usd) AS is_priced
      FROM evaluation.tool_usage AS usage
      JOIN evaluation.outcomes
        ON outcomes.outcome_id = usage.outcome_id AND outcomes.execution_time = usage.execution_time
     WHERE usage.simulation_id = :simulation_id AND outcomes.simulation_id = :simulation_id AND outcomes.passed IS NOT NULL
     GROUP BY outcomes.scenario_id, usage.tool_name, usage.outcome_id
)
SELECT scenario_id, tool_name, sum(calls)::bigint AS calls, sum(calls * calls)::double precision AS squared_calls,
       sum(errors)::bigint AS errors, sum(timed)::bigint AS timed, sum(duration_ms) AS duration_ms,
       CASE WHEN bool_and(is_priced) THEN sum(cost_usd) END AS cost_usd
  FROM by_trial
 GROUP BY scenario_id, tool_name;

-- name: rounds
-- The differences of the leading rounds that are complete: every scenario once on both sides. What was not scored
-- decides nothing. A later round that is complete before an earlier one waits for it: which of them end first may
-- depend on how they end, and the test holds for rounds in their order.
SELECT trial_number, differences
  FROM (
           SELECT one.trial_number, array_agg(COALESCE(other.passed::integer - one.passed::integer, 0)) AS differences,
                  row_number() OVER (ORDER BY one.trial_number) AS place
             FROM evaluation.outcomes AS one
             JOIN evaluation.outcomes AS other
               ON other.scenario_id = one.scenario_id AND other.trial_number = one.trial_number AND other.simulation_id = :candidate
            WHERE one.simulation_id = :baseline
            GROUP BY one.trial_number
           HAVING count(*) = (SELECT count(*) FROM evaluation.simulations_scenarios WHERE simulation_id = :baseline)
       ) AS complete
 WHERE trial_number = place
 ORDER BY trial_number;
