-- name: register_type
SELECT platform.register_task_type(:name, :queue, :max_retries, :timeout, :retry_base, :retry_most, :schema);

-- name: types
SELECT task_type AS name, queue, max_retries, timeout, retry_base, retry_most, payload_schema AS schema, lane FROM platform.task_lanes;

-- name: make_known
INSERT INTO platform.task_lanes (task_type, queue)
SELECT DISTINCT name, queue FROM unnest(:names::text[], :queues::text[]) AS given (name, queue) ORDER BY name, queue
    ON CONFLICT DO NOTHING;

-- name: lanes_of
SELECT lanes.task_type AS name, lanes.queue, lanes.lane
  FROM unnest(:names::text[], :queues::text[]) AS given (name, queue)
  JOIN platform.task_lanes AS lanes ON lanes.task_type = given.name AND lanes.queue = given.queue;

-- name: enqueue
-- Those alone that were there already: of thousands that are new, only their ids would come back.
SELECT n, id
  FROM platform.jobs_enqueue(
           p_types => :types, p_payloads => :payloads, p_ids => :ids, p_queues => :queues, p_priorities => :priorities,
           p_scheduled_at => :scheduled_at, p_max_retries => :max_retries, p_timeouts => :timeouts, p_deadlines => :deadlines,
           p_unique_keys => :unique_keys, p_idempotency_keys => :idempotency_keys, p_fair_keys => :fair_keys,
           p_weights => :weights, p_waiting => :waiting, p_waits_for => :waits_for, p_on_failure => :on_failure
       ) WITH ORDINALITY AS meant (id, is_new, n)
 WHERE NOT is_new;

-- name: statuses
SELECT id, status::text FROM platform.background_tasks WHERE id = ANY (:ids);

-- name: register_worker
SELECT platform.register_worker(:name, :queues, :concurrency, :lease, :host, :pid);

-- name: find_worker
SELECT worker_id AS name, queues, concurrency, lease, host, pid FROM platform.task_workers WHERE worker_id = :name;

-- name: forget_worker
DELETE FROM platform.task_workers WHERE worker_id = :name;

-- name: forget_silent_workers
DELETE FROM platform.task_workers WHERE last_seen < now() - lease - interval '1 day';

-- name: workers
SELECT worker_id AS name, tenant_id, queues, concurrency, host, pid, started_at, last_seen,
       last_seen >= now() - lease AS is_alive
  FROM platform.task_workers
 ORDER BY started_at;

-- name: claim
SELECT id, tenant_id, task_type, payload, attempt_token, attempt, retry_count, max_retries, leased_until, status, created_by
  FROM platform.jobs_claim(:worker, :lanes, :at_most);

-- name: complete
SELECT platform.jobs_complete(:worker, :ids, :tokens, :results) AS id;

-- name: step
SELECT id, tenant_id, task_type, payload, attempt_token, attempt, retry_count, max_retries, leased_until, status, created_by
  FROM platform.jobs_step(:worker, :ids, :tokens, :results, :lanes, :at_most);

-- name: fail
SELECT id, status, scheduled_at FROM platform.jobs_fail(:worker, :ids, :tokens, :messages, :stacks, :is_final, :delays);

-- name: release
SELECT platform.jobs_release(:worker, :ids, :tokens) AS id;

-- name: heartbeat
SELECT platform.jobs_heartbeat(:worker, :ids, :tokens) AS id;

-- name: orphans
-- What a worker has by its row and does not know of, as after a claim whose answer was lost.
SELECT id, attempt_token
  FROM platform.background_tasks
 WHERE worker_id = :worker AND status IN ('queued', 'running') AND started_at < now() - :age::interval
   AND attempt_token <> ALL (:tokens::uuid[]);

-- name: mark_stuck
SELECT platform.jobs_mark_stuck(:at_most);

-- name: rescue
SELECT p_retried AS retried, p_dead AS dead FROM platform.jobs_rescue(:at_most);

-- name: pause
SELECT platform.jobs_pause(:ids) AS id;

-- name: resume
SELECT platform.jobs_resume(:ids) AS id;

