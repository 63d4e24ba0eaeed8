"""Jobs for people: a line each, a story, and counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from guildhall.cli.render.figures import count, duration, shortened

if TYPE_CHECKING:
    from guildhall.domains.platform.jobs import (
        Activity,
        DeadLetter,
        Hand,
        Job,
        Lane,
        Presence,
        Standing,
        Story,
        TypeStats,
    )

_STYLES = {"failed": "red", "dead_letter": "red", "stuck": "yellow", "paused": "yellow", "running": "cyan"}


def job_lines(jobs: Iterable[Job]) -> Iterator[Text]:
    """A line for each job."""
    empty = True
    for each in jobs:
        empty = False
        yield Text.assemble(
            f"{each.id}  ",
            (f"{each.status:<11}", _STYLES.get(each.status, "")),
            f"  {each.task_type}",
            f"  {_when(each.created_at)}",
            f"  {_short(each.error_message)}" if each.error_message else "",
        )
    if empty:
        yield Text("no jobs")


def story_lines(story: Story) -> Iterator[Text]:
    """A job, what it waits for, and what happened to it."""
    job = story.job
    yield Text.assemble((str(job.id), "bold"), f"  {job.task_type}  ", (job.status, _STYLES.get(job.status, "")))
    yield Text(f"  queue {job.queue}, priority {job.priority}, {job.retry_count} of {job.max_retries} retries used")
    yield Text(f"  payload {_short(job.payload)}")
    if job.result is not None:
        yield Text(f"  result {_short(job.result)}")
    for wait in story.waits_for:
        yield Text(f"  waits for {wait.job_id}, {wait.status}; on failure: {wait.on_failure}")
    for event in story.events:
        who = f" by {event.worker_id}" if event.worker_id else ""
        attempt = f" (attempt {event.attempt})" if event.attempt else ""
        yield Text(f"  {_when(event.at)}  {event.event}{attempt}{who}")
        if event.error_message:
            yield Text(f"      {_short(event.error_message)}", style="red")


def dead_letter_lines(letters: Iterable[DeadLetter]) -> Iterator[Text]:
    """Two lines for each letter."""
    empty = True
    for each in letters:
        empty = False
        fate = f", {each.resolution}" if each.resolution else ""
        yield Text.assemble(
            (str(each.job_id or each.id), "bold"),
            f"  {each.task_type}  {_when(each.moved_at)}, {count(len(each.retry_history), 'attempt')}{fate}",
        )
        yield Text(f"  {_short(each.error_message)}", style="red")
    if empty:
        yield Text("no dead letters")


def stats_lines(stats: Iterable[TypeStats], workers: Iterable[Presence], now: datetime) -> Iterator[Text]:
    """A line for each type, then one for each worker."""
    empty = True
    for each in stats:
        empty = False
        counts = ", ".join(f"{n:,} {status}" for status, n in each.counts.items())
        waits = (now - each.oldest_waiting_at).total_seconds() * 1000 if each.oldest_waiting_at else None
        yield Text.assemble(
            (each.task_type, "bold"),
            f" in {each.queue}",
            (" paused", "yellow") if each.is_paused else "",
            f": {counts}",
            f"; the oldest waits for {duration(max(0.0, waits))}" if waits is not None else "",
        )
    if empty:
        yield Text("no jobs")
    for worker in workers:
        yield Text.assemble(
            f"worker {worker.name}: {', '.join(worker.queues)}, {worker.concurrency} at a time",
            "" if worker.is_alive else (", lost", "red"),
        )


def lane_lines(lanes: Iterable[Lane]) -> Iterator[Text]:
    """A line for each type of job in a queue, with how it is held back."""
    empty = True
    for each in lanes:
        empty = False
        yield Text.assemble(
            (each.task_type, "bold"),
            f" in {each.queue}",
            (" paused", "yellow") if each.is_paused else "",
            _limits(each),
        )
    if empty:
        yield Text("no job types yet; a worker that starts makes its own known")


def _limits(lane: Lane) -> str:
    most = "" if lane.max_running is None else f", {lane.max_running:,} at work at most"
    rate = "" if lane.rate is None else f", {lane.rate.count:,} in {_span(lane.rate.per)}"
    return most + rate


def schedule_lines(schedules: Iterable[Standing]) -> Iterator[Text]:
    """Two lines for each schedule: what comes again, and when."""
    empty = True
    for each in schedules:
        empty = False
        schedule = each.schedule
        rhythm = (
            f"at {schedule.cron} in {schedule.timezone}" if schedule.every is None else f"every {_span(schedule.every)}"
        )
        yield Text.assemble(
            (schedule.name, "bold"),
            f"  {schedule.task_type} {rhythm}",
            ("  paused", "yellow") if each.is_paused else "",
        )
        following = "never again" if each.next_run_at is None else f"next {_when(each.next_run_at)}"
        last = "not yet fired" if each.last_run_at is None else f"last {_when(each.last_run_at)}, {each.last_status}"
        yield Text.assemble(
            f"  {'' if each.is_paused else following + '; '}{last}",
            (f": {_short(each.last_error)}", "red") if each.last_error else "",
        )
    if empty:
        yield Text("no schedules")


_UNITS = (("d", 86400), ("h", 3600), ("min", 60))
_HEADS = ("type", "queue", "waiting", "oldest", "later", "running", "paused", "done/s", "failed/s")


def activity_view(lanes: Iterable[Activity], hands: Iterable[Hand], now: datetime) -> Group:
    """One frame of the live view: lanes with something in them or that are paused, and who works on what."""
    shown = [each for each in lanes if _is_of_interest(each)]
    table = Table(box=None, pad_edge=False, header_style="dim")
    for number, head in enumerate(_HEADS):
        table.add_column(head, justify="left" if number < 2 else "right", no_wrap=True, overflow="ellipsis")
    for each in shown:
        table.add_row(
            Text(each.lane.task_type, "bold"),
            each.lane.queue,
            Text("paused", "yellow") if each.lane.is_paused and not each.waiting else _number(each.waiting, each),
            "" if each.waiting_since is None else duration(max(0.0, 1000 * (now - each.waiting_since).total_seconds())),
            _some(each.later),
            Text(_some(each.running + each.stuck), "yellow" if each.stuck else "cyan"),
            _some(each.paused),
            _per_s(each.done_per_s),
            Text(_per_s(each.failed_per_s), "red"),
        )
    workers = Table(box=None, pad_edge=False, header_style="dim")
    for head in ("worker", "last seen", "runs"):
        workers.add_column(head, no_wrap=True, overflow="ellipsis")
    present = list(hands)
    for hand in present:
        ago = duration(max(0.0, 1000 * (now - hand.presence.last_seen).total_seconds()))
        runs = ", ".join(f"{n:,} {name}" for name, n in hand.running.items()) or "nothing"
        workers.add_row(
            hand.presence.name,
            Text(f"{ago} ago", "" if hand.presence.is_alive else "red"),
            f"{runs} (of {hand.presence.concurrency:,})",
        )
    return Group(
        Text(f"{_when(now)} UTC", style="dim"),
        table if shown else Text("nothing to do"),
        Text(""),
        workers if present else Text("no workers", style="yellow"),
    )


def _is_of_interest(each: Activity) -> bool:
    return each.lane.is_paused or any(
        (each.waiting, each.later, each.running, each.stuck, each.paused, each.done_per_s, each.failed_per_s)
    )


def _number(n: int, each: Activity) -> Text:
    return Text(f"{n:,}" + (" paused" if each.lane.is_paused else ""), "yellow" if each.lane.is_paused else "")


def _some(n: int) -> str:
    return f"{n:,}" if n else ""


def _per_s(rate: float) -> str:
    return "" if not rate else f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"


def _span(length: timedelta) -> str:
    """A length of time as it was asked for, by the largest unit that it is whole numbers of."""
    seconds = length.total_seconds()
    name, unit = next((each for each in _UNITS if seconds % each[1] == 0), ("s", 1))
    return f"{seconds / unit:,g} {name}"


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _short(value: Any) -> str:
    return shortened(str(value), 100)
