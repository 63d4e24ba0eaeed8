"""From trials to an approved version, by commands alone; and a gate for CI."""

from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fixtures.command_line import Command
from guildhall import demo
from guildhall.cli.render.recommendations import calibration_lines
from guildhall.domains.evaluation.recommendations import Calibration


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for name in ("agent.v1.yaml", "agent.v2.yaml", "scenarios.yaml"):
        shutil.copy(demo.DIRECTORY / name, tmp_path / name)
    shutil.copytree(demo.DIRECTORY / "shop", tmp_path / "shop")
    return tmp_path


def test_from_trials_to_an_approved_version(guildhall: Command, shop: Path) -> None:
    guildhall("eval", "run", shop / "agent.v1.yaml", shop / "scenarios.yaml", "--trials", 3)
    run = guildhall("recommend", "run", "support-agent", "--json").json
    assert (run["session"]["status"], run["session"]["outcomes_analyzed"]) == ("completed", 36)
    retries = next(each for each in run["recommendations"] if each["reason"] == "retries")
    assert retries["patch"] == "params:\n  retries: 2\n"
    short = retries["recommendation_id"].replace("-", "")[-8:]

    assert short[-6:] in guildhall("recommend", "list").out
    shown = guildhall("recommend", "show", short).out
    assert "retries: 2" in shown
    accepted = guildhall("recommend", "accept", short)
    assert "-params: {retries: 0}" in accepted.out
    assert "+params: {retries: 2}" in accepted.out
    assert "support-agent@v1 -> support-agent@v2" in guildhall("config", "diffs").out
    proof = guildhall("recommend", "prove", short, "--trials", 1, "--json").json
    assert proof["scenarios"] == 12
    assert proof["predicted"] == retries["predicted"]
    assert "measured" in guildhall("recommend", "show", short).out
    assert "approved: support-agent@v2 is the latest" in guildhall("config", "approve", "support-agent@v2").out
    again = guildhall("config", "approve", "support-agent@v2", expect=4)
    assert "has been approved already" in again.err
    assert "retries: 2" in guildhall("config", "show", "support-agent", "--yaml").out
    assert guildhall("config", "diffs").out.strip() == "nothing waits for an approval"
    guildhall("recommend", "feedback", short, 5)
    (calibration,) = guildhall("recommend", "calibration", "--json").json
    assert (calibration["analyst"], calibration["proofs"], calibration["feedback_mean"]) == ("rules", 1, 5)
    guildhall("config", "rollback", "support-agent@v1", "--reason", "it was a test")
    assert "retries: 0" in guildhall("config", "show", "support-agent", "--yaml").out
    rule = guildhall("config", "rule", "support-agent", "--four-eyes", "--approvers", "admin", "--json").json
    assert rule == {
        "needed_for": "proposals", "approvers": "admin", "four_eyes": True, "needs_proof": False, "of": "configuration"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("bias", "said"),
    [
        (-0.004, "predicts neither too much nor too little"),
        (-0.02, "predicts 2 points too little"),
        (0.01, "predicts 1 point too much"),
    ],
)
def test_to_which_side_predictions_are_off_is_said_in_words(bias: float, said: str) -> None:
    found = Calibration("rules", 2, 0, bias, 0.02, 1.0, 0.22, None, 0)
    assert said in calibration_lines([found])[0]


def test_a_gate_is_open_for_the_better_and_closed_for_the_worse(guildhall: Command, shop: Path) -> None:
    guildhall("config", "save", shop / "agent.v1.yaml")
    guildhall(
        "eval", "run", shop / "agent.v2.yaml", shop / "scenarios.yaml", "--trials", 5, "--seed", 4, "--against", "@latest"
    )  # fmt: skip
    better = guildhall("eval", "gate", "support-agent@v1", "support-agent@v2", "--markdown", "summary.md")
    assert "gate open" in better.out
    worse = guildhall(
        "eval", "gate", "support-agent@v2", "support-agent@v1", "--junit", "gate.xml", "--markdown", "summary.md", expect=1
    )  # fmt: skip
    assert "gate closed" in worse.out
    root = ElementTree.parse(shop / "gate.xml").getroot()
    assert root.attrib["failures"] == "1"
    summary = (shop / "summary.md").read_text()
    assert summary.index("Gate open") < summary.index("Gate closed")


def test_a_loop_needs_an_agent_or_one_to_go_on_with(guildhall: Command) -> None:
    assert "AGENT.yaml is not given" in guildhall("improve", expect=2).err
    assert "there is no improvement 'ffff'" in guildhall("improve", "--resume", "ffff", expect=2).err
    assert "names no model" in guildhall("improve", "a.yaml", "b.yaml", "--analyst", "llm", expect=2).err