-- name: cancel
SELECT platform.jobs_cancel(:ids) AS id;

-- name: retry
SELECT platform.jobs_retry(:ids) AS id;

-- name: jobs
SELECT tasks.id, tasks.task_type, lanes.queue, tasks.status::text AS status, tasks.priority::text AS priority, tasks.payload,
       tasks.result, tasks.error_message, tasks.attempts, tasks.retry_count, tasks.max_retries, tasks.worker_id, tasks.unique_key,
       tasks.open_dependencies, tasks.scheduled_at, tasks.deadline_at, tasks.started_at, tasks.completed_at, tasks.created_at
  FROM platform.background_tasks AS tasks
  JOIN platform.task_lanes AS lanes USING (lane)
 WHERE :status::platform.job_status IS NULL OR tasks.status = :status;

-- name: find_job
SELECT tasks.id, tasks.task_type, lanes.queue, tasks.status::text AS status, tasks.priority::text AS priority, tasks.payload,
       tasks.result, tasks.error_message, tasks.attempts, tasks.retry_count, tasks.max_retries, tasks.worker_id, tasks.unique_key,
       tasks.open_dependencies, tasks.scheduled_at, tasks.deadline_at, tasks.started_at, tasks.completed_at, tasks.created_at
  FROM platform.background_tasks AS tasks
  JOIN platform.task_lanes AS lanes USING (lane)
 WHERE tasks.id = :id;

-- name: events
SELECT event, attempt, worker_id, error_message, error_stack, detail, created_at AS at
  FROM platform.background_task_history
 WHERE task_id = :id
 ORDER BY created_at;

-- name: dependencies
SELECT edges.depends_on_task_id AS job_id, edges.on_failure, awaited.status::text AS status, edges.is_settled
  FROM platform.background_task_dependencies AS edges
  JOIN platform.background_tasks AS awaited ON awaited.id = edges.depends_on_task_id
 WHERE edges.task_id = :id
 ORDER BY awaited.seq;

-- name: dead_letters
SELECT id, original_task_id AS job_id, task_type, payload, error_message, error_stack, retry_history, moved_at, resolution,
       resolved_at
  FROM platform.dead_letter_queue
 WHERE resolved_at IS NULL OR NOT :only_open::boolean;

-- name: find_dead_letter
SELECT id, original_task_id AS job_id, task_type, payload, error_message, error_stack, retry_history, moved_at, resolution,
       resolved_at
  FROM platform.dead_letter_queue
 WHERE id = :id;

-- name: open_letters
-- The jobs behind open letters, all of them or those of a type, oldest letters first.
SELECT original_task_id AS id
  FROM platform.dead_letter_queue
 WHERE resolved_at IS NULL AND original_task_id IS NOT NULL AND (:task_type::text IS NULL OR task_type = :task_type)
 ORDER BY moved_at
 LIMIT :at_most;

-- name: stats
SELECT tasks.task_type, lanes.queue, lanes.is_paused, tasks.status::text AS status, count(*) AS n,
       min(tasks.scheduled_at) FILTER (WHERE tasks.place IS NOT NULL AND tasks.status = 'pending') AS oldest_waiting_at
  FROM platform.background_tasks AS tasks
  JOIN platform.task_lanes AS lanes USING (lane)
 GROUP BY tasks.task_type, lanes.queue, lanes.is_paused, tasks.status
 ORDER BY tasks.task_type, lanes.queue;

-- name: add_schedule
INSERT INTO platform.schedules (name, task_type, queue, payload, priority, tenant_id, cron, every, timezone, next_run_at)
VALUES (:name, :task_type, :queue, :payload, :priority, :tenant_id, :cron, :every, :timezone, :next_run_at)
    ON CONFLICT (name) DO NOTHING;

-- name: take_due_schedule
-- Other schedulers pass over it until this transaction has said when it is due next.
SELECT name, task_type, queue, payload, priority::text AS priority, tenant_id, cron, every, timezone, next_run_at AS due_at
  FROM platform.schedules
 WHERE enabled AND next_run_at <= now()
 ORDER BY next_run_at
 LIMIT 1
   FOR UPDATE SKIP LOCKED;

