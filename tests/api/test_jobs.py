"""`/v1/platform/jobs` and `/dead-letters`: enqueuing, looking and what people do to jobs."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import aiohttp
import asyncpg
import orjson
import pytest

from fixtures.api import Client
from fixtures.material import named
from guildhall.db import Database
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import Failure, JobType, Worker

P = "/v1/platform"
JOBS = f"{P}/jobs"
NOBODYS = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
async def database(served) -> AsyncIterator[Database]:
    database = await Database.connect(served.application_url, size=2, pooled=False)
    yield database
    await database.close()


@pytest.fixture
async def kind(database: Database) -> str:
    """A type of job of this test's own; its letters are `to` somebody."""
    name = named("letters")
    schema = {"type": "object", "properties": {"to": {"type": "string"}}, "additionalProperties": False}
    async with database.duty("worker") as tx:
        await jobs.register_type(tx, JobType(name, max_retries=0, schema=schema))
    return name


async def bury(database: Database, kind: str, job_id: str) -> None:
    """Have a job fail for want of retries."""
    async with database.duty("worker") as tx:
        await jobs.register_worker(tx, Worker("gravedigger"))
        [claim] = await jobs.claim(tx, "gravedigger", await jobs.lanes_of(tx, [(kind, "default")]), 1)
        assert str(claim.id) == job_id
        await jobs.fail(tx, "gravedigger", [Failure(claim.id, claim.token, "no such street", "line 1")])


async def test_a_job_is_enqueued_and_found_with_its_history(client_of, kind):
    client = client_of("pottery/member")
    body = {"task_type": kind, "payload": {"to": "ada"}, "priority": "high", "max_retries": 2, "timeout_s": 1.5}
    async with client.session.post(JOBS, json=body) as response:
        assert response.status == 201
        added = await response.json()
        assert response.headers["Location"] == f"{JOBS}/{added['id']}"
    assert {name: added[name] for name in ("task_type", "payload", "priority", "max_retries")} == {
        name: body[name] for name in ("task_type", "payload", "priority", "max_retries")
    }
    assert (added["status"], added["queue"], added["attempts"]) == ("pending", "default", 0)
    status, story = await client.get(f"{JOBS}/{added['id']}")
    assert status == 200
    assert {name: story[name] for name in added} == added
    assert ([each["event"] for each in story["events"]], story["waits_for"]) == (["enqueued"], [])


async def test_a_key_that_is_taken_means_the_job_that_has_it(client_of, kind):
    client = client_of("pottery/member")
    first = {"task_type": kind, "unique_key": kind}
    status, added = await client.post(JOBS, json=first)
    assert status == 201
    assert await client.post(JOBS, json=first) == (200, added)
    _, listed = await client.get(f"{JOBS}?task_type={kind}")
    assert listed["items"] == [added]
    status, other = await client_of("smithy/member").post(JOBS, json=first)
    assert (status, other["id"] != added["id"]) == (201, True)


async def test_the_same_idempotency_key_enqueues_once_even_at_the_same_time(client_of, kind):
    client = client_of("pottery/member")
    headers = {"Idempotency-Key": uuid4().hex}
    answers = await asyncio.gather(*(client.post(JOBS, json={"task_type": kind}, headers=headers) for _ in range(3)))
    assert {status for status, _ in answers} == {201}
    assert len({job["id"] for _, job in answers}) == 1


