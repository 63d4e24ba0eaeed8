"""The rooms `voting` and `brainstorming` of the society: ballots, the roll, the trail, ideas and their counts."""

from __future__ import annotations

import asyncio
import hashlib
import json
from decimal import Decimal
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from fixtures.society import Colleagues, add, agent, brainstorm, vote_on
from fixtures.statements import OURS, THEIRS, Statements


async def cast(sql: Any, session: UUID, voter: UUID, option: str = "yes", **values: object) -> UUID:
    return await add(sql, "votes", session_id=session, agent_id=voter, vote_option=option, **values)


async def move(sql: Any, session: UUID, status: str, results: str | None = None) -> None:
    await sql.execute(
        "UPDATE society.voting_sessions SET status = $2, results = COALESCE($3, results) WHERE id = $1",
        session,
        status,
        results,
    )


# voting: the session --------------------------------------------------------------

NEXT = {
    "draft": {"open", "cancelled"},
    "open": {"closed", "cancelled"},
    "closed": {"tallied", "tied", "no_quorum", "cancelled"},
    "tied": {"tallied", "cancelled"},
    "tallied": set(),
    "no_quorum": set(),
    "cancelled": set(),
}


async def test_a_vote_goes_its_way_and_no_other(sql: Statements) -> None:
    for before, after in product(NEXT, NEXT):
        if before == after:
            continue
        session = await vote_on(sql, "yes", "no", status=before, results="{}")
        if after in NEXT[before]:
            await move(sql, session, after)
        else:
            async with sql.refused("voting_sessions_follow_their_states"):
                await move(sql, session, after)


async def test_a_vote_without_a_choice_cannot_be_opened(sql: Statements) -> None:
    session = await vote_on(sql, "yes", status="draft")
    async with sql.refused("voting_sessions_offer_a_choice"):
        await move(sql, session, "open")
    async with sql.refused("voting_sessions_options_are_a_list"):
        await add(sql, "voting_sessions", session_id="x", topic="x", options="{}")


@pytest.mark.parametrize(
    "change",
    [
        """options = '["yes", "no", "perhaps"]'""", "algorithm = 'borda'", "quorum = 0.1", "threshold = 0.1", "token_budget = 9",
        "seats = 2", "is_secret = true", "tie_break = '{lottery}'", r"tie_seed_hash = '\x00'", "topic = 'Something else?'",
        "opened_at = opened_at - interval '1 day'",
    ],
)  # fmt: skip
async def test_options_and_rules_are_frozen_once_a_vote_is_open(sql: Statements, change: str) -> None:
    session = await vote_on(sql, "yes", "no", status="draft")
    edit = f"UPDATE society.voting_sessions SET {change} WHERE id = $1"
    if "opened_at" not in change:
        await sql.execute(edit, session)
    other = await vote_on(sql, "yes", "no")
    async with sql.refused("voting_sessions_are_frozen_once_open"):
        await sql.execute(edit, other)
    await move(sql, other, "closed")
    async with sql.refused("voting_sessions_are_frozen_once_open"):
        await sql.execute(edit, other)


async def test_results_are_needed_and_kept(sql: Statements) -> None:
    session = await vote_on(sql, "yes", "no")
    await move(sql, session, "closed")
    async with sql.refused("voting_sessions_tallied_have_results"):
        await move(sql, session, "tallied")
    await move(sql, session, "tallied", '{"winners": ["yes"]}')
    async with sql.refused("voting_sessions_keep_their_results"):
        await sql.execute(
            """UPDATE society.voting_sessions SET results = '{"winners": ["no"]}' WHERE id = $1""", session
        )


