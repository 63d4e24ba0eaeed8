"""What sandboxes tell over HTTP, in the documents' words."""

from __future__ import annotations

from uuid import uuid4

BASE = "/v1/evaluation"


async def test_an_execution_is_begun_and_known(client_of, agent_of):
    version = await agent_of("pottery/member")
    client = client_of("pottery/member")
    status, begun = await client.post(
        f"{BASE}/executions", json={"config_id": version.label, "scenario_id": "scenario1", "node": 7}
    )
    assert status == 201
    assert begun["is_execution"] is True
    assert begun["pass_scores"] == {"scenario1": 0.8}
    assert await client.get(f"{BASE}/executions/{begun['simulation_id']}") == (200, begun)
    _, simulation = await client.get(f"{BASE}/simulations/{begun['simulation_id']}")
    assert (simulation["status"], simulation["origin"], simulation["metadata"]["node"]) == ("running", "client", 7)


async def test_a_simulation_is_begun_under_an_id_of_the_callers_own_and_taken_up_again(client_of, agent_of):
    version = await agent_of("pottery/member")
    client = client_of("pottery/member")
    told = {
        "simulation_id": "0199aaaa-0000-7000-8000-" + uuid4().hex[:12],
        "config_version_id": str(version.version_id),
        "scenario_set": ["scenario1", "scenario2"],
    }
    first = await client.post(f"{BASE}/executions", json=told)
    assert first[0] == 201
    assert first[1]["pass_scores"] == {"scenario1": 0.8, "scenario2": 1.0}
    assert (await client.post(f"{BASE}/executions", json={"simulation_id": told["simulation_id"]}))[1] == first[1]
    _, ended = await client.post(f"{BASE}/executions/{told['simulation_id']}/end", json={"if_done": True})
    assert ended["ended"] is False
    _, ended = await client.post(f"{BASE}/executions/{told['simulation_id']}/end", json={"status": "cancelled"})
    assert ended["ended"] is True


async def test_an_end_that_is_none_is_refused_with_those_that_are(client_of, agent_of):
    version = await agent_of("pottery/member")
    client = client_of("pottery/member")
    _, begun = await client.post(f"{BASE}/executions", json={"config_id": version.label, "scenario_id": "scenario1"})
    for no_end in ("pending", "running", "over"):
        status, document = await client.post(f"{BASE}/executions/{begun['simulation_id']}/end", json={"status": no_end})
        assert (status, document["error"]["code"]) == (422, "client_field_refused")
        assert document["error"]["details"] | {"field": "status", "value": no_end} == document["error"]["details"]


async def test_the_same_request_sent_twice_begins_one_execution(client_of, agent_of):
    version = await agent_of("pottery/member")
    client = client_of("pottery/member")
    key = {"Idempotency-Key": uuid4().hex}
    told = {"config_id": version.label, "scenario_id": "scenario2"}
    first = await client.post(f"{BASE}/executions", json=told, headers=key)
    async with client.session.post(f"{BASE}/executions", json=told, headers=key) as response:
        assert response.headers["Idempotency-Replayed"] == "true"
        assert (response.status, await response.json()) == first
    status, refused = await client.post(f"{BASE}/executions", json={**told, "node": 1}, headers=key)
    assert (status, refused["error"]["code"]) == (422, "idempotency_key_reused")
    _, listed = await client.get(f"{BASE}/simulations?config={version.label.partition('@')[0]}")
    assert len(listed["items"]) == 1


async def test_a_key_is_another_persons_own(client_of, agent_of):
    version = await agent_of("pottery/member")
    key = {"Idempotency-Key": uuid4().hex}
    told = {"config_id": version.label, "scenario_id": "scenario1"}
    first = await client_of("pottery/member").post(f"{BASE}/executions", json=told, headers=key)
    second = await client_of("pottery/owner").post(f"{BASE}/executions", json=told, headers=key)
    assert first[0] == second[0] == 201
    assert first[1]["simulation_id"] != second[1]["simulation_id"]


async def test_tool_events_and_failures_are_told_of_an_execution(client_of, agent_of):
    version = await agent_of("pottery/member")
    client = client_of("pottery/member")
    _, begun = await client.post(f"{BASE}/executions", json={"config_id": version.label, "scenario_id": "scenario1"})
    execution_id = begun["simulation_id"]
    event = {"execution_id": execution_id, "tool_name": "refund", "duration_ms": 41}
    assert await client.post(f"{BASE}/tool-events", json={"events": [event, event]}) == (200, {"events": 2})
    told = {"execution_id": execution_id, "failure_category": "tool_error", "error_message": "no such order"}
    assert await client.post(f"{BASE}/failures", json=told) == (200, {"outcome_id": execution_id})


async def test_what_lacks_a_field_is_refused_with_its_name(client_of):
    client = client_of("pottery/member")
    status, document = await client.post(f"{BASE}/executions", json={"scenario_id": "scenario1"})
    assert (status, document["error"]["code"]) == (422, "client_field_missing")
    assert document["error"]["details"]["field"] == "config_version_id"
    status, document = await client.post(f"{BASE}/tool-events", json={"events": [{"tool_name": "refund"}]})
    assert (status, document["error"]["code"]) == (422, "client_field_missing")


async def test_another_teams_execution_is_not_found(client_of, agent_of):
    version = await agent_of("pottery/member")
    _, begun = await client_of("pottery/member").post(
        f"{BASE}/executions", json={"config_id": version.label, "scenario_id": "scenario1"}
    )
    smith = client_of("smithy/owner")
    for identifier in (begun["simulation_id"], str(uuid4())):
        status, document = await smith.get(f"{BASE}/executions/{identifier}")
        assert (status, document["error"]["code"]) == (404, "simulation_not_found")
        status, document = await smith.post(f"{BASE}/executions/{identifier}/end", json={})
        assert (status, document["error"]["code"]) == (404, "simulation_not_found")


async def test_a_viewer_reads_and_does_not_tell(client_of):
    viewer = client_of("pottery/viewer")
    assert (await viewer.get(f"{BASE}/deployments"))[0] == 200
    status, document = await viewer.post(f"{BASE}/executions", json={})
    assert (status, document["error"]["code"]) == (403, "not_permitted")


async def test_deployments_are_kept_once_and_read_back(client_of):
    client = client_of("smithy/member")
    name = f"deployed-{uuid4().hex[:8]}"
    wanted = {"config": {"name": name, "model": "none", "temperature": 0}, "modal_deployment_id": "d-1"}
    status, saved = await client.post(f"{BASE}/deployments", json=wanted)
    assert status == 201
    assert (await client.post(f"{BASE}/deployments", json=wanted))[1] == saved
    status, found = await client.get(f"{BASE}/deployments/{name}")
    assert (status, found["version_id"], found["modal_deployment_id"]) == (200, saved["version_id"], "d-1")
    assert (await client_of("pottery/member").get(f"{BASE}/deployments/{name}"))[0] == 404
