"""`guildhall jobs`: the machine's own work, for whoever looks after it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from guildhall.cli.frame import JsonOption, Output, run

group = typer.Typer(help="Jobs: what is to be done, what was done, and what nobody could do.", no_args_is_help=True)

IdsArgument = Annotated[list[str], typer.Argument(metavar="JOB...", help="Ids of jobs.")]
TypeOption = Annotated[str | None, typer.Option("--type", help="Only this type of job.")]
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
def pause(job: IdsArgument, as_json: JsonOption = False) -> None:
    """Pause jobs until they are resumed; what is under way is taken from its worker."""
    _change("pause", "paused", job, as_json=as_json)


@group.command()
def resume(job: IdsArgument, as_json: JsonOption = False) -> None:
    """Let paused jobs go on."""
    _change("resume", "resumed", job, as_json=as_json)


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


def _ids(texts: list[str]) -> list[UUID]:
    from guildhall.errors import InvalidInput

    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            raise InvalidInput(f"the job is {text!r}, expected a UUID", field="job", value=text) from None
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
