"""Who may call, how often, and for how much; and calls that are sent twice."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import asyncpg
import openai
import pytest
from aiohttp import web

from fixtures.gateways import PRICES, SECRET_KEY, Town, answering
from fixtures.people import make_person
from guildhall import clock
from guildhall.app.gateway.refusals import Refusals
from guildhall.domains.gateway import budgets, ensembles, providers, requests
from guildhall.domains.platform import identity

COST = Decimal("0.022")
"""12 tokens at 1000 and 5 at 2000 USD per million."""


async def price(town: Town, model: str = "say-hello") -> None:
    async with town.database.transaction(town.actor) as tx:
        await providers.change_account(
            tx,
            "upstream",
            None,
            networks=providers.read_networks(["127.0.0.0/8"]),
            config={"prices": {model: PRICES}},
        )


async def test_a_key_is_asked_for_and_must_be_for_models(town: Town) -> None:
    with pytest.raises(openai.AuthenticationError):
        await town.say(key="gh_" + "0" * 32 + "_" + "x" * 43)
    with pytest.raises(openai.PermissionDeniedError, match="expected models"):
        await town.say(key=await town.make_key(scopes=["read"]))
    assert (await town.say(key=await town.make_key(scopes=["models"]))).choices
    async with aiohttp.ClientSession() as session, session.post(f"{town.url}/v1/messages", json={}) as response:
        assert response.status == 401
        assert (await response.json())["error"]["type"] == "authentication_error"


async def test_revoking_a_key_counts_at_once_in_every_process(town: Town) -> None:
    key = await town.make_key(name="short")
    async with answering(town.settings) as (other, _):
        clients = [town.openai(key), openai.AsyncOpenAI(base_url=f"{other}/v1", api_key=key, max_retries=0)]
        ask: dict[str, Any] = {"model": "say-hello", "messages": [{"role": "user", "content": "hi"}]}
        for each in clients:
            await each.chat.completions.create(**ask)  # both processes know the key now
        async with town.database.transaction(town.actor) as tx:
            await identity.revoke_key(tx, "short")
        for each in clients:
            with pytest.raises(openai.AuthenticationError):
                await each.chat.completions.create(**ask)
        await clients[1].close()
    assert len(town.provider.asked) == 2


async def test_who_is_refused_is_on_record_as_often_as_once_a_minute(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that was revoked, has expired, is not for models, or comes too often: rows of its team, and no flood of them."""
    town.gateway._refusals = Refusals(every_s=0)
    keys = {
        "revoked": await town.make_key(name="revoked"),
        "reads": await town.make_key(scopes=["read"]),
        "slow": await town.make_key(rate_limit=1),
    }
    async with town.database.transaction(town.actor) as tx:
        await identity.revoke_key(tx, "revoked")
    await town.say(key=keys["slow"])
    for key in keys.values():
        with pytest.raises(openai.APIStatusError):
            await town.say(key=key)
    [answered, *refused] = await town.calls()
    assert answered["status"] == "completed"
    codes = ["api_key_refused", "scope_missing", "rate_limit_exceeded"]
    assert [(each["status"], each["error_code"]) for each in refused] == [("failed", code) for code in codes]
    assert [each["api_key_id"] for each in refused] == [UUID(key[3:35]) for key in keys.values()]
    assert {each["tenant_id"] for each in refused} == {answered["tenant_id"]}
    assert {(each["prompt"], each["messages"]) for each in refused} == {("", "[]")}
    # Whose secret is wrong, or of whom nobody knows anything, is of no team.
    for key in (keys["revoked"][:-4] + "AAAA", "gh_" + "0" * 32 + "_" + "x" * 43, "sk-1"):
        with pytest.raises(openai.AuthenticationError):
            await town.say(key=key)
    assert len(await town.calls()) == 4

    town.gateway._refusals = Refusals()
    now_ms = clock.monotonic_ms()
    monkeypatch.setattr(clock, "monotonic_ms", lambda: now_ms)
    for _ in range(3):
        with pytest.raises(openai.AuthenticationError):
            await town.say(key=keys["revoked"])
    now_ms += 60_000
    with pytest.raises(openai.AuthenticationError):
        await town.say(key=keys["revoked"])
    told = [each["error_message"] for each in (await town.calls())[4:]]
    assert told == [
        "the API key is not valid",
        "the API key is not valid; 2 more calls since the last that is on record were refused likewise",
    ]
    counted = town.gateway.metrics.exposition(0, "")[0].decode()
    assert 'guildhall_gateway_requests_total{code="api_key_refused",provider="",type="chat"} 7.0' in counted
    assert 'request_duration_seconds_count{provider="",' not in counted  # which took no time that tells of anything


