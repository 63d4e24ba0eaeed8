"""`/v1/gateway`: accounts, budgets, calls and debates, as programs meet them."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiohttp import web

from fixtures.api import SECRET_KEY, Client, Served
from fixtures.gateways import PRICES
from fixtures.material import named
from fixtures.upstreams import ScriptedUpstream
from guildhall.app.wiring import App
from guildhall.app.workers import Registry, Worker, ours
from guildhall.db import Database
from guildhall.domains.gateway import providers
from guildhall.domains.platform import identity
from guildhall.settings import Settings

G = "/v1/gateway"
WHO = "smithy/owner"
SOON_S = 60

ClientOf = Callable[[str], Client]


async def test_accounts_and_budgets_are_kept_over_http_and_keys_never_come_back(client_of: ClientOf) -> None:
    client, name = client_of("pottery/owner"), named("mine")
    asked = {
        "name": name,
        "key": "sk-very-secret",
        "models": {"fast": "gpt-4.1-mini", "own": "own-1"},
        "prices": {"own-1": {"input": 1, "output": 2.5}},
        "priority": 1,
    }
    status, made = await client.post(f"{G}/providers", json=asked)
    assert (status, made["has_key"], made["base_url"]) == (201, True, "https://api.openai.com/v1")
    said = [made]
    changed = {"weight": 0.5, "enabled": True, "key": "sk-another-secret"}
    said.append((await client.patch(f"{G}/providers/{name}", json=changed))[1])
    assert (said[-1]["weight"], said[-1]["priority"], said[-1]["models"]) == (0.5, 1, asked["models"])
    said.append((await client.get(f"{G}/providers"))[1])
    said.append((await client.get("/v1/platform/changes"))[1])
    said.append((await client.post(f"{G}/providers", json=asked))[1])
    assert said[-1]["error"]["code"] == "provider_taken"
    assert "secret" not in json.dumps(said).replace("provider_secrets", "")

    # The address is looked at when it is called: nothing is sent to this machine by a server that was not told to.
    status, refused = await client.post(f"{G}/providers", json={**asked, "base_url": "http://127.0.0.1:1/v1"})
    assert (status, refused["error"]["code"]) == (403, "provider_address_refused")
    status, refused = await client.post(f"{G}/providers", json={**asked, "type": "opnai"})
    assert (status, refused["error"]["details"]["field"]) == (422, "type")
    _, probed = await client.post(f"{G}/providers/{name}/test")
    assert (probed["name"], probed["answers"]) == (name, False), "there is no network here"

    _, models = await client.get(f"{G}/models")
    offers = {each["model"]: each["providers"] for each in models["items"]}
    [own] = [each for each in offers["own"] if each["provider"] == name]
    assert (own["input"], own["output"], own["source"]) == (1, 2.5, "stated")
    [public] = [each for each in offers["fast"] if each["provider"] == name]
    assert public["source"] in ("published", "catalogue")
    assert public["output"] > public["input"] > 0

    budget = named("budget")
    status, made = await client.post(f"{G}/budgets", json={"name": budget, "limit_usd": 12.5, "model": "own"})
    assert (status, made["limit_usd"], made["spent_usd"], made["is_hard"]) == (201, 12.5, 0, True)
    assert made["notes"] == [], "there is such a model"
    _, other = await client.post(
        f"{G}/budgets", json={"name": named("budget"), "limit_usd": 1, "model": "gpt-4.1-minj"}
    )
    assert ['Did you mean "gpt-4.1-mini"?' in each for each in other["notes"]] == [True], other
    _, changed = await client.patch(f"{G}/budgets/{budget}", json={"is_hard": False, "period": "day"})
    assert (changed["limit_usd"], changed["is_hard"], changed["period"]) == (12.5, False, "day")
    status, refused = await client.patch(f"{G}/budgets/{budget}", json={"limit_usd": None})
    assert (status, refused["error"]["code"]) == (422, "budget_refused")
    for path in (f"{G}/budgets/{budget}", f"{G}/providers/{name}"):
        assert (await client_of("pottery/member").delete(path))[0] == 403, "that is for owners"
        assert (await client.delete(path))[0] == 204
        status, gone = await client.get(path)
        assert (status, gone["error"]["details"]["value"]) == (404, path.rpartition("/")[2])


async def test_a_key_is_not_taken_along_to_another_server(client_of: ClientOf) -> None:
    client, name = client_of("pottery/owner"), named("moved")
    at, home = f"{G}/providers/{name}", "https://a.example/v1"
    await client.post(f"{G}/providers", json={"name": name, "base_url": home, "key": "sk-1", "models": {"m": "m"}})
    for moved in ("https://b.example/v1", "http://a.example/v1", "https://a.example:8443/v1"):
        status, refused = await client.patch(at, json={"base_url": moved, "weight": 0.5})
        error = refused["error"]
        assert (status, error["details"]["field"], error["details"]["value"]) == (422, "base_url", moved)
        assert "https://a.example:443" in error["message"]
        assert "without_key" in error["remedy"]
    both = {"base_url": "https://b.example/v1", "key": "sk-2", "without_key": True}
    assert (await client.patch(at, json=both))[1]["error"]["details"]["field"] == "without_key"
    kept = (await client.get(at))[1]
    assert (kept["base_url"], kept["has_key"], kept["weight"]) == (home, True, 1)
    for wanted, has_key in (
        ({"base_url": "https://A.example:443/openai/v1"}, True),
        ({"base_url": "https://b.example/v1", "key": "sk-2"}, True),
        ({"base_url": "https://c.example/v1", "without_key": True}, False),
        ({"base_url": "https://d.example/v1"}, False),
    ):
        status, made = await client.patch(at, json=wanted)
        assert (status, made["base_url"], made["has_key"]) == (200, wanted["base_url"], has_key), made


async def test_ensembles_are_kept_whole_over_http_and_by_those_who_may(client_of: ClientOf) -> None:
    owner, member, at = client_of("pottery/owner"), client_of("pottery/member"), f"{G}/ensembles"
    config = {"strategy": "weighted", "members": [{"model": "a", "weight": 2}, {"model": "b"}]}
    status, made = await owner.put(f"{at}/pair", json={"config": config})
    assert (status, made["name"], made["config"]) == (201, "pair", config)
    # What is put there is all that there is: nothing of what was there stays.
    status, other = await owner.put(f"{at}/pair", json={"config": {"strategy": "majority", "members": ["a", "b"]}})
    assert (status, other["id"], other["config"]) == (
        200,
        made["id"],
        {"strategy": "majority", "members": ["a", "b"]},
    )
    notes = other.pop("notes")
    assert [f"no provider serves the model '{each}'" in note for each, note in zip("ab", notes, strict=True)] == [
        True
    ] * 2
    assert await member.get(f"{at}/pair") == (200, other)
    assert (await member.get(at))[1]["items"].count(other) == 1
    assert (await member.put(f"{at}/pair", json={"config": config}))[0] == 403
    assert (await member.delete(f"{at}/pair"))[0] == 403
    for name, wanted, says in (
        ("pair", {"strategy": "majorty", "members": ["a"]}, "ensemble_config.strategy is 'majorty'"),
        ("a%20b", config, "ensemble_config.name is 'a b'"),
    ):
        status, refused = await owner.put(f"{at}/{name}", json={"config": wanted})
        assert (status, says in refused["error"]["message"]) == (422, True), refused
    assert (await owner.delete(f"{at}/pair"))[0] == 204
    status, missing = await owner.get(f"{at}/pair")
    assert (status, missing["error"]["code"]) == (404, "ensemble_not_found")


def _thinks(alone: str, after: str, gate: asyncio.Event | None = None) -> Any:
    """A model that says one thing alone, and one when it has heard the others, which it may be kept from."""

    async def answer(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        has_heard = "<other_participants>" in body["messages"][-1]["content"]
        if has_heard and gate is not None:
            await gate.wait()
        said = json.dumps({"position": after if has_heard else alone, "argument": "So it is.", "confidence": 0.7})
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said}}
        usage = {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}
        return web.json_response({"id": "1", "model": body["model"], "choices": [choice], "usage": usage})

    return deque([answer] * 10)


@asynccontextmanager
async def _worker(app: App) -> AsyncIterator[None]:
    """A worker that holds debates, until the block ends: what it does then is somebody else's to finish."""
    handlers = Registry()
    handlers.job(ours.DEBATE, max_retries=3, at_once=2)(ours.hold_debate)
    worker, started = Worker(app, handlers, grace_s=0), asyncio.Event()
    running = asyncio.create_task(worker.run(started.set))
    try:
        await started.wait()
        yield
    finally:
        worker.stop()
        await running