async def test_a_lottery_shows_the_seed_that_it_committed_to(sql: Statements) -> None:
    seed = b"drawn before anybody voted"
    session = await vote_on(sql, "yes", "no", tie_seed_hash=hashlib.sha256(seed).digest())
    show = "UPDATE society.voting_sessions SET tie_seed = $2 WHERE id = $1"
    async with sql.refused("voting_sessions_reveal_the_seed_they_committed_to"):
        await sql.execute(show, session, b"drawn afterwards")
    await sql.execute(show, session, seed)
    async with sql.refused("voting_sessions_reveal_the_seed_they_committed_to"):
        await sql.execute(show, await vote_on(sql, "yes", "no"), seed)


# voting: ballots ------------------------------------------------------------------


async def test_ballots_are_cast_while_the_vote_is_open(sql: Statements) -> None:
    ada = await agent(sql)
    now = await sql.value("SELECT now()")
    for changes in (
        {"status": "draft"}, {"status": "closed"}, {"status": "cancelled"}, {"closes_at": now}, {"deleted_at": now},
        {"opens_at": await sql.value("SELECT now() + interval '1 second'")},
    ):  # fmt: skip
        async with sql.refused("votes_are_cast_while_open"):
            await cast(sql, await vote_on(sql, "yes", "no", **changes), ada)
    await cast(sql, await vote_on(sql, "yes", "no", opens_at=now), ada)


async def test_a_voter_has_one_live_ballot_and_the_one_it_replaced_is_kept(sql: Statements) -> None:
    ada, session = await agent(sql), await vote_on(sql, "yes", "no")
    first = await cast(sql, session, ada)
    async with sql.refused("votes_one_live_ballot_per_voter"):
        await cast(sql, session, ada, "no")
    second = uuid4()
    await sql.execute("UPDATE society.votes SET superseded_at = now(), superseded_by = $2 WHERE id = $1", first, second)
    await cast(sql, session, ada, "no", id=second)
    await sql.execute("SET CONSTRAINTS ALL IMMEDIATE")
    async with sql.refused("votes_superseded_stay_superseded"):
        await sql.execute("UPDATE society.votes SET superseded_at = NULL, superseded_by = NULL WHERE id = $1", first)
    async with sql.refused("not_allowed"):
        await sql.execute("UPDATE society.votes SET vote_option = 'yes' WHERE id = $1", second)
    async with sql.refused("not_allowed"):
        await sql.execute("DELETE FROM society.votes")


async def test_after_closing_no_ballot_is_withdrawn(sql: Statements) -> None:
    session = await vote_on(sql, "yes", "no")
    ballot = await cast(sql, session, await agent(sql))
    await move(sql, session, "closed")
    async with sql.refused("votes_are_cast_while_open"):
        await sql.execute("UPDATE society.votes SET superseded_at = now() WHERE id = $1", ballot)


async def test_where_there_is_a_roll_only_those_on_it_vote_and_with_its_weight(sql: Statements) -> None:
    ada, bob, session = await agent(sql), await agent(sql), await vote_on(sql, "yes", "no", status="draft")
    await add(sql, "voting_eligibility", "weight", session_id=session, agent_id=ada, weight="2.5")
    await move(sql, session, "open")
    ballot = await cast(sql, session, ada)
    assert await sql.value("SELECT weight FROM society.votes WHERE id = $1", ballot) == Decimal("2.5")
    async with sql.refused("votes_come_from_the_roll"):
        await cast(sql, session, bob)
    for change in (
        "UPDATE society.voting_eligibility SET weight = 9",
        "DELETE FROM society.voting_eligibility",
        f"INSERT INTO society.voting_eligibility (session_id, agent_id) VALUES ('{session}', '{bob}')",
    ):
        async with sql.refused("voting_eligibility_is_frozen_once_open"):
            await sql.execute(change)
    async with sql.refused("not_allowed"):
        await cast(sql, await vote_on(sql, "yes", "no"), bob, weight="9")


