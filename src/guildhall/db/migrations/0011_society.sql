-- The society of agents, first part: who they are and what they do. How they
-- decide is in 0012, what they win in 0019, how they stand with each other in 0020.

-- what every table here is given ------------------------------------------------

-- Which agent asks, where one does; people act without (errata section 6, "identity setting").
CREATE FUNCTION society.acting_agent() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(current_setting('app.agent_id', true), '')::uuid;

-- A trigger that calls this is named for a rule, and its condition says when the rule is broken.
CREATE FUNCTION society.refuse() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0]
          USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
END
$$;

-- Closes a table to other teams, opens it to the application, and keeps its
-- updated_at and its audit. `fixed` columns are given once; `kept` ones are
-- counted by triggers, which run as the owner, and by nobody else; `hidden` ones
-- stay out of the audit. What triggers count is not audited: its causes are.
CREATE FUNCTION society.settle(
    relation  regclass,
    fixed     text[]  DEFAULT '{}',
    kept      text[]  DEFAULT '{}',
    hidden    text[]  DEFAULT '{}',
    removable boolean DEFAULT false,
    audited   boolean DEFAULT true
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    table_name CONSTANT name := (SELECT relname FROM pg_class WHERE oid = relation);
    insertable text;
    changeable text;
    watched    text;
BEGIN
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FILTER (WHERE attname <> ALL (kept)),
           string_agg(quote_ident(attname), ', ' ORDER BY attnum) FILTER (WHERE attname <> ALL (kept || fixed || '{id,created_at}')),
           string_agg(quote_ident(attname), ', ' ORDER BY attnum) FILTER (WHERE attname <> ALL (kept))
      INTO insertable, changeable, watched
      FROM pg_attribute
     WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
       AND attname NOT IN ('tenant_id', 'updated_at');

    PERFORM platform.isolate(relation);
    EXECUTE format('CREATE POLICY counts_are_kept_for_every_team ON %s TO guildhall_owner USING (true) WITH CHECK (true)', relation);

    EXECUTE format('GRANT SELECT ON %s TO guildhall_app', relation);
    IF insertable IS NOT NULL THEN
        EXECUTE format('GRANT INSERT (%s) ON %s TO guildhall_app', insertable, relation);
    END IF;
    IF changeable IS NOT NULL THEN
        EXECUTE format('GRANT UPDATE (%s) ON %s TO guildhall_app', changeable, relation);
    END IF;
    IF removable THEN
        EXECUTE format('GRANT DELETE ON %s TO guildhall_app', relation);
    END IF;

    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = relation AND attname = 'updated_at' AND NOT attisdropped) THEN
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column()',
                       'update_' || table_name || '_updated_at', relation);
    END IF;
    IF audited THEN
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR DELETE OR UPDATE OF %s ON %s FOR EACH ROW EXECUTE FUNCTION platform.record_change(%s)',
                       table_name || '_are_audited', watched, relation,
                       (SELECT string_agg(quote_literal(column_name), ', ') FROM unnest(hidden) AS column_name));
    END IF;
END
$$;
REVOKE ALL ON FUNCTION society.settle(regclass, text[], text[], text[], boolean, boolean) FROM PUBLIC;

-- agents -------------------------------------------------------------------------

CREATE TYPE society.agent_type AS ENUM ('team-leader', 'worker', 'specialist', 'coordinator', 'reviewer', 'monitor', 'mentor');
CREATE TYPE society.agent_status AS ENUM ('offline', 'idle', 'active', 'busy', 'paused', 'suspended', 'retraining', 'retired');
-- Errata: the documents compare tiers, so they stand from the lowest to the highest.
CREATE TYPE society.performance_tier AS ENUM ('bronze', 'silver', 'gold', 'platinum', 'diamond', 'legend');