-- name: set_next_run
-- One that is never due again is switched off.
UPDATE platform.schedules
   SET next_run_at = COALESCE(:next_run_at::timestamptz, 'infinity'), enabled = :next_run_at::timestamptz IS NOT NULL
 WHERE name = :name;

-- name: begin_run
-- Not while the time before still goes on, as of upkeep that takes long.
INSERT INTO platform.schedule_runs (schedule_name, due_at, scheduler_id, leased_until)
SELECT :name, :due_at, :scheduler, now() + :lease::interval
 WHERE NOT EXISTS (
           SELECT FROM platform.schedule_runs AS runs
            WHERE runs.schedule_name = :name AND runs.status = 'running' AND runs.leased_until >= now()
       )
    ON CONFLICT DO NOTHING
RETURNING true;

-- name: finish_run
UPDATE platform.schedule_runs
   SET status = :status, finished_at = now(), task_id = :task_id, error_message = :error_message
 WHERE schedule_name = :name AND due_at = :due_at AND scheduler_id = :scheduler AND status = 'running';

-- name: renew_run
UPDATE platform.schedule_runs SET leased_until = now() + :lease::interval
 WHERE schedule_name = :name AND due_at = :due_at AND scheduler_id = :scheduler AND status = 'running';

-- name: take_over_run
-- What a scheduler that was lost had begun.
UPDATE platform.schedule_runs AS runs
   SET scheduler_id = :scheduler, leased_until = now() + :lease::interval
  FROM (SELECT schedule_name, due_at
          FROM platform.schedule_runs
         WHERE status = 'running' AND leased_until < now()
         ORDER BY due_at
         LIMIT 1
           FOR UPDATE SKIP LOCKED) AS lost
  JOIN platform.schedules ON schedules.name = lost.schedule_name
 WHERE runs.schedule_name = lost.schedule_name AND runs.due_at = lost.due_at
RETURNING schedules.name, schedules.task_type, schedules.queue, schedules.payload, schedules.priority::text AS priority,
          schedules.tenant_id, schedules.cron, schedules.every, schedules.timezone, runs.due_at;

-- name: forget_runs
-- The newest of each schedule stays, which is what is shown of it; so does what still goes on.
DELETE FROM platform.schedule_runs AS runs
 USING (SELECT past.schedule_name, past.due_at
          FROM platform.schedule_runs AS past
         WHERE past.due_at < now() - :age::interval
           AND past.status <> 'running'
           AND EXISTS (
                   SELECT FROM platform.schedule_runs AS newer
                    WHERE newer.schedule_name = past.schedule_name AND newer.due_at > past.due_at
               )
         ORDER BY past.schedule_name, past.due_at
         LIMIT :at_most
           FOR UPDATE SKIP LOCKED) AS old
 WHERE runs.schedule_name = old.schedule_name AND runs.due_at = old.due_at;

-- name: until_next_run
SELECT extract(epoch FROM min(next_run_at) - now())::float8 FROM platform.schedules WHERE enabled;

-- name: lanes
SELECT lane, task_type, queue, is_paused, max_running, rate_count, rate_per
  FROM platform.task_lanes
 ORDER BY task_type, queue;

-- name: hold_lanes
UPDATE platform.task_lanes
   SET is_paused = :is_paused
 WHERE (:task_type::text IS NULL OR task_type = :task_type) AND (:queue::text IS NULL OR queue = :queue)
RETURNING lane, task_type, queue, is_paused, max_running, rate_count, rate_per;

-- name: limit_lanes
UPDATE platform.task_lanes
   SET max_running = CASE WHEN :sets_most::boolean THEN :max_running::integer ELSE max_running END,
       rate_count = CASE WHEN :sets_rate::boolean THEN :rate_count::integer ELSE rate_count END,
       rate_per = CASE WHEN :sets_rate::boolean THEN :rate_per::interval ELSE rate_per END
 WHERE task_type = :task_type AND (:queue::text IS NULL OR queue = :queue)
