"""The verbs of the agents: joining, learning, and being looked up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from guildhall import clock
from guildhall.db import ConstraintViolated, Tx
from guildhall.db.listing import Order, Page
from guildhall.domains.society.agents import rules, store
from guildhall.domains.society.agents.errors import AgentNameTaken, AgentNotFound
from guildhall.domains.society.agents.types import Agent, NewAgent, Skill

AGENTS = store.AGENTS
"""By what agents can be sorted and filtered (`page_agents`)."""


async def add_agent(tx: Tx, agent: NewAgent) -> Agent:
    """
    Let an agent join the transaction's team.

    Raises:
        AgentInvalid: A name, its kind or a skill is none.
        AgentNameTaken: A living agent of the team has its name.
    """
    rules.check(agent)
    agent_id = clock.new_id()
    try:
        async with tx.savepoint():
            await store.add(tx, agent_id, agent)
    except ConstraintViolated as error:
        if error.constraint == "idx_agents_agent_id":
            raise AgentNameTaken(agent.agent_id) from error
        raise
    if agent.skills:
        await store.set_skills(tx, agent_id, agent.skills)
    return await get_agent(tx, agent_id)


async def teach(tx: Tx, ref: str | UUID, skills: Sequence[Skill]) -> Agent:
    """
    Give an agent more skills, or say how well it has those that it has; it may be given tasks that ask for them.

    Raises:
        AgentInvalid: A skill has no name, or its proficiency is not between 0 and 1.
        AgentNotFound: The team has no such agent.
    """
    for skill in skills:
        rules.check_skill(skill)
    agent = await get_agent(tx, ref)
    await store.set_skills(tx, agent.id, list({each.name: each for each in skills}.values()))
    return await get_agent(tx, agent.id)


async def get_agent(tx: Tx, ref: str | UUID) -> Agent:
    """
    An agent, by its name or its id.

    Raises:
        AgentNotFound: The team has no such agent.
    """
    try:
        agent_id = ref if isinstance(ref, UUID) else UUID(ref)
    except ValueError:
        agent_id = None
    agent = None if "\0" in str(ref) else await store.find(tx, str(ref), agent_id)
    if agent is None:
        raise AgentNotFound(ref)
    return agent


async def page_agents(
    tx: Tx,
    filters: Mapping[str, Any],
    order: Order,
    *,
    after: Sequence[Any] | None = None,
    at_most: int = 100,
) -> Page[Agent]:
    """A page of the team's agents (`db.listing`); there is one filter more than the listing has: `skill`."""
    narrowed = {name: value for name, value in filters.items() if name != "skill"}
    return await store.page(tx, narrowed, order, skill=filters.get("skill"), after=after, at_most=at_most)


async def unknown_skills(tx: Tx, names: Collection[str]) -> list[str]:
    """Those of these skills that no agent of the team has."""
    if not names:
        return []
    known = await store.known_skills(tx, sorted(names))
    return sorted(set(names) - known)


async def all_skills(tx: Tx) -> list[str]:
    """The skills that agents of the team have, up to a thousand."""
    return await store.all_skills(tx)