CREATE TABLE society.agents (
    id                    uuid                     PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id             uuid                     NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    agent_id              varchar(100)             NOT NULL,
    name                  varchar(200)             NOT NULL,
    type                  society.agent_type       NOT NULL DEFAULT 'worker',
    status                society.agent_status     NOT NULL DEFAULT 'offline',
    status_reason         text,
    capabilities          text[]                   NOT NULL DEFAULT '{}',
    metadata              jsonb                    NOT NULL DEFAULT '{}',
    public_key            bytea,
    total_points          integer                  NOT NULL DEFAULT 0,
    current_tier          society.performance_tier NOT NULL DEFAULT 'bronze',
    elo_rating            integer                  NOT NULL DEFAULT 1200,
    trust_score           numeric(5, 4),
    battles_fought        integer                  NOT NULL DEFAULT 0,
    battles_won           integer                  NOT NULL DEFAULT 0,
    tasks_completed       integer                  NOT NULL DEFAULT 0,
    tasks_failed          integer                  NOT NULL DEFAULT 0,
    quality_score_total   numeric                  NOT NULL DEFAULT 0,
    quality_score_count   integer                  NOT NULL DEFAULT 0,
    task_time_total_ms    numeric                  NOT NULL DEFAULT 0,
    task_time_count       integer                  NOT NULL DEFAULT 0,
    success_rate          numeric GENERATED ALWAYS AS (tasks_completed::numeric / NULLIF(tasks_completed + tasks_failed, 0)) STORED,
    average_quality_score numeric GENERATED ALWAYS AS (quality_score_total / NULLIF(quality_score_count, 0)) STORED,
    average_task_time_ms  numeric GENERATED ALWAYS AS (task_time_total_ms / NULLIF(task_time_count, 0)) STORED,
    last_active_at        timestamptz,
    created_by            uuid                     DEFAULT platform.user_id() REFERENCES platform.users,
    created_at            timestamptz              NOT NULL DEFAULT now(),
    updated_at            timestamptz              NOT NULL DEFAULT now(),
    deleted_at            timestamptz,
    UNIQUE (tenant_id, id),
    CONSTRAINT agents_are_named CHECK (agent_id <> '' AND name <> ''),
    CONSTRAINT agents_key_is_ed25519 CHECK (octet_length(public_key) = 32),
    CONSTRAINT agents_trust_is_a_share CHECK (trust_score BETWEEN 0 AND 1),
    CONSTRAINT agents_counts_are_not_negative CHECK (
        least(tasks_completed, tasks_failed, quality_score_count, task_time_count, battles_won) >= 0 AND battles_won <= battles_fought
    )
) WITH (fillfactor = 80);
COMMENT ON TABLE society.agents IS 'agents: tenant: who works here: its kind and state, and its figures, which triggers keep.';
COMMENT ON COLUMN society.agents.agent_id IS 'The name by which the world outside knows it; of the team''s live agents no two have the same.';
COMMENT ON COLUMN society.agents.status_reason IS 'Why it is in this state, if that was said; a change of state that says nothing empties it.';
COMMENT ON COLUMN society.agents.total_points IS 'The sum of its point transactions; below zero where more was taken than earned.';
COMMENT ON COLUMN society.agents.success_rate IS 'Of the tasks it ended, the share that it completed; null while there are none.';
COMMENT ON COLUMN society.agents.average_quality_score IS 'Over its completed tasks that have a score: quality_score_total by quality_score_count.';
COMMENT ON COLUMN society.agents.average_task_time_ms IS 'Over its completed tasks whose beginning is known.';
CREATE UNIQUE INDEX idx_agents_agent_id ON society.agents (tenant_id, agent_id) WHERE deleted_at IS NULL;
CREATE INDEX idx_agents_type_status ON society.agents (tenant_id, type, status) WHERE deleted_at IS NULL;
CREATE INDEX idx_agents_elo ON society.agents (tenant_id, elo_rating DESC);
CREATE INDEX agents_by_points ON society.agents (tenant_id, total_points DESC) WHERE deleted_at IS NULL;
CREATE INDEX agents_by_creator ON society.agents (created_by) WHERE created_by IS NOT NULL;

CREATE TABLE society.agent_skills (
    id             uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id      uuid          NOT NULL DEFAULT platform.tenant_id(),
    agent_id       uuid          NOT NULL,
    skill_name     varchar(100)  NOT NULL,
    proficiency    numeric(5, 4),
    evidence_count integer       NOT NULL DEFAULT 0,
    verified_by    uuid,
    last_used_at   timestamptz,
    created_at     timestamptz   NOT NULL DEFAULT now(),
    updated_at     timestamptz   NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, verified_by) REFERENCES society.agents (tenant_id, id) ON DELETE SET NULL (verified_by),
    CONSTRAINT agent_skills_one_per_skill UNIQUE (tenant_id, agent_id, skill_name),
    CONSTRAINT agent_skills_are_named CHECK (skill_name <> ''),
    CONSTRAINT agent_skills_proficiency_is_a_share CHECK (proficiency BETWEEN 0 AND 1),
    CONSTRAINT agent_skills_evidence_is_not_negative CHECK (evidence_count >= 0),
    CONSTRAINT agent_skills_are_verified_by_others CHECK (verified_by <> agent_id)
);
COMMENT ON TABLE society.agent_skills IS 'agents: tenant: what an agent can do, how well, and on how much evidence.';
CREATE INDEX agent_skills_by_skill ON society.agent_skills (tenant_id, skill_name, proficiency DESC);
CREATE INDEX agent_skills_by_verifier ON society.agent_skills (tenant_id, verified_by) WHERE verified_by IS NOT NULL;

