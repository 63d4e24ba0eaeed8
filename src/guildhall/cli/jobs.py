"""`guildhall jobs`: the machine's own work, for whoever looks after it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated
from uuid import UUID

import typer

from guildhall.cli.frame import JsonOption, Output, finite, run
from guildhall.cli.values import read_later, read_moment, read_payload

group = typer.Typer(help="Jobs: what is to be done, what was done, and what nobody could do.", no_args_is_help=True)

IdsArgument = Annotated[list[str], typer.Argument(metavar="JOB...", help="Ids of jobs.")]
TypeOption = Annotated[str | None, typer.Option("--type", help="Only this type of job.")]
SomeIdsArgument = Annotated[list[str] | None, typer.Argument(metavar="[JOB]...", help="Ids of jobs.")]
OneTypeOption = Annotated[str | None, typer.Option("--type", help="Every job of this type, for all teams.")]
OneQueueOption = Annotated[str | None, typer.Option("--queue", help="In this queue; in each unless given.")]
LastOption = Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")]


@group.command("list")
def list_(
    status: Annotated[str | None, typer.Option(help="Only those that are pending, running, failed …")] = None,
    task_type: TypeOption = None,
    queue: Annotated[str | None, typer.Option(help="Only this queue.")] = None,
    last: LastOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List the team's jobs, newest first."""
    from guildhall.app.documents.jobs import job_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.jobs import job_lines
    from guildhall.domains.platform import jobs

    output = Output(as_json)

    async def work() -> None:
        filters = {"status": _status(status), "task_type": task_type, "queue": queue}
        async with App.open() as app, app.transaction() as tx:
            page = await jobs.page_jobs(tx, filters, jobs.JOBS.order(), at_most=last)
            if not page.items:
                await jobs.insist_known(tx, task_type, queue)
        if as_json:
            output.document([job_document(each) for each in page.items])
        else:
            output.lines(job_lines(page.items))

    run(work, as_json=as_json)


@group.command()
def show(job: Annotated[str, typer.Argument(help="The job's id.")], as_json: JsonOption = False) -> None:
    """Show a job, what it waits for, and everything that happened to it."""
    from guildhall.app.documents.jobs import story_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.jobs import story_lines
    from guildhall.domains.platform import jobs

    output = Output(as_json)

    async def work() -> None:
        [job_id] = _ids([job])
        async with App.open() as app, app.transaction() as tx:
            story = await jobs.get_story(tx, job_id)
        if as_json:
            output.document(story_document(story))
        else:
            output.lines(story_lines(story))

    run(work, as_json=as_json)


@group.command()
def retry(job: IdsArgument, as_json: JsonOption = False) -> None:
    """Begin jobs anew that have failed, were cancelled or are dead; all of these or none."""
    _change("retry", "retried", job, as_json=as_json)


@group.command()
def cancel(job: IdsArgument, as_json: JsonOption = False) -> None:
    """Cancel jobs, also those under way, and what waits for them; all of these or none."""
    _change("cancel", "cancelled", job, as_json=as_json)


