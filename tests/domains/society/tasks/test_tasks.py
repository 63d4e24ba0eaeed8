"""Adding, giving out, doing and looking after agents' tasks, through the room's verbs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from fixtures.database import run_sql
from guildhall import clock
from guildhall.adapters.schemas import checker
from guildhall.app import agents_at_work
from guildhall.app.agents_at_work import AgentAtWork
from guildhall.db import Database, Tx
from guildhall.domains.platform import identity
from guildhall.domains.society import agents, tasks
from guildhall.domains.society.agents import Agent, NewAgent, Skill
from guildhall.domains.society.tasks import Done, Failure, NewTask, OnFailure, Status, TaskType, Ticket, Wait
from guildhall.errors import GuildhallError

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}


class Hall:
    """A team with a few agents: ada knows python and sql, bob sql, and cyd nothing."""

    def __init__(self, database: Database, administrator_url: str) -> None:
        self.database = database
        self.administrator_url = administrator_url
        self.agents: dict[str, Agent] = {}

    def people(self) -> Any:
        return self.database.transaction(identity.LOCAL)

    def duty(self) -> Any:
        return self.database.duty("worker", identity.LOCAL)

    def at_work(self, name: str) -> AgentAtWork:
        return AgentAtWork(self.duty, name)

    async def add(self, *new: NewTask) -> list[UUID]:
        async with self.people() as tx:
            return [each.id for each in await tasks.add(tx, new, checker)]

    async def claim(self, name: str, at_most: int = 10, **how: Any) -> list[tasks.Claim]:
        return await self.at_work(name).claim(at_most, **how)

    async def titles(self, name: str, at_most: int = 10) -> list[str]:
        return [each.title for each in await self.claim(name, at_most)]

    async def done(self, name: str, claim: tasks.Claim, **values: Any) -> set[UUID]:
        return await self.at_work(name).finish([Done(claim.id, claim.token, **values)])

    async def task(self, task_id: UUID) -> tasks.Task:
        async with self.people() as tx:
            return await tasks.get_task(tx, task_id)

    async def figures(self, name: str) -> tuple[Any, ...]:
        async with self.people() as tx:
            agent = await agents.get_agent(tx, name)
        return agent.tasks_completed, agent.tasks_failed, agent.success_rate, agent.average_quality_score

    async def events(self, task_id: UUID) -> list[str]:
        async with self.people() as tx:
            return [each.event for each in (await tasks.get_story(tx, task_id)).events]

    def sql(self, *statements: str) -> None:
        """What programs beside ours write."""
        run_sql(self.administrator_url, *statements)


async def people_join(tx: Tx) -> dict[str, Agent]:
    joined = {
        name: await agents.add_agent(tx, NewAgent(name, skills=[Skill(each) for each in skills]))
        for name, skills in (("ada", ["python", "sql"]), ("bob", ["sql"]), ("cyd", []))
    }
    await tasks.set_type(tx, TaskType("count", ["sql"], payload_schema=SCHEMA, max_retries=1), checker)
    return joined


@pytest.fixture
async def hall(database: Database, administrator_url: str) -> Hall:
    made = Hall(database, administrator_url)
    async with made.people() as tx:
        made.agents = await people_join(tx)
    return made


async def test_tasks_go_to_agents_that_have_the_skills_and_nobody_else(hall: Hall) -> None:
    await hall.add(
        NewTask("both", required_skills=["sql", "python"]),
        NewTask("sql", required_skills=["sql"]),
        NewTask("any"),
        NewTask("typed", {"n": 1}, task_type="count"),
    )
    assert await hall.titles("cyd") == ["any"]
    assert await hall.titles("bob", 1) == ["sql"]
    assert await hall.titles("ada") == ["both", "typed"]
    assert await hall.titles("bob") == []
    async with hall.people() as tx:
        await agents.teach(tx, "cyd", [Skill("python")])
    await hall.add(NewTask("python", required_skills=["python"]))
    assert await hall.titles("cyd") == ["python"], "a skill counts from the next claim on"


async def test_a_task_of_one_agent_is_nobody_s_whose_skill_has_that_agent_s_id_for_a_name(hall: Hall) -> None:
    bob = hall.agents["bob"].id
    async with hall.people() as tx:
        await agents.add_agent(tx, NewAgent("eve", skills=[Skill(str(bob))]))
    await hall.add(NewTask("bob's", assigned_to=bob))
    assert await hall.titles("eve") == []
    assert await hall.titles("bob") == ["bob's"]


async def test_trust_opens_lanes_and_unknown_trust_none(hall: Hall) -> None:
    await hall.add(NewTask("delicate", min_trust=0.6), NewTask("plain"))
    assert await hall.titles("bob") == ["plain"]
    hall.sql("UPDATE society.agents SET trust_score = 0.5999")
    assert await hall.titles("bob") == []
    hall.sql("UPDATE society.agents SET trust_score = 0.6 WHERE agent_id = 'bob'")
    assert await hall.titles("bob") == ["delicate"]


async def test_the_most_urgent_and_then_the_oldest_come_first_over_all_lanes(hall: Hall) -> None:
    await hall.add(
        NewTask("low", priority="low"),
        NewTask("medium", required_skills=["sql"]),
        NewTask("critical", priority="critical", required_skills=["python"]),
        NewTask("high", priority="high", required_skills=["python", "sql"]),
        NewTask("medium too"),
    )
    assert await hall.titles("ada") == ["critical", "high", "medium", "medium too", "low"]


async def test_an_assigned_task_waits_for_its_agent_and_for_nobody_else(hall: Hall) -> None:
    ada, bob = hall.agents["ada"], hall.agents["bob"]
    [first, second] = await hall.add(NewTask("first", assigned_to=bob.id), NewTask("second", required_skills=["sql"]))
    async with hall.people() as tx:
        task = await tasks.assign(tx, await tasks.get_task(tx, second), bob)
        assert (task.status, task.agent) == (Status.PENDING, "bob")
    assert await hall.titles("ada") == []
    async with hall.people() as tx:
        await tasks.assign(tx, await tasks.get_task(tx, second), ada)
    assert await hall.titles("bob") == ["first"]
    [claim] = await hall.claim("ada")
    with pytest.raises(tasks.TaskStateWrong, match="is in_progress: what is pending, blocked can be assigned"):
        async with hall.people() as tx:
            await tasks.assign(tx, await tasks.get_task(tx, second), None)
    await hall.at_work("ada").release([Ticket(claim.id, claim.token)])
    assert (await hall.task(second)).agent == "ada", "it is still hers"
    async with hall.people() as tx:
        await tasks.assign(tx, await tasks.get_task(tx, second), None)
    assert await hall.titles("cyd") == []
    assert await hall.titles("bob") == ["second"]
    assert (await hall.task(first)).status == Status.IN_PROGRESS


async def test_who_lacks_something_is_not_assigned_a_task(hall: Hall) -> None:
    [task_id] = await hall.add(NewTask("sql", required_skills=["sql"], min_trust=0.3))
    for name, said in (("cyd", "it lacks the skill sql"), ("ada", "it lacks trust: unknown, and 0.3 is asked for")):
        async with hall.people() as tx:
            with pytest.raises(tasks.AgentNotFit, match=said):
                await tasks.assign(tx, await tasks.get_task(tx, task_id), hall.agents[name])
    with pytest.raises(tasks.AgentNotFit):
        await hall.add(NewTask("typed", {"n": 1}, task_type="count", assigned_to=hall.agents["cyd"].id))


async def test_a_task_is_accepted_done_scored_and_told(hall: Hall) -> None:
    [task_id] = await hall.add(NewTask("sort", {"box": 7}))
    [claim] = await hall.claim("ada", begin=False)
    assert (claim.status, claim.payload, claim.attempt) == (Status.ASSIGNED, {"box": 7}, 1)
    assert (await hall.task(task_id)).agent == "ada"
    assert await hall.done("ada", claim) == set(), "what was not begun is not done"
    assert await hall.at_work("ada").start([Ticket(claim.id, claim.token)]) == {task_id}
    assert await hall.done("ada", claim, result={"lines": 3}, quality_score=0.75) == {task_id}
    assert await hall.done("ada", claim, quality_score=0.1) == {task_id}, "said twice, done once"
    task = await hall.task(task_id)
    assert (task.status, task.result, task.quality_score, task.agent) == ("completed", {"lines": 3}, 0.75, "ada")
    assert await hall.figures("ada") == (1, 0, 1.0, 0.75)
    async with hall.people() as tx:
        events = (await tasks.get_story(tx, task_id)).events
    assert [(each.event, each.old_status, each.new_status, each.agent) for each in events] == [
        ("created", None, "pending", None),
        ("assigned", "pending", "assigned", "ada"),
        ("started", "assigned", "in_progress", "ada"),
        ("completed", "in_progress", "completed", "ada"),
    ]
    assert events[-1].details["quality_score"] == 0.75


async def test_a_task_that_is_handed_back_stands_where_it_stood(hall: Hall) -> None:
    [first, _] = await hall.add(NewTask("first"), NewTask("second"))
    [claim] = await hall.claim("ada", 1)
    assert await hall.at_work("bob").release([Ticket(claim.id, uuid4())]) == set(), "nobody else hands it back"
    assert await hall.at_work("ada").release([Ticket(claim.id, claim.token)]) == {first}
    task = await hall.task(first)
    assert (task.status, task.agent, task.retry_count) == (Status.PENDING, None, 0)
    assert await hall.titles("bob") == ["first", "second"]
    assert await hall.done("ada", claim) == set(), "whoever has lost it cannot end it"


async def test_what_keeps_failing_is_a_dead_letter_and_one_failure_of_its_agent(hall: Hall) -> None:
    [task_id] = await hall.add(NewTask("count", {"n": 1}, task_type="count"))
    for attempt in (1, 2):
        [claim] = await hall.claim("ada")
        assert claim.attempt == attempt
        failure = Failure(claim.id, claim.token, f"no\0pe {attempt}", stack="line 1", delay=timedelta(0))
        [verdict] = await hall.at_work("ada").fail([failure])
    assert verdict.status == Status.FAILED
    assert await hall.figures("ada") == (0, 1, 0.0, None)
    assert await hall.events(task_id) == ["created", "started", "failed", "started", "failed", "dead_letter"]
    order = tasks.DEAD_LETTERS.order()
    async with hall.people() as tx:
        [letter] = (await tasks.page_dead_letters(tx, {}, order)).items
        assert (letter.task, letter.error_message, letter.error_stack) == (
            task_id,
            "no\N{REPLACEMENT CHARACTER}pe 2",
            "line 1",
        )
        assert [each["event"] for each in letter.retry_history] == ["failed", "failed"]
        assert await tasks.redrive(tx, task_type="task") == []
        assert await tasks.redrive_one(tx, letter.id) == task_id
        with pytest.raises(tasks.DeadLetterClosed, match="is redriven already"):
            await tasks.redrive_one(tx, letter.id)
    [claim] = await hall.claim("bob")
    await hall.done("bob", claim)
    assert await hall.figures("ada") == (0, 1, 0.0, None), "a failure stays with whoever failed"
    assert await hall.figures("bob") == (1, 0, 1.0, None)


async def test_figures_count_each_task_once_however_many_end_at_once(hall: Hall) -> None:
    await hall.add(*(NewTask(f"task {n}") for n in range(40)))
    ours = await asyncio.gather(*(hall.claim(name, 10) for name in ("ada", "bob", "ada", "bob")))
    assert len({each.id for claims in ours for each in claims}) == 40

    async def end(name: str, claims: list[tasks.Claim]) -> None:
        at_work = hall.at_work(name)
        done = [Done(each.id, each.token, quality_score=n / 10) for n, each in enumerate(claims[:8])]
        await asyncio.gather(at_work.finish(done), at_work.finish(done))
        await at_work.fail([Failure(each.id, each.token, "no", is_final=True) for each in claims[8:]])

    await asyncio.gather(*(end(name, claims) for name, claims in zip(("ada", "bob", "ada", "bob"), ours, strict=True)))
    # 0 + .1 + … + .7, twice, over 16
    assert await hall.figures("ada") == (16, 4, 0.8, pytest.approx(0.35))
    assert await hall.figures("bob") == (16, 4, 0.8, pytest.approx(0.35))


async def test_an_agent_that_is_lost_loses_its_tasks_and_who_had_begun_uses_up_a_retry(hall: Hall) -> None:
    [begun, waiting] = await hall.add(NewTask("begun"), NewTask("waiting"))
    lease = timedelta(microseconds=1)
    [claim] = await hall.claim("ada", 1, lease=lease)
    await hall.claim("ada", 1, begin=False, lease=lease)
    swept = await agents_at_work.sweep(lambda: hall.database.duty("worker"))  # of every team, as workers do
    assert (swept.lost, swept.retried, swept.dead) == (2, 1, 0)
    task = await hall.task(begun)
    assert (task.status, task.retry_count, task.agent, task.error_message) == (
        Status.PENDING,
        1,
        None,
        f"worker agent/{hall.agents['ada'].id} was lost",
    )
    assert (await hall.task(waiting)).retry_count == 0
    assert await hall.events(begun) == ["created", "started", "stuck", "rescued"]
    assert await hall.at_work("ada").heartbeat([Ticket(claim.id, claim.token)]) == {begun}
    assert await hall.done("ada", claim) == set()
    assert await hall.titles("bob") == ["waiting"], "the other one waits for its retry"


async def test_tasks_wait_for_each_other_and_end_by_their_edges(hall: Hall) -> None:
    a, b, c, d, e = (clock.new_id() for _ in range(5))
    await hall.add(
        NewTask("c", id=c, waits_for=[Wait(b)]),
        NewTask("b", id=b, waits_for=[Wait(a)], assigned_to=hall.agents["bob"].id),
        NewTask("d", id=d, waits_for=[Wait(a, OnFailure.FAIL)], assigned_to=hall.agents["bob"].id),
        NewTask("e", id=e, waits_for=[Wait(a, OnFailure.IGNORE)]),
        NewTask("a", id=a),
    )
    [claim] = await hall.claim("ada")
    assert claim.id == a
    await hall.at_work("ada").fail([Failure(a, claim.token, "no", is_final=True)])
    assert [(await hall.task(each)).status for each in (a, b, c, d, e)] == [
        "failed", "cancelled", "cancelled", "failed", "pending",
    ]  # fmt: skip
    assert await hall.figures("bob") == (0, 0, None, None), "what never began is nobody's failure"
    async with hall.people() as tx:
        await tasks.change_each(tx, "retry", [a, b, c, d])
    assert await hall.titles("bob", 1) == ["e"], "the others wait again"
    for name, title in (("ada", "a"), ("bob", "b"), ("ada", "c"), ("bob", "d")):
        [claim] = await hall.claim(name, 1)
        assert claim.title == title
        await hall.done(name, claim)


async def test_an_edge_that_is_added_later_is_waited_for_and_a_circle_is_named(hall: Hall) -> None:
    [first, second, third] = await hall.add(*(NewTask(f"{n}", task_id=f"task-{n}") for n in range(3)))
    insert = "INSERT INTO society.task_dependencies (tenant_id, task_id, depends_on_task_id) VALUES ('{}', '{}', '{}')"
    team = identity.LOCAL.tenant_id
    hall.sql(insert.format(team, first, second), insert.format(team, second, third))
    assert await hall.titles("ada") == ["2"]
    with pytest.raises(AssertionError, match="tasks would wait for each other: task-0 → task-1 → task-0"):
        hall.sql(insert.format(team, second, first))
    hall.sql(f"DELETE FROM society.task_dependencies WHERE task_id = '{first}'")
    assert await hall.titles("ada") == ["0"], "whoever waits for nothing any more goes on"


YESTERDAY = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "code", "said"),
    [
        ({"task_type": "cuont"}, "task_type_unknown", 'Did you mean "count"?'),
        ({"required_skills": ["pyhton"]}, "task_skill_unknown", 'Did you mean "python"?'),
        ({"task_type": "count", "payload": {"n": "one"}}, "task_payload_invalid", "$.n: 'one' is not of type 'integer'"),
        ({"payload": {"text": "x" * 1_048_576}}, "task_payload_too_large", "expected at most 1,048,576"),
        ({"payload": [1]}, "task_invalid", "expected an object"),
        ({"payload": {"n": "\0"}}, "task_invalid", "U+0000"),
        ({"priority": -1}, "task_invalid", "priority of task 2 is '-1', expected critical, high, medium, low"),
        ({"max_retries": -1}, "task_invalid", "max_retries of task 2 is '-1'"),
        ({"min_trust": 1.5}, "task_invalid", "min_trust of task 2 is '1.5', expected a number from 0 to 1"),
        ({"timeout": timedelta(0)}, "task_invalid", "expected a length of time above 0"),
        ({"timeout": timedelta(days=400_000_000)}, "task_invalid", "of 10 years at most. Correct it"),
        ({"deadline_at": YESTERDAY}, "task_invalid", "deadline_at of task 2 is '2020-01-01T00:00:00+00:00'"),
        ({"scheduled_at": datetime(2020, 1, 1)}, "task_invalid", "a moment with its time zone"),  # noqa: DTZ001
        ({"title": " "}, "task_invalid", "title of task 2 is ' '"),
        ({"assigned_to": UUID(int=7)}, "agent_not_found", f"no agent '{UUID(int=7)}'"),
        ({"waits_for": [Wait(UUID(int=7))]}, "task_dependency_unknown", f"no task '{UUID(int=7)}' to wait for"),
        ({"waits_for": [Wait(UUID(int=7), "shrug")]}, "task_invalid", "expected cancel, fail, ignore"),
        ({"task_id": "one"}, "task_name_taken", "a task 'one' already"),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_named_and_nothing_is_added(
    tx: Tx, values: dict[str, Any], code: str, said: str
) -> None:
    await people_join(tx)
    [one] = await tasks.add(tx, [NewTask("one", task_id="one")], checker)
    with pytest.raises(GuildhallError) as caught:
        await tasks.add(tx, [NewTask("good"), NewTask(**{"title": "bad", **values})], checker)
    assert caught.value.code == code
    assert said in str(caught.value)
    assert [each.id for each in (await tasks.page_tasks(tx, {}, tasks.TASKS.order())).items] == [one.id]


async def test_a_circle_is_refused_with_its_tasks_named(tx: Tx) -> None:
    a, b = clock.new_id(), clock.new_id()
    with pytest.raises(tasks.DependencyCycle, match=r"wash → dry → wash|dry → wash → dry"):
        await tasks.add(
            tx,
            [NewTask("wash", id=a, waits_for=[Wait(b)]), NewTask("Dry", task_id="dry", id=b, waits_for=[Wait(a)])],
            checker,
        )
    assert (await tasks.page_tasks(tx, {}, tasks.TASKS.order())).items == []


async def test_one_key_added_by_many_at_once_is_one_task(hall: Hall) -> None:
    meant = await asyncio.gather(*(hall.add(NewTask("once", unique_key="k")) for _ in range(8)))
    assert len({each for [each] in meant}) == 1
    [claim] = await hall.claim("ada")
    await hall.done("ada", claim)
    assert await hall.add(NewTask("again", unique_key="k")) != meant[0]


async def test_who_is_suspended_is_given_nothing(hall: Hall) -> None:
    await hall.add(NewTask("any"))
    hall.sql("UPDATE society.agents SET status = 'suspended' WHERE agent_id = 'ada'")
    with pytest.raises(tasks.AgentMayNotWork, match="agent 'ada' is suspended"):
        await hall.claim("ada")


async def test_tasks_are_paused_and_what_is_due_later_is_given_out_when_it_is_due(hall: Hall) -> None:
    soon = datetime.now(UTC) + timedelta(milliseconds=200)
    [now, later] = await hall.add(NewTask("now"), NewTask("later", scheduled_at=soon))
    async with hall.people() as tx:
        await tasks.change_each(tx, "pause", [now])
    assert (await hall.task(now)).status == Status.BLOCKED
    found: list[str] = []
    while not found:
        found = await hall.titles("ada")
    assert found == ["later"]
    assert datetime.now(UTC) >= soon
    async with hall.people() as tx:
        await tasks.change_each(tx, "resume", [now])
    assert await hall.titles("ada") == ["now"]
    assert (await hall.task(later)).status == Status.IN_PROGRESS


async def test_graphs_and_the_queue_are_summed_up(hall: Hall) -> None:
    a, b = clock.new_id(), clock.new_id()
    await hall.add(NewTask("b", id=b, waits_for=[Wait(a)]), NewTask("a", id=a, priority="high"), NewTask("alone"))
    async with hall.people() as tx:
        graph = await tasks.get_graph(tx)
        assert [each.title for each in graph.nodes] == ["a", "b"]
        assert [(each.waiting, each.awaited, each.is_settled) for each in graph.edges] == [(b, a, False)]
        assert await tasks.get_graph(tx, b) == graph
        lines = await tasks.queue_summary(tx)
    assert [(each.status, each.priority, each.task_count, each.ready_count, each.waiting_count) for each in lines] == [
        ("pending", "high", 1, 1, 0),
        ("pending", "medium", 2, 1, 1),
    ]
