-- name: insert_simulation
INSERT INTO evaluation.simulations (
    simulation_id, config_version_id, scenario_set, simulation_name, total_scenarios, trials_per_scenario,
    max_cost_usd, metadata, sandbox_metadata, modal_app_id, modal_environment, timeout_ms, max_retries,
    priority, seed, origin, import_hash, assumed, interleaved_with, created_at
) VALUES (
    :simulation_id, :config_version_id, :scenario_set, :name, :total_scenarios, :trials,
    :max_cost_usd, :metadata, :sandbox_metadata, :modal_app_id, :modal_environment, :timeout_ms, :max_retries,
    :priority, :seed, :origin, :import_hash, :assumed, :interleaved_with, :created_at
);

-- name: link_interleaved
UPDATE evaluation.simulations SET interleaved_with = :other_id WHERE simulation_id = :simulation_id;

-- name: insert_scenarios
INSERT INTO evaluation.simulations_scenarios (simulation_id, scenario_id, execution_order, content_hash)
SELECT :simulation_id, pins.scenario_id, pins.execution_order, pins.content_hash
  FROM unnest(:scenario_ids::text[], :content_hashes::text[])
       WITH ORDINALITY AS pins (scenario_id, content_hash, execution_order);

-- name: insert_trials
-- First one trial of every scenario, then the second of every scenario: what is
-- interrupted has covered all scenarios alike.
INSERT INTO evaluation.trials (simulation_id, scenario_id, trial_number, position)
SELECT :simulation_id, pins.scenario_id, numbers.trial_number,
       (numbers.trial_number - 1) * cardinality(:scenario_ids::text[]) + pins.execution_order
  FROM unnest(:scenario_ids::text[]) WITH ORDINALITY AS pins (scenario_id, execution_order)
 CROSS JOIN generate_series(1, :trials::integer) AS numbers (trial_number);

-- name: repin_scenarios
UPDATE evaluation.simulations_scenarios AS pinned
   SET content_hash = changes.after
  FROM unnest(:scenario_ids::text[], :befores::text[], :afters::text[]) AS changes (scenario_id, before, after)
 WHERE pinned.scenario_id = changes.scenario_id AND pinned.content_hash = changes.before;

-- name: find_by_import
SELECT simulation_id FROM evaluation.simulations WHERE import_hash = :import_hash;

-- name: every_simulation
-- For lists (`db.listing`), which filter, sort and page. The counts come from the
-- trials, which are exact at any moment.
SELECT simulations.simulation_id, simulations.config_version_id, configurations.name AS config_name,
       versions.version_number, simulations.simulation_name AS name, simulations.status,
       simulations.total_scenarios, simulations.completed_scenarios, simulations.trials_per_scenario,
       counts.trials_total, counts.trials_done, simulations.overall_score, simulations.execution_time_ms,
       simulations.total_cost_usd, simulations.max_cost_usd, simulations.timeout_ms, simulations.max_retries,
       simulations.seed, simulations.origin, simulations.assumed, simulations.interleaved_with,
       simulations.error_message, simulations.metadata, simulations.sandbox_metadata, simulations.created_at, simulations.started_at,
       simulations.completed_at
  FROM evaluation.simulations AS simulations
  JOIN evaluation.config_versions AS versions ON versions.version_id = simulations.config_version_id
  JOIN evaluation.configurations AS configurations ON configurations.config_id = versions.config_id
 CROSS JOIN LATERAL (
           SELECT count(*)::integer AS trials_total,
                  count(*) FILTER (WHERE trials.state = 'done')::integer AS trials_done
             FROM evaluation.trials AS trials
            WHERE trials.simulation_id = simulations.simulation_id
       ) AS counts;

-- name: ids_like
-- A short id is the beginning or the end of the long one.
SELECT simulation_id
  FROM evaluation.simulations
 WHERE replace(simulation_id::text, '-', '') LIKE :digits || '%'
    OR replace(simulation_id::text, '-', '') LIKE '%' || :digits
 ORDER BY created_at DESC
 LIMIT 10;

