"""Wherever trials are run, the same comes of it."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from fixtures.agents import Project
from fixtures.command_line import Command, command_line
from fixtures.modal_service import STANDIN, ModalService
from fixtures.processes import DEADLINE_S
from fixtures.ray_nodes import RayCluster
from guildhall.app.wiring import App
from guildhall.db.queries import parse_queries

_AGENT = '''\
import asyncio, os, pathlib

async def answer(session):
    """Right by chance of the seed; sum_7 breaks down, sum_8 takes too long, sum_9 needs a key. Victims never end."""
    if mark := os.environ.get("GUILDHALL_TEST_NODE"):
        pathlib.Path(mark).touch()
        await asyncio.Event().wait()
    if session.scenario_id == "sum_7":
        raise ValueError("no idea")
    if session.scenario_id == "sum_8":
        await asyncio.Event().wait()
    if session.scenario_id == "sum_9" and os.environ.get("SUMS_KEY") != "sesame":
        raise PermissionError("no key")
    await session.say("3" if session.seed % 3 else "4", cost_usd=0.01)
'''
_queries = parse_queries(
    "here",
    """
-- name: rows
SELECT scenario_id, trial_number, outcomes.status, passed, reliability_score, cost_usd, error_code, error_category,
       retry_count, outcomes.modal_call_id IS NOT NULL AS has_call
  FROM evaluation.outcomes
 WHERE simulation_id = :simulation_id
 ORDER BY scenario_id, trial_number;
-- name: failure
SELECT failure_category FROM evaluation.failure_patterns;
-- name: modal
SELECT simulations.modal_app_id, simulations.modal_environment, count(scenarios.modal_call_id)::integer AS calls,
       min(scenarios.modal_execution_logs) AS logs
  FROM evaluation.simulations
  JOIN evaluation.simulations_scenarios AS scenarios USING (simulation_id)
 GROUP BY simulations.simulation_id;
""",
)


class Runs:
    """Runs a project's agent as a command of its own, with the key that it needs."""

    def __init__(self, project: Project, environment: dict[str, str]) -> None:
        self.project = project
        self.environment = {**environment, "SUMS_KEY": "sesame"}

    def start(self, place: str, *options: object, **variables: str) -> subprocess.Popen[str]:
        command = command_line(
            "eval", "run", self.project.agent, self.project.scenarios, "--timeout", 1000, "--on", place, "--json", *options
        )  # fmt: skip
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env={**self.environment, **variables}, stdout=pipe, stderr=pipe, text=True)

    def run(self, place: str, *options: object, expect: int = 0, **variables: str) -> tuple[dict[str, Any], str]:
        return ended(self.start(place, *options, **variables), expect=expect)


def ended(running: subprocess.Popen[str], *, expect: int = 0) -> tuple[dict[str, Any], str]:
    out, err = running.communicate(timeout=3 * DEADLINE_S)
    assert running.returncode == expect, out + err
    assert "Traceback" not in err
    return json.loads(out), err


@pytest.fixture
def runs(project: Project, command_environment: dict[str, str]) -> Runs:
    (project.folder / "agent.py").write_text(_AGENT)
    project.agent.write_text(project.agent.read_text() + "environment: [SUMS_KEY]\n")
    return Runs(project, command_environment)


async def _rows(app: App, report: dict[str, Any], *, but: str | None = None) -> list[dict[str, Any]]:
    async with app.transaction() as tx:
        rows = await tx.fetch(_queries.rows, simulation_id=report["simulation_id"])
    return [{key: value for key, value in row.items() if key != but} for row in rows]


def timeless(value: Any) -> Any:
    """A report, apart from which simulation it is of, how long anything took, and what was known of the agent before."""
    if isinstance(value, dict):
        return {
            key: timeless(each)
            for key, each in value.items()
            if not key.startswith(("time_", "simulation_id", "minimum_")) and not key.endswith(("_ms", "_at"))
        }
    return [timeless(each) for each in value] if isinstance(value, list) else value


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(3 * DEADLINE_S):
        while not await holds():
            await asyncio.sleep(0.05)


