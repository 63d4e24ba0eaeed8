-- name: set_type
INSERT INTO society.task_types AS types (name, required_skills, min_trust, payload_schema, max_retries, timeout)
VALUES (:name, :required_skills, :min_trust, :payload_schema, :max_retries, :timeout)
    ON CONFLICT (tenant_id, name) DO UPDATE
   SET required_skills = excluded.required_skills, min_trust = excluded.min_trust, payload_schema = excluded.payload_schema,
       max_retries = excluded.max_retries, timeout = excluded.timeout;

-- name: types
SELECT name, required_skills, min_trust::float8 AS min_trust, payload_schema, max_retries, timeout FROM society.task_types ORDER BY name;

-- name: enqueue
SELECT id, is_new FROM society.tasks_enqueue(:tasks);

-- name: statuses
SELECT id, status::text FROM society.tasks WHERE id = ANY (:ids);

-- name: claim
SELECT taken.id, taken.attempt_token AS token, tasks.task_id, tasks.title, tasks.description, taken.task_type, taken.payload,
       taken.status, taken.attempt, taken.retry_count, taken.max_retries, taken.leased_until
  FROM society.tasks_take(:agent, :at_most, :begin, :lease) WITH ORDINALITY AS taken
  JOIN society.tasks ON tasks.id = taken.id
 ORDER BY taken.ordinality;

-- name: start
SELECT society.tasks_start(society.worker_of(:agent), :ids, :tokens) AS id;

-- name: finish
SELECT society.tasks_finish(society.worker_of(:agent), :ids, :tokens, :results, :scores) AS id;

-- name: fail
SELECT id, status, scheduled_at
  FROM society.tasks_fail(society.worker_of(:agent), :ids, :tokens, :messages, :stacks, :is_final, :delays);

-- name: release
SELECT society.tasks_release(society.worker_of(:agent), :ids, :tokens) AS id;

-- name: be_present
SELECT society.tasks_present(:agent, :lease);

-- name: heartbeat
SELECT society.tasks_heartbeat(society.worker_of(:agent), :ids, :tokens) AS id;

-- name: mark_stuck
SELECT society.tasks_mark_stuck(:at_most);

-- name: rescue
SELECT p_retried AS retried, p_dead AS dead FROM society.tasks_rescue(:at_most);

-- name: assign
-- To somebody, or to nobody in particular; what is at work stays with whoever has it.
UPDATE society.tasks SET assigned_to = :agent WHERE id = :id AND status IN ('pending', 'blocked') RETURNING id;

-- name: pause
SELECT society.tasks_pause(:ids) AS id;

-- name: resume
SELECT society.tasks_resume(:ids) AS id;

-- name: cancel
SELECT society.tasks_cancel(:ids) AS id;

-- name: retry
SELECT society.tasks_retry(:ids) AS id;

-- name: tasks
SELECT tasks.id, tasks.task_id, tasks.title, tasks.description, tasks.task_type, tasks.status::text AS status,
       tasks.priority::text AS priority, tasks.required_skills, tasks.min_trust::float8 AS min_trust, tasks.assigned_to,
       agents.agent_id AS agent, tasks.payload, tasks.result, tasks.quality_score::float8 AS quality_score, tasks.error_message,
       tasks.attempts, tasks.retry_count, tasks.max_retries, tasks.unique_key, tasks.open_dependencies, tasks.scheduled_at,
       tasks.deadline_at, tasks.started_at, tasks.completed_at, tasks.created_at
  FROM society.tasks
  LEFT JOIN society.agents ON agents.tenant_id = tasks.tenant_id AND agents.id = tasks.assigned_to
 WHERE tasks.deleted_at IS NULL AND (:status::society.agent_task_status IS NULL OR tasks.status = :status);

-- name: find_task
-- By its task_id, or by its id.
SELECT tasks.id, tasks.task_id, tasks.title, tasks.description, tasks.task_type, tasks.status::text AS status,
       tasks.priority::text AS priority, tasks.required_skills, tasks.min_trust::float8 AS min_trust, tasks.assigned_to,
       agents.agent_id AS agent, tasks.payload, tasks.result, tasks.quality_score::float8 AS quality_score, tasks.error_message,
       tasks.attempts, tasks.retry_count, tasks.max_retries, tasks.unique_key, tasks.open_dependencies, tasks.scheduled_at,
       tasks.deadline_at, tasks.started_at, tasks.completed_at, tasks.created_at
  FROM society.tasks
  LEFT JOIN society.agents ON agents.tenant_id = tasks.tenant_id AND agents.id = tasks.assigned_to
 WHERE tasks.deleted_at IS NULL AND (tasks.task_id = :name OR tasks.id = :id::uuid);

