"""The rooms `gamification`, `battles` and `leaderboards` of the society: points, tiers, who wins, who stands where."""

from __future__ import annotations

import asyncio
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from fixtures.society import Colleagues, add, agent, task
from fixtures.statements import OURS, THEIRS, Statements

GIVE = (
    "INSERT INTO society.point_transactions (agent_id, category, base_points, final_points) VALUES ($1, 'task', $2, $2)"
)


async def standing(sql: Any, which: UUID) -> tuple[int, str]:
    fetch = sql.row if isinstance(sql, Statements) else sql.fetchrow
    return tuple(await fetch("SELECT total_points, current_tier FROM society.agents WHERE id = $1", which))


# gamification: points and tiers ---------------------------------------------------


async def test_points_move_an_agent_up_and_past_tiers_and_each_rise_is_on_record(sql: Statements) -> None:
    ada = await agent(sql)
    first = await add(sql, "point_transactions", agent_id=ada, category="task", base_points=999, final_points=999)
    assert await standing(sql, ada) == (999, "bronze")
    second = await add(sql, "point_transactions", agent_id=ada, category="task", base_points=1, final_points=1)
    assert await standing(sql, ada) == (1000, "silver")
    third = await add(sql, "point_transactions", agent_id=ada, category="bonus", base_points=20000, final_points=20000)
    assert await standing(sql, ada) == (21000, "platinum")
    history = await sql.fetch(
        "SELECT old_tier, new_tier, points_at, transaction_id FROM society.tier_history ORDER BY created_at"
    )
    assert [tuple(row) for row in history] == [("bronze", "silver", 1000, second), ("silver", "platinum", 21000, third)]
    assert first not in {row["transaction_id"] for row in history}
    async with sql.refused("not_allowed"):
        await sql.execute("DELETE FROM society.tier_history")


async def test_at_the_edge_of_a_tier_an_agent_does_not_fall_with_every_point(sql: Statements) -> None:
    ada = await agent(sql)
    await sql.execute(GIVE, ada, 5000)
    for taken, expected in (
        (-500, (4500, "gold")),  # gold is reached at 5000 and kept down to 4500
        (-1, (4499, "silver")),
        (1, (4500, "silver")),  # and is not reached again before 5000
        (-3600, (900, "silver")),
        (-1000, (-100, "bronze")),  # more was taken than earned
    ):
        await sql.execute(GIVE, ada, taken)
        assert await standing(sql, ada) == expected


async def test_one_statement_may_give_to_many_and_to_one_many_times(sql: Statements) -> None:
    ada, bob = await agent(sql), await agent(sql)
    await sql.execute(
        """
        INSERT INTO store.point_transactions (agent_id, category, base_points, final_points)
        SELECT agent_id, 'task', points, points FROM unnest($1::uuid[], $2::int[]) AS given (agent_id, points)
        """,
        [ada, bob, ada, ada],
        [600, 5, 600, -100],
    )
    assert await standing(sql, ada) == (1100, "silver")
    assert await standing(sql, bob) == (5, "bronze")


async def test_points_that_are_given_at_the_same_time_all_count_and_promote_once(colleagues: Colleagues) -> None:
    crowd = [await colleagues.join() for _ in range(6)]
    ada, bob = await agent(crowd[0]), await agent(crowd[0])

    async def give(connection: asyncpg.Connection[Any], number: int) -> None:
        both = [ada, bob] if number % 2 else [bob, ada]  # in either order: they do not wait in a circle
        for _ in range(5):
            await connection.execute(
                "INSERT INTO store.point_transactions (agent_id, category, base_points, final_points) SELECT unnest($1::uuid[]), 'task', 40, 40",
                both,
            )

    await asyncio.gather(*(give(each, number) for number, each in enumerate(crowd)))
    assert await standing(crowd[0], ada) == await standing(crowd[0], bob) == (1200, "silver")
    assert await crowd[0].fetchval("SELECT count(*) FROM society.tier_history WHERE agent_id = $1", ada) == 1


