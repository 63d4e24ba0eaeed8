"""The examples of docs/agents.md are complete: written to files as they stand, they run."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fixtures.plays import a_scenario, an_agent, in_the_shop, perform, python_tool, steps, verdict
from guildhall.adapters import scorers
from guildhall.adapters.runtimes import dialogue
from guildhall.adapters.sandbox import LocalSandbox
from guildhall.app.trial import Services
from guildhall.domains.evaluation.configurations import Isolation, Runtime
from guildhall.domains.evaluation.failures import Fault
from guildhall.domains.evaluation.outcomes import OutcomeStatus
from guildhall.domains.evaluation.scenarios import UserSpec

PAGE = (Path(__file__).parents[2] / "docs" / "agents.md").read_text(encoding="utf-8")


def example(name: str) -> str:
    """The code block that begins with the file's name."""
    found = re.findall(rf"```\w+\n# {re.escape(name)}\n(.*?)```", PAGE, re.DOTALL)
    assert found, f"docs/agents.md has no example {name}"
    return str(found[0])


@pytest.fixture
async def services() -> AsyncIterator[Services]:
    directory = Path(tempfile.mkdtemp(prefix="guildhall-test-"))
    directory.chmod(0o711)
    async with LocalSandbox(directory) as sandbox:
        yield Services(sandbox=sandbox)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name in ("agent.py", "tools.py", "agent", "program.py", "shop.py"):
        (tmp_path / name).write_text(example(name))
    (tmp_path / "agent").chmod(0o755)
    return tmp_path


TOOLS = (python_tool("lookup_order"),)
LATE = a_scenario(task_prompt="Where is my order 1042?", ground_truth="Your order is late.")


@pytest.mark.parametrize("isolation", list(Isolation))
async def test_the_python_agent_runs(directory, services, isolation):
    spec = an_agent(tools=TOOLS, isolation=isolation)

    found = await perform(directory, spec=spec, scenario=LATE, services=services)
    asked = await perform(
        directory,
        spec=spec,
        scenario=a_scenario(
            task_prompt="Where is my order?", ground_truth="late", user=UserSpec(turns=("It is 1042",))
        ),
        services=services,
    )
    missing = await perform(
        directory, spec=spec, scenario=a_scenario(task_prompt="And 7?", ground_truth="no such order"), services=services
    )

    assert [verdict(each) for each in (found, asked, missing)] == [("success", True, 1.0, None)] * 3
    assert steps(missing, "log")[0]["text"] == "no luck: lookup_order: there is no order 7"


@pytest.mark.parametrize("command", [("./agent",), (sys.executable, "program.py")])
async def test_the_programs_run(directory, services, command):
    spec = an_agent(runtime=Runtime.COMMAND, command=command, tools=TOOLS, isolation=Isolation.PROCESS)

    record = await perform(directory, spec=spec, scenario=LATE, services=services)

    assert verdict(record) == ("success", True, 1.0, None)


async def test_the_environment_runs(directory):
    record = await perform(directory, "def play(session): session.call('refund', order='1042')", scenario=in_the_shop())

    assert verdict(record) == ("success", True, 1.0, None)


def test_every_scorer_status_and_fault_is_explained():
    for each in (*scorers.KINDS, *OutcomeStatus, *Fault):
        assert f"`{each}`" in PAGE, each
    assert f"version {dialogue.PROTOCOL}" in PAGE
