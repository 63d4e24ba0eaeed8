"""`/v1/society/agents`: who works, and what they can do."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import ConfigDict, Field

from guildhall.api.frame.bodies import Body
from guildhall.api.frame.lists import Items, ListWanted, answer_list
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Reading, Writing
from guildhall.app.documents.agents import AgentDocument, agent_document
from guildhall.domains.society import agents
from guildhall.domains.society.agents import Kind, NewAgent, Skill, Status

router = APIRouter(prefix="/agents", tags=["agents"], route_class=Route)

AgentRef = Annotated[str, Path(max_length=100, description="An agent's name, or its id.")]
SkillName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class WantedSkill(Body):
    """Something that an agent can do."""

    name: SkillName
    proficiency: Share | None = None
    """How well."""


_Skills = Annotated[list[WantedSkill], Field(default_factory=list, max_length=1_000)]


class WantedAgent(Body):
    """An agent that joins the team."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"agent_id": "ada", "skills": [{"name": "sql", "proficiency": 0.9}]}]}
    )

    agent_id: Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
    """By which the team knows it; no two are called alike."""
    name: Annotated[str | None, Field(min_length=1, max_length=200, pattern=r"\S")] = None
    type: Kind = Kind.WORKER
    skills: _Skills
    metadata: Annotated[dict[str, Any], Field(default_factory=dict)]


class WantedSkills(Body):
    """What an agent can do besides, or how well it does what it can do already."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"skills": [{"name": "python"}]}]})

    skills: Annotated[list[WantedSkill], Field(min_length=1, max_length=1_000)]


@router.get("", response_model=Items[AgentDocument])
async def list_agents(
    visit: Reading,
    want: ListWanted,
    type: Kind | None = None,
    status: Status | None = None,
    skill: Annotated[str | None, Query(max_length=100)] = None,
    trust_at_least: Annotated[float | None, Query(ge=0, le=1, allow_inf_nan=False)] = None,
) -> Response:
    """List the team's agents, by name."""
    filters = {"type": type, "status": status, "skill": skill, "trust_at_least": trust_at_least}
    return await answer_list(
        visit, want, agents.AGENTS, agents.page_agents, filters, agent_document, tuple(AgentDocument.__annotations__)
    )


@router.post("", status_code=201, response_model=AgentDocument)
async def add_agent(body: WantedAgent, visit: Writing) -> Response:
    """Let an agent join the team."""
    new = NewAgent(body.agent_id, body.name, body.type, _skills(body.skills), body.metadata)
    async with visit.transaction() as tx:
        agent = await agents.add_agent(tx, new)
        return await visit.created(tx, agent_document(agent), at=f"/v1/society/agents/{agent.id}")


@router.get("/{agent}", response_model=AgentDocument)
async def get_agent(visit: Reading, agent: AgentRef) -> Response:
    """One agent, what it can do and how it has done."""
    async with visit.transaction() as tx:
        return visit.found(agent_document(await agents.get_agent(tx, agent)))


@router.post("/{agent}/skills", response_model=AgentDocument)
async def teach_agent(body: WantedSkills, visit: Writing, agent: AgentRef) -> Response:
    """Give an agent skills, or say how well it has those that it has; it may be given tasks that ask for them."""
    async with visit.transaction() as tx:
        return await visit.done(tx, agent_document(await agents.teach(tx, agent, _skills(body.skills))))


def _skills(wanted: list[WantedSkill]) -> list[Skill]:
    return [Skill(each.name, each.proficiency) for each in wanted]