async def test_final_points_are_base_by_multiplier_rounded(sql: Statements) -> None:
    ada = await agent(sql)
    insert = "INSERT INTO society.point_transactions (agent_id, category, base_points, multiplier, final_points) VALUES ($1, 'task', $2, $3, $4)"
    await sql.execute(insert, ada, 5, "1.1", 6)  # 5.5 rounds away from nought
    await sql.execute(insert, ada, -5, "1.1", -6)
    async with sql.refused("point_transactions_final_is_base_by_multiplier"):
        await sql.execute(insert, ada, 5, "1.1", 5)
    assert await standing(sql, ada) == (0, "bronze")


async def test_one_award_is_made_once_whatever_the_month(sql: Statements) -> None:
    ada = await agent(sql)
    await sql.execute("SELECT platform.ensure_partitions('point_transactions', '2025-01-01Z', '2025-01-01Z')")
    award = """
        INSERT INTO society.point_transactions (agent_id, category, base_points, final_points, idempotency_key, created_at)
        VALUES ($1, 'achievement', 50, 50, 'first-task', $2)
    """
    await sql.execute(award, ada, await sql.value("SELECT '2025-01-01Z'::timestamptz"))
    async with sql.refused("point_keys_one_award_per_key"):
        await sql.execute(award, ada, await sql.value("SELECT now()"))
    assert await standing(sql, ada) == (50, "bronze")
    await sql.act("guildhall_app", THEIRS)
    await sql.execute(award, await agent(sql), await sql.value("SELECT now()"))


async def test_two_who_make_the_same_award_at_the_same_time_make_it_once(colleagues: Colleagues) -> None:
    one, two = await colleagues.join(), await colleagues.join()
    ada = await agent(one)
    award = """
        INSERT INTO society.point_transactions (agent_id, category, base_points, final_points, idempotency_key)
        VALUES ($1, 'achievement', 50, 50, 'once')
    """
    transaction = one.transaction()
    await transaction.start()
    await one.execute(award, ada)
    async with colleagues.waiting(two, award, ada) as second:
        await transaction.commit()
    with pytest.raises(asyncpg.UniqueViolationError):
        second.result()
    assert await standing(one, ada) == (50, "bronze")


async def test_the_ledger_is_added_to_and_nobodys_agent_but_ones_own_is_paid(sql: Statements) -> None:
    ada = await agent(sql)
    await sql.execute(GIVE, ada, 10)
    for change in ("UPDATE society.point_transactions SET final_points = 0", "DELETE FROM society.point_transactions"):
        async with sql.refused("not_allowed"):
            await sql.execute(change)
    await sql.act("guildhall_app", THEIRS)
    async with sql.refused("point_transactions_tenant_id_agent_id_fkey"):
        await sql.execute(GIVE, ada, 10)
    assert await sql.fetch("SELECT * FROM society.point_transactions") == []
    await sql.act("guildhall_app", OURS)
    assert await standing(sql, ada) == (10, "bronze")


async def test_every_team_has_all_tiers_and_moves_its_own(sql: Statements) -> None:
    thresholds = "SELECT tier, min_points FROM society.tiers ORDER BY tier"
    usual = [
        ("bronze", 0),
        ("silver", 1000),
        ("gold", 5000),
        ("platinum", 15000),
        ("diamond", 50000),
        ("legend", 150000),
    ]
    assert [tuple(row) for row in await sql.fetch(thresholds)] == usual
    await sql.execute("UPDATE society.tiers SET min_points = 10, keep_points = 5 WHERE tier = 'silver'")
    ada = await agent(sql)
    await sql.execute(GIVE, ada, 10)
    assert await standing(sql, ada) == (10, "silver")
    async with sql.refused("not_allowed"):
        await sql.execute("DELETE FROM society.tiers")
    async with sql.refused("not_allowed"):
        await add(sql, "tiers", "tier", tier="gold", min_points=1, keep_points=1)
    await sql.act("guildhall_app", THEIRS)
    assert [tuple(row) for row in await sql.fetch(thresholds)] == usual
    bob = await agent(sql)
    await sql.execute(GIVE, bob, 10)
    assert await standing(sql, bob) == (10, "bronze")


