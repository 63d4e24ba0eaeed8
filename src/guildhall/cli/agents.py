"""`guildhall agents`: who works, and what they can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from guildhall.cli.frame import JsonOption, Output, run

if TYPE_CHECKING:
    from guildhall.domains.society.agents import Skill

group = typer.Typer(help="Agents: who works, and what they can do.", no_args_is_help=True)

AgentArgument = Annotated[str, typer.Argument(metavar="AGENT", help="An agent's name, or its id.")]


@group.command()
def add(
    agent: Annotated[
        str, typer.Argument(metavar="AGENT", help="What it is called; no two of a team are called alike.")
    ],
    skill: Annotated[
        list[str] | None, typer.Option("--skill", help="What it can do; how well, from 0 to 1: sql=0.8. Repeatable.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Its name in full.")] = None,
    type_: Annotated[str, typer.Option("--type", help="worker, specialist, reviewer …")] = "worker",
    as_json: JsonOption = False,
) -> None:
    """Let an agent join the team."""
    from guildhall.app.documents.agents import agent_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.tasks import agent_lines
    from guildhall.domains.society import agents

    output = Output(as_json)

    async def work() -> None:
        new = agents.NewAgent(agent, name, type_, _skills(skill or []))
        async with App.open() as app, app.transaction() as tx:
            added = await agents.add_agent(tx, new)
        if as_json:
            output.document(agent_document(added))
        else:
            output.lines(agent_lines([added]))

    run(work, as_json=as_json)


@group.command()
def teach(
    agent: AgentArgument,
    skill: Annotated[list[str], typer.Argument(metavar="SKILL...", help="What it can do now; how well: sql=0.8.")],
    as_json: JsonOption = False,
) -> None:
    """Give an agent skills, or say how well it has those that it has."""
    from guildhall.app.documents.agents import agent_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.tasks import agent_lines
    from guildhall.domains.society import agents

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            taught = await agents.teach(tx, agent, _skills(skill))
        if as_json:
            output.document(agent_document(taught))
        else:
            output.lines(agent_lines([taught]))

    run(work, as_json=as_json)


@group.command("list")
def list_(
    skill: Annotated[str | None, typer.Option(help="Only those that have this skill.")] = None,
    last: Annotated[int, typer.Option(min=1, max=10_000, help="How many, by name.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """List the team's agents, with what they can do and how they have done."""
    from guildhall.app.documents.agents import agent_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.tasks import agent_lines
    from guildhall.domains.society import agents

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            page = await agents.page_agents(tx, {"skill": skill}, agents.AGENTS.order(), at_most=last)
        if as_json:
            output.document([agent_document(each) for each in page.items])
        else:
            output.lines(agent_lines(page.items))

    run(work, as_json=as_json)


@group.command()
def show(agent: AgentArgument, as_json: JsonOption = False) -> None:
    """Show an agent, what it can do and how it has done."""
    from guildhall.app.documents.agents import agent_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.tasks import agent_story_lines
    from guildhall.domains.society import agents

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await agents.get_agent(tx, agent)
        if as_json:
            output.document(agent_document(found))
        else:
            output.lines(agent_story_lines(found))

    run(work, as_json=as_json)


def _skills(texts: list[str]) -> list[Skill]:
    from guildhall.domains.society.agents import AgentInvalid, Skill

    found = []
    for text in texts:
        name, equals, proficiency = text.partition("=")
        try:
            found.append(Skill(name, float(proficiency) if equals else None))
        except ValueError:
            raise AgentInvalid("proficiency", proficiency, "a number from 0 to 1") from None
    return found
