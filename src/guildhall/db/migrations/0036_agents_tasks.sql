-- Agents' tasks on the work engine (0033): the same functions as those of the
-- jobs, rendered for society.tasks, and what agents' work needs beside them.
--
-- A task stands in a lane, and a lane is what it asks for: its type, skills, how
-- much trust, or one agent by name. Which lanes an agent may take from follows
-- from its skills and its trust, so a claim walks the heads of those lanes and
-- looks at no task that the agent may not have.

-- what a team's tasks are, and what they ask for --------------------------------

CREATE TABLE society.task_types (
    tenant_id       uuid          NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    name            varchar(100)  NOT NULL,
    required_skills text[]        NOT NULL DEFAULT '{}',
    min_trust       numeric(5, 4) NOT NULL DEFAULT 0,
    payload_schema  jsonb,
    max_retries     integer       NOT NULL DEFAULT 3,
    timeout         interval,
    created_at      timestamptz   NOT NULL DEFAULT now(),
    updated_at      timestamptz   NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, name),
    CONSTRAINT task_types_are_named CHECK (name <> ''),
    CONSTRAINT task_types_trust_is_a_share CHECK (min_trust BETWEEN 0 AND 1),
    CONSTRAINT task_types_retries_are_not_negative CHECK (max_retries >= 0),
    CONSTRAINT task_types_timeout_is_positive CHECK (timeout > interval '0')
);
COMMENT ON TABLE society.task_types IS 'tasks: tenant: the kinds of task that a team knows beside ''task'', which every team does: what each asks for, and what holds where a task says nothing else.';
COMMENT ON COLUMN society.task_types.payload_schema IS 'A JSON schema that payloads have to fit; null: any object.';

CREATE TABLE society.task_lanes (
    lane            integer       GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id       uuid          NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    task_type       varchar(100)  NOT NULL DEFAULT 'task',
    required_skills text[]        NOT NULL DEFAULT '{}',
    min_trust       numeric(5, 4) NOT NULL DEFAULT 0,
    agent_id        uuid,
    entry           text          NOT NULL GENERATED ALWAYS AS (COALESCE(agent_id::text, required_skills[1], '')) STORED,
    is_paused       boolean       NOT NULL DEFAULT false,
    max_running     integer,
    rate_count      integer,
    rate_per        interval,
    rate_used_to    timestamptz,
    retry_base      interval      NOT NULL DEFAULT '1 second',
    retry_most      interval      NOT NULL DEFAULT '1 hour',
    created_at      timestamptz   NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id),
    CONSTRAINT task_lanes_are_the_teams UNIQUE (tenant_id, lane),
    CONSTRAINT task_lanes_one_per_profile UNIQUE NULLS NOT DISTINCT (tenant_id, task_type, required_skills, min_trust, agent_id),
    CONSTRAINT task_lanes_cap_is_not_negative CHECK (max_running >= 0),
    CONSTRAINT task_lanes_rate_is_whole CHECK (num_nonnulls(rate_count, rate_per) <> 1),
    CONSTRAINT task_lanes_rate_is_positive CHECK (rate_count > 0 AND rate_per > interval '0')
);
COMMENT ON TABLE society.task_lanes IS 'tasks: tenant: lines of tasks, one for each type and what it asks for: skills and trust, or one agent by name.';
COMMENT ON COLUMN society.task_lanes.required_skills IS 'Sorted, none twice.';
COMMENT ON COLUMN society.task_lanes.entry IS 'What an agent must have or be to get in at all: its id, or the first of the skills; the rest is looked at then.';
COMMENT ON COLUMN society.task_lanes.max_running IS 'How many may be at work at once; null: any number.';
COMMENT ON COLUMN society.task_lanes.rate_count IS 'How many may begin within rate_per; null: any number.';
COMMENT ON COLUMN society.task_lanes.rate_used_to IS 'Up to when the rate is spent (GCRA); written by claims.';
CREATE INDEX task_lanes_by_entry ON society.task_lanes (tenant_id, entry);
CREATE INDEX task_lanes_by_agent ON society.task_lanes (tenant_id, agent_id) WHERE agent_id IS NOT NULL;

CREATE TABLE society.task_dead_letters (
    id            uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id     uuid         NOT NULL DEFAULT platform.tenant_id(),
    task_id       uuid         NOT NULL,
    task_type     varchar(100) NOT NULL,
    payload       jsonb        NOT NULL,
    error_message text         NOT NULL,
    error_stack   text,
    retry_history jsonb        NOT NULL DEFAULT '[]',
    moved_at      timestamptz  NOT NULL DEFAULT now(),
    resolution    varchar(20),
    resolved_by   uuid,
    resolved_at   timestamptz,
    FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT task_dead_letters_resolution_is_known CHECK (resolution IN ('redriven', 'discarded')),
    CONSTRAINT task_dead_letters_resolution_is_whole CHECK (num_nonnulls(resolution, resolved_at) <> 1)
);
COMMENT ON TABLE society.task_dead_letters IS 'tasks: tenant: what no agent could do, with every attempt; open until it is sent back or laid aside.';
CREATE UNIQUE INDEX task_dead_letters_one_open_per_task ON society.task_dead_letters (tenant_id, task_id) WHERE resolved_at IS NULL;
CREATE INDEX task_dead_letters_by_task ON society.task_dead_letters (task_id);
CREATE INDEX task_dead_letters_by_time ON society.task_dead_letters (tenant_id, moved_at DESC);

-- what safety needs of a task ---------------------------------------------------

ALTER TABLE society.tasks RENAME COLUMN lease_expires_at TO leased_until;
ALTER TABLE society.tasks RENAME COLUMN deadline TO deadline_at;
ALTER TABLE society.tasks RENAME COLUMN max_attempts TO max_retries;
ALTER TABLE society.tasks
    DROP CONSTRAINT tasks_attempts_are_within_the_limit,
    ALTER COLUMN max_retries DROP DEFAULT,
    ADD COLUMN task_type         varchar(100)     NOT NULL DEFAULT 'task',
    ADD COLUMN min_trust         numeric(5, 4)    NOT NULL DEFAULT 0,
    ADD COLUMN scheduled_at      timestamptz      NOT NULL DEFAULT now(),
    ADD COLUMN worker_id         varchar(255),
    ADD COLUMN retry_count       integer          NOT NULL DEFAULT 0,
    ADD COLUMN error_message     text,
    ADD COLUMN lane              integer,
    ADD COLUMN place             timestamptz,
    ADD COLUMN seq               bigint           GENERATED BY DEFAULT AS IDENTITY,
    ADD COLUMN fair_key          varchar(255),
    ADD COLUMN weight            double precision NOT NULL DEFAULT 1,
    ADD COLUMN unique_key        varchar(255),
    ADD COLUMN idempotency_key   varchar(255),
    ADD COLUMN timeout           interval,
    ADD COLUMN open_dependencies integer          NOT NULL DEFAULT 0;
UPDATE society.tasks SET max_retries = GREATEST(max_retries - 1, 0), retry_count = LEAST(attempts, GREATEST(max_retries - 1, 0));
ALTER TABLE society.tasks
    ADD CONSTRAINT tasks_lane_fkey FOREIGN KEY (tenant_id, lane) REFERENCES society.task_lanes (tenant_id, lane),
    ADD CONSTRAINT tasks_retries_are_within_the_limit CHECK (retry_count BETWEEN 0 AND max_retries AND attempts >= 0),
    ADD CONSTRAINT tasks_trust_is_a_share CHECK (min_trust BETWEEN 0 AND 1),
    ADD CONSTRAINT tasks_payload_size CHECK (octet_length(payload::text) <= 1048576),
    ADD CONSTRAINT tasks_weight_is_positive CHECK (weight > 0),
    ADD CONSTRAINT tasks_keys_are_not_empty CHECK (length(unique_key) >= 1 AND length(idempotency_key) >= 1),
    ADD CONSTRAINT tasks_timeout_is_positive CHECK (timeout > interval '0'),
    ADD CONSTRAINT tasks_wait_for_none_or_more CHECK (open_dependencies >= 0);