async def test_a_higher_tier_needs_more_points_than_a_lower_one(sql: Statements) -> None:
    async with sql.refused("tiers_rise_with_points"):
        await sql.execute("UPDATE society.tiers SET min_points = 5000 WHERE tier = 'silver'")
    async with sql.refused("tiers_are_kept_below_where_they_are_reached"):
        await sql.execute("UPDATE society.tiers SET keep_points = min_points + 1 WHERE tier = 'silver'")
    await sql.execute("UPDATE society.tiers SET min_points = min_points * 2")  # all at once keeps the order


async def test_an_achievement_is_earned_once_or_once_in_a_period(sql: Statements) -> None:
    ada = await agent(sql)
    medal = await add(
        sql, "achievements", achievement_id="first", name="First", category="task", requirements='{"count": 1}'
    )
    whole = {"agent_id": ada, "achievement_id": medal}
    async with sql.refused("agent_achievements_earned_is_done"):
        await add(sql, "agent_achievements", **whole, progress="0.5", earned_at=await sql.value("SELECT now()"))
    await add(sql, "agent_achievements", **whole, progress=1, earned_at=await sql.value("SELECT now()"))
    async with sql.refused("agent_achievements_one_per_period"):
        await add(sql, "agent_achievements", **whole)
    for week in ("2026-W01", "2026-W02"):
        await add(sql, "agent_achievements", **whole, period=week)


# battles --------------------------------------------------------------------------

NEXT = {
    "scheduled": {"open", "in_progress", "cancelled"},
    "open": {"in_progress", "cancelled"},
    "in_progress": {"judging", "completed", "cancelled", "disputed"},
    "judging": {"completed", "disputed", "cancelled"},
    "completed": {"disputed"},
    "cancelled": set(),
    "disputed": {"judging", "completed", "cancelled"},
}


async def battle(sql: Any, *fighters: UUID, **values: object) -> UUID:
    which = await add(sql, "battles", **{"battle_id": f"battle-{uuid4()}", "title": "Who sorts faster", **values})
    for each in fighters:
        await add(sql, "battle_participants", battle_id=which, agent_id=each)
    return which


async def advance(sql: Statements, which: UUID, *states: str, winner: UUID | None = None) -> None:
    for state in states:
        await sql.execute(
            "UPDATE society.battles SET status = $2, winner_id = CASE WHEN $2 = 'completed'::society.battle_status THEN $3::uuid ELSE winner_id END WHERE id = $1",
            which, state, winner,
        )  # fmt: skip


async def record(sql: Statements, *agents: UUID) -> list[tuple[int, int]]:
    return [
        tuple(await sql.row("SELECT battles_fought, battles_won FROM society.agents WHERE id = $1", each))
        for each in agents
    ]


async def test_a_battle_goes_its_way_and_no_other(sql: Statements) -> None:
    for before, after in product(NEXT, NEXT):
        if before != after:
            which = await battle(sql, status=before)
            if after in NEXT[before]:
                await advance(sql, which, after)
            else:
                async with sql.refused("battles_follow_their_states"):
                    await advance(sql, which, after)


async def test_a_battle_is_won_by_one_who_fought_in_it_when_it_ends(sql: Statements) -> None:
    ada, bob, eve = [await agent(sql) for _ in range(3)]
    which = await battle(sql, ada, bob)
    async with sql.refused("battles_are_won_at_their_end"):
        await sql.execute("UPDATE society.battles SET winner_id = $2 WHERE id = $1", which, ada)
    await advance(sql, which, "in_progress")
    async with sql.refused("battles_are_won_by_a_participant"):
        await advance(sql, which, "completed", winner=eve)
    await advance(sql, which, "completed", winner=ada)
    async with sql.refused("battles_keep_their_winner"):
        await sql.execute("UPDATE society.battles SET winner_id = $2 WHERE id = $1", which, bob)