RETURNING lane, task_type, queue, is_paused, max_running, rate_count, rate_per;

-- name: activity
-- Each count walks the part of an index that has what it counts, however many jobs are done.
WITH ready AS (
    SELECT lane, scheduled_at, true AS may_begin
      FROM platform.background_tasks
     WHERE status = 'pending' AND place IS NOT NULL
     UNION ALL
    SELECT lane, scheduled_at, scheduled_at <= now()
      FROM platform.background_tasks
     WHERE status = 'pending' AND place IS NULL AND open_dependencies = 0
),
waiting AS (
    SELECT lane, count(*) FILTER (WHERE may_begin) AS n, min(scheduled_at) FILTER (WHERE may_begin) AS since,
           count(*) FILTER (WHERE NOT may_begin) AS later
      FROM ready
     GROUP BY lane
),
busy AS (
    SELECT lane, count(*) AS n
      FROM platform.background_tasks
     WHERE status IN ('queued', 'running') AND worker_id IS NOT NULL
     GROUP BY lane
),
held_up AS (
    SELECT lane, count(*) FILTER (WHERE status = 'stuck') AS stuck, count(*) FILTER (WHERE status = 'paused') AS paused
      FROM platform.background_tasks
     WHERE status IN ('paused', 'stuck')
     GROUP BY lane
),
ended AS (
    SELECT tasks.lane, count(*) FILTER (WHERE events.event = 'completed') AS done,
           count(*) FILTER (WHERE events.event IN ('failed', 'stuck')) AS failed
      FROM store.background_task_history AS events
      JOIN platform.background_tasks AS tasks ON tasks.id = events.task_id
     WHERE events.created_at > clock_timestamp() - :lately::interval AND events.event IN ('completed', 'failed', 'stuck')
     GROUP BY tasks.lane
)
SELECT lanes.lane, lanes.task_type, lanes.queue, lanes.is_paused, lanes.max_running, lanes.rate_count, lanes.rate_per,
       COALESCE(waiting.n, 0) AS waiting, waiting.since AS waiting_since, COALESCE(waiting.later, 0) AS later, COALESCE(busy.n, 0) AS running,
       COALESCE(held_up.stuck, 0) AS stuck, COALESCE(held_up.paused, 0) AS paused, COALESCE(ended.done, 0) AS done,
       COALESCE(ended.failed, 0) AS failed
  FROM platform.task_lanes AS lanes
  LEFT JOIN waiting USING (lane)
  LEFT JOIN busy USING (lane)
  LEFT JOIN held_up USING (lane)
  LEFT JOIN ended USING (lane)
 ORDER BY lanes.task_type, lanes.queue;

-- name: under_way
SELECT worker_id, task_type, count(*) AS n
  FROM platform.background_tasks
 WHERE status IN ('queued', 'running') AND worker_id IS NOT NULL
 GROUP BY worker_id, task_type
 ORDER BY worker_id, n DESC, task_type;

-- name: schedules
SELECT schedules.name, schedules.task_type, schedules.queue, schedules.payload, schedules.priority::text AS priority,
       schedules.tenant_id, schedules.cron, schedules.every, schedules.timezone, NOT schedules.enabled AS is_paused,
       NULLIF(schedules.next_run_at, 'infinity') AS next_run_at, last.due_at AS last_run_at, last.status AS last_status,
       last.error_message AS last_error
  FROM platform.schedules
  LEFT JOIN LATERAL (
           SELECT runs.due_at, runs.status, runs.error_message
             FROM platform.schedule_runs AS runs
            WHERE runs.schedule_name = schedules.name
            ORDER BY runs.due_at DESC
            LIMIT 1
       ) AS last ON true
 WHERE :name::text IS NULL OR schedules.name = :name
 ORDER BY schedules.name;

-- name: switch_schedule
UPDATE platform.schedules
   SET enabled = :enabled, next_run_at = COALESCE(:next_run_at::timestamptz, next_run_at)
 WHERE name = :name;

-- name: remove_schedule
DELETE FROM platform.schedules WHERE name = :name;
