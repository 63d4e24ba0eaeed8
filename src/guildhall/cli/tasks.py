"""`guildhall tasks`: work for agents, from the side of those who give it and of those who do it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guildhall.cli.frame import JsonOption, Output, finite, run
from guildhall.cli.values import read_moment, read_payload

if TYPE_CHECKING:
    from uuid import UUID

    from guildhall.app.agents_at_work import AgentAtWork
    from guildhall.app.wiring import App
    from guildhall.domains.society.tasks import Holding

group = typer.Typer(help="Tasks: what agents are to do, who does it, and what nobody could do.", no_args_is_help=True)

TaskArgument = Annotated[str, typer.Argument(metavar="TASK", help="A task's name (task_id), or its id.")]
TasksArgument = Annotated[list[str], typer.Argument(metavar="TASK...", help="Names (task_id) or ids of tasks.")]
AgentOption = Annotated[
    str | None, typer.Option("--agent", help="Who says so: it must be the one who has the task.", show_default=False)
]
TypeOption = Annotated[str | None, typer.Option("--type", help="Only this type of task.")]
LastOption = Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")]
SkillOption = Annotated[list[str] | None, typer.Option("--skill", help="What an agent must be able to do. Repeatable.")]
TrustOption = Annotated[float, typer.Option("--min-trust", help="How much trust it must have, from 0 to 1.")]
RetriesOption = Annotated[int | None, typer.Option("--max-retries", help="How often to try again.", show_default="3")]
TimeoutOption = Annotated[
    float | None,
    typer.Option("--timeout", max=315_360_000, callback=finite, help="Seconds that an attempt may take."),
]


@group.command()
def add(
    title: Annotated[str, typer.Argument(help="What is to be done.")],
    task_id: Annotated[str | None, typer.Option("--id", help="What the team calls it.", show_default="made up")] = None,
    description: Annotated[str | None, typer.Option(help="More about it.")] = None,
    task_type: Annotated[str, typer.Option("--type", help="Its type.")] = "task",
    payload: Annotated[str | None, typer.Option(help="A JSON object for whoever does it, or @FILE.")] = None,
    priority: Annotated[str, typer.Option(help="critical, high, medium or low.")] = "medium",
    skill: SkillOption = None,
    min_trust: TrustOption = 0.0,
    assign_to: Annotated[str | None, typer.Option("--assign", help="The one agent that may do it.")] = None,
    waits_for: Annotated[
        list[str] | None, typer.Option("--waits-for", help="A task that must be done first. Repeatable.")
    ] = None,
    on_failure: Annotated[
        str, typer.Option("--on-failure", help="If one of those does not complete: cancel, fail or ignore.")
    ] = "cancel",
    not_before: Annotated[str | None, typer.Option("--not-before", help="A moment: 2026-12-01T09:00Z.")] = None,
    deadline: Annotated[str | None, typer.Option(help="When nobody needs it any more.")] = None,
    max_retries: RetriesOption = None,
    timeout: TimeoutOption = None,
    unique_key: Annotated[str | None, typer.Option("--key", help="No second task has it while this one lives.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Add a task; it is given to an agent that has the skills and the trust that it asks for."""
    from guildhall.adapters.schemas import checker
    from guildhall.app.documents.tasks import task_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.tasks import task_lines
    from guildhall.domains.society import agents, tasks

    output = Output(as_json)

    async def work() -> None:
        given = _json(payload)
        begins, ends = read_moment("--not-before", not_before), read_moment("--deadline", deadline)
        async with App.open() as app, app.transaction() as tx:
            waits = [tasks.Wait(await _awaited(tx, each), on_failure) for each in waits_for or []]  # type: ignore[arg-type]
            new = tasks.NewTask(
                title,
                given,
                task_id=task_id,
                description=description,
                task_type=task_type,
                priority=priority,
                required_skills=skill or [],
                min_trust=min_trust,
                assigned_to=None if assign_to is None else (await agents.get_agent(tx, assign_to)).id,
                scheduled_at=begins,
                deadline_at=ends,
                max_retries=max_retries,
                timeout=None if timeout is None else timedelta(seconds=timeout),
                unique_key=unique_key,
                waits_for=waits,
            )
            [added] = await tasks.add(tx, [new], checker)
            task = await tasks.get_task(tx, added.id)
        if as_json:
            output.document({**task_document(task), "is_new": added.is_new})
        else:
            output.lines(task_lines([task]))

    run(work, as_json=as_json)


