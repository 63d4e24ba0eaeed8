"""`guildhall jobs`, `worker` and `schedule`, as commands."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
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


async def test_a_job_is_added_from_the_command_line(types: jobs.Types, guildhall: Command, tmp_path: Path) -> None:
    (tmp_path / "letter.json").write_text('{"to": "Ada"}')
    added = guildhall(
        "jobs", "add", "other", "--payload", "@letter.json", "--key", "ada", "--after", "6h", "--json"
    ).json
    assert (added["payload"], added["is_new"], added["status"], added["unique_key"]) == (
        {"to": "Ada"},
        True,
        "pending",
        "ada",
    )
    assert (
        guildhall("jobs", "add", "other", "--key", "ada").out == f"{added['id']} has the key already, and is pending\n"
    )
    waits = ("--waits-for", added["id"], "--on-failure", "ignore", "--deadline", "2999-12-31T00:00Z")
    waiting = guildhall("jobs", "add", "other", *waits, "--json").json
    assert (waiting["open_dependencies"], waiting["deadline_at"]) == (1, "2999-12-31T00:00:00Z")
    nobodys = "00000000-0000-0000-0000-000000000007"
    for wrong, said in (
        (("--waits-for", nobodys), f"there is no job {nobodys} to wait for"),
        (("--waits-for", "x"), "waits_for is 'x', expected a UUID"),
        (("--deadline", "2020-01-01T00:00Z"), "deadline_at of job 1 is '2020-01-01T00:00:00+00:00'"),
    ):
        assert said in guildhall("jobs", "add", "other", *wrong, expect=2).err
    assert 'Did you mean "other"?' in guildhall("jobs", "add", "ohter", expect=2).err
    for payload, said in (("[1]", "expected a JSON object"), ("{", "is no JSON"), ("@nothing", "No such file")):
        assert said in guildhall("jobs", "add", "other", "--payload", payload, expect=2).err
    for after, said in (("soon", "no length of time"), ("4000000d", "ends before the year 10000")):
        assert said in guildhall("jobs", "add", "other", "--after", after, expect=2).err
    assert "is 'urgent', expected critical" in guildhall("jobs", "add", "other", "--priority", "urgent", expect=2).err
    assert "wait in 'default'" in guildhall("jobs", "add", "other", "--queue", "mail", expect=2).err
    for words in (("list", "--type", "ohter"), ("dead", "--type", "ohter"), ("redrive", "--type", "ohter")):
        assert 'Did you mean "other"?' in guildhall("jobs", *words, expect=2).err
    assert "waits in queue 'mail'" in guildhall("jobs", "list", "--queue", "mail", expect=2).err
    assert guildhall("jobs", "dead", "--type", "other").out == "no dead letters\n"
    for words in (("worker", "--lease", "nan"), ("worker", "--grace", "inf"), ("jobs", "top", "--every", "nan")):
        assert guildhall(*words, "--json", expect=2).json["error"]["code"] == "usage"


async def test_types_and_queues_are_paused_and_limited(app: App, types: jobs.Types, guildhall: Command) -> None:
    async with app.database.duty("worker") as tx:
        lane = await jobs.register_type(tx, jobs.JobType("other", queue="slow"))
        await jobs.register_worker(tx, jobs.Worker("w"))
    await enqueue(app, types, *(NewJob("other", {}) for _ in range(3)))

    async def claimed() -> int:
        async with app.database.duty("worker") as tx:
            held = await jobs.claim(tx, "w", await jobs.lanes_of(tx, [("other", "default")]), 10)
            await jobs.release(tx, "w", held)
            return len(held)

    paused = guildhall("jobs", "pause", "--type", "other", "--json").json
    assert [(each["queue"], each["is_paused"]) for each in paused] == [("default", True), ("slow", True)]
    assert await claimed() == 0
    assert guildhall("jobs", "resume", "--type", "other", "--queue", "default").out == "other in default\n"
    assert await claimed() == 3
    assert "other in slow paused" in guildhall("jobs", "lanes").out
    assert [each["id"] for each in guildhall("jobs", "resume", "--queue", "slow", "--json").json] == [lane]
    limited = guildhall("jobs", "limit", "--type", "other", "--most", "2", "--rate", "1/15min")
    assert limited.out.splitlines()[0] == "other in default, 2 at work at most, 1 in 15 min"
    assert await claimed() == 1
    assert await claimed() == 0, "the rate is used up"
    guildhall("jobs", "limit", "--type", "other", "--rate", "any")
    assert await claimed() == 2
    free = guildhall("jobs", "limit", "--type", "other", "--most", "any", "--json").json
    assert {(each["max_running"], each["rate"]) for each in free} == {(None, None)}
    for words, said in (
        (["pause"], "expected ids of jobs, or --type or --queue"),
        (["pause", "--queue", "slwo"], 'Did you mean "slow"?'),
        (["pause", "--type", "ohter"], 'Did you mean "other"?'),
        (["limit", "--type", "other"], "neither --most nor --rate"),
        (["limit", "--type", "other", "--most", "few"], "expected a whole number, or any"),
        (["limit", "--type", "other", "--rate", "fast"], "such as 10/s"),
        (["limit", "--type", "other", "--rate", "0/s"], "one or more"),
    ):
        assert said in guildhall("jobs", *words, expect=2).err


async def test_the_live_view_shows_what_waits_runs_and_ends_and_who_works(
    app: App, types: jobs.Types, guildhall: Command
) -> None:
    assert guildhall("jobs", "top").out.splitlines()[1:] == ["nothing to do", "", "no workers"]
    await enqueue(app, types, *(NewJob("other", {}) for _ in range(5)))
    async with app.database.duty("worker") as tx:
        await jobs.register_worker(tx, jobs.Worker("mill", concurrency=4))
        held = await jobs.claim(tx, "mill", await jobs.lanes_of(tx, [("other", "default")]), 3)
        await jobs.complete(tx, "mill", [jobs.Done(held[0].id, held[0].token)])
        await jobs.fail(tx, "mill", [jobs.Failure(held[1].id, held[1].token, "no")])
    async with app.transaction() as tx:
        pending = (await jobs.page_jobs(tx, {"status": "pending"}, jobs.JOBS.order())).items
        await jobs.change_each(tx, "pause", [pending[0].id])
    seen = guildhall("jobs", "top", "--json").json
    [lane] = [each for each in seen["lanes"] if each["task_type"] == "other"]
    counts = {name: lane[name] for name in ("waiting", "later", "running", "paused", "stuck")}
    async with app.database.duty("worker") as tx:
        [ended] = [each for each in await jobs.activity(tx, timedelta(hours=1)) if each.done_per_s]
    assert (round(3600 * ended.done_per_s), round(3600 * ended.failed_per_s)) == (1, 1)
    assert {lane["done_per_s"], lane["failed_per_s"]} <= {0, 0.2}, "one each, within five seconds or before"
    assert sum(counts.values()) == 4
    assert (counts["running"], counts["paused"]) == (1, 1)
    [worker] = seen["workers"]
    assert (worker["name"], worker["running"], worker["is_alive"]) == ("mill", {"other": 1}, True)
    shown = guildhall("jobs", "top").out
    assert "1 other (of 4)" in shown


def test_who_watches_sees_frame_after_frame_and_leaves_by_ctrl_c(command_environment: dict[str, str]) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command_line("jobs", "top", "--every", "0.1"),
        env={**command_environment, "TERM": "xterm", "NO_COLOR": "1"},
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
    ) as watching:
        os.close(theirs)
        seen = b""
        while seen.count(b"no workers") < 3:
            seen += os.read(ours, 4096)
        watching.send_signal(signal.SIGINT)
        assert watching.stderr is not None
        assert b"Traceback" not in watching.stderr.read()
        while seen.count(b"\x1b[?1049l") == 0:  # the screen that was there before is there again
            seen += os.read(ours, 4096)
    os.close(ours)
    assert watching.returncode == 0


async def test_schedules_are_added_paused_resumed_and_removed(
    app: App, types: jobs.Types, guildhall: Command, administrator_url: str
) -> None:
    added = guildhall(
        "schedule",
        "add",
        "night",
        "other",
        "--cron",
        "0  3 * * mon",
        "--zone",
        "Europe/Berlin",
        "--payload",
        '{"n": 1}',
        "--json",
    ).json
    assert (added["cron"], added["timezone"], added["is_paused"], added["last_run_at"]) == (
        "0 3 * * mon",
        "Europe/Berlin",
        False,
        None,
    )
    assert added["tenant_id"] == str(app.actor.tenant_id)
    assert "hourly  other every 1 h" in guildhall("schedule", "add", "hourly", "other", "--every", "1h").out
    assert guildhall("schedule", "pause", "night", "--json").json["is_paused"] is True
    assert "night  other at 0 3 * * mon in Europe/Berlin  paused" in guildhall("schedule", "list").out
    resumed = guildhall("schedule", "resume", "night", "--json").json
    assert (resumed["is_paused"], resumed["next_run_at"]) == (False, added["next_run_at"])
    run_sql(administrator_url, "UPDATE platform.schedules SET next_run_at = now() WHERE name = 'hourly'")
    async with app.database.duty("scheduler") as tx:
        assert await jobs.begin_due(tx, types, "s", timedelta(minutes=1))
    listed = guildhall("schedule", "list", "--json").json
    assert [(each["name"], each["last_status"]) for each in listed] == [("hourly", "completed"), ("night", None)]
    assert guildhall("schedule", "remove", "hourly").out == "removed hourly\n"
    changes = "SELECT count(*) FROM store.audit_log WHERE table_name = 'schedules' AND user_id IS NOT NULL"
    assert int(run_sql(administrator_url, changes)) >= 5, "the audit says who"
    for words, code, said in (
        (["remove", "hourly"], 2, "there is no schedule 'hourly'"),
        (["pause", "nigth"], 2, 'Did you mean "night"?'),
        (["add", "night", "other", "--every", "1h"], 4, "there is a schedule 'night' already"),
        (["add", "Night!", "other", "--every", "1h"], 2, "small letters"),
        (["add", "x", "other"], 2, "a cron line or an interval"),
        (["add", "x", "other", "--cron", "0 3 * *"], 2, "expected minute, hour"),
        (["add", "x", "other", "--cron", "0 3 30 2 *"], 2, "Bad day-of-month"),
        (["add", "x", "other", "--every", "0s"], 2, "above 0"),
        (["add", "x", "ohter", "--every", "1h"], 2, 'Did you mean "other"?'),
        (["add", "x", "other", "--cron", "0 3 * * *", "--zone", "Mars"], 2, "no such time zone"),
        (
            ["add", "x", "audit.verify", "--every", "1h", "--payload", '{"ledgers": 1}'],
            2,
            "does not fit 'audit.verify'",
        ),
    ):
        assert said in guildhall("schedule", *words, expect=code).err, words


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
    assert "there is no job type 'elsewhere'" in guildhall("jobs", "dead", "--type", "elsewhere", expect=2).err
    assert guildhall("jobs", "redrive", "--type", "elsewhere", expect=2).out == ""
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
