"""Enqueuing, working on and looking after jobs, through the room's verbs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import RFC_4122, UUID, uuid4

import pytest

from guildhall import clock
from guildhall.adapters.schemas import checker
from guildhall.db import Database
from guildhall.domains.platform import identity, jobs
from guildhall.domains.platform.jobs import Done, Enqueued, Failure, JobType, NewJob, OnFailure, Status, Wait
from guildhall.errors import GuildhallError

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}


class Bench:
    """A team that enqueues and a worker that has one lane."""

    def __init__(self, database: Database, lane: int) -> None:
        self.database, self.lane = database, lane
        self.types = jobs.Types(checker)

    async def enqueue(self, *new: NewJob) -> list[Enqueued]:
        async with self.database.transaction(identity.LOCAL) as tx:
            return await jobs.enqueue(tx, self.types, new)

    async def claim(self, at_most: int = 10) -> list[jobs.Claim]:
        async with self.database.duty("worker") as tx:
            return await jobs.claim(tx, "w", [self.lane], at_most)

    async def count(self) -> int:
        async with self.database.transaction(identity.LOCAL) as tx:
            return sum(sum(each.counts.values()) for each in await jobs.stats(tx))

    async def status(self, job_id: UUID) -> Status:
        async with self.database.transaction(identity.LOCAL) as tx:
            return (await jobs.get_story(tx, job_id)).job.status


@pytest.fixture
async def bench(database: Database) -> Bench:
    async with database.duty("worker") as tx:
        lane = await jobs.register_type(tx, JobType("tidy.rooms", schema=SCHEMA, max_retries=1))
        await jobs.register_worker(tx, jobs.Worker("w"))
    return Bench(database, lane)


def job(**values: Any) -> NewJob:
    return NewJob(**{"task_type": "tidy.rooms", "payload": {"n": 1}, **values})


async def test_what_is_enqueued_is_claimed_done_and_told(bench: Bench) -> None:
    [meant] = await bench.enqueue(job(priority="high"))
    [claim] = await bench.claim()
    assert (claim.id, claim.payload, claim.attempt) == (meant.id, {"n": 1}, 1)
    async with bench.database.duty("worker") as tx:
        counted, more = await jobs.step(tx, "w", [Done(claim.id, claim.token, {"m": 2})], [bench.lane], 10)
    assert (counted, more) == ({meant.id}, [])
    async with bench.database.transaction(identity.LOCAL) as tx:
        story = await jobs.get_story(tx, meant.id)
    assert (story.job.status, story.job.result, story.job.priority) == (Status.COMPLETED, {"m": 2}, "high")
    assert [each.event for each in story.events] == ["enqueued", "started", "completed"]


YESTERDAY = datetime(2020, 1, 1, tzinfo=UTC)
BEFORE_ALL = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))


@pytest.mark.parametrize(
    ("values", "code", "said"),
    [
        ({"task_type": "tidy.room"}, "job_type_unknown", 'Did you mean "tidy.rooms"?'),
        ({"queue": "other"}, "job_type_unknown", "in queue 'other'"),
        ({"payload": {"n": "one"}}, "job_payload_invalid", "$.n: 'one' is not of type 'integer'"),
        ({"payload": {"n": 1, "text": "x" * 1_048_576}}, "job_payload_too_large", "expected at most 1,048,576"),
        ({"payload": [1]}, "job_invalid", "expected an object"),
        ({"payload": {"n": object()}}, "job_invalid", "an object of JSON values"),
        ({"payload": {"n": "\0"}}, "job_invalid", "U+0000"),
        ({"priority": -1}, "job_invalid", "priority of job 2 is '-1', expected critical"),
        ({"max_retries": -1}, "job_invalid", "max_retries of job 2 is '-1'"),
        ({"timeout": timedelta(seconds=-1)}, "job_invalid", "expected a length of time above 0"),
        ({"timeout": timedelta(days=400_000_000)}, "job_invalid", "of 10 years at most. Correct it"),
        ({"weight": 1e-300}, "job_invalid", "expected a number from 0.001 to 1,000"),
        ({"weight": -2.0}, "job_invalid", "weight of job 2 is '-2.0'"),
        ({"weight": float("nan")}, "job_invalid", "expected a number from 0.001"),
        ({"deadline_at": YESTERDAY}, "job_invalid", "deadline_at of job 2 is '2020-01-01T00:00:00+00:00'"),
        ({"scheduled_at": datetime(2020, 1, 1)}, "job_invalid", "a moment with its time zone"),  # noqa: DTZ001
        ({"scheduled_at": BEFORE_ALL}, "job_invalid", "in the years 1 to 9999 of UTC"),
        ({"unique_key": ""}, "job_invalid", "a text of 1 to 255 characters"),
        ({"waits_for": [Wait(UUID(int=7))]}, "job_dependency_unknown", f"no job {UUID(int=7)} to wait for"),
        ({"waits_for": [Wait(UUID(int=7), "shrug")]}, "job_invalid", "expected cancel, fail, ignore"),
    ],
)
async def test_what_cannot_be_is_named_and_nothing_is_enqueued(
    bench: Bench, values: dict[str, Any], code: str, said: str
) -> None:
    with pytest.raises(GuildhallError) as caught:
        await bench.enqueue(job(), job(**values))
    assert caught.value.code == code
    assert said in str(caught.value)
    assert await bench.count() == 0


async def test_a_circle_is_refused_with_its_jobs_named(bench: Bench) -> None:
    a, b, c = (clock.new_id() for _ in range(3))
    with pytest.raises(jobs.DependencyCycle) as caught:
        await bench.enqueue(
            job(id=a, waits_for=[Wait(c)]), job(id=b, waits_for=[Wait(a)]), job(id=c, waits_for=[Wait(b)])
        )
    assert {str(each) for each in (a, b, c)} == set(caught.value.details["cycle"])
    with pytest.raises(jobs.DependencyCycle):
        await bench.enqueue(job(id=a, waits_for=[Wait(a)]))
    assert await bench.count() == 0


async def test_jobs_that_wait_may_be_given_in_any_order(bench: Bench) -> None:
    first, last = clock.new_id(), clock.new_id()
    meant = await bench.enqueue(job(id=last, waits_for=[Wait(first)]), job(id=first))
    assert [each.id for each in meant] == [last, first]
    [claim] = await bench.claim()
    assert claim.id == first
    async with bench.database.duty("worker") as tx:
        counted, [following] = await jobs.step(tx, "w", [Done(claim.id, claim.token)], [bench.lane], 10)
    assert (counted, following.id) == ({first}, last)


async def test_jobs_that_name_no_id_are_given_one_each_of_the_moment(bench: Bench) -> None:
    began = clock.now()
    ids = {each.id for each in await bench.enqueue(*(job() for _ in range(200)))}
    assert len(ids) == 200
    assert {(each.version, each.variant) for each in ids} == {(7, RFC_4122)}
    assert all(began <= clock.time_of(each) <= clock.now() for each in ids)


async def test_who_waits_for_what_has_failed_is_refused_unless_that_does_not_matter(bench: Bench) -> None:
    [lost] = await bench.enqueue(job())
    async with bench.database.transaction(identity.LOCAL) as tx:
        await jobs.change_each(tx, "cancel", [lost.id])
    with pytest.raises(jobs.DependencyFailed, match="cancelled already"):
        await bench.enqueue(job(waits_for=[Wait(lost.id)]))
    [meant] = await bench.enqueue(job(waits_for=[Wait(lost.id, OnFailure.IGNORE)]))
    assert [each.id for each in await bench.claim()] == [meant.id]


async def test_a_payload_that_only_the_database_finds_too_large_is_said_to_be(bench: Bench) -> None:
    async with bench.database.duty("worker") as tx:
        await jobs.register_type(tx, JobType("anything"))
    with pytest.raises(jobs.PayloadTooLarge):
        await bench.enqueue(NewJob("anything", {"n": [1] * 200_000}))
    assert await bench.count() == 0


async def test_one_key_enqueued_by_many_at_once_is_one_job(bench: Bench) -> None:
    meant = await asyncio.gather(*(bench.enqueue(job(unique_key="k")) for _ in range(20)))
    assert len({each.id for [each] in meant}) == 1
    assert sum(each.is_new for [each] in meant) == 1
    assert await bench.count() == 1


async def test_a_type_that_a_worker_has_made_known_meanwhile_is_known(bench: Bench) -> None:
    with pytest.raises(jobs.JobTypeUnknown):
        await bench.enqueue(NewJob("later", {}))
    async with bench.database.duty("worker") as tx:
        await jobs.register_type(tx, JobType("later"))
    assert await bench.enqueue(NewJob("later", {}))


async def test_a_job_that_keeps_failing_ends_in_the_dead_letters_and_can_be_sent_back(bench: Bench) -> None:
    [meant] = await bench.enqueue(job())
    for _ in range(2):
        [claim] = await bench.claim()
        async with bench.database.duty("worker") as tx:
            failure = Failure(claim.id, claim.token, "no\0pe", stack="line 1", delay=timedelta(0))
            [verdict] = await jobs.fail(tx, "w", [failure])
    assert verdict.status == Status.DEAD_LETTER
    async with bench.database.transaction(identity.LOCAL) as tx:
        order = jobs.DEAD_LETTERS.order()
        [letter] = (await jobs.page_dead_letters(tx, {}, order)).items
        assert (letter.job_id, letter.error_message, letter.error_stack) == (
            meant.id,
            "no\N{REPLACEMENT CHARACTER}pe",
            "line 1",
        )
        assert [each["event"] for each in letter.retry_history] == ["failed", "failed"]
        assert await jobs.redrive(tx, task_type="other") == []
        assert await jobs.redrive(tx) == [meant.id]
        assert (await jobs.page_dead_letters(tx, {}, order)).items == []
        [letter] = (await jobs.page_dead_letters(tx, {}, order, only_open=False)).items
        assert letter.resolution == "redriven"
    assert [each.id for each in await bench.claim()] == [meant.id]


async def test_what_cannot_be_done_with_a_job_is_said(bench: Bench) -> None:
    [meant] = await bench.enqueue(job())
    async with bench.database.transaction(identity.LOCAL) as tx:
        assert await jobs.change_each(tx, "pause", [meant.id]) == [meant.id]
        with pytest.raises(
            jobs.JobStateWrong, match="is paused: what is failed, cancelled, dead_letter can be retried"
        ):
            await jobs.change_each(tx, "retry", [meant.id])
        with pytest.raises(jobs.JobNotFound):
            await jobs.change_each(tx, "cancel", [uuid4()])
        assert await jobs.change_each(tx, "resume", [meant.id]) == [meant.id]
        assert await jobs.change_each(tx, "cancel", [meant.id]) == [meant.id]
        assert await jobs.change_each(tx, "retry", [meant.id]) == [meant.id]


async def test_jobs_are_listed_page_by_page_by_state_and_type(bench: Bench) -> None:
    meant = await bench.enqueue(*(job() for _ in range(5)))
    async with bench.database.transaction(identity.LOCAL) as tx:
        await jobs.change_each(tx, "cancel", [meant[0].id])
        order = jobs.JOBS.order()
        filters = {"status": Status.PENDING, "task_type": "tidy.rooms"}
        first = await jobs.page_jobs(tx, filters, order, at_most=3)
        rest = await jobs.page_jobs(tx, filters, order, at_most=3, after=first.next)
        [only] = (await jobs.page_jobs(tx, {"status": Status.CANCELLED}, order)).items
    assert {each.id for each in (*first.items, *rest.items)} == {each.id for each in meant[1:]}
    assert (only.id, only.queue) == (meant[0].id, "default")


async def test_a_worker_that_never_heard_of_its_claim_gives_it_back(bench: Bench) -> None:
    [lost, kept] = await bench.enqueue(job(), job())
    claims = {each.id: each for each in await bench.claim()}
    async with bench.database.duty("worker") as tx:
        known = [claims[kept.id].token]
        assert await jobs.release_orphans(tx, "w", known, timedelta(minutes=1)) == set(), "it may just be on its way"
        assert await jobs.release_orphans(tx, "w", known, timedelta(0)) == {lost.id}
    assert (await bench.status(lost.id), await bench.status(kept.id)) == (Status.PENDING, Status.RUNNING)


async def test_a_stranger_neither_works_nor_gives_signs_of_life(bench: Bench) -> None:
    works: list[Callable[[Any], Any]] = [
        lambda tx: jobs.claim(tx, "stranger", [bench.lane], 1),
        lambda tx: jobs.step(tx, "stranger", [], [bench.lane], 1),
        lambda tx: jobs.heartbeat(tx, "stranger", [], []),
    ]
    for work in works:
        with pytest.raises(jobs.WorkerUnknown):
            async with bench.database.duty("worker") as tx:
                await work(tx)


async def test_what_has_a_key_that_another_has_now_cannot_come_again_and_holds_up_no_others(bench: Bench) -> None:
    async def dead(**values: Any) -> UUID:
        [meant] = await bench.enqueue(job(max_retries=0, **values))
        [claim] = await bench.claim()
        async with bench.database.duty("worker") as tx:
            await jobs.fail(tx, "w", [Failure(claim.id, claim.token, "no")])
        return meant.id

    first, second, alone = await dead(unique_key="k"), await dead(unique_key="k"), await dead()
    async with bench.database.transaction(identity.LOCAL) as tx:
        assert await jobs.redrive(tx) == [first, alone]  # of two with one key the first
    async with bench.database.transaction(identity.LOCAL) as tx:
        with pytest.raises(jobs.JobKeyTaken, match="unique key 'k'"):
            await jobs.change_each(tx, "retry", [second])
        await jobs.change_each(tx, "cancel", [first])
        await jobs.change_each(tx, "retry", [second])
    assert [await bench.status(each) for each in (first, second, alone)] == ["cancelled", "pending", "pending"]