async def test_a_ray_cluster_of_which_a_node_is_killed_reports_what_this_machine_reports(
    app: App, runs: Runs, ray_cluster: RayCluster, tmp_path: Path
) -> None:
    here, _ = runs.run("local", "--trials", 2)
    mark = tmp_path / "victim"
    node = ray_cluster.add_node(str(mark))
    running = runs.start("ray", "--trials", 2, RAY_ADDRESS=ray_cluster.address)
    await _until(lambda: asyncio.to_thread(mark.exists))
    node.kill()
    there, err = await asyncio.to_thread(ended, running)
    assert "is run again: a node or a worker of Ray is gone" in err
    assert timeless(there) == timeless(here)
    assert await _rows(app, there) == await _rows(app, here)
    sandboxes = {str(each["isolation"]) for each in (here, there) if "isolation" in each}
    assert len(sandboxes) <= 1

    # A cluster that dies as a whole gives everything back, and says so.
    held = ray_cluster.add_node(str(tmp_path / "held"))
    running = runs.start("ray", RAY_ADDRESS=ray_cluster.address, GUILDHALL_LEASE_S="9")
    await _until(lambda: asyncio.to_thread((tmp_path / "held").exists))
    ray_cluster.nodes[0].kill()
    held.kill()
    error, _ = await asyncio.to_thread(ended, running, expect=3)
    assert error["error"]["code"] == "executor_unavailable"
    resumed = subprocess.run(
        command_line("eval", "resume", "@latest", "--json"),
        check=False,
        env=runs.environment,
        capture_output=True,
        text=True,
    )
    assert json.loads(resumed.stdout)["outcomes"] == 10


async def test_modal_reports_what_this_machine_reports_and_says_which_calls_ran_it(
    app: App, runs: Runs, modal_service: ModalService
) -> None:
    here, _ = runs.run("local")
    there, err = runs.run(
        "modal", **modal_service.variables, MODAL_STANDIN_BREAKS="2", MODAL_STANDIN_SECRETS='{"sums": {"SUMS_KEY": "sesame"}}',
        GUILDHALL_MODAL_APP="sums-eval", GUILDHALL_MODAL_ENVIRONMENT="staging", GUILDHALL_MODAL_SECRETS="sums",
        GUILDHALL_MODAL_TIMEOUT_S="60", GUILDHALL_MODAL_CPU="2", GUILDHALL_MODAL_MEMORY_MB="4096",
        GUILDHALL_MODAL_RETRIES="3", GUILDHALL_MODAL_CONCURRENCY="3", GUILDHALL_MODAL_IMAGE="sums:latest",
    )  # fmt: skip
    assert err.count("is run again: call fc-") == 2
    assert timeless(there) == timeless(here)
    assert await _rows(app, there, but="has_call") == await _rows(app, here, but="has_call")
    assert all(row["has_call"] for row in await _rows(app, there))
    assert modal_service.asked("app") == [{"app": "sums-eval", "environment": "staging"}]
    (function,) = modal_service.asked("function")
    assert {key: function[key] for key in ("image", "secrets", "timeout", "cpu", "memory", "retries")} == {
        "image": ["sums:latest"], "secrets": ["sums"], "timeout": 60, "cpu": 2.0, "memory": 4096, "retries": 3,
    }  # fmt: skip
    assert function["max_containers"] == 3
    async with app.transaction() as tx:
        noted = [dict(row) for row in await tx.fetch(_queries.modal)]
    (modal,) = [each for each in noted if each["modal_app_id"] is not None]
    assert (modal["modal_app_id"], modal["modal_environment"], modal["calls"]) == ("ap-standin", "staging", 10)
    assert modal["logs"].startswith("call fc-")