async def test_who_fights_is_settled_when_the_fight_begins(sql: Statements) -> None:
    ada, bob = await agent(sql), await agent(sql)
    which = await battle(sql, ada, status="open")
    async with sql.refused("battle_participants_one_per_agent"):
        await add(sql, "battle_participants", battle_id=which, agent_id=ada)
    await advance(sql, which, "in_progress")
    async with sql.refused("battle_participants_are_known_at_the_beginning"):
        await add(sql, "battle_participants", battle_id=which, agent_id=bob)
    async with sql.refused("battle_participants_are_known_at_the_beginning"):
        await sql.execute("DELETE FROM society.battle_participants WHERE battle_id = $1", which)


async def test_battles_are_counted_when_they_are_completed_and_a_dispute_takes_that_back(sql: Statements) -> None:
    ada, bob = await agent(sql), await agent(sql)
    which = await battle(sql, ada, bob)
    await advance(sql, which, "in_progress", "completed", winner=ada)
    assert await record(sql, ada, bob) == [(1, 1), (1, 0)]
    await advance(sql, which, "disputed")
    assert await record(sql, ada, bob) == [(0, 0), (0, 0)]
    await advance(sql, which, "completed", winner=bob)
    assert await record(sql, ada, bob) == [(1, 0), (1, 1)]
    draw = await battle(sql, ada, bob)
    await advance(sql, draw, "in_progress", "completed")
    assert await record(sql, ada, bob) == [(2, 0), (2, 1)]
    await advance(sql, await battle(sql, ada, bob), "cancelled")
    assert await record(sql, ada, bob) == [(2, 0), (2, 1)]


async def test_nobody_judges_a_battle_they_fight_in(sql: Statements) -> None:
    ada, bob = await agent(sql), await agent(sql)
    which = await battle(sql, ada)
    async with sql.refused("battle_rounds_are_judged_by_others"):
        await add(sql, "battle_rounds", battle_id=which, round_number=1, judge_id=ada)
    await add(sql, "battle_rounds", battle_id=which, round_number=1, judge_id=bob)
    await add(sql, "battle_rounds", battle_id=which, round_number=1)
    async with sql.refused("battle_rounds_one_per_judge"):
        await add(sql, "battle_rounds", battle_id=which, round_number=1)


RATE = "INSERT INTO society.elo_history (agent_id, battle_id, old_rating, new_rating, change) VALUES ($1, $2, $3, $4, $4::int - $3::int)"


async def test_a_rating_is_where_its_history_ends(sql: Statements) -> None:
    ada, bob = await agent(sql), await agent(sql)
    first, second = await battle(sql, ada), await battle(sql, ada)
    await sql.execute(RATE, ada, first, 1200, 1216)
    assert await sql.value("SELECT elo_rating FROM society.agents WHERE id = $1", ada) == 1216
    async with sql.refused("elo_history_continues_the_rating"):
        await sql.execute(RATE, ada, second, 1200, 1216)
    async with sql.refused("elo_history_one_per_battle"):
        await sql.execute(RATE, ada, first, 1216, 1230)
    async with sql.refused("elo_history_tenant_id_battle_id_agent_id_fkey"):
        await sql.execute(RATE, bob, first, 1200, 1216)
    async with sql.refused("elo_history_new_is_old_and_change"):
        await add(sql, "elo_history", agent_id=ada, reason="x", old_rating=1216, new_rating=1300, change=1)
    async with sql.refused("elo_history_has_a_cause"):
        await add(sql, "elo_history", agent_id=ada, old_rating=1216, new_rating=1217, change=1)
    async with sql.refused("not_allowed"):
        await sql.execute("UPDATE society.agents SET elo_rating = 3000")


async def test_two_battles_that_rate_an_agent_at_the_same_time_do_not_lose_one_of_them(colleagues: Colleagues) -> None:
    one, two = await colleagues.join(), await colleagues.join()
    ada = await agent(one)
    first, second = await battle(one, ada), await battle(one, ada)
    transaction = one.transaction()
    await transaction.start()
    await one.execute(RATE, ada, first, 1200, 1216)
    async with colleagues.waiting(two, RATE, ada, second, 1200, 1184) as late:
        await transaction.commit()
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        late.result()
    assert refused.value.constraint_name == "elo_history_continues_the_rating"
    await two.execute(RATE, ada, second, 1216, 1200)


