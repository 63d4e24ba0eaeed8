"""`guildhall debate` and `debates`, with models that say what the test tells them to."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from fixtures.command_line import Command, Printed
from fixtures.database import run_sql
from fixtures.models import Reply, Request, ScriptedServer, refuses, says

Run = Callable[..., Any]


def brain(**thoughts: Any) -> Callable[[Request], Reply]:
    """Models by name: what each says alone, and what it says once it has heard the others."""

    def answer(request: Request) -> Reply:
        heard = "<other_participants>" in request.body["messages"][-1]["content"]
        alone, after = thoughts[request.body["model"]]
        said = after if heard else alone
        if isinstance(said, Reply):
            return said
        return says(
            json.dumps(
                said if isinstance(said, Mapping) else {"position": said, "argument": f"{said}!", "confidence": 0.6}
            )
        )

    return answer


@pytest.fixture
def debate(guildhall: Command, model_server: ScriptedServer) -> Run:
    async def run(*arguments: object, expect: int = 0, **variables: Any) -> Printed:
        url = f"{model_server.url}/v1"
        return await asyncio.to_thread(guildhall, "debate", *arguments, "--base-url", url, expect=expect, **variables)

    return run


async def test_models_answer_alone_argue_and_vote(
    debate: Run, guildhall: Command, model_server: ScriptedServer, administrator_url: str
) -> None:
    think = brain(ann=("no", "no"), bob=("No.", "yes"), cid=("yes", "yes"), sam=("", "They differ on x."))
    model_server.will(*[think] * 20)
    held = await debate("Shall we?", "--models", "ann,bob,cid:1.5", "--position", "yes", "--position", "no", "--json")
    record = held.json
    result = record["debate"]["metadata"]["result"]
    # Alone: no has 2 of 3.5. After the debate bob is for yes: 2.5 of 3.5.
    assert (result["plain"]["winners"], result["final"]["winners"], result["changed"]) == (["no"], ["yes"], True)
    assert record["debate"]["final_winner"] == "yes"
    assert record["debate"]["status"] == "completed"
    assert [(each["round_number"], each["participant_id"], each["position"]) for each in record["turns"]] == [
        (0, "ann", "no"), (0, "bob", "no"), (0, "cid", "yes"), (1, "ann", "no"), (1, "bob", "yes"), (1, "cid", "yes"),
    ]  # fmt: skip
    assert {each["tokens_used"] for each in record["turns"]} == {120}
    assert len(record["ballots"]) == 6
    # Nobody sees who said what, nor anything before all have answered.
    assert all("<other_participants>" not in each.body["messages"][-1]["content"] for each in model_server.requests[:3])
    told = model_server.requests[3].body["messages"][-1]["content"]
    assert '"participant": "' in told
    assert "bob" not in told
    debate_id = record["debate"]["id"]
    assert guildhall("debates", "recount", debate_id).out.endswith("The record says the same.\n")
    assert guildhall("debates", "list", "--json").json[0]["id"] == debate_id
    shown = guildhall("debates", "show", debate_id[:20]).out
    assert "The debate changed the outcome: the first answers gave no." in shown
    assert "round 1      bob  yes" in shown
    run_sql(
        administrator_url,
        "UPDATE gateway.debate_sessions SET metadata = jsonb_set(metadata, '{result,final,winners}', '[\"no\"]')",
    )
    assert "something else" in guildhall("debates", "recount", debate_id, expect=1).out


async def test_a_clear_first_vote_needs_no_debate_and_free_answers_are_positions(
    debate: Run, model_server: ScriptedServer
) -> None:
    model_server.will(*[brain(m=("1,000", "5"))] * 3, *[brain(m=(says("no idea"), "7"))])
    held = await debate("How many?", "--models", "m,m,m,m", "--when-below", "0.5", "--json")
    result = held.json["debate"]["metadata"]["result"]
    assert (result["stopped"], result["rounds_held"], result["plain"]["lead"]) == ("clear", 0, 1.0)
    assert held.json["debate"]["final_winner"] == "1,000"
    assert [each["participant_id"] for each in held.json["turns"]] == ["m", "m #2", "m #3", "m #4"]
    assert sorted(each["position"] for each in held.json["turns"]) == ["", "1,000", "1,000", "1,000"]
    assert len(model_server.requests) == 4


async def test_rankings_are_voted_on_with_a_moderator_between_rounds(debate: Run, model_server: ScriptedServer) -> None:
    def ranks(*order: str) -> dict[str, Any]:
        return {"position": order[0], "ranking": list(order), "argument": "so"}

    think = brain(
        ann=(ranks("a", "b", "c"), ranks("a", "b", "c")),
        bob=(ranks("b", "c", "a"), ranks("c", "b", "a")),
        cid=(ranks("c", "b", "a"), ranks("b", "a", "c")),
        sam=("", ""),
    )
    moderate = says("It turns on one thing.")
    model_server.will(*[lambda request: moderate if request.body["model"] == "sam" else think(request)] * 12)
    options = [word for position in "abc" for word in ("--position", position)]
    held = await debate(
        "Which?", "--models", "ann,bob,cid", *options, "--method", "condorcet", "--rounds", "2", "--moderator", "sam",
        "--in-turn", "--json",
    )  # fmt: skip
    record = held.json
    assert record["debate"]["final_winner"] == "b"
    assert record["debate"]["metadata"]["result"]["stopped"] == "converged"
    assert [each["participant_id"] for each in record["turns"]][:8] == [
        "ann",
        "bob",
        "cid",
        "ann",
        "bob",
        "cid",
        "moderator",
        "bob",
    ]
    last = model_server.requests[-1].body["messages"][-1]["content"]
    assert "It turns on one thing." in last
    # In turn: who speaks later in a round hears what was said earlier in it.
    second = [each for each in model_server.requests if each.body["model"] == "bob"][1]
    assert '"position": "a"' in second.body["messages"][-1]["content"]


async def test_a_debate_about_a_commit_shows_its_diff_and_its_tests(
    debate: Run, model_server: ScriptedServer, tmp_path: Path
) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()

    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=repository, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "-q")
    (repository / "shop.py").write_text("LIMIT = 3\n")
    git("add", ".")
    git("commit", "-qm", "Set a limit")
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite><testcase name="a"/><testcase classname="t" name="b"><failure/></testcase></testsuite></testsuites>'
    )
    model_server.will(*[brain(m=("keep", "keep"))] * 2)
    held = await debate("Keep it?", "--models", "m,m", "--commit", "HEAD", "--junit", report, "--json", cwd=repository)
    [code] = held.json["code_versions"]
    assert code["version_hash"] == git("rev-parse", "HEAD")
    assert (code["branch"], code["commit_message"], code["files_changed"]) == ("main", "Set a limit", ["shop.py"])
    assert (code["validation_status"], code["test_results"]["failures"]) == ("failed", ["t::b"])
    assert "+LIMIT = 3" in model_server.requests[0].body["messages"][-1]["content"]
    refused = await debate("?", "--models", "m,m", "--commit", "nowhere", expect=2, cwd=repository)
    assert "the commit 'nowhere' cannot be read" in refused.err
    report.write_text("<testsuite>")
    assert (
        "is no JUnit report"
        in (await debate("?", "--models", "m,m", "--commit", "HEAD", "--junit", report, expect=2, cwd=repository)).err
    )


async def test_who_does_not_answer_does_not_vote_and_silence_of_all_is_said(
    debate: Run, guildhall: Command, model_server: ScriptedServer
) -> None:
    think = brain(ann=("x", "x"), bob=(refuses(400, "no such model"), refuses(400)))
    model_server.will(*[think] * 4)
    held = await debate("?", "--models", "ann,bob", "--json")
    assert held.json["debate"]["final_winner"] == "x"
    assert [each["ranking"] for each in held.json["ballots"] if each["participant_id"] == "bob"] == [[], []]
    model_server.will(*[brain(ann=(says("hm"), ""), bob=(refuses(404, "gone"), ""))] * 2)
    refused = await debate("Still?", "--models", "ann,bob", "--json", expect=3)
    assert refused.json["error"]["code"] == "nobody_answered"
    assert set(refused.json["error"]["details"]["reasons"]) == {"ann", "bob"}
    newest = guildhall("debates", "list", "--json").json[0]
    assert (newest["topic"], newest["status"], newest["final_winner"]) == ("Still?", "cancelled", None)
    shown = guildhall("debates", "show", newest["id"]).out
    assert "called off: nobody took a position" in shown
    assert "hm" in shown


async def test_a_round_in_which_nobody_answers_is_no_agreement(debate: Run, model_server: ScriptedServer) -> None:
    away = refuses(400, "no such model")
    model_server.will(*[brain(ann=("x", away), bob=("y", away))] * 4)
    held = await debate("?", "--models", "ann,bob", "--rounds", "3", "--json")
    result = held.json["debate"]["metadata"]["result"]
    assert (result["stopped"], result["rounds_held"], result["final"]["winners"]) == ("silent", 1, ["x", "y"])


async def test_a_moderator_is_asked_for_words(debate: Run, model_server: ScriptedServer) -> None:
    think = brain(ann=("x", "y"), bob=("y", "x"))
    model_server.will(*[lambda request: says("So.") if request.body["model"] == "sam" else think(request)] * 7)
    await debate("?", "--models", "ann,bob", "--rounds", "2", "--moderator", "sam", "--json")
    formats = {each.body["model"]: each.body.get("response_format") for each in model_server.requests}
    assert formats == {"ann": {"type": "json_object"}, "bob": {"type": "json_object"}, "sam": None}


def test_what_makes_no_sense_is_refused_before_anybody_is_asked(guildhall: Command) -> None:
    url = "http://127.0.0.1:9/v1"

    def refused(*arguments: object) -> str:
        return guildhall("debate", *arguments, "--base-url", url, expect=2).err

    assert "a debate's participants is 1" in refused("?", "--models", "m")
    assert "a debate's method is 'coin', expected one of weighted, majority, borda, condorcet" in refused(
        "?", "--models", "m,m", "--method", "coin"
    )
    assert "such as gpt-5,o4:2" in refused("?", "--models", "m,,m")
    assert "Add --commit" in refused("?", "--models", "m,m", "--junit", "x.xml")
    assert guildhall("debates", "list").out == "no debates\n"
    assert "there is no debate 'f00'" in guildhall("debates", "show", "f00", expect=2).err
    assert "expected one of pending" in guildhall("debates", "list", "--status", "x", expect=2).err
