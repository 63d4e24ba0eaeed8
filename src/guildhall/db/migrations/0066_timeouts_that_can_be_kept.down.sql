-- phase: expand

ALTER TABLE society.task_types DROP CONSTRAINT task_types_timeout_can_be_kept;
ALTER TABLE society.tasks DROP CONSTRAINT tasks_timeout_can_be_kept;
ALTER TABLE platform.task_lanes DROP CONSTRAINT task_lanes_timeout_can_be_kept;
ALTER TABLE platform.background_tasks DROP CONSTRAINT background_tasks_timeout_can_be_kept;