async def test_a_change_of_an_account_counts_at_once_in_every_process(town: Town) -> None:
    await town.say()
    async with town.database.transaction(town.actor) as tx:
        await providers.change_account(tx, "upstream", identity.read_keyring(SECRET_KEY), key="sk-other")
    await town.say()
    assert [headers["authorization"] for _, headers, _ in town.provider.asked] == [
        "Bearer sk-upstream",
        "Bearer sk-other",
    ]
    async with town.database.transaction(town.actor) as tx:
        await providers.change_account(tx, "upstream", None, enabled=False)
    with pytest.raises(openai.NotFoundError):
        await town.say()


async def test_what_was_added_is_there_for_the_next_call(town: Town) -> None:
    """A process that knows the team looks again before it says that there is no such thing."""
    with pytest.raises(openai.NotFoundError, match="there is no ensemble 'both'"):
        await town.say("ensemble/both")
    async with town.database.transaction(town.actor) as tx:
        await ensembles.put_ensemble(tx, "both", {"strategy": "majority", "members": ["say-x", "say-x"]})
    assert (await town.say("ensemble/both")).choices[0].message.content == "x"
    await town.add("late", config={"models": ["say-late"]})
    assert {each.id async for each in town.openai().models.list()} == {"say-late", "ensemble/both"}
    assert [each["error_code"] for each in await town.calls()] == ["ensemble_not_found", None]


async def test_a_key_s_rate_holds(town: Town) -> None:
    key = await town.make_key(rate_limit=2)
    await town.say(key=key)
    await town.say(key=key)
    with pytest.raises(openai.RateLimitError) as caught:
        await town.say(key=key)
    assert int(caught.value.response.headers["retry-after"]) > 1000
    assert caught.value.body["code"] == "rate_limit_exceeded"


async def test_tokens_by_the_minute(town: Town) -> None:
    await town.budget(tokens_per_minute=150)
    await town.say(max_tokens=80)
    with pytest.raises(openai.RateLimitError):
        await town.say(max_tokens=80)


async def test_what_a_call_cost_is_counted_exactly(town: Town) -> None:
    await price(town)
    await town.budget(limit_usd=Decimal(10))
    await town.say(max_tokens=10)
    [call] = await town.calls()
    [budget] = await town.budgets()
    assert call["cost_usd"] == (await town.answers())[0]["cost_usd"] == COST
    assert (budget.spent_usd, budget.reserved_usd) == (COST, 0)


async def test_a_hard_budget_sets_aside_all_that_a_call_may_cost(town: Town) -> None:
    await price(town)
    await town.budget(limit_usd=Decimal(10))
    client = town.openai()
    model = "say-hello"
    await client.completions.create(model=model, prompt=["a"] * 10, max_tokens=100, n=2)  # 4 USD at most
    for given in (
        {"prompt": ["a"] * 30, "max_tokens": 100, "n": 2},  # 30 × 2 × 100 answered tokens: 12 USD
        {"prompt": "a", "max_tokens": 100, "best_of": 60},
    ):
        with pytest.raises(openai.RateLimitError, match="may cost 12"):
            await client.completions.create(model=model, **given)
    with pytest.raises(openai.RateLimitError, match="may cost 1000"):
        await client.responses.create(model=model, input="a", max_output_tokens=10, previous_response_id="resp_1")
    with pytest.raises(openai.BadRequestError, match="the budget 'team' is a hard one"):
        await client.responses.create(model=model, input="a", tools=[{"type": "web_search_preview"}])
    assert len(town.provider.asked) == 1
    [_, *refused] = await town.calls()
    codes = ["budget_exhausted", "budget_exhausted", "budget_exhausted", "request_refused"]
    assert [(each["status"], each["error_code"], each["model"]) for each in refused] == [
        ("failed", code, model) for code in codes
    ]
    assert "'team' has" in refused[0]["error_message"]
    assert await town.sql("SELECT FROM store.llm_responses WHERE request_id = $1", refused[0]["id"]) == []


async def test_a_price_that_is_not_known_is_null_and_a_hard_budget_refuses_it(town: Town) -> None:
    await town.budget("soft", limit_usd=Decimal(1), is_hard=False)
    await town.say()
    assert (await town.calls())[0]["cost_usd"] is None
    await town.budget("hard", limit_usd=Decimal(1))
    with pytest.raises(openai.RateLimitError) as caught:
        await town.say()
    assert caught.value.body["code"] == "price_unknown"
    assert len(town.provider.asked) == 1
    assert [each["error_code"] for each in await town.calls()] == [None, "price_unknown"]


