-- phase: expand

REVOKE DELETE ON platform.schedule_runs FROM guildhall_scheduler;
