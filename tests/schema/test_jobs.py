"""The room `jobs`: what may happen to a job, who may do it, and whose it is."""

from __future__ import annotations

from itertools import product
from uuid import UUID, uuid4

import asyncpg
import pytest

from fixtures.statements import OURS, THEIRS, Statements

STATES = ["pending", "queued", "running", "paused", "completed", "failed", "stuck", "cancelled", "dead_letter"]

# Where a job may go from each state, as docs/gateway.md lists it.
NEXT = {
    "pending": {"queued", "running", "paused", "failed", "cancelled", "dead_letter"},
    "queued": {"pending", "running", "paused", "stuck", "cancelled", "dead_letter"},
    "running": {"pending", "paused", "completed", "failed", "stuck", "cancelled", "dead_letter"},
    "paused": {"pending", "failed", "cancelled", "dead_letter"},
    "stuck": {"pending", "running", "failed", "cancelled", "dead_letter"},
    "failed": {"pending", "dead_letter"},
    "cancelled": {"pending"},
    "dead_letter": {"pending"},
    "completed": set(),
}

CLAIM = """
    UPDATE platform.background_tasks
       SET status = 'running', worker_id = $2, attempts = attempts + 1, attempt_token = gen_random_uuid(),
           leased_until = now() + interval '30 seconds', heartbeat_at = now(), started_at = now()
     WHERE id = $1
    RETURNING attempt_token
"""


async def enqueue(sql: Statements, task_type: str = "tidy", **values: object) -> UUID:
    names = ["task_type", *values]
    marks = ", ".join(f"${n}" for n in range(1, len(names) + 1))
    return await sql.value(
        f"INSERT INTO platform.background_tasks ({', '.join(names)}) VALUES ({marks}) RETURNING id",
        task_type,
        *values.values(),
    )


async def put(sql: Statements, job: UUID, state: str) -> None:
    """Bring a job to a state with all that the state asks for."""
    await sql.execute(
        """
        UPDATE platform.background_tasks
           SET status = $2::platform.job_status, worker_id = 'w', attempt_token = gen_random_uuid(), started_at = now(),
               leased_until = CASE WHEN $2 IN ('queued', 'running', 'stuck') THEN now() + interval '1 minute' END,
               completed_at = CASE WHEN $2 IN ('completed', 'failed', 'cancelled', 'dead_letter') THEN now() END
         WHERE id = $1
        """,
        job,
        state,
    )


async def test_a_job_moves_between_its_states_as_they_are_drawn_and_no_other_way(sql: Statements) -> None:
    await sql.act("postgres", OURS)  # who is asking is another test's subject
    for before, after in product(STATES, STATES):
        if before == after:
            continue
        job = await enqueue(sql)
        await sql.execute("SET LOCAL session_replication_role = replica")  # straight there, past the rule
        await put(sql, job, before)
        await sql.execute("SET LOCAL session_replication_role = origin")
        if after in NEXT[before]:
            await put(sql, job, after)
        else:
            async with sql.refused("background_tasks_follow_their_states"):
                await put(sql, job, after)


async def test_the_most_urgent_and_longest_due_come_first_and_from_the_index(sql: Statements) -> None:
    for priority in ("background", "critical", "low", "normal", "high"):
        await enqueue(sql, priority=priority)
    await sql.act("guildhall_worker")
    await sql.execute("SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off")
    lane = await sql.value("SELECT min(lane) FROM platform.background_tasks")
    claim = """
        SELECT priority FROM platform.background_tasks
         WHERE lane = $1 AND status = 'pending' AND place IS NOT NULL
         ORDER BY place, seq LIMIT 5 FOR UPDATE SKIP LOCKED
    """
    assert [row[0] for row in await sql.fetch(claim, lane)] == ["critical", "high", "normal", "low", "background"]
    plan = "\n".join(row[0] for row in await sql.fetch(f"EXPLAIN {claim}", lane))
    assert "Index Scan using idx_tasks_priority" in plan
    assert "Sort" not in plan


