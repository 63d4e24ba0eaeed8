"""The functions of the work engine, as workers call them, on several connections of a database of the test's own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from fixtures.statements import THEIRS
from guildhall.domains.platform import identity

OURS = identity.LOCAL
FAR = datetime(2999, 1, 1, tzinfo=UTC)

Connect = Callable[..., Awaitable[asyncpg.Connection]]


@pytest.fixture
async def connect(administrator_url: str) -> AsyncIterator[Connect]:
    """Opens connections that act as a role, for a team or for none."""
    opened: list[asyncpg.Connection] = []

    async def connect_as(role: str | None = None, team: UUID | None = None) -> asyncpg.Connection:
        connection = await asyncpg.connect(administrator_url, server_settings={"jit": "off", "lock_timeout": "20s"})
        opened.append(connection)
        if role:
            await connection.execute(f"SET ROLE {role}")
        await connection.execute("SELECT set_config('app.tenant_id', $1, false)", str(team or ""))
        return connection

    yield connect_as
    for connection in opened:
        await connection.close()


class Engine:
    """A team that enqueues, a worker of the machine, and an administrator who looks."""

    def __init__(
        self, team: asyncpg.Connection, worker: asyncpg.Connection, admin: asyncpg.Connection, connect: Connect
    ) -> None:
        self.team, self.worker, self.admin, self.connect = team, worker, admin, connect
        self.lanes: dict[str, int] = {}

    async def type(self, name: str, **values: Any) -> int:
        names = "".join(f", {key} => ${n}" for n, key in enumerate(values, 2))
        lane = await self.worker.fetchval(f"SELECT platform.register_task_type($1{names})", name, *values.values())
        self.lanes[name] = lane
        return lane

    async def limit(self, name: str, **values: Any) -> None:
        changes = ", ".join(f"{key} = ${n}" for n, key in enumerate(values, 2))
        await self.admin.execute(
            f"UPDATE platform.task_lanes SET {changes} WHERE lane = $1", self.lanes[name], *values.values()
        )

    async def enqueue(
        self, name: str = "tidy", n: int = 1, by: asyncpg.Connection | None = None, **arrays: Sequence[Any]
    ) -> list[UUID]:
        return [row["id"] for row in await self.enqueued(name, n, by, **arrays)]

    async def enqueued(
        self, name: str = "tidy", n: int = 1, by: asyncpg.Connection | None = None, **arrays: Sequence[Any]
    ) -> list[asyncpg.Record]:
        if "ids" in arrays:
            n = len(arrays["ids"])
        names = "".join(f", p_{key} => ${place}" for place, key in enumerate(arrays, 3))
        return await (by or self.team).fetch(
            f"SELECT * FROM platform.jobs_enqueue($1, $2::text[]::jsonb[]{names})",
            [name] * n,
            ['{"a": 1}'] * n,
            *arrays.values(),
        )

    async def claim(
        self, n: int = 1, worker: str = "w", by: asyncpg.Connection | None = None, begin: int | None = None
    ) -> list[asyncpg.Record]:
        return await (by or self.worker).fetch(
            "SELECT * FROM platform.jobs_claim($1, $2, $3, $4)", worker, list(self.lanes.values()), n, begin
        )

    async def complete(self, claims: Sequence[asyncpg.Record], by: asyncpg.Connection | None = None) -> set[UUID]:
        rows = await (by or self.worker).fetch("SELECT platform.jobs_complete('w', $1, $2)", *tickets(claims))
        return {row[0] for row in rows}

    async def fail(self, claims: Sequence[asyncpg.Record], **arrays: Sequence[Any]) -> list[asyncpg.Record]:
        names = "".join(f", p_{key} => ${place}" for place, key in enumerate(arrays, 4))
        return await self.worker.fetch(
            f"SELECT * FROM platform.jobs_fail('w', $1, $2, $3{names})",
            *tickets(claims),
            ["it broke"] * len(claims),
            *arrays.values(),
        )

    async def register(self, name: str) -> None:
        await self.worker.execute("SELECT platform.register_worker($1)", name)

    async def lose(self, name: str) -> None:
        """The worker was last heard of longer ago than its lease."""
        await self.admin.execute(
            "UPDATE platform.task_workers SET last_seen = now() - interval '1 minute' WHERE worker_id = $1", name
        )

    async def sweep(self) -> tuple[int, int, int]:
        """How many were found stuck or queued with a lost worker, how many are tried again, how many are dead."""
        stuck = await self.worker.fetchval("SELECT platform.jobs_mark_stuck()")
        rescued = await self.worker.fetchrow("SELECT * FROM platform.jobs_rescue()")
        return (stuck, *rescued)

    async def make_due(self) -> None:
        """As if the time had come for all that is to be done later."""
        await self.admin.execute(
            "UPDATE platform.background_tasks SET scheduled_at = now() - interval '1 second' WHERE status = 'pending' AND place IS NULL"
        )

    async def states(self, ids: Sequence[UUID]) -> list[str]:
        rows = await self.admin.fetch(
            "SELECT status::text FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (id, n)"
            "  JOIN platform.background_tasks USING (id) ORDER BY n",
            list(ids),
        )
        return [row["status"] for row in rows]

    async def events(self, task: UUID) -> list[str]:
        rows = await self.admin.fetch(
            "SELECT event FROM store.background_task_history WHERE task_id = $1 ORDER BY created_at", task
        )
        return [row["event"] for row in rows]


def tickets(claims: Sequence[asyncpg.Record]) -> tuple[list[UUID], list[UUID]]:
    return [claim["id"] for claim in claims], [claim["attempt_token"] for claim in claims]


def ids_of(claims: Sequence[asyncpg.Record]) -> list[UUID]:
    return [claim["id"] for claim in claims]


@pytest.fixture
async def engine(connect: Connect) -> Engine:
    admin = await connect()
    await admin.execute(
        "INSERT INTO platform.users (id, username, email) VALUES ($1, 'other', 'other@localhost')", THEIRS.user_id
    )
    await admin.execute("INSERT INTO platform.teams (id, name, slug) VALUES ($1, 'Other', 'other')", THEIRS.tenant_id)
    engine = Engine(await connect("guildhall_app", OURS.tenant_id), await connect("guildhall_worker"), admin, connect)
    await engine.type("tidy")
    await engine.register("w")
    return engine


# claiming -------------------------------------------------------------------


async def test_a_job_is_claimed_once_done_and_written_down(engine: Engine) -> None:
    [job] = await engine.enqueue()
    [claim] = await engine.claim(10)
    assert (claim["id"], claim["attempt"], claim["status"]) == (job, 1, "running")
    assert await engine.claim(10) == []
    assert await engine.complete([claim]) == {job}
    assert await engine.states([job]) == ["completed"]
    assert await engine.events(job) == ["enqueued", "started", "completed"]


async def test_the_oldest_of_the_most_urgent_comes_first(engine: Engine) -> None:
    order = ["background", "low", "normal", "high", "critical"]
    jobs = await engine.enqueue(n=10, priorities=[*order, *order])
    claims = await engine.claim(10)
    assert ids_of(claims) == [jobs[n] for n in (4, 9, 3, 8, 2, 7, 1, 6, 0, 5)]


async def test_a_task_of_low_priority_is_overtaken_for_no_longer_than_its_patience_and_an_hour(engine: Engine) -> None:
    patience = await engine.admin.fetchval("SELECT platform.job_patience('background')")
    [old] = await engine.enqueue(priorities=["background"])
    await engine.admin.execute(
        "UPDATE platform.background_tasks SET place = place - $2::interval - interval '1 hour 1 second' WHERE id = $1",
        old,
        patience,
    )
    [urgent] = await engine.enqueue(priorities=["critical"])
    assert ids_of(await engine.claim(2)) == [old, urgent]


async def test_who_floods_the_line_takes_turns_with_who_comes_later(engine: Engine) -> None:
    flood = await engine.enqueue(n=50, fair_keys=["much"] * 50)
    assert ids_of(await engine.claim(10)) == flood[:10]
    few = await engine.enqueue(n=5, fair_keys=["little"] * 5)
    next_ten = ids_of(await engine.claim(10))
    assert set(few) <= set(next_ten)
    assert [job for job in next_ten if job in few] == few
    assert [job for job in next_ten if job in flood] == flood[10:15]


async def test_a_key_of_twice_the_weight_has_twice_the_turns(engine: Engine) -> None:
    heavy = await engine.enqueue(n=40, fair_keys=["heavy"] * 40, weights=[2.0] * 40)
    light = await engine.enqueue(n=40, fair_keys=["light"] * 40)
    first = Counter("heavy" if job in heavy else "light" for job in ids_of(await engine.claim(30)))
    assert first["heavy"] == pytest.approx(20, abs=2)
    assert first["light"] == pytest.approx(10, abs=2)
    assert len(light) == 40


async def test_teams_take_turns_though_they_do_not_see_each_other(engine: Engine) -> None:
    flood = await engine.enqueue(n=100)
    await engine.claim(20)
    other = await engine.connect("guildhall_app", THEIRS.tenant_id)
    few = await engine.enqueue(n=10, by=other)
    claimed = ids_of(await engine.claim(20))
    assert set(few) <= set(claimed)
    assert set(flood[20:29]) <= set(claimed)


async def test_two_who_claim_at_once_share_the_head_of_the_line_without_a_gap(engine: Engine) -> None:
    jobs = await engine.enqueue(n=20)
    await engine.register("other")
    other = await engine.connect("guildhall_worker")
    transaction = engine.worker.transaction()
    await transaction.start()
    mine = await engine.claim(5)
    theirs = await engine.claim(5, worker="other", by=other)
    await transaction.commit()
    assert ids_of(mine) == jobs[:5]
    assert ids_of(theirs) == jobs[5:10]


async def test_many_workers_at_once_begin_every_job_once(engine: Engine) -> None:
    jobs = await engine.enqueue(n=600)

    async def work(name: str) -> list[UUID]:
        connection = await engine.connect("guildhall_worker")
        await connection.execute("SELECT platform.register_worker($1)", name)
        begun: list[UUID] = []
        while claims := await engine.claim(7, worker=name, by=connection):
            begun += ids_of(claims)
            done = await connection.fetch("SELECT platform.jobs_complete($1, $2, $3)", name, *tickets(claims))
            assert len(done) == len(claims)
        return begun

    begun = [job for part in await asyncio.gather(*(work(f"w{n}") for n in range(6))) for job in part]
    assert sorted(begun) == sorted(jobs)
    assert set(await engine.states(jobs)) == {"completed"}


async def test_a_claim_reads_no_more_of_a_long_line_than_it_takes(engine: Engine) -> None:
    await engine.enqueue(n=1000)
    read = """
        SELECT seq_scan, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = 'platform.background_tasks'::regclass
    """
    async with engine.admin.transaction():
        await engine.claim(3, by=engine.admin)
        scans, rows = await engine.admin.fetchrow(read)
    assert scans == 0
    assert rows <= 12


async def test_a_worker_that_nobody_knows_is_told_so(engine: Engine) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="there is no worker 'nobody'") as caught:
        await engine.claim(1, worker="nobody")
    assert caught.value.constraint_name == "task_worker_is_known"


async def test_what_is_queued_with_a_worker_is_begun_before_it_is_done(engine: Engine) -> None:
    jobs = await engine.enqueue(n=3)
    claims = await engine.claim(3, begin=1)
    assert [claim["status"] for claim in claims] == ["running", "queued", "queued"]
    assert await engine.complete(claims) == {jobs[0]}
    begun = await engine.worker.fetch("SELECT platform.jobs_start('w', $1, $2)", *tickets(claims[1:2]))
    assert [row[0] for row in begun] == [jobs[1]]
    assert await engine.complete(claims[1:]) == {jobs[1]}
    assert await engine.events(jobs[1]) == ["enqueued", "queued", "started", "completed"]


async def test_a_step_completes_the_last_batch_and_claims_the_next(engine: Engine) -> None:
    jobs = await engine.enqueue(n=4)
    step = "SELECT * FROM platform.jobs_step('w', $1, $2, NULL, $3, 2)"
    first = await engine.worker.fetch(step, [], [], list(engine.lanes.values()))
    second = await engine.worker.fetch(step, *tickets(first), list(engine.lanes.values()))
    assert ids_of(first) == jobs[:2]
    assert [row["id"] for row in second if row["attempt_token"] is None] == jobs[:2]
    assert [row["id"] for row in second if row["attempt_token"]] == jobs[2:]


# limits ---------------------------------------------------------------------


async def test_no_more_of_a_type_are_at_work_than_its_cap_however_many_claim(engine: Engine) -> None:
    await engine.enqueue(n=40)
    await engine.limit("tidy", max_running=5)

    async def work(name: str) -> int:
        connection = await engine.connect("guildhall_worker")
        await connection.execute("SELECT platform.register_worker($1)", name)
        return len(await engine.claim(4, worker=name, by=connection))

    got = sum(await asyncio.gather(*(work(f"w{n}") for n in range(5))))
    got += len(await engine.claim(10))
    assert got == 5
    running = await engine.admin.fetch(
        "SELECT id, attempt_token FROM platform.background_tasks WHERE status = 'running'"
    )
    await engine.complete(running[:2])
    assert len(await engine.claim(10)) == 2


async def test_no_more_of_a_type_begin_than_its_rate_allows(engine: Engine) -> None:
    await engine.enqueue(n=10)
    await engine.limit("tidy", rate_count=3, rate_per=timedelta(hours=1))
    assert len(await engine.claim(2)) == 2
    assert len(await engine.claim(10)) == 1
    assert await engine.claim(10) == []
    # Twenty minutes later there is room for one.
    await engine.admin.execute("UPDATE platform.task_lanes SET rate_used_to = rate_used_to - interval '20 minutes'")
    assert len(await engine.claim(10)) == 1


async def test_a_limit_of_one_type_leaves_the_others_alone(engine: Engine) -> None:
    await engine.type("index")
    await engine.limit("tidy", max_running=1)
    await engine.enqueue("tidy", n=5)
    indexing = await engine.enqueue("index", n=5)
    claims = await engine.claim(10)
    assert len(claims) == 6
    assert set(indexing) < set(ids_of(claims))


async def test_a_paused_lane_gives_nothing_until_it_is_resumed(engine: Engine) -> None:
    await engine.enqueue()
    await engine.limit("tidy", is_paused=True)
    assert await engine.claim() == []
    await engine.limit("tidy", is_paused=False)
    assert len(await engine.claim()) == 1


# tokens, failures, rescue ---------------------------------------------------


async def test_a_completion_that_is_repeated_is_accepted_and_changes_nothing(engine: Engine) -> None:
    [job] = await engine.enqueue()
    claims = await engine.claim()
    assert await engine.complete(claims) == {job}
    assert await engine.complete(claims) == {job}
    assert await engine.events(job) == ["enqueued", "started", "completed"]


async def test_a_failure_is_tried_again_later_and_ends_in_the_dead_letters_with_its_history(engine: Engine) -> None:
    [job] = await engine.enqueue(max_retries=[2])
    for retry in (1, 2):
        claims = await engine.claim()
        [fate] = await engine.fail(claims, stacks=["Traceback …"])
        assert (fate["id"], fate["status"]) == (job, "pending")
        assert await engine.claim() == [], "it waits before it is tried again"
        assert await engine.admin.fetchval("SELECT retry_count FROM platform.background_tasks") == retry
        await engine.make_due()
    [fate] = await engine.fail(await engine.claim(), stacks=["the last traceback"])
    assert fate["status"] == "dead_letter"
    letter = await engine.team.fetchrow("SELECT * FROM platform.dead_letter_queue")
    assert (letter["original_task_id"], letter["error_message"]) == (job, "it broke")
    assert letter["error_stack"] == "the last traceback"
    assert letter["retry_history"].count('"attempt"') == 3
    assert await engine.events(job) == ["enqueued", *["started", "failed"] * 3, "dead_letter"]


async def test_a_failure_that_says_it_is_final_is_not_tried_again(engine: Engine) -> None:
    await engine.enqueue()
    [fate] = await engine.fail(await engine.claim(), is_final=[True])
    assert fate["status"] == "failed"
    assert await engine.admin.fetchval("SELECT count(*) FROM platform.dead_letter_queue") == 0


async def test_the_wait_doubles_with_each_retry_up_to_the_most(engine: Engine) -> None:
    waits = [
        await engine.admin.fetchval(
            "SELECT array_agg(extract(epoch FROM platform.jobs_wait('1 second', '10 seconds', $1))::float8)"
            "  FROM generate_series(1, 200)",
            retries,
        )
        for retries in range(6)
    ]
    for each, whole in zip(waits, (1, 2, 4, 8, 10, 10), strict=True):
        assert whole / 2 <= min(each) <= max(each) <= whole
        assert len(set(each)) > 100


async def test_a_redriven_dead_letter_begins_again_and_is_laid_aside(engine: Engine) -> None:
    [job] = await engine.enqueue(max_retries=[0])
    await engine.fail(await engine.claim())
    assert [row[0] for row in await engine.team.fetch("SELECT platform.jobs_retry($1)", [job])] == [job]
    assert await engine.admin.fetchval("SELECT resolution FROM platform.dead_letter_queue") == "redriven"
    assert await engine.complete(await engine.claim()) == {job}
    assert (await engine.events(job))[-3:] == ["redriven", "started", "completed"]


async def test_a_job_that_dies_again_while_its_letter_lies_open_takes_no_other_with_it(engine: Engine) -> None:
    jobs = await engine.enqueue(n=2, max_retries=[0, 0])
    await engine.fail((await engine.claim(2))[:1])
    await engine.team.execute(  # past the verb that lays the letter aside
        "UPDATE platform.background_tasks SET status = 'pending', completed_at = NULL, place = now() WHERE id = $1",
        jobs[0],
    )
    await engine.enqueue(max_retries=[0])
    claims = await engine.claim(2)
    assert len(await engine.fail(claims)) == 2
    assert await engine.admin.fetchval("SELECT count(*) FROM platform.dead_letter_queue") == 2


async def test_the_tasks_of_a_lost_worker_are_rescued_and_it_can_finish_none_of_them(engine: Engine) -> None:
    jobs = await engine.enqueue(n=4, max_retries=[0, 1, 0, 1])
    lost = await engine.claim(4)
    assert await engine.sweep() == (0, 0, 0), "a worker that is alive keeps what it has"
    await engine.lose("w")
    assert await engine.sweep() == (4, 2, 2)
    assert await engine.states(jobs) == ["dead_letter", "pending", "dead_letter", "pending"]
    assert await engine.complete(lost) == set()
    assert await engine.fail(lost) == []
    told = await engine.worker.fetch("SELECT platform.jobs_heartbeat('w', $1, $2)", *tickets(lost))
    assert {row[0] for row in told} == set(jobs)
    assert await engine.events(jobs[1]) == ["enqueued", "started", "stuck", "rescued"]
    assert await engine.events(jobs[0]) == ["enqueued", "started", "stuck", "dead_letter"]


async def test_who_comes_back_late_does_not_finish_the_attempt_of_another(engine: Engine) -> None:
    [job] = await engine.enqueue(max_retries=[3])
    lost = await engine.claim()
    await engine.lose("w")
    await engine.sweep()
    await engine.make_due()
    held = await engine.claim()
    assert ids_of(held) == ids_of(lost) == [job]
    assert await engine.complete(lost) == set()
    assert await engine.fail(lost) == []
    assert await engine.worker.fetch("SELECT platform.jobs_release('w', $1, $2)", *tickets(lost)) == []
    assert await engine.states([job]) == ["running"]
    assert await engine.complete(held) == {job}


async def test_what_was_only_queued_with_a_lost_worker_goes_back_and_costs_no_retry(engine: Engine) -> None:
    await engine.enqueue(n=2, max_retries=[0, 0])
    await engine.claim(2, begin=0)
    await engine.lose("w")
    assert await engine.sweep() == (2, 0, 0)
    assert len(await engine.claim(2)) == 2


async def test_a_timeout_that_ends_after_the_calendar_is_refused(engine: Engine) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="timeout_can_be_kept"):
        await engine.enqueue(timeouts=[timedelta(days=400_000_000)])
    with pytest.raises(asyncpg.CheckViolationError, match="timeout_can_be_kept"):
        await engine.type("vigil", p_timeout=timedelta(days=4000))


async def test_an_attempt_that_takes_longer_than_it_may_is_rescued_though_its_worker_lives(engine: Engine) -> None:
    [job] = await engine.enqueue(timeouts=[timedelta(minutes=1)])
    [hung] = await engine.claim()
    assert await engine.sweep() == (0, 0, 0)
    await engine.admin.execute("UPDATE platform.background_tasks SET leased_until = now() - interval '1 second'")
    assert await engine.sweep() == (1, 1, 0)
    assert await engine.complete([hung]) == set()
    assert await engine.states([job]) == ["pending"]


async def test_nobody_begins_a_task_whose_deadline_has_passed(engine: Engine) -> None:
    late, _ = await engine.enqueue(n=2, deadlines=[FAR, FAR])
    await engine.admin.execute(
        "UPDATE platform.background_tasks SET deadline_at = now() - interval '1 second' WHERE id = $1", late
    )
    assert late not in ids_of(await engine.claim(5))
    assert await engine.sweep() == (0, 0, 1)
    assert await engine.states([late]) == ["dead_letter"]


async def test_a_worker_that_was_silent_and_claims_is_alive(engine: Engine) -> None:
    await engine.enqueue()
    await engine.lose("w")
    assert len(await engine.claim()) == 1
    assert await engine.sweep() == (0, 0, 0)


async def test_what_a_worker_hands_back_stands_where_it_stood(engine: Engine) -> None:
    jobs = await engine.enqueue(n=3)
    claims = await engine.claim(2)
    back = await engine.worker.fetch("SELECT platform.jobs_release('w', $1, $2)", *tickets(claims))
    assert {row[0] for row in back} == set(jobs[:2])
    assert await engine.complete(claims) == set()
    again = await engine.claim(3)
    assert ids_of(again) == jobs
    assert [claim["retry_count"] for claim in again] == [0, 0, 0]


# people ---------------------------------------------------------------------


async def test_a_paused_task_is_taken_from_its_worker_and_goes_on_when_resumed(engine: Engine) -> None:
    jobs = await engine.enqueue(n=2)
    [claim] = await engine.claim()
    assert len(await engine.team.fetch("SELECT platform.jobs_pause($1)", jobs)) == 2
    assert await engine.complete([claim]) == set()
    assert await engine.claim(2) == []
    told = await engine.worker.fetch("SELECT platform.jobs_heartbeat('w', $1, $2)", *tickets([claim]))
    assert [row[0] for row in told] == [claim["id"]]
    await engine.team.fetch("SELECT platform.jobs_resume($1)", jobs)
    assert ids_of(await engine.claim(2)) == jobs
    assert await engine.events(jobs[0]) == ["enqueued", "started", "paused", "resumed", "started"]


async def test_a_team_neither_cancels_nor_sees_the_jobs_of_another(engine: Engine) -> None:
    [job] = await engine.enqueue()
    other = await engine.connect("guildhall_app", THEIRS.tenant_id)
    assert await other.fetch("SELECT platform.jobs_cancel($1)", [job]) == []
    with pytest.raises(asyncpg.ForeignKeyViolationError) as caught:
        await engine.enqueue(by=other, waiting=[1], waits_for=[job])
    assert caught.value.constraint_name == "task_dependency_is_known"
    assert await engine.states([job]) == ["pending"]


async def test_a_team_can_neither_claim_nor_finish(engine: Engine) -> None:
    await engine.enqueue()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await engine.claim(by=engine.team)


async def test_a_worker_of_one_team_serves_that_team_alone(engine: Engine) -> None:
    await engine.enqueue(n=2)
    other = await engine.connect("guildhall_app", THEIRS.tenant_id)
    [theirs] = await engine.enqueue(by=other)
    worker = await engine.connect("guildhall_worker", THEIRS.tenant_id)
    await worker.execute("SELECT platform.register_worker('theirs')")
    claims = await engine.claim(5, worker="theirs", by=worker)
    assert ids_of(claims) == [theirs]
    assert len(await engine.claim(5)) == 2


# enqueueing -----------------------------------------------------------------


async def test_a_type_that_nobody_knows_is_refused_with_its_name_and_nothing_is_enqueued(engine: Engine) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="there is no task type mend") as caught:
        await engine.team.fetch(
            "SELECT * FROM platform.jobs_enqueue($1, $2::text[]::jsonb[])", ["tidy", "mend"], ["{}", "{}"]
        )
    assert caught.value.constraint_name == "task_type_is_known"
    assert await engine.admin.fetchval("SELECT count(*) FROM platform.background_tasks") == 0


async def test_a_deadline_that_has_passed_is_refused(engine: Engine) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await engine.enqueue(deadlines=[FAR.replace(year=2020)])
    assert caught.value.constraint_name == "task_deadline_is_ahead"


async def test_a_unique_key_is_free_again_when_its_task_has_ended(engine: Engine) -> None:
    [first] = await engine.enqueued(unique_keys=["nightly"])
    [second] = await engine.enqueued(unique_keys=["nightly"])
    assert (first["is_new"], second["is_new"]) == (True, False)
    assert second["id"] == first["id"]
    await engine.complete(await engine.claim())
    [third] = await engine.enqueued(unique_keys=["nightly"])
    assert third["is_new"]
    assert third["id"] != first["id"]


async def test_an_idempotency_key_means_the_same_task_for_ever(engine: Engine) -> None:
    [first] = await engine.enqueued(idempotency_keys=["order 7"])
    await engine.complete(await engine.claim())
    [second] = await engine.enqueued(idempotency_keys=["order 7"])
    assert (second["id"], second["is_new"]) == (first["id"], False)


async def test_of_several_tasks_with_one_key_in_a_batch_the_first_is_meant(engine: Engine) -> None:
    rows = await engine.enqueued(n=3, unique_keys=["a", "b", "a"])
    assert [row["is_new"] for row in rows] == [True, True, False]
    assert rows[2]["id"] == rows[0]["id"]


async def test_a_task_for_later_is_claimed_when_it_is_due(engine: Engine) -> None:
    [job] = await engine.enqueue(scheduled_at=[FAR])
    assert await engine.claim() == []
    await engine.make_due()
    assert ids_of(await engine.claim()) == [job]


async def test_a_job_that_a_plain_insert_adds_is_claimed_like_any_other(engine: Engine) -> None:
    job = await engine.team.fetchval(
        "INSERT INTO platform.background_tasks (task_type, priority) VALUES ('tidy', 'high') RETURNING id"
    )
    assert ids_of(await engine.claim()) == [job]
    assert await engine.events(job) == ["enqueued", "started"]


async def test_what_a_plain_insert_does_not_say_is_what_its_type_says(engine: Engine) -> None:
    post = await engine.type("mail", p_queue="post", p_max_retries=0, p_timeout=timedelta(minutes=5))

    async def add(columns: str, values: str) -> tuple[int, int, timedelta | None]:
        row = await engine.team.fetchrow(
            f"INSERT INTO platform.background_tasks ({columns}) VALUES ({values}) RETURNING lane, max_retries, timeout"
        )
        return tuple(row)

    assert await add("task_type", "'mail'") == (post, 0, timedelta(minutes=5))
    assert await add("task_type, max_retries", "'mail', 7") == (post, 7, timedelta(minutes=5))
    usual = await engine.type("mail", p_queue="default")
    assert await add("task_type", "'mail'") == (usual, 3, None)


# what waits for what --------------------------------------------------------


async def test_a_task_begins_when_the_last_that_it_waits_for_is_done(engine: Engine) -> None:
    one, two, last = ids = [uuid4() for _ in range(3)]
    await engine.enqueue(ids=ids, waiting=[3, 3], waits_for=[one, two])
    claims = await engine.claim(5)
    assert set(ids_of(claims)) == {one, two}
    await engine.complete(claims[:1])
    assert await engine.claim(5) == []
    await engine.complete(claims[1:])
    assert ids_of(await engine.claim(5)) == [last]


async def test_a_task_does_not_wait_for_what_is_done_already(engine: Engine) -> None:
    [done] = await engine.enqueue()
    await engine.complete(await engine.claim())
    [job] = await engine.enqueue(waiting=[1], waits_for=[done])
    assert ids_of(await engine.claim()) == [job]


async def test_what_becomes_of_a_waiting_task_when_the_other_fails_is_said_by_the_edge(engine: Engine) -> None:
    parent, cancelled, failed, ignoring, after = ids = [uuid4() for _ in range(5)]
    await engine.enqueue(
        ids=ids,
        max_retries=[0] * 5,
        waiting=[2, 3, 4, 5],
        waits_for=[parent, parent, parent, cancelled],
        on_failure=["cancel", "fail", "ignore", "cancel"],
    )
    await engine.fail(await engine.claim(5))
    assert await engine.states(ids) == ["dead_letter", "cancelled", "failed", "pending", "cancelled"]
    assert ids_of(await engine.claim(5)) == [ignoring]
    reason = await engine.admin.fetchval("SELECT error_message FROM platform.background_tasks WHERE id = $1", after)
    assert reason == f"task {cancelled}, which it waits for, is cancelled"
    assert await engine.events(failed) == ["enqueued", "failed"]


async def test_who_cancels_a_task_cancels_what_waits_for_it(engine: Engine) -> None:
    first, second, third = ids = [uuid4() for _ in range(3)]
    await engine.enqueue(ids=ids, waiting=[2, 3], waits_for=[first, second], on_failure=["fail", "cancel"])
    await engine.team.fetch("SELECT platform.jobs_cancel($1)", [first])
    assert await engine.states(ids) == ["cancelled"] * 3
    assert third == ids[2]


async def test_a_graph_that_failed_goes_on_from_where_it_did(engine: Engine) -> None:
    parent, child = ids = [uuid4() for _ in range(2)]
    await engine.enqueue(ids=ids, max_retries=[0, 0], waiting=[2], waits_for=[parent])
    await engine.fail(await engine.claim())
    await engine.team.fetch("SELECT platform.jobs_retry($1)", [child, parent])
    claims = await engine.claim(5)
    assert ids_of(claims) == [parent]
    await engine.complete(claims)
    assert ids_of(await engine.claim(5)) == [child]


async def test_a_task_cannot_wait_for_one_that_comes_after_it_or_is_not_there(engine: Engine) -> None:
    one, two = uuid4(), uuid4()
    for awaited in (two, one, uuid4()):
        with pytest.raises(asyncpg.ForeignKeyViolationError, match=str(awaited)) as caught:
            await engine.enqueue(ids=[one, two], waiting=[1], waits_for=[awaited])
        assert caught.value.constraint_name == "task_dependency_is_known"
    assert await engine.admin.fetchval("SELECT count(*) FROM platform.background_tasks") == 0


async def test_whoever_sees_every_team_makes_no_job_wait_for_another_teams(engine: Engine) -> None:
    theirs = await engine.connect("guildhall_app", THEIRS.tenant_id)
    [ours, other], [foreign] = await engine.enqueue(n=2), await engine.enqueue(by=theirs)
    link = (
        "INSERT INTO platform.background_task_dependencies (tenant_id, task_id, depends_on_task_id) VALUES ($1, $2, $3)"
    )
    owner = await engine.connect("guildhall_owner")
    await owner.execute(link, OURS.tenant_id, ours, other)
    for task, awaited in ((ours, foreign), (foreign, ours), (ours, uuid4())):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="jobs_are_of_the_same_team"):
            await owner.execute(link, OURS.tenant_id, task, awaited)


async def test_a_task_cannot_wait_for_one_that_has_failed_unless_it_does_not_mind(engine: Engine) -> None:
    [failed] = await engine.enqueue()
    await engine.fail(await engine.claim(), is_final=[True])
    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await engine.enqueue(waiting=[1], waits_for=[failed])
    assert caught.value.constraint_name == "task_dependency_may_succeed"
    [job] = await engine.enqueue(waiting=[1], waits_for=[failed], on_failure=["ignore"])
    assert ids_of(await engine.claim()) == [job]


async def test_a_parent_that_ends_while_its_child_is_enqueued_is_not_waited_for(engine: Engine) -> None:
    [parent] = await engine.enqueue()
    claims = await engine.claim()
    transaction = engine.team.transaction()
    await transaction.start()
    [child] = await engine.enqueue(waiting=[1], waits_for=[parent])
    completing = asyncio.create_task(engine.complete(claims))
    blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    while not completing.done() and not await engine.admin.fetchval(blocked):
        await asyncio.sleep(0)
    await transaction.commit()
    assert await completing == {parent}
    assert ids_of(await engine.claim()) == [child]


async def test_a_graph_of_many_layers_runs_in_order_whoever_works(engine: Engine) -> None:
    layers = [[uuid4() for _ in range(20)] for _ in range(8)]
    ids = [task for layer in layers for task in layer]
    place = {task: n for n, task in enumerate(ids, 1)}
    edges = [
        (place[task], layers[n - 1][(i + step) % 20])
        for n in range(1, 8)
        for i, task in enumerate(layers[n])
        for step in range(3)
    ]
    await engine.enqueue(ids=ids, waiting=[edge[0] for edge in edges], waits_for=[edge[1] for edge in edges])
    log: list[tuple[str, UUID]] = []

    async def work(name: str) -> None:
        connection = await engine.connect("guildhall_worker")
        await connection.execute("SELECT platform.register_worker($1)", name)
        while len(log) < 2 * len(ids):
            claims = await engine.claim(9, worker=name, by=connection)
            log.extend(("begin", job) for job in ids_of(claims))
            log.extend(("end", job) for job in ids_of(claims))
            await connection.fetch("SELECT platform.jobs_complete($1, $2, $3)", name, *tickets(claims))

    await asyncio.gather(*(work(f"w{n}") for n in range(4)))
    assert Counter(log) == Counter([("begin", job) for job in ids] + [("end", job) for job in ids])
    at = {event: n for n, event in enumerate(log)}
    assert all(at["end", awaited] < at["begin", ids[waiting - 1]] for waiting, awaited in edges)


# whose jobs they are ----------------------------------------------------------


async def test_a_job_has_a_team_and_a_maker_and_neither_goes_before_it(engine: Engine) -> None:
    """What foreign keys would say, which the statement's trigger says for all of its jobs at once."""

    async def refused(column: str, connection: asyncpg.Connection, statement: str, *values: Any) -> None:
        with pytest.raises(asyncpg.ForeignKeyViolationError) as caught:
            await connection.execute(statement, *values)
        assert caught.value.constraint_name == f"background_tasks_{column}_fkey"

    add = "INSERT INTO platform.background_tasks (task_type, tenant_id, created_by) VALUES ('tidy', $1, $2)"
    both = "INSERT INTO platform.background_tasks (task_type, tenant_id) SELECT 'tidy', unnest($1::uuid[])"
    person, team = uuid4(), uuid4()
    await engine.admin.execute("INSERT INTO platform.teams (id, name, slug) VALUES ($1, 'Short', 'short')", team)
    await engine.admin.execute(
        "INSERT INTO platform.users (id, username, email) VALUES ($1, 'short', 'short@localhost')", person
    )
    await refused("tenant_id", engine.admin, both, [OURS.tenant_id, uuid4()])
    await refused("created_by", engine.admin, add, OURS.tenant_id, uuid4())
    await engine.admin.execute(add, OURS.tenant_id, person)
    await engine.admin.execute(add, team, None)
    change = "UPDATE platform.background_tasks SET {} = $1 WHERE created_by = $2"
    for column in ("tenant_id", "created_by"):
        await refused(column, engine.admin, change.format(column), uuid4(), person)
    await refused("tenant_id", engine.admin, "DELETE FROM platform.teams WHERE id = $1", team)
    await refused("created_by", engine.admin, "DELETE FROM platform.users WHERE id = $1", person)
    await refused("created_by", engine.admin, "UPDATE platform.users SET id = $2 WHERE id = $1", person, uuid4())
    with pytest.raises(asyncpg.FeatureNotSupportedError):
        async with engine.admin.transaction(isolation="repeatable_read"):
            await engine.admin.execute("DELETE FROM platform.users WHERE id = $1", person)

    for table, column in (("teams", "tenant_id"), ("users", "created_by")):
        await refused(column, engine.admin, f"TRUNCATE platform.{table} CASCADE")

    # Whoever comes second waits for the first: here for one who adds a job, there for one who deletes its team.
    other, ends = await engine.connect(), engine.admin.transaction()
    await engine.admin.execute("DELETE FROM platform.background_tasks WHERE tenant_id = $1", team)
    await ends.start()
    await engine.admin.execute(add, team, None)
    deleting = asyncio.create_task(refused("tenant_id", other, "DELETE FROM platform.teams WHERE id = $1", team))
    await _waits(other, await engine.connect())
    await ends.commit()
    await deleting

    await engine.admin.execute("DELETE FROM platform.background_tasks WHERE tenant_id = $1", team)
    ends = engine.admin.transaction()
    await ends.start()
    await engine.admin.execute("DELETE FROM platform.teams WHERE id = $1", team)
    adding = asyncio.create_task(refused("tenant_id", other, add, team, None))
    await _waits(other, await engine.connect())
    await ends.commit()
    await adding


async def _waits(connection: asyncpg.Connection, watcher: asyncpg.Connection) -> None:
    """Until the server says that it waits for a lock."""
    pid = connection.get_server_pid()
    async with asyncio.timeout(20):
        while not await watcher.fetchval("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1", pid):
            await asyncio.sleep(0.01)