@pytest.mark.parametrize(
    ("wrong", "status", "code", "field"),
    [
        ({"task_type": "nobody.does.this"}, 422, "job_type_unknown", "task_type"),
        ({"task_type": "evaluation.run"}, 403, "job_runs_code", "task_type"),
        ({"queue": "nobodys"}, 422, "job_type_unknown", "task_type"),
        ({"payload": {"to": 1}}, 422, "job_payload_invalid", "payload"),
        ({"payload": []}, 422, "fields_refused", "payload"),
        ({"priority": -1}, 422, "fields_refused", "priority"),
        ({"max_retries": -1}, 422, "fields_refused", "max_retries"),
        ({"timeout_s": 0}, 422, "fields_refused", "timeout_s"),
        ({"weight": 0}, 422, "fields_refused", "weight"),
        ({"unique_key": ""}, 422, "fields_refused", "unique_key"),
        ({"scheduled_at": 0}, 422, "fields_refused", "scheduled_at"),
        ({"deadline_at": "2020-01-01T00:00:00Z"}, 422, "job_invalid", "deadline_at"),
        ({"waits_for": [{"job_id": NOBODYS}]}, 422, "job_dependency_unknown", "waits_for"),
    ],
)
async def test_what_cannot_be_enqueued_is_named_and_nothing_is(client_of, kind, wrong, status, code, field):
    client = client_of("pottery/member")
    good = {"task_type": kind, "payload": {"to": "ada"}}
    for path, body in ((JOBS, {**good, **wrong}), (f"{P}/job-batches", {"jobs": [good, {**good, **wrong}]})):
        got, document = await client.post(path, json=body)
        assert (got, document["error"]["code"]) == (status, code), document
        assert field in document["error"]["details"]["field"], document
    _, listed = await client.get(f"{JOBS}?task_type={kind}")
    assert listed["items"] == []


async def test_a_payload_over_a_megabyte_is_refused(client_of, kind):
    body = orjson.dumps({"task_type": kind, "payload": {"to": "x" * 1_048_576}})
    headers = {"Content-Type": "application/json"}
    status, document = await client_of("pottery/member").post(JOBS, data=io.BytesIO(body), headers=headers)
    assert (status, document["error"]["code"]) == (422, "job_payload_too_large")


async def test_a_moment_that_no_clock_shows_is_refused(client_of, kind):
    for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        for field in ("scheduled_at", "deadline_at"):
            status, _ = await client_of("pottery/member").post(JOBS, json={"task_type": kind, field: moment})
            assert status == 422, (field, moment)


async def test_types_that_others_have_made_known_are_not_told(client_of, kind):
    _, document = await client_of("pottery/member").post(JOBS, json={"task_type": kind[:-1]})
    assert document["error"]["code"] == "job_type_unknown"
    assert kind not in str(document)


async def test_a_batch_waits_for_each_other_in_any_order(client_of, kind):
    client = client_of("pottery/member")
    _, before = await client.post(JOBS, json={"task_type": kind})
    waiting = [{"position": 2, "on_failure": "ignore"}, {"job_id": before["id"]}]
    batch = {"jobs": [{"task_type": kind, "waits_for": waiting}, {"task_type": kind}]}
    status, document = await client.post(f"{P}/job-batches", json=batch)
    first, second = document["items"]
    assert (status, first["is_new"], second["is_new"]) == (200, True, True)
    _, story = await client.get(f"{JOBS}/{first['id']}")
    assert {(each["job_id"], each["on_failure"]) for each in story["waits_for"]} == {
        (second["id"], "ignore"),
        (before["id"], "cancel"),
    }

    for waits_for, code in (([{"position": 1}], "job_dependency_cycle"), ([{"position": 2}], "job_invalid")):
        one = {"jobs": [{"task_type": kind, "waits_for": waits_for}]}
        status, document = await client.post(f"{P}/job-batches", json=one)
        assert (status, document["error"]["code"]) == (422, code)
    _, listed = await client.get(f"{JOBS}?task_type={kind}")
    assert len(listed["items"]) == 3


async def test_jobs_are_listed_filtered_and_paged(client_of, kind):
    client = client_of("pottery/member")
    added = [
        (await client.post(JOBS, json={"task_type": kind, "priority": priority}))[1]
        for priority in ("low", "high", "low")
    ]
    _, first = await client.get(f"{JOBS}?task_type={kind}&priority=low&limit=1")
    assert first["items"] == [added[2]]
    _, second = await client.get(f"{JOBS}?task_type={kind}&priority=low&limit=1&cursor={first['next_cursor']}")
    assert second["items"] == [added[0]]
    await client.post(f"{JOBS}/{added[1]['id']}/pause")
    _, paused = await client.get(f"{JOBS}?task_type={kind}&status=paused&fields=id")
    assert paused["items"] == [{"id": added[1]["id"]}]
    _, csv = await client.get(f"{JOBS}?task_type={kind}&fields=id&format=csv&sort=created_at")
    assert csv.split() == ["id", *(each["id"] for each in added)]
    _, stats = await client.get(f"{JOBS}/stats")
    [own] = [each for each in stats["types"] if each["task_type"] == kind]
    assert own["counts"] == {"pending": 2, "paused": 1}


