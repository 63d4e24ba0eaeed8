"""Analyses and debates that nobody carries out any more are ended by upkeep, and those that somebody does are not."""

from __future__ import annotations

from decimal import Decimal

import asyncpg

from guildhall.app.lost_work import end_lost_work
from guildhall.app.wiring import App
from guildhall.app.workers import ours
from guildhall.db.queries import parse_queries
from guildhall.domains.evaluation import recommendations
from guildhall.domains.evaluation.recommendations import SessionStatus
from guildhall.domains.gateway import debates
from guildhall.domains.gateway.debates import DebateStatus, Method, NewDebate, Participant
from guildhall.domains.platform import jobs

_SQL = parse_queries(
    "test", "-- name: open_by_hand\nSELECT evaluation.trigger_llm_recommendation_analysis('2 days', NULL);"
)


async def _grow_older(url: str, by: str) -> None:
    connection = await asyncpg.connect(url)
    for table in ("evaluation.llm_recommendation_sessions", "gateway.debate_sessions"):
        await connection.execute(f"UPDATE {table} SET created_at = created_at - interval '{by}'")
    await connection.close()


async def test_what_nobody_carries_out_any_more_is_ended(app: App, administrator_url: str) -> None:
    people = [Participant(each, each, Decimal(1)) for each in ("ann", "bob")]
    new = NewDebate(topic="Is it ripe?", participants=people, rounds=1, method=Method.MAJORITY, positions=("yes", "no"))
    async with app.transaction() as tx:
        opened = await tx.value(_SQL.open_by_hand)
        held_by_a_person = await debates.begin(tx, new)
    assert await end_lost_work(app) == 0, "all of it has just begun"
    await _grow_older(administrator_url, "2 hours")
    assert await end_lost_work(app) == 0, "a job lives, and a person's own process may have just begun"

    async with app.transaction() as tx:
        (job,) = (await jobs.page_jobs(tx, {"task_type": ours.ANALYSE}, jobs.JOBS.order())).items
        await jobs.change_each(tx, "cancel", [job.id])
    assert await end_lost_work(app) == 1
    async with app.transaction() as tx:
        session = await recommendations.get_session(tx, opened)
        assert (session.session_status, session.analysis_cost_usd) == (SessionStatus.FAILED, None)
        assert "was lost" in (session.error_message or "")
        assert (await debates.get_debate(tx, held_by_a_person)).status is DebateStatus.ACTIVE

    await _grow_older(administrator_url, "1 day")
    assert [await end_lost_work(app) for _ in range(2)] == [1, 0]
    async with app.transaction() as tx:
        assert (await debates.get_debate(tx, held_by_a_person)).status is DebateStatus.CANCELLED
