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
DROP TRIGGER background_tasks_have_parents ON platform.background_tasks;
DROP TRIGGER background_tasks_keep_parents ON platform.background_tasks;
DROP FUNCTION platform.refuse_while_there_are_jobs();
DROP FUNCTION platform.job_has_parents();
DROP FUNCTION platform.new_jobs_have_parents();
DROP FUNCTION platform.require_parents_of_jobs(uuid[], uuid[]);
ALTER TABLE platform.background_tasks
    ADD FOREIGN KEY (tenant_id) REFERENCES platform.teams,
    ADD FOREIGN KEY (created_by) REFERENCES platform.users;