async def test_a_job_is_paused_resumed_cancelled_and_retried_where_it_may_be(client_of, kind):
    client = client_of("pottery/member")
    _, job = await client.post(JOBS, json={"task_type": kind})
    for verb, then in (("pause", "paused"), ("resume", "pending"), ("cancel", "cancelled"), ("retry", "pending")):
        status, changed = await client.post(f"{JOBS}/{job['id']}/{verb}")
        assert (status, changed["status"]) == (200, then)
    status, document = await client.post(f"{JOBS}/{job['id']}/resume")
    assert (status, document["error"]["code"]) == (409, "job_state_wrong")
    for who, job_id in (("pottery/member", NOBODYS), ("smithy/member", job["id"])):
        status, document = await client_of(who).post(f"{JOBS}/{job_id}/cancel")
        assert (status, document["error"]["code"]) == (404, "job_not_found")
    assert (await client_of("pottery/viewer").post(f"{JOBS}/{job['id']}/cancel"))[0] == 403
    assert (await client.get(f"{JOBS}/{job['id']}"))[1]["status"] == "pending"


async def test_a_dead_letter_is_read_and_sent_back_once(client_of, database, kind):
    client = client_of("pottery/member")
    _, job = await client.post(JOBS, json={"task_type": kind})
    await bury(database, kind, job["id"])
    _, listed = await client.get(f"{P}/dead-letters?task_type={kind}")
    [letter] = listed["items"]
    assert (letter["job_id"], letter["error_message"], letter["error_stack"]) == (
        job["id"],
        "no such street",
        "line 1",
    )
    where = f"{P}/dead-letters/{letter['id']}"
    assert await client.get(where) == (200, letter)
    status, again = await client.post(f"{where}/redrive")
    assert (status, again["id"], again["status"]) == (200, job["id"], "pending")

    status, document = await client.post(f"{where}/redrive")
    assert (status, document["error"]["code"]) == (409, "dead_letter_closed")
    assert (await client.get(f"{P}/dead-letters?task_type={kind}"))[1]["items"] == []
    _, every = await client.get(f"{P}/dead-letters?task_type={kind}&only_open=false")
    assert [each["resolution"] for each in every["items"]] == ["redriven"]
    for who, path in (("pottery/member", f"{P}/dead-letters/{NOBODYS}"), ("smithy/member", where)):
        status, document = await client_of(who).get(path)
        assert (status, document["error"]["code"]) == (404, "dead_letter_not_found")


class Mill:
    """A worker in plain HTTP."""

    def __init__(self, client, kind: str) -> None:
        self.name = named("mill").replace("_", "-")
        self.kinds = [{"task_type": kind}]
        self._client = client

    async def starts(self, **options) -> Mill:
        status, document = await self._client.post(
            f"{P}/workers", json={"name": self.name, "task_types": self.kinds, **options}
        )
        assert (status, document["name"]) == (200, self.name), document
        return self

    async def says(self, verb: str, *told, **also):
        return await self._client.post(f"{P}/workers/{self.name}/{verb}", json={"jobs": list(told), **also})

    async def claims(self, at_most: int = 1, wait_s: float = 0):
        body = {"task_types": self.kinds, "at_most": at_most, "wait_s": wait_s}
        status, document = await self._client.post(f"{P}/workers/{self.name}/claim", json=body)
        assert status == 200, document
        return document["items"]


def ticket(claim):
    return {"id": claim["id"], "token": claim["token"]}


async def answered(saying):
    status, document = await saying
    assert status == 200, document
    return [each["status"] for each in document["items"]]


@pytest.fixture
async def superuser(served):
    connection = await asyncpg.connect(served.database_url)
    yield connection
    await connection.close()


