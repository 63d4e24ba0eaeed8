DELETE FROM platform.audit_exemptions WHERE relation IN ('platform.task_workers', 'platform.background_task_dependencies');

DROP FUNCTION platform.register_task_type(text, text, integer, interval, interval, interval, jsonb);
DROP FUNCTION platform.register_worker(text, text[], integer, interval, text, integer, uuid);
DROP TRIGGER background_tasks_record_what_workers_did_not ON platform.background_tasks;
DROP FUNCTION platform.record_job_event();
DROP TRIGGER new_background_tasks_are_recorded ON platform.background_tasks;
DROP FUNCTION platform.record_new_jobs();
DROP TRIGGER background_tasks_are_admitted ON platform.background_tasks;
DROP FUNCTION platform.admit_job();
ALTER TABLE platform.background_tasks ALTER COLUMN max_retries SET DEFAULT 3;

SELECT platform.drop_task_engine('platform.jobs');
DROP FUNCTION platform.drop_task_engine(text);
DROP FUNCTION platform.create_task_engine(text, text, text, text, text, text, text, text, text, text, jsonb);
DROP FUNCTION platform.job_patience(platform.job_priority);
DROP TABLE platform.background_task_dependencies;

REVOKE UPDATE (resolution, resolved_by, resolved_at) ON platform.dead_letter_queue FROM guildhall_scheduler;
DROP POLICY jobs_are_of_the_team_or_of_all ON platform.dead_letter_queue;
CREATE POLICY dead_letters_come_from_every_team ON platform.dead_letter_queue
    TO guildhall_worker, guildhall_scheduler USING (true) WITH CHECK (true);

REVOKE INSERT (id, task_type, payload, priority, scheduled_at, max_retries, deadline_at, idempotency_key)
    ON platform.background_tasks FROM guildhall_worker;
REVOKE INSERT (id, max_retries, deadline_at) ON platform.background_tasks FROM guildhall_scheduler;
REVOKE UPDATE (error_message) ON platform.background_tasks FROM guildhall_app;
REVOKE UPDATE (deadline_at) ON platform.background_tasks FROM guildhall_worker, guildhall_scheduler;
DROP POLICY jobs_are_of_the_team_or_of_all ON platform.background_tasks;
CREATE POLICY jobs_of_every_team_are_worked_on ON platform.background_tasks
    TO guildhall_worker, guildhall_scheduler USING (true) WITH CHECK (true);
DROP POLICY functions_see_every_row ON platform.background_tasks;

DROP TRIGGER background_tasks_follow_their_states ON platform.background_tasks;
CREATE TRIGGER background_tasks_follow_their_states BEFORE UPDATE OF status ON platform.background_tasks
    FOR EACH ROW WHEN (
        OLD.status <> NEW.status
        AND (OLD.status, NEW.status) NOT IN (
            ('pending', 'queued'), ('pending', 'running'), ('pending', 'paused'), ('pending', 'cancelled'), ('pending', 'dead_letter'),
            ('queued', 'running'), ('queued', 'pending'), ('queued', 'paused'), ('queued', 'stuck'), ('queued', 'cancelled'), ('queued', 'dead_letter'),
            ('running', 'completed'), ('running', 'failed'), ('running', 'pending'), ('running', 'paused'), ('running', 'stuck'),
            ('running', 'cancelled'), ('running', 'dead_letter'),
            ('paused', 'pending'), ('paused', 'cancelled'),
            ('stuck', 'running'), ('stuck', 'pending'), ('stuck', 'failed'), ('stuck', 'cancelled'), ('stuck', 'dead_letter'),
            ('failed', 'pending'), ('failed', 'dead_letter'),
            ('cancelled', 'pending'),
            ('dead_letter', 'pending')
        )
    )
    EXECUTE FUNCTION platform.refuse_job_transition();

-- Whoever has a job keeps it for as long as an old lease lasts.
UPDATE platform.background_tasks SET leased_until = now() + interval '30 seconds' WHERE status = 'running' AND leased_until IS NULL;
ALTER TABLE platform.background_tasks
    DROP CONSTRAINT background_tasks_running_is_leased,
    ADD  CONSTRAINT background_tasks_running_is_leased CHECK (
        status <> 'running'
        OR (worker_id IS NOT NULL AND attempt_token IS NOT NULL AND leased_until IS NOT NULL AND started_at IS NOT NULL)
    );
DROP INDEX platform.background_tasks_one_per_unique_key;
DROP INDEX platform.background_tasks_by_deadline;
DROP INDEX platform.idx_tasks_scheduled_at;
DROP INDEX platform.background_tasks_by_turn;
DROP INDEX platform.idx_tasks_priority;
CREATE INDEX idx_tasks_priority ON platform.background_tasks (priority, scheduled_at) WHERE status IN ('pending', 'queued');
COMMENT ON COLUMN platform.background_tasks.leased_until IS NULL;
COMMENT ON COLUMN platform.background_tasks.heartbeat_at IS NULL;
COMMENT ON COLUMN platform.background_tasks.deadline_at IS 'When an attempt that still keeps its lease counts as hung.';
ALTER TABLE platform.background_tasks
    DROP COLUMN lane, DROP COLUMN place, DROP COLUMN seq, DROP COLUMN fair_key, DROP COLUMN weight,
    DROP COLUMN unique_key, DROP COLUMN timeout, DROP COLUMN open_dependencies;
DROP TRIGGER schedules_are_audited ON platform.schedules;
ALTER TABLE platform.schedules DROP COLUMN queue;
CREATE TRIGGER schedules_are_audited
    AFTER INSERT OR DELETE OR UPDATE OF task_type, payload, priority, tenant_id, cron, every, timezone, enabled ON platform.schedules
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
DROP TABLE platform.task_lanes;
DROP TABLE platform.task_workers;