CREATE TABLE store.agent_activity_log (
    id            uuid         NOT NULL DEFAULT gen_random_uuid(),
    tenant_id     uuid         NOT NULL DEFAULT platform.tenant_id(),
    agent_id      uuid         NOT NULL,
    activity_type varchar(100) NOT NULL,
    subject_type  varchar(100),
    subject_id    uuid,
    details       jsonb        NOT NULL DEFAULT '{}',
    created_at    timestamptz  NOT NULL DEFAULT now(),
    PRIMARY KEY (id, created_at),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT agent_activity_log_type_is_named CHECK (activity_type <> ''),
    CONSTRAINT agent_activity_log_subject_is_whole CHECK (num_nonnulls(subject_type, subject_id) <> 1)
) PARTITION BY RANGE (created_at);
COMMENT ON TABLE store.agent_activity_log IS 'agents: tenant: what each agent did, as it says itself.';
CREATE INDEX agent_activity_log_by_agent ON store.agent_activity_log (tenant_id, agent_id, created_at DESC);
SELECT platform.create_series('agent_activity_log', 'created_at', '1 month', '12 months', chunk => '1 month');

CREATE VIEW society.agent_activity_log AS
    SELECT id, tenant_id, agent_id, activity_type, subject_type, subject_id, details, created_at
      FROM store.agent_activity_log
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
ALTER VIEW society.agent_activity_log ALTER COLUMN id SET DEFAULT gen_random_uuid();
ALTER VIEW society.agent_activity_log ALTER COLUMN created_at SET DEFAULT now();
COMMENT ON VIEW society.agent_activity_log IS 'agents: tenant: the activity of the team''s own agents.';
GRANT SELECT, INSERT ON society.agent_activity_log TO guildhall_app;

CREATE TABLE society.agent_status_history (
    id               uuid                 PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id        uuid                 NOT NULL DEFAULT platform.tenant_id(),
    agent_id         uuid                 NOT NULL,
    old_status       society.agent_status,
    new_status       society.agent_status NOT NULL,
    reason           text,
    changed_by       uuid,
    changed_by_agent uuid,
    changed_at       timestamptz          NOT NULL DEFAULT clock_timestamp(),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT agent_status_history_is_of_changes CHECK (old_status IS DISTINCT FROM new_status)
);
COMMENT ON TABLE society.agent_status_history IS 'agents: tenant: every state an agent was in, from its first; written by a trigger.';
COMMENT ON COLUMN society.agent_status_history.changed_by IS 'The person who asked; a plain id, so that history outlives people.';
CREATE INDEX agent_status_history_by_agent ON society.agent_status_history (tenant_id, agent_id, changed_at DESC);

-- A reason belongs to one change of state.
CREATE FUNCTION society.forget_status_reason() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.status_reason := NULL;
    RETURN NEW;
END
$$;
CREATE TRIGGER agents_give_a_reason_once BEFORE UPDATE OF status ON society.agents
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND OLD.status_reason = NEW.status_reason)
    EXECUTE FUNCTION society.forget_status_reason();

CREATE FUNCTION society.record_agent_status() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO society.agent_status_history (tenant_id, agent_id, old_status, new_status, reason, changed_by, changed_by_agent)
    VALUES (NEW.tenant_id, NEW.id, OLD.status, NEW.status, NEW.status_reason, platform.user_id(), society.acting_agent());
    RETURN NULL;
END
$$;
CREATE TRIGGER agents_begin_a_status_history AFTER INSERT ON society.agents
    FOR EACH ROW EXECUTE FUNCTION society.record_agent_status();
CREATE TRIGGER agents_keep_a_status_history AFTER UPDATE OF status ON society.agents
    FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION society.record_agent_status();