async def test_a_running_job_has_a_worker_and_a_token(sql: Statements) -> None:
    job = await enqueue(sql)
    await sql.act("guildhall_worker")
    async with sql.refused("background_tasks_running_is_leased"):
        await sql.execute("UPDATE platform.background_tasks SET status = 'running' WHERE id = $1", job)
    assert await sql.value(CLAIM, job, "one")


async def test_an_end_has_a_time_and_keeps_no_lease(sql: Statements) -> None:
    job = await enqueue(sql)
    await sql.act("guildhall_worker")
    await sql.value(CLAIM, job, "one")
    async with sql.refused("background_tasks_end_is_recorded"):
        await sql.execute(
            "UPDATE platform.background_tasks SET status = 'completed', leased_until = NULL WHERE id = $1", job
        )
    async with sql.refused("background_tasks_lease_is_for_work"):
        await sql.execute(
            "UPDATE platform.background_tasks SET status = 'completed', completed_at = now() WHERE id = $1", job
        )
    await sql.execute(
        "UPDATE platform.background_tasks SET status = 'completed', completed_at = now(), leased_until = NULL WHERE id = $1",
        job,
    )


async def test_a_worker_that_has_lost_its_lease_changes_nothing(sql: Statements) -> None:
    job = await enqueue(sql)
    await sql.act("guildhall_worker")
    lost = await sql.value(CLAIM, job, "slow")
    await sql.execute(
        "UPDATE platform.background_tasks SET status = 'pending', retry_count = retry_count + 1, leased_until = NULL WHERE id = $1",
        job,
    )
    held = await sql.value(CLAIM, job, "quick")
    finish = """
        UPDATE platform.background_tasks SET status = 'completed', completed_at = now(), leased_until = NULL
         WHERE id = $1 AND attempt_token = $2 AND status = 'running'
    """
    assert await sql.execute(finish, job, lost) == "UPDATE 0"
    assert await sql.execute(finish, job, held) == "UPDATE 1"


async def test_retries_stay_within_their_limit(sql: Statements) -> None:
    job = await enqueue(sql, max_retries=1)
    await sql.act("guildhall_worker")
    await sql.execute("UPDATE platform.background_tasks SET retry_count = 1 WHERE id = $1", job)
    async with sql.refused("background_tasks_retries_are_within_the_limit"):
        await sql.execute("UPDATE platform.background_tasks SET retry_count = 2 WHERE id = $1", job)


async def test_a_payload_over_a_megabyte_is_refused(sql: Statements) -> None:
    async with sql.refused("background_tasks_payload_size"):
        await sql.execute(
            "INSERT INTO platform.background_tasks (task_type, payload) VALUES ('tidy', to_jsonb(repeat('x', 1048577)))"
        )
    await sql.execute(
        "INSERT INTO platform.background_tasks (task_type, payload) VALUES ('tidy', to_jsonb(repeat('x', 1048000)))"
    )


async def test_a_key_is_good_for_one_job_of_a_team_and_two_teams_may_use_the_same(sql: Statements) -> None:
    await enqueue(sql, idempotency_key="nightly")
    async with sql.refused("background_tasks_one_per_idempotency_key"):
        await enqueue(sql, idempotency_key="nightly")
    await sql.act("guildhall_app", THEIRS)
    await enqueue(sql, idempotency_key="nightly")
    assert await sql.value("SELECT count(*) FROM platform.background_tasks") == 1


async def test_teams_see_their_own_jobs_and_workers_see_all(sql: Statements) -> None:
    ours = await enqueue(sql)
    await sql.act("guildhall_app", THEIRS)
    theirs = await enqueue(sql)
    jobs = "SELECT id FROM platform.background_tasks"
    assert {row["id"] for row in await sql.fetch(jobs)} == {theirs}
    assert await sql.execute("UPDATE platform.background_tasks SET status = 'paused' WHERE id = $1", ours) == "UPDATE 0"
    await sql.act("guildhall_worker")
    assert {row["id"] for row in await sql.fetch(jobs)} == {ours, theirs}
    await sql.act("guildhall_app")
    assert await sql.fetch(jobs) == []


