REVOKE DELETE ON platform.schedules FROM guildhall_scheduler;
DROP INDEX platform.background_tasks_held_up;
DROP INDEX store.background_task_history_lately;
