-- phase: expand

DROP POLICY old_rows_are_filled_in ON evaluation.simulations;
DROP POLICY old_rows_are_filled_in ON evaluation.trials;
ALTER TABLE evaluation.trials DROP COLUMN planned_at;