-- name: holding
SELECT id, task_id, assigned_to AS agent_id, attempt_token AS token, status::text AS status
  FROM society.tasks
 WHERE id = :id AND status IN ('assigned', 'in_progress') AND attempt_token IS NOT NULL;

-- name: events
SELECT events.event_type AS event, events.old_status::text AS old_status, events.new_status::text AS new_status,
       agents.agent_id AS agent, events.user_id, events.details, events.created_at AS at
  FROM society.task_history AS events
  LEFT JOIN society.agents ON agents.id = events.actor_id
 WHERE events.task_id = :id
 ORDER BY events.created_at;

-- name: dependencies
SELECT awaited.id, awaited.task_id, edges.on_failure, awaited.status::text AS status, edges.is_settled
  FROM society.task_dependencies AS edges
  JOIN society.tasks AS awaited ON awaited.id = edges.depends_on_task_id
 WHERE edges.task_id = :id AND edges.kind = 'finish_to_start'
 ORDER BY awaited.seq;

-- name: graph
-- The tasks that a task waits for or that wait for it, on whatever way; without one, those that have not ended.
WITH RECURSIVE near (id) AS (
    SELECT :id::uuid WHERE :id::uuid IS NOT NULL
     UNION
    SELECT CASE WHEN edges.task_id = near.id THEN edges.depends_on_task_id ELSE edges.task_id END
      FROM near
      JOIN society.task_dependencies AS edges ON edges.task_id = near.id OR edges.depends_on_task_id = near.id
),
chosen AS (
    SELECT id FROM near
     UNION
    SELECT edges.task_id FROM society.task_dependencies AS edges JOIN society.tasks ON tasks.id = edges.task_id
     WHERE :id::uuid IS NULL AND tasks.status NOT IN ('completed', 'failed', 'cancelled')
     UNION
    SELECT edges.depends_on_task_id FROM society.task_dependencies AS edges JOIN society.tasks ON tasks.id = edges.task_id
     WHERE :id::uuid IS NULL AND tasks.status NOT IN ('completed', 'failed', 'cancelled')
)
SELECT tasks.id, tasks.task_id, tasks.title, tasks.status::text AS status, agents.agent_id AS agent
  FROM chosen
  JOIN society.tasks ON tasks.id = chosen.id
  LEFT JOIN society.agents ON agents.tenant_id = tasks.tenant_id AND agents.id = tasks.assigned_to
 WHERE tasks.deleted_at IS NULL
 ORDER BY tasks.seq
 LIMIT :at_most;

-- name: edges
SELECT task_id AS waiting, depends_on_task_id AS awaited, on_failure, is_settled
  FROM society.task_dependencies
 WHERE task_id = ANY (:ids) AND depends_on_task_id = ANY (:ids) AND kind = 'finish_to_start'
 ORDER BY created_at, id;

-- name: dead_letters
SELECT letters.id, letters.task_id AS task, tasks.task_id, tasks.title, letters.task_type, letters.payload, letters.error_message,
       letters.error_stack, letters.retry_history, letters.moved_at, letters.resolution, letters.resolved_at
  FROM society.task_dead_letters AS letters
  JOIN society.tasks ON tasks.id = letters.task_id
 WHERE letters.resolved_at IS NULL OR NOT :only_open::boolean;

-- name: find_dead_letter
SELECT letters.id, letters.task_id AS task, tasks.task_id, tasks.title, letters.task_type, letters.payload, letters.error_message,
       letters.error_stack, letters.retry_history, letters.moved_at, letters.resolution, letters.resolved_at
  FROM society.task_dead_letters AS letters
  JOIN society.tasks ON tasks.id = letters.task_id
 WHERE letters.id = :id;

-- name: open_letters
-- The tasks behind open letters, all of them or those of a type, oldest letters first.
SELECT task_id AS id
  FROM society.task_dead_letters
 WHERE resolved_at IS NULL AND (:task_type::text IS NULL OR task_type = :task_type)
 ORDER BY moved_at
 LIMIT :at_most;

-- name: queue_summary
SELECT status::text AS status, priority::text AS priority, task_count, unassigned_count, overdue_count, ready_count, waiting_count,
       oldest_created_at, average_wait_ms::float8 AS average_wait_ms
  FROM society.v_task_queue_summary
 ORDER BY v_task_queue_summary.status, v_task_queue_summary.priority DESC;
