"""Simulations that are handed to workers: who watches is told the same as who runs them."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from fixtures.agents import Project
from fixtures.command_line import Command, command_line
from fixtures.processes import DEADLINE_S
from guildhall.app import evaluations, handing_out
from guildhall.app.handing_out import HandedOut
from guildhall.app.wiring import App
from guildhall.domains.evaluation import outcomes, simulations
from guildhall.domains.platform import jobs

_AGENT = '''\
import asyncio, os, pathlib

async def answer(session):
    """Right by chance of the seed. In a victim's process it never ends; at a gate that is shut it waits."""
    if mark := os.environ.get("VICTIM"):
        pathlib.Path(mark).touch()
        await asyncio.Event().wait()
    while os.environ.get("GATE") and not pathlib.Path(os.environ["GATE"]).exists():
        await asyncio.sleep(0.01)
    await session.say("3" if session.seed % 3 else "4", cost_usd=0.01)
'''
_PIPES: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}


@pytest.fixture
def agent(project: Project) -> Project:
    (project.folder / "agent.py").write_text(_AGENT)
    project.write_scenarios(20)
    return project


@contextmanager
def _worker(environment: dict[str, str], **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A worker that takes jobs by now."""
    command = command_line("worker", "--queues", "evaluation", "--lease", 2, "--concurrency", 1)
    running = subprocess.Popen(command, env={**environment, "GUILDHALL_LEASE_S": "2", **variables}, **_PIPES)
    try:
        assert running.stdout is not None
        assert "takes jobs" in running.stdout.readline()
        yield running
    finally:
        running.kill()
        running.communicate()


def _run(project: Project, environment: dict[str, str], *options: object, trials: int = 2) -> subprocess.Popen[str]:
    command = command_line("eval", "run", project.agent, project.scenarios, "--trials", trials, "--json", *options)
    return subprocess.Popen(command, env=environment, **_PIPES)


async def _ended(running: subprocess.Popen[str], *, expect: int = 0) -> tuple[dict[str, Any], str]:
    out, err = await asyncio.to_thread(running.communicate, timeout=3 * DEADLINE_S)
    assert running.returncode == expect, out + err
    return (json.loads(out) if out else {}), err


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(3 * DEADLINE_S):
        while not await holds():
            await asyncio.sleep(0.05)


def _timeless(report: dict[str, Any]) -> Any:
    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: strip(each) for key, each in value.items() if not key.endswith(("_ms", "_at", "_id", "_effect"))
            }
        return [strip(each) for each in value] if isinstance(value, list) else value

    return strip(report)


async def test_four_workers_of_whom_two_are_killed_report_what_this_process_reports(
    agent: Project, command_environment: dict[str, str], tmp_path: Path
) -> None:
    agent.write_scenarios(100)
    here, _ = await _ended(_run(agent, command_environment, "--on", "local", trials=5))
    marks, gate = [tmp_path / "first", tmp_path / "second"], tmp_path / "gate"
    with ExitStack() as staff:
        victims = [staff.enter_context(_worker(command_environment, VICTIM=str(mark))) for mark in marks]
        others = [staff.enter_context(_worker(command_environment, GATE=str(gate))) for _ in marks]
        running = _run(agent, command_environment, "--on", "workers", trials=5)
        for mark, victim in zip(marks, victims, strict=True):
            await _until(lambda mark=mark: asyncio.to_thread(mark.exists))
            victim.send_signal(signal.SIGKILL)
        gate.touch()
        there, err = await _ended(running)
        for other in others:
            other.send_signal(signal.SIGTERM)
            assert "0 failed" in other.communicate(timeout=DEADLINE_S)[0]
    assert "4 workers there" in err
    assert there["outcomes"] == 500
    assert _timeless(there) == _timeless(here)


async def test_sandboxed_agents_run_under_workers_and_report_the_same(
    app: App, project: Project, command_environment: dict[str, str]
) -> None:
    project.write_agent(right=1, isolation="process")
    project.write_scenarios(2)
    here, _ = await _ended(_run(project, command_environment, "--on", "local"))
    with _worker(command_environment):
        there, _ = await _ended(_run(project, command_environment, "--on", "workers"))
    assert there["outcomes"] == 4
    assert _timeless(there) == _timeless(here)
    async with app.transaction() as tx:
        found = await outcomes.page_outcomes(tx, {}, outcomes.OUTCOMES.order(), at_most=100)
    ways = {each.execution_metadata["isolation"] for each in found.items}
    assert ways
    assert "none" not in ways, "each ran in a sandbox"


async def test_without_a_worker_it_waits_and_who_leaves_leaves_it_to_the_workers(
    app: App, guildhall: Command, agent: Project, command_environment: dict[str, str], tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    running = _run(agent, command_environment, "--on", "workers")
    assert running.stderr is not None
    assert any("no worker is connected" in line for line in running.stderr)
    with _worker(command_environment, GATE=str(gate)):

        async def is_taken() -> bool:
            async with app.transaction() as tx:
                (found,) = await simulations.list_simulations(tx)
                return (await simulations.progress(tx, found.simulation_id)).running > 0

        await _until(is_taken)
        running.send_signal(signal.SIGINT)
        _, err = await _ended(running, expect=130)
        assert "guildhall eval watch" in err
        gate.touch()
        assert guildhall("eval", "watch", "@latest", "--json").json["outcomes"] == 40


async def test_what_workers_cannot_run_is_told_to_who_watches(
    app: App, guildhall: Command, agent: Project, command_environment: dict[str, str]
) -> None:
    (agent.folder / "agent.py").write_text("import a_module_that_is_nowhere\n")
    with _worker(command_environment):
        report, _ = await _ended(_run(agent, command_environment, "--on", "workers"))
    assert (report["status"], report["outcomes"]) == ("failed", 0)
    async with app.transaction() as tx:
        (found,) = await simulations.list_simulations(tx)
    assert "a_module_that_is_nowhere" in (found.error_message or "")


async def test_a_job_that_is_cancelled_leaves_nobody_waiting(
    app: App, agent: Project, command_environment: dict[str, str]
) -> None:
    running = _run(agent, command_environment, "--on", "workers")
    assert running.stderr is not None
    assert any("no worker is connected" in line for line in running.stderr)
    async with app.transaction() as tx:
        page = await jobs.page_jobs(tx, {}, jobs.JOBS.order())
        await jobs.change_each(tx, "cancel", [each.id for each in page.items])
    error, _ = await _ended(running, expect=4)
    assert error["error"]["code"] == handing_out.WorkersGaveUp.code
    assert "guildhall eval resume" in error["error"]["remedy"]


async def _handed_out(app: App, project: Project) -> HandedOut:
    request = evaluations.Request(agent=project.agent, scenarios=[project.scenarios])
    planned = (await evaluations.plan(app, request)).simulations
    return await handing_out.hand_out(app, [each.simulation_id for each in planned], concurrency=1)


async def test_a_worker_of_one_team_alone_is_not_waited_for(app: App, project: Project) -> None:
    async with app.database.duty("worker", app.actor) as tx:
        await jobs.register_worker(tx, jobs.Worker("theirs", queues=["evaluation"]))
    assert (await _handed_out(app, project)).workers == 0
    async with app.database.duty("worker") as tx:
        for name in ("one", "two"):
            await jobs.register_worker(tx, jobs.Worker(name, queues=["evaluation"]))
    handed = await _handed_out(app, project)
    assert (handed.workers, len(handed.job_ids)) == (2, 2)


async def test_watching_jobs_reads_nothing_of_their_histories(
    app: App, project: Project, administrator_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing_out, "_LOOK_S", 0.01)
    handed = await _handed_out(app, project)
    async with app.transaction() as tx:
        await jobs.change_each(tx, "cancel", handed.job_ids)
    administrator = await asyncpg.connect(administrator_url)
    await administrator.execute("REVOKE SELECT ON platform.background_task_history FROM guildhall_app")
    await administrator.close()
    with pytest.raises(handing_out.WorkersGaveUp):
        await handing_out.watch_workers(app, handed)
