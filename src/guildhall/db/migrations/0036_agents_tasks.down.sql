DELETE FROM platform.audit_exemptions
 WHERE relation IN ('society.tasks', 'society.task_dependencies', 'society.task_lanes', 'society.task_dead_letters');
DROP TRIGGER tasks_are_audited ON society.tasks;
DROP TRIGGER task_dependencies_are_audited ON society.task_dependencies;

REVOKE ALL ON society.tasks, society.task_dependencies, society.agents, society.agent_skills, store.task_history FROM guildhall_worker, guildhall_scheduler;
DROP POLICY tasks_are_of_the_team_or_of_all ON society.tasks;
DROP POLICY tasks_are_of_the_team_or_of_all ON society.task_dependencies;
DROP POLICY agents_are_of_the_team_or_of_all ON society.agents;
DROP POLICY agents_are_of_the_team_or_of_all ON society.agent_skills;

DROP VIEW mine.v_task_queue_summary;
DROP VIEW society.v_task_queue_summary;

DROP TRIGGER new_tasks_begin_a_history ON society.tasks;
DROP TRIGGER tasks_keep_a_history ON society.tasks;
DROP TRIGGER ended_tasks_update_agent_stats ON society.tasks;
DROP TRIGGER task_completion_updates_agent_stats ON society.tasks;
DROP FUNCTION society.follow_new_tasks();
DROP FUNCTION society.follow_tasks();
DROP FUNCTION society.ready_task_history();
DROP FUNCTION society.count_ended_tasks();

DROP TRIGGER tasks_change_lines ON society.tasks;
DROP TRIGGER tasks_are_admitted ON society.tasks;
DROP FUNCTION society.admit_task();
DROP TRIGGER task_dependencies_are_forgotten ON society.task_dependencies;
DROP FUNCTION society.forget_dependencies();
DROP TRIGGER task_dependencies_are_not_circular ON society.task_dependencies;
DROP FUNCTION society.admit_dependencies();
SELECT platform.drop_task_engine('society.tasks');
DROP FUNCTION society.worker_of(uuid);
DROP TYPE society.new_task;
DROP FUNCTION society.task_details(integer, text, text, text, numeric);
DROP FUNCTION society.task_status_after(text, jsonb);
GRANT EXECUTE ON FUNCTION society.stamp_task() TO PUBLIC;
DROP FUNCTION society.task_lane(uuid, text, text[], numeric, uuid);
DROP FUNCTION society.task_patience(society.agent_task_priority);

DROP INDEX society.task_dependencies_by_dependency;
CREATE INDEX task_dependencies_by_dependency ON society.task_dependencies (tenant_id, depends_on_task_id);
ALTER TABLE society.task_dependencies RESET (fillfactor);
DROP INDEX society.task_dependencies_that_go_back;
ALTER TABLE society.task_dependencies DROP COLUMN on_failure, DROP COLUMN is_settled, DROP COLUMN goes_back;
COMMENT ON COLUMN society.task_dependencies.kind IS NULL;

-- Whoever has a task that waits has it no more by that.
DROP INDEX society.tasks_one_per_idempotency_key;
DROP INDEX society.tasks_one_per_unique_key;
DROP INDEX society.tasks_by_deadline;
DROP INDEX society.tasks_due_by_lane;
DROP INDEX society.tasks_due;
DROP INDEX society.tasks_by_turn;
DROP INDEX society.tasks_by_lane;
DROP INDEX society.idx_tasks_priority_status;
DROP INDEX society.idx_tasks_status;
DROP TRIGGER tasks_follow_their_states ON society.tasks;
DROP TRIGGER update_tasks_updated_at ON society.tasks;
ALTER TABLE society.tasks
    DROP CONSTRAINT tasks_retries_are_within_the_limit,
    DROP CONSTRAINT tasks_payload_size,
    DROP COLUMN task_type, DROP COLUMN min_trust, DROP COLUMN scheduled_at, DROP COLUMN worker_id, DROP COLUMN retry_count,
    DROP COLUMN error_message, DROP COLUMN lane, DROP COLUMN place, DROP COLUMN seq, DROP COLUMN fair_key, DROP COLUMN weight,
    DROP COLUMN unique_key, DROP COLUMN idempotency_key, DROP COLUMN timeout, DROP COLUMN open_dependencies;
