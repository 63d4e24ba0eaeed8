"""
Files that cannot be used, and what a person is told: file, line, field and remedy.

No database is there in these tests: whoever has made a mistake is told so
before one is started.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fixtures.agents import Project
from fixtures.command_line import Command
from guildhall.settings import Settings

_AGENT = "name: adder\nmodel: rules\nruntime: python\nentrypoint: agent:answer\n"
_SCENARIO = "- scenario_id: {id}\n  name: A sum\n  task_prompt: What is 1 + 2?\n"
_GRADED = "  ground_truth: '3'\n  scorers: [exact]\n"


@dataclass(frozen=True)
class Mistake:
    """What is wrong in a file, and what has to be said about it."""

    content: str | bytes
    said: str
    remedy: str
    line: int | None = None
    field: str | None = None


def _bomb() -> str:
    """Ten levels of ten: 160 bytes a level that would be 10,000,000,000 values."""
    levels = ["a0: &a0 [" + ", ".join(["boom"] * 10) + "]"]
    levels += [f"a{level}: &a{level} [" + ", ".join([f"*a{level - 1}"] * 10) + "]" for level in range(1, 10)]
    return "\n".join(levels)


AGENTS = {
    "broken YAML": Mistake("model: [rules\ntemperature: 0\n", "this is no YAML", "brackets", line=2),
    "a tab": Mistake("model: rules\nlimits:\n\tmax_turns: 2\n", "this is no YAML", "spaces, not tabs", line=3),
    "missing keys": Mistake("name: adder\nruntime: python\nentrypoint: agent:answer\n", "model is missing", "", 1, "model"),
    "temperature 3": Mistake(_AGENT + "temperature: 3\n", "temperature is 3, expected a number from 0 to 2", "0.2", 5, "temperature"),
    "temperature warm": Mistake(
        _AGENT + "temperature: warm\n", 'temperature is "warm", expected a number from 0 to 2', "0.2", 5, "temperature"
    ),
    "a misspelt key": Mistake(
        _AGENT + "temprature: 0.2\n", "temperature is missing", 'Is it "temprature" in line 5?', 1, "temperature"
    ),
    "an empty file": Mistake("", "the file is empty", "guildhall init"),
    "only a comment": Mistake("# later\n", "the file is empty", "guildhall init"),
    "two megabytes": Mistake(
        _AGENT + "temperature: 0\nsystem_prompt: " + "a" * (2 << 20), "more than 1,048,576 bytes", "file://"
    ),
    "random bytes": Mistake(random.Random(3).randbytes(4096), "no UTF-8", "Save the file as UTF-8 text"),
    "a NUL byte": Mistake(_AGENT + "temperature: 0\0\n", "a NUL character", "Remove it", line=5),
    "a tag that runs code": Mistake(
        _AGENT + "temperature: !!python/object/apply:pathlib.Path.touch [!!python/object/new:pathlib.Path [PWNED]]\n",
        "is not allowed", "remove the tag", line=5,
    ),
    "an alias bomb": Mistake(_bomb(), "aliases add more than", "repeat less", line=5),
    "a list": Mistake("- 1\n- 2\n", "expected a mapping with at least model and temperature", "Begin with", line=1),
    "scenarios": Mistake(_SCENARIO.format(id="sum_0") + _GRADED, "scenarios, not an agent", "AGENT.yaml SCENARIOS", 1),
    "a function that is not there": Mistake(
        _AGENT.replace("agent:answer", "agnet:answer") + "temperature: 0\n", "agnet", "agent.py", 4, "entrypoint"
    ),
}  # fmt: skip

SCENARIOS = {
    "broken YAML": Mistake("- scenario_id: 'sum\n", "this is no YAML", "quotes", line=1),
    "capitals": Mistake(
        _SCENARIO.format(id="Sum_0") + _GRADED, 'scenario_id is "Sum_0"', "Write it as sum_0", 1, "[0].scenario_id"
    ),
    "a hyphen": Mistake(
        _SCENARIO.format(id="late-sum") + _GRADED, 'is "late-sum"', "Write it as late_sum", 1, "[0].scenario_id"
    ),
    "duplicate ids": Mistake(
        (_SCENARIO.format(id="sum_0") + _GRADED) * 2, 'scenario_id "sum_0" is used twice', "another id", line=6
    ),
    "missing keys": Mistake(
        "- scenario_id: sum_0\n  name: A sum\n" + _GRADED, "task_prompt is missing", "what the user says", 1, "[0].task_prompt"
    ),
    "no scorer": Mistake(_SCENARIO.format(id="sum_0"), "there is no scorer and no ground truth", "ground_truth", line=1),
    "an unknown scorer": Mistake(
        _SCENARIO.format(id="sum_0") + "  ground_truth: '3'\n  scorers: [exakt]\n", '"exakt"', '"exact"', line=5
    ),
    "an empty file": Mistake("", "the file is empty", "scenario_id"),
    "an empty list": Mistake("[]\n", "at least one scenario", "scenario_id", line=1),
    "random bytes": Mistake(random.Random(4).randbytes(4096), "no UTF-8", "Save the file as UTF-8 text"),
    "an agent": Mistake(_AGENT + "temperature: 0\n", "an agent, not scenarios", "AGENT.yaml SCENARIOS", line=1),
}  # fmt: skip


def _remedies(error: dict[str, Any]) -> str:
    """What to do; where there are several mistakes, each brings its own along."""
    each = [problem["remedy"] for problem in error["details"].get("problems", ())]
    remedies = [text for text in (error.get("remedy"), *each) if text]
    assert remedies
    return " ".join(remedies)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A database that is not there."""
    return Settings(database_url="postgresql://nobody@127.0.0.1:1/nowhere", data_dir=tmp_path / "data")