async def test_public_prices_come_from_the_catalogue_which_is_filled_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town.database.transaction(town.actor) as tx:
        await providers.add_account(
            tx,
            providers.NewAccount("real", "openai", config={"models": ["gpt-4o"]}, key="k"),
            identity.read_keyring(SECRET_KEY),
        )
        account = await providers.get_account(tx, "real")
    caller = await town.gateway.admit(town.key)
    for _ in range(2):
        town.gateway.directory.forget(caller.tenant_id)
        book = await town.gateway.directory.book_of(caller)
        found = await town.gateway.directory.price(book, providers.Route(account, "gpt-4o"))
        assert found is not None
        assert (found.rates[0].input, found.rates[0].output) == (Decimal("2.5"), Decimal(10))
        assert await town.gateway.directory.price(book, providers.Route(account, "gpt-none")) is None
    [row] = await town.sql(
        "SELECT slug, claim_id FROM catalogue.pricing JOIN catalogue.models ON models.id = pricing.model_id"
    )
    assert row["slug"] == "openai/gpt-4o"
    assert row["claim_id"] is not None
    # what a curator says counts more than what the package does, a minute later at the latest
    await town.sql("UPDATE catalogue.pricing SET input_per_million = 99")
    later_ms = clock.monotonic_ms() + 60_000
    monkeypatch.setattr(clock, "monotonic_ms", lambda: later_ms)
    found = await town.gateway.directory.price(
        await town.gateway.directory.book_of(caller), providers.Route(account, "gpt-4o")
    )
    assert found is not None
    assert found.rates[0].input == 99


async def test_a_hard_budget_is_never_exceeded_however_many_call_at_once(town: Town) -> None:
    """64 callers through two processes, and money for ten calls at the most."""
    await price(town)
    bodies = {"model": "say-hello", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}
    once = (
        Decimal(len(b'{"model":"say-hello","messages":[{"role":"user","content":"hi"}],"max_tokens":5}')) / 1000
        + Decimal(10) / 1000
    )
    await town.budget(limit_usd=once + 9 * COST)

    async def call(session: aiohttp.ClientSession, url: str) -> int:
        async with session.post(f"{url}/v1/chat/completions", json=bodies) as response:
            await response.read()
            return response.status

    async with (
        answering(town.settings) as (other, _),
        aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {town.key}"}, connector=aiohttp.TCPConnector(limit=0)
        ) as session,
    ):
        found: Counter[int] = Counter()
        for _ in range(3):
            found.update(await asyncio.gather(*(call(session, (town.url, other)[n % 2]) for n in range(64))))
    [budget] = await town.budgets()
    assert budget.reserved_usd == 0
    assert budget.spent_usd == found[200] * COST == len(town.provider.asked) * COST
    assert budget.spent_usd <= budget.limit_usd
    # it is used up as far as calls could be let in: what was set aside and not spent is there for later ones
    assert found[200] >= 2
    assert found[429] == 192 - found[200]
    assert len([each for each in await town.calls() if each["error_code"] == "budget_exhausted"]) == found[429]


async def test_a_budget_counts_the_calls_that_it_names(town: Town) -> None:
    await price(town)
    key = await town.make_key(name="named")
    async with town.database.transaction(town.actor) as tx:
        key_id = await identity.resolve_key(tx, "named")
    await town.budget("key", limit_usd=Decimal(1), api_key_id=key_id)
    await town.budget("model", limit_usd=Decimal(1), model="say-hello", period="day")
    await town.budget("other", limit_usd=Decimal(1), model="say-other")
    with pytest.raises(budgets.BudgetRefused, match="the id of one of the team's keys"):
        await town.budget("nobody's", limit_usd=Decimal(1), api_key_id=uuid4())
    await town.say(max_tokens=5)
    await town.say(key=key, max_tokens=5)
    assert {each.name: each.spent_usd for each in await town.budgets()} == {"key": COST, "model": 2 * COST, "other": 0}


async def test_a_call_that_broke_off_is_charged_as_what_was_set_aside(town: Town) -> None:
    await price(town, "half")
    await town.budget(limit_usd=Decimal(1))
    with pytest.raises(openai.APIStatusError):
        await town.say("half", max_tokens=5)
    [budget] = await town.budgets()
    [call] = await town.calls()
    assert (budget.spent_usd, budget.reserved_usd) == (call["reserved_usd"], 0)
    assert budget.spent_usd > 0


# idempotency -------------------------------------------------------------------


async def send(town: Town, key: str, content: str = "hi", *, stream: bool = False) -> tuple[int, dict[str, str], str]:
    body = {"model": "say-hello", "messages": [{"role": "user", "content": content}], "stream": stream}
    headers = {"Authorization": f"Bearer {town.key}", "Idempotency-Key": key}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{town.url}/v1/chat/completions", json=body) as response,
    ):
        return response.status, {name.lower(): value for name, value in response.headers.items()}, await response.text()


@pytest.mark.parametrize("stream", [False, True])
async def test_the_same_call_again_is_answered_as_before_and_costs_nothing(town: Town, *, stream: bool) -> None:
    status, headers, first = await send(town, "k-1", stream=stream)
    assert status == 200
    again = await send(town, "k-1", stream=stream)
    assert (again[0], again[2]) == (200, first)
    assert again[1]["idempotency-replayed"] == "true"
    assert again[1]["x-request-id"] == headers["x-request-id"]
    assert len(town.provider.asked) == len(await town.calls()) == 1


