"""The rooms `agents` and `tasks` of the society: states, history, figures, and who waits for whom."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise, product
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from fixtures.society import Colleagues, add, agent, task
from fixtures.statements import OURS, THEIRS, Statements

STATES = ["pending", "queued", "assigned", "in_progress", "blocked", "in_review", "completed", "failed", "cancelled"]


async def move(sql: Statements, which: UUID, status: str, **values: object) -> None:
    changes = "".join(f", {name} = ${number}" for number, name in enumerate(values, 3))
    await sql.execute(f"UPDATE society.tasks SET status = $2{changes} WHERE id = $1", which, status, *values.values())


async def figures(sql: Statements, which: UUID) -> tuple[Any, ...]:
    return tuple(
        await sql.row(
            """
            SELECT tasks_completed, tasks_failed, success_rate, average_quality_score, average_task_time_ms
              FROM society.agents WHERE id = $1
            """,
            which,
        )
    )


async def test_a_plain_insert_keeps_the_retries_and_the_time_that_it_names(sql: Statements) -> None:
    row = await sql.row(
        """
        INSERT INTO society.tasks (task_id, title, max_retries, timeout) VALUES ('once', 'Once', 0, '5 seconds')
        RETURNING max_retries, timeout
        """
    )
    assert (row["max_retries"], row["timeout"].total_seconds()) == (0, 5)


# agents -------------------------------------------------------------------------


async def test_an_agent_begins_without_figures_and_unknown_is_not_nought(sql: Statements) -> None:
    ada = await agent(sql, "ada")
    row = await sql.row(
        "SELECT type, status, current_tier, total_points, elo_rating, trust_score FROM society.agents WHERE id = $1",
        ada,
    )
    assert tuple(row) == ("worker", "offline", "bronze", 0, 1200, None)
    assert await figures(sql, ada) == (0, 0, None, None, None)


async def test_two_live_agents_of_a_team_have_two_names(sql: Statements) -> None:
    ada = await agent(sql, "ada")
    async with sql.refused("idx_agents_agent_id"):
        await agent(sql, "ada")
    await sql.execute("UPDATE society.agents SET deleted_at = now() WHERE id = $1", ada)
    await agent(sql, "ada")
    async with sql.refused("idx_agents_agent_id"):
        await sql.execute("UPDATE society.agents SET deleted_at = NULL WHERE id = $1", ada)
    await sql.act("guildhall_app", THEIRS)
    await agent(sql, "ada")


async def test_every_state_of_an_agent_is_in_its_history_with_its_own_reason(sql: Statements) -> None:
    ada = await agent(sql, "ada")
    change = "UPDATE society.agents SET status = $2, status_reason = COALESCE($3, status_reason) WHERE id = $1"
    await sql.execute(change, ada, "active", None)
    await sql.execute(change, ada, "suspended", "votes twice")
    await sql.execute(change, ada, "suspended", "votes thrice")  # no change of state
    await sql.execute(change, ada, "active", None)
    history = await sql.fetch(
        "SELECT old_status, new_status, reason, changed_by FROM society.agent_status_history WHERE agent_id = $1 ORDER BY changed_at",
        ada,
    )
    assert [tuple(row) for row in history] == [
        (None, "offline", None, OURS.user_id),
        ("offline", "active", None, OURS.user_id),
        ("active", "suspended", "votes twice", OURS.user_id),
        ("suspended", "active", None, OURS.user_id),
    ]
    async with sql.refused("not_allowed"):
        await sql.execute("UPDATE society.agent_status_history SET reason = 'none'")
    async with sql.refused("not_allowed"):
        await add(sql, "agent_status_history", agent_id=ada, new_status="busy")


@pytest.mark.parametrize(
    "change",
    [
        "total_points = 1000000",
        "current_tier = 'legend'",
        "tasks_completed = 99",
        "quality_score_total = 9",
        "battles_won = 9",
    ],
)
async def test_figures_are_counted_and_not_claimed(sql: Statements, change: str) -> None:
    ada = await agent(sql, "ada")
    async with sql.refused("not_allowed"):
        await sql.execute(f"UPDATE society.agents SET {change} WHERE id = $1", ada)


async def test_the_tiers_stand_from_the_lowest_to_the_highest(sql: Statements) -> None:
    tiers = await sql.value("SELECT enum_range(NULL::society.performance_tier)::text[]")
    assert tiers == ["bronze", "silver", "gold", "platinum", "diamond", "legend"]


async def test_active_agents_are_those_that_may_work(sql: Statements) -> None:
    for status in ("offline", "idle", "active", "busy", "paused", "suspended", "retraining", "retired"):
        await agent(sql, status, status=status)
    await agent(sql, "gone", status="active", deleted_at=await sql.value("SELECT now()"))
    seen = await sql.fetch("SELECT agent_id FROM society.v_active_agents ORDER BY agent_id")
    assert [row[0] for row in seen] == ["active", "busy", "idle", "paused", "retraining"]
    await sql.act("guildhall_app", THEIRS)
    assert await sql.fetch("SELECT * FROM society.v_active_agents") == []


async def test_nobody_verifies_their_own_skill(sql: Statements) -> None:
    ada, bob = await agent(sql), await agent(sql)
    await add(sql, "agent_skills", agent_id=ada, skill_name="sorting", proficiency="0.9", verified_by=bob)
    async with sql.refused("agent_skills_are_verified_by_others"):
        await add(sql, "agent_skills", agent_id=bob, skill_name="sorting", verified_by=bob)
    async with sql.refused("agent_skills_one_per_skill"):
        await add(sql, "agent_skills", agent_id=ada, skill_name="sorting")


async def test_activity_is_added_and_read_and_never_changed(sql: Statements) -> None:
    ada = await agent(sql)
    await add(sql, "agent_activity_log", agent_id=ada, activity_type="read")
    async with sql.refused("not_allowed"):
        await sql.execute("DELETE FROM society.agent_activity_log")
    await sql.act("guildhall_app", THEIRS)
    assert await sql.fetch("SELECT * FROM society.agent_activity_log") == []
    async with sql.refused("agent_activity_log_tenant_id_agent_id_fkey"):
        await add(sql, "agent_activity_log", agent_id=ada, activity_type="read")


# tasks: states --------------------------------------------------------------------


async def test_what_is_completed_stays_and_what_failed_or_was_cancelled_may_be_tried_again(sql: Statements) -> None:
    ada = await agent(sql)
    never = {
        *product(["completed"], STATES),
        *product(["cancelled"], [each for each in STATES if each != "pending"]),
        *product(["failed"], ["completed", "in_review", "blocked"]),
    }
    for before, after in product(STATES, STATES):
        if before == after:
            continue
        which = await task(sql, status=before, assigned_to=ada)
        if (before, after) in never:
            async with sql.refused("tasks_follow_their_states"):
                await move(sql, which, after)
        else:
            await move(sql, which, after)


async def test_times_follow_the_state_where_they_are_not_named(sql: Statements) -> None:
    ada = await agent(sql)
    which = await task(sql)
    times = "SELECT queued_at IS NOT NULL, started_at IS NOT NULL, completed_at IS NOT NULL, duration_ms FROM society.tasks WHERE id = $1"
    assert tuple(await sql.row(times, which)) == (False, False, False, None)
    await move(sql, which, "queued")
    await move(sql, which, "in_progress", assigned_to=ada)
    assert tuple(await sql.row(times, which)) == (True, True, False, None)
    await move(sql, which, "failed")
    assert tuple(await sql.row(times, which)) == (True, True, True, Decimal(0))
    await move(sql, which, "assigned")
    assert tuple(await sql.row(times, which)) == (True, False, False, None)


async def test_a_task_at_work_has_an_agent_of_its_team(sql: Statements) -> None:
    which = await task(sql)
    async with sql.refused("tasks_at_work_have_an_agent"):
        await move(sql, which, "in_progress")
    await sql.act("guildhall_app", THEIRS)
    stranger = await agent(sql)
    await sql.act("guildhall_app", OURS)
    async with sql.refused("tasks_tenant_id_assigned_to_fkey"):
        await move(sql, which, "in_progress", assigned_to=stranger)


# tasks: what they do to an agent's figures ------------------------------------------


async def test_a_task_counts_once_when_it_ends_and_not_when_it_is_touched_again(sql: Statements) -> None:
    ada = await agent(sql)
    which = await task(sql, assigned_to=ada, status="in_progress")
    await move(sql, which, "completed", quality_score="0.8")
    once = await figures(sql, ada)
    assert once[:4] == (1, 0, 1, Decimal("0.8"))
    await sql.execute(
        "UPDATE society.tasks SET title = 'Sorted letters', assigned_to = assigned_to WHERE id = $1", which
    )
    await move(sql, which, "completed")
    assert await figures(sql, ada) == once


async def test_averages_are_exact_and_ignore_what_is_unknown(sql: Statements) -> None:
    ada = await agent(sql)
    # Three completed: qualities .5 and .8 and unknown, times 1000 and 250 ms and unknown; two failed.
    finish = """
        UPDATE society.tasks
           SET status = $2, quality_score = $3, started_at = '2026-01-01Z', completed_at = '2026-01-01Z'::timestamptz + $4 * interval '1 ms'
         WHERE id = $1
    """
    for status, quality, duration in (
        ("completed", "0.5", 1000.0), ("completed", "0.8", 250.0), ("failed", "0.1", 99.0), ("failed", None, 1.0),
    ):  # fmt: skip
        await sql.execute(finish, await task(sql, assigned_to=ada), status, quality, duration)
    await sql.execute(
        "UPDATE society.tasks SET status = 'completed' WHERE id = $1", await task(sql, assigned_to=ada, status="queued")
    )
    completed, failed, rate, quality, duration = await figures(sql, ada)
    assert (completed, failed, rate) == (3, 2, Decimal("0.6"))
    assert quality == Decimal("0.65")  # (.5 + .8) / 2
    assert duration == Decimal(625)  # (1000 + 250) / 2


async def test_a_third_is_kept_to_many_digits(sql: Statements) -> None:
    ada = await agent(sql)
    for status in ("completed", "failed", "failed"):
        await move(sql, await task(sql, assigned_to=ada), status)
    rate = (await figures(sql, ada))[2]
    assert abs(Fraction(rate) - Fraction(1, 3)) < Fraction(1, 10**16)


async def test_a_corrected_score_replaces_the_old_one(sql: Statements) -> None:
    ada = await agent(sql)
    first, second = await task(sql, assigned_to=ada), await task(sql, assigned_to=ada)
    await move(sql, first, "completed", quality_score="0.2")
    await move(sql, second, "completed")
    assert (await figures(sql, ada))[3] == Decimal("0.2")
    await sql.execute("UPDATE society.tasks SET quality_score = 0.6 WHERE id = $1", first)
    await sql.execute("UPDATE society.tasks SET quality_score = 1 WHERE id = $1", second)
    assert (await figures(sql, ada))[3] == Decimal("0.8")
    await sql.execute("UPDATE society.tasks SET quality_score = NULL WHERE id = $1", first)
    assert (await figures(sql, ada))[3] == Decimal(1)


async def test_a_failure_stays_with_whoever_failed_when_another_completes_the_task(sql: Statements) -> None:
    ada, bob = await agent(sql), await agent(sql)
    which = await task(sql, assigned_to=ada, status="in_progress")
    await move(sql, which, "failed")
    async with sql.refused("tasks_keep_who_ended_them"):
        await sql.execute("UPDATE society.tasks SET assigned_to = $2 WHERE id = $1", which, bob)
    await move(sql, which, "assigned", assigned_to=bob)
    await move(sql, which, "completed")
    assert (await figures(sql, ada))[:2] == (0, 1)
    assert (await figures(sql, bob))[:2] == (1, 0)
    async with sql.refused("tasks_keep_who_ended_them"):
        await sql.execute("UPDATE society.tasks SET assigned_to = $2 WHERE id = $1", which, ada)


async def test_a_task_that_is_recorded_after_its_end_counts_too(sql: Statements) -> None:
    ada = await agent(sql)
    await task(sql, assigned_to=ada, status="completed", quality_score="0.4")
    await task(sql, assigned_to=ada, status="failed")
    await task(sql, assigned_to=ada, status="cancelled")
    assert (await figures(sql, ada))[:4] == (1, 1, Decimal("0.5"), Decimal("0.4"))


async def test_tasks_that_end_at_the_same_time_are_all_counted(colleagues: Colleagues) -> None:
    crowd = [await colleagues.join() for _ in range(6)]
    ada = await agent(crowd[0])
    tasks = [[await task(each, assigned_to=ada) for _ in range(5)] for each in crowd]

    async def finish(connection: asyncpg.Connection[Any], ours: list[UUID]) -> None:
        for number, which in enumerate(ours):
            await connection.execute(
                "UPDATE society.tasks SET status = $2, quality_score = 0.5 WHERE id = $1",
                which,
                "failed" if number == 0 else "completed",
            )

    await asyncio.gather(*(finish(*pair) for pair in zip(crowd, tasks, strict=True)))
    row = await crowd[0].fetchrow(
        "SELECT tasks_completed, tasks_failed, quality_score_count FROM society.agents WHERE id = $1", ada
    )
    assert tuple(row) == (24, 6, 24)


# tasks: history -------------------------------------------------------------------


async def test_every_change_of_a_task_is_in_its_history_and_heartbeats_are_not(sql: Statements) -> None:
    ada = await agent(sql)
    which = await task(sql, priority="high")
    await sql.execute("SELECT set_config('app.agent_id', $1, true)", str(ada))
    await sql.execute("UPDATE society.tasks SET assigned_to = $2 WHERE id = $1", which, ada)
    await move(sql, which, "in_progress")
    await sql.execute(
        "UPDATE society.tasks SET leased_until = now(), attempts = 1, payload = '{}' WHERE id = $1", which
    )
    await sql.execute("UPDATE society.tasks SET priority = priority, title = title WHERE id = $1", which)
    await move(sql, which, "completed", quality_score="0.7")
    await sql.execute("UPDATE society.tasks SET deleted_at = now() WHERE id = $1", which)
    events = await sql.fetch(
        "SELECT event_type, old_status, new_status, actor_id, user_id FROM society.task_history WHERE task_id = $1 ORDER BY created_at",
        which,
    )
    assert [tuple(row) for row in events] == [
        ("created", None, "pending", None, OURS.user_id),
        ("assigned", "pending", "pending", ada, OURS.user_id),
        ("in_progress", "pending", "in_progress", ada, OURS.user_id),
        ("completed", "in_progress", "completed", ada, OURS.user_id),
        ("deleted", "completed", "completed", ada, OURS.user_id),
    ]
    details = await sql.value("SELECT details FROM society.task_history WHERE event_type = 'completed'")
    assert '"quality_score": 0.7' in details
    async with sql.refused("not_allowed"):
        await sql.execute("UPDATE society.task_history SET event_type = 'none'")


async def test_assignments_follow_the_task_from_hand_to_hand(sql: Statements) -> None:
    ada, bob = await agent(sql, "ada"), await agent(sql, "bob")
    which = await task(sql, assigned_to=ada)
    await sql.execute("UPDATE society.tasks SET assigned_to = $2 WHERE id = $1", which, bob)
    await move(sql, which, "failed")
    await move(sql, which, "assigned")
    rows = await sql.fetch(
        """
        SELECT agents.agent_id, released_at IS NULL
          FROM society.task_assignments AS assignments JOIN society.agents ON agents.id = assignments.agent_id
         WHERE task_id = $1 ORDER BY assigned_at
        """,
        which,
    )
    assert [tuple(row) for row in rows] == [("ada", False), ("bob", False), ("bob", True)]
    async with sql.refused("not_allowed"):
        await sql.execute("UPDATE society.task_assignments SET released_at = now()")


async def test_the_queue_is_summed_up_by_state_and_priority(sql: Statements) -> None:
    ada = await agent(sql)
    await task(sql, priority="high", deadline_at=await sql.value("SELECT now() - interval '1 hour'"))
    await task(sql, priority="high", assigned_to=ada)
    await task(sql, priority="low")
    await task(sql, status="completed", assigned_to=ada)
    await task(sql, deleted_at=await sql.value("SELECT now()"))
    rows = await sql.fetch(
        "SELECT priority, task_count, unassigned_count, overdue_count FROM society.v_task_queue_summary WHERE status = 'pending' ORDER BY priority DESC"
    )
    assert [tuple(row) for row in rows] == [("high", 2, 1, 1), ("low", 1, 1, 0)]
    assert await sql.value("SELECT count(*) FROM society.v_task_queue_summary") == 2


# tasks: who waits for whom ----------------------------------------------------------


async def wait_for(sql: Any, which: UUID, other: UUID) -> None:
    await add(sql, "task_dependencies", task_id=which, depends_on_task_id=other)


async def test_no_task_waits_for_itself_however_long_the_way(sql: Statements) -> None:
    chain = [await task(sql) for _ in range(5)]
    for which, other in pairwise(chain):
        await wait_for(sql, which, other)
    await wait_for(sql, chain[0], chain[4])  # a short cut is no circle
    async with sql.refused("task_dependencies_are_not_circular"):
        await wait_for(sql, chain[4], chain[0])
    async with sql.refused("task_dependencies_are_of_two_tasks"):
        await wait_for(sql, chain[0], chain[0])
    async with sql.refused("task_dependencies_one_per_pair"):
        await wait_for(sql, chain[0], chain[1])


async def test_a_circle_within_one_statement_is_refused(sql: Statements) -> None:
    a, b, c = [await task(sql) for _ in range(3)]
    async with sql.refused("task_dependencies_are_not_circular"):
        await sql.execute(
            "INSERT INTO society.task_dependencies (task_id, depends_on_task_id) VALUES ($1, $2), ($2, $3), ($3, $1)",
            a,
            b,
            c,
        )


async def test_two_who_close_a_circle_at_the_same_time_do_not_both_succeed(colleagues: Colleagues) -> None:
    ada, bob = await colleagues.join(), await colleagues.join()
    a, b = await task(ada), await task(ada)
    insert = "INSERT INTO society.task_dependencies (task_id, depends_on_task_id) VALUES ($1, $2)"
    transaction = ada.transaction()
    await transaction.start()
    await ada.execute(insert, a, b)
    async with colleagues.waiting(bob, insert, b, a) as second:
        await transaction.commit()
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        second.result()
    assert refused.value.constraint_name == "task_dependencies_are_not_circular"


async def test_a_dependency_stays_within_the_team_and_says_nothing_of_others(sql: Statements) -> None:
    ours = await task(sql)
    await sql.act("guildhall_app", THEIRS)
    theirs = await task(sql)
    for other in (ours, uuid4()):
        async with sql.refused("task_dependencies_tenant_id_depends_on_task_id_fkey"):
            await wait_for(sql, theirs, other)


async def test_the_audit_keeps_what_was_done_and_not_what_was_counted_from_it(sql: Statements) -> None:
    ada = await agent(sql)
    which = await task(sql, assigned_to=ada)
    await move(sql, which, "completed")
    images = await sql.fetch('SELECT table_name, operation FROM platform.audit_log ORDER BY "timestamp"')
    assert [tuple(row) for row in images] == [("agents", "INSERT"), ("tasks", "UPDATE")]


async def test_updated_at_follows_a_change(sql: Statements) -> None:
    which = await task(sql)
    await sql.act("postgres", OURS)
    await sql.execute("ALTER TABLE society.tasks DISABLE TRIGGER update_tasks_updated_at")
    await sql.execute("UPDATE society.tasks SET updated_at = '2026-01-01Z' WHERE id = $1", which)
    await sql.execute("ALTER TABLE society.tasks ENABLE TRIGGER update_tasks_updated_at")
    await sql.act("guildhall_app", OURS)
    await sql.execute("UPDATE society.tasks SET title = 'Other letters' WHERE id = $1", which)
    assert await sql.value("SELECT updated_at = now() FROM society.tasks WHERE id = $1", which)