@pytest.fixture
def refuse(guildhall: Command, project: Project) -> Callable[[Path, Mistake], None]:
    """Run with a file that is wrong, and check everything that a person needs to be told."""

    def refuse(file: Path, mistake: Mistake) -> None:
        content = mistake.content
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        agent, scenarios = (file, project.scenarios) if "agent" in file.name else (project.agent, file)
        error = guildhall("eval", "run", agent, scenarios, "--json", expect=2).json["error"]
        assert mistake.said in error["message"]
        assert mistake.remedy in _remedies(error)
        assert Path(error["details"]["file"]).name == file.name
        assert file.name in error["message"]
        if mistake.line is not None:
            assert error["details"]["line"] == mistake.line
            assert f"{file.name}:{mistake.line}: " in error["message"]
        if mistake.field is not None:
            assert error["details"]["field"] == mistake.field
        assert not (project.folder / "PWNED").exists()

    return refuse


@pytest.mark.parametrize("mistake", AGENTS.values(), ids=AGENTS.keys())
def test_an_agent_that_cannot_be_used_is_refused_with_file_line_field_and_remedy(
    refuse: Callable[[Path, Mistake], None], project: Project, mistake: Mistake
) -> None:
    refuse(project.folder / "wrong.agent.yaml", mistake)


@pytest.mark.parametrize("mistake", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_scenarios_that_cannot_be_used_are_refused_with_file_line_field_and_remedy(
    refuse: Callable[[Path, Mistake], None], project: Project, mistake: Mistake
) -> None:
    refuse(project.folder / "wrong.yaml", mistake)


def test_every_mistake_is_told_at_once_a_line_each(guildhall: Command, project: Project) -> None:
    project.agent.write_text("name: a\nruntime: python\nmodel: ''\ntemperature: hot\nlimits: {max_turns: 0}\n")
    said = guildhall("config", "save", project.agent, expect=2).err.splitlines()
    for field, line in (("name", 1), ("entrypoint", 1), ("model", 3), ("temperature", 4), ("limits.max_turns", 5)):
        assert any(f"agent.yaml:{line}: {field} is " in each for each in said), (field, said)
