"""Schedulers: what is due happens once however many there are, and upkeep outlives the one that began it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from urllib.request import urlopen

import asyncpg
import pytest

from fixtures.metrics import read
from fixtures.processes import DEADLINE_S
from guildhall import clock
from guildhall.adapters.schemas import checker
from guildhall.app import upkeep
from guildhall.app.wiring import App
from guildhall.app.workers.scheduler import UPKEEP, Scheduler, duties
from guildhall.app.workers.vitals import telling
from guildhall.db import rollups
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import JobType, JobTypeUnknown, Run, Schedule, ScheduleInvalid
from guildhall.errors import InvalidInput

Duty = Callable[[], Awaitable[object]]


def got(url: str) -> str:
    with urlopen(url) as answer:
        return str(answer.read().decode())


async def add(app: App, schedule: Schedule, ago: timedelta = timedelta(minutes=1)) -> None:
    async with app.database.duty("scheduler") as tx:
        assert await jobs.add_schedule(tx, schedule, first_at=clock.now() - ago)


async def begin_due(app: App, scheduler: str = "s", lease: timedelta = timedelta(minutes=1)) -> Run | None:
    async with app.database.duty("scheduler") as tx:
        return await jobs.begin_due(tx, jobs.Types(checker), scheduler, lease)


async def run_until(schedulers: list[Scheduler], enough: Callable[[], Awaitable[bool]]) -> None:
    running = [asyncio.create_task(each.run()) for each in schedulers]
    while not await enough():
        assert not any(each.done() for each in running), [each.exception() for each in running if each.done()]
        await asyncio.sleep(0.02)
    for each in schedulers:
        each.stop()
    await asyncio.gather(*running)


async def sql(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def runs(url: str) -> list[tuple[str, str, str | None]]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT schedule_name, status, error_message FROM platform.schedule_runs ORDER BY schedule_name, due_at"
        )
        return [(row[0], row[1], row[2]) for row in rows]
    finally:
        await connection.close()


async def test_what_is_due_happens_once_however_many_schedulers_there_are(app: App, administrator_url: str) -> None:
    done: list[str] = []

    async def keep() -> None:
        done.append("upkeep")

    async with app.database.duty("worker") as tx:
        await jobs.register_type(tx, JobType("report"))
    for n in range(5):
        await add(app, Schedule(f"report-{n}", "report", {"n": n}, tenant_id=app.actor.tenant_id, cron="0 3 * * *"))

    async def enough() -> bool:
        return len(await runs(administrator_url)) == 6 and bool(done)

    schedulers = [Scheduler(app, {"upkeep": keep}) for _ in range(3)]
    await run_until(schedulers, enough)
    assert done == ["upkeep"]
    assert sum(each.fired for each in schedulers) == 6
    assert {status for _, status, _ in await runs(administrator_url)} == {"completed"}
    async with app.transaction() as tx:
        page = await jobs.page_jobs(tx, {"task_type": "report"}, jobs.JOBS.order())
    assert sorted(each.payload["n"] for each in page.items) == [0, 1, 2, 3, 4]


async def test_roll_ups_are_refreshed_when_they_are_due_and_no_sooner(app: App, administrator_url: str) -> None:
    async def keep() -> None: ...

    async def ages() -> dict[str, timedelta]:
        found = await rollups.survey(app.database)
        return {each.name: clock.now() - each.refreshed_at for each in found if each.refreshed_at}

    async def enough() -> bool:
        return (await ages())["mv_daily_stats"] < timedelta(minutes=10)

    await sql(
        administrator_url,
        """
        UPDATE platform.rollups
           SET refreshed_at = now() - interval '20 minutes',
               refresh_interval = CASE name WHEN 'mv_daily_stats' THEN interval '10 minutes' ELSE refresh_interval END
        """,
    )
    await run_until([Scheduler(app, {"upkeep": keep})], enough)
    assert (await ages())["daily_stats"] > timedelta(minutes=10)


async def test_a_job_of_a_schedule_is_what_its_type_says_in_the_queue_of_its_type(app: App) -> None:
    async with app.database.duty("worker") as tx:
        lane = await jobs.register_type(tx, JobType("mail", queue="post", max_retries=0, timeout=timedelta(minutes=5)))
        await jobs.register_worker(tx, jobs.Worker("postman"))
    await add(app, Schedule("mail", "mail", {"n": 1}, tenant_id=app.actor.tenant_id, every=timedelta(days=1)))
    assert await begin_due(app)
    async with app.database.duty("worker") as tx:
        [claim] = await jobs.claim(tx, "postman", [lane], 1)
        assert claim.leased_until is not None
        assert claim.leased_until <= tx.now + timedelta(minutes=6)
    assert (claim.tenant_id, claim.payload, claim.max_retries) == (app.actor.tenant_id, {"n": 1}, 0)
    assert claim.created_by is None


async def test_a_schedule_names_the_queue_where_its_type_is_known_in_several(app: App) -> None:
    async with app.database.duty("worker") as tx:
        for queue in ("letters", "parcels"):
            await jobs.register_type(tx, JobType("mail", queue=queue))
    mail = Schedule("mail", "mail", {}, tenant_id=app.actor.tenant_id, every=timedelta(days=1))
    with pytest.raises(ScheduleInvalid, match="wait in letters, parcels, expected one of these"):
        await add(app, mail)
    await add(app, replace(mail, queue="parcels"))
    assert await begin_due(app)
    async with app.transaction() as tx:
        [job] = (await jobs.page_jobs(tx, {}, jobs.JOBS.order())).items
    assert job.queue == "parcels"


@pytest.mark.parametrize("queue", [None, "default"])
async def test_a_schedule_whose_jobs_nobody_could_do_is_refused(app: App, queue: str | None) -> None:
    async with app.database.duty("worker") as tx:
        await jobs.register_type(tx, JobType("reports.weekly", queue="slow"))
    unknown = "reports.weekly" if queue else "report.weekly"
    schedule = Schedule("weekly", unknown, {}, tenant_id=app.actor.tenant_id, cron="0 3 * * mon", queue=queue)
    with pytest.raises(JobTypeUnknown, match=f"no job type '{unknown}' in queue 'default'"):
        await add(app, schedule)


async def test_a_schedule_of_which_no_job_can_be_made_says_so_and_keeps_nothing_else(
    app: App, administrator_url: str
) -> None:
    async with app.database.duty("worker") as tx:
        await jobs.register_type(tx, JobType("report"))
    team, daily = app.actor.tenant_id, timedelta(days=1)
    await add(app, Schedule("a-" + "n" * 229, "report", {}, tenant_id=team, every=daily), timedelta(minutes=9))
    large = {"text": "x" * 1_048_577}
    await add(app, Schedule("large", "report", large, tenant_id=team, every=daily), timedelta(minutes=8))
    await add(app, Schedule("wide", "report", {"n": [1] * 200_000}, tenant_id=team, every=daily), timedelta(minutes=7))
    await sql(
        administrator_url,
        "INSERT INTO platform.schedules (name, task_type, tenant_id, every, next_run_at) "
        f"VALUES ('unknown', 'rapport', '{team}', '1 day', now() - interval '6 minutes')",
    )
    await add(app, Schedule("well", "report", {}, tenant_id=team, every=daily))
    done = asyncio.Event()

    async def keep() -> None:
        done.set()

    async def enough() -> bool:
        return done.is_set() and len(await runs(administrator_url)) == 6

    await run_until([Scheduler(app, {"upkeep": keep})], enough)
    found = {name: (status, error or "") for name, status, error in await runs(administrator_url)}
    assert {name: status for name, (status, _) in found.items()} == {
        "a-" + "n" * 229: "completed",
        "large": "failed",
        "unknown": "failed",
        "upkeep": "completed",
        "well": "completed",
        "wide": "failed",
    }
    assert "expected at most 1,048,576" in found["large"][1]
    assert "expected at most 1,048,576" in found["wide"][1]
    assert "there is no job type 'rapport'" in found["unknown"][1]


async def test_a_schedule_whose_next_time_no_calendar_has_is_switched_off(app: App, administrator_url: str) -> None:
    far = "INSERT INTO platform.schedules (name, task_type, every) VALUES ('far', 'far', interval '9000 years')"
    await sql(administrator_url, far)
    assert await begin_due(app)
    assert await begin_due(app) is None
    async with app.database.duty("scheduler") as tx:
        assert await jobs.until_next_run(tx) is None


async def test_what_was_begun_already_is_not_begun_again(app: App, administrator_url: str) -> None:
    await add(app, UPKEEP)
    assert await begin_due(app)
    again = "UPDATE platform.schedules SET next_run_at = due_at FROM platform.schedule_runs WHERE schedule_name = name"
    await sql(administrator_url, again)
    assert await begin_due(app, "other") is None
    assert await begin_due(app, "other") is None, "it is due in an hour"
    async with app.database.duty("scheduler") as tx:
        left_s = await jobs.until_next_run(tx)
    assert left_s is not None
    assert left_s > 0


async def test_a_scheduler_whose_upkeep_another_has_taken_over_leaves_off(app: App, administrator_url: str) -> None:
    begun, left = asyncio.Event(), asyncio.Event()

    async def keep() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.set()

    async def enough() -> bool:
        return left.is_set()

    scheduler = Scheduler(app, {"upkeep": keep}, lease=timedelta(seconds=0.3))
    running = asyncio.create_task(run_until([scheduler], enough))
    async with asyncio.timeout(DEADLINE_S):
        await begun.wait()
        other = "UPDATE platform.schedule_runs SET scheduler_id = 'other', leased_until = now() + interval '1 hour'"
        await sql(administrator_url, other)
        await running
    assert await runs(administrator_url) == [("upkeep", "running", None)], "it is the other's to finish"


async def test_upkeep_that_fails_says_so_and_the_scheduler_goes_on(app: App, administrator_url: str) -> None:
    async def fail() -> None:
        raise InvalidInput("the disk is full")

    async def break_down() -> None:
        raise ValueError("a defect")

    await add(app, Schedule("broken", "broken", {}, every=timedelta(hours=1)))
    await add(app, Schedule("strange", "strange", {}, every=timedelta(hours=1)))

    async def enough() -> bool:
        found = await runs(administrator_url)
        return len(found) == 3 and all(status != "running" for _, status, _ in found)

    await run_until([Scheduler(app, {"upkeep": fail, "broken": break_down})], enough)
    assert await runs(administrator_url) == [
        ("broken", "failed", "ValueError: a defect"),
        ("strange", "failed", "the scheduler knows no upkeep 'strange', expected upkeep, broken"),
        ("upkeep", "failed", "the disk is full"),
    ]


async def test_upkeep_of_a_scheduler_that_was_lost_is_taken_over(app: App, administrator_url: str) -> None:
    done = asyncio.Event()

    async def keep() -> None:
        done.set()

    await add(app, UPKEEP)
    assert await begin_due(app, "lost", timedelta(0))
    assert await begin_due(app, "other", timedelta(0)) is None, "it is due again in an hour"

    async def enough() -> bool:
        return done.is_set()

    await run_until([Scheduler(app, {"upkeep": keep})], enough)
    assert await runs(administrator_url) == [("upkeep", "completed", None)]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"cron": "0 0 30 2 *"}, "Bad day-of-month"),
        ({"cron": "61 * * * *"}, "Bad minute"),
        ({"cron": "* * * * *", "timezone": "Mars/Olympus"}, "there is no such time zone"),
        ({"every": timedelta(seconds=-1)}, "expected a length of time above 0"),
        ({"every": timedelta.max}, "expected a length of time that ends before the year 10000"),
    ],
)
async def test_a_rhythm_that_cannot_be_followed_is_refused(app: App, values: dict[str, object], said: str) -> None:
    with pytest.raises(ScheduleInvalid, match=said):
        async with app.database.duty("scheduler") as tx:
            await jobs.add_schedule(tx, Schedule("odd", "odd", {}, **values))  # type: ignore[arg-type]


async def test_times_that_were_missed_are_not_made_up_for(app: App) -> None:
    await add(app, Schedule("hourly", "hourly", {}, every=timedelta(hours=1)), ago=timedelta(days=3, minutes=10))
    assert await begin_due(app)
    assert await begin_due(app) is None
    async with app.database.duty("scheduler") as tx:
        left_s = await jobs.until_next_run(tx)
    assert left_s is not None
    assert 0 < left_s <= 50 * 60


async def test_upkeep_that_takes_long_holds_no_schedule_back_and_is_not_begun_twice(
    app: App, administrator_url: str
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    count = 0

    async def keep() -> None:
        nonlocal count
        count += 1
        begun.set()
        await go_on.wait()

    async with app.database.duty("worker") as tx:
        await jobs.register_type(tx, JobType("report"))
    scheduler = Scheduler(app, {"upkeep": keep})

    async def enough() -> bool:
        fired = [status for name, status, _ in await runs(administrator_url) if name == "report"]
        if fired:
            assert scheduler.health()[1]["upkeep_running"] == 1
            go_on.set()
        return bool(fired)

    running = asyncio.create_task(run_until([scheduler], enough))
    async with asyncio.timeout(DEADLINE_S):
        await begun.wait()
        await sql(administrator_url, "UPDATE platform.schedules SET next_run_at = now() WHERE name = 'upkeep'")
        await add(app, Schedule("report", "report", {}, tenant_id=app.actor.tenant_id, every=timedelta(days=1)))
        await running
    assert count == 1
    assert await runs(administrator_url) == [("report", "completed", None), ("upkeep", "completed", None)]


async def test_a_scheduler_tells_of_its_health_and_what_it_has_fired(app: App) -> None:
    scheduler = Scheduler(app, {"upkeep": asyncio.Event().wait}, lease=timedelta(seconds=0.3))
    assert scheduler.health()[0]

    async def enough() -> bool:
        return scheduler.fired == 1

    running = asyncio.create_task(scheduler.run())
    while not await enough():
        await asyncio.sleep(0.01)
    with telling(("127.0.0.1", 0), scheduler.health, scheduler.samples) as url:
        scraped = read(await asyncio.to_thread(got, f"{url}/metrics"))
    running.cancel()
    await asyncio.wait([running])
    assert scraped["guildhall_scheduler_fired_total"] == 1
    assert scraped["guildhall_scheduler_upkeep_running"] == 1
    assert 0 <= scraped["guildhall_scheduler_sweep_age_seconds"] < DEADLINE_S


async def test_upkeep_forgets_old_runs_but_for_the_newest_of_each_schedule(
    app: App, administrator_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_RUNS_AT_ONCE", 1)
    await sql(
        administrator_url,
        """
        INSERT INTO platform.schedules (name, task_type, every)
        SELECT name, 'x', interval '1 day' FROM unnest(ARRAY['idle', 'lively']) AS name;
        INSERT INTO platform.schedule_runs (schedule_name, due_at, status, scheduler_id, leased_until, finished_at, error_message)
        SELECT name, now() - make_interval(days => days), status, 'one', now(), CASE WHEN status <> 'running' THEN now() END, days::text
          FROM (VALUES ('idle', 'failed', 300), ('idle', 'skipped', 200), ('idle', 'completed', 100),
                       ('lively', 'running', 120), ('lively', 'completed', 91), ('lively', 'completed', 89),
                       ('lively', 'completed', 1)) AS given (name, status, days);
        """,
    )
    await duties(app, administrator_url)["upkeep"]()
    assert await runs(administrator_url) == [
        ("idle", "completed", "100"),
        ("lively", "running", "120"),
        ("lively", "completed", "89"),
        ("lively", "completed", "1"),
    ]
