"""Analyses over HTTP: by a model of the team's own providers, which a worker asks, or by whom SQL has them opened for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from fixtures.api import SECRET_KEY, Served
from fixtures.material import V1, named, plan, save_version, told
from fixtures.models import KEY, Hang, ScriptedServer, says
from fixtures.processes import DEADLINE_S
from guildhall.app import analysing
from guildhall.app.lost_work import end_lost_work
from guildhall.app.wiring import App
from guildhall.app.workers import HANDLERS, Worker
from guildhall.client.loopplaces import DatabaseLoop
from guildhall.db.queries import parse_queries
from guildhall.domains.gateway import providers
from guildhall.domains.gateway.providers import NewAccount
from guildhall.domains.platform import identity
from guildhall.errors import InvalidInput
from guildhall.settings import Settings

_SQL = parse_queries(
    "test", "-- name: open_by_hand\nSELECT evaluation.trigger_llm_recommendation_analysis('2 days', NULL);"
)
_HERE = ("127.0.0.0/8",)


@pytest.fixture
def settings(served: Served, tmp_path) -> Settings:
    return Settings(database_url=served.application_url, data_dir=tmp_path, pool_size=4, secret_key=SECRET_KEY)


@asynccontextmanager
async def at_work(settings: Settings) -> AsyncIterator[App]:
    async with App.open(settings) as app:
        worker = Worker(app, HANDLERS, queues=["default"])
        running = asyncio.create_task(worker.run())
        yield app
        worker.stop()
        await running


async def ended(client, at: str) -> dict[str, Any]:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            status, found = await client.get(at)
            assert status == 200, found
            if found["session"]["status"] != "running":
                return found
            await asyncio.sleep(0.05)


async def tried(client) -> dict[str, Any]:
    """A version of which every trial has failed."""
    version = await save_version(client)
    simulation = await plan(client, config=version["label"])
    outcomes = [
        told(simulation, each, reliability_score=0.0, passed=False, fault="agent") for each in simulation["ids"]
    ]
    status, document = await client.post(f"{V1}/outcomes", json=outcomes)
    assert (status, document["stored"]) == (200, 2), document
    return version


def recommends(version: dict[str, Any]) -> str:
    found = {
        "recommendation_type": "config_change",
        "agent": version["label"].partition("@")[0],
        "description": "It says too little, so let it say more.",
        "patch": "system_prompt: Say all of it.\n",
        "predicted_effect": {"effect": 0.2, "low": 0.0, "high": 0.4},
        "confidence": 0.6,
        "outcome_ids": [],
    }
    return json.dumps({"recommendations": [found]})


async def test_a_model_of_the_teams_own_is_asked_by_a_worker(
    served: Served, settings: Settings, client_of, model_server: ScriptedServer
) -> None:
    client, model = client_of("pottery/member"), named("model")
    version = await tried(client)
    wanted = {"version": version["label"], "analyst": "llm", "model": model}
    for body in (wanted, {**wanted, "model": None}):
        status, error = await client.post(f"{V1}/analyses", json=body)
        assert (status, error["error"]["code"]) == (422, "analyst_not_offered"), error
    status, error = await client.post(f"{V1}/analyses", json={"version": version["label"], "model": model})
    assert (status, error["error"]["details"]["field"]) == (422, "model"), error
    status, error = await client.post(f"{V1}/analyses", json={**wanted, "base_url": "http://169.254.169.254/"})
    assert status == 422, "nobody names an address"

    url, ring = model_server.endpoint.base_url, identity.read_keyring(SECRET_KEY)
    async with App.open(settings) as app, app.transaction(served.people["pottery/owner"]) as tx:
        config = {"models": [model], "prices": {model: {"input": 10, "output": 100}}}
        account = NewAccount(named("account"), "openai", base_url=url, key=KEY, config=config)
        await providers.add_account(tx, account, ring, networks=providers.read_networks(_HERE))
    status, handed = await client.post(f"{V1}/analyses", json=wanted)
    assert (status, handed["session"]["status"], handed["session"]["model"]) == (202, "running", model), handed
    at = f"{V1}/analyses/{handed['session']['session_id']}"
    assert (await client_of("smithy/member").get(at))[0] == 404

    async with at_work(settings):
        refused = await ended(client, at)
    assert refused["session"]["status"] == "failed", "this worker may call no private network"
    assert "127.0.0.1" in refused["session"]["error_message"]
    assert not model_server.requests

    model_server.will(says(recommends(version)))
    _, handed = await client.post(f"{V1}/analyses", json=wanted)
    async with at_work(replace(settings, gateway_networks=_HERE)):
        done = await ended(client, f"{V1}/analyses/{handed['session']['session_id']}")
    assert (done["session"]["status"], done["session"]["outcomes_analyzed"]) == ("completed", 2), done
    assert [(each["analyst"], each["status"]) for each in done["recommendations"]] == [("llm", "open")]
    (asked,) = model_server.requests
    assert (asked.headers["Authorization"], asked.body["model"]) == (f"Bearer {KEY}", model)
    assert asked.body["max_tokens"] == 8_000

    status, ledger = await client.get(f"/v1/gateway/requests?model={model}&status=completed")
    assert status == 200, ledger
    (call,) = ledger["items"]
    _, simulations = await client.get(f"{V1}/simulations")
    assert (call["role"], call["simulation_id"]) == ("analyst", simulations["items"][0]["simulation_id"])
    assert call["api_key_id"] is not None, "by the key of whoever asked"
    assert call["cost_usd"] == done["session"]["cost_usd"] == 0.003

    # Without a key, as a program on the database asks; and by a key that is for no models.
    model_server.will(says(recommends(version)))
    async with at_work(replace(settings, gateway_networks=_HERE)) as app:
        there, how = DatabaseLoop(replace(app, actor=served.people["pottery/member"])), {"days": 1, "temperature": None}
        with pytest.raises(InvalidInput, match="'magic'") as raised:
            await there.analyse(version["label"], analyst="magic", model=model, **how)
        assert raised.value.details["field"] == "analyst"
        handed = await there.analyse(version["label"], analyst="llm", model=model, **how)
        await ended(client, f"{V1}/analyses/{handed['session']['session_id']}")
    _, ledger = await client.get(f"/v1/gateway/requests?model={model}&status=completed")
    assert len(ledger["items"]) == 2
    assert ledger["items"][0]["api_key_id"] not in (None, call["api_key_id"])


async def test_what_a_killed_worker_has_spent_is_found_by_whoever_comes_after_it(
    served: Served, settings: Settings, client_of, model_server: ScriptedServer
) -> None:
    """Another worker that takes the analysis up, or upkeep that ends it; each call is at $0.003."""
    client, model, settings = client_of("pottery/member"), named("model"), replace(settings, gateway_networks=_HERE)
    version, url = await tried(client), model_server.endpoint.base_url
    async with App.open(settings) as app:
        async with app.transaction(served.people["pottery/owner"]) as tx:
            config = {"models": [model], "prices": {model: {"input": 10, "output": 100}}}
            account = NewAccount(named("account"), "openai", base_url=url, key=KEY, config=config)
            ring = identity.read_keyring(SECRET_KEY)
            await providers.add_account(tx, account, ring, networks=providers.read_networks(_HERE))
        handed = []
        for _ in range(2):
            wanted = {"version": version["label"], "analyst": "llm", "model": model}
            handed.append((await client.post(f"{V1}/analyses", json=wanted))[1])
        ids = [UUID(each["session"]["session_id"]) for each in handed]
        for session_id in ids:
            before = len(model_server.requests)
            model_server.will(says("no JSON"), Hang())
            cut_off = asyncio.create_task(
                analysing.carry_out(app, served.people["pottery/member"], session_id, model=model)
            )
            async with asyncio.timeout(DEADLINE_S):
                while len(model_server.requests) < before + 2:
                    await asyncio.sleep(0.01)
            cut_off.cancel()
            with suppress(asyncio.CancelledError):
                await cut_off

        # The job of the second one is ended, and with it the analysis once it is old enough.
        assert (await client.post(f"/v1/platform/jobs/{handed[1]['job_id']}/cancel"))[0] == 200
        connection = await asyncpg.connect(served.database_url)
        older = "UPDATE evaluation.llm_recommendation_sessions SET created_at = created_at - interval '2 hours'"
        await connection.execute(f"{older} WHERE session_id = $1", ids[1])
        await connection.close()
        assert await end_lost_work(app) == 1
    model_server.will(says(recommends(version)))
    async with at_work(settings):
        done, lost = [await ended(client, f"{V1}/analyses/{each}") for each in ids]
    assert (done["session"]["status"], done["session"]["cost_usd"]) == ("completed", 0.006)
    assert (lost["session"]["status"], lost["session"]["cost_usd"]) == ("failed", 0.003)


async def test_what_sql_has_opened_is_taken_up_by_a_worker(
    served: Served, settings: Settings, client_of, model_server: ScriptedServer
) -> None:
    """By the installation's model, or by rules where it has none; of the version that was tried most."""
    client, actor = client_of("pottery/member"), served.people["pottery/member"]
    await tried(client)
    with_model = replace(settings, analyst_url=model_server.endpoint.base_url, analyst_model="large", analyst_key=KEY)
    model_server.will(says('{"recommendations": []}'))
    for told_to, expected in ((settings, ("rules", "rules")), (with_model, ("llm", "large"))):
        async with at_work(told_to) as app:
            async with app.transaction(actor) as tx:
                session_id = await tx.value(_SQL.open_by_hand)
            found = (await ended(client, f"{V1}/analyses/{session_id}"))["session"]
        assert (found["status"], found["analyst"], found["model"]) == ("completed", *expected), found
        assert found["version"] is not None