-- name: latest_ids
SELECT simulation_id
  FROM evaluation.simulations
 WHERE (:config_version_id::uuid IS NULL OR config_version_id = :config_version_id)
 ORDER BY created_at DESC, simulation_id DESC
 LIMIT :at_most;

-- name: pinned_scenarios
SELECT scenario_id, content_hash
  FROM evaluation.simulations_scenarios
 WHERE simulation_id = :simulation_id
 ORDER BY execution_order;

-- name: sketches
-- What whoever records outcomes needs of simulations: nothing is counted, so it
-- costs the same however many trials there are.
SELECT simulations.simulation_id, simulations.status, simulations.origin,
       simulations.metadata -> 'is_execution' = 'true'::jsonb AS is_execution,
       simulations.metadata ->> 'modal_call_id' AS modal_call_id,
       pinned.scenario_ids, pinned.content_hashes
  FROM evaluation.simulations AS simulations
 CROSS JOIN LATERAL (
           SELECT array_agg(pins.scenario_id ORDER BY pins.execution_order) AS scenario_ids,
                  array_agg(pins.content_hash ORDER BY pins.execution_order) AS content_hashes
             FROM evaluation.simulations_scenarios AS pins
            WHERE pins.simulation_id = simulations.simulation_id
       ) AS pinned
 WHERE simulations.simulation_id = ANY (:simulation_ids::uuid[]);

-- name: progress
SELECT simulations.simulation_id, simulations.status, simulations.error_message, simulations.started_at,
       simulations.max_cost_usd, trials.trials, trials.done, trials.running, results.outcomes, results.passed,
       results.not_passed, results.cost_usd
  FROM evaluation.simulations AS simulations
 CROSS JOIN LATERAL (
           SELECT count(*)::integer AS trials,
                  (count(*) FILTER (WHERE state = 'done'))::integer AS done,
                  (count(*) FILTER (WHERE state = 'running'))::integer AS running
             FROM evaluation.trials
            WHERE trials.simulation_id = simulations.simulation_id
       ) AS trials
 CROSS JOIN LATERAL (
           SELECT count(*)::integer AS outcomes,
                  (count(*) FILTER (WHERE outcomes.passed))::integer AS passed,
                  (count(*) FILTER (WHERE NOT outcomes.passed))::integer AS not_passed,
                  sum(outcomes.cost_usd) AS cost_usd
             FROM evaluation.outcomes AS outcomes
            WHERE outcomes.simulation_id = simulations.simulation_id
       ) AS results
 WHERE simulations.simulation_id = :simulation_id;

-- name: start_simulation
UPDATE evaluation.simulations
   SET status = 'running',
       started_at = COALESCE(started_at, GREATEST(:now, created_at)),
       completed_at = NULL,
       error_message = NULL,
       max_cost_usd = COALESCE(:max_cost_usd, max_cost_usd)
 WHERE simulation_id = :simulation_id AND status <> 'completed';

-- name: join_simulation
UPDATE evaluation.simulations
   SET status = 'running', started_at = COALESCE(started_at, GREATEST(:now, created_at))
 WHERE simulation_id = :simulation_id AND status = 'pending';

-- name: note_metadata
-- What is given takes the place of what is there under the same key.
UPDATE evaluation.simulations SET metadata = COALESCE(metadata, '{}') || :more WHERE simulation_id = :simulation_id;

-- name: note_sandbox
UPDATE evaluation.simulations SET sandbox_metadata = :sandbox WHERE simulation_id = :simulation_id;

-- name: note_modal_app
UPDATE evaluation.simulations
   SET modal_app_id = :app_id, modal_environment = COALESCE(:environment, modal_environment)
 WHERE simulation_id = :simulation_id;

-- name: note_modal_call
-- The last call stands for the scenario; each outcome has its own.
UPDATE evaluation.simulations_scenarios
   SET modal_call_id = :call_id, modal_execution_logs = :logs
 WHERE simulation_id = :simulation_id AND scenario_id = :scenario_id;