async def _events(client: Client, debate: str, **headers: str) -> AsyncIterator[tuple[str, str, Any]]:
    async with client.session.get(f"{G}/debates/{debate}/events", headers=headers) as response:
        assert response.status == 200, await response.text()
        event: dict[str, str] = {}
        async for line in response.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if not name and event:
                yield event["event"], event.get("id", ""), json.loads(event["data"])
                event = {}
            elif name in ("event", "id", "data"):
                event[name] = value


async def test_a_debate_outlives_its_worker_is_heard_as_it_goes_and_every_call_is_on_record(
    served: Served, client_of: ClientOf, provider: ScriptedUpstream, tmp_path: Path
) -> None:
    client, gate = client_of(WHO), asyncio.Event()
    provider.script |= {"ann": _thinks("no", "no"), "bob": _thinks("no", "yes", gate), "cid": _thinks("yes", "yes")}
    people = [{"model": "ann"}, {"model": "bob"}, {"model": "cid", "weight": 1.5}]
    asked = {"topic": "Is it <b>ripe</b>?", "participants": people, "positions": ["yes", "no"], "rounds": 1}
    told = Settings(
        database_url=served.application_url,
        pooler="none",
        data_dir=tmp_path,
        secret_key=SECRET_KEY,
        gateway_networks=("127.0.0.0/8",),
    )
    async with asyncio.timeout(SOON_S), App.open(told) as app:
        await _add_account(app.database, served, provider)
        status, refused = await client.post(f"{G}/debates", json={**asked, "positions": ["yes"], "method": "borda"})
        assert (status, refused["error"]["details"]["field"]) == (422, "positions")
        status, refused = await client.post(
            "/v1/platform/jobs", json={"task_type": ours.DEBATE, "payload": {"debate": "0199f3a4"}}
        )
        assert (status, refused["error"]["code"]) == (403, "job_has_its_route")
        assert (await client.get(f"{G}/debates"))[1]["items"] == [], "nothing of it is kept"

        async with _worker(app):
            status, made = await client.post(f"{G}/debates", json=asked)
            assert (status, made["status"], made["final_winner"]) == (201, "pending", None)
            heard: list[tuple[str, str, Any]] = []
            async for event in _events(client, made["id"]):
                heard.append(event)
                if len({place(data) for kind, _, data in heard if kind == "turn"}) == 5:
                    break  # all have spoken alone, and all but bob after that
        assert {place(data) for kind, _, data in heard if kind == "turn"} == {(0, 0), (0, 1), (0, 2), (1, 0), (1, 2)}
        _, now = await client.get(f"{G}/debates/{made['id']}")
        assert now["debate"]["status"] == "active", "a worker that is stopped ends no debate"

        last = [number for kind, number, _ in heard if kind == "turn"][-1]
        gate.set()
        async with _worker(app):
            rest = [event async for event in _events(client, made["id"], **{"Last-Event-ID": last})]
        assert [kind for kind, _, _ in rest][-2:] == ["debate", "end"]
        assert (1, 1) in {place(data) for kind, _, data in rest if kind == "turn"}
        assert rest[-1][2]["final_winner"] == "yes"

    _, record = await client.get(f"{G}/debates/{made['id'][:13]}")
    result = record["debate"]["metadata"]["result"]
    assert (result["plain"]["winners"], result["final"]["winners"], result["changed"]) == (["no"], ["yes"], True)
    assert len(record["turns"]) == 6
    models = [body["model"] for _, _, body in provider.asked]
    assert sorted(models) == ["ann", "ann", "bob", "bob", "bob", "cid", "cid"], (
        "only whoever was cut off is asked again"
    )
    _, counted = await client.get(f"{G}/debates/{made['id']}/recount")
    assert counted["agrees"]
    assert (await client.post(f"{G}/debates/{made['id']}/cancellation"))[1]["error"]["code"] == "debate_over"
    _, another = await client.post(f"{G}/debates", json=asked)
    _, ended = await client.post(f"{G}/debates/{another['id']}/cancellation")
    _, job = await client.get(f"/v1/platform/jobs/{another['metadata']['job_id']}")
    assert (ended["status"], job["status"]) == ("cancelled", "cancelled"), "no worker begins it for nothing"

    # Every turn's call is in the ledger, as its own caller's, and whole.
    _, first = await client.get(f"{G}/requests?limit=4")
    _, second = await client.get(f"{G}/requests?limit=4&cursor={first['next_cursor']}")
    calls = {each["id"]: each for each in [*first["items"], *second["items"]]}
    assert len(calls) == 7
    assert sorted(each["status"] for each in calls.values()) == ["completed"] * 6 + ["failed"]
    for turn in record["turns"]:
        assert calls[turn["request_id"]]["model"] == turn["participant_id"]
    _, story = await client.get(f"{G}/requests/{record['turns'][0]['request_id']}")
    assert "<question>" in json.dumps(story["messages"])
    assert (story["cost_usd"], story["responses"][0]["finish_reason"]) == (0.022, "stop")
    assert (await client.get(f"{G}/requests?error_code=gateway_stopped"))[1]["items"][0]["model"] == "bob"
    status, refused = await client.get(f"{G}/requests?status=done")
    assert (status, refused["error"]["details"]["field"]) == (422, "status")
    assert (await client.get(f"{G}/ledger/verification"))[0] == 403
    _, verified = await client_of("local").get(f"{G}/ledger/verification")
    assert [(each["ledger"], each["holds"]) for each in verified["items"]] == [
        ("llm_requests", True),
        ("llm_responses", True),
    ]


def place(turn: dict[str, Any]) -> tuple[int, int]:
    return turn["round_number"], turn["turn_number"]


async def _add_account(database: Database, served: Served, provider: ScriptedUpstream) -> None:
    async with database.transaction(served.people[WHO]) as tx:
        await providers.add_account(
            tx,
            providers.NewAccount(
                named("upstream"),
                "openai",
                provider.url,
                weight=Decimal(1),
                config={"models": ["*"], "prices": dict.fromkeys(("ann", "bob", "cid"), PRICES)},
                key="sk-upstream",
            ),
            identity.read_keyring(SECRET_KEY),
            networks=providers.read_networks(["127.0.0.0/8"]),
        )