async def test_a_team_pauses_resumes_and_cancels_but_does_not_begin_or_finish(sql: Statements) -> None:
    job = await enqueue(sql)
    await sql.execute("UPDATE platform.background_tasks SET status = 'paused' WHERE id = $1", job)
    await sql.execute("UPDATE platform.background_tasks SET status = 'pending' WHERE id = $1", job)
    async with sql.refused("not_allowed"):
        await sql.execute("UPDATE platform.background_tasks SET status = 'queued' WHERE id = $1", job)
    for column in ("worker_id = 'me'", "result = '{}'", f"tenant_id = '{THEIRS.tenant_id}'", "attempt_token = NULL"):
        async with sql.refused("not_allowed"):
            await sql.execute(f"UPDATE platform.background_tasks SET {column} WHERE id = $1", job)
    async with sql.refused("not_allowed"):
        await sql.execute("DELETE FROM platform.background_tasks WHERE id = $1", job)
    await sql.execute(
        "UPDATE platform.background_tasks SET status = 'cancelled', completed_at = now() WHERE id = $1", job
    )
    images = await sql.fetch(
        "SELECT new_data ->> 'status' AS status FROM platform.audit_log WHERE table_name = 'background_tasks'"
    )
    assert sorted(row["status"] for row in images) == ["cancelled", "paused", "pending"]


async def test_what_workers_do_is_history_and_no_audit(sql: Statements) -> None:
    job = await enqueue(sql)
    await sql.act("guildhall_worker")
    token = await sql.value(CLAIM, job, "one")
    await sql.execute(
        """
        INSERT INTO store.background_task_history (tenant_id, task_id, event, attempt, attempt_token, worker_id)
        VALUES ($1, $2, 'started', 1, $3, 'one')
        """,
        OURS.tenant_id,
        job,
        token,
    )
    await sql.act("guildhall_app", OURS)
    assert await sql.value("SELECT count(*) FROM platform.audit_log WHERE table_name = 'background_tasks'") == 0
    assert [row["event"] for row in await sql.fetch("SELECT event FROM platform.background_task_history")] == [
        "enqueued",
        "started",
    ]
    await sql.act("guildhall_app", THEIRS)
    assert await sql.fetch("SELECT event FROM platform.background_task_history") == []


async def test_a_team_cannot_rewrite_history_or_write_it_for_another(sql: Statements) -> None:
    await sql.execute("INSERT INTO platform.background_task_history (task_id, event) VALUES ($1, 'enqueued')", uuid4())
    async with sql.refused("not_allowed"):
        await sql.execute("UPDATE platform.background_task_history SET event = 'completed'")
    async with sql.refused("not_allowed"):
        await sql.execute("DELETE FROM platform.background_task_history")
    with pytest.raises(asyncpg.PostgresError, match="check option"):
        await sql.execute(
            "INSERT INTO platform.background_task_history (tenant_id, task_id, event) VALUES ($1, $2, 'enqueued')",
            THEIRS.tenant_id,
            uuid4(),
        )


BURY = """
    INSERT INTO platform.dead_letter_queue (tenant_id, original_task_id, task_type, payload, error_message, error_stack, retry_history)
    VALUES ($1, $2, 'tidy', '{}', 'no such folder', 'Traceback …', '[{"attempt": 1}]')
"""


