"""`/v1/evaluation/simulations`: plans, their ends and their lists."""

from __future__ import annotations

import asyncio
import json
from uuid import uuid4

import pytest

from fixtures.material import V1, named, plan, save_suite, save_version

SIMULATIONS = f"{V1}/simulations"


async def test_a_simulation_is_planned_and_found_under_all_its_names(client_of):
    client = client_of("pottery/member")
    version = await save_version(client)
    suite, ids = await save_suite(client, 3)
    body = {"config": version["label"], "suite": suite, "trials": 4, "seed": -7, "max_cost_usd": 1.5, "name": "first"}
    async with client.session.post(SIMULATIONS, json={**body, "metadata": {"branch": "main"}}) as response:
        assert response.status == 201
        planned = await response.json()
        assert response.headers["Location"] == f"{SIMULATIONS}/{planned['simulation_id']}"
    assert (planned["config"], planned["status"], planned["origin"]) == (version["label"], "pending", "client")
    assert (planned["scenarios"], planned["trials"], planned["outcomes"], planned["seed"]) == (3, 12, 0, -7)
    assert (planned["max_cost_usd"], planned["metadata"]) == (1.5, {"branch": "main"})

    for reference in (planned["simulation_id"], planned["simulation_id"].replace("-", "")[-12:], version["label"]):
        status, found = await client.get(f"{SIMULATIONS}/{reference}")
        assert (status, found) == (200, planned)
    _, listed = await client.get(f"{SIMULATIONS}?config={version['name']}&status=pending&origin=client")
    assert listed["items"] == [planned]
    _, results = await client.get(f"{SIMULATIONS}/{planned['simulation_id']}/scenarios")
    assert [(each["scenario_id"], each["trials"], each["marks"]) for each in results["items"]] == [
        (each, 0, []) for each in ids
    ]


async def test_the_scenarios_are_those_that_are_named_in_that_order(client_of):
    client = client_of("pottery/member")
    _, ids = await save_suite(client, 3)
    wanted = [ids[2], ids[0]]
    planned = await plan(client, scenarios=wanted)
    _, results = await client.get(f"{SIMULATIONS}/{planned['simulation_id']}/scenarios?fields=scenario_id&limit=1")
    assert results["items"] == [{"scenario_id": wanted[0]}]
    _, results = await client.get(
        f"{SIMULATIONS}/{planned['simulation_id']}/scenarios?fields=scenario_id&cursor={results['next_cursor']}"
    )
    assert results["items"] == [{"scenario_id": wanted[1]}]


async def test_two_versions_are_planned_beside_each_other(client_of):
    client = client_of("pottery/member")
    name = named("agent")
    one, two = await save_version(client, name), await save_version(client, name, temperature=1)
    candidate = await plan(client, config=two["label"], against=one["label"])
    assert candidate["config"] == two["label"]
    _, baseline = await client.get(f"{SIMULATIONS}/{candidate['interleaved_with']}")
    assert (baseline["config"], baseline["interleaved_with"]) == (one["label"], candidate["simulation_id"])


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"suite": "s"}, 422, "fields_refused", "config"),
        ({"config": "nobody@v1", "suite": "s"}, 404, "config_version_not_found", "version"),
        ({"config": "{v}"}, 422, "simulation_refused", "scenarios"),
        ({"config": "{v}", "suite": "nothing-of-this-name"}, 422, "simulation_refused", "scenarios"),
        ({"config": "{v}", "scenarios": ["unknown"]}, 404, "scenario_not_found", "scenario_id"),
        ({"config": "{v}", "scenarios": ["{s}"], "against": "{v}"}, 422, "against_itself", "against"),
        ({"config": "{v}", "scenarios": ["{s}"], "trials": 0}, 422, "fields_refused", "trials"),
        ({"config": "{v}", "scenarios": ["{s}"], "trials": 1e30}, 422, "fields_refused", "trials"),
        ({"config": "{v}", "scenarios": ["{s}"], "seed": 2**63}, 422, "fields_refused", "seed"),
        ({"config": "{v}", "scenarios": ["{s}"], "timeout_ms": 0}, 422, "fields_refused", "timeout_ms"),
        ({"config": "{v}", "scenarios": ["{s}"], "max_retries": 10**9}, 422, "fields_refused", "max_retries"),
        ({"config": "{v}", "scenarios": ["{s}"], "max_cost_usd": 0}, 422, "fields_refused", "max_cost_usd"),
        ({"config": "{v}", "scenarios": ["{s}"], "max_cost_usd": 1e300}, 422, "fields_refused", "max_cost_usd"),
        ({"config": "{v}", "scenarios": ["{s}"], "name": ""}, 422, "fields_refused", "name"),
        ({"config": "{v}", "scenarios": ["{s}"], "origin": "import"}, 422, "fields_refused", "origin"),
        ({"config": "{v}", "scenarios": "{s}"}, 422, "fields_refused", "scenarios"),
        (
            {"config": "{v}", "scenarios": ["{s}"], "metadata": {"agent_file": "/a"}},
            422,
            "simulation_refused",
            "metadata",
        ),
        ({"config": "{v}", "metadata": json.loads('{"a":' * 300 + "1" + "}" * 300)}, 422, "nested_too_deeply", "body"),
    ],
)
async def test_a_plan_that_makes_no_sense_is_refused_with_the_field(client_of, body, status, code, field):
    client = client_of("pottery/member")
    version, (_, (one, *_)) = await save_version(client), await save_suite(client)

    def filled(value):
        match value:
            case "{v}":
                return version["label"]
            case "{s}":
                return one
            case list():
                return [filled(each) for each in value]
        return value

    got, document = await client.post(SIMULATIONS, json={name: filled(value) for name, value in body.items()})
    assert (got, document["error"]["code"], document["error"]["details"]["field"]) == (status, code, field), document