-- name: reopen_trials
-- What was given up when the simulation ended early is to be done after all.
UPDATE evaluation.trials SET state = 'pending' WHERE simulation_id = :simulation_id AND state = 'skipped';

-- name: claim_trials
-- Trials of several simulations are claimed in the order of their position, so
-- that two versions run interleaved and a drifting provider hits both alike.
-- SKIP LOCKED lets many runners claim at once. Each simulation is asked for its
-- first trials by itself, so that an index gives them in order: however many
-- are left to do, no more are read than are taken. Leases are told by the server's
-- clock, which is the same for runners on all hosts.
WITH free AS (
    SELECT first.simulation_id, first.scenario_id, first.trial_number
      FROM unnest(:simulation_ids::uuid[]) AS wanted (simulation_id)
     CROSS JOIN LATERAL (
               SELECT simulation_id, scenario_id, trial_number, position
                 FROM evaluation.trials
                WHERE simulation_id = wanted.simulation_id
                  AND state IN ('pending', 'running')
                  AND (state = 'pending' OR leased_until < now())
                ORDER BY position
                LIMIT :at_most
                  FOR UPDATE SKIP LOCKED
           ) AS first
     ORDER BY first.position, first.simulation_id
     LIMIT :at_most
), numbered AS (
    SELECT *, row_number() OVER () AS n FROM free
)
UPDATE evaluation.trials AS trials
   SET state = 'running',
       attempts = trials.attempts + 1,
       attempt_token = tokens.attempt_token,
       outcome_id = tokens.outcome_id,
       execution_time = :now,
       worker = :worker,
       leased_until = now() + :lease::interval
  FROM numbered
  JOIN unnest(:attempt_tokens::uuid[], :outcome_ids::uuid[])
       WITH ORDINALITY AS tokens (attempt_token, outcome_id, n) USING (n)
 WHERE trials.simulation_id = numbered.simulation_id
   AND trials.scenario_id = numbered.scenario_id
   AND trials.trial_number = numbered.trial_number
RETURNING trials.simulation_id, trials.scenario_id, trials.trial_number, trials.attempt_token,
          trials.outcome_id, trials.execution_time, trials.attempts, trials.position;

-- name: renew_leases
UPDATE evaluation.trials
   SET leased_until = now() + :lease::interval
 WHERE simulation_id = ANY (:simulation_ids::uuid[]) AND worker = :worker AND state = 'running'
RETURNING attempt_token;

-- name: release_claims
-- Only what is still held under the token: somebody else may have it by now.
UPDATE evaluation.trials AS trials
   SET state = 'pending', attempt_token = NULL, outcome_id = NULL, execution_time = NULL, worker = NULL,
       leased_until = NULL
  FROM unnest(:simulation_ids::uuid[], :scenario_ids::text[], :trial_numbers::integer[], :attempt_tokens::uuid[])
       AS claims (simulation_id, scenario_id, trial_number, attempt_token)
 WHERE trials.simulation_id = claims.simulation_id
   AND trials.scenario_id = claims.scenario_id
   AND trials.trial_number = claims.trial_number
   AND trials.attempt_token = claims.attempt_token
   AND trials.state = 'running';

-- name: workers
SELECT DISTINCT worker
  FROM evaluation.trials
 WHERE simulation_id = ANY (:simulation_ids::uuid[]) AND state = 'running' AND worker IS NOT NULL;

-- name: release_worker
UPDATE evaluation.trials
   SET state = 'pending', attempt_token = NULL, outcome_id = NULL, execution_time = NULL, worker = NULL,
       leased_until = NULL
 WHERE simulation_id = ANY (:simulation_ids::uuid[]) AND worker = :worker AND state = 'running';