async def test_tokens_are_spent_within_the_budget_and_come_back_with_a_withdrawn_ballot(sql: Statements) -> None:
    ada, session = (
        await agent(sql),
        await vote_on(sql, "yes", "no", status="draft", algorithm="quadratic", token_budget=10),
    )
    await add(sql, "voting_eligibility", "weight", session_id=session, agent_id=ada)
    await move(sql, session, "open")
    left = "SELECT tokens_left FROM society.voting_eligibility"
    assert await sql.value(left) == 10
    async with sql.refused("voting_eligibility_is_within_the_budget"):
        await cast(sql, session, ada, tokens_spent=11)
    ballot = await cast(sql, session, ada, tokens_spent=9)
    assert await sql.value(left) == 1
    await sql.execute("UPDATE society.votes SET superseded_at = now() WHERE id = $1", ballot)
    assert await sql.value(left) == 10
    await cast(sql, session, ada, tokens_spent=4)
    assert await sql.value(left) == 6
    async with sql.refused("not_allowed"):
        await sql.execute("UPDATE society.voting_eligibility SET tokens_left = 10")


async def test_without_a_roll_every_agent_votes_with_weight_one_and_the_sessions_budget(sql: Statements) -> None:
    session = await vote_on(sql, "yes", "no", token_budget=10)
    async with sql.refused("votes_are_within_the_budget"):
        await cast(sql, session, await agent(sql), tokens_spent=11)
    ballot = await cast(sql, session, await agent(sql), tokens_spent=10)
    assert await sql.value("SELECT weight FROM society.votes WHERE id = $1", ballot) == 1


async def test_closing_waits_for_a_ballot_that_is_on_its_way_and_a_later_one_is_too_late(
    colleagues: Colleagues,
) -> None:
    voter, chair = await colleagues.join(), await colleagues.join()
    ada, bob, session = await agent(voter), await agent(voter), await vote_on(voter, "yes", "no")
    transaction = voter.transaction()
    await transaction.start()
    await cast(voter, session, ada)
    close = "UPDATE society.voting_sessions SET status = 'closed' WHERE id = $1"
    async with colleagues.waiting(chair, close, session) as closing:
        await transaction.commit()
    assert closing.result() == "UPDATE 1"
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await cast(voter, session, bob)
    assert refused.value.constraint_name == "votes_are_cast_while_open"


async def test_voters_do_not_wait_for_each_other_but_one_voter_has_one_ballot(colleagues: Colleagues) -> None:
    one, two = await colleagues.join(), await colleagues.join()
    ada, bob, session = await agent(one), await agent(one), await vote_on(one, "yes", "no")
    transaction = one.transaction()
    await transaction.start()
    await cast(one, session, ada)
    await cast(two, session, bob)  # does not wait
    insert = "INSERT INTO society.votes (session_id, agent_id, vote_option) VALUES ($1, $2, 'no')"
    async with colleagues.waiting(two, insert, session, ada) as second:
        await transaction.commit()
    with pytest.raises(asyncpg.UniqueViolationError):
        second.result()


async def test_the_roll_is_closed_by_an_opening_that_is_not_yet_committed(colleagues: Colleagues) -> None:
    chair, clerk = await colleagues.join(), await colleagues.join()
    ada, session = await agent(chair), await vote_on(chair, "yes", "no", status="draft")
    transaction = chair.transaction()
    await transaction.start()
    await chair.execute("UPDATE society.voting_sessions SET status = 'open' WHERE id = $1", session)
    enrol = "INSERT INTO society.voting_eligibility (session_id, agent_id) VALUES ($1, $2)"
    async with colleagues.waiting(clerk, enrol, session, ada) as enrolling:
        await transaction.commit()
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        enrolling.result()
    assert refused.value.constraint_name == "voting_eligibility_is_frozen_once_open"


# voting: the trail ----------------------------------------------------------------