COMMENT ON COLUMN society.tasks.min_trust IS 'How much trust an agent must have to claim it; an agent whose trust nobody has computed has none.';
COMMENT ON COLUMN society.tasks.assigned_to IS 'Who has it; of a task that waits, the one agent that may take it.';
COMMENT ON COLUMN society.tasks.scheduled_at IS 'Before this it is not given out.';
COMMENT ON COLUMN society.tasks.leased_until IS 'When this attempt counts as hung though its agent lives; whether the agent lives is said by platform.task_workers.';
COMMENT ON COLUMN society.tasks.deadline_at IS 'When nobody needs it any more: what has not ended by then has failed.';
COMMENT ON COLUMN society.tasks.place IS 'Where it stands in its lane while it may be begun; null while it may not.';
COMMENT ON COLUMN society.tasks.fair_key IS 'Tasks of one lane and priority take turns by it.';
COMMENT ON COLUMN society.tasks.unique_key IS 'No second task of the team has it before this one has ended.';
COMMENT ON COLUMN society.tasks.open_dependencies IS 'How many tasks it still waits for.';

-- What is done is never looked for by its state.
DROP INDEX society.tasks_by_lease;
DROP INDEX society.idx_tasks_status;
DROP INDEX society.idx_tasks_priority_status;
DROP INDEX society.idx_tasks_assigned_to;
DROP INDEX society.tasks_by_creator;
CREATE INDEX tasks_by_creator ON society.tasks USING brin (created_by);
ALTER TABLE society.tasks SET (fillfactor = 50);
CREATE INDEX idx_tasks_assigned_to ON society.tasks (tenant_id, assigned_to) WHERE assigned_to IS NOT NULL;
CREATE INDEX idx_tasks_status ON society.tasks (tenant_id, status)
    WHERE status NOT IN ('completed', 'failed', 'cancelled') AND (status <> 'pending' OR place IS NULL);
CREATE INDEX idx_tasks_priority_status ON society.tasks (tenant_id, place, seq) INCLUDE (lane) WHERE status = 'pending' AND place IS NOT NULL;
CREATE INDEX tasks_by_lane ON society.tasks (lane, place, seq) WHERE status = 'pending' AND place IS NOT NULL;
CREATE INDEX tasks_by_turn ON society.tasks (lane, fair_key, priority, place) WHERE status = 'pending' AND place IS NOT NULL;
CREATE INDEX tasks_due ON society.tasks (tenant_id, scheduled_at) WHERE status = 'pending' AND place IS NULL AND open_dependencies = 0;
CREATE INDEX tasks_due_by_lane ON society.tasks (lane, scheduled_at) WHERE status = 'pending' AND place IS NULL AND open_dependencies = 0;
CREATE INDEX tasks_by_deadline ON society.tasks (deadline_at) WHERE deadline_at IS NOT NULL AND status IN ('pending', 'blocked');
CREATE UNIQUE INDEX tasks_one_per_unique_key ON society.tasks (tenant_id, unique_key)
    WHERE unique_key IS NOT NULL AND status IN ('pending', 'assigned', 'in_progress', 'blocked', 'queued');