CREATE VIEW society.v_active_agents WITH (security_invoker = true) AS
    SELECT id, tenant_id, agent_id, name, type, status, current_tier, total_points, elo_rating, trust_score,
           tasks_completed, tasks_failed, success_rate, average_quality_score, average_task_time_ms,
           battles_fought, battles_won, capabilities, last_active_at, created_at, updated_at
      FROM society.agents
     WHERE tenant_id = (SELECT platform.tenant_id())
       AND deleted_at IS NULL
       AND status NOT IN ('offline', 'suspended', 'retired');
COMMENT ON VIEW society.v_active_agents IS 'agents: tenant: the agents that are there and may work, with all their figures.';
GRANT SELECT ON society.v_active_agents TO guildhall_app;

-- tasks --------------------------------------------------------------------------

-- The machine's own jobs have types of their own (errata section 6, "tasks").
CREATE TYPE society.agent_task_status AS ENUM (
    'pending', 'queued', 'assigned', 'in_progress', 'blocked', 'in_review', 'completed', 'failed', 'cancelled'
);
-- Errata: the documents sort DESC, the most urgent first.
CREATE TYPE society.agent_task_priority AS ENUM ('low', 'medium', 'high', 'critical');

CREATE TABLE society.task_queues (
    id            uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id     uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    name          varchar(100) NOT NULL,
    priority_rule varchar(20)  NOT NULL DEFAULT 'priority',
    max_in_flight integer,
    is_paused     boolean      NOT NULL DEFAULT false,
    created_at    timestamptz  NOT NULL DEFAULT now(),
    updated_at    timestamptz  NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT task_queues_one_per_name UNIQUE (tenant_id, name),
    CONSTRAINT task_queues_are_named CHECK (name <> ''),
    CONSTRAINT task_queues_rule_is_known CHECK (priority_rule IN ('priority', 'oldest_first', 'deadline')),
    CONSTRAINT task_queues_limit_is_positive CHECK (max_in_flight > 0)
);
COMMENT ON TABLE society.task_queues IS 'tasks: tenant: queues of tasks: what comes first, and how many at once.';

CREATE TABLE society.tasks (
    id               uuid                        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id        uuid                        NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    task_id          varchar(100)                NOT NULL,
    title            varchar(500)                NOT NULL,
    description      text,
    status           society.agent_task_status   NOT NULL DEFAULT 'pending',
    priority         society.agent_task_priority NOT NULL DEFAULT 'medium',
    queue_id         uuid,
    assigned_to      uuid,
    required_skills  text[]                      NOT NULL DEFAULT '{}',
    payload          jsonb                       NOT NULL DEFAULT '{}',
    result           jsonb,
    quality_score    numeric(5, 4),
    attempts         integer                     NOT NULL DEFAULT 0,
    max_attempts     integer                     NOT NULL DEFAULT 3,
    attempt_token    uuid,
    lease_expires_at timestamptz,
    deadline         timestamptz,
    queued_at        timestamptz,
    started_at       timestamptz,
    completed_at     timestamptz,
    duration_ms      numeric GENERATED ALWAYS AS (extract(epoch FROM completed_at - started_at) * 1000) STORED,
    created_by       uuid                        DEFAULT platform.user_id() REFERENCES platform.users,
    requested_by     uuid                        DEFAULT society.acting_agent(),
    created_at       timestamptz                 NOT NULL DEFAULT now(),
    updated_at       timestamptz                 NOT NULL DEFAULT now(),
    deleted_at       timestamptz,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, queue_id) REFERENCES society.task_queues (tenant_id, id) ON DELETE SET NULL (queue_id),
    FOREIGN KEY (tenant_id, assigned_to) REFERENCES society.agents (tenant_id, id),
    FOREIGN KEY (tenant_id, requested_by) REFERENCES society.agents (tenant_id, id),
    CONSTRAINT tasks_are_named CHECK (task_id <> '' AND title <> ''),
    CONSTRAINT tasks_quality_is_a_share CHECK (quality_score BETWEEN 0 AND 1),
    CONSTRAINT tasks_attempts_are_within_the_limit CHECK (attempts BETWEEN 0 AND max_attempts AND max_attempts > 0),
    CONSTRAINT tasks_at_work_have_an_agent CHECK (status NOT IN ('assigned', 'in_progress') OR assigned_to IS NOT NULL),
    CONSTRAINT tasks_end_is_recorded CHECK ((status IN ('completed', 'failed', 'cancelled')) = (completed_at IS NOT NULL)),
    CONSTRAINT tasks_end_after_they_begin CHECK (completed_at >= started_at)
) WITH (fillfactor = 80);
COMMENT ON TABLE society.tasks IS 'tasks: tenant: work that is given to agents.';
COMMENT ON COLUMN society.tasks.completed_at IS 'When it ended, whichever way.';
CREATE UNIQUE INDEX tasks_one_live_per_task_id ON society.tasks (tenant_id, task_id) WHERE deleted_at IS NULL;
CREATE INDEX idx_tasks_status ON society.tasks (tenant_id, status);
CREATE INDEX idx_tasks_assigned_to ON society.tasks (tenant_id, assigned_to);
CREATE INDEX idx_tasks_priority_status ON society.tasks (tenant_id, priority, status) WHERE deleted_at IS NULL;
CREATE INDEX tasks_by_lease ON society.tasks (lease_expires_at) WHERE lease_expires_at IS NOT NULL;
CREATE INDEX tasks_by_queue ON society.tasks (tenant_id, queue_id) WHERE queue_id IS NOT NULL;
CREATE INDEX tasks_by_requester ON society.tasks (tenant_id, requested_by) WHERE requested_by IS NOT NULL;
CREATE INDEX tasks_by_creator ON society.tasks (created_by) WHERE created_by IS NOT NULL;