async def test_everything_in_a_vote_leaves_a_trail_with_the_voters_signature(sql: Statements) -> None:
    ada, signature = await agent(sql), bytes(64)
    session = await vote_on(sql, "yes", "no", status="draft")
    await move(sql, session, "open")
    ballot = await cast(sql, session, ada, signature=signature)
    await sql.execute("UPDATE society.votes SET superseded_at = now() WHERE id = $1", ballot)
    await move(sql, session, "closed")
    await move(sql, session, "no_quorum")
    trail = await sql.fetch(
        "SELECT event_type, vote_id, signature, signed_by, user_id, payload FROM society.vote_audit_trail WHERE session_id = $1 ORDER BY created_at",
        session,
    )
    assert [row["event_type"] for row in trail] == [
        "session_created", "session_opened", "vote_cast", "vote_superseded", "session_closed", "session_without_quorum",
    ]  # fmt: skip
    assert tuple(trail[2])[1:5] == (ballot, signature, ada, OURS.user_id)
    assert json.loads(trail[2]["payload"])["vote_option"] == "yes"
    assert trail[1]["signed_by"] is None


@pytest.mark.parametrize("role", ["guildhall_app", "guildhall_scheduler", "postgres"])
async def test_the_trail_is_added_to_and_never_changed_by_anybody(sql: Statements, role: str) -> None:
    await vote_on(sql, "yes", "no")
    await sql.act(role, OURS)
    refusals = [
        ("UPDATE society.vote_audit_trail SET event_type = 'vote_cast'", "vote_audit_trail_is_a_ledger"),
        ("DELETE FROM society.vote_audit_trail", "vote_audit_trail_is_a_ledger"),
        ("TRUNCATE society.vote_audit_trail", "vote_audit_trail_is_never_emptied"),
    ]
    for statement, constraint in refusals:
        async with sql.refused(constraint if role == "postgres" else "not_allowed"):
            await sql.execute(statement)


async def test_what_is_added_to_the_trail_is_about_a_vote_of_the_team_and_says_truly_by_whom_and_when(
    sql: Statements,
) -> None:
    session, other = await vote_on(sql, "yes", "no"), await vote_on(sql, "yes", "no")
    ballot = await cast(sql, session, await agent(sql))
    await add(sql, "vote_audit_trail", session_id=session, vote_id=ballot, event_type="recounted")
    for wrong in ({"session_id": uuid4()}, {"session_id": other, "vote_id": ballot}):
        async with sql.refused("events_are_about_a_vote"):
            await add(sql, "vote_audit_trail", event_type="recounted", **wrong)
    for claim in ({"user_id": THEIRS.user_id}, {"actor_id": uuid4()}, {"created_at": await sql.value("SELECT now()")}):
        async with sql.refused("not_allowed"):
            await add(sql, "vote_audit_trail", session_id=session, event_type="recounted", **claim)
    await sql.act("guildhall_app", THEIRS)
    async with sql.refused("events_are_about_a_vote"):
        await add(sql, "vote_audit_trail", session_id=session, event_type="recounted")


# voting: delegations ----------------------------------------------------------------


async def delegate(sql: Any, sender: UUID, receiver: UUID, session: UUID | None = None, **values: object) -> UUID:
    return await add(sql, "vote_delegations", from_agent_id=sender, to_agent_id=receiver, session_id=session, **values)


async def test_no_vote_comes_back_to_itself_not_even_by_way_of_one_session(sql: Statements) -> None:
    a, b, c = [await agent(sql) for _ in range(3)]
    here, there = await vote_on(sql, "yes", "no"), await vote_on(sql, "yes", "no")
    await delegate(sql, a, b)
    await delegate(sql, b, c, here)
    async with sql.refused("vote_delegations_are_not_circular"):
        await delegate(sql, c, a)
    async with sql.refused("vote_delegations_are_not_circular"):
        await delegate(sql, c, a, here)
    await delegate(sql, c, a, there)  # b has delegated to nobody there
    async with sql.refused("vote_delegations_are_of_two_agents"):
        await delegate(sql, c, c)