@group.command("type")
def type_(
    name: Annotated[str | None, typer.Argument(help="Which type; all of them are listed unless one is given.")] = None,
    skill: SkillOption = None,
    min_trust: TrustOption = 0.0,
    schema: Annotated[str | None, typer.Option(help="The JSON schema that payloads have to fit, or @FILE.")] = None,
    max_retries: RetriesOption = None,
    timeout: TimeoutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a type of task known, or change it; or list the types that there are."""
    from guildhall.adapters.schemas import checker
    from guildhall.app.documents.tasks import task_type_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.tasks import type_lines
    from guildhall.domains.society import tasks

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            if name is not None:
                kind = tasks.TaskType(
                    name,
                    skill or [],
                    min_trust,
                    _json(schema, "--schema"),
                    3 if max_retries is None else max_retries,
                    None if timeout is None else timedelta(seconds=timeout),
                )
                await tasks.set_type(tx, kind, checker)
            known = await tasks.list_types(tx)
        if as_json:
            output.document([task_type_document(each) for each in known])
        else:
            output.lines(type_lines(known))

    run(work, as_json=as_json)


@group.command("list")
def list_(
    status: Annotated[str | None, typer.Option(help="Only those that are pending, in_progress, failed …")] = None,
    task_type: TypeOption = None,
    agent: Annotated[str | None, typer.Option(help="Only those that this agent has, or may take alone.")] = None,
    skill: Annotated[str | None, typer.Option(help="Only those that ask for this skill.")] = None,
    last: LastOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List the team's tasks, newest first."""
    from guildhall.app.documents.tasks import task_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.tasks import task_lines
    from guildhall.domains.society import tasks

    output = Output(as_json)

    async def work() -> None:
        filters = {"status": _status(status), "task_type": task_type, "agent": agent, "skill": skill}
        async with App.open() as app, app.transaction() as tx:
            page = await tasks.page_tasks(tx, filters, tasks.TASKS.order(), at_most=last)
            if not page.items:
                await tasks.insist_known(tx, task_type, agent)
        if as_json:
            output.document([task_document(each) for each in page.items])
        else:
            output.lines(task_lines(page.items))

    run(work, as_json=as_json)


@group.command()
def show(task: TaskArgument, as_json: JsonOption = False) -> None:
    """Show a task, what it waits for, and everything that happened to it."""
    from guildhall.app.documents.tasks import task_story_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.tasks import story_lines
    from guildhall.domains.society import tasks

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            story = await tasks.get_story(tx, task)
        if as_json:
            output.document(task_story_document(story))
        else:
            output.lines(story_lines(story))

    run(work, as_json=as_json)


@group.command()
def graph(
    task: Annotated[
        str | None, typer.Argument(metavar="[TASK]", help="A task; all that wait unless one is given.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Draw which task waits for which: each stands below what it waits for."""
    from guildhall.app.documents.tasks import graph_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.tasks import graph_lines
    from guildhall.domains.society import tasks

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await tasks.get_graph(tx, task)
        if as_json:
            output.document(graph_document(found))
        else:
            output.lines(graph_lines(found))

    run(work, as_json=as_json)


# what agents do ---------------------------------------------------------------------


@group.command()
def claim(
    agent: Annotated[str, typer.Option("--agent", help="Who takes them.")],
    at_most: Annotated[int, typer.Option("-n", "--at-most", min=1, max=1000, help="How many.")] = 1,
    later: Annotated[bool, typer.Option("--later", help="Leave them assigned, until `guildhall tasks start`.")] = False,
    lease: Annotated[
        float,
        typer.Option(
            min=1,
            max=604_800,
            callback=finite,
            help="Seconds that the agent has them for after its last sign of life.",
        ),
    ] = 3600.0,
    as_json: JsonOption = False,
) -> None:
    """Give an agent the next tasks that its skills and its trust allow; claiming again is a sign of life, too."""
    from guildhall.app.documents.tasks import task_claims_document
    from guildhall.cli.render.tasks import claim_lines

    output = Output(as_json)

    async def work(app: App) -> None:
        at_work = _at_work(app, agent)
        claims = await at_work.claim(at_most, begin=not later, lease=timedelta(seconds=lease))
        if as_json:
            output.document(task_claims_document(claims)["items"])
        else:
            output.lines(claim_lines(claims))

    _with_app(work, as_json=as_json)


@group.command()
def start(task: TaskArgument, agent: AgentOption = None, as_json: JsonOption = False) -> None:
    """Begin a task that is assigned to an agent."""
    from guildhall.domains.society.tasks import Ticket

    async def say(at_work: AgentAtWork, held: Holding) -> set[UUID]:
        return await at_work.start([Ticket(held.id, held.token)])

    _say_of(task, agent, say, as_json=as_json)


@group.command()
def done(
    task: TaskArgument,
    result: Annotated[str | None, typer.Option(help="What came of it, as JSON, or @FILE.")] = None,
    score: Annotated[float | None, typer.Option(help="What it is worth, from 0 to 1.")] = None,
    agent: AgentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Complete a task that is in progress; what waits for it may begin."""
    from guildhall.domains.society.tasks import Done

    async def say(at_work: AgentAtWork, held: Holding) -> set[UUID]:
        return await at_work.finish([Done(held.id, held.token, _json(result, "--result", any_json=True), score)])

    _say_of(task, agent, say, as_json=as_json)


@group.command()
def fail(
    task: TaskArgument,
    message: Annotated[str, typer.Option("-m", "--message", help="What was wrong.")],
    final: Annotated[bool, typer.Option("--final", help="It is no use trying again.")] = False,
    agent: AgentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that an attempt failed; it is given out again later, as long as it has retries left."""
    from guildhall.domains.society.tasks import Failure

    async def say(at_work: AgentAtWork, held: Holding) -> set[UUID]:
        return {each.id for each in await at_work.fail([Failure(held.id, held.token, message, is_final=final)])}

    _say_of(task, agent, say, as_json=as_json)


@group.command()
def release(task: TaskArgument, agent: AgentOption = None, as_json: JsonOption = False) -> None:
    """Hand a task back: it stands where it stood, and no retry is used up."""
    from guildhall.domains.society.tasks import Ticket

    async def say(at_work: AgentAtWork, held: Holding) -> set[UUID]:
        return await at_work.release([Ticket(held.id, held.token)])

    _say_of(task, agent, say, as_json=as_json)


# what people do ---------------------------------------------------------------------


@group.command()
def assign(
    task: TaskArgument,
    agent: Annotated[str | None, typer.Argument(metavar="[AGENT]", help="Whoever is fit, unless one is given.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Let one agent and no other take a task that waits."""
    from guildhall.app.documents.tasks import task_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.tasks import task_lines
    from guildhall.domains.society import agents, tasks

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await tasks.get_task(tx, task)
            whom = None if agent is None else await agents.get_agent(tx, agent)
            assigned = await tasks.assign(tx, found, whom)
        if as_json:
            output.document(task_document(assigned))
        else:
            output.lines(task_lines([assigned]))

    run(work, as_json=as_json)


@group.command()
def cancel(task: TasksArgument, as_json: JsonOption = False) -> None:
    """Cancel tasks, also those in progress, and what waits for them; all of these or none."""
    _change("cancel", "cancelled", task, as_json=as_json)


@group.command()
def retry(task: TasksArgument, as_json: JsonOption = False) -> None:
    """Begin tasks anew that have failed or were cancelled; all of these or none."""
    _change("retry", "retried", task, as_json=as_json)


@group.command()
def pause(task: TasksArgument, as_json: JsonOption = False) -> None:
    """Block tasks until they are resumed; what is in progress is taken from its agent."""
    _change("pause", "paused", task, as_json=as_json)


@group.command()
def resume(task: TasksArgument, as_json: JsonOption = False) -> None:
    """Let blocked tasks go on."""
    _change("resume", "resumed", task, as_json=as_json)


@group.command()
def dead(
    task_type: TypeOption = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that were sent back or laid aside.")] = False,
    last: LastOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List what no agent could do, newest first."""
    from guildhall.app.documents.tasks import task_dead_letter_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.tasks import dead_letter_lines
    from guildhall.domains.society import tasks

    output = Output(as_json)

    async def work() -> None:
        order = tasks.DEAD_LETTERS.order()
        async with App.open() as app, app.transaction() as tx:
            page = await tasks.page_dead_letters(tx, {"task_type": task_type}, order, only_open=not every, at_most=last)
            if not page.items:
                await tasks.insist_known(tx, task_type)
        if as_json:
            output.document([task_dead_letter_document(each) for each in page.items])
        else:
            output.lines(dead_letter_lines(page.items))

    run(work, as_json=as_json)


@group.command()
def redrive(
    task_type: TypeOption = None,
    at_most: Annotated[int, typer.Option(min=1, help="How many, the longest dead first.")] = 1000,
    as_json: JsonOption = False,
) -> None:
    """Give out again what no agent could do."""
    from guildhall.app.wiring import App
    from guildhall.cli.render.figures import count
    from guildhall.domains.society import tasks

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            ids = await tasks.redrive(tx, task_type=task_type, at_most=at_most)
            if not ids:
                await tasks.insist_known(tx, task_type)
        if as_json:
            output.document({"redriven": ids})
        else:
            output.lines([f"sent back {count(len(ids), 'task')}"])

    run(work, as_json=as_json)


@group.command()
def stats(as_json: JsonOption = False) -> None:
    """Count the team's tasks that have not ended, by state and priority."""
    from guildhall.app.documents.tasks import queue_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.tasks import queue_lines
    from guildhall.domains.society import tasks

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            lines = await tasks.queue_summary(tx)
        if as_json:
            output.document(queue_document(lines))
        else:
            output.lines(queue_lines(lines))

    run(work, as_json=as_json)


def _with_app(work: Callable[[App], Awaitable[None]], *, as_json: bool) -> None:
    async def opened() -> None:
        from guildhall.app.wiring import App

        async with App.open() as app:
            await work(app)

    run(opened, as_json=as_json)


def _at_work(app: App, agent: str | UUID) -> AgentAtWork:
    from guildhall.app.agents_at_work import AgentAtWork

    return AgentAtWork(lambda: app.database.duty("worker", app.actor), agent)


def _say_of(
    ref: str, agent: str | None, say: Callable[[AgentAtWork, Holding], Awaitable[set[UUID]]], *, as_json: bool
) -> None:
    """Say something of a task for whoever has it, and show what has become of it."""
    from guildhall.app.documents.tasks import task_document
    from guildhall.cli.render.tasks import task_lines
    from guildhall.domains.society import agents, tasks

    output = Output(as_json)

    async def work(app: App) -> None:
        async with app.transaction() as tx:
            task = await tasks.get_task(tx, ref)
            holding = await tasks.get_holding(tx, task)
            if agent is not None and (await agents.get_agent(tx, agent)).id != holding.agent_id:
                raise tasks.TaskLost(task.task_id)
        tasks.insist_counted(holding, await say(_at_work(app, holding.agent_id), holding))
        async with app.transaction() as tx:
            task = await tasks.get_task(tx, task.id)
        if as_json:
            output.document(task_document(task))
        else:
            output.lines(task_lines([task]))

    _with_app(work, as_json=as_json)


def _change(verb: str, done_: str, refs: list[str], *, as_json: bool) -> None:
    from guildhall.app.wiring import App
    from guildhall.cli.render.figures import count
    from guildhall.domains.society import tasks

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = [await tasks.get_task(tx, ref) for ref in refs]
            changed = await tasks.change_each(tx, verb, list(dict.fromkeys(each.id for each in found)))
        if as_json:
            output.document({done_: changed})
        else:
            output.lines([f"{done_} {count(len(changed), 'task')}"])

    run(work, as_json=as_json)


async def _awaited(tx: Any, ref: str) -> UUID:
    from guildhall.domains.society import tasks

    try:
        return (await tasks.get_task(tx, ref)).id
    except tasks.TaskNotFound:
        raise tasks.DependencyUnknown(ref) from None


def _json(text: str | None, option: str = "--payload", *, any_json: bool = False) -> Any:
    return None if text is None else read_payload(text, option, any_json=any_json)


def _status(text: str | None) -> str | None:
    from guildhall.algorithms.suggestions import did_you_mean
    from guildhall.domains.society.tasks import Status
    from guildhall.errors import InvalidInput

    if text is not None and text not in list(Status):
        raise InvalidInput(
            f"--status is {text!r}, expected {', '.join(Status)}",
            remedy=did_you_mean(text, Status),
            field="status",
            value=text,
        )
    return text
