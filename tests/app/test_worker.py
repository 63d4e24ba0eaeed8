"""Workers in the process of the test: what becomes of jobs that succeed, fail, hang, are taken away or given back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp
import orjson
import pytest
from pydantic import BaseModel

from fixtures.metrics import read
from fixtures.processes import DEADLINE_S
from guildhall import clock
from guildhall.adapters.schemas import checker
from guildhall.app.wiring import App
from guildhall.app.workers import Bell, Context, Enqueuer, GiveUp, HandlerNotUsable, Registry, TryLater, Worker
from guildhall.app.workers.door import Door
from guildhall.app.workers.pulse import Pulse
from guildhall.app.workers.vitals import read_address, telling
from guildhall.db import Tx
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import NewJob, Status, Story
from guildhall.errors import InvalidInput, Unavailable

MOMENT = timedelta(milliseconds=1)


class Letter(BaseModel):
    to: str
    copies: int = 1


@asynccontextmanager
async def working(app: App, handlers: Registry, **options: Any) -> AsyncIterator[Worker]:
    worker = Worker(app, handlers, **options)
    started = asyncio.Event()
    running = asyncio.create_task(worker.run(started.set))
    ended = asyncio.create_task(started.wait())
    await asyncio.wait([running, ended], return_when=asyncio.FIRST_COMPLETED)
    try:
        async with asyncio.timeout(DEADLINE_S):
            yield worker
    finally:
        worker.stop()
        ended.cancel()
        await asyncio.wait([running], timeout=DEADLINE_S)
    assert running.done(), "it does not stop"
    running.result()


@pytest.fixture
async def enqueuer(app: App) -> AsyncIterator[Enqueuer]:
    async with Enqueuer(app) as enqueuer:
        yield enqueuer


async def told(app: App, job_id: UUID, *wanted: Status) -> Story:
    """The story of a job once it is in one of these states."""
    while True:
        async with app.transaction() as tx:
            story = await jobs.get_story(tx, job_id)
        if story.job.status in wanted:
            return story
        await asyncio.sleep(0.01)


async def test_handlers_of_every_kind_get_their_payload_and_their_results_are_kept(
    app: App, enqueuer: Enqueuer
) -> None:
    handlers = Registry()

    @handlers.job("letters.send")
    async def send(letter: Letter, context: Context) -> dict[str, Any]:
        return {"to": letter.to, "copies": letter.copies, "attempt": context.job.attempt}

    @handlers.job("letters.weigh")
    def weigh(letter: Letter) -> Letter:
        assert threading.current_thread() is not threading.main_thread()
        return letter

    @handlers.job("letters.burn")
    async def burn(anything: dict[str, Any]) -> None:
        assert anything == {"a": 1}

    async with working(app, handlers):
        sent = await enqueuer.enqueue(NewJob("letters.send", {"to": "Ada"}))
        weighed = await enqueuer.enqueue(NewJob("letters.weigh", {"to": "Ada", "copies": 2}))
        burnt = await enqueuer.enqueue(NewJob("letters.burn", {"a": 1}))
        results = [(await told(app, each.id, Status.COMPLETED)).job.result for each in (sent, weighed, burnt)]
        with pytest.raises(jobs.PayloadInvalid, match=r"'to' is a required property"):
            await enqueuer.enqueue(NewJob("letters.send", {}))
    assert results == [{"to": "Ada", "copies": 1, "attempt": 1}, {"to": "Ada", "copies": 2}, None]
    async with app.database.duty("worker") as tx:
        assert await jobs.list_workers(tx) == [], "who stops says so"


async def test_what_fails_is_tried_again_and_ends_in_the_dead_letters_with_its_stack(
    app: App, enqueuer: Enqueuer
) -> None:
    handlers = Registry()

    @handlers.job("break", max_retries=2, retry_base=MOMENT, retry_most=MOMENT)
    async def break_down(payload: dict[str, Any]) -> None:
        raise ValueError("it\0broke")

    @handlers.job("quit")
    def leave(payload: dict[str, Any]) -> None:
        raise GiveUp("no such address")

    @handlers.job("later")
    async def later(payload: dict[str, Any], context: Context) -> int:
        if context.job.attempt == 1:
            raise TryLater(MOMENT)
        return context.job.attempt

    @handlers.job("odd", max_retries=0)
    async def odd(payload: dict[str, Any]) -> Any:
        return object()

    @handlers.job("exit", max_retries=0)
    async def exit_(payload: dict[str, Any]) -> Any:
        raise SystemExit(3)

    async with working(app, handlers, poll_s=0.02):
        ids = {
            name: (await enqueuer.enqueue(NewJob(name, {}))).id for name in ("break", "quit", "later", "odd", "exit")
        }
        dead = await told(app, ids["break"], Status.DEAD_LETTER)
        gone = await told(app, ids["quit"], Status.FAILED)
        late = await told(app, ids["later"], Status.COMPLETED)
        strange = await told(app, ids["odd"], Status.DEAD_LETTER)
        ended = await told(app, ids["exit"], Status.DEAD_LETTER)
    assert [each.event for each in dead.events].count("failed") == 3
    assert "in break_down" in (dead.events[-2].error_stack or "")
    assert dead.job.error_message == "ValueError: it\N{REPLACEMENT CHARACTER}broke"
    assert (gone.job.error_message, gone.job.attempts) == ("no such address", 1)
    assert late.job.result == 2
    assert "object" in (strange.job.error_message or "")
    assert ended.job.error_message == "SystemExit: 3"


async def test_a_job_that_is_cancelled_is_cancelled_in_its_handler(app: App, enqueuer: Enqueuer) -> None:
    handlers, begun, stopped = Registry(), asyncio.Event(), asyncio.Event()

    @handlers.job("sleep")
    async def sleep(payload: dict[str, Any]) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    @handlers.job("wake")
    async def wake(payload: dict[str, Any]) -> None: ...

    async with working(app, handlers, lease=timedelta(seconds=0.3), concurrency=1) as worker:
        meant = await enqueuer.enqueue(NewJob("sleep", {}))
        await begun.wait()
        async with app.transaction() as tx:
            await jobs.change_each(tx, "cancel", [meant.id])
        await stopped.wait()
        following = await enqueuer.enqueue(NewJob("wake", {}))
        await told(app, following.id, Status.COMPLETED)
    assert worker.counts.lost == 1
    assert (await told(app, meant.id, Status.CANCELLED)).job.error_message is None


async def test_an_attempt_that_takes_too_long_is_broken_off_and_fails(app: App, enqueuer: Enqueuer) -> None:
    handlers = Registry()

    @handlers.job("hang", timeout=timedelta(seconds=0.1), max_retries=0)
    async def hang(payload: dict[str, Any]) -> None:
        await asyncio.Event().wait()

    async with working(app, handlers):
        meant = await enqueuer.enqueue(NewJob("hang", {}))
        story = await told(app, meant.id, Status.DEAD_LETTER)
    assert "the attempt took longer than it may" in (story.job.error_message or "")


async def test_who_stops_finishes_what_is_under_way_and_hands_back_what_takes_longer(
    app: App, enqueuer: Enqueuer
) -> None:
    handlers, begun, go_on = Registry(), asyncio.Event(), asyncio.Event()

    @handlers.job("short")
    async def short(payload: dict[str, Any]) -> None:
        begun.set()
        await go_on.wait()

    async with working(app, handlers):
        ends = await enqueuer.enqueue(NewJob("short", {}))
        await begun.wait()
        asyncio.get_running_loop().call_later(0.05, go_on.set)
    assert (await told(app, ends.id, Status.COMPLETED)).job.attempts == 1

    begun.clear()
    go_on.clear()
    async with working(app, handlers, grace_s=0.0, concurrency=1):
        given_back = [await enqueuer.enqueue(NewJob("short", {})) for _ in range(3)]
        await begun.wait()
    for each in given_back:
        story = await told(app, each.id, Status.PENDING)
        assert story.job.retry_count == 0
    assert [each.event for each in (await told(app, given_back[0].id, Status.PENDING)).events][-1] == "handed_back"


async def test_a_handler_whose_own_task_was_cancelled_fails_and_ends_no_worker(app: App, enqueuer: Enqueuer) -> None:
    handlers = Registry()

    @handlers.job("cancel", max_retries=0)
    async def cancel(payload: dict[str, Any]) -> None:
        own = asyncio.create_task(asyncio.Event().wait())
        own.cancel()
        await own

    @handlers.job("go on")
    async def go_on(payload: dict[str, Any]) -> None: ...

    async with working(app, handlers, concurrency=1):
        meant = await enqueuer.enqueue(NewJob("cancel", {}))
        story = await told(app, meant.id, Status.DEAD_LETTER)
        following = await enqueuer.enqueue(NewJob("go on", {}))
        await told(app, following.id, Status.COMPLETED)
    assert story.job.error_message == "CancelledError"


async def test_failures_that_cannot_be_told_as_they_are_end_no_worker_and_hold_up_no_others(
    app: App, enqueuer: Enqueuer
) -> None:
    handlers = Registry()

    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError("no words")

    @handlers.job("mute", max_retries=0)
    async def mute(payload: dict[str, Any]) -> None:
        raise Mute

    @handlers.job("never")
    async def never(payload: dict[str, Any]) -> None:
        raise TryLater(timedelta.max)

    @handlers.job("five", max_retries=0)
    async def five(payload: dict[str, Any]) -> None:
        raise TryLater(5)  # type: ignore[arg-type]

    @handlers.job("beyond", retry_base=timedelta(hours=1))
    async def beyond(payload: dict[str, Any]) -> None:
        later = TryLater(MOMENT)
        later.delay = timedelta.max
        raise later

    names = ("beyond", "mute", "never", "five")
    async with working(app, handlers):
        added = await enqueuer.enqueue_many([NewJob(name, {}) for name in names])
        ids = dict(zip(names, (each.id for each in added), strict=True))
        silent = await told(app, ids["mute"], Status.DEAD_LETTER)
        wrong = await told(app, ids["five"], Status.DEAD_LETTER)
        for name in ("never", "beyond"):
            while (story := await told(app, ids[name], Status.PENDING)).job.error_message is None:
                await asyncio.sleep(0.01)
            assert story.job.scheduled_at > clock.now()
    assert silent.job.error_message == "Mute: it cannot say why"
    assert wrong.job.error_message == "TypeError: delay is 5, expected a timedelta"
    assert "refused" in (story.job.error_message or "")


async def test_who_stops_lets_what_it_breaks_off_clean_up_before_anybody_else_has_it(
    app: App, enqueuer: Enqueuer
) -> None:
    handlers, begun = Registry(), asyncio.Semaphore(0)

    async def wait_and_clean_up(context: Context) -> None:
        begun.release()
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(20):  # for longer than it takes to hand a job back
                async with context.transaction() as tx:
                    await jobs.get_job(tx, context.job.id)

    @handlers.job("tidy")
    async def tidy(payload: dict[str, Any], context: Context) -> None:
        await wait_and_clean_up(context)

    @handlers.job("end")
    async def end(payload: dict[str, Any], context: Context) -> None:
        try:
            await wait_and_clean_up(context)
        finally:
            async with context.finish({"ended": True}):
                pass

    async with working(app, handlers, grace_s=0.0):
        added = await enqueuer.enqueue_many([NewJob("tidy", {}), NewJob("end", {})])
        for _ in added:
            await begun.acquire()
    async with app.transaction() as tx:
        back, ended = [await jobs.get_story(tx, each.id) for each in added]
    assert (back.job.status, back.events[-1].event, back.job.retry_count) == ("pending", "handed_back", 0)
    assert (ended.job.status, ended.job.result) == ("completed", {"ended": True})


async def test_who_gets_a_job_again_ends_its_earlier_attempt_and_no_other(app: App, enqueuer: Enqueuer) -> None:
    handlers, begun, first_ended, broken_off = Registry(), asyncio.Event(), asyncio.Event(), list[int]()

    @handlers.job("work")
    async def work(payload: dict[str, Any], context: Context) -> None:
        begun.set()
        try:
            if context.job.attempt == 1:
                await asyncio.Event().wait()
            await first_ended.wait()
            await beaten()
        except asyncio.CancelledError:
            broken_off.append(context.job.attempt)
            raise
        finally:
            first_ended.set()

    async def beaten() -> None:
        """Until the worker has given a sign of life, and what was answered was heard."""
        before = await seen()
        while await seen() == before:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)

    async def seen() -> datetime:
        async with app.database.duty("worker") as tx:
            [presence] = await jobs.list_workers(tx)
        return presence.last_seen

    async with working(app, handlers, lease=timedelta(seconds=0.3), poll_s=0.02) as worker:
        meant = await enqueuer.enqueue(NewJob("work", {}))
        await begun.wait()
        async with app.transaction() as tx:
            await jobs.change_each(tx, "pause", [meant.id])
            await jobs.change_each(tx, "resume", [meant.id])
        story = await told(app, meant.id, Status.COMPLETED)
    assert (broken_off, worker.counts.lost, story.job.attempts) == ([1], 1, 2)


async def test_a_pulse_goes_on_after_an_error_that_nobody_thought_of(app: App) -> None:
    asked = list[int]()
    again = threading.Event()

    def held() -> tuple[list[UUID], list[UUID]]:
        asked.append(1)
        if len(asked) == 1:
            raise RuntimeError("dictionary changed size during iteration")
        again.set()
        return [], []

    worker = jobs.Worker("beating", lease=timedelta(seconds=0.3))
    async with app.database.duty("worker") as tx:
        await jobs.register_worker(tx, worker)
    async with Pulse(app.database, worker, held, lambda lost: None):
        assert await asyncio.to_thread(again.wait, DEADLINE_S)


async def test_what_cannot_be_tried_again_is_not_claimed_before_it_begins(app: App, enqueuer: Enqueuer) -> None:
    handlers, begun, go_on = Registry(), asyncio.Event(), asyncio.Event()

    @handlers.job("hurry")
    async def hurry(payload: dict[str, Any]) -> None: ...

    @handlers.job("once", max_retries=0)
    async def once(payload: dict[str, Any]) -> None:
        begun.set()
        await go_on.wait()

    async with working(app, handlers, concurrency=1):
        quick = await enqueuer.enqueue_many([NewJob("hurry", {}) for _ in range(100)])
        for each in quick:
            await told(app, each.id, Status.COMPLETED)
        await enqueuer.enqueue_many([NewJob("once", {}) for _ in range(3)])
        await begun.wait()
        async with app.transaction() as tx:
            [counts] = [each.counts for each in await jobs.stats(tx) if each.task_type == "once"]
        go_on.set()
    assert counts == {"running": 1, "pending": 2}


async def test_who_waits_at_the_door_pauses_between_looks_however_often_it_rings(app: App) -> None:
    looks, bell = list[int](), Bell(app.database)

    @asynccontextmanager
    async def ringing() -> AsyncIterator[Tx]:
        async with app.database.duty("worker") as tx:
            yield tx
        looks.append(1)
        bell.ring()

    door = Door(ringing, bell, clock.new_id(), "mill")
    await door.register(jobs.Worker("mill"), [("grind", "default")])
    assert await door.claim([("grind", "default")], 1, wait_s=0.5, closing=asyncio.Event()) == []
    await bell.close()
    assert len(looks) < 15, "a look every 50 ms at most"


async def test_an_effect_that_is_committed_with_the_job_does_not_happen_for_who_has_lost_it(
    app: App, enqueuer: Enqueuer
) -> None:
    handlers, begun, go_on = Registry(), asyncio.Event(), asyncio.Event()

    @handlers.job("pay")
    async def pay(payload: dict[str, Any], context: Context) -> None:
        if context.job.attempt == 1:
            begun.set()
            await asyncio.shield(asyncio.create_task(go_on.wait()))
        async with context.finish({"paid": True}) as tx:
            await jobs.enqueue(tx, types, [NewJob("receipt", {})])

    @handlers.job("receipt")
    async def receipt(payload: dict[str, Any]) -> None: ...

    types = jobs.Types(checker)
    async with working(app, handlers, poll_s=0.02):
        meant = await enqueuer.enqueue(NewJob("pay", {}))
        await begun.wait()
        async with app.transaction() as tx:
            await jobs.change_each(tx, "pause", [meant.id])
            await jobs.change_each(tx, "resume", [meant.id])
        story = await told(app, meant.id, Status.COMPLETED)
        go_on.set()
    async with app.transaction() as tx:
        counts = {each.task_type: sum(each.counts.values()) for each in await jobs.stats(tx)}
    assert counts == {"pay": 1, "receipt": 1}
    assert (story.job.result, story.job.attempts) == ({"paid": True}, 2)


async def test_jobs_that_wait_for_each_other_run_in_order_without_waiting_to_be_looked_for(
    app: App, enqueuer: Enqueuer
) -> None:
    handlers, order = Registry(), list[int]()

    @handlers.job("step")
    async def step(payload: dict[str, Any]) -> None:
        order.append(payload["n"])

    ids = [clock.new_id() for _ in range(20)]
    chain = [
        NewJob("step", {"n": n}, id=ids[n], waits_for=[jobs.Wait(ids[n - 1])] if n else []) for n in range(len(ids))
    ]
    async with working(app, handlers, poll_s=60.0):
        await enqueuer.enqueue_many(chain)
        await told(app, ids[-1], Status.COMPLETED)
    assert order == list(range(20))


async def test_many_who_enqueue_at_once_each_get_their_own_answer(app: App, enqueuer: Enqueuer) -> None:
    handlers = Registry()

    @handlers.job("count")
    async def count(letter: Letter) -> None: ...

    async with app.database.duty("worker") as tx:
        await jobs.register_type(tx, handlers["count"].kind)

    def new(n: int) -> NewJob:
        return NewJob("count" if n != 7 else "cuont", {"to": "Ada"} if n != 9 else {})

    answers = await asyncio.gather(*(enqueuer.enqueue(new(n)) for n in range(50)), return_exceptions=True)
    assert isinstance(answers[7], jobs.JobTypeUnknown)
    assert isinstance(answers[9], jobs.PayloadInvalid)
    assert len({each.id for each in answers if not isinstance(each, BaseException)}) == 48


def test_a_function_that_cannot_be_a_handler_is_refused() -> None:
    handlers = Registry()
    with pytest.raises(HandlerNotUsable, match="takes 0 values"):
        handlers.job("nothing")(lambda: None)
    handlers.job("twice")(lambda payload: None)
    with pytest.raises(HandlerNotUsable, match="two functions"):
        handlers.job("twice")(lambda payload: 1)
    with pytest.raises(HandlerNotUsable, match="of 10 years at most"):
        handlers.job("ages", timeout=timedelta.max)
    with pytest.raises(InvalidInput, match="no handler works on queue 'defualt'"):
        handlers.of_queues(["defualt"])


async def test_a_worker_has_no_more_of_a_kind_than_it_may_and_leaves_the_rest_to_others(
    app: App, enqueuer: Enqueuer
) -> None:
    handlers, end = Registry(), asyncio.Event()
    workers: list[str] = []

    @handlers.job("bake", at_once=1)
    async def bake(payload: dict[str, Any], context: Context) -> None:
        workers.append(context.worker)
        await end.wait()

    @handlers.job("sweep")
    async def sweep(payload: dict[str, Any]) -> None:
        return None

    async with app.database.duty("worker") as tx:
        for name in ("bake", "sweep"):
            await jobs.register_type(tx, handlers[name].kind)
    loaves = await enqueuer.enqueue_many([NewJob("bake", {})] * 4)
    async with working(app, handlers, concurrency=10) as one, working(app, handlers, concurrency=10) as two:
        while len(workers) < 2:
            await asyncio.sleep(0.01)
        swept = await enqueuer.enqueue(NewJob("sweep", {}))  # what else there is goes on
        await told(app, swept.id, Status.COMPLETED)
        assert sorted(workers) == sorted([one.name, two.name])
        end.set()
        for each in loaves:
            story = await told(app, each.id, Status.COMPLETED)
            assert story.job.retry_count == 0
    assert len(workers) == 4


async def test_what_is_rung_for_while_a_worker_looks_is_found_at_once(
    app: App, enqueuer: Enqueuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look sees what there was as it began, and its answer comes later than the bell."""
    handlers, looked, go_on, claim = Registry(), asyncio.Event(), asyncio.Event(), jobs.claim

    @handlers.job("work")
    async def work(payload: dict[str, Any]) -> None: ...

    async def slowly(*given: Any) -> list[jobs.Claim]:
        found = await claim(*given)
        looked.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(jobs, "claim", slowly)
    monkeypatch.setattr(app.database, "can_listen", False)  # which would ring once more, some time
    async with working(app, handlers, concurrency=1, poll_s=30):
        await looked.wait()
        added = await enqueuer.enqueue(NewJob("work", {}))
        await asyncio.sleep(0)
        go_on.set()
        await told(app, added.id, Status.COMPLETED)