async def test_an_agent_delegates_once_in_a_scope_and_what_was_revoked_or_has_expired_does_not_bind(
    sql: Statements,
) -> None:
    a, b, c = [await agent(sql) for _ in range(3)]
    first = await delegate(sql, a, b)
    async with sql.refused("vote_delegations_one_live_per_scope"):
        await delegate(sql, a, c)
    async with sql.refused("vote_delegations_are_not_circular"):
        await delegate(sql, b, a)
    await sql.execute("UPDATE society.vote_delegations SET revoked_at = now() WHERE id = $1", first)
    second = await delegate(sql, b, a)
    async with sql.refused("vote_delegations_are_not_circular"):
        await sql.execute("UPDATE society.vote_delegations SET revoked_at = NULL WHERE id = $1", first)
    await sql.execute("UPDATE society.vote_delegations SET expires_at = now() WHERE id = $1", second)
    await delegate(sql, a, b)


async def test_two_who_delegate_to_each_other_at_the_same_time_do_not_both_succeed(colleagues: Colleagues) -> None:
    one, two = await colleagues.join(), await colleagues.join()
    a, b = await agent(one), await agent(one)
    transaction = one.transaction()
    await transaction.start()
    await delegate(one, a, b)
    insert = "INSERT INTO society.vote_delegations (from_agent_id, to_agent_id) VALUES ($1, $2)"
    async with colleagues.waiting(two, insert, b, a) as second:
        await transaction.commit()
    with pytest.raises(asyncpg.CheckViolationError):
        second.result()


# brainstorming ----------------------------------------------------------------------


async def counts(sql: Any, session: UUID) -> tuple[int, int]:
    fetch = sql.row if isinstance(sql, Statements) else sql.fetchrow
    row = await fetch("SELECT total_ideas, participant_count FROM society.brainstorm_sessions WHERE id = $1", session)
    return tuple(row)


async def think(sql: Any, session: UUID, author: UUID, **values: object) -> UUID:
    return await add(sql, "ideas", **{"session_id": session, "agent_id": author, "title": "Guildhall", **values})


async def test_ideas_and_those_who_have_them_are_counted(sql: Statements) -> None:
    ada, bob = await agent(sql), await agent(sql)
    session = await brainstorm(sql, ada, bob)
    first = await think(sql, session, ada)
    await think(sql, session, ada)
    await think(sql, session, bob)
    assert await counts(sql, session) == (3, 2)
    await sql.execute("UPDATE society.ideas SET deleted_at = now() WHERE id = $1", first)
    await sql.execute("UPDATE society.ideas SET deleted_at = now() + interval '1 hour' WHERE id = $1", first)
    await sql.execute("UPDATE society.brainstorm_participants SET left_at = now() WHERE agent_id = $1", bob)
    assert await counts(sql, session) == (2, 1)
    await sql.execute("UPDATE society.ideas SET deleted_at = NULL WHERE id = $1", first)
    await sql.execute("UPDATE society.brainstorm_participants SET left_at = NULL WHERE agent_id = $1", bob)
    assert await counts(sql, session) == (3, 2)
    per_agent = "SELECT ideas_count FROM society.brainstorm_participants WHERE agent_id = $1"
    assert [await sql.value(per_agent, each) for each in (ada, bob)] == [2, 1]
    async with sql.refused("not_allowed"):
        await sql.execute("UPDATE society.brainstorm_sessions SET total_ideas = 100")


async def test_ideas_that_come_at_the_same_time_are_all_counted(colleagues: Colleagues) -> None:
    crowd = [await colleagues.join() for _ in range(6)]
    thinkers = [await agent(each) for each in crowd]
    session = await brainstorm(crowd[0], *thinkers)

    async def pour_out(connection: asyncpg.Connection[Any], author: UUID) -> None:
        for _ in range(5):
            await think(connection, session, author)

    await asyncio.gather(*(pour_out(*pair) for pair in zip(crowd, thinkers, strict=True)))
    assert await counts(crowd[0], session) == (30, 6)