async def test_a_worker_in_plain_http_does_a_job(client_of, kind):
    client = client_of("pottery/member")
    mill = await Mill(client, kind).starts()
    _, job = await client.post(JOBS, json={"task_type": kind, "payload": {"to": "ada"}})
    [claim] = await mill.claims(at_most=5)
    assert (claim["id"], claim["payload"], claim["attempt"]) == (job["id"], {"to": "ada"}, 1)
    assert await answered(mill.says("heartbeat", ticket(claim))) == ["held"]
    done = {**ticket(claim), "result": {"sent": True}}
    assert await answered(mill.says("complete", done)) == ["completed"]
    assert await answered(mill.says("complete", done)) == ["completed"]  # as when the answer was never heard
    _, story = await client.get(f"{JOBS}/{job['id']}")
    assert (story["status"], story["result"]) == ("completed", {"sent": True})
    assert await mill.claims() == []


async def test_a_type_that_a_worker_brings_is_known_and_one_that_is_known_stays_as_it_is(client_of, kind, superuser):
    client = client_of("pottery/member")
    new = named("grind")
    mill = Mill(client, new)
    mill.kinds.append({"task_type": kind})
    await mill.starts()
    assert (await client.post(JOBS, json={"task_type": new}))[0] == 201
    assert (await client.post(JOBS, json={"task_type": kind, "payload": {"to": 1}}))[0] == 422
    lanes = "SELECT max_retries FROM platform.task_lanes WHERE task_type = $1"
    assert [row["max_retries"] for row in await superuser.fetch(lanes, kind)] == [0]


async def test_a_worker_frozen_past_its_lease_comes_back_too_late(client_of, kind, superuser):
    client = client_of("pottery/member")
    frozen, other = await Mill(client, kind).starts(), await Mill(client, kind).starts()
    _, job = await client.post(JOBS, json={"task_type": kind, "max_retries": 3})
    _, second = await client.post(JOBS, json={"task_type": kind, "max_retries": 3})
    lost, kept = sorted(await frozen.claims(2), key=lambda claim: claim["id"] != job["id"])
    await superuser.execute(
        "UPDATE platform.task_workers SET last_seen = now() - interval '1 hour' WHERE worker_id LIKE '%/' || $1",
        frozen.name,
    )
    assert await answered(other.says("heartbeat")) == []
    await superuser.execute("UPDATE platform.background_tasks SET scheduled_at = now() WHERE task_type = $1", kind)
    taken = {claim["id"]: claim for claim in await other.claims(2, wait_s=10)}
    assert (taken.keys(), taken[job["id"]]["attempt"]) == ({job["id"], second["id"]}, 2)

    tickets = [ticket(lost), ticket(kept)]
    assert await answered(frozen.says("heartbeat", *tickets)) == ["lost", "lost"]
    assert await answered(frozen.says("complete", {**ticket(lost), "result": "too late"})) == ["lost"]
    assert await answered(frozen.says("fail", {**ticket(lost), "message": "too late"})) == ["lost"]
    assert await answered(frozen.says("release", ticket(lost))) == ["lost"]
    mixed = [{**ticket(kept), "result": "too late"}, {**ticket(taken[job["id"]]), "result": "in time"}]
    assert await answered(other.says("complete", *mixed)) == ["lost", "completed"]
    _, story = await client.get(f"{JOBS}/{job['id']}")
    assert (story["status"], story["result"], story["attempts"]) == ("completed", "in time", 2)


async def test_what_fails_is_tried_again_or_not(client_of, kind):
    client = client_of("pottery/member")
    mill = await Mill(client, kind).starts()
    for retries in (1, 1, 0):
        await client.post(JOBS, json={"task_type": kind, "max_retries": retries})
    again, final, dead = await mill.claims(3)
    status, document = await mill.says(
        "fail",
        {**ticket(again), "message": "later", "delay_s": 3600},
        {**ticket(final), "message": "no use", "is_final": True},
        {**ticket(dead), "message": "worn out", "stack": "line 1"},
    )
    assert (status, [each["status"] for each in document["items"]]) == (200, ["pending", "failed", "dead_letter"])
    assert [each["scheduled_at"] is None for each in document["items"]] == [False, True, True]


