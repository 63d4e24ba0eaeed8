"""`/v1/evaluation/simulations/{simulation}/events`: what happens in a simulation, as it happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from fixtures.material import V1, plan, told
from guildhall.api.frame.events import Event, Hub
from guildhall.db import Database
from guildhall.domains.platform import identity

SIMULATIONS = f"{V1}/simulations"


class Heard:
    """A stream of events that is being read."""

    def __init__(self, response) -> None:
        self.response = response
        self.ids: list[str] = []

    async def events(self) -> AsyncIterator[tuple[str, dict]]:
        kind = ""
        async for line in self.response.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            match name:
                case "event":
                    kind = value
                case "id":
                    self.ids.append(value)
                case "data":
                    yield kind, json.loads(value)

    async def until(self, kind: str) -> list[tuple[str, dict]]:
        """Everything up to the first event of this kind; all of it where the stream ends before."""
        heard = []
        async for event in self.events():
            heard.append(event)
            if event[0] == kind:
                break
        return heard


@asynccontextmanager
async def listening(client, simulation, **headers) -> AsyncIterator[Heard]:
    path = f"{SIMULATIONS}/{simulation['simulation_id']}/events"
    async with client.session.get(path, headers=headers) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
        assert response.headers["Cache-Control"] == "no-store"
        yield Heard(response)


async def record(client, simulation, times: int = 1) -> list[str]:
    records = [told(simulation, each) for each in simulation["ids"] for _ in range(times)]
    _, report = await client.post(f"{V1}/outcomes", json=records)
    assert report["stored"] == len(records)
    return [each["outcome_id"] for each in report["items"]]


async def test_a_listener_hears_of_progress_of_every_outcome_and_of_the_end(client_of):
    client = client_of("pottery/member")
    simulation = await plan(client, trials=1)
    async with listening(client_of("pottery/viewer"), simulation) as heard:
        (beginning,) = await heard.until("progress")
        assert (beginning[1]["status"], beginning[1]["trials"], beginning[1]["done"]) == ("pending", 2, 0)
        ids = await record(client, simulation)
        later = await heard.until("progress")
        assert {data["outcome_id"] for kind, data in later if kind == "outcome"} == set(ids)
        assert (later[-1][1]["done"], later[-1][1]["passed"], later[-1][1]["cost_usd"]) == (2, 2, 0.02)
        await client.post(f"{SIMULATIONS}/{simulation['simulation_id']}/completion")
        rest = await heard.until("nothing")
        assert [kind for kind, _ in rest] == ["progress", "end"], "the server ends the stream"
        assert rest[-1][1]["status"] == "completed"


async def test_what_was_missed_is_heard_with_the_last_id(client_of):
    client = client_of("pottery/member")
    simulation = await plan(client, trials=3)
    first = await record(client, simulation)
    async with listening(client, simulation, **{"Last-Event-ID": "0"}) as heard:
        before = await heard.until("progress")
        assert {data["outcome_id"] for kind, data in before if kind == "outcome"} == set(first)
        last = heard.ids[-1]
    second = await record(client, simulation)
    await client.post(f"{SIMULATIONS}/{simulation['simulation_id']}/completion")
    async with listening(client, simulation, **{"Last-Event-ID": last}) as heard:
        again = await heard.until("end")
    assert set(second) <= {data["outcome_id"] for kind, data in again if kind == "outcome"}


async def test_all_who_listen_to_the_same_hear_the_same(client_of):
    client = client_of("pottery/member")
    simulation = await plan(client)
    async with listening(client, simulation) as one, listening(client_of("pottery/owner"), simulation) as other:
        for each in (one, other):
            assert (await each.until("progress"))[-1][1]["status"] == "pending"
        await client.post(f"{SIMULATIONS}/{simulation['simulation_id']}/cancellation")
        endings = [await each.until("end") for each in (one, other)]
    assert endings[0] == endings[1]
    assert endings[0][-1][1]["status"] == "cancelled"


async def test_a_stream_ends_when_the_key_is_revoked(client_of, served):
    database = await Database.connect(served.application_url, size=1, pooled=False)
    try:
        async with database.transaction(served.people["pottery/member"]) as tx:
            made = await identity.create_key(tx, "for a while", rate_limit=None)
        client = client_of("")
        client.session.headers["Authorization"] = f"Bearer {made.text}"
        simulation = await plan(client_of("pottery/member"))
        async with listening(client, simulation) as heard:
            await heard.until("progress")
            async with database.transaction(served.people["pottery/member"]) as tx:
                await identity.revoke_key(tx, str(made.id))
            assert await heard.until("nothing") == []
    finally:
        await database.close()


@pytest.mark.parametrize("given", ["x", "-", "99999999999999999999999", "nan"])
async def test_an_event_id_of_another_kind_is_refused(client_of, given):
    client = client_of("pottery/member")
    simulation = await plan(client)
    path = f"{SIMULATIONS}/{simulation['simulation_id']}/events"
    status, document = await client.get(path, headers={"Last-Event-ID": given})
    assert (status, document["error"]["code"]) == (422, "event_id_unusable")


async def test_another_teams_simulation_is_not_heard_of(client_of):
    simulation = await plan(client_of("pottery/member"))
    for reference in (simulation["simulation_id"], "unknown@v1"):
        status, document = await client_of("smithy/member").get(f"{SIMULATIONS}/{reference}/events")
        assert (status, document["error"]["code"]) == (404, "simulation_not_found")


class Quiet:
    """A house in which nothing happens."""

    def __init__(self) -> None:
        self.closing = asyncio.Event()


async def _nothing_happens() -> AsyncIterator[Event]:
    yield Event("progress", b"{}", is_state=True)
    await asyncio.Event().wait()


async def test_a_stream_in_which_nothing_happens_says_that_it_is_there():
    hub = Hub()
    stream = hub.listen(Quiet(), "key", _nothing_happens, token="t", heartbeat_s=0.001)
    said = [await anext(stream) for _ in range(4)]
    assert said == [b"retry: 2000\n\n", b"event: progress\ndata: {}\n\n", b": still here\n\n", b": still here\n\n"]
    await stream.aclose()


async def test_one_source_serves_all_and_ends_with_the_last_listener_or_with_the_server():
    hub, house, sources = Hub(), Quiet(), []

    async def source() -> AsyncIterator[Event]:
        sources.append("begun")
        try:
            async for event in _nothing_happens():
                yield event
        finally:
            sources.append("ended")

    streams = [hub.listen(house, "key", source, token="t") for _ in range(3)]
    for each in streams:
        assert [await anext(each) for _ in range(2)][1].startswith(b"event: progress")
    assert sources == ["begun"]
    house.closing.set()
    for each in streams:
        assert [said async for said in each] == [b"event: closing\ndata: {}\n\n"]
    await asyncio.sleep(0)
    assert sources == ["begun", "ended"]
