"""`guildhall gateway ensembles` and `requests recount`, as commands."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from fixtures.command_line import Command, Printed
from fixtures.gateways import Town

MEMBERS = [{"model": "say-a", "name": "good"}, {"model": "say-b", "name": "bad"}, {"model": "say-b", "name": "worse"}]
CALLS = 12


def test_an_ensemble_is_added_shown_changed_and_removed(guildhall: Command) -> None:
    ensembles = ("gateway", "ensembles")
    assert "no ensembles" in guildhall(*ensembles, "list").out
    made = guildhall(
        *(*ensembles, "add", "three", "--strategy", "weighted", "--member", "a:2", "--member", "org/b:free"),
        *("--member", "a:0.5", "--quorum", 2, "--deadline", 20, "--set", "answer=last_line", "--json"),
    ).json
    assert made["config"]["members"] == [{"model": "a", "weight": 2.0}, "org/b:free", {"model": "a", "weight": 0.5}]
    assert (made["config"]["answer"], made["config"]["quorum"]) == ("last_line", 2)
    refused = guildhall(*ensembles, "add", "other", "--strategy", "wighted", "--member", "a", expect=2)
    assert 'Did you mean "weighted"?' in refused.err
    assert (
        "there is an ensemble"
        in guildhall(*ensembles, "add", "three", "--strategy", "majority", "--member", "a", expect=4).err
    )
    changed = guildhall(
        *ensembles, "set", "ensemble/three", "--set", "quorum=null", "--strategy", "majority", "--json"
    ).json
    assert "quorum" not in changed["config"]
    shown = guildhall(*ensembles, "show", "three").out
    assert "a:2.0" in shown
    assert "expected from" not in shown
    assert "ensemble/three" in guildhall(*ensembles, "list").out
    assert "expected a whole number from 1 to 3" in guildhall(*ensembles, "set", "three", "--quorum", 4, expect=2).err
    assert 'Did you mean "three"?' in guildhall(*ensembles, "show", "thre", expect=2).err
    assert guildhall(*ensembles, "remove", "three").out == "removed ensemble/three\n"
    assert guildhall(*ensembles, "remove", "three", "--json", expect=2).json["error"]["code"] == "ensemble_not_found"


async def test_votes_are_recounted_and_teach_what_members_should_weigh(
    guildhall: Command, town: Town, tmp_path: Path
) -> None:
    """Ballots cannot be changed by the house, and by whoever gets past it not unseen; weights are set only when asked."""

    async def run(*arguments: Any, **more: Any) -> Printed:
        return await asyncio.to_thread(guildhall, "gateway", *arguments, **more)

    config = json.dumps(MEMBERS)
    await run(
        "ensembles", "add", "three", "--strategy", "majority", "--set", f"members={config}", "--set", "early_exit=false"
    )
    ids = []
    for _ in range(CALLS):
        answer = await town.openai().chat.completions.with_raw_response.create(
            model="ensemble/three", messages=[{"role": "user", "content": "which?"}]
        )
        assert answer.parse().choices[0].message.content == "b"
        assert answer.headers["x-guildhall-confidence"] == "0.6667"
        ids.append(answer.headers["x-request-id"])
    shown = (await run("requests", "show", ids[0])).out
    assert "majority by plurality" in shown
    assert "worse" in shown
    assert "The record says the same." in (await run("requests", "recount", ids[0])).out

    with pytest.raises(asyncpg.PostgresError):
        await town.sql("UPDATE store.ensemble_ballots SET option = 'A'")
    connection = await asyncpg.connect(town.superuser_url)
    await connection.execute("SET session_replication_role = replica")
    await connection.execute(
        """
        UPDATE store.ensemble_ballots AS bad
           SET option = good.option, answer_sha256 = good.answer_sha256
          FROM store.ensemble_ballots AS good
         WHERE bad.request_id = $1 AND good.request_id = $1 AND bad.voter = 'bad' AND good.voter = 'good'
        """,
        ids[1],
    )
    await connection.close()
    told = (await run("requests", "recount", ids[1], "--json", expect=1)).json
    assert told["agrees"] is False
    assert any("the winner is" in each for each in told["differences"])
    assert any("the answer of bad is not what its ballot says" in each for each in told["differences"])
    assert (
        "asked no ensemble" in (await run("requests", "recount", "00000000-0000-7000-8000-000000000009", expect=2)).err
    )

    right = tmp_path / "right.jsonl"
    named = [each for each in ids if each != ids[1]]
    right.write_text("\n".join(json.dumps({"request": each, "answer": "A."}) for each in named))
    learned = (await run("ensembles", "learn", "three", "--answers", right, "--json")).json
    assert (learned["cases"], learned["before"], learned["after"], learned["applied"]) == (
        CALLS - 1,
        0,
        CALLS - 1,
        False,
    )
    assert {each["name"]: each["weight"] > 0 for each in learned["members"]} == {
        "good": True,
        "bad": False,
        "worse": False,
    }
    assert (await run("ensembles", "show", "three", "--json")).json["config"]["strategy"] == "majority"
    assert "The weights are set." in (await run("ensembles", "learn", "three", "--answers", right, "--apply")).out
    assert (await town.say("ensemble/three")).choices[0].message.content == "a"
    right.write_text(json.dumps({named[0]: "a"}))
    assert "1 recorded votes" in (await run("ensembles", "learn", "three", "--answers", right, expect=2)).err
    right.write_text('{"x": "a"}')
    assert "is no id of a request" in (await run("ensembles", "learn", "three", "--answers", right, expect=2)).err