async def test_a_dead_letter_is_seen_by_its_team_and_laid_aside_once(sql: Statements) -> None:
    job = await enqueue(sql)
    await sql.act("guildhall_worker")
    await sql.execute(BURY, OURS.tenant_id, job)
    async with sql.refused("dead_letter_queue_one_open_per_task"):
        await sql.execute(BURY, OURS.tenant_id, job)
    await sql.act("guildhall_app", THEIRS)
    assert await sql.fetch("SELECT id FROM platform.dead_letter_queue") == []
    await sql.act("guildhall_app", OURS)
    async with sql.refused("dead_letter_queue_resolution_is_whole"):
        await sql.execute("UPDATE platform.dead_letter_queue SET resolution = 'redriven'")
    async with sql.refused("dead_letter_queue_resolution_is_known"):
        await sql.execute("UPDATE platform.dead_letter_queue SET resolution = 'lost', resolved_at = now()")
    await sql.execute(
        "UPDATE platform.dead_letter_queue SET resolution = 'redriven', resolved_at = now(), resolved_by = $1",
        OURS.user_id,
    )
    await sql.act("guildhall_worker")
    await sql.execute(BURY, OURS.tenant_id, job)


async def test_a_dead_letter_is_of_the_same_team_as_its_job(sql: Statements) -> None:
    job = await enqueue(sql)
    await sql.act("guildhall_worker")
    async with sql.refused("not_allowed"):
        await sql.execute(BURY, THEIRS.tenant_id, job)


async def test_however_many_schedulers_run_a_schedule_fires_once(sql: Statements) -> None:
    await sql.act("guildhall_scheduler")
    await sql.execute(
        "INSERT INTO platform.schedules (name, task_type, every) VALUES ('tidy', 'tidy', interval '1 day')"
    )
    fire = "INSERT INTO platform.schedule_runs (schedule_name, due_at, scheduler_id, leased_until) VALUES ('tidy', '2026-01-01Z', $1, now())"
    await sql.execute(fire, "one")
    async with sql.refused("schedule_runs_pkey"):
        await sql.execute(fire, "two")


@pytest.mark.parametrize(
    ("rhythm", "constraint"),
    [
        ("every, cron) VALUES ('x', 'x', interval '1 day', '0 3 * * *')", "schedules_have_one_rhythm"),
        ("every) VALUES ('x', 'x', NULL)", "schedules_have_one_rhythm"),
        ("every) VALUES ('x', 'x', interval '0')", "schedules_interval_is_positive"),
        ("cron) VALUES ('x', 'x', 'daily')", "schedules_cron_has_five_fields"),
    ],
)
async def test_a_schedule_has_one_rhythm_that_can_be_kept(sql: Statements, rhythm: str, constraint: str) -> None:
    await sql.act("guildhall_scheduler")
    async with sql.refused(constraint):
        await sql.execute(f"INSERT INTO platform.schedules (name, task_type, {rhythm}")


async def test_machine_roles_reach_no_more_of_a_job_than_their_work_needs(sql: Statements) -> None:
    job = await enqueue(sql)
    await sql.act("guildhall_worker")
    for change in (
        "payload = '{}'",
        "task_type = 'other'",
        f"tenant_id = '{THEIRS.tenant_id}'",
        "idempotency_key = 'x'",
    ):
        async with sql.refused("not_allowed"):
            await sql.execute(f"UPDATE platform.background_tasks SET {change} WHERE id = $1", job)
    for relation in ("evaluation.scenarios", "evaluation.configurations", "platform.users", "platform.schedules"):
        async with sql.refused("not_allowed"):
            await sql.fetch(f"SELECT * FROM {relation}")
    await sql.act("guildhall_app", OURS)
    async with sql.refused("not_allowed"):
        await sql.fetch("SELECT * FROM platform.schedules")


async def test_the_document_s_statements_run_as_they_are_written(sql: Statements) -> None:
    await sql.execute("SET LOCAL search_path = evaluation, gateway, catalogue, society, platform, public")
    await sql.execute(
        """INSERT INTO background_tasks (task_type, payload, priority) VALUES ('embed', '{"n": 1}', 'high')"""
    )
    row = await sql.row(
        "SELECT status, priority, retry_count, max_retries, scheduled_at <= now() AS due FROM background_tasks"
    )
    assert tuple(row) == ("pending", "high", 0, 3, True)
    assert [row[0] for row in await sql.fetch("SELECT unnest(enum_range(NULL::platform.job_status))::text")] == STATES
