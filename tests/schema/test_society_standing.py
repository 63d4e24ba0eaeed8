"""The rooms `reputation`, `mentorship`, `rewards` and `penalties` of the society, and the document's own statements."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from fixtures.society import Colleagues, add, agent, brainstorm, task, vote_on
from fixtures.statements import OURS, THEIRS, Statements

# reputation -----------------------------------------------------------------------


async def test_nobody_trusts_or_rates_themselves(sql: Statements) -> None:
    ada, bob = await agent(sql), await agent(sql)
    async with sql.refused("trust_graph_is_between_two_agents"):
        await add(sql, "trust_graph", from_agent_id=ada, to_agent_id=ada, local_trust=1)
    async with sql.refused("trust_graph_trust_is_a_share"):
        await add(sql, "trust_graph", from_agent_id=ada, to_agent_id=bob, local_trust="1.1")
    async with sql.refused("peer_ratings_are_of_others"):
        await add(sql, "peer_ratings", rater_id=ada, ratee_id=ada, rating=5)
    async with sql.refused("peer_ratings_range"):
        await add(sql, "peer_ratings", rater_id=ada, ratee_id=bob, rating=6)


async def test_a_rater_rates_once_for_each_evidence(sql: Statements) -> None:
    ada, bob, which = await agent(sql), await agent(sql), await task(sql)
    await add(sql, "peer_ratings", rater_id=ada, ratee_id=bob, rating=5)
    await add(sql, "peer_ratings", rater_id=ada, ratee_id=bob, rating=4, task_id=which)
    for evidence in (None, which):
        async with sql.refused("peer_ratings_one_per_evidence"):
            await add(sql, "peer_ratings", rater_id=ada, ratee_id=bob, rating=1, task_id=evidence)


async def test_an_agents_trust_is_its_composite_and_every_score_is_in_the_history(sql: Statements) -> None:
    ada = await agent(sql)
    run = await add(sql, "eigentrust_runs", alpha=0.15, tolerance=1e-9, nodes=1, edges=0)
    await add(
        sql,
        "global_trust_scores",
        agent_id=ada,
        run_id=run,
        eigentrust_score="0.25",
        composite="0.5",
        trust_level="good",
        cause="nightly",
    )
    trust = "SELECT trust_score FROM society.agents WHERE id = $1"
    assert await sql.value(trust, ada) == Decimal("0.5")
    await sql.execute(
        "UPDATE society.global_trust_scores SET composite = 0.75, trust_level = 'excellent', cause = 'appeal'"
    )
    await sql.execute("UPDATE society.global_trust_scores SET sample_size = 9")  # no score
    assert await sql.value(trust, ada) == Decimal("0.75")
    history = await sql.fetch(
        "SELECT composite_score, trust_level, change, cause FROM society.reputation_history ORDER BY created_at"
    )
    assert [tuple(row) for row in history] == [
        (Decimal("0.5"), "good", None, "nightly"),
        (Decimal("0.75"), "excellent", Decimal("0.25"), "appeal"),
    ]
    for change in (
        "UPDATE society.agents SET trust_score = 1",
        "DELETE FROM society.reputation_history",
        f"INSERT INTO society.reputation_history (id, agent_id, trust_level) VALUES ('{uuid4()}', '{ada}', 'good')",
    ):
        async with sql.refused("not_allowed"):
            await sql.execute(change)


async def test_the_reputation_of_an_agent_is_in_one_place_and_unknown_is_null(sql: Statements) -> None:
    ada, bob, eve = await agent(sql, "ada"), await agent(sql, "bob"), await agent(sql, "eve")
    await add(
        sql, "global_trust_scores", agent_id=ada, eigentrust_score="0.6", composite="0.9", trust_level="outstanding"
    )
    await add(
        sql, "global_trust_scores", agent_id=bob, eigentrust_score="0.3", composite="0.8", trust_level="excellent"
    )
    for rater, rating in ((bob, 5), (eve, 4)):
        await add(sql, "peer_ratings", rater_id=rater, ratee_id=ada, rating=rating)
    for truster, trust, dealings in ((bob, "0.9", 10), (eve, "0", 3)):
        await add(
            sql, "trust_graph", from_agent_id=truster, to_agent_id=ada, local_trust=trust, interaction_count=dealings
        )
    rows = await sql.fetch(
        """
        SELECT agent_id, trust_level, rating_count, average_rating, trusted_by_count, interaction_count
          FROM society.v_agent_reputation ORDER BY eigentrust_score DESC NULLS LAST
        """
    )
    assert [tuple(row) for row in rows] == [
        ("ada", "outstanding", 2, Decimal("4.5"), 1, 13),
        ("bob", "excellent", 0, None, 0, 0),
        ("eve", None, 0, None, 0, 0),
    ]
    await sql.act("guildhall_app", THEIRS)
    assert await sql.fetch("SELECT * FROM society.v_agent_reputation") == []


# mentorship -----------------------------------------------------------------------


async def pairing(sql: Any, mentor: UUID, mentee: UUID, **values: object) -> UUID:
    return await add(
        sql,
        "mentorship_pairings",
        **{"mentor_id": mentor, "mentee_id": mentee, "skill_focus": "sorting", "status": "active", **values},
    )


async def test_nobody_is_their_own_mentor_and_a_skill_has_one_mentor_at_a_time(sql: Statements) -> None:
    ada, bob, eve = [await agent(sql) for _ in range(3)]
    async with sql.refused("mentorship_pairings_are_of_two_agents"):
        await pairing(sql, ada, ada)
    first = await pairing(sql, ada, bob)
    async with sql.refused("mentorship_pairings_one_active_per_skill"):
        await pairing(sql, eve, bob)
    second = await pairing(sql, eve, bob, status="proposed")
    await sql.execute("UPDATE society.mentorship_pairings SET status = 'completed' WHERE id = $1", first)
    await sql.execute("UPDATE society.mentorship_pairings SET status = 'active' WHERE id = $1", second)
    async with sql.refused("mentorship_pairings_follow_their_states"):
        await sql.execute("UPDATE society.mentorship_pairings SET status = 'active' WHERE id = $1", first)


async def test_sessions_count_when_they_were_held(sql: Statements) -> None:
    which = await pairing(sql, await agent(sql), await agent(sql), planned_sessions=4)
    progress = "SELECT completed_sessions, completion_percentage FROM society.mentorship_pairings WHERE id = $1"
    now = await sql.value("SELECT now()")
    first = await add(sql, "mentorship_sessions", pairing_id=which, session_number=1, held_at=now)
    second = await add(sql, "mentorship_sessions", pairing_id=which, session_number=2)
    assert tuple(await sql.row(progress, which)) == (1, 25)
    await sql.execute("UPDATE society.mentorship_sessions SET held_at = now() WHERE id = $1", second)
    assert tuple(await sql.row(progress, which)) == (2, 50)
    await sql.execute("UPDATE society.mentorship_sessions SET held_at = now(), topic = 'again' WHERE id = $1", second)
    await sql.execute("DELETE FROM society.mentorship_sessions WHERE id = $1", first)
    assert tuple(await sql.row(progress, which)) == (1, 25)
    async with sql.refused("mentorship_sessions_one_per_number"):
        await add(sql, "mentorship_sessions", pairing_id=which, session_number=2)
    for number in range(3, 9):
        await add(sql, "mentorship_sessions", pairing_id=which, session_number=number, held_at=now)
    assert tuple(await sql.row(progress, which)) == (7, 100)  # more than was planned is all of it
    unplanned = await pairing(sql, await agent(sql), await agent(sql))
    assert tuple(await sql.row(progress, unplanned)) == (0, None)


async def test_active_mentorships_show_how_far_they_are(sql: Statements) -> None:
    ada, bob = await agent(sql, "ada"), await agent(sql, "bob")
    which = await pairing(sql, ada, bob, planned_sessions=2)
    await pairing(sql, bob, ada, status="proposed")
    await add(sql, "mentorship_sessions", pairing_id=which, session_number=1, held_at=await sql.value("SELECT now()"))
    for level, progress in ((1, 100), (2, 50)):
        lesson = await add(sql, "mentorship_curriculum", skill_name="sorting", level=level)
        await add(
            sql, "mentee_progress", pairing_id=which, mentee_id=bob, curriculum_id=lesson, progress_percentage=progress,
            passed_at=await sql.value("SELECT now()") if progress == 100 else None,
        )  # fmt: skip
    rows = await sql.fetch(
        "SELECT mentor_agent_id, mentee_agent_id, completion_percentage, curriculum_count, passed_count, average_progress FROM society.v_active_mentorships"
    )
    assert [tuple(row) for row in rows] == [("ada", "bob", 50, 2, 1, 75)]


async def test_progress_is_of_the_pairings_own_mentee(sql: Statements) -> None:
    ada, bob = await agent(sql), await agent(sql)
    which = await pairing(sql, ada, bob)
    lesson = await add(sql, "mentorship_curriculum", skill_name="sorting", level=1)
    async with sql.refused("mentee_progress_tenant_id_pairing_id_mentee_id_fkey"):
        await add(sql, "mentee_progress", pairing_id=which, mentee_id=ada, curriculum_id=lesson)


# rewards --------------------------------------------------------------------------


async def available(sql: Any, pool: UUID) -> int:
    fetch = sql.value if isinstance(sql, Statements) else sql.fetchval
    return await fetch("SELECT available FROM society.resource_pools WHERE id = $1", pool)


ALLOCATE = """
    INSERT INTO society.resource_allocations (agent_id, pool_id, resource_type, amount, performance_tier) VALUES ($1, $2, 'tokens', $3, 'gold')
