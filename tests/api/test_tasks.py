"""`/v1/society/agents`, `/tasks` and what stands beside them: adding, giving out, doing, and what people do to tasks."""

from __future__ import annotations

from uuid import uuid4

import pytest

from fixtures.material import named

S = "/v1/society"
NOBODYS = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
async def client(client_of):
    return client_of("pottery/member")


@pytest.fixture
def skill() -> str:
    """A skill of this test's own, so that nobody else's agents are given its tasks."""
    return named("skill")


@pytest.fixture
async def ada(client, skill) -> str:
    """The agent who alone has it."""
    body = {"agent_id": named("ada"), "skills": [{"name": skill, "proficiency": 0.5}]}
    status, agent = await client.post(f"{S}/agents", json=body)
    assert (status, agent["skills"]) == (201, body["skills"])
    return agent["agent_id"]


async def at_work(client, agent: str, verb: str, **body) -> list[dict]:
    status, answer = await client.post(f"{S}/agents/{agent}/{verb}", json=body)
    assert status == 200, answer
    return answer["items"]


def ticket(claim: dict, **values) -> dict:
    return {"id": claim["id"], "token": claim["token"], **values}


async def test_a_batch_is_given_out_in_order_done_and_told(client, skill, ada):
    body = {
        "tasks": [
            {"title": "glue", "required_skills": [skill], "waits_for": [{"position": 2}]},
            {"title": "cut", "required_skills": [skill], "payload": {"from": "oak"}},
        ]
    }
    status, batch = await client.post(f"{S}/task-batches", json=body)
    assert (status, [each["is_new"] for each in batch["items"]]) == (200, [True, True])
    [claim] = await at_work(client, ada, "claim", at_most=5, begin=False, lease_s=60)
    assert (claim["title"], claim["status"], claim["payload"]) == ("cut", "assigned", {"from": "oak"})
    assert await at_work(client, ada, "start", tasks=[ticket(claim)]) == [{"id": claim["id"], "status": "in_progress"}]
    assert await at_work(client, ada, "heartbeat", tasks=[ticket(claim)]) == [{"id": claim["id"], "status": "held"}]
    done = [ticket(claim, result={"pieces": 4}, quality_score=0.9)]
    for _ in range(2):
        assert await at_work(client, ada, "complete", tasks=done) == [{"id": claim["id"], "status": "completed"}]
    [following] = await at_work(client, ada, "claim")
    assert following["title"] == "glue"
    [verdict] = await at_work(client, ada, "fail", tasks=[ticket(following, message="no glue", delay_s=0)])
    assert verdict["status"] == "pending"
    [again] = await at_work(client, ada, "claim")
    assert (again["id"], again["attempt"]) == (following["id"], 2)
    lost = [{"id": again["id"], "status": "lost"}]
    assert await at_work(client, ada, "complete", tasks=[ticket(following)]) == lost, (
        "by the token of an attempt that is over"
    )
    assert await at_work(client, ada, "release", tasks=[ticket(again)]) == [{"id": again["id"], "status": "released"}]
    _, story = await client.get(f"{S}/tasks/{again['task_id']}")
    assert [each["event"] for each in story["events"]] == ["created", "started", "failed", "started", "handed_back"]
    assert [(each["id"], each["status"]) for each in story["waits_for"]] == [(claim["id"], "completed")]
    _, graph = await client.get(f"{S}/task-graphs/{claim['task_id']}")
    assert [each["title"] for each in graph["nodes"]] == ["cut", "glue"]
    _, agent = await client.get(f"{S}/agents/{ada}")
    assert (agent["tasks_completed"], agent["average_quality_score"]) == (1, 0.9)


