-- Jobs at less cost each. Adding a thousand jobs looked up their team and their
-- maker two thousand times, 7 µs of the server's 22 for a job; a claim read the
-- machine's random numbers, by opening a file, once for each job.

-- keys to teams and people ------------------------------------------------------

-- What the two foreign keys said is said by triggers: the same refusals under the
-- same names, and the same locks, but each team and person is looked up once for
-- a statement. Whoever deletes one is told by a trigger on its table.
ALTER TABLE platform.background_tasks
    DROP CONSTRAINT background_tasks_tenant_id_fkey,
    DROP CONSTRAINT background_tasks_created_by_fkey;

CREATE FUNCTION platform.require_parents_of_jobs(p_teams uuid[], p_people uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_found uuid[];
BEGIN
    -- As a foreign key does: nobody may delete them before this transaction has ended.
    v_found := ARRAY(SELECT id FROM platform.teams WHERE id = ANY (p_teams) ORDER BY id FOR KEY SHARE);
    IF cardinality(v_found) < cardinality(p_teams) THEN
        RAISE EXCEPTION 'a job is of a team that is not there'
              USING ERRCODE = 'foreign_key_violation', SCHEMA = 'platform', TABLE = 'background_tasks',
                    CONSTRAINT = 'background_tasks_tenant_id_fkey',
                    DETAIL = (SELECT format('Key (tenant_id)=(%s) is not present in table "teams".', min(team::text))
                                FROM unnest(p_teams) AS team WHERE team <> ALL (v_found));
    END IF;
    v_found := ARRAY(SELECT id FROM platform.users WHERE id = ANY (p_people) ORDER BY id FOR KEY SHARE);
    IF cardinality(v_found) < cardinality(p_people) THEN
        RAISE EXCEPTION 'a job is by somebody who is not there'
              USING ERRCODE = 'foreign_key_violation', SCHEMA = 'platform', TABLE = 'background_tasks',
                    CONSTRAINT = 'background_tasks_created_by_fkey',
                    DETAIL = (SELECT format('Key (created_by)=(%s) is not present in table "users".', min(person::text))
                                FROM unnest(p_people) AS person WHERE person <> ALL (v_found));
    END IF;
END
$$;

CREATE FUNCTION platform.new_jobs_have_parents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM platform.require_parents_of_jobs(
        ARRAY(SELECT DISTINCT tenant_id FROM added), ARRAY(SELECT DISTINCT created_by FROM added WHERE created_by IS NOT NULL)
    );
    RETURN NULL;
END
$$;
CREATE TRIGGER background_tasks_have_parents AFTER INSERT ON platform.background_tasks
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION platform.new_jobs_have_parents();

CREATE FUNCTION platform.job_has_parents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM platform.require_parents_of_jobs(ARRAY[NEW.tenant_id], array_remove(ARRAY[NEW.created_by], NULL));
    RETURN NULL;
END
$$;
CREATE TRIGGER background_tasks_keep_parents AFTER UPDATE OF tenant_id, created_by ON platform.background_tasks
    FOR EACH ROW WHEN ((OLD.tenant_id, OLD.created_by) IS DISTINCT FROM (NEW.tenant_id, NEW.created_by))
    EXECUTE FUNCTION platform.job_has_parents();

-- Whoever added a job has held its team and its maker until it was there to be
-- seen. A transaction that goes on seeing what was there when it began would not
-- see it, as a foreign key does.
CREATE FUNCTION platform.refuse_while_there_are_jobs() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_column CONSTANT text := CASE TG_TABLE_NAME WHEN 'teams' THEN 'tenant_id' ELSE 'created_by' END;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'rows of %.% are deleted in transactions that are READ COMMITTED', TG_TABLE_SCHEMA, TG_TABLE_NAME
              USING ERRCODE = 'feature_not_supported', HINT = 'Another would not see the jobs that others have just added.';
    END IF;
    IF (v_column = 'tenant_id' AND EXISTS (SELECT FROM platform.background_tasks WHERE tenant_id = OLD.id))
       OR (v_column = 'created_by' AND EXISTS (SELECT FROM platform.background_tasks WHERE created_by = OLD.id))
    THEN
        RAISE EXCEPTION 'there are jobs of % % yet', TG_TABLE_NAME, OLD.id
              USING ERRCODE = 'foreign_key_violation', SCHEMA = 'platform', TABLE = 'background_tasks',
                    CONSTRAINT = format('background_tasks_%s_fkey', v_column),
                    DETAIL = format('Key (id)=(%s) is still referenced from table "background_tasks".', OLD.id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER teams_have_no_jobs_when_deleted AFTER DELETE ON platform.teams
    FOR EACH ROW EXECUTE FUNCTION platform.refuse_while_there_are_jobs();
CREATE TRIGGER users_have_no_jobs_when_deleted AFTER DELETE ON platform.users
    FOR EACH ROW EXECUTE FUNCTION platform.refuse_while_there_are_jobs();
CREATE TRIGGER teams_with_jobs_keep_their_ids AFTER UPDATE OF id ON platform.teams
    FOR EACH ROW WHEN (OLD.id <> NEW.id) EXECUTE FUNCTION platform.refuse_while_there_are_jobs();
CREATE TRIGGER users_with_jobs_keep_their_ids AFTER UPDATE OF id ON platform.users
    FOR EACH ROW WHEN (OLD.id <> NEW.id) EXECUTE FUNCTION platform.refuse_while_there_are_jobs();

-- A foreign key makes TRUNCATE empty the jobs as well, or refuse; this asks when all that it names is empty.
CREATE FUNCTION platform.refuse_to_empty_while_there_are_jobs() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION '%.% is emptied in transactions that are READ COMMITTED', TG_TABLE_SCHEMA, TG_TABLE_NAME
              USING ERRCODE = 'feature_not_supported', HINT = 'Another would not see the jobs that others have just added.';
    END IF;
    IF EXISTS (SELECT FROM platform.background_tasks WHERE TG_TABLE_NAME = 'teams' OR created_by IS NOT NULL) THEN
        RAISE EXCEPTION 'there are jobs of % yet', TG_TABLE_NAME
              USING ERRCODE = 'foreign_key_violation', SCHEMA = 'platform', TABLE = 'background_tasks',
                    CONSTRAINT = format('background_tasks_%s_fkey', CASE TG_TABLE_NAME WHEN 'teams' THEN 'tenant_id' ELSE 'created_by' END),
                    HINT = 'Name platform.background_tasks in the same TRUNCATE.';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER teams_with_jobs_are_never_emptied AFTER TRUNCATE ON platform.teams
    FOR EACH STATEMENT EXECUTE FUNCTION platform.refuse_to_empty_while_there_are_jobs();
CREATE TRIGGER users_with_jobs_are_never_emptied AFTER TRUNCATE ON platform.users
    FOR EACH STATEMENT EXECUTE FUNCTION platform.refuse_to_empty_while_there_are_jobs();

REVOKE ALL ON FUNCTION
    platform.require_parents_of_jobs(uuid[], uuid[]), platform.new_jobs_have_parents(), platform.job_has_parents(),
    platform.refuse_while_there_are_jobs(), platform.refuse_to_empty_while_there_are_jobs()
    FROM PUBLIC;

-- the engine --------------------------------------------------------------------

-- One passage of a function written anew: the template is long, and most of it stays.
CREATE FUNCTION platform.amend_function(routine regprocedure, passage text, anew text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $amend$
DECLARE
    definition CONSTANT text := pg_get_functiondef(routine);
BEGIN
    IF position(passage IN definition) = 0 THEN
        RAISE EXCEPTION '% has no such passage: %', routine, passage;
    END IF;
    EXECUTE replace(definition, passage, anew);
END
$amend$;
REVOKE ALL ON FUNCTION platform.amend_function(regprocedure, text, text) FROM PUBLIC;

-- The tokens of one claim: one random number, of which the last digits are the number of the task in the claim.
SELECT platform.amend_function(routine, 'v_was_silent boolean;', 'v_was_silent boolean;
    v_token      CONSTANT text := gen_random_uuid();'),
       platform.amend_function(routine, 'attempt_token = gen_random_uuid(),',
                               'attempt_token = overlay(v_token PLACING lpad(to_hex(held.n), 8, ''0'') FROM 29)::uuid,')
  FROM unnest(ARRAY[
           'platform.create_task_engine(text, text, text, text, text, text, text, text, text, text, jsonb)',
           'platform.jobs_claim(text, integer[], integer, integer)',
           'society.tasks_claim(text, integer[], integer, integer)'
       ]::regprocedure[]) AS routine;

-- Whose turn it is where nobody says so is asked once.
SELECT platform.amend_function(routine, 'v_open   integer[];', 'v_open   integer[];
    v_team   CONSTANT text := platform.tenant_id();'),
       platform.amend_function(routine, 'COALESCE(given.fair_key, platform.tenant_id()::text)', 'COALESCE(given.fair_key, v_team)')
  FROM unnest(ARRAY[
           'platform.create_task_engine(text, text, text, text, text, text, text, text, text, text, jsonb)',
           'platform.jobs_enqueue(text[], jsonb[], uuid[], text[], platform.job_priority[], timestamptz[], integer[], interval[], '
           'timestamptz[], text[], text[], text[], double precision[], integer[], uuid[], text[])'
       ]::regprocedure[]) AS routine;

-- A task that waited for others and is ready now had its row written twice, once
-- for the count and once for the place, with an entry in each index both times.
SELECT platform.amend_function(routine, $passage$v_ready   uuid[];
    v_count   integer := 0;$passage$, $passage$v_ready   uuid[];
    v_counts  integer[];
    v_places  timestamptz[];
    v_count   integer := 0;$passage$),
       platform.amend_function(
           routine,
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
$passage$, '{engine}', engine), '{tasks}', tasks), '''paused''', quote_literal(paused)),
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
$passage$, '{engine}', engine), '{tasks}', tasks), '''paused''', quote_literal(paused))
       )
  FROM (VALUES
           ('platform.create_task_engine(text, text, text, text, text, text, text, text, text, text, jsonb)'::regprocedure,
            '{engine}', '{tasks}', 'paused'),
           ('platform.jobs_settle(uuid[])', 'platform.jobs', 'platform.background_tasks', 'paused'),
           ('society.tasks_settle(uuid[])', 'society.tasks', 'society.tasks', 'blocked')
       ) AS written (routine, engine, tasks, paused);

-- Whether an agent has what a lane asks for is asked of each task that stands
-- before its own in the team's line: a set of keys tells it at once, where an
-- array is gone through for each skill. And lanes are counted no further than needed.
SELECT platform.amend_function(routine,
           'v_lanes   integer[];',
           'v_lanes   integer[];
    v_known   jsonb;'),
       platform.amend_function(routine,
           'v_entries := v_skills || ARRAY['''', p_agent::text];',
           'v_entries := v_skills || ARRAY['''', p_agent::text];
    v_known   := jsonb_object(v_skills, v_skills);'),
       platform.amend_function(routine,
           'lanes.required_skills <@ v_skills AND',
           'v_known ?& lanes.required_skills AND'),
       platform.amend_function(routine,
           '(SELECT count(*) FROM society.task_lanes WHERE tenant_id = v_team AND entry = ANY (v_entries))',
           '(SELECT count(*) FROM (SELECT FROM society.task_lanes WHERE tenant_id = v_team AND entry = ANY (v_entries) LIMIT 65) AS open)')
  FROM (VALUES ('society.tasks_lanes_for(uuid, integer, integer[])'::regprocedure)) AS written (routine);
