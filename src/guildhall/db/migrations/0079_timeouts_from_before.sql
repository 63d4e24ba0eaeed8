-- phase: expand
-- Timeouts from before 0066 that outlast the calendar: whoever claimed such a
-- job, or a task, was refused and ended. Ten years are as good as they were.

UPDATE platform.task_lanes SET timeout = interval '3650 days' WHERE timeout > interval '3650 days';
UPDATE platform.background_tasks SET timeout = interval '3650 days' WHERE timeout > interval '3650 days';
UPDATE society.task_types SET timeout = interval '3650 days' WHERE timeout > interval '3650 days';
UPDATE society.tasks SET timeout = interval '3650 days' WHERE timeout > interval '3650 days';

ALTER TABLE platform.task_lanes VALIDATE CONSTRAINT task_lanes_timeout_can_be_kept;
ALTER TABLE platform.background_tasks VALIDATE CONSTRAINT background_tasks_timeout_can_be_kept;
ALTER TABLE society.task_types VALIDATE CONSTRAINT task_types_timeout_can_be_kept;
ALTER TABLE society.tasks VALIDATE CONSTRAINT tasks_timeout_can_be_kept;