# leaderboards ---------------------------------------------------------------------

BOARD = """
    INSERT INTO society.leaderboard_periods (category, period, period_start, period_end)
    VALUES ($1, $2, date_trunc($3, now() AT TIME ZONE 'UTC')::date + $4::int, date_trunc($3, now() AT TIME ZONE 'UTC')::date + $4::int + 7)
    RETURNING period_start
"""


async def test_the_current_leaderboard_is_this_weeks_in_every_category(sql: Statements) -> None:
    ada, bob = await agent(sql, "ada"), await agent(sql, "bob")
    for category, period, unit, days in (
        ("overall", "weekly", "week", 0), ("battles", "weekly", "week", 0), ("overall", "weekly", "week", -7),
        ("overall", "weekly", "week", 7), ("overall", "monthly", "week", 0),
    ):  # fmt: skip
        start = await sql.value(BOARD, category, period, unit, days)
        board = {"category": category, "period": period, "period_start": start}
        await add(sql, "leaderboard_rankings", **board, agent_id=ada, rank=1, score=9, previous_rank=3, rank_change=2)
        await add(sql, "leaderboard_rankings", **board, agent_id=bob, rank=2, score=7)
    rows = await sql.fetch(
        "SELECT category, rank, agent_id, rank_change, score FROM society.v_current_leaderboard ORDER BY category, rank"
    )
    assert [tuple(row) for row in rows] == [
        ("battles", 1, "ada", 2, 9), ("battles", 2, "bob", None, 7), ("overall", 1, "ada", 2, 9), ("overall", 2, "bob", None, 7),
    ]  # fmt: skip
    await sql.act("guildhall_app", THEIRS)
    assert await sql.fetch("SELECT * FROM society.v_current_leaderboard") == []


async def test_a_change_of_rank_is_from_the_previous_one_and_null_for_somebody_new(sql: Statements) -> None:
    start = await sql.value(BOARD, "overall", "weekly", "week", 0)
    row = {"category": "overall", "period": "weekly", "period_start": start, "rank": 2, "score": 1}
    for wrong in ({"previous_rank": 3, "rank_change": 2}, {"rank_change": 0}, {"previous_rank": 3}):
        async with sql.refused("leaderboard_rankings_change_is_from_the_previous"):
            await add(sql, "leaderboard_rankings", agent_id=await agent(sql), **row, **wrong)
    await add(sql, "leaderboard_rankings", agent_id=await agent(sql), **row)


async def test_a_board_that_is_closed_changes_no_more(sql: Statements) -> None:
    ada = await agent(sql)
    start = await sql.value(BOARD, "overall", "weekly", "week", 0)
    row = {"category": "overall", "period": "weekly", "period_start": start, "rank": 1, "score": 1}
    await add(sql, "leaderboard_rankings", agent_id=ada, **row)
    await sql.execute("UPDATE society.leaderboard_periods SET closed_at = now()")
    for change in ("UPDATE society.leaderboard_rankings SET score = 2", "DELETE FROM society.leaderboard_rankings"):
        async with sql.refused("leaderboard_rankings_are_kept_once_closed"):
            await sql.execute(change)
    async with sql.refused("leaderboard_rankings_are_kept_once_closed"):
        await add(sql, "leaderboard_rankings", agent_id=await agent(sql), **row)
    async with sql.refused("leaderboard_periods_stay_closed"):
        await sql.execute("UPDATE society.leaderboard_periods SET closed_at = NULL")


async def test_a_battle_about_another_teams_task_is_as_about_none(sql: Statements) -> None:
    which = await task(sql)
    await sql.act("guildhall_app", THEIRS)
    for other in (which, uuid4()):
        async with sql.refused("battles_tenant_id_task_id_fkey"):
            await battle(sql, task_id=other)
