-- The machine's own work: jobs, their history, those that nobody could finish,
-- and what is to be done again and again. The functions that claim, finish and
-- rescue jobs come with the work engine; what may happen to a job is said here.

-- Errata: the documents use both types in a table before they create them. The
-- order of the priorities is theirs: ascending is the most urgent first.
CREATE TYPE platform.job_status AS ENUM (
    'pending', 'queued', 'running', 'paused', 'completed', 'failed', 'stuck', 'cancelled', 'dead_letter'
);
CREATE TYPE platform.job_priority AS ENUM ('critical', 'high', 'normal', 'low', 'background');
COMMENT ON TYPE platform.job_status IS 'pending: waits · queued: taken by a worker, not begun · running · paused: waits for a person · stuck: its lease or its deadline has passed · completed, failed, cancelled, dead_letter: ends.';

CREATE TABLE platform.background_tasks (
    id              uuid                  PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id       uuid                  NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    task_type       varchar(100)          NOT NULL,
    payload         jsonb                 NOT NULL DEFAULT '{}',
    status          platform.job_status   NOT NULL DEFAULT 'pending',
    priority        platform.job_priority NOT NULL DEFAULT 'normal',
    worker_id       varchar(255),
    attempts        integer               NOT NULL DEFAULT 0,
    attempt_token   uuid,
    leased_until    timestamptz,
    heartbeat_at    timestamptz,
    deadline_at     timestamptz,
    retry_count     integer               NOT NULL DEFAULT 0,
    max_retries     integer               NOT NULL DEFAULT 3,
    error_message   text,
    result          jsonb,
    idempotency_key text,
    created_by      uuid                  DEFAULT platform.user_id() REFERENCES platform.users,
    scheduled_at    timestamptz           NOT NULL DEFAULT now(),
    started_at      timestamptz,
    completed_at    timestamptz,
    created_at      timestamptz           NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT background_tasks_type_is_named CHECK (task_type <> ''),
    -- Of the value as it is stored, which costs nothing to ask for.
    CONSTRAINT background_tasks_payload_size CHECK (pg_column_size(payload) <= 1048576),
    CONSTRAINT background_tasks_attempts_is_not_negative CHECK (attempts >= 0),
    CONSTRAINT background_tasks_retries_are_within_the_limit CHECK (retry_count BETWEEN 0 AND max_retries),
    CONSTRAINT background_tasks_key_length CHECK (length(idempotency_key) BETWEEN 1 AND 255),
    CONSTRAINT background_tasks_running_is_leased CHECK (
        status <> 'running'
        OR (worker_id IS NOT NULL AND attempt_token IS NOT NULL AND leased_until IS NOT NULL AND started_at IS NOT NULL)
    ),
    CONSTRAINT background_tasks_lease_is_for_work CHECK (leased_until IS NULL OR status IN ('queued', 'running', 'stuck')),
    CONSTRAINT background_tasks_end_is_recorded CHECK (
        (status IN ('completed', 'failed', 'cancelled', 'dead_letter')) = (completed_at IS NOT NULL)
    )
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE platform.background_tasks IS 'jobs: tenant: work that the machine does for a team, in the background, under a lease.';
COMMENT ON COLUMN platform.background_tasks.attempt_token IS 'Given out with each claim; who finishes a job names it, so that one who has lost the lease is refused.';
COMMENT ON COLUMN platform.background_tasks.idempotency_key IS 'Named by whoever enqueues: a second job of the team with the same key is refused.';
COMMENT ON COLUMN platform.background_tasks.deadline_at IS 'When an attempt that still keeps its lease counts as hung.';
-- A claim reads this index from its start: the most urgent first, then the longest due (errata: one index for two of the document's).
CREATE INDEX idx_tasks_priority ON platform.background_tasks (priority, scheduled_at) WHERE status IN ('pending', 'queued');
CREATE INDEX idx_tasks_status ON platform.background_tasks (tenant_id, status, created_at DESC);
CREATE INDEX idx_tasks_worker_id ON platform.background_tasks (worker_id) WHERE status IN ('queued', 'running', 'stuck');
CREATE INDEX background_tasks_by_lease ON platform.background_tasks (leased_until) WHERE leased_until IS NOT NULL;
CREATE INDEX background_tasks_by_creator ON platform.background_tasks (created_by) WHERE created_by IS NOT NULL;
CREATE UNIQUE INDEX background_tasks_one_per_idempotency_key ON platform.background_tasks (tenant_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

CREATE FUNCTION platform.refuse_job_transition() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'job % may not go from % to %', OLD.id, OLD.status, NEW.status
          USING ERRCODE = 'check_violation', SCHEMA = 'platform', TABLE = 'background_tasks',
                CONSTRAINT = 'background_tasks_follow_their_states';
END
$$;
-- The condition is the list of what may happen; the function is only called for what may not.
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

-- What happened to each job. It outlives the job, so no key points from here to there.
CREATE TABLE store.background_task_history (
    tenant_id     uuid        NOT NULL DEFAULT platform.tenant_id(),
    task_id       uuid        NOT NULL,
    event         text        NOT NULL,
    attempt       integer,
    attempt_token uuid,
    worker_id     varchar(255),
    error_message text,
    error_stack   text,
    detail        jsonb       NOT NULL DEFAULT '{}',
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (task_id, created_at, event),
    CONSTRAINT background_task_history_event_is_known CHECK (
        event IN ('enqueued', 'queued', 'started', 'handed_back', 'completed', 'failed', 'retried', 'stuck', 'rescued',
                  'paused', 'resumed', 'cancelled', 'dead_letter', 'redriven')
    ),
    CONSTRAINT background_task_history_attempt_is_positive CHECK (attempt > 0)
) PARTITION BY RANGE (created_at);
COMMENT ON TABLE store.background_task_history IS 'jobs: tenant: every event in the life of a job, each attempt with its worker, its token and how it ended.';
SELECT platform.create_series('background_task_history', 'created_at', step => '1 month', retention => '12 months', chunk => '7 days');

CREATE VIEW platform.background_task_history AS
    SELECT tenant_id, task_id, event, attempt, attempt_token, worker_id, error_message, error_stack, detail, created_at
      FROM store.background_task_history
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
COMMENT ON VIEW platform.background_task_history IS 'jobs: tenant: the history of the team''s own jobs.';

CREATE TABLE platform.dead_letter_queue (
    id               uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id        uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    original_task_id uuid,
    task_type        varchar(100) NOT NULL,
    payload          jsonb        NOT NULL,
    error_message    text         NOT NULL,
    error_stack      text,
    retry_history    jsonb        NOT NULL DEFAULT '[]',
    moved_at         timestamptz  NOT NULL DEFAULT now(),
    resolution       text,
    resolved_by      uuid         REFERENCES platform.users,
    resolved_at      timestamptz,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, original_task_id) REFERENCES platform.background_tasks (tenant_id, id)
        ON DELETE SET NULL (original_task_id),
    CONSTRAINT dead_letter_queue_history_is_a_list CHECK (jsonb_typeof(retry_history) = 'array'),
    CONSTRAINT dead_letter_queue_resolution_is_known CHECK (resolution IN ('redriven', 'discarded')),
    CONSTRAINT dead_letter_queue_resolution_is_whole CHECK (num_nonnulls(resolution, resolved_at) <> 1)
);
COMMENT ON TABLE platform.dead_letter_queue IS 'jobs: tenant: jobs that failed for good, with all that a person needs to judge them, until somebody sends them back or lays them aside.';
CREATE INDEX dead_letter_queue_by_time ON platform.dead_letter_queue (tenant_id, moved_at DESC);
CREATE UNIQUE INDEX dead_letter_queue_one_open_per_task ON platform.dead_letter_queue (tenant_id, original_task_id) WHERE resolved_at IS NULL;
CREATE INDEX dead_letter_queue_by_task ON platform.dead_letter_queue (tenant_id, original_task_id);
CREATE INDEX dead_letter_queue_by_resolver ON platform.dead_letter_queue (resolved_by) WHERE resolved_by IS NOT NULL;

CREATE TABLE platform.schedules (
    name        text                  PRIMARY KEY,
    task_type   varchar(100)          NOT NULL,
    payload     jsonb                 NOT NULL DEFAULT '{}',
    priority    platform.job_priority NOT NULL DEFAULT 'normal',
    tenant_id   uuid                  REFERENCES platform.teams,
    cron        text,
    every       interval,
    timezone    text                  NOT NULL DEFAULT 'UTC',
    enabled     boolean               NOT NULL DEFAULT true,
    next_run_at timestamptz           NOT NULL DEFAULT now(),
    created_at  timestamptz           NOT NULL DEFAULT now(),
    updated_at  timestamptz           NOT NULL DEFAULT now(),
    CONSTRAINT schedules_name_is_plain CHECK (name ~ '^[a-z0-9]+([._-][a-z0-9]+)*$'),
    CONSTRAINT schedules_type_is_named CHECK (task_type <> ''),
    CONSTRAINT schedules_have_one_rhythm CHECK (num_nonnulls(cron, every) = 1),
    CONSTRAINT schedules_cron_has_five_fields CHECK (cron ~ '^\S+( \S+){4}$'),
    CONSTRAINT schedules_interval_is_positive CHECK (every > interval '0')
);
COMMENT ON TABLE platform.schedules IS 'jobs: system: work that comes again: its rhythm, and when it is due next.';
COMMENT ON COLUMN platform.schedules.tenant_id IS 'The team for which a job is enqueued; null: upkeep of the installation, which the scheduler does itself.';
CREATE INDEX schedules_due ON platform.schedules (next_run_at) WHERE enabled;
CREATE TRIGGER update_schedules_updated_at BEFORE UPDATE ON platform.schedules
    FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();
CREATE INDEX schedules_by_team ON platform.schedules (tenant_id) WHERE tenant_id IS NOT NULL;

-- However many schedulers run, the key lets one of them begin a run.
CREATE TABLE platform.schedule_runs (
    schedule_name text        NOT NULL REFERENCES platform.schedules ON DELETE CASCADE,
    due_at        timestamptz NOT NULL,
    status        text        NOT NULL DEFAULT 'running',
    scheduler_id  varchar(255) NOT NULL,
    leased_until  timestamptz NOT NULL,
    task_id       uuid        REFERENCES platform.background_tasks ON DELETE SET NULL,
    error_message text,
    started_at    timestamptz NOT NULL DEFAULT now(),
    finished_at   timestamptz,
    PRIMARY KEY (schedule_name, due_at),
    CONSTRAINT schedule_runs_status_is_known CHECK (status IN ('running', 'completed', 'failed', 'skipped')),
    CONSTRAINT schedule_runs_end_is_recorded CHECK ((status <> 'running') = (finished_at IS NOT NULL))
);
COMMENT ON TABLE platform.schedule_runs IS 'jobs: system: each time a schedule was due: who took it, and what came of it.';
CREATE INDEX schedule_runs_by_task ON platform.schedule_runs (task_id) WHERE task_id IS NOT NULL;

-- who may do what ----------------------------------------------------------

SELECT platform.isolate('platform.background_tasks');
SELECT platform.isolate('platform.dead_letter_queue');

-- Teams enqueue, pause, resume and cancel; only workers begin and finish.
GRANT SELECT,
      INSERT (id, task_type, payload, priority, max_retries, deadline_at, idempotency_key, scheduled_at),
      UPDATE (status, priority, max_retries, retry_count, deadline_at, scheduled_at, completed_at, leased_until)
    ON platform.background_tasks TO guildhall_app;
CREATE POLICY jobs_are_begun_and_finished_by_workers ON platform.background_tasks
    AS RESTRICTIVE FOR UPDATE TO guildhall_app
    USING (true) WITH CHECK (status IN ('pending', 'paused', 'cancelled'));
GRANT SELECT, UPDATE (resolution, resolved_by, resolved_at) ON platform.dead_letter_queue TO guildhall_app;
GRANT SELECT, INSERT ON platform.background_task_history TO guildhall_app;

-- Workers and the scheduler serve every team.
CREATE POLICY jobs_of_every_team_are_worked_on ON platform.background_tasks
    TO guildhall_worker, guildhall_scheduler USING (true) WITH CHECK (true);
CREATE POLICY dead_letters_come_from_every_team ON platform.dead_letter_queue
    TO guildhall_worker, guildhall_scheduler USING (true) WITH CHECK (true);
GRANT SELECT,
      UPDATE (status, worker_id, attempts, attempt_token, leased_until, heartbeat_at, retry_count, error_message, result,
              scheduled_at, started_at, completed_at)
    ON platform.background_tasks TO guildhall_worker, guildhall_scheduler;
GRANT INSERT (tenant_id, task_type, payload, priority, idempotency_key, scheduled_at) ON platform.background_tasks TO guildhall_scheduler;
GRANT SELECT (id, tenant_id, original_task_id, moved_at, resolved_at),
      INSERT (tenant_id, original_task_id, task_type, payload, error_message, error_stack, retry_history)
    ON platform.dead_letter_queue TO guildhall_worker, guildhall_scheduler;
GRANT SELECT, INSERT ON store.background_task_history TO guildhall_worker, guildhall_scheduler;
GRANT SELECT, INSERT, UPDATE ON platform.schedules, platform.schedule_runs TO guildhall_scheduler;

-- what is audited ----------------------------------------------------------
-- The work of machines is in the history; the audit keeps what a person changed.

CREATE TRIGGER background_tasks_are_audited AFTER UPDATE OR DELETE ON platform.background_tasks
    FOR EACH ROW WHEN (platform.user_id() IS NOT NULL) EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER dead_letter_queue_is_audited AFTER UPDATE OR DELETE ON platform.dead_letter_queue
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER schedules_are_audited
    AFTER INSERT OR DELETE OR UPDATE OF task_type, payload, priority, tenant_id, cron, every, timezone, enabled ON platform.schedules
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
