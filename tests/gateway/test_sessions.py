"""Sessions that callers name: their calls are tied to them, their context is kept, and they end."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import openai
import pytest

from fixtures.command_line import Command
from fixtures.gateways import Town
from fixtures.people import make_pottery
from guildhall.db import Actor
from guildhall.domains.platform import identity


class _Sessions:
    """The routes of sessions, with a key."""

    def __init__(self, client: httpx.AsyncClient, key: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {key}"}

    async def __call__(self, method: str, name: str = "", expect: int = 200, **given: Any) -> Any:
        answer = await self._client.request(
            method, f"/v1/sessions{name and '/' + name}", headers=self._headers, **given
        )
        assert answer.status_code == expect, answer.text
        return answer.json()


@pytest.fixture
async def client(town: Town) -> Any:
    async with httpx.AsyncClient(base_url=town.url) as client:
        yield client


async def test_calls_in_a_session_are_tied_to_it_and_its_context_is_kept(
    town: Town, client: httpx.AsyncClient, guildhall: Command
) -> None:
    sessions = _Sessions(client, town.key)
    await town.say(extra_headers={"x-guildhall-session": "trip"})
    await town.say(extra_body={"session_id": "trip"})
    await town.say(metadata={"session_id": "trip", "topic": "Oslo"})
    raw = await town.openai().responses.with_raw_response.create(
        model="say-hello", input="hi", extra_headers={"x-guildhall-session": "trip"}
    )
    bodies = [body for _, _, body in town.provider.asked]
    assert all("session_id" not in str(body) for body in bodies)
    assert bodies[2]["metadata"] == {"topic": "Oslo"}

    found = await sessions("GET", "trip")
    assert (found["status"], found["request_count"], found["context"]) == ("active", 4, {})
    assert raw.headers["x-guildhall-session"] == found["id"]
    assert raw.headers["x-guildhall-session-expires"] == found["expires_at"]
    assert {str(each["session_id"]) for each in await town.calls()} == {found["id"]}

    kept = await sessions("PUT", "trip", json={"context": {"city": "Oslo", "turns": [1, 2]}})
    assert (kept["context"], kept["request_count"]) == ({"city": "Oslo", "turns": [1, 2]}, 4)
    short = await sessions("PUT", "short", json={"idle_s": 60})
    left = datetime.fromisoformat(short["expires_at"]) - datetime.now(UTC)
    assert timedelta(seconds=50) < left <= timedelta(seconds=60)

    # No provider is told of one that is null, and a name is the same wherever it stands.
    await town.say(extra_body={"session_id": None, "metadata": {"session_id": None}})
    assert all("session_id" not in str(body) for _, _, body in town.provider.asked)
    asked = {"model": "say-hello", "messages": [{"role": "user", "content": "hi"}]}
    headers = [(b"Authorization", f"Bearer {town.key}".encode()), (b"X-Guildhall-Session", "Reise nach Åre".encode())]
    answer = await client.post("/v1/chat/completions", headers=headers, json=asked)
    assert answer.headers["x-guildhall-session"] == (await sessions("GET", "Reise nach Åre"))["id"]
    await sessions("DELETE", "Reise nach Åre")

    # The end moves on with each call, by the session's own time.
    await town.sql("UPDATE platform.user_sessions SET expires_at = now() + interval '5 s' WHERE name = 'short'")
    await town.say(extra_headers={"x-guildhall-session": "short"})
    left = datetime.fromisoformat((await sessions("GET", "short"))["expires_at"]) - datetime.now(UTC)
    assert left > timedelta(seconds=50)

    # On the command line.
    shown = (await asyncio.to_thread(guildhall, "gateway", "sessions", "show", "trip", "--json")).json
    assert (shown["context"]["city"], len(shown["calls"])) == ("Oslo", 4)
    listed = (await asyncio.to_thread(guildhall, "gateway", "sessions", "list")).out
    assert [line.split()[:2] for line in listed.splitlines()] == [["short", "active"], ["trip", "active"]]
    assert "trip is ended" in (await asyncio.to_thread(guildhall, "gateway", "sessions", "end", "trip")).out
    missing = await asyncio.to_thread(guildhall, "gateway", "sessions", "end", "trap", expect=2)
    assert "there is no session called 'trap'" in missing.err

    # Ended, and run out: refused, on record, and nobody is asked.
    asked = len(town.provider.asked)
    with pytest.raises(openai.ConflictError, match="the session 'trip' was ended"):
        await town.say(extra_headers={"x-guildhall-session": "trip"})
    await town.sql("UPDATE platform.user_sessions SET expires_at = now() - interval '1 s' WHERE name = 'short'")
    with pytest.raises(openai.ConflictError, match="the session 'short' has expired"):
        await town.say(extra_headers={"x-guildhall-session": "short"})
    await sessions("PUT", "trip", 409, json={"context": {}})
    assert len(town.provider.asked) == asked
    assert [each["error_code"] for each in (await town.calls())[-2:]] == ["session_ended"] * 2
    assert (await sessions("GET", "trip"))["context"]["city"] == "Oslo"
    assert {each["status"] for each in (await sessions("GET"))["data"]} == {"revoked", "expired"}


async def test_a_session_is_its_persons_and_its_teams_alone_and_nobody_signs_in_by_it(
    town: Town, client: httpx.AsyncClient
) -> None:
    pottery = await make_pottery(town.database)
    async with town.database.transaction(Actor(identity.LOCAL.user_id, pottery.team_id)) as tx:
        keys = [
            (await identity.create_key(tx, user_id=actor.user_id, rate_limit=None)).text
            for actor in (pottery.owner, pottery.member)
        ]
    owner, member, local = (_Sessions(client, key) for key in (*keys, town.key))
    made = await owner("PUT", "talk", json={"context": {"mine": True}})
    for other in (member, local):
        await other("GET", "talk", 404)
        await other("DELETE", "talk", 404)
        assert (await other("GET"))["data"] == []
        assert (await other("PUT", "talk"))["id"] != made["id"]
    assert (await owner("GET", "talk"))["context"] == {"mine": True}
    assert (await owner("DELETE", "talk"))["status"] == "revoked"
    assert (await member("GET", "talk"))["status"] == "active"
    # It is none of those that somebody is signed in by.
    async with town.database.transaction(pottery.owner) as tx:
        assert await identity.list_sessions(tx, with_ended=True) == []


async def test_who_has_another_role_goes_on_with_sessions_at_once(town: Town, client: httpx.AsyncClient) -> None:
    pottery = await make_pottery(town.database)
    async with town.database.transaction(Actor(identity.LOCAL.user_id, pottery.team_id)) as tx:
        key = (await identity.create_key(tx, user_id=pottery.member.user_id, rate_limit=None)).text
    sessions = _Sessions(client, key)
    await sessions("PUT", "talk")
    for role, method in (
        (identity.Role.VIEWER, "GET"),
        (identity.Role.MEMBER, "PUT"),
        (identity.Role.VIEWER, "DELETE"),
    ):
        async with town.database.transaction(pottery.owner) as tx:
            name = next(
                each.username for each in await identity.list_members(tx) if each.user_id == pottery.member.user_id
            )
            await identity.change_role(tx, name, role)
        await sessions(method, "talk")
    async with town.database.transaction(pottery.member) as tx:
        for made in await identity.list_keys(tx):
            await identity.revoke_key(tx, str(made.id))
    await sessions("GET", "talk", 401)


async def test_too_many_sessions_are_refused_and_those_that_ended_long_ago_go(
    town: Town, client: httpx.AsyncClient
) -> None:
    sessions = _Sessions(client, town.key)
    await town.say(extra_headers={"x-guildhall-session": "old"})
    await town.sql(
        """INSERT INTO platform.user_sessions (tenant_id, user_id, name, session_token, expires_at, ends_at)
           SELECT tenant_id, user_id, 'talk ' || n, encode(sha256(n::text::bytea), 'hex'), now() + interval '1 h', now() + interval '1 h'
             FROM platform.user_sessions, generate_series(1, 9998) AS n WHERE name = 'old'"""
    )
    await sessions("PUT", "last")
    refused = await sessions("PUT", "more", 429)
    assert "10000 are going on" in refused["error"]["message"]
    assert "DELETE /v1/sessions/NAME" in refused["error"]["message"]
    with pytest.raises(openai.RateLimitError, match="'more' cannot be begun"):
        await town.say(extra_headers={"x-guildhall-session": "more"})
    await sessions("PUT", "old")
    await sessions("DELETE", "last")
    await sessions("PUT", "more")

    await town.sql(
        """UPDATE platform.user_sessions SET expires_at = now() - CASE name WHEN 'talk 9' THEN interval '89 days' ELSE interval '91 days' END
            WHERE name IN ('old', 'talk 8', 'talk 9')"""
    )
    async with town.database.duty("scheduler") as tx:
        await identity.tidy(tx)
    for name, status in (("old", 404), ("talk 8", 404), ("talk 9", 200), ("last", 200)):
        await sessions("GET", name, status)
    [call, row] = await town.calls()
    assert call["session_id"] is None
    assert (row["status"], row["error_code"]) == ("failed", "too_many_sessions")
    await sessions("PUT", "old")


async def test_what_makes_no_sense_is_refused_by_name(town: Town, client: httpx.AsyncClient) -> None:
    sessions = _Sessions(client, town.key)

    async def refused(says: str, name: str = "x", expect: int = 400, **given: Any) -> None:
        assert says in (await sessions("PUT", name, expect, **given))["error"]["message"]

    await refused("context is", json={"context": [1]})
    await refused("idle_s is 0, expected seconds", json={"idle_s": 0})
    await refused("contxt is", json={"contxt": {}})
    await refused("body is", content=b"{")
    await refused("1 to 255 visible characters", "x" * 256, json={})
    await refused("at most 65536 bytes", json={"context": {"a": "b" * 70_000}})
    await refused("expected GET", "", 405, json={})
    await refused("the body is longer", expect=413, content=b"x" * (2 << 20))
    with pytest.raises(openai.BadRequestError, match="session_id is 7, expected what the session is called"):
        await town.say(extra_body={"session_id": 7})