-- name: close_claimed
-- A trial is leased as long as its state is 'running'. Asked for the state, the
-- planner would go through all trials that are to do in search of these few.
UPDATE evaluation.trials AS trials
   SET state = 'done', finished_at = :now, leased_until = NULL, worker = NULL
  FROM unnest(:simulation_ids::uuid[], :scenario_ids::text[], :trial_numbers::integer[],
              :attempt_tokens::uuid[], :outcome_ids::uuid[])
       AS closings (simulation_id, scenario_id, trial_number, attempt_token, outcome_id)
 WHERE trials.simulation_id = closings.simulation_id
   AND trials.scenario_id = closings.scenario_id
   AND trials.trial_number = closings.trial_number
   AND trials.attempt_token = closings.attempt_token
   AND trials.outcome_id = closings.outcome_id
   AND trials.leased_until IS NOT NULL
RETURNING trials.outcome_id, trials.trial_number;

-- name: known_outcomes
-- An outcome is stored in the transaction that closes its trial, so it is there
-- exactly when its trial is done; and it is found by its key.
SELECT outcomes.outcome_id
  FROM unnest(:simulation_ids::uuid[], :outcome_ids::uuid[], :execution_times::timestamptz[])
       AS closings (simulation_id, outcome_id, execution_time)
  JOIN evaluation.outcomes AS outcomes
    ON outcomes.outcome_id = closings.outcome_id
   AND outcomes.execution_time = closings.execution_time
   AND outcomes.simulation_id = closings.simulation_id;

-- name: lock_scenarios
-- Two writers that add trials to one scenario must not choose the same number.
SELECT scenarios.simulation_id, scenarios.scenario_id
  FROM evaluation.simulations_scenarios AS scenarios
  JOIN (SELECT DISTINCT simulation_id, scenario_id
          FROM unnest(:simulation_ids::uuid[], :scenario_ids::text[]) AS wanted (simulation_id, scenario_id)) AS wanted
 USING (simulation_id, scenario_id)
 ORDER BY scenarios.simulation_id, scenarios.scenario_id
   FOR UPDATE OF scenarios;

-- name: trials_of_scenarios
-- What the numbers of new outcomes are chosen from: the highest of each scenario,
-- and as many that nobody has begun as there are outcomes. A scenario may have
-- been tried very often, so the rest is not asked for.
WITH wanted AS (
    SELECT simulation_id, scenario_id, count(*) AS outcomes
      FROM unnest(:simulation_ids::uuid[], :scenario_ids::text[]) AS closings (simulation_id, scenario_id)
     GROUP BY simulation_id, scenario_id
)
SELECT wanted.simulation_id, wanted.scenario_id, trials.trial_number, trials.state
  FROM wanted
 CROSS JOIN LATERAL (
           (SELECT highest.trial_number, highest.state
              FROM evaluation.trials AS highest
             WHERE highest.simulation_id = wanted.simulation_id AND highest.scenario_id = wanted.scenario_id
             ORDER BY highest.trial_number DESC
             LIMIT 1)
           UNION
           (SELECT pending.trial_number, pending.state
              FROM evaluation.trials AS pending
             WHERE pending.simulation_id = wanted.simulation_id AND pending.scenario_id = wanted.scenario_id
               AND pending.state = 'pending'
             ORDER BY pending.trial_number
             LIMIT wanted.outcomes)
       ) AS trials
 ORDER BY wanted.simulation_id, wanted.scenario_id, trials.trial_number;

-- name: close_unclaimed
INSERT INTO evaluation.trials AS trials (
    simulation_id, scenario_id, trial_number, position, state, attempts, outcome_id, execution_time, finished_at
)
SELECT closings.simulation_id, closings.scenario_id, closings.trial_number, closings.trial_number, 'done', 1,
       closings.outcome_id, closings.execution_time, :now
  FROM unnest(:simulation_ids::uuid[], :scenario_ids::text[], :trial_numbers::integer[],
              :outcome_ids::uuid[], :execution_times::timestamptz[])
       AS closings (simulation_id, scenario_id, trial_number, outcome_id, execution_time)
    ON CONFLICT (simulation_id, scenario_id, trial_number) DO UPDATE
   SET state = 'done', attempts = trials.attempts + 1, outcome_id = excluded.outcome_id,
       execution_time = excluded.execution_time, finished_at = excluded.finished_at
 WHERE trials.state = 'pending'