CREATE TRIGGER tasks_follow_their_states BEFORE UPDATE OF status ON society.tasks
    FOR EACH ROW WHEN (
        OLD.status <> NEW.status
        AND (OLD.status IN ('completed', 'cancelled') OR (OLD.status = 'failed' AND NEW.status IN ('completed', 'in_review', 'blocked')))
    )
    EXECUTE FUNCTION society.refuse('a completed or cancelled task stays as it is; a failed one is tried again or cancelled');
CREATE TRIGGER tasks_keep_who_ended_them BEFORE UPDATE OF assigned_to ON society.tasks
    FOR EACH ROW WHEN (
        OLD.status = NEW.status AND OLD.status IN ('completed', 'failed', 'cancelled') AND OLD.assigned_to IS DISTINCT FROM NEW.assigned_to
    )
    EXECUTE FUNCTION society.refuse('a task that has ended keeps the agent who ended it');

-- The times of a task follow its state where a statement does not name them.
CREATE FUNCTION society.stamp_task() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    resumed boolean;
BEGIN
    CASE
        WHEN NEW.status = 'queued' THEN
            NEW.queued_at := COALESCE(CASE WHEN NEW.queued_at IS DISTINCT FROM OLD.queued_at THEN NEW.queued_at END, now());
        WHEN NEW.status = 'in_progress' THEN
            resumed := COALESCE(OLD.status IN ('blocked', 'in_review'), false);
            NEW.started_at := COALESCE(CASE WHEN resumed OR NEW.started_at IS DISTINCT FROM OLD.started_at THEN NEW.started_at END, now());
        WHEN NEW.status IN ('completed', 'failed', 'cancelled') THEN
            -- Another transaction, younger than this one, may have begun the task.
            NEW.completed_at := COALESCE(NEW.completed_at, greatest(now(), NEW.started_at));
            NEW.lease_expires_at := NULL;
        ELSE NULL;
    END CASE;
    IF OLD.status = 'failed' AND NEW.status <> 'cancelled' THEN
        NEW.completed_at := NULL;
        NEW.started_at   := CASE WHEN NEW.status = 'in_progress' THEN NEW.started_at END;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER tasks_are_stamped_at_first BEFORE INSERT ON society.tasks
    FOR EACH ROW EXECUTE FUNCTION society.stamp_task();
CREATE TRIGGER tasks_are_stamped BEFORE UPDATE OF status ON society.tasks
    FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION society.stamp_task();

-- Errata: counts a task when it ends, not whenever a task that has ended is
-- touched. A score or a time that is corrected afterwards replaces the old one.
CREATE FUNCTION society.update_agent_stats_on_task_completion() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    ends  CONSTANT boolean := TG_OP = 'INSERT' OR OLD.status <> NEW.status;
    score CONSTANT numeric := CASE WHEN ends THEN NULL ELSE OLD.quality_score END;
    taken CONSTANT numeric := CASE WHEN ends THEN NULL ELSE OLD.duration_ms END;
