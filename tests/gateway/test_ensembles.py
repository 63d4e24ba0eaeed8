"""Ensembles through the gateway: votes with known right answers, what is recorded of them, and what it costs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import anthropic
import openai
import pytest
from aiohttp import web

from fixtures.gateways import PRICES, Town
from fixtures.upstreams import ScriptedUpstream
from guildhall.domains.gateway import ensembles, providers, requests

LOOPBACK = providers.read_networks(["127.0.0.0/8"])
PER_ANSWER = Decimal("0.022")
"""What an answer of the scripted provider costs by `PRICES`."""


def judging(said: Callable[[list[dict[str, str]]], Any]) -> Any:
    """A judge that is shown the answers, and says what `said` makes of them."""

    async def answer(request: web.Request, body: dict[str, Any]) -> web.Response:
        turn = body["messages"][-1]["content"]
        shown = json.loads(turn.partition("<answers>\n")[2].partition("\n</answers>")[0])
        text = json.dumps(said(shown))
        usage = {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        return web.json_response(
            {"id": "j", "object": "chat.completion", "model": "j", "choices": [choice], "usage": usage}
        )

    return answer


def letter(shown: list[dict[str, str]], answer: str) -> str:
    """Under which letter an answer was shown."""
    return next(each["letter"] for each in shown if each["answer"] == answer)


def gated(provider: ScriptedUpstream, text: str) -> Any:
    """A provider's answer that waits for the gate."""

    async def answer(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        await provider.gate.wait()
        events, whole = provider._said(request.path, "m", text, body)
        return await provider._stream(request, events, half=False) if body.get("stream") else web.json_response(whole)

    return answer


async def ask(town: Town, config: dict[str, Any], model: str = "say-x", **given: Any) -> Any:
    return await town.say(model, extra_body={"ensemble_config": config}, **given)


async def record(town: Town, number: int = -1) -> ensembles.Record:
    """The vote on the newest call, recounted: it must come out as it is recorded."""
    call = (await town.calls())[number]
    async with town.database.transaction(town.actor) as tx:
        found = await ensembles.get_record(tx, call["id"])
    assert ensembles.recount(found)[1] == []
    return found


PRICED = dict.fromkeys(("say-yes", "say-Yes.", "say-no", "say-maybe", "say-x", "judge"), PRICES)


@pytest.fixture
async def priced(town: Town) -> Town:
    """The town with an account whose prices are known."""
    await town.add("dear", prices=PRICED, config={"models": list(PRICED)})
    return town


async def test_votes_are_counted_kept_and_counted_again(priced: Town) -> None:
    """Five kinds of votes whose right outcome is known, one after the other; each is in the ledger with its sum."""
    town, provider = priced, priced.provider
    members = ["say-no", "say-yes", "say-Yes."]
    answer = await ask(town, {"strategy": "majority", "members": members, "early_exit": False})
    assert answer.choices[0].message.content == "yes"
    [call] = await town.calls()
    assert (call["status"], call["provider_name"], call["tokens_prompt"]) == ("completed", "ensemble", 36)
    config = json.loads(call["ensemble_config"])
    assert [each["name"] for each in config["members"]] == members
    assert "ensemble_config" not in json.loads(call["model_params"])
    answers = await town.answers()
    assert [(each["content"], each["selected"]) for each in answers].count(("yes", True)) == 1
    assert sum(each["selected"] for each in answers) == 1
    assert next(each["confidence"] for each in answers if each["selected"]) == Decimal("0.6667")
    assert all("ensemble_config" not in body for _, _, body in provider.asked)
    held = await record(town)
    assert (held.vote.stopped, len(held.vote.winners), len(held.ballots)) == ("all_in", 1, 3)

    heavy = [{"model": "say-no", "weight": 3}, "say-yes", {"model": "say-maybe", "weight": 0.5}]
    answer = await ask(town, {"strategy": "weighted", "members": heavy, "early_exit": False})
    assert answer.choices[0].message.content == "no"
    assert (await town.calls())[-1]["cost_usd"] == 3 * PER_ANSWER
    held = await record(town)
    assert (held.vote.confidence, held.vote.winners, len(held.vote.others["plurality"])) == (
        *(Decimal("0.6667"), [held.vote.winner]),
        3,
    )

    # Members answer apart, then rank: no and yes have one first place less each than maybe has seconds.
    for strategy, winner in (("condorcet", "maybe"), ("borda", "maybe")):
        three = ["say-no", "say-yes", "say-maybe"]
        for model, order in (
            ("say-no", ["no", "maybe", "yes"]),
            ("say-yes", ["yes", "maybe", "no"]),
            ("say-maybe", ["maybe", "no", "yes"]),
        ):
            ranks = judging(lambda shown, order=order: {"ranking": [letter(shown, each) for each in order]})
            provider.script[model].extend([gated(provider, model[4:]), ranks])
        provider.gate.set()
        answer = await ask(town, {"strategy": strategy, "members": three, "early_exit": False})
        assert answer.choices[0].message.content == winner
        held = await record(town)
        assert [each.layer for each in held.ballots] == [1, 1, 1, 2, 2, 2]
        assert (await town.calls())[-1]["cost_usd"] == 6 * PER_ANSWER

    provider.script["judge"].append(judging(lambda shown: {"choice": letter(shown, "no")}))
    answer = await ask(town, {"strategy": "judge", "members": members, "judge": "judge"})
    assert answer.choices[0].message.content == "no"
    held = await record(town)
    assert (held.vote.rule, held.vote.confidence, held.ballots[-1].voter) == ("pick", Decimal("0.3333"), "judge")

    grades = judging(lambda shown: {"grades": {each["letter"]: 9 if each["answer"] == "no" else 2 for each in shown}})
    provider.script["judge"].append(grades)
    answer = await ask(town, {"strategy": "best_of_n", "members": members, "judge": "judge"})
    assert answer.choices[0].message.content == "no"
    assert (await record(town)).vote.confidence == Decimal("0.9")
    answer = await ask(town, {"strategy": "best_of_n", "members": members, "scorer": {"contains": "o"}})
    assert answer.choices[0].message.content == "no"

    for each in ("4 or 5: 5", "so it is 5.0", "4"):
        provider.script["say-x"].append(gated(provider, each))
    answer = await ask(town, {"strategy": "self_consistency", "n": 3, "answer": "number", "early_exit": False})
    assert answer.choices[0].message.content in ("4 or 5: 5", "so it is 5.0")
    held = await record(town)
    assert (held.vote.confidence, held.ballots[0].voter, held.ballots[2].voter) == (
        Decimal("0.6667"),
        "say-x",
        "say-x #3",
    )
    for call in await town.calls():
        [sums] = await town.sql(
            "SELECT sum(cost_usd) AS cost FROM store.llm_responses WHERE request_id = $1", call["id"]
        )
        assert sums["cost"] == call["cost_usd"]


async def test_streams_are_streams_in_every_api(town: Town) -> None:
    """A vote streams the answer that was selected, once it is; what a judge writes is streamed as it comes."""
    provider = town.provider
    config = {"strategy": "majority", "members": ["say-no", "say-oh_yes", "say-Oh_yes."]}
    async with town.database.transaction(town.actor) as tx:
        await ensembles.add_ensemble(tx, "three", config)
        await ensembles.add_ensemble(
            tx, "wise", {"strategy": "synthesis", "members": ["say-no", "say-yes"], "judge": "say-so_it_is"}
        )
        mixed = {"strategy": "mixture", "members": ["say-no", "say-yes"], "layers": 2, "judge": "say-so_it_is"}
        await ensembles.add_ensemble(tx, "mixed", mixed)
    for name, said in (("three", "oh yes"), ("wise", "so it is"), ("mixed", "so it is")):
        stream = await town.say(f"ensemble/{name}", stream=True, stream_options={"include_usage": True})
        chunks = [each async for each in stream]
        assert "".join(each.choices[0].delta.content or "" for each in chunks if each.choices) == said
        assert chunks[-1].usage.total_tokens == 17
        await town.until_settled()
        held = await record(town)
        assert held.vote.ensemble == name
        message = {"role": "user", "content": "hi"}
        async with town.anthropic().messages.stream(
            model=f"ensemble/{name}", max_tokens=20, messages=[message]
        ) as events:
            assert await events.get_final_text() == said
        answer = await town.openai().responses.create(model=f"ensemble/{name}", input="hi")
        assert answer.output_text == said
    asked = [body for _, _, body in provider.asked if body["model"] == "say-so_it_is"]
    assert len(asked) == 6
    shown = asked[0]["messages"][-1]["content"]
    assert '"answer": "no"' in shown
    assert '"answer": "yes"' in shown
    mixture = list((await record(town, -3)).ballots)
    assert [(each.layer, each.voter) for each in mixture] == [
        (1, "say-no"), (1, "say-yes"), (2, "say-no"), (2, "say-yes"), (3, "judge")
    ]  # fmt: skip
    assert {each.id for each in (await town.openai().models.list()).data} >= {"ensemble/three", "ensemble/mixed"}


async def test_tools_and_their_calls_are_voted_on(town: Town) -> None:
    """Members are told the tools as they came; calls are equal by what they call with, however that is written."""

    def calls(arguments: str) -> Any:
        async def answer(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
            assert body["tools"][0]["function"]["name"] == "weather"
            call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": arguments}}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            head = {"id": "up", "model": "m", "usage": usage}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
            if not body.get("stream"):
                choice = {"index": 0, "finish_reason": "tool_calls", "message": message}
                return web.json_response({**head, "object": "chat.completion", "choices": [choice]})
            pieces = [{"index": 0, **call}, {"index": 0, "function": {"arguments": " "}}]
            parts = [{"index": 0, "delta": {"tool_calls": [each]}, "finish_reason": None} for each in pieces]
            parts.append({"index": 0, "delta": {}, "finish_reason": "tool_calls"})
            events = [json.dumps({**head, "object": "chat.completion.chunk", "choices": [each]}) for each in parts]
            return await town.provider._stream(request, [f"data: {e}\n\n" for e in [*events, "[DONE]"]], half=False)

        return answer

    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    config = {"strategy": "majority", "members": ["a", "b", "c"], "early_exit": False}
    for streamed in (False, True):
        for name, arguments in (
            ("a", '{"city": "Rome"}'),
            ("b", '{"city":"Oslo","days":2.0}'),
            ("c", '{"days":2, "city": "Oslo"}'),
        ):
            town.provider.script[name].append(calls(arguments))
        answer = await ask(town, config, tools=[tool], stream=streamed)
        if streamed:
            chunks = [each async for each in answer]
            said = "".join(c.function.arguments for e in chunks for c in e.choices[0].delta.tool_calls or ())
        else:
            said = answer.choices[0].message.tool_calls[0].function.arguments
        assert json.loads(said) == {"city": "Oslo", "days": 2}
        assert (await record(town)).vote.confidence == Decimal("0.6667")


async def test_a_vote_that_is_decided_waits_for_nobody_and_pays_for_all(priced: Town) -> None:
    """The caller is answered when two of three agree; the third is heard out, and budget and ledger hold the sum."""
    town = priced
    await town.budget(limit_usd=Decimal(100))
    await town.budget("of one member", limit_usd=Decimal(100), model="say-yes")
    town.provider.script["say-no"].append(gated(town.provider, "no"))
    config = {"strategy": "majority", "members": ["say-no", "say-yes", "say-Yes."], "quorum": 2}
    answer = await asyncio.wait_for(ask(town, config, max_tokens=10), 10)
    assert answer.choices[0].message.content == "yes"
    [call] = await town.calls()
    assert call["status"] == "running"  # somebody is still answering
    held = {each.name: each.reserved_usd for each in await town.budgets()}
    assert held["team"] == call["reserved_usd"] > 3 * PER_ANSWER
    assert held["of one member"] == held["team"] / 3
    held = await record(town)
    assert (held.vote.stopped, held.vote.confidence, len(held.ballots)) == ("decided", Decimal(1), 2)
    town.provider.gate.set()
    await town.until_settled()
    [call] = await town.calls()
    assert (call["status"], call["cost_usd"], call["tokens_prompt"]) == ("completed", 3 * PER_ANSWER, 36)
    assert {each.name: (each.spent_usd, each.reserved_usd) for each in await town.budgets()} == {
        "team": (3 * PER_ANSWER, 0),
        "of one member": (PER_ANSWER, 0),
    }
    late = (await record(town)).ballots[0]
    assert (late.voter, late.state, late.response_id is None) == ("say-no", "late", False)
    # asked one after the other, the rest is not asked at all
    town.provider.asked.clear()
    await ask(town, {"strategy": "majority", "members": ["say-yes"] * 5, "at_once": 1}, max_tokens=10)
    assert len(town.provider.asked) == 3


async def test_a_budget_covers_all_members_before_anything_is_sent(priced: Town) -> None:
    await priced.budget(limit_usd=Decimal("1.5"))
    config = {"strategy": "majority", "members": ["say-yes", "say-no"]}
    with pytest.raises(openai.RateLimitError) as refused:
        await ask(priced, config, max_tokens=400)  # each may cost 0.8 and its prompt
    assert refused.value.code == "budget_exhausted"
    assert priced.provider.asked == []
    await ask(priced, {"strategy": "majority", "members": ["say-yes"]}, max_tokens=400)


async def test_a_budget_of_one_model_is_asked_for_that_model_s_part_alone(priced: Town) -> None:
    """What the others may cost, or that nobody knows it, is not its business; what was lost is charged in the same parts."""
    await priced.budget("of one", limit_usd=Decimal(1), model="say-yes")
    await priced.budget("of all", limit_usd=Decimal(100), is_hard=False)
    config = {"strategy": "majority", "members": ["say-yes", "say-no", "say-NO"], "early_exit": False}
    priced.provider.script["say-NO"].append(gated(priced.provider, "no"))
    call = asyncio.create_task(ask(priced, config, max_tokens=400))
    while not await priced.answers():
        await asyncio.sleep(0)
    held = {each.name: each.reserved_usd for each in await priced.budgets()}
    assert Decimal("0.8") < held["of one"] < 1
    assert held["of all"] == 0  # as nobody knows what all of it may cost
    priced.provider.gate.set()
    assert (await call).choices[0].message.content == "no"
    await priced.until_settled()
    left = {each.name: (each.spent_usd, each.reserved_usd) for each in await priced.budgets()}
    assert (left["of one"], left["of all"]) == ((PER_ANSWER, 0), (2 * PER_ANSWER, 0))
    with pytest.raises(openai.RateLimitError, match=r"'of one' has .* may cost 1\.7"):
        await ask(priced, {**config, "members": ["say-yes", "say-yes"]}, max_tokens=400)

    priced.provider.gate.clear()
    priced.provider.script["say-NO"].append(gated(priced.provider, "no"))
    call = asyncio.create_task(ask(priced, config, max_tokens=400))
    while len(await priced.answers()) < 5:
        await asyncio.sleep(0)
    async with priced.database.duty("writer") as tx:
        await requests.close_lost(tx, priced.gateway.ledger.process_id)
    lost = {each.name: (each.spent_usd, each.reserved_usd) for each in await priced.budgets()}
    assert (lost["of one"], lost["of all"]) == ((PER_ANSWER + held["of one"], 0), (2 * PER_ANSWER, 0))
    priced.provider.gate.set()
    await call


async def test_deadlines_quorums_and_failures(town: Town) -> None:
    """Who fails does not vote and is recorded; with a quorum the rest decides, without one nobody does."""
    some = ["hang", "say-yes", "fail-404"]
    config = {"strategy": "majority", "members": some, "deadline_s": 2.0}
    answer = await ask(town, config)
    assert answer.choices[0].message.content == "yes"
    held = await record(town)
    states = {each.voter: (each.state, each.error_code) for each in held.ballots}
    assert states == {"say-yes": ("cast", None), "fail-404": ("failed", "upstream_refused")}
    assert held.vote.stopped == "deadline"
    with pytest.raises(openai.APIStatusError) as missed:
        await ask(town, {**config, "quorum": 2, "deadline_s": 0.05})
    assert (missed.value.status_code, missed.value.code) == (504, "quorum_missed")
    with pytest.raises(openai.APIStatusError) as missed:
        await ask(town, {"strategy": "majority", "members": some[1:], "quorum": 2})
    assert (missed.value.status_code, missed.value.code) == (502, "quorum_missed")
    for members, status in ((["fail-400", "fail-400"], 400), (["fail-500", "fail-503"], 502), (["fail-429"], 429)):
        with pytest.raises(openai.APIStatusError) as failed:
            await ask(town, {"strategy": "majority", "members": members})
        assert (failed.value.status_code, failed.value.code) == (status, "ensemble_failed")
        assert members[0] in str(failed.value)
    town.provider.gate.set()
    await town.until_settled()
    calls = await town.calls()
    assert [each["error_code"] for each in calls][1:] == ["quorum_missed"] * 2 + ["ensemble_failed"] * 3
    held = await record(town)
    assert (held.vote.winner, held.vote.selected_id, held.ballots[0].error_code) == (
        None,
        None,
        "upstream_rate_limited",
    )
    # a judge who fails leaves the vote to the members, and the answer says so
    raw = await town.openai().chat.completions.with_raw_response.create(
        model="x",
        messages=[{"role": "user", "content": "hi"}],
        extra_body={
            "ensemble_config": {"strategy": "synthesis", "members": ["say-yes", "say-no", "say-no"], "judge": "garbage"}
        },
    )
    assert raw.parse().choices[0].message.content == "no"
    assert raw.headers["x-guildhall-fallback"] == "upstream_unavailable"
    held = await record(town)
    assert (held.vote.rule, held.vote.fallback) == ("plurality", "upstream_unavailable")


@pytest.mark.parametrize(
    ("model", "config", "status", "says"),
    [
        ("ensemble/thre", None, 404, 'Did you mean "three"?'),
        ("x", {"strategy": "majorty", "members": ["a"]}, 400, 'Did you mean "majority"?'),
        ("x", {"strategy": "majority", "members": ["ensemble/three"]}, 400, "ensembles are not members"),
        ("x", {"strategy": "majority", "members": ["a", "b"], "quorum": 3}, 400, "from 1 to 2"),
        ("x", "majority", 400, "an object"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_on_record(
    town: Town, model: str, config: Any, status: int, says: str
) -> None:
    async with town.database.transaction(town.actor) as tx:
        await ensembles.add_ensemble(tx, "three", {"strategy": "majority", "members": ["a", "b", "c"]})
    with pytest.raises(openai.APIStatusError) as refused:
        await town.say(model, extra_body={} if config is None else {"ensemble_config": config})
    assert refused.value.status_code == status
    assert says in str(refused.value)
    [call] = await town.calls()
    assert (call["status"], call["model"]) == ("failed", model)
    assert town.provider.asked == []


async def test_where_ensembles_do_not_answer(town: Town) -> None:
    async with town.database.transaction(town.actor) as tx:
        await ensembles.add_ensemble(tx, "three", {"strategy": "majority", "members": ["a", "b", "c"]})
    with pytest.raises(openai.BadRequestError, match="ensembles answer chat completions"):
        await town.openai().embeddings.create(model="ensemble/three", input="hi")
    with pytest.raises(openai.BadRequestError, match="an ensemble gives one answer"):
        await town.say("ensemble/three", n=2)
    async with town.database.transaction(town.actor) as tx:
        await providers.change_account(tx, "upstream", None, networks=LOOPBACK, config={"models": ["gpt-5-mini"]})
    with pytest.raises(openai.NotFoundError, match='Did you mean "gpt-5-mini"'):
        await ask(town, {"strategy": "majority", "members": ["gpt-5-mini", "gpt-5-mni"]}, "gpt-5-mini")
    with pytest.raises(anthropic.NotFoundError, match="there is no ensemble"):
        await town.anthropic().messages.create(
            model="ensemble/four", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
        )


async def test_an_idempotency_key_answers_again_without_asking(town: Town) -> None:
    config = {"strategy": "majority", "members": ["say-yes", "say-yes"]}
    headers = {"Idempotency-Key": "k1"}
    first = await ask(town, config, extra_headers=headers)
    asked = len(town.provider.asked)
    again = await ask(town, config, extra_headers=headers)
    assert again.choices[0].message.content == first.choices[0].message.content
    assert len(town.provider.asked) == asked
    # A judge who fails leaves the key with the call, which others answer.
    wise = {"strategy": "synthesis", "members": ["say-yes", "say-no", "say-no"], "judge": "garbage"}
    for _ in range(2):
        answer = await ask(town, wise, extra_headers={"Idempotency-Key": "k2"})
        assert answer.choices[0].message.content == "no"
    assert len(town.provider.asked) == asked + 4


async def test_nothing_of_what_was_said_is_kept_where_one_account_keeps_nothing(town: Town) -> None:
    await town.add("quiet", config={"models": ["say-secret"], "record": "metadata"})
    config = {"strategy": "majority", "members": ["say-secret", "say-secret"], "early_exit": False}
    await ask(town, config, extra_headers={"Idempotency-Key": "k1"})
    written = {"strategy": "synthesis", "members": ["say-secret"], "judge": "say-so"}
    await ask(town, written, extra_headers={"Idempotency-Key": "k2"})
    for name, given in (("k1", config), ("k2", written)):
        with pytest.raises(openai.ConflictError) as refused:
            await ask(town, given, extra_headers={"Idempotency-Key": name})
        assert refused.value.code == "answer_not_kept"
    call = (await town.calls())[0]
    assert (call["prompt"], json.loads(call["messages"])) == ("", [])
    held = await record(town, 0)
    assert {each.answer_sha256 for each in held.ballots} == {None}
    async with town.database.transaction(town.actor) as tx:
        story = await requests.get_story(tx, UUID(str(call["id"])))
    assert "secret" not in json.dumps([each.content for each in story.responses])
