"""`guildhall failures` and `guildhall search`, as commands."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from uuid import uuid4

import pytest
from rich.text import Text

from fixtures.command_line import Command
from fixtures.trials import a_failure, make_record, simulation_in
from guildhall.app import clustering
from guildhall.app.wiring import App
from guildhall.cli.frame import Output
from guildhall.domains.evaluation import outcomes


@pytest.fixture
async def outcome_ids(app: App) -> list[str]:
    """Three trials that failed, two of them alike, in clusters."""
    simulation_id = await simulation_in(app.database, app.actor, trials=3)
    messages = ["the carrier did not answer about order 1", "the carrier did not answer about order 2", "judged rude"]
    records = [
        make_record(
            simulation_id,
            trial_number=number,
            passed=False,
            fault="agent",
            reliability_score=0.0,
            failures=(a_failure(error_message=message),),
        )
        for number, message in enumerate(messages, 1)
    ]
    async with app.transaction() as tx:
        await outcomes.record_trials(tx, records)
    await clustering.catch_up(app)
    return [str(each.outcome.outcome_id) for each in records]


async def test_clusters_are_listed_shown_named_analysed_and_resolved(
    outcome_ids: list[str], guildhall: Command, tmp_path: Path
) -> None:
    greater, lesser = sorted(guildhall("failures", "list", "--json").json, key=lambda each: -each["failures"])
    assert (greater["failures"], greater["pattern"]) == (2, "the carrier did not answer about order <n>")
    short = greater["cluster_id"][-6:]
    shown = guildhall("failures", "show", short, "--json").json
    assert {each["outcome_id"] for each in shown["exemplars"]} <= set(outcome_ids)
    assert [(each["scenario_id"], each["failures"]) for each in shown["scenarios"]] == [("scenario_1", 2)]
    assert [(each["failures"], each["trials"]) for each in shown["versions"]] == [(2, 3)]
    assert sum(each["failures"] for each in shown["days"]) == 2
    assert "× the carrier did not answer about order " in guildhall("failures", "show", short).out

    assert guildhall("failures", "name", short, "Carrier is silent", "--json").json["name"] == "Carrier is silent"
    guildhall("failures", "analyse", short, "It never asks twice.", "--evidence", outcome_ids[0])
    refused = guildhall("failures", "analyse", short, "x", "--evidence", outcome_ids[2], "--json", expect=2).json
    assert refused["error"]["code"] == "evidence_unknown"
    told = tmp_path / "analysis.json"
    told.write_text(json.dumps({"analysis": "It never asks twice.", "evidence": [outcome_ids[1]], "model": "m"}))
    analysed = guildhall("failures", "analyse", short, "--file", told, "--json").json
    assert analysed["llm_analysis"]["evidence"] == [outcome_ids[1]]
    seen = tmp_path / "seen.json"
    seen.write_text(json.dumps(shown))
    late = guildhall("failures", "analyse", short, "Something else.", "--seen", seen, "--json", expect=4).json
    assert late["error"]["code"] == "failure_cluster_changed"
    assert (
        guildhall("failures", "name", short, "x", "--seen", told, "--json", expect=2).json["error"]["details"]["field"]
        == "seen"
    )
    seen.write_text(json.dumps(analysed))
    guildhall("failures", "analyse", short, "It never asks twice.", "--seen", seen)
    assert "expected one of TEXT, --file and --clear" in guildhall("failures", "analyse", short, expect=2).err
    guildhall("failures", "resolve", short, "--steps", "Set retries: 2.")
    assert [each["cluster_id"] for each in guildhall("failures", "list", "--json").json] == [lesser["cluster_id"]]
    out = guildhall("failures", "show", short).out
    assert all(each in out for each in ("Carrier is silent", "resolved", "It never asks twice.", "Set retries: 2."))
    assert guildhall("failures", "resolve", short, "--reopen", "--json").json["state"] == "new"
    assert guildhall("failures", "analyse", short, "--clear", "--json").json["llm_analysis"] is None


def test_what_others_wrote_moves_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences colour, overwrite and retitle; where a terminal reads, nothing turns the direction of writing either."""
    said = "no\x1b]0;owned\x07 \x1b[2J\x9b31m\u202etxt.exe"
    Output().lines([said, Text.assemble((said, "bold"), " end")])
    Output().warn(said)
    found = "".join(capsys.readouterr())
    assert not {"\x1b", "\x9b", "\x07"} & set(found)
    assert (found.count("no␛]0;owned"), found.count("␛[2J\ufffd31m\u202etxt.exe")) == (3, 3)
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    with redirect_stdout(terminal):
        Output().lines([said])
    assert "␛[2J\ufffd31m\ufffdtxt.exe" in terminal.getvalue()


def test_what_there_is_none_of_is_said(guildhall: Command) -> None:
    assert guildhall("failures", "list").out == "no clusters of failures\n"
    assert guildhall("failures", "rates", "--json").json == []
    assert guildhall("failures", "days", "--json").json == []
    assert guildhall("failures", "recluster", "--json").json["loose"] == 0
    assert "there is no cluster of failures 'x'" in guildhall("failures", "show", "x", expect=2).err
    assert "expected agent, tool" in guildhall("failures", "list", "--fault", "nobody", expect=2).err
    assert guildhall("search", "anything").out == "nothing was found\n"
    assert guildhall("search", "--json", expect=2).json["error"]["code"] == "search_refused"
    assert guildhall("search", "--like", str(uuid4()), "--json", expect=2).json["error"]["code"] == "thing_not_found"


async def test_search_finds_by_words_and_by_likeness_with_filters(outcome_ids: list[str], guildhall: Command) -> None:
    found = guildhall("search", "carrier", "--json").json
    assert (found[0]["kind"], found[0]["has_words"]) == ("failure", True)
    cluster = found[0]["id"]
    assert guildhall("search", "--like", cluster, "--kind", "failure", "--json").json[0]["id"] == cluster
    scenario = guildhall("search", "Do what is asked", "--kind", "scenario", "--json").json
    assert [each["id"] for each in scenario] == ["scenario_1"]
    assert guildhall("search", "carrier", "--kind", "failure", "--fault", "tool", "--json").json == []
    assert guildhall("search", "carrier", "--kind", "failure", "--before", "2020-01-01", "--json").json == []
    alike = guildhall("search", "--like", outcome_ids[0], "--kind", "trajectory", "--failed", "--json").json
    assert alike == [] or {each["kind"] for each in alike} == {"trajectory"}
