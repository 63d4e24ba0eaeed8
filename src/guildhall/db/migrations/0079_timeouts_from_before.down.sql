-- phase: expand
-- What was shortened stays so; the rule holds for new rows alone again.

ALTER TABLE platform.background_tasks
    DROP CONSTRAINT background_tasks_timeout_can_be_kept,
    ADD CONSTRAINT background_tasks_timeout_can_be_kept CHECK (timeout <= interval '3650 days') NOT VALID;
ALTER TABLE platform.task_lanes
    DROP CONSTRAINT task_lanes_timeout_can_be_kept,
    ADD CONSTRAINT task_lanes_timeout_can_be_kept CHECK (timeout <= interval '3650 days') NOT VALID;
ALTER TABLE society.tasks
    DROP CONSTRAINT tasks_timeout_can_be_kept,
    ADD CONSTRAINT tasks_timeout_can_be_kept CHECK (timeout <= interval '3650 days') NOT VALID;
ALTER TABLE society.task_types
    DROP CONSTRAINT task_types_timeout_can_be_kept,
    ADD CONSTRAINT task_types_timeout_can_be_kept CHECK (timeout <= interval '3650 days') NOT VALID;
