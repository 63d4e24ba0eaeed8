-- phase: expand
-- Upkeep forgets old runs of schedules, which it could only add to.

GRANT DELETE ON platform.schedule_runs TO guildhall_scheduler;
