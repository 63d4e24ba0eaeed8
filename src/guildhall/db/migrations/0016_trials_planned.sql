-- phase: expand
-- Since when a trial has been waiting: what tells a backlog from a slow agent.
-- New rows have it from now on, whoever writes them; old ones get it in 0017.

ALTER TABLE evaluation.trials ADD COLUMN planned_at timestamptz;
ALTER TABLE evaluation.trials ALTER COLUMN planned_at SET DEFAULT now();
COMMENT ON COLUMN evaluation.trials.planned_at IS 'When it was planned, and so began to wait.';

-- The owner, who fills in the old rows, belongs to no team.
CREATE POLICY old_rows_are_filled_in ON evaluation.trials TO guildhall_owner USING (true) WITH CHECK (true);
CREATE POLICY old_rows_are_filled_in ON evaluation.simulations FOR SELECT TO guildhall_owner USING (true);
