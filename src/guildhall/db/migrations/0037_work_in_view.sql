-- phase: expand
-- What people look at and change of the work engine while it runs: what happened
-- lately, what is paused, and schedules that are not wanted any more.

-- Events come in the order of their times, so a few kilobytes find the last ones.
CREATE INDEX background_task_history_lately ON store.background_task_history USING brin (created_at)
    WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX background_tasks_held_up ON platform.background_tasks (lane, status) WHERE status IN ('paused', 'stuck');

GRANT DELETE ON platform.schedules TO guildhall_scheduler;
