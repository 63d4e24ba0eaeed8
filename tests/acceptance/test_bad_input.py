"""What cannot be used is refused with a reason, and what was done before is kept."""

from __future__ import annotations

import json
import random
from pathlib import Path

from fixtures.agents import Project
from fixtures.command_line import Command


def test_a_key_that_looks_misspelt_is_kept_and_warned_of(guildhall: Command, project: Project) -> None:
    project.agent.write_text(project.agent.read_text() + "sytem_prompt: Add\n")
    warned = guildhall("config", "save", project.agent)
    assert 'agent.yaml:9: "sytem_prompt" is not a key of agent.yaml' in warned.err
    assert 'Did you mean "system_prompt"?' in warned.err


def test_line_endings_and_byte_order_marks_of_other_systems_are_no_mistakes(
    guildhall: Command, project: Project
) -> None:
    for file in (project.agent, project.scenarios):
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert guildhall("eval", "run", project.agent, project.scenarios, "--json").json["pass_rate"] == 0.6


def test_what_earlier_runs_recorded_is_kept_whatever_comes_after(guildhall: Command, project: Project) -> None:
    guildhall("eval", "run", project.agent, project.scenarios)
    kept = guildhall("eval", "report", "@latest", "--json").json
    assert kept["outcomes"] == 10
    project.agent.write_text("model: [\n")
    guildhall("eval", "run", project.agent, project.scenarios, expect=2)
    assert guildhall("eval", "report", "@latest", "--json").json == kept
    assert guildhall("config", "list", "--json").json[0]["versions"] == 1


LOGS = {
    "a log that was cut off": b'[{"task_id": 0, "reward": 1.0, "info": {"task": {"user',
    "a foreign document": json.dumps({"results": [{"id": 1, "score": 0.5}]}).encode(),
    "a foreign list": json.dumps([{"id": 1, "score": 0.5}]).encode(),
    "random bytes": random.Random(5).randbytes(4096),
    "a compressed log that was cut off": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56\x2a",
    "nothing": b"",
}


def test_a_log_that_cannot_be_imported_is_refused_and_leaves_nothing(guildhall: Command, tmp_path: Path) -> None:
    for name, content in LOGS.items():
        file = tmp_path / f"{name}.json"
        file.write_bytes(content)
        error = guildhall("eval", "import", file, "--json", expect=2).json["error"]
        assert file.name in error["message"], name
        assert Path(error["details"]["file"]).name == file.name, name
        assert error["remedy"], name
    assert guildhall("eval", "list", "--json").json == guildhall("scenario", "list", "--json").json == []


def test_a_run_of_which_nothing_was_scored_has_no_score(guildhall: Command, project: Project) -> None:
    report = guildhall("eval", "run", project.agent, project.scenarios, "--max-time", 0, "--json").json
    assert (report["status"], report["outcomes"], report["pass_rate"]) == ("cancelled", 0, None)
    assert guildhall("eval", "list", "--json").json[0]["overall_score"] is None


def test_a_function_that_is_not_there_fails_the_simulation_at_once(guildhall: Command, project: Project) -> None:
    project.agent.write_text(project.agent.read_text().replace("agent:answer", "agent:answr"))
    refused = guildhall("eval", "run", project.agent, project.scenarios, expect=2)
    assert "'agent:answr' cannot be loaded: 'agent' has no 'answr' (agent.py)" in refused.err
    assert "answer" in refused.err.splitlines()[-1]
    assert "resume" not in refused.err
    assert guildhall("eval", "list", "--json").json[0]["status"] == "failed"


def test_what_was_saved_but_never_run_is_told_from_what_is_not_there(guildhall: Command, project: Project) -> None:
    guildhall("config", "save", project.agent)
    assert "adder@v1 has not been run" in guildhall("eval", "report", "adder", expect=2).err
    assert "there is no simulation 'adder@v2'" in guildhall("eval", "report", "adder@v2", expect=2).err