async def test_a_session_takes_no_more_ideas_than_it_holds(sql: Statements) -> None:
    ada = await agent(sql)
    session = await brainstorm(sql, ada, max_ideas=1)
    await think(sql, session, ada)
    async with sql.refused("brainstorm_sessions_hold_so_many_ideas"):
        await think(sql, session, ada)


async def test_ideas_come_from_those_who_take_part_and_grow_within_their_session(sql: Statements) -> None:
    ada, bob = await agent(sql), await agent(sql)
    here, there = await brainstorm(sql, ada), await brainstorm(sql, ada)
    elsewhere = await think(sql, there, ada)
    async with sql.refused("ideas_tenant_id_session_id_agent_id_fkey"):
        await think(sql, here, bob)
    async with sql.refused("ideas_tenant_id_session_id_parent_id_fkey"):
        await think(sql, here, ada, parent_id=elsewhere)
    await think(sql, there, ada, parent_id=elsewhere)


async def test_an_idea_is_combined_from_others_of_its_session(sql: Statements) -> None:
    ada = await agent(sql)
    here, there = await brainstorm(sql, ada), await brainstorm(sql, ada)
    one, other, result = [await think(sql, here, ada) for _ in range(3)]
    elsewhere = await think(sql, there, ada)
    combination = await add(sql, "idea_combinations", session_id=here, result_idea_id=result, combined_by=ada)
    whole = {"combination_id": combination, "session_id": here, "result_idea_id": result}
    for source in (one, other):
        await add(sql, "idea_combination_sources", "idea_id", idea_id=source, **whole)
    async with sql.refused("idea_combination_sources_are_others"):
        await add(sql, "idea_combination_sources", "idea_id", idea_id=result, **whole)
    async with sql.refused("idea_combination_sources_tenant_id_session_id_idea_id_fkey"):
        await add(sql, "idea_combination_sources", "idea_id", idea_id=elsewhere, **whole)


async def test_votes_on_ideas_are_counted_and_nobody_votes_on_their_own(sql: Statements) -> None:
    ada, bob, eve = [await agent(sql) for _ in range(3)]
    idea = await think(sql, await brainstorm(sql, ada), ada)
    async with sql.refused("idea_votes_are_on_others_ideas"):
        await add(sql, "idea_votes", idea_id=idea, agent_id=ada)
    first = await add(sql, "idea_votes", idea_id=idea, agent_id=bob, value=5)
    await add(sql, "idea_votes", idea_id=idea, agent_id=eve, value=-2)
    async with sql.refused("idea_votes_one_per_agent"):
        await add(sql, "idea_votes", idea_id=idea, agent_id=bob)
    tally = "SELECT votes_count, votes_total FROM society.ideas WHERE id = $1"
    assert tuple(await sql.row(tally, idea)) == (2, 3)
    await sql.execute("UPDATE society.idea_votes SET value = 1 WHERE id = $1", first)
    assert tuple(await sql.row(tally, idea)) == (2, -1)
    await sql.execute("DELETE FROM society.idea_votes WHERE id = $1", first)
    assert tuple(await sql.row(tally, idea)) == (1, -2)


async def test_two_teams_use_the_same_names_and_see_their_own(sql: Statements) -> None:
    for actor in (OURS, THEIRS):
        await sql.act("guildhall_app", actor)
        ada = await agent(sql, "ada")
        session = await vote_on(sql, "yes", "no", session_id="same")
        await cast(sql, session, ada)
        await think(sql, await brainstorm(sql, ada, session_id="same"), ada)
    for table in ("agents", "voting_sessions", "votes", "brainstorm_sessions", "ideas", "brainstorm_participants"):
        assert await sql.value(f"SELECT count(*) FROM society.{table}") == 1, table