"""


async def test_a_pool_gives_what_it_has_and_takes_back_what_is_released(sql: Statements) -> None:
    ada = await agent(sql)
    pool = await add(sql, "resource_pools", resource_type="tokens", total_capacity=100)
    assert await available(sql, pool) == 100
    await sql.execute(ALLOCATE, ada, pool, 70)
    async with sql.refused("resource_pools_give_what_they_have"):
        await sql.execute(ALLOCATE, ada, pool, 31)
    await sql.execute(ALLOCATE, ada, pool, 30)
    assert await available(sql, pool) == 0
    async with sql.refused("resource_pools_give_what_they_have"):
        await sql.execute("UPDATE society.resource_pools SET total_capacity = 99 WHERE id = $1", pool)
    await sql.execute("UPDATE society.resource_pools SET total_capacity = 150 WHERE id = $1", pool)
    await sql.execute("UPDATE society.resource_allocations SET status = 'expired' WHERE amount = 70")
    await sql.execute("UPDATE society.resource_allocations SET status = 'expired' WHERE amount = 70")
    assert await available(sql, pool) == 120
    assert await sql.value("SELECT released_at IS NOT NULL FROM society.resource_allocations WHERE amount = 70")
    async with sql.refused("resource_allocations_end_once"):
        await sql.execute(
            "UPDATE society.resource_allocations SET status = 'active', released_at = NULL WHERE amount = 70"
        )
    for change in (
        "UPDATE society.resource_pools SET available = 1000",
        "UPDATE society.resource_allocations SET amount = 1",
    ):
        async with sql.refused("not_allowed"):
            await sql.execute(change)


async def test_a_pool_lends_only_its_own_kind(sql: Statements) -> None:
    pool = await add(sql, "resource_pools", resource_type="minutes", total_capacity=100)
    async with sql.refused("resource_allocations_tenant_id_pool_id_resource_type_fkey"):
        await sql.execute(ALLOCATE, await agent(sql), pool, 1)


async def test_a_crowd_at_a_pool_gets_no_more_than_is_in_it(colleagues: Colleagues) -> None:
    crowd = [await colleagues.join() for _ in range(6)]
    ada = await agent(crowd[0])
    pool = await add(crowd[0], "resource_pools", resource_type="tokens", total_capacity=100)

    async def take(connection: asyncpg.Connection[Any]) -> list[str]:
        refusals = []
        for _ in range(4):
            try:
                await connection.execute(ALLOCATE, ada, pool, 7)
            except asyncpg.CheckViolationError as refused:
                refusals.append(refused.constraint_name)
        return refusals

    refusals = [each for taken in await asyncio.gather(*map(take, crowd)) for each in taken]
    assert refusals == ["resource_pools_give_what_they_have"] * 10  # 24 asked, and 100 // 7 = 14 were served
    assert await available(crowd[0], pool) == 100 - 14 * 7
    assert await crowd[0].fetchval("SELECT sum(amount) FROM society.resource_allocations WHERE status = 'active'") == 98


# penalties ------------------------------------------------------------------------


async def violation(sql: Any, offender: UUID, **values: object) -> UUID:
    return await add(
        sql,
        "violations",
        **{"agent_id": offender, "violation_type": "poor_quality", "severity": 3, "penalty_points": 50, **values},
    )


async def test_the_history_of_a_penalty_adds_up_to_what_it_costs_now(sql: Statements) -> None:
    which = await violation(sql, await agent(sql))
    change = "UPDATE society.violations SET status = $2, penalty_points = $3, status_reason = $4 WHERE id = $1"
    for status, points, reason in (
        ("confirmed", 50, "seen by two"), ("confirmed", 30, "first time"), ("overturned", 30, "was not there"),
        ("confirmed", 40, "was there after all"), ("expired", 40, "a year has passed"),
    ):  # fmt: skip
        await sql.execute(change, which, status, points, reason)
    rows = await sql.fetch("SELECT event_type, points_delta, reason FROM society.penalty_history ORDER BY created_at")
    assert [tuple(row) for row in rows] == [
        ("assessed", 50, None),
        ("reduced", -20, "first time"),
        ("reversed", -30, "was not there"),
        ("reinstated", 40, "was there after all"),
        ("expired", -40, "a year has passed"),
    ]
    async with sql.refused("not_allowed"):
        await sql.execute("UPDATE society.penalty_history SET points_delta = 0")


async def test_a_violation_is_grave_from_one_to_five_and_reported_by_somebody_else(sql: Statements) -> None:
    ada = await agent(sql)
    for severity in (0, 6):
        async with sql.refused("violations_severity_range"):
            await violation(sql, ada, severity=severity)
    async with sql.refused("violations_are_reported_by_others"):
        await violation(sql, ada, reported_by=ada)


async def test_an_agent_that_asks_sees_its_own_violations_and_a_person_the_teams(sql: Statements) -> None:
    ada, bob = await agent(sql), await agent(sql)
    await violation(sql, ada)
    await violation(sql, bob)
    count = "SELECT count(*) FROM society.violations"
    become = "SELECT set_config('app.agent_id', $1, true)"
    assert await sql.value(count) == 2
    for who in (ada, bob):
        await sql.execute(become, str(who))
        assert [row[0] for row in await sql.fetch("SELECT agent_id FROM society.violations")] == [who]
    await sql.act("guildhall_app", THEIRS)
    assert await sql.value(count) == 0  # it narrows and never widens
    await sql.act("guildhall_app", OURS)
    await sql.execute(become, "")
    assert await sql.value(count) == 2
    await sql.act("guildhall_app")
    assert await sql.value(count) == 0


async def appeal(sql: Any, which: UUID, who: UUID, **values: object) -> UUID:
    return await add(sql, "appeals", **{"violation_id": which, "agent_id": who, "grounds": "I was asleep.", **values})


async def test_an_appeal_is_made_by_whom_it_concerns_one_at_a_time_and_decided_once(sql: Statements) -> None:
    ada, bob = await agent(sql), await agent(sql)
    which = await violation(sql, ada)
    async with sql.refused("appeals_tenant_id_violation_id_agent_id_fkey"):
        await appeal(sql, which, bob)
    first = await appeal(sql, which, ada)
    async with sql.refused("appeals_one_open_per_violation"):
        await appeal(sql, which, ada)
    decide = "UPDATE society.appeals SET status = $2, decision = $3, decided_at = now() WHERE id = $1"
    async with sql.refused("appeals_decision_is_recorded"):
        await sql.execute(decide, first, "upheld", None)
    await sql.execute(decide, first, "upheld", "It was awake.")
    async with sql.refused("appeals_follow_their_states"):
        await sql.execute(decide, first, "overturned", "It was asleep.")
    await appeal(sql, which, ada)


async def test_neither_accuser_nor_accused_judges_an_appeal(sql: Statements) -> None:
    ada, bob, eve = [await agent(sql) for _ in range(3)]
    which = await violation(sql, ada, reported_by=bob)
    async with sql.refused("appeals_are_reviewed_impartially"):
        await appeal(sql, which, ada, reviewer_id=bob)
    case = await appeal(sql, which, ada, reviewer_id=eve)
    for partial in (ada, bob):
        async with sql.refused("appeal_reviews_are_impartial"):
            await add(sql, "appeal_reviews", appeal_id=case, reviewer_id=partial, opinion="overturn")
    stepped_aside = await add(sql, "appeal_reviews", appeal_id=case, reviewer_id=bob, is_recused=True)
    async with sql.refused("appeal_reviews_are_impartial"):
        await sql.execute(
            "UPDATE society.appeal_reviews SET is_recused = false, opinion = 'uphold' WHERE id = $1", stepped_aside
        )
    await add(sql, "appeal_reviews", appeal_id=case, reviewer_id=eve, opinion="reduce")


async def test_a_retraining_is_examined_by_somebody_else(sql: Statements) -> None:
    ada, bob = await agent(sql), await agent(sql)
    program = await add(sql, "retraining_programs", agent_id=ada, curriculum="Reading before answering")
    exam = {"program_id": program, "agent_id": ada, "attempt": 1, "score": "0.9", "passed": True}
    async with sql.refused("retraining_assessments_are_by_others"):
        await add(sql, "retraining_assessments", **exam, assessor_id=ada)
    async with sql.refused("retraining_assessments_tenant_id_program_id_agent_id_fkey"):
        await add(sql, "retraining_assessments", **{**exam, "agent_id": bob}, assessor_id=ada)
    await add(sql, "retraining_assessments", **exam, assessor_id=bob)


# leaving --------------------------------------------------------------------------


async def test_a_team_is_erased_with_votes_that_are_closed_battles_that_are_fought_and_boards_that_are_kept(
    sql: Statements,
) -> None:
    await sql.act("guildhall_app", THEIRS)
    ada, bob = await agent(sql), await agent(sql)
    session = await vote_on(sql, "yes", "no", status="draft")
    await add(sql, "voting_eligibility", "weight", session_id=session, agent_id=ada)
    await sql.execute("UPDATE society.voting_sessions SET status = 'open' WHERE id = $1", session)
    first, second = uuid4(), uuid4()
    await add(sql, "votes", id=first, session_id=session, agent_id=ada, vote_option="yes")
    await sql.execute("UPDATE society.votes SET superseded_at = now(), superseded_by = $2 WHERE id = $1", first, second)
    await add(sql, "votes", id=second, session_id=session, agent_id=ada, vote_option="no", signature=bytes(64))
    await sql.execute("UPDATE society.voting_sessions SET status = 'closed' WHERE id = $1", session)
    fight = await add(sql, "battles", battle_id="one", title="One")
    for each in (ada, bob):
        await add(sql, "battle_participants", battle_id=fight, agent_id=each)
    await sql.execute("UPDATE society.battles SET status = 'in_progress' WHERE id = $1", fight)
    await sql.execute("UPDATE society.battles SET status = 'completed', winner_id = $2 WHERE id = $1", fight, ada)
    await add(sql, "elo_history", agent_id=ada, battle_id=fight, old_rating=1200, new_rating=1216, change=16)
    today = await sql.value("SELECT current_date")
    board = {"category": "overall", "period": "all_time", "period_start": today}
    await add(sql, "leaderboard_periods", "period", **board)
    await add(sql, "leaderboard_rankings", **board, agent_id=ada, rank=1, score=1)
    await sql.execute("UPDATE society.leaderboard_periods SET closed_at = now()")
    await add(
        sql, "point_transactions", agent_id=ada, category="task", base_points=9, final_points=9, idempotency_key="x"
    )
    await appeal(sql, await violation(sql, ada, reported_by=bob), ada)
    storm = await brainstorm(sql, ada)
    idea = await add(sql, "ideas", session_id=storm, agent_id=ada, title="One")
    await add(sql, "ideas", session_id=storm, agent_id=ada, title="Another", parent_id=idea)
    await task(sql, assigned_to=ada, status="completed")

    team = THEIRS.tenant_id
    await sql.execute("SELECT platform.begin_erasing_team($1)", team)
    while await sql.fetch("SELECT relation FROM platform.erase_team_rows($1, 2)", team):
        await sql.execute("SET CONSTRAINTS ALL IMMEDIATE")
    await sql.execute("SELECT platform.erase_team($1, 'they asked for it')", team)
    await sql.act("postgres")
    for table in await sql.fetch(
        """
        SELECT oid::regclass::text AS name FROM pg_class
         WHERE relnamespace IN ('society'::regnamespace, 'store'::regnamespace) AND relkind IN ('r', 'p') AND NOT relispartition
           AND obj_description(oid) LIKE '%: tenant: %' AND obj_description(oid) NOT LIKE 'audit:%'
        """
    ):
        assert await sql.value(f"SELECT count(*) FROM {table['name']} WHERE tenant_id = $1", team) == 0, table["name"]


# the document -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM v_active_agents WHERE current_tier >= 'gold' ORDER BY total_points DESC",
        "SELECT * FROM v_current_leaderboard WHERE category = 'overall' ORDER BY rank",
        "SELECT * FROM v_active_mentorships WHERE completion_percentage > 50",
        "SELECT * FROM v_agent_reputation WHERE trust_level IN ('excellent', 'outstanding') ORDER BY eigentrust_score DESC",
        "SELECT * FROM v_task_queue_summary WHERE status = 'pending' ORDER BY priority DESC",
    ],
)
async def test_the_documents_queries_run_as_they_are_written(sql: Statements, statement: str) -> None:
    await sql.execute("SET LOCAL search_path = evaluation, gateway, catalogue, society, platform, public")
    assert await sql.fetch(statement) == []


async def test_every_table_of_the_society_belongs_to_a_room_and_a_team(sql: Statements) -> None:
    rows = await sql.fetch(
        """
        SELECT relname, split_part(obj_description(oid), ': ', 1) AS room, split_part(obj_description(oid), ': ', 2) AS class
          FROM pg_class
         WHERE relnamespace IN ('society'::regnamespace) AND relkind IN ('r', 'v') AND relname NOT LIKE 'v\\_%'
        """
    )
    assert {row["class"] for row in rows} == {"tenant"}
    assert {row["room"] for row in rows} == {
        "agents", "tasks", "voting", "brainstorming", "gamification", "reputation", "battles", "leaderboards",
        "mentorship", "rewards", "penalties",
    }  # fmt: skip
    # 38 that the document names, 18 that its text asks for, the keys of awards, and three of the engine for tasks.
    assert len(rows) == 60
