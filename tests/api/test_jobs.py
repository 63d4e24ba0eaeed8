"""`/v1/platform/jobs` and `/dead-letters`: enqueuing, looking and what people do to jobs."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from uuid import uuid4

import orjson
import pytest

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