BEGIN
    IF NEW.status = 'failed' AND ends THEN
        UPDATE society.agents
           SET tasks_failed = tasks_failed + 1
         WHERE tenant_id = NEW.tenant_id AND id = NEW.assigned_to;
    ELSIF NEW.status = 'completed' THEN
        UPDATE society.agents
           SET tasks_completed     = tasks_completed + ends::integer,
               quality_score_total = quality_score_total + COALESCE(NEW.quality_score, 0) - COALESCE(score, 0),
               quality_score_count = quality_score_count + (NEW.quality_score IS NOT NULL)::integer - (score IS NOT NULL)::integer,
               task_time_total_ms  = task_time_total_ms + COALESCE(NEW.duration_ms, 0) - COALESCE(taken, 0),
               task_time_count     = task_time_count + (NEW.duration_ms IS NOT NULL)::integer - (taken IS NOT NULL)::integer
         WHERE tenant_id = NEW.tenant_id AND id = NEW.assigned_to;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER task_completion_updates_agent_stats AFTER UPDATE ON society.tasks
    FOR EACH ROW WHEN (
        NEW.assigned_to IS NOT NULL
        AND NEW.status IN ('completed', 'failed')
        AND (OLD.status, OLD.quality_score, OLD.duration_ms) IS DISTINCT FROM (NEW.status, NEW.quality_score, NEW.duration_ms)
    )
    EXECUTE FUNCTION society.update_agent_stats_on_task_completion();
CREATE TRIGGER ended_tasks_update_agent_stats AFTER INSERT ON society.tasks
    FOR EACH ROW WHEN (NEW.assigned_to IS NOT NULL AND NEW.status IN ('completed', 'failed'))
    EXECUTE FUNCTION society.update_agent_stats_on_task_completion();

CREATE TABLE society.task_dependencies (
    id                 uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id          uuid        NOT NULL DEFAULT platform.tenant_id(),
    task_id            uuid        NOT NULL,
    depends_on_task_id uuid        NOT NULL,
    kind               varchar(20) NOT NULL DEFAULT 'finish_to_start',
    created_at         timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, depends_on_task_id) REFERENCES society.tasks (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT task_dependencies_one_per_pair UNIQUE (tenant_id, task_id, depends_on_task_id),
    CONSTRAINT task_dependencies_are_of_two_tasks CHECK (task_id <> depends_on_task_id),
    CONSTRAINT task_dependencies_kind_is_known CHECK (kind IN ('finish_to_start', 'start_to_start', 'related_result'))
);
COMMENT ON TABLE society.task_dependencies IS 'tasks: tenant: which task waits for which; never in a circle.';
CREATE INDEX task_dependencies_by_dependency ON society.task_dependencies (tenant_id, depends_on_task_id);

-- Two who add an edge each could close a circle that neither sees, so a team's
-- edges are added one transaction at a time.
CREATE FUNCTION society.refuse_circular_dependency() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('society.task_dependencies'), hashtext(NEW.tenant_id::text));
    IF EXISTS (
        WITH RECURSIVE reached (task_id) AS (
            SELECT NEW.depends_on_task_id
             UNION
            SELECT edges.depends_on_task_id
              FROM reached
              JOIN society.task_dependencies AS edges ON edges.tenant_id = NEW.tenant_id AND edges.task_id = reached.task_id
        )
        SELECT FROM reached WHERE task_id = NEW.task_id
    ) THEN
        RAISE EXCEPTION 'task % would wait for itself by way of task %', NEW.task_id, NEW.depends_on_task_id
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER task_dependencies_are_not_circular AFTER INSERT OR UPDATE ON society.task_dependencies
    FOR EACH ROW EXECUTE FUNCTION society.refuse_circular_dependency();

CREATE TABLE society.task_assignments (
    id                uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id         uuid        NOT NULL DEFAULT platform.tenant_id(),
    task_id           uuid        NOT NULL,
    agent_id          uuid        NOT NULL,
    assigned_by       uuid,
    assigned_by_agent uuid,
    reason            text,
    assigned_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    released_at       timestamptz,
    FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT task_assignments_end_after_they_begin CHECK (released_at >= assigned_at)
);
COMMENT ON TABLE society.task_assignments IS 'tasks: tenant: who had which task, from when to when; follows tasks.assigned_to by trigger.';
CREATE UNIQUE INDEX task_assignments_one_open_per_task ON society.task_assignments (tenant_id, task_id) WHERE released_at IS NULL;
CREATE INDEX task_assignments_by_task ON society.task_assignments (tenant_id, task_id, assigned_at);
CREATE INDEX task_assignments_by_agent ON society.task_assignments (tenant_id, agent_id, assigned_at DESC);