@pytest.mark.parametrize("change", [{"max_retries": 0}, {"timeout": timedelta(seconds=5)}])
async def test_a_job_that_says_otherwise_than_its_type_is_not_kept_waiting_with_a_worker(
    app: App, enqueuer: Enqueuer, change: dict[str, Any]
) -> None:
    handlers, blocked, go_on, begun = Registry(), asyncio.Event(), asyncio.Event(), set[UUID]()

    @handlers.job("quick")
    async def quick(payload: dict[str, Any], context: Context) -> None:
        if payload.get("blocks"):
            blocked.set()
            await go_on.wait()
        begun.add(context.job.id)

    async with working(app, handlers, concurrency=1, poll_s=30) as worker:
        for _ in range(3):  # until it is known to be quick, so that it claims ahead
            await enqueuer.enqueue_many([NewJob("quick", {}) for _ in range(100)])
            while len(begun) < 100:
                await asyncio.sleep(0.01)
            begun.clear()
        first = await enqueuer.enqueue(NewJob("quick", {"blocks": True}))
        await blocked.wait()
        plain = [NewJob("quick", {}) for _ in range(3)]
        delicate = [NewJob("quick", {}, **change) for _ in range(3)]
        added = await enqueuer.enqueue_many([*plain, *delicate])
        for each in added[3:]:
            story = await told(app, each.id, Status.PENDING)
            while story.events[-1].event != "handed_back":  # it has not been claimed yet
                await asyncio.sleep(0.01)
                story = await told(app, each.id, Status.PENDING)
            assert story.job.retry_count == 0
        assert (await told(app, added[0].id, Status.RUNNING)).job.attempts == 1, "what may wait does, with the worker"
        go_on.set()
        for each in (first, *added):
            await told(app, each.id, Status.COMPLETED)
    assert worker.counts.completed == 301 + len(added)


