"""A runner that is killed at any moment: no outcome is lost, none is doubled, nothing keeps running."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

from fixtures.agents import Project
from fixtures.command_line import Command, command_line
from guildhall.app.wiring import App
from guildhall.db.queries import parse_queries

_KILLS = 20
_MARK = "GUILDHALL_TEST_KILL"

_queries = parse_queries(
    "here",
    """
-- name: trials
SELECT count(*) AS all, count(*) FILTER (WHERE state = 'done') AS done, count(DISTINCT outcome_id) AS outcomes
  FROM evaluation.trials;
-- name: outcomes
SELECT count(*) AS all, count(DISTINCT (scenario_id, trial_number)) AS trials, count(DISTINCT outcome_id) AS ids
  FROM evaluation.outcomes;
-- name: unlike
SELECT count(*)
  FROM evaluation.outcomes
  FULL JOIN evaluation.trials USING (simulation_id, scenario_id, trial_number, outcome_id)
 WHERE trials.state IS DISTINCT FROM 'done' OR outcomes.outcome_id IS NULL;
""".replace("AS all", "AS whole"),
)


def _marked() -> set[int]:
    """The processes that were started with the mark of this test in their environment, or have inherited it."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and int(folder.name) != os.getpid():
            try:
                if _MARK.encode() in (folder / "environ").read_bytes():
                    found.add(int(folder.name))
            except OSError:
                continue  # it has ended, or is a stranger's
    return found


async def test_a_runner_killed_twenty_times_leaves_every_outcome_exactly_once(
    app: App, guildhall: Command, project: Project, command_environment: dict[str, str]
) -> None:
    # In a process of its own each trial takes some 50 ms, so that a kill falls into every part of it.
    project.write_agent(right=6, isolation="process")
    project.agent.write_text(project.agent.read_text() + f"environment: [{_MARK}]\n")
    environment = {**command_environment, _MARK: "yes"}
    command = command_line("eval", "run", project.agent, project.scenarios, "--trials", 30, "--concurrency", 3)
    chance = random.Random(20)
    began = time.monotonic()
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    assert "trials can show" in running.stderr.readline(), "what is said once the plan is written"
    start_s = time.monotonic() - began  # how long this machine, as busy as it is, takes to get there
    for kill in range(_KILLS):
        try:
            # From before the first claim to well within the work; what is left is for the next.
            running.wait(timeout=chance.uniform(0.0 if kill == 0 else 0.6 * start_s, start_s + 0.5))
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
        _, err = running.communicate()
        assert running.returncode in (-signal.SIGKILL, 0, 4), err
        async with app.transaction() as tx:
            planned = await tx.find(_queries.trials)
        assert planned is not None
        assert planned["whole"] == 300, f"kill {kill}: some of the plan is gone"
        command = command_line("eval", "resume", "@latest", "--concurrency", 3)
        running = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
    running.communicate()

    report = guildhall("eval", "report", "@latest", "--json").json
    assert (report["status"], report["outcomes"], report["pass_rate"]) == ("completed", 300, 0.6)
    async with app.transaction() as tx:
        trials, outcomes = await tx.find(_queries.trials), await tx.find(_queries.outcomes)
        assert trials is not None
        assert outcomes is not None
        assert dict(trials) == {"whole": 300, "done": 300, "outcomes": 300}
        assert dict(outcomes) == {"whole": 300, "trials": 300, "ids": 300}
        assert await tx.value(_queries.unlike) == 0

    deadline = time.monotonic() + 20
    while left := _marked():
        assert time.monotonic() < deadline, f"still running: {left}"
        os.sched_yield()
