"""`/v1/platform/lanes` and `/schedules`: what administrators hold back, and what they let come again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from fixtures.material import named
from guildhall.db import Database
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import JobType, Worker

P = "/v1/platform"


@pytest.fixture
async def database(served) -> AsyncIterator[Database]:
    database = await Database.connect(served.application_url, size=2, pooled=False)
    yield database
    await database.close()


@pytest.fixture
async def kind(database: Database) -> str:
    """A type of job of this test's own, in two queues."""
    name = named("letters")
    async with database.duty("worker") as tx:
        for queue in ("default", "slow"):
            await jobs.register_type(tx, JobType(name, queue=queue, schema={"properties": {"to": {"type": "string"}}}))
        await jobs.register_worker(tx, Worker("postman"))
    return name


async def claimed(database: Database, kind: str) -> int:
    async with database.duty("worker") as tx:
        held = await jobs.claim(tx, "postman", await jobs.lanes_of(tx, [(kind, "default")]), 10)
        await jobs.release(tx, "postman", held)
        return len(held)


async def test_a_type_is_paused_limited_and_let_go_on(client_of, kind, database):
    member, administrator = client_of("pottery/member"), client_of("local")
    for _ in range(3):
        status, _ = await member.post(f"{P}/jobs", json={"task_type": kind})
        assert status == 201
    lanes = f"{P}/lanes/{kind}"
    status, paused = await administrator.patch(f"{lanes}?queue=default", json={"is_paused": True})
    assert status == 200
    assert [(each["queue"], each["is_paused"]) for each in paused["items"]] == [("default", True)]
    assert await claimed(database, kind) == 0
    status, limited = await administrator.patch(
        lanes, json={"is_paused": False, "max_running": 2, "rate": {"count": 1, "per_s": 3600}}
    )
    assert {(each["max_running"], each["rate"]["per_s"]) for each in limited["items"]} == {(2, 3600)}
    assert (await claimed(database, kind), await claimed(database, kind)) == (1, 0)
    await administrator.patch(lanes, json={"rate": None})
    assert await claimed(database, kind) == 2
    status, listed = await administrator.get(f"{P}/lanes")
    ours = [each for each in listed["items"] if each["task_type"] == kind]
    assert [(each["queue"], each["max_running"], each["rate"]) for each in ours] == [
        ("default", 2, None),
        ("slow", 2, None),
    ]
    status, document = await administrator.patch(f"{P}/lanes/{kind}s", json={"is_paused": True})
    assert (status, document["error"]["code"]) == (422, "job_type_unknown")
    status, document = await member.patch(lanes, json={"is_paused": True})
    assert status == 403


async def test_a_schedule_is_made_fired_paused_and_removed(client_of, kind, database):
    administrator, name = client_of("local"), named("nightly")
    wanted = {"name": name, "task_type": kind, "queue": "slow", "payload": {"to": "ada"}, "every_s": 3600}
    async with administrator.session.post(f"{P}/schedules", json=wanted) as response:
        added = await response.json()
        assert (response.status, response.headers["Location"]) == (201, f"{P}/schedules/{name}")
    assert {each: added[each] for each in wanted} == wanted
    status, document = await administrator.post(f"{P}/schedules", json=wanted)
    assert (status, document["error"]["code"]) == (409, "schedule_exists")
    one = f"{P}/schedules/{name}"
    status, paused = await administrator.patch(one, json={"is_paused": True})
    assert (status, paused["is_paused"]) == (200, True)
    status, resumed = await administrator.patch(one, json={"is_paused": False})
    assert (status, resumed["is_paused"]) == (200, False)
    assert resumed["next_run_at"] >= added["next_run_at"]
    status, found = await administrator.get(one)
    assert (status, found["last_run_at"]) == (200, None)
    status, listed = await administrator.get(f"{P}/schedules")
    assert name in [each["name"] for each in listed["items"]]
    async with administrator.session.delete(one) as response:
        assert response.status == 204
    status, document = await administrator.get(one)
    assert (status, document["error"]["code"]) == (404, "schedule_not_found")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"cron": "0 3 30 2 *", "every_s": None}, 422, "schedule_invalid"),
        ({"cron": "0 3 * * *"}, 422, "schedule_invalid"),
        ({"name": "Nightly seals"}, 422, "schedule_invalid"),
        ({"task_type": "evaluation.run"}, 403, "job_runs_code"),
        ({"every_s": 0.5}, 422, "fields_refused"),
        ({"payload": {"to": 1}}, 422, "job_payload_invalid"),
    ],
)
async def test_a_schedule_that_cannot_be_is_refused(client_of, kind, change, status, code):
    wanted = {"name": named("never"), "task_type": kind, "queue": "slow", "every_s": 3600, **change}
    got, document = await client_of("local").post(f"{P}/schedules", json=wanted)
    assert got == status, document
    assert document["error"]["code"] == code


async def test_neither_is_for_those_who_keep_no_installation(client_of, kind):
    owner = client_of("pottery/owner")
    for path in ("lanes", "schedules"):
        status, _ = await owner.get(f"{P}/{path}")
        assert status == 403
    status, _ = await owner.post(f"{P}/schedules", json={"name": "x", "task_type": kind, "every_s": 60})
    assert status == 403