RETURNING trials.outcome_id, trials.trial_number;

-- name: lock_simulation
-- Two that mark the progress of one simulation take turns, because they might
-- lock its scenarios in different orders.
SELECT simulation_id FROM evaluation.simulations WHERE simulation_id = :simulation_id FOR NO KEY UPDATE;

-- name: mark_progress
-- A scenario is done when none of its trials is left to do. Only what has
-- changed is written.
WITH progress AS (
    SELECT scenario_id,
           min(execution_time) FILTER (WHERE state IN ('running', 'done')) AS started_at,
           max(finished_at) AS finished_at,
           bool_and(state IN ('done', 'skipped')) AS is_done,
           bool_or(state = 'done') AS has_outcomes
      FROM evaluation.trials
     WHERE simulation_id = :simulation_id
     GROUP BY scenario_id
), present AS (
    SELECT scenario_id,
           CASE WHEN is_done AND has_outcomes THEN 'completed'
                WHEN is_done THEN 'skipped'
                WHEN started_at IS NOT NULL THEN 'running'
                ELSE 'pending' END AS status,
           started_at,
           CASE WHEN is_done AND has_outcomes THEN GREATEST(finished_at, started_at) END AS completed_at
      FROM progress
), marked AS (
    UPDATE evaluation.simulations_scenarios AS scenarios
       SET status = present.status, started_at = present.started_at, completed_at = present.completed_at
      FROM present
     WHERE scenarios.simulation_id = :simulation_id
       AND scenarios.scenario_id = present.scenario_id
       AND (scenarios.status, scenarios.started_at, scenarios.completed_at)
           IS DISTINCT FROM (present.status, present.started_at, present.completed_at)
)
UPDATE evaluation.simulations
   SET completed_scenarios = (SELECT count(*) FROM present WHERE status = 'completed')
 WHERE simulation_id = :simulation_id;

-- name: pause_simulation
UPDATE evaluation.simulations
   SET status = 'pending'
 WHERE simulation_id = :simulation_id AND status = 'running';

-- name: skip_trials
UPDATE evaluation.trials
   SET state = 'skipped', attempt_token = NULL, outcome_id = NULL, execution_time = NULL, worker = NULL,
       leased_until = NULL
 WHERE simulation_id = :simulation_id AND state IN ('pending', 'running');

-- name: finish_simulation
-- The score is the mean over scenarios of the mean over their scored trials:
-- a scenario counts once, however often it was tried. An unknown cost leaves
-- the sum of what is known; where nothing is known there is no sum.
WITH per_scenario AS (
    SELECT scenario_id, avg(reliability_score) AS score, sum(cost_usd) AS cost_usd
      FROM evaluation.outcomes
     WHERE simulation_id = :simulation_id
     GROUP BY scenario_id
), totals AS (
    SELECT avg(score) AS score, sum(cost_usd) AS cost_usd FROM per_scenario
)
UPDATE evaluation.simulations AS simulations
   SET status = :status,
       error_message = :error_message,
       -- LEAST and GREATEST skip nulls: where nothing was scored there is no score.
       overall_score = CASE WHEN totals.score IS NOT NULL THEN LEAST(GREATEST(totals.score, 0), 1) END,
       total_cost_usd = totals.cost_usd,
       started_at = COALESCE(simulations.started_at, GREATEST(:started_at, simulations.created_at)),
       execution_time_ms = COALESCE(
           :execution_time_ms::double precision,
           -- GREATEST skips nulls: what was never started has no duration, rather than one of 0.
           CASE WHEN simulations.started_at IS NOT NULL
                THEN GREATEST(extract(epoch FROM :now - simulations.started_at), 0) * 1000
            END
       ),
       completed_at = :now
  FROM totals
 WHERE simulations.simulation_id = :simulation_id;