async def test_what_is_handed_back_stands_where_it_stood(client_of, kind):
    client = client_of("pottery/member")
    mill = await Mill(client, kind).starts()
    await client.post(JOBS, json={"task_type": kind})
    [claim] = await mill.claims()
    assert await answered(mill.says("release", ticket(claim))) == ["released"]
    [again] = await mill.claims()
    assert (again["id"], again["retry_count"]) == (claim["id"], 0)
    assert again["token"] != claim["token"]


async def test_a_claim_whose_answer_was_never_heard_is_handed_back_after_a_lease(client_of, kind, superuser):
    client = client_of("pottery/member")
    mill = await Mill(client, kind).starts()
    _, job = await client.post(JOBS, json={"task_type": kind})
    assert len(await mill.claims()) == 1
    assert await answered(mill.says("heartbeat")) == []
    assert (await client.get(f"{JOBS}/{job['id']}"))[1]["status"] == "running"
    await superuser.execute(
        "UPDATE platform.background_tasks SET started_at = now() - interval '1 minute' WHERE id = $1", UUID(job["id"])
    )
    assert await answered(mill.says("heartbeat")) == []
    assert (await client.get(f"{JOBS}/{job['id']}"))[1]["status"] == "pending"


async def test_whoever_waits_gets_the_job_that_comes(client_of, kind):
    client = client_of("pottery/member")
    mill = await Mill(client, kind).starts()
    waiting = asyncio.create_task(mill.claims(wait_s=30))
    _, job = await client.post(JOBS, json={"task_type": kind})
    [claim] = await waiting
    assert claim["id"] == job["id"]


async def test_a_key_serves_its_own_team_alone(client_of, kind):
    mills = {}
    for team in ("pottery", "smithy"):
        client = client_of(f"{team}/member")
        mills[team] = await Mill(client, kind).starts()
        await client.post(JOBS, json={"task_type": kind, "unique_key": team})
    [claim] = await mills["pottery"].claims(10)
    assert await mills["pottery"].claims(10) == []
    assert await answered(mills["smithy"].says("heartbeat", ticket(claim))) == ["lost"]
    assert await answered(mills["smithy"].says("complete", ticket(claim))) == ["lost"]
    assert await answered(mills["pottery"].says("complete", ticket(claim))) == ["completed"]
    # a name is its team's: the same one elsewhere is somebody else
    mills["smithy"].name = mills["pottery"].name
    status, document = await mills["smithy"].says("heartbeat")
    assert (status, document["error"]["details"]["value"]) == (404, mills["pottery"].name)


async def test_what_a_worker_may_not_is_said(client_of, kind):
    client = client_of("pottery/member")
    mill = Mill(client, kind)
    for verb, told in (("heartbeat", []), ("complete", [{"id": NOBODYS, "token": NOBODYS}])):
        status, document = await mill.says(verb, *told)
        assert (status, document["error"]["code"]) == (404, "worker_unknown")
    await mill.starts()
    status, document = await mill.says("release", *[{"id": NOBODYS, "token": str(uuid4())} for _ in range(2)])
    assert (status, document["error"]["code"]) == (422, "job_named_twice")
    for task_type, expected in (
        ("nobody.does.this", (422, "job_type_unknown")),
        ("audit.verify", (403, "job_type_reserved")),
        ("evaluation.run", (403, "job_type_reserved")),
    ):
        body = {"task_types": [{"task_type": task_type}]}
        status, document = await client.post(f"{P}/workers/{mill.name}/claim", json=body)
        assert (status, document["error"]["code"]) == expected
    viewer = Mill(client_of("pottery/viewer"), kind)
    status, _ = await viewer.says("heartbeat")
    assert status == 403


async def test_a_key_that_was_revoked_claims_nothing_more(client_of, kind, served):
    owner = client_of("pottery/owner")
    _, made = await owner.post(f"{P}/keys", json={"name": named("mill"), "scopes": ["write"]})
    async with aiohttp.ClientSession(served.url, headers={"Authorization": f"Bearer {made['key']}"}) as session:
        mill = await Mill(Client(session), kind).starts()
        await owner.delete(f"{P}/keys/{made['id']}")
        status, document = await mill.says("heartbeat")
        assert (status, document["error"]["code"]) == (401, "api_key_refused")