CREATE UNIQUE INDEX tasks_one_per_idempotency_key ON society.tasks (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- Where it stands in a line is no news of a task.
DROP TRIGGER update_tasks_updated_at ON society.tasks;
CREATE TRIGGER update_tasks_updated_at BEFORE UPDATE ON society.tasks
    FOR EACH ROW WHEN (OLD.place IS NOT DISTINCT FROM NEW.place AND OLD.open_dependencies = NEW.open_dependencies)
    EXECUTE FUNCTION platform.update_updated_at_column();

-- A task that was cancelled with what it waited for comes again with it.
DROP TRIGGER tasks_follow_their_states ON society.tasks;
CREATE TRIGGER tasks_follow_their_states BEFORE UPDATE OF status ON society.tasks
    FOR EACH ROW WHEN (
        OLD.status <> NEW.status
        AND (OLD.status = 'completed'
             OR (OLD.status = 'cancelled' AND NEW.status <> 'pending')
             OR (OLD.status = 'failed' AND NEW.status IN ('completed', 'in_review', 'blocked')))
    )
    EXECUTE FUNCTION society.refuse('a completed task stays as it is; one that failed or was cancelled is tried again');

CREATE OR REPLACE FUNCTION society.stamp_task() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    resumed boolean;
BEGIN
    CASE
        WHEN NEW.status = 'queued' THEN
            NEW.queued_at := COALESCE(CASE WHEN NEW.queued_at IS DISTINCT FROM OLD.queued_at THEN NEW.queued_at END, now());
        WHEN NEW.status IN ('assigned', 'in_progress') THEN
            resumed := COALESCE(OLD.status IN ('blocked', 'in_review'), false);
            IF NEW.status = 'in_progress' THEN
                NEW.started_at := COALESCE(CASE WHEN resumed OR NEW.started_at IS DISTINCT FROM OLD.started_at THEN NEW.started_at END, now());
            END IF;
            -- A claim says by which worker: the task is its agent's.
            IF NEW.attempt_token IS DISTINCT FROM OLD.attempt_token AND NEW.worker_id IS NOT NULL THEN
                NEW.assigned_to := (SELECT agent_id FROM platform.task_workers WHERE worker_id = NEW.worker_id);
            END IF;
        WHEN NEW.status IN ('completed', 'failed', 'cancelled') THEN
            -- Another transaction, younger than this one, may have begun the task.
            IF NEW.completed_at IS NULL OR NEW.completed_at = now() THEN
                NEW.completed_at := greatest(now(), NEW.started_at);
            END IF;
            NEW.leased_until := NULL;
        WHEN NEW.status = 'pending' AND TG_OP = 'UPDATE' THEN
            -- Back in its lane, which is one agent's or anybody's.
            NEW.assigned_to := (SELECT agent_id FROM society.task_lanes WHERE lane = NEW.lane);
        ELSE NULL;
    END CASE;
    IF OLD.status IN ('failed', 'cancelled') AND NEW.status NOT IN ('failed', 'cancelled') THEN
        NEW.completed_at := NULL;
        NEW.started_at   := CASE WHEN NEW.status = 'in_progress' THEN NEW.started_at END;
    END IF;
    RETURN NEW;
END
$$;

-- lanes ---------------------------------------------------------------------------

CREATE FUNCTION society.task_patience(priority society.agent_task_priority) RETURNS interval
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE priority
        WHEN 'critical' THEN interval '0'
        WHEN 'high'     THEN interval '15 minutes'
        WHEN 'medium'   THEN interval '1 hour'
        ELSE                 interval '4 hours'
    END;

-- The lane of a profile, which is made where there is none yet.
CREATE FUNCTION society.task_lane(p_tenant uuid, p_type text, p_skills text[], p_trust numeric, p_agent uuid) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_skills text[] := CASE WHEN p_agent IS NULL THEN ARRAY(SELECT DISTINCT skill FROM unnest(p_skills) AS skill ORDER BY skill) ELSE '{}' END;
    v_trust  numeric := CASE WHEN p_agent IS NULL THEN p_trust ELSE 0 END;
    v_lane   integer;
BEGIN
    LOOP
        SELECT lane INTO v_lane
          FROM society.task_lanes
         WHERE tenant_id = p_tenant AND task_type = p_type AND required_skills = v_skills AND min_trust = v_trust
           AND agent_id IS NOT DISTINCT FROM p_agent;
        EXIT WHEN FOUND;
        INSERT INTO society.task_lanes (tenant_id, task_type, required_skills, min_trust, agent_id)
        VALUES (p_tenant, p_type, v_skills, v_trust, p_agent)
            ON CONFLICT DO NOTHING;
    END LOOP;
    RETURN v_lane;
END
$$;

-- the engine ----------------------------------------------------------------------

-- The state in which an event leaves a task.
CREATE FUNCTION society.task_status_after(event text, detail jsonb) RETURNS society.agent_task_status
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE event
        WHEN 'started'   THEN 'in_progress'::society.agent_task_status
        WHEN 'assigned'  THEN 'assigned'
        WHEN 'completed' THEN 'completed'
        WHEN 'stuck'     THEN 'queued'
        WHEN 'failed'    THEN CASE WHEN detail ? 'retry_at' THEN 'pending'::society.agent_task_status ELSE 'failed' END
        ELSE                  'pending'
    END;

CREATE FUNCTION society.task_details(attempt integer, error_message text, error_stack text, worker_id text, quality_score numeric)
    RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_strip_nulls(jsonb_build_object('attempt', NULLIF(attempt, 0), 'error_message', error_message, 'error_stack', error_stack,
                                                'worker_id', worker_id, 'quality_score', quality_score));

SELECT platform.create_task_engine(
    engine       => 'society.tasks',
    tasks        => 'society.tasks',
    dependencies => 'society.task_dependencies',
    lanes        => 'society.task_lanes',
    status       => 'society.agent_task_status',
    priority     => 'society.agent_task_priority',
    patience     => 'society.task_patience',
    -- What is recorded here the trigger need not record again.
    recorded     => $$
        INSERT INTO store.task_history (tenant_id, task_id, event_type, old_status, new_status, actor_id, user_id, details)
        SELECT changed.tenant_id, changed.id, changed.event, earlier.status, society.task_status_after(changed.event, changed.detail),
               COALESCE(earlier.assigned_to, workers.agent_id), platform.user_id(),
               society.task_details(changed.attempt, changed.error_message, changed.error_stack, changed.worker_id,
                                    CASE changed.event WHEN 'completed' THEN earlier.quality_score END) || changed.detail
          FROM (SELECT set_config('guildhall.tasks_told', 'on', true)) AS told
         CROSS JOIN changed
          JOIN society.tasks AS earlier ON earlier.id = changed.id
          LEFT JOIN platform.task_workers AS workers ON workers.worker_id = changed.worker_id$$,
    bury         => $$
    INSERT INTO store.task_history (tenant_id, task_id, event_type, new_status, actor_id, details)
    SELECT tenant_id, id, 'dead' || '_letter', status, assigned_to,
           society.task_details(attempts, error_message, NULL, worker_id, NULL)
      FROM society.tasks
     WHERE id = ANY (p_dead);
    INSERT INTO society.task_dead_letters (tenant_id, task_id, task_type, payload, error_message, error_stack, retry_history)
    SELECT tasks.tenant_id, tasks.id, tasks.task_type, tasks.payload, tasks.error_message,
           (SELECT events.details ->> 'error_stack' FROM store.task_history AS events
             WHERE events.tenant_id = tasks.tenant_id AND events.task_id = tasks.id AND events.event_type = 'failed'
             ORDER BY events.created_at DESC LIMIT 1),
           COALESCE((
               SELECT jsonb_agg((events.details - 'error_stack') || jsonb_build_object('event', events.event_type, 'at', events.created_at)
                                ORDER BY events.created_at)
                 FROM store.task_history AS events
                WHERE events.tenant_id = tasks.tenant_id AND events.task_id = tasks.id
                  AND (events.event_type = 'failed' OR events.event_type = 'st' || 'uck')
           ), '[]')
      FROM society.tasks AS tasks
     WHERE tasks.id = ANY (p_dead)
        ON CONFLICT DO NOTHING$$,
    revive       => $$
        UPDATE society.task_dead_letters
           SET resolution = 'redriven', resolved_at = now(), resolved_by = platform.user_id()
         WHERE task_id = ANY (v_again) AND resolved_at IS NULL$$,
    words        => '{"queued": "assigned", "running": "in_progress", "paused": "blocked", "dead_letter": "failed"}'
);

-- What the engine calls stuck is queued here, to be given out again. The words
-- are put in one after the other, and 'queued' is one of the template's too, so
-- this one comes last. And tasks are added by a function that knows of skills.
DO $$
DECLARE
    rendered record;
BEGIN
    FOR rendered IN
        SELECT oid, proname FROM pg_proc WHERE pronamespace = 'society'::regnamespace AND proname ^@ 'tasks_' AND prosrc LIKE '%''stuck''%'
    LOOP
        IF rendered.proname = 'tasks_enqueue' THEN
            EXECUTE format('DROP FUNCTION %s', rendered.oid::regprocedure);
        ELSE
            EXECUTE replace(replace(pg_get_functiondef(rendered.oid), '''stuck''', '''queued'''),
                            'THEN ''queued'' ELSE ''rescued'' END AS event', 'THEN ''stuck'' ELSE ''rescued'' END AS event');
        END IF;
    END LOOP;
END
$$;

-- who waits for whom ---------------------------------------------------------------

ALTER TABLE society.task_dependencies
    ADD COLUMN on_failure varchar(10) NOT NULL DEFAULT 'cancel',
    ADD COLUMN is_settled boolean     NOT NULL DEFAULT false,
    ADD COLUMN goes_back  boolean     NOT NULL DEFAULT false,
    ADD CONSTRAINT task_dependencies_policy_is_known CHECK (on_failure IN ('cancel', 'ignore', 'fail'));
COMMENT ON COLUMN society.task_dependencies.kind IS 'Tasks wait by finish_to_start; the others are notes.';
COMMENT ON COLUMN society.task_dependencies.on_failure IS 'What becomes of the task that waits if the other does not complete.';
COMMENT ON COLUMN society.task_dependencies.is_settled IS 'Whether the task has stopped waiting for this one, or never did; then it is not counted in open_dependencies.';
COMMENT ON COLUMN society.task_dependencies.goes_back IS 'Whether a task waits for one that was added later; without such an edge there is no circle.';
CREATE INDEX task_dependencies_that_go_back ON society.task_dependencies (tenant_id) WHERE goes_back;
DROP INDEX society.task_dependencies_by_dependency;
CREATE INDEX task_dependencies_by_dependency ON society.task_dependencies (depends_on_task_id);
ALTER TABLE society.task_dependencies SET (fillfactor = 50);

-- Edges that there were before hold nobody up whose work has begun, and count for the others.
UPDATE society.task_dependencies AS edges
   SET is_settled = edges.kind <> 'finish_to_start' OR waiting.status NOT IN ('pending', 'blocked')
                    OR awaited.status IN ('completed', 'failed', 'cancelled'),
       goes_back = waiting.seq <= awaited.seq
  FROM society.tasks AS waiting, society.tasks AS awaited
 WHERE waiting.id = edges.task_id AND awaited.id = edges.depends_on_task_id;
UPDATE society.tasks
   SET open_dependencies = counted.n
  FROM (SELECT task_id, count(*) AS n FROM society.task_dependencies WHERE NOT is_settled GROUP BY task_id) AS counted
 WHERE counted.task_id = tasks.id;

-- What new edges mean for the tasks that wait by them. A team's edges are added
-- one transaction at a time: two who add an edge each could close a circle that
-- neither sees. A circle goes back somewhere, against the order in which its tasks
-- were added, so where nothing does none is looked for.
DROP TRIGGER task_dependencies_are_not_circular ON society.task_dependencies;
DROP FUNCTION society.refuse_circular_dependency();
CREATE FUNCTION society.admit_dependencies() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    SET enable_seqscan = off
AS $$
DECLARE
    v_team    uuid;
    v_wrong   record;
    v_back    record;
    v_edge    uuid[];
    v_reached uuid[];
    v_by      uuid[];
    v_path    uuid[];
BEGIN
    FOR v_team IN SELECT DISTINCT tenant_id FROM added ORDER BY tenant_id LOOP
        PERFORM pg_advisory_xact_lock(hashtext('society.task_dependencies'), hashtext(v_team::text));
    END LOOP;
    -- One that ends meanwhile would not see who waits for it.
    PERFORM FROM society.tasks WHERE id = ANY (ARRAY(SELECT DISTINCT depends_on_task_id FROM added)) ORDER BY id FOR SHARE;
    SELECT awaited.id, awaited.status INTO v_wrong
      FROM added
      JOIN society.tasks AS awaited ON awaited.id = added.depends_on_task_id
      JOIN society.tasks AS waiting ON waiting.id = added.task_id
     WHERE awaited.status IN ('failed', 'cancelled') AND added.on_failure <> 'ignore' AND added.kind = 'finish_to_start'
       AND waiting.status IN ('pending', 'blocked')
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'task % is % already', v_wrong.id, v_wrong.status
              USING ERRCODE = 'check_violation', CONSTRAINT = 'task_dependency_may_succeed', DETAIL = v_wrong.id::text;
    END IF;

    UPDATE society.task_dependencies AS edges
       SET goes_back  = waiting.seq <= awaited.seq,
           is_settled = edges.kind <> 'finish_to_start' OR waiting.status NOT IN ('pending', 'blocked')
                        OR awaited.status IN ('completed', 'failed', 'cancelled')
      FROM added
      JOIN society.tasks AS waiting ON waiting.id = added.task_id
      JOIN society.tasks AS awaited ON awaited.id = added.depends_on_task_id
     WHERE edges.id = added.id
       AND (waiting.seq <= awaited.seq OR edges.kind <> 'finish_to_start' OR waiting.status NOT IN ('pending', 'blocked')
            OR awaited.status IN ('completed', 'failed', 'cancelled'));

    FOR v_back IN
        SELECT task_id, depends_on_task_id AS awaited_id, tenant_id
          FROM society.task_dependencies
         WHERE goes_back AND NOT is_settled AND tenant_id IN (SELECT tenant_id FROM added)
    LOOP
        -- What it would wait for, further and further away, and by which each was reached.
        v_reached := ARRAY[v_back.awaited_id];
        v_by      := ARRAY[v_back.task_id];
        v_edge    := v_reached;
        WHILE v_edge IS NOT NULL AND v_back.task_id <> ALL (v_reached) LOOP
            SELECT array_agg(further.id), v_reached || array_agg(further.id), v_by || array_agg(further.task_id)
              INTO v_edge, v_reached, v_by
              FROM (
                       SELECT DISTINCT ON (edges.depends_on_task_id) edges.depends_on_task_id AS id, edges.task_id
                         FROM unnest(v_edge) AS reached (id)
                         JOIN society.task_dependencies AS edges ON edges.tenant_id = v_back.tenant_id AND edges.task_id = reached.id
                        WHERE NOT edges.is_settled AND edges.depends_on_task_id <> ALL (v_reached)
                   ) AS further;
        END LOOP;
        IF v_edge IS NOT NULL THEN
            v_path := ARRAY[v_back.task_id];
            LOOP
                v_path := v_by[array_position(v_reached, v_path[1])] || v_path;
                EXIT WHEN v_path[1] = v_back.task_id;
            END LOOP;
            RAISE EXCEPTION 'tasks would wait for each other: %',
                    (SELECT string_agg(tasks.task_id, ' → ' ORDER BY circle.n)
                       FROM unnest(v_path) WITH ORDINALITY AS circle (id, n) JOIN society.tasks ON tasks.id = circle.id)
                  USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
                        CONSTRAINT = 'task_dependencies_are_not_circular', DETAIL = array_to_string(v_path, ' ');
        END IF;
    END LOOP;

    UPDATE society.tasks
       SET open_dependencies = tasks.open_dependencies + counted.n, place = NULL
      FROM (
               SELECT edges.task_id, count(*)::integer AS n
                 FROM added JOIN society.task_dependencies AS edges ON edges.id = added.id
                WHERE NOT edges.is_settled
                GROUP BY edges.task_id
           ) AS counted
     WHERE tasks.id = counted.task_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER task_dependencies_are_not_circular AFTER INSERT ON society.task_dependencies
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION society.admit_dependencies();

-- Whoever takes an edge away lets the task go on.
CREATE FUNCTION society.forget_dependencies() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_ready uuid[];
BEGIN
    WITH changed AS (
        UPDATE society.tasks
           SET open_dependencies = tasks.open_dependencies - counted.n
          FROM (SELECT task_id, count(*)::integer AS n FROM removed WHERE NOT is_settled GROUP BY task_id) AS counted
         WHERE tasks.id = counted.task_id AND tasks.status IN ('pending', 'blocked')
        RETURNING tasks.id, tasks.open_dependencies
    )
    SELECT array_agg(id) FILTER (WHERE open_dependencies = 0) INTO v_ready FROM changed;
    IF v_ready IS NOT NULL THEN
        PERFORM society.tasks_take_places(v_ready);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER task_dependencies_are_forgotten AFTER DELETE ON society.task_dependencies
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION society.forget_dependencies();

-- how tasks are added ----------------------------------------------------------------

-- What a task is to be, by the keys of a JSON object.
CREATE TYPE society.new_task AS (
    id uuid, task_id varchar(100), title varchar(500), description text, task_type varchar(100), payload jsonb,
    priority society.agent_task_priority, required_skills text[], min_trust numeric, assigned_to uuid, scheduled_at timestamptz,
    max_retries integer, timeout interval, deadline_at timestamptz, unique_key varchar(255), idempotency_key varchar(255),
    fair_key varchar(255), weight double precision, waits_for jsonb
);

-- With what their types and the house say where they say nothing.
CREATE FUNCTION society.tasks_wanted(p_tasks jsonb) RETURNS SETOF society.new_task
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT given.id, COALESCE(given.task_id, 'task-' || replace(right(given.id::text, 17), '-', '')),
           COALESCE(given.title, given.task_type, 'task'), given.description, COALESCE(given.task_type, 'task'),
           COALESCE(given.payload, '{}'), COALESCE(given.priority, 'medium'),
           ARRAY(SELECT unnest(given.required_skills) UNION SELECT unnest(types.required_skills) ORDER BY 1),
           GREATEST(given.min_trust, types.min_trust, 0), given.assigned_to, COALESCE(given.scheduled_at, now()),
           COALESCE(given.max_retries, types.max_retries, 3), COALESCE(given.timeout, types.timeout), given.deadline_at,
           given.unique_key, given.idempotency_key, COALESCE(given.fair_key, '-'), COALESCE(given.weight, 1),
           COALESCE(given.waits_for, '[]')
      FROM jsonb_array_elements(p_tasks) WITH ORDINALITY AS objects (object, n)
     CROSS JOIN LATERAL jsonb_populate_record(NULL::society.new_task, objects.object) AS given
      LEFT JOIN society.task_types AS types ON types.tenant_id = platform.tenant_id() AND types.name = given.task_type
     ORDER BY n
$$;

-- Adds tasks of the transaction's team, all of them or none. `waits_for` is an
-- array of {"task": id, "on_failure": "cancel" | "fail" | "ignore"}, of tasks
-- that exist or stand in the same call. A unique key that a live task of the team
-- has, or an idempotency key that any has: that task is answered.
CREATE FUNCTION society.tasks_enqueue(p_tasks jsonb) RETURNS TABLE (id uuid, is_new boolean)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    v_new    society.new_task[];
    v_final  uuid[];
    v_lanes  integer[];
    v_places timestamptz[];
    v_wrong  text;
BEGIN
    v_new := ARRAY(
        SELECT wanted FROM society.tasks_wanted((
            SELECT jsonb_agg(jsonb_build_object('id', gen_random_uuid()) || jsonb_strip_nulls(objects.object) ORDER BY objects.n)
              FROM jsonb_array_elements(p_tasks) WITH ORDINALITY AS objects (object, n)
        )) AS wanted
    );
    v_wrong := (SELECT min(new.task_type) FROM unnest(v_new) AS new
                 WHERE new.task_type <> 'task'
                   AND NOT EXISTS (SELECT FROM society.task_types AS types WHERE types.tenant_id = platform.tenant_id() AND types.name = new.task_type));
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'there is no task type %', v_wrong
              USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_type_is_known', DETAIL = v_wrong;
    END IF;
    v_wrong := (SELECT min(new.deadline_at) FROM unnest(v_new) AS new WHERE new.deadline_at <= now());
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'the deadline % has passed', v_wrong
              USING ERRCODE = 'check_violation', CONSTRAINT = 'task_deadline_is_ahead', DETAIL = v_wrong;
    END IF;

    -- Whoever has a key already is who is meant; of several here, the first.
    v_final := ARRAY(
        SELECT COALESCE(
                   (SELECT live.id FROM society.tasks AS live
                     WHERE live.tenant_id = platform.tenant_id() AND live.unique_key = new.unique_key
                       AND live.status IN ('pending', 'assigned', 'in_progress', 'blocked', 'queued')),
                   (SELECT known.id FROM society.tasks AS known
                     WHERE known.tenant_id = platform.tenant_id() AND known.idempotency_key = new.idempotency_key),
                   CASE WHEN new.unique_key IS NOT NULL THEN first_value(new.id) OVER (PARTITION BY new.unique_key ORDER BY ordinality)
                        WHEN new.idempotency_key IS NOT NULL THEN first_value(new.id) OVER (PARTITION BY new.idempotency_key ORDER BY ordinality) END,
                   new.id
               )
          FROM unnest(v_new) WITH ORDINALITY AS new
         ORDER BY ordinality
    );

    WITH lanes AS MATERIALIZED (
        SELECT profiles.*, society.task_lane(platform.tenant_id(), task_type, required_skills, min_trust, assigned_to) AS lane
          FROM (SELECT DISTINCT task_type, required_skills, min_trust, assigned_to FROM unnest(v_new)) AS profiles
    )
    SELECT array_agg(lanes.lane ORDER BY n),
           society.tasks_places(array_agg(lanes.lane ORDER BY n), array_agg(fair_key::text ORDER BY n), array_agg(priority ORDER BY n),
                                array_agg(weight ORDER BY n), array_agg(scheduled_at ORDER BY n))
      INTO v_lanes, v_places
      FROM (SELECT *, ordinality AS n FROM unnest(v_new) WITH ORDINALITY) AS new
      JOIN lanes USING (task_type, required_skills, min_trust)
     WHERE lanes.assigned_to IS NOT DISTINCT FROM new.assigned_to;

    INSERT INTO society.tasks (id, task_id, title, description, task_type, payload, priority, required_skills, min_trust, assigned_to,
                               scheduled_at, max_retries, timeout, deadline_at, unique_key, idempotency_key, fair_key, weight, lane, place)
    SELECT id, task_id, title, description, task_type, payload, priority, required_skills, min_trust, assigned_to, scheduled_at,
           max_retries, timeout, deadline_at, unique_key, idempotency_key, fair_key, weight, v_lanes[ordinality],
           CASE WHEN scheduled_at <= now() AND waits_for = '[]' THEN v_places[ordinality] END
      FROM unnest(v_new) WITH ORDINALITY
     WHERE id = v_final[ordinality]
     ORDER BY ordinality;

    IF EXISTS (SELECT FROM unnest(v_new) WHERE waits_for <> '[]') THEN
        INSERT INTO society.task_dependencies (task_id, depends_on_task_id, on_failure)
        SELECT new.id, COALESCE(v_final[ahead.ordinality], edge.task), COALESCE(min(edge.on_failure), 'cancel')
          FROM unnest(v_new) WITH ORDINALITY AS new
         CROSS JOIN LATERAL jsonb_to_recordset(new.waits_for) AS edge (task uuid, on_failure text)
          LEFT JOIN unnest(v_new) WITH ORDINALITY AS ahead ON ahead.id = edge.task
         WHERE new.id = v_final[new.ordinality]
         GROUP BY 1, 2;
        PERFORM society.tasks_take_places(ARRAY(SELECT id FROM unnest(v_new) WHERE waits_for <> '[]'));
    END IF;
    RETURN QUERY SELECT v_final[ordinality], new.id = v_final[ordinality] FROM unnest(v_new) WITH ORDINALITY AS new ORDER BY ordinality;
END
$$;

-- A task that a plain INSERT adds stands in its line like any other.
CREATE FUNCTION society.admit_task() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.max_retries := COALESCE(NEW.max_retries, (SELECT max_retries FROM society.task_types WHERE tenant_id = NEW.tenant_id AND name = NEW.task_type), 3);
        NEW.timeout     := COALESCE(NEW.timeout, (SELECT timeout FROM society.task_types WHERE tenant_id = NEW.tenant_id AND name = NEW.task_type));
        NEW.fair_key    := COALESCE(NEW.fair_key, '-');
    END IF;
    NEW.lane  := society.task_lane(NEW.tenant_id, NEW.task_type, NEW.required_skills, NEW.min_trust, NEW.assigned_to);
    NEW.place := NULL;
    IF NEW.deleted_at IS NOT NULL THEN
        NEW.scheduled_at := 'infinity'; -- nobody begins what is deleted
    ELSIF TG_OP = 'UPDATE' AND OLD.deleted_at IS NOT NULL THEN
        NEW.scheduled_at := now();
    END IF;
    IF NEW.status = 'pending' AND NEW.open_dependencies = 0 AND NEW.scheduled_at <= now() THEN
        NEW.place := (society.tasks_places(ARRAY[NEW.lane], ARRAY[NEW.fair_key::text], ARRAY[NEW.priority], ARRAY[NEW.weight],
                                           ARRAY[NEW.scheduled_at]))[1];
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER tasks_are_admitted BEFORE INSERT ON society.tasks
    FOR EACH ROW WHEN (NEW.lane IS NULL) EXECUTE FUNCTION society.admit_task();
-- And one that asks for something else, or for somebody else, changes lines.
CREATE TRIGGER tasks_change_lines BEFORE UPDATE OF task_type, required_skills, min_trust, assigned_to, priority, scheduled_at, deleted_at ON society.tasks
    FOR EACH ROW WHEN (
        NEW.status IN ('pending', 'blocked') AND OLD.status = NEW.status
        AND (OLD.task_type, OLD.required_skills, OLD.min_trust, OLD.assigned_to, OLD.priority, OLD.deleted_at)
            IS DISTINCT FROM (NEW.task_type, NEW.required_skills, NEW.min_trust, NEW.assigned_to, NEW.priority, NEW.deleted_at)
    )
    EXECUTE FUNCTION society.admit_task();
UPDATE society.tasks
   SET fair_key = '-',
       lane = society.task_lane(tenant_id, task_type, required_skills, min_trust,
                                CASE WHEN status IN ('pending', 'blocked') THEN assigned_to END);
UPDATE society.tasks
   SET place = created_at + society.task_patience(priority)
 WHERE status = 'pending' AND open_dependencies = 0 AND deleted_at IS NULL;
UPDATE society.tasks SET scheduled_at = 'infinity' WHERE deleted_at IS NOT NULL AND status = 'pending';
ALTER TABLE society.tasks ALTER COLUMN lane SET NOT NULL, ALTER COLUMN fair_key SET NOT NULL;

-- how agents take them ---------------------------------------------------------------

-- The lanes at whose heads stand the next `p_n` tasks that an agent may have, by
-- its skills and its trust; without those that it has tried already. Whoever may
-- serve many lanes walks along the team's line first: its tasks are soon found
-- there, unless hundreds stand before them that it may not have. Else the head of each of its lanes is looked at.
CREATE FUNCTION society.tasks_lanes_for(p_agent uuid, p_n integer, p_tried integer[] DEFAULT '{}') RETURNS integer[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
AS $$
DECLARE
    v_team    uuid;
    v_trust   numeric;
    v_skills  text[];
    v_entries text[];
    v_lanes   integer[];
BEGIN
    SELECT tenant_id, COALESCE(trust_score, 0), ARRAY(SELECT skill_name FROM society.agent_skills
                                                       WHERE agent_skills.tenant_id = agents.tenant_id AND agent_skills.agent_id = agents.id)
      INTO v_team, v_trust, v_skills
      FROM society.agents
     WHERE id = p_agent AND (platform.tenant_id() IS NULL OR tenant_id = platform.tenant_id());

    v_entries := v_skills || ARRAY['', p_agent::text];
    IF 64 < (SELECT count(*) FROM society.task_lanes WHERE tenant_id = v_team AND entry = ANY (v_entries)) THEN
        SELECT array_agg(lane) INTO v_lanes
          FROM (
                   SELECT first.lane
                     FROM (SELECT lane, place, seq FROM society.tasks
                            WHERE tenant_id = v_team AND status = 'pending' AND place IS NOT NULL ORDER BY place, seq LIMIT 512) AS first
                     JOIN society.task_lanes AS lanes ON lanes.lane = first.lane
                    WHERE (lanes.agent_id IS NULL OR lanes.agent_id = p_agent)
                      AND lanes.required_skills <@ v_skills AND lanes.min_trust <= v_trust AND NOT lanes.is_paused
                      AND lanes.lane <> ALL (p_tried)
                    ORDER BY first.place, first.seq
                    LIMIT p_n
               ) AS heads;
    END IF;
    IF cardinality(v_lanes) < p_n OR v_lanes IS NULL THEN
        SELECT array_agg(lane) INTO v_lanes
          FROM (
                   SELECT lanes.lane
                     FROM society.task_lanes AS lanes
                    CROSS JOIN LATERAL (
                              SELECT tasks.place, tasks.seq FROM society.tasks
                               WHERE tasks.lane = lanes.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                               ORDER BY tasks.place, tasks.seq LIMIT 1
                          ) AS head
                    WHERE lanes.tenant_id = v_team AND lanes.entry = ANY (v_entries)
                      AND (lanes.agent_id IS NULL OR lanes.agent_id = p_agent)
                      AND lanes.required_skills <@ v_skills AND lanes.min_trust <= v_trust AND NOT lanes.is_paused
                      AND lanes.lane <> ALL (p_tried)
                    ORDER BY head.place, head.seq
                    LIMIT p_n
               ) AS heads;
    END IF;
    RETURN ARRAY(SELECT DISTINCT unnest(v_lanes));
END
$$;

-- The name under which an agent works.
CREATE FUNCTION society.worker_of(p_agent uuid) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 'agent/' || p_agent::text;

-- Makes an agent known as a worker, or known again; it has its tasks for `p_lease`
-- after each sign of life.
CREATE FUNCTION society.tasks_present(p_agent uuid, p_lease interval DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM platform.task_workers
                    WHERE worker_id = society.worker_of(p_agent) AND lease = COALESCE(p_lease, lease)
                      AND last_seen >= now() - lease / 2) THEN
        PERFORM platform.register_worker(
            society.worker_of(p_agent), '{}', 1,
            COALESCE(p_lease, (SELECT lease FROM platform.task_workers WHERE worker_id = society.worker_of(p_agent)), '5 minutes'),
            NULL, NULL, p_agent);
    END IF;
END
$$;

-- Gives an agent up to `p_n` tasks of the lanes that it may serve, in the order in
-- which to begin. The first `p_begin` of them (all, if null) are in progress, the
-- others assigned to it.
CREATE FUNCTION society.tasks_take(p_agent uuid, p_n integer, p_begin integer DEFAULT NULL, p_lease interval DEFAULT NULL)
    RETURNS TABLE (
        id uuid, tenant_id uuid, task_type varchar, payload jsonb, attempt_token uuid, attempt integer, retry_count integer,
        max_retries integer, leased_until timestamptz, status text, created_by uuid
    )
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    v_lanes integer[];
    v_tried integer[] := '{}';
    v_got   integer := 0;
    v_more  integer;
BEGIN
    PERFORM society.tasks_present(p_agent, p_lease);
    v_lanes := ARRAY(
        SELECT DISTINCT due.lane
          FROM (SELECT tasks.lane FROM society.tasks
                 WHERE tasks.tenant_id = (SELECT agents.tenant_id FROM society.agents WHERE agents.id = p_agent)
                   AND tasks.status = 'pending' AND tasks.place IS NULL AND tasks.open_dependencies = 0 AND tasks.scheduled_at <= now()
                 ORDER BY tasks.scheduled_at LIMIT 1000) AS due
    );
    IF v_lanes <> '{}' THEN
        PERFORM society.tasks_promote(v_lanes);
    END IF;
    -- What others take meanwhile is made up for from further lanes.
    WHILE v_got < p_n LOOP
        v_lanes := society.tasks_lanes_for(p_agent, p_n - v_got, v_tried);
        EXIT WHEN v_lanes = '{}';
        RETURN QUERY SELECT * FROM society.tasks_claim(society.worker_of(p_agent), v_lanes, p_n - v_got,
                                                        CASE WHEN p_begin IS NOT NULL THEN GREATEST(p_begin - v_got, 0) END);
        GET DIAGNOSTICS v_more = ROW_COUNT;
        v_got := v_got + v_more;
        v_tried := v_tried || v_lanes;
    END LOOP;
END
$$;

-- Completes tasks with what they are worth, from 0 to 1; a null says nothing.
CREATE FUNCTION society.tasks_finish(p_worker text, p_ids uuid[], p_tokens uuid[], p_results jsonb[], p_scores numeric[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
AS $$
BEGIN
    IF num_nonnulls(VARIADIC p_scores) > 0 THEN
        PERFORM set_config('guildhall.tasks_told', 'on', true);
        UPDATE society.tasks
           SET quality_score = given.score
          FROM unnest(p_ids, p_tokens, p_scores) AS given (id, token, score)
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'in_progress' AND given.score IS NOT NULL;
    END IF;
    RETURN QUERY SELECT * FROM society.tasks_complete(p_worker, p_ids, p_tokens, p_results);
END
$$;

-- what follows from a change ------------------------------------------------------------

-- An agent's figures: a task counts when it ends, once; a score or a time that is
-- corrected afterwards replaces the old one. What ended before anybody began it,
-- with what it waited for or by its deadline, is nobody's failure.
DROP TRIGGER task_completion_updates_agent_stats ON society.tasks;
DROP TRIGGER ended_tasks_update_agent_stats ON society.tasks;
CREATE OR REPLACE FUNCTION society.update_agent_stats_on_task_completion() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
    SET enable_nestloop = off
    SET enable_hashjoin = on
AS $$
DECLARE
    figures record;
BEGIN
    -- In the order of their ids, so that two who end tasks do not wait for each other.
    FOR figures IN
        SELECT tenant_id, assigned_to, count(*) FILTER (WHERE ends AND status = 'completed') AS completed,
               count(*) FILTER (WHERE ends AND status = 'failed') AS failed,
               COALESCE(sum(quality_score) FILTER (WHERE status = 'completed'), 0) - COALESCE(sum(old_score), 0) AS score,
               count(quality_score) FILTER (WHERE status = 'completed') - count(old_score) AS scores,
               COALESCE(sum(duration_ms) FILTER (WHERE status = 'completed'), 0) - COALESCE(sum(old_time), 0) AS time_ms,
               count(duration_ms) FILTER (WHERE status = 'completed') - count(old_time) AS times
          FROM (
                   SELECT after.*, before.status <> after.status AS ends,
                          CASE WHEN before.status = 'completed' THEN before.quality_score END AS old_score,
                          CASE WHEN before.status = 'completed' THEN before.duration_ms END AS old_time
                     FROM before JOIN after USING (id)
                    WHERE after.assigned_to IS NOT NULL AND after.status IN ('completed', 'failed')
                      AND (before.status, before.quality_score, before.duration_ms) IS DISTINCT FROM (after.status, after.quality_score, after.duration_ms)
                      AND NOT (after.status = 'failed' AND before.status IN ('pending', 'blocked')
                               AND (after.open_dependencies > 0 OR COALESCE(after.deadline_at <= now(), false)))
               ) AS ended
         GROUP BY tenant_id, assigned_to
         ORDER BY assigned_to
    LOOP
        UPDATE society.agents
           SET tasks_completed     = tasks_completed + figures.completed,
               tasks_failed        = tasks_failed + figures.failed,
               quality_score_total = quality_score_total + figures.score,
               quality_score_count = quality_score_count + figures.scores,
               task_time_total_ms  = task_time_total_ms + figures.time_ms,
               task_time_count     = task_time_count + figures.times
         WHERE id = figures.assigned_to;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE TRIGGER task_completion_updates_agent_stats AFTER UPDATE ON society.tasks
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT
    EXECUTE FUNCTION society.update_agent_stats_on_task_completion();
-- Tasks that are written down after their end.
CREATE FUNCTION society.count_ended_tasks() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    figures record;
BEGIN
    FOR figures IN
        SELECT assigned_to, count(*) FILTER (WHERE status = 'completed') AS completed, count(*) FILTER (WHERE status = 'failed') AS failed,
               COALESCE(sum(quality_score) FILTER (WHERE status = 'completed'), 0) AS score,
               count(quality_score) FILTER (WHERE status = 'completed') AS scores,
               COALESCE(sum(duration_ms) FILTER (WHERE status = 'completed'), 0) AS time_ms,
               count(duration_ms) FILTER (WHERE status = 'completed') AS times
          FROM added
         WHERE assigned_to IS NOT NULL AND status IN ('completed', 'failed')
         GROUP BY assigned_to
         ORDER BY assigned_to
    LOOP
        UPDATE society.agents
           SET tasks_completed     = tasks_completed + figures.completed,
               tasks_failed        = tasks_failed + figures.failed,
               quality_score_total = quality_score_total + figures.score,
               quality_score_count = quality_score_count + figures.scores,
               task_time_total_ms  = task_time_total_ms + figures.time_ms,
               task_time_count     = task_time_count + figures.times
         WHERE id = figures.assigned_to;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE TRIGGER ended_tasks_update_agent_stats AFTER INSERT ON society.tasks
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION society.count_ended_tasks();

-- The history, and who had a task when. Agents' steps are in the history already:
-- the statement that made them has said so.
DROP TRIGGER tasks_keep_a_history ON society.tasks;
DROP FUNCTION society.record_task_event();
-- Both name the task by a plain id: they are written by triggers of its own.
ALTER TABLE store.task_history DROP CONSTRAINT task_history_tenant_id_task_id_fkey;
ALTER TABLE society.task_assignments DROP CONSTRAINT task_assignments_tenant_id_task_id_fkey;
-- Partitions are made ahead; where upkeep has stood still, here, once for each session and month.
CREATE FUNCTION society.ready_task_history() RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    month CONSTANT text := to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM');
BEGIN
    IF current_setting('guildhall.task_history_until', true) IS DISTINCT FROM month THEN
        PERFORM platform.ensure_partitions('task_history', now(), now() + interval '1 month');
        PERFORM set_config('guildhall.task_history_until', month, false);
    END IF;
END
$$;
CREATE FUNCTION society.follow_tasks() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
    SET enable_nestloop = off
    SET enable_hashjoin = on
    SET enable_seqscan = off
AS $$
DECLARE
    is_told   CONSTANT boolean := COALESCE(current_setting('guildhall.tasks_told', true) = 'on', false);
    v_teams   uuid[];
    v_left    uuid[];
    v_taken   uuid[];
    v_holders uuid[];
    v_of      uuid[];
BEGIN
    IF is_told THEN
        PERFORM set_config('guildhall.tasks_told', '', true);
    END IF;
    PERFORM society.ready_task_history();
    IF NOT is_told THEN
        INSERT INTO store.task_history (tenant_id, task_id, event_type, old_status, new_status, details)
        SELECT after.tenant_id, after.id,
               CASE WHEN before.deleted_at IS DISTINCT FROM after.deleted_at
                    THEN CASE WHEN after.deleted_at IS NULL THEN 'restored' ELSE 'deleted' END
                    WHEN before.status = 'blocked' AND after.status = 'pending' THEN 'resumed'
                    WHEN before.status IN ('failed', 'cancelled') AND after.status = 'pending' THEN 'retried'
                    WHEN before.status <> after.status THEN after.status::text
                    WHEN before.assigned_to IS DISTINCT FROM after.assigned_to
                    THEN CASE WHEN after.assigned_to IS NULL THEN 'released' ELSE 'assigned' END
                    ELSE 'changed' END,
               before.status, after.status,
               (SELECT COALESCE(jsonb_object_agg(key, value), '{}')
                  FROM jsonb_each(jsonb_build_object(
                           'status', after.status, 'assigned_to', after.assigned_to, 'priority', after.priority, 'title', after.title,
                           'deadline_at', after.deadline_at, 'quality_score', after.quality_score, 'deleted_at', after.deleted_at,
                           'error_message', CASE WHEN after.status IN ('failed', 'cancelled') THEN after.error_message END))
                 WHERE value IS DISTINCT FROM to_jsonb(before) -> key)
          FROM before JOIN after USING (id)
         WHERE (before.status, before.assigned_to, before.priority, before.title, before.deadline_at, before.quality_score, before.deleted_at)
               IS DISTINCT FROM
               (after.status, after.assigned_to, after.priority, after.title, after.deadline_at, after.quality_score, after.deleted_at)
           AND NOT (before.status = 'queued' AND after.status = 'failed'); -- a dead letter, which says so itself
    END IF;

    SELECT array_agg(DISTINCT tenant_id), array_agg(id) FILTER (WHERE held_by IS NOT NULL),
           array_agg(id) FILTER (WHERE holder IS NOT NULL), array_agg(holder) FILTER (WHERE holder IS NOT NULL),
           array_agg(tenant_id) FILTER (WHERE holder IS NOT NULL)
      INTO v_teams, v_left, v_taken, v_holders, v_of
      FROM (
               SELECT after.tenant_id, after.id,
                      CASE WHEN before.deleted_at IS NULL AND before.status NOT IN ('completed', 'failed', 'cancelled') THEN before.assigned_to END AS held_by,
                      CASE WHEN after.deleted_at IS NULL AND after.status NOT IN ('completed', 'failed', 'cancelled') THEN after.assigned_to END AS holder
                 FROM before JOIN after USING (id)
           ) AS changed
     WHERE held_by IS DISTINCT FROM holder;
    IF v_left IS NOT NULL THEN
        UPDATE society.task_assignments
           SET released_at = clock_timestamp()
         WHERE tenant_id = ANY (v_teams) AND task_id = ANY (v_left) AND released_at IS NULL;
    END IF;
    IF v_taken IS NOT NULL THEN
        INSERT INTO society.task_assignments (tenant_id, task_id, agent_id, assigned_by, assigned_by_agent)
        SELECT taken.tenant_id, taken.id, taken.holder, platform.user_id(), society.acting_agent()
          FROM unnest(v_of, v_taken, v_holders) AS taken (tenant_id, id, holder);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER tasks_keep_a_history AFTER UPDATE ON society.tasks
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION society.follow_tasks();

CREATE FUNCTION society.follow_new_tasks() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM society.ready_task_history();
    INSERT INTO store.task_history (tenant_id, task_id, event_type, new_status, details)
    SELECT tenant_id, id, 'created', status,
           jsonb_strip_nulls(jsonb_build_object('status', status, 'assigned_to', assigned_to, 'priority', priority, 'title', title,
                                                'deadline_at', deadline_at, 'quality_score', quality_score, 'deleted_at', deleted_at))
      FROM added;
    INSERT INTO society.task_assignments (tenant_id, task_id, agent_id, assigned_by, assigned_by_agent)
    SELECT tenant_id, id, assigned_to, platform.user_id(), society.acting_agent()
      FROM added
     WHERE assigned_to IS NOT NULL AND deleted_at IS NULL AND status NOT IN ('completed', 'failed', 'cancelled');
    RETURN NULL;
END
$$;
CREATE TRIGGER new_tasks_begin_a_history AFTER INSERT ON society.tasks
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION society.follow_new_tasks();

-- what there is to see ----------------------------------------------------------------------

-- What is ready and what is not have an index each.
CREATE OR REPLACE VIEW society.v_task_queue_summary WITH (security_invoker = true) AS
    SELECT tenant_id, status, priority, count(*) AS task_count,
           count(*) FILTER (WHERE assigned_to IS NULL) AS unassigned_count,
           count(*) FILTER (WHERE deadline_at < now()) AS overdue_count,
           min(created_at) AS oldest_created_at,
           avg(extract(epoch FROM now() - created_at) * 1000) AS average_wait_ms,
           count(*) FILTER (WHERE status = 'pending' AND open_dependencies = 0 AND scheduled_at <= now()) AS ready_count,
           count(*) FILTER (WHERE open_dependencies > 0) AS waiting_count
      FROM (
               SELECT tenant_id, status, priority, assigned_to, deadline_at, created_at, open_dependencies, scheduled_at, deleted_at
                 FROM society.tasks WHERE status = 'pending' AND place IS NOT NULL
                UNION ALL
               SELECT tenant_id, status, priority, assigned_to, deadline_at, created_at, open_dependencies, scheduled_at, deleted_at
                 FROM society.tasks WHERE status NOT IN ('completed', 'failed', 'cancelled') AND (status <> 'pending' OR place IS NULL)
           ) AS tasks
     WHERE tenant_id = (SELECT platform.tenant_id())
       AND deleted_at IS NULL
     GROUP BY tenant_id, status, priority;
DO $$
DECLARE
    path CONSTANT text := set_config('search_path', current_setting('search_path'), true);
BEGIN
    PERFORM set_config('search_path', 'pg_catalog, pg_temp', true); -- so that names are written out
    EXECUTE 'CREATE OR REPLACE VIEW mine.v_task_queue_summary WITH (security_barrier, security_invoker) AS '
            || replace(pg_get_viewdef('society.v_task_queue_summary'::regclass), 'platform.tenant_id()', 'platform.login_tenant()');
    PERFORM set_config('search_path', path, true);
END
$$;

-- who may do what ----------------------------------------------------------------------------

SELECT society.settle('society.task_types');
SELECT society.settle('society.task_lanes', audited => false,
                      kept => '{lane, task_type, required_skills, min_trust, agent_id, rate_used_to, retry_base, retry_most, created_at}');
SELECT society.settle('society.task_dead_letters', kept => '{id, task_id, task_type, payload, error_message, error_stack, retry_history, moved_at}', audited => false);

GRANT INSERT (task_type, min_trust, scheduled_at, lane, place, fair_key, weight, unique_key, idempotency_key, timeout),
      UPDATE (task_type, min_trust, scheduled_at, place, weight, open_dependencies, retry_count, error_message, timeout)
    ON society.tasks TO guildhall_app;
GRANT INSERT (on_failure), UPDATE (on_failure, is_settled) ON society.task_dependencies TO guildhall_app;

-- Agents work as the machine's workers do, each for its own team; whoever sweeps, for all.
CREATE POLICY tasks_are_of_the_team_or_of_all ON society.tasks TO guildhall_worker, guildhall_scheduler
    USING ((SELECT platform.tenant_id()) IS NULL OR tenant_id = (SELECT platform.tenant_id()))
    WITH CHECK ((SELECT platform.tenant_id()) IS NULL OR tenant_id = (SELECT platform.tenant_id()));
CREATE POLICY tasks_are_of_the_team_or_of_all ON society.task_dependencies TO guildhall_worker, guildhall_scheduler
    USING ((SELECT platform.tenant_id()) IS NULL OR tenant_id = (SELECT platform.tenant_id()))
    WITH CHECK ((SELECT platform.tenant_id()) IS NULL OR tenant_id = (SELECT platform.tenant_id()));
CREATE POLICY tasks_are_of_the_team_or_of_all ON society.task_lanes TO guildhall_worker, guildhall_scheduler
    USING ((SELECT platform.tenant_id()) IS NULL OR tenant_id = (SELECT platform.tenant_id()))
    WITH CHECK ((SELECT platform.tenant_id()) IS NULL OR tenant_id = (SELECT platform.tenant_id()));
CREATE POLICY tasks_are_of_the_team_or_of_all ON society.task_dead_letters TO guildhall_worker, guildhall_scheduler
    USING ((SELECT platform.tenant_id()) IS NULL OR tenant_id = (SELECT platform.tenant_id()))
    WITH CHECK ((SELECT platform.tenant_id()) IS NULL OR tenant_id = (SELECT platform.tenant_id()));
CREATE POLICY agents_are_of_the_team_or_of_all ON society.agents FOR SELECT TO guildhall_worker, guildhall_scheduler
    USING ((SELECT platform.tenant_id()) IS NULL OR tenant_id = (SELECT platform.tenant_id()));
CREATE POLICY agents_are_of_the_team_or_of_all ON society.agent_skills FOR SELECT TO guildhall_worker, guildhall_scheduler
    USING ((SELECT platform.tenant_id()) IS NULL OR tenant_id = (SELECT platform.tenant_id()));
GRANT SELECT,
      UPDATE (status, worker_id, attempts, attempt_token, leased_until, retry_count, error_message, result, scheduled_at, started_at,
              completed_at, place, open_dependencies, deadline_at, quality_score)
    ON society.tasks TO guildhall_worker, guildhall_scheduler;
GRANT SELECT, UPDATE (is_settled) ON society.task_dependencies TO guildhall_worker, guildhall_scheduler;
GRANT SELECT, UPDATE (rate_used_to) ON society.task_lanes TO guildhall_worker, guildhall_scheduler;
GRANT SELECT (id, tenant_id, task_id, moved_at, resolved_at),
      INSERT (tenant_id, task_id, task_type, payload, error_message, error_stack, retry_history)
    ON society.task_dead_letters TO guildhall_worker, guildhall_scheduler;
GRANT SELECT ON society.agents, society.agent_skills TO guildhall_worker, guildhall_scheduler;
GRANT SELECT, INSERT ON store.task_history TO guildhall_worker, guildhall_scheduler;
-- Edges that a person's doing settles, and limits that are the team's own.
GRANT SELECT ON society.task_types, society.task_lanes, society.task_dead_letters TO guildhall_reader, guildhall_person;
CREATE POLICY rows_belong_to_the_persons_team ON society.task_types FOR SELECT TO guildhall_person
    USING (tenant_id = (SELECT platform.login_tenant()));
CREATE POLICY rows_belong_to_the_persons_team ON society.task_lanes FOR SELECT TO guildhall_person
    USING (tenant_id = (SELECT platform.login_tenant()));
CREATE POLICY rows_belong_to_the_persons_team ON society.task_dead_letters FOR SELECT TO guildhall_person
    USING (tenant_id = (SELECT platform.login_tenant()));

REVOKE ALL ON FUNCTION
    society.task_lane(uuid, text, text[], numeric, uuid), society.tasks_lanes_for(uuid, integer, integer[]),
    society.tasks_places(integer[], text[], society.agent_task_priority[], double precision[], timestamptz[]),
    society.admit_dependencies(), society.forget_dependencies(), society.admit_task(), society.stamp_task(), society.follow_tasks(),
    society.follow_new_tasks(), society.count_ended_tasks(), society.ready_task_history(), society.tasks_present(uuid, interval),
    society.tasks_take(uuid, integer, integer, interval)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    society.task_lane(uuid, text, text[], numeric, uuid),
    society.tasks_places(integer[], text[], society.agent_task_priority[], double precision[], timestamptz[])
    TO guildhall_app, guildhall_worker, guildhall_scheduler;
GRANT EXECUTE ON FUNCTION
    society.tasks_lanes_for(uuid, integer, integer[]), society.tasks_present(uuid, interval),
    society.tasks_take(uuid, integer, integer, interval)
    TO guildhall_worker, guildhall_scheduler;

-- The work of agents is in the history; the audit keeps what people change.
DROP TRIGGER tasks_are_audited ON society.tasks;
CREATE TRIGGER tasks_are_audited AFTER DELETE OR UPDATE OF task_id, title, description, status, priority, queue_id, assigned_to, task_type,
        required_skills, min_trust, payload, result, quality_score, max_retries, deadline_at, timeout, deleted_at ON society.tasks
    FOR EACH ROW WHEN (current_setting('role') NOT IN ('guildhall_worker', 'guildhall_scheduler')) EXECUTE FUNCTION platform.record_change();
DROP TRIGGER task_dependencies_are_audited ON society.task_dependencies;
CREATE TRIGGER task_dependencies_are_audited AFTER DELETE OR UPDATE OF kind, on_failure ON society.task_dependencies
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER task_lanes_are_audited AFTER DELETE OR UPDATE OF is_paused, max_running, rate_count, rate_per ON society.task_lanes
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER task_dead_letters_are_audited AFTER DELETE OR UPDATE ON society.task_dead_letters
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
SELECT platform.write_recorder('society.tasks');
SELECT platform.write_recorder('society.task_dependencies');
INSERT INTO platform.audit_exemptions (relation, operations, reason) VALUES
    ('society.tasks',             '{INSERT}', 'what was added is in task_history'),
    ('society.task_dependencies', '{INSERT}', 'made with the task, whose history says when'),
    ('society.task_lanes',        '{INSERT}', 'a lane is made by the first task that asks for it'),
    ('society.task_dead_letters', '{INSERT}', 'only the engine adds to it, and task_history says when');
