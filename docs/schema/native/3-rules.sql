ALTER TABLE ONLY platform.users FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.users IS 'identity: global: the people who use this installation.';

COMMENT ON COLUMN platform.users.password_hash IS 'An argon2id hash; "!" matches no password.';

COMMENT ON COLUMN platform.users.api_key IS 'The public id of the person''s default API key, never a secret.';

COMMENT ON COLUMN platform.users.deleted_at IS 'When the person was archived; restoring makes it null again.';

COMMENT ON COLUMN platform.users.erased_at IS 'When everything personal was taken out; what remains is a name that means nobody.';

CREATE FUNCTION platform.find_login(login text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (SELECT users.id FROM platform.users WHERE ((((users.username)::text = lower(find_login.login)) OR ((users.email)::text = lower(find_login.login))) AND users.is_active) ORDER BY ((users.username)::text = lower(find_login.login)) DESC LIMIT 1);

CREATE FUNCTION platform.fingerprint(relation regclass, columns text[], time_column text, starts timestamp with time zone, ends timestamp with time zone) RETURNS TABLE(row_count bigint, digest text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET "DateStyle" TO 'ISO, YMD'
    SET "IntervalStyle" TO 'postgres'
    SET bytea_output TO 'hex'
    SET extra_float_digits TO '1'
    AS $_$
BEGIN
    RETURN QUERY EXECUTE format(
        $sql$
        SELECT count(*),
               format('%%s:%%s', COALESCE(sum(('x' || left(hash, 16))::bit(64)::bigint::numeric), 0),
                               COALESCE(sum(('x' || substr(hash, 17, 16))::bit(64)::bigint::numeric), 0))
          FROM (
                   SELECT encode(sha256(convert_to(ROW(%s)::text, 'UTF8')), 'hex') AS hash
                     FROM %s
                    WHERE %I >= $1 AND %I < $2
               ) AS hashed
        $sql$,
        (SELECT string_agg(quote_ident(name), ', ' ORDER BY place) FROM unnest(columns) WITH ORDINALITY AS wanted (name, place)),
        relation, time_column, time_column
    ) USING starts, ends;
END
$_$;

CREATE FUNCTION platform.finish_erasing_team(team uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.require_ownership(team, 'erase this team');
    DELETE FROM platform.teams WHERE id = team AND erased_at IS NOT NULL;
    RETURN FOUND;
END
$$;

CREATE FUNCTION platform.finish_sign_in(login text, address inet, agent text, hash text, token_digest text, team text, idle interval, longest interval) RETURNS TABLE(session_id uuid, user_id uuid, tenant_id uuid, member_role text, is_administrator boolean, expires_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
DECLARE
    person  platform.users;
    place   record;
    made    uuid;
    at_time CONSTANT timestamptz := clock_timestamp();
BEGIN
    SELECT * INTO person FROM platform.users
     WHERE users.id = platform.find_login(login)
       AND users.password_hash LIKE '$argon2id$%'
       AND sha256(convert_to(users.password_hash, 'UTF8')) = sha256(convert_to(hash, 'UTF8'));
    IF NOT FOUND THEN
        RETURN;
    END IF;
    DELETE FROM platform.sign_in_failures AS known
     WHERE known.subject = (SELECT wanted.subject FROM platform.sign_in_subjects(login, NULL) AS wanted);
    UPDATE platform.sign_in_failures AS known SET failures = greatest(known.failures - 1, 0)
     WHERE known.subject IN (SELECT wanted.subject FROM platform.sign_in_subjects(login, address) AS wanted);

    SELECT members.tenant_id, members.role INTO place
      FROM platform.team_members AS members
      JOIN platform.teams ON teams.id = members.tenant_id AND teams.is_active
     WHERE members.user_id = person.id
       AND (team IS NULL OR teams.slug = team)
     ORDER BY members.created_at, members.tenant_id
     LIMIT 1;
    IF FOUND AND token_digest IS NOT NULL THEN
        -- From here on the person is known, also to the audit log.
        PERFORM set_config('app.user_id', person.id::text, true);
        UPDATE platform.users SET last_login_at = at_time WHERE users.id = person.id;
        INSERT INTO platform.user_sessions (
            tenant_id, user_id, session_token, ip_address, user_agent, idle_lifetime, last_activity, expires_at, ends_at, created_at
        )
        VALUES (place.tenant_id, person.id, token_digest, address, agent, idle, at_time, at_time + least(idle, longest), at_time + longest, at_time)
        RETURNING id INTO made;
    END IF;
    RETURN QUERY
    SELECT made, person.id, place.tenant_id, place.role, person.role = 'admin', CASE WHEN made IS NOT NULL THEN at_time + least(idle, longest) END;
END
$_$;

CREATE FUNCTION platform.fold(content text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(NORMALIZE(regexp_replace(NORMALIZE(content, NFKD), '[\u0300-\u036f]'::text, ''::text, 'g'::text), NFKC));

CREATE FUNCTION platform.forget_cache() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    removed bigint := 0;
    more    bigint;
BEGIN
    DELETE FROM platform.cache_entries WHERE expires_at <= clock_timestamp();
    GET DIAGNOSTICS more = ROW_COUNT;
    removed := removed + more;
    DELETE FROM platform.cache_counters WHERE expires_at <= clock_timestamp();
    GET DIAGNOSTICS more = ROW_COUNT;
    removed := removed + more;
    DELETE FROM platform.rate_limits WHERE tat_ns <= extract(epoch FROM clock_timestamp()) * 1000000000;
    GET DIAGNOSTICS more = ROW_COUNT;
    RETURN removed + more;
END
$$;

CREATE FUNCTION platform.forget_idempotency_keys() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    forgotten integer;
BEGIN
    DELETE FROM platform.idempotency_keys WHERE expires_at <= clock_timestamp();
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END
$$;

CREATE FUNCTION platform.has_teams(series_name text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (EXISTS (SELECT FROM pg_attribute WHERE ((pg_attribute.attrelid = ((format('store.%I'::text, has_teams.series_name))::regclass)::oid) AND (pg_attribute.attname = 'tenant_id'::name))));

CREATE FUNCTION platform.histogram_index(measured double precision) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (measured <= (0.000000001)::double precision) THEN '-1000000'::integer WHEN (measured < 'Infinity'::double precision) THEN (ceil((ln(measured) / ln(((1.02)::double precision / (0.98)::double precision)))))::integer ELSE NULL::integer END;

CREATE FUNCTION platform.histogram_value(idx integer) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (idx = '-1000000'::integer) THEN (0)::double precision ELSE (((2)::double precision * power(((1.02)::double precision / (0.98)::double precision), (idx)::double precision)) / (((1.02)::double precision / (0.98)::double precision) + (1)::double precision)) END;

CREATE FUNCTION platform.insist(kind text, proof uuid, believed_role text, believed_administrator boolean, believed_scopes bytea) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    is_as_believed boolean;
BEGIN
    IF kind = 'key' THEN
        SELECT members.role = believed_role
               AND (users.role = 'admin') = believed_administrator
               AND convert_to(array_to_string(known.scopes, ','), 'UTF8') = believed_scopes
          INTO is_as_believed
          FROM platform.api_keys AS known
          JOIN platform.users ON users.id = known.user_id AND users.is_active
          JOIN platform.teams ON teams.id = known.tenant_id AND teams.is_active
          JOIN platform.team_members AS members ON members.tenant_id = known.tenant_id AND members.user_id = known.user_id
         WHERE known.id = proof
           AND known.user_id = platform.user_id()
           AND known.tenant_id = platform.tenant_id()
           AND known.is_active
           AND (known.expires_at IS NULL OR known.expires_at > clock_timestamp());
    ELSE
        SELECT members.role = believed_role
               AND (users.role = 'admin') = believed_administrator
          INTO is_as_believed
          FROM platform.user_sessions AS known
          JOIN platform.users ON users.id = known.user_id AND users.is_active
          JOIN platform.teams ON teams.id = known.tenant_id AND teams.is_active
          JOIN platform.team_members AS members ON members.tenant_id = known.tenant_id AND members.user_id = known.user_id
         WHERE known.id = proof
           AND known.user_id = platform.user_id()
           AND known.tenant_id = platform.tenant_id()
           AND known.status = 'active'
           AND known.expires_at > clock_timestamp();
    END IF;
    IF is_as_believed IS NULL THEN
        RAISE EXCEPTION 'the key or session is not good any more' USING ERRCODE = 'GH001';
    ELSIF NOT is_as_believed THEN
        RAISE EXCEPTION 'what the person may do has changed' USING ERRCODE = 'GH002';
    END IF;
END
$$;

CREATE FUNCTION platform.invite(address text, new_role text, digest text, ends_at timestamp with time zone) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    made uuid;
BEGIN
    PERFORM platform.require_rank_over(NULL, new_role);
    IF EXISTS (
        SELECT FROM platform.team_members AS members
          JOIN platform.users ON users.id = members.user_id
         WHERE members.tenant_id = platform.tenant_id() AND users.email = address
    ) THEN
        RAISE EXCEPTION 'a member needs no invitation'
              USING ERRCODE = 'unique_violation', CONSTRAINT = 'team_invitations_are_for_others', TABLE = 'team_invitations', SCHEMA = 'platform';
    END IF;
    UPDATE platform.team_invitations SET revoked_at = clock_timestamp()
     WHERE tenant_id = platform.tenant_id() AND email = address AND accepted_at IS NULL AND revoked_at IS NULL;
    INSERT INTO platform.team_invitations (email, role, token_digest, expires_at)
    VALUES (address, new_role, digest, ends_at)
    RETURNING id INTO made;
    RETURN made;
END
$$;

CREATE FUNCTION platform.user_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid;

CREATE FUNCTION platform.is_administrator() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (EXISTS (SELECT FROM platform.users WHERE ((users.id = platform.user_id()) AND ((users.role)::text = 'admin'::text) AND users.is_active)));

CREATE FUNCTION platform.isolate(relation regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', relation);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', relation);
    EXECUTE format(
        'CREATE POLICY rows_belong_to_the_team ON %s TO guildhall_app, guildhall_reader, guildhall_owner '
        'USING (tenant_id = (SELECT platform.tenant_id())) '
        'WITH CHECK (tenant_id = (SELECT platform.tenant_id()))',
        relation
    );
END
$$;

CREATE FUNCTION platform.job_patience(priority platform.job_priority) RETURNS interval
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE priority WHEN 'critical'::platform.job_priority THEN '00:00:00'::interval WHEN 'high'::platform.job_priority THEN '00:15:00'::interval WHEN 'normal'::platform.job_priority THEN '01:00:00'::interval WHEN 'low'::platform.job_priority THEN '04:00:00'::interval ELSE '12:00:00'::interval END;

CREATE FUNCTION platform.jobs_bury(p_dead uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN

    INSERT INTO store.background_task_history (tenant_id, task_id, event, attempt, worker_id, error_message)
    SELECT tenant_id, id, 'dead_letter', NULLIF(attempts, 0), worker_id, error_message
      FROM platform.background_tasks
     WHERE id = ANY (p_dead);
    INSERT INTO platform.dead_letter_queue (tenant_id, original_task_id, task_type, payload, error_message, error_stack, retry_history)
    SELECT tasks.tenant_id, tasks.id, tasks.task_type, tasks.payload, tasks.error_message,
           (SELECT events.error_stack FROM store.background_task_history AS events
             WHERE events.task_id = tasks.id AND events.event = 'failed' ORDER BY events.created_at DESC LIMIT 1),
           COALESCE((
               SELECT jsonb_agg(jsonb_build_object('attempt', events.attempt, 'event', events.event, 'worker_id', events.worker_id,
                                                   'error_message', events.error_message, 'at', events.created_at)
                                ORDER BY events.created_at)
                 FROM store.background_task_history AS events
                WHERE events.task_id = tasks.id AND events.event IN ('failed', 'stuck')
           ), '[]')
      FROM platform.background_tasks AS tasks
     WHERE tasks.id = ANY (p_dead)
        ON CONFLICT DO NOTHING;
END
$$;

CREATE FUNCTION platform.jobs_cancel(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_cancelled uuid[];
BEGIN
    WITH changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status = 'cancelled', completed_at = now(), leased_until = NULL, place = NULL
          FROM (SELECT id FROM platform.background_tasks WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
         WHERE tasks.id = held.id AND tasks.status IN ('pending', 'queued', 'running', 'paused', 'stuck')
        RETURNING tasks.id
    )
    SELECT array_agg(id) INTO v_cancelled FROM changed;
    IF v_cancelled IS NOT NULL THEN
        PERFORM platform.jobs_settle(v_cancelled);
    END IF;
    RETURN QUERY SELECT unnest(v_cancelled);
END
$$;

CREATE FUNCTION platform.jobs_claim(p_worker text, p_lanes integer[], p_n integer, p_begin integer DEFAULT NULL::integer) RETURNS TABLE(id uuid, tenant_id uuid, task_type character varying, payload jsonb, attempt_token uuid, attempt integer, retry_count integer, max_retries integer, leased_until timestamp with time zone, status text, created_by uuid)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
    v_lanes   integer[];
    v_rooms   integer[];
    v_claimed uuid[];
BEGIN
    IF p_n < 1 THEN
        RETURN;
    END IF;
    -- One that was silent for longer than its lease lives: it claims.
    UPDATE platform.task_workers AS workers SET last_seen = clock_timestamp()
     WHERE workers.worker_id = p_worker AND workers.last_seen < now() - workers.lease / 2;
    IF NOT FOUND AND NOT EXISTS (SELECT FROM platform.task_workers AS workers WHERE workers.worker_id = p_worker) THEN
        RAISE EXCEPTION 'there is no worker %', quote_literal(p_worker)
              USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_worker_is_known', DETAIL = p_worker;
    END IF;

    PERFORM platform.jobs_promote(p_lanes);
    SELECT * INTO v_lanes, v_rooms FROM platform.jobs_rooms(p_lanes, p_n);
    IF v_lanes IS NULL THEN
        RETURN;
    END IF;

    -- The window says how many of each lane; what others hold in it is passed over
    -- when locking, so that two who claim at once do not get half each.
    RETURN QUERY
        WITH quotas AS MATERIALIZED (
            SELECT heads.lane, count(*) AS n
              FROM (
                  SELECT served.lane
                    FROM unnest(v_lanes, v_rooms) AS served (lane, room)
                   CROSS JOIN LATERAL (
                             SELECT tasks.scheduled_at + platform.job_patience(tasks.priority) AS due_at
                               FROM platform.background_tasks AS tasks
                              WHERE tasks.lane = served.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                              ORDER BY tasks.place, tasks.seq
                              LIMIT served.room
                         ) AS waiting
                   ORDER BY waiting.due_at
                   LIMIT p_n
              ) AS heads
             GROUP BY heads.lane
        ),
        held AS MATERIALIZED (
            SELECT taken.id, row_number() OVER (ORDER BY taken.place, taken.seq) AS n
              FROM quotas
             CROSS JOIN LATERAL (
                       SELECT tasks.id, tasks.place, tasks.seq
                         FROM platform.background_tasks AS tasks
                        WHERE tasks.lane = quotas.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                          AND (tasks.deadline_at > now() OR tasks.deadline_at IS NULL)
                        ORDER BY tasks.place, tasks.seq
                        LIMIT quotas.n
                          FOR UPDATE SKIP LOCKED
                   ) AS taken
        ),
        changed AS (
            UPDATE platform.background_tasks AS tasks
               SET status        = CASE WHEN held.n <= p_begin OR p_begin IS NULL THEN 'running' ELSE 'queued' END::platform.job_status,
                   worker_id     = p_worker,
                   attempts      = tasks.attempts + 1,
                   attempt_token = gen_random_uuid(),
                   started_at    = now(),
                   leased_until  = LEAST(now() + tasks.timeout, tasks.deadline_at)
              FROM held
             WHERE tasks.id = held.id
            RETURNING tasks.id, tasks.tenant_id, tasks.task_type, tasks.payload, tasks.attempt_token, tasks.attempts AS attempt,
                      tasks.retry_count, tasks.max_retries, tasks.leased_until, tasks.status, tasks.created_by, tasks.lane, held.n,
                      CASE WHEN tasks.status = 'running' THEN 'started' ELSE 'queued' END AS event, p_worker AS worker_id,
                      NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
        ),
        recorded AS (
        INSERT INTO store.background_task_history
               (tenant_id, task_id, event, attempt, attempt_token, worker_id, error_message, error_stack, detail)
        SELECT changed.tenant_id, changed.id, changed.event, NULLIF(changed.attempt, 0), changed.attempt_token, changed.worker_id,
               changed.error_message, changed.error_stack, changed.detail
          FROM changed),
        spent AS (
            UPDATE platform.task_lanes AS lanes
               SET rate_used_to = GREATEST(lanes.rate_used_to, clock_timestamp())
                                  + lanes.rate_per / lanes.rate_count * used.n
              FROM (SELECT changed.lane, count(*) AS n FROM changed GROUP BY changed.lane) AS used
             WHERE lanes.lane = used.lane AND lanes.rate_count IS NOT NULL
        )
        SELECT changed.id, changed.tenant_id, changed.task_type, changed.payload, changed.attempt_token, changed.attempt,
               changed.retry_count, changed.max_retries, changed.leased_until, changed.status::text, changed.created_by
          FROM changed
         ORDER BY changed.n;
END
$$;

CREATE FUNCTION platform.jobs_complete(p_worker text, p_ids uuid[], p_tokens uuid[], p_results jsonb[] DEFAULT NULL::jsonb[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
DECLARE
    v_done uuid[];
BEGIN
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest(p_ids, p_tokens, p_results) AS given (id, token, result) ORDER BY id
    ),
    changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status = 'completed', completed_at = now(), result = given.result, leased_until = NULL, error_message = NULL
          FROM given
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'running'
        RETURNING tasks.tenant_id, tasks.id, 'completed' AS event, tasks.attempts AS attempt, tasks.attempt_token,
                  tasks.worker_id, NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS (
        INSERT INTO store.background_task_history
               (tenant_id, task_id, event, attempt, attempt_token, worker_id, error_message, error_stack, detail)
        SELECT changed.tenant_id, changed.id, changed.event, NULLIF(changed.attempt, 0), changed.attempt_token, changed.worker_id,
               changed.error_message, changed.error_stack, changed.detail
          FROM changed)
    SELECT array_agg(id) INTO v_done FROM changed;
    IF v_done IS NOT NULL THEN
        PERFORM platform.jobs_settle(v_done);
    END IF;
    RETURN QUERY SELECT unnest(v_done);
    IF cardinality(p_ids) > COALESCE(cardinality(v_done), 0) THEN
        RETURN QUERY
            SELECT tasks.id
              FROM unnest(p_ids, p_tokens) AS given (id, token)
              JOIN platform.background_tasks AS tasks ON tasks.id = given.id AND tasks.attempt_token = given.token
             WHERE tasks.status = 'completed' AND tasks.id <> ALL (COALESCE(v_done, '{}'));
    END IF;
END
$$;

CREATE FUNCTION platform.jobs_enqueue(p_types text[], p_payloads jsonb[], p_ids uuid[] DEFAULT NULL::uuid[], p_queues text[] DEFAULT NULL::text[], p_priorities platform.job_priority[] DEFAULT NULL::platform.job_priority[], p_scheduled_at timestamp with time zone[] DEFAULT NULL::timestamp with time zone[], p_max_retries integer[] DEFAULT NULL::integer[], p_timeouts interval[] DEFAULT NULL::interval[], p_deadlines timestamp with time zone[] DEFAULT NULL::timestamp with time zone[], p_unique_keys text[] DEFAULT NULL::text[], p_idempotency_keys text[] DEFAULT NULL::text[], p_fair_keys text[] DEFAULT NULL::text[], p_weights double precision[] DEFAULT NULL::double precision[], p_waiting integer[] DEFAULT NULL::integer[], p_waits_for uuid[] DEFAULT NULL::uuid[], p_on_failure text[] DEFAULT NULL::text[]) RETURNS TABLE(id uuid, is_new boolean)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
    v_ids    uuid[];
    v_final  uuid[];
    v_open   integer[];
    v_wrong  text;
    v_awaited uuid[];
    v_known  uuid[];
    v_lanes  integer[];
    v_places timestamptz[];
BEGIN
    SELECT array_agg(COALESCE(given.id, gen_random_uuid()) ORDER BY given.n),
           array_agg(lanes.lane ORDER BY given.n),
           min(given.task_type || CASE WHEN given.queue IS NULL THEN '' ELSE ' in queue ' || given.queue END)
               FILTER (WHERE lanes.lane IS NULL)
      INTO v_ids, v_lanes, v_wrong
      FROM unnest(p_types, p_ids, p_queues) WITH ORDINALITY AS given (task_type, id, queue, n)
      LEFT JOIN platform.task_lanes AS lanes ON lanes.task_type = given.task_type AND lanes.queue = COALESCE(given.queue, 'default');
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'there is no task type %', v_wrong
              USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_type_is_known', DETAIL = v_wrong;
    END IF;
    v_wrong := (SELECT min(deadline)::text FROM unnest(p_deadlines) AS deadline WHERE deadline <= now());
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'the deadline % has passed', v_wrong
              USING ERRCODE = 'check_violation', CONSTRAINT = 'task_deadline_is_ahead', DETAIL = v_wrong;
    END IF;

    -- Whoever has a key already is who is meant; of several here, the first.
    v_final := v_ids;
    IF p_unique_keys IS NOT NULL OR p_idempotency_keys IS NOT NULL THEN
        v_final := ARRAY(
            SELECT COALESCE(
                       (SELECT live.id FROM platform.background_tasks AS live
                         WHERE live.tenant_id = platform.tenant_id() AND live.unique_key = given.unique_key
                           AND live.status IN ('pending', 'queued', 'running', 'paused', 'stuck')),
                       (SELECT known.id FROM platform.background_tasks AS known
                         WHERE known.tenant_id = platform.tenant_id() AND known.idempotency_key = given.idempotency_key),
                       CASE WHEN given.unique_key IS NOT NULL THEN first_value(given.id) OVER (PARTITION BY given.unique_key ORDER BY given.n)
                            WHEN given.idempotency_key IS NOT NULL
                            THEN first_value(given.id) OVER (PARTITION BY given.idempotency_key ORDER BY given.n) END,
                       given.id
                   )
              FROM unnest(v_ids, p_unique_keys, p_idempotency_keys) WITH ORDINALITY AS given (id, unique_key, idempotency_key, n)
             ORDER BY given.n
        );
    END IF;

    IF p_waiting IS NOT NULL THEN
        SELECT array_agg(COALESCE(ahead.final_id, edges.awaited) ORDER BY edges.n),
               array_agg(DISTINCT COALESCE(ahead.final_id, edges.awaited)) FILTER (WHERE ahead.id IS DISTINCT FROM ahead.final_id OR ahead.id IS NULL),
               min(edges.awaited::text) FILTER (WHERE ahead.n >= edges.waiting)
          INTO v_awaited, v_known, v_wrong
          FROM unnest(p_waiting, p_waits_for) WITH ORDINALITY AS edges (waiting, awaited, n)
          LEFT JOIN unnest(v_ids, v_final) WITH ORDINALITY AS ahead (id, final_id, n) ON ahead.id = edges.awaited;
        -- A task that ends meanwhile would not see that this one waits for it.
        PERFORM FROM platform.background_tasks AS awaited WHERE awaited.id = ANY (v_known) ORDER BY awaited.id FOR SHARE;
        SELECT COALESCE(v_wrong, min(awaited.id::text)) INTO v_wrong
          FROM unnest(v_known) AS awaited (id)
         WHERE NOT EXISTS (SELECT FROM platform.background_tasks AS known WHERE known.id = awaited.id);
        IF v_wrong IS NOT NULL THEN
            RAISE EXCEPTION 'task % is neither there nor ahead of what waits for it', v_wrong
                  USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_dependency_is_known', DETAIL = v_wrong;
        END IF;
        SELECT min(awaited.id::text) INTO v_wrong
          FROM unnest(p_waiting, v_awaited, p_on_failure) AS edges (waiting, awaited, on_failure)
          JOIN platform.background_tasks AS awaited ON awaited.id = edges.awaited
         WHERE awaited.status IN ('failed', 'cancelled', 'dead_letter') AND COALESCE(edges.on_failure, 'cancel') <> 'ignore';
        IF v_wrong IS NOT NULL THEN
            RAISE EXCEPTION 'task % has failed already', v_wrong
                  USING ERRCODE = 'check_violation', CONSTRAINT = 'task_dependency_may_succeed', DETAIL = v_wrong;
        END IF;
        SELECT array_agg(COALESCE(counted.open, 0) ORDER BY given.n)
          INTO v_open
          FROM generate_subscripts(v_ids, 1) AS given (n)
          LEFT JOIN (
                   SELECT edges.waiting, count(DISTINCT edges.awaited)::integer AS open
                     FROM unnest(p_waiting, v_awaited) AS edges (waiting, awaited)
                     LEFT JOIN platform.background_tasks AS awaited ON awaited.id = edges.awaited
                    WHERE COALESCE(awaited.status, 'pending') NOT IN ('completed', 'failed', 'cancelled', 'dead_letter')
                    GROUP BY edges.waiting
               ) AS counted ON counted.waiting = given.n;
    END IF;

    SELECT platform.jobs_places(
               array_agg(given.lane ORDER BY given.n),
               array_agg(COALESCE(given.fair_key, platform.tenant_id()::text) ORDER BY given.n),
               array_agg(COALESCE(given.priority, 'normal') ORDER BY given.n),
               array_agg(COALESCE(given.weight, 1) ORDER BY given.n),
               array_agg(COALESCE(given.scheduled_at, now()) ORDER BY given.n)
           )
      INTO v_places
      FROM unnest(v_lanes, p_fair_keys, p_priorities, p_weights, p_scheduled_at) WITH ORDINALITY
           AS given (lane, fair_key, priority, weight, scheduled_at, n);

    INSERT INTO platform.background_tasks (id, task_type, payload, priority, scheduled_at, max_retries, timeout, deadline_at, unique_key,
                         idempotency_key, fair_key, weight, lane, open_dependencies, place)
    SELECT given.id, given.task_type, COALESCE(given.payload, '{}'), COALESCE(given.priority, 'normal'),
           COALESCE(given.scheduled_at, now()), COALESCE(given.max_retries, lanes.max_retries),
           COALESCE(given.timeout, lanes.timeout), given.deadline_at, given.unique_key, given.idempotency_key,
           COALESCE(given.fair_key, platform.tenant_id()::text), COALESCE(given.weight, 1), given.lane, COALESCE(given.open, 0),
           CASE WHEN COALESCE(given.open, 0) = 0 AND COALESCE(given.scheduled_at, now()) <= now() THEN given.place END
      FROM unnest(v_ids, v_final, p_types, p_payloads, p_priorities, p_scheduled_at, p_max_retries, p_timeouts, p_deadlines,
                  p_unique_keys, p_idempotency_keys, p_fair_keys, p_weights, v_lanes, v_open, v_places) WITH ORDINALITY
           AS given (id, final_id, task_type, payload, priority, scheduled_at, max_retries, timeout, deadline_at,
                     unique_key, idempotency_key, fair_key, weight, lane, open, place, n)
      JOIN platform.task_lanes AS lanes ON lanes.lane = given.lane
     WHERE given.id = given.final_id
     ORDER BY given.n;

    IF p_waiting IS NOT NULL THEN
        INSERT INTO platform.background_task_dependencies (task_id, depends_on_task_id, on_failure, is_settled)
        SELECT v_ids[edges.waiting], awaited.id, COALESCE(min(edges.on_failure), 'cancel'),
               awaited.status IN ('completed', 'failed', 'cancelled', 'dead_letter')
          FROM unnest(p_waiting, v_awaited, p_on_failure) AS edges (waiting, awaited, on_failure)
          JOIN platform.background_tasks AS awaited ON awaited.id = edges.awaited
         WHERE v_ids[edges.waiting] = v_final[edges.waiting]
         GROUP BY edges.waiting, awaited.id, awaited.status;
    END IF;
    RETURN QUERY SELECT given.final_id, given.id = given.final_id FROM unnest(v_ids, v_final) AS given (id, final_id);
END
$$;

CREATE FUNCTION platform.jobs_fail(p_worker text, p_ids uuid[], p_tokens uuid[], p_messages text[], p_stacks text[] DEFAULT NULL::text[], p_is_final boolean[] DEFAULT NULL::boolean[], p_delays interval[] DEFAULT NULL::interval[]) RETURNS TABLE(id uuid, status text, scheduled_at timestamp with time zone)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
    v_changed uuid[];
    v_ended   uuid[];
    v_dead    uuid[];
BEGIN
    WITH held AS MATERIALIZED (
        SELECT tasks.id, given.token, given.stack, COALESCE(given.message, 'no reason was given') AS message,
               COALESCE(given.delay, platform.jobs_wait(lanes.retry_base, lanes.retry_most, tasks.retry_count)) AS delay,
               CASE WHEN given.is_final THEN 'failed'
                    WHEN tasks.retry_count >= tasks.max_retries OR tasks.deadline_at <= now() THEN 'dead_letter'
                    ELSE 'pending' END AS verdict
          FROM unnest(p_ids, p_tokens, p_messages, p_stacks, p_is_final, p_delays)
                 AS given (id, token, message, stack, is_final, delay)
          JOIN platform.background_tasks AS tasks ON tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'running'
          JOIN platform.task_lanes AS lanes ON lanes.lane = tasks.lane
         ORDER BY tasks.id
           FOR UPDATE OF tasks
    ),
    changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status        = held.verdict::platform.job_status,
               completed_at  = CASE WHEN held.verdict <> 'pending' THEN now() END,
               retry_count   = LEAST(tasks.retry_count + (held.verdict <> 'failed')::integer, tasks.max_retries),
               scheduled_at  = CASE WHEN held.verdict = 'pending' THEN now() + held.delay ELSE tasks.scheduled_at END,
               error_message = held.message,
               attempt_token = NULL, leased_until = NULL, place = NULL
          FROM held
         WHERE tasks.id = held.id
        RETURNING tasks.tenant_id, tasks.id, tasks.status, 'failed' AS event, tasks.attempts AS attempt,
                  held.token AS attempt_token, tasks.worker_id, tasks.error_message, held.stack AS error_stack,
                  CASE WHEN tasks.status = 'pending' THEN jsonb_build_object('retry_at', tasks.scheduled_at) ELSE '{}' END AS detail
    ),
    recorded AS (
        INSERT INTO store.background_task_history
               (tenant_id, task_id, event, attempt, attempt_token, worker_id, error_message, error_stack, detail)
        SELECT changed.tenant_id, changed.id, changed.event, NULLIF(changed.attempt, 0), changed.attempt_token, changed.worker_id,
               changed.error_message, changed.error_stack, changed.detail
          FROM changed)
    SELECT array_agg(changed.id), array_agg(changed.id) FILTER (WHERE changed.status <> 'pending'),
           array_agg(changed.id) FILTER (WHERE changed.status = 'dead_letter')
      INTO v_changed, v_ended, v_dead
      FROM changed;
    IF v_dead IS NOT NULL THEN
        PERFORM platform.jobs_bury(v_dead);
    END IF;
    IF v_ended IS NOT NULL THEN
        PERFORM platform.jobs_settle(v_ended);
    END IF;
    RETURN QUERY
        SELECT tasks.id, tasks.status::text, tasks.scheduled_at FROM platform.background_tasks AS tasks WHERE tasks.id = ANY (v_changed);
END
$$;

CREATE FUNCTION platform.jobs_heartbeat(p_worker text, p_ids uuid[] DEFAULT '{}'::uuid[], p_tokens uuid[] DEFAULT '{}'::uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE platform.task_workers SET last_seen = clock_timestamp() WHERE worker_id = p_worker;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no worker %', quote_literal(p_worker)
              USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_worker_is_known', DETAIL = p_worker;
    END IF;
    RETURN QUERY
        SELECT given.id
          FROM unnest(p_ids, p_tokens) AS given (id, token)
         WHERE NOT EXISTS (
                   SELECT FROM platform.background_tasks AS tasks
                    WHERE tasks.id = given.id AND tasks.attempt_token = given.token
                      AND tasks.status IN ('queued', 'running', 'completed')
               );
END
$$;

CREATE FUNCTION platform.jobs_mark_stuck(p_most integer DEFAULT 1000) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    v_count integer;
BEGIN
    WITH lost AS MATERIALIZED (
        SELECT tasks.id, CASE WHEN tasks.leased_until < now() THEN 'the attempt took longer than it may'
                              ELSE format('worker %s was lost', tasks.worker_id) END AS reason, tasks.attempt_token
          FROM platform.background_tasks AS tasks
         WHERE tasks.status IN ('queued', 'running')
           AND (tasks.leased_until < now()
                OR tasks.worker_id NOT IN (
                       SELECT workers.worker_id FROM platform.task_workers AS workers WHERE workers.last_seen >= now() - workers.lease
                   ))
         LIMIT p_most
           FOR UPDATE SKIP LOCKED
    ),
    changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status = CASE WHEN tasks.status = 'queued' THEN 'pending' ELSE 'stuck' END::platform.job_status,
               attempt_token = NULL, leased_until = NULL,
               error_message = CASE WHEN tasks.status = 'queued' THEN tasks.error_message ELSE lost.reason END
          FROM lost
         WHERE tasks.id = lost.id
        RETURNING tasks.tenant_id, tasks.id, CASE WHEN tasks.status = 'stuck' THEN 'stuck' ELSE 'rescued' END AS event,
                  tasks.attempts AS attempt, lost.attempt_token, tasks.worker_id, lost.reason AS error_message,
                  NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS (
        INSERT INTO store.background_task_history
               (tenant_id, task_id, event, attempt, attempt_token, worker_id, error_message, error_stack, detail)
        SELECT changed.tenant_id, changed.id, changed.event, NULLIF(changed.attempt, 0), changed.attempt_token, changed.worker_id,
               changed.error_message, changed.error_stack, changed.detail
          FROM changed)
    SELECT count(*) INTO v_count FROM changed;
    RETURN v_count;
END
$$;

CREATE FUNCTION platform.jobs_pause(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    UPDATE platform.background_tasks AS tasks
       SET status = 'paused', leased_until = NULL
      FROM (SELECT id FROM platform.background_tasks WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
     WHERE tasks.id = held.id AND tasks.status IN ('pending', 'queued', 'running')
    RETURNING tasks.id
$$;

CREATE FUNCTION platform.jobs_places(p_lanes integer[], p_keys text[], p_priorities platform.job_priority[], p_weights double precision[], p_ready timestamp with time zone[]) RETURNS timestamp with time zone[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
BEGIN
    RETURN (
        WITH fresh AS MATERIALIZED (
            SELECT * FROM unnest(p_lanes, p_keys, p_priorities, p_weights, p_ready) WITH ORDINALITY
                       AS given (lane, fair_key, priority, weight, ready_at, n)
        ),
        turns AS MATERIALIZED (
            SELECT groups.*, COALESCE(
                       (SELECT tasks.place + interval '1 millisecond' FROM platform.background_tasks AS tasks
                         WHERE tasks.lane = groups.lane AND tasks.fair_key = groups.fair_key AND tasks.priority = groups.priority
                           AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                         ORDER BY tasks.place DESC LIMIT 1) - platform.job_patience(groups.priority),
                       (SELECT tasks.place - platform.job_patience(tasks.priority) FROM platform.background_tasks AS tasks
                         WHERE tasks.lane = groups.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                         ORDER BY tasks.place, tasks.seq LIMIT 1)
                   ) AS earliest
              FROM (SELECT DISTINCT lane, fair_key, priority FROM fresh) AS groups
        )
        SELECT array_agg(
                   GREATEST(COALESCE(turns.earliest, fresh.ready_at), fresh.ready_at - interval '1 hour') + platform.job_patience(fresh.priority)
                   + interval '1 millisecond' * (fresh.steps - 1 / fresh.weight)
                   ORDER BY fresh.n
               )
          FROM (SELECT *, sum(1 / weight) OVER (PARTITION BY lane, fair_key, priority ORDER BY ready_at, n) AS steps FROM fresh) AS fresh
          JOIN turns USING (lane, fair_key, priority)
    );
END
$$;

CREATE FUNCTION platform.jobs_promote(p_lanes integer[], p_most integer DEFAULT 1000) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
DECLARE
    v_due uuid[];
BEGIN
    SELECT array_agg(due.id) INTO v_due
      FROM unnest(p_lanes) AS served (lane)
     CROSS JOIN LATERAL (
               SELECT tasks.id
                 FROM platform.background_tasks AS tasks
                WHERE tasks.lane = served.lane AND tasks.status = 'pending' AND tasks.place IS NULL
                  AND tasks.open_dependencies = 0 AND tasks.scheduled_at <= now()
                ORDER BY tasks.scheduled_at
                LIMIT p_most
                  FOR UPDATE SKIP LOCKED
           ) AS due;
    RETURN CASE WHEN v_due IS NULL THEN 0 ELSE platform.jobs_take_places(v_due) END;
END
$$;

CREATE FUNCTION platform.jobs_release(p_worker text, p_ids uuid[], p_tokens uuid[]) RETURNS SETOF uuid
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    WITH changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status = 'pending', attempt_token = NULL, leased_until = NULL
          FROM (SELECT * FROM unnest(p_ids, p_tokens) AS given (id, token) ORDER BY id) AS given
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status IN ('queued', 'running')
        RETURNING tasks.tenant_id, tasks.id, 'handed_back' AS event, tasks.attempts AS attempt, given.token AS attempt_token,
                  p_worker AS worker_id, NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS (
        INSERT INTO store.background_task_history
               (tenant_id, task_id, event, attempt, attempt_token, worker_id, error_message, error_stack, detail)
        SELECT changed.tenant_id, changed.id, changed.event, NULLIF(changed.attempt, 0), changed.attempt_token, changed.worker_id,
               changed.error_message, changed.error_stack, changed.detail
          FROM changed)
    SELECT id FROM changed
$$;

CREATE FUNCTION platform.jobs_rescue(p_most integer DEFAULT 1000, OUT p_retried integer, OUT p_dead integer) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    v_dead uuid[];
BEGIN
    WITH held AS MATERIALIZED (
        SELECT tasks.id, platform.jobs_wait(lanes.retry_base, lanes.retry_most, tasks.retry_count) AS delay,
               CASE WHEN tasks.retry_count >= tasks.max_retries OR tasks.deadline_at <= now() THEN 'dead_letter'
                    ELSE 'pending' END AS verdict
          FROM platform.background_tasks AS tasks
          JOIN platform.task_lanes AS lanes ON lanes.lane = tasks.lane
         WHERE tasks.status = 'stuck'
         LIMIT p_most
           FOR UPDATE OF tasks SKIP LOCKED
    ),
    changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status       = held.verdict::platform.job_status,
               completed_at = CASE WHEN held.verdict <> 'pending' THEN now() END,
               retry_count  = LEAST(tasks.retry_count + 1, tasks.max_retries),
               scheduled_at = CASE WHEN held.verdict = 'pending' THEN now() + held.delay ELSE tasks.scheduled_at END,
               place        = NULL
          FROM held
         WHERE tasks.id = held.id
        RETURNING tasks.tenant_id, tasks.id, tasks.status, 'rescued' AS event, tasks.attempts AS attempt, NULL::uuid AS attempt_token,
                  tasks.worker_id, tasks.error_message, NULL::text AS error_stack,
                  CASE WHEN tasks.status = 'pending' THEN jsonb_build_object('retry_at', tasks.scheduled_at) ELSE '{}' END AS detail
    ),
    recorded AS (
        INSERT INTO store.background_task_history
               (tenant_id, task_id, event, attempt, attempt_token, worker_id, error_message, error_stack, detail)
        SELECT changed.tenant_id, changed.id, changed.event, NULLIF(changed.attempt, 0), changed.attempt_token, changed.worker_id,
               changed.error_message, changed.error_stack, changed.detail
          FROM changed WHERE changed.status = 'pending')
    SELECT count(*) FILTER (WHERE status = 'pending'), array_agg(id) FILTER (WHERE status = 'dead_letter')
      INTO p_retried, v_dead
      FROM changed;

    WITH late AS MATERIALIZED (
        SELECT tasks.id FROM platform.background_tasks AS tasks
         WHERE tasks.deadline_at <= now() AND tasks.status IN ('pending', 'paused')
         LIMIT p_most FOR UPDATE SKIP LOCKED
    ),
    changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status = 'dead_letter', completed_at = now(), place = NULL,
               error_message = COALESCE(tasks.error_message, 'its deadline passed before it was done')
          FROM late WHERE tasks.id = late.id
        RETURNING tasks.id
    )
    SELECT COALESCE(v_dead, '{}') || COALESCE(array_agg(id), '{}') INTO v_dead FROM changed;
    p_dead := cardinality(v_dead);
    IF p_dead > 0 THEN
        PERFORM platform.jobs_bury(v_dead);
        PERFORM platform.jobs_settle(v_dead);
    END IF;
END
$$;

CREATE FUNCTION platform.jobs_resume(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_resumed uuid[];
BEGIN
    WITH changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status = 'pending'
          FROM (SELECT id FROM platform.background_tasks WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
         WHERE tasks.id = held.id AND tasks.status = 'paused'
        RETURNING tasks.id
    )
    SELECT array_agg(id) INTO v_resumed FROM changed;
    PERFORM platform.jobs_take_places(v_resumed);
    RETURN QUERY SELECT unnest(v_resumed);
END
$$;

CREATE FUNCTION platform.jobs_retry(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_again uuid[];
BEGIN
    WITH changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status = 'pending', retry_count = 0, completed_at = NULL, scheduled_at = now(), place = NULL,
               deadline_at = CASE WHEN tasks.deadline_at > now() THEN tasks.deadline_at END,
               open_dependencies = (
                   SELECT count(*) FROM platform.background_task_dependencies AS edges WHERE edges.task_id = tasks.id AND NOT edges.is_settled
               )
          FROM (SELECT id FROM platform.background_tasks WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
         WHERE tasks.id = held.id AND tasks.status IN ('failed', 'cancelled', 'dead_letter')
           AND NOT EXISTS (
                   SELECT FROM platform.background_tasks AS others
                    WHERE others.tenant_id = tasks.tenant_id AND others.unique_key = tasks.unique_key AND others.id <> tasks.id
                      AND (others.status IN ('pending', 'queued', 'running', 'paused', 'stuck')
                           OR (others.id < tasks.id AND others.id = ANY (p_ids)
                               AND others.status IN ('failed', 'cancelled', 'dead_letter')))
               )
        RETURNING tasks.id
    )
    SELECT array_agg(id) INTO v_again FROM changed;
    IF v_again IS NOT NULL THEN

        UPDATE platform.dead_letter_queue
           SET resolution = 'redriven', resolved_at = now(), resolved_by = platform.user_id()
         WHERE original_task_id = ANY (v_again) AND resolved_at IS NULL;
        PERFORM platform.jobs_take_places(v_again);
    END IF;
    RETURN QUERY SELECT unnest(v_again);
END
$$;

CREATE FUNCTION platform.jobs_rooms(INOUT p_lanes integer[], p_n integer, OUT p_rooms integer[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
DECLARE
    v_limited integer[];
    v_lane    record;
    v_room    integer;
BEGIN
    SELECT array_agg(lane) FILTER (WHERE max_running IS NULL AND rate_count IS NULL),
           array_agg(p_n)  FILTER (WHERE max_running IS NULL AND rate_count IS NULL),
           array_agg(lane) FILTER (WHERE max_running IS NOT NULL OR rate_count IS NOT NULL)
      INTO p_lanes, p_rooms, v_limited
      FROM platform.task_lanes
     WHERE lane = ANY (p_lanes) AND NOT is_paused;
    IF v_limited IS NULL THEN
        RETURN;
    END IF;
    -- Nobody needs a lane's limits who finds nothing in it.
    v_limited := ARRAY(
        SELECT wanted.lane
          FROM unnest(v_limited) AS wanted (lane)
         WHERE EXISTS (SELECT FROM platform.background_tasks AS tasks
                        WHERE tasks.lane = wanted.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL)
    );
    FOR v_lane IN
        SELECT * FROM platform.task_lanes WHERE lane = ANY (v_limited) AND NOT is_paused ORDER BY lane FOR UPDATE SKIP LOCKED
    LOOP
        v_room := p_n;
        IF v_lane.max_running IS NOT NULL THEN
            v_room := LEAST(v_room, v_lane.max_running - (
                SELECT count(*)::integer FROM platform.background_tasks AS tasks
                 WHERE tasks.lane = v_lane.lane AND tasks.status IN ('queued', 'running')
            ));
        END IF;
        IF v_lane.rate_count IS NOT NULL THEN
            v_room := LEAST(v_room, floor(
                v_lane.rate_count
                * extract(epoch FROM clock_timestamp() + v_lane.rate_per
                                     - GREATEST(v_lane.rate_used_to, clock_timestamp()))
                / extract(epoch FROM v_lane.rate_per) + 0.000001
            )::integer);
        END IF;
        IF v_room > 0 THEN
            p_lanes := p_lanes || v_lane.lane;
            p_rooms := p_rooms || v_room;
        END IF;
    END LOOP;
END
$$;

CREATE FUNCTION platform.jobs_settle(p_ended uuid[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    v_ended   uuid[] := p_ended;
    v_waiting uuid[];
    v_ready   uuid[];
    v_count   integer := 0;
BEGIN
    WHILE EXISTS (SELECT FROM platform.background_task_dependencies WHERE depends_on_task_id = ANY (v_ended) AND NOT is_settled) LOOP
        PERFORM FROM platform.background_tasks
          WHERE id IN (SELECT task_id FROM platform.background_task_dependencies WHERE depends_on_task_id = ANY (v_ended) AND NOT is_settled)
          ORDER BY id FOR UPDATE;
        WITH settled AS (
            UPDATE platform.background_task_dependencies AS edges
               SET is_settled = true
              FROM platform.background_tasks AS ended
             WHERE edges.depends_on_task_id = ANY (v_ended) AND NOT edges.is_settled
               AND ended.id = edges.depends_on_task_id
               AND (ended.status = 'completed' OR edges.on_failure = 'ignore')
            RETURNING edges.task_id
        ),
        changed AS (
            UPDATE platform.background_tasks AS tasks
               SET open_dependencies = tasks.open_dependencies - counted.n
              FROM (SELECT task_id, count(*)::integer AS n FROM settled GROUP BY task_id) AS counted
             WHERE tasks.id = counted.task_id AND tasks.status IN ('pending', 'paused')
            RETURNING tasks.id, tasks.open_dependencies
        )
        SELECT array_agg(id) FILTER (WHERE open_dependencies = 0) INTO v_ready FROM changed;
        IF v_ready IS NOT NULL THEN
            v_count := v_count + platform.jobs_take_places(v_ready);
        END IF;

        WITH doomed AS (
            SELECT edges.task_id,
                   bool_or(edges.on_failure = 'fail' AND ended.status <> 'cancelled') AS fails,
                   min(format('task %s, which it waits for, is %s', ended.id, ended.status)) AS reason
              FROM platform.background_task_dependencies AS edges
              JOIN platform.background_tasks AS ended ON ended.id = edges.depends_on_task_id
             WHERE edges.depends_on_task_id = ANY (v_ended) AND NOT edges.is_settled
               AND ended.status IN ('failed', 'cancelled', 'dead_letter')
             GROUP BY edges.task_id
        ),
        changed AS (
            UPDATE platform.background_tasks AS tasks
               SET status = CASE WHEN doomed.fails THEN 'failed' ELSE 'cancelled' END::platform.job_status,
                   completed_at = now(), error_message = doomed.reason, place = NULL
              FROM doomed
             WHERE tasks.id = doomed.task_id AND tasks.status IN ('pending', 'paused')
            RETURNING tasks.id
        )
        SELECT array_agg(id) INTO v_ended FROM changed;
    END LOOP;
    RETURN v_count;
END
$$;

CREATE FUNCTION platform.jobs_start(p_worker text, p_ids uuid[], p_tokens uuid[]) RETURNS SETOF uuid
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    WITH changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status = 'running', started_at = now(), leased_until = LEAST(now() + tasks.timeout, tasks.deadline_at)
          FROM unnest(p_ids, p_tokens) AS given (id, token)
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'queued' AND tasks.worker_id = p_worker
        RETURNING tasks.tenant_id, tasks.id, 'started' AS event, tasks.attempts AS attempt, tasks.attempt_token, tasks.worker_id,
                  NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS (
        INSERT INTO store.background_task_history
               (tenant_id, task_id, event, attempt, attempt_token, worker_id, error_message, error_stack, detail)
        SELECT changed.tenant_id, changed.id, changed.event, NULLIF(changed.attempt, 0), changed.attempt_token, changed.worker_id,
               changed.error_message, changed.error_stack, changed.detail
          FROM changed)
    SELECT id FROM changed
$$;

CREATE FUNCTION platform.jobs_step(p_worker text, p_ids uuid[], p_tokens uuid[], p_results jsonb[], p_lanes integer[], p_n integer, p_begin integer DEFAULT NULL::integer) RETURNS TABLE(id uuid, tenant_id uuid, task_type character varying, payload jsonb, attempt_token uuid, attempt integer, retry_count integer, max_retries integer, leased_until timestamp with time zone, status text, created_by uuid)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN QUERY
        SELECT done, NULL::uuid, NULL::varchar, NULL::jsonb, NULL::uuid, NULL::integer, NULL::integer, NULL::integer,
               NULL::timestamptz, 'completed', NULL::uuid
          FROM platform.jobs_complete(p_worker, p_ids, p_tokens, p_results) AS done;
    RETURN QUERY SELECT * FROM platform.jobs_claim(p_worker, p_lanes, p_n, p_begin);
END
$$;

CREATE FUNCTION platform.jobs_take_places(p_ids uuid[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    v_count  integer;
    v_ids    uuid[];
    v_places timestamptz[];
BEGIN
    SELECT array_agg(ready.id),
           platform.jobs_places(array_agg(lane), array_agg(fair_key::text), array_agg(priority), array_agg(weight), array_agg(scheduled_at))
      INTO v_ids, v_places
      FROM (
          SELECT id, lane, fair_key, priority, weight, GREATEST(scheduled_at, created_at) AS scheduled_at
            FROM platform.background_tasks
           WHERE id = ANY (p_ids) AND status = 'pending' AND place IS NULL AND open_dependencies = 0 AND scheduled_at <= now()
           ORDER BY scheduled_at, seq
      ) AS ready;
    IF v_ids IS NULL THEN
        RETURN 0;
    END IF;
    UPDATE platform.background_tasks AS tasks
       SET place = placed.place
      FROM unnest(v_ids, v_places) AS placed (id, place)
     WHERE tasks.id = placed.id AND tasks.status = 'pending' AND tasks.place IS NULL;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END
$$;

CREATE FUNCTION platform.jobs_wait(p_base interval, p_most interval, p_retries integer) RETURNS interval
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT LEAST(p_most, p_base * power(2, LEAST(p_retries, 30))) * (0.5 + random() / 2)
$$;

CREATE FUNCTION platform.join_by_invitation(digest text, new_username text, new_password_hash text) RETURNS TABLE(user_id uuid, tenant_id uuid, slug character varying, role text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
DECLARE
    address text;
    person  uuid;
BEGIN
    SELECT known.email INTO address FROM platform.team_invitations AS known
     WHERE known.token_digest = digest
       AND known.accepted_at IS NULL AND known.revoked_at IS NULL AND known.expires_at > clock_timestamp();
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO platform.users (username, email, password_hash) VALUES (new_username, address, new_password_hash)
    RETURNING id INTO person;
    PERFORM set_config('app.user_id', person::text, true);
    RETURN QUERY
    SELECT person, joined.tenant_id, joined.slug, joined.role FROM platform.accept_invitation(digest) AS joined;
    IF NOT FOUND THEN
        -- Somebody was quicker: then there is no reason for an account either.
        RAISE EXCEPTION 'the invitation has just been used'
              USING ERRCODE = 'unique_violation', CONSTRAINT = 'team_invitations_end_once', TABLE = 'team_invitations', SCHEMA = 'platform';
    END IF;
END
$$;

CREATE FUNCTION platform.keep_an_administrator() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM platform.installation FOR NO KEY UPDATE;
    IF NOT EXISTS (SELECT FROM platform.users WHERE role = 'admin' AND is_active) THEN
        RAISE EXCEPTION 'an installation keeps an administrator'
              USING ERRCODE = 'restrict_violation', CONSTRAINT = 'installation_keeps_an_administrator', TABLE = 'users', SCHEMA = 'platform';
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION platform.keep_an_owner() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    -- Two owners who go at once: the second waits here and then sees that it is the last.
    PERFORM FROM platform.teams WHERE id = OLD.tenant_id AND erased_at IS NULL FOR NO KEY UPDATE;
    IF FOUND AND NOT EXISTS (
        SELECT FROM platform.team_members AS members
          JOIN platform.users ON users.id = members.user_id
         WHERE members.tenant_id = OLD.tenant_id
           AND members.role = 'owner'
           AND users.is_active
    ) THEN
        RAISE EXCEPTION 'a team keeps an owner'
              USING ERRCODE = 'restrict_violation', CONSTRAINT = 'teams_keep_an_owner', TABLE = 'team_members', SCHEMA = 'platform';
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION platform.keep_sealed(relation regclass, sealed_column text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO platform.sealed_columns VALUES (relation::text, sealed_column);
    EXECUTE format('CREATE POLICY functions_see_every_row ON %s TO guildhall_owner USING (true) WITH CHECK (true)', relation);
END
$$;

CREATE FUNCTION platform.ledger_text(relation regclass, columns text[], prefix text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    covered record;
    value   text;
    lines   text[] := '{}';
BEGIN
    FOR covered IN
        SELECT wanted.name, attributes.atttypid::regtype AS type, types.typcategory, types.typtype,
               elements.typcategory AS element_category, types.typelem::regtype::text AS element
          FROM unnest(columns) WITH ORDINALITY AS wanted (name, place)
          LEFT JOIN pg_attribute AS attributes
            ON attributes.attrelid = relation AND attributes.attname = wanted.name AND NOT attributes.attisdropped
          LEFT JOIN pg_type AS types ON types.oid = attributes.atttypid
          LEFT JOIN pg_type AS elements ON elements.oid = types.typelem
         ORDER BY wanted.place
    LOOP
        value := prefix || quote_ident(covered.name);
        value := CASE
            WHEN covered.type::text IN ('uuid', 'boolean', 'smallint', 'integer', 'bigint', 'numeric', 'inet', 'cidr', 'jsonb')
                THEN format('%s::text', value)
            WHEN covered.type::text = 'timestamp with time zone' THEN format('extract(epoch FROM %s)::text', value)
            WHEN covered.type::text = 'date' THEN format('to_json(%s)::text', value)
            WHEN covered.type::text = 'double precision' THEN format('encode(float8send(%s), ''hex'')', value)
            WHEN covered.type::text = 'bytea' THEN format('encode(%s, ''hex'')', value)
            WHEN covered.typcategory = 'S' OR covered.typtype = 'e' THEN format('to_json(%s::text)::text', value)
            WHEN covered.typcategory = 'A'
                 AND (covered.element_category = 'S' OR covered.element IN ('uuid', 'boolean', 'smallint', 'integer', 'bigint'))
                THEN format('to_json(%s)::text', value)
        END;
        IF value IS NULL THEN
            RAISE EXCEPTION 'column % of % cannot be digested: it is %', covered.name, relation, COALESCE(covered.type::text, 'not there')
                  USING ERRCODE = 'datatype_mismatch', HINT = 'Name it among the columns to leave out.';
        END IF;
        lines := lines || format('%L || %s', covered.name || '=', value);
    END LOOP;
    RETURN format('concat_ws(chr(10), %s)', array_to_string(lines, ', '));
END
$$;

CREATE FUNCTION platform.let_add_to_ledger(ledger text, role_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    target CONSTANT regclass := (SELECT relation FROM platform.ledgers WHERE name = ledger AND stamped);
BEGIN
    IF target IS NOT NULL THEN
        EXECUTE format(
            'GRANT INSERT (%s) ON %s TO %I',
            (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
               FROM pg_attribute
              WHERE attrelid = target AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
                AND attname NOT IN ('epoch', 'transaction_id', 'digest', 'redaction_id')),
            target, role_name
        );
    END IF;
END
$$;

CREATE FUNCTION platform.list_teams(with_archived boolean) RETURNS TABLE(id uuid, name character varying, slug character varying, is_active boolean, members integer, role text, created_at timestamp with time zone, updated_at timestamp with time zone, deleted_at timestamp with time zone, erased_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT teams.id, teams.name, teams.slug, teams.is_active,
           (SELECT count(*)::integer FROM platform.team_members AS members WHERE members.tenant_id = teams.id),
           mine.role, teams.created_at, teams.updated_at, teams.deleted_at, teams.erased_at
      FROM platform.teams
      LEFT JOIN platform.team_members AS mine ON mine.tenant_id = teams.id AND mine.user_id = platform.user_id()
     WHERE (teams.is_active OR with_archived)
       AND (mine.role IS NOT NULL OR (SELECT platform.is_administrator()))
     ORDER BY teams.slug
$$;

CREATE FUNCTION platform.list_users(with_archived boolean) RETURNS TABLE(id uuid, username character varying, email character varying, role character varying, is_active boolean, api_key character varying, last_login_at timestamp with time zone, created_at timestamp with time zone, updated_at timestamp with time zone, deleted_at timestamp with time zone, has_password boolean, teams text[])
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT users.id, users.username, users.email, users.role, users.is_active, users.api_key, users.last_login_at,
           users.created_at, users.updated_at, users.deleted_at, users.password_hash <> '!',
           ARRAY(SELECT teams.slug || ':' || members.role
                   FROM platform.team_members AS members
                   JOIN platform.teams ON teams.id = members.tenant_id
                  WHERE members.user_id = users.id
                  ORDER BY members.created_at, teams.slug)
      FROM platform.users
     WHERE (users.is_active OR with_archived)
       AND users.erased_at IS NULL
       AND (users.id = platform.user_id() OR (SELECT platform.is_administrator()))
     ORDER BY users.username
$$;

CREATE FUNCTION platform.login_tenant() RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT tenant_id FROM platform.sql_logins WHERE role_name = session_user
$$;

CREATE FUNCTION platform.maintain_series(wanted text DEFAULT NULL::text) RETURNS TABLE(series text, action text, detail text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    AS $$
DECLARE
    kept platform.series;
    due  record;
    made integer;
    on_timescale CONSTANT boolean := (SELECT engine FROM platform.installation) = 'timescale';
BEGIN
    IF wanted IS NOT NULL AND NOT EXISTS (SELECT FROM platform.series WHERE name = wanted) THEN
        RAISE EXCEPTION 'there is no series %', quote_literal(wanted) USING ERRCODE = 'undefined_table';
    END IF;
    FOR kept IN SELECT * FROM platform.series WHERE name = COALESCE(wanted, name) ORDER BY name LOOP
        series := kept.name;
        made   := platform.create_partitions_ahead(kept.name);
        IF made > 0 THEN
            action := 'made';
            detail := made::text;
            RETURN NEXT;
        END IF;

        FOR due IN SELECT * FROM platform.expired_partitions(kept.name) LOOP
            action := platform.drop_partition(kept.name, due.partition);
            detail := due.partition;
            RETURN NEXT;
        END LOOP;

        CONTINUE WHEN NOT on_timescale;
        -- Its own job may have dropped chunks that this has never seen.
        IF kept.retention IS NOT NULL AND NOT kept.is_archived THEN
            UPDATE platform.series AS moved
               SET dropped_before = GREATEST(moved.dropped_before, LEAST(now() - kept.retention, (
                       SELECT min(spans.starts) FROM platform.partition_spans(kept.name) AS spans
                   )))
             WHERE moved.name = kept.name;
        END IF;
        FOR due IN
            SELECT spans.partition
              FROM platform.partition_spans(kept.name) AS spans
             WHERE NOT spans.is_compressed AND spans.ends <= now() - kept.compress_after
        LOOP
            action := CASE WHEN platform.compress_partition(due.partition) THEN 'compressed' ELSE 'busy' END;
            detail := due.partition;
            RETURN NEXT;
        END LOOP;
    END LOOP;
END
$$;

CREATE FUNCTION platform.make_hypertable(series_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    AS $_$
DECLARE
    wanted     platform.series;
    parent     regclass := format('store.%I', series_name);
    extension  text;
    statements text[];
    statement  text;
BEGIN
    SELECT * INTO STRICT wanted FROM platform.series WHERE name = series_name;
    SELECT extnamespace::regnamespace INTO STRICT extension FROM pg_extension WHERE extname = 'timescaledb';

    -- What LIKE leaves out, or would give another name.
    SELECT array_agg(parts.statement ORDER BY parts.place, parts.name) INTO statements
      FROM (
               SELECT 1 AS place, conname AS name, format('ALTER TABLE %s ADD CONSTRAINT %I %s', parent, conname, pg_get_constraintdef(oid)) AS statement
                 FROM pg_constraint
                WHERE conrelid = parent AND contype IN ('p', 'u', 'f')
               UNION ALL
               SELECT 2, indexrelid::regclass::text, regexp_replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')
                 FROM pg_index
                WHERE indrelid = parent AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = parent)
               UNION ALL
               SELECT 3, tgname, pg_get_triggerdef(oid)
                 FROM pg_trigger
                WHERE tgrelid = parent AND NOT tgisinternal
               UNION ALL
               SELECT 4, '', format('COMMENT ON TABLE %s IS %L', parent, obj_description(parent, 'pg_class'))
               UNION ALL
               SELECT 5, '', format('COMMENT ON INDEX %s IS %L', indexrelid::regclass, obj_description(indexrelid, 'pg_class'))
                 FROM pg_index
                WHERE indrelid = parent AND obj_description(indexrelid, 'pg_class') IS NOT NULL
               UNION ALL
               SELECT 6, '', format('GRANT %s ON %s TO %I', granted.privilege_type, parent, granted.grantee::regrole)
                 FROM pg_class, aclexplode(relacl) AS granted
                WHERE pg_class.oid = parent AND granted.grantee NOT IN (0, relowner)
               UNION ALL
               SELECT 6, '', format('GRANT %s (%I) ON %s TO %I', granted.privilege_type, attname, parent, granted.grantee::regrole)
                 FROM pg_attribute, aclexplode(attacl) AS granted
                WHERE attrelid = parent AND granted.grantee <> 0
           ) AS parts;

    EXECUTE format('CREATE TABLE store.%I (LIKE %s INCLUDING ALL EXCLUDING INDEXES)', series_name || '_anew', parent);
    EXECUTE format('DROP TABLE %s', parent);
    EXECUTE format('ALTER TABLE store.%I RENAME TO %I', series_name || '_anew', series_name);
    EXECUTE format(
        'SELECT %1$s.create_hypertable(%2$L::regclass, %1$s.by_range(%3$L, %4$L::interval), create_default_indexes => false)',
        extension, format('store.%I', series_name), wanted.time_column, wanted.chunk
    );
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE statement;
    END LOOP;
END
$_$;

CREATE FUNCTION platform.tenant_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid;

CREATE TABLE platform.team_members (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    user_id uuid NOT NULL,
    role text DEFAULT 'member'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT team_members_role_is_known CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text, 'viewer'::text])))
);

ALTER TABLE ONLY platform.team_members FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.team_members IS 'identity: tenant: who belongs to a team, and what they may do in it.';

CREATE TABLE platform.teams (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name character varying(100) NOT NULL,
    slug character varying(100) NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    erased_at timestamp with time zone,
    CONSTRAINT teams_archived_are_inactive CHECK ((is_active = (deleted_at IS NULL))),
    CONSTRAINT teams_erased_are_archived CHECK (((erased_at IS NULL) OR (deleted_at IS NOT NULL))),
    CONSTRAINT teams_slug_is_plain CHECK (((slug)::text ~ '^[a-z0-9]+(-[a-z0-9]+)*$'::text)),
    CONSTRAINT teams_updated_after_created CHECK ((updated_at >= created_at))
);

ALTER TABLE ONLY platform.teams FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.teams IS 'identity: global: the tenants; somebody who works alone is a team of one.';

COMMENT ON COLUMN platform.teams.erased_at IS 'When its erasure began; the row itself goes last.';

CREATE FUNCTION platform.member_role() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (SELECT members.role FROM ((platform.team_members members JOIN platform.users ON (((users.id = members.user_id) AND users.is_active))) JOIN platform.teams ON (((teams.id = members.tenant_id) AND teams.is_active))) WHERE ((members.tenant_id = platform.tenant_id()) AND (members.user_id = platform.user_id())));

CREATE FUNCTION platform.may_administer_team() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (COALESCE((platform.member_role() = ANY (ARRAY['owner'::text, 'admin'::text])), false) OR platform.is_administrator());

CREATE FUNCTION platform.partition_name(series_name text, starts timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    RETURN ((series_name || to_char(starts, '_YYYY_MM'::text)) || CASE WHEN (EXTRACT(year FROM starts) < (0)::numeric) THEN '_bc'::text ELSE ''::text END);

CREATE FUNCTION platform.partition_spans(wanted text DEFAULT NULL::text) RETURNS TABLE(series text, partition text, starts timestamp with time zone, ends timestamp with time zone, is_compressed boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET "DateStyle" TO 'ISO, YMD'
    AS $_$
BEGIN
    IF (SELECT engine FROM platform.installation) = 'timescale' THEN
        RETURN QUERY EXECUTE
            'SELECT hypertable_name::text, format(''%I.%I'', chunk_schema, chunk_name), range_start, range_end, is_compressed
               FROM timescaledb_information.chunks
              WHERE hypertable_schema = ''store'' AND hypertable_name = COALESCE($1, hypertable_name)
                AND EXISTS (SELECT FROM platform.series WHERE name = hypertable_name)
              ORDER BY hypertable_name, range_start'
            USING wanted;
        RETURN;
    END IF;
    RETURN QUERY
        SELECT registered.name, format('store.%I', children.relname), bounds.parts[1]::timestamptz, bounds.parts[2]::timestamptz, false
          FROM platform.series AS registered
          JOIN pg_inherits ON inhparent = format('store.%I', registered.name)::regclass
          JOIN pg_class AS children ON children.oid = inhrelid
         CROSS JOIN LATERAL (
                   SELECT regexp_match(pg_get_expr(children.relpartbound, children.oid), 'FROM \(''(.+)''\) TO \(''(.+)''\)') AS parts
               ) AS bounds
         WHERE registered.name = COALESCE(wanted, registered.name)
         ORDER BY registered.name, 3;
END
$_$;

CREATE FUNCTION platform.percentile(fraction double precision, idx integer[], n bigint[]) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT platform.histogram_value(counted.bucket) AS histogram_value
    FROM ( SELECT buckets.bucket,
             buckets.size,
             sum(buckets.size) OVER (ORDER BY buckets.bucket) AS up_to_here,
             sum(buckets.size) OVER () AS total
            FROM UNNEST(percentile.idx, percentile.n) buckets(bucket, size)) counted
   WHERE ((counted.size > 0) AND ((percentile.fraction >= (0)::double precision) AND (percentile.fraction <= (1)::double precision)) AND (counted.up_to_here > floor(((percentile.fraction * ((counted.total - (1)::numeric))::double precision))::numeric)))
   ORDER BY counted.bucket
  LIMIT 1;
END;

CREATE FUNCTION platform.publish_catalogue() RETURNS text[]
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    published text[];
BEGIN
    IF current_setting('wal_level') <> 'logical' THEN
        RAISE EXCEPTION 'wal_level is %, so there is nothing to publish', current_setting('wal_level')
              USING ERRCODE = 'object_not_in_prerequisite_state',
                    HINT = 'Set wal_level = logical and restart the server.';
    END IF;
    SELECT array_agg(oid::regclass::text ORDER BY oid::regclass::text) INTO published
      FROM pg_class
     WHERE relkind IN ('r', 'p') AND NOT relispartition
       AND (relnamespace = 'catalogue'::regnamespace
            -- A table that is in a publication cannot become a hypertable, nor are its chunks published.
            OR oid = to_regclass('store.status_probes') AND (SELECT engine FROM platform.installation) = 'native');
    IF EXISTS (SELECT FROM pg_publication WHERE pubname = 'ai_go_global') THEN
        EXECUTE format('ALTER PUBLICATION ai_go_global SET TABLE %s', array_to_string(published, ', '));
    ELSE
        EXECUTE format('CREATE PUBLICATION ai_go_global FOR TABLE %s WITH (publish_via_partition_root = true)',
                       array_to_string(published, ', '));
    END IF;
    RETURN published;
END
$$;

CREATE FUNCTION platform.record_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
            #variable_conflict use_variable
            DECLARE
                known    text[] := NULLIF(current_setting('guildhall.audited_' || TG_RELID, true), '')::text[];
                old_data jsonb  := to_jsonb(OLD) - COALESCE(TG_ARGV, '{}');
                new_data jsonb  := to_jsonb(NEW) - COALESCE(TG_ARGV, '{}');
            BEGIN
                IF TG_OP = 'UPDATE' AND OLD *= NEW THEN
                    RETURN NULL;
                END IF;
                IF known IS NULL OR date_part('epoch', clock_timestamp()) >= known[1]::float8 THEN
                    known := platform.audited_table(TG_RELID);
                END IF;
                IF concat(old_data - known[5]::text[], new_data - known[5]::text[]) ~ platform.secret_hint() THEN
                    old_data := platform.without_secrets(old_data);
                    new_data := platform.without_secrets(new_data);
                END IF;

                -- The digest is of the same text that platform.ledger_text writes: null has no line.
                INSERT INTO store.audit_log (
                    log_id, tenant_id, table_schema, table_name, operation, record_key, user_id, agent_id, actor_role,
                    old_data, new_data, ip_address, user_agent, request_id, "timestamp", epoch, transaction_id, digest
                )
                SELECT log_id, tenant_id, table_schema, table_name, operation, record_key, user_id, agent_id, actor_role,
                       old_data, new_data, ip_address, user_agent, request_id, "timestamp", epoch, transaction_id,
                       sha256(convert_to(concat(
                           'log_id=', log_id,
                           CASE WHEN tenant_id IS NOT NULL THEN E'\ntenant_id=' END, tenant_id,
                           E'\ntable_name=', to_json(table_name),
                           E'\noperation="', operation, '"',
                           CASE WHEN user_id IS NOT NULL THEN E'\nuser_id=' END, user_id,
                           CASE WHEN old_data IS NOT NULL THEN E'\nold_data=' END, old_data,
                           CASE WHEN new_data IS NOT NULL THEN E'\nnew_data=' END, new_data,
                           CASE WHEN ip_address IS NOT NULL THEN E'\nip_address=' END, ip_address::text,
                           CASE WHEN user_agent IS NOT NULL THEN E'\nuser_agent=' END, to_json(user_agent),
                           E'\ntimestamp=', extract(epoch FROM "timestamp"),
                           E'\ntable_schema=', to_json(table_schema),
                           E'\nrecord_key=', record_key,
                           CASE WHEN agent_id IS NOT NULL THEN E'\nagent_id=' END, agent_id,
                           E'\nactor_role=', to_json(actor_role),
                           CASE WHEN request_id IS NOT NULL THEN E'\nrequest_id=' END, to_json(request_id),
                           E'\nepoch=', epoch,
                           E'\ntransaction_id=', transaction_id
                       ), 'UTF8'))
                  FROM (SELECT gen_random_uuid() AS log_id,
                               (COALESCE(new_data, old_data) ->> CASE WHEN TG_RELID = 'platform.teams'::regclass THEN 'id' ELSE 'tenant_id' END)::uuid
                                   AS tenant_id,
                               TG_TABLE_SCHEMA::text AS table_schema, known[2] AS table_name, TG_OP AS operation,
                               COALESCE(new_data, old_data) - known[4]::text[] AS record_key,
                               NULLIF(current_setting('app.user_id', true), '')::uuid AS user_id,
                               NULLIF(current_setting('app.agent_id', true), '')::uuid AS agent_id,
                               COALESCE(NULLIF(current_setting('role'), 'none'), session_user) AS actor_role,
                               NULLIF(current_setting('app.address', true), '')::inet AS ip_address,
                               NULLIF(current_setting('app.user_agent', true), '') AS user_agent,
                               NULLIF(current_setting('app.request_id', true), '') AS request_id,
                               clock_timestamp() AS "timestamp",
                               known[3]::bigint AS epoch,
                               pg_current_xact_id()::text::bigint AS transaction_id
                        OFFSET 0) AS new_row;
                RETURN NULL;
            END
            $$;

COMMENT ON FUNCTION platform.record_change() IS 'Keeps the image of a changed row; arguments are the columns to leave out.';

CREATE FUNCTION platform.record_job_event() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO store.background_task_history (tenant_id, task_id, event, attempt, worker_id, error_message)
    VALUES (NEW.tenant_id, NEW.id,
            CASE WHEN NEW.status <> 'pending' THEN NEW.status::text
                 WHEN OLD.status = 'paused' THEN 'resumed'
                 WHEN OLD.status = 'dead_letter' THEN 'redriven'
                 ELSE 'retried' END,
            NULLIF(NEW.attempts, 0), NEW.worker_id, CASE WHEN NEW.status <> 'pending' THEN NEW.error_message END);
    RETURN NULL;
END
$$;

CREATE FUNCTION platform.record_new_jobs() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    month text := to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM');
BEGIN
    -- Partitions are made ahead; where upkeep has stood still, here, once for each session and month.
    IF current_setting('guildhall.job_history_until', true) IS DISTINCT FROM month THEN
        PERFORM platform.ensure_partitions('background_task_history', now(), now() + interval '1 month');
        PERFORM set_config('guildhall.job_history_until', month, false);
    END IF;
    INSERT INTO store.background_task_history (tenant_id, task_id, event)
    SELECT tenant_id, id, 'enqueued' FROM added;
    RETURN NULL;
END
$$;

CREATE FUNCTION platform.redact_audit(kind text, subject uuid, reason text, requested_by uuid DEFAULT NULL::uuid) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    redaction CONSTANT uuid := gen_random_uuid();
    kept      platform.ledgers;
    whose     CONSTANT text := CASE kind WHEN 'team' THEN 'tenant_id' ELSE 'user_id' END;
    emails    text[];
    earlier   uuid[];
    touched   bigint;
    changed   bigint;
    counts    jsonb  := '{}';
    evidence  jsonb  := '{}';
    wanted    record;
    condition text;
BEGIN
    IF kind NOT IN ('user', 'team') OR subject IS NULL OR COALESCE(reason, '') = '' THEN
        RAISE EXCEPTION 'a redaction is of a user or a team, by id, for a reason' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Two at once could each take rows over from the other.
    LOCK TABLE platform.audit_redactions IN SHARE ROW EXCLUSIVE MODE;

    FOR kept IN SELECT * FROM platform.ledgers ORDER BY name LOOP
        CONTINUE WHEN NOT EXISTS (
            SELECT FROM pg_attribute WHERE attrelid = kept.relation::regclass AND attname = whose AND NOT attisdropped
        );
        -- Invitations name a person by address.
        emails  := ARRAY(
            SELECT DISTINCT image ->> 'email'
              FROM store.audit_log AS rows, unnest(ARRAY[rows.old_data, rows.new_data]) AS image
             WHERE kind = 'user' AND rows.table_schema = 'platform' AND rows.table_name = 'users'
               AND rows.record_key ->> 'id' = subject::text AND image ->> 'email' IS NOT NULL
        );
        earlier := '{}';
        touched := 0;
        FOR wanted IN
            SELECT format('%I = $1', whose) AS condition, CASE kind WHEN 'team' THEN kept.contents ELSE kept.personal END AS emptied
             UNION ALL
            -- What the log holds about the person, whoever did it.
            SELECT $condition$table_schema = 'platform' AND (
                       (table_name = 'users' AND record_key ->> 'id' = $1::text)
                       OR (table_name = ANY (ARRAY(SELECT relname::text FROM pg_class
                                                    WHERE relnamespace = 'platform'::regnamespace
                                                      AND obj_description(oid, 'pg_class') LIKE 'identity: %'))
                           AND ($1::text IN (old_data ->> 'user_id', new_data ->> 'user_id',
                                             old_data ->> 'accepted_by', new_data ->> 'accepted_by')
                                OR old_data ->> 'email' = ANY ($3) OR new_data ->> 'email' = ANY ($3))))$condition$,
                   kept.contents
             WHERE kind = 'user' AND kept.name = 'audit_log'
        LOOP
            CONTINUE WHEN cardinality(wanted.emptied) = 0;
            condition := format('(%s) AND num_nonnulls(%s) > 0', wanted.condition,
                                (SELECT string_agg(quote_ident(name), ', ') FROM unnest(wanted.emptied) AS name));
            EXECUTE format('SELECT $2 || ARRAY(SELECT DISTINCT redaction_id FROM %s WHERE redaction_id IS NOT NULL AND %s)',
                           kept.relation, condition)
               INTO earlier USING subject, earlier, emails;
            EXECUTE format('UPDATE %s SET redaction_id = $2, %s WHERE %s', kept.relation,
                           (SELECT string_agg(format('%I = NULL', name), ', ') FROM unnest(wanted.emptied) AS name), condition)
              USING subject, redaction, emails;
            GET DIAGNOSTICS changed = ROW_COUNT;
            touched := touched + changed;
        END LOOP;
        IF touched > 0 THEN
            counts   := counts || jsonb_build_object(kept.name, touched);
            evidence := evidence || jsonb_build_object(
                kept.name,
                -- Where a redaction has lost its last row to this one, that is said too.
                (SELECT COALESCE(jsonb_object_agg(id, '{}'::jsonb), '{}') FROM unnest(earlier) AS id WHERE id <> redaction)
                || platform.redaction_evidence(kept.name, earlier || redaction)
            );
        END IF;
    END LOOP;

    INSERT INTO platform.audit_redactions (id, kind, subject_id, reason, requested_by, row_counts, evidence)
    VALUES (redaction, kind, subject, reason, requested_by, counts, evidence);
    RETURN (SELECT COALESCE(sum(count::bigint), 0) FROM jsonb_each_text(counts) AS ledgers (name, count));
END
$_$;

CREATE FUNCTION platform.redaction_evidence(ledger text, redactions uuid[]) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    kept  platform.ledgers;
    found jsonb;
BEGIN
    SELECT * INTO STRICT kept FROM platform.ledgers WHERE name = ledger;
    EXECUTE format(
        $query$
        SELECT COALESCE(jsonb_object_agg(redaction_id, days), '{}')
          FROM (SELECT redaction_id, jsonb_object_agg(day, hash) AS days
                  FROM (SELECT redaction_id, (%1$I AT TIME ZONE 'UTC')::date AS day,
                               encode(sha256(string_agg(digest || sha256(convert_to(%2$s, 'UTF8')), '' ORDER BY digest)), 'hex') AS hash
                          FROM %3$s AS rows
                         WHERE redaction_id = ANY ($1)
                         GROUP BY 1, 2) AS by_day
                 GROUP BY redaction_id) AS by_redaction
        $query$,
        kept.time_column, platform.ledger_text(kept.relation::regclass, kept.columns, 'rows.'), kept.relation
    ) INTO found USING redactions;
    RETURN found;
END
$_$;

CREATE FUNCTION platform.refresh_rollup(rollup_name text, until timestamp with time zone DEFAULT NULL::timestamp with time zone, at_most integer DEFAULT NULL::integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $_$
DECLARE
    wanted    platform.rollups;
    kept_from timestamptz;
    dirty     record;
    buckets   integer := 0;
BEGIN
    SELECT * INTO wanted FROM platform.rollups WHERE name = rollup_name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no roll-up %', quote_literal(rollup_name) USING ERRCODE = 'undefined_table';
    END IF;
    IF wanted.is_continuous THEN
        RETURN 0; -- refresh_continuous_rollups does it, in transactions of its own
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtext('platform.rollups'), hashtext(rollup_name)) THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT %s FROM platform.series WHERE name = $1', platform.beginning_of_rows()) INTO kept_from USING wanted.source;

    FOR dirty IN
        WITH taken AS (
            DELETE FROM platform.rollup_marks AS marks
             USING (
                       SELECT DISTINCT oldest.bucket
                         FROM platform.rollup_marks AS oldest
                        WHERE oldest.rollup = rollup_name
                          AND oldest.bucket <= COALESCE(until, now() - wanted.end_offset) - wanted.width
                        ORDER BY oldest.bucket
                        LIMIT at_most
                   ) AS due
             WHERE marks.rollup = rollup_name AND marks.bucket = due.bucket
            RETURNING marks.tenant_id, marks.bucket
        )
        SELECT bucket, array_agg(DISTINCT tenant_id) AS tenants FROM taken GROUP BY bucket ORDER BY bucket
    LOOP
        -- Raw rows of that age were dropped: what was rolled up of them is all that is left.
        CONTINUE WHEN dirty.bucket < kept_from;
        EXECUTE format('DELETE FROM store.%I WHERE bucket = $1 AND %s', rollup_name,
                       CASE WHEN platform.has_teams(wanted.source) THEN 'tenant_id = ANY ($2)' ELSE '$2 IS NOT NULL' END)
          USING dirty.bucket, dirty.tenants;
        EXECUTE wanted.query USING dirty.bucket, dirty.bucket + wanted.width, dirty.tenants;
        buckets := buckets + 1;
    END LOOP;
    UPDATE platform.rollups SET refreshed_at = now() WHERE name = rollup_name;
    RETURN buckets;
END
$_$;

CREATE TABLE platform.rollups (
    name text NOT NULL,
    source text NOT NULL,
    width interval NOT NULL,
    refresh_interval interval NOT NULL,
    start_offset interval NOT NULL,
    end_offset interval NOT NULL,
    is_continuous boolean NOT NULL,
    query text,
    refreshed_at timestamp with time zone,
    CONSTRAINT rollups_are_computed_by_us_or_the_server CHECK ((is_continuous = (query IS NULL))),
    CONSTRAINT rollups_refresh_interval_is_positive CHECK ((refresh_interval > '00:00:00'::interval)),
    CONSTRAINT rollups_width_is_whole CHECK (((width > '00:00:00'::interval) AND (((EXTRACT(epoch FROM width))::bigint % (300)::bigint) = 0))),
    CONSTRAINT rollups_window_is_two_buckets CHECK (((start_offset - end_offset) >= ((2)::double precision * width)))
);

COMMENT ON TABLE platform.rollups IS 'operations: system: every roll-up: its series, the width of its buckets, how often and over which window it is refreshed.';

COMMENT ON COLUMN platform.rollups.start_offset IS 'How far back a continuous aggregate''s policy looks; marks need no such limit.';

COMMENT ON COLUMN platform.rollups.end_offset IS 'Buckets that end later than this before now are left to be read from raw rows; negative: the bucket under way is refreshed too.';

COMMENT ON COLUMN platform.rollups.query IS 'Computes one bucket: $1 is its start, $2 its end, $3 the teams; null where TimescaleDB does.';

CREATE FUNCTION platform.refresh_rollups(until timestamp with time zone DEFAULT NULL::timestamp with time zone, at_most integer DEFAULT NULL::integer) RETURNS TABLE(rollup text, buckets integer)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 SELECT rollups.name,
     platform.refresh_rollup(rollups.name, refresh_rollups.until, refresh_rollups.at_most) AS refresh_rollup
    FROM platform.rollups
   ORDER BY rollups.width, rollups.name;
END;

CREATE FUNCTION platform.refuse_changed_ledger() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RAISE EXCEPTION 'rows of ledger % stay as they were written', TG_ARGV[0]
          USING ERRCODE = 'restrict_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_ARGV[0], CONSTRAINT = TG_ARGV[0] || '_is_a_ledger';
END
$$;

CREATE FUNCTION platform.refuse_job_transition() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RAISE EXCEPTION 'job % may not go from % to %', OLD.id, OLD.status, NEW.status
          USING ERRCODE = 'check_violation', SCHEMA = 'platform', TABLE = 'background_tasks',
                CONSTRAINT = 'background_tasks_follow_their_states';
END
$$;

CREATE FUNCTION platform.refuse_the_first(id uuid) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF id IN ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002') THEN
        RAISE EXCEPTION 'the person and the team of the command line stay'
              USING ERRCODE = 'restrict_violation', CONSTRAINT = 'the_first_stay';
    END IF;
END
$$;

CREATE FUNCTION platform.register_task_type(p_type text, p_queue text DEFAULT 'default'::text, p_max_retries integer DEFAULT 3, p_timeout interval DEFAULT NULL::interval, p_retry_base interval DEFAULT '00:00:01'::interval, p_retry_most interval DEFAULT '01:00:00'::interval, p_schema jsonb DEFAULT NULL::jsonb) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_lane integer;
BEGIN
    INSERT INTO platform.task_lanes AS lanes (task_type, queue, max_retries, timeout, retry_base, retry_most, payload_schema)
    VALUES (p_type, p_queue, p_max_retries, p_timeout, p_retry_base, p_retry_most, p_schema)
        ON CONFLICT ON CONSTRAINT task_lanes_one_per_type_and_queue DO UPDATE
       SET max_retries = excluded.max_retries, timeout = excluded.timeout, retry_base = excluded.retry_base,
           retry_most = excluded.retry_most, payload_schema = excluded.payload_schema
     WHERE (lanes.max_retries, lanes.timeout, lanes.retry_base, lanes.retry_most, lanes.payload_schema)
           IS DISTINCT FROM (excluded.max_retries, excluded.timeout, excluded.retry_base, excluded.retry_most, excluded.payload_schema);
    SELECT lane INTO STRICT v_lane FROM platform.task_lanes WHERE task_type = p_type AND queue = p_queue;
    RETURN v_lane;
END
$$;

CREATE TABLE platform.task_workers (
    worker_id character varying(255) NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id(),
    agent_id uuid,
    host text,
    pid integer,
    queues text[] DEFAULT '{}'::text[] NOT NULL,
    concurrency integer DEFAULT 1 NOT NULL,
    lease interval DEFAULT '00:00:30'::interval NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    last_seen timestamp with time zone DEFAULT now() NOT NULL,
    stopping_at timestamp with time zone,
    CONSTRAINT task_workers_are_named CHECK (((worker_id)::text <> ''::text)),
    CONSTRAINT task_workers_concurrency_is_positive CHECK ((concurrency > 0)),
    CONSTRAINT task_workers_lease_is_positive CHECK ((lease > '00:00:00'::interval))
)
WITH (fillfactor='50');

COMMENT ON TABLE platform.task_workers IS 'jobs: system: who is at work, and when each was last heard of; one row for a process, however many tasks it has.';

COMMENT ON COLUMN platform.task_workers.tenant_id IS 'The one team that it serves; null: all of them.';

COMMENT ON COLUMN platform.task_workers.lease IS 'For how long after it was heard of its tasks are its own.';

CREATE FUNCTION platform.register_worker(p_worker text, p_queues text[] DEFAULT '{}'::text[], p_concurrency integer DEFAULT 1, p_lease interval DEFAULT '00:00:30'::interval, p_host text DEFAULT NULL::text, p_pid integer DEFAULT NULL::integer, p_agent uuid DEFAULT NULL::uuid) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 INSERT INTO platform.task_workers AS workers (worker_id, agent_id, host, pid, queues, concurrency, lease)
   VALUES (register_worker.p_worker, register_worker.p_agent, register_worker.p_host, register_worker.p_pid, register_worker.p_queues, register_worker.p_concurrency, register_worker.p_lease) ON CONFLICT(worker_id) DO UPDATE SET queues = excluded.queues, concurrency = excluded.concurrency, lease = excluded.lease, last_seen = clock_timestamp(), stopping_at = NULL::timestamp with time zone
   WHERE (NOT (workers.tenant_id IS DISTINCT FROM excluded.tenant_id));
END;

CREATE FUNCTION platform.remove_member(member uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    had text;
    one uuid;
BEGIN
    SELECT role INTO had FROM platform.team_members
     WHERE tenant_id = platform.tenant_id() AND user_id = member
       FOR UPDATE;
    IF member IS DISTINCT FROM platform.user_id() THEN
        PERFORM platform.require_rank_over(had, NULL);
    END IF;
    FOR one IN
        SELECT id FROM platform.api_keys
         WHERE tenant_id = platform.tenant_id() AND user_id = member AND is_active AND had IS NOT NULL
    LOOP
        PERFORM platform.revoke_api_key(one);
    END LOOP;
    UPDATE platform.user_sessions SET status = 'revoked', revoked_at = clock_timestamp()
     WHERE tenant_id = platform.tenant_id() AND user_id = member AND status = 'active';
    DELETE FROM platform.team_members WHERE tenant_id = platform.tenant_id() AND user_id = member;
    RETURN had;
END
$$;

CREATE FUNCTION platform.replace_password_hash(person uuid, old_hash text, new_hash text, and_sign_out boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
BEGIN
    UPDATE platform.users SET password_hash = new_hash
     WHERE id = person AND is_active AND old_hash LIKE '$argon2id$%'
       AND sha256(convert_to(password_hash, 'UTF8')) = sha256(convert_to(old_hash, 'UTF8'));
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF and_sign_out THEN
        UPDATE platform.user_sessions SET status = 'revoked', revoked_at = clock_timestamp()
         WHERE user_id = person AND status = 'active';
    END IF;
    RETURN true;
END
$_$;

CREATE FUNCTION platform.replicas_now() RETURNS TABLE(application text, state text, lag_bytes bigint, lag_seconds double precision)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT application_name, state,
           pg_wal_lsn_diff(
               CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, replay_lsn
           )::bigint,
           extract(epoch FROM replay_lag)::double precision
      FROM pg_stat_replication
$$;

CREATE FUNCTION platform.require(allowed boolean, what text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF allowed IS NOT TRUE THEN
        RAISE EXCEPTION 'the person who asks may not %', what USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;

CREATE FUNCTION platform.require_ownership(team uuid, what text) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.require(
        platform.is_administrator()
        OR EXISTS (
            SELECT FROM platform.team_members AS members
              JOIN platform.users ON users.id = members.user_id AND users.is_active
             WHERE members.tenant_id = team AND members.user_id = platform.user_id() AND members.role = 'owner'
        ),
        what
    );
END
$$;

CREATE FUNCTION platform.require_rank_over(member_role text, new_role text) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.require(
        platform.is_administrator()
        OR platform.member_role() = 'owner'
        OR (platform.member_role() = 'admin' AND member_role IS DISTINCT FROM 'owner' AND new_role IS DISTINCT FROM 'owner'),
        'change members of this team'
    );
END
$$;

CREATE FUNCTION platform.reseal_secret(in_relation text, in_column text, secret uuid, sealed_before bytea, sealed_after bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    changed integer;
BEGIN
    PERFORM platform.require(platform.is_administrator(), 'rotate secrets');
    PERFORM platform.require(
        EXISTS (SELECT FROM platform.sealed_columns WHERE relation = in_relation AND column_name = in_column), 'change this column'
    );
    EXECUTE format('UPDATE %2$s SET %1$I = $3 WHERE id = $1 AND %1$I = $2', in_column, in_relation::regclass)
      USING secret, sealed_before, sealed_after;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed = 1;
END
$_$;

CREATE FUNCTION platform.restore_team(team uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.require_ownership(team, 'restore this team');
    UPDATE platform.teams SET is_active = true, deleted_at = NULL
     WHERE id = team AND NOT is_active AND erased_at IS NULL;
    RETURN FOUND;
END
$$;

CREATE FUNCTION platform.restore_user(person uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.require(platform.is_administrator(), 'restore people');
    UPDATE platform.users SET is_active = true, deleted_at = NULL
     WHERE id = person AND NOT is_active AND erased_at IS NULL;
    RETURN FOUND;
END
$$;

CREATE FUNCTION platform.retired_before(ledger text) RETURNS timestamp with time zone
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT series.dropped_before
      FROM platform.series
      JOIN platform.ledgers ON ledgers.name = series.name AND ledgers.relation = 'store.' || series.name
     WHERE series.name = ledger
$$;

CREATE FUNCTION platform.revoke_api_key(key_id uuid) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    found_key platform.api_keys;
BEGIN
    SELECT * INTO found_key FROM platform.api_keys
     WHERE id = key_id AND tenant_id = platform.tenant_id()
       AND (user_id = platform.user_id() OR platform.may_administer_team())
       FOR UPDATE;
    IF NOT FOUND OR NOT found_key.is_active THEN
        RETURN found_key.revoked_at;
    END IF;
    UPDATE platform.api_keys SET is_active = false, revoked_at = clock_timestamp() WHERE id = key_id
    RETURNING revoked_at INTO found_key.revoked_at;
    UPDATE platform.users SET api_key = NULL
     WHERE id = found_key.user_id AND api_key = replace(key_id::text, '-', '');
    RETURN found_key.revoked_at;
END
$$;

CREATE FUNCTION platform.revoke_invitation(invitation uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.require(platform.may_administer_team(), 'take invitations back');
    UPDATE platform.team_invitations SET revoked_at = clock_timestamp()
     WHERE id = invitation AND tenant_id = platform.tenant_id() AND accepted_at IS NULL AND revoked_at IS NULL;
    RETURN FOUND;
END
$$;

CREATE FUNCTION platform.revoke_sessions(person uuid, only_session uuid, but_session uuid) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    ended integer;
BEGIN
    PERFORM platform.require(person = platform.user_id() OR platform.is_administrator(), 'sign others out');
    UPDATE platform.user_sessions SET status = 'revoked', revoked_at = clock_timestamp()
     WHERE user_id = person
       AND status = 'active'
       AND (only_session IS NULL OR id = only_session)
       AND (but_session IS NULL OR id <> but_session);
    GET DIAGNOSTICS ended = ROW_COUNT;
    RETURN ended;
END
$$;

CREATE TEXT SEARCH CONFIGURATION platform.english_zh (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR asciiword WITH english_stem;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR word WITH english_stem;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR hword_part WITH english_stem;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR hword_asciipart WITH english_stem;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR asciihword WITH english_stem;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR hword WITH english_stem;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR uint WITH simple;

COMMENT ON TEXT SEARCH CONFIGURATION platform.english_zh IS 'The stems of English words, in English and Chinese texts.';

CREATE TEXT SEARCH CONFIGURATION platform.japanese (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR asciiword WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR word WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR hword_part WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR hword_asciipart WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR asciihword WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR hword WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR uint WITH simple;

COMMENT ON TEXT SEARCH CONFIGURATION platform.japanese IS 'Words of the Latin script in Japanese texts, as they are.';

CREATE FUNCTION platform.search_configuration(locale text) RETURNS regconfig
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (locale ~* '^(en|zh)\y'::text) THEN 'platform.english_zh'::regconfig WHEN (locale ~* '^ja\y'::text) THEN 'platform.japanese'::regconfig ELSE 'simple'::regconfig END;

CREATE FUNCTION platform.secret_hint() RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 'assw|ASSW|assphrase|ecret|ECRET|oken|OKEN|key"|Key"|KEY"|key_|uthoriz|redential|ookie|ciphertext'::text;

CREATE FUNCTION platform.secret_names() RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ('(?:password|passwd|passphrase|secrets?|token|api_?key|authorization|credentials?|private_?key|access_?key|cookie'::text || '|ciphertext|(?:password|secret|token|key)_(?:hash|digest))'::text);

CREATE FUNCTION platform.secrets_under_other_keys(in_relation text, in_column text, current_key bytea, after uuid, at_most integer) RETURNS TABLE(id uuid, tenant_id uuid, sealed bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
BEGIN
    PERFORM platform.require(platform.is_administrator(), 'rotate secrets');
    PERFORM platform.require(
        EXISTS (SELECT FROM platform.sealed_columns WHERE relation = in_relation AND column_name = in_column), 'look into this column'
    );
    RETURN QUERY EXECUTE format(
        'SELECT id, tenant_id, %1$I FROM %2$s '
        'WHERE substring(%1$I FROM 2 FOR 8) <> $1 AND ($2 IS NULL OR id > $2) ORDER BY id LIMIT $3',
        in_column, in_relation::regclass
    ) USING current_key, after, at_most;
END
$_$;

CREATE FUNCTION platform.series_partitions(wanted text DEFAULT NULL::text) RETURNS TABLE(series text, partition text, starts timestamp with time zone, ends timestamp with time zone, is_compressed boolean, estimated_rows bigint, size_bytes bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    extension text;
BEGIN
    IF (SELECT engine FROM platform.installation) = 'timescale' THEN
        SELECT extnamespace::regnamespace INTO STRICT extension FROM pg_extension WHERE extname = 'timescaledb';
        RETURN QUERY EXECUTE format(
            'SELECT spans.*, %1$s.approximate_row_count(spans.partition::regclass), sizes.total_bytes
               FROM platform.partition_spans($1) AS spans
              CROSS JOIN LATERAL %1$s.chunks_detailed_size(format(''store.%%I'', spans.series)::regclass) AS sizes
              WHERE format(''%%I.%%I'', sizes.chunk_schema, sizes.chunk_name) = spans.partition
              ORDER BY spans.series, spans.starts', extension)
            USING wanted;
        RETURN;
    END IF;
    RETURN QUERY
        SELECT spans.*, GREATEST(classes.reltuples, 0)::bigint, pg_total_relation_size(classes.oid)
          FROM platform.partition_spans(wanted) AS spans
          JOIN pg_class AS classes ON classes.oid = spans.partition::regclass
         ORDER BY spans.series, spans.starts;
END
$_$;

CREATE FUNCTION platform.series_short_of(ahead interval DEFAULT '1 mon'::interval) RETURNS TABLE(series text, reaches timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    AS $$
    SELECT registered.name, min(month)
      FROM platform.series AS registered
     CROSS JOIN generate_series(date_trunc('month', now()), now() + ahead, interval '1 month') AS month
     WHERE (SELECT engine FROM platform.installation) = 'native'
       AND to_regclass(format('store.%I', platform.partition_name(registered.name, month))) IS NULL
     GROUP BY registered.name
     ORDER BY registered.name
$$;

CREATE FUNCTION platform.sessions_now() RETURNS TABLE(pid integer, kind text, database text, login text, application text, state text, transaction_seconds double precision, snapshot_age integer)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT activity.pid, activity.backend_type, activity.datname::text, activity.usename::text, activity.application_name,
           activity.state,
           extract(epoch FROM clock_timestamp() - activity.xact_start)::double precision,
           greatest(age(activity.backend_xmin), age(activity.backend_xid))
      FROM pg_stat_activity AS activity
     WHERE activity.pid <> pg_backend_pid()
       AND (activity.backend_type IS NULL OR activity.backend_type IN ('client backend', 'walsender')
            OR activity.backend_xmin IS NOT NULL)
$$;

CREATE FUNCTION platform.set_password_hash(person uuid, new_hash text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.require(platform.is_administrator(), 'set passwords of others');
    UPDATE platform.users SET password_hash = new_hash WHERE id = person AND is_active;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE platform.user_sessions SET status = 'revoked', revoked_at = clock_timestamp()
     WHERE user_id = person AND status = 'active';
    DELETE FROM platform.sign_in_failures
     WHERE subject = (SELECT wanted.subject
                        FROM platform.users, platform.sign_in_subjects(users.username, NULL) AS wanted
                       WHERE users.id = person);
    RETURN true;
END
$$;

CREATE FUNCTION platform.set_policies(series_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    wanted    platform.series;
    extension text;
    relation  text := format('store.%I', series_name);
BEGIN
    SELECT * INTO STRICT wanted FROM platform.series WHERE name = series_name;
    SELECT extnamespace::regnamespace INTO STRICT extension FROM pg_extension WHERE extname = 'timescaledb';

    EXECUTE format('SELECT %s.set_chunk_time_interval(%L::regclass, %L::interval)', extension, relation, wanted.chunk);
    EXECUTE format('SELECT %s.remove_compression_policy(%L::regclass, if_exists => true)', extension, relation);
    EXECUTE format('SELECT %s.remove_retention_policy(%L::regclass, if_exists => true)', extension, relation);
    IF wanted.compress_after IS NOT NULL THEN
        EXECUTE format(
            'ALTER TABLE %s SET (timescaledb.compress, timescaledb.compress_segmentby = %L, timescaledb.compress_orderby = %L)',
            relation,
            (SELECT COALESCE(string_agg(quote_ident(part), ', '), '') FROM unnest(wanted.segment_by) AS part),
            -- Whatever tells rows apart is best among these, lest compressed rows must be searched for duplicates.
            COALESCE(wanted.order_by, format('%I DESC', wanted.time_column) || COALESCE((
                SELECT string_agg(format(', %I', attname), '' ORDER BY attnum)
                  FROM pg_index
                  JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
                 WHERE indrelid = relation::regclass AND indisprimary
                   AND attname <> wanted.time_column AND attname <> ALL (wanted.segment_by)
            ), ''))
        );
        EXECUTE format('SELECT %s.add_compression_policy(%L::regclass, %L::interval)', extension, relation, wanted.compress_after);
    END IF;
    IF wanted.retention IS NOT NULL AND NOT wanted.is_archived THEN
        EXECUTE format('SELECT %s.add_retention_policy(%L::regclass, %L::interval)', extension, relation, wanted.retention);
    END IF;
END
$$;

CREATE FUNCTION platform.settle_grants() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    wings  CONSTANT text[] := ARRAY['platform', 'catalogue', 'gateway', 'evaluation', 'society'];
    relation   record;
    definition text;
    other      text;
BEGIN
    -- People's windows are made anew each time; those that look through others go first.
    FOR relation IN
        SELECT format('%I.%I', schemaname, viewname) AS name FROM pg_views WHERE schemaname = 'mine'
    LOOP
        EXECUTE format('DROP VIEW IF EXISTS %s CASCADE', relation.name);
    END LOOP;

    FOR relation IN
        SELECT classes.oid, classes.oid::regclass::text AS name, classes.relname, classes.relkind, classes.relrowsecurity,
               split_part(obj_description(classes.oid), ': ', 2) AS class,
               CASE WHEN has_table_privilege('guildhall_app', classes.oid, 'SELECT') THEN ''
                    ELSE (SELECT '(' || string_agg(quote_ident(attname), ', ' ORDER BY attnum) || ')'
                            FROM pg_attribute
                           WHERE attrelid = classes.oid AND attnum > 0 AND NOT attisdropped
                             AND has_column_privilege('guildhall_app', classes.oid, attnum, 'SELECT'))
               END AS readable
          FROM pg_class AS classes
         WHERE classes.relnamespace::regnamespace::text = ANY (wings)
           AND classes.relkind IN ('r', 'p', 'v', 'm') AND NOT classes.relispartition
         ORDER BY classes.oid
    LOOP
        CONTINUE WHEN relation.readable IS NULL;
        EXECUTE format('GRANT SELECT %s ON %s TO guildhall_reader', relation.readable, relation.name);

        IF relation.relkind IN ('r', 'p') AND relation.class = 'tenant' THEN
            EXECUTE format('GRANT SELECT %s ON %s TO guildhall_person', relation.readable, relation.name);
            EXECUTE format('DROP POLICY IF EXISTS rows_belong_to_the_persons_team ON %s', relation.name);
            EXECUTE format(
                'CREATE POLICY rows_belong_to_the_persons_team ON %s FOR SELECT TO guildhall_person '
                'USING (tenant_id = (SELECT platform.login_tenant()))', relation.name
            );
        ELSIF relation.class = 'global' AND NOT relation.relrowsecurity THEN
            EXECUTE format('GRANT SELECT %s ON %s TO guildhall_person', relation.readable, relation.name);
        ELSIF relation.relkind = 'v' AND relation.class = 'tenant' THEN
            -- A window: the view of the same name, keyed on the login, and no
            -- function of the person's own sees a row before it is known to be theirs.
            definition := replace(pg_get_viewdef(relation.oid), 'platform.tenant_id()', 'platform.login_tenant()');
            FOR other IN SELECT viewname FROM pg_views WHERE schemaname = 'mine' LOOP
                definition := regexp_replace(
                    definition, format('\m(%s)\.%s\M', array_to_string(wings, '|'), quote_ident(other)),
                    format('mine.%I', other), 'g'
                );
            END LOOP;
            EXECUTE format(
                'CREATE VIEW mine.%I WITH (security_barrier%s) AS %s', relation.relname,
                CASE WHEN (SELECT reloptions FROM pg_class WHERE oid = relation.oid) @> '{security_invoker=true}'
                     THEN ', security_invoker' ELSE '' END,
                rtrim(definition, '; ')
            );
            EXECUTE format('COMMENT ON VIEW mine.%I IS %L', relation.relname, obj_description(relation.oid));
            EXECUTE format('GRANT SELECT ON mine.%I TO guildhall_person', relation.relname);
        END IF;
    END LOOP;

    -- Batches that mix teams say themselves whose each row is.
    -- Into ledgers they go without a digest, into the audit log not at all.
    FOR relation IN SELECT series.name, ledgers.name AS ledger FROM platform.series LEFT JOIN platform.ledgers USING (name) LOOP
        IF relation.ledger IS NULL THEN
            EXECUTE format('GRANT INSERT ON store.%I TO guildhall_writer', relation.name);
        ELSE
            PERFORM platform.let_add_to_ledger(relation.ledger, 'guildhall_writer');
        END IF;
    END LOOP;
END
$$;

CREATE FUNCTION platform.sign_in_subjects(login text, address inet) RETURNS TABLE(subject bytea, free integer)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT sha256(convert_to('person ' || COALESCE(platform.find_login(login)::text, lower(login)), 'UTF8')), 5
    UNION ALL
    SELECT sha256(convert_to('address ' || host(address), 'UTF8')), 50
     WHERE address IS NOT NULL
$$;

CREATE FUNCTION platform.sign_in_wait(failures integer, free integer) RETURNS interval
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (failures < free) THEN '00:00:00'::interval ELSE LEAST((power((2)::double precision, (LEAST((failures - free), 20))::double precision) * '00:00:10'::interval), '00:15:00'::interval) END;

CREATE FUNCTION platform.squeeze(content text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN regexp_replace(platform.fold(content), '[\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u3003]+'::text, ''::text, 'g'::text);

CREATE FUNCTION platform.statements_counted() RETURNS TABLE(statement_id bigint, login text, calls bigint, mean_ms double precision, max_ms double precision, total_ms double precision)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    extension text := (
        SELECT quote_ident(nspname)
          FROM pg_extension
          JOIN pg_namespace ON pg_namespace.oid = extnamespace
         WHERE extname = 'pg_stat_statements' AND has_schema_privilege('guildhall_owner', extnamespace, 'USAGE')
    );
BEGIN
    -- Made but not loaded when the server started, it refuses to be read.
    IF extension IS NULL OR current_setting('pg_stat_statements.max', true) IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format(
        'SELECT counted.queryid, pg_get_userbyid(counted.userid)::text, counted.calls, counted.mean_exec_time,
                counted.max_exec_time, counted.total_exec_time
           FROM %s.pg_stat_statements(false) AS counted
          WHERE counted.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())', extension);
END
$$;

CREATE FUNCTION platform.take_cells(wanted text, interval_ns bigint, room bigint, cost bigint, at_least bigint, hold_ns bigint) RETURNS TABLE(taken bigint, ahead_ns bigint, wait_ns bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    tat    bigint;
    now_ns bigint;
    due    bigint;
BEGIN
    LOOP
        SELECT known.tat_ns INTO tat FROM platform.rate_limits AS known WHERE known.key = wanted FOR NO KEY UPDATE;
        EXIT WHEN FOUND;
        INSERT INTO platform.rate_limits (key, tat_ns) VALUES (wanted, 0) ON CONFLICT DO NOTHING;
    END LOOP;
    -- Only now: whoever waited for the row comes after whoever had it.
    now_ns := (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint;
    due := greatest(tat, now_ns + hold_ns);
    taken := least(cost, greatest(0, (now_ns + room * interval_ns - due) / interval_ns));
    wait_ns := 0;
    IF taken >= at_least THEN
        tat := due + taken * interval_ns;
        UPDATE platform.rate_limits AS known SET tat_ns = tat WHERE known.key = wanted;
    ELSE
        taken := 0;
        wait_ns := greatest(0, due + at_least * interval_ns - now_ns - room * interval_ns);
    END IF;
    ahead_ns := greatest(0, tat - now_ns);
    RETURN NEXT;
END
$$;

CREATE FUNCTION platform.teams_owned_alone(person uuid) RETURNS text[]
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT COALESCE(array_agg(teams.slug::text ORDER BY teams.slug), '{}')
      FROM platform.team_members AS members
      JOIN platform.teams ON teams.id = members.tenant_id AND teams.erased_at IS NULL
     WHERE members.user_id = person AND members.role = 'owner'
       AND (platform.is_administrator() OR person = platform.user_id())
       AND NOT EXISTS (
               SELECT FROM platform.team_members AS others
                 JOIN platform.users ON users.id = others.user_id AND users.is_active
                WHERE others.tenant_id = teams.id AND others.role = 'owner' AND others.user_id <> person
           )
$$;

CREATE FUNCTION platform.text_units(content text) RETURNS TABLE(place bigint, run text, word text, parts text[], joined text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT units.place,
     units.found[1] AS found,
     units.found[2] AS found,
     string_to_array(regexp_replace(units.found[2], '[-_/+:]'::text, ' '::text, 'g'::text), ' '::text) AS string_to_array,
     regexp_replace(units.found[2], '[-_./+:]'::text, ''::text, 'g'::text) AS regexp_replace
    FROM regexp_matches(platform.fold("left"(text_units.content, 10000)), '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3096\u3099-\u30fa\u30fc-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]+)|((?:(?![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])[^\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\U0010ffff])+(?:[-_./+:](?:(?![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])[^\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\U0010ffff])+)*)'::text, 'g'::text) WITH ORDINALITY units(found, place);
END;

CREATE FUNCTION platform.text_grams(content text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
 WITH units AS (
          SELECT text_units.run,
             text_units.parts,
             text_units.joined,
             (sum(COALESCE(length(text_units.run), cardinality(text_units.parts))) OVER (ORDER BY text_units.place) - COALESCE(length(text_units.run), cardinality(text_units.parts))) AS before
            FROM platform.text_units(text_grams.content) text_units(place, run, word, parts, joined)
         ), tokens AS (
          SELECT substr(units.run, n.n, 2) AS token,
             (units.before + n.n) AS place
            FROM (units
              CROSS JOIN LATERAL generate_series(1, length(units.run)) n(n))
         UNION ALL
          SELECT units.parts[n.n] AS parts,
             (units.before + n.n)
            FROM (units
              CROSS JOIN LATERAL generate_subscripts(units.parts, 1) n(n))
         UNION ALL
          SELECT units.joined,
             (units.before + 1)
            FROM units
           WHERE (units.joined <> units.parts[1])
         )
  SELECT (COALESCE(string_agg(((quote_literal("left"(tokens.token, 200)) || ':'::text) || LEAST(tokens.place, (16383)::bigint)), ' '::text), ''::text))::tsvector AS "coalesce"
    FROM tokens;
END;

CREATE FUNCTION platform.text_stems(content text, locale text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector(platform.search_configuration(locale), regexp_replace(platform.fold("left"(content, 10000)), '[^\u0001-\u007f]+'::text, ' '::text, 'g'::text));

CREATE FUNCTION platform.text_query(content text, locale text, any_unit boolean DEFAULT false) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
 WITH queries AS (
          SELECT ((units.word IS NOT NULL) AND (platform.text_stems(units.word, text_query.locale) = ''::tsvector)) AS says_nothing,
                 CASE
                     WHEN (length(units.run) = 1) THEN (quote_literal(units.run) || ':*'::text)
                     WHEN (units.run IS NOT NULL) THEN ( SELECT string_agg(quote_literal(substr(units.run, n.n, 2)), ' <-> '::text ORDER BY n.n) AS string_agg
                        FROM generate_series(1, (length(units.run) - 1)) n(n))
                     ELSE ( SELECT (
                             CASE
                                 WHEN (units.joined <> units.parts[1]) THEN (quote_literal("left"(units.joined, 200)) || ' | '::text)
                                 ELSE ''::text
                             END || string_agg((('('::text || ( SELECT string_agg(quote_literal(forms.form), ' | '::text ORDER BY forms.form) AS string_agg
                                FROM ( SELECT "left"(parts.part, 200) AS form
                                     UNION
                                      SELECT unnest(tsvector_to_array(platform.text_stems(parts.part, text_query.locale))) AS unnest) forms)) || ')'::text), ' <-> '::text ORDER BY parts.n))
                        FROM unnest(units.parts) WITH ORDINALITY parts(part, n))
                 END AS query
            FROM platform.text_units(text_query.content) units(place, run, word, parts, joined)
         )
  SELECT (string_agg((('('::text || queries.query) || ')'::text),
         CASE
             WHEN text_query.any_unit THEN ' | '::text
             ELSE ' & '::text
         END))::tsquery AS string_agg
    FROM queries
   WHERE ((NOT queries.says_nothing) OR (NOT (EXISTS ( SELECT
            FROM queries others
           WHERE (NOT others.says_nothing)))));
END;

CREATE FUNCTION platform.text_vector(content text, locale text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (platform.text_grams(content) || platform.text_stems(content, locale));

CREATE FUNCTION platform.tidy_identity(keep interval DEFAULT '90 days'::interval) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    changed integer;
BEGIN
    DELETE FROM platform.sign_in_failures WHERE last_failed_at < clock_timestamp() - interval '1 day';
    UPDATE platform.user_sessions SET status = 'expired' WHERE status = 'active' AND expires_at <= clock_timestamp();
    GET DIAGNOSTICS changed = ROW_COUNT;
    DELETE FROM platform.team_invitations
     WHERE accepted_at IS NULL AND least(expires_at, revoked_at) < clock_timestamp() - keep;
    RETURN changed;
END
$$;

CREATE FUNCTION platform.update_updated_at_column() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NEW IS DISTINCT FROM OLD AND NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at THEN
        NEW.updated_at := GREATEST(now(), OLD.updated_at); -- never back in time
    END IF;
    RETURN NEW;
END
$$;

CREATE TABLE platform.team_invitations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    email character varying(255) NOT NULL,
    role text DEFAULT 'member'::text NOT NULL,
    token_digest character varying(64) NOT NULL,
    invited_by uuid DEFAULT platform.user_id() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    accepted_at timestamp with time zone,
    accepted_by uuid,
    revoked_at timestamp with time zone,
    CONSTRAINT team_invitations_accepted_by_somebody CHECK (((accepted_at IS NULL) = (accepted_by IS NULL))),
    CONSTRAINT team_invitations_end_once CHECK (((accepted_at IS NULL) OR (revoked_at IS NULL))),
    CONSTRAINT team_invitations_role_is_known CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text, 'viewer'::text]))),
    CONSTRAINT team_invitations_token_is_a_digest CHECK (((token_digest)::text ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE ONLY platform.team_invitations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.team_invitations IS 'identity: tenant: who was asked to join, as what; each can be accepted once.';

CREATE FUNCTION platform.use_invitation(digest text, person uuid) RETURNS platform.team_invitations
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    used platform.team_invitations;
BEGIN
    UPDATE platform.team_invitations AS known SET accepted_at = clock_timestamp(), accepted_by = person
     WHERE known.token_digest = digest
       AND known.accepted_at IS NULL AND known.revoked_at IS NULL AND known.expires_at > clock_timestamp()
       AND EXISTS (SELECT FROM platform.teams WHERE teams.id = known.tenant_id AND teams.is_active)
    RETURNING known.* INTO used;
    IF FOUND THEN
        INSERT INTO platform.team_members (tenant_id, user_id, role) VALUES (used.tenant_id, person, used.role)
            ON CONFLICT DO NOTHING;
    END IF;
    RETURN used;
END
$$;

CREATE FUNCTION platform.user_identifier() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN COALESCE(NULLIF(current_setting('app.user_identifier'::text, true), ''::text), (platform.user_id())::text);

CREATE FUNCTION platform.validate_user_access(target_user_id uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN COALESCE(target_user_id = platform.user_id(), false)
        OR platform.is_administrator()
        OR (to_regrole('app_admin') IS NOT NULL AND pg_has_role(session_user, 'app_admin', 'MEMBER'));
END
$$;

CREATE FUNCTION platform.verify_api_key(provided_key text) RETURNS TABLE(id uuid, user_identifier character varying, scopes text[], rate_limit integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
BEGIN
    IF provided_key !~ '^gh_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$' OR provided_key IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT known.id, known.user_identifier, known.scopes, known.rate_limit
      FROM platform.authenticate_api_key(substr(provided_key, 4, 32)::uuid,
                                         encode(sha256(convert_to(provided_key, 'UTF8')), 'hex')) AS known;
END
$_$;

CREATE FUNCTION platform.watch_series(series_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    parts   jsonb;
    removed text := '';
    -- Reduced to five minutes before it meets the roll-ups: a batch of thousands becomes a few marks.
    marks CONSTANT text := $sql$
            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT {tenant} AS tenant_id,
                              date_bin(interval '5 minutes', {time}, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM {rows}
                   ) AS moments
              JOIN platform.rollups ON rollups.source = '{series}';
        $sql$;
BEGIN
    SELECT jsonb_build_object(
               'series', series.name,
               'time', quote_ident(series.time_column),
               'tenant', CASE WHEN platform.has_teams(series.name) THEN 'tenant_id' ELSE 'NULL::uuid' END
           )
      INTO STRICT parts
      FROM platform.series
     WHERE series.name = series_name;

    -- A compressed hypertable gives no transition table of removed rows, and cascades reach its chunks one by one.
    IF platform.timescale_schema() IS NOT NULL THEN
        removed := $sql$
            IF TG_LEVEL = 'ROW' THEN
            $sql$ || replace(marks, '{rows}', '(SELECT OLD.*) AS removed') || $sql$
                RETURN NULL;
            END IF;
            $sql$;
    END IF;
    EXECUTE platform.fill($sql$
        CREATE FUNCTION store.mark_{series}() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = pg_catalog, pg_temp
        AS $body$
        BEGIN
            $sql$ || removed || replace(marks, '{rows}', 'changed_rows') || $sql$
            IF TG_OP = 'UPDATE' THEN
            $sql$ || replace(marks, '{rows}', 'new_rows') || $sql$
            END IF;
            RETURN NULL;
        END
        $body$;
        REVOKE ALL ON FUNCTION store.mark_{series}() FROM PUBLIC;
        CREATE TRIGGER {series}_added_are_marked AFTER INSERT ON store.{series}
            REFERENCING NEW TABLE AS changed_rows
            FOR EACH STATEMENT EXECUTE FUNCTION store.mark_{series}();
        CREATE TRIGGER {series}_changed_are_marked AFTER UPDATE ON store.{series}
            REFERENCING OLD TABLE AS changed_rows NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION store.mark_{series}();
        CREATE TRIGGER {series}_removed_are_marked AFTER DELETE ON store.{series}
            $sql$ || CASE removed WHEN '' THEN 'REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT' ELSE 'FOR EACH ROW' END || $sql$
            EXECUTE FUNCTION store.mark_{series}();
        CREATE INDEX {series}_by_age ON store.{series} USING brin ({time}) WITH (pages_per_range = 16);
        $sql$, parts);
END
$_$;

CREATE FUNCTION platform.weighted_median(numbers double precision[], weights double precision[]) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT avg(sorted.number) AS avg
    FROM ( SELECT pairs.number,
             sum(pairs.weight) AS weight,
             sum(sum(pairs.weight)) OVER (ORDER BY pairs.number) AS up_to_here,
             sum(sum(pairs.weight)) OVER () AS total
            FROM UNNEST(weighted_median.numbers, weighted_median.weights) pairs(number, weight)
           WHERE ((pairs.number IS NOT NULL) AND (pairs.weight > (0)::double precision))
           GROUP BY pairs.number) sorted
   WHERE ((sorted.up_to_here >= (sorted.total / (2)::double precision)) AND ((sorted.up_to_here - sorted.weight) <= (sorted.total / (2)::double precision)));
END;

CREATE FUNCTION platform.without_secrets(image jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
BEGIN
    IF image::text !~* (platform.secret_names() || '": ["[{]') THEN
        RETURN image;
    END IF;
    CASE jsonb_typeof(image)
        WHEN 'object' THEN
            RETURN (
                SELECT COALESCE(
                           jsonb_object_agg(
                               key,
                               CASE WHEN jsonb_typeof(value) IN ('string', 'array', 'object') AND key ~* (platform.secret_names() || '$')
                                    THEN '"[redacted]"'
                                    ELSE platform.without_secrets(value)
                               END
                           ), '{}')
                  FROM jsonb_each(image)
            );
        WHEN 'array' THEN
            RETURN (
                SELECT COALESCE(jsonb_agg(platform.without_secrets(value) ORDER BY place), '[]')
                  FROM jsonb_array_elements(image) WITH ORDINALITY AS elements (value, place)
            );
        ELSE
            RETURN image;
    END CASE;
END
$_$;

CREATE FUNCTION platform.write_ledger_triggers(ledger text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    kept     platform.ledgers;
    relation regclass;
    stamp    text;
BEGIN
    SELECT * INTO STRICT kept FROM platform.ledgers WHERE name = ledger;
    relation := kept.relation::regclass;
    stamp    := format('store.%I', 'stamp_' || ledger);
    EXECUTE format('DROP TRIGGER IF EXISTS stamp_the_row ON %s', relation);
    EXECUTE format('DROP TRIGGER IF EXISTS the_row_stays_as_it_is ON %s', relation);
    EXECUTE format('DROP TRIGGER IF EXISTS the_row_stays ON %s', relation);
    -- Rights say who may; these guard against a right too many. Erasure runs as the owner.
    EXECUTE format(
        'CREATE TRIGGER the_row_stays_as_it_is BEFORE UPDATE OF digest, redaction_id, %s ON %s FOR EACH ROW '
        'WHEN (current_user <> ''guildhall_owner'') EXECUTE FUNCTION platform.refuse_changed_ledger(%L)',
        (SELECT string_agg(quote_ident(name), ', ') FROM unnest(kept.columns) AS name), relation, ledger
    );
    EXECUTE format(
        'CREATE TRIGGER the_row_stays BEFORE DELETE ON %s FOR EACH ROW '
        'WHEN (current_user <> ''guildhall_owner'') EXECUTE FUNCTION platform.refuse_changed_ledger(%L)', relation, ledger
    );
    IF NOT kept.stamped THEN
        RETURN;
    END IF;
    -- Only the owner can name a digest: whoever restores archived rows.
    EXECUTE format(
        $function$
        CREATE OR REPLACE FUNCTION %s() RETURNS trigger
            LANGUAGE plpgsql
        AS $body$
        BEGIN
            IF NEW.digest IS NOT NULL THEN
                RETURN NEW;
            END IF;
            NEW.transaction_id := pg_current_xact_id()::text::bigint;
            NEW.epoch  := COALESCE(NULLIF(current_setting('guildhall.epoch', true), '')::bigint, platform.epoch());
            NEW.digest := sha256(convert_to(%s, 'UTF8'));
            RETURN NEW;
        END
        $body$
        $function$,
        stamp, platform.ledger_text(relation, kept.columns, 'NEW.')
    );
    EXECUTE format('CREATE TRIGGER stamp_the_row BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION %s()', relation, stamp);
END
$_$;

CREATE FUNCTION society.acting_agent() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (NULLIF(current_setting('app.agent_id'::text, true), ''::text))::uuid;

CREATE FUNCTION society.add_points() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    given record;
    level society.performance_tier;
BEGIN
    INSERT INTO society.point_keys (tenant_id, idempotency_key, transaction_id)
    SELECT tenant_id, idempotency_key, id FROM added WHERE idempotency_key IS NOT NULL ORDER BY tenant_id, idempotency_key;

    FOR given IN
        SELECT agents.tenant_id, agents.id, agents.current_tier, agents.total_points + sums.points AS points, sums.last
          FROM society.agents
          JOIN (SELECT tenant_id, agent_id, sum(final_points) AS points, (array_agg(id ORDER BY created_at DESC, id))[1] AS last
                  FROM added GROUP BY tenant_id, agent_id) AS sums
            ON sums.tenant_id = agents.tenant_id AND sums.agent_id = agents.id
         ORDER BY agents.id
           FOR NO KEY UPDATE OF agents
    LOOP
        -- At what a higher tier asks for it rises; below what its own needs it falls.
        SELECT COALESCE(
                   max(tiers.tier) FILTER (WHERE tiers.tier > given.current_tier AND tiers.min_points <= given.points),
                   max(tiers.tier) FILTER (WHERE tiers.tier <= given.current_tier AND tiers.keep_points <= given.points),
                   min(tiers.tier),
                   given.current_tier
               )
          INTO level
          FROM society.tiers
         WHERE tiers.tenant_id = given.tenant_id;

        UPDATE society.agents SET total_points = given.points, current_tier = level
         WHERE tenant_id = given.tenant_id AND id = given.id;
        IF level <> given.current_tier THEN
            INSERT INTO society.tier_history (tenant_id, agent_id, old_tier, new_tier, points_at, transaction_id)
            VALUES (given.tenant_id, given.id, given.current_tier, level, given.points, given.last);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.admit_ballot() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    session society.voting_sessions;
    spent   CONSTANT integer := CASE WHEN TG_OP = 'INSERT' THEN NEW.tokens_spent ELSE -OLD.tokens_spent END;
    granted numeric;
    broken  text;
BEGIN
    SELECT * INTO session FROM society.voting_sessions WHERE tenant_id = NEW.tenant_id AND id = NEW.session_id FOR SHARE;
    IF NOT FOUND THEN
        RETURN NEW; -- the key says so
    END IF;
    SELECT weight INTO granted
      FROM society.voting_eligibility
     WHERE tenant_id = NEW.tenant_id AND session_id = NEW.session_id AND agent_id = NEW.agent_id;
    broken := CASE
        WHEN session.status <> 'open' OR session.deleted_at IS NOT NULL OR session.opens_at > now() OR session.closes_at <= now()
            THEN 'votes_are_cast_while_open'
        WHEN granted IS NULL AND EXISTS (
                SELECT FROM society.voting_eligibility WHERE tenant_id = NEW.tenant_id AND session_id = NEW.session_id
             )
            THEN 'votes_come_from_the_roll'
        WHEN granted IS NULL AND spent > session.token_budget
            THEN 'votes_are_within_the_budget'
    END;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION 'agent % may not vote so in session %', NEW.agent_id, NEW.session_id
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = broken;
    END IF;
    UPDATE society.voting_eligibility
       SET tokens_left = tokens_left - spent
     WHERE tenant_id = NEW.tenant_id AND session_id = NEW.session_id AND agent_id = NEW.agent_id AND spent <> 0;
    IF TG_OP = 'INSERT' THEN
        NEW.weight := COALESCE(granted, 1);
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION society.count_battles() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    before CONSTANT integer := (OLD.status = 'completed')::integer;
    after  CONSTANT integer := (NEW.status = 'completed')::integer;
BEGIN
    PERFORM FROM society.agents
      WHERE tenant_id = NEW.tenant_id
        AND id IN (SELECT agent_id FROM society.battle_participants WHERE tenant_id = NEW.tenant_id AND battle_id = NEW.id)
      ORDER BY id FOR NO KEY UPDATE;
    UPDATE society.agents
       SET battles_fought = battles_fought + after - before,
           battles_won    = battles_won + after * (id IS NOT DISTINCT FROM NEW.winner_id)::integer
                            - before * (id IS NOT DISTINCT FROM OLD.winner_id)::integer
     WHERE tenant_id = NEW.tenant_id
       AND id IN (SELECT agent_id FROM society.battle_participants WHERE tenant_id = NEW.tenant_id AND battle_id = NEW.id);
    RETURN NULL;
END
$$;

CREATE FUNCTION society.count_idea_votes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    vote society.idea_votes;
BEGIN
    IF TG_OP = 'DELETE' THEN vote := OLD; ELSE vote := NEW; END IF;
    UPDATE society.ideas
       SET votes_count = votes_count + (TG_OP = 'INSERT')::integer - (TG_OP = 'DELETE')::integer,
           votes_total = votes_total + CASE WHEN TG_OP = 'DELETE' THEN 0 ELSE NEW.value END - CASE WHEN TG_OP = 'INSERT' THEN 0 ELSE OLD.value END
     WHERE tenant_id = vote.tenant_id AND id = vote.idea_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.count_ideas() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    idea   society.ideas;
    change CONSTANT integer := (TG_OP <> 'DELETE' AND NEW.deleted_at IS NULL)::integer - (TG_OP <> 'INSERT' AND OLD.deleted_at IS NULL)::integer;
BEGIN
    IF TG_OP = 'DELETE' THEN idea := OLD; ELSE idea := NEW; END IF;
    IF change <> 0 THEN
        UPDATE society.brainstorm_sessions SET total_ideas = total_ideas + change WHERE tenant_id = idea.tenant_id AND id = idea.session_id;
        UPDATE society.brainstorm_participants SET ideas_count = ideas_count + change
         WHERE tenant_id = idea.tenant_id AND session_id = idea.session_id AND agent_id = idea.agent_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.count_mentorship_sessions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    meeting society.mentorship_sessions;
    change  CONSTANT integer := (TG_OP <> 'DELETE' AND NEW.held_at IS NOT NULL)::integer - (TG_OP <> 'INSERT' AND OLD.held_at IS NOT NULL)::integer;
BEGIN
    IF TG_OP = 'DELETE' THEN meeting := OLD; ELSE meeting := NEW; END IF;
    IF change <> 0 THEN
        UPDATE society.mentorship_pairings SET completed_sessions = completed_sessions + change
         WHERE tenant_id = meeting.tenant_id AND id = meeting.pairing_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.count_participants() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    place  society.brainstorm_participants;
    change CONSTANT integer := (TG_OP <> 'DELETE' AND NEW.left_at IS NULL)::integer - (TG_OP <> 'INSERT' AND OLD.left_at IS NULL)::integer;
BEGIN
    IF TG_OP = 'DELETE' THEN place := OLD; ELSE place := NEW; END IF;
    IF change <> 0 THEN
        UPDATE society.brainstorm_sessions SET participant_count = participant_count + change
         WHERE tenant_id = place.tenant_id AND id = place.session_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.default_tiers() RETURNS TABLE(tier society.performance_tier, min_points integer, keep_points integer, multiplier numeric)
    LANGUAGE sql IMMUTABLE
    BEGIN ATOMIC
 VALUES ('bronze'::society.performance_tier,0,0,1), ('silver'::society.performance_tier,1000,900,1.05), ('gold'::society.performance_tier,5000,4500,1.1), ('platinum'::society.performance_tier,15000,13500,1.15), ('diamond'::society.performance_tier,50000,45000,1.2), ('legend'::society.performance_tier,150000,135000,1.25);
END;

CREATE FUNCTION society.draw_from_pool() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    allocation society.resource_allocations;
    taken      CONSTANT integer := CASE WHEN TG_OP <> 'DELETE' AND NEW.status = 'active' THEN NEW.amount ELSE 0 END
                                 - CASE WHEN TG_OP <> 'INSERT' AND OLD.status = 'active' THEN OLD.amount ELSE 0 END;
BEGIN
    IF TG_OP = 'DELETE' THEN allocation := OLD; ELSE allocation := NEW; END IF;
    IF taken <> 0 THEN
        UPDATE society.resource_pools SET available = available - taken
         WHERE tenant_id = allocation.tenant_id AND id = allocation.pool_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.fill_pool() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.available := NEW.total_capacity;
    ELSE
        NEW.available := OLD.available + NEW.total_capacity - OLD.total_capacity;
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION society.forget_status_reason() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    NEW.status_reason := NULL;
    RETURN NEW;
END
$$;

CREATE FUNCTION society.give_tiers() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO society.tiers (tenant_id, tier, min_points, keep_points, multiplier)
    SELECT NEW.id, usual.* FROM society.default_tiers() AS usual;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.guard_closed_board() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    entry  society.leaderboard_rankings;
    closed timestamptz;
BEGIN
    IF TG_OP = 'DELETE' THEN entry := OLD; ELSE entry := NEW; END IF;
    SELECT closed_at INTO closed FROM society.leaderboard_periods
     WHERE tenant_id = entry.tenant_id AND category = entry.category AND period = entry.period AND period_start = entry.period_start
       FOR SHARE;
    IF closed IS NOT NULL THEN
        RAISE EXCEPTION 'the % board % of % is closed', entry.period, entry.category, entry.period_start
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN entry;
END
$$;

CREATE FUNCTION society.guard_participants() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    entry society.battle_participants;
    state society.battle_status;
BEGIN
    IF TG_OP = 'DELETE' THEN entry := OLD; ELSE entry := NEW; END IF;
    SELECT status INTO state FROM society.battles WHERE tenant_id = entry.tenant_id AND id = entry.battle_id FOR SHARE;
    IF state NOT IN ('scheduled', 'open') THEN
        RAISE EXCEPTION 'battle % has begun', entry.battle_id
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN entry;
END
$$;

CREATE FUNCTION society.guard_roll() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    entry   society.voting_eligibility;
    session society.voting_sessions;
BEGIN
    IF TG_OP = 'DELETE' THEN
        entry := OLD;
    ELSE
        entry := NEW;
    END IF;
    SELECT * INTO session FROM society.voting_sessions WHERE tenant_id = entry.tenant_id AND id = entry.session_id FOR SHARE;
    IF session.status <> 'draft' THEN
        RAISE EXCEPTION 'the roll of voting session % is closed', entry.session_id
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        entry.token_budget := COALESCE(entry.token_budget, session.token_budget);
        entry.tokens_left  := entry.token_budget;
    END IF;
    RETURN entry;
END
$$;

CREATE FUNCTION society.guard_trail() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM society.voting_sessions WHERE tenant_id = NEW.tenant_id AND id = NEW.session_id)
       OR (NEW.vote_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM society.votes WHERE tenant_id = NEW.tenant_id AND id = NEW.vote_id AND session_id = NEW.session_id))
    THEN
        RAISE EXCEPTION 'the team has no such voting session or ballot'
              USING ERRCODE = 'foreign_key_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION society.move_rating() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE society.agents SET elo_rating = NEW.new_rating
     WHERE tenant_id = NEW.tenant_id AND id = NEW.agent_id AND elo_rating = NEW.old_rating;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the rating of agent % is not % any more', NEW.agent_id, NEW.old_rating
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.record_agent_status() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO society.agent_status_history (tenant_id, agent_id, old_status, new_status, reason, changed_by, changed_by_agent)
    VALUES (NEW.tenant_id, NEW.id, OLD.status, NEW.status, NEW.status_reason, platform.user_id(), society.acting_agent());
    RETURN NULL;
END
$$;

CREATE FUNCTION society.record_ballot() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO society.vote_audit_trail (tenant_id, session_id, vote_id, event_type, payload, signature, signed_by)
    VALUES (
        NEW.tenant_id, NEW.session_id, NEW.id,
        CASE WHEN NEW.superseded_at IS NULL THEN 'vote_cast' ELSE 'vote_superseded' END,
        to_jsonb(NEW) - '{tenant_id}'::text[],
        NEW.signature,
        CASE WHEN NEW.signature IS NOT NULL THEN NEW.agent_id END
    );
    RETURN NULL;
END
$$;

CREATE FUNCTION society.record_penalty() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    stood  CONSTANT boolean := TG_OP = 'UPDATE' AND OLD.status IN ('reported', 'confirmed');
    stands CONSTANT boolean := NEW.status IN ('reported', 'confirmed');
    change CONSTANT integer := CASE WHEN stands THEN NEW.penalty_points ELSE 0 END - CASE WHEN stood THEN OLD.penalty_points ELSE 0 END;
BEGIN
    IF TG_OP = 'INSERT' OR change <> 0 OR stood <> stands THEN
        PERFORM platform.ensure_partitions('penalty_history', clock_timestamp(), clock_timestamp());
        INSERT INTO store.penalty_history (tenant_id, agent_id, violation_id, event_type, points_delta, reason)
        VALUES (
            NEW.tenant_id, NEW.agent_id, NEW.id,
            CASE WHEN TG_OP = 'INSERT' THEN 'assessed'
                 WHEN stood AND NOT stands THEN CASE NEW.status WHEN 'expired' THEN 'expired' ELSE 'reversed' END
                 WHEN stands AND NOT stood THEN 'reinstated'
                 WHEN change > 0 THEN 'raised'
                 ELSE 'reduced' END,
            change, NEW.status_reason
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.record_task_event() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

CREATE FUNCTION society.record_trust() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.ensure_partitions('reputation_history', clock_timestamp(), clock_timestamp());
    INSERT INTO store.reputation_history (tenant_id, agent_id, run_id, eigentrust_score, composite_score, trust_level, change, cause)
    VALUES (NEW.tenant_id, NEW.agent_id, NEW.run_id, NEW.eigentrust_score, NEW.composite, NEW.trust_level, NEW.composite - OLD.composite, NEW.cause);
    UPDATE society.agents SET trust_score = NEW.composite
     WHERE tenant_id = NEW.tenant_id AND id = NEW.agent_id AND trust_score IS DISTINCT FROM NEW.composite;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.record_voting_session() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO society.vote_audit_trail (tenant_id, session_id, event_type, payload)
    VALUES (
        NEW.tenant_id, NEW.id,
        CASE NEW.status WHEN 'draft' THEN 'session_created' WHEN 'open' THEN 'session_opened' WHEN 'closed' THEN 'session_closed'
                        WHEN 'tallied' THEN 'session_tallied' WHEN 'tied' THEN 'session_tied' WHEN 'no_quorum' THEN 'session_without_quorum'
                        ELSE 'session_cancelled' END,
        to_jsonb(NEW) - '{tenant_id, updated_at}'::text[]
    );
    RETURN NULL;
END
$$;

CREATE FUNCTION society.refuse() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0]
          USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
END
$$;

CREATE FUNCTION society.refuse_circular_delegation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('society.vote_delegations'), hashtext(NEW.tenant_id::text));
    IF EXISTS (
        WITH RECURSIVE reached (agent_id, session_id) AS (
            SELECT NEW.to_agent_id, NEW.session_id
             UNION
            SELECT edges.to_agent_id, COALESCE(reached.session_id, edges.session_id)
              FROM reached
              JOIN society.vote_delegations AS edges
                ON edges.tenant_id = NEW.tenant_id AND edges.from_agent_id = reached.agent_id
               AND edges.revoked_at IS NULL AND (edges.expires_at IS NULL OR edges.expires_at > now())
               AND (edges.session_id IS NULL OR reached.session_id IS NULL OR edges.session_id = reached.session_id)
        )
        SELECT FROM reached WHERE agent_id = NEW.from_agent_id
    ) THEN
        RAISE EXCEPTION 'the vote of agent % would come back to itself by way of agent %', NEW.from_agent_id, NEW.to_agent_id
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.refuse_circular_dependency() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

CREATE FUNCTION society.refuse_crossed_tiers() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM society.tiers WHERE tenant_id = NEW.tenant_id ORDER BY tier FOR UPDATE;
    IF EXISTS (
        SELECT FROM society.tiers AS lower
          JOIN society.tiers AS higher ON higher.tenant_id = lower.tenant_id AND higher.tier > lower.tier
         WHERE lower.tenant_id = NEW.tenant_id
           AND (lower.min_points >= higher.min_points OR lower.keep_points > higher.keep_points)
    ) THEN
        RAISE EXCEPTION 'a higher tier needs more points than a lower one'
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.refuse_judge_who_fights() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF EXISTS (
        SELECT FROM society.battle_participants
         WHERE tenant_id = NEW.tenant_id AND battle_id = NEW.battle_id AND agent_id = NEW.judge_id
    ) THEN
        RAISE EXCEPTION 'agent % fights in battle % and may not judge it', NEW.judge_id, NEW.battle_id
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION society.refuse_partial_reviewer() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    violation CONSTANT uuid := CASE TG_TABLE_NAME
        WHEN 'appeals' THEN (to_jsonb(NEW) ->> 'violation_id')::uuid
        ELSE (SELECT violation_id FROM society.appeals WHERE tenant_id = NEW.tenant_id AND id = (to_jsonb(NEW) ->> 'appeal_id')::uuid)
    END;
BEGIN
    IF EXISTS (
        SELECT FROM society.violations
         WHERE tenant_id = NEW.tenant_id AND id = violation AND NEW.reviewer_id IN (agent_id, reported_by)
    ) THEN
        RAISE EXCEPTION 'agent % is a party to violation % and may not judge it', NEW.reviewer_id, violation
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION society.refuse_vote_on_own_idea() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF EXISTS (SELECT FROM society.ideas WHERE tenant_id = NEW.tenant_id AND id = NEW.idea_id AND agent_id = NEW.agent_id) THEN
        RAISE EXCEPTION 'agent % may not vote on its own idea %', NEW.agent_id, NEW.idea_id
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION society.settle(relation regclass, fixed text[] DEFAULT '{}'::text[], kept text[] DEFAULT '{}'::text[], hidden text[] DEFAULT '{}'::text[], removable boolean DEFAULT false, audited boolean DEFAULT true) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
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

CREATE FUNCTION society.stamp_release() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    NEW.released_at := COALESCE(NEW.released_at, now());
    RETURN NEW;
END
$$;

CREATE FUNCTION society.stamp_task() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
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

CREATE FUNCTION society.stamp_voting_session() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NEW.status NOT IN ('draft', 'cancelled') THEN
        NEW.opened_at := COALESCE(NEW.opened_at, now());
    END IF;
    IF NEW.status NOT IN ('draft', 'open') THEN
        NEW.closed_at := COALESCE(NEW.closed_at, now());
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION society.update_agent_stats_on_task_completion() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

CREATE FUNCTION store.mark_analytics_events() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
        BEGIN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', "timestamp", timestamptz '2000-01-01 00:00+00') AS moment
                         FROM changed_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'analytics_events';

            IF TG_OP = 'UPDATE' THEN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', "timestamp", timestamptz '2000-01-01 00:00+00') AS moment
                         FROM new_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'analytics_events';

            END IF;
            RETURN NULL;
        END
        $$;

CREATE FUNCTION store.mark_failure_patterns() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
        BEGIN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', execution_time, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM changed_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'failure_patterns';

            IF TG_OP = 'UPDATE' THEN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', execution_time, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM new_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'failure_patterns';

            END IF;
            RETURN NULL;
        END
        $$;

CREATE FUNCTION store.mark_llm_requests() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
        BEGIN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', created_at, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM changed_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'llm_requests';

            IF TG_OP = 'UPDATE' THEN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', created_at, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM new_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'llm_requests';

            END IF;
            RETURN NULL;
        END
        $$;

CREATE FUNCTION store.mark_llm_responses() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
        BEGIN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', created_at, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM changed_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'llm_responses';

            IF TG_OP = 'UPDATE' THEN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', created_at, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM new_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'llm_responses';

            END IF;
            RETURN NULL;
        END
        $$;

CREATE FUNCTION store.mark_outcomes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
        BEGIN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', execution_time, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM changed_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'outcomes';

            IF TG_OP = 'UPDATE' THEN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', execution_time, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM new_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'outcomes';

            END IF;
            RETURN NULL;
        END
        $$;

CREATE FUNCTION store.mark_status_probes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
        BEGIN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT NULL::uuid AS tenant_id,
                              date_bin(interval '5 minutes', "time", timestamptz '2000-01-01 00:00+00') AS moment
                         FROM changed_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'status_probes';

            IF TG_OP = 'UPDATE' THEN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT NULL::uuid AS tenant_id,
                              date_bin(interval '5 minutes', "time", timestamptz '2000-01-01 00:00+00') AS moment
                         FROM new_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'status_probes';

            END IF;
            RETURN NULL;
        END
        $$;

CREATE FUNCTION store.mark_tool_usage() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
        BEGIN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', execution_time, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM changed_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'tool_usage';

            IF TG_OP = 'UPDATE' THEN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', execution_time, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM new_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'tool_usage';

            END IF;
            RETURN NULL;
        END
        $$;

CREATE FUNCTION store.stamp_audit_logs() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
        BEGIN
            IF NEW.digest IS NOT NULL THEN
                RETURN NEW;
            END IF;
            NEW.transaction_id := pg_current_xact_id()::text::bigint;
            NEW.epoch  := COALESCE(NULLIF(current_setting('guildhall.epoch', true), '')::bigint, platform.epoch());
            NEW.digest := sha256(convert_to(concat_ws(chr(10), 'id=' || NEW.id::text, 'tenant_id=' || NEW.tenant_id::text, 'timestamp=' || extract(epoch FROM NEW."timestamp")::text, 'user_id=' || NEW.user_id::text, 'action=' || to_json(NEW.action::text)::text, 'resource_type=' || to_json(NEW.resource_type::text)::text, 'resource_id=' || NEW.resource_id::text, 'ip_address=' || NEW.ip_address::text, 'user_agent=' || to_json(NEW.user_agent::text)::text, 'request_id=' || to_json(NEW.request_id::text)::text, 'request_data=' || NEW.request_data::text, 'response_status=' || NEW.response_status::text, 'duration_ms=' || NEW.duration_ms::text, 'epoch=' || NEW.epoch::text, 'transaction_id=' || NEW.transaction_id::text), 'UTF8'));
            RETURN NEW;
        END
        $$;

CREATE FUNCTION store.stamp_vote_audit_trail() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
        BEGIN
            IF NEW.digest IS NOT NULL THEN
                RETURN NEW;
            END IF;
            NEW.transaction_id := pg_current_xact_id()::text::bigint;
            NEW.epoch  := COALESCE(NULLIF(current_setting('guildhall.epoch', true), '')::bigint, platform.epoch());
            NEW.digest := sha256(convert_to(concat_ws(chr(10), 'id=' || NEW.id::text, 'tenant_id=' || NEW.tenant_id::text, 'session_id=' || NEW.session_id::text, 'vote_id=' || NEW.vote_id::text, 'event_type=' || to_json(NEW.event_type::text)::text, 'actor_id=' || NEW.actor_id::text, 'user_id=' || NEW.user_id::text, 'payload=' || NEW.payload::text, 'signature=' || encode(NEW.signature, 'hex'), 'signed_by=' || NEW.signed_by::text, 'created_at=' || extract(epoch FROM NEW.created_at)::text, 'epoch=' || NEW.epoch::text, 'transaction_id=' || NEW.transaction_id::text), 'UTF8'));
            RETURN NEW;
        END
        $$;

CREATE TABLE catalogue.benchmark_scores (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    model_id uuid NOT NULL,
    suite_id uuid NOT NULL,
    variant character varying(100) DEFAULT ''::character varying NOT NULL,
    score_raw numeric(10,4) NOT NULL,
    score_normalized numeric(5,2),
    score_low numeric(10,4),
    score_high numeric(10,4),
    sample_count integer,
    percentile integer,
    evaluation_date date NOT NULL,
    evaluation_commit character varying(100),
    harness character varying(100),
    source_url character varying(500),
    configuration jsonb DEFAULT '{}'::jsonb NOT NULL,
    notes text,
    is_official boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT benchmark_scores_configuration_is_an_object CHECK ((jsonb_typeof(configuration) = 'object'::text)),
    CONSTRAINT benchmark_scores_interval_holds_the_score CHECK (((score_low <= score_raw) AND (score_raw <= score_high))),
    CONSTRAINT benchmark_scores_normalized_is_a_percentage CHECK (((score_normalized >= (0)::numeric) AND (score_normalized <= (100)::numeric))),
    CONSTRAINT benchmark_scores_percentile_is_one CHECK (((percentile >= 0) AND (percentile <= 100))),
    CONSTRAINT benchmark_scores_sample_is_positive CHECK ((sample_count > 0)),
    CONSTRAINT benchmark_scores_url_is_http CHECK (((source_url)::text ~ '^https?://[^\s]+$'::text))
);

COMMENT ON TABLE catalogue.benchmark_scores IS 'benchmarks: global: how models did in benchmarks, as published or as measured.';

COMMENT ON COLUMN catalogue.benchmark_scores.variant IS 'What sets two scores of one day apart, such as the effort of reasoning; empty: nothing.';

COMMENT ON COLUMN catalogue.benchmark_scores.score_raw IS 'As the suite''s scoring_method says.';

COMMENT ON COLUMN catalogue.benchmark_scores.score_normalized IS 'From 0 to 100.';

COMMENT ON COLUMN catalogue.benchmark_scores.score_low IS 'The 95 % interval of score_raw, where it is known, with score_high.';

COMMENT ON COLUMN catalogue.benchmark_scores.percentile IS 'The share of models, in percent, that did no better.';

COMMENT ON COLUMN catalogue.benchmark_scores.is_official IS 'Published by whoever keeps the benchmark.';

CREATE TABLE catalogue.benchmark_suites (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    slug character varying(50) NOT NULL,
    name character varying(100) NOT NULL,
    description jsonb,
    category character varying(50),
    version character varying(20),
    evaluation_type character varying(50),
    max_score numeric(10,4),
    scoring_method character varying(50),
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT benchmark_suites_description_is_localized CHECK (catalogue.is_localized(description)),
    CONSTRAINT benchmark_suites_max_score_is_positive CHECK ((max_score > (0)::numeric)),
    CONSTRAINT benchmark_suites_metadata_is_an_object CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT benchmark_suites_name_is_given CHECK (((name)::text <> ''::text)),
    CONSTRAINT benchmark_suites_scoring_is_known CHECK (((scoring_method)::text = ANY ((ARRAY['percentage'::character varying, 'raw_score'::character varying, 'percentile'::character varying, 'rating'::character varying])::text[]))),
    CONSTRAINT benchmark_suites_slug_is_plain CHECK (((slug)::text ~ '^[a-z0-9]+([._-][a-z0-9]+)*$'::text))
);

COMMENT ON TABLE catalogue.benchmark_suites IS 'benchmarks: global: published benchmarks, each version on its own.';

COMMENT ON COLUMN catalogue.benchmark_suites.category IS 'reasoning, code, language, multimodal, …';

COMMENT ON COLUMN catalogue.benchmark_suites.evaluation_type IS 'accuracy, performance, safety, …';

COMMENT ON COLUMN catalogue.benchmark_suites.scoring_method IS 'What score_raw is: a percentage, points of max_score, a percentile, or a rating without an upper end.';

CREATE TABLE catalogue.documentation (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    model_id uuid NOT NULL,
    doc_type character varying(50) NOT NULL,
    title jsonb NOT NULL,
    url character varying(500) NOT NULL,
    locale character varying(10),
    version character varying(50),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT documentation_locale_is_a_tag CHECK (((locale)::text ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'::text)),
    CONSTRAINT documentation_title_is_localized CHECK (catalogue.is_localized(title)),
    CONSTRAINT documentation_type_is_plain CHECK (((doc_type)::text ~ '^[a-z0-9]+([_-][a-z0-9]+)*$'::text)),
    CONSTRAINT documentation_url_is_http CHECK (((url)::text ~ '^https?://[^\s]+$'::text))
);

COMMENT ON TABLE catalogue.documentation IS 'models: global: pages about a model.';

COMMENT ON COLUMN catalogue.documentation.doc_type IS 'api, quickstart, cookbook, changelog, …';

COMMENT ON COLUMN catalogue.documentation.title IS 'By locale.';

COMMENT ON COLUMN catalogue.documentation.locale IS 'The language of the page itself; null: not known, or several.';

CREATE TABLE catalogue.incidents (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    model_id uuid,
    provider_id uuid,
    regions text[] DEFAULT '{}'::text[] NOT NULL,
    severity character varying(20) NOT NULL,
    status character varying(20) NOT NULL,
    title character varying(500) NOT NULL,
    description text,
    impact_description text,
    started_at timestamp with time zone NOT NULL,
    identified_at timestamp with time zone,
    resolved_at timestamp with time zone,
    postmortem_url character varying(500),
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT incidents_concern_something CHECK ((num_nonnulls(model_id, provider_id) > 0)),
    CONSTRAINT incidents_end_is_recorded CHECK ((((status)::text = 'resolved'::text) = (resolved_at IS NOT NULL))),
    CONSTRAINT incidents_go_forward CHECK (((identified_at >= started_at) AND (resolved_at >= started_at))),
    CONSTRAINT incidents_metadata_is_an_object CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT incidents_severity_is_known CHECK (((severity)::text = ANY ((ARRAY['minor'::character varying, 'major'::character varying, 'critical'::character varying])::text[]))),
    CONSTRAINT incidents_status_is_known CHECK (((status)::text = ANY ((ARRAY['investigating'::character varying, 'identified'::character varying, 'monitoring'::character varying, 'resolved'::character varying])::text[]))),
    CONSTRAINT incidents_title_is_given CHECK (((title)::text <> ''::text)),
    CONSTRAINT incidents_url_is_http CHECK (((postmortem_url)::text ~ '^https?://[^\s]+$'::text))
);

COMMENT ON TABLE catalogue.incidents IS 'status: global: when a model or all of a provider did not work as it should.';

COMMENT ON COLUMN catalogue.incidents.regions IS 'Empty: everywhere, or not known.';

CREATE TABLE catalogue.model_aliases (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    alias character varying(200) NOT NULL,
    provider_id uuid,
    model_id uuid NOT NULL,
    valid_from timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    valid_to timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT model_aliases_alias_is_plain CHECK (((alias)::text ~ '^[a-z0-9@~][a-z0-9._:/@~+-]*$'::text)),
    CONSTRAINT model_aliases_end_after_they_begin CHECK ((valid_to > valid_from))
);

COMMENT ON TABLE catalogue.model_aliases IS 'models: global: other names of models, and when they mean which: what ends in "-latest" moves on.';

COMMENT ON COLUMN catalogue.model_aliases.alias IS 'In lower case.';

COMMENT ON COLUMN catalogue.model_aliases.provider_id IS 'Where the alias means that; null: everywhere.';

COMMENT ON COLUMN catalogue.model_aliases.valid_to IS 'The first moment at which it means that no more; null: it still does.';

CREATE TABLE catalogue.model_endpoints (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    model_id uuid NOT NULL,
    region character varying(20) NOT NULL,
    endpoint_url character varying(500) NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    priority integer DEFAULT 100 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT model_endpoints_region_is_named CHECK (((region)::text <> ''::text)),
    CONSTRAINT model_endpoints_url_is_http CHECK (((endpoint_url)::text ~ '^https?://[^\s]+$'::text))
);

COMMENT ON TABLE catalogue.model_endpoints IS 'models: global: where a model answers, in each region.';

COMMENT ON COLUMN catalogue.model_endpoints.priority IS 'The lowest is tried first.';

CREATE TABLE catalogue.models (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    provider_id uuid NOT NULL,
    slug character varying(100) NOT NULL,
    name jsonb NOT NULL,
    description jsonb,
    foundation_model character varying(100),
    released_at date,
    deprecated_at date,
    sunset_at date,
    modalities text[] DEFAULT '{}'::text[] NOT NULL,
    capabilities text[] DEFAULT '{}'::text[] NOT NULL,
    context_window integer,
    max_output_tokens integer,
    training_cutoff date,
    api_version character varying(50),
    is_active boolean DEFAULT true NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    search_vector tsvector DEFAULT ''::tsvector NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT models_description_is_localized CHECK (catalogue.is_localized(description)),
    CONSTRAINT models_life_goes_forward CHECK (((deprecated_at >= released_at) AND (sunset_at >= COALESCE(deprecated_at, released_at)))),
    CONSTRAINT models_metadata_is_an_object CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT models_name_is_localized CHECK (catalogue.is_localized(name)),
    CONSTRAINT models_sizes_are_positive CHECK (((context_window > 0) AND (max_output_tokens > 0))),
    CONSTRAINT models_slug_is_plain CHECK (((slug)::text ~ '^[a-z0-9@~][a-z0-9._:/@~+-]*$'::text)),
    CONSTRAINT models_texts_size CHECK (((octet_length((name)::text) + COALESCE(octet_length((description)::text), 0)) <= 100000))
)
WITH (autovacuum_vacuum_scale_factor='0.1');

COMMENT ON TABLE catalogue.models IS 'models: global: every model that is known, also those that are gone.';

COMMENT ON COLUMN catalogue.models.name IS 'By locale: {"en-US": "GPT-4", "zh-CN": "GPT-4"}; so is the description.';

COMMENT ON COLUMN catalogue.models.deprecated_at IS 'From this day on its provider advises against it; from sunset_at on it does not answer.';

COMMENT ON COLUMN catalogue.models.modalities IS 'text, image, audio, video, …';

COMMENT ON COLUMN catalogue.models.context_window IS 'Tokens, as max_output_tokens.';

COMMENT ON COLUMN catalogue.models.search_vector IS 'What search_models looks in; a trigger keeps it, whatever is written to it.';

CREATE TABLE catalogue.providers (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    slug character varying(50) NOT NULL,
    name character varying(100) NOT NULL,
    logo_url character varying(500),
    website_url character varying(500),
    status_page_url character varying(500),
    documentation_url character varying(500),
    regions jsonb DEFAULT '[]'::jsonb NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT providers_metadata_is_an_object CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT providers_name_is_given CHECK (((name)::text <> ''::text)),
    CONSTRAINT providers_regions_is_a_list CHECK ((jsonb_typeof(regions) = 'array'::text)),
    CONSTRAINT providers_slug_is_plain CHECK (((slug)::text ~ '^[a-z0-9]+([._-][a-z0-9]+)*$'::text))
);

COMMENT ON TABLE catalogue.providers IS 'models: global: companies that serve models.';

COMMENT ON COLUMN catalogue.providers.regions IS 'Names of regions: ["us-east", "eu-west"].';

CREATE MATERIALIZED VIEW catalogue.model_listings AS
 SELECT models.id,
    models.slug,
    models.name,
    models.provider_id,
    providers.name AS provider_name,
    providers.logo_url AS provider_logo,
    models.foundation_model,
    models.modalities,
    models.capabilities,
    models.context_window,
    models.is_active,
    COALESCE(( SELECT jsonb_agg(jsonb_build_object('suite', suites.slug, 'score', scores.score_normalized, 'date', scores.evaluation_date) ORDER BY scores.evaluation_date DESC, suites.slug, scores.variant) AS jsonb_agg
           FROM (catalogue.benchmark_scores scores
             JOIN catalogue.benchmark_suites suites ON ((suites.id = scores.suite_id)))
          WHERE ((scores.model_id = models.id) AND (scores.evaluation_date >= (((now() AT TIME ZONE 'UTC'::text))::date - 30)))), '[]'::jsonb) AS recent_benchmarks
   FROM (catalogue.models
     JOIN catalogue.providers ON ((providers.id = models.provider_id)))
  WHERE models.is_active
  WITH NO DATA;

COMMENT ON MATERIALIZED VIEW catalogue.model_listings IS 'models: global: the models that can be had, each with its provider and the benchmarks of the last 30 days, as of the last refresh.';

CREATE TABLE catalogue.news_articles (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    slug character varying(200) NOT NULL,
    title jsonb NOT NULL,
    summary jsonb,
    content jsonb,
    author_id uuid,
    category character varying(50),
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    source_url character varying(500),
    image_url character varying(500),
    published_at timestamp with time zone,
    locale_primary character varying(10) DEFAULT 'en-US'::character varying NOT NULL,
    available_locales text[] DEFAULT '{}'::text[] NOT NULL,
    view_count integer DEFAULT 0 NOT NULL,
    is_featured boolean DEFAULT false NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT news_articles_locale_is_a_tag CHECK (((locale_primary)::text ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'::text)),
    CONSTRAINT news_articles_metadata_is_an_object CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT news_articles_slug_is_plain CHECK (((slug)::text ~ '^[a-z0-9]+([._-][a-z0-9]+)*$'::text)),
    CONSTRAINT news_articles_texts_are_localized CHECK ((catalogue.is_localized(title) AND catalogue.is_localized(summary) AND catalogue.is_localized(content))),
    CONSTRAINT news_articles_url_is_http CHECK (((source_url)::text ~ '^https?://[^\s]+$'::text)),
    CONSTRAINT news_articles_view_count_is_not_negative CHECK ((view_count >= 0))
);

COMMENT ON TABLE catalogue.news_articles IS 'news: global: what happened to models; without published_at it is a draft.';

COMMENT ON COLUMN catalogue.news_articles.content IS 'Markdown, by locale; titles and summaries by locale too.';

CREATE TABLE catalogue.news_model_mentions (
    news_id uuid NOT NULL,
    model_id uuid NOT NULL,
    mention_type character varying(50),
    CONSTRAINT news_model_mentions_type_is_known CHECK (((mention_type)::text = ANY ((ARRAY['primary'::character varying, 'comparison'::character varying, 'brief'::character varying])::text[])))
);

COMMENT ON TABLE catalogue.news_model_mentions IS 'news: global: which models an article speaks of, and how much.';

CREATE TABLE catalogue.price_claims (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    model_id uuid NOT NULL,
    source character varying(100) NOT NULL,
    source_url character varying(500),
    claim jsonb NOT NULL,
    retrieved_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT price_claims_claim_is_an_object CHECK ((jsonb_typeof(claim) = 'object'::text)),
    CONSTRAINT price_claims_source_is_named CHECK (((source)::text <> ''::text)),
    CONSTRAINT price_claims_url_is_http CHECK (((source_url)::text ~ '^https?://[^\s]+$'::text))
);

COMMENT ON TABLE catalogue.price_claims IS 'pricing: global: what each source says that a model costs; sources disagree, and a price names the claim it was taken from.';

COMMENT ON COLUMN catalogue.price_claims.claim IS 'As the source states it, in its own words and units.';

CREATE TABLE catalogue.pricing (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    model_id uuid NOT NULL,
    tier character varying(50) NOT NULL,
    service_tier character varying(50) DEFAULT 'default'::character varying NOT NULL,
    region character varying(20),
    currency character varying(3) DEFAULT 'USD'::character varying NOT NULL,
    min_input_tokens integer DEFAULT 0 NOT NULL,
    input_per_million numeric(18,10),
    output_per_million numeric(18,10),
    cache_read_per_million numeric(18,10),
    cache_write_per_million numeric(18,10),
    reasoning_per_million numeric(18,10),
    image_per_unit numeric(18,10),
    audio_per_minute numeric(18,10),
    video_per_minute numeric(18,10),
    fine_tuning_per_million numeric(18,10),
    volume_discounts jsonb DEFAULT '[]'::jsonb NOT NULL,
    effective_from date NOT NULL,
    effective_to date,
    claim_id uuid,
    superseded_at timestamp with time zone,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pricing_currency_is_a_code CHECK (((currency)::text ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT pricing_ends_after_it_begins CHECK ((effective_to > effective_from)),
    CONSTRAINT pricing_is_not_negative CHECK ((LEAST(input_per_million, output_per_million, cache_read_per_million, cache_write_per_million, reasoning_per_million, image_per_unit, audio_per_minute, video_per_minute, fine_tuning_per_million) >= (0)::numeric)),
    CONSTRAINT pricing_metadata_is_an_object CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT pricing_region_is_named CHECK (((region)::text <> ''::text)),
    CONSTRAINT pricing_superseded_after_created CHECK ((superseded_at >= created_at)),
    CONSTRAINT pricing_threshold_is_not_negative CHECK ((min_input_tokens >= 0)),
    CONSTRAINT pricing_tiers_are_plain CHECK ((((tier)::text ~ '^[a-z0-9]+([_-][a-z0-9]+)*$'::text) AND ((service_tier)::text ~ '^[a-z0-9]+([_-][a-z0-9]+)*$'::text))),
    CONSTRAINT pricing_volume_discounts_is_a_list CHECK ((jsonb_typeof(volume_discounts) = 'array'::text))
);

COMMENT ON TABLE catalogue.pricing IS 'pricing: global: what a model costs, and from when to when: of two prices for the same, on each day one holds.';

COMMENT ON COLUMN catalogue.pricing.tier IS 'The kind of contract: standard, enterprise, academic.';

COMMENT ON COLUMN catalogue.pricing.service_tier IS 'How a request is served: default, batch, flex, priority, …';

COMMENT ON COLUMN catalogue.pricing.region IS 'Null: everywhere that has no price of its own.';

COMMENT ON COLUMN catalogue.pricing.min_input_tokens IS 'The price holds for requests of at least that many tokens of input, cached ones included; the highest that a request reaches counts, for all of its tokens.';

COMMENT ON COLUMN catalogue.pricing.input_per_million IS 'In units of the currency, for a million tokens; null is unknown, 0 is free. So are the others.';

COMMENT ON COLUMN catalogue.pricing.reasoning_per_million IS 'Null: reasoning tokens cost what output costs.';

COMMENT ON COLUMN catalogue.pricing.effective_from IS 'The first day, in UTC, on which it holds.';

COMMENT ON COLUMN catalogue.pricing.effective_to IS 'The first day on which it holds no more; null: it still does.';

COMMENT ON COLUMN catalogue.pricing.superseded_at IS 'When the row was found to be wrong and another took its place; what was computed with it can still be explained.';

CREATE TABLE catalogue.probe_locations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name character varying(50) NOT NULL,
    region character varying(20) NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT probe_locations_are_on_earth CHECK ((((latitude >= ('-90'::integer)::double precision) AND (latitude <= (90)::double precision)) AND ((longitude >= ('-180'::integer)::double precision) AND (longitude <= (180)::double precision)))),
    CONSTRAINT probe_locations_names_are_given CHECK ((((name)::text <> ''::text) AND ((region)::text <> ''::text)))
);

COMMENT ON TABLE catalogue.probe_locations IS 'status: global: where probes are sent from; status_probes.probe_location is one of their names, or a place that is not ours.';

COMMENT ON COLUMN catalogue.probe_locations.latitude IS 'Degrees north; longitude: degrees east.';

CREATE TABLE platform.rollup_marks (
    rollup text NOT NULL,
    tenant_id uuid,
    bucket timestamp with time zone NOT NULL,
    is_taken boolean DEFAULT false NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='2000', autovacuum_analyze_scale_factor='0.5');

COMMENT ON TABLE platform.rollup_marks IS 'operations: system: buckets of roll-ups that differ from the raw rows; only added to, until a refresh takes what it sees.';

COMMENT ON COLUMN platform.rollup_marks.is_taken IS 'A continuous aggregate is being refreshed, and will then agree with the rows that this mark stands for.';

CREATE TABLE platform.series (
    name text NOT NULL,
    time_column text NOT NULL,
    step interval NOT NULL,
    retention interval,
    chunk interval DEFAULT '1 day'::interval NOT NULL,
    compress_after interval,
    segment_by text[] DEFAULT '{}'::text[] NOT NULL,
    order_by text,
    is_archived boolean DEFAULT false NOT NULL,
    dropped_before timestamp with time zone,
    CONSTRAINT series_chunk_is_positive CHECK ((chunk > '00:00:00'::interval)),
    CONSTRAINT series_compression_waits CHECK ((compress_after > '00:00:00'::interval)),
    CONSTRAINT series_retention_is_positive CHECK ((retention > '00:00:00'::interval)),
    CONSTRAINT series_step_is_a_month CHECK (((step = '1 mon'::interval) AND (date_trunc('month'::text, step) = step)))
);

COMMENT ON TABLE platform.series IS 'operations: system: every table that is kept by time: its base table in schema store, its column, and how its rows are kept.';

COMMENT ON COLUMN platform.series.step IS 'The span of a partition on native partitions.';

COMMENT ON COLUMN platform.series.retention IS 'How long rows are kept; NULL: for ever. Whole partitions are dropped once all of their span is older.';

COMMENT ON COLUMN platform.series.chunk IS 'The span of a chunk on TimescaleDB.';

COMMENT ON COLUMN platform.series.compress_after IS 'The age at which TimescaleDB compresses a chunk; NULL: never.';

COMMENT ON COLUMN platform.series.segment_by IS 'Columns whose values compressed rows have in common.';

COMMENT ON COLUMN platform.series.is_archived IS 'Partitions go to a file before they are dropped.';

COMMENT ON COLUMN platform.series.dropped_before IS 'Rows older than this were dropped; those that arrive late are taken, and dropped by the next pass of upkeep.';

CREATE TABLE store.status_5min (
    bucket timestamp with time zone NOT NULL,
    model_id uuid,
    region character varying(20),
    probe_count bigint,
    availability_sum numeric,
    availability_weight numeric,
    latency_p50_sum numeric,
    latency_p50_weight numeric,
    latency_p95_sum numeric,
    latency_p95_weight numeric,
    latency_p99_sum numeric,
    latency_p99_weight numeric,
    error_rate_sum numeric,
    error_rate_weight numeric,
    total_requests numeric,
    total_tokens numeric
);

COMMENT ON TABLE store.status_5min IS 'operations: global: the roll-up of status_probes, as far as it was refreshed.';

CREATE TABLE store.status_probes (
    "time" timestamp with time zone DEFAULT now() NOT NULL,
    model_id uuid NOT NULL,
    region character varying(20) NOT NULL,
    probe_location character varying(50) DEFAULT 'unknown'::character varying NOT NULL,
    availability numeric(5,2),
    latency_p50 integer,
    latency_p95 integer,
    latency_p99 integer,
    error_rate numeric(5,2),
    error_types jsonb DEFAULT '{}'::jsonb NOT NULL,
    requests_per_minute integer,
    tokens_per_minute bigint,
    status_code_distribution jsonb DEFAULT '{}'::jsonb NOT NULL,
    window_seconds integer DEFAULT 60 NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT status_probes_counts_are_not_negative CHECK (((requests_per_minute >= 0) AND (tokens_per_minute >= 0))),
    CONSTRAINT status_probes_latencies_rise CHECK (((latency_p50 >= 0) AND (latency_p95 >= COALESCE(latency_p50, 0)) AND (latency_p99 >= COALESCE(latency_p95, latency_p50, 0)))),
    CONSTRAINT status_probes_rates_are_percentages CHECK ((((availability >= (0)::numeric) AND (availability <= (100)::numeric)) AND ((error_rate >= (0)::numeric) AND (error_rate <= (100)::numeric)))),
    CONSTRAINT status_probes_window_is_positive CHECK ((window_seconds > 0))
)
PARTITION BY RANGE ("time");

COMMENT ON TABLE store.status_probes IS 'status: global: what each probe of a model found, by region and place.';

COMMENT ON COLUMN store.status_probes.availability IS 'Percent of requests that were answered; error_rate: percent that failed.';

COMMENT ON COLUMN store.status_probes.latency_p50 IS 'Milliseconds, as latency_p95 and latency_p99.';

COMMENT ON COLUMN store.status_probes.window_seconds IS 'How long the probe looked: requests are requests_per_minute × window_seconds / 60, and only they can be added up.';

CREATE VIEW store.status_5min_now AS
 SELECT rolled.bucket,
    rolled.model_id,
    rolled.region,
    rolled.probe_count,
    rolled.availability_sum,
    rolled.availability_weight,
    rolled.latency_p50_sum,
    rolled.latency_p50_weight,
    rolled.latency_p95_sum,
    rolled.latency_p95_weight,
    rolled.latency_p99_sum,
    rolled.latency_p99_weight,
    rolled.error_rate_sum,
    rolled.error_rate_weight,
    rolled.total_requests,
    rolled.total_tokens
   FROM store.status_5min rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'status_5min'::text) AND (marks.tenant_id IS NULL) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'status_probes'::text)))))))
UNION ALL
 SELECT dirty.bucket,
    live.model_id,
    live.region,
    live.probe_count,
    live.availability_sum,
    live.availability_weight,
    live.latency_p50_sum,
    live.latency_p50_weight,
    live.latency_p95_sum,
    live.latency_p95_weight,
    live.latency_p99_sum,
    live.latency_p99_weight,
    live.error_rate_sum,
    live.error_rate_weight,
    live.total_requests,
    live.total_tokens
   FROM (( SELECT DISTINCT marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'status_5min'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'status_probes'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT status_probes.model_id,
            status_probes.region,
            count(*) AS probe_count,
            sum((status_probes.availability * COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric))) AS availability_sum,
            sum(COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric)) FILTER (WHERE (status_probes.availability IS NOT NULL)) AS availability_weight,
            sum(((status_probes.latency_p50)::numeric * COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric))) AS latency_p50_sum,
            sum(COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric)) FILTER (WHERE (status_probes.latency_p50 IS NOT NULL)) AS latency_p50_weight,
            sum(((status_probes.latency_p95)::numeric * COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric))) AS latency_p95_sum,
            sum(COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric)) FILTER (WHERE (status_probes.latency_p95 IS NOT NULL)) AS latency_p95_weight,
            sum(((status_probes.latency_p99)::numeric * COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric))) AS latency_p99_sum,
            sum(COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric)) FILTER (WHERE (status_probes.latency_p99 IS NOT NULL)) AS latency_p99_weight,
            sum((status_probes.error_rate * COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric))) AS error_rate_sum,
            sum(COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric)) FILTER (WHERE (status_probes.error_rate IS NOT NULL)) AS error_rate_weight,
            sum((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0)) AS total_requests,
            sum((((status_probes.tokens_per_minute * status_probes.window_seconds))::numeric / 60.0)) AS total_tokens
           FROM store.status_probes
          WHERE (true AND (status_probes."time" >= dirty.bucket) AND (status_probes."time" < (dirty.bucket + '00:05:00'::interval)) AND true)
          GROUP BY status_probes.model_id, status_probes.region) live);

COMMENT ON VIEW store.status_5min_now IS 'operations: global: the roll-up of status_probes, exact at every moment.';

CREATE VIEW catalogue.status_5min AS
 SELECT bucket,
    model_id,
    region,
    (availability_sum / NULLIF(availability_weight, (0)::numeric)) AS avg_availability,
    (latency_p50_sum / NULLIF(latency_p50_weight, (0)::numeric)) AS avg_latency_p50,
    (latency_p95_sum / NULLIF(latency_p95_weight, (0)::numeric)) AS avg_latency_p95,
    (latency_p99_sum / NULLIF(latency_p99_weight, (0)::numeric)) AS avg_latency_p99,
    (error_rate_sum / NULLIF(error_rate_weight, (0)::numeric)) AS avg_error_rate,
    (round(total_requests))::bigint AS total_requests,
    (round(total_tokens))::bigint AS total_tokens,
    probe_count
   FROM store.status_5min_now;

COMMENT ON VIEW catalogue.status_5min IS 'status: global: how each model fared, by region and five minutes; averages weigh each probe by the requests it stands for.';

CREATE TABLE store.status_hourly (
    bucket timestamp with time zone NOT NULL,
    model_id uuid,
    region character varying(20),
    probe_count bigint,
    availability_sum numeric,
    availability_weight numeric,
    min_availability numeric,
    median_latency_p95 double precision,
    max_latency_p95 integer,
    error_rate_sum numeric,
    error_rate_weight numeric,
    total_requests numeric,
    total_tokens numeric
);

COMMENT ON TABLE store.status_hourly IS 'operations: global: the roll-up of status_probes, as far as it was refreshed.';

CREATE VIEW store.status_hourly_now AS
 SELECT rolled.bucket,
    rolled.model_id,
    rolled.region,
    rolled.probe_count,
    rolled.availability_sum,
    rolled.availability_weight,
    rolled.min_availability,
    rolled.median_latency_p95,
    rolled.max_latency_p95,
    rolled.error_rate_sum,
    rolled.error_rate_weight,
    rolled.total_requests,
    rolled.total_tokens
   FROM store.status_hourly rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'status_hourly'::text) AND (marks.tenant_id IS NULL) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'status_probes'::text)))))))
UNION ALL
 SELECT dirty.bucket,
    live.model_id,
    live.region,
    live.probe_count,
    live.availability_sum,
    live.availability_weight,
    live.min_availability,
    live.median_latency_p95,
    live.max_latency_p95,
    live.error_rate_sum,
    live.error_rate_weight,
    live.total_requests,
    live.total_tokens
   FROM (( SELECT DISTINCT marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'status_hourly'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'status_probes'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT status_probes.model_id,
            status_probes.region,
            count(*) AS probe_count,
            sum((status_probes.availability * COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric))) AS availability_sum,
            sum(COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric)) FILTER (WHERE (status_probes.availability IS NOT NULL)) AS availability_weight,
            min(status_probes.availability) AS min_availability,
            platform.weighted_median(array_agg((status_probes.latency_p95)::double precision), array_agg((COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric))::double precision)) AS median_latency_p95,
            max(status_probes.latency_p95) AS max_latency_p95,
            sum((status_probes.error_rate * COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric))) AS error_rate_sum,
            sum(COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric)) FILTER (WHERE (status_probes.error_rate IS NOT NULL)) AS error_rate_weight,
            sum((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0)) AS total_requests,
            sum((((status_probes.tokens_per_minute * status_probes.window_seconds))::numeric / 60.0)) AS total_tokens
           FROM store.status_probes
          WHERE (true AND (status_probes."time" >= dirty.bucket) AND (status_probes."time" < (dirty.bucket + '01:00:00'::interval)) AND true)
          GROUP BY status_probes.model_id, status_probes.region) live);

COMMENT ON VIEW store.status_hourly_now IS 'operations: global: the roll-up of status_probes, exact at every moment.';

CREATE VIEW catalogue.status_hourly AS
 SELECT bucket,
    model_id,
    region,
    (availability_sum / NULLIF(availability_weight, (0)::numeric)) AS avg_availability,
    min_availability,
    median_latency_p95,
    max_latency_p95,
    (error_rate_sum / NULLIF(error_rate_weight, (0)::numeric)) AS avg_error_rate,
    (round(total_requests))::bigint AS total_requests,
    (round(total_tokens))::bigint AS total_tokens,
    probe_count
   FROM store.status_hourly_now;

COMMENT ON VIEW catalogue.status_hourly IS 'status: global: how each model fared, by region and hour; averages and the median weigh each probe by the requests it stands for.';

CREATE VIEW catalogue.status_probes AS
 SELECT "time",
    model_id,
    region,
    probe_location,
    availability,
    latency_p50,
    latency_p95,
    latency_p99,
    error_rate,
    error_types,
    requests_per_minute,
    tokens_per_minute,
    status_code_distribution,
    metadata,
    window_seconds
   FROM store.status_probes;

COMMENT ON VIEW catalogue.status_probes IS 'status: global: what each probe of a model found; everybody may look.';

CREATE TABLE evaluation.bodies (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    sha256 text NOT NULL,
    encoding text DEFAULT 'identity'::text NOT NULL,
    size_bytes bigint NOT NULL,
    content bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT bodies_encoding_is_known CHECK ((encoding = ANY (ARRAY['identity'::text, 'zstd'::text]))),
    CONSTRAINT bodies_sha256_is_hex CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT bodies_size_is_not_negative CHECK ((size_bytes >= 0))
);
ALTER TABLE ONLY evaluation.bodies ALTER COLUMN content SET STORAGE EXTERNAL;

ALTER TABLE ONLY evaluation.bodies FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.bodies IS 'bodies: tenant: files and long trajectories, once for each content; sha256 is of the content before compression.';

CREATE TABLE evaluation.config_diffs (
    diff_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    config_id uuid NOT NULL,
    version_before uuid NOT NULL,
    version_after uuid NOT NULL,
    diff_yaml text NOT NULL,
    change_summary jsonb,
    impact_prediction jsonb,
    llm_generated boolean DEFAULT false NOT NULL,
    approval_status text DEFAULT 'pending'::text NOT NULL,
    approved_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT config_diffs_approval_is_known CHECK ((approval_status = ANY (ARRAY['pending'::text, 'approved'::text, 'rejected'::text]))),
    CONSTRAINT config_diffs_size CHECK ((length(diff_yaml) <= 524288)),
    CONSTRAINT different_versions CHECK ((version_before <> version_after))
);

ALTER TABLE ONLY evaluation.config_diffs FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.config_diffs IS 'configurations: tenant: what changed between two versions, as a unified text and by path.';

CREATE TABLE evaluation.config_versions (
    version_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    config_id uuid NOT NULL,
    version_number integer NOT NULL,
    raw_yaml text NOT NULL,
    parsed_config jsonb NOT NULL,
    files jsonb DEFAULT '{}'::jsonb NOT NULL,
    config_hash text NOT NULL,
    embedding public.vector(1536),
    embedding_model text,
    generated_by text DEFAULT 'manual'::text NOT NULL,
    modal_deployment_id text,
    is_deleted boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT config_versions_hash_is_sha256 CHECK ((length(config_hash) = 64)),
    CONSTRAINT config_versions_number_is_positive CHECK ((version_number > 0)),
    CONSTRAINT config_versions_origin_is_known CHECK ((generated_by = ANY (ARRAY['manual'::text, 'diff_engine'::text, 'optimization'::text, 'api'::text, 'llm_recommendation'::text, 'modal_sandbox'::text, 'import'::text]))),
    CONSTRAINT config_versions_yaml_size CHECK ((length(raw_yaml) <= 1048576)),
    CONSTRAINT valid_parsed_config CHECK (((parsed_config ? 'model'::text) AND (parsed_config ? 'temperature'::text) AND
CASE jsonb_typeof((parsed_config -> 'temperature'::text))
    WHEN 'number'::text THEN ((((parsed_config ->> 'temperature'::text))::numeric >= (0)::numeric) AND (((parsed_config ->> 'temperature'::text))::numeric <= (2)::numeric))
    WHEN 'null'::text THEN (generated_by = 'import'::text)
    ELSE false
END))
);

ALTER TABLE ONLY evaluation.config_versions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.config_versions IS 'configurations: tenant: immutable versions of a configuration: the YAML as written, as parsed, and the digests of every file it refers to.';

COMMENT ON COLUMN evaluation.config_versions.files IS 'Path, relative to the YAML file, to the SHA-256 under which evaluation.bodies holds its content.';

CREATE TABLE evaluation.configurations (
    config_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    name text NOT NULL,
    user_id uuid DEFAULT platform.user_id() NOT NULL,
    latest_version_id uuid,
    is_active boolean DEFAULT true NOT NULL,
    modal_app_id text,
    sandbox_config jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT configurations_name_length CHECK (((length(name) >= 3) AND (length(name) <= 100))),
    CONSTRAINT valid_name CHECK ((name ~ '^[a-zA-Z0-9_\-\s]+$'::text)),
    CONSTRAINT valid_timestamps CHECK ((updated_at >= created_at))
);

ALTER TABLE ONLY evaluation.configurations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.configurations IS 'configurations: tenant: the agents under evaluation, by name.';

CREATE TABLE store.failure_patterns (
    pattern_id uuid NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    outcome_id uuid NOT NULL,
    simulation_id uuid,
    scenario_id text,
    trial_number integer,
    execution_time timestamp with time zone NOT NULL,
    failure_type text NOT NULL,
    failure_category text NOT NULL,
    fault text NOT NULL,
    error_message text,
    error_embedding public.vector(1536),
    step integer,
    pattern_cluster_id uuid,
    cluster_confidence double precision,
    similar_failures_count integer DEFAULT 0 NOT NULL,
    recovery_attempted boolean DEFAULT false NOT NULL,
    recovery_successful boolean DEFAULT false NOT NULL,
    resolution_steps text,
    llm_analysis jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT failure_patterns_category_is_known CHECK ((failure_category = ANY (ARRAY['timeout'::text, 'tool_error'::text, 'model_error'::text, 'validation_error'::text, 'system_error'::text, 'sandbox_error'::text, 'modal_error'::text, 'unknown'::text]))),
    CONSTRAINT failure_patterns_confidence_is_a_share CHECK (((cluster_confidence >= (0)::double precision) AND (cluster_confidence <= (1)::double precision))),
    CONSTRAINT failure_patterns_fault_is_known CHECK ((fault = ANY (ARRAY['agent'::text, 'tool'::text, 'simulator'::text, 'judge'::text, 'infrastructure'::text, 'scenario'::text]))),
    CONSTRAINT failure_patterns_message_length CHECK ((length(error_message) <= 10000)),
    CONSTRAINT failure_patterns_similar_is_not_negative CHECK ((similar_failures_count >= 0)),
    CONSTRAINT failure_patterns_type_length CHECK ((length(failure_type) <= 100)),
    CONSTRAINT valid_recovery CHECK (((NOT recovery_successful) OR recovery_attempted))
)
PARTITION BY RANGE (execution_time);

COMMENT ON TABLE store.failure_patterns IS 'failures: tenant: why a trial did not pass, and who is to blame.';

CREATE VIEW evaluation.failure_patterns AS
 SELECT pattern_id,
    tenant_id,
    outcome_id,
    simulation_id,
    scenario_id,
    trial_number,
    execution_time,
    failure_type,
    failure_category,
    fault,
    error_message,
    error_embedding,
    step,
    pattern_cluster_id,
    cluster_confidence,
    similar_failures_count,
    similar_failures_count AS similar_failures,
    recovery_attempted,
    recovery_successful,
    resolution_steps,
    llm_analysis,
    created_at
   FROM store.failure_patterns
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW evaluation.failure_patterns IS 'failures: tenant: the team''s own failure patterns.';

CREATE TABLE store.failure_trends_daily (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    failure_category text,
    failure_count bigint,
    clustered_count bigint,
    confidence_sum double precision,
    unique_patterns bigint
);

COMMENT ON TABLE store.failure_trends_daily IS 'operations: tenant: the roll-up of failure_patterns, as far as it was refreshed.';

CREATE VIEW store.failure_trends_daily_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.failure_category,
    rolled.failure_count,
    rolled.clustered_count,
    rolled.confidence_sum,
    rolled.unique_patterns
   FROM store.failure_trends_daily rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'failure_trends_daily'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'failure_patterns'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.failure_category,
    live.failure_count,
    live.clustered_count,
    live.confidence_sum,
    live.unique_patterns
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'failure_trends_daily'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'failure_patterns'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT failure_patterns.failure_category,
            count(*) AS failure_count,
            count(failure_patterns.cluster_confidence) AS clustered_count,
            sum(failure_patterns.cluster_confidence) AS confidence_sum,
            count(DISTINCT failure_patterns.pattern_cluster_id) AS unique_patterns
           FROM store.failure_patterns
          WHERE ((failure_patterns.tenant_id = dirty.tenant_id) AND (failure_patterns.execution_time >= dirty.bucket) AND (failure_patterns.execution_time < (dirty.bucket + '1 day'::interval)) AND true)
          GROUP BY failure_patterns.failure_category) live);

COMMENT ON VIEW store.failure_trends_daily_now IS 'operations: tenant: the roll-up of failure_patterns, exact at every moment.';

CREATE VIEW evaluation.failure_trends_daily AS
 SELECT bucket AS day,
    failure_category,
    failure_count,
    (confidence_sum / (NULLIF(clustered_count, 0))::double precision) AS avg_confidence,
    unique_patterns,
    tenant_id,
    clustered_count,
    confidence_sum
   FROM store.failure_trends_daily_now
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW evaluation.failure_trends_daily IS 'failures: tenant: the team''s failures by category and day; unique_patterns are those of the day and do not add up.';

CREATE TABLE evaluation.llm_recommendation_sessions (
    session_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    user_id uuid DEFAULT platform.user_id() NOT NULL,
    analysis_start_time timestamp with time zone NOT NULL,
    analysis_end_time timestamp with time zone NOT NULL,
    data_window_start timestamp with time zone NOT NULL,
    data_window_end timestamp with time zone NOT NULL,
    llm_model text NOT NULL,
    llm_temperature double precision DEFAULT 0.1 NOT NULL,
    prompt_template_version text,
    total_outcomes_analyzed integer NOT NULL,
    patterns_identified integer DEFAULT 0 NOT NULL,
    recommendations_generated integer DEFAULT 0 NOT NULL,
    analysis_cost_usd numeric(18,10) DEFAULT 0,
    session_status text DEFAULT 'completed'::text NOT NULL,
    error_message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT llm_recommendation_sessions_cost_is_not_negative CHECK ((analysis_cost_usd >= (0)::numeric)),
    CONSTRAINT llm_recommendation_sessions_outcomes_is_not_negative CHECK ((total_outcomes_analyzed >= 0)),
    CONSTRAINT llm_recommendation_sessions_status_is_known CHECK ((session_status = ANY (ARRAY['running'::text, 'completed'::text, 'failed'::text]))),
    CONSTRAINT valid_analysis_window CHECK ((analysis_end_time >= analysis_start_time)),
    CONSTRAINT valid_data_window CHECK ((data_window_end >= data_window_start))
);

ALTER TABLE ONLY evaluation.llm_recommendation_sessions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.llm_recommendation_sessions IS 'recommendations: tenant: each analysis of past outcomes, with what it read and what it cost.';

CREATE TABLE evaluation.outcome_embeddings (
    outcome_id uuid NOT NULL,
    execution_time timestamp with time zone NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    model text NOT NULL,
    embedding public.vector(1536) NOT NULL
);

ALTER TABLE ONLY evaluation.outcome_embeddings FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.outcome_embeddings IS 'outcomes: tenant: the embedding of a trajectory, beside the series and not inside it, so that old outcomes can be compressed and still be searched.';

CREATE TABLE store.outcomes (
    outcome_id uuid NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    simulation_id uuid NOT NULL,
    scenario_id text NOT NULL,
    trial_number integer DEFAULT 1 NOT NULL,
    execution_time timestamp with time zone NOT NULL,
    status text NOT NULL,
    passed boolean,
    reliability_score double precision,
    fault text,
    execution_time_ms double precision,
    tokens_used integer,
    cost_usd numeric(18,10),
    trajectory jsonb NOT NULL,
    trajectory_body text,
    metrics jsonb DEFAULT '{}'::jsonb NOT NULL,
    retry_count integer DEFAULT 0 NOT NULL,
    error_code text,
    error_category text,
    modal_call_id text,
    sandbox_id text,
    sandbox_logs text,
    execution_metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT outcomes_category_is_known CHECK ((error_category = ANY (ARRAY['timeout'::text, 'tool_error'::text, 'model_error'::text, 'validation_error'::text, 'system_error'::text, 'sandbox_error'::text]))),
    CONSTRAINT outcomes_cost_is_not_negative CHECK ((cost_usd >= (0)::numeric)),
    CONSTRAINT outcomes_duration_is_not_negative CHECK ((execution_time_ms >= (0)::double precision)),
    CONSTRAINT outcomes_fault_is_known CHECK ((fault = ANY (ARRAY['agent'::text, 'tool'::text, 'simulator'::text, 'judge'::text, 'infrastructure'::text, 'scenario'::text]))),
    CONSTRAINT outcomes_retries_is_not_negative CHECK ((retry_count >= 0)),
    CONSTRAINT outcomes_score_is_a_share CHECK (((reliability_score >= (0)::double precision) AND (reliability_score <= (1)::double precision))),
    CONSTRAINT outcomes_status_is_known CHECK ((status = ANY (ARRAY['success'::text, 'error'::text, 'timeout'::text, 'cancelled'::text]))),
    CONSTRAINT outcomes_tokens_is_not_negative CHECK ((tokens_used >= 0)),
    CONSTRAINT outcomes_trial_is_positive CHECK ((trial_number > 0)),
    CONSTRAINT valid_trajectory CHECK (((trajectory ? 'start_time'::text) AND (trajectory ? 'status'::text)))
)
PARTITION BY RANGE (execution_time);

COMMENT ON TABLE store.outcomes IS 'outcomes: tenant: the record of each trial: whether it finished, whether it was right, what it took, what was done step by step.';

CREATE VIEW evaluation.outcomes AS
 SELECT outcome_id,
    tenant_id,
    simulation_id,
    scenario_id,
    trial_number,
    execution_time,
    status,
    passed,
    reliability_score,
    fault,
    execution_time_ms,
    tokens_used,
    cost_usd,
    trajectory,
    trajectory_body,
    ( SELECT embeddings.embedding
           FROM evaluation.outcome_embeddings embeddings
          WHERE ((embeddings.outcome_id = outcomes.outcome_id) AND (embeddings.execution_time = outcomes.execution_time))) AS trajectory_embedding,
    metrics,
    retry_count,
    error_code,
    error_category,
    modal_call_id,
    sandbox_id,
    sandbox_logs,
    execution_metadata,
    created_at
   FROM store.outcomes outcomes
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW evaluation.outcomes IS 'outcomes: tenant: the team''s own outcomes.';

CREATE TABLE evaluation.recommendations (
    recommendation_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid,
    source_type text NOT NULL,
    simulation_id uuid,
    outcome_id uuid,
    diff_id uuid,
    pattern_cluster_id uuid,
    source_id uuid GENERATED ALWAYS AS (
CASE source_type
    WHEN 'simulation'::text THEN simulation_id
    WHEN 'outcome'::text THEN outcome_id
    WHEN 'config_diff'::text THEN diff_id
    WHEN 'pattern_analysis'::text THEN pattern_cluster_id
    WHEN 'time_series_analysis'::text THEN session_id
    ELSE NULL::uuid
END) STORED NOT NULL,
    recommendation_type text NOT NULL,
    description text NOT NULL,
    suggested_yaml_changes text,
    impact_estimate jsonb,
    confidence double precision NOT NULL,
    llm_model_used text,
    llm_prompt_hash text,
    historical_data_window interval,
    applied boolean DEFAULT false NOT NULL,
    applied_at timestamp with time zone,
    applied_by uuid,
    feedback_score integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT recommendations_confidence_is_a_share CHECK (((confidence >= (0)::double precision) AND (confidence <= (1)::double precision))),
    CONSTRAINT recommendations_description_length CHECK ((length(description) >= 10)),
    CONSTRAINT recommendations_feedback_range CHECK (((feedback_score >= 1) AND (feedback_score <= 5))),
    CONSTRAINT recommendations_have_one_source CHECK ((num_nonnulls(simulation_id, outcome_id, diff_id, pattern_cluster_id) =
CASE source_type
    WHEN 'time_series_analysis'::text THEN 0
    ELSE 1
END)),
    CONSTRAINT recommendations_source_is_known CHECK ((source_type = ANY (ARRAY['simulation'::text, 'outcome'::text, 'config_diff'::text, 'pattern_analysis'::text, 'time_series_analysis'::text]))),
    CONSTRAINT recommendations_type_is_known CHECK ((recommendation_type = ANY (ARRAY['config_change'::text, 'scenario_addition'::text, 'tool_optimization'::text, 'performance_tuning'::text, 'modal_optimization'::text]))),
    CONSTRAINT valid_application CHECK ((applied = (applied_at IS NOT NULL)))
);

ALTER TABLE ONLY evaluation.recommendations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.recommendations IS 'recommendations: tenant: what to change, on which evidence, and what came of it.';

CREATE TABLE store.scenario_performance_daily (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    scenario_id text,
    total_outcomes bigint,
    scored_outcomes bigint,
    reliability_sum double precision,
    reliability_square_sum double precision,
    timed_outcomes bigint,
    execution_time_sum_ms double precision,
    error_count bigint,
    timeout_count bigint
);

COMMENT ON TABLE store.scenario_performance_daily IS 'operations: tenant: the roll-up of outcomes, as far as it was refreshed.';

CREATE VIEW store.scenario_performance_daily_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.scenario_id,
    rolled.total_outcomes,
    rolled.scored_outcomes,
    rolled.reliability_sum,
    rolled.reliability_square_sum,
    rolled.timed_outcomes,
    rolled.execution_time_sum_ms,
    rolled.error_count,
    rolled.timeout_count
   FROM store.scenario_performance_daily rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'scenario_performance_daily'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'outcomes'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.scenario_id,
    live.total_outcomes,
    live.scored_outcomes,
    live.reliability_sum,
    live.reliability_square_sum,
    live.timed_outcomes,
    live.execution_time_sum_ms,
    live.error_count,
    live.timeout_count
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'scenario_performance_daily'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'outcomes'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT outcomes.scenario_id,
            count(*) AS total_outcomes,
            count(outcomes.reliability_score) AS scored_outcomes,
            sum(outcomes.reliability_score) AS reliability_sum,
            sum((outcomes.reliability_score * outcomes.reliability_score)) AS reliability_square_sum,
            count(outcomes.execution_time_ms) AS timed_outcomes,
            sum(outcomes.execution_time_ms) AS execution_time_sum_ms,
            count(*) FILTER (WHERE (outcomes.status = 'error'::text)) AS error_count,
            count(*) FILTER (WHERE (outcomes.status = 'timeout'::text)) AS timeout_count
           FROM store.outcomes
          WHERE ((outcomes.tenant_id = dirty.tenant_id) AND (outcomes.execution_time >= dirty.bucket) AND (outcomes.execution_time < (dirty.bucket + '1 day'::interval)) AND true)
          GROUP BY outcomes.scenario_id) live);

COMMENT ON VIEW store.scenario_performance_daily_now IS 'operations: tenant: the roll-up of outcomes, exact at every moment.';

CREATE VIEW evaluation.scenario_performance_daily AS
 SELECT bucket AS day,
    scenario_id,
    total_outcomes,
    scored_outcomes,
    reliability_sum,
    reliability_square_sum,
    timed_outcomes,
    execution_time_sum_ms,
    error_count,
    timeout_count,
    tenant_id
   FROM store.scenario_performance_daily_now
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW evaluation.scenario_performance_daily IS 'outcomes: tenant: the team''s outcomes by scenario and day, as counts and sums.';

CREATE TABLE evaluation.scenario_versions (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    scenario_id text NOT NULL,
    content_hash text NOT NULL,
    definition jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT scenario_versions_hash_is_sha256 CHECK ((content_hash ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE ONLY evaluation.scenario_versions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.scenario_versions IS 'scenarios: tenant: every content a scenario ever had; a simulation pins the one it ran.';

CREATE TABLE evaluation.scenarios (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    scenario_id text NOT NULL,
    name text NOT NULL,
    task_prompt text NOT NULL,
    ground_truth jsonb,
    difficulty_level text DEFAULT 'medium'::text NOT NULL,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    scenario_embedding public.vector(1536),
    embedding_model text,
    expected_tools jsonb,
    modal_function_name text,
    is_active boolean DEFAULT true NOT NULL,
    estimated_duration_ms integer,
    suite text,
    split text DEFAULT 'search'::text NOT NULL,
    group_name text,
    content_hash text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT scenarios_difficulty_is_known CHECK ((difficulty_level = ANY (ARRAY['easy'::text, 'medium'::text, 'hard'::text]))),
    CONSTRAINT scenarios_duration_is_positive CHECK ((estimated_duration_ms > 0)),
    CONSTRAINT scenarios_id_length CHECK ((length(scenario_id) <= 100)),
    CONSTRAINT scenarios_name_length CHECK (((length(name) >= 3) AND (length(name) <= 200))),
    CONSTRAINT scenarios_prompt_length CHECK ((length(task_prompt) >= 10)),
    CONSTRAINT scenarios_split_is_known CHECK ((split = ANY (ARRAY['search'::text, 'holdout'::text]))),
    CONSTRAINT scenarios_tags_count CHECK ((cardinality(tags) <= 20)),
    CONSTRAINT valid_scenario_id CHECK ((scenario_id ~ '^[a-z0-9_]+$'::text))
);

ALTER TABLE ONLY evaluation.scenarios FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.scenarios IS 'scenarios: tenant: the test cases in their latest content.';

CREATE TABLE store.simulation_latency_hourly (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    simulation_id uuid,
    idx integer,
    n bigint
);

COMMENT ON TABLE store.simulation_latency_hourly IS 'operations: tenant: the roll-up of outcomes, as far as it was refreshed.';

CREATE VIEW store.simulation_latency_hourly_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.simulation_id,
    rolled.idx,
    rolled.n
   FROM store.simulation_latency_hourly rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'simulation_latency_hourly'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'outcomes'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.simulation_id,
    live.idx,
    live.n
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'simulation_latency_hourly'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'outcomes'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT outcomes.simulation_id,
            platform.histogram_index(outcomes.execution_time_ms) AS idx,
            count(*) AS n
           FROM store.outcomes
          WHERE ((outcomes.tenant_id = dirty.tenant_id) AND (outcomes.execution_time >= dirty.bucket) AND (outcomes.execution_time < (dirty.bucket + '01:00:00'::interval)) AND (platform.histogram_index(outcomes.execution_time_ms) IS NOT NULL))
          GROUP BY outcomes.simulation_id, (platform.histogram_index(outcomes.execution_time_ms))) live);

COMMENT ON VIEW store.simulation_latency_hourly_now IS 'operations: tenant: the roll-up of outcomes, exact at every moment.';

CREATE VIEW evaluation.simulation_latency_hourly AS
 SELECT bucket AS hour,
    simulation_id,
    idx,
    n,
    tenant_id
   FROM store.simulation_latency_hourly_now
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW evaluation.simulation_latency_hourly IS 'outcomes: tenant: histograms of the team''s execution times; platform.percentile(0.95, array_agg(idx), array_agg(n)) over any of its rows is theirs, within 2 %.';

CREATE TABLE store.simulation_performance_daily (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    simulation_id uuid,
    total_outcomes bigint,
    scored_outcomes bigint,
    reliability_sum double precision,
    timed_outcomes bigint,
    execution_time_sum_ms double precision,
    priced_outcomes bigint,
    total_cost_usd numeric,
    counted_outcomes bigint,
    total_tokens bigint,
    error_count bigint
);

COMMENT ON TABLE store.simulation_performance_daily IS 'operations: tenant: the roll-up of outcomes, as far as it was refreshed.';

CREATE TABLE store.simulation_performance_hourly (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    simulation_id uuid,
    total_outcomes bigint,
    scored_outcomes bigint,
    reliability_sum double precision,
    timed_outcomes bigint,
    execution_time_sum_ms double precision,
    min_execution_time_ms double precision,
    max_execution_time_ms double precision,
    priced_outcomes bigint,
    total_cost_usd numeric,
    counted_outcomes bigint,
    total_tokens bigint,
    judged_outcomes bigint,
    passed_outcomes bigint,
    error_count bigint,
    timeout_count bigint
);

COMMENT ON TABLE store.simulation_performance_hourly IS 'operations: tenant: the roll-up of outcomes, as far as it was refreshed.';

CREATE VIEW store.simulation_performance_hourly_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.simulation_id,
    rolled.total_outcomes,
    rolled.scored_outcomes,
    rolled.reliability_sum,
    rolled.timed_outcomes,
    rolled.execution_time_sum_ms,
    rolled.min_execution_time_ms,
    rolled.max_execution_time_ms,
    rolled.priced_outcomes,
    rolled.total_cost_usd,
    rolled.counted_outcomes,
    rolled.total_tokens,
    rolled.judged_outcomes,
    rolled.passed_outcomes,
    rolled.error_count,
    rolled.timeout_count
   FROM store.simulation_performance_hourly rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'simulation_performance_hourly'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'outcomes'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.simulation_id,
    live.total_outcomes,
    live.scored_outcomes,
    live.reliability_sum,
    live.timed_outcomes,
    live.execution_time_sum_ms,
    live.min_execution_time_ms,
    live.max_execution_time_ms,
    live.priced_outcomes,
    live.total_cost_usd,
    live.counted_outcomes,
    live.total_tokens,
    live.judged_outcomes,
    live.passed_outcomes,
    live.error_count,
    live.timeout_count
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'simulation_performance_hourly'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'outcomes'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT outcomes.simulation_id,
            count(*) AS total_outcomes,
            count(outcomes.reliability_score) AS scored_outcomes,
            sum(outcomes.reliability_score) AS reliability_sum,
            count(outcomes.execution_time_ms) AS timed_outcomes,
            sum(outcomes.execution_time_ms) AS execution_time_sum_ms,
            min(outcomes.execution_time_ms) AS min_execution_time_ms,
            max(outcomes.execution_time_ms) AS max_execution_time_ms,
            count(outcomes.cost_usd) AS priced_outcomes,
            sum(outcomes.cost_usd) AS total_cost_usd,
            count(outcomes.tokens_used) AS counted_outcomes,
            sum(outcomes.tokens_used) AS total_tokens,
            count(outcomes.passed) AS judged_outcomes,
            count(*) FILTER (WHERE outcomes.passed) AS passed_outcomes,
            count(*) FILTER (WHERE (outcomes.status = 'error'::text)) AS error_count,
            count(*) FILTER (WHERE (outcomes.status = 'timeout'::text)) AS timeout_count
           FROM store.outcomes
          WHERE ((outcomes.tenant_id = dirty.tenant_id) AND (outcomes.execution_time >= dirty.bucket) AND (outcomes.execution_time < (dirty.bucket + '01:00:00'::interval)) AND true)
          GROUP BY outcomes.simulation_id) live);

COMMENT ON VIEW store.simulation_performance_hourly_now IS 'operations: tenant: the roll-up of outcomes, exact at every moment.';

CREATE VIEW store.simulation_performance_daily_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.simulation_id,
    rolled.total_outcomes,
    rolled.scored_outcomes,
    rolled.reliability_sum,
    rolled.timed_outcomes,
    rolled.execution_time_sum_ms,
    rolled.priced_outcomes,
    rolled.total_cost_usd,
    rolled.counted_outcomes,
    rolled.total_tokens,
    rolled.error_count
   FROM store.simulation_performance_daily rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'simulation_performance_daily'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'outcomes'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.simulation_id,
    live.total_outcomes,
    live.scored_outcomes,
    live.reliability_sum,
    live.timed_outcomes,
    live.execution_time_sum_ms,
    live.priced_outcomes,
    live.total_cost_usd,
    live.counted_outcomes,
    live.total_tokens,
    live.error_count
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'simulation_performance_daily'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'outcomes'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT simulation_performance_hourly_now.simulation_id,
            (sum(simulation_performance_hourly_now.total_outcomes))::bigint AS total_outcomes,
            (sum(simulation_performance_hourly_now.scored_outcomes))::bigint AS scored_outcomes,
            sum(simulation_performance_hourly_now.reliability_sum) AS reliability_sum,
            (sum(simulation_performance_hourly_now.timed_outcomes))::bigint AS timed_outcomes,
            sum(simulation_performance_hourly_now.execution_time_sum_ms) AS execution_time_sum_ms,
            (sum(simulation_performance_hourly_now.priced_outcomes))::bigint AS priced_outcomes,
            sum(simulation_performance_hourly_now.total_cost_usd) AS total_cost_usd,
            (sum(simulation_performance_hourly_now.counted_outcomes))::bigint AS counted_outcomes,
            (sum(simulation_performance_hourly_now.total_tokens))::bigint AS total_tokens,
            (sum(simulation_performance_hourly_now.error_count))::bigint AS error_count
           FROM store.simulation_performance_hourly_now
          WHERE ((simulation_performance_hourly_now.tenant_id = dirty.tenant_id) AND (simulation_performance_hourly_now.bucket >= dirty.bucket) AND (simulation_performance_hourly_now.bucket < (dirty.bucket + '1 day'::interval)) AND true)
          GROUP BY simulation_performance_hourly_now.simulation_id) live);

COMMENT ON VIEW store.simulation_performance_daily_now IS 'operations: tenant: the roll-up of outcomes, exact at every moment.';

CREATE VIEW evaluation.simulation_performance_daily AS
 SELECT bucket AS day,
    simulation_id,
    total_outcomes,
    scored_outcomes,
    reliability_sum,
    timed_outcomes,
    execution_time_sum_ms,
    priced_outcomes,
    total_cost_usd,
    counted_outcomes,
    total_tokens,
    error_count,
    tenant_id
   FROM store.simulation_performance_daily_now
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW evaluation.simulation_performance_daily IS 'outcomes: tenant: the team''s outcomes by simulation and day, as counts and sums.';

CREATE VIEW evaluation.simulation_performance_hourly AS
 SELECT bucket AS hour,
    simulation_id,
    total_outcomes,
    (reliability_sum / (NULLIF(scored_outcomes, 0))::double precision) AS avg_reliability,
    (execution_time_sum_ms / (NULLIF(timed_outcomes, 0))::double precision) AS avg_execution_time,
    total_cost_usd AS total_cost,
    error_count,
    tenant_id,
    timeout_count,
    scored_outcomes,
    reliability_sum,
    timed_outcomes,
    execution_time_sum_ms,
    min_execution_time_ms,
    max_execution_time_ms,
    priced_outcomes,
    counted_outcomes,
    total_tokens,
    judged_outcomes,
    passed_outcomes
   FROM store.simulation_performance_hourly_now
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW evaluation.simulation_performance_hourly IS 'outcomes: tenant: the team''s outcomes by simulation and hour: the documented averages, and the counts and sums by which hours add up.';

CREATE TABLE evaluation.simulations (
    simulation_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    config_version_id uuid NOT NULL,
    scenario_set text[] NOT NULL,
    simulation_name text,
    status text DEFAULT 'pending'::text NOT NULL,
    total_scenarios integer NOT NULL,
    completed_scenarios integer DEFAULT 0 NOT NULL,
    trials_per_scenario integer DEFAULT 1 NOT NULL,
    overall_score double precision,
    execution_time_ms double precision,
    total_cost_usd numeric(14,6),
    max_cost_usd numeric(14,6),
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    sandbox_metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    modal_app_id text,
    modal_environment text DEFAULT 'production'::text NOT NULL,
    sandbox_instances integer DEFAULT 1 NOT NULL,
    timeout_ms integer DEFAULT 300000 NOT NULL,
    max_retries integer DEFAULT 3 NOT NULL,
    priority integer DEFAULT 5 NOT NULL,
    seed bigint DEFAULT 0 NOT NULL,
    origin text DEFAULT 'run'::text NOT NULL,
    import_hash text,
    assumed jsonb DEFAULT '[]'::jsonb NOT NULL,
    interleaved_with uuid,
    error_message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    CONSTRAINT completed_scenarios_limit CHECK ((completed_scenarios <= total_scenarios)),
    CONSTRAINT simulations_budget_is_positive CHECK ((max_cost_usd > (0)::numeric)),
    CONSTRAINT simulations_completed_is_not_negative CHECK ((completed_scenarios >= 0)),
    CONSTRAINT simulations_cost_is_not_negative CHECK ((total_cost_usd >= (0)::numeric)),
    CONSTRAINT simulations_duration_is_not_negative CHECK ((execution_time_ms >= (0)::double precision)),
    CONSTRAINT simulations_have_scenarios CHECK ((cardinality(scenario_set) > 0)),
    CONSTRAINT simulations_instances_is_positive CHECK ((sandbox_instances > 0)),
    CONSTRAINT simulations_name_length CHECK ((length(simulation_name) <= 200)),
    CONSTRAINT simulations_origin_is_known CHECK ((origin = ANY (ARRAY['run'::text, 'import'::text, 'client'::text, 'traces'::text]))),
    CONSTRAINT simulations_priority_range CHECK (((priority >= 1) AND (priority <= 10))),
    CONSTRAINT simulations_retries_is_not_negative CHECK ((max_retries >= 0)),
    CONSTRAINT simulations_score_is_a_share CHECK (((overall_score >= (0)::double precision) AND (overall_score <= (1)::double precision))),
    CONSTRAINT simulations_status_is_known CHECK ((status = ANY (ARRAY['pending'::text, 'running'::text, 'completed'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT simulations_timeout_is_positive CHECK ((timeout_ms > 0)),
    CONSTRAINT simulations_total_is_positive CHECK ((total_scenarios > 0)),
    CONSTRAINT simulations_trials_is_positive CHECK ((trials_per_scenario > 0)),
    CONSTRAINT valid_completion CHECK (((status = ANY (ARRAY['completed'::text, 'failed'::text, 'cancelled'::text])) = (completed_at IS NOT NULL))),
    CONSTRAINT valid_timestamps CHECK (((started_at IS NULL) OR (started_at >= created_at)))
);

ALTER TABLE ONLY evaluation.simulations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.simulations IS 'simulations: tenant: one configuration version on a set of scenarios, each repeated.';

CREATE TABLE evaluation.simulations_scenarios (
    simulation_id uuid NOT NULL,
    scenario_id text NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    execution_order integer NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    content_hash text NOT NULL,
    modal_call_id text,
    modal_execution_logs text,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    retry_count integer DEFAULT 0 NOT NULL,
    CONSTRAINT simulations_scenarios_order_is_positive CHECK ((execution_order > 0)),
    CONSTRAINT simulations_scenarios_retries_is_not_negative CHECK ((retry_count >= 0)),
    CONSTRAINT simulations_scenarios_status_is_known CHECK ((status = ANY (ARRAY['pending'::text, 'running'::text, 'completed'::text, 'failed'::text, 'skipped'::text]))),
    CONSTRAINT valid_execution_timestamps CHECK (((completed_at IS NULL) OR (started_at IS NOT NULL)))
)
WITH (fillfactor='70');

ALTER TABLE ONLY evaluation.simulations_scenarios FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.simulations_scenarios IS 'simulations: tenant: the scenarios of a simulation, each pinned to the content that ran.';

CREATE TABLE store.spans (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    trace_id bytea NOT NULL,
    span_id bytea NOT NULL,
    parent_span_id bytea,
    started_at timestamp with time zone NOT NULL,
    duration_ns bigint,
    name text NOT NULL,
    kind smallint NOT NULL,
    status smallint NOT NULL,
    status_message text,
    service_name text,
    attributes jsonb NOT NULL,
    events jsonb DEFAULT '[]'::jsonb NOT NULL,
    links jsonb DEFAULT '[]'::jsonb NOT NULL,
    resource jsonb DEFAULT '{}'::jsonb NOT NULL,
    scope jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT spans_duration_is_not_negative CHECK ((duration_ns >= 0)),
    CONSTRAINT spans_id_has_eight_bytes CHECK ((length(span_id) = 8)),
    CONSTRAINT spans_kind_is_known CHECK (((kind >= 0) AND (kind <= 5))),
    CONSTRAINT spans_parent_has_eight_bytes CHECK ((length(parent_span_id) = 8)),
    CONSTRAINT spans_status_is_known CHECK (((status >= 0) AND (status <= 2))),
    CONSTRAINT spans_trace_has_sixteen_bytes CHECK ((length(trace_id) = 16))
)
PARTITION BY RANGE (started_at);

COMMENT ON TABLE store.spans IS 'traces: tenant: the spans that agents reported, as they came; a trace whose root is among them has an outcome.';

COMMENT ON COLUMN store.spans.parent_span_id IS 'Null: the root of its trace.';

COMMENT ON COLUMN store.spans.duration_ns IS 'Null where the span ended before it began.';

COMMENT ON COLUMN store.spans.kind IS 'SpanKind of OTLP: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer.';

COMMENT ON COLUMN store.spans.status IS 'StatusCode of OTLP: 0 unset, 1 ok, 2 error.';

CREATE VIEW evaluation.spans AS
 SELECT tenant_id,
    trace_id,
    span_id,
    parent_span_id,
    started_at,
    duration_ns,
    name,
    kind,
    status,
    status_message,
    service_name,
    attributes,
    events,
    links,
    resource,
    scope,
    created_at
   FROM store.spans
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW evaluation.spans IS 'traces: tenant: the spans of the team''s own traces.';

CREATE TABLE store.tool_performance_daily (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    tool_name text,
    usage_count bigint,
    total_calls bigint,
    successful_calls double precision,
    timed_calls bigint,
    duration_sum_ms double precision,
    priced_count bigint,
    total_cost_usd numeric
);

COMMENT ON TABLE store.tool_performance_daily IS 'operations: tenant: the roll-up of tool_usage, as far as it was refreshed.';

CREATE TABLE store.tool_usage (
    usage_id uuid NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    outcome_id uuid NOT NULL,
    simulation_id uuid,
    execution_time timestamp with time zone NOT NULL,
    tool_name text NOT NULL,
    call_count integer NOT NULL,
    error_count integer DEFAULT 0 NOT NULL,
    timed_count integer DEFAULT 0 NOT NULL,
    total_duration_ms double precision DEFAULT 0 NOT NULL,
    avg_duration_ms double precision,
    success_rate double precision NOT NULL,
    tool_sequence jsonb,
    total_cost_usd numeric(18,10),
    error_types text[] DEFAULT '{}'::text[] NOT NULL,
    modal_function_calls jsonb,
    sandbox_tool_logs text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tool_usage_cost_is_not_negative CHECK ((total_cost_usd >= (0)::numeric)),
    CONSTRAINT tool_usage_count_is_positive CHECK ((call_count > 0)),
    CONSTRAINT tool_usage_duration_is_not_negative CHECK (((total_duration_ms >= (0)::double precision) AND (avg_duration_ms >= (0)::double precision))),
    CONSTRAINT tool_usage_name_length CHECK ((length(tool_name) <= 100)),
    CONSTRAINT tool_usage_parts_are_within_the_whole CHECK ((((error_count >= 0) AND (error_count <= call_count)) AND ((timed_count >= 0) AND (timed_count <= call_count)))),
    CONSTRAINT tool_usage_rate_is_a_share CHECK (((success_rate >= (0)::double precision) AND (success_rate <= (1)::double precision)))
)
PARTITION BY RANGE (execution_time);

COMMENT ON TABLE store.tool_usage IS 'outcomes: tenant: each tool''s calls in a trial, as counts and sums, which merge; the documents'' averages are kept beside them.';

CREATE VIEW store.tool_performance_daily_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.tool_name,
    rolled.usage_count,
    rolled.total_calls,
    rolled.successful_calls,
    rolled.timed_calls,
    rolled.duration_sum_ms,
    rolled.priced_count,
    rolled.total_cost_usd
   FROM store.tool_performance_daily rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'tool_performance_daily'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'tool_usage'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.tool_name,
    live.usage_count,
    live.total_calls,
    live.successful_calls,
    live.timed_calls,
    live.duration_sum_ms,
    live.priced_count,
    live.total_cost_usd
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'tool_performance_daily'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'tool_usage'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT tool_usage.tool_name,
            count(*) AS usage_count,
            sum(tool_usage.call_count) AS total_calls,
            sum((tool_usage.success_rate * (tool_usage.call_count)::double precision)) AS successful_calls,
            sum(COALESCE(NULLIF(tool_usage.timed_count, 0), tool_usage.call_count)) FILTER (WHERE (tool_usage.avg_duration_ms IS NOT NULL)) AS timed_calls,
            sum((tool_usage.avg_duration_ms * (COALESCE(NULLIF(tool_usage.timed_count, 0), tool_usage.call_count))::double precision)) AS duration_sum_ms,
            count(tool_usage.total_cost_usd) AS priced_count,
            sum(tool_usage.total_cost_usd) AS total_cost_usd
           FROM store.tool_usage
          WHERE ((tool_usage.tenant_id = dirty.tenant_id) AND (tool_usage.execution_time >= dirty.bucket) AND (tool_usage.execution_time < (dirty.bucket + '1 day'::interval)) AND true)
          GROUP BY tool_usage.tool_name) live);

COMMENT ON VIEW store.tool_performance_daily_now IS 'operations: tenant: the roll-up of tool_usage, exact at every moment.';

CREATE VIEW evaluation.tool_performance_daily AS
 SELECT bucket AS day,
    tool_name,
    (successful_calls / (total_calls)::double precision) AS avg_success_rate,
    (duration_sum_ms / (timed_calls)::double precision) AS avg_duration,
    total_cost_usd AS daily_cost,
    usage_count,
    tenant_id,
    total_calls,
    successful_calls,
    timed_calls,
    duration_sum_ms,
    priced_count
   FROM store.tool_performance_daily_now
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW evaluation.tool_performance_daily IS 'outcomes: tenant: the team''s tools by day; averages are over calls.';

CREATE VIEW evaluation.tool_usage AS
 SELECT usage_id,
    tenant_id,
    outcome_id,
    simulation_id,
    execution_time,
    tool_name,
    call_count,
    error_count,
    timed_count,
    total_duration_ms,
    avg_duration_ms,
    success_rate,
    tool_sequence,
    total_cost_usd,
    error_types,
    modal_function_calls,
    sandbox_tool_logs,
    created_at
   FROM store.tool_usage
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW evaluation.tool_usage IS 'outcomes: tenant: the team''s own tool usage.';

CREATE TABLE evaluation.trials (
    simulation_id uuid NOT NULL,
    scenario_id text NOT NULL,
    trial_number integer NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    "position" bigint NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    attempt_token uuid,
    outcome_id uuid,
    execution_time timestamp with time zone,
    worker text,
    leased_until timestamp with time zone,
    finished_at timestamp with time zone,
    planned_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT trials_attempts_is_not_negative CHECK ((attempts >= 0)),
    CONSTRAINT trials_done_has_an_outcome CHECK (((state <> 'done'::text) OR ((outcome_id IS NOT NULL) AND (execution_time IS NOT NULL)))),
    CONSTRAINT trials_number_is_positive CHECK ((trial_number > 0)),
    CONSTRAINT trials_running_is_leased CHECK (((state <> 'running'::text) OR ((attempt_token IS NOT NULL) AND (outcome_id IS NOT NULL) AND (execution_time IS NOT NULL) AND (leased_until IS NOT NULL)))),
    CONSTRAINT trials_state_is_known CHECK ((state = ANY (ARRAY['pending'::text, 'running'::text, 'done'::text, 'skipped'::text])))
)
WITH (fillfactor='80', autovacuum_vacuum_scale_factor='0.05');

ALTER TABLE ONLY evaluation.trials FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.trials IS 'simulations: tenant: the repetitions of each scenario: which are to do, who is at work on them until when, which outcome closed them.';

COMMENT ON COLUMN evaluation.trials.planned_at IS 'When it was planned, and so began to wait.';

CREATE VIEW evaluation.v_active_simulations WITH (security_invoker='true') AS
 SELECT simulations.simulation_id,
    simulations.simulation_name,
    simulations.status,
    simulations.completed_scenarios,
    simulations.total_scenarios,
    round(((100.0 * (simulations.completed_scenarios)::numeric) / (simulations.total_scenarios)::numeric), 2) AS progress_pct,
    EXTRACT(epoch FROM (now() - simulations.started_at)) AS runtime_seconds,
    (versions.parsed_config ->> 'model'::text) AS model,
    simulations.tenant_id
   FROM (evaluation.simulations
     JOIN evaluation.config_versions versions ON ((versions.version_id = simulations.config_version_id)))
  WHERE (simulations.status = ANY (ARRAY['pending'::text, 'running'::text]))
  ORDER BY simulations.created_at;

COMMENT ON VIEW evaluation.v_active_simulations IS 'simulations: tenant: simulations that are not over, and how far they are.';

CREATE VIEW evaluation.v_dashboard_active_simulations WITH (security_invoker='true') AS
 SELECT simulations.simulation_id,
    simulations.simulation_name,
    simulations.status,
    simulations.completed_scenarios,
    simulations.total_scenarios,
    round(((100.0 * (simulations.completed_scenarios)::numeric) / (simulations.total_scenarios)::numeric), 2) AS progress_pct,
    EXTRACT(epoch FROM (now() - simulations.started_at)) AS runtime_seconds,
    simulations.modal_app_id,
    (versions.parsed_config ->> 'model'::text) AS model_name,
    (COALESCE(recorded.outcomes, (0)::numeric))::bigint AS outcomes_recorded,
    simulations.tenant_id
   FROM ((evaluation.simulations
     JOIN evaluation.config_versions versions ON ((versions.version_id = simulations.config_version_id)))
     LEFT JOIN ( SELECT simulation_performance_hourly.simulation_id,
            sum(simulation_performance_hourly.total_outcomes) AS outcomes
           FROM evaluation.simulation_performance_hourly
          WHERE (simulation_performance_hourly.simulation_id = ANY (ARRAY( SELECT simulations_1.simulation_id
                   FROM evaluation.simulations simulations_1
                  WHERE (simulations_1.status = ANY (ARRAY['pending'::text, 'running'::text])))))
          GROUP BY simulation_performance_hourly.simulation_id) recorded ON ((recorded.simulation_id = simulations.simulation_id)))
  WHERE (simulations.status = ANY (ARRAY['pending'::text, 'running'::text]))
  ORDER BY simulations.created_at DESC;

COMMENT ON VIEW evaluation.v_dashboard_active_simulations IS 'simulations: tenant: simulations that are not over, how far they are, and how many outcomes they have.';

CREATE VIEW evaluation.v_dashboard_cost_analysis WITH (security_invoker='true') AS
 WITH spent AS MATERIALIZED (
         SELECT days.tenant_id,
            days.day,
            simulations.config_version_id,
            sum(days.total_outcomes) AS outcomes,
            sum(days.total_cost_usd) AS cost,
            sum(days.priced_outcomes) AS priced,
            sum(days.total_tokens) AS tokens,
            sum(days.counted_outcomes) AS counted
           FROM (evaluation.simulation_performance_daily days
             JOIN evaluation.simulations ON ((simulations.simulation_id = days.simulation_id)))
          WHERE (days.day >= date_trunc('day'::text, (now() - '30 days'::interval), 'UTC'::text))
          GROUP BY days.tenant_id, days.day, simulations.config_version_id
        ), models AS MATERIALIZED (
         SELECT config_versions.version_id,
            (config_versions.parsed_config ->> 'model'::text) AS model
           FROM evaluation.config_versions
          WHERE (config_versions.version_id = ANY (ARRAY( SELECT DISTINCT spent_1.config_version_id
                   FROM spent spent_1)))
        )
 SELECT spent.day,
    models.model,
    (sum(spent.outcomes))::bigint AS executions,
    sum(spent.cost) AS total_cost,
    (sum(spent.cost) / NULLIF(sum(spent.priced), (0)::numeric)) AS avg_cost_per_execution,
    (sum(spent.tokens))::bigint AS total_tokens,
    (sum(spent.tokens) / NULLIF(sum(spent.counted), (0)::numeric)) AS avg_tokens_per_execution,
    spent.tenant_id
   FROM (spent
     JOIN models ON ((models.version_id = spent.config_version_id)))
  GROUP BY spent.tenant_id, spent.day, models.model
  ORDER BY spent.day DESC, (sum(spent.cost)) DESC NULLS LAST;

COMMENT ON VIEW evaluation.v_dashboard_cost_analysis IS 'outcomes: tenant: what the last 30 days cost, by day and model; averages are over the outcomes whose cost, or tokens, are known.';

CREATE VIEW evaluation.v_dashboard_pending_recommendations WITH (security_invoker='true') AS
 SELECT recommendations.recommendation_id,
    recommendations.recommendation_type,
    recommendations.description,
    recommendations.confidence,
    recommendations.impact_estimate,
    recommendations.suggested_yaml_changes,
    COALESCE(sessions.llm_model, recommendations.llm_model_used) AS generated_by_model,
    sessions.data_window_start,
    sessions.data_window_end,
    recommendations.created_at,
    recommendations.tenant_id
   FROM (evaluation.recommendations
     LEFT JOIN evaluation.llm_recommendation_sessions sessions ON ((sessions.session_id = recommendations.session_id)))
  WHERE ((NOT recommendations.applied) AND (recommendations.confidence > (0.7)::double precision))
  ORDER BY recommendations.confidence DESC, recommendations.created_at DESC
 LIMIT 10;

COMMENT ON VIEW evaluation.v_dashboard_pending_recommendations IS 'recommendations: tenant: the ten most certain recommendations that nobody has applied yet.';

CREATE VIEW evaluation.v_dashboard_performance_trends WITH (security_invoker='true') AS
 SELECT day,
    (sum(total_outcomes))::bigint AS total_executions,
    (sum(reliability_sum) / (NULLIF(sum(scored_outcomes), (0)::numeric))::double precision) AS avg_reliability,
    (sum(execution_time_sum_ms) / (NULLIF(sum(timed_outcomes), (0)::numeric))::double precision) AS avg_duration_ms,
    sum(total_cost_usd) AS daily_cost,
    (sum(error_count))::bigint AS error_count,
    round(((100.0 * sum(error_count)) / sum(total_outcomes)), 2) AS error_rate_pct,
    tenant_id
   FROM evaluation.simulation_performance_daily
  WHERE (day >= date_trunc('day'::text, (now() - '30 days'::interval), 'UTC'::text))
  GROUP BY tenant_id, day
  ORDER BY day DESC;

COMMENT ON VIEW evaluation.v_dashboard_performance_trends IS 'outcomes: tenant: outcomes of the last 30 days, by day.';

CREATE VIEW evaluation.v_error_rates WITH (security_invoker='true') AS
 SELECT day,
    scenario_id,
    total_outcomes AS total_runs,
    error_count,
    round(((100.0 * (error_count)::numeric) / (total_outcomes)::numeric), 2) AS error_rate_pct,
    tenant_id
   FROM evaluation.scenario_performance_daily
  WHERE ((day >= date_trunc('day'::text, (now() - '7 days'::interval), 'UTC'::text)) AND (total_outcomes >= 10))
  ORDER BY day DESC, (round(((100.0 * (error_count)::numeric) / (total_outcomes)::numeric), 2)) DESC;

COMMENT ON VIEW evaluation.v_error_rates IS 'outcomes: tenant: how often each scenario ended in an error, by day, over a week; scenarios with ten outcomes or more.';

CREATE VIEW evaluation.v_llm_config_performance WITH (security_invoker='true') AS
 SELECT versions.config_id,
    versions.version_number,
    versions.parsed_config,
    played.day,
    played.outcomes AS total_executions,
    played.avg_reliability,
    played.avg_execution_time,
    played.daily_cost,
    played.error_count,
    played.tenant_id
   FROM (( SELECT days.tenant_id,
            days.day,
            simulations.config_version_id,
            (sum(days.total_outcomes))::bigint AS outcomes,
            (sum(days.reliability_sum) / (NULLIF(sum(days.scored_outcomes), (0)::numeric))::double precision) AS avg_reliability,
            (sum(days.execution_time_sum_ms) / (NULLIF(sum(days.timed_outcomes), (0)::numeric))::double precision) AS avg_execution_time,
            sum(days.total_cost_usd) AS daily_cost,
            (sum(days.error_count))::bigint AS error_count
           FROM (evaluation.simulation_performance_daily days
             JOIN evaluation.simulations ON ((simulations.simulation_id = days.simulation_id)))
          WHERE (days.day >= date_trunc('day'::text, (now() - '90 days'::interval), 'UTC'::text))
          GROUP BY days.tenant_id, days.day, simulations.config_version_id) played
     JOIN evaluation.config_versions versions ON ((versions.version_id = played.config_version_id)))
  ORDER BY played.day DESC, played.avg_reliability DESC NULLS LAST;

COMMENT ON VIEW evaluation.v_llm_config_performance IS 'outcomes: tenant: outcomes of the last 90 days by day and version of a configuration.';

CREATE VIEW evaluation.v_llm_failure_analysis WITH (security_invoker='true') AS
 SELECT day,
    failure_category,
    count(*) AS daily_failures,
    avg(cluster_confidence) AS avg_confidence,
    (array_agg(DISTINCT error_message) FILTER (WHERE (error_message IS NOT NULL)))[1:20] AS sample_errors,
    array_agg(DISTINCT scenario_id) FILTER (WHERE (scenario_id IS NOT NULL)) AS affected_scenarios,
    tenant_id
   FROM ( SELECT patterns.tenant_id,
            date_trunc('day'::text, patterns.execution_time, 'UTC'::text) AS day,
            patterns.failure_category,
            patterns.cluster_confidence,
            patterns.error_message,
            COALESCE(patterns.scenario_id, ( SELECT outcomes.scenario_id
                   FROM evaluation.outcomes
                  WHERE ((outcomes.outcome_id = patterns.outcome_id) AND (outcomes.execution_time = patterns.execution_time)))) AS scenario_id
           FROM evaluation.failure_patterns patterns
          WHERE (patterns.execution_time >= date_trunc('day'::text, (now() - '30 days'::interval), 'UTC'::text))) failures
  GROUP BY tenant_id, day, failure_category
  ORDER BY day DESC, (count(*)) DESC;

COMMENT ON VIEW evaluation.v_llm_failure_analysis IS 'failures: tenant: failures of the last 30 days by day and category, with up to twenty of their messages and the scenarios they happened in.';

CREATE VIEW evaluation.v_llm_scenario_trends WITH (security_invoker='true') AS
 SELECT scenario_id,
    date_trunc('week'::text, day, 'UTC'::text) AS week,
    (sum(total_outcomes))::bigint AS executions,
    (sum(reliability_sum) / (NULLIF(sum(scored_outcomes), (0)::numeric))::double precision) AS avg_reliability,
        CASE
            WHEN (sum(scored_outcomes) > (1)::numeric) THEN sqrt((GREATEST((sum(reliability_square_sum) - ((sum(reliability_sum) ^ (2)::double precision) / (sum(scored_outcomes))::double precision)), (0)::double precision) / ((sum(scored_outcomes) - (1)::numeric))::double precision))
            ELSE NULL::double precision
        END AS reliability_variance,
    (sum(execution_time_sum_ms) / (NULLIF(sum(timed_outcomes), (0)::numeric))::double precision) AS avg_duration,
    (sum(timeout_count))::bigint AS timeout_count,
    tenant_id
   FROM evaluation.scenario_performance_daily
  WHERE (day >= date_trunc('day'::text, (now() - '6 mons'::interval), 'UTC'::text))
  GROUP BY tenant_id, scenario_id, (date_trunc('week'::text, day, 'UTC'::text))
  ORDER BY (date_trunc('week'::text, day, 'UTC'::text)) DESC, (sum(reliability_sum) / (NULLIF(sum(scored_outcomes), (0)::numeric))::double precision);

COMMENT ON VIEW evaluation.v_llm_scenario_trends IS 'outcomes: tenant: outcomes of the last six months by week and scenario; reliability_variance is their standard deviation.';

CREATE VIEW evaluation.v_system_performance WITH (security_invoker='true') AS
 SELECT date_trunc('hour'::text, created_at, 'UTC'::text) AS hour,
    count(*) AS total_simulations,
    avg(execution_time_ms) AS avg_execution_time,
    sum(total_cost_usd) AS total_cost,
    count(*) FILTER (WHERE (status = 'failed'::text)) AS failed_count,
    avg(overall_score) AS avg_score,
    tenant_id
   FROM evaluation.simulations
  WHERE (created_at > (now() - '24:00:00'::interval))
  GROUP BY tenant_id, (date_trunc('hour'::text, created_at, 'UTC'::text))
  ORDER BY (date_trunc('hour'::text, created_at, 'UTC'::text));

COMMENT ON VIEW evaluation.v_system_performance IS 'simulations: tenant: simulations of the last 24 hours, by the hour in which they were planned.';

CREATE TABLE gateway.acp_agents (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    name character varying(255) NOT NULL,
    command character varying(500) NOT NULL,
    args jsonb DEFAULT '[]'::jsonb NOT NULL,
    protocol_version integer,
    capabilities jsonb DEFAULT '{}'::jsonb NOT NULL,
    config jsonb DEFAULT '{}'::jsonb NOT NULL,
    health_status character varying(50) DEFAULT 'unknown'::character varying NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT acp_agents_are_named CHECK ((((name)::text <> ''::text) AND ((command)::text <> ''::text))),
    CONSTRAINT acp_agents_args_is_a_list CHECK ((jsonb_typeof(args) = 'array'::text)),
    CONSTRAINT acp_agents_health_is_known CHECK (((health_status)::text = ANY ((ARRAY['healthy'::character varying, 'degraded'::character varying, 'unhealthy'::character varying, 'unknown'::character varying])::text[]))),
    CONSTRAINT acp_agents_version_is_positive CHECK ((protocol_version > 0))
);

ALTER TABLE ONLY gateway.acp_agents FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.acp_agents IS 'protocols: tenant: agents that are started and spoken to over the Agent Client Protocol.';

COMMENT ON COLUMN gateway.acp_agents.protocol_version IS 'What the agent answered to initialize; null before it was asked.';

CREATE TABLE gateway.code_versions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid NOT NULL,
    version_hash character varying(64) NOT NULL,
    branch character varying(255) NOT NULL,
    commit_message text,
    files_changed jsonb DEFAULT '[]'::jsonb NOT NULL,
    diff_summary text,
    validation_status character varying(50) DEFAULT 'pending'::character varying NOT NULL,
    test_results jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT code_versions_files_is_a_list CHECK ((jsonb_typeof(files_changed) = 'array'::text)),
    CONSTRAINT code_versions_hash_is_of_a_commit CHECK (((version_hash)::text ~ '^[0-9a-f]{7,64}$'::text)),
    CONSTRAINT code_versions_status_is_known CHECK (((validation_status)::text = ANY ((ARRAY['pending'::character varying, 'passed'::character varying, 'failed'::character varying])::text[])))
);

ALTER TABLE ONLY gateway.code_versions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.code_versions IS 'debates: tenant: the commits that a debate is about, and what their tests said.';

CREATE TABLE gateway.cognee_memories (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    user_id uuid DEFAULT platform.user_id() NOT NULL,
    session_id uuid,
    content text NOT NULL,
    memory_type character varying(50) DEFAULT 'fact'::character varying NOT NULL,
    entities jsonb DEFAULT '[]'::jsonb NOT NULL,
    relationships jsonb DEFAULT '[]'::jsonb NOT NULL,
    confidence numeric(5,4) DEFAULT 0.8 NOT NULL,
    access_count integer DEFAULT 0 NOT NULL,
    last_accessed timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT cognee_memories_access_is_counted CHECK (((access_count >= 0) AND ((access_count = 0) = (last_accessed IS NULL)))),
    CONSTRAINT cognee_memories_confidence_is_a_share CHECK (((confidence >= (0)::numeric) AND (confidence <= (1)::numeric))),
    CONSTRAINT cognee_memories_entities_is_a_list CHECK ((jsonb_typeof(entities) = 'array'::text)),
    CONSTRAINT cognee_memories_relationships_is_a_list CHECK ((jsonb_typeof(relationships) = 'array'::text)),
    CONSTRAINT cognee_memories_say_something CHECK ((content <> ''::text)),
    CONSTRAINT cognee_memories_type_is_named CHECK (((memory_type)::text <> ''::text))
);

ALTER TABLE ONLY gateway.cognee_memories FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.cognee_memories IS 'memory: tenant: what is remembered of a person: facts, with the things they name and how those hang together.';

CREATE TABLE gateway.debate_ballots (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid NOT NULL,
    vote character varying(50) NOT NULL,
    participant_id character varying(255) NOT NULL,
    ranking jsonb NOT NULL,
    weight numeric(18,6) DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT debate_ballots_ranking_is_a_list CHECK ((jsonb_typeof(ranking) = 'array'::text)),
    CONSTRAINT debate_ballots_vote_is_known CHECK (((vote)::text = ANY ((ARRAY['plain'::character varying, 'final'::character varying])::text[]))),
    CONSTRAINT debate_ballots_weight_is_not_negative CHECK ((weight >= (0)::numeric))
);

ALTER TABLE ONLY gateway.debate_ballots FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.debate_ballots IS 'debates: tenant: every ballot of a debate, as it was cast; it is never changed.';

COMMENT ON COLUMN gateway.debate_ballots.vote IS 'plain: on the first answers, which nobody else had seen; final: after the last round.';

COMMENT ON COLUMN gateway.debate_ballots.ranking IS 'Positions, the best first; an empty list abstains.';

COMMENT ON COLUMN gateway.debate_ballots.weight IS 'What the voice weighs by the weighted method; by the others each counts as one.';

CREATE TABLE gateway.debate_sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    topic text NOT NULL,
    description text,
    status character varying(50) DEFAULT 'pending'::character varying NOT NULL,
    current_round integer DEFAULT 0 NOT NULL,
    total_rounds integer NOT NULL,
    voting_method character varying(50) DEFAULT 'weighted'::character varying NOT NULL,
    positions jsonb DEFAULT '[]'::jsonb NOT NULL,
    participants jsonb DEFAULT '[]'::jsonb NOT NULL,
    final_winner character varying(255),
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_by uuid DEFAULT platform.user_id() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    CONSTRAINT debate_sessions_active_has_begun CHECK ((((status)::text <> 'active'::text) OR (started_at IS NOT NULL))),
    CONSTRAINT debate_sessions_end_is_recorded CHECK ((((status)::text = ANY ((ARRAY['completed'::character varying, 'cancelled'::character varying])::text[])) = (completed_at IS NOT NULL))),
    CONSTRAINT debate_sessions_have_a_topic CHECK ((topic <> ''::text)),
    CONSTRAINT debate_sessions_method_is_known CHECK (((voting_method)::text = ANY ((ARRAY['weighted'::character varying, 'majority'::character varying, 'borda'::character varying, 'condorcet'::character varying])::text[]))),
    CONSTRAINT debate_sessions_participants_is_a_list CHECK ((jsonb_typeof(participants) = 'array'::text)),
    CONSTRAINT debate_sessions_positions_is_a_list CHECK ((jsonb_typeof(positions) = 'array'::text)),
    CONSTRAINT debate_sessions_round_is_within_the_plan CHECK (((current_round >= 0) AND (current_round <= total_rounds))),
    CONSTRAINT debate_sessions_rounds_is_positive CHECK ((total_rounds > 0)),
    CONSTRAINT debate_sessions_status_is_known CHECK (((status)::text = ANY ((ARRAY['pending'::character varying, 'active'::character varying, 'completed'::character varying, 'cancelled'::character varying])::text[]))),
    CONSTRAINT debate_sessions_winner_is_of_an_end CHECK (((final_winner IS NULL) OR ((status)::text = 'completed'::text)))
);

ALTER TABLE ONLY gateway.debate_sessions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.debate_sessions IS 'debates: tenant: a question that models argue about, in rounds, before they vote.';

COMMENT ON COLUMN gateway.debate_sessions.final_winner IS 'The position that won; null also where the vote was a tie.';

CREATE TABLE gateway.debate_turns (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid NOT NULL,
    round_number integer NOT NULL,
    turn_number integer NOT NULL,
    participant_id character varying(255) NOT NULL,
    "position" character varying(255) NOT NULL,
    content text NOT NULL,
    raw_response jsonb DEFAULT '{}'::jsonb NOT NULL,
    tokens_used integer,
    response_time bigint,
    confidence numeric(5,4),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT debate_turns_confidence_is_a_share CHECK (((confidence >= (0)::numeric) AND (confidence <= (1)::numeric))),
    CONSTRAINT debate_turns_round_is_not_negative CHECK ((round_number >= 0)),
    CONSTRAINT debate_turns_time_is_not_negative CHECK ((response_time >= 0)),
    CONSTRAINT debate_turns_tokens_is_not_negative CHECK ((tokens_used >= 0)),
    CONSTRAINT debate_turns_turn_is_not_negative CHECK ((turn_number >= 0))
);

ALTER TABLE ONLY gateway.debate_turns FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.debate_turns IS 'debates: tenant: what each participant said, in which round and for which position.';

COMMENT ON COLUMN gateway.debate_turns.participant_id IS 'An agent or a model, by the name that the session''s list of participants has for it.';

CREATE TABLE gateway.distributed_memory (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    shard_key character varying(64) NOT NULL,
    user_id uuid DEFAULT platform.user_id() NOT NULL,
    content text NOT NULL,
    embedding public.vector(1536),
    embedding_model text,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    node_id character varying(255) DEFAULT 'local'::character varying NOT NULL,
    replicated_to jsonb DEFAULT '[]'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT distributed_memory_replicas_is_a_list CHECK ((jsonb_typeof(replicated_to) = 'array'::text)),
    CONSTRAINT distributed_memory_says_something CHECK ((content <> ''::text)),
    CONSTRAINT distributed_memory_shard_is_named CHECK (((shard_key)::text <> ''::text))
)
PARTITION BY HASH (shard_key);

ALTER TABLE ONLY gateway.distributed_memory FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.distributed_memory IS 'memory: tenant: what is remembered as text with its embedding, in sixteen shards; a search names the shard.';

COMMENT ON COLUMN gateway.distributed_memory.replicated_to IS 'The ids of the other nodes that have acknowledged a copy.';

CREATE TABLE store.llm_latency_daily (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    provider_name character varying(255),
    model character varying(255),
    idx integer,
    n bigint
);

COMMENT ON TABLE store.llm_latency_daily IS 'operations: tenant: the roll-up of llm_responses, as far as it was refreshed.';

CREATE TABLE store.llm_responses (
    id uuid NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    request_id uuid NOT NULL,
    request_created_at timestamp with time zone NOT NULL,
    provider_id uuid,
    provider_name character varying(255) NOT NULL,
    model character varying(255),
    model_id uuid,
    content text,
    raw_response jsonb DEFAULT '{}'::jsonb NOT NULL,
    tokens_prompt integer,
    tokens_completion integer,
    tokens_total integer,
    cost_usd numeric(18,10),
    confidence numeric(5,4),
    response_time bigint,
    finish_reason character varying(50),
    selected boolean DEFAULT false NOT NULL,
    error_code text,
    error_message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT llm_responses_answer_or_fail CHECK ((num_nonnulls(content, error_code) > 0)),
    CONSTRAINT llm_responses_confidence_is_a_share CHECK (((confidence >= (0)::numeric) AND (confidence <= (1)::numeric))),
    CONSTRAINT llm_responses_cost_is_not_negative CHECK ((cost_usd >= (0)::numeric)),
    CONSTRAINT llm_responses_time_is_not_negative CHECK ((response_time >= 0)),
    CONSTRAINT llm_responses_tokens_is_not_negative CHECK (((tokens_prompt >= 0) AND (tokens_completion >= 0) AND (tokens_total >= 0)))
)
PARTITION BY RANGE (created_at);

COMMENT ON TABLE store.llm_responses IS 'requests: tenant: every answer of a provider, and every failure to answer; an ensemble has several for one request.';

COMMENT ON COLUMN store.llm_responses.request_created_at IS 'With request_id the key of the request, and the partition that it is in.';

COMMENT ON COLUMN store.llm_responses.model_id IS 'The model in the catalogue; null where the provider''s name of it is in none.';

COMMENT ON COLUMN store.llm_responses.response_time IS 'Milliseconds from the call to the end of the answer.';

CREATE VIEW store.llm_latency_daily_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.provider_name,
    rolled.model,
    rolled.idx,
    rolled.n
   FROM store.llm_latency_daily rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'llm_latency_daily'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'llm_responses'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.provider_name,
    live.model,
    live.idx,
    live.n
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'llm_latency_daily'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'llm_responses'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT llm_responses.provider_name,
            llm_responses.model,
            platform.histogram_index((llm_responses.response_time)::double precision) AS idx,
            count(*) AS n
           FROM store.llm_responses
          WHERE ((llm_responses.tenant_id = dirty.tenant_id) AND (llm_responses.created_at >= dirty.bucket) AND (llm_responses.created_at < (dirty.bucket + '1 day'::interval)) AND ((llm_responses.error_code IS NULL) AND (platform.histogram_index((llm_responses.response_time)::double precision) IS NOT NULL)))
          GROUP BY llm_responses.provider_name, llm_responses.model, (platform.histogram_index((llm_responses.response_time)::double precision))) live);

COMMENT ON VIEW store.llm_latency_daily_now IS 'operations: tenant: the roll-up of llm_responses, exact at every moment.';

CREATE VIEW gateway.llm_latency_daily AS
 SELECT bucket AS day,
    tenant_id,
    provider_name,
    model,
    idx,
    n
   FROM store.llm_latency_daily_now
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW gateway.llm_latency_daily IS 'requests: tenant: histograms of how long the team''s answers took, in milliseconds; platform.percentile(0.95, array_agg(idx), array_agg(n)) over any of its rows is theirs, within 2 %.';

CREATE TABLE gateway.llm_providers (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    name character varying(255) NOT NULL,
    type character varying(100) NOT NULL,
    provider_id uuid,
    api_key_ciphertext bytea,
    api_key_key_id text GENERATED ALWAYS AS (encode(SUBSTRING(api_key_ciphertext FROM 2 FOR 8), 'hex'::text)) STORED,
    base_url character varying(500),
    model character varying(255),
    weight numeric(5,2) DEFAULT 1.0 NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    config jsonb DEFAULT '{}'::jsonb NOT NULL,
    health_status character varying(50) DEFAULT 'unknown'::character varying NOT NULL,
    response_time bigint,
    modelsdev_provider_id character varying(255),
    total_models integer,
    enabled_models integer,
    last_models_sync timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT llm_providers_are_named CHECK ((((name)::text <> ''::text) AND ((type)::text <> ''::text))),
    CONSTRAINT llm_providers_health_is_known CHECK (((health_status)::text = ANY ((ARRAY['healthy'::character varying, 'degraded'::character varying, 'unhealthy'::character varying, 'unknown'::character varying])::text[]))),
    CONSTRAINT llm_providers_models_are_counted CHECK (((total_models >= 0) AND ((enabled_models >= 0) AND (enabled_models <= total_models)))),
    CONSTRAINT llm_providers_secret_is_sealed CHECK ((((octet_length(api_key_ciphertext) >= 38) AND (octet_length(api_key_ciphertext) <= 16384)) AND (get_byte(api_key_ciphertext, 0) = 1))),
    CONSTRAINT llm_providers_time_is_not_negative CHECK ((response_time >= 0)),
    CONSTRAINT llm_providers_url_holds_no_secret CHECK ((((base_url)::text ~ '^https?://'::text) AND ((base_url)::text !~ '^[^/]*//[^/]*@'::text))),
    CONSTRAINT llm_providers_weight_is_not_negative CHECK ((weight >= (0)::numeric))
);

ALTER TABLE ONLY gateway.llm_providers FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.llm_providers IS 'providers: tenant: a team''s accounts at providers of models: where, with which key, how much of the traffic, and how they fare.';

COMMENT ON COLUMN gateway.llm_providers.provider_id IS 'The company in the catalogue, where it is one of those.';

COMMENT ON COLUMN gateway.llm_providers.api_key_ciphertext IS 'The provider''s key, sealed by the application with AES-256-GCM; the database never has it in clear.';

COMMENT ON COLUMN gateway.llm_providers.api_key_key_id IS 'Which of the installation''s keys sealed it, as the envelope says.';

COMMENT ON COLUMN gateway.llm_providers.response_time IS 'Milliseconds of the last answer; null before the first.';

CREATE TABLE store.llm_requests (
    id uuid NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid,
    user_id uuid DEFAULT platform.user_id() NOT NULL,
    request_type character varying(50) DEFAULT 'completion'::character varying NOT NULL,
    model character varying(255),
    prompt text NOT NULL,
    messages jsonb DEFAULT '[]'::jsonb NOT NULL,
    model_params jsonb DEFAULT '{}'::jsonb NOT NULL,
    ensemble_config jsonb,
    memory_enhanced boolean DEFAULT false NOT NULL,
    memory jsonb DEFAULT '{}'::jsonb NOT NULL,
    status character varying(50) DEFAULT 'pending'::character varying NOT NULL,
    tokens_prompt integer,
    tokens_completion integer,
    tokens_total integer,
    cost_usd numeric(18,10),
    error_code text,
    error_message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    CONSTRAINT llm_requests_cost_is_not_negative CHECK ((cost_usd >= (0)::numeric)),
    CONSTRAINT llm_requests_end_is_recorded CHECK ((((status)::text = ANY ((ARRAY['completed'::character varying, 'failed'::character varying])::text[])) = (completed_at IS NOT NULL))),
    CONSTRAINT llm_requests_error_is_of_a_failure CHECK ((((status)::text = 'failed'::text) OR (num_nonnulls(error_code, error_message) = 0))),
    CONSTRAINT llm_requests_messages_is_a_list CHECK ((jsonb_typeof(messages) = 'array'::text)),
    CONSTRAINT llm_requests_status_is_known CHECK (((status)::text = ANY ((ARRAY['pending'::character varying, 'running'::character varying, 'completed'::character varying, 'failed'::character varying])::text[]))),
    CONSTRAINT llm_requests_tokens_is_not_negative CHECK (((tokens_prompt >= 0) AND (tokens_completion >= 0) AND (tokens_total >= 0))),
    CONSTRAINT llm_requests_type_is_named CHECK (((request_type)::text <> ''::text))
)
PARTITION BY RANGE (created_at);

COMMENT ON TABLE store.llm_requests IS 'requests: tenant: every call of a model: written before the call, settled after it.';

COMMENT ON COLUMN store.llm_requests.model IS 'As the caller asked for it; which model answered is with the response.';

COMMENT ON COLUMN store.llm_requests.cost_usd IS 'Like the tokens, the sum over all its responses once they are in; null while it, or the price of one of them, is unknown.';

CREATE VIEW gateway.llm_requests AS
 SELECT id,
    tenant_id,
    session_id,
    user_id,
    request_type,
    model,
    prompt,
    messages,
    model_params,
    ensemble_config,
    memory_enhanced,
    memory,
    status,
    tokens_prompt,
    tokens_completion,
    tokens_total,
    cost_usd,
    error_code,
    error_message,
    created_at,
    started_at,
    completed_at
   FROM store.llm_requests
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW gateway.llm_requests IS 'requests: tenant: the team''s own calls.';

CREATE VIEW gateway.llm_responses AS
 SELECT id,
    tenant_id,
    request_id,
    request_created_at,
    provider_id,
    provider_name,
    model,
    model_id,
    content,
    raw_response,
    tokens_prompt,
    tokens_completion,
    tokens_total,
    cost_usd,
    confidence,
    response_time,
    finish_reason,
    selected,
    error_code,
    error_message,
    created_at
   FROM store.llm_responses
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW gateway.llm_responses IS 'requests: tenant: the answers to the team''s own calls.';

CREATE TABLE gateway.lsp_servers (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    name character varying(255) NOT NULL,
    language character varying(100) NOT NULL,
    command character varying(500) NOT NULL,
    args jsonb DEFAULT '[]'::jsonb NOT NULL,
    file_patterns jsonb DEFAULT '[]'::jsonb NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT lsp_servers_are_named CHECK ((((name)::text <> ''::text) AND ((language)::text <> ''::text) AND ((command)::text <> ''::text))),
    CONSTRAINT lsp_servers_args_is_a_list CHECK ((jsonb_typeof(args) = 'array'::text)),
    CONSTRAINT lsp_servers_patterns_is_a_list CHECK ((jsonb_typeof(file_patterns) = 'array'::text))
);

ALTER TABLE ONLY gateway.lsp_servers FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.lsp_servers IS 'protocols: tenant: the servers of programming languages (Language Server Protocol) that a team''s agents may use.';

CREATE TABLE gateway.mcp_servers (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    name character varying(255) NOT NULL,
    type character varying(100) NOT NULL,
    endpoint character varying(500) NOT NULL,
    port integer,
    capabilities jsonb DEFAULT '[]'::jsonb NOT NULL,
    config jsonb DEFAULT '{}'::jsonb NOT NULL,
    health_status character varying(50) DEFAULT 'unknown'::character varying NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT mcp_servers_are_named CHECK ((((name)::text <> ''::text) AND ((type)::text <> ''::text) AND ((endpoint)::text <> ''::text))),
    CONSTRAINT mcp_servers_endpoint_holds_no_secret CHECK (((endpoint)::text !~ '^[^/]*//[^/]*@'::text)),
    CONSTRAINT mcp_servers_health_is_known CHECK (((health_status)::text = ANY ((ARRAY['healthy'::character varying, 'degraded'::character varying, 'unhealthy'::character varying, 'unknown'::character varying])::text[]))),
    CONSTRAINT mcp_servers_port_range CHECK (((port >= 1) AND (port <= 65535)))
);

ALTER TABLE ONLY gateway.mcp_servers FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.mcp_servers IS 'protocols: tenant: the servers of tools (Model Context Protocol) that a team''s agents may use.';

COMMENT ON COLUMN gateway.mcp_servers.port IS 'Null for a server that is spoken to over its standard input and output.';

CREATE TABLE gateway.memory_nodes (
    node_id character varying(255) NOT NULL,
    address text,
    weight numeric(5,2) DEFAULT 1.0 NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT memory_nodes_are_named CHECK (((node_id)::text <> ''::text)),
    CONSTRAINT memory_nodes_status_is_known CHECK ((status = ANY (ARRAY['active'::text, 'draining'::text, 'down'::text]))),
    CONSTRAINT memory_nodes_weight_is_positive CHECK ((weight > (0)::numeric))
);

COMMENT ON TABLE gateway.memory_nodes IS 'memory: system: the servers that hold shards of memory; "local" is this database.';

COMMENT ON COLUMN gateway.memory_nodes.address IS 'Host and port, never a secret; null: this database.';

CREATE TABLE store.mv_daily_stats (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    user_id uuid,
    model character varying(255),
    requests bigint,
    completed_requests bigint,
    errors bigint,
    tokens_prompt bigint,
    tokens_completion bigint,
    tokens_total bigint,
    counted_requests bigint,
    total_cost_usd numeric,
    priced_requests bigint
);

COMMENT ON TABLE store.mv_daily_stats IS 'operations: tenant: the roll-up of llm_requests, as far as it was refreshed.';

CREATE VIEW store.mv_daily_stats_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.user_id,
    rolled.model,
    rolled.requests,
    rolled.completed_requests,
    rolled.errors,
    rolled.tokens_prompt,
    rolled.tokens_completion,
    rolled.tokens_total,
    rolled.counted_requests,
    rolled.total_cost_usd,
    rolled.priced_requests
   FROM store.mv_daily_stats rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'mv_daily_stats'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'llm_requests'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.user_id,
    live.model,
    live.requests,
    live.completed_requests,
    live.errors,
    live.tokens_prompt,
    live.tokens_completion,
    live.tokens_total,
    live.counted_requests,
    live.total_cost_usd,
    live.priced_requests
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'mv_daily_stats'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'llm_requests'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT llm_requests.user_id,
            llm_requests.model,
            count(*) AS requests,
            count(*) FILTER (WHERE ((llm_requests.status)::text = 'completed'::text)) AS completed_requests,
            count(*) FILTER (WHERE ((llm_requests.status)::text = 'failed'::text)) AS errors,
            sum(llm_requests.tokens_prompt) AS tokens_prompt,
            sum(llm_requests.tokens_completion) AS tokens_completion,
            sum(llm_requests.tokens_total) AS tokens_total,
            count(llm_requests.tokens_total) AS counted_requests,
            sum(llm_requests.cost_usd) AS total_cost_usd,
            count(llm_requests.cost_usd) AS priced_requests
           FROM store.llm_requests
          WHERE ((llm_requests.tenant_id = dirty.tenant_id) AND (llm_requests.created_at >= dirty.bucket) AND (llm_requests.created_at < (dirty.bucket + '1 day'::interval)) AND true)
          GROUP BY llm_requests.user_id, llm_requests.model) live);

COMMENT ON VIEW store.mv_daily_stats_now IS 'operations: tenant: the roll-up of llm_requests, exact at every moment.';

CREATE VIEW gateway.mv_daily_stats AS
 SELECT bucket AS day,
    tenant_id,
    user_id,
    model,
    requests,
    completed_requests,
    errors,
    tokens_prompt,
    tokens_completion,
    tokens_total,
    counted_requests,
    total_cost_usd,
    priced_requests
   FROM store.mv_daily_stats_now
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW gateway.mv_daily_stats IS 'requests: tenant: the team''s calls by day, person and the model they asked for; cost is of the calls whose cost is known, of which there are priced_requests.';

CREATE TABLE store.agent_activity_log (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    activity_type character varying(100) NOT NULL,
    subject_type character varying(100),
    subject_id uuid,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT agent_activity_log_subject_is_whole CHECK ((num_nonnulls(subject_type, subject_id) <> 1)),
    CONSTRAINT agent_activity_log_type_is_named CHECK (((activity_type)::text <> ''::text))
)
PARTITION BY RANGE (created_at);

COMMENT ON TABLE store.agent_activity_log IS 'agents: tenant: what each agent did, as it says itself.';

CREATE VIEW mine.agent_activity_log WITH (security_barrier='true') AS
 SELECT id,
    tenant_id,
    agent_id,
    activity_type,
    subject_type,
    subject_id,
    details,
    created_at
   FROM store.agent_activity_log
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.agent_activity_log IS 'agents: tenant: the activity of the team''s own agents.';

CREATE TABLE store.analytics_events (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    "timestamp" timestamp with time zone DEFAULT now() NOT NULL,
    session_id character varying(100),
    event_type character varying(50) NOT NULL,
    event_properties jsonb DEFAULT '{}'::jsonb NOT NULL,
    user_properties jsonb DEFAULT '{}'::jsonb NOT NULL,
    device_properties jsonb DEFAULT '{}'::jsonb NOT NULL,
    geo_properties jsonb DEFAULT '{}'::jsonb NOT NULL,
    referrer_properties jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT analytics_events_properties_are_objects CHECK (((jsonb_typeof(event_properties) = 'object'::text) AND (jsonb_typeof(user_properties) = 'object'::text) AND (jsonb_typeof(device_properties) = 'object'::text) AND (jsonb_typeof(geo_properties) = 'object'::text) AND (jsonb_typeof(referrer_properties) = 'object'::text))),
    CONSTRAINT analytics_events_size CHECK ((((((pg_column_size(event_properties) + pg_column_size(user_properties)) + pg_column_size(device_properties)) + pg_column_size(geo_properties)) + pg_column_size(referrer_properties)) <= 65536)),
    CONSTRAINT analytics_events_type_is_named CHECK (((event_type)::text <> ''::text))
)
PARTITION BY RANGE ("timestamp");

COMMENT ON TABLE store.analytics_events IS 'analytics: tenant: what people look at: page views, models viewed, benchmarks compared.';

COMMENT ON COLUMN store.analytics_events.event_type IS 'page_view, model_view, benchmark_compare, …';

COMMENT ON COLUMN store.analytics_events.event_properties IS 'Of a model_view: {"model_id": …}.';

CREATE VIEW mine.analytics_events WITH (security_barrier='true') AS
 SELECT id,
    "timestamp",
    session_id,
    event_type,
    event_properties,
    user_properties,
    device_properties,
    geo_properties,
    referrer_properties,
    tenant_id
   FROM store.analytics_events
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.analytics_events IS 'analytics: tenant: what the team''s own people look at.';

CREATE TABLE store.audit_log (
    log_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id(),
    table_name text NOT NULL,
    operation text NOT NULL,
    user_id uuid DEFAULT platform.user_id(),
    old_data jsonb,
    new_data jsonb,
    ip_address inet,
    user_agent text,
    modal_call_context jsonb,
    "timestamp" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    table_schema text,
    record_key jsonb,
    agent_id uuid,
    actor_role text,
    request_id text,
    epoch bigint NOT NULL,
    transaction_id bigint NOT NULL,
    digest bytea NOT NULL,
    redaction_id uuid,
    CONSTRAINT audit_log_operation_is_known CHECK ((operation = ANY (ARRAY['INSERT'::text, 'UPDATE'::text, 'DELETE'::text])))
)
PARTITION BY RANGE ("timestamp");

COMMENT ON TABLE store.audit_log IS 'audit: tenant: what changed in the business tables, by whom, before and after.';

COMMENT ON COLUMN store.audit_log.record_key IS 'The row''s primary key, as {column: value}.';

COMMENT ON COLUMN store.audit_log.actor_role IS 'The database role that made the change.';

COMMENT ON COLUMN store.audit_log.transaction_id IS 'The transaction that wrote the row; with epoch, what seals count by.';

COMMENT ON COLUMN store.audit_log.digest IS 'SHA-256 of the row as it was written; see the page on the audit.';

COMMENT ON COLUMN store.audit_log.redaction_id IS 'The erasure that last emptied parts of the row.';

CREATE VIEW mine.audit_log WITH (security_barrier='true') AS
 SELECT log_id,
    tenant_id,
    table_name,
    operation,
    user_id,
    old_data,
    new_data,
    ip_address,
    user_agent,
    modal_call_context,
    "timestamp",
    table_schema,
    record_key,
    agent_id,
    actor_role,
    request_id,
    epoch,
    transaction_id,
    digest,
    redaction_id
   FROM store.audit_log
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.audit_log IS 'audit: tenant: the team''s own part of the audit log; nobody may change it.';

CREATE TABLE store.audit_logs (
    id bigint DEFAULT ((((EXTRACT(epoch FROM clock_timestamp()) * (1000)::numeric))::bigint << 20) | ((random() * (1048575)::double precision))::bigint) NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id(),
    "timestamp" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    user_id uuid DEFAULT platform.user_id(),
    action character varying(100),
    resource_type character varying(50),
    resource_id uuid,
    ip_address inet DEFAULT (NULLIF(current_setting('app.address'::text, true), ''::text))::inet,
    user_agent text DEFAULT NULLIF(current_setting('app.user_agent'::text, true), ''::text),
    request_id text DEFAULT NULLIF(current_setting('app.request_id'::text, true), ''::text),
    request_data jsonb,
    response_status integer,
    duration_ms integer,
    epoch bigint NOT NULL,
    transaction_id bigint NOT NULL,
    digest bytea NOT NULL,
    redaction_id uuid,
    CONSTRAINT audit_logs_duration_is_not_negative CHECK ((duration_ms >= 0)),
    CONSTRAINT audit_logs_status_is_a_status CHECK (((response_status >= 100) AND (response_status <= 599)))
)
PARTITION BY RANGE ("timestamp");

COMMENT ON TABLE store.audit_logs IS 'audit: tenant: who asked for what, and how it ended; requests that no team made, as a failed login, belong to none.';

COMMENT ON COLUMN store.audit_logs.transaction_id IS 'The transaction that wrote the row; with epoch, what seals count by.';

COMMENT ON COLUMN store.audit_logs.digest IS 'SHA-256 of the row as it was written; see the page on the audit.';

COMMENT ON COLUMN store.audit_logs.redaction_id IS 'The erasure that last emptied parts of the row.';

CREATE VIEW mine.audit_logs WITH (security_barrier='true') AS
 SELECT id,
    tenant_id,
    "timestamp",
    user_id,
    action,
    resource_type,
    resource_id,
    ip_address,
    user_agent,
    request_data,
    response_status,
    duration_ms,
    request_id,
    epoch,
    transaction_id,
    digest,
    redaction_id
   FROM store.audit_logs
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.audit_logs IS 'audit: tenant: the team''s own requests; nobody may change them.';

CREATE VIEW mine.audit_trail WITH (security_barrier='true') AS
 SELECT log_id AS id,
    "timestamp",
    ((user_id)::text)::character varying(100) AS user_id,
    (operation)::character varying(50) AS action,
    (table_name)::character varying(50) AS table_name,
    ( SELECT (min(keys.value))::uuid AS min
           FROM jsonb_each_text(audit_log.record_key) keys(name, value)
          WHERE (keys.name <> 'tenant_id'::text)
         HAVING ((count(*) = 1) AND (min(keys.value) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'::text))) AS record_id,
    old_data AS old_values,
    new_data AS new_values,
    ip_address,
    user_agent,
    tenant_id
   FROM store.audit_log
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.audit_trail IS 'audit: tenant: the audit log in the columns of AI-GO; record_id where the key is one UUID.';

CREATE TABLE store.background_task_history (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_id uuid NOT NULL,
    event text NOT NULL,
    attempt integer,
    attempt_token uuid,
    worker_id character varying(255),
    error_message text,
    error_stack text,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT background_task_history_attempt_is_positive CHECK ((attempt > 0)),
    CONSTRAINT background_task_history_event_is_known CHECK ((event = ANY (ARRAY['enqueued'::text, 'queued'::text, 'started'::text, 'handed_back'::text, 'completed'::text, 'failed'::text, 'retried'::text, 'stuck'::text, 'rescued'::text, 'paused'::text, 'resumed'::text, 'cancelled'::text, 'dead_letter'::text, 'redriven'::text])))
)
PARTITION BY RANGE (created_at);

COMMENT ON TABLE store.background_task_history IS 'jobs: tenant: every event in the life of a job, each attempt with its worker, its token and how it ended.';

CREATE VIEW mine.background_task_history WITH (security_barrier='true') AS
 SELECT tenant_id,
    task_id,
    event,
    attempt,
    attempt_token,
    worker_id,
    error_message,
    error_stack,
    detail,
    created_at
   FROM store.background_task_history
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.background_task_history IS 'jobs: tenant: the history of the team''s own jobs.';

CREATE TABLE store.daily_model_views (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    model text,
    n bigint
);

COMMENT ON TABLE store.daily_model_views IS 'operations: tenant: the roll-up of analytics_events, as far as it was refreshed.';

CREATE VIEW store.daily_model_views_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.model,
    rolled.n
   FROM store.daily_model_views rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'daily_model_views'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'analytics_events'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.model,
    live.n
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'daily_model_views'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'analytics_events'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT COALESCE((analytics_events.event_properties ->> 'model_id'::text), 'unknown'::text) AS model,
            count(*) AS n
           FROM store.analytics_events
          WHERE ((analytics_events.tenant_id = dirty.tenant_id) AND (analytics_events."timestamp" >= dirty.bucket) AND (analytics_events."timestamp" < (dirty.bucket + '1 day'::interval)) AND ((analytics_events.event_type)::text = 'model_view'::text))
          GROUP BY COALESCE((analytics_events.event_properties ->> 'model_id'::text), 'unknown'::text)) live);

COMMENT ON VIEW store.daily_model_views_now IS 'operations: tenant: the roll-up of analytics_events, exact at every moment.';

CREATE TABLE store.daily_stats (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    event_type character varying(50),
    event_count bigint,
    unique_sessions bigint
);

COMMENT ON TABLE store.daily_stats IS 'operations: tenant: the roll-up of analytics_events, as far as it was refreshed.';

CREATE VIEW store.daily_stats_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.event_type,
    rolled.event_count,
    rolled.unique_sessions
   FROM store.daily_stats rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'daily_stats'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'analytics_events'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.event_type,
    live.event_count,
    live.unique_sessions
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'daily_stats'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'analytics_events'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT analytics_events.event_type,
            count(*) AS event_count,
            count(DISTINCT analytics_events.session_id) AS unique_sessions
           FROM store.analytics_events
          WHERE ((analytics_events.tenant_id = dirty.tenant_id) AND (analytics_events."timestamp" >= dirty.bucket) AND (analytics_events."timestamp" < (dirty.bucket + '1 day'::interval)) AND true)
          GROUP BY analytics_events.event_type) live);

COMMENT ON VIEW store.daily_stats_now IS 'operations: tenant: the roll-up of analytics_events, exact at every moment.';

CREATE VIEW mine.daily_stats WITH (security_barrier='true') AS
 SELECT bucket AS day,
    event_type,
    event_count,
    unique_sessions,
        CASE
            WHEN ((event_type)::text = 'model_view'::text) THEN ( SELECT jsonb_object_agg(views.model, views.n) AS jsonb_object_agg
               FROM store.daily_model_views_now views
              WHERE ((views.tenant_id = days.tenant_id) AND (views.bucket = days.bucket)))
            ELSE NULL::jsonb
        END AS model_views,
    tenant_id
   FROM store.daily_stats_now days
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.daily_stats IS 'analytics: tenant: what the team''s own people looked at, by day; unique_sessions are those of the day and do not add up.';

CREATE VIEW mine.failure_patterns WITH (security_barrier='true') AS
 SELECT pattern_id,
    tenant_id,
    outcome_id,
    simulation_id,
    scenario_id,
    trial_number,
    execution_time,
    failure_type,
    failure_category,
    fault,
    error_message,
    error_embedding,
    step,
    pattern_cluster_id,
    cluster_confidence,
    similar_failures_count,
    similar_failures_count AS similar_failures,
    recovery_attempted,
    recovery_successful,
    resolution_steps,
    llm_analysis,
    created_at
   FROM store.failure_patterns
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.failure_patterns IS 'failures: tenant: the team''s own failure patterns.';

CREATE VIEW mine.failure_trends_daily WITH (security_barrier='true') AS
 SELECT bucket AS day,
    failure_category,
    failure_count,
    (confidence_sum / (NULLIF(clustered_count, 0))::double precision) AS avg_confidence,
    unique_patterns,
    tenant_id,
    clustered_count,
    confidence_sum
   FROM store.failure_trends_daily_now
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.failure_trends_daily IS 'failures: tenant: the team''s failures by category and day; unique_patterns are those of the day and do not add up.';

CREATE VIEW mine.llm_latency_daily WITH (security_barrier='true') AS
 SELECT bucket AS day,
    tenant_id,
    provider_name,
    model,
    idx,
    n
   FROM store.llm_latency_daily_now
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.llm_latency_daily IS 'requests: tenant: histograms of how long the team''s answers took, in milliseconds; platform.percentile(0.95, array_agg(idx), array_agg(n)) over any of its rows is theirs, within 2 %.';

CREATE VIEW mine.llm_requests WITH (security_barrier='true') AS
 SELECT id,
    tenant_id,
    session_id,
    user_id,
    request_type,
    model,
    prompt,
    messages,
    model_params,
    ensemble_config,
    memory_enhanced,
    memory,
    status,
    tokens_prompt,
    tokens_completion,
    tokens_total,
    cost_usd,
    error_code,
    error_message,
    created_at,
    started_at,
    completed_at
   FROM store.llm_requests
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.llm_requests IS 'requests: tenant: the team''s own calls.';

CREATE VIEW mine.llm_responses WITH (security_barrier='true') AS
 SELECT id,
    tenant_id,
    request_id,
    request_created_at,
    provider_id,
    provider_name,
    model,
    model_id,
    content,
    raw_response,
    tokens_prompt,
    tokens_completion,
    tokens_total,
    cost_usd,
    confidence,
    response_time,
    finish_reason,
    selected,
    error_code,
    error_message,
    created_at
   FROM store.llm_responses
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.llm_responses IS 'requests: tenant: the answers to the team''s own calls.';

CREATE VIEW mine.mv_daily_stats WITH (security_barrier='true') AS
 SELECT bucket AS day,
    tenant_id,
    user_id,
    model,
    requests,
    completed_requests,
    errors,
    tokens_prompt,
    tokens_completion,
    tokens_total,
    counted_requests,
    total_cost_usd,
    priced_requests
   FROM store.mv_daily_stats_now
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.mv_daily_stats IS 'requests: tenant: the team''s calls by day, person and the model they asked for; cost is of the calls whose cost is known, of which there are priced_requests.';

CREATE VIEW mine.outcomes WITH (security_barrier='true') AS
 SELECT outcome_id,
    tenant_id,
    simulation_id,
    scenario_id,
    trial_number,
    execution_time,
    status,
    passed,
    reliability_score,
    fault,
    execution_time_ms,
    tokens_used,
    cost_usd,
    trajectory,
    trajectory_body,
    ( SELECT embeddings.embedding
           FROM evaluation.outcome_embeddings embeddings
          WHERE ((embeddings.outcome_id = outcomes.outcome_id) AND (embeddings.execution_time = outcomes.execution_time))) AS trajectory_embedding,
    metrics,
    retry_count,
    error_code,
    error_category,
    modal_call_id,
    sandbox_id,
    sandbox_logs,
    execution_metadata,
    created_at
   FROM store.outcomes outcomes
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.outcomes IS 'outcomes: tenant: the team''s own outcomes.';

CREATE TABLE store.penalty_history (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    violation_id uuid NOT NULL,
    event_type character varying(20) NOT NULL,
    points_delta integer NOT NULL,
    actor_id uuid DEFAULT society.acting_agent(),
    user_id uuid DEFAULT platform.user_id(),
    reason text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT penalty_history_event_is_known CHECK (((event_type)::text = ANY ((ARRAY['assessed'::character varying, 'raised'::character varying, 'reduced'::character varying, 'reversed'::character varying, 'expired'::character varying, 'reinstated'::character varying])::text[])))
)
PARTITION BY RANGE (created_at);

COMMENT ON TABLE store.penalty_history IS 'penalties: tenant: every change of a penalty: the sum over a violation is what it costs now; written by a trigger.';

CREATE VIEW mine.penalty_history WITH (security_barrier='true') AS
 SELECT id,
    tenant_id,
    agent_id,
    violation_id,
    event_type,
    points_delta,
    actor_id,
    user_id,
    reason,
    created_at
   FROM store.penalty_history
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.penalty_history IS 'penalties: tenant: the penalty history of the team''s own agents.';

CREATE TABLE store.point_transactions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    category character varying(50) NOT NULL,
    base_points integer NOT NULL,
    multiplier numeric(8,4) DEFAULT 1 NOT NULL,
    final_points integer NOT NULL,
    reason text,
    source_type character varying(50),
    source_id uuid,
    idempotency_key character varying(255),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT point_transactions_category_is_plain CHECK (((category)::text ~ '^[a-z][a-z0-9_]*$'::text)),
    CONSTRAINT point_transactions_final_is_base_by_multiplier CHECK (((final_points)::numeric = round(((base_points)::numeric * multiplier)))),
    CONSTRAINT point_transactions_key_is_not_empty CHECK (((idempotency_key)::text <> ''::text)),
    CONSTRAINT point_transactions_multiplier_is_not_negative CHECK ((multiplier >= (0)::numeric)),
    CONSTRAINT point_transactions_source_is_whole CHECK ((num_nonnulls(source_type, source_id) <> 1))
)
PARTITION BY RANGE (created_at);

COMMENT ON TABLE store.point_transactions IS 'gamification: tenant: points given and taken; what was wrong is put right by a row against it.';

CREATE VIEW mine.point_transactions WITH (security_barrier='true') AS
 SELECT id,
    tenant_id,
    agent_id,
    category,
    base_points,
    multiplier,
    final_points,
    reason,
    source_type,
    source_id,
    idempotency_key,
    created_at
   FROM store.point_transactions
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.point_transactions IS 'gamification: tenant: the team''s own point transactions.';

CREATE TABLE store.reputation_history (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    run_id uuid,
    eigentrust_score numeric,
    composite_score numeric(5,4),
    trust_level character varying(20) NOT NULL,
    change numeric(6,4),
    cause text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT reputation_history_level_is_known CHECK (((trust_level)::text = ANY ((ARRAY['untrusted'::character varying, 'poor'::character varying, 'fair'::character varying, 'good'::character varying, 'excellent'::character varying, 'outstanding'::character varying])::text[])))
)
PARTITION BY RANGE (created_at);

COMMENT ON TABLE store.reputation_history IS 'reputation: tenant: how an agent''s reputation moved; scores are written by a trigger.';

CREATE VIEW mine.reputation_history WITH (security_barrier='true') AS
 SELECT id,
    tenant_id,
    agent_id,
    run_id,
    eigentrust_score,
    composite_score,
    trust_level,
    change,
    cause,
    created_at
   FROM store.reputation_history
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.reputation_history IS 'reputation: tenant: the reputation history of the team''s own agents.';

CREATE VIEW mine.scenario_performance_daily WITH (security_barrier='true') AS
 SELECT bucket AS day,
    scenario_id,
    total_outcomes,
    scored_outcomes,
    reliability_sum,
    reliability_square_sum,
    timed_outcomes,
    execution_time_sum_ms,
    error_count,
    timeout_count,
    tenant_id
   FROM store.scenario_performance_daily_now
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.scenario_performance_daily IS 'outcomes: tenant: the team''s outcomes by scenario and day, as counts and sums.';

CREATE VIEW mine.simulation_latency_hourly WITH (security_barrier='true') AS
 SELECT bucket AS hour,
    simulation_id,
    idx,
    n,
    tenant_id
   FROM store.simulation_latency_hourly_now
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.simulation_latency_hourly IS 'outcomes: tenant: histograms of the team''s execution times; platform.percentile(0.95, array_agg(idx), array_agg(n)) over any of its rows is theirs, within 2 %.';

CREATE VIEW mine.simulation_performance_daily WITH (security_barrier='true') AS
 SELECT bucket AS day,
    simulation_id,
    total_outcomes,
    scored_outcomes,
    reliability_sum,
    timed_outcomes,
    execution_time_sum_ms,
    priced_outcomes,
    total_cost_usd,
    counted_outcomes,
    total_tokens,
    error_count,
    tenant_id
   FROM store.simulation_performance_daily_now
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.simulation_performance_daily IS 'outcomes: tenant: the team''s outcomes by simulation and day, as counts and sums.';

CREATE VIEW mine.simulation_performance_hourly WITH (security_barrier='true') AS
 SELECT bucket AS hour,
    simulation_id,
    total_outcomes,
    (reliability_sum / (NULLIF(scored_outcomes, 0))::double precision) AS avg_reliability,
    (execution_time_sum_ms / (NULLIF(timed_outcomes, 0))::double precision) AS avg_execution_time,
    total_cost_usd AS total_cost,
    error_count,
    tenant_id,
    timeout_count,
    scored_outcomes,
    reliability_sum,
    timed_outcomes,
    execution_time_sum_ms,
    min_execution_time_ms,
    max_execution_time_ms,
    priced_outcomes,
    counted_outcomes,
    total_tokens,
    judged_outcomes,
    passed_outcomes
   FROM store.simulation_performance_hourly_now
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.simulation_performance_hourly IS 'outcomes: tenant: the team''s outcomes by simulation and hour: the documented averages, and the counts and sums by which hours add up.';

CREATE VIEW mine.spans WITH (security_barrier='true') AS
 SELECT tenant_id,
    trace_id,
    span_id,
    parent_span_id,
    started_at,
    duration_ns,
    name,
    kind,
    status,
    status_message,
    service_name,
    attributes,
    events,
    links,
    resource,
    scope,
    created_at
   FROM store.spans
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.spans IS 'traces: tenant: the spans of the team''s own traces.';

CREATE TABLE store.streaming_analytics (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    stream_id character varying(255) NOT NULL,
    event_type character varying(100) NOT NULL,
    chunk_number integer NOT NULL,
    latency_ms bigint NOT NULL,
    tokens_delta integer DEFAULT 0 NOT NULL,
    user_id uuid DEFAULT platform.user_id(),
    "timestamp" timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT streaming_analytics_counts_are_not_negative CHECK (((chunk_number >= 0) AND (latency_ms >= 0) AND (tokens_delta >= 0))),
    CONSTRAINT streaming_analytics_names_are_given CHECK ((((stream_id)::text <> ''::text) AND ((event_type)::text <> ''::text)))
)
PARTITION BY RANGE ("timestamp");

COMMENT ON TABLE store.streaming_analytics IS 'analytics: tenant: how answers arrive while they are streamed, chunk by chunk.';

COMMENT ON COLUMN store.streaming_analytics.latency_ms IS 'Since the request; of the first chunk it is the time to the first token.';

COMMENT ON COLUMN store.streaming_analytics.tokens_delta IS 'Tokens that the chunk added.';

CREATE VIEW mine.streaming_analytics WITH (security_barrier='true') AS
 SELECT id,
    stream_id,
    event_type,
    chunk_number,
    latency_ms,
    tokens_delta,
    user_id,
    "timestamp",
    tenant_id
   FROM store.streaming_analytics
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.streaming_analytics IS 'analytics: tenant: how the team''s own answers arrive.';

CREATE TABLE store.task_history (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_id uuid NOT NULL,
    event_type character varying(50) NOT NULL,
    old_status society.agent_task_status,
    new_status society.agent_task_status,
    actor_id uuid DEFAULT society.acting_agent(),
    user_id uuid DEFAULT platform.user_id(),
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT task_history_event_is_named CHECK (((event_type)::text <> ''::text))
)
PARTITION BY RANGE (created_at);

COMMENT ON TABLE store.task_history IS 'tasks: tenant: every event in the life of a task; changes are written by a trigger.';

CREATE VIEW mine.task_history WITH (security_barrier='true') AS
 SELECT id,
    tenant_id,
    task_id,
    event_type,
    old_status,
    new_status,
    actor_id,
    user_id,
    details,
    created_at
   FROM store.task_history
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.task_history IS 'tasks: tenant: the history of the team''s own tasks.';

CREATE TABLE platform.audit_seal_parts (
    ledger text NOT NULL,
    number bigint NOT NULL,
    "position" integer NOT NULL,
    tenant_id uuid,
    day date NOT NULL,
    row_count bigint NOT NULL,
    root bytea NOT NULL,
    path bytea NOT NULL,
    CONSTRAINT audit_seal_parts_have_rows CHECK ((row_count > 0))
);

COMMENT ON TABLE platform.audit_seal_parts IS 'audit: system: what a seal covers of each team and day, so that a team can check its own and a dropped day is missed alone; rows of no team belong to none.';

COMMENT ON COLUMN platform.audit_seal_parts.path IS 'How the part''s hash leads to the root of the seal: the hashes beside it, 32 bytes each, after a byte 00 where they stand left, 01 where right.';

CREATE TABLE platform.audit_seals (
    ledger text NOT NULL,
    number bigint NOT NULL,
    epoch bigint NOT NULL,
    from_transaction bigint NOT NULL,
    to_transaction bigint NOT NULL,
    seen_transaction bigint NOT NULL,
    columns text[] NOT NULL,
    row_count bigint NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    retired_before timestamp with time zone,
    summary bytea NOT NULL,
    root bytea NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    previous bytea,
    hash bytea NOT NULL,
    key_id text NOT NULL,
    signature bytea NOT NULL,
    CONSTRAINT audit_seals_are_chained CHECK (((previous IS NULL) = (number = 1))),
    CONSTRAINT audit_seals_number_is_positive CHECK ((number > 0)),
    CONSTRAINT audit_seals_seal_something CHECK ((row_count > 0)),
    CONSTRAINT audit_seals_span_something CHECK ((from_transaction < to_transaction))
);

COMMENT ON TABLE platform.audit_seals IS 'audit: system: each seal covers the rows of a span of transactions of one ledger; it holds the hash of the seal before it and is signed with a key kept outside the database.';

COMMENT ON COLUMN platform.audit_seals.to_transaction IS 'The first transaction that the seal does not cover.';

COMMENT ON COLUMN platform.audit_seals.seen_transaction IS 'The next transaction id when it was sealed: rows of this one and later ones cannot be older than the seal.';

COMMENT ON COLUMN platform.audit_seals.summary IS 'SHA-256 of count and times: teams can check the signature without knowing how busy others were.';

CREATE VIEW mine.team_seals WITH (security_barrier='true') AS
 SELECT parts.tenant_id,
    parts.ledger,
    parts.number,
    parts.day,
    parts.row_count,
    parts.root,
    parts.path,
    seals.epoch,
    seals.from_transaction,
    seals.to_transaction,
    seals.seen_transaction,
    seals.columns,
    seals.retired_before,
    seals.summary,
    seals.root AS seal_root,
    seals.sealed_at,
    seals.previous,
    seals.hash,
    seals.key_id,
    seals.signature
   FROM (platform.audit_seal_parts parts
     JOIN platform.audit_seals seals ON (((seals.ledger = parts.ledger) AND (seals.number = parts.number))))
  WHERE (parts.tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.team_seals IS 'audit: tenant: what the seals say of the team''s own rows, and how that leads to what was signed.';

CREATE VIEW mine.tool_performance_daily WITH (security_barrier='true') AS
 SELECT bucket AS day,
    tool_name,
    (successful_calls / (total_calls)::double precision) AS avg_success_rate,
    (duration_sum_ms / (timed_calls)::double precision) AS avg_duration,
    total_cost_usd AS daily_cost,
    usage_count,
    tenant_id,
    total_calls,
    successful_calls,
    timed_calls,
    duration_sum_ms,
    priced_count
   FROM store.tool_performance_daily_now
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.tool_performance_daily IS 'outcomes: tenant: the team''s tools by day; averages are over calls.';

CREATE VIEW mine.tool_usage WITH (security_barrier='true') AS
 SELECT usage_id,
    tenant_id,
    outcome_id,
    simulation_id,
    execution_time,
    tool_name,
    call_count,
    error_count,
    timed_count,
    total_duration_ms,
    avg_duration_ms,
    success_rate,
    tool_sequence,
    total_cost_usd,
    error_types,
    modal_function_calls,
    sandbox_tool_logs,
    created_at
   FROM store.tool_usage
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.tool_usage IS 'outcomes: tenant: the team''s own tool usage.';

CREATE TABLE society.agents (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id character varying(100) NOT NULL,
    name character varying(200) NOT NULL,
    type society.agent_type DEFAULT 'worker'::society.agent_type NOT NULL,
    status society.agent_status DEFAULT 'offline'::society.agent_status NOT NULL,
    status_reason text,
    capabilities text[] DEFAULT '{}'::text[] NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    public_key bytea,
    total_points integer DEFAULT 0 NOT NULL,
    current_tier society.performance_tier DEFAULT 'bronze'::society.performance_tier NOT NULL,
    elo_rating integer DEFAULT 1200 NOT NULL,
    trust_score numeric(5,4),
    battles_fought integer DEFAULT 0 NOT NULL,
    battles_won integer DEFAULT 0 NOT NULL,
    tasks_completed integer DEFAULT 0 NOT NULL,
    tasks_failed integer DEFAULT 0 NOT NULL,
    quality_score_total numeric DEFAULT 0 NOT NULL,
    quality_score_count integer DEFAULT 0 NOT NULL,
    task_time_total_ms numeric DEFAULT 0 NOT NULL,
    task_time_count integer DEFAULT 0 NOT NULL,
    success_rate numeric GENERATED ALWAYS AS (((tasks_completed)::numeric / (NULLIF((tasks_completed + tasks_failed), 0))::numeric)) STORED,
    average_quality_score numeric GENERATED ALWAYS AS ((quality_score_total / (NULLIF(quality_score_count, 0))::numeric)) STORED,
    average_task_time_ms numeric GENERATED ALWAYS AS ((task_time_total_ms / (NULLIF(task_time_count, 0))::numeric)) STORED,
    last_active_at timestamp with time zone,
    created_by uuid DEFAULT platform.user_id(),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT agents_are_named CHECK ((((agent_id)::text <> ''::text) AND ((name)::text <> ''::text))),
    CONSTRAINT agents_counts_are_not_negative CHECK (((LEAST(tasks_completed, tasks_failed, quality_score_count, task_time_count, battles_won) >= 0) AND (battles_won <= battles_fought))),
    CONSTRAINT agents_key_is_ed25519 CHECK ((octet_length(public_key) = 32)),
    CONSTRAINT agents_trust_is_a_share CHECK (((trust_score >= (0)::numeric) AND (trust_score <= (1)::numeric)))
)
WITH (fillfactor='80');

ALTER TABLE ONLY society.agents FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.agents IS 'agents: tenant: who works here: its kind and state, and its figures, which triggers keep.';

COMMENT ON COLUMN society.agents.agent_id IS 'The name by which the world outside knows it; of the team''s live agents no two have the same.';

COMMENT ON COLUMN society.agents.status_reason IS 'Why it is in this state, if that was said; a change of state that says nothing empties it.';

COMMENT ON COLUMN society.agents.total_points IS 'The sum of its point transactions; below zero where more was taken than earned.';

COMMENT ON COLUMN society.agents.success_rate IS 'Of the tasks it ended, the share that it completed; null while there are none.';

COMMENT ON COLUMN society.agents.average_quality_score IS 'Over its completed tasks that have a score: quality_score_total by quality_score_count.';

COMMENT ON COLUMN society.agents.average_task_time_ms IS 'Over its completed tasks whose beginning is known.';

CREATE VIEW mine.v_active_agents WITH (security_barrier='true', security_invoker='true') AS
 SELECT id,
    tenant_id,
    agent_id,
    name,
    type,
    status,
    current_tier,
    total_points,
    elo_rating,
    trust_score,
    tasks_completed,
    tasks_failed,
    success_rate,
    average_quality_score,
    average_task_time_ms,
    battles_fought,
    battles_won,
    capabilities,
    last_active_at,
    created_at,
    updated_at
   FROM society.agents
  WHERE ((tenant_id = ( SELECT platform.login_tenant() AS tenant_id)) AND (deleted_at IS NULL) AND (status <> ALL (ARRAY['offline'::society.agent_status, 'suspended'::society.agent_status, 'retired'::society.agent_status])));

COMMENT ON VIEW mine.v_active_agents IS 'agents: tenant: the agents that are there and may work, with all their figures.';

CREATE TABLE society.mentee_progress (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    pairing_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    curriculum_id uuid NOT NULL,
    progress_percentage numeric(5,2) DEFAULT 0 NOT NULL,
    mastery_level character varying(20) DEFAULT 'novice'::character varying NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    passed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT mentee_progress_attempts_are_not_negative CHECK ((attempts >= 0)),
    CONSTRAINT mentee_progress_mastery_is_known CHECK (((mastery_level)::text = ANY ((ARRAY['novice'::character varying, 'beginner'::character varying, 'competent'::character varying, 'proficient'::character varying, 'expert'::character varying])::text[]))),
    CONSTRAINT mentee_progress_percentage_range CHECK (((progress_percentage >= (0)::numeric) AND (progress_percentage <= (100)::numeric)))
);

ALTER TABLE ONLY society.mentee_progress FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.mentee_progress IS 'mentorship: tenant: how far the mentee of a pairing is with a level of the curriculum.';

CREATE TABLE society.mentorship_pairings (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    mentor_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    skill_focus character varying(100) NOT NULL,
    status society.mentorship_status DEFAULT 'proposed'::society.mentorship_status NOT NULL,
    planned_sessions integer,
    completed_sessions integer DEFAULT 0 NOT NULL,
    completion_percentage numeric GENERATED ALWAYS AS (((100.0 * (LEAST(completed_sessions, planned_sessions))::numeric) / (planned_sessions)::numeric)) STORED,
    match_score numeric(5,4),
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT mentorship_pairings_are_of_two_agents CHECK ((mentor_id <> mentee_id)),
    CONSTRAINT mentorship_pairings_end_after_they_begin CHECK ((ended_at >= started_at)),
    CONSTRAINT mentorship_pairings_match_is_a_share CHECK (((match_score >= (0)::numeric) AND (match_score <= (1)::numeric))),
    CONSTRAINT mentorship_pairings_plan_is_positive CHECK ((planned_sessions > 0)),
    CONSTRAINT mentorship_pairings_sessions_are_not_negative CHECK ((completed_sessions >= 0)),
    CONSTRAINT mentorship_pairings_skill_is_named CHECK (((skill_focus)::text <> ''::text))
);

ALTER TABLE ONLY society.mentorship_pairings FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.mentorship_pairings IS 'mentorship: tenant: who teaches whom, which skill, and how far they have come.';

COMMENT ON COLUMN society.mentorship_pairings.completed_sessions IS 'The sessions that were held; kept by a trigger.';

COMMENT ON COLUMN society.mentorship_pairings.completion_percentage IS 'Of the planned sessions; null where none were planned.';

CREATE VIEW mine.v_active_mentorships WITH (security_barrier='true', security_invoker='true') AS
 SELECT pairings.tenant_id,
    pairings.id,
    pairings.skill_focus,
    pairings.status,
    pairings.mentor_id,
    mentors.agent_id AS mentor_agent_id,
    mentors.name AS mentor_name,
    pairings.mentee_id,
    mentees.agent_id AS mentee_agent_id,
    mentees.name AS mentee_name,
    pairings.planned_sessions,
    pairings.completed_sessions,
    pairings.completion_percentage,
    progress.curriculum_count,
    progress.passed_count,
    progress.average_progress,
    pairings.started_at
   FROM (((society.mentorship_pairings pairings
     JOIN society.agents mentors ON (((mentors.tenant_id = pairings.tenant_id) AND (mentors.id = pairings.mentor_id))))
     JOIN society.agents mentees ON (((mentees.tenant_id = pairings.tenant_id) AND (mentees.id = pairings.mentee_id))))
     CROSS JOIN LATERAL ( SELECT count(*) AS curriculum_count,
            count(mentee_progress.passed_at) AS passed_count,
            avg(mentee_progress.progress_percentage) AS average_progress
           FROM society.mentee_progress
          WHERE ((mentee_progress.tenant_id = pairings.tenant_id) AND (mentee_progress.pairing_id = pairings.id))) progress)
  WHERE ((pairings.tenant_id = ( SELECT platform.login_tenant() AS tenant_id)) AND (pairings.status = 'active'::society.mentorship_status));

COMMENT ON VIEW mine.v_active_mentorships IS 'mentorship: tenant: the pairings at work, and how far they are.';

CREATE VIEW mine.v_active_simulations WITH (security_barrier='true', security_invoker='true') AS
 SELECT simulations.simulation_id,
    simulations.simulation_name,
    simulations.status,
    simulations.completed_scenarios,
    simulations.total_scenarios,
    round(((100.0 * (simulations.completed_scenarios)::numeric) / (simulations.total_scenarios)::numeric), 2) AS progress_pct,
    EXTRACT(epoch FROM (now() - simulations.started_at)) AS runtime_seconds,
    (versions.parsed_config ->> 'model'::text) AS model,
    simulations.tenant_id
   FROM (evaluation.simulations
     JOIN evaluation.config_versions versions ON ((versions.version_id = simulations.config_version_id)))
  WHERE (simulations.status = ANY (ARRAY['pending'::text, 'running'::text]))
  ORDER BY simulations.created_at;

COMMENT ON VIEW mine.v_active_simulations IS 'simulations: tenant: simulations that are not over, and how far they are.';

CREATE TABLE society.global_trust_scores (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    run_id uuid,
    eigentrust_score numeric,
    persistence_score numeric(5,4),
    competence_score numeric(5,4),
    peer_rating_score numeric(5,4),
    composite numeric(5,4),
    trust_level character varying(20) DEFAULT 'untrusted'::character varying NOT NULL,
    rank integer,
    sample_size integer DEFAULT 0 NOT NULL,
    cause text,
    computed_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT global_trust_scores_are_shares CHECK ((((eigentrust_score >= (0)::numeric) AND (eigentrust_score <= (1)::numeric)) AND ((persistence_score >= (0)::numeric) AND (persistence_score <= (1)::numeric)) AND ((competence_score >= (0)::numeric) AND (competence_score <= (1)::numeric)) AND ((peer_rating_score >= (0)::numeric) AND (peer_rating_score <= (1)::numeric)) AND ((composite >= (0)::numeric) AND (composite <= (1)::numeric)))),
    CONSTRAINT global_trust_scores_level_is_known CHECK (((trust_level)::text = ANY ((ARRAY['untrusted'::character varying, 'poor'::character varying, 'fair'::character varying, 'good'::character varying, 'excellent'::character varying, 'outstanding'::character varying])::text[]))),
    CONSTRAINT global_trust_scores_rank_is_positive CHECK ((rank > 0)),
    CONSTRAINT global_trust_scores_sample_is_not_negative CHECK ((sample_size >= 0))
);

ALTER TABLE ONLY society.global_trust_scores FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.global_trust_scores IS 'reputation: tenant: what all dealings together say of an agent, and of what its score is made.';

COMMENT ON COLUMN society.global_trust_scores.eigentrust_score IS 'Its share of all trust: the scores of a run sum to 1.';

COMMENT ON COLUMN society.global_trust_scores.cause IS 'Why it was computed; the history keeps it beside the score.';

CREATE TABLE society.peer_ratings (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    rater_id uuid NOT NULL,
    ratee_id uuid NOT NULL,
    rating integer NOT NULL,
    context character varying(50) DEFAULT 'general'::character varying NOT NULL,
    task_id uuid,
    battle_id uuid,
    comment text,
    weight numeric(8,4) DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT peer_ratings_are_of_others CHECK ((rater_id <> ratee_id)),
    CONSTRAINT peer_ratings_have_one_evidence CHECK ((num_nonnulls(task_id, battle_id) < 2)),
    CONSTRAINT peer_ratings_range CHECK (((rating >= 1) AND (rating <= 5))),
    CONSTRAINT peer_ratings_weight_is_not_negative CHECK ((weight >= (0)::numeric))
);

ALTER TABLE ONLY society.peer_ratings FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.peer_ratings IS 'reputation: tenant: what one agent thinks of another''s work, from 1 to 5.';

CREATE TABLE society.trust_graph (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    from_agent_id uuid NOT NULL,
    to_agent_id uuid NOT NULL,
    context character varying(50) DEFAULT 'general'::character varying NOT NULL,
    local_trust numeric(7,6) NOT NULL,
    interaction_count integer DEFAULT 0 NOT NULL,
    positive_count integer DEFAULT 0 NOT NULL,
    negative_count integer DEFAULT 0 NOT NULL,
    last_interaction_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT trust_graph_counts_agree CHECK (((LEAST(positive_count, negative_count) >= 0) AND ((positive_count + negative_count) <= interaction_count))),
    CONSTRAINT trust_graph_is_between_two_agents CHECK ((from_agent_id <> to_agent_id)),
    CONSTRAINT trust_graph_trust_is_a_share CHECK (((local_trust >= (0)::numeric) AND (local_trust <= (1)::numeric)))
);

ALTER TABLE ONLY society.trust_graph FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.trust_graph IS 'reputation: tenant: how far one agent trusts another, from their dealings.';

CREATE VIEW mine.v_agent_reputation WITH (security_barrier='true', security_invoker='true') AS
 SELECT agents.tenant_id,
    agents.id AS agent_uuid,
    agents.agent_id,
    agents.name,
    agents.type,
    agents.current_tier,
    agents.trust_score,
    scores.trust_level,
    scores.eigentrust_score,
    scores.persistence_score,
    scores.competence_score,
    scores.peer_rating_score,
    scores.composite,
    scores.rank,
    scores.sample_size,
    scores.computed_at,
    ratings.rating_count,
    ratings.average_rating,
    edges.trusted_by_count,
    edges.interaction_count
   FROM (((society.agents
     LEFT JOIN society.global_trust_scores scores ON (((scores.tenant_id = agents.tenant_id) AND (scores.agent_id = agents.id))))
     CROSS JOIN LATERAL ( SELECT count(*) AS rating_count,
            avg(peer_ratings.rating) AS average_rating
           FROM society.peer_ratings
          WHERE ((peer_ratings.tenant_id = agents.tenant_id) AND (peer_ratings.ratee_id = agents.id))) ratings)
     CROSS JOIN LATERAL ( SELECT count(DISTINCT trust_graph.from_agent_id) FILTER (WHERE (trust_graph.local_trust > (0)::numeric)) AS trusted_by_count,
            COALESCE(sum(trust_graph.interaction_count), (0)::bigint) AS interaction_count
           FROM society.trust_graph
          WHERE ((trust_graph.tenant_id = agents.tenant_id) AND (trust_graph.to_agent_id = agents.id))) edges)
  WHERE ((agents.tenant_id = ( SELECT platform.login_tenant() AS tenant_id)) AND (agents.deleted_at IS NULL));

COMMENT ON VIEW mine.v_agent_reputation IS 'reputation: tenant: all that is known of each agent''s reputation; what was never computed is null.';

CREATE TABLE society.leaderboard_periods (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    category character varying(50) NOT NULL,
    period character varying(20) NOT NULL,
    period_start date NOT NULL,
    period_end date,
    closed_at timestamp with time zone,
    snapshot_hash bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT leaderboard_periods_category_is_known CHECK (((category)::text = ANY ((ARRAY['overall'::character varying, 'points'::character varying, 'quality'::character varying, 'battles'::character varying, 'trust'::character varying, 'collaboration'::character varying, 'mentorship'::character varying, 'tasks'::character varying])::text[]))),
    CONSTRAINT leaderboard_periods_end_after_they_begin CHECK ((period_end > period_start)),
    CONSTRAINT leaderboard_periods_end_unless_they_are_for_all_time CHECK ((((period)::text = 'all_time'::text) = (period_end IS NULL))),
    CONSTRAINT leaderboard_periods_hash_is_sha256 CHECK ((octet_length(snapshot_hash) = 32)),
    CONSTRAINT leaderboard_periods_period_is_known CHECK (((period)::text = ANY ((ARRAY['daily'::character varying, 'weekly'::character varying, 'monthly'::character varying, 'quarterly'::character varying, 'yearly'::character varying, 'all_time'::character varying])::text[])))
);

ALTER TABLE ONLY society.leaderboard_periods FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.leaderboard_periods IS 'leaderboards: tenant: which boards there are, for which days, and which are closed and change no more.';

COMMENT ON COLUMN society.leaderboard_periods.period_end IS 'The first day that no longer belongs to it, in UTC.';

CREATE TABLE society.leaderboard_rankings (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    category character varying(50) NOT NULL,
    period character varying(20) NOT NULL,
    period_start date NOT NULL,
    agent_id uuid NOT NULL,
    rank integer NOT NULL,
    score numeric NOT NULL,
    previous_rank integer,
    rank_change integer,
    ci_low numeric,
    ci_high numeric,
    tie_group integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT leaderboard_rankings_change_is_from_the_previous CHECK ((NOT (rank_change IS DISTINCT FROM (previous_rank - rank)))),
    CONSTRAINT leaderboard_rankings_ranks_are_positive CHECK (((rank > 0) AND ((previous_rank IS NULL) OR (previous_rank > 0)))),
    CONSTRAINT leaderboard_rankings_score_is_in_its_interval CHECK (((ci_low <= score) AND (score <= ci_high)))
);

ALTER TABLE ONLY society.leaderboard_rankings FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.leaderboard_rankings IS 'leaderboards: tenant: the ranks of a board; equal scores share a rank and the next is left out.';

COMMENT ON COLUMN society.leaderboard_rankings.rank_change IS 'Ranks gained since the period before; null for somebody new, never 0.';

CREATE VIEW mine.v_current_leaderboard WITH (security_barrier='true', security_invoker='true') AS
 SELECT rankings.tenant_id,
    rankings.category,
    rankings.period,
    rankings.period_start,
    periods.period_end,
    rankings.rank,
    rankings.previous_rank,
    rankings.rank_change,
    rankings.score,
    rankings.ci_low,
    rankings.ci_high,
    agents.id AS agent_uuid,
    agents.agent_id,
    agents.name,
    agents.current_tier,
    periods.closed_at
   FROM ((society.leaderboard_rankings rankings
     JOIN society.leaderboard_periods periods USING (tenant_id, category, period, period_start))
     JOIN society.agents ON (((agents.tenant_id = rankings.tenant_id) AND (agents.id = rankings.agent_id))))
  WHERE ((rankings.tenant_id = ( SELECT platform.login_tenant() AS tenant_id)) AND ((rankings.period)::text = 'weekly'::text) AND (rankings.period_start <= ((now() AT TIME ZONE 'UTC'::text))::date) AND (periods.period_end > ((now() AT TIME ZONE 'UTC'::text))::date));

COMMENT ON VIEW mine.v_current_leaderboard IS 'leaderboards: tenant: the ranks of the current week, in every category.';

CREATE VIEW mine.v_dashboard_active_simulations WITH (security_barrier='true', security_invoker='true') AS
 SELECT simulations.simulation_id,
    simulations.simulation_name,
    simulations.status,
    simulations.completed_scenarios,
    simulations.total_scenarios,
    round(((100.0 * (simulations.completed_scenarios)::numeric) / (simulations.total_scenarios)::numeric), 2) AS progress_pct,
    EXTRACT(epoch FROM (now() - simulations.started_at)) AS runtime_seconds,
    simulations.modal_app_id,
    (versions.parsed_config ->> 'model'::text) AS model_name,
    (COALESCE(recorded.outcomes, (0)::numeric))::bigint AS outcomes_recorded,
    simulations.tenant_id
   FROM ((evaluation.simulations
     JOIN evaluation.config_versions versions ON ((versions.version_id = simulations.config_version_id)))
     LEFT JOIN ( SELECT simulation_performance_hourly.simulation_id,
            sum(simulation_performance_hourly.total_outcomes) AS outcomes
           FROM mine.simulation_performance_hourly
          WHERE (simulation_performance_hourly.simulation_id = ANY (ARRAY( SELECT simulations_1.simulation_id
                   FROM evaluation.simulations simulations_1
                  WHERE (simulations_1.status = ANY (ARRAY['pending'::text, 'running'::text])))))
          GROUP BY simulation_performance_hourly.simulation_id) recorded ON ((recorded.simulation_id = simulations.simulation_id)))
  WHERE (simulations.status = ANY (ARRAY['pending'::text, 'running'::text]))
  ORDER BY simulations.created_at DESC;

COMMENT ON VIEW mine.v_dashboard_active_simulations IS 'simulations: tenant: simulations that are not over, how far they are, and how many outcomes they have.';

CREATE VIEW mine.v_dashboard_cost_analysis WITH (security_barrier='true', security_invoker='true') AS
 WITH spent AS MATERIALIZED (
         SELECT days.tenant_id,
            days.day,
            simulations.config_version_id,
            sum(days.total_outcomes) AS outcomes,
            sum(days.total_cost_usd) AS cost,
            sum(days.priced_outcomes) AS priced,
            sum(days.total_tokens) AS tokens,
            sum(days.counted_outcomes) AS counted
           FROM (mine.simulation_performance_daily days
             JOIN evaluation.simulations ON ((simulations.simulation_id = days.simulation_id)))
          WHERE (days.day >= date_trunc('day'::text, (now() - '30 days'::interval), 'UTC'::text))
          GROUP BY days.tenant_id, days.day, simulations.config_version_id
        ), models AS MATERIALIZED (
         SELECT config_versions.version_id,
            (config_versions.parsed_config ->> 'model'::text) AS model
           FROM evaluation.config_versions
          WHERE (config_versions.version_id = ANY (ARRAY( SELECT DISTINCT spent_1.config_version_id
                   FROM spent spent_1)))
        )
 SELECT spent.day,
    models.model,
    (sum(spent.outcomes))::bigint AS executions,
    sum(spent.cost) AS total_cost,
    (sum(spent.cost) / NULLIF(sum(spent.priced), (0)::numeric)) AS avg_cost_per_execution,
    (sum(spent.tokens))::bigint AS total_tokens,
    (sum(spent.tokens) / NULLIF(sum(spent.counted), (0)::numeric)) AS avg_tokens_per_execution,
    spent.tenant_id
   FROM (spent
     JOIN models ON ((models.version_id = spent.config_version_id)))
  GROUP BY spent.tenant_id, spent.day, models.model
  ORDER BY spent.day DESC, (sum(spent.cost)) DESC NULLS LAST;

COMMENT ON VIEW mine.v_dashboard_cost_analysis IS 'outcomes: tenant: what the last 30 days cost, by day and model; averages are over the outcomes whose cost, or tokens, are known.';

CREATE VIEW mine.v_dashboard_pending_recommendations WITH (security_barrier='true', security_invoker='true') AS
 SELECT recommendations.recommendation_id,
    recommendations.recommendation_type,
    recommendations.description,
    recommendations.confidence,
    recommendations.impact_estimate,
    recommendations.suggested_yaml_changes,
    COALESCE(sessions.llm_model, recommendations.llm_model_used) AS generated_by_model,
    sessions.data_window_start,
    sessions.data_window_end,
    recommendations.created_at,
    recommendations.tenant_id
   FROM (evaluation.recommendations
     LEFT JOIN evaluation.llm_recommendation_sessions sessions ON ((sessions.session_id = recommendations.session_id)))
  WHERE ((NOT recommendations.applied) AND (recommendations.confidence > (0.7)::double precision))
  ORDER BY recommendations.confidence DESC, recommendations.created_at DESC
 LIMIT 10;

COMMENT ON VIEW mine.v_dashboard_pending_recommendations IS 'recommendations: tenant: the ten most certain recommendations that nobody has applied yet.';

CREATE VIEW mine.v_dashboard_performance_trends WITH (security_barrier='true', security_invoker='true') AS
 SELECT day,
    (sum(total_outcomes))::bigint AS total_executions,
    (sum(reliability_sum) / (NULLIF(sum(scored_outcomes), (0)::numeric))::double precision) AS avg_reliability,
    (sum(execution_time_sum_ms) / (NULLIF(sum(timed_outcomes), (0)::numeric))::double precision) AS avg_duration_ms,
    sum(total_cost_usd) AS daily_cost,
    (sum(error_count))::bigint AS error_count,
    round(((100.0 * sum(error_count)) / sum(total_outcomes)), 2) AS error_rate_pct,
    tenant_id
   FROM mine.simulation_performance_daily
  WHERE (day >= date_trunc('day'::text, (now() - '30 days'::interval), 'UTC'::text))
  GROUP BY tenant_id, day
  ORDER BY day DESC;

COMMENT ON VIEW mine.v_dashboard_performance_trends IS 'outcomes: tenant: outcomes of the last 30 days, by day.';

CREATE VIEW mine.v_error_rates WITH (security_barrier='true', security_invoker='true') AS
 SELECT day,
    scenario_id,
    total_outcomes AS total_runs,
    error_count,
    round(((100.0 * (error_count)::numeric) / (total_outcomes)::numeric), 2) AS error_rate_pct,
    tenant_id
   FROM mine.scenario_performance_daily
  WHERE ((day >= date_trunc('day'::text, (now() - '7 days'::interval), 'UTC'::text)) AND (total_outcomes >= 10))
  ORDER BY day DESC, (round(((100.0 * (error_count)::numeric) / (total_outcomes)::numeric), 2)) DESC;

COMMENT ON VIEW mine.v_error_rates IS 'outcomes: tenant: how often each scenario ended in an error, by day, over a week; scenarios with ten outcomes or more.';

CREATE VIEW mine.v_llm_config_performance WITH (security_barrier='true', security_invoker='true') AS
 SELECT versions.config_id,
    versions.version_number,
    versions.parsed_config,
    played.day,
    played.outcomes AS total_executions,
    played.avg_reliability,
    played.avg_execution_time,
    played.daily_cost,
    played.error_count,
    played.tenant_id
   FROM (( SELECT days.tenant_id,
            days.day,
            simulations.config_version_id,
            (sum(days.total_outcomes))::bigint AS outcomes,
            (sum(days.reliability_sum) / (NULLIF(sum(days.scored_outcomes), (0)::numeric))::double precision) AS avg_reliability,
            (sum(days.execution_time_sum_ms) / (NULLIF(sum(days.timed_outcomes), (0)::numeric))::double precision) AS avg_execution_time,
            sum(days.total_cost_usd) AS daily_cost,
            (sum(days.error_count))::bigint AS error_count
           FROM (mine.simulation_performance_daily days
             JOIN evaluation.simulations ON ((simulations.simulation_id = days.simulation_id)))
          WHERE (days.day >= date_trunc('day'::text, (now() - '90 days'::interval), 'UTC'::text))
          GROUP BY days.tenant_id, days.day, simulations.config_version_id) played
     JOIN evaluation.config_versions versions ON ((versions.version_id = played.config_version_id)))
  ORDER BY played.day DESC, played.avg_reliability DESC NULLS LAST;

COMMENT ON VIEW mine.v_llm_config_performance IS 'outcomes: tenant: outcomes of the last 90 days by day and version of a configuration.';

CREATE VIEW mine.v_llm_failure_analysis WITH (security_barrier='true', security_invoker='true') AS
 SELECT date_trunc('day'::text, patterns.execution_time, 'UTC'::text) AS day,
    patterns.failure_category,
    count(*) AS daily_failures,
    avg(patterns.cluster_confidence) AS avg_confidence,
    (array_agg(DISTINCT patterns.error_message) FILTER (WHERE (patterns.error_message IS NOT NULL)))[1:20] AS sample_errors,
    array_agg(DISTINCT COALESCE(patterns.scenario_id, outcomes.scenario_id)) FILTER (WHERE (COALESCE(patterns.scenario_id, outcomes.scenario_id) IS NOT NULL)) AS affected_scenarios,
    patterns.tenant_id
   FROM (mine.failure_patterns patterns
     LEFT JOIN mine.outcomes ON (((patterns.scenario_id IS NULL) AND (outcomes.outcome_id = patterns.outcome_id) AND (outcomes.execution_time = patterns.execution_time))))
  WHERE (patterns.execution_time >= date_trunc('day'::text, (now() - '30 days'::interval), 'UTC'::text))
  GROUP BY patterns.tenant_id, (date_trunc('day'::text, patterns.execution_time, 'UTC'::text)), patterns.failure_category
  ORDER BY (date_trunc('day'::text, patterns.execution_time, 'UTC'::text)) DESC, (count(*)) DESC;

COMMENT ON VIEW mine.v_llm_failure_analysis IS 'failures: tenant: failures of the last 30 days by day and category, with up to twenty of their messages and the scenarios they happened in.';

CREATE VIEW mine.v_llm_scenario_trends WITH (security_barrier='true', security_invoker='true') AS
 SELECT scenario_id,
    date_trunc('week'::text, day, 'UTC'::text) AS week,
    (sum(total_outcomes))::bigint AS executions,
    (sum(reliability_sum) / (NULLIF(sum(scored_outcomes), (0)::numeric))::double precision) AS avg_reliability,
        CASE
            WHEN (sum(scored_outcomes) > (1)::numeric) THEN sqrt((GREATEST((sum(reliability_square_sum) - ((sum(reliability_sum) ^ (2)::double precision) / (sum(scored_outcomes))::double precision)), (0)::double precision) / ((sum(scored_outcomes) - (1)::numeric))::double precision))
            ELSE NULL::double precision
        END AS reliability_variance,
    (sum(execution_time_sum_ms) / (NULLIF(sum(timed_outcomes), (0)::numeric))::double precision) AS avg_duration,
    (sum(timeout_count))::bigint AS timeout_count,
    tenant_id
   FROM mine.scenario_performance_daily
  WHERE (day >= date_trunc('day'::text, (now() - '6 mons'::interval), 'UTC'::text))
  GROUP BY tenant_id, scenario_id, (date_trunc('week'::text, day, 'UTC'::text))
  ORDER BY (date_trunc('week'::text, day, 'UTC'::text)) DESC, (sum(reliability_sum) / (NULLIF(sum(scored_outcomes), (0)::numeric))::double precision);

COMMENT ON VIEW mine.v_llm_scenario_trends IS 'outcomes: tenant: outcomes of the last six months by week and scenario; reliability_variance is their standard deviation.';

CREATE VIEW mine.v_system_performance WITH (security_barrier='true', security_invoker='true') AS
 SELECT date_trunc('hour'::text, created_at, 'UTC'::text) AS hour,
    count(*) AS total_simulations,
    avg(execution_time_ms) AS avg_execution_time,
    sum(total_cost_usd) AS total_cost,
    count(*) FILTER (WHERE (status = 'failed'::text)) AS failed_count,
    avg(overall_score) AS avg_score,
    tenant_id
   FROM evaluation.simulations
  WHERE (created_at > (now() - '24:00:00'::interval))
  GROUP BY tenant_id, (date_trunc('hour'::text, created_at, 'UTC'::text))
  ORDER BY (date_trunc('hour'::text, created_at, 'UTC'::text));

COMMENT ON VIEW mine.v_system_performance IS 'simulations: tenant: simulations of the last 24 hours, by the hour in which they were planned.';

CREATE TABLE society.tasks (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_id character varying(100) NOT NULL,
    title character varying(500) NOT NULL,
    description text,
    status society.agent_task_status DEFAULT 'pending'::society.agent_task_status NOT NULL,
    priority society.agent_task_priority DEFAULT 'medium'::society.agent_task_priority NOT NULL,
    queue_id uuid,
    assigned_to uuid,
    required_skills text[] DEFAULT '{}'::text[] NOT NULL,
    payload jsonb DEFAULT '{}'::jsonb NOT NULL,
    result jsonb,
    quality_score numeric(5,4),
    attempts integer DEFAULT 0 NOT NULL,
    max_attempts integer DEFAULT 3 NOT NULL,
    attempt_token uuid,
    lease_expires_at timestamp with time zone,
    deadline timestamp with time zone,
    queued_at timestamp with time zone,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    duration_ms numeric GENERATED ALWAYS AS ((EXTRACT(epoch FROM (completed_at - started_at)) * (1000)::numeric)) STORED,
    created_by uuid DEFAULT platform.user_id(),
    requested_by uuid DEFAULT society.acting_agent(),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT tasks_are_named CHECK ((((task_id)::text <> ''::text) AND ((title)::text <> ''::text))),
    CONSTRAINT tasks_at_work_have_an_agent CHECK (((status <> ALL (ARRAY['assigned'::society.agent_task_status, 'in_progress'::society.agent_task_status])) OR (assigned_to IS NOT NULL))),
    CONSTRAINT tasks_attempts_are_within_the_limit CHECK ((((attempts >= 0) AND (attempts <= max_attempts)) AND (max_attempts > 0))),
    CONSTRAINT tasks_end_after_they_begin CHECK ((completed_at >= started_at)),
    CONSTRAINT tasks_end_is_recorded CHECK (((status = ANY (ARRAY['completed'::society.agent_task_status, 'failed'::society.agent_task_status, 'cancelled'::society.agent_task_status])) = (completed_at IS NOT NULL))),
    CONSTRAINT tasks_quality_is_a_share CHECK (((quality_score >= (0)::numeric) AND (quality_score <= (1)::numeric)))
)
WITH (fillfactor='80');

ALTER TABLE ONLY society.tasks FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.tasks IS 'tasks: tenant: work that is given to agents.';

COMMENT ON COLUMN society.tasks.completed_at IS 'When it ended, whichever way.';

CREATE VIEW mine.v_task_queue_summary WITH (security_barrier='true', security_invoker='true') AS
 SELECT tenant_id,
    status,
    priority,
    count(*) AS task_count,
    count(*) FILTER (WHERE (assigned_to IS NULL)) AS unassigned_count,
    count(*) FILTER (WHERE (deadline < now())) AS overdue_count,
    min(created_at) AS oldest_created_at,
    avg((EXTRACT(epoch FROM (now() - created_at)) * (1000)::numeric)) AS average_wait_ms
   FROM society.tasks
  WHERE ((tenant_id = ( SELECT platform.login_tenant() AS tenant_id)) AND (deleted_at IS NULL) AND (status <> ALL (ARRAY['completed'::society.agent_task_status, 'failed'::society.agent_task_status, 'cancelled'::society.agent_task_status])))
  GROUP BY tenant_id, status, priority;

COMMENT ON VIEW mine.v_task_queue_summary IS 'tasks: tenant: how many tasks stand in which state and priority, and how long they have waited.';

CREATE VIEW platform.analytics_events AS
 SELECT id,
    "timestamp",
    session_id,
    event_type,
    event_properties,
    user_properties,
    device_properties,
    geo_properties,
    referrer_properties,
    tenant_id
   FROM store.analytics_events
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW platform.analytics_events IS 'analytics: tenant: what the team''s own people look at.';

CREATE TABLE platform.api_keys (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    user_id uuid DEFAULT platform.user_id() NOT NULL,
    key_hash character varying(64) NOT NULL,
    user_identifier character varying(100),
    name character varying(100),
    scopes text[] DEFAULT '{}'::text[] NOT NULL,
    rate_limit integer DEFAULT 1000,
    last_used_at timestamp with time zone,
    expires_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT api_keys_hash_is_sha256 CHECK (((key_hash)::text ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT api_keys_rate_is_positive CHECK ((rate_limit > 0)),
    CONSTRAINT api_keys_revoked_are_inactive CHECK ((is_active = (revoked_at IS NULL))),
    CONSTRAINT api_keys_scopes_are_few CHECK ((cardinality(scopes) <= 20))
)
WITH (fillfactor='80');

ALTER TABLE ONLY platform.api_keys FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.api_keys IS 'identity: tenant: keys with which programs act for a person in a team.';

COMMENT ON COLUMN platform.api_keys.key_hash IS 'SHA-256 of the whole key, in hexadecimal: its secret has 256 random bits, so nothing slower is needed.';

COMMENT ON COLUMN platform.api_keys.rate_limit IS 'Requests in an hour; null is without a limit.';

COMMENT ON COLUMN platform.api_keys.last_used_at IS 'To the minute.';

CREATE TABLE platform.archives (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    series text NOT NULL,
    partition text NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    row_count bigint NOT NULL,
    digest text NOT NULL,
    file text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    dropped_at timestamp with time zone,
    restored_at timestamp with time zone,
    kept_until timestamp with time zone,
    CONSTRAINT archives_count_is_not_negative CHECK ((row_count >= 0)),
    CONSTRAINT archives_restored_is_kept CHECK (((kept_until IS NULL) OR (restored_at IS NOT NULL))),
    CONSTRAINT archives_span_is_positive CHECK ((ends_at > starts_at))
);

COMMENT ON TABLE platform.archives IS 'operations: system: the files that partitions went to, with what must be found in them.';

COMMENT ON COLUMN platform.archives.digest IS 'What platform.fingerprint says of the rows.';

COMMENT ON COLUMN platform.archives.file IS 'Relative to the directory of archives.';

COMMENT ON COLUMN platform.archives.kept_until IS 'Restored rows are not dropped before.';

CREATE TABLE platform.audit_exemptions (
    relation text NOT NULL,
    operations text[] DEFAULT '{INSERT,UPDATE,DELETE}'::text[] NOT NULL,
    reason text NOT NULL,
    CONSTRAINT audit_exemptions_have_a_reason CHECK ((reason <> ''::text)),
    CONSTRAINT audit_exemptions_operations_are_known CHECK (((operations <@ '{INSERT,UPDATE,DELETE}'::text[]) AND (operations <> '{}'::text[])))
);

COMMENT ON TABLE platform.audit_exemptions IS 'audit: system: the tables outside schema store whose changes leave no image in the audit log, and why.';

CREATE VIEW platform.audit_log AS
 SELECT log_id,
    tenant_id,
    table_name,
    operation,
    user_id,
    old_data,
    new_data,
    ip_address,
    user_agent,
    modal_call_context,
    "timestamp",
    table_schema,
    record_key,
    agent_id,
    actor_role,
    request_id,
    epoch,
    transaction_id,
    digest,
    redaction_id
   FROM store.audit_log
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW platform.audit_log IS 'audit: tenant: the team''s own part of the audit log; nobody may change it.';

CREATE VIEW platform.audit_logs AS
 SELECT id,
    tenant_id,
    "timestamp",
    user_id,
    action,
    resource_type,
    resource_id,
    ip_address,
    user_agent,
    request_data,
    response_status,
    duration_ms,
    request_id,
    epoch,
    transaction_id,
    digest,
    redaction_id
   FROM store.audit_logs
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW platform.audit_logs IS 'audit: tenant: the team''s own requests; nobody may change them.';

CREATE TABLE platform.audit_redactions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    reason text NOT NULL,
    requested_by uuid,
    row_counts jsonb NOT NULL,
    evidence jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT audit_redactions_have_a_reason CHECK ((reason <> ''::text)),
    CONSTRAINT audit_redactions_kind_is_known CHECK ((kind = ANY (ARRAY['user'::text, 'team'::text])))
);

COMMENT ON TABLE platform.audit_redactions IS 'audit: system: each erasure of a person or a team from the ledgers; its own row in the audit log is sealed like any other.';

COMMENT ON COLUMN platform.audit_redactions.evidence IS 'Ledger, redaction, day: SHA-256 over digest and remaining text of the rows that the redaction has emptied and no later one.';

CREATE VIEW platform.audit_trail AS
 SELECT log_id AS id,
    "timestamp",
    ((user_id)::text)::character varying(100) AS user_id,
    (operation)::character varying(50) AS action,
    (table_name)::character varying(50) AS table_name,
    ( SELECT (min(keys.value))::uuid AS min
           FROM jsonb_each_text(audit_log.record_key) keys(name, value)
          WHERE (keys.name <> 'tenant_id'::text)
         HAVING ((count(*) = 1) AND (min(keys.value) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'::text))) AS record_id,
    old_data AS old_values,
    new_data AS new_values,
    ip_address,
    user_agent,
    tenant_id
   FROM store.audit_log
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW platform.audit_trail IS 'audit: tenant: the audit log in the columns of AI-GO; record_id where the key is one UUID.';

CREATE TABLE platform.background_task_dependencies (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_id uuid NOT NULL,
    depends_on_task_id uuid NOT NULL,
    on_failure character varying(10) DEFAULT 'cancel'::character varying NOT NULL,
    is_settled boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT background_task_dependencies_are_of_two_jobs CHECK ((task_id <> depends_on_task_id)),
    CONSTRAINT background_task_dependencies_policy_is_known CHECK (((on_failure)::text = ANY ((ARRAY['cancel'::character varying, 'ignore'::character varying, 'fail'::character varying])::text[])))
)
WITH (fillfactor='80');

ALTER TABLE ONLY platform.background_task_dependencies FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.background_task_dependencies IS 'jobs: tenant: which job waits for which, and what becomes of it if that fails; made with the job, so never in a circle.';

COMMENT ON COLUMN platform.background_task_dependencies.is_settled IS 'Whether the job has stopped waiting for this one; then it is not counted in open_dependencies.';

CREATE VIEW platform.background_task_history AS
 SELECT tenant_id,
    task_id,
    event,
    attempt,
    attempt_token,
    worker_id,
    error_message,
    error_stack,
    detail,
    created_at
   FROM store.background_task_history
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW platform.background_task_history IS 'jobs: tenant: the history of the team''s own jobs.';

CREATE TABLE platform.background_tasks (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_type character varying(100) NOT NULL,
    payload jsonb DEFAULT '{}'::jsonb NOT NULL,
    status platform.job_status DEFAULT 'pending'::platform.job_status NOT NULL,
    priority platform.job_priority DEFAULT 'normal'::platform.job_priority NOT NULL,
    worker_id character varying(255),
    attempts integer DEFAULT 0 NOT NULL,
    attempt_token uuid,
    leased_until timestamp with time zone,
    heartbeat_at timestamp with time zone,
    deadline_at timestamp with time zone,
    retry_count integer DEFAULT 0 NOT NULL,
    max_retries integer NOT NULL,
    error_message text,
    result jsonb,
    idempotency_key text,
    created_by uuid DEFAULT platform.user_id(),
    scheduled_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    lane integer NOT NULL,
    place timestamp with time zone,
    seq bigint NOT NULL,
    fair_key character varying(255) NOT NULL,
    weight double precision DEFAULT 1 NOT NULL,
    unique_key character varying(255),
    timeout interval,
    open_dependencies integer DEFAULT 0 NOT NULL,
    CONSTRAINT background_tasks_attempts_is_not_negative CHECK ((attempts >= 0)),
    CONSTRAINT background_tasks_end_is_recorded CHECK (((status = ANY (ARRAY['completed'::platform.job_status, 'failed'::platform.job_status, 'cancelled'::platform.job_status, 'dead_letter'::platform.job_status])) = (completed_at IS NOT NULL))),
    CONSTRAINT background_tasks_key_length CHECK (((length(idempotency_key) >= 1) AND (length(idempotency_key) <= 255))),
    CONSTRAINT background_tasks_lease_is_for_work CHECK (((leased_until IS NULL) OR (status = ANY (ARRAY['queued'::platform.job_status, 'running'::platform.job_status, 'stuck'::platform.job_status])))),
    CONSTRAINT background_tasks_payload_size CHECK ((pg_column_size(payload) <= 1048576)),
    CONSTRAINT background_tasks_retries_are_within_the_limit CHECK (((retry_count >= 0) AND (retry_count <= max_retries))),
    CONSTRAINT background_tasks_running_is_leased CHECK (((status <> ALL (ARRAY['queued'::platform.job_status, 'running'::platform.job_status])) OR ((worker_id IS NOT NULL) AND (attempt_token IS NOT NULL) AND (started_at IS NOT NULL)))),
    CONSTRAINT background_tasks_timeout_is_positive CHECK ((timeout > '00:00:00'::interval)),
    CONSTRAINT background_tasks_type_is_named CHECK (((task_type)::text <> ''::text)),
    CONSTRAINT background_tasks_unique_key_length CHECK ((length((unique_key)::text) >= 1)),
    CONSTRAINT background_tasks_waits_for_none_or_more CHECK ((open_dependencies >= 0)),
    CONSTRAINT background_tasks_weight_is_positive CHECK ((weight > (0)::double precision))
)
WITH (fillfactor='80', autovacuum_vacuum_scale_factor='0.01', autovacuum_vacuum_cost_delay='0');

ALTER TABLE ONLY platform.background_tasks FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.background_tasks IS 'jobs: tenant: work that the machine does for a team, in the background, under a lease.';

COMMENT ON COLUMN platform.background_tasks.attempt_token IS 'Given out with each claim; who finishes a job names it, so that one who has lost the lease is refused.';

COMMENT ON COLUMN platform.background_tasks.leased_until IS 'When this attempt counts as hung though its worker lives; whether the worker lives is said by platform.task_workers.';

COMMENT ON COLUMN platform.background_tasks.heartbeat_at IS 'When its attempt was last said to make progress.';

COMMENT ON COLUMN platform.background_tasks.deadline_at IS 'When nobody needs it any more: what has not ended by then goes to the dead letters.';

COMMENT ON COLUMN platform.background_tasks.idempotency_key IS 'Named by whoever enqueues: a second job of the team with the same key is refused.';

COMMENT ON COLUMN platform.background_tasks.place IS 'Where it stands in its lane while it may be begun; null while it may not.';

COMMENT ON COLUMN platform.background_tasks.fair_key IS 'Jobs of one lane and priority take turns by it; its team, where nothing else was said.';

COMMENT ON COLUMN platform.background_tasks.weight IS 'Against others of the same turn: 2 comes up twice as often.';

COMMENT ON COLUMN platform.background_tasks.unique_key IS 'No second job of the team has it before this one has ended.';

COMMENT ON COLUMN platform.background_tasks.timeout IS 'How long an attempt may take before it counts as hung.';

COMMENT ON COLUMN platform.background_tasks.open_dependencies IS 'How many jobs it still waits for.';

ALTER TABLE platform.background_tasks ALTER COLUMN seq ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME platform.background_tasks_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE UNLOGGED TABLE platform.cache_counters (
    key character varying(200) NOT NULL,
    total bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL
)
WITH (fillfactor='70');

COMMENT ON TABLE platform.cache_counters IS 'cache: system: what processes count together for a while; a crash empties it.';

COMMENT ON COLUMN platform.cache_counters.expires_at IS 'Counted from the first addition; from then on the counter begins anew.';

CREATE TABLE platform.clickhouse_analytics (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    event_type character varying(100) NOT NULL,
    event_data jsonb NOT NULL,
    user_id uuid DEFAULT platform.user_id(),
    session_id uuid,
    "timestamp" timestamp with time zone DEFAULT now() NOT NULL,
    exported boolean DEFAULT false NOT NULL,
    exported_at timestamp with time zone,
    CONSTRAINT clickhouse_analytics_export_is_dated CHECK ((exported = (exported_at IS NOT NULL))),
    CONSTRAINT clickhouse_analytics_size CHECK ((pg_column_size(event_data) <= 1048576)),
    CONSTRAINT clickhouse_analytics_type_is_named CHECK (((event_type)::text <> ''::text))
)
WITH (autovacuum_vacuum_scale_factor='0.01');

ALTER TABLE ONLY platform.clickhouse_analytics FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.clickhouse_analytics IS 'analytics: tenant: events on their way to ClickHouse; those that have left are deleted by upkeep.';

COMMENT ON COLUMN platform.clickhouse_analytics.session_id IS 'The session in which it happened; sessions end, events stay, so no key leads there.';

CREATE VIEW platform.connection_stats AS
 SELECT datname,
    count(*) AS connections,
        CASE
            WHEN bool_and(is_shown) THEN count(*) FILTER (WHERE (state = 'active'::text))
            ELSE NULL::bigint
        END AS active,
        CASE
            WHEN bool_and(is_shown) THEN count(*) FILTER (WHERE (state = 'idle'::text))
            ELSE NULL::bigint
        END AS idle,
        CASE
            WHEN bool_and(is_shown) THEN count(*) FILTER (WHERE (state = 'idle in transaction'::text))
            ELSE NULL::bigint
        END AS idle_in_transaction,
    max(EXTRACT(epoch FROM (now() - query_start))) FILTER (WHERE (state <> 'idle'::text)) AS longest_query_seconds,
    max(EXTRACT(epoch FROM (now() - xact_start))) AS longest_transaction_seconds,
    (current_setting('max_connections'::text))::integer AS max_connections
   FROM ( SELECT pg_stat_activity.datname,
            pg_stat_activity.state,
            pg_stat_activity.query_start,
            pg_stat_activity.xact_start,
            (pg_stat_activity.query IS DISTINCT FROM '<insufficient privilege>'::text) AS is_shown
           FROM pg_stat_activity
          WHERE (pg_stat_activity.datname IS NOT NULL)) sessions
  GROUP BY datname;

COMMENT ON VIEW platform.connection_stats IS 'operations: system: how many sessions each database has, and what they do; null where that is hidden from whoever asks.';

CREATE VIEW platform.daily_stats AS
 SELECT bucket AS day,
    event_type,
    event_count,
    unique_sessions,
        CASE
            WHEN ((event_type)::text = 'model_view'::text) THEN ( SELECT jsonb_object_agg(views.model, views.n) AS jsonb_object_agg
               FROM store.daily_model_views_now views
              WHERE ((views.tenant_id = days.tenant_id) AND (views.bucket = days.bucket)))
            ELSE NULL::jsonb
        END AS model_views,
    tenant_id
   FROM store.daily_stats_now days
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW platform.daily_stats IS 'analytics: tenant: what the team''s own people looked at, by day; unique_sessions are those of the day and do not add up.';

CREATE TABLE platform.dead_letter_queue (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    original_task_id uuid,
    task_type character varying(100) NOT NULL,
    payload jsonb NOT NULL,
    error_message text NOT NULL,
    error_stack text,
    retry_history jsonb DEFAULT '[]'::jsonb NOT NULL,
    moved_at timestamp with time zone DEFAULT now() NOT NULL,
    resolution text,
    resolved_by uuid,
    resolved_at timestamp with time zone,
    CONSTRAINT dead_letter_queue_history_is_a_list CHECK ((jsonb_typeof(retry_history) = 'array'::text)),
    CONSTRAINT dead_letter_queue_resolution_is_known CHECK ((resolution = ANY (ARRAY['redriven'::text, 'discarded'::text]))),
    CONSTRAINT dead_letter_queue_resolution_is_whole CHECK ((num_nonnulls(resolution, resolved_at) <> 1))
);

ALTER TABLE ONLY platform.dead_letter_queue FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.dead_letter_queue IS 'jobs: tenant: jobs that failed for good, with all that a person needs to judge them, until somebody sends them back or lays them aside.';

CREATE MATERIALIZED VIEW platform.epoch AS
 SELECT ((EXTRACT(epoch FROM instant) * (1000000)::numeric))::bigint AS number,
    instant AS began_at
   FROM clock_timestamp() instant(instant)
  WITH NO DATA;

COMMENT ON MATERIALIZED VIEW platform.epoch IS 'audit: system: when this copy of the database was made, migrated or restored: the epoch in which its transaction ids are told apart; its number is that in microseconds.';

CREATE TABLE platform.idempotency_keys (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    user_id uuid DEFAULT platform.user_id() NOT NULL,
    key character varying(255) NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint,
    headers jsonb,
    body bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT idempotency_keys_fingerprint_is_a_digest CHECK ((octet_length(fingerprint) = 32)),
    CONSTRAINT idempotency_keys_headers_are_an_object CHECK ((jsonb_typeof(headers) = 'object'::text)),
    CONSTRAINT idempotency_keys_status_is_http CHECK (((status >= 100) AND (status <= 599)))
);

ALTER TABLE ONLY platform.idempotency_keys FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.idempotency_keys IS 'replays: tenant: what was answered to requests, for a day, so that one that is sent twice is done once.';

COMMENT ON COLUMN platform.idempotency_keys.fingerprint IS 'SHA-256 of the method, the path and the body: the request that the key was made for.';

COMMENT ON COLUMN platform.idempotency_keys.body IS 'Null where the answer held a secret that is shown once.';

CREATE VIEW platform.index_usage AS
 SELECT activity.schemaname,
    activity.relname AS tablename,
    activity.indexrelname AS indexname,
    activity.idx_scan AS index_scans,
    pg_size_pretty(pg_relation_size((activity.indexrelid)::regclass)) AS index_size,
    pg_relation_size((activity.indexrelid)::regclass) AS index_bytes,
    indexes.indisunique AS is_unique,
    indexes.indisvalid AS is_valid,
    ((activity.idx_scan = 0) AND (NOT indexes.indisunique)) AS is_unused
   FROM (pg_stat_user_indexes activity
     JOIN pg_index indexes ON ((indexes.indexrelid = activity.indexrelid)))
  ORDER BY activity.idx_scan DESC;

COMMENT ON VIEW platform.index_usage IS 'operations: system: how often each index was used since statistics began; one that is not valid is left over from a build that failed.';

CREATE TABLE platform.ledgers (
    name text NOT NULL,
    relation text NOT NULL,
    view_name text,
    time_column text NOT NULL,
    by_the_clock boolean NOT NULL,
    stamped boolean NOT NULL,
    key_columns text[] NOT NULL,
    columns text[] NOT NULL,
    contents text[] NOT NULL,
    personal text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ledgers_cover_something CHECK ((cardinality(columns) > 0))
);

COMMENT ON TABLE platform.ledgers IS 'audit: system: the tables whose rows are digested when they are written and sealed afterwards.';

COMMENT ON COLUMN platform.ledgers.view_name IS 'Where a team reads its own part.';

COMMENT ON COLUMN platform.ledgers.by_the_clock IS 'The time of a row is when it was written, so that a row with another time is a false one.';

COMMENT ON COLUMN platform.ledgers.stamped IS 'A trigger gives rows their digest; false where whoever writes them does.';

COMMENT ON COLUMN platform.ledgers.columns IS 'What the digest covers, in this order.';

COMMENT ON COLUMN platform.ledgers.contents IS 'What erasing a team empties.';

COMMENT ON COLUMN platform.ledgers.personal IS 'What erasing a person empties, where user_id names them.';

CREATE VIEW platform.lock_contention AS
 SELECT pid,
    pg_blocking_pids(pid) AS blocked_by,
    locktype,
    mode,
    ((relation)::regclass)::text AS relation,
    EXTRACT(epoch FROM (clock_timestamp() - waitstart)) AS waiting_seconds
   FROM pg_locks waiting
  WHERE ((NOT granted) AND ((database IS NULL) OR (database = ( SELECT pg_database.oid
           FROM pg_database
          WHERE (pg_database.datname = current_database())))));

COMMENT ON VIEW platform.lock_contention IS 'operations: system: sessions that wait for a lock, and for whom.';

CREATE TABLE platform.provider_secrets (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT provider_secrets_are_sealed CHECK ((((octet_length(sealed) >= 37) AND (octet_length(sealed) <= 16384)) AND (get_byte(sealed, 0) = 1)))
);

ALTER TABLE ONLY platform.provider_secrets FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.provider_secrets IS 'identity: tenant: what a team needs to call others, such as keys of model providers, encrypted under a key that is not in the database.';

COMMENT ON COLUMN platform.provider_secrets.sealed IS 'Version 1, key id (8 bytes), nonce (12), AES-256-GCM ciphertext and tag; the row''s team and id are authenticated with it.';

CREATE UNLOGGED TABLE platform.rate_limits (
    key character varying(200) NOT NULL,
    tat_ns bigint NOT NULL
)
WITH (fillfactor='70');

COMMENT ON TABLE platform.rate_limits IS 'cache: system: how much of its rate each key has used; a crash empties it.';

COMMENT ON COLUMN platform.rate_limits.tat_ns IS 'When the next request would be due if they came evenly, in nanoseconds since 1970 (algorithms/gcra.py).';

CREATE VIEW platform.replication_lag AS
 SELECT slots.slot_name,
    slots.active,
    pg_size_pretty(lag.bytes) AS lag_size,
    lag.bytes AS lag_bytes,
    slots.slot_type,
    slots.wal_status
   FROM (pg_replication_slots slots
     CROSS JOIN LATERAL ( SELECT (pg_wal_lsn_diff(
                CASE
                    WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
                    ELSE pg_current_wal_lsn()
                END, COALESCE(slots.confirmed_flush_lsn, slots.restart_lsn)))::bigint AS bytes) lag);

COMMENT ON VIEW platform.replication_lag IS 'operations: system: how far behind each replica''s slot is; a slot that nobody reads keeps the log for ever.';

CREATE TABLE platform.schedule_runs (
    schedule_name text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    status text DEFAULT 'running'::text NOT NULL,
    scheduler_id character varying(255) NOT NULL,
    leased_until timestamp with time zone NOT NULL,
    task_id uuid,
    error_message text,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT schedule_runs_end_is_recorded CHECK (((status <> 'running'::text) = (finished_at IS NOT NULL))),
    CONSTRAINT schedule_runs_status_is_known CHECK ((status = ANY (ARRAY['running'::text, 'completed'::text, 'failed'::text, 'skipped'::text])))
);

COMMENT ON TABLE platform.schedule_runs IS 'jobs: system: each time a schedule was due: who took it, and what came of it.';

CREATE TABLE platform.schedules (
    name text NOT NULL,
    task_type character varying(100) NOT NULL,
    payload jsonb DEFAULT '{}'::jsonb NOT NULL,
    priority platform.job_priority DEFAULT 'normal'::platform.job_priority NOT NULL,
    tenant_id uuid,
    cron text,
    every interval,
    timezone text DEFAULT 'UTC'::text NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    next_run_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    queue character varying(100),
    CONSTRAINT schedules_cron_has_five_fields CHECK ((cron ~ '^\S+( \S+){4}$'::text)),
    CONSTRAINT schedules_have_one_rhythm CHECK ((num_nonnulls(cron, every) = 1)),
    CONSTRAINT schedules_interval_is_positive CHECK ((every > '00:00:00'::interval)),
    CONSTRAINT schedules_name_is_plain CHECK ((name ~ '^[a-z0-9]+([._-][a-z0-9]+)*$'::text)),
    CONSTRAINT schedules_queue_is_named CHECK (((queue)::text <> ''::text)),
    CONSTRAINT schedules_type_is_named CHECK (((task_type)::text <> ''::text))
);

COMMENT ON TABLE platform.schedules IS 'jobs: system: work that comes again: its rhythm, and when it is due next.';

COMMENT ON COLUMN platform.schedules.tenant_id IS 'The team for which a job is enqueued; null: upkeep of the installation, which the scheduler does itself.';

COMMENT ON COLUMN platform.schedules.queue IS 'Where its jobs wait; null: in the one queue in which their type is known.';

CREATE TABLE platform.sealed_columns (
    relation text NOT NULL,
    column_name text NOT NULL
);

COMMENT ON TABLE platform.sealed_columns IS 'identity: system: every column of encrypted secrets; its table has an id and a tenant_id.';

CREATE VIEW platform.series_horizon AS
SELECT
    NULL::text AS series,
    NULL::bigint AS partitions,
    NULL::timestamp with time zone AS earliest,
    NULL::timestamp with time zone AS reaches,
    NULL::numeric AS days_ahead,
    NULL::numeric AS size_bytes,
    NULL::bigint AS estimated_rows,
    NULL::interval AS retention;

COMMENT ON VIEW platform.series_horizon IS 'operations: system: what each series has partitions for; who writes beyond makes them first. TimescaleDB makes its chunks as rows come, so there none is ahead.';

CREATE TABLE platform.sign_in_failures (
    subject bytea NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    last_failed_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    CONSTRAINT sign_in_failures_is_not_negative CHECK ((failures >= 0))
)
WITH (fillfactor='70');

COMMENT ON TABLE platform.sign_in_failures IS 'identity: system: how often signing in has failed lately, for each person and address, by digest.';

CREATE TABLE platform.slow_query_log (
    id bigint NOT NULL,
    "timestamp" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    duration_ms double precision NOT NULL,
    query text NOT NULL,
    query_plan jsonb,
    user_name character varying(100) DEFAULT SESSION_USER NOT NULL,
    database_name character varying(100) DEFAULT current_database() NOT NULL,
    application_name character varying(100) DEFAULT current_setting('application_name'::text) NOT NULL,
    CONSTRAINT slow_query_log_duration_is_not_negative CHECK ((duration_ms >= (0)::double precision)),
    CONSTRAINT slow_query_log_query_size CHECK (((length(query) >= 1) AND (length(query) <= 100000)))
);

COMMENT ON TABLE platform.slow_query_log IS 'operations: system: statements that took long; every process adds its own, and only the scheduler reads them.';

COMMENT ON COLUMN platform.slow_query_log.query IS 'The statement with its parameters'' places, not their values.';

COMMENT ON COLUMN platform.slow_query_log.query_plan IS 'What EXPLAIN (FORMAT JSON) says.';

ALTER TABLE platform.slow_query_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME platform.slow_query_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE platform.sql_logins (
    role_name name NOT NULL,
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE platform.sql_logins IS 'identity: system: the database logins of people who write SQL, and the team whose rows each sees.';

CREATE VIEW platform.streaming_analytics AS
 SELECT id,
    stream_id,
    event_type,
    chunk_number,
    latency_ms,
    tokens_delta,
    user_id,
    "timestamp",
    tenant_id
   FROM store.streaming_analytics
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW platform.streaming_analytics IS 'analytics: tenant: how the team''s own answers arrive.';

CREATE VIEW platform.table_bloat AS
 SELECT namespaces.nspname AS schemaname,
    classes.relname AS tablename,
    pg_size_pretty(sizes.total) AS total_size,
    pg_size_pretty(sizes.heap) AS table_size,
    pg_size_pretty((sizes.total - sizes.heap)) AS index_size,
    round((((100 * sizes.total))::numeric / NULLIF(sum(sizes.total) OVER (), (0)::numeric)), 2) AS percent_of_total,
    sizes.total AS total_bytes,
    sizes.heap AS table_bytes,
    activity.n_live_tup AS live_rows,
    activity.n_dead_tup AS dead_rows,
    estimates.bloat_bytes,
    round((((100)::numeric * (estimates.bloat_bytes)::numeric) / (NULLIF(sizes.heap, 0))::numeric), 2) AS bloat_percent,
        CASE
            WHEN (estimates.bloat_bytes IS NULL) THEN NULL::text
            WHEN (widths.row_bytes IS NULL) THEN 'dead rows'::text
            ELSE 'statistics'::text
        END AS estimated_from
   FROM (((((pg_class classes
     JOIN pg_namespace namespaces ON ((namespaces.oid = classes.relnamespace)))
     LEFT JOIN pg_stat_user_tables activity ON ((activity.relid = classes.oid)))
     CROSS JOIN LATERAL ( SELECT pg_total_relation_size((classes.oid)::regclass) AS total,
            pg_relation_size((classes.oid)::regclass) AS heap) sizes)
     LEFT JOIN LATERAL ( SELECT ((4)::double precision + (ceil((((24)::double precision + sum(((pg_stats.avg_width)::double precision * ((1)::double precision - pg_stats.null_frac)))) / (8)::double precision)) * (8)::double precision)) AS row_bytes
           FROM pg_stats
          WHERE ((pg_stats.schemaname = namespaces.nspname) AND (pg_stats.tablename = classes.relname) AND (NOT pg_stats.inherited))
         HAVING (count(*) = ( SELECT count(*) AS count
                   FROM pg_attribute
                  WHERE ((pg_attribute.attrelid = classes.oid) AND (pg_attribute.attnum > 0) AND (NOT pg_attribute.attisdropped))))) widths ON ((classes.reltuples >= (0)::double precision)))
     CROSS JOIN LATERAL ( SELECT
                CASE
                    WHEN (widths.row_bytes IS NOT NULL) THEN (GREATEST((0)::double precision, ((sizes.heap)::double precision - (((current_setting('block_size'::text))::bigint)::double precision * ceil(((classes.reltuples * widths.row_bytes) / ((((((current_setting('block_size'::text))::integer - 24) * COALESCE(( SELECT (pg_options_to_table.option_value)::integer AS option_value
                       FROM pg_options_to_table(classes.reloptions) pg_options_to_table(option_name, option_value)
                      WHERE (pg_options_to_table.option_name = 'fillfactor'::text)), 100)))::numeric / 100.0))::double precision))))))::bigint
                    ELSE ((((sizes.heap)::numeric * (activity.n_dead_tup)::numeric) / (NULLIF((activity.n_live_tup + activity.n_dead_tup), 0))::numeric))::bigint
                END AS bloat_bytes) estimates)
  WHERE ((classes.relkind = ANY (ARRAY['r'::"char", 'p'::"char", 'm'::"char"])) AND (namespaces.nspname <> ALL (ARRAY['pg_catalog'::name, 'information_schema'::name])) AND (namespaces.nspname !~~ 'pg\_temp\_%'::text))
  ORDER BY sizes.total DESC;

COMMENT ON VIEW platform.table_bloat IS 'operations: system: how large each table is, and how much of it its rows do not need.';

COMMENT ON COLUMN platform.table_bloat.estimated_from IS 'statistics: the width of its columns; dead rows: their share, where the statistics are hidden or missing.';

CREATE VIEW platform.table_sizes AS
 SELECT schemaname,
    tablename,
    total_size AS size,
    total_bytes AS size_bytes,
    live_rows
   FROM platform.table_bloat
  ORDER BY total_bytes DESC;

COMMENT ON VIEW platform.table_sizes IS 'operations: system: how large each table is with its indexes, the largest first.';

CREATE TABLE platform.task_lanes (
    lane integer NOT NULL,
    task_type character varying(100) NOT NULL,
    queue character varying(100) DEFAULT 'default'::character varying NOT NULL,
    is_paused boolean DEFAULT false NOT NULL,
    max_running integer,
    rate_count integer,
    rate_per interval,
    rate_used_to timestamp with time zone,
    max_retries integer DEFAULT 3 NOT NULL,
    retry_base interval DEFAULT '00:00:01'::interval NOT NULL,
    retry_most interval DEFAULT '01:00:00'::interval NOT NULL,
    timeout interval,
    payload_schema jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT task_lanes_are_named CHECK ((((task_type)::text <> ''::text) AND ((queue)::text <> ''::text))),
    CONSTRAINT task_lanes_cap_is_not_negative CHECK ((max_running >= 0)),
    CONSTRAINT task_lanes_rate_is_positive CHECK (((rate_count > 0) AND (rate_per > '00:00:00'::interval))),
    CONSTRAINT task_lanes_rate_is_whole CHECK ((num_nonnulls(rate_count, rate_per) <> 1)),
    CONSTRAINT task_lanes_retries_are_not_negative CHECK ((max_retries >= 0)),
    CONSTRAINT task_lanes_timeout_is_positive CHECK ((timeout > '00:00:00'::interval)),
    CONSTRAINT task_lanes_waits_are_positive CHECK (((retry_base > '00:00:00'::interval) AND (retry_most >= retry_base)))
);

COMMENT ON TABLE platform.task_lanes IS 'jobs: system: each type of job, in the queue that it waits in: its limits, and what holds where a job says nothing else.';

COMMENT ON COLUMN platform.task_lanes.max_running IS 'How many may be at work at once; null: any number.';

COMMENT ON COLUMN platform.task_lanes.rate_count IS 'How many may begin within rate_per; null: any number.';

COMMENT ON COLUMN platform.task_lanes.rate_used_to IS 'Up to when the rate is spent (GCRA); written by claims.';

COMMENT ON COLUMN platform.task_lanes.timeout IS 'How long an attempt may take before it counts as hung.';

ALTER TABLE platform.task_lanes ALTER COLUMN lane ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME platform.task_lanes_lane_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW platform.team_seals AS
 SELECT parts.tenant_id,
    parts.ledger,
    parts.number,
    parts.day,
    parts.row_count,
    parts.root,
    parts.path,
    seals.epoch,
    seals.from_transaction,
    seals.to_transaction,
    seals.seen_transaction,
    seals.columns,
    seals.retired_before,
    seals.summary,
    seals.root AS seal_root,
    seals.sealed_at,
    seals.previous,
    seals.hash,
    seals.key_id,
    seals.signature
   FROM (platform.audit_seal_parts parts
     JOIN platform.audit_seals seals ON (((seals.ledger = parts.ledger) AND (seals.number = parts.number))))
  WHERE (parts.tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW platform.team_seals IS 'audit: tenant: what the seals say of the team''s own rows, and how that leads to what was signed.';

CREATE TABLE platform.user_preferences (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_identifier character varying(100) DEFAULT platform.user_identifier() NOT NULL,
    user_id uuid DEFAULT platform.user_id(),
    preferred_locale character varying(10) DEFAULT 'en-US'::character varying NOT NULL,
    preferred_region character varying(20),
    preferred_currency character varying(3) DEFAULT 'USD'::character varying NOT NULL,
    favorite_models uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    display_preferences jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT user_preferences_currency_is_a_code CHECK (((preferred_currency)::text ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT user_preferences_display_is_an_object CHECK ((jsonb_typeof(display_preferences) = 'object'::text)),
    CONSTRAINT user_preferences_identifier_is_the_users CHECK (((user_id IS NULL) OR ((user_identifier)::text = (user_id)::text))),
    CONSTRAINT user_preferences_locale_is_a_tag CHECK (((preferred_locale)::text ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'::text))
);

ALTER TABLE ONLY platform.user_preferences FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.user_preferences IS 'identity: global: how a person, or a visitor without an account, likes things shown; each sees their own.';

CREATE TABLE platform.user_sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    user_id uuid DEFAULT platform.user_id() NOT NULL,
    session_token character varying(255) NOT NULL,
    context jsonb DEFAULT '{}'::jsonb NOT NULL,
    memory_id uuid,
    status character varying(50) DEFAULT 'active'::character varying NOT NULL,
    request_count integer DEFAULT 0 NOT NULL,
    idle_lifetime interval DEFAULT '14 days'::interval NOT NULL,
    ip_address inet,
    user_agent text,
    last_activity timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT user_sessions_expire_before_they_end CHECK ((expires_at <= ends_at)),
    CONSTRAINT user_sessions_requests_is_not_negative CHECK ((request_count >= 0)),
    CONSTRAINT user_sessions_revoked_say_when CHECK ((((status)::text = 'revoked'::text) = (revoked_at IS NOT NULL))),
    CONSTRAINT user_sessions_status_is_known CHECK (((status)::text = ANY ((ARRAY['active'::character varying, 'expired'::character varying, 'revoked'::character varying])::text[]))),
    CONSTRAINT user_sessions_token_is_a_digest CHECK (((session_token)::text ~ '^[0-9a-f]{64}$'::text))
)
WITH (fillfactor='70');

ALTER TABLE ONLY platform.user_sessions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.user_sessions IS 'identity: tenant: people who are signed in, and what their conversation is about.';

COMMENT ON COLUMN platform.user_sessions.session_token IS 'SHA-256 of the token, in hexadecimal; only the person has the token.';

COMMENT ON COLUMN platform.user_sessions.last_activity IS 'To the minute.';

COMMENT ON COLUMN platform.user_sessions.expires_at IS 'Moves on with each activity by idle_lifetime, up to ends_at.';

CREATE TABLE society.achievements (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    achievement_id character varying(100) NOT NULL,
    name character varying(200) NOT NULL,
    description text,
    category society.achievement_category NOT NULL,
    requirements jsonb NOT NULL,
    points_reward integer DEFAULT 0 NOT NULL,
    rarity character varying(20) DEFAULT 'common'::character varying NOT NULL,
    icon text,
    is_repeatable boolean DEFAULT false NOT NULL,
    is_secret boolean DEFAULT false NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT achievements_are_named CHECK ((((achievement_id)::text <> ''::text) AND ((name)::text <> ''::text))),
    CONSTRAINT achievements_rarity_is_known CHECK (((rarity)::text = ANY ((ARRAY['common'::character varying, 'uncommon'::character varying, 'rare'::character varying, 'epic'::character varying, 'legendary'::character varying])::text[]))),
    CONSTRAINT achievements_requirements_are_an_object CHECK ((jsonb_typeof(requirements) = 'object'::text)),
    CONSTRAINT achievements_reward_is_not_negative CHECK ((points_reward >= 0))
);

ALTER TABLE ONLY society.achievements FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.achievements IS 'gamification: tenant: what can be achieved, what it takes, and what it is worth.';

CREATE TABLE society.agent_achievements (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    achievement_id uuid NOT NULL,
    period character varying(20),
    progress numeric(5,4) DEFAULT 0 NOT NULL,
    earned_at timestamp with time zone,
    points_transaction_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT agent_achievements_earned_is_done CHECK (((earned_at IS NULL) OR (progress = (1)::numeric))),
    CONSTRAINT agent_achievements_progress_is_a_share CHECK (((progress >= (0)::numeric) AND (progress <= (1)::numeric)))
);

ALTER TABLE ONLY society.agent_achievements FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.agent_achievements IS 'gamification: tenant: how far an agent is with an achievement, and when it was earned; once, or once in each period where it can be repeated.';

CREATE VIEW society.agent_activity_log AS
 SELECT id,
    tenant_id,
    agent_id,
    activity_type,
    subject_type,
    subject_id,
    details,
    created_at
   FROM store.agent_activity_log
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW society.agent_activity_log IS 'agents: tenant: the activity of the team''s own agents.';

CREATE TABLE society.agent_permissions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    permission character varying(100) NOT NULL,
    basis text,
    granted_by uuid DEFAULT platform.user_id(),
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT agent_permissions_are_named CHECK (((permission)::text <> ''::text))
);

ALTER TABLE ONLY society.agent_permissions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.agent_permissions IS 'rewards: tenant: what an agent has earned leave to do, and on what ground.';

CREATE TABLE society.agent_skills (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    skill_name character varying(100) NOT NULL,
    proficiency numeric(5,4),
    evidence_count integer DEFAULT 0 NOT NULL,
    verified_by uuid,
    last_used_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT agent_skills_are_named CHECK (((skill_name)::text <> ''::text)),
    CONSTRAINT agent_skills_are_verified_by_others CHECK ((verified_by <> agent_id)),
    CONSTRAINT agent_skills_evidence_is_not_negative CHECK ((evidence_count >= 0)),
    CONSTRAINT agent_skills_proficiency_is_a_share CHECK (((proficiency >= (0)::numeric) AND (proficiency <= (1)::numeric)))
);

ALTER TABLE ONLY society.agent_skills FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.agent_skills IS 'agents: tenant: what an agent can do, how well, and on how much evidence.';

CREATE TABLE society.agent_status_history (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    old_status society.agent_status,
    new_status society.agent_status NOT NULL,
    reason text,
    changed_by uuid,
    changed_by_agent uuid,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT agent_status_history_is_of_changes CHECK ((old_status IS DISTINCT FROM new_status))
);

ALTER TABLE ONLY society.agent_status_history FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.agent_status_history IS 'agents: tenant: every state an agent was in, from its first; written by a trigger.';

COMMENT ON COLUMN society.agent_status_history.changed_by IS 'The person who asked; a plain id, so that history outlives people.';

CREATE TABLE society.appeal_reviews (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    appeal_id uuid NOT NULL,
    reviewer_id uuid NOT NULL,
    opinion character varying(20),
    comment text,
    is_recused boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT appeal_reviews_opine_or_recuse CHECK ((is_recused = (opinion IS NULL))),
    CONSTRAINT appeal_reviews_opinion_is_known CHECK (((opinion)::text = ANY ((ARRAY['uphold'::character varying, 'reduce'::character varying, 'overturn'::character varying])::text[])))
);

ALTER TABLE ONLY society.appeal_reviews FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.appeal_reviews IS 'penalties: tenant: what each reviewer of an appeal thinks, or that they stand aside.';

CREATE TABLE society.appeals (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    violation_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    status society.appeal_status DEFAULT 'filed'::society.appeal_status NOT NULL,
    grounds text NOT NULL,
    decision text,
    reviewer_id uuid,
    voting_session_id uuid,
    decided_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT appeals_are_reviewed_by_others CHECK ((reviewer_id <> agent_id)),
    CONSTRAINT appeals_decision_is_recorded CHECK ((((status = ANY (ARRAY['upheld'::society.appeal_status, 'reduced'::society.appeal_status, 'overturned'::society.appeal_status, 'rejected'::society.appeal_status])) = (decided_at IS NOT NULL)) AND ((decided_at IS NULL) OR (decision IS NOT NULL)))),
    CONSTRAINT appeals_have_grounds CHECK ((grounds <> ''::text))
);

ALTER TABLE ONLY society.appeals FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.appeals IS 'penalties: tenant: what an agent says against a violation it is charged with, and what was decided.';

CREATE TABLE society.battle_participants (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    battle_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    team character varying(100),
    submission jsonb,
    score numeric,
    rank integer,
    elo_change integer,
    joined_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT battle_participants_rank_is_positive CHECK ((rank > 0))
);

ALTER TABLE ONLY society.battle_participants FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.battle_participants IS 'battles: tenant: who fights, on which side, with what, and how it went.';

CREATE TABLE society.battle_rounds (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    battle_id uuid NOT NULL,
    round_number integer NOT NULL,
    judge_id uuid,
    scores jsonb DEFAULT '{}'::jsonb NOT NULL,
    verdict text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT battle_rounds_number_is_positive CHECK ((round_number > 0))
);

ALTER TABLE ONLY society.battle_rounds FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.battle_rounds IS 'battles: tenant: what each judge said of each round; nobody judges a battle they fight in.';

CREATE TABLE society.battles (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    battle_id character varying(100) NOT NULL,
    title character varying(500) NOT NULL,
    category character varying(50) DEFAULT 'general'::character varying NOT NULL,
    mode society.battle_mode DEFAULT 'duel'::society.battle_mode NOT NULL,
    status society.battle_status DEFAULT 'scheduled'::society.battle_status NOT NULL,
    task_id uuid,
    rules jsonb DEFAULT '{}'::jsonb NOT NULL,
    judge_kind character varying(20),
    is_rated boolean DEFAULT true NOT NULL,
    prize_pool integer DEFAULT 0 NOT NULL,
    winner_id uuid,
    scheduled_at timestamp with time zone,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    created_by uuid DEFAULT platform.user_id(),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT battles_are_named CHECK ((((battle_id)::text <> ''::text) AND ((title)::text <> ''::text) AND ((category)::text <> ''::text))),
    CONSTRAINT battles_are_won_at_their_end CHECK (((winner_id IS NULL) OR (status = ANY (ARRAY['judging'::society.battle_status, 'completed'::society.battle_status, 'disputed'::society.battle_status])))),
    CONSTRAINT battles_end_after_they_begin CHECK ((ended_at >= started_at)),
    CONSTRAINT battles_judge_is_known CHECK (((judge_kind)::text = ANY ((ARRAY['agents'::character varying, 'people'::character varying, 'tests'::character varying, 'model'::character varying])::text[]))),
    CONSTRAINT battles_prize_is_not_negative CHECK ((prize_pool >= 0))
);

ALTER TABLE ONLY society.battles FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.battles IS 'battles: tenant: judged contests between agents.';

COMMENT ON COLUMN society.battles.winner_id IS 'One of its participants; null for a draw.';

CREATE TABLE society.brainstorm_participants (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    role character varying(20) DEFAULT 'contributor'::character varying NOT NULL,
    ideas_count integer DEFAULT 0 NOT NULL,
    joined_at timestamp with time zone DEFAULT now() NOT NULL,
    left_at timestamp with time zone,
    CONSTRAINT brainstorm_participants_ideas_are_not_negative CHECK ((ideas_count >= 0)),
    CONSTRAINT brainstorm_participants_leave_after_they_join CHECK ((left_at >= joined_at)),
    CONSTRAINT brainstorm_participants_role_is_known CHECK (((role)::text = ANY ((ARRAY['facilitator'::character varying, 'contributor'::character varying, 'critic'::character varying, 'observer'::character varying])::text[])))
);

ALTER TABLE ONLY society.brainstorm_participants FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.brainstorm_participants IS 'brainstorming: tenant: who takes part, since when, and with how many ideas.';

CREATE TABLE society.brainstorm_sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id character varying(100) NOT NULL,
    topic character varying(500) NOT NULL,
    facilitator_id uuid,
    technique character varying(50),
    status character varying(20) DEFAULT 'planned'::character varying NOT NULL,
    phase character varying(20),
    max_ideas integer,
    total_ideas integer DEFAULT 0 NOT NULL,
    participant_count integer DEFAULT 0 NOT NULL,
    voting_session_id uuid,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    created_by uuid DEFAULT platform.user_id(),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT brainstorm_sessions_are_named CHECK ((((session_id)::text <> ''::text) AND ((topic)::text <> ''::text))),
    CONSTRAINT brainstorm_sessions_counts_are_not_negative CHECK (((total_ideas >= 0) AND (participant_count >= 0))),
    CONSTRAINT brainstorm_sessions_end_after_they_begin CHECK ((ended_at >= started_at)),
    CONSTRAINT brainstorm_sessions_hold_so_many_ideas CHECK ((total_ideas <= max_ideas)),
    CONSTRAINT brainstorm_sessions_phase_is_known CHECK (((phase)::text = ANY ((ARRAY['diverge'::character varying, 'cluster'::character varying, 'combine'::character varying, 'converge'::character varying, 'decide'::character varying])::text[]))),
    CONSTRAINT brainstorm_sessions_status_is_known CHECK (((status)::text = ANY ((ARRAY['planned'::character varying, 'active'::character varying, 'paused'::character varying, 'completed'::character varying, 'cancelled'::character varying])::text[])))
);

ALTER TABLE ONLY society.brainstorm_sessions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.brainstorm_sessions IS 'brainstorming: tenant: a topic that agents think about together.';

COMMENT ON COLUMN society.brainstorm_sessions.total_ideas IS 'Its ideas that were not deleted; kept by a trigger.';

COMMENT ON COLUMN society.brainstorm_sessions.participant_count IS 'Those who have joined and not left; kept by a trigger.';

CREATE TABLE society.eigentrust_runs (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    alpha double precision NOT NULL,
    tolerance double precision NOT NULL,
    iterations integer,
    residual double precision,
    nodes integer NOT NULL,
    edges integer NOT NULL,
    pretrust jsonb DEFAULT '{}'::jsonb NOT NULL,
    input_hash bytea,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT eigentrust_runs_alpha_is_a_share CHECK (((alpha >= (0)::double precision) AND (alpha <= (1)::double precision))),
    CONSTRAINT eigentrust_runs_counts_are_not_negative CHECK ((LEAST((nodes)::double precision, (edges)::double precision, (iterations)::double precision, residual) >= (0)::double precision)),
    CONSTRAINT eigentrust_runs_end_after_they_begin CHECK ((ended_at >= started_at)),
    CONSTRAINT eigentrust_runs_hash_is_sha256 CHECK ((octet_length(input_hash) = 32)),
    CONSTRAINT eigentrust_runs_tolerance_is_positive CHECK ((tolerance > (0)::double precision))
);

ALTER TABLE ONLY society.eigentrust_runs FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.eigentrust_runs IS 'reputation: tenant: each computation of global trust: on what, with which parameters, and how close it came.';

CREATE TABLE society.elo_history (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    battle_id uuid,
    category character varying(50),
    old_rating integer NOT NULL,
    new_rating integer NOT NULL,
    change integer NOT NULL,
    k_factor numeric(6,2),
    expected numeric(7,6),
    actual numeric(7,6),
    reason text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT elo_history_has_a_cause CHECK ((num_nonnulls(battle_id, reason) > 0)),
    CONSTRAINT elo_history_new_is_old_and_change CHECK ((new_rating = (old_rating + change))),
    CONSTRAINT elo_history_shares CHECK ((((expected >= (0)::numeric) AND (expected <= (1)::numeric)) AND ((actual >= (0)::numeric) AND (actual <= (1)::numeric))))
);

ALTER TABLE ONLY society.elo_history FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.elo_history IS 'battles: tenant: each change of an agent''s rating, from the one before; rows are added and never changed.';

CREATE TABLE society.hall_of_fame (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    tier society.performance_tier NOT NULL,
    title character varying(200) NOT NULL,
    badge character varying(100),
    citation text,
    category character varying(50),
    season character varying(50),
    evidence jsonb DEFAULT '{}'::jsonb NOT NULL,
    inducted_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT hall_of_fame_title_is_named CHECK (((title)::text <> ''::text))
);

ALTER TABLE ONLY society.hall_of_fame FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.hall_of_fame IS 'leaderboards: tenant: agents to be remembered, and what for.';

CREATE TABLE society.idea_combination_sources (
    combination_id uuid NOT NULL,
    idea_id uuid NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid NOT NULL,
    result_idea_id uuid NOT NULL,
    CONSTRAINT idea_combination_sources_are_others CHECK ((idea_id <> result_idea_id))
);

ALTER TABLE ONLY society.idea_combination_sources FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.idea_combination_sources IS 'brainstorming: tenant: the ideas of which another was made, all of one session.';

CREATE TABLE society.idea_combinations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid NOT NULL,
    result_idea_id uuid NOT NULL,
    combined_by uuid,
    rationale text,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY society.idea_combinations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.idea_combinations IS 'brainstorming: tenant: an idea that was made of others, and why.';

CREATE TABLE society.idea_votes (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    idea_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    value integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT idea_votes_range CHECK ((((value >= '-5'::integer) AND (value <= 5)) AND (value <> 0)))
);

ALTER TABLE ONLY society.idea_votes FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.idea_votes IS 'brainstorming: tenant: for or against an idea, from -5 to 5; nobody votes on their own.';

CREATE TABLE society.ideas (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    parent_id uuid,
    title character varying(500) NOT NULL,
    content text,
    category character varying(100),
    status character varying(20) DEFAULT 'proposed'::character varying NOT NULL,
    novelty_score numeric(5,4),
    feasibility_score numeric(5,4),
    votes_count integer DEFAULT 0 NOT NULL,
    votes_total integer DEFAULT 0 NOT NULL,
    embedding public.vector(1536),
    embedding_model text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT ideas_are_named CHECK (((title)::text <> ''::text)),
    CONSTRAINT ideas_embedding_names_its_model CHECK (((embedding IS NULL) OR (embedding_model IS NOT NULL))),
    CONSTRAINT ideas_feasibility_is_a_share CHECK (((feasibility_score >= (0)::numeric) AND (feasibility_score <= (1)::numeric))),
    CONSTRAINT ideas_grow_from_others CHECK ((parent_id <> id)),
    CONSTRAINT ideas_novelty_is_a_share CHECK (((novelty_score >= (0)::numeric) AND (novelty_score <= (1)::numeric))),
    CONSTRAINT ideas_status_is_known CHECK (((status)::text = ANY ((ARRAY['proposed'::character varying, 'discussed'::character varying, 'merged'::character varying, 'selected'::character varying, 'rejected'::character varying])::text[]))),
    CONSTRAINT ideas_votes_are_not_negative CHECK ((votes_count >= 0))
);

ALTER TABLE ONLY society.ideas FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.ideas IS 'brainstorming: tenant: what was thought of, by whom, and from which idea it grew.';

COMMENT ON COLUMN society.ideas.votes_count IS 'How many agents voted on it; votes_total is the sum of their votes. Both are kept by a trigger.';

CREATE TABLE society.mentorship_curriculum (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    skill_name character varying(100) NOT NULL,
    level integer NOT NULL,
    title character varying(200),
    objectives text[] DEFAULT '{}'::text[] NOT NULL,
    assessment_tasks jsonb DEFAULT '[]'::jsonb NOT NULL,
    estimated_sessions integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT mentorship_curriculum_level_is_positive CHECK ((level > 0)),
    CONSTRAINT mentorship_curriculum_sessions_is_positive CHECK ((estimated_sessions > 0)),
    CONSTRAINT mentorship_curriculum_skill_is_named CHECK (((skill_name)::text <> ''::text)),
    CONSTRAINT mentorship_curriculum_tasks_are_a_list CHECK ((jsonb_typeof(assessment_tasks) = 'array'::text))
);

ALTER TABLE ONLY society.mentorship_curriculum FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.mentorship_curriculum IS 'mentorship: tenant: what is taught of a skill, level by level, and how it is examined; a level follows the one below it.';

CREATE TABLE society.mentorship_sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    pairing_id uuid NOT NULL,
    session_number integer NOT NULL,
    topic character varying(500),
    objectives_met text[] DEFAULT '{}'::text[] NOT NULL,
    mentor_rating integer,
    mentee_rating integer,
    notes text,
    scheduled_at timestamp with time zone,
    held_at timestamp with time zone,
    duration_ms double precision,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT mentorship_sessions_duration_is_not_negative CHECK ((duration_ms >= (0)::double precision)),
    CONSTRAINT mentorship_sessions_number_is_positive CHECK ((session_number > 0)),
    CONSTRAINT mentorship_sessions_ratings_range CHECK ((((mentor_rating >= 1) AND (mentor_rating <= 5)) AND ((mentee_rating >= 1) AND (mentee_rating <= 5))))
);

ALTER TABLE ONLY society.mentorship_sessions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.mentorship_sessions IS 'mentorship: tenant: the meetings of a pairing; one that has a held_at took place.';

COMMENT ON COLUMN society.mentorship_sessions.mentor_rating IS 'What the mentor says of the session; mentee_rating what the mentee says.';

CREATE VIEW society.penalty_history AS
 SELECT id,
    tenant_id,
    agent_id,
    violation_id,
    event_type,
    points_delta,
    actor_id,
    user_id,
    reason,
    created_at
   FROM store.penalty_history
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW society.penalty_history IS 'penalties: tenant: the penalty history of the team''s own agents.';

CREATE TABLE society.point_keys (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    idempotency_key character varying(255) NOT NULL,
    transaction_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY society.point_keys FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.point_keys IS 'gamification: tenant: which award was made already: a second one of the same key is refused, in whatever month; written by a trigger.';

CREATE TABLE society.point_rules (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    category character varying(50) NOT NULL,
    base_points integer NOT NULL,
    multiplier_rule jsonb DEFAULT '{}'::jsonb NOT NULL,
    cap_per_day integer,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT point_rules_cap_is_not_negative CHECK ((cap_per_day >= 0)),
    CONSTRAINT point_rules_category_is_plain CHECK (((category)::text ~ '^[a-z][a-z0-9_]*$'::text))
);

ALTER TABLE ONLY society.point_rules FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.point_rules IS 'gamification: tenant: what an act of a category is worth, and how much of it counts in a day.';

CREATE VIEW society.point_transactions AS
 SELECT id,
    tenant_id,
    agent_id,
    category,
    base_points,
    multiplier,
    final_points,
    reason,
    source_type,
    source_id,
    idempotency_key,
    created_at
   FROM store.point_transactions
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW society.point_transactions IS 'gamification: tenant: the team''s own point transactions.';

CREATE TABLE society.pretrusted_agents (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    weight numeric(8,4) DEFAULT 1 NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL,
    until timestamp with time zone,
    granted_by uuid DEFAULT platform.user_id(),
    reason text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pretrusted_agents_end_after_they_begin CHECK ((until > since)),
    CONSTRAINT pretrusted_agents_weight_is_positive CHECK ((weight > (0)::numeric))
);

ALTER TABLE ONLY society.pretrusted_agents FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.pretrusted_agents IS 'reputation: tenant: the agents that trust begins with, how much, and how long.';

CREATE TABLE society.priority_queues (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    queue_id uuid NOT NULL,
    boost integer DEFAULT 1 NOT NULL,
    basis text,
    expires_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT priority_queues_boost_is_positive CHECK ((boost > 0))
);

ALTER TABLE ONLY society.priority_queues FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.priority_queues IS 'rewards: tenant: which agents come first in which queue, and by how much.';

CREATE VIEW society.reputation_history AS
 SELECT id,
    tenant_id,
    agent_id,
    run_id,
    eigentrust_score,
    composite_score,
    trust_level,
    change,
    cause,
    created_at
   FROM store.reputation_history
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW society.reputation_history IS 'reputation: tenant: the reputation history of the team''s own agents.';

CREATE TABLE society.resource_allocations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    pool_id uuid NOT NULL,
    resource_type character varying(50) NOT NULL,
    amount integer NOT NULL,
    used integer DEFAULT 0 NOT NULL,
    performance_tier society.performance_tier NOT NULL,
    status character varying(20) DEFAULT 'active'::character varying NOT NULL,
    granted_by uuid DEFAULT platform.user_id(),
    expires_at timestamp with time zone,
    released_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT resource_allocations_amount_is_positive CHECK ((amount > 0)),
    CONSTRAINT resource_allocations_end_is_recorded CHECK ((((status)::text = 'active'::text) = (released_at IS NULL))),
    CONSTRAINT resource_allocations_status_is_known CHECK (((status)::text = ANY ((ARRAY['active'::character varying, 'released'::character varying, 'expired'::character varying, 'revoked'::character varying])::text[]))),
    CONSTRAINT resource_allocations_use_is_within_the_amount CHECK (((used >= 0) AND (used <= amount)))
);

ALTER TABLE ONLY society.resource_allocations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.resource_allocations IS 'rewards: tenant: what an agent has been lent from a pool, on the strength of which tier, until when.';

CREATE TABLE society.resource_pools (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    resource_type character varying(50) NOT NULL,
    unit character varying(30) DEFAULT 'units'::character varying NOT NULL,
    total_capacity integer NOT NULL,
    available integer DEFAULT 0 NOT NULL,
    reserve integer DEFAULT 0 NOT NULL,
    refresh_interval interval,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT resource_pools_give_what_they_have CHECK (((available >= 0) AND (available <= total_capacity))),
    CONSTRAINT resource_pools_interval_is_positive CHECK ((refresh_interval > '00:00:00'::interval)),
    CONSTRAINT resource_pools_reserve_is_within_capacity CHECK (((reserve >= 0) AND (reserve <= total_capacity))),
    CONSTRAINT resource_pools_type_is_named CHECK (((resource_type)::text <> ''::text))
);

ALTER TABLE ONLY society.resource_pools FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.resource_pools IS 'rewards: tenant: what there is to give out.';

COMMENT ON COLUMN society.resource_pools.available IS 'Capacity less what is allocated; kept by triggers.';

CREATE TABLE society.retraining_assessments (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    program_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    attempt integer NOT NULL,
    score numeric(5,4),
    passed boolean NOT NULL,
    assessor_id uuid,
    comment text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT retraining_assessments_are_by_others CHECK ((assessor_id <> agent_id)),
    CONSTRAINT retraining_assessments_attempt_is_positive CHECK ((attempt > 0)),
    CONSTRAINT retraining_assessments_score_is_a_share CHECK (((score >= (0)::numeric) AND (score <= (1)::numeric)))
);

ALTER TABLE ONLY society.retraining_assessments FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.retraining_assessments IS 'penalties: tenant: each examination in a retraining, by somebody else.';

CREATE TABLE society.retraining_programs (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    violation_id uuid,
    curriculum text NOT NULL,
    assessment jsonb DEFAULT '{}'::jsonb NOT NULL,
    status character varying(20) DEFAULT 'assigned'::character varying NOT NULL,
    progress_percentage numeric(5,2) DEFAULT 0 NOT NULL,
    due_at timestamp with time zone,
    completed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT retraining_programs_completion_is_recorded CHECK ((((status)::text = 'completed'::text) = (completed_at IS NOT NULL))),
    CONSTRAINT retraining_programs_curriculum_is_named CHECK ((curriculum <> ''::text)),
    CONSTRAINT retraining_programs_progress_range CHECK (((progress_percentage >= (0)::numeric) AND (progress_percentage <= (100)::numeric))),
    CONSTRAINT retraining_programs_status_is_known CHECK (((status)::text = ANY ((ARRAY['assigned'::character varying, 'in_progress'::character varying, 'completed'::character varying, 'failed'::character varying, 'cancelled'::character varying])::text[])))
);

ALTER TABLE ONLY society.retraining_programs FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.retraining_programs IS 'penalties: tenant: what an agent has to learn, by when, and how it will be examined.';

CREATE TABLE society.streaks (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    streak_type character varying(50) NOT NULL,
    current_count integer DEFAULT 0 NOT NULL,
    longest_count integer DEFAULT 0 NOT NULL,
    last_activity_on date,
    freeze_tokens integer DEFAULT 0 NOT NULL,
    timezone character varying(64) DEFAULT 'UTC'::character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT streaks_counts_agree CHECK (((current_count >= 0) AND (current_count <= longest_count))),
    CONSTRAINT streaks_tokens_are_not_negative CHECK ((freeze_tokens >= 0)),
    CONSTRAINT streaks_type_is_named CHECK (((streak_type)::text <> ''::text))
);

ALTER TABLE ONLY society.streaks FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.streaks IS 'gamification: tenant: days in a row on which an agent did something, in its own time zone.';

CREATE TABLE society.task_assignments (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    assigned_by uuid,
    assigned_by_agent uuid,
    reason text,
    assigned_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    released_at timestamp with time zone,
    CONSTRAINT task_assignments_end_after_they_begin CHECK ((released_at >= assigned_at))
);

ALTER TABLE ONLY society.task_assignments FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.task_assignments IS 'tasks: tenant: who had which task, from when to when; follows tasks.assigned_to by trigger.';

CREATE TABLE society.task_dependencies (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_id uuid NOT NULL,
    depends_on_task_id uuid NOT NULL,
    kind character varying(20) DEFAULT 'finish_to_start'::character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT task_dependencies_are_of_two_tasks CHECK ((task_id <> depends_on_task_id)),
    CONSTRAINT task_dependencies_kind_is_known CHECK (((kind)::text = ANY ((ARRAY['finish_to_start'::character varying, 'start_to_start'::character varying, 'related_result'::character varying])::text[])))
);

ALTER TABLE ONLY society.task_dependencies FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.task_dependencies IS 'tasks: tenant: which task waits for which; never in a circle.';

CREATE TABLE society.task_executions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_id uuid NOT NULL,
    attempt integer NOT NULL,
    agent_id uuid NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone,
    outcome character varying(20),
    error_message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT task_executions_attempt_is_positive CHECK ((attempt > 0)),
    CONSTRAINT task_executions_end_after_they_begin CHECK ((ended_at >= started_at)),
    CONSTRAINT task_executions_end_is_whole CHECK ((num_nonnulls(ended_at, outcome) <> 1)),
    CONSTRAINT task_executions_outcome_is_known CHECK (((outcome)::text = ANY ((ARRAY['completed'::character varying, 'failed'::character varying, 'timed_out'::character varying, 'handed_back'::character varying, 'cancelled'::character varying])::text[])))
);

ALTER TABLE ONLY society.task_executions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.task_executions IS 'tasks: tenant: each attempt at a task, and how it ended.';

CREATE VIEW society.task_history AS
 SELECT id,
    tenant_id,
    task_id,
    event_type,
    old_status,
    new_status,
    actor_id,
    user_id,
    details,
    created_at
   FROM store.task_history
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW society.task_history IS 'tasks: tenant: the history of the team''s own tasks.';

CREATE TABLE society.task_queues (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    name character varying(100) NOT NULL,
    priority_rule character varying(20) DEFAULT 'priority'::character varying NOT NULL,
    max_in_flight integer,
    is_paused boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT task_queues_are_named CHECK (((name)::text <> ''::text)),
    CONSTRAINT task_queues_limit_is_positive CHECK ((max_in_flight > 0)),
    CONSTRAINT task_queues_rule_is_known CHECK (((priority_rule)::text = ANY ((ARRAY['priority'::character varying, 'oldest_first'::character varying, 'deadline'::character varying])::text[])))
);

ALTER TABLE ONLY society.task_queues FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.task_queues IS 'tasks: tenant: queues of tasks: what comes first, and how many at once.';

CREATE TABLE society.task_results (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_id uuid NOT NULL,
    attempt integer DEFAULT 1 NOT NULL,
    agent_id uuid NOT NULL,
    output jsonb NOT NULL,
    quality_score numeric(5,4),
    tokens_used bigint,
    cost_usd numeric(14,6),
    duration_ms double precision,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT task_results_amounts_are_not_negative CHECK ((LEAST((tokens_used)::double precision, (cost_usd)::double precision, duration_ms) >= (0)::double precision)),
    CONSTRAINT task_results_attempt_is_positive CHECK ((attempt > 0)),
    CONSTRAINT task_results_quality_is_a_share CHECK (((quality_score >= (0)::numeric) AND (quality_score <= (1)::numeric)))
);

ALTER TABLE ONLY society.task_results FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.task_results IS 'tasks: tenant: what an attempt brought, what it was worth, and what it cost.';

CREATE TABLE society.tier_history (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    old_tier society.performance_tier NOT NULL,
    new_tier society.performance_tier NOT NULL,
    points_at integer NOT NULL,
    transaction_id uuid,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT tier_history_is_of_changes CHECK ((old_tier <> new_tier))
);

ALTER TABLE ONLY society.tier_history FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.tier_history IS 'gamification: tenant: every rise and fall of an agent, and the points it had then; written by a trigger.';

COMMENT ON COLUMN society.tier_history.transaction_id IS 'The last of the point transactions that caused it; they are a series, so no key points there.';

CREATE TABLE society.tiers (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    tier society.performance_tier NOT NULL,
    min_points integer NOT NULL,
    keep_points integer NOT NULL,
    multiplier numeric(8,4) DEFAULT 1 NOT NULL,
    perks jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tiers_are_kept_below_where_they_are_reached CHECK ((keep_points <= min_points)),
    CONSTRAINT tiers_multiplier_is_positive CHECK ((multiplier > (0)::numeric))
);

ALTER TABLE ONLY society.tiers FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.tiers IS 'gamification: tenant: the points at which an agent of the team rises to a tier and below which it falls from it; every team is given all six.';

COMMENT ON COLUMN society.tiers.keep_points IS 'Lower than min_points, so that an agent at the edge does not rise and fall with every transaction.';

CREATE VIEW society.v_active_agents WITH (security_invoker='true') AS
 SELECT id,
    tenant_id,
    agent_id,
    name,
    type,
    status,
    current_tier,
    total_points,
    elo_rating,
    trust_score,
    tasks_completed,
    tasks_failed,
    success_rate,
    average_quality_score,
    average_task_time_ms,
    battles_fought,
    battles_won,
    capabilities,
    last_active_at,
    created_at,
    updated_at
   FROM society.agents
  WHERE ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)) AND (deleted_at IS NULL) AND (status <> ALL (ARRAY['offline'::society.agent_status, 'suspended'::society.agent_status, 'retired'::society.agent_status])));

COMMENT ON VIEW society.v_active_agents IS 'agents: tenant: the agents that are there and may work, with all their figures.';

CREATE VIEW society.v_active_mentorships WITH (security_invoker='true') AS
 SELECT pairings.tenant_id,
    pairings.id,
    pairings.skill_focus,
    pairings.status,
    pairings.mentor_id,
    mentors.agent_id AS mentor_agent_id,
    mentors.name AS mentor_name,
    pairings.mentee_id,
    mentees.agent_id AS mentee_agent_id,
    mentees.name AS mentee_name,
    pairings.planned_sessions,
    pairings.completed_sessions,
    pairings.completion_percentage,
    progress.curriculum_count,
    progress.passed_count,
    progress.average_progress,
    pairings.started_at
   FROM (((society.mentorship_pairings pairings
     JOIN society.agents mentors ON (((mentors.tenant_id = pairings.tenant_id) AND (mentors.id = pairings.mentor_id))))
     JOIN society.agents mentees ON (((mentees.tenant_id = pairings.tenant_id) AND (mentees.id = pairings.mentee_id))))
     CROSS JOIN LATERAL ( SELECT count(*) AS curriculum_count,
            count(mentee_progress.passed_at) AS passed_count,
            avg(mentee_progress.progress_percentage) AS average_progress
           FROM society.mentee_progress
          WHERE ((mentee_progress.tenant_id = pairings.tenant_id) AND (mentee_progress.pairing_id = pairings.id))) progress)
  WHERE ((pairings.tenant_id = ( SELECT platform.tenant_id() AS tenant_id)) AND (pairings.status = 'active'::society.mentorship_status));

COMMENT ON VIEW society.v_active_mentorships IS 'mentorship: tenant: the pairings at work, and how far they are.';

CREATE VIEW society.v_agent_reputation WITH (security_invoker='true') AS
 SELECT agents.tenant_id,
    agents.id AS agent_uuid,
    agents.agent_id,
    agents.name,
    agents.type,
    agents.current_tier,
    agents.trust_score,
    scores.trust_level,
    scores.eigentrust_score,
    scores.persistence_score,
    scores.competence_score,
    scores.peer_rating_score,
    scores.composite,
    scores.rank,
    scores.sample_size,
    scores.computed_at,
    ratings.rating_count,
    ratings.average_rating,
    edges.trusted_by_count,
    edges.interaction_count
   FROM (((society.agents
     LEFT JOIN society.global_trust_scores scores ON (((scores.tenant_id = agents.tenant_id) AND (scores.agent_id = agents.id))))
     CROSS JOIN LATERAL ( SELECT count(*) AS rating_count,
            avg(peer_ratings.rating) AS average_rating
           FROM society.peer_ratings
          WHERE ((peer_ratings.tenant_id = agents.tenant_id) AND (peer_ratings.ratee_id = agents.id))) ratings)
     CROSS JOIN LATERAL ( SELECT count(DISTINCT trust_graph.from_agent_id) FILTER (WHERE (trust_graph.local_trust > (0)::numeric)) AS trusted_by_count,
            COALESCE(sum(trust_graph.interaction_count), (0)::bigint) AS interaction_count
           FROM society.trust_graph
          WHERE ((trust_graph.tenant_id = agents.tenant_id) AND (trust_graph.to_agent_id = agents.id))) edges)
  WHERE ((agents.tenant_id = ( SELECT platform.tenant_id() AS tenant_id)) AND (agents.deleted_at IS NULL));

COMMENT ON VIEW society.v_agent_reputation IS 'reputation: tenant: all that is known of each agent''s reputation; what was never computed is null.';

CREATE VIEW society.v_current_leaderboard WITH (security_invoker='true') AS
 SELECT rankings.tenant_id,
    rankings.category,
    rankings.period,
    rankings.period_start,
    periods.period_end,
    rankings.rank,
    rankings.previous_rank,
    rankings.rank_change,
    rankings.score,
    rankings.ci_low,
    rankings.ci_high,
    agents.id AS agent_uuid,
    agents.agent_id,
    agents.name,
    agents.current_tier,
    periods.closed_at
   FROM ((society.leaderboard_rankings rankings
     JOIN society.leaderboard_periods periods USING (tenant_id, category, period, period_start))
     JOIN society.agents ON (((agents.tenant_id = rankings.tenant_id) AND (agents.id = rankings.agent_id))))
  WHERE ((rankings.tenant_id = ( SELECT platform.tenant_id() AS tenant_id)) AND ((rankings.period)::text = 'weekly'::text) AND (rankings.period_start <= ((now() AT TIME ZONE 'UTC'::text))::date) AND (periods.period_end > ((now() AT TIME ZONE 'UTC'::text))::date));

COMMENT ON VIEW society.v_current_leaderboard IS 'leaderboards: tenant: the ranks of the current week, in every category.';

CREATE VIEW society.v_task_queue_summary WITH (security_invoker='true') AS
 SELECT tenant_id,
    status,
    priority,
    count(*) AS task_count,
    count(*) FILTER (WHERE (assigned_to IS NULL)) AS unassigned_count,
    count(*) FILTER (WHERE (deadline < now())) AS overdue_count,
    min(created_at) AS oldest_created_at,
    avg((EXTRACT(epoch FROM (now() - created_at)) * (1000)::numeric)) AS average_wait_ms
   FROM society.tasks
  WHERE ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)) AND (deleted_at IS NULL) AND (status <> ALL (ARRAY['completed'::society.agent_task_status, 'failed'::society.agent_task_status, 'cancelled'::society.agent_task_status])))
  GROUP BY tenant_id, status, priority;

COMMENT ON VIEW society.v_task_queue_summary IS 'tasks: tenant: how many tasks stand in which state and priority, and how long they have waited.';

CREATE TABLE society.violations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    violation_type society.violation_type NOT NULL,
    severity integer NOT NULL,
    penalty_points integer DEFAULT 0 NOT NULL,
    status character varying(20) DEFAULT 'reported'::character varying NOT NULL,
    status_reason text,
    description text,
    evidence jsonb DEFAULT '{}'::jsonb NOT NULL,
    task_id uuid,
    reported_by uuid DEFAULT society.acting_agent(),
    reported_by_user uuid DEFAULT platform.user_id(),
    detected_by character varying(100),
    occurred_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT violations_are_reported_by_others CHECK ((reported_by <> agent_id)),
    CONSTRAINT violations_penalty_is_not_negative CHECK ((penalty_points >= 0)),
    CONSTRAINT violations_severity_range CHECK (((severity >= 1) AND (severity <= 5))),
    CONSTRAINT violations_status_is_known CHECK (((status)::text = ANY ((ARRAY['reported'::character varying, 'confirmed'::character varying, 'dismissed'::character varying, 'overturned'::character varying, 'expired'::character varying])::text[])))
);

ALTER TABLE ONLY society.violations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.violations IS 'penalties: tenant: what an agent did against the rules, how grave it was, and what it cost.';

COMMENT ON COLUMN society.violations.penalty_points IS 'What counts against the agent while the violation stands; dismissed, overturned or expired, it counts nothing.';

CREATE TABLE society.vote_audit_trail (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid NOT NULL,
    vote_id uuid,
    event_type character varying(50) NOT NULL,
    actor_id uuid DEFAULT society.acting_agent(),
    user_id uuid DEFAULT platform.user_id(),
    payload jsonb DEFAULT '{}'::jsonb NOT NULL,
    signature bytea,
    signed_by uuid,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    epoch bigint NOT NULL,
    transaction_id bigint NOT NULL,
    digest bytea NOT NULL,
    redaction_id uuid,
    CONSTRAINT vote_audit_trail_event_is_known CHECK (((event_type)::text = ANY ((ARRAY['session_created'::character varying, 'session_opened'::character varying, 'session_closed'::character varying, 'session_tallied'::character varying, 'session_tied'::character varying, 'session_without_quorum'::character varying, 'session_cancelled'::character varying, 'vote_cast'::character varying, 'vote_superseded'::character varying, 'ballot_refused'::character varying, 'tie_broken'::character varying, 'recounted'::character varying])::text[]))),
    CONSTRAINT vote_audit_trail_signature_is_ed25519 CHECK ((octet_length(signature) = 64))
);

ALTER TABLE ONLY society.vote_audit_trail FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.vote_audit_trail IS 'voting: tenant: everything that happened in a vote, ballot by ballot; rows are added and never changed.';

COMMENT ON COLUMN society.vote_audit_trail.transaction_id IS 'The transaction that wrote the row; with epoch, what seals count by.';

COMMENT ON COLUMN society.vote_audit_trail.digest IS 'SHA-256 of the row as it was written; see the page on the audit.';

COMMENT ON COLUMN society.vote_audit_trail.redaction_id IS 'The erasure that last emptied parts of the row.';

CREATE TABLE society.vote_delegations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid,
    from_agent_id uuid NOT NULL,
    to_agent_id uuid NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT vote_delegations_are_of_two_agents CHECK ((from_agent_id <> to_agent_id))
);

ALTER TABLE ONLY society.vote_delegations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.vote_delegations IS 'voting: tenant: who votes for whom, in one session or, where none is named, in all; never in a circle.';

CREATE TABLE society.votes (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    vote_option character varying(200),
    ranking jsonb,
    scores jsonb,
    confidence numeric(5,4),
    tokens_spent integer DEFAULT 0 NOT NULL,
    weight numeric DEFAULT 1 NOT NULL,
    rationale text,
    signature bytea,
    cast_at timestamp with time zone DEFAULT now() NOT NULL,
    superseded_at timestamp with time zone,
    superseded_by uuid,
    CONSTRAINT votes_are_superseded_by_another CHECK (((superseded_by IS NULL) OR ((superseded_by <> id) AND (superseded_at IS NOT NULL)))),
    CONSTRAINT votes_confidence_is_a_share CHECK (((confidence >= (0)::numeric) AND (confidence <= (1)::numeric))),
    CONSTRAINT votes_ranking_is_a_list CHECK ((jsonb_typeof(ranking) = 'array'::text)),
    CONSTRAINT votes_say_something CHECK ((num_nonnulls(vote_option, ranking, scores) > 0)),
    CONSTRAINT votes_scores_are_by_option CHECK ((jsonb_typeof(scores) = 'object'::text)),
    CONSTRAINT votes_signature_is_ed25519 CHECK ((octet_length(signature) = 64)),
    CONSTRAINT votes_tokens_are_not_negative CHECK ((tokens_spent >= 0))
);

ALTER TABLE ONLY society.votes FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.votes IS 'voting: tenant: ballots; one that was replaced or withdrawn stays, and counts no more.';

COMMENT ON COLUMN society.votes.ranking IS 'Options from the best; equals stand together in a list of their own.';

COMMENT ON COLUMN society.votes.weight IS 'As the roll said when the ballot was cast.';

CREATE TABLE society.voting_eligibility (
    session_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    weight numeric DEFAULT 1 NOT NULL,
    token_budget integer,
    tokens_left integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT voting_eligibility_budget_is_whole CHECK ((num_nonnulls(token_budget, tokens_left) <> 1)),
    CONSTRAINT voting_eligibility_is_within_the_budget CHECK (((tokens_left >= 0) AND (tokens_left <= token_budget))),
    CONSTRAINT voting_eligibility_weight_is_not_negative CHECK ((weight >= (0)::numeric))
);

ALTER TABLE ONLY society.voting_eligibility FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.voting_eligibility IS 'voting: tenant: the roll of a vote: who may vote, with which weight and how many tokens; without a roll every agent of the team may.';

CREATE TABLE society.voting_sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id character varying(100) NOT NULL,
    topic character varying(500) NOT NULL,
    description text,
    algorithm society.voting_algorithm DEFAULT 'majority'::society.voting_algorithm NOT NULL,
    status society.voting_status DEFAULT 'draft'::society.voting_status NOT NULL,
    options jsonb DEFAULT '[]'::jsonb NOT NULL,
    results jsonb,
    seats integer DEFAULT 1 NOT NULL,
    quorum numeric(5,4),
    threshold numeric(5,4),
    token_budget integer,
    is_secret boolean DEFAULT false NOT NULL,
    tie_break text[] DEFAULT '{}'::text[] NOT NULL,
    tie_seed_hash bytea,
    tie_seed bytea,
    opens_at timestamp with time zone,
    closes_at timestamp with time zone,
    opened_at timestamp with time zone,
    closed_at timestamp with time zone,
    created_by uuid DEFAULT platform.user_id(),
    proposed_by uuid DEFAULT society.acting_agent(),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT voting_sessions_are_named CHECK ((((session_id)::text <> ''::text) AND ((topic)::text <> ''::text))),
    CONSTRAINT voting_sessions_budget_is_not_negative CHECK ((token_budget >= 0)),
    CONSTRAINT voting_sessions_close_after_they_open CHECK ((closes_at > opens_at)),
    CONSTRAINT voting_sessions_closing_is_recorded CHECK (((status = ANY (ARRAY['draft'::society.voting_status, 'open'::society.voting_status])) = (closed_at IS NULL))),
    CONSTRAINT voting_sessions_offer_a_choice CHECK (((status = ANY (ARRAY['draft'::society.voting_status, 'cancelled'::society.voting_status])) OR (jsonb_array_length(options) > 1))),
    CONSTRAINT voting_sessions_opening_is_recorded CHECK (
CASE status
    WHEN 'draft'::society.voting_status THEN (opened_at IS NULL)
    WHEN 'cancelled'::society.voting_status THEN true
    ELSE (opened_at IS NOT NULL)
END),
    CONSTRAINT voting_sessions_options_are_a_list CHECK ((jsonb_typeof(options) = 'array'::text)),
    CONSTRAINT voting_sessions_quorum_is_a_share CHECK (((quorum >= (0)::numeric) AND (quorum <= (1)::numeric))),
    CONSTRAINT voting_sessions_reveal_the_seed_they_committed_to CHECK (((tie_seed IS NULL) OR ((tie_seed_hash IS NOT NULL) AND (tie_seed_hash = sha256(tie_seed))))),
    CONSTRAINT voting_sessions_seats_is_positive CHECK ((seats > 0)),
    CONSTRAINT voting_sessions_tallied_have_results CHECK (((status <> ALL (ARRAY['tallied'::society.voting_status, 'tied'::society.voting_status])) OR (results IS NOT NULL))),
    CONSTRAINT voting_sessions_threshold_is_a_share CHECK (((threshold >= (0)::numeric) AND (threshold <= (1)::numeric)))
);

ALTER TABLE ONLY society.voting_sessions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.voting_sessions IS 'voting: tenant: what is voted on, by which rule, and what came of it.';

COMMENT ON COLUMN society.voting_sessions.quorum IS 'The share of the roll that must vote; null: any turnout will do.';

COMMENT ON COLUMN society.voting_sessions.threshold IS 'The share that an option needs, where the algorithm asks for one.';

COMMENT ON COLUMN society.voting_sessions.tie_break IS 'What settles a tie, in order; a lottery''s seed is committed to by its hash and shown after closing.';

ALTER TABLE ONLY evaluation.failure_patterns ALTER COLUMN pattern_id SET DEFAULT gen_random_uuid();

ALTER TABLE ONLY evaluation.outcomes ALTER COLUMN outcome_id SET DEFAULT gen_random_uuid();

ALTER TABLE ONLY evaluation.tool_usage ALTER COLUMN usage_id SET DEFAULT gen_random_uuid();

ALTER TABLE ONLY gateway.llm_requests ALTER COLUMN id SET DEFAULT gen_random_uuid();

ALTER TABLE ONLY gateway.llm_responses ALTER COLUMN id SET DEFAULT gen_random_uuid();

ALTER TABLE ONLY society.agent_activity_log ALTER COLUMN id SET DEFAULT gen_random_uuid();

ALTER TABLE ONLY society.agent_activity_log ALTER COLUMN created_at SET DEFAULT now();

ALTER TABLE ONLY society.point_transactions ALTER COLUMN id SET DEFAULT gen_random_uuid();

ALTER TABLE ONLY society.task_history ALTER COLUMN id SET DEFAULT gen_random_uuid();

ALTER TABLE ONLY catalogue.benchmark_scores
    ADD CONSTRAINT benchmark_scores_one_per_day UNIQUE (model_id, suite_id, evaluation_date, variant);

ALTER TABLE ONLY catalogue.benchmark_scores
    ADD CONSTRAINT benchmark_scores_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.benchmark_suites
    ADD CONSTRAINT benchmark_suites_one_per_slug UNIQUE (slug);

ALTER TABLE ONLY catalogue.benchmark_suites
    ADD CONSTRAINT benchmark_suites_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.documentation
    ADD CONSTRAINT documentation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.incidents
    ADD CONSTRAINT incidents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.model_aliases
    ADD CONSTRAINT model_aliases_mean_one_model_at_a_time EXCLUDE USING gist (catalogue.key_of(VARIADIC ARRAY[(alias)::text, (provider_id)::text]) WITH =, tstzrange(valid_from, valid_to) WITH &&);

ALTER TABLE ONLY catalogue.model_aliases
    ADD CONSTRAINT model_aliases_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.model_endpoints
    ADD CONSTRAINT model_endpoints_one_per_region UNIQUE (model_id, region);

ALTER TABLE ONLY catalogue.model_endpoints
    ADD CONSTRAINT model_endpoints_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.models
    ADD CONSTRAINT models_one_per_slug UNIQUE (slug);

ALTER TABLE ONLY catalogue.models
    ADD CONSTRAINT models_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.news_articles
    ADD CONSTRAINT news_articles_one_per_slug UNIQUE (slug);

ALTER TABLE ONLY catalogue.news_articles
    ADD CONSTRAINT news_articles_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.news_model_mentions
    ADD CONSTRAINT news_model_mentions_pkey PRIMARY KEY (news_id, model_id);

ALTER TABLE ONLY catalogue.price_claims
    ADD CONSTRAINT price_claims_one_per_retrieval UNIQUE (model_id, source, retrieved_at);

ALTER TABLE ONLY catalogue.price_claims
    ADD CONSTRAINT price_claims_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.pricing
    ADD CONSTRAINT pricing_one_price_a_day EXCLUDE USING gist (catalogue.key_of(VARIADIC ARRAY[(model_id)::text, (tier)::text, (service_tier)::text, (region)::text, (currency)::text, (min_input_tokens)::text]) WITH =, daterange(effective_from, effective_to) WITH &&) WHERE ((superseded_at IS NULL));

ALTER TABLE ONLY catalogue.pricing
    ADD CONSTRAINT pricing_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.probe_locations
    ADD CONSTRAINT probe_locations_one_per_name UNIQUE (name);

ALTER TABLE ONLY catalogue.probe_locations
    ADD CONSTRAINT probe_locations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.providers
    ADD CONSTRAINT providers_one_per_slug UNIQUE (slug);

ALTER TABLE ONLY catalogue.providers
    ADD CONSTRAINT providers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY evaluation.bodies
    ADD CONSTRAINT bodies_pkey PRIMARY KEY (tenant_id, sha256);

ALTER TABLE ONLY evaluation.config_diffs
    ADD CONSTRAINT config_diffs_one_per_pair UNIQUE (tenant_id, config_id, version_before, version_after);

ALTER TABLE ONLY evaluation.config_diffs
    ADD CONSTRAINT config_diffs_pkey PRIMARY KEY (diff_id);

ALTER TABLE ONLY evaluation.config_diffs
    ADD CONSTRAINT config_diffs_tenant_id_diff_id_key UNIQUE (tenant_id, diff_id);

ALTER TABLE ONLY evaluation.config_versions
    ADD CONSTRAINT config_versions_config_id_version_id_key UNIQUE (config_id, version_id);

ALTER TABLE ONLY evaluation.config_versions
    ADD CONSTRAINT config_versions_one_per_content UNIQUE (tenant_id, config_id, config_hash);

ALTER TABLE ONLY evaluation.config_versions
    ADD CONSTRAINT config_versions_one_per_number UNIQUE (tenant_id, config_id, version_number);

ALTER TABLE ONLY evaluation.config_versions
    ADD CONSTRAINT config_versions_pkey PRIMARY KEY (version_id);

ALTER TABLE ONLY evaluation.config_versions
    ADD CONSTRAINT config_versions_tenant_id_version_id_key UNIQUE (tenant_id, version_id);

ALTER TABLE ONLY evaluation.configurations
    ADD CONSTRAINT configurations_one_per_name UNIQUE (tenant_id, name);

ALTER TABLE ONLY evaluation.configurations
    ADD CONSTRAINT configurations_pkey PRIMARY KEY (config_id);

ALTER TABLE ONLY evaluation.configurations
    ADD CONSTRAINT configurations_tenant_id_config_id_key UNIQUE (tenant_id, config_id);

ALTER TABLE ONLY evaluation.llm_recommendation_sessions
    ADD CONSTRAINT llm_recommendation_sessions_pkey PRIMARY KEY (session_id);

ALTER TABLE ONLY evaluation.llm_recommendation_sessions
    ADD CONSTRAINT llm_recommendation_sessions_tenant_id_session_id_key UNIQUE (tenant_id, session_id);

ALTER TABLE ONLY evaluation.outcome_embeddings
    ADD CONSTRAINT outcome_embeddings_pkey PRIMARY KEY (outcome_id, execution_time);

ALTER TABLE ONLY evaluation.recommendations
    ADD CONSTRAINT recommendations_pkey PRIMARY KEY (recommendation_id);

ALTER TABLE ONLY evaluation.scenario_versions
    ADD CONSTRAINT scenario_versions_pkey PRIMARY KEY (tenant_id, scenario_id, content_hash);

ALTER TABLE ONLY evaluation.scenarios
    ADD CONSTRAINT scenarios_pkey PRIMARY KEY (tenant_id, scenario_id);

ALTER TABLE ONLY evaluation.simulations
    ADD CONSTRAINT simulations_one_per_import UNIQUE (tenant_id, import_hash);

ALTER TABLE ONLY evaluation.simulations
    ADD CONSTRAINT simulations_pkey PRIMARY KEY (simulation_id);

ALTER TABLE ONLY evaluation.simulations_scenarios
    ADD CONSTRAINT simulations_scenarios_pkey PRIMARY KEY (simulation_id, scenario_id);

ALTER TABLE ONLY evaluation.simulations
    ADD CONSTRAINT simulations_tenant_id_simulation_id_key UNIQUE (tenant_id, simulation_id);

ALTER TABLE ONLY evaluation.trials
    ADD CONSTRAINT trials_pkey PRIMARY KEY (simulation_id, scenario_id, trial_number);

ALTER TABLE ONLY gateway.acp_agents
    ADD CONSTRAINT acp_agents_one_per_name UNIQUE (tenant_id, name);

ALTER TABLE ONLY gateway.acp_agents
    ADD CONSTRAINT acp_agents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.acp_agents
    ADD CONSTRAINT acp_agents_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY gateway.code_versions
    ADD CONSTRAINT code_versions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.cognee_memories
    ADD CONSTRAINT cognee_memories_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.cognee_memories
    ADD CONSTRAINT cognee_memories_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY gateway.debate_ballots
    ADD CONSTRAINT debate_ballots_pkey PRIMARY KEY (tenant_id, session_id, vote, participant_id);

ALTER TABLE ONLY gateway.debate_sessions
    ADD CONSTRAINT debate_sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.debate_sessions
    ADD CONSTRAINT debate_sessions_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY gateway.debate_turns
    ADD CONSTRAINT debate_turns_one_per_place UNIQUE (tenant_id, session_id, round_number, turn_number);

ALTER TABLE ONLY gateway.debate_turns
    ADD CONSTRAINT debate_turns_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.distributed_memory
    ADD CONSTRAINT distributed_memory_pkey PRIMARY KEY (shard_key, id);

ALTER TABLE ONLY gateway.llm_providers
    ADD CONSTRAINT llm_providers_one_per_name UNIQUE (tenant_id, name);

ALTER TABLE ONLY gateway.llm_providers
    ADD CONSTRAINT llm_providers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.llm_providers
    ADD CONSTRAINT llm_providers_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY gateway.lsp_servers
    ADD CONSTRAINT lsp_servers_one_per_name UNIQUE (tenant_id, name);

ALTER TABLE ONLY gateway.lsp_servers
    ADD CONSTRAINT lsp_servers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.lsp_servers
    ADD CONSTRAINT lsp_servers_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY gateway.mcp_servers
    ADD CONSTRAINT mcp_servers_one_per_name UNIQUE (tenant_id, name);

ALTER TABLE ONLY gateway.mcp_servers
    ADD CONSTRAINT mcp_servers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.mcp_servers
    ADD CONSTRAINT mcp_servers_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY gateway.memory_nodes
    ADD CONSTRAINT memory_nodes_pkey PRIMARY KEY (node_id);

ALTER TABLE ONLY platform.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.api_keys
    ADD CONSTRAINT api_keys_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY platform.archives
    ADD CONSTRAINT archives_one_per_file UNIQUE (file);

ALTER TABLE ONLY platform.archives
    ADD CONSTRAINT archives_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.audit_exemptions
    ADD CONSTRAINT audit_exemptions_pkey PRIMARY KEY (relation);

ALTER TABLE ONLY platform.audit_redactions
    ADD CONSTRAINT audit_redactions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.audit_seal_parts
    ADD CONSTRAINT audit_seal_parts_one_per_team_and_day UNIQUE NULLS NOT DISTINCT (ledger, number, tenant_id, day);

ALTER TABLE ONLY platform.audit_seal_parts
    ADD CONSTRAINT audit_seal_parts_pkey PRIMARY KEY (ledger, number, "position");

ALTER TABLE ONLY platform.audit_seals
    ADD CONSTRAINT audit_seals_pkey PRIMARY KEY (ledger, number);

ALTER TABLE ONLY platform.background_task_dependencies
    ADD CONSTRAINT background_task_dependencies_pkey PRIMARY KEY (depends_on_task_id, task_id);

ALTER TABLE ONLY platform.background_tasks
    ADD CONSTRAINT background_tasks_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.background_tasks
    ADD CONSTRAINT background_tasks_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY platform.cache_counters
    ADD CONSTRAINT cache_counters_pkey PRIMARY KEY (key);

ALTER TABLE ONLY platform.cache_entries
    ADD CONSTRAINT cache_entries_pkey PRIMARY KEY (key);

ALTER TABLE ONLY platform.clickhouse_analytics
    ADD CONSTRAINT clickhouse_analytics_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.dead_letter_queue
    ADD CONSTRAINT dead_letter_queue_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.dead_letter_queue
    ADD CONSTRAINT dead_letter_queue_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY platform.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant_id, user_id, key);

ALTER TABLE ONLY platform.installation
    ADD CONSTRAINT installation_pkey PRIMARY KEY (is_the_one);

ALTER TABLE ONLY platform.ledgers
    ADD CONSTRAINT ledgers_pkey PRIMARY KEY (name);

ALTER TABLE ONLY platform.ledgers
    ADD CONSTRAINT ledgers_relation_key UNIQUE (relation);

ALTER TABLE ONLY platform.provider_secrets
    ADD CONSTRAINT provider_secrets_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.provider_secrets
    ADD CONSTRAINT provider_secrets_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY platform.rate_limits
    ADD CONSTRAINT rate_limits_pkey PRIMARY KEY (key);

ALTER TABLE ONLY platform.rollups
    ADD CONSTRAINT rollups_pkey PRIMARY KEY (name);

ALTER TABLE ONLY platform.schedule_runs
    ADD CONSTRAINT schedule_runs_pkey PRIMARY KEY (schedule_name, due_at);

ALTER TABLE ONLY platform.schedules
    ADD CONSTRAINT schedules_pkey PRIMARY KEY (name);

ALTER TABLE ONLY platform.sealed_columns
    ADD CONSTRAINT sealed_columns_pkey PRIMARY KEY (relation, column_name);

ALTER TABLE ONLY platform.series
    ADD CONSTRAINT series_pkey PRIMARY KEY (name);

ALTER TABLE ONLY platform.sign_in_failures
    ADD CONSTRAINT sign_in_failures_pkey PRIMARY KEY (subject);

ALTER TABLE ONLY platform.slow_query_log
    ADD CONSTRAINT slow_query_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.sql_logins
    ADD CONSTRAINT sql_logins_pkey PRIMARY KEY (role_name);

ALTER TABLE ONLY platform.task_lanes
    ADD CONSTRAINT task_lanes_one_per_type_and_queue UNIQUE (task_type, queue);

ALTER TABLE ONLY platform.task_lanes
    ADD CONSTRAINT task_lanes_pkey PRIMARY KEY (lane);

ALTER TABLE ONLY platform.task_workers
    ADD CONSTRAINT task_workers_pkey PRIMARY KEY (worker_id);

ALTER TABLE ONLY platform.team_invitations
    ADD CONSTRAINT team_invitations_one_per_token UNIQUE (token_digest, tenant_id);

ALTER TABLE ONLY platform.team_invitations
    ADD CONSTRAINT team_invitations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.team_invitations
    ADD CONSTRAINT team_invitations_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY platform.team_members
    ADD CONSTRAINT team_members_pkey PRIMARY KEY (tenant_id, user_id);

ALTER TABLE ONLY platform.teams
    ADD CONSTRAINT teams_one_per_slug UNIQUE (slug);

ALTER TABLE ONLY platform.teams
    ADD CONSTRAINT teams_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.user_preferences
    ADD CONSTRAINT user_preferences_one_per_identifier UNIQUE (user_identifier);

ALTER TABLE ONLY platform.user_preferences
    ADD CONSTRAINT user_preferences_one_per_user UNIQUE (user_id);

ALTER TABLE ONLY platform.user_preferences
    ADD CONSTRAINT user_preferences_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.user_sessions
    ADD CONSTRAINT user_sessions_one_per_token UNIQUE (session_token, tenant_id);

ALTER TABLE ONLY platform.user_sessions
    ADD CONSTRAINT user_sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.user_sessions
    ADD CONSTRAINT user_sessions_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY platform.users
    ADD CONSTRAINT users_one_per_api_key UNIQUE (api_key);

ALTER TABLE ONLY platform.users
    ADD CONSTRAINT users_one_per_email UNIQUE (email);

ALTER TABLE ONLY platform.users
    ADD CONSTRAINT users_one_per_username UNIQUE (username);

ALTER TABLE ONLY platform.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.achievements
    ADD CONSTRAINT achievements_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.achievements
    ADD CONSTRAINT achievements_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.agent_achievements
    ADD CONSTRAINT agent_achievements_one_per_period UNIQUE NULLS NOT DISTINCT (tenant_id, agent_id, achievement_id, period);

ALTER TABLE ONLY society.agent_achievements
    ADD CONSTRAINT agent_achievements_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.agent_permissions
    ADD CONSTRAINT agent_permissions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.agent_skills
    ADD CONSTRAINT agent_skills_one_per_skill UNIQUE (tenant_id, agent_id, skill_name);

ALTER TABLE ONLY society.agent_skills
    ADD CONSTRAINT agent_skills_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.agent_status_history
    ADD CONSTRAINT agent_status_history_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.agents
    ADD CONSTRAINT agents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.agents
    ADD CONSTRAINT agents_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.appeal_reviews
    ADD CONSTRAINT appeal_reviews_one_per_reviewer UNIQUE (tenant_id, appeal_id, reviewer_id);

ALTER TABLE ONLY society.appeal_reviews
    ADD CONSTRAINT appeal_reviews_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.appeals
    ADD CONSTRAINT appeals_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.appeals
    ADD CONSTRAINT appeals_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.battle_participants
    ADD CONSTRAINT battle_participants_one_per_agent UNIQUE (tenant_id, battle_id, agent_id);

ALTER TABLE ONLY society.battle_participants
    ADD CONSTRAINT battle_participants_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.battle_rounds
    ADD CONSTRAINT battle_rounds_one_per_judge UNIQUE NULLS NOT DISTINCT (tenant_id, battle_id, round_number, judge_id);

ALTER TABLE ONLY society.battle_rounds
    ADD CONSTRAINT battle_rounds_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.battles
    ADD CONSTRAINT battles_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.battles
    ADD CONSTRAINT battles_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.brainstorm_participants
    ADD CONSTRAINT brainstorm_participants_one_per_agent UNIQUE (tenant_id, session_id, agent_id);

ALTER TABLE ONLY society.brainstorm_participants
    ADD CONSTRAINT brainstorm_participants_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.brainstorm_sessions
    ADD CONSTRAINT brainstorm_sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.brainstorm_sessions
    ADD CONSTRAINT brainstorm_sessions_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.eigentrust_runs
    ADD CONSTRAINT eigentrust_runs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.eigentrust_runs
    ADD CONSTRAINT eigentrust_runs_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.elo_history
    ADD CONSTRAINT elo_history_one_per_battle UNIQUE (tenant_id, agent_id, battle_id);

ALTER TABLE ONLY society.elo_history
    ADD CONSTRAINT elo_history_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.global_trust_scores
    ADD CONSTRAINT global_trust_scores_one_per_agent UNIQUE (tenant_id, agent_id);

ALTER TABLE ONLY society.global_trust_scores
    ADD CONSTRAINT global_trust_scores_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.hall_of_fame
    ADD CONSTRAINT hall_of_fame_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.idea_combination_sources
    ADD CONSTRAINT idea_combination_sources_pkey PRIMARY KEY (tenant_id, combination_id, idea_id);

ALTER TABLE ONLY society.idea_combinations
    ADD CONSTRAINT idea_combinations_are_of_one_session UNIQUE (tenant_id, id, session_id, result_idea_id);

ALTER TABLE ONLY society.idea_combinations
    ADD CONSTRAINT idea_combinations_one_per_result UNIQUE (tenant_id, result_idea_id);

ALTER TABLE ONLY society.idea_combinations
    ADD CONSTRAINT idea_combinations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.idea_votes
    ADD CONSTRAINT idea_votes_one_per_agent UNIQUE (tenant_id, idea_id, agent_id);

ALTER TABLE ONLY society.idea_votes
    ADD CONSTRAINT idea_votes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.ideas
    ADD CONSTRAINT ideas_are_of_one_session UNIQUE (tenant_id, session_id, id);

ALTER TABLE ONLY society.ideas
    ADD CONSTRAINT ideas_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.ideas
    ADD CONSTRAINT ideas_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.leaderboard_periods
    ADD CONSTRAINT leaderboard_periods_pkey PRIMARY KEY (tenant_id, category, period, period_start);

ALTER TABLE ONLY society.leaderboard_rankings
    ADD CONSTRAINT leaderboard_rankings_one_per_agent UNIQUE (tenant_id, category, period, period_start, agent_id);

ALTER TABLE ONLY society.leaderboard_rankings
    ADD CONSTRAINT leaderboard_rankings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.mentee_progress
    ADD CONSTRAINT mentee_progress_one_per_curriculum UNIQUE (tenant_id, pairing_id, curriculum_id);

ALTER TABLE ONLY society.mentee_progress
    ADD CONSTRAINT mentee_progress_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.mentorship_curriculum
    ADD CONSTRAINT mentorship_curriculum_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.mentorship_curriculum
    ADD CONSTRAINT mentorship_curriculum_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.mentorship_pairings
    ADD CONSTRAINT mentorship_pairings_have_one_mentee UNIQUE (tenant_id, id, mentee_id);

ALTER TABLE ONLY society.mentorship_pairings
    ADD CONSTRAINT mentorship_pairings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.mentorship_pairings
    ADD CONSTRAINT mentorship_pairings_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.mentorship_sessions
    ADD CONSTRAINT mentorship_sessions_one_per_number UNIQUE (tenant_id, pairing_id, session_number);

ALTER TABLE ONLY society.mentorship_sessions
    ADD CONSTRAINT mentorship_sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.peer_ratings
    ADD CONSTRAINT peer_ratings_one_per_evidence UNIQUE NULLS NOT DISTINCT (tenant_id, rater_id, ratee_id, context, task_id, battle_id);

ALTER TABLE ONLY society.peer_ratings
    ADD CONSTRAINT peer_ratings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.point_keys
    ADD CONSTRAINT point_keys_one_award_per_key PRIMARY KEY (tenant_id, idempotency_key);

ALTER TABLE ONLY society.point_rules
    ADD CONSTRAINT point_rules_one_per_category UNIQUE (tenant_id, category);

ALTER TABLE ONLY society.point_rules
    ADD CONSTRAINT point_rules_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.pretrusted_agents
    ADD CONSTRAINT pretrusted_agents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.priority_queues
    ADD CONSTRAINT priority_queues_one_per_queue UNIQUE (tenant_id, agent_id, queue_id);

ALTER TABLE ONLY society.priority_queues
    ADD CONSTRAINT priority_queues_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.resource_allocations
    ADD CONSTRAINT resource_allocations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.resource_pools
    ADD CONSTRAINT resource_pools_are_of_one_type UNIQUE (tenant_id, id, resource_type);

ALTER TABLE ONLY society.resource_pools
    ADD CONSTRAINT resource_pools_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.resource_pools
    ADD CONSTRAINT resource_pools_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.retraining_assessments
    ADD CONSTRAINT retraining_assessments_one_per_attempt UNIQUE (tenant_id, program_id, attempt);

ALTER TABLE ONLY society.retraining_assessments
    ADD CONSTRAINT retraining_assessments_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.retraining_programs
    ADD CONSTRAINT retraining_programs_are_of_one_agent UNIQUE (tenant_id, id, agent_id);

ALTER TABLE ONLY society.retraining_programs
    ADD CONSTRAINT retraining_programs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.streaks
    ADD CONSTRAINT streaks_one_per_type UNIQUE (tenant_id, agent_id, streak_type);

ALTER TABLE ONLY society.streaks
    ADD CONSTRAINT streaks_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.task_assignments
    ADD CONSTRAINT task_assignments_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.task_dependencies
    ADD CONSTRAINT task_dependencies_one_per_pair UNIQUE (tenant_id, task_id, depends_on_task_id);

ALTER TABLE ONLY society.task_dependencies
    ADD CONSTRAINT task_dependencies_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.task_executions
    ADD CONSTRAINT task_executions_one_per_attempt UNIQUE (tenant_id, task_id, attempt);

ALTER TABLE ONLY society.task_executions
    ADD CONSTRAINT task_executions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.task_queues
    ADD CONSTRAINT task_queues_one_per_name UNIQUE (tenant_id, name);

ALTER TABLE ONLY society.task_queues
    ADD CONSTRAINT task_queues_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.task_queues
    ADD CONSTRAINT task_queues_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.task_results
    ADD CONSTRAINT task_results_one_per_attempt UNIQUE (tenant_id, task_id, attempt);

ALTER TABLE ONLY society.task_results
    ADD CONSTRAINT task_results_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.tasks
    ADD CONSTRAINT tasks_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.tier_history
    ADD CONSTRAINT tier_history_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.tiers
    ADD CONSTRAINT tiers_pkey PRIMARY KEY (tenant_id, tier);

ALTER TABLE ONLY society.trust_graph
    ADD CONSTRAINT trust_graph_one_edge_per_context UNIQUE (tenant_id, from_agent_id, to_agent_id, context);

ALTER TABLE ONLY society.trust_graph
    ADD CONSTRAINT trust_graph_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.violations
    ADD CONSTRAINT violations_are_of_one_agent UNIQUE (tenant_id, id, agent_id);

ALTER TABLE ONLY society.violations
    ADD CONSTRAINT violations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.violations
    ADD CONSTRAINT violations_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.vote_audit_trail
    ADD CONSTRAINT vote_audit_trail_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.vote_delegations
    ADD CONSTRAINT vote_delegations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.votes
    ADD CONSTRAINT votes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.votes
    ADD CONSTRAINT votes_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.voting_eligibility
    ADD CONSTRAINT voting_eligibility_pkey PRIMARY KEY (tenant_id, session_id, agent_id);

ALTER TABLE ONLY society.voting_sessions
    ADD CONSTRAINT voting_sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.voting_sessions
    ADD CONSTRAINT voting_sessions_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY store.agent_activity_log
    ADD CONSTRAINT agent_activity_log_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY store.analytics_events
    ADD CONSTRAINT analytics_events_pkey PRIMARY KEY (id, "timestamp");

ALTER TABLE ONLY store.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (log_id, "timestamp");

ALTER TABLE ONLY store.audit_logs
    ADD CONSTRAINT audit_logs_pkey PRIMARY KEY (id, "timestamp");

ALTER TABLE ONLY store.background_task_history
    ADD CONSTRAINT background_task_history_pkey PRIMARY KEY (task_id, created_at, event);

ALTER TABLE ONLY store.daily_model_views
    ADD CONSTRAINT daily_model_views_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, model);

ALTER TABLE ONLY store.daily_stats
    ADD CONSTRAINT daily_stats_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, event_type);

ALTER TABLE ONLY store.failure_patterns
    ADD CONSTRAINT failure_patterns_pkey PRIMARY KEY (pattern_id, execution_time);

ALTER TABLE ONLY store.failure_trends_daily
    ADD CONSTRAINT failure_trends_daily_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, failure_category);

ALTER TABLE ONLY store.llm_latency_daily
    ADD CONSTRAINT llm_latency_daily_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, provider_name, model, idx);

ALTER TABLE ONLY store.llm_requests
    ADD CONSTRAINT llm_requests_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY store.llm_responses
    ADD CONSTRAINT llm_responses_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY store.mv_daily_stats
    ADD CONSTRAINT mv_daily_stats_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, user_id, model);

ALTER TABLE ONLY store.outcomes
    ADD CONSTRAINT outcomes_pkey PRIMARY KEY (outcome_id, execution_time);

ALTER TABLE ONLY store.penalty_history
    ADD CONSTRAINT penalty_history_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY store.point_transactions
    ADD CONSTRAINT point_transactions_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY store.reputation_history
    ADD CONSTRAINT reputation_history_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY store.scenario_performance_daily
    ADD CONSTRAINT scenario_performance_daily_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, scenario_id);

ALTER TABLE ONLY store.simulation_latency_hourly
    ADD CONSTRAINT simulation_latency_hourly_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, simulation_id, idx);

ALTER TABLE ONLY store.simulation_performance_daily
    ADD CONSTRAINT simulation_performance_daily_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, simulation_id);

ALTER TABLE ONLY store.simulation_performance_hourly
    ADD CONSTRAINT simulation_performance_hourly_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, simulation_id);

ALTER TABLE ONLY store.spans
    ADD CONSTRAINT spans_pkey PRIMARY KEY (tenant_id, trace_id, span_id, started_at);

ALTER TABLE ONLY store.status_5min
    ADD CONSTRAINT status_5min_one_per_key UNIQUE NULLS NOT DISTINCT (bucket, model_id, region);

ALTER TABLE ONLY store.status_hourly
    ADD CONSTRAINT status_hourly_one_per_key UNIQUE NULLS NOT DISTINCT (bucket, model_id, region);

ALTER TABLE ONLY store.status_probes
    ADD CONSTRAINT status_probes_pkey PRIMARY KEY (model_id, region, probe_location, "time");

ALTER TABLE ONLY store.streaming_analytics
    ADD CONSTRAINT streaming_analytics_pkey PRIMARY KEY (id, "timestamp");

ALTER TABLE ONLY store.task_history
    ADD CONSTRAINT task_history_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY store.tool_performance_daily
    ADD CONSTRAINT tool_performance_daily_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, tool_name);

ALTER TABLE ONLY store.tool_usage
    ADD CONSTRAINT tool_usage_pkey PRIMARY KEY (usage_id, execution_time);

CREATE INDEX idx_benchmarks_category ON catalogue.benchmark_suites USING btree (category);

CREATE INDEX idx_docs_locale ON catalogue.documentation USING btree (locale);

CREATE INDEX idx_docs_model ON catalogue.documentation USING btree (model_id);

CREATE INDEX idx_docs_type ON catalogue.documentation USING btree (doc_type);

CREATE INDEX idx_incidents_model ON catalogue.incidents USING btree (model_id);

CREATE INDEX idx_incidents_provider ON catalogue.incidents USING btree (provider_id);

CREATE INDEX idx_incidents_status ON catalogue.incidents USING btree (status) WHERE ((status)::text <> 'resolved'::text);

CREATE INDEX idx_incidents_time ON catalogue.incidents USING btree (started_at DESC);

CREATE UNIQUE INDEX idx_model_listings_id ON catalogue.model_listings USING btree (id);

CREATE INDEX idx_model_listings_provider ON catalogue.model_listings USING btree (provider_id);

CREATE INDEX idx_models_active ON catalogue.models USING btree (is_active);

CREATE INDEX idx_models_capabilities ON catalogue.models USING gin (capabilities);

CREATE INDEX idx_models_foundation ON catalogue.models USING btree (foundation_model);

CREATE INDEX idx_models_modalities ON catalogue.models USING gin (modalities);

CREATE INDEX idx_models_provider ON catalogue.models USING btree (provider_id);

CREATE INDEX idx_models_search ON catalogue.models USING gin (search_vector);

CREATE INDEX idx_news_category ON catalogue.news_articles USING btree (category);

CREATE INDEX idx_news_locale ON catalogue.news_articles USING btree (locale_primary);

CREATE INDEX idx_news_published ON catalogue.news_articles USING btree (published_at DESC);

CREATE INDEX idx_news_tags ON catalogue.news_articles USING gin (tags);

CREATE INDEX idx_pricing_effective ON catalogue.pricing USING btree (effective_from, effective_to);

CREATE INDEX idx_pricing_model ON catalogue.pricing USING btree (model_id);

CREATE INDEX idx_pricing_region ON catalogue.pricing USING btree (region);

CREATE INDEX idx_providers_regions ON catalogue.providers USING gin (regions);

CREATE INDEX idx_scores_date ON catalogue.benchmark_scores USING btree (evaluation_date DESC);

CREATE INDEX idx_scores_model ON catalogue.benchmark_scores USING btree (model_id);

CREATE INDEX idx_scores_suite ON catalogue.benchmark_scores USING btree (suite_id);

CREATE INDEX model_aliases_by_alias ON catalogue.model_aliases USING btree (alias);

CREATE INDEX model_aliases_by_model ON catalogue.model_aliases USING btree (model_id);

CREATE INDEX model_aliases_by_provider ON catalogue.model_aliases USING btree (provider_id);

CREATE INDEX news_articles_by_author ON catalogue.news_articles USING btree (author_id) WHERE (author_id IS NOT NULL);

CREATE INDEX news_model_mentions_by_model ON catalogue.news_model_mentions USING btree (model_id);

CREATE INDEX pricing_by_claim ON catalogue.pricing USING btree (claim_id) WHERE (claim_id IS NOT NULL);

CREATE INDEX config_diffs_by_approver ON evaluation.config_diffs USING btree (approved_by) WHERE (approved_by IS NOT NULL);

CREATE INDEX config_diffs_by_version_after ON evaluation.config_diffs USING btree (config_id, version_after);

CREATE INDEX config_diffs_by_version_before ON evaluation.config_diffs USING btree (config_id, version_before);

CREATE INDEX configurations_by_latest_version ON evaluation.configurations USING btree (config_id, latest_version_id);

CREATE INDEX configurations_by_user ON evaluation.configurations USING btree (user_id);

CREATE INDEX idx_config_diffs_config_created ON evaluation.config_diffs USING btree (tenant_id, config_id, created_at DESC);

CREATE INDEX idx_config_diffs_llm_generated ON evaluation.config_diffs USING btree (llm_generated, created_at DESC) WHERE llm_generated;

CREATE INDEX idx_config_embedding_cosine ON evaluation.config_versions USING hnsw (((embedding)::public.halfvec(1536)) public.halfvec_cosine_ops) WHERE (embedding IS NOT NULL);

CREATE INDEX idx_config_versions_config_version ON evaluation.config_versions USING btree (tenant_id, config_id, version_number DESC);

CREATE INDEX idx_config_versions_parsed_gin ON evaluation.config_versions USING gin (parsed_config jsonb_path_ops);

CREATE INDEX idx_recommendations_impact_gin ON evaluation.recommendations USING gin (impact_estimate jsonb_path_ops) WHERE (impact_estimate IS NOT NULL);

CREATE INDEX idx_recommendations_pending ON evaluation.recommendations USING btree (tenant_id, confidence DESC, created_at DESC) WHERE (NOT applied);

CREATE INDEX idx_recommendations_pending_confidence ON evaluation.recommendations USING btree (tenant_id, applied, confidence DESC, created_at DESC) WHERE (NOT applied);

CREATE INDEX idx_scenario_embedding_cosine ON evaluation.scenarios USING hnsw (((scenario_embedding)::public.halfvec(1536)) public.halfvec_cosine_ops) WHERE (scenario_embedding IS NOT NULL);

CREATE INDEX idx_scenarios_text_search ON evaluation.scenarios USING gin (to_tsvector('english'::regconfig, ((name || ' '::text) || task_prompt)));

CREATE INDEX idx_simulations_config_created ON evaluation.simulations USING btree (tenant_id, config_version_id, created_at DESC);

CREATE INDEX idx_simulations_metadata_gin ON evaluation.simulations USING gin (metadata jsonb_path_ops) WHERE (metadata <> '{}'::jsonb);

CREATE INDEX idx_simulations_modal_app ON evaluation.simulations USING btree (tenant_id, modal_app_id, created_at DESC) WHERE (modal_app_id IS NOT NULL);

CREATE INDEX idx_simulations_recent_completed ON evaluation.simulations USING btree (tenant_id, completed_at DESC) INCLUDE (simulation_id, overall_score, total_cost_usd) WHERE (status = 'completed'::text);

CREATE INDEX idx_simulations_status_priority ON evaluation.simulations USING btree (tenant_id, status, priority DESC) WHERE (status = ANY (ARRAY['pending'::text, 'running'::text]));

CREATE INDEX idx_simulations_user_performance ON evaluation.simulations USING btree (tenant_id, config_version_id, status, overall_score, total_cost_usd, completed_at);

CREATE INDEX idx_trajectory_embedding_cosine ON evaluation.outcome_embeddings USING hnsw (((embedding)::public.halfvec(1536)) public.halfvec_cosine_ops);

CREATE INDEX llm_recommendation_sessions_by_tenant ON evaluation.llm_recommendation_sessions USING btree (tenant_id, created_at DESC);

CREATE INDEX llm_recommendation_sessions_by_user ON evaluation.llm_recommendation_sessions USING btree (user_id);

CREATE INDEX outcome_embeddings_by_tenant ON evaluation.outcome_embeddings USING btree (tenant_id);

CREATE INDEX recommendations_by_applier ON evaluation.recommendations USING btree (applied_by) WHERE (applied_by IS NOT NULL);

CREATE INDEX recommendations_by_diff ON evaluation.recommendations USING btree (tenant_id, diff_id);

CREATE INDEX recommendations_by_session ON evaluation.recommendations USING btree (tenant_id, session_id);

CREATE INDEX recommendations_by_simulation ON evaluation.recommendations USING btree (tenant_id, simulation_id);

CREATE INDEX scenarios_by_suite ON evaluation.scenarios USING btree (tenant_id, suite, scenario_id);

CREATE INDEX simulations_by_creation ON evaluation.simulations USING btree (tenant_id, created_at DESC);

CREATE INDEX simulations_by_interleaved ON evaluation.simulations USING btree (tenant_id, interleaved_with) WHERE (interleaved_with IS NOT NULL);

CREATE UNIQUE INDEX simulations_one_open_for_traces ON evaluation.simulations USING btree (tenant_id, config_version_id) WHERE ((origin = 'traces'::text) AND (status = ANY (ARRAY['pending'::text, 'running'::text])));

CREATE INDEX simulations_scenarios_by_content ON evaluation.simulations_scenarios USING btree (tenant_id, scenario_id, content_hash);

CREATE INDEX simulations_scenarios_by_simulation ON evaluation.simulations_scenarios USING btree (tenant_id, simulation_id, execution_order);

CREATE INDEX trials_to_do ON evaluation.trials USING btree (simulation_id, "position") WHERE (state = ANY (ARRAY['pending'::text, 'running'::text]));

CREATE INDEX code_versions_by_session ON gateway.code_versions USING btree (tenant_id, session_id, created_at);

CREATE INDEX distributed_memory_by_embedding ON ONLY gateway.distributed_memory USING hnsw (((embedding)::public.halfvec(1536)) public.halfvec_cosine_ops) WHERE (embedding IS NOT NULL);

CREATE INDEX distributed_memory_by_node ON ONLY gateway.distributed_memory USING btree (node_id);

CREATE INDEX distributed_memory_by_shard ON ONLY gateway.distributed_memory USING btree (tenant_id, shard_key, created_at DESC);

CREATE INDEX distributed_memory_by_user ON ONLY gateway.distributed_memory USING btree (user_id, tenant_id, created_at DESC);

CREATE INDEX idx_debate_sessions_created_by ON gateway.debate_sessions USING btree (created_by);

CREATE INDEX idx_debate_sessions_status ON gateway.debate_sessions USING btree (tenant_id, status, created_at DESC);

CREATE INDEX idx_memories_session_id ON gateway.cognee_memories USING btree (session_id) WHERE (session_id IS NOT NULL);

CREATE INDEX idx_memories_type ON gateway.cognee_memories USING btree (tenant_id, memory_type);

CREATE INDEX idx_memories_user_id ON gateway.cognee_memories USING btree (user_id, tenant_id, created_at DESC);

CREATE INDEX llm_providers_by_provider ON gateway.llm_providers USING btree (provider_id) WHERE (provider_id IS NOT NULL);

CREATE INDEX api_keys_by_user ON platform.api_keys USING btree (user_id);

CREATE INDEX archives_by_span ON platform.archives USING btree (series, starts_at);

CREATE INDEX audit_seal_parts_by_team ON platform.audit_seal_parts USING btree (tenant_id, ledger, number);

CREATE INDEX background_task_dependencies_by_task ON platform.background_task_dependencies USING btree (task_id);

CREATE INDEX background_tasks_by_creator ON platform.background_tasks USING btree (created_by) WHERE (created_by IS NOT NULL);

CREATE INDEX background_tasks_by_deadline ON platform.background_tasks USING btree (deadline_at) WHERE ((deadline_at IS NOT NULL) AND (status = ANY (ARRAY['pending'::platform.job_status, 'paused'::platform.job_status])));

CREATE INDEX background_tasks_by_lease ON platform.background_tasks USING btree (leased_until) WHERE (leased_until IS NOT NULL);

CREATE INDEX background_tasks_by_turn ON platform.background_tasks USING btree (lane, fair_key, priority, place) WHERE ((status = 'pending'::platform.job_status) AND (place IS NOT NULL));

CREATE UNIQUE INDEX background_tasks_one_per_idempotency_key ON platform.background_tasks USING btree (tenant_id, idempotency_key) WHERE (idempotency_key IS NOT NULL);

CREATE UNIQUE INDEX background_tasks_one_per_unique_key ON platform.background_tasks USING btree (tenant_id, unique_key) WHERE ((unique_key IS NOT NULL) AND (status = ANY (ARRAY['pending'::platform.job_status, 'queued'::platform.job_status, 'running'::platform.job_status, 'paused'::platform.job_status, 'stuck'::platform.job_status])));

CREATE INDEX clickhouse_analytics_by_team ON platform.clickhouse_analytics USING btree (tenant_id, "timestamp" DESC);

CREATE INDEX clickhouse_analytics_by_user ON platform.clickhouse_analytics USING btree (user_id) WHERE (user_id IS NOT NULL);

CREATE INDEX clickhouse_analytics_to_export ON platform.clickhouse_analytics USING btree ("timestamp") WHERE (NOT exported);

CREATE INDEX dead_letter_queue_by_resolver ON platform.dead_letter_queue USING btree (resolved_by) WHERE (resolved_by IS NOT NULL);

CREATE INDEX dead_letter_queue_by_task ON platform.dead_letter_queue USING btree (tenant_id, original_task_id);

CREATE INDEX dead_letter_queue_by_time ON platform.dead_letter_queue USING btree (tenant_id, moved_at DESC);

CREATE UNIQUE INDEX dead_letter_queue_one_open_per_task ON platform.dead_letter_queue USING btree (tenant_id, original_task_id) WHERE (resolved_at IS NULL);

CREATE INDEX idx_idempotency_keys_expires_at ON platform.idempotency_keys USING btree (expires_at);

CREATE INDEX idx_idempotency_keys_user_id ON platform.idempotency_keys USING btree (user_id);

CREATE INDEX idx_sessions_status ON platform.user_sessions USING btree (status, expires_at);

CREATE INDEX idx_sessions_user_id ON platform.user_sessions USING btree (user_id);

CREATE INDEX idx_tasks_priority ON platform.background_tasks USING btree (lane, place, seq) WHERE ((status = 'pending'::platform.job_status) AND (place IS NOT NULL));

CREATE INDEX idx_tasks_scheduled_at ON platform.background_tasks USING btree (lane, scheduled_at) WHERE ((status = 'pending'::platform.job_status) AND (place IS NULL) AND (open_dependencies = 0));

CREATE INDEX idx_tasks_status ON platform.background_tasks USING btree (tenant_id, status, created_at DESC);

CREATE INDEX idx_tasks_worker_id ON platform.background_tasks USING btree (worker_id) WHERE (status = ANY (ARRAY['queued'::platform.job_status, 'running'::platform.job_status, 'stuck'::platform.job_status]));

CREATE INDEX rollup_marks_by_bucket ON platform.rollup_marks USING btree (rollup, tenant_id, bucket);

CREATE INDEX rollups_by_source ON platform.rollups USING btree (source);

CREATE INDEX schedule_runs_by_task ON platform.schedule_runs USING btree (task_id) WHERE (task_id IS NOT NULL);

CREATE INDEX schedules_by_team ON platform.schedules USING btree (tenant_id) WHERE (tenant_id IS NOT NULL);

CREATE INDEX schedules_due ON platform.schedules USING btree (next_run_at) WHERE enabled;

CREATE INDEX sign_in_failures_by_time ON platform.sign_in_failures USING btree (last_failed_at);

CREATE INDEX slow_query_log_by_time ON platform.slow_query_log USING btree ("timestamp" DESC);

CREATE INDEX sql_logins_by_tenant ON platform.sql_logins USING btree (tenant_id);

CREATE INDEX sql_logins_by_user ON platform.sql_logins USING btree (user_id);

CREATE INDEX task_workers_by_tenant ON platform.task_workers USING btree (tenant_id) WHERE (tenant_id IS NOT NULL);

CREATE INDEX team_invitations_by_accepter ON platform.team_invitations USING btree (accepted_by) WHERE (accepted_by IS NOT NULL);

CREATE INDEX team_invitations_by_inviter ON platform.team_invitations USING btree (invited_by);

CREATE INDEX team_members_by_user ON platform.team_members USING btree (user_id);

CREATE INDEX user_sessions_by_memory ON platform.user_sessions USING btree (tenant_id, memory_id) WHERE (memory_id IS NOT NULL);

CREATE INDEX achievements_by_category ON society.achievements USING btree (tenant_id, category) WHERE (is_active AND (deleted_at IS NULL));

CREATE UNIQUE INDEX achievements_one_live_per_achievement_id ON society.achievements USING btree (tenant_id, achievement_id) WHERE (deleted_at IS NULL);

CREATE INDEX agent_achievements_by_achievement ON society.agent_achievements USING btree (tenant_id, achievement_id);

CREATE INDEX agent_permissions_by_agent ON society.agent_permissions USING btree (tenant_id, agent_id);

CREATE INDEX agent_permissions_by_granter ON society.agent_permissions USING btree (granted_by) WHERE (granted_by IS NOT NULL);

CREATE UNIQUE INDEX agent_permissions_one_live_per_permission ON society.agent_permissions USING btree (tenant_id, agent_id, permission) WHERE (revoked_at IS NULL);

CREATE INDEX agent_skills_by_skill ON society.agent_skills USING btree (tenant_id, skill_name, proficiency DESC);

CREATE INDEX agent_skills_by_verifier ON society.agent_skills USING btree (tenant_id, verified_by) WHERE (verified_by IS NOT NULL);

CREATE INDEX agent_status_history_by_agent ON society.agent_status_history USING btree (tenant_id, agent_id, changed_at DESC);

CREATE INDEX agents_by_creator ON society.agents USING btree (created_by) WHERE (created_by IS NOT NULL);

CREATE INDEX agents_by_points ON society.agents USING btree (tenant_id, total_points DESC) WHERE (deleted_at IS NULL);

CREATE INDEX appeal_reviews_by_reviewer ON society.appeal_reviews USING btree (tenant_id, reviewer_id);

CREATE INDEX appeals_by_reviewer ON society.appeals USING btree (tenant_id, reviewer_id) WHERE (reviewer_id IS NOT NULL);

CREATE INDEX appeals_by_violation ON society.appeals USING btree (tenant_id, violation_id, agent_id);

CREATE INDEX appeals_by_vote ON society.appeals USING btree (tenant_id, voting_session_id) WHERE (voting_session_id IS NOT NULL);

CREATE UNIQUE INDEX appeals_one_open_per_violation ON society.appeals USING btree (tenant_id, violation_id) WHERE (status = ANY (ARRAY['filed'::society.appeal_status, 'under_review'::society.appeal_status]));

CREATE INDEX battle_participants_by_agent ON society.battle_participants USING btree (tenant_id, agent_id);

CREATE INDEX battle_rounds_by_judge ON society.battle_rounds USING btree (tenant_id, judge_id) WHERE (judge_id IS NOT NULL);

CREATE INDEX battles_by_creator ON society.battles USING btree (created_by) WHERE (created_by IS NOT NULL);

CREATE INDEX battles_by_status ON society.battles USING btree (tenant_id, status, created_at DESC);

CREATE INDEX battles_by_task ON society.battles USING btree (tenant_id, task_id) WHERE (task_id IS NOT NULL);

CREATE INDEX battles_by_winner ON society.battles USING btree (tenant_id, winner_id) WHERE (winner_id IS NOT NULL);

CREATE UNIQUE INDEX battles_one_live_per_battle_id ON society.battles USING btree (tenant_id, battle_id) WHERE (deleted_at IS NULL);

CREATE INDEX brainstorm_participants_by_agent ON society.brainstorm_participants USING btree (tenant_id, agent_id);

CREATE INDEX brainstorm_sessions_by_creator ON society.brainstorm_sessions USING btree (created_by) WHERE (created_by IS NOT NULL);

CREATE INDEX brainstorm_sessions_by_facilitator ON society.brainstorm_sessions USING btree (tenant_id, facilitator_id) WHERE (facilitator_id IS NOT NULL);

CREATE INDEX brainstorm_sessions_by_status ON society.brainstorm_sessions USING btree (tenant_id, status, created_at DESC);

CREATE INDEX brainstorm_sessions_by_vote ON society.brainstorm_sessions USING btree (tenant_id, voting_session_id) WHERE (voting_session_id IS NOT NULL);

CREATE UNIQUE INDEX brainstorm_sessions_one_live_per_session_id ON society.brainstorm_sessions USING btree (tenant_id, session_id) WHERE (deleted_at IS NULL);

CREATE INDEX eigentrust_runs_by_time ON society.eigentrust_runs USING btree (tenant_id, started_at DESC);

CREATE INDEX elo_history_by_agent ON society.elo_history USING btree (tenant_id, agent_id, created_at DESC);

CREATE INDEX elo_history_by_battle ON society.elo_history USING btree (tenant_id, battle_id, agent_id) WHERE (battle_id IS NOT NULL);

CREATE INDEX global_trust_scores_by_level ON society.global_trust_scores USING btree (tenant_id, trust_level, eigentrust_score DESC);

CREATE INDEX global_trust_scores_by_run ON society.global_trust_scores USING btree (tenant_id, run_id) WHERE (run_id IS NOT NULL);

CREATE INDEX hall_of_fame_by_agent ON society.hall_of_fame USING btree (tenant_id, agent_id);

CREATE UNIQUE INDEX hall_of_fame_one_live_per_title ON society.hall_of_fame USING btree (tenant_id, agent_id, title, season) NULLS NOT DISTINCT WHERE (deleted_at IS NULL);

CREATE INDEX idea_combination_sources_by_idea ON society.idea_combination_sources USING btree (tenant_id, session_id, idea_id);

CREATE INDEX idea_combinations_by_combiner ON society.idea_combinations USING btree (tenant_id, combined_by) WHERE (combined_by IS NOT NULL);

CREATE INDEX idea_combinations_by_session ON society.idea_combinations USING btree (tenant_id, session_id, result_idea_id);

CREATE INDEX idea_votes_by_agent ON society.idea_votes USING btree (tenant_id, agent_id);

CREATE INDEX ideas_by_author ON society.ideas USING btree (tenant_id, session_id, agent_id);

CREATE INDEX ideas_by_embedding ON society.ideas USING hnsw (((embedding)::public.halfvec(1536)) public.halfvec_cosine_ops) WHERE (embedding IS NOT NULL);

CREATE INDEX ideas_by_parent ON society.ideas USING btree (tenant_id, session_id, parent_id) WHERE (parent_id IS NOT NULL);

CREATE UNIQUE INDEX idx_agents_agent_id ON society.agents USING btree (tenant_id, agent_id) WHERE (deleted_at IS NULL);

CREATE INDEX idx_agents_elo ON society.agents USING btree (tenant_id, elo_rating DESC);

CREATE INDEX idx_agents_type_status ON society.agents USING btree (tenant_id, type, status) WHERE (deleted_at IS NULL);

CREATE INDEX idx_leaderboard_category_period ON society.leaderboard_rankings USING btree (tenant_id, category, period, period_start, rank);

CREATE INDEX idx_tasks_assigned_to ON society.tasks USING btree (tenant_id, assigned_to);

CREATE INDEX idx_tasks_priority_status ON society.tasks USING btree (tenant_id, priority, status) WHERE (deleted_at IS NULL);

CREATE INDEX idx_tasks_status ON society.tasks USING btree (tenant_id, status);

CREATE INDEX idx_trust_graph_to ON society.trust_graph USING btree (tenant_id, to_agent_id);

CREATE INDEX idx_voting_sessions_status ON society.voting_sessions USING btree (tenant_id, status);

CREATE INDEX leaderboard_rankings_by_agent ON society.leaderboard_rankings USING btree (tenant_id, agent_id);

CREATE INDEX mentee_progress_by_curriculum ON society.mentee_progress USING btree (tenant_id, curriculum_id);

CREATE INDEX mentee_progress_by_pairing ON society.mentee_progress USING btree (tenant_id, pairing_id, mentee_id);

CREATE UNIQUE INDEX mentorship_curriculum_one_live_per_level ON society.mentorship_curriculum USING btree (tenant_id, skill_name, level) WHERE (deleted_at IS NULL);

CREATE INDEX mentorship_pairings_by_mentee ON society.mentorship_pairings USING btree (tenant_id, mentee_id, status);

CREATE INDEX mentorship_pairings_by_mentor ON society.mentorship_pairings USING btree (tenant_id, mentor_id, status);

CREATE UNIQUE INDEX mentorship_pairings_one_active_per_skill ON society.mentorship_pairings USING btree (tenant_id, mentee_id, skill_focus) WHERE (status = 'active'::society.mentorship_status);

CREATE INDEX peer_ratings_by_battle ON society.peer_ratings USING btree (tenant_id, battle_id) WHERE (battle_id IS NOT NULL);

CREATE INDEX peer_ratings_by_ratee ON society.peer_ratings USING btree (tenant_id, ratee_id, created_at DESC);

CREATE INDEX peer_ratings_by_task ON society.peer_ratings USING btree (tenant_id, task_id) WHERE (task_id IS NOT NULL);

CREATE INDEX pretrusted_agents_by_agent ON society.pretrusted_agents USING btree (tenant_id, agent_id);

CREATE INDEX pretrusted_agents_by_granter ON society.pretrusted_agents USING btree (granted_by) WHERE (granted_by IS NOT NULL);

CREATE UNIQUE INDEX pretrusted_agents_one_without_end ON society.pretrusted_agents USING btree (tenant_id, agent_id) WHERE (until IS NULL);

CREATE INDEX priority_queues_by_queue ON society.priority_queues USING btree (tenant_id, queue_id, boost DESC);

CREATE INDEX resource_allocations_by_agent ON society.resource_allocations USING btree (tenant_id, agent_id, status);

CREATE INDEX resource_allocations_by_expiry ON society.resource_allocations USING btree (expires_at) WHERE ((status)::text = 'active'::text);

CREATE INDEX resource_allocations_by_granter ON society.resource_allocations USING btree (granted_by) WHERE (granted_by IS NOT NULL);

CREATE INDEX resource_allocations_by_pool ON society.resource_allocations USING btree (tenant_id, pool_id, resource_type);

CREATE UNIQUE INDEX resource_pools_one_live_per_type ON society.resource_pools USING btree (tenant_id, resource_type) WHERE (deleted_at IS NULL);

CREATE INDEX retraining_assessments_by_assessor ON society.retraining_assessments USING btree (tenant_id, assessor_id) WHERE (assessor_id IS NOT NULL);

CREATE INDEX retraining_assessments_by_program ON society.retraining_assessments USING btree (tenant_id, program_id, agent_id);

CREATE INDEX retraining_programs_by_agent ON society.retraining_programs USING btree (tenant_id, agent_id, status);

CREATE INDEX retraining_programs_by_violation ON society.retraining_programs USING btree (tenant_id, violation_id, agent_id) WHERE (violation_id IS NOT NULL);

CREATE INDEX task_assignments_by_agent ON society.task_assignments USING btree (tenant_id, agent_id, assigned_at DESC);

CREATE INDEX task_assignments_by_task ON society.task_assignments USING btree (tenant_id, task_id, assigned_at);

CREATE UNIQUE INDEX task_assignments_one_open_per_task ON society.task_assignments USING btree (tenant_id, task_id) WHERE (released_at IS NULL);

CREATE INDEX task_dependencies_by_dependency ON society.task_dependencies USING btree (tenant_id, depends_on_task_id);

CREATE INDEX task_executions_by_agent ON society.task_executions USING btree (tenant_id, agent_id, started_at DESC);

CREATE INDEX task_results_by_agent ON society.task_results USING btree (tenant_id, agent_id, created_at DESC);

CREATE INDEX tasks_by_creator ON society.tasks USING btree (created_by) WHERE (created_by IS NOT NULL);

CREATE INDEX tasks_by_lease ON society.tasks USING btree (lease_expires_at) WHERE (lease_expires_at IS NOT NULL);

CREATE INDEX tasks_by_queue ON society.tasks USING btree (tenant_id, queue_id) WHERE (queue_id IS NOT NULL);

CREATE INDEX tasks_by_requester ON society.tasks USING btree (tenant_id, requested_by) WHERE (requested_by IS NOT NULL);

CREATE UNIQUE INDEX tasks_one_live_per_task_id ON society.tasks USING btree (tenant_id, task_id) WHERE (deleted_at IS NULL);

CREATE INDEX tier_history_by_agent ON society.tier_history USING btree (tenant_id, agent_id, created_at DESC);

CREATE INDEX violations_by_agent ON society.violations USING btree (tenant_id, agent_id, occurred_at DESC);

CREATE INDEX violations_by_reporter ON society.violations USING btree (tenant_id, reported_by) WHERE (reported_by IS NOT NULL);

CREATE INDEX violations_by_task ON society.violations USING btree (tenant_id, task_id) WHERE (task_id IS NOT NULL);

CREATE INDEX violations_by_user ON society.violations USING btree (reported_by_user) WHERE (reported_by_user IS NOT NULL);

CREATE INDEX vote_audit_trail_by_session ON society.vote_audit_trail USING btree (tenant_id, session_id, created_at);

CREATE INDEX vote_audit_trail_by_transaction ON society.vote_audit_trail USING btree (epoch, transaction_id);

CREATE INDEX vote_audit_trail_by_vote ON society.vote_audit_trail USING btree (tenant_id, vote_id) WHERE (vote_id IS NOT NULL);

CREATE INDEX vote_delegations_by_receiver ON society.vote_delegations USING btree (tenant_id, to_agent_id);

CREATE INDEX vote_delegations_by_sender ON society.vote_delegations USING btree (tenant_id, from_agent_id);

CREATE INDEX vote_delegations_by_session ON society.vote_delegations USING btree (tenant_id, session_id) WHERE (session_id IS NOT NULL);

CREATE UNIQUE INDEX vote_delegations_one_live_per_scope ON society.vote_delegations USING btree (tenant_id, from_agent_id, session_id) NULLS NOT DISTINCT WHERE (revoked_at IS NULL);

CREATE INDEX votes_by_agent ON society.votes USING btree (tenant_id, agent_id, cast_at DESC);

CREATE INDEX votes_by_session ON society.votes USING btree (tenant_id, session_id, cast_at);

CREATE INDEX votes_by_successor ON society.votes USING btree (tenant_id, superseded_by) WHERE (superseded_by IS NOT NULL);

CREATE UNIQUE INDEX votes_one_live_ballot_per_voter ON society.votes USING btree (tenant_id, session_id, agent_id) WHERE (superseded_at IS NULL);

CREATE INDEX voting_eligibility_by_agent ON society.voting_eligibility USING btree (tenant_id, agent_id);

CREATE INDEX voting_sessions_by_creator ON society.voting_sessions USING btree (created_by) WHERE (created_by IS NOT NULL);

CREATE INDEX voting_sessions_by_proposer ON society.voting_sessions USING btree (tenant_id, proposed_by) WHERE (proposed_by IS NOT NULL);

CREATE UNIQUE INDEX voting_sessions_one_live_per_session_id ON society.voting_sessions USING btree (tenant_id, session_id) WHERE (deleted_at IS NULL);

CREATE INDEX agent_activity_log_by_agent ON ONLY store.agent_activity_log USING btree (tenant_id, agent_id, created_at DESC);

CREATE INDEX analytics_events_by_age ON ONLY store.analytics_events USING brin ("timestamp") WITH (pages_per_range='16');

CREATE INDEX analytics_events_by_type ON ONLY store.analytics_events USING btree (tenant_id, event_type, "timestamp" DESC);

CREATE INDEX audit_log_by_time ON ONLY store.audit_log USING btree (tenant_id, "timestamp" DESC);

CREATE INDEX audit_log_by_transaction ON ONLY store.audit_log USING btree (epoch, transaction_id);

CREATE INDEX audit_logs_by_time ON ONLY store.audit_logs USING btree (tenant_id, "timestamp" DESC);

CREATE INDEX audit_logs_by_transaction ON ONLY store.audit_logs USING btree (epoch, transaction_id);

CREATE INDEX failure_patterns_by_age ON ONLY store.failure_patterns USING brin (execution_time) WITH (pages_per_range='16');

CREATE INDEX failure_patterns_by_outcome ON ONLY store.failure_patterns USING btree (outcome_id);

CREATE INDEX failure_patterns_by_simulation ON ONLY store.failure_patterns USING btree (simulation_id, scenario_id);

CREATE INDEX idx_failure_patterns_cluster_time ON ONLY store.failure_patterns USING btree (pattern_cluster_id, execution_time DESC) WHERE (pattern_cluster_id IS NOT NULL);

CREATE INDEX idx_outcomes_modal_call ON ONLY store.outcomes USING btree (modal_call_id) WHERE (modal_call_id IS NOT NULL);

CREATE INDEX idx_outcomes_newest ON ONLY store.outcomes USING btree (tenant_id, execution_time DESC, outcome_id DESC);

CREATE INDEX idx_outcomes_scenario_time ON ONLY store.outcomes USING btree (tenant_id, scenario_id, execution_time DESC);

CREATE INDEX idx_outcomes_simulation_status ON ONLY store.outcomes USING btree (simulation_id, status);

CREATE INDEX idx_outcomes_time_status ON ONLY store.outcomes USING btree (tenant_id, execution_time DESC, status) WHERE (status <> 'success'::text);

CREATE INDEX idx_probes_model_time ON ONLY store.status_probes USING btree (model_id, "time" DESC);

CREATE INDEX idx_probes_region_time ON ONLY store.status_probes USING btree (region, "time" DESC);

CREATE INDEX idx_requests_created_at ON ONLY store.llm_requests USING btree (tenant_id, created_at DESC);

CREATE INDEX idx_requests_session_id ON ONLY store.llm_requests USING btree (session_id) WHERE (session_id IS NOT NULL);

CREATE INDEX idx_requests_status ON ONLY store.llm_requests USING btree (status, created_at) WHERE ((status)::text = ANY ((ARRAY['pending'::character varying, 'running'::character varying])::text[]));

CREATE INDEX idx_requests_user_id ON ONLY store.llm_requests USING btree (tenant_id, user_id, created_at DESC);

CREATE INDEX idx_responses_provider_id ON ONLY store.llm_responses USING btree (tenant_id, provider_id, created_at DESC);

CREATE INDEX idx_responses_request_id ON ONLY store.llm_responses USING btree (request_id);

CREATE INDEX llm_requests_by_age ON ONLY store.llm_requests USING brin (created_at) WITH (pages_per_range='16');

CREATE INDEX llm_responses_by_age ON ONLY store.llm_responses USING brin (created_at) WITH (pages_per_range='16');

CREATE INDEX llm_responses_by_model ON ONLY store.llm_responses USING btree (model_id) WHERE (model_id IS NOT NULL);

CREATE INDEX outcomes_by_age ON ONLY store.outcomes USING brin (execution_time) WITH (pages_per_range='16');

CREATE INDEX penalty_history_by_agent ON ONLY store.penalty_history USING btree (tenant_id, agent_id, created_at DESC);

CREATE INDEX penalty_history_by_violation ON ONLY store.penalty_history USING btree (tenant_id, violation_id, created_at);

CREATE INDEX point_transactions_by_agent ON ONLY store.point_transactions USING btree (tenant_id, agent_id, created_at DESC);

CREATE INDEX reputation_history_by_agent ON ONLY store.reputation_history USING btree (tenant_id, agent_id, created_at DESC);

CREATE INDEX simulation_performance_hourly_by_simulation ON store.simulation_performance_hourly USING btree (tenant_id, simulation_id);

CREATE INDEX status_probes_by_age ON ONLY store.status_probes USING brin ("time") WITH (pages_per_range='16');

CREATE INDEX streaming_analytics_by_stream ON ONLY store.streaming_analytics USING btree (tenant_id, stream_id, chunk_number);

CREATE INDEX streaming_analytics_by_user ON ONLY store.streaming_analytics USING btree (user_id) WHERE (user_id IS NOT NULL);

CREATE INDEX task_history_by_task ON ONLY store.task_history USING btree (tenant_id, task_id, created_at);

CREATE INDEX tool_usage_by_age ON ONLY store.tool_usage USING brin (execution_time) WITH (pages_per_range='16');

CREATE INDEX tool_usage_by_outcome ON ONLY store.tool_usage USING btree (outcome_id);

CREATE INDEX tool_usage_by_simulation ON ONLY store.tool_usage USING btree (simulation_id, tool_name);

CREATE OR REPLACE VIEW platform.series_horizon AS
 SELECT series.name AS series,
    count(parts.partition) AS partitions,
    min(parts.starts) AS earliest,
    max(parts.ends) AS reaches,
    (EXTRACT(epoch FROM (max(parts.ends) - now())) / (86400)::numeric) AS days_ahead,
    COALESCE(sum(parts.size_bytes), (0)::numeric) AS size_bytes,
    (COALESCE(sum(parts.estimated_rows), (0)::numeric))::bigint AS estimated_rows,
    series.retention
   FROM (platform.series
     LEFT JOIN platform.series_partitions() parts(series, partition, starts, ends, is_compressed, estimated_rows, size_bytes) ON ((parts.series = series.name)))
  GROUP BY series.name;

CREATE TRIGGER benchmark_scores_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.benchmark_scores FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER benchmark_suites_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.benchmark_suites FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER documentation_is_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.documentation FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER incidents_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.incidents FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER model_aliases_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.model_aliases FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER model_endpoints_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.model_endpoints FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER models_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.models FOR EACH ROW EXECUTE FUNCTION platform.record_change('search_vector');

CREATE TRIGGER news_articles_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.news_articles FOR EACH ROW EXECUTE FUNCTION platform.record_change('content');

CREATE TRIGGER news_model_mentions_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.news_model_mentions FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER pricing_is_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.pricing FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER probe_locations_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.probe_locations FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER providers_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.providers FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER update_documentation_updated_at BEFORE UPDATE ON catalogue.documentation FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_incidents_updated_at BEFORE UPDATE ON catalogue.incidents FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_models_updated_at BEFORE UPDATE ON catalogue.models FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_news_articles_updated_at BEFORE UPDATE ON catalogue.news_articles FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_probe_locations_updated_at BEFORE UPDATE ON catalogue.probe_locations FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_providers_updated_at BEFORE UPDATE ON catalogue.providers FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_search_vector_trigger BEFORE INSERT OR UPDATE ON catalogue.models FOR EACH ROW EXECUTE FUNCTION catalogue.update_search_vector();

CREATE TRIGGER config_diffs_are_audited AFTER INSERT OR DELETE OR UPDATE ON evaluation.config_diffs FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER config_version_audit_trigger AFTER INSERT OR DELETE OR UPDATE ON evaluation.config_versions FOR EACH ROW EXECUTE FUNCTION platform.config_version_audit('embedding');

CREATE TRIGGER config_versions_are_immutable BEFORE UPDATE OF version_id, tenant_id, config_id, version_number, raw_yaml, parsed_config, files, config_hash, generated_by, created_at ON evaluation.config_versions FOR EACH ROW EXECUTE FUNCTION evaluation.refuse_changed_version();

CREATE TRIGGER configurations_are_audited AFTER INSERT OR DELETE OR UPDATE ON evaluation.configurations FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER llm_recommendation_sessions_are_audited AFTER INSERT OR DELETE OR UPDATE ON evaluation.llm_recommendation_sessions FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER recommendations_are_audited AFTER INSERT OR DELETE OR UPDATE ON evaluation.recommendations FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER scenarios_are_audited AFTER INSERT OR DELETE OR UPDATE ON evaluation.scenarios FOR EACH ROW EXECUTE FUNCTION platform.record_change('scenario_embedding');

CREATE TRIGGER simulations_are_audited AFTER INSERT OR DELETE ON evaluation.simulations FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER simulations_changes_are_audited AFTER UPDATE ON evaluation.simulations FOR EACH ROW WHEN ((old.status IS DISTINCT FROM new.status)) EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER acp_agents_are_audited AFTER INSERT OR DELETE OR UPDATE OF name, command, args, protocol_version, capabilities, config, enabled ON gateway.acp_agents FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER code_versions_are_audited AFTER INSERT OR DELETE OR UPDATE ON gateway.code_versions FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER cognee_memories_are_audited AFTER INSERT OR DELETE OR UPDATE OF content, memory_type, entities, relationships, confidence, user_id, session_id ON gateway.cognee_memories FOR EACH ROW EXECUTE FUNCTION platform.record_change('content', 'entities', 'relationships');

CREATE TRIGGER debate_ballots_are_audited AFTER INSERT OR DELETE OR UPDATE ON gateway.debate_ballots FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER debate_sessions_are_audited AFTER INSERT OR DELETE OR UPDATE ON gateway.debate_sessions FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER distributed_memory_is_audited AFTER INSERT OR DELETE OR UPDATE OF content, metadata, user_id, shard_key ON gateway.distributed_memory FOR EACH ROW EXECUTE FUNCTION platform.record_change('embedding', 'content', 'metadata');

CREATE TRIGGER llm_providers_are_audited AFTER INSERT OR DELETE OR UPDATE OF name, type, provider_id, api_key_ciphertext, base_url, model, weight, enabled, config, modelsdev_provider_id ON gateway.llm_providers FOR EACH ROW EXECUTE FUNCTION platform.record_change('api_key_ciphertext');

CREATE TRIGGER lsp_servers_are_audited AFTER INSERT OR DELETE OR UPDATE ON gateway.lsp_servers FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER mcp_servers_are_audited AFTER INSERT OR DELETE OR UPDATE OF name, type, endpoint, port, capabilities, config, enabled ON gateway.mcp_servers FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER memory_nodes_are_audited AFTER INSERT OR DELETE OR UPDATE ON gateway.memory_nodes FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER update_llm_providers_updated_at BEFORE UPDATE ON gateway.llm_providers FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER api_keys_are_audited AFTER INSERT OR DELETE OR UPDATE OF name, scopes, rate_limit, expires_at, is_active, revoked_at ON platform.api_keys FOR EACH ROW EXECUTE FUNCTION platform.record_change('key_hash');

CREATE TRIGGER audit_redactions_are_audited AFTER INSERT OR DELETE OR UPDATE ON platform.audit_redactions FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER background_tasks_are_admitted BEFORE INSERT ON platform.background_tasks FOR EACH ROW WHEN ((new.lane IS NULL)) EXECUTE FUNCTION platform.admit_job();

CREATE TRIGGER background_tasks_are_audited AFTER DELETE OR UPDATE ON platform.background_tasks FOR EACH ROW WHEN ((platform.user_id() IS NOT NULL)) EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER background_tasks_follow_their_states BEFORE UPDATE OF status ON platform.background_tasks FOR EACH ROW WHEN (((old.status <> new.status) AND (((((((((((((((((((((((((((((((((old.status <> 'pending'::platform.job_status) OR (new.status <> 'running'::platform.job_status)) AND ((old.status <> 'running'::platform.job_status) OR (new.status <> 'completed'::platform.job_status))) AND ((old.status <> 'pending'::platform.job_status) OR (new.status <> 'queued'::platform.job_status))) AND ((old.status <> 'pending'::platform.job_status) OR (new.status <> 'paused'::platform.job_status))) AND ((old.status <> 'pending'::platform.job_status) OR (new.status <> 'cancelled'::platform.job_status))) AND ((old.status <> 'pending'::platform.job_status) OR (new.status <> 'failed'::platform.job_status))) AND ((old.status <> 'pending'::platform.job_status) OR (new.status <> 'dead_letter'::platform.job_status))) AND ((old.status <> 'queued'::platform.job_status) OR (new.status <> 'running'::platform.job_status))) AND ((old.status <> 'queued'::platform.job_status) OR (new.status <> 'pending'::platform.job_status))) AND ((old.status <> 'queued'::platform.job_status) OR (new.status <> 'paused'::platform.job_status))) AND ((old.status <> 'queued'::platform.job_status) OR (new.status <> 'stuck'::platform.job_status))) AND ((old.status <> 'queued'::platform.job_status) OR (new.status <> 'cancelled'::platform.job_status))) AND ((old.status <> 'queued'::platform.job_status) OR (new.status <> 'dead_letter'::platform.job_status))) AND ((old.status <> 'running'::platform.job_status) OR (new.status <> 'failed'::platform.job_status))) AND ((old.status <> 'running'::platform.job_status) OR (new.status <> 'pending'::platform.job_status))) AND ((old.status <> 'running'::platform.job_status) OR (new.status <> 'paused'::platform.job_status))) AND ((old.status <> 'running'::platform.job_status) OR (new.status <> 'stuck'::platform.job_status))) AND ((old.status <> 'running'::platform.job_status) OR (new.status <> 'cancelled'::platform.job_status))) AND ((old.status <> 'running'::platform.job_status) OR (new.status <> 'dead_letter'::platform.job_status))) AND ((old.status <> 'paused'::platform.job_status) OR (new.status <> 'pending'::platform.job_status))) AND ((old.status <> 'paused'::platform.job_status) OR (new.status <> 'cancelled'::platform.job_status))) AND ((old.status <> 'paused'::platform.job_status) OR (new.status <> 'failed'::platform.job_status))) AND ((old.status <> 'paused'::platform.job_status) OR (new.status <> 'dead_letter'::platform.job_status))) AND ((old.status <> 'stuck'::platform.job_status) OR (new.status <> 'running'::platform.job_status))) AND ((old.status <> 'stuck'::platform.job_status) OR (new.status <> 'pending'::platform.job_status))) AND ((old.status <> 'stuck'::platform.job_status) OR (new.status <> 'failed'::platform.job_status))) AND ((old.status <> 'stuck'::platform.job_status) OR (new.status <> 'cancelled'::platform.job_status))) AND ((old.status <> 'stuck'::platform.job_status) OR (new.status <> 'dead_letter'::platform.job_status))) AND ((old.status <> 'failed'::platform.job_status) OR (new.status <> 'pending'::platform.job_status))) AND ((old.status <> 'failed'::platform.job_status) OR (new.status <> 'dead_letter'::platform.job_status))) AND ((old.status <> 'cancelled'::platform.job_status) OR (new.status <> 'pending'::platform.job_status))) AND ((old.status <> 'dead_letter'::platform.job_status) OR (new.status <> 'pending'::platform.job_status))))) EXECUTE FUNCTION platform.refuse_job_transition();

CREATE TRIGGER background_tasks_record_what_workers_did_not AFTER UPDATE OF status ON platform.background_tasks FOR EACH ROW WHEN (((old.status <> new.status) AND ((new.status = ANY (ARRAY['paused'::platform.job_status, 'cancelled'::platform.job_status])) OR ((new.status = 'pending'::platform.job_status) AND (old.status = ANY (ARRAY['paused'::platform.job_status, 'failed'::platform.job_status, 'cancelled'::platform.job_status, 'dead_letter'::platform.job_status]))) OR ((new.status = 'failed'::platform.job_status) AND (old.status = ANY (ARRAY['pending'::platform.job_status, 'paused'::platform.job_status])))))) EXECUTE FUNCTION platform.record_job_event();

CREATE TRIGGER dead_letter_queue_is_audited AFTER DELETE OR UPDATE ON platform.dead_letter_queue FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER installation_keeps_an_administrator AFTER UPDATE OF role, is_active ON platform.users FOR EACH ROW WHEN ((((old.role)::text = 'admin'::text) AND old.is_active AND (NOT (((new.role)::text = 'admin'::text) AND new.is_active)))) EXECUTE FUNCTION platform.keep_an_administrator();

CREATE TRIGGER new_background_tasks_are_recorded AFTER INSERT ON platform.background_tasks REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION platform.record_new_jobs();

CREATE TRIGGER provider_secrets_are_audited AFTER INSERT OR DELETE OR UPDATE ON platform.provider_secrets FOR EACH ROW EXECUTE FUNCTION platform.record_change('sealed');

CREATE TRIGGER schedules_are_audited AFTER INSERT OR DELETE OR UPDATE OF task_type, queue, payload, priority, tenant_id, cron, every, timezone, enabled ON platform.schedules FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER task_lanes_are_audited AFTER INSERT OR DELETE OR UPDATE OF is_paused, max_running, rate_count, rate_per ON platform.task_lanes FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER team_invitations_are_audited AFTER INSERT OR DELETE OR UPDATE ON platform.team_invitations FOR EACH ROW EXECUTE FUNCTION platform.record_change('token_digest');

CREATE TRIGGER team_members_are_audited AFTER INSERT OR DELETE OR UPDATE ON platform.team_members FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER teams_are_audited AFTER INSERT OR DELETE OR UPDATE ON platform.teams FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER teams_are_given_tiers AFTER INSERT ON platform.teams FOR EACH ROW EXECUTE FUNCTION society.give_tiers();

CREATE TRIGGER teams_keep_an_owner AFTER DELETE OR UPDATE ON platform.team_members FOR EACH ROW WHEN ((old.role = 'owner'::text)) EXECUTE FUNCTION platform.keep_an_owner();

CREATE TRIGGER update_provider_secrets_updated_at BEFORE UPDATE ON platform.provider_secrets FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_schedules_updated_at BEFORE UPDATE ON platform.schedules FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_task_lanes_updated_at BEFORE UPDATE ON platform.task_lanes FOR EACH ROW WHEN ((NOT (old.rate_used_to IS DISTINCT FROM new.rate_used_to))) EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_teams_updated_at BEFORE UPDATE ON platform.teams FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_user_preferences_updated_at BEFORE UPDATE ON platform.user_preferences FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_users_updated_at BEFORE UPDATE OF username, email, password_hash, api_key, role, is_active, deleted_at, erased_at ON platform.users FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER user_preferences_are_audited AFTER INSERT OR DELETE OR UPDATE ON platform.user_preferences FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER user_sessions_are_audited AFTER INSERT OR DELETE OR UPDATE OF status ON platform.user_sessions FOR EACH ROW EXECUTE FUNCTION platform.record_change('session_token', 'context');

CREATE TRIGGER users_are_audited AFTER INSERT OR DELETE OR UPDATE OF username, email, password_hash, api_key, role, is_active, deleted_at, erased_at ON platform.users FOR EACH ROW EXECUTE FUNCTION platform.record_change('password_hash');

CREATE TRIGGER who_is_erased_is_forgotten AFTER UPDATE OF erased_at ON platform.users FOR EACH ROW WHEN (((old.erased_at IS NULL) AND (new.erased_at IS NOT NULL))) EXECUTE FUNCTION gateway.forget_erased_person();

CREATE TRIGGER achievements_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, achievement_id, name, description, category, requirements, points_reward, rarity, icon, is_repeatable, is_secret, is_active, created_at, deleted_at ON society.achievements FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER agent_achievements_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, achievement_id, period, progress, earned_at, points_transaction_id, created_at ON society.agent_achievements FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER agent_permissions_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, permission, basis, granted_by, expires_at, revoked_at, created_at ON society.agent_permissions FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER agent_skills_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, skill_name, proficiency, evidence_count, verified_by, last_used_at, created_at ON society.agent_skills FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER agents_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, name, type, status, status_reason, capabilities, metadata, public_key, last_active_at, created_by, created_at, deleted_at ON society.agents FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER agents_begin_a_status_history AFTER INSERT ON society.agents FOR EACH ROW EXECUTE FUNCTION society.record_agent_status();

CREATE TRIGGER agents_give_a_reason_once BEFORE UPDATE OF status ON society.agents FOR EACH ROW WHEN (((old.status <> new.status) AND (old.status_reason = new.status_reason))) EXECUTE FUNCTION society.forget_status_reason();

CREATE TRIGGER agents_keep_a_status_history AFTER UPDATE OF status ON society.agents FOR EACH ROW WHEN ((old.status <> new.status)) EXECUTE FUNCTION society.record_agent_status();

CREATE TRIGGER appeal_reviews_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, appeal_id, reviewer_id, opinion, comment, is_recused, created_at ON society.appeal_reviews FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER appeal_reviews_are_impartial BEFORE INSERT OR UPDATE OF reviewer_id, opinion ON society.appeal_reviews FOR EACH ROW WHEN ((NOT new.is_recused)) EXECUTE FUNCTION society.refuse_partial_reviewer();

CREATE TRIGGER appeals_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, violation_id, agent_id, status, grounds, decision, reviewer_id, voting_session_id, decided_at, created_at ON society.appeals FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER appeals_are_reviewed_impartially BEFORE INSERT OR UPDATE OF reviewer_id ON society.appeals FOR EACH ROW WHEN ((new.reviewer_id IS NOT NULL)) EXECUTE FUNCTION society.refuse_partial_reviewer();

CREATE TRIGGER appeals_follow_their_states BEFORE UPDATE OF status ON society.appeals FOR EACH ROW WHEN (((old.status <> new.status) AND ((old.status <> ALL (ARRAY['filed'::society.appeal_status, 'under_review'::society.appeal_status])) OR (new.status = 'filed'::society.appeal_status)))) EXECUTE FUNCTION society.refuse('an appeal is filed, reviewed and decided once');

CREATE TRIGGER battle_participants_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, battle_id, agent_id, team, submission, score, rank, elo_change, joined_at ON society.battle_participants FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER battle_participants_are_known_at_the_beginning BEFORE INSERT OR DELETE ON society.battle_participants FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION society.guard_participants();

CREATE TRIGGER battle_rounds_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, battle_id, round_number, judge_id, scores, verdict, created_at ON society.battle_rounds FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER battle_rounds_are_judged_by_others BEFORE INSERT OR UPDATE OF judge_id ON society.battle_rounds FOR EACH ROW EXECUTE FUNCTION society.refuse_judge_who_fights();

CREATE TRIGGER battles_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, battle_id, title, category, mode, status, task_id, rules, judge_kind, is_rated, prize_pool, winner_id, scheduled_at, started_at, ended_at, created_by, created_at, deleted_at ON society.battles FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER battles_are_counted AFTER UPDATE OF status ON society.battles FOR EACH ROW WHEN (((old.status <> new.status) AND ((old.status = 'completed'::society.battle_status) OR (new.status = 'completed'::society.battle_status)))) EXECUTE FUNCTION society.count_battles();

CREATE TRIGGER battles_follow_their_states BEFORE UPDATE OF status ON society.battles FOR EACH ROW WHEN (((old.status <> new.status) AND (((((((((((((((((old.status <> 'scheduled'::society.battle_status) OR (new.status <> 'open'::society.battle_status)) AND ((old.status <> 'scheduled'::society.battle_status) OR (new.status <> 'in_progress'::society.battle_status))) AND ((old.status <> 'scheduled'::society.battle_status) OR (new.status <> 'cancelled'::society.battle_status))) AND ((old.status <> 'open'::society.battle_status) OR (new.status <> 'in_progress'::society.battle_status))) AND ((old.status <> 'open'::society.battle_status) OR (new.status <> 'cancelled'::society.battle_status))) AND ((old.status <> 'in_progress'::society.battle_status) OR (new.status <> 'judging'::society.battle_status))) AND ((old.status <> 'in_progress'::society.battle_status) OR (new.status <> 'completed'::society.battle_status))) AND ((old.status <> 'in_progress'::society.battle_status) OR (new.status <> 'cancelled'::society.battle_status))) AND ((old.status <> 'in_progress'::society.battle_status) OR (new.status <> 'disputed'::society.battle_status))) AND ((old.status <> 'judging'::society.battle_status) OR (new.status <> 'completed'::society.battle_status))) AND ((old.status <> 'judging'::society.battle_status) OR (new.status <> 'disputed'::society.battle_status))) AND ((old.status <> 'judging'::society.battle_status) OR (new.status <> 'cancelled'::society.battle_status))) AND ((old.status <> 'completed'::society.battle_status) OR (new.status <> 'disputed'::society.battle_status))) AND ((old.status <> 'disputed'::society.battle_status) OR (new.status <> 'judging'::society.battle_status))) AND ((old.status <> 'disputed'::society.battle_status) OR (new.status <> 'completed'::society.battle_status))) AND ((old.status <> 'disputed'::society.battle_status) OR (new.status <> 'cancelled'::society.battle_status))))) EXECUTE FUNCTION society.refuse('a battle is announced, fought, judged and completed, in this order');

CREATE TRIGGER battles_keep_their_winner BEFORE UPDATE OF winner_id ON society.battles FOR EACH ROW WHEN (((old.status = 'completed'::society.battle_status) AND (new.status = 'completed'::society.battle_status) AND (old.winner_id IS DISTINCT FROM new.winner_id))) EXECUTE FUNCTION society.refuse('a completed battle keeps its winner unless it is disputed');

CREATE TRIGGER brainstorm_participants_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, session_id, agent_id, role, joined_at, left_at ON society.brainstorm_participants FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER brainstorm_participants_are_counted AFTER INSERT OR DELETE OR UPDATE OF left_at ON society.brainstorm_participants FOR EACH ROW EXECUTE FUNCTION society.count_participants();

CREATE TRIGGER brainstorm_sessions_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, session_id, topic, facilitator_id, technique, status, phase, max_ideas, voting_session_id, started_at, ended_at, created_by, created_at, deleted_at ON society.brainstorm_sessions FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER elo_history_continues_the_rating AFTER INSERT ON society.elo_history FOR EACH ROW EXECUTE FUNCTION society.move_rating();

CREATE TRIGGER ended_tasks_update_agent_stats AFTER INSERT ON society.tasks FOR EACH ROW WHEN (((new.assigned_to IS NOT NULL) AND (new.status = ANY (ARRAY['completed'::society.agent_task_status, 'failed'::society.agent_task_status])))) EXECUTE FUNCTION society.update_agent_stats_on_task_completion();

CREATE TRIGGER events_are_about_a_vote BEFORE INSERT ON society.vote_audit_trail FOR EACH ROW EXECUTE FUNCTION society.guard_trail();

CREATE TRIGGER global_trust_scores_begin_a_history AFTER INSERT ON society.global_trust_scores FOR EACH ROW EXECUTE FUNCTION society.record_trust();

CREATE TRIGGER global_trust_scores_keep_a_history AFTER UPDATE ON society.global_trust_scores FOR EACH ROW WHEN (((((old.run_id IS DISTINCT FROM new.run_id) OR (old.eigentrust_score IS DISTINCT FROM new.eigentrust_score)) OR (old.composite IS DISTINCT FROM new.composite)) OR ((old.trust_level)::text IS DISTINCT FROM (new.trust_level)::text))) EXECUTE FUNCTION society.record_trust();

CREATE TRIGGER hall_of_fame_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, tier, title, badge, citation, category, season, evidence, inducted_at, created_at, deleted_at ON society.hall_of_fame FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER idea_combinations_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, session_id, result_idea_id, combined_by, rationale, created_at ON society.idea_combinations FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER idea_votes_are_counted AFTER INSERT OR DELETE OR UPDATE OF value ON society.idea_votes FOR EACH ROW EXECUTE FUNCTION society.count_idea_votes();

CREATE TRIGGER idea_votes_are_on_others_ideas BEFORE INSERT OR UPDATE OF idea_id, agent_id ON society.idea_votes FOR EACH ROW EXECUTE FUNCTION society.refuse_vote_on_own_idea();

CREATE TRIGGER ideas_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, session_id, agent_id, parent_id, title, content, category, status, novelty_score, feasibility_score, embedding, embedding_model, created_at, deleted_at ON society.ideas FOR EACH ROW EXECUTE FUNCTION platform.record_change('embedding');

CREATE TRIGGER ideas_are_counted AFTER INSERT OR DELETE OR UPDATE OF deleted_at ON society.ideas FOR EACH ROW EXECUTE FUNCTION society.count_ideas();

CREATE TRIGGER leaderboard_periods_are_audited AFTER INSERT OR DELETE OR UPDATE OF category, period, period_start, period_end, closed_at, snapshot_hash, created_at ON society.leaderboard_periods FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER leaderboard_periods_stay_closed BEFORE UPDATE OF closed_at, snapshot_hash, period_end ON society.leaderboard_periods FOR EACH ROW WHEN (((old.closed_at IS NOT NULL) AND (((old.closed_at IS DISTINCT FROM new.closed_at) OR (old.snapshot_hash IS DISTINCT FROM new.snapshot_hash)) OR (old.period_end IS DISTINCT FROM new.period_end)))) EXECUTE FUNCTION society.refuse('a board that was closed stays closed');

CREATE TRIGGER leaderboard_rankings_are_kept_once_closed BEFORE INSERT OR DELETE OR UPDATE ON society.leaderboard_rankings FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION society.guard_closed_board();

CREATE TRIGGER mentee_progress_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, pairing_id, mentee_id, curriculum_id, progress_percentage, mastery_level, attempts, passed_at, created_at ON society.mentee_progress FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER mentorship_curriculum_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, skill_name, level, title, objectives, assessment_tasks, estimated_sessions, created_at, deleted_at ON society.mentorship_curriculum FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER mentorship_pairings_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, mentor_id, mentee_id, skill_focus, status, planned_sessions, match_score, started_at, ended_at, created_at ON society.mentorship_pairings FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER mentorship_pairings_follow_their_states BEFORE UPDATE OF status ON society.mentorship_pairings FOR EACH ROW WHEN (((old.status <> new.status) AND (((((((((old.status <> 'proposed'::society.mentorship_status) OR (new.status <> 'active'::society.mentorship_status)) AND ((old.status <> 'proposed'::society.mentorship_status) OR (new.status <> 'terminated'::society.mentorship_status))) AND ((old.status <> 'active'::society.mentorship_status) OR (new.status <> 'paused'::society.mentorship_status))) AND ((old.status <> 'active'::society.mentorship_status) OR (new.status <> 'completed'::society.mentorship_status))) AND ((old.status <> 'active'::society.mentorship_status) OR (new.status <> 'terminated'::society.mentorship_status))) AND ((old.status <> 'paused'::society.mentorship_status) OR (new.status <> 'active'::society.mentorship_status))) AND ((old.status <> 'paused'::society.mentorship_status) OR (new.status <> 'completed'::society.mentorship_status))) AND ((old.status <> 'paused'::society.mentorship_status) OR (new.status <> 'terminated'::society.mentorship_status))))) EXECUTE FUNCTION society.refuse('a pairing is proposed, active, perhaps paused, and then ends');

CREATE TRIGGER mentorship_sessions_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, pairing_id, session_number, topic, objectives_met, mentor_rating, mentee_rating, notes, scheduled_at, held_at, duration_ms, created_at ON society.mentorship_sessions FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER mentorship_sessions_are_counted AFTER INSERT OR DELETE OR UPDATE OF held_at ON society.mentorship_sessions FOR EACH ROW EXECUTE FUNCTION society.count_mentorship_sessions();

CREATE TRIGGER peer_ratings_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, rater_id, ratee_id, rating, context, task_id, battle_id, comment, weight, created_at ON society.peer_ratings FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER point_rules_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, category, base_points, multiplier_rule, cap_per_day, is_active, created_at ON society.point_rules FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER pretrusted_agents_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, weight, since, until, granted_by, reason, created_at ON society.pretrusted_agents FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER priority_queues_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, queue_id, boost, basis, expires_at, created_at ON society.priority_queues FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER resource_allocations_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, pool_id, resource_type, amount, used, performance_tier, status, granted_by, expires_at, released_at, created_at ON society.resource_allocations FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER resource_allocations_are_drawn AFTER INSERT OR DELETE OR UPDATE OF status, amount ON society.resource_allocations FOR EACH ROW EXECUTE FUNCTION society.draw_from_pool();

CREATE TRIGGER resource_allocations_are_stamped BEFORE UPDATE OF status ON society.resource_allocations FOR EACH ROW WHEN ((((old.status)::text = 'active'::text) AND ((new.status)::text <> 'active'::text))) EXECUTE FUNCTION society.stamp_release();

CREATE TRIGGER resource_allocations_end_once BEFORE UPDATE ON society.resource_allocations FOR EACH ROW WHEN ((((old.status)::text <> 'active'::text) AND ((old.status)::text <> (new.status)::text))) EXECUTE FUNCTION society.refuse('an allocation that has ended does not come back');

CREATE TRIGGER resource_pools_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, resource_type, unit, total_capacity, reserve, refresh_interval, created_at, deleted_at ON society.resource_pools FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER resource_pools_begin_full BEFORE INSERT ON society.resource_pools FOR EACH ROW EXECUTE FUNCTION society.fill_pool();

CREATE TRIGGER resource_pools_grow_and_shrink BEFORE UPDATE OF total_capacity ON society.resource_pools FOR EACH ROW WHEN ((old.total_capacity <> new.total_capacity)) EXECUTE FUNCTION society.fill_pool();

CREATE TRIGGER retraining_assessments_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, program_id, agent_id, attempt, score, passed, assessor_id, comment, created_at ON society.retraining_assessments FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER retraining_programs_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, violation_id, curriculum, assessment, status, progress_percentage, due_at, completed_at, created_at ON society.retraining_programs FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER stamp_the_row BEFORE INSERT ON society.vote_audit_trail FOR EACH ROW EXECUTE FUNCTION store.stamp_vote_audit_trail();

CREATE TRIGGER task_completion_updates_agent_stats AFTER UPDATE ON society.tasks FOR EACH ROW WHEN (((new.assigned_to IS NOT NULL) AND (new.status = ANY (ARRAY['completed'::society.agent_task_status, 'failed'::society.agent_task_status])) AND (((old.status IS DISTINCT FROM new.status) OR (old.quality_score IS DISTINCT FROM new.quality_score)) OR (old.duration_ms IS DISTINCT FROM new.duration_ms)))) EXECUTE FUNCTION society.update_agent_stats_on_task_completion();

CREATE TRIGGER task_dependencies_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, task_id, depends_on_task_id, kind, created_at ON society.task_dependencies FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER task_dependencies_are_not_circular AFTER INSERT OR UPDATE ON society.task_dependencies FOR EACH ROW EXECUTE FUNCTION society.refuse_circular_dependency();

CREATE TRIGGER task_queues_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, name, priority_rule, max_in_flight, is_paused, created_at ON society.task_queues FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER task_results_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, task_id, attempt, agent_id, output, quality_score, tokens_used, cost_usd, duration_ms, created_at ON society.task_results FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER tasks_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, task_id, title, description, status, priority, queue_id, assigned_to, required_skills, payload, result, quality_score, attempts, max_attempts, attempt_token, lease_expires_at, deadline, queued_at, started_at, completed_at, created_by, requested_by, created_at, deleted_at ON society.tasks FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER tasks_are_stamped BEFORE UPDATE OF status ON society.tasks FOR EACH ROW WHEN ((old.status <> new.status)) EXECUTE FUNCTION society.stamp_task();

CREATE TRIGGER tasks_are_stamped_at_first BEFORE INSERT ON society.tasks FOR EACH ROW EXECUTE FUNCTION society.stamp_task();

CREATE TRIGGER tasks_follow_their_states BEFORE UPDATE OF status ON society.tasks FOR EACH ROW WHEN (((old.status <> new.status) AND ((old.status = ANY (ARRAY['completed'::society.agent_task_status, 'cancelled'::society.agent_task_status])) OR ((old.status = 'failed'::society.agent_task_status) AND (new.status = ANY (ARRAY['completed'::society.agent_task_status, 'in_review'::society.agent_task_status, 'blocked'::society.agent_task_status])))))) EXECUTE FUNCTION society.refuse('a completed or cancelled task stays as it is; a failed one is tried again or cancelled');

CREATE TRIGGER tasks_keep_a_history AFTER INSERT OR UPDATE OF status, assigned_to, priority, title, deadline, quality_score, deleted_at ON society.tasks FOR EACH ROW EXECUTE FUNCTION society.record_task_event();

CREATE TRIGGER tasks_keep_who_ended_them BEFORE UPDATE OF assigned_to ON society.tasks FOR EACH ROW WHEN (((old.status = new.status) AND (old.status = ANY (ARRAY['completed'::society.agent_task_status, 'failed'::society.agent_task_status, 'cancelled'::society.agent_task_status])) AND (old.assigned_to IS DISTINCT FROM new.assigned_to))) EXECUTE FUNCTION society.refuse('a task that has ended keeps the agent who ended it');

CREATE TRIGGER the_row_stays BEFORE DELETE ON society.vote_audit_trail FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('vote_audit_trail');

CREATE TRIGGER the_row_stays_as_it_is BEFORE UPDATE OF digest, redaction_id, id, tenant_id, session_id, vote_id, event_type, actor_id, user_id, payload, signature, signed_by, created_at, epoch, transaction_id ON society.vote_audit_trail FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('vote_audit_trail');

CREATE TRIGGER tiers_are_audited AFTER UPDATE ON society.tiers FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER tiers_rise_with_points AFTER UPDATE OF min_points, keep_points ON society.tiers FOR EACH ROW EXECUTE FUNCTION society.refuse_crossed_tiers();

CREATE TRIGGER update_achievements_updated_at BEFORE UPDATE ON society.achievements FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_agent_achievements_updated_at BEFORE UPDATE ON society.agent_achievements FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_agent_permissions_updated_at BEFORE UPDATE ON society.agent_permissions FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_agent_skills_updated_at BEFORE UPDATE ON society.agent_skills FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_agents_updated_at BEFORE UPDATE ON society.agents FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_appeal_reviews_updated_at BEFORE UPDATE ON society.appeal_reviews FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_appeals_updated_at BEFORE UPDATE ON society.appeals FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_battle_rounds_updated_at BEFORE UPDATE ON society.battle_rounds FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_battles_updated_at BEFORE UPDATE ON society.battles FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_brainstorm_sessions_updated_at BEFORE UPDATE ON society.brainstorm_sessions FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_eigentrust_runs_updated_at BEFORE UPDATE ON society.eigentrust_runs FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_global_trust_scores_updated_at BEFORE UPDATE ON society.global_trust_scores FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_hall_of_fame_updated_at BEFORE UPDATE ON society.hall_of_fame FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_idea_votes_updated_at BEFORE UPDATE ON society.idea_votes FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_ideas_updated_at BEFORE UPDATE ON society.ideas FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_leaderboard_periods_updated_at BEFORE UPDATE ON society.leaderboard_periods FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_leaderboard_rankings_updated_at BEFORE UPDATE ON society.leaderboard_rankings FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_mentee_progress_updated_at BEFORE UPDATE ON society.mentee_progress FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_mentorship_curriculum_updated_at BEFORE UPDATE ON society.mentorship_curriculum FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_mentorship_pairings_updated_at BEFORE UPDATE ON society.mentorship_pairings FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_mentorship_sessions_updated_at BEFORE UPDATE ON society.mentorship_sessions FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_peer_ratings_updated_at BEFORE UPDATE ON society.peer_ratings FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_point_rules_updated_at BEFORE UPDATE ON society.point_rules FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_pretrusted_agents_updated_at BEFORE UPDATE ON society.pretrusted_agents FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_priority_queues_updated_at BEFORE UPDATE ON society.priority_queues FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_resource_allocations_updated_at BEFORE UPDATE ON society.resource_allocations FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_resource_pools_updated_at BEFORE UPDATE ON society.resource_pools FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_retraining_programs_updated_at BEFORE UPDATE ON society.retraining_programs FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_streaks_updated_at BEFORE UPDATE ON society.streaks FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_task_executions_updated_at BEFORE UPDATE ON society.task_executions FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_task_queues_updated_at BEFORE UPDATE ON society.task_queues FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_task_results_updated_at BEFORE UPDATE ON society.task_results FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_tasks_updated_at BEFORE UPDATE ON society.tasks FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_tiers_updated_at BEFORE UPDATE ON society.tiers FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_trust_graph_updated_at BEFORE UPDATE ON society.trust_graph FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_violations_updated_at BEFORE UPDATE ON society.violations FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_voting_sessions_updated_at BEFORE UPDATE ON society.voting_sessions FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER violations_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, violation_type, severity, penalty_points, status, status_reason, description, evidence, task_id, reported_by, reported_by_user, detected_by, occurred_at, created_at ON society.violations FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER violations_keep_a_penalty_history AFTER INSERT OR UPDATE OF status, penalty_points ON society.violations FOR EACH ROW EXECUTE FUNCTION society.record_penalty();

CREATE TRIGGER vote_audit_trail_is_never_emptied BEFORE TRUNCATE ON society.vote_audit_trail FOR EACH STATEMENT EXECUTE FUNCTION society.refuse('the trail of a vote is added to and never changed');

CREATE TRIGGER vote_delegations_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, session_id, from_agent_id, to_agent_id, expires_at, revoked_at, created_at ON society.vote_delegations FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER vote_delegations_are_not_circular AFTER INSERT OR UPDATE ON society.vote_delegations FOR EACH ROW WHEN ((new.revoked_at IS NULL)) EXECUTE FUNCTION society.refuse_circular_delegation();

CREATE TRIGGER votes_are_admitted BEFORE INSERT ON society.votes FOR EACH ROW WHEN ((new.superseded_at IS NULL)) EXECUTE FUNCTION society.admit_ballot();

CREATE TRIGGER votes_are_born_live BEFORE INSERT ON society.votes FOR EACH ROW WHEN ((new.superseded_at IS NOT NULL)) EXECUTE FUNCTION society.refuse('a ballot is cast before it is withdrawn');

CREATE TRIGGER votes_are_withdrawn BEFORE UPDATE OF superseded_at ON society.votes FOR EACH ROW WHEN (((old.superseded_at IS NULL) AND (new.superseded_at IS NOT NULL))) EXECUTE FUNCTION society.admit_ballot();

CREATE TRIGGER votes_begin_a_trail AFTER INSERT ON society.votes FOR EACH ROW EXECUTE FUNCTION society.record_ballot();

CREATE TRIGGER votes_leave_a_trail AFTER UPDATE OF superseded_at ON society.votes FOR EACH ROW WHEN ((old.superseded_at IS DISTINCT FROM new.superseded_at)) EXECUTE FUNCTION society.record_ballot();

CREATE TRIGGER votes_superseded_stay_superseded BEFORE UPDATE ON society.votes FOR EACH ROW WHEN (((old.superseded_at IS NOT NULL) AND (old.superseded_at IS DISTINCT FROM new.superseded_at))) EXECUTE FUNCTION society.refuse('a ballot that was withdrawn does not come back');

CREATE TRIGGER voting_eligibility_are_audited AFTER INSERT OR DELETE OR UPDATE OF session_id, agent_id, weight, token_budget, created_at ON society.voting_eligibility FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER voting_eligibility_is_frozen_once_open BEFORE INSERT OR DELETE OR UPDATE OF weight, token_budget ON society.voting_eligibility FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION society.guard_roll();

CREATE TRIGGER voting_sessions_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, session_id, topic, description, algorithm, status, options, results, seats, quorum, threshold, token_budget, is_secret, tie_break, tie_seed_hash, tie_seed, opens_at, closes_at, opened_at, closed_at, created_by, proposed_by, created_at, deleted_at ON society.voting_sessions FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER voting_sessions_are_frozen_once_open BEFORE UPDATE ON society.voting_sessions FOR EACH ROW WHEN (((old.status <> 'draft'::society.voting_status) AND (((((((((((((old.session_id)::text IS DISTINCT FROM (new.session_id)::text) OR ((old.topic)::text IS DISTINCT FROM (new.topic)::text)) OR (old.options IS DISTINCT FROM new.options)) OR (old.algorithm IS DISTINCT FROM new.algorithm)) OR (old.seats IS DISTINCT FROM new.seats)) OR (old.quorum IS DISTINCT FROM new.quorum)) OR (old.threshold IS DISTINCT FROM new.threshold)) OR (old.token_budget IS DISTINCT FROM new.token_budget)) OR (old.is_secret IS DISTINCT FROM new.is_secret)) OR (old.tie_break IS DISTINCT FROM new.tie_break)) OR (old.tie_seed_hash IS DISTINCT FROM new.tie_seed_hash)) OR (old.opened_at IS DISTINCT FROM new.opened_at)))) EXECUTE FUNCTION society.refuse('a vote that was opened keeps its options and its rules');

CREATE TRIGGER voting_sessions_are_stamped BEFORE UPDATE OF status ON society.voting_sessions FOR EACH ROW WHEN ((old.status <> new.status)) EXECUTE FUNCTION society.stamp_voting_session();

CREATE TRIGGER voting_sessions_are_stamped_at_first BEFORE INSERT ON society.voting_sessions FOR EACH ROW EXECUTE FUNCTION society.stamp_voting_session();

CREATE TRIGGER voting_sessions_begin_a_trail AFTER INSERT ON society.voting_sessions FOR EACH ROW EXECUTE FUNCTION society.record_voting_session();

CREATE TRIGGER voting_sessions_follow_their_states BEFORE UPDATE OF status ON society.voting_sessions FOR EACH ROW WHEN (((old.status <> new.status) AND (((((((((((old.status <> 'draft'::society.voting_status) OR (new.status <> 'open'::society.voting_status)) AND ((old.status <> 'draft'::society.voting_status) OR (new.status <> 'cancelled'::society.voting_status))) AND ((old.status <> 'open'::society.voting_status) OR (new.status <> 'closed'::society.voting_status))) AND ((old.status <> 'open'::society.voting_status) OR (new.status <> 'cancelled'::society.voting_status))) AND ((old.status <> 'closed'::society.voting_status) OR (new.status <> 'tallied'::society.voting_status))) AND ((old.status <> 'closed'::society.voting_status) OR (new.status <> 'tied'::society.voting_status))) AND ((old.status <> 'closed'::society.voting_status) OR (new.status <> 'no_quorum'::society.voting_status))) AND ((old.status <> 'closed'::society.voting_status) OR (new.status <> 'cancelled'::society.voting_status))) AND ((old.status <> 'tied'::society.voting_status) OR (new.status <> 'tallied'::society.voting_status))) AND ((old.status <> 'tied'::society.voting_status) OR (new.status <> 'cancelled'::society.voting_status))))) EXECUTE FUNCTION society.refuse('a vote is drafted, opened, closed and counted, in this order');

CREATE TRIGGER voting_sessions_keep_their_results BEFORE UPDATE ON society.voting_sessions FOR EACH ROW WHEN (((old.status = ANY (ARRAY['tallied'::society.voting_status, 'no_quorum'::society.voting_status, 'cancelled'::society.voting_status])) AND (old.results IS DISTINCT FROM new.results))) EXECUTE FUNCTION society.refuse('a vote that was counted keeps its results');

CREATE TRIGGER voting_sessions_leave_a_trail AFTER UPDATE OF status ON society.voting_sessions FOR EACH ROW WHEN ((old.status <> new.status)) EXECUTE FUNCTION society.record_voting_session();

CREATE TRIGGER analytics_events_added_are_marked AFTER INSERT ON store.analytics_events REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_analytics_events();

CREATE TRIGGER analytics_events_changed_are_marked AFTER UPDATE ON store.analytics_events REFERENCING OLD TABLE AS changed_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_analytics_events();

CREATE TRIGGER analytics_events_removed_are_marked AFTER DELETE ON store.analytics_events REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_analytics_events();

CREATE TRIGGER failure_patterns_added_are_marked AFTER INSERT ON store.failure_patterns REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_failure_patterns();

CREATE TRIGGER failure_patterns_changed_are_marked AFTER UPDATE ON store.failure_patterns REFERENCING OLD TABLE AS changed_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_failure_patterns();

CREATE TRIGGER failure_patterns_removed_are_marked AFTER DELETE ON store.failure_patterns REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_failure_patterns();

CREATE TRIGGER llm_requests_added_are_marked AFTER INSERT ON store.llm_requests REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_llm_requests();

CREATE TRIGGER llm_requests_changed_are_marked AFTER UPDATE ON store.llm_requests REFERENCING OLD TABLE AS changed_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_llm_requests();

CREATE TRIGGER llm_requests_removed_are_marked AFTER DELETE ON store.llm_requests REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_llm_requests();

CREATE TRIGGER llm_responses_added_are_marked AFTER INSERT ON store.llm_responses REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_llm_responses();

CREATE TRIGGER llm_responses_changed_are_marked AFTER UPDATE ON store.llm_responses REFERENCING OLD TABLE AS changed_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_llm_responses();

CREATE TRIGGER llm_responses_removed_are_marked AFTER DELETE ON store.llm_responses REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_llm_responses();

CREATE TRIGGER outcomes_added_are_marked AFTER INSERT ON store.outcomes REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_outcomes();

CREATE TRIGGER outcomes_changed_are_marked AFTER UPDATE ON store.outcomes REFERENCING OLD TABLE AS changed_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_outcomes();

CREATE TRIGGER outcomes_removed_are_marked AFTER DELETE ON store.outcomes REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_outcomes();

CREATE TRIGGER point_transactions_move_agents AFTER INSERT ON store.point_transactions REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION society.add_points();

CREATE TRIGGER stamp_the_row BEFORE INSERT ON store.audit_logs FOR EACH ROW EXECUTE FUNCTION store.stamp_audit_logs();

CREATE TRIGGER status_probes_added_are_marked AFTER INSERT ON store.status_probes REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_status_probes();

CREATE TRIGGER status_probes_changed_are_marked AFTER UPDATE ON store.status_probes REFERENCING OLD TABLE AS changed_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_status_probes();

CREATE TRIGGER status_probes_removed_are_marked AFTER DELETE ON store.status_probes REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_status_probes();

CREATE TRIGGER the_row_stays BEFORE DELETE ON store.audit_log FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('audit_log');

CREATE TRIGGER the_row_stays BEFORE DELETE ON store.audit_logs FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('audit_logs');

CREATE TRIGGER the_row_stays_as_it_is BEFORE UPDATE OF digest, redaction_id, log_id, tenant_id, table_name, operation, user_id, old_data, new_data, ip_address, user_agent, modal_call_context, "timestamp", table_schema, record_key, agent_id, actor_role, request_id, epoch, transaction_id ON store.audit_log FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('audit_log');

CREATE TRIGGER the_row_stays_as_it_is BEFORE UPDATE OF digest, redaction_id, id, tenant_id, "timestamp", user_id, action, resource_type, resource_id, ip_address, user_agent, request_id, request_data, response_status, duration_ms, epoch, transaction_id ON store.audit_logs FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('audit_logs');

CREATE TRIGGER tool_usage_added_are_marked AFTER INSERT ON store.tool_usage REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_tool_usage();

CREATE TRIGGER tool_usage_changed_are_marked AFTER UPDATE ON store.tool_usage REFERENCING OLD TABLE AS changed_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_tool_usage();

CREATE TRIGGER tool_usage_removed_are_marked AFTER DELETE ON store.tool_usage REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_tool_usage();

ALTER TABLE ONLY catalogue.benchmark_scores
    ADD CONSTRAINT benchmark_scores_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.benchmark_scores
    ADD CONSTRAINT benchmark_scores_suite_id_fkey FOREIGN KEY (suite_id) REFERENCES catalogue.benchmark_suites(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.documentation
    ADD CONSTRAINT documentation_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.incidents
    ADD CONSTRAINT incidents_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.incidents
    ADD CONSTRAINT incidents_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES catalogue.providers(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.model_aliases
    ADD CONSTRAINT model_aliases_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.model_aliases
    ADD CONSTRAINT model_aliases_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES catalogue.providers(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.model_endpoints
    ADD CONSTRAINT model_endpoints_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.models
    ADD CONSTRAINT models_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES catalogue.providers(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.news_articles
    ADD CONSTRAINT news_articles_author_id_fkey FOREIGN KEY (author_id) REFERENCES platform.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY catalogue.news_model_mentions
    ADD CONSTRAINT news_model_mentions_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.news_model_mentions
    ADD CONSTRAINT news_model_mentions_news_id_fkey FOREIGN KEY (news_id) REFERENCES catalogue.news_articles(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.price_claims
    ADD CONSTRAINT price_claims_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.pricing
    ADD CONSTRAINT pricing_claim_id_fkey FOREIGN KEY (claim_id) REFERENCES catalogue.price_claims(id) ON DELETE SET NULL;

ALTER TABLE ONLY catalogue.pricing
    ADD CONSTRAINT pricing_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.bodies
    ADD CONSTRAINT bodies_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.config_diffs
    ADD CONSTRAINT config_diffs_approved_by_fkey FOREIGN KEY (approved_by) REFERENCES platform.users(id);

ALTER TABLE ONLY evaluation.config_diffs
    ADD CONSTRAINT config_diffs_config_id_version_after_fkey FOREIGN KEY (config_id, version_after) REFERENCES evaluation.config_versions(config_id, version_id);

ALTER TABLE ONLY evaluation.config_diffs
    ADD CONSTRAINT config_diffs_config_id_version_before_fkey FOREIGN KEY (config_id, version_before) REFERENCES evaluation.config_versions(config_id, version_id);

ALTER TABLE ONLY evaluation.config_diffs
    ADD CONSTRAINT config_diffs_tenant_id_config_id_fkey FOREIGN KEY (tenant_id, config_id) REFERENCES evaluation.configurations(tenant_id, config_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.config_versions
    ADD CONSTRAINT config_versions_tenant_id_config_id_fkey FOREIGN KEY (tenant_id, config_id) REFERENCES evaluation.configurations(tenant_id, config_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.configurations
    ADD CONSTRAINT configurations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.configurations
    ADD CONSTRAINT configurations_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id);

ALTER TABLE ONLY evaluation.configurations
    ADD CONSTRAINT fk_latest_version FOREIGN KEY (config_id, latest_version_id) REFERENCES evaluation.config_versions(config_id, version_id) ON DELETE SET NULL (latest_version_id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY evaluation.llm_recommendation_sessions
    ADD CONSTRAINT llm_recommendation_sessions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.llm_recommendation_sessions
    ADD CONSTRAINT llm_recommendation_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id);

ALTER TABLE ONLY evaluation.outcome_embeddings
    ADD CONSTRAINT outcome_embeddings_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.recommendations
    ADD CONSTRAINT recommendations_applied_by_fkey FOREIGN KEY (applied_by) REFERENCES platform.users(id);

ALTER TABLE ONLY evaluation.recommendations
    ADD CONSTRAINT recommendations_tenant_id_diff_id_fkey FOREIGN KEY (tenant_id, diff_id) REFERENCES evaluation.config_diffs(tenant_id, diff_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.recommendations
    ADD CONSTRAINT recommendations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.recommendations
    ADD CONSTRAINT recommendations_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES evaluation.llm_recommendation_sessions(tenant_id, session_id);

ALTER TABLE ONLY evaluation.recommendations
    ADD CONSTRAINT recommendations_tenant_id_simulation_id_fkey FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations(tenant_id, simulation_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.scenario_versions
    ADD CONSTRAINT scenario_versions_tenant_id_scenario_id_fkey FOREIGN KEY (tenant_id, scenario_id) REFERENCES evaluation.scenarios(tenant_id, scenario_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.scenarios
    ADD CONSTRAINT scenarios_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.simulations_scenarios
    ADD CONSTRAINT simulations_scenarios_tenant_id_scenario_id_content_hash_fkey FOREIGN KEY (tenant_id, scenario_id, content_hash) REFERENCES evaluation.scenario_versions(tenant_id, scenario_id, content_hash);

ALTER TABLE ONLY evaluation.simulations_scenarios
    ADD CONSTRAINT simulations_scenarios_tenant_id_simulation_id_fkey FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations(tenant_id, simulation_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.simulations
    ADD CONSTRAINT simulations_tenant_id_config_version_id_fkey FOREIGN KEY (tenant_id, config_version_id) REFERENCES evaluation.config_versions(tenant_id, version_id);

ALTER TABLE ONLY evaluation.simulations
    ADD CONSTRAINT simulations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.simulations
    ADD CONSTRAINT simulations_tenant_id_interleaved_with_fkey FOREIGN KEY (tenant_id, interleaved_with) REFERENCES evaluation.simulations(tenant_id, simulation_id) ON DELETE SET NULL (interleaved_with) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY evaluation.trials
    ADD CONSTRAINT trials_simulation_id_scenario_id_fkey FOREIGN KEY (simulation_id, scenario_id) REFERENCES evaluation.simulations_scenarios(simulation_id, scenario_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.trials
    ADD CONSTRAINT trials_tenant_id_simulation_id_fkey FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations(tenant_id, simulation_id) ON DELETE CASCADE;

ALTER TABLE ONLY gateway.acp_agents
    ADD CONSTRAINT acp_agents_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY gateway.code_versions
    ADD CONSTRAINT code_versions_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES gateway.debate_sessions(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY gateway.cognee_memories
    ADD CONSTRAINT cognee_memories_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY gateway.cognee_memories
    ADD CONSTRAINT cognee_memories_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES platform.user_sessions(tenant_id, id) ON DELETE SET NULL (session_id);

ALTER TABLE ONLY gateway.cognee_memories
    ADD CONSTRAINT cognee_memories_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY gateway.debate_ballots
    ADD CONSTRAINT debate_ballots_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES gateway.debate_sessions(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY gateway.debate_sessions
    ADD CONSTRAINT debate_sessions_created_by_fkey FOREIGN KEY (created_by) REFERENCES platform.users(id);

ALTER TABLE ONLY gateway.debate_sessions
    ADD CONSTRAINT debate_sessions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY gateway.debate_turns
    ADD CONSTRAINT debate_turns_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES gateway.debate_sessions(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE gateway.distributed_memory
    ADD CONSTRAINT distributed_memory_node_id_fkey FOREIGN KEY (node_id) REFERENCES gateway.memory_nodes(node_id);

ALTER TABLE gateway.distributed_memory
    ADD CONSTRAINT distributed_memory_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE gateway.distributed_memory
    ADD CONSTRAINT distributed_memory_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY gateway.llm_providers
    ADD CONSTRAINT llm_providers_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES catalogue.providers(id) ON DELETE SET NULL;

ALTER TABLE ONLY gateway.llm_providers
    ADD CONSTRAINT llm_providers_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY gateway.lsp_servers
    ADD CONSTRAINT lsp_servers_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY gateway.mcp_servers
    ADD CONSTRAINT mcp_servers_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY platform.api_keys
    ADD CONSTRAINT api_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY platform.api_keys
    ADD CONSTRAINT api_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id);

ALTER TABLE ONLY platform.archives
    ADD CONSTRAINT archives_series_fkey FOREIGN KEY (series) REFERENCES platform.series(name) ON DELETE CASCADE;

ALTER TABLE ONLY platform.audit_seal_parts
    ADD CONSTRAINT audit_seal_parts_ledger_number_fkey FOREIGN KEY (ledger, number) REFERENCES platform.audit_seals(ledger, number);

ALTER TABLE ONLY platform.audit_seals
    ADD CONSTRAINT audit_seals_ledger_fkey FOREIGN KEY (ledger) REFERENCES platform.ledgers(name);

ALTER TABLE ONLY platform.background_task_dependencies
    ADD CONSTRAINT background_task_dependencies_tenant_id_depends_on_task_id_fkey FOREIGN KEY (tenant_id, depends_on_task_id) REFERENCES platform.background_tasks(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.background_task_dependencies
    ADD CONSTRAINT background_task_dependencies_tenant_id_task_id_fkey FOREIGN KEY (tenant_id, task_id) REFERENCES platform.background_tasks(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.background_tasks
    ADD CONSTRAINT background_tasks_created_by_fkey FOREIGN KEY (created_by) REFERENCES platform.users(id);

ALTER TABLE ONLY platform.background_tasks
    ADD CONSTRAINT background_tasks_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY platform.clickhouse_analytics
    ADD CONSTRAINT clickhouse_analytics_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY platform.clickhouse_analytics
    ADD CONSTRAINT clickhouse_analytics_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY platform.dead_letter_queue
    ADD CONSTRAINT dead_letter_queue_resolved_by_fkey FOREIGN KEY (resolved_by) REFERENCES platform.users(id);

ALTER TABLE ONLY platform.dead_letter_queue
    ADD CONSTRAINT dead_letter_queue_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY platform.dead_letter_queue
    ADD CONSTRAINT dead_letter_queue_tenant_id_original_task_id_fkey FOREIGN KEY (tenant_id, original_task_id) REFERENCES platform.background_tasks(tenant_id, id) ON DELETE SET NULL (original_task_id);

ALTER TABLE ONLY platform.idempotency_keys
    ADD CONSTRAINT idempotency_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY platform.idempotency_keys
    ADD CONSTRAINT idempotency_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.provider_secrets
    ADD CONSTRAINT provider_secrets_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY platform.rollups
    ADD CONSTRAINT rollups_source_fkey FOREIGN KEY (source) REFERENCES platform.series(name);

ALTER TABLE ONLY platform.schedule_runs
    ADD CONSTRAINT schedule_runs_schedule_name_fkey FOREIGN KEY (schedule_name) REFERENCES platform.schedules(name) ON DELETE CASCADE;

ALTER TABLE ONLY platform.schedule_runs
    ADD CONSTRAINT schedule_runs_task_id_fkey FOREIGN KEY (task_id) REFERENCES platform.background_tasks(id) ON DELETE SET NULL;

ALTER TABLE ONLY platform.schedules
    ADD CONSTRAINT schedules_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY platform.sql_logins
    ADD CONSTRAINT sql_logins_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.sql_logins
    ADD CONSTRAINT sql_logins_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.task_workers
    ADD CONSTRAINT task_workers_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.team_invitations
    ADD CONSTRAINT team_invitations_accepted_by_fkey FOREIGN KEY (accepted_by) REFERENCES platform.users(id);

ALTER TABLE ONLY platform.team_invitations
    ADD CONSTRAINT team_invitations_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES platform.users(id);

ALTER TABLE ONLY platform.team_invitations
    ADD CONSTRAINT team_invitations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY platform.team_members
    ADD CONSTRAINT team_members_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.team_members
    ADD CONSTRAINT team_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.user_preferences
    ADD CONSTRAINT user_preferences_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.user_sessions
    ADD CONSTRAINT user_sessions_remember_what_is_there FOREIGN KEY (tenant_id, memory_id) REFERENCES gateway.cognee_memories(tenant_id, id) ON DELETE SET NULL (memory_id);

ALTER TABLE ONLY platform.user_sessions
    ADD CONSTRAINT user_sessions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY platform.user_sessions
    ADD CONSTRAINT user_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY society.achievements
    ADD CONSTRAINT achievements_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.agent_achievements
    ADD CONSTRAINT agent_achievements_tenant_id_achievement_id_fkey FOREIGN KEY (tenant_id, achievement_id) REFERENCES society.achievements(tenant_id, id);

ALTER TABLE ONLY society.agent_achievements
    ADD CONSTRAINT agent_achievements_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.agent_permissions
    ADD CONSTRAINT agent_permissions_granted_by_fkey FOREIGN KEY (granted_by) REFERENCES platform.users(id);

ALTER TABLE ONLY society.agent_permissions
    ADD CONSTRAINT agent_permissions_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.agent_skills
    ADD CONSTRAINT agent_skills_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.agent_skills
    ADD CONSTRAINT agent_skills_tenant_id_verified_by_fkey FOREIGN KEY (tenant_id, verified_by) REFERENCES society.agents(tenant_id, id) ON DELETE SET NULL (verified_by);

ALTER TABLE ONLY society.agent_status_history
    ADD CONSTRAINT agent_status_history_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.agents
    ADD CONSTRAINT agents_created_by_fkey FOREIGN KEY (created_by) REFERENCES platform.users(id);

ALTER TABLE ONLY society.agents
    ADD CONSTRAINT agents_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.appeal_reviews
    ADD CONSTRAINT appeal_reviews_tenant_id_appeal_id_fkey FOREIGN KEY (tenant_id, appeal_id) REFERENCES society.appeals(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.appeal_reviews
    ADD CONSTRAINT appeal_reviews_tenant_id_reviewer_id_fkey FOREIGN KEY (tenant_id, reviewer_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.appeals
    ADD CONSTRAINT appeals_tenant_id_reviewer_id_fkey FOREIGN KEY (tenant_id, reviewer_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.appeals
    ADD CONSTRAINT appeals_tenant_id_violation_id_agent_id_fkey FOREIGN KEY (tenant_id, violation_id, agent_id) REFERENCES society.violations(tenant_id, id, agent_id);

ALTER TABLE ONLY society.appeals
    ADD CONSTRAINT appeals_tenant_id_voting_session_id_fkey FOREIGN KEY (tenant_id, voting_session_id) REFERENCES society.voting_sessions(tenant_id, id);

ALTER TABLE ONLY society.battle_participants
    ADD CONSTRAINT battle_participants_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.battle_participants
    ADD CONSTRAINT battle_participants_tenant_id_battle_id_fkey FOREIGN KEY (tenant_id, battle_id) REFERENCES society.battles(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.battle_rounds
    ADD CONSTRAINT battle_rounds_tenant_id_battle_id_fkey FOREIGN KEY (tenant_id, battle_id) REFERENCES society.battles(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.battle_rounds
    ADD CONSTRAINT battle_rounds_tenant_id_judge_id_fkey FOREIGN KEY (tenant_id, judge_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.battles
    ADD CONSTRAINT battles_are_won_by_a_participant FOREIGN KEY (tenant_id, id, winner_id) REFERENCES society.battle_participants(tenant_id, battle_id, agent_id);

ALTER TABLE ONLY society.battles
    ADD CONSTRAINT battles_created_by_fkey FOREIGN KEY (created_by) REFERENCES platform.users(id);

ALTER TABLE ONLY society.battles
    ADD CONSTRAINT battles_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.battles
    ADD CONSTRAINT battles_tenant_id_task_id_fkey FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks(tenant_id, id);

ALTER TABLE ONLY society.battles
    ADD CONSTRAINT battles_tenant_id_winner_id_fkey FOREIGN KEY (tenant_id, winner_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.brainstorm_participants
    ADD CONSTRAINT brainstorm_participants_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.brainstorm_participants
    ADD CONSTRAINT brainstorm_participants_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES society.brainstorm_sessions(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.brainstorm_sessions
    ADD CONSTRAINT brainstorm_sessions_created_by_fkey FOREIGN KEY (created_by) REFERENCES platform.users(id);

ALTER TABLE ONLY society.brainstorm_sessions
    ADD CONSTRAINT brainstorm_sessions_tenant_id_facilitator_id_fkey FOREIGN KEY (tenant_id, facilitator_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.brainstorm_sessions
    ADD CONSTRAINT brainstorm_sessions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.brainstorm_sessions
    ADD CONSTRAINT brainstorm_sessions_tenant_id_voting_session_id_fkey FOREIGN KEY (tenant_id, voting_session_id) REFERENCES society.voting_sessions(tenant_id, id);

ALTER TABLE ONLY society.eigentrust_runs
    ADD CONSTRAINT eigentrust_runs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.elo_history
    ADD CONSTRAINT elo_history_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.elo_history
    ADD CONSTRAINT elo_history_tenant_id_battle_id_agent_id_fkey FOREIGN KEY (tenant_id, battle_id, agent_id) REFERENCES society.battle_participants(tenant_id, battle_id, agent_id);

ALTER TABLE ONLY society.global_trust_scores
    ADD CONSTRAINT global_trust_scores_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.global_trust_scores
    ADD CONSTRAINT global_trust_scores_tenant_id_run_id_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES society.eigentrust_runs(tenant_id, id);

ALTER TABLE ONLY society.hall_of_fame
    ADD CONSTRAINT hall_of_fame_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.idea_combination_sources
    ADD CONSTRAINT idea_combination_sources_tenant_id_combination_id_session__fkey FOREIGN KEY (tenant_id, combination_id, session_id, result_idea_id) REFERENCES society.idea_combinations(tenant_id, id, session_id, result_idea_id) ON DELETE CASCADE;

ALTER TABLE ONLY society.idea_combination_sources
    ADD CONSTRAINT idea_combination_sources_tenant_id_session_id_idea_id_fkey FOREIGN KEY (tenant_id, session_id, idea_id) REFERENCES society.ideas(tenant_id, session_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.idea_combinations
    ADD CONSTRAINT idea_combinations_tenant_id_combined_by_fkey FOREIGN KEY (tenant_id, combined_by) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.idea_combinations
    ADD CONSTRAINT idea_combinations_tenant_id_session_id_result_idea_id_fkey FOREIGN KEY (tenant_id, session_id, result_idea_id) REFERENCES society.ideas(tenant_id, session_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.idea_votes
    ADD CONSTRAINT idea_votes_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.idea_votes
    ADD CONSTRAINT idea_votes_tenant_id_idea_id_fkey FOREIGN KEY (tenant_id, idea_id) REFERENCES society.ideas(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.ideas
    ADD CONSTRAINT ideas_tenant_id_session_id_agent_id_fkey FOREIGN KEY (tenant_id, session_id, agent_id) REFERENCES society.brainstorm_participants(tenant_id, session_id, agent_id) ON DELETE CASCADE;

ALTER TABLE ONLY society.ideas
    ADD CONSTRAINT ideas_tenant_id_session_id_parent_id_fkey FOREIGN KEY (tenant_id, session_id, parent_id) REFERENCES society.ideas(tenant_id, session_id, id);

ALTER TABLE ONLY society.leaderboard_periods
    ADD CONSTRAINT leaderboard_periods_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.leaderboard_rankings
    ADD CONSTRAINT leaderboard_rankings_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.leaderboard_rankings
    ADD CONSTRAINT leaderboard_rankings_tenant_id_category_period_period_star_fkey FOREIGN KEY (tenant_id, category, period, period_start) REFERENCES society.leaderboard_periods(tenant_id, category, period, period_start);

ALTER TABLE ONLY society.mentee_progress
    ADD CONSTRAINT mentee_progress_tenant_id_curriculum_id_fkey FOREIGN KEY (tenant_id, curriculum_id) REFERENCES society.mentorship_curriculum(tenant_id, id);

ALTER TABLE ONLY society.mentee_progress
    ADD CONSTRAINT mentee_progress_tenant_id_pairing_id_mentee_id_fkey FOREIGN KEY (tenant_id, pairing_id, mentee_id) REFERENCES society.mentorship_pairings(tenant_id, id, mentee_id) ON DELETE CASCADE;

ALTER TABLE ONLY society.mentorship_curriculum
    ADD CONSTRAINT mentorship_curriculum_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.mentorship_pairings
    ADD CONSTRAINT mentorship_pairings_tenant_id_mentee_id_fkey FOREIGN KEY (tenant_id, mentee_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.mentorship_pairings
    ADD CONSTRAINT mentorship_pairings_tenant_id_mentor_id_fkey FOREIGN KEY (tenant_id, mentor_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.mentorship_sessions
    ADD CONSTRAINT mentorship_sessions_tenant_id_pairing_id_fkey FOREIGN KEY (tenant_id, pairing_id) REFERENCES society.mentorship_pairings(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.peer_ratings
    ADD CONSTRAINT peer_ratings_tenant_id_battle_id_fkey FOREIGN KEY (tenant_id, battle_id) REFERENCES society.battles(tenant_id, id);

ALTER TABLE ONLY society.peer_ratings
    ADD CONSTRAINT peer_ratings_tenant_id_ratee_id_fkey FOREIGN KEY (tenant_id, ratee_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.peer_ratings
    ADD CONSTRAINT peer_ratings_tenant_id_rater_id_fkey FOREIGN KEY (tenant_id, rater_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.peer_ratings
    ADD CONSTRAINT peer_ratings_tenant_id_task_id_fkey FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks(tenant_id, id);

ALTER TABLE ONLY society.point_keys
    ADD CONSTRAINT point_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.point_rules
    ADD CONSTRAINT point_rules_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.pretrusted_agents
    ADD CONSTRAINT pretrusted_agents_granted_by_fkey FOREIGN KEY (granted_by) REFERENCES platform.users(id);

ALTER TABLE ONLY society.pretrusted_agents
    ADD CONSTRAINT pretrusted_agents_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.priority_queues
    ADD CONSTRAINT priority_queues_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.priority_queues
    ADD CONSTRAINT priority_queues_tenant_id_queue_id_fkey FOREIGN KEY (tenant_id, queue_id) REFERENCES society.task_queues(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.resource_allocations
    ADD CONSTRAINT resource_allocations_granted_by_fkey FOREIGN KEY (granted_by) REFERENCES platform.users(id);

ALTER TABLE ONLY society.resource_allocations
    ADD CONSTRAINT resource_allocations_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.resource_allocations
    ADD CONSTRAINT resource_allocations_tenant_id_pool_id_resource_type_fkey FOREIGN KEY (tenant_id, pool_id, resource_type) REFERENCES society.resource_pools(tenant_id, id, resource_type);

ALTER TABLE ONLY society.resource_pools
    ADD CONSTRAINT resource_pools_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.retraining_assessments
    ADD CONSTRAINT retraining_assessments_tenant_id_assessor_id_fkey FOREIGN KEY (tenant_id, assessor_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.retraining_assessments
    ADD CONSTRAINT retraining_assessments_tenant_id_program_id_agent_id_fkey FOREIGN KEY (tenant_id, program_id, agent_id) REFERENCES society.retraining_programs(tenant_id, id, agent_id) ON DELETE CASCADE;

ALTER TABLE ONLY society.retraining_programs
    ADD CONSTRAINT retraining_programs_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.retraining_programs
    ADD CONSTRAINT retraining_programs_tenant_id_violation_id_agent_id_fkey FOREIGN KEY (tenant_id, violation_id, agent_id) REFERENCES society.violations(tenant_id, id, agent_id);

ALTER TABLE ONLY society.streaks
    ADD CONSTRAINT streaks_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.task_assignments
    ADD CONSTRAINT task_assignments_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.task_assignments
    ADD CONSTRAINT task_assignments_tenant_id_task_id_fkey FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.task_dependencies
    ADD CONSTRAINT task_dependencies_tenant_id_depends_on_task_id_fkey FOREIGN KEY (tenant_id, depends_on_task_id) REFERENCES society.tasks(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.task_dependencies
    ADD CONSTRAINT task_dependencies_tenant_id_task_id_fkey FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.task_executions
    ADD CONSTRAINT task_executions_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.task_executions
    ADD CONSTRAINT task_executions_tenant_id_task_id_fkey FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.task_queues
    ADD CONSTRAINT task_queues_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.task_results
    ADD CONSTRAINT task_results_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.task_results
    ADD CONSTRAINT task_results_tenant_id_task_id_fkey FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.tasks
    ADD CONSTRAINT tasks_created_by_fkey FOREIGN KEY (created_by) REFERENCES platform.users(id);

ALTER TABLE ONLY society.tasks
    ADD CONSTRAINT tasks_tenant_id_assigned_to_fkey FOREIGN KEY (tenant_id, assigned_to) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.tasks
    ADD CONSTRAINT tasks_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.tasks
    ADD CONSTRAINT tasks_tenant_id_queue_id_fkey FOREIGN KEY (tenant_id, queue_id) REFERENCES society.task_queues(tenant_id, id) ON DELETE SET NULL (queue_id);

ALTER TABLE ONLY society.tasks
    ADD CONSTRAINT tasks_tenant_id_requested_by_fkey FOREIGN KEY (tenant_id, requested_by) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.tier_history
    ADD CONSTRAINT tier_history_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.tiers
    ADD CONSTRAINT tiers_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id) ON DELETE CASCADE;

ALTER TABLE ONLY society.trust_graph
    ADD CONSTRAINT trust_graph_tenant_id_from_agent_id_fkey FOREIGN KEY (tenant_id, from_agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.trust_graph
    ADD CONSTRAINT trust_graph_tenant_id_to_agent_id_fkey FOREIGN KEY (tenant_id, to_agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.violations
    ADD CONSTRAINT violations_reported_by_user_fkey FOREIGN KEY (reported_by_user) REFERENCES platform.users(id);

ALTER TABLE ONLY society.violations
    ADD CONSTRAINT violations_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.violations
    ADD CONSTRAINT violations_tenant_id_reported_by_fkey FOREIGN KEY (tenant_id, reported_by) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.violations
    ADD CONSTRAINT violations_tenant_id_task_id_fkey FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks(tenant_id, id);

ALTER TABLE ONLY society.vote_delegations
    ADD CONSTRAINT vote_delegations_tenant_id_from_agent_id_fkey FOREIGN KEY (tenant_id, from_agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.vote_delegations
    ADD CONSTRAINT vote_delegations_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES society.voting_sessions(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.vote_delegations
    ADD CONSTRAINT vote_delegations_tenant_id_to_agent_id_fkey FOREIGN KEY (tenant_id, to_agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.votes
    ADD CONSTRAINT votes_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.votes
    ADD CONSTRAINT votes_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES society.voting_sessions(tenant_id, id);

ALTER TABLE ONLY society.votes
    ADD CONSTRAINT votes_tenant_id_superseded_by_fkey FOREIGN KEY (tenant_id, superseded_by) REFERENCES society.votes(tenant_id, id) ON DELETE SET NULL (superseded_by) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY society.voting_eligibility
    ADD CONSTRAINT voting_eligibility_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.voting_eligibility
    ADD CONSTRAINT voting_eligibility_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES society.voting_sessions(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.voting_sessions
    ADD CONSTRAINT voting_sessions_created_by_fkey FOREIGN KEY (created_by) REFERENCES platform.users(id);

ALTER TABLE ONLY society.voting_sessions
    ADD CONSTRAINT voting_sessions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.voting_sessions
    ADD CONSTRAINT voting_sessions_tenant_id_proposed_by_fkey FOREIGN KEY (tenant_id, proposed_by) REFERENCES society.agents(tenant_id, id);

ALTER TABLE store.agent_activity_log
    ADD CONSTRAINT agent_activity_log_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE store.failure_patterns
    ADD CONSTRAINT failure_patterns_tenant_id_simulation_id_fkey FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations(tenant_id, simulation_id) ON DELETE CASCADE;

ALTER TABLE store.llm_requests
    ADD CONSTRAINT llm_requests_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES platform.user_sessions(tenant_id, id) ON DELETE SET NULL (session_id);

ALTER TABLE store.llm_requests
    ADD CONSTRAINT llm_requests_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id);

ALTER TABLE store.llm_responses
    ADD CONSTRAINT llm_responses_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE SET NULL;

ALTER TABLE store.llm_responses
    ADD CONSTRAINT llm_responses_tenant_id_provider_id_fkey FOREIGN KEY (tenant_id, provider_id) REFERENCES gateway.llm_providers(tenant_id, id) ON DELETE SET NULL (provider_id);

ALTER TABLE store.outcomes
    ADD CONSTRAINT outcomes_tenant_id_scenario_id_fkey FOREIGN KEY (tenant_id, scenario_id) REFERENCES evaluation.scenarios(tenant_id, scenario_id);

ALTER TABLE store.outcomes
    ADD CONSTRAINT outcomes_tenant_id_simulation_id_fkey FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations(tenant_id, simulation_id) ON DELETE CASCADE;

ALTER TABLE store.penalty_history
    ADD CONSTRAINT penalty_history_tenant_id_violation_id_agent_id_fkey FOREIGN KEY (tenant_id, violation_id, agent_id) REFERENCES society.violations(tenant_id, id, agent_id) ON DELETE CASCADE;

ALTER TABLE store.point_transactions
    ADD CONSTRAINT point_transactions_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE store.reputation_history
    ADD CONSTRAINT reputation_history_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE store.status_probes
    ADD CONSTRAINT status_probes_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE CASCADE;

ALTER TABLE store.streaming_analytics
    ADD CONSTRAINT streaming_analytics_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE SET NULL;

ALTER TABLE store.task_history
    ADD CONSTRAINT task_history_tenant_id_task_id_fkey FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE store.tool_usage
    ADD CONSTRAINT tool_usage_tenant_id_simulation_id_fkey FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations(tenant_id, simulation_id) ON DELETE CASCADE;

ALTER TABLE evaluation.bodies ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.config_diffs ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.config_versions ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.configurations ENABLE ROW LEVEL SECURITY;

CREATE POLICY embeddings_are_read_by_the_view_of_outcomes ON evaluation.outcome_embeddings FOR SELECT TO guildhall_owner USING (true);

ALTER TABLE evaluation.llm_recommendation_sessions ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.outcome_embeddings ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.recommendations ENABLE ROW LEVEL SECURITY;

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.bodies FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.config_diffs FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.config_versions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.configurations FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.llm_recommendation_sessions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.outcome_embeddings FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.recommendations FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.scenario_versions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.scenarios FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.simulations FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.simulations_scenarios FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.trials FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_team ON evaluation.bodies TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.config_diffs TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.config_versions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.configurations TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.llm_recommendation_sessions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.outcome_embeddings TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.recommendations TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.scenario_versions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.scenarios TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.simulations TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.simulations_scenarios TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.trials TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

ALTER TABLE evaluation.scenario_versions ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.scenarios ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.simulations ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.simulations_scenarios ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.trials ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.acp_agents ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.code_versions ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.cognee_memories ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.debate_ballots ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.debate_sessions ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.debate_turns ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.distributed_memory ENABLE ROW LEVEL SECURITY;

CREATE POLICY functions_see_every_row ON gateway.cognee_memories TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON gateway.distributed_memory TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON gateway.llm_providers TO guildhall_owner USING (true) WITH CHECK (true);

ALTER TABLE gateway.llm_providers ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.lsp_servers ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.mcp_servers ENABLE ROW LEVEL SECURITY;

CREATE POLICY rows_belong_to_the_persons_team ON gateway.acp_agents FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.code_versions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.cognee_memories FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.debate_sessions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.debate_turns FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.distributed_memory FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.llm_providers FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.lsp_servers FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.mcp_servers FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_team ON gateway.acp_agents TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.code_versions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.cognee_memories TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.debate_ballots TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.debate_sessions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.debate_turns TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.distributed_memory TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.llm_providers TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.lsp_servers TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.mcp_servers TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY answers_are_the_persons_own ON platform.idempotency_keys AS RESTRICTIVE TO guildhall_app, guildhall_reader USING ((user_id = ( SELECT platform.user_id() AS user_id))) WITH CHECK ((user_id = ( SELECT platform.user_id() AS user_id)));

ALTER TABLE platform.api_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE platform.background_task_dependencies ENABLE ROW LEVEL SECURITY;

ALTER TABLE platform.background_tasks ENABLE ROW LEVEL SECURITY;

ALTER TABLE platform.clickhouse_analytics ENABLE ROW LEVEL SECURITY;

ALTER TABLE platform.dead_letter_queue ENABLE ROW LEVEL SECURITY;

CREATE POLICY events_of_every_team_are_exported ON platform.clickhouse_analytics TO guildhall_worker, guildhall_scheduler USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.api_keys TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.background_task_dependencies TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.background_tasks TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.idempotency_keys TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.provider_secrets TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.team_invitations TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.team_members TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.teams TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.user_preferences TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.user_sessions TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.users TO guildhall_owner USING (true) WITH CHECK (true);

ALTER TABLE platform.idempotency_keys ENABLE ROW LEVEL SECURITY;

CREATE POLICY invitations_are_seen_by_administrators ON platform.team_invitations AS RESTRICTIVE FOR SELECT TO guildhall_app, guildhall_reader USING (( SELECT platform.may_administer_team() AS may_administer_team));

CREATE POLICY jobs_are_begun_and_finished_by_workers ON platform.background_tasks AS RESTRICTIVE FOR UPDATE TO guildhall_app USING (true) WITH CHECK ((status = ANY (ARRAY['pending'::platform.job_status, 'paused'::platform.job_status, 'cancelled'::platform.job_status])));

CREATE POLICY jobs_are_of_the_team_or_of_all ON platform.background_task_dependencies TO guildhall_worker, guildhall_scheduler USING (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id)))) WITH CHECK (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))));

CREATE POLICY jobs_are_of_the_team_or_of_all ON platform.background_tasks TO guildhall_worker, guildhall_scheduler USING (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id)))) WITH CHECK (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))));

CREATE POLICY jobs_are_of_the_team_or_of_all ON platform.dead_letter_queue TO guildhall_worker, guildhall_scheduler USING (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id)))) WITH CHECK (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))));

CREATE POLICY keys_are_seen_by_their_people ON platform.api_keys AS RESTRICTIVE FOR SELECT TO guildhall_app, guildhall_reader USING (((user_id = ( SELECT platform.user_id() AS user_id)) OR ( SELECT platform.may_administer_team() AS may_administer_team)));

CREATE POLICY not_for_people_who_write_sql ON platform.api_keys AS RESTRICTIVE TO guildhall_person USING (false);

CREATE POLICY not_for_people_who_write_sql ON platform.idempotency_keys AS RESTRICTIVE TO guildhall_person USING (false);

CREATE POLICY not_for_people_who_write_sql ON platform.provider_secrets AS RESTRICTIVE TO guildhall_person USING (false);

CREATE POLICY not_for_people_who_write_sql ON platform.team_invitations AS RESTRICTIVE TO guildhall_person USING (false);

CREATE POLICY not_for_people_who_write_sql ON platform.user_sessions AS RESTRICTIVE TO guildhall_person USING (false);

ALTER TABLE platform.provider_secrets ENABLE ROW LEVEL SECURITY;

CREATE POLICY rows_belong_to_the_persons_team ON platform.api_keys FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON platform.background_task_dependencies FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON platform.background_tasks FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON platform.clickhouse_analytics FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON platform.dead_letter_queue FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON platform.provider_secrets FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON platform.team_invitations FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON platform.team_members FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON platform.user_sessions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_team ON platform.api_keys TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON platform.background_task_dependencies TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON platform.background_tasks TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON platform.clickhouse_analytics TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON platform.dead_letter_queue TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON platform.idempotency_keys TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON platform.provider_secrets TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON platform.team_invitations TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON platform.user_sessions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY secrets_are_added_by_administrators ON platform.provider_secrets AS RESTRICTIVE FOR INSERT TO guildhall_app WITH CHECK (( SELECT platform.may_administer_team() AS may_administer_team));

CREATE POLICY secrets_are_changed_by_administrators ON platform.provider_secrets AS RESTRICTIVE FOR UPDATE TO guildhall_app USING (( SELECT platform.may_administer_team() AS may_administer_team));

CREATE POLICY secrets_are_removed_by_administrators ON platform.provider_secrets AS RESTRICTIVE FOR DELETE TO guildhall_app USING (( SELECT platform.may_administer_team() AS may_administer_team));

CREATE POLICY sessions_are_the_persons_own ON platform.user_sessions AS RESTRICTIVE TO guildhall_app, guildhall_reader USING ((user_id = ( SELECT platform.user_id() AS user_id))) WITH CHECK ((user_id = ( SELECT platform.user_id() AS user_id)));

ALTER TABLE platform.team_invitations ENABLE ROW LEVEL SECURITY;

ALTER TABLE platform.team_members ENABLE ROW LEVEL SECURITY;

CREATE POLICY team_members_are_seen_from_within ON platform.team_members FOR SELECT TO guildhall_app USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

ALTER TABLE platform.teams ENABLE ROW LEVEL SECURITY;

CREATE POLICY teams_are_seen_from_within ON platform.teams FOR SELECT TO guildhall_app USING ((id = ( SELECT platform.tenant_id() AS tenant_id)));

ALTER TABLE platform.user_preferences ENABLE ROW LEVEL SECURITY;

CREATE POLICY user_prefs_policy ON platform.user_preferences TO guildhall_app USING (((user_identifier)::text = ( SELECT platform.user_identifier() AS user_identifier))) WITH CHECK ((((user_identifier)::text = ( SELECT platform.user_identifier() AS user_identifier)) AND ((user_id IS NULL) OR (user_id = ( SELECT platform.user_id() AS user_id)))));

ALTER TABLE platform.user_sessions ENABLE ROW LEVEL SECURITY;

ALTER TABLE platform.users ENABLE ROW LEVEL SECURITY;

CREATE POLICY users_are_seen_by_their_teams ON platform.users FOR SELECT TO guildhall_app USING (((id = ( SELECT platform.user_id() AS user_id)) OR (EXISTS ( SELECT
   FROM platform.team_members members
  WHERE ((members.tenant_id = ( SELECT platform.tenant_id() AS tenant_id)) AND (members.user_id = users.id))))));

ALTER TABLE society.achievements ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.agent_achievements ENABLE ROW LEVEL SECURITY;

CREATE POLICY agent_own_violations ON society.violations AS RESTRICTIVE FOR SELECT TO guildhall_app, guildhall_reader USING (((( SELECT society.acting_agent() AS acting_agent) IS NULL) OR (agent_id = ( SELECT society.acting_agent() AS acting_agent))));

ALTER TABLE society.agent_permissions ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.agent_skills ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.agent_status_history ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.agents ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.appeal_reviews ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.appeals ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.battle_participants ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.battle_rounds ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.battles ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.brainstorm_participants ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.brainstorm_sessions ENABLE ROW LEVEL SECURITY;

CREATE POLICY counts_are_kept_for_every_team ON society.achievements TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.agent_achievements TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.agent_permissions TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.agent_skills TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.agent_status_history TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.agents TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.appeal_reviews TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.appeals TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.battle_participants TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.battle_rounds TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.battles TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.brainstorm_participants TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.brainstorm_sessions TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.eigentrust_runs TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.elo_history TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.global_trust_scores TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.hall_of_fame TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.idea_combination_sources TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.idea_combinations TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.idea_votes TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.ideas TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.leaderboard_periods TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.leaderboard_rankings TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.mentee_progress TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.mentorship_curriculum TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.mentorship_pairings TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.mentorship_sessions TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.peer_ratings TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.point_keys TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.point_rules TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.pretrusted_agents TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.priority_queues TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.resource_allocations TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.resource_pools TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.retraining_assessments TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.retraining_programs TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.streaks TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.task_assignments TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.task_dependencies TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.task_executions TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.task_queues TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.task_results TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.tasks TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.tier_history TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.tiers TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.trust_graph TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.violations TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.vote_audit_trail TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.vote_delegations TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.votes TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.voting_eligibility TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.voting_sessions TO guildhall_owner USING (true) WITH CHECK (true);

ALTER TABLE society.eigentrust_runs ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.elo_history ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.global_trust_scores ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.hall_of_fame ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.idea_combination_sources ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.idea_combinations ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.idea_votes ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.ideas ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.leaderboard_periods ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.leaderboard_rankings ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.mentee_progress ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.mentorship_curriculum ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.mentorship_pairings ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.mentorship_sessions ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.peer_ratings ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.point_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.point_rules ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.pretrusted_agents ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.priority_queues ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.resource_allocations ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.resource_pools ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.retraining_assessments ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.retraining_programs ENABLE ROW LEVEL SECURITY;

CREATE POLICY rows_are_redacted ON society.vote_audit_trail FOR UPDATE TO guildhall_owner USING (true);

CREATE POLICY rows_are_sealed ON society.vote_audit_trail FOR SELECT TO guildhall_owner, guildhall_scheduler USING (true);

CREATE POLICY rows_belong_to_the_persons_team ON society.achievements FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.agent_achievements FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.agent_permissions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.agent_skills FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.agent_status_history FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.agents FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.appeal_reviews FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.appeals FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.battle_participants FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.battle_rounds FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.battles FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.brainstorm_participants FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.brainstorm_sessions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.eigentrust_runs FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.elo_history FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.global_trust_scores FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.hall_of_fame FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.idea_combination_sources FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.idea_combinations FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.idea_votes FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.ideas FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.leaderboard_periods FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.leaderboard_rankings FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.mentee_progress FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.mentorship_curriculum FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.mentorship_pairings FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.mentorship_sessions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.peer_ratings FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.point_keys FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.point_rules FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.pretrusted_agents FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.priority_queues FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.resource_allocations FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.resource_pools FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.retraining_assessments FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.retraining_programs FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.streaks FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.task_assignments FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.task_dependencies FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.task_executions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.task_queues FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.task_results FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.tasks FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.tier_history FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.tiers FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.trust_graph FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.violations FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.vote_audit_trail FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.vote_delegations FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.votes FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.voting_eligibility FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.voting_sessions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_team ON society.achievements TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.agent_achievements TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.agent_permissions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.agent_skills TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.agent_status_history TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.agents TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.appeal_reviews TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.appeals TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.battle_participants TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.battle_rounds TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.battles TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.brainstorm_participants TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.brainstorm_sessions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.eigentrust_runs TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.elo_history TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.global_trust_scores TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.hall_of_fame TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.idea_combination_sources TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.idea_combinations TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.idea_votes TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.ideas TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.leaderboard_periods TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.leaderboard_rankings TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.mentee_progress TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.mentorship_curriculum TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.mentorship_pairings TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.mentorship_sessions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.peer_ratings TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.point_keys TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.point_rules TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.pretrusted_agents TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.priority_queues TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.resource_allocations TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.resource_pools TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.retraining_assessments TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.retraining_programs TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.streaks TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.task_assignments TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.task_dependencies TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.task_executions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.task_queues TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.task_results TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.tasks TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.tier_history TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.tiers TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.trust_graph TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.violations TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.vote_audit_trail TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.vote_delegations TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.votes TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.voting_eligibility TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.voting_sessions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

ALTER TABLE society.streaks ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.task_assignments ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.task_dependencies ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.task_executions ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.task_queues ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.task_results ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.tasks ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.tier_history ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.tiers ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.trust_graph ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.violations ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.vote_audit_trail ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.vote_delegations ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.votes ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.voting_eligibility ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.voting_sessions ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA catalogue TO guildhall_app;
GRANT USAGE ON SCHEMA catalogue TO guildhall_reader;
GRANT USAGE ON SCHEMA catalogue TO guildhall_curator;
GRANT USAGE ON SCHEMA catalogue TO guildhall_writer;
GRANT USAGE ON SCHEMA catalogue TO guildhall_worker;
GRANT USAGE ON SCHEMA catalogue TO guildhall_scheduler;
GRANT USAGE ON SCHEMA catalogue TO guildhall_person;

GRANT USAGE ON SCHEMA evaluation TO guildhall_app;
GRANT USAGE ON SCHEMA evaluation TO guildhall_reader;
GRANT USAGE ON SCHEMA evaluation TO guildhall_curator;
GRANT USAGE ON SCHEMA evaluation TO guildhall_writer;
GRANT USAGE ON SCHEMA evaluation TO guildhall_worker;
GRANT USAGE ON SCHEMA evaluation TO guildhall_scheduler;
GRANT USAGE ON SCHEMA evaluation TO guildhall_person;

GRANT USAGE ON SCHEMA gateway TO guildhall_app;
GRANT USAGE ON SCHEMA gateway TO guildhall_reader;
GRANT USAGE ON SCHEMA gateway TO guildhall_curator;
GRANT USAGE ON SCHEMA gateway TO guildhall_writer;
GRANT USAGE ON SCHEMA gateway TO guildhall_worker;
GRANT USAGE ON SCHEMA gateway TO guildhall_scheduler;
GRANT USAGE ON SCHEMA gateway TO guildhall_person;

GRANT USAGE ON SCHEMA mine TO guildhall_person;

GRANT USAGE ON SCHEMA platform TO guildhall_app;
GRANT USAGE ON SCHEMA platform TO guildhall_reader;
GRANT USAGE ON SCHEMA platform TO guildhall_curator;
GRANT USAGE ON SCHEMA platform TO guildhall_writer;
GRANT USAGE ON SCHEMA platform TO guildhall_worker;
GRANT USAGE ON SCHEMA platform TO guildhall_scheduler;
GRANT USAGE ON SCHEMA platform TO guildhall_person;
GRANT USAGE ON SCHEMA platform TO guildhall_login;

GRANT USAGE ON SCHEMA society TO guildhall_app;
GRANT USAGE ON SCHEMA society TO guildhall_reader;
GRANT USAGE ON SCHEMA society TO guildhall_curator;
GRANT USAGE ON SCHEMA society TO guildhall_writer;
GRANT USAGE ON SCHEMA society TO guildhall_worker;
GRANT USAGE ON SCHEMA society TO guildhall_scheduler;
GRANT USAGE ON SCHEMA society TO guildhall_person;

GRANT USAGE ON SCHEMA store TO guildhall_app;
GRANT USAGE ON SCHEMA store TO guildhall_reader;
GRANT USAGE ON SCHEMA store TO guildhall_curator;
GRANT USAGE ON SCHEMA store TO guildhall_writer;
GRANT USAGE ON SCHEMA store TO guildhall_worker;
GRANT USAGE ON SCHEMA store TO guildhall_scheduler;

REVOKE ALL ON FUNCTION catalogue.refresh_model_listings() FROM PUBLIC;
GRANT ALL ON FUNCTION catalogue.refresh_model_listings() TO guildhall_curator;
GRANT ALL ON FUNCTION catalogue.refresh_model_listings() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION gateway.forget_erased_person() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.accept_invitation(digest text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.accept_invitation(digest text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.add_member(member uuid, new_role text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.add_member(member uuid, new_role text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.admit_job() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.archive_team(team uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.archive_team(team uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.archive_user(person uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.archive_user(person uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.audited_table(relation oid) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.authenticate_api_key(key_id uuid, digest text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.authenticate_api_key(key_id uuid, digest text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.authenticate_session(token_digest text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.authenticate_session(token_digest text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.begin_erasing_team(team uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.begin_erasing_team(team uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.begin_sign_in(login text, address inet) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.begin_sign_in(login text, address inet) TO guildhall_app;

GRANT SELECT ON TABLE platform.installation TO guildhall_login;
GRANT SELECT ON TABLE platform.installation TO guildhall_app;
GRANT SELECT ON TABLE platform.installation TO guildhall_reader;
GRANT SELECT ON TABLE platform.installation TO guildhall_scheduler;

GRANT UPDATE(upkeep_at) ON TABLE platform.installation TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.timescale_schema() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.beginning_of_rows() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.cache_count(wanted text, step bigint, ttl_s double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.cache_count(wanted text, step bigint, ttl_s double precision) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.cache_delete(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.cache_delete(wanted text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.cache_get(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.cache_get(wanted text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.cache_put(wanted text, new_value bytea, ttl_s double precision, only_if_absent boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.cache_put(wanted text, new_value bytea, ttl_s double precision, only_if_absent boolean) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.change_member_role(member uuid, new_role text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.change_member_role(member uuid, new_role text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.cleanup_old_audit_logs() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.cleanup_old_audit_logs() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.compress_partition(partition_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.compress_partition(partition_name text) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.create_api_key(new_id uuid, digest text, person uuid, new_name text, new_scopes text[], new_rate_limit integer, ends_at timestamp with time zone, as_default boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.create_api_key(new_id uuid, digest text, person uuid, new_name text, new_scopes text[], new_rate_limit integer, ends_at timestamp with time zone, as_default boolean) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.create_ledger(relation text, time_column text, left_out text[], contents text[], personal text[], view_name text, by_the_clock boolean, stamped boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.create_monthly_partition() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.create_monthly_partition() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.create_monthly_partitions() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.create_monthly_partitions() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.create_next_month_partitions() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.create_next_month_partitions() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.create_partitions_ahead(wanted text, ahead interval) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.create_partitions_ahead(wanted text, ahead interval) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.create_rollup(rollup_name text, series_name text, width interval, keys text[], measures text, refresh_interval interval, start_offset interval, end_offset interval, condition text, finer text, continuous boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.create_series(series_name text, time_column text, step interval, retention interval, chunk interval, compress_after interval, segment_by text[], order_by text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.create_task_engine(engine text, tasks text, dependencies text, lanes text, status text, priority text, patience text, recorded text, bury text, revive text, words jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.create_team(new_name text, new_slug text, owner uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.create_team(new_name text, new_slug text, owner uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.create_user(new_username text, new_email text, new_password_hash text, new_role text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.create_user(new_username text, new_email text, new_password_hash text, new_role text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.drop_ledger(ledger text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.drop_partition(series_name text, partition_name text, archived_rows bigint, archived_digest text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.drop_partition(series_name text, partition_name text, archived_rows bigint, archived_digest text) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.drop_task_engine(engine text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.ensure_partitions(series_name text, earliest timestamp with time zone, latest timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.ensure_partitions(series_name text, earliest timestamp with time zone, latest timestamp with time zone) TO guildhall_app;
GRANT ALL ON FUNCTION platform.ensure_partitions(series_name text, earliest timestamp with time zone, latest timestamp with time zone) TO guildhall_curator;
GRANT ALL ON FUNCTION platform.ensure_partitions(series_name text, earliest timestamp with time zone, latest timestamp with time zone) TO guildhall_writer;
GRANT ALL ON FUNCTION platform.ensure_partitions(series_name text, earliest timestamp with time zone, latest timestamp with time zone) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.epoch() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.epoch() TO guildhall_app;
GRANT ALL ON FUNCTION platform.epoch() TO guildhall_curator;
GRANT ALL ON FUNCTION platform.epoch() TO guildhall_writer;
GRANT ALL ON FUNCTION platform.epoch() TO guildhall_worker;
GRANT ALL ON FUNCTION platform.epoch() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.erase_person(person uuid, reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.erase_person(person uuid, reason text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.erase_team(team uuid, reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.erase_team(team uuid, reason text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.erase_team_rows(team uuid, at_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.erase_team_rows(team uuid, at_most integer) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.erase_user(person uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.erasure_order() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.expired_partitions(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.expired_partitions(wanted text) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.extend_ledger(ledger text, added text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.fill(template text, parts jsonb) FROM PUBLIC;

GRANT SELECT(id) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(id) ON TABLE platform.users TO guildhall_reader;

GRANT SELECT(username) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(username) ON TABLE platform.users TO guildhall_reader;

GRANT SELECT(email) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(email) ON TABLE platform.users TO guildhall_reader;

GRANT SELECT(role) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(role) ON TABLE platform.users TO guildhall_reader;

GRANT SELECT(created_at) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(created_at) ON TABLE platform.users TO guildhall_reader;

GRANT SELECT(updated_at) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(updated_at) ON TABLE platform.users TO guildhall_reader;

GRANT SELECT(is_active) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(is_active) ON TABLE platform.users TO guildhall_reader;

GRANT SELECT(last_login_at) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(last_login_at) ON TABLE platform.users TO guildhall_reader;

GRANT SELECT(deleted_at) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(deleted_at) ON TABLE platform.users TO guildhall_reader;

GRANT SELECT(erased_at) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(erased_at) ON TABLE platform.users TO guildhall_reader;

REVOKE ALL ON FUNCTION platform.find_login(login text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.fingerprint(relation regclass, columns text[], time_column text, starts timestamp with time zone, ends timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.finish_erasing_team(team uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.finish_sign_in(login text, address inet, agent text, hash text, token_digest text, team text, idle interval, longest interval) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.finish_sign_in(login text, address inet, agent text, hash text, token_digest text, team text, idle interval, longest interval) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.forget_cache() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.forget_cache() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.forget_idempotency_keys() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.forget_idempotency_keys() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.has_teams(series_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.insist(kind text, proof uuid, believed_role text, believed_administrator boolean, believed_scopes bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.insist(kind text, proof uuid, believed_role text, believed_administrator boolean, believed_scopes bytea) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.invite(address text, new_role text, digest text, ends_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.invite(address text, new_role text, digest text, ends_at timestamp with time zone) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.is_administrator() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.is_administrator() TO guildhall_app;
GRANT ALL ON FUNCTION platform.is_administrator() TO guildhall_reader;

REVOKE ALL ON FUNCTION platform.isolate(relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.jobs_places(p_lanes integer[], p_keys text[], p_priorities platform.job_priority[], p_weights double precision[], p_ready timestamp with time zone[]) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.jobs_places(p_lanes integer[], p_keys text[], p_priorities platform.job_priority[], p_weights double precision[], p_ready timestamp with time zone[]) TO guildhall_app;
GRANT ALL ON FUNCTION platform.jobs_places(p_lanes integer[], p_keys text[], p_priorities platform.job_priority[], p_weights double precision[], p_ready timestamp with time zone[]) TO guildhall_worker;
GRANT ALL ON FUNCTION platform.jobs_places(p_lanes integer[], p_keys text[], p_priorities platform.job_priority[], p_weights double precision[], p_ready timestamp with time zone[]) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.join_by_invitation(digest text, new_username text, new_password_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.join_by_invitation(digest text, new_username text, new_password_hash text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.keep_an_administrator() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.keep_an_owner() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.keep_sealed(relation regclass, sealed_column text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.ledger_text(relation regclass, columns text[], prefix text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.let_add_to_ledger(ledger text, role_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.list_teams(with_archived boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.list_teams(with_archived boolean) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.list_users(with_archived boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.list_users(with_archived boolean) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.login_tenant() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.login_tenant() TO guildhall_person;

REVOKE ALL ON FUNCTION platform.maintain_series(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.maintain_series(wanted text) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.make_hypertable(series_name text) FROM PUBLIC;

GRANT SELECT ON TABLE platform.team_members TO guildhall_app;
GRANT SELECT ON TABLE platform.team_members TO guildhall_reader;
GRANT SELECT ON TABLE platform.team_members TO guildhall_person;

GRANT SELECT ON TABLE platform.teams TO guildhall_app;
GRANT SELECT ON TABLE platform.teams TO guildhall_reader;

REVOKE ALL ON FUNCTION platform.member_role() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.member_role() TO guildhall_app;
GRANT ALL ON FUNCTION platform.member_role() TO guildhall_reader;

REVOKE ALL ON FUNCTION platform.may_administer_team() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.may_administer_team() TO guildhall_app;
GRANT ALL ON FUNCTION platform.may_administer_team() TO guildhall_reader;

REVOKE ALL ON FUNCTION platform.partition_spans(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.partition_spans(wanted text) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.publish_catalogue() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.record_job_event() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.record_new_jobs() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.redact_audit(kind text, subject uuid, reason text, requested_by uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.redact_audit(kind text, subject uuid, reason text, requested_by uuid) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.redaction_evidence(ledger text, redactions uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.redaction_evidence(ledger text, redactions uuid[]) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.refresh_rollup(rollup_name text, until timestamp with time zone, at_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.refresh_rollup(rollup_name text, until timestamp with time zone, at_most integer) TO guildhall_scheduler;

GRANT SELECT ON TABLE platform.rollups TO guildhall_app;
GRANT SELECT ON TABLE platform.rollups TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.rollups TO guildhall_reader;

REVOKE ALL ON FUNCTION platform.refresh_rollups(until timestamp with time zone, at_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.refresh_rollups(until timestamp with time zone, at_most integer) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.refuse_the_first(id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.register_task_type(p_type text, p_queue text, p_max_retries integer, p_timeout interval, p_retry_base interval, p_retry_most interval, p_schema jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.register_task_type(p_type text, p_queue text, p_max_retries integer, p_timeout interval, p_retry_base interval, p_retry_most interval, p_schema jsonb) TO guildhall_worker;
GRANT ALL ON FUNCTION platform.register_task_type(p_type text, p_queue text, p_max_retries integer, p_timeout interval, p_retry_base interval, p_retry_most interval, p_schema jsonb) TO guildhall_scheduler;

GRANT SELECT,DELETE ON TABLE platform.task_workers TO guildhall_worker;
GRANT SELECT,DELETE ON TABLE platform.task_workers TO guildhall_scheduler;

GRANT INSERT(worker_id) ON TABLE platform.task_workers TO guildhall_worker;
GRANT INSERT(worker_id) ON TABLE platform.task_workers TO guildhall_scheduler;

GRANT INSERT(agent_id) ON TABLE platform.task_workers TO guildhall_worker;
GRANT INSERT(agent_id) ON TABLE platform.task_workers TO guildhall_scheduler;

GRANT INSERT(host) ON TABLE platform.task_workers TO guildhall_worker;
GRANT INSERT(host) ON TABLE platform.task_workers TO guildhall_scheduler;

GRANT INSERT(pid) ON TABLE platform.task_workers TO guildhall_worker;
GRANT INSERT(pid) ON TABLE platform.task_workers TO guildhall_scheduler;

GRANT INSERT(queues),UPDATE(queues) ON TABLE platform.task_workers TO guildhall_worker;
GRANT INSERT(queues),UPDATE(queues) ON TABLE platform.task_workers TO guildhall_scheduler;

GRANT INSERT(concurrency),UPDATE(concurrency) ON TABLE platform.task_workers TO guildhall_worker;
GRANT INSERT(concurrency),UPDATE(concurrency) ON TABLE platform.task_workers TO guildhall_scheduler;

GRANT INSERT(lease),UPDATE(lease) ON TABLE platform.task_workers TO guildhall_worker;
GRANT INSERT(lease),UPDATE(lease) ON TABLE platform.task_workers TO guildhall_scheduler;

GRANT UPDATE(last_seen) ON TABLE platform.task_workers TO guildhall_worker;
GRANT UPDATE(last_seen) ON TABLE platform.task_workers TO guildhall_scheduler;

GRANT UPDATE(stopping_at) ON TABLE platform.task_workers TO guildhall_worker;
GRANT UPDATE(stopping_at) ON TABLE platform.task_workers TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.register_worker(p_worker text, p_queues text[], p_concurrency integer, p_lease interval, p_host text, p_pid integer, p_agent uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.register_worker(p_worker text, p_queues text[], p_concurrency integer, p_lease interval, p_host text, p_pid integer, p_agent uuid) TO guildhall_worker;
GRANT ALL ON FUNCTION platform.register_worker(p_worker text, p_queues text[], p_concurrency integer, p_lease interval, p_host text, p_pid integer, p_agent uuid) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.remove_member(member uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.remove_member(member uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.replace_password_hash(person uuid, old_hash text, new_hash text, and_sign_out boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.replace_password_hash(person uuid, old_hash text, new_hash text, and_sign_out boolean) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.replicas_now() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.replicas_now() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.require(allowed boolean, what text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.require_ownership(team uuid, what text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.require_rank_over(member_role text, new_role text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.reseal_secret(in_relation text, in_column text, secret uuid, sealed_before bytea, sealed_after bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.reseal_secret(in_relation text, in_column text, secret uuid, sealed_before bytea, sealed_after bytea) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.restore_team(team uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.restore_team(team uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.restore_user(person uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.restore_user(person uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.retired_before(ledger text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.retired_before(ledger text) TO guildhall_app;
GRANT ALL ON FUNCTION platform.retired_before(ledger text) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.revoke_api_key(key_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.revoke_api_key(key_id uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.revoke_invitation(invitation uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.revoke_invitation(invitation uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.revoke_sessions(person uuid, only_session uuid, but_session uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.revoke_sessions(person uuid, only_session uuid, but_session uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.secrets_under_other_keys(in_relation text, in_column text, current_key bytea, after uuid, at_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.secrets_under_other_keys(in_relation text, in_column text, current_key bytea, after uuid, at_most integer) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.series_partitions(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.series_partitions(wanted text) TO guildhall_scheduler;
GRANT ALL ON FUNCTION platform.series_partitions(wanted text) TO guildhall_curator;

REVOKE ALL ON FUNCTION platform.series_short_of(ahead interval) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.series_short_of(ahead interval) TO guildhall_scheduler;
GRANT ALL ON FUNCTION platform.series_short_of(ahead interval) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.sessions_now() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.sessions_now() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.set_password_hash(person uuid, new_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.set_password_hash(person uuid, new_hash text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.set_policies(series_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.settle_grants() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.sign_in_subjects(login text, address inet) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.sign_in_wait(failures integer, free integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.statements_counted() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.statements_counted() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.take_cells(wanted text, interval_ns bigint, room bigint, cost bigint, at_least bigint, hold_ns bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.take_cells(wanted text, interval_ns bigint, room bigint, cost bigint, at_least bigint, hold_ns bigint) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.teams_owned_alone(person uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.teams_owned_alone(person uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.tidy_identity(keep interval) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.tidy_identity(keep interval) TO guildhall_scheduler;

GRANT SELECT(id) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(id) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(id) ON TABLE platform.team_invitations TO guildhall_person;

GRANT SELECT(tenant_id) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(tenant_id) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(tenant_id) ON TABLE platform.team_invitations TO guildhall_person;

GRANT SELECT(email) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(email) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(email) ON TABLE platform.team_invitations TO guildhall_person;

GRANT SELECT(role) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(role) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(role) ON TABLE platform.team_invitations TO guildhall_person;

GRANT SELECT(invited_by) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(invited_by) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(invited_by) ON TABLE platform.team_invitations TO guildhall_person;

GRANT SELECT(expires_at) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(expires_at) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(expires_at) ON TABLE platform.team_invitations TO guildhall_person;

GRANT SELECT(created_at) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(created_at) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(created_at) ON TABLE platform.team_invitations TO guildhall_person;

GRANT SELECT(accepted_at) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(accepted_at) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(accepted_at) ON TABLE platform.team_invitations TO guildhall_person;

GRANT SELECT(accepted_by) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(accepted_by) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(accepted_by) ON TABLE platform.team_invitations TO guildhall_person;

GRANT SELECT(revoked_at) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(revoked_at) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(revoked_at) ON TABLE platform.team_invitations TO guildhall_person;

REVOKE ALL ON FUNCTION platform.use_invitation(digest text, person uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.user_identifier() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.user_identifier() TO guildhall_app;
GRANT ALL ON FUNCTION platform.user_identifier() TO guildhall_reader;

REVOKE ALL ON FUNCTION platform.validate_user_access(target_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.validate_user_access(target_user_id uuid) TO guildhall_app;
GRANT ALL ON FUNCTION platform.validate_user_access(target_user_id uuid) TO guildhall_reader;

REVOKE ALL ON FUNCTION platform.verify_api_key(provided_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.verify_api_key(provided_key text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.watch_series(series_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.without_secrets(image jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.write_ledger_triggers(ledger text) FROM PUBLIC;

REVOKE ALL ON FUNCTION society.settle(relation regclass, fixed text[], kept text[], hidden text[], removable boolean, audited boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION store.mark_analytics_events() FROM PUBLIC;

REVOKE ALL ON FUNCTION store.mark_failure_patterns() FROM PUBLIC;

REVOKE ALL ON FUNCTION store.mark_llm_requests() FROM PUBLIC;

REVOKE ALL ON FUNCTION store.mark_llm_responses() FROM PUBLIC;

REVOKE ALL ON FUNCTION store.mark_outcomes() FROM PUBLIC;

REVOKE ALL ON FUNCTION store.mark_status_probes() FROM PUBLIC;

REVOKE ALL ON FUNCTION store.mark_tool_usage() FROM PUBLIC;

GRANT SELECT ON TABLE catalogue.benchmark_scores TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.benchmark_scores TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.benchmark_scores TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.benchmark_scores TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.benchmark_scores TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.benchmark_scores TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.benchmark_scores TO guildhall_person;

GRANT SELECT ON TABLE catalogue.benchmark_suites TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.benchmark_suites TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.benchmark_suites TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.benchmark_suites TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.benchmark_suites TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.benchmark_suites TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.benchmark_suites TO guildhall_person;

GRANT SELECT ON TABLE catalogue.documentation TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.documentation TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.documentation TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.documentation TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.documentation TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.documentation TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.documentation TO guildhall_person;

GRANT SELECT ON TABLE catalogue.incidents TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.incidents TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.incidents TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.incidents TO guildhall_worker;
GRANT SELECT,INSERT,UPDATE ON TABLE catalogue.incidents TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.incidents TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.incidents TO guildhall_person;

GRANT SELECT ON TABLE catalogue.model_aliases TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.model_aliases TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.model_aliases TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.model_aliases TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.model_aliases TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.model_aliases TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.model_aliases TO guildhall_person;

GRANT SELECT ON TABLE catalogue.model_endpoints TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.model_endpoints TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.model_endpoints TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.model_endpoints TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.model_endpoints TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.model_endpoints TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.model_endpoints TO guildhall_person;

GRANT SELECT ON TABLE catalogue.models TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.models TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.models TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.models TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.models TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.models TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.models TO guildhall_person;

GRANT SELECT ON TABLE catalogue.providers TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.providers TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.providers TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.providers TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.providers TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.providers TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.providers TO guildhall_person;

GRANT SELECT ON TABLE catalogue.model_listings TO guildhall_app;
GRANT SELECT ON TABLE catalogue.model_listings TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.model_listings TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.model_listings TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.model_listings TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.model_listings TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.model_listings TO guildhall_person;

GRANT SELECT ON TABLE catalogue.news_articles TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.news_articles TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.news_articles TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.news_articles TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.news_articles TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.news_articles TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.news_articles TO guildhall_person;

GRANT SELECT ON TABLE catalogue.news_model_mentions TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.news_model_mentions TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.news_model_mentions TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.news_model_mentions TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.news_model_mentions TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.news_model_mentions TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.news_model_mentions TO guildhall_person;

GRANT SELECT ON TABLE catalogue.price_claims TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.price_claims TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.price_claims TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.price_claims TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.price_claims TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.price_claims TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.price_claims TO guildhall_person;

GRANT SELECT ON TABLE catalogue.pricing TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.pricing TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.pricing TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.pricing TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.pricing TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.pricing TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.pricing TO guildhall_person;

GRANT SELECT ON TABLE catalogue.probe_locations TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.probe_locations TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.probe_locations TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.probe_locations TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.probe_locations TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.probe_locations TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.probe_locations TO guildhall_person;

GRANT SELECT ON TABLE platform.series TO guildhall_app;
GRANT SELECT ON TABLE platform.series TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.series TO guildhall_reader;

GRANT INSERT ON TABLE store.status_probes TO guildhall_writer;

GRANT SELECT ON TABLE catalogue.status_5min TO guildhall_app;
GRANT SELECT ON TABLE catalogue.status_5min TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.status_5min TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.status_5min TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.status_5min TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.status_5min TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.status_5min TO guildhall_person;

GRANT SELECT ON TABLE catalogue.status_hourly TO guildhall_app;
GRANT SELECT ON TABLE catalogue.status_hourly TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.status_hourly TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.status_hourly TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.status_hourly TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.status_hourly TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.status_hourly TO guildhall_person;

GRANT SELECT ON TABLE catalogue.status_probes TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.status_probes TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.status_probes TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.status_probes TO guildhall_worker;
GRANT SELECT,INSERT ON TABLE catalogue.status_probes TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.status_probes TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.status_probes TO guildhall_person;

GRANT SELECT,INSERT ON TABLE evaluation.bodies TO guildhall_app;
GRANT SELECT ON TABLE evaluation.bodies TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.bodies TO guildhall_person;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.config_diffs TO guildhall_app;
GRANT SELECT ON TABLE evaluation.config_diffs TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.config_diffs TO guildhall_person;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.config_versions TO guildhall_app;
GRANT SELECT ON TABLE evaluation.config_versions TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.config_versions TO guildhall_person;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.configurations TO guildhall_app;
GRANT SELECT ON TABLE evaluation.configurations TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.configurations TO guildhall_person;

GRANT INSERT ON TABLE store.failure_patterns TO guildhall_writer;

GRANT INSERT(pattern_id) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(outcome_id) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(simulation_id) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(scenario_id) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(trial_number) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(execution_time) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(failure_type) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(failure_category) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(fault) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(error_message) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(error_embedding) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(step) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(pattern_cluster_id) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(cluster_confidence) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(similar_failures_count) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(recovery_attempted) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(recovery_successful) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(resolution_steps) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(llm_analysis) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(created_at) ON TABLE store.failure_patterns TO guildhall_app;

GRANT SELECT,INSERT,UPDATE ON TABLE evaluation.failure_patterns TO guildhall_app;
GRANT SELECT ON TABLE evaluation.failure_patterns TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.failure_trends_daily TO guildhall_app;
GRANT SELECT ON TABLE evaluation.failure_trends_daily TO guildhall_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.llm_recommendation_sessions TO guildhall_app;
GRANT SELECT ON TABLE evaluation.llm_recommendation_sessions TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.llm_recommendation_sessions TO guildhall_person;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.outcome_embeddings TO guildhall_app;
GRANT SELECT ON TABLE evaluation.outcome_embeddings TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.outcome_embeddings TO guildhall_person;

GRANT INSERT ON TABLE store.outcomes TO guildhall_writer;

GRANT INSERT(outcome_id) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(simulation_id) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(scenario_id) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(trial_number) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(execution_time) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(status) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(passed) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(reliability_score) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(fault) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(execution_time_ms) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(tokens_used) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(cost_usd) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(trajectory) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(trajectory_body) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(metrics) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(retry_count) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(error_code) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(error_category) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(modal_call_id) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(sandbox_id) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(sandbox_logs) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(execution_metadata) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(created_at) ON TABLE store.outcomes TO guildhall_app;

GRANT SELECT,INSERT ON TABLE evaluation.outcomes TO guildhall_app;
GRANT SELECT ON TABLE evaluation.outcomes TO guildhall_reader;

GRANT UPDATE(status) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(passed) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(reliability_score) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(fault) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(execution_time_ms) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(tokens_used) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(cost_usd) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(trajectory) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(trajectory_body) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(metrics) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(error_code) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(error_category) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(execution_metadata) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.recommendations TO guildhall_app;
GRANT SELECT ON TABLE evaluation.recommendations TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.recommendations TO guildhall_person;

GRANT SELECT ON TABLE evaluation.scenario_performance_daily TO guildhall_app;
GRANT SELECT ON TABLE evaluation.scenario_performance_daily TO guildhall_reader;

GRANT SELECT,INSERT ON TABLE evaluation.scenario_versions TO guildhall_app;
GRANT SELECT ON TABLE evaluation.scenario_versions TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.scenario_versions TO guildhall_person;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.scenarios TO guildhall_app;
GRANT SELECT ON TABLE evaluation.scenarios TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.scenarios TO guildhall_person;

GRANT SELECT ON TABLE evaluation.simulation_latency_hourly TO guildhall_app;
GRANT SELECT ON TABLE evaluation.simulation_latency_hourly TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.simulation_performance_daily TO guildhall_app;
GRANT SELECT ON TABLE evaluation.simulation_performance_daily TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.simulation_performance_hourly TO guildhall_app;
GRANT SELECT ON TABLE evaluation.simulation_performance_hourly TO guildhall_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.simulations TO guildhall_app;
GRANT SELECT ON TABLE evaluation.simulations TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.simulations TO guildhall_person;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.simulations_scenarios TO guildhall_app;
GRANT SELECT ON TABLE evaluation.simulations_scenarios TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.simulations_scenarios TO guildhall_person;

GRANT INSERT ON TABLE store.spans TO guildhall_writer;

GRANT INSERT(trace_id) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(span_id) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(parent_span_id) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(started_at) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(duration_ns) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(name) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(kind) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(status) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(status_message) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(service_name) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(attributes) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(events) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(links) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(resource) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(scope) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(created_at) ON TABLE store.spans TO guildhall_app;

GRANT SELECT,INSERT ON TABLE evaluation.spans TO guildhall_app;
GRANT SELECT ON TABLE evaluation.spans TO guildhall_reader;

GRANT INSERT ON TABLE store.tool_usage TO guildhall_writer;

GRANT INSERT(usage_id) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(outcome_id) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(simulation_id) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(execution_time) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(tool_name) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(call_count) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(error_count) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(timed_count) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(total_duration_ms) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(avg_duration_ms) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(success_rate) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(tool_sequence) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(total_cost_usd) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(error_types) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(modal_function_calls) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(sandbox_tool_logs) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(created_at) ON TABLE store.tool_usage TO guildhall_app;

GRANT SELECT ON TABLE evaluation.tool_performance_daily TO guildhall_app;
GRANT SELECT ON TABLE evaluation.tool_performance_daily TO guildhall_reader;

GRANT SELECT,INSERT ON TABLE evaluation.tool_usage TO guildhall_app;
GRANT SELECT ON TABLE evaluation.tool_usage TO guildhall_reader;

GRANT UPDATE(call_count) ON TABLE evaluation.tool_usage TO guildhall_app;

GRANT UPDATE(error_count) ON TABLE evaluation.tool_usage TO guildhall_app;

GRANT UPDATE(timed_count) ON TABLE evaluation.tool_usage TO guildhall_app;

GRANT UPDATE(total_duration_ms) ON TABLE evaluation.tool_usage TO guildhall_app;

GRANT UPDATE(avg_duration_ms) ON TABLE evaluation.tool_usage TO guildhall_app;

GRANT UPDATE(success_rate) ON TABLE evaluation.tool_usage TO guildhall_app;

GRANT UPDATE(tool_sequence) ON TABLE evaluation.tool_usage TO guildhall_app;

GRANT UPDATE(error_types) ON TABLE evaluation.tool_usage TO guildhall_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.trials TO guildhall_app;
GRANT SELECT ON TABLE evaluation.trials TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.trials TO guildhall_person;

GRANT SELECT ON TABLE evaluation.v_active_simulations TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_active_simulations TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.v_dashboard_active_simulations TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_dashboard_active_simulations TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.v_dashboard_cost_analysis TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_dashboard_cost_analysis TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.v_dashboard_pending_recommendations TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_dashboard_pending_recommendations TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.v_dashboard_performance_trends TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_dashboard_performance_trends TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.v_error_rates TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_error_rates TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.v_llm_config_performance TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_llm_config_performance TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.v_llm_failure_analysis TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_llm_failure_analysis TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.v_llm_scenario_trends TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_llm_scenario_trends TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.v_system_performance TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_system_performance TO guildhall_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.acp_agents TO guildhall_app;
GRANT SELECT ON TABLE gateway.acp_agents TO guildhall_reader;
GRANT SELECT ON TABLE gateway.acp_agents TO guildhall_person;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.code_versions TO guildhall_app;
GRANT SELECT ON TABLE gateway.code_versions TO guildhall_reader;
GRANT SELECT ON TABLE gateway.code_versions TO guildhall_person;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.cognee_memories TO guildhall_app;
GRANT SELECT ON TABLE gateway.cognee_memories TO guildhall_reader;
GRANT SELECT ON TABLE gateway.cognee_memories TO guildhall_person;

GRANT SELECT,INSERT ON TABLE gateway.debate_ballots TO guildhall_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.debate_sessions TO guildhall_app;
GRANT SELECT ON TABLE gateway.debate_sessions TO guildhall_reader;
GRANT SELECT ON TABLE gateway.debate_sessions TO guildhall_person;

GRANT SELECT,INSERT ON TABLE gateway.debate_turns TO guildhall_app;
GRANT SELECT ON TABLE gateway.debate_turns TO guildhall_reader;
GRANT SELECT ON TABLE gateway.debate_turns TO guildhall_person;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.distributed_memory TO guildhall_app;
GRANT SELECT ON TABLE gateway.distributed_memory TO guildhall_reader;
GRANT SELECT ON TABLE gateway.distributed_memory TO guildhall_person;

GRANT INSERT ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(id) ON TABLE store.llm_responses TO guildhall_app;

GRANT INSERT(request_id) ON TABLE store.llm_responses TO guildhall_app;

GRANT INSERT(request_created_at) ON TABLE store.llm_responses TO guildhall_app;

GRANT INSERT(provider_id) ON TABLE store.llm_responses TO guildhall_app;

GRANT INSERT(provider_name) ON TABLE store.llm_responses TO guildhall_app;

GRANT INSERT(model) ON TABLE store.llm_responses TO guildhall_app;

GRANT INSERT(model_id) ON TABLE store.llm_responses TO guildhall_app;

GRANT INSERT(content) ON TABLE store.llm_responses TO guildhall_app;

GRANT INSERT(raw_response) ON TABLE store.llm_responses TO guildhall_app;

GRANT INSERT(tokens_prompt) ON TABLE store.llm_responses TO guildhall_app;

GRANT INSERT(tokens_completion) ON TABLE store.llm_responses TO guildhall_app;

GRANT INSERT(tokens_total) ON TABLE store.llm_responses TO guildhall_app;

GRANT INSERT(cost_usd) ON TABLE store.llm_responses TO guildhall_app;

GRANT INSERT(confidence) ON TABLE store.llm_responses TO guildhall_app;

GRANT INSERT(response_time) ON TABLE store.llm_responses TO guildhall_app;

GRANT INSERT(finish_reason) ON TABLE store.llm_responses TO guildhall_app;

GRANT INSERT(selected) ON TABLE store.llm_responses TO guildhall_app;

GRANT INSERT(error_code) ON TABLE store.llm_responses TO guildhall_app;

GRANT INSERT(error_message) ON TABLE store.llm_responses TO guildhall_app;

GRANT INSERT(created_at) ON TABLE store.llm_responses TO guildhall_app;

GRANT SELECT ON TABLE gateway.llm_latency_daily TO guildhall_app;
GRANT SELECT ON TABLE gateway.llm_latency_daily TO guildhall_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.llm_providers TO guildhall_app;
GRANT SELECT ON TABLE gateway.llm_providers TO guildhall_reader;
GRANT SELECT ON TABLE gateway.llm_providers TO guildhall_person;

GRANT INSERT ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(id) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(session_id) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(user_id) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(request_type) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(model) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(prompt) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(messages) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(model_params) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(ensemble_config) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(memory_enhanced) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(memory) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(status) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(tokens_prompt) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(tokens_completion) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(tokens_total) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(cost_usd) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(error_code) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(error_message) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(created_at) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(started_at) ON TABLE store.llm_requests TO guildhall_app;

GRANT INSERT(completed_at) ON TABLE store.llm_requests TO guildhall_app;

GRANT SELECT,INSERT ON TABLE gateway.llm_requests TO guildhall_app;
GRANT SELECT ON TABLE gateway.llm_requests TO guildhall_reader;

GRANT UPDATE(status) ON TABLE gateway.llm_requests TO guildhall_app;

GRANT UPDATE(tokens_prompt) ON TABLE gateway.llm_requests TO guildhall_app;

GRANT UPDATE(tokens_completion) ON TABLE gateway.llm_requests TO guildhall_app;

GRANT UPDATE(tokens_total) ON TABLE gateway.llm_requests TO guildhall_app;

GRANT UPDATE(cost_usd) ON TABLE gateway.llm_requests TO guildhall_app;

GRANT UPDATE(error_code) ON TABLE gateway.llm_requests TO guildhall_app;

GRANT UPDATE(error_message) ON TABLE gateway.llm_requests TO guildhall_app;

GRANT UPDATE(started_at) ON TABLE gateway.llm_requests TO guildhall_app;

GRANT UPDATE(completed_at) ON TABLE gateway.llm_requests TO guildhall_app;

GRANT SELECT,INSERT ON TABLE gateway.llm_responses TO guildhall_app;
GRANT SELECT ON TABLE gateway.llm_responses TO guildhall_reader;

GRANT UPDATE(confidence) ON TABLE gateway.llm_responses TO guildhall_app;

GRANT UPDATE(selected) ON TABLE gateway.llm_responses TO guildhall_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.lsp_servers TO guildhall_app;
GRANT SELECT ON TABLE gateway.lsp_servers TO guildhall_reader;
GRANT SELECT ON TABLE gateway.lsp_servers TO guildhall_person;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.mcp_servers TO guildhall_app;
GRANT SELECT ON TABLE gateway.mcp_servers TO guildhall_reader;
GRANT SELECT ON TABLE gateway.mcp_servers TO guildhall_person;

GRANT SELECT ON TABLE gateway.memory_nodes TO guildhall_app;
GRANT SELECT,INSERT,UPDATE ON TABLE gateway.memory_nodes TO guildhall_scheduler;
GRANT SELECT ON TABLE gateway.memory_nodes TO guildhall_reader;

GRANT SELECT ON TABLE gateway.mv_daily_stats TO guildhall_app;
GRANT SELECT ON TABLE gateway.mv_daily_stats TO guildhall_reader;

GRANT INSERT ON TABLE store.agent_activity_log TO guildhall_writer;

GRANT INSERT(id) ON TABLE store.agent_activity_log TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE store.agent_activity_log TO guildhall_app;

GRANT INSERT(activity_type) ON TABLE store.agent_activity_log TO guildhall_app;

GRANT INSERT(subject_type) ON TABLE store.agent_activity_log TO guildhall_app;

GRANT INSERT(subject_id) ON TABLE store.agent_activity_log TO guildhall_app;

GRANT INSERT(details) ON TABLE store.agent_activity_log TO guildhall_app;

GRANT INSERT(created_at) ON TABLE store.agent_activity_log TO guildhall_app;

GRANT SELECT ON TABLE mine.agent_activity_log TO guildhall_person;

GRANT INSERT ON TABLE store.analytics_events TO guildhall_writer;

GRANT INSERT(id) ON TABLE store.analytics_events TO guildhall_app;

GRANT INSERT("timestamp") ON TABLE store.analytics_events TO guildhall_app;

GRANT INSERT(session_id) ON TABLE store.analytics_events TO guildhall_app;

GRANT INSERT(event_type) ON TABLE store.analytics_events TO guildhall_app;

GRANT INSERT(event_properties) ON TABLE store.analytics_events TO guildhall_app;

GRANT INSERT(user_properties) ON TABLE store.analytics_events TO guildhall_app;

GRANT INSERT(device_properties) ON TABLE store.analytics_events TO guildhall_app;

GRANT INSERT(geo_properties) ON TABLE store.analytics_events TO guildhall_app;

GRANT INSERT(referrer_properties) ON TABLE store.analytics_events TO guildhall_app;

GRANT SELECT ON TABLE mine.analytics_events TO guildhall_person;

GRANT SELECT ON TABLE store.audit_log TO guildhall_scheduler;

GRANT SELECT ON TABLE mine.audit_log TO guildhall_person;

GRANT SELECT ON TABLE store.audit_logs TO guildhall_scheduler;

GRANT INSERT(id) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(tenant_id) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT("timestamp") ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(user_id) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(action) ON TABLE store.audit_logs TO guildhall_app;
GRANT INSERT(action) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(resource_type) ON TABLE store.audit_logs TO guildhall_app;
GRANT INSERT(resource_type) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(resource_id) ON TABLE store.audit_logs TO guildhall_app;
GRANT INSERT(resource_id) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(ip_address) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(user_agent) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(request_id) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(request_data) ON TABLE store.audit_logs TO guildhall_app;
GRANT INSERT(request_data) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(response_status) ON TABLE store.audit_logs TO guildhall_app;
GRANT INSERT(response_status) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(duration_ms) ON TABLE store.audit_logs TO guildhall_app;
GRANT INSERT(duration_ms) ON TABLE store.audit_logs TO guildhall_writer;

GRANT SELECT ON TABLE mine.audit_logs TO guildhall_person;

GRANT SELECT ON TABLE mine.audit_trail TO guildhall_person;

GRANT SELECT,INSERT ON TABLE store.background_task_history TO guildhall_worker;
GRANT SELECT,INSERT ON TABLE store.background_task_history TO guildhall_scheduler;
GRANT INSERT ON TABLE store.background_task_history TO guildhall_writer;

GRANT INSERT(task_id) ON TABLE store.background_task_history TO guildhall_app;

GRANT INSERT(event) ON TABLE store.background_task_history TO guildhall_app;

GRANT INSERT(attempt) ON TABLE store.background_task_history TO guildhall_app;

GRANT INSERT(attempt_token) ON TABLE store.background_task_history TO guildhall_app;

GRANT INSERT(worker_id) ON TABLE store.background_task_history TO guildhall_app;

GRANT INSERT(error_message) ON TABLE store.background_task_history TO guildhall_app;

GRANT INSERT(error_stack) ON TABLE store.background_task_history TO guildhall_app;

GRANT INSERT(detail) ON TABLE store.background_task_history TO guildhall_app;

GRANT INSERT(created_at) ON TABLE store.background_task_history TO guildhall_app;

GRANT SELECT ON TABLE mine.background_task_history TO guildhall_person;

GRANT SELECT ON TABLE mine.daily_stats TO guildhall_person;

GRANT SELECT ON TABLE mine.failure_patterns TO guildhall_person;

GRANT SELECT ON TABLE mine.failure_trends_daily TO guildhall_person;

GRANT SELECT ON TABLE mine.llm_latency_daily TO guildhall_person;

GRANT SELECT ON TABLE mine.llm_requests TO guildhall_person;

GRANT SELECT ON TABLE mine.llm_responses TO guildhall_person;

GRANT SELECT ON TABLE mine.mv_daily_stats TO guildhall_person;

GRANT SELECT ON TABLE mine.outcomes TO guildhall_person;

GRANT INSERT ON TABLE store.penalty_history TO guildhall_writer;

GRANT SELECT ON TABLE mine.penalty_history TO guildhall_person;

GRANT INSERT ON TABLE store.point_transactions TO guildhall_writer;

GRANT INSERT(id) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(category) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(base_points) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(multiplier) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(final_points) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(reason) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(source_type) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(source_id) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(idempotency_key) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(created_at) ON TABLE store.point_transactions TO guildhall_app;

GRANT SELECT ON TABLE mine.point_transactions TO guildhall_person;

GRANT INSERT ON TABLE store.reputation_history TO guildhall_writer;

GRANT SELECT ON TABLE mine.reputation_history TO guildhall_person;

GRANT SELECT ON TABLE mine.scenario_performance_daily TO guildhall_person;

GRANT SELECT ON TABLE mine.simulation_latency_hourly TO guildhall_person;

GRANT SELECT ON TABLE mine.simulation_performance_daily TO guildhall_person;

GRANT SELECT ON TABLE mine.simulation_performance_hourly TO guildhall_person;

GRANT SELECT ON TABLE mine.spans TO guildhall_person;

GRANT INSERT ON TABLE store.streaming_analytics TO guildhall_writer;

GRANT INSERT(id) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT(stream_id) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT(event_type) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT(chunk_number) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT(latency_ms) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT(tokens_delta) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT(user_id) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT("timestamp") ON TABLE store.streaming_analytics TO guildhall_app;

GRANT SELECT ON TABLE mine.streaming_analytics TO guildhall_person;

GRANT INSERT ON TABLE store.task_history TO guildhall_writer;

GRANT INSERT(id) ON TABLE store.task_history TO guildhall_app;

GRANT INSERT(task_id) ON TABLE store.task_history TO guildhall_app;

GRANT INSERT(event_type) ON TABLE store.task_history TO guildhall_app;

GRANT INSERT(old_status) ON TABLE store.task_history TO guildhall_app;

GRANT INSERT(new_status) ON TABLE store.task_history TO guildhall_app;

GRANT INSERT(actor_id) ON TABLE store.task_history TO guildhall_app;

GRANT INSERT(user_id) ON TABLE store.task_history TO guildhall_app;

GRANT INSERT(details) ON TABLE store.task_history TO guildhall_app;

GRANT INSERT(created_at) ON TABLE store.task_history TO guildhall_app;

GRANT SELECT ON TABLE mine.task_history TO guildhall_person;

GRANT SELECT,INSERT ON TABLE platform.audit_seal_parts TO guildhall_scheduler;

GRANT SELECT,INSERT ON TABLE platform.audit_seals TO guildhall_scheduler;

GRANT SELECT ON TABLE mine.team_seals TO guildhall_person;

GRANT SELECT ON TABLE mine.tool_performance_daily TO guildhall_person;

GRANT SELECT ON TABLE mine.tool_usage TO guildhall_person;

GRANT SELECT ON TABLE society.agents TO guildhall_app;
GRANT SELECT ON TABLE society.agents TO guildhall_reader;
GRANT SELECT ON TABLE society.agents TO guildhall_person;

GRANT INSERT(id) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(agent_id),UPDATE(agent_id) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(name),UPDATE(name) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(type),UPDATE(type) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(status_reason),UPDATE(status_reason) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(capabilities),UPDATE(capabilities) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(metadata),UPDATE(metadata) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(public_key),UPDATE(public_key) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(last_active_at),UPDATE(last_active_at) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(created_by),UPDATE(created_by) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.agents TO guildhall_app;

GRANT SELECT ON TABLE mine.v_active_agents TO guildhall_person;

GRANT SELECT ON TABLE society.mentee_progress TO guildhall_app;
GRANT SELECT ON TABLE society.mentee_progress TO guildhall_reader;
GRANT SELECT ON TABLE society.mentee_progress TO guildhall_person;

GRANT INSERT(id) ON TABLE society.mentee_progress TO guildhall_app;

GRANT INSERT(pairing_id) ON TABLE society.mentee_progress TO guildhall_app;

GRANT INSERT(mentee_id) ON TABLE society.mentee_progress TO guildhall_app;

GRANT INSERT(curriculum_id) ON TABLE society.mentee_progress TO guildhall_app;

GRANT INSERT(progress_percentage),UPDATE(progress_percentage) ON TABLE society.mentee_progress TO guildhall_app;

GRANT INSERT(mastery_level),UPDATE(mastery_level) ON TABLE society.mentee_progress TO guildhall_app;

GRANT INSERT(attempts),UPDATE(attempts) ON TABLE society.mentee_progress TO guildhall_app;

GRANT INSERT(passed_at),UPDATE(passed_at) ON TABLE society.mentee_progress TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.mentee_progress TO guildhall_app;

GRANT SELECT ON TABLE society.mentorship_pairings TO guildhall_app;
GRANT SELECT ON TABLE society.mentorship_pairings TO guildhall_reader;
GRANT SELECT ON TABLE society.mentorship_pairings TO guildhall_person;

GRANT INSERT(id) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT INSERT(mentor_id) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT INSERT(mentee_id) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT INSERT(skill_focus) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT INSERT(planned_sessions),UPDATE(planned_sessions) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT INSERT(match_score),UPDATE(match_score) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT INSERT(started_at),UPDATE(started_at) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT INSERT(ended_at),UPDATE(ended_at) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT SELECT ON TABLE mine.v_active_mentorships TO guildhall_person;

GRANT SELECT ON TABLE mine.v_active_simulations TO guildhall_person;

GRANT SELECT ON TABLE society.global_trust_scores TO guildhall_app;
GRANT SELECT ON TABLE society.global_trust_scores TO guildhall_reader;
GRANT SELECT ON TABLE society.global_trust_scores TO guildhall_person;

GRANT INSERT(id) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(run_id),UPDATE(run_id) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(eigentrust_score),UPDATE(eigentrust_score) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(persistence_score),UPDATE(persistence_score) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(competence_score),UPDATE(competence_score) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(peer_rating_score),UPDATE(peer_rating_score) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(composite),UPDATE(composite) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(trust_level),UPDATE(trust_level) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(rank),UPDATE(rank) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(sample_size),UPDATE(sample_size) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(cause),UPDATE(cause) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(computed_at),UPDATE(computed_at) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT SELECT ON TABLE society.peer_ratings TO guildhall_app;
GRANT SELECT ON TABLE society.peer_ratings TO guildhall_reader;
GRANT SELECT ON TABLE society.peer_ratings TO guildhall_person;

GRANT INSERT(id) ON TABLE society.peer_ratings TO guildhall_app;

GRANT INSERT(rater_id) ON TABLE society.peer_ratings TO guildhall_app;

GRANT INSERT(ratee_id) ON TABLE society.peer_ratings TO guildhall_app;

GRANT INSERT(rating),UPDATE(rating) ON TABLE society.peer_ratings TO guildhall_app;

GRANT INSERT(context) ON TABLE society.peer_ratings TO guildhall_app;

GRANT INSERT(task_id) ON TABLE society.peer_ratings TO guildhall_app;

GRANT INSERT(battle_id) ON TABLE society.peer_ratings TO guildhall_app;

GRANT INSERT(comment),UPDATE(comment) ON TABLE society.peer_ratings TO guildhall_app;

GRANT INSERT(weight),UPDATE(weight) ON TABLE society.peer_ratings TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.peer_ratings TO guildhall_app;

GRANT SELECT ON TABLE society.trust_graph TO guildhall_app;
GRANT SELECT ON TABLE society.trust_graph TO guildhall_reader;
GRANT SELECT ON TABLE society.trust_graph TO guildhall_person;

GRANT INSERT(id) ON TABLE society.trust_graph TO guildhall_app;

GRANT INSERT(from_agent_id) ON TABLE society.trust_graph TO guildhall_app;

GRANT INSERT(to_agent_id) ON TABLE society.trust_graph TO guildhall_app;

GRANT INSERT(context) ON TABLE society.trust_graph TO guildhall_app;

GRANT INSERT(local_trust),UPDATE(local_trust) ON TABLE society.trust_graph TO guildhall_app;

GRANT INSERT(interaction_count),UPDATE(interaction_count) ON TABLE society.trust_graph TO guildhall_app;

GRANT INSERT(positive_count),UPDATE(positive_count) ON TABLE society.trust_graph TO guildhall_app;

GRANT INSERT(negative_count),UPDATE(negative_count) ON TABLE society.trust_graph TO guildhall_app;

GRANT INSERT(last_interaction_at),UPDATE(last_interaction_at) ON TABLE society.trust_graph TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.trust_graph TO guildhall_app;

GRANT SELECT ON TABLE mine.v_agent_reputation TO guildhall_person;

GRANT SELECT ON TABLE society.leaderboard_periods TO guildhall_app;
GRANT SELECT ON TABLE society.leaderboard_periods TO guildhall_reader;
GRANT SELECT ON TABLE society.leaderboard_periods TO guildhall_person;

GRANT INSERT(category) ON TABLE society.leaderboard_periods TO guildhall_app;

GRANT INSERT(period) ON TABLE society.leaderboard_periods TO guildhall_app;

GRANT INSERT(period_start) ON TABLE society.leaderboard_periods TO guildhall_app;

GRANT INSERT(period_end),UPDATE(period_end) ON TABLE society.leaderboard_periods TO guildhall_app;

GRANT INSERT(closed_at),UPDATE(closed_at) ON TABLE society.leaderboard_periods TO guildhall_app;

GRANT INSERT(snapshot_hash),UPDATE(snapshot_hash) ON TABLE society.leaderboard_periods TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.leaderboard_periods TO guildhall_app;

GRANT SELECT,DELETE ON TABLE society.leaderboard_rankings TO guildhall_app;
GRANT SELECT ON TABLE society.leaderboard_rankings TO guildhall_reader;
GRANT SELECT ON TABLE society.leaderboard_rankings TO guildhall_person;

GRANT INSERT(id) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(category) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(period) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(period_start) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(rank),UPDATE(rank) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(score),UPDATE(score) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(previous_rank),UPDATE(previous_rank) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(rank_change),UPDATE(rank_change) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(ci_low),UPDATE(ci_low) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(ci_high),UPDATE(ci_high) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(tie_group),UPDATE(tie_group) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT SELECT ON TABLE mine.v_current_leaderboard TO guildhall_person;

GRANT SELECT ON TABLE mine.v_dashboard_active_simulations TO guildhall_person;

GRANT SELECT ON TABLE mine.v_dashboard_cost_analysis TO guildhall_person;

GRANT SELECT ON TABLE mine.v_dashboard_pending_recommendations TO guildhall_person;

GRANT SELECT ON TABLE mine.v_dashboard_performance_trends TO guildhall_person;

GRANT SELECT ON TABLE mine.v_error_rates TO guildhall_person;

GRANT SELECT ON TABLE mine.v_llm_config_performance TO guildhall_person;

GRANT SELECT ON TABLE mine.v_llm_failure_analysis TO guildhall_person;

GRANT SELECT ON TABLE mine.v_llm_scenario_trends TO guildhall_person;

GRANT SELECT ON TABLE mine.v_system_performance TO guildhall_person;

GRANT SELECT ON TABLE society.tasks TO guildhall_app;
GRANT SELECT ON TABLE society.tasks TO guildhall_reader;
GRANT SELECT ON TABLE society.tasks TO guildhall_person;

GRANT INSERT(id) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(task_id),UPDATE(task_id) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(title),UPDATE(title) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(description),UPDATE(description) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(priority),UPDATE(priority) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(queue_id),UPDATE(queue_id) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(assigned_to),UPDATE(assigned_to) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(required_skills),UPDATE(required_skills) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(payload),UPDATE(payload) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(result),UPDATE(result) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(quality_score),UPDATE(quality_score) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(attempts),UPDATE(attempts) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(max_attempts),UPDATE(max_attempts) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(attempt_token),UPDATE(attempt_token) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(lease_expires_at),UPDATE(lease_expires_at) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(deadline),UPDATE(deadline) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(queued_at),UPDATE(queued_at) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(started_at),UPDATE(started_at) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(completed_at),UPDATE(completed_at) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(created_by),UPDATE(created_by) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(requested_by),UPDATE(requested_by) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.tasks TO guildhall_app;

GRANT SELECT ON TABLE mine.v_task_queue_summary TO guildhall_person;

GRANT SELECT,INSERT ON TABLE platform.analytics_events TO guildhall_app;
GRANT SELECT ON TABLE platform.analytics_events TO guildhall_reader;

GRANT SELECT(id) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(id) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(id) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(tenant_id) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(tenant_id) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(tenant_id) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(user_id) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(user_id) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(user_id) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(user_identifier) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(user_identifier) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(user_identifier) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(name) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(name) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(name) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(scopes) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(scopes) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(scopes) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(rate_limit) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(rate_limit) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(rate_limit) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(last_used_at) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(last_used_at) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(last_used_at) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(expires_at) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(expires_at) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(expires_at) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(created_at) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(created_at) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(created_at) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(is_active) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(is_active) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(is_active) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(revoked_at) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(revoked_at) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(revoked_at) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT ON TABLE platform.archives TO guildhall_scheduler;

GRANT SELECT ON TABLE platform.audit_log TO guildhall_app;
GRANT SELECT ON TABLE platform.audit_log TO guildhall_reader;

GRANT SELECT ON TABLE platform.audit_logs TO guildhall_app;
GRANT SELECT ON TABLE platform.audit_logs TO guildhall_reader;

GRANT SELECT ON TABLE platform.audit_redactions TO guildhall_scheduler;

GRANT SELECT ON TABLE platform.audit_trail TO guildhall_app;
GRANT SELECT ON TABLE platform.audit_trail TO guildhall_reader;

GRANT SELECT ON TABLE platform.background_task_dependencies TO guildhall_app;
GRANT SELECT ON TABLE platform.background_task_dependencies TO guildhall_worker;
GRANT SELECT ON TABLE platform.background_task_dependencies TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.background_task_dependencies TO guildhall_reader;
GRANT SELECT ON TABLE platform.background_task_dependencies TO guildhall_person;

GRANT INSERT(task_id) ON TABLE platform.background_task_dependencies TO guildhall_app;
GRANT INSERT(task_id) ON TABLE platform.background_task_dependencies TO guildhall_worker;
GRANT INSERT(task_id) ON TABLE platform.background_task_dependencies TO guildhall_scheduler;

GRANT INSERT(depends_on_task_id) ON TABLE platform.background_task_dependencies TO guildhall_app;
GRANT INSERT(depends_on_task_id) ON TABLE platform.background_task_dependencies TO guildhall_worker;
GRANT INSERT(depends_on_task_id) ON TABLE platform.background_task_dependencies TO guildhall_scheduler;

GRANT INSERT(on_failure) ON TABLE platform.background_task_dependencies TO guildhall_app;
GRANT INSERT(on_failure) ON TABLE platform.background_task_dependencies TO guildhall_worker;
GRANT INSERT(on_failure) ON TABLE platform.background_task_dependencies TO guildhall_scheduler;

GRANT INSERT(is_settled),UPDATE(is_settled) ON TABLE platform.background_task_dependencies TO guildhall_app;
GRANT INSERT(is_settled),UPDATE(is_settled) ON TABLE platform.background_task_dependencies TO guildhall_worker;
GRANT INSERT(is_settled),UPDATE(is_settled) ON TABLE platform.background_task_dependencies TO guildhall_scheduler;

GRANT SELECT,INSERT ON TABLE platform.background_task_history TO guildhall_app;
GRANT SELECT ON TABLE platform.background_task_history TO guildhall_reader;

GRANT SELECT ON TABLE platform.background_tasks TO guildhall_app;
GRANT SELECT ON TABLE platform.background_tasks TO guildhall_worker;
GRANT SELECT ON TABLE platform.background_tasks TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.background_tasks TO guildhall_reader;
GRANT SELECT ON TABLE platform.background_tasks TO guildhall_person;

GRANT INSERT(id) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(id) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(id) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(tenant_id) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(task_type) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(task_type) ON TABLE platform.background_tasks TO guildhall_scheduler;
GRANT INSERT(task_type) ON TABLE platform.background_tasks TO guildhall_worker;

GRANT INSERT(payload) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(payload) ON TABLE platform.background_tasks TO guildhall_scheduler;
GRANT INSERT(payload) ON TABLE platform.background_tasks TO guildhall_worker;

GRANT UPDATE(status) ON TABLE platform.background_tasks TO guildhall_app;
GRANT UPDATE(status) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(status) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(priority),UPDATE(priority) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(priority) ON TABLE platform.background_tasks TO guildhall_scheduler;
GRANT INSERT(priority) ON TABLE platform.background_tasks TO guildhall_worker;

GRANT UPDATE(worker_id) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(worker_id) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT UPDATE(attempts) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(attempts) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT UPDATE(attempt_token) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(attempt_token) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT UPDATE(leased_until) ON TABLE platform.background_tasks TO guildhall_app;
GRANT UPDATE(leased_until) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(leased_until) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT UPDATE(heartbeat_at) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(heartbeat_at) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(deadline_at),UPDATE(deadline_at) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(deadline_at),UPDATE(deadline_at) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(deadline_at),UPDATE(deadline_at) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT UPDATE(retry_count) ON TABLE platform.background_tasks TO guildhall_app;
GRANT UPDATE(retry_count) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(retry_count) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(max_retries),UPDATE(max_retries) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(max_retries) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(max_retries) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT UPDATE(error_message) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(error_message) ON TABLE platform.background_tasks TO guildhall_scheduler;
GRANT UPDATE(error_message) ON TABLE platform.background_tasks TO guildhall_app;

GRANT UPDATE(result) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(result) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(idempotency_key) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(idempotency_key) ON TABLE platform.background_tasks TO guildhall_scheduler;
GRANT INSERT(idempotency_key) ON TABLE platform.background_tasks TO guildhall_worker;

GRANT INSERT(scheduled_at),UPDATE(scheduled_at) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(scheduled_at),UPDATE(scheduled_at) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(scheduled_at),UPDATE(scheduled_at) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT UPDATE(started_at) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(started_at) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT UPDATE(completed_at) ON TABLE platform.background_tasks TO guildhall_app;
GRANT UPDATE(completed_at) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(completed_at) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(lane) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(lane) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(lane) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(place),UPDATE(place) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(place),UPDATE(place) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(place),UPDATE(place) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(fair_key) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(fair_key) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(fair_key) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(weight) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(weight) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(weight) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(unique_key) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(unique_key) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(unique_key) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(timeout) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(timeout) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(timeout) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(open_dependencies),UPDATE(open_dependencies) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(open_dependencies),UPDATE(open_dependencies) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(open_dependencies),UPDATE(open_dependencies) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT SELECT ON TABLE platform.clickhouse_analytics TO guildhall_app;
GRANT SELECT,DELETE ON TABLE platform.clickhouse_analytics TO guildhall_worker;
GRANT SELECT,DELETE ON TABLE platform.clickhouse_analytics TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.clickhouse_analytics TO guildhall_reader;
GRANT SELECT ON TABLE platform.clickhouse_analytics TO guildhall_person;

GRANT INSERT(id) ON TABLE platform.clickhouse_analytics TO guildhall_app;

GRANT INSERT(event_type) ON TABLE platform.clickhouse_analytics TO guildhall_app;

GRANT INSERT(event_data) ON TABLE platform.clickhouse_analytics TO guildhall_app;

GRANT INSERT(user_id) ON TABLE platform.clickhouse_analytics TO guildhall_app;

GRANT INSERT(session_id) ON TABLE platform.clickhouse_analytics TO guildhall_app;

GRANT INSERT("timestamp") ON TABLE platform.clickhouse_analytics TO guildhall_app;

GRANT UPDATE(exported) ON TABLE platform.clickhouse_analytics TO guildhall_worker;
GRANT UPDATE(exported) ON TABLE platform.clickhouse_analytics TO guildhall_scheduler;

GRANT UPDATE(exported_at) ON TABLE platform.clickhouse_analytics TO guildhall_worker;
GRANT UPDATE(exported_at) ON TABLE platform.clickhouse_analytics TO guildhall_scheduler;

GRANT SELECT ON TABLE platform.connection_stats TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.connection_stats TO guildhall_curator;

GRANT SELECT ON TABLE platform.daily_stats TO guildhall_app;
GRANT SELECT ON TABLE platform.daily_stats TO guildhall_reader;

GRANT SELECT ON TABLE platform.dead_letter_queue TO guildhall_app;
GRANT SELECT ON TABLE platform.dead_letter_queue TO guildhall_reader;
GRANT SELECT ON TABLE platform.dead_letter_queue TO guildhall_person;

GRANT SELECT(id) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT SELECT(id) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT SELECT(tenant_id),INSERT(tenant_id) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT SELECT(tenant_id),INSERT(tenant_id) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT SELECT(original_task_id),INSERT(original_task_id) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT SELECT(original_task_id),INSERT(original_task_id) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT INSERT(task_type) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT INSERT(task_type) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT INSERT(payload) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT INSERT(payload) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT INSERT(error_message) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT INSERT(error_message) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT INSERT(error_stack) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT INSERT(error_stack) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT INSERT(retry_history) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT INSERT(retry_history) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT SELECT(moved_at) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT SELECT(moved_at) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT UPDATE(resolution) ON TABLE platform.dead_letter_queue TO guildhall_app;
GRANT UPDATE(resolution) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT UPDATE(resolved_by) ON TABLE platform.dead_letter_queue TO guildhall_app;
GRANT UPDATE(resolved_by) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT UPDATE(resolved_at) ON TABLE platform.dead_letter_queue TO guildhall_app;
GRANT SELECT(resolved_at) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT SELECT(resolved_at),UPDATE(resolved_at) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT SELECT ON TABLE platform.epoch TO guildhall_scheduler;

GRANT SELECT ON TABLE platform.idempotency_keys TO guildhall_app;

GRANT INSERT(key) ON TABLE platform.idempotency_keys TO guildhall_app;

GRANT INSERT(fingerprint),UPDATE(fingerprint) ON TABLE platform.idempotency_keys TO guildhall_app;

GRANT UPDATE(status) ON TABLE platform.idempotency_keys TO guildhall_app;

GRANT UPDATE(headers) ON TABLE platform.idempotency_keys TO guildhall_app;

GRANT UPDATE(body) ON TABLE platform.idempotency_keys TO guildhall_app;

GRANT UPDATE(created_at) ON TABLE platform.idempotency_keys TO guildhall_app;

GRANT INSERT(expires_at),UPDATE(expires_at) ON TABLE platform.idempotency_keys TO guildhall_app;

GRANT SELECT ON TABLE platform.index_usage TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.index_usage TO guildhall_curator;

GRANT SELECT ON TABLE platform.ledgers TO guildhall_app;
GRANT SELECT ON TABLE platform.ledgers TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.ledgers TO guildhall_reader;

GRANT SELECT ON TABLE platform.lock_contention TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.lock_contention TO guildhall_curator;

GRANT SELECT,DELETE ON TABLE platform.provider_secrets TO guildhall_app;
GRANT SELECT ON TABLE platform.provider_secrets TO guildhall_reader;
GRANT SELECT ON TABLE platform.provider_secrets TO guildhall_person;

GRANT INSERT(id) ON TABLE platform.provider_secrets TO guildhall_app;

GRANT INSERT(sealed),UPDATE(sealed) ON TABLE platform.provider_secrets TO guildhall_app;

GRANT SELECT ON TABLE platform.replication_lag TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.replication_lag TO guildhall_curator;

GRANT SELECT,INSERT,UPDATE ON TABLE platform.schedule_runs TO guildhall_scheduler;

GRANT SELECT,INSERT,UPDATE ON TABLE platform.schedules TO guildhall_scheduler;

GRANT SELECT ON TABLE platform.sealed_columns TO guildhall_app;
GRANT SELECT ON TABLE platform.sealed_columns TO guildhall_reader;

GRANT SELECT ON TABLE platform.series_horizon TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.series_horizon TO guildhall_curator;

GRANT SELECT,DELETE ON TABLE platform.slow_query_log TO guildhall_scheduler;

GRANT INSERT("timestamp") ON TABLE platform.slow_query_log TO guildhall_app;
GRANT INSERT("timestamp") ON TABLE platform.slow_query_log TO guildhall_reader;
GRANT INSERT("timestamp") ON TABLE platform.slow_query_log TO guildhall_curator;
GRANT INSERT("timestamp") ON TABLE platform.slow_query_log TO guildhall_writer;
GRANT INSERT("timestamp") ON TABLE platform.slow_query_log TO guildhall_worker;
GRANT INSERT("timestamp") ON TABLE platform.slow_query_log TO guildhall_scheduler;

GRANT INSERT(duration_ms) ON TABLE platform.slow_query_log TO guildhall_app;
GRANT INSERT(duration_ms) ON TABLE platform.slow_query_log TO guildhall_reader;
GRANT INSERT(duration_ms) ON TABLE platform.slow_query_log TO guildhall_curator;
GRANT INSERT(duration_ms) ON TABLE platform.slow_query_log TO guildhall_writer;
GRANT INSERT(duration_ms) ON TABLE platform.slow_query_log TO guildhall_worker;
GRANT INSERT(duration_ms) ON TABLE platform.slow_query_log TO guildhall_scheduler;

GRANT INSERT(query) ON TABLE platform.slow_query_log TO guildhall_app;
GRANT INSERT(query) ON TABLE platform.slow_query_log TO guildhall_reader;
GRANT INSERT(query) ON TABLE platform.slow_query_log TO guildhall_curator;
GRANT INSERT(query) ON TABLE platform.slow_query_log TO guildhall_writer;
GRANT INSERT(query) ON TABLE platform.slow_query_log TO guildhall_worker;
GRANT INSERT(query) ON TABLE platform.slow_query_log TO guildhall_scheduler;

GRANT INSERT(query_plan) ON TABLE platform.slow_query_log TO guildhall_app;
GRANT INSERT(query_plan) ON TABLE platform.slow_query_log TO guildhall_reader;
GRANT INSERT(query_plan) ON TABLE platform.slow_query_log TO guildhall_curator;
GRANT INSERT(query_plan) ON TABLE platform.slow_query_log TO guildhall_writer;
GRANT INSERT(query_plan) ON TABLE platform.slow_query_log TO guildhall_worker;
GRANT INSERT(query_plan) ON TABLE platform.slow_query_log TO guildhall_scheduler;

GRANT INSERT(application_name) ON TABLE platform.slow_query_log TO guildhall_app;
GRANT INSERT(application_name) ON TABLE platform.slow_query_log TO guildhall_reader;
GRANT INSERT(application_name) ON TABLE platform.slow_query_log TO guildhall_curator;
GRANT INSERT(application_name) ON TABLE platform.slow_query_log TO guildhall_writer;
GRANT INSERT(application_name) ON TABLE platform.slow_query_log TO guildhall_worker;
GRANT INSERT(application_name) ON TABLE platform.slow_query_log TO guildhall_scheduler;

GRANT SELECT,INSERT ON TABLE platform.streaming_analytics TO guildhall_app;
GRANT SELECT ON TABLE platform.streaming_analytics TO guildhall_reader;

GRANT SELECT ON TABLE platform.table_bloat TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.table_bloat TO guildhall_curator;

GRANT SELECT ON TABLE platform.table_sizes TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.table_sizes TO guildhall_curator;

GRANT SELECT ON TABLE platform.task_lanes TO guildhall_app;
GRANT SELECT ON TABLE platform.task_lanes TO guildhall_worker;
GRANT SELECT ON TABLE platform.task_lanes TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.task_lanes TO guildhall_reader;

GRANT INSERT(task_type) ON TABLE platform.task_lanes TO guildhall_worker;
GRANT INSERT(task_type) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT INSERT(queue) ON TABLE platform.task_lanes TO guildhall_worker;
GRANT INSERT(queue) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT UPDATE(is_paused) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT UPDATE(max_running) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT UPDATE(rate_count) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT UPDATE(rate_per) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT UPDATE(rate_used_to) ON TABLE platform.task_lanes TO guildhall_worker;
GRANT UPDATE(rate_used_to) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT INSERT(max_retries),UPDATE(max_retries) ON TABLE platform.task_lanes TO guildhall_worker;
GRANT INSERT(max_retries),UPDATE(max_retries) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT INSERT(retry_base),UPDATE(retry_base) ON TABLE platform.task_lanes TO guildhall_worker;
GRANT INSERT(retry_base),UPDATE(retry_base) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT INSERT(retry_most),UPDATE(retry_most) ON TABLE platform.task_lanes TO guildhall_worker;
GRANT INSERT(retry_most),UPDATE(retry_most) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT INSERT(timeout),UPDATE(timeout) ON TABLE platform.task_lanes TO guildhall_worker;
GRANT INSERT(timeout),UPDATE(timeout) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT INSERT(payload_schema),UPDATE(payload_schema) ON TABLE platform.task_lanes TO guildhall_worker;
GRANT INSERT(payload_schema),UPDATE(payload_schema) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT SELECT ON TABLE platform.team_seals TO guildhall_app;
GRANT SELECT ON TABLE platform.team_seals TO guildhall_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.user_preferences TO guildhall_app;
GRANT SELECT ON TABLE platform.user_preferences TO guildhall_reader;

GRANT SELECT(id) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(id) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(id) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(tenant_id) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(tenant_id) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(tenant_id) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(user_id) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(user_id) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(user_id) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(context),UPDATE(context) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(context) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(context) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(memory_id),UPDATE(memory_id) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(memory_id) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(memory_id) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(status) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(status) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(status) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(request_count),UPDATE(request_count) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(request_count) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(request_count) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(idle_lifetime) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(idle_lifetime) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(idle_lifetime) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(ip_address) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(ip_address) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(ip_address) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(user_agent) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(user_agent) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(user_agent) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(last_activity) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(last_activity) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(last_activity) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(expires_at) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(expires_at) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(expires_at) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(ends_at) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(ends_at) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(ends_at) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(revoked_at) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(revoked_at) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(revoked_at) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(created_at) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(created_at) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(created_at) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT ON TABLE society.achievements TO guildhall_app;
GRANT SELECT ON TABLE society.achievements TO guildhall_reader;
GRANT SELECT ON TABLE society.achievements TO guildhall_person;

GRANT INSERT(id) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(achievement_id),UPDATE(achievement_id) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(name),UPDATE(name) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(description),UPDATE(description) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(category),UPDATE(category) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(requirements),UPDATE(requirements) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(points_reward),UPDATE(points_reward) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(rarity),UPDATE(rarity) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(icon),UPDATE(icon) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(is_repeatable),UPDATE(is_repeatable) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(is_secret),UPDATE(is_secret) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(is_active),UPDATE(is_active) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.achievements TO guildhall_app;

GRANT SELECT ON TABLE society.agent_achievements TO guildhall_app;
GRANT SELECT ON TABLE society.agent_achievements TO guildhall_reader;
GRANT SELECT ON TABLE society.agent_achievements TO guildhall_person;

GRANT INSERT(id) ON TABLE society.agent_achievements TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.agent_achievements TO guildhall_app;

GRANT INSERT(achievement_id) ON TABLE society.agent_achievements TO guildhall_app;

GRANT INSERT(period) ON TABLE society.agent_achievements TO guildhall_app;

GRANT INSERT(progress),UPDATE(progress) ON TABLE society.agent_achievements TO guildhall_app;

GRANT INSERT(earned_at),UPDATE(earned_at) ON TABLE society.agent_achievements TO guildhall_app;

GRANT INSERT(points_transaction_id),UPDATE(points_transaction_id) ON TABLE society.agent_achievements TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.agent_achievements TO guildhall_app;

GRANT SELECT,INSERT ON TABLE society.agent_activity_log TO guildhall_app;
GRANT SELECT ON TABLE society.agent_activity_log TO guildhall_reader;

GRANT SELECT ON TABLE society.agent_permissions TO guildhall_app;
GRANT SELECT ON TABLE society.agent_permissions TO guildhall_reader;
GRANT SELECT ON TABLE society.agent_permissions TO guildhall_person;

GRANT INSERT(id) ON TABLE society.agent_permissions TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.agent_permissions TO guildhall_app;

GRANT INSERT(permission) ON TABLE society.agent_permissions TO guildhall_app;

GRANT INSERT(basis),UPDATE(basis) ON TABLE society.agent_permissions TO guildhall_app;

GRANT INSERT(granted_by) ON TABLE society.agent_permissions TO guildhall_app;

GRANT INSERT(expires_at),UPDATE(expires_at) ON TABLE society.agent_permissions TO guildhall_app;

GRANT INSERT(revoked_at),UPDATE(revoked_at) ON TABLE society.agent_permissions TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.agent_permissions TO guildhall_app;

GRANT SELECT,DELETE ON TABLE society.agent_skills TO guildhall_app;
GRANT SELECT ON TABLE society.agent_skills TO guildhall_reader;
GRANT SELECT ON TABLE society.agent_skills TO guildhall_person;

GRANT INSERT(id) ON TABLE society.agent_skills TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.agent_skills TO guildhall_app;

GRANT INSERT(skill_name),UPDATE(skill_name) ON TABLE society.agent_skills TO guildhall_app;

GRANT INSERT(proficiency),UPDATE(proficiency) ON TABLE society.agent_skills TO guildhall_app;

GRANT INSERT(evidence_count),UPDATE(evidence_count) ON TABLE society.agent_skills TO guildhall_app;

GRANT INSERT(verified_by),UPDATE(verified_by) ON TABLE society.agent_skills TO guildhall_app;

GRANT INSERT(last_used_at),UPDATE(last_used_at) ON TABLE society.agent_skills TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.agent_skills TO guildhall_app;

GRANT SELECT ON TABLE society.agent_status_history TO guildhall_app;
GRANT SELECT ON TABLE society.agent_status_history TO guildhall_reader;
GRANT SELECT ON TABLE society.agent_status_history TO guildhall_person;

GRANT SELECT ON TABLE society.appeal_reviews TO guildhall_app;
GRANT SELECT ON TABLE society.appeal_reviews TO guildhall_reader;
GRANT SELECT ON TABLE society.appeal_reviews TO guildhall_person;

GRANT INSERT(id) ON TABLE society.appeal_reviews TO guildhall_app;

GRANT INSERT(appeal_id) ON TABLE society.appeal_reviews TO guildhall_app;

GRANT INSERT(reviewer_id) ON TABLE society.appeal_reviews TO guildhall_app;

GRANT INSERT(opinion),UPDATE(opinion) ON TABLE society.appeal_reviews TO guildhall_app;

GRANT INSERT(comment),UPDATE(comment) ON TABLE society.appeal_reviews TO guildhall_app;

GRANT INSERT(is_recused),UPDATE(is_recused) ON TABLE society.appeal_reviews TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.appeal_reviews TO guildhall_app;

GRANT SELECT ON TABLE society.appeals TO guildhall_app;
GRANT SELECT ON TABLE society.appeals TO guildhall_reader;
GRANT SELECT ON TABLE society.appeals TO guildhall_person;

GRANT INSERT(id) ON TABLE society.appeals TO guildhall_app;

GRANT INSERT(violation_id) ON TABLE society.appeals TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.appeals TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.appeals TO guildhall_app;

GRANT INSERT(grounds) ON TABLE society.appeals TO guildhall_app;

GRANT INSERT(decision),UPDATE(decision) ON TABLE society.appeals TO guildhall_app;

GRANT INSERT(reviewer_id),UPDATE(reviewer_id) ON TABLE society.appeals TO guildhall_app;

GRANT INSERT(voting_session_id),UPDATE(voting_session_id) ON TABLE society.appeals TO guildhall_app;

GRANT INSERT(decided_at),UPDATE(decided_at) ON TABLE society.appeals TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.appeals TO guildhall_app;

GRANT SELECT,DELETE ON TABLE society.battle_participants TO guildhall_app;
GRANT SELECT ON TABLE society.battle_participants TO guildhall_reader;
GRANT SELECT ON TABLE society.battle_participants TO guildhall_person;

GRANT INSERT(id) ON TABLE society.battle_participants TO guildhall_app;

GRANT INSERT(battle_id) ON TABLE society.battle_participants TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.battle_participants TO guildhall_app;

GRANT INSERT(team),UPDATE(team) ON TABLE society.battle_participants TO guildhall_app;

GRANT INSERT(submission),UPDATE(submission) ON TABLE society.battle_participants TO guildhall_app;

GRANT INSERT(score),UPDATE(score) ON TABLE society.battle_participants TO guildhall_app;

GRANT INSERT(rank),UPDATE(rank) ON TABLE society.battle_participants TO guildhall_app;

GRANT INSERT(elo_change),UPDATE(elo_change) ON TABLE society.battle_participants TO guildhall_app;

GRANT INSERT(joined_at) ON TABLE society.battle_participants TO guildhall_app;

GRANT SELECT ON TABLE society.battle_rounds TO guildhall_app;
GRANT SELECT ON TABLE society.battle_rounds TO guildhall_reader;
GRANT SELECT ON TABLE society.battle_rounds TO guildhall_person;

GRANT INSERT(id) ON TABLE society.battle_rounds TO guildhall_app;

GRANT INSERT(battle_id) ON TABLE society.battle_rounds TO guildhall_app;

GRANT INSERT(round_number) ON TABLE society.battle_rounds TO guildhall_app;

GRANT INSERT(judge_id),UPDATE(judge_id) ON TABLE society.battle_rounds TO guildhall_app;

GRANT INSERT(scores),UPDATE(scores) ON TABLE society.battle_rounds TO guildhall_app;

GRANT INSERT(verdict),UPDATE(verdict) ON TABLE society.battle_rounds TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.battle_rounds TO guildhall_app;

GRANT SELECT ON TABLE society.battles TO guildhall_app;
GRANT SELECT ON TABLE society.battles TO guildhall_reader;
GRANT SELECT ON TABLE society.battles TO guildhall_person;

GRANT INSERT(id) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(battle_id),UPDATE(battle_id) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(title),UPDATE(title) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(category),UPDATE(category) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(mode),UPDATE(mode) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(task_id),UPDATE(task_id) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(rules),UPDATE(rules) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(judge_kind),UPDATE(judge_kind) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(is_rated),UPDATE(is_rated) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(prize_pool),UPDATE(prize_pool) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(winner_id),UPDATE(winner_id) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(scheduled_at),UPDATE(scheduled_at) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(started_at),UPDATE(started_at) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(ended_at),UPDATE(ended_at) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(created_by),UPDATE(created_by) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.battles TO guildhall_app;

GRANT SELECT ON TABLE society.brainstorm_participants TO guildhall_app;
GRANT SELECT ON TABLE society.brainstorm_participants TO guildhall_reader;
GRANT SELECT ON TABLE society.brainstorm_participants TO guildhall_person;

GRANT INSERT(id) ON TABLE society.brainstorm_participants TO guildhall_app;

GRANT INSERT(session_id) ON TABLE society.brainstorm_participants TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.brainstorm_participants TO guildhall_app;

GRANT INSERT(role),UPDATE(role) ON TABLE society.brainstorm_participants TO guildhall_app;

GRANT INSERT(joined_at) ON TABLE society.brainstorm_participants TO guildhall_app;

GRANT INSERT(left_at),UPDATE(left_at) ON TABLE society.brainstorm_participants TO guildhall_app;

GRANT SELECT ON TABLE society.brainstorm_sessions TO guildhall_app;
GRANT SELECT ON TABLE society.brainstorm_sessions TO guildhall_reader;
GRANT SELECT ON TABLE society.brainstorm_sessions TO guildhall_person;

GRANT INSERT(id) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(session_id),UPDATE(session_id) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(topic),UPDATE(topic) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(facilitator_id),UPDATE(facilitator_id) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(technique),UPDATE(technique) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(phase),UPDATE(phase) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(max_ideas),UPDATE(max_ideas) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(voting_session_id),UPDATE(voting_session_id) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(started_at),UPDATE(started_at) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(ended_at),UPDATE(ended_at) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(created_by),UPDATE(created_by) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT SELECT ON TABLE society.eigentrust_runs TO guildhall_app;
GRANT SELECT ON TABLE society.eigentrust_runs TO guildhall_reader;
GRANT SELECT ON TABLE society.eigentrust_runs TO guildhall_person;

GRANT INSERT(id) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(alpha) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(tolerance) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(iterations),UPDATE(iterations) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(residual),UPDATE(residual) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(nodes) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(edges) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(pretrust) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(input_hash) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(started_at) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(ended_at),UPDATE(ended_at) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT SELECT ON TABLE society.elo_history TO guildhall_app;
GRANT SELECT ON TABLE society.elo_history TO guildhall_reader;
GRANT SELECT ON TABLE society.elo_history TO guildhall_person;

GRANT INSERT(id) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(battle_id) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(category) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(old_rating) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(new_rating) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(change) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(k_factor) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(expected) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(actual) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(reason) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.elo_history TO guildhall_app;

GRANT SELECT ON TABLE society.hall_of_fame TO guildhall_app;
GRANT SELECT ON TABLE society.hall_of_fame TO guildhall_reader;
GRANT SELECT ON TABLE society.hall_of_fame TO guildhall_person;

GRANT INSERT(id) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(agent_id),UPDATE(agent_id) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(tier),UPDATE(tier) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(title),UPDATE(title) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(badge),UPDATE(badge) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(citation),UPDATE(citation) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(category),UPDATE(category) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(season),UPDATE(season) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(evidence),UPDATE(evidence) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(inducted_at),UPDATE(inducted_at) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT SELECT,DELETE ON TABLE society.idea_combination_sources TO guildhall_app;
GRANT SELECT ON TABLE society.idea_combination_sources TO guildhall_reader;
GRANT SELECT ON TABLE society.idea_combination_sources TO guildhall_person;

GRANT INSERT(combination_id) ON TABLE society.idea_combination_sources TO guildhall_app;

GRANT INSERT(idea_id) ON TABLE society.idea_combination_sources TO guildhall_app;

GRANT INSERT(session_id) ON TABLE society.idea_combination_sources TO guildhall_app;

GRANT INSERT(result_idea_id) ON TABLE society.idea_combination_sources TO guildhall_app;

GRANT SELECT,DELETE ON TABLE society.idea_combinations TO guildhall_app;
GRANT SELECT ON TABLE society.idea_combinations TO guildhall_reader;
GRANT SELECT ON TABLE society.idea_combinations TO guildhall_person;

GRANT INSERT(id) ON TABLE society.idea_combinations TO guildhall_app;

GRANT INSERT(session_id) ON TABLE society.idea_combinations TO guildhall_app;

GRANT INSERT(result_idea_id) ON TABLE society.idea_combinations TO guildhall_app;

GRANT INSERT(combined_by) ON TABLE society.idea_combinations TO guildhall_app;

GRANT INSERT(rationale),UPDATE(rationale) ON TABLE society.idea_combinations TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.idea_combinations TO guildhall_app;

GRANT SELECT,DELETE ON TABLE society.idea_votes TO guildhall_app;
GRANT SELECT ON TABLE society.idea_votes TO guildhall_reader;
GRANT SELECT ON TABLE society.idea_votes TO guildhall_person;

GRANT INSERT(id) ON TABLE society.idea_votes TO guildhall_app;

GRANT INSERT(idea_id) ON TABLE society.idea_votes TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.idea_votes TO guildhall_app;

GRANT INSERT(value),UPDATE(value) ON TABLE society.idea_votes TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.idea_votes TO guildhall_app;

GRANT SELECT ON TABLE society.ideas TO guildhall_app;
GRANT SELECT ON TABLE society.ideas TO guildhall_reader;
GRANT SELECT ON TABLE society.ideas TO guildhall_person;

GRANT INSERT(id) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(session_id) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(parent_id),UPDATE(parent_id) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(title),UPDATE(title) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(content),UPDATE(content) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(category),UPDATE(category) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(novelty_score),UPDATE(novelty_score) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(feasibility_score),UPDATE(feasibility_score) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(embedding),UPDATE(embedding) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(embedding_model),UPDATE(embedding_model) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.ideas TO guildhall_app;

GRANT SELECT ON TABLE society.mentorship_curriculum TO guildhall_app;
GRANT SELECT ON TABLE society.mentorship_curriculum TO guildhall_reader;
GRANT SELECT ON TABLE society.mentorship_curriculum TO guildhall_person;

GRANT INSERT(id) ON TABLE society.mentorship_curriculum TO guildhall_app;

GRANT INSERT(skill_name),UPDATE(skill_name) ON TABLE society.mentorship_curriculum TO guildhall_app;

GRANT INSERT(level),UPDATE(level) ON TABLE society.mentorship_curriculum TO guildhall_app;

GRANT INSERT(title),UPDATE(title) ON TABLE society.mentorship_curriculum TO guildhall_app;

GRANT INSERT(objectives),UPDATE(objectives) ON TABLE society.mentorship_curriculum TO guildhall_app;

GRANT INSERT(assessment_tasks),UPDATE(assessment_tasks) ON TABLE society.mentorship_curriculum TO guildhall_app;

GRANT INSERT(estimated_sessions),UPDATE(estimated_sessions) ON TABLE society.mentorship_curriculum TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.mentorship_curriculum TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.mentorship_curriculum TO guildhall_app;

GRANT SELECT,DELETE ON TABLE society.mentorship_sessions TO guildhall_app;
GRANT SELECT ON TABLE society.mentorship_sessions TO guildhall_reader;
GRANT SELECT ON TABLE society.mentorship_sessions TO guildhall_person;

GRANT INSERT(id) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(pairing_id) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(session_number) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(topic),UPDATE(topic) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(objectives_met),UPDATE(objectives_met) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(mentor_rating),UPDATE(mentor_rating) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(mentee_rating),UPDATE(mentee_rating) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(notes),UPDATE(notes) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(scheduled_at),UPDATE(scheduled_at) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(held_at),UPDATE(held_at) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(duration_ms),UPDATE(duration_ms) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT SELECT ON TABLE society.penalty_history TO guildhall_app;
GRANT SELECT ON TABLE society.penalty_history TO guildhall_reader;

GRANT SELECT ON TABLE society.point_keys TO guildhall_app;
GRANT SELECT ON TABLE society.point_keys TO guildhall_reader;
GRANT SELECT ON TABLE society.point_keys TO guildhall_person;

GRANT SELECT,DELETE ON TABLE society.point_rules TO guildhall_app;
GRANT SELECT ON TABLE society.point_rules TO guildhall_reader;
GRANT SELECT ON TABLE society.point_rules TO guildhall_person;

GRANT INSERT(id) ON TABLE society.point_rules TO guildhall_app;

GRANT INSERT(category),UPDATE(category) ON TABLE society.point_rules TO guildhall_app;

GRANT INSERT(base_points),UPDATE(base_points) ON TABLE society.point_rules TO guildhall_app;

GRANT INSERT(multiplier_rule),UPDATE(multiplier_rule) ON TABLE society.point_rules TO guildhall_app;

GRANT INSERT(cap_per_day),UPDATE(cap_per_day) ON TABLE society.point_rules TO guildhall_app;

GRANT INSERT(is_active),UPDATE(is_active) ON TABLE society.point_rules TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.point_rules TO guildhall_app;

GRANT SELECT,INSERT ON TABLE society.point_transactions TO guildhall_app;
GRANT SELECT ON TABLE society.point_transactions TO guildhall_reader;

GRANT SELECT ON TABLE society.pretrusted_agents TO guildhall_app;
GRANT SELECT ON TABLE society.pretrusted_agents TO guildhall_reader;
GRANT SELECT ON TABLE society.pretrusted_agents TO guildhall_person;

GRANT INSERT(id) ON TABLE society.pretrusted_agents TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.pretrusted_agents TO guildhall_app;

GRANT INSERT(weight),UPDATE(weight) ON TABLE society.pretrusted_agents TO guildhall_app;

GRANT INSERT(since),UPDATE(since) ON TABLE society.pretrusted_agents TO guildhall_app;

GRANT INSERT(until),UPDATE(until) ON TABLE society.pretrusted_agents TO guildhall_app;

GRANT INSERT(granted_by),UPDATE(granted_by) ON TABLE society.pretrusted_agents TO guildhall_app;

GRANT INSERT(reason),UPDATE(reason) ON TABLE society.pretrusted_agents TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.pretrusted_agents TO guildhall_app;

GRANT SELECT,DELETE ON TABLE society.priority_queues TO guildhall_app;
GRANT SELECT ON TABLE society.priority_queues TO guildhall_reader;
GRANT SELECT ON TABLE society.priority_queues TO guildhall_person;

GRANT INSERT(id) ON TABLE society.priority_queues TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.priority_queues TO guildhall_app;

GRANT INSERT(queue_id) ON TABLE society.priority_queues TO guildhall_app;

GRANT INSERT(boost),UPDATE(boost) ON TABLE society.priority_queues TO guildhall_app;

GRANT INSERT(basis),UPDATE(basis) ON TABLE society.priority_queues TO guildhall_app;

GRANT INSERT(expires_at),UPDATE(expires_at) ON TABLE society.priority_queues TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.priority_queues TO guildhall_app;

GRANT SELECT ON TABLE society.reputation_history TO guildhall_app;
GRANT SELECT ON TABLE society.reputation_history TO guildhall_reader;

GRANT SELECT ON TABLE society.resource_allocations TO guildhall_app;
GRANT SELECT ON TABLE society.resource_allocations TO guildhall_reader;
GRANT SELECT ON TABLE society.resource_allocations TO guildhall_person;

GRANT INSERT(id) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(pool_id) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(resource_type) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(amount) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(used),UPDATE(used) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(performance_tier) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(granted_by) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(expires_at),UPDATE(expires_at) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(released_at),UPDATE(released_at) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.resource_allocations TO guildhall_app;

GRANT SELECT ON TABLE society.resource_pools TO guildhall_app;
GRANT SELECT ON TABLE society.resource_pools TO guildhall_reader;
GRANT SELECT ON TABLE society.resource_pools TO guildhall_person;

GRANT INSERT(id) ON TABLE society.resource_pools TO guildhall_app;

GRANT INSERT(resource_type) ON TABLE society.resource_pools TO guildhall_app;

GRANT INSERT(unit),UPDATE(unit) ON TABLE society.resource_pools TO guildhall_app;

GRANT INSERT(total_capacity),UPDATE(total_capacity) ON TABLE society.resource_pools TO guildhall_app;

GRANT INSERT(reserve),UPDATE(reserve) ON TABLE society.resource_pools TO guildhall_app;

GRANT INSERT(refresh_interval),UPDATE(refresh_interval) ON TABLE society.resource_pools TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.resource_pools TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.resource_pools TO guildhall_app;

GRANT SELECT ON TABLE society.retraining_assessments TO guildhall_app;
GRANT SELECT ON TABLE society.retraining_assessments TO guildhall_reader;
GRANT SELECT ON TABLE society.retraining_assessments TO guildhall_person;

GRANT INSERT(id) ON TABLE society.retraining_assessments TO guildhall_app;

GRANT INSERT(program_id) ON TABLE society.retraining_assessments TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.retraining_assessments TO guildhall_app;

GRANT INSERT(attempt) ON TABLE society.retraining_assessments TO guildhall_app;

GRANT INSERT(score) ON TABLE society.retraining_assessments TO guildhall_app;

GRANT INSERT(passed) ON TABLE society.retraining_assessments TO guildhall_app;

GRANT INSERT(assessor_id) ON TABLE society.retraining_assessments TO guildhall_app;

GRANT INSERT(comment) ON TABLE society.retraining_assessments TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.retraining_assessments TO guildhall_app;

GRANT SELECT ON TABLE society.retraining_programs TO guildhall_app;
GRANT SELECT ON TABLE society.retraining_programs TO guildhall_reader;
GRANT SELECT ON TABLE society.retraining_programs TO guildhall_person;

GRANT INSERT(id) ON TABLE society.retraining_programs TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.retraining_programs TO guildhall_app;

GRANT INSERT(violation_id) ON TABLE society.retraining_programs TO guildhall_app;

GRANT INSERT(curriculum),UPDATE(curriculum) ON TABLE society.retraining_programs TO guildhall_app;

GRANT INSERT(assessment),UPDATE(assessment) ON TABLE society.retraining_programs TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.retraining_programs TO guildhall_app;

GRANT INSERT(progress_percentage),UPDATE(progress_percentage) ON TABLE society.retraining_programs TO guildhall_app;

GRANT INSERT(due_at),UPDATE(due_at) ON TABLE society.retraining_programs TO guildhall_app;

GRANT INSERT(completed_at),UPDATE(completed_at) ON TABLE society.retraining_programs TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.retraining_programs TO guildhall_app;

GRANT SELECT ON TABLE society.streaks TO guildhall_app;
GRANT SELECT ON TABLE society.streaks TO guildhall_reader;
GRANT SELECT ON TABLE society.streaks TO guildhall_person;

GRANT INSERT(id) ON TABLE society.streaks TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.streaks TO guildhall_app;

GRANT INSERT(streak_type) ON TABLE society.streaks TO guildhall_app;

GRANT INSERT(current_count),UPDATE(current_count) ON TABLE society.streaks TO guildhall_app;

GRANT INSERT(longest_count),UPDATE(longest_count) ON TABLE society.streaks TO guildhall_app;

GRANT INSERT(last_activity_on),UPDATE(last_activity_on) ON TABLE society.streaks TO guildhall_app;

GRANT INSERT(freeze_tokens),UPDATE(freeze_tokens) ON TABLE society.streaks TO guildhall_app;

GRANT INSERT(timezone),UPDATE(timezone) ON TABLE society.streaks TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.streaks TO guildhall_app;

GRANT SELECT ON TABLE society.task_assignments TO guildhall_app;
GRANT SELECT ON TABLE society.task_assignments TO guildhall_reader;
GRANT SELECT ON TABLE society.task_assignments TO guildhall_person;

GRANT INSERT(reason),UPDATE(reason) ON TABLE society.task_assignments TO guildhall_app;

GRANT SELECT,DELETE ON TABLE society.task_dependencies TO guildhall_app;
GRANT SELECT ON TABLE society.task_dependencies TO guildhall_reader;
GRANT SELECT ON TABLE society.task_dependencies TO guildhall_person;

GRANT INSERT(id) ON TABLE society.task_dependencies TO guildhall_app;

GRANT INSERT(task_id) ON TABLE society.task_dependencies TO guildhall_app;

GRANT INSERT(depends_on_task_id) ON TABLE society.task_dependencies TO guildhall_app;

GRANT INSERT(kind),UPDATE(kind) ON TABLE society.task_dependencies TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.task_dependencies TO guildhall_app;

GRANT SELECT ON TABLE society.task_executions TO guildhall_app;
GRANT SELECT ON TABLE society.task_executions TO guildhall_reader;
GRANT SELECT ON TABLE society.task_executions TO guildhall_person;

GRANT INSERT(id) ON TABLE society.task_executions TO guildhall_app;

GRANT INSERT(task_id) ON TABLE society.task_executions TO guildhall_app;

GRANT INSERT(attempt) ON TABLE society.task_executions TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.task_executions TO guildhall_app;

GRANT INSERT(started_at),UPDATE(started_at) ON TABLE society.task_executions TO guildhall_app;

GRANT INSERT(ended_at),UPDATE(ended_at) ON TABLE society.task_executions TO guildhall_app;

GRANT INSERT(outcome),UPDATE(outcome) ON TABLE society.task_executions TO guildhall_app;

GRANT INSERT(error_message),UPDATE(error_message) ON TABLE society.task_executions TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.task_executions TO guildhall_app;

GRANT SELECT,INSERT ON TABLE society.task_history TO guildhall_app;
GRANT SELECT ON TABLE society.task_history TO guildhall_reader;

GRANT SELECT,DELETE ON TABLE society.task_queues TO guildhall_app;
GRANT SELECT ON TABLE society.task_queues TO guildhall_reader;
GRANT SELECT ON TABLE society.task_queues TO guildhall_person;

GRANT INSERT(id) ON TABLE society.task_queues TO guildhall_app;

GRANT INSERT(name),UPDATE(name) ON TABLE society.task_queues TO guildhall_app;

GRANT INSERT(priority_rule),UPDATE(priority_rule) ON TABLE society.task_queues TO guildhall_app;

GRANT INSERT(max_in_flight),UPDATE(max_in_flight) ON TABLE society.task_queues TO guildhall_app;

GRANT INSERT(is_paused),UPDATE(is_paused) ON TABLE society.task_queues TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.task_queues TO guildhall_app;

GRANT SELECT ON TABLE society.task_results TO guildhall_app;
GRANT SELECT ON TABLE society.task_results TO guildhall_reader;
GRANT SELECT ON TABLE society.task_results TO guildhall_person;

GRANT INSERT(id) ON TABLE society.task_results TO guildhall_app;

GRANT INSERT(task_id) ON TABLE society.task_results TO guildhall_app;

GRANT INSERT(attempt) ON TABLE society.task_results TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.task_results TO guildhall_app;

GRANT INSERT(output),UPDATE(output) ON TABLE society.task_results TO guildhall_app;

GRANT INSERT(quality_score),UPDATE(quality_score) ON TABLE society.task_results TO guildhall_app;

GRANT INSERT(tokens_used),UPDATE(tokens_used) ON TABLE society.task_results TO guildhall_app;

GRANT INSERT(cost_usd),UPDATE(cost_usd) ON TABLE society.task_results TO guildhall_app;

GRANT INSERT(duration_ms),UPDATE(duration_ms) ON TABLE society.task_results TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.task_results TO guildhall_app;

GRANT SELECT ON TABLE society.tier_history TO guildhall_app;
GRANT SELECT ON TABLE society.tier_history TO guildhall_reader;
GRANT SELECT ON TABLE society.tier_history TO guildhall_person;

GRANT SELECT ON TABLE society.tiers TO guildhall_app;
GRANT SELECT ON TABLE society.tiers TO guildhall_reader;
GRANT SELECT ON TABLE society.tiers TO guildhall_person;

GRANT UPDATE(min_points) ON TABLE society.tiers TO guildhall_app;

GRANT UPDATE(keep_points) ON TABLE society.tiers TO guildhall_app;

GRANT UPDATE(multiplier) ON TABLE society.tiers TO guildhall_app;

GRANT UPDATE(perks) ON TABLE society.tiers TO guildhall_app;

GRANT SELECT ON TABLE society.v_active_agents TO guildhall_app;
GRANT SELECT ON TABLE society.v_active_agents TO guildhall_reader;

GRANT SELECT ON TABLE society.v_active_mentorships TO guildhall_app;
GRANT SELECT ON TABLE society.v_active_mentorships TO guildhall_reader;

GRANT SELECT ON TABLE society.v_agent_reputation TO guildhall_app;
GRANT SELECT ON TABLE society.v_agent_reputation TO guildhall_reader;

GRANT SELECT ON TABLE society.v_current_leaderboard TO guildhall_app;
GRANT SELECT ON TABLE society.v_current_leaderboard TO guildhall_reader;

GRANT SELECT ON TABLE society.v_task_queue_summary TO guildhall_app;
GRANT SELECT ON TABLE society.v_task_queue_summary TO guildhall_reader;

GRANT SELECT ON TABLE society.violations TO guildhall_app;
GRANT SELECT ON TABLE society.violations TO guildhall_reader;
GRANT SELECT ON TABLE society.violations TO guildhall_person;

GRANT INSERT(id) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(violation_type) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(severity),UPDATE(severity) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(penalty_points),UPDATE(penalty_points) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(status_reason),UPDATE(status_reason) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(description),UPDATE(description) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(evidence),UPDATE(evidence) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(task_id),UPDATE(task_id) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(reported_by) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(reported_by_user) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(detected_by) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(occurred_at) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.violations TO guildhall_app;

GRANT SELECT ON TABLE society.vote_audit_trail TO guildhall_app;
GRANT SELECT ON TABLE society.vote_audit_trail TO guildhall_reader;
GRANT SELECT ON TABLE society.vote_audit_trail TO guildhall_person;
GRANT SELECT ON TABLE society.vote_audit_trail TO guildhall_scheduler;

GRANT INSERT(id) ON TABLE society.vote_audit_trail TO guildhall_app;

GRANT INSERT(session_id) ON TABLE society.vote_audit_trail TO guildhall_app;

GRANT INSERT(vote_id) ON TABLE society.vote_audit_trail TO guildhall_app;

GRANT INSERT(event_type) ON TABLE society.vote_audit_trail TO guildhall_app;

GRANT INSERT(payload) ON TABLE society.vote_audit_trail TO guildhall_app;

GRANT INSERT(signature) ON TABLE society.vote_audit_trail TO guildhall_app;

GRANT INSERT(signed_by) ON TABLE society.vote_audit_trail TO guildhall_app;

GRANT SELECT ON TABLE society.vote_delegations TO guildhall_app;
GRANT SELECT ON TABLE society.vote_delegations TO guildhall_reader;
GRANT SELECT ON TABLE society.vote_delegations TO guildhall_person;

GRANT INSERT(id) ON TABLE society.vote_delegations TO guildhall_app;

GRANT INSERT(session_id) ON TABLE society.vote_delegations TO guildhall_app;

GRANT INSERT(from_agent_id) ON TABLE society.vote_delegations TO guildhall_app;

GRANT INSERT(to_agent_id) ON TABLE society.vote_delegations TO guildhall_app;

GRANT INSERT(expires_at),UPDATE(expires_at) ON TABLE society.vote_delegations TO guildhall_app;

GRANT INSERT(revoked_at),UPDATE(revoked_at) ON TABLE society.vote_delegations TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.vote_delegations TO guildhall_app;

GRANT SELECT ON TABLE society.votes TO guildhall_app;
GRANT SELECT ON TABLE society.votes TO guildhall_reader;
GRANT SELECT ON TABLE society.votes TO guildhall_person;

GRANT INSERT(id) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(session_id) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(vote_option) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(ranking) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(scores) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(confidence) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(tokens_spent) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(rationale) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(signature) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(cast_at) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(superseded_at),UPDATE(superseded_at) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(superseded_by),UPDATE(superseded_by) ON TABLE society.votes TO guildhall_app;

GRANT SELECT,DELETE ON TABLE society.voting_eligibility TO guildhall_app;
GRANT SELECT ON TABLE society.voting_eligibility TO guildhall_reader;
GRANT SELECT ON TABLE society.voting_eligibility TO guildhall_person;

GRANT INSERT(session_id) ON TABLE society.voting_eligibility TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.voting_eligibility TO guildhall_app;

GRANT INSERT(weight),UPDATE(weight) ON TABLE society.voting_eligibility TO guildhall_app;

GRANT INSERT(token_budget),UPDATE(token_budget) ON TABLE society.voting_eligibility TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.voting_eligibility TO guildhall_app;

GRANT SELECT ON TABLE society.voting_sessions TO guildhall_app;
GRANT SELECT ON TABLE society.voting_sessions TO guildhall_reader;
GRANT SELECT ON TABLE society.voting_sessions TO guildhall_person;

GRANT INSERT(id) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(session_id),UPDATE(session_id) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(topic),UPDATE(topic) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(description),UPDATE(description) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(algorithm),UPDATE(algorithm) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(options),UPDATE(options) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(results),UPDATE(results) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(seats),UPDATE(seats) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(quorum),UPDATE(quorum) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(threshold),UPDATE(threshold) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(token_budget),UPDATE(token_budget) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(is_secret),UPDATE(is_secret) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(tie_break),UPDATE(tie_break) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(tie_seed_hash),UPDATE(tie_seed_hash) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(tie_seed),UPDATE(tie_seed) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(opens_at),UPDATE(opens_at) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(closes_at),UPDATE(closes_at) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(opened_at),UPDATE(opened_at) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(closed_at),UPDATE(closed_at) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(created_by),UPDATE(created_by) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(proposed_by),UPDATE(proposed_by) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.voting_sessions TO guildhall_app;