CREATE TABLE society.task_executions (
    id            uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id     uuid        NOT NULL DEFAULT platform.tenant_id(),
    task_id       uuid        NOT NULL,
    attempt       integer     NOT NULL,
    agent_id      uuid        NOT NULL,
    started_at    timestamptz NOT NULL DEFAULT now(),
    ended_at      timestamptz,
    outcome       varchar(20),
    error_message text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id),
    CONSTRAINT task_executions_one_per_attempt UNIQUE (tenant_id, task_id, attempt),
    CONSTRAINT task_executions_attempt_is_positive CHECK (attempt > 0),
    CONSTRAINT task_executions_outcome_is_known CHECK (outcome IN ('completed', 'failed', 'timed_out', 'handed_back', 'cancelled')),
    CONSTRAINT task_executions_end_is_whole CHECK (num_nonnulls(ended_at, outcome) <> 1),
    CONSTRAINT task_executions_end_after_they_begin CHECK (ended_at >= started_at)
);
COMMENT ON TABLE society.task_executions IS 'tasks: tenant: each attempt at a task, and how it ended.';
CREATE INDEX task_executions_by_agent ON society.task_executions (tenant_id, agent_id, started_at DESC);

CREATE TABLE society.task_results (
    id            uuid           PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id     uuid           NOT NULL DEFAULT platform.tenant_id(),
    task_id       uuid           NOT NULL,
    attempt       integer        NOT NULL DEFAULT 1,
    agent_id      uuid           NOT NULL,
    output        jsonb          NOT NULL,
    quality_score numeric(5, 4),
    tokens_used   bigint,
    cost_usd      numeric(14, 6),
    duration_ms   double precision,
    created_at    timestamptz    NOT NULL DEFAULT now(),
    updated_at    timestamptz    NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id),
    CONSTRAINT task_results_one_per_attempt UNIQUE (tenant_id, task_id, attempt),
    CONSTRAINT task_results_attempt_is_positive CHECK (attempt > 0),
    CONSTRAINT task_results_quality_is_a_share CHECK (quality_score BETWEEN 0 AND 1),
    CONSTRAINT task_results_amounts_are_not_negative CHECK (least(tokens_used, cost_usd, duration_ms) >= 0)
);
COMMENT ON TABLE society.task_results IS 'tasks: tenant: what an attempt brought, what it was worth, and what it cost.';
CREATE INDEX task_results_by_agent ON society.task_results (tenant_id, agent_id, created_at DESC);

CREATE TABLE store.task_history (
    id         uuid         NOT NULL DEFAULT gen_random_uuid(),
    tenant_id  uuid         NOT NULL DEFAULT platform.tenant_id(),
    task_id    uuid         NOT NULL,
    event_type varchar(50)  NOT NULL,
    old_status society.agent_task_status,
    new_status society.agent_task_status,
    actor_id   uuid         DEFAULT society.acting_agent(),
    user_id    uuid         DEFAULT platform.user_id(),
    details    jsonb        NOT NULL DEFAULT '{}',
    created_at timestamptz  NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (id, created_at),
    FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT task_history_event_is_named CHECK (event_type <> '')
) PARTITION BY RANGE (created_at);
COMMENT ON TABLE store.task_history IS 'tasks: tenant: every event in the life of a task; changes are written by a trigger.';
CREATE INDEX task_history_by_task ON store.task_history (tenant_id, task_id, created_at);
SELECT platform.create_series('task_history', 'created_at', '1 month', '12 months', chunk => '1 month');

CREATE VIEW society.task_history AS
    SELECT id, tenant_id, task_id, event_type, old_status, new_status, actor_id, user_id, details, created_at
      FROM store.task_history
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
ALTER VIEW society.task_history ALTER COLUMN id SET DEFAULT gen_random_uuid();
COMMENT ON VIEW society.task_history IS 'tasks: tenant: the history of the team''s own tasks.';
GRANT SELECT, INSERT ON society.task_history TO guildhall_app;