async def test_a_simulation_is_cancelled_once_and_completed_once(client_of):
    client = client_of("pottery/member")
    planned = await plan(client)
    path = f"{SIMULATIONS}/{planned['simulation_id']}"
    status, cancelled = await client.post(f"{path}/cancellation")
    assert (status, cancelled["status"]) == (200, "cancelled")
    for action in ("cancellation", "completion"):
        status, document = await client.post(f"{path}/{action}")
        assert (status, document["error"]["code"]) == (409, "simulation_ended")

    planned = await plan(client)
    path = f"{SIMULATIONS}/{planned['simulation_id']}"
    status, ended = await client.post(f"{path}/completion", json={"status": "failed", "error_message": "no power"})
    assert (status, ended["status"], ended["error_message"]) == (200, "failed", "no power")
    assert (await client.post(f"{path}/completion", json={"status": "pending"}))[0] == 422


async def test_a_completion_says_how_it_ended_or_nothing_at_all(client_of):
    client = client_of("pottery/member")
    for said, expected in (
        ({}, "completed"),
        ({"headers": {"Content-Type": "application/json"}}, "completed"),
        ({"json": {}}, "completed"),
        ({"json": {"status": "failed"}}, "failed"),
    ):
        path = f"{SIMULATIONS}/{(await plan(client))['simulation_id']}"
        status, ended = await client.post(f"{path}/completion", **said)
        assert (status, ended["status"]) == (200, expected)
    status, document = await client.post(
        f"{path}/completion", data=b"null", headers={"Content-Type": "application/json"}
    )
    assert (status, document["error"]["details"]["field"]) == (422, "body")


async def test_what_guildhall_runs_is_not_completed_by_others(client_of):
    client = client_of("pottery/member")
    planned = await plan(client, origin="run")
    path = f"{SIMULATIONS}/{planned['simulation_id']}"
    ways = [f"{path}/completion", f"/v1/evaluation/executions/{planned['simulation_id']}/end"]
    for way in ways:
        status, document = await client.post(way, json={})
        assert (status, document["error"]["code"]) == (409, "simulation_run_by_guildhall")
    assert (await client.get(path))[1]["status"] == "pending"


async def test_the_same_idempotency_key_plans_once_even_at_the_same_time(client_of):
    client = client_of("pottery/member")
    version, (suite, _) = await save_version(client), await save_suite(client)
    headers = {"Idempotency-Key": uuid4().hex}
    body = {"config": version["label"], "suite": suite}
    answers = await asyncio.gather(*(client.post(SIMULATIONS, json=body, headers=headers) for _ in range(3)))
    assert {status for status, _ in answers} == {201}
    assert len({document["simulation_id"] for _, document in answers}) == 1
    status, document = await client.post(SIMULATIONS, json={**body, "trials": 2}, headers=headers)
    assert (status, document["error"]["code"]) == (422, "idempotency_key_reused")
    _, listed = await client.get(f"{SIMULATIONS}?config={version['name']}")
    assert len(listed["items"]) == 1


async def test_a_list_is_paged_while_simulations_are_added(client_of):
    client = client_of("pottery/member")
    version, (suite, _) = await save_version(client), await save_suite(client)
    planned = [await plan(client, config=version["label"], suite=suite) for _ in range(3)]
    path = f"{SIMULATIONS}?config={version['name']}&limit=2&fields=simulation_id"
    _, first = await client.get(path)
    await plan(client, config=version["label"], suite=suite)
    _, second = await client.get(f"{path}&cursor={first['next_cursor']}")
    assert [each["simulation_id"] for each in first["items"] + second["items"]] == [
        each["simulation_id"] for each in reversed(planned)
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/report"),
        ("GET", "/scenarios"),
        ("POST", "/cancellation"),
        ("POST", "/completion"),
    ],
)
async def test_another_teams_simulation_is_as_if_it_did_not_exist(client_of, method, path):
    planned = await plan(client_of("pottery/member"))
    other = client_of("smithy/member")
    for reference in (planned["simulation_id"], planned["config"], str(uuid4()), "agent_of_nobody@v1"):
        status, document = await other.request(method, f"{SIMULATIONS}/{reference}{path}")
        assert (status, document["error"]["code"]) == (404, "simulation_not_found")


async def test_viewers_read_and_do_not_write(client_of):
    planned = await plan(client_of("pottery/member"))
    viewer = client_of("pottery/viewer")
    path = f"{SIMULATIONS}/{planned['simulation_id']}"
    assert (await viewer.get(path))[0] == 200
    for action in ("cancellation", "completion"):
        assert (await viewer.post(f"{path}/{action}"))[0] == 403
    body = {"config": planned["config"], "scenarios": planned["ids"]}
    assert (await viewer.post(SIMULATIONS, json=body))[0] == 403
