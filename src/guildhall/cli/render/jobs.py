"""Jobs for people: a line each, a story, and counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.text import Text

from guildhall.cli.render.figures import count, duration, shortened

if TYPE_CHECKING:
    from guildhall.domains.platform.jobs import DeadLetter, Job, Presence, Story, TypeStats

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


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _short(value: Any) -> str:
    return shortened(str(value), 100)