CREATE FUNCTION society.record_task_event() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changes jsonb;
    event   text;
    holder  CONSTANT uuid := CASE
        WHEN NEW.deleted_at IS NULL AND NEW.status NOT IN ('completed', 'failed', 'cancelled') THEN NEW.assigned_to
    END;
BEGIN
    SELECT COALESCE(jsonb_object_agg(key, value), '{}') INTO changes
      FROM jsonb_each(to_jsonb(NEW))
     WHERE key IN ('status', 'assigned_to', 'priority', 'title', 'deadline', 'quality_score', 'deleted_at')
       AND value IS DISTINCT FROM CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) -> key ELSE 'null'::jsonb END;
    IF TG_OP = 'UPDATE' AND changes = '{}' THEN
        RETURN NULL;
    END IF;
    event := CASE
        WHEN TG_OP = 'INSERT' THEN 'created'
        WHEN changes ? 'deleted_at' THEN CASE WHEN NEW.deleted_at IS NULL THEN 'restored' ELSE 'deleted' END
        WHEN changes ? 'status' THEN NEW.status::text
        WHEN changes ? 'assigned_to' THEN CASE WHEN NEW.assigned_to IS NULL THEN 'released' ELSE 'assigned' END
        ELSE 'changed'
    END;
    PERFORM platform.ensure_partitions('task_history', clock_timestamp(), clock_timestamp());
    INSERT INTO store.task_history (tenant_id, task_id, event_type, old_status, new_status, details)
    VALUES (NEW.tenant_id, NEW.id, event, OLD.status, NEW.status, changes);

    UPDATE society.task_assignments
       SET released_at = clock_timestamp()
     WHERE tenant_id = NEW.tenant_id AND task_id = NEW.id AND released_at IS NULL AND agent_id IS DISTINCT FROM holder;
    INSERT INTO society.task_assignments (tenant_id, task_id, agent_id, assigned_by, assigned_by_agent)
    SELECT NEW.tenant_id, NEW.id, holder, platform.user_id(), society.acting_agent()
     WHERE holder IS NOT NULL
        ON CONFLICT (tenant_id, task_id) WHERE released_at IS NULL DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER tasks_keep_a_history AFTER INSERT OR UPDATE OF status, assigned_to, priority, title, deadline, quality_score, deleted_at
    ON society.tasks FOR EACH ROW EXECUTE FUNCTION society.record_task_event();

CREATE VIEW society.v_task_queue_summary WITH (security_invoker = true) AS
    SELECT tenant_id, status, priority, count(*) AS task_count,
           count(*) FILTER (WHERE assigned_to IS NULL) AS unassigned_count,
           count(*) FILTER (WHERE deadline < now()) AS overdue_count,
           min(created_at) AS oldest_created_at,
           avg(extract(epoch FROM now() - created_at) * 1000) AS average_wait_ms
      FROM society.tasks
     WHERE tenant_id = (SELECT platform.tenant_id())
       AND deleted_at IS NULL
       AND status NOT IN ('completed', 'failed', 'cancelled')
     GROUP BY tenant_id, status, priority;
COMMENT ON VIEW society.v_task_queue_summary IS 'tasks: tenant: how many tasks stand in which state and priority, and how long they have waited.';
GRANT SELECT ON society.v_task_queue_summary TO guildhall_app;

-- who may do what ----------------------------------------------------------------

SELECT society.settle(
    'society.agents',
    kept => '{total_points, current_tier, elo_rating, trust_score, battles_fought, battles_won, tasks_completed, tasks_failed,
              quality_score_total, quality_score_count, task_time_total_ms, task_time_count}'
);
SELECT society.settle('society.agent_skills', fixed => '{agent_id}', removable => true);
SELECT society.settle('society.task_queues', removable => true);
SELECT society.settle('society.tasks');
SELECT society.settle('society.task_dependencies', fixed => '{task_id, depends_on_task_id}', removable => true);
SELECT society.settle('society.task_executions', fixed => '{task_id, attempt, agent_id}', audited => false);
SELECT society.settle('society.task_results', fixed => '{task_id, attempt, agent_id}');

-- Written by triggers alone.
SELECT society.settle('society.agent_status_history', kept => '{id, agent_id, old_status, new_status, reason, changed_by, changed_by_agent, changed_at}', audited => false);
SELECT society.settle('society.task_assignments', kept => '{id, task_id, agent_id, assigned_by, assigned_by_agent, assigned_at, released_at}', fixed => '{}', audited => false);
