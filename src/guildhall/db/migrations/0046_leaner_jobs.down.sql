SELECT platform.amend_function(routine,
           '(SELECT count(*) FROM (SELECT FROM society.task_lanes WHERE tenant_id = v_team AND entry = ANY (v_entries) LIMIT 65) AS open)',
           '(SELECT count(*) FROM society.task_lanes WHERE tenant_id = v_team AND entry = ANY (v_entries))'),
       platform.amend_function(routine,
           'v_known ?& lanes.required_skills AND',
           'lanes.required_skills <@ v_skills AND'),
       platform.amend_function(routine,
           'v_entries := v_skills || ARRAY['''', p_agent::text];
    v_known   := jsonb_object(v_skills, v_skills);',
           'v_entries := v_skills || ARRAY['''', p_agent::text];'),
       platform.amend_function(routine,
           'v_lanes   integer[];
    v_known   jsonb;',
           'v_lanes   integer[];')
  FROM (VALUES ('society.tasks_lanes_for(uuid, integer, integer[])'::regprocedure)) AS written (routine);
SELECT platform.amend_function(
           routine,
           replace(replace(replace($passage$        )
        SELECT array_agg(counted.task_id), array_agg(counted.n) INTO v_waiting, v_counts
          FROM (SELECT task_id, count(*)::integer AS n FROM settled GROUP BY task_id) AS counted;
        -- Whoever waits for nothing more takes its place with the same change of its row.
        SELECT array_agg(id), {engine}_places(array_agg(lane), array_agg(fair_key::text), array_agg(priority), array_agg(weight), array_agg(ready_at))
          INTO v_ready, v_places
          FROM (
                   SELECT tasks.id, tasks.lane, tasks.fair_key, tasks.priority, tasks.weight,
                          GREATEST(tasks.scheduled_at, tasks.created_at) AS ready_at
                     FROM unnest(v_waiting, v_counts) AS counted (id, n)
                     JOIN {tasks} AS tasks ON tasks.id = counted.id
                    WHERE tasks.status = 'pending' AND tasks.place IS NULL AND tasks.open_dependencies = counted.n
                      AND tasks.scheduled_at <= now()
                    ORDER BY tasks.scheduled_at, tasks.seq
               ) AS ready;
        UPDATE {tasks} AS tasks
           SET open_dependencies = 0, place = placed.place
          FROM unnest(v_ready, v_places) AS placed (id, place)
         WHERE tasks.id = placed.id;
        v_count := v_count + COALESCE(cardinality(v_ready), 0);
        -- The others; one that has its place waits for none, which is fewer than were counted.
        UPDATE {tasks} AS tasks
           SET open_dependencies = tasks.open_dependencies - counted.n
          FROM unnest(v_waiting, v_counts) AS counted (id, n)
         WHERE tasks.id = counted.id AND tasks.open_dependencies >= counted.n AND tasks.status IN ('pending', 'paused');
$passage$, '{engine}', engine), '{tasks}', tasks), '''paused''', quote_literal(paused)),
           replace(replace(replace($passage$        ),
        changed AS (
            UPDATE {tasks} AS tasks
               SET open_dependencies = tasks.open_dependencies - counted.n
              FROM (SELECT task_id, count(*)::integer AS n FROM settled GROUP BY task_id) AS counted
             WHERE tasks.id = counted.task_id AND tasks.status IN ('pending', 'paused')
            RETURNING tasks.id, tasks.open_dependencies
        )
        SELECT array_agg(id) FILTER (WHERE open_dependencies = 0) INTO v_ready FROM changed;
        IF v_ready IS NOT NULL THEN
            v_count := v_count + {engine}_take_places(v_ready);
        END IF;
$passage$, '{engine}', engine), '{tasks}', tasks), '''paused''', quote_literal(paused))
       ),
       platform.amend_function(routine, $passage$v_ready   uuid[];
    v_counts  integer[];
    v_places  timestamptz[];
    v_count   integer := 0;$passage$, $passage$v_ready   uuid[];
    v_count   integer := 0;$passage$)
  FROM (VALUES
           ('platform.create_task_engine(text, text, text, text, text, text, text, text, text, text, jsonb)'::regprocedure,
            '{engine}', '{tasks}', 'paused'),
           ('platform.jobs_settle(uuid[])', 'platform.jobs', 'platform.background_tasks', 'paused'),
           ('society.tasks_settle(uuid[])', 'society.tasks', 'society.tasks', 'blocked')
       ) AS written (routine, engine, tasks, paused);
SELECT platform.amend_function(routine, 'COALESCE(given.fair_key, v_team)', 'COALESCE(given.fair_key, platform.tenant_id()::text)'),
       platform.amend_function(routine, 'v_open   integer[];
    v_team   CONSTANT text := platform.tenant_id();', 'v_open   integer[];')
  FROM unnest(ARRAY[
           'platform.create_task_engine(text, text, text, text, text, text, text, text, text, text, jsonb)',
           'platform.jobs_enqueue(text[], jsonb[], uuid[], text[], platform.job_priority[], timestamptz[], integer[], interval[], '
           'timestamptz[], text[], text[], text[], double precision[], integer[], uuid[], text[])'
       ]::regprocedure[]) AS routine;
SELECT platform.amend_function(routine, 'attempt_token = overlay(v_token PLACING lpad(to_hex(held.n), 8, ''0'') FROM 29)::uuid,',
                               'attempt_token = gen_random_uuid(),'),
       platform.amend_function(routine, 'v_was_silent boolean;
    v_token      CONSTANT text := gen_random_uuid();', 'v_was_silent boolean;')
  FROM unnest(ARRAY[
           'platform.create_task_engine(text, text, text, text, text, text, text, text, text, text, jsonb)',
           'platform.jobs_claim(text, integer[], integer, integer)',
           'society.tasks_claim(text, integer[], integer, integer)'
       ]::regprocedure[]) AS routine;
DROP FUNCTION platform.amend_function(regprocedure, text, text);

DROP TRIGGER teams_have_no_jobs_when_deleted ON platform.teams;
DROP TRIGGER users_have_no_jobs_when_deleted ON platform.users;
DROP TRIGGER teams_with_jobs_keep_their_ids ON platform.teams;
DROP TRIGGER users_with_jobs_keep_their_ids ON platform.users;
DROP TRIGGER teams_with_jobs_are_never_emptied ON platform.teams;
DROP TRIGGER users_with_jobs_are_never_emptied ON platform.users;
DROP TRIGGER background_tasks_have_parents ON platform.background_tasks;
DROP TRIGGER background_tasks_keep_parents ON platform.background_tasks;
DROP FUNCTION platform.refuse_to_empty_while_there_are_jobs();
DROP FUNCTION platform.refuse_while_there_are_jobs();
DROP FUNCTION platform.job_has_parents();
DROP FUNCTION platform.new_jobs_have_parents();
DROP FUNCTION platform.require_parents_of_jobs(uuid[], uuid[]);
ALTER TABLE platform.background_tasks
    ADD FOREIGN KEY (tenant_id) REFERENCES platform.teams,
    ADD FOREIGN KEY (created_by) REFERENCES platform.users;