UPDATE society.tasks SET max_retries = GREATEST(max_retries + 1, attempts);
ALTER TABLE society.tasks RENAME COLUMN max_retries TO max_attempts;
ALTER TABLE society.tasks RENAME COLUMN deadline_at TO deadline;
ALTER TABLE society.tasks RENAME COLUMN leased_until TO lease_expires_at;
ALTER TABLE society.tasks
    ALTER COLUMN max_attempts SET DEFAULT 3,
    ADD CONSTRAINT tasks_attempts_are_within_the_limit CHECK (attempts BETWEEN 0 AND max_attempts AND max_attempts > 0);
COMMENT ON COLUMN society.tasks.assigned_to IS NULL;
COMMENT ON COLUMN society.tasks.lease_expires_at IS NULL;
COMMENT ON COLUMN society.tasks.deadline IS NULL;
DROP INDEX society.idx_tasks_assigned_to;
CREATE INDEX idx_tasks_assigned_to ON society.tasks (tenant_id, assigned_to);
DROP INDEX society.tasks_by_creator;
CREATE INDEX tasks_by_creator ON society.tasks (created_by) WHERE created_by IS NOT NULL;
ALTER TABLE society.tasks SET (fillfactor = 80);
CREATE INDEX idx_tasks_status ON society.tasks (tenant_id, status);
CREATE INDEX idx_tasks_priority_status ON society.tasks (tenant_id, priority, status) WHERE deleted_at IS NULL;
CREATE INDEX tasks_by_lease ON society.tasks (lease_expires_at) WHERE lease_expires_at IS NOT NULL;
DROP TABLE society.task_dead_letters, society.task_lanes, society.task_types;

CREATE TRIGGER tasks_follow_their_states BEFORE UPDATE OF status ON society.tasks
    FOR EACH ROW WHEN (
        OLD.status <> NEW.status
        AND (OLD.status IN ('completed', 'cancelled') OR (OLD.status = 'failed' AND NEW.status IN ('completed', 'in_review', 'blocked')))
    )
    EXECUTE FUNCTION society.refuse('a completed or cancelled task stays as it is; a failed one is tried again or cancelled');
CREATE OR REPLACE FUNCTION society.stamp_task() RETURNS trigger
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
CREATE OR REPLACE FUNCTION society.update_agent_stats_on_task_completion() RETURNS trigger
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
ALTER TABLE society.task_assignments
    ADD CONSTRAINT task_assignments_tenant_id_task_id_fkey FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE store.task_history
    ADD CONSTRAINT task_history_tenant_id_task_id_fkey FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks (tenant_id, id) ON DELETE CASCADE;
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
GRANT SELECT ON society.v_task_queue_summary TO guildhall_reader;
DO $$
DECLARE
    path CONSTANT text := set_config('search_path', current_setting('search_path'), true);
BEGIN
    PERFORM set_config('search_path', 'pg_catalog, pg_temp', true); -- so that names are written out
    EXECUTE 'CREATE VIEW mine.v_task_queue_summary WITH (security_barrier, security_invoker) AS '
            || replace(pg_get_viewdef('society.v_task_queue_summary'::regclass), 'platform.tenant_id()', 'platform.login_tenant()');
    PERFORM set_config('search_path', path, true);
    EXECUTE format('COMMENT ON VIEW mine.v_task_queue_summary IS %L', obj_description('society.v_task_queue_summary'::regclass));
END
$$;
GRANT SELECT ON mine.v_task_queue_summary TO guildhall_person;
-- What changes a task, and what of a dependency, is audited as society.settle has it.
DO $$
DECLARE
    relation regclass;
BEGIN
    FOREACH relation IN ARRAY '{society.tasks, society.task_dependencies}'::regclass[] LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR DELETE OR UPDATE OF %s ON %s FOR EACH ROW EXECUTE FUNCTION platform.record_change()',
                       (SELECT relname FROM pg_class WHERE oid = relation) || '_are_audited',
                       (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
                          FROM pg_attribute
                         WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
                           AND attname NOT IN ('tenant_id', 'updated_at')),
                       relation);
        PERFORM platform.write_recorder(relation);
    END LOOP;
END
$$;
CREATE TRIGGER update_tasks_updated_at BEFORE UPDATE ON society.tasks
    FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();
