-- The work engine at less cost for each job. What a job passes through, a claim
-- and an end, writes two new versions of its row, and each has an entry in every
-- index; so there is one index fewer, and one that holds nothing for a single row.

-- The template as it was, but for this: a claim takes rows where it has found
-- them, not by their keys; it looks for a window only where it serves several
-- lanes; and what is called with thousands of values is planned once, not for
-- each call anew.
CREATE OR REPLACE FUNCTION platform.create_task_engine(
    engine text, tasks text, dependencies text, lanes text, status text, priority text, patience text,
    recorded text, bury text, revive text, words jsonb DEFAULT '{}'
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $engine$
DECLARE
    template text;
    word     record;
BEGIN
    FOREACH template IN ARRAY ARRAY[

-- Places in the lines for tasks that are ready, in the order given. It sees all
-- teams' lines, whoever asks, and tells nothing but the places.
$template$
CREATE FUNCTION {engine}_places(p_lanes integer[], p_keys text[], p_priorities {priority}[], p_weights double precision[], p_ready timestamptz[])
    RETURNS timestamptz[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN (
        WITH fresh AS MATERIALIZED (
            SELECT * FROM unnest(p_lanes, p_keys, p_priorities, p_weights, p_ready) WITH ORDINALITY
                       AS given (lane, fair_key, priority, weight, ready_at, n)
        ),
        turns AS MATERIALIZED (
            SELECT groups.*, COALESCE(
                       (SELECT tasks.place + interval '1 millisecond' FROM {tasks} AS tasks
                         WHERE tasks.lane = groups.lane AND tasks.fair_key = groups.fair_key AND tasks.priority = groups.priority
                           AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                         ORDER BY tasks.place DESC LIMIT 1) - {patience}(groups.priority),
                       (SELECT tasks.place - {patience}(tasks.priority) FROM {tasks} AS tasks
                         WHERE tasks.lane = groups.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                         ORDER BY tasks.place, tasks.seq LIMIT 1)
                   ) AS earliest
              FROM (SELECT DISTINCT lane, fair_key, priority FROM fresh) AS groups
        )
        SELECT array_agg(
                   GREATEST(COALESCE(turns.earliest, fresh.ready_at), fresh.ready_at - interval '1 hour') + {patience}(fresh.priority)
                   + interval '1 millisecond' * (fresh.steps - 1 / fresh.weight)
                   ORDER BY fresh.n
               )
          FROM (SELECT *, sum(1 / weight) OVER (PARTITION BY lane, fair_key, priority ORDER BY ready_at, n) AS steps FROM fresh) AS fresh
          JOIN turns USING (lane, fair_key, priority)
    );
END
$$
$template$,

-- Tasks that have become ready take their places; the others keep theirs, or none.
$template$
CREATE FUNCTION {engine}_take_places(p_ids uuid[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
AS $$
DECLARE
    v_count  integer;
    v_ids    uuid[];
    v_places timestamptz[];
BEGIN
    SELECT array_agg(ready.id),
           {engine}_places(array_agg(lane), array_agg(fair_key::text), array_agg(priority), array_agg(weight), array_agg(scheduled_at))
      INTO v_ids, v_places
      FROM (
          SELECT id, lane, fair_key, priority, weight, GREATEST(scheduled_at, created_at) AS scheduled_at
            FROM {tasks}
           WHERE id = ANY (p_ids) AND status = 'pending' AND place IS NULL AND open_dependencies = 0 AND scheduled_at <= now()
           ORDER BY scheduled_at, seq
      ) AS ready;
    IF v_ids IS NULL THEN
        RETURN 0;
    END IF;
    UPDATE {tasks} AS tasks
       SET place = placed.place
      FROM unnest(v_ids, v_places) AS placed (id, place)
     WHERE tasks.id = placed.id AND tasks.status = 'pending' AND tasks.place IS NULL;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END
$$
$template$,

-- Adds tasks of one team, all of them or none. The arrays run in parallel; those
-- that are left out, or shorter, mean the defaults. Edges are given by the place
-- of the waiting task in the arrays and the id of what it waits for, which
-- exists already or stands further ahead in the arrays: so there is no circle.
-- A unique key that a live task of the team has: that task is answered, and
-- nothing is added. Returns the ids in the order given.
$template$
CREATE FUNCTION {engine}_enqueue(
    p_types text[], p_payloads jsonb[],
    p_ids uuid[] DEFAULT NULL, p_queues text[] DEFAULT NULL, p_priorities {priority}[] DEFAULT NULL,
    p_scheduled_at timestamptz[] DEFAULT NULL, p_max_retries integer[] DEFAULT NULL,
    p_timeouts interval[] DEFAULT NULL, p_deadlines timestamptz[] DEFAULT NULL,
    p_unique_keys text[] DEFAULT NULL, p_idempotency_keys text[] DEFAULT NULL,
    p_fair_keys text[] DEFAULT NULL, p_weights double precision[] DEFAULT NULL,
    p_waiting integer[] DEFAULT NULL, p_waits_for uuid[] DEFAULT NULL, p_on_failure text[] DEFAULT NULL
) RETURNS TABLE (id uuid, is_new boolean)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET plan_cache_mode = force_generic_plan
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
      LEFT JOIN {lanes} AS lanes ON lanes.task_type = given.task_type AND lanes.queue = COALESCE(given.queue, 'default');
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
                       (SELECT live.id FROM {tasks} AS live
                         WHERE live.tenant_id = platform.tenant_id() AND live.unique_key = given.unique_key
                           AND live.status IN ('pending', 'queued', 'running', 'paused', 'stuck')),
                       (SELECT known.id FROM {tasks} AS known
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
        PERFORM FROM {tasks} AS awaited WHERE awaited.id = ANY (v_known) ORDER BY awaited.id FOR SHARE;
        SELECT COALESCE(v_wrong, min(awaited.id::text)) INTO v_wrong
          FROM unnest(v_known) AS awaited (id)
         WHERE NOT EXISTS (SELECT FROM {tasks} AS known WHERE known.id = awaited.id);
        IF v_wrong IS NOT NULL THEN
            RAISE EXCEPTION 'task % is neither there nor ahead of what waits for it', v_wrong
                  USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_dependency_is_known', DETAIL = v_wrong;
        END IF;
        SELECT min(awaited.id::text) INTO v_wrong
          FROM unnest(p_waiting, v_awaited, p_on_failure) AS edges (waiting, awaited, on_failure)
          JOIN {tasks} AS awaited ON awaited.id = edges.awaited
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
                     LEFT JOIN {tasks} AS awaited ON awaited.id = edges.awaited
                    WHERE COALESCE(awaited.status, 'pending') NOT IN ('completed', 'failed', 'cancelled', 'dead_letter')
                    GROUP BY edges.waiting
               ) AS counted ON counted.waiting = given.n;
    END IF;

    SELECT {engine}_places(
               array_agg(given.lane ORDER BY given.n),
               array_agg(COALESCE(given.fair_key, platform.tenant_id()::text) ORDER BY given.n),
               array_agg(COALESCE(given.priority, 'normal') ORDER BY given.n),
               array_agg(COALESCE(given.weight, 1) ORDER BY given.n),
               array_agg(COALESCE(given.scheduled_at, now()) ORDER BY given.n)
           )
      INTO v_places
      FROM unnest(v_lanes, p_fair_keys, p_priorities, p_weights, p_scheduled_at) WITH ORDINALITY
           AS given (lane, fair_key, priority, weight, scheduled_at, n);

    INSERT INTO {tasks} (id, task_type, payload, priority, scheduled_at, max_retries, timeout, deadline_at, unique_key,
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
      JOIN {lanes} AS lanes ON lanes.lane = given.lane
     WHERE given.id = given.final_id
     ORDER BY given.n;

    IF p_waiting IS NOT NULL THEN
        INSERT INTO {dependencies} (task_id, depends_on_task_id, on_failure, is_settled)
        SELECT v_ids[edges.waiting], awaited.id, COALESCE(min(edges.on_failure), 'cancel'),
               awaited.status IN ('completed', 'failed', 'cancelled', 'dead_letter')
          FROM unnest(p_waiting, v_awaited, p_on_failure) AS edges (waiting, awaited, on_failure)
          JOIN {tasks} AS awaited ON awaited.id = edges.awaited
         WHERE v_ids[edges.waiting] = v_final[edges.waiting]
         GROUP BY edges.waiting, awaited.id, awaited.status;
    END IF;
    RETURN QUERY SELECT given.final_id, given.id = given.final_id FROM unnest(v_ids, v_final) AS given (id, final_id);
END
$$
$template$,

-- What has become due takes its place; called by claims.
$template$
CREATE FUNCTION {engine}_promote(p_lanes integer[], p_most integer DEFAULT 1000) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET enable_sort = off
AS $$
DECLARE
    v_due uuid[];
BEGIN
    SELECT array_agg(due.id) INTO v_due
      FROM unnest(p_lanes) AS served (lane)
     CROSS JOIN LATERAL (
               SELECT tasks.id
                 FROM {tasks} AS tasks
                WHERE tasks.lane = served.lane AND tasks.status = 'pending' AND tasks.place IS NULL
                  AND tasks.open_dependencies = 0 AND tasks.scheduled_at <= now()
                ORDER BY tasks.scheduled_at
                LIMIT p_most
                  FOR UPDATE SKIP LOCKED
           ) AS due;
    RETURN CASE WHEN v_due IS NULL THEN 0 ELSE {engine}_take_places(v_due) END;
END
$$
$template$,

-- How many tasks of each lane a worker may take now: none of one that is paused,
-- no more than caps and rates leave. The limits of a lane are used by one claim
-- at a time; another finds nothing in it and comes again.
$template$
CREATE FUNCTION {engine}_rooms(INOUT p_lanes integer[], p_n integer, OUT p_rooms integer[])
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
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
      FROM {lanes}
     WHERE lane = ANY (p_lanes) AND NOT is_paused;
    IF v_limited IS NULL THEN
        RETURN;
    END IF;
    -- Nobody needs a lane's limits who finds nothing in it.
    v_limited := ARRAY(
        SELECT wanted.lane
          FROM unnest(v_limited) AS wanted (lane)
         WHERE EXISTS (SELECT FROM {tasks} AS tasks
                        WHERE tasks.lane = wanted.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL)
    );
    FOR v_lane IN
        SELECT * FROM {lanes} WHERE lane = ANY (v_limited) AND NOT is_paused ORDER BY lane FOR UPDATE SKIP LOCKED
    LOOP
        v_room := p_n;
        IF v_lane.max_running IS NOT NULL THEN
            v_room := LEAST(v_room, v_lane.max_running - (
                SELECT count(*)::integer FROM {tasks} AS tasks
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
$$
$template$,

-- Takes up to `p_n` tasks from the heads of the lanes for a worker, in the order
-- of their places. The first `p_begin` of them (all, if null) begin at once; the
-- others are queued with the worker, which calls `start` before it begins one.
-- The answer stands in the order in which to begin.
$template$
CREATE FUNCTION {engine}_claim(p_worker text, p_lanes integer[], p_n integer, p_begin integer DEFAULT NULL)
    RETURNS TABLE (
        id uuid, tenant_id uuid, task_type varchar, payload jsonb, attempt_token uuid, attempt integer, retry_count integer,
        max_retries integer, leased_until timestamptz, status text, created_by uuid
    )
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    v_was_silent boolean;
    v_lanes      integer[];
    v_rooms      integer[];
BEGIN
    IF p_n < 1 THEN
        RETURN;
    END IF;
    -- One that was silent for longer than its lease lives: it claims.
    SELECT workers.last_seen < now() - workers.lease / 2 INTO v_was_silent
      FROM platform.task_workers AS workers WHERE workers.worker_id = p_worker;
    IF v_was_silent THEN
        UPDATE platform.task_workers AS workers SET last_seen = clock_timestamp() WHERE workers.worker_id = p_worker;
    ELSIF v_was_silent IS NULL THEN
        RAISE EXCEPTION 'there is no worker %', quote_literal(p_worker)
              USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_worker_is_known', DETAIL = p_worker;
    END IF;

    PERFORM {engine}_promote(p_lanes);
    SELECT * INTO v_lanes, v_rooms FROM {engine}_rooms(p_lanes, p_n);
    IF v_lanes IS NULL THEN
        RETURN;
    END IF;

    -- Where several lanes have tasks, a window says how many of each; what others
    -- hold in it is passed over when locking, so that two who claim at once do not
    -- get half each.
    IF cardinality(v_lanes) > 1 THEN
        SELECT array_agg(quotas.lane), array_agg(quotas.n)
          INTO v_lanes, v_rooms
          FROM (
              SELECT heads.lane, count(*)::integer AS n
                FROM (
                    SELECT served.lane
                      FROM unnest(v_lanes, v_rooms) AS served (lane, room)
                     CROSS JOIN LATERAL (
                               SELECT tasks.scheduled_at + {patience}(tasks.priority) AS due_at
                                 FROM {tasks} AS tasks
                                WHERE tasks.lane = served.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                                ORDER BY tasks.place, tasks.seq
                                LIMIT served.room
                           ) AS waiting
                     ORDER BY waiting.due_at
                     LIMIT p_n
                ) AS heads
               GROUP BY heads.lane
          ) AS quotas;
    END IF;
    RETURN QUERY
        WITH held AS MATERIALIZED (
            SELECT taken.ctid AS row, row_number() OVER (ORDER BY taken.place, taken.seq) AS n
              FROM unnest(v_lanes, v_rooms) AS quotas (lane, n)
             CROSS JOIN LATERAL (
                       SELECT tasks.ctid, tasks.place, tasks.seq
                         FROM {tasks} AS tasks
                        WHERE tasks.lane = quotas.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                          AND (tasks.deadline_at > now() OR tasks.deadline_at IS NULL)
                        ORDER BY tasks.place, tasks.seq
                        LIMIT quotas.n
                          FOR UPDATE SKIP LOCKED
                   ) AS taken
        ),
        changed AS (
            UPDATE {tasks} AS tasks
               SET status        = CASE WHEN held.n <= p_begin OR p_begin IS NULL THEN 'running' ELSE 'queued' END::{status},
                   worker_id     = p_worker,
                   attempts      = tasks.attempts + 1,
                   attempt_token = gen_random_uuid(),
                   started_at    = now(),
                   leased_until  = LEAST(now() + tasks.timeout, tasks.deadline_at)
              FROM held
             WHERE tasks.ctid = held.row
            RETURNING tasks.id, tasks.tenant_id, tasks.task_type, tasks.payload, tasks.attempt_token, tasks.attempts AS attempt,
                      tasks.retry_count, tasks.max_retries, tasks.leased_until, tasks.status, tasks.created_by, tasks.lane, held.n,
                      CASE WHEN tasks.status = 'running' THEN 'started' ELSE 'queued' END AS event, p_worker AS worker_id,
                      NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
        ),
        recorded AS ({recorded}),
        spent AS (
            UPDATE {lanes} AS lanes
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
$$
$template$,

-- Begins tasks that were queued with the worker; answers those that it still has.
$template$
CREATE FUNCTION {engine}_start(p_worker text, p_ids uuid[], p_tokens uuid[]) RETURNS SETOF uuid
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
AS $$
    WITH changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'running', started_at = now(), leased_until = LEAST(now() + tasks.timeout, tasks.deadline_at)
          FROM unnest(p_ids, p_tokens) AS given (id, token)
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'queued' AND tasks.worker_id = p_worker
        RETURNING tasks.tenant_id, tasks.id, 'started' AS event, tasks.attempts AS attempt, tasks.attempt_token, tasks.worker_id,
                  NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS ({recorded})
    SELECT id FROM changed
$$
$template$,

-- Whoever waited for tasks that have ended goes on, or ends with them. Those that
-- wait are locked in the order of their ids, so that two who end tasks do not
-- wait for each other.
$template$
CREATE FUNCTION {engine}_settle(p_ended uuid[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    v_ended   uuid[] := p_ended;
    v_waiting uuid[];
    v_ready   uuid[];
    v_count   integer := 0;
BEGIN
    WHILE EXISTS (SELECT FROM {dependencies} WHERE depends_on_task_id = ANY (v_ended) AND NOT is_settled) LOOP
        PERFORM FROM {tasks}
          WHERE id IN (SELECT task_id FROM {dependencies} WHERE depends_on_task_id = ANY (v_ended) AND NOT is_settled)
          ORDER BY id FOR UPDATE;
        WITH settled AS (
            UPDATE {dependencies} AS edges
               SET is_settled = true
              FROM {tasks} AS ended
             WHERE edges.depends_on_task_id = ANY (v_ended) AND NOT edges.is_settled
               AND ended.id = edges.depends_on_task_id
               AND (ended.status = 'completed' OR edges.on_failure = 'ignore')
            RETURNING edges.task_id
        ),
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

        WITH doomed AS (
            SELECT edges.task_id,
                   bool_or(edges.on_failure = 'fail' AND ended.status <> 'cancelled') AS fails,
                   min(format('task %s, which it waits for, is %s', ended.id, ended.status)) AS reason
              FROM {dependencies} AS edges
              JOIN {tasks} AS ended ON ended.id = edges.depends_on_task_id
             WHERE edges.depends_on_task_id = ANY (v_ended) AND NOT edges.is_settled
               AND ended.status IN ('failed', 'cancelled', 'dead_letter')
             GROUP BY edges.task_id
        ),
        changed AS (
            UPDATE {tasks} AS tasks
               SET status = CASE WHEN doomed.fails THEN 'failed' ELSE 'cancelled' END::{status},
                   completed_at = now(), error_message = doomed.reason, place = NULL
              FROM doomed
             WHERE tasks.id = doomed.task_id AND tasks.status IN ('pending', 'paused')
            RETURNING tasks.id
        )
        SELECT array_agg(id) INTO v_ended FROM changed;
    END LOOP;
    RETURN v_count;
END
$$
$template$,

-- Completes tasks, and answers those that the worker may count as done: also
-- those that it has completed before, in case it never heard so.
$template$
CREATE FUNCTION {engine}_complete(p_worker text, p_ids uuid[], p_tokens uuid[], p_results jsonb[] DEFAULT NULL) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    v_done uuid[];
BEGIN
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest(p_ids, p_tokens, p_results) AS given (id, token, result) ORDER BY id
    ),
    changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'completed', completed_at = now(), result = given.result, leased_until = NULL, error_message = NULL
          FROM given
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'running'
        RETURNING tasks.tenant_id, tasks.id, 'completed' AS event, tasks.attempts AS attempt, tasks.attempt_token,
                  tasks.worker_id, NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS ({recorded})
    SELECT array_agg(id) INTO v_done FROM changed;
    IF v_done IS NOT NULL THEN
        PERFORM {engine}_settle(v_done);
    END IF;
    RETURN QUERY SELECT unnest(v_done);
    IF cardinality(p_ids) > COALESCE(cardinality(v_done), 0) THEN
        RETURN QUERY
            SELECT tasks.id
              FROM unnest(p_ids, p_tokens) AS given (id, token)
              JOIN {tasks} AS tasks ON tasks.id = given.id AND tasks.attempt_token = given.token
             WHERE tasks.status = 'completed' AND tasks.id <> ALL (COALESCE(v_done, '{}'));
    END IF;
END
$$
$template$,

-- Tasks that could not be done: tried again later, as long as they have retries
-- left and did not say that it is no use; else they have failed (by their own
-- word) or go to the dead letters. Answers what has become of those that the
-- worker still had. The wait doubles with each retry, with chance in it.
$template$
CREATE FUNCTION {engine}_fail(
    p_worker text, p_ids uuid[], p_tokens uuid[], p_messages text[], p_stacks text[] DEFAULT NULL,
    p_is_final boolean[] DEFAULT NULL, p_delays interval[] DEFAULT NULL
) RETURNS TABLE (id uuid, status text, scheduled_at timestamptz)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    v_changed uuid[];
    v_ended   uuid[];
    v_dead    uuid[];
BEGIN
    WITH held AS MATERIALIZED (
        SELECT tasks.id, given.token, given.stack, COALESCE(given.message, 'no reason was given') AS message,
               COALESCE(given.delay, {engine}_wait(lanes.retry_base, lanes.retry_most, tasks.retry_count)) AS delay,
               CASE WHEN given.is_final THEN 'failed'
                    WHEN tasks.retry_count >= tasks.max_retries OR tasks.deadline_at <= now() THEN 'dead_letter'
                    ELSE 'pending' END AS verdict
          FROM unnest(p_ids, p_tokens, p_messages, p_stacks, p_is_final, p_delays)
                 AS given (id, token, message, stack, is_final, delay)
          JOIN {tasks} AS tasks ON tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'running'
          JOIN {lanes} AS lanes ON lanes.lane = tasks.lane
         ORDER BY tasks.id
           FOR UPDATE OF tasks
    ),
    changed AS (
        UPDATE {tasks} AS tasks
           SET status        = held.verdict::{status},
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
    recorded AS ({recorded})
    SELECT array_agg(changed.id), array_agg(changed.id) FILTER (WHERE changed.status <> 'pending'),
           array_agg(changed.id) FILTER (WHERE changed.status = 'dead_letter')
      INTO v_changed, v_ended, v_dead
      FROM changed;
    IF v_dead IS NOT NULL THEN
        PERFORM {engine}_bury(v_dead);
    END IF;
    IF v_ended IS NOT NULL THEN
        PERFORM {engine}_settle(v_ended);
    END IF;
    RETURN QUERY
        SELECT tasks.id, tasks.status::text, tasks.scheduled_at FROM {tasks} AS tasks WHERE tasks.id = ANY (v_changed);
END
$$
$template$,

-- Between half of what doubling comes to and the whole of it.
$template$
CREATE FUNCTION {engine}_wait(p_base interval, p_most interval, p_retries integer) RETURNS interval
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT LEAST(p_most, p_base * power(2, LEAST(p_retries, 30))) * (0.5 + random() / 2)
$$
$template$,

-- Into the dead letters, with the error, its stack and every attempt.
$template$
CREATE FUNCTION {engine}_bury(p_dead uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    {bury};
END
$$
$template$,

-- A worker that stops gives back what it has not done: it stands where it stood,
-- and no retry is used up.
$template$
CREATE FUNCTION {engine}_release(p_worker text, p_ids uuid[], p_tokens uuid[]) RETURNS SETOF uuid
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
AS $$
    WITH changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'pending', attempt_token = NULL, leased_until = NULL
          FROM (SELECT * FROM unnest(p_ids, p_tokens) AS given (id, token) ORDER BY id) AS given
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status IN ('queued', 'running')
        RETURNING tasks.tenant_id, tasks.id, 'handed_back' AS event, tasks.attempts AS attempt, given.token AS attempt_token,
                  p_worker AS worker_id, NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS ({recorded})
    SELECT id FROM changed
$$
$template$,

-- One round trip of a busy worker: completes what it has done, and claims more.
-- A row without a token says that this task counts as done.
$template$
CREATE FUNCTION {engine}_step(
    p_worker text, p_ids uuid[], p_tokens uuid[], p_results jsonb[], p_lanes integer[], p_n integer, p_begin integer DEFAULT NULL
) RETURNS TABLE (
        id uuid, tenant_id uuid, task_type varchar, payload jsonb, attempt_token uuid, attempt integer, retry_count integer,
        max_retries integer, leased_until timestamptz, status text, created_by uuid
    )
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
        SELECT done, NULL::uuid, NULL::varchar, NULL::jsonb, NULL::uuid, NULL::integer, NULL::integer, NULL::integer,
               NULL::timestamptz, 'completed', NULL::uuid
          FROM {engine}_complete(p_worker, p_ids, p_tokens, p_results) AS done;
    RETURN QUERY SELECT * FROM {engine}_claim(p_worker, p_lanes, p_n, p_begin);
END
$$
$template$,

-- A sign of life. Answers which of its tasks the worker has lost, and should stop.
$template$
CREATE FUNCTION {engine}_heartbeat(p_worker text, p_ids uuid[] DEFAULT '{}', p_tokens uuid[] DEFAULT '{}') RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
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
                   SELECT FROM {tasks} AS tasks
                    WHERE tasks.id = given.id AND tasks.attempt_token = given.token
                      AND tasks.status IN ('queued', 'running', 'completed')
               );
END
$$
$template$,

-- The first half of a sweep: what is lost is taken from whoever has it. Tasks
-- that were begun are stuck, and seen as such until the second half; what was
-- only queued with a lost worker goes back, and no retry is used up.
$template$
CREATE FUNCTION {engine}_mark_stuck(p_most integer DEFAULT 1000) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
AS $$
DECLARE
    v_count integer;
BEGIN
    WITH lost AS MATERIALIZED (
        SELECT tasks.id, CASE WHEN tasks.leased_until < now() THEN 'the attempt took longer than it may'
                              ELSE format('worker %s was lost', tasks.worker_id) END AS reason, tasks.attempt_token
          FROM {tasks} AS tasks
         WHERE tasks.status IN ('queued', 'running')
           AND (tasks.leased_until < now()
                OR tasks.worker_id NOT IN (
                       SELECT workers.worker_id FROM platform.task_workers AS workers WHERE workers.last_seen >= now() - workers.lease
                   ))
         LIMIT p_most
           FOR UPDATE SKIP LOCKED
    ),
    changed AS (
        UPDATE {tasks} AS tasks
           SET status = CASE WHEN tasks.status = 'queued' THEN 'pending' ELSE 'stuck' END::{status},
               attempt_token = NULL, leased_until = NULL,
               error_message = CASE WHEN tasks.status = 'queued' THEN tasks.error_message ELSE lost.reason END
          FROM lost
         WHERE tasks.id = lost.id
        RETURNING tasks.tenant_id, tasks.id, CASE WHEN tasks.status = 'stuck' THEN 'stuck' ELSE 'rescued' END AS event,
                  tasks.attempts AS attempt, lost.attempt_token, tasks.worker_id, lost.reason AS error_message,
                  NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS ({recorded})
    SELECT count(*) INTO v_count FROM changed;
    RETURN v_count;
END
$$
$template$,

-- The second half: what is stuck is tried again, or goes to the dead letters; so
-- does what nobody has begun before its deadline.
$template$
CREATE FUNCTION {engine}_rescue(p_most integer DEFAULT 1000, OUT p_retried integer, OUT p_dead integer)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
AS $$
DECLARE
    v_dead uuid[];
BEGIN
    WITH held AS MATERIALIZED (
        SELECT tasks.id, {engine}_wait(lanes.retry_base, lanes.retry_most, tasks.retry_count) AS delay,
               CASE WHEN tasks.retry_count >= tasks.max_retries OR tasks.deadline_at <= now() THEN 'dead_letter'
                    ELSE 'pending' END AS verdict
          FROM {tasks} AS tasks
          JOIN {lanes} AS lanes ON lanes.lane = tasks.lane
         WHERE tasks.status = 'stuck'
         LIMIT p_most
           FOR UPDATE OF tasks SKIP LOCKED
    ),
    changed AS (
        UPDATE {tasks} AS tasks
           SET status       = held.verdict::{status},
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
    recorded AS ({recorded} WHERE changed.status = 'pending')
    SELECT count(*) FILTER (WHERE status = 'pending'), array_agg(id) FILTER (WHERE status = 'dead_letter')
      INTO p_retried, v_dead
      FROM changed;

    WITH late AS MATERIALIZED (
        SELECT tasks.id FROM {tasks} AS tasks
         WHERE tasks.deadline_at <= now() AND tasks.status IN ('pending', 'paused')
         LIMIT p_most FOR UPDATE SKIP LOCKED
    ),
    changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'dead_letter', completed_at = now(), place = NULL,
               error_message = COALESCE(tasks.error_message, 'its deadline passed before it was done')
          FROM late WHERE tasks.id = late.id
        RETURNING tasks.id
    )
    SELECT COALESCE(v_dead, '{}') || COALESCE(array_agg(id), '{}') INTO v_dead FROM changed;
    p_dead := cardinality(v_dead);
    IF p_dead > 0 THEN
        PERFORM {engine}_bury(v_dead);
        PERFORM {engine}_settle(v_dead);
    END IF;
END
$$
$template$,

-- Until somebody resumes them; one that is at work is taken from its worker.
$template$
CREATE FUNCTION {engine}_pause(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE {tasks} AS tasks
       SET status = 'paused', leased_until = NULL
      FROM (SELECT id FROM {tasks} WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
     WHERE tasks.id = held.id AND tasks.status IN ('pending', 'queued', 'running')
    RETURNING tasks.id
$$
$template$,

-- Back to its place in the line.
$template$
CREATE FUNCTION {engine}_resume(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_resumed uuid[];
BEGIN
    WITH changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'pending'
          FROM (SELECT id FROM {tasks} WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
         WHERE tasks.id = held.id AND tasks.status = 'paused'
        RETURNING tasks.id
    )
    SELECT array_agg(id) INTO v_resumed FROM changed;
    PERFORM {engine}_take_places(v_resumed);
    RETURN QUERY SELECT unnest(v_resumed);
END
$$
$template$,

-- Nobody begins them any more, and whoever has one is told to stop; those that
-- wait for them end with them, unless they said that they would not.
$template$
CREATE FUNCTION {engine}_cancel(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_cancelled uuid[];
BEGIN
    WITH changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'cancelled', completed_at = now(), leased_until = NULL, place = NULL
          FROM (SELECT id FROM {tasks} WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
         WHERE tasks.id = held.id AND tasks.status IN ('pending', 'queued', 'running', 'paused', 'stuck')
        RETURNING tasks.id
    )
    SELECT array_agg(id) INTO v_cancelled FROM changed;
    IF v_cancelled IS NOT NULL THEN
        PERFORM {engine}_settle(v_cancelled);
    END IF;
    RETURN QUERY SELECT unnest(v_cancelled);
END
$$
$template$,

-- Once more from the beginning, for what has failed, was cancelled or is dead. It
-- waits again for what has not been done of what it waited for. What has a unique
-- key that a living one has taken meanwhile stays as it is; of several with one
-- key the first comes again.
$template$
CREATE FUNCTION {engine}_retry(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_again uuid[];
BEGIN
    WITH changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'pending', retry_count = 0, completed_at = NULL, scheduled_at = now(), place = NULL,
               deadline_at = CASE WHEN tasks.deadline_at > now() THEN tasks.deadline_at END,
               open_dependencies = (
                   SELECT count(*) FROM {dependencies} AS edges WHERE edges.task_id = tasks.id AND NOT edges.is_settled
               )
          FROM (SELECT id FROM {tasks} WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
         WHERE tasks.id = held.id AND tasks.status IN ('failed', 'cancelled', 'dead_letter')
           AND NOT EXISTS (
                   SELECT FROM {tasks} AS others
                    WHERE others.tenant_id = tasks.tenant_id AND others.unique_key = tasks.unique_key AND others.id <> tasks.id
                      AND (others.status IN ('pending', 'queued', 'running', 'paused', 'stuck')
                           OR (others.id < tasks.id AND others.id = ANY (p_ids)
                               AND others.status IN ('failed', 'cancelled', 'dead_letter')))
               )
        RETURNING tasks.id
    )
    SELECT array_agg(id) INTO v_again FROM changed;
    IF v_again IS NOT NULL THEN
        {revive};
        PERFORM {engine}_take_places(v_again);
    END IF;
    RETURN QUERY SELECT unnest(v_again);
END
$$
$template$
    ] LOOP
        template := replace(template, '{engine}', engine);
        template := replace(template, '{tasks}', tasks);
        template := replace(template, '{dependencies}', dependencies);
        template := replace(template, '{lanes}', lanes);
        template := replace(template, '{status}', status);
        template := replace(template, '{priority}', priority);
        template := replace(template, '{patience}', patience);
        template := replace(template, '{recorded}', recorded);
        template := replace(template, '{bury}', bury);
        template := replace(template, '{revive}', revive);
        FOR word IN SELECT key, value FROM jsonb_each_text(words) LOOP
            template := replace(template, quote_literal(word.key), quote_literal(word.value));
        END LOOP;
        EXECUTE template;
    END LOOP;
END
$engine$;

SELECT platform.drop_task_engine('platform.jobs');
SELECT platform.create_task_engine(
    engine       => 'platform.jobs',
    tasks        => 'platform.background_tasks',
    dependencies => 'platform.background_task_dependencies',
    lanes        => 'platform.task_lanes',
    status       => 'platform.job_status',
    priority     => 'platform.job_priority',
    patience     => 'platform.job_patience',
    recorded     => $$
        INSERT INTO store.background_task_history
               (tenant_id, task_id, event, attempt, attempt_token, worker_id, error_message, error_stack, detail)
        SELECT changed.tenant_id, changed.id, changed.event, NULLIF(changed.attempt, 0), changed.attempt_token, changed.worker_id,
               changed.error_message, changed.error_stack, changed.detail
          FROM changed$$,
    -- A job whose last letter still lies open gets no second one.
    bury         => $$
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
        ON CONFLICT DO NOTHING$$,
    revive       => $$
        UPDATE platform.dead_letter_queue
           SET resolution = 'redriven', resolved_at = now(), resolved_by = platform.user_id()
         WHERE original_task_id = ANY (v_again) AND resolved_at IS NULL$$
);
REVOKE ALL ON FUNCTION platform.jobs_places(integer[], text[], platform.job_priority[], double precision[], timestamptz[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.jobs_places(integer[], text[], platform.job_priority[], double precision[], timestamptz[])
    TO guildhall_app, guildhall_worker, guildhall_scheduler;

-- A key to (tenant_id, id) costs an index beside the primary key's. These keys
-- name the job alone, and whoever writes shows that it is of the same team.
ALTER TABLE platform.background_task_dependencies
    DROP CONSTRAINT background_task_dependencies_tenant_id_task_id_fkey,
    DROP CONSTRAINT background_task_dependencies_tenant_id_depends_on_task_id_fkey,
    ADD  FOREIGN KEY (task_id) REFERENCES platform.background_tasks ON DELETE CASCADE,
    ADD  FOREIGN KEY (depends_on_task_id) REFERENCES platform.background_tasks ON DELETE CASCADE;
CREATE POLICY jobs_are_of_the_same_team ON platform.background_task_dependencies AS RESTRICTIVE FOR INSERT
    WITH CHECK (
        EXISTS (SELECT FROM platform.background_tasks AS waiting
                 WHERE waiting.id = task_id AND waiting.tenant_id = background_task_dependencies.tenant_id)
        AND EXISTS (SELECT FROM platform.background_tasks AS awaited
                     WHERE awaited.id = depends_on_task_id AND awaited.tenant_id = background_task_dependencies.tenant_id)
    );
ALTER TABLE platform.dead_letter_queue
    DROP CONSTRAINT dead_letter_queue_tenant_id_original_task_id_fkey,
    ADD  FOREIGN KEY (original_task_id) REFERENCES platform.background_tasks ON DELETE SET NULL;
CREATE POLICY job_is_of_the_same_team ON platform.dead_letter_queue AS RESTRICTIVE FOR INSERT
    WITH CHECK (
        original_task_id IS NULL
        OR EXISTS (SELECT FROM platform.background_tasks AS tasks
                    WHERE tasks.id = original_task_id AND tasks.tenant_id = dead_letter_queue.tenant_id)
    );
ALTER TABLE platform.background_tasks DROP CONSTRAINT background_tasks_tenant_id_id_key;

-- Room for the versions of a row beside it, and for their entries beside its own:
-- they are told from it, and no page of the key is tidied or split for them.
ALTER TABLE platform.background_tasks SET (fillfactor = 50);
ALTER INDEX platform.background_tasks_pkey SET (fillfactor = 40);

-- Only whoever deletes a person asks for it; by its ranges it costs a new version of a row nothing.
DROP INDEX platform.background_tasks_by_creator;
CREATE INDEX background_tasks_by_creator ON platform.background_tasks USING brin (created_by);

-- What happens to every job is said by the condition, the rest by the function.
-- A trigger before the change would lock each row first.
CREATE OR REPLACE FUNCTION platform.refuse_job_transition() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF (OLD.status, NEW.status) IN (
        ('pending', 'running'), ('running', 'completed'), -- the two that happen most
        ('pending', 'queued'), ('pending', 'paused'), ('pending', 'cancelled'), ('pending', 'failed'), ('pending', 'dead_letter'),
        ('queued', 'running'), ('queued', 'pending'), ('queued', 'paused'), ('queued', 'stuck'), ('queued', 'cancelled'), ('queued', 'dead_letter'),
        ('running', 'failed'), ('running', 'pending'), ('running', 'paused'), ('running', 'stuck'),
        ('running', 'cancelled'), ('running', 'dead_letter'),
        ('paused', 'pending'), ('paused', 'cancelled'), ('paused', 'failed'), ('paused', 'dead_letter'),
        ('stuck', 'running'), ('stuck', 'pending'), ('stuck', 'failed'), ('stuck', 'cancelled'), ('stuck', 'dead_letter'),
        ('failed', 'pending'), ('failed', 'dead_letter'),
        ('cancelled', 'pending'),
        ('dead_letter', 'pending')
    ) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'job % may not go from % to %', OLD.id, OLD.status, NEW.status
          USING ERRCODE = 'check_violation', SCHEMA = 'platform', TABLE = 'background_tasks',
                CONSTRAINT = 'background_tasks_follow_their_states';
END
$$;
DROP TRIGGER background_tasks_follow_their_states ON platform.background_tasks;
CREATE TRIGGER background_tasks_follow_their_states AFTER UPDATE OF status ON platform.background_tasks
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (('pending', 'running'), ('running', 'completed')))
    EXECUTE FUNCTION platform.refuse_job_transition();