async def test_a_key_is_for_one_call(town: Town) -> None:
    await send(town, "k-1")
    status, _, text = await send(town, "k-1", "something else")
    assert status == 400
    assert "idempotency_key_reused" in text
    assert (await send(town, "kä"))[0] == 400
    codes = [each["error_code"] for each in await town.calls()]
    assert codes == [None, "idempotency_key_reused", "idempotency_key_unusable"]


async def test_a_call_that_is_under_way_is_not_made_twice(town: Town) -> None:
    release = asyncio.Event()

    async def slowly(*_: object) -> web.StreamResponse:
        await release.wait()
        return web.json_response({"id": "1", "choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]})

    town.provider.script["say-hello"].append(slowly)
    first = asyncio.create_task(send(town, "k-1"))
    await town.provider.reached.wait()
    status, headers, text = await send(town, "k-1")
    assert (status, headers.get("retry-after")) == (409, "1")
    assert "request_under_way" in text
    assert [each["error_code"] for each in await town.calls()] == [None, "request_under_way"]
    release.set()
    assert (await first)[0] == (await send(town, "k-1"))[0] == 200
    assert len(town.provider.asked) == 1


async def test_a_call_that_failed_may_be_sent_again(town: Town) -> None:
    async def fail(*_: object) -> web.StreamResponse:
        return web.json_response({"error": {"message": "no"}}, status=400)

    town.provider.script["say-hello"].append(fail)
    assert (await send(town, "k-1"))[0] == 400
    assert (await send(town, "k-1"))[0] == 200


# secrets -----------------------------------------------------------------------


async def test_prompts_can_be_kept_out_of_the_ledger(town: Town) -> None:
    await town.add("quiet", config={"models": ["say-secret"], "record": "metadata"})
    await town.say("say-secret", messages=[{"role": "user", "content": "my password"}])
    [call] = await town.calls()
    [row] = await town.answers()
    assert (call["prompt"], call["messages"], call["model_params"]) == ("", "[]", "{}")
    assert (row["content"], row["raw_response"], row["tokens_total"]) == ("", "{}", 17)


async def test_no_key_and_no_prompt_is_logged(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "guildhall")
    await town.say(messages=[{"role": "user", "content": "a secret of mine"}])
    with pytest.raises(openai.APIStatusError):
        await town.say("fail-401", messages=[{"role": "user", "content": "a secret of mine"}])

    async def repeat(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        said = json.dumps({"error": {"message": f"no to {body['messages'][0]['content']}"}})
        return await town.provider._stream(request, [f"data: {said}\n\n"], half=False)

    await town.add("quiet", config={"models": ["say-quiet"], "record": "metadata"})
    for model in ("say-loud", "say-quiet"):
        town.provider.script[model].append(repeat)
        stream = await town.say(model, messages=[{"role": "user", "content": "a secret of mine"}], stream=True)
        with pytest.raises(openai.APIError, match="no to a secret"):
            async for _ in stream:
                pass
    await town.until_settled()  # the SDK raises when it hears of an error, and the stream ends after that
    assert [each["error_message"] for each in (await town.answers())[-2:]] == [
        "no to a secret of mine",
        "the provider says that it failed",
    ]
    for secret in ("sk-upstream", town.key, "a secret of mine"):
        assert secret not in caplog.text


async def test_a_team_sees_its_own_calls_and_budgets(town: Town) -> None:
    await town.budget(limit_usd=Decimal(1), is_hard=False)
    await town.say()
    stranger = await make_person(town.database, "stranger")
    async with town.database.transaction(stranger) as tx:
        assert await budgets.list_budgets(tx) == []
        assert await providers.list_accounts(tx) == []
        assert (await requests.page_calls(tx, {}, requests.CALLS.order())).items == []
        [call] = await town.calls()
        with pytest.raises(requests.CallNotFound):
            await requests.get_story(tx, call["id"])


async def test_the_writer_can_change_nothing_of_what_was_asked_or_answered(town: Town) -> None:
    await town.say()
    connection = await asyncpg.connect(town.superuser_url)
    try:
        for statement in (
            "UPDATE store.llm_requests SET prompt = 'x'",
            "UPDATE store.llm_requests SET tenant_id = gen_random_uuid()",
            "DELETE FROM store.llm_requests",
            "UPDATE store.llm_responses SET content = 'x'",
            "INSERT INTO store.llm_responses (digest) VALUES ('')",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with connection.transaction():
                    await connection.execute("SET LOCAL ROLE guildhall_writer")
                    await connection.execute(statement)
    finally:
        await connection.close()
