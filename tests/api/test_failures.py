"""`/v1/evaluation/failures` and `/search`: clusters listed, shown and changed, and everything found."""

from __future__ import annotations

import asyncio
import random
import string
from collections.abc import AsyncIterator

import pytest

from fixtures.api import Served
from fixtures.material import V1, plan, told
from fixtures.processes import DEADLINE_S
from guildhall.app import clustering, searching
from guildhall.app.wiring import App
from guildhall.app.workers import HANDLERS, Worker
from guildhall.settings import Settings

F = f"{V1}/failures"


@pytest.fixture
async def app(served: Served, tmp_path) -> AsyncIterator[App]:
    async with App.open(Settings(database_url=served.application_url, data_dir=tmp_path, pool_size=2)) as app:
        yield app


@pytest.fixture
async def failed(served, app, client_of):
    """A simulation of pottery's with two failures that say a word of their own, in one cluster."""
    client = client_of("pottery/member")
    word, *more = ("".join(random.choices(string.ascii_lowercase, k=12)) for _ in range(4))
    simulation = await plan(client)
    outcomes = [
        told(
            simulation,
            each,
            reliability_score=0.0,
            passed=False,
            fault="agent",
            failures=[
                {"failure_category": "tool_error", "error_message": f"{word} {' '.join(more)} at {number} degrees"}
            ],
        )
        for number, each in enumerate(simulation["ids"], 900)
    ]
    status, document = await client.post(f"{V1}/outcomes", json={"outcomes": outcomes})
    assert (status, document["stored"]) == (200, 2), document
    actor = served.people["pottery/member"]
    await clustering.catch_up(app, actor)
    await searching.index(app, actor)
    status, found = await client.get(f"{F}?simulation={simulation['simulation_id']}")
    assert status == 200
    [cluster] = found["items"]
    return simulation, word, cluster


async def test_what_comes_in_over_http_is_in_clusters_soon(served, app, client_of):
    """Whatever the route: a worker finds one job for all of it, without anybody waiting for upkeep."""
    client = client_of("smithy/member")
    simulation = await plan(client, cases=1)
    failed = told(simulation, simulation["ids"][0], reliability_score=0.0, passed=False, fault="agent")
    for _ in range(2):
        status, document = await client.post(f"{V1}/outcomes", json=[failed])
        assert (status, document["stored"]) == (200, 1), document
    more = {"outcome_id": document["items"][0]["outcome_id"], "failure_category": "tool_error", "error_message": "late"}
    status, document = await client.post(f"{V1}/failures", json=more)
    assert status == 200, document
    worker = Worker(app, HANDLERS, queues=["default"])
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(DEADLINE_S):
        found = {"items": []}
        while sum(each["failures"] for each in found["items"]) < 3:
            await asyncio.sleep(0.05)
            _, found = await client.get(f"{F}?simulation={simulation['simulation_id']}")
    worker.stop()
    await running


async def test_a_cluster_is_listed_shown_and_changed(client_of, failed):
    simulation, _, cluster = failed
    client = client_of("pottery/member")
    assert (cluster["failures"], cluster["failure_category"], cluster["state"]) == (2, "tool_error", "new")
    status, story = await client.get(f"{F}/{cluster['cluster_id']}")
    assert status == 200
    assert {each["simulation_id"] for each in story["exemplars"]} == {simulation["simulation_id"]}
    assert {each["scenario_id"] for each in story["scenarios"]} == set(simulation["ids"])
    assert story["cost_usd"] == pytest.approx(0.02)
    outcome_id = story["exemplars"][0]["outcome_id"]
    status, outcome = await client.get(f"{V1}/outcomes/{outcome_id}")
    assert outcome["failures"][0]["pattern_cluster_id"] == cluster["cluster_id"]

    changes = {
        "name": "<b>Cracks</b>",
        "resolution_steps": "Fire it more slowly.",
        "llm_analysis": {"analysis": "Too hot.", "evidence": [outcome_id], "model": "m"},
        "resolved": True,
    }
    status, changed = await client.patch(f"{F}/{cluster['cluster_id']}", json=changes)
    assert status == 200, changed
    assert {name: changed[name] for name in ("name", "resolution_steps", "llm_analysis", "state")} == {
        **{name: changes[name] for name in ("name", "resolution_steps", "llm_analysis")},
        "state": "resolved",
    }
    status, changed = await client.patch(f"{F}/{cluster['cluster_id']}", json={"name": None})
    assert (changed["name"], changed["resolution_steps"]) == (None, "Fire it more slowly.")
    status, listed = await client.get(f"{F}?resolved=false&limit=1000")
    assert cluster["cluster_id"] not in {each["cluster_id"] for each in listed["items"]}


