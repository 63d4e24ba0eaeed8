"""One function for each statement of the agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from guildhall.db import Row, Tx, load_queries
from guildhall.db.listing import Filter, Listing, Match, Order, Page, fetch_page
from guildhall.domains.society.agents.types import Agent, NewAgent, Skill

_queries = load_queries(__package__)

AGENTS = Listing(
    query=_queries.agents,
    key=("id",),
    orders={"agent_id": Order("agent_id"), "created_at": Order("created_at", descending=True)},
    filters={
        "type": Filter("type"),
        "status": Filter("status"),
        "trust_at_least": Filter("trust_score", Match.AT_LEAST),
    },
)


async def add(tx: Tx, agent_id: UUID, agent: NewAgent) -> None:
    await tx.execute(
        _queries.add,
        id=agent_id,
        agent_id=agent.agent_id,
        name=agent.name or agent.agent_id,
        type=agent.type,
        metadata=dict(agent.metadata),
    )


async def set_skills(tx: Tx, agent_id: UUID, skills: Sequence[Skill]) -> None:
    await tx.execute(
        _queries.set_skills,
        agent_id=agent_id,
        names=[each.name for each in skills],
        proficiencies=[each.proficiency for each in skills],
    )


async def page(
    tx: Tx,
    filters: Mapping[str, Any],
    order: Order,
    *,
    skill: str | None,
    after: Sequence[Any] | None,
    at_most: int,
) -> Page[Agent]:
    found = await fetch_page(tx, AGENTS, filters, order, after=after, at_most=at_most, skill=skill)
    return found.of(_agent)


async def find(tx: Tx, name: str, agent_id: UUID | None) -> Agent | None:
    row = await tx.find(_queries.find, name=name, id=agent_id)
    return None if row is None else _agent(row)


async def known_skills(tx: Tx, names: Sequence[str]) -> set[str]:
    return {row["name"] for row in await tx.fetch(_queries.known_skills, names=names)}


async def all_skills(tx: Tx) -> list[str]:
    return [row["name"] for row in await tx.fetch(_queries.all_skills)]


def _agent(row: Row) -> Agent:
    return Agent(**{**row, "skills": [Skill(*each) for each in row["skills"]]})
