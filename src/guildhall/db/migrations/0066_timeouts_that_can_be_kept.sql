-- phase: expand
-- A lease that ends after the calendar does cannot be written, so a job with
-- such a timeout could never be claimed, and ended the worker that tried.
-- Rows from before stay as they are; nobody has claimed one.

ALTER TABLE platform.background_tasks
    ADD CONSTRAINT background_tasks_timeout_can_be_kept CHECK (timeout <= interval '3650 days') NOT VALID;
ALTER TABLE platform.task_lanes
    ADD CONSTRAINT task_lanes_timeout_can_be_kept CHECK (timeout <= interval '3650 days') NOT VALID;
ALTER TABLE society.tasks
    ADD CONSTRAINT tasks_timeout_can_be_kept CHECK (timeout <= interval '3650 days') NOT VALID;
ALTER TABLE society.task_types
    ADD CONSTRAINT task_types_timeout_can_be_kept CHECK (timeout <= interval '3650 days') NOT VALID;