async def test_nobody_overwrites_what_somebody_else_has_said_meanwhile(client_of, failed):
    at, client = f"{F}/{failed[2]['cluster_id']}", client_of("pottery/member")
    _, read = await client.get(at)
    said = {"llm_analysis": {"analysis": "Too hot.", "evidence": [], "share": 1.0}, "name": "Cracks"}
    assert (await client.patch(at, json={**said, "seen": {each: read[each] for each in said}}))[0] == 200
    for field, value in (("llm_analysis", {"analysis": "Too cold."}), ("name", "Chips")):
        status, refused = await client.patch(at, json={field: value, "seen": {field: read[field]}})
        assert (status, refused["error"]["code"]) == (409, "failure_cluster_changed"), refused
        assert (refused["error"]["details"]["field"], refused["error"]["details"].get("remedy")) != (None, None)
    _, now = await client.get(at)
    assert {each: now[each] for each in said} == said
    again = {"name": "Cracks and chips", "seen": {**said, "llm_analysis": {**said["llm_analysis"], "share": 1}}}
    assert (await client.patch(at, json=again))[0] == 200, "as a client in JavaScript sends 1.0 back"
    for body in ({"seen": {"pattern": "x"}}, {"seen": []}):
        assert (await client.patch(at, json=body))[0] == 422


async def test_a_change_that_makes_no_sense_is_refused_and_viewers_change_nothing(client_of, failed):
    _, _, cluster = failed
    at = f"{F}/{cluster['cluster_id']}"
    client = client_of("pottery/member")
    for body, code in (
        ({"name": "x" * 201}, 422),
        ({"llm_analysis": {"evidence": []}}, 422),
        ({"llm_analysis": {"analysis": "x", "evidence": ["00000000-0000-7000-8000-000000000000"]}}, 422),
        ({"cluster_id": "x"}, 422),
    ):
        status, document = await client.patch(at, json=body)
        assert status == code, (body, document)
    assert (await client_of("pottery/viewer").patch(at, json={"name": "x"}))[0] == 403
    assert (await client_of("smithy/owner").patch(at, json={"name": "x"}))[0] == 404
    assert (await client_of("smithy/owner").get(at))[0] == 404


async def test_how_it_stands_and_the_views_of_the_documents_are_read(client_of, failed):
    client = client_of("pottery/viewer")
    status, stands = await client.get(f"{V1}/failure-reports/clustering")
    assert (status, stands["embedding_model"]) == (200, "hashed-words-1")
    status, days = await client.get(f"{V1}/failure-reports/days")
    assert status == 200
    assert any(each["failure_category"] == "tool_error" for each in days["items"])
    assert (await client.get(f"{V1}/failure-reports/rates"))[0] == 200


async def test_search_finds_by_words_and_likeness_and_only_ones_own(client_of, failed):
    simulation, word, cluster = failed
    client = client_of("pottery/viewer")
    status, found = await client.get(f"{V1}/search?text={word}")
    assert status == 200, found
    assert found["items"][0]["id"] == cluster["cluster_id"]
    status, found = await client.get(f"{V1}/search?like={cluster['cluster_id']}&kind=failure&limit=1")
    assert [each["id"] for each in found["items"]] == [cluster["cluster_id"]]
    status, found = await client.get(
        f"{V1}/search?text={simulation['ids'][0]}&kind=trajectory&simulation={simulation['simulation_id']}"
    )
    assert {each["kind"] for each in found["items"]} == {"trajectory"}
    status, found = await client.get(
        f"{V1}/search?text={simulation['ids'][0]}&kind=scenario&suite={simulation['ids'][0][:-2]}"
    )
    assert found["items"][0]["id"] == simulation["ids"][0]
    stranger = client_of("smithy/owner")
    status, found = await stranger.get(f"{V1}/search?text={word}")
    assert not any(word in each["title"] + each["excerpt"] for each in found["items"])
    assert (await stranger.get(f"{V1}/search?like={cluster['cluster_id']}"))[0] == 404
    for wrong in ("", "?text=x&like=y", "?text=%20", "?kind=pot&text=x"):
        assert (await client.get(f"{V1}/search{wrong}"))[0] == 422