@group.command()
def pause(
    job: SomeIdsArgument = None,
    task_type: OneTypeOption = None,
    queue: OneQueueOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Pause jobs, taking those under way from their workers; or a type or a queue, of which no more are begun.

    A type or a queue is paused for all teams, and what is under way in it goes on.
    """
    _hold_or_change("pause", "paused", job or [], task_type, queue, as_json=as_json)


@group.command()
def resume(
    job: SomeIdsArgument = None,
    task_type: OneTypeOption = None,
    queue: OneQueueOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let paused jobs go on, or a type or a queue."""
    _hold_or_change("resume", "resumed", job or [], task_type, queue, as_json=as_json)


@group.command()
def add(
    task_type: Annotated[str, typer.Argument(metavar="TYPE", help="A type that a worker has made known.")],
    payload: Annotated[str, typer.Option(help="A JSON object, or @FILE that holds one.")] = "{}",
    queue: Annotated[str | None, typer.Option(help="Where it waits; `default` unless given.")] = None,
    priority: Annotated[str, typer.Option(help="critical, high, normal, low or background.")] = "normal",
    after: Annotated[str | None, typer.Option(help="How long it waits first, such as 90s, 15min or 6h.")] = None,
    deadline: Annotated[str | None, typer.Option(help="When nobody needs it any more: 2026-12-01T09:00Z.")] = None,
    waits_for: Annotated[
        list[str] | None, typer.Option("--waits-for", help="A job that must be done first, by its id. Repeatable.")
    ] = None,
    on_failure: Annotated[
        str, typer.Option("--on-failure", help="If one of those does not complete: cancel, fail or ignore.")
    ] = "cancel",
    key: Annotated[str | None, typer.Option(help="While a job of the team with this key lives, none is added.")] = None,
    retries: Annotated[int | None, typer.Option(min=0, help="How often it is tried again.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Enqueue a job of the team."""
    from guildhall.adapters.schemas import checker
    from guildhall.app.documents.jobs import job_document
    from guildhall.app.wiring import App
    from guildhall.app.workers.wakeups import ring_once
    from guildhall.domains.platform import jobs

    output = Output(as_json)

    async def work() -> None:
        values = read_payload(payload)
        ends = read_moment("--deadline", deadline)
        waits = [jobs.Wait(each, on_failure) for each in _ids(waits_for or [], "waits_for")]  # type: ignore[arg-type]
        async with App.open() as app:
            async with app.transaction() as tx:
                new = jobs.NewJob(
                    task_type,
                    values,
                    queue=queue,
                    priority=priority,
                    scheduled_at=None if after is None else read_later(tx.now, after, "after"),
                    deadline_at=ends,
                    unique_key=key,
                    max_retries=retries,
                    waits_for=waits,
                )
                [added] = await jobs.enqueue(tx, jobs.Types(checker), [new])
                job = await jobs.get_job(tx, added.id)
            await ring_once(app.database)
        if as_json:
            output.document({**job_document(job), "is_new": added.is_new})
        else:
            output.lines([str(added.id) if added.is_new else f"{added.id} has the key already, and is {job.status}"])

    run(work, as_json=as_json)


@group.command()
def lanes(as_json: JsonOption = False) -> None:
    """List the types of job in their queues, and how each is held back."""
    from guildhall.app.documents.jobs import lane_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.jobs import lane_lines
    from guildhall.domains.platform import jobs

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.database.duty("scheduler", app.actor) as tx:
            found = await jobs.list_lanes(tx)
        if as_json:
            output.document([lane_document(each) for each in found])
        else:
            output.lines(lane_lines(found))

    run(work, as_json=as_json)


@group.command()
def limit(
    task_type: Annotated[str, typer.Option("--type", help="The type of job.")],
    queue: Annotated[str | None, typer.Option(help="In this queue; in each unless given.")] = None,
    most: Annotated[str | None, typer.Option(help="How many are at work at once; `any` for no limit.")] = None,
    rate: Annotated[
        str | None, typer.Option(help="How many begin within a time, such as 10/s, 500/h or 1/15min; or `any`.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Hold a type of job back, over all workers and teams."""
    from guildhall.app.documents.jobs import lane_document
    from guildhall.app.wiring import App
    from guildhall.app.workers.wakeups import ring_once
    from guildhall.cli.render.jobs import lane_lines
    from guildhall.domains.platform import jobs
    from guildhall.errors import InvalidInput

    output = Output(as_json)

    async def work() -> None:
        if most is None and rate is None:
            raise InvalidInput("neither --most nor --rate is given, expected one of them", field="most")
        cap = jobs.UNCHANGED if most is None else None if most == "any" else _number(most, "most")
        pace = jobs.UNCHANGED if rate is None else None if rate == "any" else jobs.read_rate(rate)
        async with App.open() as app:
            async with app.database.duty("scheduler", app.actor) as tx:
                changed = await jobs.limit_type(tx, task_type, queue, most=cap, rate=pace)
            await ring_once(app.database)
        if as_json:
            output.document([lane_document(each) for each in changed])
        else:
            output.lines(lane_lines(changed))

    run(work, as_json=as_json)


@group.command()
def top(
    every: Annotated[float, typer.Option(min=0.1, callback=finite, help="Seconds between two frames.")] = 1.0,
    as_json: JsonOption = False,
) -> None:
    """
    Watch what waits, runs and ends, for all teams, until Ctrl-C; one look where nobody watches.

    A frame takes at most a tenth of the time: with millions of jobs there are fewer.
    """
    from guildhall import clock
    from guildhall.app.documents.jobs import activity_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.jobs import activity_view
    from guildhall.domains.platform import jobs
    from guildhall.errors import Unavailable

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app:

            async def look() -> tuple[list[jobs.Activity], list[jobs.Hand]]:
                async with app.database.duty("worker") as tx:
                    return await jobs.activity(tx), await jobs.hands(tx)

            found = await look()
            if as_json:
                output.document(activity_document(*found, clock.now()))
                return
            if not output.console.is_terminal:
                output.console.print(activity_view(*found, clock.now()), highlight=False)
                return
            from rich.live import Live
            from rich.text import Text

            with Live(
                activity_view(*found, clock.now()), console=output.console, screen=True, auto_refresh=False
            ) as live:
                took_s = 0.0
                while True:
                    await asyncio.sleep(max(every, 10 * took_s))
                    began_ms = clock.monotonic_ms()
                    try:
                        found = await look()
                    except Unavailable as error:
                        live.update(Text(f"{error.message}; looking again …", style="yellow"), refresh=True)
                        continue
                    took_s = (clock.monotonic_ms() - began_ms) / 1000
                    live.update(activity_view(*found, clock.now()), refresh=True)

    if as_json or not output.console.is_terminal:
        run(work, as_json=as_json)
        return
    with suppress(typer.Exit):  # Ctrl-C is how one leaves
        run(work)


@group.command()
def dead(
    task_type: TypeOption = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that were sent back or laid aside.")] = False,
    last: LastOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List what nobody could finish, newest first."""
    from guildhall.app.documents.jobs import dead_letter_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.jobs import dead_letter_lines
    from guildhall.domains.platform import jobs

    output = Output(as_json)

    async def work() -> None:
        filters = {"task_type": task_type}
        order = jobs.DEAD_LETTERS.order()
        async with App.open() as app, app.transaction() as tx:
            page = await jobs.page_dead_letters(tx, filters, order, only_open=not every, at_most=last)
            if not page.items:
                await jobs.insist_known(tx, task_type)
        if as_json:
            output.document([dead_letter_document(each) for each in page.items])
        else:
            output.lines(dead_letter_lines(page.items))

    run(work, as_json=as_json)


@group.command()
def redrive(
    task_type: TypeOption = None,
    at_most: Annotated[int, typer.Option(min=1, help="How many, the longest dead first.")] = 1000,
    as_json: JsonOption = False,
) -> None:
    """Send dead jobs back to be tried again."""
    from guildhall.app.wiring import App
    from guildhall.app.workers.wakeups import ring_once
    from guildhall.cli.render.figures import count
    from guildhall.domains.platform import jobs

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app:
            async with app.transaction() as tx:
                ids = await jobs.redrive(tx, task_type=task_type, at_most=at_most)
                if not ids:
                    await jobs.insist_known(tx, task_type)
            await ring_once(app.database)
        if as_json:
            output.document({"redriven": ids})
        else:
            output.lines([f"sent back {count(len(ids), 'job')}"])

    run(work, as_json=as_json)


@group.command()
def stats(as_json: JsonOption = False) -> None:
    """Count the team's jobs by type and state, and say who is at work."""
    from guildhall import clock
    from guildhall.app.documents.jobs import stats_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.jobs import stats_lines
    from guildhall.domains.platform import jobs

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app:
            async with app.transaction() as tx:
                found = await jobs.stats(tx)
            async with app.database.duty("worker") as tx:
                workers = await jobs.list_workers(tx)
        if as_json:
            output.document(stats_document(found, workers))
        else:
            output.lines(stats_lines(found, workers, clock.now()))

    run(work, as_json=as_json)


def _hold_or_change(
    verb: str, done: str, texts: list[str], task_type: str | None, queue: str | None, *, as_json: bool
) -> None:
    """Single jobs of the team, or a type or a queue of all teams."""
    from guildhall.app.documents.jobs import lane_document
    from guildhall.app.wiring import App
    from guildhall.app.workers.wakeups import ring_once
    from guildhall.cli.render.jobs import lane_lines
    from guildhall.domains.platform import jobs
    from guildhall.errors import InvalidInput

    if task_type is None and queue is None and texts:
        _change(verb, done, texts, as_json=as_json)
        return
    output = Output(as_json)

    async def work() -> None:
        if texts or (task_type is None and queue is None):
            raise InvalidInput("expected ids of jobs, or --type or --queue", field="job")
        async with App.open() as app:
            async with app.database.duty("scheduler", app.actor) as tx:
                changed = await jobs.hold_types(tx, task_type, queue, is_paused=verb == "pause")
            await ring_once(app.database)
        if as_json:
            output.document([lane_document(each) for each in changed])
        else:
            output.lines(lane_lines(changed))

    run(work, as_json=as_json)


def _change(verb: str, done: str, texts: list[str], *, as_json: bool) -> None:
    from guildhall.app.wiring import App
    from guildhall.app.workers.wakeups import ring_once
    from guildhall.cli.render.figures import count
    from guildhall.domains.platform import jobs

    output = Output(as_json)

    async def work() -> None:
        ids = _ids(texts)
        async with App.open() as app:
            async with app.transaction() as tx:
                changed = await jobs.change_each(tx, verb, ids)
            if verb in ("retry", "resume"):
                await ring_once(app.database)
        if as_json:
            output.document({done: changed})
        else:
            output.lines([f"{done} {count(len(changed), 'job')}"])

    run(work, as_json=as_json)


def _ids(texts: list[str], field: str = "job") -> list[UUID]:
    from guildhall.errors import InvalidInput

    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            raise InvalidInput(
                f"{'the job' if field == 'job' else field} is {text[:200]!r}, expected a UUID",
                remedy="`guildhall jobs list` shows those that there are.",
                field=field,
                value=text[:200],
            ) from None
    return list(dict.fromkeys(found))


def _status(text: str | None) -> str | None:
    from guildhall.algorithms.suggestions import did_you_mean
    from guildhall.domains.platform.jobs import Status
    from guildhall.errors import InvalidInput

    if text is not None and text not in list(Status):
        raise InvalidInput(
            f"--status is {text!r}, expected {', '.join(Status)}",
            remedy=did_you_mean(text, Status),
            field="status",
            value=text,
        )
    return text


def _number(text: str, field: str) -> int:
    from guildhall.errors import InvalidInput

    if not text.isdecimal() or len(text) > 9:
        raise InvalidInput(
            f"--{field} is {text[:200]!r}, expected a whole number, or any",
            remedy="Write one from 0 to 999999999.",
            field=field,
            value=text[:200],
        )
    return int(text)
