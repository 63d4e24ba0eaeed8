-- phase: backfill
-- over: evaluation.trials (simulation_id, scenario_id, trial_number)
-- Until now trials were planned with their simulation.

UPDATE evaluation.trials
   SET planned_at = simulations.created_at
  FROM batch
  JOIN evaluation.simulations USING (simulation_id)
 WHERE trials.simulation_id = batch.simulation_id
   AND trials.scenario_id = batch.scenario_id
   AND trials.trial_number = batch.trial_number
   AND trials.planned_at IS NULL;
