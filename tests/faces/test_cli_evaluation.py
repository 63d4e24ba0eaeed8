"""`guildhall eval` from file to verdict."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from fixtures.agents import Project
from fixtures.command_line import Command, command_line
from fixtures.trials import make_simulation
from guildhall.app.wiring import App
from guildhall.domains.evaluation import simulations


def run(guildhall: Command, project: Project, *options: object):
    return guildhall("eval", "run", project.agent, project.scenarios, *options)


def test_an_agent_is_run_recorded_and_reported(guildhall: Command, project: Project) -> None:
    printed = run(guildhall, project, "--trials", 2)
    assert "adder@v1 · sums" in printed.out
    assert "10 scenarios × 2 trials = 20" in printed.out
    assert "60 %" in printed.out
    assert "Next: guildhall eval show" in printed.out

    report = guildhall("eval", "report", "@latest", "--json").json
    assert (report["scenarios"], report["trials"], report["outcomes"]) == (10, 20, 20)
    assert report["pass_rate"] == report["mean"] == 0.6
    low, high = report["interval"]
    assert low < 0.6 < high
    assert report["pass_hat_k"] == {"1": 0.6, "2": 0.6}
    assert report["pass_at_k"] == {"1": 0.6, "2": 0.6}
    assert report["faults"] == {"agent": 8}
    assert report["status"] == "completed"


def test_json_is_one_document_on_stdout_and_nothing_else(guildhall: Command, project: Project) -> None:
    printed = run(guildhall, project, "--json")
    document = printed.json
    assert document["outcomes"] == 10
    # ten scenarios tried once: with nothing known of them, less than half of the range cannot be told from chance
    assert 0.5 < document["minimum_detectable_effect"] < 1
    assert "10 scenarios × 1 trial can show a difference of about" in printed.err
    assert guildhall("eval", "list", "--json").json[0]["simulation_id"] == document["simulation_id"]


def test_two_versions_run_beside_each_other_and_are_compared(guildhall: Command, project: Project) -> None:
    guildhall("config", "save", project.agent)
    project.write_agent(right=10)
    document = run(guildhall, project, "--trials", 3, "--against", "adder@v1", "--json").json
    comparison = document["comparison"]
    assert (comparison["baseline"]["config"], comparison["candidate"]["config"]) == ("adder@v1", "adder@v2")
    assert comparison["matched"] == 10
    assert comparison["difference"] == pytest.approx(0.4)
    # four of ten scenarios changed: 2 / 2^4 = .125 is the smallest p there can be
    assert comparison["verdict"] == "not enough data"

    printed = guildhall("eval", "compare", "adder@v1", "adder@v2")
    assert "NOT ENOUGH DATA" in printed.out
    assert "4 of 10 scenarios changed: with fewer than" in printed.out
    assert "params.right 6 -> 10" in printed.out


def test_a_clear_difference_is_better_one_way_and_worse_the_other(guildhall: Command, project: Project) -> None:
    project.write_scenarios(24)
    run(guildhall, project)
    project.write_agent(right=24)
    run(guildhall, project)
    assert guildhall("eval", "compare", "adder@v1", "adder@v2", "--json").json["verdict"] == "better"
    assert "WORSE" in guildhall("eval", "compare", "adder@v2", "adder@v1").out


def test_scenarios_that_changed_stand_above_the_verdict(guildhall: Command, project: Project) -> None:
    run(guildhall, project)
    project.write_agent(right=7)
    text = project.scenarios.read_text().replace("Question 0: what is 1 + 2?", "Question 0: what are 1 + 2?")
    project.scenarios.write_text(text)
    run(guildhall, project)
    printed = guildhall("eval", "compare", "adder@v1", "adder@v2")
    assert printed.out.index("1 scenario changed in between: sum_0") < printed.out.index("NOT ENOUGH DATA")


def test_what_happened_in_a_trial_can_be_read(guildhall: Command, project: Project) -> None:
    run(guildhall, project)
    printed = guildhall("eval", "show", "@latest", "sum_7")
    assert "Question 7: what is 1 + 2?" in printed.out
    assert "FAIL" in printed.out
    shown = guildhall("eval", "show", "adder@v1", "sum_7", "--json").json
    assert shown["trial"]["passed"] is False
    assert shown["trial"]["fault"] == "agent"
    assert [step["type"] for step in shown["trial"]["trajectory"]["steps"]][-1] == "message"
    assert "sum_7" in guildhall("eval", "show", "@latest").out


def test_a_simulation_can_be_named_as_people_name_it(guildhall: Command, project: Project) -> None:
    whole = run(guildhall, project, "--json").json["simulation_id"]
    digits = whole.replace("-", "")
    for reference in (digits[-4:], "@latest", "adder@v1"):
        assert guildhall("eval", "report", reference, "--json").json["simulation_id"] == whole, reference


def wait_for(project: Project, gate: Path) -> None:
    """Make the agent wait for a file in all scenarios but the first."""
    (project.folder / "agent.py").write_text(
        "import asyncio, pathlib\n"
        "async def answer(session):\n"
        f"    gate = pathlib.Path({str(gate)!r})\n"
        "    if session.scenario_id != 'sum_0':\n"
        "        while not gate.exists():\n"
        "            await asyncio.sleep(0.01)\n"
        "    return '3'\n"
    )


def test_an_interrupted_run_is_resumed_with_what_is_missing(
    guildhall: Command, project: Project, command_environment: dict[str, str]
) -> None:
    # The agent waits for a file, so that the run cannot end before it is interrupted.
    gate = project.folder / "gate"
    wait_for(project, gate)
    running = subprocess.Popen(
        command_line("eval", "run", project.agent, project.scenarios, "--concurrency", 2),
        env=command_environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert running.stderr is not None
    assert any("1 of 10 trials" in line for line in running.stderr), "no trial ended"
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "guildhall eval resume" in err
    assert guildhall("eval", "list", "--json").json[0]["status"] == "pending"
    (active,) = guildhall("eval", "list", "--active", "--json").json
    assert (active["completed_scenarios"], active["progress_pct"], active["model"]) == (1, 10.0, "rules")

    gate.touch()
    report = guildhall("eval", "resume", "@latest", "--json").json
    assert (report["outcomes"], report["pass_rate"], report["status"]) == (10, 1.0, "completed")
    refused = guildhall("eval", "resume", "@latest", expect=4)
    assert "completed already" in refused.err


async def test_what_is_not_over_is_listed_with_the_longest_running_first(app: App, guildhall: Command) -> None:
    assert guildhall("eval", "list", "--active").out.startswith("no simulation is under way")
    ids = []
    for begins, ends in ((False, False), (True, False), (True, False), (True, True)):
        async with app.transaction() as tx:
            ids.append(await make_simulation(tx, ("one", "two")))
            if begins:
                await simulations.start_simulation(tx, ids[-1])
            if ends:
                await simulations.cancel_simulation(tx, ids[-1])
    planned, first, second, _ = map(str, ids)
    listed = guildhall("eval", "list", "--active", "--json").json
    assert [each["simulation_id"] for each in listed] == [first, second, planned]
    assert listed[0]["runtime_s"] > listed[1]["runtime_s"] > 0
    assert listed[2] == {
        "simulation_id": planned, "name": None, "status": "pending", "completed_scenarios": 0, "scenarios": 2,
        "progress_pct": 0.0, "runtime_s": None, "model": "none",
    }  # fmt: skip
    header, line = guildhall("eval", "list", "--active", "--limit", 1).out.splitlines()
    assert header.split() == ["ID", "STATUS", "SCENARIOS", "DONE", "RUNTIME", "MODEL"]
    assert line.startswith(f"{first[-6:]}  running            0/2    0 %")
    assert line.endswith("s  none")
    refused = guildhall("eval", "list", "--active", "--config", "adder", expect=2)
    assert "--active lists simulations of all configurations" in refused.err


def test_a_simulation_that_is_done_cannot_be_cancelled(guildhall: Command, project: Project) -> None:
    simulation = run(guildhall, project, "--json").json["simulation_id"]
    refused = guildhall("eval", "cancel", simulation, expect=4)
    assert "completed already" in refused.err


def test_a_running_simulation_that_is_cancelled_stops_keeps_what_it_has_and_can_be_resumed(
    guildhall: Command, project: Project, command_environment: dict[str, str]
) -> None:
    gate = project.folder / "gate"
    wait_for(project, gate)
    running = subprocess.Popen(
        command_line("eval", "run", project.agent, project.scenarios, "--concurrency", 2),
        env=command_environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert running.stderr is not None
    assert any("1 of 10 trials" in line for line in running.stderr), "no trial ended"
    assert "1 of 10 trials are recorded" in guildhall("eval", "cancel", "@latest").out
    _, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert "cancelled by a person" in err
    assert guildhall("eval", "list", "--json").json[0]["status"] == "cancelled"

    gate.touch()
    report = guildhall("eval", "resume", "@latest", "--json").json
    assert (report["outcomes"], report["status"]) == (10, "completed")


def test_a_budget_stops_a_run_and_a_larger_one_finishes_it(guildhall: Command, project: Project) -> None:
    (project.folder / "agent.py").write_text("def answer(session):\n    session.say('3', cost_usd=0.01)\n")
    printed = run(guildhall, project, "--max-cost", 0.03, "--concurrency", 1)
    assert "the budget of $0.03 is used up: $0.03 spent" in printed.err
    stopped = guildhall("eval", "report", "@latest", "--json").json
    assert (stopped["status"], stopped["outcomes"]) == ("cancelled", 3)
    assert stopped["cost_usd"] == pytest.approx(0.03)
    more = guildhall("eval", "resume", "@latest", "--max-cost", 0.05, "--concurrency", 1, "--json").json
    assert more["outcomes"] == 5, "what was spent before counts"
    finished = guildhall("eval", "resume", "@latest", "--max-cost", 1, "--json").json
    assert (finished["status"], finished["outcomes"]) == ("completed", 10)


def test_two_versions_that_run_together_share_one_budget(guildhall: Command, project: Project) -> None:
    agent = "def answer(session):\n    session.say('3', cost_usd=0.01){}\n"
    (project.folder / "agent.py").write_text(agent.format(""))
    guildhall("config", "save", project.agent)
    (project.folder / "agent.py").write_text(agent.format("  # changed"))
    printed = run(guildhall, project, "--against", "adder@v1", "--max-cost", 0.04, "--concurrency", 1)
    assert "the budget of $0.04 is used up: $0.04 spent" in printed.err
    assert [each["outcomes"] for each in guildhall("eval", "list", "--json").json] == [2, 2]


def test_a_comparison_offers_a_pair_only_where_there_is_one(guildhall: Command, project: Project) -> None:
    run(guildhall, project)
    project.write_agent(right=3)
    run(guildhall, project)
    apart = guildhall("eval", "compare", "adder@v1", "adder@v2").out
    assert "guildhall eval show" in apart
    assert "--pair" not in apart
    project.write_agent(right=2)
    together = run(guildhall, project, "--against", "adder@v1").out
    assert "--pair" in together
    scenario = together.partition("guildhall eval show ")[2].split()[1]
    before, after = guildhall("eval", "show", "@latest", scenario, "--pair", "--json").json
    assert (before["simulation"]["config"], after["simulation"]["config"]) == ("adder@v1", "adder@v3")


def test_a_reader_that_leaves_early_is_no_failed_gate(
    guildhall: Command, project: Project, command_environment: dict[str, str]
) -> None:
    run(guildhall, project)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody:
        listed = subprocess.run(
            command_line("eval", "list"), env=command_environment, stdout=nobody, stderr=subprocess.PIPE, check=False
        )
    assert (listed.returncode, listed.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["eval", "report", "nope"], 2, "there is no simulation 'nope'"),
        (["eval", "report", "00000000-0000-7000-8000-00000000abcd"], 2, "there is no simulation"),
        (["eval", "run", "nowhere.yaml", "nothing.yaml"], 2, "nowhere.yaml"),
        (["eval", "import", "nowhere.json"], 2, "nowhere.json"),
        (["config", "show", "nobody"], 2, "nobody"),
        (["scenario", "show", "nothing"], 2, "nothing"),
        (["eval", "report"], 2, "Missing argument"),
    ],
)
def test_what_is_not_there_is_said_so(guildhall: Command, arguments: list[str], code: int, said: str) -> None:
    assert said in guildhall(*arguments, expect=code).err


def test_an_error_is_a_document_too_where_json_was_asked_for(guildhall: Command) -> None:
    error = guildhall("eval", "report", "nope", "--json", expect=2).json["error"]
    assert error["code"] == "simulation_not_found"
    assert error["details"] == {"field": "simulation", "value": "nope"}
    assert error["remedy"]


def test_a_database_that_is_not_there_ends_with_3(guildhall: Command) -> None:
    refused = guildhall("eval", "list", expect=3, GUILDHALL_DATABASE_URL="postgresql://nobody@127.0.0.1:1/nowhere")
    assert "PostgreSQL does not answer" in refused.err


def test_a_margin_that_is_none_is_refused(guildhall: Command, project: Project) -> None:
    run(guildhall, project)
    project.write_agent(right=7)
    run(guildhall, project)
    refused = guildhall("eval", "compare", "adder@v1", "adder@v2", "--margin", 5, expect=2)
    assert "margin is 5" in refused.err
    assert "to be compared with itself" in guildhall("eval", "compare", "@latest", "@latest", expect=2).err


def test_nothing_is_kept_where_anything_is_wrong(guildhall: Command, project: Project, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("- scenario_id: Bad-Id\n  name: x\n")
    refused = guildhall("eval", "run", project.agent, broken, expect=2)
    assert "broken.yaml" in refused.err
    assert guildhall("config", "list", "--json").json == []
