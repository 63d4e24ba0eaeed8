"""`guildhall jobs`, `worker` and `schedule`, as commands."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fixtures.command_line import Command, command_line
from fixtures.database import run_sql
from guildhall.adapters.schemas import checker
from guildhall.app.wiring import App
from guildhall.app.workers import HANDLERS, ours
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import NewJob

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
async def types(app: App) -> jobs.Types:
    async with app.database.duty("worker") as tx:
        assert ours.verify is HANDLERS["audit.verify"].call
        await jobs.register_type(tx, HANDLERS["audit.verify"].kind)
        await jobs.register_type(tx, jobs.JobType("other"))
    return jobs.Types(checker)


async def enqueue(app: App, types: jobs.Types, *new: NewJob) -> list[str]:
    async with app.transaction() as tx:
        return [str(each.id) for each in await jobs.enqueue(tx, types, new)]


async def test_jobs_are_listed_shown_changed_and_counted(app: App, types: jobs.Types, guildhall: Command) -> None:
    first, second = await enqueue(app, types, NewJob("other", {"a": 1}), NewJob("other", {"a": 2}))
    assert {each["id"] for each in guildhall("jobs", "list", "--json").json} == {first, second}
    assert guildhall("jobs", "cancel", first, "--json").json == {"cancelled": [first]}
    assert [each["id"] for each in guildhall("jobs", "list", "--status", "cancelled", "--json").json] == [first]
    assert "is cancelled: what is pending" in guildhall("jobs", "cancel", second, first, expect=4).err
    assert guildhall("jobs", "show", second, "--json").json["status"] == "pending", "all of them or none"
    assert guildhall("jobs", "retry", first).out == "retried 1 job\n"
    shown = guildhall("jobs", "show", first, "--json").json
    assert [each["event"] for each in shown["events"]] == ["enqueued", "cancelled", "retried"]
    assert "other in default: 2 pending; the oldest waits" in guildhall("jobs", "stats").out
    assert guildhall("jobs", "stats", "--json").json["types"][0]["counts"] == {"pending": 2}
    assert guildhall("jobs", "dead").out == "no dead letters\n"


def test_what_does_not_exist_is_said(guildhall: Command) -> None:
    assert guildhall("jobs", "list").out == "no jobs\n"
    assert "expected a UUID" in guildhall("jobs", "show", "x", expect=2).err
    nobody = "00000000-0000-0000-0000-000000000007"
    assert guildhall("jobs", "retry", nobody, "--json", expect=2).json["error"]["code"] == "job_not_found"
    assert 'Did you mean "pending"?' in guildhall("jobs", "list", "--status", "pendign", expect=2).err
    assert "no handler works on queue 'x'" in guildhall("worker", "--queues", "x", expect=2).err
    assert "cannot be loaded: ModuleNotFoundError" in guildhall("worker", "--handlers", "nowhere", expect=2).err


async def test_a_worker_does_a_job_of_ours_and_stops_when_told(
    app: App, types: jobs.Types, start: Start, guildhall: Command
) -> None:
    [job] = await enqueue(app, types, NewJob("audit.verify", {}))
    running = start("worker")
    while guildhall("jobs", "show", job, "--json").json["status"] != "completed":
        pass
    running.send_signal(signal.SIGTERM)
    out, _ = running.communicate()
    assert (running.returncode, "stopped: 1 completed" in out) == (0, True)
    verdicts = guildhall("jobs", "show", job, "--json").json["result"]
    assert {(each["ledger"], each["holds"]) for each in verdicts} >= {("audit_log", True)}


async def test_dead_jobs_are_listed_and_sent_back(
    app: App, types: jobs.Types, start: Start, guildhall: Command, tmp_path: Path
) -> None:
    (tmp_path / "shop_jobs.py").write_text(
        "from guildhall.app.workers import job\n\n@job('other', max_retries=0)\n"
        "async def other(payload: dict) -> None:\n    raise ValueError('out of stock')\n"
    )
    running = start("worker", "--handlers", "shop_jobs")
    [job] = await enqueue(app, types, NewJob("other", {}, max_retries=0))
    while (dead := guildhall("jobs", "dead").out) == "no dead letters\n":
        pass
    running.send_signal(signal.SIGTERM)
    running.communicate()
    assert (job in dead, "1 attempt" in dead, "ValueError: out of stock" in dead) == (True, True, True)
    assert guildhall("jobs", "dead", "--type", "elsewhere").out == "no dead letters\n"
    assert guildhall("jobs", "redrive", "--type", "elsewhere").out == "sent back 0 jobs\n"
    assert guildhall("jobs", "redrive", "--json").json == {"redriven": [job]}


@pytest.fixture
def start(command_environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a command that stays, and waits until it says that it is there; what still runs at the end is killed."""
    with ExitStack() as stack:

        def started(*words: object) -> subprocess.Popen[str]:
            running = stack.enter_context(
                subprocess.Popen(
                    command_line(*words),
                    env=command_environment,
                    cwd=tmp_path,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
            )
            stack.callback(running.kill)
            assert running.stdout is not None
            said = running.stdout.readline()
            assert "pid" in said, said + running.stdout.read()
            return running

        yield started


async def test_a_scheduler_does_the_upkeep_and_stops_when_told(
    administrator_url: str, start: Start, guildhall: Command
) -> None:
    running = start("schedule")
    query = "SELECT count(*) FROM platform.schedule_runs WHERE schedule_name = 'upkeep' AND status = 'completed'"
    while run_sql(administrator_url, query) == "0":
        assert running.poll() is None
    running.send_signal(signal.SIGTERM)
    out, _ = running.communicate()
    assert (running.returncode, "stopped: fired 1 times" in out) == (0, True), out