async def test_a_task_is_assigned_paused_cancelled_retried_and_sent_back(client, skill, ada):
    key = named("key")
    body = {"title": "sort", "required_skills": [skill], "task_id": named("task"), "unique_key": key, "max_retries": 0}
    status, task = await client.post(f"{S}/tasks", json=body)
    assert status == 201
    assert (await client.post(f"{S}/tasks", json={**body, "task_id": None}))[0] == 200, "the one that has the key"
    where = f"{S}/tasks/{task['task_id']}"
    for verb, wanted, state in (
        ("assign", {"agent": ada}, "pending"),
        ("pause", None, "blocked"),
        ("resume", None, "pending"),
        ("cancel", None, "cancelled"),
        ("retry", None, "pending"),
    ):
        status, changed = await client.post(f"{where}/{verb}", json=wanted)
        assert (status, changed["status"], changed["agent"]) == (200, state, ada), changed
    status, refused = await client.post(f"{where}/retry")
    assert (status, refused["error"]["code"]) == (409, "task_state_wrong")
    [claim] = await at_work(client, ada, "claim")
    await at_work(client, ada, "fail", tasks=[ticket(claim, message="no box")])
    _, listed = await client.get(f"{S}/task-dead-letters?limit=100")
    [letter] = [each for each in listed["items"] if each["task_id"] == task["task_id"]]
    assert (letter["error_message"], len(letter["retry_history"])) == ("no box", 1)
    status, again = await client.post(f"{S}/task-dead-letters/{letter['id']}/redrive")
    assert (status, again["status"]) == (200, "pending")
    _, listed = await client.get(f"{S}/tasks?skill={skill}&status=pending")
    assert [each["id"] for each in listed["items"]] == [task["id"]]
    _, counts = await client.get(f"{S}/tasks/stats")
    assert sum(each["task_count"] for each in counts["lines"]) >= 1


async def test_a_type_says_what_its_tasks_ask_for(client, skill, ada):
    kind, schema = named("count"), {"type": "object", "required": ["table"]}
    body = {"name": kind, "required_skills": [skill], "payload_schema": schema, "max_retries": 0, "timeout_s": 5}
    status, made = await client.post(f"{S}/task-types", json=body)
    assert (status, made["timeout_s"]) == (200, 5)
    _, listed = await client.get(f"{S}/task-types")
    assert {"task", kind} <= {each["name"] for each in listed["items"]}
    status, refused = await client.post(f"{S}/tasks", json={"title": "t", "task_type": kind})
    assert (status, refused["error"]["code"]) == (422, "task_payload_invalid")
    status, task = await client.post(f"{S}/tasks", json={"title": "t", "task_type": kind, "payload": {"table": 1}})
    assert (status, task["required_skills"], task["max_retries"]) == (201, [skill], 0)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"task_type": "tsak"}, 422, "task_type_unknown"),
        ({"required_skills": ["what nobody can"]}, 422, "task_skill_unknown"),
        ({"waits_for": [{"task": NOBODYS}]}, 422, "task_dependency_unknown"),
        ({"deadline_at": "2020-01-01T00:00:00Z"}, 422, "task_invalid"),
        ({"assigned_to": NOBODYS}, 404, "agent_not_found"),
        ({"priority": -1}, 422, "fields_refused"),
        ({"max_retries": -1}, 422, "fields_refused"),
    ],
)
async def test_what_cannot_be_is_said(client, body, status, code):
    answered, refused = await client.post(f"{S}/tasks", json={"title": "t", **body})
    assert (answered, refused["error"]["code"]) == (status, code), refused["error"]


async def test_a_circle_is_named_and_nothing_added(client):
    names = [named("wash"), named("dry")]
    body = {
        "tasks": [{"title": "t", "task_id": name, "waits_for": [{"position": 2 - n}]} for n, name in enumerate(names)]
    }
    status, refused = await client.post(f"{S}/task-batches", json=body)
    assert (status, refused["error"]["code"]) == (422, "task_dependency_cycle")
    assert set(refused["error"]["details"]["cycle"]) == set(names)
    assert (await client.get(f"{S}/tasks/{names[0]}"))[0] == 404


async def test_a_task_named_twice_in_one_request_is_refused(client, ada):
    task = {"id": str(uuid4()), "token": str(uuid4())}
    status, refused = await client.post(f"{S}/agents/{ada}/complete", json={"tasks": [task, task]})
    assert (status, refused["error"]["code"]) == (422, "task_named_twice")
