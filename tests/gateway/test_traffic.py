"""How answers came, as the ledger writes it down: streams and others, failures, and what is kept of them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from fixtures.command_line import Command
from fixtures.gateways import PRICES, Town
from fixtures.wires import Wire
from guildhall import clock
from guildhall.adapters.upstreams import FACES, Asked
from guildhall.app.gateway import Context, Ledger
from guildhall.db import Database
from guildhall.domains.gateway import requests

REFUSED = b"C22P05\0"
"""What the server says of a text that no column keeps (Appendix A, "untranslatable_character")."""


async def test_how_answers_came_is_on_record_and_told_by_account_model_and_hour(town: Town, guildhall: Command) -> None:
    for number in range(3):
        await town.say("say-one_two", stream=False, max_tokens=number + 1)
        async for _ in await town.say("say-one_two", stream=True):
            pass
    with pytest.raises(Exception, match="status 500"):
        await town.say("fail-500")
    rows = await town.sql("SELECT * FROM store.streaming_analytics ORDER BY timestamp")
    kinds = [(row["event_type"], row["is_streamed"]) for row in rows]
    assert kinds.count(("completed", True)) == kinds.count(("completed", False)) == 3
    assert kinds.count(("failed", False)) == 2 == len(kinds) - 6
    for row in rows:
        assert (row["generating_ms"] is None) == (not row["is_streamed"])
        assert row["latency_ms"] >= (row["generating_ms"] or 0) >= 0
        assert (row["chunk_number"] >= 1) == row["is_streamed"]
        assert (row["tokens_delta"], row["error_code"]) == (
            (5, None) if row["event_type"] == "completed" else (0, "upstream_failed")
        )
    # written twice it is there once
    call, answer = (await town.calls())[0], (await town.answers())[0]
    before = len(rows)
    end = requests.End(_call_of(call), [_answer_of(answer)], call["completed_at"])
    async with town.database.duty("writer") as tx:
        await requests.end(tx, [end])
    assert len(await town.sql("SELECT FROM store.streaming_analytics")) == before

    async def told(by: str) -> list[dict[str, object]]:
        found: list[dict[str, object]] = (
            await asyncio.to_thread(guildhall, "gateway", "analytics", "--by", by, "--hours", "2", "--json")
        ).json
        return found

    [account] = await told("provider")
    assert (account["group"], account["answers"], account["errors"], account["streams"]) == ("upstream", 8, 2, 3)
    assert (account["tokens"], account["priced_answers"]) == (30, 0)
    assert account["first_token_p99"] >= account["first_token_p50"] >= 0  # type: ignore[operator]
    assert account["whole_p95"] is not None
    assert sum(each["answers"] for each in await told("hour")) == 8  # type: ignore[misc]
    printed = await asyncio.to_thread(guildhall, "gateway", "analytics")
    assert "6 without a price" in printed.out
    assert [line.split()[0] for line in printed.out.splitlines()[1:]] == ["fail-500", "say-one_two"]
    assert (
        "expected provider, model or hour"
        in (await asyncio.to_thread(guildhall, "gateway", "analytics", "--by", "day", expect=2)).err
    )


def _call_of(row: object) -> requests.NewCall:
    names = ("id", "created_at", "tenant_id", "user_id", "model", "provider_name", "is_streamed", "request_type")
    given = {name: row[name] for name in names}  # type: ignore[index]
    empty: dict[str, Any] = {"api_key_id": None, "session_id": None, "prompt": ""}
    return requests.NewCall(**given, **empty, messages=requests.Packed(b"[]"), params=requests.Packed(b"{}"))


def _answer_of(row: object) -> requests.Answer:
    names = ("id", "created_at", "provider_id", "provider_name", "model", "attempt", "content")
    given = {name: row[name] for name in names}  # type: ignore[index]
    return requests.Answer(**given, raw=requests.Packed(b"{}"), response_time_ms=1, cost_usd=Decimal(1))


# what is kept of it ---------------------------------------------------------------


async def test_what_is_not_to_be_kept_is_kept_nowhere_and_what_is_too_long_in_part(town: Town) -> None:
    """An answer to an idempotency key, too: the call is not made twice all the same."""
    await town.add("quiet", config={"models": ["say-secret_words"], "record": "metadata", "priority": 0})
    body = {"model": "say-secret_words", "messages": [{"role": "user", "content": "hi"}]}

    async def post(session: aiohttp.ClientSession, key: str, **given: Any) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {town.key}", "Idempotency-Key": key}
        async with session.post(f"{town.url}/v1/chat/completions", json={**body, **given}, headers=headers) as response:
            return response.status, await response.text()

    async with aiohttp.ClientSession() as session:
        for stream in (False, True):
            asked = len(town.provider.asked)
            status, text = await post(session, f"quiet-{stream}", stream=stream)
            assert (status, "secret" in text) == (200, True)
            status, text = await post(session, f"quiet-{stream}", stream=stream)
            assert (status, "answer_not_kept" in text) == (409, True)
            assert len(town.provider.asked) == asked + 1
        assert [row["content"] for row in await town.sql("SELECT content FROM gateway.bodies")] == [b""]

        town.gateway.most_answer_bytes = 100
        long = "say-" + "_".join(["word"] * 40)
        status, text = await post(session, "long", model=long, stream=True)
        assert (status, text.rstrip().endswith("[DONE]")) == (200, True)
    [*_, answer] = await town.answers()
    async with town.database.transaction(town.actor) as tx:
        [response] = (await requests.get_story(tx, answer["request_id"])).responses
    raw = response.raw_response
    assert (raw["truncated"], raw["bytes"] > 200, len(raw["part"]["text"])) == (True, True, 100)
    assert (response.content, response.tokens_prompt) == (" ".join(["word"] * 40), 12)


async def test_who_may_not_call_sends_no_body_and_a_call_that_makes_no_sense_counts(town: Town) -> None:
    host = urlsplit(town.url)
    reader, writer = await asyncio.open_connection(host.hostname, host.port)
    head = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\nAuthorization: Bearer gh_a_b\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(20):
        assert (await reader.readline()).split()[1] == b"401"
    writer.close()
    key = await town.make_key(rate_limit=2)
    statuses = []
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
        for _ in range(3):
            async with session.post(f"{town.url}/v1/chat/completions", data=b"{") as response:
                statuses.append(response.status)
    assert statuses == [400, 400, 429]
    codes = [row["error_code"] for row in await town.calls()]
    assert codes == ["request_refused", "request_refused", "rate_limit_exceeded"]


class Nowhere:
    """Where an answer goes that nobody waits for."""

    async def start(self, *_: object) -> None: ...

    async def send(self, *_: object, **__: object) -> None: ...

    async def break_off(self, *_: object) -> None: ...


async def test_a_call_over_midnight_that_is_lost_is_settled_on_the_day_that_it_was_set_aside_on(town: Town) -> None:
    await town.add("dear", prices={"hang": PRICES}, config={"models": ["hang"], "priority": 0})
    await town.budget("daily", limit_usd=Decimal(5), period="day")
    before = clock.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(milliseconds=1)
    context = Context(town.key, {}, "/v1/chat/completions", call_id=clock.new_id(before))
    asked = Asked.read(FACES["chat"], b'{"model":"hang","messages":[{"role":"user","content":"hi"}],"max_tokens":9}')
    calling = asyncio.create_task(town.gateway.answer(context, asked, Nowhere()))
    async with asyncio.timeout(20):
        await town.provider.reached.wait()
    held = "SELECT starts_on, reserved_usd, spent_usd FROM gateway.budget_periods"
    [[day, reserved, spent]] = await town.sql(held)
    assert (day, reserved > 0, spent) == (before.date(), True, 0)
    async with town.database.duty("writer") as tx:  # as whoever finds its process gone
        assert await requests.close_lost(tx, town.gateway.ledger.process_id) == 1
    assert [tuple(row) for row in await town.sql(held)] == [(before.date(), 0, reserved)]
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)


async def test_an_end_is_kept_though_the_database_goes_while_its_contents_are_taken_out(town: Town, wire: Wire) -> None:
    """The repair of a group that holds what cannot be kept meets the database going, twice: nothing of it is dropped."""
    await town.say()
    [call], [answer] = await town.calls(), await town.answers()
    bad = _answer_of(answer)
    bad.id = clock.new_id()
    bad.created_at, bad.content, bad.attempt = clock.time_of(bad.id), "\0", 2
    database = await Database.connect(wire.url)
    try:
        async with Ledger(database) as ledger:
            wire.snaps_at = REFUSED
            ending = asyncio.create_task(ledger.end(requests.End(_call_of(call), [bad], clock.now())))
            for next_time in (REFUSED, None):
                snapped = asyncio.create_task(wire.snapped.wait())
                async with asyncio.timeout(20):
                    await asyncio.wait([snapped, ending], return_when=asyncio.FIRST_COMPLETED)
                snapped.cancel()
                if ending.done():  # a pool waits for the database, and the repair has gone on where it was
                    assert (next_time, database.can_listen) == (None, False)
                    break
                wire.snapped.clear()
                wire.snaps_at = next_time
                await wire.mend()
            await ending
    finally:
        await database.close()
    assert [(row["attempt"], row["content"]) for row in await town.answers()] == [(1, "hello"), (2, "")]