async def test_a_worker_tells_of_its_health_and_what_it_has_done(app: App, enqueuer: Enqueuer) -> None:
    handlers, begun, go_on = Registry(), asyncio.Event(), asyncio.Event()

    @handlers.job("work")
    async def work(payload: dict[str, Any]) -> None: ...

    @handlers.job("break", max_retries=1, retry_base=MOMENT, retry_most=MOMENT)
    async def break_down(payload: dict[str, Any]) -> None:
        raise ValueError

    @handlers.job("wait")
    async def wait(payload: dict[str, Any]) -> None:
        begun.set()
        await go_on.wait()

    async with working(app, handlers, poll_s=0.02) as worker:
        with telling(("127.0.0.1", 0), worker.health, worker.samples) as url:
            for name, status in (("work", Status.COMPLETED), ("break", Status.DEAD_LETTER)):
                added = await enqueuer.enqueue(NewJob(name, {}))
                await told(app, added.id, status)
            await enqueuer.enqueue(NewJob("wait", {}))
            await begun.wait()
            status, health = await answer(f"{url}/healthz")
            _, metrics = await answer(f"{url}/metrics")
            missing, _ = await answer(f"{url}/")
            with (
                pytest.raises(Unavailable, match="nobody can listen at"),
                telling(("127.0.0.1", int(url.rpartition(":")[2])), worker.health, worker.samples),
            ):
                pass
        go_on.set()
    said = orjson.loads(health)
    assert (status, said["status"], said["worker"], said["running"]) == (200, "ok", worker.name, 1)
    assert missing == 404
    scraped = read(metrics)
    assert scraped.value("guildhall_worker_jobs_total", type="work", outcome="completed") == 1
    assert scraped.value("guildhall_worker_jobs_total", type="break", outcome="retried") == 1
    assert scraped.value("guildhall_worker_jobs_total", type="break", outcome="dead_letter") == 1
    assert scraped.value("guildhall_worker_jobs_held", type="wait") == 1
    assert scraped["guildhall_worker_jobs_running"] == 1
    assert scraped["guildhall_worker_claim_duration_seconds_count"] >= 3
    assert 0 <= scraped["guildhall_worker_heartbeat_age_seconds"] < DEADLINE_S


async def test_a_worker_whose_signs_of_life_nobody_hears_says_that_it_fails(app: App) -> None:
    handlers = Registry()

    @handlers.job("work")
    async def work(payload: dict[str, Any]) -> None: ...

    worker = Worker(app, handlers)
    with telling(("127.0.0.1", 0), worker.health, worker.samples) as url:
        status, said = await answer(f"{url}/healthz")
    assert (status, orjson.loads(said)["status"]) == (503, "failing")


async def answer(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.text()


@pytest.mark.parametrize("text", ["9101", "localhost", "localhost:", "localhost:http", ":70000"])
def test_an_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="expected HOST:PORT"):
        read_address(text)


def test_addresses_are_read_with_and_without_a_host() -> None:
    assert read_address("[::1]:9101") == ("::1", 9101)
    assert read_address(":0") == ("", 0)