-- name: left_to_do
SELECT count(*) FILTER (WHERE state = 'running' AND worker = :worker)::integer AS own,
       count(*) FILTER (WHERE state = 'running' AND worker IS DISTINCT FROM :worker AND leased_until >= now())::integer
           AS others,
       count(*) FILTER (WHERE state = 'pending'
                           OR worker IS DISTINCT FROM :worker AND leased_until < now())::integer AS free
  FROM evaluation.trials
 WHERE simulation_id = ANY (:simulation_ids::uuid[]) AND state IN ('pending', 'running');

-- name: spent_so_far
-- What judges and simulated users took is paid by the same person. One statement
-- tells which outcomes are in the sum, so that none is counted twice or left out.
SELECT sum(costs.cost_usd) AS cost_usd,
       array_agg(outcomes.outcome_id) FILTER (WHERE outcomes.outcome_id = ANY (:among::uuid[])) AS known
  FROM evaluation.outcomes AS outcomes
 CROSS JOIN LATERAL (VALUES (outcomes.cost_usd),
                            ((outcomes.metrics ->> 'judge_cost_usd')::numeric),
                            ((outcomes.metrics ->> 'user_cost_usd')::numeric)) AS costs (cost_usd)
 WHERE outcomes.simulation_id = ANY (:simulation_ids::uuid[]);

-- name: lock_states
SELECT simulation_id, status
  FROM evaluation.simulations
 WHERE simulation_id = ANY (:simulation_ids::uuid[])
 ORDER BY simulation_id
   FOR UPDATE;

-- name: states
SELECT simulation_id, status FROM evaluation.simulations WHERE simulation_id = ANY (:simulation_ids::uuid[]);

-- name: open_for_traces
-- The open simulation of each version of which traces are reported, by name and content of its configuration.
SELECT configurations.name, versions.config_hash, simulations.simulation_id, simulations.total_scenarios
  FROM unnest(:names::text[], :config_hashes::text[]) AS wanted (name, config_hash)
  JOIN evaluation.configurations AS configurations ON configurations.name = wanted.name
  JOIN evaluation.config_versions AS versions
    ON versions.config_id = configurations.config_id AND versions.config_hash = wanted.config_hash
  JOIN evaluation.simulations AS simulations
    ON simulations.config_version_id = versions.version_id
 WHERE simulations.origin = 'traces' AND simulations.status IN ('pending', 'running');

-- name: scenarios_in
SELECT simulation_id, scenario_id
  FROM evaluation.simulations_scenarios
 WHERE simulation_id = ANY (:simulation_ids::uuid[])
   AND (:scenario_ids::text[] IS NULL OR scenario_id = ANY (:scenario_ids));

-- name: add_scenarios
-- Behind those that are there; the simulation is locked. What is there already stays as it is.
WITH added AS (
    INSERT INTO evaluation.simulations_scenarios (simulation_id, scenario_id, execution_order, content_hash)
    SELECT :simulation_id, pins.scenario_id, simulations.total_scenarios + pins.execution_order, pins.content_hash
      FROM unnest(:scenario_ids::text[], :content_hashes::text[])
           WITH ORDINALITY AS pins (scenario_id, content_hash, execution_order)
      JOIN evaluation.simulations AS simulations ON simulations.simulation_id = :simulation_id
        ON CONFLICT (simulation_id, scenario_id) DO NOTHING
    RETURNING scenario_id
)
UPDATE evaluation.simulations AS simulations
   SET scenario_set = simulations.scenario_set || counted.scenario_ids,
       total_scenarios = simulations.total_scenarios + cardinality(counted.scenario_ids)
  FROM (SELECT array_agg(scenario_id ORDER BY scenario_id) AS scenario_ids FROM added) AS counted
 WHERE simulations.simulation_id = :simulation_id AND counted.scenario_ids IS NOT NULL;