async def test_a_trial_that_takes_every_machine_with_it_ends_as_a_failure_of_the_infrastructure(
    app: App, runs: Runs, modal_service: ModalService
) -> None:
    runs.project.write_scenarios(1)
    report, _ = runs.run("modal", "--max-retries", 1, **modal_service.variables, MODAL_STANDIN_BREAKS="9")
    (row,) = await _rows(app, report)
    assert (row["status"], row["passed"], row["error_code"], row["error_category"]) == (
        "error", None, "trial_lost", "sandbox_error",
    )  # fmt: skip
    assert report["status"] == "completed"
    async with app.transaction() as tx:
        assert await tx.value(_queries.failure) == "modal_error"


def test_what_cannot_be_loaded_elsewhere_fails_as_it_does_here(runs: Runs, modal_service: ModalService) -> None:
    (runs.project.folder / "agent.py").write_text("import a_module_that_is_nowhere\n" + _AGENT)
    here, _ = runs.run("local", expect=2)
    there, _ = runs.run("modal", expect=2, **modal_service.variables)
    assert there["error"]["message"] == here["error"]["message"]


def test_who_is_signed_out_of_modal_is_told_how_to_sign_in(runs: Runs, modal_service: ModalService) -> None:
    error, _ = runs.run("modal", expect=3, **modal_service.variables, MODAL_STANDIN_SIGNED_OUT="yes")
    assert "modal setup" in error["error"]["remedy"]


def test_a_ray_cluster_that_is_not_there_is_named(runs: Runs) -> None:
    pytest.importorskip("ray")
    error, _ = runs.run("ray", expect=3, RAY_ADDRESS="127.0.0.1:1")
    assert error["error"]["details"] == {"field": "RAY_ADDRESS", "value": "127.0.0.1:1"}
    assert "ray start --head" in error["error"]["remedy"]


@pytest.mark.parametrize("name", ["ray", "modal"])
def test_an_executor_that_is_not_installed_is_named_before_anything_is_planned(
    guildhall: Command, runs: Runs, tmp_path: Path, name: str
) -> None:
    missing = tmp_path / "missing"
    missing.mkdir()
    (missing / f"{name}.py").write_text("raise ModuleNotFoundError(__name__)\n")
    path = os.pathsep.join([str(missing), *filter(None, [os.environ.get("PYTHONPATH")])])
    error, _ = runs.run(name, expect=2, PYTHONPATH=path)
    assert error["error"]["message"] == f"--on {name} needs the package '{name}', which is not installed"
    assert f"pip install 'guildhall[{name}]'" in error["error"]["remedy"]
    assert guildhall("eval", "list", "--json").json == []


def test_the_stand_in_takes_nothing_that_modals_own_client_would_not_take() -> None:
    real = pytest.importorskip("modal")
    script = (
        "import json, modal\nfrom typing import Any\n"
        + inspect.getsource(_signatures)
        + "print(json.dumps(_signatures(modal)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(STANDIN)}
    printed = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    theirs = _signatures(real)
    for name, parameters in json.loads(printed.stdout).items():
        assert set(parameters) <= set(theirs[name]), name
    exceptions = importlib.import_module("modal.exception")
    for name in ("AuthError", "ConnectionError", "FunctionTimeoutError", "NotFoundError", "RemoteError"):
        assert issubclass(getattr(exceptions, name), exceptions.Error), name


def _signatures(modal: Any) -> dict[str, list[str]]:
    """The parameters of all that Guildhall calls; packages that are listed have a name of their own in each."""
    import inspect

    def names(function: Any) -> list[str]:
        kinds = inspect.Parameter
        return [
            each.name
            for each in inspect.signature(function).parameters.values()
            if each.kind not in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD)
        ]

    return {
        "App": names(modal.App.__init__),
        "function": names(modal.App.function),
        "run": names(modal.App.run),
        "from_registry": names(modal.Image.from_registry),
        "debian_slim": names(modal.Image.debian_slim),
        "apt_install": names(modal.Image.apt_install),
        "pip_install": names(modal.Image.pip_install),
        "add_local_python_source": names(modal.Image.add_local_python_source),
        "from_name": names(modal.Secret.from_name),
    }
