"""Traces that several requests bring at the same time, and those of several teams: nothing is lost, doubled or seen."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import pytest

from fixtures.people import make_pottery
from fixtures.traces import a_request, a_run, a_span, as_json, as_protobuf
from guildhall.adapters import otlp
from guildhall.app import traces
from guildhall.app.traces import Ingested
from guildhall.db import Actor, Database
from guildhall.domains.evaluation import outcomes, simulations
from guildhall.domains.evaluation import traces as spans
from guildhall.domains.evaluation.outcomes import Outcome
from guildhall.errors import NotAllowed, NotFound


async def send(database: Database, actor: Actor, given: Sequence[dict[str, Any]]) -> Ingested:
    read = otlp.spans_of(as_json(a_request(*given)), otlp.JSON)
    return await traces.ingest(lambda: database.transaction(actor), read)


async def all_outcomes(database: Database, actor: Actor) -> list[Outcome]:
    async with database.transaction(actor) as tx:
        listed = (await outcomes.list_outcomes(tx, at_most=1_000)).outcomes
        return [await outcomes.get_outcome(tx, each.outcome_id) for each in listed]


def a_long_run(trace: int) -> list[dict[str, Any]]:
    """A root, and twelve calls of a tool beneath it."""
    calls = [
        a_span(
            "search", trace=trace, span=10 + n, parent=1, start=n * 0.1, gen_ai__tool__name="search",
            gen_ai__operation__name="execute_tool",
        )
        for n in range(12)
    ]  # fmt: skip
    return [*a_run(trace, start=trace), *calls]


async def test_requests_that_share_traces_lose_nothing_and_double_nothing(database: Database, actor: Actor) -> None:
    chance = random.Random(7)
    whole = [span for trace in range(1, 9) for span in a_long_run(trace)]
    again = [span for span in whole if chance.random() < 0.3]
    shuffled = whole + again
    chance.shuffle(shuffled)
    requests = [shuffled[start : start + 9] for start in range(0, len(shuffled), 9)]

    said = await asyncio.gather(*(send(database, actor, each) for each in requests))

    assert sum(each.stored for each in said) == len(whole)
    assert sum(each.known for each in said) == len(again)
    assert sum(len(each.outcomes) for each in said) == 8
    found = await all_outcomes(database, actor)
    assert len(found) == 8
    for each in found:
        assert each.tools is not None
        assert {usage.tool_name: usage.call_count for usage in each.tools} == {"lookup": 1, "search": 12}
        assert (each.metrics["spans"], each.metrics["tool_calls"], each.tokens_used) == (15, 13, 120)
        assert each.trajectory is not None
        assert len(each.trajectory["steps"]) == 1 + 2 * 13
    assert sorted(each.trial_number for each in found) == list(range(1, 9))
    async with database.transaction(actor) as tx:
        [simulation] = await simulations.list_simulations(tx)
    assert simulation.trials_done == 8


async def test_two_teams_that_report_one_trace_know_nothing_of_each_other(database: Database, actor: Actor) -> None:
    pottery = await make_pottery(database)
    body = as_protobuf(a_request(*a_run(1, guildhall__passed=True)))
    for who in (actor, pottery.member):
        answer = await traces.receive(lambda who=who: database.transaction(who), body, otlp.PROTOBUF)
        assert (answer.status, answer.content) == (200, b"")

    (ours,), (theirs,) = await all_outcomes(database, actor), await all_outcomes(database, pottery.member)
    assert ours.outcome_id != theirs.outcome_id
    assert ours.execution_time == theirs.execution_time
    async with database.transaction(actor) as tx:
        with pytest.raises(NotFound):
            await outcomes.get_outcome(tx, theirs.outcome_id)
    # A simulation of theirs is, for us, not there.
    asked = a_run(2, guildhall__simulation_id=str(theirs.simulation_id))
    refused = await send(database, actor, asked)
    assert (refused.stored, refused.reasons[0].endswith(f"there is no simulation {theirs.simulation_id}")) == (0, True)

    late = a_span("more", trace=1, span=40, parent=1)
    await send(database, actor, [late])
    async with database.transaction(actor) as tx:
        assert len(await spans.get_trace(tx, (1).to_bytes(16))) == 4
    async with database.transaction(pottery.member) as tx:
        assert len(await spans.get_trace(tx, (1).to_bytes(16))) == 3
    assert (await all_outcomes(database, pottery.member))[0].metrics == theirs.metrics

    reader = Actor(pottery.viewer.user_id, pottery.team_id, reads_only=True)
    with pytest.raises(NotAllowed):
        await send(database, reader, a_run(3))


async def test_more_traces_than_there_are_locks_for_are_taken_in_one_request(database: Database, actor: Actor) -> None:
    many = [a_span("refund", trace=trace) for trace in range(1, 701)]

    one, other, third = await asyncio.gather(
        send(database, actor, many), send(database, actor, many), send(database, actor, many[:50])
    )

    assert one.stored + other.stored + third.stored == 700
    assert len(one.outcomes) + len(other.outcomes) + len(third.outcomes) == 700
